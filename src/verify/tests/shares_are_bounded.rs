//! Do the intervals of the boundary hold what really happened?
//!
//! The oracle knows nothing of intervals. It runs small random pipelines and keeps every *world* that fits what was
//! declared: each way to pick whole rows where nobody says which were dropped, each extreme share where nobody says
//! how much. A row of an item has the shares of the item. The boundary must hold all worlds; and where no item is used
//! twice, so that parents vary independently, its ends must be reached by some world.

use std::collections::BTreeSet;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_rational::Ratio;
use num_traits::One as _;
use num_traits::Zero as _;
use proptest::prelude::*;

use super::kit::*;
use crate::statement::*;
use crate::verify::*;

type Fraction = Ratio<i64>;

/// Sources, external models, opaque, not known.
type Shares = [Fraction; 4];

/// The worlds that are followed at most; beyond that the ends need not be reached.
const WORLDS_MAX: usize = 4000;

/// One step of a random pipeline; numbers are taken modulo what there is.
#[derive(Debug, Clone)]
struct Step {
    what: u8,
    parents: [usize; 3],
    rows: u64,
    /// Whether rows, shares or kept rows are stated.
    stated: bool,
}

struct Item {
    name: String,
    /// Nothing for a model.
    is_rows: bool,
    rows: Option<u64>,
    uses: usize,
}

struct Oracle {
    world: World,
    items: Vec<Item>,
    /// For each world the shares of every item.
    worlds: Vec<Vec<Shares>>,
    all_worlds: bool,
}

impl Oracle {
    fn new() -> Self {
        let mut oracle = Self {
            world: World::new(),
            items: vec![],
            worlds: vec![vec![]],
            all_worlds: true,
        };
        let kinds = [
            ("human", MadeBy::Human, 0),
            ("synthetic", MadeBy::Model, 2),
            ("crawl", MadeBy::Unknown, 3),
        ];
        for (rows, (item, made_by, class)) in (2_u64..).zip(kinds) {
            oracle.world.add(Predicate::Source(Source {
                set: file(item, rows),
                made_by,
                generators: Generators::Named(vec!["gpt".to_owned()]),
                ..source(item)
            }));
            oracle.leaf(item, Some(rows), class);
        }
        oracle.world.add(Predicate::Model(model("api")));
        oracle.leaf("api", None, 1);
        oracle
    }

    fn leaf(&mut self, name: &str, rows: Option<u64>, class: usize) {
        let mut shares = [Fraction::zero(); 4];
        shares[class] = Fraction::one();
        self.put(name, rows.is_some(), rows);
        for world in &mut self.worlds {
            world.push(shares);
        }
    }

    fn put(&mut self, name: &str, is_rows: bool, rows: Option<u64>) {
        self.items.push(Item {
            name: name.to_owned(),
            is_rows,
            rows,
            uses: 0,
        });
    }

    /// Picks up to `count` different items of a sort.
    fn pick(&mut self, is_rows: bool, from: &[usize], count: usize) -> Vec<usize> {
        let sort: Vec<usize> = (0..self.items.len())
            .filter(|at| self.items[*at].is_rows == is_rows)
            .collect();
        let picked: BTreeSet<usize> = from
            .iter()
            .take(count)
            .map(|choice| sort[choice % sort.len()])
            .collect();
        for at in &picked {
            self.items[*at].uses += 1;
        }
        picked.into_iter().collect()
    }

    fn input(&self, at: usize, role: Role) -> Input {
        input(&self.world, &self.items[at].name, role)
    }

    /// Follows every world through each choice of weights.
    fn follow(&mut self, parents: &[usize], weights: &[Vec<Fraction>]) {
        let mut worlds = Vec::new();
        for world in &self.worlds {
            for weight in weights {
                let mut shares = [Fraction::zero(); 4];
                for (parent, weight) in parents.iter().zip(weight) {
                    for (sum, share) in shares.iter_mut().zip(world[*parent]) {
                        *sum += share * weight;
                    }
                }
                let mut next = world.clone();
                next.push(shares);
                worlds.push(next);
            }
        }
        if worlds.len() > WORLDS_MAX {
            self.all_worlds = false;
            let every = worlds.len().div_ceil(WORLDS_MAX);
            worlds = worlds.into_iter().step_by(every).collect();
        }
        self.worlds = worlds;
    }

