//! Attacks on what lies beside the log: blobs, manifests, files, the index, the proof of an entry.

use herdbook::digest::NodeHash;
use herdbook::manifest::Manifest;
use herdbook::merkle;
use herdbook::statement::*;
use herdbook::verify::Code;

use super::kit::*;

pub fn attacks() -> Vec<Attack> {
    [blobs(), manifests(), files(), places()].concat()
}

/// A generation with a prompt that the ledger holds.
pub fn prompted() -> (World, Artifact) {
    let mut world = World::new();
    world.add(Predicate::Model(model("teacher")));
    let held = world.hold("prompt.txt", b"write a task");
    world.add(Predicate::Prompt(Prompt {
        name: name("prompt"),
        set: one(held.clone()),
    }));
    let roles = [("teacher", Role::Generator), ("prompt", Role::Prompt)];
    world.run(Does::Generate, &roles, "text", rows("text", 10), |run| run);
    (world.sealed(), held)
}

fn blobs() -> Vec<Attack> {
    let (world, held) = prompted();
    let id = held.sha256.as_blob();
    let mut swapped = world.clone();
    swapped.blobs.insert(id, b"write a lie".to_vec());
    let mut missing = world;
    missing.blobs.remove(&id);
    vec![
        // In a bundle a blob is named by its digest, and one with other bytes is no member.
        Attack::ledger(
            [
                "swapped-blob",
                "the prompt that the ledger holds has other bytes than its name says",
                "another prompt than the one that was signed for",
            ],
            &swapped,
            "text",
            &[Code::BlobDiffers],
        ),
        Attack::both(
            [
                "missing-blob",
                "the prompt that the ledger holds is gone",
                "a prompt that nobody gets to read",
            ],
            &missing,
            "text",
            &[Code::BlobMissing],
        ),
        Attack::both(
            [
                "held-file-stated-wrongly",
                "a prompt's statement has another BLAKE3 than the bytes that the ledger holds",
                "that one right digest of two is enough",
            ],
            &{
                let mut world = World::new();
                world.add(Predicate::Model(model("teacher")));
                let mut held = world.hold("prompt.txt", b"write a task");
                if let Content::File { blake3, .. } = &mut held.content {
                    *blake3 = Some(herdbook::digest::Blake3Digest::of(b"another"));
                }
                world.add(Predicate::Prompt(Prompt {
                    name: name("prompt"),
                    set: one(held),
                }));
                let roles = [("teacher", Role::Generator), ("prompt", Role::Prompt)];
                world.run(Does::Generate, &roles, "text", rows("text", 10), |run| run);
                world.sealed()
            },
            "text",
            &[Code::BlobDiffers],
        ),
    ]
}

const MEMBERS: [(&str, &[u8]); 2] = [("a.jsonl", b"a"), ("b.jsonl", b"b")];

/// A model trained on a source whose manifest is as it is made here.
fn on_manifest(make: impl FnOnce(&mut World) -> Artifact) -> World {
    let mut world = World::new();
    let parts = make(&mut world);
    world.add(Predicate::Source(Source {
        set: one(parts),
        ..source("parts")
    }));
    world.train("parts", "model");
    world
}

/// The manifest with its lines changed, and what the statement says of it made to fit.
fn relined(world: &mut World, change: impl FnOnce(&mut Vec<Vec<u8>>)) -> Artifact {
    let members = MEMBERS.iter().map(|(name, content)| member(name, content));
    let manifest = Manifest::of(members.collect()).unwrap();
    let mut lines: Vec<Vec<u8>> = manifest
        .bytes
        .split_inclusive(|byte| *byte == b'\n')
        .map(<[u8]>::to_vec)
        .collect();
    change(&mut lines);
    let leaves: Vec<NodeHash> = lines
        .iter()
        .map(|line| merkle::leaf_hash(&line[..line.len() - 1]))
        .collect();
    let facts = ManifestFacts {
        count: lines.len() as u64,
        total_bytes: Some(lines.len() as u64),
        root: merkle::root(&leaves),
    };
    let bytes = lines.concat();
    world.manifest_of("parts", Manifest { bytes, facts })
}

