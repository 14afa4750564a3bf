//! What a sample is drawn from: the items of a verified lineage, in one order, with one digest.

use std::collections::BTreeMap;

use crate::canonical::Value;
use crate::digest::Sha256Digest;
use crate::digest::Sha256Hasher;
use crate::statement::ArtifactRef;

use super::By;
use super::OUTSIDE_NAMED_MAX;
use super::POPULATION_MAX;
use super::SampleError;

/// The `herdbook` member of the first line.
const POPULATION_TYPE: &str = "sample-population/v1";

/// A file or a run that items are drawn from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// The registered name of the file; the name of the run.
    pub name: String,
    /// The file's digest; nothing for a run.
    pub sha256: Option<Sha256Digest>,
    /// The artifact that stands for the file; the first one, where several do. Of a run, its first output.
    pub artifact: ArtifactRef,
    /// How many rows it has, where rows are drawn.
    pub rows: Option<u64>,
}

impl Unit {
    /// Returns the id in the text form: that of the statement for a run.
    pub fn id(&self) -> String {
        match self.sha256 {
            Some(_) => self.artifact.to_string(),
            None => format!("hb:{}", self.artifact.statement),
        }
    }

    fn weight(&self) -> u64 {
        self.rows.unwrap_or(1)
    }

    /// Items are numbered in this order.
    fn key(&self) -> (&[u8], Option<Sha256Digest>, ArtifactRef) {
        (self.name.as_bytes(), self.sha256, self.artifact)
    }
}

/// What is part of the lineage and of no population.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outside {
    /// Files that the ledger holds: each of them is checked there.
    pub held: u64,
    /// Content that nobody hashed, and content that is withheld.
    pub unhashed: u64,
    /// Files of which nobody knows how many rows they have, where rows are drawn.
    pub rows_unknown: u64,
    /// The names of the first of those, in their order.
    pub named: Vec<String>,
}

/// How many items a class of origin has, and how many are drawn from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StratumFacts {
    /// The class of origin.
    pub name: String,
    /// How many items it has.
    pub size: u64,
    /// How many are drawn.
    pub drawn: u64,
}

/// All that can be drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Population {
    by: By,
    strata: BTreeMap<String, Vec<Unit>>,
    outside: Outside,
    size: u64,
}

impl Population {
    /// Puts units into their one order. Where rows are drawn, what has no known number of rows stands outside.
    pub fn new(
        by: By,
        units: impl IntoIterator<Item = (String, Unit)>,
        outside: Outside,
    ) -> Result<Self, SampleError> {
        let mut population = Self {
            by,
            strata: BTreeMap::new(),
            outside,
            size: 0,
        };
        let mut unknown = Vec::new();
        for (stratum, mut unit) in units {
            match (by, unit.rows) {
                (By::Rows, None) => {
                    unknown.push(unit.name);
                    continue;
                }
                (By::Rows, Some(0)) => continue,
                (By::Rows, Some(_)) => {}
                (By::Shards | By::Runs, _) => unit.rows = None,
            }
            let size = population.size.checked_add(unit.weight());
            let size = size.filter(|size| *size <= POPULATION_MAX);
            population.size = size.ok_or(SampleError::TooLarge)?;
            population.strata.entry(stratum).or_default().push(unit);
        }
        for units in population.strata.values_mut() {
            units.sort_by(|left, right| left.key().cmp(&right.key()));
        }
        unknown.sort_unstable();
        population.outside.rows_unknown = unknown.len() as u64;
        unknown.truncate(OUTSIDE_NAMED_MAX);
        population.outside.named = unknown;
        Ok(population)
    }

    /// Returns what is drawn.
    pub fn by(&self) -> By {
        self.by
    }

    /// Returns how many items there are.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Returns what could not be drawn.
    pub fn outside(&self) -> &Outside {
        &self.outside
    }

    /// Returns the strata by their names, each with how many items it has.
    pub fn strata(&self) -> Vec<(&str, u64)> {
        let size = |units: &Vec<Unit>| units.iter().map(Unit::weight).sum();
        (self.strata.iter())
            .map(|(name, units)| (name.as_str(), size(units)))
            .collect()
    }

    /// Finds the units of items of a stratum by their numbers, which ascend; with each the row, counted from 1, where rows
    /// are drawn.
    pub(super) fn items(&self, stratum: &str, numbers: &[u64]) -> Vec<(Unit, Option<u64>)> {
        let mut found = Vec::with_capacity(numbers.len());
        let mut first = 0_u64;
        let mut numbers = numbers.iter().copied().peekable();
        for unit in self.strata.get(stratum).into_iter().flatten() {
            let end = first.saturating_add(unit.weight());
            while let Some(number) = numbers.next_if(|number| *number < end) {
                let row = unit.rows.map(|_| number - first + 1);
                found.push((unit.clone(), row));
            }
            first = end;
        }
        found
    }

    /// Returns the SHA-256 of all lines, each with its line feed (`docs/formats/sample.md`).
    pub fn digest(&self) -> Sha256Digest {
        let mut hasher = Sha256Hasher::default();
        self.lines(|line| hasher.update(&line));
        hasher.finish()
    }

    /// Gives the lines one by one: what is drawn, then every unit by stratum and in the order of items.
    pub fn lines(&self, mut each: impl FnMut(Vec<u8>)) {
        let mut give = |members: Vec<(&str, Value)>| {
            let members = members.into_iter().map(|(key, value)| (key.to_owned(), value));
            let mut line = Value::Object(members.collect()).encode();
            line.push(b'\n');
            each(line);
        };
        give(vec![
            ("by", Value::from(self.by.as_str())),
            ("herdbook", Value::from(POPULATION_TYPE)),
        ]);
        for (stratum, units) in &self.strata {
            for unit in units {
                let mut members = vec![
                    ("id", Value::from(unit.id())),
                    ("name", Value::from(unit.name.as_str())),
                    ("stratum", Value::from(stratum.as_str())),
                ];
                members.extend(unit.rows.and_then(|rows| Some(("rows", number(rows)?))));
                members.extend(unit.sha256.map(|sha256| ("sha256", Value::from(sha256.to_hex()))));
                give(members);
            }
        }
    }
}

/// Returns a count as a number of canonical JSON.
fn number(count: u64) -> Option<Value> {
    i64::try_from(count).ok().map(Value::Integer)
}
