//! Why an index did not answer or did not take a batch.

use std::io;
use std::path::PathBuf;

use crate::merkle::LeafIndex;
use crate::merkle::TreeSize;

/// Why an index did not answer or did not take a batch.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// A batch that does not begin where the index ends.
    #[error("the next entry to index is {expected}, but the batch has {found}")]
    OutOfOrder {
        /// The entry that is missing.
        expected: LeafIndex,
        /// The entry that was given.
        found: LeafIndex,
    },
    /// A batch whose watermark is not the last entry of the batch.
    #[error("the batch ends at size {ends}, but its watermark says {watermark}")]
    Watermark {
        /// The size after the batch.
        ends: TreeSize,
        /// The size of the watermark.
        watermark: TreeSize,
    },
    /// A batch of another log, or an index of another one, which is deleted and rebuilt.
    #[error("the index is of the log `{expected}`, not of `{found}`")]
    Origin {
        /// The log that is indexed.
        expected: String,
        /// The other log.
        found: String,
    },
    /// A claim that a statement makes for another one.
    #[error("the statement at entry {entry} claims a digest in the name of another one")]
    ForeignClaim {
        /// The entry.
        entry: LeafIndex,
    },
    /// More than an index can number.
    #[error("the statement at entry {entry} has more {what} than the limit {limit}")]
    TooMany {
        /// The entry.
        entry: LeafIndex,
        /// What there is too much of.
        what: &'static str,
        /// The most there may be.
        limit: u64,
    },
    /// More than a segment can number.
    #[error("a segment of the index has at most {limit} {what}")]
    Full {
        /// What there is too much of.
        what: &'static str,
        /// The most there may be.
        limit: u64,
    },
    /// Another process, or another handle of this one, has the index open.
    #[error("the index in {} is in use", path.display())]
    Busy {
        /// The folder.
        path: PathBuf,
    },
    /// What stands on the disk is not an index of this version: it is rebuilt from the log.
    #[error("the index in {} is damaged ({what}): delete and rebuild it", path.display())]
    Damaged {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// A row that does not say what rows of its table say.
    #[error("the table of {table} in the index has a malformed row: delete and rebuild the index")]
    Row {
        /// What the table holds.
        table: &'static str,
    },
    /// The operating system failed.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The backend failed: delete the index, it is rebuilt.
    #[error("the index cannot be read: delete and rebuild it")]
    Backend(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl IndexError {
    /// Returns whether deleting the index and building it again is the remedy.
    pub fn asks_for_rebuild(&self) -> bool {
        matches!(
            self,
            Self::Damaged { .. }
                | Self::Row { .. }
                | Self::Backend(_)
                | Self::Io { .. }
                | Self::Origin { .. }
        )
    }
}
