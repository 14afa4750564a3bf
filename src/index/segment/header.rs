//! The first bytes of a segment: what it covers and where its tables stand (`docs/formats/index.md`).

use crate::digest::NodeHash;
use crate::index::Watermark;
use crate::index::table::Table;
use crate::merkle::TreeSize;

/// How many bytes the header has.
pub(super) const HEADER_BYTES: usize = 1024;

/// How many bytes of the file have a digest of their own.
pub(super) const PAGE_BYTES: usize = 64 * 1024;

/// How many bytes a digest has.
pub(super) const DIGEST_BYTES: usize = 32;

/// Bytes of the header that its own digest covers.
const COVERED: usize = HEADER_BYTES - DIGEST_BYTES;

const MAGIC: [u8; 8] = *b"HBSEGMNT";

/// The version of the format.
const VERSION: u16 = 0;

/// The longest origin, in bytes.
const ORIGIN_BYTES_MAX: usize = 128;

/// Where a table stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Span {
    /// The first row, from the start of the file.
    pub(super) offset: u64,
    /// The bytes of all rows.
    pub(super) bytes: u64,
    /// How many rows there are.
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

    /// Whether everything stands inside the file and has the size that its rows need.
    fn is_sound(&self) -> bool {
        let inside = |offset: u64, bytes: u64| {
            let end = offset.checked_add(bytes);
            offset >= HEADER_BYTES as u64 && end.is_some_and(|end| end <= self.pages_at)
        };
        let table = |(table, span): (Table, &Span)| {
            let Some(width) = table.width() else {
                // The ends of the rows stand behind them.
                let ends = span.rows.checked_mul(8);
                let all = ends.and_then(|ends| span.bytes.checked_add(ends));
                return all.is_some_and(|all| inside(span.offset, all));
            };
            let bytes = span.rows.checked_mul(width as u64);
            bytes == Some(span.bytes) && inside(span.offset, span.bytes)
        };
        let entries = self.tables.get(Table::Entries.place());
        let covered = self.to.size.get().checked_sub(self.from);
        let pages = self.pages().checked_mul(DIGEST_BYTES as u64);
        inside(self.resume.0, self.resume.1)
            && Table::ALL.into_iter().zip(&self.tables).all(table)
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
