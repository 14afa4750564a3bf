//! Keys and pins: what belongs to the user and never lies in a ledger.
//!
//! ```text
//! $HERDBOOK_HOME/keys/<log>/{owner,log,issuer}.pem     else  $XDG_CONFIG_HOME/herdbook/keys/...
//! $HERDBOOK_HOME/trust/<log>.json                      else  $XDG_STATE_HOME/herdbook/trust/...
//! $HERDBOOK_HOME/checkpoints/<log>                     else  $XDG_STATE_HOME/herdbook/checkpoints/...
//! $HERDBOOK_HOME/cache/...                             else  $XDG_CACHE_HOME/herdbook/...
//! ```

use std::fs;
use std::io;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;

use crate::trust::TRUST_ROOT_BYTES_MAX;
use crate::trust::TrustRoot;

use super::code::ErrorCode;
use super::error::Error;
use super::exit::Exit;
use super::surroundings::Surroundings;

/// The folders of one user.
#[derive(Debug, Clone)]
pub struct Home {
    /// Where keys are, one folder a log.
    pub keys: PathBuf,
    /// Below which pins are.
    pub state: PathBuf,
    /// What may be deleted at any time.
    pub cache: PathBuf,
}

impl Home {
    /// Finds the folders, if the environment says where; nothing is made.
    pub fn find(around: &Surroundings) -> Option<Self> {
        if let Some(home) = &around.herdbook_home {
            return Some(Self {
                keys: home.join("keys"),
                state: home.clone(),
                cache: home.join("cache"),
            });
        }
        match (&around.config_home, &around.state_home, &around.cache_home) {
            (Some(config), Some(state), Some(cache)) => Some(Self {
                keys: config.join("herdbook/keys"),
                state: state.join("herdbook"),
                cache: cache.join("herdbook"),
            }),
            _ => None,
        }
    }
}

/// Reads a trust root file.
pub fn read_trust_root(path: &Path) -> Result<TrustRoot, Error> {
    let failed = |source: io::Error| {
        Error::new(
            Exit::Failure,
            format!("the trust root {} cannot be read", path.display()),
        )
        .because(source)
        .code(ErrorCode::TrustRootInvalid)
        .hint("give the path of the file that `herdbook key trust-root -o FILE` wrote")
    };
    let metadata = fs::metadata(path).map_err(failed)?;
    if !metadata.is_file() {
        return Err(failed(io::Error::other("it is not a file")));
    }
    if metadata.len() > TRUST_ROOT_BYTES_MAX as u64 {
        return Err(failed(io::Error::other(format!(
            "it has {} bytes, more than the {TRUST_ROOT_BYTES_MAX} of a trust root",
            metadata.len()
        ))));
    }
    let bytes = fs::read(path).map_err(failed)?;
    TrustRoot::decode(&bytes).map_err(|source| {
        Error::new(Exit::Failure, format!("{} is not a trust root", path.display()))
            .because(source)
            .code(ErrorCode::TrustRootInvalid)
            .hint("give the path of the file that `herdbook key trust-root -o FILE` wrote")
    })
}

/// Writes a file that must not exist yet, durably.
pub fn write_new(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let written = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()));
    written.map_err(|source| {
        let error = Error::new(Exit::Failure, format!("{} cannot be written", path.display()));
        if source.kind() == io::ErrorKind::AlreadyExists {
            error
                .code(ErrorCode::FileExists)
                .hint("a file is there already, and it is never overwritten: give another path")
        } else {
            error.because(source)
        }
    })
}
