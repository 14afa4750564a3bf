//! `herdbook reindex`: the index built again from the log.

use std::time::Duration;

use clap::Args as ClapArgs;
use serde_json::json;

use crate::ledger::Ledger;

use super::error::Error;
use super::exit::Exit;
use super::json::checkpoint;
use super::session::Session;
use super::ui::Answer;

/// Arguments of `reindex`.
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Wait this long for another process that is appending
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    lock_wait: u64,
}

/// Deletes `index/` and makes it anew; no answer depends on it.
pub fn run(session: &Session, args: &Args) -> Result<Answer, Error> {
    let mut ledger = Ledger::open(&session.ledger_folder()?)?;
    ledger.reindex(Duration::from_secs(args.lock_wait))?;
    let size = ledger.checkpoint().size.get();
    Ok(Answer {
        text: format!("indexed {size} entries\n"),
        json: json!({
            "schema": "herdbook/reindex/v1",
            "checkpoint": checkpoint(ledger.checkpoint()),
        }),
        notes: Vec::new(),
        exit: Exit::Ok,
    })
}
