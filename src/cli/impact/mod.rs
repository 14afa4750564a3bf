//! `herdbook impact`: everything that something had a part in, and how much of it.
//!
//! | file | does |
//! |---|---|
//! | `page` | which part of the answer is told, and the ways to it |
//! | `text`, `json` | the answer for people and for programs |
//! | `notice` | what a withdrawal stated, held against the log |

mod json;
mod notice;
mod page;
mod text;

use serde_json::Value;
use serde_json::json;

use crate::ledger::View;
use crate::query::Impact;
use crate::query::NoShares;
use crate::query::Place;
use crate::query::find;
use crate::query::impact;
use crate::query::impact_of_key;
use crate::query::rows_of;

use super::as_of::AsOf;
use super::code::ErrorCode;
use super::error::Error;
use super::exit::Exit;
use super::key::named;
use super::nodes::Asked;
use super::session::Session;
use super::ui::Answer;
use super::ui::counted;
use super::ui::in_line;

pub use json::members;
pub use json::reached;
pub use notice::members as stated;
pub use page::Page;
pub use page::Paging;
pub use page::STEPS_MAX;
pub use page::Told;
pub use text::share_told;
pub use text::way;
pub use text::whole as text;

/// What begins a key in the place of NODE.
const KEY_PREFIX: &str = "key:";

/// How many nodes one sentence names.
const NODES_MAX: usize = 10;

/// Arguments of `impact`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Something is reached by mass (it consists of it, in part: a share is told), by conditioning (it was made with it: no
share, not even 0, for nobody knows one), or by both. Of a key, what it signed is reached, and what that reaches.

Examples:
  herdbook impact seed-tasks                     everything that was made of it or with it
  herdbook impact seed-tasks/b.jsonl --row 17    the same for one row: it goes where its file goes
  herdbook impact key:3f2a91c0                   what a key signed, and what that reaches
  herdbook impact seed-tasks --released          ends with 21 if a released model is reached, for a gate
  herdbook impact hb:ID                          of a withdrawal: what it stated that it reaches, and whether that holds")]
pub struct Args {
    /// NAME, NAME@ENTRY, NAME@latest, NAME/FILE, an hb: id or its beginning, sha256:HEX, the path of a file, or key:KEY
    node: String,
    /// Ask about this row of the file, counted from 1
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    row: Option<u64>,
    /// Only models that were released; ends with 21 if there is any
    #[arg(long)]
    released: bool,
    #[command(flatten)]
    paging: Paging,
    #[command(flatten)]
    as_of: AsOf,
}

/// Tells what a node has an effect on.
pub fn run(session: &Session, args: &Args) -> Result<Answer, Error> {
    let ledger = session.open_log()?;
    let view = args.as_of.view(&ledger)?;
    if args.row.is_none()
        && let Some(notice) = notice::find(&view, &args.node)?
    {
        return notice::run(session, &view, notice, args);
    }
    let found = match key(&view, &args.node) {
        Some(key) if args.row.is_none() => {
            let keys = ledger.state().keys().ok_or_else(|| no_keys(&args.node))?;
            impact_of_key(&view, named::of_ledger(session, keys, key)?.key.id())?
        }
        _ => {
            let asked = Asked::read(session, &args.node)?;
            let roots = asked.nodes(&view)?;
            if let Some(row) = args.row {
                one_row(&view, &asked, &args.node, row, &roots)?;
            }
            impact(&view, &roots)?
        }
    };
    answer(session, &view, args, &found)
}

/// Returns what follows `key:`, unless an item has that very name.
fn key<'t>(view: &View<'_>, text: &'t str) -> Option<&'t str> {
    let key = text.strip_prefix(KEY_PREFIX)?;
    find(view, text).is_err().then_some(key)
}

fn no_keys(text: &str) -> Error {
    Error::new(
        Exit::Failure,
        format!("`{}` means no key: the ledger has none", in_line(text)),
    )
    .code(ErrorCode::UnknownKey)
}

