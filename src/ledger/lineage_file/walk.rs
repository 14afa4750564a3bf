//! File patterns: `*`, `?` and `[...]` within one part of a path, `**` for any number of folders.
//!
//! The parts are matched by the `glob` crate; the walk is our own, because that crate's panics on a
//! file name that is not UTF-8 and goes on without a word past what it cannot read.

use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use glob::MatchOptions;
use glob::Pattern;

use crate::statement::escaped;

use super::FILES_PER_ITEM_MAX;
use super::fault::FaultKind;

const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: true,
};

/// Returns the files that `pattern` means in `folder`: at least one, sorted.
///
/// A part that exists as it is written is taken so, even if it could be a pattern. Hidden files match
/// only what begins with a dot itself.
pub(super) fn walk(folder: &Path, pattern: &str) -> Result<Vec<PathBuf>, FaultKind> {
    let mut parts: Vec<&str> = pattern
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    if parts.last() == Some(&"**") {
        parts.push("*");
    }
    let start = if pattern.starts_with('/') {
        PathBuf::from("/")
    } else {
        folder.to_owned()
    };
    let walk = Walk { pattern };
    let mut found = vec![start];
    let last = parts.len().saturating_sub(1);
    for (position, part) in parts.iter().enumerate() {
        found = walk.step(found, part)?;
        if position < last {
            found.retain(|path| path.is_dir());
        }
        found.sort();
        found.dedup();
    }
    // Everything below a folder that `**/*.x` matches was walked too, and what is not `.x` was not asked for.
    let descended = parts.iter().rev().nth(1) == Some(&"**");
    let is_pattern = parts.last().is_some_and(|part| part.contains(['*', '?', '[']));
    if is_pattern
        && let Some(missed) = found
            .iter()
            .find(|path| path.is_dir() && (path.is_symlink() || !descended))
    {
        let folder = escaped(&missed.display().to_string());
        return Err(FaultKind::MatchesFolder {
            pattern: pattern.to_owned(),
            folder,
        });
    }
    found.retain(|path| !(is_pattern && path.is_dir()));
    if found.is_empty() || parts.is_empty() {
        return Err(FaultKind::NoMatch {
            pattern: pattern.to_owned(),
        });
    }
    Ok(found)
}

struct Walk<'a> {
    pattern: &'a str,
}

impl Walk<'_> {
    /// Goes one part further from each of `folders`.
    fn step(&self, folders: Vec<PathBuf>, part: &str) -> Result<Vec<PathBuf>, FaultKind> {
        if part == "**" {
            return self.descend(folders);
        }
        let is_plain = !part.contains(['*', '?', '[']);
        let mut found = Vec::new();
        for folder in folders {
            let literal = folder.join(part);
            // A link is taken even if it leads nowhere: hashing it tells more than "no match".
            if literal.symlink_metadata().is_ok() {
                found.push(literal);
            } else if !is_plain {
                let matching = Pattern::new(part).map_err(|error| FaultKind::BadPattern {
                    pattern: self.pattern.to_owned(),
                    problem: error.msg,
                })?;
                let names = self.names(&folder)?;
                let fits = |name: &PathBuf| matching.matches_with(&name.to_string_lossy(), OPTIONS);
                found.extend(names.into_iter().filter(fits).map(|name| folder.join(name)));
            }
            self.limit(&found)?;
        }
        Ok(found)
    }

    /// Returns `folders` and all folders below them, but for hidden ones and those behind links.
    fn descend(&self, folders: Vec<PathBuf>) -> Result<Vec<PathBuf>, FaultKind> {
        let mut found = Vec::new();
        let mut open = folders;
        while let Some(folder) = open.pop() {
            for name in self.names(&folder)? {
                let path = folder.join(&name);
                if !name.to_string_lossy().starts_with('.') && path.is_dir() && !path.is_symlink() {
                    open.push(path);
                }
            }
            found.push(folder);
            self.limit(&found)?;
            self.limit(&open)?;
        }
        Ok(found)
    }

    fn names(&self, folder: &Path) -> Result<Vec<PathBuf>, FaultKind> {
        let folder = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        let entries = fs::read_dir(folder).map_err(|problem| self.unreadable(problem))?;
        entries
            .map(|entry| {
                entry
                    .map(|entry| PathBuf::from(entry.file_name()))
                    .map_err(|problem| self.unreadable(problem))
            })
            .collect()
    }

    fn unreadable(&self, problem: io::Error) -> FaultKind {
        FaultKind::PatternUnreadable {
            pattern: self.pattern.to_owned(),
            problem,
        }
    }

    fn limit(&self, found: &[PathBuf]) -> Result<(), FaultKind> {
        if found.len() > FILES_PER_ITEM_MAX {
            return Err(FaultKind::TooManyFiles {
                pattern: self.pattern.to_owned(),
                limit: FILES_PER_ITEM_MAX,
            });
        }
        Ok(())
    }
}
