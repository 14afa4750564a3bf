//! Where the ids that begin alike stand (`docs/formats/index.md`, "Places of ids"): a lookup of an id reads one pair of
//! numbers and searches the few rows between them.

use crate::index::IndexError;
use crate::index::table::Table;

use super::file::Segment;
use super::header::Span;
use super::write::SegmentWriter;

/// The most first bits of an id that places are kept for.
const BITS_MAX: u32 = 16;

/// How many bytes a place has.
const PLACE_BYTES: u64 = 4;

/// Returns how many first bits of an id places are kept for: so many that about one to two ids begin alike.
fn bits(rows: u64) -> u32 {
    rows.checked_ilog2().unwrap_or_default().min(BITS_MAX)
}

/// Returns how many bytes the places behind so many ids have.
pub(super) fn bytes(rows: u64) -> u64 {
    ((1 << bits(rows)) + 1) * PLACE_BYTES
}

/// Returns the rows of `span` between which those stand that are not less than `key` and begin with its first bits;
/// nothing if it has fewer bits.
pub(super) fn between(segment: &Segment, span: &Span, key: &[u8]) -> Result<Option<(u64, u64)>, IndexError> {
    let Some(first) = key.first_chunk() else {
        return Ok(None);
    };
    let prefix = u64::from(u32::from(u16::from_be_bytes(*first)) >> (BITS_MAX - bits(span.rows)));
    let at = span.offset + span.bytes + prefix * PLACE_BYTES;
    let pair = segment.bytes(at, 2 * PLACE_BYTES)?;
    let malformed = || Table::Ids.malformed();
    let (low, high) = pair.split_first_chunk().ok_or_else(malformed)?;
    let high = high.first_chunk().ok_or_else(malformed)?;
    let low = u64::from(u32::from_be_bytes(*low));
    let high = u64::from(u32::from_be_bytes(*high));
    if low > high || high > span.rows {
        return Err(malformed());
    }
    Ok(Some((low, high)))
}

/// How many ids begin with each 16 bits.
pub(super) struct Places(Vec<u32>);

impl Places {
    pub(super) fn new() -> Self {
        Self(vec![0; 1 << BITS_MAX])
    }

    /// Counts an id; there are fewer than 2^32.
    pub(super) fn add(&mut self, id: &[u8]) {
        let first = id
            .first_chunk()
            .map(|first| usize::from(u16::from_be_bytes(*first)));
        if let Some(count) = first.and_then(|first| self.0.get_mut(first)) {
            *count += 1;
        }
    }

    /// Writes the places of all ids that were counted.
    pub(super) fn write(&self, writer: &mut SegmentWriter) -> Result<(), IndexError> {
        let rows = self.0.iter().map(|count| u64::from(*count)).sum();
        let alike = 1 << (BITS_MAX - bits(rows));
        let mut place = 0_u32;
        for counts in self.0.chunks(alike) {
            writer.put(&place.to_be_bytes())?;
            place += counts.iter().sum::<u32>();
        }
        writer.put(&place.to_be_bytes())
    }
}
