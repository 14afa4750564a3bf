//! What is missing by the lineage's own account: inputs nobody declared, runs that consist of nothing.

use crate::statement::Answer;
use crate::statement::Does;
use crate::statement::InputFrom;
use crate::statement::Predicate;
use crate::statement::Role;
use crate::statement::Run;
use crate::statement::Word as _;
use crate::verify::finding::Code;
use crate::verify::finding::Finding;
use crate::verify::graph::Place;
use crate::verify::judge::Scene;

pub(super) fn apply(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    for place in scene.from.keys() {
        match place {
            Place::Gap(id, at) => findings.push(gap(scene, *place, *id, *at)),
            Place::Run(id) => {
                let Some((_, run)) = scene.graph.run(*id) else {
                    continue;
                };
                if let Some(lacks) = lacks(run) {
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
    if scene.runs().next().is_none() {
        nothing(scene, findings);
    }
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
        _ => format!("\"{text}\" is a member that nobody declared"),
    };
    scene.finding(Code::UnresolvedInput, place, message)
}

/// Returns what a run lacks to be one, in words; a gap in the role counts as present, and fails by itself.
fn lacks(run: &Run) -> Option<&'static str> {
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
        Does::Merge if count(Role::Base) < 2 => Some("merges fewer than two models"),
        Does::Filter | Does::Mix | Does::Annotate | Does::Judge | Does::Evaluate
            if count(Role::Data) == 0 =>
        {
            Some("has no data that could have gone through it")
        }
        _ => None,
    }
}

fn nothing(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    if scene.case.request.artifacts.is_empty() {
        let message = format!(
            "{} names no artifact: there is no lineage to trace",
            scene.case.request.name
        );
        findings.push(Finding::of_ledger(Code::NothingToTrace, "ledger", message));
    }
    for target in &scene.case.request.artifacts {
        if let Some(located) = scene.graph.locate(*target) {
            let message = format!(
                "{} is a {} with no run of this ledger behind it: there is no lineage to trace",
                located.name(),
                located.thing
            );
            findings.push(scene.finding(Code::NothingToTrace, Place::Artifact(*target), message));
        }
    }
}
