//! Strict JSON (RFC 8259) to the marked tree.
//!
//! `serde_json` finds where each value begins and ends; its place in the text gives the line. One pass
//! is made for each level of nesting, so the work is bounded by the size times
//! [`DEPTH_MAX`](super::DEPTH_MAX).

use std::fmt;

use serde::de::Deserialize;
use serde::de::Deserializer;
use serde::de::MapAccess;
use serde::de::SeqAccess;
use serde::de::Visitor;
use serde_json::value::RawValue;

use super::NODES_MAX;
use super::node::Builder;
use super::node::MapBuilder;
use super::node::Marked;
use super::node::Node;
use super::node::NodeValue;
use super::node::TreeFault;
use super::node::is_integer;

/// Reads one JSON value that begins on `first_line`; what is wrong comes with its line.
pub(super) fn read(text: &str, first_line: u32) -> Result<Node, Vec<Marked>> {
    let mut reader = Reader::new(text, first_line);
    let root = serde_json::from_str::<&RawValue>(text)
        .map_err(|error| syntax(first_line, &error))
        .and_then(|raw| reader.node(raw, 0));
    match root {
        Ok(root) if reader.builder.faults.is_empty() => Ok(root),
        Ok(_) => Err(reader.builder.faults),
        Err(last) => {
            reader.builder.faults.push(last);
            Err(reader.builder.faults)
        }
    }
}

#[derive(Debug)]
struct Reader<'a> {
    text: &'a str,
    /// The place of the value met last and its line. Values are met in the order of the text.
    offset: usize,
    line: u32,
    builder: Builder,
}

impl<'a> Reader<'a> {
    fn new(text: &'a str, first_line: u32) -> Self {
        Self {
            text,
            offset: 0,
            line: first_line,
            builder: Builder::default(),
        }
    }

    fn node(&mut self, raw: &'a RawValue, depth: usize) -> Result<Node, Marked> {
        let line = self.line(raw);
        let source = raw.get();
        let value = match source.bytes().next() {
            Some(b'{') => {
                self.builder.enter(depth + 1, line)?;
                self.object(source, line, depth + 1)?
            }
            Some(b'[') => {
                self.builder.enter(depth + 1, line)?;
                let Items(items) = parse(source, line)?;
                let nodes: Result<_, _> = items.into_iter().map(|item| self.node(item, depth + 1)).collect();
                NodeValue::List(nodes?)
            }
            first => {
                self.builder.enter(depth, line)?;
                self.scalar(first, source, line)?
            }
        };
        Ok(Node { value, line })
    }

    fn object(&mut self, source: &'a str, line: u32, depth: usize) -> Result<NodeValue, Marked> {
        let Members(pairs) = parse(source, line)?;
        let mut members = MapBuilder::default();
        for (key, value) in pairs {
            let key_line = self.line(key);
            let key = parse(key.get(), key_line)?;
            let value = self.node(value, depth)?;
            members.insert(key, key_line, value, &mut self.builder);
        }
        Ok(members.finish())
    }

    fn scalar(&mut self, first: Option<u8>, source: &'a str, line: u32) -> Result<NodeValue, Marked> {
        Ok(match first {
            Some(b'"') => NodeValue::Text(parse(source, line)?),
            Some(b't') => NodeValue::Bool(true),
            Some(b'f') => NodeValue::Bool(false),
            Some(b'n') => NodeValue::Null,
            _ if is_integer(source) => self.builder.integer(source, line),
            _ => self.builder.not_integer(source, line),
        })
    }

    /// The line of a value that is a part of the text.
    fn line(&mut self, raw: &RawValue) -> u32 {
        let offset = raw.get().as_ptr().addr() - self.text.as_ptr().addr();
        let between = self.text.as_bytes().get(self.offset..offset).unwrap_or_default();
        let lines = memchr::memchr_iter(b'\n', between).count();
        self.line = self.line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        self.offset = offset;
        self.line
    }
}

fn parse<'a, T: Deserialize<'a>>(source: &'a str, line: u32) -> Result<T, Marked> {
    serde_json::from_str(source).map_err(|error| syntax(line, &error))
}

fn syntax(first_line: u32, error: &serde_json::Error) -> Marked {
    let lines_below = error.line().saturating_sub(1);
    let line = first_line.saturating_add(u32::try_from(lines_below).unwrap_or(u32::MAX));
    let told = error.to_string();
    // The position is told as the fault's line.
    let detail = told.split(" at line ").next().unwrap_or_default().to_owned();
    (
        line,
        TreeFault::Syntax {
            language: "JSON",
            detail,
        },
    )
}

/// The members of an object in the order written, keys unread, so that each has a place.
struct Members<'a>(Vec<(&'a RawValue, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;

        impl<'de> Visitor<'de> for Pairs {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    // One more than allowed is enough for the fault.
                    if pairs.len() <= NODES_MAX {
                        pairs.push(pair);
                    }
                }
                Ok(Members(pairs))
            }
        }

        deserializer.deserialize_map(Pairs)
    }
}

/// The items of an array, unread.
struct Items<'a>(Vec<&'a RawValue>);

impl<'de> Deserialize<'de> for Items<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;

        impl<'de> Visitor<'de> for All {
            type Value = Items<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    if items.len() <= NODES_MAX {
                        items.push(item);
                    }
                }
                Ok(Items(items))
            }
        }

        deserializer.deserialize_seq(All)
    }
}
