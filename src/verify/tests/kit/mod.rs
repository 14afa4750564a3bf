//! A ledger in memory that does what it is told, honest or not, and drives a [`Verifier`] over it.

mod agree;
mod items;

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use base64::Engine as _;
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
use crate::merkle::Part;
use crate::merkle::TreeSize;
use crate::statement::*;
use crate::trust::TrustRoot;
use crate::verify::limits::Limits;
use crate::verify::*;

pub use agree::parcels_agree;
pub use items::*;

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
    pub(in crate::verify) limits: Limits,
    /// The sizes over which no pruned subtree reaches.
    pub cuts: BTreeSet<TreeSize>,
    names: BTreeMap<String, Vec<ArtifactRef>>,
}

impl World {
    /// A ledger with its genesis entry.
    pub fn new() -> Self {
        Self::with(|genesis| genesis)
    }

    /// A ledger with another genesis.
    pub fn with(change: impl FnOnce(Genesis) -> Genesis) -> Self {
        let log_key = LogKey::new(Origin::parse(ORIGIN).unwrap(), public(LOG));
        let every = |seed: u8, holder: Option<&str>| Grant {
            public_key: public(seed),
            kinds: vec![EVERY_KIND.to_owned()],
            holder: holder.map(str::to_owned),
        };
        let genesis = change(Genesis {
            format: FORMAT_VERSION,
            origin: ORIGIN.to_owned(),
            organisation: Some("Example Lab".to_owned()),
            owners: vec![public(OWNER)],
            threshold: 1,
            log_key: log_key.to_vkey(),
            grants: vec![every(ISSUER, None), every(SECOND, Some("Example Holder"))],
            specs: vec![],
        });
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
            limits: Limits::default(),
            cuts: BTreeSet::new(),
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
        if statement.predicate.is_ruling() {
            self.rulings.push(merkle::leaf_hash(&bytes));
        }
        self.entries.push(bytes);
        id
    }

    /// Appends any bytes.
    pub fn add_bytes(&mut self, bytes: Vec<u8>) {
        self.entries.push(bytes);
    }

    /// Appends a run that puts out one thing, with what `change` makes of it.
    pub fn run(
        &mut self,
        does: Does,
        inputs: Vec<Input>,
        output: &str,
        set: ArtifactSet,
        change: impl FnOnce(Run) -> Run,
    ) -> StatementId {
        let kind = match does {
            Does::Train | Does::Merge => OutputKind::Model,
            Does::Evaluate => OutputKind::Scores,
            _ => OutputKind::Shard,
        };
        let run = run(&format!("{does}-{output}"), does, output, kind, set);
        self.add(Predicate::Run(change(Run { inputs, ..run })))
    }

    /// Appends the training of a model on one thing.
    pub fn train(&mut self, data: &str, model: &str) {
        step(self, Does::Train, &[(data, Role::Data)], model, 0);
    }

    /// Lets the ledger hold bytes, and returns them as a file it holds.
    pub fn hold(&mut self, name: &str, bytes: &[u8]) -> Artifact {
        let digests = Digests::of(bytes);
        self.blobs.insert(digests.sha256.as_blob(), bytes.to_vec());
        Artifact {
            name: name.to_owned(),
            sha256: digests.sha256,
            content: Content::File {
                basis: Basis::Computed,
                blake3: Some(digests.blake3),
                bytes: Some(digests.bytes),
                held: true,
                sealed: false,
                row_root: None,
            },
            rows: None,
            tokens: None,
        }
    }

    /// Returns the artifacts that were last added under a name.
    pub fn refs(&self, name: &str) -> Vec<ArtifactRef> {
        self.names
            .get(name)
            .unwrap_or_else(|| panic!("no item {name}"))
            .clone()
    }

    /// Gives a name to the first subject of a statement that was appended as bytes.
    pub fn name(&mut self, name: &str, id: StatementId) {
        self.names
            .insert(name.to_owned(), vec![ArtifactRef::subject(id, 0)]);
    }

    /// Returns the seal that tells the truth about what stands here.
    pub fn right_seal(&self) -> Seal {
        let leaves: Vec<_> = self
            .contested()
            .as_chunks::<{ Contested::BYTES }>()
            .0
            .iter()
            .map(|record| merkle::leaf_hash(record))
            .collect();
        Seal {
            size: self.entries.len() as u64,
            rulings: self.rulings.len() as u64,
            rulings_root: merkle::root(&self.rulings),
            contested: leaves.len() as u64,
            contested_root: merkle::root(&leaves),
        }
    }

    /// Appends a seal.
    pub fn seal(&mut self) {
        self.add_seal(self.right_seal());
    }

    /// Appends any seal.
    pub fn add_seal(&mut self, seal: Seal) {
        let statement = Statement {
            issuer: public(LOG).id(),
            ledger: Some(self.genesis),
            predicate: Predicate::Seal(seal),
        };
        self.entries.push(super::kit::seal(&statement, LOG).encode());
    }

