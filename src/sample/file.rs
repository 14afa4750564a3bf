//! The file of a sample: an in-toto Statement v1 in canonical JSON, bare or in a DSSE envelope that the auditor signed.

use serde::Deserialize;
use serde::Serialize;

use crate::canonical::Value;
use crate::envelope::Envelope;
use crate::key::PublicKey;
use crate::key::SIGNATURE_BYTES;
use crate::statement::FORMAT_VERSION;
use crate::statement::STATEMENT_TYPE;
use crate::statement::check_text;
use crate::statement::escaped;

use super::SampleError;
use super::document::Auditor;
use super::document::Document;
use super::document::as_of;

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
