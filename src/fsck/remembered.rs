//! What was accepted before, held against what stands in the folder.

use std::sync::Arc;

use crate::checkpoint::LogKey;
use crate::ledger::LedgerError;
use crate::ledger::Remembered;
use crate::ledger::RememberedError;
use crate::log::LogReader;
use crate::store::Store;

use super::FsckCode;
use super::FsckError;
use super::FsckFinding;
use super::FsckReport;
use super::whole;

/// Adds to a report what speaks against it: that the log is shorter than, or another one than, what `note` covers. Read
/// the note before the check. Returns the log if it is the same one and nothing else in it is false.
pub fn hold_to(
    report: &mut FsckReport,
    store: &Arc<dyn Store>,
    key: &LogKey,
    remembered: &Remembered,
    note: Option<&[u8]>,
) -> Result<Option<LogReader>, FsckError> {
    // Why there is no log to hold against it stands in the report.
    let Ok(reader) = LogReader::open(Arc::clone(store), key.clone()) else {
        return Ok(None);
    };
    let held = note.map_or(Ok(()), |note| remembered.hold(note, &reader));
    let code = match &held {
        Ok(()) => {
            let sound = report.worst() != Some(super::Severity::Tampered);
            return Ok(sound.then_some(reader));
        }
        Err(RememberedError::RolledBack(_)) => FsckCode::RolledBack,
        Err(RememberedError::Forked(_)) => FsckCode::Forked,
        // False tiles or commits: the check has named them.
        Err(RememberedError::Log(error)) if error.is_tampered() => return Ok(None),
        Err(_) => {
            return held
                .map(|()| None)
                .map_err(|error| LedgerError::from(error).into());
        }
    };
    let message = held.err().map(|error| whole(&error)).unwrap_or_default();
    report.findings.push(FsckFinding {
        code,
        at: "log/checkpoint".to_owned(),
        message,
    });
    Ok(None)
}
