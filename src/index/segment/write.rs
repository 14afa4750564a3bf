//! Writing a segment: rows come sorted, table by table, and are written as they come.

use std::fs::File;
use std::io;
use std::io::BufWriter;
use std::io::Seek as _;
use std::io::SeekFrom;
use std::io::Write as _;
use std::ops::Range;
use std::path::Path;
use std::path::PathBuf;

use crate::index::IndexError;
use crate::index::Resume;
use crate::index::Watermark;
use crate::index::codec;
use crate::index::resume::ResumeRecord;
use crate::index::table::Merge;
use crate::index::table::Table;

use super::edges;
use super::header::HEADER_BYTES;
use super::header::Header;
use super::header::PAGE_BYTES;
use super::header::Span;
use super::places::Places;

/// A segment that is not yet finished. It keeps 32 bytes a page, and of one table at a time 8 a row of names or facts or 4
/// an entry in memory.
#[derive(Debug)]
pub(super) struct SegmentWriter {
    path: PathBuf,
    file: BufWriter<File>,
    position: u64,
    page: blake3::Hasher,
    page_room: usize,
    pages: Vec<u8>,
    tables: [Span; Table::ALL.len()],
}

impl SegmentWriter {
    /// Starts a file, which must not be there.
    pub(super) fn create(path: &Path) -> Result<Self, IndexError> {
        let file = File::create_new(path).map_err(|source| IndexError::Io {
            action: "create",
            path: path.to_owned(),
            source,
        })?;
        let mut writer = Self {
            path: path.to_owned(),
            file: BufWriter::new(file),
            position: HEADER_BYTES as u64,
            page: blake3::Hasher::new(),
            page_room: PAGE_BYTES,
            pages: Vec::new(),
            tables: [Span::default(); Table::ALL.len()],
        };
        let written = writer.file.write_all(&[0; HEADER_BYTES]);
        written.map_err(|source| writer.io(source))?;
        Ok(writer)
    }

    fn io(&self, source: io::Error) -> IndexError {
        IndexError::Io {
            action: "write",
            path: self.path.clone(),
            source,
        }
    }

    /// Writes the next bytes.
    pub(super) fn put(&mut self, bytes: &[u8]) -> Result<(), IndexError> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(self.page_room));
            self.page.update(now);
            self.page_room -= now.len();
            if self.page_room == 0 {
                self.close_page();
            }
            rest = later;
        }
        self.position += bytes.len() as u64;
        let written = self.file.write_all(bytes);
        written.map_err(|source| self.io(source))
    }

    fn close_page(&mut self) {
        self.pages.extend(self.page.finalize().as_bytes());
        self.page.reset();
        self.page_room = PAGE_BYTES;
    }

    /// Writes a table of a segment of the entries `own`.
    pub(super) fn table(
        &mut self,
        table: Table,
        own: Range<u64>,
        rows: &mut Merge<'_>,
    ) -> Result<(), IndexError> {
        let offset = self.position;
        let span = match table {
            Table::Parents | Table::Children => {
                let rows = edges::write(self, table, own, rows)?;
                let bytes = self.position - offset;
                Span { offset, bytes, rows }
            }
            _ => self.rows(table, rows)?,
        };
        if let Some(place) = self.tables.get_mut(table.place()) {
            *place = span;
        }
        Ok(())
    }

    /// Writes rows, and behind them what helps to find them.
    fn rows(&mut self, table: Table, rows: &mut Merge<'_>) -> Result<Span, IndexError> {
        let mut span = Span {
            offset: self.position,
            ..Span::default()
        };
        let mut ends = Vec::new();
        let mut places = (table == Table::Ids).then(Places::new);
        while let Some(row) = rows.next()? {
            match table.width() {
                Some(width) if width != row.len() => return Err(table.malformed()),
                Some(_) => {}
                None => ends.extend((span.bytes + row.len() as u64).to_be_bytes()),
            }
            span.bytes += row.len() as u64;
            span.rows += 1;
            if let Some(places) = &mut places {
                places.add(row);
            }
            self.put(row)?;
        }
        self.put(&ends)?;
        if let Some(places) = places {
            places.write(self)?;
        }
        Ok(span)
    }

    /// Writes what is left and makes the file durable.
    pub(super) fn finish(mut self, from: u64, to: &Watermark, resume: &Resume) -> Result<(), IndexError> {
        let too_large = |path: &Path| IndexError::Damaged {
            path: path.to_owned(),
            what: "its record for a replay or its origin is too large".to_owned(),
        };
        let record = codec::encode(&ResumeRecord::from(resume)).ok_or_else(|| too_large(&self.path))?;
        let resume_at = self.position;
        self.put(&record)?;
        if self.page_room < PAGE_BYTES {
            self.close_page();
        }
        let header = Header {
            from,
            to: to.clone(),
            length: self.position + self.pages.len() as u64,
            pages_at: self.position,
            pages_digest: *blake3::hash(&self.pages).as_bytes(),
            resume: (resume_at, record.len() as u64),
            tables: self.tables,
        };
        let header = header.encode().ok_or_else(|| too_large(&self.path))?;
        self.end(&header).map_err(|source| self.io(source))
    }

    fn end(&mut self, header: &[u8]) -> io::Result<()> {
        self.file.write_all(&self.pages)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(header)?;
        self.file.flush()?;
        self.file.get_ref().sync_all()
    }
}
