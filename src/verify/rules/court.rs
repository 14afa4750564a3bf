//! Decides whether two claims about the same bytes can both be true (`docs/adr/0011`).

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::rc::Rc;

use crate::digest::Blake3Digest;
use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::merkle::LeafIndex;
use crate::statement::Artifact;
use crate::statement::ArtifactRef;
use crate::statement::Content;
use crate::statement::Does;
use crate::statement::Generators;
use crate::statement::OutputKind;
use crate::statement::Predicate;
use crate::statement::Role;
use crate::statement::Source;
use crate::statement::Thing;
use crate::verify::contents::Origins;
use crate::verify::graph::Graph;
use crate::verify::graph::Located;
use crate::verify::graph::Place;
use crate::verify::mass::Boundary;
use crate::verify::mass::Mass;
use crate::verify::mass::OriginClass;
use crate::verify::mass::classify;
use crate::verify::mass::has_mass;
use crate::verify::scene::Scene;

use super::exempt::is_no_weights;

/// The most places that one verification looks at to compare claims.
pub const CLAIM_PLACES_MAX: usize = 2 << 20;

/// The most pairs of claims that one verification compares.
pub const CLAIM_PAIRS_MAX: usize = 16 << 20;

/// What is said of two claims about the same bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ruling {
    Agree,
    Differ,
    /// An external model has weights that this ledger made.
    OwnModel,
    /// A limit was reached.
    Open,
}

/// How one artifact descends from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Descent {
    /// By runs that only pass on what there is.
    Plain,
    /// A run between them made new content.
    MadeAnew,
    /// Not at all.
    Apart,
}

/// What a lineage ends in, known by content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum LeafContent {
    /// Bytes of a source, a prompt or a filter.
    Bytes(Sha256Digest),
    /// Weights of an external model.
    Model(Sha256Digest),
    /// Something without bytes: all that is said of where it comes from.
    Declared(Sha256Digest),
    Gap(Sha256Digest),
}

/// The leaves of a lineage: all of them, and those that bring mass.
#[derive(Debug, PartialEq, Eq)]
struct Leaves {
    all: BTreeSet<LeafContent>,
    heavy: BTreeSet<LeafContent>,
}

/// Remembers what it worked out.
pub(super) struct Court<'a> {
    scene: &'a Scene<'a>,
    places_left: usize,
    pairs_left: usize,
    exhausted: bool,
    origins: Origins,
    leaves: BTreeMap<Place, Rc<Leaves>>,
    descents: BTreeMap<StatementId, Rc<BTreeMap<Place, bool>>>,
    boundaries: BTreeMap<ArtifactRef, Rc<Boundary>>,
}

impl<'a> Court<'a> {
    pub(super) fn new(scene: &'a Scene<'a>) -> Self {
        Self {
            scene,
            places_left: CLAIM_PLACES_MAX,
            pairs_left: CLAIM_PAIRS_MAX,
            exhausted: false,
            origins: Origins::new(),
            leaves: BTreeMap::new(),
            descents: BTreeMap::new(),
            boundaries: BTreeMap::new(),
        }
    }

    /// Returns, of contents that only came back, where they come from.
    pub(super) fn into_origins(self) -> Origins {
        self.origins
    }

    pub(super) fn scene(&self) -> &'a Scene<'a> {
        self.scene
    }

    /// Returns whether a limit was reached, so that some claims were not compared.
    pub(super) fn is_exhausted(&self) -> bool {
        self.exhausted
    }

    fn look(&mut self) -> Option<()> {
        let left = self.places_left.checked_sub(1);
        self.exhausted |= left.is_none();
        self.places_left = left?;
        Some(())
    }

    /// Decides about two claims of `digest`.
    pub(super) fn rule(&mut self, one: ArtifactRef, other: ArtifactRef, digest: Sha256Digest) -> Ruling {
        if self.exhausted || self.pairs_left == 0 {
            self.exhausted = true;
            return Ruling::Open;
        }
        self.pairs_left -= 1;
        let graph = self.scene.graph;
        let (Some(a), Some(b)) = (graph.locate(one), graph.locate(other)) else {
            // A subject that does not exist claims nothing, and is a finding by itself.
            return Ruling::Agree;
        };
        if contradiction(&a, &b).is_some() {
            return Ruling::Differ;
        }
        if says_nothing(graph, &a, &b) {
            return Ruling::Agree;
        }
        match (a.thing, b.thing) {
            (Thing::Source, Thing::Source) => self.sources(one, other),
            (Thing::ExternalModel, Thing::ExternalModel) => Ruling::Agree,
            (Thing::ExternalModel, Thing::Output(OutputKind::Model))
            | (Thing::Output(OutputKind::Model), Thing::ExternalModel) => match self.descent(one, other) {
                Some(Descent::Plain) => Ruling::Agree,
                Some(Descent::MadeAnew | Descent::Apart) => Ruling::OwnModel,
                None => Ruling::Open,
            },
            _ => self.lineages(one, other, digest),
        }
    }

