//! The judgement: the verdict with everything that must be said along with it.

use num_traits::Zero as _;

use crate::checkpoint::Checkpoint;
use crate::sample::bound::percent_up;

use super::descent::Descent;
use super::details::Details;
use super::exclusion::Beyond;
use super::exclusion::ExclusionFact;
use super::finding::Code;
use super::finding::Finding;
use super::finding::Verdict;
use super::lineage::Lineage;
use super::mass::Boundary;
use super::ruled::Ruling;
use super::sampled::Sampled;
use super::share::Share;
use super::subjects::Subject;
use super::withheld::DisclosedFact;
use super::withheld::Withheld;

/// Something that `verify` made, and nothing else could.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified<T>(T);

impl<T> Verified<T> {
    pub(super) fn new(value: T) -> Self {
        Self(value)
    }

    /// Returns what was verified.
    pub fn get(&self) -> &T {
        &self.0
    }
}

/// How much stands behind a verdict. No order: witnesses and opened files are two things, see [`Assurance::meets`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assurance {
    /// The ledger's own word for who it is.
    SelfAsserted,
    /// A trust root the verifier holds.
    Pinned,
    /// Witnesses signed the checkpoint.
    Witnessed,
    /// A sample of the files was opened.
    Sampled,
    /// Every file was opened.
    Full,
}

impl Assurance {
    /// All levels with their words.
    pub const WORDS: [(Self, &'static str); 5] = [
        (Self::SelfAsserted, "self"),
        (Self::Pinned, "pinned"),
        (Self::Witnessed, "witnessed"),
        (Self::Sampled, "sampled"),
        (Self::Full, "full"),
    ];

    /// Returns the word.
    pub fn as_str(self) -> &'static str {
        Self::WORDS
            .iter()
            .find(|(level, _)| *level == self)
            .map_or("self", |(_, word)| word)
    }

    /// Returns whether this is enough where `required` was asked for: every level implies `pinned`, `full` implies
    /// `sampled`, and nothing but witnesses implies `witnessed`.
    pub fn meets(self, required: Self) -> bool {
        match required {
            Self::SelfAsserted => true,
            Self::Pinned => self != Self::SelfAsserted,
            Self::Witnessed => self == Self::Witnessed,
            Self::Sampled => matches!(self, Self::Sampled | Self::Full),
            Self::Full => self == Self::Full,
        }
    }

    /// Finds the level of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::WORDS
            .iter()
            .find(|(_, known)| *known == word)
            .map(|(level, _)| *level)
    }
}

/// A declared source on the walk: one a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFact {
    /// `hb:` id of the statement.
    pub id: String,
    /// The item's name.
    pub name: String,
    /// Who made it.
    pub made_by: String,
    /// How it was acquired.
    pub acquired_by: String,
    /// Its licence, where one is declared.
    pub licence: Option<String>,
    /// On which day it had this licence, where that is declared.
    pub licence_date: Option<String>,
    /// What its terms forbid or demand, where that is declared.
    pub restrictions: Vec<&'static str>,
    /// `vouched` by the holder's key or `stated` by the operator.
    pub said_by: &'static str,
    /// Whether it contributes mass, or only conditions.
    pub mass: bool,
    /// Who holds the rights, where that is declared.
    pub holder: Option<String>,
    /// Whether it has personal data: `yes`, `no` or `not_known`.
    pub personal_data: String,
    /// Where it was found.
    pub url: Option<String>,
    /// When it was made or collected.
    pub period: Option<String>,
    /// Its languages.
    pub languages: Vec<String>,
    /// On what ground personal data is used, where that is declared.
    pub legal_basis: Option<String>,
}

/// A declared external model on the walk: one a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalModel {
    /// `hb:` id of the statement.
    pub id: String,
    /// The item's name.
    pub name: String,
    /// Who provides it.
    pub provider: String,
    /// Which version.
    pub version: String,
    /// Whether it contributes mass, or only conditions.
    pub mass: bool,
    /// Whether the provider is the organisation that runs this ledger.
    pub own: bool,
    /// How it is reached: `api` or `weights`.
    pub access: String,
    /// Whether the version may point elsewhere tomorrow.
    pub alias: bool,
    /// Its licence, where one is declared.
    pub licence: Option<String>,
    /// On which day it had this licence, where that is declared.
    pub licence_date: Option<String>,
    /// What its terms forbid or demand, where that is declared.
    pub restrictions: Vec<&'static str>,
    /// Terms of use.
    pub terms: Option<String>,
    /// Its own report or public summary.
    pub report: Option<String>,
    /// `vouched` by the provider's key or `stated` by the operator.
    pub said_by: &'static str,
}

