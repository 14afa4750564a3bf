//! What inputs consist of: every content once, with the rows and tokens that are known of it.
//!
//! Data sets are opened, and manifests where something stands beside them, so that equal bytes count once, however
//! often, under how many names and in how many wrappings they are taken (`docs/adr/0007`).

use std::cell::Cell;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::rc::Rc;

use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::manifest::Member;
use crate::statement::Artifact;
use crate::statement::ArtifactRef;
use crate::statement::ArtifactSet;
use crate::statement::Thing;

use super::graph::Graph;
use super::graph::Located;
use super::graph::gaps;

/// Of contents that came back unchanged, by statement and digest: the oldest ancestor that has the same bytes. They
/// are its rows, whatever the runs between say of shares.
pub(super) type Origins = BTreeMap<(StatementId, Sha256Digest), ArtifactRef>;

/// Whose shares a content has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Owner {
    /// Nobody's: an undeclared member, or something that is not there.
    Nobody,
    /// A leaf: source, external model, prompt or filter.
    Leaf(ArtifactRef),
    /// What the question is about, where it is how much of something comes from one founder.
    Founder(ArtifactRef),
    /// Some artifacts of one output of a run, taken together.
    Portion {
        statement: StatementId,
        output: usize,
        /// Rows of these artifacts, where they are known.
        rows: Option<u64>,
        /// Whether these are all artifacts of the output.
        whole: bool,
    },
}

/// What makes two contents the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ContentKey {
    Bytes(Sha256Digest),
    /// Something without bytes, or an item whose rows are known for all its files together only.
    Item(ArtifactRef),
    Gap(StatementId, usize),
}

/// One content that is taken.
#[derive(Debug, Clone)]
pub(super) struct Content {
    pub(super) key: ContentKey,
    /// More than one where several statements claim the same bytes.
    pub(super) owners: BTreeSet<Owner>,
    pub(super) rows: Option<u64>,
    pub(super) tokens: Option<u64>,
}

/// Opens what is cited, within one limit for a whole verification.
#[derive(Debug)]
pub(super) struct Contents<'a> {
    pub(super) graph: &'a Graph,
    origins: Origins,
    /// What is told apart from the rest of its item, because the question is about it; empty for a verdict.
    founders: Rc<BTreeSet<ArtifactRef>>,
    left: Cell<usize>,
    exhausted: Cell<bool>,
}

impl<'a> Contents<'a> {
    pub(super) fn new(graph: &'a Graph, origins: Origins, limit: usize) -> Self {
        Self {
            graph,
            origins,
            founders: Rc::default(),
            left: Cell::new(limit),
            exhausted: Cell::new(false),
        }
    }

    /// The same with founders, which own what they are, whatever made them.
    pub(super) fn with_founders(graph: &'a Graph, founders: Rc<BTreeSet<ArtifactRef>>, limit: usize) -> Self {
        Self {
            founders,
            ..Self::new(graph, Origins::new(), limit)
        }
    }

    /// Returns how much more may be looked at.
    pub(super) fn left(&self) -> usize {
        self.left.get()
    }

    /// Returns whether the question is about founders and not about the classes of a boundary.
    pub(super) fn has_founders(&self) -> bool {
        !self.founders.is_empty()
    }

    /// Outputs share their run's `portion`; a leaf is its own, and so is a founder.
    fn owner(&self, portion: Owner, part: ArtifactRef, located: &Located<'_>) -> Owner {
        for founder in [part, part.whole()] {
            if self.founders.contains(&founder) {
                return Owner::Founder(founder);
            }
        }
        match located.thing {
            Thing::Output(_) | Thing::Dataset => portion,
            Thing::Source | Thing::Prompt | Thing::Filter | Thing::ExternalModel => Owner::Leaf(part.whole()),
        }
    }

    /// Returns the founders among the members of a whole manifest.
    fn founders_within(&self, part: ArtifactRef) -> Vec<ArtifactRef> {
        if part.member.is_some() {
            return Vec::new();
        }
        let from = ArtifactRef {
            member: Some(0),
            ..part
        };
        let all = self.founders.range(from..);
        all.take_while(|founder| founder.whole() == part)
            .copied()
            .collect()
    }

