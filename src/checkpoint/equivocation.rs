//! The proof that the holder of a log key signed two histories: two checkpoints that cannot both be of one log.
//!
//! ```text
//! herdbook/equivocation/v1
//! kind <same-size or prefix>
//! log <the verifier key of the log>
//! prefix <base64 of a root>                      kind prefix only
//! <base64 of a hash, one a line>                 kind prefix only
//!
//! <the first signed checkpoint, verbatim>
//!
//! <the second signed checkpoint, verbatim>
//! ```
//!
//! *same-size*: both sign the same size with different roots. *prefix*: the hashes show which root the first entries
//! of the second tree have (RFC 6962 2.1.2), and the first checkpoint signs another one for as many entries. Nobody
//! without the log key can make either; nobody needs a ledger to check it. The kind *seal* begins with the same lines,
//! [`Frame`], and stands above: it is about statements.

use crate::digest::NodeHash;
use crate::merkle::MAX_PROOF_HASHES;
use crate::merkle::MerkleError;
use crate::merkle::TreeSize;
use crate::merkle::verify_consistency;

use super::Checkpoint;
use super::CheckpointError;
use super::LogKey;
use super::LogKeyError;
use super::MAX_CHECKPOINT_BYTES;
use super::tlog_proof::hash_line;
use super::tlog_proof::parse_hash;

const MAGIC: &str = "herdbook/equivocation/v1";
const SAME_SIZE: &str = "same-size";
const PREFIX: &str = "prefix";

/// The longest such proof: two checkpoints of the greatest length, and every hash there can be.
pub const EQUIVOCATION_BYTES_MAX: usize = 2 * MAX_CHECKPOINT_BYTES + 8 * 1024;

/// Why a file shows no equivocation.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EquivocationError {
    /// Longer than any proof.
    #[error("it has more than the EQUIVOCATION_BYTES_MAX of {EQUIVOCATION_BYTES_MAX} bytes")]
    TooLong,
    /// Not UTF-8.
    #[error("it is not text")]
    Text,
    /// Not a header and two signed checkpoints with empty lines between them.
    #[error("it is not a header and two signed checkpoints, with an empty line between each")]
    Shape,
    /// A line of the header that does not stand there.
    #[error("line {line} is not {expected}")]
    Line {
        /// The line, from 1.
        line: usize,
        /// What stands there.
        expected: &'static str,
    },
    /// A kind that this version does not know.
    #[error("kind `{kind}` is not one that this version can check")]
    Kind {
        /// The kind.
        kind: String,
    },
    /// The key in the file is no log key.
    #[error("its `log` line is not a verifier key")]
    LogKey(#[from] LogKeyError),
    /// The file is about another log.
    #[error("it is about the log key {found}, not about {expected}")]
    OtherLog {
        /// The log key that was expected.
        expected: String,
        /// The log key in the file.
        found: String,
    },
    /// A checkpoint does not count.
    #[error("its {which} checkpoint does not count")]
    Checkpoint {
        /// `first` or `second`.
        which: &'static str,
        /// Why.
        source: CheckpointError,
    },
    /// The sizes are not those of the kind.
    #[error("checkpoints of {first} and {second} entries are not what this kind of proof is about")]
    Sizes {
        /// The size of the first checkpoint.
        first: TreeSize,
        /// The size of the second checkpoint.
        second: TreeSize,
    },
    /// The two checkpoints agree.
    #[error("its two checkpoints do not contradict each other")]
    Consistent,
    /// The hashes do not lead from the prefix to the second root.
    #[error("its hashes do not lead from the prefix to the root of the second checkpoint")]
    Path(#[from] MerkleError),
}

/// The lines that a proof of every kind begins with.
#[derive(Debug)]
pub struct Frame<'a> {
    /// The word for the kind.
    pub kind: &'a str,
    /// The key of the log.
    pub log: LogKey,
}

