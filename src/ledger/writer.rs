//! Writing while the lock is held: blobs, signatures, commits of at most 16 MiB, and the index at the end.

use std::sync::Arc;

use crate::checkpoint::Signer;
use crate::digest::BlobId;
use crate::digest::StatementId;
use crate::envelope::ENVELOPE_BYTES_MAX;
use crate::envelope::Envelope;
use crate::index::IndexError;
use crate::log::Appender;
use crate::log::commit::MAX_COMMIT_LEAF_BYTES;
use crate::statement::Seal;
use crate::statement::Statement;
use crate::store::Store;
use crate::store::put_blob;

use super::admission::Checks;
use super::admission::Staging;
use super::error::LedgerError;
use super::keeper::Keeper;
use super::open::StoreBlobs;
use super::register::Planned;
use super::register::PlannedBlob;
use super::register::RegisterError;
use super::register::read_held;
use super::replay::Replayed;
use super::write::Gate;
use super::write::signed_seal;

/// The most bytes of leaves in one commit besides its seal; each leaf has two bytes of length in the slot.
const COMMIT_ROOM_BYTES: usize = MAX_COMMIT_LEAF_BYTES - ENVELOPE_BYTES_MAX - 2;

/// One statement to append, with what the ledger must hold before it.
pub(super) struct One<'a> {
    pub(super) statement: &'a Statement,
    pub(super) id: StatementId,
    pub(super) blobs: &'a [(BlobId, PlannedBlob)],
    /// The envelope, where somebody else has signed.
    pub(super) signed: Option<&'a Envelope>,
}

impl<'a> One<'a> {
    pub(super) fn of(planned: &'a Planned) -> Self {
        Self {
            statement: &planned.statement,
            id: planned.id,
            blobs: &planned.blobs,
            signed: None,
        }
    }
}

/// One process that may append, holding the lock.
pub(super) struct Writer {
    pub(super) store: Arc<dyn Store>,
    pub(super) appender: Appender,
    pub(super) gate: Gate,
    pub(super) keeper: Option<Keeper>,
    pub(super) log: Arc<dyn Signer>,
    pub(super) ledger: StatementId,
}

impl Writer {
    /// Brings the index up to what was appended, and lets go of the lock.
    pub(super) fn finish(self) -> Result<(), IndexError> {
        let Some(keeper) = self.keeper else {
            return Ok(());
        };
        let replayed = Replayed {
            position: self.appender.position(),
            state: self.gate.into_state(),
        };
        keeper.publish(&replayed)
    }

    pub(super) fn append_all(
        &mut self,
        planned: &[One<'_>],
        issuer: &Arc<dyn Signer>,
        random: &mut dyn FnMut() -> [u8; 16],
    ) -> Result<u64, LedgerError> {
        let mut appended = 0;
        let mut rest = planned;
        while !rest.is_empty() {
            let (leaves, taken) = self.next_commit(rest, issuer)?;
            rest = rest.get(taken..).unwrap_or_default();
            if leaves.is_empty() {
                continue;
            }
            appended += leaves.len() as u64;
            self.commit(leaves, random())?;
        }
        Ok(appended)
    }

    /// Signs as many statements as one commit holds and makes their blobs durable; what another process has
    /// appended since the plan was made is passed over. Returns the leaves and how many statements they cover.
    fn next_commit(
        &self,
        planned: &[One<'_>],
        issuer: &Arc<dyn Signer>,
    ) -> Result<(Vec<Vec<u8>>, usize), LedgerError> {
        let mut leaves = Vec::new();
        let mut bytes = 0;
        for (position, one) in planned.iter().enumerate() {
            if self.gate.state().index().facts(one.id)?.is_some() {
                continue;
            }
            let leaf = match one.signed {
                Some(envelope) => envelope.encode(),
                None => Envelope::seal(one.statement, |pae| issuer.sign(pae))?.encode(),
            };
            if bytes + leaf.len() + 2 > COMMIT_ROOM_BYTES {
                return Ok((leaves, position));
            }
            bytes += leaf.len() + 2;
            for (id, blob) in one.blobs {
                self.hold(*id, blob)?;
            }
            leaves.push(leaf);
        }
        Ok((leaves, planned.len()))
    }

    /// Blobs become durable before the commit that names them.
    fn hold(&self, id: BlobId, blob: &PlannedBlob) -> Result<(), LedgerError> {
        let put = match blob {
            PlannedBlob::Bytes(bytes) => put_blob(&*self.store, bytes)?,
            PlannedBlob::File(path) => match read_held(path, id) {
                Some(bytes) => put_blob(&*self.store, &bytes)?,
                None => return Err(RegisterError::Changed { path: path.clone() }.into()),
            },
        };
        debug_assert_eq!(put, id, "a blob is stored under the digest it was planned with");
        Ok(())
    }

    fn commit(&mut self, mut leaves: Vec<Vec<u8>>, nonce: [u8; 16]) -> Result<(), LedgerError> {
        let seal = self.seal_after(&leaves)?;
        leaves.push(signed_seal(seal, self.ledger, &*self.log)?);
        self.appender.append(&leaves, nonce, &mut self.gate)?;
        Ok(())
    }

    /// Returns what the seal above `leaves` must say; a leaf that is not admitted is the error.
    fn seal_after(&self, leaves: &[Vec<u8>]) -> Result<Seal, LedgerError> {
        let blobs = StoreBlobs(&*self.store);
        let mut staging = Staging::on(self.gate.state(), &blobs, Checks::Replay);
        for leaf in leaves {
            let entry = staging.next();
            staging
                .admit(leaf)
                .map_err(|source| LedgerError::Refused { entry, source })?;
        }
        Ok(staging.seal())
    }
}
