//! What the file of a sample says.
//!
//! Nothing in it is believed: the verifier draws the sample again and holds the file against it ([`Document::check`]).

use serde::Deserialize;
use serde::Serialize;

use crate::checkpoint::Checkpoint;
use crate::checkpoint::CheckpointError;
use crate::checkpoint::Note;
use crate::checkpoint::root_text;
use crate::statement::FORMAT_VERSION;
use crate::statement::escaped;

use super::By;
use super::Drawn;
use super::Item;
use super::Mark;
use super::Rule;
use super::SampleError;

/// What a file says of a sample, field by field as in `docs/formats/sample.md`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// The format of this document.
    pub format: u64,
    /// What was sampled, as it was called.
    pub name: String,
    /// Its artifacts.
    pub artifacts: Vec<String>,
    /// The checkpoint at which the population was taken.
    pub checkpoint: AsOf,
    /// The exact signed text of that checkpoint.
    pub checkpoint_note: String,
    /// What is drawn: `shards`, `rows` or `runs`.
    pub by: String,
    /// How many were asked for.
    pub n: u64,
    /// The text of the seed.
    pub seed: String,
    /// What is drawn from.
    pub population: Facts,
    /// The items, in their order.
    pub items: Vec<Marked>,
    /// Who signed; only in a signed file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auditor: Option<Auditor>,
}

/// As of when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AsOf {
    /// The name of the log.
    pub origin: String,
    /// How many entries it has.
    pub size: u64,
    /// The root over all of them, in base64 as in the note.
    pub root: String,
}

/// The population in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// How many items it has.
    pub size: u64,
    /// SHA-256 of its lines.
    pub sha256: String,
    /// Its strata, by their names.
    pub strata: Vec<Stratum>,
    /// Files that the ledger holds and checks by itself.
    pub held: u64,
    /// Content without a digest of its bytes.
    pub unhashed: u64,
    /// Files of which nobody knows how many rows they have.
    pub rows_unknown: u64,
    /// The names of the first of those.
    pub rows_unknown_in: Vec<String>,
}

/// A stratum in numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stratum {
    /// The class of origin.
    pub name: String,
    /// How many items it has.
    pub size: u64,
    /// How many are drawn.
    pub drawn: u64,
}

/// An item with its mark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Marked {
    /// The class of its origin.
    pub stratum: String,
    /// The artifact, or the statement of a run.
    pub id: String,
    /// The registered name of the file; the name of the run.
    pub name: String,
    /// The digest of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The row, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<u64>,
    /// What was found.
    pub mark: Mark,
    /// What the auditor noted, or the program found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Who signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auditor {
    /// The raw Ed25519 public key in hexadecimal digits.
    pub public_key: String,
    /// SHA-256 of the raw public key.
    pub keyid: String,
}

impl Document {
    /// Writes down a sample that was just drawn: nothing of it is checked yet.
    pub fn of(
        drawn: &Drawn,
        name: &str,
        artifacts: Vec<String>,
        checkpoint_note: &str,
    ) -> Result<Self, SampleError> {
        let strata = drawn.strata.iter().map(|stratum| Stratum {
            name: stratum.name.clone(),
            size: stratum.size,
            drawn: stratum.drawn,
        });
        Ok(Self {
            format: FORMAT_VERSION,
            name: name.to_owned(),
            artifacts,
            checkpoint: as_of(checkpoint_note)?,
            checkpoint_note: checkpoint_note.to_owned(),
            by: drawn.rule.by().as_str().to_owned(),
            n: drawn.rule.n(),
            seed: drawn.rule.seed().to_owned(),
            population: Facts {
                size: drawn.size,
                sha256: drawn.population.to_hex(),
                strata: strata.collect(),
                held: drawn.outside.held,
                unhashed: drawn.outside.unhashed,
                rows_unknown: drawn.outside.rows_unknown,
                rows_unknown_in: drawn.outside.named.clone(),
            },
            items: drawn.items.iter().map(marked).collect(),
            auditor: None,
        })
    }

