//! `herdbook notice`: statements that take something back, correct it or resolve a gap.
//!
//! | file | does |
//! |---|---|
//! | `take_back` | `withdraw`, `recall` |
//! | `stand_in` | `correct`, `supersede` |
//! | `resolve` | `resolve` |

mod resolve;
mod stand_in;
mod take_back;

use std::path::PathBuf;
use std::time::Duration;

use clap::Subcommand;
use serde_json::Value;
use serde_json::json;

use crate::digest::KeyId;
use crate::digest::StatementId;
use crate::ledger::Ledger;
use crate::ledger::Signers;
use crate::ledger::View;
use crate::ledger::notices;
use crate::query::Place;
use crate::statement::ArtifactRef;
use crate::statement::INLINE_MAX;
use crate::statement::Notice;
use crate::statement::Predicate;
use crate::statement::Reaches;
use crate::statement::check_text;

use super::code::ErrorCode;
use super::error::Error;
use super::exit::Exit;
use super::impact;
use super::nodes::Asked;
use super::session::Session;
use super::surroundings::Nonces;
use super::ui::Answer;
use super::ui::in_line;
use super::ui::put;
use super::ui::short_id;

/// Arguments of `notice`.
#[derive(Debug, clap::Args)]
pub struct Verb {
    #[command(subcommand)]
    command: Command,
}

/// The verbs of `notice`.
#[derive(Debug, Subcommand)]
enum Command {
    /// Take back something you gave or made: what uses it after that, or at all, is `not_permitted`
    Withdraw(take_back::Args),
    /// Call back something you are responsible for; the same effects as `withdraw`
    Recall(take_back::Args),
    /// Put something in the place of what was declared wrongly about the same content
    #[command(after_help = "\
Example:
  herdbook notice correct seed-tasks@3 --by seed-tasks@9 --reason \"the licence was wrong\"")]
    Correct(stand_in::Args),
    /// Say that there is a newer one; verdicts only tell it
    #[command(after_help = "\
Example:
  herdbook notice supersede seed-tasks --by seed-tasks-2026 --reason \"collected anew\"")]
    Supersede(stand_in::Args),
    /// Declare what a gap with a digest was
    Resolve(resolve::Args),
}