/// Demands that there may be such a row: of one file, which has so many.
fn one_row(view: &View<'_>, asked: &Asked<'_>, text: &str, row: u64, roots: &[Place]) -> Result<(), Error> {
    let shown = in_line(text);
    let invalid = |message: String| Error::new(Exit::Failure, message).code(ErrorCode::OptionInvalid);
    let mut files = Vec::new();
    for root in roots {
        match root {
            Place::Artifact(artifact) => files.push(rows_of(view, *artifact)?),
            Place::Run(_) | Place::Gap(..) => {
                return Err(invalid(format!("`{shown}` is a run, and a row is one of a file"))
                    .hint("name an output, or a file of one as NAME/FILE"));
            }
        }
    }
    // Several claims of the same bytes are one file.
    let is_one = asked.is_of_file() || text.starts_with("sha256:") || files.len() == 1;
    let count: u64 = files.iter().map(|one| one.files).sum();
    if !is_one || files.iter().any(|one| one.files != 1) {
        let count = counted(usize::try_from(count).unwrap_or(usize::MAX), "file");
        return Err(
            invalid(format!("`{shown}` has {count}, and a row is one of a file")).hint(format!(
                "name one of them as NAME/FILE: `herdbook show {shown}` lists them"
            )),
        );
    }
    match files.iter().find_map(|one| one.rows) {
        Some(rows) if row > rows => {
            let rows = counted(usize::try_from(rows).unwrap_or(usize::MAX), "row");
            Err(invalid(format!(
                "`{shown}` has {rows} by the record, and row {row} was asked about"
            )))
        }
        _ => Ok(()),
    }
}

fn answer(session: &Session, view: &View<'_>, args: &Args, found: &Impact) -> Result<Answer, Error> {
    let page = Page::of(view, found, args.released, &args.paging)?;
    let mut told = json!({
        "schema": "herdbook/impact/v1",
        "checkpoint": super::json::checkpoint(view.reader().checkpoint()),
        "asked": args.node,
        "row": args.row,
    });
    if let (Value::Object(all), Value::Object(more)) = (&mut told, members(found, &page)) {
        all.extend(more);
    }
    let is_released = args.released && !(page.total() == 0 && found.released.is_empty());
    let mut text = String::new();
    if let Some(row) = args.row {
        let node = in_line(&args.node);
        text = format!("row {row} of {node} goes where its file goes: rows are not followed one by one\n");
    }
    text.push_str(&text::whole(&args.node, found, &page, session.ui.paint()));
    let mut notes = notes(found);
    notes.extend(page.note());
    Ok(Answer {
        text,
        json: told,
        notes,
        exit: if is_released { Exit::NotTraced } else { Exit::Ok },
    })
}

/// Returns what to tell beside an impact.
fn notes(found: &Impact) -> Vec<String> {
    let mut notes = Vec::new();
    if !found.other_versions.is_empty() {
        notes.push(format!(
            "Other versions have other bytes and do not count here: {}. Ask about each by itself.",
            some_of(found.other_versions.iter().map(String::as_str)),
        ));
    }
    match found.no_shares {
        Some(NoShares::ManifestMissing(blob)) => notes.push(format!(
            "Shares are left out: the manifest {blob} is not in the ledger; put blobs/ back from a copy."
        )),
        Some(NoShares::TooManyMembers) => notes.push(format!(
            "Shares are left out: they need more than {} members of manifests at a time.",
            crate::query::IMPACT_MEMBERS_MAX
        )),
        None => {}
    }
    notes.push("This is by the record, not a verdict: `herdbook verify` judges each of these.".to_owned());
    notes
}

/// Names some, and says how many more there are.
fn some_of<'a>(nodes: impl Iterator<Item = &'a str>) -> String {
    let nodes: Vec<String> = nodes.map(in_line).collect();
    let some = nodes
        .iter()
        .take(NODES_MAX)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    match nodes.len().saturating_sub(NODES_MAX) {
        0 => some,
        more => format!("{some} and {more} more (--json lists all)"),
    }
}
