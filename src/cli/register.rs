//! `herdbook register`: from a lineage file to signed entries.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use serde_json::json;

use crate::ledger::RegisterRequest;
use crate::ledger::lineage_file;
use crate::ledger::lineage_file::LineageFile;
use crate::ledger::lineage_file::NO_LINE;
use crate::ledger::lineage_file::Settings;
use crate::ledger::register::MadeGap;
use crate::ledger::register::RegisterOptions;
use crate::ledger::register::Registered;
use crate::ledger::register::Warning;

use super::args;
use super::cache;
use super::error::Error;
use super::exit::Exit;
use super::progress::Bar;
use super::session::Session;
use super::surroundings::Nonces;
use super::told::Told;
use super::ui::Answer;
use super::ui::Paint;
use super::ui::counted;
use super::ui::in_line;
use super::ui::put;
use super::ui::short_id;
use super::ui::table;

/// How many warnings of one kind are told one by one.
const ALIKE_SHOWN_MAX: usize = 5;

/// How many nodes are listed for people; JSON has all.
const NODES_SHOWN_MAX: usize = 40;

/// What stands for standard input in messages. It has no folder, so paths are relative to the current one.
const STDIN: &str = "standard input";

/// Registers one lineage file or a stream of JSON Lines.
pub fn run(session: &Session, args: &args::Register) -> Result<Answer, Error> {
    let settings = Settings::parse(args.settings.iter().map(String::as_str))
        .map_err(|source| Error::new(Exit::Usage, "a setting is not one").because(source))?;
    // Found before anything is read, so that a wrong folder is told first.
    session.ledger_folder()?;
    let (path, file) = if args.file.as_os_str() == "-" {
        let path = session.path(Path::new(STDIN));
        let file = lineage_file::read_from(&path, &mut session.stdin()?, &settings)?;
        (path, file)
    } else {
        let path = session.path(&args.file);
        let file = lineage_file::read(&path, &settings)?;
        (path, file)
    };
    append(session, &path, &file, &args.how, args.keep_going)
}

/// Registers what was read: the one way into the ledger, whoever wrote the items.
pub fn append(
    session: &Session,
    path: &Path,
    file: &LineageFile,
    how: &args::Append,
    keep_going: bool,
) -> Result<Answer, Error> {
    let mut ledger = session.open_log()?;
    let signers = session.signers(&ledger, how.key.as_deref())?;
    let sidecar = session.sidecar(&ledger.checkpoint().origin)?;
    let opened = if how.no_cache {
        Ok(None)
    } else {
        cache::open(session)
    };
    let (cache, no_cache) = opened.map_or_else(|why| (None, Some(why)), |cache| (cache, None));
    let bar = Bar::new(session.ui.progress());
    let request = RegisterRequest {
        path,
        file,
        signers: &signers,
        keys_folder: Some(&session.home()?.keys),
        sidecar: Some(&sidecar),
        options: RegisterOptions {
            dry_run: how.dry_run,
            new_version: how.new_version,
            keep_going,
        },
        cache: cache.as_ref(),
        progress: &bar,
        wait: Duration::from_secs(how.lock_wait),
    };
    let mut nonces = Nonces::new()?;
    let registered = ledger.register(&request, &mut || nonces.draw());
    bar.done();
    let registered = registered?;
    let names = registered.nodes.iter().take(NODES_SHOWN_MAX);
    let told = Told::of(session, names.map(|node| node.name.as_str()));
    let mut answer = answer(&registered, &told, session.ui.paint());
    answer.notes.extend(Session::kept_notes(&ledger));
    answer.notes.extend(no_cache);
    Ok(answer)
}

