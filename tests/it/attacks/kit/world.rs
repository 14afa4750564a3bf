//! A ledger in memory that does what it is told, honest or not, and is written as the files of a real one.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::convert::Infallible;

use ed25519_dalek::Signer as _;
use ed25519_dalek::SigningKey;
use herdbook::checkpoint::Checkpoint;
use herdbook::checkpoint::LogKey;
use herdbook::checkpoint::Origin;
use herdbook::digest::BlobId;
use herdbook::digest::CommitHash;
use herdbook::digest::Digests;
use herdbook::digest::NodeHash;
use herdbook::digest::Sha256Digest;
use herdbook::digest::StatementId;
use herdbook::envelope::Envelope;
use herdbook::key::PublicKey;
use herdbook::ledger::Settings;
use herdbook::log::Commit;
use herdbook::log::CommitHeader;
use herdbook::manifest::Manifest;
use herdbook::manifest::Member;
use herdbook::manifest::read_members;
use herdbook::merkle;
use herdbook::merkle::TreeSize;
use herdbook::sign::MemorySigner;
use herdbook::statement::*;
use herdbook::trust::TrustRoot;

use super::Files;
use super::file;

pub const ORIGIN: &str = "example.org/herd";

/// Seeds of the keys: the owner, the log, an issuer with every grant, a second one, one without any grant, another
/// owner, and whoever writes at somebody else's place.
pub const OWNER: u8 = 1;
pub const LOG: u8 = 2;
pub const ISSUER: u8 = 3;
pub const SECOND: u8 = 4;
pub const STRANGER: u8 = 5;
pub const OTHER_OWNER: u8 = 6;
pub const THIEF: u8 = 7;

