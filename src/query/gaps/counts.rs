//! Rows that nobody counted, where the verdict adds rows up: what goes into a run that only passes rows on, what comes
//! out of it, and what a model is trained on.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;

use crate::digest::StatementId;
use crate::ledger::View;
use crate::statement::ArtifactRef;
use crate::statement::Does;
use crate::statement::Input;
use crate::statement::OutputKind;
use crate::statement::Predicate;
use crate::statement::Role;
use crate::statement::Run;

use super::GapClass;
use super::Looked;
use super::Missing;
use crate::query::QueryError;
use crate::query::cites::lists;
use crate::query::names::members;

/// An item: a statement and a position of its sets.
type Item = (StatementId, usize);

/// Adds the items whose rows are needed and not known.
pub(super) fn of(view: &View<'_>, looked: &[Looked], found: &mut Vec<Missing>) -> Result<(), QueryError> {
    let mut counts = Counts {
        view,
        known: HashMap::new(),
    };
    let mut taken: BTreeMap<Item, BTreeSet<String>> = BTreeMap::new();
    for one in looked {
        let Predicate::Run(run) = &one.statement.predicate else {
            continue;
        };
        let cites = lists(view, &one.statement)?;
        for (input, cited) in run.inputs.iter().zip(&cites) {
            if needs_rows(run, input) {
                for item in counts.uncounted(cited)? {
                    taken.entry(item).or_default().insert(run.name.to_string());
                }
            }
        }
        if !passes_rows(run) {
            continue;
        }
        for set in 0..run.outputs.len() {
            let kind = run.outputs.get(set).map(|output| output.kind);
            let item = (one.id, set);
            if kind != Some(OutputKind::Model) && !counts.is_counted(item)? {
                let why = format!(
                    "run {} makes no rows, and without a count nobody can check that",
                    run.name
                );
                found.extend(missing(view, item, "output_rows", why)?);
            }
        }
    }
    for (item, runs) in taken {
        let more = match runs.len().saturating_sub(1) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let first = runs.first().cloned().unwrap_or_default();
        let why = format!(
            "run {first}{more} takes it as data: its part of what comes out is anything from 0 to all"
        );
        found.extend(missing(view, item, "input_rows", why)?);
    }
    Ok(())
}

/// Whether a run puts out rows that went in, so that the verdict adds them up.
fn passes_rows(run: &Run) -> bool {
    let of_weights = run.outputs.iter().any(|output| output.kind == OutputKind::Model);
    match run.does {
        Does::Filter | Does::Mix | Does::Annotate | Does::Judge | Does::Evaluate => true,
        Does::Transform => !run.rewrites && !of_weights,
        Does::Generate | Does::Train | Does::Merge => false,
    }
}

/// Whether nothing but the rows of what is cited says how much an input brings.
fn needs_rows(run: &Run, input: &Input) -> bool {
    let trains = run.does == Does::Train;
    input.role == Role::Data
        && (passes_rows(run) || trains)
        && input.rows.is_none()
        && input.kept.is_none()
        && !(trains && input.tokens.is_some())
}

struct Counts<'a> {
    view: &'a View<'a>,
    known: HashMap<Item, bool>,
}

impl Counts<'_> {
    /// Returns the items among what is cited whose rows nobody stated; data sets are opened.
    fn uncounted(&mut self, cited: &[ArtifactRef]) -> Result<BTreeSet<Item>, QueryError> {
        let mut seen: BTreeSet<ArtifactRef> = cited.iter().map(|one| one.whole()).collect();
        let mut queue: Vec<ArtifactRef> = seen.iter().copied().collect();
        let mut uncounted = BTreeSet::new();
        while let Some(reference) = queue.pop() {
            let Some(facts) = self.view.index().facts(reference.statement)? else {
                continue;
            };
            if facts.kind == "dataset" {
                let (_, statement) = self.view.ledger().entry(facts.entry)?;
                let members = lists(self.view, &statement)?.concat();
                queue.extend(
                    members
                        .into_iter()
                        .map(ArtifactRef::whole)
                        .filter(|one| seen.insert(*one)),
                );
                continue;
            }
            let set = facts
                .sets
                .iter()
                .position(|set| set.subjects.contains(&reference.subject));
            if let Some(set) = set {
                let item = (reference.statement, set);
                if !self.is_counted(item)? {
                    uncounted.insert(item);
                }
            }
        }
        Ok(uncounted)
    }

    fn is_counted(&mut self, item: Item) -> Result<bool, QueryError> {
        if let Some(known) = self.known.get(&item) {
            return Ok(*known);
        }
        let counted = self.counted(item)?;
        self.known.insert(item, counted);
        Ok(counted)
    }

    fn counted(&self, (id, set): Item) -> Result<bool, QueryError> {
        let Some(facts) = self.view.index().facts(id)? else {
            return Ok(true);
        };
        if facts.sets.get(set).is_none_or(|set| set.rows.is_some()) {
            return Ok(true);
        }
        let (_, statement) = self.view.ledger().entry(facts.entry)?;
        let sets = statement.predicate.sets();
        let Some((_, set)) = sets.get(set) else {
            return Ok(true);
        };
        for artifact in &set.artifacts {
            let by_members = match members(self.view, artifact)? {
                Some(lines) => lines.iter().all(|line| line.rows.is_some()),
                None => false,
            };
            if artifact.rows.is_none() && !by_members {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn missing(
    view: &View<'_>,
    (id, set): Item,
    code: &'static str,
    why: String,
) -> Result<Option<Missing>, QueryError> {
    let facts = view.index().facts(id)?;
    Ok(facts.and_then(|facts| {
        let name = facts.sets.get(set)?.name.clone();
        Some(Missing {
            command: None,
            class: GapClass::Uncounted,
            code,
            item: name.clone(),
            taken_by: None,
            node: format!("{name}@{}", facts.entry),
            id: format!("hb:{id}"),
            name: name.to_string(),
            entry: facts.entry,
            why,
            close: format!(
                "add `rows: N` to {name} in the lineage file, or register it as JSON Lines or CSV, which are counted"
            ),
        })
    }))
}
