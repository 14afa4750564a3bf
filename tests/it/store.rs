//! Every backend of the store passes one suite; then what only a folder can get wrong.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use herdbook::digest::BlobId;
use herdbook::merkle::Tile;
use herdbook::store::faulty::{Fault, FaultyStore};
use herdbook::store::{
    Creation, FileStore, Folder, MemoryStore, Store, StoreError, StorePath, StrangerKind, check_blobs,
    get_blob, put_blob,
};

const NO_WAIT: Duration = Duration::ZERO;

/// Puts something in the way inside a ledger's folder.
type Prepare<'a> = &'a dyn Fn(&Path);

fn path(text: &str) -> StorePath {
    StorePath::parse(text).unwrap()
}

/// Runs a case on every backend.
fn on_every_backend(case: impl Fn(&dyn Store)) {
    let folder = tempfile::tempdir().unwrap();
    case(&FileStore::open(folder.path()).unwrap());
    case(&MemoryStore::new());
    case(&FaultyStore::new(Arc::new(MemoryStore::new())));
}

#[test]
fn a_file_is_created_once_and_never_changes() {
    on_every_backend(|store| {
        for name in [
            "commit/00000000000000000007",
            "log/tile/0/x001/067.p/8",
            "herdbook.toml",
        ] {
            let path = path(name);
            assert_eq!(store.read(&path, 10).unwrap(), None);
            assert_eq!(store.create(&path, b"first").unwrap(), Creation::Created);
            assert_eq!(store.create(&path, b"second").unwrap(), Creation::Exists);
            assert_eq!(
                store.read(&path, 5).unwrap().as_deref(),
                Some(b"first".as_slice())
            );
            assert_eq!(
                store.read_head(&path, 2).unwrap().as_deref(),
                Some(b"fi".as_slice())
            );
            assert_eq!(
                store.read_head(&path, 0).unwrap().as_deref(),
                Some(b"".as_slice())
            );
            assert!(matches!(
                store.read(&path, 4),
                Err(StoreError::TooLarge { limit: 4, .. })
            ));
            store.persist(&path).unwrap();
        }
        store.persist(&path("commit/00000000000000000009")).unwrap();
        assert_eq!(
            store.list(&Folder::Tmp).unwrap().files,
            [],
            "temporary files are gone"
        );
    });
}

/// A file larger than any buffer comes whole, in order, and not beyond the limit.
#[test]
fn parts_of_a_file_are_the_file() {
    on_every_backend(|store| {
        let bytes: Vec<u8> = (0..300_000_u32).map(|number| number.to_le_bytes()[0]).collect();
        let file = path("log/tile/0/000");
        let parts = |limit| {
            let mut all = Vec::new();
            let found = store.read_parts(&file, limit, &mut |part| all.extend_from_slice(part));
            found.map(|found| found.then_some(all))
        };
        assert_eq!(parts(10).unwrap(), None);
        assert_eq!(store.create(&file, &bytes).unwrap(), Creation::Created);
        assert_eq!(parts(300_000).unwrap(), Some(bytes.clone()));
        assert!(matches!(
            parts(299_999),
            Err(StoreError::TooLarge { limit: 299_999, .. })
        ));
    });
}

#[test]
fn many_files_at_once_are_created_as_each_one_is() {
    on_every_backend(|store| {
        let file = |name: &str, bytes: &[u8]| (path(name), bytes.to_vec());
        assert_eq!(
            store.create(&path("log/tile/0/001"), b"first").unwrap(),
            Creation::Created
        );
        let files: Vec<_> = (0..40)
            .map(|n| file(&format!("log/tile/0/{n:03}"), format!("{n}").as_bytes()))
            .collect();
        let created = store.create_all(&files).unwrap();
        for (at, (path, bytes)) in files.iter().enumerate() {
            let (creation, found) = if at == 1 {
                (Creation::Exists, b"first".as_slice())
            } else {
                (Creation::Created, bytes.as_slice())
            };
            assert_eq!(created[at], creation);
            assert_eq!(store.read(path, 10).unwrap().as_deref(), Some(found));
        }
        assert_eq!(store.create_all(&[]).unwrap(), []);
        let mixed = [file("log/tile/0/100", b"x"), file("log/checkpoint", b"x")];
        assert!(matches!(
            store.create_all(&mixed),
            Err(StoreError::NotAllowed { .. })
        ));
        assert_eq!(
            store.list(&Folder::Tmp).unwrap().files,
            [],
            "temporary files are gone"
        );
    });
}

