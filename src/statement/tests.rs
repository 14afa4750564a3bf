//! Statements come back from their bytes, and nothing else is taken for one.

use std::collections::BTreeMap;

use super::*;
use crate::digest::NodeHash;

fn id(byte: u8) -> StatementId {
    StatementId::from_bytes([byte; 32])
}

fn file(name: &str) -> Artifact {
    Artifact {
        name: name.to_owned(),
        sha256: Sha256Digest::of(name.as_bytes()),
        content: Content::File {
            basis: Basis::Given,
            blake3: None,
            bytes: Some(12),
            held: false,
            sealed: false,
            row_root: None,
        },
        rows: Some(Count {
            value: 3,
            basis: CountBasis::Given,
        }),
        tokens: None,
    }
}

fn source() -> Statement {
    let source = Source {
        name: ItemName::new("seeds").unwrap(),
        set: ArtifactSet {
            artifacts: vec![file("a.jsonl"), file("b.jsonl")],
            rows: None,
            tokens: None,
        },
        made_by: MadeBy::Mixed,
        acquired_by: AcquiredBy::PublicDataset,
        generators: Generators::Named(vec!["gpt-3".to_owned()]),
        synthetic_share: Some(Decimal::parse("0.25").unwrap()),
        licence: Some("Apache-2.0".to_owned()),
        licence_date: None,
        restrictions: Vec::new(),
        holder: None,
        period: None,
        geography: vec![],
        languages: vec!["en".to_owned()],
        modality: vec![],
        personal_data: Answer::No,
        url: None,
        crawl: Some(Crawl {
            agent: Some("bot".to_owned()),
            ..Crawl::default()
        }),
        legal_basis: None,
        evidence: vec![],
        derived_from: None,
        gaps: Vec::new(),
    };
    Statement {
        issuer: KeyId::from_bytes([1; 32]),
        ledger: Some(id(9)),
        predicate: Predicate::Source(source),
    }
}

fn run(does: Does, inputs: Vec<Input>) -> Statement {
    let output = Output {
        name: ItemName::new("tasks").unwrap(),
        kind: OutputKind::Shard,
        set: ArtifactSet {
            artifacts: vec![file("t.jsonl")],
            rows: None,
            tokens: None,
        },
        inputs: vec![],
    };
    let run = Run {
        name: ItemName::new("make").unwrap(),
        does,
        inputs,
        outputs: vec![output],
        params: BTreeMap::from([("t".to_owned(), "1.0".to_owned())]),
        command: None,
        code: vec![],
        environment: BTreeMap::new(),
        operator: None,
        started: None,
        ended: None,
        inputs_complete: Answer::NotKnown,
        expansion: None,
        rewrites: false,
        epochs: None,
    };
    Statement {
        issuer: KeyId::from_bytes([1; 32]),
        ledger: Some(id(9)),
        predicate: Predicate::Run(run),
    }
}

fn input(role: Role) -> Input {
    Input {
        role,
        from: InputFrom::Artifacts(Cites::Inline(vec![ArtifactRef::subject(id(3), 0)])),
        rows: Some(5),
        tokens: None,
        kept: None,
        repeat: None,
        share: None,
    }
}

fn every_kind() -> Vec<Statement> {
    let gap = InputFrom::Gap(Gap {
        text: "the wiki".to_owned(),
        digest: None,
    });
    let of = |predicate| Statement {
        issuer: KeyId::from_bytes([1; 32]),
        ledger: Some(id(9)),
        predicate,
    };
    let key = PublicKeyFixture::key();
    vec![
        source(),
        run(
            Does::Generate,
            vec![
                input(Role::Generator),
                Input {
                    from: gap,
                    ..input(Role::Seed)
                },
            ],
        ),
        of(Predicate::Dataset(Dataset {
            name: ItemName::new("d").unwrap(),
            members: Some(Cites::Inline(vec![ArtifactRef::subject(id(3), 0)])),
            gaps: vec![],
        })),
        of(Predicate::Seal(Seal {
            size: 7,
            rulings: 0,
            rulings_root: NodeHash::from_bytes([2; 32]),
            contested: 1,
            contested_root: NodeHash::from_bytes([3; 32]),
        })),
        of(Predicate::Key(KeyChange {
            change: KeyChangeKind::Revoke,
            public_key: Some(key),
            successor: None,
            kinds: vec![],
            holder: None,
            revocation: Some(Revocation::Compromised),
            since: Some(Since::Entry(500)),
            statements: vec![],
            reason: None,
        })),
        of(Predicate::Observation(Observation {
            run: id(4),
            tool: "spark".to_owned(),
            reads: vec![Read {
                name: "x".to_owned(),
                sha256: Sha256Digest::of(b"x"),
            }],
        })),
        of(Predicate::Release(Release {
            name: ItemName::new("model-hub").unwrap(),
            target: ArtifactRef::subject(id(3), 0),
            channel: Some("https://hub.example/lab/m".to_owned()),
            date: Some("2026-11-22".to_owned()),
        })),
        of(Predicate::Report(report())),
        genesis(key),
    ]
}

