//! The file of a sample: an in-toto Statement v1 in canonical JSON, bare or in a DSSE envelope that the auditor signed.
//!
//! Nothing in it is believed: the verifier draws the sample again and holds the file against it ([`Document::check`]).

use serde::Deserialize;
use serde::Serialize;

use crate::canonical::Value;
use crate::checkpoint::Checkpoint;
use crate::checkpoint::CheckpointError;
use crate::checkpoint::Note;
use crate::checkpoint::root_text;
use crate::envelope::Envelope;
use crate::key::PublicKey;
use crate::key::SIGNATURE_BYTES;
use crate::statement::FORMAT_VERSION;
use crate::statement::STATEMENT_TYPE;
use crate::statement::check_text;
use crate::statement::escaped;

use super::By;
use super::Drawn;
use super::Item;
use super::Mark;
use super::Rule;
use super::SampleError;

/// The predicate type.
pub const PREDICATE_TYPE: &str = "https://herdbook/sample/v1";

/// The longest file in bytes.
pub const SAMPLE_BYTES_MAX: usize = 16 << 20;

/// The name of the one subject: the lines of the population, whose digest stands there.
const SUBJECT: &str = "population";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    #[serde(rename = "_type")]
    kind: String,
    predicate: Document,
    #[serde(rename = "predicateType")]
    predicate_type: String,
    subject: Vec<Subject>,
}

#[derive(Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct Subject {
    digest: Digest,
    name: String,
}

#[derive(Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct Digest {
    sha256: String,
}

/// What a file says of a sample, field by field as in `docs/formats/sample.md`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// The format of this document.
    pub format: u64,
    /// What was sampled, as it was called.
    pub name: String,
    /// Its artifacts.
    pub artifacts: Vec<String>,
    /// The checkpoint at which the population was taken.
    pub checkpoint: AsOf,
    /// The exact signed text of that checkpoint.
    pub checkpoint_note: String,
    /// What is drawn: `shards`, `rows` or `runs`.
    pub by: String,
    /// How many were asked for.
    pub n: u64,
    /// The text of the seed.
    pub seed: String,
    /// What is drawn from.
    pub population: Facts,
    /// The items, in their order.
    pub items: Vec<Marked>,
    /// Who signed; only in a signed file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auditor: Option<Auditor>,
}

/// As of when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AsOf {
    /// The name of the log.
    pub origin: String,
    /// How many entries it has.
    pub size: u64,
    /// The root over all of them, in base64 as in the note.
    pub root: String,
}

/// The population in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// How many items it has.
    pub size: u64,
    /// SHA-256 of its lines.
    pub sha256: String,
    /// Its strata, by their names.
    pub strata: Vec<Stratum>,
    /// Files that the ledger holds and checks by itself.
    pub held: u64,
    /// Content without a digest of its bytes.
    pub unhashed: u64,
    /// Files of which nobody knows how many rows they have.
    pub rows_unknown: u64,
    /// The names of the first of those.
    pub rows_unknown_in: Vec<String>,
}

/// A stratum in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stratum {
    /// The class of origin.
    pub name: String,
    /// How many items it has.
    pub size: u64,
    /// How many are drawn.
    pub drawn: u64,
}

/// An item with its mark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Marked {
    /// The class of its origin.
    pub stratum: String,
    /// The artifact, or the statement of a run.
    pub id: String,
    /// The registered name of the file; the name of the run.
    pub name: String,
    /// The digest of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The row, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<u64>,
    /// What was found.
    pub mark: Mark,
    /// What the auditor noted, or the program found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Who signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auditor {
    /// The raw Ed25519 public key in hexadecimal digits.
    pub public_key: String,
    /// SHA-256 of the raw public key.
    pub keyid: String,
}

impl Document {
    /// Writes down a sample that was just drawn: nothing of it is checked yet.
    pub fn of(
        drawn: &Drawn,
        name: &str,
        artifacts: Vec<String>,
        checkpoint_note: &str,
    ) -> Result<Self, SampleError> {
        let strata = drawn.strata.iter().map(|stratum| Stratum {
            name: stratum.name.clone(),
            size: stratum.size,
            drawn: stratum.drawn,
        });
        Ok(Self {
            format: FORMAT_VERSION,
            name: name.to_owned(),
            artifacts,
            checkpoint: as_of(checkpoint_note)?,
            checkpoint_note: checkpoint_note.to_owned(),
            by: drawn.rule.by().as_str().to_owned(),
            n: drawn.rule.n(),
            seed: drawn.rule.seed().to_owned(),
            population: Facts {
                size: drawn.size,
                sha256: drawn.population.to_hex(),
                strata: strata.collect(),
                held: drawn.outside.held,
                unhashed: drawn.outside.unhashed,
                rows_unknown: drawn.outside.rows_unknown,
                rows_unknown_in: drawn.outside.named.clone(),
            },
            items: drawn.items.iter().map(marked).collect(),
            auditor: None,
        })
    }

