//! The lineage that was judged, as a picture of it needs it: one node an item or a step, files of one item together.
//!
//! It is made from what the verifier read and nothing else, so a report draws no line that no signature stands behind.
//! Nodes stand in the order of the log, newest first: whatever a node descends from stands after it.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::digest::StatementId;
use crate::merkle::LeafIndex;
use crate::statement::Access;
use crate::statement::OutputKind;
use crate::statement::Predicate;
use crate::statement::Role;
use crate::statement::Statement;
use crate::statement::Thing;
use crate::statement::Word as _;
use crate::trust::Keys;

use super::descent::DescentPart;
use super::descent::role_of;
use super::graph::Node;
use super::graph::Place;
use super::scene::Scene;

/// The most nodes of a [`Lineage`]; the rest is counted.
pub const LINEAGE_NODES_MAX: usize = 1_000;

/// The most lines of a [`Lineage`]; the rest is counted.
pub const LINEAGE_EDGES_MAX: usize = 10_000;

/// One item, one step or one gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineageNode {
    /// `hb:` id of the run or of the first artifact, or `gap:` id.
    pub id: String,
    /// The item's name; the text of a gap.
    pub name: String,
    /// `source`, `prompt`, `filter`, `external_model`, `run`, `dataset`, `shard`, `model`, `scores` or `gap`.
    pub kind: &'static str,
    /// What tells it apart from others of its kind: what a run does, who provides a model, who made a source.
    pub detail: String,
    /// `vouched` by the holder's key or `stated` by the operator.
    pub said_by: &'static str,
    /// The entry of its statement.
    pub entry: LeafIndex,
    /// How many of its files or members are on the walk; 0 for a step or a gap.
    pub files: u64,
    /// How many rows those have, where all say so.
    pub rows: Option<u64>,
}

/// That one node descends from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineageEdge {
    /// Position of the node that descends.
    pub from: usize,
    /// Position of the node that it descends from; always higher.
    pub to: usize,
    /// `output`, `member`, `model`, `parent`, or the role of an input.
    pub role: &'static str,
}

/// Everything that was walked, up to named limits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lineage {
    /// Items, steps and gaps, newest first.
    pub nodes: Vec<LineageNode>,
    /// Sorted, each once.
    pub edges: Vec<LineageEdge>,
    /// How many nodes are beyond [`LINEAGE_NODES_MAX`].
    pub nodes_left_out: usize,
    /// How many lines between the nodes that are here are beyond [`LINEAGE_EDGES_MAX`].
    pub edges_left_out: usize,
}

/// What is drawn as one node. Newest first, and of one statement what comes out before the step it came out of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unit {
    /// Output or other named set number so-and-so.
    Set(Reverse<u64>, usize, StatementId),
    Run(Reverse<u64>, StatementId),
    Gap(Reverse<u64>, StatementId, usize),
}

impl Unit {
    /// Returns the statement that it is of.
    pub(super) fn statement(self) -> StatementId {
        match self {
            Self::Set(_, _, id) | Self::Run(_, id) | Self::Gap(_, id, _) => id,
        }
    }

    /// Returns what of its statement it is.
    pub(super) fn part(self) -> DescentPart {
        match self {
            Self::Set(_, at, _) => DescentPart::Set(at),
            Self::Run(..) => DescentPart::Run,
            Self::Gap(_, _, at) => DescentPart::Gap(at),
        }
    }
}

/// Orders units by their entry first.
fn order(unit: &Unit) -> (Reverse<u64>, Unit) {
    match unit {
        Unit::Set(entry, ..) | Unit::Run(entry, _) | Unit::Gap(entry, ..) => (*entry, *unit),
    }
}

