//! Durable bytes: create-only slots, content-addressed blobs, one replaceable checkpoint, one lock.
//!
//! [`Store`] is the seam between the ledger and the medium. Everything a ledger keeps is a file with a fixed name
//! ([`StorePath`]) that is written once; only the checkpoint and the settings are ever replaced.
//!
//! | backend | for |
//! |---|---|
//! | [`FileStore`] | a folder: temp file, fsync, `link(2)`, fsync of the folder |
//! | [`MemoryStore`] | tests and throw-away ledgers |
//! | [`faulty::FaultyStore`] | tests: wraps another store and fails at a chosen step |
//!
//! All pass the one suite in `tests/it/store.rs`.

mod blob;
mod durable;
mod error;
pub mod faulty;
mod file;
mod folders;
mod memory;
mod path;

use std::fmt;
use std::time::Duration;

pub use blob::{BlobFault, MAX_BLOB_BYTES, check_blobs, get_blob, put_blob};
pub use error::StoreError;
pub use file::FileStore;
pub use memory::MemoryStore;
pub use path::{Folder, StorePath, StorePathError, TmpName};

/// The most files that a listing returns.
pub const MAX_LISTED_FILES: usize = 4_000_000;

/// What became of a create-only write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a lost race is not an error of the store but must not be overlooked"]
pub enum Creation {
    /// The file is there, whole and durable, and this call made it.
    Created,
    /// A file was there before; it is untouched, and nobody has looked at its bytes.
    Exists,
}

/// What stands below a folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// The files whose names a ledger gives, in the order of [`StorePath`].
    pub files: Vec<StorePath>,
    /// Everything else, sorted by name.
    pub strangers: Vec<Stranger>,
}

/// Something in a ledger's folder that no ledger puts there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stranger {
    /// Its path below the ledger; what is not UTF-8 is replaced.
    pub path: String,
    /// What it is.
    pub kind: StrangerKind,
}

/// Why something is a [`Stranger`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum StrangerKind {
    /// A file with a name that no ledger gives.
    UnknownName,
    /// A symbolic link, which is never followed.
    SymbolicLink,
    /// A device, a pipe or a socket.
    NotAFile,
}

impl fmt::Display for StrangerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownName => "a file with an unknown name",
            Self::SymbolicLink => "a symbolic link",
            Self::NotAFile => "a device, a pipe or a socket",
        })
    }
}

/// Holds the appender's lock until it is dropped.
pub struct StoreLock {
    _guard: Box<dyn Send + Sync>,
}

impl StoreLock {
    /// Wraps what releases the lock when it is dropped.
    pub(crate) fn new(guard: impl Send + Sync + 'static) -> Self {
        Self {
            _guard: Box::new(guard),
        }
    }
}

impl fmt::Debug for StoreLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreLock")
    }
}

/// Durable bytes under fixed names. Readers use the first three methods and need no lock; whoever calls any other
/// holds the lock, and there is one such caller at a time.
///
/// Contract:
/// - a file is there whole or not at all, whenever anybody looks;
/// - `create`, `replace`, `persist` return `Ok` only when a loss of power can no longer undo them;
/// - after an error of a write, either the old or the new state may be found;
/// - once a flush has failed, every later write answers [`StoreError::Poisoned`], since nobody knows any more what
///   is on the medium.
pub trait Store: fmt::Debug + Send + Sync {
    /// Returns all bytes of a file, `None` when there is none; [`StoreError::TooLarge`] beyond `max_bytes`.
    fn read(&self, path: &StorePath, max_bytes: u64) -> Result<Option<Vec<u8>>, StoreError>;

    /// Hands on all bytes of a file, in parts of any size, and returns whether there is one;
    /// [`StoreError::TooLarge`] beyond `max_bytes`, by when some parts may have been handed on.
    fn read_parts(
        &self,
        path: &StorePath,
        max_bytes: u64,
        each: &mut dyn FnMut(&[u8]),
    ) -> Result<bool, StoreError> {
        let bytes = self.read(path, max_bytes)?;
        if let Some(bytes) = &bytes {
            each(bytes);
        }
        Ok(bytes.is_some())
    }

    /// Returns the first bytes of a file, at most `bytes`; `None` when there is none.
    fn read_head(&self, path: &StorePath, bytes: u64) -> Result<Option<Vec<u8>>, StoreError>;

    /// Returns what stands below a folder, at any depth; nothing when there is no such folder.
    fn list(&self, folder: &Folder) -> Result<Listing, StoreError>;

    /// Writes a new file durably, or leaves the one that is there untouched.
    fn create(&self, path: &StorePath, bytes: &[u8]) -> Result<Creation, StoreError>;

    /// Does what [`Store::create`] does for many files, in any order, and answers for each in theirs; after an error
    /// any of them may be there.
    fn create_all(&self, files: &[(StorePath, Vec<u8>)]) -> Result<Vec<Creation>, StoreError> {
        files
            .iter()
            .map(|(path, bytes)| self.create(path, bytes))
            .collect()
    }

    /// Writes a file durably in the place of what was there; only [`StorePath::Checkpoint`] and
    /// [`StorePath::Settings`], else [`StoreError::NotAllowed`].
    fn replace(&self, path: &StorePath, bytes: &[u8]) -> Result<(), StoreError>;

    /// Makes a file durable that an earlier process may have left in memory only; nothing when there is none.
    fn persist(&self, path: &StorePath) -> Result<(), StoreError>;

    /// Removes a file if it is there, not necessarily durably; only partial tiles and [`StorePath::Tmp`], else
    /// [`StoreError::NotAllowed`].
    fn remove(&self, path: &StorePath) -> Result<(), StoreError>;

    /// Writes a file of `tmp/` without making it durable; any other is [`StoreError::NotAllowed`].
    fn write_hint(&self, path: &StorePath, bytes: &[u8]) -> Result<(), StoreError>;

    /// Moves a file that was found false out of the way, to a name of its own in `tmp/`, and returns that name;
    /// only tiles and the checkpoint, else [`StoreError::NotAllowed`].
    fn set_aside(&self, path: &StorePath) -> Result<StorePath, StoreError>;

    /// Takes the appender's lock, waiting at most `wait`; then [`StoreError::Locked`].
    fn lock(&self, wait: Duration) -> Result<StoreLock, StoreError>;
}

/// What may be done with which file: the same for every backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Create,
    Replace,
    Remove,
    WriteHint,
    SetAside,
}

impl Action {
    /// Refuses what the contract of [`Store`] does not allow.
    pub(crate) fn check(self, path: &StorePath) -> Result<(), StoreError> {
        let allowed = match self {
            Self::Create => !matches!(path, StorePath::Checkpoint | StorePath::Tmp(_)),
            Self::Replace => matches!(path, StorePath::Checkpoint | StorePath::Settings),
            Self::Remove => match path {
                StorePath::Tile(tile) => tile.is_partial(),
                other => matches!(other, StorePath::Tmp(_)),
            },
            Self::WriteHint => matches!(path, StorePath::Tmp(_)),
            Self::SetAside => matches!(path, StorePath::Checkpoint | StorePath::Tile(_)),
        };
        if allowed {
            Ok(())
        } else {
            Err(StoreError::NotAllowed {
                action: self.name(),
                path: path.clone(),
            })
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Create => "created",
            Self::Replace => "replaced",
            Self::Remove => "removed",
            Self::WriteHint => "written as a hint",
            Self::SetAside => "set aside",
        }
    }
}
