//! Herdbook: a ledger of where training data and models come from.

pub mod canonical;
pub mod checkpoint;
#[cfg(feature = "cli")]
pub mod cli;
pub mod digest;
pub mod envelope;
#[cfg(feature = "ledger")]
pub mod index;
pub mod key;
#[cfg(feature = "ledger")]
pub mod ledger;
pub mod manifest;
pub mod merkle;
pub mod statement;
pub mod trust;
pub mod verify;

#[cfg(feature = "ledger")]
pub mod log;
#[cfg(feature = "ledger")]
pub mod sign;
#[cfg(feature = "ledger")]
pub mod store;
