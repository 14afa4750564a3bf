//! Bytes to a lineage file: limits, UTF-8, and which of the two languages it is.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::FILE_BYTES_MAX;
use super::decode::Context;
use super::fault::FaultKind;
use super::fault::Faults;
use super::file;
use super::file::LineageFile;
use super::json;
use super::lines;
use super::node::Marked;
use super::node::Node;
use super::node::NodeValue;
use super::node::TreeFault;
use super::set::Settings;
use super::yaml;

/// Reads the lineage file at `path`; the error holds everything that is wrong with it.
///
/// A file beyond [`FILE_BYTES_MAX`] is refused by its size, before it is read.
pub fn read(path: &Path, settings: &Settings) -> Result<LineageFile, Faults> {
    let bytes = read_bytes(path, FILE_BYTES_MAX, |bytes| FaultKind::TooLarge { bytes });
    parsed(path, bytes, settings)
}

/// Reads a lineage file or JSON Lines from a stream; `path` stands for it in faults.
pub fn read_from(
    path: &Path,
    stream: &mut dyn std::io::Read,
    settings: &Settings,
) -> Result<LineageFile, Faults> {
    let bytes =
        read_limited(stream, FILE_BYTES_MAX, |bytes| FaultKind::TooLarge { bytes }).and_then(|bytes| {
            if bytes.iter().all(u8::is_ascii_whitespace) {
                Err(FaultKind::NoLines)
            } else {
                Ok(bytes)
            }
        });
    parsed(path, bytes, settings)
}

fn parsed(
    path: &Path,
    bytes: Result<Vec<u8>, FaultKind>,
    settings: &Settings,
) -> Result<LineageFile, Faults> {
    match bytes {
        Ok(bytes) => parse(path, &bytes, settings),
        Err(kind) => {
            let mut faults = Faults::default();
            faults.whole(path, kind);
            Err(faults)
        }
    }
}

/// Reads a lineage file from its bytes. `path` is named in faults, and `.json` at its end means JSON, `.jsonl` and
/// `.ndjson` JSON Lines. Else an object with `kind` alone on the first line means JSON Lines, `{` as the first character
/// JSON, and the rest is YAML.
pub fn parse(path: &Path, bytes: &[u8], settings: &Settings) -> Result<LineageFile, Faults> {
    let text = text(path, bytes)?;
    if ends_with(path, "jsonl")
        || ends_with(path, "ndjson")
        || (!ends_with(path, "json") && lines::is_lines(text))
    {
        return lines::parse(path, text, settings);
    }
    let mut faults = Faults::default();
    let root = match tree(path, text) {
        Ok(root) => root,
        Err(found) => {
            for (line, fault) in found {
                faults.at(path, line, fault);
            }
            return faults.or(LineageFile::default());
        }
    };
    if root.value == NodeValue::Null {
        faults.at(path, root.line, TreeFault::Empty);
        return faults.or(LineageFile::default());
    }
    let mut cx = Context::new(path, Some(settings));
    let lineage_file = file::decode(&mut cx, &root);
    cx.finish().or(lineage_file.unwrap_or_default())
}

fn ends_with(path: &Path, ending: &str) -> bool {
    path.extension().is_some_and(|is| is.eq_ignore_ascii_case(ending))
}

/// Returns the bytes as text, without a byte order mark.
pub(super) fn text<'b>(path: &Path, bytes: &'b [u8]) -> Result<&'b str, Faults> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').unwrap_or(text)),
        Err(error) => {
            let offset = error.valid_up_to();
            let good = bytes.get(..offset).unwrap_or_default();
            let lines = memchr::memchr_iter(b'\n', good).count();
            let mut faults = Faults::default();
            faults.at(
                path,
                u32::try_from(lines + 1).unwrap_or(u32::MAX),
                FaultKind::NotUtf8 { offset },
            );
            Err(faults)
        }
    }
}

/// Reads JSON, by the name of the file or its first character, or YAML.
pub(super) fn tree(path: &Path, text: &str) -> Result<Node, Vec<Marked>> {
    if ends_with(path, "json") || text.trim_start().starts_with('{') {
        json::read(text, 1)
    } else {
        yaml::read(text)
    }
}

/// Opens a regular file; anything else is a fault, without waiting for the writer of a pipe.
pub(super) fn open_regular(path: &Path) -> Result<File, FaultKind> {
    let metadata = std::fs::metadata(path).map_err(FaultKind::Unreadable)?;
    if !metadata.is_file() {
        return Err(FaultKind::NotAFile);
    }
    File::open(path).map_err(FaultKind::Unreadable)
}

/// Reads a regular file of at most `limit` bytes.
pub(super) fn read_bytes(
    path: &Path,
    limit: u64,
    too_large: impl Fn(u64) -> FaultKind,
) -> Result<Vec<u8>, FaultKind> {
    let file = open_regular(path)?;
    let size = file.metadata().map_err(FaultKind::Unreadable)?.len();
    if size > limit {
        return Err(too_large(size));
    }
    // The file may have grown since.
    read_limited(&mut &file, limit, too_large)
}

fn read_limited(
    stream: &mut dyn std::io::Read,
    limit: u64,
    too_large: impl Fn(u64) -> FaultKind,
) -> Result<Vec<u8>, FaultKind> {
    let mut bytes = Vec::new();
    let read = stream
        .take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(FaultKind::Unreadable)?;
    let read = read as u64;
    if read > limit {
        Err(too_large(read))
    } else {
        Ok(bytes)
    }
}
