//! `digests_from`: files of JSON Lines, one `{name, sha256, ...}` on each, as workers write them.

use std::fs::File;
use std::io;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read as _;
use std::path::Path;

use super::content;
use super::decode::Context;
use super::fault::FaultKind;
use super::fault::Faults;
use super::given::GivenFiles;
use super::json;
use super::read::open_regular;

/// The longest line of a file of digests, in bytes.
pub(super) const RECORD_BYTES_MAX: u64 = 16 * 1024;

/// Adds the records of one file to `given`; what is wrong is added to `faults`.
pub(super) fn read(path: &Path, given: &mut GivenFiles, faults: &mut Faults) {
    let result = open_regular(path).and_then(|file| read_lines(file, path, given, faults));
    if let Err(kind) = result {
        faults.whole(path, kind);
    }
}

fn read_lines(file: File, path: &Path, given: &mut GivenFiles, faults: &mut Faults) -> Result<(), FaultKind> {
    let mut reader = BufReader::new(file);
    let mut line: u32 = 0;
    let mut offset = 0;
    let mut bytes = Vec::new();
    while next_line(&mut reader, &mut bytes).map_err(FaultKind::Unreadable)? {
        line = line.saturating_add(1);
        if bytes.len() as u64 > RECORD_BYTES_MAX {
            faults.at(
                path,
                line,
                FaultKind::LineTooLong {
                    limit: RECORD_BYTES_MAX,
                },
            );
            return Ok(());
        }
        match std::str::from_utf8(&bytes) {
            Ok(text) => record(text, line, path, given, faults),
            Err(error) => {
                faults.at(
                    path,
                    line,
                    FaultKind::NotUtf8 {
                        offset: offset + error.valid_up_to(),
                    },
                );
                return Ok(());
            }
        }
        offset += bytes.len();
    }
    Ok(())
}

/// Reads one line with its end, but no more than a byte beyond the limit.
fn next_line(reader: &mut impl BufRead, bytes: &mut Vec<u8>) -> io::Result<bool> {
    bytes.clear();
    reader.take(RECORD_BYTES_MAX + 1).read_until(b'\n', bytes)?;
    Ok(!bytes.is_empty())
}

fn record(text: &str, line: u32, path: &Path, given: &mut GivenFiles, faults: &mut Faults) {
    if text.trim().is_empty() {
        return;
    }
    let node = match json::read(text, line) {
        Ok(node) => node,
        Err(found) => {
            // An error at the end of the text is told on the line after it.
            for (_, fault) in found {
                faults.at(path, line, fault);
            }
            return;
        }
    };
    // Names in records are final: `${` in them is text.
    let mut cx = Context::new(path, None);
    let file = content::digest(&mut cx, &node);
    faults.extend(cx.faults);
    if let Some(file) = file {
        given.add(file, path, line, faults);
    }
}
