//! NODE as people write it: paths of files, parts of names; and what the answers say of files.

use serde_json::Value;

use super::support::PIPELINE;
use super::support::Place;

/// The pipeline, and a source of 70 files in one manifest.
fn place() -> Place {
    let place = Place::with_pipeline();
    for number in 0..70 {
        place.write(
            &format!("in/many/{number:02}.jsonl"),
            format!("{{\"n\":{number}}}\n"),
        );
    }
    place.write(
        "many.yaml",
        "herdbook: 1\nsources:\n  - {name: many, files: 'in/many/*.jsonl', made_by: human, acquired_by: own_production, \
         personal_data: no}\n",
    );
    place.run(&["register", "many.yaml"]).expect(0);
    place
}

fn sha256(place: &Place, path: &str) -> String {
    herdbook::digest::Sha256Digest::of(&std::fs::read(place.at(path)).unwrap()).to_hex()
}

#[test]
fn the_path_of_a_file_is_whatever_has_its_bytes() {
    let place = place();
    let traced = place.run(&["trace", "weights.bin"]).expect(0);
    assert_eq!(traced.out, place.run(&["trace", "model"]).expect(0).out);
    let reached = place.run(&["impact", "seeds.jsonl", "--json"]).expect(0).json();
    assert_eq!(reached["total"], 2);
    let gaps = place.run(&["gaps", "seeds.jsonl", "--json"]).expect(0).json();
    assert_eq!(gaps["total"], 1);
    let shown = place.run(&["show", "out/1.jsonl"]).expect(0);
    assert!(
        shown.out.contains("tasks/out/1.jsonl") || shown.out.contains("tasks/1.jsonl"),
        "{shown:#?}"
    );
    place.run(&["release", "weights.bin", "--to", "hub"]).expect(0);
    for verb in ["trace", "impact", "gaps", "show"] {
        let other = place.run(&[verb, "lineage.yaml"]).expect(1);
        assert!(
            other
                .err
                .contains("nothing is registered with the bytes of the file `lineage.yaml`"),
            "{other:#?}"
        );
        for gone in ["out/9.jsonl", "gone.jsonl", "tasks/gone.jsonl"] {
            let gone = place.run(&[verb, gone]).expect(1);
            assert!(gone.err.contains("there is no file `"), "{gone:#?}");
        }
    }
}

