//! The kinds that keep the ledger itself: genesis, seal, key changes and observations.

use crate::canonical::Value;
use crate::digest::NodeHash;
use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::key::PublicKey;

use super::StatementError;
use super::fields::Fields;
use super::fields::Members;
use super::words::KeyChangeKind;
use super::words::Revocation;

/// The kind that a grant of everything names.
pub const EVERY_KIND: &str = "*";

/// That a key may sign kinds of statements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The key.
    pub public_key: PublicKey,
    /// Kinds it may sign: `source`, `run`, `run:train`, ..., or `*`.
    pub kinds: Vec<String>,
    /// The holder of rights this key speaks for; what it signs about them is *vouched*.
    pub holder: Option<String>,
}

impl Grant {
    fn encode(&self) -> Value {
        let mut out = Members::new();
        out.put_some("holder", self.holder.as_deref());
        out.put_texts("kinds", &self.kinds);
        out.put("public_key", self.public_key.to_hex());
        out.build()
    }

    fn decode(value: Value) -> Result<Self, StatementError> {
        let mut fields = Fields::of(value, "grant")?;
        let grant = Self {
            public_key: fields.parsed("public_key", PublicKey::from_hex)?,
            kinds: fields.texts("kinds")?,
            holder: fields.text_or_none("holder")?,
        };
        fields.finish()?;
        Ok(grant)
    }
}

/// Entry 0: what this ledger is and who owns it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Genesis {
    /// The format version of the ledger.
    pub format: u64,
    /// The log's origin line.
    pub origin: String,
    /// Who runs the ledger.
    pub organisation: Option<String>,
    /// Keys that may change keys.
    pub owners: Vec<PublicKey>,
    /// How many owners must agree.
    pub threshold: u64,
    /// The log's verifier key (signed-note text form).
    pub log_key: String,
    /// Grants that hold from the beginning.
    pub grants: Vec<Grant>,
    /// The specifications this ledger follows, each `name version`.
    pub specs: Vec<String>,
}

impl Genesis {
    pub(super) fn encode_into(&self, out: &mut Members) {
        out.put_count("format", Some(self.format));
        out.put_list("grants", self.grants.iter().map(Grant::encode).collect());
        out.put("log_key", self.log_key.as_str());
        out.put_some("organisation", self.organisation.as_deref());
        out.put("origin", self.origin.as_str());
        out.put_list(
            "owners",
            self.owners.iter().map(|key| Value::from(key.to_hex())).collect(),
        );
        out.put_texts("specs", &self.specs);
        out.put_count("threshold", Some(self.threshold));
    }

    pub(super) fn decode(fields: &mut Fields) -> Result<Self, StatementError> {
        let mut owners = Vec::new();
        for text in fields.texts("owners")? {
            owners.push(PublicKey::from_hex(&text).map_err(|source| fields.bad_value("owners", source))?);
        }
        let genesis = Self {
            format: fields.count("format")?,
            origin: fields.text("origin")?,
            organisation: fields.text_or_none("organisation")?,
            owners,
            threshold: fields.count("threshold")?,
            log_key: fields.text("log_key")?,
            grants: fields
                .list("grants")?
                .into_iter()
                .map(Grant::decode)
                .collect::<Result<_, _>>()?,
            specs: fields.texts("specs")?,
        };
        let owner_count = genesis.owners.len() as u64;
        if genesis.threshold == 0 || genesis.threshold > owner_count {
            return Err(fields.wrong_type("threshold", "a number from 1 to the number of owners"));
        }
        Ok(genesis)
    }
}

/// The last entry of every commit: that nothing below it is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seal {
    /// How many entries stand below it: its own index.
    pub size: u64,
    /// How many `key` and `notice` statements stand below.
    pub rulings: u64,
    /// RFC 6962 root over their leaf hashes, in log order.
    pub rulings_root: NodeHash,
    /// How many ties more than one statement below has.
    pub contested: u64,
    /// RFC 6962 root over their records ([`Contested::to_bytes`]), sorted.
    pub contested_root: NodeHash,
}

/// A tie that several statements have: content that is claimed twice, a name that an external model and an own one
/// share, a run that was observed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Contested {
    /// The tie.
    pub tie: Sha256Digest,
    /// How many statements have it, each once.
    pub statements: u32,
}

impl Contested {
    /// The length of a record in bytes.
    pub const BYTES: usize = 36;

    /// Returns the record: the tie, then the number in big-endian order.
    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let (tie, statements) = bytes.split_at_mut(32);
        tie.copy_from_slice(self.tie.as_bytes());
        statements.copy_from_slice(&self.statements.to_be_bytes());
        bytes
    }

    /// Reads a record.
    pub fn from_bytes(bytes: &[u8; Self::BYTES]) -> Self {
        let (mut tie, mut statements) = ([0; 32], [0; 4]);
        let (left, right) = bytes.split_at(32);
        tie.copy_from_slice(left);
        statements.copy_from_slice(right);
        Self {
            tie: Sha256Digest::from_bytes(tie),
            statements: u32::from_be_bytes(statements),
        }
    }
}

