//! An evidence bundle, as it is handed in.
//!
//! The first byte of an input says what follows: 0 the bytes of a bundle, else the parts (`parts` in `mod.rs`) of which one is
//! made: the four first members, then entries and blobs, each of these after a byte that is even for an entry.

use std::io::Cursor;

use herdbook::bundle::Bundle;
use herdbook::digest::Sha256Digest;
use herdbook::merkle::leaf_hash;
use herdbook::trust::TrustRoot;
use herdbook::verify::Assurance;
use herdbook::verify::Given;
use herdbook::verify::Request;
use herdbook::verify::Trust;
use herdbook::verify::Verdict;

use super::parts;

/// An honest bundle.
const HONEST: &[u8] = include_bytes!("../../../fixtures/fuzz/bundle/honest");

/// The trust root of its ledger.
const TRUST_ROOT: &[u8] = include_bytes!("../../../fixtures/fuzz/trust_root/house");

/// Judges against the trust root of the honest ledger. What is traced about the honest target has all that the honest
/// bundle has: leaving something out must not help.
pub fn bundle(input: &[u8]) -> bool {
    let honest = HONEST.get(1..).unwrap_or_default();
    let honest = Bundle::open(Cursor::new(honest)).expect("the seed is whole");
    let bytes = match input.split_first() {
        Some((0, bytes)) => bytes.to_vec(),
        Some((_, rest)) => archive(&parts(rest)),
        None => return false,
    };
    let Ok(mut given) = Bundle::open(Cursor::new(bytes)) else {
        return false;
    };
    let root = TrustRoot::decode(TRUST_ROOT).expect("the seed is whole");
    let ask = |artifacts, checkpoint| Request {
        artifacts,
        checkpoint,
        require: Assurance::Pinned,
        ..Request::of(Trust::Pinned(root.clone()))
    };
    let judgement = given.judge(&ask, &mut |_| Given::Missing);
    let traced = judgement.expect("memory does not fail").get().verdict == Verdict::Traced;
    if traced && given.artifacts() == honest.artifacts() {
        let (entries, blobs) = given.counts();
        assert!(entries >= honest.counts().0 && blobs >= honest.counts().1);
    }
    traced
}

/// Makes an archive in which every name is that of its bytes.
fn archive(parts: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    let (first, rest) = parts.split_at(parts.len().min(4));
    for (name, bytes) in ["bundle.json", "checkpoint", "tree", "contested"]
        .iter()
        .zip(first)
    {
        member(&mut out, name, bytes);
    }
    let mut blobs = Vec::new();
    for part in rest {
        match part.split_first() {
            Some((kind, bytes)) if kind % 2 == 0 => member(&mut out, &leaf_hash(bytes).to_hex(), bytes),
            Some((_, bytes)) => blobs.push((Sha256Digest::of(bytes).to_hex(), bytes)),
            None => {}
        }
    }
    blobs.sort();
    blobs.dedup();
    for (name, bytes) in blobs {
        member(&mut out, &name, bytes);
    }
    out.extend([0; 1024]);
    out
}

fn member(out: &mut Vec<u8>, name: &str, bytes: &[u8]) {
    let mut header = tar::Header::new_ustar();
    header.set_path(name).expect("a short name");
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_entry_type(tar::EntryType::Regular);
    header.set_cksum();
    out.extend_from_slice(header.as_bytes());
    out.extend_from_slice(bytes);
    out.resize(out.len().next_multiple_of(512), 0);
}
