//! The rule about licences and terms: every ancestor, whatever its role, has to comply by one of the choices that its
//! licence leaves.

use crate::licence::Bound;
use crate::licence::Choice;
use crate::licence::Use;

use super::case::Against;
use super::case::Case;
use super::rule::LicenceDemand;
use super::rule::Names;

/// What speaks against one choice.
struct Speaks {
    is_known: bool,
    why: String,
}

pub(super) fn apply(case: &Case<'_>, demand: &LicenceDemand, found: &mut Against<'_, '_>) {
    for bound in &case.licences.bound {
        let all: Option<Vec<Speaks>> = bound
            .claim
            .choices
            .iter()
            .map(|choice| speaks(bound, choice, demand))
            .collect();
        // One choice that complies is enough.
        let Some(all) = all else { continue };
        let choices = all.len();
        let all_known = all.iter().all(|one| one.is_known);
        let first = all.into_iter().find(|one| one.is_known == all_known);
        let Some(first) = first else { continue };
        let which = match choices {
            1 => "",
            _ => " (and no other choice of its licence complies)",
        };
        let message = format!("{}: {}{which}", told(bound), first.why);
        found.path(all_known, case.licences.path(case.descent, bound), message);
    }
    if demand.no_conflict && !case.licences.conflict.is_empty() {
        let message = format!(
            "share-alike licences stand beside each other: {}",
            case.licences.conflict.join(", ")
        );
        found.broken_by_all(message);
    }
}

fn told(bound: &Bound) -> String {
    let what = match bound.kind {
        "external_model" => "model",
        "gap" => "input",
        kind => kind,
    };
    let conditions = if bound.mass == Some(false) {
        ", which only conditions"
    } else {
        ""
    };
    if bound.is_elsewhere() {
        format!(
            "{what} {} (entry {}), which claims the same bytes",
            bound.name, bound.entry
        )
    } else {
        format!("{what} {} (entry {}){conditions}", bound.name, bound.entry)
    }
}

/// Returns what speaks against a choice, what is known first; nothing if it complies.
fn speaks(bound: &Bound, choice: &Choice, demand: &LicenceDemand) -> Option<Speaks> {
    let known = |why: String| Some(Speaks { is_known: true, why });
    let unknown = |why: String| Some(Speaks { is_known: false, why });
    let Names { allow, forbid } = &demand.names;
    if let Some(licence) = choice.licences.iter().find(|licence| is_among(forbid, licence)) {
        return known(format!("{licence} is forbidden"));
    }
    let outside = choice.licences.iter().find(|licence| !is_among(allow, licence));
    if let Some(licence) = outside.filter(|_| !allow.is_empty()) {
        return known(format!("{licence} is not among the licences that are allowed"));
    }
    let terms = &choice.terms;
    if let Some(word) = demand.forbid_terms.iter().find(|word| terms.has(**word)) {
        return known(format!("its terms hold {word}"));
    }
    if let Some(least) = demand.use_at_most.filter(|least| terms.allowed > *least) {
        if terms.allowed > Use::Unspecified || !terms.not_stated {
            return known(format!(
                "its terms allow {} use, where {least} or wider is demanded",
                terms.allowed
            ));
        }
        return unknown(unstated(bound));
    }
    let by_terms = !demand.forbid_terms.is_empty() || demand.use_at_most.is_some() || demand.no_conflict;
    let by_name = !allow.is_empty() || !forbid.is_empty();
    if (by_terms && terms.not_stated) || (by_name && !bound.claim.is_named()) {
        return unknown(unstated(bound));
    }
    None
}

/// With a suffix, an identifier of a policy stands for that alone; `GPL-3.0` stands for all its forms.
fn is_among(names: &[String], licence: &str) -> bool {
    let id = licence.split(" WITH ").next().unwrap_or_default();
    let base = id.strip_suffix('+').unwrap_or(id);
    let base = base.strip_suffix("-only").unwrap_or(base);
    let base = base.strip_suffix("-or-later").unwrap_or(base);
    names
        .iter()
        .any(|name| name == licence || name == id || name == base)
}

fn unstated(bound: &Bound) -> String {
    let why = bound.claim.not_stated.iter().map(ToString::to_string);
    let why: Vec<String> = why.collect();
    if why.is_empty() {
        "under which licence it stands is not stated".to_owned()
    } else {
        why.join("; ")
    }
}
