//! The sidecar: what commitments stand for, kept by whoever made them and outside of every ledger.
//!
//! ```text
//! <state>/private/<log>/secret          32 bytes, from which all salts are derived
//! <state>/private/<log>/items/<hex>     what one statement withholds, a line for each text
//! ```
//!
//! One file a statement, not one a text: a manifest can have a million names. Erasing a file erases the texts; erasing
//! the secret, too, leaves commitments that nobody can open or confirm, ever. No verdict needs any of it.

mod kept;

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::fs::OpenOptions;
use std::io;
use std::io::BufRead as _;
use std::io::Read as _;
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::path::PathBuf;

use crate::checkpoint::Origin;
use crate::commitment::Commitment;
use crate::commitment::Secret;
use crate::digest::StatementId;
use crate::statement::NAME_CONTEXT;

use super::pin::origin_slug;

pub use kept::Kept;
pub use kept::Opening;

/// The folder of sidecars below the state folder.
const PRIVATE_FOLDER: &str = "private";

/// The longest line that is read: sealed content in base64, and what stands around it.
const LINE_BYTES_MAX: u64 = 256 << 20;

/// Why the sidecar cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum SidecarError {
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
    /// The secret is not one.
    #[error("{} is not a secret of 32 bytes", .path.display())]
    Secret {
        /// The file.
        path: PathBuf,
    },
    /// A line that is none of ours.
    #[error("line {line} of {} is not what a sidecar holds", .path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
}

/// Returns what `NAME` or `NAME@ENTRY` is in a ledger where the name is withheld.
pub fn withheld_name(secret: &Secret, text: &str) -> String {
    let (name, version) = text.find('@').map_or((text, ""), |at| text.split_at(at));
    format!("{}{version}", secret.commit(NAME_CONTEXT, name.as_bytes()))
}

/// What one person withholds in one ledger.
#[derive(Debug)]
pub struct Sidecar {
    folder: PathBuf,
    fresh: [u8; 32],
    secret: OnceCell<Secret>,
}

impl Sidecar {
    /// Finds the sidecar of a ledger; nothing is made. `fresh` becomes the secret when one is first needed.
    pub fn of(state_folder: &Path, origin: &Origin, fresh: [u8; 32]) -> Self {
        Self {
            folder: state_folder.join(PRIVATE_FOLDER).join(origin_slug(origin)),
            fresh,
            secret: OnceCell::new(),
        }
    }

