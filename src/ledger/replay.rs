//! What a log says up to some place, taken in commit by commit.

use crate::log::LogReader;
use crate::log::Position;
use crate::merkle::TreeSize;
use crate::store::Store;

use super::admission::AdmissionError;
use super::admission::Checks;
use super::admission::Staging;
use super::admission::State;
use super::error::LedgerError;
use super::open::StoreBlobs;

/// How far a process has read a log, and what the log says up to there.
#[derive(Debug)]
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

    /// Returns how many entries were taken in.
    pub(super) fn size(&self) -> TreeSize {
        self.position.size()
    }
}
