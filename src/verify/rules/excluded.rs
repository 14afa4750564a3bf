//! Does any path lead from something that was to be excluded to the target?
//!
//! It is judged by content, as everything else: what has the bytes of the node is the node, under whatever name, in
//! whatever manifest; and bytes on the walk that another statement claims, too, descend from what that one descends
//! from. Only where the whole walk is sound is the absence of a path shown (`docs/adr/0022`).

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::statement::ArtifactRef;
use crate::statement::Predicate;
use crate::verify::exclusion::Excluded;
use crate::verify::exclusion::Exclusion;
use crate::verify::exclusion::ExclusionFact;
use crate::verify::exclusion::Unwanted;
use crate::verify::finding::Code;
use crate::verify::finding::Finding;
use crate::verify::finding::PathStep;
use crate::verify::finding::Verdict;
use crate::verify::finding::verdict_of;
use crate::verify::graph::Graph;
use crate::verify::graph::Place;
use crate::verify::graph::gaps;
use crate::verify::scene::Scene;

use super::alike::alike;
use super::alike::by_declaration;
use super::beside::by_attachments;
use super::beside::incomparable;
use super::beside::told_apart;
use super::claims::on_walk;
use super::court::says_nothing;
use super::exempt::without_rows;
use super::notices::Targets;
use super::notices::hits;

/// A node that is to be excluded, with everything it stands for.
pub(super) struct Wanted<'a> {
    pub(super) asked: &'a str,
    pub(super) artifacts: BTreeSet<ArtifactRef>,
    pub(super) bytes: BTreeSet<Sha256Digest>,
    /// What corrections put in the place of it: from that to what it replaced.
    stand_ins: BTreeMap<ArtifactRef, ArtifactRef>,
    /// Why not everything that it stands for is known.
    open: Option<String>,
}

/// Answers every exclusion that was asked for; nothing if none was. `findings` are all others.
pub(in crate::verify) fn apply(scene: &Scene<'_>, findings: &mut Vec<Finding>) -> Vec<ExclusionFact> {
    let asked = &scene.case.request.excludes;
    if asked.is_empty() {
        return Vec::new();
    }
    let whole = matches!(verdict_of(findings), Verdict::Traced | Verdict::NotPermitted);
    let wanted: Vec<Wanted<'_>> = asked.iter().map(|one| Wanted::of(scene, one)).collect();
    let mut ways = direct(scene, &wanted);
    by_bytes(scene, &wanted, &mut ways);
    by_attachments(scene, &wanted, &mut ways);
    by_declaration(scene, &wanted, &mut ways);
    let exhausted = by_other_claims(scene, &wanted, &mut ways);
    let mut facts = Vec::new();
    for (at, one) in wanted.iter().enumerate() {
        let name = &scene.case.request.name;
        let open = || {
            if !whole {
                Some("the lineage itself is not sound and whole: see the other findings".to_owned())
            } else if exhausted {
                Some("not all claims about the bytes of this lineage could be followed".to_owned())
            } else {
                let open = one.open.clone().or_else(|| alike(scene, one));
                open.or_else(|| incomparable(scene, one))
            }
        };
        let (fact, finding) = if let Some(way) = ways.remove(&at) {
            not_excluded(scene, one.asked, way)
        } else if let Some(why) = open() {
            not_shown(one.asked, name, &why)
        } else {
            (excluded(scene, one), None)
        };
        facts.push(fact);
        findings.extend(finding);
    }
    facts
}

impl<'a> Wanted<'a> {
    /// Opens data sets down to what they collect, and statements to what they declare.
    fn of(scene: &Scene<'_>, one: &'a Excluded) -> Self {
        let graph = scene.graph;
        let mut wanted = Self {
            asked: &one.asked,
            artifacts: BTreeSet::new(),
            bytes: BTreeSet::new(),
            stand_ins: BTreeMap::new(),
            open: None,
        };
        let mut queue: Vec<ArtifactRef> = Vec::new();
        for what in &one.what {
            match what {
                Unwanted::Bytes(digest) => {
                    wanted.bytes.insert(*digest);
                }
                Unwanted::Artifact(artifact) => queue.push(*artifact),
                Unwanted::Statement(id) => queue.extend(declared_by(graph, *id)),
            }
            let missing = what.statement().filter(|id| !graph.nodes.contains_key(id));
            if let Some(id) = missing {
                wanted.open = Some(format!(
                    "hb:{id} is not part of this evidence, so nobody can see what it is: give the digest of its bytes \
                     (sha256:...), or ask for a bundle that was written with --excludes"
                ));
            }
        }
        while let Some(artifact) = queue.pop() {
            if !wanted.artifacts.insert(artifact) {
                continue;
            }
            // What stands in its place is it, too.
            let stand_in = scene.case.effects.redirect.of(artifact);
            if stand_in != artifact {
                wanted.stand_ins.insert(stand_in, artifact);
            }
            queue.push(stand_in);
            if !graph.is_data_set(artifact) {
                continue;
            }
            let Some(node) = graph.nodes.get(&artifact.statement) else {
                continue;
            };
            queue.extend(node.cites.iter().flatten().copied());
            let unread = node
                .cites
                .iter()
                .flatten()
                .find(|member| !graph.nodes.contains_key(&member.statement));
            if let Some((_, gap)) = gaps(node).first() {
                wanted.open = Some(format!(
                    "it collects \"{}\", which nobody declared, so nobody can say where that went",
                    gap.text
                ));
            } else if let Some(member) = unread {
                wanted.open = Some(format!(
                    "it collects {member}, which is not part of this evidence"
                ));
            }
        }
        wanted
    }
}

