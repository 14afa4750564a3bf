//! `herdbook gaps`: what is missing, why it matters, and what to write to close it.

use serde_json::Value;
use serde_json::json;

use crate::query::GapClass;
use crate::query::Missing;
use crate::query::gaps;

use super::as_of::AsOf;
use super::error::Error;
use super::exit::Exit;
use super::json::checkpoint;
use super::nodes::find_nodes;
use super::session::Session;
use super::ui::Answer;
use super::ui::Paint;
use super::ui::in_line;
use super::ui::put;

/// How many gaps of one class are told in words; JSON has all.
const SHOWN_MAX: usize = 20;

/// Arguments of `gaps`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only what this node descends from, and itself: NAME, NAME@ENTRY, an hb: id, or sha256:HEX
    node: Option<String>,
    #[command(flatten)]
    as_of: AsOf,
}

/// Lists what is missing.
pub fn run(session: &Session, args: &Args) -> Result<Answer, Error> {
    let ledger = session.open()?;
    let view = args.as_of.view(&ledger)?;
    let roots = args.node.as_deref().map(|node| find_nodes(&view, node));
    let found = gaps(&view, roots.transpose()?.as_deref())?;
    Ok(Answer {
        text: text(args, &found, session.ui.paint()),
        json: json!({
            "schema": "herdbook/gaps/v1",
            "checkpoint": checkpoint(view.reader().checkpoint()),
            "asked": args.node,
            "classes": GapClass::ALL.iter().map(|class| of_class(*class, &found)).collect::<Vec<Value>>(),
            "gaps": found.iter().map(gap).collect::<Vec<Value>>(),
            "total": found.len(),
        }),
        notes: vec![
            "Gaps are no verdict: `herdbook verify` says which of them matter for a model.".to_owned(),
        ],
        exit: Exit::Ok,
    })
}

fn of_class(class: GapClass, found: &[Missing]) -> Value {
    json!({
        "class": class.as_str(),
        "count": count(class, found),
        "meaning": class.meaning(),
        "can_occur": class.can_occur(),
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
        let all = count(class, found);
        if !class.can_occur() {
            put(
                &mut text,
                format_args!(
                    "{:<11} -   {}: nothing can make one yet\n",
                    class.as_str(),
                    class.meaning()
                ),
            );
            continue;
        }
        let head = format!("{:<11} {all:<3} {}", class.as_str(), class.meaning());
        let head = if all > 0 { paint.strong(&head) } else { head };
        put(&mut text, format_args!("{head}\n"));
        for missing in found
            .iter()
            .filter(|missing| missing.class == class)
            .take(SHOWN_MAX)
        {
            put(
                &mut text,
                format_args!(
                    "  {}  {}\n",
                    in_line(&missing.name),
                    paint.faint(&in_line(&missing.node))
                ),
            );
            put(&mut text, format_args!("    why   {}\n", in_line(&missing.why)));
            put(&mut text, format_args!("    close {}\n", in_line(&missing.close)));
        }
        if all > SHOWN_MAX {
            put(
                &mut text,
                format_args!("  ... and {} more (--json lists all)\n", all - SHOWN_MAX),
            );
        }
    }
    text
}
