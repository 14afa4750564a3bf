//! Herdbook: a ledger of where training data and models come from.

pub mod canonical;
pub mod digest;
pub mod envelope;
pub mod key;
#[cfg(feature = "ledger")]
pub mod ledger;
pub mod statement;
