//! Appending: take the lock, recover, commit.
//!
//! [`LockedLog`] holds the lock and shows what is published; [`LockedLog::recover`] makes good what a crash left and
//! hands out the [`Appender`]. Recovery publishes a commit only when its signature, its place in the chain, its root
//! and its admission are right: a slot planted by somebody without the log key is never signed.

use std::sync::Arc;
use std::time::Duration;

use crate::checkpoint::{Checkpoint, LogKey, Signer};
use crate::digest::CommitHash;
use crate::merkle::{LeafIndex, TreeSize, leaf_hash};
use crate::store::{Creation, Folder, Store, StoreLock, StorePath};

use super::commit::{Commit, CommitHeader, MAX_COMMIT_BYTES, NO_PREVIOUS_COMMIT, encode_leaves};
use super::edge::Edge;
use super::publish::{OnDifference, ensure_tiles, integrate, publish, remove_superseded};
use super::read::{LogReader, read_checkpoint};
use super::walk::Position;
use super::{LogError, PublishedFault, Tampering, check_published, find};

/// Says which entries may enter the log: signatures, grants, parents, the seal at the end.
pub trait Admission {
    /// Judges a whole batch whose first entry will stand at `first`, and takes it for admitted from then on.
    ///
    /// Called once for every batch that is appended and for every commit that recovery publishes, in log order. On
    /// an error nothing of the batch counts as admitted. After a failed append an admission that said yes is of no
    /// use any more: make a new one when the log is opened again.
    fn admit(&mut self, first: LeafIndex, entries: &[Vec<u8>]) -> Result<(), AdmissionError>;
}

/// Why a batch is not admitted.
#[derive(Debug, thiserror::Error)]
#[error("entry {index} is not admitted")]
pub struct AdmissionError {
    /// The first entry at fault.
    pub index: LeafIndex,
    /// What is wrong with it.
    #[source]
    pub reason: Box<dyn std::error::Error + Send + Sync>,
}

/// What was appended and is durable, covered by a signed checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// The index of the first entry of the batch.
    pub first: LeafIndex,
    /// The checkpoint that covers the batch.
    pub checkpoint: Checkpoint,
    /// The number of the commit.
    pub commit: u64,
}

/// A log whose appender's lock is held, not yet recovered.
#[derive(Debug)]
pub struct LockedLog {
    store: Arc<dyn Store>,
    key: LogKey,
    lock: StoreLock,
}

impl LockedLog {
    /// Takes the lock, waiting at most `wait`, and removes temporary files that dead processes left.
    ///
    /// Errors: [`crate::store::StoreError::Locked`] inside [`LogError::Store`].
    pub fn acquire(store: Arc<dyn Store>, key: LogKey, wait: Duration) -> Result<Self, LogError> {
        let lock = store.lock(wait)?;
        for path in store.list(&Folder::Tmp)?.files {
            // Only the holder of the lock writes, so a file that is being written is nobody's.
            if matches!(&path, StorePath::Tmp(name) if name.as_str().starts_with("new-")) {
                store.remove(&path)?;
            }
        }
        Ok(Self { store, key, lock })
    }

