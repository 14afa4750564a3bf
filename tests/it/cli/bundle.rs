//! `bundle` and `verify-bundle`: the verdict in one file, for somebody who has nothing else.

use std::fs;
use std::path::Path;

use super::support::Place;
use super::support::failing;
use super::support::names;

fn fixture(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name);
    path.to_str().unwrap().to_owned()
}

/// An auditor who has two files: no ledger, no pin, nothing remembered.
fn auditor(place: &Place, files: &[&str]) -> Place {
    let auditor = Place::new();
    for file in files {
        fs::copy(place.at(file), auditor.at(file)).unwrap();
    }
    auditor
}

fn bundled(lineage: &str, model: &str, exit: i32) -> (Place, Place) {
    let place = Place::with_ledger();
    place.run(&["register", &fixture(lineage)]).expect(0);
    place.run(&["key", "trust-root", "-o", "root.json"]).expect(0);
    place.run(&["bundle", model, "-o", "m.bundle"]).expect(exit);
    let auditor = auditor(&place, &["root.json", "m.bundle"]);
    (place, auditor)
}

const JUDGE: [&str; 4] = ["verify-bundle", "m.bundle", "--trust-root", "root.json"];

#[test]
fn the_verdict_on_alpaca_from_one_file() {
    for model in ["alpaca-7b", "alpaca-13b", "code-alpaca-2k", "tutorial-5k"] {
        let (place, auditor) = bundled("alpaca/lineage.yaml", model, 0);
        let ledger = place.run(&["verify", model, "--json"]).expect(0).json();
        let judged = auditor.run(&[&JUDGE[..], &["--json"]].concat()).expect(0).json();
        for key in [
            "name",
            "artifacts",
            "verdict",
            "line",
            "findings",
            "sources",
            "external_models",
            "boundary",
            "conditioning",
            "completeness",
            "checkpoint",
            "assurance",
        ] {
            assert_eq!(judged[key], ledger[key], "{model}: {key}");
        }
        assert_eq!(judged["schema"], "herdbook/verify-bundle/v1");
        assert_eq!(judged["time"]["basis"], "none");
        let text = auditor.run(&JUDGE).expect(0).out;
        assert!(text.starts_with(ledger["line"].as_str().unwrap()), "{text}");
        assert!(text.contains("no witness signed it"), "{text}");
    }
}

#[test]
fn what_is_not_traced_is_bundled_with_its_reasons() {
    let (place, auditor) = bundled("alpaca/seeds-unresolved.yaml", "alpaca-7b", 21);
    let ledger = place.run(&["verify", "alpaca-7b", "--json"]).expect(21).json();
    let judged = auditor.run(&[&JUDGE[..], &["--json"]].concat()).expect(21).json();
    assert_eq!(judged["findings"], ledger["findings"]);
    assert_eq!(failing(&judged), ["unresolved_input"]);
    assert_eq!(names(&judged["findings"][0]["path"])[0], "alpaca-7b");
}

#[test]
fn a_bundle_is_the_same_twice_and_never_overwrites() {
    let (place, _) = bundled("alpaca/lineage.yaml", "alpaca-7b", 0);
    place
        .run(&["bundle", "alpaca-7b", "-o", "again.bundle"])
        .expect(0);
    let read = |name| fs::read(place.at(name)).unwrap();
    assert_eq!(read("m.bundle"), read("again.bundle"));
    let refused = place.run(&["bundle", "alpaca-7b", "-o", "m.bundle"]).expect(1);
    assert!(refused.err.contains("never overwritten"), "{}", refused.err);
    assert_eq!(read("m.bundle"), read("again.bundle"));
    assert!(!place.at("m.bundle.part").exists());
    place.run(&["bundle", "nobody", "-o", "x.bundle"]).expect(1);
    place
        .run(&["bundle", "alpaca-7b", "-o", "no/folder/x.bundle"])
        .expect(1);
}

