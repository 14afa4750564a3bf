//! Test support: a store that fails at a chosen step.
//!
//! Steps are the calls that change something, counted from 0 since the fault was armed. Reading never fails before
//! the store has died.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Creation, Folder, Listing, Store, StoreError, StoreLock, StorePath};

/// How a step fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The step has no effect and reports an error; later steps work.
    NotPersisted,
    /// The step has its effect and reports an error; later steps work.
    PersistedAnyway,
    /// The process dies before the step: it has no effect, and every later call fails.
    DiesBefore,
    /// The process dies after the step: it has its effect, and every later call fails.
    DiesAfter,
    /// The medium is full: this and every later write have no effect.
    Full,
    /// The flush of the step fails: it has its effect, and every later write is refused as poisoned.
    FlushFails,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 6] = [
        Self::NotPersisted,
        Self::PersistedAnyway,
        Self::DiesBefore,
        Self::DiesAfter,
        Self::Full,
        Self::FlushFails,
    ];

    const fn has_effect(self) -> bool {
        matches!(self, Self::PersistedAnyway | Self::DiesAfter | Self::FlushFails)
    }
}

#[derive(Debug, Default)]
struct State {
    armed: Option<(usize, Fault)>,
    /// Every changing call since the fault was armed, as `verb path`.
    steps: Vec<String>,
    dead: bool,
    full: bool,
    poisoned: Option<String>,
}

/// What somebody else does while this store is used.
struct Interruption {
    step: usize,
    act: Box<dyn FnOnce() + Send>,
}

impl fmt::Debug for Interruption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Interruption at step {}", self.step)
    }
}

/// Wraps a store and fails at a chosen step.
#[derive(Debug)]
pub struct FaultyStore {
    inner: Arc<dyn Store>,
    state: Mutex<State>,
    interruption: Mutex<Option<Interruption>>,
}

impl FaultyStore {
    /// Wraps a store; nothing fails before [`FaultyStore::arm`].
    pub fn new(inner: Arc<dyn Store>) -> Self {
        Self {
            inner,
            state: Mutex::default(),
            interruption: Mutex::default(),
        }
    }

    /// Has `act` done right before the `step`-th changing call from now, counted from 0, and forgets the calls so far: what
    /// another process does in between. Nothing fails.
    pub fn interrupt(&self, step: usize, act: impl FnOnce() + Send + 'static) {
        *self.state() = State::default();
        let act = Box::new(act);
        *self.interruption.lock().unwrap_or_else(PoisonError::into_inner) = Some(Interruption { step, act });
    }

    fn be_interrupted(&self, step: usize) {
        let mut waiting = self.interruption.lock().unwrap_or_else(PoisonError::into_inner);
        let due = waiting.take_if(|interruption| interruption.step == step);
        drop(waiting);
        if let Some(interruption) = due {
            (interruption.act)();
        }
    }

    /// Makes the `step`-th changing call from now fail, counted from 0, and forgets the calls so far.
    pub fn arm(&self, step: usize, fault: Fault) {
        *self.state() = State {
            armed: Some((step, fault)),
            ..State::default()
        };
    }

    /// Returns every changing call since the fault was armed, as `verb path`.
    pub fn steps(&self) -> Vec<String> {
        self.state().steps.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn alive(&self) -> Result<(), StoreError> {
        if self.state().dead {
            Err(injected("reach the dead store for", "it"))
        } else {
            Ok(())
        }
    }

    fn step<T>(
        &self,
        verb: &'static str,
        path: &StorePath,
        act: impl FnOnce() -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.alive()?;
        let number = self.state().steps.len();
        self.be_interrupted(number);
        let fault = {
            let mut state = self.state();
            if let Some(path) = &state.poisoned {
                return Err(StoreError::Poisoned { path: path.clone() });
            }
            state.steps.push(format!("{verb} {path}"));
            let fault = state
                .armed
                .filter(|(step, _)| *step == number)
                .map(|(_, fault)| fault);
            match fault {
                Some(Fault::DiesBefore | Fault::DiesAfter) => state.dead = true,
                Some(Fault::Full) => state.full = true,
                Some(Fault::FlushFails) => state.poisoned = Some(path.to_string()),
                _ => {}
            }
            // Removing needs no space.
            if state.full && verb != "remove" {
                Some(Fault::Full)
            } else {
                fault
            }
        };
        let Some(fault) = fault else { return act() };
        if fault.has_effect() {
            act()?;
        }
        Err(match fault {
            Fault::Full => StoreError::from_io(verb, path, io::ErrorKind::StorageFull.into()),
            Fault::FlushFails => StoreError::FlushFailed {
                path: path.to_string(),
                source: io::Error::other("injected"),
            },
            _ => injected(verb, path),
        })
    }
}

fn injected(action: &'static str, path: &(impl ToString + ?Sized)) -> StoreError {
    StoreError::Io {
        action,
        path: path.to_string(),
        source: io::Error::other("injected"),
    }
}

impl Store for FaultyStore {
    fn read(&self, path: &StorePath, max_bytes: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.alive()?;
        self.inner.read(path, max_bytes)
    }

    fn read_head(&self, path: &StorePath, bytes: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.alive()?;
        self.inner.read_head(path, bytes)
    }

    fn list(&self, folder: &Folder) -> Result<Listing, StoreError> {
        self.alive()?;
        self.inner.list(folder)
    }

    fn create(&self, path: &StorePath, bytes: &[u8]) -> Result<Creation, StoreError> {
        self.step("create", path, || self.inner.create(path, bytes))
    }

    fn replace(&self, path: &StorePath, bytes: &[u8]) -> Result<(), StoreError> {
        self.step("replace", path, || self.inner.replace(path, bytes))
    }

    fn persist(&self, path: &StorePath) -> Result<(), StoreError> {
        self.step("persist", path, || self.inner.persist(path))
    }

    fn remove(&self, path: &StorePath) -> Result<(), StoreError> {
        self.step("remove", path, || self.inner.remove(path))
    }

    fn write_hint(&self, path: &StorePath, bytes: &[u8]) -> Result<(), StoreError> {
        self.step("hint", path, || self.inner.write_hint(path, bytes))
    }

    fn set_aside(&self, path: &StorePath) -> Result<StorePath, StoreError> {
        self.step("set aside", path, || self.inner.set_aside(path))
    }

    fn lock(&self, wait: Duration) -> Result<StoreLock, StoreError> {
        self.alive()?;
        self.inner.lock(wait)
    }
}
