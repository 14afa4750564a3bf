//! Blobs: manifests that must be read, and files the ledger says it holds.

use std::collections::BTreeSet;

use crate::digest::Blake3Digest;
use crate::digest::Blake3Hasher;
use crate::digest::BlobId;
use crate::digest::NodeHash;
use crate::digest::Sha256Hasher;
use crate::digest::StatementId;
use crate::envelope::Envelope;
use crate::manifest::CitedReader;
use crate::manifest::ManifestError;
use crate::manifest::Member;
use crate::manifest::MemberReader;
use crate::merkle::LeafIndex;
use crate::statement::Artifact;
use crate::statement::ArtifactRef;
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
    /// Returns what is wrong with bytes whose SHA-256 was checked before.
    fn differs(&self, blake3: Blake3Digest, size: u64) -> Option<String> {
        let other = self.blake3.iter().find(|stated| **stated != blake3);
        let length = self.bytes.iter().find(|stated| **stated != size);
        match (other, length) {
            (Some(stated), _) => Some(format!("expected blake3 {stated}, found {blake3}")),
            (None, Some(stated)) => Some(format!("expected {stated} bytes, found {size}")),
            (None, None) => None,
        }
    }
}

/// A blob while its parts come. What was read of it counts only once all its bytes have the right digest.
#[derive(Debug)]
pub(super) struct Reading {
    sha256: Sha256Hasher,
    body: Body,
    /// Why the rest is only hashed.
    wrong: Option<ManifestError>,
}

#[derive(Debug)]
enum Body {
    Members(MemberReader, Vec<Member>),
    Cites(CitedReader, Vec<ArtifactRef>),
    Held(Box<Blake3Hasher>, u64),
    Unused,
}

/// What a blob turned out to be.
enum Content {
    Members(Vec<Member>),
    Cites(Vec<ArtifactRef>),
    Held(Blake3Digest, u64),
    Unused,
}

impl Reading {
    fn of(purpose: &BlobUse) -> Self {
        let body = match purpose {
            BlobUse::Members(artifact) | BlobUse::Rival { artifact, .. } => {
                artifact.manifest().map_or(Body::Unused, |facts| {
                    Body::Members(MemberReader::new(facts), Vec::new())
                })
            }
            BlobUse::Cites { count, root, .. } => Body::Cites(CitedReader::new(*count, *root), Vec::new()),
            BlobUse::Held(_) => Body::Held(Box::default(), 0),
        };
        Self {
            sha256: Sha256Hasher::default(),
            body,
            wrong: None,
        }
    }

    fn push(&mut self, part: &[u8]) {
        self.sha256.update(part);
        let read = match &mut self.body {
            Body::Members(reader, members) => reader.push(part, |member| members.push(member)),
            Body::Cites(reader, cited) => reader.push(part, |reference| cited.push(reference)),
            Body::Held(blake3, bytes) => {
                blake3.update(part);
                *bytes = bytes.saturating_add(part.len() as u64);
                Ok(())
            }
            Body::Unused => Ok(()),
        };
        if let Err(error) = read {
            self.wrong = Some(error);
            self.body = Body::Unused;
        }
    }

    /// Returns the digest of all parts, and what they are.
    fn finish(self) -> (BlobId, Result<Content, ManifestError>) {
        let id = self.sha256.finish().as_blob();
        let content = match (self.wrong, self.body) {
            (Some(error), _) => Err(error),
            (None, Body::Members(reader, members)) => reader.finish().map(|()| Content::Members(members)),
            (None, Body::Cites(reader, cited)) => reader.finish().map(|()| Content::Cites(cited)),
            (None, Body::Held(blake3, bytes)) => Ok(Content::Held(blake3.finish(), bytes)),
            (None, Body::Unused) => Ok(Content::Unused),
        };
        (id, content)
    }
}

