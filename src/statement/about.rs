//! The kinds about what is there already: release and report. They say something of models and make nothing.

use crate::canonical::Value;
use crate::digest::NodeHash;
use crate::digest::Sha256Digest;

use super::INLINE_MAX;
use super::StatementError;
use super::artifact::Attachment;
use super::fields::Fields;
use super::fields::Members;
use super::leaf::decode_attachments;
use super::reference::ArtifactRef;
use super::text::ItemName;
use super::words::ReportedVerdict;

/// That a model went out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Where it went: the release's own name, which is no name of a lineage.
    pub name: ItemName,
    /// The model.
    pub target: ArtifactRef,
    /// Which way it went, in the signer's words.
    pub channel: Option<String>,
    /// The day or the time that somebody claims (RFC 3339).
    pub date: Option<String>,
}

impl Release {
    pub(super) fn encode_into(&self, out: &mut Members) {
        out.put_some("channel", self.channel.as_deref());
        out.put_some("date", self.date.as_deref());
        out.put("name", self.name.as_str());
        out.put("target", self.target.to_string());
    }

    pub(super) fn decode(fields: &mut Fields) -> Result<Self, StatementError> {
        Ok(Self {
            name: fields.name("name")?,
            target: fields.parsed("target", str::parse)?,
            channel: fields.text_or_none("channel")?,
            date: fields.text_or_none("date")?,
        })
    }
}

/// The checkpoint that a report is as of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedCheckpoint {
    /// The log's origin.
    pub origin: String,
    /// How many entries it covers.
    pub size: u64,
    /// The root over them.
    pub root: NodeHash,
}

impl ReportedCheckpoint {
    fn encode(&self) -> Value {
        let mut out = Members::new();
        out.put("origin", self.origin.as_str());
        out.put("root", self.root.to_hex());
        out.put_count("size", Some(self.size));
        out.build()
    }

    fn decode(value: Value) -> Result<Self, StatementError> {
        let mut fields = Fields::of(value, "checkpoint")?;
        let checkpoint = Self {
            origin: fields.text("origin")?,
            size: fields.count("size")?,
            root: fields.digest("root", NodeHash::from_hex)?,
        };
        fields.finish()?;
        Ok(checkpoint)
    }
}

/// A provenance report: what was judged of which artifacts as of which checkpoint, and the files that tell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What it is about: from 1 to [`INLINE_MAX`] artifacts.
    pub targets: Vec<ArtifactRef>,
    /// The verdict it reports.
    pub verdict: ReportedVerdict,
    /// As of when.
    pub checkpoint: ReportedCheckpoint,
    /// SHA-256 of the policy it was judged by.
    pub policy: Option<Sha256Digest>,
    /// Its files, in order of the subjects: at least one. They are documents about a lineage and claim no content
    /// in one.
    pub files: Vec<Attachment>,
}

impl Report {
    pub(super) fn encode_into(&self, out: &mut Members) {
        out.put("checkpoint", self.checkpoint.encode());
        out.put_list("files", self.files.iter().map(Attachment::encode).collect());
        out.put_some("policy", self.policy);
        let targets = self.targets.iter().map(|target| Value::from(target.to_string()));
        out.put_list("targets", targets.collect());
        out.put("verdict", self.verdict.to_string());
    }

    pub(super) fn decode(fields: &mut Fields) -> Result<Self, StatementError> {
        let mut targets = Vec::new();
        for text in fields.texts("targets")? {
            let target = text.parse();
            targets
                .push(target.map_err(|source: super::ArtifactRefError| fields.bad_value("targets", source))?);
        }
        if targets.is_empty() || targets.len() > INLINE_MAX {
            return Err(StatementError::CiteCount { found: targets.len() });
        }
        let checkpoint = ReportedCheckpoint::decode(fields.required("checkpoint")?)?;
        let files = decode_attachments(fields, "files")?;
        if files.is_empty() {
            return Err(fields.wrong_type("files", "a list of at least one file"));
        }
        Ok(Self {
            targets,
            verdict: fields.word("verdict")?,
            checkpoint,
            policy: fields.parsed_or_none("policy", Sha256Digest::from_hex)?,
            files,
        })
    }
}
