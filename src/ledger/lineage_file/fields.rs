//! The members of one object, taken by key and type.

use std::collections::BTreeMap;
use std::collections::HashMap;

use num_rational::BigRational;
use num_traits::One as _;

use crate::statement::Decimal;
use crate::statement::ItemName;
use crate::statement::Word;
use crate::statement::check_text;
use crate::statement::escaped;

use super::decode::Context;
use super::expected::Expected;
use super::expected::meant;
use super::expected::shortened;
use super::fault::FaultKind;
use super::located::Located;
use super::node::Entry;
use super::node::Node;
use super::node::NodeValue;

/// What an object is called and which keys it has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) what: &'static str,
    pub(super) keys: &'static [&'static str],
}

/// The members of one object.
#[derive(Debug)]
pub(super) struct Fields<'n> {
    pub(super) line: u32,
    title: String,
    entries: HashMap<&'n str, &'n Entry>,
}

impl<'n> Fields<'n> {
    /// Opens an object; unknown keys are noted. `key` is where it stands.
    pub(super) fn open(
        cx: &mut Context<'_>,
        key: &'static str,
        node: &'n Node,
        shape: Shape,
    ) -> Option<Self> {
        let NodeValue::Map(members) = &node.value else {
            return cx.wrong_type(key, Expected::Object, node);
        };
        for entry in members
            .iter()
            .filter(|entry| !shape.keys.contains(&entry.key.as_str()))
        {
            let unknown = FaultKind::UnknownKey {
                key: escaped(&shortened(&entry.key)),
                of: shape.what,
                meant: meant(&entry.key, shape.keys),
                allowed: shape.keys,
            };
            cx.fault(entry.key_line, unknown);
        }
        let title = members.iter().find(|entry| entry.key == "name").map_or_else(
            || shape.what.to_owned(),
            |entry| match &entry.value.value {
                NodeValue::Text(name) => format!("{} `{}`", shape.what, escaped(&shortened(name))),
                _ => shape.what.to_owned(),
            },
        );
        let entries = members.iter().map(|entry| (entry.key.as_str(), entry)).collect();
        Some(Self {
            line: node.line,
            title,
            entries,
        })
    }

