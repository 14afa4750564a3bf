//! The signed form of a report: a DSSE envelope around an in-toto Statement v1 (`docs/formats/report.md`).

use serde::Deserialize;
use serde::Serialize;

use crate::canonical::Value;
use crate::digest::Sha256Digest;
use crate::envelope::Envelope;
use crate::envelope::EnvelopeError;
use crate::key::PublicKey;
use crate::key::SIGNATURE_BYTES;
use crate::statement::FORMAT_VERSION;
use crate::statement::STATEMENT_TYPE;
use crate::verify::Judgement;
use crate::verify::Verified;

use super::Basis;
use super::ReportError;
use super::document::Document;

/// The predicate type. The *statement* that registers a report in a log is of the kind `report`, and is not this.
pub const PREDICATE_TYPE: &str = "https://herdbook/provenance-report/v1";

/// The longest `report.json` in bytes.
pub const REPORT_BYTES_MAX: usize = 64 << 20;

/// The name of the subject of a report on something without a digest.
const CHECKPOINT_SUBJECT: &str = "checkpoint";

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

/// A signed report whose signature was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    envelope: Envelope,
    document: Document,
}

impl Report {
    /// Makes the report on a judgement: `sign` gets the pre-authentication encoding and signs with the key of `basis`.
    pub fn of<E>(
        judgement: &Verified<Judgement>,
        basis: &Basis<'_>,
        sign: impl FnOnce(&[u8]) -> Result<[u8; SIGNATURE_BYTES], E>,
    ) -> Result<Result<Self, E>, ReportError> {
        Self::seal(&Document::of(judgement, basis), basis.signer, sign)
    }

    /// Signs a document, which only a judgement can become.
    pub(super) fn seal<E>(
        document: &Document,
        key: PublicKey,
        sign: impl FnOnce(&[u8]) -> Result<[u8; SIGNATURE_BYTES], E>,
    ) -> Result<Result<Self, E>, ReportError> {
        let payload = payload(document)?;
        let envelope = match Envelope::seal_payload(payload, key.id(), sign) {
            Ok(envelope) => envelope,
            Err(error) => return Ok(Err(error)),
        };
        // What was signed is read back as anybody will read it.
        Self::decode(&envelope.encode()).map(Ok)
    }

    /// Reads `report.json` and checks its signature with the key it names.
    pub fn decode(bytes: &[u8]) -> Result<Self, ReportError> {
        let envelope = Envelope::decode_within(bytes, REPORT_BYTES_MAX)?;
        let value = Value::decode(envelope.payload())?;
        check_types(&value)?;
        let wire: Wire = serde_json::from_slice(envelope.payload()).map_err(ReportError::Fields)?;
        let document = wire.predicate;
        if document.format != FORMAT_VERSION {
            let found = document.format;
            return Err(ReportError::Format { found });
        }
        let key = PublicKey::from_hex(&document.signer.public_key)?;
        if key.id() != envelope.key() || document.signer.keyid != key.id().to_hex() {
            return Err(ReportError::Signer {
                named: key.id(),
                signed: envelope.key(),
            });
        }
        envelope.verify(key)?;
        if wire.subject != subjects(&document) {
            return Err(ReportError::Inconsistent(
                "its subjects are not the artifacts that were judged",
            ));
        }
        // Also refuses an optional field that is there and says nothing.
        if payload(&document)? != envelope.payload() {
            return Err(EnvelopeError::Form("payload").into());
        }
        Ok(Self { envelope, document })
    }

    /// Returns the bytes of `report.json`.
    pub fn encode(&self) -> Vec<u8> {
        self.envelope.encode()
    }

    /// Returns what the report says.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// Returns the digest of `report.json`.
    pub fn sha256(&self) -> Sha256Digest {
        Sha256Digest::of(&self.encode())
    }
}

/// Tells a statement of another kind before its fields are looked at.
fn check_types(value: &Value) -> Result<(), ReportError> {
    let expected = [("_type", STATEMENT_TYPE), ("predicateType", PREDICATE_TYPE)];
    for (member, expected) in expected {
        let found = match value {
            Value::Object(members) => members.get(member),
            _ => None,
        };
        match found {
            Some(Value::Text(found)) if found == expected => {}
            Some(Value::Text(found)) => {
                let found = found.chars().take(120).collect();
                return Err(ReportError::Type { found });
            }
            _ => {
                let found = "nothing".to_owned();
                return Err(ReportError::Type { found });
            }
        }
    }
    Ok(())
}

fn payload(document: &Document) -> Result<Vec<u8>, ReportError> {
    let wire = Wire {
        kind: STATEMENT_TYPE.to_owned(),
        predicate: document.clone(),
        predicate_type: PREDICATE_TYPE.to_owned(),
        subject: subjects(document),
    };
    let plain = serde_json::to_vec(&wire).map_err(ReportError::Fields)?;
    Ok(Value::parse(&plain)?.encode())
}

/// The artifacts that have a digest; where none has, the checkpoint that was judged.
fn subjects(document: &Document) -> Vec<Subject> {
    let subject = |name: &str, sha256: &str| Subject {
        name: name.to_owned(),
        digest: Digest {
            sha256: sha256.to_owned(),
        },
    };
    let mut subjects: Vec<Subject> = document
        .artifacts
        .iter()
        .filter_map(|artifact| Some(subject(&artifact.name, artifact.sha256.as_deref()?)))
        .collect();
    if subjects.is_empty() {
        let digest = Sha256Digest::of(document.checkpoint_note.as_bytes());
        subjects.push(subject(CHECKPOINT_SUBJECT, &digest.to_hex()));
    }
    subjects
}
