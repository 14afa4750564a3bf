//! `herdbook rows find`: which registered files hold a row.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use serde_json::Value;
use serde_json::json;

use crate::cli::code::ErrorCode;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::json::checkpoint;
use crate::cli::progress::Bar;
use crate::cli::session::Session;
use crate::cli::ui::Answer;
use crate::cli::ui::counted;
use crate::cli::ui::in_line;
use crate::cli::ui::put;
use crate::cli::ui::short_id;
use crate::ledger::content::ContentFolder;
use crate::ledger::hash::Progress;
use crate::ledger::hash::read_rows;
use crate::query::Searched;
use crate::query::ShardFile;
use crate::query::registered_shards;
use crate::query::search;
use crate::rows::Likeness;
use crate::rows::Row;
use crate::rows::WantedRows;

use super::not_searched;
use super::not_searched_text;

/// How many places are told; they are all counted.
const FOUND_MAX: usize = 10_000;

/// How many of them are told in words.
const FOUND_SHOWN: usize = 50;

/// Arguments of `rows find`.
#[derive(Debug, ClapArgs)]
pub struct FindArgs {
    /// The text of the row; with --file its number there, from 1
    #[arg(long, value_name = "TEXT|N", required_unless_present = "file")]
    row: Option<String>,
    /// Take the row from this file of JSON Lines: row --row, or the only one it has
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Look for the bytes of registered files in this folder
    #[arg(long, value_name = "DIR", default_value = ".")]
    content: PathBuf,
}

/// A place where the row is.
struct Found {
    file: usize,
    number: u64,
    line: u64,
    likeness: Likeness,
}

/// Looks through everything that is registered.
pub fn run(session: &Session, args: &FindArgs) -> Result<Answer, Error> {
    let bar = Bar::new(session.ui.progress());
    let row = wanted(session, args, &bar)?;
    let mut set = WantedRows::new(None);
    let one = Row {
        number: 1,
        line: 1,
        bytes: &row,
    };
    set.add(one)
        .map_err(|source| Error::new(Exit::Failure, "the row cannot be looked for").because(source))?;
    let ledger = session.open()?;
    let view = ledger.view();
    let files = registered_shards(&view)?;
    let mut content = ContentFolder::at(&session.path(&args.content), &bar)?;
    let (mut found, mut total) = (Vec::new(), 0_u64);
    let searched = search(
        &files,
        &mut content,
        &set.ready(),
        &bar,
        &mut |file, row, like| {
            total += 1;
            let likeness = like.values().copied().max().unwrap_or(Likeness::Normal);
            if found.len() < FOUND_MAX {
                found.push(Found {
                    file,
                    number: row.number,
                    line: row.line,
                    likeness,
                });
            }
        },
    );
    bar.done();
    let searched = searched?;
    // The most alike first, then in the order of the log.
    found.sort_by_key(|one| (std::cmp::Reverse(one.likeness), one.file, one.number));
    let exit = match (total, searched.not.is_empty()) {
        (0, true) => Exit::NotTraced,
        (0, false) => Exit::Undecidable,
        _ => Exit::Ok,
    };
    let list: Vec<Value> = found.iter().filter_map(|one| value(&files, one)).collect();
    Ok(Answer {
        text: text(&files, &found, total, &searched),
        json: json!({
            "schema": "herdbook/rows-find/v1",
            "checkpoint": checkpoint(view.reader().checkpoint()),
            "found": list,
            "total": total,
            "searched": { "files": searched.files, "rows": searched.rows, "of": files.len() },
            "not_searched": not_searched(&files, &searched),
        }),
        notes: vec![
            "A row that was reworded, cut or joined with others is not found. This is by the record: `herdbook verify` judges it."
                .to_owned(),
        ],
        exit,
    })
}

/// Returns the bytes of the row that is looked for.
fn wanted(session: &Session, args: &FindArgs, progress: &dyn Progress) -> Result<Vec<u8>, Error> {
    let invalid = |message: String| Error::new(Exit::Usage, message).code(ErrorCode::OptionInvalid);
    let Some(file) = &args.file else {
        let text = args.row.clone().unwrap_or_default();
        if text.trim_ascii().is_empty() || text.contains('\n') {
            return Err(invalid("a row is one line with something on it".to_owned()));
        }
        return Ok(text.into_bytes());
    };
    let number = match &args.row {
        None => None,
        Some(text) => match text.parse::<u64>() {
            Ok(number) if number > 0 => Some(number),
            _ => {
                return Err(invalid(
                    "with --file, --row is the number of a row, from 1".to_owned(),
                ));
            }
        },
    };
    let (mut row, mut rows) = (None, 0);
    read_rows(&session.path(file), progress, &mut |one| {
        rows = one.number;
        if one.number == number.unwrap_or(1) {
            row = Some(one.bytes.to_vec());
        }
    })?;
    let shown = in_line(&file.display().to_string());
    match row {
        Some(row) if number.is_some() || rows == 1 => Ok(row),
        Some(_) => Err(invalid(format!(
            "{shown} has {rows} rows: say which with --row N"
        ))),
        None => Err(
            Error::new(Exit::Failure, format!("{shown} has no such row: it has {rows}"))
                .code(ErrorCode::NoSuchRow)
                .hint("rows count from 1, and lines with nothing on them are none"),
        ),
    }
}

fn value(files: &[ShardFile], found: &Found) -> Option<Value> {
    let file = files.get(found.file)?;
    let claims = file.claims.iter().map(|claim| {
        json!({
            "id": claim.artifact.to_string(), "name": claim.name, "kind": claim.kind, "entry": claim.entry.get(),
        })
    });
    Some(json!({
        "likeness": found.likeness.as_str(),
        "row": found.number,
        "line": found.line,
        "in": claims.collect::<Vec<Value>>(),
    }))
}

fn text(files: &[ShardFile], found: &[Found], total: u64, searched: &Searched) -> String {
    let all = searched.not.is_empty();
    let count = usize::try_from(total).unwrap_or(usize::MAX);
    let mut text = match (total, all) {
        (0, true) => "not found: no registered file of rows holds it\n".to_owned(),
        (0, false) => "not found in what could be searched, which is not all\n".to_owned(),
        _ => {
            let several = found
                .iter()
                .filter_map(|one| files.get(one.file))
                .any(|file| file.claims.len() > 1);
            let each = if several {
                ", told under each name its file is registered by"
            } else {
                ""
            };
            format!("found: {}{each}\n", counted(count, "row"))
        }
    };
    for one in found.iter().take(FOUND_SHOWN) {
        let Some(file) = files.get(one.file) else { continue };
        let at = if one.number == one.line {
            format!("row {}", one.number)
        } else {
            format!("row {} (line {})", one.number, one.line)
        };
        for claim in &file.claims {
            put(
                &mut text,
                format_args!(
                    "  {:<10}  {at} of the {} {}, entry {}, {}\n",
                    one.likeness.as_str(),
                    claim.kind,
                    in_line(&claim.name),
                    claim.entry,
                    short_id(&claim.artifact.to_string())
                ),
            );
        }
    }
    if total > FOUND_SHOWN as u64 {
        let more = total - FOUND_SHOWN as u64;
        put(
            &mut text,
            format_args!("  ... and {more} more (--json lists up to {FOUND_MAX})\n"),
        );
    }
    put(
        &mut text,
        format_args!(
            "searched {} of {} files of rows, {} rows\n",
            searched.files,
            files.len(),
            searched.rows
        ),
    );
    not_searched_text(&mut text, files, searched, "not searched");
    text
}
