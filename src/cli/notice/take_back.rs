//! `notice withdraw` and `notice recall`: what must not be used any longer, and what it reaches.

use serde_json::Value;

use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::impact;
use crate::cli::session::Session;
use crate::cli::ui::Answer;
use crate::cli::ui::in_line;
use crate::cli::ui::put;
use crate::query;
use crate::query::Place;
use crate::statement::Notice;
use crate::statement::NoticeEffect;
use crate::statement::NoticeKind;
use crate::statement::Word as _;

use super::How;
use super::append;
use super::artifacts;
use super::put_in;

/// Arguments of `notice withdraw` and `notice recall`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
It cannot be taken back, so look first at what it reaches, with --dry-run.

Example:
  herdbook notice withdraw seed-tasks --effect stop_use --reason \"the licence was revoked\" --dry-run")]
pub(super) struct Args {
    /// NAME, NAME@ENTRY, NAME/FILE, an hb: id or its beginning, sha256:HEX, or the path of a file
    node: String,
    /// What must not happen: `no_new_use` from now on, `stop_use` at all, `destroy_derived` nor stay what was made of it
    #[arg(long, value_name = "EFFECT", value_parser = effect)]
    effect: NoticeEffect,
    #[command(flatten)]
    how: How,
}

fn effect(text: &str) -> Result<NoticeEffect, String> {
    NoticeEffect::parse(text).map_err(|_| format!("write one of {}", NoticeEffect::WORDS.join(", ")))
}

/// Takes something back.
pub(super) fn run(session: &Session, args: &Args, change: NoticeKind) -> Result<Answer, Error> {
    let mut ledger = session.open_log()?;
    let targets = artifacts(session, &ledger, &args.node)?;
    let places: Vec<Place> = targets.iter().copied().map(Place::Artifact).collect();
    let view = ledger.view();
    let found = query::impact(&view, &places)?;
    let page = impact::Page::of(&view, &found, false, &impact::Paging::first())?;
    let notice = Notice {
        change,
        targets,
        gap: None,
        by: Vec::new(),
        effect: Some(args.effect),
        reason: None,
        reaches: Some(query::reaches(&found, view.size())),
    };
    let mut text = impact::text(&args.node, &found, &page, session.ui.paint());
    let reached = impact::members(&found, &page);
    let more = page.note();
    let done = append(session, &mut ledger, notice, &args.how)?;
    let name = in_line(&args.node);
    let verb = match change {
        NoticeKind::Recall => "recalled",
        _ => "withdrawn",
    };
    let effect = args.effect;
    put(
        &mut text,
        format_args!(
            "\n{}",
            done.told(
                &args.how,
                &format!("{name} would be {verb} ({effect})"),
                &format!("{name} is {verb} ({effect})"),
            )
        ),
    );
    let mut json = done.json;
    if let Value::Object(members) = reached {
        for (key, value) in members {
            put_in(&mut json, &key, value);
        }
    }
    let mut notes = done.notes;
    notes.extend(more);
    let what_follows = match args.effect {
        NoticeEffect::NoNewUse => {
            "What used it before keeps its verdict, with a note; what uses it after the notice is not_permitted.".to_owned()
        }
        NoticeEffect::StopUse => "The verdict on each of these is not_permitted from the notice on.".to_owned(),
        NoticeEffect::DestroyDerived => {
            "The verdict on each of these is not_permitted from the notice on, and says that they are to be destroyed."
                .to_owned()
        }
    };
    if done.has_effect {
        notes.push(what_follows);
    }
    Ok(Answer {
        text,
        json,
        notes,
        exit: Exit::Ok,
    })
}
