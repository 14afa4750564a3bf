//! `herdbook sample`: which items of a lineage an auditor looks at, drawn so that anybody can draw them again; and the
//! file that keeps what was found.

mod file;
mod shown;

use std::path::Path;
use std::path::PathBuf;

use clap::Args as ClapArgs;
use clap::Subcommand;
use serde_json::Value;
use serde_json::json;

use crate::envelope::EnvelopeError;
use crate::ledger::drive::judge_sampled;
use crate::ledger::drive::published_note;
use crate::sample::By;
use crate::sample::Document;
use crate::sample::Mark;
use crate::sample::Rule;
use crate::sample::SampleError;
use crate::sample::SampleFile;
use crate::verify::Code;
use crate::verify::Judgement;
use crate::verify::Request;
use crate::verify::Sampled;
use crate::verify::Sampling;
use crate::verify::Verdict;

use super::code::ErrorCode;
use super::error::Error;
use super::exit::Exit;
use super::home::read_trust_root;
use super::home::write_new;
use super::json::checkpoint;
use super::progress::Bar;
use super::report::only_target;
use super::session::Session;
use super::ui::Answer;
use super::ui::counted;
use super::ui::in_line;
use super::ui::put;
use super::ui::table;
use super::verify::trust;

pub(super) use file::read as read_sample;
pub(super) use shown::json as shown_json;
pub(super) use shown::text as shown_text;

/// How many items are listed; JSON has all.
const ITEMS_SHOWN_MAX: usize = 100;

/// Arguments of `sample`.
#[derive(Debug, ClapArgs)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "\
The same checkpoint, lineage and seed give the same items, whoever draws them. Fix the seed after the checkpoint: whoever \
knows it before can put what is not to be seen where it does not fall.

Examples:
  herdbook sample specialist-7b -n 60 --seed 'thrown together on 2026-11-22: 4 1 6 2 2 5' -o sample.json
  herdbook verify --sample sample.json --content /data --marks marked.json
  herdbook sample mark marked.json 17 --mark differs --note 'columns swapped'
  herdbook sample sign marked.json -o signed.json"
)]
pub struct SampleArgs {
    #[command(subcommand)]
    change: Option<Change>,
    #[command(flatten)]
    draw: DrawArgs,
}

/// What is done with a sample that was drawn.
#[derive(Debug, Subcommand)]
enum Change {
    /// Note in the file what was found of an item
    Mark(MarkArgs),
    /// Sign the file with its marks
    Sign(SignArgs),
}

#[derive(Debug, ClapArgs)]
struct DrawArgs {
    /// NAME, NAME@ENTRY, an hb: id or its beginning, sha256:HEX, or the path of a file
    #[arg(value_name = "MODEL", required = true)]
    node: Option<String>,
    /// How many items to draw, 4096 at most
    #[arg(short, long = "items", value_name = "N", default_value_t = 60)]
    n: u64,
    /// Draw shards (files that have a digest), rows of those whose rows are known, or runs
    #[arg(long, value_name = "WHAT", value_parser = by, default_value = "shards")]
    by: By,
    /// The text that decides which items are drawn
    #[arg(long, value_name = "TEXT", required = true)]
    seed: Option<String>,
    /// Write the sample to this new file
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Trust the ledger that this file describes, and no other
    #[arg(long, value_name = "FILE", conflicts_with = "trust_genesis")]
    trust_root: Option<PathBuf>,
    /// Take the ledger's own word for who it is, when nothing is pinned
    #[arg(long)]
    trust_genesis: bool,
}

#[derive(Debug, ClapArgs)]
struct MarkArgs {
    /// The file of the sample, which is not signed yet
    file: PathBuf,
    /// The number of the item
    item: u64,
    /// What was found: `not_checked`, `as_registered`, `differs` or `missing`
    #[arg(long, value_name = "MARK", value_parser = mark)]
    mark: Mark,
    /// What to remember of it
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
}

