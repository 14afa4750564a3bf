//! What a ledger knows of one key, and of one change that awaits approval.

use std::collections::BTreeSet;

use crate::digest::KeyId;
use crate::digest::StatementId;
use crate::key::PublicKey;
use crate::statement::KeyChange;

/// A key that was granted something, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantedKey {
    /// The key.
    pub key: PublicKey,
    /// What it may sign.
    pub kinds: Vec<String>,
    /// The holder it speaks for.
    pub holder: Option<String>,
    /// The entry from which on it counts.
    pub from: u64,
    /// The entry from which on it does not count any longer.
    pub to: Option<u64>,
    /// The entry from which on what it signed is suspect.
    pub suspect_from: Option<u64>,
    /// The entry that says so.
    pub suspect_by: Option<u64>,
    /// The key that took its place.
    pub successor: Option<PublicKey>,
}

impl GrantedKey {
    pub(super) fn fresh(key: PublicKey, kinds: Vec<String>, holder: Option<String>, from: u64) -> Self {
        Self {
            key,
            kinds,
            holder,
            from,
            to: None,
            suspect_from: None,
            suspect_by: None,
            successor: None,
        }
    }

    /// Returns whether it counts at an entry.
    pub fn counts_at(&self, index: u64) -> bool {
        index >= self.from && self.to.is_none_or(|end| index < end)
    }

    /// Returns whether what it signs at an entry is suspect, unless affirmed.
    pub fn is_suspect_at(&self, index: u64) -> bool {
        self.suspect_from.is_some_and(|from| index >= from)
    }
}

/// A change that not enough owners have agreed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The statement that proposes it.
    pub id: StatementId,
    /// Its entry.
    pub entry: u64,
    /// What is to change.
    pub change: KeyChange,
    /// The owners who agreed, the one who proposed it included.
    pub agreed: BTreeSet<KeyId>,
}
