//! A private key in a file: unencrypted PKCS#8 PEM with an Ed25519 key (RFC 5958, RFC 8410, RFC 7468).
//!
//! Written without the public half (version 1), which every tool reads; both versions are read. A file that the group
//! or others may touch is refused, as ssh does, since whoever reads it can sign.

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

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{
    EncodePrivateKey as _, KeypairBytes, ObjectIdentifier, PrivateKeyInfoRef, SecretDocument,
};
use zeroize::{Zeroize as _, Zeroizing};

use super::{MemorySigner, SignError, Signer};

/// The largest key file that is read.
pub const MAX_KEY_FILE_BYTES: usize = 16 * 1024;

/// `id-Ed25519` (RFC 8410 3).
const ED25519_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// The permissions of a key file that is written.
const OWNER_ONLY: u32 = 0o600;

/// The permission bits that nobody but the owner may have.
const GROUP_AND_OTHERS: u32 = 0o077;

/// Why a key file was not written or not read.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// A file stands where the new one should.
    #[error("{} exists already: a key is never overwritten, give another path or move it away", path.display())]
    Exists {
        /// The key file.
        path: PathBuf,
    },
    /// There is no such file.
    #[error("there is no key file {}: give the path of the file that `init` wrote", path.display())]
    Missing {
        /// The key file.
        path: PathBuf,
    },
    /// The path is a folder, a device or a pipe.
    #[error("{} is not a file: give the path of the key file itself", path.display())]
    NotAFile {
        /// The path given.
        path: PathBuf,
    },
    /// The group or others may read or change the file.
    #[error("key file {0} can be used by others (mode {mode:04o}): run `chmod 600 {0}`", path.display())]
    LoosePermissions {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is beyond [`MAX_KEY_FILE_BYTES`].
    #[error("{} is too large for a key file (limit MAX_KEY_FILE_BYTES of {MAX_KEY_FILE_BYTES})", path.display())]
    TooLarge {
        /// The key file.
        path: PathBuf,
    },
    /// The key is protected by a pass phrase.
    #[error("key file {0} is encrypted: decrypt it with `openssl pkcs8 -in {0} -out NEW`", path.display())]
    Encrypted {
        /// The key file.
        path: PathBuf,
    },
    /// The file holds a key of another algorithm.
    #[error("key file {} holds a key of another algorithm ({algorithm}): make an Ed25519 one with `openssl genpkey -algorithm ed25519`", path.display())]
    OtherAlgorithm {
        /// The key file.
        path: PathBuf,
        /// The object identifier or the name in the file.
        algorithm: String,
    },
    /// The file is not PKCS#8 PEM.
    #[error("{} is not a private key in PKCS#8 PEM (`-----BEGIN PRIVATE KEY-----`): {reason}; if no ledger was made with it yet, remove it and run `herdbook init` again", path.display())]
    Malformed {
        /// The key file.
        path: PathBuf,
        /// What is wrong, without any of the content.
        reason: String,
    },
    /// The operating system failed.
    #[error("cannot {action} key file {}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The key file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
}

/// An Ed25519 key that was written to or read from a file.
#[derive(Debug)]
pub struct KeyFile {
    path: PathBuf,
    signer: MemorySigner,
}

impl KeyFile {
    /// Writes the key of 32 random bytes to a new file that only its owner may read, durably.
    ///
    /// The copy of the bytes given is wiped. Nothing is overwritten.
    pub fn generate(path: &Path, mut secret: [u8; 32]) -> Result<Self, KeyFileError> {
        let keypair = KeypairBytes {
            secret_key: secret,
            public_key: None,
        };
        let signer = MemorySigner::from_secret(secret);
        secret.zeroize();
        let pem = keypair
            .to_pkcs8_pem(LineEnding::LF)
            .map_err(|error| KeyFileError::Malformed {
                path: path.to_owned(),
                reason: error.to_string(),
            })?;
        write_whole(path, &beside(path, &signer), pem.as_bytes())?;
        Ok(Self {
            path: path.to_owned(),
            signer,
        })
    }

