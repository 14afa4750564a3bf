//! Why something may not become an entry.

use crate::checkpoint::LogKeyError;
use crate::digest::BlobId;
use crate::digest::KeyId;
use crate::digest::StatementId;
use crate::envelope::EnvelopeError;
use crate::manifest::ManifestError;
use crate::merkle::LeafIndex;
use crate::statement::ArtifactRef;
use crate::statement::Does;
use crate::statement::Role;
use crate::trust::TrustError;

/// Why a blob was not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlobError {
    /// No such blob.
    #[error("blob {id} is not in the ledger")]
    Missing {
        /// The blob.
        id: BlobId,
    },
    /// Its bytes are not those its name says.
    #[error("the bytes of blob {id} are not those its name says")]
    Differs {
        /// The blob.
        id: BlobId,
    },
    /// More bytes than such a blob may have.
    #[error("blob {id} has more than the {limit} bytes such a blob may have")]
    TooLarge {
        /// The blob.
        id: BlobId,
        /// How many it may have.
        limit: u64,
    },
    /// It could not be read.
    #[error("blob {id} cannot be read")]
    Io {
        /// The blob.
        id: BlobId,
        /// What the store said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Why something may not become an entry.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdmissionError {
    /// Not an envelope, or not a statement inside.
    #[error("it is not an envelope with a statement")]
    Envelope(#[source] EnvelopeError),
    /// The signature does not count.
    #[error("its signature does not count")]
    Signature(#[source] EnvelopeError),
    /// The key may not sign it.
    #[error("its key may not sign it")]
    Grant(#[from] TrustError),
    /// A genesis elsewhere, or something else at entry 0.
    #[error("a genesis is entry 0 and nothing else is")]
    GenesisPlace,
    /// A genesis of another format.
    #[error("the genesis is of format {found}; this version writes {expected}")]
    Format {
        /// The format that was found.
        found: u64,
        /// The format of this version.
        expected: u64,
    },
    /// A genesis whose signer is no owner.
    #[error("the genesis is not signed by an owner it names")]
    NotAnOwner,
    /// A genesis whose log key is none.
    #[error("the log key of genesis is not one")]
    LogKey(#[source] LogKeyError),
    /// A genesis whose log key is another log's.
    #[error("the log key of genesis is for `{key}`, but the origin is `{origin}`")]
    Origin {
        /// The origin.
        origin: String,
        /// The name in the key.
        key: String,
    },
    /// The same key for the log and for statements.
    #[error("the log key must not be an owner's key or be granted anything")]
    LogKeyShared,
    /// The same key for two purposes, or twice for one.
    #[error("the genesis names key {key} twice: owners and granted keys are different keys, each once")]
    KeyTwice {
        /// The key.
        key: KeyId,
    },
    /// Made for another ledger.
    #[error("it is made for ledger {}, not for {expected}", found_text(*.found))]
    WrongLedger {
        /// The ledger it names.
        found: Option<StatementId>,
        /// This ledger.
        expected: StatementId,
    },
    /// The statement is there already.
    #[error("statement {id} is entry {entry} already")]
    Duplicate {
        /// The statement.
        id: StatementId,
        /// Where it stands.
        entry: LeafIndex,
    },
    /// It cites something that does not stand below it.
    #[error("it cites {artifact}, which is not in the log below it")]
    ParentMissing {
        /// What it cites.
        artifact: ArtifactRef,
    },
    /// It cites a subject or member that its statement does not have.
    #[error("it cites {artifact}, but that statement has no such artifact")]
    NoSuchArtifact {
        /// What it cites.
        artifact: ArtifactRef,
    },
    /// It names a statement that does not stand below it.
    #[error("it names statement {id}, which is not in the log below it")]
    StatementMissing {
        /// What it names.
        id: StatementId,
    },
    /// An input that cannot play its role.
    #[error("{artifact} is a {thing} and cannot be `{role}` of a run that does `{does}`")]
    Role {
        /// The input.
        artifact: ArtifactRef,
        /// What it is.
        thing: &'static str,
        /// The role.
        role: Role,
        /// What the run does.
        does: Does,
    },
    /// A member of a data set that is not rows.
    #[error("{artifact} is a {thing} and cannot be a member of a data set")]
    Member {
        /// The member.
        artifact: ArtifactRef,
        /// What it is.
        thing: &'static str,
    },
    /// What a source is said to be derived from, and is no source.
    #[error(
        "{artifact} is a {thing}, and a source can only be derived from a source: what was made from something of this ledger is the output of a run"
    )]
    Parent {
        /// What it is derived from.
        artifact: ArtifactRef,
        /// What that is.
        thing: &'static str,
    },
    /// A filter's model that is no model.
    #[error("{artifact} is a {thing} and cannot be the model of a filter")]
    FilterModel {
        /// What the filter cites.
        artifact: ArtifactRef,
        /// What it is.
        thing: &'static str,
    },
    /// A release of something that is no model.
    #[error("{artifact} is a {thing}, and only a model is released")]
    Released {
        /// What the release names.
        artifact: ArtifactRef,
        /// What it is.
        thing: &'static str,
    },
    /// An observation of something that is no run.
    #[error("statement {id} is not a run")]
    NotARun {
        /// The statement.
        id: StatementId,
    },
    /// A notice that names an artifact twice.
    #[error("it names {artifact} twice")]
    NamedTwice {
        /// The artifact.
        artifact: ArtifactRef,
    },
    /// A notice that puts something in the place of what it cannot stand for.
    #[error("{by} cannot stand in the place of {target}: {why}")]
    Misfit {
        /// What is to be replaced.
        target: String,
        /// What is to stand there.
        by: ArtifactRef,
        /// Why it cannot.
        why: &'static str,
    },
    /// A resolution by another key than that of the run.
    #[error("a gap is resolved by the key that signed it, and that is {expected}")]
    GapKey {
        /// The key that signed the gap.
        expected: crate::digest::KeyId,
    },
    /// A gap that is none.
    #[error("{gap} is not a gap: statement {} has no inputs or members", .gap.statement)]
    NoGap {
        /// What was named.
        gap: crate::statement::GapRef,
    },
    /// A blob that it names is missing or is not what it should be.
    #[error("a blob that it names does not count")]
    Blob(#[from] BlobError),
    /// A manifest that is not what the statement says.
    #[error("manifest {id} is not what the statement says")]
    Manifest {
        /// The blob.
        id: BlobId,
        /// What is wrong.
        source: ManifestError,
    },
    /// An attachment of another size than the statement says.
    #[error("blob {id} has {found} bytes, but the statement says {stated}")]
    Size {
        /// The blob.
        id: BlobId,
        /// What the statement says.
        stated: u64,
        /// What is there.
        found: u64,
    },
    /// The index does not answer, so nothing can be judged by it.
    #[error(transparent)]
    Index(#[from] crate::index::IndexError),
    /// A seal that does not say what the log below it determines.
    #[error("the seal does not say what the log below it determines")]
    SealFalse,
}

fn found_text(found: Option<StatementId>) -> String {
    found.map_or_else(|| "no one".to_owned(), |id| id.to_hex())
}
