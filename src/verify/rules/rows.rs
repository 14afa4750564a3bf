//! Do the rows add up? Filtering, mixing, transforming, annotating, judging and evaluating make no rows.

use std::collections::BTreeMap;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::One as _;
use num_traits::Zero as _;

use crate::statement::ArtifactRef;
use crate::statement::Decimal;
use crate::statement::Does;
use crate::statement::Input;
use crate::statement::Output;
use crate::statement::OutputKind;
use crate::statement::Role;
use crate::statement::Run;
use crate::verify::contents::Content;
use crate::verify::contents::ContentKey;
use crate::verify::contents::rows_out;
use crate::verify::finding::Code;
use crate::verify::finding::Finding;
use crate::verify::graph::Node;
use crate::verify::graph::Place;
use crate::verify::mass::of_weights;
use crate::verify::scene::Scene;

pub(super) fn apply(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    for id in scene.runs() {
        let Some((node, run)) = scene.graph.run(id) else {
            continue;
        };
        let found = match run.does {
            Does::Train => training(scene, node, run),
            Does::Transform if run.rewrites || of_weights(run) => None,
            Does::Filter | Does::Transform | Does::Mix | Does::Annotate | Does::Judge | Does::Evaluate => {
                passing(scene, node, run)
            }
            Does::Generate | Does::Merge => None,
        };
        if let Some((code, message)) = found {
            findings.push(scene.finding(code, Place::Run(id), message));
        }
        if let Some(expansion) = &run.expansion {
            let message = format!("run {} declares that one row becomes up to {expansion}", run.name);
            findings.push(scene.finding(Code::RowsExpanded, Place::Run(id), message));
        }
    }
}

/// What one data input can account for.
struct Supply<'a> {
    position: usize,
    input: &'a Input,
    /// Nothing when the limit for contents is reached.
    contents: Option<Vec<Content>>,
    /// Rows of all its distinct contents.
    exists: Option<BigRational>,
}

