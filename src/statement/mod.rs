//! Statements: what is signed. An in-toto Statement v1 whose predicate is one of Herdbook's kinds.
//!
//! A statement is encoded once, as canonical JSON, and the exact bytes are signed, hashed and stored.
//! Decoding takes nothing but those bytes: an unknown field, another order, a missing digest is an error,
//! and a decoded statement encodes to the bytes it came from. `docs/formats/statement.md` has every field.
//!
//! Only shape is judged here. Whether a statement is *true* to the ledger (grants, parents, origins) is for
//! admission before it is appended, and for `verify` ever after.

mod about;
mod artifact;
mod day;
mod decimal;
mod fields;
mod house;
mod leaf;
mod notice;
mod reference;
mod row_root;
mod run;
mod text;
mod tie;
mod withheld;
mod words;

use crate::canonical::CanonicalError;
use crate::canonical::Value;
use crate::digest::KeyId;
use crate::digest::Sha256Digest;
use crate::digest::StatementId;

use artifact::Subject;
use fields::Fields;
use fields::Members;

pub use about::Release;
pub use about::Report;
pub use about::ReportedCheckpoint;
pub use artifact::Absence;
pub use artifact::Artifact;
pub use artifact::ArtifactSet;
pub use artifact::Attachment;
pub use artifact::Content;
pub use artifact::Count;
pub use artifact::ManifestFacts;
pub use artifact::absence_word;
pub use day::Day;
pub use day::DayError;
pub use decimal::Decimal;
pub use decimal::DecimalError;
pub use house::Contested;
pub use house::EVERY_KIND;
pub use house::Genesis;
pub use house::Grant;
pub use house::KeyChange;
pub use house::Observation;
pub use house::Read;
pub use house::Seal;
pub use house::Since;
pub use leaf::Crawl;
pub use leaf::Filter;
pub use leaf::Generators;
pub use leaf::Model;
pub use leaf::Prompt;
pub use leaf::Source;
pub use notice::GapRef;
pub use notice::GapRefError;
pub use notice::Notice;
pub use notice::Reaches;
pub use reference::ArtifactRef;
pub use reference::ArtifactRefError;
pub use row_root::KEYED_ROW_ROOT;
pub use row_root::ROW_ROOT;
pub use row_root::RowRoot;
pub use row_root::TwoRowRoots;
pub use run::Cites;
pub use run::Dataset;
pub use run::Gap;
pub use run::Input;
pub use run::InputFrom;
pub use run::Output;
pub use run::Run;
pub use text::FILE_NAME_BYTES_MAX;
pub use text::ITEM_NAME_BYTES_MAX;
pub use text::ItemName;
pub use text::TEXT_BYTES_MAX;
pub use text::TextError;
pub use text::check_file_name;
pub use text::check_recorded_file_name;
pub use text::check_text;
pub use text::escaped;
pub use tie::folded;
pub use tie::model_tie;
pub use tie::run_tie;
pub use withheld::FILE_NAME_CONTEXT;
pub use withheld::GAP_CONTEXT;
pub use withheld::NAME_CONTEXT;
pub use withheld::REASON_CONTEXT;
pub use withheld::SealedContent;
pub use withheld::WithheldText;
pub use words::Access;
pub use words::AcquiredBy;
pub use words::Answer;
pub use words::Basis;
pub use words::CountBasis;
pub use words::Does;
pub use words::FilterRule;
pub use words::KeyChangeKind;
pub use words::MadeBy;
pub use words::NoticeEffect;
pub use words::NoticeKind;
pub use words::OutputKind;
pub use words::ReportedVerdict;
pub use words::Restriction;
pub use words::Revocation;
pub use words::Role;
pub use words::Thing;
pub use words::Word;
pub use words::WordError;

/// `_type` of every statement (in-toto attestation framework, Statement v1).
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";

/// What stands before the kind in `predicateType`.
const PREDICATE_TYPE_PREFIX: &str = "https://herdbook/";

/// What stands after the kind in `predicateType`.
const PREDICATE_TYPE_SUFFIX: &str = "/v1";

