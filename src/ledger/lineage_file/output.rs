//! The outputs of a run.

use crate::statement::Absence;
use crate::statement::Does;
use crate::statement::ItemName;
use crate::statement::OutputKind;

use super::confidential;
use super::confidential::Confidential;
use super::content;
use super::content::ContentSpec;
use super::decode::Context;
use super::fault::FaultKind;
use super::fields::Fields;
use super::fields::Shape;
use super::input::InputItem;
use super::input::Taken;
use super::located::Located;
use super::node::Node;
use super::row_root;
use super::row_root::RowRootSpec;

/// An output of a run as the lineage file describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputItem {
    /// The item's name.
    pub name: Located<ItemName>,
    /// What it is.
    pub kind: OutputKind,
    /// Where its digests come from.
    pub content: ContentSpec,
    /// Rows of all its files together, as stated.
    pub rows: Option<Located<u64>>,
    /// Tokens of all its files together, as stated.
    pub tokens: Option<Located<u64>>,
    /// Positions of the run's inputs that its shares come from, from 0; empty means all.
    pub inputs: Vec<u32>,
    /// Which trees over its rows it asks for.
    pub row_root: RowRootSpec,
    /// What of it is withheld.
    pub confidential: Confidential,
}

pub(super) const OUTPUT: Shape = Shape {
    what: "an output",
    keys: &[
        "name",
        "kind",
        "files",
        "digests",
        "digests_from",
        "content",
        "foreign",
        "rows",
        "tokens",
        "inputs",
        "row_root",
        "confidential",
    ],
};

pub(super) fn decode(
    cx: &mut Context<'_>,
    node: &Node,
    inputs: &[InputItem],
    does: Option<Does>,
) -> Option<OutputItem> {
    let fields = Fields::open(cx, "outputs", node, OUTPUT)?;
    let name = fields.name(cx, "an output");
    let kind: Option<OutputKind> = fields.required_word(cx, "kind", "kind: shard");
    if let (Some(does), Some(kind)) = (does, kind)
        && !does.makes(kind)
    {
        cx.fault(fields.line_of("kind"), FaultKind::OutputKind { does, kind });
    }
    let withholdable = match kind {
        Some(OutputKind::Model) => confidential::OF_TRAINED,
        _ => confidential::OF_ROWS,
    };
    let content = content::decode(cx, &fields, Absence::NotKnown);
    let row_root = row_root::decode(cx, &fields, &content);
    if row_root != RowRootSpec::Unasked && kind == Some(OutputKind::Model) {
        cx.bad(
            "row_root",
            fields.line_of("row_root"),
            "the files of a model have no rows: leave it out",
        );
    }
    let output = OutputItem {
        content,
        row_root,
        rows: fields.count(cx, "rows"),
        tokens: fields.count(cx, "tokens"),
        inputs: positions(cx, &fields, inputs),
        confidential: confidential::decode(cx, &fields, withholdable),
        name: name?,
        kind: kind?,
    };
    Some(output)
}

/// Finds the run's inputs that the output's own list names.
fn positions(cx: &mut Context<'_>, fields: &Fields<'_>, inputs: &[InputItem]) -> Vec<u32> {
    let mut positions = Vec::new();
    for item in fields.items(cx, "inputs") {
        let Some(name) = cx.reference("inputs", item) else {
            continue;
        };
        let before = positions.len();
        for (position, input) in (0_u32..).zip(inputs) {
            if is_named(input, &name.value) && !positions.contains(&position) {
                positions.push(position);
            }
        }
        if positions.len() == before {
            cx.fault(name.line, FaultKind::NotAnInput { name: name.value });
        }
    }
    positions.sort_unstable();
    positions
}

fn is_named(input: &InputItem, name: &str) -> bool {
    match &input.taken {
        Taken::Use(item) => item.value == name,
        Taken::Unresolved { text, .. } => text == name,
    }
}
