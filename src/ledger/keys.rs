//! The three keys of a ledger, in a folder of their owner.

use std::fs;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use crate::checkpoint::Origin;
use crate::sign::KeyFile;
use crate::sign::KeyFileError;
use crate::sign::KeyOpener;
use crate::sign::Signer;

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
    pub(super) owner: Arc<dyn Signer>,
    pub(super) log: Arc<dyn Signer>,
    pub(super) issuer: Arc<dyn Signer>,
}

impl Keys {
    /// Opens the keys that are there and makes the others; `owner` is one from elsewhere.
    pub(super) fn load_or_make(
        paths: &KeyPaths,
        opener: &KeyOpener,
        owner: Option<Arc<dyn Signer>>,
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
        let mut key = |path: &Path| match opener.open(path) {
            Err(KeyFileError::Missing { .. }) => {
                KeyFile::generate(path, random()).map(|made| Arc::new(made) as Arc<dyn Signer>)
            }
            other => other,
        };
        Ok(Self {
            owner: match owner {
                Some(owner) => owner,
                None => key(&paths.owner)?,
            },
            log: key(&paths.log)?,
            issuer: key(&paths.issuer)?,
        })
    }
}
