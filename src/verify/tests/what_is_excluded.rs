//! Does the model descend from something that it must not descend from, whatever that is called and wherever it hides?

use super::kit::*;
use crate::digest::Sha256Digest;
use crate::statement::*;
use crate::verify::*;

pub(super) fn item(world: &World, name: &str) -> Excluded {
    Excluded {
        asked: name.to_owned(),
        what: world.refs(name).into_iter().map(Unwanted::Artifact).collect(),
    }
}

pub(super) fn digest(content: &[u8]) -> Excluded {
    Excluded {
        asked: "bytes".to_owned(),
        what: vec![Unwanted::Bytes(Sha256Digest::of(content))],
    }
}

/// Judges with all entries, with the evidence of just this question, which must give the same, and with the evidence
/// of the verdict alone, which must never say more.
pub(super) fn judged(world: &World, of: &str, excludes: Vec<Excluded>) -> Judgement {
    let mut world = world.clone();
    world.seal();
    let plain = world.request(of);
    let asking = Request {
        excludes,
        ..plain.clone()
    };
    let verifier = |request: &Request| Verifier::new(request.clone()).limited(world.limits);
    let (whole, evidence) = world.read(verifier(&asking)).finish_with_evidence();
    let whole = whole.get().clone();
    let pruned = world.drive_pruned(asking.clone(), &evidence.entries);
    // Where commits end is no part of the evidence.
    let known = Judgement {
        details: pruned.details.clone(),
        ..whole.clone()
    };
    assert_eq!(pruned, known, "judged by its evidence alone");
    let (_, evidence) = world.read(verifier(&plain)).finish_with_evidence();
    let bare = world.drive_pruned(asking, &evidence.entries);
    for (less, more) in bare.excludes.iter().zip(&whole.excludes) {
        let agrees = less.outcome == more.outcome || less.outcome == Exclusion::NotShown;
        assert!(agrees, "{less:?} {more:?}");
    }
    whole
}

pub(super) fn one(world: &World, of: &str, excluded: Excluded) -> Judgement {
    let judgement = judged(world, of, vec![excluded]);
    assert_eq!(judgement.excludes.len(), 1);
    judgement
}

#[track_caller]
pub(super) fn is_excluded(judgement: &Judgement) {
    passes(judgement);
    assert_eq!(judgement.excludes[0].outcome, Exclusion::Excluded);
    assert!(judgement.excludes[0].path.is_empty());
}

#[track_caller]
pub(super) fn is_not(judgement: &Judgement, path: &[&str]) {
    fails(judgement, Code::NotExcluded, path);
    assert_eq!(judgement.verdict, Verdict::NotPermitted);
    assert_eq!(judgement.excludes[0].outcome, Exclusion::NotExcluded);
    assert_eq!(names(&judgement.excludes[0].path), path);
}

#[track_caller]
pub(super) fn is_not_shown(judgement: &Judgement) {
    assert!(
        judgement.has(Code::ExclusionNotShown),
        "{:#?}",
        judgement.findings
    );
    assert_eq!(judgement.excludes[0].outcome, Exclusion::NotShown);
    assert_ne!(judgement.verdict, Verdict::Traced);
}

fn plus(item: &str) -> World {
    let mut world = herd();
    world.add(Predicate::Source(source(item)));
    world
}

#[test]
fn what_no_path_leads_from_is_excluded_and_what_cannot_be_seen_is_named() {
    let world = plus("banned");
    let judgement = one(&world, "specialist", item(&world, "banned"));
    is_excluded(&judgement);
    let beyond: Vec<(&str, BeyondKind)> = judgement
        .beyond
        .iter()
        .map(|beyond| (beyond.name.as_str(), beyond.what))
        .collect();
    assert_eq!(beyond, [("teacher", BeyondKind::ExternalModel)]);
    // Without the question there is no answer.
    let plain = world.verify("specialist");
    assert!(plain.excludes.is_empty() && plain.beyond.is_empty());
}

