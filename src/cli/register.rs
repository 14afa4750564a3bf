//! `herdbook register`: from a lineage file to signed entries.

use std::time::Duration;

use serde_json::Value;
use serde_json::json;

use crate::ledger::RegisterRequest;
use crate::ledger::lineage_file;
use crate::ledger::lineage_file::Settings;
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
use super::ui::Answer;
use super::ui::Paint;
use super::ui::counted;
use super::ui::in_line;
use super::ui::put;
use super::ui::short_id;
use super::ui::table;

/// How many nodes are listed for people; JSON has all.
const NODES_SHOWN_MAX: usize = 40;

/// Registers one lineage file.
pub fn run(session: &Session, args: &args::Register) -> Result<Answer, Error> {
    let settings = Settings::parse(args.settings.iter().map(String::as_str))
        .map_err(|source| Error::new(Exit::Usage, "a setting is not one").because(source))?;
    if args.file.as_os_str() == "-" {
        return Err(Error::new(
            Exit::Usage,
            "JSON Lines on standard input cannot be registered yet",
        )
        .hint("give the path of a lineage file"));
    }
    // Found before anything is read, so that a wrong folder is told first.
    session.ledger_folder()?;
    let path = session.path(&args.file);
    let file = lineage_file::read(&path, &settings)?;
    let mut ledger = session.open()?;
    let signers = session.signers(&ledger, args.key.as_deref())?;
    let opened = if args.no_cache {
        Ok(None)
    } else {
        cache::open(session)
    };
    let (cache, no_cache) = opened.map_or_else(|why| (None, Some(why)), |cache| (cache, None));
    let bar = Bar::new(session.ui.progress());
    let request = RegisterRequest {
        path: &path,
        file: &file,
        signers: &signers,
        keys_folder: Some(&session.home()?.keys),
        options: RegisterOptions {
            dry_run: args.dry_run,
            new_version: args.new_version,
            keep_going: false,
        },
        cache: cache.as_ref(),
        progress: &bar,
        wait: Duration::from_secs(args.lock_wait),
    };
    let mut nonces = Nonces::new()?;
    let registered = ledger.register(&request, &mut || nonces.draw());
    bar.done();
    let registered = registered?;
    let mut answer = answer(&registered, session.ui.paint());
    answer.notes.extend(Session::index_notes(&ledger));
    answer.notes.extend(no_cache);
    Ok(answer)
}

fn answer(registered: &Registered, paint: Paint) -> Answer {
    let left_out: Vec<String> = registered.left_out.iter().map(ToString::to_string).collect();
    let exit = if left_out.is_empty() {
        Exit::Ok
    } else {
        Exit::Partial
    };
    let mut notes: Vec<String> = registered.warnings.iter().map(warning_text).collect();
    notes.extend(left_out.iter().map(|problem| format!("left out: {problem}")));
    Answer {
        text: text(registered, paint),
        json: json!({
            "schema": "herdbook/register/v1",
            "appended": registered.appended,
            "already_present": registered.already_present,
            "tree_size": registered.tree_size,
            "dry_run": registered.dry_run,
            "nodes": registered.nodes.iter().map(|node| json!({
                "name": node.name, "id": node.id, "kind": node.kind,
            })).collect::<Vec<Value>>(),
            "warnings": registered.warnings.iter().map(warning_json).collect::<Vec<Value>>(),
            "left_out": left_out,
        }),
        notes,
        exit,
    }
}

fn text(registered: &Registered, paint: Paint) -> String {
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
                in_line(&node.name),
                short_id(&node.id),
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

fn warning_text(warning: &Warning) -> String {
    let add = warning
        .add
        .as_ref()
        .map_or_else(String::new, |add| format!("; write: {add}"));
    format!(
        "warning: line {}, `{}`: {}{add}",
        warning.line, warning.item, warning.message
    )
}

fn warning_json(warning: &Warning) -> Value {
    json!({
        "code": warning.code.as_str(),
        "item": warning.item.as_str(),
        "line": warning.line,
        "message": warning.message,
        "add": warning.add,
    })
}
