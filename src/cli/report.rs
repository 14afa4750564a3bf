//! `herdbook report`: the verdict as a signed file and a page, to be handed to somebody who has neither ledger nor trust
//! in whoever hands it over.

use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args as ClapArgs;
use serde_json::json;

use crate::checkpoint::Checkpoint;
use crate::digest::BlobId;
use crate::digest::Sha256Digest;
use crate::key::PublicKey;
use crate::ledger::Appended;
use crate::ledger::Ledger;
use crate::ledger::content::ContentFolder;
use crate::ledger::drive::judge;
use crate::ledger::drive::published_note;
use crate::report::Basis;
use crate::report::Document;
use crate::report::REPORT_BYTES_MAX;
use crate::report::Report;
use crate::report::ReportError;
use crate::report::page;
use crate::sign::Signer;
use crate::statement;
use crate::statement::ArtifactRef;
use crate::statement::Attachment;
use crate::statement::INLINE_MAX;
use crate::statement::Predicate;
use crate::statement::ReportedCheckpoint;
use crate::statement::ReportedVerdict;
use crate::statement::Word as _;
use crate::verify::Request;
use crate::verify::Trust;

use super::args::Judging;
use super::by_policy::ByPolicy;
use super::by_policy::held_against;
use super::code::ErrorCode;
use super::error::Error;
use super::exit::Exit;
use super::home::read_trust_root;
use super::home::write_new;
use super::progress::Bar;
use super::session::Session;
use super::surroundings::Nonces;
use super::target;
use super::target::Target;
use super::told::meant;
use super::ui::Answer;
use super::ui::in_line;
use super::verify::trust;

/// The signed report.
const JSON_FILE: &str = "report.json";

/// The page that is made from it.
const HTML_FILE: &str = "report.html";

/// Arguments of `report`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "The exit code is that of the verdict, as for `verify`; the files are written whatever it is. The same \
                  ledger, model and key give the same two files, byte for byte. `--register` appends an entry, so a \
                  report that is made afterwards is another one. Check one with `herdbook verify-report`."
)]
pub struct ReportArgs {
    /// NAME, NAME@ENTRY, an hb: id or its beginning, sha256:HEX, or the path of a file
    #[arg(value_name = "MODEL")]
    pub node: String,
    /// Write report.json and report.html into this folder
    #[arg(short, long, value_name = "DIR")]
    pub output: PathBuf,
    /// Append to the ledger that this report was made; what stands in DIR already is registered as it is
    #[arg(long)]
    pub register: bool,
    /// Sign with the key in this file, which may be any key [default: your issuer key of this ledger]
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// What is judged by.
    #[command(flatten)]
    pub judging: Judging,
    /// What else it is held against.
    #[command(flatten)]
    pub by: ByPolicy,
    /// With --register, wait this long for another process that is appending
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub lock_wait: u64,
}

/// Makes a report, writes it, and registers it if that is asked for.
pub fn run(session: &Session, args: &ReportArgs) -> Result<Answer, Error> {
    let mut ledger = session.open_log()?;
    let key = session.issuer(&ledger, args.key.as_deref())?;
    let folder = session.path(&args.output);
    let made = match standing(&folder, args.register)? {
        Some(report) => again(session, args, &mut ledger, &report, &*key)?,
        None => make(session, args, &mut ledger, &*key, None)?,
    };
    let files = Files {
        html: page(&made.report)?.into_bytes(),
        json: made.report.encode(),
    };
    fs::create_dir_all(&folder).map_err(|source| {
        Error::new(
            Exit::Failure,
            format!("the folder {} cannot be made", folder.display()),
        )
        .because(source)
    })?;
    write_same(&folder.join(JSON_FILE), &files.json)?;
    write_same(&folder.join(HTML_FILE), &files.html)?;
    let registered = if args.register {
        Some(register(session, args, &mut ledger, &made, &files)?)
    } else {
        None
    };
    Ok(answer(args, &made, &files, registered.as_ref()))
}

struct Files {
    json: Vec<u8>,
    html: Vec<u8>,
}

struct Made {
    report: Report,
    artifacts: Vec<ArtifactRef>,
    checkpoint: Option<crate::checkpoint::Checkpoint>,
    verdict: crate::verify::Verdict,
    policy: Option<Sha256Digest>,
    notes: Vec<String>,
}

