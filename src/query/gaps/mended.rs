//! Gaps that nobody has any more: the newest version of the item has none, and nothing in use descends from the older.
//!
//! In use is the newest version of every name, and whatever was released, for nobody can take that back.

use std::collections::BTreeSet;

use crate::index::resolve::versions_below;
use crate::ledger::View;
use crate::merkle::LeafIndex;

use super::GapClass;
use super::Missing;
use crate::query::QueryError;

/// Leaves out what is mended, and returns how many gaps that were.
pub(super) fn leave_out(view: &View<'_>, found: &mut Vec<Missing>) -> Result<usize, QueryError> {
    let gaps: BTreeSet<(LeafIndex, &'static str)> = found.iter().map(|one| (one.entry, one.code)).collect();
    let mut candidates = BTreeSet::new();
    for one in found.iter().filter(|one| one.class != GapClass::Stale) {
        let newest = newest_of(view, one)?;
        if newest.is_some_and(|newest| newest > one.entry && !gaps.contains(&(newest, one.code))) {
            candidates.insert((one.entry, one.node.clone()));
        }
    }
    if candidates.is_empty() {
        return Ok(0);
    }
    let used = in_use(view)?;
    let before = found.len();
    found.retain(|one| used.contains(&one.entry) || !candidates.contains(&(one.entry, one.node.clone())));
    Ok(before - found.len())
}

fn newest_of(view: &View<'_>, one: &Missing) -> Result<Option<LeafIndex>, QueryError> {
    let versions = versions_below(view.index(), view.size(), &one.item)?;
    Ok(versions.last().map(|version| version.entry))
}

/// Returns the entries that are in use, and all that they descend from.
fn in_use(view: &View<'_>) -> Result<BTreeSet<LeafIndex>, QueryError> {
    let mut queue = BTreeSet::new();
    for name in view.index().names()? {
        let versions = versions_below(view.index(), view.size(), &name)?;
        queue.extend(versions.last().map(|version| version.entry));
    }
    for at in 0..view.size().get() {
        let entry = LeafIndex::new(at);
        let Some(id) = view.index().id_at(entry)? else {
            continue;
        };
        let facts = view.index().facts(id)?;
        if facts.is_some_and(|facts| facts.kind == "release") {
            queue.insert(entry);
        }
    }
    let mut used = BTreeSet::new();
    while let Some(entry) = queue.pop_last() {
        if used.insert(entry) {
            queue.extend(view.index().parents(entry)?);
        }
    }
    Ok(used)
}
