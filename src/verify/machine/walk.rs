//! The first sweep: hash every entry, keep what the target descends from, and check what every log must have.

use std::collections::BTreeSet;

use crate::digest::NodeHash;
use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::envelope::Envelope;
use crate::manifest;
use crate::merkle;
use crate::merkle::LeafIndex;
use crate::statement::ArtifactRef;
use crate::statement::Cites;
use crate::statement::Content;
use crate::statement::FORMAT_VERSION;
use crate::statement::InputFrom;
use crate::statement::Predicate;
use crate::statement::Statement;
use crate::statement::Thing;
use crate::statement::folded;
use crate::statement::run_tie;
use crate::trust::Keys;
use crate::trust::TrustRoot;
use crate::verify::finding::Code;
use crate::verify::graph::Node;

use super::Phase;
use super::Ruling;
use super::Says;
use super::Verifier;
use super::blobs::BlobUse;
use super::with_sources;

impl Verifier {
    pub(super) fn walk_entry(&mut self, index: LeafIndex, bytes: &[u8]) {
        let leaf = merkle::leaf_hash(bytes);
        self.root.push(leaf);
        self.leaves.push((index, leaf));
        let size = self.judged_size();
        if size.is_some_and(|size| !size.contains(index)) {
            return;
        }
        let last = size.map(|size| size.next_index().get());
        let is_last = last == Some(index.get() + 1);
        let Some((envelope, statement)) = self.decode(index, bytes) else {
            return;
        };
        let id = envelope.id();
        if is_last && !matches!(statement.predicate, Predicate::Seal(_)) {
            self.entry_finding(
                Code::NoSeal,
                index,
                "the last entry of the checkpoint is not a seal",
            );
        }
        if index.get() == 0 {
            self.take_genesis(id, &envelope, &statement);
        } else {
            self.check_ledger(index, &statement);
        }
        if matches!(statement.predicate, Predicate::Seal(_)) {
            self.seals.push(index);
        }
        match &statement.predicate {
            Predicate::Seal(seal) if is_last => self.seal = Some((index, *seal, envelope.clone())),
            Predicate::Key(change) => self.rule(index, leaf, &envelope, Says::Key(Box::new(change.clone()))),
            Predicate::Notice(notice) => {
                self.want_named(notice);
                self.rule(index, leaf, &envelope, Says::Notice(Box::new(notice.clone())));
            }
            Predicate::Observation(seen) => {
                self.reads.entry(seen.run).or_default().extend(seen.reads.clone());
            }
            _ => {}
        }
        if let Some(subjects) = self.wanted.remove(&id) {
            self.walk.extend(subjects.iter().copied());
            self.keep(index, envelope, statement, &subjects);
        } else {
            self.keep_first(id, index, envelope);
        }
    }

    fn rule(&mut self, index: LeafIndex, leaf: NodeHash, envelope: &Envelope, says: Says) {
        let envelope = envelope.clone();
        self.evidence.insert(index);
        self.rulings.push(Ruling {
            index,
            leaf,
            envelope,
            says,
        });
    }

    /// The same statement again: the lower entry is the one that counts, with the signature that stands there.
    pub(super) fn keep_first(&mut self, id: StatementId, index: LeafIndex, envelope: Envelope) {
        if let Some(node) = self.graph.nodes.get_mut(&id)
            && index < node.index
        {
            node.index = index;
            self.envelopes.insert(id, envelope);
        }
    }

    pub(super) fn take_genesis(&mut self, id: StatementId, envelope: &Envelope, statement: &Statement) {
        let index = LeafIndex::new(0);
        let Predicate::Genesis(genesis) = &statement.predicate else {
            return self.entry_finding(Code::Inadmissible, index, "the first entry is not a genesis");
        };
        let root = self.request.trust.root().clone();
        if TrustRoot::of(id, genesis) != root {
            let message = format!(
                "the genesis of this ledger is {id}, but the trust root says {}: this is another ledger under the \
                 origin {}",
                root.genesis, root.origin
            );
            self.ledger_finding(Code::GenesisDiffers, "ledger", message);
        }
        if genesis.format != FORMAT_VERSION {
            let message = format!(
                "format {} is not the {FORMAT_VERSION} this version judges",
                genesis.format
            );
            self.entry_finding(Code::NotJudged, index, message);
        }
        let keys = Keys::of(genesis);
        let signed = keys.owner(envelope.key()).map_err(|error| error.to_string());
        if let Err(why) = signed.and_then(|key| envelope.verify(key).map_err(|error| with_sources(&error))) {
            self.entry_finding(Code::SignatureInvalid, index, why);
        }
        self.genesis = Some(genesis.clone());
    }

