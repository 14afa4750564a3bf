//! What one statement says of the terms of what it declares, and what of them it leaves open.

use std::collections::BTreeSet;
use std::fmt;

use crate::commitment::is_reserved;
use crate::statement::Day;
use crate::statement::MadeBy;
use crate::statement::Predicate;
use crate::statement::Restriction;
use crate::statement::Statement;

use super::expression::CHOICES_MAX;
use super::expression::Choice;
use super::expression::parse;
use super::terms::Terms;
use super::terms::Use;

/// Why part of the terms is not stated.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unstated {
    /// Neither a licence nor terms.
    NoLicence,
    /// A licence or terms that are shown to some only.
    Withheld,
    /// A text that is not an SPDX expression: a licence by another name, or the address of terms.
    NotRead(String),
    /// A licence whose terms stand in no table.
    Unlisted(String),
    /// More choices than are told apart.
    TooManyChoices(String),
    /// Models made it, or nobody knows who did, and nobody says what their providers demand.
    Generators,
    /// Nobody declared it at all.
    Undeclared,
}

impl fmt::Display for Unstated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoLicence => f.write_str("no licence is stated"),
            Self::Withheld => f.write_str("its licence or terms are withheld"),
            Self::NotRead(text) => write!(f, "what `{text}` demands is not stated"),
            Self::Unlisted(id) => write!(f, "what {id} demands stands in no table here and is not stated"),
            Self::TooManyChoices(text) => {
                write!(
                    f,
                    "`{text}` leaves more choices than the {CHOICES_MAX} that are told apart"
                )
            }
            Self::Generators => {
                f.write_str("what the providers of the models that made it demand is not stated")
            }
            Self::Undeclared => f.write_str("nobody declared it"),
        }
    }
}

/// What one statement says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The licence, as it is written.
    pub licence: Option<String>,
    /// On which day it had this licence.
    pub licence_date: Option<Day>,
    /// The terms of use of a model, as they are written.
    pub terms_of_use: Option<String>,
    /// What the signer read in the terms.
    pub restrictions: Vec<Restriction>,
    /// The ways to comply, at least one.
    pub choices: Vec<Choice>,
    /// What is not stated, sorted; nothing if the terms are known.
    pub not_stated: Vec<Unstated>,
}

impl Claim {
    /// Returns what a statement says; nothing for what has no licence by its kind.
    pub fn of(statement: &Statement) -> Option<Self> {
        match &statement.predicate {
            Predicate::Source(source) => Some(Self::from(
                &Said {
                    name: source.name.as_str(),
                    licence: source.licence.as_deref(),
                    terms: None,
                    restrictions: &source.restrictions,
                    by_models: !matches!(source.made_by, MadeBy::Human | MadeBy::Sensor),
                },
                source.licence_date.clone(),
            )),
            Predicate::Model(model) => Some(Self::from(
                &Said {
                    name: model.name.as_str(),
                    licence: model.licence.as_deref(),
                    terms: model.terms.as_deref(),
                    restrictions: &model.restrictions,
                    by_models: false,
                },
                model.licence_date.clone(),
            )),
            _ => None,
        }
    }

    /// Returns the claim about something that nobody declared.
    pub fn undeclared() -> Self {
        Self {
            licence: None,
            licence_date: None,
            terms_of_use: None,
            restrictions: Vec::new(),
            choices: vec![open()],
            not_stated: vec![Unstated::Undeclared],
        }
    }

