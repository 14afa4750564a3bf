//! In what a statement differs from the version that its name has, in words.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::canonical::Value;
use crate::digest::Sha256Digest;
use crate::statement::ArtifactRef;
use crate::statement::ArtifactSet;
use crate::statement::Cites;
use crate::statement::InputFrom;
use crate::statement::ItemName;
use crate::statement::Predicate;
use crate::statement::Run;
use crate::statement::Source;
use crate::statement::Statement;
use crate::statement::Word as _;

/// How many differences are told.
const TOLD_MAX: usize = 3;

/// The longest value that is told, in characters.
const VALUE_CHARS_MAX: usize = 60;

/// Members that are told in words of their own, or that follow from others.
const APART: [&str; 7] = [
    "artifacts",
    "inputs",
    "issuer",
    "ledger",
    "members",
    "name",
    "outputs",
];

/// What something taken is called, and the entry it stands at when it is in the log.
pub(super) type Called = (String, Option<u64>);

/// One thing taken: in which role, and what it is called.
type Taken = (String, String, Option<u64>);

/// Two statements under one name.
pub(super) struct Pair<'a> {
    /// The name they share.
    pub(super) name: &'a ItemName,
    /// The version there is, as `NAME@ENTRY`.
    pub(super) version: &'a str,
    pub(super) before: &'a Statement,
    pub(super) now: &'a Statement,
}

impl Pair<'_> {
    /// Returns the first few differences.
    pub(super) fn told(&self, called: &dyn Fn(&ArtifactRef) -> Called) -> String {
        let (before, now) = (&self.before.predicate, &self.now.predicate);
        if before.kind() != now.kind() {
            return format!("it was a {}, and this is a {}", before.kind(), now.kind());
        }
        let mut told = Vec::new();
        if let (Predicate::Run(before), Predicate::Run(now)) = (before, now) {
            if before.name != now.name {
                told.push(format!("it came out of the run `{}`", before.name));
            }
            self.taken(&taken_by(before, called), &taken_by(now, called), &mut told);
            if told.is_empty() && before.inputs != now.inputs {
                told.push("its inputs have other counts".to_owned());
            }
        }
        if matches!(before, Predicate::Dataset(_)) && before != now {
            told.push("it has other members".to_owned());
        }
        self.content(&mut told);
        members(&encoded(self.before), &encoded(self.now), &mut told);
        if self.before.issuer != self.now.issuer {
            told.push("another key signed it".to_owned());
        }
        if told.is_empty() {
            told.push("another output of its run differs".to_owned());
        }
        let more = told.len().saturating_sub(TOLD_MAX);
        told.truncate(TOLD_MAX);
        if more > 0 {
            told.push(format!("and {more} more differences"));
        }
        told.join(", ")
    }

    fn taken(&self, before: &BTreeSet<Taken>, now: &BTreeSet<Taken>, told: &mut Vec<String>) {
        let gone: Vec<&Taken> = before.difference(now).collect();
        let new: Vec<&Taken> = now.difference(before).collect();
        let text = |(role, name, entry): &Taken, others: &[&Taken]| {
            let again = others.iter().any(|other| other.0 == *role && other.1 == *name);
            match entry {
                Some(entry) if again => format!("`{name}@{entry}` as `{role}`"),
                None if again => format!("the new `{name}` as `{role}`"),
                _ => format!("`{name}` as `{role}`"),
            }
        };
        let version = self.version;
        for taken in &new {
            told.push(format!("{version} has no input {}", text(taken, &gone)));
        }
        for taken in &gone {
            told.push(format!("{version} has an input {}", text(taken, &new)));
        }
    }

    fn content(&self, told: &mut Vec<String>) {
        let (Some(before), Some(now)) = (set_of(self.before, self.name), set_of(self.now, self.name)) else {
            return;
        };
        let (had, has) = (files(before), files(now));
        if had != has {
            told.push(format!("it had {} and has {}", files_text(had), files_text(has)));
        } else if !same_bytes(before, now) && had > 0 {
            told.push("its files have other bytes".to_owned());
        } else if before != now {
            told.push("its files have other names, counts or provenance of digests".to_owned());
        }
    }
}