#[test]
fn only_the_checkpoint_and_the_settings_are_replaced() {
    on_every_backend(|store| {
        for name in ["log/checkpoint", "herdbook.toml"] {
            store.replace(&path(name), b"first").unwrap();
            store.replace(&path(name), b"second").unwrap();
            assert_eq!(
                store.read(&path(name), 10).unwrap().as_deref(),
                Some(b"second".as_slice())
            );
        }
        let blob = StorePath::Blob(BlobId::of(b"x"));
        for fixed in [
            path("commit/00000000000000000000"),
            path("log/tile/0/000"),
            path("log/tile/0/000.p/1"),
            blob,
        ] {
            assert!(
                matches!(store.replace(&fixed, b"x"), Err(StoreError::NotAllowed { .. })),
                "{fixed}"
            );
            assert!(
                matches!(store.write_hint(&fixed, b"x"), Err(StoreError::NotAllowed { .. })),
                "{fixed}"
            );
        }
        for fixed in ["log/checkpoint", "tmp/x"] {
            assert!(
                matches!(
                    store.create(&path(fixed), b"x"),
                    Err(StoreError::NotAllowed { .. })
                ),
                "{fixed}"
            );
        }
        for fixed in [
            "commit/00000000000000000000",
            "log/tile/0/000",
            "log/checkpoint",
            "herdbook.toml",
        ] {
            assert!(
                matches!(store.remove(&path(fixed)), Err(StoreError::NotAllowed { .. })),
                "{fixed}"
            );
        }
    });
}

#[test]
fn listings_are_sorted_and_partial_tiles_can_go() {
    on_every_backend(|store| {
        let tiles = [
            "log/tile/entries/000.p/2",
            "log/tile/0/000.p/2",
            "log/tile/0/000.p/9",
            "log/tile/0/001.p/9",
        ];
        for name in tiles {
            assert_eq!(store.create(&path(name), b"x").unwrap(), Creation::Created);
        }
        store.replace(&path("log/checkpoint"), b"x").unwrap();
        store.write_hint(&path("tmp/head"), b"7").unwrap();
        let mut expected: Vec<StorePath> = tiles.iter().map(|name| path(name)).collect();
        expected.push(path("log/checkpoint"));
        expected.sort();
        let listing = store.list(&Folder::Log).unwrap();
        assert_eq!((listing.files, listing.strangers), (expected, vec![]));
        let place = Tile::parse("tile/0/000").unwrap();
        let partial = store.list(&Folder::PartialTiles(place)).unwrap().files;
        assert_eq!(partial, [path("log/tile/0/000.p/2"), path("log/tile/0/000.p/9")]);
        for path in &partial {
            store.remove(path).unwrap();
            store.remove(path).unwrap();
        }
        assert_eq!(store.list(&Folder::PartialTiles(place)).unwrap().files, []);
        assert_eq!(store.list(&Folder::Tmp).unwrap().files.len(), 1);
        assert_eq!(store.list(&Folder::Commit).unwrap().files, []);
    });
}

#[test]
fn a_false_file_is_kept_when_it_is_set_aside() {
    on_every_backend(|store| {
        let tile = path("log/tile/0/000.p/1");
        for content in [b"one", b"two"] {
            assert_eq!(store.create(&tile, content).unwrap(), Creation::Created);
            let aside = store.set_aside(&tile).unwrap();
            assert_eq!(
                store.read(&aside, 9).unwrap().as_deref(),
                Some(content.as_slice())
            );
            assert_eq!(store.read(&tile, 9).unwrap(), None);
        }
        assert_eq!(store.list(&Folder::Tmp).unwrap().files.len(), 2);
        assert!(store.set_aside(&tile).is_err());
        assert!(matches!(
            store.set_aside(&path("herdbook.toml")),
            Err(StoreError::NotAllowed { .. })
        ));
    });
}

#[test]
fn one_holder_of_the_lock_at_a_time() {
    on_every_backend(|store| {
        let held = store.lock(NO_WAIT).unwrap();
        assert!(matches!(store.lock(NO_WAIT), Err(StoreError::Locked { .. })));
        let waited = store.lock(Duration::from_millis(50)).unwrap_err();
        assert!(matches!(waited, StoreError::Locked { waited } if waited >= Duration::from_millis(50)));
        drop(held);
        drop(store.lock(NO_WAIT).unwrap());
    });
}

