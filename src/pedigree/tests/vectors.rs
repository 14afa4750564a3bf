//! The test vectors of the definitions (`docs/pedigree.md`), exactly.

use num_rational::BigRational;

use super::kit::*;
use crate::pedigree::*;
use crate::verify::Share;

/// S0 of 200 and S1 of 50 rows; M2 = .8 S0 + .2 S1; D3 and D4 of 300 and 100 rows by M2; M5 = .3 S0 + .6 D3 + .1 D4; D6 of 80
/// rows by M5; M7 = .1 S1 + .4 D4 + .5 D6.
fn odd() -> Herd {
    let mut herd = Herd::default();
    let (s0, s1) = (herd.source(200), herd.source(50));
    let m2 = herd.model(&[(s0, 8), (s1, 2)]);
    let (d3, d4) = (herd.generated(m2, 300), herd.generated(m2, 100));
    let m5 = herd.model(&[(s0, 3), (d3, 6), (d4, 1)]);
    let d6 = herd.generated(m5, 80);
    herd.model(&[(s1, 1), (d4, 4), (d6, 5)]);
    herd
}

fn value(of: i64, whole: i64) -> Share {
    Share::exact(exact(of, whole))
}

#[test]
fn the_odd_graph_has_its_coefficients() {
    let herd = odd();
    let graph = herd.graph(7);
    let swept = crate::pedigree::sweep::sweep(&graph, 0, |_| true);
    let of = |at: usize| swept[position(7, at)].clone();
    assert_eq!(of(0), part(75, 100));
    assert_eq!(of(1), part(25, 100));
    assert_eq!(
        [of(3), of(4), of(6)],
        [part(30, 100), part(45, 100), part(50, 100)]
    );
    let pedigree = measure(&graph, &[]).whole;
    let founders: Vec<(&str, Share)> = pedigree
        .founders
        .iter()
        .map(|one| (one.name.as_str(), one.share.clone()))
        .collect();
    assert_eq!(founders, [("n0", part(3, 4)), ("n1", part(1, 4))]);
    assert!(pedigree.founders.iter().all(|founder| founder.class == "sources"));
    assert_eq!(pedigree.coverage, Share::one());
    assert!(!pedigree.is_lower_bound);
}

#[test]
fn the_odd_graph_has_its_numbers() {
    let pedigree = measure(&odd().graph(7), &[]).whole;
    assert_eq!(pedigree.effective_sources, Some(value(16, 10)));
    let collapse = pedigree.collapse.unwrap();
    assert_eq!(collapse.index, value(95_125, 10_000_000));
    let samples = exact(10_000_000, 95_125);
    assert_eq!(
        collapse.effective_sample_size,
        Range {
            low: samples.clone(),
            high: Some(samples.clone())
        }
    );
    assert!((crate::verify::approximate(&samples) - 105.1248).abs() < 0.0001);
    assert_eq!(collapse.direct_ratio, value(49_250, 95_125));
    assert!((crate::verify::approximate(&collapse.direct_ratio.low) - 0.51774).abs() < 0.00001);
    assert_eq!(pedigree.synthetic, part(9, 10));
    assert_eq!(pedigree.synthetic_direct, part(9, 10));
    assert_eq!(pedigree.synthetic_inherited, Share::zero());
    let spectrum: Vec<(usize, Share)> = pedigree
        .generations
        .iter()
        .map(|one| (one.depth, one.share.clone()))
        .collect();
    assert_eq!(
        spectrum,
        [(0, part(10, 100)), (1, part(55, 100)), (2, part(35, 100))]
    );
    assert_eq!(
        pedigree.depth,
        Depth {
            min: 0,
            mean: value(5, 4),
            max: 2
        }
    );
    let fresh: Vec<Option<Share>> = pedigree
        .generations
        .iter()
        .map(|one| one.fresh_real.clone())
        .collect();
    assert_eq!(fresh, [Some(part(1, 10)), Some(part(55, 90)), Some(Share::one())]);
    let bottleneck = pedigree.bottleneck.unwrap();
    assert_eq!(
        (bottleneck.name.as_str(), bottleneck.share),
        ("n2", part(75, 100))
    );
    let near: Vec<(&str, Share)> = pedigree
        .generators
        .iter()
        .map(|one| (one.name.as_str(), one.share.clone()))
        .collect();
    assert_eq!(near, [("n5", part(5, 10)), ("n2", part(4, 10))]);
    assert_eq!(pedigree.effective_generators, Some(value(81, 41)));
}

/// A chain of `length` models on shards of 100 rows; each learns from the last shard, or from all there are.
fn chain(length: usize, accumulates: bool) -> Herd {
    let mut herd = Herd::default();
    let mut shards = vec![herd.source(100)];
    for step in 0..length {
        let used: Vec<usize> = if accumulates {
            shards.clone()
        } else {
            shards.last().copied().into_iter().collect()
        };
        let of: Vec<(usize, Share)> = used.iter().map(|at| (*at, part(1, used.len() as u64))).collect();
        let model = herd.made(Kind::Model, None, &of);
        if step + 1 < length {
            shards.push(herd.generated(model, 100));
        }
    }
    herd
}

fn index(length: usize, accumulates: bool) -> BigRational {
    let herd = chain(length, accumulates);
    let collapse = measure(&herd.graph(2 * length - 1), &[]).whole.collapse.unwrap();
    assert!(collapse.index.is_exact());
    collapse.index.low * exact(100, 1)
}

#[test]
fn what_is_replaced_adds_up_and_what_is_accumulated_stays_bounded() {
    for length in [1_usize, 2, 5, 10] {
        let many = i64::try_from(length).unwrap();
        assert_eq!(
            index(length, false),
            exact(many, 1),
            "A T of {length} that replace"
        );
        let theory: BigRational = (1..=many).map(|at| exact(1, at * at)).sum();
        assert_eq!(index(length, true), theory, "A T of {length} that accumulate");
    }
    let herd = chain(10, false);
    let collapse = measure(&herd.graph(19), &[]).whole.collapse.unwrap();
    assert_eq!(collapse.effective_sample_size.low, exact(10, 1));
    assert!((crate::verify::approximate(&index(10, true)) - 1.5498).abs() < 0.0001);
}
