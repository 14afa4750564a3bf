//! Where a commitment may stand in a statement, and which do.
//!
//! The table below is all there is: whatever a verdict rests on (kinds, roles, citations, digests, counts, who made
//! something and how it came here, generators, providers, versions, access) cannot be withheld, for a statement that
//! tried is not decoded. Places are JSON pointers (RFC 6901) from the statement down.

use crate::canonical::Value;
use crate::commitment::CONTENT_CONTEXT;
use crate::commitment::Commitment;
use crate::commitment::is_reserved;

use super::PREDICATE_TYPE_PREFIX;
use super::PREDICATE_TYPE_SUFFIX;
use super::Predicate;
use super::Statement;
use super::StatementError;

/// The context of item names.
pub const NAME_CONTEXT: &str = "name";

/// The context of names of files, members and attachments.
pub const FILE_NAME_CONTEXT: &str = "file-name";

/// The context of texts of gaps.
pub const GAP_CONTEXT: &str = "gap";

/// The context of reasons of keys and notices.
pub const REASON_CONTEXT: &str = "reason";

/// A text that stands in a statement as a commitment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct WithheldText {
    /// Where: a JSON pointer into the statement.
    pub field: String,
    /// The context it was committed in.
    pub context: String,
    /// The commitment.
    pub commitment: Commitment,
}

/// What a withheld thing is, from the pointer to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum May {
    /// A commitment in this context.
    Context(&'static str),
    /// A commitment in the context of the parent and the own key: values of maps.
    KeyOf(&'static str),
}

/// Which texts may be withheld, by kind; `*` is any position or key. What is not here may not.
const ANYWHERE: [(&str, &str, May); 35] = [
    ("source", "/predicate/name", May::Context(NAME_CONTEXT)),
    ("source", "/predicate/holder", May::Context("holder")),
    ("source", "/predicate/url", May::Context("url")),
    ("source", "/predicate/period", May::Context("period")),
    ("source", "/predicate/legal_basis", May::Context("legal_basis")),
    ("source", "/predicate/licence", May::Context("licence")),
    ("source", "/predicate/geography/*", May::Context("geography")),
    ("source", "/predicate/languages/*", May::Context("languages")),
    ("source", "/predicate/modality/*", May::Context("modality")),
    ("source", "/predicate/crawl/*", May::KeyOf("crawl")),
    (
        "source",
        "/predicate/evidence/*/name",
        May::Context(FILE_NAME_CONTEXT),
    ),
    (
        "source",
        "/predicate/artifacts/*/declaration/name",
        May::Context(NAME_CONTEXT),
    ),
    (
        "source",
        "/predicate/artifacts/*/declaration/holder",
        May::Context("holder"),
    ),
    (
        "source",
        "/predicate/artifacts/*/declaration/url",
        May::Context("url"),
    ),
    (
        "source",
        "/predicate/unresolved/*/text",
        May::Context(GAP_CONTEXT),
    ),
    ("prompt", "/predicate/name", May::Context(NAME_CONTEXT)),
    (
        "prompt",
        "/predicate/artifacts/*/declaration/name",
        May::Context(NAME_CONTEXT),
    ),
    ("filter", "/predicate/name", May::Context(NAME_CONTEXT)),
    ("filter", "/predicate/params/*", May::KeyOf("params")),
    (
        "filter",
        "/predicate/artifacts/*/declaration/name",
        May::Context(NAME_CONTEXT),
    ),
    ("model", "/predicate/terms", May::Context("terms")),
    ("model", "/predicate/licence", May::Context("licence")),
    ("model", "/predicate/family", May::Context("family")),
    ("model", "/predicate/report", May::Context("report")),
    ("run", "/predicate/name", May::Context(NAME_CONTEXT)),
    ("run", "/predicate/params/*", May::KeyOf("params")),
    ("run", "/predicate/environment/*", May::KeyOf("environment")),
    ("run", "/predicate/command", May::Context("command")),
    ("run", "/predicate/operator", May::Context("operator")),
    ("run", "/predicate/code/*/name", May::Context(FILE_NAME_CONTEXT)),
    (
        "run",
        "/predicate/inputs/*/unresolved/text",
        May::Context(GAP_CONTEXT),
    ),
    (
        "run",
        "/predicate/outputs/*/artifacts/*/declaration/run",
        May::Context(NAME_CONTEXT),
    ),
    (
        "dataset",
        "/predicate/unresolved/*/text",
        May::Context(GAP_CONTEXT),
    ),
    ("key", "/predicate/reason", May::Context(REASON_CONTEXT)),
    ("notice", "/predicate/reason", May::Context(REASON_CONTEXT)),
];

/// Names of what a run makes: not of models, by which a model is known again when somebody declares it as external.
const OF_NO_MODEL: [&str; 2] = [
    "/predicate/outputs/*/name",
    "/predicate/outputs/*/artifacts/*/declaration/name",
];

/// The kinds whose subjects are files of items. In the others they have one fixed name.
const WITH_FILES: [&str; 5] = ["source", "prompt", "filter", "model", "run"];

/// Returns every text of a statement that is withheld, in order of their pointers.
///
/// Errors: a text that begins as commitments do, where none may stand or where it is none.
pub(super) fn withheld(statement: &Value) -> Result<Vec<WithheldText>, StatementError> {
    let mut found = Vec::new();
    walk(statement, &mut Vec::new(), &mut |path, text| {
        let refused = || StatementError::Withheld { field: pointer(path) };
        let commitment = Commitment::parse(text).ok_or_else(refused)?;
        let context = context(statement, path, text).ok_or_else(refused)?;
        found.push(WithheldText {
            field: pointer(path),
            context,
            commitment,
        });
        Ok(())
    })?;
    Ok(found)
}

/// Refuses sealed content where a digest has to be that of the bytes: data, weights, reports.
pub(super) fn check_sealed(statement: &Statement) -> Result<(), StatementError> {
    let predicate = &statement.predicate;
    let artifacts = matches!(predicate, Predicate::Prompt(_) | Predicate::Filter(_));
    let attachments = matches!(predicate, Predicate::Source(_) | Predicate::Run(_));
    let wrong = |sealed: &SealedContent| {
        let of_artifact = sealed.field.starts_with("/subject/");
        if of_artifact { !artifacts } else { !attachments }
    };
    match statement.sealed().into_iter().find(wrong) {
        Some(sealed) => Err(StatementError::Withheld { field: sealed.field }),
        None => Ok(()),
    }
}

/// One step of a path through JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Key(String),
    At(usize),
}

