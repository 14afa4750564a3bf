//! Who contributes how much? Every row of the mass table, worked out by hand.
//!
//! The stock: `human` (100 rows, 1,000 tokens) is all source, `synthetic` (300 rows, 1,000 tokens) is opaque,
//! `crawl` (100 rows) is of unknown origin, `api` and `base` are external models.

use super::kit::*;
use crate::statement::*;
use crate::verify::*;

fn stock() -> World {
    let mut world = World::new();
    let with_tokens = |mut set: ArtifactSet, tokens| {
        set.artifacts[0].tokens = Some(tokens);
        set
    };
    world.add(Predicate::Source(Source {
        set: with_tokens(file("human", 100), 1000),
        ..source("human")
    }));
    world.add(Predicate::Source(Source {
        set: with_tokens(file("synthetic", 300), 1000),
        made_by: MadeBy::Model,
        generators: Generators::Named(vec!["gpt".to_owned()]),
        ..source("synthetic")
    }));
    world.add(Predicate::Source(Source {
        set: file("crawl", 100),
        made_by: MadeBy::Unknown,
        ..source("crawl")
    }));
    world.add(Predicate::Model(model("api")));
    world.add(Predicate::Model(Model {
        set: weights("base"),
        access: Access::Weights,
        ..model("base")
    }));
    // A model of our own that is all human.
    world.train("human", "own");
    world
}

fn inputs(world: &World, roles: &[(&str, Role)]) -> Vec<Input> {
    roles
        .iter()
        .map(|(item, role)| input(world, item, *role))
        .collect()
}

fn data(world: &World, items: &[&str]) -> Vec<Input> {
    items.iter().map(|item| input(world, item, Role::Data)).collect()
}

fn of(world: &World, does: Does, inputs: Vec<Input>, rows: u64, change: impl FnOnce(Run) -> Run) -> Boundary {
    let mut world = world.clone();
    let set = if matches!(does, Does::Train | Does::Merge) {
        weights("out")
    } else {
        file("out", rows)
    };
    world.run(does, inputs, "out", set, change);
    let judgement = world.verify("out");
    passes(&judgement);
    judgement.boundary
}

/// Sources, external models, opaque; of the rest there is nothing.
#[track_caller]
#[expect(
    clippy::needless_pass_by_value,
    reason = "a table of expected values reads better"
)]
fn is(boundary: &Boundary, sources: Share, external: Share, opaque: Share) {
    let found = (
        &boundary.sources,
        &boundary.external_models,
        &boundary.opaque_synthetic,
    );
    assert_eq!(found, (&sources, &external, &opaque));
    assert_eq!(boundary.unknown, Share::zero());
}

fn none() -> Share {
    Share::zero()
}

#[test]
fn generate_goes_to_generator_and_teacher_in_equal_parts() {
    let world = stock();
    let roles = [
        ("api", Role::Generator),
        ("own", Role::Teacher),
        ("crawl", Role::Seed),
    ];
    let boundary = of(&world, Does::Generate, inputs(&world, &roles), 7, |run| run);
    is(&boundary, part(1, 2), part(1, 2), none());
    // The same model in two roles is one parent.
    let roles = [
        ("api", Role::Generator),
        ("own", Role::Teacher),
        ("own", Role::Generator),
    ];
    let boundary = of(&world, Does::Generate, inputs(&world, &roles), 7, |run| run);
    is(&boundary, part(1, 2), part(1, 2), none());
}

#[test]
fn generate_goes_by_share_where_there_is_one() {
    let world = stock();
    let roles = [("api", Role::Generator), ("own", Role::Teacher)];
    let shared = |shares: [Option<Decimal>; 2]| {
        let inputs = inputs(&world, &roles).into_iter().zip(shares);
        let inputs = inputs.map(|(input, share)| Input { share, ..input });
        of(&world, Does::Generate, inputs.collect(), 7, |run| run)
    };
    is(
        &shared([decimal("0.75"), decimal("0.25")]),
        part(1, 4),
        part(3, 4),
        none(),
    );
    is(&shared([decimal("0.75"), None]), part(1, 4), part(3, 4), none());
    // Shares that leave something out say nothing.
    let all = || between(none(), Share::one());
    is(&shared([decimal("0.25"), decimal("0.25")]), all(), all(), none());
}

#[test]
fn a_filter_goes_by_what_was_kept() {
    let world = stock();
    let kept = |input: Input, kept| Input {
        kept: Some(kept),
        ..input
    };
    let both = data(&world, &["human", "synthetic"]);
    let boundary = of(
        &world,
        Does::Filter,
        vec![kept(both[0].clone(), 30), kept(both[1].clone(), 10)],
        40,
        |run| run,
    );
    is(&boundary, part(3, 4), none(), part(1, 4));
    // One of them is silent: it fills what is left, but at most what there is of the other.
    let boundary = of(
        &world,
        Does::Filter,
        vec![kept(both[0].clone(), 30), both[1].clone()],
        120,
        |run| run,
    );
    is(
        &boundary,
        between(none(), part(1, 4)),
        none(),
        between(part(3, 4), Share::one()),
    );
}

