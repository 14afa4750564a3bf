//! Rows, counted while the bytes pass by.
//!
//! | name ends in | a row is |
//! |---|---|
//! | `.jsonl`, `.ndjson` | a line with anything but white space on it; the last needs no line end |
//! | `.csv`, `.tsv` | a record of RFC 4180 after the first, which is the header; quoted line ends count for nothing, blank lines neither |
//!
//! Upper and lower case of the ending are the same. Any other file has no row count.

use std::path::Path;

use csv_core::ReadRecordResult;

/// How many bytes of fields the CSV reader may hand over at a time. They are thrown away.
const CSV_FIELD_BYTES: usize = 4096;

/// How many field ends the CSV reader may hand over at a time. They are thrown away.
const CSV_FIELD_ENDS: usize = 256;

/// Counts the rows of one file from its bytes, in any pieces.
#[derive(Debug)]
pub struct RowCounter(Counter);

#[derive(Debug)]
enum Counter {
    Lines { full: u64, line_has_content: bool },
    Records(Box<Records>),
}

#[derive(Debug)]
struct Records {
    reader: csv_core::Reader,
    count: u64,
    fields: [u8; CSV_FIELD_BYTES],
    ends: [usize; CSV_FIELD_ENDS],
}

impl RowCounter {
    /// Returns the counter that the ending of the name asks for.
    pub fn for_path(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        match ending.as_str() {
            "jsonl" | "ndjson" => Some(Self(Counter::Lines {
                full: 0,
                line_has_content: false,
            })),
            "csv" => Some(Self(Counter::Records(Box::new(Records::separated_by(b','))))),
            "tsv" => Some(Self(Counter::Records(Box::new(Records::separated_by(b'\t'))))),
            _ => None,
        }
    }

    /// Takes the next bytes.
    pub fn update(&mut self, piece: &[u8]) {
        match &mut self.0 {
            Counter::Lines {
                full,
                line_has_content,
            } => count_lines(piece, full, line_has_content),
            Counter::Records(records) => records.read(piece),
        }
    }

    /// Returns the number of rows.
    pub fn finish(self) -> u64 {
        match self.0 {
            Counter::Lines {
                full,
                line_has_content,
            } => full + u64::from(line_has_content),
            Counter::Records(records) => records.finish(),
        }
    }
}

fn count_lines(piece: &[u8], full: &mut u64, line_has_content: &mut bool) {
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', piece) {
        *full += u64::from(*line_has_content || has_content(piece.get(start..end)));
        *line_has_content = false;
        start = end + 1;
    }
    *line_has_content |= has_content(piece.get(start..));
}

fn has_content(line: Option<&[u8]>) -> bool {
    line.is_some_and(|line| line.iter().any(|byte| !byte.is_ascii_whitespace()))
}

impl Records {
    fn separated_by(delimiter: u8) -> Self {
        Self {
            reader: csv_core::ReaderBuilder::new().delimiter(delimiter).build(),
            count: 0,
            fields: [0; CSV_FIELD_BYTES],
            ends: [0; CSV_FIELD_ENDS],
        }
    }

    fn read(&mut self, mut piece: &[u8]) {
        // An empty input means the end of the file to the CSV reader, so it is only given by `finish`.
        while !piece.is_empty() {
            let (result, taken, _, _) = self.reader.read_record(piece, &mut self.fields, &mut self.ends);
            self.count += u64::from(matches!(result, ReadRecordResult::Record));
            piece = piece.get(taken..).unwrap_or_default();
        }
    }

    fn finish(mut self) -> u64 {
        let (result, _, _, _) = self.reader.read_record(&[], &mut self.fields, &mut self.ends);
        self.count += u64::from(matches!(result, ReadRecordResult::Record));
        self.count.saturating_sub(1)
    }
}
