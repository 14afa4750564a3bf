//! What can go wrong with a ledger as a whole.

use std::path::PathBuf;

use crate::envelope::EnvelopeError;
use crate::log::LogError;
use crate::merkle::LeafIndex;
use crate::merkle::TreeSize;
use crate::statement::StatementError;
use crate::store::StoreError;
use crate::trust::TrustError;

use super::admission::AdmissionError;
use super::admission::BlobError;
use super::register::RegisterError;
use super::remembered::RememberedError;
use super::settings::SettingsError;

/// Why a ledger was not opened, read or appended to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// There is no ledger in that folder.
    #[error("there is no ledger in {}: make one with `herdbook init`, or name one with `--ledger`", .folder.display())]
    NoLedger {
        /// The folder.
        folder: PathBuf,
    },
    /// `init` was interrupted.
    #[error("the ledger in {} was not finished when it was made: run the same `herdbook init` again", .folder.display())]
    Unfinished {
        /// The folder.
        folder: PathBuf,
    },
    /// `herdbook.toml` is not one this program reads.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// Genesis names another origin than `herdbook.toml`.
    #[error("herdbook.toml says origin `{settings}`, but the genesis of the ledger says `{genesis}`")]
    OriginDiffers {
        /// What the settings say.
        settings: String,
        /// What genesis says.
        genesis: String,
    },
    /// An entry of the log that admission would not have let in.
    #[error("entry {entry} of the ledger is not one that may stand in it")]
    Entry {
        /// The entry.
        entry: LeafIndex,
        /// What is wrong.
        source: AdmissionError,
    },
    /// The published checkpoint does not extend what this process has seen.
    #[error("the checkpoint of {found} entries does not extend the {known} that were there before")]
    RolledBack {
        /// How many entries were known.
        known: TreeSize,
        /// How many the checkpoint names.
        found: TreeSize,
    },
    /// An entry that was to be appended is refused; nothing of its commit was written.
    #[error("what was to become entry {entry} was not admitted")]
    Refused {
        /// The entry it would have been.
        entry: LeafIndex,
        /// Why.
        source: AdmissionError,
    },
    /// What was appended is not found again.
    #[error("statement {id} was appended, but the ledger does not have it")]
    NotThere {
        /// The statement.
        id: crate::digest::StatementId,
    },
    /// The log.
    #[error(transparent)]
    Log(LogError),
    /// A blob that was asked for.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// A manifest is missing, so that nobody can say which digests are contested; nothing may be appended.
    #[error("manifest {id} is missing from blobs/: put it back before anything is appended")]
    ManifestMissing {
        /// The blob.
        id: crate::digest::BlobId,
    },
    /// Registering.
    #[error(transparent)]
    Register(#[from] RegisterError),
    /// A signer did not sign.
    #[error("the key did not sign")]
    Sign(#[from] crate::sign::SignError),
    /// The log is not the one that this user accepted before, or that cannot be found out.
    #[error(transparent)]
    Remembered(#[from] RememberedError),
    /// The index.
    #[error(transparent)]
    Index(#[from] crate::index::IndexError),
}

impl From<StoreError> for LedgerError {
    fn from(error: StoreError) -> Self {
        Self::Log(error.into())
    }
}

impl From<LogError> for LedgerError {
    fn from(error: LogError) -> Self {
        Self::Log(error)
    }
}

impl LedgerError {
    /// Returns whether something that is needed is gone or unreadable, and a copy of it helps (exit code 22).
    pub fn is_missing(&self) -> bool {
        match self {
            Self::Log(error) => error.is_missing(),
            Self::Settings(error) => !matches!(error, SettingsError::NewerFormat { .. }),
            _ => false,
        }
    }

    /// Returns whether evidence is false (exit code 20) or a commit is missing; ask [`Self::is_missing`] first.
    pub fn is_tampered(&self) -> bool {
        match self {
            Self::OriginDiffers { .. } | Self::RolledBack { .. } => true,
            Self::Entry { .. } => !self.is_newer(),
            Self::Log(error) => error.is_tampered(),
            Self::Remembered(error) => error.is_tampered(),
            Self::Blob(error) => matches!(error, BlobError::Differs { .. }),
            _ => false,
        }
    }

    /// Returns whether an entry is of a kind that only a later version of the program knows (exit code 22).
    pub fn is_newer(&self) -> bool {
        matches!(
            self,
            Self::Entry {
                source: AdmissionError::Envelope(EnvelopeError::Statement(StatementError::UnknownKind(_))),
                ..
            }
        )
    }

    /// Returns whether there is no ledger to work on (exit code 10).
    pub fn is_no_ledger(&self) -> bool {
        match self {
            Self::NoLedger { .. } => true,
            Self::Log(error) => error.is_no_ledger(),
            _ => false,
        }
    }

    /// Returns whether another appender is in the way (exit code 11).
    pub fn is_fenced(&self) -> bool {
        matches!(self, Self::Log(error) if error.is_fenced())
    }

    /// Returns whether the key may not do it (exit code 4).
    pub fn is_not_authorised(&self) -> bool {
        match self {
            Self::Register(error) => error.is_not_authorised(),
            // A change that cannot be made is nobody's to make.
            Self::Refused { source, .. } => {
                matches!(source, AdmissionError::Grant(error) if !matches!(error, TrustError::Change(_)))
            }
            _ => false,
        }
    }

    /// Returns whether a key is not usable (exit code 12).
    pub fn is_key_unusable(&self) -> bool {
        match self {
            Self::Sign(_) => true,
            Self::Log(error) => error.is_key_unusable(),
            _ => false,
        }
    }
}
