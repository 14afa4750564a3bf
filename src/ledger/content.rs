//! A folder of files outside the ledger, to be held against what was registered.
//!
//! A file is looked for under its registered relative name, else by its digest among all files of the folder. What
//! stands under the name is the answer, whatever its bytes: a file that was changed in place must not be saved by a
//! copy that lies beside it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use crate::digest::Sha256Digest;
use crate::verify::FileDigests;
use crate::verify::FileQuery;
use crate::verify::Given;

use super::hash::HashError;
use super::hash::HashedFile;
use super::hash::Progress;
use super::hash::hash_file;
use super::hash::hash_files;

/// The most files that are looked at in a content folder.
pub const CONTENT_FILES_MAX: usize = 1_000_000;

/// How deep folders may nest in it.
pub const CONTENT_DEPTH_MAX: usize = 64;

/// Why a content folder cannot be searched.
#[derive(Debug, thiserror::Error)]
pub enum ContentError {
    /// Not a folder.
    #[error("{} is not a folder: give the folder that holds the files", .path.display())]
    NotAFolder {
        /// The path.
        path: PathBuf,
    },
    /// It cannot be listed.
    #[error("{} cannot be listed", .path.display())]
    List {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// More files than are looked at.
    #[error("{} holds more files than the limit CONTENT_FILES_MAX of {CONTENT_FILES_MAX}: give a smaller folder", .path.display())]
    TooMany {
        /// The folder.
        path: PathBuf,
    },
    /// Deeper than is looked.
    #[error("{} lies deeper than the limit CONTENT_DEPTH_MAX of {CONTENT_DEPTH_MAX} folders: give a folder further down", .path.display())]
    TooDeep {
        /// The folder.
        path: PathBuf,
    },
}

/// A folder with files, and what was found of those that were read.
pub struct ContentFolder<'a> {
    root: PathBuf,
    progress: &'a dyn Progress,
    /// The files of the folder by size, once they were listed.
    by_size: Option<BTreeMap<u64, Vec<PathBuf>>>,
    hashed: BTreeMap<PathBuf, FileDigests>,
}

impl std::fmt::Debug for ContentFolder<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ContentFolder")
            .field("root", &self.root)
            .field("hashed", &self.hashed.len())
            .finish_non_exhaustive()
    }
}

impl<'a> ContentFolder<'a> {
    /// Takes a folder; nothing is read yet.
    pub fn at(root: &Path, progress: &'a dyn Progress) -> Result<Self, ContentError> {
        if !root.is_dir() {
            return Err(ContentError::NotAFolder {
                path: root.to_owned(),
            });
        }
        Ok(Self {
            root: root.to_owned(),
            progress,
            by_size: None,
            hashed: BTreeMap::new(),
        })
    }

    /// Looks for one file: by name, else by digest.
    pub fn find(&mut self, query: &FileQuery) -> Result<Given<FileDigests>, ContentError> {
        let named = self.root.join(&query.name);
        match self.hash(&named) {
            Ok(found) => return Ok(Given::Found(found)),
            Err(HashError::Missing { .. }) => {}
            Err(error) => return Ok(Given::Damaged(with_cause(&error))),
        }
        for path in self.candidates(query.bytes)? {
            // What cannot be read cannot be shown to be the file; it may be anything.
            if let Ok(found) = self.hash(&path)
                && found.sha256 == query.sha256
            {
                return Ok(Given::Found(found));
            }
        }
        Ok(Given::Missing)
    }

    /// Returns a file with these bytes, the one under `name` first; for whoever wants the bytes, and does not ask whether a
    /// named file still is what it was.
    pub fn with_digest(
        &mut self,
        name: &str,
        sha256: Sha256Digest,
        bytes: Option<u64>,
    ) -> Result<Option<PathBuf>, ContentError> {
        let named = self.root.join(name);
        if self.hash(&named).is_ok_and(|found| found.sha256 == sha256) {
            return Ok(Some(named));
        }
        for path in self.candidates(bytes)? {
            if self.hash(&path).is_ok_and(|found| found.sha256 == sha256) {
                return Ok(Some(path));
            }
        }
        Ok(None)
    }

    fn hash(&mut self, path: &Path) -> Result<FileDigests, HashError> {
        if let Some(known) = self.hashed.get(path) {
            return Ok(known.clone());
        }
        let found = digests_of(&hash_file(path, self.progress)?);
        self.hashed.insert(path.to_owned(), found.clone());
        Ok(found)
    }

    /// Returns the files that could have a digest: all, or those of one size.
    fn candidates(&mut self, bytes: Option<u64>) -> Result<Vec<PathBuf>, ContentError> {
        let by_size = match self.by_size.take() {
            Some(listed) => listed,
            None => list(&self.root)?,
        };
        let paths: Vec<PathBuf> = match bytes {
            Some(bytes) => by_size.get(&bytes).cloned().unwrap_or_default(),
            None => by_size.values().flatten().cloned().collect(),
        };
        self.by_size = Some(by_size);
        let fresh: Vec<PathBuf> = paths
            .iter()
            .filter(|path| !self.hashed.contains_key(*path))
            .cloned()
            .collect();
        for hashed in hash_files(&fresh, self.progress).into_iter().flatten() {
            self.hashed.insert(hashed.path.clone(), digests_of(&hashed));
        }
        Ok(paths)
    }
}

