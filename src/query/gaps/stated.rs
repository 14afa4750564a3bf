//! Gaps that one statement shows by itself: undeclared inputs, missing licences, digests nobody computed.

use crate::digest::Sha256Digest;
use crate::ledger::View;
use crate::ledger::notices::gap_at;
use crate::ledger::notices::resolved;
use crate::statement::Absence;
use crate::statement::Artifact;
use crate::statement::ArtifactSet;
use crate::statement::Basis;
use crate::statement::Content;
use crate::statement::Gap;
use crate::statement::GapRef;
use crate::statement::InputFrom;
use crate::statement::ItemName;
use crate::statement::Predicate;
use crate::statement::Thing;
use crate::statement::Word as _;

use super::GapClass;
use super::Looked;
use super::Missing;
use crate::query::QueryError;

/// Adds what a statement lacks by its own words.
pub(super) fn of(view: &View<'_>, one: &Looked, found: &mut Vec<Missing>) -> Result<(), QueryError> {
    match &one.statement.predicate {
        Predicate::Run(run) => {
            for (position, input) in run.inputs.iter().enumerate() {
                if let InputFrom::Gap(gap) = &input.from {
                    let what = format!("run {} took it as {}", run.name, input.role.as_str());
                    let line = format!("{{use: NAME, as: {}}}", input.role.as_str());
                    let missing = unresolved(one, (&run.name, position), gap, &what, &line);
                    found.push(by_notice(view, one, position, gap, missing)?);
                }
            }
        }
        Predicate::Dataset(dataset) => {
            for (position, gap) in dataset.gaps.iter().enumerate() {
                let what = format!("data set {} collects it", dataset.name);
                let line = "NAME among its members";
                let missing = unresolved(one, (&dataset.name, position), gap, &what, line);
                found.push(by_notice(view, one, position, gap, missing)?);
            }
        }
        Predicate::Source(source) => {
            for (position, gap) in source.gaps.iter().enumerate() {
                let what = format!("source {} was derived from it", source.name);
                let line = "NAME in its `derived_from`";
                let missing = unresolved(one, (&source.name, position), gap, &what, line);
                found.push(by_notice(view, one, position, gap, missing)?);
            }
            if source.licence.is_none() {
                let why = "nobody can tell whether it may be trained on";
                found.push(unlicensed(one, &source.name, "licence", why));
            }
        }
        Predicate::Model(model) if model.licence.is_none() && model.terms.is_none() => {
            found.push(unlicensed(
                one,
                &model.name,
                "terms",
                "its terms may forbid what is made with it",
            ));
        }
        _ => {}
    }
    for (name, set) in one.statement.predicate.sets() {
        bare(view, one, name, set, found)?;
    }
    Ok(())
}

fn unresolved(
    one: &Looked,
    (owner, position): (&ItemName, usize),
    gap: &Gap,
    what: &str,
    line: &str,
) -> Missing {
    let (code, digest) = match gap.digest {
        None => ("undeclared", String::new()),
        Some(digest) => ("undeclared_digest", format!(" ({})", short(digest))),
    };
    Missing {
        command: None,
        class: GapClass::Unresolved,
        code,
        item: owner.clone(),
        taken_by: None,
        node: one.node(owner.as_str()),
        id: format!("gap:{}/{position}", one.id),
        name: format!("\"{}\"{digest}", gap.text),
        entry: one.entry,
        why: format!("{what}, and nobody said where it comes from: every verdict over it is not_traced"),
        close: format!(
            "declare it under `sources:`, `prompts:`, `filters:` or `models:`, write {line} in place of `unresolved:`, \
             make the outputs anew and register them with `--new-version`; the same outputs under another run would be a \
             conflict for good"
        ),
    }
}

/// A gap that a notice resolved was declared late; one that a notice could resolve is told with the command.
fn by_notice(
    view: &View<'_>,
    one: &Looked,
    position: usize,
    gap: &Gap,
    missing: Missing,
) -> Result<Missing, QueryError> {
    let Some(digest) = gap.digest else {
        return Ok(missing);
    };
    let reference = GapRef {
        statement: one.id,
        position: u32::try_from(position).unwrap_or(u32::MAX),
    };
    if let Some(entry) = resolved(view, reference)? {
        return Ok(Missing {
            command: None,
            class: GapClass::Late,
            code: "declared_late",
            why: format!("entry {entry} says, after the fact, what it was: every verdict over it tells so"),
            close: "nothing: outputs that are made anew from what is declared have it from the beginning"
                .to_owned(),
            ..missing
        });
    }
    for claim in view.index().claims(digest)? {
        let facts = view.index().facts(claim.statement)?;
        let there = facts.filter(|facts| view.size().contains(facts.entry));
        let thing = there.and_then(|facts| facts.thing(&claim));
        let Some(thing) = thing else { continue };
        let fits = gap_at(view, reference)?.is_some_and(|(_, does, role)| does.takes(role, thing));
        let leaf = matches!(
            thing,
            Thing::Source | Thing::Prompt | Thing::Filter | Thing::ExternalModel
        );
        if leaf && fits {
            let command = format!("herdbook notice resolve {reference} --by {claim}");
            return Ok(Missing {
                close: format!(
                    "its digest is known by now: `{command}`, signed by the key of entry {}, and it counts for what exists",
                    one.entry
                ),
                command: Some(command),
                ..missing
            });
        }
    }
    Ok(missing)
}

