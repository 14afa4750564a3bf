//! Every file under `commit/` and `log/` against what the commits determine.
//!
//! Commits determine: their own slots, dense from 0; the checkpoint at the size of one of them; for every commit the
//! tiles of its size, save the partial ones whose place is full at the size of the checkpoint. Anything else there,
//! anything missing and anything with other bytes is a fault.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use crate::checkpoint::{Checkpoint, LogKey, MAX_CHECKPOINT_BYTES, Note};
use crate::merkle::{Tile, TreeSize};
use crate::store::{Folder, Listing, Store, StorePath, Stranger};

use super::edge::Edge;
use super::publish::{integrate, tile_is};
use super::{LogError, Tampering, find};

/// Something under `commit/` or `log/` that is not as the commits determine.
#[derive(Debug)]
pub enum PublishedFault {
    /// The slots or the checkpoint are false.
    False(Tampering),
    /// A tile has other bytes than the commits determine.
    Differs {
        /// The tile.
        tile: Tile,
    },
    /// A tile is not there.
    Missing {
        /// The tile.
        tile: Tile,
    },
    /// There is no checkpoint although there are commits.
    NoCheckpoint,
    /// The stored checkpoint verifies and is not written as the log writes it: it has signatures of others.
    CheckpointForm,
    /// A commit is sound and the checkpoint does not cover it yet.
    Unpublished {
        /// The number of the commit.
        number: u64,
    },
    /// A partial tile is there whose place is full.
    Stale {
        /// The tile.
        tile: Tile,
    },
    /// A file with the name of a tile is there that no commit determines.
    Undetermined {
        /// The file.
        path: StorePath,
    },
    /// Something is there that is no file of a ledger.
    Stranger(Stranger),
}

impl PublishedFault {
    /// Returns true for what a crash may leave and recovery or a repair makes good; false for false evidence.
    pub const fn is_lag(&self) -> bool {
        matches!(
            self,
            Self::Missing { .. } | Self::NoCheckpoint | Self::Unpublished { .. } | Self::Stale { .. }
        )
    }
}

impl fmt::Display for PublishedFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::False(tampering) => {
                tampering.fmt(f)?;
                let mut source = std::error::Error::source(tampering);
                while let Some(cause) = source {
                    write!(f, ": {cause}")?;
                    source = cause.source();
                }
                Ok(())
            }
            Self::Differs { tile } => write!(f, "log/{tile} has not the bytes that the commits determine"),
            Self::Missing { tile } => write!(f, "log/{tile} is missing"),
            Self::NoCheckpoint => f.write_str(
                "log/checkpoint is missing: `herdbook fsck --repair` signs it again with the log key",
            ),
            Self::CheckpointForm => f.write_str("log/checkpoint is not written as this log writes it"),
            Self::Unpublished { number } => write!(f, "commit {number} is not covered by the checkpoint yet"),
            Self::Stale { tile } => write!(f, "log/{tile} is stale: its place is full"),
            Self::Undetermined { path } => write!(f, "{path} is not determined by any commit"),
            Self::Stranger(stranger) => write!(f, "{} is {}", stranger.path, stranger.kind),
        }
    }
}

/// Reads every file under `commit/` and `log/` and returns all that is not as the commits determine.
///
/// An appender that is at work meanwhile can make commits and tiles show as lag; hold the lock to keep it away.
///
/// Errors: only what keeps the check itself from being made, as [`LogError::Store`].
pub fn check_published(store: &Arc<dyn Store>, key: &LogKey) -> Result<Vec<PublishedFault>, LogError> {
    let mut check = Check {
        store: &**store,
        key,
        faults: Vec::new(),
        determined: BTreeSet::new(),
    };
    let checkpoint = check.checkpoint()?;
    let slots = check.slots()?;
    check.commits(&slots, checkpoint.as_ref())?;
    check.files()?;
    Ok(check.faults)
}

struct Check<'a> {
    store: &'a dyn Store,
    key: &'a LogKey,
    faults: Vec<PublishedFault>,
    /// Tiles that may be there.
    determined: BTreeSet<Tile>,
}

