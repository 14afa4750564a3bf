//! What the pedigree measures, held against bounds.

use crate::policy::Demand;
use crate::policy::Scope;
use crate::statement::Access;
use crate::statement::AcquiredBy;
use crate::statement::Decimal;
use crate::statement::Does;
use crate::statement::Input;
use crate::statement::MadeBy;
use crate::statement::Model;
use crate::statement::Predicate;
use crate::statement::Role;
use crate::statement::Source;
use crate::verify::tests::kit::World;
use crate::verify::tests::kit::file;
use crate::verify::tests::kit::input;
use crate::verify::tests::kit::model;
use crate::verify::tests::kit::source;
use crate::verify::tests::kit::step;
use crate::verify::tests::kit::uncounted;
use crate::verify::tests::kit::weights;

use super::kit::kept;
use super::kit::objections;

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

fn synthetic(at_most: &str, of: Scope) -> Demand {
    Demand::SyntheticShare {
        at_most: decimal(at_most),
        of,
    }
}

fn generations(at_most: u64) -> Demand {
    Demand::Generations {
        at_most,
        of: Scope::Whole,
    }
}

fn effective(at_least: &str) -> Demand {
    Demand::EffectiveSources {
        at_least: decimal(at_least),
        of: Scope::Whole,
    }
}

/// Real rows, and rows that a model which was trained on them made: `made` of them, or nobody knows how many.
fn fed(made: Option<u64>) -> World {
    let mut world = World::new();
    world.add(Predicate::Source(source("real")));
    world.train("real", "first");
    let set = file("rows", made.unwrap_or(1));
    let set = if made.is_some() { set } else { uncounted(set) };
    let inputs = vec![input(&world, "first", Role::Generator)];
    world.run(Does::Generate, inputs, "rows", set, |run| run);
    let inputs = [("real", Role::Data), ("rows", Role::Data)];
    step(&mut world, Does::Train, &inputs, "specialist", 0);
    world
}

#[test]
fn the_synthetic_share_has_a_bound() {
    // 100 real rows and 300 made ones.
    let world = fed(Some(300));
    kept(&world, &synthetic("0.75", Scope::Whole));
    assert_eq!(
        objections(&world, &synthetic("0.74", Scope::Whole)),
        [(
            true,
            "75 % of the whole lineage was made by models, and 0.74 is the most that is allowed".to_owned()
        )]
    );
}

#[test]
fn an_interval_that_straddles_a_bound_says_which_count_is_missing() {
    let found = objections(&fed(None), &synthetic("0.5", Scope::Whole));
    assert_eq!(found.len(), 1);
    assert!(!found[0].0);
    assert!(
        found[0]
            .1
            .contains("whether it is more depends on counts that are missing: ")
            && found[0].1.contains("rows"),
        "{}",
        found[0].1
    );
    kept(&fed(None), &synthetic("1", Scope::Whole));
    let few = objections(&fed(None), &effective("2"));
    assert!(!few.is_empty());
}

/// A base from outside, and 100 real rows.
fn on_a_base() -> World {
    let mut world = World::new();
    world.add(Predicate::Source(source("real")));
    world.add(Predicate::Model(Model {
        set: weights("base"),
        access: Access::Weights,
        ..model("base")
    }));
    let inputs = [("real", Role::Data), ("base", Role::Base)];
    step(&mut world, Does::Train, &inputs, "specialist", 0);
    world
}

#[test]
fn what_is_behind_a_base_is_not_known_and_the_last_training_is() {
    kept(&on_a_base(), &synthetic("0", Scope::Stage));
    let found = objections(&on_a_base(), &synthetic("0.5", Scope::Whole));
    assert_eq!(
        found,
        [(
            false,
            "0 % of the whole lineage was made by models by the record, but it may be up to 100 %, more than the 0.5 that \
             is allowed: what is behind base is not known"
                .to_owned()
        )]
    );
}

#[test]
fn generations_have_a_bound() {
    kept(&fed(Some(300)), &generations(1));
    assert_eq!(
        objections(&fed(Some(300)), &generations(0)),
        [(
            true,
            "1 generations of models lie behind part of the whole lineage, and 0 are the most that are allowed"
                .to_owned()
        )]
    );
}

#[test]
fn of_unknown_origin_generations_and_kin_are_not_known() {
    let mut world = World::new();
    world.add(Predicate::Source(Source {
        made_by: MadeBy::Unknown,
        acquired_by: AcquiredBy::WebCrawl,
        ..source("crawl")
    }));
    world.train("crawl", "specialist");
    assert_eq!(
        objections(&world, &generations(5)),
        [(
            false,
            "how many generations lie behind crawl is not known".to_owned()
        )]
    );
    assert_eq!(
        objections(&world, &Demand::NoSelfConsumption),
        [(false, "whether its own kin made crawl is not known".to_owned())]
    );
}

#[test]
fn effective_sources_have_a_bound() {
    let two = |rows: [u64; 2]| {
        let mut world = World::new();
        for (name, rows) in ["one", "two"].into_iter().zip(rows) {
            world.add(Predicate::Source(Source {
                set: file(name, rows),
                ..source(name)
            }));
        }
        let inputs = [("one", Role::Data), ("two", Role::Data)];
        step(&mut world, Does::Train, &inputs, "specialist", 0);
        world
    };
    kept(&two([100, 100]), &effective("2"));
    // Shares 3/4 and 1/4: 1 / (9/16 + 1/16) = 1.6.
    kept(&two([300, 100]), &effective("1.6"));
    assert_eq!(
        objections(&two([300, 100]), &effective("1.61")),
        [(
            true,
            "the whole lineage comes from 1.60 effective sources, and 1.61 are demanded".to_owned()
        )]
    );
}

#[test]
fn a_model_may_not_feed_on_its_own_kin() {
    kept(&on_a_base(), &Demand::NoSelfConsumption);
    // Made by an unrelated model of this ledger.
    kept(&fed(Some(300)), &Demand::NoSelfConsumption);
    let mut world = World::new();
    world.add(Predicate::Source(source("real")));
    world.train("real", "first");
    let inputs = vec![input(&world, "first", Role::Generator)];
    world.run(Does::Generate, inputs, "rows", file("rows", 50), |run| run);
    let base = Input {
        share: Some(decimal("0.5")),
        ..input(&world, "first", Role::Base)
    };
    let inputs = vec![input(&world, "rows", Role::Data), base];
    world.run(Does::Train, inputs, "specialist", weights("specialist"), |run| {
        run
    });
    let found = objections(&world, &Demand::NoSelfConsumption);
    assert_eq!(
        found,
        [(
            true,
            "first made data of it, and is its own ancestor or an earlier version of it".to_owned()
        )]
    );
}
