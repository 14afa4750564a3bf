//! Every verb: what it prints, what it says in JSON, and how it ends.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use super::support::Place;

fn texts<'a>(list: &'a Value, key: &str) -> Vec<&'a str> {
    let list = list.as_array().unwrap().iter();
    list.map(|item| item[key].as_str().unwrap()).collect()
}

#[test]
fn init_makes_a_ledger_and_keys_outside_of_it() {
    let place = Place::new();
    let made = place.run(&[
        "init",
        "lab",
        "--origin",
        "test.example/lab",
        "--org",
        "Lab",
        "--json",
    ]);
    let made = made.expect(0).json();
    assert_eq!(made["schema"], "herdbook/init/v1");
    for key in ["owner", "log", "issuer"] {
        let path = made["keys"][key].as_str().unwrap();
        assert!(path.starts_with(place.at("home").to_str().unwrap()), "{path}");
        assert!(fs::read_to_string(path).unwrap().contains("PRIVATE KEY"));
    }
    assert!(place.at("lab/log/checkpoint").is_file());
    let again = place
        .run(&["init", "lab", "--origin", "test.example/lab"])
        .expect(1);
    assert!(again.err.contains("there is a ledger in"), "{again:#?}");
    let wrong = place
        .run(&["init", "other", "--origin", "not an origin"])
        .expect(2);
    assert!(
        wrong
            .err
            .contains("help: write for example --origin example.org/lab"),
        "{wrong:#?}"
    );
    assert!(!place.at("other").exists());
}

#[test]
fn the_ledger_is_found_upwards_or_named() {
    let place = Place::with_pipeline();
    fs::create_dir_all(place.at("a/b")).unwrap();
    let below = place
        .command(&["list"])
        .current_dir(place.at("a/b"))
        .output()
        .unwrap();
    assert!(below.status.success());
    let elsewhere = tempfile::tempdir().unwrap();
    let from_there = |args: &[&str]| {
        let mut command = place.command(args);
        command.current_dir(elsewhere.path());
        command
    };
    let lost = super::support::ran(from_there(&["list"]).output().unwrap()).expect(10);
    assert!(lost.err.contains("herdbook init --origin"), "{lost:#?}");
    let ledger = place.at(".herdbook");
    let ledger = ledger.to_str().unwrap();
    let named = from_there(&["list", "--ledger", ledger]).output().unwrap();
    let told = from_there(&["list"])
        .env("HERDBOOK_LEDGER", ledger)
        .output()
        .unwrap();
    assert!(named.status.success() && told.stdout == named.stdout);
}

#[test]
fn register_appends_once() {
    let place = Place::with_ledger();
    place.write_pipeline();
    let dry = place
        .run(&["register", "lineage.yaml", "--dry-run", "--json"])
        .expect(0)
        .json();
    assert_eq!((&dry["appended"], &dry["dry_run"]), (&4.into(), &true.into()));
    assert_eq!(place.size(), 2);
    let first = place
        .run(&["register", "lineage.yaml", "--json"])
        .expect(0)
        .json();
    assert_eq!(first["schema"], "herdbook/register/v1");
    assert_eq!(
        (&first["appended"], &first["already_present"]),
        (&4.into(), &0.into())
    );
    // Genesis, four statements and two seals.
    assert_eq!(first["tree_size"], 7);
    let nodes: BTreeSet<&str> = texts(&first["nodes"], "name").into_iter().collect();
    for name in [
        "seeds",
        "teacher",
        "generate",
        "tasks/out/0.jsonl",
        "tasks/out/1.jsonl",
        "train",
        "model",
    ] {
        assert!(nodes.contains(name), "{name}: {nodes:?}");
    }
    assert_eq!(first["nodes"], dry["nodes"]);
    let checkpoint = fs::read(place.at(".herdbook/log/checkpoint")).unwrap();
    let second = place
        .run(&["register", "lineage.yaml", "--json"])
        .expect(0)
        .json();
    assert_eq!(
        (&second["appended"], &second["already_present"]),
        (&0.into(), &4.into())
    );
    assert_eq!(
        fs::read(place.at(".herdbook/log/checkpoint")).unwrap(),
        checkpoint
    );
    let text = place.run(&["register", "lineage.yaml"]).expect(0);
    assert!(
        text.out
            .starts_with("appended 0 statements, 4 already present; the log has 7 entries\n")
    );
}

