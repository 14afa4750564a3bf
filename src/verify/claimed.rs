//! Who claims which content: first the lineage itself, all at once, then others, one by one.
//!
//! A lineage of a million files has a million digests and hardly ever two claims of one of them. So those of the
//! lineage lie in one sorted row, and only a digest that somebody else claims, too, gets a set of its own.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::digest::Sha256Digest;
use crate::statement::ArtifactRef;

/// The digests of one lineage, with everybody who claims them.
#[derive(Debug, Default)]
pub(super) struct Claimed {
    /// Claims of the lineage, sorted once they are all there.
    own: Vec<(Sha256Digest, ArtifactRef)>,
    /// All claims of a digest that a statement outside the lineage makes.
    others: BTreeMap<Sha256Digest, BTreeSet<ArtifactRef>>,
}

impl Claimed {
    /// Notes claims of the lineage.
    pub(super) fn note(&mut self, claims: impl IntoIterator<Item = (Sha256Digest, ArtifactRef)>) {
        self.own.extend(claims);
    }

    /// Ends the claims of the lineage: from here on they can be asked for.
    pub(super) fn settle(&mut self) {
        self.own.sort_unstable();
        self.own.dedup();
    }

    /// Returns a claim of the lineage about this digest.
    pub(super) fn own_claim(&self, digest: Sha256Digest) -> Option<ArtifactRef> {
        self.own_of(digest).first().map(|(_, claim)| *claim)
    }

    /// Returns whether the lineage has content with this digest.
    pub(super) fn contains(&self, digest: Sha256Digest) -> bool {
        !self.own_of(digest).is_empty()
    }

    /// Notes that `claim` is about content of the lineage, too, and returns whether it is.
    pub(super) fn add(&mut self, digest: Sha256Digest, claim: ArtifactRef) -> bool {
        let own = self.own_of(digest);
        if own.is_empty() || own.binary_search(&(digest, claim)).is_ok() {
            return !own.is_empty();
        }
        let known: BTreeSet<ArtifactRef> = own.iter().map(|(_, claim)| *claim).collect();
        self.others.entry(digest).or_insert(known).insert(claim);
        true
    }

    /// Returns how many statements claim each digest of the lineage.
    pub(super) fn statements(&self) -> impl Iterator<Item = (Sha256Digest, usize)> {
        let count = |claims: &mut dyn Iterator<Item = &ArtifactRef>| {
            let ids: BTreeSet<_> = claims.map(|claim| claim.statement).collect();
            ids.len()
        };
        let same = self.own.chunk_by(|(left, _), (right, _)| left == right);
        same.filter_map(move |same| {
            let (digest, _) = same.first()?;
            Some(match self.others.get(digest) {
                Some(all) => (*digest, count(&mut all.iter())),
                None => (*digest, count(&mut same.iter().map(|(_, claim)| claim))),
            })
        })
    }

    /// Returns all claims of the digests that are claimed more than once.
    pub(super) fn into_shared(self) -> BTreeMap<Sha256Digest, BTreeSet<ArtifactRef>> {
        let mut shared = self.others;
        for same in self.own.chunk_by(|(left, _), (right, _)| left == right) {
            if let [(digest, _), _, ..] = same {
                let claims = same.iter().map(|(_, claim)| *claim);
                shared.entry(*digest).or_default().extend(claims);
            }
        }
        shared
    }

    fn own_of(&self, digest: Sha256Digest) -> &[(Sha256Digest, ArtifactRef)] {
        let start = self.own.partition_point(|(other, _)| *other < digest);
        let rest = self.own.get(start..).unwrap_or_default();
        let count = rest.iter().take_while(|(other, _)| *other == digest).count();
        rest.get(..count).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::StatementId;

    #[test]
    fn only_what_is_claimed_twice_is_shared() {
        let digest = |text: &str| Sha256Digest::of(text.as_bytes());
        let claim = |subject| ArtifactRef::subject(StatementId::from_bytes([1; 32]), subject);
        let mut claimed = Claimed::default();
        claimed.note([
            (digest("once"), claim(0)),
            (digest("twice"), claim(2)),
            (digest("twice"), claim(1)),
            (digest("once"), claim(0)),
            (digest("also there"), claim(3)),
        ]);
        claimed.settle();
        assert!(claimed.contains(digest("once")) && !claimed.contains(digest("never")));
        assert!(!claimed.add(digest("never"), claim(7)));
        assert!(
            claimed.add(digest("once"), claim(0)),
            "known, and still claimed once"
        );
        assert!(claimed.add(digest("also there"), claim(7)));
        let shared = claimed.into_shared();
        let of = |text| {
            shared
                .get(&digest(text))
                .map(|claims| claims.iter().copied().collect::<Vec<_>>())
        };
        assert_eq!(of("once"), None);
        assert_eq!(of("twice"), Some(vec![claim(1), claim(2)]));
        assert_eq!(of("also there"), Some(vec![claim(3), claim(7)]));
        assert_eq!(shared.len(), 2);
    }
}
