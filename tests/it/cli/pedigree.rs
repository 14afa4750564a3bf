//! `pedigree`: its numbers of a real pipeline, its words, its page, and what it tells where the verdict is not `traced`.

use serde_json::Value;

use super::pipelines::root;
use super::support::Place;
use super::support::names;

fn orca() -> Place {
    let place = Place::with_ledger();
    let file = root().join("fixtures/pipelines/orca-math/lineage.yaml");
    place.run(&["register", file.to_str().unwrap()]).expect(0);
    place
}

fn exact(share: &Value) -> &str {
    share["exact"].as_str().unwrap_or("not exact")
}

#[test]
fn iterative_learning_shows_its_loops_and_its_seed_that_is_the_benchmark() {
    let place = orca();
    let json = place.run(&["pedigree", "orca-math", "--json"]).expect(0).json();
    assert_eq!(json["schema"], "herdbook/pedigree/v1");
    assert_eq!(json["verdict"], "traced");
    // Nobody says how much of a model is still its base, so that all of it is open; the last run by itself is not.
    let stage = &json["stage"];
    assert_eq!(exact(&stage["synthetic_fraction"]), "1");
    assert_eq!(exact(&stage["self_consumption"]["own"]), "4/5");
    assert_eq!(exact(&json["self_consumption"]["family"]), "0");
    let loops: Vec<(&str, &str)> = (json["self_consumption"]["loops"].as_array().unwrap().iter())
        .map(|one| (one["name"].as_str().unwrap(), one["kin"].as_str().unwrap()))
        .collect();
    assert_eq!(loops, [("orca-math-m2", "own"), ("orca-math-m1", "own")]);
    let first = &json["self_consumption"]["loops"][0];
    assert_eq!(first["loop_length"], 3);
    let expected = [
        "orca-math",
        "iteration-3",
        "judged-answers-of-m2",
        "judge-3",
        "answers-of-m2",
        "practise-3",
        "orca-math-m2",
    ];
    assert_eq!(names(&first["path"]), expected);
    // Found though nobody named it: the runs say what they were evaluated on.
    let found = json["contamination"].as_array().unwrap();
    let [one] = found.as_slice() else {
        panic!("{found:?}")
    };
    assert_eq!(one["name"], "gsm8k");
    let levels: Vec<&str> = one["levels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["level"].as_str().unwrap())
        .collect();
    assert_eq!(levels, ["L2", "L4"]);
    assert_eq!(names(&one["measured"]), ["orca-math", "iteration-3", "gsm8k"]);
    let unknown: Vec<&str> = (json["unknowns"].as_array().unwrap().iter())
        .map(|one| one["text"].as_str().unwrap())
        .collect();
    assert_eq!(
        unknown,
        [
            "the share of orca-math-m2 in iteration-3 is not known",
            "the share of orca-math-m1 in iteration-2 is not known",
            "the share of mistral-7b in iteration-1 is not known",
        ]
    );
}

#[test]
fn the_words_say_the_verdict_first_and_what_every_number_is() {
    let place = orca();
    let text = place.run(&["pedigree", "orca-math"]).expect(0).out;
    let first = text.lines().next().unwrap();
    assert!(
        first.starts_with("traced: 0 % to declared sources, 100 % to 2 external models"),
        "{first}"
    );
    for told in [
        "recorded: between 0 % and 100 % (the share of orca-math-m2 in iteration-3 is not known, and 2 more counts)",
        "An index of a linear model, and no prediction",
        "By ancestry, which is not overlap of texts",
        "loop of orca-math-m1: ",
        "gsm8k L2: ",
        "gsm8k held against\n",
        "Traced does not mean lawful",
    ] {
        assert!(text.contains(told), "{told}\n{text}");
    }
}

#[test]
fn a_pipeline_with_all_counts_is_exact() {
    let place = Place::with_pipeline();
    let json = place.run(&["pedigree", "model", "--json"]).expect(0).json();
    let boundary = &json["boundary"];
    for class in [
        "sources",
        "external_models",
        "opaque_synthetic",
        "origin_not_known",
        "unknown",
    ] {
        let those = json["founders"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|founder| founder["class"] == class);
        let sum: f64 = those
            .map(|founder| founder["share"]["approx"].as_f64().unwrap())
            .sum();
        let told = boundary[class]["approx"].as_f64().unwrap();
        assert!((sum - told).abs() < 1e-12, "{class} {sum} {told}");
    }
    assert_eq!(
        json["unknowns"].as_array().unwrap().len(),
        0,
        "{:#}",
        json["unknowns"]
    );
}

#[test]
fn the_page_asks_for_nothing_and_escapes_everything() {
    let place = Place::with_ledger();
    place.write(
        "lineage.yaml",
        "herdbook: 1\nsources:\n  - {name: 'a<script>alert(1)</script>', made_by: human, acquired_by: own_production, \
         personal_data: no, rows: 5}\nruns:\n  - name: fit\n    does: train\n    inputs: [{use: 'a<script>alert(1)</script>', \
         as: data}]\n    outputs: [{name: model, kind: model}]\n",
    );
    let registered = place.run(&["register", "lineage.yaml"]);
    if registered.code != 0 {
        // A name that cannot even be registered cannot stand on the page.
        assert!(registered.err.contains("name"), "{registered:#?}");
        return;
    }
    place.run(&["pedigree", "model", "--html", "page.html"]).expect(0);
    let page = std::fs::read_to_string(place.at("page.html")).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>"));
    assert!(page.contains("Content-Security-Policy"));
    assert!(!page.contains("<script") && !page.contains("http://") && !page.contains("https://"));
    assert!(page.contains("a&lt;script&gt;"));
    let again = place.run(&["pedigree", "model", "--html", "page.html"]).expect(1);
    assert!(again.err.contains("never overwritten"), "{again:#?}");
}

#[test]
fn two_models_are_told_beside_each_other() {
    let place = orca();
    let json = place
        .run(&["pedigree", "orca-math-m1", "--versus", "orca-math", "--json"])
        .expect(0)
        .json();
    assert_eq!(json["schema"], "herdbook/pedigree-versus/v1");
    let models: Vec<&str> = json["models"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(models, ["orca-math-m1", "orca-math"]);
    let shared = json["shared_founders"].as_array().unwrap().iter();
    let mut shared: Vec<&str> = shared.map(|one| one["name"].as_str().unwrap()).collect();
    shared.sort_unstable();
    assert_eq!(shared, ["gpt-4-turbo", "mistral-7b"]);
    let text = place
        .run(&["pedigree", "orca-math", "--versus", "orca-math-m1"])
        .expect(0)
        .out;
    assert!(
        text.contains("coancestry: ") && text.contains("similarity: "),
        "{text}"
    );
    place
        .run(&[
            "pedigree",
            "orca-math",
            "--versus",
            "orca-math-m1",
            "--html",
            "x.html",
        ])
        .expect(2);
}

#[test]
fn what_is_not_traced_has_a_pedigree_that_says_so() {
    let place = Place::with_ledger();
    place.write(
        "lineage.yaml",
        "herdbook: 1\nsources:\n  - {name: seeds, made_by: human, acquired_by: own_production, personal_data: no, rows: 30}\n\
         runs:\n  - name: fit\n    does: train\n    inputs:\n      - {use: seeds, as: data}\n      - {unresolved: the rest, as: \
         data, rows: 10}\n    outputs: [{name: model, kind: model}]\n",
    );
    place.run(&["register", "lineage.yaml"]).expect(0);
    let told = place.run(&["pedigree", "model"]).expect(21).out;
    assert!(told.starts_with("not_traced: "), "{told}");
    assert!(told.contains("The lineage is not traced"), "{told}");
    let json = place.run(&["pedigree", "model", "--json"]).expect(21).json();
    assert_eq!(exact(&json["coverage"]), "3/4");
    assert_eq!(json["founders"][1]["class"], "unknown");
    assert_eq!(json["founders"][1]["name"], "the rest");
    assert_eq!(json["lower_bounds"], true);
}

#[test]
fn false_evidence_has_no_pedigree() {
    let place = Place::with_pipeline();
    place.write("seeds.jsonl", "{\"a\":2}\n");
    let judged = place
        .run(&["pedigree", "model", "--content", ".", "--json"])
        .expect(20)
        .json();
    assert_eq!(judged["verdict"], "tampered");
    assert!(
        judged["no_pedigree"]
            .as_str()
            .unwrap()
            .contains("evidence is false")
    );
    assert_eq!(judged.get("founders"), None);
    let told = place.run(&["pedigree", "model", "--content", "."]).expect(20).out;
    assert!(
        told.starts_with("tampered: ") && told.contains("No pedigree is told"),
        "{told}"
    );
}

#[test]
fn an_evaluation_set_that_nobody_registered_is_an_error() {
    let place = Place::with_pipeline();
    place.run(&["pedigree", "model", "--eval", "bench"]).expect(1);
    place.run(&["pedigree", "nobody"]).expect(1);
}
