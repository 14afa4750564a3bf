//! What the index keeps of one statement.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::digest::KeyId;
use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::merkle::LeafIndex;
use crate::statement::Answer;
use crate::statement::ArtifactRef;
use crate::statement::ArtifactSet;
use crate::statement::ItemName;
use crate::statement::Predicate;
use crate::statement::Statement;
use crate::statement::Thing;
use crate::statement::Word as _;

/// What is known of one statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The statement.
    pub id: StatementId,
    /// Its first entry in the log.
    pub entry: LeafIndex,
    /// Who signed it.
    pub issuer: KeyId,
    /// Its kind, as [`Predicate::kind`] says.
    pub kind: &'static str,
    /// The item's name.
    pub name: Option<ItemName>,
    /// Its sets of artifacts, in subject order; the one collection of a data set.
    pub sets: Vec<SetFacts>,
    /// One for each subject that can be cited.
    pub subjects: Vec<SubjectFacts>,
    /// Whether it holds personal data or descends from what does.
    pub personal: bool,
    /// The statements it cites, ascending, each once.
    pub parents: Vec<StatementId>,
}

/// One named set of artifacts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetFacts {
    /// The item's name.
    pub name: ItemName,
    /// What its artifacts are.
    pub thing: Thing,
    /// Which subjects belong to it.
    pub subjects: Range<u32>,
    /// Rows of all together, where known.
    pub rows: Option<u64>,
    /// Tokens of all together, where known.
    pub tokens: Option<u64>,
}

/// One subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubjectFacts {
    /// How many lines its manifest has; 0 without one.
    pub members: u64,
    /// Its rows, where known.
    pub rows: Option<u64>,
}

/// A tie and who has it: mostly a digest, and who claims that content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Claim {
    /// The content, or a relation ([`Predicate::ties`]).
    pub digest: Sha256Digest,
    /// The artifact, or the member of a manifest.
    pub artifact: ArtifactRef,
}

/// What a version of a name is in its statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VersionPart {
    /// The activity of a run, which has no artifacts of its own.
    Run,
    /// The set at this position of [`Facts::sets`].
    Set(usize),
}

/// One version of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    /// Where it stands: `NAME@<entry>`.
    pub entry: LeafIndex,
    /// Its statement.
    pub statement: StatementId,
    /// What it is: `run`, or the word of its [`Thing`].
    pub kind: &'static str,
    /// Which part of the statement.
    pub part: VersionPart,
}

impl Facts {
    /// Returns what the subject of a reference is; nothing when there is no such subject or member.
    pub fn thing(&self, artifact: &ArtifactRef) -> Option<Thing> {
        let subject = self.subjects.get(usize::try_from(artifact.subject).ok()?)?;
        let exists = artifact.member.is_none_or(|member| member < subject.members);
        let set = self.set_of(artifact.subject)?;
        exists.then_some(set.thing)
    }

    /// Returns the set that a subject belongs to.
    pub fn set_of(&self, subject: u32) -> Option<&SetFacts> {
        self.sets.iter().find(|set| set.subjects.contains(&subject))
    }

    /// Returns the versions of names that this statement adds.
    pub fn versions(&self) -> Vec<(ItemName, Version)> {
        let of = |name: &ItemName, kind, part| {
            let version = Version {
                entry: self.entry,
                statement: self.id,
                kind,
                part,
            };
            (name.clone(), version)
        };
        let run = self.name.as_ref().filter(|_| self.kind == "run");
        let run = run.map(|name| of(name, self.kind, VersionPart::Run));
        let sets = self.sets.iter().enumerate();
        let sets = sets.map(|(at, set)| of(&set.name, thing_word(set.thing), VersionPart::Set(at)));
        run.into_iter().chain(sets).collect()
    }
}

/// Returns the word of a thing, as output and messages write it.
pub fn thing_word(thing: Thing) -> &'static str {
    match thing {
        Thing::Source => "source",
        Thing::Prompt => "prompt",
        Thing::Filter => "filter",
        Thing::ExternalModel => "model",
        Thing::Output(kind) => kind.as_str(),
        Thing::Dataset => "dataset",
    }
}

