//! `herdbook key affirm`: another granted key vouches for what a compromised key signed.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use clap::ArgGroup;
use clap::Args as ClapArgs;
use serde_json::json;

use crate::cli::code::ErrorCode;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::nodes::Asked;
use crate::cli::session::Session;
use crate::cli::surroundings::Nonces;
use crate::cli::ui::Answer;
use crate::cli::ui::counted;
use crate::digest::KeyId;
use crate::digest::StatementId;
use crate::ledger::Ledger;
use crate::ledger::Signers;
use crate::query::Place;
use crate::query::QueryError;
use crate::query::suspects;
use crate::statement::KeyChange;
use crate::statement::KeyChangeKind;
use crate::statement::Predicate;
use crate::trust::TrustError;

use super::change::empty;
use super::change::keys_of;
use super::grant::check;
use super::named::of_ledger;
use super::named::short;

/// How many statements one affirmation names, so that it fits into an entry.
const STATEMENTS_MAX: usize = 500;

/// Arguments of `key affirm`.
#[derive(Debug, ClapArgs)]
#[command(group = ArgGroup::new("which").required(true).args(["statements", "all_of"]))]
pub struct Args {
    /// What is right: NAME, NAME@ENTRY, or an hb: id or its beginning
    #[arg(value_name = "STATEMENT")]
    statements: Vec<String>,
    /// All suspect entries of this key: its id or the beginning of it, 8 digits at least
    #[arg(long, value_name = "KEY")]
    all_of: Option<String>,
    /// Why, in your words
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Show what would be affirmed, and append nothing
    #[arg(long)]
    dry_run: bool,
    /// Wait this long for another process that is appending
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    lock_wait: u64,
    /// Sign with this key, which is not the compromised one [default: your issuer key]
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

/// Appends the affirmations.
pub fn run(session: &Session, args: &Args) -> Result<Answer, Error> {
    check("--reason", args.reason.as_ref())?;
    let mut ledger = session.open_log()?;
    let found = match &args.all_of {
        Some(text) => all_of(session, &ledger, text)?,
        None => named(session, &ledger, &args.statements)?,
    };
    if found.is_empty() {
        return Err(Error::new(
            Exit::Failure,
            "there is nothing to affirm: no entry of that key is suspect",
        )
        .code(ErrorCode::UnknownKey)
        .hint("run `herdbook key list` to see which keys are compromised"));
    }
    let signers = session.signers(&ledger, args.key.as_deref())?;
    let issuer = KeyId::of_public_key(&signers.issuer.public_key());
    not_its_own(&found, issuer)?;
    check_grant(&ledger, &signers)?;
    let ids: Vec<StatementId> = found.iter().map(|(id, _)| *id).collect();
    let mut appended = Vec::new();
    if !args.dry_run {
        let mut nonces = Nonces::new()?;
        let wait = Duration::from_secs(args.lock_wait);
        for some in ids.chunks(STATEMENTS_MAX) {
            let predicate = Predicate::Key(KeyChange {
                statements: some.to_vec(),
                reason: args.reason.clone(),
                ..empty(KeyChangeKind::Affirm)
            });
            let one =
                ledger.append_statement(predicate, Vec::new(), &signers, wait, &mut || nonces.draw())?;
            appended.push(one);
        }
    }
    let left = suspects(&ledger.view(), keys_of(&ledger)?)?.len();
    let did = if args.dry_run { "would affirm" } else { "affirms" };
    Ok(Answer {
        text: format!(
            "key {} {did} {}; {left} still suspect\n",
            short(issuer),
            counted(ids.len(), "statement")
        ),
        json: json!({
            "schema": "herdbook/key-affirm/v1",
            "dry_run": args.dry_run,
            "key": issuer.to_hex(),
            "statements": ids.iter().map(|id| format!("hb:{id}")).collect::<Vec<_>>(),
            "appended": appended.iter().map(|one| json!({
                "id": format!("hb:{}", one.id),
                "entry": one.entry.get(),
                "already_present": one.already_present,
            })).collect::<Vec<_>>(),
            "still_suspect": left,
            "tree_size": ledger.checkpoint().size.get(),
        }),
        notes: Session::kept_notes(&ledger),
        exit: Exit::Ok,
    })
}

fn not_its_own(found: &[(StatementId, KeyId)], issuer: KeyId) -> Result<(), Error> {
    if let Some((id, _)) = found.iter().find(|(_, key)| *key == issuer) {
        return Err(Error::new(
            Exit::NotAuthorised,
            format!(
                "key {} signed hb:{id} itself, and nobody affirms their own",
                short(issuer)
            ),
        )
        .hint("sign with another granted key: --key FILE"));
    }
    Ok(())
}

/// Refuses a key that may not affirm, and says which grant it lacks.
fn check_grant(ledger: &Ledger, signers: &Signers) -> Result<(), Error> {
    let issuer = KeyId::of_public_key(&signers.issuer.public_key());
    let next = ledger.state().size().get();
    let words = ["key:affirm".to_owned(), "key".to_owned()];
    if let Err(why) = keys_of(ledger)?.may_sign(issuer, &words, next) {
        let is_new = matches!(why, TrustError::Unknown { .. });
        let told = Error::new(Exit::NotAuthorised, "nothing was appended").because(why);
        let public = crate::key::PublicKey::from_bytes(&signers.issuer.public_key());
        return Err(match public {
            Ok(public) if is_new => told.hint(format!(
                "as an owner: herdbook key grant {} --kinds key:affirm",
                public.to_hex()
            )),
            _ => told.hint(
                "sign with a key that is granted key:affirm; a key is granted once, so another one is needed: \
                 herdbook key grant PUBLIC --kinds key:affirm",
            ),
        });
    }
    Ok(())
}

fn all_of(session: &Session, ledger: &Ledger, text: &str) -> Result<Vec<(StatementId, KeyId)>, Error> {
    let keys = keys_of(ledger)?;
    let key = of_ledger(session, keys, text)?.key.id();
    let all = suspects(&ledger.view(), keys)?.into_iter();
    Ok(all
        .filter(|one| one.key == key)
        .map(|one| (one.id, one.key))
        .collect())
}

fn named(session: &Session, ledger: &Ledger, texts: &[String]) -> Result<Vec<(StatementId, KeyId)>, Error> {
    let view = ledger.view();
    let mut ids = BTreeSet::new();
    for text in texts {
        // A notice is no node of a lineage, and is affirmed all the same.
        if text.starts_with("hb:")
            && let Ok(node) = crate::index::resolve::resolve(view.index(), view.size(), text)
        {
            ids.insert(node.statement());
            continue;
        }
        for place in Asked::read(session, text)?.nodes(&view)? {
            ids.insert(match place {
                Place::Artifact(artifact) => artifact.statement,
                Place::Run(id) | Place::Gap(id, _) => id,
            });
        }
    }
    let mut found = Vec::new();
    for id in ids {
        if let Some(facts) = view.index().facts(id).map_err(QueryError::from)? {
            found.push((id, ledger.entry(facts.entry)?.0.key()));
        }
    }
    Ok(found)
}
