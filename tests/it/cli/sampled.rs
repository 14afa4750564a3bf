//! `sample` and `verify --sample`: drawn alike twice, checked file by file, and nothing false in the file gets past.

use std::fs;

use serde_json::Value;

use super::support::Place;
use super::support::ran;

const PIPELINE: &str = r"
herdbook: 1
sources:
  - {name: seeds, files: seeds.jsonl, made_by: human, acquired_by: own_production, personal_data: no}
models:
  - {name: teacher, provider: Example AI, version: '1', access: api}
runs:
  - name: generate
    does: generate
    inputs: [{use: seeds, as: seed}, {use: teacher, as: generator}]
    outputs: [{name: tasks, kind: shard, files: 'out/*.jsonl'}]
  - name: train
    does: train
    inputs: [{use: tasks, as: data}]
    outputs: [{name: model, kind: model, files: weights.bin}]
";

/// A model with 100 shards of two rows each.
fn place() -> Place {
    let place = Place::with_ledger();
    place.write("seeds.jsonl", "{\"a\":1}\n");
    for at in 100..200 {
        place.write(
            &format!("out/{at}.jsonl"),
            format!("{{\"b\":{at}}}\n{{\"b\":0}}\n"),
        );
    }
    place.write("weights.bin", "weights");
    place.write("lineage.yaml", PIPELINE);
    place.run(&["register", "lineage.yaml"]).expect(0);
    place
}

fn draw(place: &Place, by: &str, n: &str, file: &str) -> Value {
    let args = [
        "sample",
        "model",
        "--by",
        by,
        "-n",
        n,
        "--seed",
        "dice: 4 1 6",
        "-o",
        file,
        "--json",
    ];
    place.run(&args).expect(0).json()
}

fn text(place: &Place, file: &str) -> String {
    fs::read_to_string(place.at(file)).unwrap()
}

fn has(answer: &Value, code: &str) -> bool {
    let mut findings = answer["findings"].as_array().unwrap().iter();
    findings.any(|finding| finding["code"] == code)
}

/// The names of the shards that are, and are not, in the sample.
fn shards(drawn: &Value) -> (Vec<String>, Vec<String>) {
    let items = drawn["items"].as_array().unwrap().iter();
    let names: Vec<&str> = items.map(|item| item["name"].as_str().unwrap()).collect();
    let all = (100..200).map(|at| format!("out/{at}.jsonl"));
    all.partition(|name| names.contains(&name.as_str()))
}

#[test]
fn everybody_draws_the_same_sample_and_it_can_be_enough() {
    let place = place();
    let drawn = draw(&place, "shards", "60", "one.json");
    draw(&place, "shards", "60", "two.json");
    assert_eq!(text(&place, "one.json"), text(&place, "two.json"));
    assert_eq!(drawn["population"]["size"], 102);
    assert_eq!(drawn["items"].as_array().unwrap().len(), 60);
    let args = [
        "verify",
        "--sample",
        "one.json",
        "--content",
        ".",
        "--require",
        "sampled",
        "--json",
    ];
    let judged = place.run(&args).expect(0).json();
    assert_eq!(
        (&judged["assurance"], &judged["content"]["checked"]),
        (&"sampled".into(), &60.into())
    );
    assert_eq!(judged["sample"]["in_all"]["at_most"], 3);
    assert_eq!(judged["sample"]["strata"].as_array().unwrap().len(), 3);
    // Without its files it shows nothing: all that was not checked counts against.
    let judged = place
        .run(&["verify", "--sample", "one.json", "--json"])
        .expect(0)
        .json();
    assert_eq!(
        (&judged["assurance"], &judged["sample"]["in_all"]["at_most"]),
        (&"pinned".into(), &102.into())
    );
    // Too few show too little, whatever they are.
    draw(&place, "shards", "20", "few.json");
    let args = [
        "verify",
        "--sample",
        "few.json",
        "--content",
        ".",
        "--require",
        "sampled",
        "--json",
    ];
    let judged = place.run(&args).expect(22).json();
    assert!(has(&judged, "assurance_too_low"));
    // Nobody's word for which ledger it is stays that.
    let args = ["verify", "--sample", "one.json", "--content", ".", "--json"];
    let unpinned = place
        .command(&args)
        .env("HERDBOOK_HOME", place.at("nobody"))
        .output()
        .unwrap();
    assert_eq!(ran(unpinned).expect(22).json()["assurance"], "self");
}

