//! Earlier checkpoints held against the one that is judged: the one a verifier remembers, and one that was asked for.
//!
//! The log key signed both, so each is a promise about its first entries. The judged tree must begin with exactly the
//! entries that an earlier checkpoint covers; fewer entries are a rollback, other ones a fork.

use std::cmp::Ordering;

use crate::checkpoint::Checkpoint;
use crate::checkpoint::root_text;
use crate::digest::NodeHash;
use crate::merkle;
use crate::merkle::LeafIndex;
use crate::merkle::Part;
use crate::merkle::TreeSize;
use crate::verify::finding::Code;

use super::Verifier;
use super::with_sources;

/// Why an earlier checkpoint is held against the judged one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Why {
    /// It was accepted before: a smaller size is a rollback.
    Remembered,
    /// It was asked for: a smaller size is too old.
    Asked,
}

impl Why {
    fn when(self) -> &'static str {
        match self {
            Self::Remembered => "it was last accepted",
            Self::Asked => "the checkpoint that was asked for was signed",
        }
    }
}

/// An earlier checkpoint of fewer entries, whose root is still to be compared.
#[derive(Debug, Clone)]
pub(super) struct Earlier {
    checkpoint: Checkpoint,
    why: Why,
}

impl Verifier {
    /// Opens the earlier checkpoints and says what sizes alone show. What is left is compared when all leaves are known.
    pub(super) fn hold_against_earlier(&mut self) {
        let Some(judged) = self.checkpoint.as_ref().map(|checkpoint| checkpoint.size) else {
            return;
        };
        if let Some(least) = self.request.min_size.filter(|least| *least > judged) {
            let message = format!(
                "the checkpoint has {judged} entries, and at least {least} were asked for: get a newer copy of the ledger"
            );
            self.ledger_finding(Code::CheckpointTooOld, "checkpoint", message);
        }
        let (remembered, newer) = (self.request.remembered.clone(), self.request.newer.clone());
        for (note, why) in [(remembered, Why::Remembered), (newer, Why::Asked)] {
            if let Some(note) = note {
                self.hold_against(&note, why);
            }
        }
    }

    /// A part of a log is as of the checkpoint it was cut from: that a later one is known makes it old, and nothing was
    /// rolled back. Whoever asks for the verdict of then is told that nobody showed the one to go on in the other.
    pub(super) fn old_is_no_rollback(&mut self) {
        let (Some(key), Some(judged)) = (&self.log_key, &self.checkpoint) else {
            return;
        };
        let note = self.request.remembered.as_ref();
        let Some(known) = note.and_then(|note| Checkpoint::open(note, key).ok()) else {
            return;
        };
        let (code, message) = if self.request.older {
            (
                Code::OlderThanAccepted,
                format!(
                    "judged as of {} entries; you accepted {} before; not shown that one continues the other",
                    judged.size, known.size
                ),
            )
        } else {
            (
                Code::CheckpointTooOld,
                format!(
                    "this evidence is of {}, and you have accepted a checkpoint of {}: ask for newer evidence",
                    described(judged),
                    described(&known)
                ),
            )
        };
        for finding in &mut self.findings {
            if finding.code == Code::RolledBack {
                finding.code = code;
                finding.message.clone_from(&message);
            }
        }
    }

    fn hold_against(&mut self, note: &[u8], why: Why) {
        let (Some(key), Some(judged)) = (&self.log_key, &self.checkpoint) else {
            return;
        };
        let earlier = match Checkpoint::open(note, key) {
            Ok(checkpoint) => checkpoint,
            Err(error) => {
                let what = match why {
                    Why::Remembered => "the checkpoint that is remembered of this log",
                    Why::Asked => "the checkpoint that this one is to be newer than",
                };
                let message = format!("{what} cannot be held against it: {}", with_sources(&error));
                return self.ledger_finding(Code::EarlierInvalid, "checkpoint", message);
            }
        };
        match earlier.size.cmp(&judged.size) {
            Ordering::Less => {
                return self.earlier.push(Earlier {
                    checkpoint: earlier,
                    why,
                });
            }
            Ordering::Equal if earlier.root == judged.root => return,
            Ordering::Equal => {
                let message = format!(
                    "the log has {} now, and had {} when {}: the log key signed two histories of one length",
                    described(judged),
                    described(&earlier),
                    why.when()
                );
                return self.ledger_finding(Code::Forked, "checkpoint", message);
            }
            Ordering::Greater => {}
        }
        let (found, known) = (described(judged), described(&earlier));
        let (code, message) = match why {
            Why::Remembered => (
                Code::RolledBack,
                format!(
                    "the log has {found} now, and had {known} when it was last accepted: entries that it had are gone"
                ),
            ),
            Why::Asked => (
                Code::CheckpointTooOld,
                format!(
                    "the checkpoint has {found}, and is older than the one of {known} that was asked for"
                ),
            ),
        };
        self.ledger_finding(code, "checkpoint", message);
    }

    /// Compares what the earlier checkpoints sign with the first leaves of the judged tree. `whole` says whether those
    /// leaves hash to the judged root: else that is what is told, and nobody knows whose the leaves are.
    pub(super) fn compare_with_earlier(&mut self, whole: bool) {
        for Earlier { checkpoint, why } in std::mem::take(&mut self.earlier) {
            let Some(judged) = self.checkpoint.as_ref().filter(|_| whole) else {
                return;
            };
            let Some(root) = self.prefix_root(checkpoint.size) else {
                let message = format!(
                    "this evidence does not show that the log still begins with the {} when {}: ask for a bundle that \
                     was written from the ledger by a current herdbook",
                    described(&checkpoint),
                    why.when()
                );
                self.ledger_finding(Code::ConsistencyNotShown, "checkpoint", message);
                continue;
            };
            if root == checkpoint.root {
                continue;
            }
            let (found, known) = (described(judged), described(&checkpoint));
            let message = format!(
                "the log has {found} now, the first {} of which have the root {}; it had {known} when {}: the log key \
                 signed two histories",
                checkpoint.size,
                root_text(&root),
                why.when()
            );
            self.ledger_finding(Code::Forked, "checkpoint", message);
        }
    }

    /// Returns the root of the first leaves of the judged tree; nothing where pruned entries reach over that size.
    fn prefix_root(&self, size: TreeSize) -> Option<NodeHash> {
        let leaf = |(index, hash): &(LeafIndex, NodeHash)| Part::Leaf {
            index: *index,
            hash: *hash,
        };
        let mut parts: Vec<Part> = self.leaves.iter().map(leaf).collect();
        parts.extend(&self.subtrees);
        parts.sort_by_key(|part| std::cmp::Reverse(part.first()));
        merkle::prefix_root(&parts, size)
    }
}

fn described(checkpoint: &Checkpoint) -> String {
    format!(
        "{} entries with the root {}",
        checkpoint.size,
        root_text(&checkpoint.root)
    )
}
