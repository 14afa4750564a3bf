//! What can go wrong with a log: above all, what is told apart from what.

use std::time::Duration;

use crate::checkpoint::{CheckpointError, SignError};
use crate::digest::{CommitHash, NodeHash};
use crate::merkle::{LeafIndex, MerkleError, Tile, TreeSize};
use crate::store::StoreError;

use super::append::AdmissionError;
use super::commit::{CommitError, EncodeError};

/// Why something was not read from or not appended to a log.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// There is neither a commit nor a checkpoint.
    #[error("there is no ledger here: it has no commit")]
    NoLedger,
    /// There is a first commit and no checkpoint: it was lost, or a crash interrupted the creation of the ledger.
    #[error("no checkpoint is published: log/checkpoint is missing")]
    NotPublished,
    /// A ledger stands where one should be made.
    #[error("there is a ledger here already")]
    AlreadyALedger,
    /// Evidence is false: somebody changed what the log key signed, or planted what it did not.
    #[error("the ledger was tampered with")]
    Tampered(#[from] Tampering),
    /// The medium failed, is full, locked or poisoned.
    #[error(transparent)]
    Store(StoreError),
    /// The signer does not hold the log key of this ledger.
    #[error("the key given is not the log key of this ledger: its public key is {actual}, not {expected}")]
    WrongLogKey {
        /// The public key of the ledger's log, in hex.
        expected: String,
        /// The public key of the signer, in hex.
        actual: String,
    },
    /// The signer failed.
    #[error("the log key did not sign")]
    Sign(#[from] SignError),
    /// The batch was not admitted; nothing was written and the log can go on.
    #[error("the batch was not admitted")]
    Refused(#[source] AdmissionError),
    /// No commit can hold this batch; nothing was written and the log can go on.
    #[error("the batch fits in no commit")]
    Batch(#[source] CommitError),
    /// Somebody else wrote the slot: another appender is at work. Open the log again.
    #[error("another appender wrote commit {number} first")]
    LostRace {
        /// The slot.
        number: u64,
    },
    /// An earlier error left it open what was written. Open the log again, which finds out.
    #[error("an earlier append failed: open the ledger again")]
    Stopped,
    /// The entry is beyond what the checkpoint covers.
    #[error("entry {index} is not in the log of {size} entries")]
    OutsideLog {
        /// The entry asked for.
        index: LeafIndex,
        /// The size of the checkpoint.
        size: TreeSize,
    },
    /// No commit ends at this size.
    #[error("no commit ends at size {size}: the nearest below ends at {below}")]
    NotABoundary {
        /// The size asked for.
        size: TreeSize,
        /// The largest size below it at which a commit ends.
        below: TreeSize,
    },
    /// A tile that the checkpoint covers is not there: lag, which the next append or a repair makes good.
    #[error("{tile} is missing under log/")]
    MissingTile {
        /// The tile.
        tile: Tile,
    },
    /// A proof was asked for that no tree has.
    #[error(transparent)]
    Merkle(#[from] MerkleError),
}

/// What exactly is false.
#[derive(Debug, thiserror::Error)]
pub enum Tampering {
    /// A slot is not a commit by the log key.
    #[error("{} is false", crate::store::StorePath::Commit(*number))]
    Commit {
        /// The slot.
        number: u64,
        /// What is wrong with it.
        source: CommitError,
    },
    /// A slot is missing below others, or below what the checkpoint covers.
    #[error("{} is missing", crate::store::StorePath::Commit(*number))]
    MissingCommit {
        /// The slot.
        number: u64,
    },
    /// A slot holds the commit of another number.
    #[error("{} holds commit {stated}", crate::store::StorePath::Commit(*slot))]
    Number {
        /// The slot.
        slot: u64,
        /// The number in its header.
        stated: u64,
    },
    /// A commit does not follow the one before it.
    #[error("commit {number} follows {actual}, not {expected}")]
    Chain {
        /// The commit.
        number: u64,
        /// The hash that its neighbour demands.
        expected: CommitHash,
        /// The hash there is.
        actual: CommitHash,
    },
    /// The sizes of two neighbouring commits do not meet.
    #[error("commit {number} meets its neighbour at size {actual}, not {expected}")]
    Size {
        /// The commit.
        number: u64,
        /// The size that its neighbour demands.
        expected: TreeSize,
        /// The size there is.
        actual: TreeSize,
    },
    /// The leaves do not have the root that was signed.
    #[error("the leaves up to commit {number} have root {computed}, not {signed}")]
    Root {
        /// The commit.
        number: u64,
        /// The root in its header or in the checkpoint.
        signed: NodeHash,
        /// The root of the leaves.
        computed: NodeHash,
    },
    /// A commit that recovery should publish would not have been admitted.
    #[error("commit {number} is signed by the log key and should not have been admitted")]
    NotAdmitted {
        /// The commit.
        number: u64,
        /// Which entry, and why.
        source: AdmissionError,
    },
    /// The published checkpoint is not one of this log.
    #[error("log/checkpoint is false")]
    Checkpoint {
        /// What is wrong with it.
        source: CheckpointError,
    },
    /// The checkpoint names a size or a root that no commit has.
    #[error("no commit has the size {size} and the root of the checkpoint")]
    CheckpointWithoutCommit {
        /// The size of the checkpoint.
        size: TreeSize,
    },
    /// A tile has other bytes than the commits determine.
    #[error("log/{tile} has not the bytes that the commits determine")]
    Tile {
        /// The tile.
        tile: Tile,
    },
    /// An entry of a signed commit is not in the tree of the checkpoint, or the tiles are false.
    #[error("entry {index} cannot be proved: its commit or a tile is false")]
    Proof {
        /// The entry.
        index: LeafIndex,
    },
    /// The first entries cannot be shown to be part of the tree of the checkpoint: a tile is false.
    #[error("the tiles do not lead from the first {size} entries to the root of the checkpoint")]
    Prefix {
        /// How many first entries.
        size: TreeSize,
    },
    /// Something under the ledger has a size or a kind that nothing written by a ledger has.
    #[error("a file of the ledger is not one that a ledger writes")]
    File(#[source] StoreError),
}

impl From<StoreError> for LogError {
    /// Bytes that cannot be what a ledger wrote are tampering; everything else is the medium's fault.
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::TooLarge { .. }
            | StoreError::SymbolicLink { .. }
            | StoreError::WrongKind { .. }
            | StoreError::BlobDiffers { .. } => Self::Tampered(Tampering::File(error)),
            StoreError::NoFolder { .. } => Self::NoLedger,
            other => Self::Store(other),
        }
    }
}

impl From<EncodeError> for LogError {
    fn from(error: EncodeError) -> Self {
        match error {
            EncodeError::Commit(error) => Self::Batch(error),
            EncodeError::Sign(error) => Self::Sign(error),
        }
    }
}

impl LogError {
    /// Returns true when evidence is false (exit code 20) or a commit is missing; ask [`Self::is_missing`] first.
    pub const fn is_tampered(&self) -> bool {
        matches!(self, Self::Tampered(_))
    }

    /// Returns true when evidence is not false but gone: a commit or the checkpoint (exit code 22).
    pub const fn is_missing(&self) -> bool {
        matches!(
            self,
            Self::Tampered(Tampering::MissingCommit { .. }) | Self::NotPublished
        )
    }

    /// Returns how long was waited when another process holds the lock (exit code 11).
    pub const fn locked_after(&self) -> Option<Duration> {
        match self {
            Self::Store(StoreError::Locked { waited }) => Some(*waited),
            _ => None,
        }
    }

    /// Returns true when the log was fenced: locked by another process, or overtaken (exit code 11).
    pub const fn is_fenced(&self) -> bool {
        matches!(
            self,
            Self::LostRace { .. } | Self::Store(StoreError::Locked { .. } | StoreError::Overtaken { .. })
        )
    }

    /// Returns true when there is no ledger to work on (exit code 10).
    pub const fn is_no_ledger(&self) -> bool {
        matches!(self, Self::NoLedger | Self::Store(StoreError::NoFolder { .. }))
    }

    /// Returns true when the log key is not usable (exit code 12).
    pub const fn is_key_unusable(&self) -> bool {
        matches!(self, Self::WrongLogKey { .. } | Self::Sign(_))
    }
}
