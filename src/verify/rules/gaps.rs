//! What is missing by the lineage's own account: inputs nobody declared, runs that consist of nothing.

use std::collections::BTreeSet;

use crate::statement::Answer;
use crate::statement::Does;
use crate::statement::InputFrom;
use crate::statement::Predicate;
use crate::statement::Role;
use crate::statement::Run;
use crate::statement::Thing;
use crate::statement::Word as _;
use crate::verify::finding::Code;
use crate::verify::finding::Finding;
use crate::verify::graph::Graph;
use crate::verify::graph::Node;
use crate::verify::graph::Place;
use crate::verify::scene::Scene;

pub(super) fn apply(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    for place in scene.from.keys() {
        match place {
            Place::Gap(id, at) => findings.push(gap(scene, *place, *id, *at)),
            Place::Run(id) => {
                let Some((node, run)) = scene.graph.run(*id) else {
                    continue;
                };
                if let Some(lacks) = lacks(scene.graph, node, run) {
                    findings.push(scene.finding(
                        Code::NothingToTrace,
                        *place,
                        format!("run {} {lacks}", run.name),
                    ));
                }
                if run.inputs_complete == Answer::No {
                    let message = format!("run {} itself says that its inputs are not complete", run.name);
                    findings.push(scene.finding(Code::InputsIncomplete, *place, message));
                }
            }
            Place::Artifact(_) => {}
        }
    }
    targets(scene, findings);
}

fn gap(scene: &Scene<'_>, place: Place, id: crate::digest::StatementId, at: usize) -> Finding {
    let text = scene.graph.gap(id, at).map_or("", |gap| gap.text.as_str());
    let predicate = scene.graph.nodes.get(&id).map(|node| &node.statement.predicate);
    let message = match predicate {
        Some(Predicate::Run(run)) => {
            let role = run.inputs.get(at).map_or("input", |input| input.role.as_str());
            format!(
                "run {} took \"{text}\" as {role}, and nobody declared where that comes from",
                run.name
            )
        }
        Some(Predicate::Source(source)) => format!(
            "source {} was derived from \"{text}\", and nobody declared where that comes from",
            source.name
        ),
        _ => format!("\"{text}\" is a member that nobody declared"),
    };
    scene.finding(Code::UnresolvedInput, place, message)
}

/// Returns what a run lacks to be one, in words; a gap in the role counts as present, and fails by itself.
fn lacks(graph: &Graph, node: &Node, run: &Run) -> Option<&'static str> {
    let count = |role: Role| -> u64 {
        run.inputs
            .iter()
            .filter(|input| input.role == role)
            .map(|input| match &input.from {
                InputFrom::Gap(_) => 1,
                InputFrom::Artifacts(cites) => cites.count(),
            })
            .sum()
    };
    match run.does {
        Does::Generate if count(Role::Generator) + count(Role::Teacher) == 0 => {
            Some("generates, but names no generator: what made its rows?")
        }
        Does::Transform if run.rewrites && count(Role::Generator) == 0 => {
            Some("rewrites its rows, but names no generator: what rewrote them?")
        }
        Does::Transform if count(Role::Data) + count(Role::Base) == 0 => {
            Some("transforms nothing: it has no data or base")
        }
        Does::Train if count(Role::Data) + count(Role::Generator) == 0 => {
            Some("trains on nothing: it has neither data nor a generator")
        }
        Does::Merge if distinct_bases(graph, node, run) < 2 => Some("merges fewer than two models"),
        Does::Filter | Does::Mix | Does::Annotate | Does::Judge | Does::Evaluate
            if count(Role::Data) == 0 =>
        {
            Some("has no data that could have gone through it")
        }
        _ => None,
    }
}

/// Counts the models of a merge, each once, whatever is cited of it. What is not known (gaps, and citations in a
/// manifest that may be missing) counts as stated.
fn distinct_bases(graph: &Graph, node: &Node, run: &Run) -> u64 {
    let mut models = BTreeSet::new();
    let mut open = 0;
    for (input, cited) in run.inputs.iter().zip(&node.cites) {
        match &input.from {
            InputFrom::Gap(_) => open += 1,
            InputFrom::Artifacts(cites) if cited.is_empty() => open += cites.count(),
            InputFrom::Artifacts(_) => models.extend(cited.iter().map(|reference| {
                let located = graph.locate(*reference);
                let output = located.as_ref().and_then(|located| located.output);
                let item = (reference.statement, output);
                let alone = located.filter(|located| located.set.is_some_and(|set| set.artifacts.len() == 1));
                // A model in one piece is the same model under any name.
                alone
                    .and_then(|located| located.artifact.filter(|artifact| artifact.has_bytes()))
                    .map_or(Err(item), |artifact| Ok(artifact.sha256))
            })),
        }
    }
    open + models.len() as u64
}

/// Something that was asked about must have a run of this ledger behind it: a leaf is declared, not traced. Of several
/// claims about one file one is enough, since they are held against each other elsewhere.
fn targets(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    let targets = &scene.case.starts;
    if scene.case.checkpoint.is_none() {
        // Nothing was read, so nothing can be said to be missing.
        return;
    }
    if targets.is_empty() {
        let message = format!("nothing in this ledger is {}", scene.case.request.name);
        findings.push(Finding::of_ledger(
            Code::NotRegistered,
            scene.case.request.name.clone(),
            message,
        ));
    }
    let located = || {
        targets
            .iter()
            .filter_map(|target| Some((*target, scene.graph.locate(*target)?)))
    };
    let has_run = scene.runs().next().is_some();
    if has_run && located().any(|(_, target)| matches!(target.thing, Thing::Output(_) | Thing::Dataset)) {
        return;
    }
    for (target, located) in located() {
        let message = format!(
            "{} is a {} with no run of this ledger behind it: there is no lineage to trace",
            located.name(),
            located.thing
        );
        findings.push(scene.finding(Code::NothingToTrace, Place::Artifact(target), message));
    }
}
