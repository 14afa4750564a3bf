//! Content of the lineage that several statements claim: what each of them says of it, on the walk or not.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::merkle::LeafIndex;
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
    let mut all = Vec::new();
    for (digest, places) in &scene.case.claims {
        let mut claims: BTreeMap<(LeafIndex, StatementId), Claimant> = BTreeMap::new();
        for place in places {
            let Some(located) = scene.graph.locate(*place) else {
                continue;
            };
            let node = position(Place::Artifact(*place));
            let claim = claims
                .entry((located.node.index, place.statement))
                .or_insert_with(|| Claimant {
                    id: place.statement,
                    entry: located.node.index,
                    name: located.item.to_owned(),
                    said_by: said_by(&located.node.statement, scene.case.keys.as_ref()),
                    statement: Arc::new(located.node.statement.clone()),
                    node,
                });
            claim.node = claim.node.or(node);
        }
        let on_walk = claims.values().any(|claim| claim.node.is_some());
        if claims.len() < 2 || !on_walk || without_rows(scene.graph, *digest, places) {
            continue;
        }
        let who: Vec<StatementId> = claims.values().map(|claim| claim.id).collect();
        if told.insert(who) {
            all.push(SharedContent {
                sha256: *digest,
                claims: claims.into_values().collect(),
            });
        }
    }
    all
}
