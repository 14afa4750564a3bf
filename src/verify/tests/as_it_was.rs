//! Is a verdict as of an earlier size the verdict of that time, and does the signed checkpoint still prove it?

use super::kit::*;
use crate::merkle::TreeSize;
use crate::statement::*;
use crate::verify::*;

/// A herd, sealed, and then a statement that contradicts it, sealed again; with the size of the first.
fn contradicted_later() -> (World, World, TreeSize) {
    let mut earlier = herd();
    earlier.seal();
    let size = TreeSize::new(earlier.entries.len() as u64);
    let mut later = earlier.clone();
    later.add(Predicate::Source(Source {
        set: file("kept", 800),
        ..source("people")
    }));
    later.seal();
    (earlier, later, size)
}

fn as_of(world: &World, name: &str, size: TreeSize) -> Judgement {
    world.answer(Verifier::new(world.request(name)).as_of(size))
}

#[test]
fn what_came_later_does_not_count() {
    let (earlier, later, size) = contradicted_later();
    let then = earlier.drive(earlier.request("specialist"));
    passes(&then);
    let now = later.drive(later.request("specialist"));
    assert_eq!(now.verdict, Verdict::NotTraced);
    let back = as_of(&later, "specialist", size);
    passes(&back);
    assert_eq!(
        format!("{back:?}"),
        format!("{then:?}"),
        "checkpoint, shares and findings"
    );
    // A key that was revoked later signed well then.
    let mut revoked = earlier.clone();
    revoked.revoke(ISSUER, Revocation::Compromised, Some(Since::Grant));
    revoked.seal();
    let now = revoked.drive(revoked.request("specialist"));
    assert_ne!(now.verdict, Verdict::Traced);
    passes(&as_of(&revoked, "specialist", size));
}

#[test]
fn what_came_later_is_not_there_yet() {
    let (_, mut later, size) = contradicted_later();
    later.train("people", "second");
    later.seal();
    fails(&as_of(&later, "second", size), Code::EntryMissing, &[]);
}

#[test]
fn a_size_that_never_was_is_no_answer() {
    let (_, later, size) = contradicted_later();
    let within = TreeSize::new(size.get() + 1);
    let judgement = as_of(&later, "specialist", within);
    assert!(
        judgement
            .findings
            .iter()
            .any(|finding| finding.code == Code::NoSeal)
    );
    assert_ne!(judgement.verdict, Verdict::Traced);
    for never in [0, later.entries.len() as u64 + 1] {
        let judgement = as_of(&later, "specialist", TreeSize::new(never));
        fails(&judgement, Code::CheckpointInvalid, &[]);
    }
}

#[test]
fn the_signed_root_still_covers_what_came_later() {
    let (_, later, size) = contradicted_later();
    let mut changed = later.clone();
    let last = changed.entries.len() - 2;
    changed.entries[last] = changed.entries[1].clone();
    let judgement = changed.answer(Verifier::new(later.request("specialist")).as_of(size));
    assert_eq!(judgement.verdict, Verdict::Tampered);
    assert!(
        judgement
            .findings
            .iter()
            .any(|finding| finding.code == Code::RootDiffers)
    );
}

#[test]
fn a_later_entry_that_disputes_it_is_told_and_changes_nothing() {
    let disputed = |world: &World, size| {
        let verified = |verifier: Verifier| world.verified(verifier);
        let then = verified(Verifier::new(world.request("specialist")).as_of(size));
        let now = verified(Verifier::new(world.request("specialist")));
        let word = now.get().verdict;
        (then.disputed_by(&now), word)
    };
    let (_, conflicting, size) = contradicted_later();
    let mut withdrawn = herd();
    withdrawn.seal();
    let mut revoked = withdrawn.clone();
    withdrawn.take_back(ISSUER, NoticeKind::Withdraw, "seeds", NoticeEffect::StopUse);
    withdrawn.seal();
    revoked.revoke(ISSUER, Revocation::Compromised, Some(Since::Grant));
    revoked.seal();
    for (world, code) in [
        (conflicting, Code::ConflictingOrigin),
        (withdrawn, Code::Withdrawn),
        (revoked, Code::SuspectKey),
    ] {
        let (verified, now) = disputed(&world, size);
        let judgement = verified.get();
        passes(judgement);
        let note = judgement
            .findings
            .iter()
            .find(|finding| finding.code == Code::DisputedLater);
        let message = &note.unwrap().message;
        assert!(
            message.contains(code.as_str()) && message.contains(now.as_str()),
            "{message}"
        );
        if code == Code::SuspectKey {
            // The first entry after those of then.
            assert!(
                message.contains(&format!("(revoked at entry {size})")),
                "{message}"
            );
        }
    }
    // What says nothing new disputes nothing.
    let mut quiet = herd();
    quiet.seal();
    quiet.add(Predicate::Source(source("elsewhere")));
    quiet.seal();
    let (verified, _) = disputed(&quiet, size);
    assert!(!verified.get().has(Code::DisputedLater));
}