    pub(super) fn check_ledger(&mut self, index: LeafIndex, statement: &Statement) {
        let offered = matches!(statement.predicate, Predicate::Source(_)) && statement.ledger.is_none();
        if statement.ledger != Some(self.request.trust.root().genesis) && !offered {
            self.entry_finding(
                Code::WrongLedger,
                index,
                "the statement was made for another ledger",
            );
        }
    }

    /// Keeps a statement and asks for what it descends from.
    pub(super) fn keep(
        &mut self,
        index: LeafIndex,
        envelope: Envelope,
        statement: Statement,
        subjects: &BTreeSet<ArtifactRef>,
    ) {
        let id = envelope.id();
        let in_walk = matches!(self.phase, Phase::Walk(_));
        for subject in subjects {
            let at = usize::try_from(subject.subject).unwrap_or(usize::MAX);
            if let Some(artifact) = statement.predicate.artifacts().nth(at)
                && artifact.manifest().is_some()
                && (in_walk || self.graph.members_in(artifact).is_none())
                && !self.unread.contains(&artifact.sha256.as_blob())
            {
                self.blobs
                    .push_back((artifact.sha256.as_blob(), BlobUse::Members(artifact.clone())));
            }
        }
        if !self.graph.nodes.contains_key(&id) {
            let cites = self.resolve_cites(id, &statement);
            if in_walk {
                self.hold_attachments(&statement);
            }
            self.graph.nodes.insert(id, Node::new(index, statement, cites));
            self.envelopes.insert(id, envelope);
        }
    }

    /// Notes the blobs that a statement attaches, to look whether they are there.
    pub(super) fn hold_attachments(&mut self, statement: &Statement) {
        for attachment in statement.predicate.held_attachments() {
            let held = self.held.entry(attachment.blob).or_default();
            held.name.clone_from(&attachment.name);
            held.bytes.insert(attachment.bytes);
        }
    }

    pub(super) fn resolve_cites(&mut self, id: StatementId, statement: &Statement) -> Vec<Vec<ArtifactRef>> {
        let lists: Vec<Option<&Cites>> = match &statement.predicate {
            Predicate::Run(run) => run
                .inputs
                .iter()
                .map(|input| match &input.from {
                    InputFrom::Artifacts(cites) => Some(cites),
                    InputFrom::Gap(_) => None,
                })
                .collect(),
            Predicate::Dataset(_) | Predicate::Source(_) => {
                let (cites, _) = statement.predicate.collected().unwrap_or_default();
                vec![cites]
            }
            Predicate::Filter(filter) => {
                if let Some(model) = filter.model {
                    self.want(model);
                }
                return Vec::new();
            }
            _ => return Vec::new(),
        };
        let mut resolved = Vec::new();
        for (input, cites) in lists.into_iter().enumerate() {
            resolved.push(match cites {
                None => Vec::new(),
                Some(Cites::Inline(references)) => references.clone(),
                Some(Cites::Manifest { blob, count, root }) => {
                    let purpose = BlobUse::Cites {
                        statement: id,
                        input,
                        count: *count,
                        root: *root,
                    };
                    self.blobs.push_back((*blob, purpose));
                    Vec::new()
                }
            });
        }
        for reference in resolved.iter().flatten() {
            self.want(*reference);
        }
        resolved
    }

    pub(super) fn want(&mut self, reference: ArtifactRef) {
        self.wanted
            .entry(reference.statement)
            .or_default()
            .insert(reference);
    }

    /// Ends the first sweep: the root, the seal, citations that lead nowhere, and the digests to look for.
    pub(super) fn end_walk(&mut self) -> Phase {
        self.leaves.reverse();
        self.rulings.reverse();
        let expected = self.checkpoint.as_ref().map(|checkpoint| checkpoint.root);
        let whole = self.root.root() == expected;
        if !whole {
            self.ledger_finding(
                Code::RootDiffers,
                "ledger",
                "the entries do not hash to the checkpoint's root",
            );
        }
        self.compare_with_earlier(whole);
        self.go_back();
        self.check_seal();
        self.take_notices();
        self.check_dangling();
        for reference in self.walk.clone() {
            self.claim_walk(reference);
        }
        self.claims.settle();
        self.relations.settle();
        Phase::Claims(self.leaves.len())
    }

    /// From here on the checkpoint is that of the size that was asked about: a prefix of what the signed one covers.
    fn go_back(&mut self) {
        let Some(size) = self.as_of else {
            return;
        };
        self.leaves
            .truncate(usize::try_from(size.get()).unwrap_or(usize::MAX));
        if let Some(checkpoint) = &mut self.checkpoint {
            checkpoint.size = size;
            let leaves: Vec<NodeHash> = self.leaves.iter().map(|(_, leaf)| *leaf).collect();
            checkpoint.root = merkle::root(&leaves);
        }
    }

