//! The index on disk costs time at most: whatever a stop, a stranger or a bad disk leaves of it, every answer is that of
//! the log.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use serde_json::Value;

use super::support::Place;

/// Questions that the index may answer.
const QUESTIONS: [&[&str]; 8] = [
    &["list", "--json"],
    &["log", "--json"],
    &["show", "model", "--json"],
    &["show", "night-1", "--json"],
    &["trace", "model", "--json"],
    &["trace", "seeds", "--down", "--json"],
    &["impact", "seeds", "--json"],
    &["gaps", "--json"],
];

fn answers(place: &Place) -> Vec<Value> {
    let ask = |question: &&[&str]| place.run(question).expect(0).json();
    QUESTIONS.iter().map(ask).collect()
}

fn index(place: &Place) -> PathBuf {
    place.at(".herdbook/index")
}

/// Registers another night: a shard of its own, and bytes that somebody else has claimed already.
fn night(place: &Place, number: usize) {
    place.write(&format!("night-{number}.jsonl"), format!("{{\"n\":{number}}}\n"));
    let file = format!("night-{number}.yaml");
    place.write(
        &file,
        format!(
            "herdbook: 1\nsources:\n  - {{name: night-{number}, files: ['night-{number}.jsonl', seeds.jsonl], made_by: human, \
             acquired_by: own_production, personal_data: no}}\n"
        ),
    );
    let said = place.run(&["register", &file, "--json"]).expect(0).json();
    assert_eq!(said["appended"], 1, "{said}");
}

/// Returns the answers of the log alone, and puts the index back.
fn truth(place: &Place) -> Vec<Value> {
    let aside = place.at("index-aside");
    copy(&index(place), &aside);
    fs::remove_dir_all(index(place)).unwrap();
    let answers = answers(place);
    assert!(!index(place).exists(), "who asks does not write");
    copy(&aside, &index(place));
    fs::remove_dir_all(aside).unwrap();
    answers
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else if from.exists() {
        fs::copy(from, to).unwrap();
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    if folder.is_dir() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            found.extend(if path.is_dir() { files(&path) } else { vec![path] });
        }
    }
    found.sort();
    found
}

#[test]
fn deleting_the_index_changes_no_answer() {
    let place = Place::with_pipeline();
    for number in 1..=12 {
        night(&place, number);
        let with = answers(&place);
        assert_eq!(with, truth(&place), "after night {number}");
    }
    assert!(!files(&index(&place).join("segments")).is_empty());
    let before = answers(&place);
    fs::remove_dir_all(index(&place)).unwrap();
    assert_eq!(answers(&place), before);
    place.run(&["reindex"]).expect(0);
    assert!(!files(&index(&place).join("segments")).is_empty());
    assert_eq!(answers(&place), before);
    night(&place, 13);
    assert_eq!(answers(&place), truth(&place));
}

/// A stop while the index is written leaves each of its two parts as it was, as it should be, or anything between.
#[test]
fn a_stop_while_the_index_is_written_changes_no_answer() {
    let place = Place::with_pipeline();
    night(&place, 1);
    copy(&index(&place), &place.at("before"));
    night(&place, 2);
    copy(&index(&place), &place.at("after"));
    let expected = truth(&place);
    let log = place.at("log-as-it-was");
    copy(&place.at(".herdbook"), &log);
    for sled in ["none", "before", "after", "torn"] {
        for segments in ["none", "before", "after", "torn", "unfinished"] {
            fs::remove_dir_all(place.at(".herdbook")).unwrap();
            copy(&log, &place.at(".herdbook"));
            place.forget();
            fs::remove_dir_all(index(&place)).unwrap();
            half(&place, "sled", sled);
            half(&place, "segments", segments);
            assert_eq!(answers(&place), expected, "sled {sled}, segments {segments}");
            night(&place, 3);
            assert_eq!(
                answers(&place),
                truth(&place),
                "sled {sled}, segments {segments}, later"
            );
        }
    }
}

