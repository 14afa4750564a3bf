//! Owners of a ledger that are not simply whoever makes it.

use std::sync::Arc;

use crate::key::PublicKey;
use crate::sign::SignError;
use crate::sign::Signer;

use super::init::InitError;

/// The owners of a ledger.
#[derive(Debug, Clone)]
pub struct Owners {
    /// Their keys.
    pub keys: Vec<PublicKey>,
    /// How many must agree to a change of keys.
    pub threshold: u64,
    /// The one of them who signs genesis.
    pub signer: Arc<dyn Signer>,
}

impl Owners {
    pub(super) fn check(&self) -> Result<(), InitError> {
        refuse_twice(self.keys.iter().copied())?;
        let owners = self.keys.len();
        if self.threshold == 0 || self.threshold > owners as u64 {
            let threshold = self.threshold;
            return Err(InitError::Threshold { threshold, owners });
        }
        let signer = public(&*self.signer)?;
        if self.keys.contains(&signer) {
            Ok(())
        } else {
            Err(InitError::NotAnOwner(signer.id()))
        }
    }
}

pub(super) fn public(signer: &dyn Signer) -> Result<PublicKey, SignError> {
    PublicKey::from_bytes(&signer.public_key()).map_err(|error| SignError::Refused {
        reason: error.to_string(),
    })
}

/// Refuses a key that stands in two places: each has its own purpose.
pub(super) fn refuse_twice(keys: impl Iterator<Item = PublicKey>) -> Result<(), InitError> {
    let mut seen = Vec::new();
    for key in keys {
        if seen.contains(&key) {
            return Err(InitError::KeyTwice(key.id()));
        }
        seen.push(key);
    }
    Ok(())
}
