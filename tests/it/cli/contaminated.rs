//! `contamination`: rows of an evaluation among what a model descends from.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;
use serde_json::json;

use super::support::Place;
use super::support::names;

const HOW: &str = "made_by: human, acquired_by: own_production";

/// A corpus that is filtered, trained with, and evaluated; a teacher that was trained with the evaluation.
fn with_model() -> Place {
    let place = Place::with_ledger();
    let long = "the quick brown fox jumps over the lazy dog and runs away";
    let corpus = [
        json!({"text": format!("once {long}, again")}),
        json!({"text": "kept", "n": 1}),
        json!({"text": "dropped by the filter"}),
    ];
    let eval = [
        json!({"question": long, "answer": "x"}),
        json!({"question": " KEPT", "n": 1}),
        json!({"text": "dropped by the filter"}),
        json!({"question": "steers only"}),
        json!({"question": "nowhere"}),
    ];
    let lines = |rows: &[Value]| {
        rows.iter()
            .fold(String::new(), |text, row| text + &row.to_string() + "\n")
    };
    place.write("corpus.jsonl", lines(&corpus));
    place.write("kept.jsonl", lines(&corpus[..2]));
    place.write("late.jsonl", "{\"text\":\"unlike all of them\"}\n");
    place.write("steer.jsonl", lines(&eval[3..4]));
    place.write("eval.jsonl", lines(&eval));
    place.write(
        "lineage.yaml",
        format!(
            "herdbook: 1\nsources:\n- {{name: corpus, files: corpus.jsonl, {HOW}}}\n- {{name: steer, files: steer.jsonl, {HOW}}}\n\
             - {{name: late, files: late.jsonl, {HOW}}}\n\
             models:\n- {{name: base, provider: Example AI, version: '1', access: weights}}\n\
             datasets:\n- {{name: all, members: [kept]}}\n\
             runs:\n\
             - {{name: filter, does: filter, inputs: [{{use: corpus, as: data}}], outputs: [{{name: kept, kind: shard, files: kept.jsonl}}]}}\n\
             - {{name: sft, does: train, inputs: [{{use: base, as: base}}, {{use: all, as: data}}, {{use: steer, as: eval}}], \
               outputs: [{{name: sft-model, kind: model, content: not_known}}]}}\n\
             - {{name: more, does: train, inputs: [{{use: sft-model, as: base}}, {{use: late, as: data}}], \
               outputs: [{{name: model, kind: model, content: not_known}}]}}\n"
        ),
    );
    place.run(&["register", "lineage.yaml"]).expect(0);
    place
}

fn compare(place: &Place, model: &str, more: &[&str], code: i32) -> Value {
    let args = [&["contamination", model, "--json", "--eval"], more].concat();
    place.run(&args).expect(code).json()
}

fn file<'v>(told: &'v Value, name: &str) -> &'v Value {
    let mut files = told["files"].as_array().unwrap().iter();
    files.find(|file| file["name"] == name).unwrap()
}

#[test]
fn rows_of_an_evaluation_are_found_among_the_ancestors() {
    let place = with_model();
    let told = compare(&place, "model", &["eval.jsonl"], 21);
    for (likeness, rows) in [("any", 4), ("exact", 2), ("normalised", 1), ("words", 1)] {
        assert_eq!(told["found"][likeness]["rows"], rows, "{likeness}");
    }
    assert_eq!(told["found"]["any"]["share"]["exact"], "4/5");
    let rows = told["rows"].as_array().unwrap().iter();
    let rows: Vec<String> = rows
        .map(|row| format!("{} {} {}", row["row"], row["likeness"], row["trained_with"]))
        .collect();
    let expected = [
        "1 \"words\" true",
        "2 \"normalised\" true",
        "3 \"exact\" false",
        "4 \"exact\" false",
    ];
    assert_eq!(rows, expected);
    assert_eq!(told["models_from_outside"], json!(["base"]));
    let text = place.run(&["contamination", "model", "--eval", "eval.jsonl"]);
    let says = "of these, 2 are in data that it was trained with itself, 2 only in what that was made from";
    assert!(text.out.contains(says), "{text:#?}");
    assert!(text.err.contains("Descent is not overlap"), "{text:#?}");
}

#[test]
fn how_a_file_reaches_the_model_is_told() {
    let place = with_model();
    let told = compare(&place, "model", &["eval.jsonl"], 21);
    for (name, via, trained, path) in [
        (
            "kept",
            "mass",
            true,
            &["model", "more", "sft-model", "sft", "all", "kept"][..],
        ),
        (
            "corpus",
            "mass",
            false,
            &[
                "model",
                "more",
                "sft-model",
                "sft",
                "all",
                "kept",
                "filter",
                "corpus",
            ],
        ),
        (
            "steer",
            "conditioning",
            false,
            &["model", "more", "sft-model", "sft", "steer"],
        ),
    ] {
        let file = file(&told, name);
        assert_eq!(
            (&file["via"], &file["trained_with"]),
            (&json!(via), &json!(trained))
        );
        assert_eq!(names(&file["path"]), path);
        // Looked at from the other end it is the same.
        let impact = place.run(&["impact", name, "--json"]).expect(0).json();
        let mut reached = impact["reached"].as_array().unwrap().iter();
        let model = reached.find(|one| one["name"] == "model").unwrap();
        assert_eq!(model["via"], via, "{name}");
    }
    let kept = file(&told, "kept");
    assert_eq!((&kept["words"], &kept["normalised"]), (&json!(1), &json!(1)));
    // Twelve words are the same and no thirteen; what was filtered out does not count.
    let trained = compare(
        &place,
        "model",
        &["eval.jsonl", "--trained-only", "--ngram", "13"],
        21,
    );
    assert_eq!(trained["found"]["any"]["rows"], 1);
    assert_eq!(trained["compared"]["of"], 2, "of its base, too");
    assert_eq!(
        compare(&place, "sft-model", &["eval.jsonl", "--trained-only"], 21)["compared"]["of"],
        1
    );
}

