//! The lineage file: what a person writes to register, as typed values with a line for each.
//!
//! `docs/formats/lineage-file.md` is its format. Reading goes in three steps: YAML or JSON becomes a
//! marked tree, the tree becomes a [`LineageFile`] with everything wrong found at once, and
//! [`Lookup::content`] finds the files and digests that its items name.

mod confidential;
mod content;
mod dataset;
mod decode;
mod expand;
mod expected;
mod fault;
mod fields;
mod file;
mod filter;
mod given;
mod input;
mod json;
mod licence;
mod lines;
mod located;
mod lookup;
mod model;
mod node;
mod output;
mod policy;
mod policy_values;
mod prompt;
mod read;
mod records;
mod row_root;
mod run;
mod set;
mod source;
mod time;
mod walk;
mod yaml;

pub use self::confidential::Confidential;
pub use self::content::ContentSpec;
pub use self::dataset::DatasetItem;
pub use self::expand::NamedFile;
pub use self::fault::Fault;
pub use self::fault::FaultKind;
pub use self::fault::Faults;
pub use self::file::LineageFile;
pub use self::filter::FilterItem;
pub use self::given::GivenFile;
pub use self::input::InputItem;
pub use self::input::Taken;
pub use self::licence::licence_meant;
pub use self::lines::NO_LINE;
pub use self::lines::parse_item;
pub use self::located::Located;
pub use self::lookup::Found;
pub use self::lookup::Lookup;
pub use self::model::ModelItem;
pub use self::node::TreeFault;
pub use self::output::OutputItem;
pub use self::policy::parse_policy;
pub use self::policy::read_policy;
pub use self::prompt::PromptItem;
pub use self::read::parse;
pub use self::read::read;
pub use self::read::read_from;
pub use self::row_root::RowRootSpec;
pub use self::run::RunItem;
pub use self::set::SettingError;
pub use self::set::Settings;
pub use self::source::SourceItem;

/// The version of the format: `herdbook: 1` at the top of the file.
pub const LINEAGE_FILE_VERSION: u64 = 1;

/// The largest lineage file, in bytes: 64 MiB. A larger one is refused by its size, unread.
pub const FILE_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// How deep lists and objects may nest.
pub const DEPTH_MAX: usize = 32;

/// How many values (texts, numbers, lists, objects) a file may hold.
pub const NODES_MAX: usize = 1_000_000;

/// How many files one item may name.
pub const FILES_PER_ITEM_MAX: usize = 2_000_000;

/// How many faults are told at once.
pub const FAULTS_MAX: usize = 50;

#[cfg(test)]
mod tests;
