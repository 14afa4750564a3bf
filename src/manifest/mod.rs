//! Manifests: many members under one digest, one canonical JSON line each.
//!
//! A member line is `{"blake3":..,"bytes":..,"name":..,"rows":..,"sha256":..,"tokens":..}` and a cited line is
//! `{"artifact":"hb:.."}`; each line ends with a line feed. Member lines are sorted by the bytes of their name
//! and no name occurs twice, so the same files give the same manifest on every machine. The statement holds the
//! count, the totals and the RFC 6962 root over the lines without their line feed; `docs/formats/manifest.md`.

mod line;
mod reader;

use crate::canonical::CanonicalError;
use crate::merkle::Frontier;
use crate::merkle::leaf_hash;
use crate::statement::ArtifactRef;
use crate::statement::ManifestFacts;

pub use line::Member;
pub use reader::CitedReader;
pub use reader::MemberReader;
pub use reader::read_cited;
pub use reader::read_member;
pub use reader::read_members;

/// The longest manifest in bytes.
pub const MANIFEST_BYTES_MAX: u64 = 1 << 30;

/// The longest line in bytes, its line feed included.
pub const LINE_BYTES_MAX: usize = 4096;

/// Why bytes are not the manifest a statement describes.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The last line has no line feed, or a line is too long.
    #[error("line {line} does not end within {LINE_BYTES_MAX} bytes")]
    Line {
        /// The line, from 1.
        line: u64,
    },
    /// A line that is not canonical JSON.
    #[error("line {line} is not canonical JSON")]
    Canonical {
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        source: CanonicalError,
    },
    /// A member that is missing, unknown or wrong.
    #[error("line {line}: `{field}` is missing, unknown or not valid")]
    Field {
        /// The line, from 1.
        line: u64,
        /// The field.
        field: &'static str,
    },
    /// Names out of order, or one that occurs twice.
    #[error("line {line}: `{name}` is not above the name before it")]
    Order {
        /// The line, from 1.
        line: u64,
        /// The name.
        name: String,
    },
    /// A count, total or root that is not what the statement says.
    #[error("the manifest's {what} is not what the statement says")]
    Facts {
        /// Which of them.
        what: &'static str,
    },
    /// More bytes than a manifest may have.
    #[error("a manifest has at most the MANIFEST_BYTES_MAX of {MANIFEST_BYTES_MAX} bytes")]
    TooLong,
    /// Nothing in it.
    #[error("a manifest has at least one line")]
    Empty,
}

/// A manifest ready to be registered: its bytes and what the statement says of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The blob.
    pub bytes: Vec<u8>,
    /// Count, total size and root.
    pub facts: ManifestFacts,
}

impl Manifest {
    /// Sorts members by name and encodes them. A [`ManifestError`] for what no reader would take: the same name
    /// twice, a name that is none, a count beyond what JSON holds, a line or a manifest that is too long.
    pub fn of(mut members: Vec<Member>) -> Result<Self, ManifestError> {
        members.sort_unstable_by(|left, right| left.name.cmp(&right.name));
        let mut writer = Writer::default();
        let mut total_bytes = Some(0_u64);
        let mut last: Option<&str> = None;
        for (line, member) in (1_u64..).zip(&members) {
            if last.is_some_and(|last| last == member.name) {
                let name = member.name.clone();
                return Err(ManifestError::Order { line, name });
            }
            last = Some(&member.name);
            total_bytes = total_bytes.and_then(|sum| sum.checked_add(member.bytes?));
            writer.line(line, |out| member.encode_into(line, out))?;
        }
        writer.finish(total_bytes)
    }

    /// Encodes cited artifacts in the order given.
    pub fn of_cited(references: &[ArtifactRef]) -> Result<Self, ManifestError> {
        let mut writer = Writer::default();
        for (line, reference) in (1_u64..).zip(references) {
            writer.line(line, |out| {
                out.extend_from_slice(format!("{{\"artifact\":\"{reference}\"}}").as_bytes());
                Ok(())
            })?;
        }
        writer.finish(None)
    }
}

/// Lines as they are written one after the other, with the tree over them.
#[derive(Debug, Default)]
struct Writer {
    bytes: Vec<u8>,
    tree: Frontier,
}