    pub(super) fn check_dangling(&mut self) {
        let size = self.judged_size().unwrap_or_default();
        for (statement, subjects) in std::mem::take(&mut self.wanted) {
            if self
                .request
                .artifacts
                .iter()
                .any(|target| target.statement == statement)
            {
                let of = if self.sparse { "evidence on" } else { "log of" };
                let message = format!("hb:{statement} is not in the {of} {size} entries");
                self.ledger_finding(Code::EntryMissing, format!("hb:{statement}"), message);
            } else if self.sparse {
                // What the lineage itself needs is found by a rule, with the path to it.
                self.absent.insert(statement);
            } else if let Some(subject) = subjects.first() {
                let message = format!("{subject} is cited but does not stand below what cites it");
                self.ledger_finding(Code::Inadmissible, subject.to_string(), message);
            }
        }
    }

    pub(super) fn check_seal(&mut self) {
        let Some((index, seal, envelope)) = self.seal.take() else {
            if self.sparse && !self.findings.iter().any(|finding| finding.code == Code::NoSeal) {
                let message = "the last entry of the checkpoint is not part of this evidence, so no seal tells what is left out";
                self.ledger_finding(Code::NoSeal, "ledger", message);
            }
            return;
        };
        self.expect_records(seal);
        let public = self.log_key.as_ref().map(crate::checkpoint::LogKey::public_key);
        let signed = public.is_some_and(|key| envelope.verify(key).is_ok());
        if !signed {
            self.entry_finding(
                Code::SignatureInvalid,
                index,
                "the seal is not signed by the log key",
            );
        }
        if seal.size != index.get() {
            let message = format!("the seal says that {} entries stand below it", seal.size);
            self.entry_finding(Code::SealFalse, index, message);
        }
        let leaves: Vec<NodeHash> = self.rulings.iter().map(|ruling| ruling.leaf).collect();
        if self.sparse && (leaves.len() as u64) < seal.rulings {
            let message = format!(
                "the seal counts {} key and notice statements, and {} of them are here: a revocation or a withdrawal may be \
                 held back",
                seal.rulings,
                leaves.len()
            );
            self.entry_finding(Code::RulingsMissing, index, message);
        } else if seal.rulings != leaves.len() as u64 || seal.rulings_root != merkle::root(&leaves) {
            let message = format!(
                "the seal counts {} key and notice statements, but {} stand below it",
                seal.rulings,
                leaves.len()
            );
            self.entry_finding(Code::SealFalse, index, message);
        }
    }

    /// Notes what an artifact of the lineage claims, so that the second sweep can look for others that claim it.
    pub(super) fn claim_walk(&mut self, reference: ArtifactRef) {
        let Some(located) = self.graph.locate(reference) else {
            if self.graph.nodes.contains_key(&reference.statement) {
                let message =
                    format!("{reference} is cited, but its statement has no such subject or member");
                self.ledger_finding(Code::Inadmissible, reference.to_string(), message);
            }
            return;
        };
        if located.thing == Thing::ExternalModel {
            self.external_names.insert(folded(located.item));
        }
        let predicate = &located.node.statement.predicate;
        if let Predicate::Source(source) = predicate {
            self.external_names.extend(source.generators.names().map(folded));
        }
        let ties = match predicate {
            Predicate::Model(_) | Predicate::Run(_) | Predicate::Source(_) => {
                predicate.relations(reference.statement)
            }
            _ => Vec::new(),
        };
        let of_run = run_tie(reference.statement);
        let is_leaf = !matches!(predicate, Predicate::Run(_));
        let counts = |tie: &Sha256Digest| is_leaf || *tie == of_run;
        let ties = ties.into_iter().filter(|(_, tie)| counts(tie));
        self.relations
            .note(ties.map(|(subject, tie)| (tie, ArtifactRef::subject(reference.statement, subject))));
        if let Some(artifact) = located.artifact
            && let Content::File {
                held: true,
                blake3,
                bytes,
                ..
            } = &artifact.content
        {
            let held = self.held.entry(artifact.sha256.as_blob()).or_default();
            held.name = located.name();
            held.blake3.extend(*blake3);
            held.bytes.extend(*bytes);
        }
        self.claims
            .note(located.content_id().map(|digest| (digest, reference)));
        if let Some(members) = self.graph.members_of(&located) {
            let of = |(at, member): (u64, &manifest::Member)| {
                (
                    member.sha256,
                    ArtifactRef {
                        member: Some(at),
                        ..reference
                    },
                )
            };
            self.claims.note((0_u64..).zip(members).map(of));
        }
    }
}
