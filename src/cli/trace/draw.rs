//! A trace as a drawing: boxes and arrows, for Graphviz (the DOT language) and Mermaid (flowcharts).
//!
//! Arrows follow the data, from what was taken to what was made. Every label is
//! text that somebody else wrote: in DOT it is a quoted string, in Mermaid every character but letters, digits and a few
//! signs is an entity, so that no label can end its box.

use std::collections::BTreeSet;

use petgraph::visit::EdgeRef as _;

use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::ui::in_line;
use crate::cli::ui::put;
use crate::cli::ui::short_id;
use crate::query::Place;
use crate::query::TraceNode;
use crate::statement::Thing;

use super::group::Grouped;
use super::group::Shown;

/// The most boxes of a drawing for Graphviz.
const DOT_BOXES_MAX: usize = 5_000;

/// The most boxes, and the most arrows, of a Mermaid flowchart: more arrows it refuses by default (`maxEdges`).
const MERMAID_BOXES_MAX: usize = 500;

/// What a box looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    Artifact,
    Model,
    Run,
    Gap,
}

/// One box.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Drawn {
    lines: Vec<String>,
    look: Look,
    is_root: bool,
}

/// Boxes, and arrows with the role on them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Drawing {
    boxes: Vec<Drawn>,
    arrows: BTreeSet<(usize, usize, &'static str)>,
}

impl Drawing {
    /// Makes boxes of a trace.
    pub(super) fn of(shown: &Shown) -> Self {
        let boxes = shown.graph.node_indices().zip(shown.graph.node_weights());
        let arrows = shown.graph.edge_references();
        Self {
            boxes: boxes
                .map(|(at, grouped)| Drawn {
                    lines: vec![in_line(&grouped.name()), told(grouped)],
                    look: look(&grouped.node),
                    is_root: shown.roots.contains(&at),
                })
                .collect(),
            arrows: arrows
                .map(|edge| {
                    let (from, to) = (edge.target().index(), edge.source().index());
                    (from, to, edge.weight().as_str())
                })
                .collect(),
        }
    }

    /// Returns the drawing in the DOT language.
    pub(super) fn dot(&self) -> Result<String, Error> {
        check(self.boxes.len(), "boxes", DOT_BOXES_MAX)?;
        let mut text = String::from("digraph herdbook {\n  rankdir=LR;\n  node [fontname=\"sans-serif\"];\n");
        for (at, drawn) in self.boxes.iter().enumerate() {
            let style = match drawn.look {
                Look::Artifact => "shape=box",
                Look::Model => "shape=box, style=rounded",
                Look::Run => "shape=ellipse",
                Look::Gap => "shape=box, style=dashed, color=red",
            };
            let root = if drawn.is_root { ", penwidth=2" } else { "" };
            let lines: Vec<String> = drawn.lines.iter().map(|line| dot_escaped(line)).collect();
            let label = lines.join("\\n");
            put(
                &mut text,
                format_args!("  n{at} [label=\"{label}\", {style}{root}];\n"),
            );
        }
        for (from, to, role) in &self.arrows {
            let role = dot_escaped(role);
            put(
                &mut text,
                format_args!("  n{from} -> n{to} [label=\"{role}\"];\n"),
            );
        }
        text.push_str("}\n");
        Ok(text)
    }

    /// Returns the drawing as a Mermaid flowchart.
    pub(super) fn mermaid(&self) -> Result<String, Error> {
        check(self.boxes.len(), "boxes", MERMAID_BOXES_MAX)?;
        check(self.arrows.len(), "arrows", MERMAID_BOXES_MAX)?;
        let mut text = String::from("flowchart LR\n");
        for (at, drawn) in self.boxes.iter().enumerate() {
            let (open, close) = match drawn.look {
                Look::Artifact => ("[", "]"),
                Look::Model => ("([", "])"),
                Look::Run => ("((", "))"),
                Look::Gap => ("{{", "}}"),
            };
            let lines: Vec<String> = drawn.lines.iter().map(|line| entities(line)).collect();
            let label = lines.join("<br/>");
            put(&mut text, format_args!("  n{at}{open}\"{label}\"{close}\n"));
        }
        for (from, to, role) in &self.arrows {
            let role = entities(role);
            put(&mut text, format_args!("  n{from} -->|\"{role}\"| n{to}\n"));
        }
        Ok(text)
    }
}

fn check(found: usize, what: &str, limit: usize) -> Result<(), Error> {
    if found <= limit {
        return Ok(());
    }
    let message = format!("the drawing has {found} {what}, more than the {limit} that can be looked at");
    Err(Error::new(Exit::Failure, message)
        .hint("draw less with `--depth N`, or write all of it with `--format json`"))
}

