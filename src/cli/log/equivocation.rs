//! `herdbook log equivocation`: that the holder of a log key signed two histories, or a seal that is not true, as a file
//! that anybody can check.

use std::path::Path;
use std::path::PathBuf;

use serde_json::json;

use crate::checkpoint::Checkpoint;
use crate::checkpoint::Conflict;
use crate::checkpoint::EQUIVOCATION_BYTES_MAX;
use crate::checkpoint::Equivocation;
use crate::checkpoint::EquivocationError;
use crate::checkpoint::LogKey;
use crate::checkpoint::Shown;
use crate::checkpoint::root_text;
use crate::cli::code::ErrorCode;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::fresh::read_limited;
use crate::cli::home::write_new;
use crate::cli::json::checkpoint;
use crate::cli::session::Session;
use crate::cli::ui::Answer;
use crate::cli::ui::put;
use crate::false_seal::FALSE_SEAL_BYTES_MAX;
use crate::false_seal::FalseSeal;

use super::seal;
use super::signed::Signed;
use super::signed::Whose;

/// Arguments of `log equivocation`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exits 20 where two histories or a false seal are shown, and 1 where nothing is: two honest checkpoints are \
                  refused. Two sizes take the ledger of the larger one (--ledger); two roots of one size take nothing else. \
                  --seal takes the ledger whose seals are looked at."
)]
pub struct Args {
    /// A signed checkpoint
    #[arg(value_name = "A", required_unless_present_any = ["check", "seal"], conflicts_with_all = ["check", "seal"])]
    a: Option<PathBuf>,
    /// Another one of the same log
    #[arg(value_name = "B", required_unless_present_any = ["check", "seal"], conflicts_with_all = ["check", "seal"])]
    b: Option<PathBuf>,
    /// Write the proof to this new file; `-` is standard output
    #[arg(
        short,
        long,
        value_name = "FILE",
        required_unless_present = "check",
        conflicts_with = "check"
    )]
    output: Option<PathBuf>,
    /// Look for a seal of the ledger at hand that is not true, instead of comparing two checkpoints
    #[arg(long, conflicts_with = "check")]
    seal: bool,
    /// Check this proof instead, with no ledger
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
    #[command(flatten)]
    whose: Whose,
}

/// Makes a proof, or checks one.
pub fn run(session: &Session, args: &Args) -> Result<Answer, Error> {
    match (&args.check, &args.a, &args.b, &args.output) {
        (Some(file), ..) => check(session, args, file),
        (None, _, _, Some(output)) if args.seal => {
            let (text, answer) = seal::make(session, &args.whose)?;
            written(session, text, answer, output)
        }
        (None, Some(a), Some(b), Some(output)) => make(session, args, (a, b), output),
        // The arguments are declared so that one of the two is there.
        _ => {
            Err(Error::new(Exit::Usage, "there is nothing to show").hint("herdbook log equivocation --help"))
        }
    }
}

fn make(session: &Session, args: &Args, (a, b): (&Path, &Path), output: &Path) -> Result<Answer, Error> {
    let (a, b) = (Signed::read(session, a)?, Signed::read(session, b)?);
    let key = args.whose.known_key(session, a.claimed_origin().as_ref())?;
    let (first, second) = (a.open(&key)?, b.open(&key)?);
    let ((a, first), (b, second)) = if first.size <= second.size {
        ((a, first), (b, second))
    } else {
        ((b, second), (a, first))
    };
    let conflict = if first.size == second.size {
        Conflict::SameSize
    } else {
        prefix(session, &key, &first, (&b, &second))?
    };
    let made = Equivocation {
        log: key.clone(),
        conflict,
        first: a.note,
        second: b.note,
    };
    let shown = made.check(&key).map_err(|source| match source {
        EquivocationError::Consistent => Error::new(
            Exit::Failure,
            "these two are consistent: one history can have both, and nothing is shown",
        )
        .code(ErrorCode::Consistent),
        source => Error::new(Exit::Tampered, "the ledger at hand proves nothing")
            .because(source)
            .hint("run `herdbook fsck`"),
    })?;
    written(
        session,
        made.encode(),
        answer(&made, &shown, Vouched::Given),
        output,
    )
}

