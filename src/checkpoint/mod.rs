//! The checkpoint: what the log has signed about its tree.
//!
//! C2SP tlog-checkpoint v1.0.0 inside C2SP signed-note v1.0.0, with exactly three lines of text: origin, tree size,
//! root. Extension lines, which the specification calls NOT RECOMMENDED, are refused.
//!
//! | file | holds |
//! |---|---|
//! | `mod.rs` | [`Origin`], [`Checkpoint`]: body, signing, opening |
//! | [`note`] | the signed note around it: text and signature lines |
//! | [`tlog_proof`] | [`TlogProof`]: an entry, its path, the checkpoint |
//! | [`tlog_consistency`] | [`ConsistencyProof`]: that a checkpoint extends an older one |
//! | [`equivocation`] | [`Equivocation`]: that a log key signed two histories |
//! | [`key`] | [`LogKey`]: the verifier key, its text form, its key id; the [`Signer`] that holds the private half |

pub mod equivocation;
pub mod key;
pub mod note;
pub mod tlog_consistency;
pub mod tlog_proof;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::digest::NodeHash;
use crate::merkle::{MAX_TREE_SIZE, TreeSize};

pub use equivocation::{Conflict, EQUIVOCATION_BYTES_MAX, Equivocation, EquivocationError, Frame, Shown};
pub use key::{LogKey, LogKeyError, SignError, Signer};
pub use note::{Note, NoteError, NoteKeyId, NoteSignature};
pub use tlog_consistency::{CONSISTENCY_BYTES_MAX, ConsistencyError, ConsistencyProof};
pub use tlog_proof::{TLOG_PROOF_BYTES_MAX, TlogProof, TlogProofError};

/// The longest origin.
pub const MAX_ORIGIN_BYTES: usize = 128;

/// The largest signed checkpoint: sixteen of the largest known signatures fit.
pub const MAX_CHECKPOINT_BYTES: usize = 64 * 1024;

/// The name of a log, for ever: the first line of its checkpoints and the name of its key.
///
/// ASCII letters, digits and `-._~/:@`, at most [`MAX_ORIGIN_BYTES`]; a URL without its scheme by convention.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(String);

impl Origin {
    /// Checks a text and wraps it.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        if text.is_empty() || text.len() > MAX_ORIGIN_BYTES || !text.bytes().all(is_origin_byte) {
            return Err(CheckpointError::Origin { text: cut(text) });
        }
        Ok(Self(text.to_owned()))
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Origin({})", self.0)
    }
}

/// Why a checkpoint was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// The origin is empty, too long or has a character that is not allowed.
    #[error("`{text}` is not an origin: 1 to {MAX_ORIGIN_BYTES} of the letters a-z A-Z 0-9 and -._~/:@")]
    Origin {
        /// What was given, cut to 80 characters.
        text: String,
    },
    /// The signed note around the checkpoint is malformed.
    #[error("the signed note is malformed")]
    Note(#[from] NoteError),
    /// The text of the note is not origin, size and root.
    #[error("line {line} of the checkpoint is not {expected}")]
    Body {
        /// The line, counted from 1.
        line: u8,
        /// What stands there in a checkpoint.
        expected: &'static str,
    },
    /// The note has lines after the root.
    #[error("the checkpoint has extension lines, which are not accepted")]
    ExtensionLines,
    /// The checkpoint is one of another log.
    #[error("the checkpoint is one of `{actual}`, not of `{expected}`")]
    OtherOrigin {
        /// The origin of the log whose key verifies.
        expected: Origin,
        /// The origin in the checkpoint.
        actual: Origin,
    },
    /// The checkpoint has no signature by the log key.
    #[error("the checkpoint has no signature by the log key {vkey}")]
    NotSigned {
        /// The verifier key in its text form.
        vkey: String,
    },
    /// A signature by the log key does not verify.
    #[error("the signature by the log key {vkey} does not verify")]
    BadSignature {
        /// The verifier key in its text form.
        vkey: String,
    },
    /// The signer failed, or signed with another key.
    #[error("the checkpoint was not signed")]
    Sign(#[from] SignError),
}

/// What a log says about its tree: whose, how large, which root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The log.
    pub origin: Origin,
    /// The number of leaves.
    pub size: TreeSize,
    /// The root over all leaves.
    pub root: NodeHash,
}

