//! A run: one activity with all its inputs and all its outputs; and a data set, which only collects.

use std::collections::BTreeMap;

use crate::canonical::Value;
use crate::digest::BlobId;
use crate::digest::NodeHash;
use crate::digest::Sha256Digest;

use super::StatementError;
use super::artifact::ArtifactSet;
use super::artifact::Attachment;
use super::artifact::Subject;
use super::decimal::Decimal;
use super::fields::Fields;
use super::fields::Members;
use super::leaf::decode_attachments;
use super::reference::ArtifactRef;
use super::text::ItemName;
use super::words::Answer;
use super::words::Does;
use super::words::OutputKind;
use super::words::Role;

/// Artifacts that are cited: in the statement, or in a manifest when there are more than
/// [`INLINE_MAX`](super::INLINE_MAX).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cites {
    /// The references themselves, at least one.
    Inline(Vec<ArtifactRef>),
    /// A manifest whose lines are the references.
    Manifest {
        /// The lines.
        blob: BlobId,
        /// How many lines.
        count: u64,
        /// RFC 6962 root over the lines.
        root: NodeHash,
    },
}

impl Cites {
    /// Returns how many references there are.
    pub fn count(&self) -> u64 {
        match self {
            Self::Inline(references) => references.len() as u64,
            Self::Manifest { count, .. } => *count,
        }
    }

    pub(super) fn encode(&self) -> Value {
        match self {
            Self::Inline(references) => Value::List(
                references
                    .iter()
                    .map(|reference| Value::from(reference.to_string()))
                    .collect(),
            ),
            Self::Manifest { blob, count, root } => {
                let mut members = Members::new();
                members.put_count("count", Some(*count));
                members.put("root", root.to_hex());
                members.put("sha256", blob.to_hex());
                members.build()
            }
        }
    }

    pub(super) fn decode(value: Value) -> Result<Self, StatementError> {
        if let Value::List(items) = value {
            let mut references = Vec::new();
            for item in items {
                let mut fields = Fields::of(
                    Value::Object(BTreeMap::from([("artifact".to_owned(), item)])),
                    "citation",
                )?;
                references.push(fields.parsed("artifact", str::parse)?);
            }
            if references.is_empty() || references.len() > super::INLINE_MAX {
                return Err(StatementError::CiteCount {
                    found: references.len(),
                });
            }
            return Ok(Self::Inline(references));
        }
        let mut fields = Fields::of(value, "cited manifest")?;
        let cites = Self::Manifest {
            blob: fields.digest("sha256", BlobId::from_hex)?,
            count: fields.count("count")?,
            root: fields.digest("root", NodeHash::from_hex)?,
        };
        fields.finish()?;
        Ok(cites)
    }

    /// Returns the bytes whose SHA-256 names these references: one canonical line each.
    pub fn lines(references: &[ArtifactRef]) -> Vec<u8> {
        references
            .iter()
            .flat_map(|reference| format!("{{\"artifact\":\"{reference}\"}}\n").into_bytes())
            .collect()
    }
}

/// An input nobody has declared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// What the user wrote.
    pub text: String,
    /// Its digest, when that is known.
    pub digest: Option<Sha256Digest>,
}

/// What an input is taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputFrom {
    /// Artifacts in the log below.
    Artifacts(Cites),
    /// Something nobody declared.
    Gap(Gap),
}

/// One input of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// What it is to the run.
    pub role: Role,
    /// Where it comes from.
    pub from: InputFrom,
    /// Rows taken, in total.
    pub rows: Option<u64>,
    /// Tokens taken, in total.
    pub tokens: Option<u64>,
    /// Rows that came out, of the rows taken.
    pub kept: Option<u64>,
    /// How often the rows are repeated.
    pub repeat: Option<Decimal>,
    /// The declared share of the output's mass.
    pub share: Option<Decimal>,
}

