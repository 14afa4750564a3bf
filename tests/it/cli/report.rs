//! `report` and `verify-report`: made alike twice, for every verdict, and nothing false gets past the check.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use herdbook::envelope::Envelope;
use herdbook::key::PublicKey;
use herdbook::report::REPORT_BYTES_MAX;
use herdbook::report::Report;
use herdbook::sign::KeyOpener;
use herdbook::sign::Signer;
use serde_json::Value;

use super::support::Place;
use super::support::ran;

/// Returns every file of a folder with its bytes, but for hints and locks.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut pending = vec![folder.to_owned()];
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.ends_with("tmp") || path.ends_with("index") {
                continue;
            }
            if path.is_dir() {
                pending.push(path);
            } else {
                found.insert(path.display().to_string(), fs::read(path).unwrap());
            }
        }
    }
    found
}

/// Returns the results of the checks by their names.
fn checks(answer: &Value) -> BTreeMap<&str, &str> {
    let checks = answer["checks"].as_array().unwrap().iter();
    checks
        .map(|check| {
            (
                check["check"].as_str().unwrap(),
                check["result"].as_str().unwrap(),
            )
        })
        .collect()
}

fn document(place: &Place, path: &str) -> Value {
    let report = Report::decode(&fs::read(place.at(path)).unwrap()).unwrap();
    serde_json::to_value(report.document()).unwrap()
}

/// The signing key of the ledger's user.
fn issuer(place: &Place) -> std::sync::Arc<dyn Signer> {
    KeyOpener::plain().open(&issuer_file(place)).unwrap()
}

fn issuer_file(place: &Place) -> std::path::PathBuf {
    let keys = place.at("home/keys");
    let folder = fs::read_dir(keys).unwrap().next().unwrap().unwrap().path();
    folder.join("issuer.pem")
}

/// Changes what a report says and signs it again with the same key, as its maker can.
fn lie(place: &Place, path: &str, from: &str, to: &str) {
    let envelope = Envelope::decode_within(&fs::read(place.at(path)).unwrap(), REPORT_BYTES_MAX).unwrap();
    let honest = String::from_utf8(envelope.payload().to_vec()).unwrap();
    assert!(honest.contains(from), "{honest}");
    let key = issuer(place);
    let id = PublicKey::from_bytes(&key.public_key()).unwrap().id();
    let payload = honest.replace(from, to).into_bytes();
    let lie = Envelope::seal_payload(payload, id, |pae| key.sign(pae)).unwrap();
    place.write(path, lie.encode());
}

#[test]
fn two_runs_give_the_same_two_files_and_touch_no_ledger() {
    let place = Place::with_pipeline();
    let before = files(&place.at(".herdbook"));
    place.run(&["report", "model", "-o", "a"]).expect(0);
    fs::create_dir_all(place.at("elsewhere/deep")).unwrap();
    let mut other = place.command(&["report", "model", "-o", "b"]);
    other
        .current_dir(place.at("elsewhere/deep"))
        .env("TZ", "Asia/Tokyo")
        .env("LANG", "tr_TR.UTF-8")
        .env("LC_ALL", "tr_TR.UTF-8");
    ran(other.output().unwrap()).expect(0);
    for name in ["report.json", "report.html"] {
        let one = fs::read(place.at("a").join(name)).unwrap();
        let two = fs::read(place.at("elsewhere/deep/b").join(name)).unwrap();
        assert_eq!(one, two, "{name}");
        let text = String::from_utf8_lossy(&one).into_owned();
        assert!(!text.contains(place.path().to_str().unwrap()));
    }
    assert_eq!(files(&place.at(".herdbook")), before);
    // Once more into the same folder is the same; something else there is never overwritten.
    place.run(&["report", "model", "-o", "a"]).expect(0);
    place.run(&["report", "tasks", "-o", "a"]).expect(1);
    let check = place.run(&[
        "verify-report",
        "a/report.json",
        "--html",
        "a/report.html",
        "--json",
    ]);
    let answer = check.expect(0).json();
    assert_eq!(answer["result"], "holds");
    assert!(checks(&answer).values().all(|result| *result == "ok"), "{answer}");
}

