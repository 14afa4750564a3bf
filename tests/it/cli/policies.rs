//! `licences`, and `--policy` of `verify`, `verify-bundle` and `report`: the ready policies on one lineage that keeps them
//! and on one that breaks them.

use super::support::Place;
use super::support::Ran;

/// A crawl through a filter and tasks that a judge scored; the places of what a test changes stand in braces.
const LINEAGE: &str = "herdbook: 1
sources:
  - {name: crawl, files: [crawl.jsonl], made_by: human, acquired_by: web_crawl, licence: ODC-By-1.0, licence_date: \"2023-03-13\", personal_data: yes}
  - {name: tasks, files: [tasks.jsonl], made_by: human, acquired_by: public_dataset, licence: Apache-2.0, personal_data: no}
models:
  - {name: judge, provider: Example AI, version: \"4\", access: api, terms: LicenseRef-example-terms, restrictions: [TERMS]}
filters:
  - {name: scrub, rule: RULE, files: [scrub.py]}
runs:
  - name: clean
    does: filter
    inputs_complete: yes
    inputs: [{use: crawl, as: data}, {use: scrub, as: filter}]
    outputs: [{name: cleaned, kind: shard, files: [cleaned.jsonl]}]
  - name: score
    does: judge
    inputs_complete: COMPLETE
    inputs: [{use: tasks, as: data}, {use: judge, as: judge}]
    outputs: [{name: scored, kind: shard, files: [scored.jsonl]}]
  - name: sft
    does: train
    inputs_complete: yes
    inputs: [{use: cleaned, as: data}, {use: scored, as: data}]
    outputs: [{name: specialist, kind: model, files: [w.bin]}]
";

fn place(terms: &str, rule: &str, complete: &str) -> Place {
    let place = Place::with_ledger();
    for (file, rows) in [
        ("crawl", "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n"),
        ("cleaned", "{\"a\":1}\n{\"a\":2}\n"),
        ("tasks", "{\"b\":1}\n{\"b\":2}\n"),
        ("scored", "{\"c\":1}\n{\"c\":2}\n"),
    ] {
        place.write(&format!("{file}.jsonl"), rows);
    }
    place.write("scrub.py", "code");
    place.write("w.bin", "weights");
    let lineage = LINEAGE.replace("TERMS", terms).replace("RULE", rule);
    place.write("lineage.yaml", lineage.replace("COMPLETE", complete));
    place.run(&["register", "lineage.yaml"]).expect(0);
    place
}

fn good() -> Place {
    place("none", "pii", "yes")
}

fn bad() -> Place {
    place("no_competing_models", "quality", "not_known")
}

fn ready(name: &str) -> String {
    format!("{}/fixtures/policies/{name}.yaml", env!("CARGO_MANIFEST_DIR"))
}

/// The rules that are not kept, with what came of them.
fn not_kept(ran: &Ran) -> Vec<String> {
    let json = ran.json();
    let rules = json["policy"]["rules"].as_array().unwrap().iter();
    let rules = rules.filter(|rule| rule["outcome"] != "kept");
    rules
        .map(|rule| {
            format!(
                "{}: {}",
                rule["id"].as_str().unwrap(),
                rule["outcome"].as_str().unwrap()
            )
        })
        .collect()
}

#[test]
fn each_ready_policy_is_kept_by_one_lineage_and_broken_by_another() {
    let (good, bad) = (good(), bad());
    for (name, broken) in [
        ("strict-research", &["inputs_complete: broken"][..]),
        (
            "eu-gpai",
            &["personal-data-in-crawls: broken", "inputs_complete: broken"],
        ),
        ("no-competing-model-terms", &["no-competing-model-terms: broken"]),
    ] {
        let policy = ready(name);
        let args = ["verify", "specialist", "--policy", &policy, "--json"];
        let kept = good.run(&args).expect(0);
        assert_eq!(not_kept(&kept), Vec::<String>::new(), "{kept:#?}");
        assert_eq!(kept.json()["verdict"], "traced");
        let ran = bad.run(&args).expect(23);
        assert_eq!(not_kept(&ran), broken, "{ran:#?}");
        assert_eq!(ran.json()["verdict"], "not_permitted");
        assert_eq!(ran.json()["policy"]["sha256"], kept.json()["policy"]["sha256"]);
    }
    bad.run(&["verify", "specialist"]).expect(0);
}

#[test]
fn a_bundle_and_a_report_are_held_against_the_same_policy() {
    let bad = bad();
    let policy = ready("no-competing-model-terms");
    bad.run(&["bundle", "specialist", "-o", "b.tar"]).expect(0);
    let by_ledger = bad
        .run(&["verify", "specialist", "--policy", &policy, "--json"])
        .expect(23);
    let by_bundle = bad
        .run(&["verify-bundle", "b.tar", "--policy", &policy, "--json"])
        .expect(23);
    let (by_ledger, by_bundle) = (by_ledger.json(), by_bundle.json());
    for key in ["policy", "line", "verdict", "findings"] {
        assert_eq!(by_bundle[key], by_ledger[key], "{key}");
    }
    let report = [
        "report",
        "specialist",
        "-o",
        "r",
        "--policy",
        &policy,
        "--register",
        "--json",
    ];
    let made = bad.run(&report).expect(23).json();
    let digest = by_ledger["policy"]["sha256"].clone();
    assert_eq!(made["policy"]["sha256"], digest);
    let id = made["registered"]["id"].as_str().unwrap();
    let shown = bad.run(&["show", id, "--json"]).expect(0).json();
    assert_eq!(shown["statements"][0]["statement"]["predicate"]["policy"], digest);
    // Judged again with the policy it is the same; without it, or with another, nobody can say.
    let again = |more: &[&str]| {
        let args = [&["verify-report", "r/report.json", "--json"], more].concat();
        let checks = bad.run(&args).json()["checks"].as_array().unwrap().clone();
        let check = checks
            .iter()
            .find(|check| check["check"] == "judged_again")
            .unwrap();
        check["result"].as_str().unwrap().to_owned()
    };
    assert_eq!(again(&["--policy", &policy]), "ok");
    assert_eq!(again(&[]), "not_checked");
    assert_eq!(again(&["--policy", &ready("eu-gpai")]), "not_checked");
}

#[test]
fn a_policy_that_cannot_be_read_judges_nothing() {
    let place = good();
    place.write(
        "p.yaml",
        "herdbook: policy/v1\nname: ours\nrules:\n  - rule: no_crawls\n",
    );
    let ran = place
        .run(&["verify", "specialist", "--policy", "p.yaml", "--json"])
        .expect(1);
    let error = ran.json();
    assert_eq!(error["code"], "policy_invalid");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("p.yaml:4: `no_crawls` is not allowed for `rule`"),
        "{error}"
    );
    let ran = place
        .run(&["verify", "specialist", "--policy", "missing.yaml", "--json"])
        .expect(1);
    assert_eq!(ran.json()["code"], "file_missing");
}

#[test]
fn licences_tell_who_brings_a_restriction_though_its_share_is_0() {
    let place = bad();
    let told = place.run(&["licences", "specialist"]).expect(0);
    assert!(
        told.out
            .contains("no_competing_models  by judge (conditions, its share is 0)"),
        "{told:#?}"
    );
    assert!(told.out.contains("ODC-By-1.0 on 2023-03-13"), "{told:#?}");
    assert!(
        told.out
            .trim_end()
            .ends_with("neither whether that is true nor what follows from it."),
        "{told:#?}"
    );
    let json = place.run(&["licences", "specialist", "--json"]).expect(0).json();
    assert_eq!(
        json["expression"],
        "Apache-2.0 AND LicenseRef-example-terms AND ODC-By-1.0"
    );
    assert_eq!(json["terms"]["use"], "unspecified");
    let last = json["restrictions"].as_array().unwrap().last().unwrap().clone();
    let path: Vec<&str> = last["path"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["name"].as_str().unwrap())
        .collect();
    assert_eq!(path, ["specialist", "sft", "scored", "score", "judge"]);
    assert_eq!(json["odrl"]["permission"], serde_json::json!([]));
}

#[test]
fn a_licence_is_a_claim_of_its_day_and_terms_are_words() {
    let place = good();
    let add = [
        "source",
        "add",
        "mirror",
        "--file",
        "tasks.jsonl",
        "--made-by",
        "human",
        "--acquired-by",
        "public_dataset",
        "--licence",
        "CC-BY-NC-4.0",
    ];
    let with = |more: &[&str]| place.run(&[&add[..], more].concat());
    let wrong = with(&["--licence-date", "2024-02-30"]).expect(1);
    assert!(wrong.err.contains("`2024-02-30` is not a day"), "{wrong:#?}");
    let wrong = with(&["--restrictions", "none", "attribution"]).expect(1);
    assert!(
        wrong
            .err
            .contains("`none` and `other restrictions` cannot stand together"),
        "{wrong:#?}"
    );
    let undated = [
        "source",
        "add",
        "x",
        "--file",
        "tasks.jsonl",
        "--licence-date",
        "2024-01-01",
    ];
    let wrong = place.run(&undated).expect(1);
    assert!(
        wrong
            .err
            .contains("it is the day of a licence that is not stated"),
        "{wrong:#?}"
    );
    with(&[
        "--licence-date",
        "2024-01-01",
        "--restrictions",
        "attribution",
        "non_commercial",
    ])
    .expect(0);
    // The same bytes under another licence: both are told, and the stricter one binds.
    let json = place.run(&["licences", "specialist", "--json"]).expect(0).json();
    assert_eq!(json["terms"]["use"], "non_commercial");
    assert_eq!(json["differing"][0]["claims"].as_array().unwrap().len(), 2);
    let policy = ready("strict-research");
    place
        .run(&["verify", "specialist", "--policy", &policy])
        .expect(0);
}
