//! The log: appended, read and recovered as it is meant to be.

use std::sync::Arc;

use herdbook::log::{Appender, Commit, LockedLog, LogError, LogReader, Position, peek_first_entry};
use herdbook::merkle::{LeafIndex, TreeSize, leaf_hash, verify_consistency, verify_inclusion};
use herdbook::store::{FileStore, MemoryStore, Store, StorePath};

use crate::log_support::{
    Gate, Herd, NO_WAIT, OWNER, entries, faults, log_key, nonce, reader, root_of, sample, shown, signer,
};

#[test]
fn what_is_appended_is_read_back_on_disk_too() {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(FileStore::open(folder.path()).unwrap());
    let mut herd = Herd::create(&store, 2).unwrap();
    let appended = herd.append(300).unwrap();
    assert_eq!(
        (
            appended.first.get(),
            appended.checkpoint.size.get(),
            appended.commit
        ),
        (2, 302, 1)
    );
    assert_eq!(appended.checkpoint.root, root_of(&entries(0, 302)));
    drop(herd);
    let mut herd = Herd::open(&store).unwrap();
    assert_eq!(herd.append(1).unwrap().first.get(), 302);
    assert_eq!(shown(&reader(&store)), entries(0, 303));
    assert_eq!(faults(&store), Vec::<String>::new());
    assert_eq!(peek_first_entry(&*store).unwrap(), entries(0, 1)[0]);
    // Only what the layout names: no temporary file stays, and stale partial tiles went with their folder.
    let mut names: Vec<String> = Vec::new();
    let mut open = vec![folder.path().to_owned()];
    while let Some(path) = open.pop() {
        for entry in std::fs::read_dir(path).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                names.push(path.strip_prefix(folder.path()).unwrap().display().to_string());
            }
        }
    }
    names.sort();
    let expected = [
        "commit/00000000000000000000",
        "commit/00000000000000000001",
        "commit/00000000000000000002",
        "log/checkpoint",
        "log/tile/0/000",
        "log/tile/0/001.p/46",
        "log/tile/0/001.p/47",
        "log/tile/1/000.p/1",
        "log/tile/entries/000",
        "log/tile/entries/001.p/46",
        "log/tile/entries/001.p/47",
        "tmp/head",
        "tmp/lock",
    ];
    assert_eq!(names, expected);
}

#[test]
fn every_entry_has_a_proof_and_every_size_extends_the_ones_before() {
    let (_, store) = sample();
    let now = reader(&store);
    let all = shown(&now);
    let root = now.checkpoint().root;
    for (index, entry) in (0..).map(LeafIndex::new).zip(&all) {
        assert_eq!(now.entry(index).unwrap(), *entry);
        if index.get() % 17 == 0 {
            let (proved, proof) = now.prove_inclusion(index).unwrap();
            assert_eq!(proved, *entry);
            verify_inclusion(leaf_hash(entry), index, now.checkpoint().size, root, &proof).unwrap();
        }
    }
    for size in [2, 3, 258, 259, 600].map(TreeSize::new) {
        let then = now.as_of(size).unwrap();
        assert_eq!(shown(&then), all[..usize::try_from(size.get()).unwrap()]);
        let proof = now.prove_consistency(size).unwrap();
        let (old, new) = (then.checkpoint(), now.checkpoint());
        verify_consistency((old.size, old.root), (new.size, new.root), &proof).unwrap();
        assert!(
            then.prove_inclusion(LeafIndex::new(1)).is_ok(),
            "full tiles serve where partial ones are gone"
        );
    }
    assert!(
        matches!(now.as_of(TreeSize::new(4)), Err(LogError::NotABoundary { below, .. }) if below.get() == 3)
    );
    assert!(
        matches!(now.as_of(TreeSize::new(1)), Err(LogError::NotABoundary { below, .. }) if below.get() == 0)
    );
    assert!(matches!(
        now.as_of(TreeSize::new(601)),
        Err(LogError::OutsideLog { .. })
    ));
    assert!(matches!(
        now.entry(LeafIndex::new(600)),
        Err(LogError::OutsideLog { .. })
    ));
    assert!(
        now.as_of(TreeSize::new(3))
            .unwrap()
            .entry(LeafIndex::new(3))
            .is_err()
    );
}

#[test]
fn a_walk_goes_on_where_an_earlier_one_stopped() {
    let (_, store) = sample();
    let then = reader(&store).as_of(TreeSize::new(258)).unwrap();
    let mut walk = then.commits();
    assert_eq!(walk.by_ref().map(Result::unwrap).count(), 3);
    let position = walk.position().clone();
    assert_eq!(
        (position.size().get(), position.root()),
        (258, root_of(&entries(0, 258)))
    );
    let now = reader(&store);
    let tail: Vec<Commit> = now.commits_from(position).map(Result::unwrap).collect();
    let first: Vec<u64> = tail
        .iter()
        .map(|commit| commit.header().size_before.get())
        .collect();
    assert_eq!(first, [258, 259]);
    assert_eq!(now.commits_from(Position::start()).count(), 5);
}