#[test]
fn an_ancestor_is_not_excluded_whatever_its_role() {
    let world = herd();
    let path = [
        "specialist",
        "train-specialist",
        "kept",
        "filter-kept",
        "tasks",
        "generate-tasks",
    ];
    let to = |last: &'static str| [&path[..], &[last]].concat();
    is_not(&one(&world, "specialist", item(&world, "seeds")), &to("seeds"));
    is_not(
        &one(&world, "specialist", item(&world, "teacher")),
        &to("teacher"),
    );
    is_not(&one(&world, "specialist", item(&world, "tasks")), &path[..5]);
    is_not(&one(&world, "specialist", item(&world, "specialist")), &path[..1]);
    is_not(&one(&world, "specialist", digest(b"seeds")), &to("seeds"));
    is_excluded(&one(&world, "specialist", digest(b"nobody registered this")));
}

#[test]
fn every_question_has_its_own_answer() {
    let world = plus("banned");
    let judgement = judged(
        &world,
        "specialist",
        vec![
            item(&world, "banned"),
            item(&world, "seeds"),
            digest(b"elsewhere"),
        ],
    );
    let outcomes: Vec<Exclusion> = judgement.excludes.iter().map(|fact| fact.outcome).collect();
    assert_eq!(
        outcomes,
        [Exclusion::Excluded, Exclusion::NotExcluded, Exclusion::Excluded]
    );
}

#[test]
fn the_same_bytes_under_another_name_are_the_same() {
    let mut world = herd();
    // Registered after the model, by somebody else, under another name.
    world.add_by(
        SECOND,
        Predicate::Source(Source {
            set: file("seeds", 100),
            ..source("banned")
        }),
    );
    let judgement = one(&world, "specialist", item(&world, "banned"));
    assert!(
        failing(&judgement).contains(&Code::NotExcluded),
        "{:#?}",
        judgement.findings
    );
    assert_eq!(names(&judgement.excludes[0].path).last(), Some(&"seeds"));
}

#[test]
fn a_member_of_a_manifest_is_found_from_either_side() {
    let mut world = herd();
    let banned = file("seeds", 100).artifacts[0].clone();
    let holds = world.manifest("banned", &[("x", b"x"), ("s", b"seeds")]);
    assert_eq!(Sha256Digest::of(b"seeds"), banned.sha256);
    world.add(Predicate::Source(Source {
        set: super::kit::one(holds),
        ..source("banned")
    }));
    let whole = one(&world, "specialist", item(&world, "banned"));
    assert_eq!(whole.excludes[0].outcome, Exclusion::NotExcluded);
    let of_member = |member| Excluded {
        asked: "member".to_owned(),
        what: vec![Unwanted::Artifact(ArtifactRef {
            member: Some(member),
            ..world.refs("banned")[0]
        })],
    };
    // Members are sorted by name: `s`, `x`.
    let found = |member| one(&world, "specialist", of_member(member)).excludes[0].outcome;
    assert_eq!(found(0), Exclusion::NotExcluded);
    assert_eq!(found(1), Exclusion::Excluded);
    // And the other way round: the lineage has the manifest.
    world.train("banned", "second");
    let by_digest = one(&world, "second", digest(b"x"));
    assert_eq!(by_digest.excludes[0].outcome, Exclusion::NotExcluded);
    world.add(Predicate::Source(Source {
        set: file("x", 1),
        ..source("loose")
    }));
    let by_item = one(&world, "second", item(&world, "loose"));
    assert_eq!(by_item.excludes[0].outcome, Exclusion::NotExcluded);
}

#[test]
fn the_model_of_a_filter_a_prompt_and_base_weights_are_ways_too() {
    let mut world = World::new();
    world.add(Predicate::Source(source("seeds")));
    world.add(Predicate::Source(source("banned")));
    world.train("banned", "judge");
    let refs = world.refs("judge");
    world.add(Predicate::Filter(Filter {
        model: refs.first().copied(),
        ..filter("judged")
    }));
    step(
        &mut world,
        Does::Filter,
        &[("seeds", Role::Data), ("judged", Role::Filter)],
        "kept",
        100,
    );
    world.train("kept", "by-filter");
    let path = [
        "by-filter",
        "train-by-filter",
        "kept",
        "filter-kept",
        "judged",
        "judge",
        "train-judge",
        "banned",
    ];
    is_not(&one(&world, "by-filter", item(&world, "banned")), &path);

    let mut world = herd();
    world.add(Predicate::Prompt(prompt("ask")));
    world.add(Predicate::Source(Source {
        set: file("ask", 0),
        ..source("banned")
    }));
    step(
        &mut world,
        Does::Generate,
        &[("teacher", Role::Generator), ("ask", Role::Prompt)],
        "asked",
        10,
    );
    world.train("asked", "prompted");
    let judgement = one(&world, "prompted", item(&world, "ask"));
    assert_eq!(judgement.excludes[0].outcome, Exclusion::NotExcluded);
    // A prompt has no rows, but its bytes are the same all the same, if they are asked for.
    let judgement = one(&world, "prompted", digest(b"ask"));
    assert_eq!(judgement.excludes[0].outcome, Exclusion::NotExcluded);

    let mut world = plus("banned");
    world.train("banned", "base");
    step(
        &mut world,
        Does::Train,
        &[("kept", Role::Data), ("base", Role::Base)],
        "tuned",
        0,
    );
    is_not(
        &one(&world, "tuned", item(&world, "banned")),
        &["tuned", "train-tuned", "base", "train-base", "banned"],
    );
}

