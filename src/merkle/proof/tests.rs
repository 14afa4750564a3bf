//! Proofs against the definition of the RFC, published cases, and changes that must not pass.

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
    // The nodes as the RFC calls them: leaves a to f and j, g to i above them, k and l above those.
    let node = |name: char| match name {
        'g' => oracle::mth(&leaves[0..2]),
        'i' => oracle::mth(&leaves[4..6]),
        'k' => oracle::mth(&leaves[0..4]),
        'l' => oracle::mth(&leaves[4..7]),
        'j' => leaves[6],
        leaf => leaves[leaf as usize - 'a' as usize],
    };
    let nodes = |names: &str| names.chars().map(node).collect::<Vec<_>>();
    let proof = |old| prove_consistency(&leaves, size(old)).unwrap();
    assert_eq!(proof(3), nodes("cdgl"));
    assert_eq!(proof(4), nodes("l"));
    assert_eq!(proof(6), nodes("ijk"));
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
    let cases = include_str!("../../../fixtures/merkle/consistency.jsonl");
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
