//! Is a model declared as external that this log itself made?

use std::collections::BTreeSet;

use crate::statement::ArtifactRef;
use crate::statement::OutputKind;
use crate::statement::Thing;
use crate::verify::finding::Code;
use crate::verify::finding::Finding;
use crate::verify::graph::Place;
use crate::verify::judge::Scene;

use super::claims::is_weights;

pub(super) fn apply(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    let mut seen: BTreeSet<crate::digest::StatementId> = BTreeSet::new();
    for reference in scene.artifacts() {
        let Some(located) = scene.graph.locate(reference) else {
            continue;
        };
        if located.thing != Thing::ExternalModel || !seen.insert(reference.statement) {
            continue;
        }
        let named = |(_, name): &(&ArtifactRef, &String)| name.as_str() == located.item;
        let by_name = scene.case.own_models.iter().find(named).map(|(own, _)| *own);
        let twin = by_name.or_else(|| by_digest(scene, reference));
        if let Some(own) = twin {
            let how = if by_name.is_some() {
                "the name"
            } else {
                "the weights"
            };
            let message = format!(
                "{} is declared as an external model, but it has {how} of a model this ledger trained ({own})",
                located.name()
            );
            let mut finding = scene.finding(Code::OwnModelAsExternal, Place::Artifact(reference), message);
            let starts = [Place::Artifact(own)];
            finding.other_path = scene
                .graph
                .path(&scene.graph.reach(&starts), Place::Artifact(own));
            findings.push(finding);
        }
    }
}

fn by_digest(scene: &Scene<'_>, external: ArtifactRef) -> Option<ArtifactRef> {
    let of_external = |claim: &ArtifactRef| claim.statement == external.statement;
    scene
        .case
        .claims
        .values()
        .filter(|claims| {
            claims
                .iter()
                .any(|claim| of_external(claim) && is_weights(scene.graph, *claim))
        })
        .flatten()
        .copied()
        .find(|claim| {
            scene
                .graph
                .locate(*claim)
                .is_some_and(|own| own.thing == Thing::Output(OutputKind::Model))
                && is_weights(scene.graph, *claim)
        })
}
