//! Herdbook: a ledger of where training data and models come from.

pub mod digest;
#[cfg(feature = "ledger")]
pub mod ledger;
