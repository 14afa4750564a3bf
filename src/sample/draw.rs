//! The draw: how many from each stratum, and which.

use std::collections::BTreeSet;

use crate::digest::NodeHash;
use crate::digest::Sha256Digest;

use super::Drawn;
use super::Item;
use super::Population;
use super::Rule;
use super::StratumFacts;

/// The context under which BLAKE3 derives the stream of a stratum (BLAKE3 specification, 2.3, `derive_key` mode).
pub const DRAW_CONTEXT: &str = "herdbook sample/v1 draw";

/// Draws a sample: a function of the root of the checkpoint, the population and the rule.
pub fn draw(root: NodeHash, population: &Population, rule: &Rule) -> Drawn {
    let digest = population.digest();
    let strata = population.strata();
    let sizes: Vec<u64> = strata.iter().map(|(_, size)| *size).collect();
    let mut drawn = Drawn {
        rule: rule.clone(),
        size: population.size(),
        population: digest,
        strata: Vec::new(),
        outside: population.outside().clone(),
        items: Vec::new(),
    };
    let shares = allocate(&sizes, rule.n());
    for (at, ((name, size), share)) in (0_u64..).zip(strata.iter().zip(shares)) {
        let mut stream = Stream::of(root, digest, at, rule.seed());
        let numbers = stream.take(*size, share);
        let items = population.items(name, &numbers).into_iter();
        drawn.items.extend(items.map(|(unit, row)| Item {
            stratum: (*name).to_owned(),
            unit,
            row,
        }));
        drawn.strata.push(StratumFacts {
            name: (*name).to_owned(),
            size: *size,
            drawn: share,
        });
    }
    drawn
}

/// Returns how many of `n` items each stratum gets: its part, by the largest remainders, and at least one where there are
/// enough for all; everything where `n` is as large as all strata together.
pub fn allocate(sizes: &[u64], n: u64) -> Vec<u64> {
    let total: u128 = sizes.iter().map(|size| u128::from(*size)).sum();
    let n = u128::from(n);
    if n >= total {
        return sizes.to_vec();
    }
    let part = |size: &u64| n * u128::from(*size) / total;
    let mut shares: Vec<u64> = (sizes.iter().map(part))
        .map(|share| u64::try_from(share).unwrap_or(u64::MAX))
        .collect();
    let given: u128 = shares.iter().map(|share| u128::from(*share)).sum();
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    // Stable, so that of equal remainders the first stratum's counts.
    order.sort_by_key(|at| {
        let remainder = sizes.get(*at).map_or(0, |size| n * u128::from(*size) % total);
        std::cmp::Reverse(remainder)
    });
    let left = usize::try_from(n - given).unwrap_or(usize::MAX);
    for at in order.into_iter().take(left) {
        if let Some(share) = shares.get_mut(at) {
            *share += 1;
        }
    }
    if n >= sizes.len() as u128 {
        while let Some(empty) = shares.iter().position(|share| *share == 0) {
            let Some(largest) = largest(&shares) else {
                break;
            };
            for (at, share) in shares.iter_mut().enumerate() {
                if at == largest {
                    *share -= 1;
                }
                if at == empty {
                    *share += 1;
                }
            }
        }
    }
    shares
}

/// Returns the first of the largest shares, if it can give one away.
fn largest(shares: &[u64]) -> Option<usize> {
    let most = *shares.iter().max().filter(|most| **most > 1)?;
    shares.iter().position(|share| *share == most)
}

/// Whole numbers of one stratum, as many as needed.
struct Stream {
    reader: blake3::OutputReader,
}

