//! Shares: exact rationals, or intervals where a weight is not known.
//!
//! A share is a closed interval of rationals. Mixing bounded shares under bounded weights that sum to one is a
//! small linear program whose optimum a greedy fill reaches: give every parent its least weight, then hand the
//! rest to the parents in order of their share until their greatest weight (fractional knapsack).

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::One as _;
use num_traits::Signed as _;
use num_traits::ToPrimitive as _;
use num_traits::Zero as _;

/// The size up to which an exact share is printed, in bits of numerator and denominator together.
pub const SHARE_BITS_MAX: u64 = 4096;

/// How finely a share is rounded, outwards, once it is longer than that: to multiples of 2^-256.
const ROUNDED_BITS: u32 = 256;

/// A closed interval; exact when both ends are equal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share {
    /// The least it can be.
    pub low: BigRational,
    /// The most it can be.
    pub high: BigRational,
}

impl Share {
    /// Returns an exact share.
    pub fn exact(value: BigRational) -> Self {
        Self {
            low: value.clone(),
            high: value,
        }
    }

    /// Returns exactly nothing.
    pub fn zero() -> Self {
        Self::exact(BigRational::zero())
    }

    /// Returns exactly all.
    pub fn one() -> Self {
        Self::exact(BigRational::one())
    }

    /// Returns a share of which nothing is known.
    pub fn any() -> Self {
        Self {
            low: BigRational::zero(),
            high: BigRational::one(),
        }
    }

    /// Returns `part / whole`, or nothing known for an empty whole.
    pub fn of_counts(part: u64, whole: u64) -> Self {
        if whole == 0 {
            Self::any()
        } else {
            Self::exact(ratio(part, whole))
        }
    }

    /// Returns the share with ends of at most [`SHARE_BITS_MAX`], rounded outwards.
    #[must_use]
    pub fn rounded(self) -> Self {
        Self {
            low: short(self.low, BigRational::floor),
            high: short(self.high, BigRational::ceil),
        }
    }

    /// Returns whether both ends are equal.
    pub fn is_exact(&self) -> bool {
        self.low == self.high
    }

    /// Returns this as a percentage that never claims more than it knows: `100 %` and `0 %` are exact.
    pub fn percent(&self) -> String {
        if self.is_exact() {
            return format!("{} %", percent(&self.low));
        }
        let (low, high) = (percent(&self.low), percent(&self.high));
        if low == high {
            return format!("{low} %");
        }
        format!("between {low} % and {high} %")
    }
}

/// Returns an exact quotient; `whole` must not be zero.
pub fn ratio(part: u64, whole: u64) -> BigRational {
    BigRational::new(BigInt::from(part), BigInt::from(whole.max(1)))
}

fn percent(value: &BigRational) -> String {
    let hundred = value * BigRational::from_integer(BigInt::from(100));
    if hundred.is_integer() {
        return hundred.to_integer().to_string();
    }
    let tenths = (&hundred * BigRational::from_integer(BigInt::from(10)))
        .round()
        .to_integer();
    if tenths.is_zero() {
        return "under 0.1".to_owned();
    }
    if tenths == BigInt::from(1000) {
        return "over 99.9".to_owned();
    }
    let (whole, tenth) = (&tenths / 10_u32, &tenths % 10_u32);
    if tenth.is_zero() {
        format!("about {whole}")
    } else {
        format!("{whole}.{tenth}")
    }
}

/// Returns the nearest floating-point number, for readers that want one beside the exact value.
pub fn approximate(value: &BigRational) -> f64 {
    value.to_f64().unwrap_or(f64::NAN)
}

/// Returns `value` rounded down (or up) to 18 decimals, as text.
pub fn fixed_point(value: &BigRational, up: bool) -> String {
    let scale = BigInt::from(10_u32).pow(18);
    let scaled = value * BigRational::from_integer(scale.clone());
    let rounded = if up { scaled.ceil() } else { scaled.floor() }.to_integer();
    let (whole, fraction) = (&rounded / &scale, (&rounded % &scale).abs());
    format!("{whole}.{fraction:0>18}")
}

/// One parent of a mixture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part<T> {
    /// Its weight.
    pub weight: Share,
    /// What it brings.
    pub value: T,
}

/// Returns the share of a mixture, given each part's weight and share. A single part has weight one whatever is
/// unknown; no part at all gives nothing known.
pub fn mix(parts: &[Part<&Share>]) -> Share {
    match parts {
        [] => Share::any(),
        [only] => only.value.clone(),
        _ => Share {
            low: short(fill(parts, |share| &share.low, false), BigRational::floor),
            high: short(fill(parts, |share| &share.high, true), BigRational::ceil),
        },
    }
}

