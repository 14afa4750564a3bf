//! Workers hash with nothing but files; one process registers their parts.

use std::fs;
use std::process::Command;

use super::super::formats::block;
use super::support::Place;
use super::support::Ran;
use super::support::ran;

const LINEAGE: &str = r"
herdbook: 1
sources:
  - {name: corpus, digests_from: 'parts/*.ndjson', made_by: human, acquired_by: own_production, personal_data: no}
";

/// Runs `hash` as a worker does: no home, no ledger, no environment at all.
fn worker(place: &Place, args: &[&str]) -> Ran {
    let mut command = Command::new(env!("CARGO_BIN_EXE_herdbook"));
    ran(command
        .env_clear()
        .current_dir(place.path())
        .args(args)
        .output()
        .unwrap())
}

fn with_files() -> Place {
    let place = Place::new();
    place.write("out/a.jsonl", "{\"n\":1}\n");
    place.write("out/b.jsonl", "{\"n\":2}\n{\"n\":3}\n");
    fs::create_dir(place.at("parts")).unwrap();
    place
}

#[test]
fn the_example_of_the_page_is_what_a_worker_writes() {
    let place = with_files();
    let page = |heading| format!("{}\n", block("worker-records.md", heading));
    let told = worker(&place, &["hash", "out", "--out", "parts/0.ndjson"]).expect(0);
    assert!(told.out.starts_with("hashed 2 files, 24 bytes"), "{told:#?}");
    assert_eq!(
        fs::read_to_string(place.at("parts/0.ndjson")).unwrap(),
        page("Records")
    );
    let file = worker(&place, &["hash", "out/b.jsonl", "--base", "out", "--out", "-"]);
    assert_eq!(file.expect(0).out, page("Another base"));
    assert_eq!(
        fs::read_dir(place.at("parts")).unwrap().count(),
        1,
        "nothing beside it"
    );
    assert!(!place.at("home").exists());
    let json = worker(&place, &["hash", "out", "-o", "parts/0.ndjson", "--json"]);
    let json = json.expect(0).json();
    assert_eq!(
        (&json["files"], &json["bytes"], &json["rows"]),
        (&2.into(), &24.into(), &3.into())
    );
}

#[test]
fn parts_are_registered_and_one_that_comes_twice_counts_once() {
    let place = with_files();
    worker(&place, &["hash", "out/a.jsonl", "-o", "parts/0.ndjson"]).expect(0);
    worker(&place, &["hash", "out/b.jsonl", "-o", "parts/1.ndjson"]).expect(0);
    worker(&place, &["hash", "out", "-o", "parts/2.ndjson"]).expect(0);
    place.run(&["init", "--origin", "test.example/lab"]).expect(0);
    place.write("lineage.yaml", LINEAGE);
    place.run(&["register", "lineage.yaml"]).expect(0);
    let shown = place.run(&["show", "corpus", "--json"]).expect(0).json();
    let artifacts = &shown["statements"][0]["statement"]["subject"];
    assert_eq!(artifacts.as_array().unwrap().len(), 2, "{shown}");
    let again = place
        .run(&["register", "lineage.yaml", "--json"])
        .expect(0)
        .json();
    assert_eq!(again["already_present"], 1, "{again}");
}

#[test]
fn a_part_that_contradicts_another_names_both() {
    let place = with_files();
    worker(&place, &["hash", "out", "-o", "parts/0.ndjson"]).expect(0);
    place.write("out/b.jsonl", "{\"n\":4}\n");
    worker(&place, &["hash", "out/b.jsonl", "-o", "parts/1.ndjson"]).expect(0);
    place.run(&["init", "--origin", "test.example/lab"]).expect(0);
    place.write("lineage.yaml", LINEAGE);
    let refused = place.run(&["register", "lineage.yaml"]).expect(1);
    for place_named in ["parts/1.ndjson:1", "parts/0.ndjson:2", "out/b.jsonl"] {
        assert!(refused.err.contains(place_named), "{refused:#?}");
    }
    assert_eq!(place.size(), 2, "genesis and its seal");
}

/// However a part was cut or damaged: one error, with its file and line.
#[test]
fn a_damaged_part_is_told_with_its_line() {
    let place = with_files();
    worker(&place, &["hash", "out", "-o", "whole.ndjson"]).expect(0);
    place.run(&["init", "--origin", "test.example/lab"]).expect(0);
    place.write("lineage.yaml", LINEAGE);
    let whole = fs::read(place.at("whole.ndjson")).unwrap();
    let second = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let cut = |at: usize| whole[..at].to_vec();
    let mut zeros = whole.clone();
    zeros[second + 40..].fill(0);
    for damaged in [cut(second + 1), cut(whole.len() - 2), cut(second + 100), zeros] {
        place.write("parts/0.ndjson", damaged);
        let refused = place.run(&["register", "lineage.yaml"]).expect(1);
        assert_eq!(refused.err.matches("parts/0.ndjson:2").count(), 1, "{refused:#?}");
    }
    assert_eq!(place.size(), 2, "genesis and its seal");
}

#[test]
fn what_cannot_be_recorded_is_an_error_and_leaves_the_earlier_part() {
    let place = with_files();
    place.write("parts/0.ndjson", "earlier");
    place.write("else.txt", "");
    for (args, says) in [
        (
            &["hash", "gone", "-o", "parts/0.ndjson"][..],
            "`gone` does not exist",
        ),
        (
            &["hash", "else.txt", "--base", "out", "-o", "parts/0.ndjson"],
            "give --base DIR",
        ),
        (
            &["hash", "parts", "-o", "parts/0.ndjson"],
            "`parts/0.ndjson`, which is to be hashed",
        ),
        (
            &["hash", "out", "-o", "nowhere/0.ndjson"],
            "nowhere/0.ndjson cannot be written",
        ),
    ] {
        let refused = worker(&place, args);
        assert!(
            refused.code != 0 && refused.err.contains(says),
            "{args:?} {refused:#?}"
        );
    }
    assert_eq!(fs::read_to_string(place.at("parts/0.ndjson")).unwrap(), "earlier");
}
