//! Who contributes how much: the mass table of the design, bottom-up, in exact intervals.
//!
//! Only mass roles count here; prompts, seeds, judges and the rest condition and are reported apart. Shares of an
//! output are the mixture of its parents' shares, never sums of founders' intervals, so bounds stay tight.

mod boundary;
mod intake;
mod origin;
mod parcels;
mod recipe;
mod runs;
mod weights;

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::rc::Rc;

use num_rational::BigRational;

use crate::digest::StatementId;
use crate::statement::ArtifactRef;
use crate::statement::Does;
use crate::statement::OutputKind;
use crate::statement::Predicate;
use crate::statement::Role;
use crate::statement::Run;
use crate::statement::Source;

pub use boundary::Boundary;
pub(super) use origin::OriginClass;
pub(super) use origin::classify;
pub use parcels::Parcel;
pub use parcels::ParcelCondition;
pub use parcels::ParcelParent;
pub use parcels::Parcels;
pub(super) use parcels::parcels;

use super::contents::Contents;
use super::contents::Owner;
use super::graph::Graph;
use super::share::Part;
use super::share::Share;
use boundary::add;
use boundary::mixture;
use intake::Taken;
use intake::whole;
use weights::exact_weights;

/// Facts of sources that a later, less favourable claim replaced, by the artifact of the source (never a member).
pub(super) type Replaced = BTreeMap<ArtifactRef, Source>;

/// Computes boundaries over one graph.
pub(super) struct Mass<'a> {
    contents: &'a Contents<'a>,
    graph: &'a Graph,
    replaced: &'a Replaced,
    known: BTreeMap<Owner, Boundary>,
    /// By run and output.
    intakes: BTreeMap<(StatementId, usize), Rc<Intake<'a>>>,
}

/// The boundaries that were worked out, by whose they are.
#[derive(Debug, Clone, Default)]
pub(super) struct Known(BTreeMap<Owner, Boundary>);

impl Known {
    /// Forgets the boundaries of what a run put out.
    pub(super) fn forget(&mut self, run: StatementId) {
        let portion = |output, rows, whole| Owner::Portion {
            statement: run,
            output,
            rows,
            whole,
        };
        let all = portion(0, None, false)..=portion(usize::MAX, Some(u64::MAX), true);
        let owners: Vec<Owner> = self.0.range(all).map(|(owner, _)| *owner).collect();
        for owner in owners {
            self.0.remove(&owner);
        }
    }
}

/// What an output's shares come from.
struct Intake<'a> {
    taken: Vec<Taken<'a>>,
    /// How many rows at most came from parents with the same boundary, where all are known. Worked out when first
    /// needed, for all portions of the output.
    most: OnceCell<Vec<(Boundary, Option<BigRational>)>>,
}

impl<'a> Mass<'a> {
    /// Computes what the boundary of `targets` needs: from the top of the log down, whose shares are asked for; then
    /// from the bottom up, what they are.
    pub(super) fn over(contents: &'a Contents<'a>, replaced: &'a Replaced, targets: &[ArtifactRef]) -> Self {
        let mut mass = Self {
            contents,
            graph: contents.graph,
            replaced,
            known: BTreeMap::new(),
            intakes: BTreeMap::new(),
        };
        mass.include(targets);
        mass
    }

    /// The same with what is known from before.
    pub(super) fn knowing(contents: &'a Contents<'a>, replaced: &'a Replaced, known: Known) -> Self {
        Self {
            known: known.0,
            ..Self::over(contents, replaced, &[])
        }
    }

    /// Returns what is known, for whoever goes on later.
    pub(super) fn into_known(self) -> Known {
        Known(self.known)
    }

    /// Computes what further targets need beyond what is known.
    pub(super) fn include(&mut self, targets: &[ArtifactRef]) {
        let starts = self.contents.of(targets).unwrap_or_default();
        let mut asked: BTreeSet<(u64, Owner)> = starts
            .iter()
            .flat_map(|content| &content.owners)
            .filter(|owner| !self.known.contains_key(owner))
            .filter_map(|owner| Some((self.rank(owner)?, *owner)))
            .collect();
        let mut order = Vec::new();
        while let Some((rank, owner)) = asked.pop_last() {
            if let Some(intake) = self.intake(&owner) {
                // A citation that does not lead down the log is a finding, and must not keep this from ending.
                let below = |parent: Owner| Some((self.rank(&parent).filter(|at| *at < rank)?, parent));
                let parents = intake.taken.iter().flat_map(Taken::owners);
                let unknown = parents.filter(|parent| !self.known.contains_key(parent));
                asked.extend(unknown.filter_map(below));
            }
            order.push(owner);
        }
        for owner in order.into_iter().rev() {
            let boundary = self.compute(&owner);
            self.known.insert(owner, boundary);
        }
    }

    fn rank(&self, owner: &Owner) -> Option<u64> {
        let statement = match owner {
            Owner::Nobody => return None,
            Owner::Leaf(reference) | Owner::Founder(reference) => reference.statement,
            Owner::Portion { statement, .. } => *statement,
        };
        Some(self.graph.nodes.get(&statement)?.rank)
    }

    /// Returns the boundary of several artifacts that are asked about together.
    pub(super) fn of_all(&self, references: &[ArtifactRef]) -> Boundary {
        let mut groups = BTreeMap::new();
        for content in self.contents.of(references).unwrap_or_default() {
            add(&mut groups, self.among(&content.owners), content.rows.map(whole));
        }
        mixture(groups, exact_weights)
    }