/// Rounds a number outwards once it is longer than [`SHARE_BITS_MAX`]: a chain of a hundred thousand mixtures would
/// else drag along numbers of millions of digits.
fn short(value: BigRational, round: impl Fn(&BigRational) -> BigRational) -> BigRational {
    if value.numer().bits() + value.denom().bits() <= SHARE_BITS_MAX {
        return value;
    }
    let scale = BigRational::from_integer(BigInt::one() << ROUNDED_BITS);
    round(&(value * &scale)) / scale
}

fn fill(parts: &[Part<&Share>], end: impl Fn(&Share) -> &BigRational, most: bool) -> BigRational {
    let mut order: Vec<_> = parts.iter().collect();
    if let [first, rest @ ..] = parts
        && rest.iter().all(|part| end(part.value) == end(first.value))
    {
        return end(first.value).clone();
    }
    order.sort_by(|left, right| end(left.value).cmp(end(right.value)));
    if most {
        order.reverse();
    }
    let least: BigRational = parts.iter().map(|part| part.weight.low.clone()).sum();
    let mut rest = BigRational::one() - least;
    let mut total = BigRational::zero();
    for part in order {
        let room = &part.weight.high - &part.weight.low;
        let extra = if rest > room { room } else { rest.clone() };
        let extra = if extra.is_negative() {
            BigRational::zero()
        } else {
            extra
        };
        rest -= &extra;
        total += (&part.weight.low + extra) * end(part.value);
    }
    total
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn share(low: u64, high: u64, of: u64) -> Share {
        Share {
            low: ratio(low, of),
            high: ratio(high, of),
        }
    }

    #[test]
    fn exact_weights_give_the_weighted_mean() {
        let (all, none) = (Share::one(), Share::zero());
        let parts = [
            Part {
                weight: Share::of_counts(3, 8),
                value: &all,
            },
            Part {
                weight: Share::of_counts(5, 8),
                value: &none,
            },
        ];
        assert_eq!(mix(&parts), Share::of_counts(3, 8));
    }

    #[test]
    fn unknown_weights_give_the_range_of_the_parts() {
        let (quarter, half) = (Share::of_counts(1, 4), Share::of_counts(1, 2));
        let parts = [
            Part {
                weight: Share::any(),
                value: &quarter,
            },
            Part {
                weight: Share::any(),
                value: &half,
            },
        ];
        assert_eq!(mix(&parts), share(1, 2, 4));
        assert_eq!(mix(&parts[..1]), quarter);
    }

    #[test]
    fn a_percentage_never_rounds_to_all_or_nothing() {
        assert_eq!(Share::one().percent(), "100 %");
        assert_eq!(Share::of_counts(99_999, 100_000).percent(), "over 99.9 %");
        assert_eq!(Share::of_counts(1, 100_000).percent(), "under 0.1 %");
        assert_eq!(Share::of_counts(3, 8).percent(), "37.5 %");
        assert_eq!(Share::of_counts(1, 3).percent(), "33.3 %");
        assert_eq!(share(0, 1, 1).percent(), "between 0 % and 100 %");
        assert_eq!(fixed_point(&ratio(1, 3), false), "0.333333333333333333");
        assert_eq!(fixed_point(&ratio(1, 3), true), "0.333333333333333334");
    }

    /// The optimum by brute force over a grid of weights.
    fn brute(parts: &[(u64, u64, u64)], most: bool) -> BigRational {
        fn walk(parts: &[(u64, u64, u64)], rest: u64, best: &mut Vec<BigRational>, so_far: BigRational) {
            match parts {
                [] if rest == 0 => best.push(so_far),
                [] => {}
                [(low, high, share), more @ ..] => {
                    for weight in *low..=(*high).min(rest) {
                        walk(more, rest - weight, best, &so_far + ratio(weight * share, 100));
                    }
                }
            }
        }
        let mut found = Vec::new();
        walk(parts, 10, &mut found, BigRational::zero());
        if most {
            found.into_iter().max().unwrap()
        } else {
            found.into_iter().min().unwrap()
        }
    }

    proptest! {
        #[test]
        fn the_greedy_fill_is_the_optimum(
            cuts in prop::collection::vec((0_u64..=4, 0_u64..=6, 0_u64..=10), 2..5),
        ) {
            let parts: Vec<_> = cuts.iter().map(|(low, more, share)| (*low, low + more, *share)).collect();
            let (lows, highs) = parts.iter().fold((0, 0), |(l, h), part| (l + part.0, h + part.1));
            prop_assume!(lows <= 10 && highs >= 10);
            let shares: Vec<Share> = parts.iter().map(|part| Share::of_counts(part.2, 10)).collect();
            let mixed: Vec<_> = parts.iter().zip(&shares)
                .map(|(part, value)| Part { weight: share(part.0, part.1, 10), value })
                .collect();
            let result = mix(&mixed);
            prop_assert_eq!(result.low, brute(&parts, false));
            prop_assert_eq!(result.high, brute(&parts, true));
        }
    }
}
