//! `herdbook fsck`: every byte the ledger holds, against what its commits determine.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use serde_json::json;

use crate::checkpoint::Checkpoint;
use crate::checkpoint::LogKey;
use crate::checkpoint::Origin;
use crate::checkpoint::Signer;
use crate::fsck::FsckCode;
use crate::fsck::FsckFinding;
use crate::fsck::FsckReport;
use crate::fsck::RepairError;
use crate::fsck::Repaired;
use crate::fsck::Severity;
use crate::fsck::fsck;
use crate::fsck::hold_to;
use crate::fsck::repair;
use crate::ledger::KeyPaths;
use crate::ledger::LedgerError;
use crate::ledger::Remembered;
use crate::ledger::Settings;
use crate::sign::KeyFileError;
use crate::store::FileStore;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::StorePath;
use crate::trust::TrustRoot;

use super::args;
use super::error::Error;
use super::exit::Exit;
use super::held::after_fork;
use super::held::after_rollback;
use super::home::read_trust_root;
use super::json::checkpoint;
use super::json::root_text;
use super::session::Session;
use super::ui::Answer;
use super::ui::Paint;
use super::ui::counted;
use super::ui::put;
use super::ui::shown;

/// How long a repair waits for another process.
const LOCK_WAIT: Duration = Duration::from_secs(30);

/// The largest `herdbook.toml`.
const SETTINGS_BYTES_MAX: u64 = 64 * 1024;

/// Checks the ledger and, if asked to, repairs what commits determine.
pub fn run(session: &Session, args: &args::Fsck) -> Result<Answer, Error> {
    let folder = session.ledger_folder()?;
    let store: Arc<dyn Store> = match FileStore::open(&folder) {
        Ok(store) => Arc::new(store),
        Err(StoreError::NoFolder { folder }) => return Err(LedgerError::NoLedger { folder }.into()),
        Err(error) => return Err(LedgerError::from(error).into()),
    };
    let origin = origin_of(&*store);
    let trust = match (&args.trust_root, &origin) {
        (Some(path), _) => Some(read_trust_root(&session.path(path))?),
        (None, Some(origin)) => session.pin(origin)?,
        (None, None) => None,
    };
    let repaired = if args.repair {
        Some(repaired(session, &store, origin.as_ref(), trust.as_ref())?)
    } else {
        None
    };
    let place = origin.as_ref().and_then(|origin| session.remembered(origin));
    // Before the check: what was remembered by then was published by then.
    let note = place.as_ref().map(Remembered::note).transpose()?.flatten();
    let mut report = check(&store, &folder, trust.as_ref())?;
    let mut notes = Vec::new();
    if let (Some(place), Some(root)) = (&place, &trust) {
        notes = held(&store, &mut report, root, (place, note.as_deref()))?;
    }
    let mut answer = answer(&report, repaired.as_ref(), trust.is_some(), session.ui.paint());
    answer.notes.extend(notes);
    Ok(answer)
}

/// Holds the log against what is remembered of it, and remembers it if all is well. Returns what to tell people.
fn held(
    store: &Arc<dyn Store>,
    report: &mut FsckReport,
    root: &TrustRoot,
    (place, note): (&Remembered, Option<&[u8]>),
) -> Result<Vec<String>, Error> {
    // That the trust root is of another ledger, or names no key, stands in the report.
    let Ok(key) = LogKey::parse_vkey(&root.log_key) else {
        return Ok(Vec::new());
    };
    let other = report
        .findings
        .iter()
        .any(|found| found.code == FsckCode::OtherLedger);
    if other {
        return Ok(Vec::new());
    }
    let reader = hold_to(report, store, &key, place, note).map_err(|error| Error::from(error.0))?;
    let found = |code| report.findings.iter().any(|found| found.code == code);
    if found(FsckCode::RolledBack) {
        return Ok(vec![after_rollback(place.path())]);
    }
    if found(FsckCode::Forked) {
        return Ok(vec![after_fork(place.path())]);
    }
    let limit = crate::checkpoint::MAX_CHECKPOINT_BYTES as u64;
    let published = store.read(&StorePath::Checkpoint, limit).unwrap_or_default();
    let (Some(reader), Some(published)) = (reader, published) else {
        return Ok(Vec::new());
    };
    // Somebody who appended meanwhile remembers by himself.
    if Checkpoint::open(&published, &key).ok().as_ref() != Some(reader.checkpoint()) {
        return Ok(Vec::new());
    }
    Session::keep(place, &published, &reader)
}

/// Returns the origin that the settings name; what is wrong with them is for the check to say.
fn origin_of(store: &dyn Store) -> Option<Origin> {
    let bytes = store.read(&StorePath::Settings, SETTINGS_BYTES_MAX).ok()??;
    Settings::decode(&bytes).ok().map(|settings| settings.origin)
}

