//! Registering and making a ledger, stopped at every step in every way: what was acknowledged is there, `fsck` finds
//! nothing false, and the same command does the rest.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use herdbook::fsck::Severity;
use herdbook::fsck::fsck;
use herdbook::ledger::InitError;
use herdbook::ledger::KeyPaths;
use herdbook::ledger::Ledger;
use herdbook::ledger::LedgerError;
use herdbook::ledger::PinError;
use herdbook::ledger::RegisterRequest;
use herdbook::ledger::hash::Unwatched;
use herdbook::ledger::lineage_file;
use herdbook::ledger::register::RegisterOptions;
use herdbook::ledger::register::Registered;
use herdbook::ledger::register::RegisteredNode;
use herdbook::sign::KeyFileError;
use herdbook::store::MemoryStore;
use herdbook::store::Store;
use herdbook::store::StorePath;
use herdbook::store::faulty::Fault;
use herdbook::store::faulty::FaultyStore;

use crate::ledger::House;
use crate::ledger::PIPELINE;
use crate::ledger::files_below;
use crate::ledger::write_pipeline;

/// The house's ledger, in memory.
fn in_memory(house: &House) -> MemoryStore {
    let memory = MemoryStore::new();
    let folder = house.path("ledger");
    for (path, bytes) in files_below(&folder) {
        let name = path.strip_prefix(&folder).unwrap().to_str().unwrap();
        if let Ok(path) = StorePath::parse(name) {
            memory.tamper(&path, Some(bytes));
        }
    }
    memory
}

/// A house with a ledger and the files of the pipeline.
fn pipeline() -> House {
    let house = House::with_ledger();
    write_pipeline(&house);
    house.write("data/lineage.yaml", PIPELINE);
    house
}

fn register(house: &House, store: Arc<dyn Store>) -> Result<Registered, LedgerError> {
    let path = house.path("data/lineage.yaml");
    let file = lineage_file::read(&path, &lineage_file::Settings::default()).unwrap();
    let mut ledger = Ledger::open_store(store, Path::new("memory"))?;
    let signers = house.signers();
    let request = RegisterRequest {
        path: &path,
        file: &file,
        signers: &signers,
        keys_folder: None,
        sidecar: None,
        options: RegisterOptions::default(),
        cache: None,
        progress: &Unwatched,
        wait: Duration::ZERO,
    };
    ledger.register(&request, &mut || [7; 16])
}

fn worst(store: &MemoryStore) -> Option<Severity> {
    let store: Arc<dyn Store> = Arc::new(store.snapshot());
    let report = fsck(&store, Path::new("memory"), None).unwrap();
    assert!(
        report.worst() != Some(Severity::Tampered),
        "{:?}",
        report.findings
    );
    report.worst()
}

#[test]
fn a_stop_at_any_step_leaves_a_prefix_and_the_same_command_does_the_rest() {
    let house = pipeline();
    let before = in_memory(&house);
    let whole = before.snapshot();
    let expected = register(&house, Arc::new(whole.clone())).unwrap();
    assert_eq!(worst(&whole), None);
    let mut disturbed_verbs: BTreeMap<String, usize> = BTreeMap::new();
    for fault in Fault::ALL {
        for step in 0.. {
            let memory = before.snapshot();
            let faulty = Arc::new(FaultyStore::new(Arc::new(memory.clone())));
            faulty.arm(step, fault);
            let disturbed = register(&house, faulty.clone() as Arc<dyn Store>);
            let steps = faulty.steps();
            if steps.len() <= step {
                // Past the last step: nothing was disturbed.
                assert_eq!(disturbed.unwrap().appended, 9);
                break;
            }
            *disturbed_verbs
                .entry(steps[step].split(' ').next().unwrap().to_owned())
                .or_default() += 1;
            let wreck = memory.snapshot();
            worst(&wreck);
            // What was reported as done is there, and what is there is whole.
            let store: Arc<dyn Store> = Arc::new(wreck.clone());
            let size = Ledger::open_store(Arc::clone(&store), Path::new("memory"))
                .unwrap()
                .checkpoint()
                .size
                .get();
            if let Ok(done) = &disturbed {
                assert_eq!((size, done.tree_size), (12, 12), "{fault:?} at {step}");
            }
            assert!(size == 2 || size == 12, "{fault:?} at {step}: {size}");
            let rest = register(&house, Arc::clone(&store)).unwrap();
            assert_eq!(rest.tree_size, 12, "{fault:?} at {step}: {}", steps[step]);
            let ids = |nodes: &[RegisteredNode]| -> Vec<String> {
                nodes.iter().map(|node| node.id.clone()).collect()
            };
            assert_eq!(ids(&rest.nodes), ids(&expected.nodes));
            assert_eq!(worst(&wreck), None, "{fault:?} at {step}: {}", steps[step]);
            assert_eq!(register(&house, store).unwrap().appended, 0);
        }
    }
    for verb in ["create", "replace", "hint"] {
        assert!(disturbed_verbs.contains_key(verb), "{disturbed_verbs:?}");
    }
}

