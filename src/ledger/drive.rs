//! The driver that answers a [`Verifier`] from a ledger on disk.
//!
//! It decides nothing: entries come from commits whose signatures were checked, newest first and one commit in
//! memory at a time; blobs and files as they are. What is false or missing is handed on as such, and only a failing
//! machine is an error.

use crate::digest::StatementId;
use crate::log::Commit;
use crate::log::CommitsDescending;
use crate::log::LogError;
use crate::log::LogReader;
use crate::log::Tampering;
use crate::merkle::LeafIndex;
use crate::merkle::TreeSize;
use crate::store::MAX_BLOB_BYTES;
use crate::store::StoreError;
use crate::store::StorePath;
use crate::verify::Declared;
use crate::verify::Given;
use crate::verify::Judgement;
use crate::verify::Need;
use crate::verify::Request;
use crate::verify::Sampling;
use crate::verify::Verified;
use crate::verify::Verifier;

use super::Ledger;
use super::StoreBlobs;
use super::admission::BlobError;
use super::content::ContentError;
use super::content::ContentFolder;

/// How often the checkpoint is read again while others append.
const CHECKPOINT_READS_MAX: usize = 100;

/// Why a verification could not be carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DriveError {
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A blob cannot be read.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// The content folder cannot be searched.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// The ledger cannot be read.
    #[error(transparent)]
    Ledger(#[from] super::LedgerError),
    /// Others append faster than the checkpoint can be read together with its entries.
    #[error(
        "the checkpoint changed at each of {CHECKPOINT_READS_MAX} looks: try again when less is appended"
    )]
    Restless,
}

/// Brings `ledger` up to its published checkpoint and returns that checkpoint's exact bytes, which are what a
/// verifier judges.
pub fn published_note(ledger: &mut Ledger) -> Result<Vec<u8>, DriveError> {
    for _ in 0..CHECKPOINT_READS_MAX {
        let before = read_note(ledger)?;
        ledger.refresh()?;
        // The same bytes before and after: what was opened between them is what they say.
        if read_note(ledger)? == before {
            return Ok(before);
        }
    }
    Err(DriveError::Restless)
}

fn read_note(ledger: &Ledger) -> Result<Vec<u8>, DriveError> {
    let limit = crate::checkpoint::MAX_CHECKPOINT_BYTES as u64;
    let note = ledger
        .store()
        .read(&StorePath::Checkpoint, limit)
        .map_err(LogError::from)?;
    note.ok_or_else(|| LogError::NotPublished.into())
}

/// Verifies one target against a ledger as of the checkpoint it was opened at.
pub fn judge(
    ledger: &Ledger,
    request: Request,
    content: Option<&mut ContentFolder<'_>>,
) -> Result<Verified<Judgement>, DriveError> {
    judge_as_of(ledger, request, None, content)
}

/// Verifies one target as the ledger was when it had `size` entries.
pub fn judge_as_of(
    ledger: &Ledger,
    request: Request,
    size: Option<TreeSize>,
    content: Option<&mut ContentFolder<'_>>,
) -> Result<Verified<Judgement>, DriveError> {
    let mut verifier = Verifier::new(request);
    if let Some(size) = size {
        verifier = verifier.as_of(size);
    }
    Ok(answer(ledger, verifier, content)?.finish())
}

/// Verifies one target as the ledger was when it had `size` entries, and draws a sample of it.
pub fn judge_sampled(
    ledger: &Ledger,
    request: Request,
    size: Option<TreeSize>,
    sampling: Sampling,
    content: Option<&mut ContentFolder<'_>>,
) -> Result<Verified<Judgement>, DriveError> {
    let mut verifier = Verifier::new(request).sampled(sampling);
    if let Some(size) = size {
        verifier = verifier.as_of(size);
    }
    Ok(answer(ledger, verifier, content)?.finish())
}

/// Verifies one target, and tells what a run that it descends from declares to have taken.
pub fn judge_declared(
    ledger: &Ledger,
    request: Request,
    run: StatementId,
) -> Result<(Verified<Judgement>, Declared), DriveError> {
    Ok(answer(ledger, Verifier::new(request), None)?.finish_with_declared(run))
}

/// Answers a verifier from a ledger until it needs nothing more.
pub(super) fn answer(
    ledger: &Ledger,
    mut verifier: Verifier,
    mut content: Option<&mut ContentFolder<'_>>,
) -> Result<Verifier, DriveError> {
    let mut entries = Entries::of(ledger.reader());
    let blobs = StoreBlobs(&**ledger.store());
    loop {
        match verifier.need() {
            Need::Done => return Ok(verifier),
            Need::Entry(index) => {
                let given = entries.get(index)?;
                verifier.entry(given);
            }
            // The verifier takes the digest over the parts it was given.
            Need::Blob(id) => {
                match blobs.unchecked_parts(id, MAX_BLOB_BYTES, &mut |part| verifier.blob_part(part)) {
                    Ok(()) => verifier.blob(Given::Found(&[])),
                    Err(BlobError::Missing { .. }) => verifier.blob(Given::Missing),
                    Err(error @ BlobError::Io { .. }) => return Err(error.into()),
                    Err(error) => verifier.blob(Given::Damaged(error.to_string())),
                }
            }
            // A ledger has all entries, and nothing of it is pruned.
            Need::Contested => verifier.contested(Given::Missing),
            Need::File(query) => {
                let given = match &mut content {
                    Some(folder) => folder.find(&query)?,
                    None => Given::Missing,
                };
                verifier.file(given);
            }
        }
    }
}

/// The entries of a log, asked for from the newest to the oldest, as often as needed.
pub(super) struct Entries<'a> {
    reader: &'a LogReader,
    walk: CommitsDescending<'a>,
    commit: Option<Commit>,
}

impl<'a> Entries<'a> {
    pub(super) fn of(reader: &'a LogReader) -> Self {
        Self {
            reader,
            walk: reader.commits_descending(),
            commit: None,
        }
    }

    pub(super) fn get(&mut self, index: LeafIndex) -> Result<Given<&[u8]>, LogError> {
        let beyond = |commit: &Commit| index >= commit.header().size_after.next_index();
        if self.commit.as_ref().is_some_and(beyond) {
            *self = Self::of(self.reader);
        }
        while self
            .commit
            .as_ref()
            .is_none_or(|commit| commit.entry(index).is_none())
        {
            match self.walk.next() {
                Some(Ok(commit)) => self.commit = Some(commit),
                Some(Err(LogError::Tampered(Tampering::MissingCommit { .. }))) | None => {
                    return Ok(Given::Missing);
                }
                Some(Err(LogError::Tampered(what))) => return Ok(Given::Damaged(in_one_line(&what))),
                Some(Err(error)) => return Err(error),
            }
        }
        let entry = self.commit.as_ref().and_then(|commit| commit.entry(index));
        Ok(entry.map_or(Given::Missing, Given::Found))
    }
}

fn in_one_line(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

impl From<StoreError> for DriveError {
    fn from(error: StoreError) -> Self {
        Self::Log(error.into())
    }
}