/// The format version that this build writes and reads. It is frozen: ledgers and bundles of it are read for ever
/// (`fixtures/formats/v1`).
pub const FORMAT_VERSION: u64 = 1;

/// The most outputs, inputs or members that stand in a statement itself; more of them are a manifest.
pub const INLINE_MAX: usize = 64;

/// Why bytes are not a statement.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StatementError {
    /// Not canonical JSON.
    #[error("the payload is not canonical JSON")]
    Canonical(#[from] CanonicalError),
    /// Another `_type`.
    #[error("`{0}` is not the type of an in-toto statement v1")]
    NotInToto(String),
    /// A predicate type this version does not know.
    #[error("`{0}` is not a kind of statement this version knows")]
    UnknownKind(String),
    /// A field that must be there is not.
    #[error("{place}: `{field}` is missing")]
    Missing {
        /// The object.
        place: &'static str,
        /// The field.
        field: String,
    },
    /// A field that must not be there is.
    #[error("{place}: `{field}` is not a known field")]
    UnknownField {
        /// The object.
        place: &'static str,
        /// The field.
        field: String,
    },
    /// A field of another type.
    #[error("{place}: `{field}` must be {expected}")]
    WrongType {
        /// The object.
        place: &'static str,
        /// The field.
        field: String,
        /// What it must be.
        expected: &'static str,
    },
    /// A field whose text is not allowed.
    #[error("{place}: `{field}` is not valid")]
    BadValue {
        /// The object.
        place: &'static str,
        /// The field.
        field: String,
        /// What is wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Subjects and artifacts do not pair up.
    #[error("subjects and artifacts do not pair up one to one")]
    SubjectCount,
    /// A subject without bytes whose digest is not that of its declaration.
    #[error("the digest of `{name}` is not that of its declaration")]
    Declaration {
        /// The subject.
        name: String,
    },
    /// A subject that is not what the predicate gives.
    #[error("the subject is not the one this kind of statement has")]
    Subject,
    /// No citation, or more than may stand inline.
    #[error("{found} citations, but from 1 to {INLINE_MAX} may stand inline")]
    CiteCount {
        /// How many there are.
        found: usize,
    },
    /// A role that what the run does has no place for.
    #[error("a run that does `{does}` has no input as `{role}`; it takes: {}", .does.roles().join(", "))]
    Role {
        /// What the run does.
        does: Does,
        /// The role.
        role: Role,
    },
    /// An output that what the run does cannot make.
    #[error("a run that does `{does}` does not make `{kind}`; declare what made it as a run of its own")]
    OutputKind {
        /// What the run does.
        does: Does,
        /// The output's kind.
        kind: OutputKind,
    },
    /// A transform with several bases, or with data and a base.
    #[error("a transform takes data, or exactly one base, and not both")]
    TransformInputs,
    /// A share where rows or tokens decide.
    #[error("an input as `{role}` of a run that does `{does}` has no `share`: its rows or tokens decide")]
    ShareRole {
        /// What the run does.
        does: Does,
        /// The role.
        role: Role,
    },
    /// An amount of nothing.
    #[error("`{field}` is 0: leave out the input if it brought nothing, or the number if it is not known")]
    Zero {
        /// The field.
        field: &'static str,
    },
    /// An expansion where no row becomes several.
    #[error(
        "a run that does `{does}` puts out each row at most once and has no `expansion`; only transform, annotate, judge and evaluate have"
    )]
    Expansion {
        /// What the run does.
        does: Does,
    },
    /// A foreign identifier in an algorithm that Herdbook has itself.
    #[error("`{alg}` is no foreign algorithm: state the digest under `digests` instead")]
    NotForeign {
        /// The algorithm.
        alg: String,
    },
    /// Shares that exceed the whole.
    #[error("the shares of the inputs add up to more than 1")]
    ShareSum,
    /// More rows that came out than were taken.
    #[error("an input as `{role}` keeps more rows than it takes")]
    KeptMore {
        /// The role.
        role: Role,
    },
    /// An output that refines an input which does not exist.
    #[error("an output names input {position}, which the run does not have")]
    InputPosition {
        /// The position, from 0.
        position: u32,
    },
    /// A commitment, or what begins like one, where none may stand.
    #[error("{field}: a commitment may not stand here: this cannot be withheld")]
    Withheld {
        /// The place, as a JSON pointer.
        field: String,
    },
    /// Something was decoded that would not encode to the same bytes.
    #[error("the statement does not encode to the bytes it was read from")]
    NotExact,
}