impl Supply<'_> {
    /// The smallest of what exists and what the input states to have taken or kept.
    fn rows(&self) -> Option<BigRational> {
        [
            self.exists.clone(),
            self.input.rows.map(whole),
            self.input.kept.map(whole),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn repeat(&self) -> BigRational {
        factor(self.input.repeat.as_ref())
    }
}

fn supplies<'a>(scene: &Scene<'_>, node: &Node, run: &'a Run) -> Vec<Supply<'a>> {
    let data: Vec<(usize, (&Input, &Vec<ArtifactRef>))> = run
        .inputs
        .iter()
        .zip(&node.cites)
        .enumerate()
        .filter(|(_, (input, _))| input.role == Role::Data)
        .collect();
    let cited: Vec<&[ArtifactRef]> = data.iter().map(|(_, (_, cited))| cited.as_slice()).collect();
    let supply = |((position, (input, _)), list): ((usize, (&'a Input, _)), Option<Vec<Content>>)| {
        let contents = list.filter(|list| !list.is_empty());
        let exists = contents.as_deref().and_then(|list| {
            list.iter()
                .map(|content| content.rows.map(whole))
                .sum::<Option<BigRational>>()
        });
        Supply {
            position,
            input,
            contents,
            exists,
        }
    };
    let lists = scene.contents.of_each(&cited);
    data.into_iter().zip(lists).map(supply).collect()
}

/// Returns the most rows that inputs account for together: by input, and by content, where the same content in
/// several inputs counts once, repeated as often as the input that repeats it most.
fn accounted(supplies: &[&Supply<'_>]) -> Option<BigRational> {
    let by_input = supplies
        .iter()
        .map(|supply| Some(supply.rows()? * supply.repeat()))
        .sum::<Option<BigRational>>()?;
    let by_content = distinct(supplies);
    Some(by_content.map_or_else(|| by_input.clone(), |rows| rows.min(by_input.clone())))
}

fn distinct(supplies: &[&Supply<'_>]) -> Option<BigRational> {
    let mut contents: BTreeMap<ContentKey, BigRational> = BTreeMap::new();
    for supply in supplies {
        let repeat = supply.repeat();
        for content in supply.contents.as_ref()? {
            let rows = whole(content.rows?) * &repeat;
            let known = contents.entry(content.key).or_insert_with(BigRational::zero);
            if rows > *known {
                *known = rows;
            }
        }
    }
    Some(contents.into_values().sum())
}

/// Returns what is wrong with the rows of a run that makes none.
fn passing(scene: &Scene<'_>, node: &Node, run: &Run) -> Option<(Code, String)> {
    let supplies = supplies(scene, node, run);
    let all: Vec<&Supply<'_>> = supplies.iter().collect();
    let of_rows = || {
        run.outputs
            .iter()
            .filter(|output| output.kind != OutputKind::Model)
    };
    let together: Vec<&Output> = of_rows().collect();
    let mut groups = vec![(together, all)];
    for output in of_rows() {
        let named: Vec<&Supply<'_>> = supplies
            .iter()
            .filter(|supply| {
                let is_it = |position: &u32| usize::try_from(*position) == Ok(supply.position);
                output.inputs.iter().any(is_it)
            })
            .collect();
        if !named.is_empty() {
            groups.push((vec![output], named));
        }
    }
    let mut unchecked = false;
    for (outputs, supplies) in groups {
        match held_against(scene, run, &outputs, &supplies) {
            Held::Fits => {}
            Held::NotKnown => unchecked = true,
            Held::TooMany(message) => return Some((Code::RowsNotAccounted, message)),
        }
    }
    unchecked.then(|| not_checked(run))
}

enum Held {
    Fits,
    NotKnown,
    TooMany(String),
}

fn held_against(scene: &Scene<'_>, run: &Run, outputs: &[&Output], supplies: &[&Supply<'_>]) -> Held {
    let counts = outputs.iter().map(|output| rows_out(scene.graph, &output.set));
    let (out, all_out) = counts.fold((0_u64, true), |(sum, all), (rows, known)| {
        (sum.saturating_add(rows), all && known)
    });
    let all_in = supplies.iter().all(|supply| supply.exists.is_some());
    let Some(accounted) = accounted(supplies) else {
        return Held::NotKnown;
    };
    // Where a model takes part, rows beyond those taken are rows it generated.
    let by_model = run.inputs.iter().any(|input| input.role == Role::Generator);
    let expansion = factor(run.expansion.as_ref());
    let expansion = if by_model {
        expansion.min(BigRational::one())
    } else {
        expansion
    };
    let allowed = accounted * expansion;
    if whole(out) <= allowed {
        return if all_in && all_out {
            Held::Fits
        } else {
            Held::NotKnown
        };
    }
    let which = match outputs {
        [only] if run.outputs.len() > 1 => format!(" as {}", only.name),
        _ => String::new(),
    };
    let hint = if by_model {
        "what its generator made is declared with `does: generate`, or as a transform that `rewrites`"
    } else {
        "an input is missing, or `expansion:` is"
    };
    Held::TooMany(format!(
        "run {} does {} and put out {out} rows{which}, but its data inputs account for {} at most; {hint}",
        run.name,
        run.does,
        allowed.to_integer()
    ))
}

/// Training takes each distinct row once an epoch; inputs that state more than that have rows of their own.
fn training(scene: &Scene<'_>, node: &Node, run: &Run) -> Option<(Code, String)> {
    let supplies = supplies(scene, node, run);
    let empty = |supply: &Supply<'_>| {
        supply.input.kept == Some(0) || supply.exists.as_ref().is_some_and(BigRational::is_zero)
    };
    let by_model = run.inputs.iter().any(|input| input.role == Role::Generator);
    if !supplies.is_empty() && supplies.iter().all(empty) && !by_model {
        let message = format!("run {} trains on nothing: its data has no row", run.name);
        return Some((Code::NothingToTrace, message));
    }
    let stating: Vec<&Supply<'_>> = supplies
        .iter()
        .filter(|supply| supply.input.rows.is_some())
        .collect();
    let epochs = factor(run.epochs.as_ref());
    let groups = stating.iter().map(|supply| vec![*supply]);
    for group in groups.chain([stating.clone()]) {
        let stated: u64 = group
            .iter()
            .filter_map(|supply| supply.input.rows)
            .fold(0, u64::saturating_add);
        let Some(distinct) = distinct(&group) else {
            continue;
        };
        if whole(stated) > &distinct * &epochs {
            let message = format!(
                "run {} states {stated} rows of data that has {} distinct ones; passes over them are `epochs:`",
                run.name,
                distinct.to_integer()
            );
            return Some((Code::RowsNotAccounted, message));
        }
    }
    let unchecked = stating.iter().any(|supply| supply.exists.is_none());
    unchecked.then(|| not_checked(run))
}

fn not_checked(run: &Run) -> (Code, String) {
    let message = format!(
        "the rows of run {} are not all known, so they were not checked",
        run.name
    );
    (Code::RowsNotChecked, message)
}

fn factor(decimal: Option<&Decimal>) -> BigRational {
    decimal.map_or_else(BigRational::one, |decimal| decimal.value().clone())
}

fn whole(rows: u64) -> BigRational {
    BigRational::from_integer(BigInt::from(rows))
}
