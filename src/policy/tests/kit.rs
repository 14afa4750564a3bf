//! What all tests of rules need.

use crate::policy::Demand;
use crate::policy::Policy;
use crate::policy::Rule;
use crate::policy::apply;
use crate::statement::Predicate;
use crate::statement::Source;
use crate::verify::Judgement;
use crate::verify::Request;
use crate::verify::Verifier;
use crate::verify::tests::kit::World;

/// A policy of one rule.
pub fn by(demand: Demand) -> Policy {
    Policy {
        name: "test".to_owned(),
        rules: vec![Rule {
            id: "rule".to_owned(),
            why: None,
            demand,
        }],
    }
}

/// Judges a request and holds it against a policy.
pub fn ruled(world: &World, request: Request, policy: &Policy) -> Judgement {
    let mut sealed = world.clone();
    sealed.seal();
    let request = Request {
        checkpoint: sealed.checkpoint(),
        ..request
    };
    apply(policy, sealed.verified(Verifier::new(request)))
        .get()
        .clone()
}

/// Judges an item and holds it against a policy.
pub fn judged(world: &World, item: &str, policy: &Policy) -> Judgement {
    ruled(world, world.request(item), policy)
}

/// What a rule has against `specialist`: whether it is known to be broken, and the message.
#[track_caller]
pub fn objections(world: &World, demand: &Demand) -> Vec<(bool, String)> {
    let judgement = judged(world, "specialist", &by(demand.clone()));
    let rules = judgement.policy.unwrap().rules;
    let told = rules[0].objections.iter();
    told.map(|objection| (objection.is_known, objection.message.clone()))
        .collect()
}

/// Demands that `specialist` keeps a rule.
#[track_caller]
pub fn kept(world: &World, demand: &Demand) {
    assert_eq!(objections(world, demand), []);
}

/// A model `specialist` that was trained on one source.
pub fn trained_on(source: Source) -> World {
    let mut world = World::new();
    let item = source.name.to_string();
    world.add(Predicate::Source(source));
    world.train(&item, "specialist");
    world
}
