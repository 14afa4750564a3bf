//! Private keys in the files of OpenSSH (PROTOCOL.key of OpenSSH), plain or with a passphrase, of type `ssh-ed25519`.
//!
//! Of the file only the 32-byte seed is taken; that it belongs to the public half beside it is checked.

use std::path::Path;

use ed25519_dalek::SigningKey;
use ssh_key::Cipher;
use ssh_key::Kdf;
use ssh_key::LineEnding;
use ssh_key::PrivateKey;
use ssh_key::private::Ed25519Keypair;
use ssh_key::private::Ed25519PrivateKey;
use ssh_key::private::KeypairData;
use ssh_key::public::Ed25519PublicKey;
use ssh_key::public::KeyData;
use zeroize::Zeroizing;

use super::error::KeyFileError;
use super::file::Protection;
use super::file::malformed;
use super::file::other_algorithm;
use super::passphrase::Passphrase;

/// The PEM label of the form.
pub(super) const LABEL: &str = "OPENSSH PRIVATE KEY";

/// The most rounds of bcrypt that a file may ask for; `ssh-keygen -a` takes 16 to 24 unless told otherwise.
const MAX_BCRYPT_ROUNDS: u32 = 1_000;

/// The rounds for files that are written.
const BCRYPT_ROUNDS: u32 = 24;

/// Reads a key; `passphrase` is asked for only where the file is protected and holds an Ed25519 key.
pub(super) fn decode(
    path: &Path,
    text: &str,
    passphrase: impl FnOnce() -> Result<Passphrase, KeyFileError>,
) -> Result<SigningKey, KeyFileError> {
    let key = parse(path, text)?;
    let stated = stated(path, &key)?;
    let key = if key.is_encrypted() {
        match key.kdf() {
            Kdf::Bcrypt { rounds, .. } if *rounds <= MAX_BCRYPT_ROUNDS => {}
            Kdf::Bcrypt { .. } => {
                return Err(KeyFileError::TooCostly {
                    path: path.to_owned(),
                    limit: "MAX_BCRYPT_ROUNDS",
                });
            }
            _ => return Err(malformed(path, "its protection is not one of OpenSSH")),
        }
        let passphrase = passphrase()?;
        key.decrypt(passphrase.as_bytes())
            .map_err(|_| KeyFileError::WrongPassphrase {
                path: path.to_owned(),
            })?
    } else {
        key
    };
    let KeypairData::Ed25519(pair) = key.key_data() else {
        return Err(other_algorithm(path, &key.algorithm()));
    };
    let seed = Zeroizing::new(pair.private.to_bytes());
    let signing = SigningKey::from_bytes(&seed);
    if signing.verifying_key().to_bytes() != stated {
        return Err(malformed(path, "its private half is not that of its public half"));
    }
    Ok(signing)
}

/// Returns the public half, which stands in the file in clear.
pub(super) fn public(path: &Path, text: &str) -> Result<[u8; 32], KeyFileError> {
    stated(path, &parse(path, text)?)
}

/// The library's own words are left out: they may hold something of what was read.
fn parse(path: &Path, text: &str) -> Result<PrivateKey, KeyFileError> {
    PrivateKey::from_openssh(text).map_err(|_| malformed(path, "it cannot be decoded as a key of OpenSSH"))
}

fn stated(path: &Path, key: &PrivateKey) -> Result<[u8; 32], KeyFileError> {
    match key.public_key().key_data() {
        KeyData::Ed25519(public) => Ok(public.0),
        _ => Err(other_algorithm(path, &key.algorithm())),
    }
}

/// Writes a key; protected where a passphrase is given.
pub(super) fn encode(
    path: &Path,
    secret: &[u8; 32],
    protection: Option<&Protection<'_>>,
) -> Result<Zeroizing<String>, KeyFileError> {
    let failed = |_| malformed(path, "it cannot be encoded as a key of OpenSSH");
    let public = SigningKey::from_bytes(secret).verifying_key().to_bytes();
    let pair = Ed25519Keypair {
        public: Ed25519PublicKey(public),
        private: Ed25519PrivateKey::from_bytes(secret),
    };
    let mut key = PrivateKey::new(KeypairData::Ed25519(pair), "").map_err(failed)?;
    if let Some(protection) = protection {
        let kdf = Kdf::Bcrypt {
            salt: protection.salt.to_vec(),
            rounds: BCRYPT_ROUNDS,
        };
        let [a, b, c, d, ..] = protection.iv;
        let check = u32::from_be_bytes([a, b, c, d]);
        key = key
            .encrypt_with(Cipher::Aes256Ctr, kdf, check, protection.passphrase.as_bytes())
            .map_err(failed)?;
    }
    key.to_openssh(LineEnding::LF).map_err(failed)
}