#[test]
fn blobs_are_checked_when_read() {
    on_every_backend(|store| {
        let id = put_blob(store, b"prompt").unwrap();
        assert_eq!(id, BlobId::of(b"prompt"));
        assert_eq!(put_blob(store, b"prompt").unwrap(), id);
        assert_eq!(
            get_blob(store, id).unwrap().as_deref(),
            Some(b"prompt".as_slice())
        );
        let other = BlobId::of(b"other");
        assert_eq!(get_blob(store, other).unwrap(), None);
        assert_eq!(
            store.create(&StorePath::Blob(other), b"false").unwrap(),
            Creation::Created
        );
        assert!(matches!(
            get_blob(store, other),
            Err(StoreError::BlobDiffers { .. })
        ));
        assert!(matches!(
            put_blob(store, b"other"),
            Err(StoreError::BlobDiffers { .. })
        ));
    });
}

#[test]
fn processes_wait_for_the_lock_and_then_get_it() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (
        FileStore::open(folder.path()).unwrap(),
        FileStore::open(folder.path()).unwrap(),
    );
    let held = one.lock(NO_WAIT).unwrap();
    let waiting = std::thread::spawn(move || two.lock(Duration::from_mins(1)).map(drop));
    drop(held);
    assert!(waiting.join().unwrap().is_ok());
}

#[test]
fn of_many_racing_writers_one_wins_and_its_bytes_stay() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..20 {
        let slot = StorePath::Commit(round);
        let start = std::sync::Barrier::new(4);
        let won: Vec<u8> = std::thread::scope(|scope| {
            let race = |writer: u8| {
                let store = FileStore::open(folder.path()).unwrap();
                start.wait();
                store.create(&slot, &vec![writer; 5000]).unwrap() == Creation::Created
            };
            let threads: Vec<_> = (0..4)
                .map(|writer| scope.spawn(move || (writer, race(writer))))
                .collect();
            let ends = threads.into_iter().map(|thread| thread.join().unwrap());
            ends.filter_map(|(writer, won)| won.then_some(writer)).collect()
        });
        assert_eq!(won.len(), 1, "round {round}");
        let found = FileStore::open(folder.path())
            .unwrap()
            .read(&slot, 5000)
            .unwrap()
            .unwrap();
        assert_eq!(found, vec![won[0]; 5000], "round {round}");
    }
}

#[test]
fn links_and_folders_inside_a_ledger_are_refused() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("checkpoint"), b"false").unwrap();
    let cases: [(&str, Prepare<'_>); 4] = [
        ("log", &|ledger| {
            symlink(outside.path(), ledger.join("log")).unwrap();
        }),
        ("log/checkpoint", &|ledger| {
            fs::create_dir(ledger.join("log")).unwrap();
            symlink(outside.path().join("checkpoint"), ledger.join("log/checkpoint")).unwrap();
        }),
        ("log/checkpoint as a folder", &|ledger| {
            fs::create_dir_all(ledger.join("log/checkpoint")).unwrap();
        }),
        ("log as a file", &|ledger| {
            fs::write(ledger.join("log"), b"").unwrap();
        }),
    ];
    for (name, prepare) in cases {
        let folder = tempfile::tempdir().unwrap();
        let ledger = folder.path();
        prepare(ledger);
        let store = FileStore::open(ledger).unwrap();
        let refused = |error: StoreError| {
            assert!(
                matches!(
                    error,
                    StoreError::SymbolicLink { .. } | StoreError::WrongKind { .. }
                ),
                "{name}: {error}"
            );
        };
        refused(store.read(&StorePath::Checkpoint, 100).unwrap_err());
        refused(store.replace(&StorePath::Checkpoint, b"x").unwrap_err());
        if !name.starts_with("log/") {
            refused(store.list(&Folder::Log).unwrap_err());
            refused(store.create(&path("log/tile/0/000"), b"x").unwrap_err());
        }
    }
    assert_eq!(fs::read(outside.path().join("checkpoint")).unwrap(), b"false");
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
}

#[test]
fn the_folder_for_temporary_files_is_no_way_out_either() {
    let outside = tempfile::tempdir().unwrap();
    let folder = tempfile::tempdir().unwrap();
    symlink(outside.path(), folder.path().join("tmp")).unwrap();
    let store = FileStore::open(folder.path()).unwrap();
    assert!(matches!(
        store.lock(NO_WAIT),
        Err(StoreError::SymbolicLink { .. })
    ));
    assert!(matches!(
        store.create(&StorePath::Commit(0), b"x"),
        Err(StoreError::SymbolicLink { .. })
    ));
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}

