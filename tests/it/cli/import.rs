//! `herdbook import`: what others have recorded becomes a lineage file, with every parent accounted for.

use std::fs;
use std::path::Path;

use serde_json::Value;
use serde_json::json;

use super::support::Place;

fn record(collection: &str, models: &[&str], parents: &[&str]) -> Value {
    json!({
        "Dataset Name": collection.to_lowercase(),
        "Collection": collection,
        "Model Generated": models,
        "Licenses": [{"License": "CC BY-NC 4.0"}, {"License": "OpenAI"}],
        "Derived from Datasets": parents,
    })
}

fn place() -> Place {
    let place = Place::with_ledger();
    let seeds = json!({"garden-seeds": record("Garden Seeds", &[], &[])});
    let tasks = json!({"garden-tasks": record("Garden Tasks", &["api-1"], &["Garden Seeds", "a lost list"])});
    place.write("seeds.json", seeds.to_string());
    place.write("tasks.json", tasks.to_string());
    place
}

#[test]
fn an_unresolved_parent_is_told_registered_and_fails() {
    let place = place();
    let told = place
        .run(&["import", "dpi", "seeds.json", "tasks.json", "-o", "lineage.json"])
        .expect(0);
    assert_eq!(
        told.out,
        "read 2 collections, 2 data sets; 2 parents named, 1 of them unresolved; lineage file in lineage.json\n  \
         garden-tasks is derived from \"a lost list\": no record has this name\n\
         next: read it, then herdbook register lineage.json\n"
    );
    place.run(&["register", "lineage.json"]).expect(0);
    let shown = place.run(&["show", "garden-tasks", "--json"]).expect(0).json();
    let says = &shown["statements"][0]["statement"]["predicate"];
    assert_eq!(says["generators"], json!(["api-1"]), "{shown}");
    assert_eq!(says["licence"], "CC-BY-NC-4.0 AND LicenseRef-OpenAI");
    assert_eq!(says["unresolved"], json!([{"text": "a lost list"}]));
    let trace = place.run(&["trace", "garden-tasks", "--json"]).expect(0).json();
    let roles: Vec<&Value> = trace["edges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|edge| &edge["role"])
        .collect();
    assert_eq!(roles, ["parent", "parent"]);
    place.write("model.bin", "weights");
    place
        .run(&[
            "run",
            "train",
            "--does",
            "train",
            "--input",
            "garden-tasks:data",
            "--output",
            "m=model.bin",
        ])
        .expect(0);
    let verdict = place.run(&["verify", "m"]).expect(21).out;
    assert!(
        verdict.contains("fails unresolved_input: source garden-tasks was derived from \"a lost list\""),
        "{verdict}"
    );
    let gaps = place.run(&["gaps", "m"]).expect(0).out;
    assert!(gaps.contains("a lost list"), "{gaps}");
}

#[test]
fn a_source_can_name_its_parents_on_the_command_line() {
    let place = Place::with_ledger();
    let add = |name: &str, more: &[&str]| {
        let args = [
            "source",
            "add",
            name,
            "--made-by",
            "human",
            "--personal-data",
            "no",
            "--content",
            "not_known",
        ];
        place.run(&[&args, more].concat())
    };
    add("first", &[]).expect(0);
    add(
        "second",
        &["--derived-from", "first", "--unresolved", "a lost list"],
    )
    .expect(0);
    let shown = place.run(&["show", "second", "--json"]).expect(0).json();
    assert!(
        shown["statements"][0]["statement"]["predicate"]["derived_from"][0]
            .as_str()
            .unwrap()
            .starts_with("hb:")
    );
    assert_eq!(
        shown["statements"][0]["statement"]["predicate"]["unresolved"][0]["text"],
        "a lost list"
    );
    place.write("model.bin", "weights");
    place
        .run(&[
            "run",
            "train",
            "--does",
            "train",
            "--input",
            "first:data",
            "--output",
            "m=model.bin",
        ])
        .expect(0);
    let refused = add("third", &["--derived-from", "m"]);
    assert!(
        refused
            .err
            .contains("what was made from something of this ledger is the output of a run"),
        "{}",
        refused.err
    );
    refused.expect(1);
}

#[test]
fn what_is_no_collection_leaves_nothing_behind() {
    let place = place();
    place.write("other.json", "{\"a\": 1}");
    let told = place.run(&["import", "dpi", "seeds.json", "other.json", "-o", "out.json"]);
    assert!(
        told.err
            .contains("other.json is no collection of the Data Provenance Initiative"),
        "{}",
        told.err
    );
    told.expect(1);
    assert!(!place.at("out.json").exists());
}

/// The collections themselves, which are not part of this repository.
#[test]
fn the_published_collections_keep_every_parent() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/dpi/data_summaries");
    let Ok(listed) = fs::read_dir(&folder) else {
        println!("absent, not checked: {}", folder.display());
        return;
    };
    let mut files: Vec<String> = listed
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "json"))
        .filter(|path| !path.file_name().unwrap().to_str().unwrap().starts_with('_'))
        .map(|path| path.to_str().unwrap().to_owned())
        .collect();
    files.sort();
    assert_eq!(files.len(), 25);
    let named: usize = files
        .iter()
        .flat_map(|file| {
            let records: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
            records.as_object().unwrap().values().cloned().collect::<Vec<_>>()
        })
        .map(|record| record["Derived from Datasets"].as_array().unwrap().len())
        .sum();
    let place = Place::with_ledger();
    let mut args = vec!["import", "dpi", "-o", "lineage.json", "--json"];
    args.extend(files.iter().map(String::as_str));
    let told = place.run(&args).expect(0).json();
    assert_eq!(
        (&told["collections"], &told["sources"]),
        (&json!(25), &json!(117))
    );
    let parents = told["parents"].as_array().unwrap();
    let open = parents
        .iter()
        .filter(|parent| parent["resolved"].is_null())
        .count();
    assert_eq!((parents.len(), open), (named, 89));
    place.run(&["register", "lineage.json"]).expect(0);
    let gaps = place.run(&["gaps", "--json"]).expect(0).json();
    let unresolved = gaps["gaps"].as_array().unwrap().iter();
    assert_eq!(unresolved.filter(|gap| gap["class"] == "unresolved").count(), 89);
    let trace = place.run(&["trace", "orca-math", "--json"]).expect(0).json();
    assert_eq!(trace["edges"].as_array().unwrap().len(), 13);
}
