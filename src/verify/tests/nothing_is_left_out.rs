//! Does the lineage itself say that something is missing?

use super::kit::*;
use crate::digest::Sha256Digest;
use crate::statement::*;
use crate::verify::*;

#[test]
fn an_honest_lineage_is_traced_with_its_boundary() {
    let judgement = herd().verify("specialist");
    assert_eq!(judgement.findings, []);
    assert_eq!(
        judgement.line(),
        "traced: 0 % to declared sources, 100 % to 1 external model whose own data is not known here; all seeds and \
         prompts declared; records only: 0 of 4 files opened; pinned"
    );
}

#[test]
fn a_gap_names_the_whole_path() {
    let mut world = herd();
    let inputs = vec![
        input(&world, "teacher", Role::Generator),
        gap("the wiki", Role::Seed),
    ];
    world.run(Does::Generate, inputs, "extra", file("extra", 10), |run| run);
    let roles = [("kept", Role::Data), ("extra", Role::Data)];
    step(&mut world, Does::Train, &roles, "second", 0);
    let path = ["second", "train-second", "extra", "generate-extra", "the wiki"];
    fails(&world.verify("second"), Code::UnresolvedInput, &path);
    passes(&world.verify("specialist"));
}

#[test]
fn a_gap_fails_in_every_role_even_where_an_output_does_not_name_it() {
    let roles = [
        (Does::Generate, vec![Role::Generator], Role::Reference),
        (Does::Filter, vec![Role::Data], Role::Labels),
        (Does::Evaluate, vec![Role::Data], Role::Eval),
        (Does::Train, vec![Role::Data], Role::Teacher),
        (Does::Transform, vec![Role::Data], Role::Prompt),
        (Does::Merge, vec![Role::Base, Role::Base], Role::Base),
    ];
    for (does, sound, role) in roles {
        let mut world = herd();
        let item = |role| if role == Role::Data { "seeds" } else { "teacher" };
        let mut inputs: Vec<_> = sound
            .iter()
            .map(|role| input(&world, item(*role), *role))
            .collect();
        inputs.push(gap("nobody knows", role));
        let refine = |run: Run| Run {
            outputs: vec![Output {
                inputs: vec![0],
                ..run.outputs[0].clone()
            }],
            ..run
        };
        world.run(does, inputs, "out", file("out", 10), refine);
        let judgement = world.verify("out");
        assert!(
            judgement.has(Code::UnresolvedInput),
            "{does}: {:#?}",
            judgement.findings
        );
    }
}

#[test]
fn a_data_set_with_a_gap_is_not_traced() {
    let mut world = herd();
    let set = |world: &World, gaps: Vec<Gap>| Dataset {
        name: name("collected"),
        members: Some(Cites::Inline(world.refs("kept"))),
        gaps,
    };
    let plain = set(&world, vec![]);
    world.add(Predicate::Dataset(plain));
    world.train("collected", "good");
    passes(&world.verify("good"));
    let missing = Gap {
        text: "shard 7".to_owned(),
        digest: Some(Sha256Digest::of(b"shard 7")),
    };
    let holed = set(&world, vec![missing]);
    world.add(Predicate::Dataset(holed));
    world.train("collected", "bad");
    let path = ["bad", "train-bad", "collected", "shard 7"];
    fails(&world.verify("bad"), Code::UnresolvedInput, &path);
}

#[test]
fn only_a_signed_no_makes_inputs_incomplete() {
    for (answer, complete) in [(Answer::No, false), (Answer::NotKnown, true), (Answer::Yes, true)] {
        let mut world = herd();
        let inputs = vec![input(&world, "kept", Role::Data)];
        world.run(Does::Train, inputs, "model", weights("model"), |run| Run {
            inputs_complete: answer,
            ..run
        });
        let judgement = world.verify("model");
        if complete {
            passes(&judgement);
        } else {
            fails(&judgement, Code::InputsIncomplete, &["model", "train-model"]);
        }
        let Completeness { yes, no, not_known } = judgement.completeness;
        assert_eq!((yes + no + not_known, not_known >= 2), (3, true));
    }
}

