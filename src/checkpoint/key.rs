//! The log key: Ed25519 as a signed-note verifier key (C2SP signed-note v1.0.0, signature type 0x01).
//!
//! Text form: `NAME+HEX8+BASE64(0x01 || public key)`, where HEX8 is the key id,
//! `SHA-256(NAME || 0x0A || 0x01 || public key)[:4]`, and NAME is the origin of the log.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::Digest as _;

use crate::key::PublicKey;

use super::{NoteKeyId, NoteSignature, Origin};

/// The signature type of Ed25519 in a signed note.
const ED25519: u8 = 0x01;

/// Holds a private Ed25519 key, wherever that is.
///
/// Contract: `sign` makes the signature that `public_key` verifies, over exactly the bytes given, deterministically
/// (RFC 8032 5.1.6). It may be slow and it may fail; it never signs twice with different keys.
pub trait Signer: fmt::Debug + Send + Sync {
    /// Returns the raw public key.
    fn public_key(&self) -> [u8; 32];

    /// Returns the 64-byte Ed25519 signature over `message`.
    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError>;
}

/// Why nothing was signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// Whoever holds the key did not answer or refused.
    #[error("the key's holder did not sign: {reason}")]
    Refused {
        /// What the holder said.
        reason: String,
    },
}

/// Why a public key or its text form was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogKeyError {
    /// The text is not `NAME+HEX8+BASE64`.
    #[error("`{text}` is not a verifier key: NAME+HEX8+BASE64")]
    Vkey {
        /// What was given, cut to 80 characters.
        text: String,
    },
    /// The key is of another algorithm.
    #[error("the verifier key is of signature type {found:#04x}, not Ed25519 (0x01)")]
    OtherType {
        /// The type byte.
        found: u8,
    },
    /// The key id in the text is not the one of the key.
    #[error("the verifier key says id {stated} and has id {computed}")]
    IdDiffers {
        /// The id in the text.
        stated: NoteKeyId,
        /// The id of name and key.
        computed: NoteKeyId,
    },
    /// The bytes are no public key, or a weak one.
    #[error(transparent)]
    Public(#[from] crate::key::KeyError),
}

/// Verifies what the log signs: its origin and its public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogKey {
    origin: Origin,
    public: PublicKey,
    id: NoteKeyId,
}

impl LogKey {
    /// Names a public key as the one of the log `origin`.
    pub fn new(origin: Origin, public: PublicKey) -> Self {
        let id = key_id(&origin, &public.to_bytes());
        Self { origin, public, id }
    }

    /// Parses the text form `NAME+HEX8+BASE64`.
    pub fn parse_vkey(text: &str) -> Result<Self, LogKeyError> {
        let bad = || LogKeyError::Vkey {
            text: super::cut(text),
        };
        let (name, rest) = text.split_once('+').ok_or_else(bad)?;
        let (id, blob) = rest.split_once('+').ok_or_else(bad)?;
        let origin = Origin::parse(name).map_err(|_| bad())?;
        let mut stated = [0; 4];
        hex::decode_to_slice(id, &mut stated).map_err(|_| bad())?;
        let blob = STANDARD.decode(blob).map_err(|_| bad())?;
        let (kind, public) = blob.split_first().ok_or_else(bad)?;
        if *kind != ED25519 {
            return Err(LogKeyError::OtherType { found: *kind });
        }
        let public = PublicKey::from_bytes(public.try_into().map_err(|_| bad())?)?;
        let key = Self::new(origin, public);
        if key.id.as_bytes() != &stated {
            let stated = NoteKeyId::from_bytes(stated);
            return Err(LogKeyError::IdDiffers {
                stated,
                computed: key.id,
            });
        }
        if key.to_vkey() == text {
            Ok(key)
        } else {
            Err(bad())
        }
    }

