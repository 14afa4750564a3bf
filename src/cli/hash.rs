//! `herdbook hash`: what a worker writes about its files, with no ledger, no key and no network.

use std::fs;
use std::fs::File;
use std::io;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;

use clap::Args as ClapArgs;
use serde_json::json;

use crate::ledger::hash::worker::Records;
use crate::ledger::hash::worker::WorkerError;
use crate::ledger::hash::worker::find_files;
use crate::ledger::hash::worker::records;

use super::error::Error;
use super::exit::Exit;
use super::progress::Bar;
use super::session::Session;
use super::ui::Answer;
use super::ui::counted;

/// Arguments of `hash`.
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Files, or folders of which all files are taken
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Write the records to this file, in the place of an earlier one; `-` is standard output
    #[arg(short, long, value_name = "FILE")]
    pub out: PathBuf,
    /// Name the files relative to this folder [default: the current one]
    #[arg(long, value_name = "DIR")]
    pub base: Option<PathBuf>,
    /// Also compute the row root of each file of JSON Lines. Not for personal data: guesses can be tested against it
    #[arg(long)]
    pub row_roots: bool,
}

/// Hashes files and writes their records.
pub fn run(session: &Session, args: &Args) -> Result<Answer, Error> {
    let base = args.base.as_deref().unwrap_or(Path::new("."));
    let base = session.path(base);
    let paths: Vec<PathBuf> = args.paths.iter().map(|path| session.path(path)).collect();
    let files = find_files(&paths, &base)?;
    let to_stdout = args.out.as_os_str() == "-";
    let out = session.path(&args.out);
    if !to_stdout {
        let real = out.canonicalize().ok();
        if let Some(name) = files.keys().find(|name| {
            let path = files.get(*name).and_then(|path| path.canonicalize().ok());
            path.is_some() && path == real
        }) {
            return Err(Error::new(
                Exit::Usage,
                format!("the records would take the place of `{name}`, which is to be hashed"),
            )
            .hint("write them to a file outside of what is hashed"));
        }
    }
    let bar = Bar::new(session.ui.progress());
    let made = records(&files, args.row_roots, &bar);
    bar.done();
    let made = made?;
    if !to_stdout {
        replace(&out, &made.bytes).map_err(|source| {
            Error::new(Exit::Failure, format!("{} cannot be written", out.display())).because(source)
        })?;
    }
    Ok(answer(&made, to_stdout, &args.out))
}

/// Writes a file beside its place and moves it there, so that half a part is never taken for a whole one.
#[expect(
    clippy::disallowed_methods,
    reason = "records are the user's file, not the ledger's; they are flushed before they are moved"
)]
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let beside = path.with_file_name(name);
    let written = File::create_new(&beside)
        .and_then(|mut file| file.write_all(bytes).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // The first failure is what is told.
        drop(fs::remove_file(&beside));
    }
    written
}

fn answer(made: &Records, to_stdout: bool, out: &Path) -> Answer {
    let files = counted(usize::try_from(made.files).unwrap_or(usize::MAX), "file");
    let text = if to_stdout {
        // Names in canonical JSON are UTF-8.
        String::from_utf8_lossy(&made.bytes).into_owned()
    } else {
        format!(
            "hashed {files}, {} bytes; records in {}\n",
            made.total_bytes,
            out.display()
        )
    };
    Answer {
        text,
        json: json!({
            "schema": "herdbook/hash/v1",
            "files": made.files,
            "bytes": made.total_bytes,
            "rows": made.rows,
            "out": if to_stdout { None } else { Some(out.display().to_string()) },
        }),
        notes: Vec::new(),
        exit: Exit::Ok,
    }
}

impl From<WorkerError> for Error {
    fn from(error: WorkerError) -> Self {
        let hint = match &error {
            WorkerError::Outside { .. } => Some("give --base DIR, a folder that all of them are in"),
            WorkerError::Nothing => Some("name files, or a folder that has some"),
            WorkerError::Records(_) => Some("hash fewer files at a time: `digests_from` takes many parts"),
            _ => None,
        };
        let told = Self::new(Exit::Failure, "no records were written").because(error);
        match hint {
            Some(hint) => told.hint(hint),
            None => told,
        }
    }
}
