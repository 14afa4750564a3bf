//! What can go wrong with the medium.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use crate::digest::BlobId;

use super::StorePath;

/// Why bytes were not read or not written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no folder where the ledger should be.
    #[error("there is no folder {}", folder.display())]
    NoFolder {
        /// The folder of the ledger.
        folder: PathBuf,
    },
    /// Another process holds the appender's lock.
    #[error("another process is appending to this ledger (waited {} s for its lock)", waited.as_secs())]
    Locked {
        /// How long was waited.
        waited: Duration,
    },
    /// What was being written is gone: only another appender removes that.
    #[error(
        "what was being written for {path} was removed: another process is appending, so somebody has removed the lock"
    )]
    Overtaken {
        /// What was written.
        path: String,
    },
    /// The medium is full, or the quota is used up.
    #[error("no space left to write {path}: free some and run the command again")]
    Full {
        /// What was written.
        path: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// A flush to the medium failed: what is on it is not known any more.
    #[error("cannot flush {path} to the medium; nothing more is written before the ledger is opened again")]
    FlushFailed {
        /// The file or folder.
        path: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// An earlier flush failed.
    #[error("an earlier flush of {path} failed: check the medium, then run the command again")]
    Poisoned {
        /// The file or folder whose flush failed.
        path: String,
    },
    /// The file is larger than what may stand there.
    #[error("{path} has more than {limit} bytes")]
    TooLarge {
        /// The file.
        path: StorePath,
        /// The limit that the caller named.
        limit: u64,
    },
    /// A folder has more files than a listing returns.
    #[error(
        "{folder} has more files than the limit MAX_LISTED_FILES of {}",
        super::MAX_LISTED_FILES
    )]
    TooManyFiles {
        /// The folder.
        folder: String,
    },
    /// A symbolic link stands inside the ledger.
    #[error("{path} is a symbolic link, which is not followed inside a ledger: put the file itself there")]
    SymbolicLink {
        /// The link.
        path: String,
    },
    /// A folder stands where a file should, or the other way round, or a device, a pipe or a socket.
    #[error("{path} is not {expected}")]
    WrongKind {
        /// What stands there.
        path: String,
        /// `a file` or `a folder`.
        expected: &'static str,
    },
    /// The contract of the store does not allow this with that file.
    #[error("{path} is never {action}")]
    NotAllowed {
        /// The action, as a past participle.
        action: &'static str,
        /// The file.
        path: StorePath,
    },
    /// The bytes of a blob are not the ones of its name.
    #[error("blob {expected} holds the bytes of {actual}")]
    BlobDiffers {
        /// The name.
        expected: BlobId,
        /// The id of the bytes.
        actual: BlobId,
    },
    /// The operating system failed.
    #[error("cannot {action} {path}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: String,
        /// Why it failed.
        source: io::Error,
    },
}

impl StoreError {
    /// Sorts an error of the operating system: a full medium has its own variant.
    pub(crate) fn from_io(action: &'static str, path: &(impl ToString + ?Sized), source: io::Error) -> Self {
        let path = path.to_string();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { path, source },
            _ => Self::Io { action, path, source },
        }
    }
}
