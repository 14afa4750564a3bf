//! Evidence that is false or missing.

use super::kit::*;
use crate::statement::*;
use crate::verify::*;

#[test]
fn no_flipped_byte_of_any_entry_is_traced() {
    let mut world = herd();
    world.seal();
    let request = world.request("specialist");
    assert_eq!(world.drive(request.clone()).verdict, Verdict::Traced);
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
fn a_checkpoint_without_a_seal_is_not_enough() {
    let world = herd();
    assert_eq!(failing(&world.drive(world.request("specialist"))), [Code::NoSeal]);
}

#[test]
fn an_unpinned_ledger_is_undecidable_and_a_self_asserted_one_says_so() {
    let mut world = herd();
    world.seal();
    let missing = Request {
        trust: Trust::Missing(world.root.clone()),
        ..world.request("specialist")
    };
    assert_eq!(failing(&world.drive(missing)), [Code::TrustNotPinned]);
    let own_word = Request {
        trust: Trust::SelfAsserted(world.root.clone()),
        ..world.request("specialist")
    };
    let judgement = world.drive(own_word);
    assert_eq!(judgement.word(), "traced (self-asserted)");
    let strict = Request {
        require: Assurance::Full,
        ..world.request("specialist")
    };
    assert_eq!(failing(&world.drive(strict)), [Code::AssuranceTooLow]);
}

#[test]
fn another_genesis_under_the_origin_is_tampered() {
    let mut world = herd();
    world.seal();
    let mut request = world.request("specialist");
    let mut root = world.root.clone();
    root.genesis = crate::digest::StatementId::from_bytes([9; 32]);
    request.trust = Trust::Pinned(root);
    let judgement = world.drive(request);
    assert!(judgement.has(Code::GenesisDiffers));
    assert_eq!(judgement.verdict, Verdict::Tampered);
}

#[test]
fn a_key_without_a_grant_does_not_count() {
    let mut world = herd();
    let inputs = vec![input(&world, "kept", Role::Data)];
    let train = run(
        "train",
        Does::Train,
        "stranger",
        OutputKind::Model,
        weights("stranger"),
    );
    world.add_by(STRANGER, Predicate::Run(Run { inputs, ..train }));
    assert_eq!(failing(&world.verify("stranger")), [Code::KeyNotGranted]);
}

#[test]
fn a_changed_file_is_found_and_a_missing_one_too() {
    let mut world = herd();
    world.content = true;
    for content in ["seeds", "tasks", "kept"] {
        world
            .files
            .insert(format!("{content}.jsonl"), content.as_bytes().to_vec());
    }
    assert_eq!(failing(&world.verify("specialist")), [Code::ContentNotFound]);
    world
        .files
        .insert("specialist.safetensors".to_owned(), b"specialist".to_vec());
    let judgement = world.verify("specialist");
    assert_eq!(
        (judgement.verdict, judgement.assurance),
        (Verdict::Traced, Assurance::Full)
    );
    world.files.insert("tasks.jsonl".to_owned(), b"tasks!".to_vec());
    let judgement = world.verify("specialist");
    assert_eq!(failing(&judgement), [Code::ContentDiffers]);
    let path: Vec<_> = judgement.findings[0]
        .path
        .iter()
        .map(|step| step.name.as_str())
        .collect();
    assert_eq!(
        path,
        ["specialist", "train-specialist", "kept", "filter-kept", "tasks"]
    );
}
