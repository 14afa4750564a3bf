//! `herdbook key trust-root`: what to hand to an auditor.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use serde_json::Value;

use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::home::write_new;
use crate::cli::session::Session;
use crate::cli::ui::Answer;
use crate::trust::TrustRoot;

/// Arguments of `key trust-root`.
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Write it to this new file and not to standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Writes the trust root.
pub fn run(session: &Session, args: &Args) -> Result<Answer, Error> {
    let ledger = session.open()?;
    let founding = ledger.founding();
    let root = TrustRoot::of(founding.id, &founding.genesis);
    let bytes = root.encode();
    let written = args.output.as_ref().map(|path| path.display().to_string());
    let text = match &args.output {
        Some(path) => {
            write_new(&session.around.current.join(path), &bytes)?;
            String::new()
        }
        None => String::from_utf8_lossy(&bytes).into_owned(),
    };
    let note =
        "Hand this file to an auditor by another way than the ledger itself, so that nobody can swap both.";
    let mut notes = vec![note.to_owned()];
    if let Some(path) = &written {
        notes.insert(0, format!("wrote the trust root of {} to {path}", root.origin));
    }
    Ok(Answer {
        text,
        // The file itself, so that it can be piped to where it is needed.
        json: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        notes,
        exit: Exit::Ok,
    })
}
