//! A pedigree for programs. Keys and their meaning are fixed by the schema version.

use serde_json::Value;
use serde_json::json;

use crate::cli::json::boundary;
use crate::cli::json::checkpoint;
use crate::cli::json::number;
use crate::cli::json::path;
use crate::cli::json::share;
use crate::pedigree::Collapse;
use crate::pedigree::Contamination;
use crate::pedigree::Contribution;
use crate::pedigree::Founder;
use crate::pedigree::Generation;
use crate::pedigree::Loop;
use crate::pedigree::Measures;
use crate::pedigree::Pedigree;
use crate::pedigree::Range;
use crate::pedigree::SelfConsumption;
use crate::pedigree::SharedFounder;
use crate::pedigree::Teacher;
use crate::pedigree::Unknown;
use crate::pedigree::Versus;
use crate::verify::Judgement;
use crate::verify::Share;

use super::schema;

/// What the collapse index is, wherever it stands.
const LINEAR_MODEL: &str = "index of a linear model, not a prediction";

/// Returns the pedigree of one model.
pub(super) fn of(judgement: &Judgement, pedigree: &Pedigree) -> Value {
    let mut boundaries = boundary(&judgement.boundary);
    if let (Value::Object(members), Some(stage)) = (&mut boundaries, &judgement.stage) {
        members.insert("stage".to_owned(), boundary(stage));
    }
    let mut value = head(judgement);
    add(&mut value, measures(&pedigree.whole));
    let of = &pedigree.self_consumption;
    let stage = pedigree.stage.as_ref().map(|stage| {
        let mut value = measures(stage);
        let of = pedigree.stage_self_consumption.as_ref();
        add(&mut value, json!({ "self_consumption": of.map(by_kin) }));
        value
    });
    let mut self_consumption = by_kin(of);
    add(
        &mut self_consumption,
        json!({
            "loops": of.loops.iter().map(a_loop).collect::<Vec<Value>>(),
            "loops_left_out": of.loops_left_out,
        }),
    );
    add(
        &mut value,
        json!({
            "schema": schema("pedigree"),
            "boundary": boundaries,
            "stage": stage,
            "self_consumption": self_consumption,
            "contamination": pedigree.contamination.iter().map(contamination).collect::<Vec<Value>>(),
            "teachers": pedigree.teachers.iter().map(teacher).collect::<Vec<Value>>(),
            "unknowns": pedigree.unknowns.iter().map(unknown).collect::<Vec<Value>>(),
            "unknowns_left_out": pedigree.unknowns_left_out,
            "limits": pedigree.limits,
        }),
    );
    value
}

/// Returns the answer where there is no pedigree.
pub(super) fn nothing(judgement: &Judgement, why: &str) -> Value {
    let mut value = head(judgement);
    let codes = judgement.findings.iter().map(|finding| finding.code.as_str());
    let codes: Vec<&str> = codes.collect();
    add(
        &mut value,
        json!({ "schema": schema("pedigree"), "no_pedigree": why, "findings": codes }),
    );
    value
}

/// Returns two models beside each other.
pub(super) fn versus(first: &Judgement, second: &Judgement, versus: &Versus) -> Value {
    let similarity = versus
        .similarity
        .map(|(low, high)| json!({ "low": low, "high": high }));
    json!({
        "schema": schema("pedigree-versus"),
        "models": [head(first), head(second)],
        "coancestry": share(&versus.coancestry),
        "similarity": similarity,
        "shared_founders": versus.shared.iter().map(shared).collect::<Vec<Value>>(),
    })
}

fn head(judgement: &Judgement) -> Value {
    json!({
        "name": judgement.name,
        "artifacts": judgement.artifacts,
        "verdict": judgement.verdict.as_str(),
        "line": judgement.line(),
        "checkpoint": judgement.checkpoint.as_ref().map(checkpoint),
    })
}

fn add(value: &mut Value, more: Value) {
    if let (Value::Object(members), Value::Object(more)) = (value, more) {
        members.extend(more);
    }
}