/// Returns whether two sets have bytes, and the same.
pub(super) fn same_bytes(before: &ArtifactSet, now: &ArtifactSet) -> bool {
    let digests = |set: &ArtifactSet| -> BTreeSet<Sha256Digest> {
        let bytes = set.artifacts.iter().filter(|artifact| artifact.has_bytes());
        bytes.map(|artifact| artifact.sha256).collect()
    };
    let before = digests(before);
    !before.is_empty() && before == digests(now)
}

/// Returns whether two statements tell the origin of an item otherwise, as far as that is seen without walking a
/// lineage.
pub(super) fn made_otherwise(before: &Predicate, now: &Predicate) -> bool {
    match (before, now) {
        (Predicate::Run(before), Predicate::Run(now)) => {
            let from = |run: &Run| -> Vec<_> {
                let inputs = run.inputs.iter();
                inputs.map(|input| (input.role, input.from.clone())).collect()
            };
            before.does != now.does
                || before.rewrites != now.rewrites
                || before.expansion != now.expansion
                || from(before) != from(now)
        }
        (Predicate::Source(before), Predicate::Source(now)) => {
            let told = |source: &Source| {
                let parents = (source.derived_from.clone(), source.gaps.clone());
                (
                    source.made_by,
                    source.generators.clone(),
                    source.synthetic_share.clone(),
                    parents,
                )
            };
            told(before) != told(now)
        }
        _ => before.kind() != now.kind(),
    }
}

fn set_of<'a>(statement: &'a Statement, name: &ItemName) -> Option<&'a ArtifactSet> {
    let mut sets = statement.predicate.sets().into_iter();
    sets.find(|(other, _)| *other == name).map(|(_, set)| set)
}

fn files(set: &ArtifactSet) -> usize {
    set.artifacts
        .iter()
        .filter(|artifact| artifact.has_bytes())
        .count()
}

fn files_text(count: usize) -> String {
    match count {
        0 => "no file".to_owned(),
        1 => "1 file".to_owned(),
        count => format!("{count} files"),
    }
}

fn taken_by(run: &Run, called: &dyn Fn(&ArtifactRef) -> Called) -> BTreeSet<Taken> {
    let mut taken = BTreeSet::new();
    for input in &run.inputs {
        let role = input.role.as_str().to_owned();
        match &input.from {
            InputFrom::Artifacts(Cites::Inline(artifacts)) => {
                for artifact in artifacts {
                    let (name, entry) = called(artifact);
                    taken.insert((role.clone(), name, entry));
                }
            }
            InputFrom::Artifacts(Cites::Manifest { blob, .. }) => {
                taken.insert((role, format!("sha256:{blob}"), None));
            }
            InputFrom::Gap(gap) => {
                taken.insert((role, format!("unresolved: {}", gap.text), None));
            }
        }
    }
    taken
}

/// Returns the members of the predicate as they are signed.
fn encoded(statement: &Statement) -> BTreeMap<String, Value> {
    match Value::parse(&statement.encode()) {
        Ok(Value::Object(mut statement)) => match statement.remove("predicate") {
            Some(Value::Object(members)) => members,
            _ => BTreeMap::new(),
        },
        _ => BTreeMap::new(),
    }
}

fn members(before: &BTreeMap<String, Value>, now: &BTreeMap<String, Value>, told: &mut Vec<String>) {
    let keys: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    for key in keys.into_iter().filter(|key| !APART.contains(&key.as_str())) {
        match (before.get(key), now.get(key)) {
            (Some(before), Some(now)) if before == now => {}
            (Some(before), Some(now)) => match (value_text(before), value_text(now)) {
                (Some(before), Some(now)) => told.push(format!("`{key}` was {before} and is {now}")),
                _ => told.push(format!("`{key}` has changed")),
            },
            (Some(_), None) => told.push(format!("`{key}` was given and is left out")),
            (None, _) => told.push(format!("`{key}` is new")),
        }
    }
}

fn value_text(value: &Value) -> Option<String> {
    let text = match value {
        Value::Bool(flag) => flag.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::List(_) | Value::Object(_) => return None,
    };
    (text.chars().count() <= VALUE_CHARS_MAX).then(|| format!("`{text}`"))
}
