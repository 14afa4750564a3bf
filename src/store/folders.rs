//! Walking a ledger's folder without ever following a symbolic link.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{Folder, Listing, MAX_LISTED_FILES, StoreError, StorePath, Stranger, StrangerKind};

/// The deepest folder below a ledger: `log/tile/<L>/` and the groups of the largest tile index.
const MAX_DEPTH: usize = 16;

/// Returns whether a regular file stands at `relative`; anything else in its place or a link on the way is an error.
pub(super) fn file_exists(root: &Path, relative: &str) -> Result<bool, StoreError> {
    let (folders, _) = relative.rsplit_once('/').unwrap_or_default();
    if !folder_exists(root, folders)? {
        return Ok(false);
    }
    match kind_of(&root.join(relative), relative)? {
        None => Ok(false),
        Some(kind) if kind.is_file() => Ok(true),
        Some(_) => Err(StoreError::WrongKind {
            path: relative.to_owned(),
            expected: "a file",
        }),
    }
}

/// Returns whether a folder stands at `relative`; anything else in its place or a link on the way is an error.
fn folder_exists(root: &Path, relative: &str) -> Result<bool, StoreError> {
    let ends = relative
        .match_indices('/')
        .map(|(at, _)| at)
        .chain([relative.len()]);
    for folder in ends
        .filter_map(|end| relative.get(..end))
        .filter(|folder| !folder.is_empty())
    {
        match kind_of(&root.join(folder), folder)? {
            None => return Ok(false),
            Some(kind) if kind.is_dir() => {}
            Some(_) => {
                return Err(StoreError::WrongKind {
                    path: folder.to_owned(),
                    expected: "a folder",
                });
            }
        }
    }
    Ok(true)
}

/// Returns what stands at a path, `None` for nothing; a symbolic link is an error.
fn kind_of(path: &Path, relative: &str) -> Result<Option<fs::FileType>, StoreError> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_symlink() => Err(StoreError::SymbolicLink {
            path: relative.to_owned(),
        }),
        Ok(metadata) => Ok(Some(metadata.file_type())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(StoreError::from_io("look at", relative, source)),
    }
}

/// Makes the folders above `relative` and returns those that were missing, the outermost first.
pub(super) fn create_above(root: &Path, relative: &str) -> Result<Vec<PathBuf>, StoreError> {
    let (folders, _) = relative.rsplit_once('/').unwrap_or_default();
    let mut made = Vec::new();
    let ends = folders
        .match_indices('/')
        .map(|(at, _)| at)
        .chain([folders.len()]);
    for folder in ends
        .filter_map(|end| folders.get(..end))
        .filter(|folder| !folder.is_empty())
    {
        if folder_exists(root, folder)? {
            continue;
        }
        let path = root.join(folder);
        match fs::create_dir(&path) {
            Ok(()) => made.push(path),
            // Another process made it just now.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder_exists(root, folder)? => {}
            Err(source) => return Err(StoreError::from_io("create the folder", folder, source)),
        }
    }
    Ok(made)
}

/// Lists everything below a folder.
pub(super) fn list(root: &Path, folder: &Folder) -> Result<Listing, StoreError> {
    let mut listing = Listing::default();
    let start = folder.to_string();
    if !folder_exists(root, &start)? {
        return Ok(listing);
    }
    let mut open = vec![(start.clone(), 0)];
    while let Some((relative, depth)) = open.pop() {
        let entries = match fs::read_dir(root.join(&relative)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(source) => return Err(StoreError::from_io("list", &relative, source)),
        };
        for entry in entries {
            let entry = entry.map_err(|source| StoreError::from_io("list", &relative, source))?;
            let path = format!("{relative}/{}", entry.file_name().to_string_lossy());
            let kind = entry
                .file_type()
                .map_err(|source| StoreError::from_io("look at", &path, source))?;
            if kind.is_dir() && depth < MAX_DEPTH {
                open.push((path, depth + 1));
            } else {
                sort_in(&mut listing, folder, path, kind);
            }
            if listing.files.len() + listing.strangers.len() > MAX_LISTED_FILES {
                return Err(StoreError::TooManyFiles { folder: start });
            }
        }
    }
    listing.files.sort();
    listing.strangers.sort();
    Ok(listing)
}

fn sort_in(listing: &mut Listing, folder: &Folder, path: String, kind: fs::FileType) {
    let stranger = if kind.is_symlink() {
        StrangerKind::SymbolicLink
    } else if !kind.is_file() {
        StrangerKind::NotAFile
    } else if let Some(known) = StorePath::parse(&path).ok().filter(|known| folder.holds(known)) {
        listing.files.push(known);
        return;
    } else {
        StrangerKind::UnknownName
    };
    listing.strangers.push(Stranger { path, kind: stranger });
}