impl Input {
    fn encode(&self) -> Value {
        let mut out = Members::new();
        match &self.from {
            InputFrom::Artifacts(cites) => out.put("artifacts", cites.encode()),
            InputFrom::Gap(gap) => out.put("unresolved", encode_gap(gap)),
        }
        out.put_count("kept", self.kept);
        out.put_some("repeat", self.repeat.as_ref());
        out.put("role", self.role.to_string());
        out.put_count("rows", self.rows);
        out.put_some("share", self.share.as_ref());
        out.put_count("tokens", self.tokens);
        out.build()
    }

    fn decode(value: Value) -> Result<Self, StatementError> {
        let mut fields = Fields::of(value, "input")?;
        let from = match (fields.optional("artifacts"), fields.optional("unresolved")) {
            (Some(cites), None) => InputFrom::Artifacts(Cites::decode(cites)?),
            (None, Some(gap)) => InputFrom::Gap(decode_gap(gap)?),
            _ => return Err(fields.wrong_type("artifacts", "one of artifacts and unresolved")),
        };
        let input = Self {
            role: fields.word("role")?,
            from,
            rows: fields.count_or_none("rows")?,
            tokens: fields.count_or_none("tokens")?,
            kept: fields.count_or_none("kept")?,
            repeat: fields.decimal_or_none("repeat")?,
            share: fields.decimal_or_none("share")?,
        };
        fields.finish()?;
        Ok(input)
    }
}

pub(super) fn encode_gap(gap: &Gap) -> Value {
    let mut out = Members::new();
    out.put_some("sha256", gap.digest);
    out.put("text", gap.text.as_str());
    out.build()
}

pub(super) fn decode_gap(value: Value) -> Result<Gap, StatementError> {
    let mut fields = Fields::of(value, "unresolved")?;
    let gap = Gap {
        text: fields.text("text")?,
        digest: fields.parsed_or_none("sha256", Sha256Digest::from_hex)?,
    };
    fields.finish()?;
    Ok(gap)
}

/// One output of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// The item's name.
    pub name: ItemName,
    /// What it is.
    pub kind: OutputKind,
    /// Its files, or what stands for them.
    pub set: ArtifactSet,
    /// Positions of the run's inputs that this output's shares come from; empty means all. Shares only: the
    /// verdict walks all inputs of the run.
    pub inputs: Vec<u32>,
}

impl Output {
    fn encode(&self) -> Value {
        let mut out = Members::new();
        self.set.encode_into(&mut out);
        out.put_list(
            "inputs",
            self.inputs
                .iter()
                .map(|&position| Value::Integer(position.into()))
                .collect(),
        );
        out.put("kind", self.kind.to_string());
        out.put("name", self.name.as_str());
        out.build()
    }

    fn decode(value: Value, subjects: &mut impl Iterator<Item = Subject>) -> Result<Self, StatementError> {
        let mut fields = Fields::of(value, "output")?;
        let mut inputs = Vec::new();
        for position in fields.list("inputs")? {
            match position {
                Value::Integer(number) => inputs.push(
                    u32::try_from(number).map_err(|_| fields.wrong_type("inputs", "positions of inputs"))?,
                ),
                _ => return Err(fields.wrong_type("inputs", "positions of inputs")),
            }
        }
        let output = Self {
            name: fields.name("name")?,
            kind: fields.word("kind")?,
            set: ArtifactSet::decode_from(&mut fields, subjects)?,
            inputs,
        };
        fields.finish()?;
        Ok(output)
    }
}

/// One activity with all its inputs and all its outputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The item's name.
    pub name: ItemName,
    /// What it does.
    pub does: Does,
    /// Everything that went in.
    pub inputs: Vec<Input>,
    /// Everything that came out, at least one.
    pub outputs: Vec<Output>,
    /// Parameters.
    pub params: BTreeMap<String, String>,
    /// The command line.
    pub command: Option<String>,
    /// Code, held as blobs.
    pub code: Vec<Attachment>,
    /// The environment: image digests, library versions.
    pub environment: BTreeMap<String, String>,
    /// Who ran it.
    pub operator: Option<String>,
    /// When it began, as somebody claims (RFC 3339).
    pub started: Option<String>,
    /// When it ended, as somebody claims (RFC 3339).
    pub ended: Option<String>,
    /// Whether `inputs` names everything that went in.
    pub inputs_complete: Answer,
    /// How many rows may come out for each that went in.
    pub expansion: Option<Decimal>,
    /// Whether a transform makes new content.
    pub rewrites: bool,
    /// How often training passes over its rows.
    pub epochs: Option<Decimal>,
}

