//! A small log in memory for tests: three keys, signed statements, blobs.

use std::collections::BTreeMap;

use ed25519_dalek::Signer as _;
use ed25519_dalek::SigningKey;

use super::*;
use crate::checkpoint::Origin;
use crate::envelope::Envelope;
use crate::manifest::Manifest;
use crate::manifest::Member;
use crate::statement::*;

pub(crate) const ORIGIN: &str = "example.com/fixture";

/// Blobs in memory.
#[derive(Debug, Clone, Default)]
pub(crate) struct MemoryBlobs(pub(crate) BTreeMap<BlobId, Vec<u8>>);

impl MemoryBlobs {
    pub(crate) fn put(&mut self, bytes: &[u8]) -> BlobId {
        let id = BlobId::of(bytes);
        self.0.insert(id, bytes.to_vec());
        id
    }
}

impl Blobs for MemoryBlobs {
    fn read(&self, id: BlobId, limit: u64) -> Result<Vec<u8>, BlobError> {
        let bytes = self.0.get(&id).ok_or(BlobError::Missing { id })?;
        if bytes.len() as u64 > limit {
            return Err(BlobError::TooLarge { id, limit });
        }
        if BlobId::of(bytes) != id {
            return Err(BlobError::Differs { id });
        }
        Ok(bytes.clone())
    }
}

pub(crate) fn signer(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

pub(crate) fn public(seed: u8) -> PublicKey {
    PublicKey::from_bytes(&signer(seed).verifying_key().to_bytes()).unwrap()
}

pub(crate) const OWNER: u8 = 1;
pub(crate) const LOG: u8 = 2;
pub(crate) const ISSUER: u8 = 3;
/// Granted `source` only.
pub(crate) const SOURCES: u8 = 4;
/// Granted nothing.
pub(crate) const STRANGER: u8 = 9;

pub(crate) fn grant(seed: u8, kind: &str) -> Grant {
    Grant {
        public_key: public(seed),
        kinds: vec![kind.to_owned()],
        holder: None,
    }
}

pub(crate) fn genesis() -> Genesis {
    let origin = Origin::parse(ORIGIN).unwrap();
    Genesis {
        format: FORMAT_VERSION,
        origin: ORIGIN.to_owned(),
        organisation: Some("Example Lab".to_owned()),
        owners: vec![public(OWNER)],
        threshold: 1,
        log_key: LogKey::new(origin, public(LOG)).to_vkey(),
        grants: vec![grant(ISSUER, EVERY_KIND), grant(SOURCES, "source")],
        specs: vec![],
    }
}

/// Signs `predicate` for `ledger` with the key of `seed`.
pub(crate) fn sign(seed: u8, ledger: Option<StatementId>, predicate: Predicate) -> Vec<u8> {
    let statement = Statement {
        issuer: public(seed).id(),
        ledger,
        predicate,
    };
    let sealed: Result<_, ()> = Envelope::seal(&statement, |pae| Ok(signer(seed).sign(pae).to_bytes()));
    sealed.unwrap().encode()
}

/// A log with its genesis and first seal.
pub(crate) struct Fixture {
    pub(crate) state: State,
    pub(crate) blobs: MemoryBlobs,
    pub(crate) leaves: Vec<Vec<u8>>,
    /// The same leaves, commit by commit.
    pub(crate) commits: Vec<Vec<Vec<u8>>>,
    pub(crate) id: StatementId,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let mut fixture = Self {
            state: State::new(),
            blobs: MemoryBlobs::default(),
            leaves: Vec::new(),
            commits: Vec::new(),
            id: StatementId::from_bytes([0; 32]),
        };
        let leaf = sign(OWNER, None, Predicate::Genesis(genesis()));
        fixture.id = Envelope::decode(&leaf).unwrap().id();
        fixture.append_leaves(vec![leaf]).unwrap();
        fixture
    }

    pub(crate) fn sign(&self, predicate: Predicate) -> Vec<u8> {
        sign(ISSUER, Some(self.id), predicate)
    }

    /// Appends one commit with its seal and returns the ids.
    pub(crate) fn append(&mut self, predicates: Vec<Predicate>) -> Result<Vec<StatementId>, AdmissionError> {
        let leaves = predicates
            .into_iter()
            .map(|predicate| self.sign(predicate))
            .collect();
        self.append_leaves(leaves)
    }

    pub(crate) fn append_leaves(
        &mut self,
        mut leaves: Vec<Vec<u8>>,
    ) -> Result<Vec<StatementId>, AdmissionError> {
        let mut ids = Vec::new();
        let mut staging = Staging::on(&self.state, &self.blobs, Checks::All);
        for leaf in &leaves {
            ids.push(staging.admit(leaf)?.id);
        }
        let founding = staging.founding.as_ref().unwrap().id;
        let seal = sign(LOG, Some(founding), Predicate::Seal(staging.seal()));
        staging.admit(&seal)?;
        leaves.push(seal);
        let batch = staging.finish().unwrap();
        self.state.integrate(batch).unwrap();
        self.leaves.extend(leaves.iter().cloned());
        self.commits.push(leaves);
        Ok(ids)
    }

    /// Says whether `leaf` would be admitted next.
    pub(crate) fn try_one(&self, leaf: &[u8]) -> Result<Admitted, AdmissionError> {
        let mut staging = Staging::on(&self.state, &self.blobs, Checks::All);
        let (next, seal) = (staging.next(), staging.seal());
        let result = staging.admit(leaf);
        if result.is_err() {
            assert_eq!(
                (staging.next(), staging.seal()),
                (next, seal),
                "an error changes nothing"
            );
        }
        result
    }

    pub(crate) fn offer(&self, predicate: Predicate) -> Result<Admitted, AdmissionError> {
        self.try_one(&self.sign(predicate))
    }
}

