//! The rows of each table as bytes.

use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::index::IndexError;
use crate::index::Version;
use crate::index::VersionPart;
use crate::index::thing_word;
use crate::merkle::LeafIndex;
use crate::statement::ArtifactRef;
use crate::statement::ItemName;
use crate::statement::OutputKind;
use crate::statement::Thing;
use crate::statement::Word as _;

use super::Table;

/// What follows a name, so that names sort as such: no name contains it.
const NAME_END: u8 = 0;

/// What a row of names has after the name: its end, entry, position, kind, part.
const NAME_TAIL: usize = 1 + 8 + 4 + 1 + 8;

/// How many things there are.
const THINGS: u8 = 8;

/// Returns the parts one after the other; together they have `N` bytes.
fn join<const N: usize>(parts: &[&[u8]]) -> [u8; N] {
    let mut row = [0; N];
    let mut rest = row.as_mut_slice();
    for part in parts {
        let (place, after) = rest.split_at_mut(part.len().min(rest.len()));
        place.copy_from_slice(part.get(..place.len()).unwrap_or_default());
        rest = after;
    }
    debug_assert!(rest.is_empty(), "the parts fill the row");
    row
}

/// Reads the parts of a row one after the other.
struct Parts<'a> {
    table: Table,
    rest: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(table: Table, rest: &'a [u8]) -> Self {
        Self { table, rest }
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], IndexError> {
        let (part, rest) = self.rest.split_first_chunk::<N>().ok_or(self.table.malformed())?;
        self.rest = rest;
        Ok(*part)
    }

    fn u64(&mut self) -> Result<u64, IndexError> {
        self.take().map(u64::from_be_bytes)
    }

    fn u32(&mut self) -> Result<u32, IndexError> {
        self.take().map(u32::from_be_bytes)
    }

    fn end<T>(self, value: T) -> Result<T, IndexError> {
        if self.rest.is_empty() {
            Ok(value)
        } else {
            Err(self.table.malformed())
        }
    }
}

/// An entry and the statement there.
pub(super) fn entry(entry: LeafIndex, id: StatementId) -> [u8; 40] {
    join(&[&entry.get().to_be_bytes(), id.as_bytes()])
}

pub(super) fn read_entry(row: &[u8]) -> Result<(LeafIndex, StatementId), IndexError> {
    let mut parts = Parts::of(Table::Entries, row);
    let entry = LeafIndex::new(parts.u64()?);
    let id = StatementId::from_bytes(parts.take()?);
    parts.end((entry, id))
}

/// A statement and its first entry.
pub(super) fn id(id: StatementId, entry: LeafIndex) -> [u8; 40] {
    join(&[id.as_bytes(), &entry.get().to_be_bytes()])
}

pub(super) fn read_id(row: &[u8]) -> Result<(StatementId, LeafIndex), IndexError> {
    let mut parts = Parts::of(Table::Ids, row);
    let id = StatementId::from_bytes(parts.take()?);
    let entry = LeafIndex::new(parts.u64()?);
    parts.end((id, entry))
}

/// Two entries: an edge.
pub(super) fn pair(first: u64, second: u64) -> [u8; 16] {
    join(&[&first.to_be_bytes(), &second.to_be_bytes()])
}

pub(in crate::index) fn read_pair(table: Table, row: &[u8]) -> Result<(u64, u64), IndexError> {
    let mut parts = Parts::of(table, row);
    let pair = (parts.u64()?, parts.u64()?);
    parts.end(pair)
}

/// A content and the artifact at `position` of what the statement at `entry` claims.
pub(super) fn claim(
    digest: Sha256Digest,
    entry: LeafIndex,
    position: u32,
    artifact: &ArtifactRef,
) -> [u8; 57] {
    join(&[
        digest.as_bytes(),
        &entry.get().to_be_bytes(),
        &position.to_be_bytes(),
        &artifact.subject.to_be_bytes(),
        &[u8::from(artifact.member.is_some())],
        &artifact.member.unwrap_or_default().to_be_bytes(),
    ])
}

/// One row of the table of digests.
pub(super) struct ClaimRow {
    pub(super) digest: Sha256Digest,
    pub(super) entry: LeafIndex,
    pub(super) subject: u32,
    pub(super) member: Option<u64>,
}

