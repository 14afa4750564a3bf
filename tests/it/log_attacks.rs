//! What somebody does to a log who may not, or what a broken disk does: planted slots, changed and missing files.

use std::sync::Arc;

use herdbook::digest::CommitHash;
use herdbook::log::{
    Commit, CommitHeader, LockedLog, LogError, LogReader, PublishedFault, Tampering, check_published,
};
use herdbook::merkle::{LeafIndex, Tile, TreeSize};
use herdbook::store::{FileStore, MemoryStore, Store, StoreError, StorePath};

use crate::log_support::{
    Herd, NO_WAIT, OWNER, entries, faults, log_key, nonce, reader, root_of, sample, shown, signer,
};

/// A header that continues a log as an honest appender would.
fn next_header(store: &Arc<dyn Store>, batch: &[Vec<u8>]) -> CommitHeader {
    let now = reader(store);
    let last = now.commits().last().unwrap().unwrap();
    let mut all = shown(&now);
    all.extend(batch.iter().cloned());
    CommitHeader {
        number: last.header().number + 1,
        previous: last.hash(),
        size_before: now.checkpoint().size,
        size_after: TreeSize::new(all.len() as u64),
        root: root_of(&all),
        nonce: nonce(77),
    }
}

fn recover_error(store: &Arc<dyn Store>) -> LogError {
    Herd::open(store).unwrap_err()
}

/// Repairs the tiles as `fsck --repair` does.
fn repair(store: &Arc<dyn Store>) {
    let locked = LockedLog::acquire(Arc::clone(store), log_key(OWNER), NO_WAIT).unwrap();
    locked.repair_tiles().unwrap();
}

/// What an attacker changes in an honest header.
type Change = fn(&mut CommitHeader);

/// What somebody who cannot or may not append puts into the next slot.
#[test]
fn a_planted_slot_is_never_signed() {
    let batch = entries(600, 603);
    let changes: [(&str, u8, &[u8], Change); 8] = [
        ("by another key", 2, b"", |_| {}),
        ("not admitted", OWNER, b"bad", |_| {}),
        ("another number", OWNER, b"", |header| header.number += 1),
        ("another chain", OWNER, b"", |header| {
            header.previous = CommitHash::of(b"");
        }),
        ("a gap in the tree", OWNER, b"", |header| {
            header.size_before = header.size_before.next_index().plus(1).size_through();
            header.size_after = header.size_after.next_index().plus(1).size_through();
        }),
        ("an overlap in the tree", OWNER, b"", |header| {
            header.size_before = TreeSize::new(header.size_before.get() - 1);
            header.size_after = TreeSize::new(header.size_after.get() - 1);
        }),
        ("another root", OWNER, b"", |header| header.root = root_of(&[])),
        ("the first size again", OWNER, b"", |header| header.number = 0),
    ];
    for (name, by, instead, change) in changes {
        let (memory, store) = sample();
        let mut batch = batch.clone();
        if !instead.is_empty() {
            batch[1] = instead.to_vec();
        }
        let mut header = next_header(&store, &batch);
        change(&mut header);
        let slot = Commit::encode(&header, &batch, &*signer(by)).unwrap();
        memory.tamper(&StorePath::Commit(5), Some(slot));
        let before = memory.read(&StorePath::Checkpoint, 9999).unwrap();
        let tiles = memory.paths().len();
        let error = recover_error(&store);
        assert!(error.is_tampered(), "{name}: {error}");
        assert_eq!(
            memory.read(&StorePath::Checkpoint, 9999).unwrap(),
            before,
            "{name}"
        );
        assert_eq!(memory.paths().len(), tiles, "{name}: nothing was written");
        assert_eq!(
            shown(&reader(&store)),
            entries(0, 600),
            "{name}: readers do not see it"
        );
        let faults = faults(&store);
        assert!(!faults.is_empty(), "{name}");
    }
    // The same slot without any change is what a crash leaves, and is published.
    let (memory, store) = sample();
    let header = next_header(&store, &batch);
    memory.tamper(
        &StorePath::Commit(5),
        Some(Commit::encode(&header, &batch, &*signer(OWNER)).unwrap()),
    );
    let found = check_published(&store, &log_key(OWNER)).unwrap();
    assert!(
        matches!(found[..], [PublishedFault::Unpublished { number: 5 }]),
        "{found:?}"
    );
    assert!(found[0].is_lag());
    assert_eq!(Herd::open(&store).unwrap().appender.size().get(), 603);
    assert_eq!(shown(&reader(&store)), entries(0, 603));
    assert_eq!(faults(&store), Vec::<String>::new());
}

