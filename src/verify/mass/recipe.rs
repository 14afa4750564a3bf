//! What an output consists of, as weights of its parents: the mass table once more, told and not summed up.
//!
//! Each function stands beside the one of the same name in `runs` and uses the same amounts and weights, so that a
//! mixture by these weights has the boundary of the verdict; every judgement that a test makes is held against that.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::One as _;
use num_traits::Signed as _;
use num_traits::Zero as _;

use crate::statement::Does;
use crate::statement::InputFrom;
use crate::statement::Role;
use crate::statement::Run;
use crate::verify::contents::Owner;
use crate::verify::share::Share;

use super::intake::Taken;
use super::intake::TakenPart;
use super::intake::whole;
use super::of_weights;
use super::weights::bounded_weights;
use super::weights::exact_weights;

/// What something consists of.
#[derive(Debug, Clone)]
pub(super) enum Recipe {
    /// What one owner has.
    Of(Owner),
    /// An input that nobody declared: which one of the run.
    Gap(usize),
    /// A mixture.
    Mix(Vec<Ingredient>),
    /// What was sampled from models while they were used, rows that were never an item.
    Sampled(Vec<Ingredient>),
}

/// One part of a mixture.
#[derive(Debug, Clone)]
pub(super) struct Ingredient {
    pub(super) weight: Share,
    pub(super) of: Recipe,
    /// Whether weights are taken over.
    pub(super) inherits: bool,
    /// How many distinct rows are taken of it.
    pub(super) rows: Option<Share>,
}

impl Ingredient {
    fn new(weight: Share, of: Recipe) -> Self {
        Self {
            weight,
            of,
            inherits: false,
            rows: None,
        }
    }
}

/// What of a mixture of a run's inputs is left out of its `stage`: nothing, or the base.
#[derive(Debug, Clone)]
pub(super) struct Made {
    /// All of it.
    pub(super) parts: Vec<Ingredient>,
    /// Which of the parts is what the run itself brings, where it starts from a base and brings something.
    pub(super) stage: Option<usize>,
}

