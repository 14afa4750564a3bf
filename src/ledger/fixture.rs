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
use crate::log::LockedLog;
use crate::sign::MemorySigner;
use crate::store::MemoryStore;
use crate::store::Store;
use crate::store::StorePath;
use crate::store::put_blob;

/// Writes what a fixture appended, one commit for each of its seals, and opens the ledger.
pub(crate) fn ledger_of(fixture: &Fixture) -> Ledger {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let origin = Origin::parse(ORIGIN).unwrap();
    let settings = Settings {
        origin: origin.clone(),
    };
    store.replace(&StorePath::Settings, &settings.encode()).unwrap();
    for bytes in fixture.blobs.0.values() {
        put_blob(&*store, bytes).unwrap();
    }
    let key = LogKey::new(origin, public(LOG));
    let signer = Arc::new(MemorySigner::from_secret([LOG; 32]));
    let mut gate = Gate::new(State::new(), Arc::clone(&store));
    let mut commits = fixture.commits.iter();
    let wait = Duration::ZERO;
    let locked = LockedLog::acquire(Arc::clone(&store), key, wait).unwrap();
    let (mut appender, _) = locked
        .create(signer, &mut gate, commits.next().unwrap(), [0; 16])
        .unwrap();
    for (number, commit) in commits.enumerate() {
        let nonce = (number as u128).to_le_bytes();
        appender.append(commit, nonce, &mut gate).unwrap();
    }
    drop(appender);
    Ledger::open_store(store, Path::new("memory")).unwrap()
}
