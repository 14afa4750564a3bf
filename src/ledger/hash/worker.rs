//! Records of workers: the digests of files, made where the files are, with no ledger, no key and no network.
//!
//! A record is one member line of a manifest (`docs/formats/manifest.md`), so what a worker writes is what
//! `digests_from` reads, and the same files give the same bytes on every machine (`docs/formats/worker-records.md`).

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Component;
use std::path::Path;
use std::path::PathBuf;

use crate::manifest::Manifest;
use crate::manifest::ManifestError;
use crate::manifest::Member;
use crate::statement::TextError;
use crate::statement::check_file_name;

use super::HashError;
use super::Progress;
use super::RowTrees;
use super::hash_files_with_rows;

/// The most files of one part.
pub const WORKER_FILES_MAX: usize = 2_000_000;

/// How deep folders may nest below one that is hashed.
pub const WORKER_DEPTH_MAX: usize = 64;

/// Why there are no records.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The base cannot be looked at.
    #[error("the base {} is not a folder", .path.display())]
    Base {
        /// The base.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A folder cannot be listed, or what stands in it not be looked at.
    #[error("{} cannot be listed", .path.display())]
    List {
        /// What cannot.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file outside the base, which has no name relative to it.
    #[error("{} is not below the base {}, which record names are relative to", .path.display(), .base.display())]
    Outside {
        /// The file.
        path: PathBuf,
        /// The base.
        base: PathBuf,
    },
    /// A name that cannot be registered.
    #[error("{} cannot be registered under its name", .path.display())]
    Name {
        /// The file.
        path: PathBuf,
        /// Why.
        source: TextError,
    },
    /// A name that is not UTF-8.
    #[error("{} cannot be registered: its name is not UTF-8", .path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
    },
    /// A link to a folder below a folder: following it could lead in a circle, leaving it out would be silent.
    #[error("{} is a link to a folder: name that folder itself", .path.display())]
    LinkedFolder {
        /// The link.
        path: PathBuf,
    },
    /// More files than one part holds.
    #[error(
        "there are more files than the limit WORKER_FILES_MAX of {WORKER_FILES_MAX}: write several parts"
    )]
    TooMany,
    /// Folders within folders beyond the limit.
    #[error("{} lies deeper than the limit WORKER_DEPTH_MAX of {WORKER_DEPTH_MAX} folders", .path.display())]
    TooDeep {
        /// The folder.
        path: PathBuf,
    },
    /// Nothing to hash.
    #[error("there is no file in what was named")]
    Nothing,
    /// A file that cannot be hashed.
    #[error("{}", several(*.more))]
    Hash {
        /// The first that cannot.
        source: HashError,
        /// How many more cannot either.
        more: usize,
    },
    /// The records are no manifest: too long for one part.
    #[error("the records do not fit into one part")]
    Records(#[from] ManifestError),
}

fn several(more: usize) -> String {
    match more {
        0 => "a file cannot be hashed".to_owned(),
        more => format!("{} files cannot be hashed; the first", more + 1),
    }
}

/// The records of some files: bytes to write, and how much was read for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Records {
    /// One line a file, sorted by name.
    pub bytes: Vec<u8>,
    /// How many files.
    pub files: u64,
    /// How many bytes they have together.
    pub total_bytes: u64,
    /// The rows of those whose rows can be counted.
    pub rows: u64,
}

/// Finds the files that `paths` mean, by the names they are recorded under: a file itself, of a folder all files
/// below it. Names are relative to `base`.
pub fn find_files(paths: &[PathBuf], base: &Path) -> Result<BTreeMap<String, PathBuf>, WorkerError> {
    let failed = |source| WorkerError::Base {
        path: base.to_owned(),
        source,
    };
    let real = base.canonicalize().map_err(failed)?;
    if !real.is_dir() {
        return Err(failed(io::ErrorKind::NotADirectory.into()));
    }
    let mut found = BTreeMap::new();
    for path in paths {
        walk(path, (base, &real), &mut found)?;
    }
    if found.is_empty() {
        return Err(WorkerError::Nothing);
    }
    Ok(found)
}

fn walk(
    start: &Path,
    base: (&Path, &Path),
    found: &mut BTreeMap<String, PathBuf>,
) -> Result<(), WorkerError> {
    let mut open = vec![(start.to_owned(), 0)];
    while let Some((path, depth)) = open.pop() {
        // What is no folder is for hashing to judge, which says what is wrong with it.
        if !path.is_dir() {
            let name = name_of(&path, base)?;
            found.insert(name, path);
            if found.len() > WORKER_FILES_MAX {
                return Err(WorkerError::TooMany);
            }
            continue;
        }
        if depth > 0 && path.is_symlink() {
            return Err(WorkerError::LinkedFolder { path });
        }
        if depth > WORKER_DEPTH_MAX {
            return Err(WorkerError::TooDeep { path });
        }
        let failed = |source| WorkerError::List {
            path: path.clone(),
            source,
        };
        for entry in fs::read_dir(&path).map_err(failed)? {
            open.push((entry.map_err(failed)?.path(), depth + 1));
        }
    }
    Ok(())
}

