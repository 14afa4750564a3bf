//! Pedigrees of judged lineages: the ledger of the tests of the verdict, and what its descent gives.

use crate::pedigree::*;
use crate::statement::*;
use crate::verify::tests::kit::*;
use crate::verify::*;

fn judged(world: &World, name: &str) -> Judgement {
    world.verify(name)
}

fn of(judgement: &Judgement) -> Pedigree {
    pedigree(judgement.descent.as_ref().unwrap(), &[]).unwrap()
}

/// Shares of one class, summed over its founders.
fn class(pedigree: &Pedigree, class: &str) -> Share {
    let those = pedigree
        .whole
        .founders
        .iter()
        .filter(|founder| founder.class == class);
    those.fold(Share::zero(), |sum, founder| Share {
        low: sum.low + &founder.share.low,
        high: sum.high + &founder.share.high,
    })
}

#[track_caller]
fn adds_up(judgement: &Judgement) {
    let pedigree = of(judgement);
    let boundary = &judgement.boundary;
    for (name, share) in [
        ("sources", &boundary.sources),
        ("external_models", &boundary.external_models),
        ("opaque_synthetic", &boundary.opaque_synthetic),
        ("origin_not_known", &boundary.origin_not_known),
        ("unknown", &boundary.unknown),
    ] {
        assert!(share.is_exact(), "{name}");
        assert_eq!(class(&pedigree, name), *share, "{name}");
    }
    assert_eq!(pedigree.whole.coverage, boundary.sources);
    assert_eq!(pedigree.unknowns, []);
}

#[test]
fn founders_add_up_to_the_boundary_of_the_verdict() {
    let mut world = herd();
    world.add(Predicate::Source(Source {
        made_by: MadeBy::Mixed,
        generators: Generators::Named(vec!["GPT-4 ".to_owned()]),
        synthetic_share: decimal("0.25"),
        ..source("trees")
    }));
    world.add(Predicate::Source(Source {
        made_by: MadeBy::Unknown,
        acquired_by: AcquiredBy::WebCrawl,
        ..source("crawl")
    }));
    let data = [("kept", Role::Data), ("trees", Role::Data), ("crawl", Role::Data)];
    step(&mut world, Does::Train, &data, "mixed", 0);
    let judgement = judged(&world, "mixed");
    adds_up(&judgement);
    let pedigree = of(&judgement);
    // 800 rows generated, 25 of the 100 mixed ones.
    assert_eq!(pedigree.whole.synthetic, part(825, 1000));
    assert_eq!(
        pedigree.whole.effective_sources,
        Some(Share::exact(part(100, 66).low))
    );
    assert_eq!(pedigree.self_consumption.other, part(825, 1000));
    let names: Vec<&str> = pedigree
        .whole
        .generators
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(names, ["teacher", "gpt-4"]);
    // The seeds condition, and are no founder.
    assert!(
        pedigree
            .whole
            .founders
            .iter()
            .all(|founder| founder.name != "seeds")
    );
}

#[test]
fn the_stage_leaves_the_base_out_and_a_share_that_is_missing_is_named() {
    let mut world = herd();
    world.add(Predicate::Model(Model {
        access: Access::Weights,
        ..model("base")
    }));
    let inputs = [("base", Role::Base), ("kept", Role::Data)];
    step(&mut world, Does::Train, &inputs, "tuned", 0);
    let judgement = judged(&world, "tuned");
    let pedigree = of(&judgement);
    assert_eq!(pedigree.whole.synthetic, Share::any());
    assert_eq!(pedigree.whole.synthetic_inherited, Share::zero());
    let stage = pedigree.stage.unwrap();
    assert_eq!(stage.synthetic, Share::one());
    assert_eq!(stage.founders.len(), 1);
    assert_eq!(pedigree.stage_self_consumption.unwrap().other, Share::one());
    let texts: Vec<&str> = pedigree.unknowns.iter().map(|one| one.text.as_str()).collect();
    assert_eq!(texts, ["the share of base in train-tuned is not known"]);
}

