//! Registering, second phase: blobs first, then commits of at most 16 MiB, parents first, each with its seal.
//!
//! A stop anywhere leaves a valid prefix: what was acknowledged is in the log, and the same command appends the rest.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::checkpoint::Signer;
use crate::digest::BlobId;
use crate::digest::StatementId;
use crate::envelope::Envelope;
use crate::key::PublicKey;
use crate::log::LockedLog;
use crate::log::LogError;
use crate::log::Tampering;
use crate::merkle::LeafIndex;
use crate::statement::Predicate;
use crate::statement::Statement;

use super::Ledger;
use super::admission::BlobError;
use super::admission::Blobs;
use super::admission::Checks;
use super::admission::Staging;
use super::error::LedgerError;
use super::hash::HashCache;
use super::hash::Progress;
use super::lineage_file::LineageFile;
use super::offer::Offer;
use super::open::StoreBlobs;
use super::private::Sidecar;
use super::register::Ground;
use super::register::Plan;
use super::register::PlannedBlob;
use super::register::RegisterError;
use super::register::RegisterOptions;
use super::register::Registered;
use super::register::plan;
use super::write::Gate;
use super::write::GateError;
use super::writer::One;
use super::writer::Writer;

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
    /// Where what is withheld is kept; nothing can be withheld without.
    pub sidecar: Option<&'a Sidecar>,
    /// How.
    pub options: RegisterOptions,
    /// Digests of files that have not changed since they were hashed last.
    pub cache: Option<&'a HashCache>,
    /// Who watches the hashing.
    pub progress: &'a dyn Progress,
    /// How long to wait for the lock.
    pub wait: Duration,
}

/// One statement that is in the ledger now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Its id.
    pub id: StatementId,
    /// Where it stands.
    pub entry: LeafIndex,
    /// Whether it stood there before.
    pub already_present: bool,
}

impl std::fmt::Debug for RegisterRequest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RegisterRequest")
            .field("path", &self.path)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// Keeps what opens the commitments of a plan, before anything is appended that could not be opened otherwise. What is
/// in the ledger already is kept again, should it have been lost.
fn keep(sidecar: Option<&Sidecar>, plan: &Plan) -> Result<(), RegisterError> {
    let Some(sidecar) = sidecar else {
        return Ok(());
    };
    for planned in plan.planned.iter().filter(|one| !one.kept.openings.is_empty()) {
        sidecar.keep(planned.id, &planned.kept).map_err(Box::new)?;
    }
    Ok(())
}

impl Ledger {
    /// Registers a lineage file. Any error of the first phase appends nothing; `random` gives the nonce of a commit.
    pub fn register(
        &mut self,
        request: &RegisterRequest<'_>,
        random: &mut dyn FnMut() -> [u8; 16],
    ) -> Result<Registered, LedgerError> {
        self.leave_index()?;
        let plan = self.plan(request)?;
        let present = plan.planned.iter().filter(|one| one.present.is_some()).count() as u64;
        let missing = plan.planned.len() as u64 - present;
        if !request.options.dry_run {
            keep(request.sidecar, &plan)?;
        }
        let appended = if request.options.dry_run || missing == 0 {
            missing
        } else {
            let all: Vec<One<'_>> = plan.planned.iter().map(One::of).collect();
            self.append(&all, request.signers, request.wait, random)?
        };
        let size = self.checkpoint().size.get();
        Ok(Registered {
            appended,
            already_present: plan.planned.len() as u64 - appended,
            tree_size: size,
            nodes: plan.nodes(),
            warnings: plan.warnings,
            left_out: plan.left_out,
            gaps: plan.gaps,
            dry_run: request.options.dry_run,
        })
    }

