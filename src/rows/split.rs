//! Rows out of bytes that come in pieces.

use super::ROW_BYTES_MAX;

/// One row of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row<'a> {
    /// Which row it is, from 1: blank lines are none.
    pub number: u64,
    /// On which line it stands, from 1, as editors count.
    pub line: u64,
    /// Its bytes without the line end.
    pub bytes: &'a [u8],
}

/// Why bytes are not split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// A line without an end in sight.
    #[error("line {line} is longer than the ROW_BYTES_MAX of {ROW_BYTES_MAX} bytes")]
    TooLong {
        /// The line, from 1.
        line: u64,
    },
}

/// Splits bytes into rows; of the bytes it keeps at most one line.
#[derive(Debug, Default)]
pub struct RowSplitter {
    /// What came of a line that has not ended yet.
    begun: Vec<u8>,
    lines: u64,
    rows: u64,
}

impl RowSplitter {
    /// Starts at the first byte of a file.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes and tells every row that ends in them.
    pub fn push(&mut self, piece: &[u8], mut each: impl FnMut(Row<'_>)) -> Result<(), RowError> {
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', piece) {
            let rest = piece.get(start..end).unwrap_or_default();
            start = end + 1;
            if self.begun.is_empty() {
                self.check(rest.len())?;
                self.line(rest, &mut each);
            } else {
                self.keep(rest)?;
                let mut line = std::mem::take(&mut self.begun);
                self.line(&line, &mut each);
                line.clear();
                self.begun = line;
            }
        }
        self.keep(piece.get(start..).unwrap_or_default())
    }

    /// Tells the last row, if the file ends without a line end.
    pub fn finish(mut self, mut each: impl FnMut(Row<'_>)) {
        let line = std::mem::take(&mut self.begun);
        self.line(&line, &mut each);
    }

    fn keep(&mut self, rest: &[u8]) -> Result<(), RowError> {
        self.check(self.begun.len().saturating_add(rest.len()))?;
        self.begun.extend_from_slice(rest);
        Ok(())
    }

    /// A carriage return at the end is none of the row, but nobody knows yet that it is the last.
    const fn check(&self, length: usize) -> Result<(), RowError> {
        if length > ROW_BYTES_MAX + 1 {
            return Err(RowError::TooLong { line: self.lines + 1 });
        }
        Ok(())
    }

    fn line(&mut self, line: &[u8], each: &mut impl FnMut(Row<'_>)) {
        self.lines += 1;
        if line.iter().all(u8::is_ascii_whitespace) {
            return;
        }
        self.rows += 1;
        each(Row {
            number: self.rows,
            line: self.lines,
            bytes: line.strip_suffix(b"\r").unwrap_or(line),
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(text: &[u8], piece: usize) -> Vec<(u64, u64, Vec<u8>)> {
        let mut rows = Vec::new();
        let mut splitter = RowSplitter::new();
        for part in text.chunks(piece.max(1)) {
            splitter
                .push(part, |row| rows.push((row.number, row.line, row.bytes.to_vec())))
                .unwrap();
        }
        splitter.finish(|row| rows.push((row.number, row.line, row.bytes.to_vec())));
        rows
    }

    fn naive(text: &[u8]) -> Vec<(u64, u64, Vec<u8>)> {
        let lines = (1_u64..).zip(text.split(|byte| *byte == b'\n'));
        let rows = lines.filter(|(_, line)| line.iter().any(|byte| !b" \t\r\x0c\n".contains(byte)));
        (1_u64..)
            .zip(rows)
            .map(|(number, (line, bytes))| {
                (number, line, bytes.strip_suffix(b"\r").unwrap_or(bytes).to_vec())
            })
            .collect()
    }

    #[test]
    fn line_ends_blank_lines_and_bytes_that_are_no_text() {
        for (text, expected) in [
            (&b""[..], &[][..]),
            (b"\n\r\n \t\n", &[]),
            (b"a", &[&b"a"[..]]),
            (b"a\nb\n", &[b"a", b"b"]),
            (b"a\r\nb\r\n", &[b"a", b"b"]),
            (b"a\r\r\n", &[b"a\r"]),
            (b"\n\na\r", &[b"a"]),
            (b"\xef\xbb\xbfa\n\xff\xfe\n", &[b"\xef\xbb\xbfa", b"\xff\xfe"]),
            (b" a \n", &[b" a "]),
            (b"a\rb\n", &[b"a\rb"]),
        ] {
            let found: Vec<Vec<u8>> = split(text, 3).into_iter().map(|(_, _, row)| row).collect();
            assert_eq!(found, expected, "{}", text.escape_ascii());
        }
        assert_eq!(
            split(b"\na\n\nb", 9),
            [(1, 2, b"a".to_vec()), (2, 4, b"b".to_vec())]
        );
    }

    #[test]
    fn a_row_beyond_the_limit_is_refused_and_named() {
        let mut long = vec![b'x'; ROW_BYTES_MAX];
        for end in [&b"\n"[..], b"\r\n", b""] {
            let text = [b"a\n", long.as_slice(), end].concat();
            assert_eq!(split(&text, 1 << 20).len(), 2, "{}", end.escape_ascii());
        }
        long.extend_from_slice(b"yz");
        for piece in [long.len(), 1 << 20] {
            let mut splitter = RowSplitter::new();
            splitter.push(b"a\n", |_| {}).unwrap();
            let told: Result<(), RowError> = long
                .chunks(piece)
                .try_for_each(|part| splitter.push(part, |_| {}));
            assert_eq!(told, Err(RowError::TooLong { line: 2 }));
            assert!(
                RowError::TooLong { line: 2 }
                    .to_string()
                    .contains("ROW_BYTES_MAX of 16777216")
            );
        }
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(
            text in prop::collection::vec(prop::sample::select(b"a \r\n\xff".to_vec()), 0..60),
            piece in 1_usize..20,
        ) {
            prop_assert_eq!(split(&text, piece), naive(&text));
        }
    }
}