    /// Returns where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Returns the secret, if there is one.
    pub fn secret(&self) -> Result<Option<&Secret>, SidecarError> {
        if let Some(secret) = self.secret.get() {
            return Ok(Some(secret));
        }
        let path = self.secret_path();
        let file = match fs::File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed("read", &path)(error)),
        };
        let mut bytes = Vec::new();
        let read = file.take(33).read_to_end(&mut bytes);
        read.map_err(failed("read", &path))?;
        let bytes = <[u8; 32]>::try_from(bytes).map_err(|_| SidecarError::Secret { path })?;
        Ok(Some(self.secret.get_or_init(|| Secret::from_bytes(bytes))))
    }

    /// Returns the secret, which is made if there is none. Two that make one at once end up with the same.
    pub fn secret_or_new(&self) -> Result<&Secret, SidecarError> {
        if let Some(secret) = self.secret()? {
            return Ok(secret);
        }
        make_folder(&self.folder)?;
        let path = self.secret_path();
        match write_private(&path, |file| file.write_all(&self.fresh)) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(failed("write", &path)(error));
            }
            _ => {}
        }
        self.secret()?.ok_or(SidecarError::Secret { path })
    }

    /// Keeps what a statement withholds. What is kept of it already is the same: its id stands for its commitments.
    pub fn keep(&self, id: StatementId, kept: &Kept) -> Result<(), SidecarError> {
        let folder = self.items();
        if self.path_of(id).exists() {
            return Ok(());
        }
        make_folder(&folder)?;
        let (path, beside) = (self.path_of(id), folder.join(format!("{id}.new")));
        match fs::remove_file(&beside) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(failed("write", &beside)(error));
            }
            _ => {}
        }
        write_private(&beside, |file| kept.write_to(file)).map_err(failed("write", &beside))?;
        // It is there whole or not at all.
        match fs::hard_link(&beside, &path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(failed("write", &path)(error));
            }
            _ => {}
        }
        fs::remove_file(&beside).map_err(failed("write", &beside))?;
        sync_folder(&folder).map_err(failed("write", &folder))
    }

    /// Returns what a statement withholds, if it is kept here.
    pub fn kept(&self, id: StatementId) -> Result<Option<Kept>, SidecarError> {
        let path = self.path_of(id);
        let Some(mut lines) = Lines::open(&path)? else {
            return Ok(None);
        };
        let mut kept = Kept::default();
        let mut is_header = true;
        while let Some(text) = lines.next()? {
            let taken = if is_header {
                kept.take_header(text)
            } else {
                kept.take_opening(text)
            };
            taken.ok_or_else(|| lines.bad())?;
            is_header = false;
        }
        Ok(Some(kept))
    }

    /// Returns the statements of which something is kept, with their names and kinds.
    pub fn list(&self) -> Result<Vec<(StatementId, Kept)>, SidecarError> {
        let mut list = Vec::new();
        for id in self.ids()? {
            let path = self.path_of(id);
            let Some(mut lines) = Lines::open(&path)? else {
                continue;
            };
            let mut kept = Kept::default();
            let header = lines.next()?.map(str::to_owned).unwrap_or_default();
            kept.take_header(&header).ok_or_else(|| lines.bad())?;
            list.push((id, kept));
        }
        list.sort_by(|left, right| (&left.1.name, left.0).cmp(&(&right.1.name, right.0)));
        Ok(list)
    }

    /// Finds the texts of commitments, as far as they are kept here.
    pub fn texts(&self, wanted: &BTreeSet<Commitment>) -> Result<BTreeMap<Commitment, String>, SidecarError> {
        let mut found = BTreeMap::new();
        for id in self.ids()? {
            let path = self.path_of(id);
            let Some(mut lines) = Lines::open(&path)? else {
                continue;
            };
            while let Some(text) = lines.next()? {
                if let Some(commitment) = kept::commitment_of(text).filter(|one| wanted.contains(one)) {
                    let text = kept::text_of(text).ok_or_else(|| lines.bad())?;
                    found.insert(commitment, text);
                }
                if found.len() == wanted.len() {
                    return Ok(found);
                }
            }
        }
        Ok(found)
    }

    /// Erases what is kept of a statement. Returns whether there was anything.
    pub fn erase(&self, id: StatementId) -> Result<bool, SidecarError> {
        let path = self.path_of(id);
        match fs::remove_file(&path) {
            Ok(()) => {
                let folder = self.items();
                sync_folder(&folder).map_err(failed("write", &folder))?;
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(failed("erase", &path)(error)),
        }
    }

    /// Erases everything, the secret first: from then on no commitment of this ledger can be opened or confirmed.
    pub fn erase_all(&self) -> Result<usize, SidecarError> {
        let secret = self.secret_path();
        match fs::remove_file(&secret) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(failed("erase", &secret)(error));
            }
            _ => {}
        }
        let ids = self.ids()?;
        match fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(failed("erase", &self.folder)(error));
            }
            _ => {}
        }
        Ok(ids.len())
    }

    fn ids(&self) -> Result<Vec<StatementId>, SidecarError> {
        let folder = self.items();
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed("read", &folder)(error)),
        };
        let mut ids = Vec::new();
        for entry in entries {
            let name = entry.map_err(failed("read", &folder))?.file_name();
            // What a crash left beside its place is no statement's.
            ids.extend(name.to_str().and_then(|name| StatementId::from_hex(name).ok()));
        }
        ids.sort_unstable();
        Ok(ids)
    }

    fn secret_path(&self) -> PathBuf {
        self.folder.join("secret")
    }

    fn items(&self) -> PathBuf {
        self.folder.join("items")
    }

    fn path_of(&self, id: StatementId) -> PathBuf {
        self.items().join(id.to_hex())
    }
}

fn make_folder(folder: &Path) -> Result<(), SidecarError> {
    let mut private = fs::DirBuilder::new();
    private.recursive(true).mode(0o700);
    private.create(folder).map_err(failed("make", folder))
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> SidecarError + use<> {
    let path = path.to_owned();
    move |source| SidecarError::Io { action, path, source }
}

fn write_private(path: &Path, write: impl FnOnce(&mut fs::File) -> io::Result<()>) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    write(&mut file)?;
    file.sync_all()
}

fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

/// The lines of one file, one at a time.
struct Lines {
    path: PathBuf,
    reader: io::BufReader<fs::File>,
    text: String,
    line: usize,
}

