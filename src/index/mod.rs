//! The index: what answers "which entry", "which versions", "who claims this digest" without reading the log.
//!
//! It is disposable: everything in it follows from the log below its [`Watermark`], and rebuilding it gives equal
//! answers. So it decides nothing that is signed; whoever signs replays the log. One trait, one conformance suite
//! (`conformance.rs`, in tests) that every backend passes.

mod check;
mod codec;
mod error;
mod facts;
mod layered;
mod memory;
pub mod resolve;
mod resume;
mod segment;
mod sled;
mod table;

#[cfg(test)]
mod agreement;
#[cfg(test)]
pub(crate) mod conformance;

use std::sync::Arc;

use crate::digest::NodeHash;
use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::merkle::LeafIndex;
use crate::merkle::TreeSize;
use crate::statement::ArtifactRef;
use crate::statement::ItemName;

pub use error::IndexError;
pub use facts::Claim;
pub use facts::Facts;
pub use facts::Indexed;
pub use facts::SetFacts;
pub use facts::SubjectFacts;
pub use facts::Version;
pub use facts::VersionPart;
pub use facts::thing_word;
pub use layered::Layered;
pub use memory::MemoryIndex;
pub use resume::Resume;
pub use segment::Segments;
pub use sled::SledIndex;

/// Which log an index describes, and how far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watermark {
    /// The log's origin.
    pub origin: String,
    /// How many entries are indexed.
    pub size: TreeSize,
    /// The root of the tree of these entries.
    pub root: NodeHash,
}

/// The first digits of a statement id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdPrefix {
    low: [u8; 32],
    high: [u8; 32],
}

impl IdPrefix {
    /// Parses 1 to 64 lower-case hexadecimal digits; nothing else is a prefix.
    pub fn parse(text: &str) -> Option<Self> {
        let lower = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.is_empty() || text.len() > 64 || !text.bytes().all(lower) {
            return None;
        }
        let fill = |digit: &str| {
            let mut bytes = [0; 32];
            let padded = format!("{text}{}", digit.repeat(64 - text.len()));
            hex::decode_to_slice(padded, &mut bytes).ok().map(|()| bytes)
        };
        Some(Self {
            low: fill("0")?,
            high: fill("f")?,
        })
    }

    /// Returns the smallest and the largest id that begin so.
    pub fn bounds(&self) -> (StatementId, StatementId) {
        (
            StatementId::from_bytes(self.low),
            StatementId::from_bytes(self.high),
        )
    }
}

/// What a backend must answer. All answers are about the entries below the watermark; where a statement stands
/// twice in the log, only its first entry is known.
pub trait Index: std::fmt::Debug + Send + Sync {
    /// Returns how far the index goes; nothing before the first batch.
    fn watermark(&self) -> Option<&Watermark>;

    /// Returns what a replay of the log needs to go on after the watermark; nothing before the first batch.
    fn resume(&self) -> Option<&Resume>;

    /// Returns the statement at an entry.
    fn id_at(&self, entry: LeafIndex) -> Result<Option<StatementId>, IndexError>;

    /// Returns the first entry of a statement.
    fn entry_of(&self, id: StatementId) -> Result<Option<LeafIndex>, IndexError> {
        Ok(self.facts(id)?.map(|facts| facts.entry))
    }

    /// Returns what is known of a statement.
    fn facts(&self, id: StatementId) -> Result<Option<Arc<Facts>>, IndexError>;

    /// Returns the entries of the statements that cite the statement first standing at `entry`, in log order.
    fn children(&self, entry: LeafIndex) -> Result<Vec<LeafIndex>, IndexError>;

    /// Returns the first entries of the statements that the statement first standing at `entry` cites, in log
    /// order; those that are not in the log are left out.
    fn parents(&self, entry: LeafIndex) -> Result<Vec<LeafIndex>, IndexError> {
        let mut found = Vec::new();
        self.add_parents(entry, &mut found)?;
        Ok(found)
    }

    /// Adds [`Index::parents`] to `found`: a sweep over the log then needs one list, not one for each entry.
    fn add_parents(&self, entry: LeafIndex, found: &mut Vec<LeafIndex>) -> Result<(), IndexError> {
        parents_by_id(self, entry, found)
    }

    /// Returns the ids that begin with `prefix`, ascending, at most `limit`.
    fn ids(&self, prefix: IdPrefix, limit: usize) -> Result<Vec<StatementId>, IndexError>;

    /// Returns all versions of a name, in log order.
    fn versions(&self, name: &ItemName) -> Result<Vec<Version>, IndexError>;

    /// Returns every name, ascending.
    fn names(&self) -> Result<Vec<ItemName>, IndexError>;

    /// Returns the artifacts and manifest members with these bytes, in log order.
    fn claims(&self, digest: Sha256Digest) -> Result<Vec<ArtifactRef>, IndexError>;

    /// Returns those of `digests` that a statement other than `except` claims, in their order. They are best
    /// given ascending: backends on disk then read each stretch once.
    fn claimed_by_others(
        &self,
        digests: &[Sha256Digest],
        except: StatementId,
    ) -> Result<Vec<Sha256Digest>, IndexError> {
        let mut found = Vec::new();
        for digest in digests {
            let claims = self.claims(*digest)?;
            if claims.iter().any(|claim| claim.statement != except) {
                found.push(*digest);
            }
        }
        Ok(found)
    }

    /// Returns the digests that more than one statement claims, ascending.
    fn contested(&self) -> Result<Vec<Sha256Digest>, IndexError>;
}

/// Finds parents as an index does that keeps no entries of them.
fn parents_by_id(
    index: &(impl Index + ?Sized),
    entry: LeafIndex,
    found: &mut Vec<LeafIndex>,
) -> Result<(), IndexError> {
    let Some(id) = index.id_at(entry)? else {
        return Ok(());
    };
    let Some(facts) = index.facts(id)?.filter(|facts| facts.entry == entry) else {
        return Ok(());
    };
    let mut entries = Vec::with_capacity(facts.parents.len());
    for parent in &facts.parents {
        entries.extend(index.entry_of(*parent)?.filter(|parent| *parent < entry));
    }
    entries.sort_unstable();
    found.append(&mut entries);
    Ok(())
}

/// An index that takes more of the log.
pub trait IndexMut: Index {
    /// Takes the entries that follow the watermark, in log order without a hole, and moves it to `to`. A batch is
    /// taken whole or not at all. `resume` holds at `to`.
    fn apply(&mut self, batch: Vec<Indexed>, to: Watermark, resume: Resume) -> Result<(), IndexError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_the_ids_that_begin_so() {
        let (low, high) = IdPrefix::parse("ab1").unwrap().bounds();
        assert_eq!(low.to_hex(), format!("ab1{}", "0".repeat(61)));
        assert_eq!(high.to_hex(), format!("ab1{}", "f".repeat(61)));
        let whole = "5".repeat(64);
        let (low, high) = IdPrefix::parse(&whole).unwrap().bounds();
        assert_eq!((low.to_hex(), high.to_hex()), (whole.clone(), whole.clone()));
        for bad in ["", "AB", "xy", "+1", &"5".repeat(65)] {
            assert_eq!(IdPrefix::parse(bad), None, "{bad}");
        }
    }
}
