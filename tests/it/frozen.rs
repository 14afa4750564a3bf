//! What earlier programs wrote is read for ever: every frozen ledger and bundle, and the twin of each with one byte changed.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;

use super::cli::support::Place;
use super::cli::support::failing;

const NODES: [&str; 3] = ["specialist", "gapped", "personal"];

/// The folders of all frozen versions.
fn versions() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/formats");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let versions: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    assert!(!versions.is_empty());
    versions
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// An auditor of today with a frozen ledger (or its twin), its trust root and its bundles.
fn auditor(version: &Path, ledger: &str) -> Place {
    let place = Place::new();
    copy(&version.join(ledger), &place.at("ledger"));
    fs::copy(version.join("trust-root.json"), place.at("root.json")).unwrap();
    place
}

fn expected(version: &Path, node: &str) -> (Value, i32) {
    let text = fs::read(version.join(format!("{node}.json"))).unwrap();
    let expected: Value = serde_json::from_slice(&text).unwrap();
    let exit = i32::try_from(expected["exit"].as_i64().unwrap()).unwrap();
    (expected, exit)
}

fn findings(said: &Value) -> Vec<(&str, &str)> {
    let findings = said["findings"].as_array().unwrap().iter();
    findings
        .map(|finding| {
            (
                finding["code"].as_str().unwrap(),
                finding["node"].as_str().unwrap(),
            )
        })
        .collect()
}

#[track_caller]
fn same(said: &Value, expected: &Value) {
    for key in [
        "verdict",
        "boundary",
        "checkpoint",
        "completeness",
        "conditioning",
    ] {
        assert_eq!(said[key], expected[key], "{key}");
    }
    assert_eq!(findings(said), findings(expected));
}

#[test]
fn frozen_ledgers_and_bundles_are_judged_as_they_were() {
    for version in versions() {
        let place = auditor(&version, "ledger");
        let ledger = ["--json", "--ledger", "ledger"];
        for node in NODES {
            let (expected, exit) = expected(&version, node);
            let of_ledger = ["verify", node, "--trust-root", "root.json"];
            same(
                &place.run(&[&ledger[..], &of_ledger].concat()).expect(exit).json(),
                &expected,
            );
            fs::copy(version.join(format!("{node}.bundle")), place.at("m.bundle")).unwrap();
            let of_bundle = ["--json", "verify-bundle", "m.bundle", "--trust-root", "root.json"];
            same(&place.run(&of_bundle).expect(exit).json(), &expected);
        }
        let clean = place.run(&["--ledger", "ledger", "fsck", "--trust-root", "root.json"]);
        clean.expect(0);
        // A bundle that is written today is the bundle of that day.
        let today = [
            "--ledger",
            "ledger",
            "bundle",
            "specialist",
            "-o",
            "today.bundle",
            "--trust-root",
            "root.json",
        ];
        place.run(&today).expect(0);
        let of_that_day = fs::read(version.join("specialist.bundle")).unwrap();
        assert!(
            fs::read(place.at("today.bundle")).unwrap() == of_that_day,
            "{}",
            version.display()
        );
    }
}

#[test]
fn their_twins_are_refused() {
    for version in versions() {
        let place = auditor(&version, "ledger-corrupted");
        for node in NODES {
            let of_ledger = ["--ledger", "ledger", "verify", node, "--trust-root", "root.json"];
            place.run(&of_ledger).expect(20);
            let twin = version.join(format!("{node}-corrupted.bundle"));
            fs::copy(twin, place.at("m.bundle")).unwrap();
            let of_bundle = ["--json", "verify-bundle", "m.bundle", "--trust-root", "root.json"];
            let said = place.run(&of_bundle).expect(20).json();
            assert_eq!(failing(&said), ["bundle_malformed"]);
        }
    }
}
