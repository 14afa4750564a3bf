//! The marked tree: what YAML and JSON mean, and what is refused in them.

use super::super::json;
use super::super::node::Entry;
use super::super::yaml;
use super::*;

fn text(text: &str) -> NodeValue {
    NodeValue::Text(text.to_owned())
}

/// Reads `- <scalar>` and returns what the scalar means.
fn yaml_scalar(scalar: &str) -> Result<NodeValue, String> {
    match yaml::read(&format!("- {scalar}\n")) {
        Ok(Node {
            value: NodeValue::List(mut items),
            ..
        }) => Ok(items.remove(0).value),
        Ok(other) => panic!("{other:?}"),
        Err(faults) => Err(faults[0].1.to_string()),
    }
}

#[test]
fn plain_words_are_text_but_for_true_false_null_and_integers() {
    for word in [
        "no",
        "yes",
        "on",
        "off",
        "n",
        "True",
        "FALSE",
        "2023-03-13",
        "1.2.3",
        "1_000",
        "12:30",
        "0xg",
        "1e",
        "e3",
        "a b",
        "v1",
    ] {
        assert_eq!(yaml_scalar(word), Ok(text(word)), "{word}");
    }
    for (scalar, value) in [
        ("true", NodeValue::Bool(true)),
        ("false", NodeValue::Bool(false)),
        ("~", NodeValue::Null),
        ("null", NodeValue::Null),
        ("", NodeValue::Null),
        ("0", NodeValue::Integer(0)),
        ("-7", NodeValue::Integer(-7)),
        ("52002", NodeValue::Integer(52002)),
        ("9007199254740991", NodeValue::Integer(9_007_199_254_740_991)),
        ("'true'", text("true")),
        ("\"5\"", text("5")),
        ("'0.7'", text("0.7")),
        ("\"\"", text("")),
    ] {
        assert_eq!(yaml_scalar(scalar), Ok(value), "{scalar}");
    }
}

#[test]
fn numbers_that_readers_disagree_about_are_refused_with_the_quotes_to_write() {
    for number in [
        "0.7", ".5", "5.", "1e3", "-1.5E-7", "+1", "007", "-01", "0x1f", "0o17", ".inf", "-.Inf", ".NaN",
    ] {
        let message =
            format!("the number `{number}` is not a plain integer: write it in quotes, \"{number}\"");
        assert_eq!(yaml_scalar(number), Err(message), "{number}");
    }
    for number in ["0.7", "1e3", "-1.5E-7", "1E0"] {
        let faults = json::read(&format!("[\n{number}]"), 1).unwrap_err();
        let message =
            format!("the number `{number}` is not a plain integer: write it in quotes, \"{number}\"");
        assert_eq!((faults[0].0, faults[0].1.to_string()), (2, message));
    }
    let large = "9007199254740992";
    let message =
        format!("the integer `{large}` is beyond 9007199254740991: write it in quotes, \"{large}\"");
    assert_eq!(yaml_scalar(large), Err(message.clone()));
    assert_eq!(json::read(large, 1).unwrap_err()[0].1.to_string(), message);
}

#[test]
fn every_key_and_value_has_its_line() {
    let entry = |key: &str, key_line, value, line| Entry {
        key: key.to_owned(),
        key_line,
        value: Node { value, line },
    };
    let list = NodeValue::List(vec![
        Node {
            value: text("x"),
            line: 3,
        },
        Node {
            value: NodeValue::Integer(2),
            line: 4,
        },
    ]);
    let expected = NodeValue::Map(vec![
        entry("a", 1, NodeValue::Bool(true), 1),
        entry("b", 2, list, 3),
        entry("c", 5, NodeValue::Map(vec![entry("d", 6, text("e f"), 7)]), 6),
    ]);
    let yaml = yaml::read("a: true\nb:\n- x\n- 2\nc:\n  d:\n    'e f'\n# end\n").unwrap();
    assert_eq!(
        yaml,
        Node {
            value: expected.clone(),
            line: 1
        }
    );
    let json = json::read(
        "{\"a\": true,\n\"b\":\n[\"x\",\n2],\n\"c\": {\n\"d\":\n\"e f\"}}",
        1,
    )
    .unwrap();
    // Braces have a place of their own in JSON.
    let NodeValue::Map(mut members) = expected else {
        unreachable!()
    };
    members[2].value.line = 5;
    assert_eq!(
        json,
        Node {
            value: NodeValue::Map(members),
            line: 1
        }
    );
}

const ALIAS: &str =
    "l.yaml:1: aliases (`*name`) are not read: write the value out here, or quote it if it is text";