fn digests_of(hashed: &HashedFile) -> FileDigests {
    FileDigests {
        place: hashed.path.display().to_string(),
        sha256: hashed.digests.sha256,
        blake3: hashed.digests.blake3,
        bytes: hashed.digests.bytes,
        rows: hashed.rows,
    }
}

/// Returns the digests of a file that a user named, read now.
pub fn read_file_digests(path: &Path, progress: &dyn Progress) -> Result<FileDigests, HashError> {
    hash_file(path, progress).map(|hashed| digests_of(&hashed))
}

fn with_cause(error: &HashError) -> String {
    let cause = std::error::Error::source(error);
    cause.map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
}

/// Lists the files below a folder by size. Links to folders are not followed: they could lead in a circle.
fn list(root: &Path) -> Result<BTreeMap<u64, Vec<PathBuf>>, ContentError> {
    let mut by_size: BTreeMap<u64, Vec<PathBuf>> = BTreeMap::new();
    let mut folders = vec![(root.to_owned(), 0_usize)];
    let mut count = 0_usize;
    while let Some((folder, depth)) = folders.pop() {
        let failed = |source| ContentError::List {
            path: folder.clone(),
            source,
        };
        if depth > CONTENT_DEPTH_MAX {
            return Err(ContentError::TooDeep { path: folder });
        }
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let path = entry.path();
            if entry.file_type().map_err(failed)?.is_dir() {
                folders.push((path, depth + 1));
                continue;
            }
            // A link that leads nowhere, or a file that is gone by now, is no candidate.
            let Ok(metadata) = fs::metadata(&path) else {
                continue;
            };
            if metadata.is_file() {
                count += 1;
                by_size.entry(metadata.len()).or_default().push(path);
            }
            if count > CONTENT_FILES_MAX {
                let path = root.to_owned();
                return Err(ContentError::TooMany { path });
            }
        }
    }
    for paths in by_size.values_mut() {
        paths.sort();
    }
    Ok(by_size)
}

/// Returns the digest in `sha256:<64 hex>`, if `text` is one.
pub fn sha256_of_text(text: &str) -> Option<Sha256Digest> {
    Sha256Digest::from_hex(text.strip_prefix("sha256:")?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Digests;
    use crate::digest::StatementId;
    use crate::ledger::hash::Unwatched;
    use crate::statement::ArtifactRef;
    use crate::statement::Basis;

    fn query(name: &str, content: &[u8], sized: bool) -> FileQuery {
        let digests = Digests::of(content);
        FileQuery {
            name: name.to_owned(),
            sha256: digests.sha256,
            blake3: None,
            bytes: sized.then_some(digests.bytes),
            rows: None,
            basis: Basis::Computed,
            artifact: ArtifactRef::subject(StatementId::from_bytes([1; 32]), 0),
        }
    }

    fn place(given: Given<FileDigests>) -> Option<String> {
        match given {
            Given::Found(found) => Some(found.place),
            Given::Missing => None,
            Given::Damaged(why) => panic!("{why}"),
        }
    }

    #[test]
    fn a_file_is_found_by_name_then_by_digest() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::write(root.join("a/one.txt"), "one").unwrap();
        fs::write(root.join("a/b/moved.txt"), "two").unwrap();
        let mut content = ContentFolder::at(root, &Unwatched).unwrap();
        let mut find =
            |name: &str, bytes: &[u8], sized| place(content.find(&query(name, bytes, sized)).unwrap());
        let at = |path: &str| Some(root.join(path).display().to_string());
        assert_eq!(find("a/one.txt", b"one", true), at("a/one.txt"));
        for sized in [true, false] {
            assert_eq!(find("two.txt", b"two", sized), at("a/b/moved.txt"));
            assert_eq!(find("three.txt", b"three", sized), None);
        }
    }

    /// A changed file under the registered name is the answer, even where a good copy lies beside it.
    #[test]
    fn a_copy_does_not_save_a_changed_file() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("data.txt"), "changed").unwrap();
        fs::write(folder.path().join("copy.txt"), "right").unwrap();
        let mut content = ContentFolder::at(folder.path(), &Unwatched).unwrap();
        let Given::Found(found) = content.find(&query("data.txt", b"right", true)).unwrap() else {
            panic!("something stands under that name");
        };
        assert_eq!(found.sha256, Digests::of(b"changed").sha256);
    }

    #[test]
    fn a_folder_under_the_name_of_a_file_is_told() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("data.txt")).unwrap();
        let mut content = ContentFolder::at(folder.path(), &Unwatched).unwrap();
        let given = content.find(&query("data.txt", b"right", true)).unwrap();
        assert!(matches!(given, Given::Damaged(why) if why.contains("is a folder")));
        let file = folder.path().join("f");
        fs::write(&file, "").unwrap();
        assert!(matches!(
            ContentFolder::at(&file, &Unwatched),
            Err(ContentError::NotAFolder { .. })
        ));
    }
}
