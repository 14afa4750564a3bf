//! Row roots, `rows prove` and `rows find`.

use std::fs;

use herdbook::query::Proof;
use herdbook::query::Proven;
use herdbook::trust::TrustRoot;
use serde_json::Value;
use serde_json::json;
use sha2::Digest as _;
use sha2::Sha256;

use super::support::Place;

/// Rows with everything that rows can be like: blank lines, both line ends, no UTF-8, no end.
const ODD: &[u8] = b"\n{\"a\":1}\r\n \t\n\xff\xfe\n{\"a\":1}\nlast";

/// The rows of [`ODD`] with the lines they stand on.
const ODD_ROWS: [(&[u8], u64); 4] = [
    (b"{\"a\":1}", 2),
    (b"\xff\xfe", 4),
    (b"{\"a\":1}", 5),
    (b"last", 6),
];

const HOW: &str = "made_by: human, acquired_by: own_production";

/// One file, a manifest of 70, and what is made of personal data.
fn with_rows() -> Place {
    let place = Place::with_ledger();
    place.write("odd.jsonl", ODD);
    for number in 0..70 {
        place.write(
            &format!("many/{number:02}.jsonl"),
            format!("{{\"n\":{number}}}\n{{\"n\":\"x\"}}\n"),
        );
    }
    place.write(
        "people.jsonl",
        "{\"name\":\"Ann\"}\n{\"name\":\"Bob\"}\n{\"name\":\"Ann\"}\n",
    );
    place.write("kept.jsonl", "{\"name\":\"Bob\"}\n");
    place.write("bare.jsonl", "{\"a\":2}\n");
    place.write(
        "lineage.yaml",
        format!(
            "herdbook: 1\nsources:\n\
             - {{name: odd, files: odd.jsonl, {HOW}, personal_data: no, row_root: true}}\n\
             - {{name: many, files: 'many/*.jsonl', {HOW}, personal_data: no, row_root: true}}\n\
             - {{name: people, files: people.jsonl, {HOW}, personal_data: yes, row_root: true}}\n\
             - {{name: bare, files: bare.jsonl, {HOW}, personal_data: no}}\n\
             runs:\n\
             - name: keep\n  does: filter\n  inputs: [{{use: people, as: data}}]\n  \
               outputs: [{{name: kept, kind: shard, files: kept.jsonl, row_root: true}}]\n\
             - name: train\n  does: train\n  inputs: [{{use: kept, as: data}}, {{use: odd, as: eval}}]\n  \
               outputs: [{{name: model, kind: model, content: not_known}}]\n"
        ),
    );
    place.run(&["register", "lineage.yaml"]).expect(0);
    place.run(&["key", "trust-root", "-o", "root.json"]).expect(0);
    place
}

fn artifact(place: &Place, node: &str, entry: usize) -> Value {
    let shown = place.run(&["show", node, "--json"]).expect(0).json();
    let predicate = &shown["statements"][0]["statement"]["predicate"];
    let of_run = &predicate["outputs"][entry]["artifacts"][0];
    match of_run {
        Value::Null => predicate["artifacts"][0].clone(),
        artifact => artifact.clone(),
    }
}

fn prove(place: &Place, file: &str, row: u64, more: &[&str]) -> Vec<u8> {
    let row = row.to_string();
    let args = [&["rows", "prove", file, "--row", &row, "-o", "-"], more].concat();
    place.run(&args).expect(0).out.into_bytes()
}

fn check(place: &Place, bytes: &[u8]) -> Option<Proven> {
    let root = TrustRoot::decode(&fs::read(place.at("root.json")).unwrap()).unwrap();
    Proof::decode(bytes).ok()?.check(&root).ok()
}

fn sha(parts: &[&[u8]]) -> Vec<u8> {
    Sha256::digest(parts.concat()).to_vec()
}

/// The tree of RFC 6962 2.1, as its definition says it.
fn tree(leaves: &[Vec<u8>]) -> Vec<u8> {
    if let [one] = leaves {
        return one.clone();
    }
    let middle = leaves.len().next_power_of_two() / 2;
    sha(&[&[1], &tree(&leaves[..middle]), &tree(&leaves[middle..])])
}

