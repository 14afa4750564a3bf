//! A place in a table of a segment.

use crate::index::IndexError;
use crate::index::table::Cursor;
use crate::index::table::Table;

use super::file::Segment;

/// A cursor over the rows of a segment, found by binary search without loading them.
pub(super) struct SegmentCursor<'a> {
    segment: &'a Segment,
    table: Table,
    rows: u64,
    at: u64,
}

impl<'a> SegmentCursor<'a> {
    pub(super) fn new(segment: &'a Segment, table: Table) -> Self {
        Self {
            segment,
            table,
            rows: segment.rows(table),
            at: 0,
        }
    }

    fn is_below(&self, at: u64, key: &[u8]) -> Result<bool, IndexError> {
        Ok(self.segment.row(self.table, at)? < key)
    }

    /// Returns the first row of `low..high` that is not less than `key`, else `high`.
    fn search(&self, mut low: u64, mut high: u64, key: &[u8]) -> Result<u64, IndexError> {
        while low < high {
            let middle = low.midpoint(high);
            if self.is_below(middle, key)? {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    /// Looks further and further ahead of the place it stands at: keys that ascend are found nearby.
    fn gallop(&self, key: &[u8]) -> Result<u64, IndexError> {
        let (mut low, mut step) = (self.at, 1);
        loop {
            let probe = low.saturating_add(step);
            if probe >= self.rows {
                return self.search(low, self.rows, key);
            }
            if !self.is_below(probe, key)? {
                return self.search(low, probe, key);
            }
            low = probe + 1;
            step *= 2;
        }
    }
}

impl Cursor for SegmentCursor<'_> {
    fn seek(&mut self, key: &[u8]) -> Result<(), IndexError> {
        if let Some((low, high)) = self.segment.between(self.table, key)? {
            self.at = self.search(low, high, key)?;
            return Ok(());
        }
        let is_ahead = match self.at.checked_sub(1) {
            None => false,
            Some(before) => self.is_below(before, key)?,
        };
        self.at = if is_ahead {
            self.gallop(key)?
        } else {
            let end = if self.at == 0 { self.rows } else { self.at };
            self.search(0, end, key)?
        };
        Ok(())
    }

    fn next(&mut self) -> Result<Option<&[u8]>, IndexError> {
        if self.at >= self.rows {
            return Ok(None);
        }
        let row = self.segment.row(self.table, self.at)?;
        self.at += 1;
        Ok(Some(row))
    }
}
