//! A ledger in memory that does what it is told, honest or not, and drives a [`Verifier`] over it.

use std::collections::BTreeMap;

use ed25519_dalek::Signer as _;
use ed25519_dalek::SigningKey;

use crate::checkpoint::Checkpoint;
use crate::checkpoint::LogKey;
use crate::checkpoint::Origin;
use crate::digest::BlobId;
use crate::digest::Digests;
use crate::digest::NodeHash;
use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::envelope::Envelope;
use crate::key::PublicKey;
use crate::manifest::Manifest;
use crate::manifest::Member;
use crate::merkle;
use crate::merkle::LeafIndex;
use crate::merkle::TreeSize;
use crate::statement::*;
use crate::trust::TrustRoot;
use crate::verify::*;

pub const ORIGIN: &str = "example.com/test";

/// Seeds of the keys: the owner, the log, the issuer with every grant, another issuer with every grant, and one
/// without any.
pub const OWNER: u8 = 1;
pub const LOG: u8 = 2;
pub const ISSUER: u8 = 3;
pub const SECOND: u8 = 4;
pub const STRANGER: u8 = 5;

pub fn signing(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

pub fn public(seed: u8) -> PublicKey {
    PublicKey::from_bytes(&signing(seed).verifying_key().to_bytes()).unwrap()
}

/// The log key as a signer of notes.
#[derive(Debug)]
struct Memory(u8);

impl crate::checkpoint::Signer for Memory {
    fn public_key(&self) -> [u8; 32] {
        public(self.0).to_bytes()
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], crate::checkpoint::SignError> {
        Ok(signing(self.0).sign(message).to_bytes())
    }
}

/// A ledger in memory.
#[derive(Debug, Clone)]
pub struct World {
    pub entries: Vec<Vec<u8>>,
    pub blobs: BTreeMap<BlobId, Vec<u8>>,
    pub files: BTreeMap<String, Vec<u8>>,
    pub genesis: StatementId,
    pub root: TrustRoot,
    pub rulings: Vec<NodeHash>,
    pub require: Assurance,
    pub content: bool,
    names: BTreeMap<String, Vec<ArtifactRef>>,
}

impl World {
    /// A ledger with its genesis entry.
    pub fn new() -> Self {
        let log_key = LogKey::new(Origin::parse(ORIGIN).unwrap(), public(LOG));
        let every = |seed: u8, holder: Option<&str>| Grant {
            public_key: public(seed),
            kinds: vec![EVERY_KIND.to_owned()],
            holder: holder.map(str::to_owned),
        };
        let genesis = Genesis {
            format: FORMAT_VERSION,
            origin: ORIGIN.to_owned(),
            organisation: Some("Example Lab".to_owned()),
            owners: vec![public(OWNER)],
            threshold: 1,
            log_key: log_key.to_vkey(),
            grants: vec![every(ISSUER, None), every(SECOND, Some("Example Holder"))],
            specs: vec![],
        };
        let statement = Statement {
            issuer: public(OWNER).id(),
            ledger: None,
            predicate: Predicate::Genesis(genesis.clone()),
        };
        let envelope = seal(&statement, OWNER);
        let root = TrustRoot::of(envelope.id(), &genesis);
        Self {
            entries: vec![envelope.encode()],
            blobs: BTreeMap::new(),
            files: BTreeMap::new(),
            genesis: envelope.id(),
            root,
            rulings: vec![],
            require: Assurance::SelfAsserted,
            content: false,
            names: BTreeMap::new(),
        }
    }

    /// Appends a statement by the issuer.
    pub fn add(&mut self, predicate: Predicate) -> StatementId {
        self.add_by(ISSUER, predicate)
    }

    /// Appends a statement by anybody.
    pub fn add_by(&mut self, seed: u8, predicate: Predicate) -> StatementId {
        let statement = Statement {
            issuer: public(seed).id(),
            ledger: Some(self.genesis),
            predicate,
        };
        let envelope = seal(&statement, seed);
        let id = envelope.id();
        let mut subject = 0;
        for (name, set) in statement.predicate.sets() {
            let refs = set.artifacts.iter().map(|_| {
                subject += 1;
                ArtifactRef::subject(id, subject - 1)
            });
            self.names.insert(name.to_string(), refs.collect());
        }
        if let Predicate::Dataset(dataset) = &statement.predicate {
            self.names
                .insert(dataset.name.to_string(), vec![ArtifactRef::subject(id, 0)]);
        }
        let bytes = envelope.encode();
        if matches!(statement.predicate, Predicate::Key(_)) {
            self.rulings.push(merkle::leaf_hash(&bytes));
        }
        self.entries.push(bytes);
        id
    }

    /// Returns the artifacts that were last added under a name.
    pub fn refs(&self, name: &str) -> Vec<ArtifactRef> {
        self.names
            .get(name)
            .unwrap_or_else(|| panic!("no item {name}"))
            .clone()
    }

    /// Appends a seal.
    pub fn seal(&mut self) {
        let seal = Seal {
            rulings: self.rulings.len() as u64,
            rulings_root: merkle::root(&self.rulings),
            contested: 0,
            contested_root: merkle::root(&[]),
        };
        let statement = Statement {
            issuer: public(LOG).id(),
            ledger: Some(self.genesis),
            predicate: Predicate::Seal(seal),
        };
        self.entries.push(super::kit::seal(&statement, LOG).encode());
    }

    /// Returns the signed checkpoint over all entries.
    pub fn checkpoint(&self) -> Vec<u8> {
        let leaves: Vec<NodeHash> = self
            .entries
            .iter()
            .map(|entry| merkle::leaf_hash(entry))
            .collect();
        let checkpoint = Checkpoint {
            origin: Origin::parse(ORIGIN).unwrap(),
            size: TreeSize::new(leaves.len() as u64),
            root: merkle::root(&leaves),
        };
        let key = LogKey::new(Origin::parse(ORIGIN).unwrap(), public(LOG));
        checkpoint.sign(&key, &Memory(LOG)).unwrap()
    }

    /// Returns the request for an item, pinned.
    pub fn request(&self, name: &str) -> Request {
        Request {
            name: name.to_owned(),
            artifacts: self.refs(name),
            trust: Trust::Pinned(self.root.clone()),
            checkpoint: self.checkpoint(),
            content: self.content,
            require: self.require,
        }
    }

    /// Seals and verifies an item.
    pub fn verify(&self, name: &str) -> Judgement {
        let mut sealed = self.clone();
        sealed.seal();
        sealed.drive(sealed.request(name))
    }

    /// Verifies as the request says, without sealing.
    pub fn drive(&self, request: Request) -> Judgement {
        let mut verifier = Verifier::new(request);
        loop {
            match verifier.need() {
                Need::Entry(index) => verifier.entry(self.entry(index)),
                Need::Blob(id) => verifier.blob(
                    self.blobs
                        .get(&id)
                        .map_or(Given::Missing, |b| Given::Found(b.as_slice())),
                ),
                Need::File(query) => verifier.file(match self.files.get(&query.name) {
                    None => Given::Missing,
                    Some(bytes) => {
                        let digests = Digests::of(bytes);
                        Given::Found(FileDigests {
                            place: query.name,
                            sha256: digests.sha256,
                            blake3: digests.blake3,
                        })
                    }
                }),
                Need::Done => return verifier.finish().get().clone(),
            }
        }
    }

    fn entry(&self, index: LeafIndex) -> Given<&[u8]> {
        let at = usize::try_from(index.get()).unwrap();
        self.entries
            .get(at)
            .map_or(Given::Missing, |entry| Given::Found(entry.as_slice()))
    }

    /// Stores a manifest over members with these contents and returns its artifact.
    pub fn manifest(&mut self, name: &str, members: &[(&str, &[u8])]) -> Artifact {
        let members = members.iter().map(|(name, content)| {
            let digests = Digests::of(content);
            Member {
                name: (*name).to_owned(),
                sha256: digests.sha256,
                blake3: Some(digests.blake3),
                bytes: Some(digests.bytes),
                rows: None,
                tokens: None,
            }
        });
        let manifest = Manifest::of(members.collect()).unwrap();
        let sha256 = Sha256Digest::of(&manifest.bytes);
        self.blobs.insert(sha256.as_blob(), manifest.bytes);
        Artifact {
            name: name.to_owned(),
            sha256,
            content: Content::Manifest {
                basis: Basis::Computed,
                facts: manifest.facts,
            },
            rows: None,
            tokens: None,
        }
    }
}

/// Signs a statement with the key of a seed.
pub fn seal(statement: &Statement, seed: u8) -> Envelope {
    Envelope::seal(statement, |pae| {
        Ok::<_, std::convert::Infallible>(signing(seed).sign(pae).to_bytes())
    })
    .unwrap()
}

pub fn name(text: &str) -> ItemName {
    ItemName::new(text).unwrap()
}

/// A computed file whose content is its own description, with counted rows.
pub fn file(content: &str, rows: u64) -> ArtifactSet {
    let digests = Digests::of(content.as_bytes());
    let artifact = Artifact {
        name: format!("{content}.jsonl"),
        sha256: digests.sha256,
        content: Content::File {
            basis: Basis::Computed,
            blake3: Some(digests.blake3),
            bytes: Some(digests.bytes),
            held: false,
        },
        rows: Some(Count {
            value: rows,
            basis: CountBasis::Counted,
        }),
        tokens: None,
    };
    one(artifact)
}

/// The set of one artifact.
pub fn one(artifact: Artifact) -> ArtifactSet {
    ArtifactSet {
        artifacts: vec![artifact],
        rows: None,
        tokens: None,
    }
}

/// Something without bytes.
pub fn absent(what: &str, absence: Absence) -> ArtifactSet {
    one(Artifact::absent(
        what,
        absence,
        BTreeMap::from([("name".to_owned(), what.to_owned())]),
    ))
}

/// A public source of 100 rows that people made.
pub fn source(item: &str) -> Source {
    Source {
        name: name(item),
        set: file(item, 100),
        made_by: MadeBy::Human,
        acquired_by: AcquiredBy::PublicDataset,
        generators: Generators::Absent,
        synthetic_share: None,
        licence: Some("Apache-2.0".to_owned()),
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
    }
}

/// A model behind an API.
pub fn model(item: &str) -> Model {
    Model {
        name: name(item),
        set: absent(item, Absence::None),
        provider: "Example AI".to_owned(),
        version: "1".to_owned(),
        alias: false,
        access: Access::Api,
        terms: None,
        licence: None,
        family: None,
        report: None,
    }
}

/// A run without inputs that puts out one item.
pub fn run(item: &str, does: Does, output: &str, kind: OutputKind, set: ArtifactSet) -> Run {
    Run {
        name: name(item),
        does,
        inputs: vec![],
        outputs: vec![Output {
            name: name(output),
            kind,
            set,
            inputs: vec![],
        }],
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
    }
}

/// An input that takes all artifacts of an item.
pub fn input(world: &World, item: &str, role: Role) -> Input {
    Input {
        role,
        from: InputFrom::Artifacts(Cites::Inline(world.refs(item))),
        rows: None,
        tokens: None,
        kept: None,
        repeat: None,
        share: None,
    }
}

/// An input nobody declared.
pub fn gap(text: &str, role: Role) -> Input {
    Input {
        role,
        from: InputFrom::Gap(Gap {
            text: text.to_owned(),
            digest: None,
        }),
        rows: None,
        tokens: None,
        kept: None,
        repeat: None,
        share: None,
    }
}

/// Adds a run that takes whole items and puts out one file of `rows` rows named after the output.
pub fn step(world: &mut World, does: Does, inputs: &[(&str, Role)], output: &str, rows: u64) -> StatementId {
    let kind = if matches!(does, Does::Train | Does::Merge) {
        OutputKind::Model
    } else {
        OutputKind::Shard
    };
    let set = if kind == OutputKind::Model {
        weights(output)
    } else {
        file(output, rows)
    };
    let inputs = inputs
        .iter()
        .map(|(item, role)| input(world, item, *role))
        .collect();
    let run = Run {
        inputs,
        ..run(&format!("{does}-{output}"), does, output, kind, set)
    };
    world.add(Predicate::Run(run))
}

/// One file of weights.
pub fn weights(content: &str) -> ArtifactSet {
    let mut set = file(content, 0);
    for artifact in &mut set.artifacts {
        artifact.rows = None;
        artifact.name = format!("{content}.safetensors");
    }
    set
}

/// Seeds -> generate with a teacher -> filter -> train: the lineage most tests change in one place.
pub fn herd() -> World {
    let mut world = World::new();
    world.add(Predicate::Source(source("seeds")));
    world.add(Predicate::Model(model("teacher")));
    step(
        &mut world,
        Does::Generate,
        &[("teacher", Role::Generator), ("seeds", Role::Seed)],
        "tasks",
        1000,
    );
    step(&mut world, Does::Filter, &[("tasks", Role::Data)], "kept", 800);
    step(&mut world, Does::Train, &[("kept", Role::Data)], "specialist", 0);
    world
}

/// The failing codes of a judgement.
pub fn failing(judgement: &Judgement) -> Vec<Code> {
    judgement
        .findings
        .iter()
        .map(|finding| finding.code)
        .filter(|code| code.verdict().is_some())
        .collect()
}
