//! Whether a thing without bytes is one that was to be excluded, by what is declared of it.

use std::collections::BTreeMap;

use crate::digest::Sha256Digest;
use crate::statement::ArtifactRef;
use crate::statement::Model;
use crate::statement::Predicate;
use crate::statement::Thing;
use crate::verify::graph::Graph;
use crate::verify::graph::Place;
use crate::verify::scene::Scene;

use super::excluded::Wanted;
use super::excluded::Ways;
use super::excluded::note;

/// Things without bytes, which are known by what is said of them; and sources that name a model as their generator.
pub(super) fn by_declaration(scene: &Scene<'_>, wanted: &[Wanted<'_>], ways: &mut Ways) {
    let mut declared: BTreeMap<(Thing, Sha256Digest), Vec<usize>> = BTreeMap::new();
    let mut names: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
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
                names.entry(located.item).or_default().push(at);
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
                for at in names.get(name).into_iter().flatten() {
                    let told = format!("source {} names {name} as a model that made it", located.name());
                    note(ways, *at, place, told);
                }
            }
        }
        if let Some(ours) = model(scene.graph, reference) {
            for (at, one) in wanted.iter().enumerate() {
                let same = models(scene.graph, one).any(|(other, theirs)| {
                    ours.name == theirs.name && undistinguished(scene, (reference, ours), (other, theirs))
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
    let has_bytes = |reference: ArtifactRef| {
        let located = scene.graph.locate(reference);
        located.is_some_and(|located| located.content_id().is_some())
    };
    let plain = |text: &str| text.trim().to_lowercase();
    plain(&one.1.provider) == plain(&other.1.provider)
        && plain(&one.1.version) == plain(&other.1.version)
        && !(has_bytes(one.0) && has_bytes(other.0))
}

/// Returns why a model cannot be told from an external model on the walk that goes by another name.
pub(super) fn alike(scene: &Scene<'_>, one: &Wanted<'_>) -> Option<String> {
    let ours = || {
        scene
            .artifacts()
            .filter_map(|reference| Some((reference, model(scene.graph, reference)?)))
    };
    models(scene.graph, one).find_map(|theirs| {
        let (_, found) = ours().find(|ours| undistinguished(scene, *ours, theirs))?;
        Some(format!(
            "the ancestor {} is by the same provider, {}, and has the same version, {}: nothing that is declared tells the \
             two apart",
            found.name, found.provider, found.version
        ))
    })
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
