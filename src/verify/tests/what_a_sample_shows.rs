//! Is a sample the one that its rule draws, and what follows from what was found of it?

use super::kit::*;
use crate::sample;
use crate::sample::By;
use crate::sample::Document;
use crate::sample::Mark;
use crate::sample::Rule;
use crate::statement::*;
use crate::verify::*;

/// A model trained on one source of this many files.
fn world(files: usize) -> World {
    let mut world = World::new();
    let artifacts = (0..files)
        .flat_map(|at| file(&format!("part-{at:03}"), 10).artifacts)
        .collect();
    let set = ArtifactSet {
        artifacts,
        rows: None,
        tokens: None,
    };
    let names: Vec<String> = set
        .artifacts
        .iter()
        .map(|artifact| artifact.name.clone())
        .collect();
    world.add(Predicate::Source(Source {
        set,
        ..source("parts")
    }));
    world.train("parts", "specialist");
    for name in names {
        let content = name.trim_end_matches(".jsonl").as_bytes().to_vec();
        world.files.insert(name, content);
    }
    world
        .files
        .insert("specialist.safetensors".to_owned(), b"specialist".to_vec());
    world.seal();
    world
}

fn rule(by: By, n: u64) -> Rule {
    Rule::new(by, n, "seed").unwrap()
}

fn judged(world: &World, rule: Rule, claimed: Option<Document>) -> Judgement {
    let verifier = Verifier::new(world.request("specialist"));
    world.answer(verifier.sampled(Sampling { rule, claimed }))
}

fn drawn(world: &World, by: By, n: u64) -> Document {
    let judgement = judged(world, rule(by, n), None);
    let note = String::from_utf8(world.checkpoint()).unwrap();
    let sampled = judgement.sampled.unwrap();
    Document::of(&sampled.drawn, "specialist", judgement.artifacts, &note).unwrap()
}

#[test]
fn enough_of_a_lineage_is_a_level_of_its_own() {
    let mut world = world(64);
    world.content = true;
    let judgement = judged(&world, rule(By::Shards, 50), Some(drawn(&world, By::Shards, 50)));
    passes(&judgement);
    assert_eq!(
        (judgement.assurance, judgement.content.checked),
        (Assurance::Sampled, 50)
    );
    assert!(
        judgement.line().contains("with 95 % confidence at most"),
        "{}",
        judgement.line()
    );
    // All of it is more than a sample; little is none.
    assert_eq!(
        judged(&world, rule(By::Shards, 100), None).assurance,
        Assurance::Full
    );
    assert_eq!(
        judged(&world, rule(By::Shards, 10), None).assurance,
        Assurance::Pinned
    );
    assert_eq!(
        judged(&world, rule(By::Runs, 10), None).assurance,
        Assurance::Pinned
    );
    world.require = Assurance::Sampled;
    let little = judged(&world, rule(By::Shards, 10), None);
    assert_eq!(failing(&little), [Code::AssuranceTooLow]);
    // Nothing outside of the sample was asked for.
    world.files.retain(|name, _| {
        let items = &judgement.sampled.as_ref().unwrap().drawn.items;
        items.iter().any(|item| item.unit.name == *name)
    });
    passes(&judged(&world, rule(By::Shards, 50), None));
    // One of those that differs, and one that is gone.
    let (name, _) = world.files.pop_first().unwrap();
    let gone = judged(&world, rule(By::Shards, 50), None);
    assert!(gone.has(Code::ContentNotFound) && gone.assurance == Assurance::Pinned);
    world.files.insert(name, b"other".to_vec());
    let differs = judged(&world, rule(By::Shards, 50), None);
    assert!(differs.has(Code::ContentDiffers));
    assert_eq!(differs.sampled.unwrap().in_all().unwrap().tally.differing, 1);
}

/// Bytes that nobody hashed are in no population, so no sample stands for them.
#[test]
fn a_sample_never_stands_for_what_has_no_digest() {
    let mut world = world(3);
    world.content = true;
    assert_eq!(
        judged(&world, rule(By::Shards, 9), None).assurance,
        Assurance::Full
    );
    world.add(Predicate::Source(Source {
        set: absent("unhashed", Absence::NotKnown),
        ..source("unhashed")
    }));
    step(
        &mut world,
        Does::Train,
        &[("parts", Role::Data), ("unhashed", Role::Data)],
        "specialist",
        0,
    );
    world.seal();
    let judgement = judged(&world, rule(By::Shards, 9), None);
    assert_eq!(judgement.assurance, Assurance::Pinned);
    assert_eq!(judgement.sampled.unwrap().drawn.outside.unhashed, 1);
}