    /// Reads a key file; everything about it that is not as it should be is an error that says what to do.
    pub fn load(path: &Path) -> Result<Self, KeyFileError> {
        let pem = read_guarded(path)?;
        let key = parse(path, &pem)?;
        Ok(Self {
            path: path.to_owned(),
            signer: MemorySigner { key },
        })
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

fn read_guarded(path: &Path) -> Result<Zeroizing<String>, KeyFileError> {
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
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & GROUP_AND_OTHERS != 0 {
        return Err(KeyFileError::LoosePermissions {
            path: path.to_owned(),
            mode,
        });
    }
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
    Ok(Zeroizing::new(text.to_owned()))
}

fn parse(path: &Path, pem: &str) -> Result<SigningKey, KeyFileError> {
    let (label, document) =
        SecretDocument::from_pem(pem.trim_end()).map_err(|error| malformed(path, &error))?;
    match label {
        "PRIVATE KEY" => {}
        "ENCRYPTED PRIVATE KEY" => {
            return Err(KeyFileError::Encrypted {
                path: path.to_owned(),
            });
        }
        other => return Err(other_algorithm(path, other)),
    }
    let info = PrivateKeyInfoRef::try_from(document.as_bytes()).map_err(|error| malformed(path, &error))?;
    if info.algorithm.oid != ED25519_OID {
        return Err(other_algorithm(path, &info.algorithm.oid));
    }
    SigningKey::try_from(info).map_err(|error| malformed(path, &error))
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

fn malformed(path: &Path, reason: &(impl ToString + ?Sized)) -> KeyFileError {
    KeyFileError::Malformed {
        path: path.to_owned(),
        reason: reason.to_string(),
    }
}

fn other_algorithm(path: &Path, algorithm: &(impl ToString + ?Sized)) -> KeyFileError {
    KeyFileError::OtherAlgorithm {
        path: path.to_owned(),
        algorithm: algorithm.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8410 10.3, the first example key.
    const RFC_8410: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
        -----END PRIVATE KEY-----\n";

    /// RFC 8410 10.3, the second: version 2, with the public half and an attribute.
    const RFC_8410_V2: &str = "-----BEGIN PRIVATE KEY-----\n\
        MHICAQEwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
        oB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9ECWmEzf6FQbrB\n\
        Z9w7lshQhqowtrbLDFw4rXAxZuE=\n\
        -----END PRIVATE KEY-----\n";

    const RFC_8410_PUBLIC: &str = "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1";

    fn written(content: &[u8], mode: u32) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        (folder, path)
    }

    fn load_error(content: &[u8], mode: u32) -> KeyFileError {
        let (_folder, path) = written(content, mode);
        KeyFile::load(&path).unwrap_err()
    }

    #[test]
    fn what_is_generated_loads_and_is_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        let made = KeyFile::generate(&path, [7; 32]).unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o7777,
            OWNER_ONLY
        );
        let loaded = KeyFile::load(&path).unwrap();
        assert_eq!(loaded.public_key(), made.public_key());
        assert_eq!(loaded.sign(b"x"), made.sign(b"x"));
        assert_eq!(loaded.path(), path);
        assert!(!format!("{made:?}").contains("07070707"), "{made:?}");
        let before = fs::read(&path).unwrap();
        assert!(matches!(
            KeyFile::generate(&path, [8; 32]),
            Err(KeyFileError::Exists { .. })
        ));
        assert_eq!(fs::read(&path).unwrap(), before);
    }

    #[test]
    fn a_key_that_could_not_be_written_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        // Stands where the name should go, after the key itself was written.
        let path = folder.path().join("a.pem");
        std::os::unix::fs::symlink("nowhere", &path).unwrap();
        let refused = KeyFile::generate(&path, [7; 32]).unwrap_err();
        assert!(matches!(refused, KeyFileError::Exists { .. }), "{refused}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        // Half of a key of an attempt that was killed is under another name.
        fs::remove_file(&path).unwrap();
        fs::write(folder.path().join("a.0123.new"), "-----BEGIN").unwrap();
        KeyFile::generate(&path, [7; 32]).unwrap();
        KeyFile::load(&path).unwrap();
    }

    #[test]
    fn an_empty_key_file_says_what_to_do() {
        let error = load_error(b"", 0o600).to_string();
        assert!(
            error.contains("remove it and run `herdbook init` again"),
            "{error}"
        );
    }

    #[test]
    fn the_published_example_keys_load() {
        for pem in [RFC_8410, RFC_8410_V2] {
            let (_folder, path) = written(pem.as_bytes(), 0o400);
            assert_eq!(
                hex::encode(KeyFile::load(&path).unwrap().public_key()),
                RFC_8410_PUBLIC
            );
        }
    }

    #[test]
    fn every_unusable_file_has_its_own_message() {
        for mode in [0o644, 0o640, 0o604, 0o660, 0o610, 0o601] {
            let error = load_error(RFC_8410.as_bytes(), mode);
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(
            KeyFile::load(folder.path()),
            Err(KeyFileError::NotAFile { .. })
        ));
        assert!(matches!(
            KeyFile::load(&folder.path().join("none")),
            Err(KeyFileError::Missing { .. })
        ));
        let long = vec![b'a'; MAX_KEY_FILE_BYTES + 1];
        let error = load_error(&long, 0o600);
        assert!(error.to_string().contains("MAX_KEY_FILE_BYTES"), "{error}");
        let encrypted = RFC_8410.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
        assert!(matches!(
            load_error(encrypted.as_bytes(), 0o600),
            KeyFileError::Encrypted { .. }
        ));
        for label in ["EC PRIVATE KEY", "RSA PRIVATE KEY", "OPENSSH PRIVATE KEY"] {
            let other = RFC_8410.replace("PRIVATE KEY", label);
            assert!(
                matches!(
                    load_error(other.as_bytes(), 0o600),
                    KeyFileError::OtherAlgorithm { .. }
                ),
                "{label}"
            );
        }
        // id-X25519 (1.3.101.110) instead of id-Ed25519, everything else alike.
        let x25519 = RFC_8410.replace("MC4CAQAwBQYDK2Vw", "MC4CAQAwBQYDK2Vu");
        let error = load_error(x25519.as_bytes(), 0o600);
        assert!(
            matches!(&error, KeyFileError::OtherAlgorithm { algorithm, .. } if algorithm == "1.3.101.110"),
            "{error}"
        );
        // The public half is not the one of the private half.
        let other_half = RFC_8410_V2.replace(
            "oB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9E",
            "oB8wHQYKKoZIhvcNAQkJFDEPDA1DdXJkbGUgQ2hhaXJzgSEAGb9F",
        );
        assert_ne!(other_half, RFC_8410_V2);
        for bad in [
            other_half.as_bytes(),
            b"",
            b"secret",
            &RFC_8410.as_bytes()[..80],
            &[0xff; 40],
        ] {
            let error = load_error(bad, 0o600);
            assert!(matches!(error, KeyFileError::Malformed { .. }), "{error}");
        }
    }
}
