//! Is all evidence there? What is missing is `undecidable`, never a reason to say yes.

use super::kit::*;
use crate::checkpoint::LogKey;
use crate::checkpoint::Origin;
use crate::digest::Sha256Digest;
use crate::merkle::LeafIndex;
use crate::statement::*;
use crate::trust::TrustRoot;
use crate::verify::*;

#[test]
fn a_checkpoint_without_a_seal_is_not_enough() {
    let world = herd();
    undecidable(&world.drive(world.request("specialist")), Code::NoSeal);
    passes(&world.verify("specialist"));
}

#[test]
fn without_a_seal_key_changes_still_apply_in_their_order() {
    let mut world = herd();
    let kinds = vec![EVERY_KIND.to_owned()];
    let grant = KeyChange {
        kinds,
        ..key_change(KeyChangeKind::Grant, STRANGER)
    };
    world.add_by(OWNER, Predicate::Key(grant));
    world.revoke(STRANGER, Revocation::Retired, None);
    undecidable(&world.drive(world.request("specialist")), Code::NoSeal);
}

#[test]
fn an_unpinned_ledger_is_undecidable_and_a_self_asserted_one_says_so() {
    let mut world = herd();
    world.seal();
    let with = |trust| Request {
        trust,
        ..world.request("specialist")
    };
    undecidable(
        &world.drive(with(Trust::Missing(world.root.clone()))),
        Code::TrustNotPinned,
    );
    let own_word = world.drive(with(Trust::SelfAsserted(world.root.clone())));
    assert_eq!(own_word.word(), "traced (self-asserted)");
}

#[test]
fn a_trust_root_for_another_name_was_mixed_up_and_accuses_nobody() {
    let mut world = herd();
    world.seal();
    let other = "example.com/other";
    let key = LogKey::new(Origin::parse(other).unwrap(), public(STRANGER));
    let request = Request {
        trust: Trust::Pinned(TrustRoot {
            origin: other.to_owned(),
            log_key: key.to_vkey(),
            ..world.root.clone()
        }),
        ..world.request("specialist")
    };
    undecidable(&world.drive(request), Code::OtherLedger);
}

#[test]
fn less_assurance_than_asked_for_is_not_enough() {
    let mut world = herd();
    world.require = Assurance::Full;
    undecidable(&world.verify("specialist"), Code::AssuranceTooLow);
    world.require = Assurance::Pinned;
    passes(&world.verify("specialist"));
}

/// Nothing stands for a witness but a witness, whatever else was looked at.
#[test]
fn no_level_implies_witnesses_and_only_all_files_imply_a_sample() {
    use Assurance::{Full, Pinned, Sampled, SelfAsserted, Witnessed};
    let meeting = |required: Assurance| -> Vec<Assurance> {
        let all = Assurance::WORDS.into_iter().map(|(level, _)| level);
        all.filter(|level| level.meets(required)).collect()
    };
    assert_eq!(
        meeting(SelfAsserted),
        [SelfAsserted, Pinned, Witnessed, Sampled, Full]
    );
    assert_eq!(meeting(Pinned), [Pinned, Witnessed, Sampled, Full]);
    assert_eq!(meeting(Witnessed), [Witnessed]);
    assert_eq!(meeting(Sampled), [Sampled, Full]);
    assert_eq!(meeting(Full), [Full]);
}

#[test]
fn an_entry_that_is_not_there_is_never_passed_over() {
    let mut world = herd();
    world.seal();
    let size = world.entries.len();
    for sweep in 0..2 {
        for missing in 0..size {
            let mut verifier = Verifier::new(world.request("specialist"));
            let mut asked = 0;
            let judgement = loop {
                match verifier.need() {
                    Need::Entry(index) => {
                        let at = usize::try_from(index.get()).unwrap();
                        let gone = at == missing && asked / size == sweep;
                        asked += 1;
                        verifier.entry(if gone {
                            Given::Missing
                        } else {
                            Given::Found(&world.entries[at])
                        });
                    }
                    Need::Done => break verifier.finish().get().clone(),
                    other => panic!("{other:?}"),
                }
            };
            assert!(
                judgement.has(Code::EntryMissing),
                "sweep {sweep}, entry {missing}"
            );
            assert_ne!(judgement.verdict, Verdict::Traced);
        }
    }
}

