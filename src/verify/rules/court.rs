//! Decides whether two claims about the same bytes can both be true (`docs/adr/0005`, `0006`, `0008`).

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::rc::Rc;

use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::statement::ArtifactRef;
use crate::statement::Does;
use crate::statement::OutputKind;
use crate::statement::Predicate;
use crate::statement::Role;
use crate::statement::Thing;
use crate::verify::contents::Origins;
use crate::verify::graph::Graph;
use crate::verify::graph::Located;
use crate::verify::graph::Place;
use crate::verify::mass::Boundary;
use crate::verify::mass::Mass;
use crate::verify::mass::has_mass;
use crate::verify::scene::Scene;

use super::exempt::is_no_weights;
use super::leaves::LeafContent;
use super::leaves::Leaves;
use super::leaves::facts;
use super::leaves::leaf;
use super::stated::contradiction;

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

/// Remembers what it worked out.
pub(super) struct Court<'a> {
    scene: &'a Scene<'a>,
    places_left: usize,
    pairs_left: usize,
    exhausted: bool,
    origins: Origins,
    brought_back: BTreeMap<ArtifactRef, Rc<BTreeSet<ArtifactRef>>>,
    leaves: BTreeMap<Place, Rc<Leaves>>,
    descents: BTreeMap<StatementId, Rc<BTreeMap<Place, bool>>>,
    mass: Option<Mass<'a>>,
}