fn make(
    session: &Session,
    args: &ReportArgs,
    ledger: &mut Ledger,
    key: &dyn Signer,
    note: Option<Vec<u8>>,
) -> Result<Made, Error> {
    let given = args.judging.trust_root.as_ref();
    let given = given
        .map(|path| read_trust_root(&session.path(path)))
        .transpose()?;
    let policy = args.by.read(session)?;
    let published = published_note(ledger)?;
    let note = note.unwrap_or_else(|| published.clone());
    let bar = Bar::new(session.ui.progress());
    let (_, artifacts) = only_target(session, ledger, &args.node, &bar)?;
    let name = name_then(ledger, &note, &artifacts)?;
    let trust = trust(session, args.judging.trust_genesis, ledger, given)?;
    let mut content = match &args.judging.content {
        Some(folder) => Some(ContentFolder::at(&session.path(folder), &bar)?),
        None => None,
    };
    let request = Request {
        name,
        artifacts: artifacts.clone(),
        checkpoint: note.clone(),
        content: content.is_some(),
        require: args.judging.require,
        descent: policy.is_some(),
        ..Request::of(trust.clone())
    };
    let judgement = judge(ledger, request, content.as_mut())?;
    let judgement = held_against(policy.as_ref(), judgement);
    bar.done();
    let trusted = match &trust {
        Trust::Pinned(root) => Some(root),
        Trust::SelfAsserted(_) | Trust::Missing(_) => None,
    };
    let notes = session.accept(ledger, &published, trusted)?;
    let basis = Basis {
        trust_root: trust.root(),
        checkpoint: &note,
        content: args.judging.content.is_some(),
        require: args.judging.require,
        signer: PublicKey::from_bytes(&key.public_key()).map_err(ReportError::from)?,
        version: env!("CARGO_PKG_VERSION"),
    };
    let report = Report::of(&judgement, &basis, |pae| key.sign(pae))?;
    let report = report
        .map_err(|source| Error::new(Exit::KeyUnusable, "the key cannot sign the report").because(source))?;
    Ok(Made {
        report,
        artifacts,
        checkpoint: judgement.get().checkpoint.clone(),
        verdict: judgement.get().verdict,
        policy: policy.map(|policy| policy.sha256()),
        notes,
    })
}

/// Returns what a report as of a checkpoint calls these artifacts.
pub(super) fn name_then(ledger: &Ledger, note: &[u8], artifacts: &[ArtifactRef]) -> Result<String, Error> {
    // A checkpoint that is not one of this log is for the judgement to tell.
    let size = Checkpoint::open(note, ledger.reader().key()).map(|checkpoint| checkpoint.size);
    let view = size.ok().and_then(|size| ledger.view_at(size).ok());
    target::canonical_name(&view.unwrap_or_else(|| ledger.view()), artifacts)
}

/// Finds the one thing that is meant.
pub(super) fn only_target(
    session: &Session,
    ledger: &Ledger,
    asked: &str,
    bar: &Bar,
) -> Result<(String, Vec<ArtifactRef>), Error> {
    let meant = meant(session, &ledger.view(), asked)?;
    let mut targets = target::find(&ledger.view(), &session.path(Path::new(asked)), &meant, bar)?;
    if targets.len() > 1 {
        let error = Error::new(
            Exit::Failure,
            format!("{} artifacts claim `{}`", targets.len(), in_line(asked)),
        );
        return Err(error
            .hint("only one of them can be meant: `herdbook verify` lists their ids, so give one of those"));
    }
    match targets.pop() {
        Some(Target::Artifacts { name, artifacts, .. }) => Ok((name, artifacts)),
        _ => Err(Error::new(
            Exit::NotTraced,
            format!(
                "`{}` is not registered, so there is no lineage to judge",
                in_line(asked)
            ),
        )
        .hint(format!("see `herdbook verify {}`", in_line(asked)))),
    }
}

/// Returns the report that stands in the folder, if it is to be registered.
fn standing(folder: &Path, register: bool) -> Result<Option<Report>, Error> {
    let path = folder.join(JSON_FILE);
    if !register || !path.exists() {
        return Ok(None);
    }
    Ok(Some(Report::decode(&read(&path)?)?))
}

/// Makes a report that stands there once more, as of its own checkpoint; it must be the same.
fn again(
    session: &Session,
    args: &ReportArgs,
    ledger: &mut Ledger,
    standing: &Report,
    key: &dyn Signer,
) -> Result<Made, Error> {
    let note = standing.document().checkpoint_note.clone().into_bytes();
    let made = make(session, args, ledger, key, Some(note))?;
    if made.report == *standing {
        return Ok(made);
    }
    let error = Error::new(
        Exit::Failure,
        format!("{JSON_FILE} in that folder is another report than this command makes"),
    );
    Err(error.hint("give another folder, or the model, key and options that it was made with"))
}

/// Writes a file, unless the very same stands there.
fn write_same(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    match fs::read(path) {
        Ok(found) if found == bytes => Ok(()),
        _ => write_new(path, bytes),
    }
}

