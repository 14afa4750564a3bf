//! A small log for tests: a key from one byte, entries that say their index, an admission that can say no.

use std::sync::Arc;
use std::time::Duration;

use herdbook::checkpoint::{LogKey, Origin, Signer};
use herdbook::digest::NodeHash;
use herdbook::key::PublicKey;
use herdbook::log::{
    Admission, AdmissionError, Appended, Appender, LockedLog, LogError, LogReader, check_published,
};
use herdbook::merkle::{self, LeafIndex};
use herdbook::sign::MemorySigner;
use herdbook::store::{MemoryStore, Store};

pub const NO_WAIT: Duration = Duration::ZERO;

/// The key of whoever may append.
pub const OWNER: u8 = 1;

pub fn signer(seed: u8) -> Arc<MemorySigner> {
    Arc::new(MemorySigner::from_secret([seed; 32]))
}

pub fn log_key(seed: u8) -> LogKey {
    let public = PublicKey::from_bytes(&signer(seed).public_key()).unwrap();
    LogKey::new(Origin::parse("example.org/herd").unwrap(), public)
}

/// Admits what follows on what it has seen and does not begin with `bad`.
#[derive(Debug, Default)]
pub struct Gate {
    pub seen: Vec<Vec<u8>>,
}

impl Gate {
    /// A gate that has taken in all that is published.
    pub fn at(reader: Option<&LogReader>) -> Self {
        let entries = reader
            .into_iter()
            .flat_map(|reader| reader.entries().collect::<Vec<_>>());
        Self {
            seen: entries.map(|entry| entry.unwrap().1).collect(),
        }
    }
}

impl Admission for Gate {
    fn admit(&mut self, first: LeafIndex, entries: &[Vec<u8>]) -> Result<(), AdmissionError> {
        assert_eq!(
            first.get(),
            self.seen.len() as u64,
            "admission sees every entry once and in order"
        );
        let bad = entries.iter().position(|entry| entry.starts_with(b"bad"));
        if let Some(at) = bad {
            return Err(AdmissionError {
                index: first.plus(at as u64),
                reason: "it says so itself".into(),
            });
        }
        self.seen.extend(entries.iter().cloned());
        Ok(())
    }
}

/// Entries `from..to`, of a few hundred bytes each.
pub fn entries(from: u64, to: u64) -> Vec<Vec<u8>> {
    (from..to)
        .map(|n| format!("entry {n} {}", "x".repeat(usize::try_from(n % 200).unwrap())).into_bytes())
        .collect()
}

pub fn root_of(entries: &[Vec<u8>]) -> NodeHash {
    merkle::root(
        &entries
            .iter()
            .map(|entry| merkle::leaf_hash(entry))
            .collect::<Vec<_>>(),
    )
}

pub fn nonce(n: u64) -> [u8; 16] {
    let mut nonce = [0xee; 16];
    nonce[..8].copy_from_slice(&n.to_be_bytes());
    nonce
}

/// An open log and its gate.
#[derive(Debug)]
pub struct Herd {
    pub appender: Appender,
    pub gate: Gate,
}

impl Herd {
    /// Makes a log with entries `0..count`.
    pub fn create(store: &Arc<dyn Store>, count: u64) -> Result<Self, LogError> {
        let locked = LockedLog::acquire(Arc::clone(store), log_key(OWNER), NO_WAIT)?;
        let mut gate = Gate::default();
        let (appender, first) = locked.create(signer(OWNER), &mut gate, &entries(0, count), nonce(0))?;
        assert_eq!(first.first, LeafIndex::new(0));
        Ok(Self { appender, gate })
    }

    /// Opens a log and recovers.
    pub fn open(store: &Arc<dyn Store>) -> Result<Self, LogError> {
        let locked = LockedLog::acquire(Arc::clone(store), log_key(OWNER), NO_WAIT)?;
        let mut gate = Gate::at(locked.published()?.as_ref());
        let appender = locked.recover(signer(OWNER), &mut gate)?;
        Ok(Self { appender, gate })
    }

    /// Appends the next `count` entries.
    pub fn append(&mut self, count: u64) -> Result<Appended, LogError> {
        let size = self.appender.size().get();
        self.appender
            .append(&entries(size, size + count), nonce(size), &mut self.gate)
    }
}

pub fn reader(store: &Arc<dyn Store>) -> LogReader {
    LogReader::open(Arc::clone(store), log_key(OWNER)).unwrap()
}

/// Every fault that the check finds, as text.
pub fn faults(store: &Arc<dyn Store>) -> Vec<String> {
    check_published(store, &log_key(OWNER))
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect()
}

/// All entries that a reader shows, with every check it makes.
pub fn shown(reader: &LogReader) -> Vec<Vec<u8>> {
    let forward: Vec<_> = reader.entries().map(Result::unwrap).collect();
    let mut backward: Vec<_> = reader.entries_descending().map(Result::unwrap).collect();
    backward.reverse();
    assert_eq!(forward, backward);
    for (expected, (index, _)) in (0..).zip(&forward) {
        assert_eq!(index.get(), expected);
    }
    let entries: Vec<Vec<u8>> = forward.into_iter().map(|(_, entry)| entry).collect();
    assert_eq!(root_of(&entries), reader.checkpoint().root);
    assert_eq!(entries.len() as u64, reader.checkpoint().size.get());
    entries
}

/// A log with commits that end at 2, 3, 258, 259, 600.
pub fn sample() -> (MemoryStore, Arc<dyn Store>) {
    let memory = MemoryStore::new();
    let store: Arc<dyn Store> = Arc::new(memory.clone());
    let mut herd = Herd::create(&store, 2).unwrap();
    for count in [1, 255, 1, 341] {
        herd.append(count).unwrap();
    }
    drop(herd);
    (memory, store)
}
