//! The lineage that a report draws: what was walked, files of one item together, and nothing else.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::kit::*;
use crate::statement::*;
use crate::verify::*;

fn names(lineage: &Lineage) -> Vec<(&str, &str)> {
    let nodes = lineage.nodes.iter();
    nodes.map(|node| (node.name.as_str(), node.kind)).collect()
}

fn edges(lineage: &Lineage) -> BTreeSet<(&str, &str, &str)> {
    let name = |at: usize| lineage.nodes[at].name.as_str();
    let edges = lineage.edges.iter();
    edges
        .map(|edge| (name(edge.from), name(edge.to), edge.role))
        .collect()
}

#[test]
fn a_chain_with_a_gap_is_drawn_as_it_was_declared() {
    let mut world = World::new();
    world.add(Predicate::Source(source("seeds")));
    world.add(Predicate::Model(model("api")));
    let mut generate = run(
        "generate",
        Does::Generate,
        "tasks",
        OutputKind::Shard,
        file("tasks", 10),
    );
    generate.inputs = vec![
        input(&world, "seeds", Role::Seed),
        input(&world, "api", Role::Generator),
        gap("the wiki", Role::Seed),
    ];
    world.add(Predicate::Run(generate));
    world.add(Predicate::Source(source("not part of it")));
    world.train("tasks", "own");
    let judged = world.verify("own");
    let drawn = &judged.lineage;
    assert_eq!(drawn.nodes.iter().map(|node| node.files).sum::<u64>(), 4);
    let kinds: BTreeMap<&str, &str> = names(drawn).into_iter().collect();
    assert_eq!(kinds["the wiki"], "gap");
    assert_eq!(kinds["api"], "external_model");
    assert!(!kinds.contains_key("not part of it"));
    for edge in [
        ("tasks", "generate", "output"),
        ("generate", "seeds", "seed"),
        ("generate", "api", "generator"),
        ("generate", "the wiki", "seed"),
    ] {
        assert!(edges(drawn).contains(&edge), "{edge:?} {:?}", edges(drawn));
    }
    assert_eq!((drawn.nodes.len(), drawn.edges.len()), (7, 6));
    assert!(drawn.edges.iter().all(|edge| edge.from < edge.to));
    assert_eq!(judged.subjects.len(), 1);
    assert_eq!(judged.subjects[0].id, judged.artifacts[0]);
}

#[test]
fn a_manifest_is_one_node_that_counts_its_members() {
    let mut world = World::new();
    let manifest = world.manifest(
        "parts",
        &[("a.jsonl", b"a"), ("b.jsonl", b"b"), ("c.jsonl", b"c")],
    );
    world.add(Predicate::Source(Source {
        set: one(manifest),
        ..source("parts")
    }));
    world.train("parts", "own");
    let judged = world.verify("own");
    let parts = judged
        .lineage
        .nodes
        .iter()
        .find(|node| node.name == "parts")
        .unwrap();
    assert_eq!(
        (parts.files, parts.kind, parts.detail.as_str()),
        (3, "source", "human")
    );
}

/// A chain that is longer than a lineage may be keeps what is nearest to the model, and counts the rest.
#[test]
fn what_is_beyond_the_limit_is_counted() {
    let mut world = World::new();
    world.add(Predicate::Source(source("s")));
    let mut last = "s".to_owned();
    let steps = LINEAGE_NODES_MAX / 2 + 10;
    for number in 0..steps {
        let next = format!("d{number}");
        step(&mut world, Does::Filter, &[(&last, Role::Data)], &next, 100);
        last = next;
    }
    let judged = world.verify(&last);
    assert_eq!(judged.lineage.nodes.len(), LINEAGE_NODES_MAX);
    assert_eq!(judged.lineage.nodes_left_out, 2 * steps + 1 - LINEAGE_NODES_MAX);
    assert_eq!(judged.lineage.nodes[0].name, last);
    assert_eq!(judged.lineage.edges.len(), LINEAGE_NODES_MAX - 1);
}

#[test]
fn where_nothing_can_be_read_nothing_is_drawn() {
    let mut world = herd();
    world.seal();
    let mut request = world.request("specialist");
    request.checkpoint = b"not a checkpoint".to_vec();
    let judged = world.drive(request);
    assert_eq!(judged.verdict, Verdict::Tampered);
    assert_eq!(judged.lineage, Lineage::default());
    assert_eq!(judged.subjects[0].sha256, None);
}

#[test]
fn the_whole_lineage_is_what_the_picture_shows() {
    let judged = herd().verify("specialist");
    let (picture, whole) = (&judged.lineage, judged.descent.as_ref().unwrap());
    let shown: Vec<_> = whole.nodes.iter().map(|node| node.shown.clone()).collect();
    assert_eq!(picture.nodes, shown);
    let edges: Vec<LineageEdge> = (0..)
        .zip(&whole.nodes)
        .flat_map(|(from, node)| {
            node.descends.iter().map(move |edge| LineageEdge {
                from,
                to: edge.to,
                role: edge.role,
            })
        })
        .collect();
    assert_eq!(picture.edges, edges);
    assert!(edges.iter().all(|edge| edge.from < edge.to));
    let [start] = whole.starts.as_slice() else {
        panic!("one start");
    };
    assert_eq!(whole.nodes[*start].shown.name, "specialist");
    let from = whole.reached_from();
    let teacher = whole.nodes.iter().position(|node| node.shown.name == "teacher");
    let path = whole.path(&from, teacher.unwrap());
    let path: Vec<_> = path.iter().map(|step| step.name.as_str()).collect();
    assert_eq!(
        path,
        [
            "specialist",
            "train-specialist",
            "kept",
            "filter-kept",
            "tasks",
            "generate-tasks",
            "teacher"
        ]
    );
    for node in &whole.nodes {
        let run = matches!(node.statement.predicate, Predicate::Run(_));
        assert!(run || node.part != DescentPart::Run);
        assert!(
            node.descends
                .iter()
                .all(|edge| edge.input.is_none() || node.part == DescentPart::Run)
        );
    }
}
