//! The slot: round trips, and everything that is refused.

use super::*;
use crate::checkpoint::Origin;
use crate::key::PublicKey;
use crate::merkle;

/// A signer from one byte, and its log key.
#[derive(Debug)]
struct TestKey(ed25519_dalek::SigningKey);

impl Signer for TestKey {
    fn public_key(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        Ok(ed25519_dalek::Signer::sign(&self.0, message).to_bytes())
    }
}

fn keys() -> (TestKey, LogKey) {
    let signer = TestKey(ed25519_dalek::SigningKey::from_bytes(&[4; 32]));
    let public = PublicKey::from_bytes(&signer.public_key()).unwrap();
    (
        signer,
        LogKey::new(Origin::parse("example.org/herd").unwrap(), public),
    )
}

fn header(entries: u64) -> CommitHeader {
    CommitHeader {
        number: 3,
        previous: CommitHash::of(b"before"),
        size_before: TreeSize::new(9),
        size_after: TreeSize::new(9 + entries),
        root: merkle::EMPTY_ROOT,
        nonce: [7; 16],
    }
}

fn encode(entries: &[Vec<u8>]) -> Vec<u8> {
    Commit::encode(&header(entries.len() as u64), entries, &keys().0).unwrap()
}

fn decode(slot: &[u8]) -> Result<Commit, CommitError> {
    Commit::decode(slot, &keys().1)
}

/// A slot with any leaves, signed by the log key: what only its owner can make.
fn signed(raw_length: u32, compressed: &[u8], change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut slot = encode(&[b"x".to_vec()]);
    slot.truncate(114);
    slot.extend_from_slice(&raw_length.to_be_bytes());
    slot.extend_from_slice(&u32::try_from(compressed.len()).unwrap().to_be_bytes());
    slot.extend_from_slice(compressed);
    change(&mut slot);
    let signature = keys().0.sign(&signed_bytes(&slot)).unwrap();
    slot.extend_from_slice(&signature);
    slot
}

fn signed_leaves(leaves: &[u8]) -> Vec<u8> {
    signed(u32::try_from(leaves.len()).unwrap(), &deflate(leaves), |_| {})
}

#[test]
fn commits_round_trip() {
    let mut noise = 1_u32;
    let incompressible: Vec<u8> = (0..MAX_ENTRY_BYTES)
        .map(|_| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            noise.to_be_bytes()[0]
        })
        .collect();
    let batches = [
        vec![b"one".to_vec()],
        vec![vec![0; MAX_ENTRY_BYTES]; 255],
        vec![incompressible; 255],
        (0..5000_u32).map(|n| n.to_be_bytes().to_vec()).collect(),
    ];
    for batch in batches {
        let slot = encode(&batch);
        let commit = decode(&slot).unwrap();
        assert_eq!(commit.header(), &header(batch.len() as u64));
        assert_eq!(commit.hash(), CommitHash::of(&slot));
        assert!(
            commit
                .entries()
                .map(|(_, entry)| entry)
                .eq(batch.iter().map(Vec::as_slice))
        );
        let last = commit.entries().next_back().unwrap();
        assert_eq!(
            (last.0.get(), last.1),
            (8 + batch.len() as u64, batch.last().unwrap().as_slice())
        );
        assert_eq!(commit.entry(LeafIndex::new(9)), Some(batch[0].as_slice()));
        assert_eq!(commit.entry(LeafIndex::new(8)), None);
        assert_eq!(commit.entry(last.0.plus(1)), None);
        assert_eq!(
            CommitHeader::peek(&slot[..COMMIT_HEADER_BYTES]).as_ref(),
            Ok(commit.header())
        );
    }
}

#[test]
fn every_flipped_bit_and_every_cut_is_refused() {
    let slot = encode(&[b"one".to_vec(), b"two".to_vec()]);
    for at in 0..slot.len() {
        for bit in 0..8 {
            let mut bad = slot.clone();
            bad[at] ^= 1 << bit;
            assert!(decode(&bad).is_err(), "byte {at} bit {bit}");
        }
        assert!(decode(&slot[..at]).is_err(), "cut at {at}");
    }
    assert!(decode(&[slot.as_slice(), b"\0"].concat()).is_err());
    assert!(matches!(
        decode(&vec![0; MAX_COMMIT_BYTES + 1]),
        Err(CommitError::TooLarge)
    ));
}

