//! Several sorted runs read as one.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::Cursor;
use super::IndexError;

/// Rows of several cursors, ascending, equal ones once.
pub(in crate::index) struct Merge<'a> {
    cursors: Vec<Box<dyn Cursor + 'a>>,
    heads: BinaryHeap<Reverse<(Vec<u8>, usize)>>,
    last: Option<Vec<u8>>,
}

impl std::fmt::Debug for Merge<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Merge")
            .field("cursors", &self.cursors.len())
            .finish_non_exhaustive()
    }
}

impl<'a> Merge<'a> {
    /// Starts at the first rows that are not less than `key`.
    pub(in crate::index) fn from(
        mut cursors: Vec<Box<dyn Cursor + 'a>>,
        key: &[u8],
    ) -> Result<Self, IndexError> {
        let mut heads = BinaryHeap::with_capacity(cursors.len());
        for (at, cursor) in cursors.iter_mut().enumerate() {
            cursor.seek(key)?;
            if let Some(row) = cursor.next()? {
                heads.push(Reverse((row.to_vec(), at)));
            }
        }
        Ok(Self {
            cursors,
            heads,
            last: None,
        })
    }

    /// Returns the next row; nothing at the end.
    pub(in crate::index) fn next(&mut self) -> Result<Option<&[u8]>, IndexError> {
        while let Some(Reverse((row, at))) = self.heads.pop() {
            if let Some(cursor) = self.cursors.get_mut(at)
                && let Some(next) = cursor.next()?
            {
                self.heads.push(Reverse((next.to_vec(), at)));
            }
            if self.last.as_ref() != Some(&row) {
                return Ok(Some(self.last.insert(row)));
            }
        }
        Ok(None)
    }
}
