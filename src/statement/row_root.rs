//! What a statement says of the rows of a file as a whole: the root of the tree over them.

use crate::digest::NodeHash;

use super::StatementError;
use super::fields::Fields;
use super::fields::Members;

/// The root of the tree over the rows of a file of JSON Lines; `rows` has what its leaves are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowRoot {
    /// Of the rows themselves.
    Plain(NodeHash),
    /// Of commitments to them, with a secret of whoever registered the file.
    Keyed(NodeHash),
}

impl RowRoot {
    /// Returns the root.
    pub const fn root(self) -> NodeHash {
        match self {
            Self::Plain(root) | Self::Keyed(root) => root,
        }
    }

    /// Returns the field that it stands in.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Plain(_) => ROW_ROOT,
            Self::Keyed(_) => KEYED_ROW_ROOT,
        }
    }

    pub(super) fn put(root: Option<Self>, out: &mut Members) {
        if let Some(root) = root {
            out.put(root.field(), root.root().to_hex());
        }
    }

    pub(super) fn take(fields: &mut Fields) -> Result<Option<Self>, StatementError> {
        let plain = fields.parsed_or_none(ROW_ROOT, NodeHash::from_hex)?;
        let keyed = fields.parsed_or_none(KEYED_ROW_ROOT, NodeHash::from_hex)?;
        Self::of_fields(plain, keyed).map_err(|source| fields.bad_value(KEYED_ROW_ROOT, source))
    }

    /// Puts together what stands in the two fields, of which one may be there.
    pub fn of_fields(plain: Option<NodeHash>, keyed: Option<NodeHash>) -> Result<Option<Self>, TwoRowRoots> {
        match (plain, keyed) {
            (None, None) => Ok(None),
            (Some(root), None) => Ok(Some(Self::Plain(root))),
            (None, Some(root)) => Ok(Some(Self::Keyed(root))),
            (Some(_), Some(_)) => Err(TwoRowRoots),
        }
    }
}

/// The field of a plain row root.
pub const ROW_ROOT: &str = "row_root";

/// The field of a keyed one.
pub const KEYED_ROW_ROOT: &str = "keyed_row_root";

/// A file with both row roots, of which one would undo the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a file has a `row_root` or a `keyed_row_root`, not both")]
pub struct TwoRowRoots;
