//! Feeding on oneself, and on what one is measured by: one case for each of the ways.

use std::collections::BTreeSet;

use super::kit::*;
use crate::pedigree::*;
use crate::statement::Role;
use crate::verify::Share;

fn names(path: &[crate::verify::PathStep]) -> Vec<&str> {
    path.iter().map(|step| step.name.as_str()).collect()
}

/// A model that starts from the weights of a base and learns from rows, half and half.
fn tuned(herd: &mut Herd, base: usize, rows: usize) -> usize {
    let model = herd.model(&[(base, 5), (rows, 5)]);
    herd.inherits(model, base);
    model
}

#[test]
fn a_model_eats_what_its_own_ancestor_made() {
    let mut herd = Herd::default();
    let (source, base) = (herd.source(100), herd.end(Kind::ExternalModel, None));
    let first = tuned(&mut herd, base, source);
    let rows = herd.generated(first, 50);
    let second = tuned(&mut herd, first, rows);
    let pedigree = measure(&herd.graph(second), &[]);
    let of = &pedigree.self_consumption;
    assert_eq!(
        [&of.own, &of.family, &of.other],
        [&part(1, 2), &Share::zero(), &Share::zero()]
    );
    let [only] = of.loops.as_slice() else {
        panic!("{:?}", of.loops)
    };
    assert_eq!(
        (only.kin, only.role, only.is_mass, only.length),
        (Kin::Own, "generator", true, 2)
    );
    assert_eq!(names(&only.path), ["n4", "n3", "n2"]);
    // By the weights, half of the half that is older is as old as they are.
    assert_eq!(pedigree.whole.synthetic_direct, part(1, 2));
    assert_eq!(pedigree.whole.synthetic_inherited, Share::zero());
}

/// A source that names the base as its generator.
#[test]
fn a_name_that_a_source_gives_closes_a_loop() {
    let mut herd = Herd::default();
    let base = herd.end(Kind::ExternalModel, None);
    herd.item(base).name = "Camel".to_owned();
    let rows = herd.end(Kind::Synthetic(vec!["camel".to_owned()]), Some(50));
    let model = tuned(&mut herd, base, rows);
    let of = measure(&herd.graph(model), &[]).self_consumption;
    assert_eq!(of.own, part(1, 2));
    let [only] = of.loops.as_slice() else {
        panic!("{:?}", of.loops)
    };
    assert_eq!(
        (only.kin, only.name.as_str(), only.is_mass),
        (Kin::Own, "camel", true)
    );
    assert_eq!(names(&only.path), ["n2", "n1"]);
}

#[test]
fn a_sibling_is_family_and_so_is_what_says_so() {
    for by_word in [false, true] {
        let mut herd = Herd::default();
        let (source, base) = (herd.source(100), herd.end(Kind::ExternalModel, None));
        let other = herd.end(Kind::ExternalModel, None);
        let from = if by_word { other } else { base };
        if by_word {
            herd.item(base).family = Some("Camel".to_owned());
            herd.item(other).family = Some("camel ".to_owned());
        }
        let sibling = tuned(&mut herd, from, source);
        let rows = herd.generated(sibling, 50);
        let model = tuned(&mut herd, base, rows);
        let of = measure(&herd.graph(model), &[]).self_consumption;
        assert_eq!(
            [of.own, of.family, of.other],
            [Share::zero(), part(1, 2), Share::zero()]
        );
        assert_eq!(of.loops.len(), 1);
    }
}

#[test]
fn an_earlier_version_of_the_same_name_is_its_own() {
    let mut herd = Herd::default();
    let source = herd.source(100);
    let first = herd.model(&[(source, 10)]);
    let rows = herd.generated(first, 50);
    let second = herd.model(&[(rows, 4), (source, 6)]);
    let of = |herd: &Herd| measure(&herd.graph(second), &[]).self_consumption;
    assert_eq!(of(&herd).other, part(4, 10));
    herd.item(first).name = "llama".to_owned();
    herd.item(second).name = "llama".to_owned();
    assert_eq!(of(&herd).own, part(4, 10));
}

