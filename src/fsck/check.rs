//! The whole check, from settings to blobs.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use crate::checkpoint::LogKey;
use crate::digest::StatementId;
use crate::envelope::Envelope;
use crate::key::BATCH_SIGNATURES;
use crate::ledger::LedgerError;
use crate::ledger::Settings;
use crate::ledger::StoreBlobs;
use crate::ledger::admission::Admitted;
use crate::ledger::admission::Checks;
use crate::ledger::admission::Staging;
use crate::ledger::admission::State;
use crate::log::Commit;
use crate::log::LogError;
use crate::log::LogReader;
use crate::log::PublishedFault;
use crate::log::check_published;
use crate::log::commit::MAX_COMMIT_BYTES;
use crate::log::peek_first_entry;
use crate::merkle::LeafIndex;
use crate::statement::Genesis;
use crate::statement::Predicate;
use crate::store::Folder;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::StorePath;
use crate::trust::TrustRoot;

use super::FsckCode;
use super::FsckError;
use super::FsckFinding;
use super::FsckReport;
use super::blobs::BlobCheck;
use super::whole;

/// The longest `herdbook.toml` that is read, in bytes.
const SETTINGS_BYTES_MAX: u64 = 64 * 1024;

/// How often everything is checked again because somebody appended meanwhile.
const CHECKS_MAX: usize = 20;

/// Checks everything that a store holds of a ledger. With a trust root, genesis must be the one it names; without,
/// the log key is the one that genesis names itself.
///
/// Files are looked at one after the other, so an append in between can make sound ones look as if they did not
/// belong together. What is found while somebody appends is looked at again.
pub fn fsck(
    store: &Arc<dyn Store>,
    folder: &Path,
    trust: Option<&TrustRoot>,
) -> Result<FsckReport, FsckError> {
    let mut before = edge(&**store)?;
    for _ in 1..CHECKS_MAX {
        let report = fsck_once(store, folder, trust)?;
        let after = edge(&**store)?;
        if report.findings.is_empty() || before == after {
            return Ok(report);
        }
        before = after;
    }
    fsck_once(store, folder, trust)
}

/// What every append changes: the checkpoint and the slots.
fn edge(store: &dyn Store) -> Result<(Option<Vec<u8>>, usize), FsckError> {
    let limit = crate::checkpoint::MAX_CHECKPOINT_BYTES as u64;
    // What cannot be read is for the check itself to tell.
    let checkpoint = store.read(&StorePath::Checkpoint, limit).unwrap_or_default();
    let slots = store.list(&Folder::Commit).map_err(LedgerError::from)?;
    Ok((checkpoint, slots.files.len()))
}

fn fsck_once(
    store: &Arc<dyn Store>,
    folder: &Path,
    trust: Option<&TrustRoot>,
) -> Result<FsckReport, FsckError> {
    let mut check = Check::new(store);
    let origin = check.settings(folder)?;
    let genesis = check.genesis()?;
    if let Some((root, (_, genesis))) = trust.zip(genesis.as_ref())
        && genesis.origin != root.origin
    {
        let message = format!(
            "this trust root is for the ledger {}, and the ledger is {}; nothing was checked",
            root.origin, genesis.origin
        );
        check.add(FsckCode::OtherLedger, "entry 0", message);
        return Ok(check.report);
    }
    let Some(key) = check.log_key(trust, origin.as_ref(), genesis.as_ref()) else {
        return Ok(check.report);
    };
    let genesis_id = genesis.map(|(id, _)| id);
    if let Some(root) = trust.filter(|root| genesis_id.is_some_and(|id| id != root.genesis)) {
        check.add(
            FsckCode::GenesisDiffers,
            "entry 0",
            format!(
                "the genesis is not hb:{}, which the trust root names",
                root.genesis
            ),
        );
    }
    for fault in check_published(store, &key).map_err(LedgerError::from)? {
        check.published(&fault);
    }
    check.entries(&key)?;
    check.report.blobs = check.blobs.files(&**store, &mut check.report.findings)?;
    Ok(check.report)
}

struct Check<'a> {
    store: &'a Arc<dyn Store>,
    report: FsckReport,
    blobs: BlobCheck,
}

