//! The lineage as it was read: statements by id, what they cite, and walks over both.
//!
//! Statements only cite what stands below them, so walks end; a citation that does not is found before any walk
//! (see `machine`), and every walk here keeps a set of what it has seen.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::VecDeque;

use crate::digest::BlobId;
use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::manifest::Member;
use crate::merkle::LeafIndex;
use crate::statement::Artifact;
use crate::statement::ArtifactRef;
use crate::statement::ArtifactSet;
use crate::statement::Gap;
use crate::statement::InputFrom;
use crate::statement::Predicate;
use crate::statement::Run;
use crate::statement::Statement;
use crate::statement::Thing;

use super::finding::PathStep;
use super::mass::has_mass;

/// One statement of the lineage or of a rival claim.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) index: LeafIndex,
    pub(super) statement: Statement,
    /// What each input of a run cites, or what a data set collects; one list an input, empty for a gap.
    pub(super) cites: Vec<Vec<ArtifactRef>>,
}

/// A place on a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Place {
    Artifact(ArtifactRef),
    Run(StatementId),
    /// Input (or data set gap) number so-and-so of a statement.
    Gap(StatementId, usize),
}

/// An artifact with what stands around it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Located<'a> {
    pub(super) node: &'a Node,
    pub(super) thing: Thing,
    /// Name of the item.
    pub(super) item: &'a str,
    /// Nothing for a data set.
    pub(super) set: Option<&'a ArtifactSet>,
    pub(super) artifact: Option<&'a Artifact>,
    pub(super) member: Option<&'a Member>,
    /// Which output of its run.
    pub(super) output: Option<usize>,
}

impl Located<'_> {
    /// Returns the digest that a file would have to match.
    pub(super) fn sha256(&self) -> Option<Sha256Digest> {
        match (self.member, self.artifact) {
            (Some(member), _) => Some(member.sha256),
            (None, Some(artifact)) if artifact.has_bytes() => Some(artifact.sha256),
            _ => None,
        }
    }

    /// Returns the item's name, or `ITEM/FILE` for one of several files.
    pub(super) fn name(&self) -> String {
        match (self.member, self.artifact, self.set) {
            (Some(member), _, _) => format!("{}/{}", self.item, member.name),
            (None, Some(artifact), Some(set)) if set.artifacts.len() > 1 => {
                format!("{}/{}", self.item, artifact.name)
            }
            _ => self.item.to_owned(),
        }
    }
}

/// The statements that were read, and the members of the manifests among them.
#[derive(Debug, Clone, Default)]
pub(super) struct Graph {
    pub(super) nodes: BTreeMap<StatementId, Node>,
    pub(super) members: BTreeMap<BlobId, Vec<Member>>,
}

