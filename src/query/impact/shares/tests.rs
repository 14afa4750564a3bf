//! How much is kept on the way up, and that it is enough.

use super::*;
use crate::ledger::admission::fixture::*;
use crate::ledger::fixture::ledger_of;
use crate::query::descend::Ascent;
use crate::query::node::Place;
use crate::statement::Count;
use crate::statement::CountBasis;
use crate::statement::Does;
use crate::statement::OutputKind;
use crate::statement::Role;

/// A chain in which each link takes the one before it and a source of its own, and every tenth the very first.
#[test]
fn of_a_long_chain_few_links_are_kept() {
    let mut fixture = Fixture::new();
    let rows = |content: &str, value| {
        let mut file = file(content);
        file.rows = Some(Count {
            value,
            basis: CountBasis::Given,
        });
        set(vec![file])
    };
    let first = fixture.append(vec![source("first", rows("first", 8))]).unwrap()[0];
    let mut last = first;
    for number in 0..60 {
        let own = format!("own-{number}");
        let own = fixture.append(vec![source(&own, rows(&own, 8))]).unwrap()[0];
        let mut inputs = vec![input(Role::Data, &[at(last, 0), at(own, 0)])];
        if number % 10 == 9 {
            inputs.push(input(Role::Data, &[at(first, 0)]));
        }
        let out = format!("out-{number}");
        let made = vec![output(&out, OutputKind::Shard, rows(&out, 8))];
        last = fixture
            .append(vec![run(&format!("run-{number}"), Does::Mix, inputs, made)])
            .unwrap()[0];
    }
    let ledger = ledger_of(&fixture);
    let view = ledger.view();
    let mut ascent = Ascent::from(&view, &[Place::Artifact(at(first, 0))]).unwrap();
    let mut sharing = Sharing::begin(&view, &ascent.founders).unwrap();
    let mut most = 0;
    while let Some(child) = ascent.next().unwrap() {
        sharing.child(child, &[0]).unwrap();
        most = most.max(sharing.kept.len());
    }
    assert!(most <= 3, "{most}");
    assert!(sharing.kept.is_empty() && sharing.awaited.is_empty());
    let (shares, fault) = sharing.finish();
    assert_eq!((shares.len(), fault), (60, None));
}

#[test]
fn members_are_let_go_of_with_the_last_that_has_them() {
    let mut fixture = Fixture::new();
    let manifest = manifest_of(70);
    fixture.blobs.put(&manifest.bytes);
    let mut last = fixture
        .append(vec![source("first", set(vec![of_manifest(&manifest)]))])
        .unwrap()[0];
    let first = last;
    // Each puts out the same manifest again.
    for number in 0..4 {
        let made = vec![output(
            &format!("out-{number}"),
            OutputKind::Shard,
            set(vec![of_manifest(&manifest)]),
        )];
        let inputs = vec![input(Role::Data, &[at(last, 0)])];
        last = fixture
            .append(vec![run(&format!("run-{number}"), Does::Filter, inputs, made)])
            .unwrap()[0];
    }
    let ledger = ledger_of(&fixture);
    let view = ledger.view();
    let mut ascent = Ascent::from(&view, &[Place::Artifact(at(first, 0))]).unwrap();
    let mut sharing = Sharing::begin(&view, &ascent.founders).unwrap();
    while let Some(child) = ascent.next().unwrap() {
        sharing.child(child, &[0]).unwrap();
        assert_eq!(sharing.members, 70, "the bytes are read and counted once");
    }
    // The founder has it still.
    assert_eq!(sharing.manifests.len(), 1);
    let shares = sharing.finish().0;
    assert!(shares.values().all(|share| *share == Share::one()));
}

/// One file of a model is asked about after everything that the model was made of is passed, a data set between.
#[test]
fn what_is_asked_in_part_is_known_however_late() {
    let mut fixture = Fixture::new();
    let rows = |content: &str| {
        let mut file = file(content);
        file.rows = Some(Count {
            value: 8,
            basis: CountBasis::Given,
        });
        set(vec![file])
    };
    let sources = fixture
        .append(vec![
            source("first", rows("first")),
            source("other", rows("other")),
        ])
        .unwrap();
    let filtered = vec![output("kept", OutputKind::Shard, rows("kept"))];
    let taken = vec![input(Role::Data, &[at(sources[0], 0)])];
    let kept = fixture
        .append(vec![run("filter", Does::Filter, taken, filtered)])
        .unwrap()[0];
    let both = vec![at(kept, 0), at(sources[1], 0)];
    let all = fixture.append(vec![dataset("all", both)]).unwrap()[0];
    let trained = vec![output("base", OutputKind::Model, files(&["w1", "w2"]))];
    let taken = vec![input(Role::Data, &[at(all, 0)])];
    let base = fixture
        .append(vec![run("train", Does::Train, taken, trained)])
        .unwrap()[0];
    for (name, files_of) in [
        ("whole", vec![at(base, 0), at(base, 1)]),
        ("part", vec![at(base, 0)]),
    ] {
        let made = vec![output(&format!("{name} out"), OutputKind::Model, files(&[name]))];
        let taken = vec![input(Role::Base, &files_of)];
        fixture
            .append(vec![run(name, Does::Transform, taken, made)])
            .unwrap();
    }
    let ledger = ledger_of(&fixture);
    let view = ledger.view();
    let mut ascent = Ascent::from(&view, &[Place::Artifact(at(sources[0], 0))]).unwrap();
    let mut sharing = Sharing::begin(&view, &ascent.founders).unwrap();
    let mut order = Vec::new();
    while let Some(child) = ascent.next().unwrap() {
        order.push(child.id);
        sharing.child(child, &[0]).unwrap();
    }
    assert!(sharing.kept.is_empty());
    let shares = sharing.finish().0;
    let found: Vec<String> = order.iter().map(|id| shares[&(*id, 0)].percent()).collect();
    assert_eq!(found, ["100 %", "50 %", "50 %", "50 %", "50 %"]);
}