type Found<'a> = dyn FnMut(&[Step], &str) -> Result<(), StatementError> + 'a;

/// Finds texts with the reserved beginning; a key with it is never allowed.
fn walk(value: &Value, path: &mut Vec<Step>, found: &mut Found<'_>) -> Result<(), StatementError> {
    match value {
        Value::Text(text) if is_reserved(text) => found(path, text),
        Value::Text(_) | Value::Bool(_) | Value::Integer(_) => Ok(()),
        Value::List(items) => {
            for (at, item) in items.iter().enumerate() {
                path.push(Step::At(at));
                walk(item, path, found)?;
                path.pop();
            }
            Ok(())
        }
        Value::Object(members) => {
            for (key, member) in members {
                path.push(Step::Key(key.clone()));
                if is_reserved(key) {
                    return Err(StatementError::Withheld { field: pointer(path) });
                }
                walk(member, path, found)?;
                path.pop();
            }
            Ok(())
        }
    }
}

fn context(statement: &Value, path: &[Step], text: &str) -> Option<String> {
    let kind = kind(statement)?;
    if let [Step::Key(subject), Step::At(at), Step::Key(name)] = path
        && subject == "subject"
        && name == "name"
    {
        return subject_context(statement, kind, *at, text).map(str::to_owned);
    }
    if kind == "run"
        && OF_NO_MODEL.iter().any(|pattern| fits(pattern, path))
        && let Some(Step::At(output)) = path.get(2)
    {
        let kind = get(statement, &["predicate", "outputs"]).and_then(|outputs| at(outputs, *output));
        let kind = kind.and_then(|output| get(output, &["kind"]));
        let model = Value::from("model");
        return kind
            .filter(|kind| **kind != model)
            .map(|_| NAME_CONTEXT.to_owned());
    }
    let entry = ANYWHERE
        .iter()
        .find(|(of, pattern, _)| *of == kind && fits(pattern, path));
    match (entry?.2, path.last()) {
        (May::Context(context), _) => Some(context.to_owned()),
        (May::KeyOf(parent), Some(Step::Key(key))) => Some(format!("{parent}.{key}")),
        (May::KeyOf(_), _) => None,
    }
}

