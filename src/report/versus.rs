//! Two models beside each other, in words.

use crate::pedigree::SharedFounder;
use crate::pedigree::Versus;
use crate::verify::Judgement;

use super::measured::class_words;
use super::sheet::Entry;
use super::sheet::SHOWN_MAX;
use super::sheet::Section;
use super::sheet::Sheet;
use super::sheet::entry;
use super::sheet::more;
use super::sheet::numbers;

/// Returns two models beside each other, in words.
pub fn versus_sheet(first: &Judgement, second: &Judgement, versus: &Versus) -> Sheet {
    let similarity = match versus.similarity {
        Some((low, high)) if low.to_bits() == high.to_bits() => format!("{low:.3}"),
        Some((low, high)) => format!("between {low:.3} and {high:.3}"),
        None => "not known".to_owned(),
    };
    let shared = |one: &SharedFounder| {
        entry(
            &one.name,
            format!("{} and {}", one.first.percent(), one.second.percent()),
            class_words(one.class),
        )
    };
    let mut founders: Vec<Entry> = versus.shared.iter().take(SHOWN_MAX).map(shared).collect();
    founders.extend(more(versus.shared.len()));
    if founders.is_empty() {
        founders.push(entry(
            "none",
            "",
            "they descend from nothing in common that is declared",
        ));
    }
    Sheet {
        name: format!("{} versus {}", first.name, second.name),
        verdict: first.verdict.min(second.verdict).as_str(),
        line: first.line(),
        rests_on: vec![format!("{}: {}", second.name, second.line())],
        sections: vec![
            Section {
                title: "In common",
                about: String::new(),
                entries: vec![
                    entry(
                        "coancestry",
                        numbers(&versus.coancestry, ""),
                        "the chance that a unit of mass drawn from each comes from the same founder",
                    ),
                    entry(
                        "similarity",
                        similarity,
                        "1 for the same founders in the same parts, 0 for nothing in common",
                    ),
                ],
            },
            Section {
                title: "Founders of both",
                about: "With the contribution to each. What nobody declared is never the same.".to_owned(),
                entries: founders,
            },
        ],
    }
}
