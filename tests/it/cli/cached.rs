//! The hash cache: `register` believes it, nothing else does.

use std::fs;

use herdbook::digest::Digests;
use herdbook::ledger::hash::FileStamp;
use herdbook::ledger::hash::HashCache;
use herdbook::ledger::hash::HashedFile;
use herdbook::ledger::hash::RowRoots;

use super::support::Place;
use super::support::failing;

/// Puts a record into the cache, with the user's own secret, that says a file has other bytes.
fn lie_about(place: &Place, file: &str, content: &[u8]) {
    let secret = fs::read(place.at("home/hash-cache.key")).unwrap();
    let cache = HashCache::open(
        &place.at("home/cache/hashes"),
        secret.try_into().unwrap(),
        i128::MAX,
    );
    let path = place.at(file);
    let stamp = FileStamp::of_path(&path).unwrap();
    let digests = Digests {
        bytes: stamp.bytes,
        ..Digests::of(content)
    };
    let hashed = HashedFile {
        path,
        digests,
        rows: Some(1),
        row_roots: RowRoots::default(),
        stamp,
    };
    cache.unwrap().keep([&hashed]).unwrap();
}

fn sha256(place: &Place, node: &str) -> String {
    let shown = place.run(&["show", node, "--json"]).expect(0).json();
    let digest = &shown["statements"][0]["statement"]["subject"][0]["digest"]["sha256"];
    digest.as_str().unwrap().to_owned()
}

#[test]
fn only_register_uses_it() {
    let place = Place::with_ledger();
    place.write_pipeline();
    // Makes the secret; files this young are not kept.
    place.run(&["register", "lineage.yaml", "--dry-run"]).expect(0);
    assert!(!place.at("home/cache/hashes").exists());
    let right = fs::read(place.at("seeds.jsonl")).unwrap();
    lie_about(&place, "seeds.jsonl", b"other bytes");
    place.run(&["register", "lineage.yaml"]).expect(0);
    let false_one = Digests::of(b"other bytes").sha256.to_hex();
    assert_eq!(
        sha256(&place, "seeds"),
        false_one,
        "register took it from the cache"
    );
    // Whoever judges reads the bytes, and is not deceived.
    let judged = place
        .run(&["verify", "model", "--content", ".", "--json"])
        .expect(20)
        .json();
    assert_eq!(failing(&judged), ["content_differs"]);
    place.run(&["verify", "seeds.jsonl"]).expect(21);
    let records = place.run(&["hash", "seeds.jsonl", "-o", "-"]).expect(0);
    assert!(records.out.contains(&Digests::of(&right).sha256.to_hex()));
    let anew = place
        .run(&["register", "lineage.yaml", "--no-cache", "--dry-run"])
        .expect(1);
    assert!(anew.err.contains(&false_one), "{anew:#?}");
}

#[test]
fn a_cache_that_cannot_be_used_is_told_and_changes_nothing() {
    let place = Place::with_ledger();
    place.write_pipeline();
    place.write("home/hash-cache.key", "short");
    let told = place.run(&["register", "lineage.yaml"]).expect(0);
    assert!(told.err.contains("The hash cache is not used"), "{told:#?}");
    place.run(&["verify", "model", "--content", "."]).expect(0);
}