impl<'a> Frame<'a> {
    /// Reads the lines, and returns what follows them: the other lines, each with its number.
    pub fn read(
        header: &'a str,
    ) -> Result<(Self, impl Iterator<Item = (usize, &'a str)>), EquivocationError> {
        let wrong = |line, expected| EquivocationError::Line { line, expected };
        let mut lines = (1..).zip(header.split('\n'));
        let mut line = || lines.next().map(|(_, line)| line).unwrap_or_default();
        if line() != MAGIC {
            return Err(wrong(1, MAGIC));
        }
        let kind = line().strip_prefix("kind ");
        let kind = kind.ok_or_else(|| wrong(2, "`kind` and a word"))?;
        let log = line().strip_prefix("log ");
        let log = log.ok_or_else(|| wrong(3, "`log` and a verifier key"))?;
        let log = LogKey::parse_vkey(log)?;
        Ok((Self { kind, log }, lines))
    }

    /// Writes the lines.
    pub fn write(&self) -> String {
        format!("{MAGIC}\nkind {}\nlog {}\n", self.kind, self.log.to_vkey())
    }
}

/// Returns the error for a kind that a reader cannot check.
pub fn unknown_kind(kind: &str) -> EquivocationError {
    let kind = kind.chars().take(40).collect();
    EquivocationError::Kind { kind }
}

/// Why the two checkpoints cannot both be of one log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conflict {
    /// One size, two roots.
    SameSize,
    /// The second tree begins with other entries than the first checkpoint signs.
    Prefix {
        /// The root of as many first entries of the second tree as the first checkpoint has.
        root: NodeHash,
        /// The consistency proof from that root to the second checkpoint.
        path: Vec<NodeHash>,
    },
}

impl Conflict {
    /// Returns the word for the kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::SameSize => SAME_SIZE,
            Self::Prefix { .. } => PREFIX,
        }
    }
}

/// Two signed checkpoints and why they contradict each other. It shows nothing before [`Equivocation::check`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Equivocation {
    /// The key that signed both.
    pub log: LogKey,
    /// Why they cannot both be.
    pub conflict: Conflict,
    /// The first signed checkpoint; of two sizes the smaller.
    pub first: Vec<u8>,
    /// The second signed checkpoint.
    pub second: Vec<u8>,
}

/// What a checked proof shows: that one key signed both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The first checkpoint.
    pub first: Checkpoint,
    /// The second checkpoint.
    pub second: Checkpoint,
    /// The root that the first entries of the second tree have, as many as the first checkpoint has.
    pub prefix: NodeHash,
}

impl Equivocation {
    /// Returns the text.
    pub fn encode(&self) -> String {
        let frame = Frame {
            kind: self.conflict.kind(),
            log: self.log.clone(),
        };
        let mut text = frame.write();
        if let Conflict::Prefix { root, path } = &self.conflict {
            text.push_str(PREFIX);
            text.push(' ');
            for hash in std::iter::once(root).chain(path) {
                text.push_str(&hash_line(hash));
            }
        }
        // Signed notes are UTF-8.
        for note in [&self.first, &self.second] {
            text.push('\n');
            text.push_str(&String::from_utf8_lossy(note));
        }
        text
    }

    /// Reads a text of exactly this form.
    pub fn decode(bytes: &[u8]) -> Result<Self, EquivocationError> {
        if bytes.len() > EQUIVOCATION_BYTES_MAX {
            return Err(EquivocationError::TooLong);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| EquivocationError::Text)?;
        let parts: Vec<&str> = text.split("\n\n").collect();
        // A signed checkpoint has one empty line of its own.
        let [header, first, first_signed, second, second_signed] = parts.as_slice() else {
            return Err(EquivocationError::Shape);
        };
        let (log, conflict) = decode_header(header)?;
        Ok(Self {
            log,
            conflict,
            first: format!("{first}\n\n{first_signed}\n").into_bytes(),
            second: format!("{second}\n\n{second_signed}").into_bytes(),
        })
    }