pub(super) fn read_claim(row: &[u8]) -> Result<ClaimRow, IndexError> {
    let mut parts = Parts::of(Table::Digests, row);
    let digest = Sha256Digest::from_bytes(parts.take()?);
    let entry = LeafIndex::new(parts.u64()?);
    let _position = parts.u32()?;
    let subject = parts.u32()?;
    let is_member = parts.take::<1>()?;
    let member = parts.u64()?;
    let member = match (is_member, member) {
        ([0], 0) => None,
        ([1], member) => Some(member),
        _ => return Err(Table::Digests.malformed()),
    };
    parts.end(ClaimRow {
        digest,
        entry,
        subject,
        member,
    })
}

pub(super) fn read_digest(row: &[u8]) -> Result<Sha256Digest, IndexError> {
    let mut parts = Parts::of(Table::Contested, row);
    let digest = Sha256Digest::from_bytes(parts.take()?);
    parts.end(digest)
}

/// What all rows of a name begin with.
pub(super) fn name_key(name: &ItemName) -> Vec<u8> {
    let mut key = name.as_str().as_bytes().to_vec();
    key.push(NAME_END);
    key
}

/// A version of a name, at `position` of what its statement adds.
pub(super) fn name(name: &ItemName, position: u32, version: &Version) -> Option<Vec<u8>> {
    let mut row = name_key(name);
    row.extend(version.entry.get().to_be_bytes());
    row.extend(position.to_be_bytes());
    let (kind, part) = match version.part {
        VersionPart::Run => (0, 0),
        VersionPart::Set(set) => (thing_code_of_word(version.kind)?, u64::try_from(set).ok()?),
    };
    row.push(kind);
    row.extend(part.to_be_bytes());
    Some(row)
}

/// One row of the table of names.
pub(super) struct NameRow {
    pub(super) name: ItemName,
    pub(super) entry: LeafIndex,
    pub(super) kind: &'static str,
    pub(super) part: VersionPart,
}

/// Returns the name that a row begins with, as bytes.
pub(super) fn name_bytes(row: &[u8]) -> Result<&[u8], IndexError> {
    let end = row.len().checked_sub(NAME_TAIL);
    end.and_then(|end| row.get(..end)).ok_or(Table::Names.malformed())
}

pub(super) fn read_name(row: &[u8]) -> Result<NameRow, IndexError> {
    let bad = || Table::Names.malformed();
    let name = name_bytes(row)?;
    let tail = row.get(name.len()..).ok_or_else(bad)?;
    let text = std::str::from_utf8(name).ok();
    let name = text
        .and_then(|text| ItemName::recorded(text).ok())
        .ok_or_else(bad)?;
    let mut parts = Parts::of(Table::Names, tail);
    if parts.take()? != [NAME_END] {
        return Err(bad());
    }
    let entry = LeafIndex::new(parts.u64()?);
    let _position = parts.u32()?;
    let [kind] = parts.take()?;
    let part = parts.u64()?;
    let (kind, part) = match (kind, part) {
        (0, 0) => ("run", VersionPart::Run),
        (0, _) => return Err(bad()),
        (code, part) => {
            let thing = thing(code).ok_or_else(bad)?;
            let set = usize::try_from(part).map_err(|_| bad())?;
            (thing_word(thing), VersionPart::Set(set))
        }
    };
    parts.end(NameRow {
        name,
        entry,
        kind,
        part,
    })
}

/// Returns a code for what a version is: the first thing that has the word.
fn thing_code_of_word(word: &str) -> Option<u8> {
    (1..=THINGS).find(|code| thing(*code).is_some_and(|thing| thing_word(thing) == word))
}

/// Returns the number of a thing, from 1.
pub(super) fn thing_code(thing: Thing) -> u8 {
    match thing {
        Thing::Source => 1,
        Thing::Prompt => 2,
        Thing::Filter => 3,
        Thing::ExternalModel => 4,
        Thing::Dataset => 5,
        Thing::Output(OutputKind::Shard) => 6,
        Thing::Output(OutputKind::Model) => 7,
        Thing::Output(OutputKind::Scores) => 8,
    }
}

/// Returns the thing of a number.
pub(super) fn thing(code: u8) -> Option<Thing> {
    let outputs = OutputKind::WORDS
        .iter()
        .filter_map(|word| OutputKind::parse(word).ok());
    let all = [
        Thing::Source,
        Thing::Prompt,
        Thing::Filter,
        Thing::ExternalModel,
        Thing::Dataset,
    ];
    all.into_iter()
        .chain(outputs.map(Thing::Output))
        .find(|thing| thing_code(*thing) == code)
}
