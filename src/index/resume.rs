//! What lets a replay go on after an index.

use serde::Deserialize;
use serde::Serialize;

/// What a reader of the log needs to go on where an index ends, without reading entry 0 and those after it. Plain
/// numbers and bytes: what they mean is for whoever replays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resume {
    /// The roots of the complete subtrees of the tree at the watermark, the largest first.
    pub tree_peaks: Vec<[u8; 32]>,
    /// The number of the commit that comes next.
    pub next_commit: u64,
    /// The hash of the last commit's slot.
    pub previous_commit: [u8; 32],
    /// The entries of all `key` and `notice` statements so far, ascending.
    pub rulings: Vec<u64>,
    /// Whether the last entry is a seal.
    pub sealed: bool,
    /// The manifests that could not be read so far: the index lacks their members.
    pub missing: Vec<[u8; 32]>,
}

/// [`Resume`] on disk.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ResumeRecord {
    tree_peaks: Vec<[u8; 32]>,
    next_commit: u64,
    previous_commit: [u8; 32],
    rulings: Vec<u64>,
    sealed: u8,
    missing: Vec<[u8; 32]>,
}

impl From<&Resume> for ResumeRecord {
    fn from(resume: &Resume) -> Self {
        Self {
            tree_peaks: resume.tree_peaks.clone(),
            next_commit: resume.next_commit,
            previous_commit: resume.previous_commit,
            rulings: resume.rulings.clone(),
            sealed: u8::from(resume.sealed),
            missing: resume.missing.clone(),
        }
    }
}

impl ResumeRecord {
    /// Returns what it says; nothing if it says nothing that makes sense.
    pub(super) fn read(self) -> Option<Resume> {
        Some(Resume {
            tree_peaks: self.tree_peaks,
            next_commit: self.next_commit,
            previous_commit: self.previous_commit,
            rulings: self.rulings,
            sealed: match self.sealed {
                0 => false,
                1 => true,
                _ => return None,
            },
            missing: self.missing,
        })
    }
}
