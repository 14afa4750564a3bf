//! The pruned tree as lines of text.

use std::fmt::Write as _;

use crate::digest::NodeHash;
use crate::merkle::LeafIndex;
use crate::merkle::MAX_TREE_SIZE;
use crate::merkle::Part;

/// The most bytes of the lines.
pub const TREE_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Why lines are no pruned tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// A line of another form.
    #[error("line {line} is neither `entry INDEX HASH` nor `node LEVEL INDEX HASH`")]
    Line {
        /// Which, from 1.
        line: usize,
    },
    /// A line that does not go on where the one above ends.
    #[error("line {line} does not cover the entries just below those of the line above")]
    Order {
        /// Which, from 1.
        line: usize,
    },
    /// Lines that do not reach down to entry 0.
    #[error("the lines do not reach down to entry 0")]
    Bottom,
}

/// Returns the lines.
pub(super) fn encode(parts: &[Part]) -> Vec<u8> {
    let mut text = String::new();
    for part in parts {
        let written = match part {
            Part::Leaf { index, hash } => writeln!(text, "entry {index} {hash}"),
            Part::Subtree { level, first, hash } => writeln!(text, "node {level} {first} {hash}"),
        };
        debug_assert!(written.is_ok(), "a string takes everything");
    }
    text.into_bytes()
}

/// Reads lines that cover every leaf once, from the last one down to leaf 0.
pub(super) fn decode(bytes: &[u8]) -> Result<Vec<Part>, TreeError> {
    let mut parts: Vec<Part> = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let line = parts.len() + 1;
        let end = rest
            .iter()
            .position(|byte| *byte == b'\n')
            .ok_or(TreeError::Line { line })?;
        let (text, after) = rest.split_at(end);
        rest = after.get(1..).unwrap_or_default();
        let text = std::str::from_utf8(text).ok();
        let (part, beyond) = text.and_then(parse).ok_or(TreeError::Line { line })?;
        if parts.last().is_some_and(|above| above.first() != beyond) {
            return Err(TreeError::Order { line });
        }
        parts.push(part);
    }
    if parts.last().map(Part::first) != Some(LeafIndex::new(0)) {
        return Err(TreeError::Bottom);
    }
    Ok(parts)
}

/// Returns a part and the leaf behind its last one.
fn parse(line: &str) -> Option<(Part, LeafIndex)> {
    let mut words = line.split(' ');
    let (part, width) = match words.next()? {
        "entry" => {
            let index = LeafIndex::new(number(words.next()?)?);
            let hash = NodeHash::from_hex(words.next()?).ok()?;
            (Part::Leaf { index, hash }, 1)
        }
        "node" => {
            let level = u32::try_from(number(words.next()?)?).ok()?;
            let first = LeafIndex::new(number(words.next()?)?);
            let hash = NodeHash::from_hex(words.next()?).ok()?;
            let width = 1_u64.checked_shl(level)?;
            let part = Part::Subtree { level, first, hash };
            (first.get().is_multiple_of(width)).then_some((part, width))?
        }
        _ => return None,
    };
    let beyond = part.first().get().checked_add(width)?;
    let fits = words.next().is_none() && beyond <= MAX_TREE_SIZE;
    fits.then_some((part, LeafIndex::new(beyond)))
}

/// One number has one text: no sign, no leading zeros.
fn number(text: &str) -> Option<u64> {
    let value: u64 = text.parse().ok()?;
    (value.to_string() == text).then_some(value)
}
