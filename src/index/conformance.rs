//! What every index backend must pass.

use std::collections::BTreeMap;

use super::*;
use crate::digest::KeyId;
use crate::statement::Absence;
use crate::statement::Access;
use crate::statement::Answer;
use crate::statement::Artifact;
use crate::statement::ArtifactSet;
use crate::statement::Basis;
use crate::statement::Cites;
use crate::statement::Content;
use crate::statement::Does;
use crate::statement::Input;
use crate::statement::InputFrom;
use crate::statement::Model;
use crate::statement::Output;
use crate::statement::OutputKind;
use crate::statement::Predicate;
use crate::statement::Prompt;
use crate::statement::Role;
use crate::statement::Run;
use crate::statement::Statement;
use crate::statement::Thing;

/// What takes batches and lets itself be asked.
pub(crate) trait Backend {
    /// As [`IndexMut::apply`].
    fn apply(&mut self, batch: Vec<Indexed>, to: Watermark, resume: Resume) -> Result<(), IndexError>;

    /// Returns the index over all batches.
    fn index(&self) -> &dyn Index;

    /// As [`Backend::index`], to keep.
    fn into_index(self: Box<Self>) -> Box<dyn Index>;
}

impl<T: IndexMut + 'static> Backend for T {
    fn apply(&mut self, batch: Vec<Indexed>, to: Watermark, resume: Resume) -> Result<(), IndexError> {
        IndexMut::apply(self, batch, to, resume)
    }

    fn index(&self) -> &dyn Index {
        self
    }

    fn into_index(self: Box<Self>) -> Box<dyn Index> {
        self
    }
}

type Fresh<'a> = &'a mut dyn FnMut() -> Box<dyn Backend>;

/// Checks a backend; `fresh` returns an empty index.
pub(crate) fn check(fresh: Fresh<'_>) {
    answers_come_from_the_batches(&mut *fresh());
    a_statement_counts_once(&mut *fresh());
    batches_follow_each_other(&mut *fresh());
    batches_of_any_size_give_equal_answers(fresh);
}

pub(crate) fn name(text: &str) -> ItemName {
    ItemName::new(text).unwrap()
}

pub(crate) fn id(byte: u8) -> StatementId {
    StatementId::from_bytes([byte; 32])
}

fn file(content: &str) -> Artifact {
    Artifact {
        name: format!("{content}.jsonl"),
        sha256: Sha256Digest::of(content.as_bytes()),
        content: Content::File {
            basis: Basis::Given,
            blake3: None,
            bytes: None,
            held: false,
            sealed: false,
            row_root: None,
        },
        rows: None,
        tokens: None,
    }
}

fn set(contents: &[&str]) -> ArtifactSet {
    ArtifactSet {
        artifacts: contents.iter().map(|content| file(content)).collect(),
        rows: None,
        tokens: None,
    }
}

pub(crate) fn prompt(item: &str, contents: &[&str]) -> Predicate {
    Predicate::Prompt(Prompt {
        name: name(item),
        set: set(contents),
    })
}

fn api_model(item: &str) -> Predicate {
    let declaration = BTreeMap::from([("name".to_owned(), item.to_owned())]);
    Predicate::Model(Model {
        name: name(item),
        set: ArtifactSet {
            artifacts: vec![Artifact::absent(item, Absence::None, declaration)],
            ..ArtifactSet::default()
        },
        provider: "Example AI".to_owned(),
        version: "1".to_owned(),
        alias: false,
        access: Access::Api,
        terms: None,
        licence: None,
        licence_date: None,
        restrictions: Vec::new(),
        family: None,
        report: None,
    })
}

pub(crate) fn generation(item: &str, generator: StatementId, outputs: &[(&str, &[&str])]) -> Predicate {
    let output = |(item, contents): &(&str, &[&str])| Output {
        name: name(item),
        kind: OutputKind::Shard,
        set: set(contents),
        inputs: vec![],
    };
    Predicate::Run(Run {
        name: name(item),
        does: Does::Generate,
        inputs: vec![Input {
            role: Role::Generator,
            from: InputFrom::Artifacts(Cites::Inline(vec![ArtifactRef::subject(generator, 0)])),
            rows: None,
            tokens: None,
            kept: None,
            repeat: None,
            share: None,
        }],
        outputs: outputs.iter().map(output).collect(),
        params: BTreeMap::new(),
        command: None,
        code: vec![],
        environment: BTreeMap::new(),
        operator: None,
        started: None,
        ended: None,
        inputs_complete: Answer::NotKnown,
        expansion: None,
        rewrites: false,
        epochs: None,
    })
}

