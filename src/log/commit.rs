//! The commit slot: the bytes of `commit/<n>`. `docs/formats/commit-slot.md` is the specification.
//!
//! ```text
//! offset size
//!      0    8  magic "HBCOMMIT"
//!      8    2  format version, u16 BE: 1
//!     10    8  number of this commit, u64 BE
//!     18   32  SHA-256 of the whole previous slot, zeros for number 0
//!     50    8  tree size before, u64 BE
//!     58    8  tree size after, u64 BE
//!     66   32  root of the tree after (RFC 6962 2.1)
//!     98   16  random nonce
//!    114    4  length of the leaves, u32 BE
//!    118    4  length of the leaves compressed, u32 BE
//!    122    n  the leaves, each `u16 BE length || entry`, as one raw DEFLATE stream (RFC 1951)
//!  122+n   64  Ed25519 signature of the log key over "herdbook/commit/v1" and all bytes before it
//! ```
//!
//! The context cannot be confused with anything else the log key signs: a checkpoint has no zero byte, and this has
//! one 26 bytes in.

use std::ops::Range;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use crate::checkpoint::{LogKey, SignError, Signer};
use crate::digest::{CommitHash, NodeHash};
use crate::merkle::tile::{MAX_ENTRY_BYTES, push_entry, split_entry};
use crate::merkle::{LeafIndex, MAX_TREE_SIZE, TreeSize};

/// The first bytes of every slot.
const MAGIC: &[u8; 8] = b"HBCOMMIT";

/// The format version that is written and read.
pub const COMMIT_VERSION: u16 = 1;

/// What is signed before the bytes of the slot.
const SIGNATURE_CONTEXT: &[u8] = b"herdbook/commit/v1";

/// How hard the leaves are compressed. Measured on 8000 envelopes: three times as fast as the default level 6, for
/// three per cent more bytes.
const COMPRESSION_LEVEL: u32 = 2;

/// The bytes before the compressed leaves.
pub const COMMIT_HEADER_BYTES: usize = 122;

/// The bytes of the signature at the end.
const SIGNATURE_BYTES: usize = 64;

/// The most bytes that the leaves of a commit have, each with its two bytes of length.
pub const MAX_COMMIT_LEAF_BYTES: usize = 16 * 1024 * 1024;

/// The most bytes of compressed leaves: what cannot be compressed grows by less than this much.
pub const MAX_COMMIT_COMPRESSED_BYTES: usize = MAX_COMMIT_LEAF_BYTES + 64 * 1024;

/// The largest slot.
pub const MAX_COMMIT_BYTES: usize = COMMIT_HEADER_BYTES + MAX_COMMIT_COMPRESSED_BYTES + SIGNATURE_BYTES;

/// Why bytes are not a commit slot of this log, or a commit cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// The slot is larger than any can be.
    #[error("it is beyond the limit MAX_COMMIT_BYTES of {MAX_COMMIT_BYTES}")]
    TooLarge,
    /// The slot ends inside its header or its signature.
    #[error("it has {bytes} bytes, less than a header and a signature")]
    Cut {
        /// The bytes there are.
        bytes: usize,
    },
    /// The slot does not begin with the magic.
    #[error("it does not begin with `HBCOMMIT`")]
    Magic,
    /// The slot is of another format version.
    #[error("it has format version {found}, not {COMMIT_VERSION}")]
    Version {
        /// The version in the slot.
        found: u16,
    },
    /// The slot is not as long as its header says.
    #[error("it has {actual} bytes where its header says {stated}")]
    Length {
        /// What header, leaves and signature add up to.
        stated: u64,
        /// The bytes there are.
        actual: usize,
    },
    /// The signature is not one of the log key over this slot.
    #[error("its signature is not one of the log key {vkey}")]
    Signature {
        /// The log key in its text form.
        vkey: String,
    },
    /// The leaves are beyond a limit.
    #[error(
        "its leaves have {bytes} bytes, beyond the limit MAX_COMMIT_LEAF_BYTES of {MAX_COMMIT_LEAF_BYTES}"
    )]
    LeavesTooLarge {
        /// The bytes of the leaves.
        bytes: u64,
    },
    /// The tree does not grow, or beyond what a tree can be.
    #[error("it takes the tree from {before} to {after} leaves")]
    TreeSizes {
        /// The leaves before.
        before: TreeSize,
        /// The leaves after.
        after: TreeSize,
    },
    /// The compressed leaves are not one DEFLATE stream of the stated length.
    #[error("its leaves are not one DEFLATE stream of {stated} bytes")]
    Deflate {
        /// The length in the header.
        stated: u32,
    },
    /// The leaves are not as many whole entries as the tree grows by.
    #[error("its leaves are not {stated} entries of 1 to {MAX_ENTRY_BYTES} bytes")]
    Entries {
        /// What the tree sizes say.
        stated: u64,
    },
}

