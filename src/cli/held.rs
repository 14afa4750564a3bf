//! What this user remembers of a log, and what to tell when it is not the same log any more.

use std::path::Path;

use crate::checkpoint::LogKey;
use crate::checkpoint::Origin;
use crate::ledger::Ledger;
use crate::ledger::Remembered;
use crate::ledger::RememberedError;
use crate::log::LogReader;
use crate::trust::TrustRoot;

use super::code::ErrorCode;
use super::error::Error;
use super::exit::Exit;
use super::session::Session;

/// What to tell a reader who has no place to remember anything.
const NOWHERE: &str = "There is no home folder to remember this checkpoint in, so nobody would notice if the ledger went back behind it: \
                       set HERDBOOK_HOME.";

impl Session {
    /// Returns where the last accepted checkpoint of a log is; nothing where there is no home.
    pub fn remembered(&self, origin: &Origin) -> Option<Remembered> {
        let home = self.home().ok()?;
        Some(Remembered::of(&home.state, origin))
    }

    /// Remembers the checkpoint a ledger was opened at, if `root` says that this is the ledger that is meant. Returns what
    /// to tell people.
    ///
    /// Errors: it is not the log that is remembered.
    pub fn accept(
        &self,
        ledger: &Ledger,
        note: &[u8],
        root: Option<&TrustRoot>,
    ) -> Result<Vec<String>, Error> {
        if root.is_none_or(|root| *root != ledger.trust_root()) {
            return Ok(Vec::new());
        }
        let Some(remembered) = self.remembered(&ledger.checkpoint().origin) else {
            return Ok(vec![NOWHERE.to_owned()]);
        };
        Self::keep(&remembered, note, ledger.reader())
    }

    /// Remembers a checkpoint; that it cannot be written is told and no failure.
    pub fn keep(remembered: &Remembered, note: &[u8], reader: &LogReader) -> Result<Vec<String>, Error> {
        told(remembered.keep(note, reader))
    }

    /// Holds a checkpoint, of which there is no log at hand, against the one that is remembered. Returns what to tell.
    ///
    /// Errors: two roots of one size. Of two sizes nothing is known without a consistency proof.
    pub fn hold_alone(&self, note: &[u8], key: &LogKey) -> Result<Vec<String>, Error> {
        let Some(remembered) = self.remembered(key.origin()) else {
            return Ok(vec![NOWHERE.to_owned()]);
        };
        let Some(known) = remembered.note()? else {
            return told(remembered.keep_after(note, key, None));
        };
        let (found, known) = remembered.hold_alone(note, &known, key)?;
        if found.size <= known.size {
            return Ok(Vec::new());
        }
        Ok(vec![format!(
            "This checkpoint of {} entries was not held against the one of {} entries that you accepted before: that \
             takes the ledger (`herdbook fsck`) or a proof (`herdbook log consistency {} --proof FILE`).",
            found.size,
            known.size,
            remembered.path().display()
        )])
    }
}

fn told(kept: Result<(), RememberedError>) -> Result<Vec<String>, Error> {
    match kept {
        Ok(()) => Ok(Vec::new()),
        Err(error @ RememberedError::Io { .. }) => Ok(vec![not_kept(&error)]),
        Err(error) => Err(error.into()),
    }
}

/// Says that a checkpoint is not remembered.
pub fn not_kept(error: &RememberedError) -> String {
    let why = std::error::Error::source(error).map_or_else(String::new, |why| format!(": {why}"));
    format!(
        "This checkpoint is not remembered ({error}{why}), so going back behind it would not be noticed next time."
    )
}

/// What to do where entries are gone that were there.
pub fn after_rollback(path: &Path) -> String {
    let path = path.display();
    format!(
        "keep {path}: it is signed by the log key. Ask the operator for the ledger with all entries. If you restored a \
         backup yourself, put the later files back. Where they are lost for good, say so by moving that file away; whoever \
         else has seen them will still find out, so a new ledger with another origin is better"
    )
}

/// What to do where there are two histories.
pub fn after_fork(path: &Path) -> String {
    let path = path.display();
    format!(
        "append nothing, and keep {path} and the ledger: `herdbook log equivocation {path} LEDGER/log/checkpoint -o FILE` \
         makes a proof that anybody can check. If this is a copy of your own that went its own way, use the other one"
    )
}

/// What to do where what is remembered is of no use.
pub fn after_invalid(path: &Path) -> String {
    format!(
        "find out why: another ledger may have been known under this name, or the file is damaged. Then move {} away, \
         and the next checkpoint is remembered anew",
        path.display()
    )
}

impl From<RememberedError> for Error {
    fn from(error: RememberedError) -> Self {
        let (exit, what, code, hint) = match &error {
            RememberedError::RolledBack(parting) => (
                Exit::Tampered,
                "the ledger was rolled back",
                ErrorCode::RolledBack,
                after_rollback(&parting.path),
            ),
            RememberedError::Forked(parting) => (
                Exit::Tampered,
                "the ledger was forked",
                ErrorCode::Forked,
                after_fork(&parting.path),
            ),
            RememberedError::Invalid { path, .. } | RememberedError::Io { path, .. } => (
                Exit::Failure,
                "the remembered checkpoint cannot be used",
                ErrorCode::RememberedInvalid,
                after_invalid(path),
            ),
            _ => return Self::from_log(error),
        };
        Self::new(exit, what).because(error).code(code).hint(hint)
    }
}

impl Error {
    fn from_log(error: RememberedError) -> Self {
        match error {
            RememberedError::Log(error) => error.into(),
            other => Self::new(Exit::Failure, "the ledger cannot be used").because(other),
        }
    }
}
