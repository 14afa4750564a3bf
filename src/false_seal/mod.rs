//! The proof that the holder of a log key signed a seal that is not true: the seal and the entries it denies, each
//! with its way to the root of one signed checkpoint.
//!
//! A seal says what the entries below it determine (`docs/formats/statement.md`). Some lies are shown by a few entries
//! of the log that was signed, and this is the file with them (`docs/formats/equivocation.md`, kind `seal`): a size that
//! is not its own index, more key and notice statements than it counts or others, more statements of one tie than its
//! list says. Nobody without the log key can make one, and nobody needs a ledger to check it. That a seal counts *more*
//! than there is can be seen only by whoever has the whole log.

mod text;

use std::collections::BTreeSet;

use crate::checkpoint::Checkpoint;
use crate::checkpoint::CheckpointError;
use crate::checkpoint::EquivocationError;
use crate::checkpoint::LogKey;
use crate::digest::NodeHash;
use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::envelope::Envelope;
use crate::envelope::EnvelopeError;
use crate::manifest::ManifestError;
use crate::manifest::read_member;
use crate::merkle::LeafIndex;
use crate::merkle::MerkleError;
use crate::merkle::TreeSize;
use crate::merkle::leaf_hash;
use crate::merkle::root;
use crate::merkle::verify_inclusion;
use crate::statement::Artifact;
use crate::statement::Contested;
use crate::statement::Predicate;
use crate::statement::Seal;
use crate::statement::Statement;

/// The longest such proof in bytes.
pub const FALSE_SEAL_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Why a file does not show that a seal is false.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FalseSealError {
    /// Longer than any proof.
    #[error("it has more than the FALSE_SEAL_BYTES_MAX of {FALSE_SEAL_BYTES_MAX} bytes")]
    TooLong,
    /// Not UTF-8.
    #[error("it is not text")]
    Text,
    /// Not a header and a signed checkpoint with an empty line between them.
    #[error("it is not a header and a signed checkpoint, with an empty line between them")]
    Shape,
    /// The first lines.
    #[error("it does not begin as a proof about a log")]
    Frame(#[source] EquivocationError),
    /// A line of the header that does not stand there.
    #[error("line {line} is not {expected}")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What stands there.
        expected: &'static str,
    },
    /// The file is about another log.
    #[error("it is about the log key {found}, not about {expected}")]
    OtherLog {
        /// The log key that was expected.
        expected: String,
        /// The log key in the file.
        found: String,
    },
    /// The checkpoint does not count.
    #[error("its checkpoint does not count")]
    Checkpoint(#[from] CheckpointError),
    /// An entry that is not in the log.
    #[error("its hashes do not lead from entry {entry} to the root of the checkpoint")]
    Path {
        /// The entry.
        entry: LeafIndex,
        /// Why.
        source: MerkleError,
    },
    /// An entry that is no statement, or a seal whose signature does not count.
    #[error("entry {entry} is not a signed statement")]
    Envelope {
        /// The entry.
        entry: LeafIndex,
        /// Why.
        source: EnvelopeError,
    },
    /// What is said to be a seal is something else.
    #[error("entry {entry} is not a seal")]
    NotASeal {
        /// The entry.
        entry: LeafIndex,
    },
    /// Entries out of order, twice, or above the seal.
    #[error("entry {entry} does not stand above the one before it and below the seal")]
    Order {
        /// The entry.
        entry: LeafIndex,
    },
    /// A statement that stands twice; the first one counts.
    #[error("entry {entry} is a statement that stands further down already")]
    Twice {
        /// The entry.
        entry: LeafIndex,
    },
    /// Neither a key statement nor a notice.
    #[error("entry {entry} is not a key or notice statement")]
    NotARuling {
        /// The entry.
        entry: LeafIndex,
    },
    /// A statement about something else.
    #[error("entry {entry} does not have the tie {tie}")]
    NoTie {
        /// The entry.
        entry: LeafIndex,
        /// The tie.
        tie: Sha256Digest,
    },
    /// A line that is no member of a manifest.
    #[error("the line with entry {entry} is not a member of a manifest")]
    Member {
        /// The entry.
        entry: LeafIndex,
        /// Why.
        source: ManifestError,
    },
    /// The records are not those that the seal signs.
    #[error("its records are not the contested ties that the seal signs")]
    Records,
    /// Nothing contradicts the seal.
    #[error("nothing in it contradicts the seal at entry {entry}")]
    NotFalse {
        /// The entry.
        entry: LeafIndex,
    },
}

/// An entry, and the way from it to the root of the checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Included {
    /// Where it stands.
    pub index: LeafIndex,
    /// The exact envelope.
    pub entry: String,
    /// The audit path, from the leaf upwards.
    pub path: Vec<NodeHash>,
}

