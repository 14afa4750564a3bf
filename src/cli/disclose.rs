//! `herdbook disclose`: what opens commitments, in one file for whoever is to see the texts.

use std::path::Path;
use std::path::PathBuf;

use clap::Args as ClapArgs;
use serde_json::Value;
use serde_json::json;

use crate::disclosure::DISCLOSURES_BYTES_MAX;
use crate::disclosure::Disclosure;
use crate::disclosure::Disclosures;
use crate::query::DisclosedFields;
use crate::query::Place;
use crate::query::disclose;

use super::code::ErrorCode;
use super::error::Error;
use super::exit::Exit;
use super::home::write_new;
use super::nodes::find_nodes;
use super::plain_file;
use super::session::Session;
use super::told::meant;
use super::told::sidecar_of;
use super::ui::Answer;
use super::ui::counted;
use super::ui::in_line;

/// Arguments of `disclose`.
#[derive(Debug, ClapArgs)]
pub struct DiscloseArgs {
    /// NAME, NAME@ENTRY, NAME/FILE, or an hb: id or its beginning
    #[arg(required = true, value_name = "NODE")]
    nodes: Vec<String>,
    /// Only this: a context such as `holder`, `file-name`, `content`, or a JSON pointer into the statement
    #[arg(long = "field", value_name = "FIELD")]
    fields: Vec<String>,
    /// Write the disclosures to this new file
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// Writes the file.
pub fn run(session: &Session, args: &DiscloseArgs) -> Result<Answer, Error> {
    let ledger = session.open()?;
    let view = ledger.view();
    let sidecar = sidecar_of(session, &view)?;
    let secret = sidecar.secret()?.ok_or_else(|| {
        Error::new(
            Exit::Failure,
            format!("there is no secret in {}", sidecar.folder().display()),
        )
        .code(ErrorCode::NothingWithheld)
        .hint("only whoever withheld something can disclose it, and only as long as it was not erased")
    })?;
    let fields = DisclosedFields(args.fields.clone());
    let mut list: Vec<Disclosure> = Vec::new();
    let mut not_kept = 0;
    for node in &args.nodes {
        let mut places = find_nodes(&view, &meant(session, &view, node)?)?;
        // Several artifacts of one statement are one statement.
        places.dedup_by_key(|place| statement_or_member(place));
        let before = list.len();
        for place in places {
            let id = match place {
                Place::Artifact(artifact) => artifact.statement,
                Place::Run(id) | Place::Gap(id, _) => id,
            };
            let kept = sidecar.kept(id)?;
            let made = disclose(&view, place, kept.as_ref(), secret, &fields)?;
            list.extend(made.list);
            not_kept += made.lost;
        }
        if list.len() == before {
            return Err(nothing(node, not_kept));
        }
    }
    let disclosures = Disclosures {
        ledger: ledger.founding().id,
        list,
    };
    let bytes = disclosures.encode();
    if bytes.len() > DISCLOSURES_BYTES_MAX {
        let message = format!("{} bytes are more than one file may have", bytes.len());
        return Err(Error::new(Exit::Failure, message)
            .code(ErrorCode::LimitReached)
            .hint("disclose less at once: name fewer items, or fields with --field"));
    }
    write_new(&session.path(&args.output), &bytes)?;
    Ok(answer(&disclosures, &args.output, not_kept))
}

fn statement_or_member(place: &Place) -> (crate::digest::StatementId, Option<(u32, Option<u64>)>) {
    match place {
        Place::Artifact(artifact) => {
            let member = artifact.member.map(|_| (artifact.subject, artifact.member));
            (artifact.statement, member)
        }
        Place::Run(id) | Place::Gap(id, _) => (*id, None),
    }
}

fn nothing(node: &str, not_kept: u64) -> Error {
    let shown = in_line(node);
    let told = if not_kept > 0 {
        format!("what is withheld of `{shown}` is not kept here")
    } else {
        format!("nothing of `{shown}` is withheld that could be disclosed")
    };
    Error::new(Exit::Failure, told)
        .code(ErrorCode::NothingWithheld)
        .hint(format!("`herdbook show {shown}` has what is withheld"))
        .hint("`herdbook private list` has what is kept here")
}

fn answer(disclosures: &Disclosures, output: &Path, not_kept: u64) -> Answer {
    let count = disclosures.list.len();
    let file = in_line(&output.display().to_string());
    let mut notes = vec![
        "Whoever has this file can read what it discloses and prove that it is what was committed to; nothing else of \
         the ledger is opened by it."
            .to_owned(),
        format!("They check it with `herdbook verify NODE --with {file}`, or `herdbook verify-bundle BUNDLE --with {file}`."),
    ];
    if not_kept > 0 {
        notes.push(format!(
            "{not_kept} more could not be disclosed: their texts are not kept here."
        ));
    }
    Answer {
        text: format!("{} in {file}\n", counted(count, "disclosure")),
        json: json!({
            "schema": "herdbook/disclose/v1",
            "file": output.display().to_string(),
            "ledger": format!("hb:{}", disclosures.ledger),
            "disclosures": disclosures.list.iter().map(|one| json!({
                "address": one.address(), "field": one.field, "context": one.context,
            })).collect::<Vec<Value>>(),
            "not_kept": not_kept,
        }),
        notes,
        exit: Exit::Ok,
    }
}

/// Reads files of disclosures.
pub fn read_all(session: &Session, paths: &[PathBuf]) -> Result<Vec<Disclosures>, Error> {
    paths.iter().map(|path| read(&session.path(path))).collect()
}

/// Reads a file of disclosures. Nothing in it is taken for true before the verifier has checked it.
fn read(path: &Path) -> Result<Disclosures, Error> {
    let shown = path.display();
    let invalid = |message: String| {
        Error::new(Exit::Failure, message)
            .code(ErrorCode::DisclosureInvalid)
            .hint("give the path of a file that `herdbook disclose NODE -o FILE` wrote")
    };
    let cannot = |source: std::io::Error| invalid(format!("{shown} cannot be read")).because(source);
    let bytes = plain_file::read(path, DISCLOSURES_BYTES_MAX, "a file of disclosures").map_err(cannot)?;
    Disclosures::decode(&bytes)
        .map_err(|source| invalid(format!("{shown} is no file of disclosures")).because(source))
}
