//! YAML 1.2 to the marked tree, by the events of `saphyr-parser`.
//!
//! Plain words are text: `no` is a word. Only `true` and `false` are booleans, only what JSON would
//! call an integer is one, and only `null`, `~` and nothing are null. Everything that makes the same
//! bytes mean different things to different readers is refused: anchors, aliases, tags, merge keys,
//! several documents, and numbers in forms that JSON does not have.

use saphyr_parser::Event;
use saphyr_parser::Parser;
use saphyr_parser::ScalarStyle;
use saphyr_parser::ScanError;
use saphyr_parser::Span;

use super::node::Builder;
use super::node::MapBuilder;
use super::node::Marked;
use super::node::Node;
use super::node::NodeValue;
use super::node::TreeFault;
use super::node::is_integer;

/// Reads one YAML document; what is wrong comes with its line.
pub(super) fn read(text: &str) -> Result<Node, Vec<Marked>> {
    let mut reader = Reader::default();
    if let Err(last) = reader.read_events(text) {
        reader.builder.faults.push(last);
    }
    if !reader.builder.faults.is_empty() {
        return Err(reader.builder.faults);
    }
    reader.root.ok_or_else(|| vec![(1, TreeFault::Empty)])
}

#[derive(Debug, Default)]
struct Reader {
    builder: Builder,
    /// The lists and objects that are open.
    open: Vec<Open>,
    documents: usize,
    root: Option<Node>,
}

#[derive(Debug)]
struct Open {
    line: u32,
    content: OpenContent,
}

#[derive(Debug)]
enum OpenContent {
    List(Vec<Node>),
    Map {
        members: MapBuilder,
        key: Option<(String, u32)>,
    },
}

impl Reader {
    fn read_events(&mut self, text: &str) -> Result<(), Marked> {
        for event in Parser::new_from_str(text) {
            let (event, span) =
                event.map_err(|error| (line_of(error.marker().line()), told(&error, text)))?;
            self.event(event, line_of(span_line(span)))?;
        }
        Ok(())
    }

    fn event(&mut self, event: Event<'_>, line: u32) -> Result<(), Marked> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                refuse(anchor, tag.is_some(), line)?;
                self.scalar(&text, style, line)
            }
            Event::SequenceStart(anchor, tag) => {
                refuse(anchor, tag.is_some(), line)?;
                self.begin(OpenContent::List(Vec::new()), line)
            }
            Event::MappingStart(anchor, tag) => {
                refuse(anchor, tag.is_some(), line)?;
                self.begin(
                    OpenContent::Map {
                        members: MapBuilder::default(),
                        key: None,
                    },
                    line,
                )
            }
            Event::SequenceEnd | Event::MappingEnd => {
                self.end();
                Ok(())
            }
            Event::Alias(_) => Err((line, TreeFault::Alias)),
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    Err((line, TreeFault::SecondDocument))
                } else {
                    Ok(())
                }
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
        }
    }

    fn begin(&mut self, content: OpenContent, line: u32) -> Result<(), Marked> {
        if self.awaits_key() {
            return Err((line, TreeFault::KeyNotText));
        }
        self.builder.enter(self.open.len() + 1, line)?;
        self.open.push(Open { line, content });
        Ok(())
    }

    fn end(&mut self) {
        // The parser pairs starts and ends, so there is one to close.
        if let Some(Open { line, content }) = self.open.pop() {
            let value = match content {
                OpenContent::List(items) => NodeValue::List(items),
                OpenContent::Map { members, .. } => members.finish(),
            };
            self.attach(Node { value, line });
        }
    }

    fn scalar(&mut self, text: &str, style: ScalarStyle, line: u32) -> Result<(), Marked> {
        let plain = style == ScalarStyle::Plain;
        if !self.awaits_key() {
            self.builder.enter(self.open.len(), line)?;
            let value = if plain {
                self.resolve(text, line)
            } else {
                NodeValue::Text(text.to_owned())
            };
            self.attach(Node { value, line });
            return Ok(());
        }
        if plain && text == "<<" {
            return Err((line, TreeFault::MergeKey));
        }
        if plain && is_null(text) {
            return Err((line, TreeFault::KeyNotText));
        }
        if let Some(Open {
            content: OpenContent::Map { key, .. },
            ..
        }) = self.open.last_mut()
        {
            *key = Some((text.to_owned(), line));
        }
        Ok(())
    }

    fn awaits_key(&self) -> bool {
        matches!(
            self.open.last(),
            Some(Open {
                content: OpenContent::Map { key: None, .. },
                ..
            })
        )
    }

    fn attach(&mut self, node: Node) {
        match self.open.last_mut().map(|open| &mut open.content) {
            None => self.root = Some(node),
            Some(OpenContent::List(items)) => items.push(node),
            Some(OpenContent::Map { members, key }) => {
                let (key, key_line) = key.take().expect("a node that finds no key waiting is the key");
                members.insert(key, key_line, node, &mut self.builder);
            }
        }
    }

    /// Says what a plain scalar means (YAML 1.2.2, 10.3.2, without its floats and foreign integers).
    fn resolve(&mut self, text: &str, line: u32) -> NodeValue {
        match text {
            "true" => NodeValue::Bool(true),
            "false" => NodeValue::Bool(false),
            _ if is_null(text) => NodeValue::Null,
            _ if is_integer(text) => self.builder.integer(text, line),
            _ if looks_like_number(text) => self.builder.not_integer(text, line),
            _ => NodeValue::Text(text.to_owned()),
        }
    }
}

/// Says what the parser found, and what to do where its own words would not tell: an unquoted `*.jsonl`
/// is an alias to YAML, and the brace of `${k}` ends an object.
fn told(error: &ScanError, text: &str) -> TreeFault {
    let mut detail = error.info().to_owned();
    if detail.contains("anchor") {
        return TreeFault::Alias;
    }
    let line = text
        .lines()
        .nth(error.marker().line().saturating_sub(1))
        .unwrap_or_default();
    if detail.contains("flow") && line.contains("${") {
        detail.push_str(" (inside `{ }` and `[ ]`, write text with `${` in quotes)");
    }
    TreeFault::Syntax {
        language: "YAML",
        detail,
    }
}

fn refuse(anchor: usize, tagged: bool, line: u32) -> Result<(), Marked> {
    if anchor != 0 {
        return Err((line, TreeFault::Anchor));
    }
    if tagged {
        Err((line, TreeFault::Tag))
    } else {
        Ok(())
    }
}

fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

/// Returns whether a YAML 1.2 reader takes `text` for a number of a form that JSON does not have, or
/// for a float: `0.7`, `1e3`, `+1`, `007`, `0x1f`, `0o17`, `.inf`.
fn looks_like_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let based = |prefix, radix| {
        text.strip_prefix(prefix)
            .is_some_and(|rest: &str| !rest.is_empty() && rest.chars().all(|c| c.is_digit(radix)))
    };
    if based("0x", 16) || based("0o", 8) {
        return true;
    }
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = unsigned
        .split_once(['e', 'E'])
        .map_or((unsigned, None), |(m, e)| (m, Some(e)));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent_fits = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty()) && exponent_fits
}

fn span_line(span: Span) -> usize {
    span.start.line()
}

fn line_of(line: usize) -> u32 {
    u32::try_from(line).unwrap_or(u32::MAX)
}
