//! Hashing of files: both digests and the rows in one pass, one file per task.
//!
//! A result is only given for a regular file that stood still: its stamp (device, inode, size, and
//! both times in nanoseconds) is taken before the first and after the last byte, and a difference
//! is an error that names the file. So is anything that has no fixed bytes: a folder, a pipe, a
//! socket, a device, a link that leads nowhere.

mod cache;
mod error;
mod rows;
mod stamp;
pub mod worker;

use std::fs::File;
use std::io;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;

use rayon::prelude::*;

pub use self::cache::CACHE_RECORDS_MAX;
pub use self::cache::HashCache;
pub use self::error::HashError;
pub use self::rows::RowCounter;
pub use self::stamp::FileStamp;
use crate::digest::Digests;
use crate::digest::Hasher;

/// How many bytes are read at a time. Each thread reuses one buffer of this size.
const READ_BUFFER_BYTES: usize = 128 * 1024;

/// What is told while files are hashed, from any thread. Nothing is printed here.
pub trait Progress: Sync {
    /// `bytes` more bytes of `path` have been hashed.
    fn bytes_hashed(&self, path: &Path, bytes: u64);

    /// `path` is done, well or not.
    fn file_done(&self, path: &Path);
}

/// Progress that nobody watches.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwatched;

impl Progress for Unwatched {
    fn bytes_hashed(&self, _path: &Path, _bytes: u64) {}

    fn file_done(&self, _path: &Path) {}
}

/// A file that stood still while it was read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashedFile {
    /// The path as it was given.
    pub path: PathBuf,
    /// Both digests and the length in bytes.
    pub digests: Digests,
    /// Rows counted, for the formats that [`RowCounter`] knows.
    pub rows: Option<u64>,
    /// The identity and times the file had before and after.
    pub stamp: FileStamp,
}

/// Looks at each path without reading it and returns its stamp or why it cannot be hashed.
///
/// The sum of the sizes is what a progress bar needs; the errors come before hours of hashing.
pub fn check_files(paths: &[PathBuf]) -> Vec<Result<FileStamp, HashError>> {
    paths.iter().map(|path| FileStamp::of_path(path)).collect()
}

/// Hashes `paths` in parallel and returns one result for each, in the same order.
pub fn hash_files(paths: &[PathBuf], progress: &dyn Progress) -> Vec<Result<HashedFile, HashError>> {
    paths
        .par_iter()
        .with_max_len(1)
        .map_init(
            || vec![0_u8; READ_BUFFER_BYTES],
            |buffer, path| {
                let hashed = hash_with(path, buffer, progress, |path| File::open(path));
                progress.file_done(path);
                hashed
            },
        )
        .collect()
}

/// Does what [`hash_files`] does, but takes what the cache knows of files that have not changed since, and keeps
/// there what it did not know. Only for registering: whoever verifies reads bytes. A cache that cannot be written to
/// is the second answer; the first is right all the same.
pub fn hash_files_cached(
    paths: &[PathBuf],
    cache: &HashCache,
    progress: &dyn Progress,
) -> (Vec<Result<HashedFile, HashError>>, io::Result<()>) {
    let known = |path: &PathBuf| {
        let stamp = FileStamp::of_path(path).ok()?;
        let known = cache.get(path, &stamp);
        known.inspect(|_| progress.file_done(path))
    };
    let mut answers: Vec<Option<HashedFile>> = paths.iter().map(known).collect();
    let unknown = paths.iter().zip(&answers).filter(|(_, known)| known.is_none());
    let unknown: Vec<PathBuf> = unknown.map(|(path, _)| path.clone()).collect();
    let mut hashed = hash_files(&unknown, progress).into_iter();
    let all: Vec<_> = answers
        .drain(..)
        .filter_map(|known| known.map(Ok).or_else(|| hashed.next()))
        .collect();
    let kept = cache.keep(all.iter().flatten());
    (all, kept)
}

/// Hashes one file on this thread.
pub fn hash_file(path: &Path, progress: &dyn Progress) -> Result<HashedFile, HashError> {
    let mut buffer = vec![0_u8; READ_BUFFER_BYTES];
    let hashed = hash_with(path, &mut buffer, progress, |path| File::open(path));
    progress.file_done(path);
    hashed
}

fn hash_with(
    path: &Path,
    buffer: &mut [u8],
    progress: &dyn Progress,
    open: impl FnOnce(&Path) -> io::Result<File>,
) -> Result<HashedFile, HashError> {
    // Before opening: opening a pipe would wait for its writer.
    FileStamp::of_path(path)?;
    let mut file = open(path).map_err(|source| HashError::from_io(path, source))?;
    let before = FileStamp::of_open(path, &file)?;
    let (digests, rows) = read_to_end(path, &mut file, before.bytes, buffer, progress)?;
    let after = FileStamp::of_open(path, &file)?;
    if before != after || digests.bytes != before.bytes {
        return Err(HashError::Changed {
            path: path.to_owned(),
        });
    }
    Ok(HashedFile {
        path: path.to_owned(),
        digests,
        rows,
        stamp: before,
    })
}

fn read_to_end(
    path: &Path,
    file: &mut File,
    bytes_expected: u64,
    buffer: &mut [u8],
    progress: &dyn Progress,
) -> Result<(Digests, Option<u64>), HashError> {
    let mut hasher = Hasher::new();
    let mut rows = RowCounter::for_path(path);
    let mut bytes_read = 0;
    loop {
        let count = match file.read(buffer) {
            Ok(0) => return Ok((hasher.finish(), rows.map(RowCounter::finish))),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(source) => return Err(HashError::from_io(path, source)),
        };
        let piece = buffer
            .get(..count)
            .expect("read returns at most the length of its buffer");
        hasher.update(piece);
        if let Some(rows) = &mut rows {
            rows.update(piece);
        }
        bytes_read += piece.len() as u64;
        // A file that grows as fast as it is read would never end.
        if bytes_read > bytes_expected {
            return Err(HashError::Changed {
                path: path.to_owned(),
            });
        }
        progress.bytes_hashed(path, piece.len() as u64);
    }
}

#[cfg(test)]
mod tests;
