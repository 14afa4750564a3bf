//! A store in a folder.
//!
//! A new file is written to `tmp/`, flushed, put in its place by `link(2)`, which fails when the place is taken, and
//! its folder is flushed: so a file that exists is whole, and one that was reported is durable. The checkpoint goes
//! by `rename(2)` instead. Symbolic links below the ledger's folder are refused, since what they lead to is outside
//! of what the ledger guards.

use std::collections::BTreeSet;
use std::fs;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use super::durable::{not_removed, remove_tmp, rename};
use super::folders;
use super::memory::LOCK_POLL;
use super::{Action, Creation, Folder, Listing, Store, StoreError, StoreLock, StorePath};

/// How many bytes are read at a time.
const READ_BUFFER_BYTES: usize = 128 * 1024;

/// The folder for temporary files, the lock and hints.
pub(super) const TMP: &str = "tmp";

/// How a file or folder is flushed to the medium; a test puts one that fails here.
type Flush = fn(&File) -> io::Result<()>;

/// Files in a folder.
#[derive(Debug)]
pub struct FileStore {
    pub(super) root: PathBuf,
    pub(super) flush: Flush,
    /// What could not be flushed; once set, nothing is written any more.
    pub(super) poisoned: OnceLock<String>,
    pub(super) next_tmp: AtomicU64,
    /// Folders whose own entry in the folder above was flushed by this process.
    pub(super) durable_folders: Mutex<BTreeSet<PathBuf>>,
}

impl FileStore {
    /// Opens the store in a folder that exists; [`StoreError::NoFolder`] when it does not. Writes nothing.
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        if !root.is_dir() {
            return Err(StoreError::NoFolder {
                folder: root.to_owned(),
            });
        }
        Ok(Self {
            root: root.to_owned(),
            flush: File::sync_all,
            poisoned: OnceLock::new(),
            next_tmp: AtomicU64::new(0),
            durable_folders: Mutex::default(),
        })
    }

    /// Makes the folder, with those above it, durably unless it exists, and opens the store in it.
    pub fn create_root(root: &Path) -> Result<Self, StoreError> {
        let missing: Vec<&Path> = root.ancestors().take_while(|folder| !folder.exists()).collect();
        fs::create_dir_all(root).map_err(|source| StoreError::from_io("create", &root.display(), source))?;
        let store = Self::open(root)?;
        for folder in missing.iter().filter_map(|made| made.parent()) {
            // A relative path of one name stands in the working folder.
            let folder = if folder.as_os_str().is_empty() {
                Path::new(".")
            } else {
                folder
            };
            store.flush_folder(folder)?;
        }
        Ok(store)
    }

    /// Returns the folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn absolute(&self, path: &StorePath) -> PathBuf {
        self.root.join(path.to_string())
    }

    fn open_file(&self, path: &StorePath) -> Result<Option<File>, StoreError> {
        if !folders::file_exists(&self.root, &path.to_string())? {
            return Ok(None);
        }
        match File::open(self.absolute(path)) {
            Ok(file) => Ok(Some(file)),
            // Partial tiles vanish while others read.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(StoreError::from_io("open", path, source)),
        }
    }
}

impl Store for FileStore {
    fn read(&self, path: &StorePath, max_bytes: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let bytes = self.read_head(path, max_bytes.saturating_add(1))?;
        if bytes.as_ref().is_some_and(|bytes| bytes.len() as u64 > max_bytes) {
            return Err(StoreError::TooLarge {
                path: path.clone(),
                limit: max_bytes,
            });
        }
        Ok(bytes)
    }

    fn read_parts(
        &self,
        path: &StorePath,
        max_bytes: u64,
        each: &mut dyn FnMut(&[u8]),
    ) -> Result<bool, StoreError> {
        let Some(mut file) = self.open_file(path)? else {
            return Ok(false);
        };
        let mut buffer = vec![0; READ_BUFFER_BYTES];
        let mut total = 0;
        loop {
            let count = match file.read(&mut buffer) {
                Ok(0) => return Ok(true),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(source) => return Err(StoreError::from_io("read", path, source)),
            };
            total += count as u64;
            if total > max_bytes {
                return Err(StoreError::TooLarge {
                    path: path.clone(),
                    limit: max_bytes,
                });
            }
            each(buffer.get(..count).unwrap_or_default());
        }
    }

