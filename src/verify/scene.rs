//! What all rules look at: one case with the places on its walk, how they are reached, and replaced claims.

use std::cell::Cell;
use std::collections::BTreeMap;

use crate::digest::StatementId;
use crate::statement::ArtifactRef;
use crate::statement::Predicate;
use crate::statement::Source;

use super::contents::Contents;
use super::contents::Origins;
use super::finding::Code;
use super::finding::Finding;
use super::finding::PathStep;
use super::graph::Graph;
use super::graph::Place;
use super::judge::Case;
use super::mass::Replaced;
use super::rules;

/// A case with what its rules share.
#[derive(Debug)]
pub(super) struct Scene<'a> {
    pub(super) case: &'a Case,
    pub(super) graph: &'a Graph,
    pub(super) from: BTreeMap<Place, Option<Place>>,
    pub(super) replaced: Replaced,
    pub(super) contents: Contents<'a>,
    steps_left: [Cell<usize>; 2],
}

impl<'a> Scene<'a> {
    /// Walks from the targets to everything they descend from.
    pub(super) fn of(case: &'a Case) -> Self {
        let targets = case.starts.iter().copied().map(Place::Artifact);
        Self {
            graph: &case.graph,
            from: case.graph.reach(&targets.collect::<Vec<_>>()),
            replaced: rules::claims::replaced(case),
            contents: Contents::new(&case.graph, Origins::new(), case.limits.contents),
            steps_left: [
                Cell::new(case.limits.path_steps),
                Cell::new(case.limits.path_steps),
            ],
            case,
        }
    }
}

impl Scene<'_> {
    /// Makes a finding about a place on the walk, with the path to it.
    pub(super) fn finding(&self, code: Code, place: Place, message: impl Into<String>) -> Finding {
        let step = self.graph.step(place);
        Finding {
            code,
            node: step.id,
            name: step.name,
            path: self.path(code, place),
            other_path: Vec::new(),
            message: message.into(),
        }
    }

    fn path(&self, code: Code, place: Place) -> Vec<PathStep> {
        let [failing, notes] = &self.steps_left;
        let left = if code.verdict().is_some() { failing } else { notes };
        let mut places = Vec::new();
        let mut at = Some(place);
        while let Some(here) = at {
            if places.len() == left.get() {
                return self.ends_of_path(place);
            }
            places.push(here);
            at = self.from.get(&here).copied().flatten();
        }
        left.set(left.get() - places.len());
        places
            .into_iter()
            .rev()
            .map(|here| self.graph.step(here))
            .collect()
    }

    fn ends_of_path(&self, place: Place) -> Vec<PathStep> {
        let target = self.case.starts.first().copied().map(Place::Artifact);
        let mut ends: Vec<PathStep> = target.map(|target| self.graph.step(target)).into_iter().collect();
        ends.push(PathStep {
            id: "...".to_owned(),
            name: format!(
                "steps left out: all paths together have {} at most",
                self.case.limits.path_steps
            ),
        });
        ends.push(self.graph.step(place));
        ends
    }

    /// Returns the artifacts on the walk.
    pub(super) fn artifacts(&self) -> impl Iterator<Item = ArtifactRef> {
        self.from.keys().filter_map(|place| match place {
            Place::Artifact(reference) => Some(*reference),
            Place::Run(_) | Place::Gap(..) => None,
        })
    }

    /// Returns the runs on the walk.
    pub(super) fn runs(&self) -> impl Iterator<Item = StatementId> {
        self.from.keys().filter_map(|place| match place {
            Place::Run(id) => Some(*id),
            Place::Artifact(_) | Place::Gap(..) => None,
        })
    }

    /// Returns the place on the walk by which a statement is reached, for each statement.
    pub(super) fn places(&self) -> BTreeMap<StatementId, Place> {
        let mut places = BTreeMap::new();
        for place in self.from.keys() {
            let id = match place {
                Place::Artifact(reference) => reference.statement,
                Place::Run(id) => *id,
                Place::Gap(..) => continue,
            };
            places.entry(id).or_insert(*place);
        }
        places
    }

    /// Returns what counts as said of a source, or of a member of it: a later, less favourable claim where there is
    /// one.
    pub(super) fn effective(&self, claim: ArtifactRef) -> Option<&Source> {
        let replaced = self.replaced.get(&claim.whole());
        replaced.or_else(
            || match &self.graph.nodes.get(&claim.statement)?.statement.predicate {
                Predicate::Source(source) => Some(source),
                _ => None,
            },
        )
    }
}
