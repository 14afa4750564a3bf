//! Content-addressed bytes: a blob's name is its SHA-256, and what is read is checked against it.

use std::fmt;

use crate::digest::BlobId;

use super::{Creation, Folder, Store, StoreError, StorePath, Stranger};

/// The largest blob: a manifest of some four million files.
pub const MAX_BLOB_BYTES: u64 = 1024 * 1024 * 1024;

/// Writes bytes durably under their SHA-256; the same bytes a second time change nothing.
///
/// Call it before the commit that names the blob. Errors: [`StoreError::BlobDiffers`] when other bytes stand under
/// that name, [`StoreError::TooLarge`] beyond [`MAX_BLOB_BYTES`].
pub fn put_blob(store: &dyn Store, bytes: &[u8]) -> Result<BlobId, StoreError> {
    let id = BlobId::of(bytes);
    let path = StorePath::Blob(id);
    if bytes.len() as u64 > MAX_BLOB_BYTES {
        return Err(StoreError::TooLarge {
            path,
            limit: MAX_BLOB_BYTES,
        });
    }
    if get_blob(store, id)?.is_none() && store.create(&path, bytes)? == Creation::Created {
        return Ok(id);
    }
    // Somebody wrote it before, and may have died before it was durable.
    store.persist(&path)?;
    get_blob(store, id)?.map(|_| id).ok_or(StoreError::Io {
        action: "read back",
        path: path.to_string(),
        source: std::io::ErrorKind::NotFound.into(),
    })
}

/// Returns the bytes of a blob, `None` when there is none.
///
/// Errors: [`StoreError::BlobDiffers`] when the bytes are not those of its name.
pub fn get_blob(store: &dyn Store, id: BlobId) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(bytes) = store.read(&StorePath::Blob(id), MAX_BLOB_BYTES)? else {
        return Ok(None);
    };
    let actual = BlobId::of(&bytes);
    if actual == id {
        Ok(Some(bytes))
    } else {
        Err(StoreError::BlobDiffers { expected: id, actual })
    }
}

/// Something under `blobs/` that is not bytes under their SHA-256.
#[derive(Debug, PartialEq, Eq)]
pub enum BlobFault {
    /// The bytes are not those of the name.
    Differs {
        /// The name.
        expected: BlobId,
        /// The id of the bytes.
        actual: BlobId,
    },
    /// The blob is beyond [`MAX_BLOB_BYTES`].
    TooLarge {
        /// The name.
        id: BlobId,
    },
    /// Something is there that is no blob.
    Stranger(Stranger),
}

impl fmt::Display for BlobFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Differs { expected, actual } => write!(f, "blob {expected} holds the bytes of {actual}"),
            Self::TooLarge { id } => write!(
                f,
                "blob {id} is beyond the limit MAX_BLOB_BYTES of {MAX_BLOB_BYTES}"
            ),
            Self::Stranger(stranger) => write!(f, "{} is {}", stranger.path, stranger.kind),
        }
    }
}

/// Reads every file under `blobs/` and returns all that is not bytes under their SHA-256.
///
/// Which blobs the log names is not known here: whether one is missing or nobody's is for the caller to say, from
/// the ids returned beside the faults, in order.
pub fn check_blobs(store: &dyn Store) -> Result<(Vec<BlobId>, Vec<BlobFault>), StoreError> {
    let listing = store.list(&Folder::Blobs)?;
    let mut faults: Vec<BlobFault> = listing.strangers.into_iter().map(BlobFault::Stranger).collect();
    let mut ids = Vec::new();
    for path in listing.files {
        let StorePath::Blob(id) = path else { continue };
        ids.push(id);
        match get_blob(store, id) {
            Ok(_) => {}
            Err(StoreError::BlobDiffers { expected, actual }) => {
                faults.push(BlobFault::Differs { expected, actual });
            }
            Err(StoreError::TooLarge { .. }) => faults.push(BlobFault::TooLarge { id }),
            Err(error) => return Err(error),
        }
    }
    Ok((ids, faults))
}
