//! Proving one row of a registered file, from the bytes of the file.

use std::path::Path;

use crate::commitment::Secret;
use crate::digest::NodeHash;
use crate::digest::Sha256Digest;
use crate::index::resolve::facts_below;
use crate::ledger::LedgerError;
use crate::ledger::StoreBlobs;
use crate::ledger::View;
use crate::ledger::hash::HashError;
use crate::ledger::hash::Progress;
use crate::ledger::hash::read_rows;
use crate::ledger::prove_line;
use crate::manifest::read_member;
use crate::merkle::Frontier;
use crate::merkle::LeafIndex;
use crate::merkle::MerkleError;
use crate::merkle::PathMaker;
use crate::merkle::TreeSize;
use crate::rows::RowKey;
use crate::statement::ArtifactRef;
use crate::statement::Content;
use crate::statement::RowRoot;

use super::Proof;
use super::QueryError;
use super::node::Place;
use super::node::find;
use super::proof::prove_at;
use super::proof::subject_of;
use super::proof_row::ROW_PROVED_BYTES_MAX;
use super::proof_row::RowProof;
use super::proof_row::Shows;

/// Why a row is not proved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RowProofError {
    /// The file cannot be read.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The ledger, or what was asked of it.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// Nothing has these bytes.
    #[error("nothing is registered with the bytes of this file (sha256 {sha256})")]
    NotRegistered {
        /// The digest of the file.
        sha256: Sha256Digest,
    },
    /// What has these bytes has no row root.
    #[error("the file is registered as {}, without a row root", .claims.join(", "))]
    NoRowRoot {
        /// Some of what claims it.
        claims: Vec<String>,
    },
    /// Several claims have a row root.
    #[error("the file is registered several times with a row root, and a proof is of one: {}", .claims.join(", "))]
    Several {
        /// Some of what claims it.
        claims: Vec<String>,
    },
    /// There is no such row.
    #[error(
        "there is no row {number}: the file has {rows} rows, counted from 1, and lines with nothing on them are none"
    )]
    NoSuchRow {
        /// Which was asked for.
        number: u64,
        /// How many there are.
        rows: u64,
    },
    /// The tree is keyed, and the secret is not here.
    #[error("the row root is keyed, and the secret that it was made with is not here")]
    NoSecret,
    /// The secret that is here is not the one.
    #[error("the row root is keyed, and not with the secret that is here")]
    OtherSecret,
    /// The statement is false.
    #[error(
        "the row root of {claim} is not that of the file: whoever signed it did not compute it of these bytes"
    )]
    RootDiffers {
        /// What claims the file.
        claim: String,
    },
    /// A row that is too long to be shown.
    #[error(
        "the row has {bytes} bytes, more than the ROW_PROVED_BYTES_MAX of {ROW_PROVED_BYTES_MAX} whose content goes into a proof"
    )]
    TooLong {
        /// Its length.
        bytes: usize,
    },
}

/// What is to be proved.
#[derive(Debug, Clone, Copy)]
pub struct AskedRow<'a> {
    /// The bytes of the file.
    pub path: &'a Path,
    /// Which row, from 1.
    pub number: u64,
    /// Which of several artifacts with these bytes, as NODE.
    pub node: Option<&'a str>,
    /// Whether the proof shows the row, and not its leaf alone.
    pub content: bool,
    /// The secret of this user, for trees that are keyed.
    pub secret: Option<&'a Secret>,
}

/// A claim about the file, and what it says of its rows.
#[derive(Debug, Clone, Copy)]
struct Claim {
    artifact: ArtifactRef,
    root: RowRoot,
    rows: u64,
}

/// Proves a row, with the line that it stands on, from 1. `note` is the signed checkpoint of the view.
pub fn prove_row(
    view: &View<'_>,
    asked: &AskedRow<'_>,
    note: &[u8],
    progress: &dyn Progress,
) -> Result<(Proof, u64), RowProofError> {
    let sha256 = read_rows(asked.path, progress, &mut |_| {})?.sha256;
    let claim = claim(view, sha256, asked.node)?;
    let key = match (claim.root, asked.secret) {
        (RowRoot::Plain(_), _) => RowKey::Plain,
        (RowRoot::Keyed(_), Some(secret)) => RowKey::Keyed(secret),
        (RowRoot::Keyed(_), None) => return Err(RowProofError::NoSecret),
    };
    let found = path_of(asked, &claim, key, progress)?;
    if found.sha256 != sha256 {
        let path = asked.path.to_owned();
        return Err(HashError::Changed { path }.into());
    }
    if found.root != claim.root.root() {
        return Err(match claim.root {
            RowRoot::Keyed(_) => RowProofError::OtherSecret,
            RowRoot::Plain(_) => RowProofError::RootDiffers {
                claim: claim.artifact.to_string(),
            },
        });
    }
    let (row, line, path) = found.row;
    let shows = match asked.content {
        false => Shows::Leaf(key.leaf(asked.number, &row)),
        true if row.len() > ROW_PROVED_BYTES_MAX => {
            return Err(RowProofError::TooLong { bytes: row.len() });
        }
        true => {
            let salt = key.salt(asked.number, &row);
            Shows::Content(row, salt)
        }
    };
    let whole = claim.artifact;
    let member = whole.member.map(|_| whole);
    let proof = prove_at(view, whole.statement, member, note)?;
    let row = RowProof {
        subject: whole.subject,
        number: asked.number,
        shows,
        path,
    };
    Ok((proof.with_row(row), line))
}