#[test]
fn what_a_tool_saw_counts_against_a_run_and_never_for_it() {
    let observed = |reads: &[&str]| {
        let mut world = herd();
        let run = world.refs("kept")[0].statement;
        let reads = reads.iter().map(|content| Read {
            name: format!("{content}.jsonl"),
            sha256: Sha256Digest::of(content.as_bytes()),
        });
        let observation = Observation {
            run,
            tool: "openlineage".to_owned(),
            reads: reads.collect(),
        };
        world.add_by(STRANGER, Predicate::Observation(observation));
        world.verify("specialist")
    };
    passes(&observed(&["tasks"]));
    fails(
        &observed(&["tasks", "secret"]),
        Code::ContradictedByObservation,
        &["specialist", "train-specialist", "kept", "filter-kept"],
    );
}

#[test]
fn a_run_may_read_members_code_and_the_model_of_its_filter() {
    let mut world = herd();
    let manifest = world.manifest("parts", &[("a.jsonl", b"a"), ("b.jsonl", b"b")]);
    world.add(Predicate::Source(Source {
        set: one(manifest),
        ..source("parts")
    }));
    world.add(Predicate::Dataset(Dataset {
        name: name("all"),
        members: Some(Cites::Inline(world.refs("parts"))),
        gaps: vec![],
    }));
    let judge = Filter {
        name: name("judged"),
        set: absent("judged", Absence::None),
        rule: FilterRule::Quality,
        params: std::collections::BTreeMap::new(),
        model: Some(world.refs("specialist")[0]),
    };
    world.add(Predicate::Filter(judge));
    let code = world.hold("filter.py", b"code");
    let inputs = vec![
        input(&world, "all", Role::Data),
        input(&world, "judged", Role::Filter),
    ];
    let id = world.run(Does::Filter, inputs, "out", uncounted(file("out", 0)), |run| {
        Run {
            code: vec![Attachment {
                name: "filter.py".to_owned(),
                blob: code.sha256.as_blob(),
                bytes: 4,
                sealed: false,
            }],
            ..run
        }
    });
    let reads = ["a", "b", "code", "specialist"].map(|content| Read {
        name: content.to_owned(),
        sha256: Sha256Digest::of(content.as_bytes()),
    });
    world.add(Predicate::Observation(Observation {
        run: id,
        tool: "strace".to_owned(),
        reads: reads.to_vec(),
    }));
    passes(&world.verify("out"));
}

#[test]
fn nothing_but_a_declaration_is_no_lineage() {
    for name in ["seeds", "teacher"] {
        fails(&herd().verify(name), Code::NothingToTrace, &[name]);
    }
    let mut world = herd();
    let filter = |model| Filter {
        name: name("rule"),
        set: absent("rule", Absence::None),
        rule: FilterRule::Dedup,
        params: std::collections::BTreeMap::new(),
        model,
    };
    // A run somewhere behind a rule makes no lineage of the rule itself.
    let model = world.refs("specialist")[0];
    world.add(Predicate::Filter(filter(Some(model))));
    fails(&world.verify("rule"), Code::NothingToTrace, &["rule"]);
    world.add(Predicate::Dataset(Dataset {
        name: name("only sources"),
        members: Some(Cites::Inline(world.refs("seeds"))),
        gaps: vec![],
    }));
    fails(
        &world.verify("only sources"),
        Code::NothingToTrace,
        &["only sources"],
    );
    world.add(Predicate::Dataset(Dataset {
        name: name("made here"),
        members: Some(Cites::Inline(world.refs("kept"))),
        gaps: vec![],
    }));
    passes(&world.verify("made here"));
}

#[test]
fn nothing_is_never_traced() {
    let mut world = herd();
    world.seal();
    let nothing = Request {
        artifacts: vec![],
        ..world.request("specialist")
    };
    let judgement = world.drive(nothing);
    assert_eq!(failing(&judgement), [Code::NotRegistered]);
    assert_eq!(judgement.verdict, Verdict::NotTraced);
}

