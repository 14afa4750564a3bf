//! A pedigree in words.

use crate::pedigree::Contamination;
use crate::pedigree::Level;
use crate::pedigree::Loop;
use crate::pedigree::Measures;
use crate::pedigree::Pedigree;
use crate::pedigree::Range;
use crate::verify::Judgement;
use crate::verify::Share;
use crate::verify::Verdict;

use super::sheet::Entry;
use super::sheet::Section;
use super::sheet::Sheet;
use super::sheet::entry;
use super::sheet::number;
use super::sheet::steps;

/// How many founders, generators, loops or missing counts are told in words; JSON has all.
pub(super) const SHOWN_MAX: usize = 30;

/// How many missing counts one interval names.
const REASONS_MAX: usize = 2;

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
    sections.extend(pedigree.stage.as_ref().map(|stage| by_itself(stage, &why)));
    sections.extend(missing(pedigree));
    Sheet {
        name: judgement.name.clone(),
        verdict: judgement.verdict.as_str(),
        line: judgement.line(),
        rests_on: rests_on(judgement, pedigree),
        sections,
    }
}

/// Returns what stands behind an interval: the counts that are missing.
fn why(pedigree: &Pedigree) -> String {
    let texts: Vec<&str> = pedigree.unknowns.iter().map(|one| one.text.as_str()).collect();
    let named = texts
        .iter()
        .take(REASONS_MAX)
        .copied()
        .collect::<Vec<_>>()
        .join("; ");
    let more = (texts.len() + pedigree.unknowns_left_out).saturating_sub(REASONS_MAX);
    match more {
        _ if named.is_empty() => String::new(),
        0 => format!(" ({named})"),
        more => format!(" ({named}; {more} more counts are missing)"),
    }
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

/// Returns a share as people read it; an interval says what is missing.
fn share(value: &Share, why: &str) -> String {
    let why = if value.is_exact() { "" } else { why };
    format!("{}{why}", value.percent())
}

pub(super) fn numbers(value: &Share, why: &str) -> String {
    range(&Range::from(value.clone()), why)
}

fn range(value: &Range, why: &str) -> String {
    match &value.high {
        Some(high) if *high == value.low => number(high),
        Some(high) => format!("between {} and {}{why}", number(&value.low), number(high)),
        None => format!("at least {}{why}", number(&value.low)),
    }
}

fn at_least(measures: &Measures, text: &str) -> String {
    if measures.is_lower_bound {
        format!("at least {text}")
    } else {
        text.to_owned()
    }
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

pub(super) fn class_words(class: &str) -> &'static str {
    match class {
        "sources" => "a declared source",
        "external_models" => "an external model, opaque",
        "opaque_synthetic" => "made by named models, opaque",
        "origin_not_known" => "origin not known, opaque",
        _ => "not declared",
    }
}

fn founders(measures: &Measures, why: &str) -> Section {
    let all = &measures.founders;
    let mut entries: Vec<Entry> = (all.iter().take(SHOWN_MAX))
        .map(|founder| {
            entry(
                &founder.name,
                share(&founder.share, why),
                class_words(founder.class),
            )
        })
        .collect();
    entries.extend(more(all.len()));
    Section {
        title: "Founders",
        about: "Contribution of each end of the lineage: the sum over all paths of the products of shares."
            .to_owned(),
        entries,
    }
}

pub(super) fn more(of: usize) -> Option<Entry> {
    let more = of.checked_sub(SHOWN_MAX).filter(|more| *more > 0)?;
    Some(entry(format!("and {more} more"), "", "--json lists all"))
}

fn synthetic(measures: &Measures, why: &str) -> Section {
    let mut entries = vec![
        entry(
            "synthetic",
            at_least(measures, &share(&measures.synthetic, why)),
            "mass that a model generated, once or more often",
        ),
        entry(
            "directly",
            share(&measures.synthetic_direct, why),
            "in the data that it was itself trained on",
        ),
        entry(
            "inherited",
            share(&measures.synthetic_inherited, why),
            "with weights that it took over: base, merge, quantisation",
        ),
    ];
    if measures.is_lower_bound {
        let most = Share::exact(measures.synthetic_at_most.clone()).percent();
        entries.push(entry(
            "at most",
            most,
            "if all that is hidden behind opaque ends is synthetic too",
        ));
    }
    entries.push(entry(
        "worked on by a model",
        share(&measures.ai_enriched, why),
        "rows that a model annotated, judged or reworked without making them: not synthetic, and told apart",
    ));
    Section {
        title: "Synthetic data",
        about: String::new(),
        entries,
    }
}

fn generations(measures: &Measures, why: &str) -> Section {
    let mut entries: Vec<Entry> = (measures.generations.iter())
        .take(SHOWN_MAX)
        .map(|one| {
            let fresh = one.fresh_real.as_ref().map_or_else(String::new, |fresh| {
                format!(
                    "of what passed as many or more, {} is fresh and real here",
                    fresh.percent()
                )
            });
            let name = match one.depth {
                0 => "no generation".to_owned(),
                1 => "1 generation".to_owned(),
                more => format!("{more} generations"),
            };
            entry(name, share(&one.share, why), fresh)
        })
        .collect();
    entries.extend(more(measures.generations.len()));
    let depth = &measures.depth;
    entries.push(entry(
        "fewest, mean, most",
        at_least(
            measures,
            &format!("{}, {}, {}", depth.min, numbers(&depth.mean, why), depth.max),
        ),
        "generations between the model and where its mass comes from",
    ));
    Section {
        title: "Generations",
        about: "Mass by how often a model generated it anew. Without enough fresh real data in each generation, quality or \
                diversity falls (Alemohammad et al. 2023); the tails of distributions vanish first (Shumailov et al. 2024)."
            .to_owned(),
        entries,
    }
}

fn concentration(measures: &Measures, why: &str) -> Section {
    let mut entries = Vec::new();
    let none = |value: &Option<Share>| value.as_ref().map(|value| numbers(value, why));
    entries.push(entry(
        "effective sources",
        none(&measures.effective_sources).unwrap_or_else(|| "none".to_owned()),
        "as many founders with equal shares would be as concentrated (Lacy 1989); something opaque counts as one",
    ));
    entries.push(entry(
        "founder genome equivalents",
        none(&measures.founder_genome_equivalents).unwrap_or_else(|| "not known".to_owned()),
        "the same among declared sources, with the rows that filters left of each",
    ));
    entries.push(entry(
        "effective generators",
        none(&measures.effective_generators).unwrap_or_else(|| "none".to_owned()),
        "as many models generating equal parts would be as concentrated",
    ));
    for one in measures.generators.iter().take(SHOWN_MAX) {
        entries.push(entry(
            format!("generated by {}", one.name),
            share(&one.share, why),
            "",
        ));
    }
    entries.extend(more(measures.generators.len()));
    entries.push(match &measures.bottleneck {
        Some(one) => entry(
            "bottleneck",
            format!("{}: {}", one.name, share(&one.share, why)),
            "the model that most of the mass went through",
        ),
        None => entry(
            "bottleneck",
            "none",
            "no other model lies between it and its data",
        ),
    });
    Section {
        title: "Concentration",
        about: String::new(),
        entries,
    }
}

fn collapse(measures: &Measures, why: &str) -> Section {
    let about = "An index of a linear model, and no prediction: the noise that the mean of a row would have gathered, if \
                 every shard had been sampled once, by generators without bias. It ignores sampling bias and capacity.";
    let entries = match &measures.collapse {
        Some(collapse) => vec![
            entry(
                "collapse index",
                at_least(measures, &numbers(&collapse.index, why)),
                "A = sum of c^2 / n over all sampled shards, real and synthetic: more is worse",
            ),
            entry(
                "effective real sample size",
                if measures.is_lower_bound {
                    let high = collapse.effective_sample_size.high.as_ref();
                    high.map_or_else(
                        || "not known".to_owned(),
                        |high| {
                            format!(
                                "at most {}{}",
                                number(high),
                                if collapse.effective_sample_size.is_exact() {
                                    ""
                                } else {
                                    why
                                }
                            )
                        },
                    )
                } else {
                    range(&collapse.effective_sample_size, why)
                },
                "1 / A: as many fresh real rows, used once, would have as little noise",
            ),
            entry(
                "direct part",
                share(&collapse.direct_ratio, why),
                "of A were left, if the shards nearest to the model had been sampled fresh from the world",
            ),
        ],
        None => vec![entry(
            "collapse index",
            "not known",
            "no sampled shard with rows contributes",
        )],
    };
    Section {
        title: "Collapse index",
        about: about.to_owned(),
        entries,
    }
}

fn own_data(pedigree: &Pedigree, why: &str) -> Section {
    let of = &pedigree.self_consumption;
    let mut entries = vec![
        entry(
            "own",
            share(&of.own, why),
            "generated by a model that it took its weights over from, or an earlier version",
        ),
        entry(
            "family",
            share(&of.family, why),
            "generated by a model with weights in common, or of the same family",
        ),
        entry("other models", share(&of.other, why), "generated by anybody else"),
    ];
    entries.extend(of.loops.iter().take(SHOWN_MAX).map(a_loop));
    let left_out = of.loops.len().saturating_sub(SHOWN_MAX) + of.loops_left_out;
    if left_out > 0 {
        entries.push(entry(
            format!("and {left_out} more loops"),
            "",
            "--json lists them",
        ));
    }
    Section {
        title: "Self-consumption",
        about: "How much of its mass a model, its ancestors or its family generated; by the generator nearest to it.".to_owned(),
        entries,
    }
}

fn a_loop(one: &Loop) -> Entry {
    let does = match one.role {
        "generator" => "generated",
        "teacher" => "taught",
        "judge" => "judged",
        "reference" => "was the reference",
        "base" => "was the base",
        other => other,
    };
    let mass = if one.is_mass {
        ""
    } else {
        ", as a condition beside the mass"
    };
    Entry {
        name: format!("loop of {}", one.name),
        value: match one.length {
            1 => "1 step".to_owned(),
            more => format!("{more} steps"),
        },
        meaning: format!(
            "{} {} something among the ancestors{mass}",
            if one.kin.as_str() == "own" {
                "its own ancestor"
            } else {
                "one of its family"
            },
            does
        ),
        path: steps(&one.path),
    }
}

fn evaluations(found: &[Contamination], why: &str) -> Section {
    let mut entries = Vec::new();
    for one in found {
        if one.levels.is_empty() && one.measured.is_none() {
            entries.push(entry(
                &one.name,
                "none",
                "it is not among the ancestors, and shares no source with them",
            ));
        }
        for level in &one.levels {
            let meaning = match level.level {
                Level::Exact => "its rows are in what the model was trained on",
                Level::Derived => {
                    "something the model was trained on was made with it, as a seed, a prompt or the like"
                }
                Level::SharedSource => "something the model was trained on has a source in common with it",
                Level::GeneratorSaw => "a model that generated, judged or taught had it among its ancestors",
            };
            entries.push(Entry {
                path: steps(&level.path),
                ..entry(
                    format!("{} {}", one.name, level.level.words().0),
                    share(&level.share, why),
                    meaning,
                )
            });
        }
        if let Some(path) = &one.measured {
            entries.push(Entry {
                path: steps(path),
                ..entry(
                    format!("{} held against", one.name),
                    "",
                    "it was evaluated on it on the way, or data was cleaned of it: no contamination",
                )
            });
        }
    }
    if entries.is_empty() {
        entries.push(entry(
            "none looked for",
            "",
            "no run evaluates it on a registered set; name one with --eval NODE",
        ));
    }
    Section {
        title: "Evaluation sets among the ancestors",
        about: "By ancestry, which is not overlap of texts: copies that nobody declared do not show. The share is the mass of \
                what was touched; 0 % where it only conditions beside the mass."
            .to_owned(),
        entries,
    }
}

fn by_itself(stage: &Measures, why: &str) -> Section {
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
    let depth = &stage.depth;
    entries.push(entry(
        "generations: fewest, mean, most",
        at_least(
            stage,
            &format!("{}, {}, {}", depth.min, numbers(&depth.mean, why), depth.max),
        ),
        "",
    ));
    if let Some(collapse) = &stage.collapse {
        entries.push(entry(
            "collapse index",
            at_least(stage, &numbers(&collapse.index, why)),
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
