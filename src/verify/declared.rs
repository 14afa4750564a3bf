//! What a run declares to have taken: every file behind its inputs, to be held against what a job really opened.

use std::collections::BTreeSet;

use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::statement::ArtifactRef;
use crate::statement::Content;
use crate::statement::InputFrom;
use crate::statement::Predicate;

use super::graph::Graph;
use super::graph::Located;

/// Why sealed content cannot be compared.
const WITHHELD: &str = "its bytes are withheld";

/// A file that a run declares to have read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeclaredFile {
    /// Its registered name.
    pub name: String,
    /// Its digest.
    pub sha256: Sha256Digest,
    /// The item that it is of.
    pub item: String,
    /// The role of the input: `data`, `prompt`, ..., or `code`.
    pub role: String,
}

/// An input that has no file to compare.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotCompared {
    /// The item; the text of a gap.
    pub item: String,
    /// The role of the input.
    pub role: String,
    /// Why not.
    pub why: &'static str,
}

/// Everything that one run declares to have read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Declared {
    /// Files, each once an input.
    pub files: BTreeSet<DeclaredFile>,
    /// The digests of lists of files: part of the record, and of no job.
    pub lists: BTreeSet<Sha256Digest>,
    /// Inputs that nothing can be compared with.
    pub not_compared: BTreeSet<NotCompared>,
    /// The digests of what the run made.
    pub outputs: BTreeSet<Sha256Digest>,
}

impl Declared {
    /// Returns whether somebody who saw the run read these bytes saw nothing new.
    pub fn has(&self, digests: &BTreeSet<Sha256Digest>, sha256: Sha256Digest) -> bool {
        digests.contains(&sha256) || self.lists.contains(&sha256)
    }

    /// Returns the digests of all files.
    pub fn digests(&self) -> BTreeSet<Sha256Digest> {
        self.files.iter().map(|file| file.sha256).collect()
    }
}

/// Gathers what a run declares.
pub(super) fn declared(graph: &Graph, id: StatementId) -> Declared {
    let mut declared = Declared::default();
    let Some((node, run)) = graph.run(id) else {
        return declared;
    };
    for code in &run.code {
        if code.sealed {
            declared.not_compared.insert(NotCompared {
                item: code.name.clone(),
                role: "code".to_owned(),
                why: WITHHELD,
            });
            continue;
        }
        declared.files.insert(DeclaredFile {
            name: code.name.clone(),
            sha256: Sha256Digest::from_bytes(*code.blob.as_bytes()),
            item: run.name.to_string(),
            role: "code".to_owned(),
        });
    }
    for (input, cited) in run.inputs.iter().zip(&node.cites) {
        let role = input.role.to_string();
        match &input.from {
            InputFrom::Artifacts(_) => add_cited(graph, cited, &role, &mut declared),
            InputFrom::Gap(gap) => match gap.digest {
                Some(sha256) => drop(declared.files.insert(DeclaredFile {
                    name: gap.text.clone(),
                    sha256,
                    item: gap.text.clone(),
                    role,
                })),
                None => drop(declared.not_compared.insert(NotCompared {
                    item: gap.text.clone(),
                    role,
                    why: "nobody declared what it is",
                })),
            },
        }
    }
    for artifact in node
        .statement
        .predicate
        .artifacts()
        .filter(|artifact| artifact.has_bytes())
    {
        declared.outputs.insert(artifact.sha256);
        let members = graph.members_in(artifact).unwrap_or_default();
        declared
            .outputs
            .extend(members.iter().map(|member| member.sha256));
    }
    declared
}

fn add_cited(graph: &Graph, cited: &[ArtifactRef], role: &str, declared: &mut Declared) {
    let mut queue = cited.to_vec();
    let mut seen = BTreeSet::new();
    while let Some(reference) = queue.pop() {
        let Some(located) = graph.locate(reference).filter(|_| seen.insert(reference)) else {
            continue;
        };
        add_located(graph, &located, role, declared);
        match &located.node.statement.predicate {
            Predicate::Dataset(_) => queue.extend(located.node.cites.iter().flatten()),
            // A run that applies a filter reads the model that decides.
            Predicate::Filter(filter) => queue.extend(filter.model),
            _ => {}
        }
    }
}

fn add_located(graph: &Graph, located: &Located<'_>, role: &str, declared: &mut Declared) {
    let Some(artifact) = located.artifact else {
        // A data set is what its members are.
        return;
    };
    let mut file = |name: &str, sha256| {
        declared.files.insert(DeclaredFile {
            name: name.to_owned(),
            sha256,
            item: located.item.to_owned(),
            role: role.to_owned(),
        });
    };
    let why = match (&artifact.content, located.member) {
        (_, Some(member)) => return file(&member.name, member.sha256),
        (Content::Manifest { .. }, None) => {
            for member in graph.members_in(artifact).unwrap_or_default() {
                file(&member.name, member.sha256);
            }
            declared.lists.insert(artifact.sha256);
            return;
        }
        (Content::File { sealed: false, .. }, None) => return file(&artifact.name, artifact.sha256),
        (Content::File { sealed: true, .. }, None) => {
            declared.lists.insert(artifact.sha256);
            WITHHELD
        }
        (Content::Absent { .. }, None) => "it has no bytes that anybody hashed",
    };
    declared.not_compared.insert(NotCompared {
        item: located.item.to_owned(),
        role: role.to_owned(),
        why,
    });
}