    /// Returns the boundary of what a run itself brings, its base left out; nothing where there is no base to
    /// leave out or nothing beside it.
    pub(super) fn stage(&self, reference: ArtifactRef) -> Option<Boundary> {
        let (_, run) = self.graph.run(reference.statement)?;
        let located = self.graph.locate(reference)?;
        let output = located.output?;
        let taken = self.inputs_of(reference.statement, output);
        let (bases, rest): (Vec<_>, Vec<_>) = taken.iter().partition(|taken| taken.input.role == Role::Base);
        let has_stage = run.does == Does::Train && !bases.is_empty() && !rest.is_empty();
        has_stage.then(|| self.by_amounts(&rest))
    }

    fn intake(&mut self, owner: &Owner) -> Option<Rc<Intake<'a>>> {
        let Owner::Portion {
            statement, output, ..
        } = *owner
        else {
            return None;
        };
        if let Some(known) = self.intakes.get(&(statement, output)) {
            return Some(Rc::clone(known));
        }
        let intake = Rc::new(Intake {
            taken: self.inputs_of(statement, output),
            most: OnceCell::new(),
        });
        self.intakes.insert((statement, output), Rc::clone(&intake));
        Some(intake)
    }

    /// What an output's shares come from.
    fn inputs_of(&self, statement: StatementId, output: usize) -> Vec<Taken<'a>> {
        let graph = self.contents.graph;
        let Some((node, run)) = graph.run(statement) else {
            return Vec::new();
        };
        let inputs: Vec<_> = mass_inputs(run, output)
            .into_iter()
            .filter_map(|at| Some((run.inputs.get(at)?, node.cites.get(at)?.as_slice())))
            .collect();
        intake::intake(self.contents, run.does, &inputs)
    }

    fn compute(&mut self, owner: &Owner) -> Boundary {
        match owner {
            Owner::Nobody => Boundary::unknown(),
            Owner::Founder(_) => Boundary {
                sources: Share::one(),
                ..Boundary::none()
            },
            // Asked about founders, whatever is none of them is the rest.
            Owner::Leaf(_) if self.contents.has_founders() => Boundary::unknown(),
            Owner::Leaf(reference) => self.of_leaf(*reference),
            Owner::Portion {
                statement,
                rows,
                whole,
                ..
            } => {
                let run = self.contents.graph.run(*statement);
                let (Some((_, run)), Some(intake)) = (run, self.intake(owner)) else {
                    return Boundary::unknown();
                };
                let alone = *whole && run.outputs.len() == 1;
                self.of_run(run, &intake, *rows, alone)
            }
        }
    }

    fn of_leaf(&self, reference: ArtifactRef) -> Boundary {
        let node = self.graph.nodes.get(&reference.statement);
        match node.map(|node| &node.statement.predicate) {
            Some(Predicate::Source(source)) => {
                origin::of_source(self.replaced.get(&reference).unwrap_or(source))
            }
            Some(Predicate::Model(_)) => Boundary {
                external_models: Share::one(),
                ..Boundary::none()
            },
            _ => Boundary::unknown(),
        }
    }

    /// What several statements claim is somewhere among what they say.
    fn among(&self, owners: &BTreeSet<Owner>) -> Boundary {
        let parts: Vec<_> = owners
            .iter()
            .map(|owner| Part {
                weight: Share::any(),
                value: self.known.get(owner).cloned().unwrap_or_else(Boundary::unknown),
            })
            .collect();
        Boundary::mixed(&parts)
    }
}

/// Returns whether a transform is one of weights.
pub(super) fn of_weights(run: &Run) -> bool {
    run.outputs.iter().any(|output| output.kind == OutputKind::Model)
}

/// Returns the positions of the inputs that the shares of an output of `run` come from: those it names, where they
/// carry mass, else all that do. Weights that a model starts from are never left out.
pub fn mass_inputs(run: &Run, output: usize) -> Vec<usize> {
    let named: &[u32] = run.outputs.get(output).map_or(&[], |output| &output.inputs);
    let is_named = |at: usize| named.iter().any(|position| usize::try_from(*position) == Ok(at));
    let heavy: Vec<(usize, Role)> = run
        .inputs
        .iter()
        .enumerate()
        .map(|(at, input)| (at, input.role))
        .filter(|(_, role)| has_mass(run, *role))
        .collect();
    // A base alone is not what a training makes.
    let refined = heavy
        .iter()
        .any(|(at, role)| is_named(*at) && (*role != Role::Base || run.does != Does::Train));
    heavy
        .into_iter()
        .filter(|(at, role)| !refined || is_named(*at) || *role == Role::Base)
        .map(|(at, _)| at)
        .collect()
}

/// Returns whether inputs of this role contribute mass to what the run makes.
pub(super) fn has_mass(run: &Run, role: Role) -> bool {
    match run.does {
        Does::Generate => matches!(role, Role::Generator | Role::Teacher),
        // Weights stay what they were made of, whatever else is said of the run.
        Does::Transform if of_weights(run) => role == Role::Base,
        Does::Transform if run.rewrites => matches!(role, Role::Generator | Role::Teacher),
        Does::Train => matches!(role, Role::Data | Role::Generator | Role::Base),
        Does::Merge => role == Role::Base,
        Does::Transform | Does::Filter | Does::Mix | Does::Annotate | Does::Judge | Does::Evaluate => {
            role == Role::Data
        }
    }
}
