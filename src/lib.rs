//! Herdbook: a ledger of where training data and models come from.

pub mod checkpoint;
pub mod digest;
pub mod merkle;
#[cfg(feature = "ledger")]
pub mod sign;
#[cfg(feature = "ledger")]
pub mod store;