impl Checkpoint {
    /// Returns the three lines that are signed.
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, root_text(&self.root))
    }

    /// Parses the three lines exactly as [`Checkpoint::text`] writes them.
    pub fn parse_text(text: &str) -> Result<Self, CheckpointError> {
        let mut lines = text.split('\n');
        let mut line = || lines.next().unwrap_or_default();
        let origin = Origin::parse(line())?;
        let size = parse_size(line()).ok_or(CheckpointError::Body {
            line: 2,
            expected: "a tree size in decimal without leading zeros, at most 2^62",
        })?;
        let root = tlog_proof::parse_hash(line()).ok_or(CheckpointError::Body {
            line: 3,
            expected: "the base64 of a 32-byte root",
        })?;
        let checkpoint = Self { origin, size, root };
        if checkpoint.text() == text {
            Ok(checkpoint)
        } else {
            Err(CheckpointError::ExtensionLines)
        }
    }

    /// Signs the checkpoint and returns the whole signed note, checked with `key` before it is handed out.
    ///
    /// Errors: the origin is not that of `key`; the signer fails or holds another key.
    pub fn sign(&self, key: &LogKey, signer: &dyn Signer) -> Result<Vec<u8>, CheckpointError> {
        self.check_origin(key)?;
        let text = self.text();
        let signature = signer.sign(text.as_bytes())?;
        let note = Note::new(text, vec![key.note_signature(&signature)])?.encode();
        Self::open(&note, key)?;
        Ok(note)
    }

    /// Parses a signed note and returns its checkpoint when the log key has signed it.
    ///
    /// As signed-note demands: signatures by other names or key ids are ignored; one by this key that does not
    /// verify refuses the note, even beside one that does.
    pub fn open(note: &[u8], key: &LogKey) -> Result<Self, CheckpointError> {
        let note = Note::parse(note)?;
        let checkpoint = Self::parse_text(note.text())?;
        let mut verified = false;
        for signature in note
            .signatures()
            .iter()
            .filter(|signature| key.is_named_by(signature))
        {
            if !key.verifies_note(note.text(), signature) {
                return Err(CheckpointError::BadSignature { vkey: key.to_vkey() });
            }
            verified = true;
        }
        // After the signatures: a checkpoint of this log with another name written in is a false one, not another's.
        checkpoint.check_origin(key)?;
        if verified {
            Ok(checkpoint)
        } else {
            Err(CheckpointError::NotSigned { vkey: key.to_vkey() })
        }
    }

    fn check_origin(&self, key: &LogKey) -> Result<(), CheckpointError> {
        if self.origin == *key.origin() {
            return Ok(());
        }
        Err(CheckpointError::OtherOrigin {
            expected: key.origin().clone(),
            actual: self.origin.clone(),
        })
    }
}

/// Returns a root as checkpoints write it: base64.
pub fn root_text(root: &NodeHash) -> String {
    STANDARD.encode(root.as_bytes())
}

const fn is_origin_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/' | b':' | b'@')
}

fn parse_size(line: &str) -> Option<TreeSize> {
    let size: u64 = line.parse().ok()?;
    (size <= MAX_TREE_SIZE && size.to_string() == line).then(|| TreeSize::new(size))
}