fn look(node: &TraceNode) -> Look {
    match (node.place, node.kind) {
        (Place::Gap(..), _) => Look::Gap,
        (Place::Run(_), _) => Look::Run,
        (_, "model") => Look::Model,
        _ => Look::Artifact,
    }
}

fn told(grouped: &Grouped) -> String {
    let node = &grouped.node;
    let kind = match (node.place, node.thing) {
        (Place::Gap(..), _) => return "nobody declared this".to_owned(),
        (_, Some(Thing::ExternalModel)) => "external model",
        _ => node.kind,
    };
    format!("{kind} {}", short_id(&grouped.id()))
}

/// A quoted string of DOT ends at a quote, and a backslash begins an escape; `in_line` left no control characters.
fn dot_escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

/// Mermaid writes a character as `#` and its number.
fn entities(text: &str) -> String {
    let mut safe = String::new();
    for one in text.chars() {
        if one.is_alphanumeric() || matches!(one, ' ' | '-' | '_' | '.' | '/' | ',' | ':') {
            safe.push(one);
        } else {
            put(&mut safe, format_args!("#{};", u32::from(one)));
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hostile() -> Drawing {
        let drawn = |line: &str, look| Drawn {
            lines: vec![line.to_owned(), "shard".to_owned()],
            look,
            is_root: false,
        };
        Drawing {
            boxes: vec![
                drawn("a\"]; n9 -> n0; \"\\", Look::Artifact),
                drawn("--> </script> `#quot;` [end", Look::Gap),
            ],
            arrows: BTreeSet::from([(0, 1, "data")]),
        }
    }

    #[test]
    fn no_label_ends_its_box() {
        let dot = hostile().dot().unwrap();
        assert!(
            dot.contains("[label=\"a\\\"]; n9 -> n0; \\\"\\\\\\nshard\", shape=box]"),
            "{dot}"
        );
        let mermaid = hostile().mermaid().unwrap();
        assert!(
            mermaid.contains("n0[\"a#34;#93;#59; n9 -#62; n0#59; #34;#92;<br/>shard\"]"),
            "{mermaid}"
        );
        assert!(mermaid.contains("n0 -->|\"data\"| n1"), "{mermaid}");
        assert_eq!(mermaid.matches('`').count(), 0);
    }

    /// The labels of nodes and arrows, by an outside reader.
    fn read(dot: &str) -> (Vec<String>, Vec<(String, String, String)>) {
        use layout::gv::parser::ast::Stmt;
        let label = |list: &layout::gv::parser::ast::AttributeList| {
            let found = list.iter().find(|(key, _)| key == "label");
            found.map(|(_, text)| text.clone()).unwrap_or_default()
        };
        let graph = layout::gv::DotParser::new(dot).process().unwrap();
        let (mut nodes, mut arrows) = (Vec::new(), Vec::new());
        for statement in graph.list.list {
            match statement {
                Stmt::Node(node) => nodes.push(label(&node.list)),
                Stmt::Edge(edge) => {
                    let to = edge.to[0].0.name.clone();
                    arrows.push((edge.from.name.clone(), to, label(&edge.list)));
                }
                _ => {}
            }
        }
        (nodes, arrows)
    }

    #[test]
    fn an_outside_reader_finds_the_boxes_and_arrows_that_were_drawn() {
        let (nodes, arrows) = read(&hostile().dot().unwrap());
        assert_eq!(
            nodes,
            [
                "a\"]; n9 -> n0; \"\\\nshard",
                "--> </script> `#quot;` [end\nshard"
            ]
        );
        assert_eq!(arrows, [("n0".to_owned(), "n1".to_owned(), "data".to_owned())]);
    }

    proptest::proptest! {
        #[test]
        fn any_label_is_read_back(text in "[ -~\u{e4}\u{202e}]{0,40}") {
            let mut drawing = hostile();
            drawing.boxes[1].lines = vec![in_line(&text)];
            let (nodes, arrows) = read(&drawing.dot().unwrap());
            proptest::prop_assert_eq!(&nodes[1], &in_line(&text));
            proptest::prop_assert_eq!(arrows.len(), 1);
            let mermaid = drawing.mermaid().unwrap();
            let line = mermaid.lines().nth(2).unwrap();
            let inner = line.strip_prefix("  n1{{\"").and_then(|rest| rest.strip_suffix("\"}}")).unwrap();
            let left = inner.contains(['"', '{', '}', '<', '>', '|', '`', '\\']);
            proptest::prop_assert!(!left, "{}", inner);
        }
    }

    #[test]
    fn a_drawing_nobody_could_look_at_is_refused() {
        let mut drawing = hostile();
        let one = drawing.boxes[0].clone();
        drawing.boxes = vec![one; MERMAID_BOXES_MAX + 1];
        let refused = drawing.mermaid().unwrap_err().whole();
        assert!(refused.contains("501 boxes, more than the 500"), "{refused}");
        drawing.dot().unwrap();
    }
}
