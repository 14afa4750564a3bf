//! YAML and JSON agree, whatever is in them, and no bytes make a reader panic.

use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::sample::select;

use super::super::json;
use super::super::node::Entry;
use super::super::yaml;
use super::*;

/// Texts that readers are tempted to take for something else.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        select(vec![
            "no", "true", "null", "~", "", "0.7", "1e3", "007", "- a", "a: b", "#x", "*x", "&x", "<<", "{",
            "?", "a #b", "'", "\"", "\\", "|", "%", "@"
        ])
        .prop_map(str::to_owned),
        "[a-z\u{e9}\u{1f600} \n\t:#,\\[\\]{}'\"\\\\-]{0,12}",
    ]
}

fn any_tree() -> impl Strategy<Value = NodeValue> {
    let leaf = prop_oneof![
        Just(NodeValue::Null),
        any::<bool>().prop_map(NodeValue::Bool),
        (-9_007_199_254_740_991_i64..=9_007_199_254_740_991).prop_map(NodeValue::Integer),
        any_text().prop_map(NodeValue::Text),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        let node = inner.prop_map(|value| Node { value, line: 1 });
        prop_oneof![
            prop::collection::vec(node.clone(), 0..6).prop_map(NodeValue::List),
            prop::collection::btree_map(any_text(), node, 0..6).prop_map(|members| {
                NodeValue::Map(
                    members
                        .into_iter()
                        .map(|(key, value)| Entry {
                            key,
                            key_line: 1,
                            value,
                        })
                        .collect(),
                )
            }),
        ]
    })
}

/// Writes block YAML with every text in double quotes, but plain where the word is harmless.
fn block_yaml(value: &NodeValue, indent: usize, out: &mut String) {
    match value {
        NodeValue::List(items) if !items.is_empty() => {
            for item in items {
                write!(out, "\n{:indent$}-", "").unwrap();
                block_yaml(&item.value, indent + 2, out);
            }
        }
        NodeValue::Map(entries) if !entries.is_empty() => {
            for entry in entries {
                write!(out, "\n{:indent$}{}:", "", yaml_text(&entry.key)).unwrap();
                block_yaml(&entry.value.value, indent + 2, out);
            }
        }
        NodeValue::Null => out.push_str(" ~"),
        NodeValue::Bool(flag) => write!(out, " {flag}").unwrap(),
        NodeValue::Integer(number) => write!(out, " {number}").unwrap(),
        NodeValue::Text(text) => write!(out, " {}", yaml_text(text)).unwrap(),
        NodeValue::List(_) => out.push_str(" []"),
        NodeValue::Map(_) => out.push_str(" {}"),
    }
}

fn yaml_text(text: &str) -> String {
    let harmless = text == "no" || (text.len() > 5 && text.bytes().all(|byte| byte.is_ascii_lowercase()));
    if harmless {
        text.to_owned()
    } else {
        serde_json::to_string(text).unwrap()
    }
}

/// Forgets lines, which differ between block YAML and JSON.
fn without_lines(node: Node) -> NodeValue {
    let plain = |node| Node {
        value: without_lines(node),
        line: 0,
    };
    match node.value {
        NodeValue::List(items) => NodeValue::List(items.into_iter().map(plain).collect()),
        NodeValue::Map(entries) => NodeValue::Map(
            entries
                .into_iter()
                .map(|entry| Entry {
                    key_line: 0,
                    value: plain(entry.value),
                    ..entry
                })
                .collect(),
        ),
        other => other,
    }
}

/// A file with random values under the keys that take them.
fn any_file() -> impl Strategy<Value = String> {
    let text = "[a-z][a-z ]{0,6}[a-z]";
    let word = |words: &'static [&'static str]| select(words.to_vec());
    let source = (
        word(<crate::statement::MadeBy as crate::statement::Word>::WORDS),
        text,
        0_u64..1_000_000,
        prop::option::of(select(vec!["MIT", "Apache-2.0 OR MIT"])),
    )
        .prop_map(|(made_by, holder, rows, licence)| {
            let licence = licence
                .map(|licence| format!("  licence: {licence}\n"))
                .unwrap_or_default();
            format!(
                "  made_by: {made_by}\n  holder: {holder}\n  rows: {rows}\n{licence}  content: illustrative\n"
            )
        });
    let run = (text, select(vec!["data", "filter", "eval"]), prop::option::of(0_u64..100), any::<bool>()).prop_map(
        |(command, role, kept, rewrites)| {
            let kept = kept.map(|kept| format!(", kept: {kept}, rows: 100")).unwrap_or_default();
            format!("  does: mix\n  command: {command}\n  rewrites: {rewrites}\n  params: {{n: 5, t: '0.7'}}\n  inputs:\n  - {{use: s0, as: {role}{kept}}}\n  - {{unresolved: {command}, as: data}}\n  outputs:\n")
        },
    );
    (
        prop::collection::vec(source, 1..5),
        prop::collection::vec(run, 0..4),
    )
        .prop_map(|(sources, runs)| {
            let mut file = "herdbook: 1\nsources:\n".to_owned();
            for (number, source) in sources.iter().enumerate() {
                write!(file, "- name: s{number}\n{source}").unwrap();
            }
            if !runs.is_empty() {
                file.push_str("runs:\n");
            }
            for (number, run) in runs.iter().enumerate() {
                write!(
                    file,
                    "- name: r{number}\n{run}  - {{name: o{number}, kind: shard, inputs: [s0]}}\n"
                )
                .unwrap();
            }
            file
        })
}

