//! Finding the first seal of a log that is not true, and making the proof of it.
//!
//! A ledger with such a seal is not opened: admission would not have let it in. So the log itself is read, commit by
//! commit, and each seal is held against what the entries below it determine.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::checkpoint::Checkpoint;
use crate::checkpoint::MAX_CHECKPOINT_BYTES;
use crate::digest::BlobId;
use crate::digest::NodeHash;
use crate::digest::Sha256Digest;
use crate::envelope::Envelope;
use crate::false_seal::Claimant;
use crate::false_seal::Evidence;
use crate::false_seal::FALSE_SEAL_BYTES_MAX;
use crate::false_seal::FalseSeal;
use crate::false_seal::FalseSealError;
use crate::false_seal::Included;
use crate::false_seal::MemberLine;
use crate::false_seal::has_tie;
use crate::log::LogError;
use crate::log::LogReader;
use crate::merkle::LeafIndex;
use crate::merkle::leaf_hash;
use crate::merkle::prove_inclusion;
use crate::statement::ArtifactRef;
use crate::statement::Contested;
use crate::statement::Predicate;
use crate::statement::Seal;
use crate::store::Store;
use crate::store::StorePath;

use super::LedgerError;
use super::admission::AdmissionError;
use super::admission::Checks;
use super::admission::Founding;
use super::admission::Staging;
use super::admission::State;
use super::line::LineError;
use super::line::prove_line;
use super::open::StoreBlobs;
use super::open::founding;
use super::stated::stated_list;

/// How many entries a proof has, unless it needs more.
const ENTRIES_SHOWN: usize = 256;

/// Why no proof was made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealSearchError {
    /// The log cannot be read, or is broken in another way.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A manifest cannot be read.
    #[error(transparent)]
    Line(#[from] LineError),
    /// Others append.
    #[error("the checkpoint changed while the log was read: try again when less is appended")]
    Restless,
    /// The seal is false, but no few entries show it.
    #[error("the seal at entry {entry} is false, and only the whole log shows it: {why}")]
    Unshown {
        /// The seal.
        entry: LeafIndex,
        /// What is wrong with it.
        why: String,
    },
    /// What was made does not hold, so that something else is wrong with the log.
    #[error("what the ledger holds does not make a proof")]
    Made(#[from] FalseSealError),
}

impl From<LogError> for SealSearchError {
    fn from(error: LogError) -> Self {
        Self::Ledger(error.into())
    }
}

impl From<crate::index::IndexError> for SealSearchError {
    fn from(error: crate::index::IndexError) -> Self {
        Self::Ledger(error.into())
    }
}

/// What the seals of a log are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seals {
    /// The first false one.
    False(Box<FalseSeal>),
    /// All are true, as far as can be told without these manifests.
    True {
        /// How many there are.
        seals: u64,
        /// The manifests that are not there; without them nobody can count ties.
        missing: Vec<BlobId>,
    },
}

/// Holds every seal of a log against the entries below it, up to the published checkpoint.
pub fn search_false_seal(store: &Arc<dyn Store>) -> Result<Seals, SealSearchError> {
    let (founding, key) = founding(&**store)?;
    let reader = LogReader::open(Arc::clone(store), key.clone())?;
    let note = store.read(&StorePath::Checkpoint, MAX_CHECKPOINT_BYTES as u64);
    let note = note.map_err(LogError::from)?.ok_or(LogError::NotPublished)?;
    if Checkpoint::open(&note, &key).ok().as_ref() != Some(reader.checkpoint()) {
        return Err(SealSearchError::Restless);
    }
    let blobs = StoreBlobs(&**store);
    let (mut state, mut rulings, mut seals) = (State::new(), Vec::new(), 0);
    for commit in reader.commits() {
        let commit = commit?;
        let mut staging = Staging::on(&state, &blobs, Checks::Replay);
        let mut lie = None;
        for (entry, leaf) in commit.entries() {
            match staging.admit(leaf) {
                Ok(admitted) => {
                    let predicate = &admitted.statement.predicate;
                    seals += u64::from(matches!(predicate, Predicate::Seal(_)));
                    rulings.extend(predicate.is_ruling().then_some(entry));
                }
                Err(source) => {
                    let says = seal_in(leaf, &founding);
                    let Some(says) = says.filter(|_| matches!(source, AdmissionError::SealFalse)) else {
                        return Err(LedgerError::Entry { entry, source }.into());
                    };
                    lie = Some((entry, says, staging.seal()));
                    break;
                }
            }
        }
        let before = lie.as_ref().map(|_| state.contested().clone());
        if let Some(batch) = staging.finish() {
            state.integrate(batch)?;
        }
        if let (Some((at, says, honest)), Some(before)) = (lie, before) {
            let accusation = Accusation {
                reader: &reader,
                blobs: &blobs,
                state: &state,
                at,
                says,
                honest,
            };
            let made = FalseSeal {
                seal: accusation.included(at)?,
                evidence: accusation.evidence(&rulings, &before)?,
                log: key.clone(),
                checkpoint: note,
            };
            made.check(&key)?;
            if made.encode().len() > FALSE_SEAL_BYTES_MAX {
                return Err(FalseSealError::TooLong.into());
            }
            return Ok(Seals::False(Box::new(made)));
        }
    }
    Ok(Seals::True {
        seals,
        missing: state.missing_manifests().to_vec(),
    })
}