#[test]
fn what_the_rule_does_not_draw_counts_for_nothing() {
    let world = world(30);
    let mut false_one = drawn(&world, By::Shards, 5);
    false_one.items.swap(1, 2);
    false_one.mark(1, Mark::AsRegistered, None).unwrap();
    let judgement = judged(&world, rule(By::Shards, 5), Some(false_one));
    assert_eq!(failing(&judgement), [Code::SampleNotDrawn]);
    assert_eq!((judgement.verdict, judgement.sampled), (Verdict::Tampered, None));
    // Another checkpoint is another sample, and a later one asks for a newer ledger.
    let mut more = world.clone();
    more.add(Predicate::Source(source("more")));
    more.seal();
    let earlier = judged(&more, rule(By::Shards, 5), Some(drawn(&world, By::Shards, 5)));
    assert_eq!(failing(&earlier), [Code::SampleNotDrawn]);
    let later = judged(&world, rule(By::Shards, 5), Some(drawn(&more, By::Shards, 5)));
    assert_eq!(failing(&later), [Code::CheckpointTooOld]);
    assert_eq!(later.sampled, None);
}

#[test]
fn marks_speak_against_and_never_for() {
    let mut world = world(30);
    world.content = true;
    let mut document = drawn(&world, By::Shards, 6);
    document.mark(2, Mark::Differs, Some("columns swapped")).unwrap();
    document.mark(3, Mark::Missing, None).unwrap();
    let judgement = judged(&world, rule(By::Shards, 6), Some(document.clone()));
    assert_eq!(failing(&judgement), [Code::SampleDiffers, Code::SampleMissing]);
    let sampled = judgement.sampled.unwrap();
    assert_eq!(sampled.found[1].by, FoundBy::Marks);
    assert_eq!(sampled.found[1].note.as_deref(), Some("columns swapped"));
    assert_eq!(sampled.in_all().unwrap().tally.right, 4);
    // What differs here is not made right by a mark.
    let mut document = drawn(&world, By::Shards, 6);
    let name = document.items[0].name.clone();
    document.mark(1, Mark::AsRegistered, Some("looks well")).unwrap();
    world.files.insert(name, b"other".to_vec());
    let judgement = judged(&world, rule(By::Shards, 6), Some(document));
    assert_eq!(failing(&judgement), [Code::ContentDiffers]);
    assert_eq!(judgement.sampled.unwrap().found[0].mark, Mark::Differs);
}

/// The files of the evidence's readers have no counted rows, so a row of a right file is still to be looked at.
#[test]
fn a_row_is_not_seen_by_hashing_a_file_whose_rows_cannot_be_counted() {
    let mut world = world(4);
    world.content = true;
    let judgement = judged(&world, rule(By::Rows, 7), None);
    let sampled = judgement.sampled.unwrap();
    assert_eq!((sampled.drawn.size, sampled.drawn.outside.rows_unknown), (40, 1));
    assert!(
        sampled
            .found
            .iter()
            .all(|found| found.mark == Mark::NotChecked && found.note.is_some())
    );
    assert_eq!(sampled.in_all().unwrap().at_most, 40);
}

/// A population of more rows than can be counted is refused, and not cut.
#[test]
fn a_population_has_a_limit() {
    let mut world = World::new();
    for at in 0..3 {
        world.add(Predicate::Source(Source {
            set: file(&format!("huge-{at}"), sample::POPULATION_MAX / 2),
            ..source(&format!("huge-{at}"))
        }));
    }
    step(
        &mut world,
        Does::Train,
        &[
            ("huge-0", Role::Data),
            ("huge-1", Role::Data),
            ("huge-2", Role::Data),
        ],
        "specialist",
        0,
    );
    world.seal();
    let judgement = judged(&world, rule(By::Rows, 5), None);
    assert!(judgement.has(Code::LimitReached) && judgement.sampled.is_none());
    passes(&judged(&world, rule(By::Shards, 5), None));
}
