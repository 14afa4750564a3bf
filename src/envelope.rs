//! The DSSE envelope (dsse v1.0.2): one payload, exactly one Ed25519 signature, one encoding.
//!
//! DSSE lets an envelope vary (URL-safe base64, unknown fields, several signatures). Ours does not: an
//! envelope is the canonical JSON of its three members with standard padded base64, so the bytes of a log
//! leaf are determined by payload, key and signature. Identity still comes from the pre-authentication
//! encoding, never from envelope bytes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::canonical::CanonicalError;
use crate::canonical::Value;
use crate::digest::DigestError;
use crate::digest::KeyId;
use crate::digest::StatementId;
use crate::key;
use crate::key::BATCH_SIGNATURES;
use crate::key::KeyError;
use crate::key::PublicKey;
use crate::key::SIGNATURE_BYTES;
use crate::key::Signed;
use crate::statement::Statement;
use crate::statement::StatementError;

/// The only payload type.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// The longest envelope in bytes: what one entry of a tile can hold (C2SP tlog-tiles).
pub const ENVELOPE_BYTES_MAX: usize = 65_535;

/// Why bytes are not an envelope, or its signature does not count.
#[derive(Debug, thiserror::Error)]
pub enum EnvelopeError {
    /// More bytes than its place can hold.
    #[error("{found} bytes are more than the {limit} that such an envelope may have")]
    TooLong {
        /// How many bytes there are.
        found: usize,
        /// How many may be.
        limit: usize,
    },
    /// Not canonical JSON.
    #[error("the envelope is not canonical JSON")]
    Canonical(#[from] CanonicalError),
    /// Not the three members, one signature, our payload type and standard base64.
    #[error("the envelope does not have the one form it may have: {0}")]
    Form(&'static str),
    /// The key id is not a digest.
    #[error("the key id is not one")]
    KeyId(#[from] DigestError),
    /// The signature does not count.
    #[error("the signature does not count")]
    Signature(#[from] KeyError),
    /// The payload is no statement.
    #[error("the payload is not a statement")]
    Statement(#[from] StatementError),
    /// The statement names another issuer than the key that signed.
    #[error("the statement names issuer {issuer}, but key {key} signed it")]
    Issuer {
        /// Who the statement says signed.
        issuer: KeyId,
        /// Who signed.
        key: KeyId,
    },
}

/// A signed payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    payload: Vec<u8>,
    key: KeyId,
    signature: [u8; SIGNATURE_BYTES],
}

impl Envelope {
    /// Signs a statement: `sign` gets the pre-authentication encoding. The key must be the statement's issuer.
    pub fn seal<E>(
        statement: &Statement,
        sign: impl FnOnce(&[u8]) -> Result<[u8; SIGNATURE_BYTES], E>,
    ) -> Result<Self, E> {
        Self::seal_payload(statement.encode(), statement.issuer, sign)
    }

    /// Signs the bytes of an in-toto statement that is no entry of a log, such as a report.
    pub fn seal_payload<E>(
        payload: Vec<u8>,
        key: KeyId,
        sign: impl FnOnce(&[u8]) -> Result<[u8; SIGNATURE_BYTES], E>,
    ) -> Result<Self, E> {
        let signature = sign(&pae(&payload))?;
        Ok(Self {
            payload,
            key,
            signature,
        })
    }

    /// Returns the exact bytes of the log leaf.
    pub fn encode(&self) -> Vec<u8> {
        let object = |members: Vec<(&str, Value)>| {
            Value::Object(
                members
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), value))
                    .collect(),
            )
        };
        let signature = object(vec![
            ("keyid", Value::from(self.key.to_hex())),
            ("sig", Value::from(STANDARD.encode(self.signature))),
        ]);
        object(vec![
            ("payload", Value::from(STANDARD.encode(&self.payload))),
            ("payloadType", Value::from(PAYLOAD_TYPE)),
            ("signatures", Value::List(vec![signature])),
        ])
        .encode()
    }

    /// Parses the exact bytes of an envelope; anything else is an [`EnvelopeError`]. No signature is checked.
    pub fn decode(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        Self::decode_within(bytes, ENVELOPE_BYTES_MAX)
    }

    /// Parses the exact bytes of an envelope that is no entry of a log and may have `limit` bytes.
    pub fn decode_within(bytes: &[u8], limit: usize) -> Result<Self, EnvelopeError> {
        if bytes.len() > limit {
            let found = bytes.len();
            return Err(EnvelopeError::TooLong { found, limit });
        }
        let Value::Object(mut members) = Value::decode(bytes)? else {
            return Err(EnvelopeError::Form("not an object"));
        };
        let payload = match members.remove("payload") {
            Some(Value::Text(text)) => STANDARD
                .decode(text)
                .map_err(|_| EnvelopeError::Form("payload"))?,
            _ => return Err(EnvelopeError::Form("payload")),
        };
        if members.remove("payloadType") != Some(Value::from(PAYLOAD_TYPE)) {
            return Err(EnvelopeError::Form("payloadType"));
        }
        let (key, signature) = decode_signatures(members.remove("signatures"))?;
        let envelope = Self {
            payload,
            key,
            signature,
        };
        // Also refuses members beside the three, and base64 with loose bits.
        if envelope.encode() == bytes {
            Ok(envelope)
        } else {
            Err(EnvelopeError::Form("members"))
        }
    }

    /// Returns the signed bytes.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Returns the key that claims to have signed.
    pub fn key(&self) -> KeyId {
        self.key
    }

    /// Returns the identity of the statement inside.
    pub fn id(&self) -> StatementId {
        StatementId::of_pae(&pae(&self.payload))
    }

    /// Checks the signature by the strict rule.
    pub fn verify(&self, key: PublicKey) -> Result<(), EnvelopeError> {
        self.check_issuer(key)?;
        Ok(key.verify(&pae(&self.payload), &self.signature)?)
    }

    fn check_issuer(&self, key: PublicKey) -> Result<(), EnvelopeError> {
        if key.id() == self.key {
            return Ok(());
        }
        Err(EnvelopeError::Issuer {
            issuer: self.key,
            key: key.id(),
        })
    }

    /// Decodes the statement, whose issuer must be the key of the envelope. No signature is checked.
    pub fn statement(&self) -> Result<Statement, EnvelopeError> {
        let statement = Statement::decode(&self.payload)?;
        if statement.issuer == self.key {
            Ok(statement)
        } else {
            Err(EnvelopeError::Issuer {
                issuer: statement.issuer,
                key: self.key,
            })
        }
    }
}

/// Checks the signatures of many envelopes, and returns for each, in the same order, what [`Envelope::verify`] would.
pub fn verify_all(envelopes: &[(&Envelope, PublicKey)]) -> Vec<Result<(), EnvelopeError>> {
    // In parts, so that the encodings are never all in memory.
    let parts = envelopes.chunks(BATCH_SIGNATURES);
    parts.flat_map(verify_part).collect()
}

fn verify_part(envelopes: &[(&Envelope, PublicKey)]) -> Vec<Result<(), EnvelopeError>> {
    let encodings: Vec<Vec<u8>> = envelopes.iter().map(|(one, _)| pae(&one.payload)).collect();
    let signed: Vec<Signed<'_>> = (envelopes.iter().zip(&encodings))
        .map(|((envelope, key), message)| Signed {
            key: *key,
            message,
            signature: &envelope.signature,
        })
        .collect();
    let checked = envelopes.iter().zip(key::verify_all(&signed));
    checked
        .map(|((envelope, key), checked)| {
            envelope.check_issuer(*key)?;
            Ok(checked?)
        })
        .collect()
}

/// Returns the pre-authentication encoding (dsse protocol, "Signature Definition") of a payload.
pub fn pae(payload: &[u8]) -> Vec<u8> {
    let mut out = format!("DSSEv1 {} {PAYLOAD_TYPE} {} ", PAYLOAD_TYPE.len(), payload.len()).into_bytes();
    out.extend_from_slice(payload);
    out
}

fn decode_signatures(value: Option<Value>) -> Result<(KeyId, [u8; SIGNATURE_BYTES]), EnvelopeError> {
    let Some(Value::List(signatures)) = value else {
        return Err(EnvelopeError::Form("signatures"));
    };
    let [Value::Object(members)] = signatures.as_slice() else {
        return Err(EnvelopeError::Form("signatures: exactly one is needed"));
    };
    let (Some(Value::Text(key)), Some(Value::Text(signature))) = (members.get("keyid"), members.get("sig"))
    else {
        return Err(EnvelopeError::Form("signatures: keyid and sig"));
    };
    let signature = STANDARD
        .decode(signature)
        .ok()
        .and_then(|bytes| bytes.try_into().ok());
    Ok((
        KeyId::from_hex(key)?,
        signature.ok_or(EnvelopeError::Form("sig"))?,
    ))
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::Signer as _;
    use ed25519_dalek::SigningKey;

    use super::*;
    use crate::digest::NodeHash;
    use crate::statement::Predicate;
    use crate::statement::Seal;

    fn signed() -> (Envelope, PublicKey) {
        let signer = SigningKey::from_bytes(&[1; 32]);
        let key = PublicKey::from_bytes(&signer.verifying_key().to_bytes()).unwrap();
        let seal = Seal {
            size: 1,
            rulings: 0,
            rulings_root: NodeHash::from_bytes([0; 32]),
            contested: 0,
            contested_root: NodeHash::from_bytes([0; 32]),
        };
        let statement = Statement {
            issuer: key.id(),
            ledger: None,
            predicate: Predicate::Seal(seal),
        };
        let envelope =
            Envelope::seal(&statement, |pae| Ok::<_, KeyError>(signer.sign(pae).to_bytes())).unwrap();
        (envelope, key)
    }

    /// dsse protocol page, its own example of the encoding, with our payload type's length.
    #[test]
    fn the_encoding_that_is_signed() {
        assert_eq!(
            pae(b"hello world"),
            b"DSSEv1 28 application/vnd.in-toto+json 11 hello world"
        );
    }

    #[test]
    fn an_envelope_comes_back_and_its_signature_counts() {
        let (envelope, key) = signed();
        let back = Envelope::decode(&envelope.encode()).unwrap();
        assert_eq!(back, envelope);
        back.verify(key).unwrap();
        back.statement().unwrap();
    }

    /// The signature is over the encoding, so the id survives another signature; nothing else does.
    #[test]
    fn no_flipped_byte_verifies() {
        let (envelope, key) = signed();
        let bytes = envelope.encode();
        for position in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[position] ^= 1;
            let accepted = Envelope::decode(&flipped).is_ok_and(|other| other.verify(key).is_ok());
            assert!(!accepted, "byte {position}");
        }
    }

