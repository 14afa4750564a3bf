//! Do the rows that came out all come from somewhere?

use super::kit::*;
use crate::statement::*;
use crate::verify::*;

/// Seeds of 100 rows, other rows of 50, and a model.
fn stock() -> World {
    let mut world = World::new();
    world.add(Predicate::Source(source("seeds")));
    world.add(Predicate::Source(Source {
        set: file("others", 50),
        ..source("others")
    }));
    world.add(Predicate::Model(model("teacher")));
    world
}

fn data(world: &World, items: &[&str]) -> Vec<Input> {
    items.iter().map(|item| input(world, item, Role::Data)).collect()
}

/// The verdict on `rows` rows made from these inputs.
fn out(
    world: &World,
    does: Does,
    inputs: Vec<Input>,
    rows: u64,
    change: impl FnOnce(Run) -> Run,
) -> Judgement {
    let mut world = world.clone();
    world.run(does, inputs, "out", file("out", rows), change);
    world.verify("out")
}

const PASSING: [Does; 6] = [
    Does::Filter,
    Does::Mix,
    Does::Transform,
    Does::Annotate,
    Does::Judge,
    Does::Evaluate,
];

#[test]
fn what_passes_rows_on_makes_none() {
    let world = stock();
    for does in PASSING {
        let path = ["out", &format!("{does}-out")];
        let inputs = data(&world, &["seeds"]);
        passes(&out(&world, does, inputs.clone(), 100, |run| run));
        let judgement = out(&world, does, inputs, 101, |run| run);
        fails(&judgement, Code::RowsNotAccounted, &path);
    }
    let generator = vec![
        input(&world, "teacher", Role::Generator),
        input(&world, "seeds", Role::Seed),
    ];
    passes(&out(&world, Does::Generate, generator, 5000, |run| run));
}

#[test]
fn a_rewrite_makes_rows_and_says_so() {
    let world = stock();
    let mut inputs = data(&world, &["seeds"]);
    inputs.push(input(&world, "teacher", Role::Generator));
    let rewrites = |run| Run {
        rewrites: true,
        ..run
    };
    let judgement = out(&world, Does::Transform, inputs, 5000, rewrites);
    passes(&judgement);
    assert_eq!(judgement.boundary.external_models, Share::one());
    let alone = out(&world, Does::Transform, data(&world, &["seeds"]), 50, rewrites);
    assert!(alone.has(Code::NothingToTrace));
}

#[test]
fn the_smaller_of_what_is_stated_and_what_exists_counts() {
    let world = stock();
    let stated = |rows| {
        vec![Input {
            rows: Some(rows),
            ..input(&world, "seeds", Role::Data)
        }]
    };
    passes(&out(&world, Does::Filter, stated(40), 40, |run| run));
    for (rows, came_out) in [(40, 41), (1_000_000, 101)] {
        let judgement = out(&world, Does::Filter, stated(rows), came_out, |run| run);
        fails(&judgement, Code::RowsNotAccounted, &["out", "filter-out"]);
    }
}

#[test]
fn what_was_kept_is_all_that_came_out() {
    let world = stock();
    let kept = |kept| {
        vec![Input {
            kept: Some(kept),
            ..input(&world, "seeds", Role::Data)
        }]
    };
    passes(&out(&world, Does::Filter, kept(60), 60, |run| run));
    let judgement = out(&world, Does::Filter, kept(60), 61, |run| run);
    fails(&judgement, Code::RowsNotAccounted, &["out", "filter-out"]);
}

#[test]
fn rows_are_repeated_and_expanded_only_by_word() {
    let world = stock();
    let twice = vec![Input {
        repeat: decimal("2"),
        ..input(&world, "seeds", Role::Data)
    }];
    passes(&out(&world, Does::Mix, twice.clone(), 200, |run| run));
    let judgement = out(&world, Does::Mix, twice, 201, |run| run);
    fails(&judgement, Code::RowsNotAccounted, &["out", "mix-out"]);
    // Chunking with a declared expansion.
    let expansion = |run| Run {
        expansion: decimal("3"),
        ..run
    };
    let inputs = data(&world, &["seeds"]);
    let judgement = out(&world, Does::Transform, inputs.clone(), 300, expansion);
    passes(&judgement);
    assert_eq!(notes(&judgement), [Code::RowsExpanded]);
    let judgement = out(&world, Does::Transform, inputs, 301, expansion);
    fails(&judgement, Code::RowsNotAccounted, &["out", "transform-out"]);
}