/// What a statement declares.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Predicate {
    /// Entry 0.
    Genesis(Genesis),
    /// Data from outside.
    Source(Source),
    /// A template, a constitution.
    Prompt(Prompt),
    /// A rule.
    Filter(Filter),
    /// A model from outside.
    Model(Model),
    /// An activity with its outputs.
    Run(Run),
    /// A collection.
    Dataset(Dataset),
    /// That nothing below is left out.
    Seal(Seal),
    /// Who may sign what.
    Key(KeyChange),
    /// What an unsigned tool saw.
    Observation(Observation),
    /// That a model went out.
    Release(Release),
    /// A provenance report.
    Report(Report),
    /// That something is taken back, corrected or resolved.
    Notice(Notice),
}

impl Predicate {
    /// Returns the kind's word: the last but one part of the predicate type.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Genesis(_) => "genesis",
            Self::Source(_) => "source",
            Self::Prompt(_) => "prompt",
            Self::Filter(_) => "filter",
            Self::Model(_) => "model",
            Self::Run(_) => "run",
            Self::Dataset(_) => "dataset",
            Self::Seal(_) => "seal",
            Self::Key(_) => "key",
            Self::Observation(_) => "observation",
            Self::Release(_) => "release",
            Self::Report(_) => "report",
            Self::Notice(_) => "notice",
        }
    }

    /// Returns the item's name, for the kinds that have one.
    pub fn name(&self) -> Option<&ItemName> {
        match self {
            Self::Source(source) => Some(&source.name),
            Self::Prompt(prompt) => Some(&prompt.name),
            Self::Filter(filter) => Some(&filter.name),
            Self::Model(model) => Some(&model.name),
            Self::Run(run) => Some(&run.name),
            Self::Dataset(dataset) => Some(&dataset.name),
            Self::Release(release) => Some(&release.name),
            Self::Genesis(_)
            | Self::Seal(_)
            | Self::Key(_)
            | Self::Observation(_)
            | Self::Report(_)
            | Self::Notice(_) => None,
        }
    }

    /// Returns the named sets of artifacts in subject order: one for a leaf kind, one an output for a run.
    pub fn sets(&self) -> Vec<(&ItemName, &ArtifactSet)> {
        match self {
            Self::Source(source) => vec![(&source.name, &source.set)],
            Self::Prompt(prompt) => vec![(&prompt.name, &prompt.set)],
            Self::Filter(filter) => vec![(&filter.name, &filter.set)],
            Self::Model(model) => vec![(&model.name, &model.set)],
            Self::Run(run) => run
                .outputs
                .iter()
                .map(|output| (&output.name, &output.set))
                .collect(),
            Self::Dataset(_)
            | Self::Genesis(_)
            | Self::Seal(_)
            | Self::Key(_)
            | Self::Observation(_)
            | Self::Release(_)
            | Self::Report(_)
            | Self::Notice(_) => Vec::new(),
        }
    }

    /// Returns the artifacts in subject order.
    pub fn artifacts(&self) -> impl Iterator<Item = &Artifact> {
        self.sets().into_iter().flat_map(|(_, set)| &set.artifacts)
    }

    /// Returns what a data set collects, or what a source was made from: what stands in the log, and the gaps.
    /// Nothing for every other kind.
    pub fn collected(&self) -> Option<(Option<&Cites>, &[Gap])> {
        match self {
            Self::Dataset(dataset) => Some((dataset.members.as_ref(), &dataset.gaps)),
            Self::Source(source) => Some((source.derived_from.as_ref(), &source.gaps)),
            _ => None,
        }
    }

    /// Returns whether it rules over other statements, so that a seal counts it one by one.
    pub fn is_ruling(&self) -> bool {
        matches!(self, Self::Key(_) | Self::Notice(_))
    }

    /// Returns the documents and code beside the artifacts.
    pub fn attachments(&self) -> &[Attachment] {
        match self {
            Self::Source(source) => &source.evidence,
            Self::Run(run) => &run.code,
            Self::Report(report) => &report.files,
            _ => &[],
        }
    }

    /// Returns those that must be in the ledger: sealed ones are not.
    pub fn held_attachments(&self) -> impl Iterator<Item = &Attachment> {
        self.attachments().iter().filter(|attachment| !attachment.sealed)
    }
}

