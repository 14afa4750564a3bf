//! What is refused, with which words, and that nothing is appended.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::path::PathBuf;

use herdbook::ledger::KeyPaths;
use herdbook::ledger::Ledger;
use herdbook::ledger::LedgerError;
use herdbook::ledger::admission::HELD_BYTES_MAX;
use herdbook::ledger::hash::Progress;
use herdbook::ledger::register::RegisterError;
use herdbook::ledger::register::RegisterOptions;
use herdbook::sign::KeyFile;

use crate::ledger::House;
use crate::register::house;
use crate::register::with;

/// What is wrong, and a part of the one message that says so with file and line.
const REFUSED: [(&str, &str); 16] = [
    (
        "runs:\n  - name: a\n    does: mix\n    inputs: [{use: seedz, as: data}]\n    outputs: [{name: o, kind: shard}]\n",
        "lineage.yaml:7: `a`: `use: seedz` does not resolve: nothing is registered as `seedz`; did you mean `seeds` of this file?",
    ),
    (
        "runs:\n  - name: a\n    does: mix\n    inputs: [{use: p, as: data}]\n    outputs: [{name: o, kind: shard}]\n  - name: b\n    does: mix\n    inputs: [{use: o, as: data}]\n    outputs: [{name: p, kind: shard}]\n",
        "lineage.yaml:5: `a`: uses itself by way of `a` (line 5), `b` (line 9)",
    ),
    (
        "runs:\n  - name: a\n    does: mix\n    inputs: [{use: o, as: data}]\n    outputs: [{name: o, kind: shard}]\n",
        "lineage.yaml:5: `a`: uses itself by way of `a` (line 5)",
    ),
    (
        "runs:\n  - name: a\n    does: generate\n    inputs: [{use: seeds, as: generator}]\n    outputs: [{name: o, kind: shard}]\n",
        "lineage.yaml:7: `a`: `use: seeds` is a source, which cannot be `generator` of a run that does `generate`",
    ),
    (
        "runs:\n  - name: a\n    does: mix\n    inputs: [{use: seeds, as: data}]\n    outputs: [{name: o, kind: shard}]\n  - name: b\n    does: mix\n    inputs: [{use: a, as: data}]\n    outputs: [{name: p, kind: shard}]\n",
        "`use: a` is a run, and runs have no rows: write the name of one of its outputs (`o`)",
    ),
    (
        "models:\n  - {name: m, provider: x, version: '1', access: api}\ndatasets:\n  - {name: d, members: [m]}\n",
        "`d`: `use: m` is a model, which cannot be a member of a dataset",
    ),
    (
        "filters:\n  - {name: f, rule: quality, model: seeds}\n",
        "lineage.yaml:5: `f`: `use: seeds` is a source, which cannot be `judge`",
    ),
    (
        "prompts:\n  - {name: p, files: [absent.txt]}\n",
        "lineage.yaml:5: `absent.txt` matches no file",
    ),
    (
        "prompts:\n  - {name: p, files: [folder]}\n",
        "`folder` is a folder: name the files in it",
    ),
    (
        "prompts:\n  - {name: p, files: [broken]}\n",
        "`broken` is a link to `nowhere`, which leads nowhere",
    ),
    (
        "prompts:\n  - {name: p, files: [socket]}\n",
        "`socket` is a socket, which has no fixed content",
    ),
    (
        "prompts:\n  - {name: seeds, files: [seeds.jsonl]}\n",
        "`seeds` is already the name of a source on line 3",
    ),
    (
        "prompts:\n  - {name: p, content: none, text: 5}\n",
        "`text` is not a key of a prompt",
    ),
    (
        "runs:\n  - name: a\n    does: mix\n    inputs: [{use: 'hb:00', as: data}]\n    outputs: [{name: o, kind: shard}]\n",
        "`use: hb:00` does not resolve: no statement has an id that begins with `00`",
    ),
    (
        "runs:\n  - name: a\n    does: mix\n    inputs: [{use: 'sha256:00', as: data}]\n    outputs: [{name: o, kind: shard}]\n",
        "`use: sha256:00` does not resolve: `sha256:00` is no name and no id",
    ),
    (
        "runs:\n  - name: a\n    does: mix\n    inputs: [{use: seeds, as: data}]\n    outputs: [{name: o, kind: shard, files: [out.jsonl], rows: 3}]\n",
        "lineage.yaml:8: `a`: `rows: 3` is stated, but its files have 2",
    ),
];