    /// Returns the text form.
    pub fn to_vkey(&self) -> String {
        let mut blob = vec![ED25519];
        blob.extend_from_slice(&self.public.to_bytes());
        format!("{}+{}+{}", self.origin, self.id, STANDARD.encode(blob))
    }

    /// Returns the origin of the log, which is the name of the key.
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Returns the public key.
    pub const fn public_key(&self) -> PublicKey {
        self.public
    }

    /// Returns the id that stands in signature lines.
    pub const fn id(&self) -> NoteKeyId {
        self.id
    }

    /// Returns true when `signature` is one of this key over `message`: `verify_strict`, the only rule.
    pub fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        self.public.verify(message, signature).is_ok()
    }

    /// Returns true when a signature line claims to be by this key.
    pub(super) fn is_named_by(&self, signature: &NoteSignature) -> bool {
        signature.key_id == self.id && signature.name == self.origin.as_str()
    }

    /// Returns true when a signature line holds a signature of this key over the note's text.
    pub(super) fn verifies_note(&self, text: &str, signature: &NoteSignature) -> bool {
        let bytes = signature.bytes.as_slice().try_into();
        bytes.is_ok_and(|bytes| self.verifies(text.as_bytes(), bytes))
    }

    /// Returns the line for a signature of this key.
    pub(super) fn note_signature(&self, signature: &[u8; 64]) -> NoteSignature {
        NoteSignature {
            name: self.origin.as_str().to_owned(),
            key_id: self.id,
            bytes: signature.to_vec(),
        }
    }
}

fn key_id(origin: &Origin, public: &[u8; 32]) -> NoteKeyId {
    let mut hasher = sha2::Sha256::new();
    hasher.update(origin.as_str());
    hasher.update([b'\n', ED25519]);
    hasher.update(public);
    let [a, b, c, d, ..]: [u8; 32] = hasher.finalize().into();
    NoteKeyId::from_bytes([a, b, c, d])
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use ed25519_dalek::Signer as _;

    /// A private key from one byte, for tests.
    #[derive(Debug)]
    pub(crate) struct TestKey {
        pub(crate) public: LogKey,
        private: ed25519_dalek::SigningKey,
    }

    impl TestKey {
        pub(crate) fn new(origin: &str, seed: u8) -> Self {
            let private = ed25519_dalek::SigningKey::from_bytes(&[seed; 32]);
            let public = PublicKey::from_bytes(private.verifying_key().as_bytes()).unwrap();
            let public = LogKey::new(Origin::parse(origin).unwrap(), public);
            Self { public, private }
        }
    }

    impl Signer for TestKey {
        fn public_key(&self) -> [u8; 32] {
            self.private.verifying_key().to_bytes()
        }

        fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
            Ok(self.private.sign(message).to_bytes())
        }
    }

    const VKEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";

    /// The test vector of the signed-note specification.
    #[test]
    fn the_published_key_and_signature() {
        let key = LogKey::parse_vkey(VKEY).unwrap();
        assert_eq!(key.to_vkey(), VKEY);
        assert_eq!(key.id().to_string(), "530d903a");
        let line =
            "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=";
        let note = format!("This is an example message.\n\n\u{2014} example.com/foo {line}\n");
        let note = super::super::Note::parse(note.as_bytes()).unwrap();
        let [signature] = note.signatures() else {
            panic!("one signature")
        };
        assert!(key.is_named_by(signature));
        assert!(key.verifies_note(note.text(), signature));
        assert!(!key.verifies_note("This is another message.\n", signature));
    }

    #[test]
    fn malformed_verifier_keys_are_refused() {
        let bad = [
            "",
            "a",
            "a+b",
            "a+530d903a",
            "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
            "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
            "example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
            "example.com/fop+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
            "example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
            "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k=",
            "example.com/foo+530d903a+Aeky",
            " example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        ];
        for text in bad {
            assert!(LogKey::parse_vkey(text).is_err(), "{text}");
        }
    }
}
