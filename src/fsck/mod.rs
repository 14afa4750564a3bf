//! Whether a ledger's folder holds what its commits determine, and nothing else; and repair, by order of a person.
//!
//! `fsck` reads every file under `commit/`, `log/` and `blobs/`, admits every statement again and recomputes every
//! seal. It needs no index and no key but the log's public one, and writes nothing. What it finds is data: false
//! evidence, missing evidence, or lag that a crash leaves and the next append makes good.

mod blobs;
mod check;
mod remembered;
mod repair;

#[cfg(test)]
mod tests;

use std::fmt;

use crate::checkpoint::Checkpoint;
use crate::ledger::LedgerError;

pub use check::fsck;
pub use remembered::hold_to;
pub use repair::RepairError;
pub use repair::Repaired;
pub use repair::repair;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Evidence is false: the ledger was changed by something that is no ledger.
    Tampered,
    /// Evidence is missing: put the file back.
    Missing,
    /// What a crash leaves; the next append or a repair makes it good.
    Lag,
}

impl Severity {
    /// Returns the word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tampered => "tampered",
            Self::Missing => "missing",
            Self::Lag => "lag",
        }
    }
}

/// The stable name of what was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FsckCode {
    /// `herdbook.toml` is not one of this ledger.
    SettingsFalse,
    /// Another genesis than the one that was pinned.
    GenesisDiffers,
    /// The trust root is that of a ledger with another origin: nothing was held against it.
    OtherLedger,
    /// Fewer entries than a checkpoint that was accepted before.
    RolledBack,
    /// Another history than a checkpoint that was accepted before.
    Forked,
    /// A commit, the checkpoint or a tile is not what the commits determine.
    LogFalse,
    /// A tile or the checkpoint is not there yet.
    LogLags,
    /// A file that no ledger writes.
    Stranger,
    /// A statement that may not stand in the log, or a seal that is false.
    Inadmissible,
    /// A blob whose bytes are not those its name says, or a manifest that is not what its statement says.
    BlobDiffers,
    /// A blob that a statement names is not there.
    BlobMissing,
    /// A blob that no statement names.
    BlobUnnamed,
}

impl FsckCode {
    /// Returns the word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SettingsFalse => "settings_false",
            Self::GenesisDiffers => "genesis_differs",
            Self::OtherLedger => "other_ledger",
            Self::RolledBack => "rolled_back",
            Self::Forked => "forked",
            Self::LogFalse => "log_false",
            Self::LogLags => "log_lags",
            Self::Stranger => "stranger",
            Self::Inadmissible => "inadmissible",
            Self::BlobDiffers => "blob_differs",
            Self::BlobMissing => "blob_missing",
            Self::BlobUnnamed => "blob_unnamed",
        }
    }

    /// Returns how much it weighs.
    pub fn severity(self) -> Severity {
        match self {
            Self::SettingsFalse
            | Self::GenesisDiffers
            | Self::RolledBack
            | Self::Forked
            | Self::LogFalse
            | Self::Stranger
            | Self::Inadmissible
            | Self::BlobDiffers => Severity::Tampered,
            Self::BlobMissing | Self::OtherLedger => Severity::Missing,
            Self::LogLags | Self::BlobUnnamed => Severity::Lag,
        }
    }
}

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FsckFinding {
    /// What.
    pub code: FsckCode,
    /// The file below the ledger, or `entry N`.
    pub at: String,
    /// What is the matter, in a sentence without its full stop.
    pub message: String,
}

impl fmt::Display for FsckFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {}: {}",
            self.code.severity().as_str(),
            self.at,
            self.message
        )
    }
}

/// What `fsck` found.
#[derive(Debug, Clone)]
pub struct FsckReport {
    /// Everything that is not as it should be.
    pub findings: Vec<FsckFinding>,
    /// The published checkpoint, if there is one that counts.
    pub checkpoint: Option<Checkpoint>,
    /// How many entries were admitted again.
    pub entries: u64,
    /// How many blobs were read.
    pub blobs: u64,
}

impl FsckReport {
    /// Returns whether nothing was found.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    /// Returns the heaviest finding's weight.
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.code.severity()).min()
    }
}

/// Why the check itself could not be made.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct FsckError(#[from] pub LedgerError);

/// Returns an error with everything it came from, in one line.
fn whole(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        // A transparent error says the same as its source.
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
