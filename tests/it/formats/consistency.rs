//! `docs/formats/consistency.md`.

use std::sync::Arc;

use herdbook::checkpoint::Checkpoint;
use herdbook::checkpoint::ConsistencyProof;
use herdbook::store::MemoryStore;
use herdbook::store::Store;
use herdbook::store::StorePath;

use super::block;
use crate::log_support::Herd;
use crate::log_support::OWNER;
use crate::log_support::log_key;
use crate::log_support::reader;

#[test]
fn the_example_is_what_the_code_makes_and_checks() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let note = || store.read(&StorePath::Checkpoint, 9999).unwrap().unwrap();
    let mut herd = Herd::create(&store, 3).unwrap();
    let old = note();
    herd.append(4).unwrap();
    let now = reader(&store);
    let known = Checkpoint::open(&old, &log_key(OWNER)).unwrap();
    let proof = ConsistencyProof {
        old: known.size,
        path: now.prove_consistency(known.size).unwrap(),
        checkpoint: note(),
    };
    assert_eq!(block("consistency.md", "Key"), log_key(OWNER).to_vkey());
    assert_eq!(
        format!("{}\n", block("consistency.md", "Older checkpoint")).as_bytes(),
        old
    );
    assert_eq!(format!("{}\n", block("consistency.md", "File")), proof.encode());
    assert_eq!(proof.check(&known, &log_key(OWNER)).unwrap(), *now.checkpoint());
    // The damaged twin: another size.
    let damaged = proof.encode().replace("old 3", "old 2");
    let damaged = ConsistencyProof::decode(damaged.as_bytes()).unwrap();
    assert!(damaged.check(&known, &log_key(OWNER)).is_err());
}
