//! Files that somebody gave: plain ones, of at most so many bytes.

use std::fs;
use std::fs::File;
use std::io;
use std::io::Read as _;
use std::path::Path;

/// Opens a plain file. Asked before it is opened: a pipe would keep whoever opens it waiting.
pub fn open(path: &Path) -> io::Result<File> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    File::open(path)
}

/// Reads a plain file of at most `limit` bytes, which should be `what`.
pub fn read(path: &Path, limit: usize, what: &str) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // One more than may be, so that what is too long is seen to be.
    open(path)?.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > limit {
        let too_long = format!("it has more than the {limit} bytes of {what}");
        return Err(io::Error::other(too_long));
    }
    Ok(bytes)
}
