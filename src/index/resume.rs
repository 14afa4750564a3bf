//! What lets a replay go on after an index.

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
    /// The size of the tree after each commit of the last batch.
    pub commit_ends: Vec<u64>,
}
