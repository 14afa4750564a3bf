//! Opening a ledger to read it, and looking at it as of a size.

use std::collections::VecDeque;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use crate::checkpoint::Checkpoint;
use crate::checkpoint::LogKey;
use crate::digest::BlobId;
use crate::digest::Sha256Hasher;
use crate::envelope::Envelope;
use crate::index::Index;
use crate::index::IndexError;
use crate::log::Commit;
use crate::log::LogError;
use crate::log::LogReader;
use crate::log::peek_first_entry;
use crate::merkle::LeafIndex;
use crate::merkle::TreeSize;
use crate::statement::Predicate;
use crate::statement::Statement;
use crate::store::FileStore;
use crate::store::MAX_BLOB_BYTES;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::StorePath;
use crate::trust::TrustRoot;

use super::admission::AdmissionError;
use super::admission::BlobError;
use super::admission::Blobs;
use super::admission::Checks;
use super::admission::Founding;
use super::admission::Staging;
use super::admission::State;
use super::error::LedgerError;
use super::keeper::IndexFolder;
use super::register::RegisterError;
use super::register::Statements;
use super::remembered::Remembered;
use super::remembered::RememberedError;
use super::replay::Replayed;
use super::settings::SETTINGS_BYTES_MAX;
use super::settings::Settings;
use super::settings::SettingsError;

/// How many commits are kept decoded: what is read lies in a few places at a time, such as runs and their sources.
const COMMITS_KEPT: usize = 4;

/// A ledger at its published checkpoint.
#[derive(Debug)]
pub struct Ledger {
    folder: PathBuf,
    pub(super) store: Arc<dyn Store>,
    pub(super) reader: LogReader,
    pub(super) replayed: Replayed,
    founding: Founding,
    /// Where an index may be; nothing for a ledger that is in no folder.
    index_folder: Option<IndexFolder>,
    /// Whether answers may come from the index on disk.
    indexed: bool,
    /// Whether whoever appends first deletes the index.
    discard_index: bool,
    /// Why the index was not used, or not brought up to what this process appended.
    index_trouble: Option<IndexError>,
    /// What this user remembers of the log; nothing where there is no folder for it.
    pub(super) remembered: Option<Remembered>,
    /// Why what was appended is not remembered.
    pub(super) remembered_trouble: Option<RememberedError>,
    /// The commits that were read last: a sweep over entries, which also looks at what they cite, decodes each once.
    last_read: Mutex<VecDeque<Arc<Commit>>>,
}

/// A ledger as it was when a commit ended at some size.
#[derive(Debug)]
pub struct View<'a> {
    ledger: &'a Ledger,
    reader: LogReader,
}

/// Gives the blobs of a store.
#[derive(Debug, Clone, Copy)]
pub struct StoreBlobs<'a>(pub &'a dyn Store);

impl StoreBlobs<'_> {
    /// Hands on the bytes that stand under a blob's name, in parts; whoever takes them checks their digest.
    pub(super) fn unchecked_parts(
        &self,
        id: BlobId,
        limit: u64,
        each: &mut dyn FnMut(&[u8]),
    ) -> Result<(), BlobError> {
        let limit = limit.min(MAX_BLOB_BYTES);
        match self.0.read_parts(&StorePath::Blob(id), limit, each) {
            Ok(true) => Ok(()),
            Ok(false) => Err(BlobError::Missing { id }),
            Err(StoreError::TooLarge { .. }) => Err(BlobError::TooLarge { id, limit }),
            // Whatever stands there, it is not what a ledger wrote.
            Err(StoreError::SymbolicLink { .. } | StoreError::WrongKind { .. }) => {
                Err(BlobError::Differs { id })
            }
            Err(source) => Err(BlobError::Io {
                id,
                source: Box::new(source),
            }),
        }
    }
}

impl Blobs for StoreBlobs<'_> {
    fn read(&self, id: BlobId, limit: u64) -> Result<Vec<u8>, BlobError> {
        let mut bytes = Vec::new();
        self.read_parts(id, limit, &mut |part| bytes.extend_from_slice(part))?;
        Ok(bytes)
    }

    fn read_parts(&self, id: BlobId, limit: u64, each: &mut dyn FnMut(&[u8])) -> Result<(), BlobError> {
        let mut sha256 = Sha256Hasher::default();
        self.unchecked_parts(id, limit, &mut |part| {
            sha256.update(part);
            each(part);
        })?;
        if sha256.finish().as_blob() == id {
            Ok(())
        } else {
            Err(BlobError::Differs { id })
        }
    }
}

