//! Everything that is measured of one root: the model with all that it took over, or its last training run by itself.

use std::cell::Cell;
use std::collections::BTreeMap;

use num_rational::BigRational;
use num_traits::One as _;
use num_traits::Zero as _;

use crate::verify::Share;

use super::collapse::Collapse;
use super::collapse::collapse;
use super::effective::effective;
use super::effective::equivalents;
use super::generators::Contribution;
use super::generators::bottleneck;
use super::generators::generators;
use super::graph::Graph;
use super::graph::Kind;
use super::graph::Node;
use super::graph::mixed;
use super::graph::share_of;
use super::graph::value_of;
use super::spectrum::Depth;
use super::spectrum::Generation;
use super::spectrum::depths;
use super::spectrum::generations;
use super::survivors::survivors;
use super::sweep::Coefficients;
use super::sweep::among;

/// Where mass comes from in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Founder {
    /// `hb:` or `gap:` id.
    pub id: String,
    /// Name.
    pub name: String,
    /// What it is: `source`, `external_model`, `gap` and the like.
    pub kind: &'static str,
    /// The class of the boundary that it counts to. A mixed source stands once for each of its parts.
    pub class: &'static str,
    /// Its contribution.
    pub share: Share,
}

/// What is measured of one root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measures {
    /// Contributions of everything in which the lineage ends, greatest first. They add up to one.
    pub founders: Vec<Founder>,
    /// The mass that leads to declared sources: what founders, depth and index are known for.
    pub coverage: Share,
    /// The mass of the paths with at least one recorded generation, synthetic sources included.
    pub synthetic: Share,
    /// The part of that in the data that the model itself was trained on.
    pub synthetic_direct: Share,
    /// The part of that which came with weights it took over: base, merge, quantisation.
    pub synthetic_inherited: Share,
    /// The most the synthetic fraction can be, if all that is hidden behind opaque ends is synthetic too.
    pub synthetic_at_most: BigRational,
    /// The mass of the paths through rows that a model annotated or judged after they last were sampled.
    pub ai_enriched: Share,
    /// Mass by the number of generations, from none up.
    pub generations: Vec<Generation>,
    /// How many generations there are.
    pub depth: Depth,
    /// Effective sources: over all founders, of which something opaque is one each.
    pub effective_sources: Option<Share>,
    /// The same with the rows that filters left of each, among the mass that leads to declared sources; nothing where that
    /// is not known.
    pub founder_genome_equivalents: Option<Share>,
    /// The generators nearest to the model, with the mass that each made, greatest first.
    pub generators: Vec<Contribution>,
    /// Effective generators among the synthetic mass; nothing where none is.
    pub effective_generators: Option<Share>,
    /// The model that most of the mass went through; nothing where no other model did.
    pub bottleneck: Option<Contribution>,
    /// The collapse index; nothing where no sampled shard contributes.
    pub collapse: Option<Collapse>,
    /// Whether the lineage ends in something opaque somewhere, so that synthetic fraction, depth and index are lower
    /// bounds.
    pub is_lower_bound: bool,
}

/// Ends by item and class, with their nodes.
type Ends = BTreeMap<(Option<usize>, &'static str), Vec<usize>>;

/// Measures one root of a graph.
pub(super) fn measures(graph: &Graph, root: usize, left: &Cell<usize>) -> Measures {
    let coefficients = Coefficients::of(graph, root, left);
    let ends = ends(graph);
    let of_all = |ends: &dyn Fn(&Kind) -> Option<bool>| {
        let share = |yes: bool| if yes { Share::one() } else { Share::zero() };
        value_of(&share_of(graph, |_, node| ends(&node.kind).map(share)), root)
    };
    let synthetic = of_all(&|kind| match kind {
        Kind::Generated | Kind::Synthetic(_) => Some(true),
        _ => None,
    });
    let at_most = of_all(&|kind| match kind {
        Kind::Generated => Some(true),
        kind => kind.is_end().then(|| kind.is_opaque()),
    });
    let coverage = of_all(&|kind| kind.is_end().then_some(*kind == Kind::Real));
    let (list, effective_generators) = generators(graph, root, left);
    let founder_genome_equivalents = of_sources(graph, root, &ends, left);
    Measures {
        founders: founders(graph, &ends, &coefficients),
        is_lower_bound: coverage != Share::one(),
        coverage,
        synthetic_direct: by_weights(graph, root, false),
        synthetic_inherited: by_weights(graph, root, true),
        synthetic_at_most: at_most.high,
        synthetic,
        ai_enriched: value_of(&share_of(graph, enriched), root),
        generations: generations(graph, &[root]).pop().unwrap_or_default(),
        depth: depths(graph, &[root]).pop().unwrap_or(Depth {
            min: 0,
            mean: Share::zero(),
            max: 0,
        }),
        effective_sources: effective_sources(graph, &ends, &coefficients),
        founder_genome_equivalents,
        generators: list,
        effective_generators,
        bottleneck: bottleneck(graph, root, &coefficients),
        collapse: collapse(graph, root, &coefficients),
    }
}

/// The word of the boundary for an end.
fn class_of(kind: &Kind) -> Option<&'static str> {
    match kind {
        Kind::Real => Some("sources"),
        Kind::ExternalModel => Some("external_models"),
        Kind::Synthetic(_) => Some("opaque_synthetic"),
        Kind::NotKnown => Some("origin_not_known"),
        Kind::Unknown => Some("unknown"),
        Kind::Passed | Kind::Generated | Kind::Model | Kind::Aside => None,
    }
}

