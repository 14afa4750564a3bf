//! `herdbook prove`: one file that shows that a node is in the log, and the check of such a file without a ledger.

use std::fs;
use std::io;
use std::io::Read as _;
use std::path::Path;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args as ClapArgs;
use serde_json::Value;
use serde_json::json;

use crate::checkpoint::CheckpointError;
use crate::checkpoint::LogKey;
use crate::checkpoint::TlogProofError;
use crate::ledger::drive::published_note;
use crate::query::PROOF_BYTES_MAX;
use crate::query::Proof;
use crate::query::ProofError;
use crate::query::Proven;
use crate::query::ProvenArtifact;
use crate::query::ProvenRow;
use crate::query::prove;
use crate::rows::ROW_BYTES_MAX;
use crate::statement::Basis;
use crate::trust::TrustRoot;

use super::code::ErrorCode;
use super::error::Error;
use super::exit::Exit;
use super::home::read_trust_root;
use super::home::write_new;
use super::json::checkpoint;
use super::nodes::Asked;
use super::session::Session;
use super::ui::Answer;
use super::ui::in_line;
use super::ui::put;

/// What no proof says.
pub(super) const NOT_SAID: &str = "It does not say that the key was granted, that nothing speaks against the statement later, or that the statement \
                        is true: `herdbook verify` judges the lineage.";

/// Arguments of `prove`.
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// NAME, NAME/FILE, NAME@ENTRY, an hb: id or its beginning, sha256:HEX, or the path of a file
    #[arg(
        value_name = "NODE|PATH",
        required_unless_present = "check",
        conflicts_with = "check"
    )]
    pub node: Option<String>,
    /// Write the proof to this new file; `-` is standard output
    #[arg(short, long, value_name = "FILE", required_unless_present = "check")]
    pub output: Option<PathBuf>,
    /// Also write the proof that the entry is in the log to NAME.tlog-proof, as other tools read it (C2SP tlog-proof), and
    /// the entry itself to NAME.entry
    #[arg(long, value_name = "NAME", conflicts_with = "check")]
    pub tlog_proof: Option<PathBuf>,
    /// Check a proof instead, with a trust root and no ledger
    #[arg(long, value_name = "FILE", conflicts_with = "output")]
    pub check: Option<PathBuf>,
    /// With --check of a row: whether it is the one in this file, whose line end does not count
    #[arg(long, value_name = "FILE", requires = "check")]
    pub is_row: Option<PathBuf>,
    /// The trust root to check against [default: the pinned one]
    #[arg(long, value_name = "FILE")]
    pub trust_root: Option<PathBuf>,
}

/// Makes a proof, or checks one.
pub fn run(session: &Session, args: &Args) -> Result<Answer, Error> {
    let given = args.trust_root.as_deref();
    let given = given
        .map(|path| read_trust_root(&session.path(path)))
        .transpose()?;
    match (&args.check, &args.node, &args.output) {
        (Some(file), ..) => check(session, &session.path(file), args.is_row.as_deref(), given),
        (None, Some(node), Some(output)) => make(session, args, node, output, given),
        // The arguments are declared so that one of the two is there.
        _ => Err(Error::new(Exit::Usage, "there is nothing to prove").hint("herdbook prove --help")),
    }
}

