//! Checkpoints in files: whose they are, and whether they count.

use std::path::Path;
use std::path::PathBuf;

use crate::checkpoint::Checkpoint;
use crate::checkpoint::CheckpointError;
use crate::checkpoint::LogKey;
use crate::checkpoint::Note;
use crate::checkpoint::Origin;
use crate::cli::code::ErrorCode;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::fresh::read_note;
use crate::cli::home::read_trust_root;
use crate::cli::session::Session;
use crate::cli::ui::in_line;

/// Which log key counts.
#[derive(Debug, clap::Args)]
pub struct Whose {
    /// The log key is the one of this trust root [default: the pinned one]
    #[arg(long, value_name = "FILE", conflicts_with = "vkey")]
    trust_root: Option<PathBuf>,
    /// The log key is this one: NAME+HEX+BASE64
    #[arg(long, value_name = "KEY")]
    vkey: Option<String>,
}

impl Whose {
    /// Returns the log key that was given, else the one that is pinned for the origin.
    pub fn key(&self, session: &Session, origin: Option<&Origin>) -> Result<Option<LogKey>, Error> {
        if let Some(vkey) = &self.vkey {
            let key = LogKey::parse_vkey(vkey).map_err(|source| {
                Error::new(Exit::Usage, "`--vkey` takes the verifier key of a log")
                    .because(source)
                    .code(ErrorCode::OptionInvalid)
                    .hint("it stands in a trust root as `log_key`")
            })?;
            return Ok(Some(key));
        }
        let root = match (&self.trust_root, origin) {
            (Some(path), _) => Some(read_trust_root(&session.path(path))?),
            (None, Some(origin)) => session.pin(origin)?,
            (None, None) => None,
        };
        let key = root.map(|root| LogKey::parse_vkey(&root.log_key));
        key.transpose().map_err(|source| {
            Error::new(Exit::Failure, "the log key of the trust root is not one")
                .because(source)
                .code(ErrorCode::TrustRootInvalid)
        })
    }

    /// Returns the key as [`Whose::key`] does, for what proves nothing without.
    pub fn known_key(&self, session: &Session, origin: Option<&Origin>) -> Result<LogKey, Error> {
        self.key(session, origin)?.ok_or_else(|| {
            Error::new(
                Exit::Undecidable,
                "nothing says which log key should have signed: no trust root is pinned for that log",
            )
            .hint("give --trust-root FILE or --vkey KEY, from somebody other than whoever gave you the checkpoint")
        })
    }
}

/// A checkpoint in a file, not yet checked.
#[derive(Debug)]
pub struct Signed {
    shown: String,
    /// The exact signed note.
    pub note: Vec<u8>,
}

impl Signed {
    /// Reads it.
    pub fn read(session: &Session, path: &Path) -> Result<Self, Error> {
        Ok(Self {
            shown: in_line(&path.display().to_string()),
            note: read_note(&session.path(path))?,
        })
    }

    /// Returns the log that it says it is of; nobody vouches for that.
    pub fn claimed_origin(&self) -> Option<Origin> {
        let note = Note::parse(&self.note).ok()?;
        Some(Checkpoint::parse_text(note.text()).ok()?.origin)
    }

    /// Returns the checkpoint if the log key signed it.
    pub fn open(&self, key: &LogKey) -> Result<Checkpoint, Error> {
        Checkpoint::open(&self.note, key).map_err(|source| match source {
            CheckpointError::OtherOrigin { expected, actual } => Error::new(
                Exit::Undecidable,
                format!(
                    "{} is a checkpoint of {actual}, and the log is {expected}",
                    self.shown
                ),
            )
            .hint("give the checkpoint and the key of one log"),
            // Whoever wrote the file may be anybody: it says nothing about the operator.
            source => Error::new(
                Exit::Failure,
                format!("{} is not a checkpoint that the log key signed", self.shown),
            )
            .because(source)
            .code(ErrorCode::ProvesNothing)
            .hint("give the file of a signed checkpoint of that log, such as log/checkpoint of a ledger"),
        })
    }

    /// Returns how the file is called.
    pub fn shown(&self) -> &str {
        &self.shown
    }
}
