//! Who may say what: the trust root an auditor holds, and the keys a ledger granted.
//!
//! Validity is by log index, never by a clock a thief could set. Key changes are applied in log order and
//! asked about afterwards, so a compromise that is reported late still reaches back to its `since`.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::canonical::CanonicalError;
use crate::canonical::Value;
use crate::digest::DigestError;
use crate::digest::KeyId;
use crate::digest::StatementId;
use crate::key::KeyError;
use crate::key::PublicKey;
use crate::statement::EVERY_KIND;
use crate::statement::Genesis;
use crate::statement::KeyChange;
use crate::statement::KeyChangeKind;
use crate::statement::Revocation;
use crate::statement::Since;

/// The `herdbook` member of a trust root file.
const TRUST_ROOT_TYPE: &str = "trust-root/v0";

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

/// Why a key may not sign something.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// No grant, ever.
    #[error("key {key} was never granted anything in this ledger")]
    Unknown {
        /// The key.
        key: KeyId,
    },
    /// A grant, but not at that entry.
    #[error("key {key} had no grant at entry {index}: it counts {valid}")]
    NotThen {
        /// The key.
        key: KeyId,
        /// The entry.
        index: u64,
        /// When it counts, in words.
        valid: String,
    },
    /// A grant, but not for that kind.
    #[error("key {key} may sign {granted}, not `{kind}`")]
    Kind {
        /// The key.
        key: KeyId,
        /// What was to be signed.
        kind: String,
        /// What it may sign.
        granted: String,
    },
    /// A key change that says nothing that can be done.
    #[error("the key change cannot be applied: {0}")]
    Change(&'static str),
}

/// Whether what a key signed counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It counts.
    Good,
    /// The key was compromised by then, and nobody affirmed the statement.
    Suspect,
}

#[derive(Debug, Clone)]
struct Record {
    key: PublicKey,
    kinds: Vec<String>,
    holder: Option<String>,
    granted_at: u64,
    revoked_at: Option<u64>,
    suspect_from: Option<u64>,
}

/// The keys of a ledger and what they may sign, as of some tree size.
#[derive(Debug, Clone)]
pub struct Keys {
    owners: Vec<PublicKey>,
    threshold: u64,
    records: BTreeMap<KeyId, Record>,
    pending: BTreeMap<StatementId, (KeyChange, BTreeSet<KeyId>)>,
    affirmed: BTreeMap<StatementId, BTreeSet<KeyId>>,
}

impl Keys {
    /// Starts with the owners and grants of genesis, which hold from entry 0.
    pub fn of(genesis: &Genesis) -> Self {
        let records = genesis.grants.iter().map(|grant| {
            let record = Record {
                key: grant.public_key,
                kinds: grant.kinds.clone(),
                holder: grant.holder.clone(),
                granted_at: 0,
                revoked_at: None,
                suspect_from: None,
            };
            (grant.public_key.id(), record)
        });
        Self {
            owners: genesis.owners.clone(),
            threshold: genesis.threshold,
            records: records.collect(),
            pending: BTreeMap::new(),
            affirmed: BTreeMap::new(),
        }
    }

    /// Applies the key change at entry `index`. Grants, revocations and rotations need as many owners as the
    /// threshold says and take effect at the entry that completes it; an affirmation needs a granted key.
    pub fn apply(
        &mut self,
        index: u64,
        id: StatementId,
        issuer: KeyId,
        change: &KeyChange,
    ) -> Result<(), TrustError> {
        match change.change {
            KeyChangeKind::Affirm => {
                self.may_sign(issuer, &["key:affirm".to_owned(), "key".to_owned()], index)?;
                for statement in &change.statements {
                    self.affirmed.entry(*statement).or_default().insert(issuer);
                }
                Ok(())
            }
            KeyChangeKind::Approve => {
                self.owner(issuer)?;
                for statement in &change.statements {
                    let (_, agreed) = self
                        .pending
                        .get_mut(statement)
                        .ok_or(TrustError::Change("nothing awaits that approval"))?;
                    agreed.insert(issuer);
                    self.settle(index, *statement)?;
                }
                Ok(())
            }
            KeyChangeKind::Grant | KeyChangeKind::Revoke | KeyChangeKind::Rotate => {
                self.owner(issuer)?;
                self.check(change)?;
                self.pending
                    .insert(id, (change.clone(), BTreeSet::from([issuer])));
                self.settle(index, id)
            }
        }
    }

