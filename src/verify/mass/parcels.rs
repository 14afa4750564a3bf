//! The mass of a lineage as a graph: every portion that is taken, what it consists of and what conditions it.
//!
//! Files of one source are parcels of their own, and so are parts of one output that are taken by themselves: shares can
//! differ. A parcel names the node of the [`Descent`](crate::verify::Descent) that it is of.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::statement::ArtifactRef;
use crate::statement::Does;
use crate::statement::InputFrom;
use crate::statement::Predicate;
use crate::verify::contents::Content;
use crate::verify::contents::ContentKey;
use crate::verify::contents::Contents;
use crate::verify::contents::Owner;
use crate::verify::graph;
use crate::verify::graph::Place;
use crate::verify::share::Share;

use super::Boundary;
use super::Mass;
use super::Replaced;
use super::intake;
use super::intake::whole;
use super::mass_inputs;
use super::recipe;
use super::recipe::Ingredient;
use super::recipe::Made;
use super::recipe::Recipe;
use super::weights::exact_weights;

/// What contributes mass to a parcel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParcelParent {
    /// Its position; always higher.
    pub parcel: usize,
    /// Its weight; a single parent has all of it, whatever stands here.
    pub weight: Share,
    /// Whether weights are taken over: from a base.
    pub inherits: bool,
    /// How many distinct rows are taken of it, where that is known.
    pub rows: Option<Share>,
}

/// What conditions a parcel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ParcelCondition {
    /// Its position; always higher.
    pub parcel: usize,
    /// Which input of the run; nothing for the model that a filter asks.
    pub input: Option<usize>,
}

/// One portion of the mass.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parcel {
    /// The node of the descent that it is of; nothing for one that only mixes.
    pub node: Option<usize>,
    /// The boundary that it is, where the lineage ends with it.
    pub end: Option<Boundary>,
    /// Whether it was sampled from what its parents are.
    pub sampled: bool,
    /// Its rows, where they are known.
    pub rows: Option<u64>,
    /// Digests of what is taken of it, as far as its files are known one by one.
    pub digests: BTreeSet<Sha256Digest>,
    /// Who contributes mass.
    pub parents: Vec<ParcelParent>,
    /// Who conditions.
    pub conditions: Vec<ParcelCondition>,
}

/// All parcels, newest first; the first is what was asked about.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parcels {
    /// The parcels.
    pub all: Vec<Parcel>,
    /// The one that stands for what a training run itself brings, its base left out.
    pub stage: Option<usize>,
    /// Whether the limit of a verification was reached, so that counts were given up.
    pub exhausted: bool,
}

/// What a draft refers to before all positions are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum To {
    Owner(Owner),
    Gap(StatementId, usize),
    /// A mixture at this position of the drafts.
    Mixture(usize),
}

#[derive(Debug, Default)]
struct Draft {
    parcel: Parcel,
    parents: Vec<(To, ParcelParent)>,
    conditions: Vec<(To, Option<usize>)>,
}

/// Draws up parcels from the top of the log down.
struct Drawing<'a> {
    mass: Mass<'a>,
    drafts: Vec<Draft>,
    asked: BTreeSet<(u64, Owner)>,
    at: BTreeMap<To, usize>,
    digests: BTreeMap<Owner, BTreeSet<Sha256Digest>>,
    stage: Option<usize>,
}

/// Returns the parcels of targets; `position` finds the node of a place. `contents` is not that of the verdict, so that
/// this changes nothing of it.
pub(in crate::verify) fn parcels(
    contents: &Contents<'_>,
    replaced: &Replaced,
    targets: &[ArtifactRef],
    position: &impl Fn(Place) -> Option<usize>,
) -> Parcels {
    let mut drawing = Drawing {
        mass: Mass::over(contents, replaced, &[]),
        drafts: Vec::new(),
        asked: BTreeSet::new(),
        at: BTreeMap::new(),
        digests: BTreeMap::new(),
        stage: None,
    };
    let start = drawing.start(targets, position);
    while let Some((rank, owner)) = drawing.asked.pop_last() {
        drawing.owner(rank, owner, start == Some(owner), position);
    }
    drawing.finish(contents, position)
}

