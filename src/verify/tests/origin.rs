//! Where lineages end: who made a source, and whether all claims about its bytes can be true.

use super::kit::*;
use crate::statement::*;
use crate::verify::*;

/// A model trained on one source.
fn trained_on(source: Source) -> (World, String) {
    let mut world = World::new();
    let item = source.name.to_string();
    world.add(Predicate::Source(source));
    step(&mut world, Does::Train, &[(&item, Role::Data)], "specialist", 0);
    (world, item)
}

fn judged(source: Source) -> Judgement {
    trained_on(source).0.verify("specialist")
}

#[test]
fn a_model_source_must_name_its_generators() {
    let by_model = Source {
        made_by: MadeBy::Model,
        ..source("answers")
    };
    assert_eq!(failing(&judged(by_model.clone())), [Code::SyntheticOriginUnknown]);
    let silent = Source {
        generators: Generators::NotKnown,
        ..by_model.clone()
    };
    assert_eq!(failing(&judged(silent)), [Code::SyntheticOriginUnknown]);
    let named = Source {
        generators: Generators::Named(vec!["gpt-3".to_owned()]),
        ..by_model
    };
    let judgement = judged(named);
    assert_eq!(failing(&judgement), []);
    // Named, but not traced: never counted as a declared source.
    assert_eq!(judgement.boundary.opaque_synthetic, Share::one());
    assert_eq!(judgement.boundary.sources, Share::zero());
}

#[test]
fn an_unknown_maker_is_excused_only_where_nobody_could_know() {
    let unknown = |acquired_by| Source {
        made_by: MadeBy::Unknown,
        acquired_by,
        ..source("pages")
    };
    for open in [
        AcquiredBy::WebCrawl,
        AcquiredBy::UserData,
        AcquiredBy::PublicDataset,
    ] {
        let judgement = judged(unknown(open));
        assert_eq!(failing(&judgement), [], "{open}");
        assert!(
            judgement
                .line()
                .starts_with("traced: 100 % to data of which nobody knows"),
            "{}",
            judgement.line()
        );
        assert!(judgement.has(Code::OriginNotKnown));
    }
    for closed in [
        AcquiredBy::Licensed,
        AcquiredBy::OwnProduction,
        AcquiredBy::Annotation,
        AcquiredBy::Unknown,
    ] {
        assert_eq!(
            failing(&judged(unknown(closed))),
            [Code::OriginUnknown],
            "{closed}"
        );
    }
    let mixed = Source {
        made_by: MadeBy::Mixed,
        acquired_by: AcquiredBy::Licensed,
        ..source("mixed")
    };
    assert_eq!(failing(&judged(mixed.clone())), [Code::OriginUnknown]);
    let shared = Source {
        synthetic_share: Some(Decimal::parse("0.25").unwrap()),
        ..mixed
    };
    let judgement = judged(shared);
    assert_eq!(failing(&judgement), []);
    assert_eq!(judgement.boundary.opaque_synthetic, Share::of_counts(1, 4));
    assert_eq!(judgement.boundary.sources, Share::of_counts(3, 4));
}

#[test]
fn a_made_up_digest_fails_wherever_it_stands() {
    let made_up = Source {
        set: absent("seeds", Absence::Illustrative),
        ..source("seeds")
    };
    assert_eq!(failing(&judged(made_up)), [Code::IllustrativeDigest]);
    for absence in [
        Absence::NotKnown,
        Absence::Foreign {
            alg: "git".to_owned(),
            value: "377".to_owned(),
        },
    ] {
        let judgement = judged(Source {
            set: absent("seeds", absence),
            ..source("seeds")
        });
        assert_eq!(failing(&judgement), []);
        assert!(judgement.has(Code::NotHashed));
    }
}

#[test]
fn an_alias_is_a_note() {
    let mut world = World::new();
    world.add(Predicate::Model(Model {
        alias: true,
        ..model("teacher")
    }));
    step(
        &mut world,
        Does::Generate,
        &[("teacher", Role::Generator)],
        "text",
        10,
    );
    let judgement = world.verify("text");
    assert_eq!(judgement.verdict, Verdict::Traced);
    assert_eq!(
        judgement
            .findings
            .iter()
            .map(|finding| finding.code)
            .collect::<Vec<_>>(),
        [Code::AliasVersion]
    );
}

/// A later claim by the same key and name replaces the earlier one if it is less favourable; a better one is a
/// contradiction, and so is another key's.
#[test]
fn only_a_less_favourable_correction_is_taken_silently() {
    let worse = Source {
        made_by: MadeBy::Model,
        generators: Generators::Named(vec!["gpt-3".to_owned()]),
        ..source("answers")
    };
    let (mut world, _) = trained_on(source("answers"));
    assert_eq!(world.verify("specialist").boundary.sources, Share::one());
    world.add(Predicate::Source(worse.clone()));
    let judgement = world.verify("specialist");
    assert_eq!(failing(&judgement), []);
    assert!(judgement.has(Code::ClaimReplaced));
    assert_eq!(judgement.boundary.opaque_synthetic, Share::one());
    let (mut world, _) = trained_on(worse.clone());
    world.add(Predicate::Source(source("answers")));
    assert_eq!(failing(&world.verify("specialist")), [Code::ConflictingOrigin]);
    let (mut world, _) = trained_on(source("answers"));
    world.add_by(SECOND, Predicate::Source(worse.clone()));
    assert_eq!(failing(&world.verify("specialist")), [Code::ConflictingOrigin]);
    let (mut world, _) = trained_on(source("answers"));
    world.add(Predicate::Source(Source {
        name: name("renamed"),
        ..worse
    }));
    assert_eq!(failing(&world.verify("specialist")), [Code::ConflictingOrigin]);
}

