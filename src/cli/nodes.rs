//! What NODE means, and errors that say what to write instead.

use crate::index::resolve::ResolveError;
use crate::ledger::View;
use crate::query::Listed;
use crate::query::Place;
use crate::query::QueryError;
use crate::query::find;
use crate::query::versions;
use crate::statement::ItemName;

use super::code::ErrorCode;
use super::error::Error;
use super::exit::Exit;
use super::ui::counted;
use super::ui::in_line;
use super::ui::short_id;

/// How many versions an error describes.
const VERSIONS_SHOWN: usize = 10;

/// Finds what a node means.
pub fn find_nodes(view: &View<'_>, text: &str) -> Result<Vec<Place>, Error> {
    find(view, text).map_err(|error| explained(view, error))
}

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
