//! Is this the same log as before, and at least as long? An earlier checkpoint is a promise about the first entries.

use super::kit::*;
use crate::merkle::TreeSize;
use crate::statement::*;
use crate::verify::*;

/// A ledger at a size, and the same ledger after two more sources and their seal.
fn before_and_after() -> (World, World) {
    let mut before = herd();
    before.seal();
    let mut after = before.clone();
    after.add(Predicate::Source(source("later")));
    after.add(Predicate::Source(source("latest")));
    after.seal();
    (before, after)
}

/// The same ledger up to a size, and another source from there on.
fn forked(before: &World) -> World {
    let mut fork = before.clone();
    fork.add(Predicate::Source(source("another")));
    fork.add(Predicate::Source(source("yet another")));
    fork.seal();
    fork
}

fn of(world: &World) -> Request {
    world.request("specialist")
}

#[track_caller]
fn says(world: &World, request: Request, codes: &[Code], verdict: Verdict) -> String {
    let judgement = world.drive(request);
    assert_eq!(failing(&judgement), codes, "{:#?}", judgement.findings);
    assert_eq!(judgement.verdict, verdict);
    let found = judgement
        .findings
        .iter()
        .find(|found| Some(&found.code) == codes.first());
    found.map(|found| found.message.clone()).unwrap_or_default()
}

#[test]
fn a_log_that_went_on_is_the_one_that_is_remembered() {
    let (before, after) = before_and_after();
    for (earlier, now) in [(&before, &before), (&before, &after), (&after, &after)] {
        let request = Request {
            remembered: Some(earlier.checkpoint()),
            newer: Some(earlier.checkpoint()),
            min_size: Some(TreeSize::new(earlier.entries.len() as u64)),
            ..of(now)
        };
        says(now, request, &[], Verdict::Traced);
    }
}

#[test]
fn fewer_entries_than_remembered_are_a_rollback() {
    let (before, after) = before_and_after();
    let request = Request {
        remembered: Some(after.checkpoint()),
        ..of(&before)
    };
    let message = says(&before, request, &[Code::RolledBack], Verdict::Tampered);
    for world in [&before, &after] {
        let note = String::from_utf8(world.checkpoint()).unwrap();
        let mut lines = note.lines().skip(1);
        let (size, root) = (lines.next().unwrap(), lines.next().unwrap());
        assert!(
            message.contains(&format!("{size} entries with the root {root}")),
            "{message}"
        );
    }
}

#[test]
fn other_entries_than_remembered_are_a_fork_at_any_size() {
    let (before, after) = before_and_after();
    let fork = forked(&before);
    assert_eq!(fork.entries.len(), after.entries.len());
    let mut longer = fork.clone();
    longer.add(Predicate::Source(source("more")));
    longer.seal();
    for now in [&fork, &longer] {
        let request = Request {
            remembered: Some(after.checkpoint()),
            ..of(now)
        };
        let message = says(now, request, &[Code::Forked], Verdict::Tampered);
        assert!(message.contains("signed two histories"), "{message}");
        // What was asked for is a promise of the same key.
        let request = Request {
            newer: Some(after.checkpoint()),
            ..of(now)
        };
        says(now, request, &[Code::Forked], Verdict::Tampered);
    }
}

#[test]
fn an_answer_about_the_past_is_held_against_all_of_the_log() {
    let (before, after) = before_and_after();
    let past = TreeSize::new(before.entries.len() as u64);
    let fork = forked(&before);
    for (now, codes) in [(&after, &[][..]), (&fork, &[Code::Forked])] {
        let request = Request {
            remembered: Some(after.checkpoint()),
            ..of(now)
        };
        let judgement = now.answer(Verifier::new(request).as_of(past));
        assert_eq!(failing(&judgement), codes, "{:#?}", judgement.findings);
    }
}

#[test]
fn a_checkpoint_older_than_was_asked_for_decides_nothing() {
    let (before, after) = before_and_after();
    let newer = Request {
        newer: Some(after.checkpoint()),
        ..of(&before)
    };
    says(&before, newer, &[Code::CheckpointTooOld], Verdict::Undecidable);
    let size = before.entries.len() as u64;
    let larger = Request {
        min_size: Some(TreeSize::new(size + 1)),
        ..of(&before)
    };
    let message = says(&before, larger, &[Code::CheckpointTooOld], Verdict::Undecidable);
    assert!(message.contains(&format!("{size} entries")), "{message}");
}

#[test]
fn what_is_no_checkpoint_of_this_log_is_not_passed_over() {
    let (before, _) = before_and_after();
    let mut unsigned = before.checkpoint();
    let last = unsigned.len() - 9;
    unsigned[last] = if unsigned[last] == b'A' { b'B' } else { b'A' };
    for note in [unsigned, b"nothing of the kind".to_vec()] {
        for (remembered, newer) in [(Some(note.clone()), None), (None, Some(note.clone()))] {
            let request = Request {
                remembered,
                newer,
                ..of(&before)
            };
            says(&before, request, &[Code::EarlierInvalid], Verdict::Undecidable);
        }
    }
}

/// What cannot be read in between does not hide what sizes and roots show by themselves.
#[test]
fn a_missing_entry_hides_no_rollback_and_no_fork_of_one_length() {
    let (before, after) = before_and_after();
    let mut fork = forked(&before);
    let request = of(&fork);
    fork.entries.remove(0);
    fork.entries.insert(0, Vec::new());
    for (remembered, code) in [
        (after.checkpoint(), Code::Forked),
        (forked(&after).checkpoint(), Code::RolledBack),
    ] {
        let request = Request {
            remembered: Some(remembered),
            ..request.clone()
        };
        assert!(fork.drive(request).has(code));
    }
}

/// Evidence that is part of a log shows the root of some of its first entries, and never a false one.
#[test]
fn part_of_a_log_says_whether_it_goes_on_or_that_it_does_not_show() {
    let (_, world) = before_and_after();
    let kept = world.evidence("specialist").entries;
    let (mut shown, mut not_shown) = (0, 0);
    for size in 1..world.entries.len() {
        let mut prefix = world.clone();
        prefix.entries.truncate(size);
        let mut other = prefix.clone();
        other.entries[size - 1] = b"another".to_vec();
        for (note, code) in [
            (prefix.checkpoint(), None),
            (other.checkpoint(), Some(Code::Forked)),
        ] {
            let request = Request {
                remembered: Some(note),
                ..of(&world)
            };
            let whole: Vec<Code> = code.into_iter().collect();
            assert_eq!(failing(&world.drive(request.clone())), whole, "{size}");
            let pruned = failing(&world.drive_pruned(request, &kept));
            if pruned == [Code::ConsistencyNotShown] {
                not_shown += 1;
            } else {
                assert_eq!(pruned, whole, "{size}");
                shown += 1;
            }
        }
    }
    assert!(shown > 0 && not_shown > 0, "{shown} shown, {not_shown} not");
}
