//! Reading a log as of a checkpoint. Readers take no lock and write nothing.
//!
//! What a reader shows is covered by a checkpoint that the log key signed; slots beyond it are not shown. Walks check
//! every slot: signature, number, chain, sizes, and at their end the root.

use std::sync::Arc;

use crate::checkpoint::{Checkpoint, LogKey, MAX_CHECKPOINT_BYTES};
use crate::digest::{CommitHash, NodeHash};
use crate::merkle::{
    Frontier, LeafIndex, TreeSize, leaf_hash, make_consistency, make_inclusion, make_root,
    verify_consistency, verify_inclusion,
};
use crate::store::{Folder, Store, StorePath};

use super::commit::{Commit, MAX_COMMIT_BYTES};
use super::proof::Tiles;
use super::walk::{Commits, CommitsDescending, Position};
use super::{LogError, Tampering, find};

/// A log as of one checkpoint.
#[derive(Debug, Clone)]
pub struct LogReader {
    store: Arc<dyn Store>,
    key: LogKey,
    checkpoint: Checkpoint,
    /// The number and the hash of the commit that ends at the checkpoint.
    head: (u64, CommitHash),
}

impl LogReader {
    /// Opens a log at its published checkpoint.
    ///
    /// Errors: [`LogError::NoLedger`], [`LogError::NotPublished`], [`LogError::Tampered`] when the checkpoint is not
    /// one by the log key or no commit has its size and root.
    pub fn open(store: Arc<dyn Store>, key: LogKey) -> Result<Self, LogError> {
        match read_checkpoint(&*store, &key)? {
            Some(checkpoint) => Self::at(store, key, checkpoint),
            None if find::exists(&*store, 0)? => Err(LogError::NotPublished),
            None => Err(LogError::NoLedger),
        }
    }

    /// Opens a log at a checkpoint whose signature was checked.
    pub(super) fn at(store: Arc<dyn Store>, key: LogKey, checkpoint: Checkpoint) -> Result<Self, LogError> {
        let number = last_commit_within(&*store, checkpoint.size, find::read_hint(&*store))?;
        let without = Tampering::CheckpointWithoutCommit {
            size: checkpoint.size,
        };
        let Some(number) = number else {
            find::demand(&*store, 0)?;
            return Err(without.into());
        };
        let head = find::read_commit(&*store, &key, number)?;
        if head.header().size_after < checkpoint.size {
            find::demand(&*store, number.saturating_add(1))?;
        }
        if head.header().size_after != checkpoint.size || head.header().root != checkpoint.root {
            return Err(without.into());
        }
        Ok(Self {
            store,
            key,
            checkpoint,
            head: (number, head.hash()),
        })
    }

    /// Returns the same log as it was when it had `size` entries.
    ///
    /// The older head is a commit by the log key; that the chain leads to it is checked by a walk from the newer.
    /// Errors: [`LogError::NotABoundary`] when no commit ends there, [`LogError::OutsideLog`] beyond the checkpoint.
    pub fn as_of(&self, size: TreeSize) -> Result<Self, LogError> {
        if size > self.checkpoint.size || size == TreeSize::EMPTY {
            return Err(LogError::OutsideLog {
                index: LeafIndex::new(size.get()),
                size: self.checkpoint.size,
            });
        }
        let number = last_commit_within(&*self.store, size, self.head.0)?;
        let Some(number) = number else {
            return Err(LogError::NotABoundary {
                size,
                below: TreeSize::EMPTY,
            });
        };
        let head = find::read_commit(&*self.store, &self.key, number)?;
        let header = head.header();
        if header.size_after != size {
            return Err(LogError::NotABoundary {
                size,
                below: header.size_after,
            });
        }
        let checkpoint = Checkpoint {
            origin: self.checkpoint.origin.clone(),
            size,
            root: header.root,
        };
        Ok(Self {
            checkpoint,
            head: (number, head.hash()),
            ..self.clone()
        })
    }

    /// Returns what this reader answers as of.
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Returns the key that signs this log.
    pub const fn key(&self) -> &LogKey {
        &self.key
    }

    /// Returns how many commits the checkpoint covers.
    pub const fn commit_count(&self) -> u64 {
        self.head.0 + 1
    }

    pub(super) fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// Returns the number and the hash of the commit that ends at the checkpoint.
    pub(super) const fn head(&self) -> (u64, CommitHash) {
        self.head
    }

    pub(super) const fn head_number(&self) -> u64 {
        self.head.0
    }

    /// Returns commit `number`, its signature checked; [`Tampering::MissingCommit`] beyond the checkpoint.
    pub fn commit(&self, number: u64) -> Result<Commit, LogError> {
        if number > self.head.0 {
            return Err(Tampering::MissingCommit { number }.into());
        }
        find::read_commit(&*self.store, &self.key, number)
    }

    /// Returns the commit that ends at the checkpoint.
    pub(super) fn head_commit(&self) -> Result<Commit, LogError> {
        self.commit(self.head.0)
    }