    /// Appends one statement that says `predicate`, with the blobs it names, in a commit of its own; one that is there
    /// already is not appended again. What is not admitted leaves nothing behind.
    pub fn append_statement(
        &mut self,
        predicate: Predicate,
        blobs: Vec<Vec<u8>>,
        signers: &Signers,
        wait: Duration,
        random: &mut dyn FnMut() -> [u8; 16],
    ) -> Result<Appended, LedgerError> {
        self.leave_index()?;
        let statement = Statement {
            issuer: public(&*signers.issuer)?.id(),
            ledger: Some(self.founding().id),
            predicate,
        };
        let leaf = Envelope::seal(&statement, |pae| signers.issuer.sign(pae))?;
        self.append_one(&statement, &leaf, blobs, signers, wait, random)
    }

    /// Appends what a vendor offers, as it was signed, in a commit of its own.
    pub fn append_offer(
        &mut self,
        offer: &Offer,
        log: &Arc<dyn Signer>,
        wait: Duration,
        random: &mut dyn FnMut() -> [u8; 16],
    ) -> Result<Appended, LedgerError> {
        self.leave_index()?;
        // Nothing is left to sign but the seal and the commit.
        let signers = Signers {
            issuer: Arc::clone(log),
            log: Arc::clone(log),
        };
        let blobs = offer.blobs().values().cloned().collect();
        let (statement, envelope) = (offer.statement(), offer.envelope());
        self.append_one(statement, envelope, blobs, &signers, wait, random)
    }

    fn append_one(
        &mut self,
        statement: &Statement,
        leaf: &Envelope,
        blobs: Vec<Vec<u8>>,
        signers: &Signers,
        wait: Duration,
        random: &mut dyn FnMut() -> [u8; 16],
    ) -> Result<Appended, LedgerError> {
        let id = leaf.id();
        if let Some(facts) = self.replayed.state.index().facts(id)? {
            let entry = facts.entry;
            return Ok(Appended {
                id,
                entry,
                already_present: true,
            });
        }
        let blobs: Vec<(BlobId, PlannedBlob)> = blobs
            .into_iter()
            .map(|bytes| (BlobId::of(&bytes), PlannedBlob::Bytes(bytes)))
            .collect();
        self.check_one(leaf, &blobs)?;
        let one = One {
            statement,
            id,
            blobs: &blobs,
            // Signed once is enough; whoever holds the key may be asked each time.
            signed: Some(leaf),
        };
        let appended = self.append(&[one], signers, wait, random)?;
        let facts = self.replayed.state.index().facts(id)?;
        let entry = facts.ok_or(LedgerError::NotThere { id })?.entry;
        // Another process may have been first.
        let already_present = appended == 0;
        Ok(Appended {
            id,
            entry,
            already_present,
        })
    }

    /// Says what admission would say, before a blob is written that nothing names.
    fn check_one(&self, leaf: &Envelope, blobs: &[(BlobId, PlannedBlob)]) -> Result<(), LedgerError> {
        let stored = StoreBlobs(&**self.store());
        let both = Both {
            stored: &stored,
            given: blobs,
        };
        let mut staging = Staging::on(&self.replayed.state, &both, Checks::All);
        let entry = staging.next();
        let admitted = staging.admit(&leaf.encode());
        admitted.map_err(|source| LedgerError::Refused { entry, source })?;
        Ok(())
    }

    /// Checks and hashes everything a lineage file names; nothing is written.
    pub fn plan(&self, request: &RegisterRequest<'_>) -> Result<Plan, LedgerError> {
        let ground = Ground {
            state: &self.replayed.state,
            statements: self,
            issuer: public(&*request.signers.issuer)?.id(),
            keys_folder: request.keys_folder,
            options: request.options,
            sidecar: request.sidecar,
            cache: request.cache,
            progress: request.progress,
        };
        Ok(plan(ground, request.path, request.file)?)
    }