impl Lines {
    fn open(path: &Path) -> Result<Option<Self>, SidecarError> {
        match fs::File::open(path) {
            Ok(file) => Ok(Some(Self {
                path: path.to_owned(),
                reader: io::BufReader::new(file),
                text: String::new(),
                line: 0,
            })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("read", path)(error)),
        }
    }

    fn next(&mut self) -> Result<Option<&str>, SidecarError> {
        self.text.clear();
        let mut limited = self.reader.by_ref().take(LINE_BYTES_MAX);
        let read = limited.read_line(&mut self.text);
        if read.map_err(failed("read", &self.path))? == 0 {
            return Ok(None);
        }
        self.line += 1;
        Ok(Some(self.text.strip_suffix('\n').unwrap_or(&self.text)))
    }

    fn bad(&self) -> SidecarError {
        SidecarError::Line {
            path: self.path.clone(),
            line: self.line,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::commitment::CONTENT_CONTEXT;
    use crate::digest::Sha256Digest;

    fn sidecar(folder: &Path, fresh: u8) -> Sidecar {
        Sidecar::of(folder, &Origin::parse("example.com/lab").unwrap(), [fresh; 32])
    }

    fn some() -> Kept {
        let commitment = Secret::from_bytes([1; 32]).commit("name", b"patients \"A\"\n");
        Kept {
            kind: "source".to_owned(),
            name: "patients".to_owned(),
            openings: vec![
                Opening::Text {
                    commitment,
                    context: "name".to_owned(),
                    text: "patients \"A\"\n".to_owned(),
                },
                Opening::Content {
                    sha256: Sha256Digest::of(b"sealed"),
                    context: CONTENT_CONTEXT.to_owned(),
                    bytes: vec![0, 1, 255],
                },
            ],
        }
    }

    #[test]
    fn a_secret_is_made_once_and_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let first = sidecar(folder.path(), 1);
        assert!(first.secret().unwrap().is_none());
        assert!(!first.folder().exists(), "asking makes nothing");
        let secret = first.secret_or_new().unwrap().clone();
        let second = sidecar(folder.path(), 2);
        assert_eq!(second.secret_or_new().unwrap(), &secret);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&first.secret_path()), 0o600);
        assert_eq!(mode(first.folder()), 0o700);
        fs::write(first.secret_path(), b"short").unwrap();
        assert!(matches!(
            sidecar(folder.path(), 1).secret_or_new(),
            Err(SidecarError::Secret { .. })
        ));
    }

    #[test]
    fn what_is_kept_is_found_and_erased() {
        let folder = tempfile::tempdir().unwrap();
        let sidecar = sidecar(folder.path(), 1);
        let id = StatementId::from_bytes([9; 32]);
        assert!(sidecar.kept(id).unwrap().is_none());
        let kept = some();
        sidecar.keep(id, &kept).unwrap();
        sidecar.keep(id, &kept).unwrap();
        assert_eq!(sidecar.kept(id).unwrap(), Some(kept.clone()));
        let list = sidecar.list().unwrap();
        assert_eq!((list[0].0, list[0].1.name.as_str()), (id, "patients"));
        let Opening::Text { commitment, text, .. } = &kept.openings[0] else {
            panic!()
        };
        let other = Secret::from_bytes([2; 32]).commit("name", b"x");
        let found = sidecar.texts(&BTreeSet::from([*commitment, other])).unwrap();
        assert_eq!(found, BTreeMap::from([(*commitment, text.clone())]));
        assert!(sidecar.erase(id).unwrap());
        assert!(!sidecar.erase(id).unwrap());
        assert!(sidecar.list().unwrap().is_empty());
        sidecar.keep(id, &kept).unwrap();
        sidecar.secret_or_new().unwrap();
        assert_eq!(sidecar.erase_all().unwrap(), 1);
        assert!(!sidecar.folder().exists());
        assert_eq!(sidecar.erase_all().unwrap(), 0);
    }

    #[test]
    fn what_is_no_sidecar_is_told_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let sidecar = sidecar(folder.path(), 1);
        let id = StatementId::from_bytes([9; 32]);
        sidecar.keep(id, &some()).unwrap();
        let path = sidecar.path_of(id);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("\"context\"", "\"contest\"")).unwrap();
        assert!(matches!(
            sidecar.kept(id),
            Err(SidecarError::Line { line: 2, .. })
        ));
    }
}