#[test]
fn rows_that_nobody_counted_widen_and_are_named() {
    let mut world = World::new();
    world.add(Predicate::Source(source("counted")));
    world.add(Predicate::Source(Source {
        set: uncounted(file("silent", 0)),
        ..source("silent")
    }));
    let data = [("counted", Role::Data), ("silent", Role::Data)];
    step(&mut world, Does::Train, &data, "model", 0);
    let judgement = judged(&world, "model");
    let pedigree = of(&judgement);
    assert_eq!(pedigree.whole.coverage, Share::one());
    assert!(
        pedigree
            .whole
            .founders
            .iter()
            .all(|founder| founder.share == Share::any())
    );
    assert_eq!(
        pedigree.whole.effective_sources,
        Some(Share {
            low: part(1, 1).low,
            high: part(2, 1).low
        })
    );
    let texts: Vec<&str> = pedigree.unknowns.iter().map(|one| one.text.as_str()).collect();
    assert_eq!(texts, ["rows of silent are not known"]);
}

#[test]
fn rollouts_are_generated_though_they_are_no_item() {
    let mut world = herd();
    world.add(Predicate::Model(Model {
        access: Access::Weights,
        ..model("base")
    }));
    let inputs = [("base", Role::Base), ("base", Role::Generator)];
    step(&mut world, Does::Train, &inputs, "rl", 0);
    let pedigree = of(&judged(&world, "rl"));
    let stage = pedigree.stage.unwrap();
    assert_eq!(stage.synthetic, Share::one());
    assert_eq!(pedigree.stage_self_consumption.unwrap().own, Share::one());
    assert_eq!(pedigree.self_consumption.loops.len(), 1);
}

/// Answers of an evaluation that the next model is trained on.
#[test]
fn what_a_model_answered_is_generated() {
    let mut world = herd();
    world.add(Predicate::Source(source("exam")));
    let inputs = [("specialist", Role::Data), ("exam", Role::Eval)];
    step(&mut world, Does::Evaluate, &inputs, "answers", 1000);
    let next = [("specialist", Role::Base), ("answers", Role::Data)];
    step(&mut world, Does::Train, &next, "pupil", 0);
    let (judgement, exam) = (judged(&world, "pupil"), judged(&world, "exam"));
    let artifacts = world.refs("exam");
    let target = Target {
        name: "exam",
        artifacts: &artifacts,
        descent: exam.descent.as_ref().unwrap(),
    };
    let found = pedigree(judgement.descent.as_ref().unwrap(), &[target]).unwrap();
    let stage = found.stage.unwrap();
    assert_eq!(stage.synthetic, Share::one());
    assert_eq!(stage.generators[0].name, "specialist");
    assert_eq!(found.stage_self_consumption.unwrap().own, Share::one());
    assert_eq!(found.self_consumption.loops.len(), 1);
    let levels: Vec<Level> = found.contamination[0]
        .levels
        .iter()
        .map(|level| level.level)
        .collect();
    assert_eq!(levels, [Level::Derived]);
}

/// Of rows and a model that one evaluation takes, what the model answered is a sample.
#[test]
fn rows_beside_a_model_that_is_evaluated_stay_rows() {
    let mut world = herd();
    world.add(Predicate::Source(source("rows")));
    let inputs = [("specialist", Role::Data), ("rows", Role::Data)];
    step(&mut world, Does::Evaluate, &inputs, "answers", 100);
    world.train("answers", "pupil");
    let whole = of(&judged(&world, "pupil")).whole;
    assert_eq!(whole.synthetic, Share::any());
    assert_eq!(whole.generators.last().unwrap().name, "specialist");
}

/// A filter that a model is asked in, and a training that a model taught.
#[test]
fn a_generator_in_a_filter_enriches_and_a_teacher_is_told() {
    let mut world = herd();
    let inputs = [("kept", Role::Data), ("teacher", Role::Generator)];
    step(&mut world, Does::Filter, &inputs, "cleaned", 500);
    let taught = [("cleaned", Role::Data), ("teacher", Role::Teacher)];
    step(&mut world, Does::Train, &taught, "pupil", 0);
    let judgement = judged(&world, "pupil");
    assert!(judgement.has(Code::AiEnriched));
    let found = of(&judgement);
    assert_eq!(found.whole.ai_enriched, Share::one());
    let taught: Vec<(&str, &str)> = (found.teachers.iter())
        .map(|one| (one.name.as_str(), one.pupil_name.as_str()))
        .collect();
    assert_eq!(taught, [("teacher", "pupil")]);
}

