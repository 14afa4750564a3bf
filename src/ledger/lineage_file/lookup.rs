//! From what items say to the files and digests they mean.

use std::path::Path;
use std::path::PathBuf;

use crate::statement::Absence;

use super::content::ContentSpec;
use super::expand::Folder;
use super::expand::NamedFile;
use super::fault::Faults;
use super::given::GivenFile;
use super::given::GivenFiles;
use super::located::Located;
use super::records;

/// What an item's content was found to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Files to hash, sorted by registered name.
    Files(Vec<NamedFile>),
    /// Digests that were given, sorted by registered name.
    Given(Vec<GivenFile>),
    /// No bytes here.
    Absent(Absence),
}

/// Looks up what the items of one lineage file name, relative to its folder.
#[derive(Debug, Clone)]
pub struct Lookup {
    lineage_file: PathBuf,
    folder: Folder,
}

impl Lookup {
    /// Begins at the folder of `lineage_file`.
    pub fn beside(lineage_file: &Path) -> Self {
        Self {
            lineage_file: lineage_file.to_owned(),
            folder: Folder::of(lineage_file),
        }
    }

    /// Finds the files or digests of one item; what is wrong is added to `faults`.
    pub fn content(&self, content: &ContentSpec, faults: &mut Faults) -> Found {
        match content {
            ContentSpec::Files(patterns) => Found::Files(self.files(patterns, faults)),
            ContentSpec::Digests(given) => Found::Given(given.clone()),
            ContentSpec::DigestsFrom(patterns) => {
                let mut given = GivenFiles::default();
                for file in self.files(patterns, faults) {
                    records::read(&file.path, &mut given, faults);
                }
                Found::Given(given.finish())
            }
            ContentSpec::Absent(absence) => Found::Absent(absence.clone()),
        }
    }

    /// Finds the files that paths and patterns mean: of `files`, `evidence`, `code`.
    pub fn files(&self, patterns: &[Located<String>], faults: &mut Faults) -> Vec<NamedFile> {
        self.folder.files(&self.lineage_file, patterns, faults)
    }
}