/// What stands before the leaves of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommitHeader {
    /// The number of the slot, counted from 0.
    pub number: u64,
    /// The hash of the previous slot, zeros for number 0.
    pub previous: CommitHash,
    /// The leaves of the tree before this commit.
    pub size_before: TreeSize,
    /// The leaves of the tree with this commit.
    pub size_after: TreeSize,
    /// The root of the tree with this commit.
    pub root: NodeHash,
    /// Random bytes: two appenders that commit the same entries still write different slots.
    pub nonce: [u8; 16],
}

/// The hash that stands for the slot before number 0.
pub const NO_PREVIOUS_COMMIT: CommitHash = CommitHash::from_bytes([0; 32]);

/// A commit whose signature was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    header: CommitHeader,
    hash: CommitHash,
    leaves: Vec<u8>,
    /// Where each entry stands in `leaves`.
    spans: Vec<Range<usize>>,
}

impl Commit {
    /// Returns the bytes of a new slot. `header.size_after` must be larger than `size_before` by the entries given.
    ///
    /// Errors: a [`CommitError`] for a batch that no slot can hold, a [`SignError`] when the signer fails.
    pub fn encode(
        header: &CommitHeader,
        entries: &[Vec<u8>],
        signer: &dyn Signer,
    ) -> Result<Vec<u8>, EncodeError> {
        let leaves = encode_leaves(entries)?;
        let count = header.size_after.get().checked_sub(header.size_before.get());
        if count != Some(entries.len() as u64) || entries.is_empty() {
            return Err(CommitError::TreeSizes {
                before: header.size_before,
                after: header.size_after,
            }
            .into());
        }
        let compressed = deflate(&leaves);
        let (raw, packed) = (u32::try_from(leaves.len()), u32::try_from(compressed.len()));
        let (Ok(raw), Ok(packed)) = (raw, packed) else {
            return Err(CommitError::LeavesTooLarge {
                bytes: leaves.len() as u64,
            }
            .into());
        };
        let mut slot = Vec::with_capacity(COMMIT_HEADER_BYTES + compressed.len() + SIGNATURE_BYTES);
        slot.extend_from_slice(MAGIC);
        slot.extend_from_slice(&COMMIT_VERSION.to_be_bytes());
        slot.extend_from_slice(&header.number.to_be_bytes());
        slot.extend_from_slice(header.previous.as_bytes());
        slot.extend_from_slice(&header.size_before.get().to_be_bytes());
        slot.extend_from_slice(&header.size_after.get().to_be_bytes());
        slot.extend_from_slice(header.root.as_bytes());
        slot.extend_from_slice(&header.nonce);
        slot.extend_from_slice(&raw.to_be_bytes());
        slot.extend_from_slice(&packed.to_be_bytes());
        slot.extend_from_slice(&compressed);
        let signature = signer.sign(&signed_bytes(&slot))?;
        slot.extend_from_slice(&signature);
        Ok(slot)
    }

    /// Decodes a slot strictly; nothing of it is looked at beyond its lengths before its signature verifies.
    pub fn decode(slot: &[u8], key: &LogKey) -> Result<Self, CommitError> {
        let (_, signed, signature) = split(slot)?;
        if !key.verifies(&signed_bytes(signed), signature) {
            return Err(CommitError::Signature { vkey: key.to_vkey() });
        }
        Self::decode_unsigned(slot)
    }

