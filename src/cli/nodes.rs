//! What NODE means, and errors that say what to write instead.

use std::borrow::Cow;
use std::path::Path;

use crate::digest::Sha256Digest;
use crate::digest::StatementId;
use crate::index::resolve::ResolveError;
use crate::ledger::View;
use crate::ledger::content::read_file_digests;
use crate::query::Listed;
use crate::query::Place;
use crate::query::QueryError;
use crate::query::find;
use crate::query::versions;
use crate::statement::ItemName;

use super::code::ErrorCode;
use super::error::Error;
use super::exit::Exit;
use super::progress::Bar;
use super::session::Session;
use super::told::meant;
use super::ui::counted;
use super::ui::in_line;
use super::ui::short_id;

/// How many versions an error describes.
const VERSIONS_SHOWN: usize = 10;

/// Finds what a node means.
pub fn find_nodes(view: &View<'_>, text: &str) -> Result<Vec<Place>, Error> {
    find(view, text).map_err(|error| explained(view, error))
}

/// NODE as it was typed. Where it is the path of a file it stands for whatever claims the bytes of that file.
#[derive(Debug)]
pub struct Asked<'a> {
    session: &'a Session,
    text: &'a str,
    file: Option<Sha256Digest>,
}

impl<'a> Asked<'a> {
    /// Looks whether there is such a file, and reads it.
    pub fn read(session: &'a Session, text: &'a str) -> Result<Self, Error> {
        let path = session.path(Path::new(text));
        if is_id(text) || !path.is_file() {
            return Ok(Self {
                session,
                text,
                file: None,
            });
        }
        let bar = Bar::new(session.ui.progress());
        let digests = read_file_digests(&path, &bar);
        bar.done();
        let file = Some(digests?.sha256);
        Ok(Self { session, text, file })
    }

