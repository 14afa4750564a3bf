//! How much a run takes of what: rows and tokens of its inputs, where every content counts once.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::One as _;
use num_traits::Zero as _;

use crate::statement::ArtifactRef;
use crate::statement::Does;
use crate::statement::Input;
use crate::verify::contents::Content;
use crate::verify::contents::ContentKey;
use crate::verify::contents::Contents;
use crate::verify::contents::Owner;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Measure {
    Rows,
    Tokens,
}

/// What one input brings.
#[derive(Debug, Clone)]
pub(super) struct Taken<'a> {
    pub(super) input: &'a Input,
    /// Rows taken, times `repeat`.
    pub(super) rows: Option<BigRational>,
    /// Tokens taken, times `repeat`.
    pub(super) tokens: Option<BigRational>,
    pub(super) parts: Vec<TakenPart>,
}

/// What one input brings of one content.
#[derive(Debug, Clone)]
pub(super) struct TakenPart {
    pub(super) key: ContentKey,
    pub(super) owners: BTreeSet<Owner>,
    pub(super) rows: Option<BigRational>,
    pub(super) tokens: Option<BigRational>,
}

impl Taken<'_> {
    /// Returns the rows of this input that came out, where that is stated.
    pub(super) fn kept(&self) -> Option<BigRational> {
        self.input.kept.map(whole)
    }

    /// Returns the declared share.
    pub(super) fn share(&self) -> Option<BigRational> {
        self.input.share.as_ref().map(|share| share.value().clone())
    }

    /// Returns everyone who has a part in this.
    pub(super) fn owners(&self) -> BTreeSet<Owner> {
        self.parts
            .iter()
            .flat_map(|part| part.owners.iter().copied())
            .collect()
    }
}

/// Returns a count as a fraction.
pub(super) fn whole(count: u64) -> BigRational {
    BigRational::from_integer(BigInt::from(count))
}

