//! `herdbook verify-bundle`: the verdict from one file and the trust root, with no ledger and no network.

use std::fs::File;
use std::io;
use std::path::Path;
use std::path::PathBuf;

use clap::Args as ClapArgs;
use serde_json::Value;
use serde_json::json;

use crate::bundle::Bundle;
use crate::bundle::BundleError;
use crate::checkpoint::Checkpoint;
use crate::checkpoint::LogKey;
use crate::checkpoint::Origin;
use crate::ledger::Remembered;
use crate::ledger::RememberedError;
use crate::ledger::content::ContentError;
use crate::ledger::content::ContentFolder;
use crate::trust::TrustRoot;
use crate::verify::Assurance;
use crate::verify::Code;
use crate::verify::Given;
use crate::verify::Judgement;
use crate::verify::Request;
use crate::verify::Trust;
use crate::verify::Verdict;
use crate::verify::Verified;
use crate::verify::Verifier;

use super::args::level;
use super::by_policy::ByPolicy;
use super::by_policy::held_against;
use super::code::ErrorCode;
use super::error::Error;
use super::excludes::Excludes;
use super::exit::Exit;
use super::fresh::Fresh;
use super::held::not_kept;
use super::home::read_trust_root;
use super::json::root_text;
use super::plain_file;
use super::progress::Bar;
use super::session::Session;
use super::ui::Answer;
use super::ui::counted;
use super::verify::tell;
use super::with::With;

/// Arguments of `verify-bundle`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "It needs the bundle and the trust root, and nothing else: no ledger, no network, no index. The verdict and the exit \
                  codes are those of `verify`, as of the checkpoint in the bundle. That this is not an old one is for you to demand."
)]
pub struct Args {
    /// The bundle
    pub file: PathBuf,
    /// Trust the ledger that this file describes [default: the pinned one of that name]
    #[arg(long, value_name = "FILE")]
    pub trust_root: Option<PathBuf>,
    /// Hash the files of the lineage in this folder and hold them against the record
    #[arg(long, value_name = "DIR")]
    pub content: Option<PathBuf>,
    /// The least assurance that is enough: self, pinned, witnessed, sampled, full
    #[arg(long, value_name = "LEVEL", value_parser = level, default_value = "self")]
    pub require: Assurance,
    /// What else it is held against.
    #[command(flatten)]
    pub by: ByPolicy,
    /// What it must not descend from.
    #[command(flatten)]
    pub excludes: Excludes,
    /// What was disclosed.
    #[command(flatten)]
    pub with: With,
    /// How new its checkpoint must be.
    #[command(flatten)]
    pub fresh: Fresh,
    /// Judge it as of then, even though you have accepted a checkpoint of more entries before
    #[arg(long)]
    pub older: bool,
}

/// Judges a bundle.
pub fn run(session: &Session, args: &Args) -> Result<Answer, Error> {
    let path = session.path(&args.file);
    let policy = args.by.read(session)?;
    let given = args.trust_root.as_ref();
    let given = given
        .map(|path| read_trust_root(&session.path(path)))
        .transpose()?;
    let unread = |source| unread(&path, source);
    let file = plain_file::open(&path).map_err(unread)?;
    let bar = Bar::new(session.ui.progress());
    let mut content = match &args.content {
        Some(folder) => Some(ContentFolder::at(&session.path(folder), &bar)?),
        None => None,
    };
    let opened = Bundle::open(io::BufReader::new(file));
    let root = root(session, given, opened.as_ref().ok())?;
    let place = Origin::parse(&root.origin).ok();
    let place = place.and_then(|origin| session.remembered(&origin));
    let known = place.as_ref().map(Remembered::note).transpose()?.flatten();
    let request = request(session, args, &root, known.as_deref())?;
    let note = opened.as_ref().map(|bundle| bundle.checkpoint().to_vec());
    let note = note.unwrap_or_default();
    let (judgement, counts) = match opened {
        Ok(mut bundle) => (judge(&mut bundle, &request, content.as_mut())?, bundle.counts()),
        Err(BundleError::Io(source)) => return Err(unread(source)),
        Err(error) => (unreadable(request, error), (0, 0)),
    };
    bar.done();
    let judgement = held_against(policy.as_ref(), judgement);
    let (entries, blobs) = counts;
    let kept = keep(place.as_ref(), &root, judgement.get(), &note, known.as_deref())?;
    let written = args.with.write(session, std::iter::once(judgement.get()))?;
    let file = args.file.display().to_string();
    let asked = if entries == 0 {
        file.clone()
    } else {
        judgement.get().name.clone()
    };
    let before = accepted_before(&root, known.as_deref());
    let is_older = before.as_ref().zip(judgement.get().checkpoint.as_ref());
    let is_older = is_older.is_some_and(|(known, judged)| known.size > judged.size);
    let next = advice(judgement.get(), place.as_ref(), &args.file, is_older);
    let mut answer = tell(session, asked, judgement, root);
    answer.text.push_str(TIME);
    answer.text.push('\n');
    if let Value::Object(members) = &mut answer.json {
        members.insert("schema".to_owned(), "herdbook/verify-bundle/v1".into());
        let bundle = json!({ "file": file, "entries": entries, "blobs": blobs });
        members.insert("bundle".to_owned(), bundle);
        let before = before.map(|known| before_json(&known, is_older));
        members.insert("accepted_before".to_owned(), before.unwrap_or(Value::Null));
        members.insert("time".to_owned(), json!({ "not_after": null, "basis": "none" }));
    }
    answer.notes.extend(next);
    answer.notes.extend(kept);
    answer.notes.extend(written);
    answer.notes.push(format!(
        "Judged from what the bundle holds alone: {entries} of the log's entries, and {}.",
        counted(blobs, "file")
    ));
    Ok(answer)
}