/// One model under two names, and another one.
#[test]
fn a_model_that_is_declared_twice_is_one_founder() {
    for (version, many) in [("V-1 ", 1), ("v-2", 2)] {
        let mut world = herd();
        for (name, version) in [("one", "v-1"), ("two", version)] {
            world.add(Predicate::Model(Model {
                version: version.to_owned(),
                ..model(name)
            }));
            let by = [(name, Role::Generator), ("seeds", Role::Seed)];
            step(&mut world, Does::Generate, &by, &format!("by-{name}"), 100);
        }
        let data = [("by-one", Role::Data), ("by-two", Role::Data)];
        step(&mut world, Does::Train, &data, "pupil", 0);
        let whole = of(&judged(&world, "pupil")).whole;
        let many = Some(Share::exact(part(many, 1).low));
        assert_eq!(whole.effective_sources, many);
        assert_eq!(whole.effective_generators, many);
        assert_eq!(whole.founders.len(), 2);
    }
}

/// What people are said to have made out of what a model made: nobody knows how much of it is whose.
#[test]
fn what_was_derived_from_synthetic_rows_may_be_synthetic() {
    let mut world = World::new();
    world.add(Predicate::Source(Source {
        made_by: MadeBy::Model,
        generators: Generators::Named(vec!["gpt".to_owned()]),
        ..source("parent")
    }));
    world.add(Predicate::Source(Source {
        derived_from: Some(Cites::Inline(world.refs("parent"))),
        ..source("between")
    }));
    world.add(Predicate::Source(Source {
        derived_from: Some(Cites::Inline(world.refs("between"))),
        ..source("child")
    }));
    world.train("child", "pupil");
    let judgement = judged(&world, "pupil");
    assert_eq!(judgement.boundary.sources, Share::one());
    let found = of(&judgement);
    assert_eq!(found.whole.synthetic, Share::any());
    assert_eq!(found.whole.coverage, Share::any());
    assert!(
        found
            .whole
            .generations
            .iter()
            .all(|one| one.share == Share::any())
    );
    assert_eq!((found.whole.depth.min, found.whole.depth.max), (0, 1));
    assert_eq!(found.whole.effective_sources, Some(Share::one()));
    assert_eq!(found.whole.generators[0].name, "gpt");
    let texts: Vec<&str> = found.unknowns.iter().map(|one| one.text.as_str()).collect();
    assert_eq!(
        texts,
        ["what part of child comes from its parent between is not known"]
    );
}

#[test]
fn a_judge_enriches_and_people_do_not() {
    for (role, by, enriched) in [
        (Role::Judge, "teacher", Share::one()),
        (Role::Labels, "seeds", Share::zero()),
    ] {
        let mut world = herd();
        let inputs = [("kept", Role::Data), (by, role)];
        step(&mut world, Does::Judge, &inputs, "scored", 800);
        world.train("scored", "pupil");
        assert_eq!(of(&judged(&world, "pupil")).whole.ai_enriched, enriched, "{by}");
    }
}

#[test]
fn an_evaluation_set_is_found_by_its_bytes_under_another_name() {
    let mut world = herd();
    world.add(Predicate::Source(Source {
        set: bytes("test.jsonl", b"questions\n", 10),
        ..source("bench")
    }));
    world.add(Predicate::Source(Source {
        set: bytes("copy.jsonl", b"questions\n", 10),
        ..source("found")
    }));
    world.add(Predicate::Source(source("other")));
    let data = [("found", Role::Data), ("other", Role::Data)];
    step(&mut world, Does::Train, &data, "model", 0);
    let (model, bench) = (judged(&world, "model"), judged(&world, "bench"));
    let artifacts = world.refs("bench");
    let target = Target {
        name: "bench",
        artifacts: &artifacts,
        descent: bench.descent.as_ref().unwrap(),
    };
    let found = pedigree(model.descent.as_ref().unwrap(), &[target]).unwrap();
    let [one] = found.contamination.as_slice() else {
        panic!()
    };
    assert_eq!(
        one.levels.iter().map(|level| level.level).collect::<Vec<_>>(),
        [Level::Exact]
    );
    assert_eq!(one.levels[0].share, part(10, 110));
    let elsewhere = pedigree(judged(&world, "specialist").descent.as_ref().unwrap(), &[target]).unwrap();
    assert_eq!(elsewhere.contamination[0].levels, []);
}

