//! What a policy consists of.

use crate::licence::Use;
use crate::statement::Decimal;
use crate::statement::Does;
use crate::statement::FilterRule;
use crate::statement::Restriction;

use super::select::Select;

/// Rules that a lineage is held against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// What it is called in verdicts and reports.
    pub name: String,
    /// Its rules, at least one; no id twice.
    pub rules: Vec<Rule>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// What it is called in findings.
    pub id: String,
    /// Why it is there, in words for whoever reads a finding.
    pub why: Option<String>,
    /// What it demands.
    pub demand: Demand,
}

/// Names that alone are allowed, or that are forbidden.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Names {
    /// Nothing else is allowed; if it is empty, everything is that is not forbidden.
    pub allow: Vec<String>,
    /// These are forbidden.
    pub forbid: Vec<String>,
}

/// What is demanded of the licence and terms of every ancestor.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LicenceDemand {
    /// Identifiers, or `LicenseRef-...`.
    pub names: Names,
    /// The narrowest use that is enough.
    pub use_at_most: Option<Use>,
    /// What no terms may hold.
    pub forbid_terms: Vec<Restriction>,
    /// Whether share-alike licences may not stand beside each other.
    pub no_conflict: bool,
}

/// What a measure is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scope {
    /// All that the model descends from.
    #[default]
    Whole,
    /// Its last training, the base left out.
    Stage,
}

impl Scope {
    /// The words.
    pub const WORDS: &'static [&'static str] = &["whole", "stage"];

    /// Finds the scope of a word.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "whole" => Some(Self::Whole),
            "stage" => Some(Self::Stage),
            _ => None,
        }
    }
}

/// What a rule demands. `docs/policy.md` says exactly when each is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Demand {
    /// Which sources there may be.
    Sources {
        /// Every source has to be like this.
        allow: Select,
        /// No source may be like this.
        forbid: Select,
    },
    /// Which licences and terms ancestors may have.
    Licences(LicenceDemand),
    /// Whose external models, and models by which name, there may be.
    Providers(Names),
    /// An identified filter stands on every path between these sources and runs.
    FilterBetween {
        /// The sources.
        from: Select,
        /// What kind of filter.
        filter: FilterRule,
        /// The runs.
        before: Vec<Does>,
    },
    /// None of these is among the ancestors, unless a run takes it to evaluate.
    NoEvaluationData(Select),
    /// The holder of every source says what it is.
    VouchedSources,
    /// Every run says that its inputs are all.
    InputsComplete,
    /// What is trained on stands in the log before the training.
    DeclaredBeforeTrained,
    /// Witnesses signed the checkpoint.
    Witnesses {
        /// How many.
        at_least: u64,
    },
    /// How much is synthetic.
    SyntheticShare {
        /// At most this share of the mass.
        at_most: Decimal,
        /// Of what.
        of: Scope,
    },
    /// How many times models were trained on what models wrote.
    Generations {
        /// At most so many.
        at_most: u64,
        /// Behind what.
        of: Scope,
    },
    /// From how many sources it effectively comes.
    EffectiveSources {
        /// At least so many.
        at_least: Decimal,
        /// Of what.
        of: Scope,
    },
    /// No model wrote what it, or its family, was trained on.
    NoSelfConsumption,
}

/// The kinds of rules, in the order of the documentation.
pub const KINDS: &[&str] = &[
    "sources",
    "licences",
    "providers",
    "filter_between",
    "no_evaluation_data",
    "vouched_sources",
    "inputs_complete",
    "declared_before_trained",
    "witnesses",
    "synthetic_share",
    "generations",
    "effective_sources",
    "no_self_consumption",
];

impl Demand {
    /// Returns the kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Sources { .. } => "sources",
            Self::Licences(_) => "licences",
            Self::Providers(_) => "providers",
            Self::FilterBetween { .. } => "filter_between",
            Self::NoEvaluationData(_) => "no_evaluation_data",
            Self::VouchedSources => "vouched_sources",
            Self::InputsComplete => "inputs_complete",
            Self::DeclaredBeforeTrained => "declared_before_trained",
            Self::Witnesses { .. } => "witnesses",
            Self::SyntheticShare { .. } => "synthetic_share",
            Self::Generations { .. } => "generations",
            Self::EffectiveSources { .. } => "effective_sources",
            Self::NoSelfConsumption => "no_self_consumption",
        }
    }
}
