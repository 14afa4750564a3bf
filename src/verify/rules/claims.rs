//! Can all claims about the same bytes be true? Origin is judged per content, not per node.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::statement::ArtifactRef;
use crate::statement::CountBasis;
use crate::statement::Does;
use crate::statement::Generators;
use crate::statement::OutputKind;
use crate::statement::Predicate;
use crate::statement::Role;
use crate::statement::Source;
use crate::statement::Thing;
use crate::verify::finding::Code;
use crate::verify::finding::Finding;
use crate::verify::graph::Graph;
use crate::verify::graph::LeafContent;
use crate::verify::graph::Located;
use crate::verify::graph::Place;
use crate::verify::judge::Case;
use crate::verify::judge::Scene;
use crate::verify::mass::Replaced;
use crate::verify::mass::classify;

/// Contents without a row, whose equality says nothing.
const CONTENT_WITHOUT_ROWS: [&[u8]; 7] = [b"", b"\n", b"[]", b"[]\n", b"{}", b"{}\n", b"null"];

/// The largest file of a model that can pass for something else than its weights, in bytes.
const NON_WEIGHT_BYTES_MAX: u64 = 64 << 20;

/// Endings of files that belong to a model without being its weights.
const NON_WEIGHT_ENDINGS: [&str; 8] = [
    ".json", ".jsonl", ".txt", ".md", ".jinja", ".model", ".yaml", ".py",
];

/// Names of such files that have no telling ending.
const NON_WEIGHT_NAMES: [&str; 5] = ["LICENSE", "NOTICE", "README", "USE_POLICY", ".gitattributes"];

/// Finds the sources whose claim gave way to a later, less favourable version by the same key and name.
pub(in crate::verify) fn replaced(case: &Case) -> Replaced {
    let mut replaced = Replaced::new();
    for claims in case.claims.values() {
        let sources: Vec<_> = claims
            .iter()
            .filter_map(|claim| Some((*claim, source_of(&case.graph, *claim)?)))
            .collect();
        for (claim, (index, issuer, source)) in &sources {
            let worse = sources
                .iter()
                .map(|(_, other)| other)
                .filter(|(later, by, other)| {
                    later > index
                        && by == issuer
                        && other.name == source.name
                        && favour(other) < favour(source)
                })
                .min_by_key(|(_, _, other)| favour(other));
            if let Some((_, _, worse)) = worse {
                let whole = ArtifactRef {
                    member: None,
                    ..*claim
                };
                let known = replaced.get(&whole).map(favour);
                if known.is_none_or(|known| favour(worse) < known) {
                    replaced.insert(whole, (*worse).clone());
                }
            }
        }
    }
    replaced
}

fn source_of(graph: &Graph, claim: ArtifactRef) -> Option<(u64, crate::digest::KeyId, &Source)> {
    let node = graph.nodes.get(&claim.statement)?;
    match &node.statement.predicate {
        Predicate::Source(source) => Some((node.index.get(), node.statement.issuer, source)),
        _ => None,
    }
}

/// Orders sources from the least to the most favourable: by class, then by the share that is not synthetic.
fn favour(source: &Source) -> (impl Ord + use<>, num_rational::BigRational) {
    let share = source
        .synthetic_share
        .as_ref()
        .map(|share| -share.value().clone());
    (classify(source), share.unwrap_or_default())
}

pub(super) fn apply(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    for (reference, source) in scene
        .replaced
        .iter()
        .filter(|(at, _)| scene.from.contains_key(&Place::Artifact(**at)))
    {
        let message = format!(
            "a later version by the same key says made_by {} of the same bytes; the less favourable one counts",
            source.made_by
        );
        findings.push(scene.finding(Code::ClaimReplaced, Place::Artifact(*reference), message));
    }
    let mut court = Court {
        scene,
        leaves: BTreeMap::new(),
        decided: BTreeMap::new(),
    };
    let mut told = BTreeSet::new();
    for (digest, claims) in &scene.case.claims {
        if claims.len() < 2 || without_rows(scene.graph, *digest, claims) {
            continue;
        }
        let Some(ours) = claims
            .iter()
            .copied()
            .find(|claim| on_walk(scene, *claim).is_some())
        else {
            continue;
        };
        for other in claims
            .iter()
            .copied()
            .filter(|claim| claim.statement != ours.statement)
        {
            if !told.insert((ours.statement, other.statement)) {
                continue;
            }
            if !court.agree(ours, other, *digest) {
                findings.push(conflict(scene, ours, other, *digest));
            } else if let Some(finding) = licences(scene, ours, other) {
                findings.push(finding);
            }
        }
    }
}

/// Returns the place of a claim on the walk: the member itself, or the manifest that holds it.
fn on_walk(scene: &Scene<'_>, claim: ArtifactRef) -> Option<Place> {
    let whole = ArtifactRef {
        member: None,
        ..claim
    };
    [claim, whole]
        .into_iter()
        .map(Place::Artifact)
        .find(|place| scene.from.contains_key(place))
}

