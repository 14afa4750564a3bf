//! Contribution coefficients: c(x -> m), the sum over all paths from a model down to x of the products of weights.
//!
//! One sweep from the newest node down gives the coefficients of all nodes (the adjoint of the mixture; Lacy 1989 calls
//! those of founders p). Where weights are intervals the sweep's bounds hold every completion, but are wide: a node
//! that is reached by two ways takes the most of both. What is asked about then is worked out once more from the
//! bottom up, which is the optimum, as far as [`FOLD_STEPS_MAX`] allows.

use std::cell::Cell;
use std::collections::BTreeSet;

use num_rational::BigRational;
use num_traits::One as _;
use num_traits::Zero as _;

use crate::verify::Share;

use super::graph::Graph;
use super::graph::Node;
use super::graph::Parent;
use super::graph::share_of;
use super::graph::value_of;

/// How many edges are walked at most to make intervals tight; beyond that they stay as wide as the one sweep gives
/// them, which still holds every completion of the missing counts.
pub const FOLD_STEPS_MAX: usize = 4_000_000;

/// Returns how much of what `root` is comes by way of each node, root itself being all. Paths go on below a node where
/// `goes_on` says so.
pub(super) fn sweep(graph: &Graph, root: usize, goes_on: impl Fn(&Node) -> bool) -> Vec<Share> {
    let mut shares = vec![Share::zero(); graph.nodes().len()];
    if let Some(first) = shares.get_mut(root) {
        *first = Share::one();
    }
    for (at, node) in graph.nodes().iter().enumerate().skip(root) {
        let own = capped(value_of(&shares, at)).rounded();
        if own == Share::zero() || !(at == root || goes_on(node)) {
            continue;
        }
        for parent in &node.parents {
            let weight = node.weight_of(parent);
            if let Some(sum) = shares.get_mut(parent.node) {
                sum.low += &own.low * weight.low;
                sum.high += &own.high * weight.high;
            }
        }
    }
    shares.into_iter().map(capped).collect()
}

/// Returns the sum of what a sweep says of a group of nodes, none of which descends from another.
pub(super) fn together(swept: &[Share], members: &[usize]) -> Share {
    let shares = members.iter().filter_map(|at| swept.get(*at));
    capped(shares.fold(Share::zero(), |sum, share| Share {
        low: sum.low + &share.low,
        high: sum.high + &share.high,
    }))
}

/// The coefficients of everything that is asked about.
#[derive(Debug)]
pub(super) struct Coefficients<'a> {
    graph: &'a Graph,
    root: usize,
    swept: Vec<Share>,
    left: &'a Cell<usize>,
}

impl<'a> Coefficients<'a> {
    /// Sweeps once; `left` is how many steps there are to make intervals tight.
    pub(super) fn of(graph: &'a Graph, root: usize, left: &'a Cell<usize>) -> Self {
        Self {
            graph,
            root,
            swept: sweep(graph, root, |_| true),
            left,
        }
    }

    /// Returns the coefficient of a group of nodes, none of which descends from another.
    pub(super) fn group(&self, members: &[usize]) -> Share {
        let sum = together(&self.swept, members);
        let Some(left) = (!sum.is_exact())
            .then(|| self.left.get().checked_sub(self.graph.edges()))
            .flatten()
        else {
            return sum;
        };
        self.left.set(left);
        let marked: BTreeSet<usize> = members.iter().copied().collect();
        let folded = share_of(self.graph, |at, _| marked.contains(&at).then(Share::one));
        narrowed(&sum, &value_of(&folded, self.root))
    }
}

/// Returns what two intervals that both hold the truth have in common.
pub(super) fn narrowed(one: &Share, other: &Share) -> Share {
    Share {
        low: one.low.clone().max(other.low.clone()),
        high: one.high.clone().min(other.high.clone()),
    }
}

/// Returns the graph in which every weight is that among the paths that count: what each parent brings of `counts`,
/// divided by what all bring together.
fn conditional(graph: &Graph, counts: &[Share]) -> Graph {
    let nodes = graph.nodes().iter().map(|node| Node {
        parents: reweighed(node, counts),
        ..node.clone()
    });
    graph.with_nodes(nodes.collect())
}

fn reweighed(node: &Node, counts: &[Share]) -> Vec<Parent> {
    let nothing = Share::zero();
    let brings = |parent: &Parent| {
        let share = value_of(counts, parent.node);
        let weight = node.weight_of(parent);
        Share {
            low: weight.low * share.low,
            high: weight.high * share.high,
        }
    };
    let those: Vec<(&Parent, Share)> = (node.parents.iter())
        .map(|parent| (parent, brings(parent)))
        .filter(|(_, share)| *share != nothing)
        .collect();
    let low: BigRational = those.iter().map(|(_, share)| share.low.clone()).sum();
    let high: BigRational = those.iter().map(|(_, share)| share.high.clone()).sum();
    let weighed = |(parent, share): &(&Parent, Share)| {
        let weight = Share {
            low: quotient(&share.low, &(&high - &share.high)),
            high: quotient(&share.high, &(&low - &share.low)),
        };
        Parent {
            weight: weight.rounded(),
            ..(*parent).clone()
        }
    };
    those.iter().map(weighed).collect()
}

/// Returns `part / (part + rest)`; nothing of nothing is nothing.
fn quotient(part: &BigRational, rest: &BigRational) -> BigRational {
    let whole = part + rest;
    if whole.is_zero() {
        return whole;
    }
    part / whole
}

/// Returns the shares of groups of ends among all mass that arrives in any of them.
pub(super) fn among(graph: &Graph, root: usize, groups: &[Vec<usize>], left: &Cell<usize>) -> Vec<Share> {
    let marked: BTreeSet<usize> = groups.iter().flatten().copied().collect();
    let counts = share_of(graph, |at, _| marked.contains(&at).then(Share::one));
    let conditional = conditional(graph, &counts);
    let shares = Coefficients::of(&conditional, root, left);
    groups.iter().map(|members| shares.group(members)).collect()
}

/// Returns a share that is at most one.
fn capped(share: Share) -> Share {
    let high = share.high.min(BigRational::one());
    Share {
        low: share.low.min(high.clone()),
        high,
    }
}
