//! Who may say what: the trust root an auditor holds, and the keys a ledger granted.
//!
//! Validity is by log index, never by a clock a thief could set. Key changes are applied in log order and
//! asked about afterwards, so a compromise that is reported late still reaches back to its `since`.

mod check;
mod error;
mod keys;
mod record;
mod root;

#[cfg(test)]
mod tests;

pub use error::TrustError;
pub use keys::Keys;
pub use keys::Standing;
pub use record::GrantedKey;
pub use record::Proposal;
pub use root::TRUST_ROOT_BYTES_MAX;
pub use root::TrustRoot;
pub use root::TrustRootError;
