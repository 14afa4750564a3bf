//! A place in one run of a table.

use ::sled::IVec;

use crate::index::IndexError;
use crate::index::codec;
use crate::index::table::Cursor;
use crate::index::table::Table;

use super::block::Block;
use super::block::run_end;
use super::block::run_key;
use super::store::Store;

/// A block, read.
struct Open {
    value: IVec,
    /// Where the rows begin in `value`.
    base: usize,
    ends: Vec<u32>,
    /// The block holds what the run has from this key on, ...
    lower: Vec<u8>,
    /// ... and below this one, which is that of the next block.
    upper: Option<Vec<u8>>,
}

impl Open {
    fn row(&self, at: usize) -> Option<&[u8]> {
        let end = usize::try_from(*self.ends.get(at)?).ok()?;
        let start = match at.checked_sub(1) {
            None => 0,
            Some(before) => usize::try_from(*self.ends.get(before)?).ok()?,
        };
        self.value.get(self.base..)?.get(start..end)
    }

    fn answers(&self, key: &[u8]) -> bool {
        let below = self.upper.as_deref().is_none_or(|upper| key < upper);
        self.lower.as_slice() <= key && below
    }

    /// Returns the place of the first row that is not less than `key`.
    fn find(&self, key: &[u8]) -> usize {
        let (mut low, mut high) = (0, self.ends.len());
        while low < high {
            let middle = low.midpoint(high);
            if self.row(middle).is_some_and(|row| row < key) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}

/// A cursor over the blocks of a run.
pub(super) struct RunCursor<'a> {
    store: &'a Store,
    table: Table,
    start: Vec<u8>,
    end: Vec<u8>,
    open: Option<Open>,
    at: usize,
    /// The run has no block.
    empty: bool,
}

impl<'a> RunCursor<'a> {
    pub(super) fn new(store: &'a Store, table: Table, run: u64) -> Self {
        Self {
            store,
            table,
            start: run_key(table, run),
            end: run_end(table, run),
            open: None,
            at: 0,
            empty: false,
        }
    }

    fn key(&self, key: &[u8]) -> Vec<u8> {
        let mut whole = self.start.clone();
        whole.extend_from_slice(key);
        whole
    }

    /// Reads a block; `lower` is what it answers from.
    fn read(&self, key: &IVec, value: IVec, lower: Vec<u8>) -> Result<Open, IndexError> {
        let block: Block<'_> = codec::decode(&value).ok_or_else(|| self.table.malformed())?;
        if !block.is_sound() {
            return Err(self.table.malformed());
        }
        // The rows are the last field of the record.
        let base = value.len() - block.rows.len();
        let ends = block.ends;
        let mut after = key.to_vec();
        after.push(0);
        let next = self.store.first(&after, &self.end)?;
        let upper = next.and_then(|(next, _)| next.get(self.start.len()..).map(<[u8]>::to_vec));
        Ok(Open {
            value,
            base,
            ends,
            lower,
            upper,
        })
    }

    fn load(&mut self, key: &[u8]) -> Result<(), IndexError> {
        let found = self.store.last(&self.start, &self.key(key))?;
        let (found, is_first) = match found {
            Some(found) => (Some(found), false),
            None => (self.store.first(&self.start, &self.end)?, true),
        };
        let Some((at, value)) = found else {
            self.empty = true;
            return Ok(());
        };
        let lower = if is_first {
            Vec::new()
        } else {
            at.get(self.start.len()..).unwrap_or_default().to_vec()
        };
        self.open = Some(self.read(&at, value, lower)?);
        Ok(())
    }

    /// Goes to the block after the open one; returns whether there is one.
    fn advance(&mut self) -> Result<bool, IndexError> {
        let Some(upper) = self.open.as_mut().and_then(|open| open.upper.take()) else {
            return Ok(false);
        };
        let key = self.key(&upper);
        let value = self.store.get(&key)?.ok_or_else(|| self.table.malformed())?;
        self.open = Some(self.read(&IVec::from(key), value, upper)?);
        self.at = 0;
        Ok(true)
    }
}

impl Cursor for RunCursor<'_> {
    fn seek(&mut self, key: &[u8]) -> Result<(), IndexError> {
        if self.empty {
            return Ok(());
        }
        if !self.open.as_ref().is_some_and(|open| open.answers(key)) {
            self.load(key)?;
        }
        self.at = self.open.as_ref().map_or(0, |open| open.find(key));
        Ok(())
    }

    fn next(&mut self) -> Result<Option<&[u8]>, IndexError> {
        let is_over = self.open.as_ref().is_none_or(|open| self.at >= open.ends.len());
        if is_over && (self.empty || !self.advance()?) {
            return Ok(None);
        }
        let at = self.at;
        self.at += 1;
        let row = self.open.as_ref().and_then(|open| open.row(at));
        row.ok_or(self.table.malformed()).map(Some)
    }
}
