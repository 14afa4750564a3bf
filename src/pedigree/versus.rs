//! Two models beside each other: how much of their ancestry is the same.
//!
//! Coancestry is `theta(A, B) = sum over founders k of p_A,k p_B,k`: that of a model with itself is `1 / f_e`. Wright's tabular
//! method is the special case of two parents with weight one half each.

use std::collections::BTreeMap;

use num_rational::BigRational;
use num_traits::One as _;
use num_traits::ToPrimitive as _;
use num_traits::Zero as _;

use crate::verify::Share;

use super::measures::Founder;

/// A founder that both have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedFounder {
    /// `hb:` or `gap:` id.
    pub id: String,
    /// Name.
    pub name: String,
    /// The class of the boundary that it counts to.
    pub class: &'static str,
    /// Its contribution to the first.
    pub first: Share,
    /// Its contribution to the second.
    pub second: Share,
}

/// Two models beside each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Versus {
    /// The chance that one unit of mass drawn from each comes from the same founder.
    pub coancestry: Share,
    /// Coancestry divided by the geometric mean of that of each with itself: 1 for the same mixture of founders. An
    /// approximation of the bounds, rounded outwards.
    pub similarity: Option<(f64, f64)>,
    /// The founders that both have, by the smaller contribution, greatest first.
    pub shared: Vec<SharedFounder>,
}

/// Compares the founders of two models. What is opaque is one founder each; what nobody declared is never the same.
pub fn versus(first: &[Founder], second: &[Founder]) -> Versus {
    let of = |founders: &[Founder]| -> BTreeMap<(String, &'static str), Founder> {
        let known = founders.iter().filter(|founder| founder.class != "unknown");
        known
            .map(|founder| ((founder.id.clone(), founder.class), founder.clone()))
            .collect()
    };
    let (one, other) = (of(first), of(second));
    let mut shared: Vec<SharedFounder> = (one.iter())
        .filter_map(|(key, founder)| {
            let second = other.get(key)?;
            Some(SharedFounder {
                id: founder.id.clone(),
                name: founder.name.clone(),
                class: founder.class,
                first: founder.share.clone(),
                second: second.share.clone(),
            })
        })
        .collect();
    shared.sort_by(|left, right| {
        let least = |one: &SharedFounder| one.first.high.clone().min(one.second.high.clone());
        least(right)
            .cmp(&least(left))
            .then_with(|| left.id.cmp(&right.id))
    });
    let coancestry = sum(shared.iter().map(|one| (&one.first, &one.second)));
    let with_itself = |founders: &[Founder]| sum(founders.iter().map(|one| (&one.share, &one.share)));
    Versus {
        similarity: similarity(&coancestry, &with_itself(first), &with_itself(second)),
        coancestry,
        shared,
    }
}

fn sum<'a>(pairs: impl Iterator<Item = (&'a Share, &'a Share)>) -> Share {
    let sum = pairs.fold(Share::zero(), |sum, (one, other)| Share {
        low: sum.low + &one.low * &other.low,
        high: sum.high + &one.high * &other.high,
    });
    Share {
        low: sum.low,
        high: sum.high.min(BigRational::one()),
    }
    .rounded()
}

/// Returns `theta / sqrt(theta_AA theta_BB)`, bounded by what each can be.
fn similarity(theta: &Share, first: &Share, second: &Share) -> Option<(f64, f64)> {
    if first.high.is_zero() || second.high.is_zero() {
        return None;
    }
    let root = |value: &BigRational| Some(value.to_f64()?.sqrt());
    let low = theta.low.to_f64()? / root(&(&first.high * &second.high))?;
    let least = root(&(&first.low * &second.low))?;
    let high = if least > 0.0 {
        theta.high.to_f64()? / least
    } else {
        1.0
    };
    // Founders in the same parts are alike to the last digit, whatever a root is rounded to.
    let is_same = theta.is_exact()
        && &theta.low * &theta.low == &first.low * &second.low
        && first.is_exact()
        && second.is_exact();
    if is_same {
        Some((1.0, 1.0))
    } else {
        Some((low.min(1.0), high.min(1.0)))
    }
}
