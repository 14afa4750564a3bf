//! Which part of a log a judgement rests on: what a bundle of it must hold.

use std::collections::BTreeSet;

use crate::digest::NodeHash;
use crate::merkle::LeafIndex;

use super::Verifier;

/// The part of a log that a judgement rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The entries: genesis and seal, key changes and notices, the lineage, and whatever is tied to it.
    pub entries: BTreeSet<LeafIndex>,
    /// The hashes of all entries that were given, in log order.
    pub leaves: Vec<(LeafIndex, NodeHash)>,
}

/// How many artifacts are named before the rest is counted.
const NAMED_MAX: usize = 3;

impl Verifier {
    /// Returns what the signed statements call the artifacts that are judged, where the caller had no name for them.
    pub(super) fn name_of_targets(&self) -> String {
        let targets = self.starts();
        let name = |target| self.graph.locate(target).map(|located| located.name());
        let names: Vec<String> = (targets.iter().take(NAMED_MAX))
            .map(|target| name(*target).unwrap_or_else(|| target.to_string()))
            .collect();
        let more = targets.len().saturating_sub(names.len());
        match (names.join(", "), more) {
            (names, _) if names.is_empty() => "nothing".to_owned(),
            (names, 0) => names,
            (names, more) => format!("{names} and {more} more"),
        }
    }

    /// Gathers the evidence once everything was read.
    pub(super) fn gather_evidence(&mut self) -> Evidence {
        let mut entries = std::mem::take(&mut self.evidence);
        entries.extend(self.graph.nodes.values().map(|node| node.index));
        entries.extend(self.leaves.first().map(|(index, _)| *index));
        entries.extend(self.leaves.last().map(|(index, _)| *index));
        Evidence {
            entries,
            leaves: std::mem::take(&mut self.leaves),
        }
    }
}
