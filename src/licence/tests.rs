//! Terms over small lineages.

use std::collections::BTreeSet;

use crate::statement::AcquiredBy;
use crate::statement::Day;
use crate::statement::Does;
use crate::statement::Generators;
use crate::statement::MadeBy;
use crate::statement::Model;
use crate::statement::Predicate;
use crate::statement::Restriction;
use crate::statement::Role;
use crate::statement::Source;
use crate::verify::Judgement;
use crate::verify::tests::kit::World;
use crate::verify::tests::kit::gap;
use crate::verify::tests::kit::herd;
use crate::verify::tests::kit::model;
use crate::verify::tests::kit::names;
use crate::verify::tests::kit::source;
use crate::verify::tests::kit::step;
use crate::verify::tests::kit::weights;

use super::*;

fn licences(judgement: &Judgement) -> Licences {
    Licences::of(judgement).unwrap()
}

fn words(terms: &Terms) -> Vec<String> {
    terms.words().map(|word| word.to_string()).collect()
}

/// Everything that is not stated, as it is told.
fn open(licences: &Licences) -> Vec<String> {
    let told = licences.not_stated();
    told.map(|(at, why)| format!("{}: {why}", licences.bound[at].name))
        .collect()
}

/// Seeds under Apache-2.0 and a judge behind an API that only scores what is trained on.
fn judged(judge: Model) -> Judgement {
    let mut world = World::new();
    world.add(Predicate::Source(source("seeds")));
    world.add(Predicate::Model(judge));
    step(
        &mut world,
        Does::Judge,
        &[("seeds", Role::Data), ("judge", Role::Judge)],
        "scored",
        100,
    );
    step(
        &mut world,
        Does::Train,
        &[("scored", Role::Data)],
        "specialist",
        0,
    );
    world.verify("specialist")
}

fn under(licence: &str) -> Source {
    Source {
        licence: Some(licence.to_owned()),
        ..source("seeds")
    }
}

/// A model trained on one source.
fn trained_on(source: Source) -> Judgement {
    let mut world = World::new();
    world.add(Predicate::Source(source));
    world.train("seeds", "specialist");
    world.verify("specialist")
}

#[test]
fn a_judge_without_any_share_binds_all_the_same() {
    let judgement = judged(Model {
        terms: Some("LicenseRef-scancode-openai-tou-20230314".to_owned()),
        ..model("judge")
    });
    let found = licences(&judgement);
    assert_eq!(open(&found), Vec::<String>::new());
    let witness = found
        .witnesses
        .iter()
        .find(|witness| witness.restriction == Restriction::NoCompetingModels)
        .unwrap();
    let bound = &found.bound[witness.bound];
    assert_eq!((bound.name.as_str(), bound.mass), ("judge", Some(false)));
    let path = found.path(judgement.descent.as_ref().unwrap(), bound);
    assert_eq!(
        names(&path),
        [
            "specialist",
            "train-specialist",
            "scored",
            "judge-scored",
            "judge"
        ]
    );
    assert_eq!(
        found.expression.as_deref(),
        Some("Apache-2.0 AND LicenseRef-scancode-openai-tou-20230314")
    );
}

#[test]
fn a_providers_own_terms_bind_by_what_was_read_in_them() {
    let own = |restrictions: Vec<Restriction>| {
        licences(&judged(Model {
            terms: Some("LicenseRef-example-terms".to_owned()),
            restrictions,
            ..model("judge")
        }))
    };
    let unread = own(vec![]);
    assert_eq!(
        open(&unread),
        ["judge: what LicenseRef-example-terms demands stands in no table here and is not stated"]
    );
    assert!(unread.terms.not_stated);
    let read = own(vec![Restriction::NoCompetingModels]);
    assert_eq!(open(&read), Vec::<String>::new());
    assert_eq!(words(&read.terms), ["attribution", "no_competing_models"]);
    assert_eq!(
        read.terms.allowed,
        Use::Unspecified,
        "nobody said that commercial use is allowed"
    );
    let none = own(vec![Restriction::None]);
    assert_eq!(words(&none.terms), ["attribution"]);
    assert!(!none.terms.not_stated);
}

#[test]
fn what_nobody_stated_is_named_and_never_permissive() {
    let unstated = |source| {
        let found = licences(&trained_on(source));
        assert!(found.terms.not_stated);
        assert!(found.terms.allowed >= Use::Unspecified);
        open(&found)
    };
    assert_eq!(
        unstated(Source {
            licence: None,
            ..source("seeds")
        }),
        ["seeds: no licence is stated"]
    );
    let commitment = format!("commitment:{}", "0".repeat(64));
    assert_eq!(
        unstated(under(&commitment)),
        ["seeds: its licence or terms are withheld"]
    );
    assert_eq!(
        unstated(under("free for all")),
        ["seeds: what `free for all` demands is not stated"]
    );
    let many = ["(MIT OR ISC)"; 7].join(" AND ");
    assert_eq!(
        unstated(under(&many)),
        [format!(
            "seeds: `{many}` leaves more choices than the 64 that are told apart"
        )]
    );
}

