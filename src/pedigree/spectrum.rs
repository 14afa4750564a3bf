//! The generation spectrum: how much of the mass passed how many generations, and what was fresh at each.
//!
//! `G_k(m)` is the mass of the paths with exactly k generation edges, by convolution from the bottom up: a generated
//! shard has the spectrum of its generators, shifted by one. A synthetic source counts as one generation, which is
//! the least it can be.

use std::collections::BTreeMap;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::One as _;
use num_traits::Zero as _;

use crate::verify::Part;
use crate::verify::Share;
use crate::verify::mix;

use super::graph::Graph;
use super::graph::Kind;
use super::graph::Node;
use super::graph::fold;
use super::graph::mixed;
use super::graph::value_of;

/// The most generations that are told apart; the last class holds those of more too. Least, mean and most are exact
/// beyond it.
pub const GENERATIONS_MAX: usize = 128;

/// Mass by the number of generations; those without mass are left out.
pub(super) type Spectrum = BTreeMap<usize, Share>;

/// Mass that passed exactly so many generations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generation {
    /// How many generations; [`GENERATIONS_MAX`] stands for that many and more.
    pub depth: usize,
    /// The mass of the paths that passed exactly so many.
    pub share: Share,
    /// Of the mass that passed at least so many: the part that a declared source brings in here, fresh and real;
    /// nothing where no mass passed so many.
    pub fresh_real: Option<Share>,
}

/// How many generations lie between a model and where its mass comes from. Where the lineage ends in something opaque,
/// these are lower bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Depth {
    /// On the path with the fewest.
    pub min: usize,
    /// On average, weighted by mass.
    pub mean: Share,
    /// On the path with the most.
    pub max: usize,
}

/// Returns the spectra of `roots`, of the paths that end where `ends` says so.
pub(super) fn spectra(graph: &Graph, roots: &[usize], ends: impl Fn(&Kind) -> bool) -> Vec<Spectrum> {
    let mut waiting = vec![0_usize; graph.nodes().len()];
    for parent in graph.nodes().iter().flat_map(|node| &node.parents) {
        if let Some(count) = waiting.get_mut(parent.node) {
            *count += 1;
        }
    }
    for root in roots {
        if let Some(count) = waiting.get_mut(*root) {
            *count += 1;
        }
    }
    let mut alive: BTreeMap<usize, Spectrum> = BTreeMap::new();
    for (at, node) in graph.nodes().iter().enumerate().rev() {
        let spectrum = spectrum(node, &alive, &ends);
        for parent in &node.parents {
            // What nobody needs any more is dropped: a chain keeps two spectra alive, not all of them.
            if let Some(count) = waiting.get_mut(parent.node) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    alive.remove(&parent.node);
                }
            }
        }
        if waiting.get(at).is_some_and(|count| *count > 0) {
            alive.insert(at, spectrum);
        }
    }
    let of = |root: &usize| alive.get(root).cloned().unwrap_or_default();
    roots.iter().map(of).collect()
}

fn spectrum(node: &Node, alive: &BTreeMap<usize, Spectrum>, ends: &impl Fn(&Kind) -> bool) -> Spectrum {
    if node.parents.is_empty() {
        let depth = usize::from(matches!(node.kind, Kind::Synthetic(_) | Kind::Generated));
        return if ends(&node.kind) {
            Spectrum::from([(depth, Share::one())])
        } else {
            Spectrum::new()
        };
    }
    let missing = Spectrum::new();
    let below: Vec<&Spectrum> = (node.parents.iter())
        .map(|parent| alive.get(&parent.node).unwrap_or(&missing))
        .collect();
    let depths: std::collections::BTreeSet<usize> =
        below.iter().flat_map(|one| one.keys().copied()).collect();
    let nothing = Share::zero();
    let shift = usize::from(node.kind == Kind::Generated);
    let mut spectrum = Spectrum::new();
    let mut last = Vec::new();
    for depth in depths {
        let parts: Vec<Part<&Share>> = (node.parents.iter().zip(&below))
            .map(|(parent, below)| Part {
                weight: parent.weight.clone(),
                value: below.get(&depth).unwrap_or(&nothing),
            })
            .collect();
        let share = mix(&parts);
        if depth + shift >= GENERATIONS_MAX {
            last.push(share);
        } else {
            spectrum.insert(depth + shift, share);
        }
    }
    if !last.is_empty() {
        spectrum.insert(GENERATIONS_MAX, sum(last.iter()));
    }
    spectrum
}

