//! The process is killed at random moments of a bulk register; the same command finishes what it began.

use std::fmt::Write as _;
use std::hash::BuildHasher as _;
use std::hash::RandomState;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use std::time::Instant;

use super::support::Place;

const KILLS: u64 = 20;

/// Enough statements for two commits, each with a blob.
const ITEMS: usize = 560;

/// Texts that make a statement about 32 kB long.
fn bulk(place: &Place) {
    let mut text = String::from("{\"herdbook\": 1, \"filters\": [\n");
    for item in 0..ITEMS {
        let padding: Vec<String> = (0..4)
            .map(|param| format!("\"p{param}\": \"{}\"", format!("{item}-{param} ").repeat(1000)))
            .collect();
        let comma = if item == 0 { "" } else { ",\n" };
        write!(
            text,
            "{comma}{{\"name\": \"f{item}\", \"rule\": \"other\", \"files\": \"code/{}.py\", \"params\": {{{}}}}}",
            item % 50,
            padding.join(", ")
        )
        .unwrap();
    }
    text.push_str("\n]}\n");
    place.write("bulk.json", text);
    for code in 0..50 {
        place.write(&format!("code/{code}.py"), format!("print({code})\n"));
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
fn a_killed_register_is_finished_by_the_same_command() {
    let place = Place::with_ledger();
    bulk(&place);
    // Once undisturbed, to know how long it takes and what the whole of it is.
    copy(&place.at(".herdbook"), &place.at("whole"));
    let began = Instant::now();
    let whole = place
        .run(&["register", "bulk.json", "--ledger", "whole", "--json"])
        .expect(0)
        .json();
    let took = began.elapsed();
    assert_eq!(whole["appended"], ITEMS);
    assert!(
        place.at("whole/commit/00000000000000000002").is_file(),
        "the register has two commits"
    );
    let random = RandomState::new();
    for kill in 0..KILLS {
        let ledger = format!("killed-{kill}");
        copy(&place.at(".herdbook"), &place.at(&ledger));
        let part = u32::try_from(random.hash_one(kill) % 1000).unwrap();
        let after: Duration = took * part / 1000;
        let mut child = place
            .command(&["register", "bulk.json", "--ledger", &ledger])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::park_timeout(after);
        child.kill().unwrap();
        child.wait().unwrap();
        let told = format!("killed after {after:?} of {took:?}");
        let done = place
            .run(&["register", "bulk.json", "--ledger", &ledger, "--json"])
            .expect(0)
            .json();
        let appended = done["appended"].as_u64().unwrap() + done["already_present"].as_u64().unwrap();
        assert_eq!(appended, ITEMS as u64, "{told}");
        assert_eq!(done["nodes"], whole["nodes"], "{told}");
        let fsck = place
            .run(&["fsck", "--ledger", &ledger, "--json"])
            .expect(0)
            .json();
        assert_eq!(fsck["clean"], true, "{told}: {fsck:#}");
        let listed = place
            .run(&["list", "--ledger", &ledger, "--json"])
            .expect(0)
            .json();
        assert_eq!(listed["items"].as_array().unwrap().len(), ITEMS, "{told}");
        std::fs::remove_dir_all(place.at(&ledger)).unwrap();
    }
}
