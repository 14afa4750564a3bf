//! Attacks with the lineage itself: nothing in it, something left out, things in roles they cannot play.

use herdbook::digest::Sha256Digest;
use herdbook::digest::StatementId;
use herdbook::statement::*;
use herdbook::verify::Code;

use super::kit::*;

pub fn attacks() -> Vec<Attack> {
    [emptiness(), gaps(), roles(), citations()].concat()
}

/// A herd with one more run on it.
pub fn herd_with(
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

#[expect(clippy::too_many_lines, reason = "a list of attacks")]
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

#[expect(clippy::too_many_lines, reason = "a list of attacks")]
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
