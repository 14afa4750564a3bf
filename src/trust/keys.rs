//! The keys of a ledger: granted, revoked, rotated, affirmed, by log index.
//!
//! Admission asks before it appends, every verifier asks again, and both ask this. What is refused here never gets into
//! an honest log, so a change that cannot be made is an error before anything is written and `tampered` where it stands.
//! A change is made whole or not at all.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::checkpoint::LogKey;
use crate::digest::KeyId;
use crate::digest::StatementId;
use crate::key::PublicKey;
use crate::statement::EVERY_KIND;
use crate::statement::Genesis;
use crate::statement::KeyChange;
use crate::statement::KeyChangeKind;
use crate::statement::Revocation;
use crate::statement::Since;

use super::check::check_shape;
use super::error::TrustError;
use super::record::GrantedKey;
use super::record::Proposal;

/// Whether what a key signed counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It counts.
    Good,
    /// The key was compromised by then, and another one affirmed the statement.
    Affirmed {
        /// The first key whose affirmation counts.
        by: KeyId,
        /// The entry of that affirmation.
        entry: u64,
    },
    /// The key was compromised by then, and nobody affirmed the statement.
    Suspect,
}

/// The keys of a ledger and what they may sign, as of some tree size.
#[derive(Debug, Clone)]
pub struct Keys {
    pub(super) owners: Vec<PublicKey>,
    /// Signs seals, commits and checkpoints, and nothing that a grant covers.
    pub(super) log_key: Option<PublicKey>,
    threshold: u64,
    pub(super) records: BTreeMap<KeyId, GrantedKey>,
    pending: BTreeMap<StatementId, Proposal>,
    /// Changes that were made, by the statement that proposed them.
    made: BTreeSet<StatementId>,
    /// Who affirmed a statement, and at which entry.
    affirmed: BTreeMap<StatementId, BTreeMap<KeyId, u64>>,
}

impl Keys {
    /// Starts with the owners and grants of genesis, which hold from entry 0.
    ///
    /// A grant to an owner or to the log key is none, and of two grants to one key the first counts: admission refuses
    /// such a genesis, and whoever gets round that gains nothing.
    pub fn of(genesis: &Genesis) -> Self {
        let mut keys = Self {
            owners: genesis.owners.clone(),
            log_key: LogKey::parse_vkey(&genesis.log_key)
                .ok()
                .map(|key| key.public_key()),
            threshold: genesis.threshold,
            records: BTreeMap::new(),
            pending: BTreeMap::new(),
            made: BTreeSet::new(),
            affirmed: BTreeMap::new(),
        };
        for grant in &genesis.grants {
            if !keys.is_reserved(grant.public_key) {
                let (kinds, holder) = (grant.kinds.clone(), grant.holder.clone());
                let record = GrantedKey::fresh(grant.public_key, kinds, holder, 0);
                keys.records.entry(grant.public_key.id()).or_insert(record);
            }
        }
        keys
    }

    /// Applies the key change at entry `index`. Grants, revocations and rotations need as many owners as the
    /// threshold says and take effect at the entry that completes it; an affirmation needs a granted key.
    /// After an error everything is as before.
    pub fn apply(
        &mut self,
        index: u64,
        id: StatementId,
        issuer: KeyId,
        change: &KeyChange,
    ) -> Result<(), TrustError> {
        check_shape(change)?;
        match change.change {
            KeyChangeKind::Affirm => {
                self.may_sign(issuer, &["key:affirm".to_owned(), "key".to_owned()], index)?;
                for statement in &change.statements {
                    let by = self.affirmed.entry(*statement).or_default();
                    by.entry(issuer).or_insert(index);
                }
                Ok(())
            }
            KeyChangeKind::Approve => {
                self.owner(issuer)
                    .map_err(|_| TrustError::NotAnOwner { key: issuer })?;
                let mut approved = self.clone();
                for statement in &change.statements {
                    approved.approve(index, *statement, issuer)?;
                }
                *self = approved;
                Ok(())
            }
            KeyChangeKind::Grant | KeyChangeKind::Revoke | KeyChangeKind::Rotate => {
                self.owner(issuer)
                    .map_err(|_| TrustError::NotAnOwner { key: issuer })?;
                self.check(index, change)?;
                let proposal = Proposal {
                    id,
                    entry: index,
                    change: change.clone(),
                    agreed: BTreeSet::from([issuer]),
                };
                self.settle(index, proposal);
                Ok(())
            }
        }
    }

    fn approve(&mut self, index: u64, id: StatementId, owner: KeyId) -> Result<(), TrustError> {
        let Some(proposal) = self.pending.get(&id) else {
            return Err(TrustError::Change(if self.made.contains(&id) {
                "that change is in force already"
            } else {
                "nothing awaits that approval"
            }));
        };
        if proposal.agreed.contains(&owner) {
            return Err(TrustError::Change("this owner has agreed to it already"));
        }
        // Since it was proposed another change may have made it impossible, and then it stays so.
        self.check(proposal.entry, &proposal.change)?;
        if let Some(mut proposal) = self.pending.remove(&id) {
            proposal.agreed.insert(owner);
            self.settle(index, proposal);
        }
        Ok(())
    }

    /// Returns the public key of an owner, whom nothing but genesis names.
    pub fn owner(&self, key: KeyId) -> Result<PublicKey, TrustError> {
        self.owners
            .iter()
            .copied()
            .find(|owner| owner.id() == key)
            .ok_or(TrustError::Unknown { key })
    }

