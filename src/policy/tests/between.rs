//! A filter between a kind of source and a training.

use crate::policy::Demand;
use crate::policy::Select;
use crate::statement::AcquiredBy;
use crate::statement::Does;
use crate::statement::Filter;
use crate::statement::FilterRule;
use crate::statement::Input;
use crate::statement::OutputKind;
use crate::statement::Predicate;
use crate::statement::Role;
use crate::statement::Run;
use crate::statement::Source;
use crate::verify::tests::kit::World;
use crate::verify::tests::kit::file;
use crate::verify::tests::kit::filter;
use crate::verify::tests::kit::gap;
use crate::verify::tests::kit::input;
use crate::verify::tests::kit::name;
use crate::verify::tests::kit::names;
use crate::verify::tests::kit::run;
use crate::verify::tests::kit::source;
use crate::verify::tests::kit::step;
use crate::verify::tests::kit::uncounted;
use crate::verify::tests::kit::weights;

use super::kit;
use super::kit::by;
use super::kit::kept;
use super::kit::objections;

/// The rule: a filter against personal data between every crawl and every training.
fn rule() -> Demand {
    Demand::FilterBetween {
        from: Select {
            acquired_by: vec![AcquiredBy::WebCrawl],
            ..Select::default()
        },
        filter: FilterRule::Pii,
        before: vec![Does::Train],
    }
}

fn crawl() -> Source {
    Source {
        acquired_by: AcquiredBy::WebCrawl,
        ..source("crawl")
    }
}

/// A rule with code.
fn identified(rule: FilterRule) -> Filter {
    Filter {
        set: file("pii", 0),
        rule,
        ..filter("pii")
    }
}

/// A crawl that goes through a filter run, and what of that is trained on.
fn through(crawl: Source, filter: Filter, rows_out: crate::statement::ArtifactSet) -> World {
    let mut world = World::new();
    world.add(Predicate::Source(crawl));
    world.add(Predicate::Filter(filter));
    let inputs = vec![
        input(&world, "crawl", Role::Data),
        input(&world, "pii", Role::Filter),
    ];
    world.run(Does::Filter, inputs, "clean", rows_out, |run| run);
    world.train("clean", "specialist");
    world
}

#[test]
fn an_identified_filter_with_its_rows_keeps_the_rule() {
    kept(
        &through(crawl(), identified(FilterRule::Pii), file("clean", 90)),
        &rule(),
    );
}

#[test]
fn no_filter_breaks_it_with_the_whole_path() {
    let mut world = World::new();
    world.add(Predicate::Source(crawl()));
    step(&mut world, Does::Mix, &[("crawl", Role::Data)], "mixed", 100);
    world.train("mixed", "specialist");
    let judgement = kit::judged(&world, "specialist", &by(rule()));
    let objection = &judgement.policy.as_ref().unwrap().rules[0].objections[0];
    assert!(objection.is_known);
    assert_eq!(
        objection.message,
        "no pii filter that counts stands between source crawl (acquired_by is web_crawl) and run train-specialist"
    );
    assert_eq!(
        names(&objection.path),
        ["specialist", "train-specialist", "mixed", "mix-mixed", "crawl"]
    );
}

#[test]
fn a_filter_of_another_kind_or_one_that_is_only_described_does_not_count() {
    let other = objections(
        &through(crawl(), identified(FilterRule::Quality), file("clean", 90)),
        &rule(),
    );
    assert_eq!(other.len(), 1);
    let described = Filter {
        rule: FilterRule::Pii,
        ..filter("pii")
    };
    let found = objections(&through(crawl(), described, file("clean", 90)), &rule());
    assert_eq!(
        found,
        [(
            true,
            "no pii filter that counts stands between source crawl (acquired_by is web_crawl) and run \
             train-specialist; filter pii of run filter-clean is only described: it has neither code with a digest nor a \
             model"
                .to_owned()
        )]
    );
}

#[test]
fn a_filter_whose_rows_are_not_known_does_not_count_and_says_which() {
    let out = objections(
        &through(crawl(), identified(FilterRule::Pii), uncounted(file("clean", 90))),
        &rule(),
    );
    assert!(out[0].1.ends_with(
        "filter pii of run filter-clean does not count, for how many rows of clean came out is not known"
    ));
    let uncounted_crawl = Source {
        set: uncounted(file("crawl", 100)),
        ..crawl()
    };
    let world = through(uncounted_crawl, identified(FilterRule::Pii), file("clean", 90));
    let into = objections(&world, &rule());
    assert!(into[0].1.ends_with(
        "filter pii of run filter-clean does not count, for how many rows of crawl went in is not known"
    ));
}

