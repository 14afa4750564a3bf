//! What every verb needs: where the ledger is, whose keys and pins count, and how to answer.

use std::cell::OnceCell;
use std::io::Read as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use crate::checkpoint::Origin;
use crate::ledger::KeyPaths;
use crate::ledger::Ledger;
use crate::ledger::Signers;
use crate::ledger::lineage_file::FILE_BYTES_MAX;
use crate::ledger::private::Sidecar;
use crate::ledger::read_pin;
use crate::sign::KeyFileError;
use crate::sign::KeyOpener;
use crate::sign::Signer;
use crate::trust::TrustRoot;

use super::args::Global;
use super::error::Error;
use super::exit::Exit;
use super::home::Home;
use super::passphrase::AskedPassphrases;
use super::surroundings::Surroundings;
use super::surroundings::random;
use super::ui::Ui;

/// The folder of a ledger that is looked for upwards.
pub const LEDGER_FOLDER: &str = ".herdbook";

/// What to tell of an index that was passed over.
pub const DAMAGED_INDEX: &str = "The index is damaged and was not used: `herdbook reindex` builds it again.";

/// One run of the program.
#[derive(Debug, Clone)]
pub struct Session {
    /// How to answer.
    pub ui: Ui,
    /// What the environment says.
    pub around: Surroundings,
    /// Keys and pins; nothing when the environment does not say where.
    home: Option<Home>,
    /// The ledger that was named, if any.
    pub ledger: Option<PathBuf>,
    /// Whether answers may come from the index on disk.
    pub indexed: bool,
    /// Who knows the passphrases of key files.
    pub passphrases: Arc<AskedPassphrases>,
    /// What standard input held: a verb that is tried again finds it here.
    stdin: OnceCell<Vec<u8>>,
    /// The origin of the ledger that was opened.
    opened: OnceCell<Origin>,
}

impl Session {
    /// Begins a run.
    pub fn begin(global: &Global, around: Surroundings) -> Self {
        Self {
            ui: Ui::new(
                global.json,
                global.quiet,
                global.no_progress,
                global.color,
                &around,
            ),
            home: Home::find(&around),
            ledger: global.ledger.clone().filter(|path| !path.as_os_str().is_empty()),
            indexed: true,
            passphrases: Arc::new(AskedPassphrases::new(
                global
                    .passphrase_file
                    .as_ref()
                    .filter(|path| !path.as_os_str().is_empty())
                    .map(|path| around.current.join(path)),
                around.stderr_is_terminal,
            )),
            stdin: OnceCell::new(),
            opened: OnceCell::new(),
            around,
        }
    }

    /// Returns the same run in another folder, with its keys, pins and ledger there.
    pub fn inside(&self, folder: &Path) -> Self {
        let around = self.around.inside(folder);
        Self {
            ui: self.ui,
            home: Home::find(&around),
            ledger: Some(folder.join(LEDGER_FOLDER)),
            indexed: self.indexed,
            passphrases: Arc::clone(&self.passphrases),
            stdin: OnceCell::new(),
            opened: OnceCell::new(),
            around,
        }
    }

    /// Returns where keys and pins are, for what cannot do without.
    pub fn home(&self) -> Result<&Home, Error> {
        self.home.as_ref().ok_or_else(|| {
            Error::new(Exit::Failure, "there is no home folder to keep keys and pins in")
                .hint("set HERDBOOK_HOME to a folder of yours")
        })
    }

    /// Returns what an origin is pinned to; where there can be no pins, nothing is.
    pub fn pin(&self, origin: &Origin) -> Result<Option<TrustRoot>, Error> {
        match &self.home {
            Some(home) => Ok(read_pin(&home.state, origin)?),
            None => Ok(None),
        }
    }

    /// Returns where this user keeps what statements of a ledger withhold.
    pub fn sidecar(&self, origin: &Origin) -> Result<Sidecar, Error> {
        Ok(Sidecar::of(&self.home()?.state, origin, random()?))
    }

    /// Notes which ledger the answer is about.
    pub fn note_opened(&self, ledger: &Ledger) {
        self.opened.get_or_init(|| ledger.checkpoint().origin.clone());
    }

    /// Returns the sidecar of the ledger that the answer is about; nothing without one, or without a home.
    pub fn opened_sidecar(&self) -> Option<Sidecar> {
        let home = self.home.as_ref()?;
        // Whoever only reads needs no fresh secret.
        Some(Sidecar::of(&home.state, self.opened.get()?, [0; 32]))
    }

    /// Returns what standard input holds, as far as a lineage file may be long and one byte more.
    pub fn stdin(&self) -> Result<&[u8], Error> {
        if let Some(bytes) = self.stdin.get() {
            return Ok(bytes);
        }
        let mut bytes = Vec::new();
        let read = std::io::stdin()
            .lock()
            .take(FILE_BYTES_MAX + 1)
            .read_to_end(&mut bytes);
        read.map_err(|source| Error::new(Exit::Failure, "standard input cannot be read").because(source))?;
        Ok(self.stdin.get_or_init(|| bytes))
    }

    /// Returns where a path that was typed leads.
    pub fn path(&self, typed: &Path) -> PathBuf {
        match &self.around.base {
            Some(base) => base.join(typed),
            None => typed.to_owned(),
        }
    }