    /// Tells the founders in a manifest from the rest of it, which stays together; nothing where nobody says how many
    /// rows they are.
    fn apart(
        &self,
        part: ArtifactRef,
        located: &Located<'_>,
        (founders, owner): (&[ArtifactRef], Owner),
    ) -> Option<Vec<Content>> {
        let mut contents = Vec::new();
        for founder in founders {
            let member = self.graph.locate(*founder)?.member?;
            contents.push(Content {
                key: ContentKey::Bytes(member.sha256),
                owners: BTreeSet::from([Owner::Founder(*founder)]),
                rows: Some(member.rows?),
                tokens: member.tokens,
            });
        }
        let less = |whole: Option<u64>, of: &dyn Fn(&Content) -> Option<u64>| {
            let theirs = contents
                .iter()
                .try_fold(0_u64, |sum, content| sum.checked_add(of(content)?))?;
            whole?.checked_sub(theirs)
        };
        let rest = Content {
            key: ContentKey::Item(part),
            owners: BTreeSet::from([owner]),
            rows: Some(less(rows_in(self.graph, located), &|content| content.rows)?),
            tokens: less(tokens_in(located), &|content| content.tokens),
        };
        contents.push(rest);
        Some(contents)
    }

    /// Returns whether the limit was reached, so that some counts were given up.
    pub(super) fn is_exhausted(&self) -> bool {
        self.exhausted.get()
    }

    /// Returns the distinct contents of what is cited; nothing once the limit is reached.
    pub(super) fn of(&self, cited: &[ArtifactRef]) -> Option<Vec<Content>> {
        self.of_list(cited, Alone::Yes)
    }

    /// Returns the distinct contents of each of several lists, so that they can be held against each other.
    pub(super) fn of_each(&self, lists: &[&[ArtifactRef]]) -> Vec<Option<Vec<Content>>> {
        let alone = if lists.len() > 1 { Alone::No } else { Alone::Yes };
        lists.iter().map(|cited| self.of_list(cited, alone)).collect()
    }

