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
        let mut staging = Staging::on(&self.state, &blobs, Checks::All);
        let expected = staging.next();
        if expected != first {
            let found = first;
            return Err((first, GateError::OutOfOrder { expected, found }));
        }
        for (position, leaf) in entries.iter().enumerate() {
            let entry = staging.next();
            let admitted = staging.admit(leaf).map_err(|error| (entry, error.into()))?;
            let is_seal = matches!(admitted.statement.predicate, Predicate::Seal(_));
            if is_seal != (position + 1 == entries.len()) {
                return Err((entry, GateError::SealPlace));
            }
        }
        match staging.finish() {
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