    /// Checks that the holder of `key` signed two histories, and returns which.
    pub fn check(&self, key: &LogKey) -> Result<Shown, EquivocationError> {
        if self.log != *key {
            return Err(EquivocationError::OtherLog {
                expected: key.to_vkey(),
                found: self.log.to_vkey(),
            });
        }
        let open = |which, note: &[u8]| {
            Checkpoint::open(note, key).map_err(|source| EquivocationError::Checkpoint { which, source })
        };
        let (first, second) = (open("first", &self.first)?, open("second", &self.second)?);
        let sizes = EquivocationError::Sizes {
            first: first.size,
            second: second.size,
        };
        let prefix = match &self.conflict {
            Conflict::SameSize if first.size == second.size => second.root,
            Conflict::Prefix { root, path } if first.size < second.size => {
                verify_consistency((first.size, *root), (second.size, second.root), path)?;
                *root
            }
            _ => return Err(sizes),
        };
        if prefix == first.root {
            return Err(EquivocationError::Consistent);
        }
        Ok(Shown {
            first,
            second,
            prefix,
        })
    }
}

fn decode_header(header: &str) -> Result<(LogKey, Conflict), EquivocationError> {
    let wrong = |line, expected| EquivocationError::Line { line, expected };
    let (Frame { kind, log }, mut lines) = Frame::read(header)?;
    let conflict = match kind {
        SAME_SIZE => Conflict::SameSize,
        PREFIX => {
            let root = lines.next().and_then(|(_, line)| line.strip_prefix("prefix "));
            let root = root.and_then(parse_hash);
            let root = root.ok_or_else(|| wrong(4, "`prefix` and a root"))?;
            let mut path = Vec::new();
            for (line, text) in lines.by_ref() {
                let hash = parse_hash(text).filter(|_| path.len() < MAX_PROOF_HASHES);
                path.push(hash.ok_or_else(|| wrong(line, "a hash"))?);
            }
            Conflict::Prefix { root, path }
        }
        other => return Err(unknown_kind(other)),
    };
    match lines.next() {
        Some((line, _)) => Err(wrong(line, "an empty line")),
        None => Ok((log, conflict)),
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

    fn key() -> TestKey {
        TestKey::new("example.org/herd", 1)
    }

    /// The leaves of a history that forks after `common` entries.
    fn history(common: u64, count: u64, side: u8) -> Vec<NodeHash> {
        let leaf =
            |n: u64| leaf_hash(&[n.to_be_bytes().as_slice(), &[if n < common { 0 } else { side }]].concat());
        (0..count).map(leaf).collect()
    }

    fn note(leaves: &[NodeHash], by: &TestKey) -> Vec<u8> {
        let checkpoint = Checkpoint {
            origin: Origin::parse("example.org/herd").unwrap(),
            size: TreeSize::new(leaves.len() as u64),
            root: root(leaves),
        };
        checkpoint.sign(&by.public, by).unwrap()
    }

    fn proof(first: &[NodeHash], second: &[NodeHash], by: &TestKey) -> Equivocation {
        let old = first.len();
        let conflict = if old == second.len() {
            Conflict::SameSize
        } else {
            Conflict::Prefix {
                root: root(&second[..old]),
                path: prove_consistency(second, TreeSize::new(old as u64)).unwrap(),
            }
        };
        Equivocation {
            log: by.public.clone(),
            conflict,
            first: note(first, by),
            second: note(second, by),
        }
    }

    #[test]
    fn forks_are_shown_and_honest_histories_are_not() {
        let key = key();
        for old in 1..12 {
            for new in old..12 {
                for common in 0..=old {
                    let (first, second) = (history(common, old, 1), history(common, new, 2));
                    let made = proof(&first, &second, &key);
                    let read = Equivocation::decode(made.encode().as_bytes()).unwrap();
                    assert_eq!(read, made);
                    let checked = read.check(&key.public);
                    if common == old {
                        assert!(
                            matches!(checked, Err(EquivocationError::Consistent)),
                            "{checked:?}"
                        );
                    } else {
                        let shown = checked.unwrap();
                        assert_eq!(
                            (shown.first.root, shown.second.root),
                            (root(&first), root(&second))
                        );
                        assert_eq!(shown.prefix, root(&second[..usize::try_from(old).unwrap()]));
                    }
                }
            }
        }
    }

    /// Whoever has two honest checkpoints and no key cannot make them look dishonest.
    #[test]
    fn nobody_without_the_key_can_frame_its_holder() {
        let key = key();
        let (first, second) = (history(9, 5, 0), history(9, 9, 0));
        let honest = proof(&first, &second, &key);
        let Conflict::Prefix {
            root: true_root,
            path,
        } = honest.conflict.clone()
        else {
            panic!("two sizes")
        };
        let other = NodeHash::from_bytes([3; 32]);
        let mut framed = honest.clone();
        framed.conflict = Conflict::Prefix {
            root: other,
            path: path.clone(),
        };
        assert!(matches!(
            framed.check(&key.public),
            Err(EquivocationError::Path(_))
        ));
        for at in 0..path.len() {
            let mut bent = path.clone();
            bent[at] = other;
            for root in [other, true_root] {
                framed.conflict = Conflict::Prefix {
                    root,
                    path: bent.clone(),
                };
                assert!(matches!(
                    framed.check(&key.public),
                    Err(EquivocationError::Path(_))
                ));
            }
        }
        framed.conflict = Conflict::SameSize;
        assert!(matches!(
            framed.check(&key.public),
            Err(EquivocationError::Sizes { .. })
        ));
        std::mem::swap(&mut framed.first, &mut framed.second);
        framed.conflict = honest.conflict;
        assert!(matches!(
            framed.check(&key.public),
            Err(EquivocationError::Sizes { .. })
        ));
        // Forged by another key, under the same name.
        let thief = TestKey::new("example.org/herd", 2);
        let mut forged = proof(&history(0, 5, 1), &history(0, 5, 2), &thief);
        assert!(matches!(
            forged.check(&key.public),
            Err(EquivocationError::OtherLog { .. })
        ));
        forged.log = key.public.clone();
        assert!(matches!(
            forged.check(&key.public),
            Err(EquivocationError::Checkpoint { .. })
        ));
    }

    #[test]
    fn every_flipped_bit_shows_nothing() {
        let key = key();
        for (old, new) in [(5, 5), (5, 9)] {
            let text = proof(&history(2, old, 1), &history(2, new, 2), &key).encode();
            for at in 0..text.len() {
                for bit in 0..8 {
                    let mut bad = text.clone().into_bytes();
                    bad[at] ^= 1 << bit;
                    let checked = Equivocation::decode(&bad).and_then(|read| read.check(&key.public));
                    assert!(checked.is_err(), "byte {at} bit {bit} of {new}");
                }
            }
        }
    }

    #[test]
    fn only_the_one_spelling_is_read() {
        let key = key();
        let text = proof(&history(2, 5, 1), &history(2, 9, 2), &key).encode();
        let kind = |error: Result<Equivocation, _>| matches!(error, Err(EquivocationError::Kind { .. }));
        assert!(kind(Equivocation::decode(
            text.replace("kind prefix", "kind seal").as_bytes()
        )));
        for wrong in [
            String::new(),
            text.replace("/v1", "/v2"),
            text.replace("kind prefix", "kind same-size"),
            text.replace("\nprefix ", "\nroot "),
            text.replace("\nlog ", "\nkey "),
            text.replacen("\n\n", "\n", 1),
            text.replacen("\n\n", "\n\n\n", 1),
            format!("{text}\n\n"),
            "x".repeat(EQUIVOCATION_BYTES_MAX + 1),
        ] {
            let checked = Equivocation::decode(wrong.as_bytes()).and_then(|read| read.check(&key.public));
            assert!(checked.is_err(), "{wrong:.300}");
        }
        assert!(Equivocation::decode(b"\xff").is_err());
    }
}