fn short(digest: Sha256Digest) -> String {
    let hex = digest.to_hex();
    format!("sha256:{}", hex.get(..12).unwrap_or_default())
}

fn unlicensed(one: &Looked, name: &ItemName, key: &'static str, why: &str) -> Missing {
    let (code, close, option) = if key == "licence" {
        (
            "no_licence",
            "licence: SPDX-EXPRESSION",
            "`--licence SPDX-EXPRESSION`",
        )
    } else {
        ("no_terms", "terms: LicenseRef-NAME", "`--terms LicenseRef-NAME`")
    };
    Missing {
        command: None,
        class: GapClass::Unlicensed,
        code,
        item: name.clone(),
        taken_by: None,
        node: one.node(name.as_str()),
        id: format!("hb:{}", one.id),
        name: name.to_string(),
        entry: one.entry,
        why: format!("{} states no {key}: {why}", one.statement.predicate.kind()),
        close: format!(
            "add `{close}` to {name} in the lineage file and register it with `--new-version`, or repeat its `herdbook {} \
             add` with {option}; what is registered after that can use it",
            one.statement.predicate.kind()
        ),
    }
}

/// How the bytes of an artifact are known, where nobody here computed a digest.
fn bare_code(view: &View<'_>, artifact: &Artifact) -> Result<Option<&'static str>, QueryError> {
    Ok(match &artifact.content {
        Content::Absent { absence, .. } => match absence {
            // There are no bytes.
            Absence::None => None,
            Absence::NotKnown => Some("content_not_known"),
            Absence::Foreign { .. } => Some("foreign_digest"),
            Absence::Illustrative => Some("illustrative"),
        },
        Content::File {
            basis: Basis::Given, ..
        } if !computed_elsewhere(view, artifact.sha256)? => Some("digest_given"),
        Content::Manifest {
            basis: Basis::Given, ..
        } => Some("digests_given"),
        Content::File { .. } | Content::Manifest { .. } => None,
    })
}

/// Returns whether any statement computed this digest from bytes. Only whole artifacts are looked at: a member of a
/// manifest has no basis of its own.
fn computed_elsewhere(view: &View<'_>, digest: Sha256Digest) -> Result<bool, QueryError> {
    for claim in view.index().claims(digest)? {
        let Some(facts) = view.index().facts(claim.statement)? else {
            continue;
        };
        if !view.size().contains(facts.entry) {
            continue;
        }
        let (_, statement) = view.ledger().entry(facts.entry)?;
        let at = usize::try_from(claim.subject).unwrap_or(usize::MAX);
        let artifact = statement.predicate.artifacts().nth(at);
        if artifact.is_some_and(|artifact| artifact.basis() == Some(Basis::Computed)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// One line for each item and way: a model of a hundred files is one gap.
fn bare(
    view: &View<'_>,
    one: &Looked,
    name: &ItemName,
    set: &ArtifactSet,
    found: &mut Vec<Missing>,
) -> Result<(), QueryError> {
    let mut codes: Vec<(&'static str, usize)> = Vec::new();
    for artifact in &set.artifacts {
        if let Some(code) = bare_code(view, artifact)? {
            match codes.iter_mut().find(|(known, _)| *known == code) {
                Some((_, count)) => *count += 1,
                None => codes.push((code, 1)),
            }
        }
    }
    for (code, count) in codes {
        let files = if set.artifacts.len() > 1 {
            format!(" ({count} of {} files)", set.artifacts.len())
        } else {
            String::new()
        };
        let node = one.node(name.as_str());
        let (why, close) = words(code, name, &node);
        found.push(Missing {
            command: None,
            class: GapClass::Bare,
            code,
            item: name.clone(),
            taken_by: None,
            node,
            id: format!("hb:{}", one.id),
            name: format!("{name}{files}"),
            entry: one.entry,
            why,
            close,
        });
    }
    Ok(())
}

fn words(code: &str, name: &ItemName, node: &str) -> (String, String) {
    let hash = format!("write `files: PATH` for {name} in the lineage file, so that register hashes them");
    let (why, close) = match code {
        "content_not_known" => (
            "it has bytes that nobody hashed: no file can ever be held against it",
            hash,
        ),
        "foreign_digest" => (
            "it is known by somebody else's identifier only: no file can be held against it",
            format!("get the files and {hash}"),
        ),
        "illustrative" => (
            "its digest is made up: every verdict over it is not_traced",
            format!("register {name} with its real files"),
        ),
        "digest_given" => (
            "its digest is the signer's word: nobody here has hashed the file",
            format!("{hash}; or hold files against it with `herdbook verify {node} --content DIR`"),
        ),
        _ => (
            "the digests of its files are the signer's word: nobody here has hashed them",
            format!("{hash}; or hold files against it with `herdbook verify {node} --content DIR`"),
        ),
    };
    (why.to_owned(), close)
}