    /// Returns the entry at an index, from a commit whose signature was checked.
    pub fn entry(&self, index: LeafIndex) -> Result<Vec<u8>, LogError> {
        let commit = self.commit_with(index)?;
        let missing = Tampering::MissingCommit {
            number: commit.header().number + 1,
        };
        commit.entry(index).map(<[u8]>::to_vec).ok_or(missing.into())
    }

    /// Walks the commits in log order from the first.
    pub fn commits(&self) -> Commits<'_> {
        self.commits_from(Position::start())
    }

    /// Walks the commits in log order from a place that an earlier walk reached.
    pub const fn commits_from(&self, position: Position) -> Commits<'_> {
        Commits::new(self, position)
    }

    /// Returns the place before commit `next`, as somebody noted it who walked there earlier; `None` unless the commit
    /// before it is the one noted, signed by the log key, and ends with that tree.
    pub fn position(
        &self,
        next: u64,
        previous: CommitHash,
        frontier: Frontier,
    ) -> Result<Option<Position>, LogError> {
        let Some(number) = next.checked_sub(1).filter(|&number| number <= self.head.0) else {
            return Ok(None);
        };
        let commit = self.commit(number)?;
        let header = commit.header();
        let same = commit.hash() == previous
            && header.size_after == frontier.size()
            && header.root == frontier.root();
        Ok(same.then(|| Position::at(next, previous, frontier)))
    }

    /// Returns the commit that holds an entry, its signature checked; [`Tampering::MissingCommit`] when it is gone.
    pub fn commit_with(&self, index: LeafIndex) -> Result<Commit, LogError> {
        if !self.checkpoint.size.contains(index) {
            return Err(LogError::OutsideLog {
                index,
                size: self.checkpoint.size,
            });
        }
        // The commit is the last one that begins at the index or below.
        let number = find::last(self.head.0, |number| {
            let within = number <= self.head.0;
            let header = if within {
                find::peek(&*self.store, number)?
            } else {
                None
            };
            Ok::<bool, LogError>(header.is_some_and(|header| header.size_before.get() <= index.get()))
        })?;
        let commit = self.commit(number.unwrap_or(0))?;
        if commit.entry(index).is_some() {
            return Ok(commit);
        }
        Err(Tampering::MissingCommit {
            number: commit.header().number + 1,
        }
        .into())
    }

    /// Walks the commits from the last to the first, one in memory at a time.
    ///
    /// The walk ends with [`Tampering::Root`] when the leaves do not have the root of the checkpoint.
    pub fn commits_descending(&self) -> CommitsDescending<'_> {
        CommitsDescending::new(self)
    }

    /// Walks the entries from the last to the first; the errors are those of [`LogReader::commits_descending`].
    pub fn entries_descending(&self) -> impl Iterator<Item = Result<(LeafIndex, Vec<u8>), LogError>> + '_ {
        self.commits_descending().flat_map(|commit| {
            let (entries, error) = match commit {
                Ok(commit) => (owned_entries(&commit), None),
                Err(error) => (Vec::new(), Some(Err(error))),
            };
            entries.into_iter().rev().map(Ok).chain(error)
        })
    }

    /// Walks the entries in log order; the errors are those of [`Commits`].
    pub fn entries(&self) -> impl Iterator<Item = Result<(LeafIndex, Vec<u8>), LogError>> + '_ {
        self.commits().flat_map(|commit| {
            let (entries, error) = match commit {
                Ok(commit) => (owned_entries(&commit), None),
                Err(error) => (Vec::new(), Some(Err(error))),
            };
            entries.into_iter().map(Ok).chain(error)
        })
    }

    /// Returns an entry and the proof that it is in the tree of the checkpoint, already verified.
    ///
    /// Errors: [`LogError::MissingTile`] for lag, [`Tampering::Proof`] when they lead to another root.
    pub fn prove_inclusion(&self, index: LeafIndex) -> Result<(Vec<u8>, Vec<NodeHash>), LogError> {
        let entry = self.entry(index)?;
        let size = self.checkpoint.size;
        let mut tiles = Tiles::new(self);
        let proof = make_inclusion(index, size, &mut |node| tiles.node(node))?;
        match verify_inclusion(leaf_hash(&entry), index, size, self.checkpoint.root, &proof) {
            Ok(()) => Ok((entry, proof)),
            Err(_) => Err(Tampering::Proof { index }.into()),
        }
    }

    /// Returns the proof that this log extends its first `old` entries; check it against the root you hold.
    pub fn prove_consistency(&self, old: TreeSize) -> Result<Vec<NodeHash>, LogError> {
        self.prove_consistency_between(old, self.checkpoint.size)
    }

    /// Returns the proof that the first `new` entries of this log extend its first `old`.
    ///
    /// Errors: [`LogError::OutsideLog`] beyond the checkpoint, [`LogError::MissingTile`] for lag.
    pub fn prove_consistency_between(&self, old: TreeSize, new: TreeSize) -> Result<Vec<NodeHash>, LogError> {
        self.check_inside(new)?;
        let mut tiles = Tiles::new(self);
        make_consistency(old, new, &mut |node| tiles.node(node))
    }

    /// Returns the root of the first `size` entries, any number of them, proved against the checkpoint.
    ///
    /// It is read from tiles; where one is missing, from all commits. Errors: [`LogError::OutsideLog`] beyond the
    /// checkpoint, [`Tampering`] when tiles or commits do not lead to its root.
    pub fn root_at(&self, size: TreeSize) -> Result<NodeHash, LogError> {
        self.check_inside(size)?;
        match self.root_from_tiles(size) {
            Err(LogError::MissingTile { .. }) => self.root_from_commits(size),
            other => other,
        }
    }

    /// Returns whether there is a commit that the checkpoint does not cover: what a crash leaves, or an older checkpoint.
    pub fn has_unpublished(&self) -> Result<bool, LogError> {
        find::exists(&*self.store, self.head.0 + 1)
    }

    fn root_from_tiles(&self, size: TreeSize) -> Result<NodeHash, LogError> {
        let mut tiles = Tiles::new(self);
        let root = make_root(size, &mut |node| tiles.node(node))?;
        let proof = make_consistency(size, self.checkpoint.size, &mut |node| tiles.node(node))?;
        let whole = (self.checkpoint.size, self.checkpoint.root);
        // Nobody signs tiles: what they say counts because it leads to the root that was signed.
        match verify_consistency((size, root), whole, &proof) {
            Ok(()) => Ok(root),
            Err(_) => Err(Tampering::Prefix { size }.into()),
        }
    }

    fn root_from_commits(&self, size: TreeSize) -> Result<NodeHash, LogError> {
        let mut prefix = Frontier::new();
        let mut walk = self.commits();
        for commit in walk.by_ref() {
            for (index, entry) in commit?.entries() {
                if size.contains(index) {
                    prefix.append(leaf_hash(entry));
                }
            }
        }
        let end = walk.position();
        if end.root() == self.checkpoint.root && prefix.size() == size {
            return Ok(prefix.root());
        }
        Err(Tampering::Prefix { size }.into())
    }

    fn check_inside(&self, size: TreeSize) -> Result<(), LogError> {
        if size <= self.checkpoint.size {
            return Ok(());
        }
        Err(LogError::OutsideLog {
            index: LeafIndex::new(size.get()),
            size: self.checkpoint.size,
        })
    }
}

