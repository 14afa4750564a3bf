//! The seeds: bytes of every format, made from the pipeline that other tests register, always with the same keys.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use herdbook::checkpoint::Checkpoint;
use herdbook::checkpoint::Conflict;
use herdbook::checkpoint::ConsistencyProof;
use herdbook::checkpoint::Equivocation;
use herdbook::checkpoint::LogKey;
use herdbook::checkpoint::Note;
use herdbook::checkpoint::Signer as _;
use herdbook::digest::NodeHash;
use herdbook::digest::Sha256Digest;
use herdbook::digest::StatementId;
use herdbook::envelope::Envelope;
use herdbook::false_seal::Claimant;
use herdbook::false_seal::Evidence;
use herdbook::false_seal::FalseSeal;
use herdbook::false_seal::Included;
use herdbook::false_seal::MemberLine;
use herdbook::key::PublicKey;
use herdbook::ledger::Ledger;
use herdbook::ledger::drive;
use herdbook::ledger::evidence::write_bundle;
use herdbook::ledger::hash::HashCache;
use herdbook::ledger::hash::HashedFile;
use herdbook::ledger::hash::Unwatched;
use herdbook::ledger::hash::hash_file;
use herdbook::manifest::Manifest;
use herdbook::manifest::Member;
use herdbook::merkle;
use herdbook::merkle::LeafIndex;
use herdbook::merkle::TreeSize;
use herdbook::query;
use herdbook::report::Basis;
use herdbook::report::Report;
use herdbook::sign::KeyFile;
use herdbook::sign::KeyForm;
use herdbook::sign::MemorySigner;
use herdbook::sign::Passphrase;
use herdbook::sign::Protection;
use herdbook::sign::ssh_forms;
use herdbook::statement::ArtifactRef;
use herdbook::statement::Contested;
use herdbook::statement::RowRoot;
use herdbook::trust::TrustRoot;
use herdbook::verify::Assurance;
use herdbook::verify::Request;
use herdbook::verify::Trust;
use serde_json::json;

use super::targets;
use crate::ledger::House;
use crate::ledger::PIPELINE;
use crate::ledger::files_below;
use crate::ledger::write_pipeline;

/// Target, name, bytes.
type Seed = (&'static str, String, Vec<u8>);

/// Two records of which one names the other, and something nobody has.
const DPI: &str = r#"{"a":{"Dataset Name":"a","Collection":"A","Text Metrics":{"Num Dialogs":3},"Model Generated":["m"],"Licenses":[{"License":"MIT License"}],"Derived from Datasets":["B","c"]},"b":{"Dataset Name":"b","Collection":"B","Model Generated":[],"Derived from Datasets":[]}}"#;

const YAML: &str = "herdbook: 1
sources:
  - name: seeds
    digests: [{name: a, sha256: '1111111111111111111111111111111111111111111111111111111111111111'}]
    made_by: human
    acquired_by: public_dataset
    licence: Apache-2.0
    personal_data: no
models:
  - {name: teacher, provider: Example AI, version: '1', access: api}
runs:
  - name: generate
    does: generate
    inputs: [{use: teacher, as: generator}, {use: seeds, as: seed}, {unresolved: 'the wiki', as: seed}]
    outputs: [{name: tasks, kind: shard}]
    params: {temperature: '1.0'}
";

const JSON: &str =
    r#"{"herdbook": 1, "prompts": [{"name": "ask", "foreign": {"alg": "git", "value": "12"}}]}"#;

const LINES: &str = r#"{"kind": "model", "name": "teacher", "provider": "Example AI", "version": "1", "access": "api"}
{"kind": "prompt", "name": "ask", "content": "not_known"}
"#;

/// The worked examples of two pages, which other tests hold against the code.
fn of_pages() -> Vec<Seed> {
    let file = |page, heading| format!("{}\n", crate::formats::block(page, heading)).into_bytes();
    let text = |page, heading| crate::formats::block(page, heading).into_bytes();
    vec![
        seed("offer", "page", file("offer.md", "File")),
        seed("offer", "payload", text("offer.md", "Payload")),
        seed("disclosure", "page", file("disclosure.md", "Disclosure")),
    ]
}

/// A ledger with a pipeline in it, and what others hold of it.
struct World {
    house: House,
    ledger: Ledger,
    root: TrustRoot,
    note: Vec<u8>,
    model: String,
}

impl World {
    fn new() -> Self {
        let house = House::with_ledger();
        write_pipeline(&house);
        let registered = house.register(PIPELINE).unwrap();
        let model = registered.nodes.iter().find(|node| node.name == "specialist");
        let model = model.unwrap().id.clone();
        let request = house.request();
        let root = herdbook::ledger::read_pin(&request.state_folder, &request.origin);
        let ledger = house.open();
        Self {
            root: root.unwrap().unwrap(),
            note: fs::read(house.path("ledger/log/checkpoint")).unwrap(),
            house,
            ledger,
            model,
        }
    }

    fn leaves(&self) -> Vec<Vec<u8>> {
        let size = self.ledger.checkpoint().size.get();
        let leaf = |at| self.ledger.reader().entry(LeafIndex::new(at)).unwrap();
        (0..size).map(leaf).collect()
    }

    fn file(&self, name: &str) -> Vec<u8> {
        fs::read(self.house.path("ledger").join(name)).unwrap()
    }

    /// A list of parts, as the targets of the verifier take it.
    fn evidence(&self, entries: &[Vec<u8>]) -> Vec<u8> {
        let blobs = files_below(&self.house.path("ledger/blobs"));
        let count = vec![u8::try_from(entries.len()).unwrap()];
        let parts = [
            self.root.encode(),
            self.model.clone().into_bytes(),
            self.note.clone(),
            Vec::new(),
            count,
        ];
        let blobs = blobs.iter().map(|(_, bytes)| bytes);
        joined(parts.iter().chain(entries).chain(blobs))
    }

    /// What the verdict on the model is asked with.
    fn request(&self) -> Request {
        Request {
            name: "specialist".to_owned(),
            artifacts: vec![self.model.parse().unwrap()],
            checkpoint: self.note.clone(),
            require: Assurance::Pinned,
            ..Request::of(Trust::Pinned(self.root.clone()))
        }
    }
}

/// Each part after its length, as the targets take them apart.
fn joined<'a>(parts: impl Iterator<Item = &'a Vec<u8>>) -> Vec<u8> {
    let part = |bytes: &Vec<u8>| {
        let length = u16::try_from(bytes.len()).unwrap().to_be_bytes();
        [length.as_slice(), bytes].concat()
    };
    parts.flat_map(part).collect()
}