#[test]
fn a_collection_stands_for_what_it_collects() {
    let mut world = plus("other");
    let collect = |world: &mut World, item: &str, of: &[&str], gaps: Vec<Gap>| {
        let members = of.iter().flat_map(|one| world.refs(one)).collect();
        world.add(Predicate::Dataset(Dataset {
            name: name(item),
            members: Some(Cites::Inline(members)),
            gaps,
        }));
    };
    collect(&mut world, "inner", &["other", "seeds"], vec![]);
    collect(&mut world, "outer", &["inner"], vec![]);
    collect(&mut world, "apart", &["other"], vec![]);
    let gap = Gap {
        text: "some more".to_owned(),
        digest: None,
    };
    collect(&mut world, "open", &["other"], vec![gap]);
    let found = |name: &str| one(&world, "specialist", item(&world, name));
    assert_eq!(found("outer").excludes[0].outcome, Exclusion::NotExcluded);
    is_excluded(&found("apart"));
    // Nobody declared what else it collects, and it may be anything.
    is_not_shown(&found("open"));
    undecidable(&found("open"), Code::ExclusionNotShown);
    // Two copies: the collection is used, one of its members is to be excluded.
    world.train("outer", "second");
    is_not(
        &one(&world, "second", item(&world, "other")),
        &["second", "train-second", "outer", "inner", "other"],
    );
}

#[test]
fn nothing_is_excluded_from_a_lineage_that_is_not_whole() {
    let mut world = plus("banned");
    world.run(
        Does::Train,
        vec![input(&world, "seeds", Role::Data), gap("more", Role::Data)],
        "open",
        weights("open"),
        |run| run,
    );
    let judgement = one(&world, "open", item(&world, "banned"));
    assert_eq!(judgement.verdict, Verdict::NotTraced);
    is_not_shown(&judgement);
    world.run(
        Does::Train,
        vec![input(&world, "seeds", Role::Data)],
        "partial",
        weights("partial"),
        |run| Run {
            inputs_complete: Answer::No,
            ..run
        },
    );
    is_not_shown(&one(&world, "partial", item(&world, "banned")));
    // A path that is there is a path, whatever else is missing.
    let judgement = one(&world, "open", item(&world, "seeds"));
    assert_eq!(judgement.excludes[0].outcome, Exclusion::NotExcluded);
}

#[test]
fn empty_files_and_files_beside_weights_are_not_content() {
    let mut world = World::new();
    let two = |content: &str| {
        let mut set = file(content, 100);
        set.artifacts
            .push(bytes("empty.jsonl", b"", 0).artifacts[0].clone());
        set
    };
    for item in ["seeds", "banned"] {
        world.add(Predicate::Source(Source {
            set: two(item),
            ..source(item)
        }));
    }
    world.train("seeds", "trained");
    is_excluded(&one(&world, "trained", item(&world, "banned")));
    // Who asks about the empty file itself is told where it is.
    let judgement = one(&world, "trained", digest(b""));
    assert_eq!(judgement.excludes[0].outcome, Exclusion::NotExcluded);
}

