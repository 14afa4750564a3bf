//! Is every statement one that could have been appended: signed by a key with a grant, citing what stands below
//! it, each input able to play its role?

use std::collections::BTreeMap;

use crate::digest::StatementId;
use crate::statement::Predicate;
use crate::trust::Standing;
use crate::trust::TrustError;
use crate::verify::finding::Code;
use crate::verify::finding::Finding;
use crate::verify::graph::Node;
use crate::verify::graph::Place;
use crate::verify::judge::Scene;
use crate::verify::machine::with_sources;

pub(super) fn apply(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    let mut places: BTreeMap<StatementId, Place> = BTreeMap::new();
    for place in scene.from.keys().rev() {
        match place {
            Place::Run(id) => places.insert(*id, *place),
            Place::Artifact(reference) => places.insert(reference.statement, *place),
            Place::Gap(..) => None,
        };
    }
    for (id, node) in &scene.graph.nodes {
        let place = places.get(id).copied();
        signatures(scene, node, *id, place, findings);
        citations(scene, node, *id, place, findings);
    }
}

fn signatures(
    scene: &Scene<'_>,
    node: &Node,
    id: StatementId,
    place: Option<Place>,
    findings: &mut Vec<Finding>,
) {
    let (Some(keys), Some(envelope)) = (&scene.case.keys, scene.case.envelopes.get(&id)) else {
        return;
    };
    let index = node.index;
    let of = |code: Code, message: String| match place {
        Some(place) => scene.finding(code, place, message),
        None => Finding::of_ledger(code, format!("entry {index}"), message),
    };
    let checked = keys.public_key(envelope.key()).map(|key| envelope.verify(key));
    if let Ok(Err(error)) = &checked {
        findings.push(of(
            Code::SignatureInvalid,
            format!("entry {index}: {}", with_sources(error)),
        ));
        return;
    }
    // A rival claim counts against a lineage whoever made it; only what the lineage rests on needs a grant.
    let Some(place) = place else { return };
    match keys.may_sign(envelope.key(), &node.statement.grant_words(), index.get()) {
        Ok(_) => {}
        Err(error @ (TrustError::Unknown { .. } | TrustError::NotThen { .. } | TrustError::Kind { .. })) => {
            findings.push(scene.finding(Code::KeyNotGranted, place, format!("entry {index}: {error}")));
        }
        Err(error) => {
            findings.push(scene.finding(Code::Inadmissible, place, format!("entry {index}: {error}")));
        }
    }
    if keys.standing(envelope.key(), index.get(), id) == Standing::Suspect {
        let message = format!(
            "entry {index} was signed by key {} while that key was compromised, and no other key affirmed it",
            envelope.key()
        );
        findings.push(scene.finding(Code::SuspectKey, place, message));
    }
}

fn citations(
    scene: &Scene<'_>,
    node: &Node,
    id: StatementId,
    place: Option<Place>,
    findings: &mut Vec<Finding>,
) {
    let inputs = match &node.statement.predicate {
        Predicate::Run(run) => run.inputs.as_slice(),
        _ => &[],
    };
    for (at, cited) in node.cites.iter().enumerate() {
        for reference in cited {
            let here = Place::Artifact(*reference);
            let Some(located) = scene.graph.locate(*reference) else {
                continue;
            };
            if located.node.index >= node.index {
                let message = format!(
                    "entry {} cites entry {}, which does not stand below it",
                    node.index, located.node.index
                );
                findings.push(Finding::of_ledger(
                    Code::Inadmissible,
                    format!("hb:{id}"),
                    message,
                ));
            }
            let (Some(_), Some(input), Predicate::Run(run)) =
                (place, inputs.get(at), &node.statement.predicate)
            else {
                continue;
            };
            if !run.does.takes(input.role, located.thing) && scene.from.contains_key(&here) {
                let message = format!(
                    "{} is a {}, which cannot be the {} of a run that does {}",
                    located.name(),
                    located.thing,
                    input.role,
                    run.does
                );
                findings.push(scene.finding(Code::RoleMismatch, here, message));
            }
        }
    }
}
