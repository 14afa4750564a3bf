//! How what a model descends from reaches it: as a part of it, or as what it was made with.

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::collections::VecDeque;

use petgraph::graph::NodeIndex;

use crate::digest::StatementId;
use crate::ledger::View;
use crate::statement::ArtifactRef;
use crate::statement::Does;
use crate::statement::Predicate;
use crate::statement::Role;
use crate::verify::PathStep;
use crate::verify::mass_inputs;

use super::QueryError;
use super::Via;
use super::cites::lists;
use super::node::Place;
use super::trace::Trace;

/// How something reaches what was asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// By mass where there is such a way.
    pub via: Via,
    /// The shortest way from what was asked about to it; by mass where it is reached so.
    pub path: Vec<PathStep>,
}

/// From a node to the one it was first reached from, with the run between them where there is one.
type From = HashMap<Place, Option<(Place, Option<Place>)>>;

/// The ways from the roots of a trace to everything in it.
#[derive(Debug)]
pub(super) struct Reaches<'a> {
    trace: &'a Trace,
    nodes: HashMap<Place, NodeIndex>,
    any: From,
    mass: From,
}

impl<'a> Reaches<'a> {
    pub(super) fn of(view: &View<'_>, trace: &'a Trace) -> Result<Self, QueryError> {
        let place = |at: NodeIndex| trace.graph.node_weight(at).map(|node| node.place);
        let nodes: HashMap<Place, NodeIndex> = trace
            .graph
            .node_indices()
            .filter_map(|at| Some((place(at)?, at)))
            .collect();
        let roots: Vec<Place> = trace.roots.iter().filter_map(|root| place(*root)).collect();
        let any = first_reached(&roots, |at| {
            let next = nodes.get(&at).map(|node| trace.graph.neighbors(*node));
            let next = next.into_iter().flatten().filter_map(place);
            Ok(next.map(|to| (to, None)).collect())
        })?;
        let mut expanded = BTreeSet::new();
        let mass = first_reached(&roots, |at| match at {
            Place::Artifact(artifact) => parts_of(view, artifact, &mut expanded),
            Place::Run(_) | Place::Gap(..) => Ok(Vec::new()),
        })?;
        Ok(Self {
            trace,
            nodes,
            any,
            mass,
        })
    }

    /// Returns how a place reaches the roots; nothing for what is not in the trace.
    pub(super) fn to(&self, place: Place) -> Option<Reach> {
        let (via, from) = if self.mass.contains_key(&place) {
            (Via::Mass, &self.mass)
        } else {
            (Via::Conditioning, &self.any)
        };
        let mut path = Vec::new();
        let mut here = Some(place);
        while let Some(at) = here {
            path.extend(self.step(at));
            let next = (*from.get(&at)?).as_ref();
            path.extend(next.and_then(|(_, run)| self.step((*run)?)));
            here = next.map(|(from, _)| *from);
        }
        path.reverse();
        Some(Reach { via, path })
    }

    fn step(&self, place: Place) -> Option<PathStep> {
        let node = self.trace.graph.node_weight(*self.nodes.get(&place)?)?;
        Some(PathStep {
            id: place.to_string(),
            name: node.name.clone(),
        })
    }
}

type Next = Vec<(Place, Option<Place>)>;

fn first_reached(
    roots: &[Place],
    mut next: impl FnMut(Place) -> Result<Next, QueryError>,
) -> Result<From, QueryError> {
    let mut from: From = roots.iter().map(|root| (*root, None)).collect();
    let mut queue: VecDeque<Place> = roots.iter().copied().collect();
    while let Some(at) = queue.pop_front() {
        for (to, run) in next(at)? {
            if let std::collections::hash_map::Entry::Vacant(vacant) = from.entry(to) {
                vacant.insert(Some((at, run)));
                queue.push_back(to);
            }
        }
    }
    Ok(from)
}

/// Returns what an artifact consists of, by the rules of mass that verdicts go by. Files of one output have the same
/// parts, so an output is asked about once.
fn parts_of(
    view: &View<'_>,
    artifact: ArtifactRef,
    expanded: &mut BTreeSet<(StatementId, usize)>,
) -> Result<Next, QueryError> {
    let Some(facts) = view.index().facts(artifact.statement)? else {
        return Ok(Vec::new());
    };
    let set = facts
        .sets
        .iter()
        .position(|set| set.subjects.contains(&artifact.subject));
    let Some(set) = set.filter(|set| expanded.insert((facts.id, *set))) else {
        return Ok(Vec::new());
    };
    let (_, statement) = view.ledger().entry(facts.entry)?;
    let (run, heavy) = match &statement.predicate {
        Predicate::Run(run) => (Some(Place::Run(facts.id)), mass_inputs(run, set)),
        Predicate::Dataset(_) => (None, vec![0]),
        _ => return Ok(Vec::new()),
    };
    let lists = lists(view, &statement)?;
    let heavy = heavy.iter().filter_map(|at| lists.get(*at)).flatten();
    Ok(heavy.map(|part| (Place::Artifact(*part), run)).collect())
}

/// Returns the data that models were trained with themselves: what the training of their weights takes, and of the weights
/// that those start from. What such data was made from, and what a model that wrote it was trained with, is not in it.
pub(super) fn trained_with(view: &View<'_>, roots: &[Place]) -> Result<BTreeSet<ArtifactRef>, QueryError> {
    let mut models: Vec<ArtifactRef> = roots
        .iter()
        .filter_map(|root| match root {
            Place::Artifact(artifact) => Some(*artifact),
            Place::Run(_) | Place::Gap(..) => None,
        })
        .collect();
    let (mut data, mut seen) = (Vec::new(), BTreeSet::new());
    while let Some(model) = models.pop() {
        let Some(facts) = view.index().facts(model.statement)? else {
            continue;
        };
        let set = facts
            .sets
            .iter()
            .position(|set| set.subjects.contains(&model.subject));
        let Some(set) = set.filter(|set| seen.insert((facts.id, *set))) else {
            continue;
        };
        let (_, statement) = view.ledger().entry(facts.entry)?;
        let Predicate::Run(run) = &statement.predicate else {
            continue;
        };
        let lists = lists(view, &statement)?;
        for at in mass_inputs(run, set) {
            let (Some(input), Some(cited)) = (run.inputs.get(at), lists.get(at)) else {
                continue;
            };
            if input.role == Role::Base {
                models.extend(cited);
            } else if run.does == Does::Train {
                data.extend(cited);
            }
        }
    }
    with_members(view, data)
}

/// Adds what the data sets among some artifacts collect.
fn with_members(view: &View<'_>, mut open: Vec<ArtifactRef>) -> Result<BTreeSet<ArtifactRef>, QueryError> {
    let mut all = BTreeSet::new();
    while let Some(artifact) = open.pop() {
        if !all.insert(artifact) {
            continue;
        }
        if let Some(facts) = view
            .index()
            .facts(artifact.statement)?
            .filter(|facts| facts.kind == "dataset")
        {
            let (_, statement) = view.ledger().entry(facts.entry)?;
            open.extend(lists(view, &statement)?.into_iter().flatten());
        }
    }
    Ok(all)
}