#[test]
fn a_model_without_bytes_is_known_by_what_is_said_of_it() {
    let mut world = herd();
    let again = |name: &str, provider: &str, version: &str| Model {
        provider: provider.to_owned(),
        version: version.to_owned(),
        terms: Some("LicenseRef-new-terms".to_owned()),
        ..model(name)
    };
    world.add(Predicate::Model(again("alias", "example ai ", "1")));
    world.add(Predicate::Model(again("another", "Example AI", "2")));
    // Nothing tells it from the teacher but the name that the operator gave to it.
    undecidable(
        &one(&world, "specialist", item(&world, "alias")),
        Code::ExclusionNotShown,
    );
    is_excluded(&one(&world, "specialist", item(&world, "another")));
    world.add(Predicate::Model(again("teacher", "Example AI", "1")));
    let judgement = one(&world, "specialist", item(&world, "teacher"));
    assert_eq!(judgement.excludes[0].outcome, Exclusion::NotExcluded);
}

#[test]
fn a_source_that_names_the_model_as_its_maker_descends_from_it() {
    let mut world = World::new();
    world.add(Predicate::Source(Source {
        made_by: MadeBy::Model,
        generators: Generators::Named(vec!["gpt".to_owned()]),
        ..source("synthetic")
    }));
    world.train("synthetic", "trained");
    world.add(Predicate::Model(model("gpt")));
    world.add(Predicate::Model(Model {
        version: "7".to_owned(),
        ..model("other")
    }));
    is_not(
        &one(&world, "trained", item(&world, "gpt")),
        &["trained", "train-trained", "synthetic"],
    );
    let judgement = one(&world, "trained", item(&world, "other"));
    is_excluded(&judgement);
    assert_eq!(judgement.beyond[0].what, BeyondKind::OpaqueGenerators);
}

#[test]
fn bytes_that_another_run_made_of_it_descend_from_it() {
    // The same rows by two ways: directly, and by way of a shard that is to be excluded.
    let mut world = World::new();
    world.add(Predicate::Source(source("seeds")));
    step(&mut world, Does::Filter, &[("seeds", Role::Data)], "banned", 90);
    let same = file("out", 80);
    for (run_of, from) in [("out", "seeds"), ("copy", "banned")] {
        let inputs = vec![input(&world, from, Role::Data)];
        world.run(Does::Filter, inputs, run_of, same.clone(), |run| run);
    }
    world.train("out", "trained");
    let judgement = one(&world, "trained", item(&world, "banned"));
    is_not(&judgement, &["trained", "train-trained", "out"]);
    assert_eq!(
        names(&judgement.excludes[0].other_path),
        ["copy", "filter-copy", "banned"]
    );
    // What only brings back bytes that were there before says nothing about where they came from.
    let mut world = plus("banned");
    world.add(Predicate::Filter(filter("rule")));
    let inputs = vec![
        input(&world, "kept", Role::Data),
        input(&world, "rule", Role::Filter),
    ];
    world.run(Does::Filter, inputs, "back", file("kept", 800), |run| run);
    is_excluded(&one(&world, "specialist", item(&world, "rule")));
}

#[test]
fn a_statement_that_is_not_in_the_evidence_is_not_excluded_by_it() {
    let mut world = plus("banned");
    world.seal();
    let whole = Excluded {
        asked: "id".to_owned(),
        what: vec![Unwanted::Statement(world.refs("banned")[0].statement)],
    };
    let request = Request {
        excludes: vec![whole.clone(), digest(b"banned")],
        ..world.request("specialist")
    };
    let full = world.drive(request.clone());
    passes(&full);
    let bare = world.drive_pruned(request, &world.evidence("specialist").entries);
    undecidable(&bare, Code::ExclusionNotShown);
    // Bytes need no statement.
    let outcomes: Vec<Exclusion> = bare.excludes.iter().map(|fact| fact.outcome).collect();
    assert_eq!(outcomes, [Exclusion::NotShown, Exclusion::Excluded]);
}

#[test]
fn what_stands_in_the_place_of_it_is_not_excluded() {
    let mut world = World::new();
    world.add(Predicate::Source(source("banned")));
    let old = world.refs("banned");
    world.train("banned", "trained");
    world.add(Predicate::Source(Source {
        url: Some("https://example.org".to_owned()),
        set: file("banned", 100),
        ..source("corrected")
    }));
    let new = world.refs("corrected");
    world.correct(ISSUER, old, new);
    for name in ["banned", "corrected"] {
        let judgement = one(&world, "trained", item(&world, name));
        assert_eq!(judgement.excludes[0].outcome, Exclusion::NotExcluded, "{name}");
    }
}
