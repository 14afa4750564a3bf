//! Every changing step of creating, appending and recovering fails in every way; then the log is opened again.
//!
//! What must hold afterwards: every acknowledged entry is there, the new root extends the old one, every file under
//! `commit/` and `log/` is as the commits determine, the log goes on, and a slot that somebody without the log key
//! planted into the wreck is not signed.

use std::sync::Arc;

use herdbook::log::{Commit, LogError, LogReader};
use herdbook::merkle::{TreeSize, verify_consistency};
use herdbook::store::faulty::{Fault, FaultyStore};
use herdbook::store::{FileStore, Folder, MemoryStore, Store, StoreError, StorePath};

use crate::log_support::{Herd, OWNER, entries, faults, log_key, nonce, reader, root_of, shown, signer};

/// Something that changes a log, and what it reports as acknowledged: the new size.
type Work = fn(&Arc<dyn Store>) -> Result<u64, LogError>;

/// A state to begin with and the work that is disturbed.
struct Scenario {
    name: &'static str,
    before: fn() -> MemoryStore,
    work: Work,
    /// The entries acknowledged before the work.
    acknowledged: u64,
    /// The entries there are when all of the work is done.
    whole: u64,
}

fn create(store: &Arc<dyn Store>) -> Result<u64, LogError> {
    Herd::create(store, 3).map(|herd| herd.appender.size().get())
}

fn append(store: &Arc<dyn Store>) -> Result<u64, LogError> {
    Ok(Herd::open(store)?.append(4)?.checkpoint.size.get())
}

fn append_twice(store: &Arc<dyn Store>) -> Result<u64, LogError> {
    let mut herd = Herd::open(store)?;
    herd.append(250)?;
    Ok(herd.append(300)?.checkpoint.size.get())
}

fn recover(store: &Arc<dyn Store>) -> Result<u64, LogError> {
    Ok(Herd::open(store)?.appender.size().get())
}

/// A log of `counts` commits.
fn log_of(counts: &[u64]) -> MemoryStore {
    let memory = MemoryStore::new();
    let store: Arc<dyn Store> = Arc::new(memory.clone());
    let (first, rest) = counts.split_first().unwrap();
    let mut herd = Herd::create(&store, *first).unwrap();
    for count in rest {
        herd.append(*count).unwrap();
    }
    drop(herd);
    memory.snapshot()
}

/// A log whose appender died right after the step that matches, while it appended.
fn dead_after(counts: &[u64], step: &str) -> MemoryStore {
    let memory = log_of(counts);
    for number in 0.. {
        let wreck = memory.snapshot();
        let store = Arc::new(FaultyStore::new(Arc::new(wreck.clone())));
        store.arm(number, Fault::DiesAfter);
        let dynamic: Arc<dyn Store> = Arc::clone(&store) as Arc<dyn Store>;
        let died = Herd::open(&dynamic).and_then(|mut herd| herd.append(300));
        if store.steps().last().unwrap().contains(step) {
            assert!(died.is_err());
            return wreck.snapshot();
        }
    }
    unreachable!()
}

const SCENARIOS: [Scenario; 8] = [
    Scenario {
        name: "create",
        before: MemoryStore::new,
        work: create,
        acknowledged: 0,
        whole: 3,
    },
    Scenario {
        name: "append",
        before: || log_of(&[3]),
        work: append,
        acknowledged: 3,
        whole: 7,
    },
    Scenario {
        name: "fill tiles",
        before: || log_of(&[3, 2]),
        work: append_twice,
        acknowledged: 5,
        whole: 555,
    },
    Scenario {
        name: "recover a commit without its tiles",
        before: || dead_after(&[3, 2], "create commit/"),
        work: recover,
        acknowledged: 5,
        whole: 305,
    },
    Scenario {
        name: "recover a commit without its checkpoint",
        before: || dead_after(&[3, 2], "create log/tile/1/000.p/1"),
        work: recover,
        acknowledged: 5,
        whole: 305,
    },
    Scenario {
        name: "recover stale partial tiles",
        before: || dead_after(&[3, 2], "replace log/checkpoint"),
        work: recover,
        acknowledged: 305,
        whole: 305,
    },
    Scenario {
        name: "recover and go on",
        before: || dead_after(&[3, 2], "create log/tile/0/001.p/49"),
        work: append,
        acknowledged: 5,
        whole: 309,
    },
    Scenario {
        name: "recover lost tiles",
        before: || {
            let memory = log_of(&[3, 200, 300]);
            for path in memory
                .paths()
                .into_iter()
                .filter(|path| matches!(path, StorePath::Tile(_)))
            {
                memory.tamper(&path, None);
            }
            memory
        },
        work: recover,
        acknowledged: 503,
        whole: 503,
    },
];

