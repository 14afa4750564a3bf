//! The files of a statement: what each is called, its digest, and how much it is.

use std::collections::BTreeSet;

use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::ledger::View;
use crate::ledger::artifact_name;
use crate::manifest::Member;
use crate::statement::Artifact;
use crate::statement::ArtifactRef;
use crate::statement::Content;
use crate::statement::RowRoot;
use crate::statement::Statement;

use super::QueryError;
use super::names::members;
use super::node::Place;

/// How many members of one manifest are listed unasked.
pub const SHOWN_MEMBERS_MAX: usize = 100;

/// A file, or a manifest of many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownFile {
    /// What it is.
    pub artifact: ArtifactRef,
    /// The item's name, with `/FILE` where the item has several.
    pub name: String,
    /// Its digest, of a manifest that of the manifest; nothing where there are no bytes.
    pub sha256: Option<Sha256Digest>,
    /// Its size in bytes, where known.
    pub bytes: Option<u64>,
    /// Its rows, where known.
    pub rows: Option<u64>,
    /// How many files its manifest lists; nothing for what is no manifest.
    pub members: Option<u64>,
    /// The root over its rows.
    pub row_root: Option<RowRoot>,
}

/// Returns the files of a statement: those at `places`, or all. A manifest stands before its first members.
pub(super) fn files(
    view: &View<'_>,
    id: StatementId,
    statement: &Statement,
    places: &[Place],
) -> Result<Vec<ShownFile>, QueryError> {
    let wanted: BTreeSet<ArtifactRef> = places
        .iter()
        .filter_map(|place| match place {
            Place::Artifact(artifact) => Some(*artifact),
            Place::Run(_) | Place::Gap(..) => None,
        })
        .collect();
    let mut files = Vec::new();
    let mut subject = 0;
    for (item, set) in statement.predicate.sets() {
        for artifact in &set.artifacts {
            let whole = ArtifactRef::subject(id, subject);
            subject += 1;
            let is_wanted = wanted.is_empty() || wanted.contains(&whole);
            if is_wanted {
                files.push(of_artifact(whole, artifact_name(item, set, artifact), artifact));
            }
            let asked = wanted
                .iter()
                .any(|one| one.member.is_some() && one.whole() == whole);
            if !is_wanted && !asked {
                continue;
            }
            let lines = members(view, artifact)?.unwrap_or_default();
            for (at, line) in (0_u64..).zip(&lines) {
                let reference = ArtifactRef {
                    member: Some(at),
                    ..whole
                };
                let is_listed = is_wanted && at < SHOWN_MEMBERS_MAX as u64;
                if is_listed || wanted.contains(&reference) {
                    files.push(of_member(reference, format!("{item}/{}", line.name), line));
                }
            }
        }
    }
    Ok(files)
}

fn of_artifact(reference: ArtifactRef, name: String, artifact: &Artifact) -> ShownFile {
    ShownFile {
        artifact: reference,
        name,
        sha256: artifact.has_bytes().then_some(artifact.sha256),
        bytes: match &artifact.content {
            Content::File { bytes, .. } => *bytes,
            Content::Manifest { .. } | Content::Absent { .. } => None,
        },
        rows: artifact.rows.map(|rows| rows.value),
        members: artifact.manifest().map(|facts| facts.count),
        row_root: match &artifact.content {
            Content::File { row_root, .. } => *row_root,
            Content::Manifest { .. } | Content::Absent { .. } => None,
        },
    }
}

fn of_member(reference: ArtifactRef, name: String, line: &Member) -> ShownFile {
    ShownFile {
        artifact: reference,
        name,
        sha256: Some(line.sha256),
        bytes: line.bytes,
        rows: line.rows,
        members: None,
        row_root: line.row_root,
    }
}
