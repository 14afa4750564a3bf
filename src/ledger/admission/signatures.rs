//! When the signatures of a batch are checked: never, each as its entry comes, or many together.
//!
//! Checked together they take less time, and one that does not count is found only after entries above it were
//! staged. So whoever wants that gives up the staging: what comes out is what one by one would have given.

use crate::envelope;
use crate::envelope::Envelope;
use crate::key::BATCH_SIGNATURES;
use crate::key::PublicKey;
use crate::merkle::LeafIndex;

use super::AdmissionError;
use super::Admitted;
use super::Batch;
use super::Checks;
use super::Staging;

/// An entry that may not be one.
#[derive(Debug)]
pub struct Refused {
    /// Its position in the log.
    pub entry: LeafIndex,
    /// Why.
    pub reason: AdmissionError,
}

/// The signatures of a batch.
#[derive(Debug)]
pub(super) enum Signatures {
    Never,
    AtOnce,
    /// Those that are still to be checked.
    Together(Vec<(LeafIndex, Envelope, PublicKey)>),
}

impl Signatures {
    pub(super) fn of(checks: Checks) -> Self {
        match checks {
            Checks::All | Checks::Signatures => Self::AtOnce,
            Checks::Replay => Self::Never,
        }
    }

    fn together(self) -> Self {
        match self {
            Self::Never => Self::Never,
            Self::AtOnce | Self::Together(_) => Self::Together(Vec::new()),
        }
    }

    /// Checks a signature now, or notes it for later.
    pub(super) fn check(
        &mut self,
        entry: LeafIndex,
        envelope: &Envelope,
        key: PublicKey,
    ) -> Result<(), AdmissionError> {
        match self {
            Self::Never => Ok(()),
            Self::AtOnce => envelope.verify(key).map_err(AdmissionError::Signature),
            Self::Together(noted) => {
                noted.push((entry, envelope.clone(), key));
                Ok(())
            }
        }
    }

    fn is_full(&self) -> bool {
        matches!(self, Self::Together(noted) if noted.len() >= BATCH_SIGNATURES)
    }

    /// Checks what was noted. The error is that of the lowest entry that has one.
    fn settle(&mut self) -> Result<(), Refused> {
        let Self::Together(noted) = self else {
            return Ok(());
        };
        let envelopes: Vec<_> = noted.iter().map(|(_, envelope, key)| (envelope, *key)).collect();
        let checked = envelope::verify_all(&envelopes);
        for ((entry, _, _), checked) in std::mem::take(noted).into_iter().zip(checked) {
            let reason = checked.map_err(AdmissionError::Signature);
            reason.map_err(|reason| Refused { entry, reason })?;
        }
        Ok(())
    }
}