/// Returns what an output of a run is made of; `taken` are the inputs that carry its mass, with their positions.
pub(super) fn of_run(run: &Run, taken: &[(usize, Taken<'_>)], out: Option<u64>, alone: bool) -> Made {
    let all: Vec<&(usize, Taken<'_>)> = taken.iter().collect();
    let parts = match run.does {
        Does::Generate => by_share(&all, Some(())),
        Does::Transform if of_weights(run) => by_share(&all, None),
        Does::Transform if run.rewrites => by_share(&all, Some(())),
        Does::Merge => by_share(&all, None),
        Does::Train => return of_training(&all),
        Does::Transform | Does::Filter | Does::Mix | Does::Annotate | Does::Judge | Does::Evaluate => {
            by_rows(run, taken, out, alone)
        }
    };
    Made { parts, stage: None }
}

/// Declared shares; what is left goes to those without one, in equal parts where `equal`.
fn by_share(taken: &[&(usize, Taken<'_>)], equal: Option<()>) -> Vec<Ingredient> {
    let mut parents: BTreeMap<BTreeSet<Owner>, (Option<BigRational>, Recipe, bool)> = BTreeMap::new();
    for (at, one) in taken {
        let inherits = one.input.role == Role::Base;
        let (known, _, _) = parents
            .entry(one.owners())
            .or_insert_with(|| (None, composition(*at, one), inherits));
        *known = match (known.take(), one.share()) {
            (Some(share), Some(more)) => Some(share + more),
            (share, more) => share.or(more),
        };
    }
    let declared: BigRational = parents.values().filter_map(|(share, _, _)| share.as_ref()).sum();
    let count = parents.values().filter(|(share, _, _)| share.is_none()).count();
    let rest = BigRational::one() - &declared;
    let adds_up = if count == 0 {
        rest.is_zero()
    } else {
        !rest.is_negative()
    };
    let weight = |share: &Option<BigRational>| match share {
        _ if !adds_up => Share::any(),
        Some(share) => Share::exact(share.clone()),
        None if equal.is_some() || count == 1 => Share::exact(&rest / BigInt::from(count)),
        None => Share {
            low: BigRational::zero(),
            high: rest.clone(),
        },
    };
    let part = |(share, of, inherits): (Option<BigRational>, Recipe, bool)| Ingredient {
        inherits,
        ..Ingredient::new(weight(&share), of)
    };
    parents.into_values().map(part).collect()
}

fn of_training(taken: &[&(usize, Taken<'_>)]) -> Made {
    let (bases, rest): (Vec<_>, Vec<_>) = taken
        .iter()
        .copied()
        .partition(|(_, taken)| taken.input.role == Role::Base);
    if bases.is_empty() || rest.is_empty() {
        let parts = if bases.is_empty() {
            by_amounts(&rest)
        } else {
            by_share(&bases, None)
        };
        return Made { parts, stage: None };
    }
    let declared: BigRational = bases.iter().filter_map(|(_, base)| base.share()).sum();
    let left = BigRational::one() - &declared;
    let sound = !left.is_negative();
    let all_known = sound && bases.iter().all(|(_, base)| base.share().is_some());
    let open = Share {
        low: BigRational::zero(),
        high: if sound { left.clone() } else { BigRational::one() },
    };
    let mut parts: Vec<Ingredient> = bases
        .iter()
        .map(|(at, base)| {
            let share = base.share().filter(|_| sound);
            let weight = share.map_or_else(|| open.clone(), Share::exact);
            Ingredient {
                inherits: true,
                ..Ingredient::new(weight, composition(*at, base))
            }
        })
        .collect();
    let weight = if all_known { Share::exact(left) } else { open };
    let stage = Some(parts.len());
    parts.push(Ingredient::new(weight, Recipe::Mix(by_amounts(&rest))));
    Made { parts, stage }
}

/// By tokens where all are known, else by rows where all are known, else nothing is known of the weights.
fn by_amounts(taken: &[&(usize, Taken<'_>)]) -> Vec<Ingredient> {
    let tokens: Option<Vec<BigRational>> = taken.iter().map(|(_, one)| one.tokens.clone()).collect();
    let rows: Option<Vec<BigRational>> = taken.iter().map(|(_, one)| one.rows.clone()).collect();
    let by_tokens = tokens.is_some();
    let weights = tokens.or(rows).map(|amounts| exact_weights(&amounts));
    let weights = weights.unwrap_or_else(|| vec![Share::any(); taken.len()]);
    let part = |((at, one), weight): (&(usize, Taken<'_>), Share)| {
        let of = if by_tokens {
            group(*at, one, |part| part.tokens.clone(), exact_weights)
        } else {
            composition(*at, one)
        };
        let of = match of {
            // Rollouts of a model on what it is trained with.
            Recipe::Mix(parts) if one.input.role == Role::Generator => Recipe::Sampled(parts),
            other if one.input.role == Role::Generator => {
                Recipe::Sampled(vec![Ingredient::new(Share::one(), other)])
            }
            other => other,
        };
        Ingredient::new(weight, of)
    };
    taken.iter().copied().zip(weights).map(part).collect()
}

/// By the rows that came out (`kept`), else by the rows taken: exact if all of them came out, else bounds.
fn by_rows(run: &Run, taken: &[(usize, Taken<'_>)], out: Option<u64>, alone: bool) -> Vec<Ingredient> {
    let factor = run.expansion.as_ref().map(|expansion| expansion.value().clone());
    let factor = factor.unwrap_or_else(BigRational::one);
    let out = out.map(whole);
    let repeats = taken.iter().any(|(_, one)| one.input.repeat.is_some());
    let distinct = factor.is_one() && !repeats;
    let kept: Option<Vec<BigRational>> = taken.iter().map(|(_, one)| one.kept()).collect();
    if let Some(kept) = kept.filter(|_| alone) {
        let came_out = kept.iter().sum::<BigRational>() * &factor;
        if out.as_ref().is_none_or(|out| *out == came_out) {
            let weights = exact_weights(&kept);
            let parts = taken.iter().zip(&kept).zip(weights);
            let part = |(((at, one), kept), weight): ((&(usize, Taken<'_>), &BigRational), Share)| {
                let of = group(
                    *at,
                    one,
                    |part| part.rows.clone(),
                    |most| bounded_weights(most, kept),
                );
                Ingredient::new(weight, counted(of, distinct.then_some(kept)))
            };
            return parts.map(part).collect();
        }
    }
    let mut most: BTreeMap<(BTreeSet<Owner>, Option<usize>), Option<BigRational>> = BTreeMap::new();
    for (at, one) in taken {
        for (owners, rows) in grouped(*at, one, |part| part.rows.clone()) {
            let amount = match (rows, one.kept()) {
                (Some(rows), Some(kept)) => Some(rows.min(kept)),
                (rows, kept) => rows.or(kept),
            };
            add(&mut most, owners, amount);
        }
    }
    let amounts: Option<Vec<BigRational>> = most
        .values()
        .map(|amount| Some(amount.as_ref()? * &factor))
        .collect();
    let weights = match (amounts, &out) {
        (Some(amounts), Some(out)) => bounded_weights(&amounts, out),
        _ => vec![Share::any(); most.len()],
    };
    let part = |((owners, gap), weight): ((BTreeSet<Owner>, Option<usize>), Share)| {
        Ingredient::new(weight, among(&owners, gap))
    };
    let parts: Vec<Ingredient> = most.into_keys().zip(weights).map(part).collect();
    let Recipe::Mix(parts) = counted(Recipe::Mix(parts), out.as_ref().filter(|_| distinct)) else {
        return Vec::new();
    };
    parts
}

/// Says of the parts of a mixture of so many rows how many are whose.
fn counted(of: Recipe, rows: Option<&BigRational>) -> Recipe {
    let Some(rows) = rows else { return of };
    match of {
        Recipe::Mix(parts) => {
            let one = parts.len() == 1;
            let counted = |part: Ingredient| Ingredient {
                rows: Some(if one {
                    Share::exact(rows.clone())
                } else {
                    Share {
                        low: &part.weight.low * rows,
                        high: &part.weight.high * rows,
                    }
                }),
                ..part
            };
            Recipe::Mix(parts.into_iter().map(counted).collect())
        }
        other => Recipe::Mix(vec![Ingredient {
            rows: Some(Share::exact(rows.clone())),
            ..Ingredient::new(Share::one(), other)
        }]),
    }
}

/// What a run puts out that takes a model as data is what that model answered: sampled from it. Returns whether all of it
/// is; else every part that is a model becomes a sample of its own.
pub(super) fn answered(parts: &mut [Ingredient], is_model: &impl Fn(&Owner) -> bool) -> bool {
    let all = !parts.is_empty() && parts.iter().all(|part| of_models(&part.of, is_model));
    if !all {
        for part in parts {
            sample(part, is_model);
        }
    }
    all
}

fn of_models(of: &Recipe, is_model: &impl Fn(&Owner) -> bool) -> bool {
    match of {
        Recipe::Of(owner) => is_model(owner),
        Recipe::Gap(_) | Recipe::Sampled(_) => false,
        Recipe::Mix(parts) => !parts.is_empty() && parts.iter().all(|part| of_models(&part.of, is_model)),
    }
}

fn sample(part: &mut Ingredient, is_model: &impl Fn(&Owner) -> bool) {
    match &mut part.of {
        Recipe::Of(owner) if is_model(owner) => {
            let of = Recipe::Of(*owner);
            let rows = part.rows.clone();
            part.of = Recipe::Sampled(vec![Ingredient {
                rows,
                ..Ingredient::new(Share::one(), of)
            }]);
        }
        Recipe::Mix(parts) => {
            for part in parts {
                sample(part, is_model);
            }
        }
        _ => {}
    }
}

type Groups = BTreeMap<(BTreeSet<Owner>, Option<usize>), Option<BigRational>>;

fn add(groups: &mut Groups, key: (BTreeSet<Owner>, Option<usize>), amount: Option<BigRational>) {
    match groups.get_mut(&key) {
        None => {
            groups.insert(key, amount);
        }
        Some(sum) => *sum = sum.take().zip(amount).map(|(sum, more)| sum + more),
    }
}

/// The parts of one input by their owners, with what they bring; a gap is told from other gaps.
fn grouped(at: usize, one: &Taken<'_>, of: impl Fn(&TakenPart) -> Option<BigRational>) -> Groups {
    let gap = matches!(one.input.from, InputFrom::Gap(_)).then_some(at);
    let mut groups = Groups::new();
    for part in &one.parts {
        add(&mut groups, (part.owners.clone(), gap), of(part));
    }
    groups
}

fn group(
    at: usize,
    one: &Taken<'_>,
    of: impl Fn(&TakenPart) -> Option<BigRational>,
    weigh: impl Fn(&[BigRational]) -> Vec<Share>,
) -> Recipe {
    let repeat = one.input.repeat.as_ref().map(|repeat| repeat.value().clone());
    let groups = grouped(at, one, of);
    let distinct = grouped(at, one, |part| part.rows.clone());
    let amounts: Option<Vec<BigRational>> = groups.values().cloned().collect();
    let weights = amounts.map_or_else(|| vec![Share::any(); groups.len()], |amounts| weigh(&amounts));
    let distinct_of = |rows: &BigRational| match &repeat {
        Some(repeat) if *repeat > BigRational::one() => rows / repeat,
        _ => rows.clone(),
    };
    let mut parts = Vec::new();
    for (((owners, gap), weight), rows) in groups.keys().zip(weights).zip(distinct.values()) {
        parts.push(Ingredient {
            rows: rows.as_ref().map(|rows| Share::exact(distinct_of(rows))),
            ..Ingredient::new(weight, among(owners, *gap))
        });
    }
    Recipe::Mix(parts)
}

/// An input that is taken as it is: pro rata by rows.
fn composition(at: usize, one: &Taken<'_>) -> Recipe {
    group(at, one, |part| part.rows.clone(), exact_weights)
}

/// What several statements claim is somewhere among what they say.
pub(super) fn among(owners: &BTreeSet<Owner>, gap: Option<usize>) -> Recipe {
    let of = |owner: &Owner| match (owner, gap) {
        (Owner::Nobody, Some(gap)) => Recipe::Gap(gap),
        _ => Recipe::Of(*owner),
    };
    let owners: Vec<Recipe> = owners.iter().map(of).collect();
    match <[Recipe; 1]>::try_from(owners) {
        Ok([only]) => only,
        Err(owners) => Recipe::Mix(
            owners
                .into_iter()
                .map(|one| Ingredient::new(Share::any(), one))
                .collect(),
        ),
    }
}
