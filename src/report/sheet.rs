//! A sheet of numbers with their meaning, of which the answer of a command and a page are made, so that both say the same.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::ToPrimitive as _;
use serde::Serialize;

use crate::pedigree::Range;
use crate::verify::PathStep;
use crate::verify::Share;

use super::document::Step;

/// A pedigree in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sheet {
    /// What it is of.
    pub name: String,
    /// The word of the verdict, for a class of the page.
    pub verdict: &'static str,
    /// The line of the verdict.
    pub line: String,
    /// What the numbers rest on.
    pub rests_on: Vec<String>,
    /// The numbers.
    pub sections: Vec<Section>,
}

/// Numbers that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Section {
    /// Its heading.
    pub title: &'static str,
    /// What all of it means.
    pub about: String,
    /// One line each.
    pub entries: Vec<Entry>,
}

/// One number with its meaning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// What it is.
    pub name: String,
    /// The number.
    pub value: String,
    /// What it means, in one line; empty where the heading says it.
    pub meaning: String,
    /// A way through the lineage that shows it.
    pub path: Vec<Step>,
}

impl From<&PathStep> for Step {
    fn from(step: &PathStep) -> Self {
        Self {
            id: step.id.clone(),
            name: step.name.clone(),
        }
    }
}

pub(super) fn entry(name: impl Into<String>, value: impl Into<String>, meaning: impl Into<String>) -> Entry {
    Entry {
        name: name.into(),
        value: value.into(),
        meaning: meaning.into(),
        path: Vec::new(),
    }
}

pub(super) fn steps(path: &[PathStep]) -> Vec<Step> {
    path.iter().map(Step::from).collect()
}

/// Returns a number: exact where it is short, else with four digits that count.
pub fn number(value: &BigRational) -> String {
    let scale = BigRational::from_integer(BigInt::from(10_000_000_u32));
    let scaled = value * &scale;
    if scaled.is_integer() {
        let text = format!("{:0>8}", scaled.to_integer().to_string());
        let (whole, decimals) = text.split_at(text.len() - 7);
        let decimals = decimals.trim_end_matches('0');
        return if decimals.is_empty() {
            whole.to_owned()
        } else {
            format!("{whole}.{decimals}")
        };
    }
    let value = value.to_f64().unwrap_or(f64::NAN);
    let digits = if value.abs() >= 1000.0 {
        format!("{value:.0}")
    } else if value.abs() >= 0.001 {
        let before = if value.abs() >= 100.0 {
            1
        } else if value.abs() >= 10.0 {
            2
        } else if value.abs() >= 1.0 {
            3
        } else {
            5
        };
        format!("{value:.before$}")
    } else {
        format!("{value:.3e}")
    };
    format!("about {digits}")
}

/// How many founders, generators, loops or missing counts are told in words; JSON has all.
pub(super) const SHOWN_MAX: usize = 30;

/// Returns a share as people read it; an interval says what is missing.
pub(super) fn share(value: &Share, why: &str) -> String {
    let why = if value.is_exact() { "" } else { why };
    format!("{}{why}", value.percent())
}

/// Returns a number or an interval of numbers.
pub(super) fn numbers(value: &Share, why: &str) -> String {
    range(&Range::from(value.clone()), why)
}

/// Returns a number, an interval, or the least of what has no bound.
pub(super) fn range(value: &Range, why: &str) -> String {
    match &value.high {
        Some(high) if *high == value.low => number(high),
        Some(high) => format!("between {} and {}{why}", number(&value.low), number(high)),
        None => format!("at least {}{why}", number(&value.low)),
    }
}

/// Returns a line for what is not told in words, if anything is not.
pub(super) fn more(of: usize) -> Option<Entry> {
    let more = of.checked_sub(SHOWN_MAX).filter(|more| *more > 0)?;
    Some(entry(format!("and {more} more"), "", "--json lists all"))
}