#[test]
fn a_driver_that_stops_early_gets_no_verdict() {
    let mut world = herd();
    world.seal();
    let steps = 2 * world.entries.len();
    for stop in 0..steps {
        let mut verifier = Verifier::new(world.request("specialist"));
        for _ in 0..stop {
            let Need::Entry(index) = verifier.need() else {
                panic!("entries first")
            };
            verifier.entry(Given::Found(
                &world.entries[usize::try_from(index.get()).unwrap()],
            ));
        }
        let judgement = verifier.finish().get().clone();
        assert!(judgement.has(Code::EntryMissing), "after {stop}");
        assert_ne!(judgement.verdict, Verdict::Traced, "after {stop}");
    }
}

#[test]
fn what_was_not_asked_for_changes_nothing() {
    let mut world = herd();
    world.seal();
    let mut verifier = Verifier::new(world.request("specialist"));
    verifier.blob(Given::Found(b"unasked"));
    verifier.file(Given::Missing);
    assert_eq!(
        verifier.need(),
        Need::Entry(LeafIndex::new(world.entries.len() as u64 - 1))
    );
    verifier.entry(Given::Damaged("a bad block".to_owned()));
    assert_eq!(verifier.finish().get().verdict, Verdict::Tampered);
}

/// Seeds with a manifest of two files, and a model trained on them.
fn with_manifest() -> (World, Artifact) {
    let mut world = herd();
    let manifest = world.manifest("parts", &[("a.jsonl", b"a"), ("b.jsonl", b"b")]);
    let set = one(manifest.clone());
    world.add(Predicate::Source(Source {
        set,
        ..source("parts")
    }));
    world.train("parts", "model");
    (world, manifest)
}

#[test]
fn a_manifest_on_the_walk_must_be_there() {
    let (mut world, manifest) = with_manifest();
    passes(&world.verify("model"));
    let bytes = world.blobs.remove(&manifest.sha256.as_blob()).unwrap();
    undecidable(&world.verify("model"), Code::ManifestMissing);
    // A damaged one is false evidence, and so is one that is not what the statement says.
    let cut = bytes[..bytes.len() - 1].to_vec();
    world.blobs.insert(manifest.sha256.as_blob(), cut);
    assert_eq!(failing(&world.verify("model")), [Code::BlobDiffers]);
}

#[test]
fn a_manifest_is_what_its_statement_says_of_it() {
    let (world, manifest) = with_manifest();
    let mut lie = manifest;
    if let Content::Manifest { facts, .. } = &mut lie.content {
        facts.count = 3;
    }
    let mut world = world;
    world.add(Predicate::Source(Source {
        set: one(lie),
        ..source("lie")
    }));
    world.train("lie", "other");
    assert!(world.verify("other").has(Code::Undecodable));
}

#[test]
fn a_manifest_elsewhere_may_hide_a_rival_claim() {
    let (mut world, manifest) = with_manifest();
    passes(&world.verify("specialist"));
    world.blobs.remove(&manifest.sha256.as_blob());
    undecidable(&world.verify("specialist"), Code::ClaimsIncomplete);
}

#[test]
fn a_manifest_of_citations_must_be_there() {
    let mut world = herd();
    let cited = world.refs("kept");
    let lines = crate::manifest::Manifest::of_cited(&cited).unwrap();
    let blob = crate::digest::BlobId::of(&lines.bytes);
    let data = Input {
        from: InputFrom::Artifacts(Cites::Manifest {
            blob,
            count: lines.facts.count,
            root: lines.facts.root,
        }),
        ..gap("", Role::Data)
    };
    world.run(Does::Train, vec![data], "model", weights("model"), |run| run);
    undecidable(&world.verify("model"), Code::ManifestMissing);
    world.blobs.insert(blob, lines.bytes);
    let judgement = world.verify("model");
    passes(&judgement);
    assert_eq!(judgement.boundary, world.verify("specialist").boundary);
}

#[test]
fn evidence_and_code_must_be_in_the_ledger() {
    let mut world = herd();
    let held = world.hold("terms.pdf", b"terms");
    let evidence = Attachment {
        name: "terms.pdf".to_owned(),
        blob: held.sha256.as_blob(),
        bytes: 5,
        sealed: false,
    };
    world.add(Predicate::Source(Source {
        evidence: vec![evidence],
        set: file("licensed", 10),
        ..source("licensed")
    }));
    world.train("licensed", "model");
    passes(&world.verify("model"));
    world.blobs.remove(&held.sha256.as_blob());
    undecidable(&world.verify("model"), Code::BlobMissing);
    passes(&world.verify("specialist"));
}

