//! How an artifact is referred to.

use std::fmt;
use std::str::FromStr;

use crate::digest::StatementId;

/// A reference to an artifact: `hb:<64 hex>/<subject>` or `hb:<64 hex>/<subject>/<member>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ArtifactRef {
    /// The statement.
    pub statement: StatementId,
    /// The position of the subject in the statement, from 0.
    pub subject: u32,
    /// The position of the line in the subject's manifest, from 0.
    pub member: Option<u64>,
}

/// A text that is no artifact reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an artifact id like hb:<64 hex digits>/0")]
pub struct ArtifactRefError(String);

impl ArtifactRef {
    /// Returns the reference to a subject of a statement.
    pub const fn subject(statement: StatementId, subject: u32) -> Self {
        Self {
            statement,
            subject,
            member: None,
        }
    }

    /// Returns the subject that this is, or is a member of.
    #[must_use]
    pub const fn whole(self) -> Self {
        Self::subject(self.statement, self.subject)
    }
}

impl fmt::Display for ArtifactRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "hb:{}/{}", self.statement, self.subject)?;
        self.member.map_or(Ok(()), |member| write!(f, "/{member}"))
    }
}

impl FromStr for ArtifactRef {
    type Err = ArtifactRefError;

    fn from_str(text: &str) -> Result<Self, ArtifactRefError> {
        parse_ref(text).ok_or_else(|| ArtifactRefError(text.chars().take(120).collect()))
    }
}

fn parse_ref(text: &str) -> Option<ArtifactRef> {
    let mut parts = text.strip_prefix("hb:")?.split('/');
    let reference = ArtifactRef {
        statement: StatementId::from_hex(parts.next()?).ok()?,
        subject: parts.next()?.parse().ok()?,
        member: parts.next().map(str::parse).transpose().ok()?,
    };
    // One reference has one text: this refuses `+1`, `01` and further parts.
    (parts.next().is_none() && reference.to_string() == text).then_some(reference)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_has_one_text() {
        let id = StatementId::from_bytes([7; 32]);
        for reference in [
            ArtifactRef::subject(id, 0),
            ArtifactRef {
                statement: id,
                subject: 3,
                member: Some(42),
            },
        ] {
            assert_eq!(reference.to_string().parse(), Ok(reference));
        }
        let hex = id.to_hex();
        for bad in [
            format!("hb:{hex}"),
            format!("hb:{hex}/01"),
            format!("hb:{hex}/+1"),
            format!("hb:{hex}/1/2/3"),
            format!("{hex}/1"),
            format!("hb:{hex}/-1"),
            format!("hb:{hex}/4294967296"),
        ] {
            assert!(bad.parse::<ArtifactRef>().is_err(), "{bad}");
        }
    }
}