/// Decides whether two claims can both be true, remembering what it worked out.
struct Court<'a> {
    scene: &'a Scene<'a>,
    leaves: BTreeMap<ArtifactRef, BTreeSet<(LeafContent, bool)>>,
    decided: BTreeMap<(StatementId, StatementId), bool>,
}

impl Court<'_> {
    fn agree(&mut self, one: ArtifactRef, other: ArtifactRef, digest: Sha256Digest) -> bool {
        let graph = self.scene.graph;
        let (Some(a), Some(b)) = (graph.locate(one), graph.locate(other)) else {
            return true;
        };
        match (a.thing, b.thing) {
            (Thing::Source, Thing::Source) => self.sources_agree(one, other),
            // Held against each other by name and weights elsewhere.
            (Thing::ExternalModel, Thing::Output(OutputKind::Model) | Thing::ExternalModel)
            | (Thing::Output(OutputKind::Model), Thing::ExternalModel) => true,
            _ if !is_weights(graph, one) || !is_weights(graph, other) => true,
            (Thing::Output(_), Thing::Output(_)) => {
                let pair = (
                    one.statement.min(other.statement),
                    one.statement.max(other.statement),
                );
                if let Some(known) = self.decided.get(&pair) {
                    return *known;
                }
                let agree = self.lineages_agree(one, other, digest);
                self.decided.insert(pair, agree);
                agree
            }
            _ => self.lineages_agree(one, other, digest),
        }
    }

    fn sources_agree(&self, one: ArtifactRef, other: ArtifactRef) -> bool {
        let effective = |claim: ArtifactRef| {
            let whole = ArtifactRef {
                member: None,
                ..claim
            };
            self.scene
                .replaced
                .get(&whole)
                .or_else(|| source_of(self.scene.graph, claim).map(|(_, _, source)| source))
        };
        match (effective(one), effective(other)) {
            (Some(a), Some(b)) => {
                a.made_by == b.made_by
                    && generators(a) == generators(b)
                    && self.boundaries_overlap(one, other)
            }
            _ => true,
        }
    }

    /// Returns whether one content can have both boundaries: else the cleaner one is a choice, not a fact.
    fn boundaries_overlap(&self, one: ArtifactRef, other: ArtifactRef) -> bool {
        let whole = |claim: ArtifactRef| ArtifactRef {
            member: None,
            ..claim
        };
        self.scene
            .mass
            .of(whole(one))
            .overlaps(&self.scene.mass.of(whole(other)))
    }

    /// An ancestor and its descendant agree if nothing between them made new content; others if they end in the
    /// same leaves.
    fn lineages_agree(&mut self, one: ArtifactRef, other: ArtifactRef, digest: Sha256Digest) -> bool {
        match (self.between(one, other), self.between(other, one)) {
            (Some(plain), _) | (_, Some(plain)) => plain,
            (None, None) => {
                self.boundaries_overlap(one, other)
                    && self.leaves_of(one, digest) == self.leaves_of(other, digest)
            }
        }
    }

    /// Returns whether no run between a descendant and its ancestor made new content; nothing if it is not one.
    fn between(&self, descendant: ArtifactRef, ancestor: ArtifactRef) -> Option<bool> {
        let graph = self.scene.graph;
        let whole = |claim: ArtifactRef| {
            Place::Artifact(ArtifactRef {
                member: None,
                ..claim
            })
        };
        let reached = graph.reach(&[whole(descendant)]);
        let is_ancestor = |place: &Place| *place == whole(ancestor) || *place == Place::Artifact(ancestor);
        if !reached.keys().any(is_ancestor) {
            return None;
        }
        let made_new = reached.keys().any(|place| match place {
            Place::Run(id) => makes_content(graph, *id) && graph.reach(&[*place]).keys().any(is_ancestor),
            Place::Artifact(_) | Place::Gap(..) => false,
        });
        Some(!made_new)
    }

    fn leaves_of(&mut self, claim: ArtifactRef, digest: Sha256Digest) -> BTreeSet<(LeafContent, bool)> {
        let graph = self.scene.graph;
        // A leaf that claims the bytes through a manifest is, for these bytes, the member alone.
        if claim.member.is_some() && graph.locate(claim).is_some_and(|located| is_leaf(located.thing)) {
            return BTreeSet::from([(LeafContent::Content(digest), true)]);
        }
        let whole = ArtifactRef {
            member: None,
            ..claim
        };
        self.leaves
            .entry(whole)
            .or_insert_with(|| graph.leaves(Place::Artifact(whole)))
            .clone()
    }
}

fn is_leaf(thing: Thing) -> bool {
    matches!(thing, Thing::Source | Thing::Prompt | Thing::Filter)
}