impl Ledger {
    /// Opens the ledger in a folder at its published checkpoint. Nothing is written and no lock is taken.
    ///
    /// The log key is the one genesis names: who vouches for that is for a trust root to say. Every answer comes from
    /// the log itself, which is read from its first entry; [`Ledger::open_indexed`] is faster.
    pub fn open(folder: &Path) -> Result<Self, LedgerError> {
        Self::open_folder(folder, false)
    }

    /// Opens the ledger in a folder like [`Ledger::open`], and takes from the index on disk what it knows. The index is
    /// taken up only where it agrees with the log and its seal, but nobody signs it: this is for answers, not for
    /// verdicts.
    ///
    /// A damaged index shows at the question that meets the damage, as [`IndexError`] inside [`LedgerError::Index`].
    pub fn open_indexed(folder: &Path) -> Result<Self, LedgerError> {
        Self::open_folder(folder, true)
    }

    fn open_folder(folder: &Path, indexed: bool) -> Result<Self, LedgerError> {
        let store: Arc<dyn Store> = match FileStore::open(folder) {
            Ok(store) => Arc::new(store),
            Err(StoreError::NoFolder { folder }) => return Err(LedgerError::NoLedger { folder }),
            Err(error) => return Err(error.into()),
        };
        Self::open_with(store, folder, Some(IndexFolder::of(folder)), indexed)
    }

    /// Opens the ledger that a store holds; `folder` names it in messages.
    pub fn open_store(store: Arc<dyn Store>, folder: &Path) -> Result<Self, LedgerError> {
        Self::open_with(store, folder, None, false)
    }

    fn open_with(
        store: Arc<dyn Store>,
        folder: &Path,
        index_folder: Option<IndexFolder>,
        indexed: bool,
    ) -> Result<Self, LedgerError> {
        let Some(settings) = read_settings(&*store)? else {
            if store.read_head(&StorePath::Commit(0), 0)?.is_some() {
                return Err(SettingsError::Missing.into());
            }
            let folder = folder.to_owned();
            return Err(LedgerError::NoLedger { folder });
        };
        let founded = match founding(&*store) {
            Err(LedgerError::Log(LogError::NoLedger)) => Err(LedgerError::Unfinished {
                folder: folder.to_owned(),
            }),
            other => other,
        };
        let (founding, key) = founded?;
        if founding.genesis.origin != settings.origin.as_str() {
            return Err(LedgerError::OriginDiffers {
                settings: settings.origin.to_string(),
                genesis: founding.genesis.origin,
            });
        }
        let reader = LogReader::open(Arc::clone(&store), key)?;
        let mut ledger = Self {
            folder: folder.to_owned(),
            store,
            reader,
            replayed: Replayed::nothing(),
            founding,
            index_folder,
            indexed,
            discard_index: false,
            index_trouble: None,
            remembered: None,
            remembered_trouble: None,
            last_read: Mutex::default(),
        };
        ledger.begin()?;
        Ok(ledger)
    }

    /// Reads the log up to its checkpoint, from where an index ends if there is one that may be used.
    fn begin(&mut self) -> Result<(), LedgerError> {
        if self.indexed {
            match self.begin_at_index() {
                Ok(true) => return Ok(()),
                Ok(false) => {}
                Err(LedgerError::Index(error)) => self.index_trouble = Some(error),
                Err(error) => return Err(error),
            }
        }
        self.replayed = Replayed::nothing();
        self.replayed.catch_up(&self.reader, &*self.store)
    }

    /// Returns whether there was an index of this log to begin with.
    fn begin_at_index(&mut self) -> Result<bool, LedgerError> {
        // The index first: what it covers was published before, so the checkpoint read next is not older.
        let Some(folder) = &self.index_folder else {
            return Ok(false);
        };
        let segments = folder.segments(&self.founding.genesis.origin)?;
        self.reader = LogReader::open(Arc::clone(&self.store), self.reader.key().clone())?;
        let Some(segments) = segments else {
            return Ok(false);
        };
        let Some(resumed) = Replayed::resume(&(segments as _), &self.reader, &self.founding)? else {
            return Ok(false);
        };
        self.replayed = resumed;
        self.replayed.catch_up(&self.reader, &*self.store)?;
        Ok(true)
    }

