//! Making a ledger: keys, pin, genesis, first seal.
//!
//! | step | a crash after it leaves | the same `init` again |
//! |---|---|---|
//! | write the keys | keys of no ledger | uses them |
//! | write `herdbook.toml` | a folder with settings and no commit | goes on |
//! | pin the trust root | a pin of a ledger that is not there yet | finds the same genesis pinned |
//! | commit genesis and seal | a commit without a checkpoint | publishes it |
//!
//! A pin without a begun folder is that of a ledger elsewhere: its keys would begin a second history under one genesis,
//! and are refused. The same origin, organisation and keys give the same genesis, byte for byte, so each step can be repeated.

use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::checkpoint::Checkpoint;
use crate::checkpoint::LogKey;
use crate::checkpoint::Origin;
use crate::digest::KeyId;
use crate::envelope::Envelope;
use crate::log::LockedLog;
use crate::log::LogError;
use crate::log::peek_first_entry;
use crate::sign::KeyFileError;
use crate::sign::KeyOpener;
use crate::sign::SignError;
use crate::sign::Signer;
use crate::statement::EVERY_KIND;
use crate::statement::FORMAT_VERSION;
use crate::statement::Genesis;
use crate::statement::Grant;
use crate::statement::Predicate;
use crate::statement::Statement;
use crate::statement::TextError;
use crate::statement::check_text;
use crate::store::FileStore;
use crate::store::Folder;
use crate::store::Store;
use crate::store::StorePath;
use crate::trust::TrustRoot;

use super::Ledger;
use super::admission::Checks;
use super::admission::Staging;
use super::admission::State;
use super::error::LedgerError;
use super::keys::KeyPaths;
use super::keys::Keys;
use super::open::StoreBlobs;
use super::open::read_settings;
use super::owners::Owners;
use super::owners::public;
use super::owners::refuse_twice;
use super::pin::PinError;
use super::pin::pin;
use super::pin::read_pin;
use super::remembered::Remembered;
use super::settings::Settings;
use super::write::Gate;

/// The specifications a ledger of this version follows.
pub const SPECS: [&str; 6] = [
    "in-toto Statement v1",
    "DSSE v1.0.2",
    "RFC 8785",
    "C2SP signed-note v1.0.0",
    "C2SP tlog-checkpoint v1.0.0",
    "C2SP tlog-tiles v0.1.0",
];

/// What stands in a folder only if it is, or was to be, a ledger.
const LEDGER_NAMES: [&str; 6] = ["herdbook.toml", "commit", "log", "blobs", "index", "tmp"];

/// Genesis and its seal.
const FIRST_ENTRIES: u64 = 2;

/// What a ledger is made of.
#[derive(Debug, Clone)]
pub struct InitRequest {
    /// The folder of the ledger.
    pub folder: PathBuf,
    /// The log's origin.
    pub origin: Origin,
    /// Who runs it.
    pub organisation: Option<String>,
    /// Who owns it; nothing for one owner, whose key is made.
    pub owners: Option<Owners>,
    /// What opens keys that are there already.
    pub opener: KeyOpener,
    /// The folder of this user's keys, outside of every ledger.
    pub keys_folder: PathBuf,
    /// The folder of this user's pins.
    pub state_folder: PathBuf,
    /// How long to wait for the lock.
    pub wait: Duration,
}

/// A ledger that was made.
#[derive(Debug)]
pub struct Initialised {
    /// The ledger, open.
    pub ledger: Ledger,
    /// Its keys.
    pub keys: KeyPaths,
    /// The pinned trust root.
    pub pin: PathBuf,
}

