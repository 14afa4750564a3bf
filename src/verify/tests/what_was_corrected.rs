//! Does something stand in the place of something else, by whose word, and does nobody launder anything that way?

use super::kit::*;
use crate::digest::StatementId;
use crate::statement::*;
use crate::verify::*;

/// A source of these bytes; one that people made unless `model` did.
fn said(world: &mut World, seed: u8, item: &str, generator: Option<&str>, url: &str) -> ArtifactRef {
    let said = Source {
        set: file("bytes", 100),
        url: Some(url.to_owned()),
        ..source(item)
    };
    let said = match generator {
        None => said,
        Some(model) => Source {
            made_by: MadeBy::Model,
            generators: Generators::Named(vec![model.to_owned()]),
            ..said
        },
    };
    world.add_by(seed, Predicate::Source(said));
    world.refs(item)[0]
}

/// A model trained on what the first source says, and a second source about the same bytes.
fn two(first: Option<&str>, second: Option<&str>) -> (World, ArtifactRef, ArtifactRef) {
    let mut world = World::new();
    let old = said(&mut world, ISSUER, "old", first, "https://old.example");
    world.train("old", "model");
    let new = said(&mut world, ISSUER, "new", second, "https://new.example");
    (world, old, new)
}

#[track_caller]
fn has(judgement: &Judgement, code: Code) {
    assert!(judgement.has(code), "{code}: {:#?}", judgement.findings);
}

#[test]
fn other_facts_are_corrected_at_once_and_never_silently() {
    let (mut world, old, new) = two(None, None);
    world.correct(ISSUER, vec![old], vec![new]);
    let judgement = world.verify("model");
    passes(&judgement);
    let note = judgement
        .findings
        .iter()
        .find(|finding| finding.code == Code::Corrected)
        .unwrap();
    assert_eq!(names(&note.path), ["model", "train-model", "new"]);
    assert!(
        note.message.contains("by correction at entry 4, signed by key "),
        "{}",
        note.message
    );
    assert_eq!(judgement.sources.len(), 1);
    assert_eq!(judgement.sources[0].name, "new");
    assert!(judgement.lineage.nodes.iter().all(|node| node.name != "old"));
    assert!(judgement.lineage.edges.iter().all(|edge| edge.to > edge.from));
}

#[test]
fn what_is_less_favourable_counts_at_once() {
    let (mut world, old, new) = two(None, Some("gpt"));
    fails(
        &world.verify("model"),
        Code::ConflictingOrigin,
        &["model", "train-model", "old"],
    );
    world.correct(ISSUER, vec![old], vec![new]);
    let judgement = world.verify("model");
    passes(&judgement);
    has(&judgement, Code::Corrected);
    assert_eq!(judgement.boundary.opaque_synthetic, Share::one());
}

/// A model trained on a source, which another statement about the same bytes corrects; `by` signs that.
fn restated(
    by: u8,
    old: impl FnOnce(Source) -> Source,
    new: impl FnOnce(Source) -> Source,
) -> (World, StatementId) {
    let plain = |item: &str| Source {
        set: file("bytes", 100),
        holder: Some("Example".to_owned()),
        restrictions: vec![Restriction::NonCommercial],
        ..source(item)
    };
    let mut world = World::new();
    world.add(Predicate::Source(old(plain("old"))));
    let old = world.refs("old");
    world.train("old", "model");
    world.add_by(by, Predicate::Source(new(plain("new"))));
    let new = world.refs("new");
    let id = world.correct(OWNER, old, new);
    (world, id)
}