impl Verifier {
    /// Takes some bytes of the blob that was asked for, the first ones or those after the part before. The last
    /// part, which may be empty, goes to [`Self::blob`].
    pub fn blob_part(&mut self, part: &[u8]) {
        if self.reading.is_none() {
            let asked = self.blobs.front().map(|(_, purpose)| Reading::of(purpose));
            let held = || self.held.first_key_value();
            self.reading =
                asked.or_else(|| held().map(|(_, held)| Reading::of(&BlobUse::Held(held.clone()))));
        }
        if let Some(reading) = &mut self.reading {
            reading.push(part);
        }
    }

    /// Takes the bytes of the blob that was asked for, or the last of them. In place of them it may be told that the
    /// blob is missing or damaged; then the parts that came before count for nothing.
    pub fn blob(&mut self, given: Given<&[u8]>) {
        if let Given::Found(rest) = &given {
            self.blob_part(rest);
        }
        let reading = self.reading.take();
        let (id, purpose) = match self.blobs.pop_front() {
            Some(asked) => asked,
            None => match self.held.pop_first() {
                Some((id, held)) => (id, BlobUse::Held(held)),
                None => return,
            },
        };
        let rival = purpose.rival();
        let told = match (given, reading.map(Reading::finish)) {
            (Given::Found(_), Some((found, content))) if found == id => {
                self.use_blob(id, purpose, content);
                None
            }
            (Given::Found(_), found) => {
                let found = found.map_or_else(|| "nothing".to_owned(), |(found, _)| found.to_string());
                let name = purpose.name(&self.graph);
                let message = format!("blob of {name}: expected sha256 {id}, found {found}");
                Some((Code::BlobDiffers, message))
            }
            (Given::Damaged(why), _) => {
                let message = format!("blob of {} cannot be read: {why}", purpose.name(&self.graph));
                Some((Code::BlobDiffers, message))
            }
            (Given::Missing, _) => Some(purpose.missing(&self.graph)),
        };
        if let Some((code, message)) = told
            && self.unread.insert(id)
        {
            self.evidence.extend(rival);
            self.ledger_finding(code, format!("blob {id}"), message);
        }
        self.settle();
    }

    fn use_blob(&mut self, id: BlobId, purpose: BlobUse, content: Result<Content, ManifestError>) {
        let content = match content {
            Ok(content) => content,
            Err(error) => {
                let message = format!(
                    "manifest of {}: {}",
                    purpose.name(&self.graph),
                    with_sources(&error)
                );
                self.evidence.extend(purpose.rival());
                let node = match purpose.rival() {
                    Some(index) => format!("entry {index}"),
                    None => format!("blob {id}"),
                };
                return self.ledger_finding(Code::Undecodable, node, message);
            }
        };
        match (purpose, content) {
            (BlobUse::Held(held), Content::Held(blake3, bytes)) => {
                if let Some(why) = held.differs(blake3, bytes) {
                    let message = format!("blob of {}: {why}", held.name);
                    self.ledger_finding(Code::BlobDiffers, format!("blob {id}"), message);
                }
            }
            (BlobUse::Members(_), Content::Members(members)) => {
                self.graph.members.insert(id, members);
            }
            (
                BlobUse::Rival {
                    index,
                    envelope,
                    subject,
                    artifact,
                },
                Content::Members(members),
            ) => self.scan_rival(index, &envelope, subject, &artifact, members),
            (BlobUse::Cites { statement, input, .. }, Content::Cites(cited)) => {
                for reference in &cited {
                    self.want(*reference);
                }
                let node = self.graph.nodes.get_mut(&statement);
                if let Some(list) = node.and_then(|node| node.cites.get_mut(input)) {
                    *list = cited;
                }
            }
            // Each purpose is read as what it is for; without a manifest there is nothing to read.
            _ => {}
        }
    }
}

impl BlobUse {
    /// Returns the entry outside the lineage that may claim content of it.
    fn rival(&self) -> Option<LeafIndex> {
        match self {
            Self::Rival { index, .. } => Some(*index),
            _ => None,
        }
    }

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