#[test]
fn a_report_says_what_verify_says() {
    let place = Place::with_pipeline();
    let verdict = place.run(&["verify", "model", "--json"]).expect(0).json();
    place.run(&["report", "model", "-o", "a"]).expect(0);
    let report = document(&place, "a/report.json");
    for same in [
        "verdict",
        "line",
        "checkpoint",
        "assurance",
        "completeness",
        "name",
    ] {
        assert_eq!(report[same], verdict[same], "{same}");
    }
    let names: Vec<&str> = report["lineage"]["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| node["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["model", "train", "tasks", "generate", "seeds", "teacher"]);
    assert_eq!(report["lineage"]["nodes"][2]["files"], 2);
    assert_eq!(report["lineage"]["edges"].as_array().unwrap().len(), 5);
    let note = fs::read_to_string(place.at(".herdbook/log/checkpoint")).unwrap();
    assert_eq!(report["checkpoint_note"], note);
    let page = fs::read_to_string(place.at("a/report.html")).unwrap();
    assert!(page.contains("Traced does not mean lawful, licensed, human-made or complete."));
}

#[test]
fn every_verdict_is_a_report_and_ends_as_verify_does() {
    let place = Place::with_pipeline();
    // Self-asserted, by somebody without pins who brings a key of their own.
    let key = issuer_file(&place).display().to_string();
    let nobody = |args: &[&str]| {
        let mut command = place.command(args);
        command.env("HERDBOOK_HOME", place.at("nobody"));
        ran(command.output().unwrap())
    };
    nobody(&["report", "model", "-o", "self", "--key", &key, "--trust-genesis"]).expect(0);
    assert!(
        document(&place, "self/report.json")["line"]
            .as_str()
            .unwrap()
            .starts_with("traced (self-asserted)")
    );
    nobody(&["report", "model", "-o", "unpinned", "--key", &key]).expect(22);
    nobody(&[
        "verify-report",
        "unpinned/report.json",
        "--html",
        "unpinned/report.html",
    ])
    .expect(22);
    place.write("out/0.jsonl", "{\"b\":1}\n{\"b\":9}\n");
    place
        .run(&["report", "model", "-o", "tampered", "--content", "."])
        .expect(20);
    assert_eq!(document(&place, "tampered/report.json")["verdict"], "tampered");
    place.write(
        "gap.yaml",
        "herdbook: 1\nruns:\n  - {name: retrain, does: train, inputs: [{use: tasks, as: data}, \
         {unresolved: 'questions <b>from</b> the wiki', as: seed}], outputs: [{name: other, kind: model, content: none}]}\n",
    );
    place.run(&["register", "gap.yaml"]).expect(0);
    place.run(&["report", "other", "-o", "gap"]).expect(21);
    let page = fs::read_to_string(place.at("gap/report.html")).unwrap();
    assert!(page.contains("questions &lt;b&gt;from&lt;") && !page.contains("<b>"));
    place
        .run(&["verify-report", "gap/report.json", "--html", "gap/report.html"])
        .expect(21);
    place
        .run(&["report", "nothing-of-that-name", "-o", "none"])
        .expect(1);
    assert!(!place.at("none").exists());
}

#[test]
fn a_report_with_files_is_judged_again_with_them() {
    let place = Place::with_pipeline();
    place
        .run(&["report", "model", "-o", "a", "--content", "."])
        .expect(0);
    assert_eq!(document(&place, "a/report.json")["assurance"], "full");
    let without = place
        .run(&["verify-report", "a/report.json", "--json"])
        .expect(22)
        .json();
    assert_eq!(checks(&without)["judged_again"], "not_checked");
    // What is missing comes first, with what to type.
    let told = place.run(&["verify-report", "a/report.json"]).expect(22);
    let second = told.out.lines().nth(1).unwrap();
    assert!(
        second.contains("give --content DIR") && second.contains("--signer KEYID"),
        "{told:#?}"
    );
    assert!(!told.out.contains("--trust-root"), "{told:#?}");
    let with = ["verify-report", "a/report.json", "--content", ".", "--json"];
    assert_eq!(checks(&place.run(&with).expect(0).json())["judged_again"], "ok");
    place.write("weights.bin", "others!");
    assert_eq!(
        checks(&place.run(&with).expect(20).json())["judged_again"],
        "failed"
    );
    // More files than it was made with: that is no lie of the report.
    place.write("weights.bin", "weights");
    place.write("part/out/0.jsonl", "{\"b\":1}\n{\"b\":2}\n");
    place
        .run(&["report", "model", "-o", "b", "--content", "part"])
        .expect(22);
    let fuller = ["verify-report", "b/report.json", "--content", ".", "--json"];
    assert_eq!(
        checks(&place.run(&fuller).expect(22).json())["judged_again"],
        "not_checked"
    );
}

