//! One source as a statement of no ledger: for a vendor, who has none and signs for whoever accepts it.

use std::path::Path;

use crate::digest::BlobId;
use crate::digest::KeyId;
use crate::ledger::admission::State;
use crate::ledger::hash::Progress;
use crate::ledger::lineage_file::Faults;
use crate::ledger::lineage_file::LineageFile;
use crate::ledger::lineage_file::Lookup;
use crate::statement::Predicate;
use crate::statement::Statement;

use super::PlannedBlob;
use super::RegisterError;
use super::cite::Known;
use super::content::Contents;
use super::held::read_held;
use super::order::in_order;
use super::plan::Fitting;
use super::plan::fitted;
use super::problem::Problems;

/// The bytes that go with a statement.
pub type OfferedBlobs = Vec<(BlobId, Vec<u8>)>;

/// Checks and hashes everything that the one source of `file` names; returns its statement and the bytes that go with
/// it. Of `keys_folder` nothing is taken up.
pub fn plan_offer(
    issuer: KeyId,
    path: &Path,
    file: &LineageFile,
    keys_folder: Option<&Path>,
    progress: &dyn Progress,
) -> Result<(Statement, OfferedBlobs), RegisterError> {
    let mut problems = Problems::of(path);
    let items = in_order(file, &mut problems);
    let mut faults = Faults::default();
    let mut contents = Contents::look_up(&items, &Lookup::beside(path), &mut faults);
    if !faults.is_empty() {
        return Err(RegisterError::Faults(faults));
    }
    contents.keep_out_of(keys_folder);
    contents.hash(progress, None, None);
    let state = State::new();
    let known = Known::new(&state, Vec::new(), None);
    let mut planned = None;
    for item in items {
        let from = Fitting {
            known: &known,
            contents: &contents,
            gaps: false,
            sidecar: None,
        };
        let statement = |predicate: Predicate| Statement {
            issuer,
            ledger: None,
            predicate,
        };
        match fitted(&from, item, statement) {
            Ok((built, statement)) if matches!(statement.predicate, Predicate::Source(_)) => {
                planned = Some((statement, built.blobs));
            }
            Ok(_) => {}
            Err(wrong) => {
                for (line, kind) in wrong {
                    problems.add(&item.name().value, line, kind);
                }
            }
        }
    }
    if !problems.is_empty() {
        return Err(RegisterError::Problems(problems.into_list()));
    }
    let Some((statement, blobs)) = planned else {
        return Err(RegisterError::NoSource);
    };
    let mut held = Vec::new();
    for (id, blob) in blobs {
        let bytes = match blob {
            PlannedBlob::Bytes(bytes) => bytes,
            PlannedBlob::File(path) => match read_held(&path, id) {
                Some(bytes) => bytes,
                None => return Err(RegisterError::Changed { path }),
            },
        };
        held.push((id, bytes));
    }
    Ok((statement, held))
}
