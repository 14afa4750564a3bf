//! `reconcile`: what a job opened beside what its run declares, and what becomes of it in the verdict.

use std::fmt::Write as _;
use std::fs;

use herdbook::digest::Sha256Digest;
use serde_json::Value;

use super::support::Place;

fn line(place: &Place, path: &str) -> String {
    let digest = Sha256Digest::of(&fs::read(place.at(path)).unwrap());
    format!("{{\"path\":\"/mnt/job/{path}\",\"sha256\":\"{digest}\"}}\n")
}

fn has(answer: &Value, code: &str) -> bool {
    let mut findings = answer["findings"].as_array().unwrap().iter();
    findings.any(|finding| finding["code"] == code)
}

#[test]
fn what_was_opened_is_what_was_declared() {
    let place = Place::with_pipeline();
    let list = line(&place, "out/0.jsonl") + &line(&place, "out/1.jsonl");
    place.write("reads.jsonl", &list);
    let told = place
        .run(&["reconcile", "train", "--read", "reads.jsonl"])
        .expect(0);
    assert!(
        told.out.contains("2 files opened, 2 declared; 2 as declared"),
        "{told:#?}"
    );
    // The same as bare paths, hashed now.
    place.write("paths.txt", "out/0.jsonl\nout/1.jsonl\n");
    place
        .run(&["reconcile", "train", "--read", "paths.txt"])
        .expect(1);
    place
        .run(&["reconcile", "train", "--read", "paths.txt", "--content", "."])
        .expect(0);
    // By what the run made, and by its id.
    place
        .run(&["reconcile", "model", "--read", "reads.jsonl"])
        .expect(0);
    // An input without bytes is told and not compared.
    place.write("seeds.txt", "seeds.jsonl\n");
    let args = [
        "reconcile",
        "generate",
        "--read",
        "seeds.txt",
        "--content",
        ".",
        "--json",
    ];
    let answer = place.run(&args).expect(0).json();
    assert_eq!(answer["not_compared"][0]["item"], "teacher");
    // That all was declared can be recorded, and changes no verdict.
    place
        .run(&["reconcile", "train", "--read", "reads.jsonl", "--register"])
        .expect(0);
    place.run(&["verify", "model"]).expect(0);
}

#[test]
fn something_undeclared_fails_the_run_once_it_is_registered() {
    let place = Place::with_pipeline();
    place.write("secret.jsonl", "{\"c\":1}\n");
    let list = line(&place, "out/0.jsonl") + &line(&place, "out/1.jsonl") + &line(&place, "secret.jsonl");
    place.write("reads.jsonl", &list);
    let size = place.size();
    let args = ["reconcile", "train", "--read", "reads.jsonl", "--json"];
    let answer = place.run(&args).expect(21).json();
    assert_eq!(answer["undeclared"][0]["path"], "/mnt/job/secret.jsonl");
    assert_eq!(
        (answer["same"].as_array().unwrap().len(), place.size()),
        (2, size)
    );
    place.run(&["verify", "model"]).expect(0);
    let args = [
        "reconcile",
        "train",
        "--read",
        "reads.jsonl",
        "--register",
        "--json",
    ];
    let first = place.run(&args).expect(21).json();
    assert_eq!(first["registered"].as_array().unwrap().len(), 1);
    let judged = place.run(&["verify", "model", "--json"]).expect(21).json();
    assert!(has(&judged, "contradicted_by_observation"), "{judged:#}");
    // Said twice it is said once.
    let (size, again) = (place.size(), place.run(&args).expect(21).json());
    assert_eq!((&again["registered"], place.size()), (&first["registered"], size));
}

/// What reconcile calls undeclared is exactly what the verdict holds against the run.
#[test]
fn more_than_one_statement_holds_all_that_was_seen() {
    let place = Place::with_pipeline();
    let mut list = line(&place, "out/0.jsonl") + &line(&place, "out/1.jsonl");
    for at in 0..1_000 {
        let digest = Sha256Digest::of(format!("{at}").as_bytes());
        writeln!(
            list,
            "{{\"path\":\"/mnt/a long folder of the job/{at}.jsonl\",\"sha256\":\"{digest}\"}}"
        )
        .unwrap();
    }
    place.write("reads.jsonl", &list);
    let args = [
        "reconcile",
        "train",
        "--read",
        "reads.jsonl",
        "--register",
        "--json",
    ];
    let answer = place.run(&args).expect(21).json();
    assert!(answer["registered"].as_array().unwrap().len() > 1);
    let judged = place.run(&["verify", "model", "--json"]).expect(21).json();
    let findings = judged["findings"].as_array().unwrap().iter();
    let seen = findings
        .filter(|finding| finding["code"] == "contradicted_by_observation")
        .count();
    assert_eq!(seen, answer["undeclared"].as_array().unwrap().len());
}

#[test]
fn other_bytes_come_first_and_what_was_never_opened_last() {
    let place = Place::with_pipeline();
    place.write("job/out/0.jsonl", "{\"b\":9}\n");
    place.write("job/more.txt", "more");
    place.write("paths.txt", "out/0.jsonl\nmore.txt\n");
    let args = ["reconcile", "train", "--read", "paths.txt", "--content", "job"];
    let told = place.run(&args).expect(20);
    for part in ["other bytes", "not declared", "never opened", "out/1.jsonl"] {
        assert!(told.out.contains(part), "{part}: {told:#?}");
    }
    place.write("paths.txt", "out/0.jsonl\n");
    let args = [
        "reconcile",
        "train",
        "--read",
        "paths.txt",
        "--content",
        ".",
        "--json",
    ];
    let answer = place.run(&args).expect(3).json();
    assert_eq!(answer["never_opened"][0]["name"], "out/1.jsonl");
    // What the run wrote itself is no input; whoever lists it is told.
    place.write("paths.txt", "out/0.jsonl\nout/1.jsonl\nweights.bin\n");
    let answer = place.run(&args).expect(21).json();
    assert_eq!(answer["undeclared"][0]["own_output"], true);
}

#[test]
fn what_cannot_be_compared_is_told() {
    let place = Place::with_pipeline();
    place.write("reads.jsonl", line(&place, "out/0.jsonl"));
    let refused = |args: &[&str], code: i32, why: &str| {
        let ran = place.run(args).expect(code);
        assert!(ran.err.contains(why), "{ran:#?}");
    };
    refused(&["reconcile", "seeds", "--read", "reads.jsonl"], 1, "is no run");
    refused(&["reconcile", "nothing", "--read", "reads.jsonl"], 1, "nothing");
    refused(&["reconcile", "train", "--read", "absent"], 1, "cannot be read");
    refused(&["reconcile", "train"], 2, "--read");
    place.write("paths.txt", "gone.jsonl\n");
    refused(
        &["reconcile", "train", "--read", "paths.txt", "--content", "."],
        1,
        "line 1",
    );
    place.write("bad.jsonl", "{\"path\":1}\n");
    refused(
        &["reconcile", "train", "--read", "bad.jsonl"],
        1,
        "line 1 is not such an object",
    );
}
