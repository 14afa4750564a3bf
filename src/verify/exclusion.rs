//! What a lineage must not descend from: the question, and the answer to it.

use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::statement::ArtifactRef;

use super::finding::PathStep;

/// The most nodes that one verification is asked to exclude.
pub const EXCLUDES_MAX: usize = 64;

/// One node that a lineage must not descend from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excluded {
    /// What the caller calls it.
    pub asked: String,
    /// What it is.
    pub what: Vec<Unwanted>,
}

/// What must not be among the ancestors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unwanted {
    /// Everything that a statement declares.
    Statement(StatementId),
    /// One artifact, or one member of a manifest.
    Artifact(ArtifactRef),
    /// These bytes, whoever claims them.
    Bytes(Sha256Digest),
}

impl Unwanted {
    /// Returns the statement that says what it is; nothing for bytes.
    pub(super) fn statement(self) -> Option<StatementId> {
        match self {
            Self::Statement(id) => Some(id),
            Self::Artifact(artifact) => Some(artifact.statement),
            Self::Bytes(_) => None,
        }
    }
}

/// How an exclusion ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exclusion {
    /// No path leads from it to the target, and nothing on the walk has its content.
    Excluded,
    /// A path leads from it to the target.
    NotExcluded,
    /// Nobody can say: the walk or the node itself is not whole.
    NotShown,
}

impl Exclusion {
    /// Returns the word for programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Excluded => "excluded",
            Self::NotExcluded => "not_excluded",
            Self::NotShown => "not_shown",
        }
    }
}

/// What was found of one node that was to be excluded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExclusionFact {
    /// What the caller called it.
    pub asked: String,
    /// How it ended.
    pub outcome: Exclusion,
    /// From the target to the node, or to what has its content; empty unless there is one.
    pub path: Vec<PathStep>,
    /// From another claim of the same bytes down to the node, where the path leads by way of one.
    pub other_path: Vec<PathStep>,
    /// Why, in a sentence.
    pub why: String,
}

/// Something on the walk behind which nothing can be seen here, so that no exclusion reaches beyond it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Beyond {
    /// `hb:` id of the statement.
    pub id: String,
    /// The item's name.
    pub name: String,
    /// What is not known of it.
    pub what: BeyondKind,
}

/// What is not known of something on the walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BeyondKind {
    /// What an external model was trained on.
    ExternalModel,
    /// What the models were given that made a source.
    OpaqueGenerators,
    /// Who made a source.
    OriginNotKnown,
    /// The content, which is shown to some only.
    ContentWithheld,
    /// The bytes, of which nobody stated a digest.
    BytesNotKnown,
}

impl BeyondKind {
    /// Returns the word for programs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ExternalModel => "external_model",
            Self::OpaqueGenerators => "opaque_generators",
            Self::OriginNotKnown => "origin_not_known",
            Self::ContentWithheld => "content_withheld",
            Self::BytesNotKnown => "bytes_not_known",
        }
    }

    /// Returns what is not known, in words.
    pub const fn told(self) -> &'static str {
        match self {
            Self::ExternalModel => "what this external model was trained on",
            Self::OpaqueGenerators => "what the models that made this source were trained on and given",
            Self::OriginNotKnown => "who made this source, and from what",
            Self::ContentWithheld => "its content, which is withheld",
            Self::BytesNotKnown => "its bytes, of which no digest is stated",
        }
    }
}
