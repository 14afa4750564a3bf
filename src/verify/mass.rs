//! Who contributes how much: the mass table of the design, bottom-up, in exact intervals.
//!
//! Only mass roles count here; prompts, seeds, judges and the rest condition and are reported apart. Shares of an
//! output are the mixture of its parents' shares, never sums of founders' intervals, so bounds stay tight.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::One as _;
use num_traits::Signed as _;
use num_traits::Zero as _;

use crate::statement::AcquiredBy;
use crate::statement::ArtifactRef;
use crate::statement::Decimal;
use crate::statement::Does;
use crate::statement::Generators;
use crate::statement::Input;
use crate::statement::InputFrom;
use crate::statement::MadeBy;
use crate::statement::Predicate;
use crate::statement::Role;
use crate::statement::Run;
use crate::statement::Source;
use crate::statement::Thing;

use super::graph::Graph;
use super::graph::Node;
use super::share::Part;
use super::share::Share;
use super::share::mix;

/// The share of each boundary class; together they are one, or intervals around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Boundary {
    /// Declared sources that people or devices made.
    pub sources: Share,
    /// External models, whose own data is not known here.
    pub external_models: Share,
    /// Sources that declared models made: synthetic, and opaque.
    pub opaque_synthetic: Share,
    /// Public, crawled or users' data of which nobody knows what part a model made.
    pub origin_not_known: Share,
    /// Gaps and sources whose origin fails.
    pub unknown: Share,
}

impl Boundary {
    fn none() -> Self {
        Self {
            sources: Share::zero(),
            external_models: Share::zero(),
            opaque_synthetic: Share::zero(),
            origin_not_known: Share::zero(),
            unknown: Share::zero(),
        }
    }

    /// Everything is unknown: a gap, or nothing at all.
    pub(super) fn unknown() -> Self {
        Self {
            unknown: Share::one(),
            ..Self::none()
        }
    }

    /// Returns whether both could be true of the same bytes: every class overlaps.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        let overlap = |of: fn(&Self) -> &Share| {
            let (one, two) = (of(self), of(other));
            one.low <= two.high && two.low <= one.high
        };
        overlap(|of| &of.sources)
            && overlap(|of| &of.external_models)
            && overlap(|of| &of.opaque_synthetic)
            && overlap(|of| &of.origin_not_known)
            && overlap(|of| &of.unknown)
    }

    fn mixed(parts: &[Part<Self>]) -> Self {
        if parts.is_empty() {
            return Self::unknown();
        }
        let class = |of: fn(&Self) -> &Share| {
            let column: Vec<Part<&Share>> = parts
                .iter()
                .map(|part| Part {
                    weight: part.weight.clone(),
                    value: of(&part.value),
                })
                .collect();
            mix(&column)
        };
        Self {
            sources: class(|of| &of.sources),
            external_models: class(|of| &of.external_models),
            opaque_synthetic: class(|of| &of.opaque_synthetic),
            origin_not_known: class(|of| &of.origin_not_known),
            unknown: class(|of| &of.unknown),
        }
    }
}

/// Facts of sources that a later, less favourable claim replaced, by the reference of the source.
pub(super) type Replaced = BTreeMap<ArtifactRef, Source>;

/// Computes boundaries over one graph.
#[derive(Debug)]
pub(super) struct Mass<'a> {
    graph: &'a Graph,
    replaced: &'a Replaced,
    known: BTreeMap<ArtifactRef, Boundary>,
}

impl<'a> Mass<'a> {
    /// Computes the boundary of every artifact that is claimed, cited or asked for, from the bottom of the log
    /// upwards.
    pub(super) fn over(
        graph: &'a Graph,
        asked: impl Iterator<Item = ArtifactRef>,
        replaced: &'a Replaced,
    ) -> Self {
        let cited = graph
            .nodes
            .values()
            .flat_map(|node| node.cites.iter().flatten().copied());
        let all: BTreeSet<ArtifactRef> = cited.chain(asked).collect();
        let mut mass = Self {
            graph,
            replaced,
            known: BTreeMap::new(),
        };
        let mut order: Vec<_> = all
            .into_iter()
            .filter_map(|reference| Some((graph.nodes.get(&reference.statement)?.index, reference)))
            .collect();
        order.sort_unstable();
        for (_, reference) in order {
            let boundary = mass.compute(reference);
            mass.known.insert(reference, boundary);
        }
        mass
    }