#[test]
fn a_mix_is_exact_when_all_rows_come_out_and_bounded_when_not() {
    let world = stock();
    let both = || data(&world, &["human", "synthetic"]);
    let boundary = of(&world, Does::Mix, both(), 400, |run| run);
    is(&boundary, part(1, 4), none(), part(3, 4));
    // 320 of 400: at least 20 are human, at most 100.
    let boundary = of(&world, Does::Mix, both(), 320, |run| run);
    is(
        &boundary,
        between(part(20, 320), part(100, 320)),
        none(),
        between(part(220, 320), part(300, 320)),
    );
    // In one input it is no different: nobody says which rows were dropped.
    let together = Input {
        from: InputFrom::Artifacts(Cites::Inline(
            [world.refs("human"), world.refs("synthetic")].concat(),
        )),
        ..both()[0].clone()
    };
    let one = of(&world, Does::Mix, vec![together], 320, |run| run);
    assert_eq!(one, boundary);
    // What is repeated weighs more.
    let repeated = Input {
        repeat: decimal("3"),
        ..both()[0].clone()
    };
    let boundary = of(&world, Does::Mix, vec![repeated, both()[1].clone()], 600, |run| {
        run
    });
    is(&boundary, part(1, 2), none(), part(1, 2));
}

#[test]
fn with_an_expansion_one_row_may_be_many() {
    let world = stock();
    let expanded = |rows| {
        of(
            &world,
            Does::Transform,
            data(&world, &["human", "synthetic"]),
            rows,
            |run| Run {
                expansion: decimal("10"),
                ..run
            },
        )
    };
    is(&expanded(4000), part(1, 4), none(), part(3, 4));
    // Five hundred chunks may all be of human rows, or none.
    is(
        &expanded(500),
        between(none(), Share::one()),
        none(),
        between(none(), Share::one()),
    );
}

#[test]
fn annotate_and_judge_and_evaluate_go_to_their_data() {
    let world = stock();
    for does in [Does::Annotate, Does::Judge, Does::Evaluate] {
        let roles = [
            ("human", Role::Data),
            ("synthetic", Role::Data),
            ("api", Role::Judge),
        ];
        let boundary = of(&world, does, inputs(&world, &roles), 400, |run| run);
        is(&boundary, part(1, 4), none(), part(3, 4));
    }
}

#[test]
fn an_output_that_names_its_inputs_comes_from_those() {
    let world = stock();
    let two = |rows: u64, inputs: &[u32]| {
        let mut world = world.clone();
        let data = data(&world, &["human", "synthetic"]);
        world.run(Does::Mix, data, "out", file("out", rows), |run| Run {
            outputs: vec![
                Output {
                    inputs: inputs.to_vec(),
                    ..run.outputs[0].clone()
                },
                Output {
                    name: name("rest"),
                    kind: OutputKind::Shard,
                    set: file("rest", 400 - rows),
                    inputs: vec![],
                },
            ],
            ..run
        });
        let judgement = world.verify("out");
        passes(&judgement);
        judgement.boundary
    };
    is(&two(100, &[0]), Share::one(), none(), none());
    is(&two(300, &[1]), none(), none(), Share::one());
    is(
        &two(100, &[]),
        between(none(), Share::one()),
        none(),
        between(none(), Share::one()),
    );
}

#[test]
fn some_files_of_an_output_are_bounded_by_their_own_rows() {
    let mut world = stock();
    let mut set = file("out", 350);
    set.artifacts
        .push(bytes("small.jsonl", b"small", 50).artifacts.remove(0));
    let inputs = data(&world, &["human", "synthetic"]);
    world.run(Does::Mix, inputs, "out", set, |run| run);
    let whole = world.verify("out");
    passes(&whole);
    is(&whole.boundary, part(1, 4), none(), part(3, 4));
    world.seal();
    let of_one = |at: usize| {
        let request = world.request("out");
        let artifacts = vec![request.artifacts[at]];
        world.drive(Request { artifacts, ..request }).boundary
    };
    is(
        &of_one(0),
        between(part(50, 350), part(100, 350)),
        none(),
        between(part(250, 350), part(300, 350)),
    );
    is(
        &of_one(1),
        between(none(), Share::one()),
        none(),
        between(none(), Share::one()),
    );
}

