//! What keys signed while they were compromised, and nobody affirmed.

use crate::digest::KeyId;
use crate::digest::StatementId;
use crate::envelope::Envelope;
use crate::ledger::LedgerError;
use crate::ledger::View;
use crate::merkle::LeafIndex;
use crate::statement::Predicate;
use crate::trust::Keys;
use crate::trust::Standing;

use super::QueryError;

/// One entry that is suspect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspect {
    /// Its entry.
    pub entry: LeafIndex,
    /// Its id.
    pub id: StatementId,
    /// Its kind.
    pub kind: String,
    /// The item's name.
    pub name: Option<String>,
    /// Who signed it.
    pub key: KeyId,
}

/// Returns the entries of a view that are suspect by `keys`, in log order; key changes are not among them, for they
/// count by who made them and cannot be affirmed.
pub fn suspects(view: &View<'_>, keys: &Keys) -> Result<Vec<Suspect>, QueryError> {
    let granted = keys.granted();
    let Some(first) = granted.iter().filter_map(|record| record.suspect_from).min() else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for commit in view.reader().commits_descending() {
        let commit = commit.map_err(LedgerError::from)?;
        for (entry, leaf) in commit.entries().rev() {
            if entry.get() < first {
                found.reverse();
                return Ok(found);
            }
            found.extend(suspect(keys, entry, leaf));
        }
    }
    found.reverse();
    Ok(found)
}

fn suspect(keys: &Keys, entry: LeafIndex, leaf: &[u8]) -> Option<Suspect> {
    let envelope = Envelope::decode(leaf).ok()?;
    let (key, id) = (envelope.key(), envelope.id());
    if keys.standing(key, entry.get(), id) != Standing::Suspect {
        return None;
    }
    let predicate = envelope.statement().ok()?.predicate;
    if matches!(predicate, Predicate::Key(_)) {
        return None;
    }
    Some(Suspect {
        entry,
        id,
        kind: predicate.kind().to_owned(),
        name: predicate.name().map(ToString::to_string),
        key,
    })
}
