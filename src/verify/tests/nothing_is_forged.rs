//! Is all evidence what it claims to be? What is false is `tampered`, whatever else is found.

use super::kit::*;
use crate::checkpoint::Checkpoint;
use crate::digest::StatementId;
use crate::envelope::Envelope;
use crate::merkle::LeafIndex;
use crate::statement::*;
use crate::verify::*;

fn sealed() -> (World, Request) {
    let mut world = herd();
    world.seal();
    let request = world.request("specialist");
    (world, request)
}

#[track_caller]
fn tampered(world: &World, request: Request, codes: &[Code]) {
    let judgement = world.drive(request);
    assert_eq!(failing(&judgement), codes, "{:#?}", judgement.findings);
    assert_eq!(judgement.verdict, Verdict::Tampered);
}

#[test]
fn no_flipped_byte_of_any_entry_is_traced() {
    let (world, request) = sealed();
    passes(&world.drive(request.clone()));
    for entry in 0..world.entries.len() {
        for position in (0..world.entries[entry].len()).step_by(7) {
            let mut flipped = world.clone();
            flipped.entries[entry][position] ^= 1;
            assert_eq!(
                flipped.drive(request.clone()).verdict,
                Verdict::Tampered,
                "entry {entry} byte {position}"
            );
        }
    }
}

#[test]
fn an_entry_exchanged_for_another_sound_one_does_not_hash_to_the_root() {
    let (mut world, request) = sealed();
    let mut other = world.clone();
    other.add(Predicate::Source(source("another")));
    world.entries[1] = other.entries.pop().unwrap();
    let judgement = world.drive(request);
    assert!(judgement.has(Code::RootDiffers));
    assert_eq!(judgement.verdict, Verdict::Tampered);
}

