//! What something was evaluated on: the evaluation sets of the runs that evaluated it.

use std::collections::BTreeSet;

use crate::ledger::View;
use crate::statement::ArtifactRef;
use crate::statement::Does;
use crate::statement::Predicate;
use crate::statement::Role;

use super::QueryError;
use super::cites::lists;

/// The most runs that are looked at for one target.
pub const EVALUATIONS_MAX: usize = 10_000;

/// Returns the artifacts that runs took with the role `eval` while they evaluated any of `artifacts`, one list an input,
/// in log order; and whether there were more than [`EVALUATIONS_MAX`] runs to look at.
pub fn evaluations(
    view: &View<'_>,
    artifacts: &[ArtifactRef],
) -> Result<(Vec<Vec<ArtifactRef>>, bool), QueryError> {
    let mut entries = BTreeSet::new();
    for statement in artifacts.iter().map(|one| one.statement).collect::<BTreeSet<_>>() {
        if let Some(facts) = view.index().facts(statement)? {
            let children = view.index().children(facts.entry)?;
            entries.extend(children.into_iter().filter(|child| view.size().contains(*child)));
        }
    }
    let wanted: BTreeSet<ArtifactRef> = artifacts.iter().flat_map(|one| [*one, one.whole()]).collect();
    let is_more = entries.len() > EVALUATIONS_MAX;
    let mut found = Vec::new();
    for entry in entries.into_iter().take(EVALUATIONS_MAX) {
        let (_, statement) = view.ledger().entry(entry)?;
        let Predicate::Run(run) = &statement.predicate else {
            continue;
        };
        if run.does != Does::Evaluate {
            continue;
        }
        let cites = lists(view, &statement)?;
        let takes = |list: &Vec<ArtifactRef>| {
            let near = list.iter().flat_map(|one| [*one, one.whole()]);
            near.into_iter().any(|one| wanted.contains(&one))
        };
        if !cites.iter().any(takes) {
            continue;
        }
        for (input, cited) in run.inputs.iter().zip(cites) {
            if input.role == Role::Eval && !cited.is_empty() && !found.contains(&cited) {
                found.push(cited);
            }
        }
    }
    Ok((found, is_more))
}
