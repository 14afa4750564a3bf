//! `herdbook list`: every item of the ledger.

use serde_json::Value;
use serde_json::json;

use crate::query::Listed;
use crate::query::list;
use crate::statement::ItemName;

use super::as_of::AsOf;
use super::error::Error;
use super::exit::Exit;
use super::json::checkpoint;
use super::nodes::find_nodes;
use super::session::Session;
use super::told::Told;
use super::told::meant;
use super::ui::Answer;
use super::ui::in_line;
use super::ui::short_id;
use super::ui::table;

/// How much of an id is written where nothing shorter selects a statement: `hb:` and twelve digits.
const NODE_ID_CHARS: usize = 15;

/// Arguments of `list`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only this name, with all its versions
    name: Option<String>,
    /// All versions of every name, and not only the newest
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    as_of: AsOf,
}

/// Lists names, or versions.
pub fn run(session: &Session, args: &Args) -> Result<Answer, Error> {
    let ledger = session.open()?;
    let view = args.as_of.view(&ledger)?;
    let mut listed = list(&view)?;
    let name = args.name.as_deref();
    let name = name.map(|name| meant(session, &view, name)).transpose()?;
    if let Some(name) = name.as_deref() {
        // An unknown name is an error that says which was meant.
        let known = |one: &Listed| {
            one.name.as_str() == name || one.about.as_ref().is_some_and(|about| about.as_str() == name)
        };
        if !listed.iter().any(known) {
            find_nodes(&view, name)?;
        }
        listed.retain(known);
    }
    let every = args.all || args.name.is_some();
    let told: Vec<&Listed> = if every {
        listed.iter().collect()
    } else {
        newest(&listed).collect()
    };
    let as_row = if every { row } else { row_of_name };
    // What was said about a model takes more words than a kind: it is a table of its own.
    let (said, items): (Vec<&Listed>, Vec<&Listed>) = told.into_iter().partition(|one| one.about.is_some());
    let rows = |some: &[&Listed]| -> Vec<Vec<String>> {
        let rows: Vec<Vec<String>> = some.iter().map(|one| as_row(one)).collect();
        let texts = Told::of(session, rows.iter().flatten().map(String::as_str));
        let shown = |row: &Vec<String>| row.iter().map(|cell| texts.shown(cell)).collect();
        rows.iter().map(shown).collect()
    };
    let mut text = table(&rows(&items));
    if !said.is_empty() && !items.is_empty() {
        text.push('\n');
    }
    text.push_str(&table(&rows(&said)));
    let mut notes = Vec::new();
    if listed.is_empty() {
        notes.push("Nothing is registered yet: describe your files in a lineage file, then `herdbook register FILE`.".to_owned());
    } else if !every && listed.iter().any(|one| one.versions > 1) {
        notes.push(
            "Names with several versions show the newest: `herdbook list NAME` has all of them.".to_owned(),
        );
    }
    Ok(Answer {
        text,
        json: json!({
            "schema": "herdbook/list/v1",
            "checkpoint": checkpoint(view.reader().checkpoint()),
            "items": listed.iter().map(item).collect::<Vec<Value>>(),
        }),
        notes,
        exit: Exit::Ok,
    })
}

/// The newest version of each name; a name's versions stand beside each other, in log order.
fn newest(listed: &[Listed]) -> impl Iterator<Item = &Listed> {
    let next = listed.iter().skip(1).map(Some).chain([None]);
    let pairs = listed.iter().zip(next);
    pairs
        .filter(|(one, next)| {
            one.about.is_some() || next.is_none_or(|next| next.about.is_some() || next.name != one.name)
        })
        .map(|(one, _)| one)
}

/// One line for a name, whatever the number of its versions.
fn row_of_name(listed: &Listed) -> Vec<String> {
    let mut row = row(listed);
    if listed.versions > 1 {
        row.push(format!("newest of {} versions", listed.versions));
    }
    row
}

/// What selects this version and no other.
fn node(listed: &Listed) -> String {
    if listed.about.is_some() {
        listed.id.chars().take(NODE_ID_CHARS).collect()
    } else if listed.versions > 1 {
        format!("{}@{}", listed.name, listed.entry)
    } else {
        listed.name.to_string()
    }
}

fn row(listed: &Listed) -> Vec<String> {
    let files = match listed.files {
        0 | 1 => String::new(),
        more => format!("{more} files"),
    };
    let rows = match listed.rows {
        None => String::new(),
        Some(1) => "1 row".to_owned(),
        Some(rows) => format!("{rows} rows"),
    };
    let kind = match &listed.about {
        None => listed.kind.to_owned(),
        Some(about) if listed.kind == "release" => {
            format!(
                "release of {} to {}",
                in_line(about.as_str()),
                in_line(listed.name.as_str())
            )
        }
        Some(about) => format!("{} on {}", listed.kind, in_line(about.as_str())),
    };
    if listed.about.is_some() {
        // It is selected by its id, which stands in front.
        return vec![in_line(&node(listed)), kind];
    }
    vec![in_line(&node(listed)), kind, rows, files, short_id(&listed.id)]
}

fn item(listed: &Listed) -> Value {
    json!({
        "name": listed.name.as_str(),
        "node": node(listed),
        "entry": listed.entry.get(),
        "id": listed.id,
        "kind": listed.kind,
        "artifacts": listed.artifacts,
        "files": listed.files,
        "rows": listed.rows,
        "versions": listed.versions,
        "about": listed.about.as_ref().map(ItemName::as_str),
    })
}