    /// Decodes a slot without its signature: for looking at a ledger that nobody vouches for.
    pub(super) fn decode_unsigned(slot: &[u8]) -> Result<Self, CommitError> {
        let (fields, _, _) = split(slot)?;
        let Fields {
            header,
            raw_length,
            compressed,
        } = fields;
        let (before, after) = (header.size_before, header.size_after);
        if after <= before
            || after.get() > MAX_TREE_SIZE
            || (header.number == 0) != (before == TreeSize::EMPTY)
        {
            return Err(CommitError::TreeSizes { before, after });
        }
        let leaves = inflate(compressed, raw_length)?;
        let stated = after.get() - before.get();
        let spans = entry_spans(&leaves, stated).ok_or(CommitError::Entries { stated })?;
        Ok(Self {
            header,
            hash: CommitHash::of(slot),
            leaves,
            spans,
        })
    }

    /// Returns what stands before the leaves.
    pub const fn header(&self) -> &CommitHeader {
        &self.header
    }

    /// Returns the hash of the whole slot.
    pub const fn hash(&self) -> CommitHash {
        self.hash
    }

    /// Returns the entries with their indices; from the back, too.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = (LeafIndex, &[u8])> + ExactSizeIterator {
        let first = self.header.size_before.next_index();
        self.spans.iter().enumerate().map(move |(at, span)| {
            // The spans were cut from these very leaves.
            (
                first.plus(at as u64),
                self.leaves.get(span.clone()).unwrap_or_default(),
            )
        })
    }

    /// Returns the entry at an index of the log, `None` when it is not in this commit.
    pub fn entry(&self, index: LeafIndex) -> Option<&[u8]> {
        let at = index.get().checked_sub(self.header.size_before.get())?;
        self.leaves
            .get(self.spans.get(usize::try_from(at).ok()?)?.clone())
    }
}

impl CommitHeader {
    /// Reads the header of a slot from its first [`COMMIT_HEADER_BYTES`]; nothing of it is vouched for.
    pub(super) fn peek(slot: &[u8]) -> Result<Self, CommitError> {
        Ok(parse_header(slot)?.0)
    }
}

/// Why a slot was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// No slot can hold this batch.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The signer failed.
    #[error(transparent)]
    Sign(#[from] SignError),
}

/// The parts of a slot between its magic and its signature.
struct Fields<'a> {
    header: CommitHeader,
    raw_length: u32,
    compressed: &'a [u8],
}

/// Cuts a slot into its fields, the bytes that are signed, and the signature.
fn split(slot: &[u8]) -> Result<(Fields<'_>, &[u8], &[u8; SIGNATURE_BYTES]), CommitError> {
    if slot.len() > MAX_COMMIT_BYTES {
        return Err(CommitError::TooLarge);
    }
    let (header, raw_length, packed) = parse_header(slot)?;
    let stated = COMMIT_HEADER_BYTES as u64 + u64::from(packed) + SIGNATURE_BYTES as u64;
    if stated != slot.len() as u64 {
        return Err(CommitError::Length {
            stated,
            actual: slot.len(),
        });
    }
    let cut = || CommitError::Cut { bytes: slot.len() };
    let (signed, signature) = slot.split_last_chunk().ok_or_else(cut)?;
    let compressed = signed.get(COMMIT_HEADER_BYTES..).ok_or_else(cut)?;
    Ok((
        Fields {
            header,
            raw_length,
            compressed,
        },
        signed,
        signature,
    ))
}

