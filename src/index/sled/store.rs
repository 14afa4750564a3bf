//! The only use of the `sled` library: a map from bytes to bytes in a folder, behind a wall.
//!
//! The library may panic on files that it did not expect. Every call catches that, and the map is not used again
//! afterwards: whoever opened it gets an error that asks for the index to be rebuilt.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::path::Path;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ::sled::Batch;
use ::sled::Db;
use ::sled::IVec;

use crate::index::IndexError;

/// How much of the file `sled` keeps in memory, in bytes.
const CACHE_BYTES: u64 = 32 * 1024 * 1024;

/// How often a folder that is in use is tried, and how long after one another: threads of `sled` hold its lock for a
/// moment after a handle of this process was dropped.
const OPEN_ATTEMPTS: u32 = 40;
const OPEN_PAUSE: Duration = Duration::from_millis(25);

/// What `sled` says when another handle has the folder open.
const LOCKED: &str = "could not acquire lock";

/// A map in a folder.
pub(super) struct Store {
    /// Taken out only to be dropped.
    db: Option<Db>,
    folder: PathBuf,
    broken: AtomicBool,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

/// Runs what may panic.
fn wall<T>(folder: &Path, run: impl FnOnce() -> ::sled::Result<T>) -> Result<T, IndexError> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) if error.to_string().contains(LOCKED) => Err(IndexError::Busy {
            path: folder.to_owned(),
        }),
        Ok(Err(error)) => Err(IndexError::Backend(Box::new(error))),
        Err(_) => Err(IndexError::Damaged {
            path: folder.to_owned(),
            what: "sled panicked".to_owned(),
        }),
    }
}

impl Store {
    pub(super) fn open(folder: &Path) -> Result<Self, IndexError> {
        let config = ::sled::Config::new()
            .path(folder)
            .cache_capacity(CACHE_BYTES)
            .flush_every_ms(None);
        let mut attempts = 1;
        let db = loop {
            match wall(folder, || config.open()) {
                Err(IndexError::Busy { .. }) if attempts < OPEN_ATTEMPTS => attempts += 1,
                other => break other?,
            }
            std::thread::sleep(OPEN_PAUSE);
        };
        Ok(Self {
            db: Some(db),
            folder: folder.to_owned(),
            broken: AtomicBool::new(false),
        })
    }

    pub(super) fn damaged(&self, what: &str) -> IndexError {
        IndexError::Damaged {
            path: self.folder.clone(),
            what: what.to_owned(),
        }
    }

    /// Uses the library; after a failure never again.
    pub(super) fn guard<T>(&self, run: impl FnOnce(&Db) -> ::sled::Result<T>) -> Result<T, IndexError> {
        let usable = self.db.as_ref().filter(|_| !self.broken.load(Ordering::Relaxed));
        let db = usable.ok_or_else(|| self.damaged("it failed before"))?;
        let answer = wall(&self.folder, || run(db));
        if answer.is_err() {
            self.give_up();
        }
        answer
    }

    /// Refuses every use from now on.
    pub(super) fn give_up(&self) {
        self.broken.store(true, Ordering::Relaxed);
    }

    pub(super) fn get(&self, key: &[u8]) -> Result<Option<IVec>, IndexError> {
        self.guard(|db| db.get(key))
    }

    /// Returns the first pair from `from` on and below `to`.
    pub(super) fn first(&self, from: &[u8], to: &[u8]) -> Result<Option<(IVec, IVec)>, IndexError> {
        self.guard(|db| db.range(from..to).next().transpose())
    }

    /// Returns the last pair from `from` up to and with `through`.
    pub(super) fn last(&self, from: &[u8], through: &[u8]) -> Result<Option<(IVec, IVec)>, IndexError> {
        self.guard(|db| db.range(from..=through).next_back().transpose())
    }

    /// Returns the keys from `from` on and below `to`.
    pub(super) fn keys(&self, from: &[u8], to: &[u8]) -> Result<Vec<IVec>, IndexError> {
        self.guard(|db| db.range(from..to).keys().collect())
    }

    /// Changes all that `batch` says, or nothing.
    pub(super) fn apply(&self, batch: Batch) -> Result<(), IndexError> {
        self.guard(|db| db.apply_batch(batch))
    }

    pub(super) fn flush(&self) -> Result<(), IndexError> {
        self.guard(|db| db.flush().map(drop))
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let db = self.db.take();
        // Whatever goes wrong while it closes, the next opening will see it.
        drop(catch_unwind(AssertUnwindSafe(|| drop(db))));
    }
}
