//! The three keys of a ledger, in a folder of their owner.

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use crate::checkpoint::Origin;
use crate::sign::KeyFile;
use crate::sign::KeyFileError;

use super::init::InitError;
use super::pin::origin_slug;

/// Where the keys of a ledger are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPaths {
    /// Signs genesis and changes of keys.
    pub owner: PathBuf,
    /// Signs commits, seals and checkpoints.
    pub log: PathBuf,
    /// Signs everything else.
    pub issuer: PathBuf,
}

impl KeyPaths {
    /// Returns where `init` puts the keys of an origin.
    pub fn of(keys_folder: &Path, origin: &Origin) -> Self {
        let folder = keys_folder.join(origin_slug(origin));
        Self {
            owner: folder.join("owner.pem"),
            log: folder.join("log.pem"),
            issuer: folder.join("issuer.pem"),
        }
    }
}

/// The three keys of a new ledger.
pub(super) struct Keys {
    pub(super) owner: KeyFile,
    pub(super) log: Arc<KeyFile>,
    pub(super) issuer: KeyFile,
}

impl Keys {
    pub(super) fn load_or_make(
        paths: &KeyPaths,
        random: &mut dyn FnMut() -> [u8; 32],
    ) -> Result<Self, InitError> {
        if let Some(folder) = paths.owner.parent() {
            let mut private = fs::DirBuilder::new();
            private.recursive(true).mode(0o700);
            private.create(folder).map_err(|source| InitError::Io {
                action: "make",
                path: folder.to_owned(),
                source,
            })?;
        }
        let mut key = |path: &Path| match KeyFile::load(path) {
            Err(KeyFileError::Missing { .. }) => KeyFile::generate(path, random()),
            other => other,
        };
        Ok(Self {
            owner: key(&paths.owner)?,
            log: Arc::new(key(&paths.log)?),
            issuer: key(&paths.issuer)?,
        })
    }
}
