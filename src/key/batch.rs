//! Many signatures at once, by the rule for one.
//!
//! Each signature has its own equation, so what one of them is worth never depends on the others. What is shared is
//! the last step: encoding a point needs an inversion in the field, and many are inverted for little more than one.

#[cfg(test)]
mod tests;

use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::Identity as _;
use ed25519_dalek::Signature;
use sha2::Digest as _;
use sha2::Sha512;

use super::KeyError;
use super::PublicKey;
use super::SIGNATURE_BYTES;

/// How many signatures share one inversion: beyond this nothing is gained, and memory stays bounded.
pub const BATCH_SIGNATURES: usize = 1024;

/// A signature, with what it is over and who is said to have made it.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    /// Whose signature it should be.
    pub key: PublicKey,
    /// The signed bytes.
    pub message: &'a [u8],
    /// The signature.
    pub signature: &'a [u8; SIGNATURE_BYTES],
}

/// Checks signatures, and returns for each, in the same order, what [`PublicKey::verify`] would.
pub fn verify_all(signed: &[Signed<'_>]) -> Vec<Result<(), KeyError>> {
    signed.chunks(BATCH_SIGNATURES).flat_map(verify_batch).collect()
}

fn verify_batch(signed: &[Signed<'_>]) -> Vec<Result<(), KeyError>> {
    let candidates: Vec<Option<EdwardsPoint>> = signed.iter().map(Signed::candidate).collect();
    // The identity stands in for what has no candidate, so that encodings stay in step with signatures.
    let points: Vec<EdwardsPoint> = candidates
        .iter()
        .map(|candidate| candidate.unwrap_or_else(EdwardsPoint::identity))
        .collect();
    let encodings = EdwardsPoint::compress_batch_alloc(&points);
    let checked = signed.iter().zip(candidates).zip(encodings);
    checked
        .map(|((signed, candidate), encoding)| {
            let signature = Signature::from_bytes(signed.signature);
            if candidate.is_some() && encoding.as_bytes() == signature.r_bytes() {
                Ok(())
            } else {
                Err(KeyError::BadSignature(signed.key.id()))
            }
        })
        .collect()
}

impl Signed<'_> {
    /// Returns the only point that `R` may encode: `[S]B - [k]A` (RFC 8032 5.1.7). Nothing, if `S` is not reduced or
    /// the point is of small order, which is not to be told from `R` being so: if they differ, nothing counts anyway.
    fn candidate(&self) -> Option<EdwardsPoint> {
        let signature = Signature::from_bytes(self.signature);
        let s = Option::<Scalar>::from(Scalar::from_canonical_bytes(*signature.s_bytes()))?;
        let hash = Sha512::new()
            .chain_update(signature.r_bytes())
            .chain_update(self.key.to_bytes())
            .chain_update(self.message)
            .finalize();
        let k = Scalar::from_bytes_mod_order_wide(&hash.into());
        let minus_a = -self.key.0.to_edwards();
        let point = EdwardsPoint::vartime_double_scalar_mul_basepoint(&k, &minus_a, &s);
        (!point.is_small_order()).then_some(point)
    }
}