#[test]
fn ambiguous_names_get_the_same_help_everywhere() {
    let place = Place::with_pipeline();
    place.write("weights.bin", "other weights");
    place
        .run(&["register", "lineage.yaml", "--new-version"])
        .expect(0);
    let help = |args: &[&str]| {
        let refused = place.run(args).expect(1);
        assert!(
            refused.err.contains("`model` has 2 versions: write model@"),
            "{refused:#?}"
        );
        let lines = refused.err.lines().filter(|line| line.starts_with("help: "));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let first = help(&["trace", "model"]);
    assert_eq!(first.len(), 2, "{first:#?}");
    for args in [
        &["show", "model"][..],
        &["impact", "model"],
        &["gaps", "model"],
        &["verify", "model"],
        &["release", "model", "--to", "hub"],
        &["prove", "model", "-o", "p.json"],
    ] {
        assert_eq!(help(args), first, "{args:?}");
    }
}

#[test]
fn show_tells_files_with_their_digests() {
    let place = place();
    let tasks = place.run(&["show", "tasks"]).expect(0).out;
    assert!(tasks.contains(&sha256(&place, "out/0.jsonl")), "{tasks}");
    assert!(tasks.contains("2 rows") && tasks.contains("16 bytes"), "{tasks}");
    let many = place.run(&["show", "many"]).expect(0).out;
    assert!(many.contains("manifest of 70 files"), "{many}");
    assert!(many.contains(&sha256(&place, "in/many/42.jsonl")), "{many}");
    // One file, by the end of its name that no other file has, and nothing else.
    let one = place.run(&["show", "many/42.jsonl"]).expect(0).out;
    assert!(one.contains(&sha256(&place, "in/many/42.jsonl")), "{one}");
    assert!(
        !one.contains(&sha256(&place, "in/many/41.jsonl")) && !one.contains("says"),
        "{one}"
    );
    let json = place.run(&["show", "many/42.jsonl", "--json"]).expect(0).json();
    let files = json["statements"][0]["files"].as_array().unwrap();
    assert_eq!(files.len(), 1);
    assert_eq!(files[0]["sha256"], sha256(&place, "in/many/42.jsonl"));
    let items = place.run(&["list", "--json"]).expect(0).json();
    let files: Vec<(&str, u64)> = items["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["name"].as_str().unwrap(), one["files"].as_u64().unwrap()))
        .collect();
    assert!(
        files.contains(&("many", 70)) && files.contains(&("tasks", 2)),
        "{files:?}"
    );
    place.run(&["release", "model", "--to", "hub"]).expect(0);
    let list = place.run(&["list"]).expect(0).out;
    assert!(list.contains("70 files") && list.is_ascii(), "{list}");
    assert!(list.lines().all(|line| line.len() <= 80), "{list}");
}

#[test]
fn a_proof_says_which_bytes_it_is_about() {
    let place = place();
    place.run(&["key", "trust-root", "-o", "root.json"]).expect(0);
    for (node, name, file, kind) in [
        ("seeds", "seeds", "seeds.jsonl", "of source seeds"),
        ("weights.bin", "model", "weights.bin", "of run train"),
        ("tasks", "tasks/out/1.jsonl", "out/1.jsonl", "run generate"),
    ] {
        let proof = format!("{name}.proof").replace('/', "-");
        let made = place.run(&["prove", node, "-o", &proof]).expect(0).out;
        let args = ["prove", "--check", &proof, "--trust-root", "root.json"];
        let checked = place.run(&args).expect(0).out;
        for text in [made, checked] {
            assert!(text.contains(name) && text.contains(kind), "{text}");
            assert!(
                text.contains(&format!("sha256 {}", sha256(&place, file))),
                "{text}"
            );
        }
    }
}

#[test]
fn a_gap_that_the_newest_version_mends_goes_when_nothing_uses_the_older() {
    let place = Place::with_pipeline();
    let unlicensed = |place: &Place| -> Vec<String> {
        let found = place.run(&["gaps", "--json"]).expect(0).json();
        let gaps = found["gaps"].as_array().unwrap().iter();
        let of_class = gaps.filter(|gap| gap["class"] == "unlicensed");
        of_class
            .map(|gap| gap["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(unlicensed(&place), ["teacher", "seeds"]);
    // As `close` says. The tasks that are in use are still those of the older version.
    let mended = PIPELINE
        .replace("access: api", "access: api, terms: LicenseRef-api")
        .replace("personal_data: no", "personal_data: no, licence: MIT");
    let (items, runs) = mended.split_once("runs:").unwrap();
    place.write("items.yaml", items);
    place.run(&["register", "items.yaml", "--new-version"]).expect(0);
    assert_eq!(unlicensed(&place), ["teacher", "seeds"]);
    place.write("lineage.yaml", format!("{items}runs:{runs}"));
    let ran = place
        .run(&["register", "lineage.yaml", "--new-version"])
        .expect(0);
    assert!(ran.out.contains("appended"), "{ran:#?}");
    assert!(unlicensed(&place).is_empty());
    let found: Value = place.run(&["gaps", "--json"]).expect(0).json();
    assert_eq!(found["mended"], 2);
    let oldest = place.run(&["list", "model", "--json"]).expect(0).json()["items"][0]["node"].clone();
    let oldest = oldest.as_str().unwrap();
    let asked = place.run(&["gaps", oldest, "--json"]).expect(0).json();
    assert!(
        asked["total"].as_u64() >= Some(2),
        "the older model keeps them: {asked:#}"
    );
    // What was released is in use for good.
    place.run(&["release", oldest, "--to", "hub"]).expect(0);
    assert_eq!(unlicensed(&place), ["teacher", "seeds"]);
}
