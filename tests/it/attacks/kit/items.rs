//! Statements and parts of them, honest unless an attack changes them.

use std::collections::BTreeMap;

use herdbook::digest::Digests;
use herdbook::digest::StatementId;
use herdbook::statement::*;

use super::World;
use super::world::ISSUER;
use super::world::public;

pub fn name(text: &str) -> ItemName {
    ItemName::new(text).unwrap()
}

/// A file of exactly these bytes, read by Herdbook, with counted rows.
pub fn bytes(file_name: &str, content: &[u8], rows: Option<u64>) -> Artifact {
    let digests = Digests::of(content);
    Artifact {
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
        rows: rows.map(|value| Count {
            value,
            basis: CountBasis::Counted,
        }),
        tokens: None,
    }
}

/// A file whose content is its own description.
pub fn rows(content: &str, rows: u64) -> ArtifactSet {
    one(bytes(&format!("{content}.jsonl"), content.as_bytes(), Some(rows)))
}

/// One file of weights.
pub fn weights(content: &str) -> ArtifactSet {
    one(bytes(&format!("{content}.safetensors"), content.as_bytes(), None))
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
    let declaration = BTreeMap::from([("name".to_owned(), what.to_owned())]);
    one(Artifact::absent(what, absence, declaration))
}

/// A public source of 100 rows that people made.
pub fn source(item: &str) -> Source {
    Source {
        name: name(item),
        set: rows(item, 100),
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

/// A model whose weights came from elsewhere.
pub fn external(item: &str, set: ArtifactSet) -> Predicate {
    Predicate::Model(Model {
        set,
        access: Access::Weights,
        ..model(item)
    })
}

/// A rule without code.
pub fn filter(item: &str, model: Option<ArtifactRef>) -> Filter {
    Filter {
        name: name(item),
        set: absent(item, Absence::None),
        rule: FilterRule::Quality,
        params: BTreeMap::new(),
        model,
    }
}

/// What a run of this sort makes.
fn kind_of(does: Does) -> OutputKind {
    match does {
        Does::Train | Does::Merge => OutputKind::Model,
        Does::Evaluate => OutputKind::Scores,
        _ => OutputKind::Shard,
    }
}

/// A run that puts out one item.
pub fn run(does: Does, inputs: Vec<Input>, output: &str, set: ArtifactSet) -> Run {
    Run {
        name: name(&format!("{does}-{output}")),
        does,
        inputs,
        outputs: vec![Output {
            name: name(output),
            kind: kind_of(does),
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
    cited(world.refs(item), role)
}

/// An input that takes these artifacts.
pub fn cited(artifacts: Vec<ArtifactRef>, role: Role) -> Input {
    from(InputFrom::Artifacts(Cites::Inline(artifacts)), role)
}

/// An input nobody declared.
pub fn gap(text: &str, role: Role) -> Input {
    let text = text.to_owned();
    from(InputFrom::Gap(Gap { text, digest: None }), role)
}

fn from(from: InputFrom, role: Role) -> Input {
    Input {
        role,
        from,
        rows: None,
        tokens: None,
        kept: None,
        repeat: None,
        share: None,
    }
}

/// A collection of these items.
pub fn dataset(world: &World, item: &str, members: &[&str]) -> Dataset {
    let members = members.iter().flat_map(|member| world.refs(member)).collect();
    Dataset {
        name: name(item),
        members: Some(Cites::Inline(members)),
        gaps: vec![],
    }
}

/// A change about the key of a seed.
pub fn key_change(change: KeyChangeKind, seed: u8) -> KeyChange {
    KeyChange {
        change,
        public_key: Some(public(seed)),
        successor: None,
        kinds: vec![],
        holder: None,
        revocation: None,
        since: None,
        statements: vec![],
        reason: None,
    }
}

/// A grant of kinds to the key of a seed.
pub fn grant(seed: u8, kinds: &[&str]) -> Predicate {
    Predicate::Key(KeyChange {
        kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
        ..key_change(KeyChangeKind::Grant, seed)
    })
}

/// That the key of a seed was compromised from an entry on.
pub fn stolen(seed: u8, since: usize) -> Predicate {
    Predicate::Key(KeyChange {
        revocation: Some(Revocation::Compromised),
        since: Some(Since::Entry(since as u64)),
        ..key_change(KeyChangeKind::Revoke, seed)
    })
}

/// An affirmation of statements.
pub fn affirm(statements: Vec<StatementId>) -> Predicate {
    Predicate::Key(KeyChange {
        public_key: None,
        statements,
        ..key_change(KeyChangeKind::Affirm, ISSUER)
    })
}

/// A decimal, as the fields that may have one take it.
#[expect(clippy::unnecessary_wraps, reason = "fields are optional")]
pub fn decimal(text: &str) -> Option<Decimal> {
    Some(Decimal::parse(text).unwrap())
}

impl World {
    /// Adds a run that takes whole items and puts out one thing.
    pub fn run(
        &mut self,
        does: Does,
        inputs: &[(&str, Role)],
        output: &str,
        set: ArtifactSet,
        change: impl FnOnce(Run) -> Run,
    ) -> StatementId {
        let inputs = inputs.iter().map(|(item, role)| input(self, item, *role));
        let run = run(does, inputs.collect(), output, set);
        self.add(Predicate::Run(change(run)))
    }

    /// Adds the training of `model` on one item.
    pub fn train(&mut self, data: &str, model: &str) -> StatementId {
        self.run(Does::Train, &[(data, Role::Data)], model, weights(model), |run| {
            run
        })
    }

    /// Adds a source with the content of something else.
    pub fn declare(&mut self, item: &str, content: &str, count: u64, change: impl FnOnce(Source) -> Source) {
        let source = Source {
            set: rows(content, count),
            ..source(item)
        };
        self.add(Predicate::Source(change(source)));
    }

    /// Seeds and a teacher make tasks; some are kept; a model is trained on them.
    pub fn herd() -> Self {
        let mut world = Self::new();
        world.add(Predicate::Source(source("seeds")));
        world.add(Predicate::Model(model("teacher")));
        let roles = [("teacher", Role::Generator), ("seeds", Role::Seed)];
        world.run(Does::Generate, &roles, "tasks", rows("tasks", 1000), |run| run);
        let roles = [("tasks", Role::Data)];
        world.run(Does::Filter, &roles, "kept", rows("kept", 800), |run| run);
        world.train("kept", "specialist");
        world
    }

    /// A source and the model trained on it, with what is changed in the source.
    pub fn on(change: impl FnOnce(Source) -> Source) -> Self {
        let mut world = Self::new();
        world.add(Predicate::Source(change(source("rows"))));
        world.train("rows", "model");
        world
    }

    /// The same world at the end of a commit.
    #[must_use]
    pub fn sealed(mut self) -> Self {
        self.seal();
        self
    }
}