#[derive(Debug, ClapArgs)]
struct SignArgs {
    /// The file of the sample
    file: PathBuf,
    /// Write the signed sample to this new file
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Sign with the key in this file: the auditor's, which no ledger needs to know
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
}

fn by(word: &str) -> Result<By, String> {
    By::parse(word).ok_or_else(|| format!("write one of {}", words(By::WORDS.map(|(_, word)| word))))
}

fn mark(word: &str) -> Result<Mark, String> {
    Mark::parse(word).ok_or_else(|| format!("write one of {}", words(Mark::WORDS.map(|(_, word)| word))))
}

fn words<const N: usize>(words: [&str; N]) -> String {
    words.join(", ")
}

/// Draws a sample, marks an item, or signs.
pub fn run(session: &Session, args: &SampleArgs) -> Result<Answer, Error> {
    match &args.change {
        None => draw(session, &args.draw),
        Some(Change::Mark(args)) => file::mark(session, args),
        Some(Change::Sign(args)) => file::sign(session, args),
    }
}

fn draw(session: &Session, args: &DrawArgs) -> Result<Answer, Error> {
    let (asked, seed) = (
        args.node.as_deref().unwrap_or_default(),
        args.seed.as_deref().unwrap_or_default(),
    );
    let rule = Rule::new(args.by, args.n, seed).map_err(invalid)?;
    let given = args.trust_root.as_ref();
    let given = given
        .map(|path| read_trust_root(&session.path(path)))
        .transpose()?;
    let mut ledger = session.open_log()?;
    let note = published_note(&mut ledger)?;
    let bar = Bar::new(session.ui.progress());
    let (name, artifacts) = only_target(session, &ledger, asked, &bar)?;
    bar.done();
    let request = Request {
        name,
        artifacts,
        checkpoint: note.clone(),
        ..Request::of(trust(session, args.trust_genesis, &ledger, given)?)
    };
    let sampling = Sampling { rule, claimed: None };
    let judgement = judge_sampled(&ledger, request, None, sampling, None)?;
    let judgement = judgement.get();
    let sampled = population(judgement)?;
    let note = String::from_utf8_lossy(&note);
    let document = Document::of(
        &sampled.drawn,
        &judgement.name,
        judgement.artifacts.clone(),
        &note,
    );
    let file = SampleFile::unsigned(&document.map_err(invalid)?).map_err(invalid)?;
    if let Some(path) = &args.output {
        write_new(&session.path(path), file.bytes())?;
    }
    Ok(answer(args, judgement, sampled, &file))
}

/// Returns the sample, if the population is the whole of it.
fn population(judgement: &Judgement) -> Result<&Sampled, Error> {
    // A ledger that nobody pinned has its population all the same.
    let harmless = [Code::TrustNotPinned, Code::AssuranceTooLow, Code::BlobMissing];
    let fault = judgement
        .findings
        .iter()
        .find(|finding| match finding.code.verdict() {
            Some(Verdict::Tampered) => true,
            Some(Verdict::Undecidable) => !harmless.contains(&finding.code),
            _ => false,
        });
    let refused = |exit, why: String| {
        Error::new(exit, format!("there is nothing to draw a sample from: {why}"))
            .hint(format!("see `herdbook verify {}`", in_line(&judgement.name)))
    };
    match (fault, &judgement.sampled) {
        (Some(finding), _) => Err(refused(
            finding.code.verdict().map_or(Exit::Failure, Exit::from),
            finding.message.clone(),
        )),
        (None, Some(sampled)) if !sampled.drawn.items.is_empty() => Ok(sampled),
        (None, _) => Err(refused(
            Exit::Failure,
            "the lineage has no item of this kind that has a digest or a number".to_owned(),
        )),
    }
}

/// Makes an error of something that is no sample.
pub(super) fn invalid(error: SampleError) -> Error {
    let is_false = matches!(
        error,
        SampleError::Signer
            | SampleError::Envelope(EnvelopeError::Signature(_) | EnvelopeError::Issuer { .. })
    );
    let told = if is_false {
        Error::new(Exit::Tampered, "the sample is not what its auditor signed")
    } else {
        Error::new(Exit::Failure, "this is not a sample that can be used")
    };
    told.because(error).code(ErrorCode::SampleInvalid)
}

