//! What a key signed: where an impact of a key begins.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::digest::KeyId;
use crate::envelope::Envelope;
use crate::ledger::LedgerError;
use crate::ledger::View;
use crate::statement::ArtifactRef;

use crate::query::QueryError;
use crate::query::node::Place;

/// What a key signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedBy {
    /// The key.
    pub key: KeyId,
    /// How many entries it signed.
    pub entries: u64,
    /// How many of them are of each kind.
    pub kinds: BTreeMap<String, u64>,
}

/// Returns what a key signed below the view, by its own word: no signature is checked here.
pub(super) fn signed_by(view: &View<'_>, key: KeyId) -> Result<(SignedBy, Vec<Place>), QueryError> {
    let mut signed = SignedBy {
        key,
        entries: 0,
        kinds: BTreeMap::new(),
    };
    let mut roots = BTreeSet::new();
    for commit in view.reader().commits() {
        let commit = commit.map_err(LedgerError::from)?;
        for (entry, leaf) in commit.entries() {
            let envelope = Envelope::decode(leaf).ok();
            let Some(envelope) =
                envelope.filter(|envelope| envelope.key() == key && view.size().contains(entry))
            else {
                continue;
            };
            let id = envelope.id();
            let Some(facts) = view.index().facts(id)? else {
                continue;
            };
            signed.entries += 1;
            *signed.kinds.entry(facts.kind.to_owned()).or_default() += 1;
            if facts.kind == "run" {
                roots.insert((facts.entry, Place::Run(id)));
            } else {
                let subjects = facts.sets.iter().flat_map(|set| set.subjects.clone());
                let artifacts = subjects.map(|subject| Place::Artifact(ArtifactRef::subject(id, subject)));
                roots.extend(artifacts.map(|place| (facts.entry, place)));
            }
        }
    }
    Ok((signed, roots.into_iter().map(|(_, place)| place).collect()))
}