pub fn seeds() -> Vec<Seed> {
    let world = World::new();
    let mut seeds = record(&world);
    seeds.extend(log(&world));
    seeds.extend(histories(&world));
    seeds.extend(false_seals(&world));
    seeds.extend(files(&world));
    seeds.extend(keys(&world));
    seeds.extend(judge(&world));
    seeds.extend(bundle(&world));
    seeds.extend(of_pages());
    // What is cut short is refused everywhere.
    let cut: Vec<Seed> = targets::TARGETS
        .iter()
        .filter_map(|target| seeds.iter().find(|seed| seed.0 == target.name))
        .map(|(target, _, bytes)| (*target, "cut".to_owned(), bytes[..bytes.len() / 8].to_vec()))
        .collect();
    seeds.extend(cut);
    seeds
}

fn seed(target: &'static str, name: &str, bytes: impl AsRef<[u8]>) -> Seed {
    (target, name.to_owned(), bytes.as_ref().to_vec())
}

fn record(world: &World) -> Vec<Seed> {
    let mut seeds = vec![
        seed("canonical", "empty", "{}"),
        seed(
            "canonical",
            "not_canonical",
            "{ \"b\": [1, -2, true, null], \"a\": \"\\u00e9\\n\" }",
        ),
        seed("trust_root", "house", world.root.encode()),
    ];
    for (at, leaf) in world.leaves().iter().enumerate() {
        let payload = Envelope::decode(leaf).unwrap().payload().to_vec();
        seeds.push(seed("statement", &format!("entry_{at:02}"), &payload));
        if at < 3 {
            seeds.push(seed("canonical", &format!("entry_{at:02}"), payload));
            seeds.push(seed("envelope", &format!("entry_{at:02}"), leaf));
        }
    }
    let member = |name: &str, counted: Option<u64>| Member {
        name: name.to_owned(),
        sha256: herdbook::digest::Sha256Digest::from_bytes([0x11; 32]),
        blake3: counted.map(|_| herdbook::digest::Blake3Digest::from_bytes([0x22; 32])),
        bytes: counted,
        rows: counted,
        tokens: None,
        row_root: None,
    };
    let members = Manifest::of(vec![member("a", Some(3)), member("b/c", None)]).unwrap();
    let cited = |at| ArtifactRef::subject(StatementId::from_bytes([7; 32]), at);
    let cited = Manifest::of_cited(&[cited(0), cited(1)]).unwrap();
    seeds.push(seed(
        "manifest",
        "members",
        [b"\x09", members.bytes.as_slice()].concat(),
    ));
    seeds.push(seed(
        "manifest",
        "cited",
        [b"\x00", cited.bytes.as_slice()].concat(),
    ));
    seeds.push(seed("worker_records", "members", &members.bytes));
    let proof = query::prove(&world.ledger.view(), "tasks", &world.note).unwrap();
    seeds.push(seed("proof", "tasks", proof.encode()));
    seeds.extend(of_rows(&proof.encode()));
    seeds.push(seed("tlog_proof", "tasks", proof.tlog_proof()));
    seeds.push(seed("report", "specialist", report(world)));
    seeds
}