/// Puts one part of the index into the state that `how` names.
fn half(place: &Place, part: &str, how: &str) {
    let there = index(place).join(part);
    match how {
        "none" => {}
        "torn" => {
            copy(&place.at("after").join(part), &there);
            for file in files(&there) {
                let bytes = fs::read(&file).unwrap();
                fs::write(&file, &bytes[..bytes.len() * 2 / 3]).unwrap();
            }
        }
        "unfinished" => {
            copy(&place.at("before").join(part), &there);
            fs::write(there.join("unfinished.tmp"), "half of").unwrap();
        }
        state => copy(&place.at(state).join(part), &there),
    }
}

/// Flips bits all over the index, one at a time.
#[test]
fn a_damaged_index_changes_no_answer() {
    let place = Place::with_pipeline();
    night(&place, 1);
    night(&place, 2);
    let expected = truth(&place);
    let mut told = 0;
    for file in files(&index(&place).join("segments")) {
        let whole = fs::read(&file).unwrap();
        for step in 0..16 {
            let mut bytes = whole.clone();
            let at = (whole.len() - 1) * step / 15;
            bytes[at] ^= 0x10;
            fs::write(&file, bytes).unwrap();
            assert_eq!(answers(&place), expected, "{} byte {at}", file.display());
            told += usize::from(place.run(&["list"]).expect(0).err.contains("herdbook reindex"));
        }
        fs::write(&file, whole).unwrap();
    }
    assert!(told > 0, "damage that is met is told");
    for file in files(&index(&place).join("sled")) {
        let whole = fs::read(&file).unwrap();
        fs::write(&file, vec![0xa5; whole.len()]).unwrap();
    }
    night(&place, 3);
    assert_eq!(answers(&place), truth(&place));
}

/// An index of another ledger, or of a longer log than there is now, is not taken up.
#[test]
fn a_foreign_index_is_not_taken_up() {
    let place = Place::with_pipeline();
    let other = Place::with_pipeline();
    night(&other, 1);
    night(&place, 1);
    let expected = truth(&place);
    fs::remove_dir_all(index(&place)).unwrap();
    copy(&index(&other), &index(&place));
    assert_eq!(answers(&place), expected);
    night(&place, 2);
    assert_eq!(answers(&place), truth(&place));
    // The folder as it was before the last night, with the index as it is after it.
    let older = Place::with_pipeline();
    night(&older, 1);
    copy(&older.at(".herdbook"), &older.at("older"));
    night(&older, 2);
    copy(&index(&older), &older.at("newer-index"));
    fs::remove_dir_all(older.at(".herdbook")).unwrap();
    copy(&older.at("older"), &older.at(".herdbook"));
    older.forget();
    fs::remove_dir_all(index(&older)).unwrap();
    copy(&older.at("newer-index"), &index(&older));
    assert_eq!(answers(&older), truth(&older));
    night(&older, 3);
    assert_eq!(answers(&older), truth(&older));
}

/// Appending goes on where no index can be written, and says so.
#[test]
fn an_index_that_cannot_be_kept_stops_nobody() {
    let place = Place::with_pipeline();
    fs::remove_dir_all(index(&place)).unwrap();
    fs::write(index(&place), "a file where a folder belongs").unwrap();
    place.write("x.yaml", "herdbook: 1\nprompts: [{name: p}]\n");
    let said = place.run(&["register", "x.yaml"]).expect(0);
    assert!(said.err.contains("herdbook reindex"), "{said:#?}");
    place.run(&["list"]).expect(0);
    place.run(&["verify", "model"]).expect(0);
    place.run(&["reindex"]).expect(1);
}

