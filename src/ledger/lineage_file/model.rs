//! `models`: models that were not trained in this ledger.

use crate::statement::Absence;
use crate::statement::Access;
use crate::statement::Day;
use crate::statement::ItemName;
use crate::statement::Restriction;

use super::confidential;
use super::confidential::Confidential;
use super::content;
use super::content::ContentSpec;
use super::decode::Context;
use super::fields::Fields;
use super::fields::Shape;
use super::licence;
use super::located::Located;
use super::node::Node;

/// A model from outside as the lineage file describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelItem {
    /// The item's name.
    pub name: Located<ItemName>,
    /// Where its digests come from.
    pub content: ContentSpec,
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
    /// On which day it had this licence.
    pub licence_date: Option<Day>,
    /// What its licence and its terms forbid or demand.
    pub restrictions: Vec<Restriction>,
    /// The family it belongs to.
    pub family: Option<String>,
    /// Its own report or public summary.
    pub report: Option<String>,
    /// What of it is withheld.
    pub confidential: Confidential,
}

pub(super) const MODEL: Shape = Shape {
    what: "a model",
    keys: &[
        "name",
        "files",
        "digests",
        "digests_from",
        "content",
        "foreign",
        "provider",
        "version",
        "alias",
        "access",
        "terms",
        "licence",
        "licence_date",
        "restrictions",
        "family",
        "report",
        "confidential",
    ],
};

pub(super) fn decode(cx: &mut Context<'_>, node: &Node) -> Option<ModelItem> {
    let fields = Fields::open(cx, "models", node, MODEL)?;
    let name = fields.name(cx, "a model");
    let provider = fields.required_text(cx, "provider", "provider: Example AI");
    let version = fields.required_text(cx, "version", "version: \"2023-03\"");
    let access: Option<Access> = fields.required_word(cx, "access", "access: api");
    let model = ModelItem {
        content: content::decode(cx, &fields, unsaid(access)),
        alias: fields.flag(cx, "alias"),
        terms: fields.text(cx, "terms"),
        licence: licence::decode(cx, &fields),
        licence_date: licence::date(cx, &fields),
        restrictions: licence::restrictions(cx, &fields),
        family: fields.text(cx, "family"),
        report: fields.text(cx, "report"),
        confidential: confidential::decode(cx, &fields, confidential::OF_MODEL),
        name: name?,
        provider: provider?,
        version: version?,
        access: access?,
    };
    Some(model)
}

/// Behind an API there are no bytes; weights exist, even if nobody hashed them.
fn unsaid(access: Option<Access>) -> Absence {
    match access {
        Some(Access::Api) => Absence::None,
        Some(Access::Weights) | None => Absence::NotKnown,
    }
}
