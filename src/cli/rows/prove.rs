//! `herdbook rows prove`: one row, from the file that holds it to the checkpoint.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::home::read_trust_root;
use crate::cli::home::write_new;
use crate::cli::progress::Bar;
use crate::cli::prove;
use crate::cli::session::Session;
use crate::cli::told::meant;
use crate::cli::ui::Answer;
use crate::cli::ui::in_line;
use crate::ledger::drive::published_note;
use crate::query::AskedRow;
use crate::query::prove_row;
use crate::trust::TrustRoot;

/// Arguments of `rows prove`.
#[derive(Debug, ClapArgs)]
pub struct ProveArgs {
    /// The registered file, as it was when it was registered
    file: PathBuf,
    /// Which row, from 1; lines with nothing but white space are no rows
    #[arg(long, value_name = "N")]
    row: u64,
    /// Write the proof to this new file; `-` is standard output
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Which of several items that have these bytes: NAME, NAME/FILE, NAME@ENTRY or an hb: id
    #[arg(long, value_name = "NODE")]
    node: Option<String>,
    /// Put only the hash of the row into the proof
    #[arg(long)]
    no_content: bool,
    /// The trust root to check the proof against [default: the ledger's own]
    #[arg(long, value_name = "FILE")]
    trust_root: Option<PathBuf>,
}

/// Makes the proof, and checks it before it is handed out.
pub fn run(session: &Session, args: &ProveArgs) -> Result<Answer, Error> {
    let given = args.trust_root.as_deref();
    let given = given
        .map(|path| read_trust_root(&session.path(path)))
        .transpose()?;
    let mut ledger = session.open_log()?;
    let checkpoint = published_note(&mut ledger)?;
    let view = ledger.view();
    let node = args
        .node
        .as_deref()
        .map(|node| meant(session, &view, node))
        .transpose()?;
    // Whoever has no home has withheld nothing; a plain tree needs no secret.
    let sidecar = session.sidecar(&view.reader().checkpoint().origin).ok();
    let secret = match &sidecar {
        Some(sidecar) => sidecar.secret()?,
        None => None,
    };
    let asked = AskedRow {
        path: &session.path(&args.file),
        number: args.row,
        node: node.as_deref(),
        content: !args.no_content,
        secret,
    };
    let bar = Bar::new(session.ui.progress());
    let made = prove_row(&view, &asked, &checkpoint, &bar);
    bar.done();
    let (proof, line) = made?;
    let own = TrustRoot::of(ledger.founding().id, &ledger.founding().genesis);
    let trusted = match given.clone() {
        Some(root) => Some(root),
        None => session.pin(&ledger.checkpoint().origin)?,
    };
    let proven = prove::checked(&proof, &given.unwrap_or(own))?;
    let mut notes = session.accept(&ledger, &checkpoint, trusted.as_ref())?;
    notes.insert(0, prove::NOT_SAID.to_owned());
    if line != args.row {
        let row = args.row;
        notes.push(format!(
            "Row {row} stands on line {line}: lines with nothing on them are no rows."
        ));
    }
    if prove::stated(&proven).is_some() {
        notes.push(
            "The row root was stated by whoever registered the file. It was computed anew from the file here, and is right; the proof \
             cannot show that to others: its check ends with 22."
                .to_owned(),
        );
    }
    let bytes = proof.encode();
    let told = prove::line(&proven);
    let to_stdout = args.output.as_os_str() == "-";
    let text = if to_stdout {
        // Canonical JSON is UTF-8.
        String::from_utf8_lossy(&bytes).into_owned()
    } else {
        write_new(&session.path(&args.output), &bytes)?;
        let file = in_line(&args.output.display().to_string());
        notes.push(format!(
            "Whoever gets {file} checks it with `herdbook prove --check {file} --trust-root FILE`; it discloses {}.",
            if args.no_content { "no row" } else { "this row and no other" }
        ));
        format!("{told}; proof in {file}\n")
    };
    Ok(Answer {
        text,
        json: prove::value(&proven, &told),
        notes,
        exit: Exit::Ok,
    })
}