/// Returns the name of a file relative to the base. The folder it stands in is looked up, so that neither `..` nor a
/// link in the way there gives it another name; the file itself keeps the name it was called by.
fn name_of(path: &Path, (base, real): (&Path, &Path)) -> Result<String, WorkerError> {
    let outside = || WorkerError::Outside {
        path: path.to_owned(),
        base: base.to_owned(),
    };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let looked_up = folder.canonicalize().map_err(|source| WorkerError::List {
        path: folder.to_owned(),
        source,
    })?;
    let below = looked_up.strip_prefix(real).map_err(|_| outside())?;
    let file = path.file_name().ok_or_else(outside)?;
    let mut parts = Vec::new();
    for part in below.join(file).components() {
        let Component::Normal(part) = part else {
            return Err(outside());
        };
        let part = part.to_str().ok_or_else(|| WorkerError::NotUtf8 {
            path: path.to_owned(),
        })?;
        parts.push(part.to_owned());
    }
    let name = parts.join("/");
    match check_file_name(&name) {
        Ok(()) => Ok(name),
        Err(source) => Err(WorkerError::Name {
            path: path.to_owned(),
            source,
        }),
    }
}

/// Hashes files and returns their records, those of JSON Lines with their row roots where they are asked for.
pub fn records(
    files: &BTreeMap<String, PathBuf>,
    row_roots: bool,
    progress: &dyn Progress,
) -> Result<Records, WorkerError> {
    let trees = RowTrees {
        plain: row_roots,
        keyed: None,
    };
    let paths: Vec<PathBuf> = files.values().cloned().collect();
    let mut members = Vec::with_capacity(paths.len());
    let mut wrong: Option<WorkerError> = None;
    for (name, hashed) in files
        .keys()
        .zip(hash_files_with_rows(&paths, |_| trees, progress))
    {
        match (hashed, &mut wrong) {
            (Ok(hashed), _) => members.push(Member {
                name: name.clone(),
                sha256: hashed.digests.sha256,
                blake3: Some(hashed.digests.blake3),
                bytes: Some(hashed.digests.bytes),
                rows: hashed.rows,
                tokens: None,
                row_root: hashed.row_roots.plain,
            }),
            (Err(_), Some(WorkerError::Hash { more, .. })) => *more += 1,
            (Err(source), wrong) => *wrong = Some(WorkerError::Hash { source, more: 0 }),
        }
    }
    if let Some(wrong) = wrong {
        return Err(wrong);
    }
    let rows = members.iter().filter_map(|member| member.rows).sum();
    let manifest = Manifest::of(members)?;
    Ok(Records {
        files: manifest.facts.count,
        total_bytes: manifest.facts.total_bytes.unwrap_or_default(),
        rows,
        bytes: manifest.bytes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::hash::Unwatched;

    fn names(paths: &[PathBuf], base: &Path) -> Vec<String> {
        find_files(paths, base).unwrap().into_keys().collect()
    }

    #[test]
    fn names_are_relative_to_the_base_however_a_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().join("data");
        fs::create_dir_all(base.join("out/deep")).unwrap();
        for name in ["out/b.jsonl", "out/deep/a.jsonl", "out/.hidden"] {
            fs::write(base.join(name), "{}\n").unwrap();
        }
        std::os::unix::fs::symlink(&base, folder.path().join("link")).unwrap();
        let all = ["out/.hidden", "out/b.jsonl", "out/deep/a.jsonl"];
        assert_eq!(names(std::slice::from_ref(&base), &base), all);
        assert_eq!(names(&[folder.path().join("link/out")], &base), all);
        let twice = [base.join("out/b.jsonl"), base.join("out/deep/../b.jsonl")];
        assert_eq!(names(&twice, &base), ["out/b.jsonl"]);
        assert_eq!(names(&twice, &base.join("out")), ["b.jsonl"]);
        let outside = find_files(&[base.join("out/b.jsonl")], &base.join("out/deep"));
        assert!(matches!(outside, Err(WorkerError::Outside { .. })), "{outside:?}");
    }

    #[test]
    fn what_would_be_left_out_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path();
        let nothing = find_files(&[base.to_owned()], base);
        assert!(matches!(nothing, Err(WorkerError::Nothing)));
        fs::create_dir_all(base.join("real")).unwrap();
        fs::write(base.join("real/a"), "").unwrap();
        std::os::unix::fs::symlink(base.join("real"), base.join("linked")).unwrap();
        let linked = find_files(&[base.to_owned()], base);
        assert!(
            matches!(linked, Err(WorkerError::LinkedFolder { .. })),
            "{linked:?}"
        );
        let gone = BTreeMap::from([
            ("a".to_owned(), base.join("real/a")),
            ("b".to_owned(), base.join("b")),
            ("c".to_owned(), base.join("c")),
        ]);
        let error = records(&gone, false, &Unwatched).unwrap_err();
        assert!(matches!(error, WorkerError::Hash { more: 1, .. }), "{error:?}");
    }
}
