//! The rule about filters: an identified one stands on every path between a source and a run.
//!
//! The way is walked downwards from each such run, over every role: what only conditions brings its content along, too.
//! A run on the way stops the walk where it takes the filter, the filter is identified, and the rows that went in on that
//! way and those that came out are known. Whatever source is reached is reached unfiltered.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::VecDeque;

use crate::statement::Does;
use crate::statement::FilterRule;
use crate::statement::Predicate;
use crate::statement::Run;
use crate::statement::Word as _;
use crate::verify::Descends;
use crate::verify::DescentNode;
use crate::verify::DescentPart;
use crate::verify::PathStep;

use super::case::Against;
use super::case::Candidate;
use super::case::Case;
use super::facts::told;
use super::select::Met;
use super::select::Select;

/// A node, and for a run the output by which it was reached.
type State = (usize, Option<usize>);

/// A way from a run downwards on which no filter counts.
struct Way {
    /// The position of the run.
    run: usize,
    /// From below the run to the end: positions in the lineage.
    steps: Vec<usize>,
    /// Why filters on the way do not count.
    why_not: Vec<String>,
}

pub(super) fn apply(
    case: &Case<'_>,
    from: &Select,
    filter: FilterRule,
    before: &[Does],
    found: &mut Against<'_, '_>,
) {
    let mut meant: BTreeMap<usize, Vec<(&Candidate<'_>, Met)>> = BTreeMap::new();
    for candidate in &case.sources {
        let met = from.any(&candidate.facts);
        if !matches!(met, Met::No(_)) {
            meant.entry(candidate.at).or_default().push((candidate, met));
        }
    }
    let gaps: BTreeSet<usize> = case.gaps().collect();
    let ends: BTreeSet<usize> = meant.keys().chain(&gaps).copied().collect();
    let runs = case.runs().filter(|(_, _, run)| before.contains(&run.does));
    let runs: Vec<usize> = runs.map(|(at, _, _)| at).collect();
    for way in unfiltered(case, &runs, filter, &ends) {
        let Some(end) = way.steps.last().copied() else {
            continue;
        };
        for (candidate, met) in meant.get(&end).into_iter().flatten() {
            object(case, &way, filter, candidate, met, found);
        }
        if gaps.contains(&end) {
            let message = format!(
                "nobody declared \"{}\", and no {filter} filter stands between it and run {}",
                case.name(end),
                case.name(way.run)
            );
            found.path(false, path(case, &way), message);
        }
    }
}

fn object(
    case: &Case<'_>,
    way: &Way,
    filter: FilterRule,
    candidate: &Candidate<'_>,
    met: &Met,
    found: &mut Against<'_, '_>,
) {
    let (is_known, which) = match met {
        Met::Yes(why) => (true, why.clone()),
        Met::NotKnown(why) | Met::No(why) => (false, format!("{why}, so it may be one that is meant")),
    };
    let why_not = match way.why_not.as_slice() {
        [] => String::new(),
        all => format!("; {}", all.join("; ")),
    };
    let message = format!(
        "no {filter} filter that counts stands between {} ({which}) and run {}{why_not}",
        told(candidate),
        case.name(way.run)
    );
    let mut steps = path(case, way);
    steps.extend(candidate.elsewhere.clone());
    found.path(is_known, steps, message);
}

fn path(case: &Case<'_>, way: &Way) -> Vec<PathStep> {
    let mut path = case.path(way.run);
    let nodes = way.steps.iter().filter_map(|at| case.node(*at));
    path.extend(nodes.map(DescentNode::step));
    path
}

/// Returns, for each of the ends that is reached from a run without a filter that counts, the nearest way. All runs are
/// walked from at once, so every edge is looked at once.
fn unfiltered(case: &Case<'_>, runs: &[usize], filter: FilterRule, ends: &BTreeSet<usize>) -> Vec<Way> {
    let starts = runs.iter().map(|run| (*run, None));
    let mut queue: VecDeque<State> = starts.collect();
    let mut from: BTreeMap<State, Option<State>> = queue.iter().map(|start| (*start, None)).collect();
    let mut reached: BTreeMap<usize, State> = BTreeMap::new();
    while let Some(state) = queue.pop_front() {
        let Some(node) = case.node(state.0) else { continue };
        if ends.contains(&state.0) {
            reached.entry(state.0).or_insert(state);
        }
        let filters = filters(case, node, filter);
        for edge in &node.descends {
            if counts(case, node, state.1, edge, &filters).is_ok_and(|counts| counts) {
                continue;
            }
            let via = case.node(edge.to).filter(|below| below.part == DescentPart::Run);
            let next: State = (edge.to, via.map(|_| state.0));
            if let std::collections::btree_map::Entry::Vacant(entry) = from.entry(next) {
                entry.insert(Some(state));
                queue.push_back(next);
            }
        }
    }
    let ways = reached.into_values().map(|end| {
        let mut states = vec![end];
        while let Some(Some(before)) = states.last().map(|state| from.get(state).copied().flatten()) {
            states.push(before);
        }
        states.reverse();
        let why_not = states.windows(2).filter_map(|two| match two {
            [above, below] => why_not(case, *above, below.0, filter),
            _ => None,
        });
        Way {
            run: states.first().map_or(end.0, |(at, _)| *at),
            why_not: why_not.collect(),
            steps: states.iter().skip(1).map(|(at, _)| *at).collect(),
        }
    });
    ways.collect()
}

/// A filter of the kind that a run takes.
struct Taken<'a> {
    name: &'a str,
    is_identified: bool,
}

