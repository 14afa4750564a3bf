//! An impact for people: the counts first, then one page, what descends most directly at the top of each group.

use std::collections::BTreeMap;

use crate::cli::ui::Paint;
use crate::cli::ui::counted;
use crate::cli::ui::in_line;
use crate::cli::ui::put;
use crate::cli::ui::short_id;
use crate::cli::ui::table;
use crate::cli::ui::wrapped;
use crate::query::Impact;
use crate::query::Reached;
use crate::query::Released;
use crate::query::Via;
use crate::query::group;
use crate::verify::PathStep;
use crate::verify::Share;

use super::Page;
use super::Told;
use super::page::Group;
use super::some_of;

/// How wide a path is told, so that a line has 80 characters, and what stands before a further line.
const LINE_CHARS: usize = 70;
const LINE_INDENT: &str = "         ";

/// How many steps of a path are told in words.
const STEPS_MAX: usize = 12;

/// Tells an impact: what counts as asked about, how much is reached, and one page of it.
pub fn whole(asked: &str, found: &Impact, page: &Page<'_>, paint: Paint) -> String {
    let mut text = String::new();
    let asked = in_line(asked);
    if !found.same_bytes.is_empty() {
        let mut nodes: Vec<&str> = found.same_bytes.iter().map(|one| one.node.as_str()).collect();
        nodes.dedup();
        put(
            &mut text,
            format_args!(
                "also counted, for they have the same bytes: {}\n",
                some_of(nodes.into_iter())
            ),
        );
    }
    if let Some(signed) = &found.signed {
        let kinds = signed.kinds.iter().map(|(kind, count)| format!("{count} {kind}"));
        put(
            &mut text,
            format_args!(
                "key {} signed {} statements: {}\n",
                signed.key,
                signed.entries,
                kinds.collect::<Vec<_>>().join(", ")
            ),
        );
    }
    if !found.released.is_empty() {
        put(&mut text, format_args!("{asked} was released itself\n"));
        releases(&mut text, &found.released, paint);
    }
    if page.total() == 0 {
        let of = if page.only_released {
            " that was released"
        } else {
            ""
        };
        put(&mut text, format_args!("nothing{of} descends from {asked}\n"));
        return text;
    }
    counts(&mut text, &asked, page);
    items(&mut text, page, paint);
    text
}

fn counts(text: &mut String, asked: &str, page: &Page<'_>) {
    let released = page.released();
    if page.only_released {
        put(
            text,
            format_args!(
                "{asked} has a part in {}: {}\n",
                counted(released.len(), "released model"),
                some_of(released.iter().copied())
            ),
        );
    } else {
        put(
            text,
            format_args!(
                "{asked} has a part in {}, {} of them, {} released\n",
                counted(page.total(), "item"),
                counted(page.models(), "model"),
                released.len(),
            ),
        );
    }
    let row = |group: &Group| {
        let ways = [
            (group.key, "signed by the key"),
            (group.mass, "by mass"),
            (group.both, "by mass and conditioned"),
            (group.conditioning, "conditioned only"),
        ];
        let ways = ways.iter().filter(|(count, _)| *count > 0);
        let ways: Vec<String> = ways.map(|(count, way)| format!("{count} {way}")).collect();
        vec![
            format!("  {}", heading(group.word)),
            group.total().to_string(),
            ways.join(", "),
        ]
    };
    text.push_str(&table(&page.groups.iter().map(row).collect::<Vec<_>>()));
}

fn items(text: &mut String, page: &Page<'_>, paint: Paint) {
    let mut last = "";
    for versions in series(&page.items) {
        let Some(newest) = versions.last() else {
            continue;
        };
        let word = group(newest.one);
        if word != last {
            last = word;
            put(text, format_args!("\n{}\n", paint.strong(heading(word))));
        }
        match versions.as_slice() {
            [only] => item(text, only, paint),
            several => versions_of(text, several, newest, paint),
        }
    }
}

/// Puts the versions of a name beside each other; released ones stand alone, since each of them matters.
fn series<'a>(items: &'a [Told<'a>]) -> Vec<Vec<&'a Told<'a>>> {
    let mut all: Vec<Vec<&Told<'_>>> = Vec::new();
    let mut places: BTreeMap<(&str, &str, &[Via]), usize> = BTreeMap::new();
    for told in items {
        let one = told.one;
        if !one.released.is_empty() {
            all.push(vec![told]);
            continue;
        }
        let at = *places
            .entry((one.kind, &one.name, &one.vias))
            .or_insert(all.len());
        match all.get_mut(at) {
            Some(versions) => versions.push(told),
            None => all.push(vec![told]),
        }
    }
    all
}

