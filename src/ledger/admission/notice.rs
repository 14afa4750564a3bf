//! What a notice names: everything must stand below it, and be able to stand where the notice puts it.
//!
//! Admission knows the index and no statements, so it does not see whether a gap states the digest of what fills it; that
//! is checked before a notice is signed (`ledger::notices`), and `verify` lets a notice that gets round it do nothing.

use std::collections::BTreeSet;

use crate::digest::KeyId;
use crate::statement::Notice;
use crate::statement::NoticeKind;
use crate::statement::Thing;

use super::AdmissionError;
use super::cited::Gathered;
use super::staging::Staging;

/// Checks what a notice names.
pub(super) fn named(
    staging: &Staging<'_>,
    notice: &Notice,
    gathered: &mut Gathered,
) -> Result<(), AdmissionError> {
    let mut seen = BTreeSet::new();
    for &artifact in &notice.targets {
        gathered.cite(staging, artifact)?;
        if !seen.insert(artifact) {
            return Err(AdmissionError::NamedTwice { artifact });
        }
    }
    for &by in &notice.by {
        let thing = gathered.cite(staging, by)?;
        if let Some(gap) = notice.gap.filter(|_| !is_leaf(thing)) {
            return Err(AdmissionError::Misfit {
                target: gap.to_string(),
                by,
                why: "only a source, a prompt, a filter or an external model resolves a gap",
            });
        }
    }
    gathered.parents.extend(notice.gap.map(|gap| gap.statement));
    for (&target, &by) in notice.targets.iter().zip(&notice.by) {
        let misfit = |why| AdmissionError::Misfit {
            target: target.to_string(),
            by,
            why,
        };
        if target.statement == by.statement {
            return Err(misfit("both are of one statement"));
        }
        let whole = target.member.is_none() && by.member.is_none();
        if notice.change == NoticeKind::Correct && !whole {
            return Err(misfit("one file of a manifest is not corrected alone"));
        }
    }
    Ok(())
}

/// Checks that the gap of a resolution can be one, and that its own key resolves it.
pub(super) fn of_gap(staging: &Staging<'_>, issuer: KeyId, notice: &Notice) -> Result<(), AdmissionError> {
    let Some(gap) = notice.gap else {
        return Ok(());
    };
    let id = gap.statement;
    let facts = staging
        .facts(id)?
        .ok_or(AdmissionError::StatementMissing { id })?;
    if !matches!(facts.kind, "run" | "dataset") {
        return Err(AdmissionError::NoGap { gap });
    }
    if facts.issuer != issuer {
        let expected = facts.issuer;
        return Err(AdmissionError::GapKey { expected });
    }
    Ok(())
}

fn is_leaf(thing: Thing) -> bool {
    matches!(
        thing,
        Thing::Source | Thing::Prompt | Thing::Filter | Thing::ExternalModel
    )
}