impl<'a> Check<'a> {
    fn new(store: &'a Arc<dyn Store>) -> Self {
        Self {
            store,
            report: FsckReport {
                findings: Vec::new(),
                checkpoint: None,
                entries: 0,
                blobs: 0,
            },
            blobs: BlobCheck::default(),
        }
    }

    fn add(&mut self, code: FsckCode, at: impl Into<String>, message: impl Into<String>) {
        self.report.findings.push(FsckFinding {
            code,
            at: at.into(),
            message: message.into(),
        });
    }

    fn settings(&mut self, folder: &Path) -> Result<Option<Settings>, FsckError> {
        let found = match self.store.read(&StorePath::Settings, SETTINGS_BYTES_MAX) {
            Ok(found) => found,
            Err(StoreError::NoFolder { folder }) => return Err(LedgerError::NoLedger { folder }.into()),
            Err(
                error @ (StoreError::TooLarge { .. }
                | StoreError::SymbolicLink { .. }
                | StoreError::WrongKind { .. }),
            ) => {
                self.add(FsckCode::SettingsFalse, "herdbook.toml", whole(&error));
                return Ok(None);
            }
            Err(error) => return Err(LedgerError::from(error).into()),
        };
        let Some(bytes) = found else {
            let commit = self
                .store
                .read_head(&StorePath::Commit(0), 0)
                .map_err(LedgerError::from)?;
            if commit.is_none() {
                let folder = folder.to_owned();
                return Err(LedgerError::NoLedger { folder }.into());
            }
            self.add(FsckCode::SettingsFalse, "herdbook.toml", "it is missing");
            return Ok(None);
        };
        match Settings::decode(&bytes) {
            Ok(settings) => Ok(Some(settings)),
            // Not false: another program may know what this one does not.
            Err(error @ crate::ledger::SettingsError::NewerFormat { .. }) => {
                Err(LedgerError::from(error).into())
            }
            Err(error) => {
                self.add(FsckCode::SettingsFalse, "herdbook.toml", whole(&error));
                Ok(None)
            }
        }
    }

    /// Returns the log key that counts; nothing when none can be found.
    fn log_key(
        &mut self,
        trust: Option<&TrustRoot>,
        settings: Option<&Settings>,
        genesis: Option<&(StatementId, Genesis)>,
    ) -> Option<LogKey> {
        let vkey = trust.map(|root| root.log_key.clone());
        let stated = genesis.map(|(_, genesis)| genesis.log_key.clone());
        if let (Some((_, genesis)), Some(settings)) = (genesis, settings)
            && genesis.origin != settings.origin.as_str()
        {
            let message = format!(
                "its origin is `{}`, but genesis says `{}`",
                settings.origin, genesis.origin
            );
            self.add(FsckCode::SettingsFalse, "herdbook.toml", message);
        }
        match LogKey::parse_vkey(&vkey.or(stated)?) {
            Ok(key) => Some(key),
            Err(error) => {
                self.add(FsckCode::LogFalse, "entry 0", whole(&error));
                None
            }
        }
    }

    fn genesis(&mut self) -> Result<Option<(StatementId, Genesis)>, FsckError> {
        let leaf = match peek_first_entry(&**self.store) {
            Ok(leaf) => leaf,
            Err(LogError::Tampered(tampering)) => {
                self.add(
                    FsckCode::LogFalse,
                    "commit/00000000000000000000",
                    whole(&tampering),
                );
                return Ok(None);
            }
            Err(LogError::NoLedger) => {
                self.add(
                    FsckCode::LogLags,
                    "commit/",
                    "there is no commit: run the same `init` again",
                );
                return Ok(None);
            }
            Err(error) => return Err(LedgerError::from(error).into()),
        };
        let read = Envelope::decode(&leaf).and_then(|envelope| Ok((envelope.id(), envelope.statement()?)));
        match read {
            Ok((id, statement)) => {
                if let Predicate::Genesis(genesis) = statement.predicate {
                    return Ok(Some((id, genesis)));
                }
                self.add(FsckCode::Inadmissible, "entry 0", "it is not a genesis");
            }
            Err(error) => self.add(FsckCode::Inadmissible, "entry 0", whole(&error)),
        }
        Ok(None)
    }

