//! Questions to a ledger: what is there, what a node says and who signed it, what it descends from.
//!
//! Answers are plain values, always as of a [`View`](crate::ledger::View); whoever prints them makes JSON or a tree
//! of them. None is a verdict: no signature is checked here.

mod beside;
mod cites;
mod contamination;
mod descend;
mod disclose;
mod evaluations;
mod files;
mod gaps;
mod impact;
mod list;
mod log;
mod names;
mod node;
#[cfg(test)]
mod oracle;
mod proof;
mod proof_row;
mod reach;
mod release;
mod row;
mod search;
mod shards;
mod show;
mod suspect;
#[cfg(test)]
mod tests;
mod trace;

use crate::digest::BlobId;
use crate::index::IndexError;
use crate::index::resolve::ResolveError;
use crate::ledger::LedgerError;
use crate::ledger::LineError;
use crate::manifest::ManifestError;

pub use contamination::Ancestors;
pub use contamination::Contamination;
pub use contamination::FoundAt;
pub use contamination::FoundRow;
pub use contamination::PLACES_MAX;
pub use contamination::ancestors;
pub use contamination::contamination;
pub use descend::trace_down;
pub use disclose::Disclosable;
pub use disclose::Fields as DisclosedFields;
pub use disclose::disclose;
pub use evaluations::EVALUATIONS_MAX;
pub use evaluations::evaluations;
pub use files::SHOWN_MEMBERS_MAX;
pub use files::ShownFile;
pub use gaps::GapClass;
pub use gaps::Gaps;
pub use gaps::Missing;
pub use gaps::gaps;
pub use impact::GROUPS;
pub use impact::IMPACT_MEMBERS_MAX;
pub use impact::Impact;
pub use impact::NoShares;
pub use impact::Reached;
pub use impact::SameBytes;
pub use impact::SignedBy;
pub use impact::Via;
pub use impact::group;
pub use impact::impact;
pub use impact::impact_of_key;
pub use impact::reaches;
pub use list::Listed;
pub use list::list;
pub use list::versions;
pub use log::LogEntry;
pub use log::LogFilter;
pub use log::LogPage;
pub use log::UNREADABLE;
pub use log::log;
pub use names::RowsOf;
pub use names::rows_of;
pub use node::Place;
pub use node::find;
pub use proof::PROOF_BYTES_MAX;
pub use proof::Proof;
pub use proof::ProofError;
pub use proof::Proven;
pub use proof::ProvenArtifact;
pub use proof::prove;
pub use proof_row::ProvenRow;
pub use proof_row::ROW_PROVED_BYTES_MAX;
pub use reach::Reach;
pub use release::Released;
pub use row::AskedRow;
pub use row::RowProofError;
pub use row::prove_row;
pub use search::NotSearched;
pub use search::SearchError;
pub use search::Searched;
pub use search::search;
pub use shards::SHARD_FILES_MAX;
pub use shards::ShardBytes;
pub use shards::ShardClaim;
pub use shards::ShardFile;
pub use shards::registered_shards;
pub use show::Shown;
pub use show::show;
pub use suspect::Suspect;
pub use suspect::suspects;
pub use trace::EdgeRole;
pub use trace::Trace;
pub use trace::TraceNode;
pub use trace::trace;

/// The most nodes of one trace.
pub const TRACE_NODES_MAX: usize = 2_000_000;

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// The text means nothing here.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// `sha256:` without 64 digits.
    #[error("`{text}` is not sha256: and 64 lower-case hexadecimal digits")]
    NotADigest {
        /// What was written, cut.
        text: String,
    },
    /// Nobody claims these bytes.
    #[error("nothing with the digest {digest} is registered")]
    NotRegistered {
        /// The digest.
        digest: crate::digest::Sha256Digest,
    },
    /// An item has no file of that name.
    #[error("`{item}` has no file `{file}`{}", there(*.files, .some))]
    NoSuchFile {
        /// The item, as written.
        item: String,
        /// The file, cut.
        file: String,
        /// How many files it has.
        files: usize,
        /// The names of some.
        some: Vec<String>,
    },
    /// Several nodes where one is to be proved.
    #[error("`{text}` means several nodes, and a proof is of one: {}", .several.join(", "))]
    SeveralToProve {
        /// What was written.
        text: String,
        /// Some of them.
        several: Vec<String>,
    },
    /// A statement without artifacts: a seal, a key change.
    #[error("{text} is a `{kind}` statement, which descends from nothing: `show` prints it")]
    NoLineage {
        /// What was written.
        text: String,
        /// The kind.
        kind: &'static str,
    },
    /// More nodes than one answer may have.
    #[error("the trace has more than {TRACE_NODES_MAX} nodes: trace something nearer to its origin")]
    TooManyNodes,
    /// More files of rows than one answer may look through.
    #[error("there are more than the SHARD_FILES_MAX of {SHARD_FILES_MAX} files of rows to look through")]
    TooManyShards,
    /// A manifest that is not what its statement says.
    #[error("manifest {id} is not what its statement says")]
    Manifest {
        /// The blob.
        id: BlobId,
        /// What is wrong.
        source: ManifestError,
    },
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The index.
    #[error(transparent)]
    Index(#[from] IndexError),
}

impl From<LineError> for QueryError {
    fn from(error: LineError) -> Self {
        match error {
            LineError::Blob(error) => Self::Ledger(error.into()),
            LineError::Manifest { id, source } => Self::Manifest { id, source },
        }
    }
}

fn there(files: usize, some: &[String]) -> String {
    let listed = some.join(", ");
    match files.saturating_sub(some.len()) {
        _ if some.is_empty() => ", nor any other".to_owned(),
        0 => format!(": it has {listed}"),
        more => format!(": it has {listed} and {more} more"),
    }
}
