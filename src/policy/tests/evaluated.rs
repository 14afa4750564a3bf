//! Names that are alike, and evaluation sets that come in under other names or as scores.

use crate::statement::Does;
use crate::statement::Model;
use crate::statement::Predicate;
use crate::statement::Role;
use crate::statement::Source;
use crate::verify::tests::kit::World;
use crate::verify::tests::kit::file;
use crate::verify::tests::kit::model;
use crate::verify::tests::kit::one;
use crate::verify::tests::kit::source;
use crate::verify::tests::kit::step;

use super::called;
use super::held_by;
use super::kit::kept;
use super::kit::objections;
use super::kit::trained_on;
use super::sources;
use crate::policy::Demand;
use crate::policy::Names;
use crate::policy::Select;
use crate::policy::select::Alike;
use crate::policy::select::alike;

#[test]
fn names_are_compared_by_letters_and_digits() {
    for (stated, forbidden, wanted) in [
        ("GSM8K_test", "gsm8k-test", Alike::Same),
        ("gsm8k", "gsm8k-test", Alike::Part),
        ("gsm8k-test v2", "gsm8k-test", Alike::Part),
        ("math", "math-test", Alike::Part),
        ("mat", "math-test", Alike::No),
        ("Azure OpenAI", "OpenAI", Alike::Part),
        ("OpenAI, Inc.", "openai", Alike::Part),
        ("open-ai", "OpenAI", Alike::Same),
        ("-", "OpenAI", Alike::No),
        ("seeds", "gsm8k-test", Alike::No),
    ] {
        assert_eq!(alike(stated, forbidden), wanted, "{stated} and {forbidden}");
        assert_eq!(alike(forbidden, stated), wanted, "{forbidden} and {stated}");
    }
}

#[test]
fn a_name_that_is_part_of_another_is_not_judged() {
    let rule = Demand::NoEvaluationData(called("gsm8k-test"));
    let told = "whether source gsm8k is an evaluation set is not known: gsm8k may be, or hold, gsm8k-test: name it by its \
                content";
    assert_eq!(
        objections(&trained_on(source("gsm8k")), &rule),
        [(false, told.to_owned())]
    );
    kept(&trained_on(source("seeds")), &rule);
    let held = |holder: &str| {
        trained_on(Source {
            holder: Some(holder.to_owned()),
            ..source("seeds")
        })
    };
    let rule = sources(Select::default(), held_by("OpenAI"));
    for (holder, known) in [("Open AI", true), ("OpenAI, Inc.", false)] {
        let found = objections(&held(holder), &rule);
        assert_eq!(
            found.iter().map(|found| found.0).collect::<Vec<_>>(),
            [known],
            "{holder}"
        );
    }
    kept(&held("Somebody Else"), &rule);
}

#[test]
fn a_provider_whose_name_holds_a_forbidden_one_is_not_judged() {
    let world = |provider: &str| {
        let mut world = World::new();
        world.add(Predicate::Model(Model {
            provider: provider.to_owned(),
            ..model("teacher")
        }));
        step(
            &mut world,
            Does::Generate,
            &[("teacher", Role::Generator)],
            "tasks",
            100,
        );
        world.train("tasks", "specialist");
        world
    };
    let names = |allow: &[&str]| {
        let texts = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect();
        Demand::Providers(Names {
            allow: texts(allow),
            forbid: texts(&["OpenAI"]),
        })
    };
    for (provider, wanted) in [
        ("OpenAI", vec![true]),
        ("Azure OpenAI", vec![false]),
        ("Example", vec![]),
    ] {
        let found = objections(&world(provider), &names(&[]));
        assert_eq!(
            found.iter().map(|found| found.0).collect::<Vec<_>>(),
            wanted,
            "{provider}"
        );
    }
    kept(&world("Azure OpenAI"), &names(&["Azure OpenAI"]));
}

/// The set stands on the walk under its name only where it evaluates; its bytes come in as something else.
#[test]
fn bytes_of_a_set_are_the_set_under_whatever_name() {
    let rule = Demand::NoEvaluationData(called("gsm8k-test"));
    let set = || Source {
        set: file("questions", 100),
        ..source("gsm8k-test")
    };
    let found = |world: &World, name: &str| {
        let found = objections(world, &rule);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].0, "{found:#?}");
        assert!(found[0].1.starts_with(name), "{found:#?}");
    };
    let trained = |world: &mut World, item: &str| {
        let inputs = [(item, Role::Data), ("gsm8k-test", Role::Eval)];
        step(world, Does::Train, &inputs, "specialist", 0);
    };
    // Another source.
    let mut world = World::new();
    world.add(Predicate::Source(set()));
    world.add(Predicate::Source(Source {
        set: file("questions", 100),
        ..source("homework")
    }));
    trained(&mut world, "homework");
    found(
        &world,
        "source homework has bytes of the evaluation set gsm8k-test: sha256 ",
    );
    // One file of a manifest.
    let mut world = World::new();
    let whole = world.manifest("gsm8k-test", &[("q", b"questions")]);
    world.add(Predicate::Source(Source {
        set: one(whole),
        ..source("gsm8k-test")
    }));
    let files = world.manifest("parts", &[("a", b"a"), ("q", b"questions")]);
    world.add(Predicate::Source(Source {
        set: one(files),
        ..source("parts")
    }));
    trained(&mut world, "parts");
    found(&world, "source parts has bytes of the evaluation set");
    // What a run put out.
    let mut world = World::new();
    world.add(Predicate::Source(set()));
    world.add(Predicate::Source(source("seeds")));
    let inputs = [("seeds", Role::Data)];
    step(&mut world, Does::Filter, &inputs, "questions", 100);
    trained(&mut world, "questions");
    found(&world, "shard questions has bytes of the evaluation set");
}

/// Weights do not learn from what they are evaluated on; whoever takes the scores as data does.
#[test]
fn scores_of_an_evaluation_bring_its_set_along() {
    let rule = Demand::NoEvaluationData(called("gsm8k-test"));
    let mut world = World::new();
    world.add(Predicate::Source(source("gsm8k-test")));
    world.add(Predicate::Source(source("seeds")));
    step(
        &mut world,
        Does::Annotate,
        &[("seeds", Role::Data), ("gsm8k-test", Role::Eval)],
        "marks",
        100,
    );
    let mut clean = world.clone();
    world.train("marks", "specialist");
    assert_eq!(
        objections(&world, &rule),
        [(
            true,
            "source gsm8k-test is an evaluation set: its name is gsm8k-test".to_owned()
        )]
    );
    step(
        &mut clean,
        Does::Train,
        &[("seeds", Role::Data), ("gsm8k-test", Role::Eval)],
        "specialist",
        0,
    );
    kept(&clean, &rule);
}
