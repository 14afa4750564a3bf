//! A policy file: the same two languages as a lineage file, with rules instead of items.
//!
//! `docs/policy.md` is its format. A key or a rule that is not known is a fault like any other: what a policy does not
//! say in words of the format, it would not say at all.

use std::collections::BTreeMap;
use std::path::Path;

use crate::policy::Demand;
use crate::policy::FORMAT;
use crate::policy::KINDS;
use crate::policy::POLICY_BYTES_MAX;
use crate::policy::Policy;
use crate::policy::RULES_MAX;
use crate::policy::Rule;
use crate::statement::Decimal;
use crate::statement::Does;
use crate::statement::ItemName;

use super::decode::Context;
use super::expected::Expected;
use super::expected::meant;
use super::expected::shortened;
use super::fault::FaultKind;
use super::fault::Faults;
use super::fields::Fields;
use super::fields::Shape;
use super::node::Node;
use super::node::NodeValue;
use super::node::TreeFault;
use super::policy_values as values;
use super::read;

const FILE: Shape = Shape {
    what: "a policy",
    keys: &["herdbook", "name", "rules"],
};

/// Any rule; which further keys there are its kind says.
const ANY: &[&str] = &["id", "rule", "why"];

/// Reads the policy at `path`; the error holds everything that is wrong with it, each with its line.
pub fn read_policy(path: &Path) -> Result<Policy, Faults> {
    let bytes = read::read_bytes(path, POLICY_BYTES_MAX, |bytes| FaultKind::PolicyTooLarge {
        bytes,
    });
    match bytes {
        Ok(bytes) => parse_policy(path, &bytes),
        Err(kind) => {
            let mut faults = Faults::default();
            faults.whole(path, kind);
            Err(faults)
        }
    }
}

/// Reads a policy from its bytes; `path` is named in faults, and `.json` at its end means JSON.
pub fn parse_policy(path: &Path, bytes: &[u8]) -> Result<Policy, Faults> {
    let text = read::text(path, bytes)?;
    let mut faults = Faults::default();
    let root = match read::tree(path, text) {
        Ok(root) if root.value != NodeValue::Null => root,
        Ok(root) => {
            faults.at(path, root.line, FaultKind::EmptyPolicy);
            return Err(faults);
        }
        Err(found) => {
            for (line, fault) in found {
                match fault {
                    TreeFault::Empty => faults.at(path, line, FaultKind::EmptyPolicy),
                    fault => faults.at(path, line, fault),
                }
            }
            return Err(faults);
        }
    };
    let mut cx = Context::new(path, None);
    let policy = decode(&mut cx, &root);
    let faults = cx.finish();
    let nothing = || Policy {
        name: String::new(),
        rules: Vec::new(),
    };
    faults.or(policy.unwrap_or_else(nothing))
}

fn decode(cx: &mut Context<'_>, root: &Node) -> Option<Policy> {
    let fields = Fields::open(cx, "policy", root, FILE)?;
    if let Some(format) = fields.required_text(cx, "herdbook", "herdbook: policy/v1")
        && format != FORMAT
    {
        let problem = format!("this program reads policies of `{FORMAT}`: write `herdbook: {FORMAT}`");
        cx.bad("herdbook", fields.line_of("herdbook"), problem);
    }
    let name = name(cx, &fields, "name", "name: our-policy");
    fields.required(cx, "rules", "rules: [{rule: inputs_complete}]");
    let items = fields.items(cx, "rules");
    if fields.has("rules") && items.is_empty() {
        cx.fault(fields.line_of("rules"), FaultKind::NoRules);
    }
    if items.len() > RULES_MAX {
        let problem = format!(
            "{} rules are more than the {RULES_MAX} that a policy may have",
            items.len()
        );
        cx.bad("rules", fields.line_of("rules"), problem);
        return None;
    }
    let mut ids: BTreeMap<String, u32> = BTreeMap::new();
    let mut rules = Vec::new();
    for item in items {
        let Some(rule) = rule(cx, item) else { continue };
        if let Some(first) = ids.get(&rule.id) {
            let problem = format!(
                "two rules are called `{}`, first on line {first}: give one of them an `id` of its own",
                rule.id
            );
            cx.bad("id", item.line, problem);
        }
        ids.entry(rule.id.clone()).or_insert(item.line);
        rules.push(rule);
    }
    Some(Policy { name: name?, rules })
}

/// Reads a name that stands in findings and reports.
fn name(
    cx: &mut Context<'_>,
    fields: &Fields<'_>,
    key: &'static str,
    example: &'static str,
) -> Option<String> {
    let text = fields.required_text(cx, key, example)?;
    match ItemName::new(&text) {
        Ok(_) => Some(text),
        Err(error) => {
            cx.bad(key, fields.line_of(key), error.to_string());
            None
        }
    }
}

fn rule(cx: &mut Context<'_>, node: &Node) -> Option<Rule> {
    let kind = kind(cx, node)?;
    let fields = Fields::open(cx, "rules", node, shape(kind))?;
    let id = if fields.has("id") {
        name(cx, &fields, "id", "id: my-rule")
    } else {
        Some(kind.to_owned())
    };
    let why = fields.text(cx, "why");
    let demand = demand(cx, &fields, kind);
    Some(Rule {
        id: id?,
        why,
        demand: demand?,
    })
}

