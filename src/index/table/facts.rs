//! The rows of the table of facts: an entry, and a record of what is known of the statement first standing there.

use serde::Deserialize;
use serde::Serialize;

use crate::digest::KeyId;
use crate::digest::StatementId;
use crate::index::Facts;
use crate::index::IndexError;
use crate::index::SetFacts;
use crate::index::SubjectFacts;
use crate::index::codec;
use crate::merkle::LeafIndex;
use crate::statement::ItemName;

use super::Table;
use super::row;

/// The kinds of statements there may be; a row holds the place of one here.
const KINDS: [&str; 13] = [
    "genesis",
    "source",
    "prompt",
    "filter",
    "model",
    "run",
    "dataset",
    "release",
    "key",
    "notice",
    "seal",
    "report",
    "observation",
];

/// A number that may not be known; `value` is 0 then.
#[derive(Debug, Serialize, Deserialize)]
struct Maybe {
    known: u8,
    value: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct SetRecord {
    name: String,
    thing: u8,
    first: u32,
    end: u32,
    rows: Maybe,
    tokens: Maybe,
}

#[derive(Debug, Serialize, Deserialize)]
struct SubjectRecord {
    members: u64,
    rows: Maybe,
}

#[derive(Debug, Serialize, Deserialize)]
struct FactsRecord {
    id: [u8; 32],
    issuer: [u8; 32],
    kind: u8,
    /// Empty for none.
    name: String,
    sets: Vec<SetRecord>,
    subjects: Vec<SubjectRecord>,
    personal: u8,
    parents: Vec<[u8; 32]>,
}

impl From<Option<u64>> for Maybe {
    fn from(value: Option<u64>) -> Self {
        Self {
            known: u8::from(value.is_some()),
            value: value.unwrap_or_default(),
        }
    }
}

impl Maybe {
    fn read(&self) -> Result<Option<u64>, IndexError> {
        match (self.known, self.value) {
            (0, 0) => Ok(None),
            (1, value) => Ok(Some(value)),
            _ => Err(Table::Facts.malformed()),
        }
    }
}

/// Returns the row of what is known of a statement; nothing for a kind or a size that no index can hold.
pub(super) fn facts(facts: &Facts) -> Option<Vec<u8>> {
    let kind = KINDS.iter().position(|kind| *kind == facts.kind)?;
    let set = |set: &SetFacts| SetRecord {
        name: set.name.as_str().to_owned(),
        thing: row::thing_code(set.thing),
        first: set.subjects.start,
        end: set.subjects.end,
        rows: set.rows.into(),
        tokens: set.tokens.into(),
    };
    let subject = |subject: &SubjectFacts| SubjectRecord {
        members: subject.members,
        rows: subject.rows.into(),
    };
    let record = FactsRecord {
        id: *facts.id.as_bytes(),
        issuer: *facts.issuer.as_bytes(),
        kind: u8::try_from(kind).ok()?,
        name: facts
            .name
            .as_ref()
            .map_or_else(String::new, |name| name.as_str().to_owned()),
        sets: facts.sets.iter().map(set).collect(),
        subjects: facts.subjects.iter().map(subject).collect(),
        personal: u8::from(facts.personal),
        parents: facts.parents.iter().map(|id| *id.as_bytes()).collect(),
    };
    let mut row = facts.entry.get().to_be_bytes().to_vec();
    row.extend(codec::encode(&record)?);
    Some(row)
}

/// Reads a row.
pub(super) fn read_facts(row: &[u8]) -> Result<Facts, IndexError> {
    let read = || -> Option<Facts> {
        let (entry, record) = row.split_first_chunk()?;
        facts_of(
            LeafIndex::new(u64::from_be_bytes(*entry)),
            &codec::decode(record)?,
        )
    };
    read().ok_or(Table::Facts.malformed())
}

fn facts_of(entry: LeafIndex, record: &FactsRecord) -> Option<Facts> {
    let name = match record.name.as_str() {
        "" => None,
        name => Some(ItemName::recorded(name).ok()?),
    };
    let set = |set: &SetRecord| {
        Some(SetFacts {
            name: ItemName::recorded(&set.name).ok()?,
            thing: row::thing(set.thing)?,
            subjects: set.first..set.end,
            rows: set.rows.read().ok()?,
            tokens: set.tokens.read().ok()?,
        })
    };
    let subject = |subject: &SubjectRecord| {
        Some(SubjectFacts {
            members: subject.members,
            rows: subject.rows.read().ok()?,
        })
    };
    let parents = record.parents.iter();
    Some(Facts {
        id: StatementId::from_bytes(record.id),
        entry,
        issuer: KeyId::from_bytes(record.issuer),
        kind: KINDS.get(usize::from(record.kind))?,
        name,
        sets: record.sets.iter().map(set).collect::<Option<_>>()?,
        subjects: record.subjects.iter().map(subject).collect::<Option<_>>()?,
        personal: match record.personal {
            0 => false,
            1 => true,
            _ => return None,
        },
        parents: parents.map(|id| StatementId::from_bytes(*id)).collect(),
    })
}