    /// Returns the boundary of one artifact.
    pub(super) fn of(&self, reference: ArtifactRef) -> Boundary {
        self.known
            .get(&reference)
            .cloned()
            .unwrap_or_else(Boundary::unknown)
    }

    /// Returns the boundary of several artifacts that are asked about together.
    pub(super) fn of_all(&self, references: &[ArtifactRef]) -> Boundary {
        self.of_cited(references)
    }

    /// Returns the boundary of what a run itself brings, its base left out; nothing where there is no base to
    /// leave out or nothing beside it.
    pub(super) fn stage(&self, reference: ArtifactRef) -> Option<Boundary> {
        let (node, run) = self.graph.run(reference.statement)?;
        let inputs = self.inputs_for(reference, run);
        let with_base = inputs.iter().any(|(_, input)| input.role == Role::Base);
        if run.does != Does::Train || !with_base {
            return None;
        }
        let rest: Vec<_> = inputs
            .into_iter()
            .filter(|(_, input)| is_training(input.role))
            .collect();
        (!rest.is_empty()).then(|| self.by_amounts(node, &rest))
    }

    fn compute(&self, reference: ArtifactRef) -> Boundary {
        let Some(located) = self.graph.locate(reference) else {
            return Boundary::unknown();
        };
        match (located.thing, &located.node.statement.predicate) {
            (Thing::Source, Predicate::Source(source)) => {
                of_source(self.replaced.get(&reference).unwrap_or(source))
            }
            (Thing::ExternalModel, _) => Boundary {
                external_models: Share::one(),
                ..Boundary::none()
            },
            (Thing::Dataset, Predicate::Dataset(dataset)) => {
                let cited: Vec<_> = located.node.cites.iter().flatten().copied().collect();
                let members = Part {
                    weight: Share::any(),
                    value: self.of_cited(&cited),
                };
                let gap = Part {
                    weight: Share::any(),
                    value: Boundary::unknown(),
                };
                match (dataset.gaps.is_empty(), cited.is_empty()) {
                    (true, _) => members.value,
                    (false, true) => gap.value,
                    (false, false) => Boundary::mixed(&[members, gap]),
                }
            }
            (Thing::Output(_), Predicate::Run(run)) => self.of_run(located.node, run, reference),
            _ => Boundary::unknown(),
        }
    }

