//! The index of a ledger on disk: kept by whoever appends while it holds the lock, taken up by whoever reads.
//!
//! `index/sled` is the appender's, which keeps it sorted; `index/segments` are the readers'. Both are taken up only where
//! they agree with the log (see [`Replayed::resume`]), and whatever goes wrong with them costs time, never an answer.
//! Nobody signs them, so nothing that is signed rests on them: whoever appends has replayed the log.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use crate::index::Index as _;
use crate::index::IndexError;
use crate::index::IndexMut as _;
use crate::index::Segments;
use crate::index::SledIndex;
use crate::log::LogReader;
use crate::merkle::TreeSize;

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

    /// Opens the appender's index; one that is not of this log up to some commit is begun anew. Only the holder of the
    /// lock may.
    pub(super) fn keep(&self, reader: &LogReader, founding: &Founding) -> Result<Keeper, LedgerError> {
        for link in [&self.whole, &self.sled, &self.segments] {
            // Whatever a link leads to is none of ours.
            if std::fs::symlink_metadata(link).is_ok_and(|found| found.is_symlink()) {
                let removed = std::fs::remove_file(link);
                removed.map_err(|source| IndexError::Io {
                    action: "remove",
                    path: link.clone(),
                    source,
                })?;
            }
        }
        let origin = &founding.genesis.origin;
        let sled = Arc::new(SledIndex::open_or_new(&self.sled, origin)?);
        let is_empty = sled.watermark().is_none();
        if is_empty
            || matches!(
                Replayed::resume(&(Arc::clone(&sled) as _), reader, founding),
                Ok(Some(_))
            )
        {
            return Ok(self.keeper(sled));
        }
        drop(sled);
        self.remove()?;
        Ok(self.keeper(Arc::new(SledIndex::open_or_new(&self.sled, origin)?)))
    }

    fn keeper(&self, sled: Arc<SledIndex>) -> Keeper {
        Keeper {
            folder: self.clone(),
            sled,
        }
    }
}

impl Keeper {
    /// Writes what `replayed`, which stands alone, has beyond the index, and publishes it to readers.
    pub(super) fn publish(self, replayed: &Replayed) -> Result<(), IndexError> {
        let Self { folder, sled } = self;
        let (Some(mut sled), Some(mark)) = (Arc::into_inner(sled), replayed.state.index().watermark()) else {
            return Ok(());
        };
        let end = sled.watermark().map_or(TreeSize::EMPTY, |mark| mark.size);
        let (batch, note) = (replayed.state.layered().beyond(end)?, replayed.note());
        let published = Segments::publish(&folder.segments, &batch, mark, &note);
        if !batch.is_empty() {
            sled.apply(batch, mark.clone(), note)?;
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