#[test]
fn settings_fill_names_and_paths() {
    let place = Place::with_ledger();
    place.write("day-1.txt", "x");
    place.write(
        "l.yaml",
        "herdbook: 1\nsources: [{name: \"s-${day}\", files: \"day-${day}.txt\", personal_data: no}]\n",
    );
    let missing = place.run(&["register", "l.yaml"]).expect(1);
    assert!(missing.err.contains("add `--set day=VALUE`"), "{missing:#?}");
    place.run(&["register", "l.yaml", "--set", "day"]).expect(2);
    place.run(&["register", "l.yaml", "--set", "day=1"]).expect(0);
    let listed = place.run(&["list", "--json"]).json();
    assert_eq!(texts(&listed["items"], "name"), ["s-1"]);
}

#[test]
fn other_bytes_under_a_name_are_a_new_version_only_if_said_so() {
    let place = Place::with_pipeline();
    place.write("out/1.jsonl", "{\"b\":4}\n");
    let size = place.size();
    let refused = place.run(&["register", "lineage.yaml"]).expect(1);
    assert!(refused.err.contains("--new-version"), "{refused:#?}");
    assert_eq!(place.size(), size);
    place
        .run(&["register", "lineage.yaml", "--new-version"])
        .expect(0);
    let two = place.run(&["verify", "model"]).expect(1);
    assert!(
        two.err.contains("has 2 versions: write model@") && !two.err.contains("neither"),
        "{two:#?}"
    );
    place.run(&["verify", "model@latest"]).expect(0);
    let listed = place.run(&["list", "--json"]).json();
    let nodes = texts(&listed["items"], "node");
    let nodes: Vec<_> = nodes
        .into_iter()
        .filter(|node| node.starts_with("model@"))
        .collect();
    assert_eq!(nodes.len(), 2);
    for node in nodes {
        place.run(&["trace", node]).expect(0);
    }
}

#[test]
fn list_and_show_tell_what_was_registered() {
    let place = Place::with_pipeline();
    let listed = place.run(&["list"]).expect(0);
    for line in ["model", "seeds", "tasks", "teacher", "generate", "train"] {
        assert!(
            listed.out.lines().any(|text| text.starts_with(line)),
            "{listed:#?}"
        );
    }
    let shown = place.run(&["show", "seeds", "--json"]).expect(0).json();
    let statement = &shown["statements"][0];
    assert_eq!(statement["kind"], "source");
    assert_eq!(statement["said_by"], "stated");
    assert_eq!(statement["statement"]["predicate"]["made_by"], "human");
    assert_eq!(statement["statement"]["_type"], "https://in-toto.io/Statement/v1");
    let id = statement["id"].as_str().unwrap();
    let prefix = &id[..12];
    let by_id = place.run(&["show", prefix]).expect(0);
    assert!(
        by_id.out.contains(id) && by_id.out.contains("\"made_by\": \"human\""),
        "{by_id:#?}"
    );
    let sha256 = statement["statement"]["subject"][0]["digest"]["sha256"]
        .as_str()
        .unwrap();
    place.run(&["show", &format!("sha256:{sha256}")]).expect(0);
    let unknown = place.run(&["show", "sedes"]).expect(1);
    assert!(unknown.err.contains("did you mean `seeds`?"), "{unknown:#?}");
}

