//! The verdict for people: the line first, then what it rests on, then every reason with its path.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use num_traits::Zero as _;

use crate::checkpoint::Checkpoint;
use crate::cli::excludes;
use crate::cli::json::root_text;
use crate::cli::sample::shown_text;
use crate::cli::ui::Paint;
use crate::cli::ui::counted;
use crate::cli::ui::in_line;
use crate::cli::ui::put;
use crate::cli::ui::short_id;
use crate::cli::ui::table;
use crate::cli::with::section;
use crate::digest::KeyId;
use crate::report::Details;
use crate::report::meaning;
use crate::verify::Code;
use crate::verify::Completeness;
use crate::verify::Finding;
use crate::verify::Judgement;
use crate::verify::PathStep;
use crate::verify::Verdict;

use super::CAVEAT;
use super::Outcome;

/// How many notes of one code are written out; JSON has all.
const NOTES_OF_A_CODE_MAX: usize = 3;

/// With more places than this that break one rule, only the first are written out; JSON has all.
const PLACES_OF_A_RULE_MAX: usize = 5;

/// How many sources or models are listed; JSON has all.
const FACTS_SHOWN_MAX: usize = 30;

/// Returns all outcomes and, once, what a verdict does not mean.
pub(super) fn all(outcomes: &[Outcome], paint: Paint) -> String {
    let mut text = String::new();
    for outcome in outcomes {
        text.push_str(&one(outcome, paint));
        text.push('\n');
    }
    text.push_str(CAVEAT);
    text.push('\n');
    text
}

/// Returns the line and the failures of every outcome, and nothing else.
pub(super) fn brief(outcomes: &[Outcome], paint: Paint) -> String {
    let mut text = String::new();
    for outcome in outcomes {
        let (said, findings) = match outcome {
            Outcome::Told(told) => (told.line.clone(), std::slice::from_ref(&told.finding)),
            Outcome::Judged(judged) => {
                let judgement = judged.judgement.get();
                (judgement.line(), judgement.findings.as_slice())
            }
        };
        text.push_str(&line(&said, outcome.verdict(), paint));
        for finding in findings.iter().filter(|finding| finding.code.verdict().is_some()) {
            text.push_str(&failure(finding, paint));
        }
    }
    text
}

fn one(outcome: &Outcome, paint: Paint) -> String {
    match outcome {
        Outcome::Told(told) => {
            let mut text = line(&told.line, outcome.verdict(), paint);
            text.push_str(&facts(
                &told.asked,
                &told.asked,
                &told.artifacts,
                told.checkpoint.as_ref(),
            ));
            text.push_str(&failure(&told.finding, paint));
            text.push_str(&to_do(told.finding.code));
            text
        }
        Outcome::Judged(judged) => {
            let judgement = judged.judgement.get();
            let mut text = line(&judgement.line(), judgement.verdict, paint);
            text.push_str(&facts(
                &judged.asked,
                &judgement.name,
                &judgement.artifacts,
                judgement.checkpoint.as_ref(),
            ));
            if let Some(policy) = &judgement.policy {
                put(
                    &mut text,
                    format_args!(
                        "  policy      {}, sha256 {}\n",
                        in_line(&policy.name),
                        policy.sha256
                    ),
                );
            }
            if let Some(file) = &judged.file {
                put(
                    &mut text,
                    format_args!("  sha256      {} (hashed just now)\n", file.sha256),
                );
            }
            if judgement.content.held > 0 && judgement.content.checked + judgement.content.differing > 0 {
                let was = if judgement.content.held == 1 {
                    "was"
                } else {
                    "were"
                };
                put(
                    &mut text,
                    format_args!(
                        "  in ledger   {} kept in the ledger {was} checked there, not in the folder\n",
                        counted(judgement.content.held, "file")
                    ),
                );
            }
            text.push_str(&findings(&judgement.findings, paint));
            if let Some(sampled) = &judgement.sampled {
                text.push_str(&shown_text(sampled, paint));
                text.push_str(&signer(judged.signer));
            }
            text.push_str(&excludes::section(judgement, paint));
            text.push_str(&section(judgement, &paint.strong("disclosed, and true")));
            text.push_str(&declared(judgement, paint));
            text
        }
    }
}

fn signer(key: Option<KeyId>) -> String {
    match key {
        Some(key) => format!("the sample and its marks are signed by the key {key}\n"),
        None => "nobody signed the sample and its marks\n".to_owned(),
    }
}

