//! The proof of one line of a manifest, from the manifest itself.

use crate::digest::BlobId;
use crate::digest::NodeHash;
use crate::manifest::MANIFEST_BYTES_MAX;
use crate::manifest::ManifestError;
use crate::manifest::MemberReader;
use crate::merkle::LeafIndex;
use crate::merkle::leaf_hash;
use crate::merkle::prove_inclusion;
use crate::statement::Artifact;

use super::admission::BlobError;
use super::admission::Blobs;

/// Why a line of a manifest is not proved.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// The manifest cannot be read.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// A manifest that is not what its statement says.
    #[error("manifest {id} is not what its statement says")]
    Manifest {
        /// The blob.
        id: BlobId,
        /// What is wrong.
        source: ManifestError,
    },
}

/// Returns a line of an artifact's manifest without its line feed, and the way from it to the root in the statement;
/// nothing where the artifact is no manifest, or has no such line.
pub fn prove_line(
    blobs: &dyn Blobs,
    artifact: &Artifact,
    index: LeafIndex,
) -> Result<Option<(String, Vec<NodeHash>)>, LineError> {
    let Some(facts) = artifact.manifest() else {
        return Ok(None);
    };
    let id = artifact.sha256.as_blob();
    let mut reader = MemberReader::new(facts);
    let (mut leaves, mut line) = (Vec::new(), None);
    let mut read = Ok(());
    blobs.read_parts(id, MANIFEST_BYTES_MAX, &mut |part| {
        if read.is_ok() {
            read = reader.push_lines(part, |text, _| {
                if leaves.len() as u64 == index.get() {
                    line = Some(String::from_utf8_lossy(text).into_owned());
                }
                leaves.push(leaf_hash(text));
            });
        }
    })?;
    read.and_then(|()| reader.finish())
        .map_err(|source| LineError::Manifest { id, source })?;
    // Where the line is there, so is its path: the manifest was just read to its end.
    Ok(line.zip(prove_inclusion(&leaves, index).ok()))
}
