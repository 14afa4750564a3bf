//! Two appenders at one log although there is a lock: somebody removed it, with hint or checkpoint, while one was at work.
//!
//! Whatever moment that is, one of them has the slot, nothing forks, and nothing that was acknowledged is lost.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;

use herdbook::checkpoint::Checkpoint;
use herdbook::log::{Appended, LogError, LogReader, PublishedFault, check_published};
use herdbook::merkle::verify_consistency;
use herdbook::store::faulty::FaultyStore;
use herdbook::store::{FileStore, MemoryStore, Store, StorePath};

use crate::log_support::{Herd, OWNER, entries, log_key, nonce, reader, shown};

/// What is removed while the first appender is at work, beside the lock.
const REMOVED: [&[&str]; 4] = [
    &["tmp/lock"],
    &["tmp/lock", "tmp/head"],
    &["tmp/lock", "log/checkpoint"],
    &["tmp/lock", "tmp/head", "log/checkpoint"],
];

/// Entries that only one of the two appends.
fn batch(who: &str, count: u64) -> Vec<Vec<u8>> {
    (0..count).map(|n| format!("{who} {n}").into_bytes()).collect()
}

fn append(herd: &mut Herd, who: &str, number: u64) -> Result<Appended, LogError> {
    herd.appender
        .append(&batch(who, 3), nonce(number), &mut herd.gate)
}

/// Checks that entries which were acknowledged stand where that was said, below a checkpoint that the log goes on from.
fn still_there(now: &LogReader, who: &str, appended: &Appended, told: &str) {
    let all = shown(now);
    let first = usize::try_from(appended.first.get()).unwrap();
    assert_eq!(all[first..first + 3], batch(who, 3), "{told}: {who}");
    goes_on(&appended.checkpoint, now, told);
}

fn goes_on(before: &Checkpoint, now: &LogReader, told: &str) {
    let proof = now.prove_consistency(before.size).unwrap();
    let after = (now.checkpoint().size, now.checkpoint().root);
    verify_consistency((before.size, before.root), after, &proof)
        .unwrap_or_else(|error| panic!("{told}: {error}"));
}

/// Lets the second appender work right before one step of the first; returns the name of that step, if there is one.
fn race(step: usize, removed: &'static [&'static str]) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    let plain: Arc<dyn Store> = Arc::new(FileStore::open(&path).unwrap());
    // One short of a full bundle, so that tiles fill up and stale partial ones are removed.
    drop(Herd::create(&plain, 254).unwrap());
    let before = reader(&plain).checkpoint().clone();
    let faulty = Arc::new(FaultyStore::new(Arc::new(FileStore::open(&path).unwrap())));
    let store: Arc<dyn Store> = faulty.clone();
    let mut first = Herd::open(&store).unwrap();
    let other = Arc::new(Mutex::new(None));
    let result = Arc::clone(&other);
    faulty.interrupt(step, move || {
        *result.lock().unwrap() = Some(break_in(&path, removed));
    });
    let ours = append(&mut first, "first", 1);
    let name = faulty.steps().get(step).cloned()?;
    let told = format!("before `{name}`, without {removed:?}");
    let theirs = other.lock().unwrap().take().expect("it was interrupted");
    let lag = check_published(&plain, &log_key(OWNER)).unwrap();
    assert!(lag.iter().all(PublishedFault::is_lag), "{told}: {lag:?}");
    if let Err(error) = &ours {
        assert!(error.is_fenced(), "{told}: {error:?}");
        assert!(
            error
                .to_string()
                .contains("another appender wrote commit 1 first"),
            "{error}"
        );
    }
    // The first one is stale from now on, and finds out before it writes.
    assert!(
        matches!(
            append(&mut first, "late", 3),
            Err(LogError::LostRace { .. } | LogError::Stopped)
        ),
        "{told}"
    );
    drop(first);
    drop(Herd::open(&plain).unwrap());
    let now = reader(&plain);
    goes_on(&before, &now, &told);
    assert_eq!(shown(&now)[..254], entries(0, 254), "{told}");
    match (&ours, &theirs) {
        (Ok(ours), Ok(theirs)) => {
            still_there(&now, "first", ours, &told);
            still_there(&now, "second", theirs, &told);
        }
        (Err(_), Ok(theirs)) => still_there(&now, "second", theirs, &told),
        (Ok(ours), Err(_)) => still_there(&now, "first", ours, &told),
        (Err(one), Err(other)) => panic!("{told}: nobody won: {one:?}, {other:?}"),
    }
    Some(name)
}

/// Removes what keeps the second appender out, and appends as it.
fn break_in(path: &Path, removed: &[&str]) -> Result<Appended, LogError> {
    for name in removed {
        fs::remove_file(path.join(name)).unwrap_or_default();
    }
    let store: Arc<dyn Store> = Arc::new(FileStore::open(path).unwrap());
    append(&mut Herd::open(&store)?, "second", 2)
}

#[test]
fn one_wins_at_every_step_and_nothing_is_lost() {
    for removed in REMOVED {
        let names: Vec<String> = (0..).map_while(|step| race(step, removed)).collect();
        assert!(names.len() >= 6, "{names:?}");
        assert!(names[0].starts_with("create commit/"), "{names:?}");
        assert!(
            names.iter().any(|name| name == "replace log/checkpoint"),
            "{names:?}"
        );
    }
}

/// A view that is stale for long: the other one appended three commits meanwhile.
#[test]
fn a_stale_view_takes_no_slot_that_is_taken() {
    let memory = MemoryStore::new();
    let store: Arc<dyn Store> = Arc::new(memory.clone());
    drop(Herd::create(&store, 5).unwrap());
    // Its own lock, the same files: as if the lock file had been removed.
    let mut stale = Herd::open(&store).unwrap();
    let elsewhere = memory.snapshot();
    let other: Arc<dyn Store> = Arc::new(elsewhere.clone());
    let mut winner = Herd::open(&other).unwrap();
    for count in [1, 2, 3] {
        winner.append(count).unwrap();
    }
    for path in elsewhere.paths() {
        if !matches!(path, StorePath::Tmp(_)) {
            memory.tamper(&path, elsewhere.read(&path, 1 << 20).unwrap());
        }
    }
    let files = memory.paths().len();
    let error = append(&mut stale, "stale", 9).unwrap_err();
    assert!(matches!(error, LogError::LostRace { number: 1 }), "{error:?}");
    assert_eq!(memory.paths().len(), files, "nothing was written");
    assert_eq!(shown(&reader(&store)), entries(0, 11));
}
