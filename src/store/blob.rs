//! Content-addressed bytes: a blob's name is its SHA-256, and what is read is checked against it.

use crate::digest::BlobId;

use super::{Creation, Store, StoreError, StorePath};

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
