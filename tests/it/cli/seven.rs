//! The seven pipelines that the field is made of: what their pages say is what the program says, and the traps in them
//! are answered.

use std::collections::BTreeSet;

use serde_json::Value;

use super::pipelines::compared;
use super::pipelines::otherwise;
use super::pipelines::page;
use super::pipelines::root;
use super::support::Place;
use super::support::failing;

/// The seven, by the name of their folder and of their page.
const SEVEN: [&str; 7] = [
    "rlaif",
    "process-supervision",
    "orca-math",
    "constitutional-ai",
    "crowdsourced",
    "code-corpus",
    "base-specialist",
];

fn registered(name: &str) -> Place {
    let place = Place::with_ledger();
    let file = root().join(format!("fixtures/pipelines/{name}/lineage.yaml"));
    place.run(&["register", file.to_str().unwrap()]).expect(0);
    place
}

/// A drawing without ids and without the numbers of its nodes, which differ from ledger to ledger: boxes and arrows by
/// what is written on them.
fn shape(drawing: &str) -> BTreeSet<String> {
    let mut boxes: Vec<(String, String)> = Vec::new();
    let mut arrows = Vec::new();
    for line in drawing.lines().map(str::trim).skip(1) {
        if let Some((from, rest)) = line.split_once(" -->|\"") {
            let (role, to) = rest.split_once("\"| ").expect("an arrow with a role");
            arrows.push((from.to_owned(), role.to_owned(), to.to_owned()));
        } else {
            let at = line.find(['(', '[', '{', '>']).expect("a box");
            let (number, label) = line.split_at(at);
            let label: Vec<&str> = label.split(" hb:").collect();
            let end = label.get(1).map_or("", |id| {
                id.trim_start_matches(|letter: char| letter.is_ascii_hexdigit() || letter == '/')
            });
            boxes.push((number.to_owned(), format!("{}{end}", label[0])));
        }
    }
    let label = |number: &str| {
        let found = boxes.iter().find(|(other, _)| other == number);
        found.expect("an arrow between boxes").1.clone()
    };
    let lines = arrows
        .iter()
        .map(|(from, role, to)| format!("{} {role} {}", label(from), label(to)));
    lines
        .chain(boxes.iter().map(|(_, label)| label.clone()))
        .collect()
}

/// Compares every drawing of a page, which stands behind `<!-- drawn: COMMAND -->`, with what the program draws.
fn drawn(place: &Place, name: &str) {
    let page = page(name);
    let mut drawings = 0;
    for after in page.split("<!-- drawn: ").skip(1) {
        let (command, rest) = after.split_once(" -->\n```mermaid\n").expect("a drawing");
        let (stated, _) = rest.split_once("\n```").unwrap();
        let mut words: Vec<&str> = command.split(' ').collect();
        words.extend(["--format", "mermaid"]);
        let printed = place.run(&words).expect(0).out;
        assert_eq!(shape(stated), shape(&printed), "{name}: {command}");
        drawings += 1;
    }
    assert!(drawings > 0, "{name} has no drawing");
}

/// A value of `--json` as pages write it: exact, from low to high, or what it is.
fn written(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => text.clone(),
        Value::Object(of) => match (of.get("exact"), of.get("low"), of.get("high")) {
            (Some(Value::String(exact)), _, _) => exact.clone(),
            (_, Some(low), Some(Value::Null)) => format!("{} to any", written(low)),
            (_, Some(low), Some(high)) => format!("{} to {}", written(low), written(high)),
            _ => value.to_string(),
        },
        _ => value.to_string(),
    }
}

/// Compares every table of a page, which stands behind `<!-- measured: COMMAND -->`, with what the program measures.
fn measured(place: &Place, name: &str) {
    let page = page(name);
    let mut differ = Vec::new();
    let mut numbers = 0;
    for after in page.split("<!-- measured: ").skip(1) {
        let (command, rest) = after.split_once(" -->\n").unwrap();
        let mut words: Vec<&str> = command.split(' ').collect();
        words.push("--json");
        let json = place.run(&words).json();
        for row in rest.lines().skip(2).take_while(|line| line.starts_with('|')) {
            let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
            let pointer = format!("/{}", cells[1].trim_matches('`').replace('.', "/"));
            let real = json.pointer(&pointer).map_or("absent".to_owned(), written);
            if real != cells[2] {
                differ.push(format!("{command}: {pointer} is {real}, not {}", cells[2]));
            }
            numbers += 1;
        }
    }
    assert!(numbers > 0, "{name} states nothing that is measured");
    assert!(differ.is_empty(), "{name}:\n{}", differ.join("\n"));
}

