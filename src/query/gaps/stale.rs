//! Items of which there is a newer version while something still takes the older.
//!
//! In a series every night has its own versions of everything, and last month's model rightly took last month's data.
//! So a consumer counts only while it is the newest version of its own name, or was asked about.

use std::collections::BTreeSet;

use crate::digest::StatementId;
use crate::index::Version;
use crate::index::resolve::versions_below;
use crate::index::thing_word;
use crate::ledger::View;
use crate::merkle::LeafIndex;
use crate::statement::ArtifactRef;
use crate::statement::ItemName;
use crate::statement::Predicate;

use super::GapClass;
use super::Looked;
use super::Missing;
use crate::query::QueryError;
use crate::query::cites::lists;

/// Adds the older versions that are in use.
pub(super) fn of(
    view: &View<'_>,
    looked: &[Looked],
    asked: bool,
    found: &mut Vec<Missing>,
) -> Result<(), QueryError> {
    for one in looked {
        let Some(consumer) = one.statement.predicate.name() else {
            continue;
        };
        if !asked && !is_newest(view, consumer, one.entry)? {
            continue;
        }
        for (name, old, newest) in older(view, one)? {
            found.push(Missing {
                command: None,
                class: GapClass::Stale,
                code: "newer_version",
                item: name.clone(),
                taken_by: Some(consumer.clone()),
                node: format!("{name}@{old}"),
                id: format!("hb:{}", view.index().id_at(old)?.unwrap_or(one.id)),
                name: format!("{name}@{old}"),
                entry: old,
                why: format!("{consumer}@{} takes it, and since then there is {name}@{newest}", one.entry),
                close: format!(
                    "write `use: {name}@{newest}` for {consumer} in the lineage file, run it again and register it with \
                     `--new-version`"
                ),
            });
        }
    }
    Ok(())
}

fn is_newest(view: &View<'_>, name: &ItemName, entry: LeafIndex) -> Result<bool, QueryError> {
    let versions = versions_below(view.index(), view.size(), name)?;
    Ok(versions.last().is_none_or(|last| last.entry == entry))
}

/// Returns the items that a statement takes in a version that is not the newest: name, its entry, the newest entry.
fn older(view: &View<'_>, one: &Looked) -> Result<BTreeSet<(ItemName, LeafIndex, LeafIndex)>, QueryError> {
    let mut cited: BTreeSet<(StatementId, u32)> = BTreeSet::new();
    for reference in lists(view, &one.statement)?.iter().flatten() {
        cited.insert((reference.statement, reference.subject));
    }
    if let Predicate::Filter(filter) = &one.statement.predicate {
        cited.extend(
            filter
                .model
                .map(|model: ArtifactRef| (model.statement, model.subject)),
        );
    }
    let mut items: BTreeSet<(StatementId, usize)> = BTreeSet::new();
    for (id, subject) in cited {
        let facts = view.index().facts(id)?;
        let set = facts.and_then(|facts| facts.sets.iter().position(|set| set.subjects.contains(&subject)));
        items.extend(set.map(|set| (id, set)));
    }
    let mut older = BTreeSet::new();
    for (id, set) in items {
        let Some(facts) = view.index().facts(id)? else {
            continue;
        };
        let Some((name, thing)) = facts.sets.get(set).map(|set| (set.name.clone(), set.thing)) else {
            continue;
        };
        // A thing of another kind under the same name takes nobody's place.
        let newer = |version: &Version| version.entry > facts.entry && version.kind == thing_word(thing);
        let versions = versions_below(view.index(), view.size(), &name)?;
        // What came after the consumer is what it could not have taken then, and could now.
        if let Some(newest) = versions.iter().rev().find(|version| newer(version)) {
            older.insert((name, facts.entry, newest.entry));
        }
    }
    Ok(older)
}