    /// Returns the rule that it says it was drawn by.
    pub fn rule(&self) -> Result<Rule, SampleError> {
        let by =
            By::parse(&self.by).ok_or(SampleError::Inconsistent("it was drawn by nothing that is known"))?;
        Rule::new(by, self.n, &self.seed)
    }

    /// Marks one item, counted from 1.
    pub fn mark(&mut self, number: u64, mark: Mark, note: Option<&str>) -> Result<(), SampleError> {
        let items = self.items.len() as u64;
        let at = number.checked_sub(1).and_then(|at| usize::try_from(at).ok());
        let item = at.and_then(|at| self.items.get_mut(at));
        let item = item.ok_or(SampleError::NoItem { found: number, items })?;
        item.mark = mark;
        item.note = note.map(str::to_owned);
        Ok(())
    }

    /// Returns what a sample that the rule draws has and this one has not; nothing if they are the same but for marks.
    pub fn check(&self, drawn: &Drawn, judged: &Checkpoint) -> Option<String> {
        let here = &self.checkpoint;
        if here.origin != judged.origin.as_str() {
            return Some(format!(
                "it was drawn from the log {}, and this is {}",
                escaped(&here.origin),
                judged.origin
            ));
        }
        if here.size != judged.size.get() || here.root != root_text(&judged.root) {
            return Some(format!(
                "it was drawn at {} entries with the root {}, and what is judged has {} with the root {}",
                here.size,
                escaped(&here.root),
                judged.size,
                root_text(&judged.root)
            ));
        }
        let expected = match Self::of(drawn, &self.name, self.artifacts.clone(), &self.checkpoint_note) {
            Ok(expected) => expected,
            Err(error) => return Some(error.to_string()),
        };
        if self.population != expected.population {
            return Some(format!(
                "it says that the population has {} items with the sha256 {}, and the lineage has {} with {}, or other \
                 strata",
                self.population.size,
                escaped(&self.population.sha256),
                expected.population.size,
                expected.population.sha256
            ));
        }
        if self.items.len() != expected.items.len() {
            return Some(format!(
                "it has {} items, and the rule draws {}",
                self.items.len(),
                expected.items.len()
            ));
        }
        let pairs = (1_u64..).zip(self.items.iter().zip(&expected.items));
        pairs
            .filter(|(_, (item, expected))| item.drawn() != expected.drawn())
            .map(|(number, (item, expected))| {
                format!(
                    "item {number} is {}, and the rule draws {}",
                    item.describe(),
                    expected.describe()
                )
            })
            .next()
    }
}

impl Marked {
    /// What the rule decides of it.
    fn drawn(&self) -> (&str, &str, &str, Option<&str>, Option<u64>) {
        (
            &self.stratum,
            &self.id,
            &self.name,
            self.sha256.as_deref(),
            self.row,
        )
    }

    /// Returns its name with the row.
    pub fn describe(&self) -> String {
        let name = escaped(&self.name);
        self.row
            .map_or(name.clone(), |row| format!("row {row} of {name}"))
    }
}

fn marked(item: &Item) -> Marked {
    Marked {
        stratum: item.stratum.clone(),
        id: item.unit.id(),
        name: item.unit.name.clone(),
        sha256: item.unit.sha256.map(|sha256| sha256.to_hex()),
        row: item.row,
        mark: Mark::NotChecked,
        note: None,
    }
}

/// Reads what a note says; whether it is signed is for the verifier to say.
fn as_of(note: &str) -> Result<AsOf, SampleError> {
    let note = Note::parse(note.as_bytes()).map_err(CheckpointError::from)?;
    let checkpoint = Checkpoint::parse_text(note.text())?;
    Ok(AsOf {
        origin: checkpoint.origin.to_string(),
        size: checkpoint.size.get(),
        root: root_text(&checkpoint.root),
    })
}

/// A file: what it says, and who signed it if anybody did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleFile {
    document: Document,
    signer: Option<PublicKey>,
    bytes: Vec<u8>,
}

impl SampleFile {
    /// Writes a document that nobody has signed.
    pub fn unsigned(document: &Document) -> Result<Self, SampleError> {
        let document = Document {
            auditor: None,
            ..document.clone()
        };
        let mut bytes = payload(&document)?;
        bytes.push(b'\n');
        Self::decode(&bytes)
    }