fn declared_by(graph: &Graph, id: StatementId) -> Vec<ArtifactRef> {
    let Some(node) = graph.nodes.get(&id) else {
        return vec![ArtifactRef::subject(id, 0)];
    };
    let count = match &node.statement.predicate {
        Predicate::Dataset(_) => 1,
        other => other.artifacts().count(),
    };
    (0_u32..)
        .take(count)
        .map(|subject| ArtifactRef::subject(id, subject))
        .collect()
}

/// How a node is reached: a place on the walk, and what that has to do with the node.
pub(super) struct Way {
    place: Place,
    other_path: Vec<PathStep>,
    told: String,
}

/// The first way that was found for each node.
pub(super) type Ways = BTreeMap<usize, Way>;

pub(super) fn note(ways: &mut Ways, at: usize, place: Place, told: impl Into<String>) {
    ways.entry(at).or_insert_with(|| Way {
        place,
        other_path: Vec::new(),
        told: told.into(),
    });
}

/// The node itself, or something with its content by the claims that were gathered.
fn direct(scene: &Scene<'_>, wanted: &[Wanted<'_>]) -> Ways {
    let mut targets = Targets::new();
    for (at, one) in wanted.iter().enumerate() {
        for artifact in &one.artifacts {
            targets.entry(*artifact).or_default().insert(at);
        }
    }
    let mut ways = Ways::new();
    for ((at, target), places) in hits(scene, &targets) {
        let is_itself =
            |place: &&Place| matches!(place, Place::Artifact(found) if found.whole() == target.whole());
        let itself = places.iter().find(is_itself);
        let stands_for = wanted.get(at).and_then(|one| one.stand_ins.get(&target));
        if let (Some(place), Some(old)) = (itself, stands_for) {
            note(&mut ways, at, *place, replaced(scene, *old, *place));
        } else if let Some(place) = itself {
            note(&mut ways, at, *place, "it is an ancestor");
        } else if let Some(place) = places.first() {
            note(&mut ways, at, *place, how(scene, target, *place));
        }
    }
    ways
}

fn replaced(scene: &Scene<'_>, old: ArtifactRef, place: Place) -> String {
    let old = scene.graph.step(Place::Artifact(old)).name;
    let new = scene.graph.step(place).name;
    format!("{new}, which a correction put in the place of {old}, is an ancestor")
}

/// Says what a place on the walk that is not the node itself has to do with it.
fn how(scene: &Scene<'_>, target: ArtifactRef, place: Place) -> String {
    let name = scene.graph.step(Place::Artifact(target)).name;
    let stands_in = scene.case.effects.redirect.of(target).whole();
    if matches!(place, Place::Artifact(found) if found.whole() == stands_in) {
        return replaced(scene, target, place);
    }
    let located = scene.graph.locate(target);
    let foreign = located.is_some_and(|located| {
        let is_whole = located.member.is_none();
        is_whole
            && located
                .artifact
                .is_some_and(|artifact| !artifact.has_bytes() && artifact.content_id().is_some())
    });
    if foreign {
        return format!("an ancestor has the same foreign identifier as {name}");
    }
    format!("an ancestor has the same bytes as {name}")
}

