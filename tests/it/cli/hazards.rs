//! What real data does to a ledger: bytes that come back, bytes under several licences, bytes that are known by digest
//! alone, empty files, and versions that nobody can tell apart any more. Each is registered, and answered without a guess.

use serde_json::Value;

use super::support::Place;
use super::support::Ran;
use super::support::failing;

const FIRST: &str = "{\"row\": 1}\n{\"row\": 2}\n";
const TURNED: &str = "{\"row\": 2}\n{\"row\": 1}\n";

fn notes(json: &Value, code: &str) -> Vec<String> {
    let findings = json["findings"].as_array().unwrap();
    findings
        .iter()
        .filter(|finding| finding["code"] == code)
        .map(|finding| finding["message"].as_str().unwrap().to_owned())
        .collect()
}

fn verified(place: &Place, node: &str, code: i32) -> Value {
    place.run(&["verify", node, "--json"]).expect(code).json()
}

fn registers(place: &Place, lineage: &str) -> Ran {
    place.write("lineage.yaml", lineage);
    place.run(&["register", "lineage.yaml"])
}

/// A set that is changed, and changed back: the third version has the bytes of the first.
fn reverted(between: &str) -> String {
    format!(
        "
herdbook: 1
sources:
  - {{name: corpus, files: first.jsonl, made_by: human, acquired_by: own_production, personal_data: no}}
models:
  - {{name: helper, provider: Example AI, version: '1', access: weights}}
runs:
  - name: turn
    does: transform
    {between}
    outputs: [{{name: corpus-2, kind: shard, files: turned.jsonl}}]
  - name: turn-back
    does: transform
    inputs: [{{use: corpus-2, as: data}}]
    outputs: [{{name: corpus-3, kind: shard, files: back.jsonl}}]
  - name: train
    does: train
    inputs: [{{use: corpus-3, as: data}}]
    outputs: [{{name: model, kind: model, content: not_known}}]
"
    )
}

#[test]
fn a_content_that_comes_back_is_no_circle() {
    let place = Place::with_ledger();
    place.write("first.jsonl", FIRST);
    place.write("turned.jsonl", TURNED);
    place.write("back.jsonl", FIRST);
    registers(&place, &reverted("inputs: [{use: corpus, as: data}]")).expect(0);
    let json = verified(&place, "model", 0);
    assert!(failing(&json).is_empty(), "{json}");
    assert_eq!(json["boundary"]["sources"]["exact"], "1");
    // Two nodes have these bytes, and each is drawn where it stands.
    let trace = place.run(&["trace", "model", "--json"]).expect(0).json();
    let named = |name: &str| {
        let nodes = trace["nodes"].as_array().unwrap();
        nodes.iter().filter(|node| node["name"] == name).count()
    };
    assert_eq!((named("corpus"), named("corpus-2"), named("corpus-3")), (1, 1, 1));
    // The bytes alone do not say which is meant: both answer, and both are sound.
    let both = place.run(&["verify", "back.jsonl", "--json"]);
    let text = both.out.clone();
    assert!(text.contains("corpus-3"), "{both:#?}");
}

#[test]
fn a_content_that_a_model_brings_back_is_claimed_twice() {
    let place = Place::with_ledger();
    place.write("first.jsonl", FIRST);
    place.write("turned.jsonl", TURNED);
    place.write("back.jsonl", FIRST);
    let between = "rewrites: true\n    inputs: [{use: corpus, as: data}, {use: helper, as: generator}]";
    registers(&place, &reverted(between)).expect(0);
    let json = verified(&place, "model", 21);
    assert_eq!(failing(&json), ["conflicting_origin"], "{json}");
}

