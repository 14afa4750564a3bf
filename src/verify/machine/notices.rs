//! What rulings do to the walk, once the first sweep has met all of them.
//!
//! The sweep goes from the newest entry down, so it meets a notice before what that is about, and cannot know yet
//! whether it counts. So what a correction or a resolution names is read as if it were part of the lineage; at the end
//! of the sweep it is decided what counts, the walk is walked anew, and whatever it does not reach is forgotten with
//! everything that was found about it.

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
use crate::verify::graph::Place;
use crate::verify::notices::Notified;
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
                        notice,
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
        let (Some(keys), false) = (&self.keys, self.notices.is_empty()) else {
            return;
        };
        self.effects = decide(&self.graph, keys, &self.notices);
        self.graph.redirect(&self.effects.redirect);
        let starts = self.request.artifacts.iter();
        let starts: Vec<Place> = starts
            .map(|target| Place::Artifact(self.effects.redirect.of(*target)))
            .collect();
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
        self.forget_all_but(&kept);
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
                Predicate::Dataset(set) => set.members.iter().collect(),
                _ => Vec::new(),
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
