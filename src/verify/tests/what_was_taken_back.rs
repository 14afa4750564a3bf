//! Was something on the walk withdrawn or recalled, by somebody who may, and what may still be done with it?

use super::kit::*;
use crate::statement::*;
use crate::verify::*;

/// A herd whose seeds are withdrawn at the end.
fn withdrawn(effect: NoticeEffect) -> World {
    let mut world = herd();
    world.take_back(ISSUER, NoticeKind::Withdraw, "seeds", effect);
    world
}

#[test]
fn what_was_used_before_stands_and_what_uses_it_later_does_not() {
    let mut world = withdrawn(NoticeEffect::NoNewUse);
    let judgement = world.verify("specialist");
    passes(&judgement);
    assert!(notes(&judgement).contains(&Code::UsedBeforeNotice));
    world.train("seeds", "second");
    fails(
        &world.verify("second"),
        Code::UsedAfterNotice,
        &["second", "train-second"],
    );
    passes(&world.verify("specialist"));
    assert_eq!(world.verify("second").verdict, Verdict::NotPermitted);
    // What was made of it before is something else.
    world.train("kept", "third");
    passes(&world.verify("third"));
}

#[test]
fn a_collection_or_a_filter_does_not_hide_a_use() {
    let mut world = herd();
    let members = Some(Cites::Inline(world.refs("seeds")));
    world.add(Predicate::Dataset(Dataset {
        name: name("set"),
        members,
        gaps: vec![],
    }));
    let model = world.refs("teacher").first().copied();
    let filter = Filter {
        model,
        ..filter("judged")
    };
    world.add(Predicate::Filter(filter));
    world.take_back(ISSUER, NoticeKind::Withdraw, "seeds", NoticeEffect::NoNewUse);
    world.take_back(ISSUER, NoticeKind::Withdraw, "teacher", NoticeEffect::NoNewUse);
    let before = world.clone();
    world.train("set", "second");
    fails(
        &world.verify("second"),
        Code::UsedAfterNotice,
        &["second", "train-second"],
    );
    let mut world = before;
    world.add(Predicate::Source(Source {
        set: file("fresh", 10),
        ..source("fresh")
    }));
    step(
        &mut world,
        Does::Filter,
        &[("fresh", Role::Data), ("judged", Role::Filter)],
        "sieved",
        10,
    );
    fails(
        &world.verify("sieved"),
        Code::UsedAfterNotice,
        &["sieved", "filter-sieved"],
    );
}

#[test]
fn what_must_not_be_used_forbids_everything_made_of_it() {
    let path = [
        "specialist",
        "train-specialist",
        "kept",
        "filter-kept",
        "tasks",
        "generate-tasks",
        "seeds",
    ];
    for effect in [NoticeEffect::StopUse, NoticeEffect::DestroyDerived] {
        let judgement = withdrawn(effect).verify("specialist");
        fails(&judgement, Code::Withdrawn, &path);
        assert_eq!(judgement.verdict, Verdict::NotPermitted);
        let destroy = judgement.findings[0].message.contains("is to be destroyed");
        assert_eq!(destroy, effect == NoticeEffect::DestroyDerived);
    }
    let mut world = herd();
    world.take_back(ISSUER, NoticeKind::Recall, "seeds", NoticeEffect::StopUse);
    fails(&world.verify("specialist"), Code::Recalled, &path);
    // A worse word still stands first.
    world.run(
        Does::Train,
        vec![gap("web", Role::Data)],
        "gappy",
        weights("gappy"),
        |run| run,
    );
    assert_eq!(world.verify("gappy").verdict, Verdict::NotTraced);
}

#[test]
fn the_same_bytes_under_another_name_are_taken_back_too() {
    let mut world = withdrawn(NoticeEffect::StopUse);
    world.add(Predicate::Source(Source {
        set: file("seeds", 100),
        ..source("washed")
    }));
    world.train("washed", "second");
    fails(
        &world.verify("second"),
        Code::Withdrawn,
        &["second", "train-second", "washed"],
    );
    // As one file of a manifest, and the other way round.
    let member = ("seeds.jsonl", "seeds".as_bytes());
    let other = ("other.jsonl", "other".as_bytes());
    let manifest = world.manifest("all", &[member, other]);
    let many = Source {
        set: one(manifest),
        ..source("many")
    };
    world.add(Predicate::Source(many.clone()));
    world.train("many", "third");
    assert_eq!(failing(&world.verify("third")), [Code::Withdrawn]);
    let mut world = herd();
    let manifest = world.manifest("all", &[member, other]);
    assert_eq!(one(manifest), many.set);
    world.add(Predicate::Source(many));
    world.take_back(ISSUER, NoticeKind::Withdraw, "many", NoticeEffect::StopUse);
    assert_eq!(failing(&world.verify("specialist")), [Code::Withdrawn]);
}