/// A statement: one signer says one thing in one ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// SHA-256 of the signer's raw public key.
    pub issuer: KeyId,
    /// The genesis statement of the ledger; absent in genesis itself and in an offered source.
    pub ledger: Option<StatementId>,
    /// What is declared.
    pub predicate: Predicate,
}

impl Statement {
    /// Returns the exact bytes that are signed.
    pub fn encode(&self) -> Vec<u8> {
        self.to_value().encode()
    }

    /// Returns the same as one JSON value.
    fn to_value(&self) -> Value {
        let mut out = Members::new();
        out.put("_type", STATEMENT_TYPE);
        let kind = self.predicate.kind();
        out.put(
            "predicateType",
            format!("{PREDICATE_TYPE_PREFIX}{kind}{PREDICATE_TYPE_SUFFIX}"),
        );
        let predicate = self.encode_predicate();
        out.put("subject", Value::List(self.subjects(&predicate)));
        out.put("predicate", predicate);
        out.build()
    }

    /// Parses the exact bytes of a statement; anything else is a [`StatementError`].
    pub fn decode(payload: &[u8]) -> Result<Self, StatementError> {
        let value = Value::decode(payload)?;
        withheld::withheld(&value)?;
        let mut fields = Fields::of(value, "statement")?;
        let in_toto = fields.text("_type")?;
        if in_toto != STATEMENT_TYPE {
            return Err(StatementError::NotInToto(in_toto));
        }
        let predicate_type = fields.text("predicateType")?;
        let kind = predicate_type
            .strip_prefix(PREDICATE_TYPE_PREFIX)
            .and_then(|rest| rest.strip_suffix(PREDICATE_TYPE_SUFFIX))
            .ok_or_else(|| StatementError::UnknownKind(predicate_type.clone()))?;
        let subjects = fields
            .list("subject")?
            .into_iter()
            .map(Subject::decode)
            .collect::<Result<Vec<_>, _>>()?;
        let predicate = fields.required("predicate")?;
        fields.finish()?;
        let statement = Self::decode_predicate(kind, predicate, subjects)?;
        withheld::check_sealed(&statement)?;
        // The last line of defence for "bytes hashed = signed = stored": nothing was folded or passed over.
        if statement.encode() == payload {
            Ok(statement)
        } else {
            Err(StatementError::NotExact)
        }
    }

    fn encode_predicate(&self) -> Value {
        let mut out = Members::new();
        out.put("issuer", self.issuer.to_hex());
        out.put_some("ledger", self.ledger);
        match &self.predicate {
            Predicate::Genesis(genesis) => genesis.encode_into(&mut out),
            Predicate::Source(source) => source.encode_into(&mut out),
            Predicate::Prompt(prompt) => prompt.encode_into(&mut out),
            Predicate::Filter(filter) => filter.encode_into(&mut out),
            Predicate::Model(model) => model.encode_into(&mut out),
            Predicate::Run(run) => run.encode_into(&mut out),
            Predicate::Dataset(dataset) => dataset.encode_into(&mut out),
            Predicate::Seal(seal) => seal.encode_into(&mut out),
            Predicate::Key(change) => change.encode_into(&mut out),
            Predicate::Observation(observation) => observation.encode_into(&mut out),
            Predicate::Release(release) => release.encode_into(&mut out),
            Predicate::Report(report) => report.encode_into(&mut out),
            Predicate::Notice(notice) => notice.encode_into(&mut out),
        }
        Value::Object(out.into_inner())
    }

