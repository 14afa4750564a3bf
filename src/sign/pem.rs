//! PKCS#8 in PEM: plain (RFC 5958, RFC 8410, RFC 7468), or protected by a passphrase with PBES2 (RFC 8018 6.2).
//!
//! Written without the public half (version 1), which every tool reads; both versions are read. What is protected here
//! is so with scrypt (RFC 7914) and AES-256-CBC, which `openssl pkcs8` reads; PBKDF2 is read, too.

use std::path::Path;

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey as _;
use ed25519_dalek::pkcs8::KeypairBytes;
use pkcs8::EncryptedPrivateKeyInfoRef;
use pkcs8::LineEnding;
use pkcs8::ObjectIdentifier;
use pkcs8::PrivateKeyInfoRef;
use pkcs8::SecretDocument;
use pkcs8::pkcs5::EncryptionScheme;
use pkcs8::pkcs5::pbes2;
use zeroize::Zeroizing;

use super::error::KeyFileError;
use super::file::Protection;
use super::file::malformed;
use super::file::other_algorithm;
use super::passphrase::Passphrase;

/// `id-Ed25519` (RFC 8410 3).
pub(super) const ED25519_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// The most memory that opening a key file may take, in bytes: 128 N r of scrypt.
const MAX_SCRYPT_BYTES: u64 = 256 * 1024 * 1024;

/// The most passes over that memory: p of scrypt.
const MAX_SCRYPT_PASSES: u16 = 16;

/// The most iterations of PBKDF2.
const MAX_PBKDF2_ITERATIONS: u32 = 10_000_000;

/// N of scrypt for files that are written: 64 MiB with r = 8.
const SCRYPT_COST: u64 = 1 << 16;
const SCRYPT_BLOCK_SIZE: u16 = 8;

/// The PEM labels of the two forms.
pub(super) const PLAIN: &str = "PRIVATE KEY";
pub(super) const ENCRYPTED: &str = "ENCRYPTED PRIVATE KEY";

/// Reads a plain key.
pub(super) fn plain(path: &Path, document: &SecretDocument) -> Result<SigningKey, KeyFileError> {
    let info = PrivateKeyInfoRef::try_from(document.as_bytes()).map_err(|error| malformed(path, &error))?;
    if info.algorithm.oid != ED25519_OID {
        return Err(other_algorithm(path, &info.algorithm.oid));
    }
    SigningKey::try_from(info).map_err(|error| malformed(path, &error))
}

/// Reads a protected key; `passphrase` is asked for only where the file can be opened at all.
pub(super) fn encrypted(
    path: &Path,
    document: &SecretDocument,
    passphrase: impl FnOnce() -> Result<Passphrase, KeyFileError>,
) -> Result<SigningKey, KeyFileError> {
    let info = EncryptedPrivateKeyInfoRef::try_from(document.as_bytes()).map_err(|_| unread(path))?;
    let EncryptionScheme::Pbes2(parameters) = &info.encryption_algorithm else {
        return Err(unread(path));
    };
    check_cost(path, &parameters.kdf)?;
    let passphrase = passphrase()?;
    let opened = info.decrypt(passphrase.as_bytes()).map_err(|error| match error {
        pkcs8::Error::EncryptedPrivateKey(pkcs8::pkcs5::Error::UnsupportedAlgorithm { oid }) => {
            KeyFileError::OtherProtection {
                path: path.to_owned(),
                scheme: oid.to_string(),
            }
        }
        // Of two hundred wrong passphrases one leaves a padding that looks right.
        _ => wrong(path),
    })?;
    let info = PrivateKeyInfoRef::try_from(opened.as_bytes()).map_err(|_| wrong(path))?;
    if info.algorithm.oid != ED25519_OID {
        return Err(other_algorithm(path, &info.algorithm.oid));
    }
    SigningKey::try_from(info).map_err(|error| malformed(path, &error))
}

/// A file from outside says how much work it is; an honest one says little.
fn check_cost(path: &Path, kdf: &pbes2::Kdf) -> Result<(), KeyFileError> {
    let too_costly = |limit| {
        Err(KeyFileError::TooCostly {
            path: path.to_owned(),
            limit,
        })
    };
    match kdf {
        pbes2::Kdf::Pbkdf2(params) if params.iteration_count > MAX_PBKDF2_ITERATIONS => {
            too_costly("MAX_PBKDF2_ITERATIONS")
        }
        pbes2::Kdf::Scrypt(params) => {
            let memory = params
                .cost_parameter
                .saturating_mul(u64::from(params.block_size))
                .saturating_mul(128);
            if memory > MAX_SCRYPT_BYTES {
                too_costly("MAX_SCRYPT_BYTES")
            } else if params.parallelization > MAX_SCRYPT_PASSES {
                too_costly("MAX_SCRYPT_PASSES")
            } else {
                Ok(())
            }
        }
        _ => Ok(()),
    }
}

/// Writes a key; protected where a passphrase is given.
pub(super) fn encode(
    path: &Path,
    secret: &[u8; 32],
    protection: Option<&Protection<'_>>,
) -> Result<Zeroizing<String>, KeyFileError> {
    let keypair = KeypairBytes {
        secret_key: *secret,
        public_key: None,
    };
    let document = keypair.to_pkcs8_der().map_err(|error| malformed(path, &error))?;
    let (document, label) = match protection {
        None => (document, PLAIN),
        Some(protection) => {
            let parameters = parameters(path, protection)?;
            let info =
                PrivateKeyInfoRef::try_from(document.as_bytes()).map_err(|error| malformed(path, &error))?;
            let sealed = info
                .encrypt_with_params(parameters, protection.passphrase.as_bytes())
                .map_err(|error| malformed(path, &error))?;
            (sealed, ENCRYPTED)
        }
    };
    document
        .to_pem(label, LineEnding::LF)
        .map_err(|error| malformed(path, &error))
}

fn parameters(path: &Path, protection: &Protection<'_>) -> Result<pbes2::Parameters, KeyFileError> {
    let salt = pbes2::Salt::new(protection.salt).map_err(|error| malformed(path, &error))?;
    Ok(pbes2::Parameters {
        kdf: pbes2::Kdf::Scrypt(pbes2::ScryptParams {
            salt,
            cost_parameter: SCRYPT_COST,
            block_size: SCRYPT_BLOCK_SIZE,
            parallelization: 1,
            key_length: None,
        }),
        encryption: pbes2::EncryptionScheme::Aes256Cbc { iv: protection.iv },
    })
}

fn wrong(path: &Path) -> KeyFileError {
    KeyFileError::WrongPassphrase {
        path: path.to_owned(),
    }
}

fn unread(path: &Path) -> KeyFileError {
    KeyFileError::OtherProtection {
        path: path.to_owned(),
        scheme: "not PBES2 with scrypt or PBKDF2".to_owned(),
    }
}
