//! What the ledger has under the same names, and about the same bytes.

use std::collections::BTreeSet;

use crate::digest::Sha256Digest;
use crate::index::Indexed;
use crate::index::VersionPart;
use crate::index::resolve::versions_below;
use crate::index::thing_word;
use crate::statement::ArtifactRef;
use crate::statement::ArtifactSet;
use crate::statement::Generators;
use crate::statement::ItemName;
use crate::statement::MadeBy;
use crate::statement::OutputKind;
use crate::statement::Predicate;
use crate::statement::Statement;
use crate::statement::Thing;

use super::cite::Known;
use super::order::Item;
use super::plan::Planner;
use super::plan::Stop;
use super::problem::ProblemKind;
use super::warn::Warnings;

/// What has no rows has no origin: the verdict knows these contents, too.
const CONTENT_WITHOUT_ROWS: [&[u8]; 6] = [b"", b"\n", b"[]", b"[]\n", b"{}", b"{}\n"];

impl Planner<'_> {
    /// A name whose files have other bytes now is an error, unless that is what is meant.
    pub(super) fn check_versions(&mut self, item: Item<'_>, statement: &Statement) -> Result<(), Stop> {
        let state = self.ground.state;
        let mut sets: Vec<(&ItemName, Option<&ArtifactSet>)> = statement
            .predicate
            .sets()
            .into_iter()
            .map(|(name, set)| (name, Some(set)))
            .collect();
        if sets.is_empty() {
            sets.push((&item.name().value, None));
        }
        for (name, set) in sets {
            let Some(last) = versions_below(state.index(), state.size(), name)?.pop() else {
                continue;
            };
            let earlier = self.ground.statements.statement(last.entry)?;
            let before = match last.part {
                VersionPart::Set(at) => earlier.predicate.sets().get(at).map(|(_, set)| *set),
                VersionPart::Run => None,
            };
            let difference = before.zip(set).and_then(|(before, now)| difference(before, now));
            let line = item.line_of(name);
            match difference.filter(|_| !self.ground.options.new_version) {
                Some(difference) => {
                    let (name, entry) = (name.clone(), last.entry);
                    let kind = ProblemKind::OtherBytes {
                        name,
                        entry,
                        difference,
                    };
                    return Err(Stop::Wrong(vec![(line, kind)]));
                }
                None => self.warnings_at(name, line).another_version(name, last.entry),
            }
        }
        Ok(())
    }

    /// Warns once for an item whose bytes are claimed by a statement that tells another origin of them.
    pub(super) fn warn_of_claims(
        &mut self,
        known: &Known<'_>,
        item: Item<'_>,
        statement: &Statement,
        indexed: &Indexed,
    ) -> Result<(), Stop> {
        let mut elsewhere: Option<(ArtifactRef, Told)> = None;
        let mut count = 0;
        for claim in &indexed.claims {
            if CONTENT_WITHOUT_ROWS
                .iter()
                .any(|content| Sha256Digest::of(content) == claim.digest)
            {
                continue;
            }
            let Some(ours) = told(indexed, statement, claim.artifact) else {
                continue;
            };
            for other in known.claims(claim.digest)? {
                if other.statement == indexed.facts.id {
                    continue;
                }
                let theirs = self.told(known, other)?;
                if let Some(theirs) = theirs.filter(|theirs| ours.contradicts(theirs)) {
                    count += 1;
                    elsewhere.get_or_insert((claim.artifact, theirs));
                    break;
                }
            }
        }
        if let Some((artifact, theirs)) = elsewhere {
            let name = indexed
                .facts
                .set_of(artifact.subject)
                .map_or(&item.name().value, |set| &set.name);
            let line = item.line_of(name);
            let other = format!("a {} `{}`", thing_word(theirs.thing), theirs.name);
            self.warnings_at(name, line).claimed(artifact, &other, count);
        }
        Ok(())
    }

    fn warnings_at<'w>(&'w mut self, item: &'w ItemName, line: u32) -> Warnings<'w> {
        let list = &mut self.warnings;
        Warnings { item, line, list }
    }

    fn told(&self, known: &Known<'_>, artifact: ArtifactRef) -> Result<Option<Told>, Stop> {
        if let Some((statement, indexed)) = known.planned(artifact.statement) {
            return Ok(told(indexed, statement, artifact));
        }
        let Some(facts) = self.ground.state.index().facts(artifact.statement)? else {
            return Ok(None);
        };
        let Some(set) = facts.set_of(artifact.subject) else {
            return Ok(None);
        };
        let origin = match set.thing {
            Thing::Source => origin(&self.ground.statements.statement(facts.entry)?),
            _ => None,
        };
        Ok(Some(Told {
            name: set.name.clone(),
            thing: set.thing,
            origin,
            member: artifact.member.is_some(),
        }))
    }
}