/// Finds out which rule it is before its keys are looked at.
fn kind(cx: &mut Context<'_>, node: &Node) -> Option<&'static str> {
    let NodeValue::Map(entries) = &node.value else {
        return cx.wrong_type("rules", Expected::Rule, node);
    };
    let Some(entry) = entries.iter().find(|entry| entry.key == "rule") else {
        let missing = FaultKind::MissingKey {
            of: "a rule".to_owned(),
            key: "rule",
            example: "rule: inputs_complete",
        };
        cx.fault(node.line, missing);
        return None;
    };
    let text = cx.text("rule", &entry.value)?;
    let known = KINDS.iter().copied().find(|kind| *kind == text);
    if known.is_none() {
        let unknown = FaultKind::UnknownWord {
            key: "rule",
            found: crate::statement::escaped(&shortened(text)),
            meant: meant(text, KINDS),
            allowed: KINDS,
        };
        cx.fault(entry.value.line, unknown);
    }
    known
}

fn shape(kind: &str) -> Shape {
    let (what, keys): (&'static str, &'static [&'static str]) = match kind {
        "sources" => ("a rule `sources`", &["id", "rule", "why", "allow", "forbid"]),
        "licences" => (
            "a rule `licences`",
            &[
                "id",
                "rule",
                "why",
                "allow",
                "forbid",
                "use_at_most",
                "forbid_terms",
                "no_conflict",
            ],
        ),
        "providers" => ("a rule `providers`", &["id", "rule", "why", "allow", "forbid"]),
        "filter_between" => (
            "a rule `filter_between`",
            &["id", "rule", "why", "from", "filter", "before"],
        ),
        "no_evaluation_data" => ("a rule `no_evaluation_data`", &["id", "rule", "why", "sets"]),
        "witnesses" => ("a rule `witnesses`", &["id", "rule", "why", "at_least"]),
        "effective_sources" => (
            "a rule `effective_sources`",
            &["id", "rule", "why", "at_least", "of"],
        ),
        "synthetic_share" => (
            "a rule `synthetic_share`",
            &["id", "rule", "why", "at_most", "of"],
        ),
        "generations" => ("a rule `generations`", &["id", "rule", "why", "at_most", "of"]),
        _ => ("this rule", ANY),
    };
    Shape { what, keys }
}

fn demand(cx: &mut Context<'_>, fields: &Fields<'_>, kind: &'static str) -> Option<Demand> {
    match kind {
        "sources" => {
            one_of_both(cx, fields, &["allow", "forbid"], "sources");
            Some(Demand::Sources {
                allow: values::select(cx, fields, "allow").unwrap_or_default(),
                forbid: values::select(cx, fields, "forbid").unwrap_or_default(),
            })
        }
        "licences" => {
            let keys = &["allow", "forbid", "use_at_most", "forbid_terms", "no_conflict"];
            one_of_both(cx, fields, keys, "licences");
            Some(Demand::Licences(values::licences(cx, fields)))
        }
        "providers" => {
            one_of_both(cx, fields, &["allow", "forbid"], "providers");
            Some(Demand::Providers(values::names(cx, fields)))
        }
        "filter_between" => {
            fields.required(cx, "from", "from: {acquired_by: [web_crawl]}");
            let from = values::select(cx, fields, "from");
            let filter = fields.required_word(cx, "filter", "filter: pii");
            let before = values::words::<Does>(cx, fields, "before");
            Some(Demand::FilterBetween {
                from: from?,
                filter: filter?,
                before: if fields.has("before") {
                    before
                } else {
                    vec![Does::Train]
                },
            })
        }
        "no_evaluation_data" => {
            fields.required(cx, "sets", "sets: {name: [gsm8k-test]}");
            Some(Demand::NoEvaluationData(values::select(cx, fields, "sets")?))
        }
        "witnesses" => Some(Demand::Witnesses {
            at_least: at_least_one(cx, fields, "at_least", "at_least: 1")?,
        }),
        "synthetic_share" => {
            fields.required(cx, "at_most", "at_most: \"0.5\"")?;
            Some(Demand::SyntheticShare {
                at_most: fields.share(cx, "at_most")?,
                of: values::scope(cx, fields),
            })
        }
        "generations" => {
            fields.required(cx, "at_most", "at_most: 1")?;
            Some(Demand::Generations {
                at_most: fields.count(cx, "at_most")?.value,
                of: values::scope(cx, fields),
            })
        }
        "effective_sources" => {
            fields.required(cx, "at_least", "at_least: \"2.5\"")?;
            let at_least: Decimal = fields.decimal(cx, "at_least")?;
            if at_least.is_zero() {
                cx.bad("at_least", fields.line_of("at_least"), MORE_THAN_NOTHING);
            }
            Some(Demand::EffectiveSources {
                at_least,
                of: values::scope(cx, fields),
            })
        }
        "vouched_sources" => Some(Demand::VouchedSources),
        "inputs_complete" => Some(Demand::InputsComplete),
        "declared_before_trained" => Some(Demand::DeclaredBeforeTrained),
        "no_self_consumption" => Some(Demand::NoSelfConsumption),
        _ => None,
    }
}

const MORE_THAN_NOTHING: &str = "0 demands nothing: write at least 1, or leave the rule out";

fn at_least_one(
    cx: &mut Context<'_>,
    fields: &Fields<'_>,
    key: &'static str,
    example: &'static str,
) -> Option<u64> {
    fields.required(cx, key, example)?;
    let count = fields.count(cx, key)?;
    if count.value == 0 {
        cx.bad(key, count.line, MORE_THAN_NOTHING);
    }
    Some(count.value)
}

/// A rule that neither allows nor forbids anything would be kept by every lineage.
fn one_of_both(cx: &mut Context<'_>, fields: &Fields<'_>, keys: &'static [&'static str], rule: &'static str) {
    if !keys.iter().any(|key| fields.has(key)) {
        cx.fault(fields.line, FaultKind::RuleSaysNothing { rule, keys });
    }
}