impl Run {
    pub(super) fn encode_into(&self, out: &mut Members) {
        out.put_list("code", self.code.iter().map(Attachment::encode).collect());
        out.put_some("command", self.command.as_deref());
        out.put("does", self.does.to_string());
        out.put_some("ended", self.ended.as_deref());
        out.put_map("environment", &self.environment);
        out.put_some("epochs", self.epochs.as_ref());
        out.put_some("expansion", self.expansion.as_ref());
        out.put_list("inputs", self.inputs.iter().map(Input::encode).collect());
        out.put("inputs_complete", self.inputs_complete.to_string());
        out.put("name", self.name.as_str());
        out.put_some("operator", self.operator.as_deref());
        out.put_list("outputs", self.outputs.iter().map(Output::encode).collect());
        out.put_map("params", &self.params);
        out.put_flag("rewrites", self.rewrites);
        out.put_some("started", self.started.as_deref());
    }

    pub(super) fn decode(
        fields: &mut Fields,
        subjects: &mut impl Iterator<Item = Subject>,
    ) -> Result<Self, StatementError> {
        let inputs = fields
            .list("inputs")?
            .into_iter()
            .map(Input::decode)
            .collect::<Result<Vec<_>, _>>()?;
        let mut outputs = Vec::new();
        for value in fields.list("outputs")? {
            outputs.push(Output::decode(value, subjects)?);
        }
        if outputs.is_empty() {
            return Err(StatementError::Missing {
                place: "run",
                field: "outputs".to_owned(),
            });
        }
        let run = Self {
            name: fields.name("name")?,
            does: fields.word("does")?,
            inputs,
            outputs,
            params: fields.text_map("params")?,
            command: fields.text_or_none("command")?,
            code: decode_attachments(fields, "code")?,
            environment: fields.text_map("environment")?,
            operator: fields.text_or_none("operator")?,
            started: fields.text_or_none("started")?,
            ended: fields.text_or_none("ended")?,
            inputs_complete: fields.word("inputs_complete")?,
            expansion: fields.decimal_or_none("expansion")?,
            rewrites: fields.flag("rewrites")?,
            epochs: fields.decimal_or_none("epochs")?,
        };
        run.check()?;
        Ok(run)
    }

    /// Checks what holds for every run: roles that what it does allows, one base at most where rows are
    /// transformed, input positions that exist.
    pub fn check(&self) -> Result<(), StatementError> {
        if let Some(input) = self.inputs.iter().find(|input| !self.does.allows(input.role)) {
            return Err(StatementError::Role {
                does: self.does,
                role: input.role,
            });
        }
        self.check_shares()?;
        self.check_amounts()?;
        if let Some(output) = self.outputs.iter().find(|output| !self.does.makes(output.kind)) {
            return Err(StatementError::OutputKind {
                does: self.does,
                kind: output.kind,
            });
        }
        let bases = self
            .inputs
            .iter()
            .filter(|input| input.role == Role::Base)
            .count();
        let data = self.inputs.iter().any(|input| input.role == Role::Data);
        if self.does == Does::Transform && (bases > 1 || (bases == 1 && data)) {
            return Err(StatementError::TransformInputs);
        }
        let of_rows = self
            .outputs
            .iter()
            .find(|output| output.kind != OutputKind::Model);
        let of_weights = self
            .outputs
            .iter()
            .find(|output| output.kind == OutputKind::Model);
        if self.does == Does::Transform
            && let Some(output) = if bases == 1 { of_rows } else { of_weights }
        {
            return Err(StatementError::OutputKind {
                does: self.does,
                kind: output.kind,
            });
        }
        let dangling = |position: &u32| usize::try_from(*position).map_or(true, |at| at >= self.inputs.len());
        match self
            .outputs
            .iter()
            .flat_map(|output| &output.inputs)
            .find(|position| dangling(position))
        {
            Some(&position) => Err(StatementError::InputPosition { position }),
            None => Ok(()),
        }
    }

