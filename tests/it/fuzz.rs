//! What the fuzzer tries, tried with all its seeds: `fixtures/fuzz/TARGET/` has some that are accepted, some that are not, and
//! every input that once broke something.

#[path = "../fuzz/targets/mod.rs"]
mod targets;

mod seeds;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use targets::TARGETS;
use targets::Target;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/fuzz")
}

fn seeds_of(target: &Target) -> Vec<(String, Vec<u8>)> {
    let files = fs::read_dir(folder().join(target.name)).unwrap();
    let mut seeds: Vec<_> = files
        .map(|file| {
            let path = file.unwrap().path();
            (path.display().to_string(), fs::read(&path).unwrap())
        })
        .collect();
    seeds.sort();
    seeds
}

#[expect(
    clippy::disallowed_methods,
    reason = "whether seeds are written anew is for whoever runs the tests"
)]
fn are_seeds_written() -> bool {
    std::env::var("HERDBOOK_WRITE_SEEDS").is_ok()
}

/// A target that accepts nothing would be tried in vain: then the format has changed, and so must the seeds.
#[test]
fn seeds_are_replayed() {
    if are_seeds_written() {
        for (target, name, bytes) in seeds::seeds() {
            let folder = folder().join(target);
            fs::create_dir_all(&folder).unwrap();
            fs::write(folder.join(name), bytes).unwrap();
        }
    }
    for target in TARGETS {
        let seeds = seeds_of(target);
        let accepted = seeds.iter().filter(|(path, bytes)| {
            println!("{path}");
            (target.run)(bytes)
        });
        let accepted = accepted.count();
        assert!(
            0 < accepted && accepted < seeds.len(),
            "{}: {accepted} of {} seeds are accepted; HERDBOOK_WRITE_SEEDS=1 cargo test --test it fuzz makes them anew",
            target.name,
            seeds.len()
        );
    }
}

#[test]
fn every_target_has_seeds_and_every_seed_a_target() {
    let folders = fs::read_dir(folder()).unwrap();
    let folders: BTreeSet<_> = folders
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let targets: BTreeSet<_> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    assert_eq!(folders, targets);
}
