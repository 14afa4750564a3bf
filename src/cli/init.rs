//! `herdbook init`: a ledger and its keys, ready in one command.

use std::path::Path;

use std::time::Duration;

use serde_json::json;

use crate::checkpoint::Origin;
use crate::ledger::InitRequest;
use crate::ledger::KeyPaths;
use crate::ledger::Owners;
use crate::ledger::init;

use super::args;
use super::error::Error;
use super::exit::Exit;
use super::key::named::given;
use super::session::LEDGER_FOLDER;
use super::session::Session;
use super::surroundings::random;
use super::ui::Answer;
use super::ui::table;

/// How long to wait for another `init` of the same folder.
const LOCK_WAIT: Duration = Duration::from_secs(30);

/// Returns the owners that were named, and the one of them who signs genesis here.
fn owners(session: &Session, args: &args::Init, origin: &Origin) -> Result<Option<Owners>, Error> {
    if args.owners.is_empty() {
        return Ok(None);
    }
    let keys: Result<Vec<_>, Error> = args.owners.iter().map(|text| given(session, text)).collect();
    let path = match &args.key {
        Some(path) => path.clone(),
        None => KeyPaths::of(&session.home()?.keys, origin).owner,
    };
    let signer = session.opener().open(&path).map_err(|error| {
        Error::from(error)
            .hint("genesis is signed by one of the owners: name the key file of one with --key FILE")
    })?;
    Ok(Some(Owners {
        keys: keys?,
        threshold: args.threshold.unwrap_or(1),
        signer,
    }))
}

/// Makes the ledger.
pub fn run(session: &Session, args: &args::Init) -> Result<Answer, Error> {
    let origin = Origin::parse(&args.origin).map_err(|source| {
        Error::new(Exit::Usage, "the origin is not valid")
            .because(source)
            .hint("write for example --origin example.org/lab")
    })?;
    let named = args.dir.clone().or_else(|| session.ledger.clone());
    let folder = named.unwrap_or_else(|| LEDGER_FOLDER.into());
    let request = InitRequest {
        folder: session.around.current.join(folder),
        organisation: args.org.clone(),
        owners: owners(session, args, &origin)?,
        opener: session.opener(),
        keys_folder: session.home()?.keys.clone(),
        state_folder: session.home()?.state.clone(),
        wait: LOCK_WAIT,
        origin,
    };
    // Asked for before anything is made: three keys and a nonce.
    let mut fresh: Vec<[u8; 32]> = vec![random()?, random()?, random()?, random()?];
    let made = init(&request, &mut || {
        fresh
            .pop()
            .expect("init asks for three keys and one nonce at most")
    })?;
    let founding = made.ledger.founding();
    let folder = request.folder.display().to_string();
    let (of, all) = (founding.genesis.threshold, founding.genesis.owners.len());
    let owner = match &request.owners {
        None => made.keys.owner.display().to_string(),
        Some(_) => format!("elsewhere; {of} of {all} owners must agree to a change of keys"),
    };
    let row = |name: &str, value: String| vec![format!("  {name}"), value];
    let mut text = format!("ledger {} is ready\n", request.origin);
    text.push_str(&table(&[
        row("folder", folder.clone()),
        row("genesis", format!("hb:{}", founding.id)),
        row("owner key", owner.clone()),
        row("log key", made.keys.log.display().to_string()),
        row("signing key", made.keys.issuer.display().to_string()),
        row("pinned in", made.pin.display().to_string()),
    ]));
    Ok(Answer {
        text,
        json: json!({
            "schema": "herdbook/init/v1",
            "folder": folder,
            "origin": request.origin.as_str(),
            "genesis": format!("hb:{}", founding.id),
            "keys": {
                "owner": request.owners.is_none().then(|| made.keys.owner.display().to_string()),
                "log": made.keys.log.display().to_string(),
                "issuer": made.keys.issuer.display().to_string(),
            },
            "owners": founding.genesis.owners.iter().map(|owner| owner.to_hex()).collect::<Vec<_>>(),
            "threshold": of,
            "pin": made.pin.display().to_string(),
            "tree_size": made.ledger.checkpoint().size.get(),
        }),
        notes: notes(all, &made.keys.log),
        exit: Exit::Ok,
    })
}

/// What to do next, and with which keys.
fn notes(owners: usize, log_key: &Path) -> Vec<String> {
    let each = format!(
        "Each owner who appends needs a copy of the log key, too: hand them {}, by a safe way.",
        log_key.display()
    );
    let mut notes = Vec::from_iter((owners > 1).then_some(each));
    notes.push(
        "Keep copies of the keys: without them nothing can be appended, and the owner key cannot be replaced."
            .to_owned(),
    );
    notes.push("Next: describe your files in a lineage file, then `herdbook register FILE`.".to_owned());
    notes
}