/// Writes a proof to where it was asked for, and returns the answer.
fn written(session: &Session, text: String, mut answer: Answer, output: &Path) -> Result<Answer, Error> {
    if output.as_os_str() == "-" {
        answer.text = text;
    } else {
        write_new(&session.path(output), text.as_bytes())?;
        answer.notes.push(format!(
            "wrote the proof to {}: `herdbook log equivocation --check FILE` checks it anywhere",
            output.display()
        ));
    }
    Ok(answer)
}

/// Shows which root the first entries of the larger tree have, from the ledger in which that was published.
fn prefix(
    session: &Session,
    key: &LogKey,
    first: &Checkpoint,
    (b, second): (&Signed, &Checkpoint),
) -> Result<Conflict, Error> {
    let ledger = session.open()?;
    let reader = ledger.reader();
    let whole = reader.checkpoint();
    let holds_it =
        *reader.key() == *key && second.size <= whole.size && reader.root_at(second.size)? == second.root;
    if !holds_it {
        return Err(Error::new(
            Exit::Failure,
            format!(
                "the ledger at hand ({} entries) does not hold the tree of {}, so it cannot say with which entries that begins",
                whole.size,
                b.shown()
            ),
        )
        .code(ErrorCode::ProvesNothing)
        .hint(format!(
            "give the copy in which {} was published with --ledger DIR, or compare it with the checkpoint of the ledger at \
             hand, log/checkpoint",
            b.shown()
        )));
    }
    Ok(Conflict::Prefix {
        root: reader.root_at(first.size)?,
        path: reader.prove_consistency_between(first.size, second.size)?,
    })
}

fn check(session: &Session, args: &Args, path: &Path) -> Result<Answer, Error> {
    let bytes = read_limited(
        &session.path(path),
        FALSE_SEAL_BYTES_MAX.max(EQUIVOCATION_BYTES_MAX),
        "a file that `herdbook log equivocation` wrote",
    )?;
    if FalseSeal::is_said_to_be(&bytes) {
        return seal::check(session, &args.whose, path, &bytes);
    }
    let nothing = |source: EquivocationError| {
        Error::new(
            Exit::Failure,
            format!("{} proves nothing against anybody", path.display()),
        )
        .because(source)
        .code(ErrorCode::ProvesNothing)
    };
    let proof = Equivocation::decode(&bytes).map_err(nothing)?;
    let known = args.whose.key(session, Some(proof.log.origin()))?;
    let vouched = Vouched::of(known.as_ref());
    let shown = proof
        .check(known.as_ref().unwrap_or(&proof.log))
        .map_err(nothing)?;
    Ok(answer(&proof, &shown, vouched))
}

/// On whose word the key is the log's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vouched {
    /// A trust root, a pin or an option.
    Given,
    /// Only the file itself.
    ByFile,
}

impl Vouched {
    /// Returns on whose word it is, given the key that is known from elsewhere.
    pub const fn of(known: Option<&LogKey>) -> Self {
        match known {
            Some(_) => Self::Given,
            None => Self::ByFile,
        }
    }

    /// Returns what to tell people of it.
    pub fn note(self) -> Option<String> {
        (self == Self::ByFile).then(|| {
            "Only the file says that this is the key of that log: compare it with the `log_key` of a trust root, or give \
             --trust-root FILE."
                .to_owned()
        })
    }
}

fn answer(proof: &Equivocation, shown: &Shown, vouched: Vouched) -> Answer {
    let (first, second) = (&shown.first, &shown.second);
    let mut text = format!(
        "equivocation: whoever holds the log key of {} signed two histories\n  \
         log key  {}\n  first    {} entries, root {}\n  second   {} entries, root {}\n",
        first.origin,
        proof.log.to_vkey(),
        first.size,
        root_text(&first.root),
        second.size,
        root_text(&second.root)
    );
    if let Conflict::Prefix { .. } = proof.conflict {
        put(
            &mut text,
            format_args!(
                "  the first {} entries of the second have the root {}\n",
                first.size,
                root_text(&shown.prefix)
            ),
        );
    }
    text.push_str(
        "Both signatures verify, and no log can have both roots. It does not say which history is true, nor who holds the key.\n",
    );
    Answer {
        text,
        json: json!({
            "schema": "herdbook/log-equivocation/v1",
            "equivocation": true,
            "kind": proof.conflict.kind(),
            "log_key": proof.log.to_vkey(),
            "log_key_known": vouched == Vouched::Given,
            "first": checkpoint(first),
            "second": checkpoint(second),
            "prefix": root_text(&shown.prefix),
        }),
        notes: vouched.note().into_iter().collect(),
        exit: Exit::Tampered,
    }
}
