//! Two processes append and eight read, all at once; every answer is that of the log at the checkpoint it names.
//!
//! A few seconds in `cargo test`; `HERDBOOK_SOAK_SECONDS=60` makes it a minute.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use serde_json::Value;

use super::support::Place;

const READERS: usize = 8;
const APPENDERS: usize = 2;

/// One answer of a reader.
struct Seen {
    size: u64,
    /// The names that `list` printed; nothing of another question.
    names: Option<BTreeSet<String>>,
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long to try is for whoever runs the tests"
)]
fn how_long() -> Duration {
    let wanted = std::env::var("HERDBOOK_SOAK_SECONDS").ok();
    Duration::from_secs(wanted.and_then(|text| text.parse().ok()).unwrap_or(3))
}

/// Registers one night after the other until it is told to stop; returns how many there were.
fn append(place: &Place, appender: usize, stop: &AtomicBool) -> u64 {
    let mut nights = 0;
    while !stop.load(Ordering::Relaxed) {
        let file = format!("night-{appender}.json");
        let shard = format!("shard-{appender}-{nights}.jsonl");
        place.write(&shard, format!("{{\"a\":\"{appender} {nights}\"}}\n"));
        place.write(
            &file,
            format!(
                "{{\"herdbook\": 1, \"sources\": [{{\"name\": \"night-{appender}-{nights}\", \"files\": \"{shard}\", \
                 \"made_by\": \"human\", \"acquired_by\": \"own_production\", \"personal_data\": \"no\"}}]}}"
            ),
        );
        let answer = place
            .run(&["register", &file, "--json", "--lock-wait", "600"])
            .expect(0)
            .json();
        assert_eq!(answer["appended"], 1, "{answer}");
        nights += 1;
    }
    nights
}

/// Asks one question after the other until it is told to stop.
fn read(place: &Place, reader: usize, stop: &AtomicBool) -> Vec<Seen> {
    let mut seen = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        seen.push(match (seen.len() + reader) % 3 {
            0 => {
                let answer = place.run(&["list", "--json"]).expect(0).json();
                Seen {
                    size: size(&answer),
                    names: Some(entries(&answer).into_keys().collect()),
                }
            }
            1 => {
                let answer = place.run(&["trace", "model", "--json"]).expect(0).json();
                assert_eq!(answer["nodes"].as_array().unwrap().len(), 7, "{answer}");
                Seen {
                    size: size(&answer),
                    names: None,
                }
            }
            _ => {
                let answer = place.run(&["verify", "model", "--json"]).expect(0).json();
                let verdict = if answer["verdict"].is_null() {
                    &answer["verdicts"][0]
                } else {
                    &answer
                };
                assert_eq!(verdict["verdict"], "traced", "{answer}");
                Seen {
                    size: size(verdict),
                    names: None,
                }
            }
        });
    }
    seen
}

fn size(answer: &Value) -> u64 {
    answer["checkpoint"]["size"]
        .as_u64()
        .unwrap_or_else(|| panic!("{answer}"))
}

/// Returns the items of `list --json` and their entries.
fn entries(answer: &Value) -> BTreeMap<String, u64> {
    let items = answer["items"].as_array().unwrap().iter();
    items
        .map(|item| {
            (
                item["name"].as_str().unwrap().to_owned(),
                item["entry"].as_u64().unwrap(),
            )
        })
        .collect()
}

#[test]
fn every_answer_is_that_of_its_checkpoint() {
    let place = Place::with_pipeline();
    let first = place.size();
    let stop = AtomicBool::new(false);
    let began = Instant::now();
    let (nights, seen) = std::thread::scope(|scope| {
        let (place, stop) = (&place, &stop);
        let appenders: Vec<_> = (0..APPENDERS)
            .map(|appender| scope.spawn(move || append(place, appender, stop)))
            .collect();
        let readers: Vec<_> = (0..READERS)
            .map(|reader| scope.spawn(move || read(place, reader, stop)))
            .collect();
        // The main thread looks for damage, until the time is up: there is none.
        while began.elapsed() < how_long() {
            place.run(&["fsck"]).expect(0);
        }
        stop.store(true, Ordering::Relaxed);
        let nights: u64 = appenders.into_iter().map(|one| one.join().unwrap()).sum();
        let seen: Vec<Seen> = readers.into_iter().flat_map(|one| one.join().unwrap()).collect();
        (nights, seen)
    });

    let last = place.run(&["list", "--json"]).expect(0).json();
    let entries = entries(&last);
    let night_count = entries.keys().filter(|name| name.starts_with("night-")).count();
    assert_eq!(night_count as u64, nights, "every night is there, and once");
    assert_eq!(size(&last), first + 2 * nights, "each with its seal");
    let commits = std::fs::read_dir(place.at(".herdbook/commit")).unwrap().count();
    assert_eq!(commits as u64, 2 + nights);
    for answer in &seen {
        let beyond = answer.size.checked_sub(first);
        assert!(
            beyond.is_some_and(|entries| entries.is_multiple_of(2)),
            "the end of a commit"
        );
        if let Some(names) = &answer.names {
            let expected = entries.iter().filter(|(_, entry)| **entry < answer.size);
            assert!(expected.map(|(name, _)| name).eq(names), "as of {}", answer.size);
        }
    }
    let sizes: BTreeSet<u64> = seen.iter().map(|answer| answer.size).collect();
    assert!(nights > 0 && sizes.len() > 1, "there was something to see");
    place.run(&["fsck"]).expect(0);
    println!(
        "{nights} nights by {APPENDERS} appenders, {} answers to {READERS} readers at {} sizes in {:.0?}",
        seen.len(),
        sizes.len(),
        began.elapsed()
    );
}
