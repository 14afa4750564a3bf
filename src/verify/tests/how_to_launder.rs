//! Ways to make an origin look better than it is, each tried once.

use super::kit::*;
use crate::statement::*;
use crate::verify::*;

/// A hundred human rows, three hundred opaque ones, and a model from outside.
fn stock() -> World {
    let mut world = World::new();
    world.add(Predicate::Source(source("human")));
    world.add(Predicate::Source(Source {
        set: file("synthetic", 300),
        made_by: MadeBy::Model,
        generators: Generators::Named(vec!["gpt".to_owned()]),
        ..source("synthetic")
    }));
    world.add(Predicate::Model(model("api")));
    world
}

fn collect(world: &mut World, set: &str, items: &[&str]) {
    let members = items.iter().flat_map(|item| world.refs(item)).collect();
    world.add(Predicate::Dataset(Dataset {
        name: name(set),
        members: Some(Cites::Inline(members)),
        gaps: vec![],
    }));
}

fn data(world: &World, items: &[&str]) -> Vec<Input> {
    items.iter().map(|item| input(world, item, Role::Data)).collect()
}

/// A quarter is human, however often that is said.
#[track_caller]
fn is_a_quarter(judgement: &Judgement) {
    passes(judgement);
    let boundary = &judgement.boundary;
    assert_eq!(
        (&boundary.sources, &boundary.opaque_synthetic),
        (&part(1, 4), &part(3, 4))
    );
}

#[test]
fn citing_the_human_rows_many_times() {
    let mut world = stock();
    collect(&mut world, "one", &["human"]);
    collect(&mut world, "two", &["human", "one"]);
    world.add(Predicate::Source(Source {
        holder: Some("Somebody".to_owned()),
        ..source("human again")
    }));
    let copy = Predicate::Source(Source {
        set: file("human", 100),
        ..source("copy")
    });
    world.add(copy);
    let many = ["human", "one", "human", "two", "copy", "synthetic"];
    let mut trained = world.clone();
    let inputs = data(&trained, &many);
    trained.run(Does::Train, inputs, "model", weights("model"), |run| run);
    is_a_quarter(&trained.verify("model"));
    // In one input.
    let mut trained = world.clone();
    let cited = many.iter().flat_map(|item| world.refs(item)).collect();
    let inputs = vec![Input {
        from: InputFrom::Artifacts(Cites::Inline(cited)),
        ..input(&world, "human", Role::Data)
    }];
    trained.run(Does::Train, inputs, "model", weights("model"), |run| run);
    is_a_quarter(&trained.verify("model"));
    // As a data set.
    let mut collected = world.clone();
    collect(&mut collected, "all", &many);
    let inputs = data(&collected, &["all"]);
    collected.run(Does::Mix, inputs, "out", file("out", 400), |run| run);
    is_a_quarter(&collected.verify("out"));
}

#[test]
fn taking_the_synthetic_rows_in_a_small_bite_first() {
    let mut world = stock();
    let mut inputs = data(&world, &["synthetic", "synthetic", "human"]);
    inputs[0].rows = Some(1);
    world.run(Does::Train, inputs, "model", weights("model"), |run| run);
    is_a_quarter(&world.verify("model"));
}

#[test]
fn keeping_more_than_there_was() {
    let mut world = stock();
    let mut inputs = data(&world, &["human", "synthetic"]);
    inputs[0].kept = Some(400);
    inputs[1].kept = Some(0);
    world.run(Does::Filter, inputs, "out", file("out", 400), |run| run);
    fails(
        &world.verify("out"),
        Code::RowsNotAccounted,
        &["out", "filter-out"],
    );
    // And keeping all of both, where only a part came out.
    let mut inputs = data(&world, &["human", "synthetic"]);
    inputs[0].kept = Some(100);
    inputs[1].kept = Some(10);
    world.run(Does::Filter, inputs, "out", file("out", 20), |run| run);
    let judgement = world.verify("out");
    assert_eq!(judgement.boundary.sources, between(part(10, 20), Share::one()));
}

#[test]
fn naming_only_the_better_inputs_of_an_output() {
    let named = |does, roles: &[(&str, Role)], inputs: &[u32]| {
        let mut world = stock();
        world.train("human", "own");
        let list = roles
            .iter()
            .map(|(item, role)| input(&world, item, *role))
            .collect();
        world.run(does, list, "model", weights("model"), |run| Run {
            outputs: vec![Output {
                inputs: inputs.to_vec(),
                ..run.outputs[0].clone()
            }],
            ..run
        });
        let judgement = world.verify("model");
        passes(&judgement);
        judgement.boundary
    };
    let any = || between(Share::zero(), Share::one());
    // The weights that a training starts from are never left out, nor those of a merge.
    let tuned = named(Does::Train, &[("api", Role::Base), ("human", Role::Data)], &[1]);
    assert_eq!((tuned.sources, tuned.external_models), (any(), any()));
    let merged = named(Does::Merge, &[("api", Role::Base), ("own", Role::Base)], &[1]);
    assert_eq!((merged.sources, merged.external_models), (any(), any()));
    // And they are not all there is.
    let roles = [("own", Role::Base), ("synthetic", Role::Data)];
    let tuned = named(Does::Train, &roles, &[0]);
    assert_eq!((tuned.sources, tuned.opaque_synthetic), (any(), any()));
}

