//! Who generated: the models whose output the mass consists of, and the one that most of it went through.
//!
//! On every path the generation that is nearest to the model counts, so that the parts of all generators add up to the
//! synthetic fraction.

use std::cell::Cell;
use std::collections::BTreeMap;

use num_traits::Zero as _;

use crate::verify::Share;

use super::effective::effective;
use super::graph::Graph;
use super::graph::Kind;
use super::graph::Node;
use super::sweep::Coefficients;
use super::sweep::among;
use super::unfold::Unfolded;

/// A model with what it has to do with the mass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contribution {
    /// `hb:` id of the model, or of the source that only names who made it.
    pub id: String,
    /// Its name, or the names that the source gives.
    pub name: String,
    /// How much.
    pub share: Share,
}

/// What stands for a generator.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Generator {
    /// An item of the graph, the first of those that are the same thing.
    Item(usize),
    /// A node that is of no item.
    Nameless(usize),
    /// The names that synthetic sources give, in lower case: one generator, however many sources name it.
    Named(Vec<String>),
}

/// What a path is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum At {
    /// Rows or weights.
    Mass,
    /// What generated them.
    Generator,
}

impl At {
    /// Returns what the parents of a node are that a path arrives at as this.
    pub(super) fn below(self, node: &Node) -> Self {
        match node.kind {
            Kind::Generated => Self::Generator,
            Kind::Passed => self,
            _ => Self::Mass,
        }
    }
}

/// Returns the graph in which every path ends at the first model that generated on it, if any did.
pub(super) fn nearest(graph: &Graph) -> Unfolded<At> {
    Unfolded::of(graph, &[At::Mass, At::Generator], |_, node, at| {
        let found = at == At::Generator && !matches!(node.kind, Kind::Passed | Kind::Generated);
        (!found).then(|| at.below(node))
    })
}

/// Returns the generators nearest to the root with what each made, greatest first, and how many effective ones that is.
pub(super) fn generators(
    graph: &Graph,
    root: usize,
    left: &Cell<usize>,
) -> (Vec<Contribution>, Option<Share>) {
    let near = nearest(graph);
    let things = graph.things();
    let mut groups: BTreeMap<Generator, (usize, Vec<usize>)> = BTreeMap::new();
    for (position, at, state) in near.ends() {
        if let Some(generator) = graph
            .nodes()
            .get(at)
            .and_then(|node| generator(node, (at, state), &things))
        {
            groups
                .entry(generator)
                .or_insert((at, Vec::new()))
                .1
                .push(position);
        }
    }
    let members: Vec<Vec<usize>> = groups.values().map(|(_, members)| members.clone()).collect();
    let coefficients = Coefficients::of(&near.graph, near.start(root), left);
    let contribution = |(generator, (at, members)): (&Generator, &(usize, Vec<usize>))| {
        let item = graph.item(*at);
        let (id, name) = item.map_or_else(Default::default, |item| (item.id.clone(), item.name.clone()));
        let name = match generator {
            Generator::Named(names) => names.join(", "),
            Generator::Item(_) | Generator::Nameless(_) => name,
        };
        Contribution {
            id,
            name,
            share: coefficients.group(members),
        }
    };
    let list = in_order(groups.iter().map(contribution).collect());
    let parts = among(&near.graph, near.start(root), &members, left);
    let parts: Vec<Share> = parts.into_iter().filter(|part| !part.high.is_zero()).collect();
    (list, effective(&parts))
}

fn generator(node: &Node, (at, state): (usize, At), things: &[usize]) -> Option<Generator> {
    match (&node.kind, state) {
        (Kind::Synthetic(names), _) => Some(Generator::Named(names.clone())),
        (_, At::Generator) => {
            let thing = node.item.and_then(|item| things.get(item).copied());
            Some(thing.map_or(Generator::Nameless(at), Generator::Item))
        }
        (_, At::Mass) => None,
    }
}

/// Those with a share, the greatest first.
fn in_order(mut list: Vec<Contribution>) -> Vec<Contribution> {
    list.retain(|one| !one.share.high.is_zero());
    list.sort_by(|one, other| (&other.share.low, &other.share.high).cmp(&(&one.share.low, &one.share.high)));
    list
}

/// Returns the model, other than that of the root itself, that most of the mass went through.
pub(super) fn bottleneck(
    graph: &Graph,
    root: usize,
    coefficients: &Coefficients<'_>,
) -> Option<Contribution> {
    let own = graph.nodes().get(root).and_then(|node| node.item);
    let things = graph.things();
    let mut models: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (at, node) in graph.nodes().iter().enumerate() {
        if let Some(item) = node
            .item
            .filter(|item| node.kind.is_model() && Some(*item) != own)
        {
            let thing = things.get(item).copied().unwrap_or(item);
            models.entry(thing).or_default().push(at);
        }
    }
    let contribution = |(item, members): (&usize, &Vec<usize>)| {
        let item = graph.items().get(*item)?;
        Some(Contribution {
            id: item.id.clone(),
            name: item.name.clone(),
            share: coefficients.group(members),
        })
    };
    in_order(models.iter().filter_map(contribution).collect())
        .into_iter()
        .next()
}
