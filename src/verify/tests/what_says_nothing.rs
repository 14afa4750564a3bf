//! Which equal bytes say nothing of where they come from?

use super::kit::*;
use crate::digest::Sha256Digest;
use crate::statement::*;
use crate::verify::*;

/// Adds a source with the content of something else.
fn declare(world: &mut World, item: &str, content: &str, rows: u64, change: impl FnOnce(Source) -> Source) {
    world.add(Predicate::Source(change(Source {
        set: file(content, rows),
        ..source(item)
    })));
}

fn model_made(source: Source) -> Source {
    Source {
        made_by: MadeBy::Model,
        generators: Generators::Named(vec!["teacher".to_owned()]),
        ..source
    }
}

#[test]
fn content_without_a_row_says_nothing_of_its_origin() {
    let cases: [(&[u8], u64, bool); 6] = [
        (b"", 0, true),
        (b"[]", 1, true),
        (b"{}\n", 1, true),
        (b"question,answer\n", 0, true),
        (b"question,answer\n1,2\n", 1, false),
        (b" ", 1, false),
    ];
    for (content, rows, shared) in cases {
        let mut world = herd();
        world.add(Predicate::Source(Source {
            set: bytes("empty.csv", content, rows),
            ..source("empty")
        }));
        let inputs = vec![input(&world, "teacher", Role::Generator)];
        let set = bytes("none.csv", content, rows);
        world.run(Does::Generate, inputs, "nothing", set, |run| run);
        let roles = [("kept", Role::Data), ("empty", Role::Data)];
        step(&mut world, Does::Train, &roles, "model", 0);
        let expected: &[Code] = if shared { &[] } else { &[Code::ConflictingOrigin] };
        assert_eq!(failing(&world.verify("model")), expected, "{content:?}");
    }
    assert_ne!(Sha256Digest::of(b" "), Sha256Digest::of(b""));
}

#[test]
fn content_has_rows_as_soon_as_one_claim_counts_some() {
    let mut world = herd();
    declare(&mut world, "people", "kept", 0, |source| source);
    let roles = [("people", Role::Data), ("seeds", Role::Data)];
    step(&mut world, Does::Train, &roles, "clean", 0);
    let path = ["clean", "train-clean", "people"];
    fails(&world.verify("clean"), Code::ConflictingOrigin, &path);
    // Zero rows that nobody counted are no reason either.
    let mut world = World::new();
    let given = |mut set: ArtifactSet| {
        set.artifacts[0].rows = Some(Count {
            value: 0,
            basis: CountBasis::Given,
        });
        set
    };
    for (item, change) in [
        ("one", (|source| source) as fn(Source) -> Source),
        ("two", model_made),
    ] {
        world.add(Predicate::Source(change(Source {
            set: given(file("rows", 0)),
            ..source(item)
        })));
    }
    step(&mut world, Does::Filter, &[("one", Role::Data)], "out", 0);
    fails(
        &world.verify("out"),
        Code::ConflictingOrigin,
        &["out", "filter-out", "one"],
    );
}
