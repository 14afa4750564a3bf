//! What notices say about the lineage: what was taken back, what stands in the place of what, and what had no effect.
//!
//! Who takes something back is believed even if the key was revoked later: else whoever runs the ledger could undo a
//! holder's withdrawal. A withdrawal is of content: the same bytes under another name are withdrawn, too.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::digest::KeyId;
use crate::digest::StatementId;
use crate::statement::ArtifactRef;
use crate::statement::NoticeEffect;
use crate::statement::NoticeKind;
use crate::verify::finding::Code;
use crate::verify::finding::Finding;
use crate::verify::graph::Place;
use crate::verify::notices::Notified;
use crate::verify::notices::Voice;
use crate::verify::scene::Scene;

use super::claims::on_walk;
use super::corrections::Correction;
use super::corrections::NO_SAY;
use super::corrections::State;
use super::court::says_nothing;
use super::exempt::without_rows;

pub(super) fn apply(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    if scene.case.notices.is_empty() {
        return;
    }
    taken_back(scene, findings);
    for notified in &scene.case.notices {
        if notified.notice.change == NoticeKind::Supersede {
            superseded(scene, notified, findings);
        }
    }
    for correction in &scene.case.effects.corrections {
        findings.extend(corrected(scene, correction));
    }
    for split in scene.case.effects.split() {
        findings.extend(differing(scene, split));
    }
    late(scene, findings);
    idle(scene, findings);
}

/// Artifacts that are looked for, with the numbers of what asks for them: the notices that take them back.
pub(super) type Targets = BTreeMap<ArtifactRef, BTreeSet<usize>>;

fn taken_back(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    let mut targets = Targets::new();
    for (at, notified) in scene.case.notices.iter().enumerate() {
        if matches!(notified.notice.change, NoticeKind::Withdraw | NoticeKind::Recall) {
            for target in &notified.notice.targets {
                targets.entry(*target).or_default().insert(at);
            }
        }
    }
    for ((at, target), hits) in hits(scene, &targets) {
        let Some(notified) = scene.case.notices.get(at) else {
            continue;
        };
        let Some(place) = hits.first().copied() else {
            continue;
        };
        let has_say = scene.case.keys.as_ref().is_some_and(|keys| {
            let voice = voice(scene, target);
            voice.is_some_and(|voice| voice.may_take_back(keys, notified.issuer))
        });
        if !has_say {
            findings.push(scene.finding(Code::NoticeWithoutEffect, place, without_effect(notified, NO_SAY)));
            continue;
        }
        match notified.notice.effect {
            Some(NoticeEffect::NoNewUse) => new_uses(scene, notified, &hits, findings),
            effect => {
                let derived = if effect == Some(NoticeEffect::DestroyDerived) {
                    ", and what was made of it is to be destroyed"
                } else {
                    ""
                };
                let code = if notified.notice.change == NoticeKind::Recall {
                    Code::Recalled
                } else {
                    Code::Withdrawn
                };
                let message = format!(
                    "{}: it must not be used any longer{derived}{}",
                    told(scene, notified, place, hits.len()),
                    reason(notified)
                );
                findings.push(scene.finding(code, place, message));
            }
        }
    }
}

/// Returns the places on the walk that are targets, or have the content of one.
pub(super) fn hits(scene: &Scene<'_>, targets: &Targets) -> BTreeMap<(usize, ArtifactRef), BTreeSet<Place>> {
    let mut hits: BTreeMap<(usize, ArtifactRef), BTreeSet<Place>> = BTreeMap::new();
    let mut hit = |target: ArtifactRef, place: Place| {
        for at in targets.get(&target).into_iter().flatten() {
            hits.entry((*at, target)).or_default().insert(place);
        }
    };
    for target in targets.keys() {
        // What was corrected stays withdrawn.
        let here = scene.case.effects.redirect.of(*target);
        let members = ArtifactRef {
            member: Some(u64::MAX),
            ..here
        };
        let within = Place::Artifact(here.whole())..=Place::Artifact(members);
        for (place, _) in scene.from.range(within) {
            let Place::Artifact(found) = place else { continue };
            // The whole holds the member, and a member is of the whole.
            if here.member.is_none() || found.member.is_none() || *found == here {
                hit(*target, *place);
            }
        }
    }
    let mut by_statement: BTreeMap<StatementId, Vec<ArtifactRef>> = BTreeMap::new();
    for target in targets.keys() {
        by_statement.entry(target.statement).or_default().push(*target);
    }
    for (digest, claims) in &scene.case.claims {
        let pairs = claims.iter().flat_map(|claim| {
            let targets = by_statement.get(&claim.statement).into_iter().flatten();
            let covers = |target: &&ArtifactRef| **target == *claim || **target == claim.whole();
            targets.filter(covers).map(move |target| (*target, *claim))
        });
        let pairs: Vec<(ArtifactRef, ArtifactRef)> = pairs.collect();
        if pairs.is_empty() || without_rows(scene.graph, *digest, claims) {
            continue;
        }
        for (target, theirs) in pairs {
            for ours in claims {
                let Some(place) = on_walk(scene, *ours) else {
                    continue;
                };
                let pair = scene.graph.locate(*ours).zip(scene.graph.locate(theirs));
                if !pair.is_some_and(|(one, other)| says_nothing(scene.graph, &one, &other)) {
                    hit(target, place);
                }
            }
        }
    }
    hits
}

