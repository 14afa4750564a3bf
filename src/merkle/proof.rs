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

fn check_size(size: TreeSize) -> Result<(), MerkleError> {
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
const fn split(count: u64) -> u64 {
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
mod tests {
    use super::super::oracle;
    use super::*;

    const MAX: usize = 70;

    fn size(n: usize) -> TreeSize {
        TreeSize::new(n as u64)
    }

    #[test]
    fn inclusion_proofs_are_the_recursive_ones_and_verify() {
        let leaves = oracle::leaves(MAX);
        for n in 1..=MAX {
            let root = oracle::mth(&leaves[..n]);
            for m in 0..n {
                let index = LeafIndex::new(m as u64);
                let proof = prove_inclusion(&leaves[..n], index).unwrap();
                assert_eq!(proof, oracle::path(m, &leaves[..n]));
                assert_eq!(verify_inclusion(leaves[m], index, size(n), root, &proof), Ok(()));
                let elsewhere = LeafIndex::new(((m + 1) % n) as u64);
                assert!(n == 1 || verify_inclusion(leaves[m], elsewhere, size(n), root, &proof).is_err());
            }
        }
    }

    #[test]
    fn consistency_proofs_are_the_recursive_ones_and_verify() {
        let leaves = oracle::leaves(MAX);
        for n in 1..=MAX {
            let new = (size(n), oracle::mth(&leaves[..n]));
            for m in 1..=n {
                let old = (size(m), oracle::mth(&leaves[..m]));
                let proof = prove_consistency(&leaves[..n], size(m)).unwrap();
                assert_eq!(proof, oracle::subproof(m, &leaves[..n], true), "{m} to {n}");
                assert_eq!(verify_consistency(old, new, &proof), Ok(()));
                assert!(verify_consistency((size(m), EMPTY_ROOT), new, &proof).is_err());
                assert!(verify_consistency(old, (size(n), EMPTY_ROOT), &proof).is_err());
            }
        }
    }

    /// Every pair of sizes up to 200, each proof also with a hash left out, added or changed.
    #[test]
    fn every_pair_of_sizes_is_proved_and_nothing_else_is() {
        const MAX: usize = 200;
        let leaves = oracle::leaves(MAX);
        let roots: Vec<NodeHash> = (0..=MAX).map(|n| oracle::mth(&leaves[..n])).collect();
        for n in 1..=MAX {
            let new = (size(n), roots[n]);
            for m in 0..=n {
                let old = (size(m), roots[m]);
                let proof = prove_consistency(&leaves[..n], size(m)).unwrap();
                assert_eq!(verify_consistency(old, new, &proof), Ok(()), "{m} to {n}");
                assert!(
                    verify_consistency(new, old, &proof).is_err() || m == n,
                    "{m} to {n}"
                );
                let longer = [proof.as_slice(), &[roots[1]]].concat();
                assert!(verify_consistency(old, new, &longer).is_err(), "{m} to {n}");
                for at in 0..proof.len() {
                    let mut bad = proof.clone();
                    bad[at] = roots[0];
                    assert!(
                        verify_consistency(old, new, &bad).is_err(),
                        "{m} to {n}, hash {at}"
                    );
                    bad.remove(at);
                    assert!(
                        verify_consistency(old, new, &bad).is_err(),
                        "{m} to {n}, hash {at}"
                    );
                }
                // The root of another size is never that of this one.
                let other = (size(m), roots[(m + 1) % (MAX + 1)]);
                assert!(verify_consistency(other, new, &proof).is_err(), "{m} to {n}");
            }
        }
    }

    /// RFC 6962 2.1.3: the proofs of the tree with seven leaves.
    #[test]
    fn the_example_of_the_rfc() {
        let leaves = oracle::leaves(7);
        let [a, b, c, d, e, f, j] = leaves.clone().try_into().unwrap();
        let (g, h, i) = (node_hash(&a, &b), node_hash(&c, &d), node_hash(&e, &f));
        let (k, l) = (node_hash(&g, &h), node_hash(&i, &j));
        let proof = |old| prove_consistency(&leaves, size(old)).unwrap();
        assert_eq!(proof(3), [c, d, g, l]);
        assert_eq!(proof(4), [l]);
        assert_eq!(proof(6), [i, j, k]);
    }

    /// A tree whose leaves are all equal has one node a level, so that its proofs can be made at any size.
    #[test]
    fn proofs_of_the_largest_trees_have_63_hashes_at_most() {
        let mut levels = vec![crate::merkle::leaf_hash(b"same")];
        for level in 0..62 {
            levels.push(node_hash(&levels[level], &levels[level]));
        }
        let mut source = |node: NodeCoordinate| Ok::<_, MerkleError>(levels[node.level as usize]);
        let mut root = |n: u64| make_root(TreeSize::new(n), &mut source).unwrap();
        let mut sizes: Vec<u64> = (0..=62).map(|bit| 1 << bit).collect();
        sizes.extend((1..=62).flat_map(|bit| [(1 << bit) - 1, (1 << bit) / 3 * 2]));
        sizes.extend((0..62).map(|bit| (1 << bit) + 1));
        sizes.sort_unstable();
        let mut longest = 0;
        for new in &sizes {
            for old in sizes.iter().filter(|old| *old <= new) {
                let (old, new) = (TreeSize::new(*old), TreeSize::new(*new));
                let node = |node: NodeCoordinate| Ok::<_, MerkleError>(levels[node.level as usize]);
                let proof = make_consistency(old, new, &mut { node }).unwrap();
                let (before, after) = (root(old.get()), root(new.get()));
                assert_eq!(verify_consistency((old, before), (new, after), &proof), Ok(()));
                longest = longest.max(proof.len());
            }
        }
        assert_eq!(longest, MAX_PROOF_HASHES);
    }

    /// One case of `transparency-dev/merkle`; `null` stands for no bytes.
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Published {
        case: String,
        size1: u64,
        size2: u64,
        root1: Option<String>,
        root2: Option<String>,
        proof: Option<Vec<String>>,
        want_err: bool,
    }

    impl Published {
        fn is_accepted(&self) -> bool {
            use base64::Engine as _;
            let hash = |text: &String| {
                let mut bytes = base64::engine::general_purpose::STANDARD.decode(text).ok()?;
                // Roots that do not matter are a few words there.
                if bytes.starts_with(b"don't care") {
                    bytes.resize(32, 0);
                }
                bytes.try_into().ok().map(NodeHash::from_bytes)
            };
            let root = |text: &Option<String>| text.as_ref().and_then(hash);
            let proof: Option<Vec<NodeHash>> = self.proof.iter().flatten().map(hash).collect();
            // What is not a hash cannot even be expressed here.
            let (Some(old), Some(new), Some(proof)) = (root(&self.root1), root(&self.root2), proof) else {
                return false;
            };
            let (size1, size2) = (TreeSize::new(self.size1), TreeSize::new(self.size2));
            verify_consistency((size1, old), (size2, new), &proof).is_ok()
        }
    }

    #[test]
    fn published_consistency_cases() {
        let cases = include_str!("../../fixtures/merkle/consistency.jsonl");
        let (mut accepted, mut refused) = (0, 0);
        for line in cases.lines() {
            let case: Published = serde_json::from_str(line).unwrap();
            // Their library proves nothing from the empty tree; tlog-witness does, and so do we.
            let from_empty = case.case.ends_with("/size1-is-zero-and-size2-is-not-zero");
            assert_eq!(case.is_accepted(), !case.want_err || from_empty, "{}", case.case);
            *(if case.want_err {
                &mut refused
            } else {
                &mut accepted
            }) += 1;
        }
        assert_eq!((accepted, refused), (6, 92));
    }

    #[test]
    fn the_empty_tree_is_extended_by_every_tree_and_only_with_an_empty_proof() {
        let leaves = oracle::leaves(5);
        let new = (size(5), oracle::mth(&leaves));
        let empty = (TreeSize::EMPTY, EMPTY_ROOT);
        assert_eq!(verify_consistency(empty, new, &[]), Ok(()));
        assert!(verify_consistency(empty, new, &[EMPTY_ROOT]).is_err());
        assert!(verify_consistency((TreeSize::EMPTY, new.1), new, &[]).is_err());
        assert!(verify_consistency(new, empty, &[]).is_err());
    }

    #[test]
    fn limits_are_errors_that_name_them() {
        let long = vec![EMPTY_ROOT; MAX_PROOF_HASHES + 1];
        let error = verify_inclusion(EMPTY_ROOT, LeafIndex::new(0), size(9), EMPTY_ROOT, &long).unwrap_err();
        assert!(error.to_string().contains("MAX_PROOF_HASHES"), "{error}");
        let huge = TreeSize::new(u64::MAX);
        let error = verify_inclusion(EMPTY_ROOT, LeafIndex::new(0), huge, EMPTY_ROOT, &[]).unwrap_err();
        assert!(error.to_string().contains("MAX_TREE_SIZE"), "{error}");
        assert!(prove_inclusion(&oracle::leaves(3), LeafIndex::new(3)).is_err());
        assert!(prove_consistency(&oracle::leaves(3), size(4)).is_err());
    }

    proptest::proptest! {
        #[test]
        fn a_changed_proof_never_verifies(
            n in 2_usize..200, m in 0_usize..200, at in 0_usize..8, byte in 0_usize..32, bit in 0_u8..8,
        ) {
            let leaves = oracle::leaves(n);
            let m = m % n;
            let index = LeafIndex::new(m as u64);
            let root = oracle::mth(&leaves);
            let good = prove_inclusion(&leaves, index).unwrap();
            let mut proof = good.clone();
            let at = at % proof.len();
            let mut bytes = *proof[at].as_bytes();
            bytes[byte] ^= 1 << bit;
            proof[at] = NodeHash::from_bytes(bytes);
            proptest::prop_assert!(verify_inclusion(leaves[m], index, size(n), root, &proof).is_err());
            let mut shorter = good.clone();
            shorter.remove(at);
            proptest::prop_assert!(verify_inclusion(leaves[m], index, size(n), root, &shorter).is_err());
            let mut longer = good;
            longer.insert(at, root);
            proptest::prop_assert!(verify_inclusion(leaves[m], index, size(n), root, &longer).is_err());
        }

        #[test]
        fn arbitrary_proofs_never_panic(
            index: u64, old: u64, new: u64, proof in proptest::collection::vec(proptest::prelude::any::<[u8; 32]>(), 0..70),
        ) {
            let proof: Vec<NodeHash> = proof.into_iter().map(NodeHash::from_bytes).collect();
            let (old, new) = (TreeSize::new(old), TreeSize::new(new));
            let _ = verify_inclusion(EMPTY_ROOT, LeafIndex::new(index), new, EMPTY_ROOT, &proof);
            let _ = verify_consistency((old, EMPTY_ROOT), (new, EMPTY_ROOT), &proof);
        }
    }
}
