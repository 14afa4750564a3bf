//! Digests and ids: one newtype each, one algorithm each, fixed.
//!
//! | type | algorithm | of what |
//! |---|---|---|
//! | [`Sha256Digest`] | SHA-256 | file or manifest bytes: a subject's digest |
//! | [`Blake3Digest`] | BLAKE3 | the same bytes, in the predicate |
//! | [`BlobId`] | SHA-256 | bytes held in `blobs/` |
//! | [`StatementId`] | BLAKE3 `derive_key` | the DSSE pre-authentication encoding of a statement |
//! | [`KeyId`] | SHA-256 | a raw Ed25519 public key |
//! | [`NodeHash`] | SHA-256, RFC 6962 2.1 | a leaf or a node of the Merkle tree |
//! | [`CommitHash`] | SHA-256 | a whole commit slot |
//!
//! An id never turns into another one but by hashing: there is no conversion between these types,
//! save [`Sha256Digest::as_blob`], since a blob's id *is* its SHA-256.

use std::fmt;
use std::io;
use std::io::Read;

use sha2::Digest as _;

/// The `derive_key` context of [`StatementId`]. Changing it changes every id: format break.
const STATEMENT_ID_CONTEXT: &str = "herdbook 2026-11-22 statement id v1";

/// How many bytes are read at a time while a file is hashed.
const READ_BUFFER_BYTES: usize = 128 * 1024;

/// A text that is not the lower-case hex of 32 bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not 64 lower-case hexadecimal digits")]
pub struct DigestError {
    /// What was given, cut to 80 characters.
    pub text: String,
}

macro_rules! digest_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 32]);

        impl $name {
            /// Wraps 32 bytes that were computed elsewhere.
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// Returns the 32 bytes.
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }

            /// Returns the 64 lower-case hexadecimal digits.
            pub fn to_hex(&self) -> String {
                hex::encode(self.0)
            }

            /// Parses 64 lower-case hexadecimal digits; anything else is a [`DigestError`].
            pub fn from_hex(text: &str) -> Result<Self, DigestError> {
                parse_hex(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.to_hex())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.to_hex())
            }
        }
    };
}

digest_id!(
    /// SHA-256 of the bytes of a file, of a manifest, or of a declaration.
    Sha256Digest
);
digest_id!(
    /// BLAKE3 of the bytes of a file or of a manifest.
    Blake3Digest
);
digest_id!(
    /// SHA-256 of a blob held in the ledger: its name under `blobs/`.
    BlobId
);
digest_id!(
    /// BLAKE3 `derive_key` over the pre-authentication encoding: the identity of a statement.
    StatementId
);
digest_id!(
    /// SHA-256 of a raw 32-byte Ed25519 public key.
    KeyId
);
digest_id!(
    /// A leaf or interior hash of the Merkle tree (RFC 6962 2.1).
    NodeHash
);
digest_id!(
    /// SHA-256 of all bytes of a commit slot.
    CommitHash
);

impl Sha256Digest {
    /// Returns the SHA-256 of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(sha2::Sha256::digest(bytes).into())
    }

    /// Returns the id under which a blob with this digest is stored.
    pub const fn as_blob(&self) -> BlobId {
        BlobId(self.0)
    }
}

/// SHA-256 of bytes that come in parts.
#[derive(Debug, Clone, Default)]
pub struct Sha256Hasher(sha2::Sha256);

impl Sha256Hasher {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Returns the digest of all bytes.
    pub fn finish(self) -> Sha256Digest {
        Sha256Digest(self.0.finalize().into())
    }
}

/// BLAKE3 of bytes that come in parts.
#[derive(Debug, Clone, Default)]
pub struct Blake3Hasher(blake3::Hasher);

impl Blake3Hasher {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Returns the digest of all bytes.
    pub fn finish(&self) -> Blake3Digest {
        Blake3Digest(*self.0.finalize().as_bytes())
    }
}

impl BlobId {
    /// Returns the id of a blob with these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Sha256Digest::of(bytes).as_blob()
    }
}