    /// Returns whether the key was written, with or without a value.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.contains_key(key)
    }

    /// Returns the value of a key that may be left out.
    pub(super) fn optional(&self, cx: &mut Context<'_>, key: &'static str) -> Option<&'n Node> {
        let node = &self.entries.get(key)?.value;
        if node.value == NodeValue::Null {
            cx.fault(node.line, FaultKind::NoValue { key });
            return None;
        }
        Some(node)
    }

    /// Returns the value of a key that must be there; `example` is a line that would do.
    pub(super) fn required(
        &self,
        cx: &mut Context<'_>,
        key: &'static str,
        example: &'static str,
    ) -> Option<&'n Node> {
        if !self.has(key) {
            cx.fault(
                self.line,
                FaultKind::MissingKey {
                    of: self.title.clone(),
                    key,
                    example,
                },
            );
        }
        self.optional(cx, key)
    }

    /// Returns the line of a key's value, or that of the object.
    pub(super) fn line_of(&self, key: &str) -> u32 {
        self.entries.get(key).map_or(self.line, |entry| entry.value.line)
    }

    /// Returns the free text of a key that must be there.
    pub(super) fn required_text(
        &self,
        cx: &mut Context<'_>,
        key: &'static str,
        example: &'static str,
    ) -> Option<String> {
        let node = self.required(cx, key, example)?;
        cx.free_text(key, node)
    }

    /// Returns the free text of a key.
    pub(super) fn text(&self, cx: &mut Context<'_>, key: &'static str) -> Option<String> {
        let node = self.optional(cx, key)?;
        cx.free_text(key, node)
    }

    /// Returns the texts of a key: one, or a list of them.
    pub(super) fn texts(&self, cx: &mut Context<'_>, key: &'static str) -> Vec<String> {
        let Some(node) = self.optional(cx, key) else {
            return Vec::new();
        };
        cx.one_or_more(key, Expected::Texts, node)
            .iter()
            .filter_map(|item| cx.free_text(key, item))
            .collect()
    }

    /// Returns the file patterns of a key: one, or a list of them.
    pub(super) fn paths(&self, cx: &mut Context<'_>, key: &'static str) -> Vec<Located<String>> {
        let Some(node) = self.optional(cx, key) else {
            return Vec::new();
        };
        cx.one_or_more(key, Expected::Paths, node)
            .iter()
            .filter_map(|item| cx.reference(key, item))
            .collect()
    }

    /// Returns the count of a key.
    pub(super) fn count(&self, cx: &mut Context<'_>, key: &'static str) -> Option<Located<u64>> {
        let node = self.optional(cx, key)?;
        match node.value {
            NodeValue::Integer(number) if number >= 0 => Some(Located::new(number.unsigned_abs(), node.line)),
            _ => cx.wrong_type(key, Expected::Count, node),
        }
    }

    /// Returns the decimal of a key.
    pub(super) fn decimal(&self, cx: &mut Context<'_>, key: &'static str) -> Option<Decimal> {
        let node = self.optional(cx, key)?;
        let text = match &node.value {
            NodeValue::Text(text) => text.clone(),
            NodeValue::Integer(number) => number.to_string(),
            _ => return cx.wrong_type(key, Expected::Decimal, node),
        };
        Decimal::parse(&text)
            .map_err(|error| cx.bad(key, node.line, error.to_string()))
            .ok()
    }

    /// Returns the decimal of a key, which is at most 1.
    pub(super) fn share(&self, cx: &mut Context<'_>, key: &'static str) -> Option<Decimal> {
        let share = self.decimal(cx, key)?;
        if *share.value() > BigRational::one() {
            cx.bad(
                key,
                self.line_of(key),
                format!("{share} is more than 1: write a share from 0 to 1"),
            );
            return None;
        }
        Some(share)
    }

    /// Returns the flag of a key; `false` when it is left out.
    pub(super) fn flag(&self, cx: &mut Context<'_>, key: &'static str) -> bool {
        match self.optional(cx, key) {
            Some(Node {
                value: NodeValue::Bool(flag),
                ..
            }) => *flag,
            Some(node) => cx.wrong_type(key, Expected::Flag, node).unwrap_or_default(),
            None => false,
        }
    }

    /// Returns the word of a key.
    pub(super) fn word<T: Word>(&self, cx: &mut Context<'_>, key: &'static str) -> Option<T> {
        let node = self.optional(cx, key)?;
        cx.word(key, node)
    }

    /// Returns the word of a key that must be there.
    pub(super) fn required_word<T: Word>(
        &self,
        cx: &mut Context<'_>,
        key: &'static str,
        example: &'static str,
    ) -> Option<T> {
        let node = self.required(cx, key, example)?;
        cx.word(key, node)
    }

    /// Returns the item's own name, which no other item may have.
    pub(super) fn name(&self, cx: &mut Context<'_>, what: &'static str) -> Option<Located<ItemName>> {
        let node = self.required(cx, "name", "name: my-name")?;
        let text = cx.text("name", node)?;
        let text = cx.fill(text, node.line)?;
        let name = ItemName::new(&text)
            .map_err(|error| cx.bad("name", node.line, error.to_string()))
            .ok()?;
        let name = Located::new(name, node.line);
        cx.claim(&name, what);
        Some(name)
    }

    /// Returns the objects of a key; nothing when it is left out.
    pub(super) fn items(&self, cx: &mut Context<'_>, key: &'static str) -> &'n [Node] {
        match self.optional(cx, key) {
            Some(Node {
                value: NodeValue::List(items),
                ..
            }) => items,
            Some(node) => cx.wrong_type(key, Expected::Items, node).unwrap_or_default(),
            None => &[],
        }
    }

    /// Returns the parameters of a key: texts by name. Integers and booleans are taken as they are written.
    pub(super) fn text_map(&self, cx: &mut Context<'_>, key: &'static str) -> BTreeMap<String, String> {
        let Some(node) = self.optional(cx, key) else {
            return BTreeMap::new();
        };
        let NodeValue::Map(entries) = &node.value else {
            return cx.wrong_type(key, Expected::Object, node).unwrap_or_default();
        };
        let mut map = BTreeMap::new();
        for entry in entries {
            if let Err(error) = check_text(&entry.key) {
                cx.bad(key, entry.key_line, error.to_string());
            }
            let value = match &entry.value.value {
                NodeValue::Integer(number) => Some(number.to_string()),
                NodeValue::Bool(flag) => Some(flag.to_string()),
                NodeValue::Text(_) => cx.free_text(key, &entry.value),
                _ => cx.wrong_type(key, Expected::Text, &entry.value),
            };
            map.extend(value.map(|value| (entry.key.clone(), value)));
        }
        map
    }
}
