//! What may become an entry, and one attack for each thing that may not.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use proptest::prelude::*;

use super::fixture::*;
use super::*;
use crate::digest::NodeHash;
use crate::envelope::Envelope;
use crate::manifest::Manifest;
use crate::merkle;
use crate::statement::*;

fn shard(item: &str, content: &str) -> Output {
    output(item, OutputKind::Shard, files(&[content]))
}

#[test]
fn a_batch_may_cite_what_stands_earlier_in_it() {
    let mut fixture = Fixture::new();
    let seeds = fixture.sign(source("seeds", files(&["s"])));
    let seeds_id = Envelope::decode(&seeds).unwrap().id();
    let mix = |id| {
        run(
            "m",
            Does::Mix,
            vec![input(Role::Data, &[at(id, 0)])],
            vec![shard("o", "o")],
        )
    };
    let early = fixture.offer(mix(seeds_id));
    assert!(matches!(early, Err(AdmissionError::ParentMissing { .. })));
    let leaves = vec![seeds, fixture.sign(mix(seeds_id))];
    let ids = fixture.append_leaves(leaves).unwrap();
    let facts = fixture.state.index().facts(ids[1]).unwrap().unwrap();
    assert_eq!(facts.parents, [seeds_id]);
    // Genesis, seal, source, run, seal.
    assert_eq!(fixture.state.size().get(), 5);
    assert!(fixture.state.is_sealed());
    let leaves: Vec<_> = fixture
        .leaves
        .iter()
        .map(|leaf| merkle::leaf_hash(leaf))
        .collect();
    assert_eq!(fixture.state.tree().root(), merkle::root(&leaves));
}

#[test]
fn genesis_is_entry_0_and_signed_by_an_owner() {
    let empty = State::new();
    let admit = |leaf: &[u8]| {
        Staging::on(&empty, &MemoryBlobs::default(), Checks::All)
            .admit(leaf)
            .map(|_| ())
    };
    let good = sign(OWNER, None, Predicate::Genesis(genesis()));
    admit(&good).unwrap();
    let not_first = Fixture::new().try_one(&good);
    assert!(matches!(not_first, Err(AdmissionError::GenesisPlace)));
    let source_first = sign(ISSUER, None, source("s", files(&["s"])));
    assert!(matches!(admit(&source_first), Err(AdmissionError::GenesisPlace)));
    let by_issuer = sign(ISSUER, None, Predicate::Genesis(genesis()));
    assert!(matches!(admit(&by_issuer), Err(AdmissionError::NotAnOwner)));
    let in_ledger = sign(
        OWNER,
        Some(StatementId::from_bytes([5; 32])),
        Predicate::Genesis(genesis()),
    );
    assert!(matches!(admit(&in_ledger), Err(AdmissionError::GenesisPlace)));
    let with = |genesis| admit(&sign(OWNER, None, Predicate::Genesis(genesis)));
    let newer = with(Genesis {
        format: FORMAT_VERSION + 1,
        ..genesis()
    });
    assert!(matches!(newer, Err(AdmissionError::Format { .. })));
    let other_origin = with(Genesis {
        origin: "example.com/other".to_owned(),
        ..genesis()
    });
    assert!(matches!(other_origin, Err(AdmissionError::Origin { .. })));
    let shared = with(Genesis {
        grants: vec![grant(LOG, "seal")],
        ..genesis()
    });
    assert!(matches!(shared, Err(AdmissionError::LogKeyShared)));
    let owner_too = with(Genesis {
        owners: vec![public(OWNER), public(LOG)],
        ..genesis()
    });
    assert!(matches!(owner_too, Err(AdmissionError::LogKeyShared)));
    let twice = [
        Genesis {
            grants: vec![grant(ISSUER, "source"), grant(OWNER, "source")],
            ..genesis()
        },
        Genesis {
            grants: vec![grant(ISSUER, "source"), grant(ISSUER, "run")],
            ..genesis()
        },
        Genesis {
            owners: vec![public(OWNER), public(OWNER)],
            threshold: 2,
            ..genesis()
        },
    ];
    for said in twice {
        assert!(matches!(with(said), Err(AdmissionError::KeyTwice { .. })));
    }
}

