//! The lineage that was judged, whole, with every statement: what pedigree, licences and policies are worked out from.
//!
//! One node an item, a step or a gap, files of one item together, as in the picture of it ([`super::Lineage`]), but without
//! that one's limits: it is never larger than what was walked. Only the verifier makes it, so whatever is worked
//! out from it rests on what was read and judged, and on nothing an index says.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::digest::StatementId;
use crate::statement::Artifact;
use crate::statement::ArtifactRef;
use crate::statement::Predicate;
use crate::statement::Source;
use crate::statement::Statement;

use super::contents::Contents;
use super::contents::Origins;
use super::finding::PathStep;
use super::graph::Place;
use super::lineage::LineageNode;
use super::lineage::Unit;
use super::lineage::is_filter;
use super::lineage::node;
use super::lineage::tallies;
use super::lineage::unit;
use super::mass::Parcels;
use super::mass::classify;
use super::mass::parcels;
use super::scene::Scene;
use super::shared::SharedContent;
use super::shared::shared;

/// What of its statement a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DescentPart {
    /// The set at this position of [`Predicate::sets`]; for a run, its output at this position. The one subject of a
    /// data set is at 0.
    Set(usize),
    /// The activity of a run.
    Run,
    /// The gap at this input of a run, or at this position among the gaps of a data set or a source.
    Gap(usize),
}

/// That a node descends directly from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Descends {
    /// Position of what it descends from; always higher.
    pub to: usize,
    /// `output` (from an output to its run), `member` (of a data set), `model` (of a filter), `parent` (of a source), or the role of an input.
    pub role: &'static str,
    /// Which input of the run, for a role of one.
    pub input: Option<usize>,
}

/// One item, one step or one gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescentNode {
    /// How it is shown: id, name, kind, who says so, entry, files and rows on the walk.
    pub shown: LineageNode,
    /// The statement that it is of.
    pub id: StatementId,
    /// What of that.
    pub part: DescentPart,
    /// What was signed.
    pub statement: Arc<Statement>,
    /// Of a source, facts of a later, less favourable claim, which count in the place of its own.
    pub replaced: Option<Source>,
    /// What it descends from directly, sorted, each once.
    pub descends: Vec<Descends>,
}

impl DescentNode {
    /// Returns what it is called on a path.
    pub fn step(&self) -> PathStep {
        PathStep {
            id: self.shown.id.clone(),
            name: self.shown.name.clone(),
        }
    }

    /// Returns references to all artifacts of its set, or to the one of a data set; none for a step and a gap.
    pub fn references(&self) -> Vec<ArtifactRef> {
        let DescentPart::Set(at) = self.part else {
            return Vec::new();
        };
        let sets = self.statement.predicate.sets();
        let before: usize = sets.iter().take(at).map(|(_, set)| set.artifacts.len()).sum();
        let count = sets.get(at).map_or(1, |(_, set)| set.artifacts.len());
        (before..before + count)
            .filter_map(|subject| Some(ArtifactRef::subject(self.id, u32::try_from(subject).ok()?)))
            .collect()
    }

    /// Returns the artifacts of its set: all that the statement has, whether the walk takes them all or not. None for a
    /// step, a gap and a data set.
    pub fn artifacts(&self) -> &[Artifact] {
        let DescentPart::Set(at) = self.part else {
            return &[];
        };
        let sets = self.statement.predicate.sets();
        sets.get(at).map_or(&[], |(_, set)| set.artifacts.as_slice())
    }
}

/// Everything that was walked.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Descent {
    /// Newest first: whatever a node descends from stands after it.
    pub nodes: Vec<DescentNode>,
    /// The positions of what was asked about, sorted.
    pub starts: Vec<usize>,
    /// Who contributes how much, portion by portion, and who conditions.
    pub parcels: Parcels,
    /// Content of it that several statements claim, part of it or not.
    pub shared: Vec<SharedContent>,
}

impl Descent {
    /// Returns for each node the one it is first reached from, nearest to the start first; nothing for starts.
    pub fn reached_from(&self) -> Vec<Option<usize>> {
        let mut from = vec![None; self.nodes.len()];
        let mut seen: BTreeSet<usize> = self.starts.iter().copied().collect();
        let mut queue: std::collections::VecDeque<usize> = self.starts.iter().copied().collect();
        while let Some(at) = queue.pop_front() {
            let Some(node) = self.nodes.get(at) else { continue };
            for edge in &node.descends {
                if seen.insert(edge.to) {
                    queue.push_back(edge.to);
                    if let Some(place) = from.get_mut(edge.to) {
                        *place = Some(at);
                    }
                }
            }
        }
        from
    }