/// Returns header, length of the leaves, length of the compressed leaves.
fn parse_header(slot: &[u8]) -> Result<(CommitHeader, u32, u32), CommitError> {
    let mut rest = slot;
    if take(&mut rest, slot)? != *MAGIC {
        return Err(CommitError::Magic);
    }
    let found = u16::from_be_bytes(take(&mut rest, slot)?);
    if found != COMMIT_VERSION {
        return Err(CommitError::Version { found });
    }
    let header = CommitHeader {
        number: u64::from_be_bytes(take(&mut rest, slot)?),
        previous: CommitHash::from_bytes(take(&mut rest, slot)?),
        size_before: TreeSize::new(u64::from_be_bytes(take(&mut rest, slot)?)),
        size_after: TreeSize::new(u64::from_be_bytes(take(&mut rest, slot)?)),
        root: NodeHash::from_bytes(take(&mut rest, slot)?),
        nonce: take(&mut rest, slot)?,
    };
    let raw = u32::from_be_bytes(take(&mut rest, slot)?);
    let packed = u32::from_be_bytes(take(&mut rest, slot)?);
    if raw as usize > MAX_COMMIT_LEAF_BYTES {
        return Err(CommitError::LeavesTooLarge {
            bytes: u64::from(raw),
        });
    }
    Ok((header, raw, packed))
}

fn take<const N: usize>(rest: &mut &[u8], slot: &[u8]) -> Result<[u8; N], CommitError> {
    let (field, after) = rest
        .split_first_chunk()
        .ok_or(CommitError::Cut { bytes: slot.len() })?;
    *rest = after;
    Ok(*field)
}

fn signed_bytes(slot: &[u8]) -> Vec<u8> {
    [SIGNATURE_CONTEXT, slot].concat()
}

/// Returns the entries one after the other, each with its length.
pub(super) fn encode_leaves(entries: &[Vec<u8>]) -> Result<Vec<u8>, CommitError> {
    let stated = entries.len() as u64;
    let bytes: u64 = entries.iter().map(|entry| entry.len() as u64 + 2).sum();
    if bytes > MAX_COMMIT_LEAF_BYTES as u64 {
        return Err(CommitError::LeavesTooLarge { bytes });
    }
    let mut leaves = Vec::new();
    for entry in entries {
        let pushed = push_entry(&mut leaves, entry);
        if entry.is_empty() || pushed.is_none() {
            return Err(CommitError::Entries { stated });
        }
    }
    Ok(leaves)
}

fn entry_spans(leaves: &[u8], stated: u64) -> Option<Vec<Range<usize>>> {
    let mut rest = leaves;
    let mut spans = Vec::new();
    while !rest.is_empty() {
        let (entry, after) = split_entry(rest)?;
        if entry.is_empty() {
            return None;
        }
        let end = leaves.len() - after.len();
        spans.push(end - entry.len()..end);
        rest = after;
    }
    (spans.len() as u64 == stated).then_some(spans)
}

fn deflate(leaves: &[u8]) -> Vec<u8> {
    let mut compress = Compress::new(Compression::new(COMPRESSION_LEVEL), false);
    let mut out = Vec::with_capacity(leaves.len() / 2 + 64);
    loop {
        let done = usize::try_from(compress.total_in()).unwrap_or(usize::MAX);
        let rest = leaves.get(done..).unwrap_or_default();
        // Compressing into memory has no way to fail but for want of room, which is given here.
        if matches!(
            compress.compress_vec(rest, &mut out, FlushCompress::Finish),
            Ok(Status::StreamEnd)
        ) {
            return out;
        }
        out.reserve(leaves.len() / 4 + 1024);
    }
}

/// Expands into exactly the stated room: a stream that holds more, less, or is followed by anything is refused.
fn inflate(compressed: &[u8], stated: u32) -> Result<Vec<u8>, CommitError> {
    let bad = CommitError::Deflate { stated };
    let length = usize::try_from(stated).map_err(|_| bad.clone())?;
    // One byte more, so that a longer stream shows itself by filling it.
    let mut leaves = Vec::with_capacity(length + 1);
    let mut decompress = Decompress::new(false);
    let status = decompress.decompress_vec(compressed, &mut leaves, FlushDecompress::Finish);
    let whole = decompress.total_in() == compressed.len() as u64 && leaves.len() == length;
    if matches!(status, Ok(Status::StreamEnd)) && whole {
        Ok(leaves)
    } else {
        Err(bad)
    }
}

#[cfg(test)]
mod tests;