#[test]
fn a_full_disk_is_said_and_nothing_is_half_appended() {
    let house = pipeline();
    let memory = in_memory(&house);
    let faulty = Arc::new(FaultyStore::new(Arc::new(memory.clone())));
    faulty.arm(0, Fault::Full);
    let full = register(&house, faulty as Arc<dyn Store>).unwrap_err();
    let mut message = full.to_string();
    let mut source = full.source();
    while let Some(cause) = source {
        message.push_str(&cause.to_string());
        source = cause.source();
    }
    assert!(message.contains("no space left to write"), "{message}");
    assert_eq!(worst(&memory.snapshot()), None);
}

/// Steps of `init`, each undone from the last: what a crash after the step before would leave.
#[test]
fn an_interrupted_init_is_finished_by_the_same_command() {
    let whole = {
        let mut house = House::new();
        let made = house.init().unwrap();
        made.ledger.trust_root()
    };
    let undo: [fn(&House); 5] = [
        |house| {
            fs::remove_file(house.path("ledger/log/checkpoint")).unwrap();
        },
        |house| {
            fs::remove_dir_all(house.path("ledger/log")).unwrap();
        },
        |house| {
            fs::remove_dir_all(house.path("ledger/log")).unwrap();
            fs::remove_dir_all(house.path("ledger/commit")).unwrap();
        },
        |house| {
            fs::remove_dir_all(house.path("ledger/log")).unwrap();
            fs::remove_dir_all(house.path("ledger/commit")).unwrap();
            fs::remove_dir_all(house.path("state")).unwrap();
        },
        |house| {
            fs::remove_dir_all(house.path("ledger")).unwrap();
            fs::remove_dir_all(house.path("state")).unwrap();
        },
    ];
    for (number, undo) in undo.into_iter().enumerate() {
        let mut house = House::new();
        house.init().unwrap();
        undo(&house);
        if number < 3 {
            let unfinished = Ledger::open(&house.path("ledger")).unwrap_err();
            // A commit without a checkpoint is evidence that something is gone; nothing at all is an `init` to repeat.
            let expected = match number {
                2 => matches!(unfinished, LedgerError::Unfinished { .. }),
                _ => unfinished.is_missing(),
            };
            assert!(expected, "{number}: {unfinished:?}");
        }
        let again = house.init().unwrap();
        assert_eq!(
            again.ledger.trust_root(),
            whole,
            "{number}: the same keys, the same genesis"
        );
        assert_eq!(again.ledger.checkpoint().size.get(), 2);
    }
}

/// The same keys in another folder would begin a second history under one genesis and one pin.
#[test]
fn one_origin_is_one_ledger() {
    let mut house = House::new();
    house.init().unwrap();
    let mut elsewhere = house.request();
    elsewhere.folder = house.path("elsewhere");
    let refused = herdbook::ledger::init(&elsewhere, &mut || house.random());
    assert!(
        matches!(refused, Err(InitError::Pin(PinError::Other { .. }))),
        "{refused:?}"
    );
    assert!(!house.path("elsewhere").exists());
}

fn other_at(house: &House) -> herdbook::ledger::InitRequest {
    let mut other = house.request();
    other.organisation = Some("Another Lab".to_owned());
    other
}

