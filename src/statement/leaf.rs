//! The kinds that a lineage ends in: source, prompt, filter and model.

use std::collections::BTreeMap;

use crate::canonical::Value;

use super::StatementError;
use super::artifact::ArtifactSet;
use super::artifact::Attachment;
use super::artifact::Subject;
use super::day::Day;
use super::decimal::Decimal;
use super::fields::Fields;
use super::fields::Members;
use super::reference::ArtifactRef;
use super::run::Cites;
use super::run::Gap;
use super::run::decode_gap;
use super::run::encode_gap;
use super::text::ItemName;
use super::words::Access;
use super::words::AcquiredBy;
use super::words::Answer;
use super::words::FilterRule;
use super::words::MadeBy;
use super::words::Restriction;
use super::words::Word;

/// The models that made a source, as far as somebody said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Generators {
    /// Nothing was said.
    #[default]
    Absent,
    /// It was said that they are not known.
    NotKnown,
    /// Their names.
    Named(Vec<String>),
}

impl Generators {
    /// Returns the names that were said, without white space at their ends.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let names = match self {
            Self::Named(names) => names.as_slice(),
            Self::Absent | Self::NotKnown => &[],
        };
        names.iter().map(|name| name.trim())
    }
}

/// How a crawl behaved.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Crawl {
    /// The user agent.
    pub agent: Option<String>,
    /// What was done about robots.txt.
    pub robots: Option<String>,
    /// What was done about opt-outs.
    pub opt_out: Option<String>,
}

/// Data from outside this ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The item's name.
    pub name: ItemName,
    /// Its files, or what stands for them.
    pub set: ArtifactSet,
    /// Who or what made it.
    pub made_by: MadeBy,
    /// How it came here.
    pub acquired_by: AcquiredBy,
    /// Which models made it.
    pub generators: Generators,
    /// Which part of a mixed source is synthetic, from 0 to 1.
    pub synthetic_share: Option<Decimal>,
    /// SPDX expression or `LicenseRef-...`.
    pub licence: Option<String>,
    /// On which day it had this licence: licences change, and a claim is one of its day.
    pub licence_date: Option<Day>,
    /// What its terms forbid or demand, as whoever signs this read them: all of them, or nothing is said.
    pub restrictions: Vec<Restriction>,
    /// Who holds the rights.
    pub holder: Option<String>,
    /// When it was made or collected.
    pub period: Option<String>,
    /// Where it comes from.
    pub geography: Vec<String>,
    /// Its languages.
    pub languages: Vec<String>,
    /// Its modality.
    pub modality: Vec<String>,
    /// Whether it holds personal data.
    pub personal_data: Answer,
    /// Where it was found.
    pub url: Option<String>,
    /// How a crawl behaved.
    pub crawl: Option<Crawl>,
    /// On what legal basis it is used.
    pub legal_basis: Option<String>,
    /// Documents about it, held as blobs.
    pub evidence: Vec<Attachment>,
    /// What it was made from, as far as that stands in the log below: it conditions, and brings no mass.
    pub derived_from: Option<Cites>,
    /// What it was made from and nobody has declared.
    pub gaps: Vec<Gap>,
}

impl Source {
    pub(super) fn encode_into(&self, out: &mut Members) {
        out.put("acquired_by", self.acquired_by.to_string());
        self.set.encode_into(out);
        if let Some(crawl) = &self.crawl {
            let mut members = Members::new();
            members.put_some("agent", crawl.agent.as_deref());
            members.put_some("opt_out", crawl.opt_out.as_deref());
            members.put_some("robots", crawl.robots.as_deref());
            out.put("crawl", members.build());
        }
        if let Some(parents) = &self.derived_from {
            out.put("derived_from", parents.encode());
        }
        out.put_list("evidence", self.evidence.iter().map(Attachment::encode).collect());
        match &self.generators {
            Generators::Absent => {}
            Generators::NotKnown => out.put("generators", "not_known"),
            Generators::Named(names) => out.put_texts("generators", names),
        }
        out.put_texts("geography", &self.geography);
        out.put_some("holder", self.holder.as_deref());
        out.put_texts("languages", &self.languages);
        out.put_some("legal_basis", self.legal_basis.as_deref());
        out.put_some("licence", self.licence.as_deref());
        out.put_some("licence_date", self.licence_date.as_ref());
        out.put("made_by", self.made_by.to_string());
        out.put_texts("modality", &self.modality);
        out.put("name", self.name.as_str());
        out.put_some("period", self.period.as_deref());
        out.put("personal_data", self.personal_data.to_string());
        put_words(out, "restrictions", &self.restrictions);
        out.put_some("synthetic_share", self.synthetic_share.as_ref());
        out.put_list("unresolved", self.gaps.iter().map(encode_gap).collect());
        out.put_some("url", self.url.as_deref());
    }

