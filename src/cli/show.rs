//! `herdbook show`: what a statement says, and who signed it.

use serde_json::Value;
use serde_json::json;

use crate::query::Shown;
use crate::query::show;

use super::as_of::AsOf;
use super::error::Error;
use super::exit::Exit;
use super::json::checkpoint;
use super::nodes::explained;
use super::session::Session;
use super::ui::Answer;
use super::ui::Paint;
use super::ui::in_line;
use super::ui::shown;
use super::ui::table;

/// Arguments of `show`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// NAME, NAME@ENTRY, NAME@latest, NAME/FILE, an hb: id or its beginning, or sha256:HEX
    node: String,
    #[command(flatten)]
    as_of: AsOf,
}

/// Shows the statements that a node means.
pub fn run(session: &Session, args: &Args) -> Result<Answer, Error> {
    let ledger = session.open()?;
    let view = args.as_of.view(&ledger)?;
    let statements = show(&view, &args.node).map_err(|error| explained(&view, error))?;
    let paint = session.ui.paint();
    let texts: Vec<String> = statements.iter().map(|one| text(one, paint)).collect();
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

fn text(one: &Shown, paint: Paint) -> String {
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
    for place in &one.places {
        rows.push(row("asked for", place.to_string()));
    }
    let predicate = payload(one)
        .get("predicate")
        .map(|predicate| format!("{predicate:#}"))
        .unwrap_or_default();
    format!(
        "{}\n{}  says\n{}\n",
        paint.strong(&in_line(&name(one))),
        table(&rows),
        indented(&shown(&predicate))
    )
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
        "statement": payload(one),
    })
}