    /// Inputs that an output's shares come from: those it names, where they carry mass, else all.
    fn inputs_for<'r>(&self, reference: ArtifactRef, run: &'r Run) -> Vec<(usize, &'r Input)> {
        let named = self
            .graph
            .locate(reference)
            .and_then(|located| run.outputs.get(located.output?));
        let named: &[u32] = named.map_or(&[], |output| &output.inputs);
        let all: Vec<_> = run.inputs.iter().enumerate().collect();
        let some: Vec<_> = all
            .iter()
            .copied()
            .filter(|(at, _)| named.iter().any(|position| usize::try_from(*position) == Ok(*at)))
            .collect();
        if some.iter().any(|(_, input)| has_mass(run, input.role)) {
            some
        } else {
            all
        }
    }

    fn of_run(&self, node: &Node, run: &Run, reference: ArtifactRef) -> Boundary {
        let mut inputs = self.inputs_for(reference, run);
        inputs.retain(|(_, input)| has_mass(run, input.role));
        match run.does {
            _ if inputs.is_empty() => Boundary::unknown(),
            Does::Generate => self.by_share(node, &inputs, true),
            Does::Transform if run.rewrites => self.by_share(node, &inputs, true),
            Does::Merge => self.by_share(node, &inputs, false),
            Does::Train => self.of_training(node, &inputs),
            _ => self.by_rows(node, &inputs, self.rows_out(reference)),
        }
    }

    fn rows_out(&self, reference: ArtifactRef) -> Option<u64> {
        self.graph.locate(reference)?.set?.total_rows()
    }

    /// Declared shares; what is left goes in equal parts to those without one, where `equal` says so.
    fn by_share(&self, node: &Node, inputs: &[(usize, &Input)], equal: bool) -> Boundary {
        let declared: BigRational = inputs.iter().filter_map(|(_, input)| share_of(input)).sum();
        let silent = inputs.iter().filter(|(_, input)| input.share.is_none()).count();
        let rest = BigRational::one() - &declared;
        let adds_up = if silent == 0 {
            rest.is_zero()
        } else {
            !rest.is_negative()
        };
        let parts: Vec<_> = inputs
            .iter()
            .map(|(at, input)| {
                let weight = match share_of(input) {
                    _ if !adds_up => Share::any(),
                    Some(share) => Share::exact(share),
                    None if equal || silent == 1 => Share::exact(&rest / BigInt::from(silent)),
                    None => Share {
                        low: BigRational::zero(),
                        high: rest.clone(),
                    },
                };
                Part {
                    weight,
                    value: self.of_input(node, *at, input),
                }
            })
            .collect();
        Boundary::mixed(&parts)
    }

    fn of_training(&self, node: &Node, inputs: &[(usize, &Input)]) -> Boundary {
        let rest: Vec<_> = inputs
            .iter()
            .copied()
            .filter(|(_, input)| is_training(input.role))
            .collect();
        let bases: Vec<_> = inputs
            .iter()
            .copied()
            .filter(|(_, input)| input.role == Role::Base)
            .collect();
        if bases.is_empty() {
            return self.by_amounts(node, &rest);
        }
        if rest.is_empty() {
            return self.by_share(node, &bases, false);
        }
        let declared: BigRational = bases.iter().filter_map(|(_, base)| share_of(base)).sum();
        let left = BigRational::one() - &declared;
        let all_known = bases.iter().all(|(_, base)| base.share.is_some()) && !left.is_negative();
        let open = Share {
            low: BigRational::zero(),
            high: if left.is_negative() {
                BigRational::one()
            } else {
                left.clone()
            },
        };
        let mut parts: Vec<_> = bases
            .iter()
            .map(|(at, base)| Part {
                weight: share_of(base)
                    .filter(|_| !left.is_negative())
                    .map_or(open.clone(), Share::exact),
                value: self.of_input(node, *at, base),
            })
            .collect();
        let weight = if all_known { Share::exact(left) } else { open };
        parts.push(Part {
            weight,
            value: self.by_amounts(node, &rest),
        });
        Boundary::mixed(&parts)
    }

    /// By tokens where all are known, else by rows where all are known, else nothing is known of the weights.
    fn by_amounts(&self, node: &Node, inputs: &[(usize, &Input)]) -> Boundary {
        let tokens: Option<Vec<_>> = inputs
            .iter()
            .map(|(at, input)| Some(scaled(self.tokens_taken(node, *at, input)?, input)))
            .collect();
        let amounts = tokens.or_else(|| {
            inputs
                .iter()
                .map(|(at, input)| Some(scaled(self.rows_taken(node, *at, input)?, input)))
                .collect()
        });
        let total: BigRational = amounts.iter().flatten().sum();
        let parts: Vec<_> = inputs
            .iter()
            .enumerate()
            .map(|(position, (at, input))| {
                let amount = amounts.as_ref().and_then(|amounts| amounts.get(position));
                let weight = match amount {
                    Some(amount) if !total.is_zero() => Share::exact(amount / &total),
                    _ => Share::any(),
                };
                Part {
                    weight,
                    value: self.of_input(node, *at, input),
                }
            })
            .collect();
        Boundary::mixed(&parts)
    }

    /// By the rows that came out (`kept`), else by the rows taken: exact if all of them came out, else bounds.
    fn by_rows(&self, node: &Node, inputs: &[(usize, &Input)], out: Option<u64>) -> Boundary {
        let kept: Option<Vec<BigRational>> = inputs.iter().map(|(_, input)| input.kept.map(whole)).collect();
        let taken: Option<Vec<_>> = inputs
            .iter()
            .map(|(at, input)| Some(scaled(self.rows_taken(node, *at, input)?, input)))
            .collect();
        let weights = kept
            .as_deref()
            .map(exact_weights)
            .or_else(|| Some(bounded_weights(taken.as_deref()?, &whole(out?))));
        let parts: Vec<_> = inputs
            .iter()
            .enumerate()
            .map(|(position, (at, input))| Part {
                weight: weights
                    .as_ref()
                    .and_then(|all| all.get(position).cloned())
                    .unwrap_or_else(Share::any),
                value: self.of_input(node, *at, input),
            })
            .collect();
        Boundary::mixed(&parts)
    }

    fn of_input(&self, node: &Node, at: usize, input: &Input) -> Boundary {
        match (&input.from, node.cites.get(at)) {
            (InputFrom::Artifacts(_), Some(cited)) => self.of_cited(cited),
            _ => Boundary::unknown(),
        }
    }

    /// Artifacts taken together: pro rata by their rows.
    fn of_cited(&self, cited: &[ArtifactRef]) -> Boundary {
        let rows: Option<Vec<BigRational>> = cited
            .iter()
            .map(|reference| rows_of(self.graph, *reference).map(whole))
            .collect();
        let weights = rows.as_deref().map(exact_weights);
        let parts: Vec<_> = cited
            .iter()
            .enumerate()
            .map(|(position, reference)| Part {
                weight: weights
                    .as_ref()
                    .and_then(|all| all.get(position).cloned())
                    .unwrap_or_else(Share::any),
                value: self.of(*reference),
            })
            .collect();
        Boundary::mixed(&parts)
    }

    /// Rows an input takes: the smaller of what it states and what exists.
    fn rows_taken(&self, node: &Node, at: usize, input: &Input) -> Option<u64> {
        let exists = node
            .cites
            .get(at)
            .and_then(|cited| rows_existing(self.graph, cited));
        match (input.rows, exists) {
            (Some(stated), Some(exists)) => Some(stated.min(exists)),
            (stated, exists) => stated.or(exists),
        }
    }

    fn tokens_taken(&self, node: &Node, at: usize, input: &Input) -> Option<u64> {
        input.tokens.or_else(|| {
            node.cites.get(at)?.iter().try_fold(0_u64, |sum, reference| {
                let located = self.graph.locate(*reference)?;
                let tokens = match (located.member, located.artifact, located.set) {
                    (Some(member), _, _) => member.tokens,
                    (None, Some(artifact), Some(set)) if set.artifacts.len() == 1 => {
                        artifact.tokens.or(set.tokens)
                    }
                    (None, Some(artifact), _) => artifact.tokens,
                    _ => None,
                };
                sum.checked_add(tokens?)
            })
        })
    }
}

