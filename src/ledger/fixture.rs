//! A ledger over a store in memory, for tests of what stands on one.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::Ledger;
use super::admission::State;
use super::admission::fixture::Fixture;
use super::admission::fixture::LOG;
use super::admission::fixture::ORIGIN;
use super::admission::fixture::public;
use super::settings::Settings;
use super::write::Gate;
use crate::checkpoint::LogKey;
use crate::checkpoint::Origin;
use crate::log::Admission;
use crate::log::LockedLog;
use crate::merkle::LeafIndex;
use crate::sign::MemorySigner;
use crate::store::MemoryStore;
use crate::store::Store;
use crate::store::StorePath;
use crate::store::put_blob;

/// Writes what a fixture appended, one commit for each of its seals, and opens the ledger.
pub(crate) fn ledger_of(fixture: &Fixture) -> Ledger {
    let store: Arc<dyn Store> = Arc::new(memory_of(fixture));
    Ledger::open_store(store, Path::new("memory")).unwrap()
}

/// Writes what a fixture appended, one commit for each of its seals.
pub(crate) fn memory_of(fixture: &Fixture) -> MemoryStore {
    let memory = Arc::new(MemoryStore::new());
    let store: Arc<dyn Store> = memory.clone();
    let origin = Origin::parse(ORIGIN).unwrap();
    let settings = Settings {
        origin: origin.clone(),
    };
    store.replace(&StorePath::Settings, &settings.encode()).unwrap();
    for bytes in fixture.blobs.0.values() {
        put_blob(&*store, bytes).unwrap();
    }
    let mut gate = Gate::new(State::new(), Arc::clone(&store));
    let mut commits = fixture.commits.iter();
    let locked = LockedLog::acquire(Arc::clone(&store), key(), Duration::ZERO).unwrap();
    let first = commits.next().unwrap();
    let (mut appender, _) = locked.create(signer(), &mut gate, first, [0; 16]).unwrap();
    for (number, commit) in commits.enumerate() {
        let nonce = (number as u128).to_le_bytes();
        appender.append(commit, nonce, &mut gate).unwrap();
    }
    drop(appender);
    memory.snapshot()
}

/// Appends with the log key and no admission at all: what its thief would do.
pub(crate) fn append_unjudged(store: &Arc<dyn Store>, leaves: &[Vec<u8>]) {
    struct Anything;
    impl Admission for Anything {
        fn admit(&mut self, _: LeafIndex, _: &[Vec<u8>]) -> Result<(), crate::log::AdmissionError> {
            Ok(())
        }
    }
    let locked = LockedLog::acquire(Arc::clone(store), key(), Duration::ZERO).unwrap();
    let mut appender = locked.recover(signer(), &mut Anything).unwrap();
    appender.append(leaves, [9; 16], &mut Anything).unwrap();
}

pub(crate) fn key() -> LogKey {
    LogKey::new(Origin::parse(ORIGIN).unwrap(), public(LOG))
}

pub(crate) fn signer() -> Arc<MemorySigner> {
    Arc::new(MemorySigner::from_secret([LOG; 32]))
}
