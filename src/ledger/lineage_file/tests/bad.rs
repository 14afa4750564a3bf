//! What is wrong with items, names and settings.

use super::super::yaml;
use super::cases::CASES;
use super::*;

#[test]
fn each_fault_has_its_line_and_says_what_to_write_in_both_languages() {
    for (body, told) in CASES {
        let text = format!("herdbook: 1\n{body}\n");
        let expect = |file: &str| -> Vec<String> {
            told.iter()
                .map(|told| format!("{file}:{}", told.replace("FILE", file)))
                .collect()
        };
        let faults = parse_text("l.yaml", &text)
            .map(|file| panic!("{body}: {file:?}"))
            .unwrap_err();
        assert_eq!(lines_of(&faults), expect("l.yaml"), "{body}");
        let json = json_on_same_lines(&yaml::read(&text).unwrap());
        let faults = parse_text("l.json", &json)
            .map(|file| panic!("{body}: {file:?}"))
            .unwrap_err();
        assert_eq!(lines_of(&faults), expect("l.json"), "{json}");
    }
}

#[test]
fn names_have_a_longest_length() {
    let file = |length: usize| format!("herdbook: 1\nsources: [{{name: {}}}]\n", "a".repeat(length));
    assert!(parse_text("l.yaml", &file(200)).is_ok());
    let faults = parse_text("l.yaml", &file(201)).unwrap_err();
    assert_eq!(
        lines_of(&faults),
        ["l.yaml:2: `name`: 201 bytes are more than the 200 allowed"]
    );
}

#[test]
fn the_version_must_be_there_and_be_known() {
    for (text, told) in [
        (
            "sources: []\n",
            "l.yaml:1: a lineage file needs `herdbook`: write for example `herdbook: 1`",
        ),
        (
            "herdbook: 2\n",
            "l.yaml:1: `herdbook`: this program reads version 1, not 2: write `herdbook: 1` or use a newer program",
        ),
        (
            "herdbook: '1'\n",
            "l.yaml:1: `herdbook` must be a whole number from 0, not the text `1`: write for example `herdbook: 1`",
        ),
        (
            "- herdbook\n",
            "l.yaml:1: `herdbook` must be an object, not a list: write for example `herdbook: 1`",
        ),
    ] {
        assert_eq!(lines_of(&parse_text("l.yaml", text).unwrap_err()), [told]);
    }
}

#[test]
fn settings_fill_names_and_paths_and_nothing_else() {
    let text = format!(
        "herdbook: 1\nsources:\n- {{name: 'a-${{v}}', files: ['${{dir}}/${{v}}.jsonl'], holder: '${{v}}'}}\n- {{name: b, digests: [{{name: '${{v}}.bin', sha256: '{HEX}'}}]}}\n- {{name: c, digests_from: '${{dir}}/*.ndjson', evidence: 'e${{v}}'}}\nruns:\n- {{name: r, does: mix, command: 'echo ${{HOME}}', inputs: [{{use: 'a-${{v}}', as: data}}], outputs: [{{name: 'o${{v}}', kind: shard, inputs: ['a-${{v}}']}}]}}\n"
    );
    let settings = Settings::parse(["v=7", "dir=x=${v}"]).unwrap();
    let file = parse(Path::new("l.yaml"), text.as_bytes(), &settings).unwrap();
    assert_eq!(file.sources[0].name.value.as_str(), "a-7");
    assert_eq!(
        file.sources[0].content,
        ContentSpec::Files(vec![Located::new("x=${v}/7.jsonl".to_owned(), 3)])
    );
    assert_eq!(file.sources[0].holder.as_deref(), Some("${v}"));
    assert!(matches!(&file.sources[1].content, ContentSpec::Digests(given) if given[0].name == "7.bin"));
    assert_eq!(
        file.sources[2].content,
        ContentSpec::DigestsFrom(vec![Located::new("x=${v}/*.ndjson".to_owned(), 5)])
    );
    assert_eq!(file.sources[2].evidence, [Located::new("e7".to_owned(), 5)]);
    assert_eq!(file.runs[0].command.as_deref(), Some("echo ${HOME}"));
    assert_eq!(
        file.runs[0].inputs[0].taken,
        Taken::Use(Located::new("a-7".to_owned(), 7))
    );
    assert_eq!(file.runs[0].outputs[0].name.value.as_str(), "o7");
    assert_eq!(file.runs[0].outputs[0].inputs, [0]);
}

#[test]
fn a_setting_that_fills_nothing_is_a_fault() {
    let settings = Settings::parse(["v=7", "w=8"]).unwrap();
    let faults = parse(
        Path::new("l.yaml"),
        b"herdbook: 1\nsources: [{name: 'a${v}'}]\n",
        &settings,
    )
    .unwrap_err();
    assert_eq!(
        lines_of(&faults),
        ["l.yaml: `--set w` fills nothing: no name and no path here contains `${w}`"]
    );
    for (arguments, told) in [
        (vec!["v"], "`--set v` has no `=`: write `--set NAME=VALUE`"),
        (
            vec!["=7"],
            "`` is no name for `--set`: write letters, digits, `-`, `_` and `.`",
        ),
        (
            vec!["a}b=7"],
            "`a}b` is no name for `--set`: write letters, digits, `-`, `_` and `.`",
        ),
        (vec!["v=1", "v=1"], "`--set v` is given twice: keep one of them"),
    ] {
        assert_eq!(Settings::parse(arguments).unwrap_err().to_string(), told);
    }
}

#[test]
fn a_filled_name_is_checked_as_if_it_were_written() {
    let settings = Settings::parse(["v=a/b"]).unwrap();
    let faults = parse(
        Path::new("l.yaml"),
        b"herdbook: 1\nsources: [{name: '${v}'}]\n",
        &settings,
    )
    .unwrap_err();
    assert_eq!(
        lines_of(&faults),
        ["l.yaml:2: `name`: `a/b` contains `/`, which has another meaning in commands"]
    );
}
