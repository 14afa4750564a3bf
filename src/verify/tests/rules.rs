//! One rule a test: what breaks it, and beside it what only looks as if.

use super::kit::*;
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
    let make = run(
        "make",
        Does::Generate,
        "extra",
        OutputKind::Shard,
        file("extra", 10),
    );
    world.add(Predicate::Run(Run { inputs, ..make }));
    step(
        &mut world,
        Does::Train,
        &[("kept", Role::Data), ("extra", Role::Data)],
        "second",
        0,
    );
    let judgement = world.verify("second");
    assert_eq!(failing(&judgement), [Code::UnresolvedInput]);
    let names: Vec<_> = judgement.findings[0]
        .path
        .iter()
        .map(|step| step.name.as_str())
        .collect();
    assert_eq!(names, ["second", "train-second", "extra", "make", "the wiki"]);
    assert_eq!(world.verify("specialist").verdict, Verdict::Traced);
}

#[test]
fn nothing_but_a_declaration_is_no_lineage() {
    for name in ["seeds", "teacher"] {
        assert_eq!(failing(&herd().verify(name)), [Code::NothingToTrace], "{name}");
    }
    let mut world = herd();
    step(
        &mut world,
        Does::Train,
        &[("teacher", Role::Base), ("seeds", Role::Seed)],
        "empty",
        0,
    );
    assert_eq!(failing(&world.verify("empty")), [Code::NothingToTrace]);
    step(
        &mut world,
        Does::Merge,
        &[("specialist", Role::Base)],
        "single",
        0,
    );
    assert_eq!(failing(&world.verify("single")), [Code::NothingToTrace]);
    step(
        &mut world,
        Does::Merge,
        &[("specialist", Role::Base), ("teacher", Role::Base)],
        "pair",
        0,
    );
    assert_eq!(failing(&world.verify("pair")), []);
    // On-policy training with prompts only is training.
    step(
        &mut world,
        Does::Train,
        &[
            ("specialist", Role::Generator),
            ("specialist", Role::Base),
            ("seeds", Role::Prompt),
        ],
        "rl",
        0,
    );
    assert_eq!(failing(&world.verify("rl")), []);
}

#[test]
fn generated_bytes_declared_again_as_human_conflict() {
    let mut world = herd();
    world.add(Predicate::Source(Source {
        set: file("kept", 800),
        ..source("people")
    }));
    step(&mut world, Does::Train, &[("people", Role::Data)], "clean", 0);
    let judgement = world.verify("clean");
    assert_eq!(failing(&judgement), [Code::ConflictingOrigin]);
    let finding = &judgement.findings[0];
    let other: Vec<_> = finding.other_path.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(other.first().copied(), Some("kept"));
    assert!(other.len() > 2, "{other:?}");
    // The older lineage is no longer safe either: it holds the same bytes.
    assert_eq!(failing(&world.verify("specialist")), [Code::ConflictingOrigin]);
}

#[test]
fn a_revert_is_no_conflict_but_a_rewrite_is() {
    let mut world = herd();
    step(&mut world, Does::Filter, &[("seeds", Role::Data)], "shorter", 50);
    let inputs = vec![
        input(&world, "shorter", Role::Data),
        input(&world, "seeds", Role::Data),
    ];
    let back = run("back", Does::Mix, "again", OutputKind::Shard, file("seeds", 100));
    world.add(Predicate::Run(Run { inputs, ..back }));
    step(&mut world, Does::Train, &[("again", Role::Data)], "reverted", 0);
    assert_eq!(failing(&world.verify("reverted")), []);
    let inputs = vec![
        input(&world, "shorter", Role::Data),
        input(&world, "teacher", Role::Generator),
    ];
    let rewrite = run(
        "rewrite",
        Does::Transform,
        "made",
        OutputKind::Shard,
        file("seeds", 50),
    );
    world.add(Predicate::Run(Run {
        inputs,
        rewrites: true,
        ..rewrite
    }));
    step(&mut world, Does::Train, &[("made", Role::Data)], "laundered", 0);
    assert_eq!(failing(&world.verify("laundered")), [Code::ConflictingOrigin]);
}

#[test]
fn rows_that_come_from_nowhere_are_counted() {
    let mut world = herd();
    step(&mut world, Does::Filter, &[("tasks", Role::Data)], "more", 1001);
    step(&mut world, Does::Train, &[("more", Role::Data)], "bloated", 0);
    assert_eq!(failing(&world.verify("bloated")), [Code::RowsNotAccounted]);
    // Taking the same bytes twice makes no rows; a declared expansion does.
    step(
        &mut world,
        Does::Mix,
        &[("tasks", Role::Data), ("tasks", Role::Data)],
        "doubled",
        1500,
    );
    assert_eq!(failing(&world.verify("doubled")), [Code::RowsNotAccounted]);
    let inputs = vec![input(&world, "tasks", Role::Data)];
    let chunk = run(
        "chunk",
        Does::Transform,
        "chunks",
        OutputKind::Shard,
        file("chunks", 3000),
    );
    world.add(Predicate::Run(Run {
        inputs,
        expansion: Some(Decimal::parse("3").unwrap()),
        ..chunk
    }));
    assert_eq!(failing(&world.verify("chunks")), []);
}

