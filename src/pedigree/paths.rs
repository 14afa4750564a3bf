//! Ways through the graph, as people read them.

use std::collections::BTreeMap;

use crate::verify::PathStep;

use super::graph::Graph;
use super::graph::Item;

/// Returns the items on a way from the root, with the runs that they came out of between them. `from` has for every place
/// the one before it; `position` is its node.
pub(super) fn path<K: Ord + Copy>(
    graph: &Graph,
    from: &BTreeMap<K, K>,
    to: K,
    position: impl Fn(K) -> usize,
) -> Vec<PathStep> {
    let mut steps: Vec<PathStep> = Vec::new();
    for item in items(graph, from, to, position).into_iter().rev() {
        if !steps.is_empty() {
            steps.extend(item.run.clone());
        }
        steps.push(PathStep {
            id: item.id.clone(),
            name: item.name.clone(),
        });
    }
    steps.reverse();
    steps
}

/// Returns the items on a way from the root, each once in a row.
pub(super) fn items<'a, K: Ord + Copy>(
    graph: &'a Graph,
    from: &BTreeMap<K, K>,
    to: K,
    position: impl Fn(K) -> usize,
) -> Vec<&'a Item> {
    let mut items: Vec<&Item> = Vec::new();
    let mut here = Some(to);
    while let Some(at) = here {
        let item = graph.item(position(at));
        items.extend(item.filter(|item| items.last().is_none_or(|last| last.id != item.id)));
        here = from.get(&at).copied();
    }
    items.reverse();
    items
}
