//! Who taught: models whose answers or weights shaped a training (distillation) and that no share counts.

use std::collections::BTreeSet;

use num_traits::Zero as _;

use crate::statement::Role;

use super::graph::Graph;
use super::graph::Kind;
use super::sweep::sweep;

/// A model that taught another, without being part of its mass.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Teacher {
    /// `hb:` or `gap:` id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `hb:` id of the model that it taught.
    pub pupil: String,
    /// The name of that.
    pub pupil_name: String,
}

/// Returns the teachers of every model that contributes to the root, nearest to it first, each once for every pupil.
pub(super) fn teachers(graph: &Graph, root: usize) -> Vec<Teacher> {
    let shares = sweep(graph, root, |_| true);
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for (at, node) in graph.nodes().iter().enumerate() {
        let contributes = shares.get(at).is_some_and(|share| !share.high.is_zero());
        if node.kind != Kind::Model || !contributes {
            continue;
        }
        let taught = node.conditions.iter().filter(|one| one.role == Role::Teacher);
        for (teacher, pupil) in taught.filter_map(|one| Some((graph.item(one.node)?, graph.item(at)?))) {
            let teacher = Teacher {
                id: teacher.id.clone(),
                name: teacher.name.clone(),
                pupil: pupil.id.clone(),
                pupil_name: pupil.name.clone(),
            };
            if seen.insert(teacher.clone()) {
                found.push(teacher);
            }
        }
    }
    found
}
