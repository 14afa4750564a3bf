//! Attacks: every way we know to a verdict that the evidence does not deserve, as folders in `fixtures/attacks/`.
//!
//! Each builder makes the evidence an attacker would hand over and says what must come of it. The folders in the
//! repository are what the builders make, byte for byte, and the program itself is run on them.
//! `HERDBOOK_MAKE_ATTACKS=1` writes them anew. `docs/threat-model.md` has a row for each.

mod bundle;
mod claims;
mod confidential;
mod container;
mod ends;
mod formats;
mod keys;
mod kit;
mod lineage;
mod log;
mod memory;
mod notices;
mod page;
mod proofs;
mod pruned;
mod rows;
mod seals;
mod store;
mod trees;
mod whole;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use herdbook::verify::Verdict;
use kit::Attack;
use kit::Check;
use kit::Files;
use kit::Found;

fn all() -> Vec<Attack> {
    [
        log::attacks(),
        seals::attacks(),
        keys::attacks(),
        formats::attacks(),
        claims::attacks(),
        lineage::attacks(),
        rows::attacks(),
        ends::attacks(),
        store::attacks(),
        bundle::attacks(),
        container::attacks(),
        trees::attacks(),
        pruned::attacks(),
        proofs::attacks(),
        memory::attacks(),
        notices::attacks(),
        confidential::attacks(),
    ]
    .concat()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/attacks")
}

/// The names of the folders that are there.
fn names() -> BTreeSet<String> {
    let entries = fs::read_dir(folder()).unwrap().map(Result::unwrap);
    let folders = entries.filter(|entry| entry.file_type().unwrap().is_dir());
    folders
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect()
}

fn read(root: &Path) -> Files {
    let mut files = Files::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            let kind = fs::symlink_metadata(&path).unwrap().file_type();
            if kind.is_dir() {
                open.push(path);
            } else if kind.is_symlink() {
                let to = fs::read_link(&path).unwrap();
                files.insert(name, Found::Link(to.to_str().unwrap().to_owned()));
            } else {
                files.insert(name, Found::Bytes(fs::read(&path).unwrap()));
            }
        }
    }
    files
}

fn write(root: &Path, files: &Files) {
    for (name, found) in files {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match found {
            Found::Bytes(bytes) => fs::write(path, bytes).unwrap(),
            Found::Link(to) => symlink(to, path).unwrap(),
        }
    }
}

/// Writes all folders anew where that is asked for.
#[expect(
    clippy::disallowed_methods,
    reason = "it is for a person to ask for, and no test can be given arguments"
)]
fn make(attacks: &[Attack]) {
    if std::env::var("HERDBOOK_MAKE_ATTACKS").is_err() {
        return;
    }
    for name in names() {
        fs::remove_dir_all(folder().join(name)).unwrap();
    }
    for attack in attacks {
        write(&folder().join(attack.name), &attack.folder());
    }
}

/// Names the first file that differs.
fn difference(made: &Files, found: &Files) -> Option<String> {
    let names: BTreeSet<&String> = made.keys().chain(found.keys()).collect();
    let differs = |name: &&&String| made.get(**name) != found.get(**name);
    names.iter().find(differs).map(|name| (**name).clone())
}

#[test]
fn attacks_are_made_as_they_stand_and_are_met() {
    let attacks = all();
    make(&attacks);
    let expected: BTreeSet<String> = attacks.iter().map(|attack| attack.name.to_owned()).collect();
    assert_eq!(expected.len(), attacks.len(), "two attacks of one name");
    assert_eq!(
        names(),
        expected,
        "HERDBOOK_MAKE_ATTACKS=1 writes the folders anew"
    );
    let failures: Vec<String> = std::thread::scope(|scope| {
        let chunks = attacks.chunks(attacks.len().div_ceil(THREADS));
        let threads: Vec<_> = chunks.map(|chunk| scope.spawn(|| meet(chunk))).collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(
        failures.is_empty(),
        "{} failures:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

/// How many attacks are run at the same time.
const THREADS: usize = 4;

/// Compares and runs attacks.
fn meet(attacks: &[Attack]) -> Vec<String> {
    let mut failures = Vec::new();
    for attack in attacks {
        let found = read(&folder().join(attack.name));
        if let Some(name) = difference(&attack.folder(), &found) {
            failures.push(format!("{}/{name} is not what is made", attack.name));
        }
        failures.extend(run(attack, &found));
    }
    failures
}

/// Runs the commands of an attack and returns what they say otherwise than they must.
fn run(attack: &Attack, files: &Files) -> Vec<String> {
    let mut failures = Vec::new();
    for check in &attack.checks {
        let place = tempfile::tempdir().unwrap();
        write(place.path(), files);
        for (command, expected) in &attack.before {
            let (exit, said) = herdbook(place.path(), command);
            if exit != Some(i32::from(*expected)) {
                failures.push(format!("{}: {} first: {said}", attack.name, command.join(" ")));
            }
        }
        let (exit, said) = herdbook(place.path(), &check.command);
        failures.extend(
            compare(check, exit, &said)
                .map(|what| format!("{}: {}: {what}", attack.name, check.command.join(" "))),
        );
    }
    failures
}

fn herdbook(place: &Path, arguments: &[String]) -> (Option<i32>, Value) {
    let output = Command::new(env!("CARGO_BIN_EXE_herdbook"))
        .args(arguments)
        .arg("--json")
        .current_dir(place)
        .env("HERDBOOK_HOME", place.join("home"))
        .env_remove("HERDBOOK_LEDGER")
        .output()
        .unwrap();
    let said = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{arguments:?}: {error}: {output:?}"));
    (output.status.code(), said)
}

fn compare(check: &Check, exit: Option<i32>, said: &Value) -> Option<String> {
    let fails = |finding: &&Value| {
        let severity = finding["severity"].as_str();
        !matches!(severity, Some("note" | "lag"))
    };
    let findings: BTreeMap<String, &Value> = said["findings"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(fails)
        .map(|finding| (finding["code"].as_str().unwrap().to_owned(), &finding["message"]))
        .collect();
    let codes: BTreeSet<String> = findings.keys().cloned().collect();
    let verdict = check.verdict.map(Verdict::as_str);
    let same = exit == Some(i32::from(check.exit))
        && said["verdict"].as_str() == verdict
        && codes == check.findings
        && said["code"].as_str() == check.code;
    (!same).then(|| {
        format!(
            "expected {} {verdict:?} {:?} {:?}, but it says {exit:?} {} {findings:#?} {} {}",
            check.exit, check.findings, check.code, said["verdict"], said["code"], said["error"]
        )
    })
}

/// The bundles here are made by a second writer, which must say what the program says.
#[test]
fn the_program_writes_the_same_bundles() {
    let worlds = [
        (kit::World::herd().sealed(), "specialist"),
        (seals::rival().sealed(), "specialist"),
        (store::prompted().0, "text"),
        (claims::in_a_manifest(), "clean"),
        (keys::stolen_key(), "model"),
    ];
    for (world, item) in worlds {
        let place = tempfile::tempdir().unwrap();
        write(place.path(), &world.ledger());
        let command = ["bundle", item, "--ledger", "ledger", "-o", "bundle.tar"];
        herdbook(place.path(), &command.map(str::to_owned));
        let written = fs::read(place.path().join("bundle.tar")).unwrap();
        assert!(written == kit::Bundle::of(&world, item).tar(), "{item}");
    }
}