/// Returns everything that was walked, as what is one node: newest first, what comes out before what it came out of.
pub(super) fn tallies(scene: &Scene<'_>) -> BTreeMap<(Reverse<u64>, Unit), Tally> {
    let mut tallies: BTreeMap<(Reverse<u64>, Unit), Tally> = BTreeMap::new();
    for place in scene.from.keys() {
        if let Some(unit) = unit(scene, *place) {
            let tally = tallies.entry(order(&unit)).or_insert(Tally::of(*place));
            tally.add(scene, *place);
        }
    }
    tallies
}

/// Returns the lineage of the targets.
pub(super) fn lineage(scene: &Scene<'_>) -> Lineage {
    let files = tallies(scene);
    let kept: BTreeMap<Unit, usize> = (files.keys().map(|(_, unit)| *unit))
        .take(LINEAGE_NODES_MAX)
        .zip(0..)
        .collect();
    let mut edges = edges(scene, &kept);
    let edges_left_out = edges.len().saturating_sub(LINEAGE_EDGES_MAX);
    while edges.len() > LINEAGE_EDGES_MAX {
        edges.pop_last();
    }
    Lineage {
        nodes_left_out: files.len() - kept.len(),
        nodes: (files.values().take(LINEAGE_NODES_MAX))
            .filter_map(|tally| node(scene, tally))
            .collect(),
        edges: edges.into_iter().collect(),
        edges_left_out,
    }
}

/// What is added up over the places that are drawn as one node.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tally {
    /// The first of them.
    place: Place,
    places: usize,
    files: u64,
    rows: Option<u64>,
}

impl Tally {
    fn of(place: Place) -> Self {
        Self {
            place,
            places: 0,
            files: 0,
            rows: Some(0),
        }
    }

    fn add(&mut self, scene: &Scene<'_>, place: Place) {
        self.places += 1;
        self.files += files_of(scene, place);
        let rows = rows_of(scene, place);
        self.rows = (self.rows.zip(rows)).and_then(|(sum, rows)| sum.checked_add(rows));
    }

    /// Rows that are known of all artifacts of a set together count where all of them are here.
    fn rows(&self, scene: &Scene<'_>) -> Option<u64> {
        let Place::Artifact(reference) = self.place else {
            return None;
        };
        let set = scene.graph.locate(reference)?.set?;
        let whole = reference.member.is_none() && set.artifacts.len() == self.places;
        self.rows.or_else(|| set.total_rows().filter(|_| whole))
    }
}

fn rows_of(scene: &Scene<'_>, place: Place) -> Option<u64> {
    let Place::Artifact(reference) = place else {
        return None;
    };
    let located = scene.graph.locate(reference)?;
    match located.member {
        Some(member) => member.rows,
        None => Some(located.artifact?.rows?.value),
    }
}

/// A whole manifest stands for all its members.
fn files_of(scene: &Scene<'_>, place: Place) -> u64 {
    let Place::Artifact(reference) = place else {
        return 0;
    };
    let located = scene.graph.locate(reference);
    let manifest = located
        .filter(|located| located.member.is_none())
        .and_then(|located| located.artifact?.manifest());
    manifest.map_or(1, |facts| facts.count)
}

/// Returns who says so: `vouched` by the key of the holder that is named, `stated` by the operator about others, or
/// `observed` by a tool.
pub fn said_by(statement: &Statement, keys: Option<&Keys>) -> &'static str {
    let holder = keys.and_then(|keys| keys.holder(statement.issuer));
    let named = match &statement.predicate {
        Predicate::Observation(_) => return "observed",
        Predicate::Source(source) => source.holder.as_deref(),
        Predicate::Model(model) => Some(model.provider.as_str()),
        Predicate::Run(run) => run.operator.as_deref(),
        _ => None,
    };
    if holder.is_some() && holder == named {
        "vouched"
    } else {
        "stated"
    }
}

