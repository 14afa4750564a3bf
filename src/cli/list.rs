//! `herdbook list`: every item of the ledger.

use serde_json::Value;
use serde_json::json;

use crate::query::Listed;
use crate::query::list;
use crate::statement::ItemName;

use super::args;
use super::error::Error;
use super::exit::Exit;
use super::json::checkpoint;
use super::session::Session;
use super::ui::Answer;
use super::ui::in_line;
use super::ui::short_id;
use super::ui::table;

/// How much of an id is written where nothing shorter selects a statement: `hb:` and twelve digits.
const NODE_ID_CHARS: usize = 15;

/// Lists all versions of all names.
pub fn run(session: &Session, _args: &args::List) -> Result<Answer, Error> {
    let ledger = session.open()?;
    let listed = list(&ledger.view())?;
    let empty = listed.is_empty();
    Ok(Answer {
        text: table(&listed.iter().map(row).collect::<Vec<_>>()),
        json: json!({
            "schema": "herdbook/list/v1",
            "checkpoint": checkpoint(ledger.checkpoint()),
            "items": listed.iter().map(item).collect::<Vec<Value>>(),
        }),
        notes: if empty {
            vec!["Nothing is registered yet: describe your files in a lineage file, then `herdbook register FILE`.".to_owned()]
        } else {
            Vec::new()
        },
        exit: Exit::Ok,
    })
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
    let files = match listed.artifacts {
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
        "rows": listed.rows,
        "versions": listed.versions,
        "about": listed.about.as_ref().map(ItemName::as_str),
    })
}
