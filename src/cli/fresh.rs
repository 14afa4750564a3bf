//! `--min-size` and `--newer`: how new the judged checkpoint must be at least.

use std::path::Path;
use std::path::PathBuf;

use crate::checkpoint::MAX_CHECKPOINT_BYTES;
use crate::merkle::TreeSize;

use super::code::ErrorCode;
use super::error::Error;
use super::exit::Exit;
use super::plain_file;
use super::session::Session;

/// How new a checkpoint must be.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Fresh {
    /// The signed checkpoint must have at least so many entries
    #[arg(long, value_name = "N")]
    pub min_size: Option<u64>,
    /// The signed checkpoint must not be older than the one in this file, and of the same history
    #[arg(long, value_name = "CHECKPOINT")]
    pub newer: Option<PathBuf>,
}

impl Fresh {
    /// Returns the least size.
    pub fn min_size(&self) -> Option<TreeSize> {
        self.min_size.map(TreeSize::new)
    }

    /// Reads the signed checkpoint; whether it counts is for the verifier to say.
    pub fn newer(&self, session: &Session) -> Result<Option<Vec<u8>>, Error> {
        let read = self.newer.as_ref().map(|path| read_note(&session.path(path)));
        read.transpose()
    }
}

/// Reads a file that should be a signed checkpoint.
pub fn read_note(path: &Path) -> Result<Vec<u8>, Error> {
    read_limited(path, MAX_CHECKPOINT_BYTES, "a signed checkpoint")
}

/// Reads a file of at most `limit` bytes, which should be `what`.
pub fn read_limited(path: &Path, limit: usize, what: &str) -> Result<Vec<u8>, Error> {
    let failed = |source| {
        Error::new(Exit::Failure, format!("{} cannot be read", path.display()))
            .because(source)
            .code(ErrorCode::FileMissing)
            .hint(format!("give the path of {what}"))
    };
    plain_file::read(path, limit, what).map_err(failed)
}
