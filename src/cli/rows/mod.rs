//! `herdbook rows`: single rows of registered files of JSON Lines.

mod find;
mod prove;

use clap::Args as ClapArgs;
use clap::Subcommand;
use serde_json::Value;
use serde_json::json;

use crate::query::RowProofError;
use crate::query::SearchError;
use crate::query::Searched;
use crate::query::ShardFile;

use super::code::ErrorCode;
use super::error::Error;
use super::exit::Exit;
use super::session::Session;
use super::ui::Answer;
use super::ui::in_line;
use super::ui::put;

/// Arguments of `rows`.
#[derive(Debug, ClapArgs)]
pub struct RowsArgs {
    /// What to do.
    #[command(subcommand)]
    command: RowsCommand,
}

/// The verbs of `rows`.
#[derive(Debug, Subcommand)]
enum RowsCommand {
    /// Prove that a row is in a registered file, in one file that needs neither ledger nor the other rows to be checked
    Prove(prove::ProveArgs),
    /// Tell which registered files hold a row, as far as their bytes are in a folder
    Find(find::FindArgs),
}

/// Runs a verb of `rows`.
pub fn run(session: &Session, args: &RowsArgs) -> Result<Answer, Error> {
    match &args.command {
        RowsCommand::Prove(args) => prove::run(session, args),
        RowsCommand::Find(args) => find::run(session, args),
    }
}

/// How many files that were not looked through are told in words.
const NOT_SHOWN: usize = 20;

/// Returns what was not looked through, and why.
pub fn not_searched(files: &[ShardFile], searched: &Searched) -> Vec<Value> {
    let of = |(at, why): &(usize, crate::query::NotSearched)| {
        let claim = files.get(*at)?.claims.first()?;
        Some(json!({
            "id": claim.artifact.to_string(), "name": claim.name, "kind": claim.kind, "why": why.as_str(), "message": why.told(),
        }))
    };
    searched.not.iter().filter_map(of).collect()
}

/// Says what was not looked through.
pub fn not_searched_text(text: &mut String, files: &[ShardFile], searched: &Searched, title: &str) {
    if searched.not.is_empty() {
        return;
    }
    put(text, format_args!("{title}: {}\n", searched.not.len()));
    for (at, why) in searched.not.iter().take(NOT_SHOWN) {
        if let Some(claim) = files.get(*at).and_then(|file| file.claims.first()) {
            put(
                text,
                format_args!(
                    "  {} {}: {}\n",
                    claim.kind,
                    in_line(&claim.name),
                    in_line(&why.told())
                ),
            );
        }
    }
    if searched.not.len() > NOT_SHOWN {
        let more = searched.not.len() - NOT_SHOWN;
        put(text, format_args!("  ... and {more} more (--json lists all)\n"));
    }
}

impl From<SearchError> for Error {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::Content(error) => error.into(),
            error => Self::new(Exit::Failure, "the files could not be searched")
                .because(error)
                .code(ErrorCode::FileMissing)
                .hint("run the command again once nobody writes to them"),
        }
    }
}

impl From<RowProofError> for Error {
    fn from(error: RowProofError) -> Self {
        let (code, hint) = match &error {
            RowProofError::Hash(_) => (
                ErrorCode::FileMissing,
                "give the path of a registered file of JSON Lines",
            ),
            RowProofError::Query(_) => (
                ErrorCode::Failure,
                "run `herdbook list` to see what is registered",
            ),
            RowProofError::NotRegistered { .. } => (
                ErrorCode::NotRegistered,
                "a file is known by its bytes: give it as it was registered, and with --node an item that has it",
            ),
            RowProofError::NoRowRoot { .. } => (
                ErrorCode::NoRowRoot,
                "register it with `row_root: true` (`register --new-version` for an item that there is already)",
            ),
            RowProofError::Several { .. } => (ErrorCode::SeveralIds, "say which with --node"),
            RowProofError::NoSuchRow { .. } => (ErrorCode::NoSuchRow, "give the number of one of its rows"),
            RowProofError::NoSecret | RowProofError::OtherSecret => (
                ErrorCode::RowSecretMissing,
                "only whoever registered the file, with the secret not erased, can prove a row of it: \
                 `herdbook private list` tells where it is kept",
            ),
            RowProofError::RootDiffers { .. } => {
                let told = Self::new(Exit::Tampered, "the row cannot be proved").because(error);
                return told.hint("do not rely on the row root of that statement; ask whoever signed it");
            }
            RowProofError::TooLong { .. } => (
                ErrorCode::LimitReached,
                "prove it with --no-content, and hand the row over beside the proof",
            ),
        };
        match error {
            RowProofError::Query(error) => error.into(),
            error => Self::new(Exit::Failure, "the row cannot be proved")
                .because(error)
                .code(code)
                .hint(hint),
        }
    }
}
