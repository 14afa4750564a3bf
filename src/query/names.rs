//! What an artifact is called: the item's name, `ITEM/FILE` for one of several files or a member of a manifest.

use std::collections::BTreeMap;

use crate::ledger::LedgerError;
use crate::ledger::View;
use crate::ledger::artifact_name;
use crate::manifest::Member;
use crate::manifest::read_members;
use crate::statement::Artifact;
use crate::statement::ArtifactRef;
use crate::statement::Statement;
use crate::statement::Thing;

use super::QueryError;

/// Names the artifacts of one statement; each of its manifests is read once.
#[derive(Debug)]
pub(super) struct Names<'a> {
    view: &'a View<'a>,
    members: BTreeMap<u32, Vec<Member>>,
}

impl<'a> Names<'a> {
    pub(super) fn of(view: &'a View<'a>) -> Self {
        Self {
            view,
            members: BTreeMap::new(),
        }
    }

    /// Returns the name of an artifact of `statement` and what it is.
    pub(super) fn describe(
        &mut self,
        statement: &Statement,
        artifact: ArtifactRef,
    ) -> Result<(String, Thing), QueryError> {
        let facts = self.view.index().facts(artifact.statement)?;
        let set = facts.as_ref().and_then(|facts| facts.set_of(artifact.subject));
        // Only what exists is cited; were it not so, the reference itself would be shown.
        let Some(set) = set else {
            return Ok((artifact.to_string(), Thing::Dataset));
        };
        let position = facts
            .as_ref()
            .and_then(|facts| facts.sets.iter().position(|one| one == set));
        let sets = statement.predicate.sets();
        let (Some((item, artifacts)), Some(at)) = (
            position.and_then(|position| sets.get(position)),
            artifact.subject.checked_sub(set.subjects.start),
        ) else {
            return Ok((set.name.to_string(), set.thing));
        };
        let Some(whole) = usize::try_from(at)
            .ok()
            .and_then(|at| artifacts.artifacts.get(at))
        else {
            return Ok((set.name.to_string(), set.thing));
        };
        let name = match artifact.member {
            None => artifact_name(item, artifacts, whole),
            Some(member) => format!("{item}/{}", self.member(whole, artifact.subject, member)?),
        };
        Ok((name, set.thing))
    }

    fn member(&mut self, artifact: &Artifact, subject: u32, member: u64) -> Result<String, QueryError> {
        if !self.members.contains_key(&subject) {
            // Without its manifest a member is still a node; it goes by its number.
            let lines = members(self.view, artifact)?.unwrap_or_default();
            self.members.insert(subject, lines);
        }
        let lines = self.members.get(&subject).map(Vec::as_slice).unwrap_or_default();
        let line = usize::try_from(member).ok().and_then(|member| lines.get(member));
        Ok(line.map_or_else(|| member.to_string(), |line| line.name.clone()))
    }
}

/// How many files an artifact is, and how many rows it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowsOf {
    /// More than one for a manifest; none for a data set.
    pub files: u64,
    /// Its rows, where they are known.
    pub rows: Option<u64>,
}

/// Returns how many files and rows an artifact is, by the record.
pub fn rows_of(view: &View<'_>, artifact: ArtifactRef) -> Result<RowsOf, QueryError> {
    let nothing = RowsOf { files: 0, rows: None };
    let Some(facts) = view.index().facts(artifact.statement)? else {
        return Ok(nothing);
    };
    let (_, statement) = view.ledger().entry(facts.entry)?;
    let at = usize::try_from(artifact.subject).unwrap_or(usize::MAX);
    let Some(whole) = statement.predicate.artifacts().nth(at) else {
        return Ok(nothing);
    };
    let rows = whole.rows.map(|rows| rows.value);
    Ok(match (artifact.member, whole.manifest()) {
        (None, None) => RowsOf { files: 1, rows },
        (None, Some(manifest)) => RowsOf {
            files: manifest.count,
            rows,
        },
        (Some(member), _) => {
            let lines = members(view, whole)?.unwrap_or_default();
            let line = usize::try_from(member).ok().and_then(|at| lines.get(at));
            RowsOf {
                files: 1,
                rows: line.and_then(|line| line.rows),
            }
        }
    })
}

/// Returns the members of an artifact's manifest; nothing where it has none, or where the ledger lacks it.
pub(super) fn members(view: &View<'_>, artifact: &Artifact) -> Result<Option<Vec<Member>>, QueryError> {
    let Some(facts) = artifact.manifest() else {
        return Ok(None);
    };
    let id = artifact.sha256.as_blob();
    match view.ledger().blob(id) {
        Ok(bytes) => read_members(&bytes, facts)
            .map(Some)
            .map_err(|source| QueryError::Manifest { id, source }),
        Err(LedgerError::Blob(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
