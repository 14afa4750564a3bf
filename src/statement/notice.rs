//! The kind that takes something back: notices about what stands below them.

use std::fmt;
use std::str::FromStr;

use crate::canonical::Value;
use crate::digest::Sha256Digest;
use crate::digest::StatementId;

use super::INLINE_MAX;
use super::StatementError;
use super::fields::Fields;
use super::fields::Members;
use super::reference::ArtifactRef;
use super::reference::ArtifactRefError;
use super::words::NoticeEffect;
use super::words::NoticeKind;

/// A reference to a gap: `gap:<64 hex>/<position>`, the position of the input of a run, or of the gap of a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GapRef {
    /// The statement.
    pub statement: StatementId,
    /// The position, from 0.
    pub position: u32,
}

/// A text that is no reference to a gap.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the id of a gap like gap:<64 hex digits>/0")]
pub struct GapRefError(String);

impl fmt::Display for GapRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "gap:{}/{}", self.statement, self.position)
    }
}

impl FromStr for GapRef {
    type Err = GapRefError;

    fn from_str(text: &str) -> Result<Self, GapRefError> {
        let parse = || {
            let (statement, position) = text.strip_prefix("gap:")?.split_once('/')?;
            let gap = Self {
                statement: StatementId::from_hex(statement).ok()?,
                position: position.parse().ok()?,
            };
            // One reference has one text: this refuses `+1` and `01`.
            (gap.to_string() == text).then_some(gap)
        };
        parse().ok_or_else(|| GapRefError(text.chars().take(120).collect()))
    }
}

/// What a withdrawal or a recall reaches, as its signer worked it out from the log as it was then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reaches {
    /// Of how many entries; not above the notice.
    pub size: u64,
    /// How many artifacts are reached, in any way; a manifest is one.
    pub artifacts: u64,
    /// How many models are reached.
    pub models: u64,
    /// How many of those were released.
    pub released: u64,
    /// SHA-256 of the addresses of the artifacts, in ascending order of their bytes, each with a line feed.
    pub digest: Sha256Digest,
}

impl Reaches {
    fn encode(self) -> Value {
        let mut out = Members::new();
        out.put_count("artifacts", Some(self.artifacts));
        out.put("digest", self.digest.to_hex());
        out.put_count("models", Some(self.models));
        out.put_count("released", Some(self.released));
        out.put_count("size", Some(self.size));
        out.build()
    }

    fn decode(mut fields: Fields) -> Result<Self, StatementError> {
        let reaches = Self {
            size: fields.count("size")?,
            artifacts: fields.count("artifacts")?,
            models: fields.count("models")?,
            released: fields.count("released")?,
            digest: fields.digest("digest", Sha256Digest::from_hex)?,
        };
        fields.finish()?;
        Ok(reaches)
    }
}

/// A notice about artifacts, or about a gap, that stand below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What it does.
    pub change: NoticeKind,
    /// What it is about: from 1 to [`INLINE_MAX`] artifacts; none for the resolution of a gap.
    pub targets: Vec<ArtifactRef>,
    /// The gap that is resolved (resolve).
    pub gap: Option<GapRef>,
    /// What stands in the place of the targets, one each (correct, supersede), or of the gap (resolve).
    pub by: Vec<ArtifactRef>,
    /// What must not happen any longer (withdraw, recall).
    pub effect: Option<NoticeEffect>,
    /// Why, in the signer's words.
    pub reason: Option<String>,
    /// What it reaches (withdraw, recall).
    pub reaches: Option<Reaches>,
}

impl Notice {
    pub(super) fn encode_into(&self, out: &mut Members) {
        let texts = |references: &[ArtifactRef]| {
            let texts = references
                .iter()
                .map(|reference| Value::from(reference.to_string()));
            texts.collect()
        };
        out.put_list("by", texts(&self.by));
        out.put("change", self.change.to_string());
        out.put_some("effect", self.effect);
        out.put_some("gap", self.gap);
        if let Some(reaches) = self.reaches {
            out.put("reaches", reaches.encode());
        }
        out.put_some("reason", self.reason.as_deref());
        out.put_list("targets", texts(&self.targets));
    }

    pub(super) fn decode(fields: &mut Fields) -> Result<Self, StatementError> {
        let notice = Self {
            change: fields.word("change")?,
            targets: references(fields, "targets")?,
            gap: fields.parsed_or_none("gap", str::parse)?,
            by: references(fields, "by")?,
            effect: fields.word_or_none("effect")?,
            reason: fields.text_or_none("reason")?,
            reaches: (fields.optional("reaches"))
                .map(|value| Reaches::decode(Fields::of(value, "reaches")?))
                .transpose()?,
        };
        notice.check(fields)?;
        Ok(notice)
    }

    /// Each kind has the fields that make sense of it, and no other.
    fn check(&self, fields: &Fields) -> Result<(), StatementError> {
        let takes_effect = matches!(self.change, NoticeKind::Withdraw | NoticeKind::Recall);
        if takes_effect != self.effect.is_some() {
            return Err(fields.wrong_type("effect", "there for withdraw and recall, and for nothing else"));
        }
        if self.reaches.is_some() && !takes_effect {
            return Err(fields.wrong_type("reaches", "there for withdraw and recall, and for nothing else"));
        }
        let resolves = self.change == NoticeKind::Resolve;
        if resolves != self.gap.is_some() || resolves != self.targets.is_empty() {
            return Err(fields.wrong_type(
                "gap",
                "there for resolve instead of targets, and for nothing else",
            ));
        }
        let replacements = match self.change {
            NoticeKind::Withdraw | NoticeKind::Recall => 0,
            NoticeKind::Correct | NoticeKind::Supersede => self.targets.len(),
            NoticeKind::Resolve => 1,
        };
        if self.by.len() != replacements {
            return Err(fields.wrong_type(
                "by",
                "one artifact for each that is corrected or superseded, or one for a gap, and absent otherwise",
            ));
        }
        Ok(())
    }
}

fn references(fields: &mut Fields, field: &str) -> Result<Vec<ArtifactRef>, StatementError> {
    let mut references = Vec::new();
    for text in fields.texts(field)? {
        let reference = text.parse();
        references.push(reference.map_err(|source: ArtifactRefError| fields.bad_value(field, source))?);
    }
    if references.len() > INLINE_MAX {
        return Err(StatementError::CiteCount {
            found: references.len(),
        });
    }
    Ok(references)
}