    /// An amount of nothing would take an input out of the shares while it stands in the record, and rows come out of
    /// a filter or a mixture only once.
    fn check_amounts(&self) -> Result<(), StatementError> {
        let zero = |decimal: &Option<Decimal>| decimal.as_ref().is_some_and(Decimal::is_zero);
        for input in &self.inputs {
            let nothing = [
                ("rows", input.rows == Some(0)),
                ("tokens", input.tokens == Some(0)),
                ("repeat", zero(&input.repeat)),
                ("share", zero(&input.share)),
            ];
            if let Some((field, _)) = nothing.into_iter().find(|(_, is_zero)| *is_zero) {
                return Err(StatementError::Zero { field });
            }
        }
        if zero(&self.expansion) || zero(&self.epochs) {
            let field = if zero(&self.expansion) {
                "expansion"
            } else {
                "epochs"
            };
            return Err(StatementError::Zero { field });
        }
        if self.expansion.is_some()
            && !matches!(
                self.does,
                Does::Transform | Does::Annotate | Does::Judge | Does::Evaluate
            )
        {
            return Err(StatementError::Expansion { does: self.does });
        }
        Ok(())
    }

    /// A share says how much of the mass a parent brings where nothing else could: models that generate, and
    /// bases. It has no place where rows or tokens decide, and shares never exceed the whole.
    fn check_shares(&self) -> Result<(), StatementError> {
        let by_share = |role: Role| match self.does {
            Does::Generate => matches!(role, Role::Generator | Role::Teacher),
            Does::Transform => self.rewrites && role == Role::Generator,
            Does::Train | Does::Merge => role == Role::Base,
            Does::Annotate | Does::Judge | Does::Filter | Does::Mix | Does::Evaluate => false,
        };
        if let Some(input) = self
            .inputs
            .iter()
            .find(|input| input.share.is_some() && !by_share(input.role))
        {
            return Err(StatementError::ShareRole {
                does: self.does,
                role: input.role,
            });
        }
        let total: num_rational::BigRational = self
            .inputs
            .iter()
            .filter_map(|input| input.share.as_ref())
            .map(|share| share.value().clone())
            .sum();
        if total > num_traits::One::one() {
            return Err(StatementError::ShareSum);
        }
        match self
            .inputs
            .iter()
            .find(|input| input.kept.zip(input.rows).is_some_and(|(kept, rows)| kept > rows))
        {
            Some(input) => Err(StatementError::KeptMore { role: input.role }),
            None => Ok(()),
        }
    }
}

/// A named collection of artifacts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    /// The item's name.
    pub name: ItemName,
    /// Its members, unless all of them are gaps.
    pub members: Option<Cites>,
    /// Members nobody has declared.
    pub gaps: Vec<Gap>,
}

impl Dataset {
    /// Returns the digest of the data set's subject: that of its member lines, as if they were a manifest.
    pub fn digest(&self) -> Sha256Digest {
        match &self.members {
            Some(Cites::Inline(references)) => Sha256Digest::of(&Cites::lines(references)),
            Some(Cites::Manifest { blob, .. }) => Sha256Digest::from_bytes(*blob.as_bytes()),
            None => Sha256Digest::of(b""),
        }
    }

    pub(super) fn encode_into(&self, out: &mut Members) {
        if let Some(members) = &self.members {
            out.put("members", members.encode());
        }
        out.put("name", self.name.as_str());
        out.put_list("unresolved", self.gaps.iter().map(encode_gap).collect());
    }

    pub(super) fn decode(fields: &mut Fields) -> Result<Self, StatementError> {
        let dataset = Self {
            name: fields.name("name")?,
            members: fields.optional("members").map(Cites::decode).transpose()?,
            gaps: fields
                .list("unresolved")?
                .into_iter()
                .map(decode_gap)
                .collect::<Result<_, _>>()?,
        };
        if dataset.members.is_none() && dataset.gaps.is_empty() {
            return Err(StatementError::Missing {
                place: "dataset",
                field: "members".to_owned(),
            });
        }
        Ok(dataset)
    }
}
