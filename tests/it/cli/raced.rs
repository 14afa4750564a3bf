//! Real processes that append at once while somebody keeps removing what keeps them apart: lock, hint, checkpoint.

use std::fs;
use std::process::Stdio;

use super::support::Place;
use super::support::ran;

const ROUNDS: usize = 12;
const PROCESSES: usize = 3;

/// A lineage file of one item, and a file that takes a while to be read.
fn write(place: &Place, name: &str) -> String {
    place.write(
        &format!("{name}.jsonl"),
        format!("{{\"a\":\"{name}\"}}\n").repeat(2_000),
    );
    let file = format!("{name}.json");
    place.write(
        &file,
        format!(
            "{{\"herdbook\": 1, \"sources\": [{{\"name\": \"{name}\", \"files\": \"{name}.jsonl\", \"made_by\": \"human\", \
             \"acquired_by\": \"own_production\", \"personal_data\": \"no\"}}]}}"
        ),
    );
    file
}

#[test]
fn what_is_acknowledged_stays_whoever_removes_the_lock() {
    let place = Place::with_pipeline();
    let mut acknowledged = Vec::new();
    let mut lost = Vec::new();
    for round in 0..ROUNDS {
        let names: Vec<String> = (0..PROCESSES)
            .map(|number| format!("s-{round}-{number}"))
            .collect();
        let children: Vec<_> = names
            .iter()
            .map(|name| {
                let file = write(&place, name);
                let mut command = place.command(&["register", &file, "--json", "--lock-wait", "60"]);
                command
                    .stdout(Stdio::piped())
                    .stderr(Stdio::piped())
                    .spawn()
                    .unwrap()
            })
            .collect();
        // As long as one of them is at work.
        let mut children: Vec<_> = children.into_iter().zip(&names).collect();
        while children
            .iter_mut()
            .any(|(child, _)| child.try_wait().unwrap().is_none())
        {
            for name in ["tmp/lock", "tmp/head"] {
                fs::remove_file(place.at(".herdbook").join(name)).unwrap_or_default();
            }
        }
        for (child, name) in children {
            let answer = ran(child.wait_with_output().unwrap());
            match answer.code {
                0 => acknowledged.push(name.clone()),
                11 => {
                    let said = answer.json();
                    assert_eq!(said["code"], "locked", "{said:#}");
                    let message = said["message"].as_str().unwrap();
                    let told = ["another appender wrote commit", "another process is appending"];
                    assert!(told.iter().any(|words| message.contains(words)), "{said:#}");
                    lost.push(format!("{name}.json"));
                }
                _ => panic!("{name}: {answer:#?}"),
            }
        }
    }
    // Who was not acknowledged says the same again.
    for file in &lost {
        place.run(&["register", file]).expect(0);
    }
    let listed = place.run(&["list", "--json"]).expect(0).json();
    let names: Vec<&str> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["name"].as_str().unwrap())
        .collect();
    for name in &acknowledged {
        assert_eq!(names.iter().filter(|found| *found == name).count(), 1, "{name}");
    }
    assert_eq!(acknowledged.len() + lost.len(), ROUNDS * PROCESSES);
    let verdict = place.run(&["verify", "model"]).expect(0);
    assert!(verdict.out.contains("traced"), "{verdict:#?}");
    place.run(&["fsck"]).expect(0);
    println!(
        "{} acknowledged, {} were told that another was faster",
        acknowledged.len(),
        lost.len()
    );
}
