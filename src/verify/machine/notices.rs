//! What rulings do to the walk, once the first sweep has met all of them.
//!
//! The sweep goes from the newest entry down, so it meets a notice before what that is about, and cannot know yet
//! whether it counts. So what a correction or a resolution names is read as if it were part of the lineage; at the end
//! of the sweep it is decided what counts, the walk is walked anew, and whatever it does not reach is forgotten with
//! everything that was found about it.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::digest::StatementId;
use crate::statement::ArtifactRef;
use crate::statement::Cites;
use crate::statement::InputFrom;
use crate::statement::Notice;
use crate::statement::NoticeKind;
use crate::statement::Predicate;
use crate::trust::Keys;
use crate::verify::finding::Code;
use crate::verify::graph::Graph;
use crate::verify::graph::Place;
use crate::verify::notices::Notified;
use crate::verify::rules::Idle;
use crate::verify::rules::decide;

use super::Says;
use super::Verifier;
use super::with_sources;

impl Verifier {
    /// Asks for what a notice puts in another place, and for what it takes the place of.
    pub(super) fn want_named(&mut self, notice: &Notice) {
        if matches!(notice.change, NoticeKind::Correct | NoticeKind::Resolve) {
            let gap = notice.gap.map(|gap| ArtifactRef::subject(gap.statement, 0));
            for named in notice.targets.iter().chain(&notice.by).copied().chain(gap) {
                self.want(named);
            }
        }
    }

    /// Applies all rulings that were met, in log order: changes of keys at once, notices later.
    pub(super) fn take_rulings(&mut self) {
        if self.keys.is_some() {
            return;
        }
        let Some(mut keys) = self.genesis.as_ref().map(Keys::of) else {
            return;
        };
        let mut seen = BTreeSet::new();
        for ruling in std::mem::take(&mut self.rulings) {
            // The same statement again: the first one counts.
            if !seen.insert(ruling.envelope.id()) {
                continue;
            }
            let (index, id, issuer) = (ruling.index, ruling.envelope.id(), ruling.envelope.key());
            let checked = keys
                .public_key(issuer)
                .map_err(|error| error.to_string())
                .and_then(|key| ruling.envelope.verify(key).map_err(|error| with_sources(&error)));
            if let Err(why) = checked {
                self.entry_finding(Code::SignatureInvalid, index, why);
                continue;
            }
            let applied = match ruling.says {
                Says::Key(change) => keys.apply(index.get(), id, issuer, &change),
                Says::Notice(notice) => keys.may_notify(issuer, index.get()).map(|_| {
                    self.notices.push(Notified {
                        index,
                        id,
                        issuer,
                        notice: *notice,
                    });
                }),
            };
            if let Err(error) = applied {
                self.entry_finding(Code::Inadmissible, index, error);
            }
        }
        self.keys = Some(keys);
    }

    /// Ends the first sweep: decides which notices count, and walks anew where one leads another way.
    pub(super) fn take_notices(&mut self) {
        self.take_rulings();
        let leads =
            |notified: &Notified| matches!(notified.notice.change, NoticeKind::Correct | NoticeKind::Resolve);
        let Some(keys) = self.keys.as_ref().filter(|_| self.notices.iter().any(leads)) else {
            return;
        };
        self.effects = decide(&self.graph, keys, &self.notices);
        let cited = self.cited_that_is_corrected();
        let before = self.graph.clone();
        self.graph.redirect(&self.effects.redirect);
        let starts: Vec<Place> = self.starts().into_iter().map(Place::Artifact).collect();
        let reached = self.graph.reach(&starts);
        self.walk.clear();
        let mut kept: BTreeSet<StatementId> = BTreeSet::new();
        for place in reached.keys() {
            match place {
                Place::Artifact(reference) => {
                    self.walk.insert(*reference);
                    kept.insert(reference.statement);
                }
                Place::Run(id) | Place::Gap(id, _) => {
                    kept.insert(*id);
                }
            }
        }
        let on_walk = cited
            .into_iter()
            .filter(|(id, _)| id.is_none_or(|id| kept.contains(&id)));
        let used = on_walk.flat_map(|(_, target)| self.effects.redirect.chain(target));
        self.effects.used = used.collect();
        self.rest_on_corrections(&before, &reached, &kept);
        self.forget_all_but(&kept);
    }

