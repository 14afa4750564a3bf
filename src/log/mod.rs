//! The log: commit slots, and the tiles and the checkpoint that derive from them.
//!
//! Entries are opaque bytes here. A commit is one create-only file, `commit/<n>`, signed by the log key: the only
//! commit point. `log/` holds what commits determine, in the layout of C2SP tlog-tiles, to be served as it is.
//!
//! | step of an append | a crash after it leaves |
//! |---|---|
//! | admit the batch, sign the slot | nothing |
//! | create `commit/<n>` | a commit that nobody was told of; recovery publishes it |
//! | create the tiles of the new size | tiles that no checkpoint names yet; recovery finds them right |
//! | replace `log/checkpoint` | everything; this is the acknowledgement |
//! | remove partial tiles that are full now | stale partial tiles; recovery removes them |
//! | write the hint | nothing that matters |
//!
//! | file | holds |
//! |---|---|
//! | [`commit`] | the slot: its bytes, strictly decoded |
//! | [`read`] | [`LogReader`]: what a published checkpoint covers, forwards and backwards, with proofs |
//! | [`walk`] | the walks over commits, and what they check |
//! | [`append`] | [`LockedLog`], [`Appender`]: recovery, append, create |
//! | `publish` | the one function that derives tiles and checkpoint from commits |
//! | [`check`] | every file under `commit/` and `log/` against what commits determine |

pub mod append;
pub mod check;
pub mod commit;
mod edge;
mod error;
mod find;
mod proof;
mod publish;
pub mod read;
pub mod walk;

pub use append::{Admission, AdmissionError, Appended, Appender, LockedLog};
pub use check::{PublishedFault, check_published};
pub use commit::{Commit, CommitError, CommitHeader};
pub use error::{LogError, Tampering};
pub use read::{LogReader, peek_first_entry};
pub use walk::{Commits, CommitsDescending, Position};