/// Row roots, rows, and what has the form of a proof of one.
fn of_rows(proof: &[u8]) -> Vec<Seed> {
    let rooted = |root: RowRoot| Member {
        name: root.field().to_owned(),
        sha256: Sha256Digest::from_bytes([0x11; 32]),
        blake3: None,
        bytes: None,
        rows: Some(7),
        tokens: None,
        row_root: Some(root),
    };
    let root = NodeHash::from_bytes([0x33; 32]);
    let rooted = Manifest::of(vec![rooted(RowRoot::Plain(root)), rooted(RowRoot::Keyed(root))]).unwrap();
    let manifest = [b"\x09", rooted.bytes.as_slice()].concat();
    let mut seeds = vec![
        seed("manifest", "row_roots", manifest),
        seed("worker_records", "row_roots", &rooted.bytes),
    ];
    // Form, not truth: a proof of a row of it that has its leaf, and one of a keyed tree.
    let hash = "22".repeat(32);
    for (name, row) in [
        (
            "row_leaf",
            json!({"leaf": hash, "number": 1, "path": [], "subject": 0}),
        ),
        (
            "row_keyed",
            json!({"content": "e30=", "number": 2, "path": [hash, hash], "salt": hash, "subject": 0}),
        ),
    ] {
        let mut proof: serde_json::Value = serde_json::from_slice(proof).unwrap();
        proof["row"] = row;
        seeds.push(seed("proof", name, format!("{proof}\n")));
    }
    let rows =
        "\x03{\"q\": \"one two three four\"}\r\n\n \n{\"a\": [1, null, \"ONE  two three\"]}\nno json\u{e9}";
    seeds.push(seed("rows", "pieces", rows));
    seeds.push(seed("rows", "blank", "\x01 \n\r\n"));
    seeds
}

/// A proof that the ledger was extended, and two of a fork.
fn histories(world: &World) -> Vec<Seed> {
    let leaves: Vec<NodeHash> = world
        .leaves()
        .iter()
        .map(|leaf| merkle::leaf_hash(leaf))
        .collect();
    let (old, new) = (TreeSize::new(2), TreeSize::new(leaves.len() as u64));
    let path = merkle::prove_consistency(&leaves, old).unwrap();
    let extended = ConsistencyProof {
        old,
        path: path.clone(),
        checkpoint: world.note.clone(),
    };
    let signer = MemorySigner::from_secret([1; 32]);
    let public = PublicKey::from_bytes(&signer.public_key()).unwrap();
    let log = LogKey::new(world.house.request().origin, public);
    let note = |size, root| {
        let origin = log.origin().clone();
        let checkpoint = Checkpoint { origin, size, root };
        checkpoint.sign(&log, &signer).unwrap()
    };
    let other = NodeHash::from_bytes([9; 32]);
    let same_size = Equivocation {
        log: log.clone(),
        conflict: Conflict::SameSize,
        first: note(new, merkle::root(&leaves)),
        second: note(new, other),
    };
    let root = merkle::root(&leaves[..2]);
    let prefix = Equivocation {
        log: log.clone(),
        conflict: Conflict::Prefix { root, path },
        first: note(old, other),
        second: note(new, merkle::root(&leaves)),
    };
    prefix.check(&log).unwrap();
    same_size.check(&log).unwrap();
    vec![
        seed("consistency", "house", extended.encode()),
        seed("equivocation", "same_size", same_size.encode()),
        seed("equivocation", "prefix", prefix.encode()),
    ]
}

