//! `herdbook show`: what a statement says, and who signed it.

use serde_json::Value;
use serde_json::json;

use crate::ledger::notices::Notified;
use crate::query::SHOWN_MEMBERS_MAX;
use crate::query::Shown;
use crate::query::ShownFile;
use crate::query::show;

use super::as_of::AsOf;
use super::error::Error;
use super::exit::Exit;
use super::json::checkpoint;
use super::nodes::Asked;
use super::session::Session;
use super::ui::Answer;
use super::ui::Paint;
use super::ui::counted;
use super::ui::in_line;
use super::ui::put;
use super::ui::short_id;
use super::ui::shown;
use super::ui::table;

/// Arguments of `show`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// NAME, NAME@ENTRY, NAME@latest, NAME/FILE, an hb: id or its beginning, sha256:HEX, or the path of a file
    node: String,
    #[command(flatten)]
    as_of: AsOf,
}

/// Shows the statements that a node means.
pub fn run(session: &Session, args: &Args) -> Result<Answer, Error> {
    let ledger = session.open()?;
    let view = args.as_of.view(&ledger)?;
    let asked = Asked::read(session, &args.node)?;
    let statements = show(&view, &asked.text(&view)?).map_err(|error| asked.explained(&view, error))?;
    let paint = session.ui.paint();
    let of_file = asked.is_of_file();
    let texts: Vec<String> = statements.iter().map(|one| text(one, of_file, paint)).collect();
    Ok(Answer {
        text: texts.join("\n"),
        json: json!({
            "schema": "herdbook/show/v1",
            "checkpoint": checkpoint(view.reader().checkpoint()),
            "statements": statements.iter().map(value).collect::<Vec<Value>>(),
        }),
        notes: vec!["No signature was checked here; `herdbook verify` does.".to_owned()],
        exit: Exit::Ok,
    })
}

fn name(one: &Shown) -> String {
    let name = one.statement.predicate.name();
    name.map_or_else(|| one.statement.predicate.kind().to_owned(), ToString::to_string)
}

/// The payload as it was signed. What is in the log is canonical JSON, else it would not have been decoded.
fn payload(one: &Shown) -> Value {
    serde_json::from_slice(one.envelope.payload()).unwrap_or(Value::Null)
}

fn text(one: &Shown, of_file: bool, paint: Paint) -> String {
    let row = |name: &str, value: String| vec![format!("  {name}"), value];
    let signed = match &one.holder {
        Some(holder) => format!("{} for {}, {}", one.issuer, in_line(holder), one.said_by),
        None => format!("{}, {}", one.issuer, one.said_by),
    };
    let mut rows = vec![
        row("kind", one.statement.predicate.kind().to_owned()),
        row("id", format!("hb:{}", one.id)),
        row("entry", one.entry.to_string()),
        row("signed by", signed),
    ];
    for place in one.places.iter().take(PLACES_SHOWN) {
        rows.push(row("asked for", place.to_string()));
    }
    if one.places.len() > PLACES_SHOWN {
        rows.push(row("", format!("and {} more", one.places.len() - PLACES_SHOWN)));
    }
    for notified in &one.notices {
        rows.push(row("notice", notice_text(notified)));
    }
    let mut text = format!("{}\n{}", paint.strong(&in_line(&name(one))), table(&rows));
    for file in &one.files {
        put(&mut text, format_args!("{}", file_text(file)));
    }
    let members = one.files.iter().filter_map(|file| file.members).max();
    if members.is_some_and(|members| members > SHOWN_MEMBERS_MAX as u64) {
        put(
            &mut text,
            format_args!(
                "  of a manifest the first {SHOWN_MEMBERS_MAX} files are shown; NAME/FILE shows any\n"
            ),
        );
    }
    if of_file {
        put(
            &mut text,
            format_args!(
                "  `herdbook show {}` has the whole statement\n",
                short_id(&format!("hb:{}", one.id))
            ),
        );
        return text;
    }
    let predicate = payload(one)
        .get("predicate")
        .map(|predicate| format!("{predicate:#}"))
        .unwrap_or_default();
    put(
        &mut text,
        format_args!("  says\n{}\n", indented(&shown(&predicate))),
    );
    text
}

