//! `herdbook bundle`: everything a verdict rests on in one file, for somebody who has neither ledger nor network.

use std::fs;
use std::fs::File;
use std::fs::OpenOptions;
use std::io;
use std::io::BufWriter;
use std::io::Write as _;
use std::path::Path;
use std::path::PathBuf;

use clap::Args as ClapArgs;
use serde_json::json;

use crate::bundle::Bundle;
use crate::ledger::drive::published_note;
use crate::ledger::evidence::EvidenceError;
use crate::ledger::evidence::write_bundle;
use crate::verify::Given;
use crate::verify::Judgement;
use crate::verify::Request;

use super::code::ErrorCode;
use super::error::Error;
use super::excludes::Excludes;
use super::exit::Exit;
use super::home::read_trust_root;
use super::progress::Bar;
use super::report::name_then;
use super::report::only_target;
use super::session::Session;
use super::ui::Answer;
use super::ui::counted;
use super::verify::trust;

/// Arguments of `bundle`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "The exit code is that of the verdict, as for `verify`; the bundle is written whatever it is. The same ledger and \
                  model give the same file, byte for byte. Hand it over with nothing else; the trust root goes another way \
                  (`herdbook key trust-root`). Whoever gets it runs: herdbook verify-bundle FILE --trust-root FILE"
)]
pub struct Args {
    /// NAME, NAME@ENTRY, an hb: id or its beginning, sha256:HEX, or the path of a file
    #[arg(value_name = "MODEL")]
    pub node: String,
    /// Write the bundle to this new file
    #[arg(short, long, value_name = "FILE")]
    pub output: PathBuf,
    /// What it must not descend from.
    #[command(flatten)]
    pub excludes: Excludes,
    /// Trust the ledger that this file describes, and no other
    #[arg(long, value_name = "FILE", conflicts_with = "trust_genesis")]
    pub trust_root: Option<PathBuf>,
    /// Take the ledger's own word for who it is, when nothing is pinned
    #[arg(long)]
    pub trust_genesis: bool,
}

/// Writes the bundle of a model.
pub fn run(session: &Session, args: &Args) -> Result<Answer, Error> {
    let given = args.trust_root.as_ref();
    let given = given
        .map(|path| read_trust_root(&session.path(path)))
        .transpose()?;
    let mut ledger = session.open_log()?;
    let note = published_note(&mut ledger)?;
    let bar = Bar::new(session.ui.progress());
    let (_, artifacts) = only_target(session, &ledger, &args.node, &bar)?;
    let request = Request {
        name: name_then(&ledger, &note, &artifacts)?,
        artifacts,
        checkpoint: note,
        remembered: session
            .remembered(&ledger.checkpoint().origin)
            .map(|place| place.note())
            .transpose()?
            .flatten(),
        excludes: args.excludes.in_ledger(session, &ledger.view())?,
        ..Request::of(trust(session, args.trust_genesis, &ledger, given)?)
    };
    let path = session.path(&args.output);
    let mut written = Beside::new(&path)?;
    let judgement = write_bundle(&ledger, request.clone(), &mut written.out)?;
    let size = written.sync()?;
    let (entries, blobs) = check(&written.path, &request, judgement.get())?;
    written.finish()?;
    bar.done();
    let judgement = judgement.get();
    let shown = path.display().to_string();
    Ok(Answer {
        text: format!(
            "{}\n  wrote {shown}: {} of {} and {}, {size} bytes\n",
            judgement.line(),
            entries,
            counted_entries(ledger.checkpoint().size.get()),
            counted(blobs, "file"),
        ),
        json: json!({
            "schema": "herdbook/bundle/v1",
            "file": shown,
            "bytes": size,
            "entries": entries,
            "blobs": blobs,
            "name": judgement.name,
            "artifacts": judgement.artifacts,
            "verdict": judgement.verdict.as_str(),
            "line": judgement.line(),
            "checkpoint": judgement.checkpoint.as_ref().map(super::json::checkpoint),
        }),
        notes: vec![format!(
            "Whoever gets it checks it with `herdbook verify-bundle {}` and the trust root, which goes another way.",
            args.output.display()
        )],
        exit: Exit::from(judgement.verdict),
    })
}

fn counted_entries(count: u64) -> String {
    if count == 1 {
        "1 entry".to_owned()
    } else {
        format!("{count} entries")
    }
}

/// Reads what was written, as whoever gets it will, and demands the same judgement.
fn check(path: &Path, request: &Request, judgement: &Judgement) -> Result<(usize, usize), Error> {
    let failed =
        |source| Error::new(Exit::Failure, "the bundle that was written cannot be read back").because(source);
    let file = File::open(path).map_err(|source| cannot_write(path, source))?;
    let mut bundle = Bundle::open(io::BufReader::new(file)).map_err(failed)?;
    let ask = |artifacts, checkpoint| Request {
        artifacts,
        checkpoint,
        ..request.clone()
    };
    let read = bundle.judge(&ask, &mut |_| Given::Missing).map_err(failed)?;
    if read.get().findings == judgement.findings {
        return Ok(bundle.counts());
    }
    let (pruned, whole) = (read.get().line(), judgement.line());
    Err(EvidenceError::Differs { whole, pruned }.into())
}

/// A file that is written beside its place and takes it only when it is whole.
struct Beside {
    path: PathBuf,
    place: PathBuf,
    out: BufWriter<File>,
}

impl Beside {
    fn new(place: &Path) -> Result<Self, Error> {
        let taken = || {
            Error::new(Exit::Failure, format!("{} cannot be written", place.display()))
                .code(ErrorCode::FileExists)
                .hint("a file is there already, and it is never overwritten: give another path")
        };
        if place.symlink_metadata().is_ok() {
            return Err(taken());
        }
        let mut name = place.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        let path = place.with_file_name(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(cannot_write(&path, error)),
            _ => {}
        }
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path);
        let file = file.map_err(|source| cannot_write(&path, source))?;
        Ok(Self {
            path,
            place: place.to_owned(),
            out: BufWriter::new(file),
        })
    }

    /// Makes what was written durable, and returns how many bytes it is.
    fn sync(&mut self) -> Result<u64, Error> {
        let synced = self.out.flush().and_then(|()| {
            let file = self.out.get_ref();
            file.sync_all()?;
            Ok(file.metadata()?.len())
        });
        synced.map_err(|source| cannot_write(&self.path, source))
    }

    /// Puts the file in its place, in which nothing may stand.
    fn finish(self) -> Result<(), Error> {
        fs::hard_link(&self.path, &self.place).map_err(|source| cannot_write(&self.place, source))
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        // It stands in its place, or is worth nothing.
        drop(fs::remove_file(&self.path));
    }
}

fn cannot_write(path: &Path, source: io::Error) -> Error {
    Error::new(Exit::Failure, format!("{} cannot be written", path.display())).because(source)
}

impl From<EvidenceError> for Error {
    fn from(error: EvidenceError) -> Self {
        match error {
            EvidenceError::Drive(inner) => inner.into(),
            EvidenceError::Entries => Self::new(Exit::Undecidable, "no bundle was written")
                .because(error)
                .hint("run `herdbook fsck` to see which are missing or false"),
            other => Self::new(Exit::Failure, "no bundle was written").because(other),
        }
    }
}
