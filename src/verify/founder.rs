//! How much of something comes from one founder: the mass of the verdict, asked about one node.
//!
//! The computation is that of the boundary (`mass`), with another question at its end: a founder counts as one, and
//! whatever is no founder as the rest, gaps included. Contents are not followed to where they came back from
//! unchanged, which needs the claims of a whole verification.
//!
//! Whoever asks goes up the log, from the founders to what was made of them, and forgets what nothing further up is
//! made of. So a chain of any length takes the memory of a few links.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::rc::Rc;

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
use super::mass::Known;
use super::mass::Mass;
use super::mass::Replaced;
use super::share::Share;

/// Statements with what they cite, as a caller read them, and the shares that were asked for so far; nothing in here
/// is judged.
#[derive(Debug)]
pub struct Ancestry {
    graph: Graph,
    founders: Rc<BTreeSet<ArtifactRef>>,
    known: Known,
    /// How many contents may still be looked at; nothing once that was too few.
    left: Option<usize>,
}

impl Default for Ancestry {
    fn default() -> Self {
        Self {
            graph: Graph::default(),
            founders: Rc::default(),
            known: Known::default(),
            left: Some(CONTENTS_MAX),
        }
    }
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

    /// Sets whose part is asked for. They were added, and so was what data sets among them collect, for which they stand.
    pub fn ask_about(&mut self, founders: &BTreeSet<ArtifactRef>) {
        self.founders = Rc::new(self.opened(founders));
    }

    /// Returns what part of some artifacts together comes from the founders; nothing once [`CONTENTS_MAX`] is reached.
    /// Their statement was added, and so was everything that brings mass to it and was not forgotten for good reason.
    pub fn share(&mut self, artifacts: &[ArtifactRef]) -> Option<Share> {
        let left = self.left?;
        if self.founders.is_empty() {
            // A data set of gaps: nobody knows what that is a part of.
            return Some(Share::any());
        }
        let contents = Contents::with_founders(&self.graph, Rc::clone(&self.founders), left);
        let replaced: Replaced = BTreeMap::new();
        let mut mass = Mass::knowing(&contents, &replaced, std::mem::take(&mut self.known));
        mass.include(artifacts);
        let share = mass.of_all(artifacts).sources;
        let known = mass.into_known();
        self.left = (!contents.is_exhausted()).then(|| contents.left());
        self.known = known;
        self.left.map(|_| share)
    }

    /// Forgets a statement that is cited no further up, and by nothing whose shares may still be asked for; and the
    /// shares of what it put out.
    pub fn forget(&mut self, id: StatementId) {
        self.graph.nodes.remove(&id);
        self.known.forget(id);
    }

    /// Forgets the members of a manifest.
    pub fn forget_members(&mut self, blob: BlobId) {
        self.graph.members.remove(&blob);
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