fn cut(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::key::tests::TestKey;
    use super::*;
    use crate::merkle::EMPTY_ROOT;

    fn checkpoint(size: u64) -> Checkpoint {
        let origin = Origin::parse("example.org/herd").unwrap();
        Checkpoint {
            origin,
            size: TreeSize::new(size),
            root: EMPTY_ROOT,
        }
    }

    #[test]
    fn what_is_signed_opens() {
        let key = TestKey::new("example.org/herd", 1);
        for size in [0, 1, MAX_TREE_SIZE] {
            let note = checkpoint(size).sign(&key.public, &key).unwrap();
            assert_eq!(Checkpoint::open(&note, &key.public), Ok(checkpoint(size)));
        }
    }

    #[test]
    fn every_flipped_bit_is_refused() {
        let key = TestKey::new("example.org/herd", 1);
        let note = checkpoint(7).sign(&key.public, &key).unwrap();
        for at in 0..note.len() {
            for bit in 0..8 {
                let mut bad = note.clone();
                bad[at] ^= 1 << bit;
                assert!(
                    Checkpoint::open(&bad, &key.public).is_err(),
                    "byte {at} bit {bit}"
                );
            }
        }
    }

    #[test]
    fn bodies_that_are_not_three_canonical_lines_are_refused() {
        let root = STANDARD.encode(EMPTY_ROOT.as_bytes());
        let bad = [
            String::new(),
            format!("\n1\n{root}\n"),
            format!("a b\n1\n{root}\n"),
            format!("a+b\n1\n{root}\n"),
            format!("a\n01\n{root}\n"),
            format!("a\n+1\n{root}\n"),
            format!("a\n-1\n{root}\n"),
            format!("a\n4611686018427387905\n{root}\n"),
            format!("a\n1\n{root}"),
            format!("a\n1\n{root}\nextension\n"),
            format!("a\n1\n{root}\n\n"),
            "a\n1\nAAAA\n".to_owned(),
            format!("a\n1\n{}\n", root.trim_end_matches('=')),
            format!("{}\n1\n{root}\n", "a".repeat(MAX_ORIGIN_BYTES + 1)),
        ];
        for text in bad {
            assert!(Checkpoint::parse_text(&text).is_err(), "{text}");
        }
        assert!(Checkpoint::parse_text(&format!("a\n0\n{root}\n")).is_ok());
    }

    #[test]
    fn unknown_signatures_are_ignored_and_a_false_one_by_the_log_key_refuses_all() {
        let (key, other) = (
            TestKey::new("example.org/herd", 1),
            TestKey::new("witness.example", 2),
        );
        let text = checkpoint(3).text();
        let sign = |by: &TestKey| by.public.note_signature(&by.sign(text.as_bytes()).unwrap());
        let open = |signatures| {
            Checkpoint::open(
                &Note::new(text.clone(), signatures).unwrap().encode(),
                &key.public,
            )
            .map(|_| ())
        };
        assert_eq!(open(vec![sign(&other), sign(&key)]), Ok(()));
        assert!(matches!(
            open(vec![sign(&other)]),
            Err(CheckpointError::NotSigned { .. })
        ));
        let mut false_one = sign(&key);
        false_one.bytes[10] ^= 1;
        assert!(matches!(
            open(vec![sign(&key), false_one]),
            Err(CheckpointError::BadSignature { .. })
        ));
        // The same private key under another name is another key: the id binds the name.
        let renamed = TestKey::new("example.org/other", 1);
        assert!(matches!(
            open(vec![sign(&renamed)]),
            Err(CheckpointError::NotSigned { .. })
        ));
    }

    #[test]
    fn a_signer_with_another_key_is_found_out_before_anything_is_published() {
        let (key, other) = (
            TestKey::new("example.org/herd", 1),
            TestKey::new("example.org/herd", 2),
        );
        assert!(matches!(
            checkpoint(3).sign(&key.public, &other),
            Err(CheckpointError::BadSignature { .. })
        ));
        let elsewhere = TestKey::new("example.org/other", 1);
        assert!(matches!(
            checkpoint(3).sign(&elsewhere.public, &elsewhere),
            Err(CheckpointError::OtherOrigin { .. })
        ));
    }
}