#[test]
fn only_a_granted_key_signs_and_only_its_kinds() {
    let fixture = Fixture::new();
    let seeds = || source("seeds", files(&["s"]));
    let by = |seed, predicate| {
        fixture
            .try_one(&sign(seed, Some(fixture.id), predicate))
            .map(|_| ())
    };
    by(ISSUER, seeds()).unwrap();
    by(SOURCES, seeds()).unwrap();
    assert!(matches!(by(STRANGER, seeds()), Err(AdmissionError::Grant(_))));
    assert!(matches!(
        by(SOURCES, prompt("p", files(&["p"]))),
        Err(AdmissionError::Grant(_))
    ));
    assert!(matches!(by(OWNER, seeds()), Err(AdmissionError::Grant(_))));
    assert!(matches!(by(LOG, seeds()), Err(AdmissionError::Grant(_))));
}

#[test]
fn a_signature_is_over_these_bytes_by_this_key() {
    let fixture = Fixture::new();
    let leaf = fixture.sign(source("seeds", files(&["s"])));
    let other = fixture.sign(source("seeds", files(&["t"])));
    // The payload of one with the signature of the other.
    let text = String::from_utf8(leaf).unwrap();
    let cut = |text: &str| text.find("\",\"payloadType\"").unwrap();
    let other = String::from_utf8(other).unwrap();
    let swapped = format!("{}{}", &other[..cut(&other)], &text[cut(&text)..]);
    let swapped = fixture.try_one(swapped.as_bytes());
    assert!(matches!(swapped, Err(AdmissionError::Signature(_))));
    let junk = fixture.try_one(b"{}");
    assert!(matches!(junk, Err(AdmissionError::Envelope(_))));
    // A reader that replays does not check signatures; nothing is appended on its word.
    let forged = format!("{}{}", &other[..cut(&other)], &text[cut(&text)..]);
    Staging::on(&fixture.state, &fixture.blobs, Checks::Replay)
        .admit(forged.as_bytes())
        .unwrap();
}

#[test]
fn a_statement_is_for_one_ledger_and_stands_once() {
    let mut fixture = Fixture::new();
    let seeds = || source("seeds", files(&["s"]));
    let elsewhere = fixture.try_one(&sign(ISSUER, Some(StatementId::from_bytes([7; 32])), seeds()));
    assert!(matches!(elsewhere, Err(AdmissionError::WrongLedger { .. })));
    // What is offered is for whoever accepts it, and only a source can be offered.
    fixture.try_one(&sign(ISSUER, None, seeds())).unwrap();
    let stranger = fixture.try_one(&sign(STRANGER, None, seeds()));
    assert!(matches!(stranger, Err(AdmissionError::Grant(_))));
    for predicate in [model("m", files(&["m"])), prompt("p", files(&["p"]))] {
        let nowhere = fixture.try_one(&sign(ISSUER, None, predicate));
        assert!(matches!(nowhere, Err(AdmissionError::WrongLedger { .. })));
    }
    fixture.append(vec![seeds()]).unwrap();
    let again = fixture.offer(seeds());
    assert!(matches!(again, Err(AdmissionError::Duplicate { entry, .. }) if entry.get() == 2));
    let twice = Fixture::new().append(vec![seeds(), seeds()]);
    assert!(matches!(twice, Err(AdmissionError::Duplicate { entry, .. }) if entry.get() == 2));
}

