//! Finding slots: dense numbers make every question a search for the last number with a property.

use crate::checkpoint::LogKey;
use crate::store::{Store, StorePath};

use super::commit::{COMMIT_HEADER_BYTES, Commit, CommitHeader, MAX_COMMIT_BYTES};
use super::{LogError, Tampering};

/// The name of the hint in `tmp/`.
const HINT: &str = "head";

/// The longest hint: the digits of a `u64`.
const MAX_HINT_BYTES: u64 = 20;

/// Returns the file in `tmp/` that says where the head was last, so that it is found in a few steps.
pub(super) fn hint_path() -> Option<StorePath> {
    StorePath::tmp(HINT)
}

/// Returns the number in the hint, 0 when there is none. Never trusted: it is where a search starts.
pub(super) fn read_hint(store: &dyn Store) -> u64 {
    let bytes = hint_path().and_then(|path| store.read(&path, MAX_HINT_BYTES).ok().flatten());
    bytes
        .and_then(|bytes| String::from_utf8(bytes).ok()?.parse().ok())
        .unwrap_or(0)
}

/// Returns the last number for which `holds` answers yes, `None` when it does not for 0.
///
/// `holds` must be true up to some number and false above; then the answer does not depend on `hint`, and is found
/// in about twice the binary logarithm of its distance from it.
pub(super) fn last<E>(hint: u64, mut holds: impl FnMut(u64) -> Result<bool, E>) -> Result<Option<u64>, E> {
    // The answer is in `low..high`; a number without successor is never a slot.
    let (mut low, mut high);
    if holds(hint)? {
        low = hint;
        let mut step = 1_u64;
        loop {
            let Some(next) = low.checked_add(step) else {
                high = u64::MAX;
                break;
            };
            if !holds(next)? {
                high = next;
                break;
            }
            low = next;
            step = step.saturating_mul(2);
        }
    } else if hint > 0 && holds(0)? {
        (low, high) = (0, hint);
    } else {
        return Ok(None);
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if holds(middle)? {
            low = middle;
        } else {
            high = middle;
        }
    }
    Ok(Some(low))
}

/// Returns whether there is a slot of this number.
pub(super) fn exists(store: &dyn Store, number: u64) -> Result<bool, LogError> {
    Ok(store.read_head(&StorePath::Commit(number), 0)?.is_some())
}

/// Fails with [`Tampering::MissingCommit`] unless there is a slot of this number.
pub(super) fn demand(store: &dyn Store, number: u64) -> Result<(), LogError> {
    if exists(store, number)? {
        return Ok(());
    }
    Err(Tampering::MissingCommit { number }.into())
}

/// Returns the header of a slot, which nobody vouches for; `None` when there is no slot, or nothing like one in it.
pub(super) fn peek(store: &dyn Store, number: u64) -> Result<Option<CommitHeader>, LogError> {
    let head = store.read_head(&StorePath::Commit(number), COMMIT_HEADER_BYTES as u64)?;
    Ok(head.and_then(|head| CommitHeader::peek(&head).ok()))
}

/// Reads a slot and checks its signature and its number; [`Tampering::MissingCommit`] when there is none.
pub(super) fn read_commit(store: &dyn Store, key: &LogKey, number: u64) -> Result<Commit, LogError> {
    let slot = store.read(&StorePath::Commit(number), MAX_COMMIT_BYTES as u64)?;
    let slot = slot.ok_or(Tampering::MissingCommit { number })?;
    let commit = Commit::decode(&slot, key).map_err(|source| Tampering::Commit { number, source })?;
    if commit.header().number != number {
        return Err(Tampering::Number {
            slot: number,
            stated: commit.header().number,
        }
        .into());
    }
    Ok(commit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hint_changes_the_way_and_never_the_answer() {
        for count in [0_u64, 1, 2, 3, 7, 8, 9, 1000] {
            for hint in [0, 1, 2, 6, 7, 8, 999, 1000, 1001, 1 << 40, u64::MAX] {
                let mut asked = 0;
                let found = last(hint, |number| {
                    asked += 1;
                    Ok::<bool, ()>(number < count)
                });
                assert_eq!(found, Ok(count.checked_sub(1)), "{count} slots, hint {hint}");
                assert!(asked <= 140, "{count} slots, hint {hint}: {asked} questions");
            }
        }
        let mut asked = 0;
        let near = last(999, |number| {
            asked += 1;
            Ok::<bool, ()>(number < 1001)
        });
        assert_eq!((near, asked <= 5), (Ok(Some(1000)), true));
    }
}