/// A line of a manifest, and the way from it to the root that the statement holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberLine {
    /// Which line, from 0.
    pub index: LeafIndex,
    /// The line without its line feed.
    pub line: String,
    /// The audit path, from the leaf upwards.
    pub path: Vec<NodeHash>,
}

/// A statement that has the tie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimant {
    /// The statement.
    pub included: Included,
    /// The member of a manifest that has the tie; nothing where the statement has it itself.
    pub member: Option<MemberLine>,
}

/// What shows that the seal is false.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    /// Its size is not its index.
    Size,
    /// Key and notice statements below it: more than it counts, or as many with another root.
    Rulings(Vec<Included>),
    /// Statements with one tie below it, more than its record says; without a record more than one.
    Ties {
        /// The tie.
        tie: Sha256Digest,
        /// All records that the seal signs.
        records: Vec<Contested>,
        /// The statements.
        claimants: Vec<Claimant>,
    },
}

/// A seal and what shows that it is false. It shows nothing before [`FalseSeal::check`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FalseSeal {
    /// The key that signed the seal and the checkpoint.
    pub log: LogKey,
    /// The seal.
    pub seal: Included,
    /// What it denies.
    pub evidence: Evidence,
    /// The signed checkpoint.
    pub checkpoint: Vec<u8>,
}

/// In what a seal is false.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lie {
    /// Its size is not its index.
    Size,
    /// It counts fewer key and notice statements than these, or others.
    Rulings {
        /// How many were shown.
        standing: u64,
    },
    /// It counts fewer statements of a tie.
    Ties {
        /// The tie.
        tie: Sha256Digest,
        /// How many its list says; 1 without a record.
        counted: u32,
        /// How many were shown.
        standing: u64,
    },
}

/// What a checked proof shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownFalse {
    /// The checkpoint over the seal and what stands below it.
    pub checkpoint: Checkpoint,
    /// Where the seal stands.
    pub entry: LeafIndex,
    /// What it says.
    pub says: Seal,
    /// What of that is false.
    pub lie: Lie,
}

impl FalseSeal {
    /// Checks that the holder of `key` signed a false seal, and returns which.
    pub fn check(&self, key: &LogKey) -> Result<ShownFalse, FalseSealError> {
        if self.log != *key {
            return Err(FalseSealError::OtherLog {
                expected: key.to_vkey(),
                found: self.log.to_vkey(),
            });
        }
        let checkpoint = Checkpoint::open(&self.checkpoint, key)?;
        let entry = self.seal.index;
        let (envelope, statement) = self.seal.check(&checkpoint)?;
        let signed = envelope.verify(key.public_key());
        signed.map_err(|source| FalseSealError::Envelope { entry, source })?;
        let Predicate::Seal(says) = statement.predicate else {
            return Err(FalseSealError::NotASeal { entry });
        };
        let mut below = Below {
            checkpoint: &checkpoint,
            seal: entry,
            last: None,
            seen: BTreeSet::new(),
        };
        let lie = match &self.evidence {
            Evidence::Size => (says.size != entry.get()).then_some(Lie::Size),
            Evidence::Rulings(entries) => rulings(&says, entries, &mut below)?,
            Evidence::Ties {
                tie,
                records,
                claimants,
            } => ties(&says, *tie, records, claimants, &mut below)?,
        };
        Ok(ShownFalse {
            lie: lie.ok_or(FalseSealError::NotFalse { entry })?,
            checkpoint,
            entry,
            says,
        })
    }
}

/// The entries below a seal, as they are taken up one after the other.
struct Below<'a> {
    checkpoint: &'a Checkpoint,
    seal: LeafIndex,
    last: Option<LeafIndex>,
    seen: BTreeSet<StatementId>,
}

