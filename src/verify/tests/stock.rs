//! What the questions about shares start from.
//!
//! `human` (100 rows, 1,000 tokens) is all source, `synthetic` (300 rows, 1,000 tokens) is opaque, `crawl` (100 rows)
//! is of unknown origin, `api` and `base` are external models, and `own` is a model of this ledger that is all human.

use super::kit::*;
use crate::statement::*;
use crate::verify::*;

pub fn stock() -> World {
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

pub fn inputs(world: &World, roles: &[(&str, Role)]) -> Vec<Input> {
    roles
        .iter()
        .map(|(item, role)| input(world, item, *role))
        .collect()
}

pub fn data(world: &World, items: &[&str]) -> Vec<Input> {
    items.iter().map(|item| input(world, item, Role::Data)).collect()
}

pub fn of(
    world: &World,
    does: Does,
    inputs: Vec<Input>,
    rows: u64,
    change: impl FnOnce(Run) -> Run,
) -> Boundary {
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

pub fn is(boundary: &Boundary, sources: Share, external: Share, opaque: Share) {
    let found = (
        boundary.sources.clone(),
        boundary.external_models.clone(),
        boundary.opaque_synthetic.clone(),
    );
    assert_eq!(found, (sources, external, opaque));
    assert_eq!(boundary.unknown, Share::zero());
}

pub fn none() -> Share {
    Share::zero()
}
