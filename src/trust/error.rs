//! Why a key may not sign something, or a change of keys cannot be made.

use crate::digest::KeyId;

/// Why a key may not sign something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// No grant, ever.
    #[error("key {key} was never granted anything in this ledger")]
    Unknown {
        /// The key.
        key: KeyId,
    },
    /// A grant, but not at that entry.
    #[error("key {key} had no grant at entry {index}: it counts {valid}")]
    NotThen {
        /// The key.
        key: KeyId,
        /// The entry.
        index: u64,
        /// When it counts, in words.
        valid: String,
    },
    /// A grant, but not for that kind.
    #[error("key {key} may sign {granted}, not `{kind}`")]
    Kind {
        /// The key.
        key: KeyId,
        /// What was to be signed.
        kind: String,
        /// What it may sign.
        granted: String,
    },
    /// A key change by somebody who owns nothing.
    #[error("key {key} is not an owner's, and only owners change keys")]
    NotAnOwner {
        /// The key.
        key: KeyId,
    },
    /// A key change that says nothing that can be done.
    #[error("the key change cannot be applied: {0}")]
    Change(&'static str),
}
