//! Inclusion and consistency proofs: made as RFC 6962 2.1.1 and 2.1.2 say, verified as RFC 9162 2.1.3.2 and 2.1.4.2 say.
//!
//! Two cases the RFC leaves open are fixed here: a tree extends the empty tree and itself by an empty proof.

use crate::digest::NodeHash;

use super::{EMPTY_ROOT, LeafIndex, MAX_PROOF_HASHES, MAX_TREE_SIZE, MerkleError, TreeSize, node_hash};

/// A complete subtree: leaves `index * 2^level .. (index + 1) * 2^level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeCoordinate {
    /// The height above the leaves; a leaf has level 0.
    pub level: u32,
    /// The position among the nodes of this level.
    pub index: u64,
}

/// Returns the proof that leaf `index` is in the tree over `leaves` (RFC 6962 2.1.1).
pub fn prove_inclusion(leaves: &[NodeHash], index: LeafIndex) -> Result<Vec<NodeHash>, MerkleError> {
    let size = TreeSize::new(leaves.len() as u64);
    make_inclusion(index, size, &mut |node| Ok(subtree_of(leaves, node)))
}

/// Returns the proof that the tree over `leaves` extends the one over its first `old` leaves (RFC 6962 2.1.2).
pub fn prove_consistency(leaves: &[NodeHash], old: TreeSize) -> Result<Vec<NodeHash>, MerkleError> {
    let size = TreeSize::new(leaves.len() as u64);
    make_consistency(old, size, &mut |node| Ok(subtree_of(leaves, node)))
}

