//! Gaps with digests: looked up once, when their item is first registered.

use crate::digest::StatementId;
use crate::index::VersionPart;
use crate::index::resolve::versions_below;
use crate::merkle::LeafIndex;
use crate::statement::Cites;
use crate::statement::InputFrom;
use crate::statement::Predicate;
use crate::statement::Statement;

use super::build::Built;
use super::build_run::bind;
use super::plan::Planner;
use super::plan::Stop;

/// What an item is after its gaps were looked up.
pub(super) struct Settled {
    pub(super) statement: Statement,
    pub(super) id: StatementId,
    pub(super) present: Option<LeafIndex>,
    pub(super) bound: Bound,
}

/// Whether the digests of gaps have bound them.
pub(super) enum Bound {
    Yes,
    /// The ledger has it with gaps that could be bound now.
    Could,
    No,
}

impl Planner<'_> {
    fn entry_of(&self, id: StatementId) -> Result<Option<LeafIndex>, Stop> {
        Ok(self.ground.state.index().facts(id)?.map(|facts| facts.entry))
    }

    /// Decides between the statement with its gaps and the one in which digests have bound them. A gap is looked
    /// up once, when it is first registered; whichever was appended then is the item.
    pub(super) fn settle(&self, built: &Built, statement: Statement) -> Result<Settled, Stop> {
        let id = id_of(&statement);
        let present = self.entry_of(id)?;
        let could = !built.bindings.is_empty();
        if present.is_some() || !has_digest_gap(&statement.predicate) {
            let bound = if could && present.is_some() {
                Bound::Could
            } else {
                Bound::No
            };
            return Ok(Settled {
                statement,
                id,
                present,
                bound,
            });
        }
        if let Some(earlier) = self.bound_before(&statement)? {
            return Ok(earlier);
        }
        if !could {
            return Ok(Settled {
                statement,
                id,
                present,
                bound: Bound::No,
            });
        }
        let statement = self.statement(bind(&statement.predicate, &built.bindings));
        let id = id_of(&statement);
        let present = self.entry_of(id)?;
        Ok(Settled {
            statement,
            id,
            present,
            bound: Bound::Yes,
        })
    }

    /// Finds an earlier version of a run that is this one, but for gaps that were bound then.
    fn bound_before(&self, statement: &Statement) -> Result<Option<Settled>, Stop> {
        let Predicate::Run(run) = &statement.predicate else {
            return Ok(None);
        };
        let state = self.ground.state;
        for version in versions_below(state.index(), state.size(), &run.name)? {
            if version.part != VersionPart::Run {
                continue;
            }
            let earlier = self.ground.statements.statement(version.entry)?;
            let Predicate::Run(bound) = &earlier.predicate else {
                continue;
            };
            let mut same = run.clone();
            for (input, other) in same.inputs.iter_mut().zip(&bound.inputs) {
                if self.is_bound(&input.from, &other.from)? {
                    input.from = other.from.clone();
                }
            }
            if self.statement(Predicate::Run(same)) == earlier {
                let (id, present) = (version.statement, Some(version.entry));
                let bound = Bound::No;
                return Ok(Some(Settled {
                    statement: earlier,
                    id,
                    present,
                    bound,
                }));
            }
        }
        Ok(None)
    }

    fn is_bound(&self, gap: &InputFrom, other: &InputFrom) -> Result<bool, Stop> {
        let (InputFrom::Gap(gap), InputFrom::Artifacts(Cites::Inline(artifacts))) = (gap, other) else {
            return Ok(false);
        };
        let (Some(digest), [artifact]) = (gap.digest, artifacts.as_slice()) else {
            return Ok(false);
        };
        Ok(self.ground.state.index().claims(digest)?.contains(artifact))
    }
}

fn id_of(statement: &Statement) -> StatementId {
    StatementId::of_pae(&crate::envelope::pae(&statement.encode()))
}

fn has_digest_gap(predicate: &Predicate) -> bool {
    matches!(predicate, Predicate::Run(run) if run.inputs.iter().any(
        |input| matches!(&input.from, InputFrom::Gap(gap) if gap.digest.is_some())
    ))
}
