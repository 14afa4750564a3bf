//! What a user remembers of a log: the last checkpoint that was accepted, kept outside of every ledger beside the pin.
//!
//! The log key signed it, so whatever is shown later under that key must begin with the entries it covers. The file
//! holds the exact signed note, is written whole or not at all, and never goes back to a smaller size.
//!
//! A reader reads the note *before* it reads the published checkpoint: whoever wrote the note had seen it published, so
//! a smaller checkpoint found later is a rollback and not a race.

use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::fs::TryLockError;
use std::io;
use std::io::Read as _;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use crate::checkpoint::Checkpoint;
use crate::checkpoint::CheckpointError;
use crate::checkpoint::LogKey;
use crate::checkpoint::MAX_CHECKPOINT_BYTES;
use crate::checkpoint::Origin;
use crate::checkpoint::root_text;
use crate::digest::NodeHash;
use crate::log::LogError;
use crate::log::LogReader;

use super::pin::origin_slug;

/// The folder of remembered checkpoints below the state folder.
const FOLDER: &str = "checkpoints";

/// How long to wait for another process that is writing, which takes milliseconds.
const WAIT: Duration = Duration::from_secs(10);

/// How often to look whether it is done.
const POLL: Duration = Duration::from_millis(5);

/// The place of the last checkpoint of one log that was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    path: PathBuf,
}

/// A log that is not the one that was accepted before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parting {
    /// Where the earlier checkpoint is kept.
    pub path: PathBuf,
    /// What was accepted.
    pub known: Checkpoint,
    /// What is published now.
    pub found: Checkpoint,
    /// The root that the first entries of the log have now, as many as the earlier checkpoint has.
    pub prefix: Option<NodeHash>,
}

/// Why a log is not taken for the one that is remembered, or why it was not remembered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RememberedError {
    /// The log is shorter than it was.
    #[error(
        "the log has {} entries with the root {} now, and had {} with the root {} when it was last accepted ({}): \
         entries that it had are gone",
        .0.found.size, root_text(&.0.found.root), .0.known.size, root_text(&.0.known.root), .0.path.display()
    )]
    RolledBack(Box<Parting>),
    /// The log begins with other entries than it did.
    #[error(
        "the log has {} entries with the root {} now, and had {} with the root {} when it was last accepted ({}); the \
         first {} have the root {} now: the log key signed two histories",
        .0.found.size, root_text(&.0.found.root), .0.known.size, root_text(&.0.known.root), .0.path.display(),
        .0.known.size, .0.prefix.as_ref().map(root_text).unwrap_or_default()
    )]
    Forked(Box<Parting>),
    /// The file is no checkpoint of this log.
    #[error("{} is not a checkpoint of this log", .path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: CheckpointError,
    },
    /// The file system failed.
    #[error("cannot {action} {}", .path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
}

impl RememberedError {
    /// Returns whether the log is not the one that was accepted before (exit code 20).
    pub fn is_tampered(&self) -> bool {
        match self {
            Self::RolledBack(_) | Self::Forked(_) => true,
            Self::Log(error) => error.is_tampered(),
            _ => false,
        }
    }
}

impl Remembered {
    /// Returns the place for a log of this origin.
    pub fn of(state_folder: &Path, origin: &Origin) -> Self {
        Self {
            path: state_folder.join(FOLDER).join(origin_slug(origin)),
        }
    }

