//! Digests that are given and not computed, one for each name.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;
use std::path::PathBuf;

use crate::digest::Blake3Digest;
use crate::digest::Sha256Digest;
use crate::statement::RowRoot;

use super::FILES_PER_ITEM_MAX;
use super::fault::FaultKind;
use super::fault::Faults;

/// A file whose digest somebody else computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenFile {
    /// The registered relative name.
    pub name: String,
    /// SHA-256 of its bytes.
    pub sha256: Sha256Digest,
    /// BLAKE3 of its bytes, when that was given.
    pub blake3: Option<Blake3Digest>,
    /// Size in bytes.
    pub bytes: Option<u64>,
    /// Rows in it.
    pub rows: Option<u64>,
    /// Tokens in it.
    pub tokens: Option<u64>,
    /// The root over its rows.
    pub row_root: Option<RowRoot>,
}

/// Collects the digests of one item, from one file or many.
#[derive(Debug, Default)]
pub(super) struct GivenFiles {
    by_name: BTreeMap<String, (GivenFile, Place)>,
    /// The files that records came from; places point into it.
    files: Vec<PathBuf>,
    full: bool,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    file: usize,
    line: u32,
}

impl GivenFiles {
    /// Adds a digest found on `line` of `file`. The same once more changes nothing; a contradiction is a
    /// fault that names both places.
    pub(super) fn add(&mut self, given: GivenFile, file: &Path, line: u32, faults: &mut Faults) {
        if self.files.last().is_none_or(|last| last != file) {
            self.files.push(file.to_owned());
        }
        let here = Place {
            file: self.files.len().saturating_sub(1),
            line,
        };
        let room = self.by_name.len() < FILES_PER_ITEM_MAX;
        match self.by_name.entry(given.name.clone()) {
            Entry::Vacant(place) if room => {
                place.insert((given, here));
            }
            Entry::Vacant(_) => {
                if !self.full {
                    faults.at(
                        file,
                        line,
                        FaultKind::TooManyDigests {
                            limit: FILES_PER_ITEM_MAX,
                        },
                    );
                }
                self.full = true;
            }
            Entry::Occupied(mut known) => {
                let (first, place) = known.get_mut();
                if let Err(contradiction) = merge(first, &given) {
                    let name = given.name;
                    let first_file = self.files.get(place.file).map(|path| path.display().to_string());
                    let other = format!("{}:{}", first_file.unwrap_or_default(), place.line);
                    let kind = match contradiction {
                        "digest" => FaultKind::DigestDiffers { name, other },
                        what => FaultKind::CountDiffers { name, what, other },
                    };
                    faults.at(file, line, kind);
                }
            }
        }
    }

    /// Returns the digests, sorted by name.
    pub(super) fn finish(self) -> Vec<GivenFile> {
        self.by_name.into_values().map(|(file, _)| file).collect()
    }
}

/// Adds to `first` what only `second` says; an error names what they contradict each other in.
fn merge(first: &mut GivenFile, second: &GivenFile) -> Result<(), &'static str> {
    if first.sha256 != second.sha256 {
        return Err("digest");
    }
    first.blake3 = agree(first.blake3, second.blake3, "digest")?;
    first.bytes = agree(first.bytes, second.bytes, "bytes")?;
    first.rows = agree(first.rows, second.rows, "rows")?;
    first.row_root = agree(first.row_root, second.row_root, "row_root")?;
    first.tokens = agree(first.tokens, second.tokens, "tokens")?;
    Ok(())
}

/// Returns what both say together; the error is `what` they contradict each other in.
fn agree<T: PartialEq>(
    first: Option<T>,
    second: Option<T>,
    what: &'static str,
) -> Result<Option<T>, &'static str> {
    match (first, second) {
        (Some(first), Some(second)) if first != second => Err(what),
        (first, second) => Ok(first.or(second)),
    }
}
