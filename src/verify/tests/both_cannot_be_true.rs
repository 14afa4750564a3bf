//! Can everything that is claimed of the same bytes be true at once?

use super::kit::*;
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
fn generated_bytes_declared_again_as_human_conflict() {
    let mut world = herd();
    declare(&mut world, "people", "kept", 800, |source| source);
    world.train("people", "clean");
    let judgement = world.verify("clean");
    fails(
        &judgement,
        Code::ConflictingOrigin,
        &["clean", "train-clean", "people"],
    );
    let other = names(&judgement.findings[0].other_path);
    assert_eq!(
        other,
        ["kept", "filter-kept", "tasks", "generate-tasks", "teacher"]
    );
    // The older lineage is no longer safe either: it holds the same bytes.
    let path = ["specialist", "train-specialist", "kept"];
    fails(&world.verify("specialist"), Code::ConflictingOrigin, &path);
}

#[test]
fn a_member_of_a_manifest_claims_like_a_file() {
    let mut world = herd();
    let manifest = world.manifest("people", &[("mine.jsonl", b"my own"), ("z.jsonl", b"kept")]);
    world.add(Predicate::Source(Source {
        set: one(manifest),
        ..source("people")
    }));
    let path = ["specialist", "train-specialist", "kept"];
    fails(&world.verify("specialist"), Code::ConflictingOrigin, &path);
    // By whole manifest or by the one member, the data is the same.
    let whole = world.refs("people")[0];
    for member in [None, Some(1)] {
        let mut world = world.clone();
        let data = Input {
            from: InputFrom::Artifacts(Cites::Inline(vec![ArtifactRef { member, ..whole }])),
            ..input(&world, "people", Role::Data)
        };
        world.run(Does::Train, vec![data], "clean", weights("clean"), |run| run);
        let shown = if member.is_some() {
            "people/z.jsonl"
        } else {
            "people"
        };
        let path = ["clean", "train-clean", shown];
        fails(&world.verify("clean"), Code::ConflictingOrigin, &path);
    }
    // The other member is nobody else's.
    let data = Input {
        from: InputFrom::Artifacts(Cites::Inline(vec![ArtifactRef {
            member: Some(0),
            ..whole
        }])),
        ..input(&world, "people", Role::Data)
    };
    world.run(Does::Train, vec![data], "mine", weights("mine"), |run| run);
    passes(&world.verify("mine"));
}

#[test]
fn a_prompt_or_a_filter_with_generated_bytes_conflicts_too() {
    for kind in ["prompt", "filter"] {
        let mut world = herd();
        let (name, set) = (name("again"), file("tasks", 1000));
        world.add(match kind {
            "prompt" => Predicate::Prompt(Prompt { name, set }),
            _ => Predicate::Filter(Filter {
                name,
                set,
                rule: FilterRule::Other,
                params: std::collections::BTreeMap::new(),
                model: None,
            }),
        });
        let judgement = world.verify("specialist");
        assert_eq!(failing(&judgement), [Code::ConflictingOrigin], "{kind}");
    }
    // A human text may be a source and a prompt.
    let mut world = herd();
    world.add(Predicate::Prompt(Prompt {
        name: name("as prompt"),
        set: file("seeds", 100),
    }));
    passes(&world.verify("specialist"));
}

/// Whoever forgot an input and registered the run again reads which one, and what puts it right.
#[test]
fn two_runs_that_read_alike_are_told_apart_by_their_inputs() {
    let mut world = herd();
    world.add(Predicate::Prompt(Prompt {
        name: name("rules"),
        set: file("rules", 1),
    }));
    let inputs = [
        ("seeds", Role::Seed),
        ("teacher", Role::Generator),
        ("rules", Role::Prompt),
    ];
    step(&mut world, Does::Generate, &inputs, "tasks", 1000);
    let judgement = world.verify("specialist");
    assert_eq!(failing(&judgement), [Code::ConflictingOrigin]);
    let message = &judgement.findings[0].message;
    assert!(message.contains("takes rules (prompt), and entry "), "{message}");
    assert!(!message.contains("takes rules (prompt), seeds"), "{message}");
    assert!(message.contains("`herdbook notice correct`"), "{message}");
}