#[test]
fn one_file_of_many_is_enough() {
    let mut world = World::new();
    let manifest = world.manifest("all", &[("a", b"aaa"), ("b", b"bbb")]);
    world.add(Predicate::Source(Source {
        set: one(manifest),
        ..source("many")
    }));
    world.train("many", "model");
    let member = |at| ArtifactRef {
        member: Some(at),
        ..world.refs("many")[0]
    };
    let (first, second) = (member(0), member(1));
    let alone = InputFrom::Artifacts(Cites::Inline(vec![second]));
    let inputs = vec![Input {
        from: alone,
        ..input(&world, "many", Role::Data)
    }];
    world.run(Does::Train, inputs, "of-b", weights("of-b"), |run| run);
    let withdraw = Notice {
        effect: Some(NoticeEffect::StopUse),
        ..notice(NoticeKind::Withdraw, vec![first])
    };
    world.add(Predicate::Notice(withdraw));
    fails(
        &world.verify("model"),
        Code::Withdrawn,
        &["model", "train-model", "many"],
    );
    passes(&world.verify("of-b"));
}

#[test]
fn content_without_rows_and_files_beside_weights_take_nothing_along() {
    let mut world = herd();
    world.add(Predicate::Source(Source {
        set: bytes("empty.json", b"{}", 0),
        ..source("empty")
    }));
    world.add(Predicate::Source(Source {
        set: bytes("also.json", b"{}", 0),
        ..source("also")
    }));
    step(
        &mut world,
        Does::Mix,
        &[("seeds", Role::Data), ("also", Role::Data)],
        "mixed",
        100,
    );
    world.take_back(ISSUER, NoticeKind::Withdraw, "empty", NoticeEffect::StopUse);
    passes(&world.verify("mixed"));
}

const WITHHELD: &str = "commitment:0101010101010101010101010101010101010101010101010101010101010101";

#[test]
fn only_who_has_a_say_takes_something_back() {
    // SECOND is the key of Example Holder, and signed nothing of this.
    let held = |holder: Option<&str>| {
        let mut world = World::new();
        world.add(Predicate::Source(Source {
            holder: holder.map(str::to_owned),
            ..source("seeds")
        }));
        world.train("seeds", "model");
        world
    };
    for (holder, seed, counts) in [
        (None, ISSUER, true),
        (None, OWNER, true),
        (None, SECOND, false),
        (Some("Somebody"), SECOND, false),
        (Some("Example Holder"), SECOND, true),
        // Nobody can see whose it is, so the key of a holder is not turned away.
        (Some(WITHHELD), SECOND, true),
    ] {
        let mut world = held(holder);
        world.take_back(seed, NoticeKind::Withdraw, "seeds", NoticeEffect::StopUse);
        let judgement = world.verify("model");
        if counts {
            fails(&judgement, Code::Withdrawn, &["model", "train-model", "seeds"]);
        } else {
            passes(&judgement);
            assert!(notes(&judgement).contains(&Code::NoticeWithoutEffect));
        }
    }
    // A provider speaks for its model.
    let mut world = World::with(|genesis| {
        let grants = genesis.grants.into_iter();
        let grants = grants.map(|grant| Grant {
            holder: Some("Example AI".to_owned()),
            ..grant
        });
        Genesis {
            grants: grants.collect(),
            ..genesis
        }
    });
    world.add(Predicate::Model(model("teacher")));
    step(
        &mut world,
        Does::Generate,
        &[("teacher", Role::Generator)],
        "tasks",
        10,
    );
    world.take_back(SECOND, NoticeKind::Recall, "teacher", NoticeEffect::StopUse);
    assert_eq!(failing(&world.verify("tasks")), [Code::Recalled]);
}

#[test]
fn revoking_the_key_undoes_no_withdrawal() {
    for revocation in [Revocation::Retired, Revocation::Compromised] {
        let mut world = World::new();
        world.add(Predicate::Source(Source {
            holder: Some("Example Holder".to_owned()),
            ..source("seeds")
        }));
        world.train("seeds", "model");
        world.take_back(SECOND, NoticeKind::Withdraw, "seeds", NoticeEffect::StopUse);
        world.revoke(
            SECOND,
            revocation,
            (revocation == Revocation::Compromised).then_some(Since::Grant),
        );
        assert_eq!(failing(&world.verify("model")), [Code::Withdrawn]);
    }
}

