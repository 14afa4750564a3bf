//! The part of a proof that is about one row of a file: from the row to the root that a statement or a manifest line has.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::canonical::Value;
use crate::commitment::Salt;
use crate::digest::NodeHash;
use crate::merkle::LeafIndex;
use crate::merkle::TreeSize;
use crate::merkle::verify_inclusion;
use crate::rows::row_leaf;
use crate::statement::Basis;
use crate::statement::RowRoot;

use super::proof::Fields;
use super::proof::ProofError;

/// The longest row whose content goes into a proof, in bytes; a longer one is proved by its leaf.
pub const ROW_PROVED_BYTES_MAX: usize = 1 << 20;

/// One row, or its leaf alone, and the way from it to the root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RowProof {
    /// Which artifact of the statement: that of the member, where the proof has one.
    pub(super) subject: u32,
    /// Which row, from 1.
    pub(super) number: u64,
    pub(super) shows: Shows,
    pub(super) path: Vec<NodeHash>,
}

/// What a signed statement, or a line of its manifest, says of the rows of one file.
#[derive(Debug, Clone, Copy)]
pub(super) struct SaidOfRows {
    pub(super) root: Option<RowRoot>,
    pub(super) rows: Option<u64>,
    /// Who says the digests of the file, and with them the root.
    pub(super) basis: Option<Basis>,
}

/// What a proof shows of the row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shows {
    /// Its leaf, and nothing that could be held against a guess at a keyed one.
    Leaf(NodeHash),
    /// Its bytes, and in a keyed tree the salt of this row alone.
    Content(Vec<u8>, Option<Salt>),
}

/// A row that is proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvenRow {
    /// Which row of the file, from 1: lines with nothing but white space are none.
    pub number: u64,
    /// Of how many.
    pub rows: u64,
    /// Its bytes, without the line end; nothing where the proof shows only the leaf.
    pub content: Option<Vec<u8>>,
    /// The leaf of the tree.
    pub leaf: NodeHash,
    /// Whether the tree is keyed.
    pub keyed: bool,
    /// Who says that the root is of the file: where it was given, no proof shows that the row is in the file.
    pub root_basis: Basis,
}

impl ProvenRow {
    /// Returns whether `row` is the row that is proved; nothing where that cannot be told, because the tree is keyed and
    /// the proof does not show the salt.
    pub fn is(&self, row: &[u8]) -> Option<bool> {
        match &self.content {
            Some(content) => Some(content == row),
            None if self.keyed => None,
            None => Some(row_leaf(None, self.number, row) == self.leaf),
        }
    }
}

impl RowProof {
    pub(super) fn value(&self) -> Value {
        let number = |number| Value::Integer(i64::try_from(number).unwrap_or(i64::MAX));
        let path = self.path.iter().map(|hash| Value::Text(hash.to_hex())).collect();
        let mut object = BTreeMap::from([
            ("number".to_owned(), number(self.number)),
            ("path".to_owned(), Value::List(path)),
            ("subject".to_owned(), number(u64::from(self.subject))),
        ]);
        match &self.shows {
            Shows::Leaf(leaf) => {
                object.insert("leaf".to_owned(), Value::Text(leaf.to_hex()));
            }
            Shows::Content(content, salt) => {
                object.insert("content".to_owned(), Value::Text(STANDARD.encode(content)));
                if let Some(salt) = salt {
                    object.insert("salt".to_owned(), Value::Text(salt.to_hex()));
                }
            }
        }
        Value::Object(object)
    }

    pub(super) fn decode(value: Value) -> Result<Self, ProofError> {
        let mut fields = Fields(value);
        let path = fields.hashes("path")?;
        let leaf = fields.text_or_none("leaf")?;
        let content = fields.text_or_none("content")?;
        let salt = fields.text_or_none("salt")?;
        let salt = salt.map(|hex| Salt::from_hex(&hex).ok_or(ProofError::Field("salt")));
        let shows = match (leaf, content, salt.transpose()?) {
            (Some(leaf), None, None) => {
                Shows::Leaf(NodeHash::from_hex(&leaf).map_err(|_| ProofError::Field("leaf"))?)
            }
            (None, Some(content), salt) => {
                let content = STANDARD.decode(content);
                let content = content.map_err(|_| ProofError::Field("content"))?;
                if content.len() > ROW_PROVED_BYTES_MAX {
                    return Err(ProofError::Field("content"));
                }
                Shows::Content(content, salt)
            }
            _ => return Err(ProofError::Field("leaf, or content")),
        };
        let row = Self {
            subject: u32::try_from(fields.number("subject")?).map_err(|_| ProofError::Field("subject"))?,
            number: fields.number("number")?,
            shows,
            path,
        };
        fields.end().map(|()| row)
    }

    /// Checks it against what the signed statement or the manifest line says of the file.
    pub(super) fn check(&self, said: &SaidOfRows) -> Result<ProvenRow, ProofError> {
        let (Some(root), Some(rows), Some(root_basis)) = (said.root, said.rows, said.basis) else {
            return Err(ProofError::NoRowRoot);
        };
        let keyed = matches!(root, RowRoot::Keyed(_));
        let (leaf, content) = match &self.shows {
            Shows::Leaf(leaf) => (*leaf, None),
            // In the other kind of tree the same bytes would be another claim.
            Shows::Content(_, salt) if salt.is_some() != keyed => return Err(ProofError::Field("salt")),
            Shows::Content(content, salt) => (row_leaf(*salt, self.number, content), Some(content.clone())),
        };
        let index = self.number.checked_sub(1).ok_or(ProofError::Field("number"))?;
        let (index, size) = (LeafIndex::new(index), TreeSize::new(rows));
        verify_inclusion(leaf, index, size, root.root(), &self.path).map_err(ProofError::RowPath)?;
        Ok(ProvenRow {
            number: self.number,
            rows,
            content,
            leaf,
            keyed,
            root_basis,
        })
    }
}