#[test]
fn sources_agree_on_who_made_them_and_licences_are_told_apart() {
    let (mut world, _) = trained_on(source("seeds"));
    world.add_by(
        SECOND,
        Predicate::Source(source("copy-of-seeds").with(file("seeds", 100))),
    );
    assert_eq!(world.verify("specialist").findings, []);
    let other = Source {
        licence: Some("CC-BY-NC-4.0".to_owned()),
        ..source("third")
    };
    world.add_by(SECOND, Predicate::Source(other.with(file("seeds", 100))));
    let judgement = world.verify("specialist");
    assert_eq!(
        judgement
            .findings
            .iter()
            .map(|finding| finding.code)
            .collect::<Vec<_>>(),
        [Code::LicencesDiffer]
    );
}

impl Source {
    fn with(self, set: ArtifactSet) -> Self {
        Self { set, ..self }
    }
}

#[test]
fn contents_without_rows_are_nobodys() {
    let mut world = World::new();
    world.add(Predicate::Source(source("seeds")));
    let empty = |content: &str| {
        let mut set = file(content, 0);
        set.artifacts[0].name = "part.jsonl".to_owned();
        set
    };
    for (content, trained) in [("", "one"), ("[]", "two"), ("{}", "three")] {
        world.add(Predicate::Source(source("people").with(empty(content))));
        world.add(Predicate::Model(model("teacher")));
        let inputs = vec![input(&world, "teacher", Role::Generator)];
        let make = run("make", Does::Generate, "shard", OutputKind::Shard, empty(content));
        world.add(Predicate::Run(Run { inputs, ..make }));
        step(
            &mut world,
            Does::Train,
            &[
                ("shard", Role::Data),
                ("people", Role::Data),
                ("seeds", Role::Data),
            ],
            trained,
            0,
        );
        assert_eq!(failing(&world.verify(trained)), [], "{content:?}");
    }
    // A header alone: counted to have no rows by both.
    world.add(Predicate::Source(source("table").with(file("id,text", 0))));
    step(
        &mut world,
        Does::Generate,
        &[("teacher", Role::Generator)],
        "id,text",
        0,
    );
    step(
        &mut world,
        Does::Train,
        &[
            ("id,text", Role::Data),
            ("table", Role::Data),
            ("seeds", Role::Data),
        ],
        "tabular",
        0,
    );
    assert_eq!(failing(&world.verify("tabular")), []);
    // Stated to have none is not counted to have none.
    let mut stated = file("stated", 0);
    stated.artifacts[0].rows = Some(Count {
        value: 0,
        basis: CountBasis::Given,
    });
    world.add(Predicate::Source(source("stated-source").with(stated.clone())));
    let inputs = vec![input(&world, "teacher", Role::Generator)];
    let make = run(
        "make-stated",
        Does::Generate,
        "stated-shard",
        OutputKind::Shard,
        stated,
    );
    world.add(Predicate::Run(Run { inputs, ..make }));
    step(
        &mut world,
        Does::Train,
        &[("stated-source", Role::Data), ("seeds", Role::Data)],
        "sly",
        0,
    );
    assert_eq!(failing(&world.verify("sly")), [Code::ConflictingOrigin]);
}

#[test]
fn a_member_of_a_manifest_is_a_claim_too() {
    let mut world = World::new();
    world.add(Predicate::Model(model("teacher")));
    let shards = world.manifest("shards", &[("a", b"generated a"), ("b", b"generated b")]);
    let inputs = vec![input(&world, "teacher", Role::Generator)];
    let make = run(
        "make",
        Does::Generate,
        "shards",
        OutputKind::Shard,
        one(shards.clone()),
    );
    world.add(Predicate::Run(Run { inputs, ..make }));
    step(
        &mut world,
        Does::Train,
        &[("shards", Role::Data)],
        "specialist",
        0,
    );
    assert_eq!(failing(&world.verify("specialist")), []);
    world.add(Predicate::Source(source("people").with(file("generated b", 1))));
    step(&mut world, Does::Train, &[("people", Role::Data)], "clean", 0);
    assert_eq!(failing(&world.verify("clean")), [Code::ConflictingOrigin]);
    assert_eq!(failing(&world.verify("specialist")), [Code::ConflictingOrigin]);
    // Without the manifest nobody can tell.
    let mut hidden = world.clone();
    hidden.blobs.clear();
    assert_eq!(failing(&hidden.verify("clean")), [Code::ClaimsIncomplete]);
    assert!(failing(&hidden.verify("specialist")).contains(&Code::ManifestMissing));
    let mut forged = world;
    forged.blobs.values_mut().for_each(|blob| blob[0] ^= 1);
    assert_eq!(forged.verify("clean").verdict, Verdict::Tampered);
}

#[test]
fn a_quantised_copy_is_a_transform_of_its_base() {
    let mut world = World::new();
    world.add(Predicate::Model(Model {
        set: weights("base"),
        access: Access::Weights,
        ..model("base")
    }));
    let inputs = vec![input(&world, "base", Role::Base)];
    let quantise = run(
        "quantise",
        Does::Transform,
        "base-q4",
        OutputKind::Model,
        weights("base-q4"),
    );
    world.add(Predicate::Run(Run { inputs, ..quantise }));
    let judgement = world.verify("base-q4");
    assert_eq!(failing(&judgement), []);
    assert_eq!(judgement.boundary.external_models, Share::one());
}
