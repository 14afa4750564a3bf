//! The keys of a ledger: granted, revoked, rotated, affirmed, by log index.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::digest::KeyId;
use crate::digest::StatementId;
use crate::key::PublicKey;
use crate::statement::EVERY_KIND;
use crate::statement::Genesis;
use crate::statement::KeyChange;
use crate::statement::KeyChangeKind;
use crate::statement::Revocation;
use crate::statement::Since;

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
    /// A key change that says nothing that can be done.
    #[error("the key change cannot be applied: {0}")]
    Change(&'static str),
}

/// Whether what a key signed counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It counts.
    Good,
    /// The key was compromised by then, and nobody affirmed the statement.
    Suspect,
}

#[derive(Debug, Clone)]
struct Record {
    key: PublicKey,
    kinds: Vec<String>,
    holder: Option<String>,
    granted_at: u64,
    revoked_at: Option<u64>,
    suspect_from: Option<u64>,
}

/// The keys of a ledger and what they may sign, as of some tree size.
#[derive(Debug, Clone)]
pub struct Keys {
    owners: Vec<PublicKey>,
    threshold: u64,
    records: BTreeMap<KeyId, Record>,
    pending: BTreeMap<StatementId, (KeyChange, BTreeSet<KeyId>)>,
    affirmed: BTreeMap<StatementId, BTreeSet<KeyId>>,
}

impl Keys {
    /// Starts with the owners and grants of genesis, which hold from entry 0.
    pub fn of(genesis: &Genesis) -> Self {
        let records = genesis.grants.iter().map(|grant| {
            let record = Record {
                key: grant.public_key,
                kinds: grant.kinds.clone(),
                holder: grant.holder.clone(),
                granted_at: 0,
                revoked_at: None,
                suspect_from: None,
            };
            (grant.public_key.id(), record)
        });
        Self {
            owners: genesis.owners.clone(),
            threshold: genesis.threshold,
            records: records.collect(),
            pending: BTreeMap::new(),
            affirmed: BTreeMap::new(),
        }
    }

    /// Applies the key change at entry `index`. Grants, revocations and rotations need as many owners as the
    /// threshold says and take effect at the entry that completes it; an affirmation needs a granted key.
    pub fn apply(
        &mut self,
        index: u64,
        id: StatementId,
        issuer: KeyId,
        change: &KeyChange,
    ) -> Result<(), TrustError> {
        match change.change {
            KeyChangeKind::Affirm => {
                self.may_sign(issuer, &["key:affirm".to_owned(), "key".to_owned()], index)?;
                for statement in &change.statements {
                    self.affirmed.entry(*statement).or_default().insert(issuer);
                }
                Ok(())
            }
            KeyChangeKind::Approve => {
                self.owner(issuer)?;
                for statement in &change.statements {
                    let (_, agreed) = self
                        .pending
                        .get_mut(statement)
                        .ok_or(TrustError::Change("nothing awaits that approval"))?;
                    agreed.insert(issuer);
                    self.settle(index, *statement)?;
                }
                Ok(())
            }
            KeyChangeKind::Grant | KeyChangeKind::Revoke | KeyChangeKind::Rotate => {
                self.owner(issuer)?;
                self.check(change)?;
                self.pending
                    .insert(id, (change.clone(), BTreeSet::from([issuer])));
                self.settle(index, id)
            }
        }
    }

    /// Returns the public key of an owner, whom nothing but genesis names.
    pub fn owner(&self, key: KeyId) -> Result<PublicKey, TrustError> {
        self.owners
            .iter()
            .copied()
            .find(|owner| owner.id() == key)
            .ok_or(TrustError::Unknown { key })
    }

    /// Returns the public key of a signer, whether or not it counts: what a signature is checked with.
    pub fn public_key(&self, key: KeyId) -> Result<PublicKey, TrustError> {
        self.records
            .get(&key)
            .map(|record| record.key)
            .map_or_else(|| self.owner(key), Ok)
    }

    /// Returns the holder a key speaks for.
    pub fn holder(&self, key: KeyId) -> Option<&str> {
        self.records.get(&key)?.holder.as_deref()
    }

    /// Returns the public key if `key` may sign one of `words` at entry `index`.
    pub fn may_sign(&self, key: KeyId, words: &[String], index: u64) -> Result<PublicKey, TrustError> {
        let record = self.records.get(&key).ok_or(TrustError::Unknown { key })?;
        if index < record.granted_at || record.revoked_at.is_some_and(|end| index >= end) {
            let end = record
                .revoked_at
                .map_or_else(String::new, |end| format!(" to below {end}"));
            let valid = format!("from entry {}{end}", record.granted_at);
            return Err(TrustError::NotThen { key, index, valid });
        }
        let allowed = |granted: &String| granted == EVERY_KIND || words.contains(granted);
        if record.kinds.iter().any(allowed) {
            return Ok(record.key);
        }
        let kind = words.first().cloned().unwrap_or_default();
        Err(TrustError::Kind {
            key,
            kind,
            granted: record.kinds.join(", "),
        })
    }

