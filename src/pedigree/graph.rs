//! What a pedigree is worked out on: who contributes how much to whom, and who only conditions.

use std::collections::BTreeMap;

use num_rational::BigRational;
use num_traits::One as _;
use num_traits::Signed as _;

use crate::statement::Role;
use crate::verify::Part;
use crate::verify::PathStep;
use crate::verify::Share;
use crate::verify::mix;

/// Why something is no graph that a pedigree can be worked out on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// There is nothing in it.
    #[error("a pedigree without a node")]
    Empty,
    /// An edge that does not lead to a later position.
    #[error("node {from} descends from node {to}, which does not stand after it")]
    Upwards {
        /// The node that descends.
        from: usize,
        /// What it descends from.
        to: usize,
    },
    /// Weights that cannot add up to one.
    #[error("the weights of the parents of node {at} cannot add up to one")]
    Weights {
        /// The node.
        at: usize,
    },
    /// A node that is of an item which is not there.
    #[error("node {at} is of an item that is not there")]
    Item {
        /// The node.
        at: usize,
    },
}

/// What has a name and an id: a source, a shard, a model, a gap. Several nodes may be of one item, such as its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// `hb:` or `gap:` id.
    pub id: String,
    /// Name, or the text of a gap.
    pub name: String,
    /// `source`, `external_model`, `shard`, `model`, `dataset`, `gap` and the like.
    pub kind: &'static str,
    /// The run that it came out of, if any.
    pub run: Option<PathStep>,
    /// The family that a model is declared to be of.
    pub family: Option<String>,
    /// What it is, where several items with the same words are one thing: provider and version of an external model, and
    /// the declaration of what has no bytes.
    pub identity: Option<String>,
}

/// What a node is to a pedigree.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A declared source that people or devices made.
    Real,
    /// A source that models made, by the names it gives for them.
    Synthetic(Vec<String>),
    /// A model from outside, whose own data is not known.
    ExternalModel,
    /// Data of which nobody knows what part a model made.
    NotKnown,
    /// Nothing declared.
    Unknown,
    /// What it takes passes through: filtered, mixed, annotated, collected.
    Passed,
    /// Sampled anew by its parents, which are models: a generation.
    Generated,
    /// Weights made of what its parents are.
    Model,
    /// Contributes nothing by itself: a prompt, a filter, scores.
    Aside,
}

impl Kind {
    /// Returns whether a lineage ends here.
    pub fn is_end(&self) -> bool {
        !matches!(self, Self::Passed | Self::Generated | Self::Model)
    }

    /// Returns whether this is a model.
    pub fn is_model(&self) -> bool {
        matches!(self, Self::Model | Self::ExternalModel)
    }

    /// Returns whether what lies behind this end is hidden: shares that rest on it are lower bounds.
    pub fn is_opaque(&self) -> bool {
        matches!(
            self,
            Self::Synthetic(_) | Self::ExternalModel | Self::NotKnown | Self::Unknown
        )
    }
}

/// A parent that contributes mass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parent {
    /// Its position.
    pub node: usize,
    /// Its weight among the parents; those of one node add up to one.
    pub weight: Share,
    /// Whether weights are taken over: base, merge, adapter, quantisation.
    pub inherits: bool,
    /// How many distinct units are taken of it, at least and at most, where that is known.
    pub units: Option<Share>,
}

/// A parent that conditions and contributes no mass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Its position.
    pub node: usize,
    /// What it is to the run.
    pub role: Role,
    /// Whether it is only held against what is made: an evaluation, or what a filter removes overlap with.
    pub measures: bool,
}

/// One node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Position of its item; nothing for one that only mixes.
    pub item: Option<usize>,
    /// What it is.
    pub kind: Kind,
    /// Unique units (rows) of the whole item on the walk, where they are known.
    pub units: Option<BigRational>,
    /// Whether a model annotated or judged its rows.
    pub enriched: bool,
    /// Who contributes mass.
    pub parents: Vec<Parent>,
    /// Who conditions.
    pub conditions: Vec<Condition>,
}

impl Node {
    /// Returns whether units were sampled here, from the world or from a model: sources, whatever is known of their origin,
    /// and generations.
    pub(super) fn is_sample(&self) -> bool {
        match self.kind {
            Kind::Real | Kind::Synthetic(_) | Kind::NotKnown | Kind::Generated => true,
            Kind::Unknown => self.units.is_some(),
            _ => false,
        }
    }

    /// Returns the weight of one of its parents; a single one is all there is, whatever is unknown.
    pub(super) fn weight_of(&self, parent: &Parent) -> Share {
        if self.parents.len() == 1 {
            Share::one()
        } else {
            parent.weight.clone()
        }
    }
}

