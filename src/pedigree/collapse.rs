//! The collapse index: how much of the sampling noise of all shards ends up in a model, had it learnt a mean.
//!
//! `A(m) = sum over all sampled shards x, real and synthetic, of c(x -> m)^2 / n_x`, where c is the contribution coefficient
//! and `n_x` the unique rows of x. It is the variance that a linear estimator has when every shard is sampled once with
//! independent noise and every generator is unbiased. A chain of n that replaces its data has A T = n; one that
//! accumulates stays below pi^2 / 6 (Gerstgrasser et al. 2024). It ignores sampling bias and capacity: an index of a
//! linear model, and no prediction.

use std::collections::BTreeMap;

use num_rational::BigRational;
use num_traits::One as _;
use num_traits::Zero as _;

use crate::verify::Share;

use super::graph::Graph;
use super::sweep::Coefficients;
use super::sweep::sweep;
use super::sweep::together;

/// A quantity that may have no upper bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// The least it can be.
    pub low: BigRational,
    /// The most it can be; nothing without a bound.
    pub high: Option<BigRational>,
}

impl Range {
    /// Returns whether both ends are equal.
    pub fn is_exact(&self) -> bool {
        self.high.as_ref() == Some(&self.low)
    }
}

impl From<Share> for Range {
    fn from(share: Share) -> Self {
        Self {
            low: share.low,
            high: Some(share.high),
        }
    }
}

/// The collapse index of a model. Mass that rests on something opaque is not in it, so that it is a lower bound then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collapse {
    /// A, per row.
    pub index: Share,
    /// 1 / A: as many fresh real rows, used once, would have as little noise.
    pub effective_sample_size: Range,
    /// The part of A that were there if the shards nearest to the model had been sampled fresh from the world.
    pub direct_ratio: Share,
    /// The samples whose rows are not known, by their item; each counts as anything from one row up.
    pub uncounted: Vec<usize>,
}

/// Returns the collapse index; nothing where no sampled shard contributes.
pub(super) fn collapse(graph: &Graph, root: usize, coefficients: &Coefficients<'_>) -> Option<Collapse> {
    let mut samples: BTreeMap<(Option<usize>, usize), Vec<usize>> = BTreeMap::new();
    for (at, node) in graph
        .nodes()
        .iter()
        .enumerate()
        .filter(|(_, node)| node.is_sample())
    {
        // Rollouts are no item: each is a sample of its own.
        let key = (
            node.item,
            node.item.map_or(at, |_| usize::from(node.kind.is_opaque())),
        );
        samples.entry(key).or_default().push(at);
    }
    let near = sweep(graph, root, |node| !node.is_sample());
    let mut index = Share::zero();
    let mut direct = Share::zero();
    let mut uncounted = Vec::new();
    for ((item, _), members) in &samples {
        let share = coefficients.group(members);
        if share.high.is_zero() {
            continue;
        }
        let units = members
            .iter()
            .find_map(|at| graph.nodes().get(*at)?.units.clone());
        if let (None, Some(item)) = (&units, item) {
            uncounted.push(*item);
        }
        add(&mut index, &share, units.as_ref());
        add(&mut direct, &together(&near, members), units.as_ref());
    }
    let (index, direct) = (index.rounded(), direct.rounded());
    if index.high.is_zero() {
        return None;
    }
    Some(Collapse {
        effective_sample_size: Range {
            low: index.high.recip(),
            high: (!index.low.is_zero()).then(|| index.low.recip()),
        },
        direct_ratio: Share {
            low: &direct.low / &index.high,
            high: if index.low.is_zero() {
                BigRational::one()
            } else {
                (&direct.high / &index.low).min(BigRational::one())
            },
        },
        index,
        uncounted,
    })
}

/// Adds c^2 / n; where n is not known it is one or more.
fn add(sum: &mut Share, share: &Share, units: Option<&BigRational>) {
    let (least, most) = (&share.low * &share.low, &share.high * &share.high);
    match units.filter(|units| !units.is_zero()) {
        Some(units) => {
            sum.low += least / units;
            sum.high += most / units;
        }
        None => sum.high += most,
    }
}
