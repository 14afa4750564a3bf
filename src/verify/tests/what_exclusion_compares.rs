//! What is held against a node that must not be among the ancestors: code, evidence, names, and what cannot be compared.

use super::kit::*;
use super::what_is_excluded::digest;
use super::what_is_excluded::is_excluded;
use super::what_is_excluded::is_not;
use super::what_is_excluded::is_not_shown;
use super::what_is_excluded::item;
use super::what_is_excluded::one;
use crate::statement::*;
use crate::verify::*;

fn attachment(world: &mut World, content: &[u8]) -> Attachment {
    let held = world.hold("train.jsonl", content);
    Attachment {
        name: "train.jsonl".to_owned(),
        blob: held.sha256.as_blob(),
        bytes: content.len() as u64,
        sealed: false,
    }
}

#[test]
fn code_and_evidence_with_its_bytes_are_it() {
    let mut world = World::new();
    world.add(Predicate::Source(source("banned")));
    let beside = attachment(&mut world, b"banned");
    let empty = attachment(&mut world, b"");
    world.add(Predicate::Source(Source {
        evidence: vec![empty],
        ..source("seeds")
    }));
    world.add(Predicate::Source(Source {
        evidence: vec![beside.clone()],
        ..source("proven")
    }));
    let coded = |world: &mut World, item: &str, code: Vec<Attachment>| {
        let inputs = vec![input(world, "seeds", Role::Data)];
        world.run(Does::Train, inputs, item, weights(item), |run| Run {
            code,
            ..run
        });
    };
    coded(&mut world, "coded", vec![beside]);
    coded(&mut world, "clean", vec![]);
    world.train("proven", "trained");
    for wanted in [item(&world, "banned"), digest(b"banned")] {
        let judgement = one(&world, "coded", wanted.clone());
        is_not(&judgement, &["coded", "train-coded"]);
        let why = &judgement.excludes[0].why;
        assert!(
            why.ends_with("code of run train-coded has the same bytes: train.jsonl"),
            "{why}"
        );
        let judgement = one(&world, "trained", wanted.clone());
        is_not(&judgement, &["trained", "train-trained", "proven"]);
        let why = &judgement.excludes[0].why;
        assert!(why.contains("evidence of source proven"), "{why}");
        is_excluded(&one(&world, "clean", wanted));
    }
    // An empty file says nothing, unless it is what was asked about.
    world.add(Predicate::Source(Source {
        set: bytes("none", b"", 0),
        ..source("nothing")
    }));
    is_excluded(&one(&world, "clean", item(&world, "nothing")));
    is_not(
        &one(&world, "clean", digest(b"")),
        &["clean", "train-clean", "seeds"],
    );
}

fn made_by(generators: &[&str]) -> World {
    let mut world = World::new();
    world.add(Predicate::Source(Source {
        made_by: MadeBy::Model,
        generators: Generators::Named(generators.iter().map(|&name| name.to_owned()).collect()),
        ..source("synthetic")
    }));
    world.train("synthetic", "trained");
    world.add(Predicate::Model(Model {
        provider: "OpenAI".to_owned(),
        version: "GPT-4-0613".to_owned(),
        ..model("GPT-4")
    }));
    world
}

#[test]
fn a_generator_is_the_model_however_its_name_is_written() {
    for name in ["GPT-4", "gpt-4 ", "GPT 4", "gpt4"] {
        let world = made_by(&["llama", name]);
        let judgement = one(&world, "trained", item(&world, "GPT-4"));
        is_not(&judgement, &["trained", "train-trained", "synthetic"]);
    }
    for name in ["OpenAI gpt-4", "GPT-4-0613", "gpt_4_0613", "gpt-4o", "gpt"] {
        let world = made_by(&["llama", name]);
        let judgement = one(&world, "trained", item(&world, "GPT-4"));
        is_not_shown(&judgement);
        assert!(judgement.excludes[0].why.contains(name), "{judgement:?}");
    }
    for name in ["llama", "davinci", "4", "\u{6a21}\u{578b}"] {
        let world = made_by(&[name]);
        is_excluded(&one(&world, "trained", item(&world, "GPT-4")));
    }
}

