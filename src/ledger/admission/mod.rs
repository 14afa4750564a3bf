//! Admission: what may become an entry, decided by the entries below it and the blobs it names.
//!
//! [`State`] is what a log says up to some size, kept by replaying it; [`Staging`] is a batch on top of it that is
//! not yet in the log. `append`, recovery and `fsck` ask the same questions in the same order here: the form, the
//! signature, the grant at that entry, the ledger, what is cited, the blobs, and for a seal that it says exactly
//! what the log below it determines. A reader replays without checking signatures again; `verify` and `fsck` do.

mod cited;
mod error;
#[cfg(test)]
pub(crate) mod fixture;
mod notice;
mod signatures;
mod staging;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::checkpoint::LogKey;
use crate::digest::BlobId;
use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::envelope::Envelope;
use crate::index::Facts;
use crate::index::Index;
use crate::index::IndexError;
use crate::index::IndexMut as _;
use crate::index::Layered;
use crate::index::Resume;
use crate::index::Watermark;
use crate::key::PublicKey;
use crate::merkle::Frontier;
use crate::merkle::LeafIndex;
use crate::merkle::TreeSize;
use crate::statement::Contested;
use crate::statement::Genesis;
use crate::statement::Predicate;
use crate::statement::Seal;
use crate::trust::Keys;

pub use error::AdmissionError;
pub use error::BlobError;
pub use signatures::Refused;
pub use staging::Admitted;
pub use staging::Batch;
pub use staging::Checks;
pub use staging::Staging;

/// The largest blob beside manifests, in bytes: prompts, code, evidence.
pub const HELD_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Gives the bytes of blobs.
pub trait Blobs {
    /// Returns all bytes of a blob whose SHA-256 is its id; at most `limit` of them.
    fn read(&self, id: BlobId, limit: u64) -> Result<Vec<u8>, BlobError>;

    /// Hands on all bytes of a blob in parts. They are those of its id only if this returns without an error.
    fn read_parts(&self, id: BlobId, limit: u64, each: &mut dyn FnMut(&[u8])) -> Result<(), BlobError> {
        self.read(id, limit).map(|bytes| each(&bytes))
    }
}

/// What genesis fixes for every later entry.
#[derive(Debug, Clone)]
pub struct Founding {
    /// The genesis statement: the ledger's id.
    pub id: StatementId,
    /// What it says.
    pub genesis: Genesis,
    /// The log's key, as the note key and as a statement's issuer.
    pub log_key: PublicKey,
}

/// What a log says, up to a size.
#[derive(Debug, Clone, Default)]
pub struct State {
    founding: Option<Arc<Founding>>,
    keys: Option<Keys>,
    tree: Frontier,
    rulings: Frontier,
    /// Where the statements of `rulings` stand.
    ruling_entries: Vec<LeafIndex>,
    index: Layered,
    /// Every tie that several statements have, and how many.
    contested: Arc<BTreeMap<Sha256Digest, u32>>,
    sealed: bool,
    missing: Vec<BlobId>,
}

impl State {
    /// Returns the state of an empty log.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns what genesis says; nothing for an empty log.
    pub fn founding(&self) -> Option<&Founding> {
        self.founding.as_deref()
    }

    /// Returns the keys and their grants; nothing for an empty log.
    pub fn keys(&self) -> Option<&Keys> {
        self.keys.as_ref()
    }

    /// Returns how many entries there are.
    pub fn size(&self) -> TreeSize {
        self.tree.size()
    }

    /// Returns the tree of the entries.
    pub fn tree(&self) -> &Frontier {
        &self.tree
    }

    /// Returns the index over the entries.
    pub fn index(&self) -> &dyn Index {
        &self.index
    }

    /// Returns the same index with what stands below and what in memory.
    pub(super) fn layered(&self) -> &Layered {
        &self.index
    }

    /// Returns the entries of all statements that rule over others, in log order.
    pub(super) fn ruling_entries(&self) -> &[LeafIndex] {
        &self.ruling_entries
    }

    /// Takes up the state at the end of a sealed commit from an index that ends there and the rulings below; nothing
    /// unless that is exactly what the seal says. `tree` is the tree of all entries.
    pub(super) fn resume(
        founding: Founding,
        tree: Frontier,
        rulings: Vec<(LeafIndex, Vec<u8>)>,
        index: Arc<dyn Index>,
        seal: &Seal,
    ) -> Result<Option<Self>, AdmissionError> {
        let mut state = Self {
            keys: Some(Keys::of(&founding.genesis)),
            founding: Some(Arc::new(founding)),
            tree,
            index: Layered::on(Some(index)),
            sealed: true,
            ..Self::default()
        };
        for (entry, leaf) in rulings {
            if !state.rule(entry, &leaf)? {
                return Ok(None);
            }
        }
        state.contested = Arc::new(contested(&state.index)?);
        let below = TreeSize::new(state.tree.size().get().saturating_sub(1));
        let honest = seal_of(below, &state.rulings, state.contested());
        Ok((honest == *seal).then_some(state))
    }