/// Returns what a place is a part of.
pub(super) fn unit(scene: &Scene<'_>, place: Place) -> Option<Unit> {
    let entry = |id: StatementId| Some(Reverse(scene.graph.nodes.get(&id)?.rank));
    match place {
        Place::Run(id) => Some(Unit::Run(entry(id)?, id)),
        Place::Gap(id, at) => Some(Unit::Gap(entry(id)?, id, at)),
        Place::Artifact(reference) => {
            let id = reference.statement;
            let output = scene.graph.locate(reference.whole())?.output.unwrap_or(0);
            Some(Unit::Set(entry(id)?, output, id))
        }
    }
}

fn edges(scene: &Scene<'_>, kept: &BTreeMap<Unit, usize>) -> BTreeSet<LineageEdge> {
    let at = |place: Place| kept.get(&unit(scene, place)?).copied();
    let mut edges = BTreeSet::new();
    let mut add = |from: Option<usize>, to: Place, role: &'static str| {
        if let (Some(from), Some(to)) = (from, at(to)) {
            edges.insert(LineageEdge { from, to, role });
        }
    };
    for place in scene.from.keys() {
        let from = at(*place);
        match *place {
            Place::Gap(..) => {}
            Place::Run(id) => {
                let Some((node, run)) = scene.graph.run(id) else {
                    continue;
                };
                for (position, (input, cited)) in run.inputs.iter().zip(&node.cites).enumerate() {
                    let role = Role::as_str(input.role);
                    for reference in cited {
                        add(from, Place::Artifact(*reference), role);
                    }
                    // Not a place on the walk unless it is a gap.
                    add_gap(scene, id, position, |gap| add(from, gap, role));
                }
            }
            Place::Artifact(_) => {
                for below in scene.graph.below(*place) {
                    add(from, below, role_of(scene, *place, below));
                }
            }
        }
    }
    edges
}

fn add_gap(scene: &Scene<'_>, id: StatementId, position: usize, mut add: impl FnMut(Place)) {
    if scene.graph.gap(id, position).is_some() {
        add(Place::Gap(id, position));
    }
}

pub(super) fn is_filter(scene: &Scene<'_>, place: Place) -> bool {
    let node = scene.graph.nodes.get(&place.statement());
    node.is_some_and(|node| matches!(node.statement.predicate, Predicate::Filter(_)))
}

pub(super) fn node(scene: &Scene<'_>, tally: &Tally) -> Option<LineageNode> {
    let place = tally.place;
    let step = scene.graph.step(place);
    let node = scene.graph.nodes.get(&place.statement())?;
    let (name, kind) = match place {
        Place::Gap(..) => (step.name, "gap"),
        Place::Run(_) => (step.name, "run"),
        Place::Artifact(reference) => {
            let located = scene.graph.locate(reference.whole())?;
            (located.item.to_owned(), kind_of(located.thing))
        }
    };
    let says_nothing = matches!(place, Place::Gap(..));
    Some(LineageNode {
        id: step.id,
        name,
        kind,
        detail: if says_nothing {
            String::new()
        } else {
            detail(node, kind)
        },
        said_by: said_by(&node.statement, scene.case.keys.as_ref()),
        entry: node.index,
        files: tally.files,
        rows: tally.rows(scene),
    })
}

fn kind_of(thing: Thing) -> &'static str {
    match thing {
        Thing::Source => "source",
        Thing::Prompt => "prompt",
        Thing::Filter => "filter",
        Thing::ExternalModel => "external_model",
        Thing::Dataset => "dataset",
        Thing::Output(OutputKind::Shard) => "shard",
        Thing::Output(OutputKind::Model) => "model",
        Thing::Output(OutputKind::Scores) => "scores",
    }
}

fn detail(node: &Node, kind: &str) -> String {
    match &node.statement.predicate {
        Predicate::Run(run) if kind == "run" => run.does.to_string(),
        Predicate::Source(source) => source.made_by.to_string(),
        Predicate::Filter(filter) => filter.rule.to_string(),
        Predicate::Model(model) if model.access == Access::Api => {
            format!("{}, version {}, by API", model.provider, model.version)
        }
        Predicate::Model(model) => format!("{}, version {}", model.provider, model.version),
        _ => String::new(),
    }
}