#[test]
fn one_appender_at_a_time_and_readers_need_no_lock() {
    let (_, store) = sample();
    let herd = Herd::open(&store).unwrap();
    let error = Herd::open(&store).unwrap_err();
    assert!(error.is_fenced() && error.locked_after().is_some(), "{error}");
    assert_eq!(shown(&reader(&store)).len(), 600);
    drop(herd);
    assert!(Herd::open(&store).is_ok());
}

#[test]
fn a_ledger_is_made_once_and_there_must_be_one() {
    let (memory, store) = sample();
    assert!(matches!(Herd::create(&store, 1), Err(LogError::AlreadyALedger)));
    memory.tamper(&StorePath::Checkpoint, None);
    assert!(matches!(Herd::create(&store, 1), Err(LogError::AlreadyALedger)));
    let empty: Arc<dyn Store> = Arc::new(MemoryStore::new());
    assert!(Herd::open(&empty).unwrap_err().is_no_ledger());
    assert!(
        LogReader::open(Arc::clone(&empty), log_key(OWNER))
            .unwrap_err()
            .is_no_ledger()
    );
    assert!(peek_first_entry(&*empty).unwrap_err().is_no_ledger());
}

#[test]
fn another_key_is_told_from_a_tampered_ledger() {
    let (_, store) = sample();
    let locked = LockedLog::acquire(Arc::clone(&store), log_key(OWNER), NO_WAIT).unwrap();
    let error = locked.recover(signer(2), &mut Gate::default()).unwrap_err();
    assert!(error.is_key_unusable() && !error.is_tampered(), "{error}");
    assert!(LogReader::open(store, log_key(2)).unwrap_err().is_tampered());
}

#[test]
fn batches_that_do_not_fit_are_refused_before_anything_is_written() {
    let (memory, store) = sample();
    let mut herd = Herd::open(&store).unwrap();
    let before = memory.paths();
    let mut append = |entries: &[Vec<u8>]| herd.appender.append(entries, nonce(9), &mut herd.gate);
    for batch in [
        vec![],
        vec![vec![]],
        vec![vec![0; 65_536]],
        vec![vec![1; 65_535]; 257],
    ] {
        let error = append(&batch).unwrap_err();
        assert!(matches!(error, LogError::Batch(_)), "{error}");
    }
    let error = append(&[b"fine".to_vec(), b"bad".to_vec()]).unwrap_err();
    assert!(
        matches!(&error, LogError::Refused(refused) if refused.index.get() == 601),
        "{error}"
    );
    assert_eq!(memory.paths(), before);
    // None of these stops the appender.
    let largest = vec![vec![1; 65_535]; 256];
    let bytes: usize = largest.iter().map(|entry| entry.len() + 2).sum();
    assert!(
        bytes > 16 * 1024 * 1024,
        "256 of the longest entries are just too many: {bytes}"
    );
    assert_eq!(append(&largest[..255]).unwrap().checkpoint.size.get(), 855);
}

#[test]
fn opening_in_one_call_is_the_same() {
    let (_, store) = sample();
    let mut gate = Gate::at(Some(&reader(&store)));
    let mut log = Appender::open(
        Arc::clone(&store),
        log_key(OWNER),
        signer(OWNER),
        NO_WAIT,
        &mut gate,
    )
    .unwrap();
    let appended = log.append(&entries(600, 602), nonce(1), &mut gate).unwrap();
    assert_eq!(appended.checkpoint, *log.reader().unwrap().checkpoint());
}

#[test]
fn the_hint_is_never_trusted() {
    let (memory, store) = sample();
    let hint = StorePath::tmp("head").unwrap();
    assert_eq!(memory.read(&hint, 20).unwrap().as_deref(), Some(b"4".as_slice()));
    for lie in [
        "",
        "0",
        "1",
        "99",
        "18446744073709551615",
        "99999999999999999999",
        "x",
        "-1",
    ] {
        memory.tamper(&hint, Some(lie.into()));
        assert_eq!(shown(&reader(&store)).len(), 600, "{lie}");
        let herd = Herd::open(&store).unwrap();
        assert_eq!(herd.appender.size().get(), 600, "{lie}");
    }
}

#[test]
fn temporary_files_of_the_dead_are_removed_by_the_next_appender() {
    let (memory, store) = sample();
    let left = StorePath::tmp("new-1-2").unwrap();
    memory.tamper(&left, Some(b"half".to_vec()));
    drop(Herd::open(&store).unwrap());
    assert_eq!(memory.read(&left, 9).unwrap(), None);
}
