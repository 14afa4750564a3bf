//! Files of rows that look unfinished: with no row, or with a last row that was cut off.

use std::fs::File;
use std::io::Read as _;
use std::io::Seek as _;
use std::io::SeekFrom;
use std::path::Path;

use crate::rows::is_row_file;

use super::content::Contents;
use super::order::Item;
use super::plan::Planner;
use super::warn::WarningCode;

/// How many files of one item have their last line looked at.
const LOOKED_AT_MAX: usize = 1000;

/// The longest last line that is looked at, in bytes.
const LAST_LINE_BYTES_MAX: u64 = 1 << 20;

impl Planner<'_> {
    /// Warns of each kind of odd file once for a set, with the first such file.
    pub(super) fn warn_of_files(&mut self, item: Item<'_>) {
        let mut told = Vec::new();
        for (name, _) in item.contents() {
            let empty = named(&self.contents, name, |rows, _| rows == 0);
            let cut = named(&self.contents, name, |rows, path| rows > 0 && is_cut(path));
            for (file, message) in [
                (empty, "has no row"),
                (
                    cut,
                    "ends without a line end in the middle of a row, as a file does whose writer was stopped; the row is counted",
                ),
            ] {
                told.extend(file.map(|file| (name, format!("`{file}` {message}"))));
            }
        }
        for (name, message) in told {
            let line = item.line_of(name);
            self.warnings_at(name, line)
                .add(WarningCode::FileUnfinished, message, None);
        }
    }
}

fn named(
    contents: &Contents,
    item: &crate::statement::ItemName,
    odd: impl Fn(u64, &Path) -> bool,
) -> Option<String> {
    let mut files = contents.counted(item).take(LOOKED_AT_MAX);
    files
        .find(|(file, rows)| odd(*rows, &file.path))
        .map(|(file, _)| file.name.clone())
}

/// Returns whether a file of JSON Lines ends within a line that is no JSON. What cannot be read says nothing.
fn is_cut(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| is_row_file(&name.to_string_lossy()))
        && last_line(path).is_some_and(|line| serde_json::from_slice::<serde::de::IgnoredAny>(&line).is_err())
}

/// Returns what stands behind the last line end; nothing if nothing does, or more than is looked at.
fn last_line(path: &Path) -> Option<Vec<u8>> {
    let mut file = File::open(path).ok()?;
    let size = file.metadata().ok()?.len();
    // The last byte alone tells it of nearly all files.
    file.seek(SeekFrom::Start(size.checked_sub(1)?)).ok()?;
    let mut last = [0];
    file.read_exact(&mut last).ok()?;
    if last == *b"\n" {
        return None;
    }
    let from = size.saturating_sub(LAST_LINE_BYTES_MAX);
    file.seek(SeekFrom::Start(from)).ok()?;
    let mut tail = Vec::new();
    file.take(LAST_LINE_BYTES_MAX).read_to_end(&mut tail).ok()?;
    let line = match memchr::memrchr(b'\n', &tail) {
        Some(end) => tail.get(end + 1..)?.to_vec(),
        None if from == 0 => tail,
        None => return None,
    };
    (!line.trim_ascii().is_empty()).then_some(line)
}
