//! What a statement cites and which blobs it names: everything must be there, and fit.

use crate::digest::BlobId;
use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::index::Claim;
use crate::index::thing_word;
use crate::manifest::CitedReader;
use crate::manifest::MANIFEST_BYTES_MAX;
use crate::manifest::ManifestError;
use crate::manifest::MemberReader;
use crate::statement::Artifact;
use crate::statement::ArtifactRef;
use crate::statement::Cites;
use crate::statement::Does;
use crate::statement::InputFrom;
use crate::statement::KeyChange;
use crate::statement::Predicate;
use crate::statement::Role;
use crate::statement::Run;
use crate::statement::Thing;

use super::AdmissionError;
use super::BlobError;
use super::HELD_BYTES_MAX;
use super::staging::Checks;
use super::staging::Staging;

/// What was found while checking.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// The statements that are cited; may repeat.
    pub(super) parents: Vec<StatementId>,
    /// Whether one of them holds personal data or descends from what does.
    pub(super) personal: bool,
    /// Subject, member and digest of every line of every manifest.
    members: Vec<(u32, u64, Sha256Digest)>,
    /// Manifests that could not be read.
    pub(super) missing: Vec<BlobId>,
}

impl Gathered {
    /// Returns the claims of manifest members of statement `id`.
    pub(super) fn claims(&self, id: StatementId) -> Vec<Claim> {
        let claim = |&(subject, member, digest): &(u32, u64, Sha256Digest)| Claim {
            digest,
            artifact: ArtifactRef {
                statement: id,
                subject,
                member: Some(member),
            },
        };
        self.members.iter().map(claim).collect()
    }

    /// Notes that `artifact` is cited and returns what it is.
    pub(super) fn cite(
        &mut self,
        staging: &Staging<'_>,
        artifact: ArtifactRef,
    ) -> Result<Thing, AdmissionError> {
        let facts = staging
            .facts(artifact.statement)?
            .ok_or(AdmissionError::ParentMissing { artifact })?;
        let thing = facts
            .thing(&artifact)
            .ok_or(AdmissionError::NoSuchArtifact { artifact })?;
        // Millions of members of one statement are cited in a row; noting it once is enough.
        if self.parents.last() != Some(&artifact.statement) {
            self.parents.push(artifact.statement);
        }
        self.personal |= facts.personal;
        Ok(thing)
    }
}

/// Checks what `predicate` cites and the blobs it names, against everything below it.
pub(super) fn gather(staging: &Staging<'_>, predicate: &Predicate) -> Result<Gathered, AdmissionError> {
    let mut gathered = Gathered::default();
    match predicate {
        Predicate::Run(run) => inputs(staging, run, &mut gathered)?,
        Predicate::Dataset(_) | Predicate::Source(_) => collected(staging, predicate, &mut gathered)?,
        Predicate::Filter(filter) => {
            if let Some(artifact) = filter.model {
                let thing = gathered.cite(staging, artifact)?;
                if !Does::Judge.takes(Role::Judge, thing) {
                    let thing = thing_word(thing);
                    return Err(AdmissionError::FilterModel { artifact, thing });
                }
            }
        }
        Predicate::Observation(observation) => {
            let facts = staging
                .facts(observation.run)?
                .ok_or(AdmissionError::StatementMissing { id: observation.run })?;
            if facts.kind != "run" {
                return Err(AdmissionError::NotARun { id: observation.run });
            }
            gathered.parents.push(observation.run);
        }
        Predicate::Key(change) => key_change(staging, change)?,
        Predicate::Notice(notice) => super::notice::named(staging, notice, &mut gathered)?,
        Predicate::Release(release) => {
            let artifact = release.target;
            let thing = gathered.cite(staging, artifact)?;
            if !thing.is_model() {
                let thing = thing_word(thing);
                return Err(AdmissionError::Released { artifact, thing });
            }
        }
        Predicate::Report(report) => {
            for &target in &report.targets {
                gathered.cite(staging, target)?;
            }
        }
        _ => {}
    }
    artifacts(staging, predicate, &mut gathered)?;
    attachments(staging, predicate)?;
    Ok(gathered)
}

fn inputs(staging: &Staging<'_>, run: &Run, gathered: &mut Gathered) -> Result<(), AdmissionError> {
    for input in &run.inputs {
        let InputFrom::Artifacts(cites) = &input.from else {
            continue;
        };
        for artifact in references(staging, cites, gathered)? {
            let thing = gathered.cite(staging, artifact)?;
            if !run.does.takes(input.role, thing) {
                return Err(AdmissionError::Role {
                    artifact,
                    thing: thing_word(thing),
                    role: input.role,
                    does: run.does,
                });
            }
        }
    }
    Ok(())
}

