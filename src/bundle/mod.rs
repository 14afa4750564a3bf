//! Evidence bundles: one file from which somebody with only the trust root can judge again.
//!
//! A bundle is part of a log with the roots of all the rest, the records of its seal, and the blobs that count. Its
//! bytes are `docs/formats/bundle.md`. This module sees no file: it takes something to read from, or to write to, and
//! it is one more driver of [`crate::verify`].
//!
//! | file | holds |
//! |---|---|
//! | [`container`] | members of a ustar archive in their one form |
//! | [`tree`] | the lines of the pruned tree |
//! | [`read`] | a bundle that was scanned, and the judgement on it |
//! | [`write`] | writing one |

pub mod container;
mod read;
mod tree;
mod write;

#[cfg(test)]
mod tests;

use std::io;

use crate::canonical::CanonicalError;
use crate::canonical::Value;
use crate::statement::ArtifactRef;
use crate::statement::ArtifactRefError;
use crate::statement::INLINE_MAX;

pub use read::Ask;
pub use read::Bundle;
pub use tree::TREE_BYTES_MAX;
pub use write::Contents;
pub use write::Source;
pub use write::write;

use container::ContainerError;
use tree::TreeError;

/// The `herdbook` member of `bundle.json`.
const BUNDLE_TYPE: &str = "bundle/v1";

/// The longest `bundle.json` in bytes.
pub const DESCRIPTION_BYTES_MAX: u64 = 65_536;

/// The most bytes of the records of contested ties.
pub const CONTESTED_BYTES_MAX: u64 = 1 << 30;

/// The most members of a bundle.
pub const MEMBERS_MAX: usize = 4_194_304;

/// The most bytes of one blob in a bundle, as in a ledger.
pub const BLOB_BYTES_MAX: u64 = 1 << 30;

/// The names of the first members, in their order.
const FIRST_MEMBERS: [&str; 4] = ["bundle.json", "checkpoint", "tree", "contested"];

/// Why a bundle cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// The file ends before the bundle does.
    #[error("it ends in the middle of {place}")]
    Incomplete {
        /// Where.
        place: String,
    },
    /// The archive does not have the one form it may have.
    #[error("it is no archive of the one form that a bundle has")]
    Container(#[source] ContainerError),
    /// A member that must not stand there.
    #[error("the member `{found}` stands where {expected} must")]
    Member {
        /// Its name, cut.
        found: String,
        /// What must stand there.
        expected: &'static str,
    },
    /// A member whose bytes are not those its name says.
    #[error("the bytes of member {name} are not those its name says")]
    Differs {
        /// Its name.
        name: String,
    },
    /// A member with more bytes than it may have.
    #[error("member {name} has {found} bytes, more than the limit of {limit}")]
    TooLong {
        /// Its name.
        name: String,
        /// How many it has.
        found: u64,
        /// How many it may have.
        limit: u64,
    },
    /// More members than a bundle may have.
    #[error("it has more members than the limit MEMBERS_MAX of {MEMBERS_MAX}")]
    TooMany,
    /// `bundle.json` is not canonical JSON.
    #[error("bundle.json is not canonical JSON")]
    Json(#[from] CanonicalError),
    /// A member of `bundle.json` that is missing, unknown or of another type.
    #[error("`{0}` of bundle.json is missing, unknown or of the wrong type")]
    Field(&'static str),
    /// An artifact of `bundle.json` is none.
    #[error("an artifact of bundle.json is none")]
    Artifact(#[from] ArtifactRefError),
    /// The tree is not one.
    #[error("the pruned tree is not one")]
    Tree(#[from] TreeError),
    /// The medium failed.
    #[error("it cannot be read")]
    Io(#[from] io::Error),
}

impl BundleError {
    /// Returns whether the file merely ends too early: more of it may be all that is missing.
    pub fn is_incomplete(&self) -> bool {
        matches!(self, Self::Incomplete { .. })
    }

    /// Returns whether the medium failed, which says nothing about the bundle.
    pub fn is_io(&self) -> bool {
        matches!(self, Self::Io(_))
    }
}

/// What a bundle is about.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Description {
    artifacts: Vec<ArtifactRef>,
}

impl Description {
    fn encode(&self) -> Vec<u8> {
        let artifacts = self.artifacts.iter().map(|one| Value::from(one.to_string()));
        let members = [
            ("artifacts", Value::List(artifacts.collect())),
            ("herdbook", Value::from(BUNDLE_TYPE)),
        ];
        let members = members.map(|(key, value)| (key.to_owned(), value));
        let mut bytes = Value::Object(members.into()).encode();
        bytes.push(b'\n');
        bytes
    }

    fn decode(bytes: &[u8]) -> Result<Self, BundleError> {
        let text = bytes.strip_suffix(b"\n").ok_or(BundleError::Field("the end"))?;
        let Value::Object(mut members) = Value::decode(text)? else {
            return Err(BundleError::Field("the whole"));
        };
        if members.remove("herdbook") != Some(Value::from(BUNDLE_TYPE)) {
            return Err(BundleError::Field("herdbook"));
        }
        let Some(Value::List(list)) = members.remove("artifacts") else {
            return Err(BundleError::Field("artifacts"));
        };
        if !members.is_empty() || list.is_empty() || list.len() > INLINE_MAX {
            return Err(BundleError::Field("artifacts"));
        }
        let artifacts = list.into_iter().map(|one| match one {
            Value::Text(text) => Ok(text.parse()?),
            _ => Err(BundleError::Field("artifacts")),
        });
        Ok(Self {
            artifacts: artifacts.collect::<Result<_, BundleError>>()?,
        })
    }
}
