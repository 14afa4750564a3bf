//! Which files the paths and patterns of an item mean, and under which names they are registered.
//!
//! A path is relative to the folder of the lineage file, and may be a pattern.
//!
//! The registered name of a file is its path relative to that folder, with `/`. A file outside of it
//! (an absolute path, `..`) has its file name only, so that no path of this machine is ever signed.
//! Two files of one item that would get one name are a fault.

use std::collections::BTreeMap;
use std::path::Component;
use std::path::Path;
use std::path::PathBuf;

use crate::statement::check_file_name;
use crate::statement::escaped;

use super::FILES_PER_ITEM_MAX;
use super::fault::FaultKind;
use super::fault::Faults;
use super::located::Located;
use super::walk::walk;

/// A file to read, and the name it is registered under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedFile {
    /// The registered relative name.
    pub name: String,
    /// Where to read it, from the current folder.
    pub path: PathBuf,
    /// The line of the lineage file that names it.
    pub line: u32,
}

/// Where the paths of one lineage file begin.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    /// As the user's path gives it; what is opened begins with it.
    given: PathBuf,
    /// Every absolute form of it, without `.` and `..`.
    absolute: Vec<PathBuf>,
}

impl Folder {
    /// Takes the folder that `file` stands in.
    pub(super) fn of(file: &Path) -> Self {
        let given = file.parent().map(Path::to_owned).unwrap_or_default();
        let shown = if given.as_os_str().is_empty() {
            Path::new(".")
        } else {
            &given
        };
        let lexical = std::path::absolute(shown).map(|path| without_dots(&path));
        // Users name files through links as well as directly.
        let real = std::fs::canonicalize(shown);
        Self {
            absolute: [lexical, real].into_iter().flatten().collect(),
            given,
        }
    }

    /// Returns the name that a file is registered under.
    fn name_of(&self, path: &Path) -> Result<String, FaultKind> {
        let full = std::path::absolute(path)
            .map(|path| without_dots(&path))
            .unwrap_or_default();
        let inside = self
            .absolute
            .iter()
            .find_map(|folder| full.strip_prefix(folder).ok());
        let name = inside.or_else(|| full.file_name().map(Path::new)).unwrap_or(path);
        let bad = |problem: String| FaultKind::BadFileName {
            path: escaped(&path.display().to_string()),
            problem,
        };
        let text = name
            .to_str()
            .ok_or_else(|| bad("its name is not UTF-8".to_owned()))?;
        check_file_name(text).map_err(|error| bad(error.to_string()))?;
        Ok(text.to_owned())
    }

    /// Finds the files that `patterns` mean, sorted by registered name.
    pub(super) fn files(
        &self,
        lineage_file: &Path,
        patterns: &[Located<String>],
        faults: &mut Faults,
    ) -> Vec<NamedFile> {
        let mut found: BTreeMap<String, NamedFile> = BTreeMap::new();
        for pattern in patterns {
            let paths = match walk(&self.given, &pattern.value) {
                Ok(paths) => paths,
                Err(kind) => {
                    faults.at(lineage_file, pattern.line, kind);
                    continue;
                }
            };
            for path in paths {
                if let Err(kind) = self.take(path, pattern, &mut found) {
                    faults.at(lineage_file, pattern.line, kind);
                }
            }
        }
        found.into_values().collect()
    }

    fn take(
        &self,
        path: PathBuf,
        pattern: &Located<String>,
        found: &mut BTreeMap<String, NamedFile>,
    ) -> Result<(), FaultKind> {
        let name = self.name_of(&path)?;
        let full = found.len() >= FILES_PER_ITEM_MAX;
        match found.get(&name) {
            Some(first) if without_dots(&first.path) == without_dots(&path) => Ok(()),
            Some(first) => Err(FaultKind::SameName {
                name,
                first: first.path.clone(),
                second: path,
            }),
            None if full => Err(FaultKind::TooManyFiles {
                pattern: pattern.value.clone(),
                limit: FILES_PER_ITEM_MAX,
            }),
            None => {
                found.insert(
                    name.clone(),
                    NamedFile {
                        name,
                        path,
                        line: pattern.line,
                    },
                );
                Ok(())
            }
        }
    }
}

/// Resolves `.` and `..` in the text of a path.
fn without_dots(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            // Above the root is the root.
            Component::ParentDir if plain.file_name().is_some() || plain.has_root() => {
                plain.pop();
            }
            _ => plain.push(component),
        }
    }
    plain
}
