//! Is a model declared as external that has the name of one this log made? Equal weights are a matter of claims.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::statement::ArtifactRef;
use crate::statement::Thing;
use crate::verify::finding::Code;
use crate::verify::finding::Finding;
use crate::verify::graph::Place;
use crate::verify::scene::Scene;

pub(super) fn apply(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    let mut own: BTreeMap<&str, ArtifactRef> = BTreeMap::new();
    for (reference, name) in &scene.case.own_models {
        own.entry(name).or_insert(*reference);
    }
    let mut seen: BTreeSet<crate::digest::StatementId> = BTreeSet::new();
    for reference in scene.artifacts() {
        let Some(located) = scene.graph.locate(reference) else {
            continue;
        };
        if located.thing != Thing::ExternalModel || !seen.insert(reference.statement) {
            continue;
        }
        if let Some(own) = own.get(located.item) {
            let message = format!(
                "{} is declared as an external model, but it has the name of a model this ledger trained ({own})",
                located.name()
            );
            let mut finding = scene.finding(Code::OwnModelAsExternal, Place::Artifact(reference), message);
            finding.other_path = vec![scene.graph.step(Place::Artifact(*own))];
            findings.push(finding);
        }
    }
}
