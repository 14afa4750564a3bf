//! Hashing of files: both digests, the rows and the trees over them in one pass, one file per task.
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
use crate::commitment::Secret;
use crate::digest::Digests;
use crate::digest::Hasher;
use crate::rows::Row;
use crate::rows::RowError;
use crate::rows::RowKey;
use crate::rows::RowSplitter;
use crate::rows::RowTree;
use crate::rows::is_row_file;
use crate::statement::RowRoot;

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
    /// The root over its rows, where that was asked for and it is JSON Lines.
    pub row_roots: RowRoots,
    /// The identity and times the file had before and after.
    pub stamp: FileStamp,
}

/// Which trees over the rows of a file are asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct RowTrees<'a> {
    /// Over the rows themselves.
    pub plain: bool,
    /// Over commitments to them with this secret.
    pub keyed: Option<&'a Secret>,
}

/// The roots that were computed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RowRoots {
    /// Of the rows themselves.
    pub plain: Option<RowRoot>,
    /// Of commitments to them.
    pub keyed: Option<RowRoot>,
}

/// Looks at each path without reading it and returns its stamp or why it cannot be hashed.
///
/// The sum of the sizes is what a progress bar needs; the errors come before hours of hashing.
pub fn check_files(paths: &[PathBuf]) -> Vec<Result<FileStamp, HashError>> {
    paths.iter().map(|path| FileStamp::of_path(path)).collect()
}

/// Hashes `paths` in parallel and returns one result for each, in the same order.
pub fn hash_files(paths: &[PathBuf], progress: &dyn Progress) -> Vec<Result<HashedFile, HashError>> {
    hash_files_with_rows(paths, |_| RowTrees::default(), progress)
}

/// Does what [`hash_files`] does, and computes the trees that `trees` asks for of each path that is JSON Lines.
pub fn hash_files_with_rows<'a>(
    paths: &[PathBuf],
    trees: impl Fn(&Path) -> RowTrees<'a> + Sync,
    progress: &dyn Progress,
) -> Vec<Result<HashedFile, HashError>> {
    paths
        .par_iter()
        .with_max_len(1)
        .map_init(
            || vec![0_u8; READ_BUFFER_BYTES],
            |buffer, path| {
                let hashed = hash_with(path, trees(path), buffer, progress, |path| File::open(path));
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
    hash_file_with_rows(path, RowTrees::default(), progress)
}

/// Hashes one file on this thread, with the trees over its rows if it is JSON Lines.
pub fn hash_file_with_rows(
    path: &Path,
    trees: RowTrees<'_>,
    progress: &dyn Progress,
) -> Result<HashedFile, HashError> {
    let mut buffer = vec![0_u8; READ_BUFFER_BYTES];
    let hashed = hash_with(path, trees, &mut buffer, progress, |path| File::open(path));
    progress.file_done(path);
    hashed
}

fn hash_with(
    path: &Path,
    trees: RowTrees<'_>,
    buffer: &mut [u8],
    progress: &dyn Progress,
    open: impl FnOnce(&Path) -> io::Result<File>,
) -> Result<HashedFile, HashError> {
    // Before opening: opening a pipe would wait for its writer.
    FileStamp::of_path(path)?;
    let mut file = open(path).map_err(|source| HashError::from_io(path, source))?;
    let before = FileStamp::of_open(path, &file)?;
    let mut reading = Reading::of(path, trees);
    read_to_end(path, &mut file, before.bytes, buffer, progress, &mut |piece| {
        reading.update(path, piece)
    })?;
    let (digests, rows, row_roots) = reading.finish();
    check_stamp(path, &file, before, digests.bytes)?;
    Ok(HashedFile {
        path: path.to_owned(),
        digests,
        rows,
        row_roots,
        stamp: before,
    })
}

/// Reads a file to its end on this thread and tells each of its rows, whatever its name says. Nothing that was told counts
/// unless the file stood still, and then these are its digests.
pub fn read_rows(
    path: &Path,
    progress: &dyn Progress,
    each: &mut dyn FnMut(Row<'_>),
) -> Result<Digests, HashError> {
    FileStamp::of_path(path)?;
    let mut file = File::open(path).map_err(|source| HashError::from_io(path, source))?;
    let before = FileStamp::of_open(path, &file)?;
    let (mut hasher, mut rows) = (Hasher::new(), RowSplitter::new());
    let mut buffer = vec![0_u8; READ_BUFFER_BYTES];
    read_to_end(
        path,
        &mut file,
        before.bytes,
        &mut buffer,
        progress,
        &mut |piece| {
            hasher.update(piece);
            rows.push(piece, &mut *each)
                .map_err(|source| row_error(path, source))
        },
    )?;
    rows.finish(each);
    let digests = hasher.finish();
    check_stamp(path, &file, before, digests.bytes)?;
    progress.file_done(path);
    Ok(digests)
}

fn row_error(path: &Path, source: RowError) -> HashError {
    HashError::Row {
        path: path.to_owned(),
        source,
    }
}

/// Refuses a file that is not what it was before its first byte was read.
fn check_stamp(path: &Path, file: &File, before: FileStamp, bytes_read: u64) -> Result<(), HashError> {
    let after = FileStamp::of_open(path, file)?;
    if before != after || bytes_read != before.bytes {
        return Err(HashError::Changed {
            path: path.to_owned(),
        });
    }
    Ok(())
}

fn read_to_end(
    path: &Path,
    file: &mut File,
    bytes_expected: u64,
    buffer: &mut [u8],
    progress: &dyn Progress,
    each: &mut dyn FnMut(&[u8]) -> Result<(), HashError>,
) -> Result<(), HashError> {
    let mut bytes_read = 0;
    loop {
        let count = match file.read(buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(source) => return Err(HashError::from_io(path, source)),
        };
        let piece = buffer
            .get(..count)
            .expect("read returns at most the length of its buffer");
        each(piece)?;
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

/// What is computed of the bytes of one file as they pass by.
struct Reading<'a> {
    hasher: Hasher,
    rows: Option<RowCounter>,
    trees: Vec<RowTree<'a>>,
}

impl<'a> Reading<'a> {
    fn of(path: &Path, trees: RowTrees<'a>) -> Self {
        let plain = trees.plain.then_some(RowKey::Plain);
        let keys = plain.into_iter().chain(trees.keyed.map(RowKey::Keyed));
        let is_rows = path
            .file_name()
            .is_some_and(|name| is_row_file(&name.to_string_lossy()));
        Self {
            hasher: Hasher::new(),
            rows: RowCounter::for_path(path),
            trees: keys.filter(|_| is_rows).map(RowTree::new).collect(),
        }
    }

    fn update(&mut self, path: &Path, piece: &[u8]) -> Result<(), HashError> {
        self.hasher.update(piece);
        if let Some(rows) = &mut self.rows {
            rows.update(piece);
        }
        let mut trees = self.trees.iter_mut();
        trees
            .try_for_each(|tree| tree.update(piece))
            .map_err(|source| row_error(path, source))
    }

    fn finish(self) -> (Digests, Option<u64>, RowRoots) {
        let mut roots = RowRoots::default();
        for (root, _) in self.trees.into_iter().map(RowTree::finish) {
            match root {
                RowRoot::Plain(_) => roots.plain = Some(root),
                RowRoot::Keyed(_) => roots.keyed = Some(root),
            }
        }
        (self.hasher.finish(), self.rows.map(RowCounter::finish), roots)
    }
}

#[cfg(test)]
mod tests;
