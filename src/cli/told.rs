//! Showing what is withheld to whoever may see it: the texts of the sidecar and of disclosures, in place.
//!
//! Commitments reach people in names, paths and messages of every verb, so they are replaced where answers are put
//! together and not in each of them. JSON keeps what the ledger has; what is known of it stands beside it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde_json::Value;

use crate::commitment::COMMITMENT_PREFIX;
use crate::commitment::Commitment;
use crate::commitment::replaced;
use crate::index::resolve::ResolveError;
use crate::ledger::View;
use crate::ledger::private::Sidecar;
use crate::ledger::private::SidecarError;
use crate::query::QueryError;
use crate::query::find;
use crate::statement::FILE_NAME_CONTEXT;

use super::error::Error;
use super::nodes::is_id;
use super::session::Session;
use super::ui::Answer;
use super::ui::in_line;

/// The texts that some commitments stand for.
#[derive(Debug, Default)]
pub struct Told {
    kept: BTreeMap<Commitment, String>,
    disclosed: BTreeMap<Commitment, String>,
}

impl Told {
    /// Looks up the commitments in `texts`; without a sidecar, or with one that cannot be read, none is known.
    pub fn of<'t>(session: &Session, texts: impl IntoIterator<Item = &'t str>) -> Self {
        let wanted = commitments(texts);
        if wanted.is_empty() {
            return Self::default();
        }
        let kept = session.opened_sidecar().map(|sidecar| sidecar.texts(&wanted));
        let kept = kept.unwrap_or_else(|| Ok(BTreeMap::new()));
        let kept = kept.unwrap_or_else(|error: SidecarError| {
            session.ui.warn(&format!(
                "What is confidential is not shown: {}.",
                Error::from(error).whole()
            ));
            BTreeMap::new()
        });
        Self {
            kept,
            disclosed: BTreeMap::new(),
        }
    }

    /// Adds what was disclosed and checked.
    #[must_use]
    pub fn with(mut self, disclosed: BTreeMap<Commitment, String>) -> Self {
        self.disclosed.extend(disclosed);
        self
    }

    /// Returns a text as this user may see it.
    pub fn shown(&self, text: &str) -> String {
        replaced(text, |commitment| {
            if let Some(text) = self.disclosed.get(&commitment) {
                return format!("{} (disclosed)", in_line(text));
            }
            match self.kept.get(&commitment) {
                Some(text) => format!("{} (confidential)", in_line(text)),
                None => commitment.shown(),
            }
        })
    }

    /// Returns an answer as this user may see it.
    pub fn in_answer(&self, mut answer: Answer) -> Answer {
        answer.text = self.shown(&answer.text);
        for note in &mut answer.notes {
            *note = self.shown(note);
        }
        if let Value::Object(members) = &mut answer.json
            && !self.kept.is_empty()
        {
            let known = self.kept.iter();
            let known = known.map(|(commitment, text)| (commitment.to_string(), Value::from(text.as_str())));
            members.insert("confidential".to_owned(), Value::Object(known.collect()));
        }
        answer
    }
}

/// Returns an answer with what this user knows of what is withheld in it.
pub fn told(session: &Session, answer: Answer) -> Answer {
    let json = if session.ui.is_json() {
        answer.json.to_string()
    } else {
        String::new()
    };
    let mut texts: Vec<&str> = vec![&answer.text, &json];
    texts.extend(answer.notes.iter().map(String::as_str));
    if texts.iter().any(|text| text.contains(COMMITMENT_PREFIX)) {
        let told = Told::of(session, texts);
        return told.in_answer(answer);
    }
    answer
}

/// Finds commitments in texts.
fn commitments<'t>(texts: impl IntoIterator<Item = &'t str>) -> BTreeSet<Commitment> {
    let mut found = BTreeSet::new();
    for text in texts {
        replaced(text, |commitment| {
            found.insert(commitment);
            String::new()
        });
    }
    found
}

/// Returns NODE as the ledger has it: `NAME`, `NAME@ENTRY` and `NAME/FILE` are found under the texts of names that are
/// withheld, too, by whoever has the secret.
pub fn meant<'t>(session: &Session, view: &View<'_>, text: &'t str) -> Result<Cow<'t, str>, Error> {
    if is_id(text) || !is_unknown(view, text) {
        return Ok(Cow::Borrowed(text));
    }
    let origin = &view.reader().checkpoint().origin;
    let Ok(sidecar) = session.sidecar(origin) else {
        return Ok(Cow::Borrowed(text));
    };
    let Some(secret) = sidecar.secret()? else {
        return Ok(Cow::Borrowed(text));
    };
    let (item, file) = match text.split_once('/') {
        Some((item, file)) => (item, Some(file)),
        None => (text, None),
    };
    let hidden = crate::ledger::private::withheld_name(secret, item);
    let found = match file {
        None => Some(hidden).filter(|hidden| !is_unknown(view, hidden)),
        Some(file) => {
            let committed = secret.commit(FILE_NAME_CONTEXT, file.as_bytes());
            let texts = [
                format!("{item}/{committed}"),
                format!("{hidden}/{file}"),
                format!("{hidden}/{committed}"),
            ];
            texts.into_iter().find(|text| !is_unknown(view, text))
        }
    };
    Ok(found.map_or(Cow::Borrowed(text), Cow::Owned))
}

fn is_unknown(view: &View<'_>, text: &str) -> bool {
    matches!(
        find(view, text),
        Err(
            QueryError::Resolve(ResolveError::UnknownName { .. } | ResolveError::NotAName { .. })
                | QueryError::NoSuchFile { .. }
        )
    )
}

impl From<SidecarError> for Error {
    fn from(error: SidecarError) -> Self {
        Self::new(
            super::exit::Exit::Failure,
            "the folder of what is withheld cannot be used",
        )
        .because(error)
        .code(super::code::ErrorCode::SidecarUnusable)
        .hint("no verdict needs it; `herdbook private list` reads it")
    }
}

/// Finds the sidecar of a ledger that there is one of.
pub fn sidecar_of(session: &Session, view: &View<'_>) -> Result<Sidecar, Error> {
    session.sidecar(&view.reader().checkpoint().origin)
}
