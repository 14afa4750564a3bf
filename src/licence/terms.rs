//! Terms as a lattice: what is forbidden or demanded of whoever makes something of what stands under them.
//!
//! It is a product of chains and of sets, so joining terms is idempotent, commutative and associative, and whatever the
//! order of a lineage its terms come out the same. The chain of uses is that of the Data Provenance Initiative
//! (Longpre et al. 2023, arXiv 2310.16787), where terms that say nothing about commercial use stand above those that
//! allow it.

use std::collections::BTreeSet;
use std::fmt;

use crate::statement::Restriction;

/// What use the terms allow, from the widest to the narrowest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Use {
    /// Commercial use is allowed.
    Commercial,
    /// The terms do not say, or nobody here read them.
    Unspecified,
    /// No commercial use.
    NonCommercial,
    /// Research and teaching only.
    AcademicOnly,
}

impl Use {
    /// All of them with their words, from the widest to the narrowest.
    pub const WORDS: [(Self, &'static str); 4] = [
        (Self::Commercial, "commercial"),
        (Self::Unspecified, "unspecified"),
        (Self::NonCommercial, "non_commercial"),
        (Self::AcademicOnly, "academic_only"),
    ];

    /// Returns the word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Commercial => "commercial",
            Self::Unspecified => "unspecified",
            Self::NonCommercial => "non_commercial",
            Self::AcademicOnly => "academic_only",
        }
    }

    /// Finds the use of a word.
    pub fn parse(word: &str) -> Option<Self> {
        let found = Self::WORDS.iter().find(|(_, known)| *known == word);
        found.map(|(of, _)| *of)
    }
}

impl fmt::Display for Use {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An element of the lattice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// What use they allow.
    pub allowed: Use,
    /// What else they forbid or demand. Words of `allowed` and of `share_alike` never stand here.
    pub others: BTreeSet<Restriction>,
    /// The licences under which whatever is made has to go, too.
    pub share_alike: BTreeSet<String>,
    /// Whether part of the terms is not stated, so that more may be forbidden than stands here.
    pub not_stated: bool,
}

impl Terms {
    /// Returns the bottom: commercial use, and nothing is demanded.
    pub const fn free() -> Self {
        Self {
            allowed: Use::Commercial,
            others: BTreeSet::new(),
            share_alike: BTreeSet::new(),
            not_stated: false,
        }
    }

    /// Returns the terms of which nothing is known: never the bottom.
    pub fn unknown() -> Self {
        Self {
            allowed: Use::Unspecified,
            not_stated: true,
            ..Self::free()
        }
    }

    /// Returns the terms of words; `named` is what they are called, where they demand to share alike.
    pub fn of(allowed: Use, words: &[Restriction], named: &str) -> Self {
        let mut terms = Self {
            allowed,
            ..Self::free()
        };
        for word in words {
            match word {
                Restriction::None => {}
                Restriction::NonCommercial => terms.allowed = terms.allowed.max(Use::NonCommercial),
                Restriction::AcademicOnly => terms.allowed = terms.allowed.max(Use::AcademicOnly),
                Restriction::ShareAlike => drop(terms.share_alike.insert(named.to_owned())),
                other => drop(terms.others.insert(*other)),
            }
        }
        terms
    }

    /// Returns what holds for whoever is bound by both: the least upper bound.
    #[must_use]
    pub fn join(&self, other: &Self) -> Self {
        Self {
            allowed: self.allowed.max(other.allowed),
            others: self.others.union(&other.others).copied().collect(),
            share_alike: self.share_alike.union(&other.share_alike).cloned().collect(),
            not_stated: self.not_stated || other.not_stated,
        }
    }

