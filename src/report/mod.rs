//! Reports: a judgement made into a signed document, and the document into a page that an official can read.
//!
//! ```text
//! Verified<Judgement> -> Document -> Report (signed, report.json) -> page (report.html)
//! ```
//!
//! Everything here is a function of its arguments: no clock, no disk, no path, no index. So the same ledger, model and
//! key give the same two files, byte for byte, and whoever has `report.json` can make `report.html` again.
//! Only `verify` makes a [`Verified`](crate::verify::Verified); a [`Document`] can be built of nothing else.
//! `docs/formats/report.md` has every field.

mod build;
mod details;
mod document;
mod draw;
mod html;
mod kin;
mod lacking;
mod layout;
mod measured;
mod pedigree;
mod sealed;
mod sheet;
#[cfg(test)]
mod tests;
mod versus;
mod words;

pub use build::Basis;
pub use build::FACTS_MAX;
pub use build::FINDINGS_MAX;
pub use build::PATH_STEPS_MAX;
pub use details::Details;
pub use details::KeyUse;
pub use details::RunOrder;
pub use document::*;
pub use html::page;
pub use html::pedigree_page;
pub use layout::LANES_MAX;
pub use pedigree::sheet;
pub use sealed::PREDICATE_TYPE;
pub use sealed::REPORT_BYTES_MAX;
pub use sealed::Report;
pub use sheet::Entry;
pub use sheet::Section;
pub use sheet::Sheet;
pub use sheet::number;
pub use versus::versus_sheet;
pub use words::meaning;

/// What every report says at its end.
pub const CAVEAT: &str = "Traced does not mean lawful, licensed, human-made or complete.";

/// Why something is not a report, or cannot be made into one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// Not an envelope, or its signature does not count.
    #[error(transparent)]
    Envelope(#[from] crate::envelope::EnvelopeError),
    /// Not canonical JSON.
    #[error("the report is not canonical JSON")]
    Canonical(#[from] crate::canonical::CanonicalError),
    /// A field that is missing, unknown or of another type.
    #[error(
        "the report does not have the fields of format {}",
        crate::statement::FORMAT_VERSION
    )]
    Fields(#[source] serde_json::Error),
    /// Not an in-toto statement with our predicate type.
    #[error("`{found}` is not the type of a report")]
    Type {
        /// What stands there.
        found: String,
    },
    /// Another format.
    #[error(
        "the report has format {found}; this program reads format {}",
        crate::statement::FORMAT_VERSION
    )]
    Format {
        /// Which.
        found: u64,
    },
    /// The key in the report is not the one that signed it.
    #[error("the report names the key {named}, but {signed} signed it")]
    Signer {
        /// The id of the key that is named.
        named: crate::digest::KeyId,
        /// The id of the key that signed.
        signed: crate::digest::KeyId,
    },
    /// The key is none.
    #[error("the key of the report is not one")]
    Key(#[from] crate::key::KeyError),
    /// What a report says of itself does not hold together.
    #[error("the report contradicts itself: {0}")]
    Inconsistent(&'static str),
    /// The page cannot be made.
    #[error("the page cannot be made")]
    Page(#[from] minijinja::Error),
}