pub fn signing(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

pub fn public(seed: u8) -> PublicKey {
    PublicKey::from_bytes(&signing(seed).verifying_key().to_bytes()).unwrap()
}

pub fn log_key(seed: u8) -> LogKey {
    LogKey::new(Origin::parse(ORIGIN).unwrap(), public(seed))
}

/// Signs a statement with the key of a seed.
pub fn seal(statement: &Statement, seed: u8) -> Envelope {
    Envelope::seal(statement, |pae| {
        Ok::<_, Infallible>(signing(seed).sign(pae).to_bytes())
    })
    .unwrap()
}

/// Signs any payload with the key of a seed.
pub fn seal_payload(payload: &[u8], seed: u8) -> Envelope {
    Envelope::seal_payload(payload.to_vec(), public(seed).id(), |pae| {
        Ok::<_, Infallible>(signing(seed).sign(pae).to_bytes())
    })
    .unwrap()
}

/// A log and its blobs.
#[derive(Debug, Clone)]
pub struct World {
    pub entries: Vec<Vec<u8>>,
    /// Where commits end.
    pub ends: Vec<usize>,
    pub blobs: BTreeMap<BlobId, Vec<u8>>,
    pub genesis: StatementId,
    pub root: TrustRoot,
    /// The key that signs seals, slots and checkpoint.
    pub log: u8,
    names: BTreeMap<String, Vec<ArtifactRef>>,
    /// The first entry of each statement.
    places: BTreeMap<StatementId, usize>,
}

impl World {
    /// A ledger whose first commit has the genesis and its seal.
    pub fn new() -> Self {
        Self::with(|genesis| genesis)
    }

    /// A ledger with another genesis.
    pub fn with(change: impl FnOnce(Genesis) -> Genesis) -> Self {
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
            log_key: log_key(LOG).to_vkey(),
            grants: vec![every(ISSUER, None), every(SECOND, Some("Example Holder"))],
            specs: vec![],
        });
        let statement = Statement {
            issuer: public(OWNER).id(),
            ledger: None,
            predicate: Predicate::Genesis(genesis.clone()),
        };
        let envelope = seal(&statement, OWNER);
        let mut world = Self {
            entries: vec![],
            ends: vec![],
            blobs: BTreeMap::new(),
            genesis: envelope.id(),
            root: TrustRoot::of(envelope.id(), &genesis),
            log: LOG,
            names: BTreeMap::new(),
            places: BTreeMap::new(),
        };
        world.add_bytes(envelope.id(), envelope.encode());
        world.seal();
        world
    }

    /// Appends a statement by the issuer.
    pub fn add(&mut self, predicate: Predicate) -> StatementId {
        self.add_by(ISSUER, predicate)
    }

    /// Appends a statement by anybody.
    pub fn add_by(&mut self, seed: u8, predicate: Predicate) -> StatementId {
        let statement = self.statement(seed, predicate);
        let envelope = seal(&statement, seed);
        self.note(envelope.id(), &statement.predicate);
        self.add_bytes(envelope.id(), envelope.encode())
    }

    /// Returns a statement of this ledger.
    pub fn statement(&self, seed: u8, predicate: Predicate) -> Statement {
        Statement {
            issuer: public(seed).id(),
            ledger: Some(self.genesis),
            predicate,
        }
    }

    /// Appends any bytes in the place of a statement.
    pub fn add_bytes(&mut self, id: StatementId, bytes: Vec<u8>) -> StatementId {
        self.places.entry(id).or_insert(self.entries.len());
        self.entries.push(bytes);
        id
    }

    /// Gives names to the artifacts of a statement.
    pub fn note(&mut self, id: StatementId, predicate: &Predicate) {
        let mut subject = 0;
        for (name, set) in predicate.sets() {
            let refs = set.artifacts.iter().map(|_| {
                subject += 1;
                ArtifactRef::subject(id, subject - 1)
            });
            self.names.insert(name.to_string(), refs.collect());
        }
        if let Predicate::Dataset(dataset) = predicate {
            self.name(dataset.name.as_str(), id);
        }
    }

    /// Gives a name to the first subject of a statement.
    pub fn name(&mut self, name: &str, id: StatementId) {
        self.names
            .insert(name.to_owned(), vec![ArtifactRef::subject(id, 0)]);
    }

    /// Returns the artifacts that were last added under a name.
    pub fn refs(&self, name: &str) -> Vec<ArtifactRef> {
        self.names
            .get(name)
            .unwrap_or_else(|| panic!("no item {name}"))
            .clone()
    }

    /// Returns the first entry of a statement.
    pub fn place(&self, id: StatementId) -> Option<usize> {
        self.places.get(&id).copied()
    }

    /// Returns the entry that has the statement of an item.
    pub fn entry_of(&self, item: &str) -> usize {
        self.place(self.refs(item)[0].statement).unwrap()
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

    /// Stores a manifest over members with these contents and returns its artifact.
    pub fn manifest(&mut self, name: &str, members: &[(&str, &[u8])]) -> Artifact {
        let members = members.iter().map(|(name, content)| member(name, content));
        let manifest = Manifest::of(members.collect()).unwrap();
        self.manifest_of(name, manifest)
    }

    /// Stores a manifest as it is and returns its artifact.
    pub fn manifest_of(&mut self, name: &str, manifest: Manifest) -> Artifact {
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

    /// Returns the statements that can be read, each once, where it stands first.
    pub fn statements(&self) -> Vec<(usize, StatementId, Statement)> {
        let mut seen = BTreeSet::new();
        let read = |(at, bytes): (usize, &Vec<u8>)| {
            let envelope = Envelope::decode(bytes).ok()?;
            let statement = envelope.statement().ok()?;
            Some((at, envelope.id(), statement))
        };
        let all = self.entries.iter().enumerate().filter_map(read);
        all.filter(|(_, id, _)| seen.insert(*id)).collect()
    }

    /// Returns all ties of a statement, those of the members of its manifests among them.
    pub fn ties(&self, id: StatementId, predicate: &Predicate) -> BTreeSet<Sha256Digest> {
        let mut ties: BTreeSet<_> = predicate.ties(id).into_iter().map(|(_, tie)| tie).collect();
        for artifact in predicate.artifacts() {
            let (Some(facts), Some(blob)) = (artifact.manifest(), artifact.blob()) else {
                continue;
            };
            let members = self.blobs.get(&blob).map(|bytes| read_members(bytes, facts));
            ties.extend(
                members
                    .into_iter()
                    .flatten()
                    .flatten()
                    .map(|member| member.sha256),
            );
        }
        ties
    }

    /// Returns the records of all ties that several statements have.
    pub fn contested(&self) -> Vec<Contested> {
        let mut counted: BTreeMap<Sha256Digest, u32> = BTreeMap::new();
        for (_, id, statement) in self.statements() {
            for tie in self.ties(id, &statement.predicate) {
                *counted.entry(tie).or_default() += 1;
            }
        }
        let several = counted.into_iter().filter(|(_, statements)| *statements > 1);
        several
            .map(|(tie, statements)| Contested { tie, statements })
            .collect()
    }

    /// Returns the seal that tells the truth about what stands here.
    pub fn right_seal(&self) -> Seal {
        let is_ruling = |bytes: &&Vec<u8>| {
            let statement = Envelope::decode(bytes).and_then(|envelope| envelope.statement());
            statement.is_ok_and(|statement| statement.predicate.is_ruling())
        };
        let rulings = self.entries.iter().filter(is_ruling);
        let rulings: Vec<NodeHash> = rulings.map(|bytes| merkle::leaf_hash(bytes)).collect();
        let contested = self.contested();
        let records = contested
            .iter()
            .map(|record| merkle::leaf_hash(&record.to_bytes()));
        Seal {
            size: self.entries.len() as u64,
            rulings: rulings.len() as u64,
            rulings_root: merkle::root(&rulings),
            contested: contested.len() as u64,
            contested_root: merkle::root(&records.collect::<Vec<_>>()),
        }
    }

    /// Ends a commit with its seal.
    pub fn seal(&mut self) {
        self.add_seal(self.log, self.right_seal());
    }

    /// Ends a commit with any seal.
    pub fn add_seal(&mut self, seed: u8, seal: Seal) {
        self.add_by(seed, Predicate::Seal(seal));
        self.end();
    }

    /// Ends a commit as it is.
    pub fn end(&mut self) {
        self.ends.push(self.entries.len());
    }

    /// Returns the leaf hashes.
    pub fn leaves(&self) -> Vec<NodeHash> {
        self.entries
            .iter()
            .map(|entry| merkle::leaf_hash(entry))
            .collect()
    }

    /// Returns the signed checkpoint over all entries.
    pub fn checkpoint(&self) -> Vec<u8> {
        self.checkpoint_at(self.entries.len())
    }

    /// Returns the signed checkpoint over the first entries.
    pub fn checkpoint_at(&self, size: usize) -> Vec<u8> {
        let checkpoint = Checkpoint {
            origin: Origin::parse(ORIGIN).unwrap(),
            size: TreeSize::new(size as u64),
            root: merkle::root(&self.leaves()[..size]),
        };
        checkpoint
            .sign(&log_key(self.log), &MemorySigner::from_secret([self.log; 32]))
            .unwrap()
    }

    /// Returns the slots of all commits.
    pub fn slots(&self) -> Vec<Vec<u8>> {
        let leaves = self.leaves();
        let mut slots: Vec<Vec<u8>> = Vec::new();
        let mut start = 0;
        for end in &self.ends {
            let number = slots.len() as u64;
            let previous = slots.last().map(|slot| CommitHash::of(slot));
            let mut nonce = [0xee; 16];
            nonce[..8].copy_from_slice(&number.to_be_bytes());
            let header = CommitHeader {
                number,
                previous: previous.unwrap_or(CommitHash::from_bytes([0; 32])),
                size_before: TreeSize::new(start as u64),
                size_after: TreeSize::new(*end as u64),
                root: merkle::root(&leaves[..*end]),
                nonce,
            };
            let signer = MemorySigner::from_secret([self.log; 32]);
            slots.push(Commit::encode(&header, &self.entries[start..*end], &signer).unwrap());
            start = *end;
        }
        slots
    }

    /// Returns the tile of hashes of a tree that has not grown beyond one, with its path.
    pub fn tile(&self) -> (String, Vec<u8>) {
        let leaves = self.leaves();
        let hashes = leaves.iter().flat_map(|leaf| *leaf.as_bytes());
        (
            format!("ledger/log/tile/0/000.p/{}", leaves.len()),
            hashes.collect(),
        )
    }

    /// Writes the ledger folder.
    pub fn ledger(&self) -> Files {
        let settings = Settings {
            origin: Origin::parse(ORIGIN).unwrap(),
        };
        let mut files = Files::from([
            file("ledger/herdbook.toml", settings.encode()),
            file("ledger/log/checkpoint", self.checkpoint()),
        ]);
        for (number, slot) in self.slots().into_iter().enumerate() {
            files.extend([file(&slot_path(number), slot)]);
        }
        for (id, bytes) in &self.blobs {
            files.extend([file(&blob_path(*id), bytes.clone())]);
        }
        files
    }
}

/// The path of a slot in a fixture.
pub fn slot_path(number: usize) -> String {
    format!("ledger/commit/{number:020}")
}

/// The path of a blob in a fixture.
pub fn blob_path(id: BlobId) -> String {
    let hex = id.to_hex();
    format!("ledger/blobs/{}/{hex}", &hex[..2])
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
