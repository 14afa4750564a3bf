//! `herdbook impact`: everything that something had a part in, and how much of it.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::json;

use crate::query::Impact;
use crate::query::NoShares;
use crate::query::Reached;
use crate::query::Released;
use crate::query::SameBytes;
use crate::query::Via;
use crate::query::impact;
use crate::verify::PathStep;
use crate::verify::Share;

use super::as_of::AsOf;
use super::error::Error;
use super::exit::Exit;
use super::json::checkpoint;
use super::json::path;
use super::json::share;
use super::nodes::Asked;
use super::session::Session;
use super::ui::Answer;
use super::ui::Paint;
use super::ui::counted;
use super::ui::in_line;
use super::ui::put;
use super::ui::short_id;
use super::ui::wrapped;

/// How many items of one kind are told in words; JSON has all.
const SHOWN_MAX: usize = 50;

/// How wide a path is told, so that a line has 80 characters, and what stands before a further line.
const LINE_CHARS: usize = 70;
const LINE_INDENT: &str = "         ";

/// How many steps of a path are told in words.
const STEPS_MAX: usize = 12;

/// How many nodes one sentence names.
const NODES_MAX: usize = 10;

/// Arguments of `impact`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// NAME, NAME@ENTRY, NAME@latest, NAME/FILE, an hb: id or its beginning, sha256:HEX, or the path of a file
    node: String,
    /// Only what was released; ends with 21 if any of it was
    #[arg(long)]
    released: bool,
    #[command(flatten)]
    as_of: AsOf,
}

/// Tells what a node has an effect on.
pub fn run(session: &Session, args: &Args) -> Result<Answer, Error> {
    let ledger = session.open_log()?;
    let view = args.as_of.view(&ledger)?;
    let roots = Asked::read(session, &args.node)?.nodes(&view)?;
    let mut found = impact(&view, &roots)?;
    if args.released {
        found.reached.retain(|one| !one.released.is_empty());
    }
    let json = json!({
        "schema": "herdbook/impact/v1",
        "checkpoint": checkpoint(view.reader().checkpoint()),
        "asked": args.node,
        "founders": path(&found.founders),
        "same_bytes": found.same_bytes.iter().map(same_bytes).collect::<Vec<Value>>(),
        "other_versions": found.other_versions,
        "released_itself": found.released.iter().map(released).collect::<Vec<Value>>(),
        "reached": found.reached.iter().map(reached).collect::<Vec<Value>>(),
        "total": found.reached.len(),
        "runs": found.runs,
        "released": found.reached.iter().filter(|one| !one.released.is_empty()).count(),
        "no_shares": found.no_shares.map(no_shares_word),
    });
    let exit = if args.released && !(found.reached.is_empty() && found.released.is_empty()) {
        Exit::NotTraced
    } else {
        Exit::Ok
    };
    Ok(Answer {
        text: text(&args.node, args.released, &found, session.ui.paint()),
        json,
        notes: notes(&found),
        exit,
    })
}

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

pub(super) fn same_bytes(one: &SameBytes) -> Value {
    json!({
        "id": one.artifact.to_string(),
        "node": one.node,
        "entry": one.entry.get(),
    })
}