#[test]
fn a_report_holds_as_of_its_own_checkpoint() {
    let place = Place::with_pipeline();
    place.run(&["report", "model", "-o", "a"]).expect(0);
    place.write("more.txt", "x");
    place.write(
        "more.yaml",
        "herdbook: 1\nsources: [{name: more, personal_data: no, files: more.txt}]\n",
    );
    place.run(&["register", "more.yaml"]).expect(0);
    let answer = place
        .run(&["verify-report", "a/report.json", "--json"])
        .expect(0)
        .json();
    assert_eq!(checks(&answer)["judged_again"], "ok");
    place.run(&["report", "model", "-o", "b"]).expect(0);
    assert_ne!(
        fs::read(place.at("a/report.json")).unwrap(),
        fs::read(place.at("b/report.json")).unwrap()
    );
}

#[test]
fn nothing_false_gets_past_the_check() {
    let place = Place::with_pipeline();
    place.run(&["report", "model", "-o", "a"]).expect(0);
    let honest = fs::read(place.at("a/report.json")).unwrap();
    let page = fs::read_to_string(place.at("a/report.html")).unwrap();
    place.write("a/report.html", page.replace("pinned", "witnessed"));
    let check = [
        "verify-report",
        "a/report.json",
        "--html",
        "a/report.html",
        "--json",
    ];
    assert_eq!(checks(&place.run(&check).expect(20).json())["page"], "failed");
    // The page beside the report is checked without being named; what is written anew is right.
    place
        .run(&["verify-report", "a/report.json", "--write-html", "again.html"])
        .expect(20);
    assert_eq!(fs::read_to_string(place.at("again.html")).unwrap(), page);
    place.write("a/report.html", &page);
    // Lies that are signed well: only judging again, or the log key, can tell.
    for (from, to, failing) in [
        (
            "\"said_by\":\"stated\"",
            "\"said_by\":\"vouched\"",
            "judged_again",
        ),
        (
            "100 % to 1 external model",
            "0 % to 1 external model",
            "judged_again",
        ),
        ("\"name\":\"teacher\"", "\"name\":\"people\"", "judged_again"),
        // The title of the report itself: what it is about follows from the ledger.
        (
            "\"name\":\"model\",\"program\"",
            "\"name\":\"other\",\"program\"",
            "judged_again",
        ),
        ("\"size\":7", "\"size\":6", "checkpoint"),
        ("\\n7\\n", "\\n6\\n", "checkpoint"),
    ] {
        place.write("a/report.json", &honest);
        lie(&place, "a/report.json", from, to);
        let told = place
            .run(&["verify-report", "a/report.json", "--json"])
            .expect(20)
            .json();
        assert_eq!(told["result"], "false");
        assert_eq!(checks(&told)[failing], "failed", "{from}: {told}");
    }
    place.write("a/report.json", &honest);
    let (wrong, right) = (
        "0".repeat(64),
        document(&place, "a/report.json")["signer"]["keyid"].clone(),
    );
    place
        .run(&["verify-report", "a/report.json", "--signer", &wrong])
        .expect(20);
    place
        .run(&[
            "verify-report",
            "a/report.json",
            "--signer",
            right.as_str().unwrap(),
        ])
        .expect(0);
    // A byte of the signature, then no report at all.
    let text = String::from_utf8(honest).unwrap();
    let (head, tail) = text.split_once("\"sig\":\"").unwrap();
    let other = if tail.starts_with('A') { "B" } else { "A" };
    place.write("a/report.json", format!("{head}\"sig\":\"{other}{}", &tail[1..]));
    place.run(&["verify-report", "a/report.json"]).expect(20);
    place.write("a/report.json", "{}");
    place.run(&["verify-report", "a/report.json"]).expect(1);
}

