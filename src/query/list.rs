//! Every name with its versions.

use crate::index::VersionPart;
use crate::index::resolve::facts_below;
use crate::index::resolve::versions_below;
use crate::ledger::View;
use crate::merkle::LeafIndex;
use crate::statement::ArtifactRef;
use crate::statement::ItemName;

use super::QueryError;

/// One version of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The name.
    pub name: ItemName,
    /// Where it stands: `NAME@<entry>`.
    pub entry: LeafIndex,
    /// `hb:` and the statement, with `/<subject>` where it is one artifact.
    pub id: String,
    /// Its kind: `source`, `prompt`, `filter`, `model`, `run`, `dataset`, `shard`, `scores`.
    pub kind: &'static str,
    /// How many artifacts it has; 0 for a run.
    pub artifacts: u64,
    /// Its rows, where known.
    pub rows: Option<u64>,
    /// How many versions the name has.
    pub versions: usize,
}

/// Returns every version of every name, in the order of names and then of entries.
pub fn list(view: &View<'_>) -> Result<Vec<Listed>, QueryError> {
    let index = view.index();
    let mut listed = Vec::new();
    for name in index.names()? {
        let versions = versions_below(index, view.size(), &name)?;
        for version in &versions {
            let facts = facts_below(index, view.size(), version.statement)?;
            let set = match version.part {
                VersionPart::Run => None,
                VersionPart::Set(at) => facts.as_ref().and_then(|facts| facts.sets.get(at)),
            };
            let subjects = set.map(|set| set.subjects.clone()).unwrap_or_default();
            let single =
                (subjects.len() == 1).then(|| ArtifactRef::subject(version.statement, subjects.start));
            listed.push(Listed {
                name: name.clone(),
                entry: version.entry,
                id: single.map_or_else(|| format!("hb:{}", version.statement), |one| one.to_string()),
                kind: version.kind,
                artifacts: subjects.len() as u64,
                rows: set.and_then(|set| set.rows),
                versions: versions.len(),
            });
        }
    }
    Ok(listed)
}