/// What a statement tells of the origin of some bytes, as far as a registrant can see without walking a lineage.
struct Told {
    name: ItemName,
    thing: Thing,
    /// Of a source: who made it, and with which models.
    origin: Option<(MadeBy, Generators)>,
    /// Whether it is one of many files.
    member: bool,
}

impl Told {
    fn contradicts(&self, other: &Self) -> bool {
        let models =
            |one: &Self| matches!(one.thing, Thing::ExternalModel | Thing::Output(OutputKind::Model));
        match (self.thing, other.thing) {
            // Another version of the same item is told as that.
            _ if self.name == other.name => false,
            (Thing::Source, Thing::Source) => self.origin != other.origin,
            // The same prompt, rule or download under two names has one content, and one origin.
            (Thing::Prompt, Thing::Prompt)
            | (Thing::Filter, Thing::Filter)
            | (Thing::ExternalModel, Thing::ExternalModel) => false,
            // Models share tokenizers and licences; whether a file is the weights is for the verdict to judge.
            _ => !(models(self) && models(other) && (self.member || other.member)),
        }
    }
}

fn told(indexed: &Indexed, statement: &Statement, artifact: ArtifactRef) -> Option<Told> {
    let set = indexed.facts.set_of(artifact.subject)?;
    Some(Told {
        name: set.name.clone(),
        thing: set.thing,
        origin: origin(statement),
        member: artifact.member.is_some(),
    })
}

fn origin(statement: &Statement) -> Option<(MadeBy, Generators)> {
    match &statement.predicate {
        Predicate::Source(source) => Some((source.made_by, source.generators.clone())),
        _ => None,
    }
}

/// Returns the first difference between the bytes of two versions; nothing when one of them has no bytes.
fn difference(before: &ArtifactSet, now: &ArtifactSet) -> Option<String> {
    let digests = |set: &ArtifactSet| -> Vec<(Sha256Digest, String)> {
        let bytes = set.artifacts.iter().filter(|artifact| artifact.has_bytes());
        bytes
            .map(|artifact| (artifact.sha256, artifact.name.clone()))
            .collect()
    };
    let (before, now) = (digests(before), digests(now));
    let only = |digests: &[(Sha256Digest, String)]| -> BTreeSet<Sha256Digest> {
        digests.iter().map(|(digest, _)| *digest).collect()
    };
    let (old, new) = (only(&before), only(&now));
    if old.is_empty() || new.is_empty() || (old == new && before.len() == now.len()) {
        return None;
    }
    let changed = now.iter().find(|(digest, _)| !old.contains(digest));
    let had = changed.and_then(|(_, name)| before.iter().find(|(_, other)| other == name));
    Some(match (changed, had) {
        (Some((now, name)), Some((was, _))) => {
            format!("`{name}` had sha256:{was} and has sha256:{now}")
        }
        (Some((_, name)), None) => format!("`{name}` was not among its files"),
        (None, _) => format!("it had {} files and has {}", before.len(), now.len()),
    })
}