/// Publishes segments in which two items have each other's names; pages, root and seal agree with the log.
fn forge(place: &Place, left: &str, right: &str) {
    use herdbook::index::Index as _;
    use herdbook::index::Indexed;
    use herdbook::index::Segments;
    use herdbook::merkle::LeafIndex;
    use herdbook::statement::ItemName;

    let folder = index(place).join("segments");
    let segments = Segments::open(&folder, "test.example/lab").unwrap().unwrap();
    let (mark, resume) = (
        segments.watermark().unwrap().clone(),
        segments.resume().unwrap().clone(),
    );
    let [left, right] = [left, right].map(|name| ItemName::new(name).unwrap());
    let mut batch = Vec::new();
    for entry in (0..mark.size.get()).map(LeafIndex::new) {
        let id = segments.id_at(entry).unwrap().unwrap();
        let mut facts = segments.facts(id).unwrap().unwrap().as_ref().clone();
        facts.entry = entry;
        for set in &mut facts.sets {
            if set.name == left {
                set.name = right.clone();
            } else if set.name == right {
                set.name = left.clone();
            }
        }
        let claims = Vec::new();
        batch.push(Indexed { facts, claims });
    }
    drop(segments);
    fs::remove_dir_all(&folder).unwrap();
    Segments::publish(&folder, &batch, &mark, &resume).unwrap();
}

/// Nobody signs the index: what is signed or decided must not rest on it.
#[test]
fn a_forged_index_decides_nothing() {
    let place = Place::with_pipeline();
    place.write("other.bin", "other weights");
    place.write(
        "other.yaml",
        "herdbook: 1\nruns:\n  - {name: tune, does: train, inputs: [{unresolved: who knows, as: data}], outputs: [{name: other, \
         kind: model, files: other.bin}]}\n",
    );
    place.run(&["register", "other.yaml"]).expect(0);
    let id = |name| {
        let answer = place.run(&["list", "--json"]).expect(0).json();
        let items = answer["items"].as_array().unwrap();
        let item = items.iter().find(|item| item["name"] == name).unwrap();
        item["id"].as_str().unwrap().to_owned()
    };
    let honest = id("other");
    forge(&place, "model", "other");
    assert_ne!(id("other"), honest, "the forgery is taken for an index");

    place.run(&["verify", "other"]).expect(21);
    let reached = place.run(&["impact", "seeds", "--json"]).expect(0).json();
    let is_reached = |name: &str| {
        reached["reached"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["name"] == name)
    };
    assert!(is_reached("model") && !is_reached("other"), "{reached}");
    place.run(&["release", "other", "--to", "hub"]).expect(0);
    place.write("w2", "2");
    place
        .run(&[
            "run",
            "quantise",
            "--does",
            "transform",
            "--input",
            "other:base",
            "--output",
            "small:model=w2",
        ])
        .expect(0);
    fs::remove_dir_all(index(&place)).unwrap();
    let released = place.run(&["impact", "other", "--json"]).expect(0).json();
    assert_eq!(released["reached"][0]["name"], "small", "{released}");
    place.run(&["verify", "small"]).expect(21);
}

/// Neither a pipe nor a link in its place stops a reader or leads an appender elsewhere.
#[test]
#[cfg(unix)]
fn what_stands_in_for_the_index_is_not_followed() {
    let place = Place::with_pipeline();
    night(&place, 1);
    let expected = truth(&place);
    fs::create_dir(place.at("elsewhere")).unwrap();
    fs::remove_dir_all(index(&place).join("sled")).unwrap();
    std::os::unix::fs::symlink(place.at("elsewhere"), index(&place).join("sled")).unwrap();
    for file in files(&index(&place).join("segments")) {
        fs::remove_file(&file).unwrap();
        let made = std::process::Command::new("mkfifo").arg(&file).status().unwrap();
        assert!(made.success());
    }
    assert_eq!(answers(&place), expected);
    night(&place, 2);
    assert!(files(&place.at("elsewhere")).is_empty());
    assert_eq!(answers(&place), truth(&place));
}