#[test]
fn what_is_cited_exists_and_fits_its_role() {
    let mut fixture = Fixture::new();
    let ids = fixture
        .append(vec![
            source("seeds", files(&["s", "t"])),
            model("m", files(&["w"])),
            prompt("p", files(&["p"])),
        ])
        .unwrap();
    let (seeds, weights, text) = (ids[0], ids[1], ids[2]);
    let offer = |does, role, artifact| {
        fixture
            .offer(run(
                "r",
                does,
                vec![input(role, &[artifact])],
                vec![shard("o", "o")],
            ))
            .map(|_| ())
    };
    offer(Does::Mix, Role::Data, at(seeds, 1)).unwrap();
    offer(Does::Generate, Role::Generator, at(weights, 0)).unwrap();
    let beyond = offer(Does::Mix, Role::Data, at(seeds, 2));
    assert!(matches!(beyond, Err(AdmissionError::NoSuchArtifact { .. })));
    let member = ArtifactRef {
        member: Some(0),
        ..at(seeds, 0)
    };
    assert!(matches!(
        offer(Does::Mix, Role::Data, member),
        Err(AdmissionError::NoSuchArtifact { .. })
    ));
    for (does, role, artifact) in [
        (Does::Generate, Role::Generator, at(seeds, 0)),
        (Does::Mix, Role::Data, at(weights, 0)),
        (Does::Mix, Role::Data, at(text, 0)),
        (Does::Generate, Role::Filter, at(seeds, 0)),
    ] {
        assert!(
            matches!(offer(does, role, artifact), Err(AdmissionError::Role { .. })),
            "{does} {role}"
        );
    }
    let nobody = offer(Does::Mix, Role::Data, at(StatementId::from_bytes([9; 32]), 0));
    assert!(matches!(nobody, Err(AdmissionError::ParentMissing { .. })));
    fixture
        .offer(dataset("d", vec![at(seeds, 0), at(seeds, 1)]))
        .unwrap();
}

/// A log with the source `seeds` (two files) and the model `m`.
fn seeds_and_model() -> (Fixture, StatementId, StatementId) {
    let mut fixture = Fixture::new();
    let ids = fixture
        .append(vec![
            source("seeds", files(&["s", "t"])),
            model("m", files(&["w"])),
        ])
        .unwrap();
    (fixture, ids[0], ids[1])
}

#[test]
fn a_data_set_collects_rows_and_is_cited_as_a_whole() {
    let (mut fixture, seeds, weights) = seeds_and_model();
    let collected = fixture
        .append(vec![dataset("seeds only", vec![at(seeds, 0)])])
        .unwrap()[0];
    let whole = run(
        "r",
        Does::Mix,
        vec![input(Role::Data, &[at(collected, 0)])],
        vec![shard("o", "o")],
    );
    fixture.offer(whole).unwrap();
    let inside = ArtifactRef {
        member: Some(0),
        ..at(collected, 0)
    };
    let inside = run(
        "r",
        Does::Mix,
        vec![input(Role::Data, &[inside])],
        vec![shard("o", "o")],
    );
    assert!(matches!(
        fixture.offer(inside),
        Err(AdmissionError::NoSuchArtifact { .. })
    ));
    let of_models = fixture.offer(dataset("d", vec![at(weights, 0)]));
    assert!(matches!(
        of_models,
        Err(AdmissionError::Member { thing: "model", .. })
    ));
}

#[test]
fn the_model_of_a_filter_is_a_model() {
    let (fixture, seeds, weights) = seeds_and_model();
    let filter = |artifact| {
        Predicate::Filter(Filter {
            name: name("f"),
            set: files(&["f"]),
            rule: FilterRule::Quality,
            params: std::collections::BTreeMap::new(),
            model: Some(artifact),
        })
    };
    fixture.offer(filter(at(weights, 0))).unwrap();
    let by_data = fixture.offer(filter(at(seeds, 0)));
    assert!(matches!(by_data, Err(AdmissionError::FilterModel { .. })));
}

