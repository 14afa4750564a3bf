//! `herdbook log consistency`: that the log of one checkpoint goes on in another, and the proof as a file.

use std::path::Path;
use std::path::PathBuf;

use serde_json::json;

use crate::checkpoint::CONSISTENCY_BYTES_MAX;
use crate::checkpoint::Checkpoint;
use crate::checkpoint::CheckpointError;
use crate::checkpoint::ConsistencyError;
use crate::checkpoint::ConsistencyProof;
use crate::checkpoint::LogKey;
use crate::checkpoint::root_text;
use crate::cli::code::ErrorCode;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::fresh::read_limited;
use crate::cli::home::write_new;
use crate::cli::json::checkpoint;
use crate::cli::session::Session;
use crate::cli::ui::Answer;
use crate::digest::NodeHash;
use crate::ledger::drive::published_note;
use crate::log::LogReader;
use crate::merkle::TreeSize;
use crate::merkle::verify_consistency;

use super::signed::Signed;
use super::signed::Whose;

/// Arguments of `log consistency`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  herdbook log consistency march.checkpoint                       the ledger at hand goes on from it
  herdbook log consistency march.checkpoint -o april.consistency  the proof, for somebody without the ledger
  herdbook log consistency march.checkpoint --proof april.consistency --trust-root root.json")]
pub struct Args {
    /// The older checkpoint: its file, or a tree size
    #[arg(value_name = "OLD")]
    old: String,
    /// The newer checkpoint: its file, or a tree size [default: the published one]
    #[arg(value_name = "NEW")]
    new: Option<String>,
    /// Write the proof to this new file; `-` is standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Check this proof instead, with no ledger
    #[arg(long, value_name = "FILE", conflicts_with_all = ["new", "output"])]
    proof: Option<PathBuf>,
    #[command(flatten)]
    whose: Whose,
}

/// Shows consistency from the ledger at hand, or checks a proof of it.
pub fn run(session: &Session, args: &Args) -> Result<Answer, Error> {
    match &args.proof {
        Some(proof) => check(session, args, proof),
        None => make(session, args),
    }
}

/// One end: what was signed, or only a size.
enum End {
    Size(TreeSize),
    Signed(Signed),
}

impl End {
    fn read(session: &Session, text: &str) -> Result<Self, Error> {
        match text.parse() {
            Ok(size) => Ok(Self::Size(TreeSize::new(size))),
            Err(_) => Ok(Self::Signed(Signed::read(session, Path::new(text))?)),
        }
    }

    /// Returns the size, and the checkpoint if it was signed.
    fn open(&self, key: &LogKey) -> Result<(TreeSize, Option<Checkpoint>), Error> {
        match self {
            Self::Size(size) => Ok((*size, None)),
            Self::Signed(signed) => signed
                .open(key)
                .map(|checkpoint| (checkpoint.size, Some(checkpoint))),
        }
    }
}

fn a_ledger_is_at_hand(session: &Session) -> Result<(), Error> {
    if session.ledger_folder().is_err() {
        return Err(Error::new(
            Exit::NoLedger,
            "two checkpoints are compared by the ledger, or by a proof, and neither is at hand",
        )
        .hint("give the ledger with --ledger DIR, or ask for a proof and give it with --proof FILE"));
    }
    Ok(())
}

fn make(session: &Session, args: &Args) -> Result<Answer, Error> {
    a_ledger_is_at_hand(session)?;
    let mut ledger = session.open()?;
    let published = published_note(&mut ledger)?;
    let reader = ledger.reader();
    let key = args.whose.key(session, Some(&reader.checkpoint().origin))?;
    if key.is_some_and(|key| key != *reader.key()) {
        return Err(Error::new(
            Exit::Tampered,
            "the ledger at hand is not signed by the log key that is meant",
        )
        .hint("give the ledger of the trust root with --ledger DIR, or the trust root of this one"));
    }
    let old_end = End::read(session, &args.old)?;
    let new_end = args
        .new
        .as_ref()
        .map(|text| End::read(session, text))
        .transpose()?;
    let (old, old_signed) = old_end.open(reader.key())?;
    let (new, new_signed) = match &new_end {
        Some(end) => end.open(reader.key())?,
        None => (reader.checkpoint().size, Some(reader.checkpoint().clone())),
    };
    for (size, signed, text) in [
        (old, &old_signed, Some(&args.old)),
        (new, &new_signed, args.new.as_ref()),
    ] {
        within(reader, size, signed.as_ref(), text.map_or("", String::as_str))?;
    }
    if old > new {
        return Err(
            Error::new(Exit::Usage, format!("OLD has {old} entries, and NEW {new}"))
                .code(ErrorCode::OptionInvalid)
                .hint("write the older one first"),
        );
    }
    let old_root = root_of(reader, old, old_signed.as_ref(), &args.old)?;
    let new_root = root_of(
        reader,
        new,
        new_signed.as_ref(),
        args.new.as_deref().unwrap_or_default(),
    )?;
    let path = reader.prove_consistency_between(old, new)?;
    // A proof that would not be accepted is not handed out.
    verify_consistency((old, old_root), (new, new_root), &path).map_err(|source| {
        Error::new(Exit::Tampered, "the tiles of the ledger prove nothing")
            .because(source)
            .hint("run `herdbook fsck`")
    })?;
    let note = match new_end {
        Some(End::Signed(signed)) => Some(signed.note),
        _ if new == reader.checkpoint().size => Some(published),
        _ => None,
    };
    let found = Found {
        old: (old, old_root),
        new: Checkpoint {
            origin: reader.checkpoint().origin.clone(),
            size: new,
            root: new_root,
        },
        hashes: path.len(),
    };
    let mut answer = found.answer();
    if let Some(output) = &args.output {
        write(session, output, &mut answer, note, (old, path))?;
    }
    Ok(answer)
}

