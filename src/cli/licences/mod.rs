//! `herdbook licences`: the licences and terms of everything a model descends from, for counsel.

mod json;

use std::collections::BTreeMap;

use clap::Args as ClapArgs;

use crate::ledger::drive::judge;
use crate::ledger::drive::published_note;
use crate::licence::Bound;
use crate::licence::Licences;
use crate::licence::Terms;
use crate::licence::Witness;
use crate::statement::Restriction;
use crate::verify::Code;
use crate::verify::Descent;
use crate::verify::Finding;
use crate::verify::Judgement;
use crate::verify::Request;

use super::args::Judging;
use super::error::Error;
use super::exit::Exit;
use super::home::read_trust_root;
use super::progress::Bar;
use super::report::name_then;
use super::report::only_target;
use super::session::Session;
use super::ui::Answer;
use super::ui::Paint;
use super::ui::counted;
use super::ui::in_line;
use super::ui::put;
use super::ui::short_id;
use super::ui::table;
use super::verify::trust;

/// What every answer ends with.
const CAVEAT: &str = "This is a flag for counsel, not a conclusion: it tells what was stated and what a table of well-known \
                      licences says, and neither whether that is true nor what follows from it.";

/// How many ancestors, and how many of what is not stated, are told in words; JSON has all.
const SHOWN_MAX: usize = 50;

/// Arguments of `licences`.
#[derive(Debug, ClapArgs)]
#[command(
    after_help = "Everything binds that the model descends from, whatever its role and however small its share. What nobody stated is \
                  told as not stated. The exit code is that of the verdict on the lineage."
)]
pub struct LicencesArgs {
    /// NAME, NAME@ENTRY, an hb: id or its beginning, sha256:HEX, or the path of a file
    #[arg(value_name = "MODEL")]
    node: String,
    /// What is judged by.
    #[command(flatten)]
    judging: Judging,
}

/// Tells the terms of a lineage.
pub fn run(session: &Session, args: &LicencesArgs) -> Result<Answer, Error> {
    let mut ledger = session.open_log()?;
    let given = args.judging.trust_root.as_ref();
    let given = given
        .map(|path| read_trust_root(&session.path(path)))
        .transpose()?;
    let note = published_note(&mut ledger)?;
    let bar = Bar::new(session.ui.progress());
    let (_, artifacts) = only_target(session, &ledger, &args.node, &bar)?;
    let name = name_then(&ledger, &note, &artifacts)?;
    let mut content = match &args.judging.content {
        Some(folder) => Some(crate::ledger::content::ContentFolder::at(
            &session.path(folder),
            &bar,
        )?),
        None => None,
    };
    let request = Request {
        name,
        artifacts,
        checkpoint: note,
        content: content.is_some(),
        require: args.judging.require,
        descent: true,
        ..Request::of(trust(session, args.judging.trust_genesis, &ledger, given)?)
    };
    let judgement = judge(&ledger, request, content.as_mut())?;
    bar.done();
    let judgement = judgement.get();
    let unread = || Error::new(Exit::Failure, "the lineage could not be read as a whole");
    let descent = judgement.descent.as_ref().ok_or_else(unread)?;
    let found = Licences::of(judgement).ok_or_else(unread)?;
    Ok(Answer {
        text: text(judgement, descent, &found, session.ui.paint()),
        json: json::value(judgement, descent, &found),
        notes: Vec::new(),
        exit: Exit::from(judgement.verdict),
    })
}

fn text(judgement: &Judgement, descent: &Descent, found: &Licences, paint: Paint) -> String {
    let mut text = String::new();
    put(
        &mut text,
        format_args!(
            "{}: terms of {}\n",
            paint.strong(&in_line(&judgement.name)),
            counted(found.bound.len(), "ancestor"),
        ),
    );
    put(
        &mut text,
        format_args!("  the lineage  {}\n", in_line(&judgement.line())),
    );
    put(
        &mut text,
        format_args!("  use          {}\n", use_text(&found.terms)),
    );
    put(
        &mut text,
        format_args!(
            "  expression   {}\n",
            in_line(
                found
                    .expression
                    .as_deref()
                    .unwrap_or("none: no ancestor states a licence that can be read")
            )
        ),
    );
    text.push_str(&restrictions(descent, found, paint));
    if !found.conflict.is_empty() {
        put(
            &mut text,
            format_args!(
                "\n{}: {} each ask that what is made goes under their own terms; whether one of them is met by another is for \
                 counsel\n",
                paint.notable("share-alike conflict"),
                in_line(&found.conflict.join(", "))
            ),
        );
    }
    text.push_str(&corrected(judgement, paint));
    text.push_str(&not_stated(descent, found, paint));
    text.push_str(&differing(found, paint));
    text.push_str(&bound_text(found, paint));
    put(&mut text, format_args!("\n{CAVEAT}\n"));
    text
}

fn use_text(terms: &Terms) -> String {
    let said = match terms.allowed {
        crate::licence::Use::Commercial => "no ancestor restricts commercial use",
        crate::licence::Use::Unspecified => {
            "unspecified: not every ancestor says that commercial use is allowed"
        }
        crate::licence::Use::NonCommercial => "non-commercial",
        crate::licence::Use::AcademicOnly => "academic only",
    };
    if terms.not_stated {
        format!("{said}; at least, for not everything is stated")
    } else {
        said.to_owned()
    }
}

