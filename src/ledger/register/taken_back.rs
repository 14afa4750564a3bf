//! Inputs that were withdrawn or recalled: registering goes on, for what happened happened, but not without a word.

use std::collections::BTreeSet;

use crate::digest::StatementId;
use crate::statement::ArtifactRef;
use crate::statement::ItemName;
use crate::statement::Notice;
use crate::statement::NoticeKind;
use crate::statement::Predicate;

use super::build::Built;
use super::cite::Known;
use super::plan::Planner;
use super::plan::Stop;
use super::warn::Warnings;

impl Planner<'_> {
    /// Warns of everything an item takes that somebody with a say took back, by its id or by its bytes.
    pub(super) fn warn_of_notices(
        &mut self,
        known: &Known<'_>,
        (name, line): (&ItemName, u32),
        built: &Built,
    ) -> Result<(), Stop> {
        let mut told: BTreeSet<(StatementId, u64)> = BTreeSet::new();
        for cited in built.inputs.iter().flatten() {
            for artifact in &cited.artifacts {
                for same in self.same_content(known, *artifact)? {
                    for (entry, notice) in self.taken_back(same)? {
                        if told.insert((artifact.statement, entry)) {
                            let used = self.name_of(known, *artifact)?;
                            let mut warnings = Warnings {
                                item: name,
                                line,
                                list: &mut self.warnings,
                            };
                            warnings.taken_back(&used, &notice);
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Returns an artifact and all others in the log that have the same content.
    fn same_content(&self, known: &Known<'_>, artifact: ArtifactRef) -> Result<BTreeSet<ArtifactRef>, Stop> {
        let index = self.ground.state.index();
        let content = match (
            known.planned(artifact.statement),
            index.facts(artifact.statement)?,
        ) {
            (Some((statement, indexed)), _) => {
                let claims = indexed.contents(&statement.predicate);
                let mut own = claims.filter(|claim| claim.artifact == artifact);
                own.next().map(|claim| claim.digest)
            }
            (None, Some(facts)) => {
                let statement = self.ground.statements.statement(facts.entry)?;
                let at = usize::try_from(artifact.subject).unwrap_or(usize::MAX);
                let found = statement.predicate.artifacts().nth(at);
                found.and_then(crate::statement::Artifact::content_id)
            }
            (None, None) => None,
        };
        let mut same = BTreeSet::from([artifact]);
        if let Some(digest) = content {
            same.extend(index.claims(digest)?);
        }
        Ok(same)
    }

    /// Returns the notices with an effect that take an artifact back, each with its entry and in words.
    fn taken_back(&self, artifact: ArtifactRef) -> Result<Vec<(u64, String)>, Stop> {
        let index = self.ground.state.index();
        let Some(facts) = index.facts(artifact.statement)? else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        for entry in index.children(facts.entry)? {
            let id = index.id_at(entry)?;
            let kind = id.map(|id| index.facts(id)).transpose()?.flatten();
            if kind.is_none_or(|facts| facts.kind != "notice") {
                continue;
            }
            let notice = self.ground.statements.statement(entry)?;
            let target = self.ground.statements.statement(facts.entry)?;
            if let Predicate::Notice(said) = &notice.predicate
                && takes_back(said, artifact)
                && crate::verify::has_say(self.keys, notice.issuer, &target)
            {
                let change = match said.change {
                    NoticeKind::Recall => "recalled",
                    _ => "withdrawn",
                };
                let effect = said
                    .effect
                    .map_or_else(String::new, |effect| format!(" ({effect})"));
                found.push((entry.get(), format!("{change} at entry {entry}{effect}")));
            }
        }
        Ok(found)
    }

    fn name_of(&self, known: &Known<'_>, artifact: ArtifactRef) -> Result<String, Stop> {
        let planned = known.planned(artifact.statement);
        let facts = match planned {
            Some((_, indexed)) => Some(indexed.facts.clone()),
            None => self
                .ground
                .state
                .index()
                .facts(artifact.statement)?
                .map(|facts| (*facts).clone()),
        };
        let set = facts.and_then(|facts| facts.set_of(artifact.subject).map(|set| set.name.to_string()));
        Ok(set.map_or_else(|| artifact.to_string(), |name| format!("`{name}`")))
    }
}

fn takes_back(notice: &Notice, artifact: ArtifactRef) -> bool {
    let near = |target: &ArtifactRef| {
        *target == artifact
            || *target == artifact.whole()
            || (artifact.member.is_none() && target.whole() == artifact)
    };
    matches!(notice.change, NoticeKind::Withdraw | NoticeKind::Recall) && notice.targets.iter().any(near)
}