fn report() -> Report {
    let file = |name: &str| Attachment {
        name: name.to_owned(),
        blob: Sha256Digest::of(name.as_bytes()).as_blob(),
        bytes: 7,
        sealed: false,
    };
    Report {
        targets: vec![ArtifactRef::subject(id(3), 0)],
        verdict: ReportedVerdict::NotTraced,
        checkpoint: ReportedCheckpoint {
            origin: "example.com/lab".to_owned(),
            size: 12,
            root: NodeHash::from_bytes([4; 32]),
        },
        policy: Some(Sha256Digest::of(b"policy")),
        files: vec![file("report.html"), file("report.json")],
    }
}

fn genesis(key: crate::key::PublicKey) -> Statement {
    Statement {
        issuer: key.id(),
        ledger: None,
        predicate: Predicate::Genesis(Genesis {
            format: FORMAT_VERSION,
            origin: "example.com/lab".to_owned(),
            organisation: Some("Example Lab".to_owned()),
            owners: vec![key],
            threshold: 1,
            log_key: "example.com/lab+00000000+AAAA".to_owned(),
            grants: vec![Grant {
                public_key: key,
                kinds: vec![EVERY_KIND.to_owned()],
                holder: None,
            }],
            specs: vec!["tlog-tiles v0.1.0".to_owned()],
        }),
    }
}

/// A valid public key: that of the seed of 32 ones.
struct PublicKeyFixture;

impl PublicKeyFixture {
    fn key() -> crate::key::PublicKey {
        let signer = ed25519_dalek::SigningKey::from_bytes(&[1; 32]);
        crate::key::PublicKey::from_bytes(&signer.verifying_key().to_bytes()).unwrap()
    }
}

#[test]
fn every_kind_comes_back_from_its_bytes() {
    for statement in every_kind() {
        let bytes = statement.encode();
        assert_eq!(
            Statement::decode(&bytes).unwrap(),
            statement,
            "{}",
            String::from_utf8_lossy(&bytes)
        );
    }
}

/// Every byte of every kind is flipped: what still decodes must encode to the flipped bytes.
#[test]
fn no_flipped_byte_is_passed_over() {
    for statement in every_kind() {
        let bytes = statement.encode();
        for position in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[position] ^= 1;
            if let Ok(other) = Statement::decode(&flipped) {
                assert_ne!(other, statement);
                assert_eq!(other.encode(), flipped);
            }
        }
    }
}

#[test]
fn unknown_and_missing_fields_are_named() {
    let text = String::from_utf8(source().encode()).unwrap();
    let extra = text.replace("\"issuer\"", "\"intent\":\"good\",\"issuer\"");
    assert_eq!(
        Statement::decode(extra.as_bytes()).unwrap_err().to_string(),
        "predicate: `intent` is not a known field"
    );
    let missing = text.replace("\"made_by\":\"mixed\",", "");
    assert_eq!(
        Statement::decode(missing.as_bytes()).unwrap_err().to_string(),
        "predicate: `made_by` is missing"
    );
    let kind = text.replace("herdbook/source", "herdbook/sauce");
    assert_eq!(
        Statement::decode(kind.as_bytes()).unwrap_err().to_string(),
        "`sauce` is not a kind of statement this version knows"
    );
}

#[test]
fn a_role_must_fit_what_the_run_does() {
    let wrong = run(Does::Merge, vec![input(Role::Data)]);
    assert_eq!(
        Statement::decode(&wrong.encode()).unwrap_err().to_string(),
        "a run that does `merge` has no input as `data`; it takes: base"
    );
    let both = run(Does::Transform, vec![input(Role::Data), input(Role::Base)]);
    assert!(matches!(
        Statement::decode(&both.encode()),
        Err(StatementError::TransformInputs)
    ));
}

#[test]
fn subjects_and_artifacts_pair_up() {
    let text = String::from_utf8(source().encode()).unwrap();
    let start = text.find("{\"digest\"").unwrap();
    let end = text[start..].find("},{\"digest\"").unwrap() + start + 2;
    let dropped = format!("{}{}", &text[..start], &text[end..]);
    assert!(matches!(
        Statement::decode(dropped.as_bytes()),
        Err(StatementError::SubjectCount)
    ));
}