/// Inputs that condition without contributing mass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Conditioning {
    /// Declared ones.
    pub declared: usize,
    /// Gaps.
    pub undeclared: usize,
    /// How many of all are seeds or prompts; the others are models, filters, references.
    pub seeds_and_prompts: usize,
}

/// Files outside the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ContentCheck {
    /// How many were opened and were right.
    pub checked: usize,
    /// How many were opened and were not those registered.
    pub differing: usize,
    /// How many there are.
    pub of: usize,
    /// How many of them have only a stated digest.
    pub given: usize,
    /// Files that the ledger itself holds, such as prompts: checked there, and none of the others.
    pub held: usize,
}

/// What runs on the walk say about whether their inputs are all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Completeness {
    /// Runs that say yes.
    pub yes: usize,
    /// Runs that say no.
    pub no: usize,
    /// Runs that do not say.
    pub not_known: usize,
}

/// The verdict on one target, as of one checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// What was judged, as the caller called it.
    pub name: String,
    /// Its artifact ids.
    pub artifacts: Vec<String>,
    /// The verdict.
    pub verdict: Verdict,
    /// Everything that was found, failures first.
    pub findings: Vec<Finding>,
    /// As of when; nothing when the checkpoint itself does not count.
    pub checkpoint: Option<Checkpoint>,
    /// `pinned`, `genesis` or `none`.
    pub trust_kind: &'static str,
    /// Who contributes how much.
    pub boundary: Boundary,
    /// The same with the base left out, for a training run on a base.
    pub stage: Option<Boundary>,
    /// Declared sources on the walk.
    pub sources: Vec<SourceFact>,
    /// External models on the walk.
    pub external_models: Vec<ExternalModel>,
    /// Inputs that condition.
    pub conditioning: Conditioning,
    /// Files outside the ledger.
    pub content: ContentCheck,
    /// How much stands behind this.
    pub assurance: Assurance,
    /// What runs say about their inputs.
    pub completeness: Completeness,
    /// Who runs the ledger, as its genesis says.
    pub organisation: Option<String>,
    /// What was judged, with digests.
    pub subjects: Vec<Subject>,
    /// What it descends from.
    pub lineage: Lineage,
    /// The same whole and with every statement, where the request asked for it.
    pub descent: Option<Descent>,
    /// The policy it was held against, if there is one.
    pub policy: Option<Ruling>,
    /// What is withheld on the walk and was not disclosed, in the order of the log.
    pub withheld: Vec<Withheld>,
    /// What was disclosed and is true.
    pub disclosed: Vec<DisclosedFact>,
    /// The sample that was drawn, if one was asked for, and what it shows.
    pub sampled: Option<Sampled>,
    /// In which order things were registered, and whose keys signed what: told, and never decisive.
    pub details: Details,
    /// What was asked not to be among the ancestors, in the order of the request.
    pub excludes: Vec<ExclusionFact>,
    /// What no exclusion can see behind, where one was asked for.
    pub beyond: Vec<Beyond>,
}

impl Judgement {
    /// Returns the verdict's word as people read it: a ledger that vouches for itself says so.
    pub fn word(&self) -> String {
        if self.verdict == Verdict::Traced && self.trust_kind == "genesis" {
            return "traced (self-asserted)".to_owned();
        }
        self.verdict.to_string()
    }