#[test]
fn a_lost_race_is_told_and_stops_the_appender() {
    let (memory, store) = sample();
    let mut herd = Herd::open(&store).unwrap();
    let batch = entries(600, 601);
    let slot = Commit::encode(&next_header(&store, &batch), &batch, &*signer(OWNER)).unwrap();
    memory.tamper(&StorePath::Commit(5), Some(slot));
    let error = herd.append(1).unwrap_err();
    assert!(matches!(error, LogError::LostRace { number: 5 }) && error.is_fenced());
    assert!(matches!(herd.append(1), Err(LogError::Stopped)));
    drop(herd);
    let mut herd = Herd::open(&store).unwrap();
    assert_eq!(herd.append(1).unwrap().checkpoint.size.get(), 602);
    assert_eq!(shown(&reader(&store)), entries(0, 602));
}

#[test]
fn lag_is_repaired_and_differing_bytes_stop_recovery() {
    let (memory, store) = sample();
    let tiles: Vec<StorePath> = memory
        .paths()
        .into_iter()
        .filter(|path| matches!(path, StorePath::Tile(_)))
        .collect();
    for path in &tiles {
        let StorePath::Tile(tile) = path else { continue };
        let good = memory.read(path, 1 << 26).unwrap();
        memory.tamper(path, None);
        assert_eq!(faults(&store), [format!("log/{tile} is missing")]);
        assert!(check_published(&store, &log_key(OWNER)).unwrap()[0].is_lag());
        repair(&store);
        assert_eq!(memory.read(path, 1 << 26).unwrap(), good, "{tile}");

        let mut false_one = good.clone().unwrap();
        *false_one.last_mut().unwrap() ^= 1;
        memory.tamper(path, Some(false_one.clone()));
        assert_eq!(
            faults(&store),
            [format!("log/{tile} has not the bytes that the commits determine")]
        );
        // What recovery builds upon it looks at; the rest is for the check.
        if Tile::partial_of(TreeSize::new(600)).contains(tile) {
            assert!(recover_error(&store).is_tampered(), "{tile}");
        }
        repair(&store);
        assert_eq!(memory.read(path, 1 << 26).unwrap(), good, "{tile}");
        let kept = memory
            .paths()
            .into_iter()
            .find(|path| path.to_string().starts_with("tmp/aside-"))
            .unwrap();
        assert_eq!(
            memory.read(&kept, 1 << 26).unwrap(),
            Some(false_one),
            "the false one is kept"
        );
        memory.tamper(&kept, None);
    }
    assert!(tiles.len() >= 8, "{}", tiles.len());
    // All tiles of the edge gone: recovery derives them again on its own.
    for path in &tiles {
        memory.tamper(path, None);
    }
    drop(Herd::open(&store).unwrap());
    assert_eq!(faults(&store), Vec::<String>::new());
}

#[test]
fn an_older_checkpoint_is_lag_and_a_false_one_is_not() {
    let (memory, store) = sample();
    let old = memory.read(&StorePath::Checkpoint, 9999).unwrap();
    Herd::open(&store).unwrap().append(5).unwrap();
    let new = memory.read(&StorePath::Checkpoint, 9999).unwrap();
    memory.tamper(&StorePath::Checkpoint, old);
    assert_eq!(shown(&reader(&store)).len(), 600);
    assert!(
        check_published(&store, &log_key(OWNER))
            .unwrap()
            .iter()
            .all(PublishedFault::is_lag)
    );
    drop(Herd::open(&store).unwrap());
    assert_eq!(
        memory.read(&StorePath::Checkpoint, 9999).unwrap(),
        new,
        "Ed25519 signs deterministically"
    );
    // A checkpoint of a size that no commit has, or beyond all commits, signed by the log key itself.
    for size in [4, 604, 606] {
        let mut checkpoint = reader(&store).checkpoint().clone();
        checkpoint.size = TreeSize::new(size);
        let note = checkpoint.sign(&log_key(OWNER), &*signer(OWNER)).unwrap();
        memory.tamper(&StorePath::Checkpoint, Some(note));
        assert!(recover_error(&store).is_tampered(), "{size}");
        assert!(
            LogReader::open(Arc::clone(&store), log_key(OWNER))
                .unwrap_err()
                .is_tampered()
        );
        assert!(
            !check_published(&store, &log_key(OWNER))
                .unwrap()
                .iter()
                .all(PublishedFault::is_lag)
        );
        memory.tamper(&StorePath::Checkpoint, new.clone());
    }
    assert_eq!(faults(&store), Vec::<String>::new());
}