fn measures(of: &Measures) -> Value {
    let generations: Vec<Value> = of.generations.iter().map(|one| share(&one.share)).collect();
    let fresh = |one: &Generation| one.fresh_real.as_ref().map(share);
    let effective = |value: &Option<Share>| value.as_ref().map(share);
    json!({
        "founders": of.founders.iter().map(founder).collect::<Vec<Value>>(),
        "coverage": share(&of.coverage),
        "lower_bounds": of.is_lower_bound,
        "synthetic_fraction": share(&of.synthetic),
        "synthetic_fraction_direct": share(&of.synthetic_direct),
        "synthetic_fraction_inherited": share(&of.synthetic_inherited),
        "synthetic_fraction_at_most": number(&of.synthetic_at_most),
        "ai_enriched_fraction": share(&of.ai_enriched),
        "generations": generations,
        "fresh_real": of.generations.iter().map(fresh).collect::<Vec<Option<Value>>>(),
        "depth": { "min": of.depth.min, "mean": share(&of.depth.mean), "max": of.depth.max },
        "effective_sources": effective(&of.effective_sources),
        "founder_genome_equivalents": effective(&of.founder_genome_equivalents),
        "generators": of.generators.iter().map(contribution).collect::<Vec<Value>>(),
        "effective_generators": effective(&of.effective_generators),
        "bottleneck": of.bottleneck.as_ref().map(contribution),
        "collapse_index": of.collapse.as_ref().map(|collapse| share(&collapse.index)),
        "collapse_index_is": LINEAR_MODEL,
        "collapse_direct_ratio": of.collapse.as_ref().map(|collapse: &Collapse| share(&collapse.direct_ratio)),
        "effective_sample_size": of.collapse.as_ref().map(|collapse| range(&collapse.effective_sample_size)),
    })
}

/// Returns a quantity: one value, or `low` and `high`, where `high` is null without a bound.
fn range(range: &Range) -> Value {
    if range.is_exact() {
        return number(&range.low);
    }
    json!({ "low": number(&range.low), "high": range.high.as_ref().map(number) })
}

fn founder(founder: &Founder) -> Value {
    json!({
        "id": founder.id,
        "name": founder.name,
        "kind": founder.kind,
        "class": founder.class,
        "share": share(&founder.share),
    })
}

fn contribution(one: &Contribution) -> Value {
    json!({ "id": one.id, "name": one.name, "share": share(&one.share) })
}

fn by_kin(of: &SelfConsumption) -> Value {
    json!({ "own": share(&of.own), "family": share(&of.family), "other": share(&of.other) })
}

fn a_loop(one: &Loop) -> Value {
    json!({
        "kin": one.kin.as_str(),
        "id": one.id,
        "name": one.name,
        "role": one.role,
        "mass": one.is_mass,
        "loop_length": one.length,
        "path": path(&one.path),
    })
}

fn contamination(one: &Contamination) -> Value {
    let levels = one.levels.iter().map(|reached| {
        let (level, meaning) = reached.level.words();
        json!({
            "level": level,
            "meaning": meaning,
            "share": share(&reached.share),
            "path": path(&reached.path),
        })
    });
    json!({
        "id": one.id,
        "name": one.name,
        "levels": levels.collect::<Vec<Value>>(),
        "measured": one.measured.as_deref().map(path),
    })
}

fn teacher(one: &Teacher) -> Value {
    json!({ "id": one.id, "name": one.name, "of": { "id": one.pupil, "name": one.pupil_name } })
}

fn unknown(one: &Unknown) -> Value {
    json!({ "id": one.id, "name": one.name, "what": one.what, "run": one.run, "text": one.text })
}

fn shared(one: &SharedFounder) -> Value {
    json!({
        "id": one.id,
        "name": one.name,
        "class": one.class,
        "shares": [share(&one.first), share(&one.second)],
    })
}