impl Staging<'_> {
    /// Admits entries in their order until one may not be one, as [`Staging::admit`] would, with their signatures
    /// checked together. Returns those that were admitted, and the batch or the entry that was refused.
    pub fn admit_all<'l>(
        mut self,
        leaves: impl IntoIterator<Item = &'l [u8]>,
    ) -> (Vec<Admitted>, Result<Option<Batch>, Refused>) {
        self.signatures = self.signatures.together();
        let mut admitted = Vec::new();
        let staged = leaves.into_iter().try_for_each(|leaf| {
            let entry = self.next();
            admitted.push(self.admit(leaf).map_err(|reason| Refused { entry, reason })?);
            if self.signatures.is_full() {
                self.signatures.settle()?;
            }
            Ok(())
        });
        // What is noted stands at or below the entry that was refused, and of one entry the signature is asked first.
        match self.signatures.settle().and(staged) {
            Ok(()) => (admitted, Ok(self.finish())),
            Err(refused) => {
                admitted.retain(|one| one.entry < refused.entry);
                (admitted, Err(refused))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::fixture::*;
    use super::*;

    /// Returns the entries that were admitted, and the one that was refused with why.
    type Outcome = (Vec<u64>, Option<(u64, String)>);

    fn one_by_one(fixture: &Fixture, leaves: &[Vec<u8>]) -> Outcome {
        let mut staging = Staging::on(&fixture.state, &fixture.blobs, Checks::All);
        let mut admitted = Vec::new();
        for leaf in leaves {
            let entry = staging.next().get();
            match staging.admit(leaf) {
                Ok(one) => admitted.push(one.entry.get()),
                Err(error) => return (admitted, Some((entry, format!("{error:?}")))),
            }
        }
        (admitted, None)
    }

    fn together(fixture: &Fixture, leaves: &[Vec<u8>]) -> Outcome {
        let staging = Staging::on(&fixture.state, &fixture.blobs, Checks::All);
        let (admitted, batch) = staging.admit_all(leaves.iter().map(Vec::as_slice));
        let refused = batch
            .err()
            .map(|refused| (refused.entry.get(), format!("{:?}", refused.reason)));
        (admitted.iter().map(|one| one.entry.get()).collect(), refused)
    }

    /// The same statement under the signature of another.
    fn forged(leaf: &[u8], other: &[u8]) -> Vec<u8> {
        let signature = |leaf: &[u8]| {
            let text = String::from_utf8(leaf.to_vec()).unwrap();
            let at = text.find("\"sig\":\"").unwrap() + 7;
            (text[..at].to_owned(), text[at..].to_owned())
        };
        [signature(leaf).0, signature(other).1].concat().into_bytes()
    }

    #[test]
    fn together_is_as_one_by_one() {
        const ENTRIES: usize = 5;
        let fixture = Fixture::new();
        let named = |at: usize| source(&format!("s{at}"), files(&[&format!("f{at}")]));
        let good: Vec<Vec<u8>> = (0..ENTRIES).map(|at| fixture.sign(named(at))).collect();
        let stranger = |at: usize| sign(STRANGER, Some(fixture.id), named(at));
        let other = fixture.sign(named(ENTRIES));
        let faulty = |at: usize, fault: usize| match fault {
            0 => forged(&good[at], &other),
            1 => fixture.sign(source("seal", files(&["f0"]))),
            2 => stranger(at),
            3 => b"{}".to_vec(),
            4 => forged(
                &sign(SOURCES, Some(fixture.id), prompt("p", files(&["p"]))),
                &other,
            ),
            _ => good[0].clone(),
        };
        let mut seen = BTreeSet::new();
        for (first, second) in (0..36).map(|both| (both / 6, both % 6)) {
            for (low, high) in (0..25).map(|both| (both / 5, both % 5)) {
                let mut leaves = good.clone();
                leaves[high] = faulty(high, second);
                leaves[low] = faulty(low, first);
                let expected = one_by_one(&fixture, &leaves);
                assert_eq!(
                    together(&fixture, &leaves),
                    expected,
                    "{low} {first}, {high} {second}"
                );
                seen.extend(expected.1.map(|(_, why)| why.chars().take(9).collect::<String>()));
            }
        }
        assert!(seen.len() >= 4, "{seen:?}");
    }

    #[test]
    fn a_batch_of_signatures_ends_within_the_entries() {
        let fixture = Fixture::new();
        let named = |at: usize| fixture.sign(source(&format!("s{at}"), files(&[&format!("f{at}")])));
        let mut leaves: Vec<Vec<u8>> = (0..BATCH_SIGNATURES + 2).map(named).collect();
        assert_eq!(together(&fixture, &leaves).1, None);
        for at in [BATCH_SIGNATURES + 1, BATCH_SIGNATURES, BATCH_SIGNATURES - 1, 0] {
            leaves[at] = forged(&leaves[at], &leaves[5]);
            let outcome = together(&fixture, &leaves);
            let entry = fixture.state.size().get() + at as u64;
            assert_eq!(outcome.0.len(), at);
            assert_eq!(outcome.1.map(|(entry, _)| entry), Some(entry));
        }
    }
}
