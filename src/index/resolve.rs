//! From what a person writes to what it means: `NAME`, `NAME@<entry>`, `NAME@latest`, `hb:` and digits.
//!
//! A bare name means the only version there is; with several it is an error that lists them, for a name must not
//! change its meaning behind a reader's back. Everything is as of a size: later entries are not seen.

use std::fmt;
use std::sync::Arc;

use crate::digest::StatementId;
use crate::merkle::LeafIndex;
use crate::merkle::TreeSize;
use crate::statement::ArtifactRef;
use crate::statement::ItemName;
use crate::statement::TextError;

use super::Facts;
use super::IdPrefix;
use super::Index;
use super::IndexError;
use super::Version;
use super::VersionPart;

/// What begins an id.
const ID_PREFIX: &str = "hb:";

/// How many ids or versions an error lists.
const LISTED_MAX: usize = 20;

/// The longest text that is looked up, in bytes: a name with its entry, or an id with its artifact.
pub const NODE_TEXT_BYTES_MAX: usize = 256;

/// What a text means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Node {
    /// A statement as a whole: a run, a seal, a key change.
    Statement(StatementId),
    /// A named set of artifacts, at a position of [`Facts::sets`].
    Set {
        /// The statement.
        statement: StatementId,
        /// The position.
        set: usize,
    },
    /// One artifact or one member of its manifest.
    Artifact(ArtifactRef),
}

impl Node {
    /// Returns the statement it belongs to.
    pub fn statement(&self) -> StatementId {
        match self {
            Self::Statement(statement) | Self::Set { statement, .. } => *statement,
            Self::Artifact(artifact) => artifact.statement,
        }
    }
}

/// Why a text means nothing here.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// Neither a name nor an id.
    #[error("`{}` is no name and no id", .text)]
    NotAName {
        /// What was written, cut.
        text: String,
        /// What is wrong with it.
        source: TextError,
    },
    /// Not digits after `hb:`, or a wrong artifact number.
    #[error("`{text}` is not an id like hb:<hexadecimal digits>, hb:<...>/0 or hb:<...>/0/7")]
    NotAnId {
        /// What was written, cut.
        text: String,
    },
    /// Longer than any name or id.
    #[error("{found} bytes are more than the {NODE_TEXT_BYTES_MAX} a name or an id may have")]
    TooLong {
        /// How many there are.
        found: usize,
    },
    /// No item of this name.
    #[error("nothing is registered as `{name}`{}", meant(.similar.as_ref()))]
    UnknownName {
        /// The name.
        name: ItemName,
        /// A name there is that reads much the same.
        similar: Option<ItemName>,
    },
    /// Several versions, and the text does not say which.
    #[error("`{name}` has {} versions: write {}, or {name}@latest for whichever is the newest", .versions.len(), choices(.name, .versions))]
    SeveralVersions {
        /// The name.
        name: ItemName,
        /// Where they stand.
        versions: Vec<LeafIndex>,
    },
    /// No version at that entry.
    #[error("`{name}` has no version at entry {entry}: write one of {}", listed(.name, .versions))]
    NoSuchVersion {
        /// The name.
        name: ItemName,
        /// The entry that was asked for.
        entry: String,
        /// Where its versions stand.
        versions: Vec<LeafIndex>,
    },
    /// No statement whose id begins so.
    #[error("no statement has an id that begins with `{digits}`")]
    UnknownId {
        /// The digits.
        digits: String,
    },
    /// Several statements whose ids begin so.
    #[error("several ids begin with `{digits}`: write more digits of {}", ids_listed(.ids))]
    SeveralIds {
        /// The digits.
        digits: String,
        /// Some of them.
        ids: Vec<StatementId>,
    },
    /// The statement has no such artifact.
    #[error("statement {id} has {subjects} artifacts, and `{text}` is none of them")]
    NoSuchArtifact {
        /// The statement.
        id: StatementId,
        /// How many artifacts it has.
        subjects: usize,
        /// What was written.
        text: String,
    },
    /// The index failed.
    #[error(transparent)]
    Index(#[from] IndexError),
}

fn meant(similar: Option<&ItemName>) -> String {
    similar.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

fn listed(name: &ItemName, versions: &[LeafIndex]) -> String {
    let shown = versions
        .iter()
        .rev()
        .take(LISTED_MAX)
        .map(|entry| format!("{name}@{entry}"));
    shown.collect::<Vec<_>>().join(", ")
}

/// Lists versions from the newest, and says that it is.
fn choices(name: &ItemName, versions: &[LeafIndex]) -> String {
    let listed = listed(name, versions);
    match listed.split_once(", ") {
        Some((newest, older)) => format!("{newest} (newest), {older}"),
        None => listed,
    }
}

fn ids_listed(ids: &[StatementId]) -> String {
    let shown = ids.iter().map(|id| format!("{ID_PREFIX}{id}"));
    shown.collect::<Vec<_>>().join(", ")
}

fn cut(text: &str) -> String {
    text.chars().take(120).collect()
}

/// Which version of a name is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which<'a> {
    Only,
    Latest,
    Entry(&'a str),
}

impl fmt::Display for Which<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Only => Ok(()),
            Self::Latest => f.write_str("latest"),
            Self::Entry(entry) => f.write_str(entry),
        }
    }
}

