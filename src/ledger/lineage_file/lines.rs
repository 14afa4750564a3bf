//! JSON Lines: one item on each line, with its `kind`. What a lineage file says in lists, a program can say as it goes.
//!
//! The lines become the tree that a lineage file would have, so everything after is the same for both: one
//! namespace, the same checks, the same words.

use std::path::Path;

use super::LINEAGE_FILE_VERSION;
use super::NODES_MAX;
use super::decode::Context;
use super::expected::meant;
use super::expected::shortened;
use super::fault::FaultKind;
use super::fault::Faults;
use super::file;
use super::file::LineageFile;
use super::json;
use super::node::Entry;
use super::node::Node;
use super::node::NodeValue;
use super::node::TreeFault;
use super::set::Settings;

/// The line of everything that stands on no line: what options of a command say.
pub const NO_LINE: u32 = 0;

/// The kinds of items, each with the list of a lineage file that it stands in.
const KINDS: [(&str, &str); 6] = [
    ("source", "sources"),
    ("model", "models"),
    ("prompt", "prompts"),
    ("filter", "filters"),
    ("run", "runs"),
    ("dataset", "datasets"),
];

/// The same kinds as words.
const KIND_WORDS: &[&str] = &["source", "model", "prompt", "filter", "run", "dataset"];

/// Reads JSON Lines; the error holds everything that is wrong with them, each with its line.
pub(super) fn parse(path: &Path, text: &str, settings: &Settings) -> Result<LineageFile, Faults> {
    let mut cx = Context::new(path, Some(settings));
    let mut lists = Lists::default();
    for (line, text) in (1_u32..).zip(text.split('\n')) {
        if !text.trim().is_empty() {
            lists.read(&mut cx, text, line);
        }
        if lists.nodes > NODES_MAX {
            cx.fault(line, TreeFault::TooManyNodes.into());
            break;
        }
    }
    if lists.nodes == 0 && cx.faults.is_empty() {
        cx.faults.whole(path, FaultKind::NoLines);
    }
    lists.decode(cx)
}

/// Reads one item with its `kind` that options of a command describe; `path` says so in faults.
pub fn parse_item(path: &Path, item: &str) -> Result<LineageFile, Faults> {
    let mut cx = Context::new(path, None);
    let mut lists = Lists::default();
    lists.read(&mut cx, item, NO_LINE);
    lists.decode(cx)
}

/// Returns whether a text is JSON Lines rather than a lineage file: its first line is an object that does not begin
/// with the version of one.
pub(super) fn is_lines(text: &str) -> bool {
    let first = text.lines().map(str::trim).find(|line| !line.is_empty());
    let Some(first) = first.filter(|line| line.starts_with('{') && line.ends_with('}')) else {
        return false;
    };
    match json::read(first, 1) {
        Ok(Node {
            value: NodeValue::Map(entries),
            ..
        }) => !entries.iter().any(|entry| entry.key == "herdbook"),
        // A line that looks like an object and is none is told with its line.
        _ => true,
    }
}

/// The items read so far, by the list they belong to.
#[derive(Debug, Default)]
struct Lists {
    items: [Vec<Node>; KINDS.len()],
    nodes: usize,
}

impl Lists {
    fn read(&mut self, cx: &mut Context<'_>, text: &str, line: u32) {
        let node = match json::read(text, line) {
            Ok(node) => node,
            Err(found) => {
                for (line, fault) in found {
                    cx.fault(line, fault.into());
                }
                return;
            }
        };
        self.nodes += count(&node);
        let Node { value, line } = node;
        let NodeValue::Map(mut entries) = value else {
            return cx.fault(line, FaultKind::NotAnItem);
        };
        let kind = entries.iter().position(|entry| entry.key == "kind");
        let Some(kind) = kind.map(|at| entries.remove(at).value) else {
            return cx.fault(line, FaultKind::NoKind);
        };
        let Some(word) = cx.text("kind", &kind) else {
            return;
        };
        let known = KINDS.iter().zip(&mut self.items);
        match known.into_iter().find(|((kind, _), _)| *kind == word) {
            Some((_, items)) => items.push(Node {
                value: NodeValue::Map(entries),
                line,
            }),
            None => cx.fault(
                line,
                FaultKind::UnknownWord {
                    key: "kind",
                    found: crate::statement::escaped(&shortened(word)),
                    meant: meant(word, KIND_WORDS),
                    allowed: KIND_WORDS,
                },
            ),
        }
    }

    /// Makes the tree of a lineage file and reads that.
    fn decode(self, mut cx: Context<'_>) -> Result<LineageFile, Faults> {
        let entry = |key: &str, value| Entry {
            key: key.to_owned(),
            key_line: NO_LINE,
            value: Node { value, line: NO_LINE },
        };
        let version = i64::try_from(LINEAGE_FILE_VERSION).unwrap_or_default();
        let mut entries = vec![entry("herdbook", NodeValue::Integer(version))];
        for ((_, list), items) in KINDS.iter().zip(self.items) {
            if !items.is_empty() {
                entries.push(entry(list, NodeValue::List(items)));
            }
        }
        let root = Node {
            value: NodeValue::Map(entries),
            line: NO_LINE,
        };
        let lineage_file = file::decode(&mut cx, &root);
        cx.finish().or(lineage_file.unwrap_or_default())
    }
}

/// Counts the values of a tree, which [`json::read`] has bounded in depth.
fn count(node: &Node) -> usize {
    1 + match &node.value {
        NodeValue::List(items) => items.iter().map(count).sum(),
        NodeValue::Map(entries) => entries.iter().map(|entry| count(&entry.value)).sum(),
        _ => 0,
    }
}
