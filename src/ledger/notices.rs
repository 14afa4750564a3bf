//! What a notice says about the lineage, looked at before it is signed, and the notices that stand about something.

use crate::digest::KeyId;
use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::merkle::LeafIndex;
use crate::statement::ArtifactRef;
use crate::statement::Does;
use crate::statement::Gap;
use crate::statement::GapRef;
use crate::statement::InputFrom;
use crate::statement::Notice;
use crate::statement::NoticeKind;
use crate::statement::Predicate;
use crate::statement::Role;
use crate::statement::Statement;
use crate::statement::Word as _;

use super::Ledger;
use super::LedgerError;
use super::View;

/// Why a notice would have no effect, whoever signs it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NoticeError {
    /// There is no such gap.
    #[error("there is no gap {gap}: `herdbook gaps` lists those there are")]
    NoGap {
        /// What was named.
        gap: GapRef,
    },
    /// A gap of which nobody knows what was meant.
    #[error(
        "{gap} states no digest, so nothing can be shown to be what was meant: declare it and make the outputs anew"
    )]
    GapWithoutDigest {
        /// The gap.
        gap: GapRef,
    },
    /// A leaf with other bytes.
    #[error("{by} has not the digest that {gap} states (sha256 {digest})")]
    OtherDigest {
        /// The gap.
        gap: GapRef,
        /// What was to fill it.
        by: ArtifactRef,
        /// What the gap states.
        digest: Sha256Digest,
    },
    /// A leaf that cannot play the role.
    #[error("{by} cannot be `{}` there, which is what {gap} was", .role.as_str())]
    Role {
        /// The gap.
        gap: GapRef,
        /// What was to fill it.
        by: ArtifactRef,
        /// The role.
        role: Role,
    },
    /// A gap that is filled.
    #[error("{gap} is resolved already, by the notice at entry {entry}")]
    Resolved {
        /// The gap.
        gap: GapRef,
        /// The notice.
        entry: LeafIndex,
    },
    /// A correction by something else.
    #[error(
        "{by} is not about the same content as {target}: a correction says something else about the same bytes"
    )]
    OtherContent {
        /// What was to be corrected.
        target: ArtifactRef,
        /// What was to stand in its place.
        by: ArtifactRef,
    },
    /// A correction of what something else stands for already.
    #[error("{target} is corrected already, at entry {entry}: correct {by} instead")]
    Corrected {
        /// What was to be corrected.
        target: ArtifactRef,
        /// The notice.
        entry: LeafIndex,
        /// What stands in its place.
        by: ArtifactRef,
    },
}

/// A notice about something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notified {
    /// Its entry.
    pub entry: LeafIndex,
    /// Its statement.
    pub id: StatementId,
    /// Who signed it.
    pub issuer: KeyId,
    /// Whether that key has a say about what was asked: it signed that, speaks for the holder it names, or is an owner's.
    pub has_say: bool,
    /// What it says.
    pub notice: Notice,
}

/// Returns the notices that name something of a statement, as target or for its gap, in log order.
pub fn notices_about(view: &View<'_>, id: StatementId) -> Result<Vec<Notified>, LedgerError> {
    let Some(facts) = view.index().facts(id)? else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for entry in view.index().children(facts.entry)? {
        let child = view.index().id_at(entry)?;
        let kind = child
            .map(|child| view.index().facts(child))
            .transpose()?
            .flatten();
        if !view.size().contains(entry) || kind.is_none_or(|kind| kind.kind != "notice") {
            continue;
        }
        let (envelope, statement) = view.ledger().entry(entry)?;
        let Predicate::Notice(notice) = statement.predicate else {
            continue;
        };
        let about = notice.targets.iter().any(|target| target.statement == id)
            || notice.gap.is_some_and(|gap| gap.statement == id);
        if about {
            let (_, target) = view.ledger().entry(facts.entry)?;
            found.push(Notified {
                entry,
                id: envelope.id(),
                issuer: statement.issuer,
                has_say: has_say(view.ledger(), statement.issuer, &target),
                notice,
            });
        }
    }
    Ok(found)
}

/// Returns whether the notices of a key about a statement have an effect.
pub fn has_say(ledger: &Ledger, key: KeyId, target: &Statement) -> bool {
    let keys = ledger.state().keys();
    keys.is_some_and(|keys| crate::verify::has_say(keys, key, target))
}

