//! `register -`: JSON Lines as they come, with the checks and the words of a lineage file.

use super::support::Place;

const LINES: &str = r#"{"kind":"run","name":"mix","does":"mix","inputs":[{"use":"seeds","as":"data"}],"outputs":[{"name":"mixed","kind":"shard","files":["out/*.jsonl"]}],"expansion":null}
"#;

#[test]
fn names_resolve_inside_the_stream_in_any_order() {
    let place = Place::with_ledger();
    place.write_pipeline();
    // A run before what it takes, blank lines, spaces, Windows line ends, and no line feed at the end.
    let lines = "\n{\"kind\": \"run\", \"name\": \"r\", \"does\": \"mix\", \"inputs\": [{\"use\": \"a\", \"as\": \"data\"}], \
                 \"outputs\": [{\"name\": \"o\", \"kind\": \"shard\", \"rows\": 1}]}\r\n   \n  \
                 {\"name\": \"a\", \"kind\": \"source\", \"files\": \"seeds.jsonl\", \"personal_data\": \"no\", \
                 \"made_by\": \"human\", \"acquired_by\": \"own_production\"}";
    let ran = place.run_with(&["register", "-", "--json"], lines).expect(0);
    assert_eq!(ran.json()["appended"], 2);
    place.run(&["verify", "o"]).expect(0);
    let again = place.run_with(&["register", "-", "--json"], lines).expect(0);
    assert_eq!(
        (&again.json()["appended"], &again.json()["already_present"]),
        (&0.into(), &2.into())
    );
}

#[test]
fn a_lineage_file_may_come_by_the_stream_too() {
    let place = Place::with_ledger();
    place.write_pipeline();
    let yaml = std::fs::read(place.at("lineage.yaml")).unwrap();
    place.run_with(&["register", "-"], yaml).expect(0);
    let json = r#"{"herdbook": 1, "prompts": [{"name": "${who}"}]}"#;
    place
        .run_with(&["register", "-", "--set", "who=p"], json)
        .expect(0);
    place.run(&["show", "p"]).expect(0);
}

#[test]
fn every_fault_names_its_line() {
    let place = Place::with_ledger();
    let size = place.size();
    let lines = concat!(
        "{\"kind\":\"sauce\",\"name\":\"a\"}\n",
        "\n",
        "{\"name\":\"b\"}\n",
        "[1]\n",
        "{\"kind\":\"source\",\"name\":\"c\",\"made_of\":\"x\"}\n",
        "{\"kind\":\"source\"\n",
        "{\"kind\":\"prompt\",\"name\":\"d\"} {}\n",
        "{\"kind\":\"prompt\",\"name\":\"e\",\"name\":\"f\"}\n",
        "{\"kind\":5,\"name\":\"e\"}\n",
        "{\"kind\":\"prompt\",\"name\":\"g\"}\n",
        "{\"kind\":\"prompt\",\"name\":\"g\"}\n",
    );
    let refused = place.run_with(&["register", "-"], lines).expect(1);
    for told in [
        "standard input:1: `sauce` is not allowed for `kind`: write one of source, model",
        "standard input:3: the item does not say its `kind`",
        "standard input:4: is no object",
        "standard input:5: `made_of` is not a key of a source",
        "standard input:6: is not valid JSON",
        "standard input:7: is not valid JSON",
        "standard input:8: `name` stands twice",
        "standard input:9: `kind` must be",
        "standard input:11: `g` is already the name of a prompt on line 10",
    ] {
        assert!(refused.err.contains(told), "{told}: {refused:#?}");
    }
    let unresolved = place
        .run_with(
            &["register", "-", "--json"],
            LINES.replace(",\"expansion\":null", ""),
        )
        .expect(1);
    assert_eq!(unresolved.json()["code"], "file_missing");
    assert_eq!(place.size(), size);
}

