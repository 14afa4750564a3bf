//! `confidential`: what of an item is withheld from the ledger.

use std::collections::BTreeSet;

use crate::statement::escaped;

use super::decode::Context;
use super::expected::Expected;
use super::expected::meant;
use super::expected::shortened;
use super::fault::FaultKind;
use super::fields::Fields;
use super::node::NodeValue;

/// What of an item is withheld.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Confidential(BTreeSet<&'static str>);

impl Confidential {
    /// Returns whether a field is withheld.
    pub fn has(&self, field: &str) -> bool {
        self.0.contains(field)
    }

    /// Returns whether nothing is.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// What can be withheld of a source. `files` stands for the names of files, `unresolved` for the texts of what it was
/// made from and nobody declared.
pub(super) const OF_SOURCE: &[&str] = &[
    "crawl",
    "evidence",
    "files",
    "geography",
    "holder",
    "languages",
    "legal_basis",
    "licence",
    "modality",
    "name",
    "period",
    "unresolved",
    "url",
];

/// What can be withheld of a prompt. `content` seals its files.
pub(super) const OF_PROMPT: &[&str] = &["content", "files", "name"];

/// What can be withheld of a filter.
pub(super) const OF_FILTER: &[&str] = &["content", "files", "name", "params"];

/// What can be withheld of a model: nothing by which it is known again.
pub(super) const OF_MODEL: &[&str] = &["family", "files", "licence", "report", "terms"];

/// What can be withheld of a run. `unresolved` stands for the texts of its gaps.
pub(super) const OF_RUN: &[&str] = &[
    "code",
    "command",
    "environment",
    "name",
    "operator",
    "params",
    "unresolved",
];

/// What can be withheld of an output that is rows.
pub(super) const OF_ROWS: &[&str] = &["files", "name"];

/// What can be withheld of an output that is a model.
pub(super) const OF_TRAINED: &[&str] = &["files"];

/// What can be withheld of a data set.
pub(super) const OF_DATASET: &[&str] = &["unresolved"];

/// Reads `confidential: yes`, which means all of `allowed`, or a list of some of them.
pub(super) fn decode(
    cx: &mut Context<'_>,
    fields: &Fields<'_>,
    allowed: &'static [&'static str],
) -> Confidential {
    const KEY: &str = "confidential";
    let Some(node) = fields.optional(cx, KEY) else {
        return Confidential::default();
    };
    match &node.value {
        NodeValue::Bool(true) => return Confidential(allowed.iter().copied().collect()),
        NodeValue::Text(word) if word == "yes" => return Confidential(allowed.iter().copied().collect()),
        NodeValue::Bool(false) => return Confidential::default(),
        NodeValue::Text(word) if word == "no" => return Confidential::default(),
        _ => {}
    }
    let mut withheld = BTreeSet::new();
    for item in cx.one_or_more(KEY, Expected::Texts, node) {
        let Some(word) = cx.text(KEY, item) else {
            continue;
        };
        if let Some(field) = allowed.iter().find(|field| **field == word) {
            withheld.insert(*field);
            continue;
        }
        let unknown = FaultKind::UnknownWord {
            key: KEY,
            found: escaped(&shortened(word)),
            meant: meant(word, allowed),
            allowed,
        };
        cx.fault(item.line, unknown);
    }
    Confidential(withheld)
}
