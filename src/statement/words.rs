//! The words a statement may use: one closed list each, the same in JSON, in lineage files and in output.

use std::fmt;

/// A word that is not in its list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not one of: {}", .allowed.join(", "))]
pub struct WordError {
    /// What was given.
    pub found: String,
    /// What could have been.
    pub allowed: &'static [&'static str],
}

/// A closed list of words.
pub trait Word: Copy + Sized + 'static {
    /// All words, in the order of the documentation.
    const WORDS: &'static [&'static str];

    /// Returns the word.
    fn as_str(self) -> &'static str;

    /// Finds the value of a word; a [`WordError`] lists what is allowed.
    fn parse(word: &str) -> Result<Self, WordError>;
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$case_doc:meta])* $case:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$case_doc])* $case,)+ }

        impl Word for $name {
            const WORDS: &'static [&'static str] = &[$($word),+];

            fn as_str(self) -> &'static str {
                match self { $(Self::$case => $word,)+ }
            }

            fn parse(word: &str) -> Result<Self, WordError> {
                match word {
                    $($word => Ok(Self::$case),)+
                    _ => Err(WordError { found: word.chars().take(80).collect(), allowed: Self::WORDS }),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// Who or what made the content of a source.
    MadeBy {
        /// People wrote or recorded it.
        Human = "human",
        /// A device measured it.
        Sensor = "sensor",
        /// A model generated it.
        Model = "model",
        /// Partly a model, with a share that may be known.
        Mixed = "mixed",
        /// Nobody here knows.
        Unknown = "unknown",
    }
}

words! {
    /// How a source came here.
    AcquiredBy {
        /// A data set anybody can download.
        PublicDataset = "public_dataset",
        /// Bought or granted by a rights holder.
        Licensed = "licensed",
        /// From a third party, not public.
        ThirdPartyPrivate = "third_party_private",
        /// Crawled or scraped.
        WebCrawl = "web_crawl",
        /// From users of a service.
        UserData = "user_data",
        /// Commissioned labels or texts.
        Annotation = "annotation",
        /// Made in this house.
        OwnProduction = "own_production",
        /// Nobody here knows.
        Unknown = "unknown",
    }
}

words! {
    /// An answer that may be missing; absence is never "no".
    Answer {
        /// Stated to be so.
        Yes = "yes",
        /// Stated not to be so.
        No = "no",
        /// Not known.
        NotKnown = "not_known",
    }
}

words! {
    /// What terms forbid or demand: the words of the lattice of terms, and `none` for terms that were read and hold
    /// none of the others. A list of them is the signer's reading of the whole terms.
    Restriction {
        /// The terms were read, and none of the other words is in them. It stands alone.
        None = "none",
        /// Whoever made it is to be named.
        Attribution = "attribution",
        /// What is made of it has to go under the same terms.
        ShareAlike = "share_alike",
        /// No commercial use.
        NonCommercial = "non_commercial",
        /// Research and teaching only.
        AcademicOnly = "academic_only",
        /// Nothing may be made of it.
        NoDerivatives = "no_derivatives",
        /// No training of models on it.
        NoAiTraining = "no_ai_training",
        /// No models that compete with the provider's.
        NoCompetingModels = "no_competing_models",
        /// What is made of it has to carry a name.
        NamingDuty = "naming_duty",
        /// Some fields of use are forbidden.
        FieldOfUse = "field_of_use",
        /// Not in every country, or not for everybody.
        Territory = "territory",
        /// The grant ends.
        Expiry = "expiry",
    }
}

words! {
    /// What kind of rule a filter applies.
    FilterRule {
        /// Duplicates and near duplicates.
        Dedup = "dedup",
        /// Quality.
        Quality = "quality",
        /// Toxicity.
        Toxicity = "toxicity",
        /// Personal data.
        Pii = "pii",
        /// Evaluation data.
        Decontamination = "decontamination",
        /// Licences.
        Licence = "licence",
        /// Language.
        Language = "language",
        /// Safety.
        Safety = "safety",
        /// A person decided.
        HumanReview = "human_review",
        /// Anything else.
        Other = "other",
    }
}

words! {
    /// How a model from outside is reached.
    Access {
        /// Behind an API: no weights here.
        Api = "api",
        /// Its weights are at hand.
        Weights = "weights",
    }
}

words! {
    /// What a run does.
    Does {
        /// A model makes rows.
        Generate = "generate",
        /// Labels are added to rows.
        Annotate = "annotate",
        /// Rows are scored or ranked.
        Judge = "judge",
        /// Rows are dropped.
        Filter = "filter",
        /// Rows or weights change their form.
        Transform = "transform",
        /// Rows are put together.
        Mix = "mix",
        /// A model learns.
        Train = "train",
        /// Models are merged.
        Merge = "merge",
        /// A model or data set is measured.
        Evaluate = "evaluate",
    }
}

words! {
    /// What an input is to its run.
    Role {
        /// The model that makes the rows.
        Generator = "generator",
        /// A larger model that is learned from.
        Teacher = "teacher",
        /// Examples that start a generation.
        Seed = "seed",
        /// A template, a constitution.
        Prompt = "prompt",
        /// Rows that go through.
        Data = "data",
        /// A rule that is applied.
        Filter = "filter",
        /// The model that scores.
        Judge = "judge",
        /// Something compared against.
        Reference = "reference",
        /// Labels that are joined.
        Labels = "labels",
        /// Evaluation data.
        Eval = "eval",
        /// The weights a run starts from.
        Base = "base",
    }
}

words! {
    /// The verdict that a report tells, in the words of `docs/verdict.md`.
    ReportedVerdict {
        /// Every path ends in something declared, and everything checks.
        Traced = "traced",
        /// Evidence is false.
        Tampered = "tampered",
        /// The evidence is sound, the lineage is not.
        NotTraced = "not_traced",
        /// Evidence is missing.
        Undecidable = "undecidable",
        /// Sound and complete, but a notice or a policy forbids it.
        NotPermitted = "not_permitted",
    }
}

words! {
    /// What an output is.
    OutputKind {
        /// Rows.
        Shard = "shard",
        /// Weights and what belongs to them.
        Model = "model",
        /// Scores or labels about rows or models.
        Scores = "scores",
    }
}

words! {
    /// Where a digest comes from.
    Basis {
        /// Herdbook read the bytes.
        Computed = "computed",
        /// Somebody said so.
        Given = "given",
    }
}

words! {
    /// Where a count comes from.
    CountBasis {
        /// Herdbook counted while hashing.
        Counted = "counted",
        /// Somebody said so.
        Given = "given",
    }
}

words! {
    /// What a `key` statement changes.
    KeyChangeKind {
        /// A key may sign kinds of statements.
        Grant = "grant",
        /// A key may not any longer.
        Revoke = "revoke",
        /// A key takes the place of another.
        Rotate = "rotate",
        /// An owner agrees to another owner's change.
        Approve = "approve",
        /// A granted key vouches for entries of a suspect one.
        Affirm = "affirm",
    }
}

words! {
    /// What a notice does.
    NoticeKind {
        /// Whoever gave something takes it back.
        Withdraw = "withdraw",
        /// Whoever is responsible calls something back.
        Recall = "recall",
        /// A statement was wrong, and another one is right.
        Correct = "correct",
        /// A newer version stands in the place of an older one.
        Supersede = "supersede",
        /// A gap is declared after all.
        Resolve = "resolve",
    }
}

words! {
    /// What must not happen any longer with what was withdrawn or recalled.
    NoticeEffect {
        /// Nothing new is made of it; what was made before stays.
        NoNewUse = "no_new_use",
        /// Neither it nor what was made of it is used.
        StopUse = "stop_use",
        /// What was made of it is destroyed.
        DestroyDerived = "destroy_derived",
    }
}

words! {
    /// Why a key was revoked.
    Revocation {
        /// Given up in good order: entries below count.
        Retired = "retired",
        /// Somebody else may have used it.
        Compromised = "compromised",
    }
}

impl Does {
    /// Returns whether `role` may stand in a run that does this (design: roles and mass).
    pub fn allows(self, role: Role) -> bool {
        use Role::{Base, Data, Eval, Filter, Generator, Judge, Labels, Prompt, Reference, Seed, Teacher};
        match self {
            Self::Generate => {
                matches!(
                    role,
                    Generator | Teacher | Seed | Prompt | Data | Filter | Judge | Reference
                )
            }
            Self::Filter | Self::Mix | Self::Annotate | Self::Judge | Self::Evaluate => {
                matches!(
                    role,
                    Data | Prompt | Filter | Judge | Generator | Labels | Eval | Reference
                )
            }
            Self::Transform => matches!(role, Data | Base | Prompt | Filter | Generator),
            Self::Train => matches!(
                role,
                Data | Generator | Base | Teacher | Prompt | Seed | Judge | Eval | Reference | Filter
            ),
            Self::Merge => matches!(role, Base),
        }
    }

    /// Returns the roles that may stand in a run that does this, in the order of [`Role::WORDS`].
    pub fn roles(self) -> Vec<&'static str> {
        Role::WORDS
            .iter()
            .copied()
            .filter(|word| Role::parse(word).is_ok_and(|role| self.allows(role)))
            .collect()
    }
}