#[test]
fn leaves_that_only_the_key_holder_can_spoil_are_refused_too() {
    let good = [0, 1, b'x'];
    assert!(decode(&signed_leaves(&good)).is_ok());
    let leaves: [&[u8]; 7] = [
        b"",
        b"\0",
        &[0, 2, b'x'],
        &[0, 0],
        &[0, 1, b'x', 0],
        &[0, 1, b'x', 0, 1, b'y'],
        &[0, 1, b'x', 0, 0],
    ];
    for leaves in leaves {
        assert!(
            matches!(decode(&signed_leaves(leaves)), Err(CommitError::Entries { .. })),
            "{leaves:?}"
        );
    }
    let packed = deflate(&good);
    let (first, second) = packed.split_at(packed.len() - 1);
    let trailing = [packed.as_slice(), b"\0"].concat();
    let twice = [packed.as_slice(), &packed].concat();
    for (raw, bytes) in [
        (3, first),
        (3, second),
        (3, &trailing),
        (3, &twice),
        (2, &packed),
        (4, &packed),
        (3, b""),
    ] {
        let error = decode(&signed(raw, bytes, |_| {}));
        assert!(
            matches!(error, Err(CommitError::Deflate { .. })),
            "{raw} {bytes:?} {error:?}"
        );
    }
}

/// 16 MiB of zeros pack into 16 KiB; what says it is less is cut off at what it says.
#[test]
fn a_bomb_expands_to_no_more_than_it_states() {
    let zeros = deflate(&vec![0; MAX_COMMIT_LEAF_BYTES]);
    assert!(zeros.len() < 20_000);
    assert_eq!(inflate(&zeros, 1000), Err(CommitError::Deflate { stated: 1000 }));
    let beyond = u32::try_from(MAX_COMMIT_LEAF_BYTES + 1).unwrap();
    let error = decode(&signed(beyond, &zeros, |_| {})).unwrap_err();
    assert!(error.to_string().contains("MAX_COMMIT_LEAF_BYTES"), "{error}");
}

#[test]
fn headers_that_cannot_be_are_refused() {
    let slot = |change: fn(&mut Vec<u8>)| decode(&signed(3, &deflate(&[0, 1, b'x']), change));
    let sizes = |at: usize, size: u64| {
        decode(&signed(3, &deflate(&[0, 1, b'x']), |slot| {
            slot[at..at + 8].copy_from_slice(&size.to_be_bytes());
        }))
    };
    assert!(matches!(slot(|slot| slot[0] = b'h'), Err(CommitError::Magic)));
    assert!(matches!(
        slot(|slot| slot[9] = 2),
        Err(CommitError::Version { found: 2 })
    ));
    assert!(matches!(sizes(58, 9), Err(CommitError::TreeSizes { .. })));
    assert!(matches!(sizes(58, 8), Err(CommitError::TreeSizes { .. })));
    assert!(matches!(sizes(58, u64::MAX), Err(CommitError::TreeSizes { .. })));
    assert!(matches!(sizes(58, 11), Err(CommitError::Entries { stated: 2 })));
    // Number 0 and the empty tree go together.
    assert!(matches!(sizes(10, 0), Err(CommitError::TreeSizes { .. })));
    assert!(matches!(sizes(50, 0), Err(CommitError::TreeSizes { .. })));
}

#[test]
fn batches_that_no_slot_holds_are_refused() {
    let encode = |sizes: u64, entries: &[Vec<u8>]| Commit::encode(&header(sizes), entries, &keys().0);
    assert!(encode(0, &[]).is_err());
    assert!(encode(2, &[b"x".to_vec()]).is_err());
    assert!(encode(1, &[vec![]]).is_err());
    assert!(encode(1, &[vec![0; MAX_ENTRY_BYTES + 1]]).is_err());
    assert!(encode(257, &vec![vec![0; MAX_ENTRY_BYTES]; 257]).is_err());
}

proptest::proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>, raw: u32, packed: Vec<u8>) {
        drop(decode(&bytes));
        drop(Commit::decode_unsigned(&bytes));
        drop(CommitHeader::peek(&bytes));
        drop(Commit::decode_unsigned(&signed(raw, &packed, |_| {})));
        drop(Commit::decode_unsigned(&signed(raw % 64, &deflate(&packed), |_| {})));
    }
}
