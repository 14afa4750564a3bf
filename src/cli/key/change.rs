//! How a change of keys is signed by an owner and appended, and what to tell of it.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args as ClapArgs;
use serde_json::Value;
use serde_json::json;

use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::session::Session;
use crate::cli::surroundings::Nonces;
use crate::ledger::Appended;
use crate::ledger::KeyPaths;
use crate::ledger::Ledger;
use crate::statement::KeyChange;
use crate::statement::KeyChangeKind;
use crate::statement::Predicate;
use crate::trust::Keys;
use crate::trust::TrustError;

/// How a change is appended.
#[derive(Debug, ClapArgs)]
pub struct How {
    /// Show what would happen, and append nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Wait this long for another process that is appending
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub lock_wait: u64,
    /// Sign with this key: a key file, a .pub file whose key an ssh-agent holds, or agent:SHA256:... [default: owner.pem of your keys]
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
}

/// What became of a change.
#[derive(Debug)]
pub struct Made {
    /// Where it stands; nothing in a dry run.
    pub appended: Option<Appended>,
    /// Whether it is in force.
    pub in_force: bool,
    /// How many owners have agreed, and how many must.
    pub agreed: (u64, u64),
}

/// Returns the keys of an open ledger.
pub fn keys_of(ledger: &Ledger) -> Result<&Keys, Error> {
    ledger
        .state()
        .keys()
        .ok_or_else(|| Error::new(Exit::Failure, "the ledger says nothing about keys"))
}

/// Returns a change that says nothing yet.
pub fn empty(kind: KeyChangeKind) -> KeyChange {
    KeyChange {
        change: kind,
        public_key: None,
        successor: None,
        kinds: Vec::new(),
        holder: None,
        revocation: None,
        since: None,
        statements: Vec::new(),
        reason: None,
    }
}

/// Makes an error of a change that cannot be made.
pub fn refused(error: TrustError) -> Error {
    let exit = if matches!(error, TrustError::Change(_)) {
        Exit::Failure
    } else {
        Exit::NotAuthorised
    };
    let told = Error::new(exit, "nothing was appended").because(error);
    if exit == Exit::Failure {
        told.code(crate::cli::code::ErrorCode::NotAdmitted)
    } else {
        told
    }
}

/// Appends a grant, revocation or rotation as an owner, or finds out what would become of it.
pub fn propose(session: &Session, ledger: &mut Ledger, how: &How, change: KeyChange) -> Result<Made, Error> {
    let needed = keys_of(ledger)?.threshold();
    if how.dry_run {
        let next = ledger.state().size().get();
        keys_of(ledger)?.with(next, &change).map_err(refused)?;
        return Ok(Made {
            appended: None,
            in_force: needed == 1,
            agreed: (1, needed),
        });
    }
    let appended = append(session, ledger, how, change)?;
    let waiting = keys_of(ledger)?.proposals();
    let waiting = waiting.iter().find(|proposal| proposal.id == appended.id);
    Ok(Made {
        in_force: waiting.is_none(),
        agreed: (
            waiting.map_or(needed, |proposal| proposal.agreed.len() as u64),
            needed,
        ),
        appended: Some(appended),
    })
}

/// Signs a change with the owner's key and appends it.
pub fn append(
    session: &Session,
    ledger: &mut Ledger,
    how: &How,
    change: KeyChange,
) -> Result<Appended, Error> {
    let owner = match &how.key {
        Some(path) => path.clone(),
        None => KeyPaths::of(&session.home()?.keys, &ledger.checkpoint().origin).owner,
    };
    let signers = session.signers(ledger, Some(&owner)).map_err(|error| {
        if how.key.is_none() && !owner.exists() {
            error.hint("an owner's key that lies elsewhere is named with --key FILE")
        } else {
            error
        }
    })?;
    let mut nonces = Nonces::new()?;
    let wait = Duration::from_secs(how.lock_wait);
    let predicate = Predicate::Key(change);
    Ok(ledger.append_statement(predicate, Vec::new(), &signers, wait, &mut || nonces.draw())?)
}

impl Made {
    /// Returns a line about where the change stands.
    pub fn told(&self) -> String {
        let (agreed, needed) = self.agreed;
        match &self.appended {
            None if self.in_force => "nothing was appended; it would be in force at once\n".to_owned(),
            None => format!(
                "nothing was appended; it would await the approval of {} more\n",
                owners(needed - 1)
            ),
            Some(appended) if self.in_force => format!("in force; proposed at entry {}\n", appended.entry),
            Some(appended) => format!(
                "proposed at entry {}, and awaits the approval of {} more: herdbook key approve hb:{}\n",
                appended.entry,
                owners(needed.saturating_sub(agreed)),
                appended.id
            ),
        }
    }

    /// Returns the same for programs, in an object with the schema of all changes.
    pub fn json(&self, ledger: &Ledger, change: &str) -> Value {
        json!({
            "schema": "herdbook/key-change/v1",
            "change": change,
            "dry_run": self.appended.is_none(),
            "id": self.appended.map(|appended| format!("hb:{}", appended.id)),
            "entry": self.appended.map(|appended| appended.entry.get()),
            "already_present": self.appended.is_some_and(|appended| appended.already_present),
            "in_force": self.in_force,
            "approvals": { "given": self.agreed.0, "needed": self.agreed.1 },
            "tree_size": ledger.checkpoint().size.get(),
        })
    }
}

fn owners(count: u64) -> String {
    if count == 1 {
        "1 owner".to_owned()
    } else {
        format!("{count} owners")
    }
}

/// Adds members to an object.
pub fn with(mut object: Value, more: Value) -> Value {
    if let (Some(object), Value::Object(more)) = (object.as_object_mut(), more) {
        object.extend(more);
    }
    object
}
