//! A graph unfolded by what a path has met so far, so that questions about paths become questions about nodes.

use super::graph::Graph;
use super::graph::Node;
use super::graph::Parent;

/// A graph whose nodes are those of another, each once for every state that a path may arrive in.
#[derive(Debug)]
pub(super) struct Unfolded<S> {
    pub(super) graph: Graph,
    states: Vec<S>,
}

impl<S: Copy + PartialEq> Unfolded<S> {
    /// Unfolds a graph: a path begins in the first of `states`, goes on from a node in the state that `next` gives, and
    /// ends where it gives none.
    pub(super) fn of(graph: &Graph, states: &[S], next: impl Fn(usize, &Node, S) -> Option<S>) -> Self {
        let position = |at: usize, state: S| {
            let offset = states.iter().position(|one| *one == state).unwrap_or_default();
            at * states.len() + offset
        };
        let mut nodes = Vec::new();
        for (at, node) in graph.nodes().iter().enumerate() {
            for state in states {
                let parent = |parent: &Parent, state: S| Parent {
                    node: position(parent.node, state),
                    ..parent.clone()
                };
                let after = next(at, node, *state);
                nodes.push(Node {
                    parents: after.map_or_else(Vec::new, |state| {
                        node.parents.iter().map(|one| parent(one, state)).collect()
                    }),
                    conditions: Vec::new(),
                    kind: node.kind.clone(),
                    units: None,
                    ..*node
                });
            }
        }
        Self {
            graph: graph.with_nodes(nodes),
            states: states.to_vec(),
        }
    }

    /// Returns where paths that begin at a node begin.
    pub(super) fn start(&self, root: usize) -> usize {
        root * self.states.len()
    }

    /// Returns the nodes at which paths end, with the position in the first graph and the state.
    pub(super) fn ends(&self) -> impl Iterator<Item = (usize, usize, S)> {
        let nodes = self.graph.nodes().iter().enumerate();
        nodes
            .filter(|(_, node)| node.parents.is_empty())
            .filter_map(|(position, _)| {
                let count = self.states.len();
                let state = self.states.get(position % count)?;
                Some((position, position / count, *state))
            })
    }
}
