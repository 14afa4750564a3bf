//! An index as sorted tables: what `sled` and the segments have in common.
//!
//! Every table is a sorted sequence of rows of bytes, and rows compare as bytes do: integers stand big-endian, and
//! what orders rows stands first. An index holds its tables in several runs, one for each stretch of the log, the
//! oldest first. All questions of the trait are answered here (`answer.rs`) by looking into each run, so a backend
//! only has to find the first row that is not less than some bytes, and go on from there. The edges of the graph may
//! stand otherwise in a backend, which then says itself what stands beside an entry.

mod answer;
mod build;
mod facts;
mod merge;
mod row;

use super::IndexError;
use super::Resume;
use super::Watermark;
use crate::merkle::LeafIndex;

pub(super) use build::Rows;
pub(super) use build::rows_of;
pub(super) use merge::Merge;
pub(super) use row::read_pair;

/// A table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Table {
    /// Entry, statement id.
    Entries,
    /// Statement id, first entry.
    Ids,
    /// Entry, what is known of the statement first standing there.
    Facts,
    /// Name, entry, position, what it is.
    Names,
    /// Content, entry, position, artifact.
    Digests,
    /// Content that more than one statement claims.
    Contested,
    /// Entry, entry of a statement it cites.
    Parents,
    /// Entry, entry of a statement that cites it.
    Children,
}

impl Table {
    /// All tables, in the order of their numbers.
    pub(super) const ALL: [Self; 8] = [
        Self::Entries,
        Self::Ids,
        Self::Facts,
        Self::Names,
        Self::Digests,
        Self::Contested,
        Self::Parents,
        Self::Children,
    ];

    /// Returns its number, from 0.
    pub(super) const fn number(self) -> u8 {
        self as u8
    }

    /// Returns its place among [`Table::ALL`].
    pub(super) const fn place(self) -> usize {
        self as usize
    }

    /// Returns how many bytes each row has, where it stands as a row; nothing where they differ.
    pub(super) const fn width(self) -> Option<usize> {
        match self {
            Self::Entries | Self::Ids => Some(40),
            Self::Facts | Self::Names => None,
            Self::Digests => Some(57),
            Self::Contested => Some(32),
            Self::Parents | Self::Children => Some(16),
        }
    }

    /// Returns what it holds, as messages say it.
    pub(super) const fn what(self) -> &'static str {
        match self {
            Self::Entries => "entries",
            Self::Ids => "ids",
            Self::Facts => "facts",
            Self::Names => "names",
            Self::Digests => "digests",
            Self::Contested => "contested digests",
            Self::Parents => "parents",
            Self::Children => "children",
        }
    }

    /// Returns the error about a row of it.
    pub(super) const fn malformed(self) -> IndexError {
        IndexError::Row { table: self.what() }
    }
}

/// A place in one run of a table.
pub(super) trait Cursor {
    /// Moves to the first row that is not less than `key`. Keys that ascend from call to call are found fast.
    fn seek(&mut self, key: &[u8]) -> Result<(), IndexError>;

    /// Returns the row it stands at, and moves to the next one; nothing at the end.
    fn next(&mut self) -> Result<Option<&[u8]>, IndexError>;
}

/// Sorted tables in runs.
pub(super) trait Tables {
    /// Returns how far the runs go.
    fn watermark(&self) -> Option<&Watermark>;

    /// Returns what stands with the watermark.
    fn resume(&self) -> Option<&Resume>;

    /// Returns a cursor for each run of a table, the oldest first.
    fn cursors(&self, table: Table) -> Vec<Box<dyn Cursor + '_>>;

    /// Adds to `found` what stands beside `entry` in [`Table::Parents`] or [`Table::Children`], ascending.
    fn beside(&self, table: Table, entry: LeafIndex, found: &mut Vec<LeafIndex>) -> Result<(), IndexError> {
        let key = entry.get().to_be_bytes();
        for mut cursor in self.cursors(table) {
            cursor.seek(&key)?;
            while let Some(row) = cursor.next()?.filter(|row| row.starts_with(&key)) {
                found.push(LeafIndex::new(read_pair(table, row)?.1));
            }
        }
        Ok(())
    }
}
