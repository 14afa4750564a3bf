//! `herdbook key rotate`: a new key in the place of an old one, with the same grant.

use clap::Args as ClapArgs;
use serde_json::json;

use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::session::Session;
use crate::cli::ui::Answer;
use crate::statement::KeyChange;
use crate::statement::KeyChangeKind;

use super::change::How;
use super::change::empty;
use super::change::keys_of;
use super::change::propose;
use super::change::with;
use super::grant::check;
use super::named::given;
use super::named::of_ledger;
use super::named::public_json;
use super::named::short;

/// Arguments of `key rotate`.
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// The key that is replaced: its id or the beginning of it, 8 digits at least
    old: String,
    /// The public key that takes its place: 64 digits, a line or file of OpenSSH (.pub), a public PEM, or a key file
    new: String,
    /// Why, in your words
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    how: How,
}

/// Appends the rotation.
pub fn run(session: &Session, args: &Args) -> Result<Answer, Error> {
    check("--reason", args.reason.as_ref())?;
    let mut ledger = session.open_log()?;
    let record = of_ledger(session, keys_of(&ledger)?, &args.old)?.clone();
    let new = given(session, &args.new)?;
    let change = KeyChange {
        public_key: Some(record.key),
        successor: Some(new),
        reason: args.reason.clone(),
        ..empty(KeyChangeKind::Rotate)
    };
    let made = propose(session, &mut ledger, &args.how, change)?;
    let is_done = made.in_force && made.appended.is_some();
    let takes = if is_done { "takes" } else { "would take" };
    let mut notes = Session::kept_notes(&ledger);
    if is_done {
        notes.push(
            "What the old key signed still counts. If somebody else may have had it, revoke it as well: \
             `herdbook key revoke OLD --compromised --since N`."
                .to_owned(),
        );
    }
    Ok(Answer {
        text: format!(
            "key {} {takes} the place of {}, and may sign {}\n{}",
            short(new.id()),
            short(record.key.id()),
            record.kinds.join(", "),
            made.told()
        ),
        json: with(
            made.json(&ledger, "rotate"),
            json!({ "key": public_json(record.key), "successor": public_json(new), "kinds": record.kinds }),
        ),
        notes,
        exit: Exit::Ok,
    })
}
