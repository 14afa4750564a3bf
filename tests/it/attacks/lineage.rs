//! Attacks with the lineage itself: nothing in it, something left out, rows from nowhere, ends that are none.

use herdbook::digest::Sha256Digest;
use herdbook::digest::StatementId;
use herdbook::statement::*;
use herdbook::verify::Code;

use super::kit::*;

pub fn attacks() -> Vec<Attack> {
    [emptiness(), gaps(), row_counts(), roles(), ends(), citations()].concat()
}

/// A herd with one more run on it.
fn herd_with(
    does: Does,
    inputs: &[(&str, Role)],
    output: &str,
    set: ArtifactSet,
    change: impl FnOnce(Run) -> Run,
) -> World {
    let mut world = World::herd();
    world.run(does, inputs, output, set, change);
    world.sealed()
}

fn emptiness() -> Vec<Attack> {
    let nothing = [Code::NothingToTrace];
    vec![
        Attack::both(
            [
                "empty-lineage",
                "a model is declared as if it were the end of a lineage, and nothing led to it",
                "`traced` for a thing that nobody traced",
            ],
            &World::herd().sealed(),
            "teacher",
            &nothing,
        ),
        Attack::both(
            [
                "training-on-nothing",
                "a training has a base and seeds, and no data",
                "somebody else's model, with a run of one's own",
            ],
            &herd_with(
                Does::Train,
                &[("teacher", Role::Base), ("seeds", Role::Seed)],
                "model",
                weights("model"),
                |run| run,
            ),
            "model",
            &nothing,
        ),
        Attack::both(
            [
                "training-on-a-header",
                "a training takes a CSV file that has a header and no row",
                "a run with data, where there is none",
            ],
            &{
                let mut world = World::herd();
                world.add(Predicate::Source(Source {
                    set: one(bytes("header.csv", b"question,answer\n", Some(0))),
                    ..source("header")
                }));
                let roles = [("teacher", Role::Base), ("header", Role::Data)];
                world.run(Does::Train, &roles, "model", weights("model"), |run| run);
                world.sealed()
            },
            "model",
            &nothing,
        ),
        Attack::both(
            [
                "merge-of-one",
                "a merge takes the same model twice",
                "another name for a model",
            ],
            &herd_with(
                Does::Merge,
                &[("specialist", Role::Base), ("specialist", Role::Base)],
                "model",
                weights("model"),
                |run| run,
            ),
            "model",
            &nothing,
        ),
        Attack::both(
            [
                "generation-without-a-generator",
                "a generation has seeds, and nothing that generates",
                "generated rows that no model has to answer for",
            ],
            &herd_with(
                Does::Generate,
                &[("seeds", Role::Seed)],
                "made",
                rows("made", 10),
                |run| run,
            ),
            "made",
            &nothing,
        ),
    ]
}

/// What a tool saw the training of the herd read.
pub fn observed(content: &str) -> World {
    let mut world = World::herd();
    let observation = Observation {
        run: world.refs("specialist")[0].statement,
        tool: "openlineage".to_owned(),
        reads: vec![Read {
            name: format!("{content}.jsonl"),
            sha256: Sha256Digest::of(content.as_bytes()),
        }],
    };
    world.add(Predicate::Observation(observation));
    world.sealed()
}

fn gaps() -> Vec<Attack> {
    vec![
        Attack::both(
            [
                "missing-run-input",
                "a training records an input that nobody declared",
                "`traced` for the part that is known",
            ],
            &herd_with(
                Does::Train,
                &[("kept", Role::Data)],
                "model",
                weights("model"),
                |run| {
                    let mut run = run;
                    run.inputs.push(gap("scraped from somewhere", Role::Data));
                    run
                },
            ),
            "model",
            &[Code::UnresolvedInput],
        ),
        Attack::both(
            [
                "missing-output-input",
                "an output names only the declared input of its run, and the run has an undeclared one too",
                "to keep the gap out of one output",
            ],
            &herd_with(
                Does::Filter,
                &[("kept", Role::Data)],
                "clean",
                rows("clean", 10),
                |run| {
                    let mut run = run;
                    run.inputs.push(gap("scraped from somewhere", Role::Data));
                    run.outputs[0].inputs = vec![0];
                    run
                },
            ),
            "clean",
            &[Code::UnresolvedInput],
        ),
        Attack::both(
            [
                "gap-in-a-dataset",
                "a data set lacks a shard that nobody declared, and is trained on as a whole",
                "a hole behind a name",
            ],
            &{
                let mut world = World::herd();
                let set = Dataset {
                    gaps: vec![Gap {
                        text: "shard 7".to_owned(),
                        digest: None,
                    }],
                    ..dataset(&world, "collected", &["kept"])
                };
                world.add(Predicate::Dataset(set));
                world.train("collected", "model");
                world.sealed()
            },
            "model",
            &[Code::UnresolvedInput],
        ),
        Attack::both(
            [
                "inputs-incomplete",
                "a training itself says that its inputs are not complete",
                "`traced` in spite of what was signed",
            ],
            &herd_with(
                Does::Train,
                &[("kept", Role::Data)],
                "model",
                weights("model"),
                |run| Run {
                    inputs_complete: Answer::No,
                    ..run
                },
            ),
            "model",
            &[Code::InputsIncomplete],
        ),
        Attack::both(
            [
                "observation-contradicts",
                "a tool saw the training read a file that the run does not declare",
                "a run that tells a part of what it read",
            ],
            &observed("secret"),
            "specialist",
            &[Code::ContradictedByObservation],
        ),
    ]
}

