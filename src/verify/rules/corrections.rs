//! Which corrections and resolutions are in force: signed by whom, about the same content, and affirmed where they say
//! something else about who made it or from what.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::digest::KeyId;
use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::statement::Artifact;
use crate::statement::ArtifactRef;
use crate::statement::ArtifactSet;
use crate::statement::Does;
use crate::statement::Filter;
use crate::statement::GapRef;
use crate::statement::Model;
use crate::statement::NoticeKind;
use crate::statement::Predicate;
use crate::statement::Restriction;
use crate::statement::Role;
use crate::statement::Run;
use crate::statement::Source;
use crate::statement::Statement;
use crate::statement::Thing;
use crate::statement::Word as _;
use crate::trust::Keys;
use crate::verify::graph::Graph;
use crate::verify::graph::Located;
use crate::verify::graph::Place;
use crate::verify::notices::Notified;
use crate::verify::notices::Voice;
use crate::verify::redirect::Redirect;

use super::claims::favour;
use super::leaves::facts;

/// A correction that may count.
#[derive(Debug, Clone)]
pub(in crate::verify) struct Correction {
    /// Which notice, by its position.
    pub(in crate::verify) notice: usize,
    pub(in crate::verify) target: ArtifactRef,
    pub(in crate::verify) by: ArtifactRef,
    pub(in crate::verify) state: State,
}

/// How far a correction counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::verify) enum State {
    /// It does; affirmed by these keys where that was needed.
    InForce(Vec<KeyId>),
    /// A second key has to affirm it.
    NotAffirmed,
    /// What it names as replacement is not part of the evidence.
    Unread,
}

/// A gap that a notice resolved.
#[derive(Debug, Clone)]
pub(in crate::verify) struct Resolution {
    pub(in crate::verify) notice: usize,
    pub(in crate::verify) gap: GapRef,
    pub(in crate::verify) by: ArtifactRef,
}

/// A notice that has no effect on a place, and why.
#[derive(Debug, Clone)]
pub(in crate::verify) struct Idle {
    pub(in crate::verify) notice: usize,
    pub(in crate::verify) about: Place,
    pub(in crate::verify) by: ArtifactRef,
    pub(in crate::verify) why: String,
}

/// What notices do to the walk.
#[derive(Debug, Clone, Default)]
pub(in crate::verify) struct Effects {
    pub(in crate::verify) redirect: Redirect,
    pub(in crate::verify) corrections: Vec<Correction>,
    pub(in crate::verify) resolutions: Vec<Resolution>,
    pub(in crate::verify) idle: Vec<Idle>,
    /// What is corrected and cited on the walk, or asked about.
    pub(in crate::verify) used: BTreeSet<ArtifactRef>,
    /// Who speaks for what notices name, also for what is on no walk any longer.
    pub(in crate::verify) voices: BTreeMap<StatementId, Voice>,
}

/// Decides what counts, in log order, over everything that notices name.
pub(in crate::verify) fn decide(graph: &Graph, keys: &Keys, notices: &[Notified]) -> Effects {
    let mut effects = Effects::default();
    for (at, notified) in notices.iter().enumerate() {
        let notice = &notified.notice;
        for named in notice.targets.iter().chain(&notice.by) {
            if let Some(node) = graph.nodes.get(&named.statement) {
                let voice = Voice::of(&node.statement);
                effects.voices.insert(named.statement, voice);
            }
        }
        match notice.change {
            NoticeKind::Correct => {
                for (target, by) in notice.targets.iter().zip(&notice.by) {
                    correct(&mut effects, graph, keys, (at, notified), *target, *by);
                }
            }
            NoticeKind::Resolve => {
                if let (Some(gap), [by]) = (notice.gap, notice.by.as_slice()) {
                    resolve(&mut effects, graph, keys, (at, notified), gap, *by);
                }
            }
            NoticeKind::Withdraw | NoticeKind::Recall | NoticeKind::Supersede => {}
        }
    }
    effects
}

fn correct(
    effects: &mut Effects,
    graph: &Graph,
    keys: &Keys,
    (notice, notified): (usize, &Notified),
    target: ArtifactRef,
    by: ArtifactRef,
) {
    let Some(old) = graph.locate(target) else {
        return;
    };
    let mut put = |state: State| {
        effects.corrections.push(Correction {
            notice,
            target,
            by,
            state,
        });
    };
    let Some(new) = graph.locate(by) else {
        return put(State::Unread);
    };
    let state = match judge_correction(keys, notified, (target, &old), (by, &new)) {
        Ok(state) => state,
        Err(why) => {
            return effects.idle.push(Idle {
                notice,
                about: Place::Artifact(target),
                by,
                why: why.to_owned(),
            });
        }
    };
    let in_force = matches!(state, State::InForce(_));
    // A second one for the same artifact counts only against it, unless both lead to the same (see `notices`).
    let free = !effects.redirect.is_corrected(target);
    if in_force && free && !effects.redirect.correct(graph, target, by) {
        return effects.idle.push(Idle {
            notice,
            about: Place::Artifact(target),
            by,
            why: "what it puts in its place descends from it, so that nothing would be left to begin with"
                .to_owned(),
        });
    }
    effects.corrections.push(Correction {
        notice,
        target,
        by,
        state,
    });
}

