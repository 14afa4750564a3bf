//! A verifier remembers the last checkpoint: going back behind it, or going another way, is found out by every verb that
//! judges or appends.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use super::support::Place;
use super::support::Ran;
use super::support::failing;

/// Copies a folder with all that is in it.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Registers a prompt without content under a name of its own.
pub fn add(place: &Place, name: &str, ledger: &str) -> Ran {
    let args = ["prompt", "add", name, "--content", "none", "--ledger", ledger];
    place.run(&args)
}

/// The one note that is remembered in a home.
pub fn remembered(place: &Place, home: &str) -> PathBuf {
    let files = fs::read_dir(place.at(home).join("checkpoints")).unwrap();
    let mut notes: Vec<PathBuf> = files
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_none_or(|extension| extension != "lock"))
        .collect();
    assert_eq!(notes.len(), 1, "{notes:?}");
    notes.remove(0)
}

fn published(place: &Place, ledger: &str) -> Vec<u8> {
    fs::read(place.at(ledger).join("log/checkpoint")).unwrap()
}

/// The pipeline, a copy of it in `old`, and one more entry in the ledger itself.
fn with_older_copy() -> Place {
    let place = Place::with_pipeline();
    copy(&place.at(".herdbook"), &place.at("old"));
    add(&place, "later", ".herdbook").expect(0);
    place
}

#[test]
fn what_is_published_is_remembered_by_init_register_and_every_reader() {
    let place = Place::with_ledger();
    let note = remembered(&place, "home");
    assert_eq!(fs::read(&note).unwrap(), published(&place, ".herdbook"));
    place.write_pipeline();
    place.run(&["register", "lineage.yaml"]).expect(0);
    assert_eq!(fs::read(&note).unwrap(), published(&place, ".herdbook"));
    place.run(&["key", "trust-root", "-o", "root.json"]).expect(0);
    let readers: [&[&str]; 5] = [
        &["verify", "model", "--trust-root", "root.json"],
        &["fsck", "--trust-root", "root.json"],
        &["prove", "model", "--trust-root", "root.json", "-o", "p.json"],
        &["prove", "--check", "p.json", "--trust-root", "root.json"],
        &["verify-report", "r/report.json", "--trust-root", "root.json"],
    ];
    place.run(&["report", "model", "-o", "r"]).expect(0);
    for (number, args) in readers.iter().enumerate() {
        let home = format!("auditor-{number}");
        let ran = place
            .command(args)
            .env("HERDBOOK_HOME", place.at(&home))
            .output()
            .unwrap();
        super::support::ran(ran).expect(0);
        let kept = fs::read(remembered(&place, &home)).unwrap();
        assert_eq!(kept, published(&place, ".herdbook"), "{args:?}");
    }
}

/// Nobody says which ledger is meant, so whoever shows one could have a false checkpoint remembered.
#[test]
fn a_ledger_that_vouches_for_itself_is_not_remembered() {
    let place = Place::with_pipeline();
    for args in [&["verify", "model", "--trust-genesis"][..], &["fsck"]] {
        let ran = place
            .command(args)
            .env("HERDBOOK_HOME", place.at("stranger"))
            .output()
            .unwrap();
        super::support::ran(ran).expect(0);
        assert!(!place.at("stranger/checkpoints").exists(), "{args:?}");
    }
}

#[test]
fn a_rollback_is_told_by_every_verb_that_judges_or_appends() {
    let place = with_older_copy();
    let note = remembered(&place, "home").display().to_string();
    place.run(&["report", "model", "-o", "good"]).expect(0);
    place.run(&["verify-report", "good/report.json"]).expect(0);
    let verdict = place
        .run(&["verify", "model", "--ledger", "old", "--json"])
        .expect(20)
        .json();
    assert_eq!(failing(&verdict), ["rolled_back"]);
    let told = place.run(&["verify", "model", "--ledger", "old"]).expect(20);
    assert!(
        told.err.contains(&note) && told.err.contains("restored a backup"),
        "{told:#?}"
    );
    // What the ledger had and lacks now is not simply unknown.
    for asked in ["later", "nothing-of-the-kind"] {
        let verdict = place
            .run(&["verify", asked, "--ledger", "old", "--json"])
            .expect(20)
            .json();
        assert_eq!(failing(&verdict), ["rolled_back"], "{asked}");
    }
    place.write("unknown.bin", "unknown");
    place.run(&["verify", "unknown.bin"]).expect(21);
    place
        .run(&["verify", "unknown.bin", "--ledger", "old"])
        .expect(20);
    place
        .run(&["verify", "model", "--as-of", "9", "--ledger", "old"])
        .expect(20);
    let fsck = place
        .run(&["fsck", "--ledger", "old", "--json"])
        .expect(20)
        .json();
    assert_eq!(fsck["findings"][0]["code"], "rolled_back", "{fsck:#}");
    let refused: [&[&str]; 5] = [
        &["report", "model", "-o", "bad"],
        &["prove", "model", "-o", "bad.json"],
        &["release", "model", "--to", "hub"],
        &["register", "lineage.yaml"],
        &["prompt", "add", "p", "--content", "none"],
    ];
    let before = files(&place.at("old"));
    for args in refused {
        let error = place
            .run(&[args, &["--ledger", "old", "--json"]].concat())
            .expect(20)
            .json();
        assert_eq!(error["code"], "rolled_back", "{args:?}: {error:#}");
        let message = error["message"].as_str().unwrap();
        assert!(
            message.contains(&note) && message.contains("7 entries") && message.contains("had 9"),
            "{message}"
        );
        assert!(error["help"][0].as_str().unwrap().contains("backup"), "{error:#}");
    }
    assert_eq!(files(&place.at("old")), before, "nothing was appended");
    assert!(!place.at("bad").exists() && !place.at("bad.json").exists());
    let report = place
        .run(&["verify-report", "good/report.json", "--ledger", "old"])
        .expect(20);
    assert!(report.out.contains("failed       remembered: "), "{report:#?}");
    // A restored backup is said to be one by moving the file away.
    fs::remove_file(&note).unwrap();
    place.run(&["verify", "model", "--ledger", "old"]).expect(0);
    assert_eq!(fs::read(&note).unwrap(), published(&place, "old"));
    add(&place, "again", "old").expect(0);
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { &mut open } else { &mut found }.push(path);
        }
    }
    found.sort();
    found
}

