//! Does a deep, a wide or a tangled lineage get its verdict, or the name of the limit it reaches?
//!
//! Nothing here is timed: a walk that is quadratic in these sizes would take hours, and one that recurses would end
//! the process.

use super::kit::*;
use crate::statement::*;
use crate::verify::limits::Limits;
use crate::verify::*;

/// A chain of runs that each pass on the rows of the one before.
fn chain(length: usize, rows: impl Fn(usize) -> ArtifactSet, beside: Option<&str>) -> World {
    let mut world = World::new();
    world.add(Predicate::Source(source("seeds")));
    world.add(Predicate::Source(Source {
        made_by: MadeBy::Model,
        generators: Generators::Named(vec!["gpt".to_owned()]),
        set: file("beside", 7),
        ..source("beside")
    }));
    let mut before = "seeds".to_owned();
    for at in 0..length {
        let item = format!("step{at}");
        let inputs = [Some(before.as_str()), beside].into_iter().flatten();
        let inputs = inputs.map(|item| input(&world, item, Role::Data)).collect();
        world.run(Does::Mix, inputs, &item, rows(at), |run| run);
        before = item;
    }
    world.train(&before, "model");
    world
}

#[test]
fn a_chain_of_thousands_of_runs() {
    let judgement = chain(5_000, |at| file(&format!("step{at}"), 100), None).verify("model");
    passes(&judgement);
    assert_eq!(judgement.boundary.sources, Share::one());
}

#[test]
fn a_chain_in_which_every_run_has_something_to_note_leaves_out_steps_of_paths() {
    let rows = |at| uncounted(file(&format!("step{at}"), 0));
    let mut world = chain(200, rows, None);
    passes(&world.verify("model"));
    world.limits.path_steps = 20_000;
    let judgement = world.verify("model");
    passes(&judgement);
    assert_eq!(notes(&judgement).len(), 200);
    let (short, whole): (Vec<_>, Vec<_>) = judgement
        .findings
        .iter()
        .partition(|finding| finding.path.iter().any(|step| step.id == "..."));
    let steps: usize = whole.iter().map(|finding| finding.path.len()).sum();
    assert!(steps <= 20_000 && !short.is_empty(), "{steps}");
    for finding in short {
        assert_eq!(finding.path.len(), 3);
        assert_eq!(finding.path[0].name, "model");
        assert!(finding.path[1].name.contains("20000"));
        assert_eq!(finding.path[2].id, finding.node);
    }
}

#[test]
fn a_long_chain_of_mixtures_keeps_its_numbers_short() {
    // Each step adds the seven rows beside, in numbers that would soon have thousands of digits.
    let grown = |at: usize| file(&format!("step{at}"), 107 + 7 * at as u64);
    let judgement = chain(2_000, grown, Some("beside")).verify("model");
    passes(&judgement);
    let share = &judgement.boundary.sources;
    assert!(share.low <= share.high && share.high < Share::one().high);
    let bits = share.low.numer().bits() + share.low.denom().bits();
    assert!(bits <= SHARE_BITS_MAX, "{bits}");
    let expected = crate::verify::approximate(&part(100, 107 + 7 * 1999).low);
    let found = crate::verify::approximate(&share.low);
    assert!((expected - found).abs() < 1e-12, "{expected} {found}");
}

#[test]
fn the_same_bytes_in_every_step_of_a_chain() {
    let mut world = chain(100, |_| file("seeds", 100), None);
    let judgement = world.verify("model");
    passes(&judgement);
    assert_eq!(judgement.boundary.sources, Share::one());
    // Comparing all with all is too much at some length, and then the limit has a name.
    let real = world.limits;
    for limits in [
        Limits {
            claim_places: 1_000,
            ..real
        },
        Limits {
            claim_pairs: 1_000,
            ..real
        },
    ] {
        world.limits = limits;
        let judgement = world.verify("model");
        assert_eq!(failing(&judgement), [Code::LimitReached]);
        assert_eq!(judgement.verdict, Verdict::Undecidable);
        assert!(judgement.findings[0].message.contains("1000"));
    }
}

/// Cites by a manifest what does not fit into a statement.
fn cite_all(world: &mut World, cited: &[ArtifactRef]) -> Cites {
    let lines = crate::manifest::Manifest::of_cited(cited).unwrap();
    let blob = crate::digest::BlobId::of(&lines.bytes);
    world.blobs.insert(blob, lines.bytes);
    Cites::Manifest {
        blob,
        count: lines.facts.count,
        root: lines.facts.root,
    }
}

#[test]
fn a_run_with_thousands_of_inputs() {
    let mut world = World::new();
    let mut cited = Vec::new();
    for at in 0..3_000 {
        let item = format!("s{at}");
        world.add(Predicate::Source(Source {
            set: file(&item, 10),
            ..source(&item)
        }));
        cited.extend(world.refs(&item));
    }
    let all = Input {
        from: InputFrom::Artifacts(cite_all(&mut world, &cited)),
        ..gap("", Role::Data)
    };
    world.run(Does::Mix, vec![all], "all", file("all", 20_000), |run| run);
    world.train("all", "model");
    let judgement = world.verify("model");
    passes(&judgement);
    assert_eq!(judgement.boundary.sources, Share::one());
    assert_eq!(judgement.sources.len(), 3_000);
}

#[test]
fn data_sets_of_data_sets_are_opened_once() {
    // Sixty-four members each, all the same: without memory this would be 64 to the power of 30 steps.
    let mut world = World::new();
    world.add(Predicate::Source(source("seeds")));
    let mut below = world.refs("seeds")[0];
    for level in 0..30 {
        let members = vec![below; 64];
        let id = world.add(Predicate::Dataset(Dataset {
            name: name(&format!("level{level}")),
            members: Some(Cites::Inline(members)),
            gaps: vec![],
        }));
        below = ArtifactRef::subject(id, 0);
    }
    let inputs = vec![input(&world, "level29", Role::Data)];
    let id = world.run(Does::Mix, inputs, "out", file("out", 100), |run| run);
    world.add(Predicate::Observation(Observation {
        run: id,
        tool: "strace".to_owned(),
        reads: vec![Read {
            name: "seeds".to_owned(),
            sha256: crate::digest::Sha256Digest::of(b"seeds"),
        }],
    }));
    let judgement = world.verify("out");
    passes(&judgement);
    assert_eq!(judgement.boundary.sources, Share::one());
}

#[test]
fn contents_have_a_limit_with_a_name() {
    let mut world = herd();
    world.limits.contents = 20;
    passes(&world.verify("specialist"));
    world.limits.contents = 1;
    let judgement = world.verify("specialist");
    assert_eq!(failing(&judgement), [Code::LimitReached]);
    assert!(judgement.findings[0].message.contains("more than 1 artifacts"));
}