/// The restrictions that reach a model, each with who brings it and whether that one has mass.
fn restrictions(place: &Place, model: &str) -> BTreeSet<(String, String, bool)> {
    let json = place.run(&["licences", model, "--json"]).expect(0).json();
    let ancestors = json["ancestors"].as_array().unwrap();
    let mass = |id: &Value| {
        let found = ancestors.iter().find(|ancestor| ancestor["id"] == *id);
        found.expect("an ancestor")["mass"].as_bool().unwrap()
    };
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let listed = json["restrictions"].as_array().unwrap().iter();
    listed
        .map(|one| (text(&one["restriction"]), text(&one["name"]), mass(&one["by"])))
        .collect()
}

fn reached(json: &Value) -> BTreeSet<String> {
    let items = json["reached"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn each_is_registered_by_one_command_and_again_without_a_change() {
    for name in SEVEN {
        let place = registered(name);
        let file = root().join(format!("fixtures/pipelines/{name}/lineage.yaml"));
        let again = place.run(&["register", file.to_str().unwrap()]).expect(0).out;
        assert!(again.starts_with("appended 0 statements, "), "{name}: {again}");
    }
}

#[test]
fn preferences_by_a_model_and_the_fault_in_them() {
    let place = compared("rlaif");
    measured(&place, "rlaif");
    drawn(&place, "rlaif");
    let json = place
        .run(&["impact", "ultrafeedback-first", "--json"])
        .expect(0)
        .json();
    let expected = [
        "ultrafeedback-fixed",
        "binarized-first-train",
        "binarized-first-test",
        "zephyr-7b-beta",
        "ultrarm-uf-13b",
        "ultrarm-13b",
    ];
    assert_eq!(reached(&json), expected.map(str::to_owned).into());
    let bring = restrictions(&place, "zephyr-7b-beta");
    for (restriction, by) in [
        ("no_competing_models", "gpt-4"),
        ("non_commercial", "mpt-30b-chat"),
    ] {
        let one = (restriction.to_owned(), by.to_owned(), true);
        assert!(bring.contains(&one), "{one:?} in {bring:?}");
    }
    let recall = place.run(&[
        "notice",
        "recall",
        "ultrafeedback-first",
        "--effect",
        "stop_use",
        "--reason",
        "overall scores of 10 that should be 1",
    ]);
    let said = recall.expect(0);
    assert!(
        format!("{}{}", said.out, said.err).contains("zephyr-7b-beta"),
        "{said:#?}"
    );
    for model in ["zephyr-7b-beta", "ultrarm-uf-13b", "ultrarm-13b"] {
        let json = place.run(&["verify", model, "--json"]).expect(23).json();
        assert_eq!(failing(&json), ["recalled"], "{model}");
        let path = json["findings"]
            .as_array()
            .unwrap()
            .iter()
            .find(|finding| finding["code"] == "recalled")
            .unwrap()["path"]
            .as_array()
            .unwrap();
        assert_eq!(path.first().unwrap()["name"], model);
        assert_eq!(path.last().unwrap()["name"], "ultrafeedback-first", "{model}");
    }
    // Its preferences stand on what was rated before the fault.
    place.run(&["verify", "zephyr-7b-mean"]).expect(0);
}

#[test]
fn steps_that_people_rate_and_problems_of_a_test() {
    let place = registered("process-supervision");
    measured(&place, "process-supervision");
    drawn(&place, "process-supervision");
    let json = place
        .run(&["impact", "math-official-test", "--json"])
        .expect(0)
        .json();
    let reached = reached(&json);
    for model in ["large-generator", "prm-0", "prm-9", "prm-large"] {
        assert!(reached.contains(model), "{model}: {reached:?}");
    }
    // The test problems that were moved to training show as soon as somebody reports on the official test.
    let json = place
        .run(&["pedigree", "prm-large", "--eval", "math-official-test", "--json"])
        .json();
    let evals = json["contamination"].as_array().unwrap();
    let official = evals
        .iter()
        .find(|eval| eval["name"] == "math-official-test")
        .unwrap();
    let levels: Vec<&str> = official["levels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|level| level["level"].as_str().unwrap())
        .collect();
    assert!(levels.contains(&"L2"), "{levels:?}");
    // What was kept is asked in the end, and nothing is made of it.
    let json = place.run(&["impact", "math-test-500", "--json"]).expect(0).json();
    assert_eq!(json["reached"].as_array().unwrap().len(), 1, "{json}");
}

#[test]
fn three_iterations_of_a_student() {
    let place = compared("orca-math");
    measured(&place, "orca-math");
    drawn(&place, "orca-math");
    // Each iteration is a model of its own, and stands on the one before it.
    let json = place.run(&["trace", "orca-math", "--json"]).expect(0).json();
    let edge = |from: &str, to: &str, role: &str| {
        let id = |name: &str| {
            let nodes = json["nodes"].as_array().unwrap();
            let node = nodes.iter().find(|node| node["name"] == name).expect(name);
            node["id"].as_str().unwrap().to_owned()
        };
        let (from, to) = (id(from), id(to));
        let edges = json["edges"].as_array().unwrap();
        edges
            .iter()
            .any(|edge| edge["from"] == from && edge["to"] == to && edge["role"] == role)
    };
    assert!(edge("iteration-3", "orca-math-m2", "base"));
    assert!(edge("practise-3", "orca-math-m2", "generator"));
    assert!(edge("iteration-3", "gsm8k", "eval"));
    assert!(edge("collect-seeds", "gsm8k", "data"));
    assert!(edge("ask", "seed-problems", "seed"));
    // Of the last training four fifths are its own words, and the loop is shown from the model back to its ancestor.
    let json = place.run(&["pedigree", "orca-math", "--json"]).expect(0).json();
    let path = json["self_consumption"]["loops"][0]["path"].as_array().unwrap();
    assert_eq!(path.first().unwrap()["name"], "orca-math");
    assert_eq!(path.last().unwrap()["name"], "orca-math-m2");
    // GSM8K is seed and benchmark: a level by way of the seed, and the way by which it is measured on.
    let gsm8k = &json["contamination"][0];
    assert_eq!(
        (&gsm8k["name"], &gsm8k["levels"][0]["level"]),
        (&"gsm8k".into(), &"L2".into())
    );
    assert!(gsm8k["measured"].is_array(), "{gsm8k}");
    // The judge has no share, and its terms reach the model all the same; so do those of a set that was only asked.
    let bring = restrictions(&place, "orca-math");
    for (restriction, by, mass) in [
        ("no_competing_models", "gpt-4", false),
        ("no_competing_models", "gpt-4-turbo", true),
        ("non_commercial", "asdiv", false),
    ] {
        let one = (restriction.to_owned(), by.to_owned(), mass);
        assert!(bring.contains(&one), "{one:?} in {bring:?}");
    }
}

#[test]
fn one_family_answers_criticises_and_judges() {
    let place = compared("constitutional-ai");
    measured(&place, "constitutional-ai");
    drawn(&place, "constitutional-ai");
    for model in ["sl-cai", "rl-cai"] {
        let json = place.run(&["verify", model, "--json"]).expect(0).json();
        let models = json["external_models"].as_array().unwrap();
        assert_eq!(models.len(), 1, "{models:?}");
    }
}

#[test]
fn hidden_messages_of_a_model_have_their_share() {
    let place = compared("crowdsourced");
    measured(&place, "crowdsourced");
    drawn(&place, "crowdsourced");
    let json = place.run(&["verify", "trees", "--json"]).expect(0).json();
    assert_eq!(json["boundary"]["external_models"]["exact"], "3/16");
    assert_eq!(json["boundary"]["sources"]["exact"], "13/16");
    // The rows themselves say so.
    let folder = root().join("fixtures/pipelines/crowdsourced/trees");
    let rows = |file: &str| -> Vec<Value> {
        let text = std::fs::read_to_string(folder.join(file)).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    let synthetic = |row: &&Value| row["synthetic"] == Value::Bool(true);
    let (people, drafts, trees) = (rows("people.jsonl"), rows("drafts.jsonl"), rows("trees.jsonl"));
    assert_eq!(trees.iter().filter(synthetic).count(), drafts.len());
    assert!(drafts.iter().all(|row| row["model_name"] == "drafter-1"));
    assert!(drafts.iter().chain(&people).all(|row| trees.contains(row)));
    assert_eq!(trees.len(), people.len() + drafts.len());
    // What the project called it would have hidden them.
    let called = "made_by: mixed, generators: not_known, acquired_by: public_dataset, licence: Apache-2.0";
    let human = otherwise(
        "crowdsourced",
        called,
        "made_by: human, acquired_by: public_dataset, licence: Apache-2.0",
        "oasst-assistant",
    )
    .expect(0)
    .out;
    assert!(human.contains("to 1 declared source"), "{human}");
}

#[test]
fn a_corpus_by_rules_classifiers_and_an_executor() {
    let place = compared("code-corpus");
    measured(&place, "code-corpus");
    drawn(&place, "code-corpus");
    // With the origin of two corpora told, the first stage would be traced.
    let place = Place::with_ledger();
    let lineage =
        std::fs::read_to_string(root().join("fixtures/pipelines/code-corpus/lineage.yaml")).unwrap();
    let told = lineage
        .replace(
            "generators: not_known, acquired_by: own_production",
            "generators: [a model], synthetic_share: \"0.5\", acquired_by: own_production",
        )
        .replace(
            "qwen2.5-text-corpus, made_by: unknown, acquired_by: own_production",
            "qwen2.5-text-corpus, made_by: human, acquired_by: own_production",
        );
    assert_ne!(told, lineage);
    place.write("lineage.yaml", told);
    place.run(&["register", "lineage.yaml"]).expect(0);
    place.run(&["verify", "qwen2.5-coder-base"]).expect(0);
}

#[test]
fn adapters_merges_and_a_path_that_changed() {
    let place = compared("base-specialist");
    measured(&place, "base-specialist");
    drawn(&place, "base-specialist");
}
