//! What one statement withholds, as lines of canonical JSON: the item first, then each text or content.

use std::collections::BTreeMap;
use std::io;
use std::io::Write;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::canonical::Value;
use crate::commitment::Commitment;
use crate::digest::Sha256Digest;

/// What begins the line of a text: its keys are sorted, and this is the first.
const TEXT_LINE: &str = "{\"commitment\":\"";

/// One thing that a statement withholds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opening {
    /// A text.
    Text {
        /// What stands in the statement.
        commitment: Commitment,
        /// The context it was committed in.
        context: String,
        /// The text.
        text: String,
    },
    /// Content that is sealed.
    Content {
        /// The digest that stands in the statement.
        sha256: Sha256Digest,
        /// The context its salt was drawn in.
        context: String,
        /// The content.
        bytes: Vec<u8>,
    },
}

/// Everything that a statement withholds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// The statement's kind.
    pub kind: String,
    /// The item's name, which may itself be withheld.
    pub name: String,
    /// What opens the commitments.
    pub openings: Vec<Opening>,
}

impl Kept {
    pub(super) fn write_to(&self, out: &mut impl Write) -> io::Result<()> {
        let mut out = io::BufWriter::new(out);
        let mut line = |members: Vec<(&str, String)>| {
            let members = members.into_iter();
            let members = members.map(|(key, text)| (key.to_owned(), Value::from(text)));
            out.write_all(&Value::Object(members.collect()).encode())?;
            out.write_all(b"\n")
        };
        line(vec![("kind", self.kind.clone()), ("name", self.name.clone())])?;
        for opening in &self.openings {
            line(match opening {
                Opening::Text {
                    commitment,
                    context,
                    text,
                } => vec![
                    ("commitment", commitment.to_string()),
                    ("context", context.clone()),
                    ("text", text.clone()),
                ],
                Opening::Content {
                    sha256,
                    context,
                    bytes,
                } => vec![
                    ("bytes", STANDARD.encode(bytes)),
                    ("context", context.clone()),
                    ("sha256", sha256.to_hex()),
                ],
            })?;
        }
        out.flush()
    }

    pub(super) fn take_header(&mut self, line: &str) -> Option<()> {
        let mut members = members(line)?;
        self.kind = text(&mut members, "kind")?;
        self.name = text(&mut members, "name")?;
        members.is_empty().then_some(())
    }

    pub(super) fn take_opening(&mut self, line: &str) -> Option<()> {
        let mut members = members(line)?;
        let context = text(&mut members, "context")?;
        let opening = if let Some(commitment) = text(&mut members, "commitment") {
            Opening::Text {
                commitment: Commitment::parse(&commitment)?,
                context,
                text: text(&mut members, "text")?,
            }
        } else {
            Opening::Content {
                sha256: Sha256Digest::from_hex(&text(&mut members, "sha256")?).ok()?,
                context,
                bytes: STANDARD.decode(text(&mut members, "bytes")?).ok()?,
            }
        };
        self.openings.push(opening);
        members.is_empty().then_some(())
    }
}

/// Returns the commitment of a line without reading the rest of it: there may be a million.
pub(super) fn commitment_of(line: &str) -> Option<Commitment> {
    let (commitment, _) = line.strip_prefix(TEXT_LINE)?.split_once('"')?;
    Commitment::parse(commitment)
}

/// Returns the text of a line.
pub(super) fn text_of(line: &str) -> Option<String> {
    text(&mut members(line)?, "text")
}

fn members(line: &str) -> Option<BTreeMap<String, Value>> {
    match Value::decode(line.as_bytes()).ok()? {
        Value::Object(members) => Some(members),
        _ => None,
    }
}

fn text(members: &mut BTreeMap<String, Value>, key: &str) -> Option<String> {
    match members.remove(key)? {
        Value::Text(text) => Some(text),
        _ => None,
    }
}
