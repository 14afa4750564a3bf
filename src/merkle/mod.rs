//! The Merkle tree of the log: RFC 6962 hashes, frontier, proofs, tiles.
//!
//! The tree is the one of RFC 6962 2.1 over SHA-256, cut into tiles as C2SP tlog-tiles v0.1.0 says. Nothing here
//! reads or writes a file; whoever holds leaf hashes, nodes or tiles passes them in.
//!
//! | file | holds |
//! |---|---|
//! | `mod.rs` | [`LeafIndex`], [`TreeSize`], leaf and node hashes, [`root`] |
//! | [`frontier`] | the root of a growing tree in O(log n) memory, in ascending or descending leaf order |
//! | [`proof`] | inclusion and consistency proofs: made and verified |
//! | [`prune`] | a tree cut down to some of its leaves |
//! | [`stream`] | the path of one leaf while all of them pass by |
//! | [`tile`] | coordinates, paths and bytes of tiles and entry bundles |

pub mod frontier;
pub mod proof;
pub mod prune;
pub mod stream;
pub mod tile;

use std::fmt;

use sha2::Digest as _;

use crate::digest::NodeHash;

pub use frontier::{DescendingRoot, Frontier};
pub use proof::{
    NodeCoordinate, make_consistency, make_inclusion, make_root, prove_consistency, prove_inclusion,
    verify_consistency, verify_inclusion,
};
pub use prune::{Part, prefix_root, prune};
pub use stream::PathMaker;
pub use tile::{Tile, TileError, TileLayer};

/// The largest tree: a proof in it has at most [`MAX_PROOF_HASHES`] hashes.
pub const MAX_TREE_SIZE: u64 = 1 << 62;

/// The most hashes of an inclusion or consistency proof (C2SP tlog-witness, tlog-proof).
pub const MAX_PROOF_HASHES: usize = 63;

/// The root of the tree without leaves: SHA-256 of nothing (RFC 6962 2.1).
pub const EMPTY_ROOT: NodeHash = NodeHash::from_bytes([
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27,
    0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
]);

/// The position of an entry in the log: 0 is the genesis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeafIndex(u64);

impl LeafIndex {
    /// Wraps a position.
    pub const fn new(index: u64) -> Self {
        Self(index)
    }

    /// Returns the position as a number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Returns the size of the smallest tree that holds this leaf.
    pub const fn size_through(self) -> TreeSize {
        TreeSize(self.0.saturating_add(1))
    }

    /// Returns the position `count` entries later.
    #[must_use]
    pub const fn plus(self, count: u64) -> Self {
        Self(self.0.saturating_add(count))
    }
}

impl fmt::Display for LeafIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How many leaves a tree has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct TreeSize(u64);

impl TreeSize {
    /// The tree without leaves.
    pub const EMPTY: Self = Self(0);

    /// Wraps a number of leaves.
    pub const fn new(size: u64) -> Self {
        Self(size)
    }

    /// Returns the number of leaves.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Returns the index that the next leaf will have.
    pub const fn next_index(self) -> LeafIndex {
        LeafIndex(self.0)
    }

    /// Returns true when the leaf at `index` is in a tree of this size.
    pub const fn contains(self, index: LeafIndex) -> bool {
        index.0 < self.0
    }
}

impl fmt::Display for TreeSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Why a proof was not made or not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MerkleError {
    /// The leaf is not in a tree of that size.
    #[error("leaf {index} is not in a tree of {size} leaves")]
    IndexOutsideTree {
        /// The leaf asked for.
        index: LeafIndex,
        /// The leaves of the tree.
        size: TreeSize,
    },
    /// The older tree is larger than the newer one.
    #[error("a tree of {new} leaves cannot extend one of {old}")]
    SizesReversed {
        /// The leaves of the tree that should be the older.
        old: TreeSize,
        /// The leaves of the tree that should be the newer.
        new: TreeSize,
    },
    /// The tree is larger than [`MAX_TREE_SIZE`].
    #[error("a tree of {size} leaves is beyond the limit MAX_TREE_SIZE of {MAX_TREE_SIZE}")]
    TreeTooLarge {
        /// The leaves of the tree.
        size: TreeSize,
    },
    /// The proof has more hashes than any proof can have.
    #[error("a proof of {hashes} hashes is beyond the limit MAX_PROOF_HASHES of {MAX_PROOF_HASHES}")]
    ProofTooLong {
        /// The hashes of the proof.
        hashes: usize,
    },
    /// The proof has not as many hashes as its tree sizes ask for.
    #[error("the proof has {hashes} hashes, which is too {} for these tree sizes", if *.too_many { "many" } else { "few" })]
    ProofLength {
        /// The hashes of the proof.
        hashes: usize,
        /// True when there are hashes left over, false when some are missing.
        too_many: bool,
    },
    /// The proof leads to another root.
    #[error("the proof leads to root {computed}, not to {expected}")]
    RootDiffers {
        /// The root that was to be reached.
        expected: NodeHash,
        /// The root that the proof leads to.
        computed: NodeHash,
    },
}

