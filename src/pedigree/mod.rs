//! The pedigree of a model: who contributes how much, how many generations lie between, how concentrated it all is, and
//! whether a model feeds on itself or on what it is measured by.
//!
//! Pure mathematics over the verified lineage, in exact rationals; counts that are missing widen results to intervals that
//! hold every completion of them. [`pedigree`] takes the [`Descent`] of a judgement; [`measure`] takes a [`Graph`], which is
//! all that the mathematics sees. Definitions and their sources: `docs/pedigree.md`.

mod adapt;
mod collapse;
mod contamination;
mod effective;
mod families;
mod generators;
mod graph;
mod measures;
mod paths;
mod spectrum;
mod survivors;
mod sweep;
mod teachers;
mod unfold;
mod unknowns;
mod versus;

#[cfg(test)]
mod tests;

use std::cell::Cell;

use crate::verify::Descent;

pub use adapt::Target;
pub use adapt::adapt;
pub use collapse::Collapse;
pub use collapse::Range;
pub use contamination::Contamination;
pub use contamination::Evaluation;
pub use contamination::Level;
pub use contamination::Reached;
pub use families::Kin;
pub use families::LOOPS_MAX;
pub use families::Loop;
pub use families::SelfConsumption;
pub use generators::Contribution;
pub use graph::Condition;
pub use graph::Graph;
pub use graph::GraphError;
pub use graph::Item;
pub use graph::Kind;
pub use graph::Node;
pub use graph::Parent;
pub use measures::Founder;
pub use measures::Measures;
pub use spectrum::Depth;
pub use spectrum::GENERATIONS_MAX;
pub use spectrum::Generation;
pub use sweep::FOLD_STEPS_MAX;
pub use teachers::Teacher;
pub use unknowns::UNKNOWNS_MAX;
pub use unknowns::Unknown;
pub use versus::SharedFounder;
pub use versus::Versus;
pub use versus::versus;

/// The pedigree of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pedigree {
    /// Cumulative: with everything that it took over from a base.
    pub whole: Measures,
    /// What its last training run itself brings, the base left out; nothing without a base, or without anything beside it.
    pub stage: Option<Measures>,
    /// How much its own kin generated.
    pub self_consumption: SelfConsumption,
    /// The same of what the last training run itself brings, without loops.
    pub stage_self_consumption: Option<SelfConsumption>,
    /// One for each evaluation set that was looked for.
    pub contamination: Vec<Contamination>,
    /// Models that taught trainings among the ancestors, without being part of the mass.
    pub teachers: Vec<Teacher>,
    /// Which counts are missing, and where.
    pub unknowns: Vec<Unknown>,
    /// How many more there are.
    pub unknowns_left_out: usize,
    /// Named limits that were reached, each as a sentence.
    pub limits: Vec<String>,
}

/// Works out the pedigree of what was judged. `evaluations` are the descents of the evaluation sets to look for, each with the
/// name that is shown.
pub fn pedigree(descent: &Descent, evaluations: &[Target<'_>]) -> Result<Pedigree, GraphError> {
    let graph = adapt(descent)?;
    let evaluations: Vec<Evaluation> = evaluations
        .iter()
        .map(|target| adapt::evaluation(descent, &graph, target))
        .collect();
    let mut pedigree = measure(&graph, &evaluations);
    let (unknowns, left_out) = unknowns::unknowns(descent, &graph);
    pedigree.unknowns = unknowns;
    pedigree.unknowns_left_out = left_out;
    if descent.parcels.exhausted {
        pedigree.limits.push(format!(
            "the rows of this lineage were not all counted: it has more than {} artifacts and members",
            crate::verify::CONTENTS_MAX
        ));
    }
    Ok(pedigree)
}

/// Works out the pedigree of the first node of a graph; missing counts are not named, only felt.
pub fn measure(graph: &Graph, evaluations: &[Evaluation]) -> Pedigree {
    let left = Cell::new(FOLD_STEPS_MAX);
    let whole = measures::measures(graph, 0, &left);
    let stage = graph.stage().map(|stage| measures::measures(graph, stage, &left));
    let self_consumption = families::self_consumption(graph, 0, 0, &left);
    let stage_self_consumption =
        (graph.stage()).map(|stage| families::self_consumption(graph, 0, stage, &left));
    let contamination = (evaluations.iter())
        .map(|evaluation| contamination::contamination(graph, 0, evaluation, &left))
        .collect();
    let mut limits = Vec::new();
    if whole.depth.max >= GENERATIONS_MAX {
        limits.push(format!(
            "more than {GENERATIONS_MAX} generations are not told apart: the last class of the spectrum has all of them"
        ));
    }
    if left.get() < graph.edges() {
        limits.push(format!(
            "not all intervals are as tight as they could be: {FOLD_STEPS_MAX} edges were walked for that"
        ));
    }
    Pedigree {
        whole,
        stage,
        self_consumption,
        stage_self_consumption,
        contamination,
        teachers: teachers::teachers(graph, 0),
        unknowns: Vec::new(),
        unknowns_left_out: 0,
        limits,
    }
}
