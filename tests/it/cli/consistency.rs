//! `log consistency` and `log equivocation`: proofs about checkpoints that somebody checks who has no ledger.

use std::fs;

use super::remembered::add;
use super::remembered::copy;
use super::support::Place;
use super::support::Ran;

const ORIGIN: &str = "test.example/lab";

/// Checkpoints of 7, 9 and 11 entries, and in `fork` the same ledger up to 7 with others of 9 and 11.
fn with_fork() -> Place {
    let place = Place::with_pipeline();
    place.run(&["key", "trust-root", "-o", "root.json"]).expect(0);
    // Sizes are names too, so a file is no bare number.
    let publish = |ledger: &str, name: &str| {
        let checkpoint = fs::read(place.at(ledger).join("log/checkpoint")).unwrap();
        place.write(&format!("c{name}"), checkpoint);
    };
    publish(".herdbook", "7");
    copy(&place.at(".herdbook"), &place.at("fork"));
    for (ledger, side) in [(".herdbook", ""), ("fork", "forked-")] {
        place.forget();
        for size in ["9", "11"] {
            add(&place, &format!("{side}at-{size}"), ledger).expect(0);
            publish(ledger, &format!("{side}{size}"));
        }
    }
    place
}

/// Somebody with files and no ledger.
fn auditor(place: &Place, files: &[&str]) -> Place {
    let auditor = Place::new();
    for file in files {
        auditor.write(file, fs::read(place.at(file)).unwrap());
    }
    auditor
}

