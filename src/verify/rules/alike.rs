//! Whether a thing without bytes is one that was to be excluded, by what is declared of it.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::digest::Sha256Digest;
use crate::statement::ArtifactRef;
use crate::statement::Model;
use crate::statement::Predicate;
use crate::statement::Thing;
use crate::verify::graph::Graph;
use crate::verify::graph::Located;
use crate::verify::graph::Place;
use crate::verify::scene::Scene;

use super::excluded::Wanted;
use super::excluded::Ways;
use super::excluded::note;

/// The shortest name that counts as contained in another, in bytes: shorter ones are in everything.
const NEARLY_BYTES_MIN: usize = 2;

/// Things without bytes, which are known by what is said of them; and sources that name a model as their generator.
pub(super) fn by_declaration(scene: &Scene<'_>, wanted: &[Wanted<'_>], ways: &mut Ways) {
    let mut declared: BTreeMap<(Thing, Sha256Digest), Vec<usize>> = BTreeMap::new();
    let mut names: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, one) in wanted.iter().enumerate() {
        for artifact in &one.artifacts {
            let Some(located) = scene.graph.locate(*artifact) else {
                continue;
            };
            if let Some(key) = located
                .artifact
                .filter(|artifact| artifact.content_id().is_none())
            {
                declared.entry((located.thing, key.sha256)).or_default().push(at);
            }
            if located.is_of_model() {
                names.entry(folded(located.item)).or_default().push(at);
            }
        }
    }
    for reference in scene.artifacts() {
        let Some(located) = scene.graph.locate(reference) else {
            continue;
        };
        let place = Place::Artifact(reference);
        if let Some(artifact) = located.artifact {
            for at in declared
                .get(&(located.thing, artifact.sha256))
                .into_iter()
                .flatten()
            {
                note(
                    ways,
                    *at,
                    place,
                    "an ancestor without bytes has the same declaration",
                );
            }
        }
        if let Predicate::Source(source) = &located.node.statement.predicate {
            for name in source.generators.names() {
                for at in names.get(&folded(name)).into_iter().flatten() {
                    let told = format!("source {} names {name} as a model that made it", located.name());
                    note(ways, *at, place, told);
                }
            }
        }
        if let Some(ours) = model(scene.graph, reference) {
            for (at, one) in wanted.iter().enumerate() {
                let same = models(scene.graph, one).any(|(other, theirs)| {
                    folded(ours.name.as_str()) == folded(theirs.name.as_str())
                        && undistinguished(scene, (reference, ours), (other, theirs))
                });
                if same {
                    note(ways, at, place, "an ancestor is declared as the same model");
                }
            }
        }
    }
}

/// Returns whether nothing that is declared tells two models apart: provider and version are the same, and not both
/// have weights that could be compared.
fn undistinguished(scene: &Scene<'_>, one: (ArtifactRef, &Model), other: (ArtifactRef, &Model)) -> bool {
    folded(&one.1.provider) == folded(&other.1.provider)
        && folded(&one.1.version) == folded(&other.1.version)
        && !(has_bytes(scene, one.0) && has_bytes(scene, other.0))
}

fn has_bytes(scene: &Scene<'_>, reference: ArtifactRef) -> bool {
    let located = scene.graph.locate(reference);
    located.is_some_and(|located| located.content_id().is_some())
}

/// Returns a name as names are compared: ASCII letters in lower case, and digits. What has neither is compared as it is.
fn folded(name: &str) -> String {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    if plain.is_empty() {
        return name.trim().to_lowercase();
    }
    plain.to_ascii_lowercase()
}

/// Returns why a model cannot be told from something on the walk that goes by another name.
pub(super) fn alike(scene: &Scene<'_>, one: &Wanted<'_>) -> Option<String> {
    by_another_name(scene, one).or_else(|| named_nearly(scene, one))
}

fn by_another_name(scene: &Scene<'_>, one: &Wanted<'_>) -> Option<String> {
    let ours = || {
        scene
            .artifacts()
            .filter_map(|reference| Some((reference, model(scene.graph, reference)?)))
    };
    models(scene.graph, one).find_map(|theirs| {
        if let Some((_, found)) = ours().find(|ours| undistinguished(scene, *ours, theirs)) {
            return Some(format!(
                "the ancestor {} is by the same provider, {}, and has the same version, {}: nothing that is declared tells \
                 the two apart",
                found.name, found.provider, found.version
            ));
        }
        let (_, found) = ours().find(|ours| may_point_to(scene, *ours, theirs))?;
        Some(format!(
            "the ancestor {} is by the same provider, {}, and one of the two is an alias, which may have pointed to the other",
            found.name, found.provider
        ))
    })
}

/// Returns whether one of two models is an alias that may have meant the other.
fn may_point_to(scene: &Scene<'_>, one: (ArtifactRef, &Model), other: (ArtifactRef, &Model)) -> bool {
    (one.1.alias || other.1.alias)
        && folded(&one.1.provider) == folded(&other.1.provider)
        && !(has_bytes(scene, one.0) && has_bytes(scene, other.0))
}

/// Returns why a name among the generators of a source may mean the model: one contains the other, or it is the model's
/// version.
fn named_nearly(scene: &Scene<'_>, one: &Wanted<'_>) -> Option<String> {
    let mut names = BTreeSet::new();
    let mut versions = BTreeSet::new();
    for artifact in &one.artifacts {
        let located = scene.graph.locate(*artifact);
        if let Some(located) = located.filter(Located::is_of_model) {
            names.insert(folded(located.item));
        }
        if let Some(model) = model(scene.graph, *artifact) {
            versions.insert(folded(&model.version));
        }
    }
    if names.is_empty() {
        return None;
    }
    let contains = |long: &str, short: &str| short.len() >= NEARLY_BYTES_MIN && long.contains(short);
    for reference in scene.artifacts() {
        let Some(located) = scene.graph.locate(reference) else {
            continue;
        };
        let Predicate::Source(source) = &located.node.statement.predicate else {
            continue;
        };
        for generator in source.generators.names() {
            let said = folded(generator);
            let is_near = |name: &String| contains(name, &said) || contains(&said, name);
            let what = if names.iter().any(is_near) {
                "one name contains the other"
            } else if versions.contains(&said) {
                "that names its version"
            } else {
                continue;
            };
            return Some(format!(
                "source {} names \"{generator}\" as a model that made it, which may be the same: {what}",
                located.name()
            ));
        }
    }
    None
}

fn model(graph: &Graph, artifact: ArtifactRef) -> Option<&Model> {
    match &graph.nodes.get(&artifact.statement)?.statement.predicate {
        Predicate::Model(model) => Some(model),
        _ => None,
    }
}

/// Returns the external models among what is to be excluded.
fn models<'g>(graph: &'g Graph, one: &Wanted<'_>) -> impl Iterator<Item = (ArtifactRef, &'g Model)> {
    one.artifacts
        .iter()
        .filter_map(|artifact| Some((*artifact, model(graph, *artifact)?)))
}
