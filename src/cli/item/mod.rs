//! One item from options: `source|prompt|filter|model|dataset add`, `run`.
//!
//! The options become the line that `register -` reads, and that line is registered: there is no second way for an
//! item to become a statement, so the same item by either way has the same id. `--print` shows the line.

mod accept;
mod dataset;
mod filter;
mod input;
mod model;
mod offer;
mod output;
mod prompt;
mod run;
mod source;

use std::path::Path;

use clap::Args as ClapArgs;
use clap::Subcommand;
use clap::builder::PossibleValuesParser;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use crate::ledger::lineage_file;
use crate::statement::Word;

use super::args::Append;
use super::code::ErrorCode;
use super::error::Error;
use super::exit::Exit;
use super::register;
use super::session::Session;
use super::ui::Answer;

use source::SourceCommand;

pub use dataset::DatasetArgs;
pub use filter::FilterArgs;
pub use model::ModelArgs;
pub use prompt::PromptArgs;
pub use run::RunArgs;
pub use source::SourceVerb;

/// What stands for the file of the items in messages.
const OPTIONS: &str = "options";

/// Arguments of `prompt`, `filter`, `model` and `dataset`.
#[derive(Debug, ClapArgs)]
pub struct Verb<A: ClapArgs> {
    /// What to do.
    #[command(subcommand)]
    pub command: AddCommand<A>,
}

/// The verbs of items that nothing here made.
#[derive(Debug, Subcommand)]
pub enum AddCommand<A: ClapArgs> {
    /// Register one from options instead of a lineage file
    Add(A),
}

/// How an item is registered.
#[derive(Debug, ClapArgs)]
pub struct Finish {
    /// Print the line that `herdbook register -` would take, and do nothing else
    #[arg(long)]
    pub print: bool,
    /// How to append.
    #[command(flatten)]
    pub how: Append,
}

/// Where the bytes of an item are.
#[derive(Debug, ClapArgs)]
pub struct ContentArgs {
    /// Hash these files; patterns such as 'out/*.jsonl' are understood
    #[arg(long = "file", alias = "files", value_name = "PATH", num_args = 1..)]
    files: Vec<String>,
    /// A file's digest that somebody else computed: NAME=HEX, with ,bytes=N ,rows=N ,tokens=N where known
    #[arg(long = "digest", alias = "digests", value_name = "NAME=SHA256", value_parser = digest)]
    digests: Vec<Value>,
    /// Take digests from these files of JSON Lines, as `herdbook hash` writes them
    #[arg(long, value_name = "PATH", num_args = 1..)]
    digests_from: Vec<String>,
    /// Why there are no bytes
    #[arg(long, value_name = "WHY", value_parser = ["none", "not_known", "illustrative"])]
    content: Option<String>,
    /// Somebody else's id of the bytes, such as git-blob-sha1:3779ddbc
    #[arg(long, value_name = "ALG:ID", value_parser = foreign)]
    foreign: Option<Value>,
}

impl ContentArgs {
    /// As [`Self::put`], for what is nothing without its bytes. A lineage file may leave them out, since it is read
    /// again as a whole; a command that leaves them out is nearly always one that forgot them.
    fn put_some(&self, item: &mut Item) -> Result<(), Error> {
        if self.says_nothing() {
            return Err(usage(
                "nothing says where its bytes are: add --file PATH, --digest NAME=SHA256 or --digests-from PATH; or \
                 --content none if there are none, --content not_known if nobody hashed them, --foreign ALG:ID if \
                 somebody else has an id of them",
            ));
        }
        self.put(item);
        Ok(())
    }

    fn says_nothing(&self) -> bool {
        let files = self.files.is_empty() && self.digests_from.is_empty();
        files && self.digests.is_empty() && self.content.is_none() && self.foreign.is_none()
    }

    fn put(&self, item: &mut Item) {
        item.list("files", &self.files);
        item.values("digests", &self.digests);
        item.list("digests_from", &self.digests_from);
        item.text("content", self.content.as_ref());
        item.value("foreign", self.foreign.clone());
    }
}