fn make(
    session: &Session,
    args: &Args,
    node: &str,
    output: &Path,
    given: Option<TrustRoot>,
) -> Result<Answer, Error> {
    if node.starts_with("gap:") {
        return Err(Error::new(
            Exit::Failure,
            "a gap is no entry by itself: it is part of the statement that has it",
        )
        .hint("prove that statement: it is the `hb:` id between `gap:` and the `/`"));
    }
    let mut ledger = session.open_log()?;
    let checkpoint = published_note(&mut ledger)?;
    let asked = Asked::read(session, node)?;
    let view = ledger.view();
    let proof =
        prove(&view, &asked.text(&view)?, &checkpoint).map_err(|error| asked.explained(&view, error))?;
    // A proof that would not be accepted is not handed out.
    let own = TrustRoot::of(ledger.founding().id, &ledger.founding().genesis);
    let trusted = match given.clone() {
        Some(root) => Some(root),
        None => session.pin(&ledger.checkpoint().origin)?,
    };
    let proven = checked(&proof, &given.unwrap_or(own))?;
    let mut notes = session.accept(&ledger, &checkpoint, trusted.as_ref())?;
    notes.insert(0, NOT_SAID.to_owned());
    let bytes = proof.encode();
    let line = line(&proven);
    let files = files(&proven);
    let to_stdout = output.as_os_str() == "-";
    if !to_stdout {
        write_new(&session.path(output), &bytes)?;
    }
    if let Some(name) = &args.tlog_proof {
        let beside = |ending: &str| {
            let mut path = session.path(name).into_os_string();
            path.push(ending);
            PathBuf::from(path)
        };
        write_new(&beside(".tlog-proof"), proof.tlog_proof().as_bytes())?;
        write_new(&beside(".entry"), proof.entry())?;
        notes.push(format!(
            "wrote {0}.tlog-proof and {0}.entry, whose RFC 6962 leaf hash it proves",
            in_line(&name.display().to_string())
        ));
    }
    Ok(Answer {
        text: if to_stdout {
            // Canonical JSON is UTF-8.
            String::from_utf8_lossy(&bytes).into_owned()
        } else {
            format!(
                "{line}; proof in {}\n{files}",
                in_line(&output.display().to_string())
            )
        },
        json: value(&proven, &line),
        notes,
        exit: Exit::Ok,
    })
}

fn check(
    session: &Session,
    path: &Path,
    is_row: Option<&Path>,
    given: Option<TrustRoot>,
) -> Result<Answer, Error> {
    let shown = path.display().to_string();
    let proof = read(path).map_err(|source| {
        Error::new(Exit::Failure, format!("{shown} cannot be read"))
            .because(source)
            .code(ErrorCode::FileMissing)
            .hint("give the path of a file that `herdbook prove NODE -o FILE` wrote")
    })?;
    let proof = Proof::decode(&proof).map_err(|source| {
        Error::new(
            Exit::Tampered,
            format!("{shown} is not a proof, or not one any more"),
        )
        .because(source)
    })?;
    let pinned = match (given, proof.claimed_origin()) {
        (Some(root), _) => Some(root),
        (None, Some(origin)) => session.pin(&origin)?,
        (None, None) => None,
    };
    let Some(root) = pinned else {
        return Err(Error::new(
            Exit::Undecidable,
            format!("nothing says which log {shown} should be held against: no trust root is pinned for it"),
        )
        .hint("give --trust-root FILE, from somebody other than whoever gave you the proof"));
    };
    let proven = checked(&proof, &root)?;
    if let Some(file) = is_row {
        compare(&proven, &session.path(file))?;
    }
    let key = LogKey::parse_vkey(&root.log_key).map_err(|source| {
        Error::new(Exit::Failure, "the log key of the trust root is not one").because(source)
    })?;
    let mut notes = session.hold_alone(proof.checkpoint_note(), &key)?;
    notes.insert(0, NOT_SAID.to_owned());
    let line = checked_line(&proven);
    let (more, exit) = match stated(&proven) {
        Some(row) => (beyond(&proven, row), Exit::Undecidable),
        None => (String::new(), Exit::Ok),
    };
    Ok(Answer {
        text: format!("{line}\n{}{more}", files(&proven)),
        json: value(&proven, &line),
        notes,
        exit,
    })
}

/// Returns the row, if its root is somebody's word: a proof cannot show that such a root is of the file.
pub(super) fn stated(proven: &Proven) -> Option<&ProvenRow> {
    let row = proven.row.as_ref().map(|(_, row)| row);
    row.filter(|row| row.root_basis == Basis::Given)
}

/// Says what a root that was stated leaves open.
fn beyond(proven: &Proven, row: &ProvenRow) -> String {
    let sha256 = match (&proven.member, &proven.row) {
        (Some((_, member)), _) => Some(member.sha256),
        (None, Some((of, _))) => usize::try_from(of.subject)
            .ok()
            .and_then(|subject| proven.artifacts().get(subject)?.sha256),
        (None, None) => None,
    };
    let sha256 = sha256.map_or_else(String::new, |sha256| format!(" with sha256 {sha256}"));
    format!(
        "  the row stands under the row root that was stated; nothing here shows that this root is of the file{sha256}: \
         Herdbook did not compute it from the bytes\n  check the file itself, where it and the ledger are at hand, with \
         `herdbook rows prove FILE --row {} -o NEW`\n",
        row.number
    )
}

