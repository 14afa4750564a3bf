//! Releases: statements that something went out.

use serde_json::Value;

use crate::digest::StatementId;
use crate::ledger::View;
use crate::merkle::LeafIndex;
use crate::statement::ArtifactRef;

use super::QueryError;

/// One release, as far as it says what went out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Its entry.
    pub entry: LeafIndex,
    /// Its id.
    pub id: String,
    /// Where it went, as stated.
    pub channel: Option<String>,
    /// The day, as stated.
    pub date: Option<String>,
    targets: Vec<ArtifactRef>,
    statements: Vec<StatementId>,
}

impl Release {
    /// Returns whether it releases one of these artifacts of a statement.
    pub fn is_of(&self, statement: StatementId, artifacts: &[ArtifactRef]) -> bool {
        self.statements.contains(&statement)
            || self
                .targets
                .iter()
                .any(|target| artifacts.contains(&target.whole()))
    }
}

/// Reads the releases at `entries`.
pub(super) fn releases(view: &View<'_>, entries: &[LeafIndex]) -> Result<Vec<Release>, QueryError> {
    let mut found = Vec::new();
    for entry in entries {
        let (envelope, _) = view.ledger().entry(*entry)?;
        let payload: Value = serde_json::from_slice(envelope.payload()).unwrap_or_default();
        let predicate = payload.get("predicate").cloned().unwrap_or_default();
        let text = |key: &str| predicate.get(key).and_then(Value::as_str).map(str::to_owned);
        let mut release = Release {
            entry: *entry,
            id: format!("hb:{}", envelope.id()),
            channel: text("channel"),
            date: text("date"),
            targets: Vec::new(),
            statements: Vec::new(),
        };
        cited(&predicate, &mut release);
        found.push(release);
    }
    Ok(found)
}

/// Gathers every reference in a release: whatever it cites went out.
fn cited(value: &Value, release: &mut Release) {
    match value {
        Value::String(text) => {
            if let Ok(target) = text.parse() {
                release.targets.push(target);
            } else if let Some(Ok(id)) = text.strip_prefix("hb:").map(StatementId::from_hex) {
                release.statements.push(id);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| cited(value, release)),
        Value::Object(members) => members.values().for_each(|value| cited(value, release)),
        _ => {}
    }
}