/// A run over the hundred rows of the seeds.
fn over_seeds(does: Does, count: u64, change: impl FnOnce(Run) -> Run) -> World {
    herd_with(does, &[("seeds", Role::Data)], "out", rows("out", count), change)
}

fn row_counts() -> Vec<Attack> {
    let too_many = [Code::RowsNotAccounted];
    vec![
        Attack::both(
            [
                "transform-that-makes-rows",
                "a transform puts out more rows than it took",
                "generated rows under the name of a conversion",
            ],
            &over_seeds(Does::Transform, 101, |run| run),
            "out",
            &too_many,
        ),
        Attack::both(
            [
                "filter-that-makes-rows",
                "a filter puts out more rows than it took",
                "rows from nowhere",
            ],
            &over_seeds(Does::Filter, 5000, |run| run),
            "out",
            &too_many,
        ),
        Attack::both(
            [
                "evaluation-that-generates",
                "an evaluation with a model declares 520 rows for each that it took",
                "generated rows under the name of scores",
            ],
            &herd_with(
                Does::Evaluate,
                &[("seeds", Role::Data), ("teacher", Role::Generator)],
                "out",
                rows("out", 52_000),
                |run| Run {
                    expansion: decimal("520"),
                    ..run
                },
            ),
            "out",
            &too_many,
        ),
        Attack::both(
            [
                "rows-stated-twice",
                "a mix takes the same rows as two inputs to account for twice as many",
                "that rows are counted where they are cited",
            ],
            &herd_with(
                Does::Mix,
                &[("seeds", Role::Data), ("seeds", Role::Data)],
                "out",
                rows("out", 200),
                |run| run,
            ),
            "out",
            &too_many,
        ),
        Attack::both(
            [
                "more-rows-taken-than-there-are",
                "an input states to take a million of a hundred rows",
                "that the stated number counts",
            ],
            &over_seeds(Does::Filter, 1000, |run| {
                let mut run = run;
                run.inputs[0].rows = Some(1_000_000);
                run
            }),
            "out",
            &too_many,
        ),
        Attack::both(
            [
                "more-rows-out-than-were-kept",
                "a filter states to have kept 60 rows, and 61 come out",
                "one row of one's own",
            ],
            &over_seeds(Does::Filter, 61, |run| {
                let mut run = run;
                run.inputs[0].kept = Some(60);
                run
            }),
            "out",
            &too_many,
        ),
        Attack::both(
            [
                "expansion-too-small",
                "a transform declares that a row becomes two, and puts out three of each",
                "a small word for a large step",
            ],
            &over_seeds(Does::Transform, 300, |run| Run {
                expansion: decimal("2"),
                ..run
            }),
            "out",
            &too_many,
        ),
        Attack::both(
            [
                "training-on-more-than-there-is",
                "a training states ten thousand rows of data that has a hundred, without more epochs",
                "a larger share for the better data",
            ],
            &herd_with(
                Does::Train,
                &[("seeds", Role::Data)],
                "out",
                weights("out"),
                |run| {
                    let mut run = run;
                    run.inputs[0].rows = Some(10_000);
                    run
                },
            ),
            "out",
            &too_many,
        ),
    ]
}

fn roles() -> Vec<Attack> {
    let misplaced = [Code::RoleMismatch];
    vec![
        Attack::refused(
            [
                "source-as-generator",
                "a generation has a human source as its generator",
                "generated rows that count as human",
            ],
            &herd_with(
                Does::Generate,
                &[("seeds", Role::Generator)],
                "made",
                rows("made", 10),
                |run| run,
            ),
            "made",
            &misplaced,
        ),
        Attack::refused(
            [
                "model-as-data",
                "a mix takes a model as if it were rows",
                "rows without the one who made them",
            ],
            &herd_with(
                Does::Mix,
                &[("specialist", Role::Data)],
                "out",
                rows("out", 10),
                |run| run,
            ),
            "out",
            &misplaced,
        ),
        Attack::refused(
            [
                "model-in-a-dataset",
                "a data set has an external model as a member and is trained on",
                "a model that becomes data by way of a name",
            ],
            &{
                let mut world = World::herd();
                world.add(Predicate::Dataset(dataset(&world, "set", &["teacher"])));
                world.train("set", "model");
                world.sealed()
            },
            "model",
            &misplaced,
        ),
        Attack::refused(
            [
                "source-as-judge",
                "a filter names a source as the model that decides",
                "a judge that nobody can ask about",
            ],
            &{
                let mut world = World::herd();
                let model = world.refs("seeds")[0];
                world.add(Predicate::Filter(filter("rule", Some(model))));
                let roles = [("kept", Role::Data), ("rule", Role::Filter)];
                world.run(Does::Filter, &roles, "out", rows("out", 10), |run| run);
                world.sealed()
            },
            "out",
            &misplaced,
        ),
    ]
}

