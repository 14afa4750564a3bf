//! The verdict: whether every path of a lineage ends in something declared, and what speaks against it.
//!
//! `verify` sees no network, clock, file, environment or index. A [`Verifier`] asks for entries, blobs and files
//! ([`Verifier::need`]), is given bytes, and in the end makes a [`Verified`] judgement; nothing else can make
//! one, and reports take nothing else. A ledger, a bundle and a browser are three drivers of this one core.
//!
//! What the rules say is `docs/verdict.md`; each rule is one file under `rules`.

mod claimed;
mod contents;
mod declared;
mod descent;
mod details;
mod disputed;
mod exclusion;
mod files;
mod finding;
mod founder;
mod graph;
mod instant;
mod judge;
mod judgement;
mod limits;
mod lineage;
mod machine;
mod mass;
mod notices;
mod redirect;
mod ruled;
mod rules;
mod sampled;
mod scene;
mod share;
mod shared;
mod subjects;
mod withheld;

#[cfg(test)]
pub(crate) mod tests;

pub use declared::Declared;
pub use declared::DeclaredFile;
pub use declared::NotCompared;
pub use descent::Descends;
pub use descent::Descent;
pub use descent::DescentNode;
pub use descent::DescentPart;
pub use details::Details;
pub use details::KeyUse;
pub use details::Order;
pub use details::RunOrder;
pub use details::Separation;
pub use exclusion::Beyond;
pub use exclusion::BeyondKind;
pub use exclusion::EXCLUDES_MAX;
pub use exclusion::Excluded;
pub use exclusion::Exclusion;
pub use exclusion::ExclusionFact;
pub use exclusion::Unwanted;
pub use files::FileDigests;
pub use files::FileQuery;
pub use finding::Code;
pub use finding::Finding;
pub use finding::PathStep;
pub use finding::Verdict;
pub use founder::Ancestry;
pub use judgement::Assurance;
pub use judgement::Completeness;
pub use judgement::Conditioning;
pub use judgement::ContentCheck;
pub use judgement::ExternalModel;
pub use judgement::Judgement;
pub use judgement::SourceFact;
pub use judgement::Verified;
pub use limits::CLAIM_PAIRS_MAX;
pub use limits::CLAIM_PLACES_MAX;
pub use limits::CONTENTS_MAX;
pub use limits::PATH_STEPS_MAX;
pub use lineage::LINEAGE_EDGES_MAX;
pub use lineage::LINEAGE_NODES_MAX;
pub use lineage::Lineage;
pub use lineage::LineageEdge;
pub use lineage::LineageNode;
pub use lineage::said_by;
pub use machine::Evidence;
pub use machine::Verifier;
pub use mass::Boundary;
pub use mass::Parcel;
pub use mass::ParcelCondition;
pub use mass::ParcelParent;
pub use mass::Parcels;
pub use mass::mass_inputs;
pub use notices::has_say;
pub use ruled::Objection;
pub use ruled::RuleResult;
pub use ruled::Ruling;
pub use rules::counts_at_once;
pub use sampled::FoundBy;
pub use sampled::ItemFound;
pub use sampled::Sampled;
pub use sampled::Sampling;
pub use share::Part;
pub use share::SHARE_BITS_MAX;
pub use share::Share;
pub use share::approximate;
pub use share::fixed_point;
pub use share::mix;
pub use shared::Claimant;
pub use shared::SharedContent;
pub use subjects::SUBJECT_FILES_MAX;
pub use subjects::Subject;
pub use subjects::SubjectFile;
pub use withheld::DisclosedFact;
pub use withheld::Withheld;

use crate::digest::BlobId;
use crate::disclosure::Disclosures;
use crate::merkle::LeafIndex;
use crate::merkle::TreeSize;
use crate::statement::ArtifactRef;
use crate::trust::TrustRoot;

/// On whose word the ledger is taken for the one that is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// A trust root the verifier holds: pinned earlier, or given as a file.
    Pinned(TrustRoot),
    /// The ledger's own genesis, because the caller asked for that.
    SelfAsserted(TrustRoot),
    /// The ledger's own genesis, because nothing else was at hand: never enough for `traced`.
    Missing(TrustRoot),
}

impl Trust {
    /// Returns the trust root that is used.
    pub fn root(&self) -> &TrustRoot {
        match self {
            Self::Pinned(root) | Self::SelfAsserted(root) | Self::Missing(root) => root,
        }
    }

    /// Returns the word for JSON: `pinned`, `genesis` or `none`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Pinned(_) => "pinned",
            Self::SelfAsserted(_) => "genesis",
            Self::Missing(_) => "none",
        }
    }
}

/// What is to be verified.
#[derive(Debug, Clone)]
pub struct Request {
    /// What the caller calls it; if it is empty, what the statements call it.
    pub name: String,
    /// The artifacts that are judged together: those of one item, or the one that a file was resolved to.
    pub artifacts: Vec<ArtifactRef>,
    /// On whose word.
    pub trust: Trust,
    /// The signed checkpoint, as published.
    pub checkpoint: Vec<u8>,
    /// Whether files outside the ledger are to be opened.
    pub content: bool,
    /// The least assurance that is enough.
    pub require: Assurance,
    /// What opens commitments, for whoever was given it.
    pub disclosures: Vec<Disclosures>,
    /// The last signed checkpoint of this log that was accepted, if one is remembered.
    pub remembered: Option<Vec<u8>>,
    /// Whether part of a log is judged as of then, where a checkpoint of more entries is remembered: else it is too old.
    pub older: bool,
    /// A signed checkpoint of this log that the judged one must not be older than.
    pub newer: Option<Vec<u8>>,
    /// How many entries the signed checkpoint must have at least.
    pub min_size: Option<TreeSize>,
    /// Whether the judgement is to hold the whole lineage ([`Judgement::descent`]), for what is worked out from it.
    pub descent: bool,
    /// What the target must not descend from; at most [`EXCLUDES_MAX`] are looked for.
    pub excludes: Vec<Excluded>,
}

impl Request {
    /// Returns a request for nothing yet, on somebody's word, that demands nothing beyond the rules.
    pub fn of(trust: Trust) -> Self {
        Self {
            name: String::new(),
            artifacts: Vec::new(),
            trust,
            checkpoint: Vec::new(),
            content: false,
            require: Assurance::SelfAsserted,
            disclosures: Vec::new(),
            remembered: None,
            older: false,
            newer: None,
            min_size: None,
            descent: false,
            excludes: Vec::new(),
        }
    }
}

/// What the verifier needs next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// The exact bytes of an entry; answered with [`Verifier::entry`], or with [`Verifier::pruned`] by evidence that is
    /// only part of a log.
    Entry(LeafIndex),
    /// The bytes of a blob; answered with [`Verifier::blob`].
    Blob(BlobId),
    /// All records of the ties that the seal counts as contested; answered with [`Verifier::contested`]. Asked for only
    /// where entries were pruned.
    Contested,
    /// The digests of a file outside the ledger; answered with [`Verifier::file`].
    File(FileQuery),
    /// Nothing more: [`Verifier::finish`].
    Done,
}

/// What a driver gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given<T> {
    /// Here it is.
    Found(T),
    /// It is not there.
    Missing,
    /// It is there but cannot be what it should be, and why.
    Damaged(String),
}