/// Holds the row that is proved against one that lies beside the proof.
fn compare(proven: &Proven, path: &Path) -> Result<(), Error> {
    let shown = in_line(&path.display().to_string());
    let Some((_, row)) = &proven.row else {
        return Err(Error::new(Exit::Usage, "the proof is not about a row").code(ErrorCode::OptionInvalid));
    };
    let failed = |source| {
        Error::new(Exit::Failure, format!("{shown} cannot be read"))
            .because(source)
            .code(ErrorCode::FileMissing)
    };
    // One byte more than a row and its line end may have is no row any more.
    let limit = (ROW_BYTES_MAX + 3) as u64;
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(failed)?;
    file.take(limit).read_to_end(&mut bytes).map_err(failed)?;
    let text = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    match row.is(text.strip_suffix(b"\r").unwrap_or(text)) {
        Some(true) => Ok(()),
        Some(false) => Err(Error::new(
            Exit::NotTraced,
            format!("the row that is proved is not the one in {shown}"),
        )),
        None => Err(Error::new(
            Exit::Undecidable,
            format!("nobody can tell whether the row that is proved is the one in {shown}: the tree is keyed, and the proof does not show the row"),
        )
        .hint("ask for a proof with the row in it")),
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() || metadata.len() > PROOF_BYTES_MAX as u64 {
        return Err(io::Error::other(format!(
            "it is no file of at most the PROOF_BYTES_MAX of {PROOF_BYTES_MAX} bytes"
        )));
    }
    fs::read(path)
}

/// Checks a proof against a trust root.
pub(super) fn checked(proof: &Proof, root: &TrustRoot) -> Result<Proven, Error> {
    proof.check(root).map_err(|source: ProofError| match source {
        // Whoever checks mixed up two files; nobody forged anything.
        ProofError::Log(TlogProofError::Checkpoint(CheckpointError::OtherOrigin { expected, actual })) => {
            Error::new(
                Exit::Undecidable,
                format!(
                    "this trust root is for the ledger {expected}, and the proof is of the ledger {actual}"
                ),
            )
            .hint(format!("give the trust root of {}", in_line(actual.as_str())))
        }
        source => Error::new(Exit::Tampered, "the proof does not hold").because(source),
    })
}

/// Says in one line what is proved, of a row by whoever has the file.
pub(super) fn line(proven: &Proven) -> String {
    told(proven, "proved: ", ", in ")
}

/// Says in one line what the proof alone shows.
fn checked_line(proven: &Proven) -> String {
    if stated(proven).is_some() {
        return told(
            proven,
            "not proved of the file: ",
            ", under the row root that was stated for ",
        );
    }
    line(proven)
}

fn told(proven: &Proven, word: &str, row_in: &str) -> String {
    let name = proven
        .statement
        .predicate
        .name()
        .map(|name| in_line(name.as_str()));
    let kind = proven.statement.predicate.kind();
    let statement = name.map_or_else(|| kind.to_owned(), |name| format!("{kind} {name}"));
    let what = match (&proven.member, proven.artifacts().as_slice()) {
        (Some((reference, member)), _) => format!(
            "{} with sha256 {} is {reference} of {statement}, which",
            in_line(&member.name),
            member.sha256
        ),
        (None, [only]) => format!(
            "{} is hb:{}/0 of {statement}, which",
            with_digest(only, " with "),
            proven.id
        ),
        (None, several) if proven.row.is_some() => {
            let of = proven.row.as_ref().map(|(reference, _)| reference);
            let only = of.and_then(|of| several.get(usize::try_from(of.subject).ok()?).zip(Some(of)));
            only.map_or_else(String::new, |(only, of)| {
                format!("{} is {of} of {statement}, which", with_digest(only, " with "))
            })
        }
        _ => format!("{statement} (hb:{})", proven.id),
    };
    let row = proven.row.as_ref().map_or_else(String::new, |(_, row)| {
        let keyed = if row.keyed { ", by a keyed root" } else { "" };
        format!("row {} of {}{keyed}{row_in}", row.number, row.rows)
    });
    format!(
        "{word}{row}{what} is entry {} of {}, signed by {}, under the checkpoint of {} entries",
        proven.entry, proven.checkpoint.origin, proven.statement.issuer, proven.checkpoint.size
    )
}

/// How many artifacts are told in words; JSON has all.
const ARTIFACTS_SHOWN: usize = 50;

/// Says which files a statement has where one line cannot.
fn files(proven: &Proven) -> String {
    let artifacts = proven.artifacts();
    if let Some((_, row)) = &proven.row {
        return content(row);
    }
    if proven.member.is_some() || artifacts.len() < 2 {
        return String::new();
    }
    let mut text = format!("  it has {} artifacts:\n", artifacts.len());
    for artifact in artifacts.iter().take(ARTIFACTS_SHOWN) {
        put(&mut text, format_args!("  {}\n", with_digest(artifact, "  ")));
    }
    if artifacts.len() > ARTIFACTS_SHOWN {
        let more = artifacts.len() - ARTIFACTS_SHOWN;
        put(
            &mut text,
            format_args!("  ... and {more} more (--json lists all)\n"),
        );
    }
    text
}

/// How many characters of a row are told in words; JSON has all.
const ROW_CHARS_SHOWN: usize = 2_000;

fn content(row: &ProvenRow) -> String {
    let Some(content) = &row.content else {
        return format!("  the row itself is not in the proof; its leaf is {}\n", row.leaf);
    };
    let text = String::from_utf8_lossy(content);
    let shown: String = text.chars().take(ROW_CHARS_SHOWN).collect();
    let more = if shown.len() < text.len() {
        " ... (--json has all)"
    } else {
        ""
    };
    format!("  {}{more}\n", in_line(&shown))
}

fn with_digest(artifact: &ProvenArtifact, between: &str) -> String {
    let name = in_line(&artifact.name);
    match (artifact.sha256, artifact.members) {
        (None, _) => format!("{name}, without bytes,"),
        (Some(sha256), None) => format!("{name}{between}sha256 {sha256}"),
        (Some(sha256), Some(members)) => {
            format!("{name}{between}sha256 {sha256} (a manifest of {members} files)")
        }
    }
}

/// Returns what is proved as a value.
pub(super) fn value(proven: &Proven, line: &str) -> Value {
    let digest = |digest: crate::digest::Sha256Digest| digest.to_hex();
    json!({
        "schema": "herdbook/prove/v1",
        "line": line,
        "id": format!("hb:{}", proven.id),
        "kind": proven.statement.predicate.kind(),
        "name": proven.statement.predicate.name().map(ToString::to_string),
        "entry": proven.entry.get(),
        "issuer": proven.statement.issuer.to_hex(),
        "checkpoint": checkpoint(&proven.checkpoint),
        "artifacts": proven.artifacts().into_iter().map(|artifact| json!({
            "name": artifact.name, "sha256": artifact.sha256.map(digest), "members": artifact.members,
        })).collect::<Vec<Value>>(),
        "row": proven.row.as_ref().map(|(reference, row)| json!({
            "of": reference.to_string(),
            "number": row.number,
            "rows": row.rows,
            "keyed": row.keyed,
            "root_basis": row.root_basis.to_string(),
            "leaf": row.leaf.to_hex(),
            "content": row.content.as_ref().map(|content| STANDARD.encode(content)),
            "text": row.content.as_ref().and_then(|content| std::str::from_utf8(content).ok()),
        })),
        "member": proven.member.as_ref().map(|(reference, member)| json!({
            "id": reference.to_string(),
            "name": member.name,
            "sha256": member.sha256.to_hex(),
            "blake3": member.blake3.map(|blake3| blake3.to_hex()),
            "bytes": member.bytes,
            "rows": member.rows,
            "tokens": member.tokens,
        })),
    })
}
