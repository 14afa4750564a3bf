//! How a [`FileStore`] makes bytes durable: temporary files, links, flushes, and what a failed flush does.

use std::collections::BTreeSet;
use std::fs;
use std::fs::{File, OpenOptions};
use std::io;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};

use super::file::TMP;
use super::folders;
use super::{Action, Creation, FileStore, StoreError, StorePath};

/// How often a name for a temporary file may be taken before that is an error.
const MAX_TMP_ATTEMPTS: u32 = 10_000;

/// How many files are flushed at once: a journalling file system commits them together.
const MAX_FLUSHES_AT_ONCE: usize = 16;

impl FileStore {
    pub(super) fn writable(&self) -> Result<(), StoreError> {
        match self.poisoned.get() {
            Some(path) => Err(StoreError::Poisoned { path: path.clone() }),
            None => Ok(()),
        }
    }

    pub(super) fn flush_file(&self, file: &File, path: &Path) -> Result<(), StoreError> {
        (self.flush)(file).map_err(|source| {
            let path = self.relative(path);
            // Only the first failure is kept; it is the one that explains the others.
            drop(self.poisoned.set(path.clone()));
            StoreError::FlushFailed { path, source }
        })
    }

    pub(super) fn flush_folder(&self, folder: &Path) -> Result<(), StoreError> {
        let file = File::open(folder)
            .map_err(|source| StoreError::from_io("open", &self.relative(folder), source))?;
        self.flush_file(&file, folder)
    }

    pub(super) fn flush_folder_of(&self, path: &Path) -> Result<(), StoreError> {
        self.flush_folder(path.parent().unwrap_or(&self.root))
    }

    pub(super) fn relative(&self, path: &Path) -> String {
        path.strip_prefix(&self.root)
            .unwrap_or(path)
            .display()
            .to_string()
    }

    /// Makes the folders above a file, each durably.
    ///
    /// A folder that is there already may have been made by a process that died before it was durable, so its entry
    /// is flushed the first time this process writes below it.
    pub(super) fn make_folders(&self, path: &StorePath) -> Result<(), StoreError> {
        let relative = path.to_string();
        folders::create_above(&self.root, &relative)?;
        for (at, _) in relative.match_indices('/') {
            let folder = self.root.join(relative.get(..at).unwrap_or_default());
            let is_new = !self.durable_folders().contains(&folder);
            if is_new {
                self.flush_folder_of(&folder)?;
                self.durable_folders().insert(folder);
            }
        }
        Ok(())
    }

    fn durable_folders(&self) -> MutexGuard<'_, BTreeSet<PathBuf>> {
        // A panic elsewhere cannot leave a set of paths half-changed.
        self.durable_folders
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes and flushes a temporary file.
    pub(super) fn write_tmp(&self, bytes: &[u8], path: &StorePath) -> Result<PathBuf, StoreError> {
        let (tmp, mut file) = self.new_tmp()?;
        let written = file
            .write_all(bytes)
            .map_err(|source| StoreError::from_io("write", path, source))
            .and_then(|()| self.flush_file(&file, &tmp));
        match written {
            Ok(()) => Ok(tmp),
            Err(error) => {
                remove_tmp(&tmp);
                Err(error)
            }
        }
    }

    pub(super) fn new_tmp(&self) -> Result<(PathBuf, File), StoreError> {
        folders::create_above(&self.root, "tmp/new")?;
        let process = std::process::id();
        for _ in 0..MAX_TMP_ATTEMPTS {
            let number = self.next_tmp.fetch_add(1, Ordering::Relaxed);
            let path = self.root.join(TMP).join(format!("new-{process}-{number}"));
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => return Ok((path, file)),
                // An earlier process with the same number died and left its file.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(source) => return Err(StoreError::from_io("create", &self.relative(&path), source)),
            }
        }
        let source = io::ErrorKind::AlreadyExists.into();
        Err(StoreError::Io {
            action: "find a free name (limit MAX_TMP_ATTEMPTS) in",
            path: TMP.to_owned(),
            source,
        })
    }

    /// Puts a temporary file in its place, unless that is taken.
    pub(super) fn link(&self, tmp: &Path, path: &StorePath) -> Result<Creation, StoreError> {
        let linked = fs::hard_link(tmp, self.absolute(path));
        if linked.is_err() {
            not_removed(tmp, path)?;
        }
        remove_tmp(tmp);
        match linked {
            Ok(()) => Ok(Creation::Created),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(Creation::Exists),
            Err(source) => Err(StoreError::from_io("create", path, source)),
        }
    }

    /// Creates many files: temporary files flushed side by side, then the links, then each folder flushed once.
    pub(super) fn create_together(
        &self,
        files: &[(StorePath, Vec<u8>)],
    ) -> Result<Vec<Creation>, StoreError> {
        self.writable()?;
        let mut missing = Vec::new();
        for (at, (path, bytes)) in files.iter().enumerate() {
            Action::Create.check(path)?;
            if !folders::file_exists(&self.root, &path.to_string())? {
                self.make_folders(path)?;
                missing.push((at, path, bytes.as_slice()));
            }
        }
        // A crash up to the links leaves temporary files, which the next appender removes.
        let written = self.write_side_by_side(&missing);
        let mut creations = vec![Creation::Exists; files.len()];
        let mut folders = BTreeSet::new();
        let mut failed = None;
        for ((at, path, _), tmp) in missing.iter().zip(written) {
            match tmp {
                // After the first error the rest are only cleaned up.
                Ok(tmp) if failed.is_some() => remove_tmp(&tmp),
                Ok(tmp) => match self.link(&tmp, path) {
                    Ok(creation) => {
                        creations
                            .get_mut(*at)
                            .into_iter()
                            .for_each(|slot| *slot = creation);
                        folders.extend(self.absolute(path).parent().map(Path::to_owned));
                    }
                    Err(error) => failed = Some(error),
                },
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
        // A crash here leaves whole files, perhaps not durable: whoever builds on them calls `persist`.
        for folder in folders {
            self.flush_folder(&folder)?;
        }
        Ok(creations)
    }

    fn write_side_by_side(&self, files: &[(usize, &StorePath, &[u8])]) -> Vec<Result<PathBuf, StoreError>> {
        let per_thread = files.len().div_ceil(MAX_FLUSHES_AT_ONCE).max(1);
        let write = |chunk: &[(usize, &StorePath, &[u8])]| -> Vec<Result<PathBuf, StoreError>> {
            chunk
                .iter()
                .map(|(_, path, bytes)| self.write_tmp(bytes, path))
                .collect()
        };
        if files.len() <= 1 {
            return write(files);
        }
        std::thread::scope(|scope| {
            let threads: Vec<_> = files
                .chunks(per_thread)
                .map(|chunk| scope.spawn(move || write(chunk)))
                .collect();
            threads
                .into_iter()
                .flat_map(|thread| {
                    thread
                        .join()
                        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                })
                .collect()
        })
    }
}

/// Fails if a temporary file is gone, which the holder of the lock alone removes.
pub(super) fn not_removed(tmp: &Path, path: &StorePath) -> Result<(), StoreError> {
    match fs::symlink_metadata(tmp) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(StoreError::Overtaken {
            path: path.to_string(),
        }),
        _ => Ok(()),
    }
}

/// Removes a temporary file; one that stays is removed by the next appender.
pub(super) fn remove_tmp(tmp: &Path) {
    drop(fs::remove_file(tmp));
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place where files are replaced"
)]
pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)
}
