//! The proof that one checkpoint of a log extends an older one: the body that a C2SP tlog-witness takes, as a file.
//!
//! ```text
//! old <the older size>
//! <consistency proof of RFC 6962 2.1.2: base64 of 32 bytes, one a line>
//!
//! <the newer signed checkpoint, verbatim>
//! ```
//!
//! The older checkpoint is not in it: whoever checks has it, or remembers it.

use crate::digest::NodeHash;
use crate::merkle::MAX_PROOF_HASHES;
use crate::merkle::MerkleError;
use crate::merkle::TreeSize;
use crate::merkle::verify_consistency;

use super::Checkpoint;
use super::CheckpointError;
use super::LogKey;
use super::MAX_CHECKPOINT_BYTES;
use super::tlog_proof::hash_line;
use super::tlog_proof::parse_hash;

/// The longest consistency proof: a checkpoint of the greatest length, and every hash there can be.
pub const CONSISTENCY_BYTES_MAX: usize = MAX_CHECKPOINT_BYTES + 8 * 1024;

/// Why a text proves no consistency.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConsistencyError {
    /// Longer than any proof.
    #[error("it has more than the CONSISTENCY_BYTES_MAX of {CONSISTENCY_BYTES_MAX} bytes")]
    TooLong,
    /// Not UTF-8.
    #[error("it is not text")]
    Text,
    /// A line that does not stand in such a proof.
    #[error("line {line} of the proof is not {expected}")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What stands there in a proof.
        expected: &'static str,
    },
    /// The newer checkpoint does not count.
    #[error("its checkpoint does not count")]
    Checkpoint(#[from] CheckpointError),
    /// The proof begins at another size than the older checkpoint.
    #[error("it begins at {found} entries, and the older checkpoint has {expected}")]
    OtherSize {
        /// The size of the older checkpoint.
        expected: TreeSize,
        /// The size that the proof names.
        found: TreeSize,
    },
    /// The hashes do not lead from the one root to the other.
    #[error("its hashes do not lead from the older root to the newer one")]
    Path(#[from] MerkleError),
}

/// A proof that was read, or is to be written. It proves nothing before [`ConsistencyProof::check`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsistencyProof {
    /// The older size.
    pub old: TreeSize,
    /// The hashes, in the order of RFC 6962 2.1.2.
    pub path: Vec<NodeHash>,
    /// The newer signed checkpoint.
    pub checkpoint: Vec<u8>,
}

impl ConsistencyProof {
    /// Returns the text. The checkpoint is UTF-8, as every signed note.
    pub fn encode(&self) -> String {
        let mut text = format!("old {}\n", self.old);
        for hash in &self.path {
            text.push_str(&hash_line(hash));
        }
        text.push('\n');
        text.push_str(&String::from_utf8_lossy(&self.checkpoint));
        text
    }

    /// Reads a text of exactly this form.
    pub fn decode(bytes: &[u8]) -> Result<Self, ConsistencyError> {
        if bytes.len() > CONSISTENCY_BYTES_MAX {
            return Err(ConsistencyError::TooLong);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| ConsistencyError::Text)?;
        let wrong = |line, expected| ConsistencyError::Line { line, expected };
        let (head, checkpoint) = text
            .split_once("\n\n")
            .ok_or_else(|| wrong(1, "followed by an empty line and a checkpoint"))?;
        let mut lines = (1..).zip(head.split('\n'));
        let old = lines.next().and_then(|(_, line)| line.strip_prefix("old "));
        let old = old
            .and_then(super::parse_size)
            .ok_or_else(|| wrong(1, "`old` and a tree size"))?;
        let mut path = Vec::new();
        for (line, text) in lines {
            let hash = parse_hash(text).filter(|_| path.len() < MAX_PROOF_HASHES);
            path.push(hash.ok_or_else(|| wrong(line, "a hash"))?);
        }
        Ok(Self {
            old,
            path,
            checkpoint: checkpoint.as_bytes().to_vec(),
        })
    }