pub(crate) fn indexed(entry: u64, id: StatementId, predicate: Predicate, parents: &[StatementId]) -> Indexed {
    let statement = Statement {
        issuer: KeyId::from_bytes([1; 32]),
        ledger: Some(StatementId::from_bytes([0; 32])),
        predicate,
    };
    let entry = LeafIndex::new(entry);
    Indexed::new(entry, id, &statement, vec![], parents.to_vec(), false)
}

pub(crate) fn to(size: u64) -> Watermark {
    Watermark {
        origin: "example.com/test".to_owned(),
        size: TreeSize::new(size),
        root: NodeHash::from_bytes([7; 32]),
    }
}

/// Returns an index over the log of this suite.
pub(crate) fn indexed_log() -> Box<dyn Index> {
    let mut index = MemoryIndex::new();
    IndexMut::apply(&mut index, log(), to(4), Resume::default()).unwrap();
    Box::new(index)
}

/// Entry 0 a prompt, 1 a model without bytes, 2 a run with two outputs, 3 another prompt with bytes of both.
pub(crate) fn log() -> Vec<Indexed> {
    let mut last = indexed(3, id(0xa4), prompt("p", &["x", "three"]), &[]);
    let member = ArtifactRef {
        member: Some(9),
        ..ArtifactRef::subject(id(0xa4), 1)
    };
    last.claims.push(Claim {
        digest: Sha256Digest::of(b"member"),
        artifact: member,
    });
    vec![
        indexed(0, id(0xa1), prompt("p", &["x", "x"]), &[]),
        indexed(1, id(0xa2), api_model("m"), &[]),
        indexed(
            2,
            id(0xb3),
            generation("g", id(0xa2), &[("out", &["one", "two"]), ("more", &["three"])]),
            &[id(0xa2), id(0xa1), id(0xa2)],
        ),
        last,
    ]
}

fn answers_come_from_the_batches(index: &mut dyn Backend) {
    assert_eq!(index.index().watermark(), None);
    assert!(index.index().contested().unwrap().is_empty());
    index.apply(log(), to(4), Resume::default()).unwrap();
    let index = index.index();
    assert_eq!(index.watermark(), Some(&to(4)));
    assert_eq!(index.id_at(LeafIndex::new(2)).unwrap(), Some(id(0xb3)));
    assert_eq!(index.id_at(LeafIndex::new(4)).unwrap(), None);

    let facts = index.facts(id(0xb3)).unwrap().unwrap();
    assert_eq!(facts.parents, [id(0xa1), id(0xa2)]);
    assert_eq!((facts.entry, facts.kind), (LeafIndex::new(2), "run"));
    assert_eq!(facts.sets[1].subjects, 2..3);
    assert_eq!(
        facts.thing(&ArtifactRef::subject(id(0xb3), 2)),
        Some(Thing::Output(OutputKind::Shard))
    );
    assert_eq!(facts.thing(&ArtifactRef::subject(id(0xb3), 3)), None);
    let member_of_a_file = ArtifactRef {
        member: Some(0),
        ..ArtifactRef::subject(id(0xb3), 2)
    };
    assert_eq!(facts.thing(&member_of_a_file), None);
    assert_eq!(index.facts(id(0xb4)).unwrap(), None);

    let prefixed = |text: &str, limit| index.ids(IdPrefix::parse(text).unwrap(), limit).unwrap();
    assert_eq!(prefixed("a", 9), [id(0xa1), id(0xa2), id(0xa4)]);
    assert_eq!(prefixed("a", 2), [id(0xa1), id(0xa2)]);
    assert_eq!(prefixed(&"b3".repeat(32), 9), [id(0xb3)]);
    assert!(prefixed("c", 9).is_empty());

    let children = |entry| index.children(LeafIndex::new(entry)).unwrap();
    assert_eq!(children(0), [LeafIndex::new(2)]);
    assert_eq!(children(1), [LeafIndex::new(2)]);
    assert!(children(2).is_empty() && children(9).is_empty());

    names_are_series(index);
    digests_are_claimed(index);
}