/// What goes wrong with files that are handed over, and whom it blames.
#[test]
fn a_file_that_is_no_bundle_gets_a_verdict_that_says_so() {
    let (_, auditor) = bundled("alpaca/lineage.yaml", "alpaca-7b", 0);
    let good = fs::read(auditor.at("m.bundle")).unwrap();
    let judge = |bytes: &[u8], exit: i32| {
        fs::write(auditor.at("m.bundle"), bytes).unwrap();
        failing(
            &auditor
                .run(&[&JUDGE[..], &["--json"]].concat())
                .expect(exit)
                .json(),
        )
        .join(" ")
    };
    assert_eq!(judge(&good[..good.len() / 2], 22), "bundle_incomplete");
    assert_eq!(judge(&[], 22), "bundle_incomplete");
    assert_eq!(judge(b"{\"herdbook\": 1}", 20), "bundle_malformed");
    assert_eq!(judge(&[&good[..], b"x"].concat(), 20), "bundle_malformed");
    assert_eq!(judge(&[7; 4096], 20), "bundle_malformed");
    let mut flipped = good.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    assert_eq!(judge(&flipped, 20), "bundle_malformed");
    fs::write(auditor.at("m.bundle"), &good).unwrap();
    auditor.run(&JUDGE).expect(0);
    auditor
        .run(&["verify-bundle", "nothing.bundle", "--trust-root", "root.json"])
        .expect(1);
    let unpinned = auditor.run(&["verify-bundle", "m.bundle"]).expect(2);
    assert!(unpinned.err.contains("--trust-root FILE"), "{}", unpinned.err);
}

#[test]
fn an_old_bundle_is_old_to_whoever_knows_better() {
    let (place, auditor) = bundled("alpaca/lineage.yaml", "alpaca-7b", 0);
    place.run(&["release", "alpaca-7b", "--to", "hub"]).expect(0);
    place.run(&["bundle", "alpaca-7b", "-o", "new.bundle"]).expect(0);
    fs::copy(place.at("new.bundle"), auditor.at("new.bundle")).unwrap();
    let codes = |args: &[&str], exit| {
        let all = [args, &["--trust-root", "root.json", "--json"]].concat();
        failing(&auditor.run(&all).expect(exit).json()).join(" ")
    };
    let old = ["verify-bundle", "m.bundle"];
    let new = ["verify-bundle", "new.bundle"];
    assert_eq!(
        codes(&[&old[..], &["--min-size", "1000"]].concat(), 22),
        "checkpoint_too_old"
    );
    let newer = place.at(".herdbook/log/checkpoint");
    let newer = ["--newer", newer.to_str().unwrap()];
    assert_eq!(codes(&[&old[..], &newer].concat(), 22), "checkpoint_too_old");
    assert_eq!(codes(&[&new[..], &newer].concat(), 0), "");
    // From here on the newer checkpoint is remembered, and the newer bundle showed that it goes on from the older one.
    assert_eq!(codes(&old, 22), "checkpoint_too_old");
    assert_eq!(codes(&[&old[..], &["--older"]].concat(), 0), "");
    let older = [&old[..], &["--older", "--trust-root", "root.json", "--json"]].concat();
    let judged = auditor.run(&older).expect(0).json();
    assert_eq!(judged["accepted_before"]["newer_than_bundle"], true);
    let told = judged["findings"].to_string();
    assert!(told.contains("older_than_accepted"), "{told}");
    let refused = auditor
        .run(&[&old[..], &["--trust-root", "root.json"]].concat())
        .expect(22);
    assert!(refused.err.contains("--older"), "{}", refused.err);
    assert!(refused.out.contains("  to do  "), "{}", refused.out);
    assert_eq!(codes(&new, 0), "");
}

#[test]
fn files_are_held_against_a_bundle_too() {
    let place = Place::with_ledger();
    place.write("data/a.jsonl", "{\"a\": 1}\n");
    place.write("model/w.bin", "weights");
    place.write(
        "lineage.yaml",
        "herdbook: 1\n\
         sources: [{name: data, files: data/*, made_by: human, acquired_by: own_production, personal_data: no}]\n\
         runs: [{name: train, does: train, inputs: [{use: data, as: data}], outputs: [{name: m, kind: model, files: model/*}]}]\n",
    );
    place.run(&["register", "lineage.yaml"]).expect(0);
    place.run(&["bundle", "m", "-o", "m.bundle"]).expect(0);
    let judge = |exit: i32| {
        let args = ["verify-bundle", "m.bundle", "--content", ".", "--json"];
        place.run(&args).expect(exit).json()
    };
    let full = judge(0);
    assert_eq!(full["assurance"], "full");
    place.write("data/a.jsonl", "{\"a\": 2}\n");
    assert_eq!(failing(&judge(20)), ["content_differs"]);
}
