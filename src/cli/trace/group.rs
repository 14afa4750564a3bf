//! A trace for eyes: many files of one item are one node.

use std::collections::BTreeMap;

use petgraph::graph::DiGraph;
use petgraph::graph::NodeIndex;
use petgraph::visit::EdgeRef as _;

use crate::digest::StatementId;
use crate::query::EdgeRole;
use crate::query::Place;
use crate::query::Trace;
use crate::query::TraceNode;

/// How many files of one item, or nodes in one role, are shown beside each other.
pub(super) const SIBLINGS_MAX: usize = 5;

/// One node, or many files of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grouped {
    /// The node; of many files the first.
    pub(super) node: TraceNode,
    /// How many files it stands for.
    pub(super) files: usize,
}

impl Grouped {
    /// Returns what it is called.
    pub(super) fn name(&self) -> String {
        if self.files == 1 {
            self.node.name.clone()
        } else {
            format!("{} ({} files)", item_of(&self.node), self.files)
        }
    }

    /// Returns its id; of many files that of their statement.
    pub(super) fn id(&self) -> String {
        match self.node.place {
            Place::Artifact(artifact) if self.files > 1 => format!("hb:{}", artifact.statement),
            place => place.to_string(),
        }
    }
}

/// A trace of which many files of one item are one node.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    pub(super) graph: DiGraph<Grouped, EdgeRole>,
    pub(super) roots: Vec<NodeIndex>,
}

/// What becomes one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Group<'a> {
    One(NodeIndex),
    Files(StatementId, &'a str),
}

/// Puts many files of one item together.
pub(super) fn grouped(trace: &Trace) -> Shown {
    let mut files: BTreeMap<Group<'_>, usize> = BTreeMap::new();
    for node in trace.graph.node_weights() {
        if let Some(group) = files_of(node) {
            *files.entry(group).or_default() += 1;
        }
    }
    let mut shown = Shown {
        graph: DiGraph::new(),
        roots: Vec::new(),
    };
    let mut places: BTreeMap<Group<'_>, NodeIndex> = BTreeMap::new();
    let mut moved: BTreeMap<NodeIndex, NodeIndex> = BTreeMap::new();
    for at in trace.graph.node_indices() {
        let Some(node) = trace.graph.node_weight(at) else {
            continue;
        };
        let many = files_of(node)
            .and_then(|group| Some((group, *files.get(&group)?)))
            .filter(|(_, count)| *count > SIBLINGS_MAX);
        let (group, count) = many.unwrap_or((Group::One(at), 1));
        let to = *places.entry(group).or_insert_with(|| {
            shown.graph.add_node(Grouped {
                node: node.clone(),
                files: count,
            })
        });
        moved.insert(at, to);
    }
    let mut edges: Vec<(NodeIndex, NodeIndex, EdgeRole)> = trace
        .graph
        .edge_references()
        .filter_map(|edge| {
            let ends = (moved.get(&edge.source())?, moved.get(&edge.target())?);
            Some((*ends.0, *ends.1, *edge.weight()))
        })
        .collect();
    edges.sort_unstable();
    edges.dedup();
    for (from, to, role) in edges {
        shown.graph.add_edge(from, to, role);
    }
    shown.roots = trace
        .roots
        .iter()
        .filter_map(|at| moved.get(at).copied())
        .collect();
    shown.roots.sort_unstable();
    shown.roots.dedup();
    shown
}

/// The item of an artifact: names of items have no `/`.
pub(super) fn item_of(node: &TraceNode) -> &str {
    node.name.split('/').next().unwrap_or_default()
}

fn files_of(node: &TraceNode) -> Option<Group<'_>> {
    match node.place {
        Place::Artifact(artifact) => Some(Group::Files(artifact.statement, item_of(node))),
        Place::Run(_) | Place::Gap(..) => None,
    }
}