/// What an artifact is, for the roles it may play.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Thing {
    /// Data from outside.
    Source,
    /// A template or a constitution.
    Prompt,
    /// A rule.
    Filter,
    /// A model from outside.
    ExternalModel,
    /// An output of a run.
    Output(OutputKind),
    /// A collection.
    Dataset,
}

impl Thing {
    /// Returns whether it is a model, made here or outside.
    pub fn is_model(self) -> bool {
        matches!(self, Self::ExternalModel | Self::Output(OutputKind::Model))
    }

    fn is_rows(self) -> bool {
        matches!(
            self,
            Self::Source | Self::Dataset | Self::Output(OutputKind::Shard | OutputKind::Scores)
        )
    }
}

impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Source => "source",
            Self::Prompt => "prompt",
            Self::Filter => "filter",
            Self::ExternalModel => "model",
            Self::Output(kind) => kind.as_str(),
            Self::Dataset => "dataset",
        })
    }
}

impl Does {
    /// Returns whether a run that does this may output `kind`. Rows that a training run would "output" are a
    /// generation, and are declared as one; else a model's text would inherit what the model was trained on.
    pub fn makes(self, kind: OutputKind) -> bool {
        match self {
            Self::Generate | Self::Annotate | Self::Judge | Self::Filter | Self::Mix => {
                kind != OutputKind::Model
            }
            Self::Transform => true,
            Self::Train | Self::Merge => kind == OutputKind::Model,
            Self::Evaluate => kind == OutputKind::Scores,
        }
    }

