//! Sorted rows packed into values, and where a value stands.

use serde::Deserialize;
use serde::Serialize;

use ::sled::Batch;

use crate::index::IndexError;
use crate::index::codec;
use crate::index::table::Merge;
use crate::index::table::Table;

use super::store::Store;

/// How many rows a block has at most. One value for each row would take 1.2 KB of memory a row and be 60 times
/// slower to write.
pub(super) const BLOCK_ROWS: usize = 256;

/// When a block is closed before it has [`BLOCK_ROWS`], in bytes.
const BLOCK_BYTES: usize = 64 * 1024;

/// When blocks that nothing names yet are written before the batch that names them, in bytes: so a batch of any size
/// takes bounded memory.
const BATCH_BYTES: usize = 16 * 1024 * 1024;

/// Sorted rows.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Block<'a> {
    /// Where each row ends.
    pub(super) ends: Vec<u32>,
    /// The rows, one after the other.
    #[serde(borrow)]
    pub(super) rows: &'a [u8],
}

impl Block<'_> {
    /// Whether the ends are those of the rows.
    pub(super) fn is_sound(&self) -> bool {
        let last = self.ends.last().map(|end| u64::from(*end));
        self.ends.is_sorted() && last == Some(self.rows.len() as u64)
    }
}

/// What all keys of a run of a table begin with.
pub(super) fn run_key(table: Table, run: u64) -> Vec<u8> {
    let mut key = vec![table.number()];
    key.extend(run.to_be_bytes());
    key
}

/// The first key after those of a run.
pub(super) fn run_end(table: Table, run: u64) -> Vec<u8> {
    run_key(table, run.saturating_add(1))
}

/// Returns what of a row stands in the key of a block that it begins: all, but of the facts only the entry.
fn key_part(table: Table, row: &[u8]) -> &[u8] {
    match table {
        Table::Facts => row.get(..8).unwrap_or(row),
        _ => row,
    }
}

/// Writes runs, block by block.
#[derive(Debug)]
pub(super) struct BlockWriter<'a> {
    store: &'a Store,
    batch: Batch,
    batch_bytes: usize,
    first: Vec<u8>,
    ends: Vec<u32>,
    rows: Vec<u8>,
}

impl<'a> BlockWriter<'a> {
    pub(super) fn new(store: &'a Store) -> Self {
        Self {
            store,
            batch: Batch::default(),
            batch_bytes: 0,
            first: Vec::new(),
            ends: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// Writes a run of a table and returns how many rows it has.
    pub(super) fn run(&mut self, table: Table, run: u64, rows: &mut Merge<'_>) -> Result<u64, IndexError> {
        let mut count = 0;
        while let Some(row) = rows.next()? {
            if self.ends.is_empty() {
                self.first = key_part(table, row).to_vec();
            }
            self.rows.extend_from_slice(row);
            let end = u32::try_from(self.rows.len()).map_err(|_| table.malformed())?;
            self.ends.push(end);
            count += 1;
            if self.ends.len() >= BLOCK_ROWS || self.rows.len() >= BLOCK_BYTES {
                self.close(table, run)?;
            }
        }
        self.close(table, run)?;
        Ok(count)
    }

    fn close(&mut self, table: Table, run: u64) -> Result<(), IndexError> {
        if self.ends.is_empty() {
            return Ok(());
        }
        let block = Block {
            ends: std::mem::take(&mut self.ends),
            rows: &self.rows,
        };
        let value = codec::encode(&block).ok_or(table.malformed())?;
        let mut key = run_key(table, run);
        key.append(&mut self.first);
        self.batch_bytes += key.len() + value.len();
        self.batch.insert(key, value);
        self.rows.clear();
        if self.batch_bytes >= BATCH_BYTES {
            self.batch_bytes = 0;
            // A stop after this leaves blocks of a run that no record names; the next opening removes them.
            self.store.apply(std::mem::take(&mut self.batch))?;
        }
        Ok(())
    }

    /// Returns the changes that are not yet made.
    pub(super) fn finish(self) -> Batch {
        self.batch
    }
}
