//! Rules about what the pedigree measures. An interval that straddles a bound keeps no rule, and the counts that are
//! missing are named.

use num_rational::BigRational;
use num_traits::ToPrimitive as _;
use num_traits::Zero as _;

use crate::pedigree::Measures;
use crate::pedigree::Pedigree;
use crate::statement::Decimal;
use crate::verify::Share;

use super::case::Against;
use super::case::Case;
use super::rule::Demand;
use super::rule::Scope;

/// How many missing counts one message names.
const UNKNOWNS_TOLD: usize = 3;

pub(super) fn apply(case: &Case<'_>, demand: &Demand, found: &mut Against<'_, '_>) {
    let pedigree = match case.pedigree() {
        Ok(pedigree) => pedigree,
        Err(why) => {
            found.not_known_of_all(format!("the pedigree cannot be worked out: {why}"));
            return;
        }
    };
    match demand {
        Demand::SyntheticShare { at_most, of } => synthetic(pedigree, at_most, *of, found),
        Demand::Generations { at_most, of } => generations(pedigree, *at_most, *of, found),
        Demand::EffectiveSources { at_least, of } => sources(pedigree, at_least, *of, found),
        Demand::NoSelfConsumption => self_consumption(pedigree, found),
        _ => {}
    }
}

/// What is asked about: without a base, the last training is all there is.
fn measures(pedigree: &Pedigree, of: Scope) -> &Measures {
    match (of, &pedigree.stage) {
        (Scope::Stage, Some(stage)) => stage,
        _ => &pedigree.whole,
    }
}

fn of_what(of: Scope) -> &'static str {
    match of {
        Scope::Whole => "the whole lineage",
        Scope::Stage => "the last training, its base left out,",
    }
}

fn synthetic(pedigree: &Pedigree, at_most: &Decimal, of: Scope, found: &mut Against<'_, '_>) {
    let measured = measures(pedigree, of);
    let (share, bound) = (&measured.synthetic, at_most.value());
    let what = of_what(of);
    if share.low > *bound {
        found.broken_by_all(format!(
            "{} of {what} was made by models, and {at_most} is the most that is allowed",
            share.percent()
        ));
    } else if share.high > *bound {
        found.not_known_of_all(format!(
            "{} of {what} was made by models, and {at_most} is the most that is allowed: whether it is more {}",
            share.percent(),
            missing(pedigree)
        ));
    } else if measured.synthetic_at_most > *bound {
        found.not_known_of_all(format!(
            "{} of {what} was made by models by the record, but it may be up to {}, more than the {at_most} that is \
             allowed: what is behind {} is not known",
            share.percent(),
            Share::exact(measured.synthetic_at_most.clone()).percent(),
            opaque(measured, &["external_models", "origin_not_known", "unknown"]),
        ));
    }
}

/// Recorded generations: behind an external model further ones may lie, of which there is no record.
fn generations(pedigree: &Pedigree, at_most: u64, of: Scope, found: &mut Against<'_, '_>) {
    let measured = measures(pedigree, of);
    let what = of_what(of);
    let over: Vec<_> = measured
        .generations
        .iter()
        .filter(|generation| u64::try_from(generation.depth).unwrap_or(u64::MAX) > at_most)
        .collect();
    let deepest = over.iter().map(|generation| generation.depth).max();
    if over.iter().any(|generation| !generation.share.low.is_zero()) {
        found.broken_by_all(format!(
            "{} generations of models lie behind part of {what}, and {at_most} are the most that are allowed",
            deepest.unwrap_or_default()
        ));
    } else if let Some(deepest) = deepest {
        found.not_known_of_all(format!(
            "up to {deepest} generations of models lie behind {what}, and {at_most} are the most that are allowed: \
             whether it is more {}",
            missing(pedigree)
        ));
    }
    unknown_ends(measured, "how many generations lie behind", found);
}

/// Of what nobody knows the origin of, nothing else is known either.
fn unknown_ends(measured: &Measures, what: &str, found: &mut Against<'_, '_>) {
    let names = opaque(measured, &["origin_not_known", "unknown"]);
    if !names.is_empty() {
        found.not_known_of_all(format!("{what} {names} is not known"));
    }
}

fn sources(pedigree: &Pedigree, at_least: &Decimal, of: Scope, found: &mut Against<'_, '_>) {
    let bound = at_least.value();
    let what = of_what(of);
    match &measures(pedigree, of).effective_sources {
        Some(share) if share.low >= *bound => {}
        Some(share) if share.high < *bound => found.broken_by_all(format!(
            "{what} comes from {} effective sources, and {at_least} are demanded",
            between(share)
        )),
        Some(share) => found.not_known_of_all(format!(
            "{what} comes from {} effective sources, and {at_least} are demanded: whether it is fewer {}",
            between(share),
            missing(pedigree)
        )),
        None => found.not_known_of_all(format!(
            "from how many sources {what} effectively comes {}",
            missing(pedigree)
        )),
    }
}

fn self_consumption(pedigree: &Pedigree, found: &mut Against<'_, '_>) {
    let consumption = &pedigree.self_consumption;
    for one in &consumption.loops {
        let who = match one.kin {
            crate::pedigree::Kin::Own => "its own ancestor or an earlier version of it",
            _ => "of its own family",
        };
        let did = if one.is_mass {
            format!("{} made data of it", one.name)
        } else {
            format!("{} conditioned its data as {}", one.name, one.role)
        };
        found.path(true, one.path.clone(), format!("{did}, and is {who}"));
    }
    if consumption.loops_left_out > 0 {
        found.broken_by_all(format!(
            "{} more loops lead back to its own kin",
            consumption.loops_left_out
        ));
    }
    let kin = [&consumption.own, &consumption.family];
    if consumption.loops.is_empty() && kin.iter().any(|share| !share.high.is_zero()) {
        found.broken_by_all("its own kin made part of its data".to_owned());
    }
    unknown_ends(&pedigree.whole, "whether its own kin made", found);
}

/// Names what is opaque in these classes.
fn opaque(measured: &Measures, classes: &[&str]) -> String {
    let all = measured.founders.iter();
    let names: Vec<&str> = all
        .filter(|founder| classes.contains(&founder.class))
        .map(|founder| founder.name.as_str())
        .collect();
    match names.split_at_checked(UNKNOWNS_TOLD) {
        Some((told, more)) if !more.is_empty() => format!("{} and {} more", told.join(", "), more.len()),
        _ => names.join(", "),
    }
}

/// Says which counts are missing.
fn missing(pedigree: &Pedigree) -> String {
    let count = pedigree.unknowns.len() + pedigree.unknowns_left_out;
    let told = pedigree.unknowns.iter().take(UNKNOWNS_TOLD);
    let told: Vec<&str> = told.map(|unknown| unknown.text.as_str()).collect();
    let more = match count.saturating_sub(UNKNOWNS_TOLD) {
        0 => String::new(),
        more => format!("; and {more} more counts"),
    };
    if !told.is_empty() {
        return format!("depends on counts that are missing: {}{more}", told.join("; "));
    }
    match pedigree.limits.first() {
        Some(limit) => format!("is not known, for a limit was reached: {limit}"),
        None => "is not known: the share of its base is not declared".to_owned(),
    }
}

/// A number of sources, or the two it lies between, to two decimals.
fn between(share: &Share) -> String {
    let told = |value: &BigRational| format!("{:.2}", value.to_f64().unwrap_or_default());
    if share.is_exact() {
        told(&share.low)
    } else {
        format!("between {} and {}", told(&share.low), told(&share.high))
    }
}
