//! What is tried with bytes that nobody vouches for: one function for each decoder, which must not panic, and which
//! asserts that what it accepts means one thing: it encodes to the bytes it came from.
//!
//! `tests/fuzz/run.sh` drives them with a fuzzer; `tests/it/fuzz.rs` replays `fixtures/fuzz/` in every test run.

mod bundle;
pub mod files;
mod judge;
mod log;
mod record;

use std::sync::LazyLock;

use herdbook::checkpoint::LogKey;
use herdbook::checkpoint::Origin;
use herdbook::checkpoint::Signer as _;
use herdbook::key::PublicKey;
use herdbook::sign::MemorySigner;

/// One decoder.
pub struct Target {
    /// Also the name of its folder of seeds.
    pub name: &'static str,
    /// Returns whether the bytes were accepted.
    pub run: fn(&[u8]) -> bool,
}

/// All of them.
pub const TARGETS: &[Target] = &[
    target("bundle", bundle::bundle),
    target("canonical", record::canonical),
    target("checkpoint", log::checkpoint),
    target("commit", log::commit),
    target("consistency", log::consistency),
    target("disclosure", record::disclosure),
    target("dpi", files::dpi),
    target("envelope", record::envelope),
    target("equivocation", log::equivocation),
    target("false_seal", log::false_seal),
    target("hash_cache", files::hash_cache),
    target("key_file", files::key_file),
    target("lineage_file", files::lineage_file),
    target("log_key", log::log_key),
    target("manifest", record::manifest),
    target("note", log::note),
    target("offer", record::offer),
    target("proof", record::proof),
    target("public_key", files::public_key),
    target("report", record::report),
    target("rows", files::rows),
    target("segment", files::segment),
    target("settings", files::settings),
    target("statement", record::statement),
    target("tile", log::tile),
    target("tlog_proof", log::tlog_proof),
    target("trust_root", record::trust_root),
    target("verifier", judge::verifier),
    target("verifier_forged", judge::verifier_forged),
    target("worker_records", files::worker_records),
];

const fn target(name: &'static str, run: fn(&[u8]) -> bool) -> Target {
    Target { name, run }
}

/// A key that signs whatever is tried, so that what stands behind a signature is reached.
static SIGNER: LazyLock<MemorySigner> = LazyLock::new(|| MemorySigner::from_secret([1; 32]));

fn public() -> PublicKey {
    PublicKey::from_bytes(&SIGNER.public_key()).expect("a key of our own")
}

fn key_for(origin: Origin) -> LogKey {
    LogKey::new(origin, public())
}

fn sign(message: &[u8]) -> [u8; 64] {
    SIGNER.sign(message).expect("a key in memory signs")
}

/// Cuts an input into the parts it is made of: for each two bytes of length, then as many bytes; what is cut short ends.
fn parts(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes(*length)).min(rest.len());
        let (part, after) = rest.split_at(length);
        parts.push(part);
        bytes = after;
    }
    parts
}