#[test]
fn a_training_needs_data_or_a_generator() {
    let mut world = herd();
    let roles = [("teacher", Role::Base), ("seeds", Role::Seed)];
    step(&mut world, Does::Train, &roles, "empty", 0);
    fails(
        &world.verify("empty"),
        Code::NothingToTrace,
        &["empty", "train-empty"],
    );
    // On-policy training with prompts only is training.
    let roles = [
        ("specialist", Role::Generator),
        ("specialist", Role::Base),
        ("seeds", Role::Prompt),
    ];
    step(&mut world, Does::Train, &roles, "rl", 0);
    passes(&world.verify("rl"));
}

#[test]
fn a_training_on_no_row_is_none() {
    let mut world = herd();
    world.add(Predicate::Source(Source {
        set: bytes("header.csv", b"question,answer\n", 0),
        ..source("header")
    }));
    let roles = [("teacher", Role::Base), ("header", Role::Data)];
    step(&mut world, Does::Train, &roles, "relabelled", 0);
    let path = ["relabelled", "train-relabelled"];
    fails(&world.verify("relabelled"), Code::NothingToTrace, &path);
    let roles = [("header", Role::Data), ("seeds", Role::Data)];
    step(&mut world, Does::Train, &roles, "trained", 0);
    passes(&world.verify("trained"));
}

#[test]
fn a_merge_needs_two_models() {
    let mut world = herd();
    world.add(Predicate::Model(Model {
        set: ArtifactSet {
            artifacts: [weights("one"), weights("two")]
                .map(|set| set.artifacts[0].clone())
                .to_vec(),
            ..ArtifactSet::default()
        },
        access: Access::Weights,
        ..model("in-two-files")
    }));
    let merged = |bases: &[&str]| {
        let mut world = world.clone();
        let roles: Vec<_> = bases.iter().map(|base| (*base, Role::Base)).collect();
        step(&mut world, Does::Merge, &roles, "merged", 0);
        world.verify("merged")
    };
    let path = ["merged", "merge-merged"];
    for alone in [
        &["specialist"][..],
        &["specialist", "specialist"],
        &["in-two-files"],
    ] {
        fails(&merged(alone), Code::NothingToTrace, &path);
    }
    passes(&merged(&["specialist", "teacher"]));
    passes(&merged(&["specialist", "in-two-files"]));
}

#[test]
fn every_run_needs_what_it_does_something_with() {
    let cases = [
        (Does::Generate, vec![("seeds", Role::Seed)]),
        (Does::Filter, vec![("seeds", Role::Reference)]),
        (Does::Transform, vec![("seeds", Role::Prompt)]),
        (Does::Mix, vec![]),
    ];
    for (does, roles) in cases {
        let mut world = herd();
        step(&mut world, does, &roles, "out", 1);
        let judgement = world.verify("out");
        assert!(judgement.has(Code::NothingToTrace), "{does}");
        assert_eq!(judgement.verdict, Verdict::NotTraced, "{does}");
    }
}

#[test]
fn an_input_must_be_able_to_play_its_role() {
    let mut world = herd();
    step(
        &mut world,
        Does::Generate,
        &[("seeds", Role::Generator)],
        "human-made",
        10,
    );
    world.train("human-made", "fake");
    let path = ["fake", "train-fake", "human-made", "generate-human-made", "seeds"];
    fails(&world.verify("fake"), Code::RoleMismatch, &path);
}

/// The same step told again by the same key, now with all its inputs.
#[test]
fn a_run_is_not_made_complete_by_telling_it_again() {
    let told = |answer| {
        let mut world = herd();
        for (number, complete) in [answer, Answer::Yes].into_iter().enumerate() {
            let inputs = vec![input(&world, "seeds", Role::Data)];
            world.run(Does::Filter, inputs, "told", file("told", 10), |run| Run {
                name: ItemName::new(&format!("run-{number}")).unwrap(),
                inputs_complete: complete,
                ..run
            });
        }
        world.train("told", "model");
        world.verify("model")
    };
    passes(&told(Answer::Yes));
    let judgement = told(Answer::No);
    assert_eq!(failing(&judgement), [Code::InputsIncomplete]);
    assert!(
        judgement.findings[0].message.contains("run run-0"),
        "{:?}",
        judgement.findings
    );
}
