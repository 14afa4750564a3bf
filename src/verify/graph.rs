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
use crate::statement::OutputKind;
use crate::statement::Predicate;
use crate::statement::Run;
use crate::statement::Statement;
use crate::statement::Thing;

use super::finding::PathStep;

/// One statement of the lineage or of a rival claim.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) index: LeafIndex,
    pub(super) statement: Statement,
    /// What each input of a run cites, one list an input, empty for a gap; one list of what a data set collects, or a
    /// source was made from.
    pub(super) cites: Vec<Vec<ArtifactRef>>,
    /// Where it comes in an order in which everything stands above what it descends from: its entry, unless a notice
    /// put something in the place of what it cites.
    pub(super) rank: u64,
    /// Gaps of a data set that a notice resolved; those of a run are inputs like others then.
    pub(super) resolved: BTreeSet<usize>,
}

impl Node {
    pub(super) fn new(index: LeafIndex, statement: Statement, cites: Vec<Vec<ArtifactRef>>) -> Self {
        Self {
            rank: index.get(),
            index,
            statement,
            cites,
            resolved: BTreeSet::new(),
        }
    }
}

/// A place on a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Place {
    Artifact(ArtifactRef),
    Run(StatementId),
    /// Input (or gap of a data set or source) number so-and-so of a statement.
    Gap(StatementId, usize),
}

impl Place {
    /// Returns the statement that it is of.
    pub(super) fn statement(self) -> StatementId {
        match self {
            Place::Artifact(reference) => reference.statement,
            Place::Run(id) | Place::Gap(id, _) => id,
        }
    }
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

    /// Returns what makes two artifacts the same content: the digest of bytes, or a foreign identifier.
    pub(super) fn content_id(&self) -> Option<Sha256Digest> {
        match (self.member, self.artifact) {
            (Some(member), _) => Some(member.sha256),
            (None, artifact) => artifact?.content_id(),
        }
    }

    /// Returns whether this is a model, or a file of one.
    pub(super) fn is_of_model(&self) -> bool {
        matches!(
            self.thing,
            Thing::ExternalModel | Thing::Output(OutputKind::Model)
        )
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

    /// Returns the members of an artifact's manifest; nothing for anything else, and while they are not read.
    pub(super) fn members_in(&self, artifact: &Artifact) -> Option<&[Member]> {
        artifact.manifest()?;
        self.members.get(&artifact.sha256.as_blob()).map(Vec::as_slice)
    }

    /// Returns the members of a whole manifest; nothing for a member or a file.
    pub(super) fn members_of(&self, located: &Located<'_>) -> Option<&[Member]> {
        match (located.member, located.artifact) {
            (None, Some(artifact)) => self.members_in(artifact),
            _ => None,
        }
    }

    /// Returns whether a statement is here and cannot have what is cited of it, with all manifests at hand.
    pub(super) fn is_dangling(&self, reference: ArtifactRef) -> bool {
        let Some(node) = self.nodes.get(&reference.statement) else {
            return false;
        };
        let at = usize::try_from(reference.subject).unwrap_or(usize::MAX);
        let artifact = node.statement.predicate.artifacts().nth(at);
        let unread = artifact
            .is_some_and(|artifact| artifact.manifest().is_some() && self.members_in(artifact).is_none());
        self.locate(reference).is_none() && !unread
    }

    /// Returns whether this is the one subject of a data set.
    pub(super) fn is_data_set(&self, reference: ArtifactRef) -> bool {
        self.locate(reference)
            .is_some_and(|located| located.thing == Thing::Dataset)
    }

    /// Returns whether this is a model, from outside or made here.
    pub(super) fn is_model(&self, reference: ArtifactRef) -> bool {
        let thing = self.locate(reference).map(|located| located.thing);
        matches!(
            thing,
            Some(Thing::ExternalModel | Thing::Output(OutputKind::Model))
        )
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
                Some(Predicate::Dataset(_) | Predicate::Source(_)) => self.inputs_of(reference.statement),
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
            .chain(gaps(node).into_iter().map(|(at, _)| Place::Gap(id, at)))
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
        gaps(self.nodes.get(&id)?)
            .into_iter()
            .find(|(position, _)| *position == at)
            .map(|(_, gap)| gap)
    }
}

/// Returns the gaps of a run, a data set or a source with the position that names them.
pub(super) fn gaps(node: &Node) -> Vec<(usize, &Gap)> {
    match &node.statement.predicate {
        Predicate::Run(run) => run
            .inputs
            .iter()
            .enumerate()
            .filter_map(|(at, input)| match &input.from {
                InputFrom::Gap(gap) => Some((at, gap)),
                InputFrom::Artifacts(_) => None,
            })
            .collect(),
        predicate => {
            let (_, gaps) = predicate.collected().unwrap_or_default();
            let gaps = gaps.iter().enumerate();
            gaps.filter(|(at, _)| !node.resolved.contains(at)).collect()
        }
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
            Some(at) => {
                artifact.manifest()?;
                Some(
                    members
                        .get(&artifact.sha256.as_blob())?
                        .get(usize::try_from(at).ok()?)?,
                )
            }
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