    fn step(&mut self, number: usize, step: &Step) {
        let name = format!("item{number}");
        match step.what {
            0 => self.pass(&name, step, 1),
            1 => self.pass(&name, step, 2),
            2 => self.train(&name, step),
            3 => self.by_share(&name, step, Does::Generate),
            4 => self.by_share(&name, step, Does::Merge),
            _ => self.collect(&name, step),
        }
    }

    /// A filter (or a transform that makes up to `factor` rows of one) over up to three items.
    fn pass(&mut self, name: &str, step: &Step, factor: u64) {
        let parents = self.pick(true, &step.parents, 3);
        let counts: Option<Vec<u64>> = parents
            .iter()
            .map(|at| Some(self.items[*at].rows? * factor))
            .collect();
        let mut inputs: Vec<Input> = parents.iter().map(|at| self.input(*at, Role::Data)).collect();
        let (rows, weights) = match counts {
            None => (None, extremes(parents.len())),
            Some(counts) => {
                let total: u64 = counts.iter().sum();
                let rows = step.rows % total + 1;
                let mut picks = picks(&counts, rows);
                if step.stated && factor == 1 {
                    picks = vec![picks[picks.len() / 2].clone()];
                    for (input, kept) in inputs.iter_mut().zip(&picks[0]) {
                        input.kept = Some(*kept);
                    }
                }
                (Some(rows), picks.iter().map(|pick| parts(pick)).collect())
            }
        };
        let set = match rows {
            Some(rows) => file(name, rows),
            None => uncounted(file(name, 0)),
        };
        let does = if factor == 1 {
            Does::Filter
        } else {
            Does::Transform
        };
        self.world.run(does, inputs, name, set, |run| Run {
            expansion: if factor == 1 { None } else { decimal("2") },
            ..run
        });
        self.follow(&parents, &weights);
        self.put(name, true, rows);
    }

    fn train(&mut self, name: &str, step: &Step) {
        let data = self.pick(true, &step.parents, 2);
        let amounts: Option<Vec<u64>> = data.iter().map(|at| self.items[*at].rows).collect();
        let of_data = amounts.map_or_else(|| extremes(data.len()), |amounts| vec![parts(&amounts)]);
        let mut inputs: Vec<Input> = data.iter().map(|at| self.input(*at, Role::Data)).collect();
        let mut parents = data;
        let mut weights = of_data;
        if step.rows.is_multiple_of(2) {
            let base = self.pick(false, &step.parents[2..], 1)[0];
            let shares: Vec<Fraction> = if step.stated {
                vec![Fraction::new(1, 4)]
            } else {
                vec![Fraction::zero(), Fraction::new(1, 3), Fraction::one()]
            };
            inputs.push(Input {
                share: decimal("0.25").filter(|_| step.stated),
                ..self.input(base, Role::Base)
            });
            parents.push(base);
            weights = weights
                .iter()
                .flat_map(|of_data| shares.iter().map(move |share| with_base(of_data, *share)))
                .collect();
        }
        self.world
            .run(Does::Train, inputs, name, weights_of(name), |run| run);
        self.follow(&parents, &weights);
        self.put(name, false, None);
    }

    fn by_share(&mut self, name: &str, step: &Step, does: Does) {
        let parents = self.pick(false, &step.parents, 2);
        if does == Does::Merge && parents.len() < 2 {
            return;
        }
        let role = if does == Does::Merge {
            Role::Base
        } else {
            Role::Generator
        };
        let mut inputs: Vec<Input> = parents.iter().map(|at| self.input(*at, role)).collect();
        let weights = if step.stated && parents.len() == 2 {
            inputs[0].share = decimal("0.75");
            vec![vec![Fraction::new(3, 4), Fraction::new(1, 4)]]
        } else if does == Does::Generate {
            vec![parts(&vec![1; parents.len()])]
        } else {
            extremes(parents.len())
        };
        let is_rows = does == Does::Generate;
        let set = if is_rows {
            file(name, step.rows + 1)
        } else {
            weights_of(name)
        };
        self.world.run(does, inputs, name, set, |run| run);
        self.follow(&parents, &weights);
        self.put(name, is_rows, Some(step.rows + 1).filter(|_| is_rows));
    }