    /// Returns what to look up in the ledger.
    pub fn text(&self, view: &View<'_>) -> Result<Cow<'a, str>, Error> {
        let Some(digest) = self.file else {
            return meant(self.session, view, self.text);
        };
        let claims = view.index().claims(digest).map_err(QueryError::from)?;
        let statements: Vec<_> = claims.iter().map(|claim| claim.statement).collect();
        refuse_two_meanings(view, self.text, &statements)?;
        Ok(Cow::Owned(format!("sha256:{digest}")))
    }

    /// Returns whether one file is asked about, by its path, as `NAME/FILE` or by its id, and not an item.
    pub fn is_of_file(&self) -> bool {
        self.file.is_some() || self.text.contains('/')
    }

    /// Finds what it means.
    pub fn nodes(&self, view: &View<'_>) -> Result<Vec<Place>, Error> {
        find(view, &self.text(view)?).map_err(|error| self.explained(view, error))
    }

    /// Makes an error of a question about it.
    pub fn explained(&self, view: &View<'_>, error: QueryError) -> Error {
        let shown = in_line(self.text);
        let is_path = self.text.contains(['/', '.']) && !self.text.starts_with("hb:");
        match error {
            QueryError::NotRegistered { digest } if self.file.is_some() => {
                let message =
                    format!("nothing is registered with the bytes of the file `{shown}` (sha256 {digest})");
                Error::new(Exit::Failure, message)
                    .code(ErrorCode::NotRegistered)
                    .hint(LIST)
            }
            QueryError::Resolve(
                inner @ (ResolveError::UnknownName { .. } | ResolveError::NotAName { .. }),
            ) if is_path => {
                let code = match &inner {
                    ResolveError::UnknownName { .. } => ErrorCode::UnknownName,
                    _ => ErrorCode::NotANode,
                };
                Error::new(
                    Exit::Failure,
                    format!("there is no file `{shown}` here, and no node of that name"),
                )
                .because(inner)
                .code(code)
                .hint(LIST)
            }
            QueryError::NoSuchFile { ref item, .. } => {
                let hint = format!("run `herdbook show {}` to see its files", in_line(item));
                Error::new(Exit::Failure, format!("there is no file `{shown}` here"))
                    .because(error)
                    .code(ErrorCode::NoSuchArtifact)
                    .hint(hint)
            }
            error => explained(view, error),
        }
    }
}

/// Returns whether a text is an id or a digest, which is never taken for the name of a file.
pub fn is_id(text: &str) -> bool {
    text.starts_with("hb:") || text.starts_with("sha256:")
}

/// Refuses a text that is a file, whose bytes `of_file` claim, and also an item that is none of those: nobody shall
/// get the answer about the one for the other.
pub fn refuse_two_meanings(view: &View<'_>, text: &str, of_file: &[StatementId]) -> Result<(), Error> {
    let of_item: Vec<StatementId> = match find(view, text) {
        Ok(places) => places
            .iter()
            .map(|place| match place {
                Place::Artifact(artifact) => artifact.statement,
                Place::Run(statement) | Place::Gap(statement, _) => *statement,
            })
            .collect(),
        Err(QueryError::Resolve(ResolveError::SeveralVersions { .. })) => Vec::new(),
        Err(_) => return Ok(()),
    };
    if !of_file.is_empty() && of_file.iter().all(|statement| of_item.contains(statement)) {
        return Ok(());
    }
    let shown = in_line(text);
    Err(Error::new(
        Exit::Failure,
        format!("`{shown}` is an item of the ledger and also a file here, and that file is not the item's"),
    )
    .code(ErrorCode::TwoMeanings)
    .hint(format!("write `./{shown}` for the file"))
    .hint("write the item's id for the item: `herdbook list` shows it"))
}

/// What to do about a name that is none.
const LIST: &str = "run `herdbook list` to see what is registered";

/// Makes an error of a question about a node; where a name has versions, it says what each is.
pub fn explained(view: &View<'_>, error: QueryError) -> Error {
    match error {
        QueryError::Resolve(
            error @ (ResolveError::SeveralVersions { .. } | ResolveError::NoSuchVersion { .. }),
        ) => {
            let code = match &error {
                ResolveError::SeveralVersions { .. } => ErrorCode::SeveralVersions,
                _ => ErrorCode::NoSuchVersion,
            };
            let name = match &error {
                ResolveError::SeveralVersions { name, .. } | ResolveError::NoSuchVersion { name, .. } => {
                    Some(name.clone())
                }
                _ => None,
            };
            let told = Error::new(Exit::Failure, error.to_string()).code(code);
            name.iter().fold(told, |told, name| described(view, told, name))
        }
        error => error.into(),
    }
}

/// Adds what the versions of a name are, newest first.
fn described(view: &View<'_>, told: Error, name: &ItemName) -> Error {
    // Why a name has no one meaning was found already; that its versions cannot be read adds nothing to it.
    let Ok(versions) = versions(view, name) else {
        return told;
    };
    let more = versions.len().saturating_sub(VERSIONS_SHOWN);
    let mut told = versions
        .iter()
        .rev()
        .take(VERSIONS_SHOWN)
        .fold(told, |told, version| told.hint(described_one(version)));
    if more > 0 {
        told = told.hint(format!("and {more} older: `herdbook list {name}` has all"));
    }
    told
}

fn described_one(version: &Listed) -> String {
    let mut parts = vec![version.kind.to_owned()];
    if let Some(run) = version.run.as_ref().filter(|_| version.kind != "run") {
        parts.push(format!("made by {}", in_line(run.as_str())));
    }
    if version.artifacts > 1 {
        parts.push(format!("{} files", version.artifacts));
    }
    if let Some(rows) = version.rows {
        parts.push(counted(usize::try_from(rows).unwrap_or(usize::MAX), "row"));
    }
    parts.push(short_id(&version.id));
    format!("{}@{} is a {}", version.name, version.entry, parts.join(", "))
}