impl Graph {
    /// Finds a cited artifact; nothing when statement, subject or member is not there.
    pub(super) fn locate(&self, reference: ArtifactRef) -> Option<Located<'_>> {
        let node = self.nodes.get(&reference.statement)?;
        locate_in(node, reference, &self.members)
    }

    /// Returns the run of a statement.
    pub(super) fn run(&self, id: StatementId) -> Option<(&Node, &Run)> {
        let node = self.nodes.get(&id)?;
        match &node.statement.predicate {
            Predicate::Run(run) => Some((node, run)),
            _ => None,
        }
    }

    /// Returns what a place descends from directly.
    pub(super) fn below(&self, place: Place) -> Vec<Place> {
        match place {
            Place::Gap(..) => Vec::new(),
            Place::Run(id) => self.inputs_of(id),
            Place::Artifact(reference) => match self
                .nodes
                .get(&reference.statement)
                .map(|node| &node.statement.predicate)
            {
                Some(Predicate::Run(_)) => vec![Place::Run(reference.statement)],
                Some(Predicate::Dataset(_)) => self.inputs_of(reference.statement),
                Some(Predicate::Filter(filter)) => filter.model.map(Place::Artifact).into_iter().collect(),
                _ => Vec::new(),
            },
        }
    }

    fn inputs_of(&self, id: StatementId) -> Vec<Place> {
        let Some(node) = self.nodes.get(&id) else {
            return Vec::new();
        };
        let cited = node
            .cites
            .iter()
            .flatten()
            .map(|reference| Place::Artifact(*reference));
        cited
            .chain(
                gaps(&node.statement.predicate)
                    .into_iter()
                    .map(|(at, _)| Place::Gap(id, at)),
            )
            .collect()
    }

    /// Returns everything reachable from `starts`, each with the place it was first reached from, nearest first.
    pub(super) fn reach(&self, starts: &[Place]) -> BTreeMap<Place, Option<Place>> {
        let mut from: BTreeMap<Place, Option<Place>> = starts.iter().map(|start| (*start, None)).collect();
        let mut queue: VecDeque<Place> = starts.iter().copied().collect();
        while let Some(place) = queue.pop_front() {
            for next in self.below(place) {
                from.entry(next).or_insert_with(|| {
                    queue.push_back(next);
                    Some(place)
                });
            }
        }
        from
    }

    /// Returns the steps from a start to `place`.
    pub(super) fn path(&self, from: &BTreeMap<Place, Option<Place>>, place: Place) -> Vec<PathStep> {
        let mut steps = Vec::new();
        let mut at = Some(place);
        while let Some(here) = at {
            steps.push(self.step(here));
            at = from.get(&here).copied().flatten();
        }
        steps.reverse();
        steps
    }

    /// Returns how a place is called.
    pub(super) fn step(&self, place: Place) -> PathStep {
        match place {
            Place::Artifact(reference) => PathStep {
                id: reference.to_string(),
                name: self
                    .locate(reference)
                    .map_or_else(|| reference.to_string(), |located| located.name()),
            },
            Place::Run(id) => PathStep {
                id: format!("hb:{id}"),
                name: self
                    .run(id)
                    .map_or_else(|| format!("hb:{id}"), |(_, run)| run.name.to_string()),
            },
            Place::Gap(id, at) => PathStep {
                id: format!("gap:{id}/{at}"),
                name: self.gap(id, at).map_or_else(String::new, |gap| gap.text.clone()),
            },
        }
    }

    /// Returns a gap.
    pub(super) fn gap(&self, id: StatementId, at: usize) -> Option<&Gap> {
        let predicate = &self.nodes.get(&id)?.statement.predicate;
        gaps(predicate)
            .into_iter()
            .find(|(position, _)| *position == at)
            .map(|(_, gap)| gap)
    }

    /// Returns the leaves a place ends in, by content, each with whether it brings mass: two lineages that end in
    /// the same leaves in the same way say the same. Without the second half, a generated file could be declared
    /// again as a filtering of its seeds with its generator as a mere reference.
    pub(super) fn leaves(&self, start: Place) -> BTreeSet<(LeafContent, bool)> {
        let heavy = self.mass_reach(start);
        let mut leaves = BTreeSet::new();
        for place in self.reach(&[start]).into_keys() {
            let mut contents = BTreeSet::new();
            match place {
                Place::Run(_) => {}
                Place::Gap(id, at) => {
                    let gap = self.gap(id, at);
                    let text = gap.map_or(String::new(), |gap| format!("{}\n{:?}", gap.text, gap.digest));
                    contents.insert(LeafContent::Gap(Sha256Digest::of(text.as_bytes())));
                }
                Place::Artifact(reference) => self.leaf_contents(reference, &mut contents),
            }
            leaves.extend(
                contents
                    .into_iter()
                    .map(|content| (content, heavy.contains(&place))),
            );
        }
        leaves
    }

    /// Returns everything that brings mass to a place, the place itself included.
    pub(super) fn mass_reach(&self, start: Place) -> BTreeSet<Place> {
        let mut queue = vec![start];
        let mut seen = BTreeSet::from([start]);
        while let Some(place) = queue.pop() {
            queue.extend(
                self.mass_below(place)
                    .into_iter()
                    .filter(|next| seen.insert(*next)),
            );
        }
        seen
    }

    fn mass_below(&self, place: Place) -> Vec<Place> {
        let Place::Run(id) = place else {
            // A filter descends from the model that decides, but takes nothing from it.
            let is_filter = |reference: ArtifactRef| {
                self.locate(reference)
                    .is_some_and(|located| located.thing == Thing::Filter)
            };
            return match place {
                Place::Artifact(reference) if is_filter(reference) => Vec::new(),
                _ => self.below(place),
            };
        };
        let Some((node, run)) = self.run(id) else {
            return Vec::new();
        };
        let mut below = Vec::new();
        for (at, input) in run
            .inputs
            .iter()
            .enumerate()
            .filter(|(_, input)| has_mass(run, input.role))
        {
            match input.from {
                InputFrom::Gap(_) => below.push(Place::Gap(id, at)),
                InputFrom::Artifacts(_) => {
                    below.extend(
                        node.cites
                            .get(at)
                            .into_iter()
                            .flatten()
                            .copied()
                            .map(Place::Artifact),
                    );
                }
            }
        }
        below
    }

    fn leaf_contents(&self, reference: ArtifactRef, leaves: &mut BTreeSet<LeafContent>) {
        let Some(located) = self.locate(reference) else {
            return;
        };
        let of: fn(Sha256Digest) -> LeafContent = match located.thing {
            Thing::Source | Thing::Prompt | Thing::Filter => LeafContent::Content,
            Thing::ExternalModel => LeafContent::Model,
            Thing::Output(_) | Thing::Dataset => return,
        };
        let Some(artifact) = located.artifact else { return };
        match (located.member, self.members.get(&artifact.sha256.as_blob())) {
            (Some(member), _) => {
                leaves.insert(of(member.sha256));
            }
            (None, Some(members)) if artifact.manifest().is_some() => {
                leaves.extend(members.iter().map(|member| of(member.sha256)));
            }
            _ => {
                leaves.insert(of(artifact.sha256));
            }
        }
    }
}

