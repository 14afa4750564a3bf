//! The Alpaca family as it happened, from facts and digests; and its real files, where they are at hand.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use super::support::Place;
use super::support::failing;
use super::support::names;

fn fixture(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/alpaca")
        .join(name);
    path.to_str().unwrap().to_owned()
}

/// The projects' own files, which are not part of this repository.
fn data() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/alpaca-family/stanford_alpaca");
    if !folder.is_dir() {
        println!("absent, not checked: {}", folder.display());
        return None;
    }
    Some(folder)
}

fn registered() -> Place {
    let place = Place::with_ledger();
    place.run(&["register", &fixture("lineage.yaml")]).expect(0);
    place
}

#[test]
fn alpaca_is_all_external_models_behind_declared_seeds() {
    let place = registered();
    for (model, base) in [("alpaca-7b", "llama-7b"), ("alpaca-13b", "llama-13b")] {
        let verdict = place.run(&["verify", model]).expect(0).out;
        let line = "traced: 0 % to declared sources, 100 % to 2 external models whose own data is not known here; \
                    all seeds and prompts declared; records only: 0 of 2 files opened; pinned\n";
        assert!(verdict.starts_with(line), "{verdict}");
        let json = place.run(&["verify", model, "--json"]).expect(0).json();
        let mut models: Vec<_> = json["external_models"]
            .as_array()
            .unwrap()
            .iter()
            .map(|model| model["name"].as_str().unwrap())
            .collect();
        models.sort_unstable();
        assert_eq!(models, [base, "text-davinci-003"]);
        let foreign = "git-blob-sha1 3779ddbc040543ab1834ef216c983d6fcc06cc9a";
        assert!(verdict.contains(foreign), "{verdict}");
    }
    place.run(&["verify", "code-alpaca-2k"]).expect(0);
    place.run(&["verify", "tutorial-5k"]).expect(0);
}

#[test]
fn seeds_that_nobody_declared_are_found_down_the_whole_path() {
    let place = Place::with_ledger();
    place
        .run(&["register", &fixture("seeds-unresolved.yaml")])
        .expect(0);
    let json = place.run(&["verify", "alpaca-7b", "--json"]).expect(21).json();
    assert_eq!(failing(&json), ["unresolved_input"]);
    let path = [
        "alpaca-7b",
        "train-alpaca-7b",
        "alpaca-52k",
        "generate-alpaca",
        "175 seed tasks of unknown origin",
    ];
    assert_eq!(names(&json["findings"][0]["path"]), path);
    let text = place.run(&["verify", "alpaca-7b"]).expect(21).out;
    let line = text.lines().find(|line| line.starts_with("  path ")).unwrap();
    let told: Vec<&str> = line["  path   ".len()..]
        .split(" -> ")
        .map(|step| step.split(" (").next().unwrap())
        .collect();
    assert_eq!(told[..4], path[..4]);
    assert_eq!(told[4], format!("\"{}\"", path[4]));
}

#[test]
fn the_real_extract_is_recognised_and_one_changed_byte_is_not() {
    let Some(data) = data() else { return };
    let place = registered();
    let real = data.join("alpaca_5000.json");
    let found = place.run(&["verify", real.to_str().unwrap()]).expect(0).out;
    assert!(found.contains("registered as alpaca-5000\n"), "{found}");
    let unknown = data.join("README.md");
    let stranger = place.run(&["verify", unknown.to_str().unwrap()]).expect(21).out;
    assert!(stranger.contains("fails not_registered: "), "{stranger}");
    let whole = place
        .run(&["verify", "tutorial-5k", "--content", data.to_str().unwrap()])
        .expect(0)
        .out;
    assert!(whole.contains("3 of 3 files opened"), "{whole}");
    let mut bytes = fs::read(&real).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    place.write("copy/alpaca_5000.json", &bytes);
    let changed = place
        .run(&["verify", "tutorial-5k", "--content", "copy"])
        .expect(20)
        .out;
    let expected = "fc1add24c93c9fbbe585a64a6c9bf6165eb110225f4470efbff382a913558ec0";
    let found = herdbook::digest::Sha256Digest::of(&bytes);
    let told = format!("copy/alpaca_5000.json: expected sha256 {expected}, found {found}; ");
    assert!(changed.contains(&told), "{changed}");
    assert!(changed.starts_with("tampered: "), "{changed}");
}