/// The checkpoint a store shows, as size and root; nothing before there is one.
fn published(store: &Arc<dyn Store>) -> (TreeSize, herdbook::digest::NodeHash) {
    match LogReader::open(Arc::clone(store), log_key(OWNER)) {
        Ok(reader) => (reader.checkpoint().size, reader.checkpoint().root),
        Err(LogError::NoLedger | LogError::NotPublished) => (TreeSize::EMPTY, root_of(&[])),
        Err(error) => panic!("{error:?}"),
    }
}

/// Opens what a disturbed work left and checks everything that must hold.
fn check_wreck(name: &str, scenario: &Scenario, wreck: &MemoryStore, acknowledged: u64) {
    planted_slots_are_not_signed(name, wreck);
    let store: Arc<dyn Store> = Arc::new(wreck.snapshot());
    let (old_size, old_root) = published(&store);
    let mut herd = match Herd::open(&store) {
        Ok(herd) => herd,
        // Nothing was created: then nothing was acknowledged, and creating works.
        Err(LogError::NoLedger) => {
            assert_eq!(acknowledged, 0, "{name}");
            Herd::create(&store, scenario.whole).unwrap()
        }
        Err(error) => panic!("{name}: {error:?}"),
    };
    let size = herd.appender.size().get();
    assert!(
        size >= acknowledged,
        "{name}: {size} of {acknowledged} acknowledged entries"
    );
    assert!(size <= scenario.whole, "{name}: {size}");
    let now = reader(&store);
    assert_eq!(shown(&now), entries(0, size), "{name}");
    let proof = now.prove_consistency(old_size).unwrap();
    verify_consistency(
        (old_size, old_root),
        (now.checkpoint().size, now.checkpoint().root),
        &proof,
    )
    .unwrap();
    assert_eq!(faults(&store), Vec::<String>::new(), "{name}");
    let left = store.list(&Folder::Tmp).unwrap().files;
    assert!(
        left.iter().all(|path| path.to_string() == "tmp/head"),
        "{name}: {left:?}"
    );
    herd.append(3).unwrap();
    drop(herd);
    assert_eq!(shown(&reader(&store)), entries(0, size + 3), "{name}");
    assert_eq!(faults(&store), Vec::<String>::new(), "{name}");
}

/// Puts a slot by another key where the next commit goes: recovery may publish what the owner signed, and stops.
fn planted_slots_are_not_signed(name: &str, wreck: &MemoryStore) {
    let memory = wreck.snapshot();
    let store: Arc<dyn Store> = Arc::new(memory.clone());
    let slots = store.list(&Folder::Commit).unwrap().files;
    let Some(StorePath::Commit(last)) = slots.last() else {
        return;
    };
    let slot = store.read(&StorePath::Commit(*last), 1 << 20).unwrap().unwrap();
    let honest = Commit::decode(&slot, &log_key(OWNER)).unwrap();
    let size = honest.header().size_after;
    let batch = entries(size.get(), size.get() + 2);
    let mut header = honest.header().clone();
    header.number += 1;
    header.previous = honest.hash();
    header.size_before = size;
    header.size_after = TreeSize::new(size.get() + 2);
    header.root = root_of(&entries(0, size.get() + 2));
    header.nonce = nonce(5);
    let planted = Commit::encode(&header, &batch, &*signer(2)).unwrap();
    memory.tamper(&StorePath::Commit(last + 1), Some(planted));
    let error = Herd::open(&store).unwrap_err();
    assert!(error.is_tampered(), "{name}: {error:?}");
    assert!(
        published(&store).0 <= size,
        "{name}: the planted entries were signed"
    );
}

fn disturb(scenario: &Scenario) {
    let before = (scenario.before)();
    let counting = Arc::new(FaultyStore::new(Arc::new(before.snapshot())));
    let dynamic: Arc<dyn Store> = Arc::clone(&counting) as Arc<dyn Store>;
    assert_eq!(
        (scenario.work)(&dynamic).unwrap(),
        scenario.whole,
        "{}",
        scenario.name
    );
    let steps = counting.steps();
    assert!(!steps.is_empty(), "{}", scenario.name);
    for (number, step) in steps.iter().enumerate() {
        for fault in Fault::ALL {
            let name = format!("{}, step {number} ({step}) {fault:?}", scenario.name);
            let wreck = before.snapshot();
            let faulty = FaultyStore::new(Arc::new(wreck.clone()));
            faulty.arm(number, fault);
            let store: Arc<dyn Store> = Arc::new(faulty);
            let acknowledged = match (scenario.work)(&store) {
                Ok(size) => size,
                Err(error) => {
                    check_error(&name, fault, &error);
                    scenario.acknowledged
                }
            };
            drop(store);
            check_wreck(&name, scenario, &wreck, acknowledged);
        }
    }
}

