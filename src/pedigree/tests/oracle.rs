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
            for (parent, _) in &of {
                herd.inherits(at, *parent);
            }
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
    let mut below = path[at..].iter().copied();
    below.find(|at| !matches!(kind(*at), Kind::Generated | Kind::Passed))
}

/// A pedigree held against what one world says, path by path.
struct Held<'a> {
    graph: &'a Graph,
    pedigree: &'a Pedigree,
    world: &'a World,
    paths: Vec<(BigRational, Vec<usize>)>,
    is_exact: bool,
}

type Outcome = Result<(), TestCaseError>;

impl Held<'_> {
    fn kind(&self, at: usize) -> &Kind {
        &self.graph.nodes()[at].kind
    }

    fn end(&self, path: &[usize]) -> &Kind {
        self.kind(*path.last().unwrap())
    }

    fn depth(&self, path: &[usize]) -> usize {
        depth(self.graph, path)
    }

    fn mass(&self, of: impl Fn(&[usize]) -> bool) -> BigRational {
        let those = self.paths.iter().filter(|(_, path)| of(path));
        those.map(|(weight, _)| weight.clone()).sum()
    }

    fn synthetic_mass(&self) -> BigRational {
        self.mass(|path| self.depth(path) > 0)
    }

    fn inside(&self, share: &Share, value: &BigRational) -> Outcome {
        inside(share, value, self.is_exact)
    }

    /// The part of a path above its first generation.
    fn learnt<'p>(&self, path: &'p [usize]) -> &'p [usize] {
        let until = path.iter().position(|at| *self.kind(*at) == Kind::Generated);
        &path[..until.unwrap_or(path.len())]
    }

    fn founders(&self) -> Outcome {
        let of = &self.pedigree.whole;
        let ends: Vec<usize> = (0..self.graph.nodes().len())
            .filter(|at| self.kind(*at).is_end())
            .collect();
        let share_of = |at: usize| self.mass(|path| *path.last().unwrap() == at);
        for at in &ends {
            let id = &self.graph.item(*at).unwrap().id;
            match of.founders.iter().find(|founder| founder.id == *id) {
                Some(founder) => self.inside(&founder.share, &share_of(*at))?,
                None => prop_assert!(share_of(*at).is_zero()),
            }
        }
        let all: Vec<BigRational> = ends.iter().map(|at| share_of(*at)).collect();
        prop_assert_eq!(all.iter().sum::<BigRational>(), BigRational::one());
        self.inside(of.effective_sources.as_ref().unwrap(), &squares(&all).recip())?;
        self.inside(&of.coverage, &self.mass(|path| *self.end(path) == Kind::Real))
    }

    fn synthetic(&self) -> Outcome {
        let of = &self.pedigree.whole;
        let synthetic = self.synthetic_mass();
        self.inside(&of.synthetic, &synthetic)?;
        let opaque = self.mass(|path| self.end(path).is_opaque() || self.depth(path) > 0);
        prop_assert!(opaque <= of.synthetic_at_most);
        let took_over = |path: &[usize]| {
            self.learnt(path).windows(2).any(|pair| {
                let mut parents = self.graph.nodes()[pair[0]].parents.iter();
                parents.any(|parent| parent.node == pair[1] && parent.inherits)
            })
        };
        let inherited = self.mass(|path| self.depth(path) > 0 && took_over(path));
        self.inside(&of.synthetic_inherited, &inherited)?;
        self.inside(&of.synthetic_direct, &(&synthetic - &inherited))?;
        let enriched = |path: &[usize]| {
            self.learnt(path)
                .iter()
                .any(|at| self.graph.nodes()[*at].enriched)
        };
        self.inside(&of.ai_enriched, &self.mass(enriched))
    }

    fn generations(&self) -> Outcome {
        let of = &self.pedigree.whole;
        for generation in &of.generations {
            let exactly = |path: &[usize]| self.depth(path) == generation.depth;
            self.inside(&generation.share, &self.mass(exactly))?;
            let beyond = self.mass(|path| self.depth(path) >= generation.depth);
            let fresh = self.mass(|path| exactly(path) && *self.end(path) == Kind::Real);
            if let Some(share) = generation.fresh_real.as_ref().filter(|_| !beyond.is_zero()) {
                self.inside(share, &(fresh / beyond))?;
            }
        }
        let mean = |(weight, path): &(BigRational, Vec<usize>)| {
            weight * exact(i64::try_from(self.depth(path)).unwrap(), 1)
        };
        self.inside(&of.depth.mean, &self.paths.iter().map(mean).sum())?;
        let depths = self.paths.iter().map(|(_, path)| self.depth(path));
        let (min, max) = (depths.clone().min().unwrap(), depths.max().unwrap());
        prop_assert!(of.depth.min <= min && max <= of.depth.max);
        Ok(())
    }

    fn nearest_generators(&self) -> BTreeMap<usize, BigRational> {
        let mut near: BTreeMap<usize, BigRational> = BTreeMap::new();
        for (weight, path) in &self.paths {
            if let Some(at) = nearest(self.graph, path) {
                *near.entry(at).or_insert_with(BigRational::zero) += weight;
            }
        }
        near
    }

    fn generators(&self) -> Outcome {
        let (of, near) = (&self.pedigree.whole, self.nearest_generators());
        let synthetic = self.synthetic_mass();
        prop_assert_eq!(near.values().sum::<BigRational>(), synthetic.clone());
        for (at, mass) in &near {
            let id = &self.graph.item(*at).unwrap().id;
            let found = of.generators.iter().find(|one| one.id == *id).unwrap();
            self.inside(&found.share, mass)?;
        }
        if !synthetic.is_zero() {
            let parts: Vec<BigRational> = near.values().map(|mass| mass / &synthetic).collect();
            self.inside(
                of.effective_generators.as_ref().unwrap(),
                &squares(&parts).recip(),
            )?;
        }
        let through = |at: usize| self.mass(|path| path[1..].contains(&at));
        let models = (1..self.graph.nodes().len()).filter(|at| self.kind(*at).is_model());
        let greatest = models.map(through).max().unwrap_or_default();
        match &of.bottleneck {
            Some(bottleneck) if self.is_exact => {
                prop_assert_eq!(&bottleneck.share, &Share::exact(greatest));
            }
            Some(_) => {}
            None => prop_assert!(greatest.is_zero()),
        }
        let own = &self.pedigree.self_consumption;
        let kin = crate::pedigree::families::kinship(self.graph, 0);
        for (kind, share) in [
            (Kin::Own, &own.own),
            (Kin::Family, &own.family),
            (Kin::Other, &own.other),
        ] {
            let those = near.iter().filter(|(at, _)| kin[**at] == kind);
            self.inside(share, &those.map(|(_, mass)| mass.clone()).sum())?;
        }
        Ok(())
    }

    fn collapse(&self) -> Outcome {
        let nodes = self.graph.nodes();
        let noise = |at: usize| {
            let units = self.world.units[at].as_ref().filter(|_| nodes[at].is_sample())?;
            let mass = self.mass(|path| path.contains(&at));
            Some(&mass * &mass / units)
        };
        let index: BigRational = (0..nodes.len()).filter_map(noise).sum();
        let Some(collapse) = &self.pedigree.whole.collapse else {
            prop_assert!(index.is_zero());
            return Ok(());
        };
        let mut made = nodes.iter().filter(|node| node.kind == Kind::Generated);
        let rows_known = made.all(|node| node.units.is_some());
        inside(&collapse.index, &index, self.is_exact && rows_known)?;
        let size = &collapse.effective_sample_size;
        if !index.is_zero() {
            let value = index.recip();
            prop_assert!(size.low <= value && size.high.as_ref().is_none_or(|high| value <= *high));
        }
        Ok(())
    }
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
            let held = Held {
                graph: &graph,
                pedigree: &pedigree,
                world,
                paths: paths(&graph, world),
                is_exact,
            };
            held.founders()?;
            held.synthetic()?;
            held.generations()?;
            held.generators()?;
            held.collapse()?;
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
