//! Whether what a model is evaluated on has a part in it: by ancestry, which is not overlap of texts.
//!
//! Four levels, each with its mass and a way that shows it. Conditioning edges count: a seed or a prompt from an
//! evaluation set shapes what is generated though it contributes no mass. What is only held against the model or the
//! data, an evaluation of weights or the reference of a decontamination filter, is told apart and is no level; scores
//! of an evaluation that a training takes as data were made with its set.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::VecDeque;

use crate::verify::PathStep;
use crate::verify::Share;

use super::graph::Graph;
use super::graph::Kind;
use super::graph::Node;
use super::graph::fold;
use super::graph::share_of;
use super::graph::value_of;
use super::paths::path;
use super::sweep::Coefficients;
use super::unfold::Unfolded;

/// An evaluation set, as it is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Evaluation {
    /// `hb:` id.
    pub id: String,
    /// Name.
    pub name: String,
    /// The nodes of the graph that have its content.
    pub nodes: BTreeSet<usize>,
    /// The items of the graph that it descends from too, or is itself: its sources.
    pub sources: BTreeSet<usize>,
}

/// How an evaluation set came to have a part in a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// L1: its rows are in the data that the model, or weights it took over, was trained on.
    Exact,
    /// L2: something the model was trained on was made with it: as a seed, in a prompt, by its labels, as scores on it.
    Derived,
    /// L3: something the model was trained on has a source in common with it.
    SharedSource,
    /// L4: a model that generated, judged or taught had it among its ancestors.
    GeneratorSaw,
}

impl Level {
    /// All levels with their words.
    pub const WORDS: [(Self, &'static str, &'static str); 4] = [
        (Self::Exact, "L1", "exact"),
        (Self::Derived, "L2", "derived"),
        (Self::SharedSource, "L3", "shared_source"),
        (Self::GeneratorSaw, "L4", "generator_saw"),
    ];

    /// Returns the short word and the long one.
    pub fn words(self) -> (&'static str, &'static str) {
        let found = Self::WORDS.iter().find(|(level, _, _)| *level == self);
        found.map_or(("", ""), |(_, short, long)| (short, long))
    }
}

/// One level at which an evaluation set has a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// The level.
    pub level: Level,
    /// The mass of the paths that lead through what it touched; 0 where it only conditions beside the mass.
    pub share: Share,
    /// The shortest way from the model to it.
    pub path: Vec<PathStep>,
}

/// What was found of one evaluation set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contamination {
    /// `hb:` id.
    pub id: String,
    /// Name.
    pub name: String,
    /// The levels, in their order; none when it has no part in the model by ancestry.
    pub levels: Vec<Reached>,
    /// The way by which the model was only measured on it, or its data only cleaned of it.
    pub measured: Option<Vec<PathStep>>,
}

/// How a path came to where it is, from the closest to the model to the furthest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum How {
    Rows,
    Derived,
    Model,
    Measured,
}

/// Looks for one evaluation set among the ancestors of the root.
pub(super) fn contamination(
    graph: &Graph,
    root: usize,
    evaluation: &Evaluation,
    left: &Cell<usize>,
) -> Contamination {
    let ways = ways(graph, root);
    let shortest = |how: &[How], wanted: &dyn Fn(usize, &Node) -> bool| {
        let hits = ways.order.iter().find(|(at, reached)| {
            let node = graph.nodes().get(*at);
            how.contains(reached) && node.is_some_and(|node| wanted(*at, node))
        });
        hits.map(|hit| path(graph, &ways.from, *hit, |place| place.0))
    };
    let is_eval = |at: usize, _: &Node| evaluation.nodes.contains(&at);
    let is_source = |_: usize, node: &Node| node.item.is_some_and(|item| evaluation.sources.contains(&item));
    let found = [
        (Level::Exact, shortest(&[How::Rows], &is_eval)),
        (Level::Derived, shortest(&[How::Derived], &is_eval)),
        (
            Level::SharedSource,
            shortest(&[How::Rows, How::Derived], &|at, node| {
                is_source(at, node) && !is_eval(at, node)
            }),
        ),
        (Level::GeneratorSaw, shortest(&[How::Model], &is_eval)),
    ];
    let level = |(level, path): (Level, Option<Vec<PathStep>>)| {
        Some(Reached {
            level,
            share: share(graph, root, evaluation, level, left),
            path: path?,
        })
    };
    Contamination {
        id: evaluation.id.clone(),
        name: evaluation.name.clone(),
        levels: found.into_iter().filter_map(level).collect(),
        measured: shortest(&[How::Measured], &is_eval),
    }
}

struct Ways {
    from: BTreeMap<(usize, How), (usize, How)>,
    /// Nearest first.
    order: Vec<(usize, How)>,
}

