//! What a report knows that it does not know, beside inputs that nobody declared: an official must not read that nothing
//! is missing where something is. `herdbook gaps` lists the same for the ledger, with what closes each.

use super::document::Document;

/// Returns what is not known, each a sentence; names up to `names_max` in one.
pub fn lacking(document: &Document, names_max: usize) -> Vec<String> {
    let mut all = Vec::new();
    let mut add = |count: u64, sentence: String| {
        if count > 0 {
            all.push(sentence);
        }
    };
    let sources: Vec<&str> = (document.sources.iter())
        .filter(|source| source.licence.is_none())
        .map(|source| source.name.as_str())
        .collect();
    add(
        length(&sources),
        format!(
            "No licence is stated for {}.",
            named(&sources, "source", document.sources_left_out, names_max)
        ),
    );
    let personal: Vec<&str> = (document.sources.iter())
        .filter(|source| source.personal_data == "not_known")
        .map(|source| source.name.as_str())
        .collect();
    add(
        length(&personal),
        format!(
            "Whether it holds personal data is not known of {}.",
            named(&personal, "source", document.sources_left_out, names_max)
        ),
    );
    let models: Vec<&str> = (document.external_models.iter())
        .filter(|model| model.licence.is_none() && model.terms.is_none())
        .map(|model| model.name.as_str())
        .collect();
    add(
        length(&models),
        format!(
            "Neither licence nor terms are stated for {}.",
            named(
                &models,
                "external model",
                document.external_models_left_out,
                names_max
            )
        ),
    );
    let alias = document.external_models.iter().filter(|model| model.alias);
    let alias: Vec<&str> = alias.map(|model| model.name.as_str()).collect();
    add(
        length(&alias),
        format!(
            "The version is a name that may point elsewhere tomorrow for {}.",
            named(
                &alias,
                "external model",
                document.external_models_left_out,
                names_max
            )
        ),
    );
    add(
        document.content.given,
        format!(
            "{} of {} digests of files are somebody's word: Herdbook did not compute them.",
            document.content.given, document.content.of
        ),
    );
    let found = |code: &str| found(document, code);
    let bare = found("not_hashed");
    add(
        bare,
        format!("Nobody has hashed the bytes of {} here.", times(bare, "thing")),
    );
    let uncounted = found("rows_not_checked");
    add(
        uncounted,
        format!(
            "Numbers of rows are not known in {}, so they could not be held against each other.",
            times(uncounted, "place")
        ),
    );
    let silent = document.completeness.not_known;
    add(
        silent,
        format!("{} not say whether all inputs are listed.", does(silent)),
    );
    let no = document.completeness.no;
    add(no, format!("{} that inputs are missing.", says(no)));
    all
}

fn length<T>(all: &[T]) -> u64 {
    u64::try_from(all.len()).unwrap_or(u64::MAX)
}

fn found(document: &Document, code: &str) -> u64 {
    let all = document.findings.iter().filter(|finding| finding.code == code);
    u64::try_from(all.count()).unwrap_or(u64::MAX)
}

/// `1 source (forum)`, `2 sources (forum, wiki)`; of those that the report lists.
fn named(names: &[&str], noun: &str, left_out: u64, names_max: usize) -> String {
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
    format!("{}{among}: {}", times(length(names), noun), shown.join(", "))
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
