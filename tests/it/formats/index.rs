//! `docs/formats/index.md`: a segment of two entries.

use herdbook::digest::{KeyId, NodeHash, Sha256Digest, StatementId};
use herdbook::index::{
    Claim, Facts, Index as _, Indexed, Resume, Segments, SetFacts, SubjectFacts, Watermark,
};
use herdbook::merkle::{LeafIndex, TreeSize};
use herdbook::statement::{ArtifactRef, ItemName, Thing};

use super::block;

fn statement(entry: u64, byte: u8, name: &str, parents: Vec<StatementId>) -> Indexed {
    let id = StatementId::from_bytes([byte; 32]);
    let name = ItemName::new(name).unwrap();
    Indexed {
        claims: vec![Claim {
            digest: Sha256Digest::of(b"x"),
            artifact: ArtifactRef::subject(id, 0),
        }],
        facts: Facts {
            id,
            entry: LeafIndex::new(entry),
            issuer: KeyId::from_bytes([1; 32]),
            kind: "prompt",
            name: Some(name.clone()),
            sets: vec![SetFacts {
                name,
                thing: Thing::Prompt,
                subjects: 0..1,
                rows: None,
                tokens: None,
            }],
            subjects: vec![SubjectFacts {
                members: 0,
                rows: Some(5),
            }],
            personal: false,
            parents,
        },
    }
}

/// Entry 0, and entry 1, which cites it.
fn statements() -> [Indexed; 2] {
    let first = statement(0, 0xa1, "p", vec![]);
    let second = statement(1, 0x52, "q", vec![first.facts.id]);
    [first, second]
}

fn wrapped(bytes: &[u8]) -> String {
    let lines: Vec<_> = bytes.chunks(32).map(hex::encode).collect();
    lines.join("\n")
}

#[test]
fn the_worked_segment_is_what_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let to = Watermark {
        origin: "example.org/herd".to_owned(),
        size: TreeSize::new(2),
        root: NodeHash::from_bytes([7; 32]),
    };
    let resume = Resume {
        next_commit: 1,
        ..Resume::default()
    };
    Segments::publish(folder.path(), &statements(), &to, &resume).unwrap();
    let file = folder
        .path()
        .join("00000000000000000000-00000000000000000002.seg");
    let bytes = std::fs::read(file).unwrap();
    let page = |heading| block("index.md", heading);
    assert_eq!(wrapped(&bytes[..1024]), page("Header"));
    assert_eq!(wrapped(&bytes[1024..]), page("Tables, record and page digests"));
    let index = Segments::open(folder.path(), "example.org/herd")
        .unwrap()
        .unwrap();
    for statement in statements() {
        let facts = index.facts(statement.facts.id).unwrap().unwrap();
        assert_eq!(*facts, statement.facts);
    }
    assert_eq!(index.parents(LeafIndex::new(1)).unwrap(), [LeafIndex::new(0)]);
    assert_eq!(index.children(LeafIndex::new(0)).unwrap(), [LeafIndex::new(1)]);
}
