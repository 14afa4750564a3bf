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

use super::Facts;
use super::IdPrefix;
use super::Index;
use super::IndexError;
use super::Indexed;
use super::Version;
use super::Watermark;

/// An index without a file.
#[derive(Debug, Clone, Default)]
pub struct MemoryIndex {
    watermark: Option<Watermark>,
    /// The statement at each entry.
    entries: Vec<StatementId>,
    statements: BTreeMap<StatementId, Arc<Facts>>,
    names: BTreeMap<ItemName, Vec<Version>>,
    claims: HashMap<Sha256Digest, Vec<ArtifactRef>>,
    contested: BTreeSet<Sha256Digest>,
    /// Who cites the statement at an entry.
    children: HashMap<LeafIndex, Vec<LeafIndex>>,
}

impl MemoryIndex {
    /// Returns an index of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    fn check(&self, batch: &[Indexed], to: &Watermark) -> Result<(), IndexError> {
        if let Some(now) = self.watermark.as_ref().filter(|now| now.origin != to.origin) {
            return Err(IndexError::Origin {
                expected: now.origin.clone(),
                found: to.origin.clone(),
            });
        }
        let mut next = LeafIndex::new(self.entries.len() as u64);
        for indexed in batch {
            if indexed.facts.entry != next {
                return Err(IndexError::OutOfOrder {
                    expected: next,
                    found: indexed.facts.entry,
                });
            }
            next = next.plus(1);
        }
        if to.size.next_index() == next {
            Ok(())
        } else {
            Err(IndexError::Watermark {
                ends: crate::merkle::TreeSize::new(next.get()),
                watermark: to.size,
            })
        }
    }

    fn add(&mut self, indexed: Indexed) {
        let Indexed { facts, claims } = indexed;
        self.entries.push(facts.id);
        if self.statements.contains_key(&facts.id) {
            return;
        }
        for parent in facts.parents.iter().filter_map(|id| self.statements.get(id)) {
            self.children.entry(parent.entry).or_default().push(facts.entry);
        }
        for (name, version) in facts.versions() {
            self.names.entry(name).or_default().push(version);
        }
        for claim in claims {
            let known = self.claims.entry(claim.digest).or_default();
            if known
                .iter()
                .any(|other| other.statement != claim.artifact.statement)
            {
                self.contested.insert(claim.digest);
            }
            known.push(claim.artifact);
        }
        self.statements.insert(facts.id, Arc::new(facts));
    }
}

impl Index for MemoryIndex {
    fn watermark(&self) -> Option<&Watermark> {
        self.watermark.as_ref()
    }

    fn apply(&mut self, batch: Vec<Indexed>, to: Watermark) -> Result<(), IndexError> {
        self.check(&batch, &to)?;
        for indexed in batch {
            self.add(indexed);
        }
        self.watermark = Some(to);
        Ok(())
    }

    fn id_at(&self, entry: LeafIndex) -> Result<Option<StatementId>, IndexError> {
        let position = usize::try_from(entry.get()).ok();
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

    fn contested(&self) -> Result<Vec<Sha256Digest>, IndexError> {
        Ok(self.contested.iter().copied().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_memory_index_conforms() {
        super::super::conformance::check(&mut || Box::new(MemoryIndex::new()));
    }
}
