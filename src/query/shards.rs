//! The files of rows that are registered, by what they hold: of several claims on the same bytes one file.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::commitment::Commitment;
use crate::digest::Sha256Digest;
use crate::index::thing_word;
use crate::ledger::View;
use crate::ledger::artifact_name;
use crate::manifest::Member;
use crate::merkle::LeafIndex;
use crate::rows::is_row_file;
use crate::statement::Artifact;
use crate::statement::ArtifactRef;
use crate::statement::Content;
use crate::statement::OutputKind;
use crate::statement::Thing;

use super::QueryError;
use super::names::members;

/// The most files whose rows are looked through for one answer.
pub const SHARD_FILES_MAX: usize = 1 << 20;

/// A file of rows, or something that should be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShardFile {
    /// What is known of its bytes.
    pub bytes: ShardBytes,
    /// Who says that it is data, in log order.
    pub claims: Vec<ShardClaim>,
}

/// What is known of the bytes of a file of rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShardBytes {
    /// Their digest.
    Known {
        /// SHA-256 of the file.
        sha256: Sha256Digest,
        /// Its registered relative name, or a commitment to that.
        name: String,
        /// Its size, where known.
        size: Option<u64>,
        /// Whether it is JSON Lines; nothing where its name is withheld.
        rows: Option<bool>,
    },
    /// Nothing by which they could be found, and why.
    NotKnown(&'static str),
}

/// One artifact with these bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShardClaim {
    /// The artifact, or the member of a manifest.
    pub artifact: ArtifactRef,
    /// The item's name, `ITEM/FILE` for one of several.
    pub name: String,
    /// `source`, `shard` or `scores`.
    pub kind: &'static str,
    /// Its entry.
    pub entry: LeafIndex,
}

/// Returns every file of rows that is registered, as of the view.
pub fn registered_shards(view: &View<'_>) -> Result<Vec<ShardFile>, QueryError> {
    let mut files = Files::default();
    for entry in 0..view.size().get() {
        files.statement(view, LeafIndex::new(entry), None)?;
    }
    Ok(files.finish())
}

/// Returns the files of rows among some artifacts.
pub(super) fn shards_among(
    view: &View<'_>,
    artifacts: impl IntoIterator<Item = ArtifactRef>,
) -> Result<Vec<ShardFile>, QueryError> {
    let mut by_entry: BTreeMap<LeafIndex, BTreeSet<ArtifactRef>> = BTreeMap::new();
    for artifact in artifacts {
        if let Some(facts) = view.index().facts(artifact.statement)? {
            by_entry.entry(facts.entry).or_default().insert(artifact);
        }
    }
    let mut files = Files::default();
    for (entry, only) in &by_entry {
        files.statement(view, *entry, Some(only))?;
    }
    Ok(files.finish())
}

/// The files found so far.
#[derive(Debug, Default)]
struct Files {
    by_digest: BTreeMap<Sha256Digest, usize>,
    list: Vec<ShardFile>,
}

