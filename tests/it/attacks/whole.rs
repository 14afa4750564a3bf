//! A sound bundle, from which everything is taken in turn and in which every byte is changed: never `traced`.

use std::io::Cursor;

use herdbook::bundle;
use herdbook::merkle;
use herdbook::statement::*;
use herdbook::verify::Given;
use herdbook::verify::Request;
use herdbook::verify::Trust;
use herdbook::verify::Verdict;

use super::kit::*;

/// A lineage with a little of everything: a grant, a file declared twice in agreement, a manifest, a held prompt, code.
fn rich() -> World {
    let mut world = World::new();
    world.add_by(OWNER, grant(STRANGER, &["source"]));
    world.add_by(STRANGER, Predicate::Source(source("seeds")));
    world.declare("seeds again", "seeds", 100, |source| source);
    let parts = world.manifest("parts", &[("a.jsonl", b"a"), ("b.jsonl", b"b")]);
    world.add(Predicate::Source(Source {
        set: one(parts),
        ..source("parts")
    }));
    let held = world.hold("prompt.txt", b"write a task");
    world.add(Predicate::Prompt(Prompt {
        name: name("prompt"),
        set: one(held),
    }));
    world.add(Predicate::Model(model("teacher")));
    world.seal();
    world.declare("unrelated", "unrelated", 10, |source| source);
    let code = world.hold("generate.py", b"print()");
    let roles = [
        ("teacher", Role::Generator),
        ("seeds", Role::Seed),
        ("prompt", Role::Prompt),
    ];
    world.run(Does::Generate, &roles, "tasks", rows("tasks", 1000), |run| Run {
        code: vec![Attachment {
            name: code.name.clone(),
            blob: code.sha256.as_blob(),
            bytes: 7,
            sealed: false,
        }],
        ..run
    });
    let roles = [("tasks", Role::Data), ("parts", Role::Data)];
    world.run(Does::Train, &roles, "specialist", weights("specialist"), |run| {
        run
    });
    world.sealed()
}

/// Judges a bundle by the trust root of a world.
fn judge(world: &World, tar: &[u8]) -> Verdict {
    let Ok(mut opened) = bundle::Bundle::open(Cursor::new(tar)) else {
        return Verdict::Tampered;
    };
    let ask = |artifacts, checkpoint| Request {
        artifacts,
        checkpoint,
        ..Request::of(Trust::Pinned(world.root.clone()))
    };
    let judged = opened.judge(&ask, &mut |_| Given::Missing).unwrap();
    judged.get().verdict
}

#[test]
fn nothing_can_be_left_out_of_a_bundle() {
    let world = rich();
    let honest = Bundle::of(&world, "specialist");
    assert_eq!(judge(&world, &honest.tar()), Verdict::Traced);
    for entry in honest.here.clone() {
        let pruned = honest.clone().without(entry);
        assert_ne!(
            judge(&world, &pruned.tar()),
            Verdict::Traced,
            "entry {entry} was pruned"
        );
    }
    assert_eq!(honest.blobs.len(), 3);
    for id in honest.blobs.keys() {
        let mut without = honest.clone();
        without.blobs.remove(id);
        assert_ne!(judge(&world, &without.tar()), Verdict::Traced, "blob {id}");
    }
    assert!(!honest.contested.is_empty());
    for record in 0..honest.contested.len() {
        let mut without = honest.clone();
        without.contested.remove(record);
        assert_ne!(judge(&world, &without.tar()), Verdict::Traced, "record {record}");
    }
    let members = honest.members();
    for at in 0..members.len() {
        let mut without = members.clone();
        without.remove(at);
        assert_ne!(judge(&world, &tar(&without)), Verdict::Traced, "member {at}");
    }
    let lines = honest.tree().lines().count();
    for line in 0..lines {
        let mut without = members.clone();
        let kept = honest.tree();
        let kept = kept.lines().enumerate().filter(|(at, _)| *at != line);
        let kept: Vec<&str> = kept.map(|(_, line)| line).collect();
        without[2] = Member::new("tree", (kept.join("\n") + "\n").into_bytes());
        assert_ne!(judge(&world, &tar(&without)), Verdict::Traced, "line {line}");
    }
    let whole = honest.tar();
    for length in (0..whole.len()).step_by(97) {
        assert_ne!(judge(&world, &whole[..length]), Verdict::Traced, "{length} bytes");
    }
}

#[test]
fn no_byte_of_a_bundle_can_be_changed() {
    let world = rich();
    let whole = Bundle::of(&world, "specialist").tar();
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1 << (at % 8);
        assert_ne!(judge(&world, &changed), Verdict::Traced, "byte {at}");
    }
}

/// Whoever puts every pruned entry back has the whole log, and the verdict is the same.
#[test]
fn more_than_is_needed_changes_nothing() {
    let world = rich();
    let mut all = Bundle::of(&world, "specialist");
    all.here = (0..world.entries.len()).collect();
    assert_eq!(all.tree().lines().count(), world.entries.len());
    assert_eq!(judge(&world, &all.tar()), Verdict::Traced);
    assert!(
        all.tree()
            .contains(&merkle::leaf_hash(&world.entries[0]).to_hex())
    );
}