impl<'a> Court<'a> {
    pub(super) fn new(scene: &'a Scene<'a>) -> Self {
        Self {
            scene,
            places_left: scene.case.limits.claim_places,
            pairs_left: scene.case.limits.claim_pairs,
            exhausted: false,
            origins: Origins::new(),
            brought_back: BTreeMap::new(),
            leaves: BTreeMap::new(),
            descents: BTreeMap::new(),
            mass: None,
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

    fn compare(&mut self) -> Option<()> {
        let left = self.pairs_left.checked_sub(1);
        self.exhausted |= left.is_none();
        self.pairs_left = left?;
        Some(())
    }

    fn look(&mut self) -> Option<()> {
        let left = self.places_left.checked_sub(1);
        self.exhausted |= left.is_none();
        self.places_left = left?;
        Some(())
    }

    /// Decides about two of all `claims` of `digest`.
    pub(super) fn rule(
        &mut self,
        one: ArtifactRef,
        other: ArtifactRef,
        (digest, claims): (Sha256Digest, &BTreeSet<ArtifactRef>),
    ) -> Ruling {
        if self.exhausted || self.compare().is_none() {
            return Ruling::Open;
        }
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
            _ => self.lineages(one, other, (digest, claims)),
        }
    }

    fn sources(&self, one: ArtifactRef, other: ArtifactRef) -> Ruling {
        match (self.scene.effective(one), self.scene.effective(other)) {
            (Some(a), Some(b)) if facts(a) != facts(b) => Ruling::Differ,
            _ => Ruling::Agree,
        }
    }

    /// An ancestor and its descendant agree if nothing between them made new content, and so do two descendants of
    /// one such ancestor; others if they end in the same leaves.
    fn lineages(
        &mut self,
        one: ArtifactRef,
        other: ArtifactRef,
        (digest, claims): (Sha256Digest, &BTreeSet<ArtifactRef>),
    ) -> Ruling {
        let agree = match self.descent(one, other) {
            None => None,
            Some(Descent::MadeAnew) => Some(false),
            Some(Descent::Plain) => {
                self.came_back(one, other, digest);
                Some(true)
            }
            Some(Descent::Apart) => self.apart(one, other, (digest, claims)),
        };
        match agree {
            None => Ruling::Open,
            Some(true) => Ruling::Agree,
            Some(false) => Ruling::Differ,
        }
    }

    fn apart(
        &mut self,
        one: ArtifactRef,
        other: ArtifactRef,
        (digest, claims): (Sha256Digest, &BTreeSet<ArtifactRef>),
    ) -> Option<bool> {
        let (ours, theirs) = (self.brought_back(one, claims)?, self.brought_back(other, claims)?);
        if !ours.is_disjoint(&theirs) {
            return Some(true);
        }
        let same = self.leaves_of(one, digest)? == self.leaves_of(other, digest)?;
        Some(same && self.boundaries_overlap(one, other))
    }

    /// Returns the claims of the same bytes that a claim only brings back.
    fn brought_back(
        &mut self,
        claim: ArtifactRef,
        claims: &BTreeSet<ArtifactRef>,
    ) -> Option<Rc<BTreeSet<ArtifactRef>>> {
        if let Some(known) = self.brought_back.get(&claim) {
            return Some(Rc::clone(known));
        }
        let below = self.below(claim)?;
        let mut found = BTreeSet::new();
        for ancestor in claims {
            self.compare()?;
            let places = [*ancestor, ancestor.whole()].map(Place::Artifact);
            let made: Vec<&bool> = places.iter().filter_map(|place| below.get(place)).collect();
            if !made.is_empty() && made.iter().all(|made| !**made) {
                found.insert(*ancestor);
            }
        }
        let found = Rc::new(found);
        self.brought_back.insert(claim, Rc::clone(&found));
        Some(found)
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
    fn boundary(&mut self, claim: ArtifactRef) -> Boundary {
        let scene = self.scene;
        let mass = self
            .mass
            .get_or_insert_with(|| Mass::over(&scene.contents, &scene.replaced, &[]));
        let whole = claim.whole();
        mass.include(&[whole]);
        mass.of_all(&[whole])
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
            for next in story(graph, place) {
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
            all: self.gather(start, |place| story(graph, place))?,
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
            leaf(self.scene, place, &mut leaves);
            queue.extend(below(place).into_iter().filter(|next| seen.insert(*next)));
        }
        Some(leaves)
    }
}

/// Where a place comes when every place is looked at before what it descends from.
fn order(graph: &Graph, place: Place) -> (u64, bool, Place) {
    let id = match place {
        Place::Artifact(reference) => reference.statement,
        Place::Run(id) | Place::Gap(id, _) => id,
    };
    let rank = graph.nodes.get(&id).map_or(0, |node| node.rank);
    (rank, matches!(place, Place::Artifact(_)), place)
}

/// Returns what a place comes from as far as claims go: a source is where a story ends, whatever it was derived from.
fn story(graph: &Graph, place: Place) -> Vec<Place> {
    let node = graph.nodes.get(&place.statement());
    if node.is_some_and(|node| matches!(node.statement.predicate, Predicate::Source(_))) {
        return Vec::new();
    }
    graph.below(place)
}

/// Returns what a place has its mass from.
fn heavy_below(graph: &Graph, place: Place) -> Vec<Place> {
    let Place::Run(id) = place else {
        return story(graph, place);
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

fn makes_content(graph: &Graph, id: StatementId) -> bool {
    graph.run(id).is_some_and(|(_, run)| {
        run.rewrites
            || matches!(run.does, Does::Train | Does::Merge | Does::Generate)
            || run.inputs.iter().any(|input| input.role == Role::Generator)
            || asks_model(graph, id)
    })
}

/// Returns whether a run takes a model as its data: what it puts out is what that model answered.
fn asks_model(graph: &Graph, id: StatementId) -> bool {
    graph.run(id).is_some_and(|(node, run)| {
        let data = run.inputs.iter().zip(&node.cites);
        data.filter(|(input, _)| input.role == Role::Data)
            .flat_map(|(_, cited)| cited)
            .any(|cited| graph.is_model(*cited))
    })
}

/// Returns whether equal bytes mean nothing here: a file beside the weights of a model, by the word of every model
/// that has it.
pub(super) fn says_nothing(graph: &Graph, one: &Located<'_>, other: &Located<'_>) -> bool {
    let models = [one, other].into_iter().filter(|claim| claim.is_of_model());
    let words: Vec<bool> = models.map(|claim| is_no_weights(graph, claim)).collect();
    !words.is_empty() && words.iter().all(|word| *word)
}