/// What policies and counsel judge a source by is not raised by one key, whatever it says of who made it.
#[test]
fn terms_change_only_with_a_second_key() {
    let changes: [fn(Source) -> Source; 8] = [
        |source| Source {
            licence: Some("CC0-1.0".to_owned()),
            ..source
        },
        |source| Source {
            licence_date: Some(Day::parse("2024-01-31").unwrap()),
            ..source
        },
        |source| Source {
            restrictions: vec![],
            ..source
        },
        |source| Source {
            restrictions: vec![Restriction::Attribution],
            ..source
        },
        |source| Source {
            acquired_by: AcquiredBy::OwnProduction,
            ..source
        },
        |source| Source {
            holder: Some("Somebody Else".to_owned()),
            ..source
        },
        |source| Source {
            personal_data: Answer::NotKnown,
            ..source
        },
        |source| Source {
            legal_basis: Some("consent".to_owned()),
            ..source
        },
    ];
    for (what, change) in changes.into_iter().enumerate() {
        // Less favourable otherwise makes up for nothing.
        for worse in [false, true] {
            let (mut world, id) = restated(
                ISSUER,
                |old| old,
                |new| {
                    let new = change(new);
                    let made_by = if worse { MadeBy::Unknown } else { new.made_by };
                    Source { made_by, ..new }
                },
            );
            let judgement = world.verify("model");
            assert!(judgement.has(Code::CorrectionNotAffirmed), "change {what}");
            assert!(!judgement.has(Code::Corrected), "change {what}");
            world.affirm(SECOND, id);
            assert!(world.verify("model").has(Code::Corrected), "change {what}");
        }
    }
}

#[test]
fn another_signer_needs_a_second_key_and_more_restrictions_do_not() {
    // Another signer would vouch for it, or no longer.
    has(
        &restated(SECOND, |old| old, |new| new).0.verify("model"),
        Code::CorrectionNotAffirmed,
    );
    // The same and more restrictions bind more; the first ones would say that these are all.
    let more = |new: Source| Source {
        restrictions: vec![Restriction::NonCommercial, Restriction::NoAiTraining],
        ..new
    };
    has(
        &restated(ISSUER, |old| old, more).0.verify("model"),
        Code::Corrected,
    );
    let silent = |old: Source| Source {
        restrictions: vec![],
        ..old
    };
    has(
        &restated(ISSUER, silent, more).0.verify("model"),
        Code::CorrectionNotAffirmed,
    );
}

#[test]
fn terms_of_a_model_and_the_rule_of_a_filter_change_only_with_a_second_key() {
    let changes: [fn(Model) -> Model; 4] = [
        |model| Model {
            licence: Some("MIT".to_owned()),
            ..model
        },
        |model| Model {
            terms: Some("LicenseRef-new".to_owned()),
            ..model
        },
        |model| Model {
            report: Some("https://example.org/report".to_owned()),
            ..model
        },
        |model| Model {
            restrictions: vec![Restriction::Attribution],
            ..model
        },
    ];
    for change in changes {
        let mut world = herd();
        let old = world.refs("teacher");
        world.add(Predicate::Model(change(model("teacher-again"))));
        let new = world.refs("teacher-again");
        world.correct(ISSUER, old, new);
        has(&world.verify("specialist"), Code::CorrectionNotAffirmed);
    }
    let changes: [fn(Filter) -> Filter; 2] = [
        |filter| Filter {
            rule: FilterRule::Pii,
            ..filter
        },
        |filter| Filter {
            params: [("threshold".to_owned(), "0.1".to_owned())].into(),
            ..filter
        },
    ];
    for change in changes {
        let mut world = herd();
        world.add(Predicate::Filter(filter("dedup")));
        let old = world.refs("dedup");
        let inputs = vec![
            input(&world, "kept", Role::Data),
            input(&world, "dedup", Role::Filter),
        ];
        world.run(Does::Filter, inputs, "fewer", file("fewer", 10), |run| run);
        world.add(Predicate::Filter(Filter {
            name: name("again"),
            ..change(filter("dedup"))
        }));
        let new = world.refs("again");
        world.correct(ISSUER, old, new);
        has(&world.verify("fewer"), Code::CorrectionNotAffirmed);
    }
}

