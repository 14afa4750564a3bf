//! Equal bytes under other statements: whoever calls something back calls back its bytes, whatever they are called.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;

use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::index::VersionPart;
use crate::index::resolve::facts_below;
use crate::index::resolve::versions_below;
use crate::ledger::View;
use crate::merkle::LeafIndex;
use crate::statement::ArtifactRef;

use crate::query::QueryError;
use crate::query::descend::subjects;
use crate::query::names::Names;
use crate::query::names::members;
use crate::query::node::Place;

/// An artifact that has the bytes of what was asked about, by another statement or as another of its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SameBytes {
    /// The artifact, or the member of a manifest.
    pub artifact: ArtifactRef,
    /// What selects it: `NAME@<entry>`, with `/FILE` where not all of the item has these bytes.
    pub node: String,
    /// The entry of its statement.
    pub entry: LeafIndex,
}

/// Returns the artifacts that `roots` are, a run by all it put out.
pub(super) fn artifacts(view: &View<'_>, roots: &[Place]) -> Result<BTreeSet<ArtifactRef>, QueryError> {
    let mut all = BTreeSet::new();
    for root in roots {
        match root {
            Place::Artifact(artifact) => {
                all.insert(*artifact);
            }
            Place::Run(id) => all.extend(subjects(view, *id)?),
            Place::Gap(..) => {}
        }
    }
    Ok(all)
}

/// Returns whatever else below the view has the bytes of one of `artifacts`, or of a member of their manifests.
/// Files without bytes are all alike and mean nothing.
pub(super) fn same_bytes(
    view: &View<'_>,
    artifacts: &BTreeSet<ArtifactRef>,
) -> Result<Vec<SameBytes>, QueryError> {
    let mut found: BTreeSet<ArtifactRef> = BTreeSet::new();
    let known = |one: &ArtifactRef| artifacts.contains(one) || artifacts.contains(&one.whole());
    for artifact in artifacts {
        let digests = digests(view, *artifact)?;
        for digest in view.index().claimed_by_others(&digests, artifact.statement)? {
            for claim in view.index().claims(digest)? {
                if !known(&claim) && facts_below(view.index(), view.size(), claim.statement)?.is_some() {
                    found.insert(claim);
                }
            }
        }
    }
    // Where a whole manifest is the same, its members add nothing.
    let whole: BTreeSet<ArtifactRef> = found.iter().filter(|one| one.member.is_none()).copied().collect();
    found.retain(|one| one.member.is_none() || !whole.contains(&one.whole()));
    let mut by_statement: BTreeMap<StatementId, Vec<ArtifactRef>> = BTreeMap::new();
    for one in found {
        by_statement.entry(one.statement).or_default().push(one);
    }
    let mut same = Vec::new();
    for (id, artifacts) in by_statement {
        told(view, id, &artifacts, &whole, &mut same)?;
    }
    same.sort_by_key(|one| one.entry);
    Ok(same)
}

/// Returns the digests of an artifact and of the members of its manifest, ascending.
fn digests(view: &View<'_>, artifact: ArtifactRef) -> Result<Vec<Sha256Digest>, QueryError> {
    let Some(facts) = view.index().facts(artifact.statement)? else {
        return Ok(Vec::new());
    };
    let (_, statement) = view.ledger().entry(facts.entry)?;
    let at = usize::try_from(artifact.subject).unwrap_or(usize::MAX);
    let Some(whole) = statement.predicate.artifacts().nth(at) else {
        return Ok(Vec::new());
    };
    let lines = members(view, whole)?.unwrap_or_default();
    let mut digests = BTreeSet::new();
    if let Some(member) = artifact.member {
        let line = usize::try_from(member).ok().and_then(|at| lines.get(at));
        digests.extend(line.map(|line| line.sha256));
    } else {
        digests.extend(whole.has_bytes().then_some(whole.sha256));
        digests.extend(lines.iter().map(|line| line.sha256));
    }
    digests.remove(&Sha256Digest::of(b""));
    Ok(digests.into_iter().collect())
}

/// Returns the digests of artifacts, of bytes in whole files and members, each with one artifact that has it.
pub(super) fn digests_of(
    view: &View<'_>,
    artifacts: &BTreeSet<ArtifactRef>,
) -> Result<HashMap<Sha256Digest, ArtifactRef>, QueryError> {
    let mut all = HashMap::new();
    for artifact in artifacts {
        for digest in digests(view, *artifact)? {
            all.entry(digest).or_insert(*artifact);
        }
    }
    Ok(all)
}

/// Says what selects the artifacts of one statement.
fn told(
    view: &View<'_>,
    id: StatementId,
    artifacts: &[ArtifactRef],
    whole: &BTreeSet<ArtifactRef>,
    same: &mut Vec<SameBytes>,
) -> Result<(), QueryError> {
    let Some(facts) = view.index().facts(id)? else {
        return Ok(());
    };
    let (_, statement) = view.ledger().entry(facts.entry)?;
    let mut names = Names::of(view);
    for artifact in artifacts {
        let Some(set) = facts.set_of(artifact.subject) else {
            continue;
        };
        let mut node = format!("{}@{}", set.name, facts.entry);
        let mut subjects = set.subjects.clone();
        let is_all = subjects.all(|one| whole.contains(&ArtifactRef::subject(id, one)));
        if artifact.member.is_some() || !is_all {
            let name = names.describe(&statement, *artifact)?.0;
            node.push_str(name.strip_prefix(set.name.as_str()).unwrap_or_default());
        }
        same.push(SameBytes {
            artifact: *artifact,
            node,
            entry: facts.entry,
        });
    }
    Ok(())
}

/// Returns the other versions of the names of `artifacts` of which none is among them, as `NAME@<entry>`, in the
/// order of names and then of entries.
pub(super) fn other_versions(
    view: &View<'_>,
    asked: &BTreeSet<ArtifactRef>,
    counted: &[SameBytes],
) -> Result<Vec<String>, QueryError> {
    let all = || {
        asked
            .iter()
            .copied()
            .chain(counted.iter().map(|one| one.artifact))
    };
    let statements: BTreeSet<StatementId> = all().map(|one| one.statement).collect();
    let mut names = BTreeSet::new();
    for artifact in asked {
        let facts = view.index().facts(artifact.statement)?;
        names.extend(facts.and_then(|facts| Some(facts.set_of(artifact.subject)?.name.clone())));
    }
    let mut others = Vec::new();
    for name in names {
        for version in versions_below(view.index(), view.size(), &name)? {
            if version.part != VersionPart::Run && !statements.contains(&version.statement) {
                others.push(format!("{name}@{}", version.entry));
            }
        }
    }
    Ok(others)
}