#[test]
fn a_sampled_file_that_differs_is_found_and_one_beside_the_sample_is_not() {
    let place = place();
    let (inside, outside) = shards(&draw(&place, "shards", "60", "sample.json"));
    place.write(&outside[0], "changed\n");
    fs::remove_file(place.at(&outside[1])).unwrap();
    place
        .run(&["verify", "--sample", "sample.json", "--content", "."])
        .expect(0);
    place.write(&inside[0], "changed\n");
    fs::remove_file(place.at(&inside[1])).unwrap();
    let args = [
        "verify",
        "--sample",
        "sample.json",
        "--content",
        ".",
        "--json",
        "--marks",
        "marked.json",
    ];
    let judged = place.run(&args).expect(20).json();
    assert!(has(&judged, "content_differs") && has(&judged, "content_not_found"));
    let all = &judged["sample"]["in_all"];
    assert_eq!(
        (&all["differs"], &all["missing"], &all["as_registered"]),
        (&1.into(), &1.into(), &58.into())
    );
    assert!(all["at_most"].as_u64().unwrap() > 3, "{all}");
    let told = place.run(&["verify", "--sample", "marked.json"]).expect(21);
    assert!(
        told.out
            .contains("1 of 60 differ and 1 were not found or not checked"),
        "{told:#?}"
    );
    // Put right again, the marks still say what was seen.
    place.write(&inside[0], "{\"b\":0}\n");
    let judged = place
        .run(&["verify", "--sample", "marked.json", "--json"])
        .expect(21)
        .json();
    assert!(has(&judged, "sample_differs") && has(&judged, "sample_missing"));
}

#[test]
fn a_sample_that_the_rule_does_not_draw_is_refused() {
    let place = place();
    let (inside, outside) = shards(&draw(&place, "shards", "60", "sample.json"));
    let honest = text(&place, "sample.json");
    let refused = |changed: String, why: &str| {
        assert_ne!(changed, honest);
        fs::write(place.at("false.json"), changed).unwrap();
        let answer = place
            .run(&["verify", "--sample", "false.json", "--content", ".", "--json"])
            .expect(20)
            .json();
        assert!(has(&answer, "sample_not_drawn"), "{answer:#}");
        assert!(
            answer["findings"][0]["message"].as_str().unwrap().contains(why),
            "{answer:#}"
        );
        assert_eq!(
            (&answer["assurance"], &answer["sample"]),
            (&"pinned".into(), &Value::Null)
        );
    };
    refused(honest.replace(&inside[5], &outside[5]), "and the rule draws");
    // A seed that is named afterwards for items that were chosen.
    refused(honest.replace("dice: 4 1 6", "dice: 4 1 7"), "and the rule draws");
    refused(honest.replace("\"size\":102", "\"size\":103"), "population");
    refused(honest.replace("\"drawn\":58", "\"drawn\":57"), "population");
    // Items that were left out.
    let mut short: Value = serde_json::from_str(&honest).unwrap();
    short["predicate"]["items"].as_array_mut().unwrap().remove(3);
    refused(format!("{short}\n"), "59 items");
    let args = [
        "verify",
        "--sample",
        "false.json",
        "--content",
        ".",
        "--marks",
        "out.json",
    ];
    place.run(&args).expect(1);
    assert!(!place.at("out.json").exists());
    // A checkpoint that the log did not sign.
    let mut other: Value = serde_json::from_str(&honest).unwrap();
    let note = other["predicate"]["checkpoint_note"].as_str().unwrap().to_owned();
    let root = other["predicate"]["checkpoint"]["root"]
        .as_str()
        .unwrap()
        .to_owned();
    let fake = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    other["predicate"]["checkpoint_note"] = note.replace(&root, fake).into();
    other["predicate"]["checkpoint"]["root"] = fake.into();
    fs::write(place.at("root.json"), format!("{other}\n")).unwrap();
    let answer = place
        .run(&["verify", "--sample", "root.json", "--json"])
        .expect(20)
        .json();
    assert!(
        has(&answer, "sample_not_drawn") && has(&answer, "earlier_invalid"),
        "{answer:#}"
    );
}

#[test]
fn a_sample_is_judged_as_of_its_checkpoint() {
    let place = place();
    draw(&place, "shards", "60", "sample.json");
    place.write(
        "more.yaml",
        "herdbook: 1\nprompts:\n  - {name: later, files: seeds.jsonl}\n",
    );
    place.run(&["register", "more.yaml"]).expect(0);
    let args = [
        "verify",
        "model",
        "--sample",
        "sample.json",
        "--content",
        ".",
        "--require",
        "sampled",
        "--json",
    ];
    let judged = place.run(&args).expect(0).json();
    assert_eq!(judged["checkpoint"]["size"], 7);
    assert_ne!(place.size(), 7);
    // Another target than that of the sample.
    let other = place
        .run(&["verify", "tasks", "--sample", "sample.json"])
        .expect(1);
    assert!(other.err.contains("the sample is of model"), "{other:#?}");
    // A copy that is older than the sample.
    let old = self::place();
    draw(&place, "shards", "60", "later.json");
    fs::copy(place.at("later.json"), old.at("later.json")).unwrap();
    old.run(&["verify", "--sample", "later.json"]).expect(22);
}