#[test]
fn one_way_around_the_filter_is_enough_to_break_it() {
    let mut world = through(crawl(), identified(FilterRule::Pii), file("clean", 90));
    let inputs = [("clean", Role::Data), ("crawl", Role::Seed)];
    step(&mut world, Does::Train, &inputs, "specialist", 0);
    let found = objections(&world, &rule());
    assert_eq!(found.len(), 1);
    assert!(found[0].0);
}

#[test]
fn what_a_filter_dropped_did_not_pass_it() {
    let with = |kept: Option<u64>| {
        let mut world = World::new();
        world.add(Predicate::Source(crawl()));
        world.add(Predicate::Filter(identified(FilterRule::Pii)));
        let data = Input {
            kept,
            ..input(&world, "crawl", Role::Data)
        };
        let inputs = vec![data, input(&world, "pii", Role::Filter)];
        let mut split: Run = run(
            "split",
            Does::Filter,
            "clean",
            OutputKind::Shard,
            file("clean", 90),
        );
        let mut dropped = split.outputs[0].clone();
        dropped.name = name("dropped");
        dropped.set = file("dropped", 10);
        split.outputs.push(dropped);
        world.add(Predicate::Run(Run { inputs, ..split }));
        world.train("dropped", "specialist");
        objections(&world, &rule())
    };
    let found = with(None);
    assert!(
        found[0].1.ends_with(
            "the run has 2 outputs, and which rows it let pass is not stated as `kept` of its input"
        )
    );
    assert_eq!(with(Some(90)).len(), 1, "90 of 100 were kept, and 100 came out");
}

#[test]
fn a_training_that_filters_what_it_reads_states_what_it_kept() {
    let with = |kept: Option<u64>| {
        let mut world = World::new();
        world.add(Predicate::Source(crawl()));
        world.add(Predicate::Filter(identified(FilterRule::Pii)));
        let data = Input {
            kept,
            ..input(&world, "crawl", Role::Data)
        };
        let inputs = vec![data, input(&world, "pii", Role::Filter)];
        world.run(Does::Train, inputs, "specialist", weights("specialist"), |run| {
            run
        });
        objections(&world, &rule())
    };
    assert_eq!(with(Some(90)), []);
    assert!(with(None)[0].1.ends_with(
        "how many rows it let pass is not known: a run that does train states them as `kept` of its input"
    ));
}

#[test]
fn what_may_be_a_crawl_is_not_judged() {
    let mut unknown = World::new();
    unknown.add(Predicate::Source(Source {
        acquired_by: AcquiredBy::Unknown,
        made_by: crate::statement::MadeBy::Human,
        ..source("crawl")
    }));
    unknown.train("crawl", "specialist");
    let found = objections(&unknown, &rule());
    assert_eq!(
        found,
        [(
            false,
            "no pii filter that counts stands between source crawl (acquired_by is unknown, so it may be one that is \
             meant) and run train-specialist"
                .to_owned()
        )]
    );
    let mut open = World::new();
    let inputs = vec![gap("pages", Role::Data)];
    open.run(Does::Train, inputs, "specialist", weights("specialist"), |run| {
        run
    });
    assert_eq!(
        objections(&open, &rule()),
        [(
            false,
            "nobody declared \"pages\", and no pii filter stands between it and run train-specialist"
                .to_owned()
        )]
    );
}

#[test]
fn the_same_bytes_declared_as_a_crawl_elsewhere_are_one() {
    let mut world = World::new();
    let crawl = crawl();
    world.add(Predicate::Source(crawl.clone()));
    world.add(Predicate::Source(Source {
        name: name("essays"),
        acquired_by: AcquiredBy::PublicDataset,
        ..crawl
    }));
    world.train("essays", "specialist");
    let found = objections(&world, &rule());
    assert_eq!(found.len(), 1);
    assert!(
        found[0].1.contains("source crawl, which claims the same bytes,"),
        "{found:?}"
    );
}