#[test]
fn who_made_it_changes_only_with_a_second_key() {
    let (mut world, old, new) = two(Some("gpt"), None);
    let id = world.correct(ISSUER, vec![old], vec![new]);
    let refused = |world: &World| {
        let judgement = world.verify("model");
        assert_eq!(failing(&judgement), [Code::ConflictingOrigin]);
        has(&judgement, Code::CorrectionNotAffirmed);
        assert!(!judgement.has(Code::Corrected));
        assert_ne!(judgement.boundary.sources, Share::one());
    };
    refused(&world);
    // Its own key is no second one, and nobody without a grant is.
    let mut own = world.clone();
    own.affirm(ISSUER, id);
    refused(&own);
    let mut affirmed = world.clone();
    affirmed.affirm(SECOND, id);
    let judgement = affirmed.verify("model");
    passes(&judgement);
    let note = judgement
        .findings
        .iter()
        .find(|finding| finding.code == Code::Corrected)
        .unwrap();
    assert!(note.message.contains(", affirmed by key "), "{}", note.message);
    assert_eq!(judgement.boundary.sources, Share::one());
    // A second key that was stolen affirms nothing, and neither does a correction by one that was.
    affirmed.revoke(SECOND, Revocation::Compromised, Some(Since::Grant));
    refused(&affirmed);
}

#[test]
fn the_signer_of_the_target_is_no_second_key() {
    let mut world = World::new();
    let old = said(&mut world, SECOND, "old", Some("gpt"), "https://old.example");
    world.train("old", "model");
    let new = said(&mut world, ISSUER, "new", None, "https://old.example");
    let id = world.correct(OWNER, vec![old], vec![new]);
    let mut theirs = world.clone();
    theirs.affirm(SECOND, id);
    has(&theirs.verify("model"), Code::CorrectionNotAffirmed);
    world.affirm(ISSUER, id);
    has(&world.verify("model"), Code::Corrected);
}

/// Whoever took the first key's place is the same hand, and no second one.
#[test]
fn a_successor_is_no_second_key() {
    let (mut world, old, new) = two(Some("gpt"), None);
    let id = world.correct(ISSUER, vec![old], vec![new]);
    let rotate = KeyChange {
        successor: Some(public(STRANGER)),
        ..key_change(KeyChangeKind::Rotate, ISSUER)
    };
    world.add_by(OWNER, Predicate::Key(rotate));
    world.affirm(STRANGER, id);
    let judgement = world.verify("model");
    assert_eq!(failing(&judgement), [Code::ConflictingOrigin]);
    has(&judgement, Code::CorrectionNotAffirmed);
    world.affirm(SECOND, id);
    has(&world.verify("model"), Code::Corrected);
}

#[test]
fn a_stranger_corrects_nothing() {
    let (mut world, old, new) = two(None, Some("gpt"));
    world.correct(SECOND, vec![old], vec![new]);
    let judgement = world.verify("model");
    assert_eq!(failing(&judgement), [Code::ConflictingOrigin]);
    has(&judgement, Code::NoticeWithoutEffect);
}

#[test]
fn own_output_does_not_become_a_human_source() {
    let mut world = herd();
    let old = world.refs("tasks");
    let human = Source {
        set: file("tasks", 1000),
        ..source("people")
    };
    world.add(Predicate::Source(human));
    let new = world.refs("people");
    let id = world.correct(ISSUER, old, new);
    let judgement = world.verify("specialist");
    assert_eq!(failing(&judgement), [Code::ConflictingOrigin]);
    has(&judgement, Code::CorrectionNotAffirmed);
    assert_eq!(judgement.boundary.external_models, Share::one());
    world.affirm(SECOND, id);
    has(&world.verify("specialist"), Code::Corrected);
}

/// The same shard by another run: what `change` makes of the inputs.
fn rerun(world: &mut World, change: impl FnOnce(Run) -> Run) -> StatementId {
    let inputs = vec![
        input(world, "teacher", Role::Generator),
        input(world, "seeds", Role::Seed),
    ];
    world.run(Does::Generate, inputs, "tasks", file("tasks", 1000), |run| {
        change(Run {
            name: name("again"),
            ..run
        })
    })
}

#[test]
fn a_run_is_corrected_as_a_whole() {
    let build = |change: fn(Run) -> Run| {
        let mut world = herd();
        let old = world.refs("tasks");
        rerun(&mut world, change);
        let new = world.refs("tasks");
        let id = world.correct(ISSUER, old, new);
        (world, id)
    };
    let (world, _) = build(|run| Run {
        command: Some("python make.py".to_owned()),
        ..run
    });
    let judgement = world.verify("specialist");
    passes(&judgement);
    has(&judgement, Code::Corrected);
    let changes: [fn(Run) -> Run; 4] = [
        |run| Run {
            inputs: run.inputs[..1].to_vec(),
            ..run
        },
        |run| Run {
            inputs_complete: Answer::Yes,
            ..run
        },
        |mut run| {
            run.inputs[0].rows = Some(7);
            run
        },
        |run| Run {
            rewrites: true,
            does: Does::Transform,
            inputs: run.inputs[..1].to_vec(),
            ..run
        },
    ];
    for change in changes {
        let (mut world, id) = build(change);
        has(&world.verify("specialist"), Code::CorrectionNotAffirmed);
        world.affirm(SECOND, id);
        has(&world.verify("specialist"), Code::Corrected);
    }
}

