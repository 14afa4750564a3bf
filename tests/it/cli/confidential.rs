//! What is withheld from a ledger, shown to those who may see it, and erased.

use std::fs;
use std::path::Path;

use serde_json::Value;

use super::support::Place;
use super::support::failing;

const LINEAGE: &str = r#"
herdbook: 1
sources:
  - {name: ward-seven, files: [out/*.jsonl], made_by: human, acquired_by: own_production, personal_data: yes,
     holder: Clinic Nordlicht, licence: CC-BY-4.0, confidential: [name, holder]}
models:
  - {name: teacher, provider: Example AI, version: '1', access: api, terms: LicenseRef-hush-hush, confidential: yes}
prompts:
  - {name: house-style, files: prompt.txt, confidential: yes}
filters:
  - {name: cutter, rule: quality, files: code.py, params: {threshold: "0.123"}, confidential: [content, params]}
runs:
  - name: generate
    does: generate
    inputs: [{use: ward-seven, as: seed}, {use: teacher, as: generator}, {use: house-style, as: prompt},
             {use: cutter, as: filter}]
    outputs: [{name: answers, kind: shard, files: tasks.jsonl, confidential: yes}]
    params: {temperature: "0.777"}
    command: make everything --quietly
    code: code.py
    confidential: yes
  - name: train
    does: train
    inputs: [{use: answers, as: data}]
    outputs: [{name: model, kind: model, files: weights.bin}]
"#;

/// What must not be found in a ledger that has [`LINEAGE`].
const SECRETS: [&str; 11] = [
    "ward-seven",
    "Clinic Nordlicht",
    "alice.jsonl",
    "LicenseRef-hush-hush",
    "house-style",
    "be kind to everybody",
    "drop(short)",
    "0.123",
    "0.777",
    "make everything",
    "tasks.jsonl",
];

fn files(place: &Place) {
    place.write("out/alice.jsonl", "{\"a\":1}\n{\"a\":2}\n");
    place.write("out/bob.jsonl", "{\"a\":3}\n");
    place.write("tasks.jsonl", "{\"b\":1}\n");
    place.write("weights.bin", "weights");
    place.write("prompt.txt", "be kind to everybody");
    place.write("code.py", "drop(short)");
    place.write("lineage.yaml", LINEAGE);
}

fn registered() -> Place {
    let place = Place::with_ledger();
    files(&place);
    place.run(&["register", "lineage.yaml"]).expect(0);
    place.run(&["key", "trust-root", "-o", "root.json"]).expect(0);
    place
}

/// Everything in a folder, decompressed where it is a commit: what the ledger holds is in `show` of every entry, too.
fn holds(folder: &Path, text: &str) -> bool {
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if fs::read(&path)
                .unwrap()
                .windows(text.len())
                .any(|window| window == text.as_bytes())
            {
                return true;
            }
        }
    }
    false
}

/// Every statement of the log as it is signed, one after the other.
fn statements(place: &Place) -> String {
    let size = place.size();
    let shown = |entry: u64| {
        let log = place.run(&["log", "--json"]).expect(0).json();
        let id = log["entries"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["entry"] == entry)
            .map(|one| one["id"].as_str().unwrap().to_owned());
        id.map_or_else(String::new, |id| {
            let shown = stranger(place, &["show", &id, "--json"]);
            shown["statements"].to_string()
        })
    };
    (0..size).map(shown).collect()
}

/// Runs a command as somebody who has the ledger and nothing else.
fn stranger(place: &Place, args: &[&str]) -> Value {
    let mut command = place.command(args);
    let output = command
        .env("HERDBOOK_HOME", place.at("stranger"))
        .output()
        .unwrap();
    super::support::ran(output).json()
}

#[test]
fn nothing_that_is_withheld_is_in_the_ledger() {
    let place = registered();
    let all = statements(&place);
    assert!(all.contains("commitment:"), "{all}");
    for secret in SECRETS {
        assert!(!all.contains(secret), "{secret}");
        assert!(!holds(&place.at(".herdbook"), secret), "{secret}");
    }
    // What a verdict rests on stands there in words.
    for open in [
        "Example AI",
        "CC-BY-4.0",
        "own_production",
        "\"model\"",
        "generate",
    ] {
        assert!(all.contains(open), "{open}");
    }
}

#[test]
fn registering_again_appends_nothing_and_names_go_on_working() {
    let place = registered();
    let size = place.size();
    let again = place
        .run(&["register", "lineage.yaml", "--json"])
        .expect(0)
        .json();
    assert_eq!(again["appended"], 0);
    assert_eq!(place.size(), size);
    place.write(
        "later.yaml",
        "herdbook: 1\nruns:\n- {name: tidy, does: filter, inputs: [{use: answers, as: data}], outputs: [{name: tidied, \
         kind: shard, files: later.jsonl}]}\n",
    );
    place.write("later.jsonl", "{\"b\":1}\n");
    place.run(&["register", "later.yaml"]).expect(0);
    let trace = place.run(&["trace", "tidied", "--json"]).expect(0).json();
    assert_eq!(trace["nodes"].as_array().unwrap().len(), 9, "{trace:#}");
    for node in ["ward-seven", "ward-seven/out/alice.jsonl", "answers", "generate"] {
        let shown = place.run(&["show", node]).expect(0);
        assert!(shown.out.contains("(confidential)"), "{shown:?}");
    }
    place.run(&["show", "ward-eight"]).expect(1);
}

#[test]
fn whoever_has_the_sidecar_sees_the_texts_and_nobody_else() {
    let place = registered();
    let list = place.run(&["list"]).expect(0).out;
    assert!(list.contains("ward-seven (confidential)   source"), "{list}");
    let trace = place.run(&["trace", "model"]).expect(0).out;
    assert!(
        trace.contains("prompt: house-style (confidential)  prompt"),
        "{trace}"
    );
    let other = stranger(
        &place,
        &["verify", "model", "--trust-root", "root.json", "--json"],
    );
    assert_eq!(other["verdict"], "traced");
    assert_eq!(other["confidential"], Value::Null);
    let mine = place.run(&["verify", "model", "--json"]).expect(0).json();
    let known: Vec<&str> = mine["confidential"]
        .as_object()
        .unwrap()
        .values()
        .map(|text| text.as_str().unwrap())
        .collect();
    assert!(
        known.contains(&"Clinic Nordlicht") || known.contains(&"ward-seven"),
        "{known:?}"
    );
    let withheld = other["withheld"].as_array().unwrap();
    assert_eq!(withheld.len(), 6, "{withheld:#?}");
    let pointers = |name: &str| -> Vec<&str> {
        let one = withheld.iter().find(|one| one["name"] == name).unwrap();
        let fields = one["fields"].as_array().unwrap().iter();
        fields.map(|field| field["field"].as_str().unwrap()).collect()
    };
    assert_eq!(pointers("teacher"), ["/predicate/terms"]);
    assert_eq!(
        pointers("cutter"),
        ["/predicate/params/threshold", "/subject/0/digest/sha256"]
    );
    for one in withheld {
        assert_eq!(one["signer"].as_str().unwrap().len(), 64);
    }
    let notes = other["findings"].as_array().unwrap();
    assert_eq!(notes.iter().filter(|note| note["code"] == "withheld").count(), 6);
}

#[test]
fn outputs_of_personal_data_have_no_file_names() {
    let place = registered();
    let model = stranger(&place, &["show", "model", "--json"]);
    let name = model["statements"][0]["statement"]["subject"][0]["name"]
        .as_str()
        .unwrap();
    assert!(name.starts_with("commitment:"), "{name}");
}

#[test]
fn two_people_have_nothing_in_common_that_could_be_matched() {
    let (one, other) = (registered(), registered());
    let commitments = |place: &Place| -> Vec<String> {
        let list = stranger(place, &["list", "--json"]);
        let names = list["items"].as_array().unwrap().iter();
        names
            .map(|item| item["name"].as_str().unwrap().to_owned())
            .filter(|name| name.starts_with("commitment:"))
            .collect()
    };
    let (one, other) = (commitments(&one), commitments(&other));
    assert_eq!((one.len(), other.len()), (4, 4));
    assert!(one.iter().all(|name| !other.contains(name)), "{one:?} {other:?}");
}

/// A name of which there are few cannot be found by trying them: not by the digests anybody can take, nor with another
/// secret.
#[test]
fn a_guess_cannot_be_confirmed_from_the_ledger() {
    use herdbook::commitment::Salt;
    use herdbook::commitment::Secret;
    use herdbook::digest::Sha256Digest;
    let place = registered();
    let all = statements(&place);
    for (context, guess) in [
        ("name", "ward-seven"),
        ("file-name", "out/alice.jsonl"),
        ("holder", "Clinic Nordlicht"),
    ] {
        let message = format!("{context}\n{guess}");
        let digests = [
            Sha256Digest::of(guess.as_bytes()).to_hex(),
            Sha256Digest::of(message.as_bytes()).to_hex(),
            Secret::from_bytes([0; 32])
                .commit(context, guess.as_bytes())
                .to_string(),
            herdbook::commitment::Commitment::of(&Salt::from_bytes([0; 32]), context, guess.as_bytes())
                .to_string(),
        ];
        for digest in digests {
            assert!(!all.contains(digest.trim_start_matches("commitment:")), "{guess}");
        }
    }
    // Of sealed content not even the digest of the file is there.
    for (path, content) in [("prompt.txt", "be kind to everybody"), ("code.py", "drop(short)")] {
        assert!(
            !all.contains(&Sha256Digest::of(content.as_bytes()).to_hex()),
            "{path}"
        );
    }
}

#[test]
fn after_erasing_the_text_is_nowhere() {
    let place = registered();
    assert!(holds(&place.at("home"), "Clinic Nordlicht"));
    place.run(&["private", "erase", "ward-seven"]).expect(0);
    for secret in ["Clinic Nordlicht", "alice.jsonl", "ward-seven"] {
        assert!(!holds(&place.at("home"), secret), "{secret}");
        assert!(!holds(&place.at(".herdbook"), secret), "{secret}");
    }
    assert!(
        holds(&place.at("home"), "house-style"),
        "another item is still there"
    );
    place.run(&["verify", "model"]).expect(0);
    let asked = place.run(&["private", "erase", "--all"]).expect(2);
    assert!(
        asked.err.contains("--yes") && asked.err.contains("nothing was erased"),
        "{asked:#?}"
    );
    place.run(&["private", "erase", "--all", "--dry-run"]).expect(0);
    let all = place.run(&["private", "erase", "--all", "--yes"]).expect(0);
    assert!(
        all.out.contains("erased what was kept of 5 statements"),
        "{all:?}"
    );
    for secret in SECRETS {
        assert!(!holds(&place.at("home"), secret), "{secret}");
    }
    place.run(&["verify", "model"]).expect(0);
    place.run(&["fsck"]).expect(0);
    let refused = place.run(&["disclose", "model", "-o", "late.json"]).expect(1);
    assert!(refused.err.contains("there is no secret"), "{refused:?}");
}

#[test]
fn what_is_disclosed_is_checked_and_shown() {
    let place = registered();
    place
        .run(&["disclose", "ward-seven", "--field", "holder", "-o", "one.json"])
        .expect(0);
    place
        .run(&["disclose", "house-style", "-o", "all.json"])
        .expect(0);
    let verify = |file: &str| {
        let mut command = place.command(&["verify", "model", "--trust-root", "root.json", "--with", file]);
        super::support::ran(
            command
                .env("HERDBOOK_HOME", place.at("stranger"))
                .output()
                .unwrap(),
        )
    };
    let shown = verify("all.json").expect(0);
    assert!(
        !shown.out.contains("of house-style"),
        "nothing of it is withheld any more: {shown:?}"
    );
    let (_, section) = verify("one.json")
        .expect(0)
        .out
        .split_once("\ndisclosed, and true\n")
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    assert!(
        section.contains("  /predicate/holder  Clinic Nordlicht\n"),
        "{section}"
    );
    let json = stranger(
        &place,
        &[
            "verify",
            "model",
            "--trust-root",
            "root.json",
            "--with",
            "one.json",
            "--json",
        ],
    );
    assert_eq!(json["verdict"], "traced");
    assert_eq!(json["disclosed"][0]["text"], "Clinic Nordlicht");
    assert_eq!(json["disclosed"][0]["field"], "/predicate/holder");
    let fields = json["withheld"].to_string();
    assert!(!fields.contains("/predicate/holder"), "{fields}");
}

#[test]
fn what_is_disclosed_falsely_is_found() {
    let place = registered();
    place
        .run(&["disclose", "ward-seven", "--field", "holder", "-o", "one.json"])
        .expect(0);
    let verify = |file: &str| {
        let mut command = place.command(&["verify", "model", "--trust-root", "root.json", "--with", file]);
        super::support::ran(
            command
                .env("HERDBOOK_HOME", place.at("stranger"))
                .output()
                .unwrap(),
        )
    };
    let good = fs::read_to_string(place.at("one.json")).unwrap();
    let moved = place.run(&["show", "teacher", "--json"]).json()["statements"][0]["id"].clone();
    let at = good.find("hb:").unwrap();
    let statement = &good[at..at + 67];
    let false_ones = [
        good.replace("Clinic Nordlicht", "Clinic Nordlichs"),
        good.replacen("\"salt\":\"", "\"salt\":\"00", 1),
        good.replace("/predicate/holder", "/predicate/name"),
        good.replace("/predicate/holder", "/predicate/licence"),
        good.replace("\"context\":\"holder\"", "\"context\":\"url\""),
        good.replace(statement, moved.as_str().unwrap()),
    ];
    for (number, text) in false_ones.iter().enumerate() {
        let file = format!("false-{number}.json");
        place.write(&file, text);
        let ran = verify(&file);
        // A salt of 66 digits is no file of disclosures at all.
        let expected = if number == 1 { 1 } else { 20 };
        assert_eq!(ran.code, expected, "{number}: {ran:?}");
    }
    let json = stranger(
        &place,
        &[
            "verify",
            "model",
            "--trust-root",
            "root.json",
            "--with",
            "false-0.json",
            "--json",
        ],
    );
    assert_eq!(failing(&json), ["disclosure_differs"]);
}

#[test]
fn sealed_content_with_a_byte_changed_is_false() {
    let place = registered();
    place
        .run(&["disclose", "house-style", "-o", "all.json"])
        .expect(0);
    let sealed = fs::read_to_string(place.at("all.json")).unwrap();
    let at = sealed.find("\"bytes\":\"").unwrap() + 9;
    let other = if &sealed[at..=at] == "Y" { "Z" } else { "Y" };
    let mut changed = sealed;
    changed.replace_range(at..=at, other);
    place.write("false-content.json", changed);
    place
        .run(&["verify", "model", "--with", "false-content.json"])
        .expect(20);
}

#[test]
fn what_is_disclosed_of_another_ledger_or_of_nothing_here_is_told() {
    let place = registered();
    place.run(&["disclose", "house-style", "-o", "d.json"]).expect(0);
    let good = fs::read_to_string(place.at("d.json")).unwrap();
    let at = good.rfind("hb:").unwrap() + 3;
    let mut other = good.clone();
    other.replace_range(at..at + 64, &"11".repeat(32));
    place.write("other.json", other);
    let json = place
        .run(&["verify", "model", "--with", "other.json", "--json"])
        .expect(20)
        .json();
    assert_eq!(failing(&json), ["disclosure_differs"]);
    place.write("extra.jsonl", "{\"c\":1}\n");
    place
        .run(&[
            "source",
            "add",
            "aside",
            "--file",
            "extra.jsonl",
            "--personal-data",
            "no",
            "--holder",
            "Someone Else",
            "--confidential",
            "holder",
            "--made-by",
            "human",
        ])
        .expect(0);
    place.run(&["disclose", "aside", "-o", "aside.json"]).expect(0);
    let json = place
        .run(&["verify", "model", "--with", "aside.json", "--json"])
        .expect(0)
        .json();
    let notes = json["findings"].to_string();
    assert!(notes.contains("disclosure_not_used"), "{notes}");
    for text in ["{}", "", "no json"] {
        place.write("bad.json", text);
        let ran = place
            .run(&["verify", "model", "--with", "bad.json", "--json"])
            .expect(1);
        assert_eq!(ran.json()["code"], "disclosure_invalid");
    }
}

#[test]
fn options_withhold_what_a_lineage_file_does() {
    let place = Place::with_ledger();
    place.write("p.txt", "a prompt");
    let line = place
        .run(&[
            "prompt",
            "add",
            "quiet",
            "--file",
            "p.txt",
            "--print",
            "--confidential",
        ])
        .expect(0);
    assert!(line.out.contains("\"confidential\":\"yes\""), "{line:?}");
    place
        .run(&["prompt", "add", "quiet", "--file", "p.txt", "--confidential"])
        .expect(0);
    place.write(
        "l.yaml",
        "herdbook: 1\nprompts: [{name: quiet, files: p.txt, confidential: yes}]\n",
    );
    let again = place.run(&["register", "l.yaml", "--json"]).expect(0).json();
    assert_eq!(again["appended"], 0);
    let refused = place
        .run(&[
            "source",
            "add",
            "s",
            "--file",
            "p.txt",
            "--confidential",
            "made_by",
        ])
        .expect(1);
    assert!(
        refused
            .err
            .contains("`made_by` is not allowed for `confidential`"),
        "{refused:?}"
    );
}

#[test]
fn nobody_can_give_a_name_that_looks_withheld() {
    let place = Place::with_ledger();
    let fake = format!("commitment:{}", "ab".repeat(32));
    place.write("p.txt", "x");
    place.write(&format!("{fake}.txt"), "x");
    for item in [
        format!("sources: [{{name: '{fake}', files: p.txt}}]"),
        format!("sources: [{{name: s, files: p.txt, holder: '{fake}'}}]"),
        format!("sources: [{{name: s, files: '{fake}.txt'}}]"),
        "sources: [{name: s, files: p.txt, url: 'commitment:'}]".to_owned(),
        format!("filters: [{{name: f, rule: other, params: {{'{fake}': x}}}}]"),
    ] {
        place.write("l.yaml", format!("herdbook: 1\n{item}\n"));
        let refused = place.run(&["register", "l.yaml"]).expect(1);
        assert!(refused.err.contains("commitment:"), "{item}: {refused:?}");
    }
}