#[test]
fn streams_that_are_none_are_refused() {
    let place = Place::with_ledger();
    let long = format!(
        "{{\"kind\":\"prompt\",\"name\":\"{}\"}}\n",
        "x".repeat(1024 * 1024)
    );
    let deep = format!(
        "{{\"kind\":\"prompt\",\"name\":{}1{}}}\n",
        "[".repeat(5000),
        "]".repeat(5000)
    );
    let huge = " ".repeat(64 * 1024 * 1024 + 1);
    // Each line is within the limit of values, and all of them together are not.
    let many = format!("{{\"kind\":\"prompt\",\"name\":[{}1]}}\n", "1,".repeat(300_000)).repeat(4);
    for (what, bytes, told) in [
        ("nothing", b"".to_vec(), "standard input: has nothing in it"),
        ("white space", b" \n\n".to_vec(), "has nothing in it"),
        (
            "not UTF-8",
            b"{\"kind\":\"prompt\",\n\xff".to_vec(),
            "is not UTF-8",
        ),
        ("a long line", long.into_bytes(), "200"),
        ("a deep line", deep.into_bytes(), "nest deeper"),
        ("too much", huge.into_bytes(), "more than the 67108864 allowed"),
        ("too many values", many.into_bytes(), "more than 1000000 values"),
        (
            "a null byte",
            b"{\"kind\":\"prompt\",\"name\":\"a\0\"}".to_vec(),
            "is not valid JSON",
        ),
    ] {
        let refused = place.run_with(&["register", "-"], bytes).expect(1);
        assert!(
            refused.err.contains(told),
            "{what}: {}",
            &refused.err[..refused.err.len().min(2000)]
        );
        assert!(refused.err.len() < 20_000, "{what}");
    }
    assert_eq!(place.size(), 2);
}

#[test]
fn keep_going_registers_the_rest_and_exits_with_3() {
    let place = Place::with_ledger();
    place.write_pipeline();
    let lines = concat!(
        "{\"kind\":\"source\",\"name\":\"s\",\"files\":[\"seeds.jsonl\"],\"personal_data\":\"no\"}\n",
        "{\"kind\":\"source\",\"name\":\"wrong\",\"files\":[\"out/*.jsonl\"],\"rows\":99,\"personal_data\":\"no\"}\n",
        "{\"kind\":\"run\",\"name\":\"r\",\"does\":\"mix\",\"inputs\":[{\"use\":\"s\",\"as\":\"data\"},{\"use\":\"gone\",\
         \"as\":\"data\"},{\"use\":\"wrong\",\"as\":\"data\"}],\"outputs\":[{\"name\":\"o\",\"kind\":\"shard\"}]}\n",
        "{\"kind\":\"dataset\",\"name\":\"d\",\"members\":[\"s\",\"gone\"]}\n",
    );
    let refused = place
        .run_with(&["register", "-", "--json"], lines)
        .expect(1)
        .json();
    assert_eq!(
        (refused["code"].as_str(), place.size()),
        (Some("items_invalid"), 2)
    );
    let kept = place
        .run_with(&["register", "-", "--keep-going"], lines)
        .expect(3);
    assert!(
        kept.err
            .contains("left out: standard input:2: `wrong`: `rows: 99` is stated"),
        "{kept:#?}"
    );
    assert!(
        kept.err
            .contains("gap: line 3, `r`: `use: gone` is recorded as a gap"),
        "{kept:#?}"
    );
    assert!(kept.err.contains("gap: line 4, `d`: `use: gone`"), "{kept:#?}");
    assert!(kept.err.contains("`herdbook gaps`"), "{kept:#?}");
    let again = place
        .run_with(&["register", "-", "--keep-going", "--json"], lines)
        .expect(3)
        .json();
    assert_eq!(
        (&again["appended"], &again["already_present"]),
        (&0.into(), &3.into())
    );
    let gaps = again["gaps"].as_array().unwrap();
    assert_eq!(gaps.len(), 3, "{gaps:?}");
    assert_eq!(
        (&gaps[0]["item"], &gaps[0]["use"], &gaps[0]["line"]),
        (&"r".into(), &"gone".into(), &3.into())
    );
    place.run(&["verify", "o"]).expect(21);
    // A gap alone is enough for 3.
    let gap = "{\"kind\":\"dataset\",\"name\":\"e\",\"members\":[\"s\",\"gone\"]}";
    place.run_with(&["register", "-", "--keep-going"], gap).expect(3);
    // With nothing wrong the same option changes nothing.
    let fine = "{\"kind\":\"prompt\",\"name\":\"p\",\"content\":\"none\"}";
    place.run_with(&["register", "-", "--keep-going"], fine).expect(0);
}
