//! The trust root: one small file that says which ledger is meant, who owns it and which key signs its
//! checkpoints. Its bytes are `docs/formats/trust-root.md`.

use crate::canonical::CanonicalError;
use crate::canonical::Value;
use crate::digest::DigestError;
use crate::digest::StatementId;
use crate::key::KeyError;
use crate::key::PublicKey;
use crate::statement::Genesis;

/// The `herdbook` member of a trust root file.
const TRUST_ROOT_TYPE: &str = "trust-root/v1";

/// The longest trust root file in bytes.
pub const TRUST_ROOT_BYTES_MAX: usize = 65_536;

/// Why bytes are not a trust root.
#[derive(Debug, thiserror::Error)]
pub enum TrustRootError {
    /// Longer than any trust root.
    #[error("{0} bytes are more than the {TRUST_ROOT_BYTES_MAX} a trust root may have")]
    TooLong(usize),
    /// Not JSON of our subset.
    #[error("a trust root is JSON")]
    Json(#[from] CanonicalError),
    /// A member that is missing, unknown or of another type.
    #[error("`{0}` of the trust root is missing, unknown or of the wrong type")]
    Member(&'static str),
    /// The genesis id is not a digest.
    #[error("the genesis id of the trust root is not one")]
    Genesis(#[from] DigestError),
    /// An owner is not a key.
    #[error("an owner of the trust root is not a key")]
    Owner(#[from] KeyError),
}

/// What an auditor pins: one small file that says which ledger is meant and who owns it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustRoot {
    /// The log's origin line.
    pub origin: String,
    /// The genesis statement.
    pub genesis: StatementId,
    /// Keys that may change keys.
    pub owners: Vec<PublicKey>,
    /// How many owners must agree.
    pub threshold: u64,
    /// The log's verifier key (signed-note text form).
    pub log_key: String,
}

impl TrustRoot {
    /// Returns what a genesis says of itself.
    pub fn of(id: StatementId, genesis: &Genesis) -> Self {
        Self {
            origin: genesis.origin.clone(),
            genesis: id,
            owners: genesis.owners.clone(),
            threshold: genesis.threshold,
            log_key: genesis.log_key.clone(),
        }
    }

    /// Returns the bytes of the file: canonical JSON and a line feed.
    pub fn encode(&self) -> Vec<u8> {
        let owners = self.owners.iter().map(|key| Value::from(key.to_hex())).collect();
        let members = [
            ("genesis", Value::from(self.genesis.to_hex())),
            ("herdbook", Value::from(TRUST_ROOT_TYPE)),
            ("log_key", Value::from(self.log_key.as_str())),
            ("origin", Value::from(self.origin.as_str())),
            ("owners", Value::List(owners)),
            ("quorum", Value::from("none")),
            (
                "threshold",
                Value::Integer(i64::try_from(self.threshold).unwrap_or(i64::MAX)),
            ),
        ];
        let object = members
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect();
        let mut bytes = Value::Object(object).encode();
        bytes.push(b'\n');
        bytes
    }

    /// Parses a trust root file, whatever its white space; unknown members are refused.
    pub fn decode(bytes: &[u8]) -> Result<Self, TrustRootError> {
        if bytes.len() > TRUST_ROOT_BYTES_MAX {
            return Err(TrustRootError::TooLong(bytes.len()));
        }
        let Value::Object(mut members) = Value::parse(bytes)? else {
            return Err(TrustRootError::Member("the whole"));
        };
        let mut text = |name: &'static str| match members.remove(name) {
            Some(Value::Text(text)) => Ok(text),
            _ => Err(TrustRootError::Member(name)),
        };
        if text("herdbook")? != TRUST_ROOT_TYPE {
            return Err(TrustRootError::Member("herdbook"));
        }
        if text("quorum")? != "none" {
            return Err(TrustRootError::Member("quorum"));
        }
        let (origin, log_key) = (text("origin")?, text("log_key")?);
        let genesis = StatementId::from_hex(&text("genesis")?)?;
        let owners = decode_owners(members.remove("owners"))?;
        let threshold = match members.remove("threshold") {
            Some(Value::Integer(number)) => u64::try_from(number).unwrap_or(0),
            _ => 0,
        };
        if threshold == 0 || threshold > owners.len() as u64 {
            return Err(TrustRootError::Member("threshold"));
        }
        if members.is_empty() {
            Ok(Self {
                origin,
                genesis,
                owners,
                threshold,
                log_key,
            })
        } else {
            Err(TrustRootError::Member("the whole"))
        }
    }
}

fn decode_owners(value: Option<Value>) -> Result<Vec<PublicKey>, TrustRootError> {
    let Some(Value::List(items)) = value else {
        return Err(TrustRootError::Member("owners"));
    };
    let mut owners = Vec::new();
    for item in items {
        let Value::Text(text) = item else {
            return Err(TrustRootError::Member("owners"));
        };
        owners.push(PublicKey::from_hex(&text)?);
    }
    Ok(owners)
}
