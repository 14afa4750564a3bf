//! Attacks on the log: its checkpoint, its commits, its tiles, and the proofs of its entries.

use herdbook::checkpoint::Checkpoint;
use herdbook::checkpoint::Origin;
use herdbook::digest::CommitHash;
use herdbook::log::Commit;
use herdbook::log::CommitHeader;
use herdbook::merkle;
use herdbook::merkle::TreeSize;
use herdbook::sign::MemorySigner;
use herdbook::statement::Predicate;
use herdbook::verify::Code;

use super::kit::*;

pub fn attacks() -> Vec<Attack> {
    vec![
        forged_checkpoint(),
        checkpoint_of_another_history(),
        another_genesis(),
        unpinned_ledger(),
        own_word(),
        other_trust_root(),
        truncated_tail(),
        missing_middle(),
        commit_by_another_key(),
        rewritten_entry(),
        exchanged_slots(),
        planted_slot_by_a_stranger(),
        planted_slot_not_admitted(),
        decompression_bomb(),
        swapped_tile(),
        stray_file(),
    ]
}

/// The same ledger with one source more, so another history.
fn longer() -> World {
    let mut world = World::herd().sealed();
    world.declare("more", "more", 10, |source| source);
    world.sealed()
}

fn forged_checkpoint() -> Attack {
    let world = longer();
    let thief = MemorySigner::from_secret([THIEF; 32]);
    let forged = Checkpoint {
        origin: Origin::parse(ORIGIN).unwrap(),
        size: TreeSize::new(world.entries.len() as u64),
        root: merkle::root(&world.leaves()),
    };
    let note = forged.sign(&log_key(THIEF), &thief).unwrap();
    let mut bundle = Bundle::of(&world, "specialist");
    bundle.checkpoint.clone_from(&note);
    let text = [
        "forged-checkpoint",
        "the checkpoint is signed by another key under the log's name",
        "a history of one's own, under the name of a log that somebody trusts",
    ];
    Attack::ledger(text, &world, "specialist", &[Code::Undecodable])
        .file("ledger/log/checkpoint", note)
        .bundle(&bundle.tar(), &[Code::CheckpointInvalid])
}

fn checkpoint_of_another_history() -> Attack {
    let world = World::herd().sealed();
    let mut other = World::herd();
    other.entries.pop();
    other.train("tasks", "specialist");
    let other = other.sealed();
    assert_eq!(world.entries.len(), other.entries.len());
    let mut bundle = Bundle::of(&world, "specialist");
    bundle.checkpoint = other.checkpoint();
    let text = [
        "checkpoint-of-another-history",
        "the log key signed two histories of one size, and the entries of one come with the checkpoint of the other",
        "a history that nobody else was shown",
    ];
    Attack::ledger(text, &world, "specialist", &[Code::Undecodable])
        .file("ledger/log/checkpoint", other.checkpoint())
        .bundle(&bundle.tar(), &[Code::RootDiffers])
}

fn another_genesis() -> Attack {
    let honest = World::herd();
    let mut other = World::with(|genesis| herdbook::statement::Genesis {
        organisation: Some("Somebody Else".to_owned()),
        ..genesis
    });
    other.declare("rows", "rows", 10, |source| source);
    other.train("rows", "specialist");
    let mut other = other.sealed();
    other.root = honest.root;
    let text = [
        "another-genesis",
        "a ledger with another genesis under the pinned origin, by somebody who has the log key",
        "a ledger without the history of the one that was pinned",
    ];
    let codes = [Code::GenesisDiffers, Code::WrongLedger];
    Attack::both(text, &other, "specialist", &codes)
}

fn unpinned_ledger() -> Attack {
    let text = [
        "unpinned-ledger",
        "a sound ledger that nobody vouches for",
        "`traced` on the word of whoever made the ledger",
    ];
    let world = World::herd().sealed();
    let unpinned = "verify specialist --ledger ledger";
    Attack::new(text[0], text[1], text[2], &world)
        .files(world.ledger())
        .check(Check::verdict(unpinned, &[Code::TrustNotPinned]))
}