/// Weights keep nothing of what they are evaluated on; what else comes out of such a run was made with it.
#[test]
fn scores_of_an_evaluation_that_are_trained_on_are_derived_from_its_set() {
    let mut world = World::new();
    world.add(Predicate::Source(source("bench")));
    world.add(Predicate::Source(source("seeds")));
    let inputs = [("seeds", Role::Data), ("bench", Role::Eval)];
    step(&mut world, Does::Annotate, &inputs, "marks", 100);
    world.train("marks", "taught");
    step(&mut world, Does::Train, &inputs, "measured", 0);
    let bench = judged(&world, "bench");
    let artifacts = world.refs("bench");
    let target = Target {
        name: "bench",
        artifacts: &artifacts,
        descent: bench.descent.as_ref().unwrap(),
    };
    let found = |item: &str| {
        let found = pedigree(judged(&world, item).descent.as_ref().unwrap(), &[target]).unwrap();
        let one = found.contamination.into_iter().next().unwrap();
        let levels: Vec<_> = one
            .levels
            .into_iter()
            .map(|level| (level.level, level.share))
            .collect();
        (levels, one.measured.is_some())
    };
    assert_eq!(found("taught"), (vec![(Level::Derived, Share::one())], false));
    assert_eq!(found("measured"), (vec![], true));
    // Asked about themselves, the marks are only held against it.
    assert_eq!(found("marks"), (vec![], true));
}

#[test]
fn another_file_of_the_same_source_is_a_shared_source_and_no_more() {
    let mut world = World::new();
    let set = |files: &[&str]| {
        let artifacts = files
            .iter()
            .flat_map(|name| bytes(name, name.as_bytes(), 50).artifacts);
        ArtifactSet {
            artifacts: artifacts.collect(),
            rows: None,
            tokens: None,
        }
    };
    world.add(Predicate::Source(Source {
        set: set(&["train", "test"]),
        ..source("maths")
    }));
    let [train, test] = <[ArtifactRef; 2]>::try_from(world.refs("maths")).unwrap();
    let data = Input {
        from: InputFrom::Artifacts(Cites::Inline(vec![train])),
        ..input(&world, "maths", Role::Data)
    };
    world.run(Does::Train, vec![data], "model", weights("model"), |run| run);
    let request = Request {
        artifacts: vec![test],
        ..world.request("maths")
    };
    let mut sealed = world.clone();
    sealed.seal();
    let bench = sealed.drive(Request {
        checkpoint: sealed.checkpoint(),
        ..request
    });
    let target = Target {
        name: "test",
        artifacts: &[test],
        descent: bench.descent.as_ref().unwrap(),
    };
    let found = pedigree(judged(&world, "model").descent.as_ref().unwrap(), &[target]).unwrap();
    let levels: Vec<Level> = found.contamination[0]
        .levels
        .iter()
        .map(|level| level.level)
        .collect();
    assert_eq!(levels, [Level::SharedSource]);
    assert_eq!(found.contamination[0].levels[0].share, Share::one());
}

#[test]
fn a_gap_is_a_founder_of_its_own() {
    let mut world = herd();
    let inputs = vec![
        input(&world, "kept", Role::Data),
        Input {
            rows: Some(200),
            ..gap("the rest", Role::Data)
        },
    ];
    world.run(Does::Train, inputs, "model", weights("model"), |run| run);
    let judgement = judged(&world, "model");
    assert_eq!(judgement.verdict, Verdict::NotTraced);
    let pedigree = of(&judgement);
    let gap = pedigree
        .whole
        .founders
        .iter()
        .find(|founder| founder.class == "unknown")
        .unwrap();
    assert_eq!((gap.name.as_str(), gap.kind), ("the rest", "gap"));
    assert_eq!(gap.share, judgement.boundary.unknown);
    assert_eq!(gap.share, part(1, 5));
}