fn filters<'a>(case: &Case<'a>, node: &DescentNode, filter: FilterRule) -> Vec<Taken<'a>> {
    if node.part != DescentPart::Run {
        return Vec::new();
    }
    let edges = node.descends.iter().filter(|edge| edge.role == "filter");
    let taken = edges.filter_map(|edge| {
        let below = case.node(edge.to)?;
        match &below.statement.predicate {
            Predicate::Filter(rule) if rule.rule == filter => Some(Taken {
                name: below.shown.name.as_str(),
                is_identified: rule.is_identified(),
            }),
            _ => None,
        }
    });
    taken.collect()
}

/// Returns whether a filter stands on the way through a run that leads over this edge; the error says why one that is
/// there does not count.
fn counts(
    case: &Case<'_>,
    node: &DescentNode,
    output: Option<usize>,
    edge: &Descends,
    filters: &[Taken<'_>],
) -> Result<bool, String> {
    let (Predicate::Run(run), Some(first)) = (&node.statement.predicate, filters.first()) else {
        return Ok(false);
    };
    let place = format!("filter {} of run {}", first.name, node.shown.name);
    if !filters.iter().any(|filter| filter.is_identified) {
        return Err(format!(
            "{place} is only described: it has neither code with a digest nor a model"
        ));
    }
    let below = case.node(edge.to);
    let input = edge.input.and_then(|at| run.inputs.get(at));
    let has_rows = below.is_some_and(|below| {
        matches!(
            below.shown.kind,
            "source" | "shard" | "dataset" | "scores" | "gap"
        )
    });
    let stated = input.and_then(|input| input.rows);
    if has_rows && stated.is_none() && below.and_then(|below| below.shown.rows).is_none() {
        return Err(format!(
            "{place} does not count, for how many rows of {} went in is not known",
            case.name(edge.to)
        ));
    }
    if let Some(kept) = input.and_then(|input| input.kept) {
        let more = more_than_kept(run, kept);
        return more.map_or(Ok(true), |more| {
            Err(format!("{place} does not count, for {more}"))
        });
    }
    rows_out(case, run, output).map_err(|missing| format!("{place} does not count, for {missing}"))
}

/// Where a run puts out more rows than it kept, some of them did not pass; so too where that is not known of several
/// outputs.
fn more_than_kept(run: &Run, kept: u64) -> Option<String> {
    if run.does == Does::Train || run.outputs.len() == 1 {
        return None;
    }
    let rows = run.outputs.iter().map(|output| output.set.total_rows());
    match rows.sum::<Option<u64>>() {
        Some(all) if all <= kept => None,
        Some(all) => Some(format!(
            "it let {kept} rows pass, and {all} came out of the run: some of them did not pass"
        )),
        None => Some("how many rows came out of the run is not known of all its outputs".to_owned()),
    }
}

/// Whether it is known how many rows came out.
fn rows_out(case: &Case<'_>, run: &Run, output: Option<usize>) -> Result<bool, String> {
    let Some(output) = output
        .and_then(|at| case.node(at))
        .filter(|node| node.shown.kind != "model")
    else {
        return Err(format!(
            "how many rows it let pass is not known: a run that does {} states them as `kept` of its input",
            run.does.as_str()
        ));
    };
    if run.outputs.len() > 1 {
        return Err(format!(
            "the run has {} outputs, and which rows it let pass is not stated as `kept` of its input",
            run.outputs.len()
        ));
    }
    match output.shown.rows {
        Some(_) => Ok(true),
        None => Err(format!(
            "how many rows of {} came out is not known",
            output.shown.name
        )),
    }
}

/// Why a filter on a step of a way does not count, where there is one.
fn why_not(case: &Case<'_>, above: State, below: usize, filter: FilterRule) -> Option<String> {
    let node = case.node(above.0)?;
    let filters = filters(case, node, filter);
    let mut edges = node.descends.iter().filter(|edge| edge.to == below);
    edges.find_map(|edge| counts(case, node, above.1, edge, &filters).err())
}