pub(crate) fn name(text: &str) -> ItemName {
    ItemName::new(text).unwrap()
}

pub(crate) fn file(content: &str) -> Artifact {
    Artifact {
        name: format!("{content}.jsonl"),
        sha256: Sha256Digest::of(content.as_bytes()),
        content: Content::File {
            basis: Basis::Given,
            blake3: None,
            bytes: Some(content.len() as u64),
            held: false,
            sealed: false,
            row_root: None,
        },
        rows: None,
        tokens: None,
    }
}

pub(crate) fn held(content: &str) -> Artifact {
    Artifact {
        content: Content::File {
            basis: Basis::Computed,
            blake3: None,
            bytes: Some(content.len() as u64),
            held: true,
            sealed: false,
            row_root: None,
        },
        ..file(content)
    }
}

pub(crate) fn set(artifacts: Vec<Artifact>) -> ArtifactSet {
    ArtifactSet {
        artifacts,
        rows: None,
        tokens: None,
    }
}

pub(crate) fn files(contents: &[&str]) -> ArtifactSet {
    set(contents.iter().map(|content| file(content)).collect())
}

pub(crate) fn source(item: &str, set: ArtifactSet) -> Predicate {
    Predicate::Source(Source {
        name: name(item),
        set,
        made_by: MadeBy::Human,
        acquired_by: AcquiredBy::OwnProduction,
        generators: Generators::Absent,
        synthetic_share: None,
        licence: None,
        licence_date: None,
        restrictions: Vec::new(),
        holder: None,
        period: None,
        geography: vec![],
        languages: vec![],
        modality: vec![],
        personal_data: Answer::No,
        url: None,
        crawl: None,
        legal_basis: None,
        evidence: vec![],
        derived_from: None,
        gaps: Vec::new(),
    })
}

pub(crate) fn prompt(item: &str, set: ArtifactSet) -> Predicate {
    Predicate::Prompt(Prompt {
        name: name(item),
        set,
    })
}

pub(crate) fn model(item: &str, set: ArtifactSet) -> Predicate {
    Predicate::Model(Model {
        name: name(item),
        set,
        provider: "Example AI".to_owned(),
        version: "1".to_owned(),
        alias: false,
        access: Access::Weights,
        terms: None,
        licence: None,
        licence_date: None,
        restrictions: Vec::new(),
        family: None,
        report: None,
    })
}

pub(crate) fn input(role: Role, artifacts: &[ArtifactRef]) -> Input {
    from(role, InputFrom::Artifacts(Cites::Inline(artifacts.to_vec())))
}

pub(crate) fn from(role: Role, from: InputFrom) -> Input {
    Input {
        role,
        from,
        rows: None,
        tokens: None,
        kept: None,
        repeat: None,
        share: None,
    }
}

pub(crate) fn output(item: &str, kind: OutputKind, set: ArtifactSet) -> Output {
    Output {
        name: name(item),
        kind,
        set,
        inputs: vec![],
    }
}

pub(crate) fn run(item: &str, does: Does, inputs: Vec<Input>, outputs: Vec<Output>) -> Predicate {
    Predicate::Run(Run {
        name: name(item),
        does,
        inputs,
        outputs,
        params: BTreeMap::new(),
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
    })
}

pub(crate) fn dataset(item: &str, members: Vec<ArtifactRef>) -> Predicate {
    Predicate::Dataset(Dataset {
        name: name(item),
        members: Some(Cites::Inline(members)),
        gaps: vec![],
    })
}

pub(crate) fn release(to: &str, target: ArtifactRef) -> Predicate {
    Predicate::Release(Release {
        name: name(to),
        target,
        channel: None,
        date: None,
    })
}

/// A report on `targets` whose one file holds `content`.
pub(crate) fn report(targets: Vec<ArtifactRef>, content: &[u8]) -> Predicate {
    Predicate::Report(Report {
        targets,
        verdict: ReportedVerdict::Traced,
        checkpoint: ReportedCheckpoint {
            origin: ORIGIN.to_owned(),
            size: 2,
            root: crate::digest::NodeHash::from_bytes([7; 32]),
        },
        policy: None,
        files: vec![Attachment {
            name: "report.html".to_owned(),
            blob: BlobId::of(content),
            bytes: content.len() as u64,
            sealed: false,
        }],
    })
}

pub(crate) fn at(statement: StatementId, subject: u32) -> ArtifactRef {
    ArtifactRef::subject(statement, subject)
}

/// A manifest of `count` made-up files; the same for the same count.
pub(crate) fn manifest_of(count: usize) -> Manifest {
    let member = |n: usize| Member {
        name: format!("{n:04}"),
        sha256: Sha256Digest::of(format!("member {n}").as_bytes()),
        blake3: None,
        bytes: Some(1),
        rows: None,
        tokens: None,
        row_root: None,
    };
    Manifest::of((0..count).map(member).collect()).unwrap()
}

pub(crate) fn of_manifest(manifest: &Manifest) -> Artifact {
    Artifact {
        name: "parts".to_owned(),
        sha256: Sha256Digest::of(&manifest.bytes),
        content: Content::Manifest {
            basis: Basis::Given,
            facts: manifest.facts,
        },
        rows: None,
        tokens: None,
    }
}
