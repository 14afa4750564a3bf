//! Policies: the ready ones, what comes back from the canonical form, and what is refused with which words.

use std::path::PathBuf;

use crate::policy::Demand;
use crate::policy::KINDS;
use crate::policy::POLICY_BYTES_MAX;
use crate::policy::Policy;
use crate::policy::RULES_MAX;

use super::*;

fn read(name: &str, text: &str) -> Result<Policy, Faults> {
    parse_policy(Path::new(name), text.as_bytes())
}

/// A policy with these rules, and one line above them.
fn with(rules: &str) -> String {
    format!("herdbook: policy/v1\nname: ours\nrules:\n{rules}\n")
}

#[track_caller]
fn refused(text: &str, expected: &[&str]) {
    let faults = read("p.yaml", text).expect_err(text);
    assert_eq!(lines_of(&faults), expected, "{text}");
}

fn ready(name: &str) -> Policy {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/policies")
        .join(name);
    read_policy(&path).unwrap_or_else(|faults| panic!("{faults}"))
}

#[test]
fn the_ready_policies_are_policies_and_come_back_from_their_canonical_form() {
    let mut kinds = Vec::new();
    for (name, rules) in [
        ("strict-research", 9),
        ("eu-gpai", 5),
        ("no-competing-model-terms", 1),
    ] {
        let policy = ready(&format!("{name}.yaml"));
        assert_eq!((policy.name.as_str(), policy.rules.len()), (name, rules));
        let canonical = String::from_utf8(policy.encode()).unwrap();
        let again = read("p.json", &canonical).unwrap();
        assert_eq!(again, policy);
        assert_eq!(again.sha256(), policy.sha256());
        kinds.extend(policy.rules.iter().map(|rule| rule.demand.kind()));
    }
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds.len(), KINDS.len() - 3, "{kinds:?}");
}

