//! The verbs that read: log, list, trace, impact, gaps, and all of them as of an earlier size.

use serde_json::Value;

use super::support::Place;
use super::support::names;

/// Three nights of one pipeline: same names, new files, one input nobody declared.
fn nights() -> Place {
    let place = Place::with_ledger();
    place.write("seeds.jsonl", "{\"a\":1}\n");
    place.write("ask.txt", "Write a task.\n");
    for night in 1..=3 {
        for part in 1..=7 {
            place.write(
                &format!("data/{night}/{part}.jsonl"),
                format!("{{\"night\":{night},\"part\":{part}}}\n"),
            );
        }
        place.write(&format!("model/{night}.bin"), format!("weights {night}"));
        place.write(
            &format!("night-{night}.yaml"),
            NIGHT.replace("NIGHT", &night.to_string()),
        );
        let file = format!("night-{night}.yaml");
        place.run(&["register", &file, "--new-version"]).expect(0);
    }
    place
}

const NIGHT: &str = r#"
herdbook: 1
sources:
  - {name: seeds, files: seeds.jsonl, made_by: human, acquired_by: own_production, personal_data: no}
models:
  - {name: teacher, provider: Example AI, version: "1", access: api}
prompts:
  - {name: ask, files: ask.txt}
runs:
  - name: generate
    does: generate
    inputs:
      - {use: seeds, as: seed}
      - {use: teacher, as: generator}
      - {use: ask, as: prompt}
      - {unresolved: "extras \"]; x of night NIGHT", as: seed}
    outputs: [{name: tasks, kind: shard, files: data/NIGHT/*.jsonl}]
  - name: train
    does: train
    inputs: [{use: tasks, as: data}, {use: seeds, as: data}]
    outputs: [{name: model, kind: model, files: model/NIGHT.bin}]
"#;

fn list<'a>(value: &'a Value, key: &str) -> &'a Vec<Value> {
    value[key]
        .as_array()
        .unwrap_or_else(|| panic!("{key}: {value:#}"))
}

#[test]
fn a_series_is_one_line_and_an_error_tells_its_versions() {
    let place = nights();
    let listed = place.run(&["list"]).expect(0);
    let models: Vec<&str> = listed
        .out
        .lines()
        .filter(|line| line.starts_with("model"))
        .collect();
    assert_eq!(models.len(), 1, "{listed:#?}");
    assert!(models[0].contains("newest of 3 versions"), "{models:?}");
    assert_eq!(place.run(&["list", "model"]).expect(0).out.lines().count(), 3);
    assert!(place.run(&["list", "--all"]).expect(0).out.lines().count() > listed.out.lines().count());
    place.run(&["list", "modle"]).expect(1);
    for verb in ["show", "trace", "impact", "gaps", "verify"] {
        let several = place.run(&[verb, "model"]).expect(1);
        assert!(
            several.err.contains("`model` has 3 versions: write model@"),
            "{several:#?}"
        );
        assert!(
            several.err.contains("is a model, made by train, hb:"),
            "{several:#?}"
        );
    }
    let one = place
        .run(&["show", "tasks@latest/data/3/2.jsonl", "--json"])
        .expect(0)
        .json();
    let id = one["statements"][0]["asked_for"][0].as_str().unwrap();
    assert!(id.ends_with("/1"), "{id}");
    let none = place.run(&["show", "tasks@latest/data/1/2.jsonl"]).expect(1);
    assert!(
        none.err
            .contains("has no file `data/1/2.jsonl`: it has data/3/1.jsonl"),
        "{none:#?}"
    );
    // On disk it is a file; where it is not, it is a file of the item.
    place.run(&["verify", "tasks@latest/data/3/2.jsonl"]).expect(21);
}

#[test]
fn a_log_lists_entries_from_either_end() {
    let place = nights();
    let newest = place.run(&["log", "--limit", "2", "--json"]).expect(0).json();
    assert_eq!(newest["schema"], "herdbook/log/v1");
    let size = newest["checkpoint"]["size"].as_u64().unwrap();
    let entries = list(&newest, "entries");
    assert_eq!(
        (entries[0]["entry"].as_u64(), &entries[0]["kind"]),
        (Some(size - 1), &"seal".into())
    );
    assert_eq!((entries.len(), &newest["more"]), (2, &true.into()));
    let oldest = place.run(&["log", "--oldest-first", "--limit", "3"]).expect(0);
    let lines: Vec<&str> = oldest.out.lines().collect();
    assert!(
        lines[0].starts_with(&format!("test.example/lab has {size} entries; root ")),
        "{lines:#?}"
    );
    assert!(
        lines[1].contains("genesis") && lines[1].contains("an owner"),
        "{lines:#?}"
    );
    assert!(
        lines[2].contains("seal") && lines[2].contains("the log"),
        "{lines:#?}"
    );
    let runs = place.run(&["log", "--kind", "run", "--json"]).expect(0).json();
    assert_eq!(list(&runs, "entries").len(), 6);
    assert!(
        list(&runs, "entries")
            .iter()
            .all(|one| one["kind"] == "run" && one["label"] == "an issuer")
    );
    let some = place
        .run(&["log", "--from", "2", "--to", "4", "--json"])
        .expect(0)
        .json();
    let numbers: Vec<u64> = list(&some, "entries")
        .iter()
        .map(|one| one["entry"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, [4, 3, 2]);
    let none = place.run(&["log", "--kind", "runs"]).expect(0);
    assert!(none.err.contains("the kinds that are: genesis,"), "{none:#?}");
}

#[test]
fn an_earlier_size_is_answered_as_it_was() {
    let place = nights();
    let commits = place
        .run(&["log", "--kind", "seal", "--oldest-first", "--json"])
        .expect(0)
        .json();
    let ends: Vec<u64> = list(&commits, "entries")
        .iter()
        .map(|one| one["entry"].as_u64().unwrap() + 1)
        .collect();
    assert_eq!(ends.len(), 4, "init and three nights");
    let first = ends[1].to_string();
    // One version then, so that the bare name is enough.
    for verb in ["show", "trace", "impact", "gaps"] {
        let then = place
            .run(&[verb, "model", "--as-of", &first, "--json"])
            .expect(0)
            .json();
        assert_eq!(then["checkpoint"]["size"].as_u64(), Some(ends[1]), "{verb}");
    }
    let then = place
        .run(&["verify", "model", "--as-of", &first, "--json"])
        .expect(21)
        .json();
    assert_eq!(then["checkpoint"]["size"].as_u64(), Some(ends[1]));
    let items = place.run(&["list", "--as-of", &first, "--json"]).expect(0).json();
    assert!(list(&items, "items").iter().all(|one| one["versions"] == 1));
    let reached = place
        .run(&["impact", "seeds", "--as-of", &first, "--json"])
        .expect(0)
        .json();
    assert_eq!(reached["total"], 2);
    let within = (ends[1] + 1).to_string();
    for verb in ["list", "log", "gaps"] {
        let wrong = place.run(&[verb, "--as-of", &within]).expect(1);
        let choices = format!("write --as-of {} or --as-of {}", ends[1], ends[2]);
        assert!(wrong.err.contains(&choices), "{wrong:#?}");
    }
    let beyond = place.run(&["list", "--as-of", "1000"]).expect(1);
    assert!(
        beyond.err.contains("the log never had 1000 entries: it has"),
        "{beyond:#?}"
    );
}

#[test]
fn traces_go_down_and_are_drawn() {
    let place = nights();
    let down = place.run(&["trace", "ask", "--down"]).expect(0).out;
    assert!(down.contains("as prompt: generate  run"), "{down}");
    assert!(
        down.contains("tasks (7 files)  shard"),
        "many files are one node: {down}"
    );
    assert_eq!(down.matches("model  model").count(), 3, "{down}");
    let graph = place.run(&["trace", "ask", "--down", "--json"]).expect(0).json();
    assert_eq!(graph["direction"], "down");
    assert_eq!(
        list(&graph, "nodes")
            .iter()
            .filter(|node| node["kind"] == "shard")
            .count(),
        21
    );
    let json = place
        .run(&["trace", "ask", "--down", "--format", "json"])
        .expect(0)
        .json();
    assert_eq!(json, graph);
    let near = place
        .run(&["trace", "ask", "--down", "--depth", "1", "--json"])
        .expect(0)
        .json();
    assert_eq!(
        (list(&near, "nodes").len(), &near["beyond_depth"]),
        (4, &27.into())
    );
    for format in ["dot", "mermaid"] {
        let drawn = place
            .run(&["trace", "model@latest", "--format", format])
            .expect(0)
            .out;
        assert!(
            drawn.contains("tasks (7 files)") || drawn.contains("tasks #40;7 files#41;"),
            "{drawn}"
        );
        let safe = drawn.contains("extras \\\"]; x of") || drawn.contains("extras #34;#93;#59; x of");
        assert!(safe, "{drawn}");
    }
}

#[test]
fn an_impact_tells_shares_ways_and_releases() {
    let place = nights();
    let found = place.run(&["impact", "teacher", "--json"]).expect(0).json();
    assert_eq!(found["schema"], "herdbook/impact/v1");
    assert_eq!((&found["total"], &found["runs"]), (&6.into(), &6.into()));
    let model = &found["reached"][0];
    assert_eq!((&model["kind"], &model["via"]), (&"model".into(), &"mass".into()));
    // Seven generated rows and one by a person.
    assert_eq!(model["share"]["exact"], "7/8");
    assert_eq!(
        names(&model["path"]),
        ["model", "train", "tasks", "generate", "teacher"]
    );
    // What the verdict says of the same model, when the model is all that is external.
    let verdict = place
        .run(&["verify", model["node"].as_str().unwrap(), "--json"])
        .expect(21)
        .json();
    assert_eq!(verdict["boundary"]["external_models"], model["share"]);
    let prompt = place.run(&["impact", "ask", "--json"]).expect(0).json();
    assert!(
        list(&prompt, "reached")
            .iter()
            .all(|one| one["via"] == "conditioning" && one["share"].is_null())
    );
    let text = place.run(&["impact", "teacher"]).expect(0).out;
    assert!(
        text.contains("model  3 versions, the newest @") && text.contains(": 87.5 % each"),
        "{text}"
    );
    let nothing = place.run(&["impact", "model@latest"]).expect(0);
    assert_eq!(nothing.out, "nothing descends from model@latest\n");
    place.run(&["impact", "teacher", "--released"]).expect(0);
}

#[test]
fn gaps_tell_why_they_matter_and_how_they_are_closed() {
    let place = nights();
    let found = place.run(&["gaps", "--json"]).expect(0).json();
    let count = |class: &str| {
        let classes = list(&found, "classes").iter();
        classes.clone().find(|one| one["class"] == class).unwrap()["count"]
            .as_u64()
            .unwrap()
    };
    assert_eq!((count("unresolved"), count("uncounted")), (3, 0));
    assert_eq!((count("unlicensed"), count("stale"), count("late")), (2, 0, 0));
    let late = list(&found, "classes")
        .iter()
        .find(|one| one["class"] == "late")
        .unwrap();
    assert_eq!(late["can_occur"], true, "every class can");
    let codes: Vec<&str> = list(&found, "gaps")
        .iter()
        .map(|gap| gap["code"].as_str().unwrap())
        .collect();
    assert_eq!(
        codes,
        ["undeclared", "undeclared", "undeclared", "no_terms", "no_licence"]
    );
    let text = place.run(&["gaps"]).expect(0).out;
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    assert!(text.contains("extras \"]; x of night 2"), "{text}");
    assert!(
        text.contains("\nlate        0 "),
        "every class has a line: {text}"
    );
    assert!(
        text.contains("unresolved  3 ") && text.contains("unlicensed  2 "),
        "{text}"
    );
    let seeds = place.run(&["gaps", "seeds", "--json"]).expect(0).json();
    assert_eq!(seeds["total"], 1, "only what it descends from");
    // An older version that the newest consumer still takes is stale, and only then.
    place.write("seeds.jsonl", "{\"a\":2}\n");
    place.write(
        "seeds.yaml",
        "herdbook: 1\nsources: [{name: seeds, files: seeds.jsonl, made_by: human, acquired_by: own_production, \
         licence: Apache-2.0, personal_data: no}]\n",
    );
    place.run(&["register", "seeds.yaml", "--new-version"]).expect(0);
    let stale = place.run(&["gaps", "--json"]).expect(0).json();
    let stale: Vec<&Value> = list(&stale, "gaps")
        .iter()
        .filter(|gap| gap["class"] == "stale")
        .collect();
    assert_eq!(
        stale.len(),
        2,
        "the newest generate and the newest train: {stale:#?}"
    );
    assert!(
        stale[0]["close"].as_str().unwrap().contains("`use: seeds@"),
        "{stale:#?}"
    );
    // A thing of another kind under the name of one that is taken is no newer version of it.
    let before = stale.len();
    place.write(
        "kind.yaml",
        "herdbook: 1\nprompts: [{name: teacher, content: not_known}]\n",
    );
    place.run(&["register", "kind.yaml", "--new-version"]).expect(0);
    let after = place.run(&["gaps", "--json"]).expect(0).json();
    let stale = list(&after, "gaps").iter().filter(|gap| gap["class"] == "stale");
    assert_eq!(stale.count(), before, "{after:#}");
}

#[test]
fn rows_nobody_counted_and_bytes_nobody_hashed_are_gaps() {
    let place = Place::with_ledger();
    place.write("out.txt", "made\n");
    place.write(
        "l.yaml",
        r#"
herdbook: 1
sources:
  - {name: page, made_by: human, acquired_by: own_production, licence: MIT, personal_data: no, content: not_known}
models:
  - name: base
    provider: Example AI
    version: "1"
    access: weights
    licence: MIT
    digests: [{name: w.safetensors, sha256: "0000000000000000000000000000000000000000000000000000000000000001"}]
runs:
  - name: clean
    does: filter
    inputs: [{use: page, as: data}]
    outputs: [{name: kept, kind: shard, files: out.txt}]
"#,
    );
    place.run(&["register", "l.yaml"]).expect(0);
    let found = place.run(&["gaps", "--json"]).expect(0).json();
    let codes: Vec<(&str, &str)> = list(&found, "gaps")
        .iter()
        .map(|gap| (gap["code"].as_str().unwrap(), gap["name"].as_str().unwrap()))
        .collect();
    assert_eq!(
        codes,
        [
            ("input_rows", "page"),
            ("output_rows", "kept"),
            ("digest_given", "base"),
            ("content_not_known", "page"),
        ]
    );
}