#[test]
fn each_bad_input_has_one_message_and_appends_nothing() {
    let house = house();
    fs::create_dir(house.path("data/folder")).unwrap();
    house.write("data/out.jsonl", "{}\n{}\n");
    std::os::unix::fs::symlink("nowhere", house.path("data/broken")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(house.path("data/socket")).unwrap();
    for (items, expected) in REFUSED {
        let message = house.refused(&with(items));
        assert!(
            message.contains(expected),
            "{message}\n  should contain\n{expected}"
        );
    }
}

#[test]
fn several_wrong_items_are_told_at_once_and_what_hangs_on_them_is_not() {
    let house = house();
    let items = "
runs:
  - {name: a, does: mix, inputs: [{use: nothing, as: data}], outputs: [{name: o, kind: shard}]}
  - {name: b, does: mix, inputs: [{use: o, as: data}], outputs: [{name: p, kind: shard}]}
  - {name: c, does: mix, inputs: [{use: nobody, as: data}, {use: none, as: data}], outputs: [{name: q, kind: shard}]}
";
    let message = house.refused(&with(items.trim_start()));
    assert_eq!(message.lines().count(), 3, "{message}");
    for text in ["`use: nothing`", "`use: nobody`", "`use: none`"] {
        assert!(message.contains(text), "{message}");
    }
}

#[test]
fn an_unreadable_file_is_said() {
    let house = house();
    house.write("data/secret.txt", "x");
    fs::set_permissions(house.path("data/secret.txt"), fs::Permissions::from_mode(0o0)).unwrap();
    // Root reads everything.
    if fs::read(house.path("data/secret.txt")).is_ok() {
        println!("not checked: this user may read every file");
        return;
    }
    let message = house.refused(&with("prompts:\n  - {name: p, files: [secret.txt]}\n"));
    assert!(message.contains("may not be read"), "{message}");
}

#[test]
fn a_newer_format_and_no_ledger_are_said() {
    let house = house();
    let path = house.path("ledger/herdbook.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("format = 1", "format = 9")).unwrap();
    let newer = Ledger::open(&house.path("ledger")).unwrap_err();
    assert_eq!(
        newer.to_string(),
        "the ledger has format 9, and this program knows formats up to 1: use a newer program"
    );
    for folder in ["data", "nowhere"] {
        let none = Ledger::open(&house.path(folder)).unwrap_err();
        assert!(none.is_no_ledger(), "{none:?}");
    }
    let changed: LedgerError = none_of(&house);
    assert!(changed.is_tampered(), "{changed:?}");
}

/// Another origin in the settings than in genesis.
fn none_of(house: &House) -> LedgerError {
    let path = house.path("ledger/herdbook.toml");
    fs::write(&path, "format = 1\norigin = \"example.com/other\"\n").unwrap();
    Ledger::open(&house.path("ledger")).unwrap_err()
}

#[test]
fn a_key_without_a_grant_registers_nothing() {
    let house = house();
    let request = house.request();
    let paths = KeyPaths::of(&request.keys_folder, &request.origin);
    // The owner changes keys and signs nothing else.
    fs::copy(&paths.owner, &paths.issuer).unwrap();
    let refused = house.register(&with("")).unwrap_err();
    assert!(refused.is_not_authorised(), "{refused:?}");
    assert!(
        refused.to_string().contains("this key may not sign it"),
        "{refused}"
    );
    assert_eq!(house.open().checkpoint().size.get(), 2);
}

const PROMPT_ONLY: &str = "herdbook: 1\nprompts:\n  - {name: p, files: [prompt.txt]}\n";

#[test]
fn another_log_key_is_not_used() {
    let mut house = house();
    house.write("data/prompt.txt", "ask");
    let request = house.request();
    let paths = KeyPaths::of(&request.keys_folder, &request.origin);
    fs::remove_file(&paths.log).unwrap();
    KeyFile::generate(&paths.log, house.random()).unwrap();
    let refused = house.register(PROMPT_ONLY).unwrap_err();
    assert!(refused.is_key_unusable(), "{refused:?}");
    assert_eq!(house.open().checkpoint().size.get(), 2);
}

#[test]
fn a_file_too_large_to_be_held_is_said() {
    let house = house();
    let file = fs::File::create(house.path("data/prompt.txt")).unwrap();
    file.set_len(HELD_BYTES_MAX + 1).unwrap();
    let message = house.refused(PROMPT_ONLY);
    assert!(
        message.contains("more than the 67108864 of a file that the ledger holds"),
        "{message}"
    );
}

/// Writes other bytes to a file as soon as it was hashed.
struct Meddler(PathBuf);

impl Progress for Meddler {
    fn bytes_hashed(&self, _path: &Path, _bytes: u64) {}

    fn file_done(&self, _path: &Path) {
        fs::write(&self.0, "something else").unwrap();
    }
}

#[test]
fn a_file_that_changes_before_it_is_held_is_not_appended() {
    let house = house();
    house.write("data/prompt.txt", "ask");
    let meddler = Meddler(house.path("data/prompt.txt"));
    let refused = house
        .register_watched(PROMPT_ONLY, RegisterOptions::default(), &meddler)
        .unwrap_err();
    assert!(
        matches!(refused, LedgerError::Register(RegisterError::Changed { .. })),
        "{refused:?}"
    );
    assert_eq!(house.open().checkpoint().size.get(), 2);
}

/// What is held is for everybody to read, and keys are nobody's data.
#[test]
fn no_private_key_gets_into_the_ledger() {
    let house = house();
    let request = house.request();
    let key = KeyPaths::of(&request.keys_folder, &request.origin).issuer;
    let pem = fs::read(&key).unwrap();
    house.write(
        "data/p.txt",
        &format!("see:\n{}", String::from_utf8(pem).unwrap()),
    );
    std::os::unix::fs::symlink(&key, house.path("data/link.pem")).unwrap();
    let outputs = "outputs: [{name: o, kind: shard}]";
    for (items, part) in [
        (
            "prompts:\n  - {name: p, files: [p.txt]}\n".to_owned(),
            "private key in it",
        ),
        (
            "filters:\n  - {name: f, rule: other, files: [p.txt]}\n".to_owned(),
            "private key in it",
        ),
        (
            format!(
                "runs:\n  - {{name: r, does: mix, code: [p.txt], inputs: [{{use: seeds, as: data}}], {outputs}}}\n"
            ),
            "private key in it",
        ),
        (
            "  - {name: e, personal_data: no, made_by: human, acquired_by: licensed, evidence: [p.txt]}\n"
                .to_owned(),
            "private key in it",
        ),
        (
            "  - {name: k, personal_data: no, made_by: human, acquired_by: licensed, files: [link.pem]}\n"
                .to_owned(),
            "lies in the folder of your keys",
        ),
    ] {
        let refused = house.refused(&with(&items));
        assert!(refused.contains(part), "{items}: {refused}");
    }
}

#[test]
fn too_many_inputs_are_told_to_become_a_dataset() {
    let house = house();
    let items: Vec<String> = (0..700)
        .map(|number| format!("  - {{name: p{number}}}\n"))
        .collect();
    let inputs: Vec<String> = (0..700)
        .map(|number| format!("{{use: p{number}, as: prompt}}, "))
        .collect();
    let (text, inputs) = (format!("prompts:\n{}", items.concat()), inputs.concat());
    let runs = format!(
        "runs:\n  - {{name: r, does: generate, inputs: [{inputs}], outputs: [{{name: o, kind: shard}}]}}\n"
    );
    let refused = house.refused(&with(&(text + &runs)));
    assert!(refused.contains("an entry under `datasets:`"), "{refused}");
}

/// `NAME@latest` beside the run that makes a new NAME would be the version before, in silence.
#[test]
fn the_newest_of_a_name_that_the_file_makes_is_not_guessed() {
    let house = house();
    house.write("data/a.jsonl", "{}\n");
    house.write("data/b.jsonl", "[1]\n");
    house.write("data/w", "w");
    let run = |name: &str, input: &str, output: &str| {
        format!(
            "  - {{name: {name}, does: transform, inputs: [{{{input}, as: data}}], outputs: [{{name: pool, kind: shard, files: {output}}}]}}\n"
        )
    };
    let first = format!("herdbook: 1\nruns:\n{}", run("r1", "unresolved: x", "a.jsonl"));
    house.register(&first).unwrap();
    let newer = RegisterOptions {
        new_version: true,
        ..RegisterOptions::default()
    };
    let train = "  - {name: t, does: train, inputs: [{use: pool@latest, as: data}], outputs: [{name: m, kind: model, files: w}]}\n";
    let second = format!(
        "herdbook: 1\nruns:\n{}{train}",
        run("r2", "use: pool@latest", "b.jsonl")
    );
    let refused = house.register_with(&second, newer).unwrap_err().to_string();
    assert!(
        refused.contains("this file makes `pool` too: write `pool`"),
        "{refused}"
    );
    // The run that makes it may take the version before: nothing else can be meant.
    house.register_with(&second.replace(train, ""), newer).unwrap();
}
