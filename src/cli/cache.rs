//! The hash cache of this user: where it lies, and the secret that its records are made with.
//!
//! ```text
//! $HERDBOOK_HOME/cache/hashes        else  $XDG_CACHE_HOME/herdbook/hashes
//! $HERDBOOK_HOME/hash-cache.key      else  $XDG_STATE_HOME/herdbook/hash-cache.key     32 bytes, mode 0600
//! ```

use std::fs;
use std::fs::File;
use std::io;
use std::io::Read as _;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use crate::ledger::hash::HashCache;

use super::session::Session;
use super::surroundings::now_ns;
use super::surroundings::random;

/// The file of the secret.
const SECRET_FILE: &str = "hash-cache.key";

/// The file of the records.
const CACHE_FILE: &str = "hashes";

/// Opens this user's cache; without one, everything is read. What is wrong with it is a note, not an error: it can
/// only ever save time.
pub fn open(session: &Session) -> Result<Option<HashCache>, String> {
    // Before any file is looked at: what changes from here on is too young to be kept.
    let now = now_ns();
    let Ok(home) = session.home() else {
        return Ok(None);
    };
    let opened = fs::create_dir_all(&home.cache)
        .and_then(|()| fs::create_dir_all(&home.state))
        .and_then(|()| secret(&home.state.join(SECRET_FILE)))
        .and_then(|secret| HashCache::open(&home.cache.join(CACHE_FILE), secret, now));
    opened
        .map(Some)
        .map_err(|error| format!("The hash cache is not used, every file is read: {error}."))
}

/// Reads the secret, or makes it when there is none. One that others may read is no secret.
fn secret(path: &Path) -> io::Result<[u8; 32]> {
    let in_place = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    match read_secret(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        read => return read.map_err(in_place),
    }
    let fresh: [u8; 32] = random().map_err(|error| io::Error::other(error.message()))?;
    // Linked into its place whole, so that nobody reads half a secret; whoever was faster has the one that counts.
    let own = path.with_extension(format!("{}.new", std::process::id()));
    let written = write_secret(&own, fresh).and_then(|()| fs::hard_link(&own, path));
    let removed = fs::remove_file(&own);
    match written {
        Ok(()) => removed?,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(in_place(error)),
    }
    read_secret(path).map_err(in_place)
}

fn write_secret(path: &Path, secret: [u8; 32]) -> io::Result<()> {
    let mut file = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(&secret)
}

fn read_secret(path: &Path) -> io::Result<[u8; 32]> {
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() || metadata.len() != 32 {
        return Err(io::Error::other("it is not the 32 bytes of a secret, remove it"));
    }
    if metadata.mode() & 0o077 != 0 {
        return Err(io::Error::other(
            "others than its owner may read it, remove it and the cache",
        ));
    }
    let mut secret = [0; 32];
    file.read_exact(&mut secret)?;
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_secret_is_made_once_and_is_nobody_elses() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(SECRET_FILE);
        let first = secret(&path).unwrap();
        assert_eq!(secret(&path).unwrap(), first);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        assert!(
            secret(&path)
                .unwrap_err()
                .to_string()
                .contains("others than its owner")
        );
        fs::remove_file(&path).unwrap();
        assert_ne!(secret(&path).unwrap(), first);
        fs::write(&path, [1; 31]).unwrap();
        assert!(secret(&path).unwrap_err().to_string().contains("32 bytes"));
    }
}