/// The verdict's word is coloured; the rest of the line is not.
fn line(line: &str, verdict: Verdict, paint: Paint) -> String {
    let (word, rest) = line.split_once(':').unwrap_or((line, ""));
    let word = match verdict {
        Verdict::Traced => paint.good(word),
        Verdict::Undecidable => paint.notable(word),
        Verdict::Tampered | Verdict::NotTraced | Verdict::NotPermitted => paint.bad(word),
    };
    format!("{word}:{}\n", in_line(rest))
}

fn facts(asked: &str, name: &str, artifacts: &[String], checkpoint: Option<&Checkpoint>) -> String {
    let mut text = String::new();
    let asked = in_line(asked);
    if asked == name {
        put(&mut text, format_args!("  of          {asked}\n"));
    } else {
        put(
            &mut text,
            format_args!("  of          {asked}, registered as {}\n", in_line(name)),
        );
    }
    match artifacts {
        [] => {}
        [only] => put(&mut text, format_args!("  artifact    {}\n", in_line(only))),
        [first, rest @ ..] => {
            put(
                &mut text,
                format_args!("  artifacts   {} and {} more\n", in_line(first), rest.len()),
            );
        }
    }
    match checkpoint {
        Some(checkpoint) => put(
            &mut text,
            format_args!(
                "  checkpoint  {}, {} entries, root {}\n",
                checkpoint.origin,
                checkpoint.size,
                root_text(checkpoint)
            ),
        ),
        None => text.push_str("  checkpoint  none that counts\n"),
    }
    text
}

fn findings(findings: &[Finding], paint: Paint) -> String {
    let mut text = String::new();
    let (failing, notes): (Vec<&Finding>, Vec<&Finding>) = findings
        .iter()
        .partition(|finding| finding.code.verdict().is_some());
    let mut advised = BTreeSet::new();
    let mut rules: BTreeMap<(Code, &str), (usize, usize)> = BTreeMap::new();
    for rule in failing.iter().filter_map(|finding| rule(finding)) {
        rules.entry(rule).or_default().1 += 1;
    }
    for finding in failing {
        if let Some((told, all)) = rule(finding).and_then(|rule| rules.get_mut(&rule)) {
            *told += 1;
            if *all > PLACES_OF_A_RULE_MAX && *told > NOTES_OF_A_CODE_MAX {
                if told == all {
                    let more = *all - NOTES_OF_A_CODE_MAX;
                    put(
                        &mut text,
                        format_args!(
                            "  and {more} more places where that rule is not kept (--json lists all)\n"
                        ),
                    );
                }
                continue;
            }
        }
        text.push_str(&failure(finding, paint));
        if advised.insert(finding.code) {
            text.push_str(&to_do(finding.code));
        }
    }
    let mut by_code: BTreeMap<Code, Vec<&Finding>> = BTreeMap::new();
    for note in notes {
        by_code.entry(note.code).or_default().push(note);
    }
    for (code, notes) in by_code {
        text.push_str(&folded(code, &notes, paint));
    }
    text
}

/// Returns which rule of a policy a finding is about, by the words before what the rule has against the lineage.
fn rule(finding: &Finding) -> Option<(Code, &str)> {
    let is_rule = matches!(finding.code, Code::PolicyBroken | Code::PolicyNotJudged);
    let (rule, _) = finding.message.split_once(": ").filter(|_| is_rule)?;
    Some((finding.code, rule))
}

fn failure(finding: &Finding, paint: Paint) -> String {
    let mut text = format!(
        "\n{} {}: {}\n",
        paint.bad("fails"),
        paint.strong(finding.code.as_str()),
        in_line(&finding.message)
    );
    let says_nothing =
        matches!(finding.path.as_slice(), [only] if only.id == finding.node && only.id == only.name);
    if !finding.path.is_empty() && !says_nothing {
        put(&mut text, format_args!("  path   {}\n", path(&finding.path)));
    }
    if !finding.other_path.is_empty() {
        put(
            &mut text,
            format_args!("  other  {}\n", path(&finding.other_path)),
        );
    }
    text
}

/// What to do about a code: the words of the page of a report, which are those of `docs/verdict.md`.
fn to_do(code: Code) -> String {
    format!("  to do  {}\n", in_line(&meaning(code).advice))
}