#[test]
fn what_yaml_has_and_a_lineage_file_has_not_is_refused_with_its_line() {
    let cases = [
        (
            "a: &x 1\n",
            "l.yaml:1: anchors (`&name`) are not read: write the value out at each place",
        ),
        (
            "a: 1\nb: &x\n  c: 1\n",
            "l.yaml:2: anchors (`&name`) are not read: write the value out at each place",
        ),
        (
            "a:\n- &x [1]\n",
            "l.yaml:2: anchors (`&name`) are not read: write the value out at each place",
        ),
        ("a: *x\n", ALIAS),
        ("a: *.jsonl\n", ALIAS),
        ("a: [x, *]\n", ALIAS),
        (
            "a: !!str 1\n",
            "l.yaml:1: tags (`!name`) are not read: leave the tag out, or quote the value if it is text",
        ),
        (
            "a: !x {b: 1}\n",
            "l.yaml:1: tags (`!name`) are not read: leave the tag out, or quote the value if it is text",
        ),
        (
            "a: 1\n<<: {b: 1}\n",
            "l.yaml:2: the merge key `<<` is not read: write the keys out",
        ),
        (
            "a: 1\n---\nb: 1\n",
            "l.yaml:2: a second document begins here: write it to a file of its own",
        ),
        (
            "a: 1\n...\n---\n",
            "l.yaml:3: a second document begins here: write it to a file of its own",
        ),
        (
            "a: 1\nb: 2\na: 3\n",
            "l.yaml:3: `a` stands twice in one object, first on line 1: keep one of them",
        ),
        (
            "a: {b: 1,\n  'b': 2}\n",
            "l.yaml:2: `b` stands twice in one object, first on line 1: keep one of them",
        ),
        (
            "a: 1\n? [b]\n: 2\n",
            "l.yaml:2: a key must be a word or quoted text",
        ),
        ("a: 1\n~: 2\n", "l.yaml:2: a key must be a word or quoted text"),
        ("", "l.yaml:1: is empty: begin with `herdbook: 1`"),
        ("# nothing\n", "l.yaml:1: is empty: begin with `herdbook: 1`"),
        ("--- ~\n", "l.yaml:1: is empty: begin with `herdbook: 1`"),
    ];
    for (yaml, message) in cases {
        let faults = parse_text("l.yaml", yaml).unwrap_err();
        assert_eq!(lines_of(&faults), [message], "{yaml}");
    }
    for (yaml, line) in [
        ("a: [1\n", 2),
        ("a: 1\n b: 2\n", 2),
        ("a: \"x\n", 1),
        ("a: b: c\n", 1),
    ] {
        let faults = parse_text("l.yaml", yaml).unwrap_err();
        let message = lines_of(&faults).remove(0);
        assert!(
            message.starts_with(&format!("l.yaml:{line}: is not valid YAML: ")),
            "{yaml}: {message}"
        );
    }
}

#[test]
fn an_unquoted_place_inside_braces_says_so() {
    let faults = parse_text("l.yaml", "a: 1\nb: {c: d-${e}, f: 1}\n").unwrap_err();
    let told = "l.yaml:2: is not valid YAML: while parsing a flow mapping, did not find expected ',' or '}' (inside `{ }` and `[ ]`, write text with `${` in quotes)";
    assert_eq!(lines_of(&faults), [told]);
}

#[test]
fn what_is_not_strict_json_is_refused_with_its_line() {
    let cases = [
        (
            "{\"a\": 1,\n\"a\": 2}",
            "l.json:2: `a` stands twice in one object, first on line 1: keep one of them",
        ),
        (
            "{\"\\u0061\": 1, \"a\": 2}",
            "l.json:1: `a` stands twice in one object, first on line 1: keep one of them",
        ),
        (
            "{\"a\": 1,\n}",
            "l.json:2: is not valid JSON: key must be a string",
        ),
        (
            "{\"a\": 1}\n\n{}",
            "l.json:3: is not valid JSON: trailing characters",
        ),
        ("{\"a\":\n 01}", "l.json:2: is not valid JSON: invalid number"),
        ("{\"a\":\n\n'x'}", "l.json:3: is not valid JSON: expected value"),
        (
            "{\"a\":\n[\"\\ud800\"]}",
            "l.json:2: is not valid JSON: unexpected end of hex escape",
        ),
        (
            "{\"a\": [",
            "l.json:1: is not valid JSON: EOF while parsing a list",
        ),
        ("", "l.json:1: is not valid JSON: EOF while parsing a value"),
        ("null", "l.json:1: is empty: begin with `herdbook: 1`"),
        ("herdbook: 1", "l.json:1: is not valid JSON: expected value"),
    ];
    for (json, message) in cases {
        assert_eq!(
            lines_of(&parse_text("l.json", json).unwrap_err()),
            [message],
            "{json}"
        );
    }
    // A brace first means JSON whatever the file is called.
    let faults = parse_text("l.yaml", " \n{herdbook: 1}").unwrap_err();
    assert_eq!(
        lines_of(&faults),
        ["l.yaml:2: is not valid JSON: key must be a string"]
    );
}

