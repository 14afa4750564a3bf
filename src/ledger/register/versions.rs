//! What the ledger has under the same names, and about the same bytes.

use std::collections::BTreeSet;

use crate::digest::Sha256Digest;
use crate::index::Facts;
use crate::index::Indexed;
use crate::index::VersionPart;
use crate::index::resolve::versions_below;
use crate::index::thing_word;
use crate::merkle::LeafIndex;
use crate::statement::ArtifactRef;
use crate::statement::ArtifactSet;
use crate::statement::Generators;
use crate::statement::ItemName;
use crate::statement::MadeBy;
use crate::statement::OutputKind;
use crate::statement::Predicate;
use crate::statement::Statement;
use crate::statement::Thing;

use super::build::Wrong;
use super::cite::Known;
use super::differ::Called;
use super::differ::Pair;
use super::differ::made_otherwise;
use super::differ::same_bytes;
use super::order::Item;
use super::plan::Planner;
use super::plan::Stop;
use super::problem::ProblemKind;
use super::warn::Warnings;

/// What has no rows has no origin: the verdict knows these contents, too.
const CONTENT_WITHOUT_ROWS: [&[u8]; 6] = [b"", b"\n", b"[]", b"[]\n", b"{}", b"{}\n"];

impl Planner<'_> {
    /// A name that is registered gets a further version only if that is what is meant: bare names stop working with
    /// it, and no statement can be taken back.
    pub(super) fn check_versions(
        &mut self,
        known: &Known<'_>,
        item: Item<'_>,
        statement: &Statement,
    ) -> Result<(), Stop> {
        let mut sets: Vec<(&ItemName, Option<&ArtifactSet>)> = statement
            .predicate
            .sets()
            .into_iter()
            .map(|(name, set)| (name, Some(set)))
            .collect();
        if sets.is_empty() {
            sets.push((&item.name().value, None));
        }
        let mut wrong = Wrong::new();
        for (name, set) in sets {
            let line = item.line_of(name);
            match self.further(known, statement, name, set)? {
                None => {}
                Some(further) if self.ground.options.new_version => {
                    let (last, disputed) = (further.entry, further.disputed);
                    self.warnings_at(name, line).another_version(name, last, disputed);
                }
                Some(further) => wrong.push((line, further.into_problem(name))),
            }
        }
        if wrong.is_empty() {
            Ok(())
        } else {
            Err(Stop::Wrong(wrong))
        }
    }

    /// Holds what a name stands for now against the last version there is.
    fn further(
        &self,
        known: &Known<'_>,
        statement: &Statement,
        name: &ItemName,
        set: Option<&ArtifactSet>,
    ) -> Result<Option<Further>, Stop> {
        let state = self.ground.state;
        let Some(last) = versions_below(state.index(), state.size(), name)?.pop() else {
            return Ok(None);
        };
        let earlier = self.ground.statements.statement(last.entry)?;
        let before = match last.part {
            VersionPart::Set(at) => earlier.predicate.sets().get(at).map(|(_, set)| *set),
            VersionPart::Run => None,
        };
        let both = before.zip(set);
        let same = both.is_some_and(|(before, now)| same_bytes(before, now));
        let pair = Pair {
            name,
            version: &format!("{name}@{}", last.entry),
            before: &earlier,
            now: statement,
        };
        Ok(Some(Further {
            entry: last.entry,
            bytes: both.and_then(|(before, now)| difference(before, now)),
            other: pair.told(&|artifact| self.called(known, artifact)),
            disputed: same && made_otherwise(&earlier.predicate, &statement.predicate),
        }))
    }

    fn called(&self, known: &Known<'_>, artifact: &ArtifactRef) -> Called {
        let of = |facts: &Facts| {
            let entry = Some(facts.entry.get()).filter(|entry| *entry != u64::MAX);
            let set = facts.set_of(artifact.subject);
            set.map(|set| (set.name.to_string(), entry))
        };
        if let Some((_, indexed)) = known.planned(artifact.statement) {
            return of(&indexed.facts).unwrap_or_else(|| (artifact.to_string(), None));
        }
        // What the index does not tell is told by its id: this is only for a message.
        let facts = self.ground.state.index().facts(artifact.statement).ok().flatten();
        let called = facts.and_then(|facts| of(&facts));
        called.unwrap_or_else(|| (artifact.to_string(), None))
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
        for claim in indexed.contents(&statement.predicate) {
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

    pub(super) fn warnings_at<'w>(&'w mut self, item: &'w ItemName, line: u32) -> Warnings<'w> {
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

/// A version of a name that would be followed by another.
struct Further {
    entry: LeafIndex,
    /// The first difference between the bytes, where both have some.
    bytes: Option<String>,
    /// The first differences of all else.
    other: String,
    /// Whether both tell the origin of the same bytes otherwise.
    disputed: bool,
}

impl Further {
    fn into_problem(self, name: &ItemName) -> ProblemKind {
        let (name, entry) = (name.clone(), self.entry);
        match self.bytes {
            Some(difference) => ProblemKind::OtherBytes {
                name,
                entry,
                difference,
            },
            None => ProblemKind::OtherStatement {
                name,
                entry,
                difference: self.other,
                disputed: self.disputed,
            },
        }
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
