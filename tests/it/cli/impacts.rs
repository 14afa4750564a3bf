//! `impact` to full depth: keys, rows, groups and pages, the gate, and what a withdrawal states that it reaches.

use std::time::Duration;

use herdbook::digest::Sha256Digest;
use herdbook::ledger::KeyPaths;
use herdbook::ledger::Ledger;
use herdbook::ledger::Signers;
use herdbook::query::Place as Node;
use herdbook::query::find;
use herdbook::sign::KeyOpener;
use herdbook::statement::ArtifactRef;
use herdbook::statement::Notice;
use herdbook::statement::NoticeEffect;
use herdbook::statement::NoticeKind;
use herdbook::statement::Predicate;
use herdbook::statement::Reaches;
use serde_json::Value;

use super::support::Place;
use super::support::names;

/// `seeds` are taken as a seed for the tasks and as data of `second`; `ask` only conditions.
const BOTH: &str = r"
herdbook: 1
prompts:
  - {name: ask, files: ask.txt}
runs:
  - name: second-train
    does: train
    inputs: [{use: seeds, as: data}, {use: tasks, as: data}, {use: ask, as: prompt}]
    outputs: [{name: second, kind: model, files: second.bin}]
";

fn place() -> Place {
    let place = Place::with_pipeline();
    place.write("ask.txt", "ask");
    place.write("second.bin", "second");
    place.write("both.yaml", BOTH);
    place.run(&["register", "both.yaml"]).expect(0);
    place
}

fn json(place: &Place, args: &[&str], exit: i32) -> Value {
    place
        .run(&[&["impact", "--json"], args].concat())
        .expect(exit)
        .json()
}

fn of<'a>(found: &'a Value, name: &str) -> &'a Value {
    let mut reached = found["reached"].as_array().unwrap().iter();
    reached.find(|one| one["name"] == name).unwrap()
}

#[test]
fn an_item_that_is_reached_in_two_ways_says_both() {
    let place = place();
    let found = json(&place, &["seeds"], 0);
    let second = of(&found, "second");
    assert_eq!(
        (&second["via"], &second["share"]["exact"]),
        (&"mass".into(), &"1/4".into())
    );
    let ways = second["ways"].as_array().unwrap();
    assert_eq!(
        (&ways[0]["via"], &ways[1]["via"]),
        (&"mass".into(), &"conditioning".into())
    );
    assert_eq!(names(&ways[0]["path"]), ["second", "second-train", "seeds"]);
    assert_eq!(
        names(&ways[1]["path"]),
        ["second", "second-train", "tasks", "generate", "seeds"]
    );
    // What only conditions has no share, and no 0 either.
    for one in ["tasks", "model"] {
        let one = of(&found, one);
        assert_eq!(
            (&one["via"], &one["share"]),
            (&"conditioning".into(), &Value::Null)
        );
    }
    let groups: Vec<(&str, u64, u64, u64)> = (found["groups"].as_array().unwrap().iter())
        .map(|group| {
            let count = |key: &str| group[key].as_u64().unwrap();
            let word = group["group"].as_str().unwrap();
            (word, count("mass"), count("conditioning"), count("both"))
        })
        .collect();
    assert_eq!(groups, [("model", 0, 1, 1), ("shard", 0, 1, 0)]);
    let text = place.run(&["impact", "seeds"]).expect(0).out;
    assert!(
        text.starts_with("seeds has a part in 3 items, 2 models of them, 0 released\n  models  2  "),
        "{text}"
    );
    assert!(text.contains("25 %, and conditioned"), "{text}");
    assert!(
        text.contains("    conditioned by seeds > generate > tasks"),
        "{text}"
    );
    assert!(
        text.contains("conditioned, no share") && !text.contains(" 0 %"),
        "{text}"
    );
}

/// Somebody else's key made nothing yet; what it makes of this is reached from it alone.
fn somebody_else(place: &Place) {
    place.run(&["key", "generate", "other.pem"]).expect(0);
    place
        .run(&["key", "grant", "other.pem", "--kinds", "source"])
        .expect(0);
    place.write("more.jsonl", "{\"c\":1}\n");
    let args = [
        "source",
        "add",
        "more",
        "--file",
        "more.jsonl",
        "--made-by",
        "human",
        "--acquired-by",
        "own_production",
        "--personal-data",
        "no",
        "--key",
        "other.pem",
    ];
    place.run(&args).expect(0);
    let train = [
        "run",
        "third",
        "--does",
        "train",
        "--input",
        "more:data",
        "--input",
        "tasks:data",
        "--output",
        "third-model=second.bin",
    ];
    place.run(&train).expect(0);
}