#[test]
fn a_transform_of_weights_keeps_their_shares() {
    let world = stock();
    let to_model = |run: Run| Run {
        outputs: vec![Output {
            kind: OutputKind::Model,
            ..run.outputs[0].clone()
        }],
        ..run
    };
    let boundary = of(
        &world,
        Does::Transform,
        inputs(&world, &[("base", Role::Base)]),
        0,
        to_model,
    );
    is(&boundary, none(), Share::one(), none());
    // Whatever else is said of it.
    let roles = [("base", Role::Base), ("own", Role::Generator)];
    let boundary = of(&world, Does::Transform, inputs(&world, &roles), 0, |run| Run {
        rewrites: true,
        ..to_model(run)
    });
    is(&boundary, none(), Share::one(), none());
}

#[test]
fn a_transform_that_rewrites_is_a_generation() {
    let world = stock();
    let roles = [("human", Role::Data), ("api", Role::Generator)];
    let made = |rewrites| {
        of(&world, Does::Transform, inputs(&world, &roles), 100, |run| Run {
            rewrites,
            ..run
        })
    };
    is(&made(true), none(), Share::one(), none());
    is(&made(false), Share::one(), none(), none());
}

#[test]
fn training_goes_by_tokens_else_by_rows() {
    let world = stock();
    let both = || data(&world, &["human", "synthetic"]);
    // A thousand tokens each.
    let boundary = of(&world, Does::Train, both(), 0, |run| run);
    is(&boundary, part(1, 2), none(), part(1, 2));
    // What the run itself counts stands before what the files say.
    let counted = Input {
        tokens: Some(3000),
        ..both()[0].clone()
    };
    let boundary = of(&world, Does::Train, vec![counted, both()[1].clone()], 0, |run| {
        run
    });
    is(&boundary, part(3, 4), none(), part(1, 4));
    // The crawl has no tokens, so rows decide: 100, 300 and 100, the first three times.
    let mut three = data(&world, &["human", "synthetic", "crawl"]);
    three[0].repeat = decimal("2");
    let boundary = of(&world, Does::Train, three, 0, |run| Run {
        epochs: decimal("3"),
        ..run
    });
    is(&boundary, part(2, 6), none(), part(3, 6));
    assert_eq!(boundary.origin_not_known, part(1, 6));
}

#[test]
fn a_base_has_its_share_or_any() {
    let world = stock();
    let roles = [("base", Role::Base), ("human", Role::Data)];
    let tuned = |share| {
        let mut inputs = inputs(&world, &roles);
        inputs[0].share = share;
        of(&world, Does::Train, inputs, 0, |run| run)
    };
    is(&tuned(decimal("0.9")), part(1, 10), part(9, 10), none());
    let any = || between(none(), Share::one());
    is(&tuned(None), any(), any(), none());
}

#[test]
fn the_stage_leaves_the_base_out() {
    let mut world = stock();
    let roles = [("base", Role::Base), ("human", Role::Data), ("api", Role::Judge)];
    step(&mut world, Does::Train, &roles, "out", 0);
    let stage = world.verify("out").stage.expect("there is a base");
    is(&stage, Share::one(), none(), none());
    assert_eq!(world.verify("own").stage, None);
}

#[test]
fn rollouts_go_to_their_generator() {
    let world = stock();
    let roles = [
        ("own", Role::Generator),
        ("own", Role::Base),
        ("crawl", Role::Prompt),
    ];
    let boundary = of(&world, Does::Train, inputs(&world, &roles), 0, |run| run);
    is(&boundary, Share::one(), none(), none());
    let roles = [("api", Role::Generator), ("crawl", Role::Prompt)];
    let boundary = of(&world, Does::Train, inputs(&world, &roles), 0, |run| run);
    is(&boundary, none(), Share::one(), none());
}

#[test]
fn a_merge_goes_by_share_or_any() {
    let world = stock();
    let merged = |shares: [Option<Decimal>; 2]| {
        let inputs = inputs(&world, &[("base", Role::Base), ("own", Role::Base)]).into_iter();
        let inputs = inputs.zip(shares).map(|(input, share)| Input { share, ..input });
        of(&world, Does::Merge, inputs.collect(), 0, |run| run)
    };
    is(
        &merged([decimal("0.3"), decimal("0.7")]),
        part(7, 10),
        part(3, 10),
        none(),
    );
    is(&merged([decimal("0.3"), None]), part(7, 10), part(3, 10), none());
    let any = || between(none(), Share::one());
    is(&merged([None, None]), any(), any(), none());
}

#[test]
fn a_data_set_goes_by_the_rows_of_its_members() {
    let mut world = stock();
    step(&mut world, Does::Mix, &[("human", Role::Data)], "copy", 60);
    for (set, members) in [("inner", ["copy", "human"]), ("outer", ["inner", "synthetic"])] {
        let members = members.map(|member| world.refs(member)).concat();
        world.add(Predicate::Dataset(Dataset {
            name: name(set),
            members: Some(Cites::Inline(members)),
            gaps: vec![],
        }));
    }
    let judgement = world.verify("outer");
    passes(&judgement);
    is(&judgement.boundary, part(160, 460), none(), part(300, 460));
}
