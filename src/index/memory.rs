//! The index in memory: rebuilt from the log at every start, gone at the end.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::sync::Arc;

use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::merkle::LeafIndex;
use crate::statement::ArtifactRef;
use crate::statement::ItemName;

use super::Claim;
use super::Facts;
use super::IdPrefix;
use super::Index;
use super::IndexError;
use super::IndexMut;
use super::Indexed;
use super::Resume;
use super::Version;
use super::Watermark;

/// An index without a file.
#[derive(Debug, Clone, Default)]
pub struct MemoryIndex {
    /// The entry it begins with: not 0 where it goes on after another index.
    first: u64,
    watermark: Option<Watermark>,
    resume: Option<Resume>,
    /// The statement at each entry from `first` on.
    entries: Vec<StatementId>,
    statements: BTreeMap<StatementId, Arc<Facts>>,
    names: BTreeMap<ItemName, Vec<Version>>,
    claims: HashMap<Sha256Digest, Vec<ArtifactRef>>,
    contested: BTreeSet<Sha256Digest>,
    /// Who cites the statement at an entry.
    children: HashMap<LeafIndex, Vec<LeafIndex>>,
}

/// What an entry has to do with the index below.
#[derive(Debug, Default)]
pub(super) struct Ties {
    /// Its statement stands below already.
    known: bool,
    /// Where the statements it cites stand below.
    parents: Vec<LeafIndex>,
    /// Which of its digests are claimed below.
    contested: Vec<Sha256Digest>,
}

impl MemoryIndex {
    /// Returns an index of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns an index of nothing that goes on where `base` ends.
    pub(super) fn after(base: &dyn Index) -> Self {
        Self {
            first: base.watermark().map_or(0, |watermark| watermark.size.get()),
            ..Self::default()
        }
    }

    /// Returns the entry it begins with.
    pub(super) fn first(&self) -> u64 {
        self.first
    }

    /// Returns its entries from `from` on as one batch, the claims of each by artifact and digest: the same entries give
    /// the same batch, and so the same bytes of a segment.
    ///
    /// [`IndexError::Row`] if it goes on after another index and one of the statements stands below already.
    pub(super) fn batch(&self, from: LeafIndex) -> Result<Vec<Indexed>, IndexError> {
        let mut claims: HashMap<StatementId, Vec<Claim>> = HashMap::new();
        let is_new = |id: &StatementId| self.statements.get(id).is_some_and(|facts| facts.entry >= from);
        for (digest, artifacts) in &self.claims {
            for &artifact in artifacts.iter().filter(|artifact| is_new(&artifact.statement)) {
                let digest = *digest;
                let claim = Claim { digest, artifact };
                claims.entry(artifact.statement).or_default().push(claim);
            }
        }
        let mut batch = Vec::new();
        let numbered = (self.first..).map(LeafIndex::new).zip(&self.entries);
        for (entry, id) in numbered.filter(|(entry, _)| *entry >= from) {
            let facts = self
                .statements
                .get(id)
                .ok_or(IndexError::Row { table: "facts" })?;
            let mut claims = claims.remove(id).unwrap_or_default();
            // An artifact can have several ties, and the map has them in another order each time.
            claims.sort_unstable_by_key(|claim| (claim.artifact, claim.digest));
            let facts = Facts {
                entry,
                ..Facts::clone(facts)
            };
            batch.push(Indexed { facts, claims });
        }
        Ok(batch)
    }

    /// Asks the index below what [`MemoryIndex::take`] must know. Only this can fail.
    pub(super) fn ties(&self, batch: &[Indexed], base: Option<&dyn Index>) -> Result<Vec<Ties>, IndexError> {
        let Some(base) = base else {
            return Ok(batch.iter().map(|_| Ties::default()).collect());
        };
        batch.iter().map(|indexed| self.tie(indexed, base)).collect()
    }

    fn tie(&self, indexed: &Indexed, base: &dyn Index) -> Result<Ties, IndexError> {
        let facts = &indexed.facts;
        if self.statements.contains_key(&facts.id) {
            return Ok(Ties::default());
        }
        if base.entry_of(facts.id)?.is_some() {
            return Ok(Ties {
                known: true,
                ..Ties::default()
            });
        }
        let mut parents = Vec::new();
        for parent in &facts.parents {
            parents.extend(base.entry_of(*parent)?);
        }
        let mut digests: Vec<_> = indexed.claims.iter().map(|claim| claim.digest).collect();
        digests.sort_unstable();
        digests.dedup();
        Ok(Ties {
            known: false,
            parents,
            contested: base.claimed_by_others(&digests, facts.id)?,
        })
    }

