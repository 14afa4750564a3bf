//! What a node descends from: one downward sweep over the log.
//!
//! Parents stand below their children, so statements are visited from the highest entry to the lowest, each once,
//! with everything that is wanted of it known by then. The answer has the nodes an auditor thinks in: an artifact
//! comes out of its run, a run takes artifacts in roles, a data set has members, a gap is a node of its own.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;

use petgraph::Direction;
use petgraph::graph::DiGraph;
use petgraph::graph::NodeIndex;

use crate::digest::StatementId;
use crate::index::thing_word;
use crate::ledger::View;
use crate::merkle::LeafIndex;
use crate::statement::ArtifactRef;
use crate::statement::Cites;
use crate::statement::Gap;
use crate::statement::InputFrom;
use crate::statement::Predicate;
use crate::statement::Role;
use crate::statement::Thing;
use crate::statement::Word as _;
use crate::verify::said_by;

use super::QueryError;
use super::TRACE_NODES_MAX;
use super::cites::cited;
use super::names::Names;
use super::node::Place;

/// What a child is to its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EdgeRole {
    /// An artifact came out of a run.
    Output,
    /// A run took something as this.
    Input(Role),
    /// A data set collects it.
    Member,
    /// A filter decides with it.
    Model,
    /// A source was made from it.
    Parent,
}

impl EdgeRole {
    /// Returns the word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Output => "output",
            Self::Input(role) => role.as_str(),
            Self::Member => "member",
            Self::Model => "model",
            Self::Parent => "parent",
        }
    }
}

/// One node of a trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceNode {
    /// Where it stands in the lineage; its text is the node's id.
    pub place: Place,
    /// The item's name, `ITEM/FILE` for one of several files; the text of a gap.
    pub name: String,
    /// `source`, `prompt`, `filter`, `model`, `run`, `dataset`, `shard`, `scores` or `gap`.
    pub kind: &'static str,
    /// Who says so: `vouched`, `stated`, `observed`.
    pub said_by: &'static str,
    /// The entry of its statement.
    pub entry: LeafIndex,
    /// Whether its statement is an external model or an output that is one, to tell them apart.
    pub thing: Option<Thing>,
}

/// Everything some nodes descend from.
#[derive(Debug, Clone)]
pub struct Trace {
    /// An edge leads from a node to one it descends from.
    pub graph: DiGraph<TraceNode, EdgeRole>,
    /// What was asked for.
    pub roots: Vec<NodeIndex>,
}

impl Trace {
    /// Returns the node at a place.
    pub fn node(&self, place: Place) -> Option<NodeIndex> {
        self.graph
            .node_indices()
            .find(|&node| self.graph.node_weight(node).is_some_and(|one| one.place == place))
    }
}

/// Returns everything that `roots` descend from, as of the view.
pub fn trace(view: &View<'_>, roots: &[Place]) -> Result<Trace, QueryError> {
    let mut sweep = Sweep {
        view,
        wanted: BTreeMap::new(),
        nodes: HashMap::new(),
        graph: DiGraph::new(),
        edges: Vec::new(),
    };
    for root in roots {
        sweep.want(*root)?;
    }
    while let Some((entry, (id, places))) = sweep.wanted.pop_last() {
        sweep.visit(entry, id, &places)?;
    }
    let Sweep {
        nodes,
        mut graph,
        edges,
        ..
    } = sweep;
    for (from, to, role) in edges {
        // Both ends were visited: whatever is wanted is.
        if let (Some(&from), Some(&to)) = (nodes.get(&from), nodes.get(&to)) {
            graph.add_edge(from, to, role);
        }
    }
    let roots = roots.iter().filter_map(|root| nodes.get(root).copied()).collect();
    Ok(Trace { graph, roots })
}

impl Trace {
    /// Returns what lies within so many edges of the roots, against the edges where `down`, and how many nodes lie
    /// beyond.
    pub fn within(&self, depth: usize, down: bool) -> (Self, usize) {
        let direction = if down {
            Direction::Incoming
        } else {
            Direction::Outgoing
        };
        let mut near: BTreeSet<NodeIndex> = self.roots.iter().copied().collect();
        let mut edge: Vec<NodeIndex> = self.roots.clone();
        for _ in 0..depth {
            let next: BTreeSet<NodeIndex> = edge
                .iter()
                .flat_map(|at| self.graph.neighbors_directed(*at, direction))
                .filter(|at| !near.contains(at))
                .collect();
            near.extend(next.iter().copied());
            edge = next.into_iter().collect();
        }
        let mut places = HashMap::new();
        let graph = self.graph.filter_map(
            |at, node| near.contains(&at).then(|| node.clone()),
            |_, role| Some(*role),
        );
        for at in graph.node_indices() {
            if let Some(node) = graph.node_weight(at) {
                places.insert(node.place, at);
            }
        }
        let moved = |at: &NodeIndex| places.get(&self.graph.node_weight(*at)?.place).copied();
        let roots = self.roots.iter().filter_map(moved).collect();
        let beyond = self.graph.node_count() - graph.node_count();
        (Self { graph, roots }, beyond)
    }
}

