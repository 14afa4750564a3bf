//! `herdbook key list`: owners, granted keys with their state, and changes that await approval.

use serde_json::Value;
use serde_json::json;

use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::json::checkpoint;
use crate::cli::session::Session;
use crate::cli::ui::Answer;
use crate::cli::ui::Paint;
use crate::cli::ui::in_line;
use crate::cli::ui::put;
use crate::cli::ui::table;
use crate::ledger::admission::Founding;
use crate::query::suspects;
use crate::statement::KeyChange;
use crate::statement::KeyChangeKind;
use crate::statement::Since;
use crate::trust::GrantedKey;
use crate::trust::Keys;
use crate::trust::Proposal;

use super::change::keys_of;
use super::change::with;
use super::named::public_json;
use super::named::short;

/// Lists the keys.
pub fn run(session: &Session) -> Result<Answer, Error> {
    let ledger = session.open_log()?;
    let keys = keys_of(&ledger)?;
    let founding = ledger.founding();
    let suspect = suspects(&ledger.view(), keys)?.len();
    Ok(Answer {
        text: text(keys, founding, suspect, session.ui.paint()),
        json: json!({
            "schema": "herdbook/key-list/v1",
            "checkpoint": checkpoint(ledger.checkpoint()),
            "owners": keys.owners().iter().map(|owner| public_json(*owner)).collect::<Vec<Value>>(),
            "threshold": keys.threshold(),
            "log_key": public_json(founding.log_key),
            "keys": keys.granted().into_iter().map(granted).collect::<Vec<Value>>(),
            "proposals": keys.proposals().into_iter().map(|one| proposal(keys, one)).collect::<Vec<Value>>(),
            "suspect": suspect,
        }),
        notes: Vec::new(),
        exit: Exit::Ok,
    })
}

fn text(keys: &Keys, founding: &Founding, suspect: usize, paint: Paint) -> String {
    let mut text = paint.strong(&format!(
        "owners, {} of {} must agree\n",
        keys.threshold(),
        keys.owners().len()
    ));
    for owner in keys.owners() {
        put(&mut text, format_args!("  {}\n", short(owner.id())));
    }
    put(
        &mut text,
        format_args!(
            "{}  {}\n\n",
            paint.strong("log key"),
            short(founding.log_key.id())
        ),
    );
    put(&mut text, format_args!("{}\n", paint.strong("granted keys")));
    let rows: Vec<Vec<String>> = keys
        .granted()
        .into_iter()
        .map(|record| {
            vec![
                format!("  {}", short(record.key.id())),
                record
                    .kinds
                    .iter()
                    .map(|kind| in_line(kind))
                    .collect::<Vec<_>>()
                    .join(","),
                record.holder.as_deref().map_or_else(|| "-".to_owned(), in_line),
                match record.to {
                    None => format!("from {}", record.from),
                    Some(end) => format!("{} to below {end}", record.from),
                },
                state_told(record),
            ]
        })
        .collect();
    text.push_str(&table(&rows));
    if suspect > 0 {
        let told = format!("{suspect} entries are suspect and await `herdbook key affirm`");
        put(&mut text, format_args!("\n{}\n", paint.notable(&told)));
    }
    let proposals = keys.proposals();
    if !proposals.is_empty() {
        put(
            &mut text,
            format_args!("\n{}\n", paint.strong("awaiting approval")),
        );
    }
    for one in proposals {
        let agreed: Vec<String> = one.agreed.iter().map(|owner| short(*owner)).collect();
        put(
            &mut text,
            format_args!(
                "  hb:{}  entry {}: {}\n    approved by {}; {} missing\n",
                one.id.to_hex().chars().take(12).collect::<String>(),
                one.entry,
                what(&one.change),
                agreed.join(", "),
                missing(keys, one),
            ),
        );
        if let Some(obstacle) = keys.obstacle(one) {
            put(&mut text, format_args!("    can never be made: {obstacle}\n"));
        }
    }
    text
}

fn missing(keys: &Keys, proposal: &Proposal) -> u64 {
    keys.threshold().saturating_sub(proposal.agreed.len() as u64)
}

/// Returns the word for the state of a key.
fn state(record: &GrantedKey) -> &'static str {
    match (record.suspect_from, record.successor, record.to) {
        (Some(_), ..) => "compromised",
        (None, Some(_), _) => "rotated",
        (None, None, Some(_)) => "retired",
        (None, None, None) => "in_force",
    }
}

fn state_told(record: &GrantedKey) -> String {
    let at = record.to.unwrap_or_default();
    let mut told = match record.successor {
        Some(successor) => format!("rotated at {at} to {}", short(successor.id())),
        None if record.to.is_none() => "in force".to_owned(),
        None if record.suspect_from.is_some() => format!("revoked at {at}"),
        None => format!("retired at {at}"),
    };
    if let Some(since) = record.suspect_from {
        put(&mut told, format_args!(", compromised since {since}"));
    }
    told
}

fn granted(record: &GrantedKey) -> Value {
    with(
        public_json(record.key),
        json!({
            "kinds": record.kinds,
            "holder": record.holder,
            "from": record.from,
            "to": record.to,
            "state": state(record),
            "compromised_since": record.suspect_from,
            "successor": record.successor.map(|key| key.id().to_hex()),
        }),
    )
}

fn proposal(keys: &Keys, one: &Proposal) -> Value {
    json!({
        "id": format!("hb:{}", one.id),
        "entry": one.entry,
        "change": one.change.change.to_string(),
        "told": what(&one.change),
        "key": one.change.public_key.map(public_json),
        "successor": one.change.successor.map(public_json),
        "kinds": one.change.kinds,
        "holder": one.change.holder,
        "reason": one.change.reason,
        "approved_by": one.agreed.iter().map(crate::digest::KeyId::to_hex).collect::<Vec<String>>(),
        "missing": missing(keys, one),
        "obstacle": keys.obstacle(one).map(|error| error.to_string()),
    })
}

/// Returns a change in words.
pub fn what(change: &KeyChange) -> String {
    let key = change.public_key.map(|key| short(key.id())).unwrap_or_default();
    let told = match change.change {
        KeyChangeKind::Grant => {
            let kinds: Vec<String> = change.kinds.iter().map(|kind| in_line(kind)).collect();
            let holder = change.holder.as_deref().map(in_line);
            let holder = holder.map_or_else(String::new, |holder| format!(" for {holder}"));
            format!("let key {key} sign {}{holder}", kinds.join(", "))
        }
        KeyChangeKind::Revoke => match change.since {
            None => format!("retire key {key}"),
            Some(Since::Grant) => format!("revoke key {key} as compromised since its grant"),
            Some(Since::Entry(entry)) => format!("revoke key {key} as compromised since entry {entry}"),
        },
        KeyChangeKind::Rotate => {
            let successor = change.successor.map(|key| short(key.id())).unwrap_or_default();
            format!("put key {successor} in the place of {key}")
        }
        KeyChangeKind::Approve => "approve".to_owned(),
        KeyChangeKind::Affirm => "affirm".to_owned(),
    };
    match &change.reason {
        Some(reason) => format!("{told} ({})", in_line(reason)),
        None => told,
    }
}