    /// Returns the owners, in the order of genesis.
    pub fn owners(&self) -> &[PublicKey] {
        &self.owners
    }

    /// Returns how many owners must agree.
    pub fn threshold(&self) -> u64 {
        self.threshold
    }

    /// Returns every key that was ever granted anything, in the order of the grants.
    pub fn granted(&self) -> Vec<&GrantedKey> {
        let mut all: Vec<&GrantedKey> = self.records.values().collect();
        all.sort_by_key(|record| (record.from, record.key.id()));
        all
    }

    /// Returns what is known of a key that was granted something.
    pub fn record(&self, key: KeyId) -> Option<&GrantedKey> {
        self.records.get(&key)
    }

    /// Returns the changes that await approval, in log order.
    pub fn proposals(&self) -> Vec<&Proposal> {
        let mut all: Vec<&Proposal> = self.pending.values().collect();
        all.sort_by_key(|proposal| proposal.entry);
        all
    }

    /// Returns why a change that awaits approval can never be made, if so.
    pub fn obstacle(&self, proposal: &Proposal) -> Option<TrustError> {
        self.check(proposal.entry, &proposal.change).err()
    }

    /// Returns the keys as they would be if all owners agreed to a change that is proposed at entry `index`.
    pub fn with(&self, index: u64, change: &KeyChange) -> Result<Self, TrustError> {
        check_shape(change)?;
        self.check(index, change)?;
        let mut changed = self.clone();
        changed.enact(index, change);
        Ok(changed)
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
        if !record.counts_at(index) {
            let end = record
                .to
                .map_or_else(String::new, |end| format!(" to below {end}"));
            let valid = format!("from entry {}{end}", record.from);
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
            .is_some_and(|record| record.is_suspect_at(index));
        if !suspect {
            return Standing::Good;
        }
        match self.affirmed_by(key, statement) {
            Some((by, entry)) => Standing::Affirmed { by, entry },
            None => Standing::Suspect,
        }
    }

    /// Returns whether one of two keys took the other's place, at whatever remove: then both are of one hand.
    pub fn are_of_one_hand(&self, one: KeyId, other: KeyId) -> bool {
        self.last_successor(one) == self.last_successor(other)
    }

    /// A key is granted once, so nobody succeeds himself; the bound is for the reader.
    fn last_successor(&self, key: KeyId) -> KeyId {
        let mut last = key;
        for _ in 0..=self.records.len() {
            match self.records.get(&last).and_then(|record| record.successor) {
                Some(next) => last = next.id(),
                None => break,
            }
        }
        last
    }

    /// Returns the keys whose affirmation of a statement counts, in the order of their affirmations.
    pub fn affirmers(&self, statement: StatementId) -> Vec<KeyId> {
        let affirmed = self.affirmed.get(&statement).into_iter().flatten();
        let counts = |(by, at): &(&KeyId, &u64)| {
            let record = self.records.get(*by);
            record.is_some_and(|record| !record.is_suspect_at(**at))
        };
        let mut counting: Vec<(u64, KeyId)> = affirmed.filter(counts).map(|(by, at)| (*at, *by)).collect();
        counting.sort_unstable();
        counting.into_iter().map(|(_, by)| by).collect()
    }

    /// Returns the first other key whose affirmation of what `key` signed counts, with its entry.
    ///
    /// One by a key that was itself suspect when it affirmed does not, and affirming the affirmation does not help: what
    /// counts is affirmed itself.
    fn affirmed_by(&self, key: KeyId, statement: StatementId) -> Option<(KeyId, u64)> {
        let affirmed = self.affirmed.get(&statement)?;
        let counts = |(by, at): &(&KeyId, &u64)| {
            let record = self.records.get(*by);
            **by != key && record.is_some_and(|record| !record.is_suspect_at(**at))
        };
        let first = affirmed.iter().filter(counts).min_by_key(|(_, at)| **at);
        first.map(|(by, at)| (*by, *at))
    }

    fn settle(&mut self, index: u64, proposal: Proposal) {
        if proposal.agreed.len() as u64 >= self.threshold {
            self.made.insert(proposal.id);
            self.enact(index, &proposal.change);
        } else {
            self.pending.insert(proposal.id, proposal);
        }
    }

    /// Makes a change that was checked.
    fn enact(&mut self, index: u64, change: &KeyChange) {
        let Some(key) = change.public_key else {
            return;
        };
        if change.change == KeyChangeKind::Grant {
            let (kinds, holder) = (change.kinds.clone(), change.holder.clone());
            let record = GrantedKey::fresh(key, kinds, holder, index);
            self.records.entry(key.id()).or_insert(record);
            return;
        }
        let Some(record) = self.records.get_mut(&key.id()) else {
            return;
        };
        record.to = Some(record.to.map_or(index, |earlier| earlier.min(index)));
        if change.revocation == Some(Revocation::Compromised) {
            let since = match change.since {
                Some(Since::Entry(entry)) => entry.max(record.from),
                Some(Since::Grant) | None => record.from,
            };
            if record.suspect_from.is_none_or(|earlier| since < earlier) {
                record.suspect_from = Some(since);
                record.suspect_by = Some(index);
            }
        }
        if let Some(successor) = change.successor {
            record.successor = Some(successor);
            let (kinds, holder) = (record.kinds.clone(), record.holder.clone());
            let fresh = GrantedKey::fresh(successor, kinds, holder, index);
            self.records.entry(successor.id()).or_insert(fresh);
        }
    }
}
