//! The marked tree: what YAML and JSON have in common, with the line of every value.
//!
//! There is no floating point in it and no duplicate key, and order is kept. Both readers build it, so
//! that everything after them is the same for both.

use std::collections::HashMap;

use crate::canonical::INTEGER_MAX;

use super::DEPTH_MAX;
use super::NODES_MAX;

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The value.
    pub value: NodeValue,
    /// The line it begins on, from 1.
    pub line: u32,
}

/// A value of the marked tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NodeValue {
    /// `null`, `~` or nothing at all.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer within 2^53 - 1 of zero.
    Integer(i64),
    /// Text, quoted or plain.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// An object, in the order written; no key twice.
    Map(Vec<Entry>),
}

/// A key with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// The line of the key, from 1.
    pub key_line: u32,
    /// The value.
    pub value: Node,
}

/// What the syntax allows and a lineage file does not, or no syntax at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeFault {
    /// Neither reader can go on.
    #[error("is not valid {language}: {detail}")]
    Syntax {
        /// YAML or JSON.
        language: &'static str,
        /// What the parser says.
        detail: String,
    },
    /// No value in the file.
    #[error("is empty: begin with `herdbook: 1`")]
    Empty,
    /// Deeper than [`DEPTH_MAX`].
    #[error("lists and objects nest deeper than {DEPTH_MAX} levels here: flatten them")]
    TooDeep,
    /// More than [`NODES_MAX`] values.
    #[error(
        "the file holds more than {NODES_MAX} values: move digests to files of JSON Lines and name those under `digests_from`"
    )]
    TooManyNodes,
    /// A key that its object has already.
    #[error("`{key}` stands twice in one object, first on line {first_line}: keep one of them")]
    DuplicateKey {
        /// The key.
        key: String,
        /// Where it stood first.
        first_line: u32,
    },
    /// A list, an object or nothing as a key.
    #[error("a key must be a word or quoted text")]
    KeyNotText,
    /// A YAML anchor.
    #[error("anchors (`&name`) are not read: write the value out at each place")]
    Anchor,
    /// A YAML alias.
    #[error("aliases (`*name`) are not read: write the value out here, or quote it if it is text")]
    Alias,
    /// A YAML tag.
    #[error("tags (`!name`) are not read: leave the tag out, or quote the value if it is text")]
    Tag,
    /// The merge key of YAML 1.1.
    #[error("the merge key `<<` is not read: write the keys out")]
    MergeKey,
    /// A second YAML document.
    #[error("a second document begins here: write it to a file of its own")]
    SecondDocument,
    /// A number with a fraction, an exponent, or a form only some readers know.
    #[error("the number `{text}` is not a plain integer: write it in quotes, \"{text}\"")]
    NotInteger {
        /// As written.
        text: String,
    },
    /// An integer that some readers would round.
    #[error("the integer `{text}` is beyond {INTEGER_MAX}: write it in quotes, \"{text}\"")]
    IntegerTooLarge {
        /// As written.
        text: String,
    },
}

/// A tree fault and its line.
pub(super) type Marked = (u32, TreeFault);

/// Counts values and collects what is wrong with single ones; both readers share it.
#[derive(Debug, Default)]
pub(super) struct Builder {
    nodes: usize,
    pub(super) faults: Vec<Marked>,
}

impl Builder {
    /// Counts one value at `depth` lists and objects; an error ends the reading.
    pub(super) fn enter(&mut self, depth: usize, line: u32) -> Result<(), Marked> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            return Err((line, TreeFault::TooManyNodes));
        }
        if depth > DEPTH_MAX {
            return Err((line, TreeFault::TooDeep));
        }
        Ok(())
    }

    /// Notes something wrong that does not end the reading.
    pub(super) fn fault(&mut self, line: u32, fault: TreeFault) {
        // Enough for the reader of the message; the rest is found in the next round.
        if self.faults.len() <= super::FAULTS_MAX {
            self.faults.push((line, fault));
        }
    }

    /// Reads the digits of an integer; what does not fit is noted and kept as text.
    pub(super) fn integer(&mut self, text: &str, line: u32) -> NodeValue {
        let fits = |number: &i64| (-INTEGER_MAX..=INTEGER_MAX).contains(number);
        if let Some(number) = text.parse().ok().filter(fits) {
            return NodeValue::Integer(number);
        }
        self.fault(
            line,
            TreeFault::IntegerTooLarge {
                text: shortened(text),
            },
        );
        NodeValue::Text(text.to_owned())
    }

    /// Notes a number that is not an integer, and keeps it as text.
    pub(super) fn not_integer(&mut self, text: &str, line: u32) -> NodeValue {
        self.fault(
            line,
            TreeFault::NotInteger {
                text: shortened(text),
            },
        );
        NodeValue::Text(text.to_owned())
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}

/// An object being read.
#[derive(Debug, Default)]
pub(super) struct MapBuilder {
    entries: Vec<Entry>,
    first_lines: HashMap<String, u32>,
}

impl MapBuilder {
    /// Adds a member; a key that was there before is noted and left out.
    pub(super) fn insert(&mut self, key: String, key_line: u32, value: Node, builder: &mut Builder) {
        if let Some(&first_line) = self.first_lines.get(&key) {
            builder.fault(
                key_line,
                TreeFault::DuplicateKey {
                    key: shortened(&key),
                    first_line,
                },
            );
            return;
        }
        self.first_lines.insert(key.clone(), key_line);
        self.entries.push(Entry { key, key_line, value });
    }

    /// Returns the object.
    pub(super) fn finish(self) -> NodeValue {
        NodeValue::Map(self.entries)
    }
}

/// Returns whether `text` is an integer as JSON writes it, which YAML reads the same.
pub(super) fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    digits == "0"
        || (!digits.starts_with('0') && !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}
