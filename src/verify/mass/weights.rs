//! Weights of the parents of a mixture, from amounts.

use num_rational::BigRational;
use num_traits::Zero as _;

use crate::verify::share::Share;

/// Returns each amount's part of their sum; of amounts that are all zero nothing is known.
pub(super) fn exact_weights(amounts: &[BigRational]) -> Vec<Share> {
    let total: BigRational = amounts.iter().sum();
    let weight = |amount: &BigRational| {
        if total.is_zero() {
            Share::any()
        } else {
            Share::exact(amount / &total)
        }
    };
    amounts.iter().map(weight).collect()
}

/// Returns the bounds of each parent's part of `out` rows, when each brought at most its amount and together they
/// brought all: exact if all amounts came out. If more came out than was brought, nothing is known.
pub(super) fn bounded_weights(most: &[BigRational], out: &BigRational) -> Vec<Share> {
    let total: BigRational = most.iter().sum();
    if out.is_zero() || *out > total {
        return most.iter().map(|_| Share::any()).collect();
    }
    let bound = |amount: &BigRational| {
        let others = &total - amount;
        let low = if *out > others {
            out - &others
        } else {
            BigRational::zero()
        };
        let high = if amount < out { amount } else { out };
        Share {
            low: low / out,
            high: high / out,
        }
    };
    most.iter().map(bound).collect()
}
