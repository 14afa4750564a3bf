//! The terms of a lineage for programs, and as a set in the shape of ODRL.

use serde_json::Value;
use serde_json::json;

use crate::cli::json::checkpoint;
use crate::cli::json::path;
use crate::licence::Bound;
use crate::licence::Choice;
use crate::licence::Licences;
use crate::licence::Terms;
use crate::licence::Use;
use crate::licence::Witness;
use crate::statement::Restriction;
use crate::verify::Descent;
use crate::verify::Judgement;

use super::CAVEAT;

/// Returns all of it.
pub(super) fn value(judgement: &Judgement, descent: &Descent, found: &Licences) -> Value {
    let one = |bound: &Bound| {
        let claim = &bound.claim;
        json!({
            "id": bound.id,
            "name": bound.name,
            "kind": bound.kind,
            "entry": bound.entry,
            "said_by": bound.said_by,
            "mass": bound.mass,
            "elsewhere": bound.is_elsewhere(),
            "licence": claim.licence,
            "licence_date": claim.licence_date.as_ref().map(ToString::to_string),
            "terms": claim.terms_of_use,
            "restrictions": words(&claim.restrictions),
            "choices": claim.choices.iter().map(choice).collect::<Vec<Value>>(),
            "not_stated": claim.not_stated.iter().map(ToString::to_string).collect::<Vec<String>>(),
            "path": path(&found.path(descent, bound)),
        })
    };
    let witness = |witness: &Witness| {
        let bound = found.bound.get(witness.bound)?;
        Some(json!({
            "restriction": witness.restriction.to_string(),
            "by": bound.id,
            "name": bound.name,
            "avoidable": witness.avoidable,
            "path": path(&found.path(descent, bound)),
        }))
    };
    let ids = |claims: &[usize]| -> Vec<&str> {
        let bound = claims.iter().filter_map(|at| found.bound.get(*at));
        bound.map(|bound| bound.id.as_str()).collect()
    };
    let differing = found
        .differing
        .iter()
        .map(|content| json!({ "sha256": content.sha256.to_hex(), "claims": ids(&content.claims) }));
    let corrected = super::corrections(judgement).map(|finding| {
        json!({
            "code": finding.code.as_str(),
            "id": finding.node,
            "name": finding.name,
            "message": finding.message,
            "path": path(&finding.path),
        })
    });
    json!({
        "schema": "herdbook/licences/v1",
        "name": judgement.name,
        "verdict": judgement.verdict.as_str(),
        "checkpoint": judgement.checkpoint.as_ref().map(checkpoint),
        "terms": terms(&found.terms),
        "expression": found.expression,
        "restrictions": found.witnesses.iter().filter_map(witness).collect::<Vec<Value>>(),
        "conflict": found.conflict,
        "corrections": corrected.collect::<Vec<Value>>(),
        "differing": differing.collect::<Vec<Value>>(),
        "ancestors": found.bound.iter().map(one).collect::<Vec<Value>>(),
        "odrl": odrl(&found.terms),
        "caveat": CAVEAT,
    })
}

fn words(words: &[Restriction]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

fn choice(choice: &Choice) -> Value {
    json!({
        "licences": choice.licences,
        "unlisted": choice.unlisted,
        "terms": terms(&choice.terms),
    })
}

fn terms(terms: &Terms) -> Value {
    json!({
        "use": terms.allowed.as_str(),
        "restrictions": terms.words().map(|word| word.to_string()).collect::<Vec<String>>(),
        "share_alike": terms.share_alike,
        "not_stated": terms.not_stated,
    })
}

/// The terms in the shape of a set of ODRL (W3C, Information Model 2.2, 2.1.1), with our own words as actions where
/// that vocabulary has none. A permission is listed only where every ancestor states its terms.
fn odrl(terms: &Terms) -> Value {
    let action = |word: Restriction| match word {
        Restriction::Attribution => "odrl:attribute".to_owned(),
        Restriction::ShareAlike => "cc:ShareAlike".to_owned(),
        Restriction::NoDerivatives => "odrl:derive".to_owned(),
        Restriction::NonCommercial => "cc:CommercialUse".to_owned(),
        other => format!("herdbook:{other}"),
    };
    let is_duty = |word: &Restriction| {
        matches!(
            word,
            Restriction::Attribution | Restriction::ShareAlike | Restriction::NamingDuty
        )
    };
    let of = |word: Restriction| json!({ "action": action(word) });
    let duties: Vec<Value> = terms.words().filter(is_duty).map(of).collect();
    let prohibitions: Vec<Value> = terms.words().filter(|word| !is_duty(word)).map(of).collect();
    let free = terms.allowed == Use::Commercial && !terms.not_stated;
    let permissions: Vec<Value> = free
        .then(|| json!({ "action": "cc:CommercialUse" }))
        .into_iter()
        .collect();
    json!({ "@type": "Set", "permission": permissions, "prohibition": prohibitions, "duty": duties })
}
