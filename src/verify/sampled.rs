//! A sample of a lineage: the population as it was verified, the draw, and what was found of the items.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::checkpoint::Checkpoint;
use crate::digest::NodeHash;
use crate::digest::Sha256Digest;
use crate::sample::By;
use crate::sample::Document;
use crate::sample::Drawn;
use crate::sample::Item;
use crate::sample::Mark;
use crate::sample::Outside;
use crate::sample::Population;
use crate::sample::Rule;
use crate::sample::SampleError;
use crate::sample::Shown;
use crate::sample::Unit;
use crate::sample::draw;
use crate::statement::ArtifactRef;
use crate::statement::OutputKind;
use crate::statement::Predicate;

use super::Given;
use super::files::File;
use super::files::FileChecks;
use super::finding::Code;
use super::finding::Finding;
use super::graph::Graph;

/// The sample to draw, and what a file says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sampling {
    /// The rule to draw by.
    pub rule: Rule,
    /// The file whose items must be those that the rule draws; nothing for a new sample.
    pub claimed: Option<Document>,
}

/// Who found something of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FoundBy {
    /// Nobody.
    Nobody,
    /// This verification, which opened the file.
    Program,
    /// Whoever marked the file of the sample.
    Marks,
}

impl FoundBy {
    /// Returns the word for JSON: `nobody`, `program` or `marks`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Program => "program",
            Self::Marks => "marks",
        }
    }
}

/// What was found of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemFound {
    /// What counts.
    pub mark: Mark,
    /// Who says so.
    pub by: FoundBy,
    /// What differs, or what the auditor noted.
    pub note: Option<String>,
}

/// A sample as it was drawn in a verification, and what it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sampled {
    /// The sample that the rule draws.
    pub drawn: Drawn,
    /// What was found of its items, in their order.
    pub found: Vec<ItemFound>,
    /// What that shows of each stratum, and of all together last.
    pub shown: Vec<Shown>,
}

impl Sampled {
    /// Returns what is shown of all strata together.
    pub fn in_all(&self) -> Option<&Shown> {
        self.shown.iter().find(|shown| shown.stratum.is_none())
    }

    /// Returns whether this verification opened every item itself, found each as registered, left no file out of the
    /// population, and so shows that at most one item in twenty differs.
    pub(super) fn is_enough(&self) -> bool {
        let opened = |found: &ItemFound| found.mark == Mark::AsRegistered && found.by == FoundBy::Program;
        let few = |shown: &Shown| {
            u128::from(shown.at_most) * u128::from(crate::sample::bound::ERRS_ONE_IN)
                <= u128::from(shown.size)
        };
        self.drawn.rule.by() != By::Runs
            && self.drawn.outside.rows_unknown == 0
            && !self.found.is_empty()
            && self.found.iter().all(opened)
            && self.in_all().is_some_and(few)
    }
}

/// A sample while files are still to be opened.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    drawn: Drawn,
}

impl Pending {
    /// Takes the population of the walk, and draws.
    pub(super) fn draw(
        graph: &Graph,
        walk: &BTreeSet<ArtifactRef>,
        files: &FileChecks,
        root: NodeHash,
        rule: &Rule,
    ) -> Result<Self, SampleError> {
        let outside = Outside {
            held: files.held as u64,
            unhashed: files.unhashed as u64,
            ..Outside::default()
        };
        let population = match rule.by() {
            By::Runs => Population::new(By::Runs, runs(graph, walk), Outside::default())?,
            by => {
                let files = FileChecks::distinct(graph, walk);
                let units = files.iter().filter_map(|file| of_file(graph, file));
                Population::new(by, units, outside)?
            }
        };
        Ok(Self {
            drawn: draw(root, &population, rule),
        })
    }

    /// Returns the files that are to be opened: those of all items.
    pub(super) fn files(&self) -> BTreeSet<(String, Sha256Digest)> {
        let key = |item: &Item| Some((item.unit.name.clone(), item.unit.sha256?));
        self.drawn.items.iter().filter_map(key).collect()
    }

    /// Puts together what the files and the marks say. A file that is not what the rule draws is a finding, and nothing of
    /// it counts.
    pub(super) fn settle(
        self,
        files: &FileChecks,
        claimed: Option<&Document>,
        judged: Option<&Checkpoint>,
        findings: &mut Vec<Finding>,
    ) -> Option<Sampled> {
        let drawn = self.drawn;
        let fault = claimed
            .zip(judged)
            .and_then(|(document, judged)| document.check(&drawn, judged));
        let later = claimed
            .zip(judged)
            .filter(|(document, judged)| document.checkpoint.size > judged.size.get());
        if let Some((document, judged)) = later {
            let message = format!(
                "the sample was drawn at {} entries, and this has {}: get a newer copy of the ledger",
                document.checkpoint.size, judged.size
            );
            findings.push(Finding::of_ledger(Code::CheckpointTooOld, "checkpoint", message));
        } else if let Some(fault) = &fault {
            let message = format!(
                "the sample is not the one that its rule draws, so nothing marked in it counts: {fault}; this says nothing \
                 about the lineage itself"
            );
            findings.push(Finding::of_ledger(Code::SampleNotDrawn, "sample", message));
        }
        if fault.is_some() {
            return None;
        }
        let opened = opened(files);
        let found: Vec<ItemFound> = (drawn.items.iter().enumerate())
            .map(|(at, item)| {
                let seen = of_item(item, &opened);
                match claimed.and_then(|document| document.items.get(at)) {
                    Some(marked) => with_mark(seen, marked.mark, marked.note.as_ref()),
                    None => seen,
                }
            })
            .collect();
        for (number, (item, found)) in (1_u64..).zip(drawn.items.iter().zip(&found)) {
            if found.by == FoundBy::Marks {
                findings.extend(finding(number, item, found));
            }
        }
        let marks: Vec<Mark> = found.iter().map(|found| found.mark).collect();
        Some(Sampled {
            shown: drawn.shown(&marks),
            drawn,
            found,
        })
    }
}