/// The same envelope with another signature.
fn broken(signed: &str) -> String {
    let mut envelope: Value = serde_json::from_str(signed).unwrap();
    let signature = envelope["signatures"][0]["sig"].as_str().unwrap().to_owned();
    let other = if signature.starts_with('B') { 'C' } else { 'B' };
    envelope["signatures"][0]["sig"] = format!("{other}{}", &signature[1..]).into();
    envelope.to_string()
}

#[test]
fn an_auditor_marks_and_signs() {
    let place = place();
    draw(&place, "runs", "5", "runs.json");
    let judged = place
        .run(&["verify", "--sample", "runs.json", "--content", ".", "--json"])
        .expect(0)
        .json();
    assert_eq!(judged["sample"]["in_all"]["not_checked"], 2);
    for item in ["1", "2"] {
        let args = [
            "sample",
            "mark",
            "runs.json",
            item,
            "--mark",
            "as_registered",
            "--note",
            "done again, same bytes",
        ];
        place.run(&args).expect(0);
    }
    place
        .run(&["sample", "mark", "runs.json", "3", "--mark", "differs"])
        .expect(1);
    place
        .run(&["sample", "mark", "runs.json", "1", "--mark", "fine"])
        .expect(2);
    place.run(&["key", "generate", "auditor.pem"]).expect(0);
    place
        .run(&[
            "sample",
            "sign",
            "runs.json",
            "--key",
            "auditor.pem",
            "-o",
            "signed.json",
        ])
        .expect(0);
    let judged = place
        .run(&["verify", "--sample", "signed.json", "--json"])
        .expect(0)
        .json();
    assert_eq!(judged["sample"]["in_all"]["at_most"], 0);
    assert_eq!(judged["sample"]["items"][0]["by"], "marks");
    assert!(judged["sample"]["signer"].is_string());
    // The program opened nothing, so it vouches for nothing.
    assert_eq!(judged["assurance"], "pinned");
    // What is signed cannot be marked, nor changed.
    let marked = place
        .run(&["sample", "mark", "signed.json", "1", "--mark", "differs"])
        .expect(1);
    assert!(marked.err.contains("break the signature"), "{marked:#?}");
    let signed = text(&place, "signed.json");
    fs::write(place.at("broken.json"), broken(&signed)).unwrap();
    let broken = place.run(&["verify", "--sample", "broken.json"]).expect(20);
    assert!(broken.err.contains("not what its auditor signed"), "{broken:#?}");
    // A mark that speaks against it decides.
    place
        .run(&[
            "sample",
            "mark",
            "runs.json",
            "2",
            "--mark",
            "differs",
            "--note",
            "other weights",
        ])
        .expect(0);
    let against = place.run(&["verify", "--sample", "runs.json"]).expect(21);
    assert!(against.out.contains("other weights"), "{against:#?}");
}

#[test]
fn rows_are_drawn_from_files_whose_rows_are_known() {
    let place = place();
    let drawn = draw(&place, "rows", "150", "rows.json");
    assert_eq!(
        (&drawn["population"]["size"], &drawn["population"]["rows_unknown"]),
        (&201.into(), &1.into())
    );
    let items = drawn["items"].as_array().unwrap();
    assert!(
        items
            .iter()
            .all(|item| item["row"].as_u64().is_some_and(|row| row == 1 || row == 2))
    );
    let judged = place
        .run(&["verify", "--sample", "rows.json", "--content", ".", "--json"])
        .expect(0)
        .json();
    assert_eq!(judged["sample"]["in_all"]["as_registered"], 150);
    // One file of the lineage has no rows, so a sample of rows never stands for all of it.
    assert_eq!(judged["assurance"], "pinned");
}

#[test]
fn what_cannot_be_drawn_is_told() {
    let place = place();
    let refused = |args: &[&str], code: i32, why: &str| {
        let ran = place.run(args).expect(code);
        assert!(ran.err.contains(why), "{ran:#?}");
    };
    refused(&["sample", "model"], 2, "--seed");
    refused(&["sample", "model", "--seed", ""], 1, "the seed is not a text");
    refused(&["sample", "model", "--seed", "a", "-n", "0"], 1, "ITEMS_MAX");
    refused(&["sample", "model", "--seed", "a", "-n", "5000"], 1, "ITEMS_MAX");
    refused(&["sample", "nothing", "--seed", "a"], 1, "nothing");
    refused(&["verify", "--sample", "seeds.jsonl"], 1, "not a sample");
    refused(&["verify", "--sample", "absent.json"], 1, "cannot be read");
    refused(&["verify", "--marks", "out.json", "model"], 2, "--sample");
    let bare = place.run(&["sample", "teacher", "--seed", "a"]).expect(1);
    assert!(bare.err.contains("has no item of this kind"), "{bare:#?}");
}