#[test]
fn a_key_reaches_what_it_signed_and_what_that_reaches() {
    let place = place();
    let listed = place.run(&["log", "--kind", "run", "--json"]).expect(0).json();
    let key = listed["entries"][0]["issuer"].as_str().unwrap().to_owned();
    let asked = format!("key:{key}");
    let found = json(&place, &[&asked], 0);
    assert_eq!(
        (&found["key"]["id"], &found["founders"]),
        (&key.as_str().into(), &Value::Array(vec![]))
    );
    assert_eq!(found["key"]["kinds"]["run"], 3);
    for one in found["reached"].as_array().unwrap() {
        assert_eq!((&one["via"], &one["share"]), (&"key".into(), &Value::Null));
        let path = names(&one["path"]);
        assert!(path.last().unwrap().starts_with("key "), "{path:?}");
    }
    let kinds: Vec<&str> = (found["reached"].as_array().unwrap().iter())
        .map(|one| one["kind"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        ["model", "model", "shard", "source", "prompt", "external_model"]
    );
    somebody_else(&place);
    let keys = place.run(&["key", "list", "--json"]).expect(0).json();
    let other = (keys["keys"].as_array().unwrap().iter())
        .map(|one| one["id"].as_str().unwrap())
        .find(|id| *id != key)
        .unwrap();
    let found = json(&place, &[&format!("key:{}", &other[..12])], 0);
    assert_eq!(found["total"], 2);
    let model = of(&found, "third-model");
    assert_eq!(
        (&model["via"], &model["share"]["exact"]),
        (&"mass".into(), &"1/4".into())
    );
    let path = names(&model["path"]);
    assert_eq!(path[..3], ["third-model", "third", "more"]);
    assert_eq!(path.len(), 4);
    let text = place.run(&["impact", &format!("key:{other}")]).expect(0).out;
    assert!(text.contains("signed 1 statements: 1 source\n"), "{text}");
    let unknown = place.run(&["impact", "key:00000000", "--json"]).expect(1).json();
    assert_eq!(unknown["code"], "unknown_key");
}

#[test]
fn a_row_goes_where_its_file_goes() {
    let place = place();
    let found = json(&place, &["tasks/out/0.jsonl", "--row", "2"], 0);
    assert_eq!((&found["row"], &found["total"]), (&2.into(), &2.into()));
    let text = place.run(&["impact", "out/1.jsonl", "--row", "1"]).expect(0).out;
    assert!(
        text.starts_with("row 1 of out/1.jsonl goes where its file goes"),
        "{text}"
    );
    for (args, says) in [
        (["tasks/out/0.jsonl", "3"], "has 2 rows by the record"),
        (["tasks", "1"], "has 2 files"),
        (["train", "1"], "is a run"),
    ] {
        let refused = place
            .run(&["impact", args[0], "--row", args[1], "--json"])
            .expect(1)
            .json();
        assert_eq!(refused["code"], "option_invalid");
        let message = refused["message"].as_str().unwrap();
        assert!(message.contains(says), "{message}");
    }
    place.run(&["impact", "seeds", "--row", "0"]).expect(2);
}

#[test]
fn pages_add_up_to_the_whole_and_the_counts_are_those_of_all() {
    let place = place();
    let whole = json(&place, &["seeds"], 0);
    let mut all = Vec::new();
    for page in ["1", "2", "3"] {
        let found = json(&place, &["seeds", "--page-size", "1", "--page", page], 0);
        assert_eq!(
            (&found["total"], &found["groups"]),
            (&whole["total"], &whole["groups"])
        );
        assert_eq!(found["page"]["of"], 3);
        all.extend(found["reached"].as_array().unwrap().clone());
    }
    assert_eq!(Value::Array(all), whole["reached"]);
    let beyond = place
        .run(&["impact", "seeds", "--page", "2", "--json"])
        .expect(2)
        .json();
    assert_eq!(beyond["code"], "option_invalid");
    let first = place.run(&["impact", "seeds", "--page-size", "2"]).expect(0);
    assert!(
        first.err.contains("Page 1 of 2, 2 of 3 items: --page 2 goes on"),
        "{first:#?}"
    );
}

#[test]
fn a_gate_asks_about_released_models_alone() {
    let place = place();
    place.run(&["impact", "seeds", "--released"]).expect(0);
    place.run(&["release", "second", "--to", "hub"]).expect(0);
    let found = json(&place, &["seeds", "--released"], 21);
    assert_eq!((&found["total"], &found["released"]), (&1.into(), &1.into()));
    assert_eq!(found["reached"][0]["released"][0]["name"], "hub");
    let told = place.run(&["impact", "seeds", "--released"]).expect(21).out;
    assert!(
        told.starts_with("seeds has a part in 1 released model: second@"),
        "{told}"
    );
    // Of everything, released models are a group of their own, and stand first.
    let all = json(&place, &["seeds"], 0);
    assert_eq!(all["groups"][0]["group"], "released_model");
    assert_eq!(all["reached"][0]["name"], "second");
    // What conditions a released model reaches it, too.
    json(&place, &["ask", "--released"], 21);
    json(&place, &["teacher", "--released"], 21);
}

#[test]
fn a_withdrawal_states_what_it_reaches_and_anybody_can_look() {
    let place = place();
    place.run(&["release", "second", "--to", "hub"]).expect(0);
    let size = place.size();
    let args = ["notice", "recall", "seeds", "--effect", "stop_use", "--json"];
    let dry = place.run(&[&args[..], &["--dry-run"]].concat()).expect(0).json();
    let done = place.run(&args).expect(0).json();
    assert_eq!(dry["states"], done["states"]);
    let states = &done["states"];
    assert_eq!((&states["size"], &states["artifacts"]), (&size.into(), &4.into()));
    assert_eq!((&states["models"], &states["released"]), (&2.into(), &1.into()));
    assert_eq!(done["groups"], json(&place, &["seeds"], 0)["groups"]);
    let id = done["id"].as_str().unwrap();
    // It stands in the signed statement.
    let shown = place.run(&["show", id]).expect(0).out;
    assert!(shown.contains(states["digest"].as_str().unwrap()), "{shown}");
    let looked = json(&place, &[id], 0);
    assert_eq!(
        (&looked["notice"]["holds"], &looked["notice"]["stated"]),
        (&true.into(), states)
    );
    let told = place.run(&["impact", id]).expect(0).out;
    assert!(
        told.contains("2 models, 1 of them released") && told.contains("that holds\n"),
        "{told}"
    );
    // The same again is the same, until it reaches more.
    assert_eq!(place.run(&args).expect(0).json()["already_present"], true);
    place.write("third.bin", "third");
    let train = [
        "run",
        "third-train",
        "--does",
        "train",
        "--input",
        "tasks:data",
        "--output",
        "third=third.bin",
    ];
    place.run(&train).expect(0);
    let more = place.run(&args).expect(0).json();
    assert_eq!(
        (&more["already_present"], &more["states"]["models"]),
        (&false.into(), &3.into())
    );
    // What was stated then was so then, and what is reached now is told.
    let then = json(&place, &[id], 0);
    assert_eq!(
        (&then["notice"]["holds"], &then["models"]),
        (&true.into(), &3.into())
    );
    place.run(&["fsck"]).expect(0);
    place.run(&["verify", "second"]).expect(23);
}

/// What can be stated, whether it holds, and what the check of it says.
fn statements(honest: Reaches) -> [(Reaches, bool, &'static str); 4] {
    let later = Reaches {
        size: 1_000,
        ..honest
    };
    [
        (honest, true, ""),
        (
            Reaches {
                released: 0,
                ..honest
            },
            false,
            "the log says 4 artifacts, 2 models, 1 of them released",
        ),
        (
            Reaches {
                digest: Sha256Digest::of(b""),
                ..honest
            },
            false,
            "that is false",
        ),
        (later, false, "the log never had that size"),
    ]
}

/// Whoever holds the keys can sign any number, and whoever has the log sees that it is not so.
#[test]
fn a_notice_that_states_too_little_is_found_out() {
    let place = place();
    place.run(&["release", "second", "--to", "hub"]).expect(0);
    let right = place
        .run(&[
            "notice",
            "recall",
            "seeds",
            "--effect",
            "stop_use",
            "--json",
            "--dry-run",
        ])
        .expect(0)
        .json()["states"]
        .clone();
    let count = |key: &str| right[key].as_u64().unwrap();
    let honest = Reaches {
        size: count("size"),
        artifacts: count("artifacts"),
        models: count("models"),
        released: count("released"),
        digest: Sha256Digest::from_hex(right["digest"].as_str().unwrap()).unwrap(),
    };
    let mut ledger = Ledger::open(&place.at(".herdbook")).unwrap();
    let paths = KeyPaths::of(&place.at("home/keys"), &ledger.checkpoint().origin);
    let open = |path| KeyOpener::plain().open(path).unwrap();
    let signers = Signers {
        issuer: open(&paths.issuer),
        log: open(&paths.log),
    };
    let seeds = find(&ledger.view(), "seeds").unwrap();
    let targets = seeds.iter().filter_map(|place| match place {
        Node::Artifact(artifact) => Some(*artifact),
        _ => None,
    });
    let targets: Vec<ArtifactRef> = targets.collect();
    for (number, (reaches, holds, says)) in (0_u8..).zip(statements(honest)) {
        let notice = Predicate::Notice(Notice {
            change: NoticeKind::Recall,
            targets: targets.clone(),
            gap: None,
            by: vec![],
            effect: Some(NoticeEffect::StopUse),
            reason: Some(format!("number {number}")),
            reaches: Some(reaches),
        });
        let appended = ledger
            .append_statement(notice, vec![], &signers, Duration::ZERO, &mut || [number; 16])
            .unwrap();
        let id = format!("hb:{}", appended.id);
        let exit = if holds { 0 } else { 20 };
        assert_eq!(json(&place, &[&id], exit)["notice"]["holds"], holds);
        let told = place.run(&["impact", &id]).expect(exit).out;
        assert!(told.contains(says), "{told}");
        // It withdraws all the same.
        place.run(&["verify", "second"]).expect(23);
    }
}
