//! The row roots of an item's files: computed while they were hashed, or given with their digests.

use std::path::Path;
use std::sync::Arc;

use crate::digest::Sha256Digest;
use crate::ledger::hash::HashError;
use crate::ledger::hash::RowRoots;
use crate::ledger::hash::RowTrees;
use crate::ledger::hash::Unwatched;
use crate::ledger::hash::hash_file_with_rows;
use crate::ledger::lineage_file::RowRootSpec;
use crate::rows::is_row_file;
use crate::statement::Answer;
use crate::statement::RowRoot;

use super::content::Piece;
use super::order::Item;
use super::problem::ProblemKind;
use super::withhold::Committer;

/// What becomes of the rows of an item's files.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RowsOf<'a> {
    /// Whether a tree of each file of rows was asked for.
    pub(super) asked: bool,
    /// Who keys the trees: there is personal data, or the item wants it so.
    pub(super) keyed: Option<&'a Committer<'a>>,
}

impl<'a> RowsOf<'a> {
    /// Puts together what the item asks for and whether there is personal data in it, which is never in a plain tree.
    pub(super) fn of(spec: RowRootSpec, personal: bool, by: &'a Committer<'a>) -> Self {
        let keyed = personal || spec == RowRootSpec::Keyed;
        Self {
            asked: spec != RowRootSpec::Unasked,
            keyed: keyed.then_some(by),
        }
    }

    /// Refuses a wish that no file can fulfil.
    pub(super) fn check(self, pieces: &[Piece]) -> Result<(), ProblemKind> {
        let has_rows = |piece: &Piece| piece.path.as_deref().is_some_and(is_row_path);
        if self.asked && !pieces.iter().any(has_rows) {
            return Err(ProblemKind::NoRowFile);
        }
        Ok(())
    }

    /// Returns the root of one file.
    pub(super) fn root(self, piece: &Piece) -> Result<Option<RowRoot>, ProblemKind> {
        match (&piece.path, self.keyed) {
            (None, Some(_)) if matches!(piece.given_row_root, Some(RowRoot::Plain(_))) => {
                let name = piece.name.clone();
                Err(ProblemKind::PlainRowRoot { name })
            }
            (None, _) => Ok(piece.given_row_root),
            (Some(path), _) if !self.asked || !is_row_path(path) => Ok(None),
            (Some(_), None) => Ok(piece.row_roots.plain),
            (Some(path), Some(by)) => match piece.row_roots.keyed {
                Some(root) => Ok(Some(root)),
                None => again(path, piece.sha256, by).map(|roots| roots.keyed),
            },
        }
    }
}

/// Reads a file of which it was not known, when it was hashed, that its rows are personal data: what comes out of a
/// run is that when an input is.
fn again(path: &Path, sha256: Sha256Digest, by: &Committer<'_>) -> Result<RowRoots, ProblemKind> {
    let trees = RowTrees {
        plain: false,
        keyed: Some(by.secret()?),
    };
    let hashed = hash_file_with_rows(path, trees, &Unwatched).map_err(Arc::new)?;
    if hashed.digests.sha256 != sha256 {
        let path = path.to_owned();
        return Err(Arc::new(HashError::Changed { path }).into());
    }
    Ok(hashed.row_roots)
}

fn is_row_path(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| is_row_file(&name.to_string_lossy()))
}

/// Trees that are computed while files are hashed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wanted {
    pub(super) plain: bool,
    pub(super) keyed: bool,
}

impl Wanted {
    /// Adds what another item wants of the same file.
    pub(super) fn or(self, other: Self) -> Self {
        Self {
            plain: self.plain || other.plain,
            keyed: self.keyed || other.keyed,
        }
    }

    pub(super) fn is_some(self) -> bool {
        self.plain || self.keyed
    }
}

/// Returns what an item wants of the files of each of its contents, in the order of [`Item::contents`], as far as that
/// is known before anything was hashed.
pub(super) fn wanted(item: Item<'_>) -> Vec<Wanted> {
    let of = |spec: RowRootSpec, personal: bool| {
        let asked = spec != RowRootSpec::Unasked;
        let keyed = personal || spec == RowRootSpec::Keyed;
        Wanted {
            plain: asked && !keyed,
            keyed: asked && keyed,
        }
    };
    match item {
        Item::Source(source) => vec![of(source.row_root, source.personal_data == Answer::Yes)],
        Item::Run(run) => run
            .outputs
            .iter()
            .map(|output| of(output.row_root, false))
            .collect(),
        _ => Vec::new(),
    }
}