    pub(super) fn decode(
        fields: &mut Fields,
        subjects: &mut impl Iterator<Item = Subject>,
    ) -> Result<Self, StatementError> {
        let share = fields.decimal_or_none("synthetic_share")?;
        if share
            .as_ref()
            .is_some_and(|share| *share.value() > num_traits::One::one())
        {
            return Err(fields.wrong_type("synthetic_share", "a share from 0 to 1"));
        }
        Ok(Self {
            name: fields.name("name")?,
            set: ArtifactSet::decode_from(fields, subjects)?,
            made_by: fields.word("made_by")?,
            acquired_by: fields.word("acquired_by")?,
            generators: decode_generators(fields)?,
            synthetic_share: share,
            licence: fields.text_or_none("licence")?,
            licence_date: fields.parsed_or_none("licence_date", Day::parse)?,
            restrictions: fields.words("restrictions")?,
            holder: fields.text_or_none("holder")?,
            period: fields.text_or_none("period")?,
            geography: fields.texts("geography")?,
            languages: fields.texts("languages")?,
            modality: fields.texts("modality")?,
            personal_data: fields.word("personal_data")?,
            url: fields.text_or_none("url")?,
            crawl: decode_crawl(fields)?,
            legal_basis: fields.text_or_none("legal_basis")?,
            evidence: decode_attachments(fields, "evidence")?,
            derived_from: fields.optional("derived_from").map(Cites::decode).transpose()?,
            gaps: fields
                .list("unresolved")?
                .into_iter()
                .map(decode_gap)
                .collect::<Result<_, _>>()?,
        })
    }
}

fn put_words<T: Word>(out: &mut Members, field: &str, words: &[T]) {
    out.put_list(
        field,
        words.iter().map(|word| Value::from(word.as_str())).collect(),
    );
}

fn decode_generators(fields: &mut Fields) -> Result<Generators, StatementError> {
    match fields.optional("generators") {
        None => Ok(Generators::Absent),
        Some(Value::Text(word)) if word == "not_known" => Ok(Generators::NotKnown),
        Some(list @ Value::List(_)) => {
            let mut inner = Fields::of(
                Value::Object(BTreeMap::from([("generators".to_owned(), list)])),
                "source",
            )?;
            Ok(Generators::Named(inner.texts("generators")?))
        }
        Some(_) => Err(fields.wrong_type("generators", "a list of names, or not_known")),
    }
}

fn decode_crawl(fields: &mut Fields) -> Result<Option<Crawl>, StatementError> {
    let Some(value) = fields.optional("crawl") else {
        return Ok(None);
    };
    let mut inner = Fields::of(value, "crawl")?;
    let crawl = Crawl {
        agent: inner.text_or_none("agent")?,
        robots: inner.text_or_none("robots")?,
        opt_out: inner.text_or_none("opt_out")?,
    };
    inner.finish()?;
    Ok(Some(crawl))
}

pub(super) fn decode_attachments(
    fields: &mut Fields,
    field: &str,
) -> Result<Vec<Attachment>, StatementError> {
    fields.list(field)?.into_iter().map(Attachment::decode).collect()
}

/// A template, a constitution, principles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// The item's name.
    pub name: ItemName,
    /// Its files.
    pub set: ArtifactSet,
}

