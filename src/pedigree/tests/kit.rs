//! Small graphs, built oldest first as they are told, and turned round for the mathematics.

use num_bigint::BigInt;
use num_rational::BigRational;

use crate::pedigree::*;
use crate::verify::Share;

pub fn part(of: u64, whole: u64) -> Share {
    Share::of_counts(of, whole)
}

pub fn exact(of: i64, whole: i64) -> BigRational {
    BigRational::new(BigInt::from(of), BigInt::from(whole))
}

/// A graph in the making; nodes are named by the order in which they came.
#[derive(Debug, Clone, Default)]
pub struct Herd {
    nodes: Vec<Node>,
    items: Vec<Item>,
}

impl Herd {
    fn add(&mut self, kind: Kind, units: Option<u64>, parents: Vec<Parent>) -> usize {
        let at = self.nodes.len();
        self.items.push(Item {
            id: format!("hb:{at}"),
            name: format!("n{at}"),
            kind: match kind {
                Kind::Model => "model",
                Kind::ExternalModel => "external_model",
                Kind::Passed | Kind::Generated => "shard",
                Kind::Unknown => "gap",
                _ => "source",
            },
            run: None,
            family: None,
            identity: None,
        });
        self.nodes.push(Node {
            item: Some(at),
            kind,
            units: units.map(|units| BigRational::from_integer(units.into())),
            enriched: false,
            parents,
            conditions: vec![],
        });
        at
    }

    pub fn end(&mut self, kind: Kind, units: Option<u64>) -> usize {
        self.add(kind, units, vec![])
    }

    pub fn source(&mut self, units: u64) -> usize {
        self.end(Kind::Real, Some(units))
    }

    pub fn made(&mut self, kind: Kind, units: Option<u64>, of: &[(usize, Share)]) -> usize {
        let parent = |(node, weight): &(usize, Share)| Parent {
            node: *node,
            weight: weight.clone(),
            inherits: false,
            units: None,
        };
        self.add(kind, units, of.iter().map(parent).collect())
    }

    /// A model of parents with these weights, in tenths.
    pub fn model(&mut self, of: &[(usize, u64)]) -> usize {
        let of: Vec<(usize, Share)> = of
            .iter()
            .map(|(node, weight)| (*node, part(*weight, 10)))
            .collect();
        self.made(Kind::Model, None, &of)
    }

    pub fn generated(&mut self, by: usize, units: u64) -> usize {
        self.made(Kind::Generated, Some(units), &[(by, Share::one())])
    }

    pub fn node(&mut self, at: usize) -> &mut Node {
        &mut self.nodes[at]
    }

    pub fn item(&mut self, at: usize) -> &mut Item {
        &mut self.items[at]
    }

    /// The parent's weights are taken over.
    pub fn inherits(&mut self, at: usize, from: usize) {
        for parent in self.nodes[at]
            .parents
            .iter_mut()
            .filter(|parent| parent.node == from)
        {
            parent.inherits = true;
        }
    }

    pub fn condition(&mut self, at: usize, by: usize, role: crate::statement::Role, measures: bool) {
        self.nodes[at].conditions.push(Condition {
            node: by,
            role,
            measures,
        });
    }

    /// The graph of the last node, or of an earlier one.
    pub fn graph(&self, root: usize) -> Graph {
        let turned = (0..=root).rev().map(|at| {
            let mut node = self.nodes[at].clone();
            for parent in &mut node.parents {
                parent.node = root - parent.node;
            }
            for condition in &mut node.conditions {
                condition.node = root - condition.node;
            }
            node
        });
        Graph::new(turned.collect(), self.items.clone(), None).unwrap()
    }
}

/// Where a node stands in the graph that has `root` first: those before it turn round.
pub fn position(root: usize, at: usize) -> usize {
    root - at
}