#[test]
fn hiding_generated_bytes_behind_a_file_of_a_model() {
    // The same bytes are an honest output, a human source, and a file beside the weights of a model. Each of the
    // first two agrees with the third.
    for salt in 0..8 {
        let mut world = herd();
        let files: [(&str, &[u8]); 2] = [("w.safetensors", b"w"), ("train.jsonl", b"kept")];
        let manifest = world.manifest(&format!("m{salt}"), &files);
        world.add(Predicate::Model(Model {
            set: one(manifest),
            access: Access::Weights,
            ..model(&format!("m{salt}"))
        }));
        world.add(Predicate::Source(Source {
            set: file("kept", 800),
            ..source("people")
        }));
        let roles = [
            ("people".to_owned(), Role::Data),
            (format!("m{salt}"), Role::Base),
        ];
        let inputs = roles
            .iter()
            .map(|(item, role)| input(&world, item, *role))
            .collect();
        world.run(Does::Train, inputs, "clean", weights("clean"), |run| run);
        let judgement = world.verify("clean");
        assert!(
            judgement.has(Code::ConflictingOrigin),
            "{salt}: {:#?}",
            judgement.findings
        );
    }
}

#[test]
fn bringing_generated_bytes_back_as_a_mix_of_human_rows() {
    let mut world = stock();
    world.add(Predicate::Source(Source {
        set: file("more human", 1000),
        ..source("more human")
    }));
    let generator = vec![input(&world, "api", Role::Generator)];
    world.run(Does::Generate, generator, "made", file("made", 1000), |run| run);
    let mut pair = world.clone();
    // One row of what was made, and 999 human ones: and the result is what was made.
    let mut inputs = data(&world, &["made", "more human"]);
    inputs[0].rows = Some(1);
    inputs[1].rows = Some(999);
    world.run(Does::Mix, inputs, "mixed", file("made", 1000), |run| run);
    world.train("mixed", "model");
    let judgement = world.verify("model");
    passes(&judgement);
    assert_eq!(judgement.boundary.external_models, Share::one());
    // As one of two files of an item, it leaves the rest of the item no better known than it is.
    let mut inputs = data(&world, &["made", "human"]);
    inputs[0].rows = Some(100);
    let mut set = file("made", 1000);
    set.artifacts.push(file("other", 50).artifacts.remove(0));
    pair.run(Does::Transform, inputs, "pair", set, |run| Run {
        expansion: decimal("10"),
        ..run
    });
    pair.train("pair", "model");
    let judgement = pair.verify("model");
    passes(&judgement);
    assert_eq!(judgement.boundary.sources, between(Share::zero(), part(50, 1050)));
}

#[test]
fn passing_a_model_off_as_data() {
    let mut world = herd();
    step(&mut world, Does::Mix, &[("specialist", Role::Data)], "rows", 10);
    let path = ["rows", "mix-rows", "specialist"];
    fails(&world.verify("rows"), Code::RoleMismatch, &path);
    let whole = world.manifest("zoo", &[("a.bin", b"a"), ("data.jsonl", b"rows")]);
    world.add(Predicate::Model(Model {
        set: one(whole),
        ..model("zoo")
    }));
    let member = ArtifactRef {
        member: Some(1),
        ..world.refs("zoo")[0]
    };
    let inputs = vec![Input {
        from: InputFrom::Artifacts(Cites::Inline(vec![member])),
        ..input(&world, "zoo", Role::Data)
    }];
    world.run(Does::Filter, inputs, "text", file("text", 10), |run| run);
    let path = ["text", "filter-text", "zoo/data.jsonl"];
    fails(&world.verify("text"), Code::RoleMismatch, &path);
}

#[test]
fn calling_a_generation_an_evaluation() {
    let mut world = stock();
    let inputs = vec![
        input(&world, "human", Role::Data),
        input(&world, "api", Role::Generator),
    ];
    world.run(Does::Evaluate, inputs, "scores", file("scores", 52_000), |run| {
        Run {
            expansion: decimal("520"),
            ..run
        }
    });
    world.train("scores", "model");
    let path = ["model", "train-model", "scores", "evaluate-scores"];
    fails(&world.verify("model"), Code::RowsNotAccounted, &path);
}

#[test]
fn asking_about_a_leaf_together_with_something_traced() {
    let mut world = herd();
    world.seal();
    let of = |names: &[&str]| {
        let artifacts = names.iter().flat_map(|name| world.refs(name)).collect();
        world.drive(Request {
            artifacts,
            ..world.request("specialist")
        })
    };
    assert_eq!(of(&["seeds", "teacher"]).verdict, Verdict::NotTraced);
    // Two claims that agree about one file may stand together; the shares are those of both.
    let judgement = of(&["kept", "seeds"]);
    passes(&judgement);
    assert_eq!(judgement.boundary.sources, part(100, 900));
}

#[test]
fn a_blob_that_is_both_a_prompt_and_a_manifest_has_no_members() {
    let mut world = herd();
    let manifest = world.manifest("parts", &[("a.jsonl", b"a")]);
    world.add(Predicate::Source(Source {
        set: one(manifest.clone()),
        ..source("parts")
    }));
    let prompt = Artifact {
        content: Content::File {
            basis: Basis::Computed,
            blake3: None,
            bytes: None,
            held: true,
            sealed: false,
            row_root: None,
        },
        ..manifest
    };
    world.add(Predicate::Prompt(Prompt {
        name: name("prompt"),
        set: one(prompt),
    }));
    let member = ArtifactRef {
        member: Some(0),
        ..world.refs("prompt")[0]
    };
    let inputs = vec![
        input(&world, "parts", Role::Data),
        Input {
            from: InputFrom::Artifacts(Cites::Inline(vec![member])),
            ..input(&world, "prompt", Role::Prompt)
        },
    ];
    world.run(Does::Filter, inputs, "out", uncounted(file("out", 0)), |run| run);
    assert!(world.verify("out").has(Code::Inadmissible));
}