/// One line a restriction, with the first that brings it and the way there.
fn restrictions(descent: &Descent, found: &Licences, paint: Paint) -> String {
    let mut by_word: BTreeMap<Restriction, Vec<&Witness>> = BTreeMap::new();
    for witness in &found.witnesses {
        by_word.entry(witness.restriction).or_default().push(witness);
    }
    let mut text = format!("\n{}\n", paint.strong("restrictions"));
    if by_word.is_empty() {
        text.push_str("  none that is stated\n");
    }
    for (word, witnesses) in by_word {
        // One that no choice avoids says more.
        let elsewhere = |witness: &Witness| found.bound.get(witness.bound).is_some_and(Bound::is_elsewhere);
        let order = |witness: &&&Witness| (witness.avoidable, elsewhere(witness), witness.bound);
        let Some(witness) = witnesses.iter().min_by_key(order) else {
            continue;
        };
        let Some(bound) = found.bound.get(witness.bound) else {
            continue;
        };
        let more = match witnesses.len() - 1 {
            0 => String::new(),
            more => format!(", and {more} more"),
        };
        let choice = if witness.avoidable {
            "; only by one choice of its licence, another does without"
        } else {
            ""
        };
        put(
            &mut text,
            format_args!(
                "  {}  by {}{}{more}{choice}\n    path  {}\n",
                paint.strong(&word.to_string()),
                in_line(&bound.name),
                part(bound),
                super::verify::path_text(&found.path(descent, bound)),
            ),
        );
    }
    text
}

/// How something takes part, where that has to be said.
fn part(bound: &Bound) -> &'static str {
    match bound.mass {
        Some(false) => " (conditions, its share is 0)",
        None if bound.is_elsewhere() => " (claims the same bytes elsewhere)",
        Some(true) | None => "",
    }
}

/// Returns the findings on corrections that stand here, and on those that wait for a second key.
fn corrections(judgement: &Judgement) -> impl Iterator<Item = &Finding> {
    let is_one = |finding: &&Finding| matches!(finding.code, Code::Corrected | Code::CorrectionNotAffirmed);
    judgement.findings.iter().filter(is_one)
}

/// What was said before, and who said otherwise: terms that changed are never told as if they had always been so.
fn corrected(judgement: &Judgement, paint: Paint) -> String {
    let all: Vec<_> = corrections(judgement).collect();
    if all.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{}\n", paint.notable("corrected"));
    for finding in all.iter().take(SHOWN_MAX) {
        put(
            &mut text,
            format_args!(
                "  {}: {}\n    path  {}\n",
                in_line(&finding.name),
                in_line(&finding.message),
                super::verify::path_text(&finding.path),
            ),
        );
    }
    text.push_str(&more(all.len()));
    text
}

fn not_stated(descent: &Descent, found: &Licences, paint: Paint) -> String {
    let all: Vec<_> = found.not_stated().collect();
    if all.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{}\n", paint.notable("not stated"));
    for (at, why) in all.iter().take(SHOWN_MAX) {
        let Some(bound) = found.bound.get(*at) else {
            continue;
        };
        put(
            &mut text,
            format_args!(
                "  {}: {}\n    path  {}\n",
                in_line(&bound.name),
                in_line(&why.to_string()),
                super::verify::path_text(&found.path(descent, bound)),
            ),
        );
    }
    text.push_str(&more(all.len()));
    text
}

fn more(count: usize) -> String {
    match count.saturating_sub(SHOWN_MAX) {
        0 => String::new(),
        more => format!("  and {more} more (--json lists all)\n"),
    }
}

fn differing(found: &Licences, paint: Paint) -> String {
    let mut text = String::new();
    for content in found.differing.iter().take(SHOWN_MAX) {
        put(
            &mut text,
            format_args!(
                "\n{} sha256 {}\n",
                paint.notable(
                    "the same bytes under other terms; nothing is merged, and the strictest binds here:"
                ),
                content.sha256
            ),
        );
        let claims = content.claims.iter().filter_map(|at| found.bound.get(*at));
        let rows: Vec<Vec<String>> = claims.map(row).collect();
        text.push_str(&table(&rows));
    }
    text
}

fn bound_text(found: &Licences, paint: Paint) -> String {
    let mut text = format!("\n{}\n", paint.strong("ancestors with terms"));
    let rows: Vec<Vec<String>> = found.bound.iter().take(SHOWN_MAX).map(row).collect();
    text.push_str(&table(&rows));
    text.push_str(&more(found.bound.len()));
    text
}

fn row(bound: &Bound) -> Vec<String> {
    let claim = &bound.claim;
    let licence = claim
        .licence
        .as_deref()
        .map_or_else(|| "no licence".to_owned(), in_line);
    let licence = match &claim.licence_date {
        Some(day) => format!("{licence} on {day}"),
        None => licence,
    };
    let terms = claim
        .terms_of_use
        .as_deref()
        .map(|terms| format!("terms {}", in_line(terms)));
    let read: Vec<String> = claim.restrictions.iter().map(ToString::to_string).collect();
    let read = (!read.is_empty()).then(|| format!("read as {}", read.join(", ")));
    let said: Vec<String> = std::iter::once(licence).chain(terms).chain(read).collect();
    vec![
        format!("  {}", in_line(&bound.name)),
        bound.kind.replace('_', " "),
        said.join("; "),
        format!("entry {}", bound.entry),
        match bound.said_by {
            "vouched" => "vouched for by its holder".to_owned(),
            _ => "said by the operator".to_owned(),
        },
        short_id(&bound.id),
    ]
}