#[test]
fn a_key_without_a_grant_notifies_nobody() {
    let mut world = herd();
    world.take_back(STRANGER, NoticeKind::Withdraw, "seeds", NoticeEffect::StopUse);
    assert_eq!(world.verify("specialist").verdict, Verdict::Tampered);
    let mut world = herd();
    world.revoke(SECOND, Revocation::Retired, None);
    world.take_back(SECOND, NoticeKind::Withdraw, "seeds", NoticeEffect::StopUse);
    assert_eq!(failing(&world.verify("specialist")), [Code::Inadmissible]);
}

#[test]
fn what_is_not_on_the_walk_is_not_touched() {
    let mut world = herd();
    world.add(Predicate::Source(Source {
        set: file("elsewhere", 10),
        ..source("elsewhere")
    }));
    world.take_back(
        ISSUER,
        NoticeKind::Recall,
        "elsewhere",
        NoticeEffect::DestroyDerived,
    );
    let judgement = world.verify("specialist");
    passes(&judgement);
    assert_eq!(notes(&judgement), notes(&herd().verify("specialist")));
}

#[test]
fn a_newer_one_is_only_told() {
    let mut world = herd();
    let old = world.refs("seeds");
    world.add(Predicate::Source(Source {
        set: file("seeds-2", 100),
        ..source("seeds")
    }));
    let by = world.refs("seeds");
    let supersede = Notice {
        by: by.clone(),
        ..notice(NoticeKind::Supersede, old)
    };
    world.add(Predicate::Notice(supersede.clone()));
    let judgement = world.verify("specialist");
    passes(&judgement);
    let told = judgement
        .findings
        .iter()
        .find(|finding| finding.code == Code::Superseded);
    assert!(told.unwrap().message.contains(&by[0].to_string()));
    world.add_by(SECOND, Predicate::Notice(supersede));
    assert!(notes(&world.verify("specialist")).contains(&Code::NoticeWithoutEffect));
}

#[test]
fn a_notice_takes_nothing_back_before_it_stands() {
    let mut world = herd();
    world.seal();
    let size = crate::merkle::TreeSize::new(world.entries.len() as u64);
    world.take_back(ISSUER, NoticeKind::Withdraw, "seeds", NoticeEffect::StopUse);
    world.seal();
    let now = world.drive(world.request("specialist"));
    assert_eq!(now.verdict, Verdict::NotPermitted);
    passes(&world.answer(Verifier::new(world.request("specialist")).as_of(size)));
}

#[test]
fn a_withdrawal_belongs_to_the_evidence() {
    let mut world = withdrawn(NoticeEffect::StopUse);
    world.add(Predicate::Source(source("elsewhere")));
    world.add(Predicate::Source(Source {
        set: file("seeds", 100),
        ..source("washed")
    }));
    world.train("washed", "second");
    world.seal();
    for item in ["specialist", "second"] {
        let entries = world.evidence(item).entries;
        let whole = world.drive(world.request(item));
        assert_eq!(whole.verdict, Verdict::NotPermitted);
        assert_eq!(world.drive_pruned(world.request(item), &entries), whole);
        for left_out in &entries {
            let mut rest = entries.clone();
            rest.remove(left_out);
            let judgement = world.drive_pruned(world.request(item), &rest);
            assert_ne!(judgement.verdict, Verdict::Traced, "{item}: entry {left_out}");
        }
    }
}

/// Taking something back never makes a verdict better, whatever it is and whoever does so.
#[test]
fn no_withdrawal_makes_a_verdict_better() {
    let mut worlds = vec![herd()];
    let mut gappy = herd();
    gappy.run(
        Does::Train,
        vec![gap("web", Role::Data)],
        "gappy",
        weights("gappy"),
        |run| run,
    );
    worlds.push(gappy);
    let mut conflicting = herd();
    conflicting.add(Predicate::Source(Source {
        set: file("kept", 800),
        ..source("people")
    }));
    worlds.push(conflicting);
    let mut suspect = herd();
    suspect.revoke(ISSUER, Revocation::Compromised, Some(Since::Grant));
    worlds.push(suspect);
    for world in worlds {
        for about in ["specialist", "kept", "seeds"] {
            let before = world.verify(about);
            for item in ["seeds", "teacher", "kept"] {
                for seed in [SECOND, OWNER] {
                    for effect in [NoticeEffect::NoNewUse, NoticeEffect::StopUse] {
                        let mut world = world.clone();
                        world.take_back(seed, NoticeKind::Withdraw, item, effect);
                        let after = world.verify(about);
                        assert!(after.verdict <= before.verdict, "{about}, {item}, {effect:?}");
                        let lost = failing(&before).into_iter().find(|code| !after.has(*code));
                        assert_eq!(lost, None, "{about}, {item}, {effect:?}");
                    }
                }
            }
        }
    }
}
