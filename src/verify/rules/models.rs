//! Is a model declared as external that has the name of one this log made (equal weights are a matter of claims)?
//! And did a model work on rows that count as somebody else's?

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::digest::StatementId;
use crate::statement::ArtifactRef;
use crate::statement::Does;
use crate::statement::Predicate;
use crate::statement::Role;
use crate::statement::folded;
use crate::verify::finding::Code;
use crate::verify::finding::Finding;
use crate::verify::graph::Place;
use crate::verify::mass::has_mass;
use crate::verify::scene::Scene;

pub(super) fn apply(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    own_names(scene, findings);
    enriched(scene, findings);
}

/// A model whose work is counted as rows of the data: said, so that nobody reads the shares without it. A judge adds
/// its judgement to the rows of an annotation or a judging; elsewhere it only picks.
fn enriched(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    for id in scene.runs() {
        let Some((node, run)) = scene.graph.run(id) else {
            continue;
        };
        let adds = matches!(run.does, Does::Annotate | Does::Judge);
        let worked = |role: Role| match role {
            Role::Generator => !has_mass(run, role),
            Role::Judge => adds,
            _ => false,
        };
        let models: Vec<String> = run
            .inputs
            .iter()
            .zip(&node.cites)
            .filter(|(input, _)| worked(input.role))
            .flat_map(|(_, cited)| cited)
            .filter_map(|reference| Some(scene.graph.locate(*reference)?.name()))
            .collect();
        if !models.is_empty() {
            let message = format!(
                "run {} does {} with model {}; its rows count as those of its data, not as the model's",
                run.name,
                run.does,
                models.join(", ")
            );
            findings.push(scene.finding(Code::AiEnriched, Place::Run(id), message));
        }
    }
}

fn own_names(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    let mut own: BTreeMap<String, ArtifactRef> = BTreeMap::new();
    for (reference, name) in &scene.case.own_models {
        own.entry(folded(name)).or_insert(*reference);
    }
    let mut seen: BTreeSet<StatementId> = BTreeSet::new();
    for reference in scene.artifacts() {
        let Some(located) = scene.graph.locate(reference) else {
            continue;
        };
        if !seen.insert(reference.statement) {
            continue;
        }
        let name = located.name();
        let said: Vec<(&str, String)> = match &located.node.statement.predicate {
            Predicate::Model(_) => vec![(
                located.item,
                format!("{name} is declared as an external model, but it has the name of a model this ledger trained"),
            )],
            Predicate::Source(source) => source.generators.names()
                .map(|of| {
                    let message = format!(
                        "source {name} is declared as made by {of}, which is the name of a model this ledger trained; declare \
                         the run in which that model made it"
                    );
                    (of, message)
                })
                .collect(),
            _ => Vec::new(),
        };
        for (external, message) in said {
            let Some(own) = own.get(&folded(external)) else {
                continue;
            };
            let message = format!("{message} ({own})");
            let mut finding = scene.finding(Code::OwnModelAsExternal, Place::Artifact(reference), message);
            finding.other_path = vec![scene.graph.step(Place::Artifact(*own))];
            findings.push(finding);
        }
    }
}