fn answer(registered: &Registered, told: &Told, paint: Paint) -> Answer {
    let left_out: Vec<String> = registered.left_out.iter().map(ToString::to_string).collect();
    let whole = left_out.is_empty() && registered.gaps.is_empty();
    let mut notes = warnings(&registered.warnings);
    notes.extend(left_out.iter().map(|problem| format!("left out: {problem}")));
    notes.extend(registered.gaps.iter().map(|gap| {
        let MadeGap { item, line, text } = gap;
        format!(
            "gap: {}`{item}`: `use: {text}` is recorded as a gap",
            on_line(*line)
        )
    }));
    if !whole && !registered.dry_run {
        notes.push(
            "Part of it was registered; `herdbook gaps` lists what is open. What was left out can be declared and \
             registered with the same command. What was recorded with a gap keeps it: make its outputs anew from what is \
             declared by then, and register those."
                .to_owned(),
        );
    }
    Answer {
        text: text(registered, told, paint),
        json: json!({
            "schema": "herdbook/register/v1",
            "appended": registered.appended,
            "already_present": registered.already_present,
            "tree_size": registered.tree_size,
            "dry_run": registered.dry_run,
            "nodes": registered.nodes.iter().map(|node| json!({
                "name": node.name, "id": node.id, "kind": node.kind, "already_present": node.already_present,
            })).collect::<Vec<Value>>(),
            "warnings": registered.warnings.iter().map(warning_json).collect::<Vec<Value>>(),
            "left_out": left_out,
            "gaps": registered.gaps.iter().map(|gap| json!({
                "item": gap.item.as_str(), "line": line_value(gap.line), "use": gap.text,
            })).collect::<Vec<Value>>(),
        }),
        notes,
        exit: if whole { Exit::Ok } else { Exit::Partial },
    }
}

/// Returns where something stands; nothing for what options of a command said.
fn on_line(line: u32) -> String {
    if line == NO_LINE {
        String::new()
    } else {
        format!("line {line}, ")
    }
}

fn line_value(line: u32) -> Option<u32> {
    Some(line).filter(|line| *line != NO_LINE)
}

fn text(registered: &Registered, told: &Told, paint: Paint) -> String {
    let count = usize::try_from(registered.appended).unwrap_or(usize::MAX);
    let done = if registered.dry_run {
        format!("would append {}", counted(count, "statement"))
    } else {
        format!("appended {}", counted(count, "statement"))
    };
    let mut text = format!(
        "{}, {} already present; the log has {} entries\n",
        paint.strong(&done),
        registered.already_present,
        registered.tree_size
    );
    let rows: Vec<Vec<String>> = registered
        .nodes
        .iter()
        .take(NODES_SHOWN_MAX)
        .map(|node| {
            vec![
                format!("  {}", node.kind),
                told.shown(&in_line(&node.name)),
                short_id(&node.id),
                if node.already_present {
                    "already present"
                } else {
                    "new"
                }
                .to_owned(),
            ]
        })
        .collect();
    text.push_str(&table(&rows));
    let more = registered.nodes.len().saturating_sub(NODES_SHOWN_MAX);
    if more > 0 {
        put(&mut text, format_args!("  and {more} more (--json lists all)\n"));
    }
    text
}

/// Returns the warnings, and of many alike the first few and how many more there are.
fn warnings(all: &[Warning]) -> Vec<String> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut notes = Vec::new();
    for warning in all {
        let count = seen.entry(warning.code.as_str()).or_default();
        *count += 1;
        if *count <= ALIKE_SHOWN_MAX {
            notes.push(warning_text(warning));
        }
    }
    for (code, count) in seen {
        let more = count.saturating_sub(ALIKE_SHOWN_MAX);
        if more > 0 {
            notes.push(format!(
                "warning: {more} more items with `{code}` (--json lists all)"
            ));
        }
    }
    notes
}

fn warning_text(warning: &Warning) -> String {
    let add = warning
        .add
        .as_ref()
        .map_or_else(String::new, |add| format!("; write: {add}"));
    format!(
        "warning: {}`{}`: {}{add}",
        on_line(warning.line),
        warning.item,
        warning.message
    )
}

fn warning_json(warning: &Warning) -> Value {
    json!({
        "code": warning.code.as_str(),
        "item": warning.item.as_str(),
        "line": line_value(warning.line),
        "message": warning.message,
        "add": warning.add,
    })
}
