//! What a report knows that it does not know, beside inputs that nobody declared: an official must not read that nothing
//! is missing where something is. `herdbook gaps` lists the same for the ledger, with what closes each.

use super::document::Document;
use super::document::ExternalModel;
use super::document::Source;

/// Returns what is not known, each a sentence; names up to `names_max` in one.
pub fn lacking(document: &Document, names_max: usize) -> Vec<String> {
    let mut all = of_sources(document, names_max);
    all.extend(of_models(document, names_max));
    all.extend(of_counts(document));
    all
}

fn of_sources(document: &Document, names_max: usize) -> Vec<String> {
    let (all, left_out) = (&document.sources, document.sources_left_out);
    let told = |begin: &str, lacks: &dyn Fn(&Source) -> bool| {
        let names: Vec<&str> = (all.iter())
            .filter(|source| lacks(source))
            .map(|source| source.name.as_str())
            .collect();
        let which = named(&names, "source", left_out, names_max)?;
        Some(format!("{begin} {which}."))
    };
    let licence = told("No licence is stated for", &|source| source.licence.is_none());
    let personal = told("Whether it holds personal data is not known of", &|source| {
        source.personal_data == "not_known"
    });
    licence.into_iter().chain(personal).collect()
}

fn of_models(document: &Document, names_max: usize) -> Vec<String> {
    let (all, left_out) = (&document.external_models, document.external_models_left_out);
    let told = |begin: &str, lacks: &dyn Fn(&ExternalModel) -> bool| {
        let names: Vec<&str> = (all.iter())
            .filter(|model| lacks(model))
            .map(|model| model.name.as_str())
            .collect();
        let which = named(&names, "external model", left_out, names_max)?;
        Some(format!("{begin} {which}."))
    };
    let terms = told("Neither licence nor terms are stated for", &|model| {
        model.licence.is_none() && model.terms.is_none()
    });
    let alias = told(
        "The version is a name that may point elsewhere tomorrow for",
        &|model| model.alias,
    );
    terms.into_iter().chain(alias).collect()
}

fn of_counts(document: &Document) -> Vec<String> {
    let content = &document.content;
    let (bare, uncounted) = (found(document, "not_hashed"), found(document, "rows_not_checked"));
    let (silent, no) = (document.completeness.not_known, document.completeness.no);
    let sentences = [
        (
            content.given,
            format!(
                "{} of {} digests of files are somebody's word: Herdbook did not compute them.",
                content.given, content.of
            ),
        ),
        (
            bare,
            format!("Nobody has hashed the bytes of {} here.", times(bare, "thing")),
        ),
        (
            uncounted,
            format!(
                "Numbers of rows are not known in {}, so they could not be held against each other.",
                times(uncounted, "place")
            ),
        ),
        (
            silent,
            format!("{} not say whether all inputs are listed.", does(silent)),
        ),
        (no, format!("{} that inputs are missing.", says(no))),
    ];
    let there = sentences.into_iter().filter(|(count, _)| *count > 0);
    there.map(|(_, sentence)| sentence).collect()
}

fn length<T>(all: &[T]) -> u64 {
    u64::try_from(all.len()).unwrap_or(u64::MAX)
}

fn found(document: &Document, code: &str) -> u64 {
    let all = document.findings.iter().filter(|finding| finding.code == code);
    u64::try_from(all.count()).unwrap_or(u64::MAX)
}

/// `1 source: forum`, `2 sources: forum, wiki`; of those that the report lists.
fn named(names: &[&str], noun: &str, left_out: u64, names_max: usize) -> Option<String> {
    if names.is_empty() {
        return None;
    }
    let mut shown: Vec<String> = (names.iter().take(names_max))
        .map(|name| (*name).to_owned())
        .collect();
    let more = names.len().saturating_sub(names_max);
    if more > 0 {
        shown.push(format!("and {more} more"));
    }
    let among = if left_out > 0 {
        " among those that this report lists"
    } else {
        ""
    };
    Some(format!(
        "{}{among}: {}",
        times(length(names), noun),
        shown.join(", ")
    ))
}

fn times(count: u64, noun: &str) -> String {
    if count == 1 {
        format!("1 {noun}")
    } else {
        format!("{count} {noun}s")
    }
}

fn does(count: u64) -> String {
    if count == 1 {
        "1 step does".to_owned()
    } else {
        format!("{count} steps do")
    }
}

fn says(count: u64) -> String {
    if count == 1 {
        "1 step says itself".to_owned()
    } else {
        format!("{count} steps say themselves")
    }
}
