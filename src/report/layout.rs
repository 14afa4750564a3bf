//! Where the nodes of a lineage are drawn: one below the other, joined by lines in lanes to their left.
//!
//! A layered drawing grows sideways with its widest layer; this one has a small constant width whatever is drawn, so it
//! reads on a phone, and it can be cut between any two rows, so it prints. Every node stands below all that descend from
//! it. From each node a trunk runs down its lane to the last thing that it descends from, and a branch leads off to each.
//! Of several things that a node descends from the last one goes on in that lane only if something stands below it: what
//! ends there hangs beside the trunk like the others, and so does what only steers, which else would look like the
//! origin of all.
//!
//! The order is a depth-first topological one in which what has nothing below it comes first, so that few trunks are
//! open at a time. It depends on nothing but the positions of nodes and edges.

use std::collections::BTreeSet;

/// The most lanes of a drawing; what needs more is not drawn, for nobody could follow it.
pub const LANES_MAX: usize = 24;

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Position of the node that stands here.
    pub node: usize,
    /// Its lane, from 0.
    pub lane: usize,
    /// Lanes whose trunk runs through without stopping or branching off.
    pub through: Vec<usize>,
    /// Lanes from which a branch leads to the node; `true` where the trunk runs on below.
    pub branches: Vec<(usize, bool)>,
    /// Whether the node's own trunk begins here.
    pub begins: bool,
}

/// A drawing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// From top to bottom.
    pub rows: Vec<Row>,
    /// How many lanes there are.
    pub lanes: usize,
}

/// Lays out `count` nodes and the edges between them, each from a node to one that it descends from. Edges to
/// nodes that do not exist are ignored; a node on a circle, which no ledger can have, stands at the end without lines.
/// What `steers` never goes on in the lane of a trunk that has other branches.
pub fn layout(count: usize, edges: &[(usize, usize)], steers: impl Fn(usize) -> bool) -> Layout {
    let known: BTreeSet<(usize, usize)> = (edges.iter().copied())
        .filter(|(from, to)| *from < count && *to < count && from != to)
        .collect();
    let mut below = vec![Vec::new(); count];
    let mut above = vec![Vec::new(); count];
    for (from, to) in known {
        push(&mut below, from, to);
        push(&mut above, to, from);
    }
    let order = order(&below, &above);
    let placed: BTreeSet<usize> = order.iter().copied().collect();
    let mut lanes = Lanes::default();
    let mut rows: Vec<Row> = order
        .iter()
        .map(|node| {
            let beside = list(&below, *node).is_empty() || steers(*node);
            lanes.row(*node, list(&above, *node), list(&below, *node), beside)
        })
        .collect();
    rows.extend((0..count).filter(|node| !placed.contains(node)).map(|node| Row {
        node,
        lane: 0,
        through: Vec::new(),
        branches: Vec::new(),
        begins: false,
    }));
    Layout {
        lanes: lanes.most.max(1),
        rows,
    }
}

fn push(lists: &mut [Vec<usize>], at: usize, value: usize) {
    if let Some(list) = lists.get_mut(at) {
        list.push(value);
    }
}

fn list(lists: &[Vec<usize>], at: usize) -> &[usize] {
    lists.get(at).map(Vec::as_slice).unwrap_or_default()
}

/// Returns the nodes in the order of their rows.
fn order(below: &[Vec<usize>], above: &[Vec<usize>]) -> Vec<usize> {
    let mut waiting: Vec<usize> = above.iter().map(Vec::len).collect();
    let mut stack: Vec<usize> = (0..above.len())
        .rev()
        .filter(|node| list(above, *node).is_empty())
        .collect();
    let mut order = Vec::new();
    while let Some(node) = stack.pop() {
        order.push(node);
        let mut ready: Vec<usize> = Vec::new();
        for next in list(below, node) {
            if let Some(count) = waiting.get_mut(*next) {
                *count -= 1;
                if *count == 0 {
                    ready.push(*next);
                }
            }
        }
        // Taken from the end: what has nothing below it first, then what is nearest to the end of the log.
        ready.sort_by_key(|next| (list(below, *next).is_empty(), std::cmp::Reverse(*next)));
        stack.extend(ready);
    }
    order
}

/// The trunks that are open while rows are made from top to bottom.
#[derive(Debug, Default)]
struct Lanes {
    /// For each lane the node whose trunk it is.
    open: Vec<Option<Trunk>>,
    most: usize,
}

#[derive(Debug, Clone, Copy)]
struct Trunk {
    owner: usize,
    /// How much of what it descends from is still to come.
    left: usize,
    /// Whether that was more than one thing at first.
    several: bool,
}

