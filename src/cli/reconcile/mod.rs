//! `herdbook reconcile`: what a job really opened beside what its run declares.

mod compare;
mod reads;
mod told;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args as ClapArgs;

use crate::digest::StatementId;
use crate::ledger::Ledger;
use crate::ledger::content::read_file_digests;
use crate::ledger::drive::judge_declared;
use crate::ledger::drive::published_note;
use crate::query::Place;
use crate::query::QueryError;
use crate::statement::ArtifactRef;
use crate::statement::Observation;
use crate::statement::Predicate;
use crate::statement::Read;
use crate::statement::TEXT_BYTES_MAX;
use crate::statement::check_text;
use crate::verify::Code;
use crate::verify::Declared;
use crate::verify::Judgement;
use crate::verify::Request;
use crate::verify::Verdict;

use super::code::ErrorCode;
use super::error::Error;
use super::exit::Exit;
use super::home::read_trust_root;
use super::nodes::find_nodes;
use super::progress::Bar;
use super::session::Session;
use super::surroundings::Nonces;
use super::ui::Answer;
use super::ui::counted;
use super::ui::in_line;
use super::verify::trust;

use compare::Compared;
use compare::Opened;
use compare::compare;
use reads::Line;
use reads::invalid;
use told::json;
use told::text;

/// How many bytes of names and digests go into one observation, so that its envelope stays below the limit of an entry.
const OBSERVATION_BYTES_MAX: usize = 40_000;

/// The most observations of one call.
const OBSERVATIONS_MAX: usize = 64;