    /// Appends what is not there yet and returns how many statements that was.
    fn append(
        &mut self,
        planned: &[One<'_>],
        signers: &Signers,
        wait: Duration,
        random: &mut dyn FnMut() -> [u8; 16],
    ) -> Result<u64, LedgerError> {
        self.note_index_trouble(None);
        let mut writer = self.writer(&signers.log, wait)?;
        let appended = writer.append_all(planned, &signers.issuer, random);
        let indexed = if appended.is_ok() {
            writer.finish()
        } else {
            drop(writer);
            Ok(())
        };
        if let Err(error) = indexed {
            self.note_index_trouble(Some(error));
        }
        // Whatever became of it, what is published now is what counts.
        let refreshed = self.refresh().and_then(|()| self.remember());
        let appended = appended?;
        refreshed.map(|()| appended)
    }

    /// Deletes the index and builds it again from the log, under the appender's lock. Nothing is signed, and what a
    /// crash left beyond the checkpoint is left to the next append.
    ///
    /// Errors: [`LedgerError::ManifestMissing`] while the members of a manifest cannot be known.
    pub fn reindex(&mut self, wait: Duration) -> Result<(), LedgerError> {
        let Some(folder) = self.index_folder().cloned() else {
            return Ok(());
        };
        let store = Arc::clone(self.store());
        let _locked = LockedLog::acquire(Arc::clone(&store), self.reader.key().clone(), wait)?;
        self.refresh()?;
        if let Some(&id) = self.replayed.state.missing_manifests().first() {
            return Err(LedgerError::ManifestMissing { id });
        }
        folder.remove()?;
        let keeper = folder.keep(&self.reader, self.founding())?;
        Ok(keeper.publish(&self.replayed)?)
    }

    /// Takes the lock and makes good what a crash left.
    fn writer(&mut self, log: &Arc<dyn Signer>, wait: Duration) -> Result<Writer, LedgerError> {
        let store = Arc::clone(self.store());
        let locked = LockedLog::acquire(Arc::clone(&store), self.reader.key().clone(), wait)?;
        let known = self.remembered_note()?;
        // Others may have appended since this ledger was opened.
        self.refresh()?;
        self.hold_unless_lagging(known.as_deref())?;
        if let Some(&id) = self.replayed.state.missing_manifests().first() {
            return Err(LedgerError::ManifestMissing { id });
        }
        if let Some(folder) = self.index_folder().filter(|_| self.discards_index()) {
            folder.remove()?;
        }
        let kept = self
            .index_folder()
            .map(|folder| folder.keep(&self.reader, self.founding()));
        let keeper = match kept {
            Some(Ok(keeper)) => Some(keeper),
            // Without an index the log is as good, only slower to ask.
            Some(Err(LedgerError::Index(error))) => {
                self.note_index_trouble(Some(error));
                None
            }
            Some(Err(error)) => return Err(error),
            None => None,
        };
        let mut gate = Gate::new(self.replayed.state.clone(), Arc::clone(&store));
        let overtaken = LogError::LostRace {
            number: self.reader.commit_count(),
        };
        let appender = match locked.recover(Arc::clone(log), &mut gate) {
            // Somebody appended although the lock is held, so somebody has removed it.
            Ok(appender) if appender.size() != gate.state().size() => return Err(overtaken.into()),
            Err(error) if is_overtaken(&error) => return Err(overtaken.into()),
            recovered => recovered?,
        };
        if let (Some(remembered), Some(note)) = (self.remembered(), &known) {
            // By now everything that was committed is published: a shorter log was rolled back.
            remembered.hold(note, &appender.reader()?)?;
        }
        Ok(Writer {
            store,
            appender,
            gate,
            keeper,
            log: Arc::clone(log),
            ledger: self.founding().id,
        })
    }
}

/// Returns whether recovery met commits that were made after this ledger was last read.
fn is_overtaken(error: &LogError) -> bool {
    let LogError::Tampered(Tampering::NotAdmitted { source, .. }) = error else {
        return false;
    };
    matches!(source.reason.downcast_ref(), Some(GateError::OutOfOrder { .. }))
}

/// The blobs of the ledger and those it is about to hold.
struct Both<'a> {
    stored: &'a StoreBlobs<'a>,
    given: &'a [(BlobId, PlannedBlob)],
}