/// Returns the hash of a leaf: `SHA-256(0x00 || entry)` (RFC 6962 2.1).
pub fn leaf_hash(entry: &[u8]) -> NodeHash {
    let mut hasher = sha2::Sha256::new();
    hasher.update([0x00]);
    hasher.update(entry);
    NodeHash::from_bytes(hasher.finalize().into())
}

/// Returns the hash of an interior node: `SHA-256(0x01 || left || right)` (RFC 6962 2.1).
pub fn node_hash(left: &NodeHash, right: &NodeHash) -> NodeHash {
    let mut hasher = sha2::Sha256::new();
    hasher.update([0x01]);
    hasher.update(left.as_bytes());
    hasher.update(right.as_bytes());
    NodeHash::from_bytes(hasher.finalize().into())
}

/// Returns the root of the tree over these leaf hashes (RFC 6962 2.1), [`EMPTY_ROOT`] for none.
pub fn root(leaves: &[NodeHash]) -> NodeHash {
    let mut frontier = Frontier::new();
    for leaf in leaves {
        frontier.append(*leaf);
    }
    frontier.root()
}

#[cfg(test)]
pub(crate) mod oracle {
    //! RFC 6962 2.1 word for word: slow, recursive, obviously right.

    use super::*;

    fn split(n: usize) -> usize {
        let mut k = 1;
        while k * 2 < n {
            k *= 2;
        }
        k
    }

    pub fn mth(leaves: &[NodeHash]) -> NodeHash {
        match leaves {
            [] => NodeHash::from_bytes(sha2::Sha256::digest([]).into()),
            [one] => *one,
            _ => {
                let (left, right) = leaves.split_at(split(leaves.len()));
                node_hash(&mth(left), &mth(right))
            }
        }
    }

    pub fn path(m: usize, leaves: &[NodeHash]) -> Vec<NodeHash> {
        if leaves.len() <= 1 {
            return Vec::new();
        }
        let k = split(leaves.len());
        let (left, right) = leaves.split_at(k);
        let (mut proof, other) = if m < k {
            (path(m, left), mth(right))
        } else {
            (path(m - k, right), mth(left))
        };
        proof.push(other);
        proof
    }

    pub fn subproof(m: usize, leaves: &[NodeHash], whole: bool) -> Vec<NodeHash> {
        if m == leaves.len() {
            return if whole { Vec::new() } else { vec![mth(leaves)] };
        }
        let k = split(leaves.len());
        let (left, right) = leaves.split_at(k);
        let (mut proof, other) = if m <= k {
            (subproof(m, left, whole), mth(right))
        } else {
            (subproof(m - k, right, false), mth(left))
        };
        proof.push(other);
        proof
    }

    /// Distinct leaf hashes `0..count`.
    pub fn leaves(count: usize) -> Vec<NodeHash> {
        (0..count as u64).map(|n| leaf_hash(&n.to_be_bytes())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_of_nothing_is_the_hash_of_nothing() {
        assert_eq!(
            EMPTY_ROOT.as_bytes().as_slice(),
            sha2::Sha256::digest([]).as_slice()
        );
        assert_eq!(root(&[]), EMPTY_ROOT);
    }

    /// The eight-leaf test tree that Certificate Transparency logs are tested with.
    #[test]
    fn known_roots_of_the_certificate_transparency_test_tree() {
        let entries = [
            "",
            "00",
            "10",
            "2021",
            "3031",
            "40414243",
            "5051525354555657",
            "606162636465666768696a6b6c6d6e6f",
        ];
        let leaves: Vec<NodeHash> = entries
            .iter()
            .map(|hex| leaf_hash(&hex::decode(hex).unwrap()))
            .collect();
        let roots = [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        for (count, expected) in (1..).zip(roots) {
            assert_eq!(root(&leaves[..count]).to_hex(), expected, "{count} leaves");
        }
    }

    proptest::proptest! {
        #[test]
        fn the_root_is_the_recursive_one(count in 0_usize..600) {
            let leaves = oracle::leaves(count);
            proptest::prop_assert_eq!(root(&leaves), oracle::mth(&leaves));
        }
    }
}
