//! The index of a ledger on disk: kept by whoever appends while it holds the lock, taken up by whoever reads.
//!
//! `index/sled` is the appender's, `index/segments` are the readers'. Neither decides anything: both are taken up only
//! where they agree with the log (see [`Replayed::resume`]), and whatever goes wrong with them costs time, never an
//! answer.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use crate::index::Index as _;
use crate::index::IndexError;
use crate::index::IndexMut as _;
use crate::index::Segments;
use crate::index::SledIndex;
use crate::log::LogReader;
use crate::store::Store;

use super::admission::Founding;
use super::error::LedgerError;
use super::replay::Replayed;

/// Where the index of a ledger is kept.
#[derive(Debug, Clone)]
pub(super) struct IndexFolder {
    sled: PathBuf,
    segments: PathBuf,
    whole: PathBuf,
}

/// The index while somebody appends.
#[derive(Debug)]
pub(super) struct Keeper {
    folder: IndexFolder,
    sled: Arc<SledIndex>,
}

impl IndexFolder {
    /// Returns the place of the index of the ledger in `folder`.
    pub(super) fn of(folder: &Path) -> Self {
        let whole = folder.join("index");
        Self {
            sled: whole.join("sled"),
            segments: whole.join("segments"),
            whole,
        }
    }

    /// Returns the segments that are published; nothing when there are none.
    pub(super) fn segments(&self, origin: &str) -> Result<Option<Arc<Segments>>, IndexError> {
        Ok(Segments::open(&self.segments, origin)?.map(Arc::new))
    }

    /// Removes the index. Only the holder of the lock may.
    pub(super) fn remove(&self) -> Result<(), IndexError> {
        remove(&self.whole)
    }

    /// Opens the appender's index and returns with it what the log says up to `reader`, standing on that index. Only
    /// the holder of the lock may.
    ///
    /// `known` is what this process has replayed so far. An index that is not one of this log is begun anew; the error
    /// of one that cannot be kept at all is for the caller to pass over.
    pub(super) fn keep(
        &self,
        known: &Replayed,
        reader: &LogReader,
        founding: &Founding,
        store: &dyn Store,
    ) -> Result<(Replayed, Keeper), LedgerError> {
        let origin = &founding.genesis.origin;
        let sled = Arc::new(SledIndex::open_or_new(&self.sled, origin)?);
        let resumed = Replayed::resume(&(Arc::clone(&sled) as _), reader, founding);
        if let Ok(Some(mut replayed)) = resumed {
            replayed.catch_up(reader, store)?;
            return Ok((replayed, self.keeper(sled)));
        }
        drop(sled);
        self.remove()?;
        let sled = Arc::new(SledIndex::open_or_new(&self.sled, origin)?);
        let replayed = if known.stands_alone() {
            known.clone()
        } else {
            let mut replayed = Replayed::nothing();
            replayed.catch_up(reader, store)?;
            replayed
        };
        Ok((replayed, self.keeper(sled)))
    }

    fn keeper(&self, sled: Arc<SledIndex>) -> Keeper {
        Keeper {
            folder: self.clone(),
            sled,
        }
    }
}

impl Keeper {
    /// Writes what `replayed` has beyond the index, and publishes it to readers.
    pub(super) fn publish(self, replayed: Replayed) -> Result<(), IndexError> {
        let Self { folder, sled } = self;
        let layered = replayed.state.layered();
        let (batch, note) = (layered.tail()?, replayed.note());
        let mark = layered.watermark().cloned();
        drop(replayed);
        // Nobody else has it: the state that stood on it is gone.
        let (Some(mut sled), Some(mark)) = (Arc::into_inner(sled), mark) else {
            return Ok(());
        };
        let published = Segments::publish(&folder.segments, &batch, &mark, &note);
        if !batch.is_empty() {
            sled.apply(batch, mark, note)?;
        }
        if published.is_err() {
            // They end elsewhere, or are damaged: all of them are made anew.
            remove(&folder.segments)?;
        }
        if published.is_err() || Segments::should_consolidate(&folder.segments)? {
            Segments::consolidate(&folder.segments, &sled)?;
        }
        Ok(())
    }
}

fn remove(folder: &Path) -> Result<(), IndexError> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(IndexError::Io {
            action: "remove",
            path: folder.to_owned(),
            source: error,
        }),
        _ => Ok(()),
    }
}