/// Reads the published checkpoint and checks its signature; `None` when there is none.
pub(super) fn read_checkpoint(store: &dyn Store, key: &LogKey) -> Result<Option<Checkpoint>, LogError> {
    let Some(note) = store.read(&StorePath::Checkpoint, MAX_CHECKPOINT_BYTES as u64)? else {
        return Ok(None);
    };
    let checkpoint = Checkpoint::open(&note, key).map_err(|source| Tampering::Checkpoint { source })?;
    Ok(Some(checkpoint))
}

/// Returns entry 0 of commit 0 without checking any signature: what a ledger says about itself.
///
/// Nobody vouches for these bytes before the caller has found a reason to trust a key that signed them.
pub fn peek_first_entry(store: &dyn Store) -> Result<Vec<u8>, LogError> {
    let Some(slot) = store.read(&StorePath::Commit(0), MAX_COMMIT_BYTES as u64)? else {
        return Err(without_first(store)?);
    };
    let commit = Commit::decode_unsigned(&slot).map_err(|source| Tampering::Commit { number: 0, source })?;
    let entry = commit.entry(LeafIndex::new(0)).map(<[u8]>::to_vec);
    entry.ok_or(Tampering::MissingCommit { number: 0 }.into())
}

/// Says what it means that there is no first commit: nothing was ever committed, or it is gone.
fn without_first(store: &dyn Store) -> Result<LogError, LogError> {
    let begun = store.read_head(&StorePath::Checkpoint, 0)?.is_some()
        || !store.list(&Folder::Commit)?.files.is_empty();
    Ok(if begun {
        Tampering::MissingCommit { number: 0 }.into()
    } else {
        LogError::NoLedger
    })
}

/// Returns the last commit whose tree is not larger than `size`, going by headers that nobody vouches for.
fn last_commit_within(store: &dyn Store, size: TreeSize, hint: u64) -> Result<Option<u64>, LogError> {
    find::last(hint, |number| {
        let header = find::peek(store, number)?;
        // A commit that was copied to a later slot is not beyond what the checkpoint covers by its sizes.
        Ok(header.is_some_and(|header| header.number == number && header.size_after <= size))
    })
}

fn owned_entries(commit: &Commit) -> Vec<(LeafIndex, Vec<u8>)> {
    commit
        .entries()
        .map(|(index, entry)| (index, entry.to_vec()))
        .collect()
}
