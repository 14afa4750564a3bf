//! `herdbook impact`: everything that something had a part in, and how much of it.

use std::fmt::Write as _;

use serde_json::Value;
use serde_json::json;

use crate::query::Impact;
use crate::query::NoShares;
use crate::query::Reached;
use crate::query::Released;
use crate::query::Via;
use crate::query::impact;
use crate::verify::PathStep;

use super::as_of::AsOf;
use super::error::Error;
use super::exit::Exit;
use super::json::checkpoint;
use super::json::path;
use super::json::share;
use super::nodes::find_nodes;
use super::session::Session;
use super::ui::Answer;
use super::ui::Paint;
use super::ui::counted;
use super::ui::in_line;
use super::ui::put;
use super::ui::short_id;

/// How many items of one kind are told in words; JSON has all.
const SHOWN_MAX: usize = 50;

/// How many steps of a path are told in words.
const STEPS_MAX: usize = 12;

/// Arguments of `impact`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// NAME, NAME@ENTRY, NAME@latest, NAME/FILE, an hb: id or its beginning, or sha256:HEX
    node: String,
    /// Only what was released; ends with 21 if any of it was
    #[arg(long)]
    released: bool,
    #[command(flatten)]
    as_of: AsOf,
}

/// Tells what a node has an effect on.
pub fn run(session: &Session, args: &Args) -> Result<Answer, Error> {
    let ledger = session.open()?;
    let view = args.as_of.view(&ledger)?;
    let roots = find_nodes(&view, &args.node)?;
    let mut found = impact(&view, &roots)?;
    if args.released {
        found.reached.retain(|one| !one.released.is_empty());
    }
    let json = json!({
        "schema": "herdbook/impact/v1",
        "checkpoint": checkpoint(view.reader().checkpoint()),
        "asked": args.node,
        "founders": path(&found.founders),
        "reached": found.reached.iter().map(reached).collect::<Vec<Value>>(),
        "total": found.reached.len(),
        "runs": found.runs,
        "released": found.reached.iter().filter(|one| !one.released.is_empty()).count(),
        "no_shares": found.no_shares.map(no_shares_word),
    });
    let exit = if args.released && !found.reached.is_empty() {
        Exit::NotTraced
    } else {
        Exit::Ok
    };
    Ok(Answer {
        text: text(args, &found, session.ui.paint()),
        json,
        notes: notes(&found),
        exit,
    })
}

fn notes(found: &Impact) -> Vec<String> {
    let mut notes = Vec::new();
    match found.no_shares {
        Some(NoShares::ManifestMissing(blob)) => notes.push(format!(
            "Shares are left out: the manifest {blob} is not in the ledger; put blobs/ back from a copy."
        )),
        Some(NoShares::TooManyMembers) => notes.push(format!(
            "Shares are left out: they need more than {} members of manifests.",
            crate::query::IMPACT_MEMBERS_MAX
        )),
        None => {}
    }
    notes.push("This is by the record, not a verdict: `herdbook verify` judges each of these.".to_owned());
    notes
}

fn no_shares_word(why: NoShares) -> Value {
    match why {
        NoShares::ManifestMissing(blob) => json!({"code": "manifest_missing", "blob": blob.to_string()}),
        NoShares::TooManyMembers => json!({"code": "too_many_members"}),
    }
}

fn reached(one: &Reached) -> Value {
    json!({
        "id": one.id,
        "name": one.name,
        "node": one.node,
        "kind": one.kind,
        "entry": one.entry.get(),
        "share": one.share.as_ref().map(share),
        "via": one.via.as_str(),
        "path": path(&one.path),
        "released": one.released.iter().map(released).collect::<Vec<Value>>(),
    })
}

fn released(one: &Released) -> Value {
    json!({
        "id": one.id,
        "name": one.name,
        "entry": one.entry.get(),
        "channel": one.channel,
        "date": one.date,
    })
}

fn text(args: &Args, found: &Impact, paint: Paint) -> String {
    let mut text = String::new();
    let asked = in_line(&args.node);
    let of = if args.released { " that was released" } else { "" };
    if found.reached.is_empty() {
        put(&mut text, format_args!("nothing{of} descends from {asked}\n"));
        return text;
    }
    let models = found.reached.iter().filter(|one| one.kind == "model").count();
    put(
        &mut text,
        format_args!(
            "{asked} has a part in {}{of}, {} of them\n",
            counted(found.reached.len(), "item"),
            counted(models, "model"),
        ),
    );
    let mut kind = "";
    let mut shown = 0;
    for one in &found.reached {
        if one.kind != kind {
            kind = one.kind;
            shown = 0;
            put(&mut text, format_args!("\n{}\n", paint.strong(heading(kind))));
        }
        shown += 1;
        match shown.cmp(&(SHOWN_MAX + 1)) {
            std::cmp::Ordering::Less => item(&mut text, one, paint),
            std::cmp::Ordering::Equal => {
                let rest = found.reached.iter().filter(|other| other.kind == kind).count() - SHOWN_MAX;
                put(
                    &mut text,
                    format_args!("  ... and {rest} more (--json lists all)\n"),
                );
            }
            std::cmp::Ordering::Greater => {}
        }
    }
    text
}

fn heading(kind: &str) -> &str {
    match kind {
        "model" => "models",
        "dataset" => "data sets",
        "shard" => "shards",
        "filter" => "filters",
        other => other,
    }
}

fn item(text: &mut String, one: &Reached, paint: Paint) {
    let share = match (&one.share, one.via) {
        (Some(share), _) => share.percent(),
        (None, Via::Mass) => "share not worked out".to_owned(),
        // Nobody knows how much a prompt or a judge contributes.
        (None, Via::Conditioning) => "conditions it, no share".to_owned(),
    };
    put(
        text,
        format_args!(
            "  {}  {share}  {}\n",
            paint.strong(&in_line(&one.node)),
            paint.faint(&short_id(&one.id))
        ),
    );
    for release in &one.released {
        let mut told = format!("released to {}", in_line(&release.name));
        if let Some(channel) = &release.channel {
            let _fits = write!(told, " by {}", in_line(channel));
        }
        if let Some(date) = &release.date {
            let _fits = write!(told, " on {}", in_line(date));
        }
        put(
            text,
            format_args!("    {} (entry {})\n", paint.notable(&told), release.entry),
        );
    }
    put(text, format_args!("    from {}\n", way(&one.path)));
}

/// Tells a path from the founder on; of a long one its ends.
fn way(path: &[PathStep]) -> String {
    let names: Vec<String> = path.iter().rev().map(|step| in_line(&step.name)).collect();
    let half = STEPS_MAX / 2;
    match (
        names.get(..half),
        names.len().checked_sub(half).and_then(|at| names.get(at..)),
    ) {
        (Some(first), Some(last)) if names.len() > STEPS_MAX => format!(
            "{} > ... {} steps ... > {}",
            first.join(" > "),
            names.len() - STEPS_MAX,
            last.join(" > ")
        ),
        _ => names.join(" > "),
    }
}