/// Whether rows of an item can be proved one by one.
#[derive(Debug, ClapArgs)]
pub struct RowRootArgs {
    /// Compute the root of the tree over the rows of each file of JSON Lines, so that `herdbook rows prove` can prove one:
    /// keyed where there is personal data, or always with `keyed`
    #[arg(long, value_name = "HOW", num_args = 0..=1, default_missing_value = "yes", value_parser = ["yes", "keyed"])]
    row_root: Option<String>,
}

impl RowRootArgs {
    /// Returns what a lineage file says.
    fn value(&self) -> Option<Value> {
        let how = self.row_root.as_deref()?;
        Some(if how == "keyed" { how.into() } else { true.into() })
    }
}

/// What of an item is withheld from the ledger.
#[derive(Debug, ClapArgs)]
pub struct ConfidentialArgs {
    /// Write commitments instead of these fields, or of all that can be withheld if none is named
    #[arg(long, value_name = "FIELD", num_args = 0..)]
    confidential: Option<Vec<String>>,
}

impl ConfidentialArgs {
    fn put(&self, item: &mut Item) {
        match self.confidential.as_deref() {
            None => {}
            Some([]) => item.value("confidential", Some("yes".into())),
            Some(fields) => item.list("confidential", fields),
        }
    }
}

/// One item as a line of JSON.
#[derive(Debug, Default)]
pub struct Item(Map<String, Value>);

impl Item {
    /// Begins an item.
    pub fn new(kind: &str, name: &str) -> Self {
        let mut item = Self::default();
        item.value("kind", Some(kind.into()));
        item.value("name", Some(name.into()));
        item
    }

    /// Adds a value that was given.
    pub fn value(&mut self, key: &str, value: Option<Value>) {
        if let Some(value) = value {
            self.0.insert(key.to_owned(), value);
        }
    }

    /// Returns whether a value was added.
    pub fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// Returns whether this text was added.
    pub fn is_of(&self, key: &str, text: &str) -> bool {
        self.0.get(key).is_some_and(|value| value == text)
    }

    /// Adds a text that was given.
    pub fn text(&mut self, key: &str, text: Option<&String>) {
        self.value(key, text.map(|text| Value::from(text.as_str())));
    }

    /// Adds a number that was given.
    pub fn count(&mut self, key: &str, count: Option<u64>) {
        self.value(key, count.map(Value::from));
    }

    /// Adds a flag that was given.
    pub fn flag(&mut self, key: &str, flag: bool) {
        self.value(key, flag.then_some(Value::Bool(true)));
    }

    /// Adds texts that were given.
    pub fn list(&mut self, key: &str, texts: &[String]) {
        self.values(key, &texts.iter().map(|text| json!(text)).collect::<Vec<_>>());
    }

    /// Adds values that were given.
    pub fn values(&mut self, key: &str, values: &[Value]) {
        self.value(key, (!values.is_empty()).then(|| Value::Array(values.to_vec())));
    }

    /// Adds KEY=VALUE pairs that were given; a key that was given twice is an error.
    pub fn pairs(&mut self, key: &str, option: &str, pairs: &[(String, String)]) -> Result<(), Error> {
        let mut members = Map::new();
        for (name, value) in pairs {
            if members.insert(name.clone(), json!(value)).is_some() {
                return Err(usage(format!(
                    "`{option} {name}=` is given twice: keep one of them"
                )));
            }
        }
        self.value(key, (!members.is_empty()).then_some(Value::Object(members)));
        Ok(())
    }

    /// Returns the item inside another.
    pub fn into_value(self) -> Value {
        Value::Object(self.0)
    }

    /// Registers the item, or shows it.
    pub fn finish(self, session: &Session, finish: &Finish) -> Result<Answer, Error> {
        let value = Value::Object(self.0);
        let line = value.to_string();
        let path = session.path(Path::new(OPTIONS));
        // Whatever is wrong with it is told before anything is printed or opened.
        let file = lineage_file::parse_item(&path, &line)?;
        if finish.print {
            return Ok(Answer {
                text: format!("{line}\n"),
                json: json!({ "schema": "herdbook/item/v1", "item": value }),
                notes: Vec::new(),
                exit: Exit::Ok,
            });
        }
        register::append(session, &path, &file, &finish.how, false)
    }
}