#[test]
fn the_second_sweep_is_given_the_bytes_of_the_first() {
    let (world, request) = sealed();
    let mut verifier = Verifier::new(request);
    let mut given = 0;
    let judgement = loop {
        match verifier.need() {
            Need::Entry(index) => {
                given += 1;
                let at = usize::try_from(index.get()).unwrap();
                // A rival claim left out of the second sweep would clear the lineage.
                let at = if given > world.entries.len() && at == 2 {
                    1
                } else {
                    at
                };
                verifier.entry(Given::Found(&world.entries[at]));
            }
            Need::Done => break verifier.finish().get().clone(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(failing(&judgement), [Code::RootDiffers]);
}

#[test]
fn a_checkpoint_must_be_of_this_log_and_signed_by_it() {
    let (world, request) = sealed();
    let of_another = Trust::Pinned(crate::trust::TrustRoot {
        origin: "example.com/other".to_owned(),
        ..world.root.clone()
    });
    let other_origin = Request {
        trust: of_another,
        ..request.clone()
    };
    tampered(&world, other_origin, &[Code::CheckpointInvalid]);

    // Another name written over what this log signed.
    let mut renamed = request.clone();
    renamed.checkpoint[0] = b'f';
    tampered(&world, renamed, &[Code::CheckpointInvalid]);

    let mut flipped = request.clone();
    let last = flipped.checkpoint.len() - 4;
    flipped.checkpoint[last] = if flipped.checkpoint[last] == b'A' {
        b'B'
    } else {
        b'A'
    };
    tampered(&world, flipped, &[Code::CheckpointInvalid]);

    let nothing = Request {
        checkpoint: Vec::new(),
        ..request
    };
    tampered(&world, nothing, &[Code::CheckpointInvalid]);
}

#[test]
fn a_checkpoint_over_nothing_proves_nothing() {
    let mut world = herd();
    let request = world.request("specialist");
    world.entries.clear();
    let empty = Request {
        checkpoint: world.checkpoint(),
        ..request
    };
    let judgement = world.drive(empty);
    assert_eq!(judgement.verdict, Verdict::Undecidable);
    assert!(judgement.has(Code::EntryMissing));
}

#[test]
fn another_genesis_under_the_origin_is_tampered() {
    let (world, request) = sealed();
    let mut root = world.root.clone();
    root.threshold = 2;
    root.owners.push(public(SECOND));
    let other = Request {
        trust: Trust::Pinned(root),
        ..request.clone()
    };
    tampered(&world, other, &[Code::GenesisDiffers]);
    let mut root = world.root.clone();
    root.genesis = StatementId::from_bytes([9; 32]);
    let judgement = world.drive(Request {
        trust: Trust::Pinned(root),
        ..request
    });
    assert!(judgement.has(Code::GenesisDiffers));
}

#[test]
fn bytes_that_are_no_entry_are_tampered_wherever_they_stand() {
    let mut world = herd();
    world.add_bytes(b"{}".to_vec());
    world.seal();
    tampered(&world, world.request("specialist"), &[Code::Undecodable]);
}

#[test]
fn a_signature_must_be_that_of_the_issuer() {
    let mut world = herd();
    let statement = Statement {
        issuer: public(ISSUER).id(),
        ledger: Some(world.genesis),
        predicate: Predicate::Source(source("forged")),
    };
    let envelope = seal(&statement, STRANGER);
    world.add_bytes(envelope.encode());
    world.name("forged", envelope.id());
    world.train("forged", "model");
    fails(
        &world.verify("model"),
        Code::SignatureInvalid,
        &["model", "train-model", "forged"],
    );
    // What the lineage does not rest on is for `fsck`.
    passes(&world.verify("specialist"));
}

#[test]
fn a_seal_must_be_signed_by_the_log_and_count_right() {
    let world = herd();
    let with = |seal: Seal, seed: u8| {
        let mut world = world.clone();
        let statement = Statement {
            issuer: public(seed).id(),
            ledger: Some(world.genesis),
            predicate: Predicate::Seal(seal),
        };
        world.add_bytes(super::kit::seal(&statement, seed).encode());
        failing(&world.drive(world.request("specialist")))
    };
    let right = world.right_seal();
    assert_eq!(with(right, LOG), []);
    assert_eq!(with(right, ISSUER), [Code::SignatureInvalid]);
    assert_eq!(with(Seal { rulings: 1, ..right }, LOG), [Code::SealFalse]);
    assert_eq!(with(Seal { size: 1, ..right }, LOG), [Code::SealFalse]);
    let rulings_root = crate::merkle::leaf_hash(b"");
    assert_eq!(
        with(
            Seal {
                rulings_root,
                ..right
            },
            LOG
        ),
        [Code::SealFalse]
    );
}

#[test]
fn a_key_statement_kept_from_the_auditor_makes_the_seal_false() {
    let mut world = herd();
    world.revoke(ISSUER, Revocation::Compromised, Some(Since::Entry(1)));
    let honest = world.verify("specialist");
    assert_eq!(honest.verdict, Verdict::NotTraced);
    // The same log without the revocation, under a seal that still counts it.
    let right = world.right_seal();
    world.entries.pop();
    world.add_seal(Seal {
        size: right.size - 1,
        ..right
    });
    assert_eq!(
        failing(&world.drive(world.request("specialist"))),
        [Code::SealFalse]
    );
}

#[test]
fn a_statement_of_another_ledger_does_not_count_here() {
    let mut world = herd();
    let of = |ledger, name: &str| Statement {
        issuer: public(ISSUER).id(),
        ledger,
        predicate: Predicate::Source(source(name)),
    };
    let foreign = seal(&of(Some(StatementId::from_bytes([7; 32])), "foreign"), ISSUER);
    let mut other = world.clone();
    other.add_bytes(foreign.encode());
    assert_eq!(failing(&other.verify("specialist")), [Code::WrongLedger]);
    // An offered source names no ledger, and counts in any that accepts it.
    let offered = seal(&of(None, "offered"), ISSUER);
    world.add_bytes(offered.encode());
    world.name("offered", offered.id());
    world.train("offered", "model");
    passes(&world.verify("model"));
}

#[test]
fn only_a_source_may_leave_the_ledger_open() {
    let mut world = herd();
    let statement = Statement {
        issuer: public(ISSUER).id(),
        ledger: None,
        predicate: Predicate::Model(model("anywhere")),
    };
    world.add_bytes(seal(&statement, ISSUER).encode());
    assert_eq!(failing(&world.verify("specialist")), [Code::WrongLedger]);
}

/// A run over anything.
fn run_over(cited: ArtifactRef) -> Predicate {
    let data = Input {
        from: InputFrom::Artifacts(Cites::Inline(vec![cited])),
        ..gap("", Role::Data)
    };
    let filter = run("odd", Does::Filter, "odd", OutputKind::Shard, file("odd", 10));
    Predicate::Run(Run {
        inputs: vec![data],
        ..filter
    })
}

#[test]
fn a_citation_leads_to_something_that_is_there() {
    let world = herd();
    let seeds = world.refs("seeds")[0];
    let nowhere = ArtifactRef::subject(StatementId::from_bytes([1; 32]), 0);
    let out_of_range = ArtifactRef { subject: 1, ..seeds };
    let no_manifest = ArtifactRef {
        member: Some(0),
        ..seeds
    };
    for cited in [nowhere, out_of_range, no_manifest] {
        let mut world = world.clone();
        world.add(run_over(cited));
        // Whoever has only a part of the log cannot tell what is cited wrongly from what is left out.
        world.seal();
        let judgement = world.drive(world.request("odd"));
        assert_eq!(failing(&judgement), [Code::Inadmissible], "{cited}");
        assert_eq!(judgement.findings[0].node, cited.to_string());
    }
    // A statement without subjects cannot be cited either.
    let mut world = world;
    world.add(run_over(ArtifactRef::subject(world.genesis, 0)));
    assert!(world.verify("odd").has(Code::Inadmissible));
}

#[test]
fn a_rival_claim_cannot_hide_behind_a_citation_of_nothing() {
    let mut world = herd();
    let seeds = world.refs("seeds")[0];
    let Predicate::Run(odd) = run_over(ArtifactRef { subject: 9, ..seeds }) else {
        unreachable!("that is a run")
    };
    let outputs = vec![Output {
        set: file("kept", 10),
        ..odd.outputs[0].clone()
    }];
    world.add(Predicate::Run(Run { outputs, ..odd }));
    let judgement = world.verify("specialist");
    assert!(judgement.has(Code::Inadmissible), "{:#?}", judgement.findings);
}

#[test]
fn a_citation_upwards_is_refused_even_where_the_cited_is_part_of_the_lineage() {
    let mut world = World::new();
    let above = Predicate::Source(source("above"));
    // The id is known before it is in the log: nothing in a statement says at which entry it stands.
    let id = world.clone().add(above.clone());
    world.add(run_over(ArtifactRef::subject(id, 0)));
    world.add(above);
    let roles = [("odd", Role::Data), ("above", Role::Data)];
    step(&mut world, Does::Mix, &roles, "both", 10);
    world.seal();
    let judgement = world.drive(world.request("both"));
    assert!(judgement.has(Code::Inadmissible), "{:#?}", judgement.findings);
    assert_eq!(judgement.verdict, Verdict::Tampered);
}

#[test]
fn of_a_statement_that_stands_twice_the_first_entry_counts() {
    let mut world = herd();
    let again = world.entries[1].clone();
    world.add_bytes(again);
    passes(&world.verify("specialist"));

    // A signature that came later does not vouch for the entry that counts.
    let mut world = World::new();
    let statement = Statement {
        issuer: public(ISSUER).id(),
        ledger: Some(world.genesis),
        predicate: Predicate::Source(source("early")),
    };
    let signed = seal(&statement, ISSUER);
    let forged = Envelope::seal(&statement, |_| Ok::<_, std::convert::Infallible>([7; 64])).unwrap();
    world.add_bytes(forged.encode());
    world.add_bytes(signed.encode());
    world.name("early", signed.id());
    world.train("early", "model");
    fails(
        &world.verify("model"),
        Code::SignatureInvalid,
        &["model", "train-model", "early"],
    );
}

#[test]
fn a_held_blob_has_every_digest_that_is_stated_of_it() {
    let mut world = herd();
    let held = world.hold("prompt.txt", b"write a task");
    let prompt = |artifact: &Artifact| {
        Predicate::Prompt(Prompt {
            name: name("prompt"),
            set: one(artifact.clone()),
        })
    };
    let make = |world: &mut World, artifact: &Artifact| {
        world.add(prompt(artifact));
        let roles = [("teacher", Role::Generator), ("prompt", Role::Prompt)];
        step(world, Does::Generate, &roles, "text", 10);
        world.verify("text")
    };
    passes(&make(&mut world.clone(), &held));

    let mut other = held.clone();
    if let Content::File { blake3, .. } = &mut other.content {
        *blake3 = Some(crate::digest::Blake3Digest::of(b"something else"));
    }
    assert_eq!(failing(&make(&mut world.clone(), &other)), [Code::BlobDiffers]);

    let mut longer = held.clone();
    if let Content::File { bytes, .. } = &mut longer.content {
        *bytes = Some(3);
    }
    assert_eq!(failing(&make(&mut world.clone(), &longer)), [Code::BlobDiffers]);

    let id = held.sha256.as_blob();
    world.blobs.insert(id, b"write a lie".to_vec());
    assert_eq!(failing(&make(&mut world, &held)), [Code::BlobDiffers]);
}

#[test]
fn a_checkpoint_of_the_log_says_where_it_ends() {
    let (world, request) = sealed();
    let key = crate::checkpoint::LogKey::parse_vkey(&world.root.log_key).unwrap();
    let opened = Checkpoint::open(&request.checkpoint, &key).unwrap();
    let judgement = world.drive(request);
    assert_eq!(judgement.checkpoint, Some(opened));
    // Entries beyond the checkpoint are never asked for.
    let (mut longer, request) = sealed();
    longer.add_bytes(b"not an entry".to_vec());
    let mut asked = Vec::new();
    let mut verifier = Verifier::new(request);
    while let Need::Entry(index) = verifier.need() {
        asked.push(index);
        let at = usize::try_from(index.get()).unwrap();
        verifier.entry(Given::Found(&longer.entries[at]));
    }
    assert_eq!(
        asked.iter().max(),
        Some(&LeafIndex::new(world.entries.len() as u64 - 1))
    );
}
