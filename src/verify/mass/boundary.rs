//! The five classes in which lineages end, and mixtures of them.

use std::collections::BTreeMap;

use num_rational::BigRational;

use crate::verify::share::Part;
use crate::verify::share::Share;
use crate::verify::share::mix;

/// The share of each boundary class; together they are one, or intervals around it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Boundary {
    /// Declared sources that people or devices made.
    pub sources: Share,
    /// External models, whose own data is not known here.
    pub external_models: Share,
    /// Sources that declared models made: synthetic, and opaque.
    pub opaque_synthetic: Share,
    /// Public, crawled or users' data of which nobody knows what part a model made.
    pub origin_not_known: Share,
    /// Gaps and sources whose origin fails.
    pub unknown: Share,
}

impl Boundary {
    pub(super) fn none() -> Self {
        Self {
            sources: Share::zero(),
            external_models: Share::zero(),
            opaque_synthetic: Share::zero(),
            origin_not_known: Share::zero(),
            unknown: Share::zero(),
        }
    }

    /// Everything is unknown: a gap, or nothing at all.
    pub(in crate::verify) fn unknown() -> Self {
        Self {
            unknown: Share::one(),
            ..Self::none()
        }
    }

    /// Returns whether both could be true of the same bytes: every class overlaps.
    pub(in crate::verify) fn overlaps(&self, other: &Self) -> bool {
        let overlap = |of: fn(&Self) -> &Share| {
            let (one, two) = (of(self), of(other));
            one.low <= two.high && two.low <= one.high
        };
        overlap(|of| &of.sources)
            && overlap(|of| &of.external_models)
            && overlap(|of| &of.opaque_synthetic)
            && overlap(|of| &of.origin_not_known)
            && overlap(|of| &of.unknown)
    }

    pub(super) fn mixed(parts: &[Part<Self>]) -> Self {
        if parts.is_empty() {
            return Self::unknown();
        }
        let class = |of: fn(&Self) -> &Share| {
            let column: Vec<Part<&Share>> = parts
                .iter()
                .map(|part| Part {
                    weight: part.weight.clone(),
                    value: of(&part.value),
                })
                .collect();
            mix(&column)
        };
        Self {
            sources: class(|of| &of.sources),
            external_models: class(|of| &of.external_models),
            opaque_synthetic: class(|of| &of.opaque_synthetic),
            origin_not_known: class(|of| &of.origin_not_known),
            unknown: class(|of| &of.unknown),
        }
    }
}

/// Adds an amount to that of a boundary; what is not known of one is not known of the sum.
pub(super) fn add(
    groups: &mut BTreeMap<Boundary, Option<BigRational>>,
    value: Boundary,
    amount: Option<BigRational>,
) {
    match groups.get_mut(&value) {
        None => {
            groups.insert(value, amount);
        }
        Some(sum) => *sum = sum.take().zip(amount).map(|(sum, more)| sum + more),
    }
}

/// Mixes groups by what `weigh` makes of their amounts, or by weights of which nothing is known.
pub(super) fn mixture(
    groups: BTreeMap<Boundary, Option<BigRational>>,
    weigh: impl Fn(&[BigRational]) -> Vec<Share>,
) -> Boundary {
    let amounts: Option<Vec<BigRational>> = groups.values().cloned().collect();
    let weights = amounts.map_or_else(|| vec![Share::any(); groups.len()], |amounts| weigh(&amounts));
    let parts: Vec<_> = groups
        .into_keys()
        .zip(weights)
        .map(|(value, weight)| Part { weight, value })
        .collect();
    Boundary::mixed(&parts)
}
