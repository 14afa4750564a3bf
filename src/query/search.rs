//! Looking for rows in the files of registered rows, as far as their bytes are there.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::path::Path;

use crate::ledger::content::ContentError;
use crate::ledger::content::ContentFolder;
use crate::ledger::hash::HashError;
use crate::ledger::hash::Progress;
use crate::ledger::hash::read_rows;
use crate::rows::Likeness;
use crate::rows::Row;
use crate::rows::WantedRows;
use crate::rows::is_row_file;

use super::shards::ShardBytes;
use super::shards::ShardFile;

/// Why the search ended early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SearchError {
    /// The folder cannot be searched.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// A file was written to while it was read.
    #[error(transparent)]
    Changed(HashError),
}

/// Why the rows of a file were not looked through, or not all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotSearched {
    /// Nothing is known by which its bytes could be found.
    NotKnown(&'static str),
    /// No file in the folder has its bytes.
    NotHere,
    /// It is there or not, and no JSON Lines.
    NoRows,
    /// It could not be read to its end.
    Unreadable(String),
}

impl NotSearched {
    /// Returns the word.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::NotKnown(_) => "not_known",
            Self::NotHere => "not_here",
            Self::NoRows => "no_rows",
            Self::Unreadable(_) => "unreadable",
        }
    }

    /// Says why, in words.
    pub fn told(&self) -> String {
        match self {
            Self::NotKnown(why) => (*why).to_owned(),
            Self::NotHere => "no file with its bytes is in the folder that was searched".to_owned(),
            Self::NoRows => "it is no JSON Lines, and rows of other formats are not compared".to_owned(),
            Self::Unreadable(why) => why.clone(),
        }
    }
}

/// How much was looked through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Searched {
    /// How many files.
    pub files: u64,
    /// How many rows.
    pub rows: u64,
    /// Which were not, by their positions.
    pub not: Vec<(usize, NotSearched)>,
}

/// Who is told of a row that is like some that are looked for: the position of its file, the row, and which it is like.
pub type Told<'a> = dyn FnMut(usize, Row<'_>, &BTreeMap<u32, Likeness>) + 'a;

/// Looks through every file, and tells each row that is like some of `wanted` with the position of its file.
pub fn search(
    files: &[ShardFile],
    content: &mut ContentFolder<'_>,
    wanted: &WantedRows,
    progress: &dyn Progress,
    each: &mut Told<'_>,
) -> Result<Searched, SearchError> {
    let mut searched = Searched::default();
    for (at, file) in files.iter().enumerate() {
        let ShardBytes::Known {
            sha256,
            name,
            size,
            rows,
        } = &file.bytes
        else {
            if let ShardBytes::NotKnown(why) = file.bytes {
                searched.not.push((at, NotSearched::NotKnown(why)));
            }
            continue;
        };
        if *rows == Some(false) {
            searched.not.push((at, NotSearched::NoRows));
            continue;
        }
        let Some(path) = content.with_digest(name, *sha256, *size)? else {
            searched.not.push((at, NotSearched::NotHere));
            continue;
        };
        if rows.is_none() && !has_row_ending(&path) {
            searched.not.push((at, NotSearched::NoRows));
            continue;
        }
        let read = read_rows(&path, progress, &mut |row| {
            searched.rows += 1;
            let like = wanted.like(row.bytes);
            if !like.is_empty() {
                each(at, row, &like);
            }
        });
        match read {
            Ok(digests) if digests.sha256 == *sha256 => searched.files += 1,
            // It had these bytes a moment ago, and what was told of it is of others.
            Ok(_) => return Err(SearchError::Changed(HashError::Changed { path })),
            Err(error @ HashError::Changed { .. }) => return Err(SearchError::Changed(error)),
            Err(error) => {
                let why = error.source().map_or_else(String::new, |why| format!(": {why}"));
                searched
                    .not
                    .push((at, NotSearched::Unreadable(format!("{error}{why}"))));
            }
        }
    }
    Ok(searched)
}

fn has_row_ending(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| is_row_file(&name.to_string_lossy()))
}