    fn sources(&self, one: ArtifactRef, other: ArtifactRef) -> Ruling {
        match (self.scene.effective(one), self.scene.effective(other)) {
            (Some(a), Some(b)) if facts(a) != facts(b) => Ruling::Differ,
            _ => Ruling::Agree,
        }
    }

    /// An ancestor and its descendant agree if nothing between them made new content; others if they end in the
    /// same leaves.
    fn lineages(&mut self, one: ArtifactRef, other: ArtifactRef, digest: Sha256Digest) -> Ruling {
        let Some(descent) = self.descent(one, other) else {
            return Ruling::Open;
        };
        let agree = match descent {
            Descent::Plain => {
                self.came_back(one, other, digest);
                true
            }
            Descent::MadeAnew => false,
            Descent::Apart => match (self.leaves_of(one, digest), self.leaves_of(other, digest)) {
                (Some(a), Some(b)) => a == b && self.boundaries_overlap(one, other),
                _ => return Ruling::Open,
            },
        };
        if agree { Ruling::Agree } else { Ruling::Differ }
    }

    /// Returns whether one content can have both boundaries. Prompts and filters bring no mass and have none.
    fn boundaries_overlap(&mut self, one: ArtifactRef, other: ArtifactRef) -> bool {
        let graph = self.scene.graph;
        let bare = |claim: ArtifactRef| {
            let thing = graph.locate(claim).map(|located| located.thing);
            matches!(thing, Some(Thing::Prompt | Thing::Filter))
        };
        bare(one) || bare(other) || self.boundary(one).overlaps(&self.boundary(other))
    }

    /// Returns what an artifact consists of. The same parents in other proportions are another story, and the cleaner
    /// one would be a choice, not a fact.
    fn boundary(&mut self, claim: ArtifactRef) -> Rc<Boundary> {
        let whole = claim.whole();
        let scene = self.scene;
        let known = self.boundaries.entry(whole).or_insert_with(|| {
            let mass = Mass::over(&scene.contents, &scene.replaced, &[whole]);
            Rc::new(mass.of_all(&[whole]))
        });
        Rc::clone(known)
    }

    /// Notes that the newer of two claims only brings back the content of the older.
    fn came_back(&mut self, one: ArtifactRef, other: ArtifactRef, digest: Sha256Digest) {
        let graph = self.scene.graph;
        let index = |claim: ArtifactRef| graph.nodes.get(&claim.statement).map(|node| node.index);
        let (older, newer) = if index(one) < index(other) {
            (one, other)
        } else {
            (other, one)
        };
        let known = self.origins.entry((newer.statement, digest)).or_insert(older);
        if index(older) < index(*known) {
            *known = older;
        }
    }

    /// Returns how one of two artifacts descends from the other; nothing if the limit is reached.
    fn descent(&mut self, one: ArtifactRef, other: ArtifactRef) -> Option<Descent> {
        let mut found = Descent::Apart;
        for (descendant, ancestor) in [(one, other), (other, one)] {
            let below = self.below(descendant)?;
            let places = [ancestor, ancestor.whole()].map(Place::Artifact);
            for made in places.iter().filter_map(|place| below.get(place)) {
                found = match (found, made) {
                    (Descent::MadeAnew, _) | (_, true) => Descent::MadeAnew,
                    (Descent::Plain | Descent::Apart, false) => Descent::Plain,
                };
            }
        }
        Some(found)
    }

