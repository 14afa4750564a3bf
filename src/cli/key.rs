//! `herdbook key`: what to hand to an auditor.

use serde_json::Value;

use crate::trust::TrustRoot;

use super::args;
use super::error::Error;
use super::exit::Exit;
use super::home::write_new;
use super::session::Session;
use super::ui::Answer;

/// Runs a verb of `key`.
pub fn run(session: &Session, args: &args::Key) -> Result<Answer, Error> {
    match &args.command {
        args::KeyCommand::TrustRoot(args) => trust_root(session, args),
    }
}

fn trust_root(session: &Session, args: &args::TrustRoot) -> Result<Answer, Error> {
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