    fn collect(&mut self, name: &str, step: &Step) {
        let parents = self.pick(true, &step.parents, 3);
        let amounts: Option<Vec<u64>> = parents.iter().map(|at| self.items[*at].rows).collect();
        let weights = amounts
            .as_deref()
            .map_or_else(|| extremes(parents.len()), |amounts| vec![parts(amounts)]);
        let members = parents
            .iter()
            .flat_map(|at| self.world.refs(&self.items[*at].name));
        let members = members.collect();
        // A run passes all of it on, so that a data set can be asked about and used like an item.
        self.world.add(Predicate::Dataset(Dataset {
            name: super::kit::name(&format!("set {name}")),
            members: Some(Cites::Inline(members)),
            gaps: vec![],
        }));
        let rows = amounts.map(|amounts| amounts.iter().sum());
        let set = rows.map_or_else(|| uncounted(file(name, 0)), |rows| file(name, rows));
        let inputs = vec![input(&self.world, &format!("set {name}"), Role::Data)];
        self.world.run(Does::Mix, inputs, name, set, |run| run);
        self.follow(&parents, &weights);
        self.put(name, true, rows);
    }
}

fn weights_of(name: &str) -> ArtifactSet {
    weights(name)
}

/// Everything from one parent, for each parent; and equal parts.
fn extremes(parents: usize) -> Vec<Vec<Fraction>> {
    let unit = |one: usize| {
        (0..parents)
            .map(|at| Fraction::from_integer(i64::from(at == one)))
            .collect()
    };
    let mut all: Vec<Vec<Fraction>> = (0..parents).map(unit).collect();
    all.push(parts(&vec![1; parents]));
    all
}

/// Every way to take `rows` rows from parents that have so many.
fn picks(counts: &[u64], rows: u64) -> Vec<Vec<u64>> {
    let Some((first, rest)) = counts.split_first() else {
        return if rows == 0 { vec![vec![]] } else { vec![] };
    };
    let mut found = Vec::new();
    for taken in 0..=rows.min(*first) {
        for mut pick in picks(rest, rows - taken) {
            pick.insert(0, taken);
            found.push(pick);
        }
    }
    found
}

fn parts(amounts: &[u64]) -> Vec<Fraction> {
    let whole: u64 = amounts.iter().sum();
    let part = |amount: &u64| Fraction::new(i64::try_from(*amount).unwrap(), i64::try_from(whole).unwrap());
    amounts.iter().map(part).collect()
}

fn with_base(of_data: &[Fraction], share: Fraction) -> Vec<Fraction> {
    let rest = Fraction::one() - share;
    of_data.iter().map(|part| part * rest).chain([share]).collect()
}

fn classes(boundary: &Boundary) -> [&Share; 4] {
    [
        &boundary.sources,
        &boundary.external_models,
        &boundary.opaque_synthetic,
        &boundary.origin_not_known,
    ]
}

fn big(fraction: Fraction) -> BigRational {
    BigRational::new(BigInt::from(*fraction.numer()), BigInt::from(*fraction.denom()))
}

fn any_step() -> impl Strategy<Value = Step> {
    let parents = prop::array::uniform3(0_usize..12);
    (0_u8..6, parents, 0_u64..8, any::<bool>()).prop_map(|(what, parents, rows, stated)| Step {
        what,
        parents,
        rows,
        stated,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_world_is_within_the_boundary(steps in prop::collection::vec(any_step(), 1..6)) {
        let mut oracle = Oracle::new();
        for (number, step) in steps.iter().enumerate() {
            oracle.step(number, step);
        }
        let leaves = 4;
        for (at, item) in oracle.items.iter().enumerate().skip(leaves) {
            let judgement = oracle.world.verify(&item.name);
            prop_assert_eq!(judgement.verdict, Verdict::Traced, "{:#?}", judgement.findings);
            let boundary = &judgement.boundary;
            prop_assert_eq!(&boundary.unknown, &Share::zero());
            let (mut low, mut high) = (BigRational::zero(), BigRational::zero());
            for (class, share) in classes(boundary).into_iter().enumerate() {
                let found = oracle.worlds.iter().map(|world| big(world[at][class]));
                let least = found.clone().min().unwrap();
                let most = found.max().unwrap();
                prop_assert!(share.low <= least && most <= share.high, "{} {class}: {share:?} {least} {most}", item.name);
                let is_tree = oracle.items.iter().all(|item| item.uses < 2);
                if is_tree && oracle.all_worlds {
                    prop_assert_eq!(&share.low, &least, "{} {}", &item.name, class);
                    prop_assert_eq!(&share.high, &most, "{} {}", &item.name, class);
                }
                low += &share.low;
                high += &share.high;
            }
            prop_assert!(low <= BigRational::one() && high >= BigRational::one());
            if classes(boundary).iter().all(|share| share.is_exact()) {
                prop_assert_eq!(low, BigRational::one());
            }
        }
    }
}
