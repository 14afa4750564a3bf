//! The seeds: bytes of every format, made from the pipeline that other tests register, always with the same keys.

use std::fs;
use std::path::Path;

use herdbook::checkpoint::Note;
use herdbook::checkpoint::Signer as _;
use herdbook::digest::StatementId;
use herdbook::envelope::Envelope;
use herdbook::key::PublicKey;
use herdbook::ledger::Ledger;
use herdbook::ledger::drive;
use herdbook::ledger::hash::HashCache;
use herdbook::ledger::hash::HashedFile;
use herdbook::ledger::hash::Unwatched;
use herdbook::ledger::hash::hash_file;
use herdbook::manifest::Manifest;
use herdbook::manifest::Member;
use herdbook::merkle::LeafIndex;
use herdbook::query;
use herdbook::report::Basis;
use herdbook::report::Report;
use herdbook::sign::MemorySigner;
use herdbook::statement::ArtifactRef;
use herdbook::trust::TrustRoot;
use herdbook::verify::Assurance;
use herdbook::verify::Request;
use herdbook::verify::Trust;

use crate::ledger::House;
use crate::ledger::PIPELINE;
use crate::ledger::files_below;
use crate::ledger::write_pipeline;

/// Target, name, bytes.
type Seed = (&'static str, String, Vec<u8>);

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
            count,
        ];
        let parts = parts
            .iter()
            .chain(entries)
            .chain(blobs.iter().map(|(_, bytes)| bytes));
        let part = |bytes: &Vec<u8>| {
            let length = u16::try_from(bytes.len()).unwrap().to_be_bytes();
            [length.as_slice(), bytes].concat()
        };
        parts.flat_map(part).collect()
    }
}

pub fn seeds() -> Vec<Seed> {
    let world = World::new();
    let mut seeds = record(&world);
    seeds.extend(log(&world));
    seeds.extend(files(&world));
    seeds.extend(judge(&world));
    // What is cut short is refused everywhere.
    let cut: Vec<Seed> = crate::fuzz::targets::TARGETS
        .iter()
        .filter_map(|target| seeds.iter().find(|seed| seed.0 == target.name))
        .map(|(target, _, bytes)| (*target, "cut".to_owned(), bytes[..bytes.len() / 2].to_vec()))
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
    seeds.push(seed("tlog_proof", "tasks", proof.tlog_proof()));
    seeds.push(seed("report", "specialist", report(world)));
    seeds
}

/// The payload of a report, as the target signs it.
fn report(world: &World) -> Vec<u8> {
    let signer = MemorySigner::from_secret([1; 32]);
    let request = Request {
        name: "specialist".to_owned(),
        artifacts: vec![world.model.parse().unwrap()],
        trust: Trust::Pinned(world.root.clone()),
        checkpoint: world.note.clone(),
        content: false,
        require: Assurance::Pinned,
        disclosures: Vec::new(),
        remembered: None,
        newer: None,
        min_size: None,
    };
    let judgement = drive::judge(&world.ledger, request, None).unwrap();
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
        seed("key_file", "issuer", key_file(world)),
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
    seeds
}

fn key_file(world: &World) -> Vec<u8> {
    let request = world.house.request();
    let paths = herdbook::ledger::KeyPaths::of(&request.keys_folder, &request.origin);
    fs::read(paths.issuer).unwrap()
}

/// A cache that knows the one file that the target asks for.
fn hash_cache(world: &World) -> Vec<u8> {
    let path = world.house.path("data/kept.jsonl");
    let mut hashed: HashedFile = hash_file(&path, &Unwatched).unwrap();
    hashed.path = Path::new("a.jsonl").to_owned();
    hashed.stamp = crate::fuzz::targets::STAMP;
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
