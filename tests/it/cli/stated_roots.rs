//! Row roots that were stated and not computed: a proof of a row does not stand for the file.

use serde_json::Value;

use super::support::Place;
use super::support::Ran;

const HOW: &str = "made_by: human, acquired_by: own_production, personal_data: no";

/// What `hash` says of a file: its digest and its row root.
fn hashed(place: &Place, name: &str) -> (String, String) {
    let hashed = place.run(&["hash", name, "--row-roots", "-o", "-"]).expect(0);
    let record: Value = serde_json::from_str(&hashed.out).unwrap();
    let text = |key: &str| record[key].as_str().unwrap().to_owned();
    (text("sha256"), text("row_root"))
}

/// Somebody states the digest of `a.jsonl` with the row root of `b.jsonl`, others that of `a.jsonl` itself, alone and in a
/// manifest. Returns the digest of `a.jsonl`.
fn stated(place: &Place) -> String {
    place.write("a.jsonl", "{\"a\":1}\n{\"a\":2}\n");
    place.write("b.jsonl", "{\"forged\":1}\n{\"a\":2}\n");
    let ((a, root), (_, other)) = (hashed(place, "a.jsonl"), hashed(place, "b.jsonl"));
    let none = "00".repeat(32);
    place.write(
        "lineage.yaml",
        format!(
            "herdbook: 1\nsources:\n\
             - {{name: forged, digests: [{{name: a.jsonl, sha256: {a}, rows: 2, row_root: {other}}}], {HOW}}}\n\
             - {{name: honest, digests: [{{name: a.jsonl, sha256: {a}, rows: 2, row_root: {root}}}], {HOW}}}\n\
             - name: many\n  digests_from: many.ndjson\n  made_by: human\n  acquired_by: own_production\n  personal_data: no\n\
             - {{name: other, files: b.jsonl, row_root: true, {HOW}}}\n"
        ),
    );
    let member = |number: u8, sha256: &str, more: &str| {
        format!("{{\"name\":\"m/{number:02}.jsonl\",\"sha256\":\"{sha256}\"{more}}}\n")
    };
    let mut lines = member(0, &a, &format!(",\"rows\":2,\"row_root\":\"{root}\""));
    for number in 1..70 {
        lines += &member(number, &none, "");
    }
    place.write("many.ndjson", lines);
    place.run(&["register", "lineage.yaml"]).expect(0);
    a
}

fn prove(place: &Place, file: &str, node: &str, code: i32) -> Ran {
    let output = format!("{node}.json");
    let args = ["rows", "prove", file, "--row", "1", "--node", node, "-o", &output];
    place.run(&args).expect(code)
}

/// The attack: a row of the other file, put forward as one of this. Whoever has only the proof cannot tell it from an
/// honest one, and is told so of both.
#[test]
fn a_row_under_a_root_that_was_only_stated_is_not_proved_of_the_file() {
    let place = Place::with_ledger();
    let sha256 = stated(&place);
    prove(&place, "b.jsonl", "other", 0);
    let read = |name| -> Value { serde_json::from_slice(&std::fs::read(place.at(name)).unwrap()).unwrap() };
    place.run(&["prove", "forged", "-o", "claim.json"]).expect(0);
    let mut forged = read("claim.json");
    forged["row"] = read("other.json")["row"].clone();
    place.write("forged.json", format!("{forged}\n"));
    for node in ["honest", "many"] {
        prove(&place, "a.jsonl", node, 0);
    }
    let open = format!("nothing here shows that this root is of the file with sha256 {sha256}");
    for file in ["forged.json", "honest.json", "many.json"] {
        let told = place.run(&["prove", "--check", file]).expect(22);
        let says = "not proved of the file: row 1 of 2, under the row root that was stated for ";
        assert!(told.out.starts_with(says), "{told:#?}");
        assert!(told.out.contains(&open), "{told:#?}");
        assert!(
            told.out.contains("`herdbook rows prove FILE --row 1"),
            "{told:#?}"
        );
        let json = place.run(&["prove", "--check", file, "--json"]).expect(22).json();
        assert_eq!(json["row"]["root_basis"], "given", "{json}");
    }
    // A row at hand is another one, or the same under a root that is only stated.
    place.write("row", "{\"forged\":1}\n");
    for (file, code) in [("forged.json", 22), ("honest.json", 21)] {
        place
            .run(&["prove", "--check", file, "--is-row", "row"])
            .expect(code);
    }
}

#[test]
fn whoever_has_the_file_computes_a_stated_root_anew() {
    let place = Place::with_ledger();
    stated(&place);
    for node in ["honest", "many"] {
        let made = prove(&place, "a.jsonl", node, 0);
        assert!(made.out.starts_with("proved: row 1 of 2, in "), "{made:#?}");
        assert!(made.err.contains("computed anew from the file here"), "{made:#?}");
    }
    let told = prove(&place, "a.jsonl", "forged", 20);
    assert!(told.err.contains("is not that of the file"), "{told:#?}");
}

#[test]
fn a_row_under_a_root_that_was_computed_is_proved() {
    let place = Place::with_ledger();
    stated(&place);
    let made = prove(&place, "b.jsonl", "other", 0);
    assert!(!made.err.contains("computed anew"), "{made:#?}");
    let told = place
        .run(&["prove", "--check", "other.json", "--json"])
        .expect(0)
        .json();
    assert_eq!(told["row"]["root_basis"], "computed", "{told}");
}