impl Seal {
    pub(super) fn encode_into(&self, out: &mut Members) {
        out.put_count("contested", Some(self.contested));
        out.put("contested_root", self.contested_root.to_hex());
        out.put_count("rulings", Some(self.rulings));
        out.put("rulings_root", self.rulings_root.to_hex());
        out.put_count("size", Some(self.size));
    }

    pub(super) fn decode(fields: &mut Fields) -> Result<Self, StatementError> {
        Ok(Self {
            rulings: fields.count("rulings")?,
            rulings_root: fields.digest("rulings_root", NodeHash::from_hex)?,
            contested: fields.count("contested")?,
            contested_root: fields.digest("contested_root", NodeHash::from_hex)?,
            size: fields.count("size")?,
        })
    }
}

/// Since when the entries of a compromised key are suspect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// From the grant on.
    Grant,
    /// From this entry on.
    Entry(u64),
}

/// A change of who may sign what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyChange {
    /// What changes.
    pub change: KeyChangeKind,
    /// The key it is about (grant, revoke, rotate: the old one).
    pub public_key: Option<PublicKey>,
    /// The new key (rotate).
    pub successor: Option<PublicKey>,
    /// What it may sign (grant).
    pub kinds: Vec<String>,
    /// The holder it speaks for (grant).
    pub holder: Option<String>,
    /// Why it is revoked (revoke).
    pub revocation: Option<Revocation>,
    /// Since when its entries are suspect (revoke, compromised).
    pub since: Option<Since>,
    /// Statements that are approved or affirmed.
    pub statements: Vec<StatementId>,
    /// Why, in the signer's words.
    pub reason: Option<String>,
}

impl KeyChange {
    pub(super) fn encode_into(&self, out: &mut Members) {
        out.put("change", self.change.to_string());
        out.put_some("holder", self.holder.as_deref());
        out.put_texts("kinds", &self.kinds);
        out.put_some("public_key", self.public_key);
        out.put_some("reason", self.reason.as_deref());
        out.put_some("revocation", self.revocation);
        match self.since {
            None => {}
            Some(Since::Grant) => out.put("since", "grant"),
            Some(Since::Entry(index)) => out.put("since", index.to_string()),
        }
        out.put_list(
            "statements",
            self.statements
                .iter()
                .map(|id| Value::from(id.to_hex()))
                .collect(),
        );
        out.put_some("successor", self.successor);
    }

    pub(super) fn decode(fields: &mut Fields) -> Result<Self, StatementError> {
        let since = match fields.text_or_none("since")? {
            None => None,
            Some(word) if word == "grant" => Some(Since::Grant),
            Some(number) => match number.parse::<u64>() {
                Ok(index) if index.to_string() == number => Some(Since::Entry(index)),
                _ => return Err(fields.wrong_type("since", "grant or the number of an entry")),
            },
        };
        let mut statements = Vec::new();
        for text in fields.texts("statements")? {
            statements
                .push(StatementId::from_hex(&text).map_err(|source| fields.bad_value("statements", source))?);
        }
        Ok(Self {
            change: fields.word("change")?,
            public_key: fields.parsed_or_none("public_key", PublicKey::from_hex)?,
            successor: fields.parsed_or_none("successor", PublicKey::from_hex)?,
            kinds: fields.texts("kinds")?,
            holder: fields.text_or_none("holder")?,
            revocation: fields.word_or_none("revocation")?,
            since,
            statements,
            reason: fields.text_or_none("reason")?,
        })
    }
}

/// What a tool that signs nothing said about a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// The run it is about.
    pub run: StatementId,
    /// The tool.
    pub tool: String,
    /// Digests of what the run was seen to read.
    pub reads: Vec<Read>,
}

/// One thing a run was seen to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// Its name, as the tool calls it.
    pub name: String,
    /// SHA-256 of what was read.
    pub sha256: Sha256Digest,
}

impl Observation {
    pub(super) fn encode_into(&self, out: &mut Members) {
        let reads = self.reads.iter().map(|read| {
            let mut members = Members::new();
            members.put("name", read.name.as_str());
            members.put("sha256", read.sha256.to_hex());
            members.build()
        });
        out.put_list("reads", reads.collect());
        out.put("run", self.run.to_hex());
        out.put("tool", self.tool.as_str());
    }

    pub(super) fn decode(fields: &mut Fields) -> Result<Self, StatementError> {
        let mut reads = Vec::new();
        for value in fields.list("reads")? {
            let mut inner = Fields::of(value, "read")?;
            reads.push(Read {
                name: inner.text("name")?,
                sha256: inner.digest("sha256", Sha256Digest::from_hex)?,
            });
            inner.finish()?;
        }
        Ok(Self {
            run: fields.digest("run", StatementId::from_hex)?,
            tool: fields.text("tool")?,
            reads,
        })
    }
}