/// Works out what each input brings; `inputs` come with what they cite.
pub(super) fn intake<'a>(
    contents: &Contents<'_>,
    does: Does,
    inputs: &[(&'a Input, &[ArtifactRef])],
) -> Vec<Taken<'a>> {
    let cited: Vec<&[ArtifactRef]> = inputs.iter().map(|(_, cited)| *cited).collect();
    let lists: Vec<(&Input, Vec<Content>)> = inputs
        .iter()
        .zip(contents.of_each(&cited))
        .map(|((input, _), list)| (*input, listed(list)))
        .collect();
    let rows = spread(&lists, does, Measure::Rows);
    let tokens = spread(&lists, does, Measure::Tokens);
    let taken = |(((input, list), rows), tokens): (((&'a Input, Vec<Content>), Amounts), Amounts)| Taken {
        input,
        rows: rows.total,
        tokens: tokens.total,
        parts: list
            .into_iter()
            .zip(rows.parts)
            .zip(tokens.parts)
            .map(|((content, rows), tokens)| TakenPart {
                key: content.key,
                owners: content.owners,
                rows,
                tokens,
            })
            .collect(),
    };
    let lists = inputs
        .iter()
        .zip(lists)
        .map(|((input, _), (_, list))| (*input, list));
    lists.zip(rows).zip(tokens).map(taken).collect()
}

/// A gap, and what cannot be looked at, is one content of which nothing is known.
fn listed(list: Option<Vec<Content>>) -> Vec<Content> {
    if let Some(list) = list.filter(|list| !list.is_empty()) {
        return list;
    }
    vec![Content {
        // Nothing is counted of it, so that the key does not matter.
        key: ContentKey::Bytes(crate::digest::Sha256Digest::of(b"")),
        owners: BTreeSet::from([Owner::Nobody]),
        rows: None,
        tokens: None,
    }]
}

/// An amount and its parts, in the order of the contents.
#[derive(Debug, Clone, Default)]
struct Amounts {
    total: Option<BigRational>,
    parts: Vec<Option<BigRational>>,
}

/// Gives every input what it takes. What stands in several inputs is used up by the one that repeats it most, then
/// in their order.
fn spread(lists: &[(&Input, Vec<Content>)], does: Does, measure: Measure) -> Vec<Amounts> {
    let mut order: Vec<_> = lists.iter().enumerate().collect();
    order.sort_by_key(|(_, (input, _))| std::cmp::Reverse(repeat(input)));
    let mut left: BTreeMap<ContentKey, BigRational> = BTreeMap::new();
    let mut spread: Vec<(usize, Amounts)> = order
        .into_iter()
        .map(|(at, (input, list))| (at, take(&mut left, input, list, (does, measure))))
        .collect();
    spread.sort_by_key(|(at, _)| *at);
    spread.into_iter().map(|(_, amounts)| amounts).collect()
}

fn take(
    left: &mut BTreeMap<ContentKey, BigRational>,
    input: &Input,
    list: &[Content],
    (does, measure): (Does, Measure),
) -> Amounts {
    // What a training kept of an input is what it learnt from. What others kept is a matter of what came out.
    let kept = input.kept.filter(|_| does == Does::Train);
    let stated = match measure {
        Measure::Rows => kept.into_iter().chain(input.rows).min(),
        // Tokens are those of all rows, so that of some of these nobody knows how many they have.
        Measure::Tokens if kept.is_some_and(|kept| !is_all(kept, input, list)) => {
            return Amounts {
                total: None,
                parts: vec![None; list.len()],
            };
        }
        Measure::Tokens => input.tokens,
    };
    let of = |content: &Content| match measure {
        Measure::Rows => content.rows,
        Measure::Tokens => content.tokens,
    };
    let times = repeat(input);
    let scaled = |amount: BigRational| amount * &times;
    let Some(counts) = list.iter().map(of).collect::<Option<Vec<u64>>>() else {
        let total = stated.map(|stated| scaled(whole(stated)));
        let parts = match list {
            [_] => vec![total.clone()],
            _ => vec![None; list.len()],
        };
        return Amounts { total, parts };
    };
    let rest: Vec<BigRational> = list
        .iter()
        .zip(&counts)
        .map(|(content, count)| left.entry(content.key).or_insert_with(|| whole(*count)).clone())
        .collect();
    let available: BigRational = rest.iter().sum();
    let exists: BigRational = counts.iter().copied().map(whole).sum();
    let total = match (stated.map(whole), measure) {
        (None, _) => available.clone(),
        // Tokens depend on the tokenizer of the run, so its own count stands.
        (Some(stated), Measure::Tokens) => stated,
        (Some(stated), Measure::Rows) if stated <= available || available == exists => {
            stated.min(available.clone())
        }
        // Another input has used up a part, and nobody says which rows this one took.
        (Some(_), Measure::Rows) => {
            return Amounts {
                total: None,
                parts: vec![None; list.len()],
            };
        }
    };
    let mut parts = Vec::new();
    for (content, rest) in list.iter().zip(&rest) {
        let part = if available.is_zero() {
            BigRational::zero()
        } else {
            &total * rest / &available
        };
        left.insert(content.key, (rest - &part).max(BigRational::zero()));
        parts.push(Some(scaled(part)));
    }
    Amounts {
        total: Some(scaled(total)),
        parts,
    }
}

/// Whether so many rows are all that an input has.
fn is_all(kept: u64, input: &Input, list: &[Content]) -> bool {
    let mut counts = list.iter().map(|content| content.rows);
    let exist = counts.try_fold(0_u64, |sum, rows| sum.checked_add(rows?));
    let rows = input.rows.into_iter().chain(exist).min();
    rows.is_some_and(|rows| kept >= rows)
}

fn repeat(input: &Input) -> BigRational {
    input
        .repeat
        .as_ref()
        .map_or_else(BigRational::one, |repeat| repeat.value().clone())
}