#[test]
fn a_plain_root_is_the_tree_over_the_lines_and_each_row_is_proved() {
    let place = with_rows();
    let leaves: Vec<Vec<u8>> = ODD_ROWS.iter().map(|(row, _)| sha(&[&[0], row])).collect();
    let odd = artifact(&place, "odd", 0);
    assert_eq!(odd["row_root"], hex::encode(tree(&leaves)));
    assert_eq!((&odd["rows"], &odd["keyed_row_root"]), (&json!(4), &Value::Null));
    for (number, (row, line)) in (1..).zip(ODD_ROWS) {
        let proven = check(&place, &prove(&place, "odd.jsonl", number, &[])).unwrap();
        let (_, found) = proven.row.unwrap();
        assert_eq!((found.number, found.rows, found.keyed), (number, 4, false));
        assert_eq!(found.content.as_deref(), Some(row));
        let told = place
            .run(&[
                "rows",
                "prove",
                "odd.jsonl",
                "--row",
                &number.to_string(),
                "-o",
                &format!("{number}.json"),
            ])
            .expect(0);
        let says = format!("Row {number} stands on line {line}: ");
        assert_eq!(told.err.contains(&says), line != number, "{told:#?}");
    }
    assert_eq!(
        artifact(&place, "bare", 0)["row_root"],
        Value::Null,
        "nobody asked for one"
    );
}

/// Checked by somebody who has two files, no ledger and no key.
#[test]
fn a_row_of_a_manifest_is_proved_without_the_ledger() {
    let place = with_rows();
    place
        .run(&["rows", "prove", "many/07.jsonl", "--row", "1", "-o", "p.json"])
        .expect(0);
    let auditor = Place::new();
    for file in ["p.json", "root.json"] {
        auditor.write(file, fs::read(place.at(file)).unwrap());
    }
    let checked = auditor
        .run(&["prove", "--check", "p.json", "--trust-root", "root.json"])
        .expect(0);
    assert!(
        checked
            .out
            .starts_with("proved: row 1 of 2, in many/07.jsonl with sha256 "),
        "{checked:#?}"
    );
    assert!(checked.out.ends_with("\n  {\"n\":7}\n"), "{checked:#?}");
    let told = auditor
        .run(&[
            "prove",
            "--check",
            "p.json",
            "--trust-root",
            "root.json",
            "--json",
        ])
        .expect(0)
        .json();
    assert_eq!(told["row"]["text"], "{\"n\":7}");
    assert_eq!(told["member"]["name"], "many/07.jsonl");
}

/// The attacks on a proof of a row: other bytes, another number, another salt, another path, another file.
#[test]
fn a_proof_of_a_row_is_of_no_other_row() {
    let place = with_rows();
    let proofs = [
        prove(&place, "odd.jsonl", 1, &[]),
        prove(&place, "odd.jsonl", 1, &["--no-content"]),
        prove(&place, "many/07.jsonl", 2, &[]),
        prove(&place, "people.jsonl", 1, &[]),
        prove(&place, "people.jsonl", 1, &["--no-content"]),
    ];
    for bytes in &proofs {
        let honest = check(&place, bytes).unwrap();
        let proof: Value = serde_json::from_slice(bytes).unwrap();
        let row = proof["row"].as_object().unwrap().clone();
        let mut forged: Vec<(String, Value)> = Vec::new();
        let mut forge = |what: &str, key: &str, value: Value| {
            let mut other = proof.clone();
            other["row"][key] = value;
            forged.push((what.to_owned(), other));
        };
        for number in [0, 2, 3, 4, 5, u64::from(u32::MAX)] {
            if row["number"] != number {
                forge("number", "number", json!(number));
            }
        }
        forge("subject", "subject", json!(1));
        forge("a shorter path", "path", json!([]));
        let mut longer = row["path"].as_array().unwrap().clone();
        longer.push(json!("00".repeat(32)));
        forge("a longer path", "path", json!(longer));
        if row.contains_key("content") {
            forge("other bytes", "content", json!("eyJhIjoyfQ=="));
            forge("no bytes", "content", json!(""));
            forge("a salt, or another", "salt", json!("00".repeat(32)));
            forge("both", "leaf", json!("00".repeat(32)));
        } else {
            forge("another leaf", "leaf", json!("00".repeat(32)));
            forge("a salt for a leaf", "salt", json!("00".repeat(32)));
        }
        forge("an unknown field", "more", json!(1));
        for key in row.keys() {
            let mut other = proof.clone();
            other["row"].as_object_mut().unwrap().remove(key);
            forged.push((format!("without {key}"), other));
        }
        for (what, other) in forged {
            // Two equal rows of a plain tree cannot be told apart, but stand at their places.
            let text = format!("{other}\n");
            let found = check(&place, text.as_bytes());
            assert!(found.is_none(), "{what}: {found:#?}");
        }
        assert!(honest.row.is_some());
    }
    // The row of one file with the rest of another's proof.
    let mut mixed: Value = serde_json::from_slice(&proofs[0]).unwrap();
    let other: Value = serde_json::from_slice(&proofs[3]).unwrap();
    mixed["row"] = other["row"].clone();
    assert!(check(&place, format!("{mixed}\n").as_bytes()).is_none());
    // A proof of a file that says nothing of its rows.
    let bare = place.run(&["prove", "bare", "-o", "-"]).expect(0).out;
    let mut bare: Value = serde_json::from_str(&bare).unwrap();
    bare["row"] = other["row"].clone();
    assert!(check(&place, format!("{bare}\n").as_bytes()).is_none());
}