/// Arguments of `reconcile`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
FILE has one line for each file that the job opened: {\"path\":\"out/0.jsonl\",\"sha256\":\"...\"}, or a bare path, whose file in \
DIR is hashed now. List data, prompts, code and weights; leave out what belongs to the machine. Logs of system calls are not \
read: take the paths out of them first.

Exit codes: 0 all that was opened is declared and the other way round, 3 something declared was never opened, 20 a declared \
file had other bytes, 21 something was opened that is not declared.")]
pub struct ReconcileArgs {
    /// The run: NAME, NAME@ENTRY, an hb: id or its beginning
    #[arg(value_name = "RUN")]
    run: String,
    /// The list of what the job opened
    #[arg(long, value_name = "FILE")]
    read: PathBuf,
    /// Hash the files of bare paths in this folder
    #[arg(long, value_name = "DIR")]
    content: Option<PathBuf>,
    /// Append to the ledger what was seen to be opened: what is not declared then fails every verdict on the run, for ever
    #[arg(long)]
    register: bool,
    /// What made the list, with --register
    #[arg(long, value_name = "TEXT", default_value = "herdbook reconcile")]
    tool: String,
    /// Trust the ledger that this file describes, and no other
    #[arg(long, value_name = "FILE", conflicts_with = "trust_genesis")]
    trust_root: Option<PathBuf>,
    /// Take the ledger's own word for who it is, when nothing is pinned
    #[arg(long)]
    trust_genesis: bool,
    /// With --register, wait this long for another process that is appending
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    lock_wait: u64,
    /// With --register, sign with the key in this file
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

/// Compares, and appends what was seen if that is asked for.
pub fn run(session: &Session, args: &ReconcileArgs) -> Result<Answer, Error> {
    let lines = reads::read(&session.path(&args.read))?;
    check_text(&args.tool).map_err(|source| {
        Error::new(Exit::Usage, "`--tool` is not a text")
            .because(source)
            .code(ErrorCode::OptionInvalid)
    })?;
    let mut ledger = session.open_log()?;
    let run = find_run(&ledger, &args.run)?;
    let (name, declared) = declared(session, args, &mut ledger, run)?;
    let opened = opened(session, args, &lines)?;
    let compared = compare(&declared, &opened);
    let registered = if args.register {
        register(session, args, &mut ledger, run, &compared)?
    } else {
        Vec::new()
    };
    Ok(Answer {
        text: text(&name, &declared, &compared, session.ui.paint()),
        json: json(&name, run, &declared, &compared, &registered),
        notes: notes(args, &ledger, &registered),
        exit: exit(&compared),
    })
}

fn exit(compared: &Compared) -> Exit {
    if !compared.differing.is_empty() {
        Exit::Tampered
    } else if !compared.undeclared.is_empty() {
        Exit::NotTraced
    } else if !compared.unopened.is_empty() {
        Exit::Partial
    } else {
        Exit::Ok
    }
}

/// Finds the one run that `text` means.
fn find_run(ledger: &Ledger, text: &str) -> Result<StatementId, Error> {
    let view = ledger.view();
    let mut runs = BTreeSet::new();
    for place in find_nodes(&view, text)? {
        let id = match place {
            Place::Run(id) | Place::Gap(id, _) => id,
            Place::Artifact(artifact) => artifact.statement,
        };
        let facts = view.index().facts(id).map_err(QueryError::from)?;
        if facts.is_some_and(|facts| facts.kind == "run") {
            runs.insert(id);
        }
    }
    let told = in_line(text);
    match runs.pop_first() {
        Some(only) if runs.is_empty() => Ok(only),
        Some(_) => Err(Error::new(Exit::Failure, format!("`{told}` means several runs"))
            .code(ErrorCode::SeveralIds)
            .hint("run `herdbook list` and write the id of one")),
        None => Err(Error::new(
            Exit::Failure,
            format!("`{told}` is no run, and only a run opens files"),
        )
        .code(ErrorCode::NotANode)
        .hint("run `herdbook list` to see which runs there are")),
    }
}

/// Returns the name of the run and what it declares, as verified.
fn declared(
    session: &Session,
    args: &ReconcileArgs,
    ledger: &mut Ledger,
    run: StatementId,
) -> Result<(String, Declared), Error> {
    let given = args.trust_root.as_ref();
    let given = given
        .map(|path| read_trust_root(&session.path(path)))
        .transpose()?;
    let checkpoint = published_note(ledger)?;
    let request = Request {
        artifacts: vec![ArtifactRef::subject(run, 0)],
        checkpoint,
        ..Request::of(trust(session, args.trust_genesis, ledger, given)?)
    };
    let (judgement, declared) = judge_declared(ledger, request, run)?;
    let judgement = judgement.get();
    whole(judgement, &args.run)?;
    let id = format!("hb:{run}");
    let node = judgement.lineage.nodes.iter().find(|node| node.id == id);
    Ok((node.map_or(id, |node| node.name.clone()), declared))
}

/// Refuses to compare with less than all that the run declares.
fn whole(judgement: &Judgement, asked: &str) -> Result<(), Error> {
    let harmless = [Code::TrustNotPinned, Code::BlobMissing];
    let fault = judgement
        .findings
        .iter()
        .find(|finding| match finding.code.verdict() {
            Some(Verdict::Tampered) => true,
            Some(Verdict::Undecidable) => !harmless.contains(&finding.code),
            _ => false,
        });
    match fault {
        None => Ok(()),
        Some(finding) => Err(Error::new(
            finding.code.verdict().map_or(Exit::Failure, Exit::from),
            format!(
                "what `{}` declares cannot be read as a whole: {}",
                in_line(asked),
                finding.message
            ),
        )
        .hint("see `herdbook verify` on what the run made")),
    }
}

/// Hashes what has no digest yet.
fn opened(session: &Session, args: &ReconcileArgs, lines: &[Line]) -> Result<BTreeSet<Opened>, Error> {
    let bar = Bar::new(session.ui.progress());
    let mut opened = BTreeSet::new();
    for line in lines {
        let path = line.path.clone();
        let sha256 = match (line.sha256, &path, &args.content) {
            (Some(sha256), _, _) => sha256,
            (None, Some(path), Some(folder)) => {
                // An absolute path is opened where it is.
                let at = session.path(folder).join(path);
                let found = read_file_digests(&at, &bar);
                found
                    .map_err(|source| {
                        invalid(&format!("the file of line {} cannot be hashed", line.number)).because(source)
                    })?
                    .sha256
            }
            (None, _, _) => {
                return Err(invalid(&format!(
                    "line {} has no sha256, and there is no --content DIR",
                    line.number
                )));
            }
        };
        let path = path.unwrap_or_else(|| format!("sha256:{sha256}"));
        opened.insert(Opened { path, sha256 });
    }
    bar.done();
    Ok(opened)
}

/// Appends what was seen, what speaks against the run first; returns the ids and entries.
fn register(
    session: &Session,
    args: &ReconcileArgs,
    ledger: &mut Ledger,
    run: StatementId,
    compared: &Compared,
) -> Result<Vec<(StatementId, u64)>, Error> {
    let against = compared.differing.iter().map(|(one, _)| one);
    let against: Vec<&Opened> = against
        .chain(compared.undeclared.iter().map(|(one, _)| one))
        .collect();
    let mut parts = parts(&against);
    if parts.is_empty() {
        // That all is declared is worth recording once.
        parts.extend(
            self::parts(&compared.same.iter().collect::<Vec<_>>())
                .into_iter()
                .take(1),
        );
    }
    if parts.len() > OBSERVATIONS_MAX {
        return Err(invalid(&format!(
            "{} files that are not declared take more than the limit OBSERVATIONS_MAX of {OBSERVATIONS_MAX} statements",
            against.len()
        ))
        .hint("register the first of them: one is enough to fail the run"));
    }
    let signers = session.signers(ledger, args.key.as_deref())?;
    let mut nonces = Nonces::new()?;
    let wait = Duration::from_secs(args.lock_wait);
    let mut registered = Vec::new();
    for reads in parts {
        let predicate = Predicate::Observation(Observation {
            run,
            tool: args.tool.clone(),
            reads,
        });
        let appended =
            ledger.append_statement(predicate, Vec::new(), &signers, wait, &mut || nonces.draw())?;
        registered.push((appended.id, appended.entry.get()));
    }
    Ok(registered)
}

/// Cuts what was opened into statements that fit into an entry.
fn parts(opened: &[&Opened]) -> Vec<Vec<Read>> {
    let mut parts: Vec<Vec<Read>> = Vec::new();
    let mut bytes = OBSERVATION_BYTES_MAX;
    for one in opened {
        let read = Read {
            name: name(&one.path),
            sha256: one.sha256,
        };
        // Escaped in JSON a byte takes six at most; a digest and its keys take a hundred.
        let size = 100 + read.name.len() * 2;
        if bytes + size > OBSERVATION_BYTES_MAX {
            parts.push(Vec::new());
            bytes = 0;
        }
        bytes += size;
        if let Some(part) = parts.last_mut() {
            part.push(read);
        }
    }
    parts
}

/// A path as a text of the record: its end, and nothing invisible.
fn name(path: &str) -> String {
    let shown = in_line(path);
    let limit = TEXT_BYTES_MAX.min(1_000);
    let skip = shown.len().saturating_sub(limit);
    let start = (skip..=shown.len())
        .find(|at| shown.is_char_boundary(*at))
        .unwrap_or_default();
    let end = shown.get(start..).unwrap_or_default().to_owned();
    if check_text(&end).is_ok() {
        end
    } else {
        format!("./{end}")
    }
}

fn notes(args: &ReconcileArgs, ledger: &Ledger, registered: &[(StatementId, u64)]) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some((_, last)) = registered.last() {
        notes.push(format!(
            "Registered {} up to entry {last}. Names of files stand there for ever.",
            counted(registered.len(), "observation")
        ));
    } else if !args.register {
        notes.push(
            "Nothing was registered: --register records it, and what is not declared then fails the run."
                .to_owned(),
        );
    }
    notes.extend(Session::kept_notes(ledger));
    notes
}