/// Proofs about a seal that is true: they show nothing, but all that is said of entries is reached.
fn false_seals(world: &World) -> Vec<Seed> {
    let entries = world.leaves();
    let leaves: Vec<NodeHash> = entries.iter().map(|leaf| merkle::leaf_hash(leaf)).collect();
    let signer = MemorySigner::from_secret([1; 32]);
    let public = PublicKey::from_bytes(&signer.public_key()).unwrap();
    let log = LogKey::new(world.house.request().origin, public);
    let checkpoint = Checkpoint {
        origin: log.origin().clone(),
        size: TreeSize::new(leaves.len() as u64),
        root: merkle::root(&leaves),
    };
    let note = checkpoint.sign(&log, &signer).unwrap();
    let other = NodeHash::from_bytes([9; 32]);
    let included = |at: usize| {
        let index = LeafIndex::new(at as u64);
        Included {
            index,
            entry: String::from_utf8(entries[at].clone()).unwrap(),
            path: merkle::prove_inclusion(&leaves, index).unwrap(),
        }
    };
    let accused = |evidence| FalseSeal {
        log: log.clone(),
        seal: included(leaves.len() - 1),
        evidence,
        checkpoint: note.clone(),
    };
    let tie = Sha256Digest::of(b"tie");
    let ties = Evidence::Ties {
        tie,
        records: vec![Contested { tie, statements: 2 }],
        claimants: vec![Claimant {
            included: included(0),
            member: Some(MemberLine {
                index: LeafIndex::new(1),
                line: "{}".to_owned(),
                path: vec![other],
            }),
        }],
    };
    let rulings = Evidence::Rulings(vec![included(0)]);
    vec![
        seed("false_seal", "size", accused(Evidence::Size).encode()),
        seed("false_seal", "rulings", accused(rulings).encode()),
        seed("false_seal", "ties", accused(ties).encode()),
    ]
}

/// The payload of a report, as the target signs it.
fn report(world: &World) -> Vec<u8> {
    let signer = MemorySigner::from_secret([1; 32]);
    let judgement = drive::judge(&world.ledger, world.request(), None).unwrap();
    let basis = Basis {
        trust_root: &world.root,
        checkpoint: &world.note,
        content: false,
        require: Assurance::Pinned,
        signer: PublicKey::from_bytes(&signer.public_key()).unwrap(),
        version: "0.0.0",
    };
    let report = Report::of(&judgement, &basis, |pae| signer.sign(pae))
        .unwrap()
        .unwrap();
    Envelope::decode_within(&report.encode(), usize::MAX)
        .unwrap()
        .payload()
        .to_vec()
}

fn log(world: &World) -> Vec<Seed> {
    let note = Note::parse(&world.note).unwrap();
    let slot = |number: u64| world.file(&format!("commit/{number:020}"));
    let unsigned = |slot: Vec<u8>| slot[..slot.len() - 64].to_vec();
    let mut seeds = vec![
        seed("checkpoint", "text", note.text()),
        seed("checkpoint", "signed", &world.note),
        seed("commit", "first", unsigned(slot(0))),
        seed("commit", "second", unsigned(slot(1))),
        seed("commit", "signed", slot(0)),
        seed("log_key", "house", &world.root.log_key),
        seed("note", "checkpoint", &world.note),
    ];
    let tiles = files_below(&world.house.path("ledger/log/tile"));
    for (at, (path, bytes)) in tiles.iter().enumerate() {
        let path = path.strip_prefix(world.house.path("ledger/log")).unwrap();
        let first = format!("{}\n", path.display());
        seeds.push(seed(
            "tile",
            &format!("tile_{at}"),
            [first.as_bytes(), bytes].concat(),
        ));
    }
    seeds
}

fn files(world: &World) -> Vec<Seed> {
    let mut seeds = vec![
        seed("hash_cache", "one", hash_cache(world)),
        seed("settings", "house", world.file("herdbook.toml")),
        seed("segment", "house", segment(world)),
    ];
    for (form, name, text) in [
        (0, "yaml", YAML),
        (1, "json", JSON),
        (2, "lines", LINES),
        (0, "files", PIPELINE),
    ] {
        seeds.push(seed("lineage_file", name, [&[form], text.as_bytes()].concat()));
    }
    seeds.push(seed("dpi", "two", DPI.as_bytes().to_vec()));
    seeds.push(seed("dpi", "cut", DPI.as_bytes()[..DPI.len() / 2].to_vec()));
    seeds
}

