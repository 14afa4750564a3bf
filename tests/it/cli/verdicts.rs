//! `verify` from the outside: whose word counts, what an argument means, and how a verdict ends.

use std::fs;

use super::support::Place;
use super::support::failing;
use super::support::names;

#[test]
fn a_lineage_that_is_whole_is_traced() {
    let place = Place::with_pipeline();
    let text = place.run(&["verify", "model", "--content", "."]).expect(0).out;
    let line = "traced: 0 % to declared sources, 100 % to 1 external model whose own data is not known here; \
                all seeds and prompts declared; 4 of 4 files opened; full\n";
    assert!(text.starts_with(line), "{text}");
    assert!(text.ends_with("\nTraced does not mean lawful, licensed, human-made or complete.\n"));
    let json = place.run(&["verify", "model", "--json"]).expect(0).json();
    assert_eq!(json["schema"], "herdbook/verify/v1");
    assert_eq!(json["verdict"], "traced");
    assert_eq!(json["checkpoint"]["size"], 7);
    assert_eq!(json["checkpoint"]["origin"], "test.example/lab");
    let note = fs::read_to_string(place.at(".herdbook/log/checkpoint")).unwrap();
    assert_eq!(json["checkpoint"]["root"], note.lines().nth(2).unwrap());
    let whole = serde_json::json!({ "exact": "1", "approx": 1.0 });
    assert_eq!(json["boundary"]["external_models"], whole);
    assert_eq!(json["external_models"][0]["name"], "teacher");
    assert_eq!(json["sources"][0]["name"], "seeds");
    assert_eq!(
        json["conditioning"],
        serde_json::json!({ "declared": 1, "undeclared": 0 })
    );
    assert_eq!(json["content"]["of"], 4);
    assert_eq!(json["content"]["basis"], "computed");
    assert_eq!(
        (&json["assurance"], &json["trust_root"]["kind"]),
        (&"pinned".into(), &"pinned".into())
    );
    assert_eq!(json["completeness"]["not_known"], 2);
}

#[test]
fn whose_word_counts_is_said() {
    let place = Place::with_pipeline();
    place.run(&["key", "trust-root", "-o", "root.json"]).expect(0);
    let stranger = |args: &[&str]| {
        let mut command = place.command(args);
        command.env("HERDBOOK_HOME", place.at("stranger"));
        super::support::ran(command.output().unwrap())
    };
    let unpinned = stranger(&["verify", "model", "--json"]).expect(22).json();
    assert_eq!(failing(&unpinned), ["trust_not_pinned"]);
    let own_word = stranger(&["verify", "model", "--trust-genesis"]).expect(0);
    assert!(
        own_word.out.starts_with("traced (self-asserted): "),
        "{own_word:#?}"
    );
    stranger(&["verify", "model", "--trust-genesis", "--require", "pinned"]).expect(22);
    stranger(&["verify", "model", "--trust-root", "root.json"]).expect(0);
    stranger(&["verify", "model", "--trust-root", "lineage.yaml"]).expect(1);
    place.run(&["verify", "model", "--require", "full"]).expect(22);
    // Files are no witnesses.
    let witnessed = ["verify", "model", "--require", "witnessed", "--content", "."];
    let refused = place.run(&witnessed).expect(22);
    assert!(
        refused.out.contains("no ledger has witnesses in this version"),
        "{refused:#?}"
    );
    place
        .run(&["verify", "model", "--require", "full", "--content", "."])
        .expect(0);
    // Another ledger under the same origin, made by somebody else.
    for args in [
        &["init", "theirs", "--origin", "test.example/lab"][..],
        &["register", "lineage.yaml", "--ledger", "theirs"],
    ] {
        let mut command = place.command(args);
        command.env("HERDBOOK_HOME", place.at("somebody"));
        super::support::ran(command.output().unwrap()).expect(0);
    }
    // What is remembered of the origin would refuse it before it is judged.
    place.forget();
    let other = place
        .run(&["verify", "model", "--ledger", "theirs", "--json"])
        .expect(20)
        .json();
    assert_eq!(other["verdict"], "tampered");
}

