//! Notices as the machine met them, and whose word counts for what.

use crate::commitment::Commitment;
use crate::digest::KeyId;
use crate::digest::StatementId;
use crate::merkle::LeafIndex;
use crate::statement::Notice;
use crate::statement::Predicate;
use crate::statement::Statement;
use crate::trust::Keys;
use crate::trust::Standing;

/// A notice as it stands in the log: signed by a key that could sign one there.
#[derive(Debug, Clone)]
pub(super) struct Notified {
    pub(super) index: LeafIndex,
    pub(super) id: StatementId,
    pub(super) issuer: KeyId,
    pub(super) notice: Notice,
}

/// Who speaks for a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Voice {
    issuer: KeyId,
    holder: Option<String>,
}

impl Voice {
    pub(super) fn of(statement: &Statement) -> Self {
        let holder = match &statement.predicate {
            Predicate::Source(source) => source.holder.clone(),
            Predicate::Model(model) => Some(model.provider.clone()),
            _ => None,
        };
        Self {
            issuer: statement.issuer,
            holder,
        }
    }

    pub(super) fn issuer(&self) -> KeyId {
        self.issuer
    }

    /// Returns whether something may be taken back with this key: it has a say, or nobody can see that it has none, since
    /// the holder is withheld and it is the key of one.
    pub(super) fn may_take_back(&self, keys: &Keys, key: KeyId) -> bool {
        let withheld = self
            .holder
            .as_deref()
            .is_some_and(|holder| Commitment::parse(holder).is_some());
        self.allows(keys, key) || (withheld && keys.holder(key).is_some())
    }

    fn allows(&self, keys: &Keys, key: KeyId) -> bool {
        let holder = keys.holder(key);
        key == self.issuer
            || keys.owner(key).is_ok()
            || (holder.is_some() && holder == self.holder.as_deref())
    }
}

/// Returns whether notices of a key about a statement have an effect: it signed that, it is the key of the holder that
/// is named there, or an owner's.
pub fn has_say(keys: &Keys, key: KeyId, target: &Statement) -> bool {
    Voice::of(target).allows(keys, key)
}

impl Notified {
    /// Returns whether the key of this notice has a say about what `voice` speaks for: it signed that, it is the key of
    /// the holder that is named there, or an owner's.
    pub(super) fn has_say(&self, keys: &Keys, voice: &Voice) -> bool {
        voice.allows(keys, self.issuer)
    }

    /// Returns whether this may make a verdict better: what takes something back counts always.
    pub(super) fn is_in_good_standing(&self, keys: &Keys) -> bool {
        keys.standing(self.issuer, self.index.get(), self.id) != Standing::Suspect
    }
}
