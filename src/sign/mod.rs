//! Private keys: whoever holds one implements [`Signer`].
//!
//! | backend | holds the key in |
//! |---|---|
//! | [`MemorySigner`] | this process, from 32 bytes |
//! | [`KeyFile`] | a file that only its owner may read: PKCS#8 PEM or OpenSSH, with or without passphrase |
//! | [`AgentSigner`] | a running ssh-agent |
//!
//! [`KeyOpener`] finds out which one a name means. Secrets and passphrases are wiped when dropped and never appear in
//! `Debug` or in an error.

mod agent;
mod error;
mod file;
mod open;
mod openssh;
mod passphrase;
mod pem;
mod public;
#[cfg(test)]
mod tests;

use std::fmt;

use ed25519_dalek::Signer as _;
use ed25519_dalek::SigningKey;
use zeroize::Zeroize as _;

pub use crate::checkpoint::{SignError, Signer};
pub use agent::AGENT_BYTES_MAX;
pub use agent::AGENT_PREFIX;
pub use agent::AgentSigner;
pub use error::KeyFileError;
pub use file::KeyFile;
pub use file::KeyForm;
pub use file::MAX_KEY_FILE_BYTES;
pub use file::Protection;
pub use open::KeyOpener;
pub use passphrase::MAX_PASSPHRASE_BYTES;
pub use passphrase::NoPassphrases;
pub use passphrase::Passphrase;
pub use passphrase::PassphraseError;
pub use passphrase::Passphrases;
pub use public::PublicKeyError;
pub use public::parse_public;
pub use public::ssh_forms;

/// An Ed25519 key held in memory.
pub struct MemorySigner {
    key: SigningKey,
}

impl MemorySigner {
    /// Makes the key of an RFC 8032 secret; the copy given is wiped.
    pub fn from_secret(mut secret: [u8; 32]) -> Self {
        let key = SigningKey::from_bytes(&secret);
        secret.zeroize();
        Self { key }
    }
}

impl Signer for MemorySigner {
    fn public_key(&self) -> [u8; 32] {
        self.key.verifying_key().to_bytes()
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        Ok(self.key.sign(message).to_bytes())
    }
}

impl fmt::Debug for MemorySigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemorySigner(public {})", hex::encode(self.public_key()))
    }
}

#[cfg(test)]
mod in_memory {
    use super::*;

    /// RFC 8032 7.1, test 2.
    #[test]
    fn the_published_key_and_signature() {
        let secret = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
        let signer = MemorySigner::from_secret(hex::decode(secret).unwrap().try_into().unwrap());
        let public = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
        assert_eq!(hex::encode(signer.public_key()), public);
        let signature = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                         085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
        assert_eq!(signer.sign(&[0x72]).map(hex::encode).as_deref(), Ok(signature));
        assert_eq!(format!("{signer:?}"), format!("MemorySigner(public {public})"));
    }
}
