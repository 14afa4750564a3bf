//! `herdbook contamination`: which rows of an evaluation are in the data that a model descends from.

mod json;
mod text;

use std::path::PathBuf;

use clap::Args as ClapArgs;
use serde_json::Value;

use crate::digest::Sha256Digest;
use crate::ledger::content::ContentFolder;
use crate::ledger::hash::Progress;
use crate::ledger::hash::read_rows;
use crate::query::Ancestors;
use crate::query::Contamination;
use crate::query::ShardBytes;
use crate::query::ShardFile;
use crate::query::ancestors;
use crate::query::contamination;
use crate::rows::WantedError;
use crate::rows::WantedRows;

use crate::cli::as_of::AsOf;
use crate::cli::code::ErrorCode;
use crate::cli::error::Error;
use crate::cli::exit::Exit;
use crate::cli::json::checkpoint;
use crate::cli::nodes::Asked;
use crate::cli::progress::Bar;
use crate::cli::session::Session;
use crate::cli::ui::Answer;
use crate::cli::ui::in_line;

/// The fewest and the most words of a run.
const NGRAM: std::ops::RangeInclusive<i64> = 3..=50;

/// Arguments of `contamination`.
#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Three comparisons, the strictest first; docs/contamination.md has the rules:
  exact       the bytes of the rows are the same
  normalised  their texts are, without keys, their order, case and white space
  words       a run of --ngram words is")]
pub struct Args {
    /// The model: NAME, NAME@ENTRY, an hb: id or its beginning, or the path of a file
    #[arg(value_name = "MODEL")]
    pub model: String,
    /// The rows of the evaluation, as JSON Lines
    #[arg(long, value_name = "FILE")]
    pub eval: PathBuf,
    /// Look for the bytes of its ancestors in this folder
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub content: PathBuf,
    /// How many words in a row must be the same; 10 is what Qwen2.5-Coder removes by, 13 what GPT-3 did
    #[arg(long, value_name = "WORDS", default_value_t = 10, value_parser = clap::value_parser!(u8).range(NGRAM))]
    pub ngram: u8,
    /// Compare only with what the model, or weights that it starts from, was trained with itself: not with what that data
    /// was made from, of which a filter may have taken rows out
    #[arg(long)]
    pub trained_only: bool,
    #[command(flatten)]
    pub as_of: AsOf,
}

/// Compares.
pub fn run(session: &Session, args: &Args) -> Result<Answer, Error> {
    let bar = Bar::new(session.ui.progress());
    // Before the evaluation is read: a mistyped name is told at once.
    let ledger = session.open_log()?;
    let view = args.as_of.view(&ledger)?;
    let roots = Asked::read(session, &args.model)?.nodes(&view)?;
    let (wanted, sha256) = wanted(session, args, &bar)?;
    let mut ancestors = ancestors(&view, &roots)?;
    if args.trained_only {
        ancestors = ancestors.trained_only();
    }
    let mut content = ContentFolder::at(&session.path(&args.content), &bar)?;
    let found = contamination(&ancestors, &mut content, &wanted, &bar);
    bar.done();
    let told = Told {
        args,
        sha256,
        wanted: &wanted,
        ancestors: &ancestors,
        found: &found?,
    };
    let mut json = told.json();
    if let Value::Object(members) = &mut json {
        let checkpoint = checkpoint(view.reader().checkpoint());
        members.insert("checkpoint".to_owned(), checkpoint);
    }
    Ok(Answer {
        text: told.text(),
        json,
        notes: told.notes(),
        exit: told.exit(),
    })
}

fn wanted(
    session: &Session,
    args: &Args,
    progress: &dyn Progress,
) -> Result<(WantedRows, Sha256Digest), Error> {
    let mut wanted = WantedRows::new(Some(usize::from(args.ngram)));
    let mut added: Result<(), WantedError> = Ok(());
    let digests = read_rows(&session.path(&args.eval), progress, &mut |row| {
        if added.is_ok() {
            added = wanted.add(row);
        }
    })?;
    let shown = in_line(&args.eval.display().to_string());
    added.map_err(|source| {
        Error::new(Exit::Failure, format!("the rows of {shown} cannot be compared"))
            .because(source)
            .code(ErrorCode::LimitReached)
            .hint("cut the evaluation into parts and compare each")
    })?;
    if wanted.rows().is_empty() {
        return Err(Error::new(Exit::Failure, format!("{shown} has no rows"))
            .code(ErrorCode::NoSuchRow)
            .hint("give a file of JSON Lines: one row on each line"));
    }
    Ok((wanted.ready(), digests.sha256))
}

/// What is told, and from what.
struct Told<'a> {
    args: &'a Args,
    sha256: Sha256Digest,
    wanted: &'a WantedRows,
    ancestors: &'a Ancestors,
    found: &'a Contamination,
}

impl Told<'_> {
    fn rows(&self) -> u64 {
        self.wanted.rows().len() as u64
    }

    /// Rows of which no text has as many words as a run.
    fn short(&self) -> usize {
        let rows = self.wanted.rows().iter();
        rows.filter(|row| !row.has_words).count()
    }

    fn all_compared(&self) -> bool {
        self.found.searched.not.is_empty() && self.ancestors.gaps.is_empty()
    }

    fn exit(&self) -> Exit {
        if !self.found.found.is_empty() {
            Exit::NotTraced
        } else if self.all_compared() {
            Exit::Ok
        } else {
            Exit::Undecidable
        }
    }

    /// The file with exactly these bytes, where it is itself among the ancestors.
    fn whole(&self) -> Option<&ShardFile> {
        let mut files = self.ancestors.files.iter();
        files.find(|file| matches!(file.bytes, ShardBytes::Known { sha256, .. } if sha256 == self.sha256))
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.short() > 0 {
            notes.push(format!(
                "{} no text of {} words: only as a whole could it be compared.",
                match self.short() {
                    1 => "1 row of the evaluation has".to_owned(),
                    more => format!("{more} rows of the evaluation have"),
                },
                self.args.ngram
            ));
        }
        notes.push(
            "Descent is not overlap: data that a model descends from need not hold the evaluation, and text of the evaluation \
             can have come in where nobody declared it, or reworded. This is by the record, not a verdict."
                .to_owned(),
        );
        notes
    }
}
