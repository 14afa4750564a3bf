//! How many items may differ at most, given what was seen of a sample: exact one-sided bounds at 95 %.
//!
//! A population is finite and drawn from without replacement, so the law is the hypergeometric one, and the bound is
//! its inverted test: the largest number of differing items that would show as few as were seen with a chance of more
//! than one in twenty (Clopper and Pearson, Biometrika 26, 1934, with the hypergeometric in the place of the binomial
//! law; Buonaccorsi, The American Statistician 41, 1987). Everything is in whole numbers of any size, so that two
//! programs agree to the last item.
//!
//! Over several strata nobody knows how the differing items are spread, so the worst spread counts:
//!
//! - nothing seen to differ: the chance is a product of one factor a stratum, each log-concave in how many differ there,
//!   so taking the item that costs least, again and again, gives the largest product;
//! - something seen: a hypergeometric count is a sum of independent trials (Vatutin and Mikhailov, Theory of Probability
//!   and its Applications 27, 1982), and among all such sums with mean `m` the binomial one has the largest lower tail up
//!   to `m - 1` (Hoeffding, Annals of Mathematical Statistics 27, 1956, theorem 4). That is wider than need be, and
//!   never too narrow.

use num_bigint::BigInt;
use num_bigint::BigUint;
use num_rational::BigRational;
use num_traits::One as _;
use num_traits::ToPrimitive as _;
use num_traits::Zero as _;

/// One in so many: the chance with which the true number may lie above the bound.
pub const ERRS_ONE_IN: u32 = 20;

/// Keys of the greedy order are compared in steps of two to the minus so many: no two that differ fall into one step,
/// for no stratum has more than [`super::ITEMS_MAX`] drawn items.
const KEY_BITS: u32 = 24;

/// Bits behind the point of the chance that is put into the binomial law; it is rounded down, which widens the bound.
const CHANCE_BITS: u32 = 64;

/// What was seen of one stratum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// How many items it has.
    pub size: u64,
    /// How many were drawn, at most `size`.
    pub drawn: u64,
    /// How many of those count as differing, at most `drawn`.
    pub against: u64,
}

impl Seen {
    /// The most that can differ whatever chance says: all but those seen to be right.
    fn ceiling(self) -> u64 {
        self.size - self.drawn.saturating_sub(self.against).min(self.size)
    }
}

/// Returns how many items of one stratum differ at most, at 95 %.
pub fn at_most(seen: Seen) -> u64 {
    let total = falling(seen.size, seen.drawn);
    largest(seen.against, seen.ceiling(), |differing| {
        lower_tail(seen, differing) * ERRS_ONE_IN > total
    })
}

/// Returns how many items of all strata together differ at most, at 95 %, however they are spread.
pub fn at_most_in_all(strata: &[Seen]) -> u64 {
    let (seen, unseen): (Vec<Seen>, Vec<Seen>) = strata.iter().partition(|stratum| stratum.drawn > 0);
    // Of what nothing was drawn nothing is known.
    let unseen: u64 = unseen.iter().map(|stratum| stratum.size).sum();
    let against: u64 = seen.iter().map(|stratum| stratum.against).sum();
    let ceiling: u64 = seen.iter().map(|stratum| stratum.ceiling()).sum();
    unseen
        + match seen.as_slice() {
            [] => 0,
            [only] => at_most(*only),
            several if against == 0 => {
                let total: BigUint = several.iter().map(|one| falling(one.size, one.drawn)).product();
                largest(0, ceiling, |differing| {
                    let spread = worst_spread(several, differing);
                    let none: BigUint = several
                        .iter()
                        .zip(spread)
                        .map(|(one, differing)| falling(one.size - differing, one.drawn))
                        .product();
                    none * ERRS_ONE_IN > total
                })
            }
            several => largest(against, ceiling, |differing| {
                !is_refuted(several, against, differing)
            }),
        }
}

