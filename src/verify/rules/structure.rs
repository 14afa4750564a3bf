//! Is every statement one that could have been appended: signed by a key with a grant, citing what stands below
//! it, each input able to play its role?

use std::collections::BTreeMap;

use crate::digest::KeyId;
use crate::digest::StatementId;
use crate::envelope;
use crate::envelope::EnvelopeError;
use crate::merkle::LeafIndex;
use crate::statement::Does;
use crate::statement::Predicate;
use crate::statement::Role;
use crate::statement::Thing;
use crate::trust::Keys;
use crate::trust::Standing;
use crate::trust::TrustError;
use crate::verify::finding::Code;
use crate::verify::finding::Finding;
use crate::verify::graph::Located;
use crate::verify::graph::Node;
use crate::verify::graph::Place;
use crate::verify::machine::with_sources;
use crate::verify::scene::Scene;

pub(super) fn apply(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    let places = scene.places();
    let unsigned = unsigned(scene);
    for (id, node) in &scene.graph.nodes {
        let place = places.get(id).copied();
        signatures(scene, node, *id, place, unsigned.get(id), findings);
        citations(scene, node, *id, place, findings);
    }
}

/// Returns the statements whose signatures do not count, with why: all are checked together.
fn unsigned(scene: &Scene<'_>) -> BTreeMap<StatementId, EnvelopeError> {
    let Some(keys) = &scene.case.keys else {
        return BTreeMap::new();
    };
    let of_node = |id: &StatementId| {
        let envelope = scene.case.envelopes.get(id)?;
        Some((*id, (envelope, keys.public_key(envelope.key()).ok()?)))
    };
    let (ids, envelopes): (Vec<_>, Vec<_>) = scene.graph.nodes.keys().filter_map(of_node).unzip();
    let checked = ids.into_iter().zip(envelope::verify_all(&envelopes));
    checked
        .filter_map(|(id, checked)| Some((id, checked.err()?)))
        .collect()
}

fn signatures(
    scene: &Scene<'_>,
    node: &Node,
    id: StatementId,
    place: Option<Place>,
    unsigned: Option<&EnvelopeError>,
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
    if let Some(error) = unsigned {
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
    findings.extend(standing(scene, keys, envelope.key(), (index, id), place));
}

/// What was signed with a key that was compromised by then counts only if another key affirmed it, and that is told.
fn standing(
    scene: &Scene<'_>,
    keys: &Keys,
    key: KeyId,
    (index, id): (LeafIndex, StatementId),
    place: Place,
) -> Option<Finding> {
    let suspect_by = keys.record(key).and_then(|record| record.suspect_by);
    let told = suspect_by.map_or_else(String::new, |entry| format!(" (revoked at entry {entry})"));
    let signed = format!("entry {index} was signed by key {key}, which was compromised by then{told}");
    match keys.standing(key, index.get(), id) {
        Standing::Good => None,
        Standing::Affirmed { by, entry } => {
            let message = format!("{signed}; it counts because key {by} affirmed it at entry {entry}");
            Some(scene.finding(Code::Affirmed, place, message))
        }
        Standing::Suspect => {
            let message = format!("{signed}, and no other key affirmed it");
            Some(scene.finding(Code::SuspectKey, place, message))
        }
    }
}

fn citations(
    scene: &Scene<'_>,
    node: &Node,
    id: StatementId,
    place: Option<Place>,
    findings: &mut Vec<Finding>,
) {
    let model = match &node.statement.predicate {
        Predicate::Filter(filter) => filter.model,
        _ => None,
    };
    let lists = node.cites.iter().enumerate();
    let cited = lists.flat_map(|(at, list)| list.iter().map(move |reference| (at, *reference)));
    for (at, reference) in cited.chain(model.map(|model| (0, model))) {
        let Some(located) = scene.graph.locate(reference) else {
            // What the lineage cites was reported when it was read, and so was a manifest that is missing.
            if place.is_none() && scene.graph.is_dangling(reference) {
                let message =
                    format!("{reference} is cited, but its statement has no such subject or member");
                findings.push(Finding::of_ledger(
                    Code::Inadmissible,
                    reference.to_string(),
                    message,
                ));
            }
            continue;
        };
        if located.node.index >= node.index && !scene.case.effects.redirect.leads_to(reference) {
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
        let here = Place::Artifact(reference);
        if place.is_some()
            && scene.from.contains_key(&here)
            && let Some(message) = misplaced(node, at, &located)
        {
            findings.push(scene.finding(Code::RoleMismatch, here, message));
        }
    }
}

/// Returns why something cannot be what a statement takes it for.
fn misplaced(node: &Node, at: usize, located: &Located<'_>) -> Option<String> {
    let (name, thing) = (located.name(), located.thing);
    match &node.statement.predicate {
        Predicate::Run(run) => {
            let role = run.inputs.get(at)?.role;
            let does = run.does;
            (!does.takes(role, thing))
                .then(|| format!("{name} is a {thing}, which cannot be the {role} of a run that does {does}"))
        }
        // What may be mixed may be collected: else a model could become data by way of a data set.
        Predicate::Dataset(set) => (!Does::Mix.takes(Role::Data, thing)).then(|| {
            format!(
                "{name} is a {thing}, which cannot be a member of data set {}",
                set.name
            )
        }),
        // What was made from something of this ledger is the output of a run, and no source.
        Predicate::Source(source) => (thing != Thing::Source).then(|| {
            format!(
                "{name} is a {thing}, which source {} cannot be derived from",
                source.name
            )
        }),
        Predicate::Filter(filter) => (!Does::Judge.takes(Role::Judge, thing)).then(|| {
            format!(
                "{name} is a {thing}, which cannot be the model of filter {}",
                filter.name
            )
        }),
        _ => None,
    }
}
