//! What a sample shows, as part of a verdict.

use serde_json::Value;
use serde_json::json;

use crate::cli::ui::Paint;
use crate::cli::ui::in_line;
use crate::cli::ui::put;
use crate::cli::ui::table;
use crate::sample::Mark;
use crate::sample::Shown;
use crate::sample::bound::percent_up;
use crate::verify::FoundBy;
use crate::verify::ItemFound;
use crate::verify::Sampled;

/// How many items that are not as registered are listed; JSON has all.
const LISTED_MAX: usize = 30;

/// Returns the section of a verdict about its sample.
pub fn text(sampled: &Sampled, paint: Paint) -> String {
    let drawn = &sampled.drawn;
    let by = drawn.rule.by().as_str();
    let mut text = format!(
        "\n{}: {} of {} {by}, by the seed {}\n",
        paint.strong("sample"),
        drawn.items.len(),
        drawn.size,
        in_line(drawn.rule.seed())
    );
    let head = [
        "stratum",
        by,
        "drawn",
        "as registered",
        "differ",
        "missing",
        "not checked",
        "at most",
    ];
    let rows = sampled.shown.iter().map(row);
    let rows: Vec<Vec<String>> = std::iter::once(head.map(str::to_owned).to_vec())
        .chain(rows)
        .collect();
    for line in table(&rows).lines() {
        put(&mut text, format_args!("  {line}\n"));
    }
    text.push_str(&listed(sampled));
    if let Some(all) = sampled.in_all() {
        text.push_str(&bound(all));
    }
    let marked = sampled
        .found
        .iter()
        .filter(|found| found.by == FoundBy::Marks)
        .count();
    if marked > 0 {
        put(
            &mut text,
            format_args!("{marked} of these were not opened here: they are as the file marks them\n"),
        );
    }
    text
}

fn row(shown: &Shown) -> Vec<String> {
    let tally = shown.tally;
    let numbers = [
        shown.size,
        tally.drawn(),
        tally.right,
        tally.differing,
        tally.missing,
        tally.unchecked,
    ];
    let name = shown.stratum.as_deref().unwrap_or("in all");
    let mut cells = vec![in_line(name)];
    cells.extend(numbers.iter().map(ToString::to_string));
    cells.push(format!(
        "{} ({})",
        shown.at_most,
        percent_up(shown.at_most, shown.size)
    ));
    cells
}

fn bound(all: &Shown) -> String {
    let against = all.tally.against();
    let rest = against - all.tally.differing;
    let counted = match (rest, all.tally.differing) {
        (0, _) => String::new(),
        (rest, _) => format!(" and {rest} were not found or not checked, which count as differing"),
    };
    format!(
        "{} of {} differ{counted}: with 95 % confidence at most {} of the {} differ, which is {}\n",
        all.tally.differing,
        all.tally.drawn(),
        all.at_most,
        all.size,
        percent_up(all.at_most, all.size)
    )
}

fn listed(sampled: &Sampled) -> String {
    let bad = |found: &ItemFound| !matches!(found.mark, Mark::AsRegistered | Mark::NotChecked);
    let items = sampled.drawn.items.iter().zip(&sampled.found);
    let bad: Vec<_> = (1_u64..)
        .zip(items)
        .filter(|(_, (_, found))| bad(found))
        .collect();
    let mut text = String::new();
    for (number, (item, found)) in bad.iter().take(LISTED_MAX) {
        let row = item.row.map_or(String::new(), |row| format!("row {row} of "));
        let note = found
            .note
            .as_ref()
            .map_or(String::new(), |note| format!(": {}", in_line(note)));
        let mark = found.mark.as_str();
        put(
            &mut text,
            format_args!(
                "  item {number}, {row}{}, {mark}{note}\n",
                in_line(&item.unit.name)
            ),
        );
    }
    let more = bad.len().saturating_sub(LISTED_MAX);
    if more > 0 {
        put(&mut text, format_args!("  and {more} more (--json lists all)\n"));
    }
    text
}

/// Returns the sample of a verdict for programs.
pub fn json(sampled: &Sampled) -> Value {
    let drawn = &sampled.drawn;
    let of = |shown: &Shown| {
        json!({
            "stratum": shown.stratum,
            "size": shown.size,
            "drawn": shown.tally.drawn(),
            "as_registered": shown.tally.right,
            "differs": shown.tally.differing,
            "missing": shown.tally.missing,
            "not_checked": shown.tally.unchecked,
            "at_most": shown.at_most,
            "at_most_percent": percent_up(shown.at_most, shown.size),
        })
    };
    let strata = sampled.shown.iter().filter(|shown| shown.stratum.is_some());
    let items = (1_u64..).zip(drawn.items.iter().zip(&sampled.found));
    json!({
        "by": drawn.rule.by().as_str(),
        "n": drawn.rule.n(),
        "seed": drawn.rule.seed(),
        "confidence": "95 %",
        "population": { "size": drawn.size, "sha256": drawn.population.to_hex() },
        "strata": strata.map(of).collect::<Vec<_>>(),
        "in_all": sampled.in_all().map(of),
        "items": items.map(|(number, (item, found))| json!({
            "number": number,
            "stratum": item.stratum,
            "id": item.unit.id(),
            "name": item.unit.name,
            "row": item.row,
            "mark": found.mark.as_str(),
            "by": found.by.as_str(),
            "note": found.note,
        })).collect::<Vec<_>>(),
    })
}
