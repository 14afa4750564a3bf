//! `--policy`: rules that a lineage is held against, beside those of the verdict.

use std::path::PathBuf;

use serde_json::Value;
use serde_json::json;

use crate::ledger::lineage_file::FaultKind;
use crate::ledger::lineage_file::read_policy;
use crate::policy::Policy;
use crate::policy::apply;
use crate::verify::Judgement;
use crate::verify::Ruling;
use crate::verify::Verified;

use super::code::ErrorCode;
use super::error::Error;
use super::exit::Exit;
use super::session::Session;

/// Which policy.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ByPolicy {
    /// Hold the lineage against the rules in this file (YAML or JSON); one that is not kept is `not_permitted`
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
}

impl ByPolicy {
    /// Reads the policy.
    pub fn read(&self, session: &Session) -> Result<Option<Policy>, Error> {
        let Some(path) = &self.policy else {
            return Ok(None);
        };
        let read = read_policy(&session.path(path));
        let policy = read.map_err(|faults| {
            let missing = |kind: &FaultKind| matches!(kind, FaultKind::Unreadable(_) | FaultKind::NotAFile);
            let code = if faults.list().iter().all(|fault| missing(&fault.kind)) {
                ErrorCode::FileMissing
            } else {
                ErrorCode::PolicyInvalid
            };
            Error::new(
                Exit::Failure,
                format!("nothing was judged, because of the policy:\n{faults}"),
            )
            .code(code)
        })?;
        Ok(Some(policy))
    }
}

/// Holds a judgement against a policy, where there is one.
pub fn held_against(policy: Option<&Policy>, judgement: Verified<Judgement>) -> Verified<Judgement> {
    match policy {
        Some(policy) => apply(policy, judgement),
        None => judgement,
    }
}

/// Returns what came of a policy, for programs.
pub fn ruling(ruling: &Ruling) -> Value {
    let rules = ruling.rules.iter().map(|rule| {
        json!({
            "id": rule.id,
            "rule": rule.rule,
            "outcome": rule.outcome(),
            "objections": rule.objections.len(),
        })
    });
    json!({
        "name": ruling.name,
        "sha256": ruling.sha256.to_hex(),
        "rules": rules.collect::<Vec<Value>>(),
    })
}