    fn read_head(&self, path: &StorePath, bytes: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(file) = self.open_file(path)? else {
            return Ok(None);
        };
        let mut all = Vec::new();
        let read = file.take(bytes).read_to_end(&mut all);
        read.map_err(|source| StoreError::from_io("read", path, source))?;
        Ok(Some(all))
    }

    fn list(&self, folder: &Folder) -> Result<Listing, StoreError> {
        folders::list(&self.root, folder)
    }

    fn create(&self, path: &StorePath, bytes: &[u8]) -> Result<Creation, StoreError> {
        Action::Create.check(path)?;
        self.writable()?;
        // A crash up to the link leaves a temporary file, which the next appender removes.
        if folders::file_exists(&self.root, &path.to_string())? {
            return Ok(Creation::Exists);
        }
        self.make_folders(path)?;
        let tmp = self.write_tmp(bytes, path)?;
        let creation = self.link(&tmp, path)?;
        // A crash here leaves the file, whole, and perhaps not durable: whoever builds on it calls `persist`.
        if creation == Creation::Created {
            self.flush_folder_of(&self.absolute(path))?;
        }
        Ok(creation)
    }

    fn create_all(&self, files: &[(StorePath, Vec<u8>)]) -> Result<Vec<Creation>, StoreError> {
        self.create_together(files)
    }

    fn replace(&self, path: &StorePath, bytes: &[u8]) -> Result<(), StoreError> {
        Action::Replace.check(path)?;
        self.writable()?;
        folders::file_exists(&self.root, &path.to_string())?;
        self.make_folders(path)?;
        let tmp = self.write_tmp(bytes, path)?;
        let target = self.absolute(path);
        // A crash before the rename leaves the old file, after it the new one.
        if let Err(source) = rename(&tmp, &target) {
            not_removed(&tmp, path)?;
            remove_tmp(&tmp);
            return Err(StoreError::from_io("replace", path, source));
        }
        self.flush_folder_of(&target)
    }

    fn persist(&self, path: &StorePath) -> Result<(), StoreError> {
        self.writable()?;
        let Some(file) = self.open_file(path)? else {
            return Ok(());
        };
        let absolute = self.absolute(path);
        self.flush_file(&file, &absolute)?;
        // The folders above may be as new as the file.
        for folder in absolute
            .ancestors()
            .skip(1)
            .take_while(|folder| folder.starts_with(&self.root))
        {
            self.flush_folder(folder)?;
        }
        Ok(())
    }

    fn remove(&self, path: &StorePath) -> Result<(), StoreError> {
        Action::Remove.check(path)?;
        self.writable()?;
        if !folders::file_exists(&self.root, &path.to_string())? {
            return Ok(());
        }
        let absolute = self.absolute(path);
        match fs::remove_file(&absolute) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(StoreError::from_io("remove", path, source));
            }
            _ => {}
        }
        if matches!(path, StorePath::Tile(_)) {
            // The folder of the last partial tile goes with it; while others are left this fails, as it should.
            drop(absolute.parent().map(fs::remove_dir));
        }
        Ok(())
    }

    fn write_hint(&self, path: &StorePath, bytes: &[u8]) -> Result<(), StoreError> {
        Action::WriteHint.check(path)?;
        self.writable()?;
        folders::file_exists(&self.root, &path.to_string())?;
        let (tmp, mut file) = self.new_tmp()?;
        let written = file
            .write_all(bytes)
            .and_then(|()| rename(&tmp, &self.absolute(path)));
        written.map_err(|source| {
            remove_tmp(&tmp);
            StoreError::from_io("write", path, source)
        })
    }

    fn set_aside(&self, path: &StorePath) -> Result<StorePath, StoreError> {
        Action::SetAside.check(path)?;
        self.writable()?;
        folders::create_above(&self.root, "tmp/new")?;
        let absolute = self.absolute(path);
        for aside in path.aside_names() {
            match fs::hard_link(&absolute, self.absolute(&aside)) {
                Ok(()) => {
                    self.flush_folder(&self.root.join(TMP))?;
                    fs::remove_file(&absolute)
                        .map_err(|source| StoreError::from_io("set aside", path, source))?;
                    return Ok(aside);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(source) => return Err(StoreError::from_io("set aside", path, source)),
            }
        }
        Err(StoreError::from_io(
            "set aside",
            path,
            io::ErrorKind::AlreadyExists.into(),
        ))
    }

    fn lock(&self, wait: Duration) -> Result<StoreLock, StoreError> {
        folders::create_above(&self.root, "tmp/new")?;
        folders::file_exists(&self.root, "tmp/lock")?;
        let path = self.root.join(TMP).join("lock");
        let opened = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path);
        let file = opened.map_err(|source| StoreError::from_io("open", "tmp/lock", source))?;
        let mut waited = Duration::ZERO;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(StoreLock::new(Held(file))),
                Err(TryLockError::WouldBlock) if waited < wait => {
                    std::thread::sleep(LOCK_POLL);
                    waited += LOCK_POLL;
                }
                Err(TryLockError::WouldBlock) => return Err(StoreError::Locked { waited }),
                Err(TryLockError::Error(source)) => {
                    return Err(StoreError::from_io("lock", "tmp/lock", source));
                }
            }
        }
    }
}