/// Returns the rows of one artifact, where they are known.
pub(super) fn rows_of(graph: &Graph, reference: ArtifactRef) -> Option<u64> {
    let located = graph.locate(reference)?;
    match (located.member, located.artifact, located.set) {
        (Some(member), _, _) => member.rows,
        (None, Some(artifact), Some(set)) if set.artifacts.len() == 1 => artifact
            .rows
            .or(set.rows)
            .map(|rows| rows.value)
            .or_else(|| rows_of_members(graph, artifact)),
        (None, Some(artifact), _) => artifact
            .rows
            .map(|rows| rows.value)
            .or_else(|| rows_of_members(graph, artifact)),
        _ => rows_existing(graph, &located.node.cites.concat()).filter(|_| located.thing == Thing::Dataset),
    }
}

fn rows_of_members(graph: &Graph, artifact: &crate::statement::Artifact) -> Option<u64> {
    let members = graph.members.get(&artifact.blob()?)?;
    artifact.manifest()?;
    members
        .iter()
        .try_fold(0_u64, |sum, member| sum.checked_add(member.rows?))
}

/// Returns the rows of several artifacts; those of a whole item may be known only together.
pub(super) fn rows_existing(graph: &Graph, cited: &[ArtifactRef]) -> Option<u64> {
    let one_by_one = cited.iter().try_fold(0_u64, |sum, reference| {
        sum.checked_add(rows_of(graph, *reference)?)
    });
    one_by_one.or_else(|| {
        let first = graph.locate(*cited.first()?)?;
        let set = first.set?;
        let same_item = |reference: &ArtifactRef| {
            graph.locate(*reference).is_some_and(|other| {
                other.item == first.item && other.node.index == first.node.index && other.member.is_none()
            })
        };
        let whole_item = cited.len() == set.artifacts.len() && cited.iter().all(same_item);
        whole_item.then(|| set.total_rows()).flatten()
    })
}