    /// Returns what holds whichever of the two is chosen: the greatest lower bound. Neither of the two may be as free
    /// as this, so whoever allows or forbids something looks at each choice by itself.
    #[must_use]
    pub fn meet(&self, other: &Self) -> Self {
        Self {
            allowed: self.allowed.min(other.allowed),
            others: self.others.intersection(&other.others).copied().collect(),
            share_alike: self
                .share_alike
                .intersection(&other.share_alike)
                .cloned()
                .collect(),
            not_stated: self.not_stated && other.not_stated,
        }
    }

    /// Returns whether they hold a restriction.
    pub fn has(&self, word: Restriction) -> bool {
        match word {
            Restriction::None => false,
            Restriction::NonCommercial => self.allowed >= Use::NonCommercial,
            Restriction::AcademicOnly => self.allowed >= Use::AcademicOnly,
            Restriction::ShareAlike => !self.share_alike.is_empty(),
            other => self.others.contains(&other),
        }
    }

    /// Returns the restrictions they hold, in the order of the words.
    pub fn words(&self) -> impl Iterator<Item = Restriction> + '_ {
        RESTRICTIONS.into_iter().filter(|word| self.has(*word))
    }
}

/// All restrictions, in the order of the documentation.
pub const RESTRICTIONS: [Restriction; 11] = [
    Restriction::Attribution,
    Restriction::ShareAlike,
    Restriction::NonCommercial,
    Restriction::AcademicOnly,
    Restriction::NoDerivatives,
    Restriction::NoAiTraining,
    Restriction::NoCompetingModels,
    Restriction::NamingDuty,
    Restriction::FieldOfUse,
    Restriction::Territory,
    Restriction::Expiry,
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::statement::Word as _;

    use super::*;

    fn terms() -> impl Strategy<Value = Terms> {
        let words = prop::collection::vec(prop::sample::select(RESTRICTIONS.to_vec()), 0..5);
        let allowed = prop::sample::select(Use::WORDS.map(|(of, _)| of).to_vec());
        (allowed, words, "[a-c]", any::<bool>()).prop_map(|(allowed, words, named, not_stated)| Terms {
            not_stated,
            ..Terms::of(allowed, &words, &named)
        })
    }

    proptest! {
        #[test]
        fn joins_and_meets_are_those_of_a_lattice(a in terms(), b in terms(), c in terms()) {
            prop_assert_eq!(a.join(&a), a.clone());
            prop_assert_eq!(a.join(&b), b.join(&a));
            prop_assert_eq!(a.join(&b).join(&c), a.join(&b.join(&c)));
            prop_assert_eq!(a.meet(&a), a.clone());
            prop_assert_eq!(a.meet(&b), b.meet(&a));
            prop_assert_eq!(a.meet(&b).meet(&c), a.meet(&b.meet(&c)));
            prop_assert_eq!(a.join(&a.meet(&b)), a.clone());
            prop_assert_eq!(a.meet(&a.join(&b)), a.clone());
            prop_assert_eq!(a.join(&Terms::free()), a.clone());
        }

        #[test]
        fn a_join_loses_no_restriction(a in terms(), b in terms()) {
            let both = a.join(&b);
            for word in RESTRICTIONS {
                prop_assert_eq!(both.has(word), a.has(word) || b.has(word), "{}", word);
            }
        }
    }

    #[test]
    fn every_word_but_none_is_a_restriction() {
        let words: Vec<&str> = RESTRICTIONS.iter().map(|word| word.as_str()).collect();
        assert_eq!(Restriction::WORDS[1..], words);
        for word in RESTRICTIONS {
            let terms = Terms::of(Use::Commercial, &[word], "L");
            assert!(terms.has(word), "{word}");
        }
        assert_eq!(
            Terms::of(Use::Commercial, &[Restriction::None], "L"),
            Terms::free()
        );
    }

    #[test]
    fn what_is_not_known_is_never_the_bottom() {
        let unknown = Terms::unknown();
        assert_ne!(unknown.join(&Terms::free()), Terms::free());
        assert!(unknown.allowed > Use::Commercial);
    }
}
