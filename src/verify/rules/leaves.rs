//! What lineages end in, so that two of them can be compared.

use std::collections::BTreeSet;

use crate::digest::Sha256Digest;
use crate::statement::Artifact;
use crate::statement::ArtifactRef;
use crate::statement::Cites;
use crate::statement::Gap;
use crate::statement::Generators;
use crate::statement::MadeBy;
use crate::statement::Predicate;
use crate::statement::Source;
use crate::statement::Thing;
use crate::verify::graph::Located;
use crate::verify::graph::Place;
use crate::verify::mass::OriginClass;
use crate::verify::mass::classify;
use crate::verify::scene::Scene;

/// What a lineage ends in, known by content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum LeafContent {
    /// Bytes of a source, a prompt or a filter.
    Bytes(Sha256Digest),
    /// Weights of an external model.
    Model(Sha256Digest),
    /// Something without bytes: all that is said of where it comes from.
    Declared(Sha256Digest),
    Gap(Sha256Digest),
}

/// The leaves of a lineage: all of them, and those that bring mass.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Leaves {
    pub(super) all: BTreeSet<LeafContent>,
    pub(super) heavy: BTreeSet<LeafContent>,
}

pub(super) fn leaf(scene: &Scene<'_>, place: Place, leaves: &mut BTreeSet<LeafContent>) {
    let graph = scene.graph;
    match place {
        Place::Run(_) => {}
        Place::Gap(id, at) => {
            let gap = graph.gap(id, at);
            let text = gap.map_or(String::new(), |gap| format!("{}\n{:?}", gap.text, gap.digest));
            leaves.insert(LeafContent::Gap(Sha256Digest::of(text.as_bytes())));
        }
        Place::Artifact(reference) => {
            if let Some(located) = graph.locate(reference) {
                leaf_artifact(scene, reference, &located, leaves);
            }
        }
    }
}

fn leaf_artifact(
    scene: &Scene<'_>,
    reference: ArtifactRef,
    located: &Located<'_>,
    leaves: &mut BTreeSet<LeafContent>,
) {
    let of: fn(Sha256Digest) -> LeafContent = match located.thing {
        Thing::Source | Thing::Prompt | Thing::Filter => LeafContent::Bytes,
        Thing::ExternalModel => LeafContent::Model,
        Thing::Output(_) | Thing::Dataset => return,
    };
    match (
        scene.graph.members_of(located),
        located.content_id(),
        located.artifact,
    ) {
        (Some(members), ..) => leaves.extend(members.iter().map(|member| of(member.sha256))),
        (None, Some(digest), _) => {
            leaves.insert(of(digest));
        }
        (None, None, Some(artifact)) => {
            leaves.insert(LeafContent::Declared(declared(
                scene, reference, located, artifact,
            )));
        }
        (None, None, None) => {}
    }
}

/// Two things without bytes are the same only if everything about their origin is.
fn declared(
    scene: &Scene<'_>,
    reference: ArtifactRef,
    located: &Located<'_>,
    artifact: &Artifact,
) -> Sha256Digest {
    let origin = match &located.node.statement.predicate {
        Predicate::Model(model) => format!("{}\n{}", model.provider, model.version),
        _ => format!("{:?}", scene.effective(reference).map(facts)),
    };
    Sha256Digest::of(format!("{}\n{}\n{origin}", located.thing, artifact.sha256).as_bytes())
}

/// What two sources must agree in to be claims about one origin.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Facts<'a> {
    made_by: MadeBy,
    generators: BTreeSet<&'a str>,
    class: OriginClass,
    share: Option<String>,
    parents: (Option<&'a Cites>, &'a [Gap]),
}

/// What two sources must have in common: who made it, with which models, and what that makes them.
pub(super) fn facts(source: &Source) -> Facts<'_> {
    let generators = match &source.generators {
        Generators::Named(names) => names.iter().map(String::as_str).collect(),
        Generators::Absent | Generators::NotKnown => BTreeSet::new(),
    };
    let share = source.synthetic_share.as_ref().map(ToString::to_string);
    Facts {
        made_by: source.made_by,
        generators,
        class: classify(source),
        share,
        parents: (source.derived_from.as_ref(), &source.gaps),
    }
}