impl Blake3Digest {
    /// Returns the BLAKE3 of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }
}

impl StatementId {
    /// Returns the id of the statement with this pre-authentication encoding.
    pub fn of_pae(pae: &[u8]) -> Self {
        Self(blake3::derive_key(STATEMENT_ID_CONTEXT, pae))
    }
}

impl KeyId {
    /// Returns the id of a raw Ed25519 public key.
    pub fn of_public_key(raw: &[u8; 32]) -> Self {
        Self(sha2::Sha256::digest(raw).into())
    }
}

impl CommitHash {
    /// Returns the hash of a whole commit slot.
    pub fn of(slot: &[u8]) -> Self {
        Self(sha2::Sha256::digest(slot).into())
    }
}

/// Both digests of one content, and its length: always computed in the same pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Digests {
    /// SHA-256 of the bytes.
    pub sha256: Sha256Digest,
    /// BLAKE3 of the bytes.
    pub blake3: Blake3Digest,
    /// How many bytes.
    pub bytes: u64,
}

impl Digests {
    /// Returns both digests of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        let mut hasher = Hasher::new();
        hasher.update(bytes);
        hasher.finish()
    }
}

/// Streams bytes into SHA-256 and BLAKE3 at once.
#[derive(Debug, Clone, Default)]
pub struct Hasher {
    sha256: sha2::Sha256,
    blake3: blake3::Hasher,
    bytes: u64,
}

impl Hasher {
    /// Starts with no bytes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.sha256.update(bytes);
        self.blake3.update(bytes);
        self.bytes += bytes.len() as u64;
    }

    /// Returns both digests of all bytes so far.
    pub fn finish(self) -> Digests {
        Digests {
            sha256: Sha256Digest(self.sha256.finalize().into()),
            blake3: Blake3Digest(*self.blake3.finalize().as_bytes()),
            bytes: self.bytes,
        }
    }

    /// Reads `reader` to its end; every piece read is also shown to `observe`.
    pub fn read_all(mut self, reader: &mut impl Read, mut observe: impl FnMut(&[u8])) -> io::Result<Digests> {
        let mut buffer = vec![0_u8; READ_BUFFER_BYTES];
        loop {
            let count = match reader.read(&mut buffer) {
                Ok(0) => return Ok(self.finish()),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let piece = buffer.get(..count).unwrap_or_default();
            self.update(piece);
            observe(piece);
        }
    }
}

fn parse_hex(text: &str) -> Result<[u8; 32], DigestError> {
    let bad = || DigestError {
        text: text.chars().take(80).collect(),
    };
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err(bad());
    }
    let mut bytes = [0_u8; 32];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| bad())?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// NIST FIPS 180-2 B.1 and the BLAKE3 reference vector for three bytes.
    #[test]
    fn known_answers() {
        let both = Digests::of(b"abc");
        assert_eq!(
            both.sha256.to_hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(
            both.blake3.to_hex(),
            "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"
        );
        assert_eq!(both.bytes, 3);
    }

    #[test]
    fn pieces_give_the_digest_of_the_whole() {
        let bytes: Vec<u8> = (0..400_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        let mut seen = 0;
        let read = Hasher::new().read_all(&mut bytes.as_slice(), |piece| seen += piece.len());
        assert_eq!(read.ok(), Some(Digests::of(&bytes)));
        assert_eq!(seen, bytes.len());
    }

    #[test]
    fn only_lower_case_hex_of_the_right_length_is_an_id() {
        let hex = "ab".repeat(32);
        assert_eq!(
            Sha256Digest::from_hex(&hex).map(|digest| digest.to_hex()),
            Ok(hex.clone())
        );
        for bad in [
            hex.to_uppercase(),
            "ab".repeat(31),
            format!("{hex}00"),
            "zz".repeat(32),
            String::new(),
        ] {
            assert!(Sha256Digest::from_hex(&bad).is_err(), "{bad}");
        }
    }
}
