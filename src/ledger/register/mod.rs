//! Registering, first phase: from a lineage file to statements, with everything wrong found before anything is
//! written.
//!
//! | file | does |
//! |---|---|
//! | [`order`] | items in dependency order; a circle names its items |
//! | [`content`] | files to digests, rows and artifacts, more than 64 of them to one manifest |
//! | [`cite`] | what `use:` means: this file's item first, then the ledger |
//! | [`build`], [`build_run`] | one item to one statement |
//! | [`withhold`] | commitments where texts would stand |
//! | [`warn`] | what an auditor will object to, with the line to add |
//! | [`held`] | files that the ledger holds, or seals |
//! | [`row_root`] | the trees over the rows of files |
//! | [`rows`] | files of rows that look unfinished |
//! | [`settle`] | gaps with digests, looked up once |
//! | [`differ`] | what makes a statement another one than the version there is |
//! | [`versions`] | what the ledger has under the same names and about the same bytes |
//! | [`offer`] | one source for whoever accepts it, with no ledger |
//! | [`plan`] | all of it: a [`Plan`] that the second phase appends |
//!
//! The same file, bytes and key give the same statements: no clock, no host, no path of this machine goes in.

mod build;
mod build_run;
mod cite;
mod content;
mod differ;
mod held;
mod offer;
mod order;
mod plan;
mod problem;
mod row_root;
mod rows;
mod secret;
mod settle;
mod taken_back;
mod versions;
mod warn;
mod withhold;

use crate::digest::BlobId;
use crate::digest::StatementId;

pub(in crate::ledger) use held::read_held;
pub use offer::OfferedBlobs;
pub use offer::plan_offer;
pub use plan::Ground;
pub use plan::MadeGap;
pub use plan::Plan;
pub use plan::Planned;
pub use plan::Statements;
pub use plan::plan;
pub use problem::Problem;
pub use problem::ProblemKind;
pub use problem::RegisterError;
pub use warn::Warning;
pub use warn::WarningCode;

/// How a lineage file is registered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RegisterOptions {
    /// Only the first phase: nothing is written.
    pub dry_run: bool,
    /// Whether an item may become a further version of a name that is registered.
    pub new_version: bool,
    /// Whether to leave out what cannot be registered, and to record a gap where it is used.
    pub keep_going: bool,
}

/// Bytes the ledger must hold before the statements that name them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlannedBlob {
    /// In memory: manifests.
    Bytes(Vec<u8>),
    /// In a file that was hashed: prompts, code, evidence.
    File(std::path::PathBuf),
}

/// One node of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisteredNode {
    /// The item's name, `ITEM/FILE` for one of several files.
    pub name: String,
    /// `hb:` and the statement, with `/<subject>` for an output that is one artifact.
    pub id: String,
    /// Its kind: `source`, `prompt`, `filter`, `model`, `run`, `dataset`, `shard`, `scores`.
    pub kind: &'static str,
    /// Whether the ledger had it before.
    pub already_present: bool,
}

/// What `register` did, or would do.
#[derive(Debug)]
pub struct Registered {
    /// How many statements were appended.
    pub appended: u64,
    /// How many were in the ledger already.
    pub already_present: u64,
    /// The entries of the log afterwards, seals included.
    pub tree_size: u64,
    /// What the file declares, parents first.
    pub nodes: Vec<RegisteredNode>,
    /// What an auditor will object to.
    pub warnings: Vec<Warning>,
    /// What was left out, with `keep_going`.
    pub left_out: Vec<Problem>,
    /// What became a gap, with `keep_going`.
    pub gaps: Vec<MadeGap>,
    /// Whether nothing was written.
    pub dry_run: bool,
}

pub(super) type PlannedBlobs = Vec<(BlobId, PlannedBlob)>;

/// Returns the text of a statement's id.
pub(crate) fn id_text(id: StatementId) -> String {
    format!("hb:{id}")
}