/// Notes of one code, the first of them written out.
fn folded(code: Code, notes: &[&Finding], paint: Paint) -> String {
    let mut text = format!("\n{} {}", paint.notable("note"), paint.strong(code.as_str()));
    if let [only] = notes {
        put(&mut text, format_args!(": {}\n", in_line(&only.message)));
        return text;
    }
    put(&mut text, format_args!(", {} times:\n", notes.len()));
    // What nobody is shown is told one by one: no other line of the answer has it.
    let limit = match code {
        Code::Withheld => FACTS_SHOWN_MAX,
        _ => NOTES_OF_A_CODE_MAX,
    };
    for note in notes.iter().take(limit) {
        put(&mut text, format_args!("  {}\n", in_line(&note.message)));
    }
    let more = notes.len().saturating_sub(limit);
    if more > 0 {
        put(&mut text, format_args!("  and {more} more (--json lists all)\n"));
    }
    text
}

/// A path from the target downwards, names first: `model (hb:..) -> run (hb:..) -> ...`.
pub(in crate::cli) fn path(steps: &[PathStep]) -> String {
    let told = |step: &PathStep| {
        let name = in_line(&step.name);
        if step.id.starts_with("gap:") {
            return format!("\"{name}\" ({})", short_id(&step.id));
        }
        if step.id == step.name {
            return name;
        }
        format!("{name} ({})", short_id(&step.id))
    };
    steps.iter().map(told).collect::<Vec<_>>().join(" -> ")
}

fn said_by(word: &str) -> &str {
    match word {
        "vouched" => "vouched for by its holder",
        "stated" => "said by the operator",
        other => other,
    }
}

fn declared(judgement: &Judgement, paint: Paint) -> String {
    let mut text = String::new();
    let takes_part = |mass: bool| if mass { "contributes" } else { "conditions" }.to_owned();
    if !judgement.sources.is_empty() {
        put(&mut text, format_args!("\n{}\n", paint.strong("sources")));
        let rows: Vec<Vec<String>> = judgement
            .sources
            .iter()
            .take(FACTS_SHOWN_MAX)
            .map(|source| {
                vec![
                    format!("  {}", in_line(&source.name)),
                    takes_part(source.mass),
                    format!("made by {}", source.made_by),
                    source.acquired_by.clone(),
                    in_line(source.licence.as_deref().unwrap_or("no licence")),
                    said_by(source.said_by).to_owned(),
                    short_id(&source.id),
                ]
            })
            .collect();
        text.push_str(&table(&rows));
        text.push_str(&more(judgement.sources.len()));
    }
    if !judgement.external_models.is_empty() {
        put(&mut text, format_args!("\n{}\n", paint.strong("external models")));
        let rows: Vec<Vec<String>> = judgement
            .external_models
            .iter()
            .take(FACTS_SHOWN_MAX)
            .map(|model| {
                vec![
                    format!("  {}", in_line(&model.name)),
                    takes_part(model.mass),
                    format!("by {}", in_line(&model.provider)),
                    format!("version {}", in_line(&model.version)),
                    short_id(&model.id),
                ]
            })
            .collect();
        text.push_str(&table(&rows));
        text.push_str(&more(judgement.external_models.len()));
    }
    text.push_str(&stage(judgement));
    text.push_str(&completeness(judgement.completeness));
    for sentence in Details::of(&judgement.details).sentences() {
        put(&mut text, format_args!("{}\n", in_line(&sentence)));
    }
    text
}

/// The boundary of the last training step, where its base has a share that nobody knows.
fn stage(judgement: &Judgement) -> String {
    let Some(stage) = &judgement.stage else {
        return String::new();
    };
    let classes = [
        (&stage.origin_not_known, "data of unknown origin"),
        (&stage.sources, "declared sources"),
        (&stage.external_models, "external models"),
        (&stage.opaque_synthetic, "synthetic sources that are not traced"),
        (&stage.unknown, "nothing declared"),
    ];
    let shares: Vec<String> = classes
        .into_iter()
        .filter(|(share, _)| !(share.is_exact() && share.low.is_zero()))
        .map(|(share, name)| format!("{} {name}", share.percent()))
        .collect();
    format!("\nthis training alone, without its base: {}\n", shares.join(", "))
}

fn more(count: usize) -> String {
    match count.saturating_sub(FACTS_SHOWN_MAX) {
        0 => String::new(),
        more => format!("  and {more} more (--json lists all)\n"),
    }
}

fn completeness(said: Completeness) -> String {
    let runs = said.yes + said.no + said.not_known;
    if runs == 0 {
        return String::new();
    }
    format!(
        "\ninputs complete: of {}, {} say yes, {} say no, {} do not say\n",
        counted(runs, "run"),
        said.yes,
        said.no,
        said.not_known
    )
}
