//! Which changes of keys can be made: what each must and must not say, and what the keys there are allow.
//!
//! A key is granted once and for all: a second grant, or a rotation to a key that had one, would be a fresh record in
//! the place of one that was perhaps compromised. A change that would change nothing is refused too, since whoever
//! signs it means something else.

use crate::key::PublicKey;
use crate::statement::KeyChange;
use crate::statement::KeyChangeKind;
use crate::statement::Revocation;
use crate::statement::Since;

use super::error::TrustError;
use super::keys::Keys;
use super::record::GrantedKey;

/// Demands the fields that a change of this kind has, and no other: a field that is passed over is one that somebody
/// else may read.
pub(super) fn check_shape(change: &KeyChange) -> Result<(), TrustError> {
    use KeyChangeKind::{Affirm, Approve, Grant, Revoke, Rotate};
    let kind = change.change;
    let fields = [
        (
            change.public_key.is_some(),
            matches!(kind, Grant | Revoke | Rotate),
            "it names no key",
            "it names a key, and is about statements",
        ),
        (
            change.successor.is_some(),
            kind == Rotate,
            "it names no successor",
            "only a rotation names a successor",
        ),
        (
            !change.kinds.is_empty(),
            kind == Grant,
            "it grants no kind",
            "only a grant names kinds",
        ),
        (
            change.revocation.is_some(),
            kind == Revoke,
            "it does not say retired or compromised",
            "only a revocation says retired or compromised",
        ),
        (
            !change.statements.is_empty(),
            matches!(kind, Approve | Affirm),
            "it names no statement",
            "it names statements, and is about a key",
        ),
        (
            change.since.is_some(),
            change.revocation == Some(Revocation::Compromised),
            "it does not say since when the key is compromised",
            "only a key that is compromised is so since an entry",
        ),
    ];
    for (found, expected, missing, superfluous) in fields {
        if found != expected {
            return Err(TrustError::Change(if expected { missing } else { superfluous }));
        }
    }
    if change.holder.is_some() && kind != Grant {
        return Err(TrustError::Change("only a grant names a holder"));
    }
    Ok(())
}

impl Keys {
    /// Returns whether a key is one that is never granted anything: an owner's, or the log's.
    pub(super) fn is_reserved(&self, key: PublicKey) -> bool {
        self.owners.contains(&key) || self.log_key == Some(key)
    }

    /// Checks a grant, revocation or rotation that was proposed at entry `index` against the keys as they are.
    pub(super) fn check(&self, index: u64, change: &KeyChange) -> Result<(), TrustError> {
        let key = change.public_key.ok_or(TrustError::Change("it names no key"))?;
        if change.change == KeyChangeKind::Grant {
            return self.check_new(key);
        }
        let record = self
            .records
            .get(&key.id())
            .ok_or(TrustError::Unknown { key: key.id() })?;
        match change.change {
            KeyChangeKind::Rotate if record.to.is_some() => Err(TrustError::Change(
                "the key counts no longer: grant the new key by itself",
            )),
            KeyChangeKind::Rotate => match change.successor {
                Some(successor) => self.check_new(successor),
                None => Err(TrustError::Change("it names no successor")),
            },
            _ => check_revocation(index, record, change),
        }
    }

    fn check_new(&self, key: PublicKey) -> Result<(), TrustError> {
        if self.owners.contains(&key) {
            return Err(TrustError::Change(
                "the key is an owner's, which signs key changes and nothing else",
            ));
        }
        if self.log_key == Some(key) {
            return Err(TrustError::Change(
                "the key is the log's, which signs seals and checkpoints and nothing else",
            ));
        }
        if self.records.contains_key(&key.id()) {
            return Err(TrustError::Change(
                "the key has, or had, a grant; a key is granted once",
            ));
        }
        Ok(())
    }
}

/// A later revocation may only make more suspect: else it would raise verdicts, which is for an affirmation to do.
fn check_revocation(index: u64, record: &GrantedKey, change: &KeyChange) -> Result<(), TrustError> {
    if change.revocation == Some(Revocation::Retired) {
        return match record.to {
            None => Ok(()),
            Some(_) => Err(TrustError::Change("the key counts no longer already")),
        };
    }
    let since = match change.since {
        Some(Since::Entry(entry)) => entry.max(record.from),
        Some(Since::Grant) | None => record.from,
    };
    if since > index {
        Err(TrustError::Change(
            "it is compromised since an entry that is still to come: name the first that somebody else may have signed",
        ))
    } else if record.to.is_some_and(|end| since >= end) {
        Err(TrustError::Change(
            "it counted no longer at that entry, so nothing would be suspect: name an earlier one",
        ))
    } else if record.suspect_from.is_some_and(|earlier| earlier <= since) {
        Err(TrustError::Change(
            "it is known to be compromised since then, or since earlier",
        ))
    } else {
        Ok(())
    }
}