/// Finds what `text` means among the entries below `size`.
pub fn resolve(index: &dyn Index, size: TreeSize, text: &str) -> Result<Node, ResolveError> {
    if text.len() > NODE_TEXT_BYTES_MAX {
        return Err(ResolveError::TooLong { found: text.len() });
    }
    match text.strip_prefix(ID_PREFIX) {
        Some(rest) => by_id(index, size, text, rest),
        None => by_name(index, size, text),
    }
}

/// Returns all versions of a name below `size`, in log order.
pub fn versions_below(
    index: &dyn Index,
    size: TreeSize,
    name: &ItemName,
) -> Result<Vec<Version>, IndexError> {
    let mut versions = index.versions(name)?;
    versions.retain(|version| size.contains(version.entry));
    Ok(versions)
}

/// Returns the statement if it stands below `size`.
pub fn facts_below(
    index: &dyn Index,
    size: TreeSize,
    id: StatementId,
) -> Result<Option<Arc<Facts>>, IndexError> {
    Ok(index.facts(id)?.filter(|facts| size.contains(facts.entry)))
}

fn by_name(index: &dyn Index, size: TreeSize, text: &str) -> Result<Node, ResolveError> {
    let (name, which) = match text.split_once('@') {
        None => (text, Which::Only),
        Some((name, "latest")) => (name, Which::Latest),
        Some((name, entry)) => (name, Which::Entry(entry)),
    };
    let name = ItemName::recorded(name).map_err(|source| ResolveError::NotAName {
        text: cut(text),
        source,
    })?;
    let versions = versions_below(index, size, &name)?;
    if versions.is_empty() {
        let similar = similar(&name, &index.names()?);
        return Err(ResolveError::UnknownName { name, similar });
    }
    let entries = || versions.iter().map(|version| version.entry).collect();
    let found = match which {
        Which::Only => {
            let [only] = versions.as_slice() else {
                let versions = entries();
                return Err(ResolveError::SeveralVersions { name, versions });
            };
            only
        }
        Which::Latest => versions.last().expect("it was checked not to be empty"),
        Which::Entry(entry) => {
            let wanted = versions.iter().find(|version| version.entry.to_string() == entry);
            wanted.ok_or_else(|| ResolveError::NoSuchVersion {
                name: name.clone(),
                entry: cut(entry),
                versions: entries(),
            })?
        }
    };
    Ok(node_of(found))
}

/// Returns what a version stands for.
pub fn node_of(version: &Version) -> Node {
    let statement = version.statement;
    match version.part {
        VersionPart::Run => Node::Statement(statement),
        VersionPart::Set(set) => Node::Set { statement, set },
    }
}

/// Returns the name that reads most like `name`, if any reads much like it.
pub fn similar<'a>(name: &ItemName, known: impl IntoIterator<Item = &'a ItemName>) -> Option<ItemName> {
    let written = name.as_str().to_lowercase();
    let limit = (written.chars().count() / 4).max(1);
    let distance = |other: &ItemName| strsim::damerau_levenshtein(&written, &other.as_str().to_lowercase());
    let near = known.into_iter().map(|other| (distance(other), other));
    near.filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, other)| other.clone())
}

fn by_id(index: &dyn Index, size: TreeSize, text: &str, rest: &str) -> Result<Node, ResolveError> {
    let bad = || ResolveError::NotAnId { text: cut(text) };
    let mut parts = rest.split('/');
    let digits = parts.next().unwrap_or_default();
    let prefix = IdPrefix::parse(digits).ok_or_else(bad)?;
    let facts = unique(index, size, prefix, digits)?;
    let subject = parts.next();
    let member = parts.next();
    if parts.next().is_some() {
        return Err(bad());
    }
    let Some(subject) = subject else {
        return Ok(Node::Statement(facts.id));
    };
    let artifact = ArtifactRef {
        statement: facts.id,
        subject: number(subject).ok_or_else(bad)?,
        member: member.map(|text| number(text).ok_or_else(bad)).transpose()?,
    };
    if facts.thing(&artifact).is_some() {
        Ok(Node::Artifact(artifact))
    } else {
        Err(ResolveError::NoSuchArtifact {
            id: facts.id,
            subjects: facts.subjects.len(),
            text: cut(text),
        })
    }
}

/// Parses digits without a sign or a leading zero.
fn number<T: std::str::FromStr + fmt::Display>(text: &str) -> Option<T> {
    text.parse().ok().filter(|number: &T| number.to_string() == text)
}

