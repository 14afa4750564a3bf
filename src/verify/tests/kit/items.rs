//! Statements and parts of them, honest unless a test changes them.

use std::collections::BTreeMap;

use crate::digest::Digests;
use crate::digest::StatementId;
use crate::statement::*;
use crate::verify::*;

use super::World;

pub fn name(text: &str) -> ItemName {
    ItemName::new(text).unwrap()
}

/// A computed file whose content is its own description, with counted rows.
pub fn file(content: &str, rows: u64) -> ArtifactSet {
    let digests = Digests::of(content.as_bytes());
    let artifact = Artifact {
        name: format!("{content}.jsonl"),
        sha256: digests.sha256,
        content: Content::File {
            basis: Basis::Computed,
            blake3: Some(digests.blake3),
            bytes: Some(digests.bytes),
            held: false,
            sealed: false,
            row_root: None,
        },
        rows: Some(Count {
            value: rows,
            basis: CountBasis::Counted,
        }),
        tokens: None,
    };
    one(artifact)
}

/// The set of one artifact.
pub fn one(artifact: Artifact) -> ArtifactSet {
    ArtifactSet {
        artifacts: vec![artifact],
        rows: None,
        tokens: None,
    }
}

/// Something without bytes.
pub fn absent(what: &str, absence: Absence) -> ArtifactSet {
    one(Artifact::absent(
        what,
        absence,
        BTreeMap::from([("name".to_owned(), what.to_owned())]),
    ))
}

/// A public source of 100 rows that people made.
pub fn source(item: &str) -> Source {
    Source {
        name: name(item),
        set: file(item, 100),
        made_by: MadeBy::Human,
        acquired_by: AcquiredBy::PublicDataset,
        generators: Generators::Absent,
        synthetic_share: None,
        licence: Some("Apache-2.0".to_owned()),
        licence_date: None,
        restrictions: Vec::new(),
        holder: None,
        period: None,
        geography: vec![],
        languages: vec![],
        modality: vec![],
        personal_data: Answer::No,
        url: None,
        crawl: None,
        legal_basis: None,
        evidence: vec![],
        derived_from: None,
        gaps: Vec::new(),
    }
}

/// A model behind an API.
pub fn model(item: &str) -> Model {
    Model {
        name: name(item),
        set: absent(item, Absence::None),
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
    }
}

/// A run without inputs that puts out one item.
pub fn run(item: &str, does: Does, output: &str, kind: OutputKind, set: ArtifactSet) -> Run {
    Run {
        name: name(item),
        does,
        inputs: vec![],
        outputs: vec![Output {
            name: name(output),
            kind,
            set,
            inputs: vec![],
        }],
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
    }
}

/// An input that takes all artifacts of an item.
pub fn input(world: &World, item: &str, role: Role) -> Input {
    Input {
        role,
        from: InputFrom::Artifacts(Cites::Inline(world.refs(item))),
        rows: None,
        tokens: None,
        kept: None,
        repeat: None,
        share: None,
    }
}

/// An input nobody declared.
pub fn gap(text: &str, role: Role) -> Input {
    Input {
        role,
        from: InputFrom::Gap(Gap {
            text: text.to_owned(),
            digest: None,
        }),
        rows: None,
        tokens: None,
        kept: None,
        repeat: None,
        share: None,
    }
}

/// Adds a run that takes whole items and puts out one file of `rows` rows named after the output.
pub fn step(world: &mut World, does: Does, inputs: &[(&str, Role)], output: &str, rows: u64) -> StatementId {
    let kind = if matches!(does, Does::Train | Does::Merge) {
        OutputKind::Model
    } else if does == Does::Evaluate {
        OutputKind::Scores
    } else {
        OutputKind::Shard
    };
    let set = if kind == OutputKind::Model {
        weights(output)
    } else {
        file(output, rows)
    };
    let inputs = inputs
        .iter()
        .map(|(item, role)| input(world, item, *role))
        .collect();
    let run = Run {
        inputs,
        ..run(&format!("{does}-{output}"), does, output, kind, set)
    };
    world.add(Predicate::Run(run))
}

/// One file of weights.
pub fn weights(content: &str) -> ArtifactSet {
    let mut set = file(content, 0);
    for artifact in &mut set.artifacts {
        artifact.rows = None;
        artifact.name = format!("{content}.safetensors");
    }
    set
}