    /// Returns everything the run that made an artifact descends from, each with whether new content was made on
    /// some way to it; empty for a leaf.
    fn below(&mut self, claim: ArtifactRef) -> Option<Rc<BTreeMap<Place, bool>>> {
        let graph = self.scene.graph;
        if graph.run(claim.statement).is_none() {
            return Some(Rc::default());
        }
        if let Some(known) = self.descents.get(&claim.statement) {
            return Some(Rc::clone(known));
        }
        let start = Place::Run(claim.statement);
        let mut made = BTreeMap::from([(start, false)]);
        let mut queue = BTreeSet::from([order(graph, start)]);
        while let Some((_, _, place)) = queue.pop_last() {
            self.look()?;
            let makes = matches!(place, Place::Run(id) if makes_content(graph, id));
            let here = makes || made.get(&place).copied().unwrap_or_default();
            for next in graph.below(place) {
                *made.entry(next).or_insert(false) |= here;
                queue.insert(order(graph, next));
            }
        }
        let made = Rc::new(made);
        self.descents.insert(claim.statement, Rc::clone(&made));
        Some(made)
    }

    fn leaves_of(&mut self, claim: ArtifactRef, digest: Sha256Digest) -> Option<Rc<Leaves>> {
        let graph = self.scene.graph;
        let thing = graph.locate(claim)?.thing;
        // A leaf that claims the bytes through a manifest is, for these bytes, the member alone.
        let alone = match thing {
            Thing::Source | Thing::Prompt | Thing::Filter => Some(LeafContent::Bytes(digest)),
            Thing::ExternalModel => Some(LeafContent::Model(digest)),
            Thing::Output(_) | Thing::Dataset => None,
        };
        if let Some(leaf) = alone {
            let leaf = BTreeSet::from([leaf]);
            return Some(Rc::new(Leaves {
                all: leaf.clone(),
                heavy: leaf,
            }));
        }
        let start = Place::Run(claim.statement);
        if let Some(known) = self.leaves.get(&start) {
            return Some(Rc::clone(known));
        }
        let leaves = Rc::new(Leaves {
            all: self.gather(start, |place| graph.below(place))?,
            heavy: self.gather(start, |place| heavy_below(graph, place))?,
        });
        self.leaves.insert(start, Rc::clone(&leaves));
        Some(leaves)
    }

    fn gather(&mut self, start: Place, below: impl Fn(Place) -> Vec<Place>) -> Option<BTreeSet<LeafContent>> {
        let mut seen = BTreeSet::from([start]);
        let mut queue = vec![start];
        let mut leaves = BTreeSet::new();
        while let Some(place) = queue.pop() {
            self.look()?;
            self.leaf(place, &mut leaves);
            queue.extend(below(place).into_iter().filter(|next| seen.insert(*next)));
        }
        Some(leaves)
    }

    fn leaf(&self, place: Place, leaves: &mut BTreeSet<LeafContent>) {
        let graph = self.scene.graph;
        match place {
            Place::Run(_) => {}
            Place::Gap(id, at) => {
                let gap = graph.gap(id, at);
                let text = gap.map_or(String::new(), |gap| format!("{}\n{:?}", gap.text, gap.digest));
                leaves.insert(LeafContent::Gap(Sha256Digest::of(text.as_bytes())));
            }
            Place::Artifact(reference) => {
                if let Some(located) = graph.locate(reference) {
                    self.leaf_artifact(reference, &located, leaves);
                }
            }
        }
    }

    fn leaf_artifact(
        &self,
        reference: ArtifactRef,
        located: &Located<'_>,
        leaves: &mut BTreeSet<LeafContent>,
    ) {
        let of: fn(Sha256Digest) -> LeafContent = match located.thing {
            Thing::Source | Thing::Prompt | Thing::Filter => LeafContent::Bytes,
            Thing::ExternalModel => LeafContent::Model,
            Thing::Output(_) | Thing::Dataset => return,
        };
        match (
            self.scene.graph.members_of(located),
            located.content_id(),
            located.artifact,
        ) {
            (Some(members), ..) => leaves.extend(members.iter().map(|member| of(member.sha256))),
            (None, Some(digest), _) => {
                leaves.insert(of(digest));
            }
            (None, None, Some(artifact)) => {
                leaves.insert(LeafContent::Declared(self.declared(reference, located, artifact)));
            }
            (None, None, None) => {}
        }
    }

