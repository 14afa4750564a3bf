//! Entries in memory on top of an index on disk.
//!
//! The index below is never changed; what the log got since stands in memory. Both together answer as one index:
//! a statement that stands below already is not counted again, and what is contested or cited across the border is
//! found from either side. A clone shares both parts until one of the clones takes more.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::merkle::LeafIndex;
use crate::merkle::TreeSize;
use crate::statement::ArtifactRef;
use crate::statement::ItemName;

use super::Facts;
use super::IdPrefix;
use super::Index;
use super::IndexError;
use super::IndexMut;
use super::Indexed;
use super::MemoryIndex;
use super::Resume;
use super::Version;
use super::Watermark;

/// An index in memory that goes on where another one ends.
#[derive(Debug, Clone, Default)]
pub struct Layered {
    base: Option<Arc<dyn Index>>,
    tail: Arc<MemoryIndex>,
}

impl Layered {
    /// Returns an index that answers what `base` answers, until it takes more.
    pub fn on(base: Option<Arc<dyn Index>>) -> Self {
        let tail = base.as_deref().map_or_else(MemoryIndex::new, MemoryIndex::after);
        Self {
            base,
            tail: Arc::new(tail),
        }
    }

    /// Returns the index below.
    pub fn base(&self) -> Option<&Arc<dyn Index>> {
        self.base.as_ref()
    }

    /// Returns what stands in memory from the end of another index on, as a batch for that one. Nothing may stand below.
    pub fn beyond(&self, end: TreeSize) -> Result<Vec<Indexed>, IndexError> {
        self.tail.batch(end.next_index())
    }

    /// Gathers what `of` finds below and then what it finds in memory.
    fn both<T>(&self, of: impl Fn(&dyn Index) -> Result<Vec<T>, IndexError>) -> Result<Vec<T>, IndexError> {
        let mut found = self.base.as_deref().map(&of).transpose()?.unwrap_or_default();
        found.extend(of(&*self.tail)?);
        Ok(found)
    }

    /// Finds what only one of the two can know.
    fn either<T>(
        &self,
        of: impl Fn(&dyn Index) -> Result<Option<T>, IndexError>,
    ) -> Result<Option<T>, IndexError> {
        match of(&*self.tail)? {
            Some(found) => Ok(Some(found)),
            None => Ok(self.base.as_deref().map(of).transpose()?.flatten()),
        }
    }
}

impl Index for Layered {
    fn watermark(&self) -> Option<&Watermark> {
        let base = || self.base.as_deref()?.watermark();
        self.tail.watermark().or_else(base)
    }

    fn resume(&self) -> Option<&Resume> {
        self.tail.resume().or_else(|| self.base.as_deref()?.resume())
    }

    fn id_at(&self, entry: LeafIndex) -> Result<Option<StatementId>, IndexError> {
        self.either(|index| index.id_at(entry))
    }

    fn entry_of(&self, id: StatementId) -> Result<Option<LeafIndex>, IndexError> {
        self.either(|index| index.entry_of(id))
    }

    fn facts(&self, id: StatementId) -> Result<Option<Arc<Facts>>, IndexError> {
        self.either(|index| index.facts(id))
    }

    fn children(&self, entry: LeafIndex) -> Result<Vec<LeafIndex>, IndexError> {
        self.both(|index| index.children(entry))
    }

    fn add_parents(&self, entry: LeafIndex, found: &mut Vec<LeafIndex>) -> Result<(), IndexError> {
        match self.base.as_deref() {
            Some(base) if entry.get() < self.tail.first() => base.add_parents(entry, found),
            _ => super::parents_by_id(self, entry, found),
        }
    }

    fn ids(&self, prefix: IdPrefix, limit: usize) -> Result<Vec<StatementId>, IndexError> {
        let mut ids = self.both(|index| index.ids(prefix, limit))?;
        ids.sort_unstable();
        ids.truncate(limit);
        Ok(ids)
    }

    fn versions(&self, name: &ItemName) -> Result<Vec<Version>, IndexError> {
        self.both(|index| index.versions(name))
    }

    fn names(&self) -> Result<Vec<ItemName>, IndexError> {
        let names: BTreeSet<_> = self.both(|index| index.names())?.into_iter().collect();
        Ok(names.into_iter().collect())
    }

    fn claims(&self, digest: Sha256Digest) -> Result<Vec<ArtifactRef>, IndexError> {
        self.both(|index| index.claims(digest))
    }

    fn claimed_by_others(
        &self,
        digests: &[Sha256Digest],
        except: StatementId,
    ) -> Result<Vec<Sha256Digest>, IndexError> {
        let found = self.both(|index| index.claimed_by_others(digests, except))?;
        let found: BTreeSet<_> = found.into_iter().collect();
        let given = digests.iter().copied();
        Ok(given.filter(|digest| found.contains(digest)).collect())
    }

    fn contested(&self) -> Result<Vec<Sha256Digest>, IndexError> {
        let digests: BTreeSet<_> = self.both(|index| index.contested())?.into_iter().collect();
        Ok(digests.into_iter().collect())
    }
}

impl IndexMut for Layered {
    fn apply(&mut self, batch: Vec<Indexed>, to: Watermark, resume: Resume) -> Result<(), IndexError> {
        super::check::check(self.watermark(), &batch, &to)?;
        let ties = self.tail.ties(&batch, self.base.as_deref())?;
        Arc::make_mut(&mut self.tail).take(batch, ties, to, resume);
        Ok(())
    }
}