#[test]
fn a_missing_slot_is_found_wherever_it_was() {
    for number in 0..5 {
        let (memory, store) = sample();
        memory.tamper(&StorePath::Commit(number), None);
        assert!(!faults(&store).is_empty());
        let opened = LogReader::open(Arc::clone(&store), log_key(OWNER));
        let walked = opened.and_then(|reader| reader.entries_descending().collect::<Result<Vec<_>, _>>());
        assert!(walked.unwrap_err().is_tampered(), "commit {number}");
    }
    // One beyond a gap is for the check: an appender that gets there finds it in its way.
    let (memory, store) = sample();
    let last = memory.read(&StorePath::Commit(4), 1 << 20).unwrap();
    memory.tamper(&StorePath::Commit(9), last);
    assert!(
        faults(&store)
            .iter()
            .any(|fault| fault.contains("commit/00000000000000000005 is missing")),
        "{:?}",
        faults(&store)
    );
}

#[test]
fn every_flipped_byte_of_slots_and_tiles_is_found() {
    let memory = MemoryStore::new();
    let store: Arc<dyn Store> = Arc::new(memory.clone());
    let mut herd = Herd::create(&store, 2).unwrap();
    herd.append(3).unwrap();
    drop(herd);
    let paths = memory
        .paths()
        .into_iter()
        .filter(|path| !matches!(path, StorePath::Tmp(_)));
    let mut flipped = 0;
    for path in paths {
        let good = memory.read(&path, 1 << 20).unwrap().unwrap();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1 << (at % 8);
            memory.tamper(&path, Some(bad));
            let found = check_published(&store, &log_key(OWNER)).unwrap();
            assert!(
                found.iter().any(|fault| !fault.is_lag()),
                "{path} byte {at}: {found:?}"
            );
            flipped += 1;
        }
        for cut in [
            vec![],
            good[..good.len() - 1].to_vec(),
            [good.as_slice(), b"\0"].concat(),
        ] {
            memory.tamper(&path, Some(cut));
            let found = check_published(&store, &log_key(OWNER)).unwrap();
            assert!(found.iter().any(|fault| !fault.is_lag()), "{path}: {found:?}");
        }
        memory.tamper(&path, Some(good));
    }
    assert!(flipped > 800, "{flipped}");
    assert_eq!(faults(&store), Vec::<String>::new());
}

#[test]
fn what_no_commit_determines_is_found() {
    let (memory, store) = sample();
    for name in [
        "log/tile/0/000.p/9",
        "log/tile/0/005",
        "log/tile/entries/002.p/3",
        "log/tile/3/000.p/1",
    ] {
        memory.tamper(&StorePath::parse(name).unwrap(), Some(vec![0; 32]));
        assert_eq!(
            faults(&store),
            [format!("{name} is not determined by any commit")]
        );
        repair(&store);
        assert_eq!(
            memory.read(&StorePath::parse(name).unwrap(), 99).unwrap(),
            None,
            "it is moved away"
        );
        assert_eq!(faults(&store), Vec::<String>::new());
    }
    // Stale: determined by a commit, and its place is full.
    let stale = StorePath::parse("log/tile/entries/000.p/2").unwrap();
    let mut bundle = Vec::new();
    for entry in entries(0, 2) {
        herdbook::merkle::tile::push_entry(&mut bundle, &entry).unwrap();
    }
    memory.tamper(&stale, Some(bundle));
    assert_eq!(faults(&store), [format!("{stale} is stale: its place is full")]);
    repair(&store);
    assert_eq!(faults(&store), Vec::<String>::new());
}