    /// Returns the public key of an owner, whom nothing but genesis names.
    pub fn owner(&self, key: KeyId) -> Result<PublicKey, TrustError> {
        self.owners
            .iter()
            .copied()
            .find(|owner| owner.id() == key)
            .ok_or(TrustError::Unknown { key })
    }

    /// Returns the public key of a signer, whether or not it counts: what a signature is checked with.
    pub fn public_key(&self, key: KeyId) -> Result<PublicKey, TrustError> {
        self.records
            .get(&key)
            .map(|record| record.key)
            .map_or_else(|| self.owner(key), Ok)
    }

    /// Returns the holder a key speaks for.
    pub fn holder(&self, key: KeyId) -> Option<&str> {
        self.records.get(&key)?.holder.as_deref()
    }

    /// Returns the public key if `key` may sign one of `words` at entry `index`.
    pub fn may_sign(&self, key: KeyId, words: &[String], index: u64) -> Result<PublicKey, TrustError> {
        let record = self.records.get(&key).ok_or(TrustError::Unknown { key })?;
        if index < record.granted_at || record.revoked_at.is_some_and(|end| index >= end) {
            let end = record
                .revoked_at
                .map_or_else(String::new, |end| format!(" to below {end}"));
            let valid = format!("from entry {}{end}", record.granted_at);
            return Err(TrustError::NotThen { key, index, valid });
        }
        let allowed = |granted: &String| granted == EVERY_KIND || words.contains(granted);
        if record.kinds.iter().any(allowed) {
            return Ok(record.key);
        }
        let kind = words.first().cloned().unwrap_or_default();
        Err(TrustError::Kind {
            key,
            kind,
            granted: record.kinds.join(", "),
        })
    }

    /// Returns whether what `key` signed at entry `index` counts, given all later key changes.
    pub fn standing(&self, key: KeyId, index: u64, statement: StatementId) -> Standing {
        let suspect = self
            .records
            .get(&key)
            .and_then(|record| record.suspect_from)
            .is_some_and(|from| index >= from);
        let affirmed_by = self.affirmed.get(&statement);
        let affirmed = affirmed_by.is_some_and(|keys| {
            keys.iter().any(|by| {
                *by != key
                    && self
                        .records
                        .get(by)
                        .is_some_and(|record| record.suspect_from.is_none())
            })
        });
        if suspect && !affirmed {
            Standing::Suspect
        } else {
            Standing::Good
        }
    }

    fn check(&self, change: &KeyChange) -> Result<(), TrustError> {
        let key = change.public_key.ok_or(TrustError::Change("it names no key"))?;
        match change.change {
            KeyChangeKind::Grant if change.kinds.is_empty() => Err(TrustError::Change("it grants no kind")),
            KeyChangeKind::Grant if self.records.contains_key(&key.id()) => Err(TrustError::Change(
                "the key has, or had, a grant; a key is granted once",
            )),
            KeyChangeKind::Revoke if change.revocation.is_none() => {
                Err(TrustError::Change("it does not say retired or compromised"))
            }
            KeyChangeKind::Revoke
                if change.revocation == Some(Revocation::Compromised) && change.since.is_none() =>
            {
                Err(TrustError::Change(
                    "it does not say since when the key is compromised",
                ))
            }
            KeyChangeKind::Revoke | KeyChangeKind::Rotate if !self.records.contains_key(&key.id()) => {
                Err(TrustError::Unknown { key: key.id() })
            }
            KeyChangeKind::Rotate => self.check_successor(change.successor),
            _ => Ok(()),
        }
    }

