//! Licences and terms as a policy sees them.

use crate::licence::Use;
use crate::policy::Demand;
use crate::policy::LicenceDemand;
use crate::policy::Names;
use crate::statement::Does;
use crate::statement::Generators;
use crate::statement::MadeBy;
use crate::statement::Model;
use crate::statement::Predicate;
use crate::statement::Restriction;
use crate::statement::Role;
use crate::statement::Source;
use crate::verify::tests::kit::World;
use crate::verify::tests::kit::model;
use crate::verify::tests::kit::name;
use crate::verify::tests::kit::source;
use crate::verify::tests::kit::step;

use super::kit::kept;
use super::kit::objections;
use super::kit::trained_on;

fn under(licence: &str) -> World {
    trained_on(Source {
        licence: Some(licence.to_owned()),
        ..source("seeds")
    })
}

fn unlicensed() -> World {
    trained_on(Source {
        licence: None,
        ..source("seeds")
    })
}

fn ids(allow: &[&str], forbid: &[&str]) -> Demand {
    let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Demand::Licences(LicenceDemand {
        names: Names {
            allow: texts(allow),
            forbid: texts(forbid),
        },
        ..LicenceDemand::default()
    })
}

fn at_most(widest: Use) -> Demand {
    Demand::Licences(LicenceDemand {
        use_at_most: Some(widest),
        ..LicenceDemand::default()
    })
}

fn without(word: Restriction) -> Demand {
    Demand::Licences(LicenceDemand {
        forbid_terms: vec![word],
        ..LicenceDemand::default()
    })
}

fn broken(world: &World, demand: &Demand) -> String {
    let found = objections(world, demand);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].0, "{found:?}");
    found[0].1.clone()
}

fn not_judged(world: &World, demand: &Demand) -> String {
    let found = objections(world, demand);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(!found[0].0, "{found:?}");
    found[0].1.clone()
}

#[test]
fn identifiers_are_allowed_and_forbidden() {
    kept(&under("MIT"), &ids(&["MIT"], &[]));
    kept(&under("MIT"), &ids(&[], &["CC-BY-NC-4.0"]));
    assert_eq!(
        broken(&under("CC-BY-NC-4.0"), &ids(&[], &["CC-BY-NC-4.0"])),
        "source seeds (entry 1): CC-BY-NC-4.0 is forbidden"
    );
    assert_eq!(
        broken(&under("MIT AND ISC"), &ids(&["MIT"], &[])),
        "source seeds (entry 1): ISC is not among the licences that are allowed"
    );
    broken(&under("GPL-3.0-or-later"), &ids(&[], &["GPL-3.0"]));
    kept(&under("GPL-3.0-or-later"), &ids(&[], &["GPL-3.0-only"]));
}

#[test]
fn one_choice_that_complies_is_enough() {
    kept(&under("CC-BY-NC-4.0 OR MIT"), &ids(&[], &["CC-BY-NC-4.0"]));
    kept(&under("CC-BY-NC-4.0 OR MIT"), &at_most(Use::Commercial));
    // No choice is both commercial and free of share-alike, though neither holds of all choices.
    let both = Demand::Licences(LicenceDemand {
        use_at_most: Some(Use::Commercial),
        forbid_terms: vec![Restriction::ShareAlike],
        ..LicenceDemand::default()
    });
    let why = broken(&under("CC-BY-NC-4.0 OR CC-BY-SA-4.0"), &both);
    assert!(
        why.ends_with("(and no other choice of its licence complies)"),
        "{why}"
    );
}

#[test]
fn what_is_not_stated_is_not_judged() {
    for demand in [
        ids(&["MIT"], &[]),
        ids(&[], &["MIT"]),
        at_most(Use::Unspecified),
        at_most(Use::Commercial),
        without(Restriction::NoCompetingModels),
    ] {
        assert_eq!(
            not_judged(&unlicensed(), &demand),
            "source seeds (entry 1): no licence is stated"
        );
        let withheld = under(&format!("commitment:{}", "0".repeat(64)));
        not_judged(&withheld, &demand);
    }
    // A reference that is allowed by its name is, whatever it demands; its terms are another question.
    kept(&under("LicenseRef-ours"), &ids(&["LicenseRef-ours"], &[]));
    kept(&under("LicenseRef-ours"), &ids(&[], &["MIT"]));
    not_judged(&under("LicenseRef-ours"), &without(Restriction::NoAiTraining));
}

#[test]
fn uses_have_an_order() {
    kept(&under("MIT"), &at_most(Use::Commercial));
    kept(&under("CC-BY-NC-4.0"), &at_most(Use::NonCommercial));
    assert_eq!(
        broken(&under("CC-BY-NC-4.0"), &at_most(Use::Unspecified)),
        "source seeds (entry 1): its terms allow non_commercial use, where unspecified or wider is demanded"
    );
}

#[test]
fn a_judge_without_a_share_is_asked_for_its_terms() {
    let judged = |terms: &str, restrictions: Vec<Restriction>| {
        let mut world = World::new();
        world.add(Predicate::Source(source("seeds")));
        world.add(Predicate::Model(Model {
            terms: Some(terms.to_owned()),
            restrictions,
            ..model("judge")
        }));
        let inputs = [("seeds", Role::Data), ("judge", Role::Judge)];
        step(&mut world, Does::Judge, &inputs, "scored", 100);
        world.train("scored", "specialist");
        world
    };
    let rule = without(Restriction::NoCompetingModels);
    let theirs = "LicenseRef-example-terms";
    assert_eq!(
        broken(&judged(theirs, vec![Restriction::NoCompetingModels]), &rule),
        "model judge (entry 2), which only conditions: its terms hold no_competing_models"
    );
    kept(&judged(theirs, vec![Restriction::None]), &rule);
    not_judged(&judged(theirs, vec![]), &rule);
    not_judged(&judged("https://example.org/terms", vec![]), &rule);
}

#[test]
fn text_that_a_model_wrote_is_not_washed_by_a_licence() {
    let rule = without(Restriction::NoCompetingModels);
    let world = trained_on(Source {
        made_by: MadeBy::Model,
        generators: Generators::Named(vec!["writer-1".to_owned()]),
        licence: Some("MIT".to_owned()),
        ..source("seeds")
    });
    not_judged(&world, &rule);
}

#[test]
fn the_strictest_of_several_claims_binds() {
    let mut world = World::new();
    let first = source("seeds");
    world.add(Predicate::Source(first.clone()));
    world.add(Predicate::Source(Source {
        name: name("copy"),
        licence: Some("CC-BY-NC-4.0".to_owned()),
        ..first
    }));
    world.train("seeds", "specialist");
    assert_eq!(
        broken(&world, &at_most(Use::Commercial)),
        "source copy (entry 2), which claims the same bytes: its terms allow non_commercial use, where commercial or \
         wider is demanded"
    );
}

#[test]
fn share_alike_licences_may_be_kept_apart() {
    let rule = Demand::Licences(LicenceDemand {
        no_conflict: true,
        ..LicenceDemand::default()
    });
    kept(&under("GPL-3.0-only"), &rule);
    assert_eq!(
        broken(&under("GPL-3.0-only AND CC-BY-SA-4.0"), &rule),
        "share-alike licences stand beside each other: CC-BY-SA-4.0, GPL-3.0"
    );
}
