//! Rules about where a lineage ends and when it was told: evaluation data, the order of entries, witnesses.

use std::collections::BTreeSet;

use crate::statement::Does;
use crate::statement::Predicate;
use crate::verify::Code;
use crate::verify::DescentNode;
use crate::verify::DescentPart;

use super::case::Against;
use super::case::Case;
use super::facts::told;
use super::facts::undeclared;
use super::select::Facts;
use super::select::Met;
use super::select::Select;

/// Whatever is taken to evaluate is not learned from; everything else is looked at, whatever its role.
pub(super) fn no_evaluation_data(case: &Case<'_>, sets: &Select, found: &mut Against<'_, '_>) {
    let learned = learned(case);
    for candidate in case
        .sources
        .iter()
        .filter(|candidate| learned.contains(&candidate.at))
    {
        let step = candidate.elsewhere.as_ref();
        match sets.any(&candidate.facts) {
            Met::Yes(why) => {
                let message = format!("{} is an evaluation set: {why}", told(candidate));
                found.node(true, candidate.at, step, message);
            }
            Met::NotKnown(why) => {
                let message = format!(
                    "whether {} is an evaluation set is not known: {why}",
                    told(candidate)
                );
                found.node(false, candidate.at, step, message);
            }
            Met::No(_) => {}
        }
    }
    // What was made here goes by its name and its bytes; that it has no holder is no doubt.
    let made = Select {
        name: sets.name.clone(),
        content: sets.content.clone(),
        ..Select::default()
    };
    for at in learned.iter().copied() {
        let Some(node) = case.node(at).filter(|node| is_rows_made_here(node)) else {
            continue;
        };
        let facts = Facts {
            name: &node.shown.name,
            artifacts: node.artifacts(),
            source: None,
        };
        if let Met::Yes(why) = made.any(&facts) {
            let message = format!(
                "{} {} is an evaluation set: {why}",
                node.shown.kind, node.shown.name
            );
            found.node(true, at, None, message);
        }
    }
    undeclared(case, found);
}

fn is_rows_made_here(node: &DescentNode) -> bool {
    matches!(node.shown.kind, "shard" | "scores" | "dataset")
}

/// An evaluation, and what a decontamination is held against, bring nothing of their content along.
fn only_compares(node: &DescentNode, role: &str) -> bool {
    let filters = matches!(&node.statement.predicate, Predicate::Run(run) if run.does == Does::Filter);
    role == "eval" || (role == "reference" && filters)
}

/// Returns everything that is reached without passing through what a run only compares with.
fn learned(case: &Case<'_>) -> BTreeSet<usize> {
    let mut queue: Vec<usize> = case.descent.starts.clone();
    let mut seen: BTreeSet<usize> = queue.iter().copied().collect();
    while let Some(at) = queue.pop() {
        let Some(node) = case.node(at) else { continue };
        let edges = node.descends.iter();
        let below = edges
            .filter(|edge| !only_compares(node, edge.role))
            .map(|edge| edge.to);
        queue.extend(below.filter(|next| seen.insert(*next)).collect::<Vec<_>>());
    }
    seen
}

/// The log is the only clock there is: what a training descends from has to stand below it, and no gap of it may have
/// been filled afterwards.
pub(super) fn declared_before_trained(case: &Case<'_>, found: &mut Against<'_, '_>) {
    for finding in &case.judgement.findings {
        if matches!(finding.code, Code::DeclaredLate | Code::Corrected) {
            found.path(true, finding.path.clone(), finding.message.clone());
        }
    }
    let mut told = BTreeSet::new();
    for (at, node, _) in case.runs().filter(|(_, _, run)| run.does == Does::Train) {
        for end in below(case, at) {
            let Some(leaf) = case.node(end).filter(|leaf| is_declared(leaf)) else {
                continue;
            };
            if leaf.shown.entry > node.shown.entry && told.insert(end) {
                let message = format!(
                    "{} {} was declared at entry {}, after run {} at entry {}",
                    leaf.shown.kind, leaf.shown.name, leaf.shown.entry, node.shown.name, node.shown.entry
                );
                found.node(true, end, None, message);
            }
        }
    }
    undeclared(case, found);
}

fn is_declared(node: &DescentNode) -> bool {
    let declared = matches!(
        node.statement.predicate,
        Predicate::Source(_) | Predicate::Model(_) | Predicate::Prompt(_) | Predicate::Filter(_)
    );
    declared && matches!(node.part, DescentPart::Set(_))
}

fn below(case: &Case<'_>, at: usize) -> BTreeSet<usize> {
    let mut queue = vec![at];
    let mut seen = BTreeSet::new();
    while let Some(at) = queue.pop() {
        let edges = case
            .node(at)
            .map(|node| node.descends.as_slice())
            .unwrap_or_default();
        let next = edges.iter().map(|edge| edge.to);
        queue.extend(next.filter(|next| seen.insert(*next)).collect::<Vec<_>>());
    }
    seen
}

/// No checkpoint has a witness in this version.
pub(super) fn witnesses(at_least: u64, found: &mut Against<'_, '_>) {
    found.broken_by_all(format!(
        "0 witnesses signed the checkpoint, and {at_least} are demanded: this version knows no witnesses, so no lineage \
         keeps this rule"
    ));
}
