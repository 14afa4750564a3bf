//! The worked examples of the format pages, reproduced from the pages themselves.

use std::sync::Arc;

use herdbook::checkpoint::{Checkpoint, LogKey, Signer};
use herdbook::digest::CommitHash;
use herdbook::log::{Commit, LockedLog};
use herdbook::merkle::tile::{encode_hashes, push_entry};
use herdbook::merkle::{Tile, TileLayer, TreeSize, leaf_hash, root};
use herdbook::sign::MemorySigner;
use herdbook::store::{MemoryStore, Store, StorePath};

use crate::log_support::{Gate, NO_WAIT};

fn page(name: &str) -> String {
    let path = format!("{}/docs/formats/{name}.md", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

/// Returns the first code block below the heading "### NAME".
fn block(page: &str, name: &str) -> String {
    let (_, rest) = page
        .split_once(&format!("### {name}\n"))
        .unwrap_or_else(|| panic!("no block {name}"));
    let (_, rest) = rest.split_once("```\n").unwrap();
    rest.split_once("```").unwrap().0.to_owned()
}

fn hex_block(page: &str, name: &str) -> Vec<u8> {
    hex::decode(block(page, name).split_whitespace().collect::<String>()).unwrap()
}

fn entries(page: &str) -> Vec<Vec<u8>> {
    block(page, "Entries")
        .lines()
        .map(|line| line.as_bytes().to_vec())
        .collect()
}

fn keys(page: &str) -> (Arc<MemorySigner>, LogKey) {
    let secret: [u8; 32] = hex_block(page, "Secret").try_into().unwrap();
    (
        Arc::new(MemorySigner::from_secret(secret)),
        LogKey::parse_vkey(block(page, "Verifier key").trim()).unwrap(),
    )
}

#[test]
fn the_slot_of_the_commit_page() {
    let page = page("commit-slot");
    let (signer, key) = keys(&page);
    assert_eq!(signer.public_key(), key.public_key().to_bytes());
    let slot = hex_block(&page, "Slot");
    let commit = Commit::decode(&slot, &key).unwrap();
    let found: Vec<Vec<u8>> = commit.entries().map(|(_, entry)| entry.to_vec()).collect();
    assert_eq!(found, entries(&page));
    let header = commit.header();
    assert_eq!(
        (header.number, header.size_before.get(), header.size_after.get()),
        (0, 0, 2)
    );
    assert_eq!(header.previous, CommitHash::from_bytes([0; 32]));
    assert_eq!(header.root.to_hex(), block(&page, "Root").trim());
    assert_eq!(commit.hash().to_hex(), block(&page, "Hash").trim());
    // The table of the page, field by field, is the slot.
    let mut table = Vec::new();
    for line in block(&page, "Fields").lines() {
        table.extend(hex::decode(line.split_whitespace().next().unwrap()).unwrap());
    }
    assert_eq!(table, slot[..122]);
    // Ed25519 is deterministic: the same key over the same bytes makes the last 64.
    let (before, signature) = slot.split_at(slot.len() - 64);
    assert_eq!(
        signer.sign(&[b"herdbook/commit/v1", before].concat()).unwrap(),
        signature
    );
    let again = Commit::encode(header, &entries(&page), &*signer).unwrap();
    assert_eq!(Commit::decode(&again, &key).unwrap().header(), header);
}

#[test]
fn the_log_of_the_tiles_page() {
    let page = page("tiles-and-checkpoint");
    let (signer, key) = keys(&page);
    let entries = entries(&page);
    let leaves: Vec<_> = entries.iter().map(|entry| leaf_hash(entry)).collect();
    let mut bundle = Vec::new();
    for entry in &entries {
        push_entry(&mut bundle, entry).unwrap();
    }
    assert_eq!(hex_block(&page, "tile/entries/000.p/3"), bundle);
    assert_eq!(hex_block(&page, "tile/0/000.p/3"), encode_hashes(&leaves));
    assert_eq!(block(&page, "Root").trim(), root(&leaves).to_hex());
    let note = block(&page, "checkpoint");
    let checkpoint = Checkpoint::open(note.as_bytes(), &key).unwrap();
    assert_eq!(
        (checkpoint.size, checkpoint.root),
        (TreeSize::new(3), root(&leaves))
    );
    assert_eq!(checkpoint.sign(&key, &*signer).unwrap(), note.as_bytes());
    // A ledger with these entries publishes exactly these three files.
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let locked = LockedLog::acquire(Arc::clone(&store), key, NO_WAIT).unwrap();
    locked
        .create(signer, &mut Gate::default(), &entries, [0; 16])
        .unwrap();
    let read = |path| store.read(&path, 1 << 20).unwrap().unwrap();
    assert_eq!(read(StorePath::Checkpoint), note.as_bytes());
    for layer in [TileLayer::Entries, TileLayer::Hashes { level: 0 }] {
        let tile = Tile::new(layer, 0, 3).unwrap();
        assert_eq!(read(StorePath::Tile(tile)), hex_block(&page, &tile.path()));
    }
}

/// The examples of the path table.
#[test]
fn the_paths_of_the_tiles_page() {
    let table = block(&page("tiles-and-checkpoint"), "Paths");
    let mut compared = 0;
    for line in table.lines() {
        let mut words = line.split_whitespace();
        let tile = Tile::parse(words.next().unwrap()).unwrap();
        let layer = match words.next().unwrap() {
            "entries" => TileLayer::Entries,
            level => TileLayer::Hashes {
                level: level.parse().unwrap(),
            },
        };
        let index: u64 = words.next().unwrap().parse().unwrap();
        let width: u16 = words.next().unwrap().parse().unwrap();
        assert_eq!(Some(tile), Tile::new(layer, index, width));
        compared += 1;
    }
    assert_eq!(compared, 4);
}