impl Stream {
    fn of(root: NodeHash, population: Sha256Digest, stratum: u64, seed: &str) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key(DRAW_CONTEXT);
        hasher.update(root.as_bytes());
        hasher.update(population.as_bytes());
        hasher.update(&stratum.to_be_bytes());
        hasher.update(seed.as_bytes());
        Self {
            reader: hasher.finalize_xof(),
        }
    }

    fn word(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.reader.fill(&mut bytes);
        u64::from_be_bytes(bytes)
    }

    /// Returns a number below `size`, each as likely as any other: words that would favour the small ones are passed over.
    fn below(&mut self, size: u64) -> u64 {
        // 2^64 mod size, without a number that has no room for 2^64.
        let uneven = (u64::MAX % size + 1) % size;
        loop {
            let word = self.word();
            if word <= u64::MAX - uneven {
                return word % size;
            }
        }
    }

    /// Returns `count` different numbers below `size`, ascending; all of them where that many are asked for.
    fn take(&mut self, size: u64, count: u64) -> Vec<u64> {
        if count >= size {
            return (0..size).collect();
        }
        let mut drawn = BTreeSet::new();
        while (drawn.len() as u64) < count {
            drawn.insert(self.below(size));
        }
        drawn.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(seed: &str) -> Stream {
        let root = NodeHash::from_bytes([1; 32]);
        Stream::of(root, Sha256Digest::of(b"population"), 0, seed)
    }

    /// With 2^63 + 1 numbers nearly half of all words are passed over; the rest are what they are.
    #[test]
    fn words_that_would_favour_small_numbers_are_passed_over() {
        let size = (1_u64 << 63) + 1;
        let (mut words, mut numbers) = (stream("a"), stream("a"));
        let expected: Vec<u64> = (0..40)
            .map(|_| words.word())
            .filter(|word| *word < size)
            .collect();
        assert!(expected.len() < 30, "{}", expected.len());
        let drawn: Vec<u64> = expected.iter().map(|_| numbers.below(size)).collect();
        assert_eq!(drawn, expected);
    }

    #[test]
    fn every_number_comes_up_about_as_often() {
        let mut stream = stream("b");
        let mut counts = [0_u32; 7];
        for _ in 0..7_000 {
            let at = usize::try_from(stream.below(7)).unwrap();
            counts[at] += 1;
        }
        assert!(
            counts.iter().all(|count| (850..1_150).contains(count)),
            "{counts:?}"
        );
    }

    #[test]
    fn a_draw_is_without_replacement_and_a_longer_one_has_the_shorter() {
        let few: BTreeSet<u64> = stream("c").take(50, 20).into_iter().collect();
        let more: BTreeSet<u64> = stream("c").take(50, 35).into_iter().collect();
        assert_eq!((few.len(), more.len()), (20, 35));
        assert!(few.is_subset(&more));
        assert_eq!(stream("c").take(5, 9), [0, 1, 2, 3, 4]);
        assert_ne!(stream("d").take(50, 20), few.into_iter().collect::<Vec<_>>());
    }

    /// Properties over all small cases: nothing is lost, nobody gets more than there is, and each at least one if that
    /// is possible.
    #[test]
    fn shares_add_up_and_leave_nobody_out() {
        for first in 1..=9_u64 {
            for second in 1..=9 {
                for third in 1..=30 {
                    let sizes = [first, second, third];
                    let total: u64 = sizes.iter().sum();
                    for n in 1..=total + 1 {
                        let shares = allocate(&sizes, n);
                        assert_eq!(shares.iter().sum::<u64>(), n.min(total), "{sizes:?} {n}");
                        assert!(shares.iter().zip(&sizes).all(|(share, size)| share <= size));
                        if n >= 3 {
                            assert!(shares.iter().all(|share| *share >= 1), "{sizes:?} {n} {shares:?}");
                        }
                    }
                }
            }
        }
        assert_eq!(allocate(&[1_000_000, 1, 1], 60), [58, 1, 1]);
        assert_eq!(allocate(&[10, 10], 1), [1, 0]);
        assert_eq!(allocate(&[], 5), [0_u64; 0]);
        assert_eq!(allocate(&[u64::MAX / 2, u64::MAX / 2], 3), [2, 1]);
    }
}