    /// Returns whether `thing` may play `role` in a run that does this: models generate, teach, judge and are
    /// bases; rows are data. A source as "generator" would pass its own origin on to what a model made.
    pub fn takes(self, role: Role, thing: Thing) -> bool {
        match role {
            Role::Generator | Role::Teacher | Role::Judge | Role::Base => thing.is_model(),
            Role::Filter => thing == Thing::Filter,
            Role::Prompt => thing == Thing::Prompt || thing.is_rows(),
            Role::Data if self == Self::Evaluate => thing.is_rows() || thing.is_model(),
            Role::Data | Role::Seed | Role::Labels | Role::Eval => thing.is_rows(),
            Role::Reference => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_comes_back() {
        fn check<T: Word + PartialEq + fmt::Debug>() {
            for word in T::WORDS {
                assert_eq!(T::parse(word).map(Word::as_str), Ok(*word));
            }
            assert!(T::parse("Human ").is_err());
        }
        check::<MadeBy>();
        check::<AcquiredBy>();
        check::<Does>();
        check::<Role>();
        check::<Answer>();
    }

    #[test]
    fn a_merge_takes_bases_only_and_training_no_labels() {
        assert_eq!(Does::Merge.roles(), ["base"]);
        assert!(!Does::Train.allows(Role::Labels));
        assert!(!Does::Filter.allows(Role::Base));
    }

    #[test]
    fn rows_never_inherit_a_models_training_data() {
        assert!(!Does::Train.makes(OutputKind::Shard));
        assert!(!Does::Generate.takes(Role::Generator, Thing::Source));
        assert!(!Does::Mix.takes(Role::Data, Thing::Output(OutputKind::Model)));
        assert!(Does::Train.takes(Role::Base, Thing::ExternalModel));
        assert!(Does::Train.takes(Role::Prompt, Thing::Source));
    }
}
