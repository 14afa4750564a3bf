//! The first bytes of a segment: what it covers and where its tables stand (`docs/formats/index.md`).

use std::ops::Range;

use crate::digest::NodeHash;
use crate::index::Watermark;
use crate::index::table::Table;
use crate::merkle::TreeSize;

use super::edges::Edges;
use super::places;

/// How many bytes the header has.
pub(super) const HEADER_BYTES: usize = 1024;

/// How many bytes of the file have a digest of their own.
pub(super) const PAGE_BYTES: usize = 64 * 1024;

/// How many bytes a digest has.
pub(super) const DIGEST_BYTES: usize = 32;

/// How many bytes say where a row ends.
pub(super) const END_BYTES: u64 = 8;

/// Bytes of the header that its own digest covers.
const COVERED: usize = HEADER_BYTES - DIGEST_BYTES;

const MAGIC: [u8; 8] = *b"HBSEGMNT";

/// The version of the format.
const VERSION: u16 = 1;

/// The longest origin, in bytes.
const ORIGIN_BYTES_MAX: usize = 128;

/// Where a table stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Span {
    /// The first row, from the start of the file.
    pub(super) offset: u64,
    /// The bytes of all rows; of edges, all that the table has.
    pub(super) bytes: u64,
    /// How many rows or edges there are.
    pub(super) rows: u64,
}

/// What a segment says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    /// The first entry.
    pub(super) from: u64,
    /// The log and its tree where the segment ends.
    pub(super) to: Watermark,
    /// How long the file is.
    pub(super) length: u64,
    /// Where the digests of the pages stand: behind all tables.
    pub(super) pages_at: u64,
    /// The digest of the digests of the pages.
    pub(super) pages_digest: [u8; DIGEST_BYTES],
    /// Where the record for a replay stands, and how long it is.
    pub(super) resume: (u64, u64),
    pub(super) tables: [Span; Table::ALL.len()],
}

impl Header {
    /// Returns its bytes; nothing if the origin is too long.
    pub(super) fn encode(&self) -> Option<[u8; HEADER_BYTES]> {
        let origin = self.to.origin.as_bytes();
        if origin.len() > ORIGIN_BYTES_MAX {
            return None;
        }
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        bytes.extend(MAGIC);
        bytes.extend(VERSION.to_be_bytes());
        bytes.extend(self.from.to_be_bytes());
        bytes.extend(self.to.size.get().to_be_bytes());
        bytes.extend(self.to.root.as_bytes());
        bytes.extend(self.length.to_be_bytes());
        bytes.extend(self.pages_at.to_be_bytes());
        bytes.extend(self.pages_digest);
        bytes.extend(self.resume.0.to_be_bytes());
        bytes.extend(self.resume.1.to_be_bytes());
        for span in &self.tables {
            for number in [span.offset, span.bytes, span.rows] {
                bytes.extend(number.to_be_bytes());
            }
        }
        bytes.extend(u16::try_from(origin.len()).ok()?.to_be_bytes());
        bytes.extend(origin);
        bytes.resize(COVERED, 0);
        let digest = blake3::hash(&bytes);
        bytes.extend(digest.as_bytes());
        bytes.try_into().ok()
    }

    /// Reads a header; nothing if it is not exactly what [`Header::encode`] writes.
    pub(super) fn decode(bytes: &[u8; HEADER_BYTES]) -> Option<Self> {
        let (covered, digest) = bytes.split_first_chunk::<COVERED>()?;
        if blake3::hash(covered).as_bytes().as_slice() != digest {
            return None;
        }
        let mut parts = Parts(covered);
        if parts.take()? != MAGIC || parts.take()? != VERSION.to_be_bytes() {
            return None;
        }
        let from = parts.number()?;
        let size = TreeSize::new(parts.number()?);
        let root = NodeHash::from_bytes(parts.take()?);
        let length = parts.number()?;
        let pages_at = parts.number()?;
        let pages_digest = parts.take()?;
        let resume = (parts.number()?, parts.number()?);
        let mut tables = [Span::default(); Table::ALL.len()];
        for span in &mut tables {
            *span = Span {
                offset: parts.number()?,
                bytes: parts.number()?,
                rows: parts.number()?,
            };
        }
        let origin = parts.origin()?;
        let header = Self {
            from,
            to: Watermark { origin, size, root },
            length,
            pages_at,
            pages_digest,
            resume,
            tables,
        };
        let is_exact = header.encode().is_some_and(|exact| exact == *bytes);
        (is_exact && header.is_sound()).then_some(header)
    }

    /// Returns the entries that it covers.
    pub(super) fn own(&self) -> Range<u64> {
        self.from..self.to.size.get()
    }

    /// Returns where the parts of a table of edges stand.
    pub(super) fn edges(&self, table: Table) -> Option<Edges> {
        let span = self.tables.get(table.place())?;
        Edges::of(table, span, self.own())
    }

    /// Returns how many bytes a table has with what stands behind its rows; nothing if its rows need other ones.
    fn whole(&self, table: Table, span: &Span) -> Option<u64> {
        let behind = match table {
            Table::Parents | Table::Children => return self.edges(table).map(|_| span.bytes),
            Table::Ids => places::bytes(span.rows),
            _ if table.width().is_none() => span.rows.checked_mul(END_BYTES)?,
            _ => 0,
        };
        if let Some(width) = table.width()
            && span.rows.checked_mul(width as u64) != Some(span.bytes)
        {
            return None;
        }
        span.bytes.checked_add(behind)
    }

    /// Returns where the last table ends; nothing if they do not stand one after the other.
    fn tables_end(&self) -> Option<u64> {
        let mut end = HEADER_BYTES as u64;
        for (table, span) in Table::ALL.into_iter().zip(&self.tables) {
            if span.offset != end {
                return None;
            }
            end = end.checked_add(self.whole(table, span)?)?;
        }
        Some(end)
    }

    /// Whether everything follows on each other and has the size that its rows need.
    fn is_sound(&self) -> bool {
        let entries = self.tables.get(Table::Entries.place());
        let covered = self.to.size.get().checked_sub(self.from);
        let pages = self.pages().checked_mul(DIGEST_BYTES as u64);
        let (resume, resume_bytes) = self.resume;
        self.tables_end() == Some(resume)
            && resume.checked_add(resume_bytes) == Some(self.pages_at)
            && covered.is_some_and(|covered| covered > 0)
            && entries.map(|span| span.rows) == covered
            && pages.and_then(|pages| pages.checked_add(self.pages_at)) == Some(self.length)
    }

    /// Returns how many pages there are between the header and their digests.
    pub(super) fn pages(&self) -> u64 {
        let bytes = self.pages_at.saturating_sub(HEADER_BYTES as u64);
        bytes.div_ceil(PAGE_BYTES as u64)
    }
}

struct Parts<'a>(&'a [u8]);

impl Parts<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (part, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*part)
    }

    fn number(&mut self) -> Option<u64> {
        self.take().map(u64::from_be_bytes)
    }

    fn origin(&mut self) -> Option<String> {
        let length = usize::from(u16::from_be_bytes(self.take()?));
        let bytes = self.0.get(..length).filter(|_| length <= ORIGIN_BYTES_MAX)?;
        String::from_utf8(bytes.to_vec()).ok()
    }
}
