//! A sheet for people: every number with its meaning beside it.

use crate::cli::ui::Paint;
use crate::cli::ui::in_line;
use crate::cli::ui::put;
use crate::cli::ui::short_id;
use crate::cli::ui::wrapped;
use crate::report::Entry;
use crate::report::Sheet;
use crate::verify::Verdict;

use crate::cli::verify::CAVEAT;

/// How wide lines are.
const LINE_CHARS: usize = 96;

/// Returns the sheet as text, the verdict first.
pub(super) fn of(sheet: &Sheet, verdict: Verdict, paint: Paint) -> String {
    let (word, rest) = sheet.line.split_once(':').unwrap_or((&sheet.line, ""));
    let word = match verdict {
        Verdict::Traced => paint.good(word),
        Verdict::Undecidable => paint.notable(word),
        Verdict::Tampered | Verdict::NotTraced | Verdict::NotPermitted => paint.bad(word),
    };
    let mut text = format!("{word}:{}\n", in_line(rest));
    put(
        &mut text,
        format_args!("  pedigree of {}\n", in_line(&sheet.name)),
    );
    for told in &sheet.rests_on {
        put(
            &mut text,
            format_args!("  {}\n", wrapped(&in_line(told), LINE_CHARS, "  ")),
        );
    }
    for section in &sheet.sections {
        put(&mut text, format_args!("\n{}\n", paint.strong(section.title)));
        if !section.about.is_empty() {
            let about = wrapped(&in_line(&section.about), LINE_CHARS, "  ");
            put(&mut text, format_args!("  {}\n", paint.faint(&about)));
        }
        for entry in &section.entries {
            text.push_str(&line(entry, paint));
        }
    }
    put(&mut text, format_args!("\n{CAVEAT}\n"));
    text
}

fn line(entry: &Entry, paint: Paint) -> String {
    let (name, value, meaning) = (
        in_line(&entry.name),
        in_line(&entry.value),
        in_line(&entry.meaning),
    );
    let mut text = format!("  {name}");
    if !value.is_empty() {
        put(&mut text, format_args!(": {value}"));
    }
    text.push('\n');
    if !meaning.is_empty() {
        let meaning = wrapped(&meaning, LINE_CHARS, "      ");
        put(&mut text, format_args!("      {}\n", paint.faint(&meaning)));
    }
    if !entry.path.is_empty() {
        let steps = entry
            .path
            .iter()
            .map(|step| format!("{} ({})", in_line(&step.name), short_id(&step.id)));
        let path = steps.collect::<Vec<_>>().join(" -> ");
        put(
            &mut text,
            format_args!("      {}\n", wrapped(&path, LINE_CHARS, "      ")),
        );
    }
    text
}