fn manifests() -> Vec<Attack> {
    let mut missing = on_manifest(|world| world.manifest("parts", &MEMBERS)).sealed();
    missing.blobs.clear();
    let undecodable = [Code::Undecodable];
    vec![
        Attack::both(
            [
                "missing-manifest",
                "the list of a source's files is gone",
                "files that nobody can compare with others",
            ],
            &missing,
            "model",
            &[Code::ManifestMissing],
        ),
        Attack::refused(
            [
                "manifest-with-another-root",
                "the statement has another root than the lines of its manifest",
                "proofs of members that are not in the list",
            ],
            &on_manifest(|world| {
                let mut parts = world.manifest("parts", &MEMBERS);
                if let Content::Manifest { facts, .. } = &mut parts.content {
                    facts.root = merkle::leaf_hash(b"another");
                }
                parts
            })
            .sealed(),
            "model",
            &undecodable,
        ),
        Attack::refused(
            [
                "manifest-reordered",
                "the lines of a manifest are not in the order of their names",
                "two manifests of the same files",
            ],
            &on_manifest(|world| relined(world, |lines| lines.reverse())).sealed(),
            "model",
            &undecodable,
        ),
        Attack::refused(
            [
                "manifest-with-a-duplicate",
                "a file stands twice in a manifest",
                "rows that are counted twice",
            ],
            &on_manifest(|world| relined(world, |lines| lines[1] = lines[0].clone())).sealed(),
            "model",
            &undecodable,
        ),
        Attack::refused(
            [
                "path-in-a-manifest",
                "the name of a member leads out of the content folder",
                "that the auditor's machine opens a file of the attacker's choice",
            ],
            &on_manifest(|world| {
                relined(world, |lines| {
                    let line = String::from_utf8(lines[0].clone()).unwrap();
                    lines[0] = line.replace("a.jsonl", "../a").into_bytes();
                })
            })
            .sealed(),
            "model",
            &undecodable,
        ),
        rival_manifest_missing(),
    ]
}

fn rival_manifest_missing() -> Attack {
    let text = [
        "rival-manifest-missing",
        "the list of files of an item outside the lineage is gone, and may hold a rival claim",
        "a rival that nobody gets to see",
    ];
    let mut world = World::herd();
    let files: [(&str, &[u8]); 2] = [("mine.jsonl", b"my own"), ("z.jsonl", b"kept")];
    let manifest = world.manifest("people", &files);
    world.add(Predicate::Source(Source {
        set: one(manifest.clone()),
        ..source("people")
    }));
    let mut world = world.sealed();
    world.blobs.clear();
    Attack::ledger(text, &world, "specialist", &[Code::ClaimsIncomplete])
}

/// Rows of JSON, told by what is in them.
fn jsonl(content: &str, count: u64) -> Vec<u8> {
    (0..count)
        .flat_map(|row| format!("{{\"{content}\":{row}}}\n").into_bytes())
        .collect()
}

/// A model trained on three rows that were generated from two.
fn small_herd() -> World {
    let mut world = World::new();
    let shard = |name: &str, count| one(bytes(&format!("{name}.jsonl"), &jsonl(name, count), Some(count)));
    world.add(Predicate::Source(Source {
        set: shard("seeds", 2),
        ..source("seeds")
    }));
    world.add(Predicate::Model(model("teacher")));
    let roles = [("teacher", Role::Generator), ("seeds", Role::Seed)];
    world.run(Does::Generate, &roles, "tasks", shard("tasks", 3), |run| run);
    world.train("tasks", "specialist");
    world.sealed()
}

/// The files of the small herd.
fn contents() -> Files {
    Files::from([
        file("content/seeds.jsonl", jsonl("seeds", 2)),
        file("content/tasks.jsonl", jsonl("tasks", 3)),
        file("content/specialist.safetensors", "specialist"),
    ])
}