/// Two ledgers of one snapshot that both append: the second is found by what is remembered of the first.
#[test]
fn a_snapshot_is_not_continued_twice() {
    let place = with_older_copy();
    add(&place, "other", "old").expect(20);
    // On another machine, whose user has the keys and remembers less, nobody can know.
    copy(&place.at("home"), &place.at("away"));
    fs::remove_dir_all(place.at("away/checkpoints")).unwrap();
    let away = |args: &[&str]| {
        let ran = place
            .command(args)
            .env("HERDBOOK_HOME", place.at("away"))
            .output()
            .unwrap();
        super::support::ran(ran)
    };
    for (name, sizes) in [("other", "one size"), ("another", "a larger size")] {
        away(&["prompt", "add", name, "--content", "none", "--ledger", "old"]).expect(0);
        // Here it is found out, by whoever judges and before anybody appends.
        let verdict = place
            .run(&["verify", "model", "--ledger", "old", "--json"])
            .expect(20)
            .json();
        assert_eq!(failing(&verdict), ["forked"], "{sizes}");
        let error = place
            .run(&["release", "model", "--to", "hub", "--ledger", "old", "--json"])
            .expect(20)
            .json();
        assert_eq!(error["code"], "forked", "{sizes}: {error:#}");
        let fsck = place
            .run(&["fsck", "--ledger", "old", "--json"])
            .expect(20)
            .json();
        assert_eq!(fsck["findings"][0]["code"], "forked", "{sizes}: {fsck:#}");
        // And there, about this one.
        let back = away(&["verify", "model", "--json"]).expect(20).json();
        assert!(["forked", "rolled_back"].contains(&failing(&back)[0]), "{back:#}");
    }
}

#[test]
fn a_checkpoint_that_lags_is_published_again_by_the_next_append() {
    let place = with_older_copy();
    // The commits are all there, only log/ is older: what a disk may leave, and no fork.
    fs::remove_dir_all(place.at(".herdbook/log")).unwrap();
    copy(&place.at("old/log"), &place.at(".herdbook/log"));
    place.run(&["verify", "model"]).expect(20);
    add(&place, "more", ".herdbook").expect(0);
    place.run(&["verify", "model"]).expect(0);
    assert_eq!(place.size(), 11);
}

#[test]
fn a_damaged_note_is_told_and_nothing_is_taken_for_granted() {
    let place = Place::with_pipeline();
    let note = remembered(&place, "home");
    let good = fs::read(&note).unwrap();
    let mut flipped = good.clone();
    let last = flipped.len() - 6;
    flipped[last] = if flipped[last] == b'A' { b'B' } else { b'A' };
    for bad in [Vec::new(), flipped, b"not a checkpoint\n".to_vec()] {
        fs::write(&note, &bad).unwrap();
        let verdict = place.run(&["verify", "model", "--json"]).expect(22).json();
        assert_eq!(failing(&verdict), ["earlier_invalid"]);
        let told = place.run(&["verify", "model"]).expect(22);
        assert!(told.err.contains(&note.display().to_string()), "{told:#?}");
        let error = add(&place, "p", ".herdbook").expect(1);
        assert!(
            error.err.contains("remembered checkpoint cannot be used"),
            "{error:#?}"
        );
        place.run(&["fsck"]).expect(1);
        assert_eq!(fs::read(&note).unwrap(), bad, "it is for a person to move away");
    }
    fs::remove_file(&note).unwrap();
    place.run(&["verify", "model"]).expect(0);
    assert_eq!(fs::read(&note).unwrap(), good);
}