#[test]
fn a_source_cannot_be_the_generator() {
    let mut world = herd();
    step(
        &mut world,
        Does::Generate,
        &[("seeds", Role::Generator)],
        "human-made",
        10,
    );
    step(&mut world, Does::Train, &[("human-made", Role::Data)], "fake", 0);
    assert_eq!(failing(&world.verify("fake")), [Code::RoleMismatch]);
}

#[test]
fn an_own_model_is_not_external() {
    let mut world = herd();
    world.add(Predicate::Model(Model {
        set: weights("other"),
        ..model("specialist")
    }));
    let named = world.refs("specialist");
    step(
        &mut world,
        Does::Generate,
        &[("specialist", Role::Generator)],
        "out",
        10,
    );
    assert_eq!(named.len(), 1);
    assert_eq!(failing(&world.verify("out")), [Code::OwnModelAsExternal]);
    let mut world = herd();
    world.add(Predicate::Model(Model {
        set: weights("specialist"),
        ..model("renamed")
    }));
    step(
        &mut world,
        Does::Generate,
        &[("renamed", Role::Generator)],
        "out",
        10,
    );
    assert_eq!(failing(&world.verify("out")), [Code::OwnModelAsExternal]);
}

#[test]
fn a_shared_tokenizer_is_no_conflict() {
    let mut world = herd();
    let tokenizer: (&str, &[u8]) = ("tokenizer.json", b"{\"vocab\":1}");
    let external = world.manifest("base", &[("w.safetensors", b"base weights"), tokenizer]);
    world.add(Predicate::Model(Model {
        set: one(external),
        access: Access::Weights,
        ..model("base")
    }));
    let own = world.manifest("tuned", &[("w.safetensors", b"tuned weights"), tokenizer]);
    let inputs = vec![
        input(&world, "base", Role::Base),
        input(&world, "seeds", Role::Data),
    ];
    let train = run("tune", Does::Train, "tuned", OutputKind::Model, one(own));
    world.add(Predicate::Run(Run { inputs, ..train }));
    assert_eq!(failing(&world.verify("tuned")), []);
    step(
        &mut world,
        Does::Generate,
        &[("base", Role::Generator)],
        "text",
        10,
    );
    assert_eq!(failing(&world.verify("text")), []);
}

/// Generated rows told again as a filtering of human seeds, with the generator as a mere reference: the same leaves,
/// a cleaner boundary.
#[test]
fn the_same_leaves_in_other_roles_are_another_story() {
    let mut world = herd();
    let inputs = vec![
        input(&world, "seeds", Role::Data),
        input(&world, "teacher", Role::Reference),
    ];
    let clean = run(
        "clean",
        Does::Filter,
        "cleaner",
        OutputKind::Shard,
        file("tasks", 100),
    );
    world.add(Predicate::Run(Run { inputs, ..clean }));
    step(
        &mut world,
        Does::Train,
        &[("cleaner", Role::Data)],
        "laundered",
        0,
    );
    assert_eq!(failing(&world.verify("laundered")), [Code::ConflictingOrigin]);
}

/// The same parents in other proportions are another story too; the same story told twice is not.
#[test]
fn the_same_leaves_in_other_proportions_conflict() {
    let mut world = herd();
    world.add(Predicate::Source(source("people")));
    let mixture = |world: &World, name: &str, kept: [u64; 2]| {
        let mut inputs = vec![
            input(world, "people", Role::Data),
            input(world, "kept", Role::Data),
        ];
        for (input, kept) in inputs.iter_mut().zip(kept) {
            input.kept = Some(kept);
        }
        let mix = run(
            &format!("mix-{name}"),
            Does::Mix,
            name,
            OutputKind::Shard,
            file("mixture", 100),
        );
        Predicate::Run(Run { inputs, ..mix })
    };
    world.add(mixture(&world, "honest", [10, 90]));
    world.add(mixture(&world, "again", [10, 90]));
    step(&mut world, Does::Train, &[("again", Role::Data)], "fine", 0);
    assert_eq!(failing(&world.verify("fine")), []);
    world.add(mixture(&world, "rosy", [90, 10]));
    step(&mut world, Does::Train, &[("rosy", Role::Data)], "rosy-model", 0);
    assert_eq!(failing(&world.verify("rosy-model")), [Code::ConflictingOrigin]);
}