    /// Returns the rule that it says it was drawn by.
    pub fn rule(&self) -> Result<Rule, SampleError> {
        let by =
            By::parse(&self.by).ok_or(SampleError::Inconsistent("it was drawn by nothing that is known"))?;
        Rule::new(by, self.n, &self.seed)
    }

    /// Marks one item, counted from 1.
    pub fn mark(&mut self, number: u64, mark: Mark, note: Option<&str>) -> Result<(), SampleError> {
        let items = self.items.len() as u64;
        let at = number.checked_sub(1).and_then(|at| usize::try_from(at).ok());
        let item = at.and_then(|at| self.items.get_mut(at));
        let item = item.ok_or(SampleError::NoItem { found: number, items })?;
        item.mark = mark;
        item.note = note.map(str::to_owned);
        Ok(())
    }

    /// Returns what a sample that the rule draws has and this one has not; nothing if they are the same but for marks.
    pub fn check(&self, drawn: &Drawn, judged: &Checkpoint) -> Option<String> {
        let here = &self.checkpoint;
        if here.origin != judged.origin.as_str() {
            return Some(format!(
                "it was drawn from the log {}, and this is {}",
                escaped(&here.origin),
                judged.origin
            ));
        }
        if here.size != judged.size.get() || here.root != root_text(&judged.root) {
            return Some(format!(
                "it was drawn at {} entries with the root {}, and what is judged has {} with the root {}",
                here.size,
                escaped(&here.root),
                judged.size,
                root_text(&judged.root)
            ));
        }
        let expected = match Self::of(drawn, &self.name, self.artifacts.clone(), &self.checkpoint_note) {
            Ok(expected) => expected,
            Err(error) => return Some(error.to_string()),
        };
        if self.population != expected.population {
            return Some(format!(
                "it says that the population has {} items with the sha256 {}, and the lineage has {} with {}, or other \
                 strata",
                self.population.size,
                escaped(&self.population.sha256),
                expected.population.size,
                expected.population.sha256
            ));
        }
        if self.items.len() != expected.items.len() {
            return Some(format!(
                "it has {} items, and the rule draws {}",
                self.items.len(),
                expected.items.len()
            ));
        }
        let pairs = (1_u64..).zip(self.items.iter().zip(&expected.items));
        pairs
            .filter(|(_, (item, expected))| item.drawn() != expected.drawn())
            .map(|(number, (item, expected))| {
                format!(
                    "item {number} is {}, and the rule draws {}",
                    item.describe(),
                    expected.describe()
                )
            })
            .next()
    }
}

impl Marked {
    /// What the rule decides of it.
    fn drawn(&self) -> (&str, &str, &str, Option<&str>, Option<u64>) {
        (
            &self.stratum,
            &self.id,
            &self.name,
            self.sha256.as_deref(),
            self.row,
        )
    }

    /// Returns its name with the row.
    pub fn describe(&self) -> String {
        let name = escaped(&self.name);
        self.row
            .map_or(name.clone(), |row| format!("row {row} of {name}"))
    }
}

fn marked(item: &Item) -> Marked {
    Marked {
        stratum: item.stratum.clone(),
        id: item.unit.id(),
        name: item.unit.name.clone(),
        sha256: item.unit.sha256.map(|sha256| sha256.to_hex()),
        row: item.row,
        mark: Mark::NotChecked,
        note: None,
    }
}

/// Reads what a note says; whether it is signed is for the verifier to say.
pub(super) fn as_of(note: &str) -> Result<AsOf, SampleError> {
    let note = Note::parse(note.as_bytes()).map_err(CheckpointError::from)?;
    let checkpoint = Checkpoint::parse_text(note.text())?;
    Ok(AsOf {
        origin: checkpoint.origin.to_string(),
        size: checkpoint.size.get(),
        root: root_text(&checkpoint.root),
    })
}