/// The ends of lineages that are none.
fn ends() -> Vec<Attack> {
    let model_made = |generators| {
        move |source| Source {
            made_by: MadeBy::Model,
            generators,
            ..source
        }
    };
    let of = |made_by| {
        move |source| Source {
            made_by,
            acquired_by: AcquiredBy::Licensed,
            ..source
        }
    };
    let unnamed = [Code::SyntheticOriginUnknown];
    vec![
        Attack::both(
            [
                "synthetic-without-generators",
                "a source was made by a model, and does not say which",
                "synthetic data that ends the lineage",
            ],
            &World::on(model_made(Generators::NotKnown)).sealed(),
            "model",
            &unnamed,
        ),
        Attack::both(
            [
                "generator-called-unknown",
                "a source was made by a model whose name is said to be `unknown`",
                "a name that is none",
            ],
            &World::on(model_made(Generators::Named(vec!["unknown".to_owned()]))).sealed(),
            "model",
            &unnamed,
        ),
        Attack::both(
            [
                "unknown-origin",
                "nobody knows who made a source that was licensed",
                "an end of the lineage that says nothing",
            ],
            &World::on(of(MadeBy::Unknown)).sealed(),
            "model",
            &[Code::OriginUnknown],
        ),
        Attack::both(
            [
                "mixed-without-a-share",
                "a licensed source is mixed, and nobody says what part a model made",
                "one human row that makes the rest human",
            ],
            &World::on(of(MadeBy::Mixed)).sealed(),
            "model",
            &[Code::OriginUnknown],
        ),
        Attack::both(
            [
                "illustrative-digest",
                "the digest of a source is a made-up example",
                "a source that there is not",
            ],
            &World::on(|source| Source {
                set: absent("rows", Absence::Illustrative),
                ..source
            })
            .sealed(),
            "model",
            &[Code::IllustrativeDigest],
        ),
        Attack::both(
            [
                "illustrative-reference",
                "a made-up example stands beside sound data, as a reference",
                "that only data is looked at",
            ],
            &{
                let mut world = World::herd();
                world.add(Predicate::Source(Source {
                    set: absent("example", Absence::Illustrative),
                    ..source("example")
                }));
                let roles = [("kept", Role::Data), ("example", Role::Reference)];
                world.run(Does::Train, &roles, "model", weights("model"), |run| run);
                world.sealed()
            },
            "model",
            &[Code::IllustrativeDigest],
        ),
    ]
}

/// A filter over one artifact.
fn over(world: &mut World, artifact: ArtifactRef) {
    let run = run(
        Does::Filter,
        vec![cited(vec![artifact], Role::Data)],
        "out",
        rows("out", 10),
    );
    world.add(Predicate::Run(run));
}

fn citations() -> Vec<Attack> {
    let seeds = World::herd().refs("seeds")[0];
    let citing = |artifact| {
        let mut world = World::herd();
        over(&mut world, artifact);
        world.sealed()
    };
    vec![
        Attack::refused(
            [
                "parent-above-child",
                "a run cites a source that stands above it in the log",
                "a source that is declared when it is needed",
            ],
            &{
                let mut world = World::new();
                let above = Predicate::Source(source("above"));
                let id = world.clone().add(above.clone());
                over(&mut world, ArtifactRef::subject(id, 0));
                world.add(above);
                world.sealed()
            },
            "out",
            &[Code::EntryMissing],
        ),
        Attack::refused(
            [
                "citation-of-nothing",
                "a run cites a statement that is not in the log",
                "an input that nobody can look up",
            ],
            &citing(ArtifactRef::subject(StatementId::from_bytes([1; 32]), 0)),
            "out",
            &[Code::EntryMissing],
        ),
        Attack::refused(
            [
                "citation-of-a-missing-subject",
                "a run cites the second subject of a statement that has one",
                "an input that nobody can look up",
            ],
            &citing(ArtifactRef { subject: 1, ..seeds }),
            "out",
            &[Code::Inadmissible],
        ),
        Attack::refused(
            [
                "citation-of-a-missing-member",
                "a run cites a member of a file that is no manifest",
                "an input that nobody can look up",
            ],
            &citing(ArtifactRef {
                member: Some(0),
                ..seeds
            }),
            "out",
            &[Code::Inadmissible],
        ),
    ]
}
