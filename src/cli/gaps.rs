//! `herdbook gaps`: what is missing, why it matters, and what to write to close it.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::json;

use crate::query::GapClass;
use crate::query::Gaps;
use crate::query::Missing;
use crate::query::gaps;
use crate::statement::ItemName;

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
use super::ui::wrapped;

/// How many gaps of one class are told in words; JSON has all.
const SHOWN_MAX: usize = 20;

/// How wide the words of a gap are, so that a line has 80 characters, and what stands before a further line.
const LINE_CHARS: usize = 70;
const LINE_INDENT: &str = "          ";

/// Arguments of `gaps`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only what this node descends from, and itself: NAME, NAME@ENTRY, an hb: id, sha256:HEX, or the path of a file
    node: Option<String>,
    #[command(flatten)]
    as_of: AsOf,
}

/// Lists what is missing.
pub fn run(session: &Session, args: &Args) -> Result<Answer, Error> {
    let ledger = session.open_log()?;
    let view = args.as_of.view(&ledger)?;
    let asked = args.node.as_deref().map(|node| Asked::read(session, node));
    let roots = asked.transpose()?.map(|asked| asked.nodes(&view));
    let Gaps { found, mended } = gaps(&view, roots.transpose()?.as_deref())?;
    let mut notes = Vec::new();
    if mended > 0 {
        notes.push(format!(
            "{} of older versions left out: the newest has none, and nothing in use descends from the older.",
            counted(mended, "gap")
        ));
    }
    let is_kept = |missing: &Missing| missing.class != GapClass::Stale && missing.command.is_none();
    if found.iter().any(is_kept) {
        notes.push(
            "Nothing in a log changes: to close a gap is to register a new version, and then one of everything that is \
             made with it. What exists keeps the gap, unless `herdbook notice resolve` is named as what closes it."
                .to_owned(),
        );
    }
    notes.push("Gaps are no verdict: `herdbook verify` says which of them matter for a model.".to_owned());
    Ok(Answer {
        text: text(args, &found, session.ui.paint()),
        json: json!({
            "schema": "herdbook/gaps/v1",
            "checkpoint": checkpoint(view.reader().checkpoint()),
            "asked": args.node,
            "classes": GapClass::ALL.iter().map(|class| of_class(*class, &found)).collect::<Vec<Value>>(),
            "gaps": found.iter().map(gap).collect::<Vec<Value>>(),
            "total": found.len(),
            "mended": mended,
        }),
        notes,
        exit: Exit::Ok,
    })
}

fn of_class(class: GapClass, found: &[Missing]) -> Value {
    json!({
        "class": class.as_str(),
        "count": count(class, found),
        "meaning": class.meaning(),
        // Every class can since there are notices; scripts may still read this.
        "can_occur": true,
    })
}

fn gap(missing: &Missing) -> Value {
    json!({
        "class": missing.class.as_str(),
        "code": missing.code,
        "node": missing.node,
        "id": missing.id,
        "name": missing.name,
        "entry": missing.entry.get(),
        "why": missing.why,
        "close": missing.close,
        "command": missing.command,
    })
}

fn count(class: GapClass, found: &[Missing]) -> usize {
    found.iter().filter(|missing| missing.class == class).count()
}

fn text(args: &Args, found: &[Missing], paint: Paint) -> String {
    let mut text = String::new();
    if found.is_empty() {
        let of = args
            .node
            .as_ref()
            .map(|node| format!(" in what {} descends from", in_line(node)));
        put(&mut text, format_args!("no gaps{}\n", of.unwrap_or_default()));
    }
    for class in GapClass::ALL {
        let folded = folded(class, found);
        let all = folded.len();
        let head = format!("{:<11} {all:<3} {}", class.as_str(), class.meaning());
        let head = if all > 0 { paint.strong(&head) } else { head };
        put(&mut text, format_args!("{head}\n"));
        for (missing, times) in folded.iter().take(SHOWN_MAX) {
            told(&mut text, missing, *times, paint);
        }
        if folded.len() > SHOWN_MAX {
            let more = folded.len() - SHOWN_MAX;
            put(
                &mut text,
                format_args!("  ... and {more} more (--json lists all)\n"),
            );
        }
    }
    text
}

/// The gaps of a class; the same one of several versions of a name is told once, of the newest.
fn folded(class: GapClass, found: &[Missing]) -> Vec<(&Missing, usize)> {
    let mut folded: Vec<(&Missing, usize)> = Vec::new();
    let mut places: BTreeMap<(&str, &str, &str), usize> = BTreeMap::new();
    for missing in found.iter().filter(|missing| missing.class == class) {
        let item = missing.item.as_str();
        let text = match class {
            // Two things that one run leaves open are two gaps.
            GapClass::Unresolved => missing.name.as_str(),
            // So is one thing that two of them take.
            GapClass::Stale => missing.taken_by.as_ref().map_or("", ItemName::as_str),
            _ => "",
        };
        let at = *places.entry((missing.code, item, text)).or_insert(folded.len());
        match folded.get_mut(at) {
            Some((newest, times)) => {
                *newest = missing;
                *times += 1;
            }
            None => folded.push((missing, 1)),
        }
    }
    folded
}

fn told(text: &mut String, missing: &Missing, times: usize, paint: Paint) {
    let of = match times {
        1 => String::new(),
        times => format!(", and in {} more", counted(times - 1, "version")),
    };
    let node = paint.faint(&format!("{}{of}", in_line(&missing.node)));
    put(text, format_args!("  {}  {node}\n", in_line(&missing.name)));
    for (head, words) in [("why   ", &missing.why), ("close ", &missing.close)] {
        // A command is to be copied, so it stands by itself and is not wrapped.
        let words = match &missing.command {
            Some(command) => words.replace(&format!("`{command}`"), "with the next line"),
            None => words.clone(),
        };
        let lines = wrapped(&in_line(&words), LINE_CHARS, LINE_INDENT);
        put(text, format_args!("    {head}{lines}\n"));
    }
    if let Some(command) = &missing.command {
        put(text, format_args!("{}\n", in_line(command)));
    }
}
