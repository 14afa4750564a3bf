//! The shares of what is reached, one statement after the other on the way up, by the mass of the verdict.
//!
//! Of each statement is kept what the shares of its children can still need: itself while something further up cites it,
//! and what it has mass from for as long, since another part of it may be asked for. What does not descend from the
//! founders is read once and kept.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;

use crate::digest::BlobId;
use crate::digest::StatementId;
use crate::ledger::View;
use crate::merkle::LeafIndex;
use crate::statement::ArtifactRef;
use crate::statement::Predicate;
use crate::statement::Statement;
use crate::verify::Ancestry;
use crate::verify::Share;
use crate::verify::mass_inputs;

use super::IMPACT_MEMBERS_MAX;
use super::Item;
use super::NoShares;
use crate::query::QueryError;
use crate::query::cites::lists;
use crate::query::descend::Child;
use crate::query::names::members;

/// What is kept of a statement that was passed.
struct Kept {
    /// Whether something further up cites it.
    awaited: bool,
    /// How many of those that hold it have mass from it: what is awaited, and data sets that are kept.
    held_by: usize,
    /// Those among the kept that it has mass from, while it holds them.
    parents: Vec<StatementId>,
    /// A data set is opened by whoever takes it, so it holds what it collects for as long as it is kept.
    is_data_set: bool,
    manifests: Vec<BlobId>,
}

/// The shares so far.
pub(super) struct Sharing<'a> {
    view: &'a View<'a>,
    lineage: Ancestry,
    kept: HashMap<StatementId, Kept>,
    /// By the last entry that cites them.
    awaited: BTreeMap<LeafIndex, Vec<StatementId>>,
    /// How many statements that are kept have a manifest, and how many members it has.
    manifests: HashMap<BlobId, (usize, usize)>,
    members: usize,
    shares: HashMap<Item, Share>,
    fault: Option<NoShares>,
}

impl<'a> Sharing<'a> {
    /// Begins with the founders; a data set stands for what it collects.
    pub(super) fn begin(view: &'a View<'a>, founders: &BTreeSet<ArtifactRef>) -> Result<Self, QueryError> {
        let mut sharing = Self {
            view,
            lineage: Ancestry::default(),
            kept: HashMap::new(),
            awaited: BTreeMap::new(),
            manifests: HashMap::new(),
            members: 0,
            shares: HashMap::new(),
            fault: None,
        };
        sharing.read(founders.iter().copied())?;
        sharing.lineage.ask_about(founders);
        Ok(sharing)
    }

    /// Works out the shares of those items of a statement that are reached by mass: `heavy`, by their positions.
    pub(super) fn child(&mut self, child: Child, heavy: &[usize]) -> Result<(), QueryError> {
        let (entry, id, last) = (child.entry, child.id, child.last);
        if !heavy.is_empty() && self.fault.is_none() {
            self.heavy(child, heavy)?;
            match last {
                Some(last) => self.awaited.entry(last).or_default().push(id),
                None => self.pass(id),
            }
        }
        let passed: Vec<LeafIndex> = self.awaited.range(..=entry).map(|(last, _)| *last).collect();
        for last in passed {
            for id in self.awaited.remove(&last).unwrap_or_default() {
                self.pass(id);
            }
        }
        Ok(())
    }

    /// Returns the shares, or why there are none.
    pub(super) fn finish(self) -> (HashMap<Item, Share>, Option<NoShares>) {
        match self.fault {
            None => (self.shares, None),
            fault => (HashMap::new(), fault),
        }
    }

    fn heavy(&mut self, child: Child, heavy: &[usize]) -> Result<(), QueryError> {
        let parents: Vec<ArtifactRef> = match &child.statement.predicate {
            Predicate::Run(run) => {
                let inputs: BTreeSet<usize> = heavy
                    .iter()
                    .flat_map(|output| mass_inputs(run, *output))
                    .collect();
                let lists = inputs.iter().filter_map(|at| child.cites.get(*at));
                lists.flatten().copied().collect()
            }
            _ => child.cites.concat(),
        };
        let artifacts = outputs(&child, heavy, self.view)?;
        let manifests = self.read_manifests(&child.statement)?;
        let statements: BTreeSet<StatementId> = parents.iter().map(|one| one.statement).collect();
        let statements: Vec<StatementId> = statements
            .into_iter()
            .filter(|parent| self.kept.contains_key(parent))
            .collect();
        for parent in &statements {
            if let Some(kept) = self.kept.get_mut(parent) {
                kept.held_by += 1;
            }
        }
        let id = child.id;
        let is_data_set = matches!(child.statement.predicate, Predicate::Dataset(_));
        self.lineage.add(child.entry, id, child.statement, child.cites);
        self.read(parents)?;
        self.kept.insert(
            id,
            Kept {
                awaited: true,
                held_by: 0,
                parents: statements,
                manifests,
                is_data_set,
            },
        );
        for (set, artifacts) in artifacts {
            if self.fault.is_some() {
                return Ok(());
            }
            match self.lineage.share(&artifacts) {
                Some(share) => {
                    self.shares.insert((id, set), share);
                }
                None => self.fault = Some(NoShares::TooManyMembers),
            }
        }
        Ok(())
    }