#[test]
fn trace_is_a_tree_and_a_graph() {
    let place = Place::with_pipeline();
    let tree = place.run(&["trace", "model"]).expect(0).out;
    let lines: Vec<&str> = tree
        .lines()
        .map(|line| line.split("  ").next().unwrap())
        .collect();
    assert_eq!(lines[0], "model");
    assert!(tree.contains("`- train  run"), "{tree}");
    assert!(tree.contains("generator: teacher  external model"), "{tree}");
    assert!(
        tree.contains("generate  run") && tree.contains("(drawn above)"),
        "{tree}"
    );
    // What several nodes descend from is drawn once.
    assert_eq!(tree.matches("seed: seeds  source").count(), 1, "{tree}");
    let graph = place.run(&["trace", "model", "--json"]).expect(0).json();
    assert_eq!(graph["schema"], "herdbook/trace/v1");
    let id = |name: &str| {
        let nodes = graph["nodes"].as_array().unwrap();
        let node = nodes.iter().find(|node| node["name"] == name).unwrap();
        node["id"].as_str().unwrap().to_owned()
    };
    let edges: BTreeSet<(String, String, String)> = graph["edges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|edge| {
            let text = |key: &str| edge[key].as_str().unwrap().to_owned();
            (text("from"), text("to"), text("role"))
        })
        .collect();
    let edge = |from: &str, to: &str, role: &str| (id(from), id(to), role.to_owned());
    let expected = BTreeSet::from([
        edge("model", "train", "output"),
        edge("train", "tasks/out/0.jsonl", "data"),
        edge("train", "tasks/out/1.jsonl", "data"),
        edge("tasks/out/0.jsonl", "generate", "output"),
        edge("tasks/out/1.jsonl", "generate", "output"),
        edge("generate", "seeds", "seed"),
        edge("generate", "teacher", "generator"),
    ]);
    assert_eq!(edges, expected);
    assert!(
        graph["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .all(|node| node["said_by"] == "stated")
    );
}

#[test]
fn the_trust_root_is_written_once() {
    let place = Place::with_pipeline();
    let shown = place.run(&["key", "trust-root"]).expect(0).out;
    place.run(&["key", "trust-root", "-o", "root.json"]).expect(0);
    assert_eq!(fs::read_to_string(place.at("root.json")).unwrap(), shown);
    let again = place.run(&["key", "trust-root", "-o", "root.json"]).expect(1);
    assert!(again.err.contains("never overwritten"), "{again:#?}");
    let json = place.run(&["key", "trust-root", "--json"]).expect(0);
    assert_eq!(json.json()["origin"], "test.example/lab");
    place.write("piped.json", json.out);
    place
        .run(&["verify", "model", "--trust-root", "piped.json"])
        .expect(0);
}

#[test]
fn fsck_is_clean_until_a_byte_changes() {
    let place = Place::with_pipeline();
    let clean = place.run(&["fsck", "--json"]).expect(0).json();
    assert_eq!(
        (&clean["schema"], &clean["clean"]),
        (&"herdbook/fsck/v1".into(), &true.into())
    );
    let tile = place.at(".herdbook/log/tile/0/000.p/7");
    let good = fs::read(&tile).unwrap();
    let mut bad = good.clone();
    bad[3] ^= 1;
    fs::write(&tile, &bad).unwrap();
    let found = place.run(&["fsck"]).expect(20);
    assert!(found.out.contains("log/tile/0/000.p/7"), "{found:#?}");
    place.run(&["fsck", "--repair"]).expect(0);
    assert_eq!(fs::read(&tile).unwrap(), good);
    place.run(&["fsck"]).expect(0);
    let commit = place.at(".herdbook/commit/00000000000000000001");
    let mut bytes = fs::read(&commit).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&commit, bytes).unwrap();
    place.run(&["fsck"]).expect(20);
    let verdict = place.run(&["verify", "model", "--json"]).expect(20).json();
    assert_eq!(verdict["verdict"], "tampered");
    // Every other verb says so, too, and none guesses.
    for verb in [
        &["list"][..],
        &["show", "model"],
        &["trace", "model"],
        &["register", "lineage.yaml"],
    ] {
        let stopped = place.run(verb).expect(20);
        assert!(stopped.err.contains("herdbook fsck"), "{stopped:#?}");
    }
}

