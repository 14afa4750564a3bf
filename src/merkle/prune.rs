//! A tree of which some leaves stand alone and everything between them is folded into the largest complete subtrees.
//!
//! The parts come from the last leaf down to leaf 0, as [`super::DescendingRoot`] takes them: whoever holds them can
//! work out the root without the leaves that were left out.

use std::collections::BTreeSet;

use crate::digest::NodeHash;

use super::EMPTY_ROOT;
use super::LeafIndex;
use super::TreeSize;
use super::node_hash;

/// A part of a pruned tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// A leaf that stays.
    Leaf {
        /// Which.
        index: LeafIndex,
        /// Its hash.
        hash: NodeHash,
    },
    /// A complete subtree of which no leaf stays.
    Subtree {
        /// It has 2^`level` leaves.
        level: u32,
        /// Its first leaf, a multiple of 2^`level`.
        first: LeafIndex,
        /// Its root.
        hash: NodeHash,
    },
}

impl Part {
    /// Returns how many leaves stand below this part.
    pub fn first(&self) -> LeafIndex {
        match self {
            Self::Leaf { index, .. } => *index,
            Self::Subtree { first, .. } => *first,
        }
    }
}

impl Part {
    /// Returns the level and the hash.
    fn node(&self) -> (u32, NodeHash) {
        match self {
            Self::Leaf { hash, .. } => (0, *hash),
            Self::Subtree { level, hash, .. } => (*level, *hash),
        }
    }
}

/// Cuts the tree over `leaves` down to those in `kept`. No subtree reaches over one of the sizes in `cuts`, so that the
/// root at each of them can be worked out, too.
pub fn prune(leaves: &[NodeHash], kept: &BTreeSet<LeafIndex>, cuts: &BTreeSet<TreeSize>) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = leaves;
    while let Some((last, before)) = rest.split_last() {
        let end = rest.len() as u64;
        let index = LeafIndex::new(end - 1);
        if kept.contains(&index) {
            parts.push(Part::Leaf { index, hash: *last });
            rest = before;
            continue;
        }
        let below = kept.range(..index).next_back();
        let below = below.map_or(0, |below| below.get() + 1);
        let cut = cuts.range(..TreeSize::new(end)).next_back();
        let free = end - below.max(cut.map_or(0, |cut| cut.get()));
        // Aligned: its end, and so its beginning, is a multiple of its width; and free of leaves that stay.
        let level = end.trailing_zeros().min(free.ilog2());
        let width = usize::try_from(1_u64 << level).unwrap_or(usize::MAX);
        let (left, subtree) = rest.split_at(rest.len().saturating_sub(width));
        parts.push(Part::Subtree {
            level,
            first: LeafIndex::new(left.len() as u64),
            hash: super::root(subtree),
        });
        rest = left;
    }
    parts
}

/// Returns the root of the first `size` leaves; nothing if a part reaches over that size, or some are not there. The
/// parts are those of a whole tree, from the last leaf down.
pub fn prefix_root(parts: &[Part], size: TreeSize) -> Option<NodeHash> {
    let mut peaks: Vec<(u32, NodeHash)> = Vec::new();
    let mut covered = 0;
    for part in parts
        .iter()
        .rev()
        .take_while(|part| part.first().get() < size.get())
    {
        let (mut level, mut hash) = part.node();
        if part.first().get() != covered {
            return None;
        }
        covered = covered.checked_add(1_u64.checked_shl(level)?)?;
        let mut position = part.first().get() >> level;
        // A right child joins the left one before it.
        while !position.is_multiple_of(2)
            && let Some((_, left)) = peaks.pop_if(|(other, _)| *other == level)
        {
            hash = node_hash(&left, &hash);
            position /= 2;
            level += 1;
        }
        peaks.push((level, hash));
    }
    if covered != size.get() {
        return None;
    }
    let mut peaks = peaks.into_iter().rev().map(|(_, hash)| hash);
    let Some(last) = peaks.next() else {
        return Some(EMPTY_ROOT);
    };
    Some(peaks.fold(last, |right, left| node_hash(&left, &right)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::DescendingRoot;
    use super::super::oracle;
    use super::*;

    fn root_of(parts: &[Part], size: usize) -> Option<NodeHash> {
        let mut root = DescendingRoot::new(TreeSize::new(size as u64));
        for part in parts {
            match *part {
                Part::Leaf { index, hash } => {
                    assert_eq!(root.next_index(), Some(index));
                    root.push(hash);
                }
                Part::Subtree { level, first, hash } => assert!(root.push_subtree(level, first, hash)),
            }
        }
        root.root()
    }

    proptest! {
        #[test]
        fn a_pruned_tree_has_the_same_root(
            size in 0_usize..200,
            kept in prop::collection::btree_set(0_u64..200, 0..12),
            cuts in prop::collection::btree_set(0_u64..220, 0..6),
        ) {
            let leaves = oracle::leaves(size);
            let kept: BTreeSet<_> = kept.into_iter().map(LeafIndex::new).collect();
            let cuts: BTreeSet<_> = cuts.into_iter().map(TreeSize::new).collect();
            let parts = prune(&leaves, &kept, &cuts);
            for cut in cuts.iter().filter(|cut| cut.get() <= size as u64) {
                let prefix = &leaves[..usize::try_from(cut.get()).unwrap()];
                prop_assert_eq!(prefix_root(&parts, *cut), Some(oracle::mth(prefix)));
            }
            for some in 0..220 {
                // What can be worked out at all is right.
                let root = prefix_root(&parts, TreeSize::new(some as u64));
                prop_assert!(root.is_none_or(|root| leaves.get(..some).is_some_and(|leaves| root == oracle::mth(leaves))));
            }
            prop_assert_eq!(root_of(&parts, size), Some(oracle::mth(&leaves)));
            let stay: BTreeSet<_> = parts
                .iter()
                .filter_map(|part| match part {
                    Part::Leaf { index, .. } => Some(*index),
                    Part::Subtree { .. } => None,
                })
                .collect();
            let expected: BTreeSet<_> = kept.into_iter().filter(|index| index.get() < size as u64).collect();
            prop_assert_eq!(&stay, &expected);
            // Between two leaves that stay, or a cut, there are at most two subtrees of each width.
            prop_assert!(parts.len() <= stay.len() + (stay.len() + cuts.len() + 1) * 16);
        }
    }

    #[test]
    fn a_subtree_that_does_not_fit_is_refused() {
        let leaves = oracle::leaves(8);
        let mut root = DescendingRoot::new(TreeSize::new(7));
        let hash = oracle::mth(&leaves[4..8]);
        for (level, first) in [(2, 4), (2, 3), (0, 5), (3, 0), (64, 0), (1, 5)] {
            assert!(
                !root.push_subtree(level, LeafIndex::new(first), hash),
                "{level} {first}"
            );
        }
        assert!(root.push_subtree(0, LeafIndex::new(6), leaves[6]));
        assert!(root.push_subtree(1, LeafIndex::new(4), oracle::mth(&leaves[4..6])));
        assert!(root.push_subtree(2, LeafIndex::new(0), oracle::mth(&leaves[..4])));
        assert_eq!(root.root(), Some(oracle::mth(&leaves[..7])));
    }
}
