//! `herdbook key approve`: an owner agrees to what another owner proposed.

use clap::Args as ClapArgs;
use serde_json::json;

use crate::cli::code::ErrorCode;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::session::Session;
use crate::cli::ui::Answer;
use crate::cli::ui::in_line;
use crate::statement::KeyChange;
use crate::statement::KeyChangeKind;
use crate::trust::Keys;
use crate::trust::Proposal;

use super::change::How;
use super::change::Made;
use super::change::append;
use super::change::empty;
use super::change::keys_of;
use super::change::refused;
use super::change::with;
use super::grant::check;
use super::list::what;
use super::reach::Reach;

/// The fewest digits of an id that may stand for it.
const PREFIX_DIGITS_MIN: usize = 4;

/// Arguments of `key approve`.
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// What was proposed: its hb: id or the beginning of it, as `herdbook key list` shows it
    proposal: String,
    /// Why, in your words
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    how: How,
}

/// Appends the approval.
pub fn run(session: &Session, args: &Args) -> Result<Answer, Error> {
    check("--reason", args.reason.as_ref())?;
    let mut ledger = session.open_log()?;
    let before = keys_of(&ledger)?.clone();
    let proposal = find(&before, &args.proposal)?.clone();
    let needed = before.threshold();
    if let Some(obstacle) = before.obstacle(&proposal) {
        return Err(refused(obstacle).hint("it can never be made: propose what is meant anew"));
    }
    let made = if args.how.dry_run {
        let agreed = proposal.agreed.len() as u64 + 1;
        Made {
            appended: None,
            in_force: agreed >= needed,
            agreed: (agreed, needed),
        }
    } else {
        let change = KeyChange {
            statements: vec![proposal.id],
            reason: args.reason.clone(),
            ..empty(KeyChangeKind::Approve)
        };
        let appended = append(session, &mut ledger, &args.how, change)?;
        let waiting = keys_of(&ledger)?.proposals();
        let waiting = waiting.iter().find(|one| one.id == proposal.id);
        Made {
            appended: Some(appended),
            in_force: waiting.is_none(),
            agreed: (
                waiting.map_or(needed, |proposal| proposal.agreed.len() as u64),
                needed,
            ),
        }
    };
    let mut text = format!("{}\n", what(&proposal.change));
    let (agreed, needed) = made.agreed;
    let is_done = made.in_force && made.appended.is_some();
    let told = match &made.appended {
        None => format!("nothing was appended; {agreed} of {needed} owners would agree\n"),
        Some(appended) if made.in_force => format!("in force from entry {}\n", appended.entry),
        Some(_) => format!("{agreed} of {needed} owners agree\n"),
    };
    text.push_str(&told);
    let mut json = with(
        made.json(&ledger, "approve"),
        json!({ "proposal": format!("hb:{}", proposal.id) }),
    );
    if let Some(key) = proposal
        .change
        .public_key
        .filter(|_| proposal.change.change == KeyChangeKind::Revoke)
    {
        let after = before.with(proposal.entry, &proposal.change).map_err(refused)?;
        let reach = Reach::of(&ledger.view(), &before, &after, key.id())?;
        text.push_str(&reach.text(key.id(), is_done, session.ui.paint()));
        json = with(json, reach.json());
    }
    Ok(Answer {
        text,
        json,
        notes: Session::kept_notes(&ledger),
        exit: Exit::Ok,
    })
}

fn find<'a>(keys: &'a Keys, text: &str) -> Result<&'a Proposal, Error> {
    let digits = text.strip_prefix("hb:").unwrap_or(text);
    let all = keys.proposals();
    let found: Vec<&Proposal> = (all.iter().copied())
        .filter(|proposal| digits.len() >= PREFIX_DIGITS_MIN && proposal.id.to_hex().starts_with(digits))
        .collect();
    let shown = in_line(text);
    match found.as_slice() {
        [one] => Ok(one),
        [] => Err(
            Error::new(Exit::Failure, format!("nothing awaits approval under `{shown}`"))
                .code(ErrorCode::UnknownProposal)
                .hint("run `herdbook key list` to see what awaits approval"),
        ),
        several => {
            let ids: Vec<String> = several.iter().map(|one| format!("hb:{}", one.id)).collect();
            Err(Error::new(
                Exit::Failure,
                format!("`{shown}` means {} proposals", several.len()),
            )
            .code(ErrorCode::SeveralIds)
            .hint(format!("write one of {}", ids.join(", "))))
        }
    }
}