/// Why no ledger was made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InitError {
    /// There is a ledger.
    #[error("there is a ledger in {} already", .folder.display())]
    Exists {
        /// The folder.
        folder: PathBuf,
    },
    /// The folder holds files of a ledger that is not this one.
    #[error("{} holds `{found}`, which is part of a ledger: choose another folder, or move it away", .folder.display())]
    NotEmpty {
        /// The folder.
        folder: PathBuf,
        /// What was found.
        found: String,
    },
    /// A file stands where the folder should be.
    #[error("{} is not a folder", .folder.display())]
    NotAFolder {
        /// The path.
        folder: PathBuf,
    },
    /// The keys folder lies in the ledger, which is meant to be copied and published.
    #[error("the keys folder {} lies inside the ledger, which is made to be copied: choose another", .keys.display())]
    KeysInside {
        /// The keys folder.
        keys: PathBuf,
    },
    /// Checkpoints of a ledger with this origin were accepted before.
    #[error("a ledger `{origin}` was there before (its last checkpoint is in {}): choose another origin, or move the file away if that ledger is gone for good", .path.display())]
    Seen {
        /// The origin.
        origin: Origin,
        /// The remembered checkpoint.
        path: PathBuf,
    },
    /// The organisation's name.
    #[error("the organisation's name is not valid")]
    Organisation(#[source] TextError),
    /// An owner twice, or a key that is also the log's or the issuer's.
    #[error("key {0} is named twice: owners, log key and signing key are different keys")]
    KeyTwice(KeyId),
    /// More owners must agree than there are, or none.
    #[error("{threshold} of {owners} owners cannot agree: the threshold is from 1 to the number of owners")]
    Threshold {
        /// How many must agree.
        threshold: u64,
        /// How many there are.
        owners: usize,
    },
    /// Whoever signs genesis is no owner.
    #[error("genesis is signed by one of the owners, and key {0} is none of those named")]
    NotAnOwner(KeyId),
    /// A key.
    #[error(transparent)]
    Key(#[from] KeyFileError),
    /// The pin.
    #[error(transparent)]
    Pin(#[from] PinError),
    /// The file system.
    #[error("cannot {action} {}", .path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// A key did not sign.
    #[error("the key did not sign")]
    Sign(#[from] SignError),
    /// The ledger itself.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

/// Makes a ledger. `random` gives 32 fresh bytes at each call: three keys and a nonce.
pub fn init(request: &InitRequest, random: &mut dyn FnMut() -> [u8; 32]) -> Result<Initialised, InitError> {
    if let Some(organisation) = &request.organisation {
        check_text(organisation).map_err(InitError::Organisation)?;
    }
    let begun = look_at(&request.folder, &request.origin)?;
    if request.keys_folder.starts_with(&request.folder) {
        let keys = request.keys_folder.clone();
        return Err(InitError::KeysInside { keys });
    }
    let paths = KeyPaths::of(&request.keys_folder, &request.origin);
    let remembered = Remembered::of(&request.state_folder, &request.origin);
    let seen = || InitError::Seen {
        origin: request.origin.clone(),
        path: remembered.path().to_owned(),
    };
    let known = remembered.note().map_err(LedgerError::from)?;
    if known.is_some() && !paths.log.exists() {
        return Err(seen());
    }
    refuse_foreign(request, begun, &paths)?;
    if let Some(owners) = &request.owners {
        owners.check()?;
    }
    let owner = request.owners.as_ref().map(|owners| Arc::clone(&owners.signer));
    let keys = Keys::load_or_make(&paths, &request.opener, owner, random)?;
    let founding = Founded::of(request, &keys)?;
    if known.is_some_and(|note| !founding.is_all_of(&note)) {
        // The same keys would begin a second history under one genesis.
        return Err(seen());
    }
    if begun {
        refuse_other_beginning(request, &founding)?;
    }
    let store: Arc<dyn Store> = Arc::new(FileStore::create_root(&request.folder).map_err(LedgerError::from)?);
    let settings = Settings {
        origin: request.origin.clone(),
    };
    if read_settings(&*store)?.is_none() {
        store
            .replace(&StorePath::Settings, &settings.encode())
            .map_err(LedgerError::from)?;
    }
    // From here on the folder says what was begun, so that a pin without a ledger always has one to go on with.
    let pin = pin(&request.state_folder, &request.origin, &founding.root)?;
    commit(&store, founding, keys.log, request.wait, random())?;
    let mut ledger = Ledger::open_store(store, &request.folder)?;
    // A crash before this leaves a ledger that is remembered with the first append.
    ledger.hold_to(remembered)?;
    ledger.remember()?;
    Ok(Initialised {
        ledger,
        keys: paths,
        pin,
    })
}

/// Says whether an `init` of this origin began in the folder; refuses what is, or is part of, another ledger.
fn look_at(folder: &Path, origin: &Origin) -> Result<bool, InitError> {
    let io = |source| InitError::Io {
        action: "look into",
        path: folder.to_owned(),
        source,
    };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            let folder = folder.to_owned();
            return Err(InitError::NotAFolder { folder });
        }
        Err(error) => return Err(io(error)),
    };
    let mut found: Vec<String> = Vec::new();
    for entry in entries {
        let name = entry.map_err(io)?.file_name();
        found.extend(
            LEDGER_NAMES
                .iter()
                .filter(|known| name == **known)
                .map(ToString::to_string),
        );
    }
    let Some(first) = found.first().cloned() else {
        return Ok(false);
    };
    if found == ["tmp"] && only_unfinished(&folder.join("tmp")).map_err(io)? {
        return Ok(false);
    }
    let store = FileStore::open(folder).map_err(LedgerError::from)?;
    if store
        .read_head(&StorePath::Checkpoint, 0)
        .map_err(LedgerError::from)?
        .is_some()
    {
        let folder = folder.to_owned();
        return Err(InitError::Exists { folder });
    }
    let settings = read_settings(&store)?;
    if settings.is_some_and(|settings| settings.origin == *origin) {
        return Ok(true);
    }
    let (folder, found) = (folder.to_owned(), first);
    Err(InitError::NotEmpty { folder, found })
}

/// Says whether a `tmp` is a folder with nothing in it but files that were being written when a process died.
fn only_unfinished(tmp: &Path) -> io::Result<bool> {
    if !fs::symlink_metadata(tmp)?.is_dir() {
        return Ok(false);
    }
    for entry in fs::read_dir(tmp)? {
        let entry = entry?;
        let written = entry.file_name().to_string_lossy().starts_with("new-");
        if !written || !entry.file_type()?.is_file() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What was begun goes on with its own keys only; what is new must not take an origin that stands for another.
fn refuse_foreign(request: &InitRequest, begun: bool, paths: &KeyPaths) -> Result<(), InitError> {
    let elsewhere = request.owners.is_some();
    let made = (elsewhere || paths.owner.exists()) && paths.log.exists() && paths.issuer.exists();
    let pinned = read_pin(&request.state_folder, &request.origin)?;
    match pinned {
        // Without the keys no `init` can come to the pinned genesis; and with them, in another folder, the same
        // genesis would begin a second history.
        Some(root) if !made || !begun => {
            let path = super::pin::pin_path(&request.state_folder, &request.origin);
            let (origin, pinned) = (root.origin, root.genesis);
            Err(PinError::Other { origin, pinned, path }.into())
        }
        _ if begun && !made => Err(InitError::NotEmpty {
            folder: request.folder.clone(),
            found: "herdbook.toml".to_owned(),
        }),
        _ => Ok(()),
    }
}

/// A first commit that is there already must be the one this `init` would make, or the pin would name another ledger.
fn refuse_other_beginning(request: &InitRequest, founded: &Founded) -> Result<(), InitError> {
    let store = FileStore::open(&request.folder).map_err(LedgerError::from)?;
    match peek_first_entry(&store) {
        Ok(leaf) if leaf == founded.leaf => Ok(()),
        Ok(_) => Err(InitError::NotEmpty {
            folder: request.folder.clone(),
            found: StorePath::Commit(0).to_string(),
        }),
        Err(LogError::NoLedger) => Ok(()),
        Err(error) => Err(LedgerError::from(error).into()),
    }
}

/// Genesis, and what follows from it.
struct Founded {
    leaf: Vec<u8>,
    root: TrustRoot,
}

impl Founded {
    fn of(request: &InitRequest, keys: &Keys) -> Result<Self, InitError> {
        let owner = public(&*keys.owner)?;
        let (owners, threshold) = match &request.owners {
            Some(owners) => (owners.keys.clone(), owners.threshold),
            None => (vec![owner], 1),
        };
        let (log, issuer) = (public(&*keys.log)?, public(&*keys.issuer)?);
        refuse_twice(owners.iter().copied().chain([log, issuer]))?;
        let log_key = LogKey::new(request.origin.clone(), log);
        let genesis = Genesis {
            format: FORMAT_VERSION,
            origin: request.origin.to_string(),
            organisation: request.organisation.clone(),
            owners,
            threshold,
            log_key: log_key.to_vkey(),
            grants: vec![Grant {
                public_key: issuer,
                kinds: vec![EVERY_KIND.to_owned()],
                holder: request.organisation.clone(),
            }],
            specs: SPECS.map(str::to_owned).to_vec(),
        };
        let statement = Statement {
            issuer: owner.id(),
            ledger: None,
            predicate: Predicate::Genesis(genesis.clone()),
        };
        let envelope = Envelope::seal(&statement, |pae| keys.owner.sign(pae))?;
        Ok(Self {
            leaf: envelope.encode(),
            root: TrustRoot::of(envelope.id(), &genesis),
        })
    }
}

impl Founded {
    /// Returns whether a checkpoint covers no more than genesis and its seal, which this would make again byte for byte.
    fn is_all_of(&self, note: &[u8]) -> bool {
        let key = LogKey::parse_vkey(&self.root.log_key);
        let opened = key.ok().and_then(|key| Checkpoint::open(note, &key).ok());
        opened.is_some_and(|checkpoint| checkpoint.size.get() == FIRST_ENTRIES)
    }
}

/// Commits genesis and the first seal, or publishes the commit that an interrupted `init` left.
fn commit(
    store: &Arc<dyn Store>,
    founded: Founded,
    log: Arc<dyn Signer>,
    wait: Duration,
    random: [u8; 32],
) -> Result<(), InitError> {
    let vkey = LogKey::parse_vkey(&founded.root.log_key);
    let key = vkey.map_err(|source| {
        let source = super::admission::AdmissionError::LogKey(source);
        let entry = crate::merkle::LeafIndex::new(0);
        LedgerError::Entry { entry, source }
    })?;
    let locked = LockedLog::acquire(Arc::clone(store), key, wait).map_err(LedgerError::from)?;
    let state = State::new();
    let mut gate = Gate::new(state.clone(), Arc::clone(store));
    let begun = !store
        .list(&Folder::Commit)
        .map_err(LedgerError::from)?
        .files
        .is_empty();
    if begun {
        let recovered = locked.recover(log, &mut gate);
        return recovered
            .map(drop)
            .map_err(|error| LedgerError::from(error).into());
    }
    let blobs = StoreBlobs(&**store);
    let mut staging = Staging::on(&state, &blobs, Checks::All);
    let bad = |source| LedgerError::Entry {
        entry: crate::merkle::LeafIndex::new(0),
        source,
    };
    let genesis = staging.admit(&founded.leaf).map_err(bad)?;
    let seal = super::write::signed_seal(staging.seal(), genesis.id, &*log)?;
    let entries = [founded.leaf, seal];
    let mut nonce = [0; 16];
    nonce.copy_from_slice(random.first_chunk::<16>().expect("16 is less than 32"));
    let created = locked.create(log, &mut gate, &entries, nonce);
    match created {
        Ok(_) => Ok(()),
        Err(LogError::AlreadyALedger) => Err(InitError::Exists {
            folder: PathBuf::new(),
        }),
        Err(error) => Err(LedgerError::from(error).into()),
    }
}