/// Bytes that were given by their digest.
fn by_bytes(scene: &Scene<'_>, wanted: &[Wanted<'_>], ways: &mut Ways) {
    let mut asked: BTreeMap<Sha256Digest, Vec<usize>> = BTreeMap::new();
    for (at, one) in wanted.iter().enumerate() {
        for digest in &one.bytes {
            asked.entry(*digest).or_default().push(at);
        }
    }
    if asked.is_empty() {
        return;
    }
    for reference in scene.artifacts() {
        let Some(located) = scene.graph.locate(reference) else {
            continue;
        };
        let own = located.artifact.filter(|_| reference.member.is_none());
        let own = own.map(|artifact| artifact.sha256);
        let members = scene.graph.members_of(&located).unwrap_or_default();
        let digests = own
            .into_iter()
            .chain(located.content_id())
            .chain(members.iter().map(|member| member.sha256));
        for digest in digests {
            for at in asked.get(&digest).into_iter().flatten() {
                let told = format!("an ancestor has the bytes with sha256 {digest}");
                note(ways, *at, Place::Artifact(reference), told);
            }
        }
    }
}

/// Statements elsewhere that claim bytes of the walk: what they descend from led to these bytes, too, by their word.
/// What only brings bytes of the walk back does not count. Returns whether a limit was reached.
fn by_other_claims(scene: &Scene<'_>, wanted: &[Wanted<'_>], ways: &mut Ways) -> bool {
    let graph = scene.graph;
    let mut left = scene.case.limits.claim_places;
    let mut seen: BTreeSet<(StatementId, ArtifactRef)> = BTreeSet::new();
    for (digest, claims) in &scene.case.claims {
        if without_rows(graph, *digest, claims) {
            continue;
        }
        let is_ours = |claim: &&ArtifactRef| on_walk(scene, **claim).is_some();
        let Some(ours) = claims.iter().find(is_ours) else {
            continue;
        };
        for rival in claims.iter().filter(|claim| !is_ours(claim)) {
            let pair = graph.locate(*ours).zip(graph.locate(*rival));
            if !seen.insert((rival.statement, *ours))
                || pair.is_some_and(|(one, other)| says_nothing(graph, &one, &other))
            {
                continue;
            }
            let start = Place::Artifact(*rival);
            let below = graph.reach(&[start]);
            let Some(rest) = left.checked_sub(below.len()) else {
                return true;
            };
            left = rest;
            let brings_back = claims
                .iter()
                .filter(is_ours)
                .flat_map(|claim| [*claim, claim.whole()])
                .any(|claim| below.contains_key(&Place::Artifact(claim)));
            if brings_back {
                continue;
            }
            for (at, one) in wanted.iter().enumerate() {
                let found = below.keys().find(|place| is_wanted(graph, one, **place));
                if let (Some(found), Some(place)) = (found, on_walk(scene, *ours)) {
                    ways.entry(at).or_insert_with(|| Way {
                        place,
                        other_path: graph.path(&below, *found),
                        told: format!(
                            "an ancestor has the same bytes as {}, which descends from it",
                            graph.step(Place::Artifact(*rival)).name
                        ),
                    });
                }
            }
        }
    }
    false
}

fn is_wanted(graph: &Graph, one: &Wanted<'_>, place: Place) -> bool {
    let Place::Artifact(found) = place else {
        return false;
    };
    let within = |artifact: &ArtifactRef| {
        *artifact == found || *artifact == found.whole() || artifact.whole() == found
    };
    one.artifacts.iter().any(within)
        || graph
            .locate(found)
            .and_then(|located| located.content_id())
            .is_some_and(|digest| one.bytes.contains(&digest))
}

fn excluded(scene: &Scene<'_>, one: &Wanted<'_>) -> ExclusionFact {
    let (asked, name) = (one.asked, &scene.case.request.name);
    ExclusionFact {
        asked: asked.to_owned(),
        outcome: Exclusion::Excluded,
        path: Vec::new(),
        other_path: Vec::new(),
        why: format!(
            "no declared path leads from {asked} to {name}, and {}",
            told_apart(scene, one)
        ),
    }
}

fn not_excluded(scene: &Scene<'_>, asked: &str, way: Way) -> (ExclusionFact, Option<Finding>) {
    let why = format!("{} descends from {asked}: {}", scene.case.request.name, way.told);
    let mut finding = scene.finding(Code::NotExcluded, way.place, why.clone());
    finding.other_path = way.other_path;
    let fact = ExclusionFact {
        asked: asked.to_owned(),
        outcome: Exclusion::NotExcluded,
        path: finding.path.clone(),
        other_path: finding.other_path.clone(),
        why,
    };
    (fact, Some(finding))
}

fn not_shown(asked: &str, name: &str, open: &str) -> (ExclusionFact, Option<Finding>) {
    let why = format!("nobody can say that {name} does not descend from {asked}: {open}");
    let finding = Finding::of_ledger(Code::ExclusionNotShown, asked, why.clone());
    let fact = ExclusionFact {
        asked: asked.to_owned(),
        outcome: Exclusion::NotShown,
        path: Vec::new(),
        other_path: Vec::new(),
        why,
    };
    (fact, Some(finding))
}