fn ends(graph: &Graph) -> Ends {
    let mut ends = Ends::new();
    for (at, node) in graph.nodes().iter().enumerate() {
        if let Some(class) = class_of(&node.kind) {
            ends.entry((node.item, class)).or_default().push(at);
        }
    }
    ends
}

fn founders(graph: &Graph, ends: &Ends, coefficients: &Coefficients<'_>) -> Vec<Founder> {
    let founder = |((item, class), members): (&(Option<usize>, &'static str), &Vec<usize>)| {
        let item = item.and_then(|item| graph.items().get(item));
        Founder {
            id: item.map_or_else(String::new, |item| item.id.clone()),
            name: item.map_or_else(|| "not declared".to_owned(), |item| item.name.clone()),
            kind: item.map_or("gap", |item| item.kind),
            class,
            share: coefficients.group(members),
        }
    };
    let mut founders: Vec<Founder> = ends.iter().map(founder).collect();
    founders.retain(|founder| !founder.share.high.is_zero());
    founders.sort_by(|one, other| {
        let key = |founder: &Founder| (founder.share.low.clone(), founder.share.high.clone());
        key(other).cmp(&key(one)).then_with(|| one.id.cmp(&other.id))
    });
    founders
}

/// Returns the synthetic fraction that came with weights that were taken over, or that which did not.
fn by_weights(graph: &Graph, root: usize, inherited: bool) -> Share {
    let all = share_of(graph, |_, node| {
        matches!(node.kind, Kind::Generated | Kind::Synthetic(_)).then(Share::one)
    });
    let split = super::graph::fold(graph, &Share::zero(), |at, values| {
        let Some(node) = graph.nodes().get(at) else {
            return Share::zero();
        };
        match node.kind {
            Kind::Generated | Kind::Synthetic(_) if inherited => Share::zero(),
            Kind::Generated | Kind::Synthetic(_) => Share::one(),
            _ => mixed(node, |parent| match (parent.inherits, inherited) {
                (true, true) => value_of(&all, parent.node),
                (true, false) => Share::zero(),
                (false, _) => value_of(values, parent.node),
            }),
        }
    });
    value_of(&split, root)
}

/// Whether a model annotated or judged it after it last was sampled.
fn enriched(_: usize, node: &Node) -> Option<Share> {
    match node.kind {
        _ if node.enriched => Some(Share::one()),
        Kind::Generated => Some(Share::zero()),
        _ => None,
    }
}

/// Returns effective sources: the two parts of a mixed source are one founder, and so is one thing under two names.
fn effective_sources(graph: &Graph, ends: &Ends, coefficients: &Coefficients<'_>) -> Option<Share> {
    let mut groups: BTreeMap<(Option<usize>, Option<usize>), Vec<usize>> = BTreeMap::new();
    let things = graph.things();
    for ((item, _), members) in ends {
        let first = members.first().copied().filter(|_| item.is_none());
        let thing = item.and_then(|item| things.get(item).copied());
        groups.entry((thing, first)).or_default().extend(members);
    }
    let shares = groups.values().map(|members| coefficients.group(members));
    let reached: Vec<Share> = shares.filter(|share| !share.high.is_zero()).collect();
    effective(&reached)
}

/// Returns founder genome equivalents.
fn of_sources(graph: &Graph, root: usize, ends: &Ends, left: &Cell<usize>) -> Option<Share> {
    let real: Vec<Vec<usize>> = (ends.iter())
        .filter(|((_, class), _)| *class == "sources")
        .map(|(_, members)| members.clone())
        .collect();
    let shares = among(graph, root, &real, left);
    let surviving = survivors(graph, root);
    let reached: Vec<(Share, Option<Share>)> = (shares.into_iter().zip(&real))
        .filter(|(share, _)| !share.high.is_zero())
        .map(|(share, members)| (share, survival(graph, members, &surviving)))
        .collect();
    equivalents(&reached)
}

/// Returns which part of the rows of a source came through all filters: of all its files together.
fn survival(graph: &Graph, members: &[usize], surviving: &[Option<Share>]) -> Option<Share> {
    let units = members
        .iter()
        .find_map(|at| graph.nodes().get(*at)?.units.clone())?;
    if units.is_zero() {
        return None;
    }
    let mut sum = Share::zero();
    for at in members {
        let share = surviving.get(*at)?.as_ref()?;
        sum.low += &share.low;
        sum.high += &share.high;
    }
    let part = |rows: BigRational| (rows / &units).min(BigRational::one());
    Some(Share {
        low: part(sum.low),
        high: part(sum.high),
    })
}