#[test]
fn personal_data_is_never_in_a_plain_tree() {
    let place = with_rows();
    for (node, plain) in [
        ("people", b"{\"name\":\"Bob\"}".as_slice()),
        ("kept", b"{\"name\":\"Bob\"}"),
    ] {
        let artifact = artifact(&place, node, 0);
        assert_eq!(artifact["row_root"], Value::Null, "{node}");
        assert_ne!(artifact["keyed_row_root"], Value::Null, "{node}");
        // The attack: the one row of `kept` is guessed right.
        assert_ne!(
            artifact["keyed_row_root"],
            hex::encode(sha(&[&[0], plain])),
            "{node}"
        );
    }
    // Two rows are equal, and neither proof shows it.
    let proof = |row| -> Value { serde_json::from_slice(&prove(&place, "people.jsonl", row, &[])).unwrap() };
    let (first, third) = (proof(1), proof(3));
    assert_eq!(first["row"]["content"], third["row"]["content"]);
    assert_ne!(first["row"]["salt"], third["row"]["salt"]);
    let leaf = |proof: &Value| {
        check(&place, format!("{proof}\n").as_bytes())
            .unwrap()
            .row
            .unwrap()
            .1
            .leaf
    };
    assert_ne!(leaf(&first), leaf(&third));
    let path = first["row"]["path"].to_string();
    assert!(
        !path.contains(&hex::encode(sha(&[&[0], b"{\"name\":\"Bob\"}"]))),
        "{path}"
    );
    // What a worker hashed without a key is refused.
    place
        .run(&["hash", "people.jsonl", "--row-roots", "-o", "people.ndjson"])
        .expect(0);
    place.write(
        "given.yaml",
        format!("herdbook: 1\nsources:\n- {{name: given, digests_from: people.ndjson, {HOW}, personal_data: yes}}\n"),
    );
    let refused = place.run(&["register", "given.yaml"]).expect(1);
    assert!(
        refused.err.contains("is given with a plain `row_root`"),
        "{refused:#?}"
    );
}

#[test]
fn without_the_secret_nobody_proves_a_row_of_personal_data() {
    let place = with_rows();
    let proof = prove(&place, "people.jsonl", 2, &[]);
    place.run(&["private", "erase", "--all", "--yes"]).expect(0);
    let refused = place
        .run(&[
            "rows",
            "prove",
            "people.jsonl",
            "--row",
            "2",
            "-o",
            "p.json",
            "--json",
        ])
        .expect(1);
    assert_eq!(refused.json()["code"], "row_secret_missing");
    assert!(check(&place, &proof).is_some(), "what was handed out stays true");
    // A fresh secret is another one.
    place.write(
        "more.yaml",
        format!("herdbook: 1\nsources:\n- {{name: more, files: bare.jsonl, {HOW}, row_root: keyed}}\n"),
    );
    place.run(&["register", "more.yaml"]).expect(0);
    prove(&place, "bare.jsonl", 1, &[]);
    let refused = place
        .run(&[
            "rows",
            "prove",
            "people.jsonl",
            "--row",
            "2",
            "-o",
            "p.json",
            "--json",
        ])
        .expect(1);
    assert_eq!(refused.json()["code"], "row_secret_missing");
}