fn runs<'a>(graph: &'a Graph, walk: &'a BTreeSet<ArtifactRef>) -> impl Iterator<Item = (String, Unit)> + 'a {
    let statements: BTreeSet<_> = walk.iter().map(|reference| reference.statement).collect();
    statements.into_iter().filter_map(|id| {
        let (_, run) = graph.run(id)?;
        let unit = Unit {
            name: run.name.to_string(),
            sha256: None,
            artifact: ArtifactRef::subject(id, 0),
            rows: None,
        };
        Some((format!("run/{}", run.does), unit))
    })
}

fn of_file(graph: &Graph, file: &File<'_>) -> Option<(String, Unit)> {
    let node = graph.nodes.get(&file.artifact.statement)?;
    let stratum = match &node.statement.predicate {
        Predicate::Source(source) => format!("source/{}", source.made_by),
        Predicate::Prompt(_) => "prompt".to_owned(),
        Predicate::Filter(_) => "filter".to_owned(),
        Predicate::Model(_) => "external_model".to_owned(),
        Predicate::Run(run) => {
            let output = graph.locate(file.artifact)?.output?;
            match run.outputs.get(output)?.kind {
                OutputKind::Model => "output/model".to_owned(),
                OutputKind::Shard | OutputKind::Scores => format!("output/{}", run.does),
            }
        }
        _ => return None,
    };
    let unit = Unit {
        name: file.name.to_owned(),
        sha256: Some(file.sha256),
        artifact: ArtifactRef {
            member: file.member.or(file.artifact.member),
            ..file.artifact
        },
        rows: file.rows,
    };
    Some((stratum, unit))
}

type Opened<'a> = BTreeMap<(&'a str, Sha256Digest), (ItemFound, Option<u64>)>;

/// Returns what was found of the files that were opened, with their rows where those could be counted. Of several records
/// on one file the worst counts.
fn opened(files: &FileChecks) -> Opened<'_> {
    let mut opened: Opened<'_> = BTreeMap::new();
    for (query, given) in &files.opened {
        let (mark, note, rows) = match given {
            Given::Found(found) => match FileChecks::difference(query, found) {
                Some(difference) => (Mark::Differs, Some(difference), None),
                None => (Mark::AsRegistered, None, found.rows),
            },
            Given::Missing => (Mark::Missing, None, None),
            Given::Damaged(why) => (Mark::Missing, Some(why.clone()), None),
        };
        let found = ItemFound {
            mark,
            by: FoundBy::Program,
            note,
        };
        let entry = opened.entry((query.name.as_str(), query.sha256));
        let entry = entry.or_insert_with(|| (found.clone(), rows));
        if found.mark > entry.0.mark {
            *entry = (found, rows);
        }
    }
    opened
}

fn of_item(item: &Item, opened: &Opened<'_>) -> ItemFound {
    let nothing = |note: Option<&str>| ItemFound {
        mark: Mark::NotChecked,
        by: FoundBy::Nobody,
        note: note.map(str::to_owned),
    };
    let key = item.unit.sha256.map(|sha256| (item.unit.name.as_str(), sha256));
    match (key.and_then(|key| opened.get(&key)), item.row) {
        (None, _) => nothing(None),
        (Some((found, None)), Some(_)) if found.mark == Mark::AsRegistered => nothing(Some(
            "the file is as registered, but its rows cannot be counted here: look at the row and mark it",
        )),
        (Some((found, Some(rows))), Some(row)) if row > *rows => ItemFound {
            mark: Mark::Missing,
            note: Some(format!("the file has {rows} rows")),
            ..found.clone()
        },
        (Some((found, _)), _) => found.clone(),
    }
}

/// A mark never makes anything better than what the program saw.
fn with_mark(seen: ItemFound, mark: Mark, note: Option<&String>) -> ItemFound {
    if mark > seen.mark || (mark == seen.mark && seen.note.is_none()) {
        let by = if mark > seen.mark { FoundBy::Marks } else { seen.by };
        return ItemFound {
            mark,
            by,
            note: note.cloned(),
        };
    }
    seen
}

fn finding(number: u64, item: &Item, found: &ItemFound) -> Option<Finding> {
    let (code, what) = match found.mark {
        Mark::Differs => (Code::SampleDiffers, "differing from what is registered"),
        Mark::Missing => (Code::SampleMissing, "not there"),
        Mark::AsRegistered | Mark::NotChecked => return None,
    };
    let row = item.row.map_or(String::new(), |row| format!("row {row} of "));
    let note = found.note.as_ref();
    let note = note.map_or(String::new(), |note| {
        format!(": {}", crate::statement::escaped(note))
    });
    let name = crate::statement::escaped(&item.unit.name);
    let mut finding = Finding::of_ledger(
        code,
        item.unit.id(),
        format!("item {number} of the sample, {row}{name}, is marked as {what}{note}"),
    );
    finding.name.clone_from(&item.unit.name);
    Some(finding)
}