    /// Takes a batch that was checked, with what ties it to the index below.
    pub(super) fn take(&mut self, batch: Vec<Indexed>, ties: Vec<Ties>, to: Watermark, resume: Resume) {
        for (indexed, ties) in batch.into_iter().zip(ties) {
            self.add(indexed, ties);
        }
        self.watermark = Some(to);
        self.resume = Some(resume);
    }

    fn add(&mut self, indexed: Indexed, ties: Ties) {
        let Indexed { facts, claims } = indexed;
        self.entries.push(facts.id);
        if ties.known || self.statements.contains_key(&facts.id) {
            return;
        }
        let known = facts.parents.iter().filter_map(|id| self.statements.get(id));
        let known = known.map(|parent| parent.entry);
        for parent in known.chain(ties.parents) {
            self.children.entry(parent).or_default().push(facts.entry);
        }
        for (name, version) in facts.versions() {
            self.names.entry(name).or_default().push(version);
        }
        for claim in claims {
            let known = self.claims.entry(claim.digest).or_default();
            // The claims of one statement stand together, so one look at the last tells of all.
            let is_of_another = known
                .first()
                .is_some_and(|first| first.statement != claim.artifact.statement);
            if is_of_another {
                self.contested.insert(claim.digest);
            }
            known.push(claim.artifact);
        }
        self.contested.extend(ties.contested);
        self.statements.insert(facts.id, Arc::new(facts));
    }
}

impl Index for MemoryIndex {
    fn watermark(&self) -> Option<&Watermark> {
        self.watermark.as_ref()
    }

    fn resume(&self) -> Option<&Resume> {
        self.resume.as_ref()
    }

    fn id_at(&self, entry: LeafIndex) -> Result<Option<StatementId>, IndexError> {
        let position = entry.get().checked_sub(self.first);
        let position = position.and_then(|position| usize::try_from(position).ok());
        Ok(position.and_then(|position| self.entries.get(position)).copied())
    }

    fn facts(&self, id: StatementId) -> Result<Option<Arc<Facts>>, IndexError> {
        Ok(self.statements.get(&id).cloned())
    }

    fn children(&self, entry: LeafIndex) -> Result<Vec<LeafIndex>, IndexError> {
        Ok(self.children.get(&entry).cloned().unwrap_or_default())
    }

    fn ids(&self, prefix: IdPrefix, limit: usize) -> Result<Vec<StatementId>, IndexError> {
        let (low, high) = prefix.bounds();
        let found = self.statements.range(low..=high);
        Ok(found.take(limit).map(|(id, _)| *id).collect())
    }

    fn versions(&self, name: &ItemName) -> Result<Vec<Version>, IndexError> {
        Ok(self.names.get(name).cloned().unwrap_or_default())
    }

    fn names(&self) -> Result<Vec<ItemName>, IndexError> {
        Ok(self.names.keys().cloned().collect())
    }

    fn claims(&self, digest: Sha256Digest) -> Result<Vec<ArtifactRef>, IndexError> {
        Ok(self.claims.get(&digest).cloned().unwrap_or_default())
    }

    fn claimed_by_others(
        &self,
        digests: &[Sha256Digest],
        except: StatementId,
    ) -> Result<Vec<Sha256Digest>, IndexError> {
        let others = |digest: &Sha256Digest| {
            let claims = self.claims.get(digest);
            claims.is_some_and(|claims| claims.iter().any(|claim| claim.statement != except))
        };
        Ok(digests.iter().filter(|digest| others(digest)).copied().collect())
    }

    fn contested(&self) -> Result<Vec<Sha256Digest>, IndexError> {
        Ok(self.contested.iter().copied().collect())
    }
}

impl IndexMut for MemoryIndex {
    fn apply(&mut self, batch: Vec<Indexed>, to: Watermark, resume: Resume) -> Result<(), IndexError> {
        super::check::check(self.watermark(), &batch, &to)?;
        let ties = self.ties(&batch, None)?;
        self.take(batch, ties, to, resume);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::conformance;

    #[test]
    fn the_memory_index_conforms() {
        conformance::check(&mut || Box::new(MemoryIndex::new()));
    }

    #[test]
    fn the_claims_of_one_artifact_come_out_in_one_order() {
        let mut log = conformance::log();
        let one = log.first_mut().unwrap();
        let artifact = ArtifactRef::subject(one.facts.id, 0);
        one.claims = (0..16_u8)
            .map(|number| Claim {
                digest: Sha256Digest::of(&[number]),
                artifact,
            })
            .collect();
        let mut expected = one.claims.clone();
        expected.sort_unstable_by_key(|claim| claim.digest);
        let mut index = MemoryIndex::new();
        index.apply(log, conformance::to(4), Resume::default()).unwrap();
        let batch = index.batch(LeafIndex::new(0)).unwrap();
        assert_eq!(batch[0].claims, expected);
    }
}
