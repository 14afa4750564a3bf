//! Earlier checkpoints beside a verdict: what is told of them where nothing was judged, and what to do next.

use crate::cli::error::Error;
use crate::cli::fresh::Fresh;
use crate::cli::held::after_fork;
use crate::cli::held::after_invalid;
use crate::cli::held::after_rollback;
use crate::cli::session::Session;
use crate::ledger::Ledger;
use crate::ledger::Remembered;
use crate::ledger::drive::judge;
use crate::ledger::drive::published_note;
use crate::merkle::TreeSize;
use crate::verify::Code;
use crate::verify::Finding;
use crate::verify::Request;
use crate::verify::Trust;
use crate::verify::Verdict;

use super::Outcome;
use super::Told;

/// What the judged checkpoint is held against, read before it.
#[derive(Debug)]
pub(super) struct Earlier {
    pub(super) place: Option<Remembered>,
    pub(super) remembered: Option<Vec<u8>>,
    pub(super) newer: Option<Vec<u8>>,
    pub(super) min_size: Option<TreeSize>,
    /// The published checkpoint, read after all of these.
    pub(super) checkpoint: Vec<u8>,
}

impl Earlier {
    /// Reads what is remembered, and then the published checkpoint.
    pub(super) fn read(session: &Session, fresh: &Fresh, ledger: &mut Ledger) -> Result<Self, Error> {
        let place = session.remembered(&ledger.checkpoint().origin);
        let note = place.as_ref().map(Remembered::note).transpose()?;
        Ok(Self {
            place,
            remembered: note.flatten(),
            newer: fresh.newer(session)?,
            min_size: fresh.min_size(),
            checkpoint: published_note(ledger)?,
        })
    }

    /// Completes a request.
    pub(super) fn request(&self, request: Request) -> Request {
        Request {
            checkpoint: self.checkpoint.clone(),
            remembered: self.remembered.clone(),
            newer: self.newer.clone(),
            min_size: self.min_size,
            ..request
        }
    }

    /// Returns what speaks against the checkpoint itself, for something that is not in the ledger and so is not judged:
    /// it may be missing because of that.
    pub(super) fn against(&self, ledger: &Ledger, trust: &Trust) -> Result<Option<Finding>, Error> {
        if self.remembered.is_none() && self.newer.is_none() && self.min_size.is_none() {
            return Ok(None);
        }
        let request = self.request(Request::of(trust.clone()));
        let judgement = judge(ledger, request, None)?;
        let mut findings = judgement.get().findings.iter();
        Ok(findings.find(|finding| is_earlier(finding.code)).cloned())
    }

    /// Remembers the judged checkpoint if it may be; what keeps it from being remembered was judged.
    pub(super) fn accept(&self, session: &Session, ledger: &Ledger, trust: &Trust) -> Vec<String> {
        let Trust::Pinned(root) = trust else {
            return Vec::new();
        };
        let accepted = session.accept(ledger, &self.checkpoint, Some(root));
        accepted.unwrap_or_default()
    }

    /// Returns what to do about what was found.
    pub(super) fn advice(&self, outcomes: &[Outcome]) -> Vec<String> {
        let Some(path) = self.place.as_ref().map(Remembered::path) else {
            return Vec::new();
        };
        if self.remembered.is_none() {
            return Vec::new();
        }
        let found = |code| outcomes.iter().any(|outcome| outcome.has(code));
        let codes = [Code::RolledBack, Code::Forked, Code::EarlierInvalid];
        let advice = codes.into_iter().filter(|code| found(*code)).map(|code| {
            let advice = match code {
                Code::RolledBack => after_rollback(path),
                Code::Forked => after_fork(path),
                _ => after_invalid(path),
            };
            format!("What was accepted before is in {}: {advice}.", path.display())
        });
        advice.collect()
    }
}

/// Returns whether a finding is about an earlier checkpoint.
const fn is_earlier(code: Code) -> bool {
    matches!(
        code,
        Code::RolledBack | Code::Forked | Code::CheckpointTooOld | Code::EarlierInvalid
    )
}

/// Says that something was not found in a ledger whose checkpoint does not count.
pub(super) fn not_found(asked: &str, ledger: &Ledger, finding: Finding) -> Outcome {
    let verdict = finding.code.verdict().unwrap_or(Verdict::Undecidable);
    let why = match finding.code {
        Code::RolledBack => "the ledger lacks entries that it had",
        Code::Forked => "the ledger is not the one that was signed before",
        Code::CheckpointTooOld => "the ledger is older than was asked for",
        _ => "the earlier checkpoint cannot be held against the ledger",
    };
    Outcome::Told(Box::new(Told {
        asked: asked.to_owned(),
        artifacts: Vec::new(),
        line: format!("{verdict}: not found, and {why}"),
        finding,
        checkpoint: Some(ledger.checkpoint().clone()),
    }))
}
