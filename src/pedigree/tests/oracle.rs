//! Every number by another way: all paths are written out, one by one, in every world that fits what is known.
//!
//! A world has one weight for every edge and a number of rows for every shard. Where weights are intervals, worlds are the
//! corners of what they allow, and points between them; every number must lie inside its interval, and where all is exact
//! it must be the number.

use std::collections::BTreeMap;

use num_rational::BigRational;
use num_traits::One as _;
use num_traits::Zero as _;
use proptest::prelude::*;

use super::kit::*;
use crate::pedigree::*;
use crate::verify::Share;

/// The worlds that are followed of one graph.
const WORLDS_MAX: usize = 64;

/// One node of a random graph; numbers are taken modulo what there is.
#[derive(Debug, Clone)]
struct Step {
    kind: u8,
    parents: [usize; 3],
    weights: [u64; 3],
    /// Whether the weights are known.
    known: bool,
    units: u64,
    inherits: bool,
}

fn any_step() -> impl Strategy<Value = Step> {
    let parents = prop::array::uniform3(0_usize..16);
    let weights = prop::array::uniform3(1_u64..5);
    (0_u8..6, parents, weights, any::<bool>(), 0_u64..6, any::<bool>()).prop_map(
        |(kind, parents, weights, known, units, inherits)| Step {
            kind,
            parents,
            weights,
            known,
            units,
            inherits,
        },
    )
}

/// Makes a graph: two real sources, one synthetic, an external model and a gap, then the steps.
fn herd(steps: &[Step]) -> Herd {
    let mut herd = Herd::default();
    herd.source(20);
    herd.source(50);
    herd.end(Kind::Synthetic(vec!["gpt".to_owned()]), Some(30));
    herd.end(Kind::ExternalModel, None);
    herd.end(Kind::Unknown, None);
    let (mut rows, mut models) = (vec![0, 1, 2, 4], vec![3]);
    for step in steps {
        let (kind, from) = match step.kind {
            0 | 1 => (Kind::Generated, &models),
            2 | 3 => (Kind::Passed, &rows),
            _ => (Kind::Model, if step.inherits { &models } else { &rows }),
        };
        let mut of: BTreeMap<usize, u64> = BTreeMap::new();
        for (parent, weight) in step.parents.iter().zip(step.weights) {
            of.insert(from[parent % from.len()], weight);
        }
        let whole: u64 = of.values().sum();
        let of: Vec<(usize, Share)> = of
            .into_iter()
            .map(|(parent, weight)| {
                let weight = if step.known {
                    part(weight, whole)
                } else {
                    Share::any()
                };
                (parent, weight)
            })
            .collect();
        let units = Some(step.units * 10).filter(|units| *units > 0 && kind == Kind::Generated);
        let at = herd.made(kind.clone(), units, &of);
        if kind == Kind::Model && step.inherits {
            of.iter().for_each(|(parent, _)| herd.inherits(at, *parent));
        }
        herd.node(at).enriched = kind == Kind::Passed && step.inherits;
        if kind == Kind::Model {
            models.push(at);
        } else {
            rows.push(at);
        }
    }
    herd
}

/// Weights of every node, and rows of every shard.
#[derive(Debug, Clone)]
struct World {
    weights: Vec<Vec<BigRational>>,
    units: Vec<Option<BigRational>>,
}