/// Refuses a size beyond the ledger at hand; that somebody signed it makes it a rollback.
fn within(reader: &LogReader, size: TreeSize, signed: Option<&Checkpoint>, text: &str) -> Result<(), Error> {
    let whole = reader.checkpoint();
    if size <= whole.size {
        return Ok(());
    }
    let told = format!(
        "the ledger at hand has {} entries, and {text} says {size}",
        whole.size
    );
    Err(match signed {
        None => Error::new(Exit::Failure, told).hint(format!("write a size up to {}", whole.size)),
        Some(_) => Error::new(Exit::Tampered, format!("the ledger was rolled back: {told}"))
            .code(ErrorCode::RolledBack)
            .hint(format!(
                "keep {text}, which the log key signed, and ask the operator for the ledger with all entries"
            )),
    })
}

/// Returns the root of the first entries; one that was signed must be the same.
fn root_of(
    reader: &LogReader,
    size: TreeSize,
    signed: Option<&Checkpoint>,
    text: &str,
) -> Result<NodeHash, Error> {
    let root = reader.root_at(size)?;
    match signed {
        Some(signed) if signed.root != root => Err(Error::new(
            Exit::Tampered,
            format!(
                "the ledger was forked: its first {size} entries have the root {}, and {text} signs the root {}",
                root_text(&root),
                root_text(&signed.root)
            ),
        )
        .code(ErrorCode::Forked)
        .hint(format!(
            "keep both: `herdbook log equivocation {text} LEDGER/log/checkpoint -o FILE` makes a proof that anybody can check"
        ))),
        _ => Ok(root),
    }
}

fn write(
    session: &Session,
    output: &Path,
    answer: &mut Answer,
    note: Option<Vec<u8>>,
    (old, path): (TreeSize, Vec<NodeHash>),
) -> Result<(), Error> {
    let note = note.ok_or_else(|| {
        Error::new(
            Exit::Failure,
            "a proof holds the newer checkpoint, and of that size none is published",
        )
        .hint("leave NEW out, or give the file of a signed checkpoint")
    })?;
    let text = ConsistencyProof {
        old,
        path,
        checkpoint: note,
    }
    .encode();
    if output.as_os_str() == "-" {
        answer.text = text;
        return Ok(());
    }
    write_new(&session.path(output), text.as_bytes())?;
    answer.notes.push(format!(
        "wrote the proof to {}; a C2SP witness takes it as it is",
        output.display()
    ));
    Ok(())
}

fn check(session: &Session, args: &Args, path: &Path) -> Result<Answer, Error> {
    let End::Signed(old) = End::read(session, &args.old)? else {
        return Err(Error::new(
            Exit::Usage,
            "a proof is held against a signed checkpoint, not against a size",
        )
        .code(ErrorCode::OptionInvalid)
        .hint("give the file of the older checkpoint"));
    };
    let key = args.whose.known_key(session, old.claimed_origin().as_ref())?;
    let old_checkpoint = old.open(&key)?;
    let shown = path.display();
    let bytes = read_limited(
        &session.path(path),
        CONSISTENCY_BYTES_MAX,
        "a file that `herdbook log consistency OLD -o FILE` wrote",
    )?;
    let proof = ConsistencyProof::decode(&bytes).map_err(|source| {
        Error::new(
            Exit::Tampered,
            format!("{shown} is not a proof, or not one any more"),
        )
        .because(source)
    })?;
    let new = proof
        .check(&old_checkpoint, &key)
        .map_err(|source| match source {
            ConsistencyError::OtherSize { .. }
            | ConsistencyError::Checkpoint(CheckpointError::OtherOrigin { .. }) => {
                Error::new(Exit::Undecidable, format!("{shown} is not about {}", old.shown())).because(source)
            }
            source => Error::new(Exit::Tampered, "the proof does not hold")
                .because(source)
                .hint("ask for the proof again; if the operator has no other one, the log was forked"),
        })?;
    let found = Found {
        old: (old_checkpoint.size, old_checkpoint.root),
        new,
        hashes: proof.path.len(),
    };
    Ok(found.answer())
}

/// What was shown.
struct Found {
    old: (TreeSize, NodeHash),
    new: Checkpoint,
    hashes: usize,
}

impl Found {
    fn answer(&self) -> Answer {
        let (size, root) = self.old;
        Answer {
            text: format!(
                "consistent: {} went on from {size} entries (root {}) to {} entries (root {}); {} it\n",
                self.new.origin,
                root_text(&root),
                self.new.size,
                root_text(&self.new.root),
                match self.hashes {
                    1 => "1 hash shows".to_owned(),
                    more => format!("{more} hashes show"),
                }
            ),
            json: json!({
                "schema": "herdbook/log-consistency/v1",
                "consistent": true,
                "old": { "origin": self.new.origin.as_str(), "size": size.get(), "root": root_text(&root) },
                "new": checkpoint(&self.new),
                "hashes": self.hashes,
            }),
            notes: Vec::new(),
            exit: Exit::Ok,
        }
    }
}