/// Reads a file that may be a report.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let failed = |source: io::Error| {
        Error::new(Exit::Failure, format!("{} cannot be read", path.display()))
            .because(source)
            .code(ErrorCode::FileMissing)
    };
    let metadata = fs::metadata(path).map_err(failed)?;
    if !metadata.is_file() {
        return Err(failed(io::Error::other("it is not a file")));
    }
    if metadata.len() > REPORT_BYTES_MAX as u64 {
        return Err(failed(io::Error::other(format!(
            "it has {} bytes, more than the {REPORT_BYTES_MAX} of a report",
            metadata.len()
        ))));
    }
    fs::read(path).map_err(failed)
}

fn register(
    session: &Session,
    args: &ReportArgs,
    ledger: &mut Ledger,
    made: &Made,
    files: &Files,
) -> Result<Appended, Error> {
    let refused = |why: String| {
        Error::new(Exit::Failure, format!("the report cannot be registered: {why}"))
            .hint("the files are written; hand them over as they are")
    };
    let Some(checkpoint) = &made.checkpoint else {
        return Err(refused("it has no checkpoint that counts".to_owned()));
    };
    if made.artifacts.len() > INLINE_MAX {
        let count = made.artifacts.len();
        return Err(refused(format!(
            "it is about {count} artifacts, more than the {INLINE_MAX} of one statement"
        )));
    }
    let file = |name: &str, bytes: &[u8]| Attachment {
        name: name.to_owned(),
        blob: BlobId::of(bytes),
        bytes: bytes.len() as u64,
        sealed: false,
    };
    let predicate = Predicate::Report(statement::Report {
        targets: made.artifacts.clone(),
        verdict: ReportedVerdict::parse(made.verdict.as_str()).map_err(|error| refused(error.to_string()))?,
        checkpoint: ReportedCheckpoint {
            origin: checkpoint.origin.to_string(),
            size: checkpoint.size.get(),
            root: checkpoint.root,
        },
        policy: made.policy,
        files: vec![file(HTML_FILE, &files.html), file(JSON_FILE, &files.json)],
    });
    let signers = session.signers(ledger, args.key.as_deref())?;
    let mut nonces = Nonces::new()?;
    let blobs = vec![files.html.clone(), files.json.clone()];
    let wait = Duration::from_secs(args.lock_wait);
    Ok(ledger.append_statement(predicate, blobs, &signers, wait, &mut || nonces.draw())?)
}

fn answer(args: &ReportArgs, made: &Made, files: &Files, registered: Option<&Appended>) -> Answer {
    let document: &Document = made.report.document();
    let folder = args.output.display();
    let mut notes = vec![format!(
        "wrote {JSON_FILE} (signed) and {HTML_FILE} (the page made from it) into {folder}"
    )];
    notes.extend(made.notes.iter().cloned());
    if let Some(appended) = registered {
        notes.push(if appended.already_present {
            format!("registered already, as entry {}", appended.entry.get())
        } else {
            format!(
                "registered as entry {}; a report that is made from now on is as of a later checkpoint, and another one",
                appended.entry.get()
            )
        });
    }
    Answer {
        text: format!("{}\n", super::ui::shown(&document.line)),
        json: json!({
            "schema": "herdbook/report/v1",
            "name": document.name,
            "verdict": document.verdict,
            "line": document.line,
            "policy": document.policy,
            "files": [
                { "name": JSON_FILE, "sha256": made.report.sha256().to_hex(), "bytes": files.json.len() },
                { "name": HTML_FILE, "sha256": Sha256Digest::of(&files.html).to_hex(),
                  "bytes": files.html.len() },
            ],
            "registered": registered.map(|appended| json!({
                "id": format!("hb:{}", appended.id),
                "entry": appended.entry.get(),
                "already_present": appended.already_present,
            })),
        }),
        notes,
        exit: Exit::from(made.verdict),
    }
}

impl From<ReportError> for Error {
    fn from(error: ReportError) -> Self {
        use crate::envelope::EnvelopeError;
        let false_evidence = matches!(
            error,
            ReportError::Signer { .. }
                | ReportError::Inconsistent(_)
                | ReportError::Key(_)
                | ReportError::Canonical(_)
                | ReportError::Envelope(EnvelopeError::Signature(_) | EnvelopeError::Issuer { .. })
        );
        let told = if false_evidence {
            Self::new(Exit::Tampered, "the report is not what its key signed")
        } else {
            Self::new(Exit::Failure, "that is not a report this program reads")
        };
        told.because(error)
            .hint("a report is the report.json that `herdbook report` writes, unchanged")
    }
}