fn voice(scene: &Scene<'_>, target: ArtifactRef) -> Option<Voice> {
    let node = scene.graph.nodes.get(&target.statement);
    node.map(|node| Voice::of(&node.statement))
        .or_else(|| scene.case.effects.voices.get(&target.statement).cloned())
}

/// Fails what took it up after the notice; where nothing did, it stands from before.
fn new_uses(scene: &Scene<'_>, notified: &Notified, hits: &BTreeSet<Place>, findings: &mut Vec<Finding>) {
    let users = users(scene, hits);
    let later: Vec<Place> = users
        .into_iter()
        .filter(|user| {
            let node = scene.graph.nodes.get(&user.statement());
            node.is_some_and(|node| node.index > notified.index)
        })
        .collect();
    let Some(place) = hits.first().copied() else {
        return;
    };
    let what = told(scene, notified, place, hits.len());
    let reason = reason(notified);
    if later.is_empty() {
        let message = format!("{what} for new uses only; what used it before stands{reason}");
        findings.push(scene.finding(Code::UsedBeforeNotice, place, message));
    }
    for user in later {
        let step = scene.graph.step(user);
        let entry = scene.graph.nodes.get(&user.statement()).map(|node| node.index);
        let entry = entry.map_or_else(String::new, |entry| format!(" (entry {entry})"));
        let message = format!(
            "{}{entry} used it after that: {what} for new uses{reason}",
            step.name
        );
        findings.push(scene.finding(Code::UsedAfterNotice, user, message));
    }
}

/// Returns what takes up one of some places: runs, data sets and filters, a run also by way of the latter two.
fn users(scene: &Scene<'_>, hits: &BTreeSet<Place>) -> BTreeSet<Place> {
    let mut above: BTreeMap<Place, Vec<Place>> = BTreeMap::new();
    for place in scene.from.keys() {
        let below = scene.graph.below(*place).into_iter();
        for next in below.filter(|next| matches!(next, Place::Artifact(_))) {
            above.entry(next).or_default().push(*place);
        }
    }
    let mut users = BTreeSet::new();
    let mut queue: Vec<Place> = hits.iter().copied().collect();
    while let Some(place) = queue.pop() {
        for user in above.get(&place).into_iter().flatten() {
            // What a run makes is something else; a data set or a filter is still the thing itself.
            if users.insert(*user) && matches!(user, Place::Artifact(_)) {
                queue.push(*user);
            }
        }
    }
    users
}

fn superseded(scene: &Scene<'_>, notified: &Notified, findings: &mut Vec<Finding>) {
    for (target, by) in notified.notice.targets.iter().zip(&notified.notice.by) {
        let place = Place::Artifact(*target);
        if !scene.from.contains_key(&place) {
            continue;
        }
        let voice = voice(scene, *target);
        let keys = scene.case.keys.as_ref();
        let has_say = keys
            .zip(voice)
            .is_some_and(|(keys, voice)| notified.has_say(keys, &voice));
        let (code, message) = if has_say {
            let message = format!(
                "there is a newer one: {by}, by notice at entry {}, signed by {}{}",
                notified.index,
                signer(notified.issuer),
                reason(notified)
            );
            (Code::Superseded, message)
        } else {
            (Code::NoticeWithoutEffect, without_effect(notified, NO_SAY))
        };
        findings.push(scene.finding(code, place, message));
    }
}

