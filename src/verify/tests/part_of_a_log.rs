//! Evidence that is only part of a log: is everything there that speaks for a lineage, and against it?

use std::collections::BTreeSet;

use super::kit::*;
use crate::merkle::LeafIndex;
use crate::statement::*;
use crate::verify::*;

/// The sealed ledger, and the entries that the judgement on `specialist` rests on.
fn part(mut world: World) -> (World, BTreeSet<LeafIndex>) {
    world.seal();
    let entries = world.evidence("specialist").entries;
    (world, entries)
}

fn judged(world: &World, entries: &BTreeSet<LeafIndex>) -> Judgement {
    world.drive_pruned(world.request("specialist"), entries)
}

/// A ledger in which things stand that have nothing to do with the model.
fn crowded() -> World {
    let mut world = World::new();
    for number in 0..7 {
        world.add(Predicate::Source(source(&format!("other-{number}"))));
    }
    let herd = herd_in(world);
    let mut world = herd;
    for number in 7..12 {
        world.add(Predicate::Source(source(&format!("other-{number}"))));
    }
    world
}

#[test]
fn what_has_nothing_to_do_with_the_model_is_left_out() {
    let (world, entries) = part(crowded());
    assert_eq!(
        entries.len(),
        7,
        "genesis, the five of the lineage, the seal: {entries:?}"
    );
    passes(&judged(&world, &entries));
    assert_eq!(world.drive(world.request("specialist")), judged(&world, &entries));
}

/// Each entry of the evidence in turn, with every rival, ruling and observation there can be.
#[test]
fn leaving_out_any_entry_never_gives_traced() {
    let mut world = crowded();
    let seeds = Predicate::Source(Source {
        licence: Some("MIT".to_owned()),
        ..world.source_of("seeds")
    });
    world.add(seeds);
    world.add(Predicate::Model(Model {
        version: "2".to_owned(),
        ..model("teacher")
    }));
    world.revoke(SECOND, Revocation::Retired, None);
    let (world, entries) = part(world);
    assert_eq!(entries.len(), 10);
    passes(&judged(&world, &entries));
    for left_out in &entries {
        let mut rest = entries.clone();
        rest.remove(left_out);
        let judgement = judged(&world, &rest);
        assert_eq!(
            judgement.verdict,
            Verdict::Undecidable,
            "{left_out}: {:?}",
            judgement.findings
        );
    }
}

#[test]
fn an_ancestor_that_is_held_back_is_named_with_the_path_to_it() {
    let (world, mut entries) = part(herd());
    let seeds = world.refs("seeds")[0];
    entries.remove(&LeafIndex::new(1));
    let judgement = judged(&world, &entries);
    undecidable(&judgement, Code::EntryMissing);
    let finding = &judgement.findings[0];
    assert_eq!(finding.node, seeds.to_string());
    let path: Vec<&str> = finding.path.iter().map(|step| step.name.as_str()).collect();
    let seeds = seeds.to_string();
    let expected = [
        "specialist",
        "train-specialist",
        "kept",
        "filter-kept",
        "tasks",
        "generate-tasks",
        &seeds,
    ];
    assert_eq!(path, expected);
}

#[test]
fn a_revocation_that_is_held_back_is_missed() {
    let mut world = herd();
    world.revoke(ISSUER, Revocation::Compromised, Some(Since::Grant));
    let (world, mut entries) = part(world);
    assert_eq!(failing(&judged(&world, &entries))[0], Code::SuspectKey);
    entries.remove(&LeafIndex::new(6));
    undecidable(&judged(&world, &entries), Code::RulingsMissing);
}

#[test]
fn a_rival_claim_that_is_held_back_is_missed() {
    let mut world = herd();
    let mut other = world.source_of("seeds");
    other.made_by = MadeBy::Model;
    other.generators = Generators::NotKnown;
    other.name = ItemName::new("the truth").unwrap();
    world.add_by(SECOND, Predicate::Source(other));
    let (world, mut entries) = part(world);
    assert!(judged(&world, &entries).has(Code::ConflictingOrigin));
    entries.remove(&LeafIndex::new(6));
    undecidable(&judged(&world, &entries), Code::ClaimsIncomplete);
}

#[test]
fn an_own_model_under_the_name_of_the_teacher_that_is_held_back_is_missed() {
    let mut world = herd();
    world.train("seeds", "teacher");
    // `teacher` means the own one from here on; the lineage goes on with the external one.
    let (world, mut entries) = part(world);
    assert!(judged(&world, &entries).has(Code::OwnModelAsExternal));
    entries.remove(&LeafIndex::new(6));
    undecidable(&judged(&world, &entries), Code::ClaimsIncomplete);
}

