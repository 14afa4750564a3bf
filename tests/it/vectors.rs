//! Tree, tiles and checkpoints against outside implementations and their published vectors.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use herdbook::checkpoint::{Checkpoint, LogKey, Note};
use herdbook::digest::NodeHash;
use herdbook::log::LogReader;
use herdbook::merkle::{self, LeafIndex, Tile, TileLayer, TreeSize};
use herdbook::store::{MemoryStore, Store, StorePath};

use crate::log_support::{Herd, OWNER, log_key, reader};

/// The verifier key of the log that Tessera is tested with.
const TESSERA_VKEY: &str = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";

/// Returns a folder of outside vectors, `None` (and says so) where they are not at hand.
fn vectors(name: &str) -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/data/vectors")
        .join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("{name}: the vectors are absent, nothing was compared");
    None
}

fn files_below(folder: PathBuf) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![folder];
    while let Some(path) = open.pop() {
        for entry in std::fs::read_dir(path).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { &mut open } else { &mut files }.push(path);
        }
    }
    files
}

/// One inclusion case of transparency-dev/merkle; `null` stands for no bytes.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct InclusionCase {
    leaf_idx: u64,
    tree_size: u64,
    root: Option<String>,
    leaf_hash: Option<String>,
    proof: Option<Vec<String>>,
    want_err: bool,
}

fn hash(base64: Option<&str>) -> Option<NodeHash> {
    STANDARD
        .decode(base64?)
        .ok()?
        .try_into()
        .ok()
        .map(NodeHash::from_bytes)
}

impl InclusionCase {
    fn is_accepted(&self) -> bool {
        let proof: Option<Vec<NodeHash>> = self.proof.iter().flatten().map(|one| hash(Some(one))).collect();
        let parts = (hash(self.root.as_deref()), hash(self.leaf_hash.as_deref()), proof);
        // What is not a hash cannot even be expressed here.
        let (Some(root), Some(leaf), Some(proof)) = parts else {
            return false;
        };
        let (index, size) = (LeafIndex::new(self.leaf_idx), TreeSize::new(self.tree_size));
        merkle::verify_inclusion(leaf, index, size, root, &proof).is_ok()
    }
}

#[test]
fn published_inclusion_cases() {
    let Some(folder) = vectors("merkle/testdata/inclusion") else {
        return;
    };
    let (mut accepted, mut refused) = (0, 0);
    for path in files_below(folder) {
        let case: InclusionCase = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(case.is_accepted(), !case.want_err, "{}", path.display());
        if case.want_err {
            refused += 1;
        } else {
            accepted += 1;
        }
    }
    assert!(
        accepted >= 5 && refused >= 80,
        "{accepted} accepted, {refused} refused"
    );
}

#[test]
fn the_log_that_tessera_is_tested_with() {
    let Some(folder) = vectors("tessera-log") else {
        return;
    };
    let key = LogKey::parse_vkey(TESSERA_VKEY).unwrap();
    let read = |name: String| std::fs::read(folder.join(name)).unwrap();
    let checkpoints: Vec<Checkpoint> = (0..=15)
        .map(|size| Checkpoint::open(&read(format!("checkpoint.{size}")), &key).unwrap())
        .collect();
    let size = TreeSize::new(15);
    let bundle = Tile::new(TileLayer::Entries, 0, 15).unwrap();
    let bytes = read(bundle.path());
    let entries = bundle.decode_entries(&bytes).unwrap();
    let leaves: Vec<NodeHash> = entries.iter().map(|entry| merkle::leaf_hash(entry)).collect();
    let tile = Tile::new(TileLayer::Hashes { level: 0 }, 0, 15).unwrap();
    assert_eq!(tile.decode_hashes(&read(tile.path())).unwrap(), leaves);
    for checkpoint in &checkpoints {
        let count = usize::try_from(checkpoint.size.get()).unwrap();
        assert_eq!(merkle::root(&leaves[..count]), checkpoint.root);
        let proof = merkle::prove_consistency(&leaves, checkpoint.size).unwrap();
        let old = (checkpoint.size, checkpoint.root);
        merkle::verify_consistency(old, (size, checkpoints[15].root), &proof).unwrap();
    }
    // Every file of the log is one that we would write, and is written the same.
    for path in files_below(folder.join("tile")) {
        let name = path.strip_prefix(&folder).unwrap().display().to_string();
        let tile = Tile::parse(&name).unwrap();
        let width = usize::from(tile.width());
        let mut expected = Vec::new();
        match tile.layer() {
            TileLayer::Entries => {
                entries[..width]
                    .iter()
                    .for_each(|entry| merkle::tile::push_entry(&mut expected, entry).unwrap());
            }
            TileLayer::Hashes { .. } => expected = merkle::tile::encode_hashes(&leaves[..width]),
        }
        assert_eq!(std::fs::read(&path).unwrap(), expected, "{name}");
    }
}

/// Checkpoints that we sign, read by `signed_note` and `tlog_tiles`.
#[test]
fn our_checkpoints_are_read_by_others() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let mut herd = Herd::create(&store, 2).unwrap();
    for count in [1, 300] {
        let appended = herd.append(count).unwrap();
        let bytes = store.read(&StorePath::Checkpoint, 9999).unwrap().unwrap();
        let theirs = signed_note::Note::from_bytes(&bytes).unwrap();
        let verifier = signed_note::StandardVerifier::new(&log_key(OWNER).to_vkey()).unwrap();
        let (known, unknown) = theirs
            .verify(&signed_note::VerifierList::new(vec![Box::new(verifier)]))
            .unwrap();
        assert_eq!((known.len(), unknown.len()), (1, 0));
        let checkpoint = tlog_tiles::Checkpoint::from_bytes(theirs.text()).unwrap();
        assert_eq!(checkpoint.origin(), log_key(OWNER).origin().as_str());
        assert_eq!(checkpoint.size(), appended.checkpoint.size.get());
        assert_eq!(checkpoint.hash().0, *appended.checkpoint.root.as_bytes());
        assert_eq!(checkpoint.extension(), "");
        assert_eq!(theirs.to_bytes(), bytes);
        assert_eq!(Note::parse(&bytes).unwrap().encode(), bytes);
    }
}