    /// Returns the way from a start to a node, by what [`Descent::reached_from`] returned.
    pub fn path(&self, from: &[Option<usize>], at: usize) -> Vec<PathStep> {
        let mut steps = Vec::new();
        let mut here = Some(at);
        while let Some(node) = here.and_then(|here| self.nodes.get(here)) {
            steps.push(node.step());
            here = here.and_then(|here| from.get(here).copied().flatten());
        }
        steps.reverse();
        steps
    }
}

/// Returns the whole lineage of the targets; `origins` are those of the verdict.
pub(super) fn descent(scene: &Scene<'_>, origins: Origins) -> Descent {
    let tallies = tallies(scene);
    let at: BTreeMap<Unit, usize> = tallies.keys().map(|(_, unit)| *unit).zip(0..).collect();
    let position = |place: Place| at.get(&unit(scene, place)?).copied();
    let mut edges = edges(scene, &position);
    let mut statements: BTreeMap<StatementId, Arc<Statement>> = BTreeMap::new();
    let mut nodes = Vec::new();
    for (at, ((_, unit), tally)) in tallies.iter().enumerate() {
        let id = unit.statement();
        let (Some(shown), Some(read)) = (node(scene, tally), scene.graph.nodes.get(&id)) else {
            continue;
        };
        let statement = statements
            .entry(id)
            .or_insert_with(|| Arc::new(read.statement.clone()));
        nodes.push(DescentNode {
            shown,
            id,
            part: unit.part(),
            statement: Arc::clone(statement),
            replaced: replaced(scene, id),
            descends: edges.remove(&at).unwrap_or_default().into_iter().collect(),
        });
    }
    let starts = scene.case.starts.iter();
    let starts: BTreeSet<usize> = starts
        .filter_map(|start| position(Place::Artifact(*start)))
        .collect();
    // Not the contents of the verdict: what is counted here takes nothing of its limit.
    let contents = Contents::new(scene.graph, origins, scene.case.limits.contents);
    let parcels = parcels(&contents, &scene.replaced, &scene.case.starts, &position);
    Descent {
        nodes,
        starts: starts.into_iter().collect(),
        parcels,
        shared: shared(scene, &position),
    }
}

/// Of several files of a source the least favourable word counts.
fn replaced(scene: &Scene<'_>, id: StatementId) -> Option<Source> {
    let worse = scene.replaced.iter().filter(|(at, _)| at.statement == id);
    worse
        .map(|(_, worse)| worse)
        .min_by_key(|worse| classify(worse))
        .cloned()
}

fn edges(
    scene: &Scene<'_>,
    position: &impl Fn(Place) -> Option<usize>,
) -> BTreeMap<usize, BTreeSet<Descends>> {
    let mut edges: BTreeMap<usize, BTreeSet<Descends>> = BTreeMap::new();
    let mut add = |from: Option<usize>, to: Place, role: &'static str, input: Option<usize>| {
        if let (Some(from), Some(to)) = (from, position(to)) {
            edges
                .entry(from)
                .or_default()
                .insert(Descends { to, role, input });
        }
    };
    for place in scene.from.keys() {
        let from = position(*place);
        match *place {
            Place::Gap(..) => {}
            Place::Run(id) => {
                let Some((node, run)) = scene.graph.run(id) else {
                    continue;
                };
                for (at, (input, cited)) in run.inputs.iter().zip(&node.cites).enumerate() {
                    let role = crate::statement::Word::as_str(input.role);
                    for reference in cited {
                        add(from, Place::Artifact(*reference), role, Some(at));
                    }
                    if scene.graph.gap(id, at).is_some() {
                        add(from, Place::Gap(id, at), role, Some(at));
                    }
                }
            }
            Place::Artifact(_) => {
                for below in scene.graph.below(*place) {
                    add(from, below, role_of(scene, *place, below), None);
                }
            }
        }
    }
    edges
}

/// Returns what stands between something and what it comes out of, or is made up of.
pub(super) fn role_of(scene: &Scene<'_>, place: Place, below: Place) -> &'static str {
    let of_run = matches!(below, Place::Run(_)) || scene.graph.run(place.statement()).is_some();
    match below {
        _ if of_run => "output",
        _ if is_filter(scene, place) => "model",
        _ if is_source(scene, place) => "parent",
        _ => "member",
    }
}

fn is_source(scene: &Scene<'_>, place: Place) -> bool {
    let node = scene.graph.nodes.get(&place.statement());
    node.is_some_and(|node| matches!(node.statement.predicate, Predicate::Source(_)))
}
