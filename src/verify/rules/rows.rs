//! Do the rows add up? Filtering, mixing, transforming, annotating and judging make no rows.

use std::collections::BTreeSet;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::One as _;

use crate::statement::ArtifactRef;
use crate::statement::Decimal;
use crate::statement::Does;
use crate::statement::OutputKind;
use crate::statement::Role;
use crate::statement::Run;
use crate::verify::finding::Code;
use crate::verify::finding::Finding;
use crate::verify::graph::Graph;
use crate::verify::graph::Node;
use crate::verify::graph::Place;
use crate::verify::judge::Scene;
use crate::verify::mass::rows_existing;

pub(super) fn apply(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    for id in scene.runs() {
        let Some((node, run)) = scene.graph.run(id) else {
            continue;
        };
        let found = match run.does {
            Does::Train => training(scene.graph, node, run),
            Does::Transform if run.rewrites || of_weights(run) => None,
            Does::Filter | Does::Transform | Does::Mix | Does::Annotate | Does::Judge => {
                passing(scene.graph, node, run)
            }
            Does::Generate | Does::Merge | Does::Evaluate => None,
        };
        if let Some((code, message)) = found {
            findings.push(scene.finding(code, Place::Run(id), message));
        }
    }
}

fn of_weights(run: &Run) -> bool {
    run.inputs.iter().any(|input| input.role == Role::Base)
}

/// Returns what is wrong with the rows of a run that makes none. Equal contents count once, however often and
/// under how many names they are taken; `repeat` says so when rows really are repeated.
fn passing(graph: &Graph, node: &Node, run: &Run) -> Option<(Code, String)> {
    let out = run
        .outputs
        .iter()
        .filter(|output| output.kind != OutputKind::Model)
        .try_fold(0_u64, |sum, output| sum.checked_add(output.set.total_rows()?));
    let mut seen = BTreeSet::new();
    let mut taken = Some(BigRational::from_integer(BigInt::from(0)));
    for (at, input) in run
        .inputs
        .iter()
        .enumerate()
        .filter(|(_, input)| input.role == Role::Data)
    {
        let fresh: Vec<ArtifactRef> = node
            .cites
            .get(at)
            .into_iter()
            .flatten()
            .copied()
            .filter(|reference| seen.insert(content_key(graph, *reference)))
            .collect();
        let exists = if fresh.is_empty() && !node.cites.get(at).is_none_or(Vec::is_empty) {
            Some(0)
        } else {
            rows_existing(graph, &fresh)
        };
        let rows = match (input.rows, exists) {
            (Some(stated), Some(exists)) => Some(stated.min(exists)),
            (stated, exists) => stated.or(exists),
        };
        taken = taken
            .zip(rows)
            .map(|(sum, rows)| sum + times(rows, input.repeat.as_ref()));
    }
    let (Some(out), Some(taken)) = (out, taken) else {
        return Some((
            Code::RowsNotChecked,
            format!(
                "the rows of run {} are not all known, so they were not checked",
                run.name
            ),
        ));
    };
    let allowed = &taken * factor(run.expansion.as_ref());
    (BigRational::from_integer(BigInt::from(out)) > allowed).then(|| {
        let message = format!(
            "run {} does {} and put out {out} rows, but its data inputs account for {allowed} at most; an input is \
             missing, or `expansion:` is",
            run.name, run.does
        );
        (Code::RowsNotAccounted, message)
    })
}

/// Training takes each distinct row once an epoch; an input that states more than that has rows of its own.
fn training(graph: &Graph, node: &Node, run: &Run) -> Option<(Code, String)> {
    for (at, input) in run
        .inputs
        .iter()
        .enumerate()
        .filter(|(_, input)| input.role == Role::Data)
    {
        let (Some(stated), Some(cited)) = (input.rows, node.cites.get(at).filter(|cited| !cited.is_empty()))
        else {
            continue;
        };
        let mut seen = BTreeSet::new();
        let distinct: Vec<ArtifactRef> = cited
            .iter()
            .copied()
            .filter(|reference| seen.insert(content_key(graph, *reference)))
            .collect();
        let Some(exists) = rows_existing(graph, &distinct) else {
            continue;
        };
        let allowed = times(exists, input.repeat.as_ref()) * factor(run.epochs.as_ref());
        if BigRational::from_integer(BigInt::from(stated)) > allowed {
            let message = format!(
                "run {} states {stated} rows of an input that has {exists} distinct ones; passes over them are `epochs:`",
                run.name
            );
            return Some((Code::RowsNotAccounted, message));
        }
    }
    None
}

/// What makes two inputs the same rows: equal bytes, or the same reference where there are none.
fn content_key(graph: &Graph, reference: ArtifactRef) -> String {
    let digest = graph.locate(reference).and_then(|located| located.sha256());
    digest.map_or_else(|| reference.to_string(), |digest| digest.to_hex())
}

fn factor(decimal: Option<&Decimal>) -> BigRational {
    decimal.map_or_else(BigRational::one, |decimal| decimal.value().clone())
}

fn times(rows: u64, repeat: Option<&Decimal>) -> BigRational {
    BigRational::from_integer(BigInt::from(rows)) * factor(repeat)
}
