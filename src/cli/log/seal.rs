//! The part of `herdbook log equivocation` that is about seals: a log that says something else of itself than it holds.

use std::path::Path;
use std::sync::Arc;

use serde_json::json;

use crate::checkpoint::LogKey;
use crate::cli::code::ErrorCode;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::json::checkpoint;
use crate::cli::json::root_text;
use crate::cli::session::Session;
use crate::cli::ui::Answer;
use crate::false_seal::FalseSeal;
use crate::false_seal::FalseSealError;
use crate::false_seal::Lie;
use crate::false_seal::ShownFalse;
use crate::ledger::LedgerError;
use crate::ledger::SealSearchError;
use crate::ledger::Seals;
use crate::ledger::search_false_seal;
use crate::store::FileStore;
use crate::store::Store;
use crate::store::StoreError;

use super::equivocation::Vouched;
use super::signed::Whose;

/// Finds the first false seal of the ledger at hand, and returns its proof with what it shows.
pub fn make(session: &Session, whose: &Whose) -> Result<(String, Answer), Error> {
    let folder = session.ledger_folder()?;
    let store: Arc<dyn Store> = match FileStore::open(&folder) {
        Ok(store) => Arc::new(store),
        Err(StoreError::NoFolder { folder }) => return Err(LedgerError::NoLedger { folder }.into()),
        Err(error) => return Err(LedgerError::from(error).into()),
    };
    let made = match search_false_seal(&store) {
        Ok(Seals::False(made)) => made,
        Ok(Seals::True { seals, missing }) => return Err(all_true(seals, missing.first())),
        Err(SealSearchError::Ledger(error)) => return Err(error.into()),
        Err(error) => return Err(unshown(error)),
    };
    let known = whose.key(session, Some(made.log.origin()))?;
    let shown = made.check(known.as_ref().unwrap_or(&made.log));
    let shown = shown.map_err(|source| unshown(source.into()))?;
    let answer = answer(&made.log, &shown, Vouched::of(known.as_ref()));
    Ok((made.encode(), answer))
}

fn all_true(seals: u64, missing: Option<&crate::digest::BlobId>) -> Error {
    let error = match missing {
        None => Error::new(
            Exit::Failure,
            format!("every seal of this log is true ({seals} of them): nothing is shown"),
        ),
        Some(blob) => Error::new(
            Exit::Failure,
            format!("no seal of this log is false as far as can be told without manifest {blob}"),
        )
        .hint("put the manifest back into blobs/: its files may be what a seal denies"),
    };
    error.code(ErrorCode::ProvesNothing)
}

fn unshown(source: SealSearchError) -> Error {
    let hint = match &source {
        SealSearchError::Unshown { .. } => {
            "keep the whole ledger: `herdbook fsck` shows the same to whoever has it"
        }
        SealSearchError::Restless => "run the command again",
        _ => "run `herdbook fsck`",
    };
    Error::new(Exit::Failure, "there is no proof in one file")
        .because(source)
        .code(ErrorCode::ProvesNothing)
        .hint(hint)
}

/// Checks a proof that is said to be about a seal.
pub fn check(session: &Session, whose: &Whose, path: &Path, bytes: &[u8]) -> Result<Answer, Error> {
    let nothing = |source: FalseSealError| {
        Error::new(
            Exit::Failure,
            format!("{} proves nothing against anybody", path.display()),
        )
        .because(source)
        .code(ErrorCode::ProvesNothing)
    };
    let proof = FalseSeal::decode(bytes).map_err(nothing)?;
    let known = whose.key(session, Some(proof.log.origin()))?;
    let shown = proof
        .check(known.as_ref().unwrap_or(&proof.log))
        .map_err(nothing)?;
    Ok(answer(&proof.log, &shown, Vouched::of(known.as_ref())))
}

fn answer(log: &LogKey, shown: &ShownFalse, vouched: Vouched) -> Answer {
    let ShownFalse {
        checkpoint: head,
        entry,
        ..
    } = shown;
    let Told {
        what,
        word,
        counted,
        standing,
        tie,
    } = Told::of(shown);
    Answer {
        text: format!(
            "false seal: the log key of {origin} signed a seal at entry {entry} {what}\n  \
             log key     {vkey}\n  checkpoint  {size} entries, root {root}\n\
             The signatures of the seal and of the checkpoint verify, and both cannot be true. It does not say who holds the key.\n",
            origin = head.origin,
            vkey = log.to_vkey(),
            size = head.size,
            root = root_text(head),
        ),
        json: json!({
            "schema": "herdbook/log-equivocation/v1",
            "equivocation": true,
            "kind": "seal",
            "log_key": log.to_vkey(),
            "log_key_known": vouched == Vouched::Given,
            "checkpoint": checkpoint(head),
            "seal": entry.get(),
            "false": word,
            "counted": counted,
            "standing": standing,
            "tie": tie,
        }),
        notes: vouched.note().into_iter().collect(),
        exit: Exit::Tampered,
    }
}

/// What is false, in words and in numbers.
struct Told {
    what: String,
    word: &'static str,
    counted: u64,
    standing: u64,
    tie: Option<String>,
}

impl Told {
    fn of(shown: &ShownFalse) -> Self {
        let ShownFalse { entry, says, lie, .. } = shown;
        let (what, word, counted, standing, tie) = match lie {
            Lie::Size => (
                format!("that says that {} entries stand below it", says.size),
                "size",
                says.size,
                entry.get(),
                None,
            ),
            Lie::Rulings { standing } if *standing == says.rulings => (
                format!(
                    "that counts {standing} key and notice statements; as many stand below it in the log it signed, and they are others"
                ),
                "rulings",
                says.rulings,
                *standing,
                None,
            ),
            Lie::Rulings { standing } => (
                format!(
                    "that counts {} key and notice statements; {standing} stand below it in the log it signed",
                    says.rulings
                ),
                "rulings",
                says.rulings,
                *standing,
                None,
            ),
            Lie::Ties {
                tie,
                counted,
                standing,
            } => {
                let counts = match counted {
                    1 => "that counts no rivals".to_owned(),
                    more => format!("that counts {more} statements"),
                };
                (
                    format!(
                        "{counts} about sha256 {tie}; {standing} statements about it stand below it in the log it signed"
                    ),
                    "ties",
                    u64::from(*counted),
                    *standing,
                    Some(tie.to_hex()),
                )
            }
        };
        Self {
            what,
            word,
            counted,
            standing,
            tie,
        }
    }
}
