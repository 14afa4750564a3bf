//! How much of something comes from one founder: the mass of the verdict, asked about one node.
//!
//! The computation is that of the boundary (`mass`), with another question at its end: a founder counts as one, and
//! whatever is no founder as the rest, gaps included. Contents are not followed to where they came back from
//! unchanged, which needs the claims of a whole verification.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::digest::BlobId;
use crate::digest::StatementId;
use crate::manifest::Member;
use crate::merkle::LeafIndex;
use crate::statement::ArtifactRef;
use crate::statement::Statement;

use super::contents::Contents;
use super::graph::Graph;
use super::graph::Node;
use super::limits::CONTENTS_MAX;
use super::mass::Mass;
use super::mass::Replaced;
use super::share::Share;

/// Statements with what they cite, as a caller read them; nothing in here is judged.
#[derive(Debug, Clone, Default)]
pub struct Ancestry {
    graph: Graph,
}

/// The answer to [`Ancestry::shares`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shares {
    /// One for each list of artifacts that was asked about.
    pub shares: Vec<Share>,
    /// Whether [`CONTENTS_MAX`] was reached, so that the shares are not to be relied on.
    pub exhausted: bool,
}

impl Ancestry {
    /// Adds a statement with one list of citations for each input of a run, or the one of a data set.
    pub fn add(
        &mut self,
        entry: LeafIndex,
        id: StatementId,
        statement: Statement,
        cites: Vec<Vec<ArtifactRef>>,
    ) {
        self.graph.nodes.insert(id, Node::new(entry, statement, cites));
    }

    /// Adds the members of a manifest.
    pub fn add_members(&mut self, blob: BlobId, members: Vec<Member>) {
        self.graph.members.insert(blob, members);
    }

    /// Returns whether a statement was added.
    pub fn has(&self, id: StatementId) -> bool {
        self.graph.nodes.contains_key(&id)
    }

    /// Returns whether the members of a manifest were added.
    pub fn has_members(&self, blob: BlobId) -> bool {
        self.graph.members.contains_key(&blob)
    }

    /// Returns what part of each list of artifacts comes from `founders`. A data set as founder stands for what it
    /// collects.
    pub fn shares(&self, founders: &BTreeSet<ArtifactRef>, of: &[Vec<ArtifactRef>]) -> Shares {
        let founders = self.opened(founders);
        if founders.is_empty() {
            // A data set of gaps: nobody knows what that is a part of.
            return Shares {
                shares: vec![Share::any(); of.len()],
                exhausted: false,
            };
        }
        let contents = Contents::with_founders(&self.graph, founders, CONTENTS_MAX);
        let replaced: Replaced = BTreeMap::new();
        let mut mass = Mass::over(&contents, &replaced, &[]);
        let mut shares = Vec::new();
        for artifacts in of {
            mass.include(artifacts);
            mass.forget_the_way();
            shares.push(mass.of_all(artifacts).sources);
        }
        Shares {
            shares,
            exhausted: contents.is_exhausted(),
        }
    }

    fn opened(&self, founders: &BTreeSet<ArtifactRef>) -> BTreeSet<ArtifactRef> {
        let mut seen = founders.clone();
        let mut queue: Vec<ArtifactRef> = founders.iter().copied().collect();
        let mut opened = BTreeSet::new();
        while let Some(founder) = queue.pop() {
            let node = self.graph.nodes.get(&founder.statement);
            let Some(node) = node.filter(|_| self.graph.is_data_set(founder)) else {
                opened.insert(founder);
                continue;
            };
            queue.extend(node.cites.iter().flatten().filter(|member| seen.insert(**member)));
        }
        opened
    }
}
