//! Manifests: many members under one digest, one canonical JSON line each.
//!
//! A member line is `{"blake3":..,"bytes":..,"name":..,"rows":..,"sha256":..,"tokens":..}` and a cited line is
//! `{"artifact":"hb:.."}`; each line ends with a line feed. Member lines are sorted by the bytes of their name
//! and no name occurs twice, so the same files give the same manifest on every machine. The statement holds the
//! count, the totals and the RFC 6962 root over the lines without their line feed; `docs/formats/manifest.md`.

use crate::canonical::CanonicalError;
use crate::canonical::Value;
use crate::digest::Blake3Digest;
use crate::digest::NodeHash;
use crate::digest::Sha256Digest;
use crate::merkle;
use crate::statement::ArtifactRef;
use crate::statement::ManifestFacts;
use crate::statement::check_file_name;

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
    /// Nothing in it.
    #[error("a manifest has at least one line")]
    Empty,
}

/// One member of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The registered relative name.
    pub name: String,
    /// SHA-256 of its bytes.
    pub sha256: Sha256Digest,
    /// BLAKE3 of its bytes.
    pub blake3: Option<Blake3Digest>,
    /// Its size in bytes.
    pub bytes: Option<u64>,
    /// Its rows.
    pub rows: Option<u64>,
    /// Its tokens.
    pub tokens: Option<u64>,
}

impl Member {
    fn encode(&self) -> Vec<u8> {
        let mut members = std::collections::BTreeMap::from([
            ("name".to_owned(), Value::from(self.name.as_str())),
            ("sha256".to_owned(), Value::from(self.sha256.to_hex())),
        ]);
        if let Some(blake3) = self.blake3 {
            members.insert("blake3".to_owned(), Value::from(blake3.to_hex()));
        }
        for (field, count) in [
            ("bytes", self.bytes),
            ("rows", self.rows),
            ("tokens", self.tokens),
        ] {
            if let Some(number) = count.and_then(|count| i64::try_from(count).ok()) {
                members.insert(field.to_owned(), Value::Integer(number));
            }
        }
        Value::Object(members).encode()
    }

    fn decode(line: u64, text: &[u8]) -> Result<Self, ManifestError> {
        let bad = |field| ManifestError::Field { line, field };
        let value = Value::decode(text).map_err(|source| ManifestError::Canonical { line, source })?;
        let Value::Object(mut members) = value else {
            return Err(bad("the whole line"));
        };
        let name = take_text(&mut members, "name", line)?.ok_or_else(|| bad("name"))?;
        check_file_name(&name).map_err(|_| bad("name"))?;
        let sha256 = take_text(&mut members, "sha256", line)?.ok_or_else(|| bad("sha256"))?;
        let blake3 = take_text(&mut members, "blake3", line)?;
        let member = Self {
            name,
            sha256: Sha256Digest::from_hex(&sha256).map_err(|_| bad("sha256"))?,
            blake3: blake3
                .map(|hex| Blake3Digest::from_hex(&hex))
                .transpose()
                .map_err(|_| bad("blake3"))?,
            bytes: take_count(&mut members, "bytes", line)?,
            rows: take_count(&mut members, "rows", line)?,
            tokens: take_count(&mut members, "tokens", line)?,
        };
        if members.is_empty() {
            Ok(member)
        } else {
            Err(bad("an unknown field"))
        }
    }
}

type Members = std::collections::BTreeMap<String, Value>;

fn take_text(members: &mut Members, field: &'static str, line: u64) -> Result<Option<String>, ManifestError> {
    match members.remove(field) {
        None => Ok(None),
        Some(Value::Text(text)) => Ok(Some(text)),
        Some(_) => Err(ManifestError::Field { line, field }),
    }
}

fn take_count(members: &mut Members, field: &'static str, line: u64) -> Result<Option<u64>, ManifestError> {
    match members.remove(field) {
        None => Ok(None),
        Some(Value::Integer(number)) => u64::try_from(number)
            .map(Some)
            .map_err(|_| ManifestError::Field { line, field }),
        Some(_) => Err(ManifestError::Field { line, field }),
    }
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
    /// Sorts members by name and encodes them; the same name twice is a [`ManifestError::Order`].
    pub fn of(mut members: Vec<Member>) -> Result<Self, ManifestError> {
        members.sort_by(|left, right| left.name.cmp(&right.name));
        let lines: Vec<Vec<u8>> = members.iter().map(Member::encode).collect();
        let total_bytes = members
            .iter()
            .try_fold(0_u64, |sum, member| sum.checked_add(member.bytes?));
        let manifest = Self {
            facts: facts(&lines, total_bytes),
            bytes: join(&lines),
        };
        // Reading it back checks order, names and lengths by the rule every reader applies.
        read_members(&manifest.bytes, &manifest.facts).map(|_| manifest)
    }

    /// Encodes cited artifacts in the order given.
    pub fn of_cited(references: &[ArtifactRef]) -> Self {
        let lines: Vec<Vec<u8>> = references
            .iter()
            .map(|reference| format!("{{\"artifact\":\"{reference}\"}}").into_bytes())
            .collect();
        Self {
            facts: facts(&lines, None),
            bytes: join(&lines),
        }
    }
}

