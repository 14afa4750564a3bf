//! The proof that an entry is in a log: C2SP tlog-proof v1, as text.
//!
//! ```text
//! c2sp.org/tlog-proof@v1
//! index <entry>
//! <audit path: base64 of 32 bytes, one a line, from the leaf upwards>
//!
//! <the signed checkpoint, verbatim>
//! ```
//!
//! The `extra` line of the specification is authenticated by nothing, and is refused here.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::digest::NodeHash;
use crate::merkle::LeafIndex;
use crate::merkle::MAX_PROOF_HASHES;
use crate::merkle::MerkleError;
use crate::merkle::leaf_hash;
use crate::merkle::verify_inclusion;

use super::Checkpoint;
use super::CheckpointError;
use super::LogKey;
use super::MAX_CHECKPOINT_BYTES;

const MAGIC: &str = "c2sp.org/tlog-proof@v1";

/// The longest proof: a checkpoint of the greatest length, and every hash there can be.
pub const TLOG_PROOF_BYTES_MAX: usize = MAX_CHECKPOINT_BYTES + 8 * 1024;

/// Why a text proves nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlogProofError {
    /// Longer than any proof.
    #[error("it has more than the TLOG_PROOF_BYTES_MAX of {TLOG_PROOF_BYTES_MAX} bytes")]
    TooLong,
    /// A line that does not stand in a proof.
    #[error("line {line} of the proof is not {expected}")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What stands there in a proof.
        expected: &'static str,
    },
    /// The checkpoint does not count.
    #[error("its checkpoint does not count")]
    Checkpoint(#[from] CheckpointError),
    /// The path does not lead from the entry to the root.
    #[error("its path does not lead to the root of the checkpoint")]
    Path(#[from] MerkleError),
}

/// A proof that was read, or is to be written. It proves nothing before [`TlogProof::check`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlogProof {
    /// Which entry.
    pub index: LeafIndex,
    /// The audit path, from the leaf upwards.
    pub path: Vec<NodeHash>,
    /// The signed checkpoint.
    pub checkpoint: Vec<u8>,
}

impl TlogProof {
    /// Returns the text. The checkpoint is UTF-8, as every signed note.
    pub fn encode(&self) -> String {
        let mut text = format!("{MAGIC}\nindex {}\n", self.index);
        for hash in &self.path {
            text.push_str(&hash_line(hash));
        }
        text.push('\n');
        text.push_str(&String::from_utf8_lossy(&self.checkpoint));
        text
    }

    /// Reads a text of exactly this form.
    pub fn decode(text: &str) -> Result<Self, TlogProofError> {
        if text.len() > TLOG_PROOF_BYTES_MAX {
            return Err(TlogProofError::TooLong);
        }
        let wrong = |line, expected| TlogProofError::Line { line, expected };
        let (head, checkpoint) = text
            .split_once("\n\n")
            .ok_or_else(|| wrong(1, "followed by an empty line and a checkpoint"))?;
        let mut lines = (1..).zip(head.split('\n'));
        let (_, magic) = lines.next().unwrap_or_default();
        if magic != MAGIC {
            return Err(wrong(1, "c2sp.org/tlog-proof@v1"));
        }
        let index = lines.next().and_then(|(_, line)| line.strip_prefix("index "));
        let index = index
            .and_then(decimal)
            .ok_or_else(|| wrong(2, "`index` and a number"))?;
        let mut path = Vec::new();
        for (line, text) in lines {
            let hash = parse_hash(text).filter(|_| path.len() < MAX_PROOF_HASHES);
            path.push(hash.ok_or_else(|| wrong(line, "a hash"))?);
        }
        Ok(Self {
            index: LeafIndex::new(index),
            path,
            checkpoint: checkpoint.as_bytes().to_vec(),
        })
    }

    /// Checks that the log with this key has `entry` at the index, and returns the checkpoint that says so.
    pub fn check(&self, entry: &[u8], key: &LogKey) -> Result<Checkpoint, TlogProofError> {
        let checkpoint = Checkpoint::open(&self.checkpoint, key)?;
        let (size, root) = (checkpoint.size, checkpoint.root);
        verify_inclusion(leaf_hash(entry), self.index, size, root, &self.path)?;
        Ok(checkpoint)
    }
}

/// Writes a hash as a line of a proof.
pub(crate) fn hash_line(hash: &NodeHash) -> String {
    format!("{}\n", STANDARD.encode(hash.as_bytes()))
}

/// Reads a hash from its line.
pub(crate) fn parse_hash(line: &str) -> Option<NodeHash> {
    let bytes: [u8; 32] = STANDARD.decode(line).ok()?.try_into().ok()?;
    Some(NodeHash::from_bytes(bytes))
}

/// Parses a number that is written in its one way.
pub(crate) fn decimal(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_one_spelling_is_read() {
        let proof = TlogProof {
            index: LeafIndex::new(7),
            path: vec![NodeHash::from_bytes([1; 32]), NodeHash::from_bytes([2; 32])],
            checkpoint: b"note".to_vec(),
        };
        let text = proof.encode();
        assert_eq!(TlogProof::decode(&text).unwrap(), proof);
        let alone = TlogProof {
            path: Vec::new(),
            ..proof
        };
        assert_eq!(TlogProof::decode(&alone.encode()).unwrap(), alone);
        for wrong in [
            text.replace("@v1", "@v2"),
            text.replace("index 7", "index 07"),
            text.replace("index 7", "index +7"),
            text.replace("index 7", "extra AA==\nindex 7"),
            text.replacen("AQEB", "AQE", 1),
            text.replacen('=', "", 1),
            text.replace("\n\n", "\n"),
            format!("{MAGIC}\nindex 7\n{}\n\nnote", "AQEB\n".repeat(70)),
            "x".repeat(TLOG_PROOF_BYTES_MAX + 1),
        ] {
            assert!(TlogProof::decode(&wrong).is_err(), "{wrong:.200}");
        }
    }
}