    /// Has every later answer come from the log, as whoever signs needs it: nobody signs the index.
    pub(super) fn leave_index(&mut self) -> Result<(), LedgerError> {
        self.indexed = false;
        if self.replayed.stands_alone() {
            return Ok(());
        }
        self.replayed = Replayed::nothing();
        self.refresh()
    }

    /// Has the next append delete the index and build it again: it was found damaged.
    pub fn discard_index(&mut self) {
        self.discard_index = true;
    }

    pub(super) fn discards_index(&self) -> bool {
        self.discard_index
    }

    /// Returns where the index of this ledger is kept, if it is in a folder.
    pub(super) fn index_folder(&self) -> Option<&IndexFolder> {
        self.index_folder.as_ref()
    }

    /// Notes whether the index could be kept.
    pub(super) fn note_index_trouble(&mut self, trouble: Option<IndexError>) {
        self.index_trouble = trouble;
    }

    /// Returns why the index was not used or, after an append, not brought up to date; answers are right all the same.
    pub fn index_trouble(&self) -> Option<&IndexError> {
        self.index_trouble.as_ref()
    }

    /// Takes in what was published since, by whomever.
    pub fn refresh(&mut self) -> Result<(), LedgerError> {
        self.reader = LogReader::open(Arc::clone(&self.store), self.reader.key().clone())?;
        self.replayed.catch_up(&self.reader, &*self.store)
    }

    /// Returns the folder, as it was given.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the log as of the published checkpoint.
    pub fn reader(&self) -> &LogReader {
        &self.reader
    }

    /// Returns the published checkpoint.
    pub fn checkpoint(&self) -> &Checkpoint {
        self.reader.checkpoint()
    }

    /// Returns what genesis says.
    pub fn founding(&self) -> &Founding {
        &self.founding
    }

    /// Returns what the log says up to the checkpoint: keys, grants, index.
    pub fn state(&self) -> &State {
        &self.replayed.state
    }

    /// Returns the index over all entries.
    pub fn index(&self) -> &dyn Index {
        self.replayed.state.index()
    }

    /// Returns the store below.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// Returns what an auditor would pin.
    pub fn trust_root(&self) -> TrustRoot {
        TrustRoot::of(self.founding.id, &self.founding.genesis)
    }

    /// Returns a blob, its digest checked.
    pub fn blob(&self, id: BlobId) -> Result<Vec<u8>, LedgerError> {
        Ok(StoreBlobs(&*self.store).read(id, MAX_BLOB_BYTES)?)
    }

    /// Returns the envelope and the statement at an entry. Its signature is not checked.
    pub fn entry(&self, entry: LeafIndex) -> Result<(Envelope, Statement), LedgerError> {
        let commit = self.commit_of(entry)?;
        let leaf = commit.entry(entry).ok_or(LogError::OutsideLog {
            index: entry,
            size: self.checkpoint().size,
        })?;
        let bad = |source| LedgerError::Entry {
            entry,
            source: AdmissionError::Envelope(source),
        };
        let envelope = Envelope::decode(leaf).map_err(bad)?;
        let statement = envelope.statement().map_err(bad)?;
        Ok((envelope, statement))
    }

    fn commit_of(&self, entry: LeafIndex) -> Result<Arc<Commit>, LedgerError> {
        // A panic of another thread while it held this leaves nothing half-done behind.
        let mut last = self.last_read.lock().unwrap_or_else(PoisonError::into_inner);
        let known = last.iter().position(|commit| commit.entry(entry).is_some());
        let commit = match known.and_then(|at| last.remove(at)) {
            Some(commit) => commit,
            None => Arc::new(self.reader.commit_with(entry)?),
        };
        last.truncate(COMMITS_KEPT - 1);
        last.push_front(Arc::clone(&commit));
        Ok(commit)
    }

    /// Returns the ledger at its published checkpoint.
    pub fn view(&self) -> View<'_> {
        View {
            ledger: self,
            reader: self.reader.clone(),
        }
    }

    /// Returns the ledger as it was when it had `size` entries; a commit must have ended there.
    pub fn view_at(&self, size: TreeSize) -> Result<View<'_>, LedgerError> {
        let reader = self.reader.as_of(size)?;
        Ok(View { ledger: self, reader })
    }
}