fn check(store: &Arc<dyn Store>, folder: &Path, trust: Option<&TrustRoot>) -> Result<FsckReport, Error> {
    fsck(store, folder, trust).map_err(|error| error.0.into())
}

fn repaired(
    session: &Session,
    store: &Arc<dyn Store>,
    origin: Option<&Origin>,
    trust: Option<&TrustRoot>,
) -> Result<Repaired, Error> {
    let (Some(origin), Some(root)) = (origin, trust) else {
        return Err(
            Error::new(Exit::Failure, "only a pinned ledger is repaired").hint(
                "run it as the user who made the ledger: a repair must know which log key is the right one",
            ),
        );
    };
    let key = LogKey::parse_vkey(&root.log_key)
        .map_err(|source| Error::new(Exit::Failure, "the pinned log key is not one").because(source))?;
    // Tiles need no key; only a new checkpoint does.
    let signer: Option<Arc<dyn Signer>> = match session
        .opener()
        .open(&KeyPaths::of(&session.home()?.keys, origin).log)
    {
        Ok(key) => Some(key),
        Err(KeyFileError::Missing { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    repair(store, &key, signer, LOCK_WAIT).map_err(|error| match error {
        RepairError::Ledger(inner) => inner.into(),
        RepairError::NeedsLogKey => Error::new(Exit::KeyUnusable, "nothing was repaired").because(error),
        other => Error::new(Exit::Tampered, "nothing was repaired").because(other),
    })
}

fn answer(report: &FsckReport, repaired: Option<&Repaired>, pinned: bool, paint: Paint) -> Answer {
    let exit = match report.worst() {
        // Without a checkpoint nothing can be read, although nothing is false.
        Some(Severity::Lag) if report.checkpoint.is_none() => Exit::Partial,
        None | Some(Severity::Lag) => Exit::Ok,
        Some(Severity::Missing) => Exit::Undecidable,
        Some(Severity::Tampered) => Exit::Tampered,
    };
    let mut notes = Vec::new();
    if !pinned {
        notes.push(
            "No trust root is pinned for this ledger: its own genesis was taken at its word.".to_owned(),
        );
    }
    if let Some(kept) = repaired.and_then(|repaired| repaired.checkpoint_kept.as_ref()) {
        notes.push(format!("The false checkpoint is kept in {kept}."));
    }
    Answer {
        text: text(report, paint),
        json: json!({
            "schema": "herdbook/fsck/v1",
            "clean": report.is_clean(),
            "findings": report.findings.iter().map(finding).collect::<Vec<Value>>(),
            "checkpoint": report.checkpoint.as_ref().map(checkpoint),
            "entries": report.entries,
            "blobs": report.blobs,
            "pinned": pinned,
            "repaired": repaired.map(|repaired| json!({
                "size": repaired.size.get(),
                "checkpoint_kept": repaired.checkpoint_kept.as_ref().map(ToString::to_string),
            })),
        }),
        notes,
        exit,
    }
}

fn text(report: &FsckReport, paint: Paint) -> String {
    let mut text = String::new();
    for finding in &report.findings {
        put(&mut text, format_args!("{}\n", shown(&finding.to_string())));
    }
    let word = match report.worst() {
        None => paint.good("clean"),
        Some(Severity::Lag) if report.checkpoint.is_none() => paint.bad("behind, no checkpoint is published"),
        Some(Severity::Lag) => paint.notable("behind, not false"),
        Some(Severity::Missing) => paint.bad("incomplete"),
        Some(Severity::Tampered) => paint.bad("tampered"),
    };
    let entries = usize::try_from(report.entries).unwrap_or(usize::MAX);
    let blobs = usize::try_from(report.blobs).unwrap_or(usize::MAX);
    let entries = if entries == 1 {
        "1 entry".to_owned()
    } else {
        format!("{entries} entries")
    };
    put(
        &mut text,
        format_args!(
            "{word}: {}; {entries} and {} could be checked\n",
            counted(report.findings.len(), "finding"),
            counted(blobs, "blob")
        ),
    );
    if let Some(checkpoint) = &report.checkpoint {
        put(
            &mut text,
            format_args!(
                "  checkpoint  {}, {} entries, root {}\n",
                checkpoint.origin,
                checkpoint.size,
                root_text(checkpoint)
            ),
        );
    }
    text
}

fn finding(finding: &FsckFinding) -> Value {
    json!({
        "code": finding.code.as_str(),
        "severity": finding.code.severity().as_str(),
        "at": finding.at,
        "message": finding.message,
    })
}