#[test]
fn an_alias_of_the_provider_may_have_meant_the_model() {
    for (provider, alias) in [("open ai", true), ("OpenAI", false), ("Elsewhere", true)] {
        let mut world = made_by(&["llama"]);
        world.add(Predicate::Model(Model {
            provider: provider.to_owned(),
            version: "latest".to_owned(),
            alias,
            ..model("chat")
        }));
        step(
            &mut world,
            Does::Generate,
            &[("chat", Role::Generator), ("synthetic", Role::Seed)],
            "tasks",
            10,
        );
        world.train("tasks", "second");
        let judgement = one(&world, "second", item(&world, "GPT-4"));
        if (provider, alias) == ("open ai", true) {
            is_not_shown(&judgement);
            assert!(judgement.excludes[0].why.contains("alias"), "{judgement:?}");
        } else {
            is_excluded(&judgement);
        }
    }
}

#[test]
fn bytes_that_nobody_stated_cannot_be_told_from_it() {
    let foreign = |value: &str| Absence::Foreign {
        alg: "git-blob-sha1".to_owned(),
        value: value.to_owned(),
    };
    let mut world = World::new();
    for (name, set) in [
        ("seeds", file("seeds", 100)),
        ("banned", file("banned", 100)),
        ("git", absent("git", foreign("aa"))),
        ("other-git", absent("other-git", foreign("bb"))),
        ("same-git", absent("same-git", foreign("AA"))),
        ("unhashed", absent("unhashed", Absence::NotKnown)),
    ] {
        world.add(Predicate::Source(Source { set, ..source(name) }));
    }
    world.add(Predicate::Model(model("api")));
    for data in ["seeds", "git", "unhashed"] {
        world.train(data, &format!("by-{data}"));
    }
    is_excluded(&one(&world, "by-seeds", item(&world, "banned")));
    for (of, told) in [("by-git", "only git-blob-sha1"), ("by-unhashed", "no digest")] {
        for wanted in [item(&world, "banned"), digest(b"banned")] {
            let judgement = one(&world, of, wanted);
            is_not_shown(&judgement);
            assert!(judgement.excludes[0].why.contains(told), "{judgement:?}");
            assert!(
                judgement
                    .beyond
                    .iter()
                    .any(|one| one.what == BeyondKind::BytesNotKnown)
            );
        }
        // A model without bytes is not these bytes, and neither are the weights of one.
        is_excluded(&one(&world, of, item(&world, "api")));
        is_excluded(&one(&world, of, item(&world, "by-seeds")));
    }
    let judgement = one(&world, "by-git", item(&world, "same-git"));
    is_not(&judgement, &["by-git", "train-by-git", "git"]);
    assert!(
        judgement.excludes[0]
            .why
            .contains("the same foreign identifier as same-git")
    );
    is_excluded(&one(&world, "by-git", item(&world, "other-git")));
}

#[test]
fn what_was_compared_is_said_as_it_is() {
    let mut world = herd();
    world.add(Predicate::Model(Model {
        version: "9".to_owned(),
        ..model("api")
    }));
    let judgement = one(&world, "specialist", item(&world, "api"));
    is_excluded(&judgement);
    let why = &judgement.excludes[0].why;
    assert!(
        !why.contains("has its content") && why.contains("no bytes"),
        "{why}"
    );

    // Two files of which one has no rows.
    let mut world = World::new();
    for item in ["seeds", "banned"] {
        let mut set = file(item, 100);
        set.artifacts
            .push(bytes("empty.jsonl", b"", 0).artifacts[0].clone());
        world.add(Predicate::Source(Source { set, ..source(item) }));
    }
    world.train("seeds", "trained");
    let judgement = one(&world, "trained", item(&world, "banned"));
    is_excluded(&judgement);
    let why = &judgement.excludes[0].why;
    assert!(
        why.contains("nothing but files without rows") && why.contains("empty.jsonl"),
        "{why}"
    );

    // A correction of something without bytes.
    let mut world = World::new();
    world.add(Predicate::Model(model("davinci")));
    let old = world.refs("davinci");
    step(
        &mut world,
        Does::Generate,
        &[("davinci", Role::Generator)],
        "tasks",
        10,
    );
    world.train("tasks", "trained");
    world.add(Predicate::Model(model("corrected")));
    let new = world.refs("corrected");
    world.correct(ISSUER, old, new);
    let judgement = one(&world, "trained", item(&world, "davinci"));
    assert_eq!(judgement.excludes[0].outcome, Exclusion::NotExcluded);
    let why = &judgement.excludes[0].why;
    assert!(why.contains("a correction put in the place of davinci"), "{why}");
}