#[test]
fn a_revert_is_no_conflict_but_a_rewrite_is() {
    let mut world = herd();
    step(&mut world, Does::Filter, &[("seeds", Role::Data)], "shorter", 50);
    let inputs = vec![
        input(&world, "shorter", Role::Data),
        input(&world, "seeds", Role::Data),
    ];
    world.run(Does::Mix, inputs, "again", file("seeds", 100), |run| run);
    world.train("again", "reverted");
    passes(&world.verify("reverted"));
    let inputs = vec![
        input(&world, "shorter", Role::Data),
        input(&world, "teacher", Role::Generator),
    ];
    world.run(Does::Transform, inputs, "made", file("seeds", 50), |run| Run {
        rewrites: true,
        ..run
    });
    world.train("made", "laundered");
    let judgement = world.verify("laundered");
    assert_eq!(failing(&judgement), [Code::ConflictingOrigin]);
    assert!(judgement.findings[0].message.ends_with("(and 1 more)"));
}

#[test]
fn sources_agree_on_who_made_them() {
    type Change = fn(Source) -> Source;
    let same: [Change; 2] = [
        |source| Source {
            holder: Some("Somebody".to_owned()),
            ..source
        },
        |source| Source {
            acquired_by: AcquiredBy::Licensed,
            ..source
        },
    ];
    let other: [Change; 3] = [
        model_made,
        |source| Source {
            made_by: MadeBy::Sensor,
            ..source
        },
        |source| Source {
            made_by: MadeBy::Mixed,
            synthetic_share: decimal("0.5"),
            ..source
        },
    ];
    for (changes, codes) in [(&same[..], &[][..]), (&other, &[Code::ConflictingOrigin])] {
        for change in changes {
            let mut world = herd();
            declare(&mut world, "copy", "seeds", 100, change);
            assert_eq!(failing(&world.verify("specialist")), codes);
        }
    }
}

#[test]
fn sources_agree_on_what_that_makes_them() {
    let mixed = |share: &str| {
        let share = decimal(share);
        move |source: Source| Source {
            made_by: MadeBy::Mixed,
            generators: Generators::NotKnown,
            synthetic_share: share,
            ..source
        }
    };
    let mut world = World::new();
    declare(&mut world, "mixed", "rows", 100, mixed("0.1"));
    world.train("mixed", "model");
    passes(&world.verify("model"));
    declare(&mut world, "also mixed", "rows", 100, mixed("0.9"));
    let path = ["model", "train-model", "mixed"];
    fails(&world.verify("model"), Code::ConflictingOrigin, &path);

    // What nobody knows the maker of does not become the public's by a second declaration.
    let unknown = |acquired_by| {
        move |source: Source| Source {
            made_by: MadeBy::Unknown,
            acquired_by,
            ..source
        }
    };
    let mut world = World::new();
    declare(
        &mut world,
        "found",
        "rows",
        100,
        unknown(AcquiredBy::ThirdPartyPrivate),
    );
    declare(&mut world, "crawl", "rows", 100, unknown(AcquiredBy::WebCrawl));
    world.train("crawl", "model");
    let path = ["model", "train-model", "crawl"];
    fails(&world.verify("model"), Code::ConflictingOrigin, &path);
}

#[test]
fn a_later_less_favourable_word_counts_everywhere() {
    let mut world = herd();
    declare(&mut world, "seeds", "rows", 100, |source| source);
    world.train("seeds", "model");
    declare(&mut world, "seeds", "rows", 100, model_made);
    let judgement = world.verify("model");
    passes(&judgement);
    assert_eq!(notes(&judgement), [Code::ClaimReplaced]);
    assert_eq!(
        names(&judgement.findings[0].path),
        ["model", "train-model", "seeds"]
    );
    assert_eq!(judgement.boundary.opaque_synthetic, Share::one());
    assert_eq!(judgement.sources[0].made_by, "model");

    // A more favourable one does not, nor one by another key or under another name.
    let mut kinder = world.clone();
    declare(&mut kinder, "seeds", "rows", 100, |source| Source {
        licence: None,
        ..source
    });
    assert!(kinder.verify("model").has(Code::ConflictingOrigin));
    for (seed, item) in [(SECOND, "rows"), (ISSUER, "other")] {
        let mut world = World::new();
        declare(&mut world, "rows", "rows", 100, |source| source);
        world.train("rows", "model");
        world.add_by(
            seed,
            Predicate::Source(model_made(Source {
                set: file("rows", 100),
                ..source(item)
            })),
        );
        let path = ["model", "train-model", "rows"];
        fails(&world.verify("model"), Code::ConflictingOrigin, &path);
    }
}

