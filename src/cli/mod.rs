//! The command line: the only code that prints, and the only one that reads environment and randomness.
//!
//! | file | does |
//! |---|---|
//! | `args` | what may be typed |
//! | `session`, `home`, `surroundings` | which ledger, whose keys and pins |
//! | one file a verb | makes an `ui::Answer`: text, JSON and an exit code |
//! | `explain`, `error`, `exit`, `code` | what went wrong, in words that say what to type next |
//! | `ui` | how things look; everything untrusted is escaped |
//!
//! Standard output is data, standard error is for people. With `--json` one JSON value goes to standard output,
//! whatever happens.

mod args;
mod as_of;
mod bundle;
mod by_policy;
mod cache;
mod code;
mod completions;
mod contamination;
mod demo;
mod disclose;
mod doctor;
mod error;
mod excludes;
mod exit;
mod explain;
mod fresh;
mod fsck;
mod gaps;
mod hash;
mod held;
mod home;
mod impact;
mod import;
mod init;
mod item;
mod json;
mod key;
mod licences;
mod list;
mod log;
mod nodes;
mod notice;
mod passphrase;
mod pedigree;
mod plain_file;
mod private;
mod progress;
mod prove;
mod reconcile;
mod register;
mod reindex;
mod release;
mod report;
mod rows;
mod sample;
mod session;
mod show;
mod surroundings;
mod target;
mod told;
mod trace;
mod ui;
mod verify;
mod verify_bundle;
mod verify_report;
mod with;

use std::process::ExitCode;

use clap::Parser as _;
use clap::error::ContextKind;
use clap::error::ContextValue;
use clap::error::ErrorKind;

use args::Args;
use args::ColorWhen;
use args::Command;
use error::Error;
use exit::Exit;
use session::Session;
use surroundings::Surroundings;
use ui::Answer;
use ui::Ui;

/// Runs the program with the arguments of this process.
pub fn main() -> ExitCode {
    let around = match Surroundings::read() {
        Ok(around) => around,
        Err(error) => return bare_ui(&Surroundings::none()).fail(&error).into(),
    };
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => return usage(&error, &around).into(),
    };
    let global = &args.global;
    let ui = Ui::new(
        global.json,
        global.quiet,
        global.no_progress,
        global.color,
        &around,
    );
    let mut session = Session::begin(global, around);
    let mut answered = dispatch(&session, &args.command);
    if answered.as_ref().is_err_and(Error::blames_index) {
        // The log knows all of it, only more slowly.
        session.indexed = false;
        ui.warn(session::DAMAGED_INDEX);
        answered = dispatch(&session, &args.command);
    }
    match answered {
        Ok(answer) => ui.answer(&told::told(&session, answer)).into(),
        Err(error) => ui.fail(&error).into(),
    }
}

fn dispatch(session: &Session, command: &Command) -> Result<Answer, Error> {
    match command {
        Command::Init(args) => init::run(session, args),
        Command::Register(args) => register::run(session, args),
        Command::Source(args) => item::source(session, args),
        Command::Prompt(args) => item::prompt(session, args),
        Command::Filter(args) => item::filter(session, args),
        Command::Model(args) => item::model(session, args),
        Command::Run(args) => item::run(session, args),
        Command::Dataset(args) => item::dataset(session, args),
        Command::Notice(args) => notice::run(session, args),
        Command::Release(args) => release::run(session, args),
        Command::Doctor(args) => Ok(doctor::run(session, args)),
        Command::Completions(args) => Ok(completions::completions(args)),
        Command::Man(args) => completions::man(session, args),
        Command::Hash(args) => hash::run(session, args),
        Command::Import(args) => import::run(session, args),
        Command::Prove(args) => prove::run(session, args),
        Command::Contamination(args) => contamination::run(session, args),
        Command::Rows(args) => rows::run(session, args),
        Command::Verify(args) => verify::run(session, args),
        Command::Reconcile(args) => reconcile::run(session, args),
        Command::Sample(args) => sample::run(session, args),
        Command::Report(args) => report::run(session, args),
        Command::VerifyReport(args) => verify_report::run(session, args),
        Command::Disclose(args) => disclose::run(session, args),
        Command::Private(args) => private::run(session, args),
        Command::Bundle(args) => bundle::run(session, args),
        Command::VerifyBundle(args) => verify_bundle::run(session, args),
        Command::Key(args) => key::run(session, args),
        Command::Show(args) => show::run(session, args),
        Command::List(args) => list::run(session, args),
        Command::Log(args) => log::run(session, args),
        Command::Impact(args) => impact::run(session, args),
        Command::Pedigree(args) => pedigree::run(session, args),
        Command::Gaps(args) => gaps::run(session, args),
        Command::Licences(args) => licences::run(session, args),
        Command::Trace(args) => trace::run(session, args),
        Command::Demo(args) => demo::run(session, args),
        Command::Fsck(args) => fsck::run(session, args),
        Command::Reindex(args) => reindex::run(session, args),
    }
}

fn bare_ui(around: &Surroundings) -> Ui {
    Ui::new(
        surroundings::json_was_asked(),
        false,
        true,
        ColorWhen::Auto,
        around,
    )
}

/// Tells what is wrong with the command line; help and version are no errors.
fn usage(error: &clap::Error, around: &Surroundings) -> Exit {
    if !error.use_stderr() {
        ui::tell_always(&error.render().to_string());
        return Exit::Ok;
    }
    let advice = advice(error);
    if surroundings::json_was_asked() {
        let text = error.render().to_string();
        let message = text.trim_start_matches("error: ").trim_end();
        let told = Error::new(Exit::Usage, message).hint("herdbook --help");
        let told = advice.into_iter().fold(told, Error::hint);
        return bare_ui(around).fail(&told);
    }
    ui::complain(&error.render().to_string());
    if let Some(tip) = advice {
        ui::complain(&format!("help: {tip}\n"));
    }
    Exit::Usage
}

/// What most often takes a name away.
const NAME_FIRST: &str = "write the name before the options: one that takes several words, such as --file, takes all \
                          words up to the next option";

/// What `dataset NAME` and its siblings lack.
const ADD_FIRST: &str = "write `add` before the name";

/// Returns what the parser does not know about our commands.
fn advice(error: &clap::Error) -> Option<&'static str> {
    let missing = error.get(ContextKind::InvalidArg);
    match error.kind() {
        ErrorKind::MissingRequiredArgument => {
            let name = matches!(missing, Some(ContextValue::Strings(args)) if args.iter().any(|arg| arg == "<NAME>"));
            name.then_some(NAME_FIRST)
        }
        ErrorKind::InvalidSubcommand => {
            let usage = error.render().to_string();
            let adds = ["source", "prompt", "filter", "model", "dataset"];
            let about = adds
                .iter()
                .any(|verb| usage.contains(&format!("Usage: herdbook {verb} ")));
            about.then_some(ADD_FIRST)
        }
        _ => None,
    }
}
