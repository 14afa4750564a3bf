//! An artifact: one subject of a statement, with everything the statement says about its content.
//!
//! In the statement the name and the SHA-256 stand in `subject` (other verifiers reject other digests
//! there), and the rest in the predicate's `artifacts`, in the same order.

use std::collections::BTreeMap;

use crate::canonical::Value;
use crate::digest::Blake3Digest;
use crate::digest::BlobId;
use crate::digest::NodeHash;
use crate::digest::Sha256Digest;

use super::StatementError;
use super::fields::Fields;
use super::fields::Members;
use super::row_root::RowRoot;
use super::text::check_recorded_file_name;
use super::words::Basis;
use super::words::CountBasis;

/// A count and where it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// How many.
    pub value: u64,
    /// Whether Herdbook counted.
    pub basis: CountBasis,
}

/// A manifest as its statement describes it; its lines are a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ManifestFacts {
    /// How many lines.
    pub count: u64,
    /// The sizes of all members together, in bytes, where all are known.
    pub total_bytes: Option<u64>,
    /// RFC 6962 root over the lines, each without its line feed.
    pub root: NodeHash,
}

/// Why something has no bytes here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Absence {
    /// It never has bytes: an API model, a rule without code.
    None,
    /// It has bytes that nobody hashed.
    NotKnown,
    /// Somebody else's identifier is known, in another algorithm.
    Foreign {
        /// The algorithm's name, such as `git-blob-sha1`.
        alg: String,
        /// The identifier.
        value: String,
    },
    /// A made-up example, which fails wherever it stands.
    Illustrative,
}

/// What is known of an artifact's bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// One file.
    File {
        /// Who says the digests.
        basis: Basis,
        /// BLAKE3 of the same bytes.
        blake3: Option<Blake3Digest>,
        /// Size in bytes.
        bytes: Option<u64>,
        /// Whether the ledger holds the bytes as a blob.
        held: bool,
        /// Whether the digest is that of the sealed form, because the content is confidential: then it is not held.
        sealed: bool,
        /// The root over its rows, as many as the artifact says.
        row_root: Option<RowRoot>,
    },
    /// Many files under one manifest, whose lines the ledger holds as a blob.
    Manifest {
        /// Who says the digests of the members.
        basis: Basis,
        /// What the statement says of the manifest.
        facts: ManifestFacts,
    },
    /// Nothing: the subject's digest is that of `declaration`, and matches no file.
    Absent {
        /// Why.
        absence: Absence,
        /// What was declared instead of bytes; its canonical JSON has the subject's digest.
        declaration: BTreeMap<String, String>,
    },
}

/// One subject of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// The registered relative name of a file, or the item's name.
    pub name: String,
    /// SHA-256 of the file, of the manifest, or of the declaration.
    pub sha256: Sha256Digest,
    /// What is known of its bytes.
    pub content: Content,
    /// Rows of this artifact.
    pub rows: Option<Count>,
    /// Tokens of this artifact; always given.
    pub tokens: Option<u64>,
}

impl Artifact {
    /// Makes the artifact of something without bytes: its digest is that of what is declared.
    pub fn absent(name: &str, absence: Absence, mut declaration: BTreeMap<String, String>) -> Self {
        declaration.insert("content".to_owned(), absence_word(&absence).to_owned());
        if let Absence::Foreign { alg, value } = &absence {
            declaration.insert("alg".to_owned(), alg.clone());
            declaration.insert("value".to_owned(), value.clone());
        }
        let sha256 = declaration_digest(&declaration);
        let content = Content::Absent { absence, declaration };
        Self {
            name: name.to_owned(),
            sha256,
            content,
            rows: None,
            tokens: None,
        }
    }

    /// Returns whether the digest is that of bytes somebody could bring.
    pub fn has_bytes(&self) -> bool {
        !matches!(self.content, Content::Absent { .. })
    }

