//! Writing an evidence bundle of one judgement.
//!
//! The ledger is judged twice: once as a whole, which tells the entries that matter, and once with those entries
//! alone, which tells the blobs. Both must say the same, and then that part of the ledger is written.

use std::collections::BTreeSet;
use std::io;
use std::io::Write;

use crate::bundle;
use crate::digest::BlobId;
use crate::digest::NodeHash;
use crate::merkle::LeafIndex;
use crate::merkle::Part;
use crate::merkle::prune;
use crate::statement::Contested;
use crate::store::MAX_BLOB_BYTES;
use crate::verify::Given;
use crate::verify::Judgement;
use crate::verify::Need;
use crate::verify::Request;
use crate::verify::Verified;
use crate::verify::Verifier;

use super::Ledger;
use super::StoreBlobs;
use super::admission::BlobError;
use super::drive::DriveError;
use super::drive::Entries;
use super::drive::answer;

/// Why no bundle was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvidenceError {
    /// The ledger cannot be read.
    #[error(transparent)]
    Drive(#[from] DriveError),
    /// Entries that cannot be read: no part of such a log can be shown to be one.
    #[error("not all entries of the ledger can be read")]
    Entries,
    /// The evidence alone leads to another judgement: a defect of this program.
    #[error("the evidence alone is judged as {pruned}, the ledger as {whole}; please report this")]
    Differs {
        /// The verdict on the ledger.
        whole: String,
        /// The verdict on the evidence.
        pruned: String,
    },
    /// It cannot be written.
    #[error("the bundle cannot be written")]
    Write(#[from] io::Error),
}

/// Judges as `request` says and writes the bundle of it. Files outside the ledger are not opened.
pub fn write_bundle(
    ledger: &Ledger,
    request: Request,
    out: &mut dyn Write,
) -> Result<Verified<Judgement>, EvidenceError> {
    let request = Request {
        content: false,
        ..request
    };
    let whole = answer(ledger, Verifier::new(request.clone()), None)?;
    let (judgement, evidence) = whole.finish_with_evidence();
    let complete = (judgement.get().checkpoint.as_ref())
        .is_some_and(|checkpoint| checkpoint.size.get() == evidence.leaves.len() as u64);
    if !complete {
        return Err(EvidenceError::Entries);
    }
    let leaves: Vec<NodeHash> = evidence.leaves.iter().map(|(_, leaf)| *leaf).collect();
    // At the end of every commit a checkpoint was published, which somebody may remember.
    let mut cuts = BTreeSet::new();
    for commit in ledger.reader().commits_descending() {
        cuts.insert(commit.map_err(DriveError::from)?.header().size_after);
    }
    let parts = prune(&leaves, &evidence.entries, &cuts);
    let contested: Vec<Contested> = (ledger.state().contested().iter())
        .map(|(&tie, &statements)| Contested { tie, statements })
        .collect();
    let (pruned, blobs) = judge_pruned(ledger, request.clone(), &parts, &contested)?;
    if pruned.get().findings != judgement.get().findings {
        return Err(EvidenceError::Differs {
            whole: judgement.get().line(),
            pruned: pruned.get().line(),
        });
    }
    let contents = bundle::Contents {
        artifacts: &request.artifacts,
        checkpoint: &request.checkpoint,
        parts: &parts,
        contested: &contested,
        blobs: &blobs,
    };
    let mut source = LedgerSource {
        entries: Entries::of(ledger.reader()),
        blobs: StoreBlobs(&**ledger.store()),
    };
    bundle::write(out, &contents, &mut source)?;
    Ok(judgement)
}

/// Judges with some entries only; returns the blobs that were asked for and are there.
fn judge_pruned(
    ledger: &Ledger,
    request: Request,
    parts: &[Part],
    contested: &[Contested],
) -> Result<(Verified<Judgement>, Vec<BlobId>), DriveError> {
    let mut verifier = Verifier::new(request).in_part();
    let mut parts = parts.iter();
    let mut entries = Entries::of(ledger.reader());
    let store = StoreBlobs(&**ledger.store());
    let mut blobs = BTreeSet::new();
    loop {
        match verifier.need() {
            Need::Done => return Ok((verifier.finish(), blobs.into_iter().collect())),
            Need::Entry(index) => match parts.next() {
                Some(Part::Subtree { level, first, hash }) => verifier.pruned(*level, *first, *hash),
                Some(Part::Leaf { .. }) | None => verifier.entry(entries.get(index)?),
            },
            Need::Blob(id) => {
                match store.unchecked_parts(id, MAX_BLOB_BYTES, &mut |part| verifier.blob_part(part)) {
                    Ok(()) => {
                        blobs.insert(id);
                        verifier.blob(Given::Found(&[]));
                    }
                    Err(BlobError::Missing { .. }) => verifier.blob(Given::Missing),
                    Err(error @ BlobError::Io { .. }) => return Err(error.into()),
                    Err(error) => verifier.blob(Given::Damaged(error.to_string())),
                }
            }
            Need::Contested => {
                for record in contested {
                    verifier.contested_part(&record.to_bytes());
                }
                verifier.contested(Given::Found(&[]));
            }
            // Nothing outside the ledger is asked for.
            Need::File(_) => verifier.file(Given::Missing),
        }
    }
}

struct LedgerSource<'a> {
    entries: Entries<'a>,
    blobs: StoreBlobs<'a>,
}

impl bundle::Source<EvidenceError> for LedgerSource<'_> {
    fn entry(&mut self, index: LeafIndex) -> Result<Vec<u8>, EvidenceError> {
        match self.entries.get(index).map_err(DriveError::from)? {
            Given::Found(bytes) => Ok(bytes.to_vec()),
            Given::Missing | Given::Damaged(_) => Err(EvidenceError::Entries),
        }
    }

    fn blob_size(&mut self, id: BlobId) -> Result<u64, EvidenceError> {
        let mut size = 0;
        let count = &mut |part: &[u8]| size += part.len() as u64;
        let counted = self.blobs.unchecked_parts(id, MAX_BLOB_BYTES, count);
        counted.map_err(DriveError::from)?;
        Ok(size)
    }

    fn blob(
        &mut self,
        id: BlobId,
        each: &mut dyn FnMut(&[u8]) -> Result<(), EvidenceError>,
    ) -> Result<(), EvidenceError> {
        let mut written = Ok(());
        let read = self.blobs.unchecked_parts(id, MAX_BLOB_BYTES, &mut |part| {
            if written.is_ok() {
                written = each(part);
            }
        });
        read.map_err(DriveError::from)?;
        written
    }
}