#[test]
fn blobs_are_there_and_are_what_is_stated() {
    let mut fixture = Fixture::new();
    let absent = fixture.offer(prompt("p", set(vec![held("text")])));
    assert!(matches!(
        absent,
        Err(AdmissionError::Blob(BlobError::Missing { .. }))
    ));
    let id = fixture.blobs.put(b"text");
    fixture.offer(prompt("p", set(vec![held("text")]))).unwrap();
    let mut shorter = held("text");
    if let Content::File { bytes, .. } = &mut shorter.content {
        *bytes = Some(3);
    }
    let size = fixture.offer(prompt("p", set(vec![shorter])));
    assert!(matches!(
        size,
        Err(AdmissionError::Size {
            stated: 3,
            found: 4,
            ..
        })
    ));
    fixture.blobs.0.insert(id, b"other".to_vec());
    let differs = fixture.offer(prompt("p", set(vec![held("text")])));
    assert!(matches!(
        differs,
        Err(AdmissionError::Blob(BlobError::Differs { .. }))
    ));
}

#[test]
fn a_manifest_is_read_and_its_members_are_claims() {
    let mut fixture = Fixture::new();
    let manifest = manifest_of(70);
    let parts = source("parts", set(vec![of_manifest(&manifest)]));
    assert!(matches!(
        fixture.offer(parts.clone()),
        Err(AdmissionError::Blob(_))
    ));
    fixture.blobs.put(&manifest.bytes);
    let mut lying = of_manifest(&manifest);
    if let Content::Manifest { facts, .. } = &mut lying.content {
        facts.count = 69;
    }
    let lie = fixture.offer(source("parts", set(vec![lying])));
    assert!(matches!(lie, Err(AdmissionError::Manifest { .. })));
    let id = fixture.append(vec![parts]).unwrap()[0];
    let claims = fixture
        .state
        .index()
        .claims(Sha256Digest::of(b"member 5"))
        .unwrap();
    assert_eq!(
        claims,
        [ArtifactRef {
            member: Some(5),
            ..at(id, 0)
        }]
    );

    // Members can be cited, in a manifest of citations too; one beyond the last cannot.
    let member = |n| ArtifactRef {
        member: Some(n),
        ..at(id, 0)
    };
    let cites = |references: &[ArtifactRef], blobs: &mut MemoryBlobs| {
        let cited = Manifest::of_cited(references).unwrap();
        let blob = blobs.put(&cited.bytes);
        let manifest = Cites::Manifest {
            blob,
            count: cited.facts.count,
            root: cited.facts.root,
        };
        run(
            "r",
            Does::Mix,
            vec![from(Role::Data, InputFrom::Artifacts(manifest))],
            vec![shard("o", "o")],
        )
    };
    let all: Vec<_> = (0..70).map(member).collect();
    let taken = cites(&all, &mut fixture.blobs);
    fixture.offer(taken).unwrap();
    let beyond = cites(&[member(0), member(70)], &mut fixture.blobs);
    assert!(matches!(
        fixture.offer(beyond),
        Err(AdmissionError::NoSuchArtifact { .. })
    ));
}

#[test]
fn a_reader_replays_without_a_manifest_and_says_so() {
    let mut fixture = Fixture::new();
    let manifest = manifest_of(70);
    let blob = fixture.blobs.put(&manifest.bytes);
    fixture
        .append(vec![source("parts", set(vec![of_manifest(&manifest)]))])
        .unwrap();
    let none = MemoryBlobs::default();
    let mut state = State::new();
    let empty = state.clone();
    let mut staging = Staging::on(&empty, &none, Checks::Replay);
    for leaf in &fixture.leaves {
        staging.admit(leaf).unwrap();
    }
    state.integrate(staging.finish().unwrap()).unwrap();
    assert_eq!(state.missing_manifests(), [blob]);
    assert_eq!(state.tree(), fixture.state.tree());
}