#[test]
fn rows_beyond_those_taken_are_a_generators() {
    let world = stock();
    for does in PASSING {
        let mut inputs = data(&world, &["seeds"]);
        inputs.push(input(&world, "teacher", Role::Generator));
        let judgement = out(&world, does, inputs.clone(), 100, |run| run);
        passes(&judgement);
        assert_eq!(notes(&judgement), [Code::AiEnriched]);
        if matches!(does, Does::Filter | Does::Mix) {
            // These cannot even state an expansion.
            continue;
        }
        let judgement = out(&world, does, inputs, 5000, |run| Run {
            expansion: decimal("50"),
            ..run
        });
        let path = ["out", &format!("{does}-out")];
        fails(&judgement, Code::RowsNotAccounted, &path);
        assert!(judgement.findings[0].message.contains("does: generate"));
    }
}

#[test]
fn a_judgement_by_a_model_is_said() {
    let world = stock();
    for (does, said) in [
        (Does::Judge, &[Code::AiEnriched][..]),
        (Does::Annotate, &[Code::AiEnriched]),
        (Does::Filter, &[]),
        (Does::Evaluate, &[]),
    ] {
        let mut inputs = data(&world, &["seeds"]);
        inputs.push(input(&world, "teacher", Role::Judge));
        let judgement = out(&world, does, inputs, 100, |run| run);
        passes(&judgement);
        assert_eq!(notes(&judgement), said, "{does}");
    }
}

#[test]
fn the_same_content_makes_no_more_rows_however_it_is_taken() {
    let mut world = stock();
    for set in ["one", "two"] {
        world.add(Predicate::Dataset(Dataset {
            name: name(set),
            members: Some(Cites::Inline(world.refs("seeds"))),
            gaps: vec![],
        }));
    }
    world.add(Predicate::Source(Source {
        set: file("seeds", 100),
        ..source("copy")
    }));
    for pair in [
        ["seeds", "seeds"],
        ["seeds", "copy"],
        ["one", "two"],
        ["one", "seeds"],
    ] {
        let judgement = out(&world, Does::Mix, data(&world, &pair), 150, |run| run);
        fails(&judgement, Code::RowsNotAccounted, &["out", "mix-out"]);
        passes(&out(&world, Does::Mix, data(&world, &pair), 100, |run| run));
    }
    // In one input too.
    let both = [world.refs("seeds"), world.refs("one")].concat();
    let inputs = vec![Input {
        from: InputFrom::Artifacts(Cites::Inline(both)),
        ..input(&world, "seeds", Role::Data)
    }];
    let judgement = out(&world, Does::Mix, inputs, 150, |run| run);
    fails(&judgement, Code::RowsNotAccounted, &["out", "mix-out"]);
    // Two parts of one source are no repetition.
    let slice = |rows| Input {
        rows: Some(rows),
        ..input(&world, "seeds", Role::Data)
    };
    passes(&out(&world, Does::Mix, vec![slice(50), slice(50)], 100, |run| {
        run
    }));
}

#[test]
fn members_of_manifests_that_overlap_count_once() {
    let mut world = stock();
    let counted = |file: &str, rows| crate::manifest::Member {
        rows: Some(rows),
        ..member(file, file.as_bytes())
    };
    for (item, files) in [("left", ["a", "b"]), ("right", ["b", "c"])] {
        let manifest = world.manifest_of(item, files.map(|file| counted(file, 10)).to_vec());
        world.add(Predicate::Source(Source {
            set: one(manifest),
            ..source(item)
        }));
    }
    passes(&out(
        &world,
        Does::Mix,
        data(&world, &["left", "right"]),
        30,
        |run| run,
    ));
    let judgement = out(&world, Does::Mix, data(&world, &["left", "right"]), 31, |run| run);
    fails(&judgement, Code::RowsNotAccounted, &["out", "mix-out"]);
}