/// A fault of the medium is told as what it is, never as tampering.
fn check_error(name: &str, fault: Fault, error: &LogError) {
    let LogError::Store(error) = error else {
        panic!("{name}: {error:?}")
    };
    match fault {
        Fault::Full => {
            assert!(matches!(error, StoreError::Full { .. }), "{name}: {error:?}");
            assert!(error.to_string().contains("no space left"), "{error}");
        }
        Fault::FlushFails => {
            assert!(
                matches!(
                    error,
                    StoreError::FlushFailed { .. } | StoreError::Poisoned { .. }
                ),
                "{name}: {error:?}"
            );
        }
        _ => assert!(matches!(error, StoreError::Io { .. }), "{name}: {error:?}"),
    }
}

#[test]
fn every_step_of_creating() {
    SCENARIOS[..1].iter().for_each(disturb);
}

#[test]
fn every_step_of_appending() {
    SCENARIOS[1..3].iter().for_each(disturb);
}

#[test]
fn every_step_of_recovering() {
    SCENARIOS[3..].iter().for_each(disturb);
}

/// The steps themselves, so that a reordering cannot go unnoticed.
#[test]
fn an_append_is_slot_then_tiles_then_checkpoint_then_stale_tiles() {
    let store = Arc::new(FaultyStore::new(Arc::new(log_of(&[3, 2]))));
    let dynamic: Arc<dyn Store> = Arc::clone(&store) as Arc<dyn Store>;
    let mut herd = Herd::open(&dynamic).unwrap();
    store.arm(usize::MAX, Fault::NotPersisted);
    herd.append(300).unwrap();
    let expected = [
        "create commit/00000000000000000002",
        "create log/tile/entries/000",
        "create log/tile/0/000",
        "create log/tile/entries/001.p/49",
        "create log/tile/0/001.p/49",
        "create log/tile/1/000.p/1",
        "replace log/checkpoint",
        "remove log/tile/entries/000.p/3",
        "remove log/tile/entries/000.p/5",
        "remove log/tile/0/000.p/3",
        "remove log/tile/0/000.p/5",
        "hint tmp/head",
    ];
    assert_eq!(store.steps(), expected);
}

/// Recovery first makes durable what the dead process may have left in memory only, then signs.
#[test]
fn recovery_is_durable_before_it_signs() {
    let store = Arc::new(FaultyStore::new(Arc::new(dead_after(
        &[3, 2],
        "create log/tile/0/001.p/49",
    ))));
    let dynamic: Arc<dyn Store> = Arc::clone(&store) as Arc<dyn Store>;
    drop(Herd::open(&dynamic).unwrap());
    let steps = store.steps();
    let expected = [
        "persist commit/00000000000000000002",
        "persist log/tile/entries/000",
        "persist log/tile/0/000",
        "persist log/tile/entries/001.p/49",
        "persist log/tile/0/001.p/49",
        "create log/tile/1/000.p/1",
        "replace log/checkpoint",
    ];
    assert_eq!(steps[..7], expected);
}

#[test]
fn after_an_error_the_appender_writes_nothing_more() {
    for fault in [Fault::NotPersisted, Fault::PersistedAnyway] {
        let memory = log_of(&[3]);
        let store = Arc::new(FaultyStore::new(Arc::new(memory.clone())));
        let dynamic: Arc<dyn Store> = Arc::clone(&store) as Arc<dyn Store>;
        let mut herd = Herd::open(&dynamic).unwrap();
        store.arm(0, fault);
        assert!(matches!(herd.append(1), Err(LogError::Store(_))));
        store.arm(usize::MAX, fault);
        assert!(matches!(herd.append(1), Err(LogError::Stopped)));
        assert_eq!(store.steps(), Vec::<String>::new());
    }
}

/// The same on a disk: the process dies before or after every step of an append.
#[test]
fn a_log_on_disk_survives_death_at_every_step() {
    let steps = 12;
    for number in 0..steps {
        for fault in [Fault::DiesBefore, Fault::DiesAfter] {
            let folder = tempfile::tempdir().unwrap();
            let open = || Arc::new(FileStore::open(folder.path()).unwrap());
            drop(Herd::create(&(open() as Arc<dyn Store>), 5).unwrap());
            let faulty = Arc::new(FaultyStore::new(open()));
            let dynamic: Arc<dyn Store> = Arc::clone(&faulty) as Arc<dyn Store>;
            faulty.arm(number, fault);
            let acknowledged = Herd::open(&dynamic).and_then(|mut herd| herd.append(300)).is_ok();
            drop((faulty, dynamic));
            let name = format!("step {number} {fault:?}");
            let store: Arc<dyn Store> = open();
            let herd = Herd::open(&store).unwrap();
            let size = herd.appender.size().get();
            assert!(size == 305 || (size == 5 && !acknowledged), "{name}: {size}");
            assert_eq!(shown(&reader(&store)), entries(0, size), "{name}");
            assert_eq!(faults(&store), Vec::<String>::new(), "{name}");
        }
    }
}
