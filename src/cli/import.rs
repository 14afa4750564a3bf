//! `herdbook import`: what others have recorded of data, as a lineage file to read and to register.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use clap::Subcommand;
use serde_json::json;

use crate::ledger::import::dpi;
use crate::ledger::import::dpi::DpiError;
use crate::ledger::import::dpi::Found;
use crate::ledger::import::dpi::Imported;

use super::code::ErrorCode;
use super::error::Error;
use super::exit::Exit;
use super::hash::replace;
use super::plain_file;
use super::session::Session;
use super::ui::Answer;
use super::ui::counted;
use super::ui::put;
use super::ui::shown;

/// The longest file, in bytes.
const FILE_BYTES_MAX: usize = 64 << 20;

/// Arguments of `import`.
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// From what.
    #[command(subcommand)]
    pub form: Form,
}

/// What can be imported.
#[derive(Debug, Subcommand)]
pub enum Form {
    /// Collections of the Data Provenance Initiative: one JSON file each
    Dpi(DpiArgs),
}

/// Arguments of `import dpi`.
#[derive(Debug, ClapArgs)]
pub struct DpiArgs {
    /// The files; give all together, for their records name each other
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Write the lineage file here, in the place of an earlier one
    #[arg(short, long, value_name = "FILE")]
    pub out: PathBuf,
}

/// Reads and writes a lineage file; nothing is registered.
pub fn run(session: &Session, args: &Args) -> Result<Answer, Error> {
    let Form::Dpi(args) = &args.form;
    let mut files = Vec::new();
    for file in &args.files {
        let bytes =
            plain_file::read(&session.path(file), FILE_BYTES_MAX, "a collection").map_err(|source| {
                Error::new(Exit::Failure, format!("{} cannot be read", file.display()))
                    .because(source)
                    .code(ErrorCode::FileMissing)
            })?;
        files.push((file.display().to_string(), bytes));
    }
    let imported = dpi::import(&files)?;
    // Values of JSON have no other way to fail than memory.
    let mut text = serde_json::to_string_pretty(&imported.file).unwrap_or_default();
    text.push('\n');
    let out = session.path(&args.out);
    replace(&out, text.as_bytes()).map_err(|source| {
        Error::new(Exit::Failure, format!("{} cannot be written", out.display())).because(source)
    })?;
    Ok(answer(&imported, args))
}

fn answer(imported: &Imported, args: &DpiArgs) -> Answer {
    let is_open = |found: &Found| !matches!(found, Found::Record(_));
    let open: Vec<_> = imported
        .parents
        .iter()
        .filter(|parent| is_open(&parent.found))
        .collect();
    let mut text = format!(
        "read {}, {}; {} named, {} of them unresolved; lineage file in {}\n",
        counted(imported.collections, "collection"),
        counted(imported.sources, "data set"),
        counted(imported.parents.len(), "parent"),
        open.len(),
        args.out.display()
    );
    for parent in &open {
        put(
            &mut text,
            format_args!(
                "  {} is derived from \"{}\": {}\n",
                shown(&parent.record),
                shown(&parent.text),
                parent.found
            ),
        );
    }
    put(
        &mut text,
        format_args!("next: read it, then herdbook register {}\n", args.out.display()),
    );
    Answer {
        text,
        json: json!({
            "schema": "herdbook/import/v1",
            "collections": imported.collections,
            "sources": imported.sources,
            "out": args.out.display().to_string(),
            "parents": imported.parents.iter().map(|parent| json!({
                "record": parent.record,
                "text": parent.text,
                "resolved": match &parent.found {
                    Found::Record(id) => Some(id),
                    _ => None,
                },
                "why": is_open(&parent.found).then(|| parent.found.to_string()),
            })).collect::<Vec<_>>(),
        }),
        notes: Vec::new(),
        exit: Exit::Ok,
    }
}

impl From<DpiError> for Error {
    fn from(error: DpiError) -> Self {
        Self::new(Exit::Failure, "nothing was imported").because(error)
    }
}
