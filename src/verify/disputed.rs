//! What later entries say against a verdict as of an earlier size.

use super::finding::Code;
use super::finding::Finding;
use super::judgement::Judgement;
use super::judgement::Verified;

/// How many disputes are told one by one.
const TOLD_MAX: usize = 20;

impl Verified<Judgement> {
    /// Adds a note for everything that fails by all entries and did not by those of this judgement. The verdict of
    /// then stays what it was.
    #[must_use]
    pub fn disputed_by(self, later: &Self) -> Self {
        let mut then = self.get().clone();
        let now = later.get();
        let (Some(size), Some(of)) = (
            now.checkpoint.as_ref().map(|checkpoint| checkpoint.size),
            then.checkpoint.as_ref().map(|checkpoint| checkpoint.size),
        ) else {
            return self;
        };
        let known = |finding: &Finding| {
            let mut earlier = then.findings.iter();
            earlier.any(|other| other.code == finding.code && other.node == finding.node)
        };
        let failing = now
            .findings
            .iter()
            .filter(|finding| finding.code.verdict().is_some());
        let fresh: Vec<&Finding> = failing.filter(|finding| !known(finding)).collect();
        let told = fresh.iter().take(TOLD_MAX).map(|finding| {
            let message = format!(
                "this is as of {of} entries, and a later entry disputes it: by {size} entries the verdict is {}, {}: {}",
                now.verdict, finding.code, finding.message
            );
            Finding {
                code: Code::DisputedLater,
                message,
                ..(*finding).clone()
            }
        });
        let mut notes: Vec<Finding> = told.collect();
        if let Some(more) = fresh.len().checked_sub(TOLD_MAX).filter(|more| *more > 0) {
            let message =
                format!("{more} more findings by {size} entries dispute what was judged as of {of}");
            notes.push(Finding::of_ledger(Code::DisputedLater, "ledger", message));
        }
        then.findings.extend(notes);
        Self::new(then)
    }
}
