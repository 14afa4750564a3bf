//! Attacks with notices, and on them: what was taken back is used on, and what is corrected is made better than it is.

use herdbook::digest::Sha256Digest;
use herdbook::digest::StatementId;
use herdbook::statement::*;
use herdbook::verify::Code;

use super::kit::*;

pub fn attacks() -> Vec<Attack> {
    [taken_back(), corrections(), resolutions()].concat()
}

fn notice(change: NoticeKind) -> Notice {
    Notice {
        change,
        targets: vec![],
        gap: None,
        by: vec![],
        effect: None,
        reason: None,
        reaches: None,
    }
}

/// A withdrawal or a recall of an item.
fn take_back(world: &World, change: NoticeKind, item: &str, effect: NoticeEffect) -> Predicate {
    Predicate::Notice(Notice {
        targets: world.refs(item),
        effect: Some(effect),
        ..notice(change)
    })
}

/// A source that its holder signed for, and withdrew after `before` was done.
fn withdrawn(effect: NoticeEffect, before: impl FnOnce(&mut World)) -> World {
    let mut world = World::new();
    let theirs = Source {
        holder: Some("Example Holder".to_owned()),
        ..source("theirs")
    };
    world.add_by(SECOND, Predicate::Source(theirs));
    before(&mut world);
    let notice = take_back(&world, NoticeKind::Withdraw, "theirs", effect);
    world.add_by(SECOND, notice);
    world
}

#[expect(clippy::too_many_lines, reason = "a list of attacks")]
fn taken_back() -> Vec<Attack> {
    let stop = NoticeEffect::StopUse;
    vec![
        Attack::both(
            [
                "withdrawn-source",
                "the holder of a source has withdrawn it, and a model was trained on it before",
                "to go on with what was taken back",
            ],
            &withdrawn(stop, |world| {
                world.train("theirs", "model");
            })
            .sealed(),
            "model",
            &[Code::Withdrawn],
        ),
        Attack::both(
            [
                "withdrawn-bytes-under-another-name",
                "the bytes of a withdrawn source are registered again under another name by another key",
                "a source that nobody has withdrawn",
            ],
            &{
                let mut world = withdrawn(stop, |_| {});
                world.declare("ours", "theirs", 100, |source| source);
                world.train("ours", "model");
                world.sealed()
            },
            "model",
            &[Code::Withdrawn],
        ),
        Attack::both(
            [
                "withdrawn-bytes-in-a-manifest",
                "the bytes of a withdrawn source are one of the files of another one",
                "a source that nobody has withdrawn",
            ],
            &{
                let mut world = withdrawn(stop, |_| {});
                let parts = world.manifest("parts", &[("a.jsonl", b"a"), ("b.jsonl", b"theirs")]);
                world.add(Predicate::Source(Source {
                    set: one(parts),
                    ..source("parts")
                }));
                world.train("parts", "model");
                world.sealed()
            },
            "model",
            &[Code::Withdrawn],
        ),
        Attack::both(
            [
                "used-after-a-withdrawal",
                "a model is trained on a source that was withdrawn for new uses",
                "one more use",
            ],
            &{
                let mut world = withdrawn(NoticeEffect::NoNewUse, |_| {});
                world.train("theirs", "model");
                world.sealed()
            },
            "model",
            &[Code::UsedAfterNotice],
        ),
        Attack::both(
            [
                "recalled-model",
                "rows were generated with a model that its issuer has recalled",
                "to go on with what was taken back",
            ],
            &{
                let mut world = World::herd();
                let recall = take_back(&world, NoticeKind::Recall, "teacher", stop);
                world.add(recall);
                world.sealed()
            },
            "specialist",
            &[Code::Recalled],
        ),
        Attack::both(
            [
                "withdrawal-undone-by-revocation",
                "the operator revokes the holder's key from the withdrawal on, as if it were stolen",
                "that the withdrawal falls with the key",
            ],
            &{
                let mut world = withdrawn(stop, |world| {
                    world.train("theirs", "model");
                });
                let since = world.entries.len() - 1;
                world.add_by(OWNER, super::kit::stolen(SECOND, since));
                world.sealed()
            },
            "model",
            &[Code::Withdrawn],
        ),
        Attack::both(
            [
                "withdrawal-undone-by-correction",
                "a withdrawn source is corrected to another statement about the same bytes",
                "that the withdrawal was of something else",
            ],
            &{
                let mut world = withdrawn(stop, |world| {
                    world.train("theirs", "model");
                });
                let again = Source {
                    url: Some("https://example.org/again".to_owned()),
                    holder: Some("Example Holder".to_owned()),
                    set: rows("theirs", 100),
                    ..source("again")
                };
                let target = world.refs("theirs");
                world.add_by(SECOND, Predicate::Source(again));
                let by = world.refs("again");
                let correct = correct(target, by);
                world.add_by(SECOND, correct);
                world.sealed()
            },
            "model",
            &[Code::Withdrawn],
        ),
        Attack::both(
            [
                "withdrawal-by-somebody-else",
                "a key that has no say about a source withdraws it",
                "to have sound work stopped",
            ],
            &{
                let mut world = World::herd();
                let withdraw = take_back(&world, NoticeKind::Withdraw, "seeds", stop);
                world.add_by(SECOND, withdraw);
                world.sealed()
            },
            "specialist",
            &[],
        ),
        {
            let world = withdrawn(stop, |world| {
                world.train("theirs", "model");
            });
            let notice = world.entries.len() - 1;
            let world = world.sealed();
            let bundle = Bundle::of(&world, "model").without(notice);
            Attack::on_bundle(
                [
                    "bundle-without-its-notice",
                    "the withdrawal of the data is pruned from the bundle of the model",
                    "to go on with what was taken back",
                ],
                &world,
                &bundle.tar(),
                &[Code::RulingsMissing],
            )
        },
    ]
}