fn judge_correction(
    keys: &Keys,
    notified: &Notified,
    (target, old): (ArtifactRef, &Located<'_>),
    (by, new): (ArtifactRef, &Located<'_>),
) -> Result<State, &'static str> {
    if let Some(why) = misfit((target, old), (by, new)) {
        return Err(why);
    }
    if old.node.index >= notified.index || new.node.index >= notified.index {
        return Err("it names what does not stand below it");
    }
    let voice = Voice::of(&old.node.statement);
    if !notified.has_say(keys, &voice) {
        return Err(NO_SAY);
    }
    if !notified.is_in_good_standing(keys) {
        return Err("its key was compromised by then, and no other key affirmed it");
    }
    if no_better(Claim::of(old), Claim::of(new)) {
        return Ok(State::InForce(Vec::new()));
    }
    let seconds = keys.affirmers(notified.id).into_iter();
    let seconds: Vec<KeyId> = seconds
        .filter(|key| {
            let first = [notified.issuer, voice.issuer()];
            !first.iter().any(|first| keys.are_of_one_hand(*key, *first))
        })
        .collect();
    Ok(if seconds.is_empty() {
        State::NotAffirmed
    } else {
        State::InForce(seconds)
    })
}

/// Why a notice is one of anybody.
pub(super) const NO_SAY: &str =
    "its key is neither the one that signed this, nor that of the holder it names, nor an owner's";

/// Returns why one artifact cannot stand in the place of another.
pub(in crate::verify) fn misfit(
    (target, old): (ArtifactRef, &Located<'_>),
    (by, new): (ArtifactRef, &Located<'_>),
) -> Option<&'static str> {
    if target.member.is_some() || by.member.is_some() {
        return Some("one file of a manifest is not corrected alone");
    }
    if target.statement == by.statement {
        return Some("it names the same statement twice");
    }
    let same = match (old.content_id(), new.content_id()) {
        (Some(one), Some(other)) => one == other,
        (None, None) => true,
        _ => false,
    };
    (!same).then_some("both are not about the same content")
}

/// What a statement says about one of its artifacts.
#[derive(Clone, Copy)]
struct Claim<'a> {
    issuer: KeyId,
    predicate: &'a Predicate,
    artifact: Option<&'a Artifact>,
    set: Option<&'a ArtifactSet>,
}

impl<'a> Claim<'a> {
    fn of(located: &Located<'a>) -> Self {
        Self {
            issuer: located.node.statement.issuer,
            predicate: &located.node.statement.predicate,
            artifact: located.artifact,
            set: located.set,
        }
    }

    fn at(statement: &'a Statement, subject: u32) -> Self {
        let predicate = &statement.predicate;
        let mut left = usize::try_from(subject).unwrap_or(usize::MAX);
        let set = predicate.sets().into_iter().map(|(_, set)| set).find(|set| {
            let here = left < set.artifacts.len();
            left = left.saturating_sub(set.artifacts.len());
            here
        });
        let at = usize::try_from(subject).unwrap_or(usize::MAX);
        Self {
            issuer: statement.issuer,
            predicate,
            artifact: predicate.artifacts().nth(at),
            set,
        }
    }
}

/// Returns whether a correction of the one artifact by the other counts without a second key: it says nothing better.
pub fn counts_at_once(old: (&Statement, u32), new: (&Statement, u32)) -> bool {
    no_better(Claim::at(old.0, old.1), Claim::at(new.0, new.1))
}

/// Returns whether a claim says nothing better about a content than another: signed by the same key, under the same terms,
/// and less favourable for a source, or the same about who made it and from what.
fn no_better(old: Claim<'_>, new: Claim<'_>) -> bool {
    let counts = |claim: Claim<'_>| {
        let set = claim.set.map(|set| (set.rows, set.tokens));
        (claim.artifact.map(|one| (one.rows, one.tokens)), set)
    };
    // Who signs decides whether its holder vouches for a source.
    if old.issuer != new.issuer || counts(old) != counts(new) {
        return false;
    }
    match (old.predicate, new.predicate) {
        (Predicate::Source(old), Predicate::Source(new)) => {
            binds_as_much(&old.restrictions, &new.restrictions)
                && told_of_source(old) == told_of_source(new)
                && (favour(new) < favour(old) || facts(old) == facts(new))
        }
        (Predicate::Model(old), Predicate::Model(new)) => {
            binds_as_much(&old.restrictions, &new.restrictions) && told_of_model(old) == told_of_model(new)
        }
        (Predicate::Prompt(_), Predicate::Prompt(_)) => true,
        (Predicate::Filter(old), Predicate::Filter(new)) => {
            let code = |filter: &Filter| -> Vec<Sha256Digest> {
                filter.set.artifacts.iter().map(|one| one.sha256).collect()
            };
            (&old.model, old.rule, &old.params, code(old)) == (&new.model, new.rule, &new.params, code(new))
        }
        (Predicate::Dataset(old), Predicate::Dataset(new)) => {
            old.members == new.members && old.gaps == new.gaps
        }
        (Predicate::Run(one), Predicate::Run(other)) => bare(one, one) == bare(other, one),
        _ => false,
    }
}

