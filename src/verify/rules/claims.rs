//! Can all claims about the same bytes be true? Origin is judged per content, not per node.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::commitment::is_reserved;
use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::statement::Absence;
use crate::statement::Answer;
use crate::statement::ArtifactRef;
use crate::statement::Content;
use crate::statement::Predicate;
use crate::statement::Source;
use crate::statement::Thing;
use crate::verify::contents::Origins;
use crate::verify::finding::Code;
use crate::verify::finding::Finding;
use crate::verify::finding::PathStep;
use crate::verify::graph::Graph;
use crate::verify::graph::Place;
use crate::verify::judge::Case;
use crate::verify::mass::Replaced;
use crate::verify::mass::classify;
use crate::verify::scene::Scene;

use super::court::Court;
use super::court::Ruling;
use super::exempt::without_rows;
use super::inputs::difference;
use super::stated::contradiction;

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
                let known = replaced.get(&claim.whole()).map(favour);
                if known.is_none_or(|known| favour(worse) < known) {
                    replaced.insert(claim.whole(), (*worse).clone());
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
pub(super) fn favour(source: &Source) -> (impl Ord + use<>, num_rational::BigRational) {
    let share = source
        .synthetic_share
        .as_ref()
        .map(|share| -share.value().clone());
    (classify(source), share.unwrap_or_default())
}

pub(super) fn apply(scene: &Scene<'_>, findings: &mut Vec<Finding>) -> Origins {
    replacements(scene, findings);
    let mut court = Court::new(scene);
    let mut told = BTreeSet::new();
    for (digest, claims) in &scene.case.claims {
        if claims.len() < 2 || without_rows(scene.graph, *digest, claims) {
            continue;
        }
        compare(&mut court, *digest, claims, &mut told, findings);
    }
    if court.is_exhausted() {
        let limits = scene.case.limits;
        let message = format!(
            "the claims about the bytes of this lineage were not all compared: it takes more than {} pairs or {} \
             places",
            limits.claim_pairs, limits.claim_places
        );
        findings.push(Finding::of_ledger(Code::LimitReached, "ledger", message));
    }
    court.into_origins()
}

/// Agreement does not carry over: a file beside a model's weights agrees with everybody. So each claim of the lineage
/// is held against every other, of whatever statement.
fn compare(
    court: &mut Court<'_>,
    digest: Sha256Digest,
    claims: &BTreeSet<ArtifactRef>,
    told: &mut BTreeSet<(StatementId, StatementId, Code)>,
    findings: &mut Vec<Finding>,
) {
    let scene = court.scene();
    let mut statements: BTreeMap<StatementId, Vec<ArtifactRef>> = BTreeMap::new();
    for claim in claims {
        statements.entry(claim.statement).or_default().push(*claim);
    }
    let is_ours = |claim: &&ArtifactRef| on_walk(scene, **claim).is_some();
    let mut differing: BTreeMap<Code, Vec<(ArtifactRef, ArtifactRef)>> = BTreeMap::new();
    for (id, ours) in &statements {
        for one in ours.iter().filter(is_ours) {
            let others = statements.iter().filter(|(other, _)| *other != id);
            for other in others.flat_map(|(_, others)| others) {
                if other.statement < *id && is_ours(&other) {
                    continue;
                }
                // The one stands in the place of the other, and a note says so.
                if scene.case.effects.redirect.same(*one, *other) {
                    continue;
                }
                let code = match court.rule(*one, *other, (digest, claims)) {
                    Ruling::Agree => {
                        let note = licences(scene, *one, *other);
                        let new = |note: &Finding| told.insert((*id, other.statement, note.code));
                        findings.extend(note.filter(new));
                        let new = |told_apart: &Finding| told.insert((*id, other.statement, told_apart.code));
                        findings.extend(incomplete(scene, *one, *other).filter(new));
                        continue;
                    }
                    Ruling::Differ => Code::ConflictingOrigin,
                    Ruling::OwnModel => Code::OwnModelAsExternal,
                    Ruling::Open => return,
                };
                differing.entry(code).or_default().push((*one, *other));
            }
        }
    }
    // One finding a content: the oldest two claims that differ, and how many more statements are in it.
    for (code, pairs) in differing {
        let index = |claim: ArtifactRef| scene.graph.nodes.get(&claim.statement).map(|node| node.index);
        let oldest = pairs
            .iter()
            .min_by_key(|(one, other)| (index(*one), index(*other)));
        let Some(&(one, other)) = oldest else { continue };
        if !told.insert((one.statement, other.statement, code)) {
            continue;
        }
        let mut finding = match code {
            Code::OwnModelAsExternal => own_model(scene, one, other, digest),
            _ => conflict(scene, one, other, digest),
        };
        let all: BTreeSet<StatementId> = pairs
            .iter()
            .flat_map(|(one, other)| [one.statement, other.statement])
            .collect();
        if all.len() > 2 {
            finding.message = format!("{} (and {} more)", finding.message, all.len() - 2);
        }
        findings.push(finding);
    }
}

/// A run that says that its inputs are not complete is not made complete by telling it again.
fn incomplete(scene: &Scene<'_>, ours: ArtifactRef, other: ArtifactRef) -> Option<Finding> {
    let (node, run) = scene.graph.run(other.statement)?;
    let is_ours = scene.from.contains_key(&Place::Run(other.statement));
    if run.inputs_complete != Answer::No || is_ours {
        return None;
    }
    let message = format!(
        "entry {} says of the same bytes, as output of run {}, that the inputs are not complete",
        node.index, run.name
    );
    Some(scene.finding(Code::InputsIncomplete, on_walk(scene, ours)?, message))
}

fn replacements(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    let mut told = BTreeSet::new();
    for reference in scene.artifacts() {
        let Some(source) = scene.replaced.get(&reference.whole()) else {
            continue;
        };
        if told.insert(reference.whole()) {
            let message = format!(
                "a later version by the same key says made_by {} of the same bytes; the less favourable one counts",
                source.made_by
            );
            findings.push(scene.finding(Code::ClaimReplaced, Place::Artifact(reference), message));
        }
    }
}

/// Returns the place of a claim on the walk: the member itself, or the manifest that holds it.
pub(super) fn on_walk(scene: &Scene<'_>, claim: ArtifactRef) -> Option<Place> {
    [claim, claim.whole()]
        .into_iter()
        .map(Place::Artifact)
        .find(|place| scene.from.contains_key(place))
}

fn conflict(scene: &Scene<'_>, ours: ArtifactRef, other: ArtifactRef, digest: Sha256Digest) -> Finding {
    let place = on_walk(scene, ours).unwrap_or(Place::Artifact(ours));
    let pair = scene.graph.locate(ours).zip(scene.graph.locate(other));
    let stated = pair.and_then(|(one, two)| contradiction(&one, &two));
    let stated = stated.map_or_else(String::new, |what| {
        format!("; they state different {what} of them")
    });
    let inputs = difference(scene.graph, ours, other).unwrap_or_default();
    let message = format!(
        "the same bytes ({}) are claimed twice, and both cannot be true: {}; {}{stated}{inputs}",
        identity(scene.graph, ours, digest),
        told(scene.graph, ours),
        told(scene.graph, other)
    );
    let mut finding = scene.finding(Code::ConflictingOrigin, place, message);
    finding.other_path = rival_path(scene, other);
    finding
}

/// Tells by what two claims are known to be about the same bytes.
fn identity(graph: &Graph, claim: ArtifactRef, digest: Sha256Digest) -> String {
    let content = graph.locate(claim).filter(|located| located.member.is_none());
    match content
        .and_then(|located| located.artifact)
        .map(|artifact| &artifact.content)
    {
        Some(Content::Absent {
            absence: Absence::Foreign { alg, value },
            ..
        }) => format!("{alg} {value}"),
        _ => format!("sha256 {digest}"),
    }
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

/// An external model with the weights of an own one. Where it is the own one that was asked about, somebody declares
/// it elsewhere as external, and its origin is in doubt.
fn own_model(scene: &Scene<'_>, ours: ArtifactRef, other: ArtifactRef, digest: Sha256Digest) -> Finding {
    let is_external = |claim: &ArtifactRef| {
        let located = scene.graph.locate(*claim);
        located.is_some_and(|located| located.thing == Thing::ExternalModel)
    };
    let (external, own) = if is_external(&ours) {
        (ours, other)
    } else {
        (other, ours)
    };
    let Some(place) = on_walk(scene, external) else {
        return conflict(scene, ours, other, digest);
    };
    let message = format!(
        "the same weights (sha256 {digest}) are declared as external and as made here: {}; {}",
        told(scene.graph, external),
        told(scene.graph, own)
    );
    let mut finding = scene.finding(Code::OwnModelAsExternal, place, message);
    finding.other_path = vec![scene.graph.step(Place::Artifact(own))];
    finding
}

/// The rival's own path: down to a leaf of it, the newest in the log of those that are not on the walk.
fn rival_path(scene: &Scene<'_>, other: ArtifactRef) -> Vec<PathStep> {
    let graph = scene.graph;
    let start = Place::Artifact(other);
    let reached = graph.reach(&[start]);
    let leaves = reached.keys().filter(|place| graph.below(**place).is_empty());
    let order = |place: &&Place| {
        let rank = graph.nodes.get(&place.statement()).map(|node| node.rank);
        (!scene.from.contains_key(*place), rank, Reverse(**place))
    };
    let end = leaves.max_by_key(order);
    graph.path(&reached, end.copied().unwrap_or(start))
}

fn licences(scene: &Scene<'_>, ours: ArtifactRef, other: ArtifactRef) -> Option<Finding> {
    let (_, _, one) = source_of(scene.graph, ours)?;
    let (index, _, two) = source_of(scene.graph, other)?;
    // Two commitments differ although the licences may not.
    let withheld = [&one.licence, &two.licence]
        .into_iter()
        .flatten()
        .any(|licence| is_reserved(licence));
    if one.licence == two.licence || withheld {
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