fn corrected(scene: &Scene<'_>, correction: &Correction) -> Option<Finding> {
    let notified = scene.case.notices.get(correction.notice)?;
    let redirect = &scene.case.effects.redirect;
    let on_walk = |reference: ArtifactRef| {
        let place = Place::Artifact(redirect.of(reference));
        scene.from.contains_key(&place).then_some(place)
    };
    let (index, by) = (notified.index, signer(notified.issuer));
    match &correction.state {
        State::InForce(affirmed) => {
            if redirect.of(correction.by) != redirect.of(correction.target) {
                return None;
            }
            let place = on_walk(correction.target)?;
            // Else it changes nothing here: nothing cites the target, and it claims nothing.
            let used = scene.case.effects.used.contains(&correction.target)
                || scene.graph.nodes.contains_key(&correction.target.statement);
            if !used {
                return None;
            }
            let affirmed = match affirmed.first() {
                Some(key) => format!(", affirmed by {}", signer(*key)),
                None => String::new(),
            };
            let message = format!(
                "this stands in the place of {} by correction at entry {index}, signed by {by}{affirmed}{}",
                correction.target,
                reason(notified)
            );
            Some(scene.finding(Code::Corrected, place, message))
        }
        State::NotAffirmed => {
            let place = on_walk(correction.target).or_else(|| on_walk(correction.by))?;
            let message = format!(
                "entry {index}, signed by {by}, puts {} in the place of {} and says something else about who made it, from \
                 what, under which terms or by whose word; it counts only once another granted key affirms it (`key affirm hb:{}`)",
                correction.by, correction.target, notified.id
            );
            Some(scene.finding(Code::CorrectionNotAffirmed, place, message))
        }
        State::Unread => {
            let place = on_walk(correction.target)?;
            let message = format!(
                "entry {index} corrects this by {}, which is not part of this evidence: what it says may be worse",
                correction.by
            );
            Some(scene.finding(Code::EntryMissing, place, message))
        }
    }
}

fn differing(scene: &Scene<'_>, correction: &Correction) -> Option<Finding> {
    let notified = scene.case.notices.get(correction.notice)?;
    let redirect = &scene.case.effects.redirect;
    let place = Place::Artifact(redirect.of(correction.target));
    let message = format!(
        "{} is corrected twice, and both cannot be true: by {} and, at entry {}, by {}; correct the one by the other",
        correction.target,
        redirect.of(correction.target),
        notified.index,
        correction.by
    );
    (scene.from.contains_key(&place)).then(|| scene.finding(Code::ConflictingOrigin, place, message))
}

fn late(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    for resolution in &scene.case.effects.resolutions {
        let Some(notified) = scene.case.notices.get(resolution.notice) else {
            continue;
        };
        let place = Place::Artifact(scene.case.effects.redirect.of(resolution.by));
        // Only the statement that had the gap tells whether this is of the walk for that reason.
        let has_gap = scene.places().contains_key(&resolution.gap.statement);
        if has_gap && scene.from.contains_key(&place) {
            let message = format!(
                "declared late: {} was a gap until entry {} said, signed by {}, that this is what was meant{}",
                resolution.gap,
                notified.index,
                signer(notified.issuer),
                reason(notified)
            );
            findings.push(scene.finding(Code::DeclaredLate, place, message));
        }
    }
}

fn idle(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    let redirect = &scene.case.effects.redirect;
    for idle in &scene.case.effects.idle {
        let places = match idle.about {
            Place::Artifact(reference) => vec![Place::Artifact(redirect.of(reference))],
            // A gap that another notice filled is on no walk, and what had it is.
            Place::Gap(id, _) => vec![
                idle.about,
                Place::Run(id),
                Place::Artifact(ArtifactRef::subject(id, 0)),
            ],
            Place::Run(_) => vec![idle.about],
        };
        let place = places.into_iter().find(|place| scene.from.contains_key(place));
        let notified = scene.case.notices.get(idle.notice);
        if let (Some(notified), Some(place)) = (notified, place) {
            let message = without_effect(notified, &idle.why);
            findings.push(scene.finding(Code::NoticeWithoutEffect, place, message));
        }
    }
}

/// Tells who took what back, and when.
fn told(scene: &Scene<'_>, notified: &Notified, place: Place, places: usize) -> String {
    let more = match places {
        0 | 1 => String::new(),
        more => format!(" (and {} more)", more - 1),
    };
    let change = match notified.notice.change {
        NoticeKind::Recall => "recalled",
        _ => "withdrawn",
    };
    format!(
        "{}{more} was {change} at entry {}, signed by {}",
        scene.graph.step(place).name,
        notified.index,
        signer(notified.issuer)
    )
}

fn without_effect(notified: &Notified, why: &str) -> String {
    format!(
        "a notice ({}) about this at entry {}, signed by {}, has no effect: {why}{}",
        notified.notice.change,
        notified.index,
        signer(notified.issuer),
        reason(notified)
    )
}

fn reason(notified: &Notified) -> String {
    match &notified.notice.reason {
        Some(reason) => format!("; reason given: {}", crate::statement::escaped(reason)),
        None => String::new(),
    }
}

/// A key as people compare it: the first digits.
fn signer(key: KeyId) -> String {
    let text = key.to_string();
    format!("key {}", text.get(..12).unwrap_or(&text))
}