#[test]
fn a_source_that_names_its_generators_is_made_by_them() {
    let mut herd = Herd::default();
    let named = herd.end(Kind::Synthetic(vec!["camel-1".to_owned()]), Some(10));
    let base = herd.end(Kind::ExternalModel, None);
    let model = tuned(&mut herd, base, named);
    let of = |herd: &Herd| measure(&herd.graph(model), &[]).self_consumption;
    assert_eq!(of(&herd).other, part(1, 2));
    herd.item(base).name = "Camel-1".to_owned();
    assert_eq!(of(&herd).own, part(1, 2));
}

#[test]
fn a_judge_of_the_family_is_a_loop_without_mass() {
    let mut herd = Herd::default();
    let (source, base) = (herd.source(100), herd.end(Kind::ExternalModel, None));
    let judge = tuned(&mut herd, base, source);
    let kept = herd.made(Kind::Passed, Some(10), &[(source, Share::one())]);
    herd.condition(kept, judge, Role::Judge, false);
    let model = tuned(&mut herd, base, kept);
    let of = measure(&herd.graph(model), &[]).self_consumption;
    assert_eq!(
        [of.own, of.family, of.other],
        [Share::zero(), Share::zero(), Share::zero()]
    );
    let [only] = of.loops.as_slice() else {
        panic!("{:?}", of.loops)
    };
    assert_eq!((only.kin, only.role, only.is_mass), (Kin::Family, "judge", false));
}

/// Looks for a node as an evaluation set, which is of the source at the same place.
fn looked_for(herd: &Herd, root: usize, at: usize, sources: &[usize]) -> Vec<(Level, Share, Vec<String>)> {
    let evaluation = Evaluation {
        id: "hb:e".to_owned(),
        name: "bench".to_owned(),
        nodes: BTreeSet::from([position(root, at)]),
        sources: sources.iter().copied().collect(),
    };
    let pedigree = measure(&herd.graph(root), &[evaluation]);
    let levels = pedigree.contamination[0].levels.iter();
    levels
        .map(|one| {
            let path = names(&one.path).into_iter().map(str::to_owned).collect();
            (one.level, one.share.clone(), path)
        })
        .collect()
}

#[test]
fn rows_of_an_evaluation_set_in_training_are_level_one() {
    let mut herd = Herd::default();
    let (bench, other) = (herd.source(10), herd.source(90));
    let mix = herd.made(
        Kind::Passed,
        Some(100),
        &[(bench, part(1, 10)), (other, part(9, 10))],
    );
    let model = herd.model(&[(mix, 10)]);
    let found = looked_for(&herd, model, bench, &[bench]);
    assert_eq!(
        found,
        [(
            Level::Exact,
            part(1, 10),
            vec!["n3".to_owned(), "n2".to_owned(), "n0".to_owned()]
        )]
    );
    // Rows in the data of a base are learnt with its weights.
    let tuned = tuned(&mut herd, model, other);
    assert_eq!(looked_for(&herd, tuned, bench, &[bench])[0].1, part(1, 20));
    assert_eq!(looked_for(&herd, model, other, &[other])[0].1, part(9, 10));
}

#[test]
fn a_seed_is_level_two_and_a_generator_that_saw_it_level_four() {
    let mut herd = Herd::default();
    let (bench, other, api) = (
        herd.source(10),
        herd.source(90),
        herd.end(Kind::ExternalModel, None),
    );
    let made = herd.generated(api, 100);
    herd.condition(made, bench, Role::Seed, false);
    let student = herd.model(&[(made, 3), (other, 7)]);
    let found = looked_for(&herd, student, bench, &[bench]);
    assert_eq!(
        found.iter().map(|one| (one.0, one.1.clone())).collect::<Vec<_>>(),
        [(Level::Derived, part(3, 10))]
    );
    let again = herd.generated(student, 20);
    let last = herd.model(&[(again, 6), (other, 4)]);
    let found = looked_for(&herd, last, bench, &[bench]);
    assert_eq!(
        found.iter().map(|one| (one.0, one.1.clone())).collect::<Vec<_>>(),
        [(Level::GeneratorSaw, part(6, 10))]
    );
}