    /// Returns a reader of what is published, `None` when nothing is; to prepare the admission for recovery.
    pub fn published(&self) -> Result<Option<LogReader>, LogError> {
        match LogReader::open(Arc::clone(&self.store), self.key.clone()) {
            Ok(reader) => Ok(Some(reader)),
            Err(LogError::NoLedger | LogError::NotPublished) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Publishes every commit beyond the checkpoint, repairs lag and returns the appender.
    ///
    /// `admission` must have taken in everything that [`LockedLog::published`] shows, and nothing else.
    ///
    /// Errors: [`LogError::Tampered`] for a slot, a checkpoint or a tile that is false, or a commit that would not
    /// be admitted; then nothing was signed. [`LogError::NoLedger`] when there is no commit. [`LogError::WrongLogKey`].
    pub fn recover(
        self,
        signer: Arc<dyn Signer>,
        admission: &mut dyn Admission,
    ) -> Result<Appender, LogError> {
        let mut appender = self.appender(signer)?;
        let store = Arc::clone(&appender.store);
        let checkpoint = read_checkpoint(&*store, &appender.key)?;
        if checkpoint.is_none() && !find::exists(&*store, 0)? {
            return Err(LogError::NoLedger);
        }
        if let Some(checkpoint) = checkpoint {
            appender.resume_at(&checkpoint)?;
        }
        while find::exists(&*store, appender.next)? {
            appender.recover_commit(admission)?;
        }
        Ok(appender)
    }

    /// Makes a new ledger: commits the first batch (genesis and seal) as number 0 and publishes it.
    ///
    /// Errors: [`LogError::AlreadyALedger`] when there is a commit or a checkpoint, even one that is not finished.
    pub fn create(
        self,
        signer: Arc<dyn Signer>,
        admission: &mut dyn Admission,
        entries: &[Vec<u8>],
        nonce: [u8; 16],
    ) -> Result<(Appender, Appended), LogError> {
        let mut log = self.appender(signer)?;
        let store = Arc::clone(&log.store);
        let commits = store.list(&Folder::Commit)?;
        if store.read_head(&StorePath::Checkpoint, 0)?.is_some() || !commits.files.is_empty() {
            return Err(LogError::AlreadyALedger);
        }
        let appended = log.append(entries, nonce, admission)?;
        Ok((log, appended))
    }

    /// Makes the tiles what the commits determine: writes missing ones, removes stale ones, and moves false and
    /// undetermined ones to `tmp/`, where they are kept. Only ever by order of a person.
    ///
    /// Errors: [`LogError::Tampered`] for what cannot be made again, a commit or the checkpoint.
    pub fn repair_tiles(&self) -> Result<(), LogError> {
        let reader = LogReader::open(Arc::clone(&self.store), self.key.clone())?;
        rebuild_tiles(&*self.store, &reader, OnDifference::SetAside)?;
        for fault in check_published(&self.store, &self.key)? {
            match fault {
                PublishedFault::Stale { tile } => self.store.remove(&StorePath::Tile(tile))?,
                PublishedFault::Undetermined { path } => drop(self.store.set_aside(&path)?),
                _ => {}
            }
        }
        Ok(())
    }

    fn appender(self, signer: Arc<dyn Signer>) -> Result<Appender, LogError> {
        let (expected, actual) = (self.key.public_key().to_bytes(), signer.public_key());
        if expected != actual {
            return Err(LogError::WrongLogKey {
                expected: hex::encode(expected),
                actual: hex::encode(actual),
            });
        }
        let Self { store, key, lock } = self;
        let previous = NO_PREVIOUS_COMMIT;
        Ok(Appender {
            store,
            key,
            signer,
            edge: Edge::default(),
            next: 0,
            previous,
            stopped: false,
            _lock: lock,
        })
    }
}

/// Appends batches; holds the lock. There is one at a time for a log.
#[derive(Debug)]
pub struct Appender {
    store: Arc<dyn Store>,
    key: LogKey,
    signer: Arc<dyn Signer>,
    edge: Edge,
    /// The number of the next commit.
    next: u64,
    /// The hash of the last commit.
    previous: CommitHash,
    stopped: bool,
    _lock: StoreLock,
}

impl Appender {
    /// Takes the lock and recovers: [`LockedLog::acquire`] and [`LockedLog::recover`] in one.
    pub fn open(
        store: Arc<dyn Store>,
        key: LogKey,
        signer: Arc<dyn Signer>,
        wait: Duration,
        admission: &mut dyn Admission,
    ) -> Result<Self, LogError> {
        LockedLog::acquire(store, key, wait)?.recover(signer, admission)
    }

    /// Returns the size of the tree.
    pub const fn size(&self) -> TreeSize {
        self.edge.size()
    }

    /// Returns the place behind everything that was appended so far.
    pub fn position(&self) -> Position {
        Position::at(self.next, self.previous, self.edge.frontier().clone())
    }

    /// Returns a reader of all that was appended so far.
    pub fn reader(&self) -> Result<LogReader, LogError> {
        LogReader::open(Arc::clone(&self.store), self.key.clone())
    }

    /// Commits a batch and returns once a signed checkpoint that covers it is durable.
    ///
    /// The entries are 1 to 65,535 bytes each and together, with two bytes each, at most 16 MiB. `nonce` is random.
    ///
    /// Errors: [`LogError::Batch`] and [`LogError::Refused`] leave everything as it was. After any other the batch
    /// may be found or not, and the appender answers [`LogError::Stopped`]: open the log again.
    pub fn append(
        &mut self,
        entries: &[Vec<u8>],
        nonce: [u8; 16],
        admission: &mut dyn Admission,
    ) -> Result<Appended, LogError> {
        if self.stopped {
            return Err(LogError::Stopped);
        }
        let header = self.header_for(entries, nonce)?;
        let first = self.size().next_index();
        admission.admit(first, entries).map_err(LogError::Refused)?;
        // From here on an error leaves it open what was written, or an admission that counts too much.
        self.stopped = true;
        let slot = Commit::encode(&header, entries, &*self.signer)?;
        // What is about to be written for ever is read back first, with the eyes of every later reader.
        let number = header.number;
        let commit = Commit::decode(&slot, &self.key)
            .map_err(|source| LogError::from(Tampering::Commit { number, source }))?;
        // A crash before this leaves nothing, after it a commit that nobody was told of.
        self.win_slot(number, &slot)?;
        let checkpoint = publish(&*self.store, &self.key, &*self.signer, &mut self.edge, &commit)?;
        self.next = number + 1;
        self.previous = commit.hash();
        self.write_hint();
        self.stopped = false;
        Ok(Appended {
            first,
            checkpoint,
            commit: number,
        })
    }

    fn header_for(&self, entries: &[Vec<u8>], nonce: [u8; 16]) -> Result<CommitHeader, LogError> {
        encode_leaves(entries).map_err(LogError::Batch)?;
        let mut frontier = self.edge.frontier().clone();
        for entry in entries {
            frontier.append(leaf_hash(entry));
        }
        let (size_before, size_after) = (self.size(), frontier.size());
        if entries.is_empty() {
            let error = super::CommitError::TreeSizes {
                before: size_before,
                after: size_after,
            };
            return Err(LogError::Batch(error));
        }
        let root = frontier.root();
        Ok(CommitHeader {
            number: self.next,
            previous: self.previous,
            size_before,
            size_after,
            root,
            nonce,
        })
    }

    fn win_slot(&self, number: u64, slot: &[u8]) -> Result<(), LogError> {
        let path = StorePath::Commit(number);
        if self.store.create(&path, slot)? == Creation::Created {
            return Ok(());
        }
        // A store that lost an answer and tried again finds its own bytes; the nonce makes them nobody else's.
        if self.store.read(&path, MAX_COMMIT_BYTES as u64)?.as_deref() == Some(slot) {
            return Ok(self.store.persist(&path)?);
        }
        Err(LogError::LostRace { number })
    }

    /// Takes up the tree where the published checkpoint left it.
    fn resume_at(&mut self, checkpoint: &Checkpoint) -> Result<(), LogError> {
        let reader = LogReader::at(Arc::clone(&self.store), self.key.clone(), checkpoint.clone())?;
        let head = reader.head_commit()?;
        let header = head.header();
        self.edge = match Edge::load(&*self.store, checkpoint.size, checkpoint.root)? {
            Some(edge) => edge,
            // Tiles are missing: all are derived again from the commits, and none may differ.
            None => rebuild_tiles(&*self.store, &reader, OnDifference::Stop)?,
        };
        // The last appender may have died between the checkpoint and the end of the partial tiles it made stale.
        remove_superseded(&*self.store, header.size_before, header.size_after)?;
        self.next = header.number + 1;
        self.previous = head.hash();
        Ok(())
    }

    /// Publishes the commit that follows, if it is one by the log key, in its place, and admitted.
    fn recover_commit(&mut self, admission: &mut dyn Admission) -> Result<(), LogError> {
        let number = self.next;
        let commit = find::read_commit(&*self.store, &self.key, number)?;
        if commit.header().previous != self.previous {
            let (expected, actual) = (self.previous, commit.header().previous);
            return Err(Tampering::Chain {
                number,
                expected,
                actual,
            }
            .into());
        }
        // Tried on a copy, so that nothing is admitted, written or signed for a commit that is false.
        integrate(&mut self.edge.clone(), &commit)?;
        let entries: Vec<Vec<u8>> = commit.entries().map(|(_, entry)| entry.to_vec()).collect();
        let first = self.size().next_index();
        admission
            .admit(first, &entries)
            .map_err(|source| Tampering::NotAdmitted { number, source })?;
        // The process that wrote the slot may have died before it was durable.
        self.store.persist(&StorePath::Commit(number))?;
        publish(&*self.store, &self.key, &*self.signer, &mut self.edge, &commit)?;
        self.next = number + 1;
        self.previous = commit.hash();
        self.write_hint();
        Ok(())
    }

    /// The hint only makes the next search shorter, so it may fail.
    fn write_hint(&self) {
        if let (Some(path), Some(number)) = (find::hint_path(), self.next.checked_sub(1)) {
            drop(self.store.write_hint(&path, number.to_string().as_bytes()));
        }
    }
}

/// Derives every tile of the published tree again, makes sure that each is there, and returns the right edge.
fn rebuild_tiles(
    store: &dyn Store,
    reader: &LogReader,
    on_difference: OnDifference,
) -> Result<Edge, LogError> {
    let mut edge = Edge::default();
    let end = reader.checkpoint().size;
    for commit in reader.commits_from(Position::start()) {
        let mut tiles = integrate(&mut edge, &commit?)?;
        // A partial tile that is full at the end is stale.
        tiles.retain(|(tile, _)| !(tile.is_partial() && tile.is_full_at(end)));
        ensure_tiles(store, tiles, on_difference)?;
    }
    Ok(edge)
}
