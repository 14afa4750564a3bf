//! The files of the log.

use herdbook::checkpoint::Checkpoint;
use herdbook::checkpoint::ConsistencyProof;
use herdbook::checkpoint::Equivocation;
use herdbook::checkpoint::LogKey;
use herdbook::checkpoint::Note;
use herdbook::checkpoint::Origin;
use herdbook::checkpoint::TlogProof;
use herdbook::false_seal::FalseSeal;
use herdbook::log::Commit;
use herdbook::log::commit::COMMIT_HEADER_BYTES;
use herdbook::merkle::Tile;
use herdbook::merkle::TileLayer;
use herdbook::merkle::tile::encode_hashes;
use herdbook::merkle::tile::push_entry;
use herdbook::store::StorePath;

use super::SIGNER;
use super::key_for;
use super::sign;

/// The origin of everything that is signed here.
const ORIGIN: &str = "example.com/house";

fn key() -> LogKey {
    key_for(Origin::parse(ORIGIN).expect("an origin of our own"))
}

pub fn note(bytes: &[u8]) -> bool {
    let Ok(note) = Note::parse(bytes) else {
        return false;
    };
    assert_eq!(note.encode(), bytes);
    true
}

/// The bytes as a signed checkpoint, and as the text of one that our key signs.
pub fn checkpoint(bytes: &[u8]) -> bool {
    let opened = Checkpoint::open(bytes, &key()).is_ok();
    let Some(checkpoint) = std::str::from_utf8(bytes)
        .ok()
        .and_then(|text| Checkpoint::parse_text(text).ok())
    else {
        return opened;
    };
    assert_eq!(checkpoint.text().as_bytes(), bytes);
    let key = key_for(checkpoint.origin.clone());
    let signed = checkpoint
        .sign(&key, &*SIGNER)
        .expect("our key is of this origin");
    assert_eq!(
        Checkpoint::open(&signed, &key).expect("our key signed it"),
        checkpoint
    );
    true
}

pub fn log_key(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let Ok(key) = LogKey::parse_vkey(text) else {
        return false;
    };
    assert_eq!(key.to_vkey(), text);
    assert_eq!(Origin::parse(key.origin().as_str()).as_ref(), Ok(key.origin()));
    true
}

/// A proof, and an entry that it may be for.
pub fn tlog_proof(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return false;
    };
    let Ok(proof) = TlogProof::decode(text) else {
        return false;
    };
    assert_eq!(proof.encode(), text);
    drop(proof.check(text.as_bytes(), &key()));
    true
}

/// A proof, held against the checkpoint that it ends with.
pub fn consistency(bytes: &[u8]) -> bool {
    let Ok(proof) = ConsistencyProof::decode(bytes) else {
        return false;
    };
    assert_eq!(proof.encode().as_bytes(), bytes);
    let text = String::from_utf8_lossy(&proof.checkpoint);
    let text = text.split_inclusive('\n').take(3).collect::<String>();
    if let Ok(mut old) = Checkpoint::parse_text(&text) {
        old.size = proof.old;
        drop(proof.check(&old, &key()));
    }
    true
}

/// A proof as it is, and one whose checkpoints our key signs.
pub fn equivocation(bytes: &[u8]) -> bool {
    let Ok(mut proof) = Equivocation::decode(bytes) else {
        return false;
    };
    assert_eq!(proof.encode().as_bytes(), bytes);
    drop(proof.check(&proof.log));
    for note in [&mut proof.first, &mut proof.second] {
        let text = String::from_utf8_lossy(note);
        let text = text.split_inclusive('\n').take(3).collect::<String>();
        if let Ok(checkpoint) = Checkpoint::parse_text(&text) {
            let key = key_for(checkpoint.origin.clone());
            *note = checkpoint
                .sign(&key, &*SIGNER)
                .expect("our key is of this origin");
            proof.log = key;
        }
    }
    if let Ok(shown) = proof.check(&proof.log) {
        assert_ne!(
            shown.prefix, shown.first.root,
            "two that agree are no contradiction"
        );
    }
    true
}

/// A proof about a seal as it is, and one whose checkpoint our key signs.
pub fn false_seal(bytes: &[u8]) -> bool {
    let Ok(mut proof) = FalseSeal::decode(bytes) else {
        return false;
    };
    assert_eq!(proof.encode().as_bytes(), bytes);
    drop(proof.check(&proof.log));
    let text = String::from_utf8_lossy(&proof.checkpoint);
    let text = text.split_inclusive('\n').take(3).collect::<String>();
    if let Ok(checkpoint) = Checkpoint::parse_text(&text) {
        let key = key_for(checkpoint.origin.clone());
        proof.checkpoint = checkpoint
            .sign(&key, &*SIGNER)
            .expect("our key is of this origin");
        proof.log = key;
    }
    drop(proof.check(&proof.log));
    true
}

/// A path on the first line, then the bytes of the tile.
pub fn tile(bytes: &[u8]) -> bool {
    let end = bytes
        .iter()
        .position(|byte| *byte == b'\n')
        .unwrap_or(bytes.len());
    let (path, rest) = bytes.split_at(end);
    let content = rest.get(1..).unwrap_or_default();
    let Ok(path) = std::str::from_utf8(path) else {
        return false;
    };
    if let Ok(stored) = StorePath::parse(path) {
        assert_eq!(stored.to_string(), path);
    }
    let Ok(tile) = Tile::parse(path) else {
        return false;
    };
    assert_eq!(tile.path(), path);
    match tile.layer() {
        TileLayer::Hashes { .. } => tile.decode_hashes(content).is_ok_and(|hashes| {
            assert_eq!(encode_hashes(&hashes), content);
            true
        }),
        TileLayer::Entries => tile.decode_entries(content).is_ok_and(|entries| {
            let mut again = Vec::new();
            for entry in entries {
                push_entry(&mut again, entry).expect("an entry that was read fits");
            }
            assert_eq!(again, content);
            true
        }),
    }
}

/// The bytes as a slot, and with the lengths and the signature that they should have.
pub fn commit(bytes: &[u8]) -> bool {
    let raw = Commit::decode(bytes, &key()).is_ok();
    let mut slot = bytes.to_vec();
    let length = bytes.len().checked_sub(COMMIT_HEADER_BYTES).map(u32::try_from);
    if let (Some(Ok(length)), Some(field)) =
        (length, slot.get_mut(COMMIT_HEADER_BYTES - 4..COMMIT_HEADER_BYTES))
    {
        field.copy_from_slice(&length.to_be_bytes());
    }
    let signature = sign(&[b"herdbook/commit/v1".as_slice(), &slot].concat());
    slot.extend(signature);
    let Ok(commit) = Commit::decode(&slot, &key()) else {
        return raw;
    };
    let entries: Vec<Vec<u8>> = commit.entries().map(|(_, entry)| entry.to_vec()).collect();
    let again = Commit::encode(commit.header(), &entries, &*SIGNER).expect("what was read can be written");
    let again = Commit::decode(&again, &key()).expect("what was written can be read");
    assert_eq!(again.header(), commit.header());
    assert!(again.entries().eq(commit.entries()));
    true
}
