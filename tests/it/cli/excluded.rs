//! `verify --excludes`, and the same answer from a bundle with nothing else at hand.

use std::fs;

use serde_json::Value;

use super::support::Place;
use super::support::failing;
use super::support::names;

const MORE: &str = r"
herdbook: 1
sources:
  - {name: banned, files: banned.jsonl, made_by: human, acquired_by: own_production, personal_data: no}
";

fn place() -> Place {
    let place = Place::with_pipeline();
    place.write("banned.jsonl", "{\"c\":1}\n");
    place.write("more.yaml", MORE);
    place.run(&["register", "more.yaml"]).expect(0);
    place
}

#[test]
fn what_is_not_among_the_ancestors_is_shown_and_what_is_with_its_path() {
    let place = place();
    let verify = |args: &[&str], exit| {
        let all = [&["verify", "model", "--json"], args].concat();
        place.run(&all).expect(exit).json()
    };
    let judged = verify(
        &[
            "--excludes",
            "banned",
            "--excludes",
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        ],
        0,
    );
    for fact in judged["excludes"].as_array().unwrap() {
        assert_eq!(
            (&fact["excluded"], &fact["outcome"]),
            (&true.into(), &"excluded".into())
        );
        assert_eq!(fact["path"], Value::Array(vec![]));
        assert_eq!(fact["not_known_beyond"][0]["name"], "teacher");
        assert_eq!(fact["not_known_beyond"][0]["what"], "external_model");
    }
    let path = ["model", "train", "tasks/out/0.jsonl", "generate", "seeds"];
    for node in ["seeds", "seeds@latest", "seeds.jsonl"] {
        let judged = verify(&["--excludes", node], 23);
        assert_eq!(failing(&judged), ["not_excluded"], "{node}");
        assert_eq!(names(&judged["excludes"][0]["path"]), path);
        assert_eq!(judged["excludes"][0]["excluded"], false);
    }
    // The same bytes under another name, on disk and in the ledger.
    fs::copy(place.at("seeds.jsonl"), place.at("copy.jsonl")).unwrap();
    assert_eq!(
        names(&verify(&["--excludes", "copy.jsonl"], 23)["excludes"][0]["path"]),
        path
    );
    let run = verify(&["--excludes", "generate"], 23);
    assert_eq!(run["excludes"][0]["outcome"], "not_excluded");
    // A file that nobody registered is no ancestor, and a name that nobody registered is a mistake.
    place.write("elsewhere.txt", "elsewhere");
    verify(&["--excludes", "elsewhere.txt"], 0);
    place.run(&["verify", "model", "--excludes", "nobody"]).expect(1);

    let text = place
        .run(&["verify", "model", "--excludes", "banned"])
        .expect(0)
        .out;
    assert!(text.contains("excluded: banned\n"), "{text}");
    assert!(
        text.contains("no declared path leads from banned to model"),
        "{text}"
    );
    assert!(
        text.contains("teacher: what this external model was trained on"),
        "{text}"
    );
    let text = place
        .run(&["verify", "model", "--excludes", "seeds"])
        .expect(23)
        .out;
    assert!(text.contains("not_excluded"), "{text}");
    assert!(!text.contains("no path is declared"), "{text}");
}

#[test]
fn a_bundle_gives_the_same_answer_with_nothing_else() {
    let place = place();
    place.run(&["key", "trust-root", "-o", "root.json"]).expect(0);
    place.run(&["bundle", "model", "-o", "plain.bundle"]).expect(0);
    place
        .run(&["bundle", "model", "--excludes", "banned", "-o", "asked.bundle"])
        .expect(0);
    let listed = place.run(&["list", "--json"]).expect(0).json();
    let id = |node: &str| {
        let mut items = listed["items"].as_array().unwrap().iter();
        let found = items.find(|item| item["name"] == node).unwrap();
        found["id"].as_str().unwrap().to_owned()
    };
    let auditor = Place::new();
    for file in [
        "root.json",
        "plain.bundle",
        "asked.bundle",
        "banned.jsonl",
        "seeds.jsonl",
    ] {
        fs::copy(place.at(file), auditor.at(file)).unwrap();
    }
    let judge = |bundle: &str, node: &str, exit| {
        let args = [
            "verify-bundle",
            bundle,
            "--trust-root",
            "root.json",
            "--json",
            "--excludes",
            node,
        ];
        auditor.run(&args).expect(exit).json()
    };
    for bundle in ["plain.bundle", "asked.bundle"] {
        assert_eq!(judge(bundle, "banned.jsonl", 0)["excludes"][0]["excluded"], true);
        let found = judge(bundle, "seeds.jsonl", 23);
        let ledger = place
            .run(&["verify", "model", "--excludes", "seeds.jsonl", "--json"])
            .expect(23)
            .json();
        assert_eq!(found["excludes"], ledger["excludes"]);
        assert_eq!(failing(&judge(bundle, &id("seeds"), 23)), ["not_excluded"]);
    }
    assert_eq!(
        judge("asked.bundle", &id("banned"), 0)["excludes"][0]["excluded"],
        true
    );
    // What an id means can be seen only where its statement is.
    let open = judge("plain.bundle", &id("banned"), 22);
    assert_eq!(failing(&open), ["exclusion_not_shown"]);
    let refused = judge("plain.bundle", "banned", 2);
    assert_eq!(refused["code"], "not_a_node");
}