#[test]
fn a_seal_is_the_log_keys_and_says_what_the_log_determines() {
    let mut fixture = Fixture::new();
    let honest = |fixture: &Fixture| Staging::on(&fixture.state, &fixture.blobs, Checks::All).seal();
    let none = honest(&fixture);
    assert_eq!((none.rulings, none.contested), (0, 0));
    let by =
        |fixture: &Fixture, seed, seal| fixture.try_one(&sign(seed, Some(fixture.id), Predicate::Seal(seal)));
    by(&fixture, LOG, none).unwrap();
    // The issuer may sign every kind, but never a seal.
    assert!(matches!(
        by(&fixture, ISSUER, none),
        Err(AdmissionError::SealFalse)
    ));
    for lie in [
        Seal { size: 9, ..none },
        Seal { rulings: 1, ..none },
        Seal { contested: 1, ..none },
        Seal {
            rulings_root: NodeHash::from_bytes([1; 32]),
            ..none
        },
        Seal {
            contested_root: NodeHash::from_bytes([1; 32]),
            ..none
        },
    ] {
        assert!(matches!(by(&fixture, LOG, lie), Err(AdmissionError::SealFalse)));
    }
    // Two statements about the same bytes: the old seal no longer holds.
    fixture
        .append(vec![
            source("a", files(&["x", "y"])),
            source("b", files(&["x", "z"])),
        ])
        .unwrap();
    assert!(matches!(by(&fixture, LOG, none), Err(AdmissionError::SealFalse)));
    let now = honest(&fixture);
    let x = Sha256Digest::of(b"x");
    let leaf = merkle::leaf_hash(&[x.as_bytes().as_slice(), &[0, 0, 0, 2]].concat());
    assert_eq!((now.contested, now.contested_root), (1, merkle::root(&[leaf])));
}

#[test]
fn key_changes_take_effect_at_their_entry_and_are_sealed() {
    let mut fixture = Fixture::new();
    let change = |seed, kinds: &[&str]| {
        Predicate::Key(KeyChange {
            change: KeyChangeKind::Grant,
            public_key: Some(public(seed)),
            successor: None,
            kinds: kinds.iter().map(|&kind| kind.to_owned()).collect(),
            holder: None,
            revocation: None,
            since: None,
            statements: vec![],
            reason: None,
        })
    };
    assert!(matches!(
        fixture.offer(change(STRANGER, &["source"])),
        Err(AdmissionError::Grant(_))
    ));
    let grant = sign(OWNER, Some(fixture.id), change(STRANGER, &["source"]));
    let by_stranger = sign(STRANGER, Some(fixture.id), source("s", files(&["s"])));
    assert!(fixture.try_one(&by_stranger).is_err());
    fixture.append_leaves(vec![grant.clone(), by_stranger]).unwrap();
    let seal = Staging::on(&fixture.state, &fixture.blobs, Checks::All).seal();
    assert_eq!(
        (seal.rulings, seal.rulings_root),
        (1, merkle::root(&[merkle::leaf_hash(&grant)]))
    );
}

