//! A ledger with files gone or overwritten: what is missing is told apart from what is false, and every message says
//! which file it is about and what to do.

use std::fs;

use super::support::Place;
use super::support::ran;

const READERS: [&[&str]; 4] = [
    &["list"],
    &["show", "model"],
    &["trace", "model"],
    &["verify", "model"],
];

/// Fails unless every reader ends with 22 and says all of `parts`, and none of them to make the ledger again.
fn undecidable(place: &Place, parts: &[&str]) {
    for verb in READERS {
        let told = place.run(verb).expect(22);
        let said = format!("{}{}", told.out, told.err);
        for part in parts {
            assert!(said.contains(part), "{part}: {told:#?}");
        }
        assert!(!said.contains("init"), "{told:#?}");
    }
    let verdict = place.run(&["verify", "model", "--json"]).expect(22).json();
    assert_eq!(verdict["verdict"], "undecidable");
}

#[test]
fn a_commit_that_is_gone_is_missing_evidence() {
    for slot in [0, 1] {
        let place = Place::with_pipeline();
        let name = format!("commit/{slot:020}");
        let path = place.at(".herdbook").join(&name);
        let bytes = fs::read(&path).unwrap();
        for hint in [true, false] {
            fs::remove_file(&path).unwrap();
            if !hint {
                drop(fs::remove_file(place.at(".herdbook/tmp/head")));
            }
            undecidable(&place, &[&name, "from a copy"]);
            let found = place.run(&["fsck"]).expect(20);
            assert!(found.out.contains(&name), "{found:#?}");
            fs::write(&path, &bytes).unwrap();
        }
        place.run(&["verify", "model"]).expect(0);
    }
}

#[test]
fn a_commit_in_the_middle_is_missing_evidence() {
    let place = Place::with_pipeline();
    place.write("more.txt", "x");
    place.write(
        "more.yaml",
        "herdbook: 1\nsources: [{name: more, personal_data: no, files: more.txt}]\n",
    );
    place.run(&["register", "more.yaml"]).expect(0);
    let name = format!("commit/{:020}", 1);
    fs::remove_file(place.at(".herdbook").join(&name)).unwrap();
    // What the index knows is answered from it; whatever needs the commit says that it is gone.
    place.run(&["list"]).expect(0);
    for verb in [["show", "model"], ["trace", "model"], ["verify", "model"]] {
        let told = place.run(&verb).expect(22);
        assert!(format!("{}{}", told.out, told.err).contains(&name), "{told:#?}");
    }
    fs::remove_dir_all(place.at(".herdbook/index")).unwrap();
    undecidable(&place, &[&name]);
    drop(fs::remove_file(place.at(".herdbook/tmp/head")));
    undecidable(&place, &[&name]);
    place.run(&["fsck"]).expect(20);
}

#[test]
fn a_checkpoint_that_is_gone_can_be_signed_again() {
    let place = Place::with_pipeline();
    fs::remove_file(place.at(".herdbook/log/checkpoint")).unwrap();
    undecidable(&place, &["no checkpoint is published", "herdbook fsck --repair"]);
    let found = place.run(&["fsck"]).expect(3);
    assert!(
        found.out.contains("lag: log/checkpoint") && !found.out.contains("clean"),
        "{found:#?}"
    );
    place.run(&["fsck", "--repair"]).expect(0);
    place.run(&["verify", "model"]).expect(0);
}

#[test]
fn only_what_was_never_committed_is_finished_by_init() {
    let place = Place::with_ledger();
    fs::remove_dir_all(place.at(".herdbook/commit")).unwrap();
    let told = place.run(&["list"]).expect(22);
    assert!(!told.err.contains("init"), "{told:#?}");
    fs::remove_dir_all(place.at(".herdbook/log")).unwrap();
    let told = place.run(&["list"]).expect(10);
    assert!(
        told.err.contains("run the same `herdbook init` again"),
        "{told:#?}"
    );
    place.run(&["init", "--origin", "test.example/lab"]).expect(0);
    place.run(&["list"]).expect(0);
}

/// What anybody may drop into the folder is not read, and stops whoever appends.
#[test]
fn a_slot_beyond_the_checkpoint_is_ignored_by_readers() {
    let place = Place::with_pipeline();
    let slots = place.at(".herdbook/commit");
    let name = format!("commit/{:020}", 2);
    place.write("more.yaml", "herdbook: 1\nprompts: [{name: p}]\n");
    for planted in [
        b"junk".to_vec(),
        fs::read(slots.join(format!("{:020}", 1))).unwrap(),
    ] {
        fs::write(place.at(".herdbook").join(&name), planted).unwrap();
        for verb in READERS {
            place.run(verb).expect(0);
        }
        let refused = place.run(&["register", "more.yaml"]).expect(20);
        assert!(refused.err.contains(&name), "{refused:#?}");
        let found = place.run(&["fsck"]).expect(20);
        assert!(found.out.contains(&name), "{found:#?}");
    }
}