fn content_check(codes: &[Code]) -> Check {
    Check::verdict(&format!("{} --content content", verify("specialist")), codes)
}

fn files() -> Vec<Attack> {
    let world = small_herd();
    let with = |[name, what, goal]: [&'static str; 3]| {
        Attack::new(name, what, goal, &world)
            .files(world.ledger())
            .files(contents())
    };
    vec![
        with([
            "changed-training-file",
            "the training data in the folder is not the file that was registered",
            "to show other data than what was trained on",
        ])
        .file("content/tasks.jsonl", jsonl("better", 3))
        .check(content_check(&[Code::ContentDiffers])),
        with([
            "missing-training-file",
            "the training data is not in the folder that holds the files",
            "data that nobody gets to read",
        ])
        .without("content/tasks.jsonl")
        .check(content_check(&[Code::ContentNotFound])),
        with([
            "link-in-the-content-folder",
            "a file of the lineage is a link that leads to other bytes",
            "that a link is taken for what it leads to",
        ])
        .files(Files::from([
            link("content/tasks.jsonl", "../elsewhere.txt"),
            file("elsewhere.txt", jsonl("better", 3)),
        ]))
        .check(content_check(&[Code::ContentDiffers])),
        with([
            "file-nobody-registered",
            "an auditor is handed a model that is not the one in the ledger",
            "`traced` for another file, by its name",
        ])
        .file("specialist.safetensors", "another model")
        .check(Check::verdict(
            "verify specialist.safetensors --ledger ledger --trust-root trust-root.json",
            &[Code::NotRegistered],
        )),
        counted_wrongly(),
    ]
}

fn counted_wrongly() -> Attack {
    let text = [
        "counted-rows-that-are-not-there",
        "a statement says that Herdbook counted a hundred rows in a file that has two",
        "a larger share for the better data",
    ];
    let mut world = World::new();
    world.add(Predicate::Source(Source {
        set: one(bytes("seeds.jsonl", &jsonl("seeds", 2), Some(100))),
        ..source("seeds")
    }));
    world.train("seeds", "specialist");
    let world = world.sealed();
    Attack::new(text[0], text[1], text[2], &world)
        .files(world.ledger())
        .files(contents())
        .check(content_check(&[Code::ContentDiffers]))
        .without("content/tasks.jsonl")
}

fn places() -> Vec<Attack> {
    let world = World::herd().sealed();
    let slot = world.slots()[1].clone();
    vec![
        Attack::ledger(
            [
                "symlink-for-a-commit",
                "a commit is a link to a file outside of the ledger",
                "evidence that changes after it was checked",
            ],
            &world,
            "specialist",
            &[Code::Undecodable],
        )
        .without(&slot_path(1))
        .files(Files::from([
            link(&slot_path(1), "../../elsewhere"),
            file("elsewhere", slot),
        ])),
        {
            let (world, held) = prompted();
            let path = blob_path(held.sha256.as_blob());
            Attack::ledger(
                [
                    "symlink-for-a-blob",
                    "a prompt that the ledger holds is a link to a file outside of it",
                    "evidence that changes after it was checked",
                ],
                &world,
                "text",
                &[Code::BlobDiffers],
            )
            .without(&path)
            .files(Files::from([
                link(&path, "../../../elsewhere"),
                file("elsewhere", "write a task"),
            ]))
        },
        settings_of_another_log(),
    ]
}

fn settings_of_another_log() -> Attack {
    let text = [
        "settings-of-another-log",
        "herdbook.toml names another origin than the genesis",
        "that the pin of another ledger is looked up",
    ];
    let world = World::herd().sealed();
    Attack::ledger(text, &world, "specialist", &[Code::Undecodable]).change("ledger/herdbook.toml", |bytes| {
        let other = String::from_utf8(bytes.clone()).unwrap();
        *bytes = other.replace(ORIGIN, "example.org/other").into_bytes();
    })
}
