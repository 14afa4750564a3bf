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

/// The longest seed of which every byte is changed.
const SEED_BYTES: usize = 1_500;

/// In how many places a longer one is changed.
const PLACES: usize = 30;

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

/// The smallest seed that a target accepts, with one byte more, less, or other: what is nearly right is what a fuzzer
/// hardly meets by chance.
#[test]
fn what_differs_in_one_byte_is_tried() {
    for target in TARGETS {
        let accepted = seeds_of(target)
            .into_iter()
            .filter(|(_, bytes)| (target.run)(bytes));
        let (_, seed) = accepted.min_by_key(|(_, bytes)| bytes.len()).unwrap();
        // Of a long one not every place is tried.
        let step = if seed.len() > SEED_BYTES {
            seed.len() / PLACES
        } else {
            1
        };
        for at in (0..seed.len()).step_by(step) {
            for byte in *b" \n\t0\"\x00" {
                let mut longer = seed.clone();
                longer.insert(at, byte);
                (target.run)(&longer);
            }
            for bit in [0x01, 0x20, 0x80] {
                let mut other = seed.clone();
                other[at] ^= bit;
                (target.run)(&other);
            }
            let mut shorter = seed.clone();
            shorter.remove(at);
            (target.run)(&shorter);
        }
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