#[test]
fn a_row_beside_the_proof_is_held_against_it() {
    let place = with_rows();
    place.write("right", "{\"a\":1}\r\n");
    place.write("wrong", "{\"a\":2}\n");
    for (file, more, right, wrong) in [
        ("odd.jsonl", &[][..], 0, 21),
        ("odd.jsonl", &["--no-content"], 0, 21),
        ("people.jsonl", &["--no-content"], 22, 22),
    ] {
        place.write("p.json", prove(&place, file, 1, more));
        for (row, code) in [("right", right), ("wrong", wrong)] {
            place
                .run(&["prove", "--check", "p.json", "--is-row", row])
                .expect(code);
        }
    }
    let shown = fs::read_to_string(place.at("p.json")).unwrap();
    assert!(!shown.contains("salt") && !shown.contains("content\""), "{shown}");
}

#[test]
fn what_cannot_be_proved_is_told_with_what_to_do() {
    let place = with_rows();
    place.write("new.jsonl", "{}\n");
    for (args, exit, code) in [
        (&["bare.jsonl", "--row", "1"][..], 1, "no_row_root"),
        (&["new.jsonl", "--row", "1"], 1, "not_registered"),
        (&["none.jsonl", "--row", "1"], 1, "file_missing"),
        (&["odd.jsonl", "--row", "5"], 1, "no_such_row"),
        (&["odd.jsonl", "--row", "0"], 1, "no_such_row"),
        (
            &["odd.jsonl", "--row", "1", "--node", "many"],
            1,
            "not_registered",
        ),
    ] {
        let args = [&["rows", "prove"], args, &["-o", "p.json", "--json"]].concat();
        let told = place.run(&args).expect(exit).json();
        assert_eq!(told["code"], code, "{told}");
        assert!(!told["help"].as_array().unwrap().is_empty(), "{told}");
    }
    assert!(!place.at("p.json").exists());
    // Two items of the same bytes.
    place.write(
        "twice.yaml",
        format!("herdbook: 1\nsources:\n- {{name: twice, files: odd.jsonl, {HOW}, personal_data: no, row_root: true}}\n"),
    );
    place.run(&["register", "twice.yaml"]).expect(0);
    let told = place
        .run(&["rows", "prove", "odd.jsonl", "--row", "1", "-o", "p.json"])
        .expect(1);
    assert!(told.err.contains("--node"), "{told:#?}");
    prove(&place, "odd.jsonl", 1, &["--node", "twice"]);
}

/// Somebody signs a row root that is not that of the file.
#[test]
fn a_row_root_that_is_a_lie_is_found_by_whoever_has_the_file() {
    let place = Place::with_ledger();
    place.write("a.jsonl", "{\"a\":1}\n{\"a\":2}\n");
    let sha256 = hex::encode(sha(&[b"{\"a\":1}\n{\"a\":2}\n"]));
    for (rows, root) in [
        (2, "00".repeat(32)),
        (3, "00".repeat(32)),
        (1, hex::encode(sha(&[&[0], b"{\"a\":1}"]))),
    ] {
        let name = format!("lie-{rows}");
        let digest = format!("a.jsonl={sha256},rows={rows},row_root={root}");
        place
            .run(&["source", "add", &name, "--digest", &digest, "--made-by", "human"])
            .expect(0);
        let told = place
            .run(&[
                "rows", "prove", "a.jsonl", "--row", "1", "--node", &name, "-o", "p.json",
            ])
            .expect(20);
        assert!(told.err.contains("is not that of the file"), "{told:#?}");
    }
}