impl Drawing<'_> {
    /// Asks for the targets: one owner is itself the first parcel, several are mixed in one before them.
    fn start(
        &mut self,
        targets: &[ArtifactRef],
        position: &impl Fn(Place) -> Option<usize>,
    ) -> Option<Owner> {
        let mut groups: BTreeMap<BTreeSet<Owner>, Option<num_rational::BigRational>> = BTreeMap::new();
        for content in self.mass.contents.of(targets).unwrap_or_default() {
            self.note(&content);
            let rows = content.rows.map(whole);
            match groups.get_mut(&content.owners) {
                None => drop(groups.insert(content.owners, rows)),
                Some(sum) => *sum = sum.take().zip(rows).map(|(sum, more)| sum + more),
            }
        }
        if let Some((owners, _)) = groups.first_key_value().filter(|_| groups.len() == 1)
            && let (1, Some(only)) = (owners.len(), owners.first())
        {
            let only = *only;
            if self.ask(only, u64::MAX) == To::Owner(only) && only != Owner::Nobody {
                return Some(only);
            }
        }
        let amounts: Option<Vec<_>> = groups.values().cloned().collect();
        let weights = amounts.map_or_else(|| vec![Share::any(); groups.len()], |all| exact_weights(&all));
        let parts = groups
            .into_keys()
            .zip(weights)
            .map(|(owners, weight)| Ingredient {
                weight,
                of: recipe::among(&owners, None),
                inherits: false,
                rows: None,
            });
        let node = targets
            .first()
            .and_then(|target| position(Place::Artifact(*target)));
        let parts: Vec<Ingredient> = parts.collect();
        self.mixture(parts, None, u64::MAX, |draft| draft.parcel.node = node);
        None
    }

    fn note(&mut self, content: &Content) {
        if let ContentKey::Bytes(digest) = content.key {
            for owner in &content.owners {
                self.digests.entry(*owner).or_default().insert(digest);
            }
        }
    }

    /// Has an owner drawn that stands below `rank`; what does not lead down the log is nobody's.
    fn ask(&mut self, owner: Owner, rank: u64) -> To {
        match self.mass.rank(&owner).filter(|at| *at < rank) {
            Some(at) => {
                self.asked.insert((at, owner));
                To::Owner(owner)
            }
            None => To::Owner(Owner::Nobody),
        }
    }

    fn push(&mut self, to: Option<To>, draft: Draft) -> usize {
        let at = self.drafts.len();
        self.drafts.push(draft);
        self.at.insert(to.unwrap_or(To::Mixture(at)), at);
        at
    }

    fn mixture(
        &mut self,
        parts: Vec<Ingredient>,
        run: Option<StatementId>,
        rank: u64,
        change: impl FnOnce(&mut Draft),
    ) -> usize {
        let mut draft = Draft::default();
        change(&mut draft);
        let at = self.push(None, draft);
        self.parents(at, parts, run, rank);
        at
    }

    /// Gives a draft its parents; those that only mix come right after it.
    fn parents(&mut self, at: usize, parts: Vec<Ingredient>, run: Option<StatementId>, rank: u64) {
        for part in parts {
            let to = match (part.of, run) {
                (Recipe::Of(owner), _) => self.ask(owner, rank),
                (Recipe::Gap(input), Some(run)) => To::Gap(run, input),
                (Recipe::Gap(_), None) => To::Owner(Owner::Nobody),
                (Recipe::Mix(parts), _) => To::Mixture(self.mixture(parts, run, rank, |_| ())),
                (Recipe::Sampled(parts), _) => {
                    To::Mixture(self.mixture(parts, run, rank, |draft| draft.parcel.sampled = true))
                }
            };
            let parent = ParcelParent {
                parcel: 0,
                weight: part.weight,
                inherits: part.inherits,
                rows: part.rows,
            };
            if let Some(draft) = self.drafts.get_mut(at) {
                draft.parents.push((to, parent));
            }
        }
    }

    fn owner(&mut self, rank: u64, owner: Owner, is_start: bool, position: &impl Fn(Place) -> Option<usize>) {
        match owner {
            Owner::Nobody | Owner::Founder(_) => {}
            Owner::Leaf(reference) => self.leaf(rank, owner, reference, position),
            Owner::Portion {
                statement,
                output,
                rows,
                whole,
            } => {
                let first = self.first_of(statement, output);
                let parcel = Parcel {
                    node: first.and_then(|first| position(Place::Artifact(first))),
                    rows,
                    digests: self.digests.remove(&owner).unwrap_or_default(),
                    ..Parcel::default()
                };
                let at = self.push(
                    Some(To::Owner(owner)),
                    Draft {
                        parcel,
                        ..Draft::default()
                    },
                );
                let made = self.made(at, statement, output, (rows, whole));
                let first_part = self.drafts.len();
                self.parents(at, made.parts, Some(statement), rank);
                if let Some(stage) = made.stage.filter(|_| is_start) {
                    let draft = self.drafts.get(at);
                    let to = draft
                        .and_then(|draft| draft.parents.get(stage))
                        .map(|(to, _)| *to);
                    self.stage = to
                        .and_then(|to| self.at.get(&to).copied())
                        .filter(|at| *at >= first_part);
                }
                self.conditions(at, statement, output, rank);
            }
        }
    }

    fn leaf(
        &mut self,
        rank: u64,
        owner: Owner,
        reference: ArtifactRef,
        position: &impl Fn(Place) -> Option<usize>,
    ) {
        let located = self.mass.graph.locate(reference);
        let parcel = Parcel {
            node: position(Place::Artifact(reference)),
            end: Some(self.mass.of_leaf(reference)),
            rows: located.and_then(|located| Some(located.artifact?.rows?.value)),
            digests: self.digests.remove(&owner).unwrap_or_default(),
            ..Parcel::default()
        };
        let at = self.push(
            Some(To::Owner(owner)),
            Draft {
                parcel,
                ..Draft::default()
            },
        );
        let graph = self.mass.graph;
        let Some(node) = graph.nodes.get(&reference.statement) else {
            return;
        };
        match &node.statement.predicate {
            Predicate::Filter(filter) => {
                if let Some(model) = filter.model {
                    self.condition(at, &[model], None, rank);
                }
            }
            // What a source says that it was derived from carries no mass: the source itself is declared.
            Predicate::Source(_) => {
                self.condition(at, &node.cites.concat(), None, rank);
                let gaps = graph::gaps(node).into_iter();
                let gaps = gaps.map(|(position, _)| (To::Gap(reference.statement, position), None));
                if let Some(draft) = self.drafts.get_mut(at) {
                    draft.conditions.extend(gaps);
                }
            }
            _ => {}
        }
    }

    fn first_of(&self, statement: StatementId, output: usize) -> Option<ArtifactRef> {
        let (_, run) = self.mass.graph.run(statement)?;
        let before: usize = run
            .outputs
            .iter()
            .take(output)
            .map(|one| one.set.artifacts.len())
            .sum();
        Some(ArtifactRef::subject(statement, u32::try_from(before).ok()?))
    }

    /// What a portion of an output is made of.
    fn made(
        &mut self,
        at: usize,
        statement: StatementId,
        output: usize,
        (rows, whole): (Option<u64>, bool),
    ) -> Made {
        let graph = self.mass.graph;
        let nothing = Made {
            parts: Vec::new(),
            stage: None,
        };
        let Some((node, run)) = graph.run(statement) else {
            return nothing;
        };
        let positions = mass_inputs(run, output);
        let inputs: Vec<_> = positions
            .iter()
            .filter_map(|at| Some((run.inputs.get(*at)?, node.cites.get(*at)?.as_slice())))
            .collect();
        let taken: Vec<_> = positions
            .iter()
            .copied()
            .zip(intake::intake(self.mass.contents, run.does, &inputs))
            .collect();
        for part in taken.iter().flat_map(|(_, taken)| &taken.parts) {
            if let ContentKey::Bytes(digest) = part.key {
                for owner in &part.owners {
                    self.digests.entry(*owner).or_default().insert(digest);
                }
            }
        }
        if let Some(draft) = self.drafts.get_mut(at) {
            draft.parcel.sampled = run.does == Does::Generate
                || (run.does == Does::Transform && run.rewrites && !super::of_weights(run));
        }
        if taken.is_empty() {
            return nothing;
        }
        let mut made = recipe::of_run(run, &taken, rows, whole && run.outputs.len() == 1);
        if run.does == Does::Evaluate {
            let anew = recipe::answered(&mut made.parts, &|owner| self.is_model(owner));
            if let Some(draft) = self.drafts.get_mut(at) {
                draft.parcel.sampled = anew;
            }
        }
        made
    }

    fn is_model(&self, owner: &Owner) -> bool {
        match *owner {
            Owner::Nobody => false,
            Owner::Leaf(reference) | Owner::Founder(reference) => self.mass.graph.is_model(reference),
            Owner::Portion {
                statement, output, ..
            } => self
                .first_of(statement, output)
                .is_some_and(|first| self.mass.graph.is_model(first)),
        }
    }

    /// Everything that a run takes and that carries no mass into this output.
    fn conditions(&mut self, at: usize, statement: StatementId, output: usize, rank: u64) {
        let graph = self.mass.graph;
        let Some((node, run)) = graph.run(statement) else {
            return;
        };
        let heavy = mass_inputs(run, output);
        for (position, (input, cited)) in run.inputs.iter().zip(&node.cites).enumerate() {
            if heavy.contains(&position) {
                continue;
            }
            if matches!(input.from, InputFrom::Gap(_)) {
                if let Some(draft) = self.drafts.get_mut(at) {
                    draft
                        .conditions
                        .push((To::Gap(statement, position), Some(position)));
                }
                continue;
            }
            self.condition(at, cited, Some(position), rank);
        }
    }

    fn condition(&mut self, at: usize, cited: &[ArtifactRef], input: Option<usize>, rank: u64) {
        let mut owners = BTreeSet::new();
        for content in self.mass.contents.of(cited).unwrap_or_default() {
            self.note(&content);
            owners.extend(content.owners);
        }
        for owner in owners {
            let to = self.ask(owner, rank);
            if let Some(draft) = self.drafts.get_mut(at) {
                draft.conditions.push((to, input));
            }
        }
    }

    /// Puts gaps and what is nobody's at the end, and positions in the place of names.
    fn finish(mut self, contents: &Contents<'_>, position: &impl Fn(Place) -> Option<usize>) -> Parcels {
        let cited: BTreeSet<To> = self
            .drafts
            .iter()
            .flat_map(|draft| {
                let parents = draft.parents.iter().map(|(to, _)| *to);
                parents.chain(draft.conditions.iter().map(|(to, _)| *to))
            })
            .filter(|to| !self.at.contains_key(to))
            .collect();
        for to in cited {
            let node = match to {
                To::Gap(statement, input) => position(Place::Gap(statement, input)),
                To::Owner(_) | To::Mixture(_) => None,
            };
            let parcel = Parcel {
                node,
                end: Some(Boundary::unknown()),
                ..Parcel::default()
            };
            self.push(
                Some(to),
                Draft {
                    parcel,
                    ..Draft::default()
                },
            );
        }
        let at = self.at;
        let place = |to: &To| at.get(to).copied().unwrap_or_default();
        let settle = |draft: Draft| Parcel {
            end: match draft.parcel.end {
                None if draft.parents.is_empty() => Some(Boundary::unknown()),
                end => end,
            },
            parents: (draft.parents.into_iter())
                .map(|(to, parent)| ParcelParent {
                    parcel: place(&to),
                    ..parent
                })
                .collect(),
            conditions: (draft.conditions.iter())
                .map(|(to, input)| ParcelCondition {
                    parcel: place(to),
                    input: *input,
                })
                .collect(),
            ..draft.parcel
        };
        Parcels {
            all: self.drafts.into_iter().map(settle).collect(),
            stage: self.stage,
            exhausted: contents.is_exhausted(),
        }
    }
}