/// Returns one item that is reached, for programs.
pub fn reached(one: &Reached) -> Value {
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

pub(super) fn released(one: &Released) -> Value {
    json!({
        "id": one.id,
        "name": one.name,
        "entry": one.entry.get(),
        "channel": one.channel,
        "date": one.date,
    })
}

pub(super) fn text(asked: &str, only_released: bool, found: &Impact, paint: Paint) -> String {
    let mut text = String::new();
    let asked = in_line(asked);
    let of = if only_released { " that was released" } else { "" };
    if !found.same_bytes.is_empty() {
        let mut nodes: Vec<&str> = found.same_bytes.iter().map(|one| one.node.as_str()).collect();
        nodes.dedup();
        put(
            &mut text,
            format_args!(
                "also counted, for they have the same bytes: {}\n",
                some_of(nodes.into_iter())
            ),
        );
    }
    if !found.released.is_empty() {
        put(&mut text, format_args!("{asked} was released itself\n"));
        releases(&mut text, &found.released, paint);
    }
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
    let series = series(&found.reached);
    for versions in &series {
        let Some(newest) = versions.last() else {
            continue;
        };
        if newest.kind != kind {
            kind = newest.kind;
            shown = 0;
            put(&mut text, format_args!("\n{}\n", paint.strong(heading(kind))));
        }
        shown += 1;
        if shown <= SHOWN_MAX {
            match versions.as_slice() {
                [only] => item(&mut text, only, paint),
                several => versions_of(&mut text, several, newest, paint),
            }
        } else if shown == SHOWN_MAX + 1 {
            let of_kind = |other: &&Vec<&Reached>| other.last().is_some_and(|one| one.kind == kind);
            let rest = series.iter().filter(of_kind).count() - SHOWN_MAX;
            put(
                &mut text,
                format_args!("  ... and {rest} more names (--json lists all)\n"),
            );
        }
    }
    text
}

/// Puts the versions of a name beside each other; released ones stand alone, since each of them matters.
fn series(reached: &[Reached]) -> Vec<Vec<&Reached>> {
    let mut all: Vec<Vec<&Reached>> = Vec::new();
    let mut places: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for one in reached {
        if !one.released.is_empty() {
            all.push(vec![one]);
            continue;
        }
        let at = *places.entry((one.kind, &one.name)).or_insert(all.len());
        match all.get_mut(at) {
            Some(versions) => versions.push(one),
            None => all.push(vec![one]),
        }
    }
    all
}

/// Tells several versions of a name in the words of the newest, with the range of their shares.
fn versions_of(text: &mut String, versions: &[&Reached], newest: &Reached, paint: Paint) {
    let shares: Vec<&Share> = versions.iter().filter_map(|one| one.share.as_ref()).collect();
    let ends = (
        shares.iter().map(|share| &share.low).min(),
        shares.iter().map(|share| &share.high).max(),
    );
    let told = match ends {
        (Some(low), Some(high)) if shares.len() == versions.len() => {
            let all = Share {
                low: low.clone(),
                high: high.clone(),
            };
            let each = if all.is_exact() { " each" } else { "" };
            format!("{}{each}", all.percent())
        }
        (Some(_), _) => "some with a share, some conditioned only".to_owned(),
        _ => share_told(newest),
    };
    put(
        text,
        format_args!(
            "  {}  {} versions, the newest @{}: {told}\n    from {}\n",
            paint.strong(&in_line(&newest.name)),
            versions.len(),
            newest.entry,
            way(&newest.path),
        ),
    );
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
    let share = share_told(one);
    put(
        text,
        format_args!(
            "  {}  {share}  {}\n",
            paint.strong(&in_line(&one.node)),
            paint.faint(&short_id(&one.id))
        ),
    );
    releases(text, &one.released, paint);
    put(text, format_args!("    from {}\n", way(&one.path)));
}

fn releases(text: &mut String, released: &[Released], paint: Paint) {
    for release in released {
        let mut told = format!("released to {}", in_line(&release.name));
        if let Some(channel) = &release.channel {
            put(&mut told, format_args!(" by {}", in_line(channel)));
        }
        if let Some(date) = &release.date {
            put(&mut told, format_args!(" on {}", in_line(date)));
        }
        put(
            text,
            format_args!("    {} (entry {})\n", paint.notable(&told), release.entry),
        );
    }
}

/// Tells how much of an item comes from what was asked about.
pub fn share_told(one: &Reached) -> String {
    match (&one.share, one.via) {
        (Some(share), _) => share.percent(),
        (None, Via::Mass) => "share not worked out".to_owned(),
        // Nobody knows how much a prompt or a judge contributes.
        (None, Via::Conditioning) => "conditions it, no share".to_owned(),
    }
}

/// Tells a path from the founder on; of a long one its ends.
pub fn way(path: &[PathStep]) -> String {
    let names: Vec<String> = path.iter().rev().map(|step| in_line(&step.name)).collect();
    let half = STEPS_MAX / 2;
    let way = match (
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
    };
    wrapped(&way, LINE_CHARS, LINE_INDENT)
}
