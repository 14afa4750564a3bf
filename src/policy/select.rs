//! Which sources are meant: by name, content, holder, and how they were acquired and made.

use crate::commitment::is_reserved;
use crate::digest::Sha256Digest;
use crate::statement::AcquiredBy;
use crate::statement::Artifact;
use crate::statement::Content;
use crate::statement::MadeBy;
use crate::statement::Source;

/// Which sources are meant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Select {
    /// The item's name.
    pub name: Vec<String>,
    /// SHA-256 of a file, or of the manifest of its files.
    pub content: Vec<Sha256Digest>,
    /// Who holds the rights.
    pub holder: Vec<String>,
    /// How it was acquired.
    pub acquired_by: Vec<AcquiredBy>,
    /// Who or what made it.
    pub made_by: Vec<MadeBy>,
}

/// Whether something is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Met {
    /// It is, by this.
    Yes(String),
    /// It is not, for this reason.
    No(String),
    /// What would tell is not stated: this.
    NotKnown(String),
}

/// What is held against a [`Select`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts<'a> {
    pub(super) name: &'a str,
    /// Its artifacts; those of all files that one statement declares together.
    pub(super) artifacts: &'a [Artifact],
    /// What is declared of a source, where it is one.
    pub(super) source: Option<&'a Source>,
}

/// Names that differ in case, white space or signs only, are one for whoever forbids them.
fn folded(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// The fewest letters and digits that make one name a part of another.
const PART_MIN: usize = 4;

/// How a stated name compares with one that a rule forbids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alike {
    /// It is that name.
    Same,
    /// One holds the other: it may be the same thing, or a part of it.
    Part,
    /// It is another one.
    No,
}

/// Compares a stated name with one that a rule forbids.
pub(super) fn alike(stated: &str, forbidden: &str) -> Alike {
    let (one, other) = (folded(stated), folded(forbidden));
    if stated == forbidden || (!one.is_empty() && one == other) {
        return Alike::Same;
    }
    let holds = |long: &str, short: &str| short.chars().count() >= PART_MIN && long.contains(short);
    if holds(&one, &other) || holds(&other, &one) {
        Alike::Part
    } else {
        Alike::No
    }
}

impl Select {
    /// Returns whether nothing is meant.
    pub fn is_empty(&self) -> bool {
        self == &Self::default()
    }

    /// Returns whether something is like one of the values of any key: what a rule forbids.
    pub(super) fn any(&self, facts: &Facts<'_>) -> Met {
        let all = self.by_key(facts, true);
        let mut unknown = None;
        for met in all {
            match met {
                Met::Yes(_) => return met,
                Met::NotKnown(_) => unknown = unknown.or(Some(met)),
                Met::No(_) => {}
            }
        }
        unknown.unwrap_or_else(|| Met::No(String::new()))
    }

    /// Returns whether something is like one of the values of every key: what a rule allows.
    pub(super) fn every(&self, facts: &Facts<'_>) -> Met {
        let all = self.by_key(facts, false);
        let no = all.iter().find(|met| matches!(met, Met::No(_)));
        let unknown = all.iter().find(|met| matches!(met, Met::NotKnown(_)));
        no.or(unknown).cloned().unwrap_or_else(|| Met::Yes(String::new()))
    }

    /// Holds each key that has values against the facts.
    fn by_key(&self, facts: &Facts<'_>, fold: bool) -> Vec<Met> {
        let mut met = Vec::new();
        if !self.name.is_empty() {
            met.push(text("name", Some(facts.name), &self.name, fold));
        }
        if !self.content.is_empty() {
            met.push(self.content(facts.artifacts));
        }
        if !self.holder.is_empty() {
            let holder = facts.source.and_then(|source| source.holder.as_deref());
            met.push(text("holder", holder, &self.holder, fold));
        }
        if !self.acquired_by.is_empty() {
            let stated = facts.source.map(|source| source.acquired_by);
            met.push(word(
                "acquired_by",
                stated,
                AcquiredBy::Unknown,
                &self.acquired_by,
            ));
        }
        if !self.made_by.is_empty() {
            let stated = facts.source.map(|source| source.made_by);
            met.push(word("made_by", stated, MadeBy::Unknown, &self.made_by));
        }
        met
    }

    fn content(&self, artifacts: &[Artifact]) -> Met {
        let mut unknown = None;
        for artifact in artifacts {
            match &artifact.content {
                Content::File { .. } | Content::Manifest { .. }
                    if self.content.contains(&artifact.sha256) =>
                {
                    return Met::Yes(format!("it has the bytes with sha256 {}", artifact.sha256));
                }
                Content::File { .. } => {}
                Content::Manifest { .. } => {
                    unknown = unknown.or(Some(
                        "which bytes its files have stands in a manifest, which a policy does not open"
                            .to_owned(),
                    ));
                }
                Content::Absent { .. } => {
                    unknown = unknown.or(Some("which bytes it has is not stated".to_owned()));
                }
            }
        }
        match unknown {
            Some(why) => Met::NotKnown(why),
            None if artifacts.is_empty() => Met::NotKnown("which bytes it has is not stated".to_owned()),
            None => Met::No("its bytes are not among those named".to_owned()),
        }
    }
}

fn text(key: &str, stated: Option<&str>, values: &[String], fold: bool) -> Met {
    match stated {
        None => Met::NotKnown(format!("its {key} is not stated")),
        Some(stated) if is_reserved(stated) => Met::NotKnown(format!("its {key} is withheld")),
        Some(stated) if fold => {
            let like = |wanted| values.iter().find(|value| alike(stated, value) == wanted);
            match (like(Alike::Same), like(Alike::Part)) {
                (Some(_), _) => Met::Yes(format!("its {key} is {stated}")),
                (None, Some(value)) if key == "name" => Met::NotKnown(format!(
                    "{stated} may be, or hold, {value}: name it by its content"
                )),
                (None, Some(value)) => Met::NotKnown(format!("its {key} {stated} may be {value}")),
                (None, None) => Met::No(format!("its {key} is {stated}")),
            }
        }
        Some(stated) if values.iter().any(|value| value == stated) => {
            Met::Yes(format!("its {key} is {stated}"))
        }
        Some(stated) => Met::No(format!("its {key} is {stated}")),
    }
}

fn word<T: PartialEq + Copy + std::fmt::Display>(
    key: &str,
    stated: Option<T>,
    unknown: T,
    values: &[T],
) -> Met {
    match stated {
        Some(word) if values.contains(&word) => Met::Yes(format!("{key} is {word}")),
        Some(word) if word != unknown => Met::No(format!("{key} is {word}")),
        Some(_) => Met::NotKnown(format!("{key} is unknown")),
        None => Met::NotKnown(format!("{key} is not stated")),
    }
}