#[test]
fn a_manifest_has_the_rows_of_its_members_whatever_is_said_of_it() {
    let mut world = stock();
    let member = crate::manifest::Member {
        rows: Some(10),
        ..member("a.jsonl", b"a")
    };
    let mut manifest = world.manifest_of("parts", vec![member]);
    manifest.rows = Some(Count {
        value: 1_000_000,
        basis: CountBasis::Given,
    });
    world.add(Predicate::Source(Source {
        set: one(manifest.clone()),
        ..source("parts")
    }));
    let judgement = out(&world, Does::Filter, data(&world, &["parts"]), 11, |run| run);
    fails(&judgement, Code::RowsNotAccounted, &["out", "filter-out"]);
    // Nor do its outputs count for less than their files.
    let mut understated = file("out", 5000);
    understated.rows = Some(Count {
        value: 10,
        basis: CountBasis::Given,
    });
    let inputs = data(&world, &["parts"]);
    world.run(Does::Filter, inputs, "out", understated, |run| run);
    fails(
        &world.verify("out"),
        Code::RowsNotAccounted,
        &["out", "filter-out"],
    );
}

#[test]
fn all_outputs_together_and_each_that_names_its_inputs() {
    let world = stock();
    let two = |first: (u64, &[u32]), second: (u64, &[u32])| {
        let mut world = world.clone();
        let inputs = data(&world, &["seeds", "others"]);
        world.run(Does::Mix, inputs, "out", file("out", first.0), |run| Run {
            outputs: vec![
                Output {
                    inputs: first.1.to_vec(),
                    ..run.outputs[0].clone()
                },
                Output {
                    name: name("rest"),
                    kind: OutputKind::Shard,
                    set: file("rest", second.0),
                    inputs: second.1.to_vec(),
                },
            ],
            ..run
        });
        world.verify("out")
    };
    passes(&two((100, &[]), (50, &[])));
    passes(&two((100, &[0]), (50, &[1])));
    let path = ["out", "mix-out"];
    fails(&two((100, &[]), (51, &[])), Code::RowsNotAccounted, &path);
    // A hundred and twenty rows are not all from the fifty others.
    let judgement = two((120, &[1]), (10, &[]));
    fails(&judgement, Code::RowsNotAccounted, &path);
    assert!(judgement.findings[0].message.contains("as out"));
}

#[test]
fn rows_nobody_knows_are_noted() {
    let mut world = stock();
    world.add(Predicate::Source(Source {
        set: uncounted(file("parquet", 0)),
        ..source("parquet")
    }));
    let unknown = out(&world, Does::Filter, data(&world, &["parquet"]), 100, |run| run);
    passes(&unknown);
    assert_eq!(notes(&unknown), [Code::RowsNotChecked]);
    // A number that is stated of what nobody counted proves nothing, but it can contradict itself.
    let stated = vec![Input {
        rows: Some(100),
        ..input(&world, "parquet", Role::Data)
    }];
    let judgement = out(&world, Does::Filter, stated.clone(), 100, |run| run);
    passes(&judgement);
    assert_eq!(notes(&judgement), [Code::RowsNotChecked]);
    let judgement = out(&world, Does::Filter, stated.clone(), 101, |run| run);
    fails(&judgement, Code::RowsNotAccounted, &["out", "filter-out"]);
    let judgement = out(&world, Does::Train, stated, 0, |run| run);
    passes(&judgement);
    assert_eq!(notes(&judgement), [Code::RowsNotChecked]);
    // A filter that does not know what it put out.
    let mut quiet = world.clone();
    let inputs = data(&quiet, &["seeds"]);
    quiet.run(Does::Filter, inputs, "out", uncounted(file("out", 0)), |run| run);
    let judgement = quiet.verify("out");
    passes(&judgement);
    assert_eq!(notes(&judgement), [Code::RowsNotChecked]);
}

#[test]
fn training_takes_distinct_rows_once_an_epoch() {
    let world = stock();
    let trained = |rows: &[u64], epochs: Option<Decimal>| {
        let inputs = rows.iter().map(|rows| Input {
            rows: Some(*rows),
            ..input(&world, "seeds", Role::Data)
        });
        out(&world, Does::Train, inputs.collect(), 0, |run| Run {
            epochs,
            ..run
        })
    };
    passes(&trained(&[100], None));
    passes(&trained(&[300], decimal("3")));
    passes(&trained(&[40, 60], None));
    let path = ["out", "train-out"];
    fails(&trained(&[101], None), Code::RowsNotAccounted, &path);
    fails(&trained(&[301], decimal("3")), Code::RowsNotAccounted, &path);
    fails(&trained(&[100, 100], None), Code::RowsNotAccounted, &path);
}