/// Finds the largest number from `low` to `high` that is possible, where all below a possible one are and `low` is.
fn largest(low: u64, high: u64, is_possible: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (low, high.max(low));
    while low < high {
        let middle = low + (high - low).div_ceil(2);
        if is_possible(middle) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    low
}

/// Returns `n (n-1) ... (n-k+1)`, which is 0 where `k` is larger than `n`.
fn falling(n: u64, k: u64) -> BigUint {
    if k > n {
        return BigUint::zero();
    }
    product(n - k, n)
}

/// Returns the product of the numbers above `low` up to `high`, by halves so that factors stay of one size.
fn product(low: u64, high: u64) -> BigUint {
    match high - low {
        0 => BigUint::one(),
        1 => BigUint::from(high),
        more => {
            let middle = low + more / 2;
            product(low, middle) * product(middle, high)
        }
    }
}

/// Returns in how many of the ordered draws of a stratum at most as many differ as were seen to.
fn lower_tail(seen: Seen, differing: u64) -> BigUint {
    let right = seen.size - differing;
    // From the most that differ down: C(drawn, k) x differing falling k x right falling (drawn - k).
    let mut sum = BigUint::zero();
    let mut chosen = BigUint::one();
    let mut bad = BigUint::one();
    let mut terms = Vec::new();
    for k in 0..=seen.against {
        if k > 0 {
            chosen = chosen * (seen.drawn - k + 1) / k;
            bad *= BigUint::from((differing + 1).saturating_sub(k));
        }
        terms.push(&chosen * &bad);
    }
    let mut good = falling(right, seen.drawn - seen.against);
    let mut left = right.saturating_sub(seen.drawn - seen.against);
    for (taken, term) in (0_u64..).zip(terms.into_iter().rev()) {
        if taken > 0 {
            good *= left;
            left = left.saturating_sub(1);
        }
        sum += term * &good;
    }
    sum
}

/// Returns how many differ in each stratum where `differing` in all leave the largest chance of seeing none.
///
/// The item that leaves `r` others costs a factor `1 - drawn / r`, so items go by `r / drawn`, the largest first.
fn worst_spread(strata: &[Seen], differing: u64) -> Vec<u64> {
    let above = |key: u128, one: &Seen| {
        let rest = (key * u128::from(one.drawn)) >> KEY_BITS;
        one.size - u64::try_from(rest).unwrap_or(u64::MAX).min(one.size)
    };
    let in_all = |key: u128| -> u128 { strata.iter().map(|one| u128::from(above(key, one))).sum() };
    let highest = strata.iter().map(|one| u128::from(one.size) << KEY_BITS).max();
    let (mut low, mut high) = (0_u128, highest.unwrap_or_default());
    while low < high {
        let middle = low + (high - low) / 2;
        if in_all(middle) <= u128::from(differing) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    let mut spread: Vec<u64> = strata.iter().map(|one| above(high, one)).collect();
    let mut left = differing.saturating_sub(spread.iter().sum());
    // The rest costs the same wherever it is.
    for (taken, one) in spread.iter_mut().zip(strata) {
        let step = above(high.saturating_sub(1), one)
            .saturating_sub(*taken)
            .min(left);
        *taken += step;
        left -= step;
    }
    spread
}

/// Returns whether as few as `against` would be seen of `differing` with a chance of one in twenty at most, whatever the
/// spread, by Hoeffding's bound.
fn is_refuted(strata: &[Seen], against: u64, differing: u64) -> bool {
    let drawn: u64 = strata.iter().map(|one| one.drawn).sum();
    let mean = least_mean(strata, differing);
    let integer = |number: u64| BigRational::from_integer(BigInt::from(number));
    if integer(against) + integer(1) > mean {
        return false;
    }
    let scaled = mean * BigRational::from_integer(BigInt::one() << CHANCE_BITS) / integer(drawn);
    let Some(chance) = scaled.floor().to_integer().to_biguint() else {
        return false;
    };
    let whole = BigUint::one() << CHANCE_BITS;
    let other = &whole - chance.clone().min(whole.clone());
    // Horner: the sum of C(drawn, k) chance^k other^(against - k), then the factor that all terms share.
    let (mut sum, mut chosen, mut power) = (BigUint::one(), BigUint::one(), BigUint::one());
    for k in 1..=against {
        chosen = chosen * (drawn - k + 1) / k;
        power *= &chance;
        sum = sum * &other + &chosen * &power;
    }
    let exponent = |number: u64| number.to_u32().unwrap_or(u32::MAX);
    let tail = sum * other.pow(exponent(drawn - against));
    tail * ERRS_ONE_IN <= whole.pow(exponent(drawn))
}

/// Returns the least mean of what is seen of `differing` items: they hide where the smallest part was drawn.
fn least_mean(strata: &[Seen], differing: u64) -> BigRational {
    let mut strata = strata.to_vec();
    strata.sort_by(|left, right| {
        let cross = |one: &Seen, other: &Seen| u128::from(one.drawn) * u128::from(other.size);
        cross(left, right).cmp(&cross(right, left))
    });
    let mut left = differing;
    let mut mean = BigRational::zero();
    for one in strata {
        let here = left.min(one.size);
        left -= here;
        let part = BigInt::from(here) * BigInt::from(one.drawn);
        mean += BigRational::new(part, BigInt::from(one.size.max(1)));
    }
    mean
}

/// Returns `part` of `whole` in per cent with two decimals, rounded up: a bound must not be shown smaller than it is.
pub fn percent_up(part: u64, whole: u64) -> String {
    let whole = u128::from(whole.max(1));
    let hundredths = (u128::from(part) * 10_000).div_ceil(whole);
    format!("{}.{:02} %", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(size: u64, drawn: u64, against: u64) -> Seen {
        Seen { size, drawn, against }
    }

    fn float(small: u64) -> f64 {
        f64::from(u32::try_from(small).unwrap())
    }

    fn choose(n: u64, k: u64) -> f64 {
        if k > n {
            return 0.0;
        }
        (0..k).fold(1.0, |value, at| value * float(n - at) / float(at + 1))
    }

    /// The law itself, term by term.
    fn chance(size: u64, differing: u64, drawn: u64, shown: u64) -> f64 {
        if shown > drawn {
            return 0.0;
        }
        choose(differing, shown) * choose(size - differing, drawn - shown) / choose(size, drawn)
    }

    /// The oracle: every number of differing items, the law summed up in the plainest way.
    #[test]
    fn the_bound_is_the_largest_number_that_is_not_refuted() {
        for size in 1..=14 {
            for drawn in 0..=size {
                for against in 0..=drawn {
                    let possible = (0..=size).filter(|differing| {
                        let tail: f64 = (0..=against)
                            .map(|shown| chance(size, *differing, drawn, shown))
                            .sum();
                        *differing >= against && tail > 0.05 + 1e-12
                    });
                    assert_eq!(
                        at_most(seen(size, drawn, against)),
                        possible.max().unwrap(),
                        "{size} {drawn} {against}"
                    );
                }
            }
        }
    }

    /// Published values: the binomial limits 1 - 0.05^(1/n) for none seen (the rule of three), and Clopper and Pearson's
    /// upper limit for 1 of 60 and 3 of 60 at one-sided 95 %.
    #[test]
    fn a_large_population_has_the_binomial_bound() {
        let size = 1_000_000_000_000;
        // In thousandths of a per cent.
        let near = |against: u64, drawn: u64, expected: u64| {
            let bound = at_most(seen(size, drawn, against)) * 100_000 / size;
            assert!(bound.abs_diff(expected) <= 5, "{against} of {drawn}: {bound}");
        };
        near(0, 60, 4_870);
        near(0, 59, 4_951);
        near(0, 58, 5_034);
        near(0, 299, 997);
        near(1, 60, 7_660);
        near(3, 60, 12_419);
    }

    /// 59 is the smallest sample without a difference that shows at most 5 % of a large population to differ.
    #[test]
    fn fifty_nine_show_five_per_cent() {
        let size = 1_000_000_000;
        assert!(at_most(seen(size, 59, 0)) <= size / 20);
        assert!(at_most(seen(size, 58, 0)) > size / 20);
    }

    #[test]
    fn what_was_all_seen_is_known() {
        assert_eq!(at_most(seen(60, 60, 0)), 0);
        assert_eq!(at_most(seen(60, 60, 7)), 7);
        assert_eq!(at_most(seen(60, 0, 0)), 60);
        assert_eq!(at_most(seen(0, 0, 0)), 0);
        assert_eq!(at_most_in_all(&[seen(5, 5, 0), seen(7, 7, 2)]), 2);
        assert_eq!(at_most_in_all(&[seen(5, 0, 0), seen(7, 7, 0)]), 5);
        assert_eq!(at_most_in_all(&[]), 0);
    }

    /// Coverage, by every spread of every number of differing items over two and three strata: the true number lies
    /// above the bound with a chance of one in twenty at most.
    #[test]
    fn whatever_the_spread_the_bound_errs_once_in_twenty() {
        for strata in [
            vec![(8, 3), (5, 3)],
            vec![(12, 6), (3, 1)],
            vec![(20, 12), (9, 8)],
            vec![(6, 4), (5, 3), (4, 3)],
        ] {
            for spread in spreads(&strata) {
                let truth: u64 = spread.iter().sum();
                let mut errs = 0.0;
                for shown in shown_of(&strata) {
                    let seen: Vec<Seen> = (strata.iter().zip(&shown))
                        .map(|((size, drawn), against)| seen(*size, *drawn, *against))
                        .collect();
                    if at_most_in_all(&seen) < truth {
                        let parts = strata.iter().zip(&spread).zip(&shown);
                        errs += parts
                            .map(|(((size, drawn), differing), against)| {
                                chance(*size, *differing, *drawn, *against)
                            })
                            .product::<f64>();
                    }
                }
                assert!(errs <= 0.05 + 1e-9, "{strata:?} {spread:?}: {errs}");
            }
        }
    }

    fn spreads(strata: &[(u64, u64)]) -> Vec<Vec<u64>> {
        all(&strata.iter().map(|(size, _)| *size).collect::<Vec<_>>())
    }

    fn shown_of(strata: &[(u64, u64)]) -> Vec<Vec<u64>> {
        all(&strata.iter().map(|(_, drawn)| *drawn).collect::<Vec<_>>())
    }

    /// Every list of numbers up to these.
    fn all(most: &[u64]) -> Vec<Vec<u64>> {
        most.iter().fold(vec![Vec::new()], |lists, most| {
            let longer = |list: &Vec<u64>| {
                let list = list.clone();
                (0..=*most).map(move |last| [list.clone(), vec![last]].concat())
            };
            lists.iter().flat_map(longer).collect()
        })
    }

    /// The greedy spread leaves the largest chance of all spreads.
    #[test]
    fn no_spread_hides_more_than_the_worst_one() {
        for strata in [
            vec![(9, 2), (5, 3)],
            vec![(7, 4), (6, 2), (4, 1)],
            vec![(6, 3), (6, 3)],
        ] {
            let seen: Vec<Seen> = strata
                .iter()
                .map(|(size, drawn)| seen(*size, *drawn, 0))
                .collect();
            let none = |spread: &[u64]| -> f64 {
                let parts = strata.iter().zip(spread);
                parts
                    .map(|((size, drawn), differing)| chance(*size, *differing, *drawn, 0))
                    .product()
            };
            let mut best = std::collections::BTreeMap::new();
            for spread in spreads(&strata) {
                let entry = best.entry(spread.iter().sum::<u64>()).or_insert(0.0_f64);
                *entry = entry.max(none(&spread));
            }
            for (differing, best) in best {
                let spread = worst_spread(&seen, differing);
                assert_eq!(spread.iter().sum::<u64>(), differing, "{strata:?} {spread:?}");
                assert!(
                    (none(&spread) - best).abs() < 1e-12,
                    "{strata:?} {differing} {spread:?}"
                );
            }
        }
    }

    #[test]
    fn a_bound_is_rounded_up() {
        assert_eq!(percent_up(0, 60), "0.00 %");
        assert_eq!(percent_up(1, 3), "33.34 %");
        assert_eq!(percent_up(3, 3), "100.00 %");
        assert_eq!(percent_up(u64::MAX, u64::MAX), "100.00 %");
        assert_eq!(percent_up(0, 0), "0.00 %");
    }
}
