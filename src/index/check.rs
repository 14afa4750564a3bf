//! What every backend asks of a batch before it takes it.

use crate::merkle::LeafIndex;
use crate::merkle::TreeSize;

use super::IndexError;
use super::Indexed;
use super::Watermark;

/// Checks that a batch continues an index that ends at `now`.
pub(super) fn check(now: Option<&Watermark>, batch: &[Indexed], to: &Watermark) -> Result<(), IndexError> {
    if let Some(now) = now.filter(|now| now.origin != to.origin) {
        return Err(IndexError::Origin {
            expected: now.origin.clone(),
            found: to.origin.clone(),
        });
    }
    let size = now.map_or(TreeSize::default(), |now| now.size);
    let mut next = size.next_index();
    for indexed in batch {
        let entry = indexed.facts.entry;
        if entry != next {
            return Err(IndexError::OutOfOrder {
                expected: next,
                found: entry,
            });
        }
        claims_are_own(indexed)?;
        next = next.plus(1);
    }
    if to.size.next_index() != next {
        return Err(IndexError::Watermark {
            ends: TreeSize::new(next.get()),
            watermark: to.size,
        });
    }
    Ok(())
}

fn claims_are_own(indexed: &Indexed) -> Result<(), IndexError> {
    let entry: LeafIndex = indexed.facts.entry;
    let mut claims = indexed.claims.iter();
    if claims.any(|claim| claim.artifact.statement != indexed.facts.id) {
        return Err(IndexError::ForeignClaim { entry });
    }
    let limit = u64::from(u32::MAX);
    if indexed.claims.len() as u64 > limit {
        let what = "claims";
        return Err(IndexError::TooMany { entry, what, limit });
    }
    Ok(())
}