fn facts(lines: &[Vec<u8>], total_bytes: Option<u64>) -> ManifestFacts {
    let leaves: Vec<NodeHash> = lines.iter().map(|line| merkle::leaf_hash(line)).collect();
    ManifestFacts {
        count: leaves.len() as u64,
        total_bytes,
        root: merkle::root(&leaves),
    }
}

fn join(lines: &[Vec<u8>]) -> Vec<u8> {
    lines
        .iter()
        .flat_map(|line| line.iter().copied().chain([b'\n']))
        .collect()
}

/// Reads the members of a manifest and checks them against what the statement says.
pub fn read_members(bytes: &[u8], facts: &ManifestFacts) -> Result<Vec<Member>, ManifestError> {
    let mut members: Vec<Member> = Vec::new();
    let leaves = read_lines(bytes, |line, text| {
        let member = Member::decode(line, text)?;
        if members.last().is_some_and(|last| last.name >= member.name) {
            return Err(ManifestError::Order {
                line,
                name: member.name,
            });
        }
        members.push(member);
        Ok(())
    })?;
    check(&leaves, facts.count, facts.root)?;
    let total = members
        .iter()
        .try_fold(0_u64, |sum, member| sum.checked_add(member.bytes?));
    if total == facts.total_bytes {
        Ok(members)
    } else {
        Err(ManifestError::Facts { what: "total size" })
    }
}

/// Reads the cited artifacts of a manifest and checks them against the count and root that the statement says.
pub fn read_cited(bytes: &[u8], count: u64, root: NodeHash) -> Result<Vec<ArtifactRef>, ManifestError> {
    let mut cited = Vec::new();
    let leaves = read_lines(bytes, |line, text| {
        let bad = |field| ManifestError::Field { line, field };
        let value = Value::decode(text).map_err(|source| ManifestError::Canonical { line, source })?;
        let Value::Object(mut members) = value else {
            return Err(bad("the whole line"));
        };
        let text = take_text(&mut members, "artifact", line)?.ok_or_else(|| bad("artifact"))?;
        if !members.is_empty() {
            return Err(bad("an unknown field"));
        }
        cited.push(text.parse().map_err(|_| bad("artifact"))?);
        Ok(())
    })?;
    check(&leaves, count, root)?;
    Ok(cited)
}

fn read_lines(
    bytes: &[u8],
    mut each: impl FnMut(u64, &[u8]) -> Result<(), ManifestError>,
) -> Result<Vec<NodeHash>, ManifestError> {
    let mut leaves = Vec::new();
    for (number, line) in (1_u64..).zip(bytes.split_inclusive(|&byte| byte == b'\n')) {
        let text = line.strip_suffix(b"\n").filter(|_| line.len() <= LINE_BYTES_MAX);
        let text = text.ok_or(ManifestError::Line { line: number })?;
        each(number, text)?;
        leaves.push(merkle::leaf_hash(text));
    }
    if leaves.is_empty() {
        Err(ManifestError::Empty)
    } else {
        Ok(leaves)
    }
}

fn check(leaves: &[NodeHash], count: u64, root: NodeHash) -> Result<(), ManifestError> {
    if leaves.len() as u64 != count {
        return Err(ManifestError::Facts { what: "count" });
    }
    if merkle::root(leaves) != root {
        return Err(ManifestError::Facts { what: "root" });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::StatementId;

    fn member(name: &str, bytes: Option<u64>) -> Member {
        Member {
            name: name.to_owned(),
            sha256: Sha256Digest::of(name.as_bytes()),
            blake3: Some(Blake3Digest::of(name.as_bytes())),
            bytes,
            rows: Some(2),
            tokens: None,
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
        let manifest = Manifest::of_cited(&cited);
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
}