/// A subject goes by the name of a file or, without one, by that of its item. Where it is the item's, it has to be the
/// very commitment that stands there.
fn subject_context(statement: &Value, kind: &str, at: usize, text: &str) -> Option<&'static str> {
    if !WITH_FILES.contains(&kind) {
        return None;
    }
    let (item, artifact) = artifact(statement, kind, at)?;
    let is_file = get(artifact, &["content"]) == Some(&Value::from("file"));
    match get(item, &["name"]) {
        _ if is_file => Some(FILE_NAME_CONTEXT),
        Some(Value::Text(name)) if name == text => Some(NAME_CONTEXT),
        _ => None,
    }
}

/// Returns the artifact that a subject stands for, with its item: subjects are in the order of artifacts.
fn artifact<'v>(statement: &'v Value, kind: &str, subject: usize) -> Option<(&'v Value, &'v Value)> {
    let predicate = get(statement, &["predicate"])?;
    let items = if kind == "run" {
        list(get(predicate, &["outputs"])?)
    } else {
        std::slice::from_ref(predicate)
    };
    let artifacts = items.iter().flat_map(|item| {
        let artifacts = get(item, &["artifacts"]).map(list).unwrap_or_default();
        artifacts.iter().map(move |artifact| (item, artifact))
    });
    artifacts.into_iter().nth(subject)
}

fn kind(statement: &Value) -> Option<&str> {
    match get(statement, &["predicateType"])? {
        Value::Text(text) => text
            .strip_prefix(PREDICATE_TYPE_PREFIX)?
            .strip_suffix(PREDICATE_TYPE_SUFFIX),
        _ => None,
    }
}

fn get<'v>(value: &'v Value, keys: &[&str]) -> Option<&'v Value> {
    keys.iter().try_fold(value, |value, key| match value {
        Value::Object(members) => members.get(*key),
        _ => None,
    })
}

fn list(value: &Value) -> &[Value] {
    match value {
        Value::List(items) => items,
        _ => &[],
    }
}

fn at(value: &Value, position: usize) -> Option<&Value> {
    list(value).get(position)
}

fn fits(pattern: &str, path: &[Step]) -> bool {
    let mut parts = pattern.split('/').skip(1);
    let every = path.iter().all(|step| match (parts.next(), step) {
        (Some("*"), _) => true,
        (Some(part), Step::Key(key)) => part == key,
        _ => false,
    });
    every && parts.next().is_none()
}

/// RFC 6901, 3: `~` and `/` of a key are escaped.
fn pointer(path: &[Step]) -> String {
    let mut pointer = String::new();
    for step in path {
        pointer.push('/');
        match step {
            Step::Key(key) => pointer.push_str(&key.replace('~', "~0").replace('/', "~1")),
            Step::At(at) => pointer.push_str(&at.to_string()),
        }
    }
    pointer
}

impl Statement {
    /// Returns every text that is withheld from readers, in order of the pointers to them.
    pub fn withheld(&self) -> Vec<WithheldText> {
        // What was decoded has commitments only where they may stand; what was built is decoded before it is signed.
        withheld(&self.to_value()).unwrap_or_default()
    }

    /// Returns the content that is sealed: the pointer to its digest, the digest, and the size of the sealed form.
    pub fn sealed(&self) -> Vec<SealedContent> {
        let mut found = Vec::new();
        for (at, artifact) in self.predicate.artifacts().enumerate() {
            if artifact.is_sealed() {
                found.push(SealedContent {
                    field: format!("/subject/{at}/digest/sha256"),
                    context: CONTENT_CONTEXT,
                    sha256: artifact.sha256,
                });
            }
        }
        let list = match self.predicate.kind() {
            "source" => "evidence",
            "report" => "files",
            _ => "code",
        };
        for (at, attachment) in self.predicate.attachments().iter().enumerate() {
            if attachment.sealed {
                found.push(SealedContent {
                    field: format!("/predicate/{list}/{at}/sha256"),
                    context: CONTENT_CONTEXT,
                    sha256: crate::digest::Sha256Digest::from_bytes(*attachment.blob.as_bytes()),
                });
            }
        }
        found
    }
}

/// Content whose digest in the statement is that of its sealed form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedContent {
    /// Where the digest stands: a JSON pointer into the statement.
    pub field: String,
    /// The context in which its salt was drawn.
    pub context: &'static str,
    /// SHA-256 of the salt and then the bytes.
    pub sha256: crate::digest::Sha256Digest,
}

#[cfg(test)]
mod tests;