/// The same restrictions, or more of them. A list where there was none would say for the first time that these are all.
fn binds_as_much(old: &[Restriction], new: &[Restriction]) -> bool {
    let (old, new): (BTreeSet<_>, BTreeSet<_>) = (old.iter().collect(), new.iter().collect());
    old == new || (!old.is_empty() && old.is_subset(&new))
}

/// What policies and counsel judge a source by, beside who made it.
fn told_of_source(source: &Source) -> impl PartialEq + use<'_> {
    (
        (&source.licence, &source.licence_date, &source.holder),
        (source.acquired_by, source.personal_data, &source.legal_basis),
    )
}

/// What an external model is, and under which terms.
fn told_of_model(model: &Model) -> impl PartialEq + use<'_> {
    (
        (&model.provider, &model.version, &model.family),
        (model.alias, model.access),
        (&model.licence, &model.licence_date, &model.terms, &model.report),
    )
}

/// A run without what says nothing about where its outputs come from.
fn bare(run: &Run, named_as: &Run) -> Run {
    let mut bare = Run {
        name: named_as.name.clone(),
        params: BTreeMap::new(),
        environment: BTreeMap::new(),
        command: None,
        operator: None,
        started: None,
        ended: None,
        ..run.clone()
    };
    for (output, named) in bare.outputs.iter_mut().zip(&named_as.outputs) {
        output.name = named.name.clone();
    }
    bare
}

fn resolve(
    effects: &mut Effects,
    graph: &Graph,
    keys: &Keys,
    (notice, notified): (usize, &Notified),
    gap: GapRef,
    by: ArtifactRef,
) {
    let at = usize::try_from(gap.position).unwrap_or(usize::MAX);
    // Without the statement of the gap it is on no walk; without the leaf the gap stays.
    let (Some(node), Some(leaf)) = (graph.nodes.get(&gap.statement), graph.locate(by)) else {
        return;
    };
    let stated = graph.gap(gap.statement, at).map(|gap| gap.digest);
    let role = match &node.statement.predicate {
        Predicate::Run(run) => run.inputs.get(at).map(|input| (run.does, input.role)),
        _ => Some((Does::Mix, Role::Data)),
    };
    let why = match (stated, role) {
        (None, _) | (_, None) => Some("there is no such gap".to_owned()),
        _ if notified.issuer != node.statement.issuer => {
            Some("its key is not the one that signed the gap".to_owned())
        }
        _ if !notified.is_in_good_standing(keys) => {
            Some("its key was compromised by then, and no other key affirmed it".to_owned())
        }
        _ if node.index >= notified.index || leaf.node.index >= notified.index => {
            Some("it names what does not stand below it".to_owned())
        }
        (Some(digest), Some((does, role))) => unfit(digest, &leaf, does, role),
    };
    let why = why.or_else(|| {
        let known = effects.redirect.in_gap(gap.statement, at).is_some();
        known.then(|| "an earlier notice resolves the same gap".to_owned())
    });
    let why = why.or_else(|| {
        let sound = effects.redirect.resolve(graph, (gap.statement, at), by);
        (!sound).then(|| "what it puts in the gap descends from what has the gap".to_owned())
    });
    match why {
        None => effects.resolutions.push(Resolution { notice, gap, by }),
        Some(why) => effects.idle.push(Idle {
            notice,
            about: Place::Gap(gap.statement, at),
            by,
            why,
        }),
    }
}

/// Returns why a leaf cannot stand in the place of a gap.
fn unfit(digest: Option<Sha256Digest>, leaf: &Located<'_>, does: Does, role: Role) -> Option<String> {
    let Some(digest) = digest else {
        return Some("the gap states no digest, so nothing can be shown to be what was meant".to_owned());
    };
    if !matches!(
        leaf.thing,
        Thing::Source | Thing::Prompt | Thing::Filter | Thing::ExternalModel
    ) {
        return Some(format!(
            "{} is a {}, and only a source, a prompt, a filter or an external model resolves a gap",
            leaf.name(),
            leaf.thing
        ));
    }
    if leaf.sha256() != Some(digest) {
        return Some(format!("{} has another digest than the gap states", leaf.name()));
    }
    (!does.takes(role, leaf.thing)).then(|| {
        format!(
            "{} is a {}, which cannot be `{}` there",
            leaf.name(),
            leaf.thing,
            Role::as_str(role)
        )
    })
}

impl Effects {
    /// Returns the targets that corrections in force lead to different ends, with those that differ.
    pub(in crate::verify) fn split(&self) -> Vec<&Correction> {
        let differs = |one: &&Correction| {
            matches!(one.state, State::InForce(_)) && self.redirect.of(one.by) != self.redirect.of(one.target)
        };
        let mut seen = BTreeSet::new();
        let split = self.corrections.iter().filter(differs);
        split.filter(|one| seen.insert((one.target, one.by))).collect()
    }
}
