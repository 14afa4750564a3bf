//! `herdbook private`: what this user withholds in a ledger, and erasing it.

use clap::Args as ClapArgs;
use clap::Subcommand;
use serde_json::Value;
use serde_json::json;

use crate::digest::StatementId;
use crate::ledger::View;
use crate::ledger::private::Kept;
use crate::ledger::private::Sidecar;
use crate::query::Place;
use crate::query::find;

use super::code::ErrorCode;
use super::error::Error;
use super::exit::Exit;
use super::session::Session;
use super::told::meant;
use super::told::sidecar_of;
use super::ui::Answer;
use super::ui::counted;
use super::ui::in_line;
use super::ui::short_id;
use super::ui::table;

/// Arguments of `private`.
#[derive(Debug, ClapArgs)]
pub struct PrivateArgs {
    /// What to do.
    #[command(subcommand)]
    command: PrivateCommand,
}

/// The verbs of `private`.
#[derive(Debug, Subcommand)]
enum PrivateCommand {
    /// List the items of which texts are kept here and commitments stand in the ledger
    List,
    /// Erase what is kept of items; the ledger keeps the commitments
    Erase(EraseArgs),
}

/// Arguments of `private erase`.
#[derive(Debug, ClapArgs)]
struct EraseArgs {
    /// Names of items as `private list` shows them, or hb: ids
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    items: Vec<String>,
    /// Everything of this ledger and the secret, so that nobody can ever open or confirm any of it
    #[arg(long)]
    all: bool,
    /// Erase everything without being asked; it cannot be undone
    #[arg(long, requires = "all", conflicts_with = "dry_run")]
    yes: bool,
    /// Only tell how much would be erased
    #[arg(long)]
    dry_run: bool,
}

/// Runs a verb of `private`.
pub fn run(session: &Session, args: &PrivateArgs) -> Result<Answer, Error> {
    let ledger = session.open()?;
    let view = ledger.view();
    let sidecar = sidecar_of(session, &view)?;
    match &args.command {
        PrivateCommand::List => list(&sidecar),
        PrivateCommand::Erase(args) if args.all => erase_all(&sidecar, args),
        PrivateCommand::Erase(args) => erase(session, &view, &sidecar, args),
    }
}

fn list(sidecar: &Sidecar) -> Result<Answer, Error> {
    let list = sidecar.list()?;
    let row = |(id, kept): &(StatementId, Kept)| {
        vec![
            in_line(&kept.name),
            in_line(&kept.kind),
            short_id(&format!("hb:{id}")),
        ]
    };
    let rows: Vec<Vec<String>> = list.iter().map(row).collect();
    let folder = sidecar.folder().display().to_string();
    let note = if list.is_empty() {
        "Nothing that is withheld in this ledger is kept here.".to_owned()
    } else {
        format!("Kept in {folder}: keep a copy of it as of a key, and away from the ledger.")
    };
    Ok(Answer {
        text: table(&rows),
        json: json!({
            "schema": "herdbook/private-list/v1",
            "folder": folder,
            "items": list.iter().map(|(id, kept)| json!({
                "id": format!("hb:{id}"), "name": kept.name, "kind": kept.kind,
            })).collect::<Vec<Value>>(),
        }),
        notes: vec![note],
        exit: Exit::Ok,
    })
}

fn erase(session: &Session, view: &View<'_>, sidecar: &Sidecar, args: &EraseArgs) -> Result<Answer, Error> {
    let list = sidecar.list()?;
    let mut ids = Vec::new();
    // All of them first, so that a mistyped name erases nothing.
    for item in &args.items {
        let found = kept_of(session, view, &list, item)?;
        if found.is_empty() {
            return Err(Error::new(
                Exit::Failure,
                format!("nothing of `{}` is kept here", in_line(item)),
            )
            .code(ErrorCode::NothingWithheld)
            .hint("run `herdbook private list` to see what is"));
        }
        ids.extend(found);
    }
    ids.sort_unstable();
    ids.dedup();
    if args.dry_run {
        return Ok(answer(ids.len(), &ids, "Nothing was erased.", true));
    }
    for id in &ids {
        sidecar.erase(*id)?;
    }
    let note = "The ledger keeps the commitments. Whoever has the secret and guesses a text could still confirm it: \
                `herdbook private erase --all` erases the secret, too. A copy elsewhere, such as the lineage file, is \
                for you to erase.";
    Ok(answer(ids.len(), &ids, note, false))
}

fn erase_all(sidecar: &Sidecar, args: &EraseArgs) -> Result<Answer, Error> {
    if args.dry_run {
        let ids: Vec<StatementId> = sidecar.list()?.into_iter().map(|(id, _)| id).collect();
        let note = "The secret would be erased, too, for ever. Nothing was erased.";
        return Ok(answer(ids.len(), &ids, note, true));
    }
    if !args.yes {
        let message = format!(
            "nothing was erased: what is kept of {} and the secret would be gone for ever",
            counted(sidecar.list()?.len(), "statement")
        );
        return Err(Error::new(Exit::Usage, message)
            .code(ErrorCode::OptionInvalid)
            .hint("say that you mean it with --yes, or see what it is about with --dry-run"));
    }
    let count = sidecar.erase_all()?;
    let note = "The secret is gone: what commitments of this ledger stand for can no longer be shown or confirmed. A copy \
                elsewhere, such as the lineage file, is for you to erase.";
    Ok(answer(count, &[], note, false))
}

fn answer(count: usize, ids: &[StatementId], note: &str, dry_run: bool) -> Answer {
    let (erased, was) = if dry_run {
        ("would erase", "is")
    } else {
        ("erased", "was")
    };
    Answer {
        text: format!("{erased} what {was} kept of {}\n", counted(count, "statement")),
        json: json!({
            "schema": "herdbook/private-erase/v1",
            "erased": count,
            "dry_run": dry_run,
            "ids": ids.iter().map(|id| format!("hb:{id}")).collect::<Vec<String>>(),
        }),
        notes: vec![note.to_owned()],
        exit: Exit::Ok,
    }
}

/// Finds what is kept of an item: by the name it had when it was registered, all versions of it; else by what it means
/// in the ledger.
fn kept_of(
    session: &Session,
    view: &View<'_>,
    list: &[(StatementId, Kept)],
    item: &str,
) -> Result<Vec<StatementId>, Error> {
    let ids = |keep: &dyn Fn(&(StatementId, Kept)) -> bool| -> Vec<StatementId> {
        list.iter().filter(|one| keep(one)).map(|(id, _)| *id).collect()
    };
    let by_name = ids(&|(_, kept)| kept.name == item);
    if !by_name.is_empty() {
        return Ok(by_name);
    }
    let Ok(places) = find(view, &meant(session, view, item)?) else {
        return Ok(Vec::new());
    };
    let of = |place: &Place| match place {
        Place::Artifact(artifact) => artifact.statement,
        Place::Run(id) | Place::Gap(id, _) => *id,
    };
    Ok(ids(&|(id, _)| places.iter().any(|place| of(place) == *id)))
}