    /// Returns what makes two artifacts the same content: the digest of their bytes, or the foreign identifier that
    /// both have. Something without either is nobody else's.
    pub fn content_id(&self) -> Option<Sha256Digest> {
        match &self.content {
            Content::Absent {
                absence: Absence::Foreign { alg, value },
                ..
            } => {
                let text = format!(
                    "herdbook tie\nforeign\n{}\n{}",
                    plain_alg(alg),
                    value.to_ascii_lowercase()
                );
                Some(Sha256Digest::of(text.as_bytes()))
            }
            Content::Absent { .. } => None,
            Content::File { .. } | Content::Manifest { .. } => Some(self.sha256),
        }
    }

    /// Returns the blob that must be in the ledger: a held file or a manifest.
    pub fn blob(&self) -> Option<BlobId> {
        let held = matches!(
            self.content,
            Content::Manifest { .. } | Content::File { held: true, .. }
        );
        held.then(|| self.sha256.as_blob())
    }

    /// Returns whether the digest is that of a sealed form.
    pub fn is_sealed(&self) -> bool {
        matches!(self.content, Content::File { sealed: true, .. })
    }

    /// Returns the manifest's facts when there is one.
    pub fn manifest(&self) -> Option<&ManifestFacts> {
        match &self.content {
            Content::Manifest { facts, .. } => Some(facts),
            _ => None,
        }
    }

    /// Returns who says the digest; nothing for something without bytes.
    pub fn basis(&self) -> Option<Basis> {
        match self.content {
            Content::File { basis, .. } | Content::Manifest { basis, .. } => Some(basis),
            Content::Absent { .. } => None,
        }
    }

    /// Returns the subject that stands for this artifact.
    pub(super) fn subject(&self) -> Value {
        let mut digest = Members::new();
        digest.put("sha256", self.sha256.to_hex());
        let mut subject = Members::new();
        subject.put("digest", digest.build());
        subject.put("name", self.name.as_str());
        subject.build()
    }

    pub(super) fn encode(&self) -> Value {
        let mut out = Members::new();
        match &self.content {
            Content::File {
                basis,
                blake3,
                bytes,
                held,
                sealed,
                row_root,
            } => {
                out.put("basis", basis.to_string());
                out.put_some("blake3", *blake3);
                out.put_count("bytes", *bytes);
                out.put("content", "file");
                out.put_flag("held", *held);
                out.put_flag("sealed", *sealed);
                RowRoot::put(*row_root, &mut out);
            }
            Content::Manifest { basis, facts } => {
                out.put("basis", basis.to_string());
                out.put("content", "manifest");
                out.put_count("count", Some(facts.count));
                out.put("root", facts.root.to_hex());
                out.put_count("total_bytes", facts.total_bytes);
            }
            Content::Absent { absence, declaration } => {
                out.put("content", absence_word(absence));
                out.put_map("declaration", declaration);
            }
        }
        put_rows(&mut out, self.rows);
        out.put_count("tokens", self.tokens);
        out.build()
    }

    pub(super) fn decode(subject: &Subject, value: Value) -> Result<Self, StatementError> {
        let mut fields = Fields::of(value, "artifact")?;
        let rows = take_rows(&mut fields)?;
        let tokens = fields.count_or_none("tokens")?;
        let content = decode_content(&mut fields, subject)?;
        if let Content::File {
            row_root: Some(row_root),
            sealed,
            ..
        } = &content
            && (rows.is_none() || *sealed)
        {
            return Err(fields.wrong_type(row_root.field(), "absent where rows are not counted"));
        }
        fields.finish()?;
        Ok(Self {
            name: subject.name.clone(),
            sha256: subject.sha256,
            content,
            rows,
            tokens,
        })
    }
}

/// A subject as read from a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Subject {
    pub(super) name: String,
    pub(super) sha256: Sha256Digest,
}