fn own_word() -> Attack {
    let text = [
        "ledger-vouches-for-itself",
        "a ledger is taken at its own word where the auditor demands a pin",
        "`traced` on the word of whoever made the ledger",
    ];
    let world = World::herd().sealed();
    let own = "verify specialist --ledger ledger --trust-genesis --require pinned";
    Attack::new(text[0], text[1], text[2], &world)
        .files(world.ledger())
        .check(Check::verdict(own, &[Code::AssuranceTooLow]))
}

fn other_trust_root() -> Attack {
    let text = [
        "trust-root-of-another-ledger",
        "the trust root that comes with the ledger is that of another origin",
        "`traced` under a trust root that says nothing of this ledger",
    ];
    let world = World::herd().sealed();
    let mut root = world.root.clone();
    root.origin = "example.org/other".to_owned();
    root.log_key =
        herdbook::checkpoint::LogKey::new(Origin::parse(&root.origin).unwrap(), public(LOG)).to_vkey();
    Attack::both(text, &world, "specialist", &[Code::OtherLedger]).file("trust-root.json", root.encode())
}

fn truncated_tail() -> Attack {
    let text = [
        "truncated-tail",
        "the last commit is gone, under the checkpoint that covers it",
        "what was appended last, a revocation perhaps, is not seen",
    ];
    let world = longer();
    Attack::ledger(text, &world, "specialist", &[Code::EntryMissing]).without(&slot_path(2))
}

fn missing_middle() -> Attack {
    let text = [
        "missing-commit",
        "a commit in the middle is gone",
        "what stood in it is not seen",
    ];
    let world = longer();
    Attack::ledger(text, &world, "specialist", &[Code::EntryMissing]).without(&slot_path(1))
}

/// The header that stands in the slot of a world.
fn header(world: &World, number: usize) -> CommitHeader {
    let slots = world.slots();
    Commit::decode(&slots[number], &log_key(LOG))
        .unwrap()
        .header()
        .clone()
}

fn encode(header: &CommitHeader, entries: &[Vec<u8>], seed: u8) -> Vec<u8> {
    Commit::encode(header, entries, &MemorySigner::from_secret([seed; 32])).unwrap()
}

fn commit_by_another_key() -> Attack {
    let text = [
        "commit-by-another-key",
        "a commit is signed by an issuer's key and not by the log key",
        "an entry that the log did not take in",
    ];
    let world = longer();
    let entries = &world.entries[world.ends[1]..];
    let slot = encode(&header(&world, 2), entries, ISSUER);
    Attack::ledger(text, &world, "specialist", &[Code::Undecodable]).file(&slot_path(2), slot)
}

fn rewritten_entry() -> Attack {
    let text = [
        "rewritten-entry",
        "with the stolen log key a commit is written anew with another entry, under the old checkpoint",
        "another past than the one that was signed",
    ];
    let world = World::herd().sealed();
    let mut other = World::herd();
    other.declare("seeds", "other seeds", 100, |source| source);
    let mut entries = world.entries[world.ends[0]..].to_vec();
    entries[0] = other.entries.pop().unwrap();
    let slot = encode(&header(&world, 1), &entries, LOG);
    let mut bundle = Bundle::of(&world, "specialist");
    bundle.world.entries[world.ends[0]].clone_from(&entries[0]);
    Attack::ledger(text, &world, "specialist", &[Code::Undecodable])
        .file(&slot_path(1), slot)
        .bundle(&bundle.tar(), &[Code::RootDiffers, Code::EntryMissing])
}

fn exchanged_slots() -> Attack {
    let text = [
        "exchanged-commits",
        "two commits stand in each other's place",
        "a grant that comes before what it is for",
    ];
    let world = longer();
    let slots = world.slots();
    Attack::ledger(text, &world, "specialist", &[Code::Undecodable])
        .file(&slot_path(1), slots[2].clone())
        .file(&slot_path(2), slots[1].clone())
}