    fn of_list(&self, cited: &[ArtifactRef], alone: Alone) -> Option<Vec<Content>> {
        let (plain, missing) = self.open_data_sets(cited)?;
        let open = plain.len() > 1 || alone == Alone::No;
        let mut items: BTreeMap<(StatementId, usize), Vec<(ArtifactRef, Located<'a>)>> = BTreeMap::new();
        let mut found = BTreeMap::new();
        for reference in &plain {
            match self.graph.locate(*reference) {
                Some(located) => items
                    .entry((reference.statement, located.output.unwrap_or_default()))
                    .or_default()
                    .push((*reference, located)),
                None => merge(&mut found, nobody(ContentKey::Item(*reference))),
            }
        }
        for ((statement, output), mut parts) in items {
            drop_covered(&mut parts);
            for content in self.of_item((statement, output), &parts, open)? {
                merge(&mut found, content);
            }
        }
        for key in missing {
            merge(&mut found, nobody(key));
        }
        Some(found.into_values().collect())
    }

    fn spend(&self, count: usize) -> Option<()> {
        let left = self.left.get().checked_sub(count);
        self.exhausted.set(self.exhausted.get() || left.is_none());
        self.left.set(left?);
        Some(())
    }

    /// Replaces data sets by their members, each once, down to what is no data set.
    fn open_data_sets(&self, cited: &[ArtifactRef]) -> Option<(BTreeSet<ArtifactRef>, Vec<ContentKey>)> {
        let mut seen: BTreeSet<ArtifactRef> = cited.iter().copied().collect();
        let mut queue: Vec<ArtifactRef> = seen.iter().copied().collect();
        self.spend(queue.len())?;
        let (mut plain, mut missing) = (BTreeSet::new(), Vec::new());
        while let Some(reference) = queue.pop() {
            let node = self.graph.nodes.get(&reference.statement);
            let Some(node) = node.filter(|_| self.graph.is_data_set(reference)) else {
                plain.insert(reference);
                continue;
            };
            let gaps = gaps(node).into_iter();
            missing.extend(gaps.map(|(at, _)| ContentKey::Gap(reference.statement, at)));
            for member in node.cites.iter().flatten() {
                self.spend(1)?;
                if seen.insert(*member) {
                    queue.push(*member);
                }
            }
        }
        Some((plain, missing))
    }

    fn of_item(
        &self,
        (statement, output): (StatementId, usize),
        parts: &[(ArtifactRef, Located<'a>)],
        open: bool,
    ) -> Option<Vec<Content>> {
        let Some(set) = parts.first().and_then(|(_, located)| located.set) else {
            return Some(Vec::new());
        };
        let whole = parts.len() == set.artifacts.len() && parts.iter().all(|(part, _)| part.member.is_none());
        let rows = parts.iter().try_fold(0_u64, |sum, (_, located)| {
            sum.checked_add(rows_in(self.graph, located)?)
        });
        let portion = Owner::Portion {
            statement,
            output,
            rows: if whole { item_rows(self.graph, set) } else { rows },
            whole,
        };
        let came_back = parts.iter().any(|(part, located)| {
            let digest = located.content_id();
            digest.is_some_and(|digest| self.origins.contains_key(&(part.statement, digest)))
        });
        if let (None, true, Some(total), Some((first, _))) =
            (rows, whole && !came_back, set.rows, parts.first())
        {
            let owners = parts
                .iter()
                .map(|(part, located)| self.owner(portion, *part, located));
            return Some(vec![Content {
                key: ContentKey::Item(*first),
                owners: owners.collect(),
                rows: Some(total.value),
                tokens: set.total_tokens(),
            }]);
        }
        let mut contents = Vec::new();
        for (part, located) in parts {
            contents.extend(self.of_part(part, located, portion, open)?);
        }
        without_those_that_came_back(portion, &mut contents);
        Some(contents)
    }

    /// One artifact or member; a manifest is opened where something stands beside it.
    fn of_part(
        &self,
        part: &ArtifactRef,
        located: &Located<'a>,
        portion: Owner,
        open: bool,
    ) -> Option<Vec<Content>> {
        let within = self.founders_within(*part);
        let members = self.graph.members_of(located).filter(|_| open);
        self.spend(members.map_or(1 + within.len(), <[_]>::len))?;
        let owner = self.owner(portion, *part, located);
        let counted = members.filter(|members| members.iter().all(|member| member.rows.is_some()));
        if let Some(members) = counted {
            let content = |(at, member): (u64, &Member)| {
                let key = ContentKey::Bytes(member.sha256);
                let reference = ArtifactRef {
                    member: Some(at),
                    ..*part
                };
                let own = if self.founders.contains(&reference) {
                    Owner::Founder(reference)
                } else {
                    owner
                };
                let owners = BTreeSet::from([self.origin(part, member.sha256, member.rows).unwrap_or(own)]);
                Content {
                    key,
                    owners,
                    rows: member.rows,
                    tokens: member.tokens,
                }
            };
            return Some((0..).zip(members).map(content).collect());
        }
        if !within.is_empty()
            && let Some(contents) = self.apart(*part, located, (&within, owner))
        {
            return Some(contents);
        }
        let rows = rows_in(self.graph, located);
        let digest = located.content_id();
        let origin = digest.and_then(|digest| self.origin(part, digest, rows));
        let mut owners = BTreeSet::from([origin.unwrap_or(owner)]);
        // Somewhere in it, but nobody says how many rows that is.
        owners.extend(within.into_iter().map(Owner::Founder));
        Some(vec![Content {
            key: digest.map_or(ContentKey::Item(*part), ContentKey::Bytes),
            owners,
            rows,
            tokens: tokens_in(located),
        }])
    }

    /// Returns whose shares a content has that only came back.
    fn origin(&self, part: &ArtifactRef, digest: Sha256Digest, rows: Option<u64>) -> Option<Owner> {
        let ancestor = *self.origins.get(&(part.statement, digest))?;
        let located = self.graph.locate(ancestor)?;
        let portion = Owner::Portion {
            statement: ancestor.statement,
            output: located.output.unwrap_or_default(),
            rows,
            whole: located.set.is_some_and(|set| set.artifacts.len() == 1) && ancestor.member.is_none(),
        };
        Some(self.owner(portion, ancestor, &located))
    }
}

/// Where some contents of an item have another origin, the rest is no longer the whole of it.
fn without_those_that_came_back(portion: Owner, contents: &mut [Content]) {
    let Owner::Portion {
        statement, output, ..
    } = portion
    else {
        return;
    };
    let own = BTreeSet::from([portion]);
    let rest = || contents.iter().filter(|content| content.owners == own);
    if rest().count() == contents.len() {
        return;
    }
    let rest = Owner::Portion {
        statement,
        output,
        rows: rest().try_fold(0_u64, |sum, content| sum.checked_add(content.rows?)),
        whole: false,
    };
    for content in contents.iter_mut().filter(|content| content.owners == own) {
        content.owners = BTreeSet::from([rest]);
    }
}

/// Whether nothing stands beside a list with which it could overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Alone {
    Yes,
    No,
}

fn nobody(key: ContentKey) -> Content {
    Content {
        key,
        owners: BTreeSet::from([Owner::Nobody]),
        rows: None,
        tokens: None,
    }
}

/// Drops members that a whole manifest beside them holds already.
fn drop_covered(parts: &mut Vec<(ArtifactRef, Located<'_>)>) {
    let wholes: BTreeSet<u32> = parts
        .iter()
        .filter(|(part, _)| part.member.is_none())
        .map(|(part, _)| part.subject)
        .collect();
    parts.retain(|(part, _)| part.member.is_none() || !wholes.contains(&part.subject));
}

/// The same content once more: whoever claims it, and the smaller of the counts.
fn merge(found: &mut BTreeMap<ContentKey, Content>, content: Content) {
    let least = |one: Option<u64>, other: Option<u64>| match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
    match found.get_mut(&content.key) {
        None => {
            found.insert(content.key, content);
        }
        Some(known) => {
            known.rows = least(known.rows, content.rows);
            known.tokens = least(known.tokens, content.tokens);
            known.owners.extend(content.owners);
        }
    }
}

/// Returns how many rows something brings at most, by the smallest of the counts that are stated of it.
fn rows_in(graph: &Graph, located: &Located<'_>) -> Option<u64> {
    let artifact = located.artifact?;
    if let Some(member) = located.member {
        return member.rows;
    }
    let alone = located.set.filter(|set| set.artifacts.len() == 1);
    [
        artifact.rows.map(|rows| rows.value),
        alone.and_then(|set| set.rows).map(|rows| rows.value),
        member_rows(graph, artifact),
    ]
    .into_iter()
    .flatten()
    .min()
}

fn tokens_in(located: &Located<'_>) -> Option<u64> {
    let alone = located.set.filter(|set| set.artifacts.len() == 1);
    match (located.member, located.artifact) {
        (Some(member), _) => member.tokens,
        (None, Some(artifact)) => artifact.tokens.or_else(|| alone.and_then(|set| set.tokens)),
        (None, None) => None,
    }
}

fn member_rows(graph: &Graph, artifact: &Artifact) -> Option<u64> {
    let members = graph.members_in(artifact)?;
    members
        .iter()
        .try_fold(0_u64, |sum, member| sum.checked_add(member.rows?))
}

/// Returns the counts that are stated of all files of an item together; they may differ.
fn item_counts(graph: &Graph, set: &ArtifactSet) -> [Option<u64>; 3] {
    let sum = |count: &dyn Fn(&Artifact) -> Option<u64>| {
        set.artifacts
            .iter()
            .try_fold(0_u64, |sum, artifact| sum.checked_add(count(artifact)?))
    };
    [
        set.rows.map(|rows| rows.value),
        sum(&|artifact| Some(artifact.rows?.value)),
        sum(&|artifact| member_rows(graph, artifact)),
    ]
}

/// Returns the rows of an item, unless its own statement contradicts itself.
fn item_rows(graph: &Graph, set: &ArtifactSet) -> Option<u64> {
    let counts: BTreeSet<u64> = item_counts(graph, set).into_iter().flatten().collect();
    counts
        .first()
        .copied()
        .filter(|first| counts.last() == Some(first))
}

/// Returns how many rows an item has at least, by the largest of the counts that are stated of it and its files,
/// and whether that is all of them.
pub(super) fn rows_out(graph: &Graph, set: &ArtifactSet) -> (u64, bool) {
    let known = item_counts(graph, set).into_iter().flatten().max();
    let parts = set.artifacts.iter().filter_map(|artifact| {
        let own = artifact.rows.map(|rows| rows.value);
        own.max(member_rows(graph, artifact))
    });
    let least = parts.fold(0_u64, u64::saturating_add);
    (known.unwrap_or_default().max(least), known.is_some())
}
