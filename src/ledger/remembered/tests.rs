//! What is remembered goes forward only, and another log is told.

use std::sync::Arc;

use super::*;
use crate::ledger::admission::fixture::*;
use crate::ledger::fixture::key;
use crate::ledger::fixture::memory_of;
use crate::ledger::fixture::signer;
use crate::store::MemoryStore;
use crate::store::Store;

/// A log of several commits, each of one source called after `side` and its seal.
fn log(side: &str, commits: usize) -> LogReader {
    let mut fixture = Fixture::new();
    for number in 0..commits {
        let name = format!("{side}-{number}");
        fixture.append(vec![source(&name, files(&[&name]))]).unwrap();
    }
    let store: Arc<dyn Store> = Arc::new(memory_of(&fixture));
    LogReader::open(store, key()).unwrap()
}

fn note(reader: &LogReader) -> Vec<u8> {
    reader.checkpoint().sign(&key(), &*signer()).unwrap()
}

fn place(folder: &tempfile::TempDir) -> Remembered {
    Remembered::of(folder.path(), key().origin())
}

fn keep(place: &Remembered, reader: &LogReader) -> Result<(), RememberedError> {
    place.keep(&note(reader), reader)
}

#[test]
fn the_largest_is_kept_and_nothing_else_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let place = place(&folder);
    assert_eq!(place.note().unwrap(), None);
    let (short, long) = (log("a", 1), log("a", 3));
    for reader in [&short, &long, &short] {
        keep(&place, reader).unwrap();
    }
    assert_eq!(place.note().unwrap(), Some(note(&long)), "it never goes back");
    place.hold(&note(&short), &long).unwrap();
    let names: Vec<_> = fs::read_dir(place.path().parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(names.len(), 2, "the note and its lock: {names:?}");
}

#[test]
fn a_shorter_or_another_log_is_told_with_both_roots_and_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let place = place(&folder);
    let (short, long, other, longer) = (log("a", 1), log("a", 2), log("b", 2), log("b", 3));
    keep(&place, &long).unwrap();
    let known = place.note().unwrap().unwrap();
    for (reader, forked) in [(&short, false), (&other, true), (&longer, true)] {
        let error = place.hold(&known, reader).unwrap_err();
        assert!(error.is_tampered());
        assert_eq!(matches!(error, RememberedError::Forked(_)), forked, "{error:?}");
        let told = error.to_string();
        for checkpoint in [long.checkpoint(), reader.checkpoint()] {
            assert!(told.contains(&format!("{} ", checkpoint.size)), "{told}");
            assert!(told.contains(&root_text(&checkpoint.root)), "{told}");
        }
        assert!(told.contains(&place.path().display().to_string()), "{told}");
        if forked {
            keep(&place, reader).unwrap_err();
        }
        assert_eq!(
            place.note().unwrap().as_ref(),
            Some(&known),
            "nothing false is kept"
        );
    }
}

#[test]
fn what_is_no_checkpoint_of_the_log_is_neither_used_nor_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let place = place(&folder);
    let reader = log("a", 1);
    fs::create_dir_all(place.path().parent().unwrap()).unwrap();
    for bad in [
        Vec::new(),
        vec![b'x'; MAX_CHECKPOINT_BYTES + 9],
        note(&reader)[1..].to_vec(),
    ] {
        fs::write(place.path(), &bad).unwrap();
        let known = place.note().unwrap().unwrap();
        assert!(matches!(
            place.hold(&known, &reader),
            Err(RememberedError::Invalid { .. })
        ));
        assert!(matches!(
            keep(&place, &reader),
            Err(RememberedError::Invalid { .. })
        ));
        assert_eq!(fs::read(place.path()).unwrap(), bad);
    }
}

#[test]
fn many_at_once_keep_the_largest() {
    let folder = tempfile::tempdir().unwrap();
    let place = place(&folder);
    let readers: Vec<LogReader> = (1..9).map(|commits| log("a", commits)).collect();
    for _ in 0..5 {
        std::thread::scope(|scope| {
            for reader in readers.iter().rev() {
                let place = &place;
                scope.spawn(move || keep(place, reader).unwrap());
            }
        });
        assert_eq!(place.note().unwrap(), Some(note(&readers[7])));
        fs::remove_file(place.path()).unwrap();
    }
}

#[test]
fn without_a_log_only_what_was_held_against_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let place = place(&folder);
    let (one, two, three) = (note(&log("a", 1)), note(&log("a", 2)), note(&log("a", 3)));
    place.keep_after(&one, &key(), None).unwrap();
    // Another process was faster: what it remembered was not held against this.
    place.keep_after(&two, &key(), None).unwrap();
    assert_eq!(place.note().unwrap().as_ref(), Some(&one));
    place.keep_after(&three, &key(), Some(&one)).unwrap();
    place.keep_after(&two, &key(), Some(&three)).unwrap();
    assert_eq!(place.note().unwrap(), Some(three.clone()));
    let fork = note(&log("b", 3));
    let parted = place.hold_alone(&fork, &three, &key()).unwrap_err();
    assert!(matches!(parted, RememberedError::Forked(_)));
    place.hold_alone(&one, &three, &key()).unwrap();
}

/// Tiles only make it faster: without them the commits say the same, and false ones are told.
#[test]
fn missing_tiles_cost_time_and_false_ones_are_told() {
    let mut fixture = Fixture::new();
    for name in ["a", "b", "c"] {
        fixture.append(vec![source(name, files(&[name]))]).unwrap();
    }
    let memory: MemoryStore = memory_of(&fixture);
    let store: Arc<dyn Store> = Arc::new(memory.clone());
    let reader = LogReader::open(store, key()).unwrap();
    let sizes = || (0..=reader.checkpoint().size.get()).map(crate::merkle::TreeSize::new);
    let roots: Vec<NodeHash> = sizes().map(|size| reader.root_at(size).unwrap()).collect();
    let tiles = memory.paths().into_iter();
    // The one that the checkpoint needs; those of smaller sizes stay until the place is full.
    let needed = format!("log/tile/0/000.p/{}", reader.checkpoint().size);
    for tile in tiles.filter(|path| path.to_string() == needed) {
        let good = memory.read(&tile, 1 << 20).unwrap();
        let mut bad = good.clone().unwrap();
        bad[0] ^= 1;
        memory.tamper(&tile, Some(bad));
        assert!(sizes().any(|size| reader.root_at(size).is_err()));
        memory.tamper(&tile, None);
        let again: Vec<NodeHash> = sizes().map(|size| reader.root_at(size).unwrap()).collect();
        assert_eq!(again, roots);
        memory.tamper(&tile, good);
    }
    let beyond = reader.checkpoint().size.next_index().plus(1).size_through();
    assert!(matches!(reader.root_at(beyond), Err(LogError::OutsideLog { .. })));
}
