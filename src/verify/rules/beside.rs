//! What else is compared with a node that was to be excluded: code and evidence, and things whose bytes nobody stated.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::digest::Sha256Digest;
use crate::statement::Absence;
use crate::statement::ArtifactRef;
use crate::statement::Content;
use crate::statement::Predicate;
use crate::verify::graph::Located;
use crate::verify::graph::Place;
use crate::verify::scene::Scene;

use super::claims::on_walk;
use super::court::says_nothing;
use super::excluded::Wanted;
use super::excluded::Ways;
use super::excluded::note;
use super::exempt::without_rows;

/// How many things are named in a sentence before the rest is counted.
const NAMED_MAX: usize = 3;

/// Code and evidence beside what is on the walk that have the bytes of a node.
pub(super) fn by_attachments(scene: &Scene<'_>, wanted: &[Wanted<'_>], ways: &mut Ways) {
    let mut digests: BTreeMap<Sha256Digest, BTreeSet<usize>> = BTreeMap::new();
    for (at, one) in wanted.iter().enumerate() {
        for digest in content_of(scene, one) {
            digests.entry(digest).or_default().insert(at);
        }
    }
    for (id, place) in scene.places() {
        let Some(node) = scene.graph.nodes.get(&id) else {
            continue;
        };
        let run = Place::Run(id);
        let place = if scene.from.contains_key(&run) { run } else { place };
        let predicate = &node.statement.predicate;
        for attachment in predicate.attachments().iter().filter(|one| !one.sealed) {
            // A blob's id is the SHA-256 of its bytes.
            let found = digests.get(&Sha256Digest::from_bytes(*attachment.blob.as_bytes()));
            let whose = match predicate {
                Predicate::Run(run) => format!("code of run {}", run.name),
                Predicate::Source(source) => format!("evidence of source {}", source.name),
                _ => format!("a file beside {}", scene.graph.step(place).name),
            };
            for at in found.into_iter().flatten() {
                let told = format!("{whose} has the same bytes: {}", attachment.name);
                note(ways, *at, place, told);
            }
        }
    }
}

/// Returns the digests of a node's bytes; those of content without rows only if they were asked for.
fn content_of(scene: &Scene<'_>, one: &Wanted<'_>) -> BTreeSet<Sha256Digest> {
    let mut digests = one.bytes.clone();
    for artifact in &one.artifacts {
        let Some(located) = scene.graph.locate(*artifact) else {
            continue;
        };
        let members = scene.graph.members_of(&located).unwrap_or_default();
        let own = located.sha256().into_iter();
        let all = own.chain(members.iter().map(|member| member.sha256));
        digests
            .extend(all.filter(|digest| !without_rows(scene.graph, *digest, &BTreeSet::from([*artifact]))));
    }
    digests
}

/// Returns why the bytes of a node cannot be told from something on the walk: that has bytes, of which nobody stated a
/// digest or only a foreign identifier. A model is held against models, anything else against the rest.
pub(super) fn incomparable(scene: &Scene<'_>, one: &Wanted<'_>) -> Option<String> {
    let located = || one.artifacts.iter().filter_map(|one| scene.graph.locate(*one));
    let has_bytes = |model: bool| {
        let of_class = |located: Located<'_>| located.is_of_model() == model && located.sha256().is_some();
        !one.bytes.is_empty() || located().any(of_class)
    };
    let (data, models) = (has_bytes(false), has_bytes(true));
    let mut names: BTreeMap<u64, String> = BTreeMap::new();
    for reference in scene.artifacts() {
        let Some(found) = scene.graph.locate(reference) else {
            continue;
        };
        let is_comparable = if found.is_of_model() { models } else { data };
        if !is_comparable {
            continue;
        }
        let known_by = match found.artifact.map(|artifact| &artifact.content) {
            Some(Content::Absent {
                absence: Absence::Foreign { alg, .. },
                ..
            }) => format!("only {alg}"),
            Some(Content::Absent {
                absence: Absence::NotKnown,
                ..
            }) => "no digest".to_owned(),
            _ => continue,
        };
        let told = || format!("\"{}\" ({known_by} is stated)", found.name());
        names.entry(found.node.index.get()).or_insert_with(told);
    }
    let more = names.len().saturating_sub(NAMED_MAX);
    let first: Vec<String> = names.into_values().take(NAMED_MAX).collect();
    if first.is_empty() {
        return None;
    }
    let and = if more == 0 {
        String::new()
    } else {
        format!(" and {more} more")
    };
    Some(format!(
        "its bytes cannot be compared with those of {}{and}; state their sha256",
        first.join(", ")
    ))
}

/// Says what was compared where nothing was found.
pub(super) fn told_apart(scene: &Scene<'_>, one: &Wanted<'_>) -> String {
    let name = &scene.case.request.name;
    let asked = one.asked;
    let has_content = |artifact: &ArtifactRef| {
        let located = scene.graph.locate(*artifact);
        located.is_some_and(|located| located.content_id().is_some())
    };
    if one.bytes.is_empty() && !one.artifacts.iter().any(has_content) {
        return format!(
            "nothing that {name} descends from is declared as {asked}, which has no bytes to compare"
        );
    }
    match excepted(scene, one) {
        Some(shared) => format!(
            "what {name} descends from has its content in nothing but files without rows or beside weights: {shared}"
        ),
        None => format!("nothing that {name} descends from has its content"),
    }
}

/// Returns a file that a node and the walk share and that does not count, if there is one.
fn excepted(scene: &Scene<'_>, one: &Wanted<'_>) -> Option<String> {
    let is_wanted =
        |claim: &ArtifactRef| one.artifacts.contains(claim) || one.artifacts.contains(&claim.whole());
    for (digest, claims) in &scene.case.claims {
        let Some(theirs) = claims.iter().find(|claim| is_wanted(claim)) else {
            continue;
        };
        let Some(ours) = claims.iter().find(|claim| on_walk(scene, **claim).is_some()) else {
            continue;
        };
        let pair = scene.graph.locate(*ours).zip(scene.graph.locate(*theirs));
        if without_rows(scene.graph, *digest, claims)
            || pair.is_some_and(|(one, other)| says_nothing(scene.graph, &one, &other))
        {
            return Some(scene.graph.step(Place::Artifact(*theirs)).name);
        }
    }
    None
}
