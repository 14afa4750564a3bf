//! What a policy says against a lineage, added to the judgement on it.
//!
//! A policy can only forbid: what it adds leads to `not_permitted` and to nothing better, and the verdict is worked
//! out again from all findings.

use crate::digest::Sha256Digest;

use super::finding::Code;
use super::finding::Finding;
use super::finding::PathStep;
use super::finding::verdict_of;
use super::judgement::Judgement;
use super::judgement::Verified;

/// One thing that a rule of a policy has against a lineage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objection {
    /// Whether the rule is known to be broken; else it cannot be judged, which permits nothing either.
    pub is_known: bool,
    /// The node's id; `ledger` if it is about the lineage as a whole.
    pub node: String,
    /// The node's name.
    pub name: String,
    /// From the target to the node.
    pub path: Vec<PathStep>,
    /// What is wrong, in a sentence.
    pub message: String,
}

/// What one rule of a policy came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleResult {
    /// The id of the rule in the policy.
    pub id: String,
    /// What kind of rule it is.
    pub rule: &'static str,
    /// What it has against the lineage; nothing if it is kept.
    pub objections: Vec<Objection>,
}

impl RuleResult {
    /// Returns `kept`, `broken` or, if nothing is known to be broken, `not_judged`.
    pub fn outcome(&self) -> &'static str {
        if self.objections.is_empty() {
            "kept"
        } else if self.objections.iter().any(|objection| objection.is_known) {
            "broken"
        } else {
            "not_judged"
        }
    }
}

/// The policy that a lineage was held against, with what came of each rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruling {
    /// What the policy calls itself.
    pub name: String,
    /// SHA-256 of its canonical form.
    pub sha256: Sha256Digest,
    /// Its rules, in its order.
    pub rules: Vec<RuleResult>,
}

impl Ruling {
    /// Returns how many rules are not kept.
    pub fn broken(&self) -> usize {
        self.rules
            .iter()
            .filter(|rule| !rule.objections.is_empty())
            .count()
    }

    /// Returns what is said of it in the line of a verdict.
    pub fn line(&self) -> String {
        let digits: String = self.sha256.to_hex().chars().take(8).collect();
        let came = match (self.broken(), self.rules.len()) {
            (0, 1) => "its rule is kept".to_owned(),
            (0, all) => format!("all {all} rules kept"),
            (broken, all) => format!("{broken} of {all} rules not kept"),
        };
        format!("policy {} ({digits}): {came}", self.name)
    }
}

impl Verified<Judgement> {
    /// Adds what a policy has against the lineage.
    #[must_use]
    pub fn ruled(self, ruling: Ruling) -> Self {
        let mut judgement = self.get().clone();
        for rule in &ruling.rules {
            for objection in &rule.objections {
                let (code, what) = if objection.is_known {
                    (Code::PolicyBroken, "is not kept")
                } else {
                    (Code::PolicyNotJudged, "cannot be judged, which permits nothing")
                };
                judgement.findings.push(Finding {
                    code,
                    node: objection.node.clone(),
                    name: objection.name.clone(),
                    path: objection.path.clone(),
                    other_path: Vec::new(),
                    message: format!(
                        "rule {} of {} {what}: {}",
                        rule.id, ruling.name, objection.message
                    ),
                });
            }
        }
        judgement.findings.sort_by_key(|finding| {
            let verdict = finding.code.verdict();
            (verdict.is_none(), verdict, finding.code)
        });
        judgement.verdict = verdict_of(&judgement.findings);
        judgement.policy = Some(ruling);
        Self::new(judgement)
    }
}