    fn published(&mut self, fault: &PublishedFault) {
        let code = match fault {
            PublishedFault::Stranger(_) | PublishedFault::Undetermined { .. } => FsckCode::Stranger,
            fault if fault.is_lag() => FsckCode::LogLags,
            _ => FsckCode::LogFalse,
        };
        let at = match fault {
            PublishedFault::Differs { tile }
            | PublishedFault::Missing { tile }
            | PublishedFault::Stale { tile } => {
                format!("log/{tile}")
            }
            PublishedFault::NoCheckpoint | PublishedFault::CheckpointForm => "log/checkpoint".to_owned(),
            PublishedFault::Unpublished { number } => StorePath::Commit(*number).to_string(),
            PublishedFault::Undetermined { path } => path.to_string(),
            PublishedFault::Stranger(stranger) => stranger.path.clone(),
            PublishedFault::False(_) => "commit/, log/".to_owned(),
        };
        self.add(code, at, fault.to_string());
    }

    /// Admits every entry again.
    fn entries(&mut self, key: &LogKey) -> Result<(), FsckError> {
        let reader = match LogReader::open(Arc::clone(self.store), key.clone()) {
            Ok(reader) => reader,
            // Told by the check of what is published.
            Err(LogError::Tampered(_) | LogError::NotPublished | LogError::NoLedger) => return Ok(()),
            Err(error) => return Err(LedgerError::from(error).into()),
        };
        self.report.checkpoint = Some(reader.checkpoint().clone());
        let mut state = State::new();
        let (mut held, mut entries, mut next) = (Vec::new(), 0, 0);
        let mut is_whole = true;
        for commit in reader.commits() {
            let commit = match commit {
                Ok(commit) => commit,
                // Told by the check of what is published; what stands below can be judged.
                Err(LogError::Tampered(_)) => {
                    is_whole = false;
                    break;
                }
                Err(error) => return Err(LedgerError::from(error).into()),
            };
            entries += commit.entries().len();
            next = commit.header().number + 1;
            held.push(commit);
            if entries >= BATCH_SIGNATURES {
                if !self.commits(&held, &mut state)? {
                    return Ok(());
                }
                (held, entries) = (Vec::new(), 0);
            }
        }
        if self.commits(&held, &mut state)? && is_whole {
            self.unpublished(key, next, &mut state)?;
        }
        Ok(())
    }

    /// Admits what no checkpoint covers yet, as recovery will before it signs one.
    fn unpublished(&mut self, key: &LogKey, mut next: u64, state: &mut State) -> Result<(), FsckError> {
        let limit = MAX_COMMIT_BYTES as u64;
        // What cannot be read, or is no commit, was told by the check of what is published.
        while let Ok(Some(slot)) = self.store.read(&StorePath::Commit(next), limit)
            && let Ok(commit) = Commit::decode(&slot, key)
            && self.commits(&[commit], state)?
        {
            next += 1;
        }
        Ok(())
    }

    /// Admits commits; after an entry that may not stand there, nothing above it can be judged.
    fn commits(&mut self, commits: &[Commit], state: &mut State) -> Result<bool, FsckError> {
        let blobs = StoreBlobs(&**self.store);
        let staging = Staging::on(state, &blobs, Checks::Signatures);
        let entries = commits.iter().flat_map(Commit::entries);
        let (admitted, batch) = staging.admit_all(entries.map(|(_, leaf)| leaf));
        let sizes = commits.iter().map(|commit| commit.header().size_after);
        let ends: BTreeSet<LeafIndex> = sizes.map(|size| LeafIndex::new(size.get() - 1)).collect();
        let mut refused = None;
        for Admitted { entry, statement, .. } in admitted {
            self.report.entries += 1;
            self.blobs.name(entry, &statement);
            if matches!(statement.predicate, Predicate::Seal(_)) != ends.contains(&entry) {
                let message = "a seal is the last entry of a commit, and nothing else is".to_owned();
                refused = Some((entry, message));
                break;
            }
        }
        let refused = refused.map_or(Ok(()), Err);
        match refused.and(batch.map_err(|refused| (refused.entry, whole(&refused.reason)))) {
            Ok(Some(batch)) => state.integrate(batch).map_err(LedgerError::from)?,
            Ok(None) => {}
            Err((entry, message)) => {
                let above = "; the entries above it were not judged";
                self.add(FsckCode::Inadmissible, format!("entry {entry}"), message + above);
                return Ok(false);
            }
        }
        Ok(true)
    }
}