proptest! {
    #[test]
    fn block_yaml_and_json_of_one_tree_give_one_tree(value in any_tree()) {
        let node = Node { value, line: 1 };
        let json = json::read(&json_on_same_lines(&node), 1).unwrap();
        prop_assert_eq!(without_lines(json), without_lines(node.clone()));
        let mut text = String::new();
        block_yaml(&node.value, 0, &mut text);
        let yaml = yaml::read(&format!("---{text}\n"));
        prop_assert_eq!(yaml.map(without_lines), Ok(without_lines(node)), "{}", text);
    }

    #[test]
    fn yaml_and_json_of_one_file_give_the_same_typed_value(text in any_file()) {
        let json = json_on_same_lines(&yaml::read(&text).unwrap());
        let from_yaml = parse_text("l.yaml", &text).unwrap();
        prop_assert!(from_yaml.sources.len() + from_yaml.runs.len() >= 1);
        prop_assert_eq!(from_yaml, parse_text("l.json", &json).unwrap());
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for name in ["l.yaml", "l.json", "l.jsonl"] {
            if let Err(faults) = parse(Path::new(name), &bytes, &Settings::default()) {
                prop_assert!(!faults.is_empty());
            }
        }
    }

    #[test]
    fn nearly_good_files_do_not_panic(text in any_file(), at in any::<prop::sample::Index>(), put in "[-:{}\\[\\]&*!|>'\"%@`#?,\n\t ${a0.]{0,3}", cut in 0_usize..4) {
        let mut bytes = text.into_bytes();
        let at = at.index(bytes.len());
        let end = (at + cut).min(bytes.len());
        bytes.splice(at..end, put.into_bytes());
        for name in ["l.yaml", "l.json", "l.jsonl"] {
            if let Err(faults) = parse(Path::new(name), &bytes, &Settings::default()) {
                prop_assert!(faults.list().iter().all(|fault| fault.line.is_none_or(|line| line >= 1)));
            }
        }
    }
}

#[test]
fn an_integer_of_params_is_the_text_that_was_written() {
    let text = "herdbook: 1\nfilters: [{name: f, rule: other, params: {n: 5, b: true, t: '0.70'}}]\n";
    let params = parse_text("l.yaml", text).unwrap().filters.remove(0).params;
    let expected =
        [("b", "true"), ("n", "5"), ("t", "0.70")].map(|(key, value)| (key.to_owned(), value.to_owned()));
    assert_eq!(params, expected.into());
}

#[test]
fn what_is_left_out_is_not_known() {
    use crate::statement::{Absence, AcquiredBy, Answer, Generators, MadeBy};
    let text = "herdbook: 1\nsources: [{name: s}]\nmodels: [{name: m, provider: p, version: v, access: api}, {name: n, provider: p, version: v, access: weights}]\nprompts: [{name: p}]\nfilters: [{name: f, rule: other}]\nruns: [{name: r, does: mix, outputs: [{name: o, kind: shard}]}]\n";
    let file = parse_text("l.yaml", text).unwrap();
    let source = &file.sources[0];
    assert_eq!(
        (source.made_by, source.acquired_by),
        (MadeBy::Unknown, AcquiredBy::Unknown)
    );
    assert_eq!(
        (source.personal_data, &source.generators),
        (Answer::NotKnown, &Generators::Absent)
    );
    assert_eq!(
        (&source.rows, &source.licence, &source.synthetic_share),
        (&None, &None, &None)
    );
    assert_eq!(source.content, ContentSpec::Absent(Absence::NotKnown));
    assert_eq!(file.models[0].content, ContentSpec::Absent(Absence::None));
    assert_eq!(file.models[1].content, ContentSpec::Absent(Absence::NotKnown));
    assert_eq!(file.prompts[0].content, ContentSpec::Absent(Absence::NotKnown));
    assert_eq!(file.filters[0].content, ContentSpec::Absent(Absence::None));
    assert_eq!(file.runs[0].inputs_complete, Answer::NotKnown);
    assert_eq!(
        file.runs[0].outputs[0].content,
        ContentSpec::Absent(Absence::NotKnown)
    );
}