#[test]
fn an_own_model_under_the_name_of_a_generator_that_is_held_back_is_missed() {
    let mut world = herd();
    world.add(Predicate::Source(Source {
        made_by: MadeBy::Model,
        generators: Generators::Named(vec!["ours".to_owned()]),
        ..source("bought")
    }));
    world.train("bought", "out");
    world.train("seeds", "ours");
    world.seal();
    let mut entries = world.evidence("out").entries;
    let judged = |entries: &BTreeSet<LeafIndex>| world.drive_pruned(world.request("out"), entries);
    assert!(judged(&entries).has(Code::OwnModelAsExternal));
    assert!(entries.remove(&LeafIndex::new(8)), "the training of ours");
    undecidable(&judged(&entries), Code::ClaimsIncomplete);
}

#[test]
fn an_observation_that_is_held_back_is_missed() {
    let mut world = herd();
    let run = world.refs("tasks")[0].statement;
    world.add(Predicate::Observation(Observation {
        run,
        tool: "tool".to_owned(),
        reads: vec![Read {
            name: "secret.jsonl".to_owned(),
            sha256: crate::digest::Sha256Digest::of(b"secret"),
        }],
    }));
    let (world, mut entries) = part(world);
    assert!(judged(&world, &entries).has(Code::ContradictedByObservation));
    entries.remove(&LeafIndex::new(6));
    undecidable(&judged(&world, &entries), Code::ClaimsIncomplete);
}

#[test]
fn the_seal_itself_must_be_there() {
    let (world, mut entries) = part(herd());
    entries.pop_last();
    undecidable(&judged(&world, &entries), Code::NoSeal);
}

/// Answers a verifier of part of a log with other records than the right ones.
fn with_records(world: &World, entries: &BTreeSet<LeafIndex>, records: Given<&[u8]>) -> Judgement {
    let mut verifier = world.read_pruned(world.request("specialist"), entries, |need| {
        *need == Need::Contested
    });
    match records {
        Given::Found(bytes) => {
            // A record may come in pieces.
            bytes.chunks(7).for_each(|part| verifier.contested_part(part));
            verifier.contested(Given::Found(&[]));
        }
        other => verifier.contested(other),
    }
    world.answer(verifier)
}

#[test]
fn the_records_are_those_of_the_seal() {
    let mut world = herd();
    let twice = world.source_of("seeds");
    world.add(Predicate::Source(Source {
        name: ItemName::new("again").unwrap(),
        ..twice
    }));
    world.add(Predicate::Model(Model {
        version: "2".to_owned(),
        ..model("teacher")
    }));
    let (world, entries) = part(world);
    let right = world.contested();
    assert_eq!(right.len(), 2 * Contested::BYTES);
    passes(&with_records(&world, &entries, Given::Found(&right)));
    let missing =
        |bytes: Given<&[u8]>| undecidable(&with_records(&world, &entries, bytes), Code::ClaimsIncomplete);
    missing(Given::Missing);
    missing(Given::Found(&[]));
    missing(Given::Found(&right[..Contested::BYTES]));
    let (first, second) = right.split_at(Contested::BYTES);
    let mut one_more = right.clone();
    one_more[35] += 1;
    for wrong in [
        [second, first].concat(),
        [first, first].concat(),
        [first, second, second].concat(),
        right[..50].to_vec(),
        one_more,
    ] {
        let judgement = with_records(&world, &entries, Given::Found(&wrong));
        assert_eq!(failing(&judgement), [Code::ContestedDiffers], "{wrong:?}");
    }
    let damaged = with_records(&world, &entries, Given::Damaged("it is short".to_owned()));
    assert_eq!(failing(&damaged), [Code::ContestedDiffers]);
}

/// The proof of a false seal is evidence in which what it denies stands.
#[test]
fn a_seal_that_denies_a_rival_claim_is_false() {
    let mut world = herd();
    let honest = world.right_seal();
    let mut other = world.source_of("seeds");
    other.made_by = MadeBy::Model;
    other.name = ItemName::new("the truth").unwrap();
    world.add(Predicate::Source(other));
    let size = world.right_seal().size;
    world.add_seal(Seal { size, ..honest });
    let entries = world.evidence("specialist").entries;
    let judgement = with_records(&world, &entries, Given::Found(&[]));
    assert!(
        failing(&judgement).contains(&Code::SealFalse),
        "{:?}",
        judgement.findings
    );
    assert_eq!(judgement.verdict, Verdict::Tampered);
}