/// A home that cannot be written to keeps nobody from reading, and is told.
#[test]
fn a_home_that_cannot_be_written_is_told() {
    let place = Place::with_pipeline();
    place.run(&["key", "trust-root", "-o", "root.json"]).expect(0);
    let note = remembered(&place, "home");
    let lock = note.with_added_extension("lock");
    fs::remove_file(&lock).unwrap();
    // Root may write anywhere, but nobody opens a folder to write.
    fs::create_dir(&lock).unwrap();
    // What is remembered already needs no writing.
    let quiet = place.run(&["verify", "model"]).expect(0);
    assert!(!quiet.err.contains("not remembered"), "{quiet:#?}");
    let told = add(&place, "p", ".herdbook").expect(0);
    assert!(
        told.err.contains("This checkpoint is not remembered"),
        "{told:#?}"
    );
    for args in [
        &["verify", "model"][..],
        &["fsck"],
        &["prove", "model", "-o", "p.json"],
    ] {
        let told = place.run(args).expect(0);
        assert!(
            told.err.contains("This checkpoint is not remembered"),
            "{told:#?}"
        );
    }
    let mut homeless = place.command(&["verify", "model", "--trust-root", "root.json"]);
    for name in [
        "HERDBOOK_HOME",
        "HOME",
        "XDG_CONFIG_HOME",
        "XDG_STATE_HOME",
        "XDG_CACHE_HOME",
    ] {
        homeless.env_remove(name);
    }
    let told = super::support::ran(homeless.output().unwrap()).expect(0);
    assert!(told.err.contains("no home folder to remember"), "{told:#?}");
}

#[test]
fn a_lost_ledger_is_not_begun_anew_under_its_name() {
    let place = Place::with_pipeline();
    let note = remembered(&place, "home");
    fs::remove_dir_all(place.at(".herdbook/commit")).unwrap();
    fs::remove_dir_all(place.at(".herdbook/log")).unwrap();
    let refused = place.run(&["init", "--origin", "test.example/lab"]).expect(1);
    assert!(refused.err.contains(&note.display().to_string()), "{refused:#?}");
    assert!(!place.at(".herdbook/commit").exists());
}

#[test]
fn an_answer_is_refused_that_is_older_than_was_asked_for() {
    let place = with_older_copy();
    place.write("march", published(&place, "old"));
    place.write("april", published(&place, ".herdbook"));
    for args in [
        &["--min-size", "9"][..],
        &["--newer", "march"],
        &["--newer", "april", "--min-size", "7"],
    ] {
        place.run(&[&["verify", "model"], args].concat()).expect(0);
    }
    place.forget();
    for args in [&["--min-size", "8"][..], &["--newer", "april"]] {
        let args = [&["verify", "model", "--ledger", "old", "--json"], args].concat();
        let verdict = place.run(&args).expect(22).json();
        assert_eq!(failing(&verdict), ["checkpoint_too_old"], "{args:?}");
        let unknown = place
            .run(&[&["verify", "later"], &args[2..]].concat())
            .expect(22)
            .json();
        assert_eq!(failing(&unknown), ["checkpoint_too_old"], "{args:?}");
    }
    place.forget();
    add(&place, "elsewhere", "old").expect(0);
    let args = ["verify", "model", "--ledger", "old", "--newer", "april", "--json"];
    assert_eq!(failing(&place.run(&args).expect(20).json()), ["forked"]);
    place.write("none", "no checkpoint");
    let args = ["verify", "model", "--ledger", "old", "--newer", "none", "--json"];
    assert_eq!(failing(&place.run(&args).expect(22).json()), ["earlier_invalid"]);
    place.run(&["verify", "model", "--newer", "missing"]).expect(1);
}

/// A proof has a checkpoint and no log: two roots of one size are all that can be told.
#[test]
fn a_proof_under_a_forked_checkpoint_is_refused() {
    let place = with_older_copy();
    let note = fs::read(remembered(&place, "home")).unwrap();
    place.run(&["prove", "model", "-o", "good.json"]).expect(0);
    place.forget();
    place
        .run(&["prove", "model", "--ledger", "old", "-o", "older.json"])
        .expect(0);
    add(&place, "elsewhere", "old").expect(0);
    place
        .run(&["prove", "model", "--ledger", "old", "-o", "forked.json"])
        .expect(0);
    add(&place, "more", "old").expect(0);
    place
        .run(&["prove", "model", "--ledger", "old", "-o", "later.json"])
        .expect(0);
    fs::write(remembered(&place, "home"), note).unwrap();
    place.run(&["prove", "--check", "good.json"]).expect(0);
    place.run(&["prove", "--check", "older.json"]).expect(0);
    let error = place
        .run(&["prove", "--check", "forked.json", "--json"])
        .expect(20)
        .json();
    assert_eq!(error["code"], "forked", "{error:#}");
    let told = place.run(&["prove", "--check", "later.json"]).expect(0);
    assert!(
        told.err.contains("was not held against the one of 9 entries"),
        "{told:#?}"
    );
}
