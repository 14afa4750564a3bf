//! Passphrases: asked for where a person is, handed in, wiped after use and never shown.

use std::fmt;
use std::io;
use std::path::Path;

use zeroize::Zeroizing;

/// The longest passphrase in bytes.
pub const MAX_PASSPHRASE_BYTES: usize = 1024;

/// A passphrase. Neither `Debug` nor any error shows it.
#[derive(Clone)]
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Takes a passphrase that is neither empty nor beyond [`MAX_PASSPHRASE_BYTES`].
    pub fn new(text: Zeroizing<String>) -> Result<Self, PassphraseError> {
        if text.is_empty() {
            return Err(PassphraseError::Empty);
        }
        if text.len() > MAX_PASSPHRASE_BYTES {
            return Err(PassphraseError::TooLong);
        }
        Ok(Self(text))
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Returns whether two are the same, as whoever types one twice must know.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(not shown)")
    }
}

/// Why there is no passphrase.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PassphraseError {
    /// Nobody is there to be asked.
    #[error("nobody can be asked for it here: give --passphrase-file FILE or set HERDBOOK_PASSPHRASE_FILE")]
    NotGiven,
    /// It is empty.
    #[error("the passphrase is empty")]
    Empty,
    /// It is beyond [`MAX_PASSPHRASE_BYTES`].
    #[error("the passphrase is too long (limit MAX_PASSPHRASE_BYTES of {MAX_PASSPHRASE_BYTES})")]
    TooLong,
    /// Two that were typed differ.
    #[error("the two passphrases differ")]
    Differ,
    /// It could not be read.
    #[error("the passphrase cannot be read from {from}")]
    Io {
        /// The terminal or the file.
        from: String,
        /// Why it failed.
        source: io::Error,
    },
    /// The file that holds it is open to others.
    #[error("the passphrase file {file} can be read by others (mode {mode:04o}): run `chmod 600 {file}`")]
    LoosePermissions {
        /// The file.
        file: String,
        /// Its permission bits.
        mode: u32,
    },
}

/// Gives passphrases of key files.
pub trait Passphrases: fmt::Debug + Send + Sync {
    /// Returns the passphrase of a key file. It may ask a person, and it may fail.
    fn passphrase(&self, path: &Path) -> Result<Passphrase, PassphraseError>;
}

/// Gives none: for keys that are not protected, and for whoever must not ask.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoPassphrases;

impl Passphrases for NoPassphrases {
    fn passphrase(&self, _: &Path) -> Result<Passphrase, PassphraseError> {
        Err(PassphraseError::NotGiven)
    }
}