/// A graph whose edges lead to later positions; the first node is what the pedigree is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graph {
    nodes: Vec<Node>,
    items: Vec<Item>,
    stage: Option<usize>,
}

impl Graph {
    /// Takes nodes, newest first, and the items that they are of. `stage` is the node that stands for what a training
    /// run itself brings, its base left out.
    pub fn new(nodes: Vec<Node>, items: Vec<Item>, stage: Option<usize>) -> Result<Self, GraphError> {
        if nodes.is_empty() {
            return Err(GraphError::Empty);
        }
        for (at, node) in nodes.iter().enumerate() {
            check(at, node, nodes.len(), items.len())?;
        }
        let stage = stage.filter(|at| *at < nodes.len());
        Ok(Self { nodes, items, stage })
    }

    /// Returns the nodes, newest first.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// Returns the items.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// Returns the node of what the last training run itself brings.
    pub fn stage(&self) -> Option<usize> {
        self.stage
    }

    /// Returns the item of a node.
    pub fn item(&self, at: usize) -> Option<&Item> {
        self.items.get(self.nodes.get(at)?.item?)
    }

    /// Returns for each item the first one that is the same thing; itself, if there is none.
    pub(super) fn things(&self) -> Vec<usize> {
        let mut first: BTreeMap<&str, usize> = BTreeMap::new();
        (self.items.iter().enumerate())
            .map(|(at, item)| match &item.identity {
                Some(identity) => *first.entry(identity).or_insert(at),
                None => at,
            })
            .collect()
    }

    /// Returns how many edges carry mass.
    pub(super) fn edges(&self) -> usize {
        self.nodes.iter().map(|node| node.parents.len()).sum()
    }

    /// Returns the same items with other nodes, whose edges lead to later positions too.
    pub(super) fn with_nodes(&self, nodes: Vec<Node>) -> Self {
        Self {
            nodes,
            items: self.items.clone(),
            stage: None,
        }
    }
}

fn check(at: usize, node: &Node, nodes: usize, items: usize) -> Result<(), GraphError> {
    let mass = node.parents.iter().map(|parent| parent.node);
    let aside = node.conditions.iter().map(|condition| condition.node);
    if let Some(to) = mass.chain(aside).find(|to| *to <= at || *to >= nodes) {
        return Err(GraphError::Upwards { from: at, to });
    }
    if node.item.is_some_and(|item| item >= items) {
        return Err(GraphError::Item { at });
    }
    let one = BigRational::one();
    let low: BigRational = node.parents.iter().map(|parent| parent.weight.low.clone()).sum();
    let high: BigRational = node.parents.iter().map(|parent| parent.weight.high.clone()).sum();
    let crooked = |parent: &Parent| parent.weight.low.is_negative() || parent.weight.low > parent.weight.high;
    if !node.parents.is_empty() && (low > one || high < one || node.parents.iter().any(crooked)) {
        return Err(GraphError::Weights { at });
    }
    Ok(())
}

/// Works out a value for every node, what it descends from first: `rule` is given the position and the values of
/// everything after it.
pub(super) fn fold<T: Clone>(graph: &Graph, nothing: &T, rule: impl Fn(usize, &[T]) -> T) -> Vec<T> {
    let mut values = vec![nothing.clone(); graph.nodes.len()];
    for at in (0..graph.nodes.len()).rev() {
        let value = rule(at, &values);
        if let Some(place) = values.get_mut(at) {
            *place = value;
        }
    }
    values
}

/// Works out the share of every node's mass whose path ends, on the way down, where `ends` says how it counts; paths
/// that come to an end of the lineage without that count nothing.
pub(super) fn share_of(graph: &Graph, ends: impl Fn(usize, &Node) -> Option<Share>) -> Vec<Share> {
    fold(graph, &Share::zero(), |at, values| {
        let Some(node) = graph.nodes.get(at) else {
            return Share::zero();
        };
        ends(at, node).unwrap_or_else(|| mixed(node, |parent| value_of(values, parent.node)))
    })
}

/// Returns the value at a position.
pub(super) fn value_of(values: &[Share], at: usize) -> Share {
    values.get(at).cloned().unwrap_or_else(Share::zero)
}

/// Mixes what the parents of a node bring; nothing for one without parents.
pub(super) fn mixed(node: &Node, of: impl Fn(&Parent) -> Share) -> Share {
    if node.parents.is_empty() {
        return Share::zero();
    }
    let values: Vec<Share> = node.parents.iter().map(of).collect();
    let parts: Vec<Part<&Share>> = (node.parents.iter().zip(&values))
        .map(|(parent, value)| Part {
            weight: parent.weight.clone(),
            value,
        })
        .collect();
    mix(&parts)
}