    /// Returns the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the signed note that is remembered, nothing when there is none. Whether it counts is for [`Self::hold`].
    pub fn note(&self) -> Result<Option<Vec<u8>>, RememberedError> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(self.io("read", source)),
        };
        let mut note = Vec::new();
        // One byte more than any checkpoint shows a longer file without reading all of it.
        let read = file.take(MAX_CHECKPOINT_BYTES as u64 + 1).read_to_end(&mut note);
        read.map_err(|source| self.io("read", source))?;
        Ok(Some(note))
    }

    /// Checks that a log begins with what `note` covers.
    ///
    /// Errors: [`RememberedError::RolledBack`], [`RememberedError::Forked`], [`RememberedError::Invalid`].
    pub fn hold(&self, note: &[u8], reader: &LogReader) -> Result<(), RememberedError> {
        let known = self.open(note, reader)?;
        let found = reader.checkpoint();
        let parting = |prefix| {
            Box::new(Parting {
                path: self.path.clone(),
                known: known.clone(),
                found: found.clone(),
                prefix,
            })
        };
        if known.size > found.size {
            return Err(RememberedError::RolledBack(parting(None)));
        }
        let prefix = reader.root_at(known.size)?;
        if prefix == known.root {
            Ok(())
        } else {
            Err(RememberedError::Forked(parting(Some(prefix))))
        }
    }

    /// Remembers the checkpoint of `reader`, whose signed note is `note`, durably, unless more is remembered by now. Whether
    /// the log was rolled back is for [`Self::hold`] to say before.
    ///
    /// What is remembered by then is held against it once more. A crash leaves the older note or the newer one.
    pub fn keep(&self, note: &[u8], reader: &LogReader) -> Result<(), RememberedError> {
        if self.note()?.as_deref() == Some(note) {
            return Ok(());
        }
        let new = self.open(note, reader)?;
        let folder = self.folder()?;
        let _lock = self.lock()?;
        if let Some(current) = self.note()? {
            // More was published since `reader` looked, and whoever remembered that has looked at it.
            if self.open(&current, reader)?.size > new.size {
                return Ok(());
            }
            self.hold(&current, reader)?;
        }
        self.write(folder, note)
            .map_err(|source| self.io("write", source))
    }

    /// Remembers a checkpoint that was held against `held` by a verifier that has no log at hand. What another process has
    /// remembered meanwhile stays.
    pub fn keep_after(&self, note: &[u8], key: &LogKey, held: Option<&[u8]>) -> Result<(), RememberedError> {
        let new = self.open_with(note, key)?;
        if let Some(held) = held
            && self.open_with(held, key)?.size >= new.size
        {
            return Ok(());
        }
        let folder = self.folder()?;
        let _lock = self.lock()?;
        if self.note()?.as_deref() != held {
            return Ok(());
        }
        self.write(folder, note)
            .map_err(|source| self.io("write", source))
    }

    /// Compares two checkpoints of which there is no log at hand, and returns both: two roots of one size are a fork.
    pub fn hold_alone(
        &self,
        note: &[u8],
        known: &[u8],
        key: &LogKey,
    ) -> Result<(Checkpoint, Checkpoint), RememberedError> {
        let (found, known) = (self.open_with(note, key)?, self.open_with(known, key)?);
        if found.size == known.size && found.root != known.root {
            let prefix = Some(found.root);
            return Err(RememberedError::Forked(Box::new(Parting {
                path: self.path.clone(),
                known,
                found,
                prefix,
            })));
        }
        Ok((found, known))
    }

    fn folder(&self) -> Result<&Path, RememberedError> {
        let folder = self.path.parent().unwrap_or(&self.path);
        fs::create_dir_all(folder).map_err(|source| self.io("make the folder of", source))?;
        Ok(folder)
    }

    fn open_with(&self, note: &[u8], key: &LogKey) -> Result<Checkpoint, RememberedError> {
        Checkpoint::open(note, key).map_err(|source| RememberedError::Invalid {
            path: self.path.clone(),
            source,
        })
    }

    fn open(&self, note: &[u8], reader: &LogReader) -> Result<Checkpoint, RememberedError> {
        self.open_with(note, reader.key())
    }

    /// Takes the lock that keeps two processes from writing at once. It is a file of its own, since the note is replaced.
    fn lock(&self) -> Result<File, RememberedError> {
        let opened = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(self.path.with_added_extension("lock"));
        let file = opened.map_err(|source| self.io("lock", source))?;
        let mut waited = Duration::ZERO;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::WouldBlock) if waited < WAIT => {
                    std::thread::sleep(POLL);
                    waited += POLL;
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(self.io("lock", io::ErrorKind::WouldBlock.into()));
                }
                Err(TryLockError::Error(source)) => return Err(self.io("lock", source)),
            }
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "what is remembered lies in no store, and is replaced as durably"
    )]
    fn write(&self, folder: &Path, note: &[u8]) -> io::Result<()> {
        // Only the holder of the lock writes; what a process that died here left is written over.
        let beside = self.path.with_added_extension("new");
        let mut file = File::create(&beside)?;
        file.write_all(note)?;
        file.sync_all()?;
        fs::rename(&beside, &self.path)?;
        File::open(folder)?.sync_all()
    }

    fn io(&self, action: &'static str, source: io::Error) -> RememberedError {
        RememberedError::Io {
            action,
            path: self.path.clone(),
            source,
        }
    }
}

#[cfg(test)]
mod tests;
