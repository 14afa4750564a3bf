//! The verdict for programs. Keys and their meaning are fixed by the schema version.

use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::cli::by_policy::ruling;
use crate::cli::excludes::facts;
use crate::cli::json::boundary;
use crate::cli::json::checkpoint;
use crate::cli::json::path;
use crate::cli::sample::shown_json;
use crate::disclosure::Disclosed;
use crate::report::Details;
use crate::report::meaning;
use crate::verify::ContentCheck;
use crate::verify::DisclosedFact;
use crate::verify::ExternalModel;
use crate::verify::Finding;
use crate::verify::SourceFact;
use crate::verify::Verdict;
use crate::verify::Withheld;

use super::CAVEAT;
use super::Judged;
use super::Outcome;
use super::Told;

const SCHEMA: &str = "herdbook/verify/v1";

/// Returns the worst outcome with, when there are several, all of them under `results`.
pub(super) fn all(outcomes: &[Outcome]) -> Value {
    let worst = outcomes.iter().min_by_key(|outcome| outcome.verdict());
    let mut value = worst.map_or_else(|| Value::Object(Map::new()), one);
    if let Value::Object(members) = &mut value {
        members.insert("schema".to_owned(), SCHEMA.into());
        members.insert("caveat".to_owned(), CAVEAT.into());
        if outcomes.len() > 1 {
            let results = outcomes.iter().map(one).collect();
            members.insert("results".to_owned(), Value::Array(results));
        }
    }
    value
}

fn one(outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Told(told) => of_told(told),
        Outcome::Judged(judged) => of_judged(judged),
    }
}

fn of_judged(judged: &Judged) -> Value {
    let judgement = judged.judgement.get();
    let file = judged.file.as_ref().map(|file| {
        json!({
            "path": judged.asked,
            "sha256": file.sha256.to_hex(),
            "blake3": file.blake3.to_hex(),
        })
    });
    let mut boundaries = boundary(&judgement.boundary);
    if let (Value::Object(members), Some(stage)) = (&mut boundaries, &judgement.stage) {
        members.insert("stage".to_owned(), boundary(stage));
    }
    json!({
        "asked": judged.asked,
        "name": judgement.name,
        "artifacts": judgement.artifacts,
        "file": file,
        "verdict": judgement.verdict.as_str(),
        "line": judgement.line(),
        "findings": judgement.findings.iter().map(finding).collect::<Vec<Value>>(),
        "checkpoint": judgement.checkpoint.as_ref().map(checkpoint),
        "sources": judgement.sources.iter().map(source).collect::<Vec<Value>>(),
        "external_models": judgement.external_models.iter().map(external_model).collect::<Vec<Value>>(),
        "boundary": boundaries,
        "conditioning": {
            "declared": judgement.conditioning.declared,
            "undeclared": judgement.conditioning.undeclared,
        },
        "content": content(judgement.content),
        "assurance": judgement.assurance.as_str(),
        "completeness": {
            "yes": judgement.completeness.yes,
            "no": judgement.completeness.no,
            "not_known": judgement.completeness.not_known,
        },
        "policy": judgement.policy.as_ref().map(ruling),
        "withheld": judgement.withheld.iter().map(withheld).collect::<Vec<Value>>(),
        "disclosed": judgement.disclosed.iter().map(disclosed).collect::<Vec<Value>>(),
        "sample": sample(judged),
        "details": Details::of(&judgement.details),
        "excludes": facts(judgement),
        "trust_root": {
            "kind": judgement.trust_kind,
            "origin": judged.root.origin,
            "genesis": format!("hb:{}", judged.root.genesis),
        },
    })
}

fn sample(judged: &Judged) -> Value {
    let mut value = judged
        .judgement
        .get()
        .sampled
        .as_ref()
        .map(shown_json)
        .unwrap_or_default();
    if let Value::Object(members) = &mut value {
        let signer = judged.signer.map(|key| key.to_hex());
        members.insert("signer".to_owned(), signer.into());
    }
    value
}

/// The same keys as for a judgement, with nothing in them.
fn of_told(told: &Told) -> Value {
    let unknown = crate::verify::Share::one();
    let none = crate::verify::Share::zero();
    let boundaries = crate::verify::Boundary {
        sources: none.clone(),
        external_models: none.clone(),
        opaque_synthetic: none.clone(),
        origin_not_known: none,
        unknown,
    };
    let verdict = told.finding.code.verdict().unwrap_or(Verdict::Undecidable);
    json!({
        "asked": told.asked,
        "name": told.asked,
        "artifacts": told.artifacts,
        "file": null,
        "verdict": verdict.as_str(),
        "line": told.line,
        "findings": [finding(&told.finding)],
        "checkpoint": told.checkpoint.as_ref().map(checkpoint),
        "sources": [],
        "external_models": [],
        "boundary": boundary(&boundaries),
        "conditioning": { "declared": 0, "undeclared": 0 },
        "content": { "checked": 0, "differing": 0, "of": 0, "given": 0, "basis": "none" },
        "assurance": "self",
        "completeness": { "yes": 0, "no": 0, "not_known": 0 },
        "policy": null,
        "withheld": [],
        "disclosed": [],
        "sample": null,
        "details": null,
        "excludes": [],
        "trust_root": { "kind": "none" },
    })
}

fn finding(finding: &Finding) -> Value {
    json!({
        "code": finding.code.as_str(),
        "severity": finding.severity(),
        "verdict": finding.code.verdict().map(Verdict::as_str),
        "node": finding.node,
        "name": finding.name,
        "path": path(&finding.path),
        "other_path": path(&finding.other_path),
        "message": finding.message,
        "advice": meaning(finding.code).advice,
    })
}

fn withheld(withheld: &Withheld) -> Value {
    let fields = withheld.fields.iter();
    json!({
        "id": withheld.id,
        "name": withheld.name,
        "signer": withheld.signer,
        "holder": withheld.holder,
        "fields": fields.map(|(field, context)| json!({"field": field, "context": context})).collect::<Vec<Value>>(),
        "members": withheld.members,
    })
}

/// Content that was disclosed is told by its size: it can be long, and whoever gave the file has it.
fn disclosed(fact: &DisclosedFact) -> Value {
    let (text, bytes) = match &fact.what {
        Disclosed::Text(text) => (Some(text), None),
        Disclosed::Bytes(bytes) => (None, Some(bytes.len())),
    };
    json!({ "address": fact.address, "field": fact.field, "context": fact.context, "text": text, "bytes": bytes })
}

fn source(source: &SourceFact) -> Value {
    json!({
        "id": source.id,
        "name": source.name,
        "made_by": source.made_by,
        "acquired_by": source.acquired_by,
        "licence": source.licence,
        "said_by": source.said_by,
        "mass": source.mass,
    })
}

fn external_model(model: &ExternalModel) -> Value {
    json!({
        "id": model.id,
        "name": model.name,
        "provider": model.provider,
        "version": model.version,
        "mass": model.mass,
        "own": model.own,
    })
}

/// `basis` says who computed the digests that files are held against.
fn content(check: ContentCheck) -> Value {
    let basis = match (check.of, check.given) {
        (0, _) => "none",
        (_, 0) => "computed",
        (of, given) if of == given => "given",
        _ => "mixed",
    };
    json!({ "checked": check.checked, "differing": check.differing, "of": check.of, "given": check.given, "basis": basis })
}