#[test]
fn another_content_stands_for_nothing() {
    let mut world = herd();
    let old = world.refs("seeds")[0];
    world.add(Predicate::Source(Source {
        set: file("other", 100),
        ..source("other")
    }));
    let new = world.refs("other")[0];
    world.correct(ISSUER, vec![old], vec![new]);
    let judgement = world.verify("specialist");
    passes(&judgement);
    has(&judgement, Code::NoticeWithoutEffect);
    assert!(judgement.sources.iter().all(|source| source.name == "seeds"));
}

#[test]
fn corrections_are_followed_to_their_end() {
    let mut world = World::new();
    let first = said(&mut world, ISSUER, "first", None, "https://old.example");
    world.train("first", "model");
    let second = said(&mut world, ISSUER, "second", None, "https://new.example");
    let third = said(&mut world, ISSUER, "third", None, "https://newest.example");
    world.correct(ISSUER, vec![first], vec![second]);
    world.correct(ISSUER, vec![second], vec![third]);
    let judgement = world.verify("model");
    passes(&judgement);
    assert_eq!(judgement.sources[0].name, "third");
    // Back to where it began leads nowhere.
    world.correct(ISSUER, vec![third], vec![first]);
    let judgement = world.verify("model");
    passes(&judgement);
    has(&judgement, Code::NoticeWithoutEffect);
    assert_eq!(judgement.sources[0].name, "third");
    // What is asked about is corrected, too.
    assert_eq!(world.verify("first").findings[0].path[0].name, "third");
}

#[test]
fn two_corrections_of_one_thing_cannot_both_be_true() {
    let mut world = World::new();
    let old = said(&mut world, ISSUER, "old", Some("gpt"), "https://old.example");
    world.train("old", "model");
    let one = said(&mut world, ISSUER, "one", Some("claude"), "https://old.example");
    let other = said(&mut world, ISSUER, "other", None, "https://old.example");
    for by in [one, other] {
        let id = world.correct(ISSUER, vec![old], vec![by]);
        world.affirm(SECOND, id);
    }
    assert!(failing(&world.verify("model")).contains(&Code::ConflictingOrigin));
    // Things without bytes are in no other conflict.
    let mut world = herd();
    let old = world.refs("teacher");
    for version in ["2", "3"] {
        let item = format!("teacher-{version}");
        world.add(Predicate::Model(Model {
            version: version.to_owned(),
            ..model(&item)
        }));
        let by = world.refs(&item);
        let id = world.correct(ISSUER, old.clone(), by);
        world.affirm(SECOND, id);
    }
    assert_eq!(failing(&world.verify("specialist")), [Code::ConflictingOrigin]);
}

#[test]
fn what_is_withdrawn_stays_so_when_it_is_corrected() {
    // With bytes and without.
    let (mut world, old, new) = two(None, None);
    world.correct(ISSUER, vec![old], vec![new]);
    world.take_back(ISSUER, NoticeKind::Withdraw, "old", NoticeEffect::StopUse);
    fails(
        &world.verify("model"),
        Code::Withdrawn,
        &["model", "train-model", "new"],
    );
    let mut world = herd();
    let old = world.refs("teacher");
    world.take_back(ISSUER, NoticeKind::Withdraw, "teacher", NoticeEffect::StopUse);
    world.add(Predicate::Model(model("teacher-again")));
    let new = world.refs("teacher-again");
    world.correct(ISSUER, old, new);
    assert_eq!(failing(&world.verify("specialist")), [Code::Withdrawn]);
}