/// How to append.
#[derive(Debug, clap::Args)]
struct How {
    /// Why, in your words; it stands in the log for ever
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Only tell what would be done
    #[arg(long)]
    dry_run: bool,
    /// Wait this long for another process that is appending
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    lock_wait: u64,
    /// Sign with the key in this file
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

/// Appends a notice.
pub fn run(session: &Session, args: &Verb) -> Result<Answer, Error> {
    match &args.command {
        Command::Withdraw(args) => take_back::run(session, args, crate::statement::NoticeKind::Withdraw),
        Command::Recall(args) => take_back::run(session, args, crate::statement::NoticeKind::Recall),
        Command::Correct(args) => stand_in::run(session, args, crate::statement::NoticeKind::Correct),
        Command::Supersede(args) => stand_in::run(session, args, crate::statement::NoticeKind::Supersede),
        Command::Resolve(args) => resolve::run(session, args),
    }
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(Exit::Failure, message).code(ErrorCode::NoticeInvalid)
}

/// Finds the artifacts that NODE means.
fn artifacts(session: &Session, ledger: &Ledger, text: &str) -> Result<Vec<ArtifactRef>, Error> {
    let view = ledger.view();
    let mut found = Vec::new();
    for place in Asked::read(session, text)?.nodes(&view)? {
        match place {
            Place::Artifact(artifact) => found.push(artifact),
            Place::Run(_) | Place::Gap(..) => {
                let told = in_line(text);
                return Err(invalid(format!(
                    "`{told}` is a run, and a notice is about what a run put out"
                ))
                .hint(format!("run `herdbook show {told}` to see its outputs")));
            }
        }
    }
    if found.len() > INLINE_MAX {
        return Err(invalid(format!(
            "`{}` means {} artifacts, and one notice names {INLINE_MAX} at most",
            in_line(text),
            found.len()
        ))
        .hint("write one notice for each file, as NAME/FILE"));
    }
    Ok(found)
}

/// What came of a notice.
struct Done {
    /// What it says, for people: `entry 12` or what would be done.
    text: String,
    /// The members that every notice has in JSON.
    json: Value,
    /// Whether the key has a say about anything that the notice names.
    has_effect: bool,
    notes: Vec<String>,
}

/// Checks a notice and appends it, unless it is only to be told.
fn append(session: &Session, ledger: &mut Ledger, notice: Notice, how: &How) -> Result<Done, Error> {
    if let Some(reason) = &how.reason {
        check_text(reason).map_err(|source| {
            Error::new(Exit::Usage, "`--reason` is not a text")
                .because(source)
                .code(ErrorCode::OptionInvalid)
        })?;
    }
    if let Some(error) = notices::check(&ledger.view(), &notice)? {
        return Err(invalid("the notice would have no effect").because(error));
    }
    let signers = session.signers(ledger, how.key.as_deref())?;
    let notice = Notice {
        reason: how.reason.clone(),
        ..notice
    };
    let notice = as_before(&ledger.view(), notice, &signers)?;
    let (mut notes, has_effect) = without_say(ledger, &notice, &signers)?;
    let about = json!({
        "schema": "herdbook/notice/v1",
        "change": notice.change.to_string(),
        "targets": notice.targets.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "gap": notice.gap.map(|gap| gap.to_string()),
        "by": notice.by.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "effect": notice.effect.map(|effect| effect.to_string()),
        "reason": how.reason,
        "states": notice.reaches.as_ref().map(impact::stated),
        "dry_run": how.dry_run,
        "has_say": notes.is_empty(),
    });
    if how.dry_run {
        notes.push("Nothing was appended.".to_owned());
        return Ok(Done {
            text: String::new(),
            json: about,
            has_effect,
            notes,
        });
    }
    let mut nonces = Nonces::new()?;
    let wait = Duration::from_secs(how.lock_wait);
    let predicate = Predicate::Notice(notice);
    let appended = ledger.append_statement(predicate, Vec::new(), &signers, wait, &mut || nonces.draw())?;
    notes.extend(Session::kept_notes(ledger));
    let id = format!("hb:{}", appended.id);
    let mut json = about;
    put_in(&mut json, "id", id.clone().into());
    put_in(&mut json, "entry", appended.entry.get().into());
    put_in(&mut json, "already_present", appended.already_present.into());
    put_in(&mut json, "tree_size", ledger.checkpoint().size.get().into());
    let mut text = String::new();
    let already = if appended.already_present {
        ", as it was before"
    } else {
        ""
    };
    put(
        &mut text,
        format_args!("{} at entry {}{already}", short_id(&id), appended.entry),
    );
    Ok(Done {
        text,
        json,
        has_effect,
        notes,
    })
}

/// Puts in what the same notice by the same key stated before, if that is still all it reaches: then it is the same
/// statement, and not another one.
fn as_before(view: &View<'_>, notice: Notice, signers: &Signers) -> Result<Notice, Error> {
    let (Some(now), Some(first)) = (notice.reaches, notice.targets.first()) else {
        return Ok(notice);
    };
    let issuer = KeyId::of_public_key(&signers.issuer.public_key());
    for earlier in notices::notices_about(view, first.statement)? {
        let Some(stated) = earlier.notice.reaches.filter(|_| earlier.issuer == issuer) else {
            continue;
        };
        let same = Notice {
            reaches: Some(stated),
            ..notice.clone()
        };
        let unchanged = Reaches {
            size: now.size,
            ..stated
        };
        if same == earlier.notice && unchanged == now {
            return Ok(same);
        }
    }
    Ok(notice)
}

impl Done {
    /// Returns the line about the notice, where it has an effect; else that it has none, and why.
    fn told(&self, how: &How, would: &str, does: &str) -> String {
        match (self.has_effect, how.dry_run) {
            (true, true) => format!("{would}\n"),
            (true, false) => format!("{does}: {}\n", self.text),
            (false, true) => format!("a notice would be recorded, without effect: {NO_SAY}\n"),
            (false, false) => format!("a notice was recorded, without effect: {NO_SAY}: {}\n", self.text),
        }
    }
}

/// Why a notice changes nothing.
const NO_SAY: &str = "the key is neither the signer's, the holder's nor an owner's";

fn put_in(json: &mut Value, key: &str, value: Value) {
    if let Value::Object(members) = json {
        members.insert(key.to_owned(), value);
    }
}

/// Tells what a key has no say about, and whether it has one about anything.
fn without_say(ledger: &Ledger, notice: &Notice, signers: &Signers) -> Result<(Vec<String>, bool), Error> {
    let key = crate::key::PublicKey::from_bytes(&signers.issuer.public_key())
        .map_err(|source| Error::new(Exit::KeyUnusable, "the key cannot be used").because(source))?;
    let mut statements: Vec<StatementId> = notice.targets.iter().map(|target| target.statement).collect();
    statements.dedup();
    let all = statements.len();
    let mut notes = Vec::new();
    for id in statements {
        let Some(facts) = ledger.index().facts(id).map_err(crate::query::QueryError::from)? else {
            continue;
        };
        let (_, target) = ledger.entry(facts.entry)?;
        if !notices::has_say(ledger, key.id(), &target) {
            let name = target
                .predicate
                .name()
                .map_or_else(|| id.to_hex(), ToString::to_string);
            notes.push(format!(
                "This key has no say about {}: it neither signed it, nor is it granted for the holder it names, nor an \
                 owner's. The notice is shown and changes nothing about it.",
                in_line(&name)
            ));
        }
    }
    // A gap is resolved by the key that signed it, which is asked for elsewhere.
    let has_effect = all == 0 || notes.len() < all;
    Ok((notes, has_effect))
}
