//! The log: appended, read, recovered, attacked.

use std::sync::Arc;

use herdbook::digest::CommitHash;
use herdbook::log::{
    Appender, Commit, CommitHeader, LockedLog, LogError, LogReader, Position, PublishedFault, Tampering,
    check_published, peek_first_entry,
};
use herdbook::merkle::{LeafIndex, Tile, TreeSize, leaf_hash, verify_consistency, verify_inclusion};
use herdbook::store::{FileStore, MemoryStore, Store, StoreError, StorePath};

use crate::log_support::{
    Gate, Herd, NO_WAIT, OWNER, entries, faults, log_key, nonce, reader, root_of, shown, signer,
};

/// A log with commits that end at 2, 3, 258, 259, 600.
fn sample() -> (MemoryStore, Arc<dyn Store>) {
    let memory = MemoryStore::new();
    let store: Arc<dyn Store> = Arc::new(memory.clone());
    let mut herd = Herd::create(&store, 2).unwrap();
    for count in [1, 255, 1, 341] {
        herd.append(count).unwrap();
    }
    drop(herd);
    (memory, store)
}

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
        LockedLog::acquire(Arc::clone(&store), log_key(OWNER), NO_WAIT)
            .unwrap()
            .repair_tiles()
            .unwrap();
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
        LockedLog::acquire(Arc::clone(&store), log_key(OWNER), NO_WAIT)
            .unwrap()
            .repair_tiles()
            .unwrap();
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
    // One beyond a gap.
    let (memory, store) = sample();
    let last = memory.read(&StorePath::Commit(4), 1 << 20).unwrap();
    memory.tamper(&StorePath::Commit(9), last);
    assert!(recover_error(&store).is_tampered());
    assert!(
        faults(&store)
            .iter()
            .any(|fault| fault.contains("commit 5 is missing")),
        "{:?}",
        faults(&store)
    );
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
        memory.tamper(&StorePath::parse(name).unwrap(), None);
    }
    // Stale: determined by a commit, and its place is full.
    let stale = StorePath::parse("log/tile/entries/000.p/2").unwrap();
    let mut bundle = Vec::new();
    for entry in entries(0, 2) {
        herdbook::merkle::tile::push_entry(&mut bundle, &entry).unwrap();
    }
    memory.tamper(&stale, Some(bundle));
    assert_eq!(faults(&store), [format!("{stale} is stale: its place is full")]);
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
