//! A store in memory. Clones share the same files, as processes share a folder.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Action, Creation, Folder, Listing, MAX_LISTED_FILES, Store, StoreError, StoreLock, StorePath};

/// How long is slept between two attempts to take the lock.
pub(super) const LOCK_POLL: Duration = Duration::from_millis(20);

/// Files in memory.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    files: Arc<Mutex<BTreeMap<StorePath, Vec<u8>>>>,
    locked: Arc<AtomicBool>,
}

/// Frees the lock when dropped.
struct Unlock(Arc<AtomicBool>);

impl Drop for Unlock {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

impl MemoryStore {
    /// Starts with no files.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns an independent copy of all files, with its lock free: what a loss of power leaves.
    #[must_use]
    pub fn snapshot(&self) -> Self {
        Self {
            files: Arc::new(Mutex::new(self.files().clone())),
            locked: Arc::default(),
        }
    }

    /// Puts any bytes under any name, past every rule of [`Store`]: what an attacker or a broken disk does.
    pub fn tamper(&self, path: &StorePath, bytes: Option<Vec<u8>>) {
        match bytes {
            Some(bytes) => self.files().insert(path.clone(), bytes),
            None => self.files().remove(path),
        };
    }

    /// Returns every file, in order.
    pub fn paths(&self) -> Vec<StorePath> {
        self.files().keys().cloned().collect()
    }

    // A panic elsewhere cannot leave a map of whole files half-changed.
    fn files(&self) -> MutexGuard<'_, BTreeMap<StorePath, Vec<u8>>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn read(&self, path: &StorePath, max_bytes: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let bytes = self.files().get(path).cloned();
        if bytes.as_ref().is_some_and(|bytes| bytes.len() as u64 > max_bytes) {
            return Err(StoreError::TooLarge {
                path: path.clone(),
                limit: max_bytes,
            });
        }
        Ok(bytes)
    }

    fn read_head(&self, path: &StorePath, bytes: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let count = usize::try_from(bytes).unwrap_or(usize::MAX);
        Ok(self
            .files()
            .get(path)
            .map(|all| all.get(..count.min(all.len())).unwrap_or_default().to_vec()))
    }

    fn list(&self, folder: &Folder) -> Result<Listing, StoreError> {
        let files: Vec<StorePath> = self
            .files()
            .keys()
            .filter(|path| folder.holds(path))
            .cloned()
            .collect();
        if files.len() > MAX_LISTED_FILES {
            return Err(StoreError::TooManyFiles {
                folder: folder.to_string(),
            });
        }
        Ok(Listing {
            files,
            strangers: Vec::new(),
        })
    }

    fn create(&self, path: &StorePath, bytes: &[u8]) -> Result<Creation, StoreError> {
        Action::Create.check(path)?;
        let mut files = self.files();
        if files.contains_key(path) {
            return Ok(Creation::Exists);
        }
        files.insert(path.clone(), bytes.to_vec());
        Ok(Creation::Created)
    }

    fn replace(&self, path: &StorePath, bytes: &[u8]) -> Result<(), StoreError> {
        Action::Replace.check(path)?;
        self.files().insert(path.clone(), bytes.to_vec());
        Ok(())
    }

    fn persist(&self, _path: &StorePath) -> Result<(), StoreError> {
        Ok(())
    }

    fn remove(&self, path: &StorePath) -> Result<(), StoreError> {
        Action::Remove.check(path)?;
        self.files().remove(path);
        Ok(())
    }

    fn write_hint(&self, path: &StorePath, bytes: &[u8]) -> Result<(), StoreError> {
        Action::WriteHint.check(path)?;
        self.files().insert(path.clone(), bytes.to_vec());
        Ok(())
    }

    fn set_aside(&self, path: &StorePath) -> Result<StorePath, StoreError> {
        Action::SetAside.check(path)?;
        let mut files = self.files();
        let target = path.aside_names().find(|name| !files.contains_key(name));
        let moved = target.zip(files.remove(path));
        let Some((target, bytes)) = moved else {
            return Err(StoreError::from_io(
                "set aside",
                path,
                std::io::ErrorKind::NotFound.into(),
            ));
        };
        files.insert(target.clone(), bytes);
        Ok(target)
    }

    fn lock(&self, wait: Duration) -> Result<StoreLock, StoreError> {
        let mut waited = Duration::ZERO;
        while self.locked.swap(true, Ordering::Acquire) {
            if waited >= wait {
                return Err(StoreError::Locked { waited });
            }
            std::thread::sleep(LOCK_POLL);
            waited += LOCK_POLL;
        }
        Ok(StoreLock::new(Unlock(Arc::clone(&self.locked))))
    }
}
