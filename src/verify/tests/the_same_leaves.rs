//! Two stories about the same bytes that end in the same leaves: are they the same story?

use super::kit::*;
use crate::statement::*;
use crate::verify::*;

/// Adds a source with the content of something else.
fn declare(world: &mut World, item: &str, content: &str, rows: u64, change: impl FnOnce(Source) -> Source) {
    world.add(Predicate::Source(change(Source {
        set: file(content, rows),
        ..source(item)
    })));
}

#[test]
fn rules_that_drop_nothing_leave_the_same_bytes() {
    let mut world = herd();
    for rule in ["toxicity", "language"] {
        world.add(Predicate::Filter(Filter {
            name: name(rule),
            set: absent(rule, Absence::None),
            rule: FilterRule::Other,
            params: std::collections::BTreeMap::new(),
            model: None,
        }));
        let inputs = vec![
            input(&world, "kept", Role::Data),
            input(&world, rule, Role::Filter),
        ];
        let out = format!("by {rule}");
        world.run(Does::Filter, inputs, &out, file("kept", 800), |run| run);
        world.train(&out, &format!("model {rule}"));
    }
    passes(&world.verify("model toxicity"));
    passes(&world.verify("model language"));
}

#[test]
fn two_runs_over_the_same_leaves_may_make_the_same_bytes() {
    let mut world = herd();
    step(&mut world, Does::Filter, &[("tasks", Role::Data)], "half", 900);
    let inputs = vec![input(&world, "half", Role::Data)];
    world.run(Does::Filter, inputs, "second way", file("kept", 800), |run| run);
    passes(&world.verify("specialist"));
    // Not so if one of them has a leaf more.
    declare(&mut world, "more", "more", 10, |source| source);
    let roles = [("half", Role::Data), ("more", Role::Data)];
    let inputs = roles.map(|(item, role)| input(&world, item, role)).to_vec();
    world.run(Does::Mix, inputs, "third way", file("kept", 800), |run| run);
    let path = ["specialist", "train-specialist", "kept"];
    fails(&world.verify("specialist"), Code::ConflictingOrigin, &path);
}

#[test]
fn the_same_leaves_must_bring_the_mass_in_both_stories() {
    let mut world = herd();
    // As if the teacher had only looked on while a hundred seeds became a thousand tasks.
    let inputs = vec![
        input(&world, "seeds", Role::Data),
        input(&world, "teacher", Role::Judge),
    ];
    world.run(Does::Filter, inputs, "clean tasks", file("tasks", 100), |run| run);
    world.train("clean tasks", "clean");
    let path = ["clean", "train-clean", "clean tasks"];
    fails(&world.verify("clean"), Code::ConflictingOrigin, &path);
}

#[test]
fn leaves_without_bytes_are_the_same_only_if_their_origin_is() {
    let mut world = World::new();
    let far = |item: &str, made_by, generators| Source {
        set: absent("far", Absence::NotKnown),
        made_by,
        generators,
        ..source(item)
    };
    let named = Generators::Named(vec!["gpt".to_owned()]);
    for (item, out, made) in [
        ("human", "one", far("human", MadeBy::Human, Generators::Absent)),
        ("machine", "two", far("machine", MadeBy::Model, named)),
        (
            "people",
            "three",
            far("people", MadeBy::Human, Generators::Absent),
        ),
    ] {
        world.add(Predicate::Source(made));
        let inputs = vec![input(&world, item, Role::Data)];
        world.run(Does::Filter, inputs, out, file("same", 10), |run| run);
        if out == "two" {
            let judgement = world.verify("one");
            fails(&judgement, Code::ConflictingOrigin, &["one"]);
        }
    }
    let mut honest = World::new();
    for (item, out) in [("human", "one"), ("people", "three")] {
        honest.add(Predicate::Source(far(item, MadeBy::Human, Generators::Absent)));
        let inputs = vec![input(&honest, item, Role::Data)];
        honest.run(Does::Filter, inputs, out, file("same", 10), |run| run);
    }
    passes(&honest.verify("one"));
}

#[test]
fn the_same_leaves_in_other_proportions_conflict() {
    let mut world = herd();
    declare(&mut world, "people", "people", 100, |source| source);
    let mix = |world: &mut World, out: &str, kept: [u64; 2]| {
        let inputs = ["people", "kept"]
            .into_iter()
            .zip(kept)
            .map(|(item, kept)| Input {
                kept: Some(kept),
                ..input(world, item, Role::Data)
            });
        let inputs = inputs.collect();
        world.run(Does::Mix, inputs, out, file("mixture", 100), |run| run);
    };
    mix(&mut world, "honest", [10, 90]);
    mix(&mut world, "again", [10, 90]);
    world.train("again", "fine");
    passes(&world.verify("fine"));
    mix(&mut world, "rosy", [90, 10]);
    world.train("rosy", "rosy model");
    let judgement = world.verify("rosy model");
    fails(
        &judgement,
        Code::ConflictingOrigin,
        &["rosy model", "train-rosy model", "rosy"],
    );
}