/// What is wanted of a statement.
type Wanted = (StatementId, BTreeSet<Place>);

struct Sweep<'a> {
    view: &'a View<'a>,
    wanted: BTreeMap<LeafIndex, Wanted>,
    nodes: HashMap<Place, NodeIndex>,
    graph: DiGraph<TraceNode, EdgeRole>,
    edges: Vec<(Place, Place, EdgeRole)>,
}

impl Sweep<'_> {
    fn want(&mut self, place: Place) -> Result<(), QueryError> {
        let id = match place {
            Place::Artifact(artifact) => artifact.statement,
            Place::Run(id) | Place::Gap(id, _) => id,
        };
        // Admission let in nothing that cites what is not there.
        if let Some(facts) = self.view.index().facts(id)? {
            let (_, places) = self
                .wanted
                .entry(facts.entry)
                .or_insert_with(|| (id, BTreeSet::new()));
            places.insert(place);
        }
        Ok(())
    }

    fn link(&mut self, from: Place, to: Place, role: EdgeRole) -> Result<(), QueryError> {
        self.edges.push((from, to, role));
        self.want(to)
    }

    fn add(&mut self, node: TraceNode) -> Result<(), QueryError> {
        if self.nodes.len() >= TRACE_NODES_MAX {
            return Err(QueryError::TooManyNodes);
        }
        let place = node.place;
        let index = self.graph.add_node(node);
        self.nodes.insert(place, index);
        Ok(())
    }

    fn visit(
        &mut self,
        entry: LeafIndex,
        id: StatementId,
        places: &BTreeSet<Place>,
    ) -> Result<(), QueryError> {
        let (_, statement) = self.view.ledger().entry(entry)?;
        let said_by = said_by(&statement, self.view.ledger().state().keys());
        let mut names = Names::of(self.view);
        for place in places {
            if let Place::Artifact(artifact) = place {
                let (name, thing) = names.describe(&statement, *artifact)?;
                self.add(TraceNode {
                    place: *place,
                    name,
                    kind: thing_word(thing),
                    said_by,
                    entry,
                    thing: Some(thing),
                })?;
            }
        }
        let run = Place::Run(id);
        match &statement.predicate {
            Predicate::Run(one) => {
                for place in places.iter().filter(|place| **place != run) {
                    self.edges.push((*place, run, EdgeRole::Output));
                }
                self.add(TraceNode {
                    place: run,
                    name: one.name.to_string(),
                    kind: "run",
                    said_by,
                    entry,
                    thing: None,
                })?;
                for (position, input) in one.inputs.iter().enumerate() {
                    let role = EdgeRole::Input(input.role);
                    match &input.from {
                        InputFrom::Artifacts(cites) => self.take(run, cites, role)?,
                        InputFrom::Gap(gap) => self.gap(run, (id, position), gap, role, entry)?,
                    }
                }
            }
            Predicate::Dataset(_) => {
                let whole = Place::Artifact(ArtifactRef::subject(id, 0));
                self.collected(whole, (id, entry), &statement.predicate, EdgeRole::Member)?;
            }
            Predicate::Source(_) => {
                for place in places {
                    self.collected(*place, (id, entry), &statement.predicate, EdgeRole::Parent)?;
                }
            }
            Predicate::Filter(filter) => {
                if let Some(model) = filter.model {
                    for place in places {
                        self.link(*place, Place::Artifact(model), EdgeRole::Model)?;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn collected(
        &mut self,
        from: Place,
        (id, entry): (StatementId, LeafIndex),
        predicate: &Predicate,
        role: EdgeRole,
    ) -> Result<(), QueryError> {
        let (cites, gaps) = predicate.collected().unwrap_or_default();
        if let Some(cites) = cites {
            self.take(from, cites, role)?;
        }
        for (position, gap) in gaps.iter().enumerate() {
            self.gap(from, (id, position), gap, role, entry)?;
        }
        Ok(())
    }

    fn take(&mut self, from: Place, cites: &Cites, role: EdgeRole) -> Result<(), QueryError> {
        for artifact in cited(self.view, cites)? {
            self.link(from, Place::Artifact(artifact), role)?;
        }
        Ok(())
    }

    fn gap(
        &mut self,
        from: Place,
        at: (StatementId, usize),
        gap: &Gap,
        role: EdgeRole,
        entry: LeafIndex,
    ) -> Result<(), QueryError> {
        let place = Place::Gap(at.0, at.1);
        self.edges.push((from, place, role));
        self.add(TraceNode {
            place,
            name: gap.text.clone(),
            kind: "gap",
            said_by: "stated",
            entry,
            thing: None,
        })
    }
}
