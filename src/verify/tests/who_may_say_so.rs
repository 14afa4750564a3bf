//! Was every statement signed by a key that could, when it did?

use super::kit::*;
use crate::statement::*;
use crate::verify::*;

/// A source by a key of its own and a model trained on it by the issuer.
fn by(world: &mut World, seed: u8) -> crate::digest::StatementId {
    let id = world.add_by(seed, Predicate::Source(source("theirs")));
    world.train("theirs", "model");
    id
}

const PATH: [&str; 3] = ["model", "train-model", "theirs"];

fn grant(world: &mut World, seed: u8, kinds: &[&str]) {
    let kinds = kinds.iter().map(|kind| (*kind).to_owned()).collect();
    let change = KeyChange {
        kinds,
        ..key_change(KeyChangeKind::Grant, seed)
    };
    world.add_by(OWNER, Predicate::Key(change));
}

#[test]
fn a_key_without_a_grant_does_not_count() {
    let mut world = herd();
    by(&mut world, STRANGER);
    fails(&world.verify("model"), Code::KeyNotGranted, &PATH);
    let mut world = herd();
    grant(&mut world, STRANGER, &["source"]);
    by(&mut world, STRANGER);
    passes(&world.verify("model"));
}

#[test]
fn a_grant_reaches_no_entry_below_it() {
    let mut world = herd();
    by(&mut world, STRANGER);
    grant(&mut world, STRANGER, &["source"]);
    fails(&world.verify("model"), Code::KeyNotGranted, &PATH);
}

#[test]
fn a_key_signs_only_the_kinds_it_was_granted() {
    let mut world = herd();
    grant(&mut world, STRANGER, &["run:train"]);
    by(&mut world, STRANGER);
    fails(&world.verify("model"), Code::KeyNotGranted, &PATH);

    let sft = |world: &World, does| Run {
        inputs: vec![input(world, "seeds", Role::Data)],
        ..run("theirs", does, "out", OutputKind::Shard, file("out", 10))
    };
    let mut world = herd();
    grant(&mut world, STRANGER, &["run:filter"]);
    let mix = sft(&world, Does::Mix);
    world.add_by(STRANGER, Predicate::Run(mix));
    fails(&world.verify("out"), Code::KeyNotGranted, &["out"]);
    let filter = sft(&world, Does::Filter);
    world.add_by(STRANGER, Predicate::Run(filter));
    assert!(!world.verify("out").has(Code::KeyNotGranted));
}

#[test]
fn an_owner_signs_keys_and_nothing_else() {
    let mut world = herd();
    by(&mut world, OWNER);
    fails(&world.verify("model"), Code::KeyNotGranted, &PATH);
    // And nobody else signs keys.
    let mut world = herd();
    let change = KeyChange {
        kinds: vec![EVERY_KIND.to_owned()],
        ..key_change(KeyChangeKind::Grant, STRANGER)
    };
    world.add_by(ISSUER, Predicate::Key(change));
    assert_eq!(failing(&world.verify("specialist")), [Code::Inadmissible]);
}

#[test]
fn what_a_retired_key_signed_before_still_counts() {
    let mut world = herd();
    by(&mut world, SECOND);
    world.revoke(SECOND, Revocation::Retired, None);
    passes(&world.verify("model"));
    world.add_by(
        SECOND,
        Predicate::Source(Source {
            set: file("late", 10),
            ..source("late")
        }),
    );
    world.train("late", "second");
    fails(
        &world.verify("second"),
        Code::KeyNotGranted,
        &["second", "train-second", "late"],
    );
}

#[test]
fn what_a_compromised_key_signed_since_is_suspect_until_somebody_else_affirms_it() {
    let mut world = herd();
    let entry = world.entries.len() as u64;
    let id = by(&mut world, SECOND);
    let since = |since| {
        let mut world = world.clone();
        world.revoke(SECOND, Revocation::Compromised, Some(since));
        world
    };
    passes(&since(Since::Entry(entry + 1)).verify("model"));
    fails(
        &since(Since::Entry(entry)).verify("model"),
        Code::SuspectKey,
        &PATH,
    );
    fails(&since(Since::Grant).verify("model"), Code::SuspectKey, &PATH);

    let affirm = KeyChange {
        statements: vec![id],
        public_key: None,
        ..key_change(KeyChangeKind::Affirm, SECOND)
    };
    let mut affirmed = since(Since::Entry(entry));
    affirmed.add_by(ISSUER, Predicate::Key(affirm.clone()));
    let judgement = affirmed.verify("model");
    passes(&judgement);
    // That it counts only for this is told, of this entry and no other.
    let notes = judgement.findings.iter();
    let notes: Vec<_> = notes.filter(|finding| finding.code == Code::Affirmed).collect();
    let [note] = notes.as_slice() else {
        panic!("{:#?}", judgement.findings);
    };
    assert_eq!(
        note.message,
        format!(
            "entry {entry} was signed by key {}, which was compromised by then (revoked at entry {}); it counts because \
             key {} affirmed it at entry {}",
            public(SECOND).id(),
            entry + 2,
            public(ISSUER).id(),
            entry + 3,
        )
    );
    assert!(!world.verify("model").has(Code::Affirmed));
    // An affirmation by a key that turns out to be stolen as well is none.
    affirmed.revoke(ISSUER, Revocation::Compromised, Some(Since::Entry(entry + 2)));
    assert!(affirmed.verify("model").has(Code::SuspectKey));
    // A thief does not affirm his own work.
    let mut early = world.clone();
    early.add_by(SECOND, Predicate::Key(affirm));
    early.revoke(SECOND, Revocation::Compromised, Some(Since::Entry(entry)));
    fails(&early.verify("model"), Code::SuspectKey, &PATH);
}

#[test]
fn a_rotation_does_not_clear_a_key_that_was_compromised() {
    let mut world = herd();
    let entry = world.entries.len() as u64;
    by(&mut world, SECOND);
    world.revoke(SECOND, Revocation::Compromised, Some(Since::Entry(entry)));
    let rotate = KeyChange {
        successor: Some(public(SECOND)),
        ..key_change(KeyChangeKind::Rotate, ISSUER)
    };
    world.add_by(OWNER, Predicate::Key(rotate));
    let judgement = world.verify("model");
    assert!(judgement.has(Code::SuspectKey), "{:#?}", judgement.findings);
    assert!(judgement.has(Code::Inadmissible));
}

#[test]
fn a_change_that_stands_twice_is_made_once() {
    let mut world = herd();
    grant(&mut world, STRANGER, &["source"]);
    let again = world.entries.last().unwrap().clone();
    world.rulings.push(crate::merkle::leaf_hash(&again));
    world.add_bytes(again);
    by(&mut world, STRANGER);
    passes(&world.verify("model"));
}

#[test]
fn what_the_holder_signs_is_vouched_for() {
    let mut world = herd();
    let theirs = Source {
        holder: Some("Example Holder".to_owned()),
        ..source("theirs")
    };
    world.add_by(SECOND, Predicate::Source(theirs.clone()));
    world.train("theirs", "model");
    assert_eq!(world.verify("model").sources[0].said_by, "vouched");
    world.add_by(ISSUER, Predicate::Source(theirs));
    world.train("theirs", "other");
    assert_eq!(world.verify("other").sources[0].said_by, "stated");
}