    /// Returns the public key if `key` may sign a notice at entry `index`: an owner, or a key that has a grant of any
    /// kind then. What the notice does is another question.
    pub fn may_notify(&self, key: KeyId, index: u64) -> Result<PublicKey, TrustError> {
        if let Ok(owner) = self.owner(key) {
            return Ok(owner);
        }
        let record = self.records.get(&key).ok_or(TrustError::Unknown { key })?;
        self.may_sign(key, &record.kinds, index)
    }

    /// Returns whether what `key` signed at entry `index` counts, given all later key changes.
    pub fn standing(&self, key: KeyId, index: u64, statement: StatementId) -> Standing {
        let suspect = self
            .records
            .get(&key)
            .and_then(|record| record.suspect_from)
            .is_some_and(|from| index >= from);
        let affirmed_by = self.affirmed.get(&statement);
        let affirmed = affirmed_by.is_some_and(|keys| {
            keys.iter().any(|by| {
                *by != key
                    && self
                        .records
                        .get(by)
                        .is_some_and(|record| record.suspect_from.is_none())
            })
        });
        if suspect && !affirmed {
            Standing::Suspect
        } else {
            Standing::Good
        }
    }

    /// Returns the keys whose affirmation of a statement counts.
    pub fn affirmers(&self, statement: StatementId) -> Vec<KeyId> {
        let affirmed = self.affirmed.get(&statement).into_iter().flatten();
        let counts = |by: &&KeyId| {
            let record = self.records.get(*by);
            record.is_some_and(|record| record.suspect_from.is_none())
        };
        affirmed.filter(counts).copied().collect()
    }

    fn check(&self, change: &KeyChange) -> Result<(), TrustError> {
        let key = change.public_key.ok_or(TrustError::Change("it names no key"))?;
        match change.change {
            KeyChangeKind::Grant if change.kinds.is_empty() => Err(TrustError::Change("it grants no kind")),
            KeyChangeKind::Grant if self.records.contains_key(&key.id()) => Err(TrustError::Change(
                "the key has, or had, a grant; a key is granted once",
            )),
            KeyChangeKind::Revoke if change.revocation.is_none() => {
                Err(TrustError::Change("it does not say retired or compromised"))
            }
            KeyChangeKind::Revoke
                if change.revocation == Some(Revocation::Compromised) && change.since.is_none() =>
            {
                Err(TrustError::Change(
                    "it does not say since when the key is compromised",
                ))
            }
            KeyChangeKind::Revoke | KeyChangeKind::Rotate if !self.records.contains_key(&key.id()) => {
                Err(TrustError::Unknown { key: key.id() })
            }
            KeyChangeKind::Rotate => self.check_successor(change.successor),
            _ => Ok(()),
        }
    }

    /// A fresh record in the place of an old one would clear a key that was compromised.
    fn check_successor(&self, successor: Option<PublicKey>) -> Result<(), TrustError> {
        let successor = successor.ok_or(TrustError::Change("it names no successor"))?;
        if self.records.contains_key(&successor.id()) {
            return Err(TrustError::Change(
                "the successor has, or had, a grant; a key is granted once",
            ));
        }
        Ok(())
    }

    fn settle(&mut self, index: u64, id: StatementId) -> Result<(), TrustError> {
        let complete = self
            .pending
            .get(&id)
            .is_some_and(|(_, agreed)| agreed.len() as u64 >= self.threshold);
        if complete && let Some((change, _)) = self.pending.remove(&id) {
            return self.enact(index, &change);
        }
        Ok(())
    }

    fn enact(&mut self, index: u64, change: &KeyChange) -> Result<(), TrustError> {
        // Between the proposal and the last approval another change may have granted the key.
        self.check(change)?;
        let key = change.public_key.ok_or(TrustError::Change("it names no key"))?;
        let fresh = |key: PublicKey, kinds: Vec<String>, holder: Option<String>| Record {
            key,
            kinds,
            holder,
            granted_at: index,
            revoked_at: None,
            suspect_from: None,
        };
        if change.change == KeyChangeKind::Grant {
            self.records
                .insert(key.id(), fresh(key, change.kinds.clone(), change.holder.clone()));
            return Ok(());
        }
        let record = self
            .records
            .get_mut(&key.id())
            .ok_or(TrustError::Unknown { key: key.id() })?;
        record.revoked_at = Some(record.revoked_at.map_or(index, |earlier| earlier.min(index)));
        if change.revocation == Some(Revocation::Compromised) {
            let since = match change.since {
                Some(Since::Entry(entry)) => entry,
                Some(Since::Grant) | None => record.granted_at,
            };
            record.suspect_from = Some(record.suspect_from.map_or(since, |earlier| earlier.min(since)));
        }
        if let Some(successor) = change.successor {
            let (kinds, holder) = (record.kinds.clone(), record.holder.clone());
            self.records
                .insert(successor.id(), fresh(successor, kinds, holder));
        }
        Ok(())
    }
}