    /// Returns the verdict in one line, never without its boundary.
    pub fn line(&self) -> String {
        let failing = self
            .findings
            .iter()
            .filter(|finding| finding.code.verdict().is_some())
            .count();
        let reasons = match failing {
            0 => String::new(),
            1 => "1 reason below; what is declared: ".to_owned(),
            more => format!("{more} reasons below; what is declared: "),
        };
        format!(
            "{}: {reasons}{}; {}; {}; {}{}",
            self.word(),
            self.boundary_text(),
            self.conditioning_text(),
            self.content_text(),
            self.assurance_text(),
            self.policy
                .as_ref()
                .map(|policy| format!("; {}", policy.line()))
                .unwrap_or_default(),
        )
    }

    fn boundary_text(&self) -> String {
        if self.checkpoint.is_none() {
            return "nothing could be read".to_owned();
        }
        let mut parts = Vec::new();
        let mut add = |share: &Share, text: String| {
            if !(share.is_exact() && share.low.is_zero()) {
                parts.push(format!("{} {text}", share.percent()));
            }
        };
        add(
            &self.boundary.origin_not_known,
            "to data of which nobody knows what part a model made".to_owned(),
        );
        if self.boundary.sources.is_exact() && self.boundary.sources.low.is_zero() {
            parts.push("0 % to declared sources".to_owned());
        } else {
            let count = self.sources.iter().filter(|source| source.mass).count();
            parts.push(format!(
                "{} to {}",
                self.boundary.sources.percent(),
                counted(count, "declared source")
            ));
        }
        let mut add = |share: &Share, text: String| {
            if !(share.is_exact() && share.low.is_zero()) {
                parts.push(format!("{} {text}", share.percent()));
            }
        };
        let models: Vec<_> = self.external_models.iter().filter(|model| model.mass).collect();
        let own = models.iter().filter(|model| model.own).count();
        let own = if own == 0 {
            String::new()
        } else {
            format!(" ({own} of this organisation, older than its ledger)")
        };
        add(
            &self.boundary.external_models,
            format!(
                "to {}{own} whose own data is not known here",
                counted(models.len(), "external model")
            ),
        );
        add(
            &self.boundary.opaque_synthetic,
            "to synthetic sources whose generators are named but not traced".to_owned(),
        );
        add(&self.boundary.unknown, "to nothing declared".to_owned());
        parts.join(", ")
    }

    fn conditioning_text(&self) -> String {
        let Conditioning {
            declared,
            undeclared,
            seeds_and_prompts,
        } = self.conditioning;
        match (declared, undeclared) {
            (0, 0) => "no seeds or prompts".to_owned(),
            (_, 0) if seeds_and_prompts == 0 => {
                format!(
                    "no seeds or prompts, {} declared",
                    counted(declared, "other conditioning input")
                )
            }
            (_, 0) => "all seeds and prompts declared".to_owned(),
            (_, missing) => format!(
                "{missing} of {} seeds, prompts and the like not declared",
                declared + missing
            ),
        }
    }

    fn content_text(&self) -> String {
        let ContentCheck {
            checked,
            differing,
            of,
            ..
        } = self.content;
        match (checked + differing, of) {
            (_, 0) => "records only: no file has a digest".to_owned(),
            (0, _) => format!("records only: 0 of {} opened", counted(of, "file")),
            (opened, _) if differing > 0 => {
                format!(
                    "{opened} of {} opened, {differing} not as registered",
                    counted(of, "file")
                )
            }
            (opened, _) => format!("{opened} of {} opened", counted(of, "file")),
        }
    }

    fn assurance_text(&self) -> String {
        match self.trust_kind {
            "genesis" => "not pinned: the ledger vouches for itself".to_owned(),
            "none" => "not pinned".to_owned(),
            _ => match self.sampled.as_ref().and_then(Sampled::in_all) {
                Some(shown) if self.assurance == Assurance::Sampled => format!(
                    "sampled: with 95 % confidence at most {} of {} differ",
                    percent_up(shown.at_most, shown.size),
                    counted(usize::try_from(shown.size).unwrap_or(usize::MAX), "item")
                ),
                _ => self.assurance.as_str().to_owned(),
            },
        }
    }

    /// Returns whether a code is among the findings.
    pub fn has(&self, code: Code) -> bool {
        self.findings.iter().any(|finding| finding.code == code)
    }
}

fn counted(count: usize, noun: &str) -> String {
    if count == 1 {
        format!("1 {noun}")
    } else {
        format!("{count} {noun}s")
    }
}
