//! What a key wants, what was found instead, and what was probably meant.

use crate::statement::escaped;

use super::node::Node;
use super::node::NodeValue;

/// How far a word may be from what was meant, as a part of its length: one letter in three.
const MEANT_LETTERS: usize = 3;

/// What a key wants, in words and by example.
#[derive(Debug, Clone, Copy)]
pub(super) enum Expected {
    Text,
    Count,
    Decimal,
    Flag,
    Word,
    Texts,
    Paths,
    Items,
    Object,
    Generators,
    Rule,
}

impl Expected {
    pub(super) fn phrase(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Count => "a whole number from 0",
            Self::Decimal => "a whole number or a decimal in quotes",
            Self::Flag => "true or false",
            Self::Word => "a word",
            Self::Texts => "a text or a list of texts",
            Self::Paths => "a path or a list of paths",
            Self::Items => "a list",
            Self::Object => "an object",
            Self::Generators => "a list of names, or not_known",
            Self::Rule => "a list of rules",
        }
    }

    pub(super) fn example(self, key: &str, node: &Node) -> String {
        match (self, &node.value) {
            (Self::Text | Self::Word, NodeValue::Integer(number)) => format!("{key}: \"{number}\""),
            (Self::Text | Self::Word, NodeValue::Bool(flag)) => format!("{key}: \"{flag}\""),
            (Self::Text | Self::Word, _) => format!("{key}: some text"),
            (Self::Count, NodeValue::Text(text)) => {
                let digits: String = text.chars().filter(char::is_ascii_digit).take(15).collect();
                format!("{key}: {}", if digits.is_empty() { "100" } else { &digits })
            }
            (Self::Count, _) => format!("{key}: 100"),
            (Self::Decimal, _) => format!("{key}: \"0.5\""),
            (Self::Flag, _) => format!("{key}: true"),
            (Self::Texts, _) => format!("{key}: [one, two]"),
            (Self::Paths, _) => format!("{key}: [data/*.jsonl]"),
            (Self::Items, _) => of_list(key),
            (Self::Object, _) if key == "policy" => "herdbook: policy/v1".to_owned(),
            (Self::Object, _) if matches!(key, "allow" | "forbid" | "from" | "sets") => {
                format!("{key}: {{name: [my-name]}}")
            }
            (Self::Object, _)
                if !matches!(key, "crawl" | "foreign" | "herdbook" | "params" | "environment") =>
            {
                of_list(key)
            }
            (Self::Generators, NodeValue::Text(name)) => format!("{key}: [{}]", escaped(&shortened(name))),
            (Self::Generators, _) => format!("{key}: not_known"),
            (Self::Rule, _) => format!("{key}: [{{rule: inputs_complete}}]"),
            (Self::Object, _) if key == "herdbook" => "herdbook: 1".to_owned(),
            (Self::Object, _) => format!("{key}: {{name: value}}"),
        }
    }
}

fn of_list(key: &str) -> String {
    match key {
        "digests" => "digests: [{name: part-0.jsonl, sha256: \"...\"}]".to_owned(),
        "inputs" => "inputs: [{use: NAME, as: data}]".to_owned(),
        "outputs" => "outputs: [{name: tasks, kind: shard, files: [out/*.jsonl]}]".to_owned(),
        "members" => "members: [NAME]".to_owned(),
        _ => format!("{key}: [{{name: my-name}}]"),
    }
}

pub(super) fn found(node: &Node) -> String {
    match &node.value {
        NodeValue::Null => "nothing".to_owned(),
        NodeValue::Bool(flag) => format!("`{flag}`"),
        NodeValue::Integer(number) => format!("the integer {number}"),
        NodeValue::Text(text) => format!("the text `{}`", escaped(&shortened(text))),
        NodeValue::List(_) => "a list".to_owned(),
        NodeValue::Map(_) => "an object".to_owned(),
    }
}

pub(super) fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}

/// Returns the word of a list that somebody probably meant.
pub(super) fn meant(written: &str, allowed: &'static [&'static str]) -> Option<&'static str> {
    let written = shortened(written).to_lowercase();
    let limit = (written.chars().count() / MEANT_LETTERS).max(1);
    allowed
        .iter()
        .map(|word| (strsim::damerau_levenshtein(&written, word), *word))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, word)| word)
}