#[test]
fn strangers_are_listed_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    fs::create_dir_all(log.join("tile/0")).unwrap();
    fs::write(log.join("tile/0/000"), b"").unwrap();
    fs::write(log.join("tile/0/0"), b"").unwrap();
    fs::write(log.join("Note.txt"), b"").unwrap();
    symlink("/", log.join("tile/1")).unwrap();
    let listing = FileStore::open(folder.path())
        .unwrap()
        .list(&Folder::Log)
        .unwrap();
    assert_eq!(listing.files, [path("log/tile/0/000")]);
    let found: Vec<_> = listing
        .strangers
        .iter()
        .map(|one| (one.path.as_str(), one.kind))
        .collect();
    let expected = [
        ("log/Note.txt", StrangerKind::UnknownName),
        ("log/tile/0/0", StrangerKind::UnknownName),
        ("log/tile/1", StrangerKind::SymbolicLink),
    ];
    assert_eq!(found, expected);
}

#[test]
fn reading_writes_nothing_and_a_missing_folder_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::open(folder.path()).unwrap();
    assert_eq!(store.read(&StorePath::Checkpoint, 10).unwrap(), None);
    assert_eq!(store.list(&Folder::Commit).unwrap().files, []);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    let missing = FileStore::open(&folder.path().join("none")).unwrap_err();
    assert!(matches!(missing, StoreError::NoFolder { .. }));
    let made = FileStore::create_root(&folder.path().join("a/b")).unwrap();
    assert!(made.root().is_dir());
}

#[test]
fn every_fault_does_what_it_says() {
    let slot = path("commit/00000000000000000000");
    let next = path("commit/00000000000000000001");
    for fault in Fault::ALL {
        let inner = MemoryStore::new();
        let store = FaultyStore::new(Arc::new(inner.clone()));
        store.arm(1, fault);
        store.write_hint(&path("tmp/x"), b"x").unwrap();
        let error = store.create(&slot, b"x").unwrap_err();
        assert_eq!(
            store.steps(),
            ["hint tmp/x", "create commit/00000000000000000000"]
        );
        let there = inner.read(&slot, 9).unwrap().is_some();
        let effect = matches!(
            fault,
            Fault::PersistedAnyway | Fault::DiesAfter | Fault::FlushFails
        );
        assert_eq!(there, effect, "{fault:?}");
        let later = store.create(&next, b"x");
        match fault {
            Fault::NotPersisted | Fault::PersistedAnyway => assert_eq!(later.unwrap(), Creation::Created),
            Fault::DiesBefore | Fault::DiesAfter => assert!(later.is_err() && store.read(&next, 9).is_err()),
            Fault::Full => {
                assert!(matches!(error, StoreError::Full { .. }));
                assert!(matches!(later, Err(StoreError::Full { .. })));
            }
            Fault::FlushFails => {
                assert!(matches!(error, StoreError::FlushFailed { .. }));
                assert!(matches!(later, Err(StoreError::Poisoned { .. })));
            }
        }
    }
}

#[test]
fn every_flipped_byte_of_a_blob_is_found() {
    let memory = MemoryStore::new();
    let ids = [b"prompt".as_slice(), b"filter code", b""].map(|bytes| put_blob(&memory, bytes).unwrap());
    let (mut found, faults) = check_blobs(&memory).unwrap();
    found.sort();
    let mut expected = ids.to_vec();
    expected.sort();
    assert_eq!((found, faults), (expected, vec![]));
    for id in &ids[..2] {
        let good = get_blob(&memory, *id).unwrap().unwrap();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 0x80;
            memory.tamper(&StorePath::Blob(*id), Some(bad));
            let faults = check_blobs(&memory).unwrap().1;
            assert_eq!(faults.len(), 1, "{faults:?}");
            assert!(faults[0].to_string().contains(&id.to_hex()));
        }
        memory.tamper(&StorePath::Blob(*id), Some(good));
    }
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("blobs/zz")).unwrap();
    fs::write(folder.path().join("blobs/zz/readme"), b"").unwrap();
    let faults = check_blobs(&FileStore::open(folder.path()).unwrap()).unwrap().1;
    assert_eq!(
        faults[0].to_string(),
        "blobs/zz/readme is a file with an unknown name"
    );
}
