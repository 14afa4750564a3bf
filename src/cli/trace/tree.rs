//! A trace as a tree: for people, at 80 columns.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use petgraph::Direction;
use petgraph::graph::NodeIndex;
use petgraph::visit::EdgeRef as _;

use crate::cli::ui::Paint;
use crate::cli::ui::in_line;
use crate::cli::ui::put;
use crate::cli::ui::short_id;
use crate::query::EdgeRole;
use crate::query::Place;
use crate::statement::Thing;

use super::group::Grouped;
use super::group::SIBLINGS_MAX;
use super::group::Shown;
use super::group::item_of;

/// How many lines of a tree are drawn; JSON has everything.
const TREE_LINES_MAX: usize = 2_000;

/// How deep a tree is drawn.
const TREE_DEPTH_MAX: usize = 100;

/// How many characters of a name are drawn, so that a line stays one line.
const NAME_CHARS_MAX: usize = 48;

/// Returns the tree of a trace; `down` from an origin to what descends from it, else the other way.
pub(super) fn draw(trace: &Shown, down: bool, paint: Paint) -> String {
    let mut tree = Tree {
        trace,
        down,
        paint,
        drawn: BTreeSet::new(),
        text: String::new(),
        lines: 0,
    };
    tree.draw();
    tree.text
}

/// One line that is still to be drawn.
enum Pending {
    Node {
        at: NodeIndex,
        role: Option<EdgeRole>,
        /// What stands before the branch.
        indent: String,
        last: bool,
        depth: usize,
    },
    More {
        text: String,
        indent: String,
        last: bool,
    },
}

struct Tree<'a> {
    trace: &'a Shown,
    down: bool,
    paint: Paint,
    drawn: BTreeSet<Place>,
    text: String,
    lines: usize,
}

impl Tree<'_> {
    fn draw(&mut self) {
        let of_root = |at: &NodeIndex| Pending::Node {
            at: *at,
            role: None,
            indent: String::new(),
            last: true,
            depth: 0,
        };
        let mut pending: Vec<Pending> = self.trace.roots.iter().rev().map(of_root).collect();
        while let Some(next) = pending.pop() {
            if self.lines == TREE_LINES_MAX {
                self.text.push_str("... and more (--json lists all)\n");
                return;
            }
            self.lines += 1;
            match next {
                Pending::More { text, indent, last } => {
                    let branch = if last { "`- " } else { "|- " };
                    put(&mut self.text, format_args!("{indent}{branch}{text}\n"));
                }
                Pending::Node {
                    at,
                    role,
                    indent,
                    last,
                    depth,
                } => {
                    let below = self.node(at, role, &indent, last, depth);
                    pending.extend(below.into_iter().rev());
                }
            }
        }
    }

    /// Draws one node and returns what hangs below it.
    fn node(
        &mut self,
        at: NodeIndex,
        role: Option<EdgeRole>,
        indent: &str,
        last: bool,
        depth: usize,
    ) -> Vec<Pending> {
        let Some(node) = self.trace.graph.node_weight(at) else {
            return Vec::new();
        };
        let branch = match (depth, last) {
            (0, _) => "",
            (_, true) => "`- ",
            (_, false) => "|- ",
        };
        let seen = !self.drawn.insert(node.node.place);
        let mut below = self.below(at);
        let cut = !below.is_empty() && depth == TREE_DEPTH_MAX;
        let tail = match (seen && !below.is_empty(), cut) {
            (true, _) => " (drawn above)",
            (_, true) => " ... and what lies deeper (--json lists all)",
            _ => "",
        };
        let told = self.told(node, role);
        put(&mut self.text, format_args!("{indent}{branch}{told}{tail}\n"));
        if seen || cut {
            return Vec::new();
        }
        let inner = match (depth, last) {
            (0, _) => String::new(),
            (_, true) => format!("{indent}   "),
            (_, false) => format!("{indent}|  "),
        };
        if let Some(end) = below.last_mut() {
            match end {
                Pending::Node { last, .. } | Pending::More { last, .. } => *last = true,
            }
        }
        for one in &mut below {
            match one {
                Pending::Node {
                    indent, depth: at, ..
                } => {
                    indent.clone_from(&inner);
                    *at = depth + 1;
                }
                Pending::More { indent, .. } => indent.clone_from(&inner),
            }
        }
        below
    }

    fn told(&self, node: &Grouped, role: Option<EdgeRole>) -> String {
        let name = short_name(&node.name());
        let id = self.paint.faint(&short_id(&node.id()));
        let role = match role {
            None | Some(EdgeRole::Output) => String::new(),
            // Downwards, the line is about what took it.
            Some(EdgeRole::Member) if self.down => "in ".to_owned(),
            Some(EdgeRole::Model) if self.down => "decides in ".to_owned(),
            Some(role) if self.down => format!("as {}: ", role.as_str()),
            Some(role) => format!("{}: ", role.as_str()),
        };
        match (node.node.place, node.node.thing) {
            (Place::Gap(..), _) => format!(
                "{role}{} {id}",
                self.paint.bad(&format!("\"{name}\", which nobody declared"))
            ),
            (_, Some(Thing::ExternalModel)) => {
                format!("{role}{}  external model  {id}", self.paint.strong(&name))
            }
            _ => format!("{role}{}  {}  {id}", self.paint.strong(&name), node.node.kind),
        }
    }

    /// What a node descends from directly, by role and name; of many files of one item only the first are drawn.
    fn below(&self, at: NodeIndex) -> Vec<Pending> {
        let mut groups: BTreeMap<(EdgeRole, &str), Vec<(&str, NodeIndex)>> = BTreeMap::new();
        let direction = if self.down {
            Direction::Incoming
        } else {
            Direction::Outgoing
        };
        for edge in self.trace.graph.edges_directed(at, direction) {
            let next = if self.down { edge.source() } else { edge.target() };
            let Some(node) = self.trace.graph.node_weight(next) else {
                continue;
            };
            let item = item_of(&node.node);
            groups
                .entry((*edge.weight(), item))
                .or_default()
                .push((&node.node.name, next));
        }
        let mut below = Vec::new();
        for ((role, item), mut nodes) in groups {
            nodes.sort_unstable();
            let shown = if nodes.len() > SIBLINGS_MAX {
                SIBLINGS_MAX - 1
            } else {
                nodes.len()
            };
            below.extend(nodes.iter().take(shown).map(|(_, at)| Pending::Node {
                at: *at,
                role: Some(role),
                indent: String::new(),
                last: false,
                depth: 0,
            }));
            if nodes.len() > shown {
                below.push(Pending::More {
                    text: format!(
                        "{}: {} more of {}",
                        role.as_str(),
                        nodes.len() - shown,
                        in_line(item)
                    ),
                    indent: String::new(),
                    last: false,
                });
            }
        }
        below
    }
}

/// Returns a name in one line; what is cut off it can be read in JSON.
fn short_name(name: &str) -> String {
    let name = in_line(name);
    if name.chars().count() <= NAME_CHARS_MAX {
        return name;
    }
    let short: String = name.chars().take(NAME_CHARS_MAX - 3).collect();
    format!("{short}...")
}
