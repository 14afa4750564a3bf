//! From the marked tree to typed values: what all items have in common.
//!
//! Nothing here stops at the first fault. A function that cannot give a value has noted why and returns
//! nothing; whoever called it goes on with the next key.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;

use crate::statement::FILE_NAME_BYTES_MAX;
use crate::statement::ItemName;
use crate::statement::Word;
use crate::statement::check_text;
use crate::statement::escaped;

use super::expected::Expected;
use super::expected::found;
use super::expected::meant;
use super::expected::shortened;
use super::fault::FaultKind;
use super::fault::Faults;
use super::located::Located;
use super::node::Node;
use super::node::NodeValue;
use super::set::Settings;

/// What goes along while a file is decoded.
#[derive(Debug)]
pub(super) struct Context<'a> {
    pub(super) file: &'a Path,
    pub(super) faults: Faults,
    settings: Option<&'a Settings>,
    used: BTreeSet<String>,
    names: BTreeMap<String, (&'static str, u32)>,
}

impl<'a> Context<'a> {
    /// Starts with no fault; without settings, `${` is text like any other.
    pub(super) fn new(file: &'a Path, settings: Option<&'a Settings>) -> Self {
        Self {
            file,
            faults: Faults::default(),
            settings,
            used: BTreeSet::new(),
            names: BTreeMap::new(),
        }
    }

    pub(super) fn fault(&mut self, line: u32, kind: FaultKind) {
        self.faults.at(self.file, line, kind);
    }

    /// Notes a value that is not in its form; `problem` says what to write.
    pub(super) fn bad(&mut self, key: &'static str, line: u32, problem: impl Into<String>) {
        self.fault(
            line,
            FaultKind::BadValue {
                key,
                problem: problem.into(),
            },
        );
    }

    /// Fills the places of `--set` in a name or a path.
    pub(super) fn fill(&mut self, text: &str, line: u32) -> Option<String> {
        let Some(settings) = self.settings else {
            return Some(text.to_owned());
        };
        match settings.fill(text, &mut self.used) {
            Ok(filled) => Some(filled),
            Err(kind) => {
                self.fault(line, kind);
                None
            }
        }
    }

    /// Takes `name` for `what`; another item may not have it.
    pub(super) fn claim(&mut self, name: &Located<ItemName>, what: &'static str) {
        match self.names.get(name.value.as_str()) {
            Some(&(what, first_line)) => {
                let name_taken = FaultKind::NameTaken {
                    name: name.value.to_string(),
                    what,
                    first_line,
                };
                self.fault(name.line, name_taken);
            }
            None => {
                self.names.insert(name.value.to_string(), (what, name.line));
            }
        }
    }

    /// Ends the decoding: a setting that filled nothing is a fault too.
    pub(super) fn finish(mut self) -> Faults {
        // A fault may have kept the place of a setting from being read.
        if let (true, Some(settings)) = (self.faults.is_empty(), self.settings) {
            for key in settings.unused(&self.used) {
                self.faults
                    .whole(self.file, FaultKind::UnusedSetting { key: key.clone() });
            }
        }
        self.faults
    }
}

impl Context<'_> {
    /// Notes a value of another type.
    pub(super) fn wrong_type<T>(&mut self, key: &'static str, expected: Expected, node: &Node) -> Option<T> {
        let kind = match node.value {
            NodeValue::Null => FaultKind::NoValue { key },
            _ => FaultKind::WrongType {
                key,
                expected: expected.phrase(),
                found: found(node),
                example: expected.example(key, node),
            },
        };
        self.fault(node.line, kind);
        None
    }

    pub(super) fn text<'n>(&mut self, key: &'static str, node: &'n Node) -> Option<&'n str> {
        match &node.value {
            NodeValue::Text(text) => Some(text),
            _ => self.wrong_type(key, Expected::Text, node),
        }
    }

    pub(super) fn free_text(&mut self, key: &'static str, node: &Node) -> Option<String> {
        let text = self.text(key, node)?;
        if text.trim().is_empty() {
            self.fault(node.line, FaultKind::NoValue { key });
            return None;
        }
        check_text(text)
            .map_err(|error| self.bad(key, node.line, error.to_string()))
            .ok()?;
        Some(text.to_owned())
    }

    /// Reads what names something: a path, an item, an id. Its places are filled.
    pub(super) fn reference(&mut self, key: &'static str, node: &Node) -> Option<Located<String>> {
        let text = self.text(key, node)?;
        let text = self.fill(text, node.line)?;
        if text.trim().is_empty() {
            self.fault(node.line, FaultKind::NoValue { key });
            return None;
        }
        if text.len() > FILE_NAME_BYTES_MAX {
            self.bad(
                key,
                node.line,
                format!(
                    "{} bytes are more than the {FILE_NAME_BYTES_MAX} allowed",
                    text.len()
                ),
            );
            return None;
        }
        let shown = escaped(&text);
        if shown != text {
            self.bad(
                key,
                node.line,
                format!("`{shown}` contains an invisible character: leave it out"),
            );
            return None;
        }
        Some(Located::new(text, node.line))
    }

    pub(super) fn word<T: Word>(&mut self, key: &'static str, node: &Node) -> Option<T> {
        let text = match &node.value {
            NodeValue::Text(text) => text.as_str(),
            // Whoever writes `personal_data: true` means a word of the list.
            NodeValue::Bool(true) if T::WORDS.contains(&"yes") => "true",
            NodeValue::Bool(false) if T::WORDS.contains(&"no") => "false",
            _ => return self.wrong_type(key, Expected::Word, node),
        };
        if let Ok(word) = T::parse(text) {
            return Some(word);
        }
        let meant = match text {
            "true" => Some("yes").filter(|yes| T::WORDS.contains(yes)),
            "false" => Some("no").filter(|no| T::WORDS.contains(no)),
            _ => meant(text, T::WORDS),
        };
        let found = escaped(&shortened(text));
        self.fault(
            node.line,
            FaultKind::UnknownWord {
                key,
                found,
                meant,
                allowed: T::WORDS,
            },
        );
        None
    }

    /// Returns the items of a list, or the one text that stands for a list of one.
    pub(super) fn one_or_more<'n>(
        &mut self,
        key: &'static str,
        expected: Expected,
        node: &'n Node,
    ) -> &'n [Node] {
        match &node.value {
            NodeValue::Text(_) => std::slice::from_ref(node),
            NodeValue::List(items) => {
                if items.is_empty() {
                    self.fault(node.line, FaultKind::EmptyList { key });
                }
                items
            }
            _ => self.wrong_type(key, expected, node).unwrap_or_default(),
        }
    }
}