#[test]
fn the_demonstration_shows_what_it_announces() {
    let place = Place::new();
    let shown = place.run(&["demo"]).expect(0);
    for part in [
        "$ herdbook verify garden-helper --content .\ntraced: ",
        "fails rows_not_accounted: ",
        "fails conflicting_origin: ",
        "fails content_differs: ./kept/tasks.jsonl: expected sha256 ",
        "  path   garden-seller (hb:",
        "  other  kept-tasks (hb:",
    ] {
        assert!(shown.out.contains(part), "{part}\n{}", shown.out);
    }
    let left: Vec<_> = fs::read_dir(place.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
    let json = place.run(&["demo", "--json"]).expect(0).json();
    assert_eq!(json["scenes"].as_array().unwrap().len(), 4);
    place.run(&["demo", "--keep", "kept", "--quiet"]).expect(0);
    assert!(place.at("kept/garden/.herdbook/log/checkpoint").is_file());
    place.run(&["demo", "--keep", "kept"]).expect(1);
}

#[test]
fn errors_are_one_json_value_when_asked() {
    let place = Place::new();
    for (args, code, word) in [
        (&["list", "--json"][..], 10, "no_ledger"),
        (&["verify", "--json"], 2, "usage"),
        (&["--json", "wrong"], 2, "usage"),
        (
            &["register", "x.yaml", "--json", "--ledger", "nowhere"],
            1,
            "file_missing",
        ),
    ] {
        let failed = place.run(args).expect(code);
        let json = failed.json();
        assert_eq!(json["schema"], "herdbook/error/v1");
        assert_eq!(json["code"], word);
        assert!(!json["message"].as_str().unwrap().is_empty());
        assert_eq!(failed.err, "", "{args:?}");
    }
    let wrong = place.run(&["verify"]).expect(2);
    assert!(wrong.out.is_empty() && wrong.err.contains("Usage:"), "{wrong:#?}");
    let help = place.run(&["--help"]).expect(0);
    assert!(help.out.contains("20 tampered, 21 not_traced"), "{help:#?}");
}

#[test]
fn colour_is_for_those_who_ask() {
    let place = Place::with_pipeline();
    let plain = place.run(&["verify", "model"]).expect(0).out;
    assert!(!plain.contains('\u{1b}'));
    let colour = place.run(&["verify", "model", "--color", "always"]).expect(0).out;
    assert!(colour.contains("\u{1b}[1;32mtraced\u{1b}[0m"));
    assert!(
        !place
            .run(&["verify", "model", "--color", "always", "--json"])
            .out
            .contains('\u{1b}')
    );
    let quiet = place.run(&["register", "lineage.yaml", "--quiet"]).expect(0);
    assert_eq!(quiet.err, "");
}

#[test]
fn small_words_are_right() {
    let place = Place::with_pipeline();
    let listed = place.run(&["list"]).expect(0);
    assert!(
        listed.out.contains(" 1 row ") && !listed.out.contains("1 rows"),
        "{listed:#?}"
    );
    let clean = place.run(&["fsck"]).expect(0);
    assert!(clean.out.starts_with("clean: 0 findings; "), "{clean:#?}");
    // A file that is not registered, with the name of an item that is.
    place.write("model", "other");
    for verb in ["verify", "trace", "impact", "show", "gaps"] {
        let refused = place.run(&[verb, "model"]).expect(1);
        assert!(
            refused.err.contains("write `./model` for the file"),
            "{refused:#?}"
        );
    }
    place.run(&["verify", "./model"]).expect(21);
    place.run(&["verify", "model@latest"]).expect(0);
    // The same with the bytes of something that is traced: it gets no verdict in the item's name.
    place.write("model@latest", "{\"a\":1}\n");
    place.run(&["verify", "model@latest"]).expect(1);
}
