//! What notices put in the place of what stands in the log: an artifact for another one, a leaf for a gap.
//!
//! The statements stay as they were signed; only the walk goes another way. A way that would come back to where it
//! began is refused, so that walks end as they did before.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::digest::StatementId;
use crate::merkle::LeafIndex;
use crate::statement::ArtifactRef;
use crate::statement::Cites;
use crate::statement::InputFrom;
use crate::statement::Predicate;

use super::graph::Graph;
use super::graph::Node;
use super::graph::Place;

/// Another way for the walk.
#[derive(Debug, Clone, Default)]
pub(super) struct Redirect {
    /// Whole artifacts, each with what stands in its place; never a circle.
    corrected: BTreeMap<ArtifactRef, ArtifactRef>,
    resolved: BTreeMap<(StatementId, usize), ArtifactRef>,
}

impl Redirect {
    /// Returns whether every walk stays as it was.
    pub(super) fn is_empty(&self) -> bool {
        self.corrected.is_empty() && self.resolved.is_empty()
    }

    /// Returns what stands in the place of an artifact in the end: itself, if nothing does.
    pub(super) fn of(&self, reference: ArtifactRef) -> ArtifactRef {
        let mut whole = reference.whole();
        while let Some(next) = self.corrected.get(&whole) {
            whole = *next;
        }
        // The same content has the same members in the same order.
        ArtifactRef {
            member: reference.member,
            ..whole
        }
    }

    /// Returns a whole artifact with everything that stands in its place until something does that nothing else does.
    pub(super) fn chain(&self, whole: ArtifactRef) -> Vec<ArtifactRef> {
        let mut chain = vec![whole];
        let mut at = whole;
        while let Some(next) = self.corrected.get(&at) {
            chain.push(*next);
            at = *next;
        }
        chain
    }

    /// Returns whether two artifacts are one and the same by correction.
    pub(super) fn same(&self, one: ArtifactRef, other: ArtifactRef) -> bool {
        !self.corrected.is_empty() && self.of(one) == self.of(other)
    }

    /// Returns whether something stands in the place of an artifact.
    pub(super) fn is_corrected(&self, reference: ArtifactRef) -> bool {
        self.corrected.contains_key(&reference.whole())
    }

    /// Returns what stands in the place of a gap.
    pub(super) fn in_gap(&self, statement: StatementId, at: usize) -> Option<ArtifactRef> {
        self.resolved.get(&(statement, at)).map(|by| self.of(*by))
    }

    /// Returns whether a citation leads to something that may stand above what cites it.
    pub(super) fn leads_to(&self, reference: ArtifactRef) -> bool {
        let whole = reference.whole();
        self.corrected.keys().any(|target| self.of(*target) == whole)
            || self.resolved.values().any(|by| self.of(*by).whole() == whole)
    }

    /// Puts `by` in the place of `target`, unless the walk would go in a circle.
    pub(super) fn correct(&mut self, graph: &Graph, target: ArtifactRef, by: ArtifactRef) -> bool {
        if self.of(by) == target {
            return false;
        }
        self.corrected.insert(target, by);
        let sound = !self.goes_round(graph, by);
        if !sound {
            self.corrected.remove(&target);
        }
        sound
    }

    /// Puts `by` in the place of a gap, unless the walk would go in a circle.
    pub(super) fn resolve(&mut self, graph: &Graph, gap: (StatementId, usize), by: ArtifactRef) -> bool {
        self.resolved.insert(gap, by);
        let sound = !self.goes_round(graph, by);
        if !sound {
            self.resolved.remove(&gap);
        }
        sound
    }

    /// Returns whether a walk from an artifact comes back to its statement.
    fn goes_round(&self, graph: &Graph, from: ArtifactRef) -> bool {
        let start = self.of(from);
        let mut seen: BTreeSet<Place> = BTreeSet::new();
        let mut queue = self.below(graph, Place::Artifact(start));
        while let Some(place) = queue.pop() {
            if !seen.insert(place) {
                continue;
            }
            if matches!(place, Place::Artifact(reference) if reference.statement == start.statement) {
                return true;
            }
            queue.extend(self.below(graph, place));
        }
        false
    }

