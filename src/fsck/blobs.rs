//! Every blob against its name and against the statements that name it.

use std::collections::BTreeMap;

use crate::digest::BlobId;
use crate::digest::NodeHash;
use crate::ledger::LedgerError;
use crate::ledger::StoreBlobs;
use crate::ledger::admission::BlobError;
use crate::ledger::admission::Blobs as _;
use crate::manifest::read_cited;
use crate::manifest::read_members;
use crate::merkle::LeafIndex;
use crate::statement::Cites;
use crate::statement::Content;
use crate::statement::InputFrom;
use crate::statement::ManifestFacts;
use crate::statement::Predicate;
use crate::statement::Statement;
use crate::store::Folder;
use crate::store::MAX_BLOB_BYTES;
use crate::store::Store;
use crate::store::StorePath;

use super::FsckCode;
use super::FsckError;
use super::FsckFinding;
use super::whole;

/// What a statement says of a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    /// So many bytes, where that is said.
    Held(Option<u64>),
    /// A manifest of members.
    Members(ManifestFacts),
    /// A manifest of citations: count and root.
    Cited(u64, NodeHash),
}

/// Which blobs the log names, and as what.
#[derive(Debug, Default)]
pub(super) struct BlobCheck {
    named: BTreeMap<BlobId, Vec<(LeafIndex, Said)>>,
}

impl BlobCheck {
    /// Notes the blobs that a statement names.
    pub(super) fn name(&mut self, entry: LeafIndex, statement: &Statement) {
        let mut add = |id, said| self.named.entry(id).or_default().push((entry, said));
        for artifact in statement.predicate.artifacts() {
            match (&artifact.content, artifact.blob()) {
                (Content::Manifest { facts, .. }, Some(id)) => add(id, Said::Members(*facts)),
                (Content::File { bytes, .. }, Some(id)) => add(id, Said::Held(*bytes)),
                _ => {}
            }
        }
        for attachment in statement.predicate.held_attachments() {
            add(attachment.blob, Said::Held(Some(attachment.bytes)));
        }
        let cited: Vec<&Cites> = match &statement.predicate {
            Predicate::Run(run) => run
                .inputs
                .iter()
                .filter_map(|input| match &input.from {
                    InputFrom::Artifacts(cites) => Some(cites),
                    InputFrom::Gap(_) => None,
                })
                .collect(),
            other => other
                .collected()
                .and_then(|(cites, _)| cites)
                .into_iter()
                .collect(),
        };
        for cites in cited {
            if let Cites::Manifest { blob, count, root } = cites {
                add(*blob, Said::Cited(*count, *root));
            }
        }
    }

    /// Reads every file under `blobs/` and returns how many there are.
    pub(super) fn files(
        &mut self,
        store: &dyn Store,
        findings: &mut Vec<FsckFinding>,
    ) -> Result<u64, FsckError> {
        let listing = store.list(&Folder::Blobs).map_err(LedgerError::from)?;
        for stranger in listing.strangers {
            findings.push(FsckFinding {
                code: FsckCode::Stranger,
                message: format!("it is {}", stranger.kind),
                at: stranger.path,
            });
        }
        let mut count = 0;
        for path in listing.files {
            if let StorePath::Blob(id) = path {
                count += 1;
                let said = self.named.remove(&id);
                one(store, id, said.as_deref(), findings)?;
            }
        }
        for (id, said) in std::mem::take(&mut self.named) {
            let entries: Vec<String> = said.iter().map(|(entry, _)| entry.to_string()).collect();
            findings.push(FsckFinding {
                code: FsckCode::BlobMissing,
                at: StorePath::Blob(id).to_string(),
                message: format!("it is not there, but entry {} names it", entries.join(", ")),
            });
        }
        Ok(count)
    }
}

fn one(
    store: &dyn Store,
    id: BlobId,
    said: Option<&[(LeafIndex, Said)]>,
    findings: &mut Vec<FsckFinding>,
) -> Result<(), FsckError> {
    let mut add = |code, message: String| {
        let at = StorePath::Blob(id).to_string();
        findings.push(FsckFinding { code, at, message });
    };
    let bytes = match StoreBlobs(store).read(id, MAX_BLOB_BYTES) {
        Ok(bytes) => bytes,
        Err(error @ BlobError::Io { .. }) => return Err(LedgerError::from(error).into()),
        Err(error) => {
            add(FsckCode::BlobDiffers, whole(&error));
            return Ok(());
        }
    };
    let Some(said) = said else {
        let message =
            "no statement names it: an interrupted `register` leaves such, and the same command uses it";
        add(FsckCode::BlobUnnamed, message.to_owned());
        return Ok(());
    };
    for (entry, said) in said {
        let wrong = match said {
            Said::Held(Some(stated)) if *stated != bytes.len() as u64 => Some(format!(
                "it has {} bytes, but entry {entry} says {stated}",
                bytes.len()
            )),
            Said::Held(_) => None,
            Said::Members(facts) => read_members(&bytes, facts).err().map(|error| whole(&error)),
            Said::Cited(count, root) => read_cited(&bytes, *count, *root).err().map(|error| whole(&error)),
        };
        if let Some(wrong) = wrong {
            add(
                FsckCode::BlobDiffers,
                format!("it is not what entry {entry} says: {wrong}"),
            );
        }
    }
    Ok(())
}