fn before_json(known: &Checkpoint, is_older: bool) -> Value {
    json!({ "size": known.size.get(), "root": root_text(known), "newer_than_bundle": is_older })
}

fn unread(path: &Path, source: io::Error) -> Error {
    Error::new(Exit::Failure, format!("{} cannot be read", path.display()))
        .because(source)
        .code(ErrorCode::FileMissing)
}

/// Makes the request for what a bundle is about.
fn request(session: &Session, args: &Args, root: &TrustRoot, known: Option<&[u8]>) -> Result<Request, Error> {
    Ok(Request {
        content: args.content.is_some(),
        require: args.require,
        disclosures: args.with.read(session)?,
        descent: args.by.policy.is_some(),
        remembered: known.map(<[u8]>::to_vec),
        older: args.older,
        newer: args.fresh.newer(session)?,
        min_size: args.fresh.min_size(),
        excludes: args.excludes.in_bundle(session)?,
        ..Request::of(Trust::Pinned(root.clone()))
    })
}

/// The checkpoint that was accepted before, where it counts.
fn accepted_before(root: &TrustRoot, known: Option<&[u8]>) -> Option<Checkpoint> {
    let key = LogKey::parse_vkey(&root.log_key).ok()?;
    Checkpoint::open(known?, &key).ok()
}

/// What to type about a bundle that does not go with what was accepted before.
fn advice(judgement: &Judgement, place: Option<&Remembered>, file: &Path, is_older: bool) -> Option<String> {
    let known = place?.path().display();
    if judgement.has(Code::Forked) {
        return Some(format!(
            "Keep {known} and {file}, and rely on neither: `herdbook log equivocation {known} CHECKPOINT -o FILE`, with the member `checkpoint` of the bundle, makes a proof that \
             anybody can check; two sizes take the ledger of the larger one.",
            file = file.display()
        ));
    }
    (is_older && judgement.has(Code::CheckpointTooOld)).then(|| {
        format!(
            "Ask for a newer bundle, or judge it as of then with --older. What you accepted is in {known}."
        )
    })
}

/// Remembers the checkpoint of a bundle in which nothing is false; returns what to tell.
fn keep(
    place: Option<&Remembered>,
    root: &TrustRoot,
    judgement: &Judgement,
    note: &[u8],
    known: Option<&[u8]>,
) -> Result<Option<String>, Error> {
    let sound = judgement.checkpoint.is_some()
        && !judgement.has(Code::ConsistencyNotShown)
        && judgement.verdict != Verdict::Tampered;
    let (Some(place), Ok(key), true) = (place, LogKey::parse_vkey(&root.log_key), sound) else {
        return Ok(None);
    };
    match place.keep_after(note, &key, known) {
        Ok(()) => Ok(None),
        Err(error @ RememberedError::Io { .. }) => Ok(Some(not_kept(&error))),
        Err(error) => Err(error.into()),
    }
}

/// What is known of the time of a checkpoint that nobody but the log signed.
const TIME: &str = "The time of the checkpoint is not known: no witness signed it, and the log states none.";

fn judge(
    bundle: &mut Bundle<io::BufReader<File>>,
    request: &Request,
    mut content: Option<&mut ContentFolder<'_>>,
) -> Result<Verified<Judgement>, Error> {
    let ask = |artifacts, checkpoint| Request {
        artifacts,
        checkpoint,
        ..request.clone()
    };
    let mut failed: Option<ContentError> = None;
    let judged = bundle.judge(&ask, &mut |query| match &mut content {
        Some(folder) => folder.find(query).unwrap_or_else(|error| {
            failed.get_or_insert(error);
            Given::Missing
        }),
        None => Given::Missing,
    });
    if let Some(error) = failed {
        return Err(error.into());
    }
    judged.map_err(|source| Error::new(Exit::Failure, "the bundle cannot be read").because(source))
}

/// A file that is no bundle has a verdict all the same: whoever was handed it must not take it for one.
fn unreadable(request: Request, error: BundleError) -> Verified<Judgement> {
    let code = if error.is_incomplete() {
        Code::BundleIncomplete
    } else {
        Code::BundleMalformed
    };
    let why = Error::new(Exit::Tampered, "the bundle cannot be read").because(error);
    Verifier::unreadable(request, code, why.whole())
}

/// Returns the trust root that was given, else the pinned one for the origin that the bundle claims.
fn root(
    session: &Session,
    given: Option<TrustRoot>,
    bundle: Option<&Bundle<io::BufReader<File>>>,
) -> Result<TrustRoot, Error> {
    if let Some(root) = given {
        return Ok(root);
    }
    // Nothing of it is believed: it only tells which pin to look for.
    let note = bundle.map(|bundle| String::from_utf8_lossy(bundle.checkpoint()).into_owned());
    let origin = note.and_then(|note| Origin::parse(note.lines().next()?).ok());
    let pinned = match &origin {
        Some(origin) => session.pin(origin)?,
        None => None,
    };
    pinned.ok_or_else(|| {
        Error::new(Exit::Usage, "no trust root says which ledger is meant")
            .code(ErrorCode::TrustRootNeeded)
            .hint("give --trust-root FILE: the file that the ledger's operator handed to you, or published, by another way than the bundle")
    })
}