    /// Two things without bytes are the same only if everything about their origin is.
    fn declared(&self, reference: ArtifactRef, located: &Located<'_>, artifact: &Artifact) -> Sha256Digest {
        let origin = match &located.node.statement.predicate {
            Predicate::Model(model) => format!("{}\n{}", model.provider, model.version),
            _ => format!("{:?}", self.scene.effective(reference).map(facts)),
        };
        Sha256Digest::of(format!("{}\n{}\n{origin}", located.thing, artifact.sha256).as_bytes())
    }
}

/// Where a place comes when every place is looked at before what it descends from.
fn order(graph: &Graph, place: Place) -> (LeafIndex, bool, Place) {
    let id = match place {
        Place::Artifact(reference) => reference.statement,
        Place::Run(id) | Place::Gap(id, _) => id,
    };
    let index = graph.nodes.get(&id).map_or(LeafIndex::new(0), |node| node.index);
    (index, matches!(place, Place::Artifact(_)), place)
}

/// Returns what a place has its mass from.
fn heavy_below(graph: &Graph, place: Place) -> Vec<Place> {
    let Place::Run(id) = place else {
        return graph.below(place);
    };
    let Some((node, run)) = graph.run(id) else {
        return Vec::new();
    };
    let heavy = run.inputs.iter().zip(&node.cites).enumerate();
    heavy
        .filter(|(_, (input, _))| has_mass(run, input.role))
        .flat_map(|(at, (_, cited))| {
            let gap = graph.gap(id, at).map(|_| Place::Gap(id, at));
            cited.iter().copied().map(Place::Artifact).chain(gap)
        })
        .collect()
}

/// Returns what two claims about one content state differently of it, though only one of them can be right.
pub(super) fn contradiction(one: &Located<'_>, other: &Located<'_>) -> Option<&'static str> {
    let differ =
        |left: Option<u64>, right: Option<u64>| left.zip(right).is_some_and(|(left, right)| left != right);
    let (one, other) = (Stated::of(one), Stated::of(other));
    if one
        .blake3
        .zip(other.blake3)
        .is_some_and(|(left, right)| left != right)
    {
        return Some("BLAKE3");
    }
    if differ(one.bytes, other.bytes) {
        return Some("size");
    }
    differ(one.rows, other.rows).then_some("rows")
}

/// What a claim states of its content, beside the digest that it shares with others.
struct Stated {
    blake3: Option<Blake3Digest>,
    bytes: Option<u64>,
    rows: Option<u64>,
}

impl Stated {
    fn of(claim: &Located<'_>) -> Self {
        if let Some(member) = claim.member {
            return Self {
                blake3: member.blake3,
                bytes: member.bytes,
                rows: member.rows,
            };
        }
        let (blake3, bytes) = match claim.artifact.map(|artifact| &artifact.content) {
            Some(Content::File { blake3, bytes, .. }) => (*blake3, *bytes),
            _ => (None, None),
        };
        let alone = claim.set.filter(|set| set.artifacts.len() == 1);
        let rows = claim
            .artifact
            .and_then(|artifact| artifact.rows)
            .or_else(|| alone?.rows);
        Self {
            blake3,
            bytes,
            rows: rows.map(|rows| rows.value),
        }
    }
}

/// What two sources must have in common: who made it, with which models, and what that makes them.
fn facts(
    source: &Source,
) -> (
    crate::statement::MadeBy,
    BTreeSet<&str>,
    OriginClass,
    Option<String>,
) {
    let generators = match &source.generators {
        Generators::Named(names) => names.iter().map(String::as_str).collect(),
        Generators::Absent | Generators::NotKnown => BTreeSet::new(),
    };
    let share = source.synthetic_share.as_ref().map(ToString::to_string);
    (source.made_by, generators, classify(source), share)
}

fn makes_content(graph: &Graph, id: StatementId) -> bool {
    graph.run(id).is_some_and(|(_, run)| {
        run.rewrites
            || matches!(run.does, Does::Train | Does::Merge | Does::Generate)
            || run.inputs.iter().any(|input| input.role == Role::Generator)
    })
}

/// Returns whether equal bytes mean nothing here: a file beside the weights of a model, by the word of every model
/// that has it.
fn says_nothing(graph: &Graph, one: &Located<'_>, other: &Located<'_>) -> bool {
    let models = [one, other].into_iter().filter(|claim| claim.is_of_model());
    let words: Vec<bool> = models.map(|claim| is_no_weights(graph, claim)).collect();
    !words.is_empty() && words.iter().all(|word| *word)
}