impl View<'_> {
    /// Returns the ledger.
    pub fn ledger(&self) -> &Ledger {
        self.ledger
    }

    /// Returns the log as of this view.
    pub fn reader(&self) -> &LogReader {
        &self.reader
    }

    /// Returns the index; entries from [`View::size`] on are not part of this view.
    pub fn index(&self) -> &dyn Index {
        self.ledger.index()
    }

    /// Returns how many entries the view has.
    pub fn size(&self) -> TreeSize {
        self.reader.checkpoint().size
    }
}

impl Statements for Ledger {
    fn statement(&self, entry: LeafIndex) -> Result<Statement, RegisterError> {
        let read = self.entry(entry).map(|(_, statement)| statement);
        read.map_err(|error| RegisterError::Entry {
            entry,
            source: Box::new(error),
        })
    }
}

/// Reads `herdbook.toml`; nothing when there is none.
pub(super) fn read_settings(store: &dyn Store) -> Result<Option<Settings>, LedgerError> {
    match store.read(&StorePath::Settings, SETTINGS_BYTES_MAX) {
        Ok(Some(bytes)) => Ok(Some(Settings::decode(&bytes)?)),
        Ok(None) | Err(StoreError::NoFolder { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Reads what genesis says of itself, with its signature checked against the owner it names.
pub(super) fn founding(store: &dyn Store) -> Result<(Founding, LogKey), LedgerError> {
    let leaf = peek_first_entry(store)?;
    let entry = LeafIndex::new(0);
    let bad = |source| LedgerError::Entry { entry, source };
    let (empty, blobs) = (State::new(), StoreBlobs(store));
    let mut staging = Staging::on(&empty, &blobs, Checks::All);
    let admitted = staging.admit(&leaf).map_err(bad)?;
    let Predicate::Genesis(genesis) = admitted.statement.predicate else {
        return Err(bad(AdmissionError::GenesisPlace));
    };
    let key = LogKey::parse_vkey(&genesis.log_key).map_err(|source| bad(AdmissionError::LogKey(source)))?;
    let log_key = key.public_key();
    let founding = Founding {
        id: admitted.id,
        genesis,
        log_key,
    };
    Ok((founding, key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::admission::fixture::*;
    use crate::ledger::fixture::memory_of;

    fn two_sizes() -> (Vec<u8>, crate::store::MemoryStore) {
        let mut fixture = Fixture::new();
        fixture.append(vec![source("a", files(&["a"]))]).unwrap();
        let earlier = memory_of(&fixture);
        fixture.append(vec![source("b", files(&["b"]))]).unwrap();
        let checkpoint = earlier.read(&StorePath::Checkpoint, 1 << 16).unwrap().unwrap();
        (checkpoint, memory_of(&fixture))
    }

    #[test]
    fn a_checkpoint_that_goes_back_is_not_followed() {
        let (older, memory) = two_sizes();
        let store: Arc<dyn Store> = Arc::new(memory.clone());
        let mut ledger = Ledger::open_store(store, Path::new("memory")).unwrap();
        ledger.refresh().unwrap();
        memory.tamper(&StorePath::Checkpoint, Some(older));
        let back = ledger.refresh().unwrap_err();
        assert!(back.is_tampered(), "{back:?}");
        assert_eq!(
            back.to_string(),
            "the checkpoint of 4 entries does not extend the 6 that were there before"
        );
    }

    #[test]
    fn what_is_published_later_is_taken_in() {
        let (older, memory) = two_sizes();
        let newer = memory.read(&StorePath::Checkpoint, 1 << 16).unwrap();
        memory.tamper(&StorePath::Checkpoint, Some(older));
        let store: Arc<dyn Store> = Arc::new(memory.clone());
        let mut ledger = Ledger::open_store(store, Path::new("memory")).unwrap();
        assert_eq!(
            (ledger.checkpoint().size.get(), ledger.state().size().get()),
            (4, 4)
        );
        memory.tamper(&StorePath::Checkpoint, newer);
        ledger.refresh().unwrap();
        assert_eq!(
            (ledger.checkpoint().size.get(), ledger.state().size().get()),
            (6, 6)
        );
        let (_, statement) = ledger.entry(LeafIndex::new(4)).unwrap();
        assert_eq!(
            statement.predicate.name().map(ToString::to_string).as_deref(),
            Some("b")
        );
    }
}
