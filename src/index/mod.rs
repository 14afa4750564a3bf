//! The index: what answers "which entry", "which versions", "who claims this digest" without reading the log.
//!
//! It is disposable: everything in it follows from the log below its [`Watermark`], and rebuilding it gives equal
//! answers. So it decides nothing that is signed; whoever signs replays the log. One trait, one conformance suite
//! (`conformance.rs`, in tests) that every backend passes.

mod facts;
mod memory;
pub mod resolve;

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

pub use facts::Claim;
pub use facts::Facts;
pub use facts::Indexed;
pub use facts::SetFacts;
pub use facts::SubjectFacts;
pub use facts::Version;
pub use facts::VersionPart;
pub use facts::thing_word;
pub use memory::MemoryIndex;

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

/// Why an index did not answer or did not take a batch.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IndexError {
    /// A batch that does not begin where the index ends.
    #[error("the next entry to index is {expected}, but the batch has {found}")]
    OutOfOrder {
        /// The entry that is missing.
        expected: LeafIndex,
        /// The entry that was given.
        found: LeafIndex,
    },
    /// A batch whose watermark is not the last entry of the batch.
    #[error("the batch ends at size {ends}, but its watermark says {watermark}")]
    Watermark {
        /// The size after the batch.
        ends: TreeSize,
        /// The size of the watermark.
        watermark: TreeSize,
    },
    /// A batch of another log.
    #[error("the index is of the log `{expected}`, but the batch is of `{found}`")]
    Origin {
        /// The log that is indexed.
        expected: String,
        /// The log of the batch.
        found: String,
    },
    /// The backend failed: delete the index, it is rebuilt.
    #[error("the index cannot be read")]
    Backend(#[source] Box<dyn std::error::Error + Send + Sync>),
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
pub trait Index {
    /// Returns how far the index goes; nothing before the first batch.
    fn watermark(&self) -> Option<&Watermark>;

    /// Takes the entries that follow the watermark, in log order without a hole, and moves it to `to`. A batch is
    /// taken whole or not at all.
    fn apply(&mut self, batch: Vec<Indexed>, to: Watermark) -> Result<(), IndexError>;

    /// Returns the statement at an entry.
    fn id_at(&self, entry: LeafIndex) -> Result<Option<StatementId>, IndexError>;

    /// Returns what is known of a statement.
    fn facts(&self, id: StatementId) -> Result<Option<Arc<Facts>>, IndexError>;

    /// Returns the entries of the statements that cite the statement first standing at `entry`, in log order.
    fn children(&self, entry: LeafIndex) -> Result<Vec<LeafIndex>, IndexError>;

    /// Returns the ids that begin with `prefix`, ascending, at most `limit`.
    fn ids(&self, prefix: IdPrefix, limit: usize) -> Result<Vec<StatementId>, IndexError>;

    /// Returns all versions of a name, in log order.
    fn versions(&self, name: &ItemName) -> Result<Vec<Version>, IndexError>;

    /// Returns every name, ascending.
    fn names(&self) -> Result<Vec<ItemName>, IndexError>;

    /// Returns the artifacts and manifest members with these bytes, in log order.
    fn claims(&self, digest: Sha256Digest) -> Result<Vec<ArtifactRef>, IndexError>;

    /// Returns the digests that more than one statement claims, ascending.
    fn contested(&self) -> Result<Vec<Sha256Digest>, IndexError>;
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
