//! One item from options is the item of a lineage file: the same statement, by one code path.

use serde_json::Value;

use super::support::Place;
use super::support::Ran;

/// Everything a lineage file can say of each kind, and the same as options.
const FILE: &str = r#"
herdbook: 1
sources:
  - name: seeds
    files: [seeds.jsonl]
    made_by: mixed
    acquired_by: web_crawl
    generators: [gpt-x, other model]
    synthetic_share: "0.25"
    licence: Apache-2.0
    holder: Example Lab
    period: "2020"
    geography: [EU]
    languages: [en, de]
    modality: [text]
    personal_data: no
    url: https://example.org/seeds
    crawl: {agent: bot/1, robots: followed, opt_out: honoured}
    legal_basis: consent
    evidence: [terms.txt]
    rows: 1
    tokens: 5
  - {name: plain, made_by: model, generators: not_known, personal_data: no, content: not_known}
models:
  - {name: api, provider: Example AI, version: "3", access: api, alias: true, terms: LicenseRef-x, family: f, report: https://example.org/r}
  - {name: base, provider: Example AI, version: "1", access: weights, licence: MIT, digests: [{name: w.bin, sha256: "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae", bytes: 3}]}
  - {name: foreign, provider: Example AI, version: "1", access: weights, foreign: {alg: git-blob-sha1, value: 3779ddbc}}
prompts:
  - {name: task, files: [prompt.txt]}
filters:
  - {name: dedup, rule: dedup, files: [terms.txt], params: {threshold: "0.7", n: "5"}, model: base}
runs:
  - name: generate
    does: generate
    inputs:
      - {use: api, as: generator, share: "0.5"}
      - {use: base, as: teacher, share: "0.5"}
      - {use: seeds, as: seed, rows: 1}
      - {use: task, as: prompt}
      - {unresolved: "the wiki: 2019", as: seed, digest: "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"}
    outputs:
      - {name: tasks, kind: shard, files: ["out/*.jsonl"], rows: 3}
      - {name: notes, kind: shard}
    params: {temperature: "1.0"}
    command: python gen.py
    code: [terms.txt]
    environment: {python: "3.12"}
    operator: Example Lab
    started: "2026-03-13T09:30:00Z"
    ended: "2026-03-13T10:30:00Z"
    inputs_complete: no
  - name: train
    does: train
    epochs: "3"
    inputs: [{use: tasks, as: data, rows: 3, repeat: "1"}, {use: base, as: base}]
    outputs: [{name: model, kind: model, files: [weights.bin]}]
  - name: rewrite
    does: transform
    rewrites: true
    expansion: "2"
    inputs: [{use: tasks, as: data, kept: 2, rows: 3}]
    outputs: [{name: rewritten, kind: shard, digests_from: [parts.ndjson]}]
datasets:
  - {name: all, members: [tasks, seeds, {unresolved: more rows}]}
"#;

/// One command on each line; what has spaces is in single quotes.
const COMMANDS: &str = "\
source add seeds --file seeds.jsonl --made-by mixed --acquired-by web_crawl --generators gpt-x 'other model' \
    --synthetic-share 0.25 --licence Apache-2.0 --holder 'Example Lab' --period 2020 --geography EU --languages en de \
    --modality text --personal-data no --url https://example.org/seeds --crawl agent=bot/1 --crawl robots=followed \
    --crawl opt_out=honoured --legal-basis consent --evidence terms.txt --rows 1 --tokens 5
source add plain --made-by model --generators not_known --personal-data no --content not_known
model add api --provider 'Example AI' --version 3 --access api --alias --terms LicenseRef-x --family f \
    --report https://example.org/r
model add base --provider 'Example AI' --version 1 --access weights --licence MIT \
    --digest w.bin=2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae,bytes=3
model add foreign --provider 'Example AI' --version 1 --access weights --foreign git-blob-sha1:3779ddbc
prompt add task --file prompt.txt
filter add dedup --rule dedup --file terms.txt --param threshold=0.7 --param n=5 --model base
run generate --does generate --input api:generator,share=0.5 base:teacher,share=0.5 --input seeds:seed,rows=1 \
    --input task:prompt \
    --unresolved 'the wiki: 2019:seed,digest=sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae' \
    --output tasks=out/*.jsonl --output notes --rows tasks=3 --param temperature=1.0 --command 'python gen.py' \
    --code terms.txt --environment python=3.12 --operator 'Example Lab' --started 2026-03-13T09:30:00Z \
    --ended 2026-03-13T10:30:00Z --inputs-complete no
run train --does train --epochs 3 --input tasks:data,rows=3,repeat=1 base:base --output model=weights.bin
run rewrite --does transform --rewrites --expansion 2 --input tasks:data,kept=2,rows=3 --output rewritten=@parts.ndjson
dataset add all --member tasks seeds --unresolved 'more rows'";

fn commands() -> Vec<Vec<&'static str>> {
    COMMANDS.lines().map(words).collect()
}

/// Splits at spaces, but not inside single quotes.
fn words(line: &'static str) -> Vec<&'static str> {
    let mut words = Vec::new();
    for (at, part) in line.split('\'').enumerate() {
        if at % 2 == 1 {
            words.push(part);
        } else {
            words.extend(part.split_whitespace());
        }
    }
    words
}

fn files(place: &Place) {
    place.write("seeds.jsonl", "{\"a\":1}\n");
    place.write("out/0.jsonl", "{\"b\":1}\n{\"b\":2}\n");
    place.write("out/1.jsonl", "{\"b\":3}\n");
    place.write("weights.bin", "weights");
    place.write("prompt.txt", "Write a task.");
    place.write("terms.txt", "terms");
    let digest = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";
    place.write(
        "parts.ndjson",
        format!("{{\"name\":\"p\",\"sha256\":\"{digest}\"}}\n"),
    );
    place.write("lineage.yaml", FILE);
}

fn present(ran: &Ran) -> (u64, u64) {
    let json = ran.json();
    let count = |key: &str| json[key].as_u64().unwrap();
    (count("appended"), count("already_present"))
}

#[test]
fn options_and_a_lineage_file_give_the_same_statements() {
    let place = Place::with_ledger();
    files(&place);
    place.run(&["register", "lineage.yaml"]).expect(0);
    let size = place.size();
    for command in commands() {
        let mut command = command;
        command.push("--json");
        let ran = place.run(&command).expect(0);
        assert_eq!(present(&ran), (0, 1), "{command:?}\n{ran:#?}");
    }
    assert_eq!(place.size(), size);
}

#[test]
fn the_printed_lines_are_what_the_stream_takes() {
    let place = Place::with_ledger();
    files(&place);
    let mut lines = String::new();
    for mut command in commands() {
        command.push("--print");
        lines += &place.run(&command).expect(0).out;
    }
    assert_eq!(lines.lines().count(), commands().len());
    // Needing no ledger, in a folder without one.
    let elsewhere = Place::new();
    let printed = elsewhere
        .run(&[
            "prompt",
            "add",
            "p",
            "--content",
            "not_known",
            "--print",
            "--json",
        ])
        .expect(0)
        .json();
    assert_eq!(printed["item"]["kind"], "prompt");
    let all = place.run_with(&["register", "-", "--json"], &lines).expect(0);
    assert_eq!(present(&all), (11, 0));
    place.write("items.jsonl", &lines);
    let again = place.run(&["register", "items.jsonl", "--json"]).expect(0);
    assert_eq!(present(&again), (0, 11));
    let file = place.run(&["register", "lineage.yaml", "--json"]).expect(0);
    assert_eq!(present(&file), (0, 11));
}

/// Commands, their exit codes, and a part of what is said.
const WRONG: [(&str, i32, &str); 29] = [
    (
        "run x --does train --input tasks --output m",
        2,
        "write tasks: and one of",
    ),
    (
        "run x --does train --input tasks:date --output m",
        2,
        "`date` is no role",
    ),
    ("run x --does train --input tasks:data", 2, "--output <NAME=PATH>"),
    ("run x --does trains --output m", 2, "train"),
    ("run x --does train --output m=", 2, "write what came out: m=PATH"),
    (
        "run x --does train --output m --rows n=5",
        2,
        "is about no output",
    ),
    (
        "run x --does train --output m --param a=1 --param a=2",
        2,
        "given twice",
    ),
    ("run x --does train --output x", 1, "already the name of a run"),
    (
        "run x --does mix --input tasks:base --output m",
        1,
        "takes nothing as `base`",
    ),
    ("run x --does mix --input gone:data --output m", 1, "--unresolved"),
    (
        "run x --does mix --input teacher:data --output m",
        1,
        "cannot be `data`",
    ),
    ("source add a --made-by humon", 2, "human"),
    ("source add a/b --content none", 1, "another meaning"),
    ("source add a --file nowhere", 1, "matches no file"),
    (
        "source add a --file seeds.jsonl --content none",
        1,
        "cannot stand together",
    ),
    ("source add a --digest n=xy", 1, "sha256"),
    ("source add a --digest n", 2, "write NAME=HEX"),
    ("source add a --content none --crawl robot=x", 1, "write `robots`"),
    ("model add a", 2, "--provider <NAME>"),
    ("dataset add d", 1, "members"),
    ("dataset add d --member model", 1, "cannot be a member"),
    ("dataset d --member model", 2, "write `add` before the name"),
    ("run add x --does mix --output y", 2, "there is no `add` here"),
    ("release add model --to x", 2, "there is no `add` here"),
    ("run x y --does mix --output y", 2, "one name is enough"),
    ("source add a", 2, "add --file PATH"),
    ("prompt add a", 2, "--content none"),
    ("filter add a --rule dedup", 2, "--digest NAME=SHA256"),
    (
        "source add --file lineage.yaml a",
        2,
        "write the name before the options",
    ),
];

#[test]
fn options_that_cannot_be_say_what_to_write() {
    let place = Place::with_pipeline();
    let size = place.size();
    for (args, code, told) in WRONG {
        let refused = place.run(&words(args)).expect(code);
        assert!(refused.err.contains(told), "{told}: {refused:#?}");
        assert!(
            !refused.err.contains("line 0") && !refused.err.contains(":0:"),
            "{refused:#?}"
        );
    }
    assert_eq!(place.size(), size);
}

/// Options stand in no file, and a name with several versions is registered.
#[test]
fn what_does_not_resolve_is_told_in_the_words_of_the_command() {
    let place = Place::with_pipeline();
    let nowhere = place.run(&words("source add a --file nowhere")).expect(1).err;
    assert!(nowhere.contains("relative to the current folder"), "{nowhere}");
    let gone = place
        .run(&words("run x --does mix --input gone:data --output m"))
        .expect(1)
        .err;
    assert!(
        !gone.contains("in this file") && gone.contains("register it first"),
        "{gone}"
    );
    place.write("p.txt", "one");
    place.run(&words("source add several --file p.txt")).expect(0);
    place
        .run(&words("source add several --file p.txt --licence MIT"))
        .expect(1);
    place
        .run(&words(
            "source add several --file p.txt --licence MIT --new-version",
        ))
        .expect(0);
    let args = words("run x --does mix --input several:data --output m --json");
    let several = place.run(&args).expect(1).json();
    assert_eq!(several["code"], "several_versions");
    let told = several.to_string();
    assert!(
        told.contains("(newest)") && !told.contains("register it first"),
        "{told}"
    );
}

/// A second statement under a name is refused with its difference, by options as by a file.
#[test]
fn a_known_name_is_not_given_to_something_else_by_accident() {
    let place = Place::with_pipeline();
    place.write("p.txt", "one");
    place
        .run(&words("source add s --file p.txt --personal-data no"))
        .expect(0);
    let size = place.size();
    let args = words("source add s --content not_known --personal-data no --json");
    let refused = place.run(&args).expect(1).json();
    assert_eq!(refused["code"], "other_statement");
    let message = refused["message"].as_str().unwrap();
    assert!(message.contains("it had 1 file and has no file"), "{message}");
    let again = place
        .run(&words("source add s --file p.txt --personal-data no"))
        .expect(0);
    assert!(again.out.contains("already present\n"), "{again:#?}");
    assert_eq!(place.size(), size);
}

#[test]
fn a_dry_run_of_options_writes_nothing() {
    let place = Place::with_pipeline();
    let size = place.size();
    let args = ["prompt", "add", "new", "--file", "lineage.yaml"];
    let dry = place
        .run(&[&args[..], &["--dry-run", "--json"]].concat())
        .expect(0)
        .json();
    assert_eq!((&dry["appended"], place.size()), (&Value::from(1), size));
    place.run(&args).expect(0);
    place.write("lineage.yaml", "other");
    let other = place.run(&[&args[..], &["--json"]].concat()).expect(1).json();
    assert_eq!(other["code"], "other_bytes");
    place.run(&[&args[..], &["--new-version"]].concat()).expect(0);
}