fn share_of(input: &Input) -> Option<BigRational> {
    input.share.as_ref().map(|share| share.value().clone())
}

fn whole(count: u64) -> BigRational {
    BigRational::from_integer(BigInt::from(count))
}

fn scaled(count: u64, input: &Input) -> BigRational {
    let repeat = input
        .repeat
        .as_ref()
        .map_or_else(BigRational::one, |repeat: &Decimal| repeat.value().clone());
    whole(count) * repeat
}

fn exact_weights(amounts: &[BigRational]) -> Vec<Share> {
    let total: BigRational = amounts.iter().sum();
    amounts
        .iter()
        .map(|amount| {
            if total.is_zero() {
                Share::any()
            } else {
                Share::exact(amount / &total)
            }
        })
        .collect()
}

fn bounded_weights(taken: &[BigRational], out: &BigRational) -> Vec<Share> {
    let total: BigRational = taken.iter().sum();
    if out.is_zero() || *out > total {
        return taken.iter().map(|_| Share::any()).collect();
    }
    let bound = |amount: &BigRational| {
        let others = &total - amount;
        let least = if *out > others {
            out - &others
        } else {
            BigRational::zero()
        };
        let most = if amount < out { amount.clone() } else { out.clone() };
        Share {
            low: least / out,
            high: most / out,
        }
    };
    taken.iter().map(bound).collect()
}

fn is_training(role: Role) -> bool {
    matches!(role, Role::Data | Role::Generator)
}

/// Returns whether inputs of this role contribute mass to what the run makes.
pub(super) fn has_mass(run: &Run, role: Role) -> bool {
    match run.does {
        Does::Generate => matches!(role, Role::Generator | Role::Teacher),
        Does::Transform if run.rewrites => matches!(role, Role::Generator | Role::Teacher),
        Does::Transform => matches!(role, Role::Data | Role::Base),
        Does::Train => is_training(role) || role == Role::Base,
        Does::Merge => role == Role::Base,
        Does::Filter | Does::Mix | Does::Annotate | Does::Judge | Does::Evaluate => role == Role::Data,
    }
}

/// What a source is for the verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum OriginClass {
    /// A model made it and nobody names the model.
    SyntheticUnknown,
    /// Nobody knows who made it, and how it came does not excuse that.
    Unknown,
    /// Nobody knows, but it is the public's, a crawl's or users'.
    NotKnown,
    /// Declared models made it.
    Opaque,
    /// A declared part of it is synthetic.
    Mixed,
    /// People or devices made it.
    Declared,
}

/// Classifies a source; the order of the classes is from the least to the most favourable.
pub(super) fn classify(source: &Source) -> OriginClass {
    let open = matches!(
        source.acquired_by,
        AcquiredBy::WebCrawl | AcquiredBy::UserData | AcquiredBy::PublicDataset
    );
    match source.made_by {
        MadeBy::Human | MadeBy::Sensor => OriginClass::Declared,
        MadeBy::Model if matches!(source.generators, Generators::Named(_)) => OriginClass::Opaque,
        MadeBy::Model => OriginClass::SyntheticUnknown,
        MadeBy::Mixed if source.synthetic_share.is_some() => OriginClass::Mixed,
        MadeBy::Mixed | MadeBy::Unknown if open => OriginClass::NotKnown,
        MadeBy::Mixed | MadeBy::Unknown => OriginClass::Unknown,
    }
}

fn of_source(source: &Source) -> Boundary {
    match classify(source) {
        OriginClass::Declared => Boundary {
            sources: Share::one(),
            ..Boundary::none()
        },
        OriginClass::Opaque => Boundary {
            opaque_synthetic: Share::one(),
            ..Boundary::none()
        },
        OriginClass::NotKnown => Boundary {
            origin_not_known: Share::one(),
            ..Boundary::none()
        },
        OriginClass::SyntheticUnknown | OriginClass::Unknown => Boundary::unknown(),
        OriginClass::Mixed => {
            let synthetic = source
                .synthetic_share
                .as_ref()
                .map_or_else(BigRational::one, |share| share.value().clone());
            Boundary {
                sources: Share::exact(BigRational::one() - &synthetic),
                opaque_synthetic: Share::exact(synthetic),
                ..Boundary::none()
            }
        }
    }
}