#[test]
fn the_less_favourable_word_counts_for_a_single_member_too() {
    let mut world = World::new();
    let files: [(&str, &[u8]); 2] = [("a.jsonl", b"a"), ("b.jsonl", b"b")];
    let manifest = world.manifest("parts", &files);
    let claim = |change: fn(Source) -> Source| {
        Predicate::Source(change(Source {
            set: one(manifest.clone()),
            ..source("parts")
        }))
    };
    let whole = ArtifactRef::subject(world.add(claim(|source| source)), 0);
    let data = Input {
        from: InputFrom::Artifacts(Cites::Inline(vec![ArtifactRef {
            member: Some(1),
            ..whole
        }])),
        ..gap("", Role::Data)
    };
    world.run(Does::Train, vec![data], "model", weights("model"), |run| run);
    passes(&world.verify("model"));
    world.add(claim(|source| Source {
        made_by: MadeBy::Model,
        ..source
    }));
    let judgement = world.verify("model");
    let path = ["model", "train-model", "parts/b.jsonl"];
    fails(&judgement, Code::SyntheticOriginUnknown, &path);
    assert_eq!(judgement.boundary.unknown, Share::one());
    assert_eq!(notes(&judgement), [Code::ClaimReplaced]);
}

#[test]
fn an_old_word_that_is_repeated_stays_old() {
    let mut world = World::new();
    declare(&mut world, "rows", "rows", 100, model_made);
    let first = world.entries.last().unwrap().clone();
    declare(&mut world, "rows", "rows", 100, |source| source);
    world.train("rows", "model");
    world.add_bytes(first);
    let path = ["model", "train-model", "rows"];
    fails(&world.verify("model"), Code::ConflictingOrigin, &path);
}

#[test]
fn differing_licences_of_the_same_bytes_are_noted() {
    let mut world = herd();
    declare(&mut world, "copy", "seeds", 100, |source| source);
    assert_eq!(world.verify("specialist").findings, []);
    declare(&mut world, "other", "seeds", 100, |source| Source {
        licence: Some("MIT".to_owned()),
        ..source
    });
    let judgement = world.verify("specialist");
    passes(&judgement);
    assert_eq!(notes(&judgement), [Code::LicencesDiffer]);
}

/// A digest is the bytes' own: whoever states another size, another BLAKE3 or other rows of it is wrong, or lies.
#[test]
fn one_content_has_one_size_and_one_number_of_rows() {
    for (what, rows, bytes, blake3) in [
        ("rows", 99, 5, b"seeds".as_slice()),
        ("size", 100, 6, b"seeds"),
        ("BLAKE3", 100, 5, b"other"),
    ] {
        let mut world = herd();
        let mut set = file("seeds", rows);
        set.artifacts[0].content = Content::File {
            basis: Basis::Given,
            blake3: Some(crate::digest::Blake3Digest::of(blake3)),
            bytes: Some(bytes),
            held: false,
            sealed: false,
            row_root: None,
        };
        declare(&mut world, "copy", "copy", rows, |source| Source {
            set,
            ..source
        });
        let judgement = world.verify("specialist");
        assert_eq!(failing(&judgement), [Code::ConflictingOrigin], "{what}");
        assert!(
            judgement.findings[0]
                .message
                .ends_with(&format!("they state different {what} of them"))
        );
    }
}

/// A foreign identifier is as good as a digest for telling that two items are one content.
#[test]
fn a_foreign_identifier_cannot_be_generated_here_and_human_there() {
    let foreign = |alg: &str| {
        let absence = Absence::Foreign {
            alg: alg.to_owned(),
            value: "abc".to_owned(),
        };
        absent("thing", absence)
    };
    let mut world = herd();
    let inputs = vec![input(&world, "teacher", Role::Generator)];
    world.run(Does::Generate, inputs, "made", foreign("git-blob-sha1"), |run| {
        run
    });
    declare(&mut world, "people", "people", 10, |source| Source {
        set: foreign("Git-Blob-SHA1"),
        ..source
    });
    world.train("people", "clean");
    let judgement = world.verify("clean");
    assert_eq!(failing(&judgement), [Code::ConflictingOrigin]);
    assert!(
        judgement.findings[0].message.contains("git-blob-sha1 abc")
            || judgement.findings[0].message.contains("Git-Blob-SHA1 abc")
    );
}