    fn below(&self, graph: &Graph, place: Place) -> Vec<Place> {
        let way = |place: Place| match place {
            Place::Artifact(reference) => Place::Artifact(self.of(reference)),
            Place::Gap(id, at) => self.in_gap(id, at).map_or(place, Place::Artifact),
            Place::Run(_) => place,
        };
        graph.below(place).into_iter().map(way).collect()
    }
}

impl Graph {
    /// Lets every statement cite what stands in the place of what it cites. Doing it again changes nothing.
    pub(super) fn redirect(&mut self, redirect: &Redirect) {
        if redirect.is_empty() {
            return;
        }
        for (id, node) in &mut self.nodes {
            for list in &mut node.cites {
                let mut seen = BTreeSet::new();
                let moved = list.iter().any(|cited| redirect.is_corrected(*cited));
                if moved {
                    *list = list.iter().map(|cited| redirect.of(*cited)).collect();
                    // An input that took both takes one content.
                    list.retain(|cited| seen.insert(*cited));
                }
            }
            if let Predicate::Filter(filter) = &mut node.statement.predicate {
                filter.model = filter.model.map(|model| redirect.of(model));
            }
            fill_gaps(*id, node, redirect);
        }
        self.rank();
    }

    /// Finds an order in which everything stands above what it descends from: that of the log as far as it can be.
    fn rank(&mut self) {
        let mut above: BTreeMap<StatementId, Vec<StatementId>> = BTreeMap::new();
        let mut open: BTreeMap<StatementId, usize> = BTreeMap::new();
        for (id, node) in &self.nodes {
            let model = match &node.statement.predicate {
                Predicate::Filter(filter) => filter.model,
                _ => None,
            };
            let cited = node.cites.iter().flatten().copied().chain(model);
            let below: BTreeSet<StatementId> = cited.map(|cited| cited.statement).collect();
            let below = below.into_iter().filter(|other| self.nodes.contains_key(other));
            let mut count = 0;
            for other in below {
                above.entry(other).or_default().push(*id);
                count += 1;
            }
            open.insert(*id, count);
        }
        let entry = |id: StatementId| Some((self.nodes.get(&id)?.index, id));
        let ready = open.iter().filter(|(_, count)| **count == 0);
        let mut ready: BTreeSet<(LeafIndex, StatementId)> = ready.filter_map(|(id, _)| entry(*id)).collect();
        let mut order = Vec::new();
        while let Some((_, id)) = ready.pop_first() {
            order.push(id);
            for next in above.remove(&id).unwrap_or_default() {
                let count = open.entry(next).or_default();
                *count = count.saturating_sub(1);
                if *count == 0 {
                    ready.extend(entry(next));
                }
            }
        }
        for (rank, id) in (0_u64..).zip(order) {
            if let Some(node) = self.nodes.get_mut(&id) {
                node.rank = rank;
            }
        }
    }
}

/// A gap that was resolved is an input like others, and no member that nobody declared.
fn fill_gaps(id: StatementId, node: &mut Node, redirect: &Redirect) {
    match &mut node.statement.predicate {
        Predicate::Run(run) => {
            for (at, (input, cites)) in run.inputs.iter_mut().zip(&mut node.cites).enumerate() {
                if matches!(input.from, InputFrom::Gap(_))
                    && let Some(by) = redirect.in_gap(id, at)
                {
                    input.from = InputFrom::Artifacts(Cites::Inline(vec![by]));
                    *cites = vec![by];
                }
            }
        }
        predicate => {
            let (_, gaps) = predicate.collected().unwrap_or_default();
            for at in 0..gaps.len() {
                if let Some(by) = redirect.in_gap(id, at)
                    && node.resolved.insert(at)
                {
                    match node.cites.first_mut() {
                        Some(members) => members.push(by),
                        None => node.cites.push(vec![by]),
                    }
                }
            }
        }
    }
}