/// Returns the sum of shares of different paths.
fn sum<'a>(shares: impl Iterator<Item = &'a Share>) -> Share {
    let sum = shares.fold(Share::zero(), |sum, share| Share {
        low: sum.low + &share.low,
        high: sum.high + &share.high,
    });
    Share {
        low: sum.low.min(BigRational::one()),
        high: sum.high.min(BigRational::one()),
    }
}

/// Returns the generations of each root.
pub(super) fn generations(graph: &Graph, roots: &[usize]) -> Vec<Vec<Generation>> {
    let all = spectra(graph, roots, |_| true);
    let real = spectra(graph, roots, |kind| *kind == Kind::Real);
    let others = spectra(graph, roots, |kind| *kind != Kind::Real);
    let of = |((all, real), others): ((Spectrum, Spectrum), Spectrum)| {
        let generation = |depth: usize| {
            let deeper = all.range(depth + 1..).map(|(_, share)| share);
            let rest = sum(deeper.chain(others.get(&depth)));
            Generation {
                depth,
                share: all.get(&depth).cloned().unwrap_or_else(Share::zero),
                fresh_real: part(real.get(&depth).unwrap_or(&Share::zero()), &rest),
            }
        };
        let deepest = all.keys().next_back().copied();
        deepest.map_or_else(Vec::new, |deepest| (0..=deepest).map(generation).collect())
    };
    all.into_iter().zip(real).zip(others).map(of).collect()
}

/// Returns which part of both together the first is; nothing where there may be neither.
fn part(one: &Share, rest: &Share) -> Option<Share> {
    let quotient = |part: &BigRational, rest: &BigRational| {
        let whole = part + rest;
        (!whole.is_zero()).then(|| part / whole)
    };
    if one.high.is_zero() && rest.high.is_zero() {
        return None;
    }
    Some(Share {
        low: quotient(&one.low, &rest.high).unwrap_or_else(BigRational::zero),
        high: quotient(&one.high, &rest.low).unwrap_or_else(BigRational::one),
    })
}

/// Returns the depths of each root.
pub(super) fn depths(graph: &Graph, roots: &[usize]) -> Vec<Depth> {
    let means = fold(graph, &Share::zero(), |at, values| {
        let Some(node) = graph.nodes().get(at) else {
            return Share::zero();
        };
        let below = mixed(node, |parent| value_of(values, parent.node));
        let own = BigRational::from_integer(BigInt::from(step(node)));
        Share {
            low: below.low + &own,
            high: below.high + own,
        }
    });
    let ends = fold(graph, &(0_usize, 0_usize), |at, values| {
        let Some(node) = graph.nodes().get(at) else {
            return (0, 0);
        };
        let only = node.parents.len() == 1;
        let heavy = node
            .parents
            .iter()
            .filter(|parent| only || !parent.weight.high.is_zero());
        let below: Vec<(usize, usize)> = heavy
            .filter_map(|parent| values.get(parent.node).copied())
            .collect();
        let least = below.iter().map(|(least, _)| *least).min().unwrap_or_default();
        let most = below.iter().map(|(_, most)| *most).max().unwrap_or_default();
        (least + step(node), most + step(node))
    });
    let of = |root: &usize| {
        let (min, max) = ends.get(*root).copied().unwrap_or_default();
        Depth {
            min,
            mean: value_of(&means, *root),
            max,
        }
    };
    roots.iter().map(of).collect()
}

/// How many generations a node is by itself.
fn step(node: &Node) -> usize {
    usize::from(matches!(node.kind, Kind::Generated | Kind::Synthetic(_)))
}