/// A lock file that is unlocked when it is dropped. Closing it would not do: a process that was forked meanwhile, and
/// has not yet begun its own program, still shares the open file and with it the lock.
struct Held(fs::File);

impl Drop for Held {
    fn drop(&mut self) {
        // Whatever goes wrong here, the lock ends with the last holder of the file.
        self.0.unlock().unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A second handle on the open file is what a forked child has until it begins its own program.
    #[test]
    fn a_lock_ends_with_its_holder_whoever_else_has_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let file = fs::File::create(&path).unwrap();
        let shared = file.try_clone().unwrap();
        file.try_lock().unwrap();
        let held = Held(file);
        assert!(fs::File::open(&path).unwrap().try_lock().is_err());
        drop(held);
        fs::File::open(&path).unwrap().try_lock().unwrap();
        drop(shared);
    }

    fn failing(_: &File) -> io::Result<()> {
        Err(io::Error::other("injected"))
    }

    #[test]
    fn a_failed_flush_poisons_every_later_write_and_no_read() {
        type Write = fn(&FileStore) -> Result<(), StoreError>;
        let writes: [(&str, Write); 5] = [
            ("create", |store| {
                store.create(&StorePath::Commit(1), b"x").map(drop)
            }),
            ("replace", |store| store.replace(&StorePath::Checkpoint, b"x")),
            ("persist", |store| store.persist(&StorePath::Commit(0))),
            ("hint", |store| {
                store.write_hint(&StorePath::tmp("x").unwrap(), b"x")
            }),
            ("remove", |store| store.remove(&StorePath::tmp("x").unwrap())),
        ];
        for (first, fails) in &writes[..3] {
            let folder = tempfile::tempdir().unwrap();
            let mut store = FileStore::open(folder.path()).unwrap();
            assert_eq!(
                store.create(&StorePath::Commit(0), b"x").unwrap(),
                Creation::Created
            );
            store.flush = failing;
            assert!(
                matches!(fails(&store), Err(StoreError::FlushFailed { .. })),
                "{first}"
            );
            // The medium recovers, the store does not.
            store.flush = File::sync_all;
            for (later, write) in &writes {
                assert!(
                    matches!(write(&store), Err(StoreError::Poisoned { .. })),
                    "{first}, then {later}"
                );
            }
            assert_eq!(
                store.read(&StorePath::Commit(0), 9).unwrap().as_deref(),
                Some(b"x".as_slice())
            );
            let reopened = FileStore::open(folder.path()).unwrap();
            assert_eq!(
                reopened.create(&StorePath::Commit(2), b"x").unwrap(),
                Creation::Created
            );
        }
    }

    #[test]
    fn temporary_files_of_a_dead_process_are_in_nobodys_way() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(TMP)).unwrap();
        let process = std::process::id();
        fs::write(folder.path().join(TMP).join(format!("new-{process}-0")), b"half").unwrap();
        let store = FileStore::open(folder.path()).unwrap();
        assert_eq!(
            store.create(&StorePath::Commit(0), b"whole").unwrap(),
            Creation::Created
        );
        assert_eq!(
            store.read(&StorePath::Commit(0), 9).unwrap().as_deref(),
            Some(b"whole".as_slice())
        );
    }
}
