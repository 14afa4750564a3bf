//! In which order things were registered and whose keys signed what: beside the verdict, and never decisive.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;

use crate::verify;
use crate::verify::Order;

use super::build::FACTS_MAX;

/// How many runs are named in a sentence.
const NAMED_MAX: usize = 3;

/// How many keys are told one by one.
const KEYS_TOLD_MAX: usize = 5;

/// How many digits of a key's id are shown in a sentence.
const KEY_DIGITS: usize = 12;

/// What is told of order and keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Details {
    /// How many statements are on the walk.
    pub statements: u64,
    /// The lowest entry among them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_entry: Option<u64>,
    /// The highest entry among them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_entry: Option<u64>,
    /// Whether all stand in one commit; absent where the evidence does not show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub one_commit: Option<bool>,
    /// The runs, by their entries.
    pub runs: Vec<RunOrder>,
    /// How many more runs there are.
    pub runs_left_out: u64,
    /// How many runs have each order, those left out counted along.
    pub orders: BTreeMap<String, u64>,
    /// The keys, by the first entry that each signed.
    pub keys: Vec<KeyUse>,
    /// How many more keys there are.
    pub keys_left_out: u64,
    /// How far keys are apart: `nothing`, `one_key`, `mixed`, `sources_apart`.
    pub separation: String,
}

/// One run, and when what it cites was registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunOrder {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it does.
    pub does: String,
    /// Its entry.
    pub entry: u64,
    /// How many statements it cites.
    pub cites: u64,
    /// How many of them stand in the same commit.
    pub together: u64,
    /// Of how many this cannot be said.
    pub not_known: u64,
    /// The highest entry among them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_cited: Option<u64>,
    /// When it began, as it claims.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<String>,
    /// When it ended, as it claims.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
    /// `before`, `not_known`, `together`, `late`.
    pub order: String,
}

/// One key and what it signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyUse {
    /// SHA-256 of the raw public key.
    pub key: String,
    /// Whom it speaks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
    /// Kinds of statements with how many of each.
    pub signed: BTreeMap<String, u64>,
}

impl Details {
    /// Writes down what was seen; of many runs or keys the first.
    pub fn of(seen: &verify::Details) -> Self {
        Self {
            statements: count(seen.statements),
            first_entry: seen.entries.map(|(first, _)| first),
            last_entry: seen.entries.map(|(_, last)| last),
            one_commit: seen.one_commit,
            runs: seen.runs.iter().take(FACTS_MAX).map(run).collect(),
            runs_left_out: count(seen.runs.len().saturating_sub(FACTS_MAX)),
            orders: (Order::ALL.into_iter())
                .map(|order| (order.as_str().to_owned(), count(seen.count(order))))
                .collect(),
            keys: seen.keys.iter().take(FACTS_MAX).map(key).collect(),
            keys_left_out: count(seen.keys.len().saturating_sub(FACTS_MAX)),
            separation: seen.separation.as_str().to_owned(),
        }
    }

    /// Returns all this in sentences: on order, on keys.
    pub fn sentences(&self) -> Vec<String> {
        if self.statements == 0 {
            return Vec::new();
        }
        let mut said = Vec::new();
        said.extend(self.on_order());
        said.extend(self.on_late());
        said.extend(self.on_keys());
        said.extend(self.each_key());
        said
    }

    fn with(&self, order: Order) -> u64 {
        self.orders.get(order.as_str()).copied().unwrap_or_default()
    }

    fn on_order(&self) -> Option<String> {
        let all = self.runs.len() as u64 + self.runs_left_out;
        if all == 0 {
            return None;
        }
        if self.one_commit == Some(true) {
            let ended = self.runs.iter().any(|run| run.ended.is_some());
            let after = if ended {
                ", after the runs had ended as they claim"
            } else {
                ""
            };
            return Some(format!(
                "The whole lineage was registered in one commit{after}: nothing shows that any input was fixed before its run."
            ));
        }
        let (before, together) = (self.with(Order::Before), self.with(Order::Together));
        let parts = [
            (before, "had all inputs registered in earlier commits"),
            (
                together,
                "in one commit with inputs of theirs, so that nothing shows that those were fixed before",
            ),
            (
                self.with(Order::NotKnown),
                "cannot be placed, because this evidence is part of a log and does not show where commits end",
            ),
            (
                self.with(Order::Late),
                "had inputs registered after they ended, as is claimed",
            ),
        ];
        let parts = parts.iter().filter(|(count, _)| *count > 0);
        let parts: Vec<String> = parts.map(|(count, what)| format!("{count} {what}")).collect();
        Some(format!("Of {}, {}.", plural(all, "run"), parts.join("; ")))
    }

    fn on_late(&self) -> Option<String> {
        let late: Vec<&str> = self
            .runs
            .iter()
            .filter(|run| run.order == Order::Late.as_str())
            .map(|run| run.name.as_str())
            .collect();
        let named = late
            .get(..late.len().min(NAMED_MAX))
            .unwrap_or_default()
            .join(", ");
        let more = match late.len().saturating_sub(NAMED_MAX) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        (!late.is_empty())
            .then(|| format!("Registered after the run had ended, as is claimed: inputs of {named}{more}."))
    }

    fn on_keys(&self) -> Option<String> {
        let keys = plural(self.keys.len() as u64 + self.keys_left_out, "key");
        let sentence = match self.separation.as_str() {
            "one_key" => {
                "One key, or keys that follow each other, signed all sources and runs: nothing is separated."
                    .to_owned()
            }
            "mixed" => format!("{keys} signed it, and one of them signed sources as well as runs."),
            "sources_apart" => format!("{keys} signed it, and none that signed a source signed a run."),
            _ => return None,
        };
        Some(sentence)
    }

    /// Which kinds each key signed; many keys are in the table of the report alone.
    fn each_key(&self) -> Vec<String> {
        match self.keys.len() {
            2..=KEYS_TOLD_MAX => self.keys.iter().map(KeyUse::sentence).collect(),
            _ => Vec::new(),
        }
    }
}

impl KeyUse {
    fn sentence(&self) -> String {
        let holder = self
            .holder
            .as_ref()
            .map_or(String::new(), |holder| format!(" of {holder}"));
        let signed: Vec<String> = (self.signed.iter())
            .map(|(kind, number)| format!("{number} {kind}"))
            .collect();
        let id: String = self.key.chars().take(KEY_DIGITS).collect();
        format!("Key {id}{holder} signed {}.", signed.join(", "))
    }
}

fn plural(count: u64, noun: &str) -> String {
    if count == 1 {
        format!("1 {noun}")
    } else {
        format!("{count} {noun}s")
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn run(run: &verify::RunOrder) -> RunOrder {
    RunOrder {
        id: run.id.clone(),
        name: run.name.clone(),
        does: run.does.clone(),
        entry: run.entry,
        cites: count(run.cites),
        together: count(run.together),
        not_known: count(run.not_known),
        last_cited: run.last_cited,
        started: run.started.clone(),
        ended: run.ended.clone(),
        order: run.order.as_str().to_owned(),
    }
}

fn key(key: &verify::KeyUse) -> KeyUse {
    KeyUse {
        key: key.key.clone(),
        holder: key.holder.clone(),
        signed: (key.signed.iter())
            .map(|(kind, number)| (kind.clone(), count(*number)))
            .collect(),
    }
}
