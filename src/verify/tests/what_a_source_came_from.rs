//! What a source was derived from: it conditions, it is walked, and whatever of it nobody declared is a gap.

use super::kit::*;
use crate::statement::*;
use crate::verify::*;

/// A model trained on `derived`, which says that it was made from these.
fn derived(world: &mut World, parents: &[&str], gaps: &[&str]) -> Judgement {
    let parents: Vec<ArtifactRef> = parents.iter().flat_map(|parent| world.refs(parent)).collect();
    world.add(Predicate::Source(Source {
        derived_from: (!parents.is_empty()).then_some(Cites::Inline(parents)),
        gaps: gaps
            .iter()
            .map(|text| Gap {
                text: (*text).to_owned(),
                digest: None,
            })
            .collect(),
        ..source("derived")
    }));
    world.train("derived", "out");
    world.verify("out")
}

#[test]
fn a_declared_parent_is_walked_and_brings_no_mass() {
    let mut world = herd();
    world.add(Predicate::Source(source("parent")));
    let judged = derived(&mut world, &["parent"], &[]);
    passes(&judged);
    assert!(!judged.has(Code::ParentSynthetic));
    let mass: Vec<_> = judged
        .sources
        .iter()
        .map(|source| (source.name.as_str(), source.mass))
        .collect();
    assert_eq!(mass, [("parent", false), ("derived", true)]);
    let edges = &judged.descent.as_ref().unwrap().nodes;
    let from = edges.iter().find(|node| node.shown.name == "derived").unwrap();
    let [edge] = from.descends.as_slice() else {
        panic!("one parent");
    };
    assert_eq!(
        (edge.role, edges[edge.to].shown.name.as_str()),
        ("parent", "parent")
    );
}

#[test]
fn each_parent_that_nobody_declared_fails() {
    let judged = derived(&mut herd(), &["seeds"], &["a corpus", "another"]);
    assert_eq!(failing(&judged), [Code::UnresolvedInput, Code::UnresolvedInput]);
    let path = names(&judged.findings[0].path);
    assert_eq!(path, ["out", "train-out", "derived", "a corpus"]);
    let message = &judged.findings[0].message;
    assert_eq!(
        message,
        "source derived was derived from \"a corpus\", and nobody declared where that comes from"
    );
}

/// Directly, and by way of a source that is declared itself.
#[test]
fn a_declared_source_of_synthetic_rows_is_told() {
    for between in [false, true] {
        let mut world = herd();
        world.add(Predicate::Source(Source {
            made_by: MadeBy::Model,
            generators: Generators::Named(vec!["gpt".to_owned()]),
            ..source("synthetic")
        }));
        let parents = world.refs("synthetic");
        if between {
            world.add(Predicate::Source(Source {
                derived_from: Some(Cites::Inline(parents)),
                ..source("between")
            }));
        }
        let judged = derived(&mut world, &[if between { "between" } else { "synthetic" }], &[]);
        passes(&judged);
        assert_eq!(judged.boundary.sources, Share::one());
        let told = judged
            .findings
            .iter()
            .filter(|finding| finding.code == Code::ParentSynthetic);
        let told: Vec<&str> = told.map(|finding| finding.name.as_str()).collect();
        assert_eq!(told.len(), 1 + usize::from(between), "{told:?}");
        assert!(told.contains(&"derived"));
    }
}

#[test]
fn what_speaks_against_a_parent_reaches_the_model() {
    let mut world = herd();
    world.add(Predicate::Source(Source {
        made_by: MadeBy::Unknown,
        acquired_by: AcquiredBy::Unknown,
        ..source("parent")
    }));
    fails(
        &derived(&mut world, &["parent"], &[]),
        Code::OriginUnknown,
        &["out", "train-out", "derived", "parent"],
    );
    let mut world = herd();
    world.add(Predicate::Source(source("parent")));
    derived(&mut world, &["parent"], &[]);
    let parent = world.refs("parent");
    world.add(Predicate::Notice(Notice {
        effect: Some(NoticeEffect::StopUse),
        ..notice(NoticeKind::Recall, parent)
    }));
    assert_eq!(world.verify("out").verdict, Verdict::NotPermitted);
}

#[test]
fn a_source_is_derived_from_sources_only() {
    for parent in ["teacher", "tasks", "specialist"] {
        let judged = derived(&mut herd(), &[parent], &[]);
        fails(
            &judged,
            Code::RoleMismatch,
            &["out", "train-out", "derived", parent],
        );
    }
}

/// The same bytes once with a parent that nobody declared, and once without.
#[test]
fn a_cleaner_story_without_the_parent_conflicts() {
    let mut world = herd();
    derived(&mut world, &[], &["a corpus"]);
    world.add(Predicate::Source(Source {
        set: world.source_of("derived").set,
        ..source("cleaner")
    }));
    world.train("cleaner", "next");
    fails(
        &world.verify("next"),
        Code::ConflictingOrigin,
        &["next", "train-next", "cleaner"],
    );
}

/// What is derived from synthetic rows does not make them its own by giving them back.
#[test]
fn a_source_does_not_lead_to_what_it_was_derived_from() {
    let mut world = herd();
    world.add(Predicate::Source(Source {
        made_by: MadeBy::Model,
        generators: Generators::Named(vec!["gpt".to_owned()]),
        ..source("synthetic")
    }));
    derived(&mut world, &["synthetic"], &[]);
    let inputs = vec![input(&world, "derived", Role::Data)];
    let set = world.source_of("synthetic").set;
    world.add(Predicate::Run(Run {
        inputs,
        ..run("filter-back", Does::Filter, "back", OutputKind::Shard, set)
    }));
    let out = world.verify("back");
    assert!(out.has(Code::ConflictingOrigin), "{:?}", out.findings);
}