/// How many of the places that were asked for are listed; the files follow anyway.
const PLACES_SHOWN: usize = 8;

/// Tells a file in two lines, for a digest takes most of one.
fn file_text(file: &ShownFile) -> String {
    let mut parts = Vec::new();
    if let Some(members) = file.members {
        parts.push(format!("manifest of {}", counted_many(members, "file")));
    }
    if let Some(rows) = file.rows {
        parts.push(counted_many(rows, "row"));
    }
    if let Some(bytes) = file.bytes {
        parts.push(counted_many(bytes, "byte"));
    }
    let indent = if file.artifact.member.is_some() {
        "    "
    } else {
        "  "
    };
    let told = match parts.as_slice() {
        [] => String::new(),
        some => format!("  {}", some.join(", ")),
    };
    let digest = match file.sha256 {
        Some(sha256) => format!("sha256 {sha256}"),
        None => "no bytes".to_owned(),
    };
    let rooted = match file.row_root {
        Some(root) => format!("{indent}  {} {}\n", root.field(), root.root()),
        None => String::new(),
    };
    format!(
        "{indent}{}{told}\n{indent}  {digest}\n{rooted}",
        in_line(&file.name)
    )
}

/// Tells what a notice does, who says so and whether it counts.
fn notice_text(notified: &Notified) -> String {
    let notice = &notified.notice;
    let mut told = format!("{} at entry {}", notice.change, notified.entry);
    if let Some(effect) = notice.effect {
        put(&mut told, format_args!(" ({effect})"));
    }
    if let Some(by) = notice.by.first() {
        put(&mut told, format_args!(" by {}", short_id(&by.to_string())));
    }
    put(&mut told, format_args!(", signed by {}", notified.issuer));
    if let Some(reason) = &notice.reason {
        put(&mut told, format_args!(": {}", in_line(reason)));
    }
    if !notified.has_say {
        told.push_str(" (without effect: the key has no say about this)");
    }
    told
}

fn notice_value(notified: &Notified) -> Value {
    let notice = &notified.notice;
    json!({
        "id": format!("hb:{}", notified.id),
        "entry": notified.entry.get(),
        "change": notice.change.to_string(),
        "effect": notice.effect.map(|effect| effect.to_string()),
        "targets": notice.targets.iter().map(ToString::to_string).collect::<Vec<String>>(),
        "gap": notice.gap.map(|gap| gap.to_string()),
        "by": notice.by.iter().map(ToString::to_string).collect::<Vec<String>>(),
        "reason": notice.reason,
        "issuer": notified.issuer.to_hex(),
        "has_say": notified.has_say,
    })
}

fn counted_many(count: u64, noun: &str) -> String {
    counted(usize::try_from(count).unwrap_or(usize::MAX), noun)
}

fn indented(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| format!("    {line}")).collect();
    lines.join("\n")
}

fn value(one: &Shown) -> Value {
    json!({
        "name": name(one),
        "kind": one.statement.predicate.kind(),
        "id": format!("hb:{}", one.id),
        "entry": one.entry.get(),
        "issuer": one.issuer.to_hex(),
        "holder": one.holder,
        "said_by": one.said_by,
        "asked_for": one.places.iter().map(ToString::to_string).collect::<Vec<String>>(),
        "notices": one.notices.iter().map(notice_value).collect::<Vec<Value>>(),
        "files": one.files.iter().map(file_value).collect::<Vec<Value>>(),
        "statement": payload(one),
    })
}

fn file_value(file: &ShownFile) -> Value {
    json!({
        "id": file.artifact.to_string(),
        "name": file.name,
        "sha256": file.sha256.map(|sha256| sha256.to_hex()),
        "bytes": file.bytes,
        "rows": file.rows,
        "row_root": file.row_root.map(|root| json!({ "field": root.field(), "root": root.root().to_hex() })),
        "members": file.members,
    })
}
