//! `herdbook doctor`: whether this installation can work, line by line, and what to type where it cannot.
//!
//! It looks and changes nothing; a lock that is free is taken for an instant to see that it is.

use std::path::Path;
use std::time::Duration;
use std::time::SystemTime;

use clap::Args as ClapArgs;
use serde_json::Value;
use serde_json::json;

use crate::ledger::KeyPaths;
use crate::ledger::Ledger;
use crate::sign::KeyFileError;
use crate::store::StoreError;
use crate::trust::TrustRoot;

use super::error::Error;
use super::exit::Exit;
use super::session::Session;
use super::surroundings::now;
use super::ui::Answer;
use super::ui::Paint;
use super::ui::in_line;
use super::ui::put;

/// Less free room than this is worth a word, in bytes: 1 GiB.
const ROOM_LOW_BYTES: u64 = 1024 * 1024 * 1024;

/// Less free room than this keeps a commit from being written, in bytes: 64 MiB.
const ROOM_NONE_BYTES: u64 = 64 * 1024 * 1024;

/// 2026-01-01: no herdbook ran before, so a clock that says so is wrong.
const EARLIEST_SECONDS: u64 = 1_767_225_600;

/// How far a clock may be behind a file before it is told.
const CLOCK_BEHIND_MAX: Duration = Duration::from_mins(5);

/// How many files of the index are counted; beyond it the size is a lower bound.
const INDEX_FILES_MAX: usize = 100_000;

/// Arguments of `doctor`.
#[derive(Debug, ClapArgs)]
pub struct DoctorArgs {}

/// How one thing is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Ok,
    Warn,
    Fail,
}

impl State {
    const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// One line.
#[derive(Debug)]
struct Check {
    state: State,
    what: &'static str,
    found: String,
    next: Option<String>,
}

/// The lines so far.
#[derive(Debug, Default)]
struct Checks(Vec<Check>);

impl Checks {
    fn ok(&mut self, what: &'static str, found: impl Into<String>) {
        self.add(State::Ok, what, found, None);
    }

    fn warn(&mut self, what: &'static str, found: impl Into<String>, next: &str) {
        self.add(State::Warn, what, found, Some(next.to_owned()));
    }

    fn fail(&mut self, what: &'static str, found: impl Into<String>, next: &str) {
        self.add(State::Fail, what, found, Some(next.to_owned()));
    }

    fn failed(&mut self, what: &'static str, error: &Error, next: &str) {
        let help = error.hints().first().cloned();
        self.add(
            State::Fail,
            what,
            error.message(),
            Some(help.unwrap_or_else(|| next.to_owned())),
        );
    }

    fn add(&mut self, state: State, what: &'static str, found: impl Into<String>, next: Option<String>) {
        let found = found.into();
        self.0.push(Check {
            state,
            what,
            found,
            next,
        });
    }

