//! The rows that a batch adds to an index.

use std::collections::HashMap;

use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::index::Facts;
use crate::index::Index;
use crate::index::IndexError;
use crate::index::Indexed;
use crate::merkle::LeafIndex;

use super::Cursor;
use super::Table;
use super::facts;
use super::row;

/// Rows of one table: their bytes one after the other, and where each one stands.
#[derive(Debug, Default)]
struct RowSet {
    bytes: Vec<u8>,
    spans: Vec<(usize, usize)>,
}

impl RowSet {
    fn push(&mut self, row: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(row);
        self.spans.push((start, self.bytes.len()));
    }

    fn sort(&mut self) {
        let bytes = &self.bytes;
        let row = |span: &(usize, usize)| bytes.get(span.0..span.1).unwrap_or_default();
        self.spans.sort_unstable_by(|a, b| row(a).cmp(row(b)));
        self.spans.dedup_by(|a, b| row(a) == row(b));
    }

    fn row(&self, at: usize) -> Option<&[u8]> {
        let (start, end) = self.spans.get(at)?;
        self.bytes.get(*start..*end)
    }
}

/// The rows of a batch, sorted, by table.
#[derive(Debug, Default)]
pub(in crate::index) struct Rows {
    tables: [RowSet; Table::ALL.len()],
}

impl Rows {
    /// Returns a cursor over the rows of a table.
    pub(in crate::index) fn cursor(&self, table: Table) -> Option<Box<dyn Cursor + '_>> {
        let rows = self.tables.get(table.place())?;
        Some(Box::new(RowCursor { rows, at: 0 }))
    }

    /// Returns how many rows there are in all tables.
    pub(in crate::index) fn count(&self) -> u64 {
        self.tables.iter().map(|rows| rows.spans.len() as u64).sum()
    }

    fn push(&mut self, table: Table, row: &[u8]) {
        if let Some(rows) = self.tables.get_mut(table.place()) {
            rows.push(row);
        }
    }

    fn sort(&mut self, table: Table) {
        if let Some(rows) = self.tables.get_mut(table.place()) {
            rows.sort();
        }
    }
}

struct RowCursor<'a> {
    rows: &'a RowSet,
    at: usize,
}

impl Cursor for RowCursor<'_> {
    fn seek(&mut self, key: &[u8]) -> Result<(), IndexError> {
        let rows = self.rows;
        let row = |span: &(usize, usize)| rows.bytes.get(span.0..span.1).unwrap_or_default();
        self.at = rows.spans.partition_point(|span| row(span) < key);
        Ok(())
    }

    fn next(&mut self) -> Result<Option<&[u8]>, IndexError> {
        let row = self.rows.row(self.at);
        self.at += 1;
        Ok(row)
    }
}

/// Returns the rows that a checked batch adds on top of `base`, which ends where the batch begins.
pub(in crate::index) fn rows_of(base: &dyn Index, batch: &[Indexed]) -> Result<Rows, IndexError> {
    let mut rows = Rows::default();
    let mut new: HashMap<StatementId, LeafIndex> = HashMap::new();
    for Indexed { facts, claims } in batch {
        let (id, entry) = (facts.id, facts.entry);
        rows.push(Table::Entries, &row::entry(entry, id));
        if new.contains_key(&id) || base.entry_of(id)?.is_some() {
            continue;
        }
        rows.push(Table::Ids, &row::id(id, entry));
        add_facts(&mut rows, facts)?;
        for parent in &facts.parents {
            let above = new.get(parent).copied();
            let Some(parent) = above.map_or_else(|| base.entry_of(*parent), |entry| Ok(Some(entry)))? else {
                continue;
            };
            rows.push(Table::Parents, &row::pair(entry.get(), parent.get()));
            rows.push(Table::Children, &row::pair(parent.get(), entry.get()));
        }
        for (position, claim) in (0_u32..).zip(claims) {
            let row = row::claim(claim.digest, entry, position, &claim.artifact);
            rows.push(Table::Digests, &row);
        }
        new.insert(id, entry);
    }
    rows.sort(Table::Digests);
    if let Some(any) = new.keys().next() {
        contest(&mut rows, base, *any)?;
    }
    for table in Table::ALL {
        rows.sort(table);
    }
    Ok(rows)
}

fn add_facts(rows: &mut Rows, facts: &Facts) -> Result<(), IndexError> {
    let row = facts::facts(facts).ok_or(Table::Facts.malformed())?;
    rows.push(Table::Facts, &row);
    for (position, (name, version)) in (0_u32..).zip(facts.versions()) {
        let row = row::name(&name, position, &version).ok_or(Table::Names.malformed())?;
        rows.push(Table::Names, &row);
    }
    Ok(())
}

/// Finds the digests that two statements of the batch claim, or one of the batch and one below; `any` statement of
/// the batch does not stand below.
fn contest(rows: &mut Rows, base: &dyn Index, any: StatementId) -> Result<(), IndexError> {
    let mut digests: Vec<Sha256Digest> = Vec::new();
    let mut contested = Vec::new();
    let mut first = None;
    let mut cursor = rows.cursor(Table::Digests).ok_or(Table::Digests.malformed())?;
    while let Some(row) = cursor.next()? {
        let claim = row::read_claim(row)?;
        if digests.last() != Some(&claim.digest) {
            digests.push(claim.digest);
            first = Some(claim.entry);
        } else if first != Some(claim.entry) && contested.last() != Some(&claim.digest) {
            contested.push(claim.digest);
        }
    }
    drop(cursor);
    contested.extend(base.claimed_by_others(&digests, any)?);
    for digest in contested {
        rows.push(Table::Contested, digest.as_bytes());
    }
    Ok(())
}