    /// Nothing further up cites it: nobody asks for another part of it, so what it has mass from is let go.
    fn pass(&mut self, id: StatementId) {
        let Some(kept) = self.kept.get_mut(&id) else {
            return;
        };
        kept.awaited = false;
        let mut queue = vec![id];
        if !kept.is_data_set {
            queue.extend(self.release(id));
        }
        while let Some(id) = queue.pop() {
            queue.extend(self.forget(id));
        }
    }

    /// Lets go of what a statement holds, and returns that.
    fn release(&mut self, id: StatementId) -> Vec<StatementId> {
        let kept = self.kept.get_mut(&id);
        let parents = kept
            .map(|kept| std::mem::take(&mut kept.parents))
            .unwrap_or_default();
        for parent in &parents {
            if let Some(kept) = self.kept.get_mut(parent) {
                kept.held_by = kept.held_by.saturating_sub(1);
            }
        }
        parents
    }

    /// Forgets a statement unless something needs it; returns what may be forgotten with it.
    fn forget(&mut self, id: StatementId) -> Vec<StatementId> {
        let is_needed = |kept: &Kept| kept.awaited || kept.held_by > 0;
        if self.kept.get(&id).is_none_or(is_needed) {
            return Vec::new();
        }
        let held = self.release(id);
        self.lineage.forget(id);
        for blob in self
            .kept
            .remove(&id)
            .map(|kept| kept.manifests)
            .unwrap_or_default()
        {
            self.let_go(blob);
        }
        held
    }

    fn let_go(&mut self, blob: BlobId) {
        let Some((users, members)) = self.manifests.get_mut(&blob) else {
            return;
        };
        *users = users.saturating_sub(1);
        if *users == 0 {
            self.members = self.members.saturating_sub(*members);
            self.manifests.remove(&blob);
            self.lineage.forget_members(blob);
        }
    }

    /// Reads what is cited and was not reached, and what the data sets among it collect.
    fn read(&mut self, parents: impl IntoIterator<Item = ArtifactRef>) -> Result<(), QueryError> {
        let mut queue: BTreeSet<StatementId> = parents.into_iter().map(|one| one.statement).collect();
        while let Some(id) = queue.pop_first() {
            if self.lineage.has(id) {
                continue;
            }
            let Some(facts) = self.view.index().facts(id)? else {
                continue;
            };
            let (_, statement) = self.view.ledger().entry(facts.entry)?;
            let cites = match &statement.predicate {
                Predicate::Dataset(_) => lists(self.view, &statement)?,
                // Whatever has no mass from a founder has no part of it: its own parents do not matter.
                Predicate::Run(run) => vec![Vec::new(); run.inputs.len()],
                _ => Vec::new(),
            };
            queue.extend(cites.iter().flatten().map(|one| one.statement));
            self.read_manifests(&statement)?;
            self.lineage.add(facts.entry, id, statement, cites);
        }
        Ok(())
    }

    fn read_manifests(&mut self, statement: &Statement) -> Result<Vec<BlobId>, QueryError> {
        let mut read = Vec::new();
        for artifact in statement.predicate.artifacts() {
            let Some(facts) = artifact.manifest() else {
                continue;
            };
            let blob = artifact.sha256.as_blob();
            if let Some((users, _)) = self.manifests.get_mut(&blob) {
                *users += 1;
                read.push(blob);
                continue;
            }
            if self.fault.is_some() {
                continue;
            }
            let count = usize::try_from(facts.count).unwrap_or(usize::MAX);
            self.members = self.members.saturating_add(count);
            if self.members > IMPACT_MEMBERS_MAX {
                self.fault = Some(NoShares::TooManyMembers);
                continue;
            }
            match members(self.view, artifact)? {
                Some(lines) => {
                    self.lineage.add_members(blob, lines);
                    self.manifests.insert(blob, (1, count));
                    read.push(blob);
                }
                None => self.fault = Some(NoShares::ManifestMissing(blob)),
            }
        }
        Ok(read)
    }
}

/// Returns the artifacts of some items of a statement.
fn outputs(
    child: &Child,
    sets: &[usize],
    view: &View<'_>,
) -> Result<Vec<(usize, Vec<ArtifactRef>)>, QueryError> {
    let facts = view.index().facts(child.id)?;
    let of = |set: &usize| {
        let subjects = facts.as_ref()?.sets.get(*set)?.subjects.clone();
        let artifacts = subjects.map(|subject| ArtifactRef::subject(child.id, subject));
        Some((*set, artifacts.collect()))
    };
    Ok(sets.iter().filter_map(of).collect())
}

#[cfg(test)]
mod tests;