/// Tells several versions of a name in the words of the newest, with the range of their shares.
fn versions_of(text: &mut String, versions: &[&Told<'_>], newest: &Told<'_>, paint: Paint) {
    let shares: Vec<&Share> = versions
        .iter()
        .filter_map(|told| told.one.share.as_ref())
        .collect();
    let ends = (
        shares.iter().map(|share| &share.low).min(),
        shares.iter().map(|share| &share.high).max(),
    );
    let told = match ends {
        (Some(low), Some(high)) if shares.len() == versions.len() => {
            let all = Share {
                low: low.clone(),
                high: high.clone(),
            };
            let each = if all.is_exact() { " each" } else { "" };
            format!("{}{each}{}", all.percent(), also(newest.one))
        }
        _ => share_told(newest.one),
    };
    put(
        text,
        format_args!(
            "  {}  {} versions, the newest @{}: {told}\n",
            paint.strong(&in_line(&newest.one.name)),
            versions.len(),
            newest.one.entry,
        ),
    );
    ways(text, newest);
}

fn heading(group: &str) -> &str {
    match group {
        "released_model" => "released models",
        "model" => "models",
        "dataset" => "data sets",
        "shard" => "shards",
        "filter" => "filters",
        "source" => "sources",
        "prompt" => "prompts",
        "external_model" => "external models",
        other => other,
    }
}

fn item(text: &mut String, told: &Told<'_>, paint: Paint) {
    let one = told.one;
    put(
        text,
        format_args!(
            "  {}  {}  {}\n",
            paint.strong(&in_line(&one.node)),
            share_told(one),
            paint.faint(&short_id(&one.id))
        ),
    );
    releases(text, &one.released, paint);
    ways(text, told);
}

fn ways(text: &mut String, told: &Told<'_>) {
    for (at, (via, path)) in told.ways.iter().enumerate() {
        let word = match via {
            _ if at == 0 => "from",
            Via::Conditioning => "conditioned by",
            Via::Key | Via::Mass => "also from",
        };
        put(text, format_args!("    {word} {}\n", way(path)));
    }
}

fn releases(text: &mut String, released: &[Released], paint: Paint) {
    for release in released {
        let mut told = format!("released to {}", in_line(&release.name));
        if let Some(channel) = &release.channel {
            put(&mut told, format_args!(" by {}", in_line(channel)));
        }
        if let Some(date) = &release.date {
            put(&mut told, format_args!(" on {}", in_line(date)));
        }
        put(
            text,
            format_args!("    {} (entry {})\n", paint.notable(&told), release.entry),
        );
    }
}

/// Tells how much of an item comes from what was asked about. What conditions it has no share: nobody knows how much a
/// prompt or a judge contributes.
pub fn share_told(one: &Reached) -> String {
    match (&one.share, one.via) {
        (Some(share), _) => format!("{}{}", share.percent(), also(one)),
        (None, Via::Mass) => format!("share not worked out{}", also(one)),
        (None, Via::Conditioning) => "conditioned, no share".to_owned(),
        (None, Via::Key) => "signed by the key".to_owned(),
    }
}

fn also(one: &Reached) -> &'static str {
    match (one.via, one.vias.contains(&Via::Conditioning)) {
        (Via::Mass, true) => ", and conditioned",
        _ => "",
    }
}

/// Tells a path from the founder on; of a long one its ends.
pub fn way(path: &[PathStep]) -> String {
    let names: Vec<String> = path.iter().rev().map(|step| in_line(&step.name)).collect();
    let half = STEPS_MAX / 2;
    let way = match (
        names.get(..half),
        names.len().checked_sub(half).and_then(|at| names.get(at..)),
    ) {
        (Some(first), Some(last)) if names.len() > STEPS_MAX => format!(
            "{} > ... {} steps ... > {}",
            first.join(" > "),
            names.len() - STEPS_MAX,
            last.join(" > ")
        ),
        _ => names.join(" > "),
    };
    wrapped(&way, LINE_CHARS, LINE_INDENT)
}