impl Files {
    /// Takes the files of one statement: all of them, or those that are named.
    fn statement(
        &mut self,
        view: &View<'_>,
        entry: LeafIndex,
        only: Option<&BTreeSet<ArtifactRef>>,
    ) -> Result<(), QueryError> {
        let index = view.index();
        let facts = index
            .id_at(entry)?
            .map(|id| index.facts(id))
            .transpose()?
            .flatten();
        let Some(facts) = facts.filter(|facts| facts.entry == entry) else {
            return Ok(());
        };
        if !facts.sets.iter().any(|set| is_data(set.thing)) {
            return Ok(());
        }
        let (_, statement) = view.ledger().entry(entry)?;
        let sets = facts.sets.iter().zip(statement.predicate.sets());
        for (set, (item, artifacts)) in sets.filter(|(set, _)| is_data(set.thing)) {
            for (subject, artifact) in set.subjects.clone().zip(&artifacts.artifacts) {
                let whole = ArtifactRef::subject(facts.id, subject);
                let all = only.is_none_or(|only| only.contains(&whole));
                let asked = |one: &ArtifactRef| only.is_some_and(|only| only.contains(one));
                let claim = |artifact, name| ShardClaim {
                    artifact,
                    name,
                    kind: thing_word(set.thing),
                    entry,
                };
                if artifact.manifest().is_none() {
                    if all {
                        let name = artifact_name(item, artifacts, artifact);
                        self.add(of_artifact(artifact), claim(whole, name))?;
                    }
                    continue;
                }
                let some = only.is_some_and(|only| only.iter().any(|one| one.whole() == whole));
                if !all && !some {
                    continue;
                }
                let Some(lines) = members(view, artifact)? else {
                    let why = ShardBytes::NotKnown("its manifest is not in the ledger");
                    self.add(why, claim(whole, item.to_string()))?;
                    continue;
                };
                for (line, member) in (0_u64..).zip(&lines) {
                    let one = ArtifactRef {
                        member: Some(line),
                        ..whole
                    };
                    if all || asked(&one) {
                        self.add(of_member(member), claim(one, format!("{item}/{}", member.name)))?;
                    }
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, bytes: ShardBytes, claim: ShardClaim) -> Result<(), QueryError> {
        let known = match &bytes {
            ShardBytes::Known { sha256, .. } => self.by_digest.get(sha256).copied(),
            ShardBytes::NotKnown(_) => None,
        };
        if let Some(file) = known.and_then(|at| self.list.get_mut(at)) {
            file.agree(&bytes);
            file.claims.push(claim);
            return Ok(());
        }
        if self.list.len() >= SHARD_FILES_MAX {
            return Err(QueryError::TooManyShards);
        }
        if let ShardBytes::Known { sha256, .. } = &bytes {
            self.by_digest.insert(*sha256, self.list.len());
        }
        let claims = vec![claim];
        self.list.push(ShardFile { bytes, claims });
        Ok(())
    }

    fn finish(self) -> Vec<ShardFile> {
        self.list
    }
}

impl ShardFile {
    /// Takes what another claim on the same bytes knows and this one does not.
    fn agree(&mut self, other: &ShardBytes) {
        let (
            ShardBytes::Known { size, rows, name, .. },
            ShardBytes::Known {
                size: other_size,
                rows: other_rows,
                name: other_name,
                ..
            },
        ) = (&mut self.bytes, other)
        else {
            return;
        };
        *size = size.or(*other_size);
        // One who says that it is rows is enough to try.
        if *other_rows == Some(true) && *rows != Some(true) {
            *rows = Some(true);
            name.clone_from(other_name);
        }
    }
}

fn is_data(thing: Thing) -> bool {
    matches!(
        thing,
        Thing::Source | Thing::Output(OutputKind::Shard | OutputKind::Scores)
    )
}

fn of_artifact(artifact: &Artifact) -> ShardBytes {
    match &artifact.content {
        Content::File { sealed: true, .. } => ShardBytes::NotKnown("its content is sealed"),
        Content::File { bytes, row_root, .. } => ShardBytes::Known {
            sha256: artifact.sha256,
            name: artifact.name.clone(),
            size: *bytes,
            rows: has_rows(&artifact.name, row_root.is_some()),
        },
        Content::Manifest { .. } | Content::Absent { .. } => {
            ShardBytes::NotKnown("no digest of its bytes is known")
        }
    }
}

fn of_member(member: &Member) -> ShardBytes {
    ShardBytes::Known {
        sha256: member.sha256,
        name: member.name.clone(),
        size: member.bytes,
        rows: has_rows(&member.name, member.row_root.is_some()),
    }
}

fn has_rows(name: &str, root: bool) -> Option<bool> {
    match (root, Commitment::parse(name)) {
        (true, _) => Some(true),
        (false, Some(_)) => None,
        (false, None) => Some(is_row_file(name)),
    }
}
