//! What is told beside a verdict: in which order things were registered, and whose keys signed what.

use super::kit::*;
use crate::statement::*;
use crate::verify::*;

/// Seeds and teacher, then what `between` does, then a run that claims these times, then a training in a commit of its own.
fn world(between: impl FnOnce(&mut World), times: Option<(&str, &str)>) -> World {
    let mut world = World::new();
    world.seal();
    world.add(Predicate::Source(source("seeds")));
    world.add(Predicate::Model(model("teacher")));
    between(&mut world);
    let inputs = vec![
        input(&world, "teacher", Role::Generator),
        input(&world, "seeds", Role::Seed),
    ];
    world.run(Does::Generate, inputs, "tasks", file("tasks", 10), |run| {
        timed(run, times)
    });
    world.seal();
    world.train("tasks", "specialist");
    world
}

fn timed(run: Run, times: Option<(&str, &str)>) -> Run {
    Run {
        started: times.map(|(started, _)| started.to_owned()),
        ended: times.map(|(_, ended)| ended.to_owned()),
        ..run
    }
}

const IN_MAY: Option<(&str, &str)> = Some(("2026-05-01T10:00:00Z", "2026-05-01T12:00:00Z"));

fn orders(world: &World) -> Vec<Order> {
    let judgement = world.verify("specialist");
    passes(&judgement);
    judgement.details.runs.iter().map(|run| run.order).collect()
}

#[test]
fn inputs_of_an_earlier_commit_were_there_before() {
    assert_eq!(
        orders(&world(World::seal, IN_MAY)),
        [Order::Before, Order::Before]
    );
    assert_eq!(orders(&world(|_| {}, IN_MAY)), [Order::Together, Order::Before]);
    let judgement = world(|_| {}, IN_MAY).verify("specialist");
    let run = &judgement.details.runs[0];
    assert_eq!(
        (run.cites, run.together, run.last_cited, run.entry),
        (2, 2, Some(3), 4)
    );
    assert_eq!(run.ended.as_deref(), Some("2026-05-01T12:00:00Z"));
    assert_eq!(judgement.details.one_commit, Some(false));
    assert_eq!(herd().verify("specialist").details.one_commit, Some(true));
}

/// Something below an input claims to have happened in June, so the input was registered then or later: after May.
#[test]
fn an_input_above_a_later_claim_was_registered_late() {
    let june = Some(("2026-06-01T10:00:00Z", "2026-06-01T12:00:00+00:00"));
    let late = |times| {
        let mut world = World::new();
        world.add(Predicate::Source(source("seeds")));
        world.add(Predicate::Model(model("teacher")));
        let inputs = vec![
            input(&world, "teacher", Role::Generator),
            input(&world, "seeds", Role::Seed),
        ];
        world.run(Does::Generate, inputs, "tasks", file("tasks", 10), |run| {
            timed(run, june)
        });
        world.seal();
        world.add(Predicate::Source(source("more")));
        world.seal();
        let inputs = vec![
            input(&world, "tasks", Role::Data),
            input(&world, "more", Role::Data),
        ];
        world.run(Does::Train, inputs, "specialist", weights("specialist"), |run| {
            timed(run, times)
        });
        orders(&world)
    };
    assert_eq!(late(IN_MAY), [Order::Together, Order::Late]);
    assert_eq!(
        late(Some(("2026-06-02T10:00:00Z", "2026-06-02T12:00:00Z"))),
        [Order::Together, Order::Before]
    );
    // What cannot be read as a time, and what is not said, claims nothing.
    assert_eq!(late(Some(("soon", "later"))), [Order::Together, Order::Before]);
    assert_eq!(late(None), [Order::Together, Order::Before]);
}

/// A bundle has no seals but the last: what it cannot show it does not say, and nothing looks better ordered than it is.
#[test]
fn part_of_a_log_says_less() {
    for between in [World::seal, |_: &mut World| {}] {
        let mut world = world(between, IN_MAY);
        world.seal();
        let request = world.request("specialist");
        let whole = world.drive(request.clone()).details;
        let part = world
            .drive_pruned(request, &world.evidence("specialist").entries)
            .details;
        assert_eq!((part.runs.len(), &part.keys), (2, &whole.keys));
        for (run, known) in part.runs.iter().zip(&whole.runs) {
            assert!(
                run.order == known.order || run.order == Order::NotKnown,
                "{run:?}"
            );
        }
        assert_eq!(part.count(Order::Before), 0);
    }
}

#[test]
fn keys_are_apart_or_not() {
    let judged = |source_by: u8, model_by: u8| {
        let mut world = World::new();
        world.add_by(source_by, Predicate::Source(source("seeds")));
        world.add_by(model_by, Predicate::Model(model("teacher")));
        step(
            &mut world,
            Does::Generate,
            &[("teacher", Role::Generator), ("seeds", Role::Seed)],
            "tasks",
            10,
        );
        world.verify("tasks").details
    };
    let one = judged(ISSUER, ISSUER);
    assert_eq!(
        (one.separation, one.keys.len(), one.statements),
        (Separation::OneKey, 1, 3)
    );
    assert_eq!(one.keys[0].signed["run:generate"], 1);
    let apart = judged(SECOND, ISSUER);
    assert_eq!(
        (apart.separation, apart.keys.len()),
        (Separation::SourcesApart, 2)
    );
    assert_eq!(apart.keys[0].holder.as_deref(), Some("Example Holder"));
    // A second key for something else separates nothing.
    assert_eq!(judged(ISSUER, SECOND).separation, Separation::Mixed);
    // Without a source, or without a run, there is nothing to separate.
    let mut world = World::new();
    world.add(Predicate::Model(model("teacher")));
    step(
        &mut world,
        Does::Generate,
        &[("teacher", Role::Generator)],
        "tasks",
        10,
    );
    assert_eq!(world.verify("tasks").details.separation, Separation::Nothing);
}
