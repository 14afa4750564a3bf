//! Whether the log that a report is about is the one that was accepted before.

use crate::checkpoint::LogKey;
use crate::cli::error::Error;
use crate::cli::session::Session;
use crate::ledger::Ledger;
use crate::ledger::RememberedError;
use crate::ledger::drive::published_note;
use crate::report::Document;
use crate::trust::TrustRoot;

use super::told::Check;
use super::told::check;
use super::told::unchecked;

/// Holds the ledger at hand against what is remembered, if anything is, or where there is none the checkpoint of the report itself.
pub(super) fn of_remembered(
    session: &Session,
    document: &Document,
    root: Option<&TrustRoot>,
) -> Result<Option<Check>, Error> {
    const WHAT: &str = "remembered";
    let Some((root, key)) = root.and_then(|root| Some((root, LogKey::parse_vkey(&root.log_key).ok()?)))
    else {
        return Ok(None);
    };
    let Some(place) = session.remembered(key.origin()) else {
        return Ok(None);
    };
    let Some(note) = place.note()? else {
        if let Some(mut ledger) = at_hand(session, root)? {
            let published = published_note(&mut ledger)?;
            session.accept(&ledger, &published, Some(root))?;
        }
        return Ok(None);
    };
    let held = match at_hand(session, root)? {
        Some(mut ledger) => {
            let published = published_note(&mut ledger)?;
            let held = place.hold(&note, ledger.reader());
            if held.is_ok() {
                session.accept(&ledger, &published, Some(root))?;
            }
            held.map(|()| "the ledger at hand goes on from the checkpoint that was accepted before")
        }
        None => place
            .hold_alone(document.checkpoint_note.as_bytes(), &note, &key)
            .map(|_| "its checkpoint does not contradict the one that was accepted before"),
    };
    Ok(Some(match held {
        Ok(why) => check(WHAT, true, why),
        Err(error @ (RememberedError::RolledBack(_) | RememberedError::Forked(_))) => {
            check(WHAT, false, error.to_string())
        }
        Err(error @ RememberedError::Invalid { .. }) => unchecked(WHAT, error.to_string()),
        Err(error) => return Err(error.into()),
    }))
}

/// Returns the ledger at hand if it is the one of the trust root.
fn at_hand(session: &Session, root: &TrustRoot) -> Result<Option<Ledger>, Error> {
    let Ok(folder) = session.ledger_folder() else {
        return Ok(None);
    };
    let ledger = Ledger::open(&folder)?;
    Ok((ledger.trust_root() == *root).then_some(ledger))
}
