//! Releases: statements that something went out.

use crate::ledger::View;
use crate::merkle::LeafIndex;
use crate::statement::ArtifactRef;
use crate::statement::Predicate;

use super::QueryError;

/// One release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Released {
    /// Its entry.
    pub entry: LeafIndex,
    /// Its id.
    pub id: String,
    /// Where it went.
    pub name: String,
    /// Which way it went, as stated.
    pub channel: Option<String>,
    /// The day, as stated.
    pub date: Option<String>,
    /// What went out.
    pub target: ArtifactRef,
}

/// Reads the releases at `entries`.
pub(super) fn releases(view: &View<'_>, entries: &[LeafIndex]) -> Result<Vec<Released>, QueryError> {
    let mut found = Vec::new();
    for entry in entries {
        let (envelope, statement) = view.ledger().entry(*entry)?;
        if let Predicate::Release(release) = statement.predicate {
            found.push(Released {
                entry: *entry,
                id: format!("hb:{}", envelope.id()),
                name: release.name.to_string(),
                channel: release.channel,
                date: release.date,
                target: release.target,
            });
        }
    }
    Ok(found)
}