#[test]
fn every_kind_of_rule_is_read_from_yaml_and_json() {
    let text = with(&format!(
        "
  - {{id: a, rule: sources, allow: {{name: [x], content: ['sha256:{HEX}'], holder: y}}, forbid: {{made_by: [model]}}}}
  - {{id: b, rule: licences, allow: [MIT, LicenseRef-x], use_at_most: commercial, forbid_terms: [no_ai_training], no_conflict: true}}
  - {{id: c, rule: providers, forbid: [Example AI]}}
  - {{id: d, rule: filter_between, from: {{acquired_by: [web_crawl]}}, filter: pii}}
  - {{id: e, rule: no_evaluation_data, sets: {{name: [gsm8k-test]}}}}
  - {{rule: vouched_sources}}
  - {{rule: inputs_complete, why: a part is not all}}
  - {{rule: declared_before_trained}}
  - {{rule: witnesses, at_least: 2}}
  - {{rule: synthetic_share, at_most: \"0.5\"}}
  - {{rule: generations, at_most: 0, of: stage}}
  - {{rule: effective_sources, at_least: 3}}
  - {{rule: no_self_consumption}}"
    ));
    let policy = read("p.yaml", &text).unwrap_or_else(|faults| panic!("{faults}"));
    let kinds: Vec<&str> = policy.rules.iter().map(|rule| rule.demand.kind()).collect();
    assert_eq!(kinds, KINDS);
    let canonical = String::from_utf8(policy.encode()).unwrap();
    assert_eq!(read("p.json", &canonical).unwrap(), policy);
    assert_eq!(read("without-ending", &canonical).unwrap(), policy);
    match &policy.rules[3].demand {
        Demand::FilterBetween { before, .. } => assert_eq!(*before, [crate::statement::Does::Train]),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_empty_policy_is_refused() {
    let empty =
        "p.yaml:1: is empty, and an empty policy would permit everything: begin with `herdbook: policy/v1`";
    refused("", &[empty]);
    refused("# nothing\n", &[empty]);
    refused("~", &[empty]);
    refused(
        &with("  []"),
        &[
            "p.yaml:4: `rules` is empty, and a policy without rules would permit everything: write at least one",
        ],
    );
    refused(
        "herdbook: policy/v1\nname: ours\n",
        &["p.yaml:1: a policy `ours` needs `rules`: write for example `rules: [{rule: inputs_complete}]`"],
    );
}

#[test]
fn an_unknown_rule_or_key_is_refused_and_not_passed_over() {
    refused(
        &with("  - rule: vouched_source"),
        &[concat!(
            "p.yaml:4: `vouched_source` is not allowed for `rule`: write one of sources, licences, providers, ",
            "filter_between, no_evaluation_data, vouched_sources, inputs_complete, declared_before_trained, witnesses, ",
            "synthetic_share, generations, effective_sources, no_self_consumption (did you mean `vouched_sources`?)"
        )],
    );
    refused(
        &with("  - rule: synthetic_share\n    at_most: \"0.5\"\n    atmost: \"0.1\""),
        &["p.yaml:6: `atmost` is not a key of a rule `synthetic_share`: write `at_most`"],
    );
    refused(
        &with("  - {rule: inputs_complete, unless: never}"),
        &["p.yaml:4: `unless` is not a key of this rule: write one of id, rule, why"],
    );
    refused(
        &format!("{}exceptions: [a]\n", with("  - rule: inputs_complete")),
        &["p.yaml:5: `exceptions` is not a key of a policy: write one of herdbook, name, rules"],
    );
    refused(
        &with("  - rule: sources\n    forbid: {licence: [MIT]}"),
        &[concat!(
            "p.yaml:5: `licence` is not a key of a choice of sources: write one of name, content, holder, acquired_by, ",
            "made_by"
        )],
    );
    refused(
        &with("  - rule: inputs_complete\n    rule: witnesses"),
        &["p.yaml:5: `rule` stands twice in one object, first on line 4: keep one of them"],
    );
}

#[test]
fn a_rule_that_demands_nothing_is_refused() {
    refused(
        &with("  - rule: sources"),
        &["p.yaml:4: the rule `sources` demands nothing: write at least one of allow, forbid"],
    );
    refused(
        &with("  - rule: licences"),
        &[
            "p.yaml:4: the rule `licences` demands nothing: write at least one of allow, forbid, use_at_most, forbid_terms, no_conflict",
        ],
    );
    refused(
        &with("  - {rule: providers, allow: []}"),
        &["p.yaml:4: `allow` is empty: write at least one, or leave the key out"],
    );
    refused(
        &with("  - {rule: sources, forbid: {}}"),
        &["p.yaml:4: `forbid` is empty: write at least one, or leave the key out"],
    );
    refused(
        &with("  - {rule: witnesses, at_least: 0}"),
        &["p.yaml:4: `at_least`: 0 demands nothing: write at least 1, or leave the rule out"],
    );
    refused(
        &with("  - {rule: effective_sources, at_least: 0}"),
        &["p.yaml:4: `at_least`: 0 demands nothing: write at least 1, or leave the rule out"],
    );
    refused(
        &with("  - {rule: licences, no_conflict: false}"),
        &[
            "p.yaml:4: `no_conflict`: it demands nothing unless it is `true`: write `no_conflict: true`, or leave it out",
        ],
    );
    refused(
        &with("  - {rule: licences, use_at_most: academic_only}"),
        &[
            "p.yaml:4: `use_at_most`: `academic_only` is the narrowest use there is, so it demands nothing: write a wider one, or leave it out",
        ],
    );
    refused(
        &with("  - {rule: licences, forbid_terms: [none]}"),
        &["p.yaml:4: `forbid_terms`: `none` is no term that could be forbidden: leave it out"],
    );
}

#[test]
fn values_are_checked() {
    refused(
        &with("  - {rule: sources, forbid: {content: [abc]}}"),
        &[
            "p.yaml:4: `content`: `abc` is not 64 lower-case hexadecimal digits: write the SHA-256 of a file as 64 hexadecimal digits",
        ],
    );
    refused(
        &with("  - {rule: licences, allow: [Apache 2.0]}"),
        &["p.yaml:4: `allow`: `Apache 2.0` is not the identifier of one licence: write `Apache-2.0`"],
    );
    refused(
        &with("  - {rule: licences, allow: [MIT OR ISC]}"),
        &[
            "p.yaml:4: `allow`: `MIT OR ISC` is not the identifier of one licence: write one SPDX identifier such as `Apache-2.0`, or one `LicenseRef-NAME`, for each",
        ],
    );
    refused(
        &with("  - {rule: licences, use_at_most: commercail}"),
        &[
            "p.yaml:4: `commercail` is not allowed for `use_at_most`: write one of commercial, unspecified, non_commercial, academic_only (did you mean `commercial`?)",
        ],
    );
    refused(
        &with("  - {rule: synthetic_share, at_most: \"1.5\"}"),
        &["p.yaml:4: `at_most`: 1.5 is more than 1: write a share from 0 to 1"],
    );
    refused(
        &with("  - {rule: synthetic_share, at_most: 0.5}"),
        &["p.yaml:4: the number `0.5` is not a plain integer: write it in quotes, \"0.5\""],
    );
    refused(
        &with("  - {rule: generations, at_most: -1}"),
        &[
            "p.yaml:4: `at_most` must be a whole number from 0, not the integer -1: write for example `at_most: 100`",
        ],
    );
    refused(
        &with("  - {rule: generations, at_most: 1, of: stages}"),
        &["p.yaml:4: `stages` is not allowed for `of`: write one of whole, stage (did you mean `stage`?)"],
    );
    refused(
        &with("  - {rule: generations}"),
        &["p.yaml:4: a rule `generations` needs `at_most`: write for example `at_most: 1`"],
    );
    refused(
        &with("  - {rule: filter_between, from: {acquired_by: [web]}, filter: pi}"),
        &[
            "p.yaml:4: `web` is not allowed for `acquired_by`: write one of public_dataset, licensed, third_party_private, web_crawl, user_data, annotation, own_production, unknown",
            "p.yaml:4: `pi` is not allowed for `filter`: write one of dedup, quality, toxicity, pii, decontamination, licence, language, safety, human_review, other (did you mean `pii`?)",
        ],
    );
}

#[test]
fn the_frame_is_checked() {
    refused(
        "herdbook: 1\nname: ours\nrules: [{rule: inputs_complete}]\n",
        &["p.yaml:1: `herdbook` must be text, not the integer 1: write for example `herdbook: \"1\"`"],
    );
    refused(
        "herdbook: policy/v2\nname: ours\nrules: [{rule: inputs_complete}]\n",
        &["p.yaml:1: `herdbook`: this program reads policies of `policy/v1`: write `herdbook: policy/v1`"],
    );
    refused(
        "name: ours\nrules: [{rule: inputs_complete}]\n",
        &["p.yaml:1: a policy `ours` needs `herdbook`: write for example `herdbook: policy/v1`"],
    );
    refused(
        &with("  - rule: inputs_complete\n  - {rule: inputs_complete, why: twice}"),
        &[
            "p.yaml:5: `id`: two rules are called `inputs_complete`, first on line 4: give one of them an `id` of its own",
        ],
    );
    refused(
        &with("  - {rule: sources, forbid: seeds}"),
        &[
            "p.yaml:4: `forbid` must be an object, not the text `seeds`: write for example `forbid: {name: [my-name]}`",
        ],
    );
    refused(
        &with("  - inputs_complete"),
        &[
            "p.yaml:4: `rules` must be a list of rules, not the text `inputs_complete`: write for example `rules: [{rule: inputs_complete}]`",
        ],
    );
    refused(
        &with("  - id: a"),
        &["p.yaml:4: a rule needs `rule`: write for example `rule: inputs_complete`"],
    );
    refused(
        "- rule: inputs_complete\n",
        &["p.yaml:1: `policy` must be an object, not a list: write for example `herdbook: policy/v1`"],
    );
}

#[test]
fn a_policy_has_limits() {
    let rules: Vec<String> = (0..=RULES_MAX)
        .map(|at| format!("  - {{id: r{at}, rule: inputs_complete}}"))
        .collect();
    refused(
        &with(&rules.join("\n")),
        &["p.yaml:4: `rules`: 257 rules are more than the 256 that a policy may have"],
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.yaml");
    std::fs::write(&path, vec![b' '; usize::try_from(POLICY_BYTES_MAX).unwrap() + 1]).unwrap();
    let told = read_policy(&path).unwrap_err().to_string();
    assert!(
        told.ends_with("is 1048577 bytes long, more than the 1048576 that a policy may have: split it"),
        "{told}"
    );
}
