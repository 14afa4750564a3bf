//! `herdbook contamination`: which rows of an evaluation are in the data that a model descends from.

use std::path::PathBuf;

use clap::Args as ClapArgs;
use serde_json::Value;
use serde_json::json;

use crate::digest::Sha256Digest;
use crate::ledger::content::ContentFolder;
use crate::ledger::hash::Progress;
use crate::ledger::hash::read_rows;
use crate::query::Ancestors;
use crate::query::Contamination;
use crate::query::FoundRow;
use crate::query::Reach;
use crate::query::ShardBytes;
use crate::query::ShardFile;
use crate::query::ancestors;
use crate::query::contamination;
use crate::rows::Likeness;
use crate::rows::WantedError;
use crate::rows::WantedRows;
use crate::verify::Share;
use crate::verify::approximate;

use super::as_of::AsOf;
use super::code::ErrorCode;
use super::error::Error;
use super::exit::Exit;
use super::json::checkpoint;
use super::json::path;
use super::json::share;
use super::nodes::Asked;
use super::progress::Bar;
use super::rows::not_searched;
use super::rows::not_searched_text;
use super::session::Session;
use super::ui::Answer;
use super::ui::counted;
use super::ui::in_line;
use super::ui::put;

/// How many rows that were found are told one by one in JSON.
const ROWS_MAX: usize = 10_000;