#[test]
fn log_lists_entries_as_before() {
    let place = Place::with_pipeline();
    let listed = place.run(&["log"]).expect(0);
    assert!(
        listed.out.starts_with(&format!("{ORIGIN} has 7 entries; root ")),
        "{listed:#?}"
    );
    assert_eq!(
        place.run(&["log", "--limit", "3", "--json"]).expect(0).json()["entries"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    place.run(&["log", "--limit", "3", "consistency", "1"]).expect(2);
}

#[test]
fn a_ledger_that_goes_on_says_so() {
    let place = with_fork();
    let found = place
        .run(&["log", "consistency", "c7", "--json"])
        .expect(0)
        .json();
    assert_eq!(
        (&found["old"]["size"], &found["new"]["size"]),
        (&7.into(), &11.into())
    );
    for (old, new) in [
        ("0", "11"),
        ("3", "6"),
        ("c7", "c9"),
        ("c7", "11"),
        ("11", "c11"),
        ("1", "1"),
    ] {
        let told = place.run(&["log", "consistency", old, new]).expect(0);
        assert!(
            told.out
                .starts_with(&format!("consistent: {ORIGIN} went on from ")),
            "{told:#?}"
        );
    }
}

/// A ledger that went on, with a proof from the first of its checkpoints to the last and one to that between them.
fn with_proofs() -> Place {
    let place = with_fork();
    place
        .run(&["log", "consistency", "c7", "-o", "p.consistency"])
        .expect(0);
    place
        .run(&["log", "consistency", "c7", "c9", "-o", "q.consistency"])
        .expect(0);
    place
}

#[test]
fn a_proof_is_written_once_and_only_between_checkpoints() {
    let place = with_proofs();
    let text = fs::read_to_string(place.at("p.consistency")).unwrap();
    assert!(text.starts_with("old 7\n"), "{text}");
    assert!(
        text.ends_with(&fs::read_to_string(place.at("c11")).unwrap()),
        "{text}"
    );
    place
        .run(&["log", "consistency", "c7", "-o", "p.consistency"])
        .expect(1);
    place
        .run(&["log", "consistency", "c7", "10", "-o", "r.consistency"])
        .expect(1);
}

#[test]
fn a_proof_convinces_somebody_without_the_ledger() {
    let files = ["c7", "c9", "p.consistency", "q.consistency", "root.json"];
    let auditor = auditor(&with_proofs(), &files);
    let root = ["--trust-root", "root.json"];
    let check = |old: &str, proof: &str| {
        auditor.run(&[&["log", "consistency", old, "--proof", proof], &root[..]].concat())
    };
    check("c7", "p.consistency").expect(0);
    check("c7", "q.consistency").expect(0);
    check("c9", "p.consistency").expect(22);
    auditor
        .run(&["log", "consistency", "c7", "--proof", "p.consistency"])
        .expect(22);
    auditor
        .run(&[
            "log",
            "consistency",
            "7",
            "--proof",
            "p.consistency",
            "--trust-root",
            "root.json",
        ])
        .expect(2);
    let trust: serde_json::Value =
        serde_json::from_slice(&fs::read(auditor.at("root.json")).unwrap()).unwrap();
    let key = trust["log_key"].as_str().unwrap();
    auditor
        .run(&[
            "log",
            "consistency",
            "c7",
            "--proof",
            "p.consistency",
            "--vkey",
            key,
        ])
        .expect(0);
    // Every byte counts.
    let good = fs::read(auditor.at("p.consistency")).unwrap();
    for at in (0..good.len()).step_by(5) {
        let mut bad = good.clone();
        bad[at] ^= 1;
        auditor.write("bad.consistency", &bad);
        let ran = check("c7", "bad.consistency");
        assert!([20, 22].contains(&ran.code), "byte {at}: {ran:#?}");
    }
}

#[test]
fn a_ledger_that_did_not_go_on_is_told() {
    let place = with_fork();
    for (ledger, old, code) in [
        (".herdbook", "cforked-9", "forked"),
        (".herdbook", "cforked-11", "forked"),
        ("fork", "c9", "forked"),
    ] {
        let error = place
            .run(&["log", "consistency", old, "--ledger", ledger, "--json"])
            .expect(20)
            .json();
        assert_eq!(error["code"], code, "{error:#}");
        assert!(
            error["help"][0].as_str().unwrap().contains("log equivocation"),
            "{error:#}"
        );
    }
    place
        .run(&["init", "shorter", "--origin", "short.example/lab"])
        .expect(0);
    place
        .run(&["log", "consistency", "c7", "--ledger", "shorter"])
        .expect(22);
    place
        .run(&["log", "consistency", "2", "--ledger", "shorter"])
        .expect(0);
    place
        .run(&["log", "consistency", "3", "--ledger", "shorter"])
        .expect(1);
    place
        .run(&["log", "consistency", "2", "1", "--ledger", "shorter"])
        .expect(2);
    place.write("none", "no checkpoint");
    place.run(&["log", "consistency", "none"]).expect(1);
    place.run(&["log", "consistency", "missing"]).expect(1);
}

fn show(place: &Place, a: &str, b: &str, ledger: &str, out: &str) -> Ran {
    place.run(&["log", "equivocation", a, b, "--ledger", ledger, "-o", out])
}

#[test]
fn two_histories_are_written_down() {
    let place = with_fork();
    let told = show(&place, "c9", "cforked-9", "nowhere", "same.equivocation").expect(20);
    assert!(
        told.out.starts_with(&format!(
            "equivocation: whoever holds the log key of {ORIGIN} signed two histories"
        )),
        "{told:#?}"
    );
    // Only the ledger of the larger one knows with which entries that begins.
    let refused = show(&place, "cforked-11", "c9", ".herdbook", "no.equivocation").expect(1);
    assert!(
        refused.err.contains("does not hold the tree of cforked-11"),
        "{refused:#?}"
    );
    for (a, b) in [("c7", "c11"), ("c7", "cforked-11"), ("c9", "c9")] {
        let ledger = if b.contains("forked") { "fork" } else { ".herdbook" };
        let honest = place
            .run(&[
                "log",
                "equivocation",
                a,
                b,
                "--ledger",
                ledger,
                "-o",
                "no.equivocation",
                "--json",
            ])
            .expect(1)
            .json();
        assert_eq!(honest["code"], "consistent", "{honest:#}");
        assert!(
            honest["message"]
                .as_str()
                .unwrap()
                .contains("these two are consistent"),
            "{honest:#}"
        );
    }
    assert!(!place.at("no.equivocation").exists());
}

/// Both ways to show two histories, and what somebody without a ledger needs to check them.
fn with_histories() -> Place {
    let place = with_fork();
    show(&place, "c9", "cforked-9", "nowhere", "same.equivocation").expect(20);
    show(&place, "cforked-11", "c9", "fork", "prefix.equivocation").expect(20);
    auditor(&place, &["same.equivocation", "prefix.equivocation", "root.json"])
}

#[test]
fn two_histories_convince_anybody() {
    let auditor = with_histories();
    for (file, kind) in [
        ("same.equivocation", "same-size"),
        ("prefix.equivocation", "prefix"),
    ] {
        let args = ["log", "equivocation", "--check", file, "--json"];
        let known = auditor
            .run(&[&args[..], &["--trust-root", "root.json"]].concat())
            .expect(20)
            .json();
        assert_eq!(
            (&known["kind"], &known["log_key_known"]),
            (&kind.into(), &true.into())
        );
        assert_eq!(auditor.run(&args).expect(20).json()["log_key_known"], false);
        assert!(
            auditor
                .run(&args[..4])
                .expect(20)
                .err
                .contains("Only the file says"),
            "{file}"
        );
        let text = fs::read_to_string(auditor.at(file)).unwrap();
        for bad in [
            text.replace("\n9\n", "\n8\n"),
            text.replace("kind ", "kind x"),
            text[1..].to_owned(),
        ] {
            auditor.write("bad.equivocation", bad);
            let error = auditor
                .run(&["log", "equivocation", "--check", "bad.equivocation", "--json"])
                .expect(1)
                .json();
            assert_eq!(error["code"], "proves_nothing", "{error:#}");
        }
    }
    let other = Place::with_ledger();
    other.run(&["key", "trust-root", "-o", "root.json"]).expect(0);
    let root = other.at("root.json").display().to_string();
    auditor
        .run(&[
            "log",
            "equivocation",
            "--check",
            "same.equivocation",
            "--trust-root",
            &root,
        ])
        .expect(1);
}
