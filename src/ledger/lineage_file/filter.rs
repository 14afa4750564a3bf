//! `filters`: rules that data must pass.

use std::collections::BTreeMap;

use crate::statement::Absence;
use crate::statement::FilterRule;
use crate::statement::ItemName;

use super::confidential;
use super::confidential::Confidential;
use super::content;
use super::content::ContentSpec;
use super::decode::Context;
use super::fields::Fields;
use super::fields::Shape;
use super::located::Located;
use super::node::Node;

/// A filter as the lineage file describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterItem {
    /// The item's name.
    pub name: Located<ItemName>,
    /// Where the digests of its code come from.
    pub content: ContentSpec,
    /// What kind of rule.
    pub rule: FilterRule,
    /// Its parameters.
    pub params: BTreeMap<String, String>,
    /// What names the model that decides, when one does.
    pub model: Option<Located<String>>,
    /// What of it is withheld.
    pub confidential: Confidential,
}

pub(super) const FILTER: Shape = Shape {
    what: "a filter",
    keys: &[
        "name",
        "files",
        "digests",
        "digests_from",
        "content",
        "foreign",
        "rule",
        "params",
        "model",
        "confidential",
    ],
};

pub(super) fn decode(cx: &mut Context<'_>, node: &Node) -> Option<FilterItem> {
    let fields = Fields::open(cx, "filters", node, FILTER)?;
    let name = fields.name(cx, "a filter");
    let rule: Option<FilterRule> = fields.required_word(cx, "rule", "rule: dedup");
    let filter = FilterItem {
        // A rule that names no code is one in words.
        content: content::decode(cx, &fields, Absence::None),
        params: fields.text_map(cx, "params"),
        confidential: confidential::decode(cx, &fields, confidential::OF_FILTER),
        model: fields
            .optional(cx, "model")
            .and_then(|node| cx.reference("model", node)),
        name: name?,
        rule: rule?,
    };
    Some(filter)
}