/// A commit that continues `world` with one more entry.
fn next_slot(world: &World, entry: Vec<u8>, seed: u8) -> Vec<u8> {
    let mut leaves = world.leaves();
    leaves.push(merkle::leaf_hash(&entry));
    let header = CommitHeader {
        number: world.ends.len() as u64,
        previous: CommitHash::of(world.slots().last().unwrap()),
        size_before: TreeSize::new(world.entries.len() as u64),
        size_after: TreeSize::new(leaves.len() as u64),
        root: merkle::root(&leaves),
        nonce: [7; 16],
    };
    encode(&header, &[entry], seed)
}

const FSCK: &str = "fsck --ledger ledger --trust-root trust-root.json";

fn planted_slot_by_a_stranger() -> Attack {
    let text = [
        "planted-commit-slot",
        "whoever can write to the folder puts a slot beyond the last commit, signed with a key of his own",
        "that the next append takes it for one that a crash left, and signs it",
    ];
    let world = World::herd().sealed();
    let statement = world.statement(THIEF, Predicate::Source(source("planted")));
    let slot = next_slot(&world, seal(&statement, THIEF).encode(), THIEF);
    Attack::new(text[0], text[1], text[2], &world)
        .files(world.ledger())
        .file(&slot_path(2), slot)
        .check(Check::words(FSCK, 20, &["log_false"]))
        .check(Check::verdict(&verify("specialist"), &[]))
}

fn planted_slot_not_admitted() -> Attack {
    let text = [
        "planted-commit-not-admitted",
        "a slot beyond the last commit, signed by the log key, holds an entry that admission would refuse",
        "that recovery publishes what `append` would not",
    ];
    let world = World::herd().sealed();
    let statement = world.statement(STRANGER, Predicate::Source(source("planted")));
    let slot = next_slot(&world, seal(&statement, STRANGER).encode(), LOG);
    Attack::new(text[0], text[1], text[2], &world)
        .files(world.ledger())
        .file(&slot_path(2), slot)
        .check(Check::words(FSCK, 20, &["inadmissible"]))
        .check(Check::verdict(&verify("specialist"), &[]))
}

fn decompression_bomb() -> Attack {
    let text = [
        "decompression-bomb",
        "the leaves of a commit, signed by the log key, say that they have 100 bytes and expand to 32 MiB",
        "a verifier that runs out of memory",
    ];
    let world = World::herd().sealed();
    let mut slot = world.slots()[1][..122].to_vec();
    let mut packed = Vec::new();
    let mut encoder = flate2::write::DeflateEncoder::new(&mut packed, flate2::Compression::best());
    std::io::Write::write_all(&mut encoder, &vec![0; 32 << 20]).unwrap();
    encoder.finish().unwrap();
    slot[114..118].copy_from_slice(&100_u32.to_be_bytes());
    slot[118..122].copy_from_slice(&u32::try_from(packed.len()).unwrap().to_be_bytes());
    slot.extend(packed);
    let mut signed = b"herdbook/commit/v1".to_vec();
    signed.extend(&slot);
    let signature = ed25519_dalek::Signer::sign(&signing(LOG), &signed);
    slot.extend(signature.to_bytes());
    Attack::ledger(text, &world, "specialist", &[Code::Undecodable]).file(&slot_path(1), slot)
}

fn swapped_tile() -> Attack {
    let text = [
        "swapped-tile",
        "a tile of hashes under log/ has other bytes than the commits determine",
        "that whoever reads the log as static files is shown another tree",
    ];
    let world = World::herd().sealed();
    let (tile, mut hashes) = world.tile();
    hashes[0] ^= 1;
    Attack::new(text[0], text[1], text[2], &world)
        .files(world.ledger())
        .file(&tile, hashes)
        .check(Check::words(FSCK, 20, &["log_false"]))
        .check(Check::verdict(&verify("specialist"), &[]))
}

fn stray_file() -> Attack {
    let text = [
        "stray-file-in-the-log",
        "a file that no commit determines lies among those that are published",
        "that readers of the published log find what nobody signed",
    ];
    let world = World::herd().sealed();
    Attack::new(text[0], text[1], text[2], &world)
        .files(world.ledger())
        .file("ledger/log/tile/0/x001/000", [0_u8; 32])
        .check(Check::words(FSCK, 20, &["stranger"]))
        .check(Check::verdict(&verify("specialist"), &[]))
}