/// Walks from the root to everything, by how it is reached.
fn ways(graph: &Graph, root: usize) -> Ways {
    let start = (root, How::Rows);
    let mut ways = Ways {
        from: BTreeMap::new(),
        order: vec![start],
    };
    let mut seen = BTreeSet::from([start]);
    let mut queue = VecDeque::from([start]);
    while let Some(here) = queue.pop_front() {
        let Some(node) = graph.nodes().get(here.0) else {
            continue;
        };
        for next in steps(graph, node, here.1) {
            if seen.insert(next) {
                ways.from.insert(next, here);
                ways.order.push(next);
                queue.push_back(next);
            }
        }
    }
    ways
}

fn steps(graph: &Graph, node: &Node, how: How) -> Vec<(usize, How)> {
    let below = if node.kind == Kind::Generated {
        How::Model
    } else {
        How::Rows
    };
    let heavy = node.parents.iter().map(|parent| (parent.node, how.max(below)));
    let light = node.conditions.iter().map(|condition| {
        let is_model = (graph.nodes().get(condition.node)).is_some_and(|node| node.kind.is_model());
        let by = match (condition.measures, is_model) {
            (true, _) => How::Measured,
            (false, true) => How::Model,
            (false, false) => How::Derived,
        };
        (condition.node, how.max(by))
    });
    heavy.chain(light).collect()
}

/// Returns the mass of the paths that lead through what was touched at this level.
fn share(graph: &Graph, root: usize, evaluation: &Evaluation, level: Level, left: &Cell<usize>) -> Share {
    let touched = match level {
        Level::Exact => {
            let marked = |at: usize, node: &Node| evaluation.nodes.contains(&at) && node.kind != Kind::Model;
            return near(graph, root, marked, left);
        }
        Level::SharedSource => {
            let shared = |node: &Node| node.item.is_some_and(|item| evaluation.sources.contains(&item));
            let by = reaches(graph, |at| graph.nodes().get(at).is_some_and(&shared), false);
            return near(
                graph,
                root,
                |at, node| match node.kind {
                    Kind::Generated => value(&by, at),
                    _ => shared(node) && !evaluation.nodes.contains(&at),
                },
                left,
            );
        }
        Level::Derived => reaches(graph, |at| evaluation.nodes.contains(&at), false),
        Level::GeneratorSaw => reaches(graph, |at| evaluation.nodes.contains(&at), true),
    };
    let conditioned = |node: &Node| {
        node.conditions.iter().any(|condition| {
            let is_model = (graph.nodes().get(condition.node)).is_some_and(|node| node.kind.is_model());
            !condition.measures
                && is_model == (level == Level::GeneratorSaw)
                && value(&touched, condition.node)
        })
    };
    if level == Level::Derived {
        return near(graph, root, |_, node| conditioned(node), left);
    }
    let saw = share_of(graph, |at, node| {
        let is_model = !matches!(node.kind, Kind::Passed | Kind::Generated);
        is_model.then(|| {
            if value(&touched, at) {
                Share::one()
            } else {
                Share::zero()
            }
        })
    });
    let generated = share_of(graph, |_, node| match node.kind {
        _ if conditioned(node) => Some(Share::one()),
        Kind::Generated => Some(super::graph::mixed(node, |parent| value_of(&saw, parent.node))),
        _ => None,
    });
    value_of(&generated, root)
}

/// Returns the mass of the paths that meet something marked before any generation, or at it.
fn near(graph: &Graph, root: usize, marked: impl Fn(usize, &Node) -> bool, left: &Cell<usize>) -> Share {
    let cut = Unfolded::of(graph, &[()], |at, node, ()| {
        (!marked(at, node) && node.kind != Kind::Generated).then_some(())
    });
    let members: Vec<usize> = (cut.ends())
        .filter(|(_, at, ())| graph.nodes().get(*at).is_some_and(|node| marked(*at, node)))
        .map(|(position, _, ())| position)
        .collect();
    Coefficients::of(&cut.graph, cut.start(root), left).group(&members)
}

/// Returns of every node whether something marked is among what it is made of and with: through models too, or only by
/// rows, seeds and prompts.
fn reaches(graph: &Graph, marked: impl Fn(usize) -> bool, through_models: bool) -> Vec<bool> {
    fold(graph, &false, |at, values| {
        let Some(node) = graph.nodes().get(at) else {
            return false;
        };
        let is_model = |at: usize| graph.nodes().get(at).is_some_and(|node| node.kind.is_model());
        let heavy = (node.parents.iter())
            .filter(|_| through_models || node.kind != Kind::Generated)
            .any(|parent| value(values, parent.node));
        let light = (node.conditions.iter())
            .filter(|condition| !condition.measures && (through_models || !is_model(condition.node)))
            .any(|condition| value(values, condition.node));
        marked(at) || heavy || light
    })
}

fn value(values: &[bool], at: usize) -> bool {
    values.get(at).copied().unwrap_or_default()
}
