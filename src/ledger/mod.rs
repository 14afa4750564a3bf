//! A ledger in a folder: made, opened, registered into.
//!
//! | module | does |
//! |---|---|
//! | [`admission`] | what may become an entry |
//! | [`lineage_file`], [`hash`] | what a user writes, and what the files it names hold |
//! | [`register`] | the first phase: from a lineage file to a plan of statements |
//! | `append`, `writer` | the second phase: blobs, signatures, commits with their seals |
//! | `replay`, `keeper` | what the log says up to a place; the index on disk |
//! | [`drive`], [`content`] | answering a verifier: entries, blobs, files outside the ledger |
//! | `init`, `keys`, `pin`, `open`, `settings` | keys and genesis, the trust root of this user, reading |
//! | `seals`, `stated` | finding a seal that is not true, and making the proof |
//! | `remembered`, `held` | the last checkpoint of a log that this user accepted, and appends that ask for it |

pub mod admission;
mod append;
pub mod content;
pub mod drive;
mod error;
pub mod evidence;
#[cfg(test)]
pub(crate) mod fixture;
pub mod hash;
mod held;
pub mod import;
mod init;
mod keeper;
mod keys;
mod line;
pub mod lineage_file;
pub mod notices;
pub mod offer;
mod open;
mod owners;
mod pin;
pub mod private;
pub mod register;
mod remembered;
mod replay;
mod seals;
mod settings;
mod stated;
mod write;
mod writer;

pub use append::Appended;
pub use append::RegisterRequest;
pub use append::Signers;
pub use error::LedgerError;
pub use init::InitError;
pub use init::InitRequest;
pub use init::Initialised;
pub use init::SPECS;
pub use init::init;
pub use keys::KeyPaths;
pub use line::LineError;
pub use line::prove_line;
pub use open::Ledger;
pub use open::StoreBlobs;
pub use open::View;
pub use owners::Owners;
pub use pin::PinError;
pub use pin::origin_slug;
pub use pin::pin;
pub use pin::pin_path;
pub use pin::read_pin;
pub use remembered::Parting;
pub use remembered::Remembered;
pub use remembered::RememberedError;
pub use seals::SealSearchError;
pub use seals::Seals;
pub use seals::search_false_seal;
pub use settings::Settings;
pub use settings::SettingsError;
pub use write::Gate;
pub use write::GateError;

use crate::statement::Artifact;
use crate::statement::ArtifactSet;
use crate::statement::ItemName;

/// Returns the name by which an artifact of a set is shown: the item's name, `ITEM/FILE` for one of several files.
pub fn artifact_name(item: &ItemName, set: &ArtifactSet, artifact: &Artifact) -> String {
    if set.artifacts.len() == 1 {
        item.to_string()
    } else {
        format!("{item}/{}", artifact.name)
    }
}