fn unique(
    index: &dyn Index,
    size: TreeSize,
    prefix: IdPrefix,
    digits: &str,
) -> Result<Arc<Facts>, ResolveError> {
    let mut found = Vec::new();
    for id in index.ids(prefix, usize::MAX)? {
        if let Some(facts) = facts_below(index, size, id)? {
            found.push(facts);
        }
        if found.len() > LISTED_MAX {
            break;
        }
    }
    match found.as_slice() {
        [only] => Ok(only.clone()),
        [] => Err(ResolveError::UnknownId {
            digits: digits.to_owned(),
        }),
        several => Err(ResolveError::SeveralIds {
            digits: digits.to_owned(),
            ids: several.iter().take(LISTED_MAX).map(|facts| facts.id).collect(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::super::conformance;
    use super::*;

    fn id(byte: u8) -> StatementId {
        StatementId::from_bytes([byte; 32])
    }

    /// The log of the conformance suite: `p` at 0 and 3, `m` at 1, the run `g` with `out` and `more` at 2.
    fn find(size: u64, text: &str) -> Result<Node, ResolveError> {
        let index = conformance::indexed_log();
        resolve(index.as_ref(), TreeSize::new(size), text)
    }

    #[test]
    fn a_bare_name_is_the_only_version() {
        let more = Node::Set {
            statement: id(0xb3),
            set: 1,
        };
        assert_eq!(find(4, "more").unwrap(), more);
        assert_eq!(find(4, "g").unwrap(), Node::Statement(id(0xb3)));
        let several = find(4, "p").unwrap_err();
        assert_eq!(
            several.to_string(),
            "`p` has 2 versions: write p@3 (newest), p@0, or p@latest for whichever is the newest"
        );
        let set = |byte| Node::Set {
            statement: id(byte),
            set: 0,
        };
        assert_eq!(find(4, "p@0").unwrap(), set(0xa1));
        assert_eq!(find(4, "p@latest").unwrap(), set(0xa4));
        // As of an earlier size there is one version only.
        assert_eq!(find(3, "p").unwrap(), set(0xa1));
        assert_eq!(find(3, "p@latest").unwrap(), set(0xa1));
        let later = find(3, "p@3").unwrap_err();
        assert_eq!(
            later.to_string(),
            "`p` has no version at entry 3: write one of p@0"
        );
        assert!(matches!(find(4, "p@00"), Err(ResolveError::NoSuchVersion { .. })));
    }

    #[test]
    fn an_unknown_name_says_which_was_meant() {
        let near = find(4, "mroe").unwrap_err();
        assert_eq!(
            near.to_string(),
            "nothing is registered as `mroe`; did you mean `more`?"
        );
        let far = find(4, "seeds").unwrap_err();
        assert_eq!(far.to_string(), "nothing is registered as `seeds`");
        assert!(matches!(find(2, "more"), Err(ResolveError::UnknownName { .. })));
        for bad in ["", "a/b", "sha256:aa", "@3", "-x"] {
            assert!(
                matches!(find(4, bad), Err(ResolveError::NotAName { .. })),
                "{bad}"
            );
        }
        assert!(matches!(
            find(4, &"x".repeat(257)),
            Err(ResolveError::TooLong { found: 257 })
        ));
    }

    #[test]
    fn an_id_may_be_cut_as_long_as_it_is_unique() {
        let whole = id(0xb3).to_hex();
        assert_eq!(find(4, "hb:b").unwrap(), Node::Statement(id(0xb3)));
        assert_eq!(
            find(4, &format!("hb:{whole}")).unwrap(),
            Node::Statement(id(0xb3))
        );
        let artifact = Node::Artifact(ArtifactRef::subject(id(0xb3), 2));
        assert_eq!(find(4, "hb:b3/2").unwrap(), artifact);
        assert!(matches!(
            find(4, "hb:b3/3"),
            Err(ResolveError::NoSuchArtifact { .. })
        ));
        assert!(matches!(
            find(4, "hb:b3/2/0"),
            Err(ResolveError::NoSuchArtifact { .. })
        ));
        assert!(matches!(find(4, "hb:a"), Err(ResolveError::SeveralIds { ids, .. }) if ids.len() == 3));
        // Below entry 1 only one of the three stands.
        assert_eq!(find(1, "hb:a").unwrap(), Node::Statement(id(0xa1)));
        assert!(matches!(find(4, "hb:c"), Err(ResolveError::UnknownId { .. })));
        for bad in [
            "hb:",
            "hb:B3",
            "hb:b3/",
            "hb:b3/+1",
            "hb:b3/01",
            "hb:b3/0/0/0",
            "hb:xyz",
        ] {
            assert!(matches!(find(4, bad), Err(ResolveError::NotAnId { .. })), "{bad}");
        }
    }
}