/// A failing key change must not leave its mark on the batch.
#[test]
fn a_refused_key_change_changes_no_key() {
    let fixture = Fixture::new();
    let mut staging = Staging::on(&fixture.state, &fixture.blobs, Checks::All);
    let approve = Predicate::Key(KeyChange {
        change: KeyChangeKind::Approve,
        public_key: None,
        successor: None,
        kinds: vec![],
        holder: None,
        revocation: None,
        since: None,
        statements: vec![StatementId::from_bytes([3; 32])],
        reason: None,
    });
    let refused = staging.admit(&sign(OWNER, Some(fixture.id), approve));
    assert!(matches!(refused, Err(AdmissionError::StatementMissing { .. })));
    assert_eq!(staging.next().get(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Contested digests are those a naive look at all statements finds, whatever the batches.
    #[test]
    fn contested_is_what_a_naive_scan_finds(
        items in prop::collection::vec(prop::collection::vec(0_u8..12, 1..4), 1..14),
        batch in 1_usize..5,
    ) {
        let mut fixture = Fixture::new();
        let mut claimed: Vec<(Sha256Digest, usize)> = Vec::new();
        let mut predicates = Vec::new();
        for (number, contents) in items.iter().enumerate() {
            let contents: Vec<String> = contents.iter().map(u8::to_string).collect();
            let texts: Vec<&str> = contents.iter().map(String::as_str).collect();
            claimed.extend(texts.iter().map(|text| (Sha256Digest::of(text.as_bytes()), number)));
            predicates.push(source(&format!("item {number}"), files(&texts)));
        }
        for chunk in predicates.chunks(batch) {
            fixture.append(chunk.to_vec()).unwrap();
        }
        let mut naive: BTreeMap<Sha256Digest, u32> = BTreeMap::new();
        for (digest, _) in &claimed {
            let by: BTreeSet<_> = claimed.iter().filter(|(other, _)| other == digest).collect();
            if by.len() > 1 {
                naive.insert(*digest, u32::try_from(by.len()).unwrap());
            }
        }
        prop_assert_eq!(fixture.state.contested(), &naive);
        let leaf = |(digest, count): (&Sha256Digest, &u32)| {
            merkle::leaf_hash(&[digest.as_bytes().as_slice(), &count.to_be_bytes()].concat())
        };
        let leaves: Vec<_> = naive.iter().map(leaf).collect();
        let seal = Staging::on(&fixture.state, &fixture.blobs, Checks::All).seal();
        prop_assert_eq!(seal.contested_root, merkle::root(&leaves));
        // The last commit's own seal was made while its entries were not yet in the log.
        let last = Envelope::decode(fixture.leaves.last().unwrap()).unwrap().statement().unwrap();
        let below = Seal { size: seal.size - 1, ..seal };
        prop_assert_eq!(last.predicate, Predicate::Seal(below));
    }
}

#[test]
fn a_release_is_of_a_model_below_and_a_report_of_anything_below() {
    let mut fixture = Fixture::new();
    let ids = fixture
        .append(vec![source("seeds", files(&["s"])), model("m", files(&["w"]))])
        .unwrap();
    fixture.offer(release("hub", at(ids[1], 0))).unwrap();
    let rows = fixture.offer(release("hub", at(ids[0], 0)));
    assert!(matches!(
        rows,
        Err(AdmissionError::Released { thing: "source", .. })
    ));
    let nowhere = at(StatementId::from_bytes([8; 32]), 0);
    for absent in [
        release("hub", nowhere),
        report(vec![at(ids[0], 0), nowhere], b"r"),
    ] {
        let refused = fixture.offer(absent);
        assert!(matches!(refused, Err(AdmissionError::ParentMissing { .. })));
    }
    let no_file = fixture.offer(report(vec![at(ids[1], 0)], b"r"));
    assert!(matches!(
        no_file,
        Err(AdmissionError::Blob(BlobError::Missing { .. }))
    ));
    fixture.blobs.put(b"r");
    let said = fixture
        .append(vec![
            release("hub", at(ids[1], 0)),
            report(vec![at(ids[0], 0), at(ids[1], 0)], b"r"),
        ])
        .unwrap();
    let index = fixture.state.index();
    let facts = |at: usize| index.facts(said[at]).unwrap().unwrap();
    assert_eq!(facts(0).parents, [ids[1]]);
    assert_eq!(facts(1).parents.len(), 2);
    // Neither is a version of a name, and the bytes of a report are nobody's content.
    assert!(index.versions(&name("hub")).unwrap().is_empty());
    assert!(index.claims(Sha256Digest::of(b"r")).unwrap().is_empty());
    let cites_report = run(
        "g",
        Does::Mix,
        vec![input(Role::Data, &[at(said[1], 0)])],
        vec![shard("o", "o")],
    );
    let refused = fixture.offer(cites_report);
    assert!(matches!(refused, Err(AdmissionError::NoSuchArtifact { .. })));
}

#[test]
fn who_may_only_sign_sources_releases_nothing() {
    let mut fixture = Fixture::new();
    let ids = fixture.append(vec![model("m", files(&["w"]))]).unwrap();
    let leaf = sign(SOURCES, Some(fixture.id), release("hub", at(ids[0], 0)));
    assert!(matches!(fixture.try_one(&leaf), Err(AdmissionError::Grant(_))));
}
