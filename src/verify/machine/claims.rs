//! The second sweep: find every other statement that claims a digest of the lineage.

use std::collections::BTreeSet;
use std::collections::btree_map::Entry;

use crate::digest::StatementId;
use crate::envelope::Envelope;
use crate::manifest::Member;
use crate::merkle;
use crate::merkle::LeafIndex;
use crate::statement::Artifact;
use crate::statement::ArtifactRef;
use crate::statement::ItemName;
use crate::statement::OutputKind;
use crate::statement::Predicate;
use crate::statement::Statement;
use crate::statement::folded;
use crate::verify::finding::Code;
use crate::verify::graph::Node;

use super::Verifier;
use super::blobs::BlobUse;

impl Verifier {
    pub(super) fn claims_entry(&mut self, index: LeafIndex, bytes: &[u8]) {
        let known = self.leaves.binary_search_by_key(&index, |(index, _)| *index);
        let known = known.ok().and_then(|at| self.leaves.get(at));
        if known != Some(&(index, merkle::leaf_hash(bytes))) {
            let message = format!("entry {index} was given with other bytes the second time");
            return self.stop(Code::RootDiffers, message);
        }
        // What cannot be decoded was reported by the first sweep.
        let known = self.findings.len();
        let Some((envelope, statement)) = self.decode(index, bytes) else {
            self.findings.truncate(known);
            return;
        };
        let id = envelope.id();
        self.note_own_models(id, &statement);
        for (subject, tie) in statement.predicate.relations(id) {
            if self.relations.add(tie, ArtifactRef::subject(id, subject)) {
                self.evidence.insert(index);
            }
        }
        match self.wanted.remove(&id) {
            Some(subjects) => self.keep(index, envelope.clone(), statement.clone(), &subjects),
            None => self.keep_first(id, index, envelope.clone()),
        }
        self.meet(id, index, &envelope, &statement);
        for (subject, artifact) in (0_u32..).zip(statement.predicate.artifacts()) {
            let claim = ArtifactRef::subject(id, subject);
            let Some(content) = artifact.content_id() else {
                continue;
            };
            if self.claims.add(content, claim) {
                self.keep(
                    index,
                    envelope.clone(),
                    statement.clone(),
                    &BTreeSet::from([claim]),
                );
            }
            if artifact.manifest().is_none() {
                continue;
            }
            let blob = artifact.sha256.as_blob();
            if self.graph.members_in(artifact).is_some() {
                self.claim_members(index, &envelope, claim, artifact);
            } else if !self.unread.contains(&blob) {
                let purpose = BlobUse::Rival {
                    index,
                    envelope: Box::new(envelope.clone()),
                    subject,
                    artifact: artifact.clone(),
                };
                self.blobs.push_back((blob, purpose));
            }
        }
    }

    /// Keeps what is to be excluded, to see what it is. A data set stands for what it collects, so that is read, too.
    fn meet(&mut self, id: StatementId, index: LeafIndex, envelope: &Envelope, statement: &Statement) {
        if !self.unwanted.contains(&id) {
            return;
        }
        if matches!(statement.predicate, Predicate::Dataset(_)) {
            self.keep(index, envelope.clone(), statement.clone(), &BTreeSet::new());
        } else {
            self.met.insert(id, (index, envelope.clone(), statement.clone()));
        }
    }

    /// Adds what is to be excluded and has nothing to do with the lineage; what it descends from does not matter.
    pub(super) fn take_met(&mut self) {
        for (id, (index, envelope, statement)) in std::mem::take(&mut self.met) {
            if let Entry::Vacant(vacant) = self.graph.nodes.entry(id) {
                vacant.insert(Node::new(index, statement, Vec::new()));
                self.envelopes.insert(id, envelope);
            }
        }
    }

    pub(super) fn note_own_models(&mut self, id: StatementId, statement: &Statement) {
        let Predicate::Run(run) = &statement.predicate else {
            return;
        };
        let mut subject = 0_u32;
        for output in &run.outputs {
            let is_named = |name: &ItemName| self.external_names.contains(&folded(name.as_str()));
            for _ in &output.set.artifacts {
                if output.kind == OutputKind::Model && is_named(&output.name) {
                    self.own_models
                        .insert(ArtifactRef::subject(id, subject), output.name.to_string());
                }
                subject += 1;
            }
        }
    }

    pub(super) fn claim_members(
        &mut self,
        index: LeafIndex,
        envelope: &Envelope,
        claim: ArtifactRef,
        artifact: &Artifact,
    ) {
        let Some(members) = self.graph.members.get(&artifact.sha256.as_blob()) else {
            return;
        };
        let mut rival = false;
        for (at, member) in (0_u64..).zip(members) {
            let member_claim = ArtifactRef {
                member: Some(at),
                ..claim
            };
            rival |= self.claims.add(member.sha256, member_claim);
        }
        if rival && let Ok(statement) = envelope.statement() {
            self.keep(index, envelope.clone(), statement, &BTreeSet::new());
        }
    }

    /// Keeps the members of a manifest outside the lineage if one of them is content of the lineage.
    pub(super) fn scan_rival(
        &mut self,
        index: LeafIndex,
        envelope: &Envelope,
        subject: u32,
        artifact: &Artifact,
        members: Vec<Member>,
    ) {
        if members.iter().any(|member| self.claims.contains(member.sha256)) {
            self.graph.members.insert(artifact.sha256.as_blob(), members);
            let claim = ArtifactRef::subject(envelope.id(), subject);
            self.claim_members(index, envelope, claim, artifact);
        }
    }
}
