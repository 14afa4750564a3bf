//! A pedigree in words.

use crate::pedigree::Measures;
use crate::pedigree::Pedigree;
use crate::verify::Judgement;
use crate::verify::Share;
use crate::verify::Verdict;

use super::kin::evaluations;
use super::kin::own_data;
use super::kin::teachers;
use super::measured::at_least;
use super::measured::class_words;
use super::measured::collapse;
use super::measured::concentration;
use super::measured::depth_text;
use super::measured::founders;
use super::measured::generations;
use super::measured::synthetic;
use super::sheet::Entry;
use super::sheet::SHOWN_MAX;
use super::sheet::Section;
use super::sheet::Sheet;
use super::sheet::entry;
use super::sheet::more;
use super::sheet::numbers;
use super::sheet::share;

/// Returns a pedigree in words.
pub fn sheet(judgement: &Judgement, pedigree: &Pedigree) -> Sheet {
    let why = why(pedigree);
    let mut sections = vec![
        boundary(judgement, &why),
        founders(&pedigree.whole, &why),
        synthetic(&pedigree.whole, &why),
        generations(&pedigree.whole, &why),
        concentration(&pedigree.whole, &why),
        collapse(&pedigree.whole, &why),
        own_data(pedigree, &why),
        evaluations(&pedigree.contamination, &why),
    ];
    sections.extend(teachers(pedigree));
    sections.extend(
        pedigree
            .stage
            .as_ref()
            .map(|stage| by_itself(pedigree, stage, &why)),
    );
    sections.extend(missing(pedigree));
    let sections = sections.into_iter().map(|section| once(section, &why)).collect();
    Sheet {
        name: judgement.name.clone(),
        verdict: judgement.verdict.as_str(),
        line: judgement.line(),
        rests_on: rests_on(judgement, pedigree),
        sections,
    }
}

/// Returns what stands behind an interval: the first of the counts that are missing.
fn why(pedigree: &Pedigree) -> String {
    let Some(first) = pedigree.unknowns.first() else {
        return String::new();
    };
    match pedigree.unknowns.len() - 1 + pedigree.unknowns_left_out {
        0 => format!(" ({})", first.text),
        1 => format!(" ({}, and 1 more count)", first.text),
        more => format!(" ({}, and {more} more counts)", first.text),
    }
}

/// Says once in a section what is missing, and not with every number.
fn once(mut section: Section, why: &str) -> Section {
    let mut is_told = why.is_empty();
    for value in section.entries.iter_mut().map(|entry| &mut entry.value) {
        if is_told && !why.is_empty() {
            *value = value.replace(why, "");
        }
        is_told = is_told || value.contains(why);
    }
    section
}

fn rests_on(judgement: &Judgement, pedigree: &Pedigree) -> Vec<String> {
    let mut told = vec![match judgement.verdict {
        Verdict::Traced => "These numbers rest on a lineage whose every path ends in something declared.".to_owned(),
        Verdict::NotPermitted => {
            "The lineage is sound and complete, so that these numbers hold; what forbids the use is in the verdict."
                .to_owned()
        }
        _ => "The lineage is not traced: these numbers rest on what is declared and signed, and hold only as far as that \
              does. `herdbook verify` lists what fails."
            .to_owned(),
    }];
    if pedigree.whole.is_lower_bound {
        told.push(format!(
            "{} of the mass leads to declared sources. The rest ends in something whose own past is hidden here, so that \
             synthetic fraction, generations and collapse index are lower bounds.",
            pedigree.whole.coverage.percent()
        ));
    }
    told.extend(
        pedigree
            .limits
            .iter()
            .map(|limit| format!("Limit reached: {limit}.")),
    );
    told
}

fn boundary(judgement: &Judgement, why: &str) -> Section {
    let of = &judgement.boundary;
    let classes = [
        (
            "declared sources",
            &of.sources,
            "people or devices made it, and it is declared",
        ),
        (
            "external models",
            &of.external_models,
            "their own data is not known here",
        ),
        (
            "opaque synthetic",
            &of.opaque_synthetic,
            "sources that named models made",
        ),
        (
            "origin not known",
            &of.origin_not_known,
            "public, crawled or users' data of which nobody knows what part a model made",
        ),
        (
            "nothing declared",
            &of.unknown,
            "gaps, and sources whose origin fails",
        ),
    ];
    Section {
        title: "Where it leads",
        about: "The boundary of the verdict: where all of the model's mass comes from in the end.".to_owned(),
        entries: classes
            .into_iter()
            .filter(|(name, share, _)| *name == "declared sources" || **share != Share::zero())
            .map(|(name, value, meaning)| entry(name, share(value, why), meaning))
            .collect(),
    }
}

fn by_itself(pedigree: &Pedigree, stage: &Measures, why: &str) -> Section {
    let mut entries = synthetic(stage, why).entries;
    entries.truncate(1);
    for founder in stage.founders.iter().take(SHOWN_MAX) {
        entries.push(entry(
            &founder.name,
            share(&founder.share, why),
            class_words(founder.class),
        ));
    }
    entries.extend(more(stage.founders.len()));
    let sources = stage
        .effective_sources
        .as_ref()
        .map_or_else(|| "none".to_owned(), |value| numbers(value, why));
    entries.push(entry("effective sources", sources, ""));
    entries.push(entry(
        "generations: fewest, mean, most",
        depth_text(stage, why),
        "",
    ));
    if let Some(of) = &pedigree.stage_self_consumption {
        entries.push(entry("generated by its own ancestors", share(&of.own, why), ""));
        entries.push(entry("generated by its family", share(&of.family, why), ""));
    }
    if let Some(collapse) = &stage.collapse {
        entries.push(entry(
            "collapse index",
            at_least(stage, collapse.index.is_exact(), &numbers(&collapse.index, why)),
            "",
        ));
    }
    Section {
        title: "The last training run by itself",
        about: "The same with the base left out: what the run itself brings.".to_owned(),
        entries,
    }
}

fn missing(pedigree: &Pedigree) -> Option<Section> {
    if pedigree.unknowns.is_empty() {
        return None;
    }
    let mut entries: Vec<Entry> = (pedigree.unknowns.iter().take(SHOWN_MAX))
        .map(|one| entry(&one.name, one.what, &one.text))
        .collect();
    entries.extend(more(pedigree.unknowns.len() + pedigree.unknowns_left_out));
    Some(Section {
        title: "Counts that are missing",
        about: "Each of these widens an interval; a later version of the item or of its run can state it."
            .to_owned(),
        entries,
    })
}