    /// Finds the ledger: the one named, else the nearest `.herdbook` from the current folder upwards.
    pub fn ledger_folder(&self) -> Result<PathBuf, Error> {
        if let Some(named) = &self.ledger {
            return Ok(named.clone());
        }
        let found = self
            .around
            .current
            .ancestors()
            .map(|folder| folder.join(LEDGER_FOLDER))
            .find(|folder| folder.is_dir());
        found.ok_or_else(|| {
            let here = self.around.current.display();
            Error::new(
                Exit::NoLedger,
                format!("there is no ledger: no `{LEDGER_FOLDER}` in {here} or above it"),
            )
            .hint("make one with `herdbook init --origin example.org/lab`, or name one with `--ledger DIR`")
        })
    }

    /// Returns what to tell when the index could not be kept up, or the checkpoint not be remembered; what was appended is
    /// safe.
    pub fn kept_notes(ledger: &Ledger) -> Vec<String> {
        let trouble = ledger.index_trouble().map(|error| {
            let why = std::error::Error::source(error).map_or_else(String::new, |why| format!(": {why}"));
            format!("The index was not brought up to date ({error}{why}); answers are right, and slower until `herdbook reindex`.")
        });
        let not_kept = ledger.remembered_trouble().map(super::held::not_kept);
        trouble.into_iter().chain(not_kept).collect()
    }

    /// Opens the ledger for answers, which may come from the index.
    pub fn open(&self) -> Result<Ledger, Error> {
        if !self.indexed {
            return self.open_log();
        }
        let ledger = Ledger::open_indexed(&self.ledger_folder()?)?;
        if ledger.index_trouble().is_some() {
            self.ui.warn(DAMAGED_INDEX);
        }
        self.note_opened(&ledger);
        Ok(ledger)
    }

    /// Opens the ledger to sign something about it or to judge it: nobody signs the index, so it is not asked. It must be
    /// the log that this user remembers, now and before every append.
    pub fn open_log(&self) -> Result<Ledger, Error> {
        let mut ledger = Ledger::open(&self.ledger_folder()?)?;
        if !self.indexed {
            ledger.discard_index();
        }
        self.note_opened(&ledger);
        if let Some(remembered) = self.remembered(&ledger.checkpoint().origin) {
            ledger.hold_to(remembered)?;
        }
        Ok(ledger)
    }

    /// Loads the keys that append to a ledger; `issuer` takes the place of this user's own.
    pub fn signers(&self, ledger: &Ledger, issuer: Option<&Path>) -> Result<Signers, Error> {
        let origin = &ledger.checkpoint().origin;
        let paths = KeyPaths::of(&self.home()?.keys, origin);
        let issuer = issuer.unwrap_or(&paths.issuer);
        Ok(Signers {
            issuer: self.key(issuer, origin)?,
            log: self.log_key(&paths.log, origin)?,
        })
    }

    /// Loads the key that signs seals and commits, for what others have signed.
    pub fn log_signer(&self, ledger: &Ledger) -> Result<Arc<dyn Signer>, Error> {
        let origin = &ledger.checkpoint().origin;
        self.log_key(&KeyPaths::of(&self.home()?.keys, origin).log, origin)
    }

    /// Opens the log key, of which everybody who appends needs a copy.
    fn log_key(&self, path: &Path, origin: &Origin) -> Result<Arc<dyn Signer>, Error> {
        self.opener().open(path).map_err(|error| {
            if !matches!(error, KeyFileError::Missing { .. }) {
                return error.into();
            }
            Error::new(
                Exit::KeyUnusable,
                format!("appending needs the log key of `{origin}`, and it is not here"),
            )
            .hint(format!(
                "get log.pem from whoever ran `herdbook init` and put it here: {}",
                path.display()
            ))
            .hint("set HERDBOOK_HOME if your keys are elsewhere")
        })
    }

    /// Loads the key that signs what does not enter the ledger; `issuer` takes the place of this user's own.
    pub fn issuer(&self, ledger: &Ledger, issuer: Option<&Path>) -> Result<Arc<dyn Signer>, Error> {
        let origin = &ledger.checkpoint().origin;
        match issuer {
            Some(path) => self.key(path, origin),
            None => self.key(&KeyPaths::of(&self.home()?.keys, origin).issuer, origin),
        }
    }

    /// Returns what opens keys: the agent of this environment, and whoever knows the passphrases.
    pub fn opener(&self) -> KeyOpener {
        KeyOpener::new(self.around.agent.clone(), Arc::clone(&self.passphrases) as _)
    }

    fn key(&self, path: &Path, origin: &Origin) -> Result<Arc<dyn Signer>, Error> {
        self.opener().open(path).map_err(|error| {
            let is_missing = matches!(error, KeyFileError::Missing { .. });
            let told = Error::from(error);
            if !is_missing {
                told
            } else if let Some(home) = &self.home {
                told.hint(format!(
                    "keys of `{origin}` are looked for in {}: set HERDBOOK_HOME if yours are elsewhere",
                    home.keys.display()
                ))
            } else {
                told
            }
        })
    }
}
