//! `datasets`: named collections.

use crate::statement::ItemName;

use super::confidential;
use super::confidential::Confidential;
use super::decode::Context;
use super::fault::FaultKind;
use super::fields::Fields;
use super::fields::Shape;
use super::input;
use super::input::Taken;
use super::located::Located;
use super::node::Node;
use super::node::NodeValue;

/// A data set as the lineage file describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetItem {
    /// The item's name.
    pub name: Located<ItemName>,
    /// What it collects, at least one.
    pub members: Vec<Taken>,
    /// What of it is withheld.
    pub confidential: Confidential,
}

pub(super) const DATASET: Shape = Shape {
    what: "a dataset",
    keys: &["name", "members", "confidential"],
};

const MEMBER: Shape = Shape {
    what: "a member",
    keys: &["use", "unresolved", "digest"],
};

pub(super) fn decode(cx: &mut Context<'_>, node: &Node) -> Option<DatasetItem> {
    let fields = Fields::open(cx, "datasets", node, DATASET)?;
    let name = fields.name(cx, "a dataset");
    fields.required(cx, "members", "members: [tasks]")?;
    let members = members(cx, &fields, "members");
    let confidential = confidential::decode(cx, &fields, confidential::OF_DATASET);
    Some(DatasetItem {
        name: name?,
        members,
        confidential,
    })
}

/// Returns the list under a key, if it is there; it must not be empty.
pub(super) fn members(cx: &mut Context<'_>, fields: &Fields<'_>, key: &'static str) -> Vec<Taken> {
    if fields.optional(cx, key).is_none() {
        return Vec::new();
    }
    let items = fields.items(cx, key);
    if items.is_empty() {
        cx.fault(fields.line_of(key), FaultKind::EmptyList { key });
    }
    items.iter().filter_map(|item| member(cx, key, item)).collect()
}

/// A member is a name, or an object that says `use` or `unresolved`.
fn member(cx: &mut Context<'_>, key: &'static str, node: &Node) -> Option<Taken> {
    if let NodeValue::Text(_) = node.value {
        return cx.reference(key, node).map(Taken::Use);
    }
    let fields = Fields::open(cx, key, node, MEMBER)?;
    input::taken(cx, &fields)
}