/// The log key's owner lies in a slot; whoever walks finds out.
#[test]
fn leaves_that_are_not_those_of_the_tree_are_found_by_both_walks() {
    let (memory, store) = sample();
    let commit = reader(&store).commit(2).unwrap();
    let mut batch: Vec<Vec<u8>> = commit.entries().map(|(_, entry)| entry.to_vec()).collect();
    batch[7] = b"another".to_vec();
    memory.tamper(
        &StorePath::Commit(2),
        Some(Commit::encode(commit.header(), &batch, &*signer(OWNER)).unwrap()),
    );
    let now = reader(&store);
    let forward = now.commits().find_map(Result::err).unwrap();
    assert!(
        matches!(forward, LogError::Tampered(Tampering::Root { number: 2, .. })),
        "{forward}"
    );
    let backward = now.commits_descending().find_map(Result::err).unwrap();
    assert!(
        matches!(backward, LogError::Tampered(Tampering::Chain { number: 2, .. })),
        "{backward}"
    );
    assert!(matches!(
        now.prove_inclusion(LeafIndex::new(10)),
        Err(LogError::Tampered(_))
    ));
}

/// The same lie, with every later slot chained to it anew: only the root tells.
#[test]
fn a_chain_forged_by_the_key_holder_does_not_have_the_root_of_the_checkpoint() {
    let (memory, store) = sample();
    let commits: Vec<Commit> = reader(&store).commits().map(Result::unwrap).collect();
    let mut previous = commits[1].hash();
    for commit in &commits[2..] {
        let mut header = commit.header().clone();
        header.previous = previous;
        let mut batch: Vec<Vec<u8>> = commit.entries().map(|(_, entry)| entry.to_vec()).collect();
        if header.number == 2 {
            batch[7] = b"another".to_vec();
        }
        let slot = Commit::encode(&header, &batch, &*signer(OWNER)).unwrap();
        previous = CommitHash::of(&slot);
        memory.tamper(&StorePath::Commit(header.number), Some(slot));
    }
    let now = reader(&store);
    let forward = now.commits().find_map(Result::err).unwrap();
    assert!(
        matches!(forward, LogError::Tampered(Tampering::Root { number: 2, .. })),
        "{forward}"
    );
    let backward: Vec<_> = now.commits_descending().collect();
    assert_eq!(backward.len(), 5, "the lie shows at the very end");
    let last = backward.into_iter().find_map(Result::err).unwrap();
    assert!(
        matches!(last, LogError::Tampered(Tampering::Root { number: 4, .. })),
        "{last}"
    );
    assert!(now.entries_descending().any(|entry| entry.is_err()));
    let faults = faults(&store);
    assert!(
        faults
            .iter()
            .any(|fault| fault.starts_with("the leaves up to commit 2 have root")),
        "{faults:?}"
    );
}

#[test]
fn a_head_that_follows_another_commit_is_found() {
    let (memory, store) = sample();
    let head = reader(&store).commit(4).unwrap();
    let mut header = head.header().clone();
    header.previous = CommitHash::of(b"another");
    let batch: Vec<Vec<u8>> = head.entries().map(|(_, entry)| entry.to_vec()).collect();
    memory.tamper(
        &StorePath::Commit(4),
        Some(Commit::encode(&header, &batch, &*signer(OWNER)).unwrap()),
    );
    let faults = faults(&store);
    assert!(faults[0].starts_with("commit 4 follows"), "{faults:?}");
    let now = reader(&store);
    for error in [
        now.commits().find_map(Result::err),
        now.commits_descending().find_map(Result::err),
    ] {
        assert!(
            matches!(error, Some(LogError::Tampered(Tampering::Chain { .. }))),
            "{error:?}"
        );
    }
}

#[test]
fn what_stands_in_the_way_on_disk_is_tampering_not_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Arc::new(FileStore::open(folder.path()).unwrap());
    drop(Herd::create(&store, 2).unwrap());
    let slot = folder.path().join("commit/00000000000000000001");
    std::os::unix::fs::symlink("/etc/hostname", &slot).unwrap();
    assert!(recover_error(&store).is_tampered());
    assert!(
        faults(&store)[0].contains("symbolic link"),
        "{:?}",
        faults(&store)
    );
    std::fs::remove_file(&slot).unwrap();
    std::fs::create_dir(&slot).unwrap();
    assert!(recover_error(&store).is_tampered());
    std::fs::remove_dir(&slot).unwrap();
    std::fs::write(folder.path().join("log/index.html"), b"").unwrap();
    assert_eq!(faults(&store), ["log/index.html is a file with an unknown name"]);
    let missing = FileStore::open(&folder.path().join("none"))
        .map_err(LogError::from)
        .unwrap_err();
    assert!(missing.is_no_ledger());
    assert!(matches!(
        LogError::from(StoreError::Poisoned { path: String::new() }),
        LogError::Store(_)
    ));
}
