//! Samples: which items of a lineage an auditor looks at, drawn so that anybody can draw them again.
//!
//! A sample is a function of three things: the root of a checkpoint, the population that the verified lineage has at that
//! checkpoint, and the text of a seed. Its bytes are `docs/formats/sample.md`. Only the verifier makes a [`Drawn`] from a
//! lineage; a [`Document`] is what a file says of one, which counts for nothing until the verifier has drawn it again.
//!
//! | file | holds |
//! |---|---|
//! | [`bound`] | how many items may differ at most, given what was seen |
//! | `population` | items, strata, and the digest of all of them |
//! | `draw` | the stream, the allocation to strata, the draw |
//! | `document` | what a file says, held against the draw |
//! | `file` | its bytes: canonical JSON, signed or not |

pub mod bound;
mod document;
mod draw;
mod file;
mod population;

#[cfg(test)]
mod tests;

use crate::canonical::CanonicalError;
use crate::envelope::EnvelopeError;
use crate::key::KeyError;

pub use document::Document;
pub use document::Marked;
pub use draw::DRAW_CONTEXT;
pub use draw::allocate;
pub use draw::draw;
pub use file::PREDICATE_TYPE;
pub use file::SAMPLE_BYTES_MAX;
pub use file::SampleFile;
pub use population::Outside;
pub use population::Population;
pub use population::StratumFacts;
pub use population::Unit;

/// The most items of one sample.
pub const ITEMS_MAX: u64 = 4_096;

/// The most items of a population: what a number of canonical JSON can be.
pub const POPULATION_MAX: u64 = (1 << 53) - 1;

/// The most bytes of a seed.
pub const SEED_BYTES_MAX: usize = 1_024;

/// The most files that are named as standing outside of a population; the rest is counted.
pub const OUTSIDE_NAMED_MAX: usize = 1_000;

/// Why something is not a sample, or not one that the rule draws.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SampleError {
    /// Too few or too many items.
    #[error("{found} items are not a sample: from 1 to ITEMS_MAX of {ITEMS_MAX}")]
    Count {
        /// How many were asked for.
        found: u64,
    },
    /// A seed that is none.
    #[error(
        "the seed is not a text of 1 to SEED_BYTES_MAX of {SEED_BYTES_MAX} bytes without invisible characters"
    )]
    Seed,
    /// A population whose rows no number can count.
    #[error("the population has more items than the limit POPULATION_MAX of {POPULATION_MAX}")]
    TooLarge,
    /// Not the one form of the signed file.
    #[error("it is not a signed file of the one form that it may have")]
    Envelope(#[from] EnvelopeError),
    /// Not canonical JSON.
    #[error("it is not canonical JSON")]
    Canonical(#[from] CanonicalError),
    /// Fields that are missing, unknown or of the wrong type.
    #[error("a field is missing, unknown or of the wrong type")]
    Fields(#[source] serde_json::Error),
    /// A file of another type.
    #[error("it is of the type `{found}`, not a sample")]
    Type {
        /// The type, cut.
        found: String,
    },
    /// A format that this version does not know.
    #[error("it has format {found}, which this version does not know")]
    Format {
        /// The number.
        found: u64,
    },
    /// Signed by another key than the one it names.
    #[error("it is signed by another key than the auditor's key that it names")]
    Signer,
    /// The key in it is none.
    #[error("the auditor's key is none")]
    Key(#[from] KeyError),
    /// The note of the checkpoint is none.
    #[error("its checkpoint is none")]
    Checkpoint(#[from] crate::checkpoint::CheckpointError),
    /// Parts that do not go together.
    #[error("it contradicts itself: {0}")]
    Inconsistent(&'static str),
    /// There is no such item.
    #[error("it has the items 1 to {items}, and {found} is none of them")]
    NoItem {
        /// The number.
        found: u64,
        /// How many it has.
        items: u64,
    },
}

/// What is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// Files that have a digest.
    Shards,
    /// Rows of the files whose rows are known.
    Rows,
    /// Runs.
    Runs,
}

impl By {
    /// All with their words.
    pub const WORDS: [(Self, &'static str); 3] = [
        (Self::Shards, "shards"),
        (Self::Rows, "rows"),
        (Self::Runs, "runs"),
    ];

    /// Returns the word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Shards => "shards",
            Self::Rows => "rows",
            Self::Runs => "runs",
        }
    }

    /// Finds what a word means.
    pub fn parse(word: &str) -> Option<Self> {
        Self::WORDS
            .iter()
            .find(|(_, known)| *known == word)
            .map(|(by, _)| *by)
    }
}

/// What was found of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// Nobody looked.
    NotChecked,
    /// It is what was registered.
    AsRegistered,
    /// It is not there.
    Missing,
    /// It is not what was registered.
    Differs,
}

impl Mark {
    /// All with their words.
    pub const WORDS: [(Self, &'static str); 4] = [
        (Self::NotChecked, "not_checked"),
        (Self::AsRegistered, "as_registered"),
        (Self::Differs, "differs"),
        (Self::Missing, "missing"),
    ];

    /// Returns the word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotChecked => "not_checked",
            Self::AsRegistered => "as_registered",
            Self::Differs => "differs",
            Self::Missing => "missing",
        }
    }

    /// Finds the mark of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::WORDS
            .iter()
            .find(|(_, known)| *known == word)
            .map(|(mark, _)| *mark)
    }
}

