//! Reading what the shares of an impact need, and having them worked out by the mass of the verdict.

use std::collections::BTreeSet;

use crate::digest::StatementId;
use crate::ledger::View;
use crate::statement::ArtifactRef;
use crate::statement::Predicate;
use crate::statement::Statement;
use crate::verify::Ancestry;
use crate::verify::mass_inputs;

use super::IMPACT_MEMBERS_MAX;
use super::NoShares;
use super::Reached;
use super::Via;
use crate::query::QueryError;
use crate::query::cites::lists;
use crate::query::descend::Child;
use crate::query::descend::Descent;
use crate::query::names::members;

/// Works out the shares of everything that is reached by mass.
pub(super) fn shares(
    view: &View<'_>,
    descent: &Descent,
    reached: &mut [Reached],
) -> Result<Option<NoShares>, QueryError> {
    let heavy = || reached.iter().filter(|one| one.via == Via::Mass);
    if heavy().next().is_none() {
        return Ok(None);
    }
    let mut reading = Reading {
        view,
        lineage: Ancestry::default(),
        members: 0,
        fault: None,
    };
    for child in &descent.children {
        reading.child(child)?;
    }
    for founder in &descent.founders {
        reading.parents(&[*founder])?;
    }
    if reading.fault.is_some() {
        return Ok(reading.fault);
    }
    let asked: Vec<Vec<ArtifactRef>> = heavy().map(|one| one.artifacts.clone()).collect();
    let answer = reading.lineage.shares(&descent.founders, &asked);
    if answer.exhausted {
        return Ok(Some(NoShares::TooManyMembers));
    }
    let heavy = reached.iter_mut().filter(|one| one.via == Via::Mass);
    for (one, share) in heavy.zip(answer.shares) {
        one.share = Some(share);
    }
    Ok(None)
}

/// Reads what shares need: what was reached, and what it takes directly.
struct Reading<'a> {
    view: &'a View<'a>,
    lineage: Ancestry,
    members: usize,
    fault: Option<NoShares>,
}

impl Reading<'_> {
    fn child(&mut self, child: &Child) -> Result<(), QueryError> {
        let parents: Vec<ArtifactRef> = match &child.statement.predicate {
            Predicate::Run(run) => {
                let heavy: BTreeSet<usize> = (0..run.outputs.len())
                    .flat_map(|output| mass_inputs(run, output))
                    .collect();
                let lists = heavy.iter().filter_map(|at| child.cites.get(*at));
                lists.flatten().copied().collect()
            }
            Predicate::Dataset(_) => child.cites.concat(),
            _ => Vec::new(),
        };
        if !self.lineage.has(child.id) {
            self.manifests(&child.statement)?;
            self.lineage.add(
                child.entry,
                child.id,
                child.statement.clone(),
                child.cites.clone(),
            );
        }
        self.parents(&parents)
    }

    /// Reads what is cited, and what the data sets among it collect.
    fn parents(&mut self, parents: &[ArtifactRef]) -> Result<(), QueryError> {
        let mut queue: BTreeSet<StatementId> = parents.iter().map(|one| one.statement).collect();
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
                // Whatever does not descend from a founder has no part of it: its own parents do not matter.
                Predicate::Run(run) => vec![Vec::new(); run.inputs.len()],
                _ => Vec::new(),
            };
            queue.extend(cites.iter().flatten().map(|one| one.statement));
            self.manifests(&statement)?;
            self.lineage.add(facts.entry, id, statement, cites);
        }
        Ok(())
    }

    fn manifests(&mut self, statement: &Statement) -> Result<(), QueryError> {
        for artifact in statement.predicate.artifacts() {
            let Some(facts) = artifact.manifest() else {
                continue;
            };
            let blob = artifact.sha256.as_blob();
            if self.lineage.has_members(blob) || self.fault.is_some() {
                continue;
            }
            let count = usize::try_from(facts.count).unwrap_or(usize::MAX);
            self.members = self.members.saturating_add(count);
            if self.members > IMPACT_MEMBERS_MAX {
                self.fault = Some(NoShares::TooManyMembers);
                continue;
            }
            match members(self.view, artifact)? {
                Some(lines) => self.lineage.add_members(blob, lines),
                None => self.fault = Some(NoShares::ManifestMissing(blob)),
            }
        }
        Ok(())
    }
}