impl Check<'_> {
    fn checkpoint(&mut self) -> Result<Option<Checkpoint>, LogError> {
        let note = match self
            .store
            .read(&StorePath::Checkpoint, MAX_CHECKPOINT_BYTES as u64)
        {
            Ok(note) => note,
            Err(error) => return self.found(error.into()).map(|()| None),
        };
        let Some(note) = note else {
            self.faults.push(PublishedFault::NoCheckpoint);
            return Ok(None);
        };
        match Checkpoint::open(&note, self.key) {
            Ok(checkpoint) => {
                // Signatures of others are ignored when a note is read; in our own file there are none.
                if Note::parse(&note).is_ok_and(|note| note.signatures().len() != 1) {
                    self.faults.push(PublishedFault::CheckpointForm);
                }
                Ok(Some(checkpoint))
            }
            Err(source) => {
                self.faults
                    .push(PublishedFault::False(Tampering::Checkpoint { source }));
                Ok(None)
            }
        }
    }

    /// Lists the slots and reports gaps and strangers.
    fn slots(&mut self) -> Result<Vec<u64>, LogError> {
        let listing = self.list(&Folder::Commit)?;
        self.faults
            .extend(listing.strangers.into_iter().map(PublishedFault::Stranger));
        let numbers = listing.files.iter().filter_map(|path| match path {
            StorePath::Commit(number) => Some(*number),
            _ => None,
        });
        let slots: Vec<u64> = numbers.collect();
        let mut expected = 0;
        for number in &slots {
            if *number != expected {
                self.faults.push(PublishedFault::False(Tampering::MissingCommit {
                    number: expected,
                }));
            }
            expected = number.saturating_add(1);
        }
        Ok(slots)
    }

    /// Walks all slots; once one is false the tree cannot be followed and the others are checked one by one.
    fn commits(&mut self, slots: &[u64], checkpoint: Option<&Checkpoint>) -> Result<(), LogError> {
        let published = checkpoint.map_or(TreeSize::EMPTY, |checkpoint| checkpoint.size);
        let mut walk = Some((Edge::default(), super::commit::NO_PREVIOUS_COMMIT, 0_u64));
        let mut covered = checkpoint.is_none();
        for number in slots {
            let commit = match find::read_commit(self.store, self.key, *number) {
                Ok(commit) => commit,
                Err(error) => {
                    self.found(error)?;
                    walk = None;
                    continue;
                }
            };
            let header = commit.header();
            covered |= checkpoint.is_some_and(|one| one.size == header.size_after && one.root == header.root);
            if header.size_after > published {
                self.faults.push(PublishedFault::Unpublished { number: *number });
            }
            let Some((mut edge, previous, expected)) =
                walk.take().filter(|(_, _, expected)| expected == number)
            else {
                continue;
            };
            debug_assert_eq!(expected, *number);
            if header.previous != previous {
                let chain = Tampering::Chain {
                    number: *number,
                    expected: previous,
                    actual: header.previous,
                };
                self.faults.push(PublishedFault::False(chain));
                continue;
            }
            match integrate(&mut edge, &commit) {
                Ok(tiles) => self.tiles(tiles, header.size_after, published)?,
                Err(error) => {
                    self.found(error)?;
                    continue;
                }
            }
            walk = Some((edge, commit.hash(), number.saturating_add(1)));
        }
        if !covered {
            let what = self.uncovered(slots, published);
            self.faults.push(PublishedFault::False(what));
        }
        Ok(())
    }

    /// Says why no commit has the size of the checkpoint: the next one is gone, or there never was one.
    fn uncovered(&self, slots: &[u64], size: TreeSize) -> Tampering {
        let Some(last) = slots.last() else {
            return Tampering::MissingCommit { number: 0 };
        };
        let header = find::peek(self.store, *last).ok().flatten();
        if header.is_some_and(|header| header.size_after < size) {
            let number = last.saturating_add(1);
            return Tampering::MissingCommit { number };
        }
        Tampering::CheckpointWithoutCommit { size }
    }

    fn tiles(
        &mut self,
        tiles: Vec<(Tile, Vec<u8>)>,
        size: TreeSize,
        published: TreeSize,
    ) -> Result<(), LogError> {
        for (tile, bytes) in tiles {
            self.determined.insert(tile);
            let there = match self.store.read_head(&StorePath::Tile(tile), 0) {
                Ok(head) => head.is_some(),
                Err(error) => {
                    self.found(error.into())?;
                    continue;
                }
            };
            let superseded = tile.is_partial() && tile.is_full_at(published);
            if there && !tile_is(self.store, tile, &bytes)? {
                self.faults.push(PublishedFault::Differs { tile });
            } else if there && superseded {
                self.faults.push(PublishedFault::Stale { tile });
            } else if !there && !superseded && size <= published {
                self.faults.push(PublishedFault::Missing { tile });
            }
        }
        Ok(())
    }

    /// Reports what stands under `log/` and was not determined.
    fn files(&mut self) -> Result<(), LogError> {
        let listing = self.list(&Folder::Log)?;
        self.faults
            .extend(listing.strangers.into_iter().map(PublishedFault::Stranger));
        for path in listing.files {
            match &path {
                StorePath::Tile(tile) if !self.determined.contains(tile) => {
                    self.faults.push(PublishedFault::Undetermined { path });
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn list(&mut self, folder: &Folder) -> Result<Listing, LogError> {
        match self.store.list(folder) {
            Ok(listing) => Ok(listing),
            Err(error) => self.found(error.into()).map(|()| Listing::default()),
        }
    }

    /// Notes false evidence and goes on; passes on what keeps the check from being made.
    fn found(&mut self, error: LogError) -> Result<(), LogError> {
        match error {
            LogError::Tampered(tampering) => {
                self.faults.push(PublishedFault::False(tampering));
                Ok(())
            }
            other => Err(other),
        }
    }
}
