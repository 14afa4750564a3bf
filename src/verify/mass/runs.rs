//! What a run makes of what it takes: one function for each way in which the mass table shares it out.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::One as _;
use num_traits::Signed as _;
use num_traits::Zero as _;

use crate::statement::Does;
use crate::statement::Role;
use crate::statement::Run;
use crate::verify::contents::Owner;
use crate::verify::share::Part;
use crate::verify::share::Share;

use super::Intake;
use super::Mass;
use super::boundary::Boundary;
use super::boundary::add;
use super::boundary::mixture;
use super::intake::Taken;
use super::intake::TakenPart;
use super::intake::whole;
use super::of_weights;
use super::weights::bounded_weights;
use super::weights::exact_weights;

/// What becomes of parents without a declared share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Silent {
    /// Equal parts of what is left.
    Equal,
    /// Nobody knows, unless there is only one.
    NotKnown,
}

/// What came out of a run that passes rows on.
struct Flow {
    out: Option<BigRational>,
    /// Whether that is all that came out.
    alone: bool,
    /// How many rows may come out for one that went in.
    factor: BigRational,
}

impl Mass<'_> {
    pub(super) fn of_run(&self, run: &Run, intake: &Intake<'_>, out: Option<u64>, alone: bool) -> Boundary {
        let taken: Vec<&Taken<'_>> = intake.taken.iter().collect();
        let factor = run.expansion.as_ref().map(|expansion| expansion.value().clone());
        let flow = Flow {
            out: out.map(whole),
            alone,
            factor: factor.unwrap_or_else(BigRational::one),
        };
        match run.does {
            _ if taken.is_empty() => Boundary::unknown(),
            Does::Generate => self.by_share(&taken, Silent::Equal),
            Does::Transform if of_weights(run) => self.by_share(&taken, Silent::NotKnown),
            Does::Transform if run.rewrites => self.by_share(&taken, Silent::Equal),
            Does::Merge => self.by_share(&taken, Silent::NotKnown),
            Does::Train => self.of_training(&taken),
            Does::Transform | Does::Filter | Does::Mix | Does::Annotate | Does::Judge | Does::Evaluate => {
                self.by_rows(intake, &flow)
            }
        }
    }

    /// Declared shares; what is left goes to those without one. The same models cited twice are one parent.
    fn by_share(&self, taken: &[&Taken<'_>], silent: Silent) -> Boundary {
        let mut parents: BTreeMap<BTreeSet<Owner>, (Option<BigRational>, Boundary)> = BTreeMap::new();
        for one in taken {
            let (known, _) = parents
                .entry(one.owners())
                .or_insert_with(|| (None, self.composition(one)));
            *known = match (known.take(), one.share()) {
                (Some(share), Some(more)) => Some(share + more),
                (share, more) => share.or(more),
            };
        }
        let declared: BigRational = parents.values().filter_map(|(share, _)| share.as_ref()).sum();
        let count = parents.values().filter(|(share, _)| share.is_none()).count();
        let rest = BigRational::one() - &declared;
        let adds_up = if count == 0 {
            rest.is_zero()
        } else {
            !rest.is_negative()
        };
        let weight = |share: &Option<BigRational>| match share {
            _ if !adds_up => Share::any(),
            Some(share) => Share::exact(share.clone()),
            None if silent == Silent::Equal || count == 1 => Share::exact(&rest / BigInt::from(count)),
            None => Share {
                low: BigRational::zero(),
                high: rest.clone(),
            },
        };
        let parts: Vec<_> = parents
            .into_values()
            .map(|(share, value)| Part {
                weight: weight(&share),
                value,
            })
            .collect();
        Boundary::mixed(&parts)
    }

    fn of_training(&self, taken: &[&Taken<'_>]) -> Boundary {
        let (bases, rest): (Vec<_>, Vec<_>) = taken
            .iter()
            .copied()
            .partition(|taken| taken.input.role == Role::Base);
        if bases.is_empty() {
            return self.by_amounts(&rest);
        }
        if rest.is_empty() {
            return self.by_share(&bases, Silent::NotKnown);
        }
        let declared: BigRational = bases.iter().filter_map(|base| base.share()).sum();
        let left = BigRational::one() - &declared;
        let sound = !left.is_negative();
        let all_known = sound && bases.iter().all(|base| base.share().is_some());
        let open = Share {
            low: BigRational::zero(),
            high: if sound { left.clone() } else { BigRational::one() },
        };
        let mut parts: Vec<_> = bases
            .iter()
            .map(|base| Part {
                weight: base
                    .share()
                    .filter(|_| sound)
                    .map_or_else(|| open.clone(), Share::exact),
                value: self.composition(base),
            })
            .collect();
        parts.push(Part {
            weight: if all_known { Share::exact(left) } else { open },
            value: self.by_amounts(&rest),
        });
        Boundary::mixed(&parts)
    }

    /// By tokens where all are known, else by rows where all are known, else nothing is known of the weights.
    pub(super) fn by_amounts(&self, taken: &[&Taken<'_>]) -> Boundary {
        let tokens: Option<Vec<BigRational>> = taken.iter().map(|one| one.tokens.clone()).collect();
        let rows: Option<Vec<BigRational>> = taken.iter().map(|one| one.rows.clone()).collect();
        let by_tokens = tokens.is_some();
        let weights = tokens.or(rows).map(|amounts| exact_weights(&amounts));
        let weights = weights.unwrap_or_else(|| vec![Share::any(); taken.len()]);
        let parts: Vec<_> = taken
            .iter()
            .zip(weights)
            .map(|(one, weight)| Part {
                weight,
                value: if by_tokens {
                    mixture(self.grouped(one, |part| part.tokens.clone()), exact_weights)
                } else {
                    self.composition(one)
                },
            })
            .collect();
        Boundary::mixed(&parts)
    }

    /// By the rows that came out (`kept`), else by the rows taken: exact if all of them came out, else bounds.
    fn by_rows(&self, intake: &Intake<'_>, flow: &Flow) -> Boundary {
        let kept: Option<Vec<BigRational>> = intake.taken.iter().map(Taken::kept).collect();
        if let Some(kept) = kept.filter(|_| flow.alone) {
            let came_out = kept.iter().sum::<BigRational>() * &flow.factor;
            if flow.out.as_ref().is_none_or(|out| *out == came_out) {
                let weights = exact_weights(&kept);
                let parts = intake.taken.iter().zip(&kept).zip(weights);
                let part = |((one, kept), weight): ((&Taken<'_>, &BigRational), Share)| Part {
                    weight,
                    value: self.among_parts(one, |most| bounded_weights(most, kept)),
                };
                return Boundary::mixed(&parts.map(part).collect::<Vec<_>>());
            }
        }
        let most = intake.most.get_or_init(|| self.most_of_each(&intake.taken));
        let amounts: Option<Vec<BigRational>> = most
            .iter()
            .map(|(_, amount)| Some(amount.as_ref()? * &flow.factor))
            .collect();
        let weights = match (amounts, &flow.out) {
            (Some(amounts), Some(out)) => bounded_weights(&amounts, out),
            _ => vec![Share::any(); most.len()],
        };
        let part = |((value, _), weight): (&(Boundary, _), Share)| Part {
            weight,
            value: value.clone(),
        };
        Boundary::mixed(&most.iter().zip(weights).map(part).collect::<Vec<_>>())
    }

    /// Puts parents with the same boundary together: how many rows at most came from all of them.
    fn most_of_each(&self, taken: &[Taken<'_>]) -> Vec<(Boundary, Option<BigRational>)> {
        let mut all: BTreeMap<Boundary, Option<BigRational>> = BTreeMap::new();
        for one in taken {
            for (value, rows) in self.grouped(one, |part| part.rows.clone()) {
                let most = match (rows, one.kept()) {
                    (Some(rows), Some(kept)) => Some(rows.min(kept)),
                    (rows, kept) => rows.or(kept),
                };
                add(&mut all, value, most);
            }
        }
        all.into_iter().collect()
    }

    /// The parts of one input by their boundary, with what they bring.
    fn grouped(
        &self,
        one: &Taken<'_>,
        of: impl Fn(&TakenPart) -> Option<BigRational>,
    ) -> BTreeMap<Boundary, Option<BigRational>> {
        let mut groups = BTreeMap::new();
        for part in &one.parts {
            add(&mut groups, self.among(&part.owners), of(part));
        }
        groups
    }

    fn among_parts(&self, one: &Taken<'_>, weigh: impl Fn(&[BigRational]) -> Vec<Share>) -> Boundary {
        mixture(self.grouped(one, |part| part.rows.clone()), weigh)
    }

    /// An input that is taken as it is: pro rata by rows.
    fn composition(&self, one: &Taken<'_>) -> Boundary {
        self.among_parts(one, exact_weights)
    }
}
