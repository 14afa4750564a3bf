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

#[cfg(test)]
mod tests {
    use crate::canonical::Value;
    use crate::digest::Sha256Digest;
    use crate::statement::Artifact;
    use crate::statement::artifact::Subject;

    fn read(says: &str) -> Option<Artifact> {
        let subject = Subject {
            name: "a.jsonl".to_owned(),
            sha256: Sha256Digest::of(b"a"),
        };
        let value = Value::decode(says.as_bytes()).unwrap();
        let artifact = Artifact::decode(&subject, value.clone()).ok()?;
        assert_eq!(artifact.encode(), value, "one spelling");
        Some(artifact)
    }

    #[test]
    fn a_row_root_stands_beside_the_rows_it_is_of_and_alone() {
        let root = "11".repeat(32);
        let with = |more: &str| read(&format!("{{\"basis\":\"computed\",\"content\":\"file\"{more}}}"));
        let rows = "\"rows\":2,\"rows_basis\":\"counted\"";
        for (more, accepted) in [
            (format!(",\"row_root\":\"{root}\",{rows}"), true),
            (format!(",\"keyed_row_root\":\"{root}\",{rows}"), true),
            (format!(",{rows}"), true),
            (
                format!(",\"keyed_row_root\":\"{root}\",\"row_root\":\"{root}\",{rows}"),
                false,
            ),
            (format!(",\"row_root\":\"{root}\""), false),
            (format!(",\"keyed_row_root\":\"{root}\""), false),
            (format!(",\"row_root\":\"{root}\",{rows},\"sealed\":true"), false),
            (
                format!(",\"row_root\":\"{}\",{rows}", root.replace('1', "A")),
                false,
            ),
            (format!(",\"row_root\":7,{rows}"), false),
        ] {
            assert_eq!(with(&more).is_some(), accepted, "{more}");
        }
        let none = format!("{{\"content\":\"none\",\"declaration\":{{}},\"row_root\":\"{root}\",{rows}}}");
        assert_eq!(read(&none), None, "what has no bytes has no rows");
    }
}
