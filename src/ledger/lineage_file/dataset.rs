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
    let items = fields.items(cx, "members");
    if items.is_empty() {
        cx.fault(fields.line_of("members"), FaultKind::EmptyList { key: "members" });
    }
    let members = items.iter().filter_map(|item| member(cx, item)).collect();
    let confidential = confidential::decode(cx, &fields, confidential::OF_DATASET);
    Some(DatasetItem {
        name: name?,
        members,
        confidential,
    })
}

/// A member is a name, or an object that says `use` or `unresolved`.
fn member(cx: &mut Context<'_>, node: &Node) -> Option<Taken> {
    if let NodeValue::Text(_) = node.value {
        return cx.reference("members", node).map(Taken::Use);
    }
    let fields = Fields::open(cx, "members", node, MEMBER)?;
    input::taken(cx, &fields)
}
