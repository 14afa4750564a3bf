//! Registering, second phase: blobs first, then commits of at most 16 MiB, parents first, each with its seal.
//!
//! A stop anywhere leaves a valid prefix: what was acknowledged is in the log, and the same command appends the rest.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::checkpoint::Signer;
use crate::digest::StatementId;
use crate::envelope::ENVELOPE_BYTES_MAX;
use crate::key::PublicKey;
use crate::log::Appender;
use crate::log::LockedLog;
use crate::log::commit::MAX_COMMIT_LEAF_BYTES;
use crate::statement::Seal;
use crate::store::Store;
use crate::store::put_blob;

use super::Ledger;
use super::admission::Checks;
use super::admission::Staging;
use super::error::LedgerError;
use super::hash::Progress;
use super::lineage_file::LineageFile;
use super::open::StoreBlobs;
use super::register::Ground;
use super::register::Plan;
use super::register::Planned;
use super::register::PlannedBlob;
use super::register::RegisterError;
use super::register::RegisterOptions;
use super::register::Registered;
use super::register::plan;
use super::register::read_held;
use super::write::Gate;
use super::write::signed_seal;

/// The most bytes of leaves in one commit besides its seal; each leaf has two bytes of length in the slot.
const COMMIT_ROOM_BYTES: usize = MAX_COMMIT_LEAF_BYTES - ENVELOPE_BYTES_MAX - 2;

/// Who signs.
#[derive(Debug, Clone)]
pub struct Signers {
    /// Signs statements.
    pub issuer: Arc<dyn Signer>,
    /// Signs seals, commits and checkpoints.
    pub log: Arc<dyn Signer>,
}

/// One lineage file to register.
#[derive(Clone, Copy)]
pub struct RegisterRequest<'a> {
    /// Where it is: the files it names are relative to its folder.
    pub path: &'a Path,
    /// What it says.
    pub file: &'a LineageFile,
    /// Who signs.
    pub signers: &'a Signers,
    /// The folder of this user's keys, of which nothing is registered.
    pub keys_folder: Option<&'a Path>,
    /// How.
    pub options: RegisterOptions,
    /// Who watches the hashing.
    pub progress: &'a dyn Progress,
    /// How long to wait for the lock.
    pub wait: Duration,
}

impl std::fmt::Debug for RegisterRequest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RegisterRequest")
            .field("path", &self.path)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl Ledger {
    /// Registers a lineage file. Any error of the first phase appends nothing; `random` gives the nonce of a commit.
    pub fn register(
        &mut self,
        request: &RegisterRequest<'_>,
        random: &mut dyn FnMut() -> [u8; 16],
    ) -> Result<Registered, LedgerError> {
        let plan = self.plan(request)?;
        let present = plan.planned.iter().filter(|one| one.present.is_some()).count() as u64;
        let missing = plan.planned.len() as u64 - present;
        let appended = if request.options.dry_run || missing == 0 {
            missing
        } else {
            self.append(request, &plan.planned, random)?
        };
        let size = self.checkpoint().size.get();
        Ok(Registered {
            appended,
            already_present: plan.planned.len() as u64 - appended,
            tree_size: size,
            nodes: plan.nodes(),
            warnings: plan.warnings,
            left_out: plan.left_out,
            dry_run: request.options.dry_run,
        })
    }

    /// Checks and hashes everything a lineage file names; nothing is written.
    pub fn plan(&self, request: &RegisterRequest<'_>) -> Result<Plan, LedgerError> {
        let ground = Ground {
            state: &self.replayed.state,
            statements: self,
            issuer: public(&*request.signers.issuer)?.id(),
            keys_folder: request.keys_folder,
            options: request.options,
            progress: request.progress,
        };
        Ok(plan(ground, request.path, request.file)?)
    }

    /// Appends what is not there yet and returns how many statements that was.
    fn append(
        &mut self,
        request: &RegisterRequest<'_>,
        planned: &[Planned],
        random: &mut dyn FnMut() -> [u8; 16],
    ) -> Result<u64, LedgerError> {
        let mut writer = self.writer(&request.signers.log, request.wait)?;
        let appended = writer.append_all(planned, &request.signers.issuer, random);
        // Whatever became of it, what is published now is what counts.
        drop(writer);
        let refreshed = self.refresh();
        let appended = appended?;
        refreshed.map(|()| appended)
    }

    /// Takes the lock and makes good what a crash left.
    fn writer(&mut self, log: &Arc<dyn Signer>, wait: Duration) -> Result<Writer, LedgerError> {
        let store = Arc::clone(self.store());
        let locked = LockedLog::acquire(Arc::clone(&store), self.reader.key().clone(), wait)?;
        // Others may have appended since this ledger was opened.
        self.refresh()?;
        if let Some(&id) = self.replayed.state.missing_manifests().first() {
            return Err(LedgerError::ManifestMissing { id });
        }
        let mut gate = Gate::new(self.replayed.state.clone(), Arc::clone(&store));
        let appender = locked.recover(Arc::clone(log), &mut gate)?;
        Ok(Writer {
            store,
            appender,
            gate,
            log: Arc::clone(log),
            ledger: self.founding().id,
        })
    }
}

/// One process that may append, holding the lock.
struct Writer {
    store: Arc<dyn Store>,
    appender: Appender,
    gate: Gate,
    log: Arc<dyn Signer>,
    ledger: StatementId,
}

impl Writer {
    fn append_all(
        &mut self,
        planned: &[Planned],
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
        planned: &[Planned],
        issuer: &Arc<dyn Signer>,
    ) -> Result<(Vec<Vec<u8>>, usize), LedgerError> {
        let mut leaves = Vec::new();
        let mut bytes = 0;
        for (position, one) in planned.iter().enumerate() {
            if self.gate.state().index().facts(one.id)?.is_some() {
                continue;
            }
            let envelope = crate::envelope::Envelope::seal(&one.statement, |pae| issuer.sign(pae))?;
            let leaf = envelope.encode();
            if bytes + leaf.len() + 2 > COMMIT_ROOM_BYTES {
                return Ok((leaves, position));
            }
            bytes += leaf.len() + 2;
            for (id, blob) in &one.blobs {
                self.hold(*id, blob)?;
            }
            leaves.push(leaf);
        }
        Ok((leaves, planned.len()))
    }

    /// Blobs become durable before the commit that names them.
    fn hold(&self, id: crate::digest::BlobId, blob: &PlannedBlob) -> Result<(), LedgerError> {
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
        let entry = staging.next();
        staging
            .seal()
            .map_err(|source| LedgerError::Refused { entry, source })
    }
}

fn public(signer: &dyn Signer) -> Result<PublicKey, LedgerError> {
    PublicKey::from_bytes(&signer.public_key()).map_err(|error| {
        LedgerError::Sign(crate::sign::SignError::Refused {
            reason: error.to_string(),
        })
    })
}