fn collected(
    staging: &Staging<'_>,
    predicate: &Predicate,
    gathered: &mut Gathered,
) -> Result<(), AdmissionError> {
    let Some((Some(cites), _)) = predicate.collected() else {
        return Ok(());
    };
    let of_source = matches!(predicate, Predicate::Source(_));
    for artifact in references(staging, cites, gathered)? {
        let thing = gathered.cite(staging, artifact)?;
        // What was made from something of this ledger is the output of a run, and no source.
        if of_source && thing != Thing::Source {
            let thing = thing_word(thing);
            return Err(AdmissionError::Parent { artifact, thing });
        }
        // What may be mixed may be collected: else a model could become data by way of a data set.
        if !Does::Mix.takes(Role::Data, thing) {
            let thing = thing_word(thing);
            return Err(AdmissionError::Member { artifact, thing });
        }
    }
    Ok(())
}

fn key_change(staging: &Staging<'_>, change: &KeyChange) -> Result<(), AdmissionError> {
    for &id in &change.statements {
        if staging.facts(id)?.is_none() {
            return Err(AdmissionError::StatementMissing { id });
        }
    }
    Ok(())
}

fn references(
    staging: &Staging<'_>,
    cites: &Cites,
    gathered: &mut Gathered,
) -> Result<Vec<ArtifactRef>, AdmissionError> {
    match cites {
        Cites::Inline(references) => Ok(references.clone()),
        Cites::Manifest { blob, count, root } => {
            let mut reader = CitedReader::new(*count, *root);
            let mut references = Vec::new();
            let read = read_manifest(staging, *blob, gathered, |part| {
                reader.push(part, |reference| references.push(reference))
            })?;
            let bad = |source| AdmissionError::Manifest { id: *blob, source };
            match read {
                Read::Missing => Ok(Vec::new()),
                Read::Whole => reader.finish().map(|()| references).map_err(bad),
            }
        }
    }
}

fn artifacts(
    staging: &Staging<'_>,
    predicate: &Predicate,
    gathered: &mut Gathered,
) -> Result<(), AdmissionError> {
    for (subject, artifact) in (0_u32..).zip(predicate.artifacts()) {
        let Some(blob) = artifact.blob() else {
            continue;
        };
        match artifact.manifest() {
            None => held(staging, artifact, blob)?,
            Some(facts) => {
                let mut reader = MemberReader::new(facts);
                let mut members = Vec::new();
                let mut next = 0_u64..;
                let read = read_manifest(staging, blob, gathered, |part| {
                    reader.push(part, |line| {
                        members.extend(next.next().map(|member| (subject, member, line.sha256)));
                    })
                })?;
                if matches!(read, Read::Whole) {
                    let bad = |source| AdmissionError::Manifest { id: blob, source };
                    reader.finish().map_err(bad)?;
                    gathered.members.append(&mut members);
                }
            }
        }
    }
    Ok(())
}

/// Whether a manifest was there.
enum Read {
    Whole,
    Missing,
}

/// Hands on a manifest in parts. What was made of them counts only if its bytes are those of its name, and then the
/// first error of `take` is the answer. A reader goes on without a manifest and says so; whoever appends does not.
fn read_manifest(
    staging: &Staging<'_>,
    blob: BlobId,
    gathered: &mut Gathered,
    mut take: impl FnMut(&[u8]) -> Result<(), ManifestError>,
) -> Result<Read, AdmissionError> {
    let mut taken = Ok(());
    let read = staging.blobs().read_parts(blob, MANIFEST_BYTES_MAX, &mut |part| {
        if taken.is_ok() {
            taken = take(part);
        }
    });
    match read {
        Ok(()) => taken
            .map(|()| Read::Whole)
            .map_err(|source| AdmissionError::Manifest { id: blob, source }),
        Err(BlobError::Missing { .. } | BlobError::Differs { .. } | BlobError::TooLarge { .. })
            if staging.checks() != Checks::All =>
        {
            gathered.missing.push(blob);
            Ok(Read::Missing)
        }
        Err(error) => Err(error.into()),
    }
}

fn held(staging: &Staging<'_>, artifact: &Artifact, blob: BlobId) -> Result<(), AdmissionError> {
    use crate::statement::Content;
    let stated = match artifact.content {
        Content::File { bytes, .. } => bytes,
        _ => None,
    };
    check_held(staging, blob, stated)
}

fn attachments(staging: &Staging<'_>, predicate: &Predicate) -> Result<(), AdmissionError> {
    for attachment in predicate.held_attachments() {
        check_held(staging, attachment.blob, Some(attachment.bytes))?;
    }
    Ok(())
}

fn check_held(staging: &Staging<'_>, id: BlobId, stated: Option<u64>) -> Result<(), AdmissionError> {
    if staging.checks() != Checks::All {
        return Ok(());
    }
    let found = staging.blobs().read(id, HELD_BYTES_MAX)?.len() as u64;
    match stated.filter(|&stated| stated != found) {
        Some(stated) => Err(AdmissionError::Size { id, stated, found }),
        None => Ok(()),
    }
}
