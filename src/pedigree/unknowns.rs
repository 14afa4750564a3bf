//! Which counts are missing, and where: what has to be found out for the intervals to close.

use std::collections::BTreeSet;

use num_traits::Zero as _;

use crate::statement::Does;
use crate::statement::Input;
use crate::statement::Predicate;
use crate::statement::Role;
use crate::statement::Run;
use crate::verify::Descent;
use crate::verify::DescentNode;
use crate::verify::DescentPart;
use crate::verify::Parcel;
use crate::verify::mass_inputs;

use super::graph::Graph;
use super::sweep::sweep;

/// The most missing counts that are listed; the rest is counted.
pub const UNKNOWNS_MAX: usize = 200;

/// One count that is missing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unknown {
    /// `hb:` or `gap:` id of what it is missing of.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What is missing: `rows`, `share` (of a base), `kept` (rows of an input that came out) or `parent_share` (what part of a
    /// declared source comes from a parent that is not declared).
    pub what: &'static str,
    /// The run that takes it, where the count is one of an input of it.
    pub run: Option<String>,
    /// The same as a sentence.
    pub text: String,
}

/// Returns the counts that are missing, nearest to the model first, and how many more there are. What contributes no mass
/// leaves no number open.
pub(super) fn unknowns(descent: &Descent, graph: &Graph) -> (Vec<Unknown>, usize) {
    let shares = sweep(graph, 0, |_| true);
    let mut found: Vec<Unknown> = Vec::new();
    let contributes = |at: usize| shares.get(at).is_some_and(|share| !share.high.is_zero());
    let parcels = descent.parcels.all.iter().enumerate();
    let hidden = super::adapt::hidden(descent);
    for (at, parcel) in parcels.filter(|(at, _)| contributes(*at)) {
        let Some(node) = parcel.node.and_then(|at| descent.nodes.get(at)) else {
            continue;
        };
        if let (Predicate::Run(run), DescentPart::Set(output)) = (&node.statement.predicate, node.part) {
            if is_open(descent, parcel) {
                found.extend(of_run(descent, node, run, output));
            }
            if parcel.sampled && node.shown.rows.or(parcel.rows).is_none() {
                found.push(rows_of(node));
            }
        }
        if hidden.get(at).is_some_and(Option::is_some) {
            found.push(parents_of(descent, node, parcel));
        }
        let is_source = node.shown.kind == "source" && parcel.end.is_some();
        if is_source && node.shown.rows.is_none() {
            found.push(rows_of(node));
        }
    }
    let mut seen = BTreeSet::new();
    found.retain(|one| seen.insert(one.clone()));
    let left_out = found.len().saturating_sub(UNKNOWNS_MAX);
    found.truncate(UNKNOWNS_MAX);
    (found, left_out)
}

/// Whether a training says how many rows of an input it learnt from.
fn is_kept(run: &Run, input: &Input) -> bool {
    run.does == Does::Train && input.kept.is_some()
}

/// Whether some weight of what a parcel consists of is not known.
fn is_open(descent: &Descent, parcel: &Parcel) -> bool {
    let mut queue = vec![parcel];
    while let Some(parcel) = queue.pop() {
        let several = parcel.parents.len() > 1;
        for parent in &parcel.parents {
            if several && !parent.weight.is_exact() {
                return true;
            }
            let below = descent.parcels.all.get(parent.parcel);
            queue.extend(below.filter(|below| below.node.is_none()));
        }
    }
    false
}

fn rows_of(node: &DescentNode) -> Unknown {
    Unknown {
        id: node.shown.id.clone(),
        name: node.shown.name.clone(),
        what: "rows",
        run: None,
        text: format!("rows of {} are not known", node.shown.name),
    }
}

/// What nobody says of a declared source that was derived from something that is none.
fn parents_of(descent: &Descent, node: &DescentNode, parcel: &Parcel) -> Unknown {
    let parents = (parcel.conditions.iter())
        .filter_map(|parent| descent.nodes.get(descent.parcels.all.get(parent.parcel)?.node?))
        .map(|parent| parent.shown.name.as_str());
    let parents: BTreeSet<&str> = parents.collect();
    let parents = if parents.is_empty() {
        "what it was derived from".to_owned()
    } else {
        parents.into_iter().collect::<Vec<_>>().join(", ")
    };
    let name = &node.shown.name;
    Unknown {
        id: node.shown.id.clone(),
        name: name.clone(),
        what: "parent_share",
        run: None,
        text: format!("what part of {name} comes from its parent {parents} is not known"),
    }
}

fn of_run(descent: &Descent, output: &DescentNode, run: &Run, at: usize) -> Vec<Unknown> {
    let Some(step) =
        (descent.nodes.iter()).find(|node| node.id == output.id && node.part == DescentPart::Run)
    else {
        return Vec::new();
    };
    let by_share = |role: Role| match run.does {
        Does::Generate | Does::Merge => true,
        Does::Transform => role == Role::Base || run.rewrites,
        _ => role == Role::Base,
    };
    let mut found = Vec::new();
    let mut silent = Vec::new();
    for position in mass_inputs(run, at) {
        let Some(input) = run.inputs.get(position) else {
            continue;
        };
        let those: Vec<&DescentNode> = (step.descends.iter())
            .filter(|edge| edge.input == Some(position))
            .filter_map(|edge| descent.nodes.get(edge.to))
            .collect();
        for node in those {
            let missing = |what: &'static str, text: String| Unknown {
                id: node.shown.id.clone(),
                name: node.shown.name.clone(),
                what,
                run: Some(step.shown.name.clone()),
                text,
            };
            let (name, taker) = (&node.shown.name, &step.shown.name);
            if by_share(input.role) {
                if input.share.is_none() {
                    found.push(missing(
                        "share",
                        format!("the share of {name} in {taker} is not known"),
                    ));
                }
            } else if node.shown.rows.is_none()
                && input.rows.is_none()
                && input.tokens.is_none()
                && !is_kept(run, input)
            {
                found.push(if input.role == Role::Generator {
                    missing(
                        "rows",
                        format!("how many rows {name} generated in {taker} is not known"),
                    )
                } else {
                    rows_of(node)
                });
            } else if input.kept.is_none() {
                silent.push(missing(
                    "kept",
                    format!("how many rows of {name} came out of {taker} is not known"),
                ));
            }
        }
    }
    let passes = !matches!(run.does, Does::Train | Does::Generate | Does::Merge);
    if found.is_empty() && passes {
        if output.shown.rows.is_none() {
            found.push(rows_of(output));
        }
        found.extend(silent);
    }
    found
}
