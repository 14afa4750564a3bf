//! Reading a manifest in parts, as large as they come: what is kept is one unfinished line and the edge of the tree.
//!
//! Members are handed on as their lines are read. They count for nothing before `finish` has said that count, total
//! and root are those of the statement, and whoever reads a blob has checked its digest over the same bytes.

use crate::canonical::Value;
use crate::digest::NodeHash;
use crate::merkle::Frontier;
use crate::merkle::leaf_hash;
use crate::statement::ArtifactRef;
use crate::statement::ManifestFacts;

use super::LINE_BYTES_MAX;
use super::MANIFEST_BYTES_MAX;
use super::ManifestError;
use super::line::Member;
use super::line::take_text;

/// Cuts parts into lines, and holds their number and root against what a statement says.
#[derive(Debug)]
struct Lines {
    /// The beginning of a line whose end has not come yet.
    begun: Vec<u8>,
    bytes: u64,
    tree: Frontier,
    count: u64,
    root: NodeHash,
}

impl Lines {
    fn new(count: u64, root: NodeHash) -> Self {
        Self {
            begun: Vec::new(),
            bytes: 0,
            tree: Frontier::new(),
            count,
            root,
        }
    }

    fn push(
        &mut self,
        part: &[u8],
        mut each: impl FnMut(u64, &[u8]) -> Result<(), ManifestError>,
    ) -> Result<(), ManifestError> {
        self.bytes = self.bytes.saturating_add(part.len() as u64);
        if self.bytes > MANIFEST_BYTES_MAX {
            return Err(ManifestError::TooLong);
        }
        for piece in part.split_inclusive(|&byte| byte == b'\n') {
            let line = self.tree.size().get() + 1;
            if self.begun.len() + piece.len() > LINE_BYTES_MAX {
                return Err(ManifestError::Line { line });
            }
            let Some(end) = piece.strip_suffix(b"\n") else {
                self.begun.extend_from_slice(piece);
                continue;
            };
            if line > self.count {
                return Err(ManifestError::Facts { what: "count" });
            }
            let text = if self.begun.is_empty() {
                end
            } else {
                self.begun.extend_from_slice(end);
                &self.begun
            };
            each(line, text)?;
            self.tree.append(leaf_hash(text));
            self.begun.clear();
        }
        Ok(())
    }

    fn finish(&self) -> Result<(), ManifestError> {
        let lines = self.tree.size().get();
        if !self.begun.is_empty() {
            return Err(ManifestError::Line { line: lines + 1 });
        }
        if lines == 0 {
            return Err(ManifestError::Empty);
        }
        if lines != self.count {
            return Err(ManifestError::Facts { what: "count" });
        }
        if self.tree.root() != self.root {
            return Err(ManifestError::Facts { what: "root" });
        }
        Ok(())
    }
}

/// Reads member lines in parts.
#[derive(Debug)]
pub struct MemberReader {
    lines: Lines,
    /// What the statement says the total is.
    stated: Option<u64>,
    total: Option<u64>,
    last: String,
}

impl MemberReader {
    /// Begins to read the manifest of which a statement says `facts`.
    pub fn new(facts: &ManifestFacts) -> Self {
        Self {
            lines: Lines::new(facts.count, facts.root),
            stated: facts.total_bytes,
            total: Some(0),
            last: String::new(),
        }
    }

    /// Takes the next bytes and hands on every member they complete. After an error there is nothing more to read.
    pub fn push(&mut self, part: &[u8], mut each: impl FnMut(Member)) -> Result<(), ManifestError> {
        self.push_lines(part, |_, member| each(member))
    }

    /// Does what [`Self::push`] does, with the exact bytes of each line beside what it says.
    pub fn push_lines(
        &mut self,
        part: &[u8],
        mut each: impl FnMut(&[u8], Member),
    ) -> Result<(), ManifestError> {
        let (last, total) = (&mut self.last, &mut self.total);
        self.lines.push(part, |line, text| {
            let member = Member::decode(line, text)?;
            // No name is empty, so the first one is above the empty text.
            if *last >= member.name {
                let name = member.name;
                return Err(ManifestError::Order { line, name });
            }
            last.clone_from(&member.name);
            *total = total.and_then(|sum| sum.checked_add(member.bytes?));
            each(text, member);
            Ok(())
        })
    }

    /// Ends the manifest: count, root and total must be what the statement says.
    pub fn finish(self) -> Result<(), ManifestError> {
        self.lines.finish()?;
        if self.total == self.stated {
            Ok(())
        } else {
            Err(ManifestError::Facts { what: "total size" })
        }
    }
}

/// Reads cited lines in parts.
#[derive(Debug)]
pub struct CitedReader {
    lines: Lines,
}

impl CitedReader {
    /// Begins to read a manifest with this count and root.
    pub fn new(count: u64, root: NodeHash) -> Self {
        Self {
            lines: Lines::new(count, root),
        }
    }

    /// Takes the next bytes and hands on every reference they complete. After an error there is nothing more to read.
    pub fn push(&mut self, part: &[u8], mut each: impl FnMut(ArtifactRef)) -> Result<(), ManifestError> {
        self.lines.push(part, |line, text| {
            let bad = |field| ManifestError::Field { line, field };
            let value = Value::decode(text).map_err(|source| ManifestError::Canonical { line, source })?;
            let Value::Object(mut members) = value else {
                return Err(bad("the whole line"));
            };
            let text = take_text(&mut members, "artifact", line)?.ok_or_else(|| bad("artifact"))?;
            if !members.is_empty() {
                return Err(bad("an unknown field"));
            }
            each(text.parse().map_err(|_| bad("artifact"))?);
            Ok(())
        })
    }

    /// Ends the manifest: count and root must be what the statement says.
    pub fn finish(self) -> Result<(), ManifestError> {
        self.lines.finish()
    }
}

/// Reads one member line, without its line feed.
pub fn read_member(text: &[u8]) -> Result<Member, ManifestError> {
    if text.len() >= LINE_BYTES_MAX {
        return Err(ManifestError::Line { line: 1 });
    }
    Member::decode(1, text)
}

/// Reads the members of a whole manifest and checks them against what the statement says.
pub fn read_members(bytes: &[u8], facts: &ManifestFacts) -> Result<Vec<Member>, ManifestError> {
    let mut members = Vec::new();
    let mut reader = MemberReader::new(facts);
    reader.push(bytes, |member| members.push(member))?;
    reader.finish().map(|()| members)
}

/// Reads the cited artifacts of a whole manifest and checks them against the count and root that the statement says.
pub fn read_cited(bytes: &[u8], count: u64, root: NodeHash) -> Result<Vec<ArtifactRef>, ManifestError> {
    let mut cited = Vec::new();
    let mut reader = CitedReader::new(count, root);
    reader.push(bytes, |reference| cited.push(reference))?;
    reader.finish().map(|()| cited)
}