/// Registers, offers or accepts a source.
pub fn source(session: &Session, verb: &SourceVerb) -> Result<Answer, Error> {
    match &verb.command {
        SourceCommand::Add(args) => args.facts.item()?.finish(session, &args.finish),
        SourceCommand::Offer(args) => offer::run(session, args),
        SourceCommand::Accept(args) => accept::run(session, args),
    }
}

/// Registers a model from outside.
pub fn model(session: &Session, verb: &Verb<ModelArgs>) -> Result<Answer, Error> {
    let AddCommand::Add(args) = &verb.command;
    args.item().finish(session, &args.finish)
}

/// Registers a prompt.
pub fn prompt(session: &Session, verb: &Verb<PromptArgs>) -> Result<Answer, Error> {
    let AddCommand::Add(args) = &verb.command;
    args.item()?.finish(session, &args.finish)
}

/// Registers a filter.
pub fn filter(session: &Session, verb: &Verb<FilterArgs>) -> Result<Answer, Error> {
    let AddCommand::Add(args) = &verb.command;
    args.item()?.finish(session, &args.finish)
}

/// Registers a run with all its outputs.
pub fn run(session: &Session, args: &RunArgs) -> Result<Answer, Error> {
    args.item()?.finish(session, &args.finish)
}

/// Registers a data set.
pub fn dataset(session: &Session, verb: &Verb<DatasetArgs>) -> Result<Answer, Error> {
    let AddCommand::Add(args) = &verb.command;
    args.item().finish(session, &args.finish)
}

/// Refuses `run add NAME` and `release add MODEL`, where `add` would silently be the name.
pub(super) fn no_add(text: &str) -> Result<String, String> {
    if text == "add" {
        return Err("there is no `add` here, as there is for source, prompt, filter, model and dataset: write the name at once".to_owned());
    }
    Ok(text.to_owned())
}

/// Refuses a second name.
pub(super) fn no_second(_: &str) -> Result<String, String> {
    Err("one name is enough: give one command for each".to_owned())
}

fn usage(message: impl Into<String>) -> Error {
    Error::new(Exit::Usage, message).code(ErrorCode::OptionInvalid)
}

/// Takes the words of a list and no other.
fn words<T: Word>() -> PossibleValuesParser {
    PossibleValuesParser::new(T::WORDS)
}

/// Reads KEY=VALUE.
fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write KEY=VALUE".to_owned()),
    }
}

/// Reads ALG:ID.
fn foreign(text: &str) -> Result<Value, String> {
    match text.split_once(':') {
        Some((alg, value)) if !alg.is_empty() && !value.is_empty() => Ok(json!({"alg": alg, "value": value})),
        _ => Err("write the algorithm and the id, such as git-blob-sha1:3779ddbc".to_owned()),
    }
}

/// Reads NAME=HEX with its counts.
fn digest(text: &str) -> Result<Value, String> {
    let mut parts = text.split(',');
    let first = parts.next().unwrap_or_default();
    let Some((name, digest)) = first.rsplit_once('=') else {
        return Err("write NAME=HEX, where HEX is the SHA-256 of the file in 64 digits".to_owned());
    };
    let mut item = Map::new();
    item.insert("name".to_owned(), json!(name));
    let digits = digest.strip_prefix("sha256:").unwrap_or(digest);
    item.insert("sha256".to_owned(), json!(digits));
    for part in parts {
        let (key, value) = pair(part)?;
        let value = match key.as_str() {
            "bytes" | "rows" | "tokens" => whole_number(&value)?,
            "blake3" | "row_root" | "keyed_row_root" => json!(value),
            _ => {
                return Err(format!(
                    "`{key}` is not one of bytes, rows, tokens, blake3, row_root, keyed_row_root"
                ));
            }
        };
        item.insert(key, value);
    }
    Ok(Value::Object(item))
}

fn whole_number(text: &str) -> Result<Value, String> {
    let number = text.parse::<u64>();
    number
        .map(Value::from)
        .map_err(|_| format!("`{text}` is not a whole number"))
}