impl Blobs for Both<'_> {
    fn read(&self, id: BlobId, limit: u64) -> Result<Vec<u8>, BlobError> {
        let given = self.given.iter().find_map(|(given, blob)| match blob {
            PlannedBlob::Bytes(bytes) if *given == id => Some(bytes),
            _ => None,
        });
        match given {
            Some(bytes) if bytes.len() as u64 > limit => Err(BlobError::TooLarge { id, limit }),
            Some(bytes) => Ok(bytes.clone()),
            None => self.stored.read(id, limit),
        }
    }
}

fn public(signer: &dyn Signer) -> Result<PublicKey, LedgerError> {
    PublicKey::from_bytes(&signer.public_key()).map_err(|error| {
        LedgerError::Sign(crate::sign::SignError::Refused {
            reason: error.to_string(),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::admission::AdmissionError;
    use crate::ledger::admission::fixture::*;
    use crate::ledger::fixture::ledger_of;
    use crate::ledger::fixture::signer as log_signer;
    use crate::sign::MemorySigner;
    use crate::store::Folder;

    fn signers(issuer: u8) -> Signers {
        Signers {
            issuer: Arc::new(MemorySigner::from_secret([issuer; 32])),
            log: log_signer(),
        }
    }

    fn add(
        ledger: &mut Ledger,
        issuer: u8,
        predicate: Predicate,
        blobs: &[&[u8]],
    ) -> Result<Appended, LedgerError> {
        let blobs = blobs.iter().map(|blob| blob.to_vec()).collect();
        ledger.append_statement(predicate, blobs, &signers(issuer), Duration::ZERO, &mut || {
            [5; 16]
        })
    }

    #[test]
    fn one_statement_is_appended_once_with_its_blobs_and_a_seal() {
        let mut fixture = Fixture::new();
        let model = fixture.append(vec![model("m", files(&["w"]))]).unwrap()[0];
        let mut ledger = ledger_of(&fixture);
        let said = report(vec![at(model, 0)], b"a page");
        let first = add(&mut ledger, ISSUER, said.clone(), &[b"a page"]).unwrap();
        assert_eq!((first.entry.get(), first.already_present), (4, false));
        assert_eq!(ledger.checkpoint().size.get(), 6);
        let again = add(&mut ledger, ISSUER, said, &[b"a page"]).unwrap();
        assert_eq!(
            (again.id, again.entry, again.already_present),
            (first.id, first.entry, true)
        );
        assert_eq!(ledger.checkpoint().size.get(), 6);
        let (_, statement) = ledger.entry(first.entry).unwrap();
        assert_eq!(statement.predicate.kind(), "report");
        let held = crate::store::get_blob(&**ledger.store(), BlobId::of(b"a page")).unwrap();
        assert_eq!(held.as_deref(), Some(&b"a page"[..]));
    }

    #[test]
    fn what_is_not_admitted_leaves_nothing_behind() {
        let mut fixture = Fixture::new();
        let model = fixture.append(vec![model("m", files(&["w"]))]).unwrap()[0];
        let mut ledger = ledger_of(&fixture);
        let blobs = |ledger: &Ledger| ledger.store().list(&Folder::Blobs).unwrap().files.len();
        let before = blobs(&ledger);
        let denied = add(&mut ledger, SOURCES, report(vec![at(model, 0)], b"p"), &[b"p"]).unwrap_err();
        assert!(denied.is_not_authorised(), "{denied:?}");
        let missing = add(&mut ledger, ISSUER, report(vec![at(model, 0)], b"p"), &[b"q"]).unwrap_err();
        let LedgerError::Refused { source, .. } = missing else {
            panic!("{missing:?}")
        };
        assert!(matches!(source, AdmissionError::Blob(BlobError::Missing { .. })));
        assert_eq!((blobs(&ledger), ledger.checkpoint().size.get()), (before, 4));
    }
}
