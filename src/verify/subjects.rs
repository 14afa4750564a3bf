//! What was judged: each artifact with the digest it has, and the files it consists of.

use crate::digest::Sha256Digest;
use crate::statement::ArtifactRef;
use crate::statement::Content;

use super::scene::Scene;

/// The most files that all subjects of a judgement list together; the rest is counted.
pub const SUBJECT_FILES_MAX: usize = 1_000;

/// An artifact that was judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Its id.
    pub id: String,
    /// The item's name, `ITEM/FILE` for one of several files.
    pub name: String,
    /// The digest of its bytes, of its manifest, or of the declaration that stands for them.
    pub sha256: Option<Sha256Digest>,
    /// What the digest is of: `file`, `manifest` or `declaration`.
    pub sha256_of: Option<&'static str>,
    /// The files of a manifest, in its order.
    pub files: Vec<SubjectFile>,
    /// How many more there are.
    pub files_left_out: usize,
}

/// One file of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectFile {
    /// As registered.
    pub name: String,
    /// The digest of its bytes.
    pub sha256: Sha256Digest,
}

/// Returns what was judged.
pub(super) fn subjects(scene: &Scene<'_>) -> Vec<Subject> {
    let mut left = SUBJECT_FILES_MAX;
    let artifacts = scene.case.starts.iter();
    artifacts
        .map(|reference| subject(scene, *reference, &mut left))
        .collect()
}

fn subject(scene: &Scene<'_>, reference: ArtifactRef, left: &mut usize) -> Subject {
    let located = scene.graph.locate(reference);
    let members = (located.as_ref()).and_then(|located| scene.graph.members_of(located));
    let members = members.unwrap_or_default();
    let files: Vec<SubjectFile> = (members.iter().take(*left))
        .map(|member| SubjectFile {
            name: member.name.clone(),
            sha256: member.sha256,
        })
        .collect();
    *left -= files.len();
    let digest = located.as_ref().and_then(|located| {
        if let Some(member) = located.member {
            return Some((member.sha256, "file"));
        }
        let artifact = located.artifact?;
        let of = match artifact.content {
            Content::File { .. } => "file",
            Content::Manifest { .. } => "manifest",
            Content::Absent { .. } => "declaration",
        };
        Some((artifact.sha256, of))
    });
    Subject {
        id: reference.to_string(),
        name: located.map_or_else(|| reference.to_string(), |located| located.name()),
        sha256: digest.map(|(digest, _)| digest),
        sha256_of: digest.map(|(_, of)| of),
        files_left_out: members.len() - files.len(),
        files,
    }
}
