//! `doctor`: each thing that keeps a user from working is a line that says what to type.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use herdbook::store::FileStore;
use herdbook::store::Store as _;
use serde_json::Value;

use super::support::Place;

/// Returns the state of one line, and what it says.
fn line(doctor: &Value, what: &str) -> (String, String) {
    let check = doctor["checks"]
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .find(|check| check["what"] == what);
    let check = check.unwrap_or_else(|| panic!("no line `{what}`: {doctor:#}"));
    let text = |key: &str| check[key].as_str().unwrap_or_default().to_owned();
    (text("state"), format!("{}; {}", text("found"), text("next")))
}

#[test]
fn a_healthy_ledger_has_nothing_that_fails() {
    let place = Place::with_pipeline();
    let doctor = place.run(&["doctor", "--json"]).expect(0).json();
    assert_eq!(doctor["schema"], "herdbook/doctor/v1");
    for what in [
        "clock",
        "home",
        "ledger",
        "log",
        "pin",
        "log key",
        "signing key",
        "lock",
        "index",
        "cache",
    ] {
        assert_eq!(line(&doctor, what).0, "ok", "{what}: {doctor:#}");
    }
    line(&doctor, "disk");
    let text = place.run(&["doctor"]).expect(0);
    assert!(
        text.out.lines().any(|line| line.starts_with("ok    lock")),
        "{text:#?}"
    );
}

#[test]
fn what_is_wrong_is_a_line_with_advice() {
    let place = Place::with_pipeline();
    let keys: Vec<_> = walk(&place.at("home/keys"));
    let issuer = keys.iter().find(|path| path.ends_with("issuer.pem")).unwrap();
    let log = keys.iter().find(|path| path.ends_with("log.pem")).unwrap();
    fs::set_permissions(issuer, fs::Permissions::from_mode(0o644)).unwrap();
    let doctor = place.run(&["doctor", "--json"]).expect(1).json();
    let (state, said) = line(&doctor, "signing key");
    assert!(state == "fail" && said.contains("chmod 600"), "{state} {said}");
    fs::set_permissions(issuer, fs::Permissions::from_mode(0o600)).unwrap();
    // The signing key in the place of the log key is no log key.
    let kept = fs::read(log).unwrap();
    fs::write(log, fs::read(issuer).unwrap()).unwrap();
    let doctor = place.run(&["doctor", "--json"]).expect(1).json();
    assert_eq!(line(&doctor, "log key").0, "fail");
    fs::write(log, kept).unwrap();
    // Somebody appends.
    let store = FileStore::open(&place.at(".herdbook")).unwrap();
    let lock = store.lock(Duration::ZERO).unwrap();
    let doctor = place.run(&["doctor", "--json"]).expect(0).json();
    assert_eq!(line(&doctor, "lock").0, "warn");
    drop(lock);
    // An auditor without keys and without a pin may still read.
    let doctor = place
        .command(&["doctor", "--json"])
        .env("HERDBOOK_HOME", place.at("nobody"))
        .output()
        .unwrap();
    let doctor = super::support::ran(doctor).expect(0).json();
    for what in ["pin", "log key", "signing key"] {
        assert_eq!(line(&doctor, what).0, "warn", "{what}");
    }
}

#[test]
fn a_ledger_that_is_not_there_or_damaged_fails() {
    let place = Place::new();
    let doctor = place.run(&["doctor", "--json"]).expect(1).json();
    let (state, said) = line(&doctor, "ledger");
    assert!(
        state == "fail" && said.contains("herdbook init"),
        "{state} {said}"
    );
    let place = Place::with_pipeline();
    let slot = place.at(".herdbook/commit");
    let last = walk(&slot).into_iter().max().unwrap();
    fs::write(last, b"nonsense").unwrap();
    let doctor = place.run(&["doctor", "--json"]).expect(1).json();
    assert_eq!(line(&doctor, "ledger").0, "fail");
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(walk(&path));
        } else {
            found.push(path);
        }
    }
    found
}
