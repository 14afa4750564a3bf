//! `docs/formats/equivocation.md`.

use std::sync::Arc;

use herdbook::checkpoint::Conflict;
use herdbook::checkpoint::Equivocation;
use herdbook::store::MemoryStore;
use herdbook::store::Store;
use herdbook::store::StorePath;

use super::block;
use crate::log_support::Herd;
use crate::log_support::OWNER;
use crate::log_support::log_key;
use crate::log_support::nonce;
use crate::log_support::reader;

/// A log of three entries and then of others, and its checkpoint.
fn history(side: &str, count: u64) -> (Arc<dyn Store>, Vec<u8>) {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let mut herd = Herd::create(&store, 3).unwrap();
    let batch: Vec<Vec<u8>> = (0..count).map(|n| format!("{side} {n}").into_bytes()).collect();
    let Herd { appender, gate } = &mut herd;
    appender.append(&batch, nonce(1), gate).unwrap();
    let note = store.read(&StorePath::Checkpoint, 9999).unwrap().unwrap();
    (store, note)
}

#[test]
fn the_examples_are_what_the_code_makes_and_checks() {
    let (_, first) = history("one", 2);
    let (other, second) = history("other", 5);
    let (_, same) = history("other", 2);
    let now = reader(&other);
    let size = herdbook::merkle::TreeSize::new(5);
    let prefix = Conflict::Prefix {
        root: now.root_at(size).unwrap(),
        path: now.prove_consistency(size).unwrap(),
    };
    for (heading, conflict, second) in [
        ("Two sizes", prefix, second),
        ("One size", Conflict::SameSize, same),
    ] {
        let made = Equivocation {
            log: log_key(OWNER),
            conflict,
            first: first.clone(),
            second,
        };
        assert_eq!(format!("{}\n", block("equivocation.md", heading)), made.encode());
        made.check(&log_key(OWNER)).unwrap();
        // The damaged twin: another size in the first checkpoint.
        let damaged = made.encode().replacen("\n5\n", "\n4\n", 1);
        let damaged = Equivocation::decode(damaged.as_bytes()).unwrap();
        assert!(damaged.check(&log_key(OWNER)).is_err());
    }
}
