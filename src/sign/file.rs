//! A private key in a file that only its owner may touch, whatever its form.
//!
//! A file that the group or others may touch is refused, as ssh does, since whoever reads it can sign.

use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::Read as _;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::path::PathBuf;

use zeroize::Zeroize as _;
use zeroize::Zeroizing;

use super::MemorySigner;
use super::SignError;
use super::Signer;
use super::error::KeyFileError;
use super::openssh;
use super::passphrase::Passphrase;
use super::pem;

/// The largest key file that is read.
pub const MAX_KEY_FILE_BYTES: usize = 16 * 1024;

/// The permissions of a key file that is written.
const OWNER_ONLY: u32 = 0o600;

/// The permission bits that nobody but the owner may have.
const GROUP_AND_OTHERS: u32 = 0o077;

/// The forms in which a key is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeyForm {
    /// PKCS#8 PEM.
    #[default]
    Pkcs8,
    /// A file of OpenSSH.
    OpenSsh,
}

/// What protects a key that is written. Salt and vector are 32 fresh random bytes.
#[derive(Debug, Clone, Copy)]
pub struct Protection<'a> {
    /// What opens it.
    pub passphrase: &'a Passphrase,
    /// Salt of the passphrase.
    pub salt: [u8; 16],
    /// Initialisation vector, or where the form has none of its own, what tells a right passphrase from a wrong one.
    pub iv: [u8; 16],
}

/// An Ed25519 key that was written to or read from a file.
#[derive(Debug)]
pub struct KeyFile {
    path: PathBuf,
    signer: MemorySigner,
}

impl KeyFile {
    pub(super) fn of(path: &Path, signer: MemorySigner) -> Self {
        Self {
            path: path.to_owned(),
            signer,
        }
    }

    /// Writes the key of 32 random bytes to a new file that only its owner may read, durably.
    ///
    /// The copy of the bytes given is wiped. Nothing is overwritten.
    pub fn generate(path: &Path, secret: [u8; 32]) -> Result<Self, KeyFileError> {
        Self::generate_as(path, secret, KeyForm::Pkcs8, None)
    }

    /// Writes such a key in a form, protected where a passphrase is given.
    pub fn generate_as(
        path: &Path,
        mut secret: [u8; 32],
        form: KeyForm,
        protection: Option<&Protection<'_>>,
    ) -> Result<Self, KeyFileError> {
        let signer = MemorySigner::from_secret(secret);
        let text = match form {
            KeyForm::Pkcs8 => pem::encode(path, &secret, protection),
            KeyForm::OpenSsh => openssh::encode(path, &secret, protection),
        };
        secret.zeroize();
        write_whole(path, &beside(path, &signer), text?.as_bytes())?;
        Ok(Self::of(path, signer))
    }

    /// Returns where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Signer for KeyFile {
    fn public_key(&self) -> [u8; 32] {
        self.signer.public_key()
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        self.signer.sign(message)
    }
}

/// Reads a key file and returns its permission bits, which [`check_mode`] judges where there is something to hide.
pub(super) fn read(path: &Path) -> Result<(Zeroizing<String>, u32), KeyFileError> {
    let metadata = fs::metadata(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => KeyFileError::Missing {
            path: path.to_owned(),
        },
        _ => io_error("look at", path, source),
    })?;
    if !metadata.is_file() {
        return Err(KeyFileError::NotAFile {
            path: path.to_owned(),
        });
    }
    let file = File::open(path).map_err(|source| io_error("open", path, source))?;
    // Judged on the open file, so that what is judged is what is read.
    let metadata = file
        .metadata()
        .map_err(|source| io_error("look at", path, source))?;
    if metadata.len() > MAX_KEY_FILE_BYTES as u64 {
        return Err(KeyFileError::TooLarge {
            path: path.to_owned(),
        });
    }
    // Allocated once at full size: growing would leave copies of the key behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_KEY_FILE_BYTES));
    let read = (&file).take(MAX_KEY_FILE_BYTES as u64).read_to_end(&mut bytes);
    read.map_err(|source| io_error("read", path, source))?;
    let text = std::str::from_utf8(&bytes).map_err(|_| malformed(path, "it is not text"))?;
    let mode = metadata.permissions().mode() & 0o7777;
    Ok((Zeroizing::new(text.to_owned()), mode))
}

/// Refuses a file that others can use.
pub(super) fn check_mode(path: &Path, mode: u32) -> Result<(), KeyFileError> {
    if mode & GROUP_AND_OTHERS == 0 {
        return Ok(());
    }
    Err(KeyFileError::LoosePermissions {
        path: path.to_owned(),
        mode,
    })
}

/// Returns where a key is written before it has its name; no two keys share it.
fn beside(path: &Path, signer: &MemorySigner) -> PathBuf {
    let public = hex::encode(signer.public_key());
    path.with_extension(format!("{public}.new"))
}

/// A key is there whole or not at all: half of one would be of no use to anybody and block the next attempt.
fn write_whole(path: &Path, beside: &Path, pem: &[u8]) -> Result<(), KeyFileError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(OWNER_ONLY);
    let mut file = options
        .open(beside)
        .map_err(|source| io_error("create", path, source))?;
    let written = file
        .write_all(pem)
        .and_then(|()| file.sync_all())
        .map_err(|source| io_error("write", path, source))
        .and_then(|()| {
            fs::hard_link(beside, path).map_err(|source| match source.kind() {
                io::ErrorKind::AlreadyExists => KeyFileError::Exists {
                    path: path.to_owned(),
                },
                _ => io_error("create", path, source),
            })
        });
    // Gone in any case; the first error is the one to tell.
    drop(fs::remove_file(beside));
    written?;
    sync_parent(path).map_err(|source| io_error("write", path, source))
}

fn sync_parent(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

fn io_error(action: &'static str, path: &Path, source: io::Error) -> KeyFileError {
    KeyFileError::Io {
        action,
        path: path.to_owned(),
        source,
    }
}

pub(super) fn malformed(path: &Path, reason: &(impl ToString + ?Sized)) -> KeyFileError {
    KeyFileError::Malformed {
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}

pub(super) fn other_algorithm(path: &Path, algorithm: &(impl ToString + ?Sized)) -> KeyFileError {
    KeyFileError::OtherAlgorithm {
        path: path.to_owned(),
        algorithm: algorithm.to_string(),
    }
}