fn answer(args: &DrawArgs, judgement: &Judgement, sampled: &Sampled, file: &SampleFile) -> Answer {
    let document = file.document();
    let drawn = &sampled.drawn;
    let by = drawn.rule.by().as_str();
    let mut text = format!(
        "{} of {} {by} of {}, as of {} entries of {}\n  root        {}\n  seed        {}\n  population  sha256 {}\n\n",
        drawn.items.len(),
        drawn.size,
        in_line(&judgement.name),
        document.checkpoint.size,
        document.checkpoint.origin,
        document.checkpoint.root,
        in_line(drawn.rule.seed()),
        drawn.population,
    );
    let head = ["stratum", by, "drawn"].map(str::to_owned).to_vec();
    let strata = drawn.strata.iter();
    let strata = strata.map(|one| vec![in_line(&one.name), one.size.to_string(), one.drawn.to_string()]);
    text.push_str(&table(&std::iter::once(head).chain(strata).collect::<Vec<_>>()));
    text.push('\n');
    let items = (1..).zip(&document.items).take(ITEMS_SHOWN_MAX);
    let items = items.map(|(number, item): (u64, _)| {
        vec![
            number.to_string(),
            in_line(&item.stratum),
            item.describe(),
            in_line(&item.id),
        ]
    });
    text.push_str(&table(&items.collect::<Vec<_>>()));
    let more = document.items.len().saturating_sub(ITEMS_SHOWN_MAX);
    if more > 0 {
        put(
            &mut text,
            format_args!("and {more} more (the file and --json have all)\n"),
        );
    }
    text.push_str(&outside(sampled));
    Answer {
        text,
        json: draw_json(args, judgement, sampled, document),
        notes: vec![told(args.output.as_deref())],
        exit: Exit::Ok,
    }
}

fn outside(sampled: &Sampled) -> String {
    let outside = &sampled.drawn.outside;
    let mut text = String::new();
    let mut line = |count: u64, what: &str| {
        if count > 0 {
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            put(
                &mut text,
                format_args!("outside: {}, {what}\n", counted(count, "file")),
            );
        }
    };
    line(outside.held, "held in the ledger and checked with it");
    line(
        outside.unhashed,
        "whose bytes nobody hashed, or that are withheld",
    );
    let first = outside
        .named
        .first()
        .map(|name| in_line(name))
        .unwrap_or_default();
    line(
        outside.rows_unknown,
        &format!("of which nobody knows how many rows they have, such as {first}"),
    );
    text
}

fn told(output: Option<&Path>) -> String {
    match output {
        Some(path) => format!(
            "Wrote {}. Check it with `herdbook verify --sample {} --content DIR`.",
            path.display(),
            path.display()
        ),
        None => "Nothing was written: give -o FILE to keep the sample and what is found of it.".to_owned(),
    }
}

fn draw_json(args: &DrawArgs, judgement: &Judgement, sampled: &Sampled, document: &Document) -> Value {
    let drawn = &sampled.drawn;
    json!({
        "schema": "herdbook/sample/v1",
        "name": judgement.name,
        "artifacts": judgement.artifacts,
        "verdict": judgement.verdict.as_str(),
        "checkpoint": judgement.checkpoint.as_ref().map(checkpoint),
        "by": document.by,
        "n": document.n,
        "seed": document.seed,
        "population": document.population,
        "items": (1_u64..).zip(&document.items).map(|(number, item)| json!({
            "number": number,
            "stratum": item.stratum,
            "id": item.id,
            "name": item.name,
            "sha256": item.sha256,
            "row": item.row,
        })).collect::<Vec<_>>(),
        "drawn": drawn.items.len(),
        "file": args.output.as_ref().map(|path| path.display().to_string()),
    })
}