fn names_are_series(index: &dyn Index) {
    let of = |text: &str| -> Vec<_> {
        let versions = index.versions(&name(text)).unwrap();
        versions
            .iter()
            .map(|version| (version.entry.get(), version.statement, version.kind, version.part))
            .collect()
    };
    let first = VersionPart::Set(0);
    assert_eq!(
        of("p"),
        [(0, id(0xa1), "prompt", first), (3, id(0xa4), "prompt", first)]
    );
    assert_eq!(of("m"), [(1, id(0xa2), "model", first)]);
    assert_eq!(of("g"), [(2, id(0xb3), "run", VersionPart::Run)]);
    assert_eq!(of("more"), [(2, id(0xb3), "shard", VersionPart::Set(1))]);
    assert!(of("absent").is_empty());
    let names = index.names().unwrap();
    assert_eq!(names, ["g", "m", "more", "out", "p"].map(name));
}

fn digests_are_claimed(index: &dyn Index) {
    let of = |content: &str| index.claims(Sha256Digest::of(content.as_bytes())).unwrap();
    let subject = ArtifactRef::subject;
    assert_eq!(
        of("x"),
        [subject(id(0xa1), 0), subject(id(0xa1), 1), subject(id(0xa4), 0)]
    );
    assert_eq!(of("two"), [subject(id(0xb3), 1)]);
    assert_eq!(of("member")[0].member, Some(9));
    assert!(of("nobody").is_empty());
    // What has no bytes claims nothing.
    let model = index.facts(id(0xa2)).unwrap().unwrap();
    assert_eq!(model.subjects.len(), 1);
    // Twice in one statement is no conflict; in two statements it is.
    let mut contested = [Sha256Digest::of(b"three"), Sha256Digest::of(b"x")];
    contested.sort_unstable();
    assert_eq!(index.contested().unwrap(), contested);
}

fn a_statement_counts_once(index: &mut dyn Backend) {
    let batch = vec![
        indexed(0, id(1), prompt("p", &["x"]), &[]),
        indexed(1, id(1), prompt("p", &["x"]), &[]),
    ];
    index.apply(batch, to(2), Resume::default()).unwrap();
    let index = index.index();
    assert_eq!(index.facts(id(1)).unwrap().unwrap().entry, LeafIndex::new(0));
    assert_eq!(index.id_at(LeafIndex::new(1)).unwrap(), Some(id(1)));
    assert_eq!(index.versions(&name("p")).unwrap().len(), 1);
    assert_eq!(index.claims(Sha256Digest::of(b"x")).unwrap().len(), 1);
    assert!(index.contested().unwrap().is_empty());
}

fn batches_follow_each_other(index: &mut dyn Backend) {
    let one = |entry| vec![indexed(entry, id(1), prompt("p", &["x"]), &[])];
    let hole = index.apply(one(1), to(2), Resume::default());
    assert!(matches!(hole, Err(IndexError::OutOfOrder { .. })));
    let short = index.apply(one(0), to(2), Resume::default());
    assert!(matches!(short, Err(IndexError::Watermark { .. })));
    index.apply(one(0), to(1), Resume::default()).unwrap();
    let again = index.apply(one(0), to(1), Resume::default());
    assert!(matches!(again, Err(IndexError::OutOfOrder { .. })));
    let elsewhere = Watermark {
        origin: "example.com/other".to_owned(),
        ..to(2)
    };
    let other = index.apply(one(1), elsewhere, Resume::default());
    assert!(matches!(other, Err(IndexError::Origin { .. })));
    assert_eq!(index.index().watermark(), Some(&to(1)));
}

fn batches_of_any_size_give_equal_answers(fresh: Fresh<'_>) {
    let (mut whole, mut single) = (fresh(), fresh());
    whole.apply(log(), to(4), Resume::default()).unwrap();
    for (indexed, size) in log().into_iter().zip(1..) {
        single.apply(vec![indexed], to(size), Resume::default()).unwrap();
    }
    let (whole, single) = (whole.index(), single.index());
    assert_eq!(whole.names().unwrap(), single.names().unwrap());
    assert_eq!(whole.contested().unwrap(), single.contested().unwrap());
    for item in whole.names().unwrap() {
        assert_eq!(whole.versions(&item).unwrap(), single.versions(&item).unwrap());
    }
    for indexed in log() {
        let id = indexed.facts.id;
        assert_eq!(whole.facts(id).unwrap(), single.facts(id).unwrap());
    }
}