#[test]
fn an_entry_of_an_unknown_kind_is_not_judged() {
    let mut world = herd();
    let statement = Statement {
        issuer: public(ISSUER).id(),
        ledger: Some(world.genesis),
        predicate: Predicate::Source(source("later")),
    };
    let payload = String::from_utf8(statement.encode()).unwrap();
    let payload = payload.replace("https://herdbook/source/v1", "https://herdbook/later/v1");
    world.add_bytes(seal_bytes(payload.as_bytes(), ISSUER));
    undecidable(&world.verify("specialist"), Code::NotJudged);
}

/// A release and a report say something of what is there: they count neither for a lineage nor against it, even when
/// a report has the bytes of a source.
#[test]
fn what_is_said_about_a_model_changes_no_verdict() {
    let mut world = herd();
    let before = world.verify("specialist");
    let target = world.refs("specialist")[0];
    world.add(Predicate::Release(Release {
        name: name("specialist"),
        target,
        channel: None,
        date: None,
    }));
    let said = world.add(Predicate::Report(Report {
        targets: vec![target],
        verdict: ReportedVerdict::Tampered,
        checkpoint: ReportedCheckpoint {
            origin: ORIGIN.to_owned(),
            size: 1,
            root: crate::digest::NodeHash::from_bytes([0; 32]),
        },
        policy: None,
        files: vec![Attachment {
            name: "seeds.jsonl".to_owned(),
            blob: Sha256Digest::of(b"seeds").as_blob(),
            bytes: 5,
            sealed: false,
        }],
    }));
    let after = world.verify("specialist");
    passes(&after);
    assert_eq!(
        (&before.boundary, &before.findings),
        (&after.boundary, &after.findings)
    );
    // A file of a report is nothing that a run can take.
    world.name("page", said);
    step(&mut world, Does::Mix, &[("page", Role::Data)], "copied", 1);
    assert!(world.verify("copied").has(Code::Inadmissible));
}

#[test]
fn a_ledger_of_a_newer_format_is_not_judged() {
    let mut world = World::with(|genesis| Genesis {
        format: FORMAT_VERSION + 1,
        ..genesis
    });
    world.add(Predicate::Source(source("seeds")));
    world.train("seeds", "model");
    undecidable(&world.verify("model"), Code::NotJudged);
}

fn with_files() -> World {
    let mut world = herd();
    world.content = true;
    for content in ["seeds", "tasks", "kept"] {
        world
            .files
            .insert(format!("{content}.jsonl"), content.as_bytes().to_vec());
    }
    world
        .files
        .insert("specialist.safetensors".to_owned(), b"specialist".to_vec());
    world
}

#[test]
fn a_changed_file_is_found_and_a_missing_one_too() {
    let mut world = with_files();
    let judgement = world.verify("specialist");
    passes(&judgement);
    assert_eq!(judgement.assurance, Assurance::Full);
    world.files.insert("tasks.jsonl".to_owned(), b"tasks!".to_vec());
    let path = ["specialist", "train-specialist", "kept", "filter-kept", "tasks"];
    fails(&world.verify("specialist"), Code::ContentDiffers, &path);
    world.files.remove("tasks.jsonl");
    let judgement = world.verify("specialist");
    fails(&judgement, Code::ContentNotFound, &path);
    assert_eq!(judgement.verdict, Verdict::Undecidable);
}

#[test]
fn a_file_that_was_only_heard_of_is_noted_when_it_is_not_there() {
    let mut world = with_files();
    let mut set = file("given", 10);
    if let Content::File { basis, .. } = &mut set.artifacts[0].content {
        *basis = Basis::Given;
    }
    world.add(Predicate::Source(Source {
        set,
        ..source("given")
    }));
    world
        .files
        .insert("second.safetensors".to_owned(), b"second".to_vec());
    world.train("given", "second");
    let judgement = world.verify("second");
    passes(&judgement);
    assert_eq!(notes(&judgement), [Code::DigestGiven, Code::ContentNotOpened]);
    assert_eq!(judgement.assurance, Assurance::Pinned);
}

#[test]
fn full_means_that_nothing_is_left_to_open() {
    let mut world = with_files();
    world.add(Predicate::Source(Source {
        set: absent("far", Absence::NotKnown),
        ..source("far")
    }));
    world
        .files
        .insert("second.safetensors".to_owned(), b"second".to_vec());
    step(
        &mut world,
        Does::Train,
        &[("kept", Role::Data), ("far", Role::Data)],
        "second",
        0,
    );
    let judgement = world.verify("second");
    passes(&judgement);
    assert_eq!((judgement.content.checked, judgement.content.of), (4, 4));
    assert_eq!(judgement.assurance, Assurance::Pinned);
}