#[test]
fn settings_that_cannot_be_read_say_how_to_write_them() {
    let place = Place::with_pipeline();
    let path = place.at(".herdbook/herdbook.toml");
    let good = fs::read(&path).unwrap();
    let parts = ["herdbook.toml", "two lines, `format = 1` and `origin = "];
    for bad in [
        &b"format ="[..],
        b"",
        b"\xff",
        b"format = 1\norigin = 1\n",
        b"format = 1\norigin = \"a\"\nx = 1\n",
    ] {
        fs::write(&path, bad).unwrap();
        undecidable(&place, &parts);
        place.run(&["fsck"]).expect(20);
        let refused = place.run(&["register", "lineage.yaml"]).expect(22);
        assert!(refused.err.contains(parts[1]), "{refused:#?}");
    }
    fs::remove_file(&path).unwrap();
    undecidable(&place, &parts);
    place.run(&["fsck"]).expect(20);
    fs::write(&path, good).unwrap();
    place.run(&["verify", "model"]).expect(0);
}

/// An auditor has a ledger and a trust root, and may have no home.
#[test]
fn reading_needs_no_home() {
    let place = Place::with_pipeline();
    place.run(&["key", "trust-root", "-o", "root.json"]).expect(0);
    let homeless = |args: &[&str]| {
        let mut command = place.command(args);
        for name in ["HERDBOOK_HOME", "HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"] {
            command.env_remove(name);
        }
        ran(command.output().unwrap())
    };
    for verb in [
        &["list"][..],
        &["show", "model"],
        &["trace", "model"],
        &["fsck"],
        &["fsck", "--trust-root", "root.json"],
        &["key", "trust-root"],
        &["verify", "model", "--trust-root", "root.json"],
        &["verify", "model", "--trust-genesis"],
        &["demo"],
    ] {
        homeless(verb).expect(0);
    }
    homeless(&["verify", "model"]).expect(22);
    for verb in [
        &["register", "lineage.yaml"][..],
        &["init", "--origin", "a/b", "other"],
    ] {
        let refused = homeless(verb).expect(1);
        assert!(refused.err.contains("set HERDBOOK_HOME"), "{refused:#?}");
    }
}

#[test]
fn fsck_checks_against_the_trust_root_that_is_given() {
    let place = Place::with_pipeline();
    let other = Place::with_pipeline();
    other.run(&["key", "trust-root", "-o", "root.json"]).expect(0);
    place.write("other.json", fs::read(other.at("root.json")).unwrap());
    let found = place.run(&["fsck", "--trust-root", "other.json"]).expect(20);
    assert!(found.out.contains("which the trust root names"), "{found:#?}");
}

/// A trust root of another name was mixed up: nobody is accused of forgery, and nothing passes either.
#[test]
fn a_trust_root_for_another_origin_decides_nothing() {
    let place = Place::with_pipeline();
    place
        .run(&["init", "other", "--origin", "test.example/other"])
        .expect(0);
    place
        .run(&["--ledger", "other", "key", "trust-root", "-o", "other.json"])
        .expect(0);
    place.run(&["prove", "model", "-o", "proof.json"]).expect(0);
    place.run(&["report", "model", "-o", "r"]).expect(0);
    for command in [
        &["verify", "model"][..],
        &["verify-report", "r/report.json"],
        &["fsck"],
        &["prove", "--check", "proof.json"],
    ] {
        let told = place.run(&[command, &["--trust-root", "other.json"]].concat());
        let told = told.expect(22);
        let said = format!("{}{}", told.out, told.err);
        assert!(
            said.contains("this trust root is for the ledger test.example/other")
                && said.contains("the ledger test.example/lab")
                || said.contains("the ledger is test.example/lab"),
            "{told:#?}"
        );
    }
    // The same name written over the checkpoint of a ledger is a lie about it.
    let checkpoint = place.at(".herdbook/log/checkpoint");
    let note = fs::read_to_string(&checkpoint).unwrap();
    fs::write(
        &checkpoint,
        note.replacen("test.example/lab", "test.example/labs", 1),
    )
    .unwrap();
    place.run(&["verify", "model"]).expect(20);
}