/// A key of 32 bytes in all its forms.
fn keys(world: &World) -> Vec<Seed> {
    let passphrase = Passphrase::new(targets::files::PASSPHRASE.to_owned().into()).unwrap();
    let protection = Protection {
        passphrase: &passphrase,
        salt: [3; 16],
        iv: [4; 16],
    };
    let forms = [
        ("pkcs8", KeyForm::Pkcs8, None),
        ("pkcs8_protected", KeyForm::Pkcs8, Some(&protection)),
        ("openssh", KeyForm::OpenSsh, None),
        ("openssh_protected", KeyForm::OpenSsh, Some(&protection)),
    ];
    let written = |(name, form, protection): (&str, KeyForm, Option<&Protection<'_>>)| {
        let path = world.house.path(name);
        KeyFile::generate_as(&path, [1; 32], form, protection).unwrap();
        seed("key_file", name, fs::read(path).unwrap())
    };
    let mut seeds: Vec<Seed> = forms.into_iter().map(written).collect();
    let signer = MemorySigner::from_secret([1; 32]);
    let public = PublicKey::from_bytes(&signer.public_key()).unwrap();
    seeds.push(seed("public_key", "openssh", ssh_forms(public).0));
    seeds.push(seed("public_key", "hex", public.to_hex()));
    // SubjectPublicKeyInfo (RFC 8410 4) before the 32 bytes.
    let prefix = hex::decode("302a300506032b6570032100").unwrap();
    let inner = STANDARD.encode([prefix.as_slice(), &public.to_bytes()].concat());
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{inner}\n-----END PUBLIC KEY-----\n");
    seeds.push(seed("public_key", "pem", pem));
    seeds
}

/// A cache that knows the one file that the target asks for.
fn hash_cache(world: &World) -> Vec<u8> {
    let path = world.house.path("data/kept.jsonl");
    let mut hashed: HashedFile = hash_file(&path, &Unwatched).unwrap();
    hashed.path = Path::new("a.jsonl").to_owned();
    hashed.stamp = targets::files::STAMP;
    hashed.digests.bytes = hashed.stamp.bytes;
    let kept = world.house.path("cache");
    let cache = HashCache::open(&kept, [7; 32], i128::from(u64::MAX)).unwrap();
    cache.keep([&hashed]).unwrap();
    fs::read(kept).unwrap()
}

/// The segment that begins with entry 0 and goes furthest, after how many entries it has.
fn segment(world: &World) -> Vec<u8> {
    let segments = files_below(&world.house.path("ledger/index/segments"));
    let named = segments.iter().filter_map(|(path, bytes)| {
        let name = path.file_stem()?.to_str()?;
        let (from, to) = name.split_once('-')?;
        Some((from.parse::<u64>().ok()?, to.parse::<u8>().ok()?, bytes))
    });
    let (_, to, bytes) = named.filter(|(from, _, _)| *from == 0).max().unwrap();
    [&[to], bytes.as_slice()].concat()
}

fn judge(world: &World) -> Vec<Seed> {
    let leaves = world.leaves();
    let payload = |leaf: &Vec<u8>| Envelope::decode(leaf).unwrap().payload().to_vec();
    let payloads: Vec<Vec<u8>> = leaves.iter().map(payload).collect();
    let mut torn = leaves.clone();
    torn[5] = Vec::new();
    let mut swapped = leaves.clone();
    swapped.swap(3, 4);
    vec![
        seed("verifier", "honest", world.evidence(&leaves)),
        seed("verifier", "torn", world.evidence(&torn)),
        seed("verifier", "swapped", world.evidence(&swapped)),
        seed("verifier_forged", "honest", world.evidence(&payloads)),
    ]
}

/// A bundle as it is, and its members as the parts that the target puts together.
fn bundle(world: &World) -> Vec<Seed> {
    let mut archive = Vec::new();
    write_bundle(&world.ledger, world.request(), &mut archive).unwrap();
    let mut members = Vec::new();
    let mut rest = archive.as_slice();
    while let Some(size) = rest.get(124..135).filter(|size| size[0] != 0) {
        let size = usize::from_str_radix(std::str::from_utf8(size).unwrap(), 8).unwrap();
        let bytes = rest[512..512 + size].to_vec();
        let is_entry = bytes.starts_with(b"{\"payload\"");
        members.push(match members.len() {
            0..4 => bytes,
            _ => [&[u8::from(!is_entry)], bytes.as_slice()].concat(),
        });
        rest = &rest[(512 + size).next_multiple_of(512)..];
    }
    vec![
        seed("bundle", "honest", [&[0], archive.as_slice()].concat()),
        seed("bundle", "parts", [vec![1], joined(members.iter())].concat()),
    ]
}