#[test]
fn a_licence_on_what_a_model_wrote_does_not_tell_the_terms_of_its_provider() {
    let written = |restrictions| Source {
        made_by: MadeBy::Model,
        generators: Generators::Named(vec!["text-davinci-003".to_owned()]),
        restrictions,
        ..under("MIT")
    };
    let found = licences(&trained_on(written(vec![])));
    assert_eq!(
        open(&found),
        ["seeds: what the providers of the models that made it demand is not stated"]
    );
    let found = licences(&trained_on(written(vec![Restriction::NoCompetingModels])));
    assert_eq!(open(&found), Vec::<String>::new());
    assert!(found.terms.has(Restriction::NoCompetingModels));
}

#[test]
fn a_gap_has_terms_that_nobody_stated() {
    let mut world = herd();
    let set = weights("specialist-2");
    let inputs = vec![
        crate::verify::tests::kit::input(&world, "kept", Role::Data),
        gap("questions from the wiki", Role::Seed),
    ];
    world.run(Does::Train, inputs, "specialist-2", set, |run| run);
    let found = licences(&world.verify("specialist-2"));
    assert!(open(&found).contains(&"questions from the wiki: nobody declared it".to_owned()));
}

#[test]
fn a_choice_is_shown_as_one() {
    let judgement = trained_on(under("CC-BY-NC-4.0 OR GPL-3.0-only"));
    let found = licences(&judgement);
    assert_eq!(
        words(&found.terms),
        ["attribution"],
        "only this holds whichever is chosen"
    );
    let avoidable: Vec<(String, bool)> = found
        .witnesses
        .iter()
        .map(|witness| (witness.restriction.to_string(), witness.avoidable))
        .collect();
    assert_eq!(
        avoidable,
        [
            ("attribution".to_owned(), false),
            ("share_alike".to_owned(), true),
            ("non_commercial".to_owned(), true)
        ]
    );
    assert_eq!(
        found.expression.as_deref(),
        Some("(CC-BY-NC-4.0 OR GPL-3.0-only)")
    );
}

#[test]
fn two_share_alike_licences_are_a_conflict_and_two_names_of_one_are_not() {
    let both = |other: &str| {
        let mut world = World::new();
        world.add(Predicate::Source(under("GPL-3.0-or-later")));
        world.add(Predicate::Source(Source {
            licence: Some(other.to_owned()),
            ..source("more")
        }));
        step(
            &mut world,
            Does::Train,
            &[("seeds", Role::Data), ("more", Role::Data)],
            "specialist",
            0,
        );
        licences(&world.verify("specialist")).conflict
    };
    assert_eq!(both("CC-BY-SA-4.0"), ["CC-BY-SA-4.0", "GPL-3.0"]);
    assert_eq!(both("GPL-3.0-only"), Vec::<String>::new());
    assert_eq!(both("CC-BY-NC-4.0"), Vec::<String>::new());
}

#[test]
fn the_same_bytes_under_three_licences_are_three_claims_and_the_strictest_binds() {
    let mut world = World::new();
    let mut first = under("Apache-2.0");
    first.licence_date = Some(Day::parse("2022-12-20").unwrap());
    let bytes = first.set.clone();
    world.add(Predicate::Source(first));
    world.train("seeds", "specialist");
    for (name, licence, day) in [
        ("copy", "CC-BY-NC-4.0", "2023-03-13"),
        ("mirror", "CC-BY-SA-4.0", "2024-01-01"),
    ] {
        world.add(Predicate::Source(Source {
            set: bytes.clone(),
            licence: Some(licence.to_owned()),
            licence_date: Some(Day::parse(day).unwrap()),
            acquired_by: AcquiredBy::PublicDataset,
            ..source(name)
        }));
    }
    let judgement = world.verify("specialist");
    let found = licences(&judgement);
    assert_eq!(found.differing.len(), 1);
    let claims: Vec<(&str, Option<&str>, bool)> = found.differing[0]
        .claims
        .iter()
        .map(|at| &found.bound[*at])
        .map(|one| {
            (
                one.name.as_str(),
                one.claim.licence.as_deref(),
                one.is_elsewhere(),
            )
        })
        .collect();
    assert_eq!(
        claims,
        [
            ("seeds", Some("Apache-2.0"), false),
            ("copy", Some("CC-BY-NC-4.0"), true),
            ("mirror", Some("CC-BY-SA-4.0"), true)
        ]
    );
    assert_eq!(
        words(&found.terms),
        ["attribution", "share_alike", "non_commercial"]
    );
    let copy = &found.bound[found.differing[0].claims[1]];
    let path = found.path(judgement.descent.as_ref().unwrap(), copy);
    assert_eq!(names(&path), ["specialist", "train-specialist", "seeds", "copy"]);
}

#[test]
fn one_content_under_one_licence_twice_does_not_differ() {
    let mut world = World::new();
    let first = source("seeds");
    let again = Source {
        name: crate::verify::tests::kit::name("again"),
        ..first.clone()
    };
    world.add(Predicate::Source(first));
    world.add(Predicate::Source(again));
    world.train("seeds", "specialist");
    let found = licences(&world.verify("specialist"));
    assert_eq!(found.differing, []);
    let names: BTreeSet<&str> = found.bound.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, BTreeSet::from(["seeds", "again"]));
}
