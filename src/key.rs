//! Ed25519 public keys: what may be one, and the only rule by which a signature counts.
//!
//! RFC 8032 leaves a verifier some choice, and two that choose differently disagree about what was signed. Here a
//! signature `R || S` over `M` by key `A` counts if and only if
//!
//! 1. `A` is the canonical encoding of a point (RFC 8032 5.1.3) that is of no small order and has no torsion
//!    component; this is checked once, when a [`PublicKey`] is made, and goes beyond the RFC;
//! 2. `S` is below the order of the group (5.1.7 step 1);
//! 3. with `k` as in 5.1.7 step 2, the encoding (5.1.2) of `[S]B - [k]A` has exactly the bytes of `R`. That is the
//!    equation of step 3 without the cofactor, which the RFC calls sufficient, and as an encoding is canonical it
//!    refuses each `R` that 5.1.3 refuses;
//! 4. `R` is of no small order, which goes beyond the RFC.
//!
//! That is what `verify_strict` of `ed25519-dalek` 3 accepts from such a key: it refuses an `S` that is not reduced
//! (`check_scalar`), an `R` that is no point or of small order, and compares the encoding of `[S]B - [k]A` with `R`
//! byte by byte (`RCompute`). [`PublicKey::verify`] calls it. [`verify_all`] accepts the same set for many signatures
//! at once. It is not the batch equation of the literature, a random sum whose answer can depend on what else is in
//! the batch when a point has a torsion component.

mod batch;

use std::fmt;

use ed25519_dalek::Signature;
use ed25519_dalek::VerifyingKey;

use crate::digest::KeyId;

pub use batch::BATCH_SIGNATURES;
pub use batch::Signed;
pub use batch::verify_all;

/// The length of a raw Ed25519 public key in bytes.
pub const PUBLIC_KEY_BYTES: usize = 32;

/// The length of an Ed25519 signature in bytes.
pub const SIGNATURE_BYTES: usize = 64;

/// Why bytes are not a public key, or a signature does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The text is not 64 lower-case hexadecimal digits.
    #[error("`{0}` is not a public key of 64 lower-case hexadecimal digits")]
    NotHex(String),
    /// The bytes are no canonical point of the curve.
    #[error("public key {0} is not a canonical point of the curve")]
    NotCanonical(String),
    /// The key is of small order or has a torsion component: it could verify what nobody signed.
    #[error("public key {0} is weak: it has a small-order part")]
    Weak(String),
    /// The signature does not verify under the strict rule.
    #[error("the signature does not verify with key {0}")]
    BadSignature(KeyId),
}

/// A public key that was checked when it was made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Checks raw bytes: canonical, not weak, free of torsion. Else a [`KeyError`].
    pub fn from_bytes(raw: &[u8; PUBLIC_KEY_BYTES]) -> Result<Self, KeyError> {
        let key = VerifyingKey::from_bytes(raw).map_err(|_| KeyError::NotCanonical(hex::encode(raw)))?;
        if key.to_edwards().compress().as_bytes() != raw {
            return Err(KeyError::NotCanonical(hex::encode(raw)));
        }
        if key.is_weak() || !key.to_edwards().is_torsion_free() {
            return Err(KeyError::Weak(hex::encode(raw)));
        }
        Ok(Self(key))
    }

    /// Parses the text form: 64 lower-case hexadecimal digits.
    pub fn from_hex(text: &str) -> Result<Self, KeyError> {
        let bad = || KeyError::NotHex(text.chars().take(80).collect());
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(bad());
        }
        let mut raw = [0_u8; PUBLIC_KEY_BYTES];
        hex::decode_to_slice(text, &mut raw).map_err(|_| bad())?;
        Self::from_bytes(&raw)
    }

    /// Returns the raw bytes.
    pub fn to_bytes(self) -> [u8; PUBLIC_KEY_BYTES] {
        self.0.to_bytes()
    }

    /// Returns the text form.
    pub fn to_hex(self) -> String {
        hex::encode(self.to_bytes())
    }

    /// Returns the id under which statements name this key.
    pub fn id(self) -> KeyId {
        KeyId::of_public_key(&self.to_bytes())
    }

    /// Checks a signature over `message` by the strict rule.
    pub fn verify(self, message: &[u8], signature: &[u8; SIGNATURE_BYTES]) -> Result<(), KeyError> {
        self.0
            .verify_strict(message, &Signature::from_bytes(signature))
            .map_err(|_| KeyError::BadSignature(self.id()))
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seeded(seed: u8) -> ed25519_dalek::SigningKey {
        ed25519_dalek::SigningKey::from_bytes(&[seed; 32])
    }

    #[test]
    fn a_signature_counts_for_its_message_and_key_only() {
        use ed25519_dalek::Signer as _;
        let signer = seeded(1);
        let key = PublicKey::from_bytes(&signer.verifying_key().to_bytes()).unwrap();
        let other = PublicKey::from_bytes(&seeded(2).verifying_key().to_bytes()).unwrap();
        let signature = signer.sign(b"m").to_bytes();
        assert_eq!(key.verify(b"m", &signature), Ok(()));
        assert_eq!(
            key.verify(b"n", &signature),
            Err(KeyError::BadSignature(key.id()))
        );
        assert_eq!(
            other.verify(b"m", &signature),
            Err(KeyError::BadSignature(other.id()))
        );
    }

    /// The identity, a point of order two and a non-canonical encoding of a point.
    #[test]
    fn weak_and_non_canonical_keys_are_refused() {
        let mut identity = [0_u8; 32];
        identity[0] = 1;
        assert!(matches!(PublicKey::from_bytes(&identity), Err(KeyError::Weak(_))));
        let mut order_two = [0xff_u8; 32];
        order_two[0] = 0xec;
        order_two[31] = 0x7f;
        assert!(matches!(
            PublicKey::from_bytes(&order_two),
            Err(KeyError::Weak(_))
        ));
        let mut non_canonical = [0xff_u8; 32];
        non_canonical[0] = 0xee;
        non_canonical[31] = 0x7f;
        assert!(PublicKey::from_bytes(&non_canonical).is_err());
    }
    /// Points of order four and eight, and a sound key with a point of order eight added to it.
    #[test]
    fn keys_with_a_torsion_part_are_refused() {
        let order_four = [0_u8; 32];
        let order_eight = "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05";
        let order_eight: [u8; 32] = hex::decode(order_eight).unwrap().try_into().unwrap();
        let torsion = VerifyingKey::from_bytes(&order_eight).unwrap().to_edwards();
        let mixed = (seeded(1).verifying_key().to_edwards() + torsion).compress();
        for weak in [order_four, order_eight, *mixed.as_bytes()] {
            assert!(matches!(PublicKey::from_bytes(&weak), Err(KeyError::Weak(_))));
        }
    }
}
