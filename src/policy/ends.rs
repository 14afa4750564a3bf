//! Rules about where a lineage ends and when it was told: evaluation data, the order of entries, witnesses.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::digest::Sha256Digest;
use crate::statement::Does;
use crate::statement::Predicate;
use crate::statement::Statement;
use crate::verify::Code;
use crate::verify::DescentNode;
use crate::verify::DescentPart;

use super::case::Against;
use super::case::Case;
use super::case::facts_of;
use super::facts::told;
use super::facts::undeclared;
use super::select::Alike;
use super::select::Facts;
use super::select::Met;
use super::select::Select;
use super::select::alike;

/// Weights do not learn from what they are evaluated on; everything else is looked at, whatever its role.
pub(super) fn no_evaluation_data(case: &Case<'_>, sets: &Select, found: &mut Against<'_, '_>) {
    let learned = learned(case);
    let mut told_of = BTreeSet::new();
    for candidate in case
        .sources
        .iter()
        .filter(|candidate| learned.contains(&candidate.at))
    {
        let step = candidate.elsewhere.as_ref();
        match sets.any(&candidate.facts) {
            Met::Yes(why) => {
                told_of.insert(candidate.at);
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
            told_of.insert(at);
            let message = format!(
                "{} {} is an evaluation set: {why}",
                node.shown.kind, node.shown.name
            );
            found.node(true, at, None, message);
        }
    }
    same_bytes(case, sets, &learned, &mut told_of, found);
    undeclared(case, found);
}

/// Bytes of a set are the set, whatever else they are called: another source, a file of a manifest, what a run put out.
fn same_bytes(
    case: &Case<'_>,
    sets: &Select,
    learned: &BTreeSet<usize>,
    told_of: &mut BTreeSet<usize>,
    found: &mut Against<'_, '_>,
) {
    let parcels = || {
        let all = case.descent.parcels.all.iter();
        all.filter_map(move |parcel| Some((parcel.node?, case.node(parcel.node?)?, &parcel.digests)))
    };
    let mut named: BTreeMap<Sha256Digest, &str> = BTreeMap::new();
    named.extend(sets.content.iter().map(|digest| (*digest, "that is named by it")));
    for (_, node, digests) in
        parcels().filter(|(_, node, _)| is_meant(sets, &node.statement, &node.shown.name))
    {
        named.extend(digests.iter().map(|digest| (*digest, node.shown.name.as_str())));
    }
    let mut same: Vec<(usize, &DescentNode, Sha256Digest, &str)> = Vec::new();
    for content in &case.descent.shared {
        let mut claims = content.claims.iter();
        if let Some(set) = claims.find(|claim| is_meant(sets, &claim.statement, &claim.name)) {
            let nodes = content.claims.iter().filter_map(|claim| claim.node);
            let nodes = nodes.filter_map(|at| Some((at, case.node(at)?, content.sha256, set.name.as_str())));
            same.extend(nodes);
        }
    }
    // An empty file is nobody's.
    named.remove(&Sha256Digest::of(b""));
    same.extend(parcels().filter_map(|(at, node, digests)| {
        let known = digests.iter().find_map(|digest| named.get_key_value(digest));
        known.map(|(digest, set)| (at, node, *digest, *set))
    }));
    for (at, node, digest, set) in same {
        if learned.contains(&at) && told_of.insert(at) {
            let message = format!(
                "{} {} has bytes of the evaluation set {set}: sha256 {digest}",
                node.shown.kind, node.shown.name
            );
            found.node(true, at, None, message);
        }
    }
}

/// Whether a statement is one of the sets: of a source by all that it declares, of anything else by its name.
fn is_meant(sets: &Select, statement: &Statement, name: &str) -> bool {
    match &statement.predicate {
        Predicate::Source(source) => matches!(sets.any(&facts_of(source)), Met::Yes(_)),
        _ => sets.name.iter().any(|set| alike(name, set) == Alike::Same),
    }
}

fn is_rows_made_here(node: &DescentNode) -> bool {
    matches!(node.shown.kind, "shard" | "scores" | "dataset")
}

/// What a decontamination is held against brings nothing of its content along, and neither does an evaluation of the
/// weights that come out; of the scores that come out it does.
fn only_compares(node: &DescentNode, role: &str, is_weights: bool) -> bool {
    let filters = matches!(&node.statement.predicate, Predicate::Run(run) if run.does == Does::Filter);
    (role == "eval" && is_weights) || (role == "reference" && filters)
}

/// Returns everything that is reached without passing through what a run only compares with.
fn learned(case: &Case<'_>) -> BTreeSet<usize> {
    let starts = &case.descent.starts;
    // With each, whether it is a run of which only the weights, or what was asked about, are taken.
    let mut queue: Vec<(usize, bool)> = starts.iter().map(|at| (*at, true)).collect();
    let mut seen: BTreeSet<(usize, bool)> = queue.iter().copied().collect();
    while let Some((at, is_weights)) = queue.pop() {
        let Some(node) = case.node(at) else { continue };
        let of_weights = node.shown.kind == "model" || starts.contains(&at);
        let edges = node.descends.iter();
        let below = edges
            .filter(|edge| !only_compares(node, edge.role, is_weights))
            .map(|edge| (edge.to, edge.role != "output" || of_weights));
        queue.extend(below.filter(|next| seen.insert(*next)).collect::<Vec<_>>());
    }
    seen.into_iter().map(|(at, _)| at).collect()
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
