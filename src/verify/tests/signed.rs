//! Who signed, and what the log as a whole must be.

use super::kit::*;
use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::statement::*;
use crate::verify::*;

fn key_change(change: KeyChangeKind) -> KeyChange {
    KeyChange {
        change,
        public_key: None,
        successor: None,
        kinds: vec![],
        holder: None,
        revocation: None,
        since: None,
        statements: vec![],
        reason: None,
    }
}

#[test]
fn a_compromised_key_reaches_back_until_somebody_affirms() {
    let mut world = herd();
    let entries = world.entries.len() as u64;
    let last = crate::envelope::Envelope::decode(world.entries.last().unwrap())
        .unwrap()
        .id();
    let stolen_since = |since| KeyChange {
        public_key: Some(public(ISSUER)),
        revocation: Some(Revocation::Compromised),
        since: Some(since),
        ..key_change(KeyChangeKind::Revoke)
    };
    let mut later = world.clone();
    later.add_by(OWNER, Predicate::Key(stolen_since(Since::Entry(entries))));
    assert_eq!(failing(&later.verify("specialist")), []);
    world.add_by(OWNER, Predicate::Key(stolen_since(Since::Entry(entries - 1))));
    assert_eq!(failing(&world.verify("specialist")), [Code::SuspectKey]);
    assert_eq!(failing(&world.verify("kept")), []);
    let affirm = KeyChange {
        statements: vec![last],
        ..key_change(KeyChangeKind::Affirm)
    };
    world.add_by(SECOND, Predicate::Key(affirm));
    assert_eq!(failing(&world.verify("specialist")), []);
}

#[test]
fn a_key_signs_only_what_it_was_granted() {
    let mut world = herd();
    let grant = KeyChange {
        public_key: Some(public(STRANGER)),
        kinds: vec!["run:train".to_owned()],
        ..key_change(KeyChangeKind::Grant)
    };
    world.add_by(OWNER, Predicate::Key(grant));
    let inputs = vec![input(&world, "kept", Role::Data)];
    let train = run(
        "train",
        Does::Train,
        "granted",
        OutputKind::Model,
        weights("granted"),
    );
    world.add_by(
        STRANGER,
        Predicate::Run(Run {
            inputs: inputs.clone(),
            ..train
        }),
    );
    assert_eq!(failing(&world.verify("granted")), []);
    let mix = run("mix", Does::Mix, "mixed", OutputKind::Shard, file("mixed", 10));
    world.add_by(STRANGER, Predicate::Run(Run { inputs, ..mix }));
    assert_eq!(failing(&world.verify("mixed")), [Code::KeyNotGranted]);
}

#[test]
fn a_key_change_nobody_may_make_is_seen() {
    let mut world = herd();
    let grant = KeyChange {
        public_key: Some(public(STRANGER)),
        kinds: vec![EVERY_KIND.to_owned()],
        ..key_change(KeyChangeKind::Grant)
    };
    world.add_by(ISSUER, Predicate::Key(grant));
    assert_eq!(failing(&world.verify("specialist")), [Code::Inadmissible]);
}

#[test]
fn a_seal_that_leaves_out_a_key_change_is_false() {
    let mut world = herd();
    let revoke = KeyChange {
        public_key: Some(public(ISSUER)),
        revocation: Some(Revocation::Compromised),
        since: Some(Since::Grant),
        ..key_change(KeyChangeKind::Revoke)
    };
    world.add_by(OWNER, Predicate::Key(revoke));
    world.rulings.clear();
    assert!(failing(&world.verify("specialist")).contains(&Code::SealFalse));
}

#[test]
fn what_a_run_declares_is_held_against_what_was_seen() {
    let mut world = herd();
    let train = world.refs("specialist")[0].statement;
    let seen = |what: &str| {
        let read = Read {
            name: what.to_owned(),
            sha256: Sha256Digest::of(what.as_bytes()),
        };
        Predicate::Observation(Observation {
            run: train,
            tool: "spark".to_owned(),
            reads: vec![read],
        })
    };
    world.add(seen("kept"));
    assert_eq!(failing(&world.verify("specialist")), []);
    world.add(seen("scraped"));
    let judgement = world.verify("specialist");
    assert_eq!(failing(&judgement), [Code::ContradictedByObservation]);
    assert_eq!(judgement.findings[0].name, "train-specialist");
    assert_eq!(failing(&world.verify("kept")), []);
}

