//! Earlier checkpoints held against the one that is judged: the one a verifier remembers, and one that was asked for.
//!
//! The log key signed both, so each is a promise about its first entries. The judged tree must begin with exactly the
//! entries that an earlier checkpoint covers; fewer entries are a rollback, other ones a fork.

use std::cmp::Ordering;

use crate::checkpoint::Checkpoint;
use crate::checkpoint::root_text;
use crate::digest::NodeHash;
use crate::merkle::DescendingRoot;
use crate::merkle::LeafIndex;
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
    /// The root of as many first entries of the judged tree.
    root: DescendingRoot,
    /// Whether a part was left out of which only some entries are among them.
    pruned: bool,
}

impl Verifier {
    /// Opens the earlier checkpoints and says what sizes alone show. What is left is compared when all entries were seen.
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
                    root: DescendingRoot::new(earlier.size),
                    checkpoint: earlier,
                    why,
                    pruned: false,
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

    /// Takes a complete subtree of the judged tree, or a leaf, for the roots of its first entries. They come last to first.
    pub(super) fn earlier_subtree(&mut self, level: u32, first: LeafIndex, root: NodeHash) {
        for earlier in &mut self.earlier {
            let Some(end) = earlier.root.next_index() else {
                continue;
            };
            // What begins behind those entries is none of them; what begins before and ends behind shows no root of them.
            if first <= end && !earlier.root.push_subtree(level, first, root) {
                earlier.pruned = true;
            }
        }
    }

    /// Compares what the earlier checkpoints sign with the first entries of the judged tree, whose root is right.
    pub(super) fn compare_with_earlier(&mut self) {
        for earlier in std::mem::take(&mut self.earlier) {
            let Some(judged) = &self.checkpoint else {
                return;
            };
            let (checkpoint, when) = (&earlier.checkpoint, earlier.why.when());
            let Some(root) = earlier.root.root().filter(|_| !earlier.pruned) else {
                let message = format!(
                    "this evidence is only part of a log, and does not show which root its first {} entries have: ask for \
                     a proof from the checkpoint that was signed when {when} (`herdbook log consistency`)",
                    checkpoint.size
                );
                self.ledger_finding(Code::EarlierNotShown, "checkpoint", message);
                continue;
            };
            if root == checkpoint.root {
                continue;
            }
            let message = format!(
                "the log has {} now, the first {} of which have the root {}; it had {} when {when}: the log key signed two \
                 histories",
                described(judged),
                checkpoint.size,
                root_text(&root),
                described(checkpoint),
            );
            self.ledger_finding(Code::Forked, "checkpoint", message);
        }
    }
}

fn described(checkpoint: &Checkpoint) -> String {
    format!(
        "{} entries with the root {}",
        checkpoint.size,
        root_text(&checkpoint.root)
    )
}