fn worlds(graph: &Graph) -> Vec<World> {
    let mut worlds = vec![World {
        weights: vec![],
        units: vec![],
    }];
    for node in graph.nodes() {
        let count = node.parents.len();
        let corners: Vec<Vec<BigRational>> = if node.parents.iter().all(|parent| parent.weight.is_exact()) {
            vec![
                node.parents
                    .iter()
                    .map(|parent| parent.weight.low.clone())
                    .collect(),
            ]
        } else {
            let corner = |one: usize| (0..count).map(|at| exact(i64::from(at == one), 1)).collect();
            let even = (0..count)
                .map(|_| exact(1, i64::try_from(count).unwrap()))
                .collect();
            (0..count).map(corner).chain([even]).collect()
        };
        let units = match &node.units {
            Some(units) => vec![Some(units.clone())],
            None if node.kind == Kind::Generated => vec![Some(exact(1, 1)), Some(exact(70, 1))],
            None => vec![None],
        };
        let mut next = Vec::new();
        for world in &worlds {
            for corner in &corners {
                for units in &units {
                    let mut world = world.clone();
                    world.weights.push(corner.clone());
                    world.units.push(units.clone());
                    next.push(world);
                }
            }
        }
        let every = next.len().div_ceil(WORLDS_MAX).max(1);
        worlds = next.into_iter().step_by(every).collect();
    }
    worlds
}

/// All paths from the root down, each with the product of its weights.
fn paths(graph: &Graph, world: &World) -> Vec<(BigRational, Vec<usize>)> {
    let mut open = vec![(BigRational::one(), vec![0])];
    let mut found = Vec::new();
    while let Some((weight, path)) = open.pop() {
        let at = *path.last().unwrap();
        let parents = &graph.nodes()[at].parents;
        if parents.is_empty() {
            found.push((weight.clone(), path.clone()));
        }
        for (parent, part) in parents
            .iter()
            .zip(&world.weights[at])
            .filter(|(_, part)| !part.is_zero())
        {
            open.push((&weight * part, [path.as_slice(), &[parent.node]].concat()));
        }
    }
    found
}

/// What the oracle says of one world.
struct Told {
    paths: Vec<(BigRational, Vec<usize>)>,
}

impl Told {
    fn mass(&self, of: impl Fn(&[usize]) -> bool) -> BigRational {
        let those = self.paths.iter().filter(|(_, path)| of(path));
        those.map(|(weight, _)| weight.clone()).sum()
    }
}

fn squares(parts: &[BigRational]) -> BigRational {
    parts.iter().map(|part| part * part).sum()
}

fn depth(graph: &Graph, path: &[usize]) -> usize {
    let is_one = |at: &&usize| matches!(graph.nodes()[**at].kind, Kind::Generated | Kind::Synthetic(_));
    path.iter().filter(is_one).count()
}

fn inside(share: &Share, value: &BigRational, is_exact: bool) -> Result<(), TestCaseError> {
    prop_assert!(share.low <= *value && *value <= share.high, "{share:?} {value}");
    prop_assert!(!is_exact || share.is_exact(), "{share:?} is exactly {value}");
    Ok(())
}

/// The first model beneath the first generation of a path; of a synthetic source itself.
fn nearest(graph: &Graph, path: &[usize]) -> Option<usize> {
    let kind = |at: usize| &graph.nodes()[at].kind;
    let at = path
        .iter()
        .position(|at| matches!(kind(*at), Kind::Generated | Kind::Synthetic(_)))?;
    let below = path[at..].iter().copied();
    below
        .skip_while(|at| matches!(kind(*at), Kind::Generated | Kind::Passed))
        .next()
}

