//! The folder of segments: which files there are, and how one comes and goes.

use std::fs;
use std::fs::File;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use crate::index::IndexError;

/// What the name of a segment ends with.
const ENDING: &str = ".seg";

/// The name of a segment that is being written.
const UNFINISHED: &str = "unfinished.tmp";

/// The most files that are listed.
const FILES_MAX: usize = 100_000;

/// A segment by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) path: PathBuf,
}

fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> IndexError {
    move |source| IndexError::Io {
        action,
        path: path.to_owned(),
        source,
    }
}

/// Returns the name of the segment of the entries from `from` on and below `to`.
fn name(from: u64, to: u64) -> String {
    format!("{from:020}-{to:020}{ENDING}")
}

fn parse(text: &str) -> Option<(u64, u64)> {
    let (from, to) = text.strip_suffix(ENDING)?.split_once('-')?;
    let (from, to) = (from.parse().ok()?, to.parse().ok()?);
    (name(from, to) == text && from < to).then_some((from, to))
}

/// Lists the segments, by their first entry and then their last, and leaves out what is none; nothing where there is
/// no folder.
pub(super) fn list(folder: &Path) -> Result<Vec<Named>, IndexError> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(io_error("list", folder))?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(io_error("list", folder))?;
        let name = entry.file_name();
        if let Some((from, to)) = name.to_str().and_then(parse) {
            let path = entry.path();
            found.push(Named { from, to, path });
        }
        if found.len() > FILES_MAX {
            return Err(IndexError::Damaged {
                path: folder.to_owned(),
                what: format!("it has more files than the limit {FILES_MAX}"),
            });
        }
    }
    found.sort_by_key(|named| (named.from, named.to));
    Ok(found)
}

/// Chooses from entry 0 on, each time the segment that goes furthest.
pub(super) fn chain(named: &[Named]) -> Vec<Named> {
    let mut chosen: Vec<Named> = Vec::new();
    let mut at = 0;
    loop {
        let next = named.iter().rfind(|named| named.from == at);
        let Some(next) = next else { return chosen };
        at = next.to;
        chosen.push(next.clone());
    }
}

/// Makes the folder, and removes what a stopped writer left there. Returns where to write.
pub(super) fn prepare(folder: &Path) -> Result<PathBuf, IndexError> {
    fs::create_dir_all(folder).map_err(io_error("create", folder))?;
    let path = folder.join(UNFINISHED);
    remove(&path)?;
    Ok(path)
}

/// Gives a finished segment its name: before this no reader sees it, after this every reader sees it whole.
#[expect(
    clippy::disallowed_methods,
    reason = "the index is no part of what the store keeps; its folder is flushed here"
)]
pub(super) fn publish(unfinished: &Path, folder: &Path, from: u64, to: u64) -> Result<(), IndexError> {
    let path = folder.join(name(from, to));
    fs::rename(unfinished, &path).map_err(io_error("rename", &path))?;
    let flushed = File::open(folder).and_then(|folder| folder.sync_all());
    flushed.map_err(io_error("flush", folder))
}

/// Removes the segments that one from 0 to `to` makes useless. Who has them mapped goes on reading them.
pub(super) fn remove_covered(folder: &Path, to: u64) -> Result<(), IndexError> {
    for named in list(folder)? {
        let is_the_one = named.from == 0 && named.to == to;
        if named.to <= to && !is_the_one {
            remove(&named.path)?;
        }
    }
    Ok(())
}

fn remove(path: &Path) -> Result<(), IndexError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_error("remove", path)(error)),
        _ => Ok(()),
    }
}