/// What is drawn, how many, and from which seed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    by: By,
    n: u64,
    seed: String,
}

impl Rule {
    /// Makes a rule; a sample has 1 to [`ITEMS_MAX`] items, and a seed is a text.
    pub fn new(by: By, n: u64, seed: &str) -> Result<Self, SampleError> {
        if n == 0 || n > ITEMS_MAX {
            return Err(SampleError::Count { found: n });
        }
        if seed.is_empty()
            || seed.len() > SEED_BYTES_MAX
            || seed.contains(['\n', '\r', '\t'])
            || crate::statement::check_text(seed).is_err()
        {
            return Err(SampleError::Seed);
        }
        Ok(Self {
            by,
            n,
            seed: seed.to_owned(),
        })
    }

    /// Returns what is drawn.
    pub fn by(&self) -> By {
        self.by
    }

    /// Returns how many are drawn at most.
    pub fn n(&self) -> u64 {
        self.n
    }

    /// Returns the text of the seed.
    pub fn seed(&self) -> &str {
        &self.seed
    }
}

/// One item of a sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The class of its origin.
    pub stratum: String,
    /// The file, or the run.
    pub unit: Unit,
    /// The row, counted from 1, where rows were drawn.
    pub row: Option<u64>,
}

/// A sample as the rule draws it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// By which rule.
    pub rule: Rule,
    /// How many items there are to draw from.
    pub size: u64,
    /// The digest of the population.
    pub population: crate::digest::Sha256Digest,
    /// The strata, by their names.
    pub strata: Vec<StratumFacts>,
    /// What could not be drawn.
    pub outside: Outside,
    /// The items, by stratum and then in the order of the population.
    pub items: Vec<Item>,
}

/// What was seen of the items of one stratum, or of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// As registered.
    pub right: u64,
    /// Differing.
    pub differing: u64,
    /// Not there.
    pub missing: u64,
    /// Not looked at.
    pub unchecked: u64,
}

impl Tally {
    /// Counts marks.
    pub fn of(marks: impl Iterator<Item = Mark>) -> Self {
        marks.fold(Self::default(), |mut tally, mark| {
            match mark {
                Mark::NotChecked => tally.unchecked += 1,
                Mark::AsRegistered => tally.right += 1,
                Mark::Differs => tally.differing += 1,
                Mark::Missing => tally.missing += 1,
            }
            tally
        })
    }

    /// Returns how many were drawn.
    pub fn drawn(self) -> u64 {
        self.right + self.against()
    }

    /// Returns how many count as differing: whatever was not seen to be right.
    pub fn against(self) -> u64 {
        self.differing + self.missing + self.unchecked
    }
}

/// What a sample shows of one stratum, or of all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The stratum; nothing for all together.
    pub stratum: Option<String>,
    /// How many items there are.
    pub size: u64,
    /// What was seen.
    pub tally: Tally,
    /// How many differ at most, at 95 %.
    pub at_most: u64,
}

impl Drawn {
    /// Returns what marks show, stratum by stratum, and of all together last. The marks are those of the items, in their
    /// order.
    pub fn shown(&self, marks: &[Mark]) -> Vec<Shown> {
        let tallies: Vec<(&StratumFacts, Tally)> = self
            .strata
            .iter()
            .map(|stratum| {
                let items = self.items.iter().zip(marks);
                let here = items.filter(|(item, _)| item.stratum == stratum.name);
                (stratum, Tally::of(here.map(|(_, mark)| *mark)))
            })
            .collect();
        let seen = |(stratum, tally): &(&StratumFacts, Tally)| bound::Seen {
            size: stratum.size,
            drawn: tally.drawn(),
            against: tally.against(),
        };
        let all: Vec<bound::Seen> = tallies.iter().map(seen).collect();
        let mut shown: Vec<Shown> = (tallies.iter().zip(&all))
            .map(|((stratum, tally), seen)| Shown {
                stratum: Some(stratum.name.clone()),
                size: stratum.size,
                tally: *tally,
                at_most: bound::at_most(*seen),
            })
            .collect();
        shown.push(Shown {
            stratum: None,
            size: self.size,
            tally: Tally::of(marks.iter().copied()),
            at_most: bound::at_most_in_all(&all),
        });
        shown
    }
}