impl Lanes {
    fn row(&mut self, node: usize, above: &[usize], below: &[usize], beside: bool) -> Row {
        let mut through = Vec::new();
        let mut branches = Vec::new();
        let mut ended = None;
        for (lane, slot) in self.open.iter_mut().enumerate() {
            let Some(trunk) = slot else { continue };
            if !above.contains(&trunk.owner) {
                through.push(lane);
                continue;
            }
            trunk.left -= 1;
            branches.push((lane, trunk.left > 0));
            if trunk.left == 0 {
                // Straight below a trunk that ends here, unless that would single it out.
                if !(beside && trunk.several) {
                    ended = ended.or(Some(lane));
                }
                *slot = None;
            }
        }
        // Else in the first lane that nothing runs through and no branch comes from.
        let free = (0..self.open.len()).find(|lane| {
            self.open.get(*lane).is_some_and(Option::is_none)
                && !branches.iter().any(|(from, _)| from == lane)
        });
        let lane = ended.or(free).unwrap_or(self.open.len());
        if lane == self.open.len() {
            self.open.push(None);
        }
        if let (Some(slot), false) = (self.open.get_mut(lane), below.is_empty()) {
            *slot = Some(Trunk {
                owner: node,
                left: below.len(),
                several: below.len() > 1,
            });
        }
        self.most = self.most.max(self.open.len());
        while self.open.last().is_some_and(Option::is_none) {
            self.open.pop();
        }
        Row {
            node,
            lane,
            through,
            branches,
            begins: !below.is_empty(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_chain_is_one_lane() {
        let drawn = layout(3, &[(0, 1), (1, 2)], |_| false);
        assert_eq!(drawn.lanes, 1);
        assert_eq!(
            drawn.rows.iter().map(|row| row.node).collect::<Vec<_>>(),
            [0, 1, 2]
        );
        assert_eq!(drawn.rows[1].branches, [(0, false)]);
        assert!(drawn.rows[1].begins && !drawn.rows[2].begins);
    }

    #[test]
    fn many_inputs_need_two_lanes_and_the_step_goes_on_in_the_first() {
        // 0 comes out of 1, which takes 2, 3, 4; 4 comes out of 5.
        let drawn = layout(6, &[(0, 1), (1, 2), (1, 3), (1, 4), (4, 5)], |_| false);
        assert_eq!(drawn.lanes, 2);
        let order: Vec<usize> = drawn.rows.iter().map(|row| row.node).collect();
        assert_eq!(order, [0, 1, 2, 3, 4, 5]);
        let lanes: Vec<usize> = drawn.rows.iter().map(|row| row.lane).collect();
        assert_eq!(lanes, [0, 0, 1, 1, 0, 0]);
    }

    /// The last input of a step is no more its origin than the others are.
    #[test]
    fn what_ends_or_steers_hangs_beside_the_trunk() {
        // A run of three inputs that end; then one whose last input, a filter, has a model below it.
        let drawn = layout(5, &[(0, 1), (1, 2), (1, 3), (1, 4)], |_| false);
        let lanes: Vec<usize> = drawn.rows.iter().map(|row| row.lane).collect();
        assert_eq!(lanes, [0, 0, 1, 1, 1]);
        let drawn = layout(5, &[(0, 1), (1, 2), (1, 3), (3, 4)], |node| node == 3);
        let lanes: Vec<(usize, usize)> = drawn.rows.iter().map(|row| (row.node, row.lane)).collect();
        assert_eq!(lanes, [(0, 0), (1, 0), (2, 1), (3, 1), (4, 1)]);
    }

    #[test]
    fn what_cannot_be_is_drawn_without_lines() {
        let drawn = layout(3, &[(0, 1), (1, 0), (2, 2), (2, 9)], |_| false);
        assert_eq!(drawn.rows.len(), 3);
        assert!(drawn.rows.iter().all(|row| row.branches.is_empty()));
        assert_eq!(layout(0, &[], |_| false).rows, []);
    }

    proptest! {
        /// The oracle follows every line of the drawing and finds exactly the edges again.
        #[test]
        fn every_edge_is_drawn_once_and_nothing_else(
            count in 1_usize..30, steering in 0_usize..4, pairs in prop::collection::vec((0_usize..30, 0_usize..30), 0..80)
        ) {
            let edges: BTreeSet<(usize, usize)> = pairs
                .into_iter()
                .map(|(one, other)| (one.min(other), one.max(other)))
                .filter(|(one, other)| one != other && *other < count)
                .collect();
            let drawn = layout(count, &edges.iter().copied().collect::<Vec<_>>(), |node| node % 3 == steering);
            let mut trunks: Vec<Option<usize>> = vec![None; drawn.lanes];
            let mut seen = BTreeSet::new();
            for row in &drawn.rows {
                let running: Vec<usize> = (0..drawn.lanes).filter(|lane| trunks[*lane].is_some()).collect();
                let mut touched = row.through.clone();
                touched.extend(row.branches.iter().map(|(lane, _)| *lane));
                touched.sort_unstable();
                prop_assert_eq!(running, touched);
                prop_assert!(!row.through.contains(&row.lane));
                for (lane, goes_on) in &row.branches {
                    prop_assert!(seen.insert((trunks[*lane].unwrap(), row.node)));
                    if !goes_on {
                        trunks[*lane] = None;
                    }
                }
                prop_assert!(trunks[row.lane].is_none());
                if row.begins {
                    trunks[row.lane] = Some(row.node);
                }
            }
            prop_assert!(trunks.iter().all(Option::is_none));
            prop_assert_eq!(seen, edges);
            prop_assert_eq!(drawn.rows.len(), count);
        }
    }
}