#[test]
fn bytes_that_are_not_utf8_are_refused_with_offset_and_line() {
    let faults = parse(
        Path::new("l.yaml"),
        b"herdbook: 1\nsources: \xff\n",
        &Settings::default(),
    )
    .unwrap_err();
    assert_eq!(
        lines_of(&faults),
        ["l.yaml:2: byte 21 of the file is not UTF-8: save the file as UTF-8"]
    );
    let marked = parse(
        Path::new("l.yaml"),
        b"\xef\xbb\xbfherdbook: 1\n",
        &Settings::default(),
    );
    assert_eq!(marked.unwrap(), LineageFile::default());
}

#[test]
fn nesting_and_number_of_values_have_limits() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let too_deep = "lists and objects nest deeper than 32 levels here: flatten them";
    assert!(json::read(&nested(DEPTH_MAX), 1).is_ok());
    assert!(yaml::read(&nested(DEPTH_MAX)).is_ok());
    for read in [|text: &str| json::read(text, 1), yaml::read] {
        let faults = read(&format!("\n{}", nested(DEPTH_MAX + 1))).unwrap_err();
        assert_eq!((faults[0].0, faults[0].1.to_string()), (2, too_deep.to_owned()));
        assert!(read(&"[".repeat(300_000)).is_err());
        assert!(read(&nested(300_000)).is_err());
    }
    assert!(yaml::read(&"- ".repeat(100_000)).is_err());
    assert!(yaml::read(&"{a: ".repeat(100_000)).is_err());
    assert!(yaml::read(&"? ".repeat(100_000)).is_err());

    // The list itself is a value too.
    let list = |items: usize| format!("[{}0]", "0,".repeat(items - 1));
    let fitting = list(NODES_MAX - 1);
    let beyond = list(NODES_MAX);
    let too_many = "the file holds more than 1000000 values: move digests to files of JSON Lines and name those under `digests_from`";
    for read in [|text: &str| json::read(text, 1), yaml::read] {
        assert!(read(&fitting).is_ok());
        assert_eq!(read(&beyond).unwrap_err()[0].1.to_string(), too_many);
    }
}

#[test]
fn the_first_fifty_faults_are_told_and_the_rest_counted() {
    let duplicates = "a: 1\n".repeat(60);
    let faults = parse_text("l.yaml", &duplicates).unwrap_err();
    assert_eq!(faults.list().len(), FAULTS_MAX);
    assert!(faults.left_out() > 0);
    let unknown: String = (0..60)
        .map(|number| format!("k{number}: 1\n"))
        .collect::<Vec<_>>()
        .concat();
    let faults = parse_text("l.yaml", &format!("herdbook: 1\n{unknown}")).unwrap_err();
    assert_eq!((faults.list().len(), faults.left_out()), (FAULTS_MAX, 10));
    assert!(faults.to_string().ends_with("\nand 10 more"));
}

#[test]
fn a_file_beyond_the_limit_is_refused_by_its_size() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("l.yaml");
    let file = std::fs::File::create(&path).unwrap();
    // A hole: nothing is written, and reading it would find zeros, which are another fault.
    file.set_len(FILE_BYTES_MAX + 5).unwrap();
    let faults = read(&path, &Settings::default()).unwrap_err();
    let told = "is 67108869 bytes long, more than the 67108864 allowed: move digests to files of JSON Lines and name those under `digests_from`, or split the file";
    assert_eq!(lines_of(&faults), [format!("{}: {told}", path.display())]);
    file.set_len(FILE_BYTES_MAX).unwrap();
    let faults = read(&path, &Settings::default()).unwrap_err();
    assert!(!lines_of(&faults)[0].contains("more than"), "{faults}");
}

#[test]
fn what_is_no_file_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("none.yaml");
    let told = |path: &Path| lines_of(&read(path, &Settings::default()).unwrap_err()).remove(0);
    assert!(
        told(&missing).contains("none.yaml: cannot be read (No such file or directory"),
        "{}",
        told(&missing)
    );
    assert_eq!(
        told(folder.path()),
        format!("{}: is not a regular file: name a file", folder.path().display())
    );
}