/// Makes an inclusion proof from nodes that `source` supplies, complete subtrees of a tree of `size` leaves only.
///
/// Errors: a [`MerkleError`] turned into `E` when the leaf is outside the tree, else what `source` returns.
pub fn make_inclusion<E: From<MerkleError>>(
    index: LeafIndex,
    size: TreeSize,
    source: &mut impl FnMut(NodeCoordinate) -> Result<NodeHash, E>,
) -> Result<Vec<NodeHash>, E> {
    check_size(size)?;
    if !size.contains(index) {
        return Err(MerkleError::IndexOutsideTree { index, size }.into());
    }
    let (mut start, mut end) = (0, size.get());
    let mut proof = Vec::new();
    while end - start > 1 {
        let middle = start + split(end - start);
        if index.get() < middle {
            proof.push(range_root(middle, end, source)?);
            end = middle;
        } else {
            proof.push(range_root(start, middle, source)?);
            start = middle;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// Makes a consistency proof from nodes that `source` supplies, complete subtrees of a tree of `new` leaves only.
///
/// Errors: a [`MerkleError`] turned into `E` when `old` is larger than `new`, else what `source` returns.
pub fn make_consistency<E: From<MerkleError>>(
    old: TreeSize,
    new: TreeSize,
    source: &mut impl FnMut(NodeCoordinate) -> Result<NodeHash, E>,
) -> Result<Vec<NodeHash>, E> {
    check_sizes(old, new)?;
    if old == TreeSize::EMPTY || old == new {
        return Ok(Vec::new());
    }
    let (mut start, mut end) = (0, new.get());
    let mut proof = Vec::new();
    while end != old.get() {
        let middle = start + split(end - start);
        if old.get() <= middle {
            proof.push(range_root(middle, end, source)?);
            end = middle;
        } else {
            proof.push(range_root(start, middle, source)?);
            start = middle;
        }
    }
    // SUBPROOF with b = true leaves out the old root itself, which the verifier holds.
    if start != 0 {
        proof.push(range_root(start, end, source)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Makes the root of the first `size` leaves from nodes that `source` supplies, complete subtrees over those only.
pub fn make_root<E: From<MerkleError>>(
    size: TreeSize,
    source: &mut impl FnMut(NodeCoordinate) -> Result<NodeHash, E>,
) -> Result<NodeHash, E> {
    check_size(size)?;
    match size.get() {
        0 => Ok(EMPTY_ROOT),
        count => range_root(0, count, source),
    }
}

/// Checks that `leaf` stands at `index` in the tree with this size and root (RFC 9162 2.1.3.2).
pub fn verify_inclusion(
    leaf: NodeHash,
    index: LeafIndex,
    size: TreeSize,
    root: NodeHash,
    proof: &[NodeHash],
) -> Result<(), MerkleError> {
    check_size(size)?;
    check_length(proof)?;
    if !size.contains(index) {
        return Err(MerkleError::IndexOutsideTree { index, size });
    }
    let (mut fn_, mut sn, mut computed) = (index.get(), size.get() - 1, leaf);
    for sibling in proof {
        if sn == 0 {
            return Err(MerkleError::ProofLength {
                hashes: proof.len(),
                too_many: true,
            });
        }
        if fn_ & 1 == 1 || fn_ == sn {
            computed = node_hash(sibling, &computed);
            if fn_ & 1 == 0 {
                let shift = fn_.trailing_zeros().min(63);
                (fn_, sn) = (fn_ >> shift, sn >> shift);
            }
        } else {
            computed = node_hash(&computed, sibling);
        }
        (fn_, sn) = (fn_ >> 1, sn >> 1);
    }
    if sn != 0 {
        return Err(MerkleError::ProofLength {
            hashes: proof.len(),
            too_many: false,
        });
    }
    same_root(root, computed)
}

/// Checks that the tree `new` extends the tree `old` (RFC 9162 2.1.4.2).
pub fn verify_consistency(
    (old, old_root): (TreeSize, NodeHash),
    (new, new_root): (TreeSize, NodeHash),
    proof: &[NodeHash],
) -> Result<(), MerkleError> {
    check_sizes(old, new)?;
    check_length(proof)?;
    if old == TreeSize::EMPTY || old == new {
        if !proof.is_empty() {
            return Err(MerkleError::ProofLength {
                hashes: proof.len(),
                too_many: true,
            });
        }
        if old == TreeSize::EMPTY {
            same_root(EMPTY_ROOT, old_root)?;
        }
        return if old == new {
            same_root(old_root, new_root)
        } else {
            Ok(())
        };
    }
    let mut hashes = proof.iter();
    // A power of two is a node of the new tree: the old root is the first hash of the path (step 1).
    let first = if old.get().is_power_of_two() {
        Some(old_root)
    } else {
        hashes.next().copied()
    };
    let Some(first) = first else {
        return Err(MerkleError::ProofLength {
            hashes: proof.len(),
            too_many: false,
        });
    };
    let (mut fn_, mut sn) = (old.get() - 1, new.get() - 1);
    let shift = fn_.trailing_ones();
    (fn_, sn) = (fn_ >> shift, sn >> shift);
    let (mut old_computed, mut new_computed) = (first, first);
    for sibling in hashes {
        if sn == 0 {
            return Err(MerkleError::ProofLength {
                hashes: proof.len(),
                too_many: true,
            });
        }
        if fn_ & 1 == 1 || fn_ == sn {
            old_computed = node_hash(sibling, &old_computed);
            new_computed = node_hash(sibling, &new_computed);
            if fn_ & 1 == 0 {
                let shift = fn_.trailing_zeros().min(63);
                (fn_, sn) = (fn_ >> shift, sn >> shift);
            }
        } else {
            new_computed = node_hash(&new_computed, sibling);
        }
        (fn_, sn) = (fn_ >> 1, sn >> 1);
    }
    if sn != 0 {
        return Err(MerkleError::ProofLength {
            hashes: proof.len(),
            too_many: false,
        });
    }
    same_root(old_root, old_computed)?;
    same_root(new_root, new_computed)
}

fn same_root(expected: NodeHash, computed: NodeHash) -> Result<(), MerkleError> {
    if expected == computed {
        Ok(())
    } else {
        Err(MerkleError::RootDiffers { expected, computed })
    }
}

pub(super) fn check_size(size: TreeSize) -> Result<(), MerkleError> {
    if size.get() > MAX_TREE_SIZE {
        Err(MerkleError::TreeTooLarge { size })
    } else {
        Ok(())
    }
}

fn check_sizes(old: TreeSize, new: TreeSize) -> Result<(), MerkleError> {
    check_size(new)?;
    if old > new {
        Err(MerkleError::SizesReversed { old, new })
    } else {
        Ok(())
    }
}

fn check_length(proof: &[NodeHash]) -> Result<(), MerkleError> {
    if proof.len() > MAX_PROOF_HASHES {
        return Err(MerkleError::ProofTooLong { hashes: proof.len() });
    }
    Ok(())
}

/// The largest power of two below `count`, which is at least 2 (the k of RFC 6962 2.1).
pub(super) const fn split(count: u64) -> u64 {
    1 << (count - 1).ilog2()
}

/// MTH of the leaves `start..end`, a range that the tree's recursion reaches.
fn range_root<E>(
    start: u64,
    end: u64,
    source: &mut impl FnMut(NodeCoordinate) -> Result<NodeHash, E>,
) -> Result<NodeHash, E> {
    let count = end - start;
    if count.is_power_of_two() {
        return source(NodeCoordinate {
            level: count.ilog2(),
            index: start >> count.ilog2(),
        });
    }
    let middle = start + split(count);
    let left = range_root(start, middle, source)?;
    let right = range_root(middle, end, source)?;
    Ok(node_hash(&left, &right))
}

/// The root of a complete subtree over leaves held in memory.
fn subtree_of(leaves: &[NodeHash], node: NodeCoordinate) -> NodeHash {
    let width = 1_u64 << node.level;
    let range = usize::try_from(node.index * width)
        .ok()
        .zip(usize::try_from((node.index + 1) * width).ok());
    // The range lies inside `leaves` because proofs ask for complete subtrees of that very tree.
    super::root(
        range
            .and_then(|(start, end)| leaves.get(start..end))
            .unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests;
