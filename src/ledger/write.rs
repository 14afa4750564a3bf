//! Appending: the gate every entry passes, and commits with their seals.

use std::sync::Arc;

use crate::digest::StatementId;
use crate::envelope::Envelope;
use crate::key::PublicKey;
use crate::log::Admission;
use crate::merkle::LeafIndex;
use crate::sign::SignError;
use crate::sign::Signer;
use crate::statement::Predicate;
use crate::statement::Seal;
use crate::statement::Statement;
use crate::store::Store;

use super::admission::AdmissionError;
use super::admission::Checks;
use super::admission::Staging;
use super::admission::State;
use super::open::StoreBlobs;

/// Judges batches for the log: everything admission asks, and a seal at the end of every commit and nowhere else.
#[derive(Debug)]
pub struct Gate {
    state: State,
    store: Arc<dyn Store>,
}

/// A commit without a seal at its end, or with one before it.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// The entry is refused.
    #[error(transparent)]
    Refused(#[from] AdmissionError),
    /// The batch does not begin where the log ends.
    #[error("the batch begins at entry {found}, but the log ends at {expected}")]
    OutOfOrder {
        /// The entry that comes next.
        expected: LeafIndex,
        /// The entry that was given.
        found: LeafIndex,
    },
    /// The last entry is no seal, or another one is.
    #[error("a seal is the last entry of a commit, and nothing else is")]
    SealPlace,
    /// A manifest below is missing, so that no seal can be checked.
    #[error("manifest {0} is missing from blobs/")]
    ManifestMissing(crate::digest::BlobId),
    /// The index refused the batch.
    #[error(transparent)]
    Index(#[from] crate::index::IndexError),
}

impl Gate {
    /// Judges what follows `state`.
    pub fn new(state: State, store: Arc<dyn Store>) -> Self {
        Self { state, store }
    }

    /// Returns what the log says now.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Gives the state back.
    pub fn into_state(self) -> State {
        self.state
    }

    fn judge(&mut self, first: LeafIndex, entries: &[Vec<u8>]) -> Result<(), (LeafIndex, GateError)> {
        if let Some(missing) = self.state.missing_manifests().first() {
            return Err((first, GateError::ManifestMissing(*missing)));
        }
        let blobs = StoreBlobs(&*self.store);
        let staging = Staging::on(&self.state, &blobs, Checks::All);
        let expected = staging.next();
        if expected != first {
            let found = first;
            return Err((first, GateError::OutOfOrder { expected, found }));
        }
        let (admitted, batch) = staging.admit_all(entries.iter().map(Vec::as_slice));
        for (position, admitted) in (1..).zip(admitted) {
            let is_seal = matches!(admitted.statement.predicate, Predicate::Seal(_));
            if is_seal != (position == entries.len()) {
                return Err((admitted.entry, GateError::SealPlace));
            }
        }
        match batch.map_err(|refused| (refused.entry, refused.reason.into()))? {
            Some(batch) => self.state.integrate(batch).map_err(|error| (first, error.into())),
            None => Ok(()),
        }
    }
}

impl Admission for Gate {
    fn admit(&mut self, first: LeafIndex, entries: &[Vec<u8>]) -> Result<(), crate::log::AdmissionError> {
        self.judge(first, entries)
            .map_err(|(index, reason)| crate::log::AdmissionError {
                index,
                reason: Box::new(reason),
            })
    }
}

/// Signs a seal with the log key and returns its leaf.
pub(super) fn signed_seal(seal: Seal, ledger: StatementId, log: &dyn Signer) -> Result<Vec<u8>, SignError> {
    sign(Predicate::Seal(seal), ledger, log).map(|envelope| envelope.encode())
}

/// Signs what `predicate` says in `ledger`.
pub(super) fn sign(
    predicate: Predicate,
    ledger: StatementId,
    signer: &dyn Signer,
) -> Result<Envelope, SignError> {
    let key = PublicKey::from_bytes(&signer.public_key()).map_err(|error| SignError::Refused {
        reason: error.to_string(),
    })?;
    let statement = Statement {
        issuer: key.id(),
        ledger: Some(ledger),
        predicate,
    };
    Envelope::seal(&statement, |pae| signer.sign(pae))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::admission::fixture::*;
    use crate::ledger::fixture::memory_of;
    use crate::store::MemoryStore;
    use crate::store::StorePath;

    fn gate(fixture: &Fixture, memory: &MemoryStore) -> Gate {
        Gate::new(fixture.state.clone(), Arc::new(memory.clone()))
    }

    fn seal_after(fixture: &Fixture, leaves: &[Vec<u8>]) -> Vec<u8> {
        let mut staging = Staging::on(&fixture.state, &fixture.blobs, Checks::All);
        for leaf in leaves {
            staging.admit(leaf).unwrap();
        }
        crate::ledger::admission::fixture::sign(LOG, Some(fixture.id), Predicate::Seal(staging.seal()))
    }

    #[test]
    fn a_commit_ends_with_its_one_seal() {
        let fixture = Fixture::new();
        let memory = memory_of(&fixture);
        let leaf = fixture.sign(source("a", files(&["a"])));
        let seal = seal_after(&fixture, std::slice::from_ref(&leaf));
        let first = fixture.state.size().next_index();
        let judge = |entries: &[Vec<u8>], first| gate(&fixture, &memory).judge(first, entries);
        judge(&[leaf.clone(), seal.clone()], first).unwrap();
        let early = seal_after(&fixture, &[]);
        let second = seal_after(&fixture, &[leaf.clone(), seal.clone()]);
        for entries in [
            vec![leaf.clone()],
            vec![early, leaf.clone()],
            vec![leaf.clone(), seal.clone(), second],
        ] {
            let (_, refused) = judge(&entries, first).unwrap_err();
            assert!(matches!(refused, GateError::SealPlace), "{refused:?}");
        }
        let (_, refused) = judge(&[leaf, seal], first.plus(1)).unwrap_err();
        assert!(matches!(refused, GateError::OutOfOrder { .. }), "{refused:?}");
    }

    #[test]
    fn nothing_is_judged_while_a_manifest_is_missing() {
        let mut fixture = Fixture::new();
        let manifest = manifest_of(70);
        let blob = fixture.blobs.put(&manifest.bytes);
        fixture
            .append(vec![source("parts", set(vec![of_manifest(&manifest)]))])
            .unwrap();
        let memory = memory_of(&fixture);
        memory.tamper(&StorePath::Blob(blob), None);
        let store: Arc<dyn Store> = Arc::new(memory);
        let ledger =
            super::super::Ledger::open_store(Arc::clone(&store), std::path::Path::new("memory")).unwrap();
        let leaf = fixture.sign(source("a", files(&["a"])));
        let seal = seal_after(&fixture, std::slice::from_ref(&leaf));
        let mut gate = Gate::new(ledger.state().clone(), store);
        let (_, refused) = gate
            .judge(fixture.state.size().next_index(), &[leaf, seal])
            .unwrap_err();
        assert!(
            matches!(refused, GateError::ManifestMissing(missing) if missing == blob),
            "{refused:?}"
        );
    }
}