/// What a lineage ends in, known by content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum LeafContent {
    Content(Sha256Digest),
    Model(Sha256Digest),
    Gap(Sha256Digest),
}

/// Returns the gaps of a run or a data set with the position that names them.
pub(super) fn gaps(predicate: &Predicate) -> Vec<(usize, &Gap)> {
    match predicate {
        Predicate::Run(run) => run
            .inputs
            .iter()
            .enumerate()
            .filter_map(|(at, input)| match &input.from {
                InputFrom::Gap(gap) => Some((at, gap)),
                InputFrom::Artifacts(_) => None,
            })
            .collect(),
        Predicate::Dataset(dataset) => dataset.gaps.iter().enumerate().collect(),
        _ => Vec::new(),
    }
}

fn locate_in<'a>(
    node: &'a Node,
    reference: ArtifactRef,
    members: &'a BTreeMap<BlobId, Vec<Member>>,
) -> Option<Located<'a>> {
    let mut subject = usize::try_from(reference.subject).ok()?;
    let located = Located {
        node,
        thing: Thing::Dataset,
        item: "",
        set: None,
        artifact: None,
        member: None,
        output: None,
    };
    if let Predicate::Dataset(dataset) = &node.statement.predicate {
        let whole = subject == 0 && reference.member.is_none();
        return whole.then_some(Located {
            item: dataset.name.as_str(),
            ..located
        });
    }
    for (output, (name, set)) in node.statement.predicate.sets().into_iter().enumerate() {
        let Some(artifact) = set.artifacts.get(subject) else {
            subject -= set.artifacts.len();
            continue;
        };
        let member = match reference.member {
            None => None,
            Some(at) => Some(members.get(&artifact.blob()?)?.get(usize::try_from(at).ok()?)?),
        };
        let (thing, output) = match &node.statement.predicate {
            Predicate::Source(_) => (Thing::Source, None),
            Predicate::Prompt(_) => (Thing::Prompt, None),
            Predicate::Filter(_) => (Thing::Filter, None),
            Predicate::Model(_) => (Thing::ExternalModel, None),
            Predicate::Run(run) => (Thing::Output(run.outputs.get(output)?.kind), Some(output)),
            _ => return None,
        };
        return Some(Located {
            thing,
            item: name.as_str(),
            set: Some(set),
            artifact: Some(artifact),
            member,
            output,
            ..located
        });
    }
    None
}