    /// A fresh record in the place of an old one would clear a key that was compromised.
    fn check_successor(&self, successor: Option<PublicKey>) -> Result<(), TrustError> {
        let successor = successor.ok_or(TrustError::Change("it names no successor"))?;
        if self.records.contains_key(&successor.id()) {
            return Err(TrustError::Change(
                "the successor has, or had, a grant; a key is granted once",
            ));
        }
        Ok(())
    }

    fn settle(&mut self, index: u64, id: StatementId) -> Result<(), TrustError> {
        let complete = self
            .pending
            .get(&id)
            .is_some_and(|(_, agreed)| agreed.len() as u64 >= self.threshold);
        if complete && let Some((change, _)) = self.pending.remove(&id) {
            return self.enact(index, &change);
        }
        Ok(())
    }

    fn enact(&mut self, index: u64, change: &KeyChange) -> Result<(), TrustError> {
        // Between the proposal and the last approval another change may have granted the key.
        self.check(change)?;
        let key = change.public_key.ok_or(TrustError::Change("it names no key"))?;
        let fresh = |key: PublicKey, kinds: Vec<String>, holder: Option<String>| Record {
            key,
            kinds,
            holder,
            granted_at: index,
            revoked_at: None,
            suspect_from: None,
        };
        if change.change == KeyChangeKind::Grant {
            self.records
                .insert(key.id(), fresh(key, change.kinds.clone(), change.holder.clone()));
            return Ok(());
        }
        let record = self
            .records
            .get_mut(&key.id())
            .ok_or(TrustError::Unknown { key: key.id() })?;
        record.revoked_at = Some(record.revoked_at.map_or(index, |earlier| earlier.min(index)));
        if change.revocation == Some(Revocation::Compromised) {
            let since = match change.since {
                Some(Since::Entry(entry)) => entry,
                Some(Since::Grant) | None => record.granted_at,
            };
            record.suspect_from = Some(record.suspect_from.map_or(since, |earlier| earlier.min(since)));
        }
        if let Some(successor) = change.successor {
            let (kinds, holder) = (record.kinds.clone(), record.holder.clone());
            self.records
                .insert(successor.id(), fresh(successor, kinds, holder));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement::Grant;

    fn key(seed: u8) -> PublicKey {
        let signer = ed25519_dalek::SigningKey::from_bytes(&[seed; 32]);
        PublicKey::from_bytes(&signer.verifying_key().to_bytes()).unwrap()
    }

    fn id(byte: u8) -> StatementId {
        StatementId::from_bytes([byte; 32])
    }

    fn genesis(threshold: u64) -> Genesis {
        Genesis {
            format: 0,
            origin: "example.com/lab".to_owned(),
            organisation: None,
            owners: vec![key(1), key(2)],
            threshold,
            log_key: "example.com/lab+00000000+AAAA".to_owned(),
            grants: vec![Grant {
                public_key: key(3),
                kinds: vec!["source".to_owned()],
                holder: None,
            }],
            specs: vec![],
        }
    }

    fn change(kind: KeyChangeKind, about: PublicKey) -> KeyChange {
        KeyChange {
            change: kind,
            public_key: Some(about),
            successor: None,
            kinds: vec![],
            holder: None,
            revocation: None,
            since: None,
            statements: vec![],
            reason: None,
        }
    }

    fn words(word: &str) -> Vec<String> {
        vec![word.to_owned()]
    }

    #[test]
    fn a_trust_root_comes_back_and_is_strict() {
        let root = TrustRoot::of(id(5), &genesis(2));
        assert_eq!(TrustRoot::decode(&root.encode()).unwrap(), root);
        let text = String::from_utf8(root.encode()).unwrap();
        for (from, to) in [
            ("\"threshold\":2", "\"threshold\":3"),
            ("\"threshold\":2", "\"threshold\":0"),
            ("trust-root/v0", "trust-root/v9"),
            ("\"quorum\"", "\"extra\":1,\"quorum\""),
            ("\"none\"", "\"some\""),
        ] {
            assert!(
                TrustRoot::decode(text.replace(from, to).as_bytes()).is_err(),
                "{to}"
            );
        }
    }

    #[test]
    fn a_grant_counts_for_its_kinds_from_its_entry_on() {
        let mut keys = Keys::of(&genesis(1));
        assert!(keys.may_sign(key(3).id(), &words("source"), 1).is_ok());
        assert!(matches!(
            keys.may_sign(key(3).id(), &words("run"), 1),
            Err(TrustError::Kind { .. })
        ));
        assert!(matches!(
            keys.may_sign(key(4).id(), &words("run"), 1),
            Err(TrustError::Unknown { .. })
        ));
        let grant = KeyChange {
            kinds: words("run:train"),
            ..change(KeyChangeKind::Grant, key(4))
        };
        assert!(keys.apply(7, id(1), key(3).id(), &grant).is_err(), "not an owner");
        keys.apply(7, id(1), key(1).id(), &grant).unwrap();
        let train = ["run:train".to_owned(), "run".to_owned()];
        assert!(matches!(
            keys.may_sign(key(4).id(), &train, 6),
            Err(TrustError::NotThen { .. })
        ));
        assert!(keys.may_sign(key(4).id(), &train, 7).is_ok());
        assert!(
            keys.may_sign(key(4).id(), &["run:mix".to_owned(), "run".to_owned()], 7)
                .is_err()
        );
    }

    #[test]
    fn a_change_waits_for_the_threshold_of_distinct_owners() {
        let mut keys = Keys::of(&genesis(2));
        let grant = KeyChange {
            kinds: words("run"),
            ..change(KeyChangeKind::Grant, key(4))
        };
        keys.apply(3, id(1), key(1).id(), &grant).unwrap();
        let approve = KeyChange {
            statements: vec![id(1)],
            public_key: None,
            ..change(KeyChangeKind::Approve, key(4))
        };
        keys.apply(4, id(2), key(1).id(), &approve).unwrap();
        assert!(
            keys.may_sign(key(4).id(), &words("run"), 9).is_err(),
            "the same owner twice is one owner"
        );
        keys.apply(5, id(3), key(2).id(), &approve).unwrap();
        assert!(keys.may_sign(key(4).id(), &words("run"), 4).is_err());
        assert!(keys.may_sign(key(4).id(), &words("run"), 5).is_ok());
    }

    #[test]
    fn a_compromise_reaches_back_and_an_affirmation_restores() {
        let mut keys = Keys::of(&Genesis {
            grants: vec![
                Grant {
                    public_key: key(3),
                    kinds: words(EVERY_KIND),
                    holder: None,
                },
                Grant {
                    public_key: key(5),
                    kinds: words(EVERY_KIND),
                    holder: None,
                },
            ],
            ..genesis(1)
        });
        let revoke = KeyChange {
            revocation: Some(Revocation::Compromised),
            since: Some(Since::Entry(500)),
            ..change(KeyChangeKind::Revoke, key(3))
        };
        keys.apply(900, id(1), key(1).id(), &revoke).unwrap();
        let stolen = key(3).id();
        assert_eq!(keys.standing(stolen, 499, id(7)), Standing::Good);
        assert_eq!(keys.standing(stolen, 500, id(7)), Standing::Suspect);
        assert!(keys.may_sign(stolen, &words("run"), 900).is_err());
        let affirm = KeyChange {
            statements: vec![id(7)],
            public_key: None,
            ..change(KeyChangeKind::Affirm, key(5))
        };
        assert!(
            keys.apply(901, id(2), stolen, &affirm).is_err(),
            "a stolen key affirms nothing"
        );
        keys.apply(902, id(3), key(5).id(), &affirm).unwrap();
        assert_eq!(keys.standing(stolen, 500, id(7)), Standing::Good);
        assert_eq!(keys.standing(stolen, 501, id(8)), Standing::Suspect);
    }
}
