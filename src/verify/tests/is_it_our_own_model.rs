//! Is a model declared as coming from outside that this ledger made?

use super::kit::*;
use crate::statement::*;
use crate::verify::*;

fn external(world: &mut World, item: &str, set: ArtifactSet) {
    world.add(Predicate::Model(Model {
        set,
        access: Access::Weights,
        ..model(item)
    }));
}

#[test]
fn an_own_model_is_not_external_by_name_or_by_weights() {
    let named = |item: &str, set: ArtifactSet| {
        let mut world = herd();
        external(&mut world, item, set);
        step(&mut world, Does::Generate, &[(item, Role::Generator)], "out", 10);
        world.verify("out")
    };
    let path = |item| ["out", "generate-out", item];
    let by_name = named("specialist", weights("other"));
    fails(&by_name, Code::OwnModelAsExternal, &path("specialist"));
    let spelled = named("Specialist", weights("other"));
    fails(&spelled, Code::OwnModelAsExternal, &path("Specialist"));
    let by_weights = named("renamed", weights("specialist"));
    fails(&by_weights, Code::OwnModelAsExternal, &path("renamed"));
    assert_eq!(names(&by_weights.findings[0].other_path), ["specialist"]);
    passes(&named("renamed", weights("other")));
    // A data shard may be called what it likes.
    passes(&named("tasks", weights("other")));
}

#[test]
fn an_own_model_does_not_hide_as_the_generator_of_a_source() {
    let made_by = |generator: &str| {
        let mut world = herd();
        world.train("seeds", "ours");
        world.add(Predicate::Source(Source {
            made_by: MadeBy::Model,
            generators: Generators::Named(vec!["gpt".to_owned(), generator.to_owned()]),
            ..source("bought")
        }));
        world.train("bought", "out");
        world.verify("out")
    };
    let path = ["out", "train-out", "bought"];
    fails(&made_by(" ours "), Code::OwnModelAsExternal, &path);
    fails(&made_by("OURS."), Code::OwnModelAsExternal, &path);
    passes(&made_by("theirs"));
    // What is no model does not hide behind a name.
    passes(&made_by("seeds"));
}

#[test]
fn an_external_model_relabelled_as_trained_here_conflicts() {
    let mut world = herd();
    world.train("seeds", "ours");
    passes(&world.verify("ours"));
    external(&mut world, "theirs", weights("ours"));
    fails(&world.verify("ours"), Code::ConflictingOrigin, &["ours"]);
}

#[test]
fn training_that_changes_nothing_is_not_training() {
    let mut world = herd();
    external(&mut world, "base", weights("base weights"));
    let inputs = vec![
        Input {
            share: decimal("0.1"),
            ..input(&world, "base", Role::Base)
        },
        input(&world, "seeds", Role::Data),
    ];
    world.run(Does::Train, inputs, "tuned", weights("base weights"), |run| run);
    let path = ["tuned", "train-tuned", "base"];
    fails(&world.verify("tuned"), Code::OwnModelAsExternal, &path);
}

#[test]
fn a_quantised_copy_may_keep_files_of_its_base() {
    let mut world = herd();
    let files: [(&str, &[u8]); 2] = [
        ("a.safetensors", b"first half"),
        ("b.safetensors", b"second half"),
    ];
    let base = world.manifest("base", &files);
    external(&mut world, "base", one(base));
    let quantised = world.manifest("q4", &[("a.safetensors", b"quantised"), files[1]]);
    let to_model = |set: &ArtifactSet| {
        let outputs = vec![Output {
            name: name("q4"),
            kind: OutputKind::Model,
            set: set.clone(),
            inputs: vec![],
        }];
        move |run| Run { outputs, ..run }
    };
    let inputs = vec![input(&world, "base", Role::Base)];
    let set = one(quantised);
    world.run(Does::Transform, inputs, "q4", set.clone(), to_model(&set));
    step(&mut world, Does::Generate, &[("q4", Role::Generator)], "text", 10);
    let judgement = world.verify("text");
    passes(&judgement);
    assert_eq!(judgement.boundary.external_models, Share::one());
}

#[test]
fn a_shared_tokenizer_is_no_conflict() {
    let mut world = herd();
    let tokenizer: (&str, &[u8]) = ("tokenizer.json", b"{\"vocab\":1}");
    let base = world.manifest("base", &[("w.safetensors", b"base weights"), tokenizer]);
    external(&mut world, "base", one(base));
    let own = world.manifest("tuned", &[("w.safetensors", b"tuned weights"), tokenizer]);
    let inputs = vec![
        input(&world, "base", Role::Base),
        input(&world, "seeds", Role::Data),
    ];
    world.run(Does::Train, inputs, "tuned", one(own), |run| run);
    passes(&world.verify("tuned"));
    step(
        &mut world,
        Does::Generate,
        &[("base", Role::Generator)],
        "text",
        10,
    );
    passes(&world.verify("text"));
}

#[test]
fn files_of_a_model_are_weights_if_any_model_has_them_as_such() {
    // The weights of our model, declared as a text file beside other weights.
    let mut world = herd();
    let disguised = world.manifest(
        "ext",
        &[("dummy.safetensors", b"dummy"), ("notes.txt", b"specialist")],
    );
    external(&mut world, "ext", one(disguised));
    step(&mut world, Does::Generate, &[("ext", Role::Generator)], "out", 10);
    let path = ["out", "generate-out", "ext"];
    fails(&world.verify("out"), Code::OwnModelAsExternal, &path);
    // And as the only kind of file that both have.
    let mut world = herd();
    let all = world.manifest("ext", &[("weights.txt", b"the weights")]);
    external(&mut world, "ext", one(all.clone()));
    let inputs = vec![input(&world, "seeds", Role::Data)];
    world.run(Does::Train, inputs, "own", one(all), |run| run);
    fails(&world.verify("own"), Code::ConflictingOrigin, &["own"]);
}

#[test]
fn a_model_in_several_files_has_a_tokenizer_too() {
    let mut world = herd();
    let files = |name: &str| ArtifactSet {
        artifacts: vec![
            weights(name).artifacts.remove(0),
            bytes("tokenizer.json", b"{\"vocab\":1}", 1).artifacts.remove(0),
        ],
        ..ArtifactSet::default()
    };
    external(&mut world, "base", files("base weights"));
    let inputs = vec![input(&world, "seeds", Role::Data)];
    world.run(Does::Train, inputs, "own", files("own weights"), |run| run);
    passes(&world.verify("own"));
}

#[test]
fn a_model_of_this_house_older_than_its_ledger_is_shown_as_such() {
    let mut world = World::new();
    world.add(Predicate::Model(Model {
        provider: "Example Lab".to_owned(),
        ..model("old")
    }));
    step(
        &mut world,
        Does::Generate,
        &[("old", Role::Generator)],
        "text",
        10,
    );
    let judgement = world.verify("text");
    passes(&judgement);
    assert!(judgement.external_models[0].own);
    assert!(
        judgement
            .line()
            .contains("1 of this organisation, older than its ledger")
    );
}
