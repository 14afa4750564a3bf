//! The audit path of one leaf out of leaves that come one by one, in O(log n) memory (RFC 6962 2.1.1).

use std::ops::Range;

use crate::digest::NodeHash;

use super::Frontier;
use super::LeafIndex;
use super::MerkleError;
use super::TreeSize;
use super::proof::check_size;
use super::proof::split;

/// Makes the path of one leaf while all leaves of its tree pass by, the first of them first.
#[derive(Debug, Clone)]
pub struct PathMaker {
    /// The subtrees beside the way from the leaf to the root, from the leaf upwards.
    subtrees: Vec<(Range<u64>, Frontier)>,
    next: u64,
    size: u64,
}

impl PathMaker {
    /// Starts for the leaf `index` of a tree of `size` leaves.
    pub fn new(index: LeafIndex, size: TreeSize) -> Result<Self, MerkleError> {
        check_size(size)?;
        if !size.contains(index) {
            return Err(MerkleError::IndexOutsideTree { index, size });
        }
        let mut subtrees = Vec::new();
        let (mut start, mut end) = (0, size.get());
        while end - start > 1 {
            let middle = start + split(end - start);
            let beside = if index.get() < middle {
                let right = middle..end;
                end = middle;
                right
            } else {
                let left = start..middle;
                start = middle;
                left
            };
            subtrees.push((beside, Frontier::new()));
        }
        subtrees.reverse();
        Ok(Self {
            subtrees,
            next: 0,
            size: size.get(),
        })
    }

    /// Takes the next leaf.
    pub fn push(&mut self, leaf: NodeHash) {
        let at = self.next;
        self.next += 1;
        let mut subtrees = self.subtrees.iter_mut();
        if let Some((_, subtree)) = subtrees.find(|(range, _)| range.contains(&at)) {
            subtree.append(leaf);
        }
    }

    /// Returns the path once as many leaves came as the tree has; nothing otherwise.
    pub fn finish(self) -> Option<Vec<NodeHash>> {
        (self.next == self.size).then(|| self.subtrees.iter().map(|(_, subtree)| subtree.root()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::oracle;
    use super::*;

    #[test]
    fn every_path_of_every_small_tree_is_the_recursive_one() {
        let leaves = oracle::leaves(40);
        for size in 1..=leaves.len() {
            let tree = &leaves[..size];
            for index in 0..size {
                let mut maker =
                    PathMaker::new(LeafIndex::new(index as u64), TreeSize::new(size as u64)).unwrap();
                for leaf in tree {
                    maker.push(*leaf);
                }
                assert_eq!(
                    maker.finish(),
                    Some(oracle::path(index, tree)),
                    "{index} of {size}"
                );
            }
        }
    }

    #[test]
    fn too_few_or_too_many_leaves_make_no_path() {
        let leaves = oracle::leaves(6);
        for count in [0, 4, 6] {
            let mut maker = PathMaker::new(LeafIndex::new(2), TreeSize::new(5)).unwrap();
            for leaf in leaves.iter().take(count) {
                maker.push(*leaf);
            }
            assert_eq!(maker.finish(), None);
        }
        assert!(PathMaker::new(LeafIndex::new(5), TreeSize::new(5)).is_err());
    }
}