/// Another version of the program may make another page of the same report: that is no lie of whoever hands it over.
#[test]
fn the_page_of_another_version_is_not_called_false() {
    let place = Place::with_pipeline();
    place.run(&["report", "model", "-o", "a"]).expect(0);
    let page = fs::read_to_string(place.at("a/report.html")).unwrap();
    place.write("a/report.html", page.replace("<h1>", "<h1 class=\"old\">"));
    let check = ["verify-report", "a/report.json", "--json"];
    assert_eq!(checks(&place.run(&check).expect(20).json())["page"], "failed");
    let version = format!("\"version\":\"{}\"", env!("CARGO_PKG_VERSION"));
    lie(&place, "a/report.json", &version, "\"version\":\"0.0.0-other\"");
    let told = place.run(&check).expect(0).json();
    assert_eq!(checks(&told)["page"], "not_checked");
    assert!(told.to_string().contains("made by version 0.0.0-other"), "{told}");
}

#[test]
fn a_report_on_another_ledger_is_told_by_the_trust_root() {
    let (place, other) = (Place::with_pipeline(), Place::with_pipeline());
    place.run(&["report", "model", "-o", "a"]).expect(0);
    other.run(&["key", "trust-root", "-o", "root.json"]).expect(0);
    let theirs = other.at("root.json").display().to_string();
    let path = place.at("a/report.json").display().to_string();
    place
        .run(&["verify-report", "a/report.json", "--trust-root", &theirs])
        .expect(20);
    // Under another ledger, with no pin and nothing else: what could not be checked is said.
    let elsewhere = Place::new();
    let answer = elsewhere
        .run(&["verify-report", &path, "--json"])
        .expect(22)
        .json();
    let expected = [
        ("checkpoint", "not_checked"),
        ("judged_again", "not_checked"),
        ("page", "ok"),
        ("signature", "ok"),
    ];
    assert_eq!(checks(&answer), BTreeMap::from(expected));
    assert_eq!(answer["result"], "undecided");
    // Anybody can sign anything about a checkpoint of the right ledger; the signer that is expected cannot.
    place.run(&["key", "trust-root", "-o", "root.json"]).expect(0);
    let root = place.at("root.json").display().to_string();
    let signer = answer["signer"].as_str().unwrap();
    let rooted = ["verify-report", &path, "--trust-root", &root];
    elsewhere.run(&rooted).expect(22);
    elsewhere
        .run(&[&rooted[..], &["--signer", signer]].concat())
        .expect(0);
}

#[test]
fn a_registered_report_is_an_entry_and_counts_for_nothing() {
    let place = Place::with_pipeline();
    let report = ["report", "model", "-o", "a", "--register", "--json"];
    let first = place.run(&report).expect(0).json();
    assert_eq!(first["registered"]["already_present"], false);
    let size = place.size();
    let again = place.run(&report).expect(0).json();
    assert_eq!(again["registered"]["already_present"], true);
    assert_eq!(again["registered"]["id"], first["registered"]["id"]);
    assert_eq!((place.size(), &again["files"]), (size, &first["files"]));
    // Another folder: the checkpoint moved, so this is another report.
    let later = place
        .run(&["report", "model", "-o", "b", "--json"])
        .expect(0)
        .json();
    assert_ne!(later["files"], first["files"]);
    assert_eq!(later["line"], first["line"]);
    place
        .run(&["verify-report", "a/report.json", "--html", "a/report.html"])
        .expect(0);
    place.run(&["verify", "model"]).expect(0);
    place.run(&["fsck"]).expect(0);
    // What stands there and is not what this command makes is not registered.
    place.run(&["report", "tasks", "-o", "a", "--register"]).expect(1);
    assert_eq!(place.size(), size);
}

/// What a later entry takes back, an older report does not keep up.
#[test]
fn a_report_that_later_entries_contradict_is_outdated() {
    let place = Place::with_pipeline();
    place.run(&["report", "model", "-o", "old"]).expect(0);
    place.write(
        "rival.yaml",
        "herdbook: 1\nruns:\n  - {name: other-story, does: generate, inputs: [{unresolved: another model, as: generator}], \
         outputs: [{name: tasks2, kind: shard, files: 'out/*.jsonl'}]}\n",
    );
    place.run(&["register", "rival.yaml"]).expect(0);
    place.run(&["verify", "model"]).expect(21);
    let told = place.run(&["verify-report", "old/report.json"]).expect(21);
    assert!(
        told.out.starts_with("the report is outdated") && told.out.contains("says not_traced"),
        "{told:#?}"
    );
    let json = place
        .run(&["verify-report", "old/report.json", "--json"])
        .expect(21)
        .json();
    assert_eq!(json["result"], "outdated");
}