/// That `by` stands in the place of `targets`.
fn correct(targets: Vec<ArtifactRef>, by: Vec<ArtifactRef>) -> Predicate {
    Predicate::Notice(Notice {
        targets,
        by,
        ..notice(NoticeKind::Correct)
    })
}

/// A model trained on synthetic rows, which are corrected to human ones; `after` gets the id of the notice.
fn laundered(after: impl FnOnce(&mut World, StatementId)) -> World {
    let mut world = World::new();
    world.declare("rows", "rows", 100, |source| Source {
        made_by: MadeBy::Model,
        generators: Generators::Named(vec!["somebody's model".to_owned()]),
        ..source
    });
    world.train("rows", "model");
    let target = world.refs("rows");
    world.declare("human rows", "rows", 100, |source| source);
    let by = world.refs("human rows");
    let id = world.add(correct(target, by));
    after(&mut world, id);
    world.sealed()
}

/// A source under terms that forbid training is corrected, by the key that signed it, to one that is free.
fn freed() -> World {
    let mut world = World::new();
    world.declare("rows", "rows", 100, |source| Source {
        restrictions: vec![Restriction::NoAiTraining],
        ..source
    });
    world.train("rows", "model");
    let target = world.refs("rows");
    world.declare("free rows", "rows", 100, |source| Source {
        licence: Some("CC0-1.0".to_owned()),
        ..source
    });
    let by = world.refs("free rows");
    world.add(correct(target, by));
    world.sealed()
}

/// Somebody without a say about a source corrects it to one of their own.
fn corrected_by_another() -> World {
    let mut world = World::new();
    world.declare("rows", "rows", 100, |source| Source {
        made_by: MadeBy::Model,
        generators: Generators::Named(vec!["somebody's model".to_owned()]),
        ..source
    });
    world.train("rows", "model");
    let target = world.refs("rows");
    let mine = Source {
        set: rows("rows", 100),
        ..source("mine")
    };
    world.add_by(SECOND, Predicate::Source(mine));
    let by = world.refs("mine");
    world.add_by(SECOND, correct(target, by));
    world.sealed()
}

fn corrections() -> Vec<Attack> {
    let conflict = [Code::ConflictingOrigin];
    vec![
        Attack::both(
            [
                "laundering-by-correction",
                "a source that a model made is corrected by its signer to one that people made",
                "that a later word raises what an earlier one said",
            ],
            &laundered(|_, _| {}),
            "model",
            &conflict,
        ),
        Attack::both(
            [
                "laundering-terms-by-correction",
                "a source under terms that forbid training is corrected by its signer to one in the public domain",
                "that a later word lifts what counsel and policies judge by",
            ],
            &freed(),
            "model",
            &[],
        ),
        Attack::both(
            [
                "laundering-affirmed-by-oneself",
                "who corrected a synthetic source to a human one affirms the correction with the same key",
                "to be counted as two",
            ],
            &laundered(|world, id| {
                world.add(affirm(vec![id]));
            }),
            "model",
            &conflict,
        ),
        Attack::both(
            [
                "laundering-affirmed-by-a-thief",
                "the correction of a synthetic source to a human one is affirmed with a stolen key",
                "to be counted as two",
            ],
            &laundered(|world, id| {
                let since = world.entries.len();
                world.add_by(SECOND, affirm(vec![id]));
                world.add_by(OWNER, stolen(SECOND, since));
            }),
            "model",
            &conflict,
        ),
        Attack::both(
            [
                "correction-by-somebody-else",
                "a key that has no say about a source corrects it to its own",
                "to put one's own word in another's place",
            ],
            &corrected_by_another(),
            "model",
            &conflict,
        ),
    ]
}

/// A model with a gap in its data, and a source that is declared later; `resolve` says who resolves it.
fn resolved(digest: Option<&str>, seed: u8) -> World {
    let mut world = World::herd();
    let digest = digest.map(|content| Sha256Digest::of(content.as_bytes()));
    let text = "shard 7".to_owned();
    let missing = Input {
        from: InputFrom::Gap(Gap { text, digest }),
        ..gap("shard 7", Role::Data)
    };
    let inputs = vec![input(&world, "kept", Role::Data), missing];
    let id = world.add(Predicate::Run(run(
        Does::Train,
        inputs,
        "model",
        weights("model"),
    )));
    world.declare("late", "late", 10, |source| source);
    let resolve = Predicate::Notice(Notice {
        gap: Some(GapRef {
            statement: id,
            position: 1,
        }),
        by: world.refs("late"),
        ..notice(NoticeKind::Resolve)
    });
    world.add_by(seed, resolve);
    world.sealed()
}

fn resolutions() -> Vec<Attack> {
    let unresolved = [Code::UnresolvedInput];
    vec![
        Attack::both(
            [
                "resolved-with-another-digest",
                "a gap that states a digest is resolved with a source that has another one",
                "to fill a gap with something better",
            ],
            &resolved(Some("scraped"), ISSUER),
            "model",
            &unresolved,
        ),
        Attack::both(
            [
                "resolved-without-a-digest",
                "a gap that states no digest is resolved with a source",
                "to fill a gap with something better",
            ],
            &resolved(None, ISSUER),
            "model",
            &unresolved,
        ),
        Attack::refused(
            [
                "resolved-by-somebody-else",
                "a gap is resolved by another key than the one that signed the run",
                "to fill somebody else's gap",
            ],
            &resolved(Some("late"), SECOND),
            "model",
            &unresolved,
        ),
    ]
}
