//! The answer: what goes together, and what does not.

use serde_json::Value;
use serde_json::json;

use crate::cli::ui::Paint;
use crate::cli::ui::counted;
use crate::cli::ui::in_line;
use crate::cli::ui::put;
use crate::digest::StatementId;
use crate::verify::Declared;

use super::compare::Compared;
use super::compare::Opened;

/// How many files of a class are listed; JSON has all.
const LISTED_MAX: usize = 30;

/// Returns the answer for people.
pub(super) fn text(name: &str, declared: &Declared, compared: &Compared, paint: Paint) -> String {
    let Compared {
        same,
        differing,
        undeclared,
        unopened,
    } = compared;
    let opened = same.len() + differing.len() + undeclared.len();
    let mut text = format!(
        "{}: {} opened, {} declared; {} as declared, {} with other bytes, {} not declared, {} never opened\n",
        paint.strong(&in_line(name)),
        counted(opened, "file"),
        declared.digests().len(),
        same.len(),
        differing.len(),
        undeclared.len(),
        unopened.len(),
    );
    let lines = differing.iter().map(|(one, file)| {
        format!(
            "{}, as {} of {}: declared {}, opened {}",
            in_line(&one.path),
            file.role,
            in_line(&file.item),
            file.sha256,
            one.sha256
        )
    });
    list(&mut text, &paint.bad("other bytes"), &lines.collect::<Vec<_>>());
    let lines = undeclared.iter().map(|(one, is_own)| {
        let own = if *is_own {
            "; the run itself made it: leave it out if the job only wrote it"
        } else {
            ""
        };
        format!("{}, sha256 {}{own}", in_line(&one.path), one.sha256)
    });
    list(&mut text, &paint.bad("not declared"), &lines.collect::<Vec<_>>());
    let lines = unopened.iter().map(|file| {
        format!(
            "{}, {} of {}",
            in_line(&file.name),
            file.role,
            in_line(&file.item)
        )
    });
    list(
        &mut text,
        &paint.notable("never opened"),
        &lines.collect::<Vec<_>>(),
    );
    let lines = declared
        .not_compared
        .iter()
        .map(|one| format!("{}, {}: {}", in_line(&one.item), one.role, one.why));
    list(
        &mut text,
        &paint.faint("not compared"),
        &lines.collect::<Vec<_>>(),
    );
    text.push_str(
        "What a list leaves out was not seen: this shows what was opened, never that nothing else was.\n",
    );
    text
}

fn list(text: &mut String, heading: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    put(text, format_args!("{heading}\n"));
    for line in lines.iter().take(LISTED_MAX) {
        put(text, format_args!("  {line}\n"));
    }
    let more = lines.len().saturating_sub(LISTED_MAX);
    if more > 0 {
        put(text, format_args!("  and {more} more (--json lists all)\n"));
    }
}

/// Returns the answer for programs.
pub(super) fn json(
    name: &str,
    run: StatementId,
    declared: &Declared,
    compared: &Compared,
    registered: &[(StatementId, u64)],
) -> Value {
    let opened = |one: &Opened| json!({ "path": one.path, "sha256": one.sha256.to_hex() });
    json!({
        "schema": "herdbook/reconcile/v1",
        "run": { "id": format!("hb:{run}"), "name": name },
        "same": compared.same.iter().map(opened).collect::<Vec<_>>(),
        "differs": compared.differing.iter().map(|(one, file)| json!({
            "path": one.path,
            "sha256": one.sha256.to_hex(),
            "declared": { "name": file.name, "sha256": file.sha256.to_hex(), "item": file.item, "role": file.role },
        })).collect::<Vec<_>>(),
        "undeclared": compared.undeclared.iter().map(|(one, is_own)| json!({
            "path": one.path,
            "sha256": one.sha256.to_hex(),
            "own_output": is_own,
        })).collect::<Vec<_>>(),
        "never_opened": compared.unopened.iter().map(|file| json!({
            "name": file.name,
            "sha256": file.sha256.to_hex(),
            "item": file.item,
            "role": file.role,
        })).collect::<Vec<_>>(),
        "not_compared": declared.not_compared.iter().map(|one| json!({
            "item": one.item,
            "role": one.role,
            "why": one.why,
        })).collect::<Vec<_>>(),
        "registered": registered.iter().map(|(id, entry)| json!({
            "id": format!("hb:{id}"),
            "entry": entry,
        })).collect::<Vec<_>>(),
    })
}
