//! Files whose bytes the ledger holds, or seals: prompts, filters, evidence, code.

use std::path::Path;

use crate::digest::BlobId;
use crate::digest::Sha256Digest;
use crate::ledger::admission::HELD_BYTES_MAX;

use super::PlannedBlob;
use super::content::Piece;
use super::problem::ProblemKind;
use super::secret::holds_private_key;
use super::withhold::Committer;

/// Returns the digest and the size of a file's sealed form.
pub(super) fn sealed(piece: &Piece, by: &Committer<'_>) -> Result<(Sha256Digest, u64), ProblemKind> {
    let path = piece.path.as_ref().ok_or(ProblemKind::SealsNoFile)?;
    let bytes = piece.bytes.unwrap_or_default();
    if bytes > HELD_BYTES_MAX {
        return Err(ProblemKind::HeldTooLarge {
            path: path.clone(),
            bytes,
            limit: HELD_BYTES_MAX,
        });
    }
    let content = read_held(path, piece.sha256.as_blob());
    by.content(content.ok_or_else(|| ProblemKind::SealedChanged { path: path.clone() })?)
}

/// Returns the blob of a file that the ledger is to hold.
pub(super) fn hold(piece: &Piece) -> Result<Option<(BlobId, PlannedBlob)>, ProblemKind> {
    let Some(path) = &piece.path else {
        return Ok(None);
    };
    let bytes = piece.bytes.unwrap_or_default();
    if bytes > HELD_BYTES_MAX {
        return Err(ProblemKind::HeldTooLarge {
            path: path.clone(),
            bytes,
            limit: HELD_BYTES_MAX,
        });
    }
    let id = piece.sha256.as_blob();
    // What changed since it was hashed is told when it is read to be kept.
    if read_held(path, id).is_some_and(|bytes| holds_private_key(&bytes)) {
        return Err(ProblemKind::HeldPrivateKey { path: path.clone() });
    }
    Ok(Some((id, PlannedBlob::File(path.clone()))))
}

/// Reads a file that the ledger is to hold and checks that it still has the digest it was hashed with.
pub(in crate::ledger) fn read_held(path: &Path, id: BlobId) -> Option<Vec<u8>> {
    let size = std::fs::metadata(path).ok()?.len();
    if size > HELD_BYTES_MAX {
        return None;
    }
    std::fs::read(path).ok().filter(|bytes| BlobId::of(bytes) == id)
}