#[test]
fn the_same_bytes_under_three_licences_are_three_claims() {
    let place = Place::with_ledger();
    for copy in ["original", "mirror", "extract"] {
        place.write(&format!("{copy}/seeds.jsonl"), FIRST);
    }
    let source = |name: &str, licence: &str| {
        format!(
            "  - {{name: {name}, files: {name}/seeds.jsonl, made_by: human, acquired_by: public_dataset, licence: {licence}, personal_data: no}}\n"
        )
    };
    let lineage = format!(
        "herdbook: 1\nsources:\n{}{}{}runs:\n  - name: train\n    does: train\n    inputs: [{{use: mirror, as: data}}]\n    outputs: [{{name: model, kind: model, content: not_known}}]\n",
        source("original", "Apache-2.0"),
        source("mirror", "MIT"),
        source("extract", "CC-BY-NC-4.0")
    );
    registers(&place, &lineage).expect(0);
    // All of them are shown although the run cites one; none is merged with another, and none decides the word.
    let json = verified(&place, "model", 0);
    let said = notes(&json, "licences_differ").join(" ");
    for licence in ["Apache-2.0", "MIT", "CC-BY-NC-4.0"] {
        assert!(said.contains(licence), "{licence} in {said}: {json}");
    }
}

/// SHA-256 of [`FIRST`].
fn digest_of_first(place: &Place) -> String {
    place.write("known.jsonl", FIRST);
    let hashed = place.run(&["hash", "known.jsonl", "--out", "hashed.ndjson"]);
    hashed.expect(0);
    let record = std::fs::read_to_string(place.at("hashed.ndjson")).unwrap();
    let line = record.lines().find(|line| line.contains("known.jsonl")).unwrap();
    let record: Value = serde_json::from_str(line).unwrap();
    record["sha256"].as_str().unwrap().to_owned()
}

#[test]
fn an_input_that_is_known_by_digest_alone_is_a_gap_until_somebody_declares_it() {
    let place = Place::with_ledger();
    let digest = digest_of_first(&place);
    let lineage = format!(
        "
herdbook: 1
sources:
  - name: stated
    made_by: human
    acquired_by: public_dataset
    personal_data: no
    digests: [{{name: elsewhere.jsonl, sha256: '{}', rows: 4}}]
runs:
  - name: train
    does: train
    inputs: [{{use: stated, as: data, rows: 4}}, {{unresolved: a file that was deleted, digest: 'sha256:{digest}', as: data, rows: 2}}]
    outputs: [{{name: model, kind: model, content: not_known}}]
",
        "5".repeat(64)
    );
    registers(&place, &lineage).expect(0);
    // What is stated by digest is declared, and said to be given; what is a digest and nothing else is a gap.
    let json = verified(&place, "model", 21);
    assert_eq!(failing(&json), ["unresolved_input"], "{json}");
    assert_eq!(notes(&json, "digest_given").len(), 1, "{json}");
    assert_eq!(json["boundary"]["unknown"]["exact"], "1/3");
    let gap = |place: &Place| {
        let json = place.run(&["gaps", "model", "--json"]).expect(0).json();
        let gaps = json["gaps"].as_array().unwrap();
        let gap = gaps.iter().find(|gap| gap["class"] == "unresolved");
        gap.expect("a gap").clone()
    };
    let open = gap(&place);
    assert!(open["name"].as_str().unwrap().contains(&digest[..12]), "{open}");
    assert!(open["command"].is_null(), "{open}");
    // Somebody finds and declares it later.
    place.write(
        "late.yaml",
        "herdbook: 1\nsources:\n  - {name: found, files: known.jsonl, made_by: human, acquired_by: own_production, personal_data: no}\n",
    );
    place.run(&["register", "late.yaml"]).expect(0);
    verified(&place, "model", 21);
    let command = gap(&place)["command"].as_str().expect("a command").to_owned();
    let words: Vec<&str> = command.split_whitespace().skip(1).collect();
    place.run(&words).expect(0);
    let json = verified(&place, "model", 0);
    assert_eq!(notes(&json, "declared_late").len(), 1, "{json}");
}