    /// Returns what is judged: the artifacts that were asked about, or what stands in their place.
    pub(super) fn starts(&self) -> Vec<ArtifactRef> {
        let asked = self.request.artifacts.iter();
        asked.map(|target| self.effects.redirect.of(*target)).collect()
    }

    /// Returns the corrected artifacts that are cited, each with the statement that cites it; nothing for what was
    /// asked about.
    fn cited_that_is_corrected(&self) -> Vec<(Option<StatementId>, ArtifactRef)> {
        let mut found: Vec<(Option<StatementId>, ArtifactRef)> = Vec::new();
        for (id, node) in &self.graph.nodes {
            let model = match &node.statement.predicate {
                Predicate::Filter(filter) => filter.model,
                _ => None,
            };
            let cited = node.cites.iter().flatten().copied().chain(model);
            found.extend(cited.map(|cited| (Some(*id), cited.whole())));
        }
        found.extend(self.request.artifacts.iter().map(|asked| (None, asked.whole())));
        found.retain(|(_, target)| self.effects.redirect.is_corrected(*target));
        found
    }

    /// The judgement rests on what corrections of the lineage name, and on everything that decides whether they count.
    fn rest_on_corrections(
        &mut self,
        before: &Graph,
        reached: &BTreeMap<Place, Option<Place>>,
        kept: &BTreeSet<StatementId>,
    ) {
        let redirect = &self.effects.redirect;
        let corrections = self.effects.corrections.iter().map(|one| (one.target, one.by));
        let idle = self.effects.idle.iter();
        let about = |idle: &Idle| match idle.about {
            Place::Artifact(target) => Some((target, idle.by)),
            Place::Run(_) | Place::Gap(..) => None,
        };
        let mut starts = Vec::new();
        for (target, by) in corrections.chain(idle.clone().filter_map(about)) {
            let end = redirect.of(target);
            let used = end == target || self.effects.used.contains(&target.whole());
            if used && reached.contains_key(&Place::Artifact(end)) {
                starts.extend([Place::Artifact(target), Place::Artifact(by)]);
            }
        }
        let of_gap = |idle: &&Idle| match idle.about {
            Place::Gap(id, _) => kept.contains(&id),
            Place::Artifact(_) | Place::Run(_) => false,
        };
        starts.extend(idle.filter(of_gap).map(|idle| Place::Artifact(idle.by)));
        for place in before.reach(&starts).into_keys() {
            let node = match place {
                Place::Artifact(reference) => before.nodes.get(&reference.statement),
                Place::Run(id) | Place::Gap(id, _) => before.nodes.get(&id),
            };
            self.evidence.extend(node.map(|node| node.index));
        }
    }

    /// Forgets statements that are not on the walk, and what was found of their blobs.
    fn forget_all_but(&mut self, kept: &BTreeSet<StatementId>) {
        let asked: BTreeSet<StatementId> = self.request.artifacts.iter().map(|one| one.statement).collect();
        self.wanted
            .retain(|id, _| kept.contains(id) || asked.contains(id));
        self.graph.nodes.retain(|id, _| kept.contains(id));
        self.envelopes.retain(|id, _| kept.contains(id));
        self.held.clear();
        let mut blobs = BTreeSet::new();
        let nodes: Vec<_> = self.graph.nodes.values().cloned().collect();
        for node in &nodes {
            self.hold_attachments(&node.statement);
            let artifacts = node.statement.predicate.artifacts();
            blobs.extend(artifacts.map(|artifact| artifact.sha256.as_blob()));
            let lists: Vec<&Cites> = match &node.statement.predicate {
                Predicate::Run(run) => run
                    .inputs
                    .iter()
                    .filter_map(|input| match &input.from {
                        InputFrom::Artifacts(cites) => Some(cites),
                        InputFrom::Gap(_) => None,
                    })
                    .collect(),
                other => other
                    .collected()
                    .and_then(|(cites, _)| cites)
                    .into_iter()
                    .collect(),
            };
            blobs.extend(lists.into_iter().filter_map(|cites| match cites {
                Cites::Manifest { blob, .. } => Some(*blob),
                Cites::Inline(_) => None,
            }));
        }
        self.unread.retain(|blob| blobs.contains(blob));
        let named: BTreeSet<String> = blobs.iter().map(|blob| format!("blob {blob}")).collect();
        self.findings
            .retain(|finding| !finding.node.starts_with("blob ") || named.contains(&finding.node));
    }
}