fn generators(source: &Source) -> BTreeSet<&str> {
    match &source.generators {
        Generators::Named(names) => names.iter().map(String::as_str).collect(),
        Generators::Absent | Generators::NotKnown => BTreeSet::new(),
    }
}

fn makes_content(graph: &Graph, id: StatementId) -> bool {
    graph.run(id).is_some_and(|(_, run)| {
        run.rewrites
            || matches!(run.does, Does::Train | Does::Merge | Does::Generate)
            || run.inputs.iter().any(|input| input.role == Role::Generator)
    })
}

/// Returns whether a claim is about data, or about a file of a model that could be its weights.
pub(super) fn is_weights(graph: &Graph, claim: ArtifactRef) -> bool {
    let Some(Located { thing, member, .. }) = graph.locate(claim) else {
        return true;
    };
    if !matches!(thing, Thing::ExternalModel | Thing::Output(OutputKind::Model)) {
        return true;
    }
    // A model of one file is that file, whatever it is called.
    let Some(member) = member else { return true };
    let file = member.name.rsplit('/').next().unwrap_or_default();
    let telling = NON_WEIGHT_ENDINGS
        .iter()
        .any(|ending| file.to_ascii_lowercase().ends_with(ending))
        || NON_WEIGHT_NAMES.iter().any(|name| file.starts_with(name));
    !telling || member.bytes.is_none_or(|bytes| bytes > NON_WEIGHT_BYTES_MAX)
}

/// Content without rows: known empty forms, or counted to have none by every claim that counts.
fn without_rows(graph: &Graph, digest: Sha256Digest, claims: &BTreeSet<ArtifactRef>) -> bool {
    if CONTENT_WITHOUT_ROWS
        .iter()
        .any(|content| Sha256Digest::of(content) == digest)
    {
        return true;
    }
    claims.iter().all(|claim| {
        graph
            .locate(*claim)
            .and_then(|located| located.artifact?.rows)
            .is_some_and(|rows| {
                claim.member.is_none() && rows.value == 0 && rows.basis == CountBasis::Counted
            })
    })
}

fn conflict(scene: &Scene<'_>, ours: ArtifactRef, other: ArtifactRef, digest: Sha256Digest) -> Finding {
    let place = on_walk(scene, ours).unwrap_or(Place::Artifact(ours));
    let message = format!(
        "the same bytes (sha256 {digest}) are claimed twice, and both cannot be true: {}; {}",
        told(scene.graph, ours),
        told(scene.graph, other)
    );
    let mut finding = scene.finding(Code::ConflictingOrigin, place, message);
    finding.other_path = rival_path(scene.graph, ours, other);
    finding
}

/// Tells a claim: what it is called, which entry says it, and as what.
fn told(graph: &Graph, claim: ArtifactRef) -> String {
    let Some(located) = graph.locate(claim) else {
        return claim.to_string();
    };
    let (name, index) = (located.name(), located.node.index);
    match &located.node.statement.predicate {
        Predicate::Source(source) => format!("entry {index} says source {name}, made by {}", source.made_by),
        Predicate::Run(run) => format!(
            "entry {index} says {name}, output of run {} ({})",
            run.name, run.does
        ),
        _ => format!("entry {index} says {} {name}", located.thing),
    }
}

/// The rival's own path, down to a leaf that the other claim does not have: to a model that made the bytes rather
/// than to a filter they passed.
fn rival_path(graph: &Graph, ours: ArtifactRef, other: ArtifactRef) -> Vec<crate::verify::PathStep> {
    let known: BTreeSet<_> = graph.leaves(Place::Artifact(ours));
    let start = Place::Artifact(other);
    let reached = graph.reach(&[start]);
    let is_end = |place: &Place| graph.below(*place).is_empty() && !graph.leaves(*place).is_subset(&known);
    let weight = |place: &Place| match place {
        Place::Artifact(reference) => match graph.locate(*reference).map(|located| located.thing) {
            Some(Thing::ExternalModel) => 0,
            Some(Thing::Source) => 2,
            _ => 3,
        },
        Place::Gap(..) => 1,
        Place::Run(_) => 4,
    };
    let end = reached
        .keys()
        .copied()
        .filter(is_end)
        .min_by_key(weight)
        .unwrap_or(start);
    graph.path(&reached, end)
}

fn licences(scene: &Scene<'_>, ours: ArtifactRef, other: ArtifactRef) -> Option<Finding> {
    let (_, _, one) = source_of(scene.graph, ours)?;
    let (index, _, two) = source_of(scene.graph, other)?;
    if one.licence == two.licence {
        return None;
    }
    let shown = |licence: &Option<String>| licence.clone().unwrap_or_else(|| "none stated".to_owned());
    let message = format!(
        "the same bytes stand under {} here and under {} at entry {index}",
        shown(&one.licence),
        shown(&two.licence)
    );
    Some(scene.finding(Code::LicencesDiffer, on_walk(scene, ours)?, message))
}
