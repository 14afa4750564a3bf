//! An offer: one file with a source that a vendor signed, and the bytes that go with it. `docs/formats/offer.md`.
//!
//! The vendor has no ledger; whoever accepts the offer appends the envelope as it is. Its id is the same in every ledger,
//! and it counts where the vendor's key is granted `source`.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::canonical::CanonicalError;
use crate::canonical::Value;
use crate::digest::BlobId;
use crate::digest::DigestError;
use crate::envelope::Envelope;
use crate::envelope::EnvelopeError;
use crate::key::KeyError;
use crate::key::PublicKey;
use crate::sign::SignError;
use crate::sign::Signer;
use crate::statement::Content;
use crate::statement::Predicate;
use crate::statement::Source;
use crate::statement::Statement;

/// The longest offer in bytes.
pub const OFFER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// The `herdbook` member of an offer.
const OFFER_TYPE: &str = "offer/v1";

/// Why bytes are not an offer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OfferError {
    /// Longer than any offer.
    #[error("{found} bytes are more than the {OFFER_BYTES_MAX} an offer may have (limit OFFER_BYTES_MAX)")]
    TooLong {
        /// How many there are.
        found: usize,
    },
    /// Not canonical JSON and a line feed.
    #[error("it is not canonical JSON")]
    Json(#[from] CanonicalError),
    /// A member that is missing, unknown or of another type.
    #[error("`{0}` is missing, unknown or of the wrong type")]
    Member(&'static str),
    /// The name of a blob is no digest.
    #[error("the name of a blob is not a digest")]
    Digest(#[from] DigestError),
    /// The key is not one.
    #[error("the key is not one")]
    Key(#[from] KeyError),
    /// The envelope is not one, or its signature does not count.
    #[error("what was signed does not count")]
    Envelope(#[from] EnvelopeError),
    /// Another kind of statement.
    #[error("it is a {0}, and only a source can be offered")]
    NotASource(&'static str),
    /// A source of one ledger.
    #[error("it was made for one ledger, and is not an offer")]
    OfALedger,
    /// The bytes of a blob are not those its name says.
    #[error("the bytes of blob {0} are not those its name says")]
    BlobDiffers(BlobId),
    /// A blob that the source names is not there.
    #[error("blob {0}, which the source names, is not in it")]
    BlobMissing(BlobId),
    /// A blob that the source does not name.
    #[error("blob {0} is not one that the source names")]
    BlobUnnamed(BlobId),
    /// The key did not sign.
    #[error("the key did not sign")]
    Sign(#[from] SignError),
}

/// A source that somebody offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    envelope: Envelope,
    key: PublicKey,
    statement: Statement,
    blobs: BTreeMap<BlobId, Vec<u8>>,
}

impl Offer {
    /// Signs a source that is of no ledger.
    pub fn sign(
        statement: Statement,
        blobs: Vec<(BlobId, Vec<u8>)>,
        signer: &dyn Signer,
    ) -> Result<Self, OfferError> {
        let key = PublicKey::from_bytes(&signer.public_key())?;
        let envelope = Envelope::seal(&statement, |pae| signer.sign(pae))?;
        let offer = Self {
            envelope,
            key,
            statement,
            blobs: blobs.into_iter().collect(),
        };
        offer.check()?;
        Ok(offer)
    }

    /// Returns the bytes of the file.
    pub fn encode(&self) -> Result<Vec<u8>, OfferError> {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).map_err(|_| OfferError::Member("envelope"));
        let blobs = (self.blobs.iter())
            .map(|(id, bytes)| (id.to_hex(), Value::from(STANDARD.encode(bytes))))
            .collect();
        let members = [
            ("blobs", Value::Object(blobs)),
            ("envelope", Value::from(text(self.envelope.encode())?)),
            ("herdbook", Value::from(OFFER_TYPE)),
            ("key", Value::from(self.key.to_hex())),
        ];
        let members = members.into_iter().map(|(name, value)| (name.to_owned(), value));
        let mut bytes = Value::Object(members.collect()).encode();
        bytes.push(b'\n');
        if bytes.len() > OFFER_BYTES_MAX {
            return Err(OfferError::TooLong { found: bytes.len() });
        }
        Ok(bytes)
    }

    /// Parses the exact bytes of an offer, whose signature must count and whose blobs must be those that it names.
    pub fn decode(bytes: &[u8]) -> Result<Self, OfferError> {
        if bytes.len() > OFFER_BYTES_MAX {
            return Err(OfferError::TooLong { found: bytes.len() });
        }
        let json = bytes
            .strip_suffix(b"\n")
            .ok_or(OfferError::Member("the last line feed"))?;
        let Value::Object(mut members) = Value::decode(json)? else {
            return Err(OfferError::Member("the whole"));
        };
        let mut text = |name: &'static str| match members.remove(name) {
            Some(Value::Text(text)) => Ok(text),
            _ => Err(OfferError::Member(name)),
        };
        if text("herdbook")? != OFFER_TYPE {
            return Err(OfferError::Member("herdbook"));
        }
        let (envelope, key) = (text("envelope")?, text("key")?);
        let Some(Value::Object(named)) = members.remove("blobs") else {
            return Err(OfferError::Member("blobs"));
        };
        if !members.is_empty() {
            return Err(OfferError::Member("the whole"));
        }
        let mut blobs = BTreeMap::new();
        for (name, value) in named {
            let Value::Text(encoded) = value else {
                return Err(OfferError::Member("blobs"));
            };
            // The engine refuses loose bits and missing padding, so there is one text for one blob.
            let bytes = STANDARD
                .decode(encoded)
                .map_err(|_| OfferError::Member("blobs"))?;
            let id = BlobId::from_hex(&name)?;
            if BlobId::of(&bytes) != id {
                return Err(OfferError::BlobDiffers(id));
            }
            blobs.insert(id, bytes);
        }
        let envelope = Envelope::decode(envelope.as_bytes())?;
        let key = PublicKey::from_hex(&key)?;
        let offer = Self {
            statement: envelope.statement()?,
            envelope,
            key,
            blobs,
        };
        offer.check()?;
        Ok(offer)
    }

    fn check(&self) -> Result<(), OfferError> {
        self.envelope.verify(self.key)?;
        let source = self.source()?;
        if self.statement.ledger.is_some() {
            return Err(OfferError::OfALedger);
        }
        let mut needed: BTreeSet<BlobId> = source.evidence.iter().map(|evidence| evidence.blob).collect();
        for artifact in &source.set.artifacts {
            let held = matches!(artifact.content, Content::File { held: true, .. });
            if held || artifact.manifest().is_some() {
                needed.insert(artifact.sha256.as_blob());
            }
        }
        if let Some(missing) = needed.iter().find(|id| !self.blobs.contains_key(id)) {
            return Err(OfferError::BlobMissing(*missing));
        }
        match self.blobs.keys().find(|id| !needed.contains(id)) {
            Some(unnamed) => Err(OfferError::BlobUnnamed(*unnamed)),
            None => Ok(()),
        }
    }

    /// Returns what is offered.
    pub fn source(&self) -> Result<&Source, OfferError> {
        match &self.statement.predicate {
            Predicate::Source(source) => Ok(source),
            other => Err(OfferError::NotASource(other.kind())),
        }
    }

    /// Returns the statement.
    pub fn statement(&self) -> &Statement {
        &self.statement
    }

    /// Returns the envelope as it was signed.
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// Returns the key that signed.
    pub fn key(&self) -> PublicKey {
        self.key
    }

    /// Returns the bytes that go with it.
    pub fn blobs(&self) -> &BTreeMap<BlobId, Vec<u8>> {
        &self.blobs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::admission::fixture::*;
    use crate::sign::MemorySigner;
    use crate::statement::Attachment;

    fn offered(predicate: Predicate, blobs: &[&[u8]]) -> Result<Offer, OfferError> {
        let signer = MemorySigner::from_secret([SOURCES; 32]);
        let statement = Statement {
            issuer: public(SOURCES).id(),
            ledger: None,
            predicate,
        };
        let blobs = blobs
            .iter()
            .map(|bytes| (BlobId::of(bytes), bytes.to_vec()))
            .collect();
        Offer::sign(statement, blobs, &signer)
    }

    fn with_evidence() -> Predicate {
        let Predicate::Source(mut said) = source("seeds", files(&["s"])) else {
            panic!("a source")
        };
        said.evidence.push(Attachment {
            name: "contract.txt".to_owned(),
            blob: BlobId::of(b"we agree"),
            bytes: 8,
            sealed: false,
        });
        Predicate::Source(said)
    }

    #[test]
    fn an_offer_comes_back_byte_for_byte() {
        let offer = offered(with_evidence(), &[b"we agree"]).unwrap();
        let bytes = offer.encode().unwrap();
        let back = Offer::decode(&bytes).unwrap();
        assert_eq!((back.encode().unwrap(), &back), (bytes, &offer));
        assert_eq!(back.key(), public(SOURCES));
    }

    /// Flipping any bit of it is seen before anybody is asked whether the key may sign.
    #[test]
    fn an_offer_with_another_byte_is_none() {
        let bytes = offered(with_evidence(), &[b"we agree"])
            .unwrap()
            .encode()
            .unwrap();
        for at in 0..bytes.len() {
            let mut other = bytes.clone();
            other[at] ^= 1;
            assert!(Offer::decode(&other).is_err(), "byte {at}");
            assert!(Offer::decode(&bytes[..at]).is_err(), "cut at {at}");
        }
        let mut longer = bytes.clone();
        longer.push(b'\n');
        assert!(Offer::decode(&longer).is_err());
    }

    #[test]
    fn an_offer_holds_what_it_names_and_nothing_else() {
        let missing = offered(with_evidence(), &[]).unwrap_err();
        assert!(matches!(missing, OfferError::BlobMissing(_)), "{missing}");
        let unnamed = offered(with_evidence(), &[b"we agree", b"more"]).unwrap_err();
        assert!(matches!(unnamed, OfferError::BlobUnnamed(_)), "{unnamed}");
        let manifest = manifest_of(70);
        let parts = source("parts", set(vec![of_manifest(&manifest)]));
        assert!(offered(parts.clone(), &[]).is_err());
        offered(parts, &[&manifest.bytes]).unwrap();
        let other = offered(model("m", files(&["w"])), &[]).unwrap_err();
        assert!(matches!(other, OfferError::NotASource("model")), "{other}");
    }

    #[test]
    fn members_are_those_of_the_format_and_no_other() {
        let bytes = offered(source("s", files(&["s"])), &[])
            .unwrap()
            .encode()
            .unwrap();
        let text = String::from_utf8(bytes).unwrap();
        for (from, to) in [
            ("offer/v1", "offer/v2"),
            ("{\"blobs\":{},", "{"),
            ("{\"blobs\":{}", "{\"also\":1,\"blobs\":{}"),
            ("{\"blobs\":{}", "{\"blobs\":[]"),
            ("{\"blobs\"", "{ \"blobs\""),
        ] {
            let other = text.replacen(from, to, 1);
            assert_ne!(other, text);
            assert!(Offer::decode(other.as_bytes()).is_err(), "{to}");
        }
        // Signed by the key, but the file names another.
        let other = text.replace(&public(SOURCES).to_hex(), &public(ISSUER).to_hex());
        assert!(matches!(
            Offer::decode(other.as_bytes()),
            Err(OfferError::Envelope(_))
        ));
        let long = vec![b'x'; OFFER_BYTES_MAX + 1];
        assert!(matches!(Offer::decode(&long), Err(OfferError::TooLong { .. })));
    }

    #[test]
    fn a_source_of_one_ledger_is_no_offer() {
        let signer = MemorySigner::from_secret([SOURCES; 32]);
        let statement = Statement {
            issuer: public(SOURCES).id(),
            ledger: Some(crate::digest::StatementId::from_bytes([7; 32])),
            predicate: source("s", files(&["s"])),
        };
        let refused = Offer::sign(statement, Vec::new(), &signer).unwrap_err();
        assert!(matches!(refused, OfferError::OfALedger), "{refused}");
    }
}
