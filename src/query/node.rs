//! What a user means by NODE: a name, a version, an id, a digest.

use std::fmt;

use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::index::resolve::Node;
use crate::index::resolve::facts_below;
use crate::index::resolve::resolve;
use crate::ledger::View;
use crate::statement::ArtifactRef;

use super::QueryError;
use super::names::members;

/// What begins a digest.
const DIGEST_PREFIX: &str = "sha256:";

/// What begins an id.
const ID_PREFIX: &str = "hb:";

/// How many names of files an error lists.
const FILES_LISTED: usize = 5;

/// A node of a lineage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// An artifact, a member of a manifest, or a data set.
    Artifact(ArtifactRef),
    /// The activity of a run.
    Run(StatementId),
    /// Input number so-and-so of a statement, which nobody declared.
    Gap(StatementId, usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Artifact(artifact) => artifact.fmt(f),
            Self::Run(id) => write!(f, "hb:{id}"),
            Self::Gap(id, position) => write!(f, "gap:{id}/{position}"),
        }
    }
}

/// Returns what `text` means: the artifacts of an item, a run, or every artifact that claims a digest.
pub fn find(view: &View<'_>, text: &str) -> Result<Vec<Place>, QueryError> {
    if let Some(digits) = text.strip_prefix(DIGEST_PREFIX) {
        let digest = Sha256Digest::from_hex(digits).map_err(|_| QueryError::NotADigest {
            text: text.chars().take(120).collect(),
        })?;
        return claims(view, digest);
    }
    if let Some((item, file)) = text.split_once('/').filter(|_| !text.starts_with(ID_PREFIX)) {
        return of_file(view, item, file);
    }
    let node = resolve(view.index(), view.size(), text)?;
    if let Node::Artifact(artifact) = node {
        return Ok(vec![Place::Artifact(artifact)]);
    }
    let no_lineage = |kind| QueryError::NoLineage {
        text: text.to_owned(),
        kind,
    };
    // What was just resolved is in the index.
    let facts = view
        .index()
        .facts(node.statement())?
        .ok_or_else(|| no_lineage("unknown"))?;
    let wanted = match node {
        Node::Statement(id) if facts.kind == "run" => return Ok(vec![Place::Run(id)]),
        Node::Set { set, .. } => facts.sets.get(set..=set).unwrap_or_default(),
        _ => &facts.sets,
    };
    let artifact = |subject| Place::Artifact(ArtifactRef::subject(facts.id, subject));
    let places: Vec<Place> = wanted
        .iter()
        .flat_map(|set| set.subjects.clone())
        .map(artifact)
        .collect();
    if places.is_empty() {
        Err(no_lineage(facts.kind))
    } else {
        Ok(places)
    }
}

/// Finds the files of an item, or the members of its manifests, that have this name; where none has, the one whose
/// name ends with it, after a `/`.
fn of_file(view: &View<'_>, item: &str, file: &str) -> Result<Vec<Place>, QueryError> {
    let node = resolve(view.index(), view.size(), item)?;
    let mut seen = Vec::new();
    if let (Node::Set { statement: id, set }, Some(facts)) = (node, view.index().facts(node.statement())?) {
        let (_, statement) = view.ledger().entry(facts.entry)?;
        let sets = statement.predicate.sets();
        let artifacts = sets.get(set).map_or(&[][..], |(_, set)| &set.artifacts);
        let first = facts.sets.get(set).map_or(0, |set| set.subjects.start);
        let end = format!("/{file}");
        let (mut places, mut ending) = (Vec::new(), Vec::new());
        for (subject, artifact) in (first..).zip(artifacts) {
            let whole = ArtifactRef::subject(id, subject);
            let Some(members) = members(view, artifact)? else {
                if artifact.name == file {
                    places.push(Place::Artifact(whole));
                } else if artifact.name.ends_with(&end) {
                    ending.push(Place::Artifact(whole));
                }
                seen.push(artifact.name.clone());
                continue;
            };
            for (at, member) in (0..).zip(&members) {
                let place = Place::Artifact(ArtifactRef {
                    member: Some(at),
                    ..whole
                });
                if member.name == file {
                    places.push(place);
                } else if member.name.ends_with(&end) {
                    ending.push(place);
                }
            }
            seen.extend(members.into_iter().map(|member| member.name));
        }
        if !places.is_empty() {
            return Ok(places);
        }
        if let [_] = ending.as_slice() {
            return Ok(ending);
        }
    }
    Err(QueryError::NoSuchFile {
        item: item.to_owned(),
        file: file.chars().take(120).collect(),
        files: seen.len(),
        some: seen.into_iter().take(FILES_LISTED).collect(),
    })
}

fn claims(view: &View<'_>, digest: Sha256Digest) -> Result<Vec<Place>, QueryError> {
    let mut places = Vec::new();
    for artifact in view.index().claims(digest)? {
        if facts_below(view.index(), view.size(), artifact.statement)?.is_some() {
            places.push(Place::Artifact(artifact));
        }
    }
    if places.is_empty() {
        Err(QueryError::NotRegistered { digest })
    } else {
        Ok(places)
    }
}
