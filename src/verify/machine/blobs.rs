//! Blobs: manifests that must be read, and files the ledger says it holds.

use std::collections::BTreeSet;

use crate::digest::Blake3Digest;
use crate::digest::BlobId;
use crate::digest::NodeHash;
use crate::digest::StatementId;
use crate::envelope::Envelope;
use crate::manifest;
use crate::merkle::LeafIndex;
use crate::statement::Artifact;
use crate::verify::Given;
use crate::verify::finding::Code;
use crate::verify::graph::Graph;

use super::Verifier;
use super::with_sources;

/// Why a blob is asked for.
#[derive(Debug, Clone)]
pub(super) enum BlobUse {
    /// The members of an artifact of the lineage.
    Members(Artifact),
    /// The references that input (or member list) number so-and-so of a statement cites.
    Cites {
        statement: StatementId,
        input: usize,
        count: u64,
        root: NodeHash,
    },
    /// Whether a manifest outside the lineage claims a digest of it.
    Rival {
        index: LeafIndex,
        envelope: Box<Envelope>,
        subject: u32,
        artifact: Artifact,
    },
    /// That the ledger holds what it says it holds.
    Held(Held),
}

/// A blob that the ledger holds, with everything that statements say of it beside its name. Every digest must match.
#[derive(Debug, Clone, Default)]
pub(super) struct Held {
    pub(super) name: String,
    pub(super) blake3: BTreeSet<Blake3Digest>,
    pub(super) bytes: BTreeSet<u64>,
}

impl Held {
    /// Returns what is wrong with the bytes, whose SHA-256 was checked before.
    fn differs(&self, found: &[u8]) -> Option<String> {
        let (blake3, size) = (Blake3Digest::of(found), found.len() as u64);
        let other = self.blake3.iter().find(|stated| **stated != blake3);
        let length = self.bytes.iter().find(|stated| **stated != size);
        match (other, length) {
            (Some(stated), _) => Some(format!("expected blake3 {stated}, found {blake3}")),
            (None, Some(stated)) => Some(format!("expected {stated} bytes, found {size}")),
            (None, None) => None,
        }
    }
}

impl Verifier {
    /// Takes the bytes of the blob that was asked for.
    pub fn blob(&mut self, given: Given<&[u8]>) {
        let (id, purpose) = match self.blobs.pop_front() {
            Some(asked) => asked,
            None => match self.held.pop_first() {
                Some((id, held)) => (id, BlobUse::Held(held)),
                None => return,
            },
        };
        let told = match given {
            Given::Found(bytes) if BlobId::of(bytes) == id => {
                self.use_blob(id, bytes, purpose);
                None
            }
            Given::Found(bytes) => {
                let found = BlobId::of(bytes);
                let name = purpose.name(&self.graph);
                let message = format!("blob of {name}: expected sha256 {id}, found {found}");
                Some((Code::BlobDiffers, message))
            }
            Given::Damaged(why) => {
                let message = format!("blob of {} cannot be read: {why}", purpose.name(&self.graph));
                Some((Code::BlobDiffers, message))
            }
            Given::Missing => Some(purpose.missing(&self.graph)),
        };
        if let Some((code, message)) = told
            && self.unread.insert(id)
        {
            self.ledger_finding(code, format!("blob {id}"), message);
        }
        self.settle();
    }

    fn use_blob(&mut self, id: BlobId, bytes: &[u8], purpose: BlobUse) {
        let name = purpose.name(&self.graph);
        let read = match purpose {
            BlobUse::Held(held) => {
                if let Some(why) = held.differs(bytes) {
                    let message = format!("blob of {name}: {why}");
                    self.ledger_finding(Code::BlobDiffers, format!("blob {id}"), message);
                }
                return;
            }
            BlobUse::Members(artifact) => match artifact.manifest() {
                Some(facts) => manifest::read_members(bytes, facts).map(|members| {
                    self.graph.members.insert(id, members);
                }),
                None => return,
            },
            BlobUse::Cites {
                statement,
                input,
                count,
                root,
            } => manifest::read_cited(bytes, count, root).map(|cited| {
                for reference in &cited {
                    self.want(*reference);
                }
                if let Some(list) = self
                    .graph
                    .nodes
                    .get_mut(&statement)
                    .and_then(|node| node.cites.get_mut(input))
                {
                    *list = cited;
                }
            }),
            BlobUse::Rival {
                index,
                envelope,
                subject,
                artifact,
            } => {
                return self.scan_rival(index, &envelope, subject, &artifact, bytes);
            }
        };
        if let Err(error) = read {
            let message = format!("manifest of {name}: {}", with_sources(&error));
            self.ledger_finding(Code::Undecodable, format!("blob {id}"), message);
        }
    }
}

impl BlobUse {
    fn name(&self, graph: &Graph) -> String {
        match self {
            Self::Members(artifact) | Self::Rival { artifact, .. } => artifact.name.clone(),
            Self::Held(held) => held.name.clone(),
            Self::Cites { statement, .. } => {
                let name = graph
                    .nodes
                    .get(statement)
                    .and_then(|node| node.statement.predicate.name());
                name.map_or_else(|| format!("hb:{statement}"), ToString::to_string)
            }
        }
    }

    fn missing(&self, graph: &Graph) -> (Code, String) {
        let name = self.name(graph);
        match self {
            Self::Rival { index, .. } => (
                Code::ClaimsIncomplete,
                format!("the manifest of {name} (entry {index}) is not there, so it may hide a rival claim"),
            ),
            Self::Held(_) => (
                Code::BlobMissing,
                format!("the ledger does not hold the blob of {name}"),
            ),
            Self::Members(_) | Self::Cites { .. } => (
                Code::ManifestMissing,
                format!("the manifest of {name} is not there"),
            ),
        }
    }
}
