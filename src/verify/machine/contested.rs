//! Whether evidence that is only part of a log leaves out a statement that says something of the lineage.
//!
//! The seal counts, for every tie that several statements have, how many there are. So whoever holds all records of
//! the seal knows of each tie of the lineage how many statements must be there.

use std::collections::BTreeMap;

use crate::digest::Sha256Digest;
use crate::merkle;
use crate::merkle::Frontier;
use crate::statement::Contested;
use crate::statement::Predicate;
use crate::statement::Seal;
use crate::statement::model_tie;
use crate::verify::Given;
use crate::verify::finding::Code;

use super::Phase;
use super::Verifier;

/// The records of a seal while they come.
#[derive(Debug, Default)]
pub(super) struct Records {
    seal: Option<Seal>,
    tree: Frontier,
    /// Bytes of a record of which the rest is still to come.
    rest: Vec<u8>,
    last: Option<Sha256Digest>,
    disordered: bool,
    /// How many statements have each tie of the lineage in the bundle, and by the seal.
    counts: BTreeMap<Sha256Digest, (usize, u32)>,
}

impl Records {
    fn push(&mut self, part: &[u8]) {
        let mut bytes = std::mem::take(&mut self.rest);
        bytes.extend_from_slice(part);
        let (records, rest) = bytes.as_chunks::<{ Contested::BYTES }>();
        for bytes in records {
            let record = Contested::from_bytes(bytes);
            self.disordered |= self.last.is_some_and(|last| last >= record.tie) || record.statements < 2;
            self.last = Some(record.tie);
            self.tree.append(merkle::leaf_hash(bytes));
            if let Some((_, sealed)) = self.counts.get_mut(&record.tie) {
                *sealed = record.statements;
            }
        }
        self.rest = rest.to_vec();
    }
}

impl Verifier {
    /// Remembers what the records are held against. Without a seal there is nothing to hold them against, and that is
    /// a finding of its own.
    pub(super) fn begin_contested(&mut self) -> bool {
        let ties = self.claims.statements().chain(self.relations.statements());
        self.records.counts = ties.map(|(tie, here)| (tie, (here, 1))).collect();
        self.records.seal.is_some()
    }

    /// Keeps the seal whose records are asked for.
    pub(super) fn expect_records(&mut self, seal: Seal) {
        self.records.seal = Some(seal);
    }

    /// Takes some bytes of the records that were asked for, in order.
    pub fn contested_part(&mut self, part: &[u8]) {
        if self.phase == Phase::Contested {
            self.records.push(part);
        }
    }

    /// Takes the records that were asked for, or the last bytes of them.
    pub fn contested(&mut self, given: Given<&[u8]>) {
        if self.phase != Phase::Contested {
            return;
        }
        self.phase = Phase::Held;
        match given {
            Given::Found(rest) => {
                self.records.push(rest);
                self.check_records();
            }
            Given::Missing => self.ledger_finding(
                Code::ClaimsIncomplete,
                "contested",
                "the ties that the seal counts are not there, so rival claims may be held back",
            ),
            Given::Damaged(why) => {
                let message = format!("the ties that the seal counts cannot be read: {why}");
                self.ledger_finding(Code::ContestedDiffers, "contested", message);
            }
        }
        self.settle();
    }

    fn check_records(&mut self) {
        let records = std::mem::take(&mut self.records);
        let Some(seal) = records.seal else { return };
        let found = records.tree.size().get();
        let whole = records.rest.is_empty() && !records.disordered;
        if whole && found < seal.contested {
            let message = format!(
                "the seal counts {} contested ties, and {found} of them are there: rival claims may be held back",
                seal.contested
            );
            return self.ledger_finding(Code::ClaimsIncomplete, "contested", message);
        }
        if !whole || (found, records.tree.root()) != (seal.contested, seal.contested_root) {
            let message = "the contested ties are not those that the seal counts";
            return self.ledger_finding(Code::ContestedDiffers, "contested", message);
        }
        for (tie, (here, sealed)) in records.counts {
            let sealed = usize::try_from(sealed).unwrap_or(usize::MAX);
            if here < sealed {
                let message = format!(
                    "{sealed} statements of the log speak about {}, and {here} of them are here: what the others say is held \
                     back",
                    self.tie_name(tie)
                );
                self.ledger_finding(Code::ClaimsIncomplete, "contested", message);
            } else if here > sealed {
                let message = format!(
                    "the seal counts {sealed} statements about {}, and {here} are in the log",
                    self.tie_name(tie)
                );
                self.ledger_finding(Code::SealFalse, "seal", message);
            }
        }
    }

    /// Returns what a tie of the lineage is, for people.
    fn tie_name(&self, tie: Sha256Digest) -> String {
        let named = |of: &super::Claimed| of.own_claim(tie);
        if let Some(claim) = named(&self.claims) {
            let name = self.graph.locate(claim).map(|located| located.name());
            return name.map_or_else(
                || format!("sha256 {tie}"),
                |name| format!("the same bytes as {name} (sha256 {tie})"),
            );
        }
        let related = named(&self.relations);
        let step = related.map(|claim| {
            if let Some((_, run)) = self.graph.run(claim.statement) {
                return format!("run {}", run.name);
            }
            let located = self.graph.locate(claim);
            let named = located.as_ref().map(|located| &located.node.statement.predicate);
            if let Some(Predicate::Source(source)) = named {
                let name = source.generators.names().find(|name| model_tie(name) == tie);
                return format!("a model called {}", name.unwrap_or_default());
            }
            let name = located.map(|located| located.name());
            format!("a model called {}", name.unwrap_or_else(|| claim.to_string()))
        });
        step.unwrap_or_else(|| tie.to_string())
    }
}
