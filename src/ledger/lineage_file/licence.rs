//! `licence`: an SPDX licence expression (SPDX 2.3, annex D), or a `LicenseRef-` for all others; on which day it was
//! so, and what the terms forbid or demand.

use chrono::NaiveDate;

use crate::licence::parse;
use crate::statement::Day;
use crate::statement::Restriction;

use super::decode::Context;
use super::expected::Expected;
use super::fault::FaultKind;
use super::fields::Fields;

pub(super) fn decode(cx: &mut Context<'_>, fields: &Fields<'_>) -> Option<String> {
    let licence = fields.text(cx, "licence")?;
    match parse(&licence) {
        Ok(_) => Some(licence),
        Err(why) => {
            let advice = match licence_meant(&licence) {
                Some(meant) => format!("write `{meant}`"),
                None => "write an SPDX expression such as `Apache-2.0 OR MIT`, or `LicenseRef-NAME` for a licence SPDX does not list".to_owned(),
            };
            cx.bad(
                "licence",
                fields.line_of("licence"),
                format!("`{licence}` is not an SPDX expression ({why}): {advice}"),
            );
            None
        }
    }
}

/// Reads `licence_date`: a day there is, of a licence that is stated.
pub(super) fn date(cx: &mut Context<'_>, fields: &Fields<'_>) -> Option<Day> {
    let text = fields.text(cx, "licence_date")?;
    let line = fields.line_of("licence_date");
    let exists = NaiveDate::parse_from_str(&text, "%Y-%m-%d").is_ok();
    let day = Day::parse(&text).ok().filter(|_| exists);
    if day.is_none() {
        let problem = format!("`{text}` is not a day: write for example \"2023-03-13\"");
        cx.bad("licence_date", line, problem);
    }
    if !fields.has("licence") {
        let problem = "it is the day of a licence that is not stated: write `licence` too, or leave this out";
        cx.bad("licence_date", line, problem);
    }
    day
}

/// Reads `restrictions`: words of the list, in its order, each once.
pub(super) fn restrictions(cx: &mut Context<'_>, fields: &Fields<'_>) -> Vec<Restriction> {
    let Some(node) = fields.optional(cx, "restrictions") else {
        return Vec::new();
    };
    let items = cx.one_or_more("restrictions", Expected::Texts, node);
    let words = items.iter().map(|item| cx.word("restrictions", item));
    let mut words: Vec<Restriction> = words.collect::<Vec<_>>().into_iter().flatten().collect();
    words.sort_unstable();
    words.dedup();
    if words.len() > 1 && words.contains(&Restriction::None) {
        let kind = FaultKind::NotTogether {
            first: "none",
            second: "other restrictions",
            advice: "`none` says that the terms were read and hold none of the others, so leave it out",
        };
        cx.fault(node.line, kind);
    }
    words
}

/// Finds the one identifier that a licence's common name or another spelling of it means.
pub fn licence_meant(licence: &str) -> Option<&'static str> {
    let folded = fold(licence);
    let listed = spdx::identifiers::LICENSES
        .iter()
        .map(|listed| listed.name)
        .find(|name| fold(name) == folded);
    listed.or_else(|| {
        let (id, length) = spdx::imprecise_license_id(licence)?;
        (length == licence.len()).then_some(id.name)
    })
}

/// Folds case, what stands between words, and the words that are not part of identifiers.
fn fold(name: &str) -> String {
    let lower = name.to_lowercase();
    let words = lower.split(|c: char| !c.is_alphanumeric() && c != '.' && c != '+');
    words
        .filter(|word| !matches!(*word, "" | "the" | "license" | "licence" | "version"))
        .collect::<Vec<_>>()
        .join("-")
}