#[test]
fn only_a_signed_no_says_that_inputs_are_missing() {
    for (answer, expected) in [
        (Answer::No, vec![Code::InputsIncomplete]),
        (Answer::NotKnown, vec![]),
        (Answer::Yes, vec![]),
    ] {
        let mut world = herd();
        let inputs = vec![input(&world, "kept", Role::Data)];
        let train = run("train", Does::Train, "told", OutputKind::Model, weights("told"));
        world.add(Predicate::Run(Run {
            inputs,
            inputs_complete: answer,
            ..train
        }));
        assert_eq!(failing(&world.verify("told")), expected);
    }
}

#[test]
fn statements_of_another_ledger_do_not_count_here() {
    let mut world = herd();
    let real = world.genesis;
    world.genesis = StatementId::from_bytes([8; 32]);
    step(&mut world, Does::Train, &[("kept", Role::Data)], "replayed", 0);
    world.genesis = real;
    assert!(failing(&world.verify("replayed")).contains(&Code::WrongLedger));
}

#[test]
fn citations_must_lead_down_to_something() {
    for wrong in [
        ArtifactRef::subject(StatementId::from_bytes([7; 32]), 0),
        ArtifactRef::subject(herd().refs("kept")[0].statement, 5),
        ArtifactRef {
            member: Some(0),
            ..herd().refs("kept")[0]
        },
    ] {
        let mut world = herd();
        let mut inputs = vec![input(&world, "kept", Role::Data)];
        inputs[0].from = InputFrom::Artifacts(Cites::Inline(vec![wrong]));
        let train = run(
            "train",
            Does::Train,
            "dangling",
            OutputKind::Model,
            weights("dangling"),
        );
        world.add(Predicate::Run(Run { inputs, ..train }));
        assert_eq!(
            failing(&world.verify("dangling")),
            [Code::Inadmissible],
            "{wrong}"
        );
    }
    // A parent that stands above its child.
    let mut world = herd();
    let parent = world.entries.remove(4);
    world.entries.push(parent);
    assert_eq!(world.verify("specialist").verdict, Verdict::Tampered);
}

#[test]
fn a_statement_that_occurs_twice_counts_once_where_it_first_stands() {
    let mut world = herd();
    let again = world.entries[5].clone();
    world.entries.push(again);
    assert_eq!(failing(&world.verify("specialist")), []);
}

#[test]
fn an_entry_nobody_can_read_is_tampering_and_an_unknown_kind_is_undecidable() {
    let mut world = herd();
    world.entries.push(b"{}".to_vec());
    assert_eq!(failing(&world.verify("specialist")), [Code::Undecodable]);
    let mut world = herd();
    let statement = Statement {
        issuer: public(ISSUER).id(),
        ledger: Some(world.genesis),
        predicate: Predicate::Source(source("x")),
    };
    let payload = String::from_utf8(statement.encode())
        .unwrap()
        .replace("herdbook/source", "herdbook/notice");
    let envelope = raw_envelope(payload.as_bytes());
    world.entries.push(envelope);
    assert_eq!(failing(&world.verify("specialist")), [Code::NotJudged]);
}

/// Wraps a payload that is no statement of ours.
fn raw_envelope(payload: &[u8]) -> Vec<u8> {
    use base64::Engine as _;
    use ed25519_dalek::Signer as _;
    let encode = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    let signature = signing(ISSUER).sign(&crate::envelope::pae(payload)).to_bytes();
    format!(
        "{{\"payload\":\"{}\",\"payloadType\":\"{}\",\"signatures\":[{{\"keyid\":\"{}\",\"sig\":\"{}\"}}]}}",
        encode(payload),
        crate::envelope::PAYLOAD_TYPE,
        public(ISSUER).id(),
        encode(&signature)
    )
    .into_bytes()
}

#[test]
fn a_checkpoint_of_another_log_is_not_opened() {
    let mut world = herd();
    world.seal();
    let mut request = world.request("specialist");
    request.checkpoint = request
        .checkpoint
        .iter()
        .map(|byte| if *byte == b'5' { b'6' } else { *byte })
        .collect();
    request.checkpoint.push(b'\n');
    assert_eq!(failing(&world.drive(request)), [Code::CheckpointInvalid]);
    // An entry that a driver withholds leaves the verdict open, never better.
    let request = world.request("specialist");
    for missing in 0..world.entries.len() {
        let mut short = world.clone();
        short.entries.truncate(missing);
        assert_ne!(short.drive(request.clone()).verdict, Verdict::Traced);
    }
}

#[test]
fn deep_and_wide_lineages_are_walked_in_one_go() {
    let mut world = World::new();
    world.add(Predicate::Source(source("seeds")));
    let mut last = "seeds".to_owned();
    for depth in 0..3000 {
        let next = format!("s{depth}");
        step(&mut world, Does::Filter, &[(&last, Role::Data)], &next, 100);
        last = next;
    }
    assert_eq!(failing(&world.verify(&last)), []);
}
