//! `sources`: data from outside the ledger.

use crate::statement::Absence;
use crate::statement::AcquiredBy;
use crate::statement::Answer;
use crate::statement::Crawl;
use crate::statement::Day;
use crate::statement::Decimal;
use crate::statement::Generators;
use crate::statement::ItemName;
use crate::statement::MadeBy;
use crate::statement::Restriction;

use super::confidential;
use super::confidential::Confidential;
use super::content;
use super::content::ContentSpec;
use super::dataset;
use super::decode::Context;
use super::expected::Expected;
use super::fault::FaultKind;
use super::fields::Fields;
use super::fields::Shape;
use super::input::Taken;
use super::licence;
use super::located::Located;
use super::node::Node;
use super::node::NodeValue;
use super::row_root;
use super::row_root::RowRootSpec;

/// A source as the lineage file describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceItem {
    /// The item's name.
    pub name: Located<ItemName>,
    /// Where its digests come from.
    pub content: ContentSpec,
    /// Who or what made it; unknown when the file does not say.
    pub made_by: MadeBy,
    /// How it came here; unknown when the file does not say.
    pub acquired_by: AcquiredBy,
    /// Which models made it.
    pub generators: Generators,
    /// Which part is synthetic, from 0 to 1.
    pub synthetic_share: Option<Decimal>,
    /// SPDX expression or `LicenseRef-...`.
    pub licence: Option<String>,
    /// On which day it had this licence.
    pub licence_date: Option<Day>,
    /// What its terms forbid or demand.
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
    /// Whether it holds personal data; not known when the file does not say.
    pub personal_data: Answer,
    /// Where it was found.
    pub url: Option<String>,
    /// How a crawl behaved.
    pub crawl: Option<Crawl>,
    /// On what legal basis it is used.
    pub legal_basis: Option<String>,
    /// Documents about it: paths and patterns.
    pub evidence: Vec<Located<String>>,
    /// Rows of all its files together, as stated.
    pub rows: Option<Located<u64>>,
    /// Tokens of all its files together, as stated.
    pub tokens: Option<Located<u64>>,
    /// What it was made from.
    pub derived_from: Vec<Taken>,
    /// Which trees over its rows it asks for.
    pub row_root: RowRootSpec,
    /// What of it is withheld.
    pub confidential: Confidential,
}

pub(super) const SOURCE: Shape = Shape {
    what: "a source",
    keys: &[
        "name",
        "files",
        "digests",
        "digests_from",
        "content",
        "foreign",
        "made_by",
        "acquired_by",
        "generators",
        "synthetic_share",
        "licence",
        "licence_date",
        "restrictions",
        "holder",
        "period",
        "geography",
        "languages",
        "modality",
        "personal_data",
        "url",
        "crawl",
        "legal_basis",
        "evidence",
        "rows",
        "tokens",
        "derived_from",
        "row_root",
        "confidential",
    ],
};

pub(super) const CRAWL: Shape = Shape {
    what: "`crawl`",
    keys: &["agent", "robots", "opt_out"],
};

pub(super) fn decode(cx: &mut Context<'_>, node: &Node) -> Option<SourceItem> {
    let fields = Fields::open(cx, "sources", node, SOURCE)?;
    let name = fields.name(cx, "a source");
    let made_by = fields.word(cx, "made_by").unwrap_or(MadeBy::Unknown);
    let content = content::decode(cx, &fields, Absence::NotKnown);
    let source = SourceItem {
        row_root: row_root::decode(cx, &fields, &content),
        content,
        made_by,
        acquired_by: fields.word(cx, "acquired_by").unwrap_or(AcquiredBy::Unknown),
        generators: generators(cx, &fields, made_by),
        synthetic_share: synthetic_share(cx, &fields, made_by),
        licence: licence::decode(cx, &fields),
        licence_date: licence::date(cx, &fields),
        restrictions: licence::restrictions(cx, &fields),
        holder: fields.text(cx, "holder"),
        period: fields.text(cx, "period"),
        geography: fields.texts(cx, "geography"),
        languages: fields.texts(cx, "languages"),
        modality: fields.texts(cx, "modality"),
        personal_data: fields.word(cx, "personal_data").unwrap_or(Answer::NotKnown),
        url: fields.text(cx, "url"),
        crawl: crawl(cx, &fields),
        legal_basis: fields.text(cx, "legal_basis"),
        evidence: fields.paths(cx, "evidence"),
        rows: fields.count(cx, "rows"),
        tokens: fields.count(cx, "tokens"),
        derived_from: dataset::members(cx, &fields, "derived_from"),
        confidential: confidential::decode(cx, &fields, confidential::OF_SOURCE),
        name: name?,
    };
    Some(source)
}

fn generators(cx: &mut Context<'_>, fields: &Fields<'_>, made_by: MadeBy) -> Generators {
    let Some(node) = fields.optional(cx, "generators") else {
        return Generators::Absent;
    };
    if !matches!(made_by, MadeBy::Model | MadeBy::Mixed) {
        let advice = "write `made_by: model` or `made_by: mixed`, or leave `generators` out";
        cx.fault(
            node.line,
            FaultKind::NotTogether {
                first: "generators",
                second: made_by_word(made_by),
                advice,
            },
        );
    }
    match &node.value {
        NodeValue::Text(word) if word == "not_known" => Generators::NotKnown,
        NodeValue::List(items) if items.is_empty() => {
            cx.fault(node.line, FaultKind::EmptyList { key: "generators" });
            Generators::Absent
        }
        NodeValue::List(items) => {
            let names = items.iter().filter_map(|item| {
                let text = cx.free_text("generators", item)?;
                cx.fill(&text, item.line)
            });
            Generators::Named(names.collect())
        }
        _ => {
            let _: Option<()> = cx.wrong_type("generators", Expected::Generators, node);
            Generators::Absent
        }
    }
}

fn synthetic_share(cx: &mut Context<'_>, fields: &Fields<'_>, made_by: MadeBy) -> Option<Decimal> {
    let share = fields.share(cx, "synthetic_share")?;
    if made_by != MadeBy::Mixed {
        let advice = "write `made_by: mixed`, or leave `synthetic_share` out";
        let kind = FaultKind::NotTogether {
            first: "synthetic_share",
            second: made_by_word(made_by),
            advice,
        };
        cx.fault(fields.line_of("synthetic_share"), kind);
    }
    Some(share)
}

fn made_by_word(made_by: MadeBy) -> &'static str {
    match made_by {
        MadeBy::Human => "made_by: human",
        MadeBy::Sensor => "made_by: sensor",
        MadeBy::Model => "made_by: model",
        MadeBy::Mixed => "made_by: mixed",
        MadeBy::Unknown => "made_by: unknown",
    }
}

fn crawl(cx: &mut Context<'_>, fields: &Fields<'_>) -> Option<Crawl> {
    let node = fields.optional(cx, "crawl")?;
    let inner = Fields::open(cx, "crawl", node, CRAWL)?;
    Some(Crawl {
        agent: inner.text(cx, "agent"),
        robots: inner.text(cx, "robots"),
        opt_out: inner.text(cx, "opt_out"),
    })
}