/// Returns whether a correction counts as soon as it stands in the log: none of what it puts in the place of something
/// says anything better. Otherwise a second key has to affirm it.
pub fn counts_at_once(view: &View<'_>, notice: &Notice) -> Result<bool, LedgerError> {
    for (target, by) in notice.targets.iter().zip(&notice.by) {
        let of = |artifact: &ArtifactRef| -> Result<Option<Statement>, LedgerError> {
            let Some(facts) = view.index().facts(artifact.statement)? else {
                return Ok(None);
            };
            Ok(Some(view.ledger().entry(facts.entry)?.1))
        };
        let (Some(old), Some(new)) = (of(target)?, of(by)?) else {
            return Ok(false);
        };
        if !crate::verify::counts_at_once((&old, target.subject), (&new, by.subject)) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Returns why a notice would have no effect, where it names what does not fit; what the key may is another question.
pub fn check(view: &View<'_>, notice: &Notice) -> Result<Option<NoticeError>, LedgerError> {
    match (notice.change, notice.gap, notice.by.as_slice()) {
        (NoticeKind::Resolve, Some(gap), [by]) => check_gap(view, gap, *by),
        (NoticeKind::Correct, ..) => {
            for (&target, &by) in notice.targets.iter().zip(&notice.by) {
                if content_of(view, target)? != content_of(view, by)? {
                    return Ok(Some(NoticeError::OtherContent { target, by }));
                }
                for earlier in notices_about(view, target.statement)? {
                    let pairs = earlier.notice.targets.iter().zip(&earlier.notice.by);
                    let known =
                        pairs.filter(|_| earlier.notice.change == NoticeKind::Correct && earlier.has_say);
                    if let Some((_, other)) = known
                        .clone()
                        .find(|(one, other)| **one == target && **other != by)
                    {
                        return Ok(Some(NoticeError::Corrected {
                            target,
                            entry: earlier.entry,
                            by: *other,
                        }));
                    }
                }
            }
            Ok(None)
        }
        _ => Ok(None),
    }
}

fn check_gap(view: &View<'_>, gap: GapRef, by: ArtifactRef) -> Result<Option<NoticeError>, LedgerError> {
    let Some((stated, does, role)) = gap_at(view, gap)? else {
        return Ok(Some(NoticeError::NoGap { gap }));
    };
    let Some(digest) = stated.digest else {
        return Ok(Some(NoticeError::GapWithoutDigest { gap }));
    };
    if !view.index().claims(digest)?.contains(&by) {
        return Ok(Some(NoticeError::OtherDigest { gap, by, digest }));
    }
    let facts = view.index().facts(by.statement)?;
    let thing = facts.and_then(|facts| facts.thing(&by));
    if thing.is_some_and(|thing| !does.takes(role, thing)) {
        return Ok(Some(NoticeError::Role { gap, by, role }));
    }
    Ok(resolved(view, gap)?.map(|entry| NoticeError::Resolved { gap, entry }))
}

/// Returns the entry of the notice that resolves a gap.
pub fn resolved(view: &View<'_>, gap: GapRef) -> Result<Option<LeafIndex>, LedgerError> {
    let about = notices_about(view, gap.statement)?;
    let mut about = about.into_iter();
    Ok(about.find(|one| one.notice.gap == Some(gap)).map(|one| one.entry))
}

/// Returns a gap with what it is a gap in: a data set takes what may be mixed.
pub fn gap_at(view: &View<'_>, gap: GapRef) -> Result<Option<(Gap, Does, Role)>, LedgerError> {
    let Some(facts) = view.index().facts(gap.statement)? else {
        return Ok(None);
    };
    let at = usize::try_from(gap.position).unwrap_or(usize::MAX);
    let (_, statement) = view.ledger().entry(facts.entry)?;
    Ok(match &statement.predicate {
        Predicate::Run(run) => run.inputs.get(at).and_then(|input| match &input.from {
            InputFrom::Gap(gap) => Some((gap.clone(), run.does, input.role)),
            InputFrom::Artifacts(_) => None,
        }),
        other => {
            let (_, gaps) = other.collected().unwrap_or_default();
            gaps.get(at).map(|gap| (gap.clone(), Does::Mix, Role::Data))
        }
    })
}

/// Returns what makes a whole artifact the same content as another; nothing for what has no bytes.
pub fn content_of(view: &View<'_>, artifact: ArtifactRef) -> Result<Option<Sha256Digest>, LedgerError> {
    let Some(facts) = view.index().facts(artifact.statement)? else {
        return Ok(None);
    };
    let (_, statement) = view.ledger().entry(facts.entry)?;
    let at = usize::try_from(artifact.subject).unwrap_or(usize::MAX);
    let content = statement.predicate.artifacts().nth(at);
    Ok(content.and_then(crate::statement::Artifact::content_id))
}
