//! Where lineages end: sources nobody can account for, digests nobody computed, versions that may move.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::VecDeque;

use crate::digest::StatementId;
use crate::statement::Absence;
use crate::statement::ArtifactRef;
use crate::statement::Basis;
use crate::statement::Content;
use crate::statement::MadeBy;
use crate::statement::Predicate;
use crate::statement::Source;
use crate::statement::Thing;
use crate::verify::finding::Code;
use crate::verify::finding::Finding;
use crate::verify::graph::Located;
use crate::verify::graph::Place;
use crate::verify::mass::OriginClass;
use crate::verify::mass::classify;
use crate::verify::scene::Scene;

pub(super) fn apply(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    derived(scene, findings);
    for reference in scene.artifacts() {
        let Some(located) = scene.graph.locate(reference) else {
            continue;
        };
        let place = Place::Artifact(reference);
        match &located.node.statement.predicate {
            Predicate::Source(source) => {
                let effective = scene.effective(reference).unwrap_or(source);
                if let Some((code, message)) = of_source(&located, effective) {
                    findings.push(scene.finding(code, place, message));
                }
            }
            Predicate::Model(model) if model.alias => {
                let message = format!(
                    "`{}` of {} is an alias: which model answered is not known for sure",
                    model.version, model.provider
                );
                findings.push(scene.finding(Code::AliasVersion, place, message));
            }
            _ => {}
        }
        if let Some((code, message)) = of_content(&located) {
            findings.push(scene.finding(code, place, message));
        }
    }
}

fn of_source(located: &Located<'_>, source: &Source) -> Option<(Code, String)> {
    let name = located.name();
    let mixed = source.made_by == MadeBy::Mixed;
    match classify(source) {
        OriginClass::SyntheticUnknown => Some((
            Code::SyntheticOriginUnknown,
            format!("source {name} was made by a model, and nobody says which"),
        )),
        OriginClass::Unknown if mixed => Some((
            Code::OriginUnknown,
            format!(
                "nobody says what part of the mixed source {name} a model made: `synthetic_share` is missing"
            ),
        )),
        OriginClass::Unknown => Some((
            Code::OriginUnknown,
            format!("nobody knows who made source {name}, and it is no public data, crawl or user data"),
        )),
        OriginClass::NotKnown => Some((
            Code::OriginNotKnown,
            format!("nobody knows what part of source {name} a model made"),
        )),
        OriginClass::Opaque | OriginClass::Mixed | OriginClass::Declared => None,
    }
}

/// Tells of declared sources that were derived, directly or by way of other sources, from one that is none: once a source,
/// and one such parent of it.
fn derived(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    let mut children: BTreeMap<ArtifactRef, Vec<ArtifactRef>> = BTreeMap::new();
    let mut queue: VecDeque<(ArtifactRef, String)> = VecDeque::new();
    for reference in scene.artifacts() {
        let (Some(source), Some(located)) = (scene.effective(reference), scene.graph.locate(reference))
        else {
            continue;
        };
        for parent in scene.graph.below(Place::Artifact(reference)) {
            if let Place::Artifact(parent) = parent {
                children.entry(parent).or_default().push(reference);
            }
        }
        if classify(source) != OriginClass::Declared {
            queue.push_back((reference, located.name()));
        }
    }
    let mut told: BTreeSet<StatementId> = BTreeSet::new();
    while let Some((parent, origin)) = queue.pop_front() {
        // Each is asked for its children once.
        for child in children.remove(&parent).unwrap_or_default() {
            let source = scene
                .effective(child)
                .filter(|source| classify(source) == OriginClass::Declared);
            let (Some(source), Some(located)) = (source, scene.graph.locate(child)) else {
                continue;
            };
            if told.insert(child.statement) {
                let message = format!(
                    "source {} is declared as made by {}, and was derived from {origin}, which is not: what part of it \
                     comes from there is not known",
                    located.name(),
                    source.made_by
                );
                findings.push(scene.finding(Code::ParentSynthetic, Place::Artifact(child), message));
            }
            queue.push_back((child, origin.clone()));
        }
    }
}

fn of_content(located: &Located<'_>) -> Option<(Code, String)> {
    let artifact = located.artifact?;
    let name = located.name();
    match &artifact.content {
        Content::Absent {
            absence: Absence::Illustrative,
            ..
        } => Some((
            Code::IllustrativeDigest,
            format!("the content of {name} is a made-up example"),
        )),
        Content::Absent {
            absence: Absence::Foreign { alg, value },
            ..
        } => Some((
            Code::NotHashed,
            format!("{name} is known only as {alg} {value}: no file can be held against it"),
        )),
        Content::Absent {
            absence: Absence::NotKnown,
            ..
        } => Some((
            Code::NotHashed,
            format!("nobody hashed {name}: no file can be held against it"),
        )),
        Content::Absent {
            absence: Absence::None,
            ..
        } if matches!(located.thing, Thing::Source | Thing::Output(_)) => Some((
            Code::NotHashed,
            format!("{name} is declared to have no bytes: no file can be held against it"),
        )),
        Content::File {
            basis: Basis::Given, ..
        }
        | Content::Manifest {
            basis: Basis::Given, ..
        } => Some((
            Code::DigestGiven,
            format!("the digest of {name} was stated, not computed by herdbook"),
        )),
        _ => None,
    }
}