impl Writer {
    fn line(
        &mut self,
        line: u64,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), ManifestError>,
    ) -> Result<(), ManifestError> {
        let start = self.bytes.len();
        encode(&mut self.bytes)?;
        let text = self.bytes.get(start..).unwrap_or_default();
        if text.len() >= LINE_BYTES_MAX {
            return Err(ManifestError::Line { line });
        }
        self.tree.append(leaf_hash(text));
        self.bytes.push(b'\n');
        if self.bytes.len() as u64 > MANIFEST_BYTES_MAX {
            return Err(ManifestError::TooLong);
        }
        Ok(())
    }

    fn finish(self, total_bytes: Option<u64>) -> Result<Manifest, ManifestError> {
        let count = self.tree.size().get();
        if count == 0 {
            return Err(ManifestError::Empty);
        }
        let facts = ManifestFacts {
            count,
            total_bytes,
            root: self.tree.root(),
        };
        let bytes = self.bytes;
        Ok(Manifest { bytes, facts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Blake3Digest;
    use crate::digest::Sha256Digest;
    use crate::digest::StatementId;

    fn member(name: &str, bytes: Option<u64>) -> Member {
        Member {
            name: name.to_owned(),
            sha256: Sha256Digest::of(name.as_bytes()),
            blake3: Some(Blake3Digest::of(name.as_bytes())),
            bytes,
            rows: Some(2),
            tokens: None,
            row_root: None,
        }
    }

    #[test]
    fn the_same_files_give_the_same_manifest_in_any_order() {
        let (a, b) = (member("a", Some(1)), member("b", Some(2)));
        let one = Manifest::of(vec![a.clone(), b.clone()]).unwrap();
        assert_eq!(Manifest::of(vec![b.clone(), a.clone()]).unwrap(), one);
        assert_eq!(one.facts.total_bytes, Some(3));
        assert_eq!(read_members(&one.bytes, &one.facts).unwrap(), vec![a.clone(), b]);
        assert!(matches!(
            Manifest::of(vec![a.clone(), a]),
            Err(ManifestError::Order { line: 2, .. })
        ));
    }

    #[test]
    fn one_unknown_size_makes_the_total_unknown() {
        let manifest = Manifest::of(vec![member("a", Some(1)), member("b", None)]).unwrap();
        assert_eq!(manifest.facts.total_bytes, None);
        let lie = ManifestFacts {
            total_bytes: Some(1),
            ..manifest.facts
        };
        assert!(matches!(
            read_members(&manifest.bytes, &lie),
            Err(ManifestError::Facts { what: "total size" })
        ));
    }

    #[test]
    fn cited_lines_come_back_and_match_the_inline_form() {
        let cited = [ArtifactRef::subject(StatementId::from_bytes([1; 32]), 0)];
        let manifest = Manifest::of_cited(&cited).unwrap();
        assert_eq!(manifest.bytes, crate::statement::Cites::lines(&cited));
        assert_eq!(
            read_cited(&manifest.bytes, 1, manifest.facts.root).unwrap(),
            cited
        );
    }

    /// Every byte flipped, every line left out: never the same manifest.
    #[test]
    fn nothing_is_passed_over() {
        let manifest = Manifest::of((0..5).map(|n| member(&n.to_string(), Some(n))).collect()).unwrap();
        for position in 0..manifest.bytes.len() {
            let mut flipped = manifest.bytes.clone();
            flipped[position] ^= 1;
            assert!(
                read_members(&flipped, &manifest.facts).is_err(),
                "byte {position}"
            );
        }
        let cut = manifest.bytes.iter().rposition(|&byte| byte == b'\n').unwrap();
        assert!(read_members(&manifest.bytes[..cut], &manifest.facts).is_err());
        assert!(read_members(b"", &manifest.facts).is_err());
    }

    /// However the bytes are cut, the same members and the same verdict.
    #[test]
    fn parts_give_what_the_whole_gives() {
        let manifest = Manifest::of((0..5).map(|n| member(&n.to_string(), Some(n))).collect()).unwrap();
        let whole = read_members(&manifest.bytes, &manifest.facts).unwrap();
        for size in 1..manifest.bytes.len() {
            let mut reader = MemberReader::new(&manifest.facts);
            let mut members = Vec::new();
            for part in manifest.bytes.chunks(size) {
                reader.push(part, |member| members.push(member)).unwrap();
            }
            reader.finish().unwrap();
            assert_eq!(members, whole, "parts of {size} bytes");
            let mut short = MemberReader::new(&manifest.facts);
            short.push(&manifest.bytes[..size], |_| {}).unwrap();
            assert!(short.finish().is_err(), "{size} bytes of it");
        }
    }

    /// A line without an end is refused when it is too long, not when memory is full.
    #[test]
    fn what_has_no_end_is_refused_early() {
        let manifest = Manifest::of(vec![member("a", Some(1))]).unwrap();
        let mut reader = MemberReader::new(&manifest.facts);
        reader.push(&[b'x'; LINE_BYTES_MAX], |_| {}).unwrap();
        assert!(matches!(
            reader.push(b"x", |_| {}),
            Err(ManifestError::Line { line: 1 })
        ));
        let mut reader = MemberReader::new(&manifest.facts);
        reader.push(&manifest.bytes, |_| {}).unwrap();
        assert!(matches!(
            reader.push(&manifest.bytes, |_| {}),
            Err(ManifestError::Facts { what: "count" })
        ));
    }
}
