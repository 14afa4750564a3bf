//! `--as-of`: answers as the ledger was when it had fewer entries.
//!
//! Entries come in commits, and a commit is whole or not there. So a size within a commit never was, and is an error
//! that names the sizes around it.

use crate::ledger::Ledger;
use crate::ledger::LedgerError;
use crate::ledger::View;
use crate::log::LogError;
use crate::merkle::LeafIndex;
use crate::merkle::TreeSize;

use super::error::Error;
use super::exit::Exit;

/// How far the log is looked at.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub struct AsOf {
    /// Answer as the ledger was when it had SIZE entries; a commit must have ended there
    #[arg(long, value_name = "SIZE")]
    pub as_of: Option<u64>,
}

impl AsOf {
    /// Returns the ledger as of the size that was asked for.
    pub fn view(self, ledger: &Ledger) -> Result<View<'_>, Error> {
        let Some(size) = self.as_of else {
            return Ok(ledger.view());
        };
        match ledger.view_at(TreeSize::new(size)) {
            Ok(view) => Ok(view),
            Err(LedgerError::Log(LogError::OutsideLog { .. })) => {
                let whole = ledger.checkpoint().size;
                let message = format!("the log never had {size} entries: it has {whole} now");
                Err(Error::new(Exit::Failure, message)
                    .hint(format!("write a size from 1 to {whole} where a commit ended")))
            }
            Err(LedgerError::Log(LogError::NotABoundary { below, .. })) => {
                Err(within(ledger, size, below.get())?)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Says which sizes there were around one that never was.
fn within(ledger: &Ledger, size: u64, below: u64) -> Result<Error, Error> {
    let mut above = size;
    // The last entry of every commit is a seal.
    while let Some(id) = ledger
        .index()
        .id_at(LeafIndex::new(above))
        .map_err(LedgerError::from)?
    {
        above += 1;
        let facts = ledger.index().facts(id).map_err(LedgerError::from)?;
        if facts.is_some_and(|facts| facts.kind == "seal") {
            break;
        }
    }
    let choices = match below {
        0 => format!("--as-of {above}"),
        below => format!("--as-of {below} or --as-of {above}"),
    };
    Ok(Error::new(
        Exit::Failure,
        format!(
            "the log never had {size} entries: that is within a commit, and a commit is whole or not there"
        ),
    )
    .hint(format!("write {choices}")))
}