impl Subject {
    pub(super) fn decode(value: Value) -> Result<Self, StatementError> {
        let mut fields = Fields::of(value, "subject")?;
        let name = fields.text("name")?;
        check_recorded_file_name(&name).map_err(|source| fields.bad_value("name", source))?;
        let mut digest = Fields::of(fields.required("digest")?, "subject digest")?;
        let sha256 = digest.digest("sha256", Sha256Digest::from_hex)?;
        digest.finish()?;
        fields.finish()?;
        Ok(Self { name, sha256 })
    }
}

fn decode_content(fields: &mut Fields, subject: &Subject) -> Result<Content, StatementError> {
    let word = fields.text("content")?;
    match word.as_str() {
        "file" => decode_file(fields),
        "manifest" => Ok(Content::Manifest {
            basis: fields.word("basis")?,
            facts: ManifestFacts {
                count: fields.count("count")?,
                total_bytes: fields.count_or_none("total_bytes")?,
                root: fields.digest("root", NodeHash::from_hex)?,
            },
        }),
        _ => decode_absent(&word, fields, subject),
    }
}

fn decode_file(fields: &mut Fields) -> Result<Content, StatementError> {
    let (held, sealed) = (fields.flag("held")?, fields.flag("sealed")?);
    if held && sealed {
        return Err(fields.wrong_type("sealed", "absent where the ledger holds the bytes"));
    }
    Ok(Content::File {
        basis: fields.word("basis")?,
        blake3: fields.parsed_or_none("blake3", Blake3Digest::from_hex)?,
        bytes: fields.count_or_none("bytes")?,
        held,
        sealed,
        row_root: RowRoot::take(fields)?,
    })
}

fn decode_absent(word: &str, fields: &mut Fields, subject: &Subject) -> Result<Content, StatementError> {
    let declaration = fields.text_map("declaration")?;
    let said = |key: &str| declaration.get(key).cloned();
    let absence = match word {
        "none" => Absence::None,
        "not_known" => Absence::NotKnown,
        "illustrative" => Absence::Illustrative,
        "foreign" => match (said("alg"), said("value")) {
            (Some(alg), Some(value)) => Absence::Foreign { alg, value },
            _ => {
                return Err(StatementError::Missing {
                    place: "declaration",
                    field: "alg, value".to_owned(),
                });
            }
        },
        _ => {
            return Err(fields.wrong_type(
                "content",
                "file, manifest, none, not_known, foreign or illustrative",
            ));
        }
    };
    if let Absence::Foreign { alg, .. } = &absence
        && matches!(plain_alg(alg).as_str(), "sha256" | "blake3")
    {
        return Err(StatementError::NotForeign { alg: alg.clone() });
    }
    if said("content").as_deref() != Some(word) || declaration_digest(&declaration) != subject.sha256 {
        return Err(StatementError::Declaration {
            name: subject.name.clone(),
        });
    }
    Ok(Content::Absent { absence, declaration })
}

/// Algorithms are compared by their letters and digits: `SHA-256` is `sha256`.
fn plain_alg(alg: &str) -> String {
    alg.chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>()
        .to_ascii_lowercase()
}

fn declaration_digest(declaration: &BTreeMap<String, String>) -> Sha256Digest {
    let members = declaration
        .iter()
        .map(|(key, value)| (key.clone(), Value::from(value.as_str())))
        .collect();
    Sha256Digest::of(&Value::Object(members).encode())
}

/// Returns the word of an absence, as statements write it.
pub fn absence_word(absence: &Absence) -> &'static str {
    match absence {
        Absence::None => "none",
        Absence::NotKnown => "not_known",
        Absence::Foreign { .. } => "foreign",
        Absence::Illustrative => "illustrative",
    }
}

/// The artifacts of one item, with counts that hold for all of them together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ArtifactSet {
    /// At least one.
    pub artifacts: Vec<Artifact>,
    /// Rows of all together, where they are not known one by one.
    pub rows: Option<Count>,
    /// Tokens of all together, where they are not known one by one.
    pub tokens: Option<u64>,
}

impl ArtifactSet {
    /// Returns the rows of all artifacts together, or nothing when one of them is not known.
    pub fn total_rows(&self) -> Option<u64> {
        self.rows.map(|rows| rows.value).or_else(|| {
            self.artifacts
                .iter()
                .try_fold(0_u64, |sum, artifact| sum.checked_add(artifact.rows?.value))
        })
    }