/// Checkpoints that `signed_note` signs, opened by us.
#[test]
fn checkpoints_of_others_open() {
    let secret = ed25519_dalek::SigningKey::from_bytes(&[3; 32]);
    let key = log_key(3);
    let text = format!("{}\n7\n{}\n", key.origin(), STANDARD.encode([9; 32]));
    // Their private key text is `PRIVATE+KEY+name+id+base64(type || secret)`.
    let mut private = vec![1];
    private.extend_from_slice(&secret.to_bytes());
    let skey = format!(
        "PRIVATE+KEY+{}+{}+{}",
        key.origin(),
        key.id(),
        STANDARD.encode(private)
    );
    let signer = signed_note::StandardSigner::new(&skey).unwrap();
    let mut note = signed_note::Note::new(text.as_bytes(), &[]).unwrap();
    note.add_sigs(&[&signer]).unwrap();
    let opened = Checkpoint::open(&note.to_bytes(), &key).unwrap();
    assert_eq!(
        (opened.size.get(), opened.root),
        (7, NodeHash::from_bytes([9; 32]))
    );
}

/// A log in the storage of `tlog_tiles`.
struct Theirs(BTreeMap<u64, tlog_tiles::Hash>);

impl tlog_tiles::HashReader for Theirs {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        Ok(indexes.iter().map(|index| self.0[index]).collect())
    }
}

#[test]
fn roots_proofs_and_tiles_are_those_of_tlog_tiles() {
    const SIZES: u64 = 300;
    let entry = |n: u64| n.to_be_bytes().to_vec();
    let mut theirs = Theirs(BTreeMap::new());
    for n in 0..SIZES {
        let hashes = tlog_tiles::stored_hashes(n, &entry(n), &theirs).unwrap();
        let next = theirs.0.len() as u64;
        theirs.0.extend((next..).zip(hashes));
    }
    let leaves: Vec<NodeHash> = (0..SIZES).map(|n| merkle::leaf_hash(&entry(n))).collect();
    let ours = |proof: Vec<tlog_tiles::Hash>| -> Vec<NodeHash> {
        proof
            .into_iter()
            .map(|hash| NodeHash::from_bytes(hash.0))
            .collect()
    };
    for size in 1..=SIZES {
        let now = &leaves[..usize::try_from(size).unwrap()];
        let root = tlog_tiles::tree_hash(size, &theirs).unwrap();
        assert_eq!(merkle::root(now).as_bytes(), &root.0);
        for n in (size % 37..size).step_by(37) {
            let proof = merkle::prove_inclusion(now, LeafIndex::new(n)).unwrap();
            assert_eq!(
                proof,
                ours(tlog_tiles::prove_record(size, n, &theirs).unwrap()),
                "{n} of {size}"
            );
        }
        for n in (1 + size % 41..=size).step_by(41) {
            let proof = merkle::prove_consistency(now, TreeSize::new(n)).unwrap();
            assert_eq!(
                proof,
                ours(tlog_tiles::prove_tree(size, n, &theirs).unwrap()),
                "{n} to {size}"
            );
        }
    }
    for (old, new) in [
        (0, 1),
        (0, 255),
        (0, 256),
        (255, 257),
        (256, 256),
        (300, 70_000),
        (65_535, 65_536),
    ] {
        let hashes = Tile::added_between(TreeSize::new(old), TreeSize::new(new)).into_iter();
        let found: Vec<String> = hashes
            .filter(|tile| tile.layer() != TileLayer::Entries)
            .map(Tile::path)
            .collect();
        // Their paths name the tile height, which the published layout leaves out.
        let expected = tlog_tiles::Tile::new_tiles(8, old, new).into_iter();
        let expected: Vec<String> = expected
            .map(|tile| tile.path().replacen("tile/8/", "tile/", 1))
            .collect();
        assert_eq!(found, expected, "{old} to {new}");
    }
}

/// What stands under `log/`, checked hash by hash by `tlog_tiles`.
#[test]
fn our_tiles_hold_the_hashes_of_tlog_tiles() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let mut herd = Herd::create(&store, 2).unwrap();
    herd.append(600).unwrap();
    let now: LogReader = reader(&store);
    let size = now.checkpoint().size;
    let mut theirs = Theirs(BTreeMap::new());
    for (index, entry) in now.entries().map(Result::unwrap) {
        let hashes = tlog_tiles::stored_hashes(index.get(), &entry, &theirs).unwrap();
        let next = theirs.0.len() as u64;
        theirs.0.extend((next..).zip(hashes));
    }
    let mut compared = 0;
    for tile in Tile::added_between(TreeSize::EMPTY, size) {
        let TileLayer::Hashes { level } = tile.layer() else {
            continue;
        };
        let bytes = store.read(&StorePath::Tile(tile), 1 << 20).unwrap().unwrap();
        let first = tile.index() * 256;
        for (n, node) in (first..).zip(tile.decode_hashes(&bytes).unwrap()) {
            let stored = tlog_tiles::stored_hash_index(8 * level, n);
            assert_eq!(theirs.0[&stored].0, *node.as_bytes(), "{tile} node {n}");
            compared += 1;
        }
    }
    assert_eq!(compared, 602 + 2);
}
