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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Sha256Digest;
    use crate::digest::StatementId;
    use crate::ledger::admission::fixture::*;
    use crate::statement::ArtifactRef;
    use crate::statement::Does;
    use crate::statement::Gap;
    use crate::statement::GapRef;
    use crate::statement::InputFrom;
    use crate::statement::NoticeEffect;
    use crate::statement::OutputKind;
    use crate::statement::Predicate;
    use crate::statement::Role;

    fn notice(change: NoticeKind, targets: &[ArtifactRef], by: &[ArtifactRef]) -> Predicate {
        let takes_back = matches!(change, NoticeKind::Withdraw | NoticeKind::Recall);
        Predicate::Notice(Notice {
            change,
            targets: targets.to_vec(),
            gap: None,
            by: by.to_vec(),
            effect: takes_back.then_some(NoticeEffect::StopUse),
            reason: None,
            reaches: None,
        })
    }

    fn resolve(gap: GapRef, by: ArtifactRef) -> Predicate {
        Predicate::Notice(Notice {
            change: NoticeKind::Resolve,
            targets: vec![],
            gap: Some(gap),
            by: vec![by],
            effect: None,
            reason: None,
            reaches: None,
        })
    }

    #[test]
    fn what_a_notice_names_stands_below_it_and_fits() {
        let mut fixture = Fixture::new();
        let ids = fixture
            .append(vec![source("a", files(&["a"])), source("b", files(&["a"]))])
            .unwrap();
        let (a, b) = (at(ids[0], 0), at(ids[1], 0));
        let nowhere = at(StatementId::from_bytes([9; 32]), 0);
        fixture.offer(notice(NoticeKind::Withdraw, &[a, b], &[])).unwrap();
        fixture.offer(notice(NoticeKind::Correct, &[a], &[b])).unwrap();
        for (change, targets, by) in [
            (NoticeKind::Withdraw, vec![nowhere], vec![]),
            (NoticeKind::Recall, vec![at(ids[0], 7)], vec![]),
            (NoticeKind::Withdraw, vec![a, a], vec![]),
            (NoticeKind::Correct, vec![a], vec![nowhere]),
            (NoticeKind::Correct, vec![a], vec![a]),
            (NoticeKind::Supersede, vec![a], vec![a]),
        ] {
            let refused = fixture.offer(notice(change, &targets, &by));
            assert!(
                matches!(
                    refused,
                    Err(AdmissionError::ParentMissing { .. }
                        | AdmissionError::NoSuchArtifact { .. }
                        | AdmissionError::NamedTwice { .. }
                        | AdmissionError::Misfit { .. })
                ),
                "{change} {targets:?}: {refused:?}"
            );
        }
        // Once is enough.
        fixture
            .append(vec![notice(NoticeKind::Withdraw, &[a], &[])])
            .unwrap();
        let again = fixture.offer(notice(NoticeKind::Withdraw, &[a], &[]));
        assert!(matches!(again, Err(AdmissionError::Duplicate { .. })));
    }

    #[test]
    fn a_gap_is_of_a_run_and_filled_by_a_leaf() {
        let mut fixture = Fixture::new();
        let open = InputFrom::Gap(Gap {
            text: "the wiki".to_owned(),
            digest: Some(Sha256Digest::of(b"wiki")),
        });
        let shard = output("o", OutputKind::Shard, files(&["o"]));
        let mix = run("m", Does::Mix, vec![from(Role::Data, open)], vec![shard]);
        let ids = fixture
            .append(vec![source("wiki", files(&["wiki"])), mix])
            .unwrap();
        let (leaf, made) = (at(ids[0], 0), at(ids[1], 0));
        let gap = |statement| GapRef {
            statement,
            position: 0,
        };
        fixture.offer(resolve(gap(ids[1]), leaf)).unwrap();
        let of_source = fixture.offer(resolve(gap(ids[0]), leaf));
        assert!(
            matches!(of_source, Err(AdmissionError::NoGap { .. })),
            "{of_source:?}"
        );
        let by_output = fixture.offer(resolve(gap(ids[1]), made));
        assert!(
            matches!(by_output, Err(AdmissionError::Misfit { .. })),
            "{by_output:?}"
        );
        let nowhere = fixture.offer(resolve(gap(StatementId::from_bytes([9; 32])), leaf));
        assert!(
            matches!(nowhere, Err(AdmissionError::StatementMissing { .. })),
            "{nowhere:?}"
        );
        let by_owner = sign(OWNER, Some(fixture.id), resolve(gap(ids[1]), leaf));
        let by_owner = fixture.try_one(&by_owner);
        assert!(
            matches!(by_owner, Err(AdmissionError::GapKey { .. })),
            "{by_owner:?}"
        );
    }
}
