//! Nothing false goes unseen: every byte of every file, files gone, files too many, seals that lie.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::digest::BlobId;
use crate::ledger::admission::fixture::*;
use crate::ledger::fixture::key;
use crate::ledger::fixture::ledger_of;
use crate::ledger::fixture::memory_of;
use crate::ledger::fixture::signer;
use crate::statement::*;
use crate::store::MemoryStore;
use crate::store::Store;
use crate::store::StorePath;

fn small() -> MemoryStore {
    let mut fixture = Fixture::new();
    fixture.blobs.put(b"ask");
    fixture
        .append(vec![
            source("seeds", files(&["a", "b"])),
            prompt("p", set(vec![held("ask")])),
        ])
        .unwrap();
    fixture.append(vec![source("more", files(&["a"]))]).unwrap();
    memory_of(&fixture)
}

fn check(store: &MemoryStore) -> FsckReport {
    let store: Arc<dyn Store> = Arc::new(store.snapshot());
    fsck(&store, Path::new("memory"), None).unwrap()
}

#[test]
fn an_honest_ledger_is_clean() {
    let report = check(&small());
    assert!(report.is_clean(), "{:?}", report.findings);
    assert_eq!((report.entries, report.blobs), (7, 1));
    assert_eq!(report.checkpoint.unwrap().size.get(), 7);
}

#[test]
fn no_flipped_byte_goes_unseen() {
    let mut fixture = Fixture::new();
    fixture.blobs.put(b"ask");
    fixture.append(vec![prompt("p", set(vec![held("ask")]))]).unwrap();
    let honest = memory_of(&fixture);
    let mut flipped = 0;
    for path in honest.paths() {
        // A comment in the settings is anybody's to change; what they say is held against genesis.
        if matches!(path, StorePath::Tmp(_) | StorePath::Settings) {
            continue;
        }
        let bytes = honest.read(&path, u64::MAX).unwrap().unwrap();
        for position in 0..bytes.len() {
            let store = honest.snapshot();
            let mut changed = bytes.clone();
            changed[position] ^= 1;
            store.tamper(&path, Some(changed));
            let report = check(&store);
            assert_eq!(
                report.worst(),
                Some(Severity::Tampered),
                "{path} byte {position}: {:?}",
                report.findings
            );
            flipped += 1;
        }
    }
    assert!(flipped > 3000, "{flipped} bytes");
}

#[test]
fn no_missing_file_goes_unseen() {
    let honest = small();
    for path in honest.paths() {
        if matches!(path, StorePath::Tmp(_)) {
            continue;
        }
        let store = honest.snapshot();
        store.tamper(&path, None);
        let report = check(&store);
        assert!(!report.is_clean(), "{path}");
    }
}

#[test]
fn an_unnamed_blob_is_told_and_a_changed_one_is_false() {
    let store = small();
    let id = BlobId::of(b"nobody's");
    store.tamper(&StorePath::Blob(id), Some(b"nobody's".to_vec()));
    let report = check(&store);
    assert_eq!(report.worst(), Some(Severity::Lag));
    assert_eq!(report.findings[0].code, FsckCode::BlobUnnamed);
    store.tamper(&StorePath::Blob(id), Some(b"somebody's".to_vec()));
    assert_eq!(check(&store).findings[0].code, FsckCode::BlobDiffers);
}

#[test]
fn a_trust_root_names_the_genesis() {
    let mut other = Fixture::new();
    other.append(vec![source("s", files(&["s"]))]).unwrap();
    let mut root = ledger_of(&other).trust_root();
    let store: Arc<dyn Store> = Arc::new(small());
    let same = fsck(&store, Path::new("memory"), Some(&root)).unwrap();
    assert!(
        same.is_clean(),
        "the fixtures share their genesis: {:?}",
        same.findings
    );
    root.genesis = crate::digest::StatementId::from_bytes([8; 32]);
    let differs = fsck(&store, Path::new("memory"), Some(&root)).unwrap();
    assert_eq!(differs.findings[0].code, FsckCode::GenesisDiffers);
}

