//! `prompts`: templates, constitutions, principles.

use crate::statement::Absence;
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

/// A prompt as the lineage file describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptItem {
    /// The item's name.
    pub name: Located<ItemName>,
    /// Where its digests come from.
    pub content: ContentSpec,
    /// What of it is withheld.
    pub confidential: Confidential,
}

pub(super) const PROMPT: Shape = Shape {
    what: "a prompt",
    keys: &[
        "name",
        "files",
        "digests",
        "digests_from",
        "content",
        "foreign",
        "confidential",
    ],
};

pub(super) fn decode(cx: &mut Context<'_>, node: &Node) -> Option<PromptItem> {
    let fields = Fields::open(cx, "prompts", node, PROMPT)?;
    let name = fields.name(cx, "a prompt");
    let content = content::decode(cx, &fields, Absence::NotKnown);
    let confidential = confidential::decode(cx, &fields, confidential::OF_PROMPT);
    Some(PromptItem {
        name: name?,
        content,
        confidential,
    })
}