/// One entry of the log, ready to be indexed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Indexed {
    /// What is known of the statement.
    pub facts: Facts,
    /// Its ties: the content of its subjects and of the members of their manifests, and its relations.
    pub claims: Vec<Claim>,
}

impl Indexed {
    /// Gathers what `statement` says. `members` are the claims of its manifests' lines, `parents` all statements
    /// it cites (in manifests too), and `personal_parents` whether one of them holds personal data.
    pub fn new(
        entry: LeafIndex,
        id: StatementId,
        statement: &Statement,
        members: Vec<Claim>,
        mut parents: Vec<StatementId>,
        personal_parents: bool,
    ) -> Self {
        parents.sort_unstable();
        parents.dedup();
        let personal = matches!(&statement.predicate, Predicate::Source(source)
            if source.personal_data == Answer::Yes);
        let facts = Facts {
            id,
            entry,
            issuer: statement.issuer,
            kind: statement.predicate.kind(),
            name: statement.predicate.name().cloned(),
            sets: sets(&statement.predicate),
            subjects: subjects(&statement.predicate),
            personal: personal || personal_parents,
            parents,
        };
        let mut claims = subject_claims(id, &statement.predicate);
        claims.extend(members);
        Self { facts, claims }
    }

    /// Returns the claims about content: all ties but the relations of its `predicate`.
    pub fn contents(&self, predicate: &Predicate) -> impl Iterator<Item = &Claim> {
        let relations = predicate.relations(self.facts.id);
        let relations: BTreeSet<Sha256Digest> = relations.into_iter().map(|(_, tie)| tie).collect();
        let claims = self.claims.iter();
        claims.filter(move |claim| !relations.contains(&claim.digest))
    }
}

fn sets(predicate: &Predicate) -> Vec<SetFacts> {
    if let Predicate::Dataset(dataset) = predicate {
        return vec![SetFacts {
            name: dataset.name.clone(),
            thing: Thing::Dataset,
            subjects: 0..1,
            rows: None,
            tokens: None,
        }];
    }
    let things = set_things(predicate);
    let mut next = 0;
    let placed = predicate.sets().into_iter().zip(things);
    placed
        .map(|((name, set), thing)| {
            let first = next;
            next += count(set);
            SetFacts {
                name: name.clone(),
                thing,
                subjects: first..next,
                rows: set.total_rows(),
                tokens: set.total_tokens(),
            }
        })
        .collect()
}

/// An envelope holds at most 65,535 bytes, so its subjects are far fewer than 2^32.
fn count(set: &ArtifactSet) -> u32 {
    u32::try_from(set.artifacts.len()).unwrap_or(u32::MAX)
}

/// Returns what the artifacts of each set are, in the order of [`Predicate::sets`].
fn set_things(predicate: &Predicate) -> Vec<Thing> {
    match predicate {
        Predicate::Source(_) => vec![Thing::Source],
        Predicate::Prompt(_) => vec![Thing::Prompt],
        Predicate::Filter(_) => vec![Thing::Filter],
        Predicate::Model(_) => vec![Thing::ExternalModel],
        Predicate::Run(run) => run
            .outputs
            .iter()
            .map(|output| Thing::Output(output.kind))
            .collect(),
        _ => Vec::new(),
    }
}

fn subjects(predicate: &Predicate) -> Vec<SubjectFacts> {
    if let Predicate::Dataset(_) = predicate {
        // A data set is cited as a whole: its members are artifacts of other statements.
        let whole = SubjectFacts {
            members: 0,
            rows: None,
        };
        return vec![whole];
    }
    let of = |artifact: &crate::statement::Artifact| SubjectFacts {
        members: artifact.manifest().map_or(0, |facts| facts.count),
        rows: artifact.rows.map(|rows| rows.value),
    };
    predicate.artifacts().map(of).collect()
}

fn subject_claims(id: StatementId, predicate: &Predicate) -> Vec<Claim> {
    let claim = |(subject, digest)| Claim {
        digest,
        artifact: ArtifactRef::subject(id, subject),
    };
    predicate.ties(id).into_iter().map(claim).collect()
}