#[test]
fn what_shares_a_source_is_level_three() {
    let mut herd = Herd::default();
    let (bench, train, other) = (herd.source(10), herd.source(70), herd.source(30));
    herd.node(train).item = Some(bench);
    let mix = herd.made(
        Kind::Passed,
        Some(100),
        &[(train, part(7, 10)), (other, part(3, 10))],
    );
    let model = herd.model(&[(mix, 10)]);
    let found = looked_for(&herd, model, bench, &[bench]);
    assert_eq!(
        found.iter().map(|one| (one.0, one.1.clone())).collect::<Vec<_>>(),
        [(Level::SharedSource, part(7, 10))]
    );
    assert_eq!(looked_for(&herd, model, bench, &[]), []);
}

#[test]
fn what_is_only_held_against_the_data_contaminates_nothing() {
    let mut herd = Herd::default();
    let (bench, other) = (herd.source(10), herd.source(90));
    let clean = herd.made(Kind::Passed, Some(80), &[(other, Share::one())]);
    herd.condition(clean, bench, Role::Reference, true);
    let model = herd.model(&[(clean, 10)]);
    assert_eq!(looked_for(&herd, model, bench, &[bench]), []);
    let evaluation = Evaluation {
        nodes: BTreeSet::from([position(model, bench)]),
        ..Evaluation::default()
    };
    let found = measure(&herd.graph(model), &[evaluation]);
    assert_eq!(
        names(found.contamination[0].measured.as_ref().unwrap()),
        ["n3", "n2", "n0"]
    );
}

#[test]
fn coancestry_of_a_model_with_itself_is_one_by_its_effective_sources() {
    let mut herd = Herd::default();
    let (one, two, three) = (herd.source(10), herd.source(10), herd.source(10));
    let left = herd.model(&[(one, 5), (two, 5)]);
    let right = herd.model(&[(two, 5), (three, 5)]);
    let founders = |at: usize| measure(&herd.graph(at), &[]).whole.founders;
    let same = versus(&founders(left), &founders(left));
    assert_eq!(same.coancestry, part(1, 2));
    assert_eq!(same.similarity, Some((1.0, 1.0)));
    // Half-sibs of Wright's tabular method: one founder of two in common.
    let sibs = versus(&founders(left), &founders(right));
    assert_eq!(sibs.coancestry, part(1, 4));
    assert_eq!(sibs.shared.len(), 1);
    let (low, high) = sibs.similarity.unwrap();
    assert!((low - 0.5).abs() < 1e-12 && (high - 0.5).abs() < 1e-12);
}

#[test]
fn rows_that_a_filter_dropped_count_in_genome_equivalents() {
    let mut herd = Herd::default();
    let (one, two) = (herd.source(100), herd.source(100));
    let kept = herd.made(Kind::Passed, Some(100), &[(one, part(1, 2)), (two, part(1, 2))]);
    for parent in &mut herd.node(kept).parents {
        parent.units = Some(Share::exact(exact(50, 1)));
    }
    let model = herd.model(&[(kept, 10)]);
    herd.node(model).parents[0].units = Some(Share::exact(exact(100, 1)));
    let whole = measure(&herd.graph(model), &[]).whole;
    assert_eq!(whole.effective_sources, Some(Share::exact(exact(2, 1))));
    // 1 / (1/4 / 1/2 + 1/4 / 1/2)
    assert_eq!(whole.founder_genome_equivalents, Some(Share::exact(exact(1, 1))));
    // A model that takes only half of what was kept may have all of it from one source.
    herd.node(model).parents[0].units = Some(Share::exact(exact(50, 1)));
    let bounds = measure(&herd.graph(model), &[])
        .whole
        .founder_genome_equivalents
        .unwrap();
    assert_eq!(
        bounds,
        Share {
            low: exact(0, 1),
            high: exact(1, 1)
        }
    );
}