/// What one pass over the file found.
struct Found {
    sha256: Sha256Digest,
    root: NodeHash,
    /// The row, its line, and its path.
    row: (Vec<u8>, u64, Vec<NodeHash>),
}

fn path_of(
    asked: &AskedRow<'_>,
    claim: &Claim,
    key: RowKey<'_>,
    progress: &dyn Progress,
) -> Result<Found, RowProofError> {
    let none = RowProofError::NoSuchRow {
        number: asked.number,
        rows: claim.rows,
    };
    let Some(index) = asked.number.checked_sub(1).filter(|index| *index < claim.rows) else {
        return Err(none);
    };
    let maker = PathMaker::new(LeafIndex::new(index), TreeSize::new(claim.rows));
    let mut maker = maker.map_err(|_: MerkleError| RowProofError::RootDiffers {
        claim: claim.artifact.to_string(),
    })?;
    let (mut tree, mut wanted) = (Frontier::new(), None);
    let digests = read_rows(asked.path, progress, &mut |row| {
        let leaf = key.leaf(row.number, row.bytes);
        maker.push(leaf);
        tree.append(leaf);
        if row.number == asked.number {
            wanted = Some((row.bytes.to_vec(), row.line));
        }
    })?;
    // A statement that counted other rows has another tree.
    let differs = || RowProofError::RootDiffers {
        claim: claim.artifact.to_string(),
    };
    let (row, line) = wanted.ok_or_else(differs)?;
    Ok(Found {
        sha256: digests.sha256,
        root: tree.root(),
        row: (row, line, maker.finish().ok_or_else(differs)?),
    })
}

/// Finds the one artifact with these bytes that has a row root.
fn claim(view: &View<'_>, sha256: Sha256Digest, node: Option<&str>) -> Result<Claim, RowProofError> {
    let mut claims = Vec::new();
    for artifact in view.index().claims(sha256).map_err(QueryError::from)? {
        if facts_below(view.index(), view.size(), artifact.statement)
            .map_err(QueryError::from)?
            .is_some()
        {
            claims.push(artifact);
        }
    }
    if claims.is_empty() {
        return Err(RowProofError::NotRegistered { sha256 });
    }
    if let Some(node) = node {
        let places = find(view, node)?;
        let is_meant = |artifact: &ArtifactRef| {
            places.iter().any(|place| match place {
                Place::Artifact(one) => *one == *artifact || *one == artifact.whole(),
                Place::Run(id) => *id == artifact.statement,
                Place::Gap(..) => false,
            })
        };
        claims.retain(is_meant);
        if claims.is_empty() {
            return Err(RowProofError::NotRegistered { sha256 });
        }
    }
    let some = |claims: &[ArtifactRef]| claims.iter().take(8).map(ToString::to_string).collect();
    let mut with_root = Vec::new();
    for artifact in &claims {
        with_root.extend(rooted(view, *artifact)?);
    }
    match with_root.as_slice() {
        [] => Err(RowProofError::NoRowRoot {
            claims: some(&claims),
        }),
        [one] => Ok(*one),
        several => {
            let artifacts: Vec<ArtifactRef> = several.iter().map(|claim| claim.artifact).collect();
            Err(RowProofError::Several {
                claims: some(&artifacts),
            })
        }
    }
}

/// Returns what an artifact or a member says of its rows, if it has a row root.
fn rooted(view: &View<'_>, artifact: ArtifactRef) -> Result<Option<Claim>, QueryError> {
    let Some(facts) = view.index().facts(artifact.statement)? else {
        return Ok(None);
    };
    let (_, statement) = view.ledger().entry(facts.entry)?;
    let Some(whole) = subject_of(&statement, artifact.subject) else {
        return Ok(None);
    };
    let (root, rows) = match artifact.member {
        None => match &whole.content {
            Content::File { row_root, .. } => (*row_root, whole.rows.map(|rows| rows.value)),
            _ => (None, None),
        },
        Some(member) => {
            let blobs = StoreBlobs(&**view.ledger().store());
            let Some((line, _)) = prove_line(&blobs, whole, LeafIndex::new(member))? else {
                return Ok(None);
            };
            // The manifest was just read as one.
            let member = read_member(line.as_bytes()).ok();
            member.map_or((None, None), |member| (member.row_root, member.rows))
        }
    };
    Ok(root.zip(rows).map(|(root, rows)| Claim { artifact, root, rows }))
}

impl From<LedgerError> for RowProofError {
    fn from(error: LedgerError) -> Self {
        Self::Query(error.into())
    }
}
