//! `herdbook key grant`: lets a key sign some kinds of statements.

use clap::Args as ClapArgs;
use serde_json::json;

use crate::cli::code::ErrorCode;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::session::Session;
use crate::cli::ui::Answer;
use crate::cli::ui::in_line;
use crate::statement::Does;
use crate::statement::EVERY_KIND;
use crate::statement::KeyChange;
use crate::statement::KeyChangeKind;
use crate::statement::Word as _;
use crate::statement::check_text;

use super::change::How;
use super::change::empty;
use super::change::propose;
use super::change::with;
use super::named::given;
use super::named::public_json;
use super::named::short;

/// Kinds that can be granted, besides runs of one sort.
const KINDS: [&str; 12] = [
    EVERY_KIND,
    "source",
    "prompt",
    "filter",
    "model",
    "run",
    "dataset",
    "release",
    "report",
    "observation",
    "notice",
    "key:affirm",
];

/// Arguments of `key grant`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  herdbook key grant vendor.pub --kinds source --holder 'Example Data Ltd'
  herdbook key grant 19bf44096984... --kinds run:train,release

Kinds: source, prompt, filter, model, run, dataset, release, report, observation, notice, key:affirm, * for all, and
run:train or another word after run: for runs of one sort. What a key signs about data of its holder is vouched.")]
pub struct Args {
    /// The public key: 64 digits, a line or file of OpenSSH (.pub), a public PEM, or a key file
    #[arg(value_name = "PUBLIC")]
    public: String,
    /// What it may sign, with commas between
    #[arg(long, value_name = "KIND", value_delimiter = ',', required = true, value_parser = kind)]
    kinds: Vec<String>,
    /// The holder of rights that it speaks for
    #[arg(long, value_name = "NAME")]
    holder: Option<String>,
    /// Why, in your words
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    how: How,
}

fn kind(text: &str) -> Result<String, String> {
    let run = text
        .strip_prefix("run:")
        .is_some_and(|does| Does::WORDS.contains(&does));
    if run || KINDS.contains(&text) {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "write one of {}, or run:DOES with one of {}",
            KINDS.join(", "),
            Does::WORDS.join(", ")
        ))
    }
}

/// Refuses what is no text of a statement.
pub fn check(option: &str, text: Option<&String>) -> Result<(), Error> {
    match text.map(|text| check_text(text)) {
        Some(Err(source)) => Err(Error::new(Exit::Usage, format!("`{option}` is not a text"))
            .because(source)
            .code(ErrorCode::OptionInvalid)),
        _ => Ok(()),
    }
}

/// Appends the grant.
pub fn run(session: &Session, args: &Args) -> Result<Answer, Error> {
    check("--holder", args.holder.as_ref())?;
    check("--reason", args.reason.as_ref())?;
    let mut ledger = session.open_log()?;
    let key = given(session, &args.public)?;
    let mut kinds = args.kinds.clone();
    kinds.sort();
    kinds.dedup();
    let change = KeyChange {
        public_key: Some(key),
        kinds: kinds.clone(),
        holder: args.holder.clone(),
        reason: args.reason.clone(),
        ..empty(KeyChangeKind::Grant)
    };
    let made = propose(session, &mut ledger, &args.how, change)?;
    let holder = args
        .holder
        .as_ref()
        .map_or_else(String::new, |holder| format!(" for {}", in_line(holder)));
    let may = if made.in_force && made.appended.is_some() {
        "may sign"
    } else {
        "would be let sign"
    };
    Ok(Answer {
        text: format!(
            "key {} {may} {}{holder}\n{}",
            short(key.id()),
            kinds.join(", "),
            made.told()
        ),
        json: with(
            made.json(&ledger, "grant"),
            json!({ "key": public_json(key), "kinds": kinds, "holder": args.holder }),
        ),
        notes: Session::kept_notes(&ledger),
        exit: Exit::Ok,
    })
}