    /// Returns the tokens of all artifacts together, or nothing when one of them is not known.
    pub fn total_tokens(&self) -> Option<u64> {
        self.tokens.or_else(|| {
            self.artifacts
                .iter()
                .try_fold(0_u64, |sum, artifact| sum.checked_add(artifact.tokens?))
        })
    }

    pub(super) fn encode_into(&self, out: &mut Members) {
        out.put_list("artifacts", self.artifacts.iter().map(Artifact::encode).collect());
        put_rows(out, self.rows);
        out.put_count("tokens", self.tokens);
    }

    /// Takes as many subjects as there are artifacts.
    pub(super) fn decode_from(
        fields: &mut Fields,
        subjects: &mut impl Iterator<Item = Subject>,
    ) -> Result<Self, StatementError> {
        let mut artifacts = Vec::new();
        for value in fields.list("artifacts")? {
            let subject = subjects.next().ok_or(StatementError::SubjectCount)?;
            artifacts.push(Artifact::decode(&subject, value)?);
        }
        if artifacts.is_empty() {
            return Err(StatementError::SubjectCount);
        }
        Ok(Self {
            artifacts,
            rows: take_rows(fields)?,
            tokens: fields.count_or_none("tokens")?,
        })
    }
}

fn put_rows(out: &mut Members, rows: Option<Count>) {
    out.put_count("rows", rows.map(|rows| rows.value));
    out.put_some("rows_basis", rows.map(|rows| rows.basis));
}

fn take_rows(fields: &mut Fields) -> Result<Option<Count>, StatementError> {
    if !fields.has("rows") && !fields.has("rows_basis") {
        return Ok(None);
    }
    Ok(Some(Count {
        value: fields.count("rows")?,
        basis: fields.word("rows_basis")?,
    }))
}

/// Bytes beside the artifacts that the ledger holds, unless they are sealed: evidence, code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// The registered relative name.
    pub name: String,
    /// SHA-256 of the bytes: the blob's id.
    pub blob: BlobId,
    /// Size in bytes.
    pub bytes: u64,
    /// Whether digest and size are those of the sealed form, because the content is confidential: then the ledger does
    /// not hold it.
    pub sealed: bool,
}

impl Attachment {
    pub(super) fn encode(&self) -> Value {
        let mut out = Members::new();
        out.put_count("bytes", Some(self.bytes));
        out.put("name", self.name.as_str());
        out.put_flag("sealed", self.sealed);
        out.put("sha256", self.blob.to_hex());
        out.build()
    }

    pub(super) fn decode(value: Value) -> Result<Self, StatementError> {
        let mut fields = Fields::of(value, "attachment")?;
        let name = fields.text("name")?;
        check_recorded_file_name(&name).map_err(|source| fields.bad_value("name", source))?;
        let attachment = Self {
            name,
            blob: fields.digest("sha256", BlobId::from_hex)?,
            bytes: fields.count("bytes")?,
            sealed: fields.flag("sealed")?,
        };
        fields.finish()?;
        Ok(attachment)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_bytes_is_known_by_its_declaration() {
        let declaration = BTreeMap::from([("name".to_owned(), "m".to_owned())]);
        let one = Artifact::absent("m", Absence::None, declaration.clone());
        let other = Artifact::absent("m", Absence::NotKnown, declaration);
        assert_ne!(one.sha256, other.sha256);
        assert!(!one.has_bytes());
        let subject = Subject {
            name: "m".to_owned(),
            sha256: one.sha256,
        };
        assert_eq!(Artifact::decode(&subject, one.encode()).unwrap(), one);
        let forged = Subject {
            name: "m".to_owned(),
            sha256: other.sha256,
        };
        assert!(matches!(
            Artifact::decode(&forged, one.encode()),
            Err(StatementError::Declaration { .. })
        ));
    }
}
