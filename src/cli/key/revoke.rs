//! `herdbook key revoke`: a key signs no longer; where it was compromised, what is suspect and which models that
//! reaches.

use clap::ArgGroup;
use clap::Args as ClapArgs;
use serde_json::json;

use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::session::Session;
use crate::cli::ui::Answer;
use crate::statement::KeyChange;
use crate::statement::KeyChangeKind;
use crate::statement::Revocation;
use crate::statement::Since;

use super::change::How;
use super::change::empty;
use super::change::keys_of;
use super::change::propose;
use super::change::with;
use super::grant::check;
use super::named::of_ledger;
use super::named::public_json;
use super::named::short;
use super::reach::Reach;

/// Arguments of `key revoke`.
#[derive(Debug, ClapArgs)]
#[command(group = ArgGroup::new("why").required(true).args(["retired", "compromised"]))]
#[command(after_help = "\
Examples:
  herdbook key revoke 3f2a91c0 --retired
  herdbook key revoke 3f2a91c0 --compromised --since 500 --dry-run

Entries of a compromised key from --since on are suspect: verdicts that rest on them are not_traced until another
granted key affirms them. A later revocation can name an earlier entry, and none can name a later one.")]
pub struct Args {
    /// The key: its id or the beginning of it, 8 digits at least
    key_id: String,
    /// It was given up in good order: what it signed so far counts
    #[arg(long)]
    retired: bool,
    /// Somebody else may have used it, from --since on
    #[arg(long, requires = "since")]
    compromised: bool,
    /// The first entry that somebody else may have signed, or `grant` for all of them
    #[arg(long, value_name = "ENTRY|grant", value_parser = since, conflicts_with = "retired")]
    since: Option<Since>,
    /// Why, in your words
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    how: How,
}

fn since(text: &str) -> Result<Since, String> {
    if text == "grant" {
        return Ok(Since::Grant);
    }
    text.parse()
        .map(Since::Entry)
        .map_err(|_| "write the number of an entry, or `grant`".to_owned())
}

/// Appends the revocation.
pub fn run(session: &Session, args: &Args) -> Result<Answer, Error> {
    check("--reason", args.reason.as_ref())?;
    let mut ledger = session.open_log()?;
    let before = keys_of(&ledger)?.clone();
    let key = of_ledger(session, &before, &args.key_id)?.key;
    let revocation = if args.retired {
        Revocation::Retired
    } else {
        Revocation::Compromised
    };
    let change = KeyChange {
        public_key: Some(key),
        revocation: Some(revocation),
        since: args.since,
        reason: args.reason.clone(),
        ..empty(KeyChangeKind::Revoke)
    };
    // The same revocation once more shows what is still suspect.
    let next = ledger.state().size().get();
    let after = before.with(next, &change).unwrap_or_else(|_| before.clone());
    let made = propose(session, &mut ledger, &args.how, change)?;
    let reach = Reach::of(&ledger.view(), &before, &after, key.id())?;
    let is_done = made.in_force && made.appended.is_some();
    let is = if is_done { "is" } else { "would be" };
    let how = match (revocation, args.since) {
        (Revocation::Retired, _) => {
            "retired: what it signed so far counts, and nothing it signs from now on".to_owned()
        }
        (_, Some(Since::Entry(entry))) => format!("revoked as compromised since entry {entry}"),
        (..) => "revoked as compromised since its grant".to_owned(),
    };
    let mut text = format!("key {} {is} {how}\n{}", short(key.id()), made.told());
    text.push_str(&reach.text(key.id(), is_done, session.ui.paint()));
    Ok(Answer {
        text,
        json: with(
            with(
                made.json(&ledger, "revoke"),
                json!({ "key": public_json(key), "revocation": revocation.to_string() }),
            ),
            reach.json(),
        ),
        notes: Session::kept_notes(&ledger),
        exit: Exit::Ok,
    })
}
