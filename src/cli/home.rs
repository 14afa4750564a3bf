//! Keys and pins: what belongs to the user and never lies in a ledger.
//!
//! ```text
//! $HERDBOOK_HOME/keys/<log>/{owner,log,issuer}.pem     else  $XDG_CONFIG_HOME/herdbook/keys/...
//! $HERDBOOK_HOME/pins/<log>.json                       else  $XDG_STATE_HOME/herdbook/pins/...
//! ```
//!
//! `<log>` is the origin made fit for a file name, with a digest of it, so that no two origins share one.

use std::fs;
use std::io;
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::path::PathBuf;

use crate::digest::Sha256Digest;
use crate::trust::TRUST_ROOT_BYTES_MAX;
use crate::trust::TrustRoot;

use super::error::Error;
use super::exit::Exit;
use super::surroundings::Surroundings;

/// How much of an origin is kept readable in a file name.
const STEM_CHARS_MAX: usize = 60;

/// How many digits of the origin's digest make a file name unique.
const STEM_DIGITS: usize = 16;

/// The folders of one user.
#[derive(Debug, Clone)]
pub struct Home {
    keys: PathBuf,
    pins: PathBuf,
}

/// The three keys that `init` makes.
#[derive(Debug, Clone)]
pub struct KeyPaths {
    /// Their folder.
    pub folder: PathBuf,
    /// May change keys.
    pub owner: PathBuf,
    /// Signs checkpoints, commits and seals.
    pub log: PathBuf,
    /// Signs statements.
    pub issuer: PathBuf,
}

impl Home {
    /// Finds the folders; nothing is made.
    pub fn find(around: &Surroundings) -> Result<Self, Error> {
        if let Some(home) = &around.herdbook_home {
            return Ok(Self {
                keys: home.join("keys"),
                pins: home.join("pins"),
            });
        }
        match (&around.config_home, &around.state_home) {
            (Some(config), Some(state)) => Ok(Self {
                keys: config.join("herdbook/keys"),
                pins: state.join("herdbook/pins"),
            }),
            _ => Err(
                Error::new(Exit::Failure, "there is no home folder to keep keys and pins in")
                    .hint("set HERDBOOK_HOME to a folder of yours"),
            ),
        }
    }

    /// Returns where the keys of a log are.
    pub fn keys(&self, origin: &str) -> KeyPaths {
        let folder = self.keys.join(stem(origin));
        KeyPaths {
            owner: folder.join("owner.pem"),
            log: folder.join("log.pem"),
            issuer: folder.join("issuer.pem"),
            folder,
        }
    }

    /// Returns where the trust root of a log is pinned.
    pub fn pin_path(&self, origin: &str) -> PathBuf {
        self.pins.join(format!("{}.json", stem(origin)))
    }

    /// Returns the trust root that was pinned for a log, if any.
    pub fn pinned(&self, origin: &str) -> Result<Option<TrustRoot>, Error> {
        let path = self.pin_path(origin);
        if !path.exists() {
            return Ok(None);
        }
        let root = read_trust_root(&path)?;
        if root.origin == origin {
            return Ok(Some(root));
        }
        Err(Error::new(
            Exit::Failure,
            format!("{} pins `{}`, not `{origin}`", path.display(), root.origin),
        )
        .hint("somebody changed that file; remove it, and verify with --trust-root FILE"))
    }

    /// Pins a trust root; one that is pinned already is never replaced.
    pub fn pin(&self, root: &TrustRoot) -> Result<(), Error> {
        make_private_folder(&self.pins)?;
        write_new(&self.pin_path(&root.origin), &root.encode())
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
            .hint("give the path of the file that `herdbook key trust-root -o FILE` wrote")
    })
}

/// Makes a folder that only its owner may enter, with all above it.
pub fn make_private_folder(path: &Path) -> Result<(), Error> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|source| {
            Error::new(
                Exit::Failure,
                format!("the folder {} cannot be made", path.display()),
            )
            .because(source)
            .hint("set HERDBOOK_HOME to a folder that you may write to")
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
            error.hint("a file is there already, and it is never overwritten: give another path")
        } else {
            error.because(source)
        }
    })
}

fn stem(origin: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-') { c } else { '_' };
    let readable: String = origin.chars().take(STEM_CHARS_MAX).map(plain).collect();
    let digest = Sha256Digest::of(origin.as_bytes()).to_hex();
    format!(
        "{}-{}",
        readable.trim_start_matches('.'),
        digest.get(..STEM_DIGITS).unwrap_or(&digest)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_origins_share_a_file_and_none_leaves_its_folder() {
        let origins = [
            "example.org/lab",
            "example.org_lab",
            "..",
            "../../x",
            ".",
            "EXAMPLE.org/lab",
        ];
        let stems: std::collections::BTreeSet<String> = origins.iter().map(|origin| stem(origin)).collect();
        assert_eq!(stems.len(), origins.len());
        for stem in stems {
            assert!(!stem.contains('/') && !stem.starts_with('.'), "{stem}");
        }
        assert!(stem(&"a/".repeat(64)).len() < 100);
    }
}