#[test]
fn an_init_that_was_begun_goes_on_as_itself_only() {
    let mut house = House::new();
    house.init().unwrap();
    fs::remove_dir_all(house.path("ledger")).unwrap();
    let mut other = house.request();
    other.organisation = Some("Another Lab".to_owned());
    let refused = herdbook::ledger::init(&other, &mut || house.random());
    assert!(
        matches!(refused, Err(InitError::Pin(PinError::Other { .. }))),
        "{refused:?}"
    );
    // Without its pin, the first commit still says whose it is.
    let mut house = House::new();
    house.init().unwrap();
    fs::remove_dir_all(house.path("ledger/log")).unwrap();
    fs::remove_dir_all(house.path("state")).unwrap();
    let refused = herdbook::ledger::init(&other_at(&house), &mut || house.random());
    assert!(matches!(refused, Err(InitError::NotEmpty { .. })), "{refused:?}");
    assert!(!house.path("state").exists());
    // Settings without keys are somebody else's beginning.
    let mut house = House::new();
    house.init().unwrap();
    fs::remove_dir_all(house.path("ledger/log")).unwrap();
    fs::remove_dir_all(house.path("ledger/commit")).unwrap();
    fs::remove_dir_all(house.path("keys")).unwrap();
    fs::remove_dir_all(house.path("state")).unwrap();
    let refused = house.init();
    assert!(matches!(refused, Err(InitError::NotEmpty { .. })), "{refused:?}");
}

#[test]
fn init_takes_a_folder_with_other_files_and_none_with_a_ledgers() {
    let mut house = House::new();
    house.write("ledger/notes.txt", "mine");
    house.init().unwrap();
    assert_eq!(
        fs::read_to_string(house.path("ledger/notes.txt")).unwrap(),
        "mine"
    );
    for name in ["commit/00000000000000000000", "blobs/x", "herdbook.toml"] {
        let mut house = House::new();
        house.write(
            &format!("ledger/{name}"),
            "format = 1\norigin = \"example.com/other\"\n",
        );
        let refused = house.init();
        assert!(
            matches!(refused, Err(InitError::NotEmpty { .. })),
            "{name}: {refused:?}"
        );
        assert!(
            !house.path("keys").exists() && !house.path("state").exists(),
            "{name}"
        );
    }
    let mut house = House::new();
    house.write("ledger", "a file");
    assert!(matches!(house.init(), Err(InitError::NotAFolder { .. })));
    let house = House::new();
    let mut inside = house.request();
    inside.keys_folder = house.path("ledger/keys");
    let refused = herdbook::ledger::init(&inside, &mut || [1; 32]);
    assert!(matches!(refused, Err(InitError::KeysInside { .. })));
}

/// What an `init` leaves that was killed before it wrote `herdbook.toml`.
#[test]
fn unfinished_files_alone_do_not_block_init() {
    for (left, blocks) in [(None, false), (Some("new-1-2"), false), (Some("mine.txt"), true)] {
        let mut house = House::new();
        fs::create_dir_all(house.path("ledger/tmp")).unwrap();
        if let Some(name) = left {
            house.write(&format!("ledger/tmp/{name}"), "form");
        }
        let made = house.init();
        assert_eq!(made.is_err(), blocks, "{left:?}: {made:?}");
    }
}

#[test]
fn loose_keys_are_refused() {
    let mut house = House::new();
    house.init().unwrap();
    fs::remove_dir_all(house.path("ledger")).unwrap();
    fs::remove_dir_all(house.path("state")).unwrap();
    let request = house.request();
    let paths = KeyPaths::of(&request.keys_folder, &request.origin);
    fs::set_permissions(&paths.log, fs::Permissions::from_mode(0o644)).unwrap();
    let refused = house.init();
    assert!(
        matches!(
            refused,
            Err(InitError::Key(KeyFileError::LoosePermissions { .. }))
        ),
        "{refused:?}"
    );
}

#[test]
fn four_that_register_at_once_append_each_item_once() {
    let house = &pipeline();
    let store = in_memory(house);
    let total: u64 = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let store = store.clone();
                scope.spawn(move || {
                    loop {
                        match register(house, Arc::new(store.clone())) {
                            Ok(done) => return done.appended,
                            Err(error) if error.is_fenced() => std::thread::yield_now(),
                            Err(error) => panic!("{error:?}"),
                        }
                    }
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(total, 9);
    assert_eq!(worst(&store.snapshot()), None);
}