#[test]
fn a_subtree_must_be_one_of_the_tree() {
    let (world, entries) = part(crowded());
    let mut verifier = Verifier::new(world.request("specialist"));
    verifier.pruned(3, LeafIndex::new(1), crate::merkle::EMPTY_ROOT);
    assert_eq!(verifier.need(), Need::Done);
    assert_eq!(failing(verifier.finish().get()), [Code::RootDiffers]);
    let mut other = world.clone();
    other.entries[3] = world.entries[4].clone();
    // The checkpoint is that of the right ledger; the pruned entries hash to something else.
    let judgement = other.drive_pruned(world.request("specialist"), &entries);
    assert!(judgement.has(Code::RootDiffers));
}

#[test]
fn part_of_a_log_is_judged_as_of_its_own_checkpoint_only() {
    let (world, entries) = part(crowded());
    let size = crate::merkle::TreeSize::new(world.entries.len() as u64 - 1);
    let mut verifier = Verifier::new(world.request("specialist")).as_of(size);
    let seal = entries.last().copied().unwrap();
    let bytes = &world.entries[usize::try_from(seal.get()).unwrap()];
    verifier.entry(Given::Found(bytes));
    verifier.pruned(0, LeafIndex::new(seal.get() - 1), crate::merkle::EMPTY_ROOT);
    assert!(verifier.finish().get().has(Code::EntryMissing));
}

#[test]
fn what_cannot_be_read_says_why() {
    let world = herd();
    let request = |artifacts| Request {
        name: String::new(),
        artifacts,
        checkpoint: Vec::new(),
        ..world.request("specialist")
    };
    for (code, verdict) in [
        (Code::BundleMalformed, Verdict::Tampered),
        (Code::BundleIncomplete, Verdict::Undecidable),
    ] {
        for artifacts in [vec![], world.refs("specialist")] {
            let judgement = Verifier::unreadable(request(artifacts), code, "why".to_owned());
            assert_eq!(failing(judgement.get()), [code]);
            assert_eq!(judgement.get().verdict, verdict);
        }
    }
}

#[test]
fn what_is_judged_has_the_name_that_was_signed() {
    let world = herd();
    let mut sealed = world.clone();
    sealed.seal();
    let request = Request {
        name: String::new(),
        ..sealed.request("specialist")
    };
    assert_eq!(sealed.drive(request).name, "specialist");
}

/// A subtree that reaches over the size of an earlier checkpoint hides what stood there then.
#[test]
fn an_earlier_checkpoint_must_be_shown_to_be_of_the_same_log() {
    let (before, _) = part(crowded());
    let mut after = before.clone();
    for number in 12..15 {
        after.add(Predicate::Source(source(&format!("other-{number}"))));
    }
    let (mut after, entries) = part(after);
    let request = || Request {
        remembered: Some(before.checkpoint()),
        ..after.request("specialist")
    };
    undecidable(
        &after.drive_pruned(request(), &entries),
        Code::ConsistencyNotShown,
    );
    let shown = request();
    after
        .cuts
        .insert(crate::merkle::TreeSize::new(before.entries.len() as u64));
    passes(&after.drive_pruned(shown.clone(), &entries));
    let mut fork = after.clone();
    fork.entries[3] = after.entries[4].clone();
    let forked = Request {
        checkpoint: fork.checkpoint(),
        ..shown
    };
    assert!(fork.drive_pruned(forked, &entries).has(Code::Forked));
}

/// A bundle of last year is not false because there is a newer one; but it is old.
#[test]
fn a_part_of_an_older_log_is_old_and_no_rollback() {
    let (before, entries) = part(crowded());
    let mut after = before.clone();
    after.add(Predicate::Source(source("later")));
    after.seal();
    let request = Request {
        remembered: Some(after.checkpoint()),
        ..before.request("specialist")
    };
    undecidable(
        &before.drive_pruned(request.clone(), &entries),
        Code::CheckpointTooOld,
    );
    // Whoever asks for the older state gets it, and is told that nobody showed how the two go together.
    let older = |request: Request| Request {
        older: true,
        ..request
    };
    let asked_for = before.drive_pruned(older(request), &entries);
    passes(&asked_for);
    assert!(notes(&asked_for).contains(&Code::OlderThanAccepted));
    // Two histories of one length are not a matter of age.
    let mut fork = before.clone();
    fork.entries[3] = before.entries[4].clone();
    let forked = Request {
        remembered: Some(fork.checkpoint()),
        ..before.request("specialist")
    };
    assert!(before.drive_pruned(older(forked), &entries).has(Code::Forked));
}