    /// A kind without artifacts has one subject: the data set's member lines, or the predicate itself. Those of a
    /// report are its files.
    fn subjects(&self, predicate: &Value) -> Vec<Value> {
        match &self.predicate {
            Predicate::Dataset(dataset) => vec![subject(dataset.name.as_str(), dataset.digest())],
            Predicate::Report(report) => {
                let files = report.files.iter();
                files
                    .map(|file| subject(&file.name, Sha256Digest::from_bytes(*file.blob.as_bytes())))
                    .collect()
            }
            Predicate::Genesis(_)
            | Predicate::Seal(_)
            | Predicate::Key(_)
            | Predicate::Observation(_)
            | Predicate::Release(_)
            | Predicate::Notice(_) => {
                vec![subject(
                    self.predicate.kind(),
                    Sha256Digest::of(&predicate.encode()),
                )]
            }
            _ => self.predicate.artifacts().map(Artifact::subject).collect(),
        }
    }

    fn decode_predicate(kind: &str, value: Value, subjects: Vec<Subject>) -> Result<Self, StatementError> {
        let mut fields = Fields::of(value, "predicate")?;
        let issuer = fields.digest("issuer", KeyId::from_hex)?;
        let ledger = fields.parsed_or_none("ledger", StatementId::from_hex)?;
        let has_artifacts = matches!(kind, "source" | "prompt" | "filter" | "model" | "run");
        let mut left = subjects.into_iter();
        let predicate = match kind {
            "genesis" => Predicate::Genesis(Genesis::decode(&mut fields)?),
            "source" => Predicate::Source(Source::decode(&mut fields, &mut left)?),
            "prompt" => Predicate::Prompt(Prompt::decode(&mut fields, &mut left)?),
            "filter" => Predicate::Filter(Filter::decode(&mut fields, &mut left)?),
            "model" => Predicate::Model(Model::decode(&mut fields, &mut left)?),
            "run" => Predicate::Run(Run::decode(&mut fields, &mut left)?),
            "dataset" => Predicate::Dataset(Dataset::decode(&mut fields)?),
            "seal" => Predicate::Seal(Seal::decode(&mut fields)?),
            "key" => Predicate::Key(KeyChange::decode(&mut fields)?),
            "observation" => Predicate::Observation(Observation::decode(&mut fields)?),
            "release" => Predicate::Release(Release::decode(&mut fields)?),
            "report" => Predicate::Report(Report::decode(&mut fields)?),
            "notice" => Predicate::Notice(Notice::decode(&mut fields)?),
            _ => return Err(StatementError::UnknownKind(kind.to_owned())),
        };
        fields.finish()?;
        if has_artifacts && left.next().is_some() {
            return Err(StatementError::SubjectCount);
        }
        // For the other kinds the comparison of the whole statement with its bytes checks the subject.
        Ok(Self {
            issuer,
            ledger,
            predicate,
        })
    }

    /// Returns what a grant must name for this statement: its kind, and `run:<does>` for a run.
    pub fn grant_words(&self) -> Vec<String> {
        let kind = self.predicate.kind().to_owned();
        match &self.predicate {
            Predicate::Run(run) => vec![format!("{kind}:{}", run.does), kind],
            Predicate::Key(change) => vec![format!("{kind}:{}", change.change), kind],
            Predicate::Notice(notice) => vec![format!("{kind}:{}", notice.change), kind],
            _ => vec![kind],
        }
    }
}

fn subject(name: &str, sha256: Sha256Digest) -> Value {
    let mut digest = Members::new();
    digest.put("sha256", sha256.to_hex());
    let mut subject = Members::new();
    subject.put("digest", digest.build());
    subject.put("name", name);
    subject.build()
}

#[cfg(test)]
mod tests;
