//! The root of a tree whose leaves come one by one, in O(log n) memory (RFC 6962 2.1).
//!
//! A tree of size n is a row of complete subtrees, one per set bit of n, the largest first: its peaks. Appending a
//! leaf merges peaks as adding one carries bits; the root folds the peaks from the right.

use crate::digest::NodeHash;

use super::{EMPTY_ROOT, LeafIndex, TreeSize, node_hash};

/// A growing tree: its size and its peaks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frontier {
    size: u64,
    /// Roots of the complete subtrees, left (largest) to right.
    peaks: Vec<NodeHash>,
}

impl Frontier {
    /// Starts with no leaves.
    pub fn new() -> Self {
        Self::default()
    }

    /// Resumes from the peaks of a tree of `size` leaves, largest first; `None` when their number does not fit.
    pub fn from_peaks(size: TreeSize, peaks: Vec<NodeHash>) -> Option<Self> {
        let fits = size.get().count_ones() as usize == peaks.len();
        fits.then_some(Self {
            size: size.get(),
            peaks,
        })
    }

    /// Adds a leaf and returns its index.
    pub fn append(&mut self, leaf: NodeHash) -> LeafIndex {
        let mut node = leaf;
        // One peak is merged per trailing one-bit of the size, as adding one carries.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                node = node_hash(&left, &node);
            }
        }
        self.peaks.push(node);
        self.size += 1;
        LeafIndex::new(self.size - 1)
    }

    /// Returns how many leaves were appended.
    pub const fn size(&self) -> TreeSize {
        TreeSize::new(self.size)
    }

    /// Returns the roots of the complete subtrees, largest first.
    pub fn peaks(&self) -> &[NodeHash] {
        &self.peaks
    }

    /// Returns the root of all leaves so far.
    pub fn root(&self) -> NodeHash {
        let Some((last, rest)) = self.peaks.split_last() else {
            return EMPTY_ROOT;
        };
        rest.iter()
            .rev()
            .fold(*last, |right, left| node_hash(left, &right))
    }
}

/// The root of a tree whose leaves come last to first: what a walk in descending log order can check.
#[derive(Debug, Clone)]
pub struct DescendingRoot {
    /// How many leaves are still to come.
    left_to_come: u64,
    /// Complete subtrees not yet merged with a left sibling, the rightmost first.
    stack: Vec<(u32, NodeHash)>,
}

impl DescendingRoot {
    /// Starts a walk down a tree of `size` leaves.
    pub fn new(size: TreeSize) -> Self {
        Self {
            left_to_come: size.get(),
            stack: Vec::new(),
        }
    }

    /// Returns the index of the leaf to be pushed next, `None` once leaf 0 was.
    pub const fn next_index(&self) -> Option<LeafIndex> {
        match self.left_to_come.checked_sub(1) {
            Some(index) => Some(LeafIndex::new(index)),
            None => None,
        }
    }

    /// Takes the leaf at [`Self::next_index`]; a leaf after leaf 0 is ignored.
    pub fn push(&mut self, leaf: NodeHash) {
        if let Some(next) = self.next_index() {
            self.push_subtree(0, next, leaf);
        }
    }

    /// Takes the complete subtree of 2^`level` leaves from `first` on, of which [`Self::next_index`] is the last leaf.
    /// Returns whether there can be such a subtree; else nothing changes.
    pub fn push_subtree(&mut self, level: u32, first: LeafIndex, root: NodeHash) -> bool {
        let leaves = 1_u64
            .checked_shl(level)
            .filter(|leaves| *leaves <= self.left_to_come);
        let fits = leaves.filter(|leaves| {
            first.get() == self.left_to_come - leaves && first.get().is_multiple_of(*leaves)
        });
        let Some(leaves) = fits else {
            return false;
        };
        self.left_to_come = first.get();
        let (mut index, mut level, mut node) = (first.get() / leaves, level, root);
        // The neighbour on the right, when it is of the same level, is the sibling of a node with an even index.
        while index.is_multiple_of(2)
            && let Some((_, right)) = self.stack.pop_if(|(top, _)| *top == level)
        {
            node = node_hash(&node, &right);
            index /= 2;
            level += 1;
        }
        self.stack.push((level, node));
        true
    }

    /// Returns the root once every leaf was pushed, `None` before.
    pub fn root(&self) -> Option<NodeHash> {
        if self.left_to_come > 0 {
            return None;
        }
        let mut peaks = self.stack.iter().map(|(_, node)| *node);
        let Some(last) = peaks.next() else {
            return Some(EMPTY_ROOT);
        };
        Some(peaks.fold(last, |right, left| node_hash(&left, &right)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::oracle;
    use super::*;

    #[test]
    fn every_prefix_has_the_recursive_root() {
        let leaves = oracle::leaves(300);
        let mut frontier = Frontier::new();
        for (count, leaf) in leaves.iter().enumerate() {
            assert_eq!(frontier.root(), oracle::mth(&leaves[..count]));
            assert_eq!(frontier.append(*leaf).get(), count as u64);
            assert!(frontier.peaks().len() <= 64);
        }
        assert_eq!(frontier.size().get(), 300);
    }

    #[test]
    fn a_frontier_resumes_from_its_peaks() {
        let leaves = oracle::leaves(77);
        for cut in 0..77 {
            let mut first = Frontier::new();
            leaves[..cut].iter().for_each(|leaf| {
                first.append(*leaf);
            });
            let mut resumed = Frontier::from_peaks(first.size(), first.peaks().to_vec()).unwrap();
            leaves[cut..].iter().for_each(|leaf| {
                resumed.append(*leaf);
            });
            assert_eq!(resumed.root(), oracle::mth(&leaves));
        }
        assert_eq!(Frontier::from_peaks(TreeSize::new(3), vec![EMPTY_ROOT]), None);
    }

    #[test]
    fn a_walk_down_reaches_the_same_root() {
        for count in 0..300 {
            let leaves = oracle::leaves(count);
            let mut walk = DescendingRoot::new(TreeSize::new(count as u64));
            for leaf in leaves.iter().rev() {
                assert_eq!(walk.root(), None);
                walk.push(*leaf);
            }
            assert_eq!(walk.next_index(), None);
            assert_eq!(walk.root(), Some(oracle::mth(&leaves)), "{count} leaves");
        }
    }
}
