//! Every name with its versions, and what was said about them: releases and reports.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::index::Facts;
use crate::index::VersionPart;
use crate::index::resolve::facts_below;
use crate::index::resolve::versions_below;
use crate::ledger::View;
use crate::merkle::LeafIndex;
use crate::statement::ArtifactRef;
use crate::statement::ItemName;
use crate::statement::Predicate;

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
    /// How many files these are, those of manifests counted; what is only declared counts as one.
    pub files: u64,
    /// Its rows, where known.
    pub rows: Option<u64>,
    /// How many versions the name has; 0 for what has no name in a lineage: a release, a report.
    pub versions: usize,
    /// What a release or a report is about.
    pub about: Option<ItemName>,
    /// The run that it is, or came out of.
    pub run: Option<ItemName>,
}

/// Returns every version of every name, in the order of names and then of entries.
pub fn list(view: &View<'_>) -> Result<Vec<Listed>, QueryError> {
    let index = view.index();
    let mut listed = Vec::new();
    let mut said = BTreeSet::new();
    for name in index.names()? {
        let versions = versions(view, &name)?;
        for version in &versions {
            said.extend(index.children(version.entry)?);
        }
        listed.extend(versions);
    }
    for entry in said {
        listed.extend(said_about(view, entry)?);
    }
    Ok(listed)
}

/// Returns every version of one name, in log order.
pub fn versions(view: &View<'_>, name: &ItemName) -> Result<Vec<Listed>, QueryError> {
    let index = view.index();
    let versions = versions_below(index, view.size(), name)?;
    let mut listed = Vec::new();
    for version in &versions {
        let facts = facts_below(index, view.size(), version.statement)?;
        let set = match version.part {
            VersionPart::Run => None,
            VersionPart::Set(at) => facts.as_ref().and_then(|facts| facts.sets.get(at)),
        };
        let subjects = set.map(|set| set.subjects.clone()).unwrap_or_default();
        let single = (subjects.len() == 1).then(|| ArtifactRef::subject(version.statement, subjects.start));
        let run = facts.as_ref().filter(|facts| facts.kind == "run");
        listed.push(Listed {
            name: name.clone(),
            entry: version.entry,
            id: single.map_or_else(|| format!("hb:{}", version.statement), |one| one.to_string()),
            kind: version.kind,
            artifacts: subjects.len() as u64,
            files: facts.as_ref().map_or(0, |facts| files(facts, subjects)),
            rows: set.and_then(|set| set.rows),
            versions: versions.len(),
            about: None,
            run: run.and_then(|facts| facts.name.clone()),
        });
    }
    Ok(listed)
}

/// Counts the files of some subjects. A data set collects what others declare.
fn files(facts: &Facts, subjects: Range<u32>) -> u64 {
    if facts.kind == "dataset" {
        return 0;
    }
    let of = |subject| facts.subjects.get(usize::try_from(subject).ok()?);
    let found = subjects.filter_map(of);
    found.map(|subject| subject.members.max(1)).sum()
}

/// Returns the statement at an entry if it makes nothing and only says something of what is there.
fn said_about(view: &View<'_>, entry: LeafIndex) -> Result<Option<Listed>, QueryError> {
    let id = view.index().id_at(entry)?;
    let facts = match id {
        Some(id) => facts_below(view.index(), view.size(), id)?,
        None => None,
    };
    let Some(facts) = facts.filter(|facts| matches!(facts.kind, "release" | "report" | "notice")) else {
        return Ok(None);
    };
    let (_, statement) = view.ledger().entry(entry)?;
    let target = match &statement.predicate {
        Predicate::Release(release) => Some(release.target),
        Predicate::Report(report) => report.targets.first().copied(),
        Predicate::Notice(notice) => {
            let gap = notice.gap.map(|gap| ArtifactRef::subject(gap.statement, 0));
            notice.targets.first().copied().or(gap)
        }
        _ => None,
    };
    let Some(target) = target else {
        return Ok(None);
    };
    let cited = facts_below(view.index(), view.size(), target.statement)?;
    let about = cited.and_then(|cited| cited.set_of(target.subject).map(|set| set.name.clone()));
    Ok(about.map(|about| Listed {
        name: facts.name.clone().unwrap_or_else(|| about.clone()),
        entry,
        id: format!("hb:{}", facts.id),
        kind: facts.kind,
        artifacts: 0,
        files: 0,
        rows: None,
        versions: 0,
        about: Some(about),
        run: None,
    }))
}
