//! The process is killed at random moments of a bulk register; the same command finishes what it began.

use std::fmt::Write as _;
use std::hash::BuildHasher as _;
use std::hash::RandomState;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;

use super::support::Place;

/// What is registered, and how often that is killed.
struct Bulk {
    kills: u64,
    /// How many statements, each with a file that the ledger holds.
    items: usize,
    /// How long the texts of a statement are, in bytes.
    padding: usize,
    /// How many commits that makes beside the first.
    commits: u64,
}

/// Most of the time goes into writing files: blobs, the slot, tiles, the checkpoint.
const MANY_FILES: Bulk = Bulk {
    kills: 16,
    items: 150,
    padding: 100,
    commits: 1,
};

/// More than one commit holds, so that a kill may leave the first of two.
const TWO_COMMITS: Bulk = Bulk {
    kills: 4,
    items: 560,
    padding: 23_000,
    commits: 2,
};

impl Bulk {
    fn write(&self, place: &Place) {
        let mut text = String::from("{\"herdbook\": 1, \"filters\": [\n");
        for item in 0..self.items {
            let comma = if item == 0 { "" } else { ",\n" };
            let padding = "word ".repeat(self.padding / 20);
            write!(
                text,
                "{comma}{{\"name\": \"f{item}\", \"rule\": \"other\", \"files\": \"code/{item}.py\", \"params\": \
                 {{\"a\": \"{padding}a\", \"b\": \"{padding}b\", \"c\": \"{padding}c\", \"d\": \"{padding}d\"}}}}"
            )
            .unwrap();
            place.write(&format!("code/{item}.py"), format!("print({item})\n"));
        }
        text.push_str("\n]}\n");
        place.write("bulk.json", text);
    }

    fn run(&self) {
        let place = Place::with_ledger();
        self.write(&place);
        // Once undisturbed, to know how long it takes and what the whole of it is.
        copy(&place.at(".herdbook"), &place.at("whole"));
        let began = Instant::now();
        let whole = place
            .run(&["register", "bulk.json", "--ledger", "whole", "--json"])
            .expect(0)
            .json();
        let took = began.elapsed();
        assert_eq!(whole["appended"], self.items);
        let commits = std::fs::read_dir(place.at("whole/commit")).unwrap().count();
        assert_eq!(commits as u64, 1 + self.commits);
        let random = RandomState::new();
        for kill in 0..self.kills {
            let part = u32::try_from(random.hash_one(kill) % 1000).unwrap();
            self.kill_and_finish(&place, kill, took * part / 1000, &whole);
        }
    }

    fn kill_and_finish(&self, place: &Place, kill: u64, after: Duration, whole: &Value) {
        let ledger = format!("killed-{kill}");
        copy(&place.at(".herdbook"), &place.at(&ledger));
        place.forget();
        let mut child = place
            .command(&["register", "bulk.json", "--ledger", &ledger])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::park_timeout(after);
        child.kill().unwrap();
        child.wait().unwrap();
        let told = format!("killed after {after:?}");
        let left = place
            .run(&["fsck", "--ledger", &ledger, "--json"])
            .expect(0)
            .json();
        println!(
            "{told}: {} entries, {} blobs, {} findings",
            left["entries"],
            left["blobs"],
            left["findings"].as_array().map_or(0, Vec::len)
        );
        let done = place
            .run(&["register", "bulk.json", "--ledger", &ledger, "--json"])
            .expect(0)
            .json();
        let all = done["appended"].as_u64().unwrap() + done["already_present"].as_u64().unwrap();
        assert_eq!(all, self.items as u64, "{told}");
        let ids = |json: &Value| -> Vec<Value> {
            let nodes = json["nodes"].as_array().unwrap();
            nodes.iter().map(|node| node["id"].clone()).collect()
        };
        assert_eq!(ids(&done), ids(whole), "{told}");
        let fsck = place
            .run(&["fsck", "--ledger", &ledger, "--json"])
            .expect(0)
            .json();
        assert_eq!(fsck["clean"], true, "{told}: {fsck:#}");
        // Genesis, its seal, the items, and a seal for each commit.
        let entries = 2 + self.items as u64 + self.commits;
        assert_eq!(fsck["entries"], entries, "{told}: {left:#} {fsck:#}");
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn a_register_killed_among_many_files_is_finished_by_the_same_command() {
    MANY_FILES.run();
}

#[test]
fn a_register_killed_between_commits_is_finished_by_the_same_command() {
    TWO_COMMITS.run();
}
