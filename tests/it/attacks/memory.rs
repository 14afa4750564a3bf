//! Attacks on whoever saw the log before: histories that go back, and histories that are two.

use herdbook::statement::Predicate;
use herdbook::verify::Code;

use super::kit::*;

pub fn attacks() -> Vec<Attack> {
    vec![
        rolled_back(),
        forked(),
        forked_later(),
        older_bundle_after_a_newer(),
        forked_bundle(),
        at_an_old_checkpoint(),
        older_than_given(),
        of_another_history_than_given(),
        split_view(),
        false_accusation(),
        forged_accusation(),
    ]
}

/// The herd, and the same with the theft of the key that signed all of it.
fn before_and_after() -> (World, World) {
    let before = World::herd().sealed();
    let mut after = before.clone();
    after.add_by(OWNER, stolen(ISSUER, 2));
    (before, after.sealed())
}

/// A ledger whose last commit tells another story than that of `before_and_after`.
fn another() -> World {
    let (mut world, _) = before_and_after();
    world.add(Predicate::Source(source("harmless")));
    world.sealed()
}

/// The files of a ledger in a folder of another name.
fn in_folder(world: &World, folder: &str) -> Files {
    let renamed = |(name, found): (String, Found)| (name.replacen("ledger", folder, 1), found);
    world.ledger().into_iter().map(renamed).collect()
}

fn rolled_back() -> Attack {
    let text = [
        "rolled-back-ledger",
        "an auditor who saw the revocation is shown the ledger as it was before it",
        "that what was appended last is forgotten",
    ];
    let (before, after) = before_and_after();
    Attack::ledger(text, &before, "specialist", &[Code::RolledBack])
        .files(in_folder(&after, "newer"))
        .seen("newer", "specialist", 21)
}

fn forked() -> Attack {
    let text = [
        "forked-ledger",
        "an auditor who saw one history is shown another of the same size, signed by the same log key",
        "two auditors with two histories",
    ];
    let (_, after) = before_and_after();
    let other = another();
    assert_eq!(after.entries.len(), other.entries.len());
    Attack::ledger(text, &other, "specialist", &[Code::Forked])
        .files(in_folder(&after, "other"))
        .seen("other", "specialist", 21)
}

fn forked_later() -> Attack {
    let text = [
        "forked-and-grown-ledger",
        "an auditor who saw one history is shown a longer one that does not begin with it",
        "that growth hides the exchange",
    ];
    let (_, after) = before_and_after();
    let mut other = another();
    other.add(Predicate::Source(source("more")));
    Attack::ledger(text, &other.sealed(), "specialist", &[Code::Forked])
        .files(in_folder(&after, "other"))
        .seen("other", "specialist", 21)
}

fn older_bundle_after_a_newer() -> Attack {
    let text = [
        "rolled-back-bundle",
        "an auditor who judged a bundle with the revocation gets one as of before it",
        "that what was appended last is forgotten",
    ];
    let (before, after) = before_and_after();
    let newer = Bundle::of(&after, "specialist").tar();
    Attack::on_bundle(
        text,
        &before,
        &Bundle::of(&before, "specialist").tar(),
        &[Code::CheckpointTooOld],
    )
    .file("newer.tar", newer)
    .seen_bundle("newer.tar", 21)
}

fn forked_bundle() -> Attack {
    let text = [
        "forked-bundle",
        "an auditor who judged a bundle of one history gets one of another of the same size",
        "two auditors with two histories",
    ];
    let (_, after) = before_and_after();
    let other = another();
    let seen = Bundle::of(&after, "specialist").tar();
    Attack::on_bundle(
        text,
        &other,
        &Bundle::of(&other, "specialist").tar(),
        &[Code::Forked],
    )
    .file("seen.tar", seen)
    .seen_bundle("seen.tar", 21)
}

fn at_an_old_checkpoint() -> Attack {
    let text = [
        "bundle-at-an-old-checkpoint",
        "a regulator gets a bundle as of before the revocation, and demands as many entries as the log is known to have",
        "a verdict from better days",
    ];
    let (before, after) = before_and_after();
    let mut attack = Attack::on_bundle(
        text,
        &before,
        &Bundle::of(&before, "specialist").tar(),
        &[Code::CheckpointTooOld],
    );
    attack.checks[0]
        .command
        .extend(["--min-size".to_owned(), after.entries.len().to_string()]);
    attack
}

fn older_than_given() -> Attack {
    let text = [
        "bundle-older-than-a-checkpoint",
        "a regulator gets a bundle as of before the revocation, and has a later checkpoint of the log",
        "a verdict from better days",
    ];
    let (before, after) = before_and_after();
    let tar = Bundle::of(&before, "specialist").tar();
    let mut attack = Attack::on_bundle(text, &before, &tar, &[Code::CheckpointTooOld])
        .file("later.checkpoint", after.checkpoint());
    let newer = ["--newer", "later.checkpoint"].map(str::to_owned);
    attack.checks[0].command.extend(newer);
    attack
}

fn of_another_history_than_given() -> Attack {
    let text = [
        "bundle-of-another-history",
        "a regulator gets a bundle of one history, and has a checkpoint of another from somebody else",
        "two regulators with two histories",
    ];
    let (_, after) = before_and_after();
    let other = another();
    let tar = Bundle::of(&other, "specialist").tar();
    let mut attack =
        Attack::on_bundle(text, &other, &tar, &[Code::Forked]).file("theirs.checkpoint", after.checkpoint());
    let newer = ["--newer", "theirs.checkpoint"].map(str::to_owned);
    attack.checks[0].command.extend(newer);
    attack
}

const SHOW: &str = "log equivocation a.checkpoint b.checkpoint -o proof.txt --trust-root trust-root.json";

fn split_view() -> Attack {
    let text = [
        "split-view",
        "the log key signed two trees of one size, one for each of two auditors, who compare",
        "two auditors with two histories",
    ];
    let (_, after) = before_and_after();
    Attack::new(text[0], text[1], text[2], &after)
        .file("a.checkpoint", after.checkpoint())
        .file("b.checkpoint", another().checkpoint())
        .check(Check::words(SHOW, 20, &[]))
}

fn false_accusation() -> Attack {
    let text = [
        "false-accusation-of-a-log",
        "somebody shows two checkpoints of one history as if they were two",
        "an honest log that is held for a dishonest one",
    ];
    let (before, after) = before_and_after();
    let (tile, hashes) = after.tile();
    Attack::new(text[0], text[1], text[2], &after)
        .files(after.ledger())
        .file(&tile, hashes)
        .file("a.checkpoint", before.checkpoint())
        .file("b.checkpoint", after.checkpoint())
        .check(Check::error(&format!("{SHOW} --ledger ledger"), 1, "consistent"))
}

fn forged_accusation() -> Attack {
    let text = [
        "forged-accusation-of-a-log",
        "somebody shows a checkpoint of the log beside one that another key signed under its name",
        "an honest log that is held for a dishonest one",
    ];
    let (_, after) = before_and_after();
    let mut forged = another();
    forged.log = THIEF;
    let forged = forged.checkpoint();
    Attack::new(text[0], text[1], text[2], &after)
        .file("a.checkpoint", after.checkpoint())
        .file("b.checkpoint", forged)
        .check(Check::error(SHOW, 1, "proves_nothing"))
}
