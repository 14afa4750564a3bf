//! What is signed, and what is handed from hand to hand.

use herdbook::canonical::Value;
use herdbook::digest::NodeHash;
use herdbook::disclosure::Disclosures;
use herdbook::envelope::Envelope;
use herdbook::ledger::offer::Offer;
use herdbook::manifest::Manifest;
use herdbook::manifest::MemberReader;
use herdbook::manifest::read_cited;
use herdbook::manifest::read_member;
use herdbook::manifest::read_members;
use herdbook::query::Proof;
use herdbook::report::Report;
use herdbook::statement::ArtifactRef;
use herdbook::statement::ManifestFacts;
use herdbook::statement::Statement;
use herdbook::trust::TrustRoot;

use super::SIGNER;
use super::public;
use super::sign;

pub fn canonical(bytes: &[u8]) -> bool {
    let decoded = Value::decode(bytes);
    if let Ok(value) = &decoded {
        assert_eq!(value.encode(), bytes);
    }
    if let Ok(value) = Value::parse(bytes) {
        assert_eq!(
            Value::decode(&value.encode()).expect("what we encode is canonical"),
            value
        );
    }
    decoded.is_ok()
}

pub fn statement(bytes: &[u8]) -> bool {
    let Ok(statement) = Statement::decode(bytes) else {
        return false;
    };
    assert_eq!(statement.encode(), bytes);
    true
}

/// The bytes as an envelope, and as the payload of a signed one.
pub fn envelope(bytes: &[u8]) -> bool {
    let sealed = Envelope::seal_payload(bytes.to_vec(), public().id(), |pae| Ok::<_, ()>(sign(pae)));
    let sealed = sealed.expect("signing does not fail");
    if let Ok(back) = Envelope::decode(&sealed.encode()) {
        assert_eq!(back, sealed);
        back.verify(public()).expect("it was signed with this key");
    }
    let Ok(envelope) = Envelope::decode(bytes) else {
        return false;
    };
    assert_eq!(envelope.encode(), bytes);
    // Whether it counts is not asked here: only that asking is safe.
    drop(envelope.verify(public()));
    envelope.statement().is_ok()
}

/// Members and cited artifacts, at once and in parts.
pub fn manifest(bytes: &[u8]) -> bool {
    let (at, bytes) = bytes.split_first().unwrap_or((&0, &[]));
    let lines: Vec<&[u8]> = bytes
        .strip_suffix(b"\n")
        .unwrap_or(bytes)
        .split(|byte| *byte == b'\n')
        .collect();
    let members: Option<Vec<_>> = lines.iter().map(|line| read_member(line).ok()).collect();
    let made = members.and_then(|members| Manifest::of(members).ok());
    let none = ManifestFacts {
        count: lines.len() as u64,
        total_bytes: None,
        root: NodeHash::from_bytes([0; 32]),
    };
    let facts = made.as_ref().map_or(&none, |made| &made.facts);
    let whole = read_members(bytes, facts);
    let mut in_parts = Vec::new();
    let mut reader = MemberReader::new(facts);
    let (first, second) = bytes.split_at(usize::from(*at).min(bytes.len()));
    let pushed = reader
        .push(first, |member| in_parts.push(member))
        .and_then(|()| reader.push(second, |member| in_parts.push(member)))
        .and_then(|()| reader.finish());
    assert_eq!(pushed.is_ok(), whole.is_ok(), "parts do not matter");
    if let Ok(members) = &whole {
        assert_eq!(*members, in_parts);
        let again = Manifest::of(members.clone()).expect("members that were read");
        assert_eq!(again.bytes, bytes);
    }
    let text = |line: &&[u8]| {
        let inner = std::str::from_utf8(line).ok()?.strip_prefix("{\"artifact\":\"")?;
        inner.strip_suffix("\"}")?.parse::<ArtifactRef>().ok()
    };
    let cited: Option<Vec<_>> = lines.iter().map(text).collect();
    let made = cited.and_then(|cited| Manifest::of_cited(&cited).ok());
    let facts = made.as_ref().map_or(&none, |made| &made.facts);
    let read = read_cited(bytes, facts.count, facts.root);
    if let Ok(cited) = &read {
        assert_eq!(Manifest::of_cited(cited).expect("what was read").bytes, bytes);
    }
    whole.is_ok() || read.is_ok()
}

pub fn trust_root(bytes: &[u8]) -> bool {
    let Ok(root) = TrustRoot::decode(bytes) else {
        return false;
    };
    // People may lay it out as they like.
    assert_eq!(TrustRoot::decode(&root.encode()).expect("what we write"), root);
    true
}

/// The bytes as a proof, checked against a trust root that names our key.
pub fn proof(bytes: &[u8]) -> bool {
    let Ok(proof) = Proof::decode(bytes) else {
        return false;
    };
    assert_eq!(proof.encode(), bytes);
    if let (Some(origin), Ok(envelope)) = (proof.claimed_origin(), Envelope::decode(bytes)) {
        let root = TrustRoot {
            log_key: super::key_for(origin.clone()).to_vkey(),
            origin: origin.to_string(),
            genesis: envelope.id(),
            owners: vec![public()],
            threshold: 1,
        };
        drop(proof.check(&root));
    }
    true
}

/// The bytes as a report, and as the payload of a signed one.
pub fn report(bytes: &[u8]) -> bool {
    let sealed = Envelope::seal_payload(bytes.to_vec(), public().id(), |pae| Ok::<_, ()>(sign(pae)));
    let sealed = sealed.expect("signing does not fail").encode();
    let mut accepted = false;
    for bytes in [bytes, &sealed] {
        if let Ok(report) = Report::decode(bytes) {
            assert_eq!(report.encode(), bytes);
            herdbook::report::page(&report).expect("a report that was read has a page");
            accepted = true;
        }
    }
    accepted
}

/// A vendor's offer as it comes, and a statement that our key offers.
pub fn offer(bytes: &[u8]) -> bool {
    if let Ok(offer) = Offer::decode(bytes) {
        assert_eq!(offer.encode().expect("it was one"), bytes);
        return true;
    }
    let Ok(statement) = Statement::decode(bytes) else {
        return false;
    };
    let Ok(offer) = Offer::sign(statement, Vec::new(), &*SIGNER) else {
        return false;
    };
    let bytes = offer.encode().expect("what is signed is short");
    assert_eq!(Offer::decode(&bytes).expect("our key signed it"), offer);
    true
}

pub fn disclosure(bytes: &[u8]) -> bool {
    let Ok(disclosures) = Disclosures::decode(bytes) else {
        return false;
    };
    assert_eq!(disclosures.encode(), bytes);
    true
}
