//! Registering: what a lineage file says and what its files hold, before anything is signed.

pub mod admission;
pub mod hash;
pub mod lineage_file;