    /// Checks that the log with this key extended `old`, and returns the newer checkpoint.
    pub fn check(&self, old: &Checkpoint, key: &LogKey) -> Result<Checkpoint, ConsistencyError> {
        let new = Checkpoint::open(&self.checkpoint, key)?;
        if self.old != old.size {
            return Err(ConsistencyError::OtherSize {
                expected: old.size,
                found: self.old,
            });
        }
        verify_consistency((old.size, old.root), (new.size, new.root), &self.path)?;
        Ok(new)
    }
}

#[cfg(test)]
mod tests {
    use super::super::key::tests::TestKey;
    use super::*;
    use crate::checkpoint::Origin;
    use crate::merkle::leaf_hash;
    use crate::merkle::prove_consistency;
    use crate::merkle::root;

    fn leaves(count: u64) -> Vec<NodeHash> {
        (0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect()
    }

    fn checkpoint(leaves: &[NodeHash]) -> Checkpoint {
        Checkpoint {
            origin: Origin::parse("example.org/herd").unwrap(),
            size: TreeSize::new(leaves.len() as u64),
            root: root(leaves),
        }
    }

    #[test]
    fn a_proof_holds_for_its_two_checkpoints_and_no_other() {
        let key = TestKey::new("example.org/herd", 1);
        let all = leaves(20);
        for new in 1..=20 {
            let note = checkpoint(&all[..new]).sign(&key.public, &key).unwrap();
            for old in 0..=new {
                let proof = ConsistencyProof {
                    old: TreeSize::new(old as u64),
                    path: prove_consistency(&all[..new], TreeSize::new(old as u64)).unwrap(),
                    checkpoint: note.clone(),
                };
                assert_eq!(
                    ConsistencyProof::decode(proof.encode().as_bytes()).unwrap(),
                    proof
                );
                let before = checkpoint(&all[..old]);
                assert_eq!(
                    proof.check(&before, &key.public).unwrap(),
                    checkpoint(&all[..new])
                );
                let mut forged = before.clone();
                forged.root = NodeHash::from_bytes([7; 32]);
                assert!(matches!(
                    proof.check(&forged, &key.public),
                    Err(ConsistencyError::Path(_))
                ));
                let shorter = checkpoint(&all[..(old + 1) % 20]);
                assert!(matches!(
                    proof.check(&shorter, &key.public),
                    Err(ConsistencyError::OtherSize { .. })
                ));
                let other = TestKey::new("example.org/herd", 2);
                assert!(matches!(
                    proof.check(&before, &other.public),
                    Err(ConsistencyError::Checkpoint(_))
                ));
            }
        }
    }

    #[test]
    fn only_the_one_spelling_is_read() {
        let proof = ConsistencyProof {
            old: TreeSize::new(7),
            path: vec![NodeHash::from_bytes([1; 32]), NodeHash::from_bytes([2; 32])],
            checkpoint: b"note".to_vec(),
        };
        let text = proof.encode();
        for wrong in [
            text.replace("old 7", "old 07"),
            text.replace("old 7", "old +7"),
            text.replace("old 7", "old 4611686018427387905"),
            text.replace("old 7", "new 7"),
            text.replacen("AQEB", "AQE", 1),
            text.replacen('=', "", 1),
            text.replace("\n\n", "\n"),
            format!(
                "old 7\n{}\nnote",
                hash_line(&NodeHash::from_bytes([1; 32])).repeat(64)
            ),
            "x".repeat(CONSISTENCY_BYTES_MAX + 1),
        ] {
            assert!(
                ConsistencyProof::decode(wrong.as_bytes()).is_err(),
                "{wrong:.200}"
            );
        }
        assert!(matches!(
            ConsistencyProof::decode(b"old 7\n\n\xff"),
            Err(ConsistencyError::Text)
        ));
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_read_is_written_the_same(text in "(old [0-9]{1,3}\n)?([A-Za-z0-9+/=]{44}\n){0,3}\n?[a-z\n]{0,9}") {
            if let Ok(proof) = ConsistencyProof::decode(text.as_bytes()) {
                proptest::prop_assert_eq!(proof.encode(), text);
            }
        }
    }
}