    fn from(said: &Said<'_>, licence_date: Option<Day>) -> Self {
        let mut not_stated = BTreeSet::new();
        let mut choices = match (said.licence, said.terms) {
            (None, None) => {
                not_stated.insert(Unstated::NoLicence);
                vec![open()]
            }
            (licence, terms) => {
                let read = [licence, terms].into_iter().flatten();
                let read: Vec<Vec<Choice>> = read.map(|text| ways(text, &mut not_stated)).collect();
                all_of(&read).unwrap_or_else(|| {
                    let text = [licence, terms].into_iter().flatten().collect::<Vec<_>>();
                    not_stated.insert(Unstated::TooManyChoices(text.join(" AND ")));
                    vec![open()]
                })
            }
        };
        let unlisted = choices.iter().flat_map(|choice| choice.unlisted.iter().cloned());
        not_stated.extend(unlisted.map(Unstated::Unlisted));
        if !said.restrictions.is_empty() {
            // The signer read all of it. Only a table says that commercial use is allowed.
            not_stated.clear();
            for choice in &mut choices {
                let named = choice.licences.iter().cloned().collect::<Vec<_>>().join(" AND ");
                let named = if named.is_empty() {
                    format!("the terms of {}", said.name)
                } else {
                    named
                };
                let read = Terms::of(Use::Commercial, said.restrictions, &named);
                choice.terms = Terms {
                    not_stated: false,
                    ..choice.terms.join(&read)
                };
            }
        } else if said.by_models {
            not_stated.insert(Unstated::Generators);
            for choice in &mut choices {
                choice.terms = choice.terms.join(&Terms::unknown());
            }
        }
        Self {
            licence: said.licence.map(str::to_owned),
            licence_date,
            terms_of_use: said.terms.map(str::to_owned),
            restrictions: said.restrictions.to_vec(),
            choices,
            not_stated: not_stated.into_iter().collect(),
        }
    }

    /// Returns what holds whichever way to comply is chosen.
    pub fn terms(&self) -> Terms {
        let mut terms = self.choices.iter().map(|choice| choice.terms.clone());
        let first = terms.next().unwrap_or_else(Terms::unknown);
        terms.fold(first, |one, other| one.meet(&other))
    }

    /// Returns whether it is stated under which licences it stands, whatever they demand.
    pub fn is_named(&self) -> bool {
        let mut texts = [&self.licence, &self.terms_of_use]
            .into_iter()
            .flatten()
            .peekable();
        texts.peek().is_some()
            && texts.all(|text| parse(text).is_ok_and(|licence| !licence.choices.is_empty()))
    }

    /// Returns the SPDX expression for it, where there is one.
    pub fn expression(&self) -> Option<String> {
        let texts = [&self.licence, &self.terms_of_use].into_iter().flatten();
        let read: Vec<String> = texts
            .filter_map(|text| parse(text).ok())
            .map(|licence| match licence.choices.len() {
                1 => licence.text,
                _ => format!("({})", licence.text),
            })
            .collect();
        (!read.is_empty()).then(|| read.join(" AND "))
    }
}

/// What a statement says, whatever its kind.
struct Said<'a> {
    name: &'a str,
    licence: Option<&'a str>,
    terms: Option<&'a str>,
    restrictions: &'a [Restriction],
    /// Whether models made it, or may have.
    by_models: bool,
}

/// The choice of which nothing is known.
fn open() -> Choice {
    Choice {
        licences: BTreeSet::new(),
        unlisted: BTreeSet::new(),
        terms: Terms::unknown(),
    }
}

/// Returns the ways to comply with one text, and notes what of it is not stated.
fn ways(text: &str, not_stated: &mut BTreeSet<Unstated>) -> Vec<Choice> {
    if is_reserved(text) {
        not_stated.insert(Unstated::Withheld);
        return vec![open()];
    }
    match parse(text) {
        Ok(licence) if !licence.choices.is_empty() => licence.choices,
        Ok(_) => {
            not_stated.insert(Unstated::TooManyChoices(text.to_owned()));
            vec![open()]
        }
        Err(_) => {
            not_stated.insert(Unstated::NotRead(text.to_owned()));
            vec![open()]
        }
    }
}

/// Returns the ways to comply with all of several texts; nothing beyond the limit.
fn all_of(parts: &[Vec<Choice>]) -> Option<Vec<Choice>> {
    let (first, rest) = parts.split_first()?;
    rest.iter().try_fold(first.clone(), |so_far, part| {
        if so_far.len().saturating_mul(part.len()) > CHOICES_MAX {
            return None;
        }
        Some(
            so_far
                .iter()
                .flat_map(|one| part.iter().map(|other| one.and(other)))
                .collect(),
        )
    })
}