#[test]
fn eleven_empty_files_are_eleven_artifacts_and_no_conflict() {
    let place = Place::with_ledger();
    for part in 0..10 {
        place.write(&format!("parts/{part:02}.jsonl"), "");
    }
    place.write("parts/10.jsonl", FIRST);
    place.write("drafts/00.jsonl", "");
    let lineage = "
herdbook: 1
sources:
  - {name: parts, files: 'parts/*.jsonl', made_by: human, acquired_by: own_production, personal_data: no}
models:
  - {name: teacher, provider: Example AI, version: '1', access: weights}
runs:
  - name: draft
    does: generate
    inputs: [{use: teacher, as: generator}]
    outputs: [{name: drafts, kind: shard, files: 'drafts/*.jsonl'}]
  - name: train
    does: train
    inputs: [{use: parts, as: data}]
    outputs: [{name: model, kind: model, content: not_known}]
  - name: train-on-nothing
    does: train
    inputs: [{use: parts, as: data}, {use: drafts, as: data}]
    outputs: [{name: other, kind: model, content: not_known}]
";
    registers(&place, lineage).expect(0);
    // Ten parts by people and one draft by a model have the same digest, that of no bytes; nobody claims anything by it.
    for model in ["model", "other"] {
        let json = verified(&place, model, 0);
        assert_eq!(json["boundary"]["sources"]["exact"], "1", "{model}: {json}");
        assert!(notes(&json, "licences_differ").is_empty());
    }
    let json = place
        .run(&["verify", "model", "--content", ".", "--json"])
        .expect(0)
        .json();
    assert_eq!(
        (&json["content"]["checked"], &json["content"]["of"]),
        (&11.into(), &11.into())
    );
    // Each has its own name and its own place; the digest alone names them all.
    let trace = place.run(&["trace", "model", "--json"]).expect(0).json();
    let parts = trace["nodes"].as_array().unwrap().iter();
    let parts = parts.filter(|node| node["name"].as_str().unwrap().starts_with("parts"));
    assert!(parts.count() >= 1, "{trace}");
    let empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let all = place.run(&["verify", empty, "--json"]);
    let json = all.json();
    let answers = json["results"].as_array().unwrap();
    let named: std::collections::BTreeSet<&str> = answers
        .iter()
        .map(|answer| answer["artifacts"][0].as_str().unwrap())
        .collect();
    assert_eq!((answers.len(), named.len()), (11, 11), "{json}");
}

#[test]
fn a_version_that_nobody_can_tell_is_unresolved_and_never_the_latest() {
    let place = Place::with_ledger();
    let source = "herdbook: 1\nsources:\n  - {name: preferences, files: preferences.jsonl, made_by: human, acquired_by: public_dataset, personal_data: no}\n";
    place.write("source.yaml", source);
    place.write("preferences.jsonl", FIRST);
    place.run(&["register", "source.yaml"]).expect(0);
    place.write("preferences.jsonl", TURNED);
    place.run(&["register", "source.yaml"]).expect(1);
    place.run(&["register", "source.yaml", "--new-version"]).expect(0);
    let size = place.size();
    // A recipe that says the name alone means one of two, and the program says which two and takes none.
    let recipe = "herdbook: 1\nruns:\n  - name: train\n    does: train\n    inputs: [{use: preferences, as: data}]\n    outputs: [{name: model, kind: model, content: not_known}]\n";
    let refused = registers(&place, recipe).expect(1);
    for version in ["`preferences` has 2 versions", "preferences@latest"] {
        assert!(refused.err.contains(version), "{version}: {refused:#?}");
    }
    assert_eq!(place.size(), size);
    // With --keep-going it is recorded as what it is: an input that nobody can name.
    place.run(&["register", "lineage.yaml", "--keep-going"]).expect(3);
    let json = verified(&place, "model", 21);
    assert_eq!(failing(&json), ["unresolved_input"], "{json}");
    assert_eq!(json["boundary"]["unknown"]["exact"], "1", "{json}");
    assert_eq!(json["sources"].as_array().unwrap().len(), 0, "{json}");
}
