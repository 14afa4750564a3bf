//! Which list of contested ties a false seal signs. The list itself is in no log, only its root; so those that a liar
//! would sign are tried: an older one, and the honest one with a record less, or one that counts a statement less.

use std::collections::BTreeMap;

use crate::digest::NodeHash;
use crate::digest::Sha256Digest;
use crate::merkle::MerkleError;
use crate::merkle::NodeCoordinate;
use crate::merkle::TreeSize;
use crate::merkle::leaf_hash;
use crate::merkle::make_root;
use crate::merkle::node_hash;
use crate::statement::Contested;
use crate::statement::Seal;

type Counts = BTreeMap<Sha256Digest, u32>;

/// Returns the list whose number and root the seal says, if it is one of those that are tried. `honest` is what the
/// log determines, `before` what it determined at the seal before.
pub(super) fn stated_list(honest: &Counts, before: &Counts, says: &Seal) -> Option<Vec<Contested>> {
    for list in [records(honest), records(before), Vec::new()] {
        let leaves: Vec<NodeHash> = list.iter().map(leaf).collect();
        if (leaves.len() as u64, crate::merkle::root(&leaves)) == (says.contested, says.contested_root) {
            return Some(list);
        }
    }
    let mut list = records(honest);
    let tree = Edited::of(&list);
    let size = TreeSize::new(says.contested);
    for at in 0..list.len() {
        let record = *list.get(at)?;
        if says.contested + 1 == list.len() as u64 {
            if tree.root(size, at, None) == Ok(says.contested_root) {
                list.remove(at);
                return Some(list);
            }
        } else if says.contested == list.len() as u64 && record.statements > 2 {
            let fewer = Contested {
                statements: record.statements - 1,
                ..record
            };
            if tree.root(size, at, Some(leaf(&fewer))) == Ok(says.contested_root) {
                *list.get_mut(at)? = fewer;
                return Some(list);
            }
        }
    }
    None
}

fn records(counts: &Counts) -> Vec<Contested> {
    let record = |(&tie, &statements): (&Sha256Digest, &u32)| Contested { tie, statements };
    counts.iter().map(record).collect()
}

fn leaf(record: &Contested) -> NodeHash {
    leaf_hash(&record.to_bytes())
}

/// The trees of a list and of the list without its first leaf: with both, the root of the list with one leaf less or
/// another one takes as many hashes as the tree is high, and not as it is wide.
struct Edited {
    whole: Vec<Vec<NodeHash>>,
    shifted: Vec<Vec<NodeHash>>,
}

impl Edited {
    fn of(list: &[Contested]) -> Self {
        let leaves: Vec<NodeHash> = list.iter().map(leaf).collect();
        Self {
            shifted: levels(leaves.get(1..).unwrap_or_default().to_vec()),
            whole: levels(leaves),
        }
    }

    /// Returns the root of the `size` leaves that are left with leaf `at` replaced, or without it.
    fn root(&self, size: TreeSize, at: usize, by: Option<NodeHash>) -> Result<NodeHash, MerkleError> {
        make_root(size, &mut |node: NodeCoordinate| {
            let index = usize::try_from(node.index).unwrap_or(usize::MAX);
            // `make_root` asks for complete subtrees within `size` only, and those are in the tables.
            Ok::<_, MerkleError>(
                self.node(node.level, index, at, by)
                    .unwrap_or(crate::merkle::EMPTY_ROOT),
            )
        })
    }

    fn node(&self, level: u32, index: usize, at: usize, by: Option<NodeHash>) -> Option<NodeHash> {
        let (start, end) = (index << level, (index + 1) << level);
        let stored = |levels: &[Vec<NodeHash>]| {
            let nodes = levels.get(usize::try_from(level).ok()?)?;
            nodes.get(index).copied()
        };
        if end <= at || (by.is_some() && start > at) {
            return stored(&self.whole);
        }
        if by.is_none() && start >= at {
            return stored(&self.shifted);
        }
        let Some(below) = level.checked_sub(1) else {
            return by;
        };
        let left = self.node(below, index * 2, at, by)?;
        Some(node_hash(&left, &self.node(below, index * 2 + 1, at, by)?))
    }
}

/// Returns the complete subtrees over leaves, level by level.
fn levels(leaves: Vec<NodeHash>) -> Vec<Vec<NodeHash>> {
    let mut levels = vec![leaves];
    while let Some(above) = levels
        .last()
        .filter(|nodes| nodes.len() > 1)
        .map(|nodes| pairs(nodes))
    {
        levels.push(above);
    }
    levels
}

fn pairs(nodes: &[NodeHash]) -> Vec<NodeHash> {
    let (pairs, _) = nodes.as_chunks::<2>();
    pairs.iter().map(|[left, right]| node_hash(left, right)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::root;

    fn counts(number: u8) -> Counts {
        let tie = |n: u8| Sha256Digest::of(&[n]);
        (0..number).map(|n| (tie(n), 2 + u32::from(n % 3))).collect()
    }

    fn says(list: &[Contested]) -> Seal {
        let leaves: Vec<NodeHash> = list.iter().map(leaf).collect();
        Seal {
            size: 9,
            rulings: 0,
            rulings_root: root(&[]),
            contested: leaves.len() as u64,
            contested_root: root(&leaves),
        }
    }

    #[test]
    fn every_list_that_lacks_one_statement_is_found() {
        for number in 0..20 {
            let honest = counts(number);
            let whole = records(&honest);
            let nothing = Counts::new();
            assert_eq!(stated_list(&honest, &nothing, &says(&[])), Some(vec![]));
            for at in 0..whole.len() {
                let mut without = whole.clone();
                let record = without.remove(at);
                assert_eq!(stated_list(&honest, &nothing, &says(&without)), Some(without));
                if record.statements > 2 {
                    let mut fewer = whole.clone();
                    fewer[at].statements -= 1;
                    assert_eq!(stated_list(&honest, &nothing, &says(&fewer)), Some(fewer));
                }
            }
            let before = counts(number / 2);
            let old = records(&before);
            assert_eq!(stated_list(&honest, &before, &says(&old)), Some(old));
            let unknown = Seal {
                contested_root: NodeHash::from_bytes([7; 32]),
                ..says(&whole)
            };
            assert_eq!(stated_list(&honest, &before, &unknown), None);
        }
    }
}