    /// Applies a ruling that stands in the log; `false` when it is none.
    fn rule(&mut self, entry: LeafIndex, leaf: &[u8]) -> Result<bool, AdmissionError> {
        let envelope = Envelope::decode(leaf).map_err(AdmissionError::Envelope)?;
        let statement = envelope.statement().map_err(AdmissionError::Envelope)?;
        match (&statement.predicate, &mut self.keys) {
            (Predicate::Key(change), Some(keys)) => {
                keys.apply(entry.get(), envelope.id(), statement.issuer, change)?;
            }
            (Predicate::Notice(_), _) => {}
            _ => return Ok(false),
        }
        self.rulings.append(crate::merkle::leaf_hash(leaf));
        self.ruling_entries.push(entry);
        Ok(true)
    }

    /// Returns whether the last entry is a seal.
    pub fn is_sealed(&self) -> bool {
        self.sealed
    }

    /// Returns the manifests that could not be read while replaying; their members are not in the index.
    pub fn missing_manifests(&self) -> &[BlobId] {
        &self.missing
    }

    /// Takes a batch that is now in the log; an [`IndexError`] if it was staged on another state.
    pub fn integrate(&mut self, batch: Batch) -> Result<(), IndexError> {
        let Batch {
            founding,
            keys,
            tree,
            rulings,
            ruling_entries,
            indexed,
            contested,
            sealed,
            missing,
        } = batch;
        let origin = founding.genesis.origin.clone();
        let watermark = Watermark {
            origin,
            size: tree.size(),
            root: tree.root(),
        };
        self.index.apply(indexed, watermark, Resume::default())?;
        self.founding = Some(founding);
        self.keys = Some(keys);
        self.tree = tree;
        self.rulings = rulings;
        self.ruling_entries.extend(ruling_entries);
        if !contested.is_empty() {
            Arc::make_mut(&mut self.contested).extend(contested);
        }
        self.sealed = sealed;
        self.missing.extend(missing);
        Ok(())
    }

    fn facts(&self, id: StatementId) -> Result<Option<Arc<Facts>>, IndexError> {
        self.index.facts(id)
    }

    /// Returns which of `digests` (ascending) a statement other than `id` claims.
    fn claimed_by_others(
        &self,
        digests: &[Sha256Digest],
        id: StatementId,
    ) -> Result<Vec<Sha256Digest>, IndexError> {
        self.index.claimed_by_others(digests, id)
    }

    /// Returns every tie that several statements have, and how many have it.
    pub fn contested(&self) -> &BTreeMap<Sha256Digest, u32> {
        &self.contested
    }
}

/// Counts the statements behind every contested tie of an index.
fn contested(index: &Layered) -> Result<BTreeMap<Sha256Digest, u32>, IndexError> {
    let mut counted = BTreeMap::new();
    for tie in index.contested()? {
        let statements: BTreeSet<_> = index.claims(tie)?.iter().map(|claim| claim.statement).collect();
        counted.insert(tie, u32::try_from(statements.len()).unwrap_or(u32::MAX));
    }
    Ok(counted)
}

/// Returns the key of the log from its text form in genesis.
fn log_key(genesis: &Genesis) -> Result<PublicKey, AdmissionError> {
    let key = LogKey::parse_vkey(&genesis.log_key).map_err(AdmissionError::LogKey)?;
    if key.origin().as_str() != genesis.origin {
        return Err(AdmissionError::Origin {
            origin: genesis.origin.clone(),
            key: key.origin().to_string(),
        });
    }
    Ok(key.public_key())
}

/// Returns what a seal must say above so many entries with these rulings and contested ties.
fn seal_of(size: TreeSize, rulings: &Frontier, contested: &BTreeMap<Sha256Digest, u32>) -> Seal {
    let record = |(&tie, &statements): (&Sha256Digest, &u32)| Contested { tie, statements }.to_bytes();
    let leaves = contested.iter().map(|one| crate::merkle::leaf_hash(&record(one)));
    let leaves: Vec<_> = leaves.collect();
    Seal {
        size: size.get(),
        rulings: rulings.size().get(),
        rulings_root: rulings.root(),
        contested: leaves.len() as u64,
        contested_root: crate::merkle::root(&leaves),
    }
}