#[test]
fn what_descends_from_a_thing_does_not_stand_in_its_place() {
    let mut world = World::new();
    said(&mut world, ISSUER, "old", None, "https://old.example");
    world.run(
        Does::Filter,
        vec![input(&world.clone(), "old", Role::Data)],
        "passed",
        file("bytes", 100),
        |run| run,
    );
    let (old, new) = (world.refs("old"), world.refs("passed"));
    let id = world.correct(ISSUER, old, new);
    world.affirm(SECOND, id);
    let judgement = world.verify("passed");
    passes(&judgement);
    has(&judgement, Code::NoticeWithoutEffect);
    assert_eq!(judgement.sources.len(), 1);
}

#[test]
fn a_correction_may_have_inputs_that_are_newer_than_what_uses_it() {
    let mut world = herd();
    let old = world.refs("tasks");
    world.add(Predicate::Prompt(prompt("forgotten")));
    let forgotten = input(&world, "forgotten", Role::Prompt);
    rerun(&mut world, |mut run| {
        run.inputs.push(forgotten);
        run
    });
    let new = world.refs("tasks");
    let id = world.correct(ISSUER, old, new);
    world.affirm(SECOND, id);
    let judgement = world.verify("specialist");
    passes(&judgement);
    assert!(
        judgement
            .lineage
            .nodes
            .iter()
            .any(|node| node.name == "forgotten")
    );
    assert!(judgement.lineage.edges.iter().all(|edge| edge.to > edge.from));
    assert_eq!(judgement.boundary.external_models, Share::one());
}

#[test]
fn corrections_elsewhere_leave_no_trace() {
    let mut world = herd();
    let before = world.verify("specialist");
    let old = said(&mut world, ISSUER, "old", None, "https://old.example");
    let manifest = world.manifest("lost", &[("a", b"a")]);
    world.blobs.clear();
    world.add(Predicate::Source(Source {
        set: one(manifest),
        ..source("lost")
    }));
    world.run(
        Does::Mix,
        vec![input(&world.clone(), "lost", Role::Data)],
        "mixed",
        file("bytes", 100),
        |run| run,
    );
    let new = world.refs("mixed")[0];
    world.correct(ISSUER, vec![old], vec![new]);
    let after = world.verify("specialist");
    let codes = |judgement: &Judgement| -> Vec<Code> {
        judgement
            .findings
            .iter()
            .map(|finding| finding.code)
            .filter(|code| *code != Code::ClaimsIncomplete)
            .collect()
    };
    assert_eq!(codes(&after), codes(&before));
}

/// Whatever a correction rests on belongs to the evidence, and leaving any of it out never gives `traced`.
#[test]
fn part_of_a_log_rests_on_what_was_corrected() {
    let mut with_bytes = two(None, None);
    with_bytes
        .0
        .correct(ISSUER, vec![with_bytes.1], vec![with_bytes.2]);
    let mut affirmed = two(Some("gpt"), None);
    let id = affirmed.0.correct(ISSUER, vec![affirmed.1], vec![affirmed.2]);
    affirmed.0.affirm(SECOND, id);
    let mut bare = herd();
    let old = bare.refs("teacher");
    bare.add(Predicate::Model(Model {
        version: "2".to_owned(),
        ..model("teacher-2")
    }));
    let new = bare.refs("teacher-2");
    let mut waiting = bare.clone();
    waiting.correct(ISSUER, old.clone(), new.clone());
    let id = bare.correct(ISSUER, old, new);
    bare.affirm(SECOND, id);
    for (mut world, item) in [
        (with_bytes.0, "model"),
        (affirmed.0, "model"),
        (bare, "specialist"),
        (waiting, "specialist"),
    ] {
        world.add(Predicate::Source(source("elsewhere")));
        world.seal();
        let whole = world.drive(world.request(item));
        assert_eq!(whole.verdict, Verdict::Traced, "{:#?}", whole.findings);
        let entries = world.evidence(item).entries;
        assert_eq!(world.drive_pruned(world.request(item), &entries), whole);
        for left_out in &entries {
            let mut rest = entries.clone();
            rest.remove(left_out);
            let judgement = world.drive_pruned(world.request(item), &rest);
            assert_ne!(judgement.verdict, Verdict::Traced, "{item}: entry {left_out}");
        }
    }
}
