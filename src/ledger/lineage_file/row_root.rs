//! `row_root`: whether a tree over the rows of an item's files is computed.

use super::content::ContentSpec;
use super::decode::Context;
use super::fields::Fields;
use super::node::NodeValue;

/// Which trees over the rows of its files an item asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RowRootSpec {
    /// None.
    #[default]
    Unasked,
    /// One of each file of JSON Lines: keyed where there is personal data, plain elsewhere.
    Asked,
    /// A keyed one of each, whatever the item says of personal data.
    Keyed,
}

/// Reads the key; it asks for something to be computed, so there must be files to compute it of.
pub(super) fn decode(cx: &mut Context<'_>, fields: &Fields<'_>, content: &ContentSpec) -> RowRootSpec {
    let Some(node) = fields.optional(cx, "row_root") else {
        return RowRootSpec::Unasked;
    };
    let spec = match &node.value {
        NodeValue::Bool(false) => return RowRootSpec::Unasked,
        NodeValue::Bool(true) => RowRootSpec::Asked,
        NodeValue::Text(word) if word == "keyed" => RowRootSpec::Keyed,
        _ => {
            let advice =
                "write `row_root: true`, or `row_root: keyed` for rows that nobody shall be able to guess";
            cx.bad("row_root", node.line, advice);
            return RowRootSpec::Unasked;
        }
    };
    if !matches!(content, ContentSpec::Files(_)) {
        let advice = "it is computed from files: name them under `files`, or leave it out and give each digest its own \
                      (`herdbook hash --row-roots` writes them)";
        cx.bad("row_root", node.line, advice);
    }
    spec
}
