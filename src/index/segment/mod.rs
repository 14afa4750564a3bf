//! The readers' index: immutable files that are mapped, one behind the other from entry 0 on.
//!
//! Each segment holds the sorted tables of one stretch of the log, so a question is a binary search in a few files, or two
//! reads where it is one about the graph, and opening one reads its header and the digests of its pages. The appender publishes a stretch by renaming a
//! finished file, and from time to time one file for all. Readers need no lock: they take the chain they find, and
//! replay in memory what the log got since. A page is checked against its digest before it is first used, so a flipped
//! byte gives an error, never an answer. The bytes are those of `docs/formats/index.md`.

mod cursor;
mod edges;
mod file;
mod folder;
mod header;
mod mapping;
mod places;
#[cfg(test)]
mod tests;
mod write;

use std::path::Path;

use super::IndexError;
use super::Indexed;
use super::MemoryIndex;
use super::Resume;
use super::SledIndex;
use super::Watermark;
use super::table::Cursor;
use super::table::Merge;
use super::table::Table;
use super::table::Tables;
use super::table::rows_of;
use crate::merkle::LeafIndex;

use cursor::SegmentCursor;
use file::Segment;
use write::SegmentWriter;

/// How often the folder is listed again when a file vanishes between the listing and the opening.
const OPEN_ATTEMPTS: u32 = 16;

/// More segments than this are made one.
const SEGMENTS_MAX: usize = 8;

/// Segments are made one when all but the first have more than the first's bytes divided by this.
const DELTA_RATIO: u64 = 4;

/// The segments of a log from entry 0 on.
#[derive(Debug)]
pub struct Segments {
    chain: Vec<Segment>,
    watermark: Watermark,
    resume: Resume,
}

impl Segments {
    /// Opens what is published of the index of the log `origin`; nothing where nothing is. An error asks for the
    /// folder to be deleted.
    pub fn open(folder: &Path, origin: &str) -> Result<Option<Self>, IndexError> {
        for _ in 0..OPEN_ATTEMPTS {
            let chain = folder::chain(&folder::list(folder)?);
            if chain.is_empty() {
                return Ok(None);
            }
            let opened: Result<Option<Vec<_>>, _> =
                chain.iter().map(|named| open_named(named, origin)).collect();
            // A writer that made one of several removed a file meanwhile: what replaces it is there already.
            if let Some(segments) = opened? {
                return Self::of(segments).map(Some);
            }
        }
        Err(IndexError::Damaged {
            path: folder.to_owned(),
            what: format!("its files vanished {OPEN_ATTEMPTS} times while they were opened"),
        })
    }

    fn of(segments: Vec<Segment>) -> Result<Self, IndexError> {
        let last = segments.last().ok_or(Table::Entries.malformed())?;
        Ok(Self {
            watermark: last.header().to.clone(),
            resume: last.resume()?,
            chain: segments,
        })
    }

    /// Adds the entries that follow what is published, durably, as a segment of their own. Only the appender does.
    ///
    /// A stop before the last step leaves a file that no reader looks at and that the next writer removes.
    pub fn publish(
        folder: &Path,
        batch: &[Indexed],
        to: &Watermark,
        resume: &Resume,
    ) -> Result<(), IndexError> {
        let below = Self::open(folder, &to.origin)?;
        super::check::check(below.as_ref().map(|below| &below.watermark), batch, to)?;
        let Some(first) = batch.first() else {
            return Ok(());
        };
        let nothing = MemoryIndex::new();
        let rows = match &below {
            Some(below) => rows_of(below, batch)?,
            None => rows_of(&nothing, batch)?,
        };
        let from = first.facts.entry.get();
        write(folder, from, to, resume, |table| {
            rows.cursor(table).into_iter().collect()
        })
    }

    /// Publishes all of `index` as one segment, and removes those that it makes useless. Its memory does not grow
    /// with the index but for 8 bytes a statement.
    pub fn consolidate(folder: &Path, index: &SledIndex) -> Result<(), IndexError> {
        let (Some(to), Some(resume)) = (Tables::watermark(index), Tables::resume(index)) else {
            return Ok(());
        };
        if to.size.get() == 0 {
            return Ok(());
        }
        write(folder, 0, to, resume, |table| index.cursors(table))?;
        folder::remove_covered(folder, to.size.get())
    }

    /// Returns whether there are so many segments beside the first that they should be made one.
    pub fn should_consolidate(folder: &Path) -> Result<bool, IndexError> {
        let chain = folder::chain(&folder::list(folder)?);
        let bytes = |named: &folder::Named| std::fs::metadata(&named.path).map_or(0, |found| found.len());
        let Some((base, deltas)) = chain.split_first() else {
            return Ok(false);
        };
        let above: u64 = deltas.iter().map(bytes).sum();
        Ok(chain.len() > SEGMENTS_MAX || above > bytes(base) / DELTA_RATIO)
    }
}

/// Opens a segment and looks whether it is what its name says; nothing if it is gone.
fn open_named(named: &folder::Named, origin: &str) -> Result<Option<Segment>, IndexError> {
    let Some(segment) = Segment::open(&named.path)? else {
        return Ok(None);
    };
    let header = segment.header();
    if header.to.origin != origin {
        return Err(IndexError::Origin {
            expected: header.to.origin.clone(),
            found: origin.to_owned(),
        });
    }
    if (header.from, header.to.size.get()) != (named.from, named.to) {
        return Err(segment.damaged("it covers other entries than its name says"));
    }
    Ok(Some(segment))
}

fn write<'a>(
    folder: &Path,
    from: u64,
    to: &Watermark,
    resume: &Resume,
    cursors: impl Fn(Table) -> Vec<Box<dyn Cursor + 'a>>,
) -> Result<(), IndexError> {
    let path = folder::prepare(folder)?;
    let mut writer = SegmentWriter::create(&path)?;
    for table in Table::ALL {
        let own = from..to.size.get();
        writer.table(table, own, &mut Merge::from(cursors(table), &[])?)?;
    }
    writer.finish(from, to, resume)?;
    folder::publish(&path, folder, from, to.size.get())
}

impl Tables for Segments {
    fn watermark(&self) -> Option<&Watermark> {
        Some(&self.watermark)
    }

    fn resume(&self) -> Option<&Resume> {
        Some(&self.resume)
    }

    fn cursors(&self, table: Table) -> Vec<Box<dyn Cursor + '_>> {
        let cursor = |segment| Box::new(SegmentCursor::new(segment, table)) as Box<dyn Cursor + '_>;
        self.chain.iter().map(cursor).collect()
    }

    fn beside(&self, table: Table, entry: LeafIndex, found: &mut Vec<LeafIndex>) -> Result<(), IndexError> {
        let entry = entry.get();
        // What ends below the entry says nothing of it.
        let above = self
            .chain
            .iter()
            .filter(|segment| entry < segment.header().own().end);
        for segment in above {
            segment.beside(table, entry, found)?;
        }
        Ok(())
    }
}
