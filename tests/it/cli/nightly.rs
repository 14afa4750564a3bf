//! A nightly pipeline: one lineage file, registered thirty times.

use std::fs;
use std::process::Command;

use super::pipelines::compare;
use super::pipelines::page;
use super::pipelines::root;
use super::pipelines::told;
use super::support::Place;
use super::support::Ran;
use super::support::ran;

/// A folder with the files and the ledger of the nightly pipeline, before its first night.
fn before_the_first_night() -> Place {
    let place = Place::with_ledger();
    for entry in fs::read_dir(root().join("fixtures/pipelines/nightly")).unwrap() {
        let path = entry.unwrap().path();
        place.write(
            path.file_name().unwrap().to_str().unwrap(),
            fs::read(&path).unwrap(),
        );
    }
    place.write("pool/2026-05-31.jsonl", "{\"ask\": \"a\"}\n{\"ask\": \"b\"}\n");
    place
        .run(&["register", "start.yaml", "--set", "day=2026-05-31"])
        .expect(0);
    place
}

fn make(place: &Place, day: &str, before: &str) {
    let made = Command::new("sh")
        .args(["night.sh", day, before])
        .current_dir(place.path())
        .output();
    ran(made.unwrap()).expect(0);
}

fn night(place: &Place, day: &str, before: &str) -> Ran {
    make(place, day, before);
    let (day, before) = (format!("day={day}"), format!("before={before}"));
    place
        .run(&[
            "register",
            "lineage.yaml",
            "--set",
            &day,
            "--set",
            &before,
            "--json",
        ])
        .expect(0)
}

#[test]
fn thirty_nights_stay_small_and_unambiguous() {
    let place = before_the_first_night();
    let mut before = "2026-05-31".to_owned();
    for number in 1..=30 {
        let day = format!("2026-06-{number:02}");
        let size = place.size();
        let appended = night(&place, &day, &before).json()["appended"].as_u64().unwrap();
        // Five of the night, and on the first the two models, the prompt and the rule; a seal ends each commit.
        assert_eq!(appended, if number == 1 { 9 } else { 5 }, "{day}");
        assert_eq!(place.size(), size + appended + 1, "{day}");
        before = day;
    }
    assert_eq!(night(&place, "2026-06-30", "2026-06-29").json()["appended"], 0);
    // A night whose own night before is not there is refused whole.
    let size = place.size();
    let lost = [
        "register",
        "lineage.yaml",
        "--set",
        "day=2026-06-30",
        "--set",
        "before=2026-05-30",
    ];
    place.run(&lost).expect(1);
    assert_eq!(place.size(), size);
    for (week, day) in ["2026-06-07", "2026-06-14", "2026-06-21", "2026-06-28"]
        .iter()
        .enumerate()
    {
        place.write(
            &format!("weekly/{day}/weights.bin"),
            format!("weights of the week of {day}"),
        );
        let set = format!("day={day}");
        let ran = place.run(&["register", "weekly.yaml", "--set", &set]);
        if week > 0 {
            // Another file under a known name is a version only if somebody says so.
            let said = ran.expect(1).err;
            assert!(said.contains("`--new-version`"), "{said}");
            place
                .run(&["register", "weekly.yaml", "--set", &set, "--new-version"])
                .expect(0);
        }
    }
    let json = place.run(&["list", "--json"]).expect(0).json();
    for item in json["items"].as_array().unwrap() {
        let weekly = item["name"].as_str().unwrap().contains("weekly");
        assert_eq!(item["versions"], if weekly { 4 } else { 1 }, "{item}");
    }
    let several = place.run(&["verify", "assistant-weekly"]).expect(1).err;
    assert!(several.contains("has 4 versions"), "{several}");
    place.run(&["verify", "assistant-weekly@latest"]).expect(0);
    compare(&place, &told(&page("nightly"), "checked"), None);
    // Bytes that decide, without the tiles that are derived from them.
    let commits = fs::read_dir(place.at(".herdbook/commit")).unwrap();
    let bytes: u64 = commits
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum();
    assert!(bytes < 36 * 4096, "{bytes} bytes of commits");
}

/// Refused until somebody says that it is a new version, and then used.
#[test]
fn another_prompt_on_another_night_is_noticed() {
    let place = before_the_first_night();
    night(&place, "2026-06-01", "2026-05-31");
    place.write("prompt.txt", "Answer in two sentences.\n");
    make(&place, "2026-06-02", "2026-06-01");
    let next = [
        "register",
        "lineage.yaml",
        "--set",
        "day=2026-06-02",
        "--set",
        "before=2026-06-01",
    ];
    let said = place.run(&next).expect(1).err;
    assert!(
        said.contains("`answer-prompt`: was registered as answer-prompt@"),
        "{said}"
    );
    let size = place.size();
    place.run(&[&next[..], &["--new-version"]].concat()).expect(0);
    assert_eq!(
        place.size(),
        size + 7,
        "five of the night, the prompt, and the seal"
    );
}
