//! `notice correct` and `notice supersede`: what stands in the place of something, and what is newer.

use serde_json::Value;

use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::session::Session;
use crate::cli::ui::Answer;
use crate::cli::ui::in_line;
use crate::ledger::Ledger;
use crate::ledger::notices::content_of;
use crate::ledger::notices::counts_at_once;
use crate::statement::ArtifactRef;
use crate::statement::Notice;
use crate::statement::NoticeKind;

use super::How;
use super::append;
use super::artifacts;
use super::invalid;

/// Arguments of `notice correct` and `notice supersede`.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What was declared: NAME, NAME@ENTRY, NAME/FILE, an hb: id or its beginning
    node: String,
    /// What is right, or newer: it must be registered already
    #[arg(long, value_name = "NODE")]
    by: String,
    #[command(flatten)]
    how: How,
}

/// Puts something in the place of something else, or says that it is newer.
pub(super) fn run(session: &Session, args: &Args, change: NoticeKind) -> Result<Answer, Error> {
    let mut ledger = session.open_log()?;
    let targets = artifacts(session, &ledger, &args.node)?;
    let by = artifacts(session, &ledger, &args.by)?;
    let by = match change {
        NoticeKind::Correct => by_content(&ledger, &targets, &by)?,
        _ => by,
    };
    if targets.len() != by.len() {
        return Err(invalid(format!(
            "`{}` means {} artifacts and `{}` means {}: each needs one that stands for it",
            in_line(&args.node),
            targets.len(),
            in_line(&args.by),
            by.len()
        ))
        .hint("write one notice for each file, as NAME/FILE"));
    }
    let notice = Notice {
        change,
        targets,
        gap: None,
        by,
        effect: None,
        reason: None,
        reaches: None,
    };
    let at_once = change == NoticeKind::Correct && counts_at_once(&ledger.view(), &notice)?;
    let done = append(session, &mut ledger, notice, &args.how)?;
    let (old, new) = (in_line(&args.node), in_line(&args.by));
    let (would, does) = match change {
        NoticeKind::Correct => (
            format!("{new} would stand in the place of {old}"),
            format!("{new} stands in the place of {old}"),
        ),
        _ => (
            format!("{old} would be superseded by {new}"),
            format!("{old} is superseded by {new}"),
        ),
    };
    let mut text = done.told(&args.how, &would, &does);
    let id = (done.json.get("id").and_then(Value::as_str))
        .unwrap_or("ID")
        .to_owned();
    let mut json = done.json;
    if change == NoticeKind::Correct && done.has_effect {
        super::put_in(&mut json, "counts_at_once", at_once.into());
        let waits = || {
            format!(
                "it waits for a second key, since it says something better or else about who made this, from what or \
                 how much: herdbook key affirm {id} --key FILE\n"
            )
        };
        if at_once {
            text.push_str("it counts at once: it says nothing better about who made this or from what\n");
        } else {
            text.push_str(&waits());
        }
    }
    Ok(Answer {
        text,
        json,
        notes: done.notes,
        exit: Exit::Ok,
    })
}

/// Puts the replacements in the order of what they replace, by content.
fn by_content(
    ledger: &Ledger,
    targets: &[ArtifactRef],
    by: &[ArtifactRef],
) -> Result<Vec<ArtifactRef>, Error> {
    let view = ledger.view();
    if targets.len() < 2 {
        return Ok(by.to_vec());
    }
    let mut ordered = Vec::new();
    for target in targets {
        let content = content_of(&view, *target)?;
        let mut left = by.iter();
        let found = loop {
            match left.next() {
                Some(one) if content_of(&view, *one)? == content => break Some(*one),
                Some(_) => {}
                None => break None,
            }
        };
        let found =
            found.ok_or_else(|| invalid(format!("nothing there is about the same content as {target}")))?;
        ordered.push(found);
    }
    Ok(ordered)
}