/// How many files with found rows are told in words.
const FILES_SHOWN: usize = 20;

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
    let ancestors = ancestors(&view, &roots)?;
    let mut content = ContentFolder::at(&session.path(&args.content), &bar)?;
    let found = contamination(&ancestors.files, &mut content, &wanted, &bar);
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
    fn whole(&self) -> Option<(&ShardFile, Option<&Reach>)> {
        let files = self.ancestors.files.iter().zip(&self.ancestors.reach);
        let is_it = |file: &ShardFile| matches!(file.bytes, ShardBytes::Known { sha256, .. } if sha256 == self.sha256);
        files
            .filter(|(file, _)| is_it(file))
            .map(|(file, reach)| (file, reach.as_ref()))
            .next()
    }

    fn text(&self) -> String {
        let eval = in_line(&self.args.eval.display().to_string());
        let model = in_line(&self.args.model);
        let (found, rows) = (self.found.found.len() as u64, self.rows());
        let mut text = match (found, self.all_compared()) {
            (0, true) => {
                format!("none of the {rows} rows of {eval} is in the data that {model} descends from\n")
            }
            (0, false) => format!(
                "none of the {rows} rows of {eval} is in what could be compared of the data that {model} descends from, which \
                 is not all\n"
            ),
            _ => {
                let approx = Share::of_counts(found, rows);
                format!(
                    "contaminated: {found} of the {rows} rows of {eval} ({:.2} %) are in the data that {model} descends from\n",
                    approximate(&approx.low) * 100.0
                )
            }
        };
        for likeness in Likeness::ALL {
            let what = match likeness {
                Likeness::Exact => "byte for byte".to_owned(),
                Likeness::Normal => "with the same texts, written otherwise".to_owned(),
                Likeness::Words => format!("by a run of {} words", self.args.ngram),
            };
            let count = self.found.count(likeness);
            if found > 0 {
                put(
                    &mut text,
                    format_args!("  {:<10}  {count:>8}  {what}\n", likeness.as_str()),
                );
            }
        }
        if let Some((file, _)) = self.whole()
            && let Some(claim) = file.claims.first()
        {
            put(
                &mut text,
                format_args!(
                    "the evaluation is itself among them: the {} {}\n",
                    claim.kind,
                    in_line(&claim.name)
                ),
            );
        }
        self.files_text(&mut text);
        put(
            &mut text,
            format_args!(
                "compared with {} of {} files of rows, {} rows\n",
                self.found.searched.files,
                self.ancestors.files.len(),
                self.found.searched.rows
            ),
        );
        not_searched_text(
            &mut text,
            &self.ancestors.files,
            &self.found.searched,
            "not compared",
        );
        for gap in &self.ancestors.gaps {
            put(
                &mut text,
                format_args!("  gap {}: nobody declared it\n", in_line(gap)),
            );
        }
        if !self.ancestors.outside.is_empty() {
            let names: Vec<String> = self.ancestors.outside.iter().map(|name| in_line(name)).collect();
            put(
                &mut text,
                format_args!(
                    "not known here: what {} was trained with ({})\n",
                    counted(names.len(), "model from outside").replace("outsides", "outside"),
                    names.join(", ")
                ),
            );
        }
        text
    }

    fn files_text(&self, text: &mut String) {
        for (at, counts) in self.found.by_file.iter().take(FILES_SHOWN) {
            let Some(file) = self.ancestors.files.get(*at) else {
                continue;
            };
            let Some(claim) = file.claims.first() else {
                continue;
            };
            let total: u64 = counts.values().sum();
            put(
                text,
                format_args!("  {total} in the {} {}", claim.kind, in_line(&claim.name)),
            );
            if let Some(reach) = self.ancestors.reach.get(*at).and_then(Option::as_ref) {
                let names: Vec<String> = reach.path.iter().map(|step| in_line(&step.name)).collect();
                put(
                    text,
                    format_args!(", by {}: {}", reach.via.as_str(), names.join(" <- ")),
                );
            }
            text.push('\n');
            let first = self.found.found.iter().find_map(|(wanted, row)| {
                let place = row.places.iter().find(|place| place.file == *at)?;
                let row = self.wanted.rows().get(usize::try_from(*wanted).ok()?)?;
                Some((row.number, place))
            });
            if let Some((number, place)) = first {
                put(
                    text,
                    format_args!(
                        "    such as row {number}, which is its row {} ({})\n",
                        place.number,
                        place.likeness.as_str()
                    ),
                );
            }
        }
        let files = self.found.by_file.len();
        if files > FILES_SHOWN {
            let more = files - FILES_SHOWN;
            put(
                text,
                format_args!("  ... and in {} more (--json lists all)\n", counted(more, "file")),
            );
        }
    }

    fn json(&self) -> Value {
        let rows = self.rows();
        let counts = |likeness: Likeness| {
            let count = self.found.count(likeness);
            json!({ "rows": count, "share": share(&Share::of_counts(count, rows)) })
        };
        let any = self.found.found.len() as u64;
        let found = self.found.found.iter().take(ROWS_MAX);
        json!({
            "schema": "herdbook/contamination/v1",
            "model": self.args.model,
            "eval": {
                "file": self.args.eval.display().to_string(),
                "sha256": self.sha256.to_hex(),
                "rows": rows,
                "rows_shorter_than_ngram": self.short(),
            },
            "ngram": self.args.ngram,
            "found": {
                "exact": counts(Likeness::Exact),
                "normalised": counts(Likeness::Normal),
                "words": counts(Likeness::Words),
                "any": { "rows": any, "share": share(&Share::of_counts(any, rows)) },
            },
            "rows": found.filter_map(|(wanted, row)| self.row(*wanted, row)).collect::<Vec<Value>>(),
            "files": self.found.by_file.keys().filter_map(|at| self.file(*at)).collect::<Vec<Value>>(),
            "whole": self.whole().and_then(|(file, _)| Some(file.claims.first()?.artifact.to_string())),
            "compared": {
                "files": self.found.searched.files, "rows": self.found.searched.rows, "of": self.ancestors.files.len(),
            },
            "not_compared": not_searched(&self.ancestors.files, &self.found.searched),
            "gaps": self.ancestors.gaps,
            "models_from_outside": self.ancestors.outside,
        })
    }

    fn row(&self, wanted: u32, found: &FoundRow) -> Option<Value> {
        let row = self.wanted.rows().get(usize::try_from(wanted).ok()?)?;
        let places = found.places.iter().filter_map(|place| {
            let claim = self.ancestors.files.get(place.file)?.claims.first()?;
            Some(json!({
                "id": claim.artifact.to_string(),
                "name": claim.name,
                "row": place.number,
                "line": place.line,
                "likeness": place.likeness.as_str(),
            }))
        });
        Some(json!({
            "row": row.number,
            "line": row.line,
            "likeness": found.likeness.as_str(),
            "files": found.files,
            "places": places.collect::<Vec<Value>>(),
        }))
    }

    fn file(&self, at: usize) -> Option<Value> {
        let file = self.ancestors.files.get(at)?;
        let claim = file.claims.first()?;
        let counts = self.found.by_file.get(&at)?;
        let count = |likeness: Likeness| counts.get(&likeness).copied().unwrap_or_default();
        let reach = self.ancestors.reach.get(at).and_then(Option::as_ref);
        let sha256 = match &file.bytes {
            ShardBytes::Known { sha256, .. } => Some(sha256.to_hex()),
            ShardBytes::NotKnown(_) => None,
        };
        Some(json!({
            "id": claim.artifact.to_string(),
            "name": claim.name,
            "kind": claim.kind,
            "sha256": sha256,
            "via": reach.map(|reach| reach.via.as_str()),
            "path": reach.map(|reach| path(&reach.path)),
            "exact": count(Likeness::Exact),
            "normalised": count(Likeness::Normal),
            "words": count(Likeness::Words),
        }))
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