    fn count(&self, state: State) -> usize {
        self.0.iter().filter(|check| check.state == state).count()
    }
}

/// Looks at everything.
pub fn run(session: &Session, _args: &DoctorArgs) -> Answer {
    let mut checks = Checks::default();
    let now = now();
    clock(&mut checks, now);
    let home = session.home();
    match &home {
        Ok(home) => checks.ok("home", format!("keys below {}", home.keys.display())),
        Err(error) => checks.failed("home", error, "set HERDBOOK_HOME to a folder of yours"),
    }
    match session.ledger_folder() {
        Err(error) => checks.failed("ledger", &error, "herdbook init --origin example.org/lab"),
        Ok(folder) => match session.open() {
            Err(error) if error.blames_index() => checks.warn(
                "index",
                error.message(),
                "`herdbook reindex` builds it again; answers are right without it",
            ),
            Err(error) => checks.failed("ledger", &error, "run `herdbook fsck`"),
            Ok(ledger) => of_ledger(&mut checks, session, &ledger, &folder, now),
        },
    }
    cache(&mut checks, session);
    answer(&checks, session.ui.paint())
}

fn clock(checks: &mut Checks, now: SystemTime) {
    let seconds = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let advice = "set the clock; nothing in a ledger depends on it, but times that you claim will look wrong";
    if seconds.as_secs() < EARLIEST_SECONDS {
        checks.warn("clock", "it is earlier than this program is old", advice);
    } else {
        checks.ok("clock", "plausible; nothing that is signed depends on it");
    }
}

fn of_ledger(checks: &mut Checks, session: &Session, ledger: &Ledger, folder: &Path, now: SystemTime) {
    let checkpoint = ledger.checkpoint();
    checks.ok(
        "ledger",
        format!(
            "{} of {} entries in {}",
            checkpoint.origin,
            checkpoint.size,
            folder.display()
        ),
    );
    let written = std::fs::metadata(folder.join("herdbook.toml")).and_then(|file| file.modified());
    if let Ok(written) = written
        && written
            .duration_since(now)
            .is_ok_and(|ahead| ahead > CLOCK_BEHIND_MAX)
    {
        checks.warn(
            "clock",
            "the ledger was made later than the clock says it is now",
            "set the clock of this machine",
        );
    }
    log(checks, ledger);
    pin(checks, session, ledger);
    remembered(checks, session, ledger);
    keys(checks, session, ledger);
    lock(checks, ledger);
    index(checks, ledger, folder);
    room(checks, folder);
}

/// The quick check: every entry was read to open the ledger, and their tree must be the checkpoint's.
fn log(checks: &mut Checks, ledger: &Ledger) {
    let (state, checkpoint) = (ledger.state(), ledger.checkpoint());
    let missing = state.missing_manifests().len();
    if state.tree().root() != checkpoint.root {
        checks.fail(
            "log",
            "the entries do not hash to the signed checkpoint",
            "run `herdbook fsck` to see what is false",
        );
    } else if missing > 0 {
        checks.fail(
            "log",
            format!("{missing} manifests are missing from blobs/; nothing can be appended"),
            "put them back from a copy; `herdbook fsck` names them",
        );
    } else if !state.is_sealed() {
        checks.fail(
            "log",
            "the last entry is not a seal",
            "run `herdbook fsck` to see what is false",
        );
    } else {
        checks.ok(
            "log",
            "all entries hash to the signed checkpoint, and the last one is a seal",
        );
    }
}

fn pin(checks: &mut Checks, session: &Session, ledger: &Ledger) {
    let founding = ledger.founding();
    let root = TrustRoot::of(founding.id, &founding.genesis);
    let advice = "get the trust root from whoever runs the ledger and give it with `--trust-root FILE`";
    match session.pin(&ledger.checkpoint().origin) {
        Ok(Some(pinned)) if pinned == root => checks.ok("pin", "this ledger is the one that is pinned"),
        Ok(Some(_)) => checks.fail(
            "pin",
            "the origin is pinned to another ledger: this is not the one that was pinned, or its genesis was replaced",
            advice,
        ),
        Ok(None) => checks.warn(
            "pin",
            "nothing is pinned for this origin, so `verify` cannot know that this is the ledger that is meant",
            advice,
        ),
        Err(error) => checks.failed("pin", &error, advice),
    }
}

/// Whether the log goes on from what was accepted before.
fn remembered(checks: &mut Checks, session: &Session, ledger: &Ledger) {
    let Some(place) = session.remembered(&ledger.checkpoint().origin) else {
        return;
    };
    let held = match place.note() {
        Ok(None) => return checks.ok("remembered", "no checkpoint of this log was accepted before"),
        Ok(Some(note)) => place.hold(&note, ledger.reader()),
        Err(error) => Err(error),
    };
    match held {
        Ok(()) => checks.ok(
            "remembered",
            "the log goes on from the checkpoint that was accepted before",
        ),
        Err(error) => checks.failed("remembered", &error.into(), "run `herdbook verify`"),
    }
}

fn keys(checks: &mut Checks, session: &Session, ledger: &Ledger) {
    let Ok(home) = session.home() else {
        return;
    };
    let paths = KeyPaths::of(&home.keys, &ledger.checkpoint().origin);
    let founding = ledger.founding();
    let reader = "a reader needs none; to append, bring the keys that `init` wrote, or set HERDBOOK_HOME";
    let all = [
        ("log key", &paths.log, Some(founding.log_key)),
        ("signing key", &paths.issuer, None),
    ];
    for (what, path, expected) in all {
        if !path.exists() {
            checks.warn(what, format!("{} is not there", path.display()), reader);
            continue;
        }
        // Nobody is asked for a passphrase by a check.
        let key = match session.opener().without_asking().open(path) {
            Ok(key) => key,
            Err(KeyFileError::Passphrase { .. }) => {
                let found = format!("{}, protected by a passphrase and not opened", path.display());
                checks.ok(what, found);
                continue;
            }
            Err(error) => {
                checks.failed(what, &error.into(), "restore the key from your copy");
                continue;
            }
        };
        let public = key.public_key();
        let may_sign = crate::key::PublicKey::from_bytes(&public).is_ok_and(|public| match expected {
            Some(expected) => public == expected,
            None => ledger
                .state()
                .keys()
                .is_some_and(|keys| keys.public_key(public.id()).is_ok()),
        });
        if may_sign {
            checks.ok(what, format!("{}, readable by you alone", path.display()));
        } else {
            checks.fail(
                what,
                format!("{} is not a key of this ledger", path.display()),
                "restore the key from your copy, or ask an owner for a grant",
            );
        }
    }
}

fn lock(checks: &mut Checks, ledger: &Ledger) {
    match ledger.store().lock(Duration::ZERO) {
        Ok(lock) => {
            drop(lock);
            checks.ok("lock", "free");
        }
        Err(StoreError::Locked { .. }) => checks.warn(
            "lock",
            "another process is appending",
            "wait for it, or give a command more time with `--lock-wait SECONDS`",
        ),
        Err(error) => checks.warn(
            "lock",
            format!("it cannot be taken ({error}): this ledger can be read and not appended to"),
            "make the folder writable for you if you mean to append",
        ),
    }
}

fn index(checks: &mut Checks, ledger: &Ledger, folder: &Path) {
    let size = ledger.checkpoint().size;
    let indexed = ledger.index().watermark().map(|mark| mark.size);
    if indexed != Some(size) {
        let found = indexed.map_or_else(|| "nothing".to_owned(), |size| format!("{size} entries"));
        return checks.warn(
            "index",
            format!("it covers {found} of {size}"),
            "`herdbook reindex` builds it again",
        );
    }
    let on_disk = folder.join("index");
    if on_disk.is_dir() {
        let (files, bytes) = weigh(&on_disk);
        checks.ok(
            "index",
            format!(
                "covers all entries; {files} files, {} MiB in index/",
                bytes / (1024 * 1024)
            ),
        );
    } else {
        checks.ok("index", "covers all entries; nothing on disk");
    }
}

/// Counts the files below a folder and their bytes.
fn weigh(folder: &Path) -> (usize, u64) {
    let (mut files, mut bytes) = (0, 0_u64);
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => open.push(entry.path()),
                Ok(metadata) => {
                    files += 1;
                    bytes = bytes.saturating_add(metadata.len());
                }
                Err(_) => {}
            }
            if files >= INDEX_FILES_MAX {
                return (files, bytes);
            }
        }
    }
    (files, bytes)
}

