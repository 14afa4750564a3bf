//! `herdbook log`: the entries of the log, and the checkpoint over them; beside it, what checkpoints say of each other.

mod consistency;
mod equivocation;
mod seal;
mod signed;

use serde_json::Value;
use serde_json::json;

use crate::merkle::LeafIndex;
use crate::query::LogEntry;
use crate::query::LogFilter;
use crate::query::LogPage;
use crate::query::log;

use crate::cli::as_of::AsOf;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::json::checkpoint;
use crate::cli::json::root_text;
use crate::cli::session::Session;
use crate::cli::ui::Answer;
use crate::cli::ui::in_line;
use crate::cli::ui::short_id;
use crate::cli::ui::table;

/// How much of a key id is shown to people.
const KEY_DIGITS: usize = 8;

/// Arguments of `log`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Args {
    /// What to do instead of listing entries.
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    entries: Entries,
}

/// What is asked about checkpoints.
#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Show that the log went on from an older checkpoint, and write or check the proof
    Consistency(consistency::Args),
    /// Prove that the holder of the log key signed two histories or a false seal, or check such a proof
    Equivocation(equivocation::Args),
}

/// Which entries are listed.
#[derive(Debug, clap::Args)]
struct Entries {
    /// The first entry to show
    #[arg(long, value_name = "ENTRY", default_value_t = 0)]
    from: u64,
    /// The last entry to show [default: the newest]
    #[arg(long, value_name = "ENTRY")]
    to: Option<u64>,
    /// Only entries of this kind: source, prompt, filter, model, run, dataset, release, report, key, seal, ...
    #[arg(long)]
    kind: Option<String>,
    /// Show at most so many
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
    /// Begin with the oldest
    #[arg(long)]
    oldest_first: bool,
    #[command(flatten)]
    as_of: AsOf,
}

/// Lists entries, or does what the verb says.
pub fn run(session: &Session, args: &Args) -> Result<Answer, Error> {
    match &args.verb {
        None => list(session, &args.entries),
        Some(Verb::Consistency(args)) => consistency::run(session, args),
        Some(Verb::Equivocation(args)) => equivocation::run(session, args),
    }
}

fn list(session: &Session, args: &Entries) -> Result<Answer, Error> {
    let ledger = session.open()?;
    let view = args.as_of.view(&ledger)?;
    let filter = LogFilter {
        from: LeafIndex::new(args.from),
        to: args.to.map(LeafIndex::new),
        kind: args.kind.clone(),
        limit: args.limit,
        oldest_first: args.oldest_first,
    };
    let page = log(&view, &filter)?;
    let head = view.reader().checkpoint();
    let text = format!(
        "{} has {} entries; root {}\n{}",
        in_line(head.origin.as_str()),
        head.size,
        root_text(head),
        table(&page.entries.iter().map(row).collect::<Vec<_>>()),
    );
    Ok(Answer {
        text,
        json: json!({
            "schema": "herdbook/log/v1",
            "checkpoint": checkpoint(head),
            "entries": page.entries.iter().map(entry).collect::<Vec<Value>>(),
            "more": page.more,
        }),
        notes: notes(args, &page),
        exit: Exit::Ok,
    })
}

fn notes(args: &Entries, page: &LogPage) -> Vec<String> {
    let mut notes = Vec::new();
    if page.more {
        let (older, option) = if args.oldest_first {
            ("newer", "--from")
        } else {
            ("older", "--to")
        };
        let last = page.entries.last().map_or(args.from, |last| last.entry.get());
        let next = if args.oldest_first {
            last.saturating_add(1)
        } else {
            last.saturating_sub(1)
        };
        notes.push(format!(
            "There are {older} entries: `{option} {next}` goes on, `--limit` shows more."
        ));
    }
    if page.entries.is_empty() && !page.other_kinds.is_empty() {
        let kinds: Vec<&str> = page.other_kinds.iter().map(String::as_str).collect();
        notes.push(format!(
            "Nothing of that kind is there; the kinds that are: {}.",
            kinds.join(", ")
        ));
    }
    notes.push("No signature was checked here; `herdbook verify` and `herdbook fsck` do.".to_owned());
    notes
}

fn row(one: &LogEntry) -> Vec<String> {
    let key = one.issuer.map(|issuer| issuer.to_hex()).unwrap_or_default();
    let key = key.get(..KEY_DIGITS).unwrap_or_default();
    let signer = match &one.label {
        Some(label) => format!("{key} {}", in_line(label)),
        None => key.to_owned(),
    };
    vec![
        one.entry.to_string(),
        format!("c{}", one.commit),
        one.kind.clone(),
        one.name.as_deref().map(in_line).unwrap_or_default(),
        one.id.map(|id| short_id(&format!("hb:{id}"))).unwrap_or_default(),
        signer,
    ]
}

fn entry(one: &LogEntry) -> Value {
    json!({
        "entry": one.entry.get(),
        "commit": one.commit,
        "kind": one.kind,
        "name": one.name,
        "id": one.id.map(|id| format!("hb:{id}")),
        "issuer": one.issuer.map(|issuer| issuer.to_hex()),
        "label": one.label,
    })
}
