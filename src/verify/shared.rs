//! Content of the lineage that several statements claim: what each of them says of it, on the walk or not.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::merkle::LeafIndex;
use crate::statement::ArtifactRef;
use crate::statement::Statement;

use super::graph::Place;
use super::lineage::said_by;
use super::rules::without_rows;
use super::scene::Scene;

/// A statement that claims content of the lineage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimant {
    /// The statement.
    pub id: StatementId,
    /// Its entry.
    pub entry: LeafIndex,
    /// What it calls the item.
    pub name: String,
    /// `vouched` by the holder's key or `stated` by the operator.
    pub said_by: &'static str,
    /// What was signed.
    pub statement: Arc<Statement>,
    /// The position of its node, where it is part of the lineage.
    pub node: Option<usize>,
}

/// Content that several statements claim, at least one of them part of the lineage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedContent {
    /// SHA-256 of the bytes, or of the declaration that stands for them.
    pub sha256: Sha256Digest,
    /// Who claims it, in the order of the log.
    pub claims: Vec<Claimant>,
}

/// Returns what several statements claim, by the same claimants once. Content without rows is nobody's.
pub(super) fn shared(scene: &Scene<'_>, position: &impl Fn(Place) -> Option<usize>) -> Vec<SharedContent> {
    let mut told = BTreeSet::new();
    let mut statements: BTreeMap<StatementId, Arc<Statement>> = BTreeMap::new();
    let mut all = Vec::new();
    for (digest, places) in &scene.case.claims {
        // First who, since a manifest that is claimed twice has the same claimants for each of its members.
        let mut who: BTreeMap<(LeafIndex, StatementId), (ArtifactRef, Option<usize>)> = BTreeMap::new();
        for place in places {
            let Some(located) = scene.graph.locate(*place) else {
                continue;
            };
            let node = position(Place::Artifact(*place));
            let (_, known) = who
                .entry((located.node.index, place.statement))
                .or_insert((*place, node));
            *known = known.or(node);
        }
        let on_walk = who.values().any(|(_, node)| node.is_some());
        let ids: Vec<StatementId> = who.keys().map(|(_, id)| *id).collect();
        if who.len() < 2 || !on_walk || without_rows(scene.graph, *digest, places) || !told.insert(ids) {
            continue;
        }
        let claims = who.into_iter().filter_map(|((entry, id), (place, node))| {
            let located = scene.graph.locate(place)?;
            let statement = statements
                .entry(id)
                .or_insert_with(|| Arc::new(located.node.statement.clone()));
            Some(Claimant {
                id,
                entry,
                name: located.item.to_owned(),
                said_by: said_by(&located.node.statement, scene.case.keys.as_ref()),
                statement: Arc::clone(statement),
                node,
            })
        });
        let claims = claims.collect();
        all.push(SharedContent {
            sha256: *digest,
            claims,
        });
    }
    all
}
