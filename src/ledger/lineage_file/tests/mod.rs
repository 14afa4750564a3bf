mod bad;
mod both;
mod cases;
mod page;
mod places;
mod policies;
mod syntax;

use std::path::Path;

use super::node::Node;
use super::node::NodeValue;
use super::*;

/// A digest to put into texts.
const HEX: &str = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";

fn parse_text(name: &str, text: &str) -> Result<LineageFile, Faults> {
    parse(Path::new(name), text.as_bytes(), &Settings::default())
}

fn lines_of(faults: &Faults) -> Vec<String> {
    faults.list().iter().map(ToString::to_string).collect()
}

/// Writes a tree as JSON with every key and value on the line it has in the tree.
fn json_on_same_lines(root: &Node) -> String {
    let mut writer = Writer {
        text: String::new(),
        line: 1,
    };
    writer.node(root);
    writer.text
}

struct Writer {
    text: String,
    line: u32,
}

impl Writer {
    fn go_to(&mut self, line: u32) {
        assert!(line >= self.line, "line {line} after line {}", self.line);
        while self.line < line {
            self.text.push('\n');
            self.line += 1;
        }
    }

    fn string(&mut self, text: &str) {
        self.text.push_str(&serde_json::to_string(text).unwrap());
    }

    fn node(&mut self, node: &Node) {
        self.go_to(node.line);
        match &node.value {
            NodeValue::Null => self.text.push_str("null"),
            NodeValue::Bool(flag) => self.text.push_str(&flag.to_string()),
            NodeValue::Integer(number) => self.text.push_str(&number.to_string()),
            NodeValue::Text(text) => self.string(text),
            NodeValue::List(items) => {
                self.text.push('[');
                for (position, item) in items.iter().enumerate() {
                    self.text.push_str(if position == 0 { "" } else { ", " });
                    self.node(item);
                }
                self.text.push(']');
            }
            NodeValue::Map(entries) => {
                self.text.push('{');
                for (position, entry) in entries.iter().enumerate() {
                    self.text.push_str(if position == 0 { "" } else { ", " });
                    self.go_to(entry.key_line);
                    self.string(&entry.key);
                    self.text.push_str(": ");
                    self.node(&entry.value);
                }
                self.text.push('}');
            }
        }
    }
}
