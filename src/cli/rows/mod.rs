//! `herdbook rows`: single rows of registered files of JSON Lines.

mod prove;

use clap::Args as ClapArgs;
use clap::Subcommand;

use crate::query::RowProofError;

use super::code::ErrorCode;
use super::error::Error;
use super::exit::Exit;
use super::session::Session;
use super::ui::Answer;

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
}

/// Runs a verb of `rows`.
pub fn run(session: &Session, args: &RowsArgs) -> Result<Answer, Error> {
    match &args.command {
        RowsCommand::Prove(args) => prove::run(session, args),
    }
}

impl From<RowProofError> for Error {
    fn from(error: RowProofError) -> Self {
        let (code, hint) = match &error {
            RowProofError::Hash(_) => (ErrorCode::FileMissing, "give the path of a registered file of JSON Lines"),
            RowProofError::Query(_) => (ErrorCode::Failure, "run `herdbook list` to see what is registered"),
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
