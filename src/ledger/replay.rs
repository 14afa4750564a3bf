//! What a log says up to some place, taken in commit by commit.

use std::sync::Arc;

use crate::digest::CommitHash;
use crate::digest::NodeHash;
use crate::envelope::Envelope;
use crate::index::Index;
use crate::index::Resume;
use crate::log::LogReader;
use crate::log::Position;
use crate::merkle::Frontier;
use crate::merkle::LeafIndex;
use crate::merkle::TreeSize;
use crate::statement::Predicate;
use crate::statement::Seal;
use crate::store::Store;

use super::admission::AdmissionError;
use super::admission::Checks;
use super::admission::Founding;
use super::admission::Staging;
use super::admission::State;
use super::error::LedgerError;
use super::open::StoreBlobs;

/// How far a process has read a log, and what the log says up to there.
#[derive(Debug, Clone)]
pub(super) struct Replayed {
    pub(super) state: State,
    pub(super) position: Position,
}

impl Replayed {
    /// The place before the first commit, where nothing was said.
    pub(super) fn nothing() -> Self {
        Self {
            state: State::new(),
            position: Position::start(),
        }
    }

    /// Takes up the place where an index ends; nothing unless it is the end of a commit of this log, and the index
    /// agrees with the seal that is the last entry there. Rulings are read from the log, never from the index.
    pub(super) fn resume(
        index: &Arc<dyn Index>,
        reader: &LogReader,
        founding: &Founding,
    ) -> Result<Option<Self>, LedgerError> {
        let (Some(mark), Some(note)) = (index.watermark(), index.resume()) else {
            return Ok(None);
        };
        let peaks = note
            .tree_peaks
            .iter()
            .copied()
            .map(NodeHash::from_bytes)
            .collect();
        let tree = Frontier::from_peaks(mark.size, peaks).filter(|tree| tree.root() == mark.root);
        let is_whole = mark.origin == founding.genesis.origin && note.sealed && note.missing.is_empty();
        let Some(tree) = tree.filter(|_| is_whole) else {
            return Ok(None);
        };
        let previous = CommitHash::from_bytes(note.previous_commit);
        let Some(position) = reader.position(note.next_commit, previous, tree.clone())? else {
            return Ok(None);
        };
        let mut rulings = Vec::new();
        for entry in note.rulings.iter().copied().map(LeafIndex::new) {
            if !mark.size.contains(entry) {
                return Ok(None);
            }
            rulings.push((entry, reader.entry(entry)?));
        }
        let last = reader.entry(LeafIndex::new(mark.size.get().saturating_sub(1)))?;
        let Some(seal) = seal_in(&last) else {
            return Ok(None);
        };
        let state = State::resume(founding.clone(), tree, rulings, Arc::clone(index), &seal);
        match state {
            Err(AdmissionError::Index(error)) => Err(error.into()),
            // Not what admission let in, so not what the log says.
            Err(_) => Ok(None),
            Ok(state) => Ok(state.map(|state| Self { state, position })),
        }
    }

    /// Returns what a replay needs to go on from here.
    pub(super) fn note(&self) -> Resume {
        let peaks = self.position.frontier().peaks().iter();
        Resume {
            tree_peaks: peaks.map(|peak| *peak.as_bytes()).collect(),
            next_commit: self.position.next_commit(),
            previous_commit: *self.position.previous().as_bytes(),
            rulings: self
                .state
                .ruling_entries()
                .iter()
                .map(|entry| entry.get())
                .collect(),
            sealed: self.state.is_sealed(),
            missing: Vec::new(),
        }
    }

    /// Takes in what `reader` shows beyond this place; signatures of statements are not checked.
    ///
    /// Errors: [`LedgerError::RolledBack`] when what was taken in before is not what the checkpoint extends.
    pub(super) fn catch_up(&mut self, reader: &LogReader, store: &dyn Store) -> Result<(), LedgerError> {
        let blobs = StoreBlobs(store);
        let mut walk = reader.commits_from(self.position.clone());
        for commit in walk.by_ref() {
            let commit = commit?;
            let mut staging = Staging::on(&self.state, &blobs, Checks::Replay);
            for (entry, leaf) in commit.entries() {
                staging.admit(leaf).map_err(|source| match source {
                    AdmissionError::Index(error) => LedgerError::Index(error),
                    source => LedgerError::Entry { entry, source },
                })?;
            }
            if let Some(batch) = staging.finish() {
                self.state.integrate(batch)?;
            }
        }
        self.position = walk.position().clone();
        let checkpoint = reader.checkpoint();
        if self.size() == checkpoint.size && self.position.root() == checkpoint.root {
            return Ok(());
        }
        Err(LedgerError::RolledBack {
            known: self.size(),
            found: checkpoint.size,
        })
    }

    /// Returns whether all of it was replayed from the log, with no index below.
    pub(super) fn stands_alone(&self) -> bool {
        self.state.layered().base().is_none()
    }

    /// Returns how many entries were taken in.
    pub(super) fn size(&self) -> TreeSize {
        self.position.size()
    }
}

fn seal_in(leaf: &[u8]) -> Option<Seal> {
    let statement = Envelope::decode(leaf).ok()?.statement().ok()?;
    match statement.predicate {
        Predicate::Seal(seal) => Some(seal),
        _ => None,
    }
}