impl Prompt {
    pub(super) fn encode_into(&self, out: &mut Members) {
        self.set.encode_into(out);
        out.put("name", self.name.as_str());
    }

    pub(super) fn decode(
        fields: &mut Fields,
        subjects: &mut impl Iterator<Item = Subject>,
    ) -> Result<Self, StatementError> {
        Ok(Self {
            name: fields.name("name")?,
            set: ArtifactSet::decode_from(fields, subjects)?,
        })
    }
}

/// A rule data must pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// The item's name.
    pub name: ItemName,
    /// Its code, or what stands for it.
    pub set: ArtifactSet,
    /// What kind of rule.
    pub rule: FilterRule,
    /// Its parameters.
    pub params: BTreeMap<String, String>,
    /// The model that decides, when one does.
    pub model: Option<ArtifactRef>,
}

impl Filter {
    /// Returns whether the rule is identified, by code or by a model, and not only described.
    pub fn is_identified(&self) -> bool {
        self.model.is_some()
            || self
                .set
                .artifacts
                .iter()
                .all(super::artifact::Artifact::has_bytes)
    }

    pub(super) fn encode_into(&self, out: &mut Members) {
        self.set.encode_into(out);
        out.put_some("model", self.model);
        out.put("name", self.name.as_str());
        out.put_map("params", &self.params);
        out.put("rule", self.rule.to_string());
    }

    pub(super) fn decode(
        fields: &mut Fields,
        subjects: &mut impl Iterator<Item = Subject>,
    ) -> Result<Self, StatementError> {
        Ok(Self {
            name: fields.name("name")?,
            set: ArtifactSet::decode_from(fields, subjects)?,
            rule: fields.word("rule")?,
            params: fields.text_map("params")?,
            model: fields.parsed_or_none("model", str::parse)?,
        })
    }
}

/// A model not trained in this ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// The item's name.
    pub name: ItemName,
    /// Its weights, or what stands for them.
    pub set: ArtifactSet,
    /// Who provides it.
    pub provider: String,
    /// Which version.
    pub version: String,
    /// Whether the version is an alias that may point elsewhere tomorrow.
    pub alias: bool,
    /// How it is reached.
    pub access: Access,
    /// Terms of use.
    pub terms: Option<String>,
    /// SPDX expression or `LicenseRef-...`.
    pub licence: Option<String>,
    /// On which day it had this licence: licences change, and a claim is one of its day.
    pub licence_date: Option<Day>,
    /// What its terms forbid or demand, as whoever signs this read them: all of them, or nothing is said.
    pub restrictions: Vec<Restriction>,
    /// The family it belongs to.
    pub family: Option<String>,
    /// Its own report or public summary.
    pub report: Option<String>,
}

impl Model {
    pub(super) fn encode_into(&self, out: &mut Members) {
        out.put("access", self.access.to_string());
        out.put_flag("alias", self.alias);
        self.set.encode_into(out);
        out.put_some("family", self.family.as_deref());
        out.put_some("licence", self.licence.as_deref());
        out.put_some("licence_date", self.licence_date.as_ref());
        out.put("name", self.name.as_str());
        out.put("provider", self.provider.as_str());
        out.put_some("report", self.report.as_deref());
        put_words(out, "restrictions", &self.restrictions);
        out.put_some("terms", self.terms.as_deref());
        out.put("version", self.version.as_str());
    }

    pub(super) fn decode(
        fields: &mut Fields,
        subjects: &mut impl Iterator<Item = Subject>,
    ) -> Result<Self, StatementError> {
        Ok(Self {
            name: fields.name("name")?,
            set: ArtifactSet::decode_from(fields, subjects)?,
            provider: fields.text("provider")?,
            version: fields.text("version")?,
            alias: fields.flag("alias")?,
            access: fields.word("access")?,
            terms: fields.text_or_none("terms")?,
            licence: fields.text_or_none("licence")?,
            licence_date: fields.parsed_or_none("licence_date", Day::parse)?,
            restrictions: fields.words("restrictions")?,
            family: fields.text_or_none("family")?,
            report: fields.text_or_none("report")?,
        })
    }
}
