//! The lineage file: what a person writes to register, as typed values with a line for each.
//!
//! `docs/formats/lineage-file.md` is its format. Reading goes in three steps: YAML or JSON becomes a
//! marked tree ([`node`]), the tree becomes a [`LineageFile`] with everything wrong found at once, and
//! the files it names are looked up.

mod fault;
mod json;
mod node;
mod set;
mod yaml;

pub use self::fault::Fault;
pub use self::fault::FaultKind;
pub use self::fault::Faults;
pub use self::node::TreeFault;
pub use self::set::SettingError;
pub use self::set::Settings;

/// The largest lineage file, in bytes: 64 MiB. A larger one is refused by its size, unread.
pub const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// How deep lists and objects may nest.
pub const DEPTH_MAX: usize = 32;

/// How many values (texts, numbers, lists, objects) a file may hold.
pub const NODES_MAX: usize = 1_000_000;

/// How many faults are told at once.
pub const FAULTS_MAX: usize = 50;