    /// Appends a key change by the owner.
    pub fn revoke(&mut self, seed: u8, revocation: Revocation, since: Option<Since>) {
        let revoke = KeyChange {
            revocation: Some(revocation),
            since,
            ..key_change(KeyChangeKind::Revoke, seed)
        };
        self.add_by(OWNER, Predicate::Key(revoke));
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
            checkpoint: self.checkpoint(),
            content: self.content,
            require: self.require,
            descent: true,
            ..Request::of(Trust::Pinned(self.root.clone()))
        }
    }

    /// Returns the records of all contested ties, by a naive look at every statement.
    pub fn contested(&self) -> Vec<u8> {
        let mut ties: BTreeMap<Sha256Digest, BTreeSet<StatementId>> = BTreeMap::new();
        for entry in &self.entries {
            let Ok(envelope) = Envelope::decode(entry) else {
                continue;
            };
            let Ok(statement) = envelope.statement() else {
                continue;
            };
            let id = envelope.id();
            for (_, tie) in statement.predicate.ties(id) {
                ties.entry(tie).or_default().insert(id);
            }
            for artifact in statement.predicate.artifacts() {
                let blob = artifact
                    .manifest()
                    .and_then(|_| self.blobs.get(&artifact.sha256.as_blob()));
                let members =
                    blob.and_then(|blob| crate::manifest::read_members(blob, artifact.manifest()?).ok());
                for member in members.into_iter().flatten() {
                    ties.entry(member.sha256).or_default().insert(id);
                }
            }
        }
        let records = ties.iter().filter(|(_, ids)| ids.len() > 1).map(|(tie, ids)| {
            let statements = u32::try_from(ids.len()).unwrap();
            Contested {
                tie: *tie,
                statements,
            }
            .to_bytes()
        });
        records.flatten().collect()
    }

    /// Seals and verifies an item: with all entries, and then with nothing but the evidence for it, which must give
    /// the same judgement.
    pub fn verify(&self, name: &str) -> Judgement {
        let mut sealed = self.clone();
        sealed.seal();
        let request = sealed.request(name);
        let whole = sealed.drive(request.clone());
        let pruned = sealed.drive_pruned(request, &sealed.evidence(name).entries);
        // Where commits end is no part of the evidence: it is told beside the judgement and decides nothing.
        let known = Judgement {
            details: pruned.details.clone(),
            ..whole.clone()
        };
        assert_eq!(pruned, known, "judged by its evidence alone");
        whole
    }

    /// Returns the evidence of the judgement on an item.
    pub fn evidence(&self, name: &str) -> Evidence {
        let verifier = Verifier::new(self.request(name)).limited(self.limits);
        self.read(verifier).finish_with_evidence().1
    }

    /// Verifies with some of the entries only.
    pub fn drive_pruned(&self, request: Request, kept: &BTreeSet<LeafIndex>) -> Judgement {
        self.answer(self.read_pruned(request, kept, |_| false))
    }

    /// Answers a verifier with some of the entries only, up to the need that `until` picks.
    pub fn read_pruned(
        &self,
        request: Request,
        kept: &BTreeSet<LeafIndex>,
        until: impl Fn(&Need) -> bool,
    ) -> Verifier {
        let leaves: Vec<NodeHash> = self
            .entries
            .iter()
            .map(|entry| merkle::leaf_hash(entry))
            .collect();
        let mut parts = merkle::prune(&leaves, kept, &self.cuts).into_iter();
        let mut verifier = Verifier::new(request).limited(self.limits).in_part();
        // Between entries of the first sweep the verifier asks for manifests.
        while !until(&verifier.need()) && verifier.need() != Need::Done {
            match (verifier.need(), parts.as_slice().first()) {
                (Need::Entry(_), Some(Part::Leaf { index, .. })) => verifier.entry(self.entry(*index)),
                (Need::Entry(_), Some(Part::Subtree { level, first, hash })) => {
                    verifier.pruned(*level, *first, *hash);
                }
                _ => {
                    self.give(&mut verifier);
                    continue;
                }
            }
            parts.next();
        }
        verifier
    }

    /// Returns what was last said of a source.
    pub fn source_of(&self, name: &str) -> Source {
        let id = self.refs(name)[0].statement;
        let found = self.entries.iter().find_map(|entry| {
            let envelope = Envelope::decode(entry).unwrap();
            (envelope.id() == id).then(|| envelope.statement().unwrap().predicate)
        });
        match found {
            Some(Predicate::Source(source)) => source,
            other => panic!("{name} is no source: {other:?}"),
        }
    }

    /// Verifies as the request says, without sealing.
    pub fn drive(&self, request: Request) -> Judgement {
        self.answer(Verifier::new(request).limited(self.limits))
    }

    /// Answers a verifier until it has its judgement.
    pub fn answer(&self, verifier: Verifier) -> Judgement {
        let judgement = self.read(verifier).finish().get().clone();
        parcels_agree(&judgement);
        judgement
    }

    /// The same, as nobody else can make it.
    pub fn verified(&self, verifier: Verifier) -> Verified<Judgement> {
        self.read(verifier).finish()
    }

    /// Answers a verifier until it needs nothing more.
    pub fn read(&self, mut verifier: Verifier) -> Verifier {
        while verifier.need() != Need::Done {
            self.give(&mut verifier);
        }
        verifier
    }

    /// Gives a verifier what it needs next.
    fn give(&self, verifier: &mut Verifier) {
        match verifier.need() {
            Need::Entry(index) => verifier.entry(self.entry(index)),
            Need::Blob(id) => match self.blobs.get(&id) {
                None => verifier.blob(Given::Missing),
                // In parts, as a driver gives them; the last one may be short.
                Some(bytes) => {
                    let (head, rest) = bytes.split_at(bytes.len() / 2);
                    head.chunks(7).for_each(|part| verifier.blob_part(part));
                    verifier.blob(Given::Found(rest));
                }
            },
            Need::File(query) => verifier.file(match self.files.get(&query.name) {
                None => Given::Missing,
                Some(bytes) => {
                    let digests = Digests::of(bytes);
                    Given::Found(FileDigests {
                        place: query.name,
                        sha256: digests.sha256,
                        blake3: digests.blake3,
                        bytes: digests.bytes,
                        rows: None,
                    })
                }
            }),
            Need::Contested => verifier.contested(Given::Found(&self.contested())),
            Need::Done => {}
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
        let members = members.iter().map(|(name, content)| member(name, content));
        self.manifest_of(name, members.collect())
    }

    /// Stores a manifest over members and returns its artifact.
    pub fn manifest_of(&mut self, name: &str, members: Vec<Member>) -> Artifact {
        let manifest = Manifest::of(members).unwrap();
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

/// A change about the key of a seed.
pub fn key_change(change: KeyChangeKind, seed: u8) -> KeyChange {
    KeyChange {
        change,
        public_key: Some(public(seed)),
        successor: None,
        kinds: vec![],
        holder: None,
        revocation: None,
        since: None,
        statements: vec![],
        reason: None,
    }
}

/// A member with this content, whose rows nobody counted.
pub fn member(name: &str, content: &[u8]) -> Member {
    let digests = Digests::of(content);
    Member {
        name: name.to_owned(),
        sha256: digests.sha256,
        blake3: Some(digests.blake3),
        bytes: Some(digests.bytes),
        rows: None,
        tokens: None,
        row_root: None,
    }
}

/// Signs any payload, as the entry it would be.
pub fn seal_bytes(payload: &[u8], seed: u8) -> Vec<u8> {
    let signature = signing(seed).sign(&crate::envelope::pae(payload)).to_bytes();
    let engine = &base64::engine::general_purpose::STANDARD;
    format!(
        r#"{{"payload":"{}","payloadType":"{}","signatures":[{{"keyid":"{}","sig":"{}"}}]}}"#,
        engine.encode(payload),
        crate::envelope::PAYLOAD_TYPE,
        public(seed).id(),
        engine.encode(signature),
    )
    .into_bytes()
}

/// Signs a statement with the key of a seed.
pub fn seal(statement: &Statement, seed: u8) -> Envelope {
    Envelope::seal(statement, |pae| {
        Ok::<_, std::convert::Infallible>(signing(seed).sign(pae).to_bytes())
    })
    .unwrap()
}

/// Notices.
impl World {
    /// Appends that an item is taken back.
    pub fn take_back(
        &mut self,
        seed: u8,
        change: NoticeKind,
        item: &str,
        effect: NoticeEffect,
    ) -> StatementId {
        let notice = Notice {
            effect: Some(effect),
            ..notice(change, self.refs(item))
        };
        self.add_by(seed, Predicate::Notice(notice))
    }

    /// Appends that artifacts stand in the place of others.
    pub fn correct(&mut self, seed: u8, targets: Vec<ArtifactRef>, by: Vec<ArtifactRef>) -> StatementId {
        let notice = Notice {
            by,
            ..notice(NoticeKind::Correct, targets)
        };
        self.add_by(seed, Predicate::Notice(notice))
    }

    /// Appends that an artifact stands in the place of a gap.
    pub fn resolve(&mut self, seed: u8, gap: GapRef, by: ArtifactRef) -> StatementId {
        let notice = Notice {
            gap: Some(gap),
            by: vec![by],
            ..notice(NoticeKind::Resolve, vec![])
        };
        self.add_by(seed, Predicate::Notice(notice))
    }

    /// Appends that a key affirms a statement.
    pub fn affirm(&mut self, seed: u8, statement: StatementId) {
        let affirm = KeyChange {
            public_key: None,
            statements: vec![statement],
            ..key_change(KeyChangeKind::Affirm, seed)
        };
        self.add_by(seed, Predicate::Key(affirm));
    }
}