#[test]
fn a_report_is_about_something_has_files_and_makes_none_of_them_an_artifact() {
    let of = |report| Statement {
        issuer: KeyId::from_bytes([1; 32]),
        ledger: Some(id(9)),
        predicate: Predicate::Report(report),
    };
    let good = of(report());
    assert_eq!(good.predicate.artifacts().count(), 0);
    assert_eq!(good.predicate.attachments().len(), 2);
    let nothing = of(Report {
        targets: vec![],
        ..report()
    });
    assert!(matches!(
        Statement::decode(&nothing.encode()),
        Err(StatementError::CiteCount { found: 0 })
    ));
    let text = String::from_utf8(good.encode()).unwrap();
    // A subject that is not the file the predicate names.
    let (at, _) = text.rmatch_indices("\"report.html\"").next().unwrap();
    let forged = format!("{}\"report.pdf_\"{}", &text[..at], &text[at + 13..]);
    assert!(matches!(
        Statement::decode(forged.as_bytes()),
        Err(StatementError::NotExact)
    ));
}

#[test]
fn subjects_carry_sha256_and_nothing_else() {
    let text = String::from_utf8(source().encode()).unwrap();
    let more = text.replacen("{\"sha256\":", "{\"blake3\":\"00\",\"sha256\":", 1);
    assert!(matches!(
        Statement::decode(more.as_bytes()),
        Err(StatementError::UnknownField { .. })
    ));
}

#[test]
fn shares_stand_only_where_nothing_else_decides() {
    let half = Some(Decimal::parse("0.6").unwrap());
    let shared = |role| Input {
        share: half.clone(),
        ..input(role)
    };
    let mix = run(Does::Mix, vec![shared(Role::Data)]);
    assert!(matches!(
        Statement::decode(&mix.encode()),
        Err(StatementError::ShareRole { .. })
    ));
    let two = run(
        Does::Generate,
        vec![shared(Role::Generator), shared(Role::Teacher)],
    );
    assert!(matches!(
        Statement::decode(&two.encode()),
        Err(StatementError::ShareSum)
    ));
    let one = run(
        Does::Generate,
        vec![shared(Role::Generator), input(Role::Teacher)],
    );
    assert!(Statement::decode(&one.encode()).is_ok());
    let kept = run(
        Does::Filter,
        vec![Input {
            kept: Some(6),
            ..input(Role::Data)
        }],
    );
    assert!(matches!(
        Statement::decode(&kept.encode()),
        Err(StatementError::KeptMore { .. })
    ));
}

#[test]
fn an_amount_of_nothing_hides_no_input() {
    let none = Some(Decimal::parse("0").unwrap());
    for input in [
        Input {
            rows: Some(0),
            ..input(Role::Data)
        },
        Input {
            tokens: Some(0),
            ..input(Role::Data)
        },
        Input {
            repeat: none.clone(),
            ..input(Role::Data)
        },
    ] {
        let train = run(Does::Filter, vec![input]);
        assert!(matches!(
            Statement::decode(&train.encode()),
            Err(StatementError::Zero { .. })
        ));
    }
    let mut base = run(
        Does::Generate,
        vec![Input {
            share: none,
            ..input(Role::Generator)
        }],
    );
    assert!(matches!(
        Statement::decode(&base.encode()),
        Err(StatementError::Zero { field: "share" })
    ));
    base = run(Does::Filter, vec![input(Role::Data)]);
    if let Predicate::Run(run) = &mut base.predicate {
        run.expansion = Some(Decimal::parse("1.5").unwrap());
    }
    assert!(matches!(
        Statement::decode(&base.encode()),
        Err(StatementError::Expansion { .. })
    ));
}

#[test]
fn a_digest_we_compute_is_not_foreign() {
    let foreign = |alg: &str, value: &str| {
        let absence = Absence::Foreign {
            alg: alg.to_owned(),
            value: value.to_owned(),
        };
        Artifact::absent(
            "x",
            absence,
            BTreeMap::from([("name".to_owned(), "x".to_owned())]),
        )
    };
    for alg in ["sha256", "SHA-256", "blake3"] {
        let mut statement = source();
        if let Predicate::Source(source) = &mut statement.predicate {
            source.set.artifacts = vec![foreign(alg, "aa")];
        }
        assert!(
            matches!(
                Statement::decode(&statement.encode()),
                Err(StatementError::NotForeign { .. })
            ),
            "{alg}"
        );
    }
    // The same identifier is the same content, however it is written and whatever the item is called.
    assert_eq!(
        foreign("git-blob-sha1", "AB").content_id(),
        foreign("Git-Blob-SHA1", "ab").content_id()
    );
    assert_ne!(
        foreign("git-blob-sha1", "ab").content_id(),
        foreign("git-blob-sha1", "ac").content_id()
    );
}
