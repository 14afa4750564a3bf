//! What is measured of one root of a pedigree, in words.

use crate::pedigree::Measures;
use crate::verify::Share;

use super::sheet::Entry;
use super::sheet::SHOWN_MAX;
use super::sheet::Section;
use super::sheet::entry;
use super::sheet::more;
use super::sheet::number;
use super::sheet::numbers;
use super::sheet::range;
use super::sheet::share;

/// Returns what a class of the boundary is.
pub(super) fn class_words(class: &str) -> &'static str {
    match class {
        "sources" => "a declared source",
        "external_models" => "an external model, opaque",
        "opaque_synthetic" => "made by named models, opaque",
        "origin_not_known" => "origin not known, opaque",
        _ => "not declared",
    }
}

pub(super) fn founders(measures: &Measures, why: &str) -> Section {
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

pub(super) fn synthetic(measures: &Measures, why: &str) -> Section {
    let mut entries = vec![
        entry(
            "synthetic",
            if measures.synthetic == Share::one() {
                measures.synthetic.percent()
            } else {
                at_least(
                    measures,
                    measures.synthetic.is_exact(),
                    &share(&measures.synthetic, why),
                )
            },
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

pub(super) fn generations(measures: &Measures, why: &str) -> Section {
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
    entries.push(entry(
        "fewest, mean, most",
        depth_text(measures, why),
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

pub(super) fn depth_text(measures: &Measures, why: &str) -> String {
    let depth = &measures.depth;
    let text = format!("{}; {}; {}", depth.min, numbers(&depth.mean, why), depth.max);
    at_least(measures, depth.mean.is_exact(), &text)
}

pub(super) fn concentration(measures: &Measures, why: &str) -> Section {
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

pub(super) fn collapse(measures: &Measures, why: &str) -> Section {
    let about = "An index of a linear model, and no prediction: the noise that the mean of a row would have gathered, if \
                 every shard had been sampled once, by generators without bias. It ignores sampling bias and capacity.";
    let entries = match &measures.collapse {
        Some(collapse) => vec![
            entry(
                "collapse index",
                at_least(
                    measures,
                    collapse.index.is_exact(),
                    &numbers(&collapse.index, why),
                ),
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
                "1 / A: as many fresh real rows, used once, would have as little noise; by the registered rows of each shard, not the \
                 rows that were taken of it",
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

/// Returns a number that is a lower bound where something is opaque; what is recorded of it may be an interval by itself.
pub(super) fn at_least(measures: &Measures, is_exact: bool, text: &str) -> String {
    match (measures.is_lower_bound, is_exact) {
        (false, _) => text.to_owned(),
        (true, true) if !text.starts_with("under") => format!("at least {text}"),
        (true, _) => format!("recorded: {text}"),
    }
}