impl Below<'_> {
    fn take(&mut self, included: &Included) -> Result<(StatementId, Statement), FalseSealError> {
        let entry = included.index;
        if entry >= self.seal || self.last.is_some_and(|last| last >= entry) {
            return Err(FalseSealError::Order { entry });
        }
        self.last = Some(entry);
        // Signatures of issuers are not asked for: the log signed that this is its entry.
        let (envelope, statement) = included.check(self.checkpoint)?;
        if !self.seen.insert(envelope.id()) {
            return Err(FalseSealError::Twice { entry });
        }
        Ok((envelope.id(), statement))
    }
}

fn rulings(says: &Seal, entries: &[Included], below: &mut Below<'_>) -> Result<Option<Lie>, FalseSealError> {
    for included in entries {
        let (_, statement) = below.take(included)?;
        if !statement.predicate.is_ruling() {
            let entry = included.index;
            return Err(FalseSealError::NotARuling { entry });
        }
    }
    let standing = entries.len() as u64;
    let leaves: Vec<NodeHash> = entries.iter().map(Included::leaf).collect();
    // If the seal were true, as many as it counts would be all there are.
    let is_lie = standing > says.rulings || (standing == says.rulings && root(&leaves) != says.rulings_root);
    Ok(is_lie.then_some(Lie::Rulings { standing }))
}

fn ties(
    says: &Seal,
    tie: Sha256Digest,
    records: &[Contested],
    claimants: &[Claimant],
    below: &mut Below<'_>,
) -> Result<Option<Lie>, FalseSealError> {
    let ascend = records.windows(2).all(|pair| match pair {
        [one, next] => one.tie < next.tie,
        _ => false,
    });
    let leaves: Vec<NodeHash> = records.iter().map(|one| leaf_hash(&one.to_bytes())).collect();
    let signed = (says.contested, says.contested_root);
    if !ascend
        || records.iter().any(|one| one.statements < 2)
        || (leaves.len() as u64, root(&leaves)) != signed
    {
        return Err(FalseSealError::Records);
    }
    for claimant in claimants {
        let (id, statement) = below.take(&claimant.included)?;
        claimant.check(id, &statement, tie)?;
    }
    let record = records.iter().find(|one| one.tie == tie);
    let counted = record.map_or(1, |one| one.statements);
    let standing = claimants.len() as u64;
    Ok((standing > u64::from(counted)).then_some(Lie::Ties {
        tie,
        counted,
        standing,
    }))
}

impl Included {
    fn leaf(&self) -> NodeHash {
        leaf_hash(self.entry.as_bytes())
    }

    /// Checks that the entry is in the tree of the checkpoint, and reads it.
    fn check(&self, checkpoint: &Checkpoint) -> Result<(Envelope, Statement), FalseSealError> {
        let entry = self.index;
        verify_inclusion(self.leaf(), entry, checkpoint.size, checkpoint.root, &self.path)
            .map_err(|source| FalseSealError::Path { entry, source })?;
        let bad = |source| FalseSealError::Envelope { entry, source };
        let envelope = Envelope::decode(self.entry.as_bytes()).map_err(bad)?;
        let statement = envelope.statement().map_err(bad)?;
        Ok((envelope, statement))
    }
}

impl Claimant {
    /// Checks that the statement has the tie: itself, or in one of its manifests; in one way only.
    fn check(&self, id: StatementId, statement: &Statement, tie: Sha256Digest) -> Result<(), FalseSealError> {
        let entry = self.included.index;
        let none = || FalseSealError::NoTie { entry, tie };
        let has_it = has_tie(&statement.predicate, id, tie);
        let Some(member) = &self.member else {
            return if has_it { Ok(()) } else { Err(none()) };
        };
        let line = member.line.as_bytes();
        let read = read_member(line).map_err(|source| FalseSealError::Member { entry, source })?;
        let leads = |artifact: &Artifact| {
            artifact.manifest().is_some_and(|facts| {
                let size = TreeSize::new(facts.count);
                verify_inclusion(leaf_hash(line), member.index, size, facts.root, &member.path).is_ok()
            })
        };
        if !has_it && read.sha256 == tie && statement.predicate.artifacts().any(leads) {
            return Ok(());
        }
        Err(none())
    }
}

/// Returns whether a statement has a tie itself, not only in a manifest.
pub fn has_tie(predicate: &Predicate, id: StatementId, tie: Sha256Digest) -> bool {
    predicate.ties(id).iter().any(|(_, own)| *own == tie)
}
