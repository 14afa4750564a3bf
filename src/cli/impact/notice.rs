//! What a withdrawal or a recall stated that it reaches, held against the log as it was then.

use serde_json::Value;
use serde_json::json;

use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::session::Session;
use crate::cli::ui::Answer;
use crate::index::resolve::Node;
use crate::index::resolve::resolve;
use crate::ledger::LedgerError;
use crate::ledger::View;
use crate::log::LogError;
use crate::merkle::LeafIndex;
use crate::merkle::TreeSize;
use crate::query::Place;
use crate::query::QueryError;
use crate::query::impact;
use crate::query::reaches;
use crate::statement::Notice;
use crate::statement::NoticeKind;
use crate::statement::Predicate;
use crate::statement::Reaches;

use super::Args;

/// A withdrawal or a recall.
pub(super) struct Found {
    entry: LeafIndex,
    notice: Notice,
}

/// Finds the notice that an id means, if it is that of one which takes something back.
pub(super) fn find(view: &View<'_>, text: &str) -> Result<Option<Found>, Error> {
    if !text.starts_with("hb:") {
        return Ok(None);
    }
    // What is wrong with a text is told where a node is looked for.
    let Ok(Node::Statement(id)) = resolve(view.index(), view.size(), text) else {
        return Ok(None);
    };
    let facts = view.index().facts(id).map_err(QueryError::from)?;
    let Some(facts) = facts.filter(|facts| facts.kind == "notice") else {
        return Ok(None);
    };
    let (_, statement) = view.ledger().entry(facts.entry)?;
    Ok(match statement.predicate {
        Predicate::Notice(notice) if matches!(notice.change, NoticeKind::Withdraw | NoticeKind::Recall) => {
            Some(Found {
                entry: facts.entry,
                notice,
            })
        }
        _ => None,
    })
}

/// Tells what its targets reach now, and whether what it stated was so.
pub(super) fn run(
    session: &Session,
    view: &View<'_>,
    Found { entry, notice }: Found,
    args: &Args,
) -> Result<Answer, Error> {
    let targets: Vec<Place> = notice.targets.iter().copied().map(Place::Artifact).collect();
    let found = impact(view, &targets)?;
    let mut answer = super::answer(session, view, args, &found)?;
    let Some(stated) = notice.reaches else {
        answer.notes.push(format!(
            "The notice at entry {entry} states nothing of what it reaches."
        ));
        put(&mut answer, Value::Null);
        return Ok(answer);
    };
    // A size that the log never had is one at which nothing can be so.
    let right = match view.ledger().view_at(TreeSize::new(stated.size)) {
        Ok(then) => Some(reaches(&impact(&then, &targets)?, then.size())),
        Err(LedgerError::Log(LogError::OutsideLog { .. } | LogError::NotABoundary { .. })) => None,
        Err(error) => return Err(error.into()),
    };
    let holds = right == Some(stated);
    let told = format!(
        "the notice at entry {entry} states what it reached by {} entries: {}",
        stated.size,
        told(&stated)
    );
    answer.text = if holds {
        format!("{told}; that holds\n{}", answer.text)
    } else {
        let says = right.as_ref().map_or_else(
            || "the log never had that size".to_owned(),
            |right| format!("the log says {}", self::told(right)),
        );
        format!("{told}; that is false: {says}\n{}", answer.text)
    };
    put(
        &mut answer,
        json!({
            "entry": entry.get(),
            "holds": holds,
            "stated": members(&stated),
            "found": right.as_ref().map(members),
        }),
    );
    if !holds {
        answer.exit = Exit::Tampered;
    }
    Ok(answer)
}

fn put(answer: &mut Answer, value: Value) {
    if let Value::Object(members) = &mut answer.json {
        members.insert("notice".to_owned(), value);
    }
}

/// Returns the numbers in words.
pub(super) fn told(reaches: &Reaches) -> String {
    format!(
        "{} artifacts, {} models, {} of them released, sha256 of the list {}",
        reaches.artifacts, reaches.models, reaches.released, reaches.digest
    )
}

/// Returns the numbers for programs.
pub fn members(reaches: &Reaches) -> Value {
    json!({
        "size": reaches.size,
        "artifacts": reaches.artifacts,
        "models": reaches.models,
        "released": reaches.released,
        "digest": reaches.digest.to_hex(),
    })
}