/// Worker and register, options and lineage file: one root.
#[test]
fn a_root_is_the_same_by_every_way() {
    let place = with_rows();
    let expected = artifact(&place, "odd", 0)["row_root"].clone();
    let records = place
        .run(&["hash", "odd.jsonl", "--row-roots", "-o", "-"])
        .expect(0);
    let record: Value = serde_json::from_str(&records.out).unwrap();
    assert_eq!(record["row_root"], expected);
    place.write("odd.ndjson", &records.out);
    let common = ["--made-by", "human", "--personal-data", "no"];
    let from = [
        &["source", "add", "b", "--digests-from", "odd.ndjson"][..],
        &common,
    ]
    .concat();
    place.run(&from).expect(0);
    let of = [
        &["source", "add", "c", "--file", "odd.jsonl", "--row-root"][..],
        &common,
    ]
    .concat();
    place.run(&of).expect(0);
    place
        .run(&[
            "run",
            "r",
            "--does",
            "filter",
            "--input",
            "odd:data",
            "--output",
            "d=odd.jsonl",
            "--row-root",
            "keyed",
        ])
        .expect(0);
    assert_eq!(artifact(&place, "b", 0)["row_root"], expected);
    assert_eq!(artifact(&place, "c", 0)["row_root"], expected);
    assert_ne!(artifact(&place, "d", 0)["keyed_row_root"], Value::Null);
    let again = place.run(&["register", "lineage.yaml"]).expect(0);
    assert!(again.out.starts_with("appended 0 statements"), "{again:#?}");
}

#[test]
fn wishes_that_cannot_be_fulfilled_are_refused() {
    let place = Place::with_ledger();
    place.write("a.csv", "h\n1\n");
    let hex = "00".repeat(32);
    for (item, says) in [
        (
            "files: a.csv, row_root: true".to_owned(),
            "none of its files is JSON Lines",
        ),
        (
            "content: none, row_root: true".to_owned(),
            "it is computed from files",
        ),
        (
            "files: a.csv, row_root: 7".to_owned(),
            "`row_root: true`, or `row_root: keyed`",
        ),
        (
            format!("digests: [{{name: a, sha256: '{hex}', row_root: '{hex}'}}]"),
            "write `rows:` beside it",
        ),
        (
            format!(
                "digests: [{{name: a, sha256: '{hex}', rows: 1, row_root: '{hex}', keyed_row_root: '{hex}'}}]"
            ),
            "not both",
        ),
    ] {
        place.write(
            "l.yaml",
            format!("herdbook: 1\nsources:\n- {{name: a, {item}, {HOW}}}\n"),
        );
        let told = place.run(&["register", "l.yaml"]).expect(1);
        assert!(told.err.contains(says), "{says}: {told:#?}");
    }
}

#[test]
fn a_row_is_found_as_far_as_the_bytes_are_there() {
    let place = with_rows();
    let find = |args: &[&str], code| {
        let args = [&["rows", "find", "--json"], args].concat();
        place.run(&args).expect(code).json()
    };
    let found = find(&["--row", "{\"name\":\"Bob\"}"], 0);
    let places: Vec<(&str, u64, &str)> = found["found"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let name = one["in"][0]["kind"].as_str().unwrap();
            (
                name,
                one["row"].as_u64().unwrap(),
                one["likeness"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        places,
        [("source", 2, "exact"), ("shard", 1, "exact")],
        "in log order"
    );
    let found = find(&["--row", "{\"person\": \" bob\"}"], 0);
    assert_eq!(
        (&found["total"], &found["found"][0]["likeness"]),
        (&json!(2), &json!("normalised"))
    );
    let found = find(&["--file", "odd.jsonl", "--row", "3"], 0);
    assert_eq!(found["total"], 2);
    assert_eq!(
        (&found["found"][1]["row"], &found["found"][1]["line"]),
        (&json!(3), &json!(5))
    );
    let none = find(&["--row", "nothing like it"], 21);
    assert_eq!(
        (
            &none["searched"]["of"],
            none["not_searched"].as_array().unwrap().len()
        ),
        (&json!(74), 0)
    );
    // One file is gone, one was changed in place: what was not searched is said, and changes the exit.
    fs::remove_file(place.at("kept.jsonl")).unwrap();
    place.write("odd.jsonl", "other\n");
    let part = find(&["--row", "nothing like it"], 22);
    let not: Vec<&str> = part["not_searched"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["why"].as_str().unwrap())
        .collect();
    assert_eq!(not, ["not_here", "not_here"]);
    assert_eq!(part["searched"]["files"], 72);
    let elsewhere = find(&["--row", "{\"n\":3}", "--content", "many"], 0);
    assert_eq!(elsewhere["total"], 1, "found by digest under another name");
    for (args, code) in [
        (&["--row", " "][..], 2),
        (&["--file", "people.jsonl"], 2),
        (&["--file", "people.jsonl", "--row", "x"], 2),
        (&["--file", "people.jsonl", "--row", "9"], 1),
    ] {
        find(args, code);
    }
}
