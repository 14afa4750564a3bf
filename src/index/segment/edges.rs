//! The edges of a segment in log order (`docs/formats/index.md`, "Edges"): the other ends of all edges, and for each
//! entry where its own begin.
//!
//! What stands beside an entry of the segment is two reads without a search. Only the children of entries below the
//! segment, which are few, are found by one.

use std::ops::Range;

use crate::index::IndexError;
use crate::index::table::Merge;
use crate::index::table::Table;
use crate::index::table::read_pair;
use crate::merkle::LeafIndex;

use super::file::Segment;
use super::header::Span;
use super::write::SegmentWriter;

/// Entries from this one on are in no segment: an entry takes 4 bytes in each edge.
pub(super) const ENTRIES_MAX: u64 = u32::MAX as u64;

/// The most edges of a segment, in either direction.
const EDGES_MAX: u64 = u32::MAX as u64;

/// How many bytes an entry, or the number of an edge, has.
const NUMBER_BYTES: u64 = 4;

/// How many bytes an entry below the segment has, with the number of its first edge.
const OLDER_BYTES: u64 = 2 * NUMBER_BYTES;

/// Where the parts of a table of edges stand in the file.
#[derive(Debug, Clone)]
pub(super) struct Edges {
    table: Table,
    /// The entries of the segment.
    own: Range<u64>,
    /// How many edges there are; their other ends stand at the start of the table.
    count: u64,
    ends_at: u64,
    /// The number of the first edge of each own entry, and of all edges at last.
    starts_at: u64,
    /// How many entries below the segment have edges, and where they stand.
    older: u64,
    older_at: u64,
}

impl Edges {
    /// Returns where the parts stand; nothing if the table has not the bytes that its numbers need.
    pub(super) fn of(table: Table, span: &Span, own: Range<u64>) -> Option<Self> {
        if own.end > ENTRIES_MAX || span.rows > EDGES_MAX {
            return None;
        }
        let ends = span.rows * NUMBER_BYTES;
        let starts = (own.end.checked_sub(own.start)? + 1) * NUMBER_BYTES;
        let rest = span.bytes.checked_sub(ends + starts)?;
        let older = rest / OLDER_BYTES;
        let may_be_older = table == Table::Children && own.start > 0;
        let is_sound = rest % OLDER_BYTES == 0 && older <= span.rows && (older == 0 || may_be_older);
        let starts_at = span.offset.checked_add(ends)?;
        let edges = Self {
            table,
            own,
            count: span.rows,
            ends_at: span.offset,
            starts_at,
            older,
            older_at: starts_at.checked_add(starts)?,
        };
        is_sound.then_some(edges)
    }

    /// Adds what stands beside `entry` to `found`, ascending.
    #[inline]
    pub(super) fn beside(
        &self,
        segment: &Segment,
        entry: u64,
        found: &mut Vec<LeafIndex>,
    ) -> Result<(), IndexError> {
        let range = match entry.checked_sub(self.own.start) {
            Some(place) if entry < self.own.end => {
                self.pair(segment, self.starts_at + place * NUMBER_BYTES)?
            }
            Some(_) => return Ok(()),
            None => match self.older(segment, entry)? {
                Some(range) => range,
                None => return Ok(()),
            },
        };
        let (start, end) = (u64::from(range.0), u64::from(range.1));
        if start > end || end > self.count {
            return Err(self.table.malformed());
        }
        let bytes = segment.bytes(self.ends_at + start * NUMBER_BYTES, (end - start) * NUMBER_BYTES)?;
        let (numbers, _) = bytes.as_chunks();
        let entry_of = |number: &[u8; 4]| LeafIndex::new(u64::from(u32::from_be_bytes(*number)));
        found.extend(numbers.iter().map(entry_of));
        Ok(())
    }

    /// Finds the edges of an entry below the segment.
    fn older(&self, segment: &Segment, entry: u64) -> Result<Option<(u32, u32)>, IndexError> {
        let at = |place: u64| self.pair(segment, self.older_at + place * OLDER_BYTES);
        let (mut low, mut high) = (0, self.older);
        while low < high {
            let middle = low.midpoint(high);
            if u64::from(at(middle)?.0) < entry {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        if low == self.older {
            return Ok(None);
        }
        let (older, start) = at(low)?;
        if u64::from(older) != entry {
            return Ok(None);
        }
        let end = if low + 1 < self.older {
            at(low + 1)?.1
        } else {
            self.pair(segment, self.starts_at)?.0
        };
        Ok(Some((start, end)))
    }

    /// Reads two numbers.
    #[inline]
    fn pair(&self, segment: &Segment, at: u64) -> Result<(u32, u32), IndexError> {
        let bytes = segment.bytes(at, 2 * NUMBER_BYTES)?;
        let (first, second) = bytes.split_first_chunk().ok_or(self.table.malformed())?;
        let second = second.first_chunk().ok_or(self.table.malformed())?;
        Ok((u32::from_be_bytes(*first), u32::from_be_bytes(*second)))
    }
}

/// Where the edges of each entry begin, while they are written: 4 bytes for each entry of the segment, and 8 for each
/// older one.
struct Starts {
    table: Table,
    own: Range<u64>,
    firsts: Vec<u32>,
    older: Vec<(u32, u32)>,
    count: u32,
}

impl Starts {
    /// Counts an edge of `entry`; the entries come ascending.
    fn add(&mut self, entry: u64) -> Result<(), IndexError> {
        if let Some(place) = entry.checked_sub(self.own.start) {
            if entry >= self.own.end {
                return Err(self.table.malformed());
            }
            self.fill(place);
        } else {
            let entry = number(entry, "entries", ENTRIES_MAX)?;
            if self.older.last().is_none_or(|(last, _)| *last != entry) {
                self.older.push((entry, self.count));
            }
        }
        self.count = number(u64::from(self.count) + 1, "edges", EDGES_MAX)?;
        Ok(())
    }

    /// Lets the edges of all entries up to the one at `place` begin here that have none yet.
    fn fill(&mut self, place: u64) {
        while self.firsts.len() as u64 <= place {
            self.firsts.push(self.count);
        }
    }
}

/// Writes the pairs of a table of the entries `own`, which come sorted, and returns how many there are.
pub(super) fn write(
    writer: &mut SegmentWriter,
    table: Table,
    own: Range<u64>,
    pairs: &mut Merge<'_>,
) -> Result<u64, IndexError> {
    number(own.end, "entries", ENTRIES_MAX)?;
    let entries = own.end.saturating_sub(own.start);
    let mut starts = Starts {
        table,
        own,
        firsts: Vec::new(),
        older: Vec::new(),
        count: 0,
    };
    while let Some(row) = pairs.next()? {
        let (entry, other) = read_pair(table, row)?;
        starts.add(entry)?;
        writer.put(&number(other, "entries", ENTRIES_MAX)?.to_be_bytes())?;
    }
    starts.fill(entries);
    for start in &starts.firsts {
        writer.put(&start.to_be_bytes())?;
    }
    for (entry, start) in &starts.older {
        writer.put(&entry.to_be_bytes())?;
        writer.put(&start.to_be_bytes())?;
    }
    Ok(u64::from(starts.count))
}

/// Returns a number as it is written.
fn number(number: u64, what: &'static str, limit: u64) -> Result<u32, IndexError> {
    let fits = u32::try_from(number).ok().filter(|_| number <= limit);
    fits.ok_or(IndexError::Full { what, limit })
}