    /// Signs a document: `sign` gets the pre-authentication encoding and signs with `key`.
    pub fn signed<E>(
        document: &Document,
        key: PublicKey,
        sign: impl FnOnce(&[u8]) -> Result<[u8; SIGNATURE_BYTES], E>,
    ) -> Result<Result<Self, E>, SampleError> {
        let document = Document {
            auditor: Some(Auditor {
                public_key: key.to_hex(),
                keyid: key.id().to_hex(),
            }),
            ..document.clone()
        };
        match Envelope::seal_payload(payload(&document)?, key.id(), sign) {
            // What was signed is read back as anybody will read it.
            Ok(envelope) => Self::decode(&envelope.encode()).map(Ok),
            Err(error) => Ok(Err(error)),
        }
    }

    /// Reads a file. A signature must be right; what is unsigned ends with a line feed.
    pub fn decode(bytes: &[u8]) -> Result<Self, SampleError> {
        if bytes.len() > SAMPLE_BYTES_MAX {
            return Err(SampleError::Inconsistent(
                "it is longer than the limit SAMPLE_BYTES_MAX of 16 MiB",
            ));
        }
        let (document, signer) = if let Some(bare) = bytes.strip_suffix(b"\n") {
            (document(bare)?, None)
        } else {
            let envelope = Envelope::decode_within(bytes, SAMPLE_BYTES_MAX)?;
            let document = document(envelope.payload())?;
            let auditor = document.auditor.as_ref().ok_or(SampleError::Signer)?;
            let key = PublicKey::from_hex(&auditor.public_key)?;
            if key.id() != envelope.key() || auditor.keyid != key.id().to_hex() {
                return Err(SampleError::Signer);
            }
            envelope.verify(key)?;
            (document, Some(key))
        };
        if signer.is_none() && document.auditor.is_some() {
            return Err(SampleError::Signer);
        }
        Ok(Self {
            document,
            signer,
            bytes: bytes.to_vec(),
        })
    }

    /// Returns what the file says.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// Returns whose signature stands under it.
    pub fn signer(&self) -> Option<PublicKey> {
        self.signer
    }

    /// Returns the bytes of the file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

fn document(payload_bytes: &[u8]) -> Result<Document, SampleError> {
    let value = Value::decode(payload_bytes)?;
    check_types(&value)?;
    let wire: Wire = serde_json::from_slice(payload_bytes).map_err(SampleError::Fields)?;
    let document = wire.predicate;
    if document.format != FORMAT_VERSION {
        let found = document.format;
        return Err(SampleError::Format { found });
    }
    document.rule()?;
    if as_of(&document.checkpoint_note)? != document.checkpoint {
        return Err(SampleError::Inconsistent(
            "its checkpoint is not the one of its note",
        ));
    }
    if wire.subject != [subject(&document)] {
        return Err(SampleError::Inconsistent("its subject is not its population"));
    }
    let texts = document
        .items
        .iter()
        .flat_map(|item| [Some(&item.name), item.note.as_ref()]);
    if texts.flatten().any(|text| check_text(text).is_err()) {
        return Err(SampleError::Inconsistent("a name or a note is not a text"));
    }
    // Also refuses an optional field that is there and says nothing.
    if payload(&document)? != payload_bytes {
        return Err(SampleError::Inconsistent(
            "it does not have the one form it may have",
        ));
    }
    Ok(document)
}

/// Tells a statement of another kind before its fields are looked at.
fn check_types(value: &Value) -> Result<(), SampleError> {
    for (member, expected) in [("_type", STATEMENT_TYPE), ("predicateType", PREDICATE_TYPE)] {
        let found = match value {
            Value::Object(members) => members.get(member),
            _ => None,
        };
        let found = match found {
            Some(Value::Text(found)) if found == expected => continue,
            Some(Value::Text(found)) => escaped(found).chars().take(120).collect(),
            _ => "nothing".to_owned(),
        };
        return Err(SampleError::Type { found });
    }
    Ok(())
}

fn payload(document: &Document) -> Result<Vec<u8>, SampleError> {
    let wire = Wire {
        kind: STATEMENT_TYPE.to_owned(),
        predicate: document.clone(),
        predicate_type: PREDICATE_TYPE.to_owned(),
        subject: vec![subject(document)],
    };
    let plain = serde_json::to_vec(&wire).map_err(SampleError::Fields)?;
    Ok(Value::parse(&plain)?.encode())
}

fn subject(document: &Document) -> Subject {
    Subject {
        digest: Digest {
            sha256: document.population.sha256.clone(),
        },
        name: SUBJECT.to_owned(),
    }
}