/// Seeds -> generate with a teacher -> filter -> train: the lineage most tests change in one place.
pub fn herd() -> World {
    herd_in(World::new())
}

/// The same lineage in a ledger that holds something already.
pub fn herd_in(mut world: World) -> World {
    world.add(Predicate::Source(source("seeds")));
    world.add(Predicate::Model(model("teacher")));
    step(
        &mut world,
        Does::Generate,
        &[("teacher", Role::Generator), ("seeds", Role::Seed)],
        "tasks",
        1000,
    );
    step(&mut world, Does::Filter, &[("tasks", Role::Data)], "kept", 800);
    step(&mut world, Does::Train, &[("kept", Role::Data)], "specialist", 0);
    world
}

/// The failing codes of a judgement.
pub fn failing(judgement: &Judgement) -> Vec<Code> {
    judgement
        .findings
        .iter()
        .map(|finding| finding.code)
        .filter(|code| code.verdict().is_some())
        .collect()
}

/// The codes of the notes of a judgement.
pub fn notes(judgement: &Judgement) -> Vec<Code> {
    let notes = judgement.findings.iter().map(|finding| finding.code);
    notes.filter(|code| code.verdict().is_none()).collect()
}

/// The names on a path.
pub fn names(path: &[PathStep]) -> Vec<&str> {
    path.iter().map(|step| step.name.as_str()).collect()
}

/// Demands exactly one failing finding, with this code and this path.
#[track_caller]
pub fn fails(judgement: &Judgement, code: Code, path: &[&str]) {
    assert_eq!(failing(judgement), [code], "{:#?}", judgement.findings);
    assert_eq!(names(&judgement.findings[0].path), path);
}

/// Demands that nothing fails.
#[track_caller]
pub fn passes(judgement: &Judgement) {
    assert_eq!(failing(judgement), [], "{:#?}", judgement.findings);
    assert_eq!(judgement.verdict, Verdict::Traced);
}

/// A file of exactly these bytes, with counted rows.
pub fn bytes(file_name: &str, content: &[u8], rows: u64) -> ArtifactSet {
    let digests = Digests::of(content);
    one(Artifact {
        name: file_name.to_owned(),
        sha256: digests.sha256,
        content: Content::File {
            basis: Basis::Computed,
            blake3: Some(digests.blake3),
            bytes: Some(digests.bytes),
            held: false,
            sealed: false,
            row_root: None,
        },
        rows: Some(Count {
            value: rows,
            basis: CountBasis::Counted,
        }),
        tokens: None,
    })
}

/// The same file with rows nobody knows.
pub fn uncounted(mut set: ArtifactSet) -> ArtifactSet {
    set.rows = None;
    for artifact in &mut set.artifacts {
        artifact.rows = None;
    }
    set
}

/// A decimal, as the fields that may have one take it.
#[expect(clippy::unnecessary_wraps, reason = "fields are optional")]
pub fn decimal(text: &str) -> Option<Decimal> {
    Some(Decimal::parse(text).unwrap())
}

/// An exact share.
pub fn part(of: u64, whole: u64) -> Share {
    Share::of_counts(of, whole)
}

/// An interval.
pub fn between(low: Share, high: Share) -> Share {
    Share {
        low: low.low,
        high: high.high,
    }
}

/// A notice about things, without an effect or a replacement.
pub fn notice(change: NoticeKind, targets: Vec<ArtifactRef>) -> Notice {
    Notice {
        change,
        targets,
        gap: None,
        by: vec![],
        effect: None,
        reason: None,
        reaches: None,
    }
}

/// A prompt that is one file.
pub fn prompt(item: &str) -> Prompt {
    Prompt {
        name: name(item),
        set: file(item, 0),
    }
}

/// A rule without code.
pub fn filter(item: &str) -> Filter {
    Filter {
        name: name(item),
        set: absent(item, Absence::None),
        rule: FilterRule::Other,
        params: BTreeMap::new(),
        model: None,
    }
}

#[track_caller]
pub fn undecidable(judgement: &Judgement, code: Code) {
    assert_eq!(failing(judgement), [code], "{:#?}", judgement.findings);
    assert_eq!(judgement.verdict, Verdict::Undecidable);
}
