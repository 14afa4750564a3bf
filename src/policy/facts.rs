//! Rules about single statements: which sources, whose models, who says so, whether all inputs are there.

use crate::statement::Answer;
use crate::statement::Generators;
use crate::statement::MadeBy;
use crate::statement::Model;
use crate::statement::Predicate;
use crate::verify::PathStep;

use super::case::Against;
use super::case::Candidate;
use super::case::Case;
use super::case::source_of;
use super::rule::Names;
use super::select::Alike;
use super::select::Met;
use super::select::Select;
use super::select::alike;

pub(super) fn sources(case: &Case<'_>, allow: &Select, forbid: &Select, found: &mut Against<'_, '_>) {
    for candidate in &case.sources {
        let name = told(candidate);
        let step = candidate.elsewhere.as_ref();
        match forbid.any(&candidate.facts) {
            Met::Yes(why) => found.node(true, candidate.at, step, format!("{name} is forbidden: {why}")),
            Met::NotKnown(why) => {
                let message = format!("whether {name} is forbidden is not known: {why}");
                found.node(false, candidate.at, step, message);
            }
            Met::No(_) => {}
        }
        match allow.every(&candidate.facts) {
            Met::No(why) => found.node(
                true,
                candidate.at,
                step,
                format!("{name} is not among the sources that are allowed: {why}"),
            ),
            Met::NotKnown(why) => {
                let message = format!("whether {name} is allowed is not known: {why}");
                found.node(false, candidate.at, step, message);
            }
            Met::Yes(_) => {}
        }
    }
    undeclared(case, found);
}

/// Nobody knows what an undeclared input is.
pub(super) fn undeclared(case: &Case<'_>, found: &mut Against<'_, '_>) {
    for at in case.gaps() {
        let message = format!("nobody declared \"{}\", so nothing is known of it", case.name(at));
        found.node(false, at, None, message);
    }
}

/// Returns what a candidate is called in a message.
pub(super) fn told(candidate: &Candidate<'_>) -> String {
    let name = candidate.facts.name;
    if candidate.elsewhere.is_some() {
        format!("source {name}, which claims the same bytes,")
    } else {
        format!("source {name}")
    }
}

pub(super) fn providers(case: &Case<'_>, names: &Names, found: &mut Against<'_, '_>) {
    for (at, node) in case.descent.nodes.iter().enumerate() {
        if let Predicate::Model(model) = &node.statement.predicate {
            provider(model, at, None, names, found);
        }
        if let Some(source) = source_of(node) {
            let said = node.replaced.as_ref().unwrap_or(source);
            generators(
                source.name.as_str(),
                &said.generators,
                said.made_by,
                at,
                names,
                found,
            );
        }
    }
    for content in &case.descent.shared {
        let Some(at) = content.claims.iter().find_map(|claim| claim.node) else {
            continue;
        };
        for claim in content.claims.iter().filter(|claim| claim.node.is_none()) {
            if let Predicate::Model(model) = &claim.statement.predicate {
                let step = PathStep {
                    id: format!("hb:{}", claim.id),
                    name: claim.name.clone(),
                };
                provider(model, at, Some(&step), names, found);
            }
        }
    }
    undeclared(case, found);
}

fn provider(model: &Model, at: usize, step: Option<&PathStep>, names: &Names, found: &mut Against<'_, '_>) {
    let who = &model.provider;
    let (forbidden, other) = forbidden(names, who);
    if forbidden == Alike::Same {
        let message = format!("model {} is provided by {who}, who is forbidden", model.name);
        found.node(true, at, step, message);
    } else if forbidden == Alike::Part {
        let message = format!(
            "model {} is provided by {who}, which may be {other}, who is forbidden: a rule that allows it has to name it",
            model.name
        );
        found.node(false, at, step, message);
    } else if !is_allowed(names, who) {
        let message = format!(
            "model {} is provided by {who}, who is not among those allowed",
            model.name
        );
        found.node(true, at, step, message);
    }
}

/// The models that made a source are known by name only: a name that the rule does not have tells nothing of the
/// provider.
fn generators(
    source: &str,
    generators: &Generators,
    made_by: MadeBy,
    at: usize,
    names: &Names,
    found: &mut Against<'_, '_>,
) {
    if matches!(made_by, MadeBy::Human | MadeBy::Sensor) {
        return;
    }
    let Generators::Named(models) = generators else {
        let message = format!("source {source} was made by {made_by}, and by whose models is not stated");
        found.node(false, at, None, message);
        return;
    };
    for model in models {
        let (forbidden, other) = forbidden(names, model);
        if forbidden == Alike::Same {
            let message = format!("source {source} was made by {model}, which is forbidden");
            found.node(true, at, None, message);
        } else if forbidden == Alike::Part {
            let message = format!(
                "source {source} was made by {model}, which may be {other}, which is forbidden: a rule that allows it has \
                 to name it"
            );
            found.node(false, at, None, message);
        } else if names.allow.is_empty() || !names.allow.contains(model) {
            let message = format!(
                "source {source} was made by {model}, and who provides that is not stated: a rule that allows it has to name it"
            );
            found.node(false, at, None, message);
        }
    }
}

/// How a name compares with those that are forbidden, and with which; one that is allowed by name is no part of another.
fn forbidden<'a>(names: &'a Names, name: &str) -> (Alike, &'a str) {
    let like = |wanted| names.forbid.iter().find(|other| alike(name, other) == wanted);
    if let Some(same) = like(Alike::Same) {
        return (Alike::Same, same.as_str());
    }
    let is_named = names.allow.iter().any(|other| other == name);
    match like(Alike::Part) {
        Some(other) if !is_named => (Alike::Part, other.as_str()),
        _ => (Alike::No, ""),
    }
}

fn is_allowed(names: &Names, name: &str) -> bool {
    names.allow.is_empty() || names.allow.iter().any(|other| other == name)
}

pub(super) fn vouched(case: &Case<'_>, found: &mut Against<'_, '_>) {
    for (at, node) in case.descent.nodes.iter().enumerate() {
        let Some(source) = source_of(node) else {
            continue;
        };
        if node.shown.said_by != "vouched" {
            let message = match &source.holder {
                Some(holder) => format!(
                    "source {} is stated by the operator, and not by a key that speaks for its holder {holder}",
                    node.shown.name
                ),
                None => format!(
                    "source {} names no holder who could vouch for it",
                    node.shown.name
                ),
            };
            found.node(true, at, None, message);
        }
    }
    undeclared(case, found);
}

pub(super) fn complete(case: &Case<'_>, found: &mut Against<'_, '_>) {
    for (at, node, run) in case.runs() {
        let name = &node.shown.name;
        match run.inputs_complete {
            Answer::Yes => {}
            Answer::No => {
                let message = format!("run {name} says that inputs of it are missing");
                found.node(true, at, None, message);
            }
            Answer::NotKnown => {
                let message =
                    format!("run {name} does not say that its inputs are all (`inputs_complete: yes`)");
                found.node(true, at, None, message);
            }
        }
    }
}
