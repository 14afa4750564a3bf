//! Pins: which ledger this user means by an origin, kept outside of every ledger.
//!
//! A pin is a trust root file, one for each origin. Nothing replaces one: another genesis under a pinned origin is
//! what an attacker would offer.

use std::fs;
use std::fs::OpenOptions;
use std::io;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;

use crate::checkpoint::Origin;
use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::trust::TRUST_ROOT_BYTES_MAX;
use crate::trust::TrustRoot;
use crate::trust::TrustRootError;

/// The folder of pins below the state folder.
const PIN_FOLDER: &str = "trust";

/// Why an origin was not pinned or its pin not read.
#[derive(Debug, thiserror::Error)]
pub enum PinError {
    /// The origin stands for another ledger.
    #[error("`{origin}` is pinned to another ledger (genesis hb:{pinned}, in {}): choose another origin, or remove the file if that ledger is gone for good", .path.display())]
    Other {
        /// The origin.
        origin: String,
        /// The genesis it is pinned to.
        pinned: StatementId,
        /// The file.
        path: PathBuf,
    },
    /// The pin is no trust root.
    #[error("{} is not a trust root", .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: TrustRootError,
    },
    /// The pin is that of another origin.
    #[error("{} is the pin of `{found}`", .path.display())]
    Misplaced {
        /// The file.
        path: PathBuf,
        /// The origin it names.
        found: String,
    },
    /// The file system failed.
    #[error("cannot {action} {}", .path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
}

/// Returns the name of an origin in file names: readable, and never the same for two origins.
pub fn origin_slug(origin: &Origin) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || c == '.' || c == '-' {
            c
        } else {
            '_'
        }
    };
    let readable: String = origin.as_str().chars().map(plain).take(60).collect();
    let digest = Sha256Digest::of(origin.as_str().as_bytes()).to_hex();
    let short: String = digest.chars().take(16).collect();
    format!("{readable}-{short}")
}

/// Returns where the pin of an origin is kept.
pub fn pin_path(state_folder: &Path, origin: &Origin) -> PathBuf {
    state_folder
        .join(PIN_FOLDER)
        .join(format!("{}.json", origin_slug(origin)))
}

/// Returns what an origin is pinned to; nothing when it is not.
pub fn read_pin(state_folder: &Path, origin: &Origin) -> Result<Option<TrustRoot>, PinError> {
    let path = pin_path(state_folder, origin);
    let io = |source| PinError::Io {
        action: "read",
        path: path.clone(),
        source,
    };
    let size = match fs::metadata(&path) {
        Ok(metadata) => metadata.len(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io(error)),
    };
    let malformed = |source| PinError::Malformed {
        path: path.clone(),
        source,
    };
    if size > TRUST_ROOT_BYTES_MAX as u64 {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        return Err(malformed(TrustRootError::TooLong(size)));
    }
    let root = TrustRoot::decode(&fs::read(&path).map_err(io)?).map_err(malformed)?;
    if root.origin == origin.as_str() {
        Ok(Some(root))
    } else {
        let found = root.origin;
        Err(PinError::Misplaced { path, found })
    }
}

/// Pins an origin, durably. The same trust root again changes nothing; another is [`PinError::Other`].
pub fn pin(state_folder: &Path, origin: &Origin, root: &TrustRoot) -> Result<PathBuf, PinError> {
    let path = pin_path(state_folder, origin);
    if let Some(pinned) = read_pin(state_folder, origin)? {
        return if pinned == *root {
            Ok(path)
        } else {
            let (origin, pinned) = (root.origin.clone(), pinned.genesis);
            Err(PinError::Other { origin, pinned, path })
        };
    }
    let folder = state_folder.join(PIN_FOLDER);
    fs::create_dir_all(&folder).map_err(|source| PinError::Io {
        action: "make",
        path: folder.clone(),
        source,
    })?;
    write_new(&folder, &path, &root.encode()).map_err(|source| PinError::Io {
        action: "write",
        path: path.clone(),
        source,
    })?;
    Ok(path)
}

/// A pin is there whole or not at all: it is written beside its place and linked to it.
fn write_new(folder: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    // Left by a process that died here; two at once would be two `init` of one user and one origin.
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::hard_link(&beside, path)?;
    fs::remove_file(&beside)?;
    fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::admission::fixture::public;

    fn root(origin: &str, genesis: u8) -> TrustRoot {
        TrustRoot {
            origin: origin.to_owned(),
            genesis: StatementId::from_bytes([genesis; 32]),
            owners: vec![public(1)],
            threshold: 1,
            log_key: "x".to_owned(),
        }
    }

    #[test]
    fn an_origin_is_pinned_once() {
        let folder = tempfile::tempdir().unwrap();
        let origin = Origin::parse("example.com/lab").unwrap();
        assert!(read_pin(folder.path(), &origin).unwrap().is_none());
        let first = root("example.com/lab", 1);
        pin(folder.path(), &origin, &first).unwrap();
        pin(folder.path(), &origin, &first).unwrap();
        assert_eq!(read_pin(folder.path(), &origin).unwrap(), Some(first.clone()));
        let other = pin(folder.path(), &origin, &root("example.com/lab", 2));
        assert!(matches!(other, Err(PinError::Other { pinned, .. }) if pinned == first.genesis));
        assert_eq!(read_pin(folder.path(), &origin).unwrap(), Some(first));
    }

    #[test]
    fn a_pin_is_that_of_its_origin_and_whole() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (Origin::parse("a/b").unwrap(), Origin::parse("a_b").unwrap());
        assert_ne!(origin_slug(&a), origin_slug(&b));
        let path = pin(folder.path(), &a, &root("a/b", 1)).unwrap();
        fs::copy(&path, pin_path(folder.path(), &b)).unwrap();
        assert!(matches!(
            read_pin(folder.path(), &b),
            Err(PinError::Misplaced { .. })
        ));
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
        assert!(matches!(
            read_pin(folder.path(), &a),
            Err(PinError::Malformed { .. })
        ));
        fs::write(&path, vec![b' '; TRUST_ROOT_BYTES_MAX + 1]).unwrap();
        assert!(matches!(
            read_pin(folder.path(), &a),
            Err(PinError::Malformed { .. })
        ));
    }
}
