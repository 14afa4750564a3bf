//! Attacks with what is derived from a log: proofs of single entries, and the index.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use herdbook::checkpoint::TlogProof;
use herdbook::digest::CommitHash;
use herdbook::digest::NodeHash;
use herdbook::index::Indexed;
use herdbook::index::Resume;
use herdbook::index::Segments;
use herdbook::index::Watermark;
use herdbook::merkle;
use herdbook::merkle::Frontier;
use herdbook::merkle::LeafIndex;
use herdbook::statement::*;
use herdbook::verify::Code;

use super::kit::*;
use super::read;

pub fn attacks() -> Vec<Attack> {
    vec![
        with_extra(),
        oversized(),
        of_another_entry(),
        of_another_signer(),
        under_another_checkpoint(),
        forged_index(),
    ]
}

/// The proof that the second entry of the herd's second commit, its teacher, is in the log.
fn honest(world: &World) -> TlogProof {
    let index = LeafIndex::new(world.entry_of("teacher") as u64);
    TlogProof {
        index,
        path: merkle::prove_inclusion(&world.leaves(), index).unwrap(),
        checkpoint: world.checkpoint(),
    }
}

/// A file of a proof, as `docs/formats/proof.md` has it.
fn encode(entry: &[u8], key: u8, log: &str) -> Vec<u8> {
    let text = |text: &str| herdbook::canonical::Value::from(text);
    let members = [
        ("entry", text(&STANDARD.encode(entry))),
        ("herdbook", text("herdbook/proof/v0")),
        ("key", text(&public(key).to_hex())),
        ("tlog_proof", text(log)),
    ];
    let members = members.map(|(key, value)| (key.to_owned(), value));
    let mut bytes = herdbook::canonical::Value::Object(members.into()).encode();
    bytes.push(b'\n');
    bytes
}

const CHECK: &str = "prove --check proof.json --trust-root trust-root.json";

/// A changed proof with the world it is from, which must be refused where the honest one passes.
fn refused(text: [&'static str; 3], proof: &dyn Fn(&World) -> Vec<u8>) -> Attack {
    let world = World::herd().sealed();
    Attack::new(text[0], text[1], text[2], &world)
        .file("proof.json", proof(&world))
        .check(Check::error(CHECK, 20, "tampered"))
}

fn with_extra() -> Attack {
    let text = [
        "proof-with-an-extra-line",
        "a proof has the `extra` line of its specification, which nothing authenticates",
        "to show something beside what is proved",
    ];
    refused(text, &|world| {
        let log = honest(world).encode();
        let log = log.replacen("@v1\n", "@v1\nextra dHJ1c3QgbWU=\n", 1);
        encode(&world.entries[world.entry_of("teacher")], ISSUER, &log)
    })
}

fn oversized() -> Attack {
    let text = [
        "oversized-proof",
        "a proof has a thousand hashes, where a tree has 63 levels at most",
        "a checker that hashes as long as it is told",
    ];
    refused(text, &|world| {
        let mut proof = honest(world);
        proof.path.resize(1000, NodeHash::from_bytes([7; 32]));
        encode(&world.entries[world.entry_of("teacher")], ISSUER, &proof.encode())
    })
}

fn of_another_entry() -> Attack {
    let text = [
        "proof-of-another-entry",
        "a proof has the path of one entry and the bytes of another, which is not in the log",
        "an entry that nobody appended",
    ];
    refused(text, &|world| {
        let statement = world.statement(ISSUER, Predicate::Model(model("another")));
        let entry = seal(&statement, ISSUER).encode();
        encode(&entry, ISSUER, &honest(world).encode())
    })
}

fn of_another_signer() -> Attack {
    let text = [
        "proof-with-another-key",
        "a proof says that a key signed the entry which did not",
        "a statement in somebody else's name",
    ];
    refused(text, &|world| {
        let entry = &world.entries[world.entry_of("teacher")];
        encode(entry, SECOND, &honest(world).encode())
    })
}

fn under_another_checkpoint() -> Attack {
    let text = [
        "proof-under-a-forged-checkpoint",
        "a proof has a checkpoint that another key signed under the log's name",
        "an entry in a log of one's own",
    ];
    refused(text, &|world| {
        let mut forged = world.clone();
        forged.log = THIEF;
        let note = String::from_utf8(forged.checkpoint()).unwrap();
        let mut proof = honest(world);
        // The thief's key has another id: that of the log is written over it.
        let own = String::from_utf8(world.checkpoint()).unwrap();
        let sig = |note: &str| {
            STANDARD
                .decode(note.trim_end().rsplit(' ').next().unwrap())
                .unwrap()
        };
        let mut mixed = sig(&note);
        mixed[..4].copy_from_slice(&sig(&own)[..4]);
        let (head, _) = note.trim_end().rsplit_once(' ').unwrap();
        proof.checkpoint = format!("{head} {}\n", STANDARD.encode(mixed)).into_bytes();
        encode(&world.entries[world.entry_of("teacher")], ISSUER, &proof.encode())
    })
}

/// An index that gives the name of a model with a gap to a sound one.
fn forged_index() -> Attack {
    let text = [
        "forged-index-segment",
        "the index calls a sound model by the name of one whose training has a gap",
        "a verdict about something else than what was asked about",
    ];
    let mut world = World::herd();
    let inputs = vec![input(&world, "kept", Role::Data), gap("scraped", Role::Data)];
    world.add(Predicate::Run(run(
        Does::Train,
        inputs,
        "dirty",
        weights("dirty"),
    )));
    let world = world.sealed();
    let renamed = |name: &ItemName| match name.as_str() {
        "specialist" => Some("dirty"),
        "dirty" => Some("specialist"),
        _ => None,
    };
    let mut batch = Vec::new();
    for (at, id, statement) in world.statements() {
        let parents = cited_by(&statement);
        let entry = LeafIndex::new(at as u64);
        let mut indexed = Indexed::new(entry, id, &statement, vec![], parents, false);
        for set in &mut indexed.facts.sets {
            if let Some(other) = renamed(&set.name) {
                set.name = name(other);
            }
        }
        batch.push(indexed);
    }
    let leaves = world.leaves();
    let mut tree = Frontier::new();
    for leaf in &leaves {
        tree.append(*leaf);
    }
    let to = Watermark {
        origin: ORIGIN.to_owned(),
        size: tree.size(),
        root: tree.root(),
    };
    let slots = world.slots();
    let resume = Resume {
        tree_peaks: tree.peaks().iter().map(|peak| *peak.as_bytes()).collect(),
        next_commit: slots.len() as u64,
        previous_commit: *CommitHash::of(&slots[slots.len() - 1]).as_bytes(),
        rulings: vec![],
        sealed: true,
        missing: vec![],
    };
    let folder = tempfile::tempdir().unwrap();
    Segments::publish(folder.path(), &batch, &to, &resume).unwrap();
    let segments = read(folder.path()).into_iter();
    let segments = segments.map(|(name, found)| (format!("ledger/index/segments/{name}"), found));
    Attack::ledger(text, &world, "dirty", &[Code::UnresolvedInput]).files(segments.collect())
}

fn cited_by(statement: &Statement) -> Vec<herdbook::digest::StatementId> {
    let Predicate::Run(run) = &statement.predicate else {
        return vec![];
    };
    let of = |input: &Input| match &input.from {
        InputFrom::Artifacts(Cites::Inline(references)) => references.clone(),
        _ => vec![],
    };
    let cited = run.inputs.iter().flat_map(of);
    cited.map(|artifact| artifact.statement).collect()
}
