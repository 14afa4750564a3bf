//! One segment, mapped: its bytes, each page checked before it is first used.

use std::fmt;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::Path;
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;

use memmap2::Mmap;

use crate::index::IndexError;
use crate::index::Resume;
use crate::index::codec;
use crate::index::resume::ResumeRecord;
use crate::index::table::Table;
use crate::merkle::LeafIndex;

use super::edges::Edges;
use super::header::DIGEST_BYTES;
use super::header::END_BYTES;
use super::header::HEADER_BYTES;
use super::header::Header;
use super::header::PAGE_BYTES;
use super::header::Span;
use super::mapping;
use super::places;

/// A segment.
pub(super) struct Segment {
    path: PathBuf,
    map: Mmap,
    header: Header,
    parents: Edges,
    children: Edges,
    /// One bit for each page whose digest was found right.
    checked: Vec<AtomicU64>,
}

impl fmt::Debug for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Segment")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

fn to_usize(number: u64) -> Option<usize> {
    usize::try_from(number).ok()
}

impl Segment {
    /// Opens a segment; nothing if there is no such file any more. It reads the header and the digests of the
    /// pages, a two-thousandth of the file.
    pub(super) fn open(path: &Path) -> Result<Option<Self>, IndexError> {
        let io = |source| IndexError::Io {
            action: "map",
            path: path.to_owned(),
            source,
        };
        // Before it is opened: a pipe would never answer, and a link leads elsewhere.
        match std::fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            found => {
                if !found.map_err(io)?.is_file() {
                    return Err(damaged(path, "it is no file"));
                }
            }
        }
        let file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(io)?,
        };
        if !file.metadata().map_err(io)?.is_file() {
            return Err(damaged(path, "it is no file"));
        }
        let map = mapping::map(&file).map_err(io)?;
        let header = map.first_chunk::<HEADER_BYTES>();
        let header = header.and_then(Header::decode);
        let unknown = || damaged(path, "its header is not one of this version");
        let header = header.ok_or_else(unknown)?;
        if header.length != map.len() as u64 {
            return Err(damaged(path, "it is cut short or grew"));
        }
        let words = to_usize(header.pages().div_ceil(64)).ok_or_else(|| damaged(path, "it is too large"))?;
        let checked = (0..words).map(|_| AtomicU64::new(0)).collect();
        let segment = Self {
            path: path.to_owned(),
            map,
            parents: header.edges(Table::Parents).ok_or_else(unknown)?,
            children: header.edges(Table::Children).ok_or_else(unknown)?,
            header,
            checked,
        };
        let digests = segment.raw(segment.header.pages_at..segment.header.length)?;
        if blake3::hash(digests).as_bytes() != &segment.header.pages_digest {
            return Err(segment.damaged("the digests of its pages are not the ones it names"));
        }
        Ok(Some(segment))
    }

    pub(super) fn header(&self) -> &Header {
        &self.header
    }

    pub(super) fn damaged(&self, what: &str) -> IndexError {
        damaged(&self.path, what)
    }

    /// Reads the record for a replay.
    pub(super) fn resume(&self) -> Result<Resume, IndexError> {
        let (offset, length) = self.header.resume;
        let bytes = self.bytes(offset, length)?;
        let record: Option<ResumeRecord> = codec::decode(bytes);
        let resume = record.and_then(ResumeRecord::read);
        resume.ok_or_else(|| self.damaged("its record for a replay is malformed"))
    }

    /// Adds what stands beside `entry` in a table of edges.
    #[inline]
    pub(super) fn beside(
        &self,
        table: Table,
        entry: u64,
        found: &mut Vec<LeafIndex>,
    ) -> Result<(), IndexError> {
        match table {
            Table::Parents => self.parents.beside(self, entry, found),
            Table::Children => self.children.beside(self, entry, found),
            _ => Err(table.malformed()),
        }
    }

    fn span(&self, table: Table) -> Result<&Span, IndexError> {
        let span = self.header.tables.get(table.place());
        // Edges do not stand in rows.
        let is_rows = !matches!(table, Table::Parents | Table::Children);
        span.filter(|_| is_rows).ok_or(table.malformed())
    }

    /// Returns how many rows a table has.
    pub(super) fn rows(&self, table: Table) -> u64 {
        self.header.tables.get(table.place()).map_or(0, |span| span.rows)
    }

    /// Returns the rows of a table between which the first one stands that is not less than `key`, or that end where
    /// it stands; nothing where only the rows tell.
    pub(super) fn between(&self, table: Table, key: &[u8]) -> Result<Option<(u64, u64)>, IndexError> {
        match table {
            Table::Ids => places::between(self, self.span(table)?, key),
            _ => Ok(None),
        }
    }

    /// Returns a row of a table.
    pub(super) fn row(&self, table: Table, at: u64) -> Result<&[u8], IndexError> {
        let span = self.span(table)?;
        if at >= span.rows {
            return Err(table.malformed());
        }
        if let Some(width) = table.width() {
            let width = width as u64;
            return self.bytes(span.offset + at * width, width);
        }
        let end_of = |at: u64| -> Result<u64, IndexError> {
            let bytes = self.bytes(span.offset + span.bytes + at * END_BYTES, END_BYTES)?;
            let end = bytes.first_chunk().copied().map(u64::from_be_bytes);
            end.ok_or(table.malformed())
        };
        let start = at.checked_sub(1).map_or(Ok(0), end_of)?;
        let end = end_of(at)?;
        if start > end || end > span.bytes {
            return Err(table.malformed());
        }
        self.bytes(span.offset + start, end - start)
    }

    /// Returns bytes of the tables, all their pages checked.
    #[inline]
    pub(super) fn bytes(&self, offset: u64, length: u64) -> Result<&[u8], IndexError> {
        match self.known_bytes(offset, length) {
            Some(bytes) => Ok(bytes),
            None => self.check_bytes(offset, length),
        }
    }

    /// Returns bytes of one page that was found right before: so short that a sweep over edges takes it in each step.
    #[inline]
    fn known_bytes(&self, offset: u64, length: u64) -> Option<&[u8]> {
        let start = offset.checked_sub(HEADER_BYTES as u64)?;
        let end = offset.checked_add(length)?;
        let page = start / PAGE_BYTES as u64;
        let word = self.checked.get(to_usize(page / 64)?)?;
        let is_known = word.load(Ordering::Relaxed) & (1 << (page % 64)) != 0;
        let is_one = (start + length).div_ceil(PAGE_BYTES as u64) <= page + 1;
        if !is_known || !is_one || end > self.header.pages_at {
            return None;
        }
        self.map.get(to_usize(offset)?..to_usize(end)?)
    }

    fn check_bytes(&self, offset: u64, length: u64) -> Result<&[u8], IndexError> {
        let outside = || self.damaged("a row stands outside of its tables");
        let end = offset.checked_add(length).ok_or_else(outside)?;
        let start = offset.checked_sub(HEADER_BYTES as u64).ok_or_else(outside)?;
        if end > self.header.pages_at {
            return Err(outside());
        }
        let size = PAGE_BYTES as u64;
        let last = (start + length).div_ceil(size);
        for page in start / size..last {
            self.check(page)?;
        }
        self.raw(offset..end)
    }

    fn check(&self, page: u64) -> Result<(), IndexError> {
        let word = to_usize(page / 64).and_then(|word| self.checked.get(word));
        let word = word.ok_or_else(|| self.damaged("it has fewer pages than its tables need"))?;
        let bit = 1 << (page % 64);
        // Whoever sees the bit needs nothing else that the one who set it wrote: the bytes never change.
        if word.load(Ordering::Relaxed) & bit != 0 {
            return Ok(());
        }
        let start = HEADER_BYTES as u64 + page * PAGE_BYTES as u64;
        let end = (start + PAGE_BYTES as u64).min(self.header.pages_at);
        let digest_at = self.header.pages_at + page * DIGEST_BYTES as u64;
        let digest = self.raw(digest_at..digest_at + DIGEST_BYTES as u64)?;
        if blake3::hash(self.raw(start..end)?).as_bytes().as_slice() != digest {
            return Err(self.damaged("a page has other bytes than were written"));
        }
        word.fetch_or(bit, Ordering::Relaxed);
        Ok(())
    }

    fn raw(&self, range: Range<u64>) -> Result<&[u8], IndexError> {
        let range = to_usize(range.start).zip(to_usize(range.end));
        let bytes = range.and_then(|(start, end)| self.map.get(start..end));
        bytes.ok_or_else(|| self.damaged("it is cut short"))
    }
}

fn damaged(path: &Path, what: &str) -> IndexError {
    IndexError::Damaged {
        path: path.to_owned(),
        what: what.to_owned(),
    }
}
