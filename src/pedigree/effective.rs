//! Effective numbers: how many equal parts would be as concentrated as these.
//!
//! Effective sources `f_e = 1 / sum p_k^2` and founder genome equivalents `f_g = 1 / sum (p_k^2 / r_k)` are those of Lacy
//! (Zoo Biology 8, 1989), the first over all founders and the second over the mass that leads to declared sources; `r_k` is the part of the rows of source k that
//! came through all filters.

use num_rational::BigRational;
use num_traits::One as _;
use num_traits::Zero as _;

use crate::verify::Share;

/// Returns the bounds of 1 / sum q^2, where the parts lie in these intervals and add up to one; nothing without parts.
pub(super) fn effective(parts: &[Share]) -> Option<Share> {
    let least = least_squares(parts)?;
    let most = most_squares(parts)?;
    if least.is_zero() || most.is_zero() {
        return None;
    }
    Some(
        Share {
            low: most.recip(),
            high: least.recip(),
        }
        .rounded(),
    )
}

/// The least sum of squares: as even as the bounds allow, all at one level but for those that their bounds keep from it.
fn least_squares(parts: &[Share]) -> Option<BigRational> {
    let one = BigRational::one();
    let at = |level: &BigRational, part: &Share| level.clone().max(part.low.clone()).min(part.high.clone());
    let filled = |level: &BigRational| parts.iter().map(|part| at(level, part)).sum::<BigRational>();
    let mut levels: Vec<BigRational> = (parts.iter())
        .flat_map(|part| [part.low.clone(), part.high.clone()])
        .collect();
    levels.sort();
    levels.dedup();
    // The highest of these levels at which no more than one is filled: above it the sum grows by the number of those
    // that are still free.
    let at_most = levels.partition_point(|level| filled(level) <= one);
    let level = levels.get(at_most.checked_sub(1)?)?;
    let free = parts
        .iter()
        .filter(|part| part.low <= *level && part.high > *level)
        .count();
    let rest = &one - filled(level);
    let level = match u64::try_from(free).unwrap_or(u64::MAX) {
        0 => level.clone(),
        free => level + rest / BigRational::from_integer(free.into()),
    };
    Some(
        parts
            .iter()
            .map(|part| at(&level, part))
            .map(|share| &share * &share)
            .sum(),
    )
}

/// No less than the greatest sum of squares: each square lies below the chord between the ends of its interval, which is
/// a linear program; and the sum of squares of parts of one is at most the greatest part.
fn most_squares(parts: &[Share]) -> Option<BigRational> {
    let greatest = parts.iter().map(|part| part.high.clone()).max()?;
    let mut order: Vec<&Share> = parts.iter().collect();
    let slope = |part: &Share| &part.low + &part.high;
    order.sort_by_key(|part| std::cmp::Reverse(slope(part)));
    let mut rest = BigRational::one() - parts.iter().map(|part| part.low.clone()).sum::<BigRational>();
    let mut sum = BigRational::zero();
    for part in order {
        let room = &part.high - &part.low;
        let more = rest.clone().min(room).max(BigRational::zero());
        rest -= &more;
        sum += &part.low * &part.low + slope(part) * more;
    }
    Some(sum.min(greatest).min(BigRational::one()))
}

/// Returns the bounds of 1 / sum (q^2 / r) for parts with the part of them that survives; nothing where a survival is not
/// known at all.
pub(super) fn equivalents(parts: &[(Share, Option<Share>)]) -> Option<Share> {
    let mut low = BigRational::zero();
    let mut high = Some(BigRational::zero());
    for (part, survives) in parts {
        let survives = survives.as_ref()?;
        if survives.high.is_zero() {
            continue;
        }
        low += &part.low * &part.low / &survives.high;
        high = (!survives.low.is_zero())
            .then_some(high)
            .flatten()
            .map(|high| high + &part.high * &part.high / &survives.low);
    }
    if low.is_zero() {
        return None;
    }
    let bounds = Share {
        // Without a bound on how little survives there is none on how few it is worth.
        low: high.map_or_else(BigRational::zero, |high| high.recip()),
        high: low.recip(),
    };
    Some(bounds.rounded())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn part(low: u64, high: u64) -> Share {
        Share {
            low: Share::of_counts(low, 12).low,
            high: Share::of_counts(high, 12).high,
        }
    }

    /// Every way to fill the intervals in twelfths, so that they add up to one.
    fn every(parts: &[(u64, u64)], rest: u64, so_far: &[u64], found: &mut Vec<Vec<u64>>) {
        match parts {
            [] if rest == 0 => found.push(so_far.to_vec()),
            [] => {}
            [(low, high), more @ ..] => {
                for value in *low..=(*high).min(rest) {
                    let next = [so_far, &[value]].concat();
                    every(more, rest - value, &next, found);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn every_completion_lies_inside(cuts in prop::collection::vec((0_u64..=6, 0_u64..=12), 1..5)) {
            let cuts: Vec<(u64, u64)> = cuts.iter().map(|(low, more)| (*low, (low + more).min(12))).collect();
            let mut found = Vec::new();
            every(&cuts, 12, &[], &mut found);
            prop_assume!(!found.is_empty());
            let parts: Vec<Share> = cuts.iter().map(|(low, high)| part(*low, *high)).collect();
            let bounds = effective(&parts).unwrap();
            for one in &found {
                let squares: BigRational = one.iter().map(|value| Share::of_counts(value * value, 144).low).sum();
                let value = squares.recip();
                prop_assert!(bounds.low <= value && value <= bounds.high, "{one:?} {bounds:?}");
            }
            if let [only] = found.as_slice() && cuts.iter().all(|(low, high)| low == high) {
                let squares: BigRational = only.iter().map(|value| Share::of_counts(value * value, 144).low).sum();
                prop_assert_eq!(bounds, Share::exact(squares.recip()));
            }
        }
    }

    #[test]
    fn survivors_weigh_as_lacy_says() {
        let half = Share::of_counts(1, 2);
        let parts = [
            (half.clone(), Some(Share::one())),
            (half.clone(), Some(half.clone())),
        ];
        // 1 / (1/4 + 1/2)
        assert_eq!(
            equivalents(&parts),
            Some(Share::exact(BigRational::new(4.into(), 3.into())))
        );
        assert_eq!(equivalents(&[(half, None)]), None);
    }
}
