//! Who contributes how much to rows? Every row of the mass table, worked out by hand on the stock.

use super::kit::*;
use super::stock::*;
use crate::statement::*;
use crate::verify::*;

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