/// A log key in the wrong hands can commit what admission would refuse; `fsck` finds it all the same.
#[test]
fn what_the_log_key_signed_is_admitted_again() {
    let mut fixture = Fixture::new();
    fixture.append(vec![source("seeds", files(&["a"]))]).unwrap();
    let honest = memory_of(&fixture);
    let lying = |leaves: Vec<Vec<u8>>| {
        let store: Arc<dyn Store> = Arc::new(honest.snapshot());
        crate::ledger::fixture::append_unjudged(&store, &leaves);
        fsck(&store, Path::new("memory"), None).unwrap()
    };
    let seal = |rulings| {
        let staging = crate::ledger::admission::Staging::on(
            &fixture.state,
            &fixture.blobs,
            crate::ledger::admission::Checks::All,
        );
        let honest = staging.seal();
        // Above the one statement that comes first.
        let seal = Seal {
            size: honest.size + 1,
            rulings: honest.rulings + rulings,
            ..honest
        };
        sign(LOG, Some(fixture.id), Predicate::Seal(seal))
    };
    let unsealed = lying(vec![fixture.sign(source("x", files(&["x"])))]);
    assert_eq!(unsealed.findings[0].code, FsckCode::Inadmissible);
    let by_stranger = lying(vec![
        sign(STRANGER, Some(fixture.id), source("x", files(&["x"]))),
        seal(0),
    ]);
    assert_eq!(by_stranger.findings[0].code, FsckCode::Inadmissible);
    let false_seal = lying(vec![fixture.sign(source("x", files(&["x"]))), seal(1)]);
    assert_eq!(false_seal.findings[0].code, FsckCode::Inadmissible);
    let sound = lying(vec![fixture.sign(source("x", files(&["x"]))), seal(0)]);
    assert!(sound.is_clean(), "{:?}", sound.findings);
}

#[test]
fn tiles_and_checkpoint_are_made_again_and_the_false_ones_kept() {
    let honest = small();
    let derived: Vec<StorePath> = honest
        .paths()
        .into_iter()
        .filter(|path| matches!(path, StorePath::Tile(_) | StorePath::Checkpoint))
        .collect();
    assert!(derived.len() > 2);
    for path in derived {
        let bytes = honest.read(&path, u64::MAX).unwrap().unwrap();
        for damage in [None, Some(bytes.iter().map(|byte| byte ^ 1).collect::<Vec<u8>>())] {
            let store = Arc::new(honest.snapshot());
            store.tamper(&path, damage.clone());
            let shared: Arc<dyn Store> = store.clone();
            let repaired = repair(&shared, &key(), Some(signer()), Duration::ZERO).unwrap();
            assert_eq!(repaired.size.get(), 7);
            let report = check(&store);
            assert!(report.is_clean(), "{path}: {:?}", report.findings);
            assert_eq!(
                store.read(&path, u64::MAX).unwrap(),
                Some(bytes.clone()),
                "{path}"
            );
            let kept = store
                .paths()
                .into_iter()
                .filter(|path| matches!(path, StorePath::Tmp(_)));
            let kept = kept.filter_map(|path| store.read(&path, u64::MAX).unwrap());
            if let Some(damage) = damage {
                assert!(
                    kept.into_iter().any(|bytes| bytes == damage),
                    "{path}: the false file is kept"
                );
            }
        }
    }
}

#[test]
fn a_shorter_history_is_never_signed() {
    let store = Arc::new(small());
    store.tamper(&StorePath::Commit(2), None);
    let shared: Arc<dyn Store> = store.clone();
    let refused = repair(&shared, &key(), Some(signer()), Duration::ZERO);
    assert!(
        matches!(&refused, Err(RepairError::CommitsLost { stated, found }) if stated.get() == 7 && found.get() == 5),
        "{refused:?}"
    );
    assert_eq!(check(&store).worst(), Some(Severity::Tampered));
}

#[test]
fn a_missing_checkpoint_needs_the_log_key() {
    let store = Arc::new(small());
    store.tamper(&StorePath::Checkpoint, None);
    let shared: Arc<dyn Store> = store;
    let refused = repair(&shared, &key(), None, Duration::ZERO);
    assert!(matches!(refused, Err(RepairError::NeedsLogKey)));
}

/// A manifest that is gone hides what it contests; that is missing evidence, not a false seal.
#[test]
fn a_missing_manifest_is_missing_and_nothing_else() {
    let mut fixture = Fixture::new();
    let (one, other) = (manifest_of(70), manifest_of(71));
    fixture.blobs.put(&one.bytes);
    let gone = fixture.blobs.put(&other.bytes);
    fixture
        .append(vec![
            source("one", set(vec![of_manifest(&one)])),
            source("other", set(vec![of_manifest(&other)])),
        ])
        .unwrap();
    fixture.append(vec![source("more", files(&["a"]))]).unwrap();
    let store = memory_of(&fixture);
    assert!(check(&store).is_clean());
    store.tamper(&StorePath::Blob(gone), None);
    let report = check(&store);
    let codes: Vec<FsckCode> = report.findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, [FsckCode::BlobMissing], "{:?}", report.findings);
    let shared: Arc<dyn Store> = Arc::new(store);
    let ledger = crate::ledger::Ledger::open_store(shared, Path::new("memory")).unwrap();
    assert_eq!(ledger.state().missing_manifests(), [gone]);
}