/// Returns the seal in an entry, if it names the log key as its signer.
fn seal_in(leaf: &[u8], founding: &Founding) -> Option<Seal> {
    let statement = Envelope::decode(leaf).ok()?.statement().ok()?;
    match statement.predicate {
        Predicate::Seal(seal) if statement.issuer == founding.log_key.id() => Some(seal),
        _ => None,
    }
}

/// A false seal, and the log below it.
struct Accusation<'a> {
    reader: &'a LogReader,
    blobs: &'a StoreBlobs<'a>,
    /// Everything below the seal.
    state: &'a State,
    at: LeafIndex,
    says: Seal,
    honest: Seal,
}

impl Accusation<'_> {
    fn evidence(
        &self,
        rulings: &[LeafIndex],
        before: &BTreeMap<Sha256Digest, u32>,
    ) -> Result<Evidence, SealSearchError> {
        let (says, honest) = (&self.says, &self.honest);
        if says.size != honest.size {
            return Ok(Evidence::Size);
        }
        let others = says.rulings == honest.rulings && says.rulings_root != honest.rulings_root;
        if others || says.rulings < honest.rulings {
            let entries = rulings
                .iter()
                .take(shown(says.rulings))
                .map(|entry| self.included(*entry));
            return Ok(Evidence::Rulings(entries.collect::<Result<_, _>>()?));
        }
        if let Some(records) = stated_list(self.state.contested(), before, says)
            && let Some((counted, tie)) = self.denied(&records)
        {
            return Ok(Evidence::Ties {
                tie,
                records,
                claimants: self.claimants(tie, shown(u64::from(counted)))?,
            });
        }
        Err(SealSearchError::Unshown {
            entry: self.at,
            why: self.difference(),
        })
    }

    /// Returns a tie that the list denies and how many statements of it the list counts: as few as there are to show.
    fn denied(&self, records: &[Contested]) -> Option<(u32, Sha256Digest)> {
        let stated: BTreeMap<_, _> = records.iter().map(|one| (one.tie, one.statements)).collect();
        let counts = self.state.contested().iter();
        let denied = counts.filter_map(|(tie, count)| {
            let stated = stated.get(tie).copied().unwrap_or(1);
            (*count > stated).then_some((stated, *tie))
        });
        denied.min()
    }

    fn claimants(&self, tie: Sha256Digest, most: usize) -> Result<Vec<Claimant>, SealSearchError> {
        let mut seen = BTreeSet::new();
        let mut claimants = Vec::new();
        for claim in self.state.index().claims(tie)? {
            if claimants.len() == most || !seen.insert(claim.statement) {
                continue;
            }
            let entry = self.state.index().entry_of(claim.statement)?;
            if let Some(entry) = entry {
                claimants.push(self.claimant(entry, claim, tie)?);
            }
        }
        claimants.sort_by_key(|claimant| claimant.included.index);
        Ok(claimants)
    }

    fn claimant(
        &self,
        entry: LeafIndex,
        claim: ArtifactRef,
        tie: Sha256Digest,
    ) -> Result<Claimant, SealSearchError> {
        let included = self.included(entry)?;
        let statement = Envelope::decode(included.entry.as_bytes()).and_then(|envelope| envelope.statement());
        let statement = statement.map_err(|source| FalseSealError::Envelope { entry, source })?;
        let none = || FalseSealError::NoTie { entry, tie };
        let member = match claim.member {
            Some(index) if !has_tie(&statement.predicate, claim.statement, tie) => {
                let subject = usize::try_from(claim.subject).map_err(|_| none())?;
                let artifact = statement.predicate.artifacts().nth(subject).ok_or_else(none)?;
                let index = LeafIndex::new(index);
                let (line, path) = prove_line(self.blobs, artifact, index)?.ok_or_else(none)?;
                Some(MemberLine { index, line, path })
            }
            _ => None,
        };
        Ok(Claimant { included, member })
    }

    fn included(&self, index: LeafIndex) -> Result<Included, SealSearchError> {
        let (entry, path) = match self.reader.prove_inclusion(index) {
            Err(LogError::MissingTile { .. }) => self.included_by_commits(index)?,
            proved => proved?,
        };
        // Canonical JSON is UTF-8, and admission has read it.
        let entry = String::from_utf8_lossy(&entry).into_owned();
        Ok(Included { index, entry, path })
    }

    /// Tiles derive from commits, and whoever signs false seals may well keep them back.
    fn included_by_commits(&self, index: LeafIndex) -> Result<(Vec<u8>, Vec<NodeHash>), SealSearchError> {
        let mut leaves = Vec::new();
        for commit in self.reader.commits() {
            leaves.extend(commit?.entries().map(|(_, entry)| leaf_hash(entry)));
        }
        let size = self.reader.checkpoint().size.get();
        leaves.truncate(usize::try_from(size).unwrap_or(usize::MAX));
        let path = prove_inclusion(&leaves, index).map_err(LogError::from)?;
        Ok((self.reader.entry(index)?, path))
    }

    fn difference(&self) -> String {
        let (says, honest) = (&self.says, &self.honest);
        if says.rulings > honest.rulings {
            return format!(
                "it counts {} key and notice statements, and below it stand {}",
                says.rulings, honest.rulings
            );
        }
        format!(
            "it counts {} contested ties, below it are {}, and which ones it means is not known",
            says.contested, honest.contested
        )
    }
}

/// Returns how many entries are shown against a seal that counts so many.
fn shown(counted: u64) -> usize {
    let needed = usize::try_from(counted).unwrap_or(usize::MAX).saturating_add(1);
    needed.max(ENTRIES_SHOWN)
}

#[cfg(test)]
mod tests;
