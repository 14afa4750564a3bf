//! How many distinct rows of a source came through all filters to where they were learnt from.
//!
//! From the newest node down: whoever learns from rows says how many it takes, and a filter hands on at most what
//! survives of its own output. Where several take of the same rows, nobody says whether they are the same ones: at least
//! as many as one of them took, at most all together.

use num_rational::BigRational;
use num_traits::Zero as _;

use crate::verify::Share;

use super::graph::Graph;
use super::graph::Kind;
use super::graph::Node;
use super::graph::Parent;

/// Returns for every node how many of its rows survive; nothing where that is not known.
pub(super) fn survivors(graph: &Graph, root: usize) -> Vec<Option<Share>> {
    let mut found = vec![Some(Share::zero()); graph.nodes().len()];
    if let Some(node) = graph.nodes().get(root) {
        // A shard that is asked about survives whole.
        set(&mut found, root, node.units.clone().map(Share::exact));
    }
    // Of what only mixes: whether all that it says it takes survives.
    let mut mixtures: Vec<Option<bool>> = vec![None; graph.nodes().len()];
    for (at, node) in graph.nodes().iter().enumerate().skip(root) {
        let own = found.get(at).cloned().flatten();
        let mixture = mixtures.get(at).copied().flatten();
        let is_nothing = own.as_ref().is_some_and(|own| own.high.is_zero());
        if is_nothing && mixture.is_none() && at != root {
            continue;
        }
        let all = mixture == Some(true) || matches!(node.kind, Kind::Model | Kind::Generated);
        for parent in &node.parents {
            let below = graph.nodes().get(parent.node);
            if below.is_some_and(is_mixture) {
                if let Some(place) = mixtures.get_mut(parent.node) {
                    *place = Some(all || survives_whole(node, own.as_ref()));
                }
                continue;
            }
            let taken = match mixture {
                Some(false) => None,
                _ if all => parent.units.clone(),
                _ => handed_on(node, own.as_ref(), parent),
            };
            let known = found.get(parent.node).cloned().flatten();
            let sum = known.zip(taken).map(|(sum, taken)| Share {
                low: sum.low.max(taken.low),
                high: sum.high + taken.high,
            });
            set(&mut found, parent.node, sum);
        }
    }
    found
}

fn is_mixture(node: &Node) -> bool {
    node.item.is_none() && node.kind == Kind::Passed
}

fn set(found: &mut [Option<Share>], at: usize, value: Option<Share>) {
    if let Some(place) = found.get_mut(at) {
        *place = value;
    }
}

fn survives_whole(node: &Node, own: Option<&Share>) -> bool {
    node.units
        .as_ref()
        .zip(own)
        .is_some_and(|(units, own)| own.low >= *units)
}

/// Returns what survives of the rows that a parent has in this node.
fn handed_on(node: &Node, own: Option<&Share>, parent: &Parent) -> Option<Share> {
    let (units, own, taken) = (node.units.as_ref()?, own?, parent.units.as_ref()?);
    let lost = units - &own.low;
    let low = (&taken.low - lost).max(BigRational::zero());
    Some(Share {
        low,
        high: taken.high.clone().min(own.high.clone()),
    })
}