#[test]
fn what_was_not_compared_is_said() {
    let place = with_model();
    place.write("clean.jsonl", "{\"question\":\"something else\"}\n");
    place
        .run(&["contamination", "model", "--eval", "clean.jsonl"])
        .expect(0);
    fs::remove_file(place.at("kept.jsonl")).unwrap();
    let part = place
        .run(&["contamination", "model", "--eval", "clean.jsonl"])
        .expect(22);
    assert!(
        part.out
            .contains("not compared: 1\n  shard kept: no file with its bytes"),
        "{part:#?}"
    );
    place
        .run(&["contamination", "model", "--eval", "eval.jsonl"])
        .expect(21);
    // The evaluation itself.
    let whole = place
        .run(&["contamination", "model", "--eval", "steer.jsonl", "--json"])
        .expect(21)
        .json();
    assert!(whole["whole"].is_string(), "{whole}");
    // What nobody declared could hold anything.
    place.write(
        "gap.yaml",
        "herdbook: 1\nruns:\n- {name: t, does: train, inputs: [{use: corpus, as: data}, {unresolved: 'the rest', as: data}], \
         outputs: [{name: gappy, kind: model, content: not_known}]}\n",
    );
    place.run(&["register", "gap.yaml"]).expect(0);
    let gappy = place
        .run(&["contamination", "gappy", "--eval", "clean.jsonl"])
        .expect(22);
    assert!(
        gappy.out.contains("gap the rest: nobody declared it"),
        "{gappy:#?}"
    );
    place.write("empty.jsonl", "\n\n");
    place
        .run(&["contamination", "model", "--eval", "empty.jsonl"])
        .expect(1);
}

fn questions(place: &Place, file: &str) -> Vec<String> {
    let text = fs::read_to_string(place.at(file)).unwrap();
    let rows = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    rows.map(|row| row["question"].as_str().unwrap().to_owned())
        .collect()
}

fn words(text: &str) -> usize {
    let lower = text.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric());
    words.filter(|word| !word.is_empty()).count()
}

/// Every test question of GSM8K stands in what models answered to it, and nearly every one by a run of ten words.
#[test]
fn gsm8k_is_found_in_its_solutions() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/gsm8k");
    if !data.is_dir() {
        println!("NOT TESTED: {} is not there", data.display());
        return;
    }
    let place = Place::with_ledger();
    place.write("test.jsonl", fs::read(data.join("test.jsonl")).unwrap());
    let shards = ["test_socratic", "example_model_solutions"];
    for name in shards {
        let path = format!("{name}.jsonl");
        place.write(&path, fs::read(data.join(&path)).unwrap());
    }
    let sources =
        shards.map(|name| format!("- {{name: {name}, files: {name}.jsonl, {HOW}, row_root: true}}\n"));
    let runs = shards.map(|name| {
        format!(
            "- {{name: r-{name}, does: train, inputs: [{{use: {name}, as: data}}], \
             outputs: [{{name: m-{name}, kind: model, content: not_known}}]}}\n"
        )
    });
    let (sources, runs) = (sources.concat(), runs.concat());
    place.write(
        "lineage.yaml",
        format!("herdbook: 1\nsources:\n{sources}runs:\n{runs}"),
    );
    place.run(&["register", "lineage.yaml"]).expect(0);
    let asked = questions(&place, "test.jsonl");
    assert_eq!(asked.len(), 1319);
    for name in shards {
        let there: BTreeSet<String> = questions(&place, &format!("{name}.jsonl")).into_iter().collect();
        // The least that must be found: the same question with as many words.
        let least = asked
            .iter()
            .filter(|one| words(one) >= 10 && there.contains(*one))
            .count();
        let told = compare(&place, &format!("m-{name}"), &["test.jsonl"], 21);
        let found = usize::try_from(told["found"]["any"]["rows"].as_u64().unwrap()).unwrap();
        assert!(
            least > 1300 && (least..=1319).contains(&found),
            "{name}: {least} {found}"
        );
    }
    let last = ["test_socratic.jsonl", "--row", "1319"];
    let find = [&["rows", "find", "--json", "--file"][..], &last].concat();
    let found = place.run(&find).expect(0).json();
    assert_eq!(
        (&found["total"], &found["found"][0]["row"]),
        (&json!(1), &json!(1319))
    );
    let prove = [&["rows", "prove", "-o", "p.json"][..], &last].concat();
    place.run(&prove).expect(0);
}
