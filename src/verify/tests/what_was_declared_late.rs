//! Does a leaf stand in the place of a gap, and is it what was meant?

use super::kit::*;
use crate::digest::Sha256Digest;
use crate::statement::*;
use crate::verify::*;

/// A shard generated from seeds of which only the digest was known, and the gap.
fn gappy(digest: Option<&str>) -> (World, GapRef) {
    let mut world = World::new();
    world.add(Predicate::Model(model("teacher")));
    let open = Input {
        from: InputFrom::Gap(Gap {
            text: "the wiki".to_owned(),
            digest: digest.map(|content| Sha256Digest::of(content.as_bytes())),
        }),
        ..gap("the wiki", Role::Seed)
    };
    let inputs = vec![input(&world, "teacher", Role::Generator), open];
    let statement = world.run(Does::Generate, inputs, "tasks", file("tasks", 10), |run| run);
    (
        world,
        GapRef {
            statement,
            position: 1,
        },
    )
}

fn declare(world: &mut World, item: &str) -> ArtifactRef {
    world.add(Predicate::Source(Source {
        set: file(item, 10),
        ..source(item)
    }));
    world.refs(item)[0]
}

/// The gap stays, and a note says that a notice did nothing.
#[track_caller]
fn stays(world: &World) {
    let judgement = world.verify("tasks");
    assert_eq!(
        failing(&judgement),
        [Code::UnresolvedInput],
        "{:#?}",
        judgement.findings
    );
    assert!(
        judgement.has(Code::NoticeWithoutEffect),
        "{:#?}",
        judgement.findings
    );
}

#[test]
fn a_gap_with_a_digest_is_filled_by_what_has_it() {
    let (mut world, gap) = gappy(Some("wiki"));
    let leaf = declare(&mut world, "wiki");
    assert_eq!(failing(&world.verify("tasks")), [Code::UnresolvedInput]);
    world.resolve(ISSUER, gap, leaf);
    let judgement = world.verify("tasks");
    passes(&judgement);
    let note = judgement
        .findings
        .iter()
        .find(|finding| finding.code == Code::DeclaredLate)
        .unwrap();
    assert_eq!(names(&note.path), ["tasks", "generate-tasks", "wiki"]);
    assert_eq!(
        (judgement.conditioning.declared, judgement.conditioning.undeclared),
        (1, 0)
    );
    assert!(judgement.sources.iter().any(|source| source.name == "wiki"));
    // Twice says nothing new.
    let again = declare(&mut world, "again");
    world.resolve(ISSUER, gap, again);
    let judgement = world.verify("tasks");
    passes(&judgement);
    assert!(judgement.has(Code::NoticeWithoutEffect));
}

#[test]
fn a_file_of_a_manifest_fills_a_gap() {
    let (mut world, gap) = gappy(Some("wiki"));
    let manifest = world.manifest("all", &[("other", b"other"), ("wiki", b"wiki")]);
    world.add(Predicate::Source(Source {
        set: one(manifest),
        ..source("pages")
    }));
    let whole = world.refs("pages")[0];
    let at = |at| ArtifactRef {
        member: Some(at),
        ..whole
    };
    let mut right = world.clone();
    right.resolve(ISSUER, gap, at(1));
    passes(&right.verify("tasks"));
    for wrong in [at(0), whole] {
        let mut world = world.clone();
        world.resolve(ISSUER, gap, wrong);
        stays(&world);
    }
}

#[test]
fn what_is_not_known_to_be_the_same_fills_no_gap() {
    let (mut world, gap) = gappy(None);
    let leaf = declare(&mut world, "wiki");
    world.resolve(ISSUER, gap, leaf);
    stays(&world);
    let (mut world, gap) = gappy(Some("wiki"));
    let leaf = declare(&mut world, "other");
    world.resolve(ISSUER, gap, leaf);
    stays(&world);
}

#[test]
fn only_a_leaf_that_fits_the_role_fills_a_gap() {
    // An output of a run.
    let (mut world, gap) = gappy(Some("wiki"));
    step(
        &mut world,
        Does::Generate,
        &[("teacher", Role::Generator)],
        "wiki",
        10,
    );
    let output = world.refs("wiki")[0];
    world.resolve(ISSUER, gap, output);
    stays(&world);
    // A model where rows were meant.
    let (mut world, gap) = gappy(Some("wiki"));
    world.add(Predicate::Model(Model {
        set: weights("wiki"),
        ..model("wiki")
    }));
    let weights = world.refs("wiki")[0];
    world.resolve(ISSUER, gap, weights);
    stays(&world);
}

#[test]
fn only_the_key_of_the_run_fills_its_gap() {
    for seed in [SECOND, OWNER] {
        let (mut world, gap) = gappy(Some("wiki"));
        let leaf = declare(&mut world, "wiki");
        world.resolve(seed, gap, leaf);
        stays(&world);
    }
    let (mut world, gap) = gappy(Some("wiki"));
    let leaf = declare(&mut world, "wiki");
    let entry = world.entries.len() as u64;
    let id = world.resolve(ISSUER, gap, leaf);
    world.revoke(ISSUER, Revocation::Compromised, Some(Since::Entry(entry)));
    stays(&world);
    world.affirm(SECOND, id);
    passes(&world.verify("tasks"));
}

#[test]
fn a_gap_of_a_data_set_is_filled_too() {
    let mut world = herd();
    let digest = Some(Sha256Digest::of(b"more"));
    let members = Some(Cites::Inline(world.refs("tasks")));
    let open = |text: &str, digest| Gap {
        text: text.to_owned(),
        digest,
    };
    let statement = world.add(Predicate::Dataset(Dataset {
        name: name("set"),
        members,
        gaps: vec![open("unknown", None), open("known by now", digest)],
    }));
    let leaf = declare(&mut world, "more");
    world.resolve(
        ISSUER,
        GapRef {
            statement,
            position: 1,
        },
        leaf,
    );
    let judgement = world.verify("set");
    assert_eq!(failing(&judgement), [Code::UnresolvedInput]);
    assert_eq!(judgement.findings[0].name, "unknown");
    assert!(judgement.has(Code::DeclaredLate));
    assert!(judgement.lineage.nodes.iter().any(|node| node.name == "more"));
}

#[test]
fn a_gap_that_would_lead_back_to_its_run_stays() {
    let mut world = World::new();
    world.add(Predicate::Source(source("seeds")));
    let open = Input {
        from: InputFrom::Gap(Gap {
            text: "a rule".to_owned(),
            digest: Some(Sha256Digest::of(b"rule")),
        }),
        ..gap("a rule", Role::Filter)
    };
    let inputs = vec![input(&world, "seeds", Role::Data), open];
    let statement = world.run(Does::Train, inputs, "judge", weights("judge"), |run| run);
    let judge = world.refs("judge").first().copied();
    world.add(Predicate::Filter(Filter {
        set: file("rule", 0),
        model: judge,
        ..filter("rule")
    }));
    let leaf = world.refs("rule")[0];
    world.resolve(
        ISSUER,
        GapRef {
            statement,
            position: 1,
        },
        leaf,
    );
    let judgement = world.verify("judge");
    assert_eq!(
        failing(&judgement),
        [Code::UnresolvedInput],
        "{:#?}",
        judgement.findings
    );
    assert!(judgement.has(Code::NoticeWithoutEffect));
}