fn room(checks: &mut Checks, folder: &Path) {
    let free = match rustix::fs::statvfs(folder) {
        Ok(disk) => disk.f_bavail.saturating_mul(disk.f_frsize),
        Err(error) => {
            let found = format!("it cannot be asked how much is free ({error})");
            return checks.warn("disk", found, "look with `df`");
        }
    };
    let found = format!("{} MiB are free where the ledger is", free / (1024 * 1024));
    if free < ROOM_NONE_BYTES {
        checks.fail("disk", found, "make room: a commit may need 16 MiB and its tiles");
    } else if free < ROOM_LOW_BYTES {
        checks.warn("disk", found, "make room before the next large registration");
    } else {
        checks.ok("disk", found);
    }
}

fn cache(checks: &mut Checks, session: &Session) {
    let Ok(cache) = session.home().map(|home| &home.cache) else {
        return checks.warn(
            "cache",
            "there is no cache folder",
            "set HERDBOOK_HOME, XDG_CACHE_HOME or HOME",
        );
    };
    if !cache.exists() {
        return checks.ok("cache", format!("{} is made when it is needed", cache.display()));
    }
    let (files, bytes) = weigh(cache);
    checks.ok(
        "cache",
        format!(
            "{files} files, {} MiB in {}",
            bytes / (1024 * 1024),
            cache.display()
        ),
    );
}

fn answer(checks: &Checks, paint: Paint) -> Answer {
    let mut text = String::new();
    for check in &checks.0 {
        let word = format!("{:4}", check.state.word());
        let word = match check.state {
            State::Ok => word,
            State::Warn | State::Fail => paint.strong(&word),
        };
        put(
            &mut text,
            format_args!("{word}  {:11}  {}\n", check.what, in_line(&check.found)),
        );
        if let Some(next) = &check.next {
            put(&mut text, format_args!("                   {}\n", in_line(next)));
        }
    }
    let (warned, failed) = (checks.count(State::Warn), checks.count(State::Fail));
    Answer {
        text,
        json: json!({
            "schema": "herdbook/doctor/v1",
            "checks": checks.0.iter().map(|check| json!({
                "state": check.state.word(),
                "what": check.what,
                "found": check.found,
                "next": check.next,
            })).collect::<Vec<Value>>(),
            "warn": warned,
            "fail": failed,
        }),
        notes: Vec::new(),
        exit: if failed == 0 { Exit::Ok } else { Exit::Failure },
    }
}
