//! Repair, by order of a person: tiles and the checkpoint are made again from the commits; what was false is kept.
//!
//! Commits and blobs cannot be made again, and nothing here tries. A checkpoint that counts is never replaced: if it
//! names entries that are gone, signing a shorter log would be a second history.

use std::sync::Arc;
use std::time::Duration;

use crate::checkpoint::Checkpoint;
use crate::checkpoint::LogKey;
use crate::checkpoint::MAX_CHECKPOINT_BYTES;
use crate::checkpoint::Signer;
use crate::ledger::Gate;
use crate::ledger::LedgerError;
use crate::ledger::StoreBlobs;
use crate::ledger::admission::Checks;
use crate::ledger::admission::Staging;
use crate::ledger::admission::State;
use crate::log::LockedLog;
use crate::log::LogError;
use crate::log::LogReader;
use crate::merkle::TreeSize;
use crate::store::Store;
use crate::store::StorePath;

/// What a repair did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repaired {
    /// Where the false checkpoint is kept, if it was replaced.
    pub checkpoint_kept: Option<StorePath>,
    /// The size of the log that is published now.
    pub size: TreeSize,
}

/// Why nothing was repaired.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RepairError {
    /// The checkpoint needs the log key.
    #[error("the checkpoint is false or missing, and only the log key can sign another: give it")]
    NeedsLogKey,
    /// The checkpoint that stands there names more entries than the commits hold.
    #[error(
        "log/checkpoint speaks of {stated} entries, but the commits hold {found}: find the lost commits; signing a shorter log would be a second history"
    )]
    CommitsLost {
        /// What the checkpoint says.
        stated: TreeSize,
        /// What is there.
        found: TreeSize,
    },
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl From<LogError> for RepairError {
    fn from(error: LogError) -> Self {
        Self::Ledger(error.into())
    }
}

/// Makes tiles and, with the log key, the checkpoint again. False files are kept in `tmp/`.
pub fn repair(
    store: &Arc<dyn Store>,
    key: &LogKey,
    signer: Option<Arc<dyn Signer>>,
    wait: Duration,
) -> Result<Repaired, RepairError> {
    let locked = LockedLog::acquire(Arc::clone(store), key.clone(), wait)?;
    let published = match LogReader::open(Arc::clone(store), key.clone()) {
        Ok(reader) => Some(reader),
        Err(LogError::NotPublished | LogError::Tampered(_)) => None,
        Err(error) => return Err(error.into()),
    };
    if let Some(reader) = published {
        locked.repair_tiles()?;
        let Some(signer) = signer else {
            let size = reader.checkpoint().size;
            return Ok(Repaired {
                checkpoint_kept: None,
                size,
            });
        };
        let mut gate = Gate::new(replayed(&reader, &**store)?, Arc::clone(store));
        let size = locked.recover(signer, &mut gate)?.size();
        return Ok(Repaired {
            checkpoint_kept: None,
            size,
        });
    }
    let signer = signer.ok_or(RepairError::NeedsLogKey)?;
    let kept = set_aside_checkpoint(&**store, key)?;
    let mut gate = Gate::new(State::new(), Arc::clone(store));
    let appender = locked.recover(signer, &mut gate)?;
    let size = appender.size();
    drop(appender);
    LockedLog::acquire(Arc::clone(store), key.clone(), wait)?.repair_tiles()?;
    Ok(Repaired {
        checkpoint_kept: kept,
        size,
    })
}

/// Moves a checkpoint that does not count out of the way. One that counts stays, whatever it says.
fn set_aside_checkpoint(store: &dyn Store, key: &LogKey) -> Result<Option<StorePath>, RepairError> {
    let read = store.read(&StorePath::Checkpoint, MAX_CHECKPOINT_BYTES as u64);
    let note = match read {
        Ok(None) => return Ok(None),
        Ok(Some(note)) => note,
        Err(crate::store::StoreError::TooLarge { .. }) => Vec::new(),
        Err(error) => return Err(LedgerError::from(error).into()),
    };
    if let Ok(checkpoint) = Checkpoint::open(&note, key) {
        let found = last_size(store, key)?;
        let stated = checkpoint.size;
        return Err(RepairError::CommitsLost { stated, found });
    }
    let aside = store
        .set_aside(&StorePath::Checkpoint)
        .map_err(LedgerError::from)?;
    Ok(Some(aside))
}

/// Returns how many entries the commits hold, each slot's signature checked.
fn last_size(store: &dyn Store, key: &LogKey) -> Result<TreeSize, RepairError> {
    let mut size = TreeSize::EMPTY;
    for number in 0.. {
        let limit = crate::log::commit::MAX_COMMIT_BYTES as u64;
        let slot = store
            .read(&StorePath::Commit(number), limit)
            .map_err(LedgerError::from)?;
        let commit = slot.map(|slot| crate::log::Commit::decode(&slot, key));
        match commit {
            Some(Ok(commit)) => size = commit.header().size_after,
            Some(Err(_)) | None => break,
        }
    }
    Ok(size)
}

fn replayed(reader: &LogReader, store: &dyn Store) -> Result<State, RepairError> {
    let mut state = State::new();
    for commit in reader.commits() {
        let commit = commit?;
        let blobs = StoreBlobs(store);
        let mut staging = Staging::on(&state, &blobs, Checks::Replay);
        for (entry, leaf) in commit.entries() {
            staging
                .admit(leaf)
                .map_err(|source| LedgerError::Entry { entry, source })?;
        }
        if let Some(batch) = staging.finish() {
            state.integrate(batch).map_err(LedgerError::from)?;
        }
    }
    Ok(state)
}
