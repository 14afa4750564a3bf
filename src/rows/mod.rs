//! Rows of JSON Lines, and the tree over them: what lets one row be proved without the others.
//!
//! A row is a line with anything but ASCII white space on it, as its exact bytes without the line end (LF, or CR LF; the
//! last line needs none). Nothing is decoded: bytes that are no UTF-8, a byte order mark and equal objects written
//! otherwise are other rows. Rows count from 1; `docs/formats/rows.md` and ADR 0025.
//!
//! The tree is that of RFC 6962 2.1 with SHA-256. A leaf of a *plain* tree is the row. A leaf of a *keyed* tree is the
//! commitment to it (`commitment`) in the context `row.<number>`, so that who has neither salt nor secret can test no guess
//! against a root or a path, and equal rows look different.

mod normal;
mod split;
mod wanted;

use crate::commitment::Commitment;
use crate::commitment::Salt;
use crate::commitment::Secret;
use crate::digest::NodeHash;
use crate::merkle::Frontier;
use crate::merkle::leaf_hash;
use crate::statement::RowRoot;

pub use split::Row;
pub use split::RowError;
pub use split::RowSplitter;
pub use wanted::Likeness;
pub use wanted::WANTED_GRAMS_MAX;
pub use wanted::WANTED_ROWS_MAX;
pub use wanted::WantedError;
pub use wanted::WantedRow;
pub use wanted::WantedRows;

/// The longest row, in bytes without its line end, that has a place in a tree or is compared.
pub const ROW_BYTES_MAX: usize = 16 << 20;

/// Returns whether the name of a file says that it holds JSON Lines: it ends in `.jsonl` or `.ndjson`, in any case.
pub fn is_row_file(name: &str) -> bool {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending);
    ending.is_some_and(|ending| ending.eq_ignore_ascii_case("jsonl") || ending.eq_ignore_ascii_case("ndjson"))
}

/// What leaves are made with.
#[derive(Debug, Clone, Copy)]
pub enum RowKey<'a> {
    /// The rows themselves.
    Plain,
    /// Commitments with salts of this secret.
    Keyed(&'a Secret),
}

impl RowKey<'_> {
    /// Returns the salt of the row with this number, from 1; rows of a plain tree have none.
    pub fn salt(self, number: u64, row: &[u8]) -> Option<Salt> {
        match self {
            Self::Plain => None,
            Self::Keyed(secret) => Some(secret.salt(&context(number), row)),
        }
    }

    /// Returns the leaf of the row with this number, from 1.
    pub fn leaf(self, number: u64, row: &[u8]) -> NodeHash {
        row_leaf(self.salt(number, row), number, row)
    }

    /// Returns a root of such leaves.
    pub const fn root(self, root: NodeHash) -> RowRoot {
        match self {
            Self::Plain => RowRoot::Plain(root),
            Self::Keyed(_) => RowRoot::Keyed(root),
        }
    }
}

/// Returns the leaf of a row: of the plain tree, or with its salt of the keyed one.
pub fn row_leaf(salt: Option<Salt>, number: u64, row: &[u8]) -> NodeHash {
    match salt {
        None => leaf_hash(row),
        Some(salt) => leaf_hash(Commitment::of(&salt, &context(number), row).as_bytes()),
    }
}

/// The context of a row's commitment, in which equal rows at two places have nothing in common.
fn context(number: u64) -> String {
    format!("row.{number}")
}

/// The tree over the rows of one file, while its bytes pass by.
#[derive(Debug)]
pub struct RowTree<'a> {
    key: RowKey<'a>,
    splitter: RowSplitter,
    tree: Frontier,
}

impl<'a> RowTree<'a> {
    /// Starts with no rows.
    pub fn new(key: RowKey<'a>) -> Self {
        Self {
            key,
            splitter: RowSplitter::new(),
            tree: Frontier::new(),
        }
    }

    /// Takes the next bytes.
    pub fn update(&mut self, piece: &[u8]) -> Result<(), RowError> {
        let (key, tree) = (self.key, &mut self.tree);
        self.splitter.push(piece, |row| {
            tree.append(key.leaf(row.number, row.bytes));
        })
    }

    /// Returns the root, and of how many rows.
    pub fn finish(mut self) -> (RowRoot, u64) {
        let (key, tree) = (self.key, &mut self.tree);
        self.splitter.finish(|row| {
            tree.append(key.leaf(row.number, row.bytes));
        });
        (self.key.root(self.tree.root()), self.tree.size().get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merkle::root;

    fn rooted(key: RowKey<'_>, text: &[u8], piece: usize) -> (RowRoot, u64) {
        let mut tree = RowTree::new(key);
        for part in text.chunks(piece.max(1)) {
            tree.update(part).unwrap();
        }
        tree.finish()
    }

    #[test]
    fn a_plain_tree_is_that_of_rfc_6962_over_the_rows() {
        let text = b"{\"a\":1}\n\n{\"a\":2}\r\n \t\nlast";
        let leaves = [&b"{\"a\":1}"[..], b"{\"a\":2}", b"last"].map(leaf_hash);
        let expected = (RowRoot::Plain(root(&leaves)), 3);
        for piece in 1..text.len() {
            assert_eq!(rooted(RowKey::Plain, text, piece), expected, "pieces of {piece}");
        }
        assert_eq!(
            rooted(RowKey::Plain, b"", 1),
            (RowRoot::Plain(crate::merkle::EMPTY_ROOT), 0)
        );
    }

    /// The attack that keyed trees are for: a guess at a row is hashed and held against what a proof shows of it.
    #[test]
    fn a_keyed_tree_confirms_no_guess_and_hides_that_rows_are_equal() {
        let (one, other) = (Secret::from_bytes([1; 32]), Secret::from_bytes([2; 32]));
        let row = b"{\"name\":\"Ann\"}";
        let leaf = RowKey::Keyed(&one).leaf(1, row);
        for guess in [
            RowKey::Plain.leaf(1, row),
            RowKey::Keyed(&other).leaf(1, row),
            RowKey::Keyed(&one).leaf(2, row),
            RowKey::Keyed(&one).leaf(1, b"{\"name\":\"Bob\"}"),
        ] {
            assert_ne!(guess, leaf);
        }
        let salt = RowKey::Keyed(&one).salt(1, row);
        assert_eq!(row_leaf(salt, 1, row), leaf, "the salt opens this one row");
        assert_ne!(
            row_leaf(salt, 2, row),
            RowKey::Keyed(&one).leaf(2, row),
            "and no other"
        );
    }

    #[test]
    fn names_of_row_files() {
        for (name, expected) in [
            ("a.jsonl", true),
            ("x/b.NDJSON", true),
            ("a.json", false),
            ("jsonl", false),
        ] {
            assert_eq!(is_row_file(name), expected, "{name}");
        }
    }
}