fn check(graph: &Graph, pedigree: &Pedigree, world: &World, is_exact: bool) -> Result<(), TestCaseError> {
    let told = Told {
        paths: paths(graph, world),
    };
    let kind = |at: usize| &graph.nodes()[at].kind;
    let of = &pedigree.whole;
    let ends: Vec<usize> = (0..graph.nodes().len()).filter(|at| kind(*at).is_end()).collect();
    let share_of = |at: usize| told.mass(|path| *path.last().unwrap() == at);
    for at in &ends {
        let id = &graph.item(*at).unwrap().id;
        match of.founders.iter().find(|founder| founder.id == *id) {
            Some(founder) => inside(&founder.share, &share_of(*at), is_exact)?,
            None => prop_assert!(share_of(*at).is_zero()),
        }
    }
    let all: Vec<BigRational> = ends.iter().map(|at| share_of(*at)).collect();
    prop_assert_eq!(all.iter().sum::<BigRational>(), BigRational::one());
    inside(
        of.effective_sources.as_ref().unwrap(),
        &squares(&all).recip(),
        is_exact,
    )?;
    let real = told.mass(|path| *kind(*path.last().unwrap()) == Kind::Real);
    inside(&of.coverage, &real, is_exact)?;
    let synthetic = told.mass(|path| depth(graph, path) > 0);
    inside(&of.synthetic, &synthetic, is_exact)?;
    let opaque = told.mass(|path| kind(*path.last().unwrap()).is_opaque() || depth(graph, path) > 0);
    prop_assert!(opaque <= of.synthetic_at_most);
    let took_over = |path: &[usize]| {
        let until = path.iter().position(|at| matches!(kind(*at), Kind::Generated));
        path[..until.unwrap_or(path.len())].windows(2).any(|pair| {
            graph.nodes()[pair[0]]
                .parents
                .iter()
                .any(|parent| parent.node == pair[1] && parent.inherits)
        })
    };
    let inherited = told.mass(|path| depth(graph, path) > 0 && took_over(path));
    inside(&of.synthetic_inherited, &inherited, is_exact)?;
    inside(&of.synthetic_direct, &(&synthetic - &inherited), is_exact)?;
    let enriched = told.mass(|path| {
        let until = path
            .iter()
            .position(|at| *kind(*at) == Kind::Generated)
            .unwrap_or(path.len());
        path[..until].iter().any(|at| graph.nodes()[*at].enriched)
    });
    inside(&of.ai_enriched, &enriched, is_exact)?;
    for generation in &of.generations {
        let exactly = |path: &[usize]| depth(graph, path) == generation.depth;
        let mass = told.mass(exactly);
        inside(&generation.share, &mass, is_exact)?;
        let beyond = told.mass(|path| depth(graph, path) >= generation.depth);
        let fresh = told.mass(|path| exactly(path) && *kind(*path.last().unwrap()) == Kind::Real);
        if let Some(share) = generation.fresh_real.as_ref().filter(|_| !beyond.is_zero()) {
            inside(share, &(fresh / beyond), is_exact)?;
        }
    }
    let mean = |(weight, path): &(BigRational, Vec<usize>)| {
        weight * exact(i64::try_from(depth(graph, path)).unwrap(), 1)
    };
    inside(&of.depth.mean, &told.paths.iter().map(mean).sum(), is_exact)?;
    let depths = told.paths.iter().map(|(_, path)| depth(graph, path));
    prop_assert!(of.depth.min <= depths.clone().min().unwrap() && depths.max().unwrap() <= of.depth.max);
    let mut near: BTreeMap<usize, BigRational> = BTreeMap::new();
    for (weight, path) in &told.paths {
        if let Some(at) = nearest(graph, path) {
            *near.entry(at).or_insert_with(BigRational::zero) += weight;
        }
    }
    prop_assert_eq!(near.values().sum::<BigRational>(), synthetic.clone());
    for (at, mass) in &near {
        let id = &graph.item(*at).unwrap().id;
        let found = of.generators.iter().find(|one| one.id == *id).unwrap();
        inside(&found.share, mass, is_exact)?;
    }
    if !synthetic.is_zero() {
        let parts: Vec<BigRational> = near.values().map(|mass| mass / &synthetic).collect();
        inside(
            of.effective_generators.as_ref().unwrap(),
            &squares(&parts).recip(),
            is_exact,
        )?;
    }
    let index: BigRational = (0..graph.nodes().len())
        .filter_map(|at| {
            let units = world.units[at]
                .as_ref()
                .filter(|_| graph.nodes()[at].is_sample())?;
            let mass = told.mass(|path| path.contains(&at));
            Some(&mass * &mass / units)
        })
        .sum();
    match &of.collapse {
        Some(collapse) => {
            let rows_known = graph
                .nodes()
                .iter()
                .all(|node| node.kind != Kind::Generated || node.units.is_some());
            inside(&collapse.index, &index, is_exact && rows_known)?;
            let size = &collapse.effective_sample_size;
            if !index.is_zero() {
                let value = index.recip();
                prop_assert!(size.low <= value && size.high.as_ref().is_none_or(|high| value <= *high));
            }
        }
        None => prop_assert!(index.is_zero()),
    }
    let through = |at: usize| told.mass(|path| path[1..].contains(&at));
    let models = (1..graph.nodes().len()).filter(|at| kind(*at).is_model());
    let greatest = models.map(through).max().unwrap_or_default();
    match &of.bottleneck {
        Some(bottleneck) if is_exact => prop_assert_eq!(&bottleneck.share, &Share::exact(greatest)),
        Some(_) => {}
        None => prop_assert!(greatest.is_zero()),
    }
    let own = &pedigree.self_consumption;
    let kin = crate::pedigree::families::kinship(graph, 0);
    for (kind, share) in [
        (Kin::Own, &own.own),
        (Kin::Family, &own.family),
        (Kin::Other, &own.other),
    ] {
        let mass = near
            .iter()
            .filter(|(at, _)| kin[**at] == kind)
            .map(|(_, mass)| mass.clone());
        inside(share, &mass.sum(), is_exact)?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_world_lies_inside(steps in prop::collection::vec(any_step(), 1..8)) {
        let herd = herd(&steps);
        let graph = herd.graph(steps.len() + 4);
        let pedigree = measure(&graph, &[]);
        let worlds = worlds(&graph);
        let is_exact = graph.nodes().iter().all(|node| {
            node.parents.len() < 2 || node.parents.iter().all(|parent| parent.weight.is_exact())
        });
        for world in &worlds {
            check(&graph, &pedigree, world, is_exact)?;
        }
    }
}

#[test]
fn what_cannot_be_a_graph_is_refused() {
    let mut herd = Herd::default();
    let source = herd.source(1);
    let model = herd.made(Kind::Model, None, &[(source, Share::one())]);
    let graph = herd.graph(model);
    let mut nodes = graph.nodes().to_vec();
    nodes[0].parents[0].node = 0;
    assert_eq!(
        Graph::new(nodes.clone(), graph.items().to_vec(), None),
        Err(GraphError::Upwards { from: 0, to: 0 })
    );
    nodes[0].parents[0].node = 1;
    nodes[0].parents[0].weight = part(1, 2);
    assert_eq!(
        Graph::new(nodes.clone(), graph.items().to_vec(), None),
        Err(GraphError::Weights { at: 0 })
    );
    nodes[0].item = Some(9);
    assert_eq!(
        Graph::new(nodes, graph.items().to_vec(), None),
        Err(GraphError::Item { at: 0 })
    );
    assert_eq!(Graph::new(vec![], vec![], None), Err(GraphError::Empty));
}

/// Three hundred generations, each of which takes something of the first source too.
#[test]
fn a_long_chain_is_measured() {
    let mut herd = Herd::default();
    let source = herd.source(100);
    let mut last = source;
    for _ in 0..300 {
        let model = herd.model(&[(source, 1), (last, 9)]);
        last = herd.generated(model, 100);
    }
    let model = herd.model(&[(last, 10)]);
    let pedigree = measure(&herd.graph(model), &[]);
    assert_eq!(pedigree.whole.depth.max, 300);
    assert_eq!(pedigree.whole.depth.min, 1);
    assert_eq!(pedigree.whole.generations.len(), GENERATIONS_MAX + 1);
    assert_eq!(pedigree.limits.len(), 1, "{:?}", pedigree.limits);
    assert!(pedigree.whole.founders[0].share.low <= BigRational::one());
    assert!(pedigree.whole.founders[0].share.high >= BigRational::one());
}