    /// Another payload under the same signature, and another key than the one it names.
    #[test]
    fn many_at_once_are_judged_like_one() {
        let (good, key) = signed();
        let mut false_one = good.clone();
        false_one.payload.push(b' ');
        let stranger = SigningKey::from_bytes(&[2; 32]).verifying_key();
        let stranger = PublicKey::from_bytes(&stranger.to_bytes()).unwrap();
        let all = [(&good, key), (&false_one, key), (&good, stranger), (&good, key)];
        let one_by_one = all.map(|(envelope, key)| format!("{:?}", envelope.verify(key)));
        let together: Vec<_> = verify_all(&all).iter().map(|one| format!("{one:?}")).collect();
        assert_eq!(together, one_by_one);
        assert_eq!(together.iter().filter(|one| *one == "Ok(())").count(), 2);
    }

    #[test]
    fn other_encodings_of_the_same_envelope_are_refused() {
        let text = String::from_utf8(signed().0.encode()).unwrap();
        let extra = text.replacen('{', "{\"note\":\"x\",", 1);
        let spaced = text.replacen(':', ": ", 1);
        let open = text.find("[{").unwrap();
        let one = &text[open + 1..text.len() - 2];
        let twice = text.replace(&format!("[{one}]"), &format!("[{one},{one}]"));
        let url_safe = text.replace('+', "-").replace("in-toto-json", "in-toto+json");
        for other in [extra, spaced, twice] {
            assert_ne!(other, text);
            assert!(Envelope::decode(other.as_bytes()).is_err(), "{other}");
        }
        assert!(url_safe == text || Envelope::decode(url_safe.as_bytes()).is_err());
    }
}