#[test]
fn an_argument_that_is_a_file_is_a_file() {
    let place = Place::with_pipeline();
    let found = place.run(&["verify", "out/0.jsonl"]).expect(0);
    assert!(
        found.out.contains("out/0.jsonl, registered as tasks/out/0.jsonl"),
        "{found:#?}"
    );
    // A file with the name of an item that is not its own: neither is meant without a word.
    place.write("model", "not the model");
    let both = place.run(&["verify", "model", "--json"]).expect(1).json();
    assert_eq!(both["code"], "two_meanings");
    let file = place.run(&["verify", "./model", "--json"]).expect(21).json();
    assert_eq!(failing(&file), ["not_registered"]);
    fs::remove_file(place.at("model")).unwrap();
    let folder = place.run(&["verify", "out"]).expect(1);
    assert!(
        folder.err.contains("`out` is a folder: name the files in it"),
        "{folder:#?}"
    );
    let nothing = place.run(&["verify", "nothing"]).expect(1);
    assert!(nothing.err.contains("neither a file nor a node"), "{nothing:#?}");
    let digest = herdbook::digest::Sha256Digest::of(b"weights");
    place.run(&["verify", &format!("sha256:{digest}")]).expect(0);
    let unknown = herdbook::digest::Sha256Digest::of(b"unknown");
    place.run(&["verify", &format!("sha256:{unknown}")]).expect(21);
    place.run(&["verify", "sha256:12"]).expect(1);
}

#[test]
fn the_worst_of_several_verdicts_decides() {
    let place = Place::with_pipeline();
    place.write("stranger.txt", "nobody registered this");
    let both = place
        .run(&["verify", "model", "stranger.txt", "--json"])
        .expect(21)
        .json();
    assert_eq!(both["verdict"], "not_traced");
    let results = both["results"].as_array().unwrap();
    let verdicts: Vec<_> = results
        .iter()
        .map(|one| one["verdict"].as_str().unwrap())
        .collect();
    assert_eq!(verdicts, ["traced", "not_traced"]);
    place.write("weights.bin", "WEIGHTS");
    place
        .run(&["verify", "stranger.txt", "model", "--content", "."])
        .expect(20);
    // A name that means nothing stops everything before hours of hashing.
    let stopped = place.run(&["verify", "model", "nothing"]).expect(1);
    assert_eq!(stopped.out, "");
}

#[test]
fn a_source_alone_is_nothing_to_trace() {
    let place = Place::with_pipeline();
    for node in ["seeds", "teacher"] {
        let verdict = place.run(&["verify", node, "--json"]).expect(21).json();
        assert_eq!(failing(&verdict), ["nothing_to_trace"]);
    }
}

#[test]
fn a_changed_or_missing_file_is_named() {
    let place = Place::with_pipeline();
    let expected = herdbook::digest::Sha256Digest::of(b"{\"b\":3}\n");
    place.write("out/1.jsonl", "{\"b\":7}\n");
    let found = herdbook::digest::Sha256Digest::of(b"{\"b\":7}\n");
    let verdict = place.run(&["verify", "model", "--content", "."]).expect(20).out;
    let told = format!("fails content_differs: ./out/1.jsonl: expected sha256 {expected}, found {found}; ");
    assert!(verdict.contains(&told), "{verdict}");
    fs::remove_file(place.at("out/1.jsonl")).unwrap();
    let json = place
        .run(&["verify", "model", "--content", ".", "--json"])
        .expect(22)
        .json();
    assert_eq!(failing(&json), ["content_not_found"]);
    assert_eq!(
        names(&json["findings"][0]["path"]),
        ["model", "train", "tasks/out/1.jsonl"]
    );
    // Moved is not missing: it is found by its digest.
    place.write("elsewhere/moved.jsonl", "{\"b\":3}\n");
    place.run(&["verify", "model", "--content", "."]).expect(0);
    place.run(&["verify", "model", "--content", "nowhere"]).expect(1);
}

/// More files than stand in a statement: they become a manifest, and each is still found by its bytes.
#[test]
fn one_of_many_shards_is_found_by_its_bytes() {
    let place = Place::with_ledger();
    place.write_pipeline();
    for shard in 2..150 {
        place.write(&format!("out/{shard}.jsonl"), format!("{{\"b\":{shard}}}\n"));
    }
    place.run(&["register", "lineage.yaml"]).expect(0);
    let found = place.run(&["verify", "out/77.jsonl"]).expect(0);
    assert!(
        found.out.contains("registered as tasks/out/77.jsonl"),
        "{found:#?}"
    );
    let text = place.run(&["verify", "model", "--content", "."]).expect(0).out;
    assert!(text.contains("152 of 152 files opened; full"), "{text}");
    place.write("out/99.jsonl", "{\"b\":0}\n");
    let changed = place.run(&["verify", "model", "--content", "."]).expect(20).out;
    assert!(changed.contains("./out/99.jsonl: expected sha256 "), "{changed}");
    let tree = place.run(&["trace", "model"]).expect(0).out;
    assert!(tree.lines().count() < 20, "{tree}");
    // Without the manifest nobody can say what the training took.
    let blobs = place.at(".herdbook/blobs");
    for folder in fs::read_dir(blobs).unwrap() {
        fs::remove_dir_all(folder.unwrap().path()).unwrap();
    }
    let verdict = place.run(&["verify", "model", "--json"]).expect(22).json();
    assert!(failing(&verdict).contains(&"manifest_missing"), "{verdict}");
}
